/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/outgoing.h"

#include "client/core/row.h"
#include "common/crypto/hash.h"
#include "common/crypto/wipe.h"

#include <string.h>

void
outgoing_fini(struct outgoing *outgoing)
{
    ro_wipe(outgoing->content_key, sizeof(outgoing->content_key));
    ro_buf_fini(&outgoing->members);
    ro_buf_fini(&outgoing->body);
    free(outgoing->to);
    outgoing->to = NULL;
    outgoing->n_to = 0;
}

static void
put_to(struct ro_buf *row, const struct outgoing_to *to)
{
    ro_buf_put(row, to->seat.b, RO_ID_SIZE);
    ro_buf_put(row, to->member.b, RO_ID_SIZE);
    ro_buf_put_u64(row, to->sequence);
    ro_buf_put_u32(row, to->day);
    ro_buf_put_u32(row, to->generation);
    ro_buf_put_u8(row, (uint8_t)to->state);
    ro_buf_put_u8(row, (uint8_t)to->whose);
    ro_buf_put(row, to->wrap, RO_WRAP_SIZE);
}

static void
read_to(struct row_reader *row, struct outgoing_to *ret_to)
{
    row_fixed(row, ret_to->seat.b, RO_ID_SIZE);
    row_fixed(row, ret_to->member.b, RO_ID_SIZE);
    ret_to->sequence = row_u64(row);
    ret_to->day = row_u32(row);
    ret_to->generation = row_u32(row);
    ret_to->state = row_u8(row);
    ret_to->whose = row_u8(row);
    row_fixed(row, ret_to->wrap, RO_WRAP_SIZE);
}

static void
put_again(struct ro_buf *row, const struct outgoing_again *again)
{
    ro_buf_put_u32(row, again->n);
    ro_buf_put_u32(row, again->day);
}

static void
read_again(struct row_reader *row, struct outgoing_again *ret_again)
{
    ret_again->n = row_u32(row);
    ret_again->day = row_u32(row);
}

/* Rows in which something waits have this tag: most wait for receipts only,
 * and need not be opened to find what is to be sent. Chunks have one of their
 * own until they are sealed: from then on they have a number in their thread's
 * sequence, and what is sealed after them must not be sent before them. */
#define WAITING_TAG "waiting"
#define PIECE_TAG "piece"

static bool
waits(const struct outgoing *outgoing)
{
    return outgoing->standing == OUTGOING_DRAFT || outgoing->n_to == 0 ||
           outgoing->n_pieces > 0 ||
           outgoing_count(outgoing, OUTGOING_WAITING) > 0;
}

bool
outgoing_is_piece(const struct outgoing *outgoing)
{
    static const struct row_id none;
    return memcmp(outgoing->piece.of.b, none.b, RO_ID_SIZE) != 0;
}

static const char *
tag_of(const struct outgoing *outgoing)
{
    return outgoing_is_piece(outgoing) && outgoing->standing == OUTGOING_DRAFT
               ? PIECE_TAG
               : WAITING_TAG;
}

/* The body of a chunk has a row of its own. */
static struct ro_bytes
own_body(const struct outgoing *outgoing)
{
    return outgoing_is_piece(outgoing) ? (struct ro_bytes){0}
                                       : ro_buf_view(&outgoing->body);
}

static void
put_piece(struct ro_buf *row, const struct outgoing *outgoing)
{
    ro_buf_put(row, outgoing->piece.of.b, RO_ID_SIZE);
    ro_buf_put(row, outgoing->piece.file.b, RO_ID_SIZE);
    ro_buf_put_u32(row, outgoing->piece.index);
    ro_buf_put_u8(row, (uint8_t)outgoing->piece.left);
    ro_buf_put_u32(row, outgoing->n_pieces);
}

static void
read_piece(struct row_reader *row, struct outgoing *outgoing)
{
    row_fixed(row, outgoing->piece.of.b, RO_ID_SIZE);
    row_fixed(row, outgoing->piece.file.b, RO_ID_SIZE);
    outgoing->piece.index = row_u32(row);
    outgoing->piece.left = row_u8(row);
    outgoing->n_pieces = row_u32(row);
}

enum ro_status
outgoing_put(struct vault *vault, const struct outgoing *outgoing)
{
    RO_SECRET_BUF row = {0};
    RO_TRY(ro_buf_ok(&outgoing->members)); /* whole, or not kept */
    RO_TRY(ro_buf_ok(&outgoing->body));
    ro_buf_put(&row, outgoing->row.b, RO_ID_SIZE);
    ro_buf_put_u8(&row, (uint8_t)outgoing->standing);
    ro_buf_put_u8(&row, (uint8_t)outgoing->whose);
    ro_buf_put(&row, outgoing->request.b, RO_ID_SIZE);
    ro_buf_put(&row, outgoing->thread.b, RO_ID_SIZE);
    row_put_piece(&row, ro_buf_view(&outgoing->members));
    ro_buf_put_u8(&row, (uint8_t)outgoing->reader);
    ro_buf_put(&row, outgoing->content_key, RO_CONTENT_KEY_SIZE);
    ro_buf_put(&row, outgoing->recipients.b, RO_HASH_SIZE);
    ro_buf_put_u32(&row, outgoing->expiry_hour);
    ro_buf_put_u64(&row, (uint64_t)outgoing->accepted_at_s);
    row_put_piece(&row, own_body(outgoing));
    put_piece(&row, outgoing);
    ro_buf_put_u32(&row, (uint32_t)outgoing->n_to);
    for (size_t i = 0; i < outgoing->n_to; i++)
        put_to(&row, &outgoing->to[i]);
    for (size_t i = 0; i < outgoing->n_to; i++)
        put_again(&row, &outgoing->to[i].asked);
    for (size_t i = 0; i < outgoing->n_to; i++) {
        put_again(&row, &outgoing->to[i].offered);
        put_again(&row, &outgoing->to[i].renewed);
    }
    enum ro_status s = ro_buf_ok(&row);
    if (s == RO_OK) {
        struct vault_place place = {
            VAULT_OUTBOX, {outgoing->row.b, RO_ID_SIZE},
             {0              }
        };
        if (waits(outgoing))
            place.tag = ro_bytes_text(tag_of(outgoing));
        s = vault_put(vault, &place, ro_buf_view(&row));
    }
    return s;
}

static enum ro_status
read_recipients(struct row_reader *row, struct outgoing *outgoing)
{
    size_t n = row_u32(row);
    if (row->failed || n > row->rest.size / RO_WRAP_SIZE)
        return RO_VAULT_DAMAGED;
    outgoing->to = calloc(n == 0 ? 1 : n, sizeof(*outgoing->to));
    if (outgoing->to == NULL)
        return RO_NO_MEMORY;
    outgoing->n_to = n;
    for (size_t i = 0; i < n; i++)
        read_to(row, &outgoing->to[i]);
    if (row->rest.size == 0) /* rows from before resends were counted */
        return RO_OK;
    for (size_t i = 0; i < n; i++)
        read_again(row, &outgoing->to[i].asked);
    if (row->rest.size == 0) /* from before each reason had its own count */
        return RO_OK;
    for (size_t i = 0; i < n; i++) {
        read_again(row, &outgoing->to[i].offered);
        read_again(row, &outgoing->to[i].renewed);
    }
    return RO_OK;
}

static enum ro_status
read_outgoing(struct ro_bytes value, struct outgoing *outgoing)
{
    struct row_reader row = row_read(value);
    row_fixed(&row, outgoing->row.b, RO_ID_SIZE);
    outgoing->standing = row_u8(&row);
    outgoing->whose = row_u8(&row);
    row_fixed(&row, outgoing->request.b, RO_ID_SIZE);
    row_fixed(&row, outgoing->thread.b, RO_ID_SIZE);
    struct ro_bytes members = row_piece(&row);
    outgoing->reader = row_u8(&row);
    row_fixed(&row, outgoing->content_key, RO_CONTENT_KEY_SIZE);
    row_fixed(&row, outgoing->recipients.b, RO_HASH_SIZE);
    outgoing->expiry_hour = row_u32(&row);
    outgoing->accepted_at_s = (int64_t)row_u64(&row);
    struct ro_bytes body = row_piece(&row);
    read_piece(&row, outgoing);
    RO_TRY(read_recipients(&row, outgoing));
    RO_TRY(row_end(&row));
    ro_buf_put(&outgoing->members, members.data, members.size);
    ro_buf_put(&outgoing->body, body.data, body.size);
    RO_TRY(ro_buf_ok(&outgoing->members));
    return ro_buf_ok(&outgoing->body);
}

enum ro_status
outgoing_get(struct vault *vault,
             const struct row_id *row,
             struct outgoing *ret_outgoing)
{
    RO_SECRET_BUF value = {0};
    *ret_outgoing = (struct outgoing){0};
    RO_TRY(vault_get(vault, VAULT_OUTBOX, (struct ro_bytes){row->b, RO_ID_SIZE},
                     &value));
    enum ro_status s = read_outgoing(ro_buf_view(&value), ret_outgoing);
    if (s != RO_OK)
        outgoing_fini(ret_outgoing);
    return s;
}

enum ro_status
outgoing_drop(struct vault *vault, const struct row_id *row)
{
    return vault_drop(vault, VAULT_OUTBOX,
                      (struct ro_bytes){row->b, RO_ID_SIZE});
}

static enum ro_status
add_row(void *user, struct ro_bytes value)
{
    struct ro_buf *rows = user;
    if (value.size < RO_ID_SIZE)
        return RO_VAULT_DAMAGED;
    ro_buf_put(rows, value.data, RO_ID_SIZE);
    return ro_buf_ok(rows);
}

enum ro_status
outgoing_rows(struct vault *vault, struct ro_buf *ret_rows)
{
    return vault_walk(vault, VAULT_OUTBOX, (struct ro_bytes){0}, add_row,
                      ret_rows);
}

enum ro_status
outgoing_waiting(struct vault *vault, struct ro_buf *ret_rows)
{
    return vault_walk(vault, VAULT_OUTBOX, ro_bytes_text(WAITING_TAG), add_row,
                      ret_rows);
}

enum ro_status
outgoing_pieces(struct vault *vault, struct ro_buf *ret_rows)
{
    return vault_walk(vault, VAULT_OUTBOX, ro_bytes_text(PIECE_TAG), add_row,
                      ret_rows);
}

size_t
outgoing_count(const struct outgoing *outgoing, enum outgoing_state state)
{
    size_t n = 0;
    for (size_t i = 0; i < outgoing->n_to; i++)
        n += outgoing->to[i].state == state ? 1 : 0;
    return n;
}

/* At least one seat of a wrap's member said that it arrived. */
static bool
arrived_at(const struct outgoing *outgoing, const struct ro_member_id *member)
{
    for (size_t i = 0; i < outgoing->n_to; i++) {
        if (outgoing->to[i].state == OUTGOING_ARRIVED &&
            ro_member_id_equal(&outgoing->to[i].member, member))
            return true;
    }
    return false;
}

/* A wrap that somebody else gets or can still get. */
static bool
reaches_others(const struct outgoing_to *to)
{
    return to->whose == OUTGOING_THEIRS && to->state != OUTGOING_FAILED;
}

/* Where a message for others is once nothing of it waits here. Our own other
 * seats give no receipts, and what failed cannot arrive. */
static enum ro_place
place_at_others(const struct outgoing *outgoing)
{
    enum ro_place place = RO_PLACE_FAILED;
    for (size_t i = 0; i < outgoing->n_to; i++) {
        const struct outgoing_to *to = &outgoing->to[i];
        if (!reaches_others(to))
            continue;
        if (!arrived_at(outgoing, &to->member))
            return RO_PLACE_BROKER;
        place = RO_PLACE_ARRIVED;
    }
    return place;
}

enum ro_place
outgoing_place(const struct outgoing *outgoing)
{
    if (outgoing->standing == OUTGOING_DRAFT ||
        outgoing_count(outgoing, OUTGOING_WAITING) > 0)
        return RO_PLACE_KEPT;
    enum ro_place place = outgoing->reader == OUTGOING_FOR_US
                              ? RO_PLACE_BROKER
                              : place_at_others(outgoing);
    return outgoing->n_pieces > 0 && place != RO_PLACE_FAILED ? RO_PLACE_KEPT
                                                              : place;
}

bool
outgoing_is_done(const struct outgoing *outgoing)
{
    if (outgoing->standing == OUTGOING_DRAFT ||
        outgoing_place(outgoing) == RO_PLACE_KEPT)
        return false;
    for (size_t i = 0; i < outgoing->n_to; i++) {
        const struct outgoing_to *to = &outgoing->to[i];
        if (to->state == OUTGOING_WAITING ||
            (to->state == OUTGOING_STORED && to->whose == OUTGOING_THEIRS))
            return false;
    }
    return true;
}

/* Whether a message with something to send is one that is counted. */
typedef bool counted_fn(const struct outgoing *outgoing,
                        const struct ro_member_id *member);

static enum ro_status
count_waiting(struct vault *vault,
              counted_fn *is_counted,
              const struct ro_member_id *member,
              size_t *ret_n)
{
    RO_AUTOBUF rows = {0};
    *ret_n = 0;
    RO_TRY(outgoing_waiting(vault, &rows));
    for (size_t at = 0; at < rows.size; at += RO_ID_SIZE) {
        struct row_id row;
        RO_AUTOOUTGOING outgoing = {0};
        memcpy(row.b, rows.data + at, RO_ID_SIZE);
        RO_TRY(outgoing_get(vault, &row, &outgoing));
        *ret_n += !outgoing_is_piece(&outgoing) && is_counted(&outgoing, member)
                      ? 1
                      : 0;
    }
    return RO_OK;
}

static bool
is_kept(const struct outgoing *outgoing, const struct ro_member_id *member)
{
    (void)member;
    return outgoing_place(outgoing) == RO_PLACE_KEPT;
}

static bool
is_for(const struct outgoing *outgoing, const struct ro_member_id *member)
{
    const struct ro_buf *ids = &outgoing->members;
    for (size_t at = 0; at < ids->size; at += RO_ID_SIZE) {
        if (memcmp(ids->data + at, member->b, RO_ID_SIZE) == 0)
            return true;
    }
    return false;
}

enum ro_status
outgoing_kept(struct vault *vault, size_t *ret_n)
{
    return count_waiting(vault, is_kept, NULL, ret_n);
}

enum ro_status
outgoing_waiting_for(struct vault *vault,
                     const struct ro_member_id *member,
                     size_t *ret_n)
{
    return count_waiting(vault, is_for, member, ret_n);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/held.h"

#include "client/core/verifying.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
held_clear(struct held *held)
{
    free(held->at);
    *held = (struct held){0};
}

static bool
is_same(const struct held_one *a, const struct held_one *b)
{
    return memcmp(a->row.b, b->row.b, RO_ID_SIZE) == 0 &&
           ro_member_id_equal(&a->member, &b->member) &&
           ro_seat_id_equal(&a->seat, &b->seat) && a->cause == b->cause;
}

enum ro_status
held_note(struct engine *engine, const struct held_one *one)
{
    struct held *held = &engine->held;
    for (size_t i = 0; i < held->n; i++) {
        if (is_same(&held->at[i], one))
            return RO_OK;
    }
    struct held_one *more = reallocarray(held->at, held->n + 1, sizeof(*more));
    if (more == NULL)
        return RO_NO_MEMORY;
    held->at = more;
    more[held->n++] = *one;
    return RO_OK;
}

enum ro_status
held_note_keys(struct engine *engine, const struct outgoing *outgoing)
{
    const struct ro_buf *members = &outgoing->members;
    struct held_one one = {.row = outgoing->row, .cause = RO_KEY_CHANGED};
    if (outgoing_is_piece(outgoing))
        one.row = outgoing->piece.of;
    for (size_t at = 0; at < members->size; at += RO_ID_SIZE) {
        memcpy(one.member.b, members->data + at, RO_ID_SIZE);
        enum ro_status s = verifying_may_send(engine, &one.member, NULL);
        if (s == RO_KEY_CHANGED)
            s = held_note(engine, &one);
        RO_TRY(s);
    }
    return RO_OK;
}

bool
held_is_full(const struct engine *engine, const struct ro_seat_id *seat)
{
    const struct held *held = &engine->held;
    for (size_t i = 0; i < held->n; i++) {
        if (held->at[i].cause == RO_NO_ROOM &&
            ro_seat_id_equal(&held->at[i].seat, seat))
            return true;
    }
    return false;
}

bool
held_is_full_at(const struct engine *engine, const struct ro_member_id *member)
{
    const struct held *held = &engine->held;
    for (size_t i = 0; i < held->n; i++) {
        if (held->at[i].cause == RO_NO_ROOM &&
            ro_member_id_equal(&held->at[i].member, member))
            return true;
    }
    return false;
}

static bool
is_among(const struct ro_buf *rows, const struct row_id *row)
{
    for (size_t at = 0; at < rows->size; at += RO_ID_SIZE) {
        if (memcmp(rows->data + at, row->b, RO_ID_SIZE) == 0)
            return true;
    }
    return false;
}

void
held_keep(struct engine *engine, const struct ro_buf *rows)
{
    struct held *held = &engine->held;
    size_t n = 0;
    for (size_t i = 0; i < held->n; i++) {
        if (is_among(rows, &held->at[i].row))
            held->at[n++] = held->at[i];
    }
    held->n = n;
}

/* How many members are held for a cause, and the first of them. */
static size_t
count(const struct held *held,
      enum ro_status cause,
      const struct ro_member_id **ret_first)
{
    size_t n = 0;
    for (size_t i = 0; i < held->n; i++) {
        bool again = held->at[i].cause != cause;
        for (size_t k = 0; k < i && !again; k++) {
            again =
                held->at[k].cause == cause &&
                ro_member_id_equal(&held->at[k].member, &held->at[i].member);
        }
        if (again)
            continue;
        if (n == 0)
            *ret_first = &held->at[i].member;
        n++;
    }
    return n;
}

/* The rest of them, where there is more than the one that is named. */
static void
say_others(size_t n, char (*ret_text)[40])
{
    (*ret_text)[0] = '\0';
    if (n > 1) {
        (void)snprintf(*ret_text, sizeof(*ret_text), " and %zu other%s", n - 1,
                       n == 2 ? "" : "s");
    }
}

/* What is held: RO_OK (nothing), RO_KEPT, or RO_KEY_CHANGED where a person has
 * to compare a number before. */
static enum ro_status
tell(const struct engine *engine, struct ro_why *why)
{
    const struct ro_member_id *first = NULL;
    struct ro_why words = {""};
    char others[40];
    if (count(&engine->held, RO_KEY_CHANGED, &first) > 0) {
        enum ro_status s = verifying_may_send(engine, first, &words);
        return s == RO_OK ? RO_OK : ro_why(why, s, "%s", words.text);
    }
    const size_t n = count(&engine->held, RO_NO_ROOM, &first);
    if (n == 0)
        return RO_OK;
    const struct ro_member_view *member =
        ro_directory_member(engine->directory, first);
    say_others(n, &others);
    return ro_why(why, RO_KEPT,
                  "it waits for %.60s%s, whose mailbox at the broker is full; "
                  "each sync tries it again: ring them",
                  member == NULL ? "somebody" : member->name, others);
}

/* Where others got it, nothing is refused: it is kept in part. Who it is held
 * for is told once. */
static enum ro_status
tell_part(const struct ro_result *result,
          const struct ro_why *held,
          struct ro_why *why)
{
    const bool named = result->n_left_out > 0;
    return ro_why(why, RO_KEPT, "%s for everybody%s%s", ro_status_text(RO_KEPT),
                  named ? "" : "; ", named ? "" : held->text);
}

enum ro_status
held_outcome(const struct engine *engine,
             struct ro_result *result,
             struct ro_why *why)
{
    const struct ro_member_id *first = NULL;
    struct ro_why held = {""};
    enum ro_status s = tell(engine, &held);
    if (s == RO_OK)
        return RO_OK;
    if (count(&engine->held, RO_KEY_CHANGED, &first) > 0)
        result->to_compare = *first;
    if (result->stored > 0)
        return tell_part(result, &held, why);
    return ro_why(why, s, "%s%s", s == RO_KEY_CHANGED ? "kept here: " : "",
                  held.text);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Whether what is proposed follows the directory that is here, and whose the
 * keys in it are. */
#include "client/authority/cosign.h"

#include <string.h>

#include "common/wire/admission.h"
#include "common/wire/codec.h"

/* A record of the authority does not follow the serial `last`. */
static enum ro_status
tell_gap(const struct table *table, uint64_t last, uint64_t serial)
{
    const unsigned long long has = last;
    const unsigned long long next = serial;
    const unsigned long long size = ro_directory_size(table->directory);
    if (serial <= last) {
        return ro_why(table->why, RO_REFUSED,
                      "something else was published since this was made: "
                      "its serial is %llu, and the directory here has %llu",
                      next, has);
    }
    return ro_why(table->why, RO_REFUSED,
                  "directory.log ends at record %llu, the authority's serial "
                  "%llu, and this begins at serial %llu: put the authority's "
                  "newest directory.log beside the key; if that is the newest, "
                  "do not sign",
                  size, has, next);
}

/* The authority's records follow the directory that is here, and each other,
 * serial by serial. A record that skips some would take them from the circle.
 */
static enum ro_status
check_serials(const struct table *table)
{
    struct proposal_body body;
    bool begun = table->directory != NULL;
    uint64_t last = begun ? ro_directory_serial(table->directory, NULL) : 0;
    const uint64_t first = last;
    for (size_t i = 0; i < table->proposal->n_records; i++) {
        const struct proposal_record *record = &table->proposal->records[i];
        if (!proposal_is_ours(record->sig.kind))
            continue;
        RO_TRY(proposal_body(record, table->arena, &body));
        if (begun && body.serial != last + 1 && last == first)
            return tell_gap(table, last, body.serial);
        if (begun && body.serial != last + 1) {
            return ro_why(table->why, RO_REFUSED,
                          "record %zu does not follow the one before it: "
                          "serial %llu after %llu",
                          i + 1, (unsigned long long)body.serial,
                          (unsigned long long)last);
        }
        begun = true;
        last = body.serial;
    }
    return RO_OK;
}

/* What begins with serial 1 has nothing before it. */
static enum ro_status
begin_directory(struct table *table)
{
    struct proposal_body body;
    if (table->directory != NULL || table->proposal->n_records == 0)
        return RO_OK;
    RO_TRY(proposal_body(&table->proposal->records[0], table->arena, &body));
    if (body.serial != 1 ||
        table->proposal->records[0].sig.kind != REACHOUT__SIGNED__KIND__CHARTER)
        return RO_OK;
    table->directory = ro_directory_new(&table->root);
    return table->directory == NULL ? RO_NO_MEMORY : RO_OK;
}

/* Whether a seat certificate of the proposal is of that member, and made with
 * that key. */
static enum ro_status
find_certificate(const struct table *table,
                 const Reachout__Member *member,
                 const struct ro_key *key)
{
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(0, 0);
    if (arena == NULL)
        return RO_NO_MEMORY;
    for (size_t i = 0; i < table->proposal->n_records; i++) {
        const struct ro_signed *sig = &table->proposal->records[i].sig;
        Reachout__Seat *seat = NULL;
        struct ro_seat_keys keys;
        if (sig->kind == REACHOUT__SIGNED__KIND__SEAT &&
            ro_seat_read(sig, arena, NULL, &seat, &keys) == RO_OK &&
            ro_bytes_equal(ro_field(&seat->member),
                           ro_field(&member->member)) &&
            ro_seat_prove(sig, key, &keys, NULL) == RO_OK)
            return RO_OK;
    }
    return RO_NOT_FOUND;
}

/* A member's key is signed only where its certificate is there, whose words
 * can be compared, or where it is the key that the member has. Else the words
 * of one school could be read to somebody while the key is another's. */
static enum ro_status
check_member_key(const struct table *table,
                 const struct proposal_record *record,
                 size_t number)
{
    struct proposal_body body;
    struct ro_key key;
    struct ro_member_id id;
    RO_TRY(proposal_body(record, table->arena, &body));
    const Reachout__Member *member = (const void *)body.message;
    if (ro_field_copy(&member->key, key.b, RO_KEY_SIZE) != RO_OK ||
        ro_field_copy(&member->member, id.b, RO_ID_SIZE) != RO_OK)
        return ro_why(table->why, RO_BAD_INPUT, "record %zu: damaged", number);
    const struct ro_member_view *now =
        table->directory == NULL ? NULL
                                 : ro_directory_member(table->directory, &id);
    if (now != NULL && memcmp(now->key.b, key.b, RO_KEY_SIZE) == 0)
        return RO_OK;
    enum ro_status s = find_certificate(table, member, &key);
    if (s != RO_NOT_FOUND)
        return s;
    return ro_why(table->why, RO_REFUSED,
                  "record %zu names a member's key, and nothing here shows "
                  "whose it is: neither a seat certificate made with it, nor "
                  "the directory.log beside authority.pub",
                  number);
}

static enum ro_status
check_member_keys(const struct table *table)
{
    for (size_t i = 0; i < table->proposal->n_records; i++) {
        const struct proposal_record *record = &table->proposal->records[i];
        if (record->sig.kind == REACHOUT__SIGNED__KIND__MEMBER)
            RO_TRY(check_member_key(table, record, i + 1));
    }
    return RO_OK;
}

enum ro_status
cosign_check(struct table *table)
{
    RO_TRY(begin_directory(table));
    RO_TRY(check_serials(table));
    return check_member_keys(table);
}

enum ro_status
cosign_check_fit(struct table *table, const struct proposal_record *record)
{
    static const struct ro_replaying replaying = {RO_REPLAY_DRAFT, 0};
    struct ro_why detail = {.text = ""};
    if (table->directory == NULL)
        return RO_OK;
    enum ro_status s = ro_directory_add(
        table->directory, ro_buf_view(&record->raw), &replaying, &detail);
    if (s == RO_OK || s == RO_NO_MEMORY)
        return s;
    return ro_why(table->why, RO_REFUSED,
                  "it does not fit the directory that is here: %s",
                  detail.text);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The directory log as it is here: the cache, and the pin that holds it. */
#include "client/authority/log.h"

#include "common/wire/codec.h"

/* --- the records we have ------------------------------------------------- */

/* Takes the next record off a log. RO_NOT_FOUND at its end, RO_VAULT_DAMAGED.
 */
static enum ro_status
next_record(struct ro_bytes *rest, struct ro_bytes *ret_record)
{
    if (rest->size == 0)
        return RO_NOT_FOUND;
    if (rest->size < 4 || rest->size - 4 < ro_get_u32(rest->data))
        return RO_VAULT_DAMAGED;
    *ret_record = (struct ro_bytes){rest->data + 4, ro_get_u32(rest->data)};
    rest->data += 4 + ret_record->size;
    rest->size -= 4 + ret_record->size;
    return RO_OK;
}

enum ro_status
authority_log_check_pin(const struct authority *authority)
{
    struct ro_hash head;
    const struct authority_state *state = &authority->state;
    if (state->pin_size == 0)
        return RO_OK;
    if (ro_directory_head(authority->directory, state->pin_size, &head) !=
        RO_OK)
        return RO_ROLLED_BACK;
    return memcmp(head.b, state->pin_head.b, RO_HASH_SIZE) == 0 ? RO_OK
                                                                : RO_FORKED;
}

static enum ro_status
replay(struct authority *authority)
{
    struct ro_replaying replaying = {RO_REPLAY_TRUST, 0};
    struct ro_bytes rest = ro_buf_view(&authority->log);
    struct ro_bytes record;
    enum ro_status s;
    while ((s = next_record(&rest, &record)) == RO_OK) {
        /* what is after the pin was brought here, from another computer */
        if (ro_directory_size(authority->directory) >=
            authority->state.pin_size)
            replaying.how = RO_REPLAY_CHECK;
        RO_TRY(
            ro_directory_add(authority->directory, record, &replaying, NULL));
    }
    return s == RO_NOT_FOUND ? authority_log_check_pin(authority) : s;
}

enum ro_status
authority_log_load(struct authority *authority, struct ro_why *why)
{
    RO_AUTOFREE char *path = authority_path(authority->dir, AUTHORITY_LOG_FILE);
    if (path == NULL)
        return RO_NO_MEMORY;
    struct ro_why detail = {.text = ""};
    enum ro_status s =
        ro_file_read(path, AUTHORITY_LOG_LIMIT, &detail, &authority->log);
    if (s == RO_NOT_FOUND)
        return RO_OK;
    if (s != RO_OK)
        return ro_why(why, s, "%s", detail.text);
    s = replay(authority);
    if (s == RO_OK || s == RO_NO_MEMORY)
        return s;
    ro_buf_clear(&authority->log);
    ro_directory_free(authority->directory);
    authority->directory = ro_directory_new(&authority->root);
    return authority->directory == NULL ? RO_NO_MEMORY : RO_OK;
}

bool
authority_is_apart(const struct authority *authority)
{
    return authority->state.broker.open_endpoint[0] == '\0' &&
           ro_directory_charter(authority->directory) != NULL;
}

enum ro_status
authority_lacks_charter(const struct authority *authority, struct ro_why *why)
{
    if (authority_is_apart(authority)) {
        return ro_why(why, RO_REFUSED,
                      "this folder never published anything, and talks to no "
                      "broker: requests come to it with --file, and what it "
                      "signs goes out with --out FILE");
    }
    return ro_why(why, RO_REFUSED,
                  "the circle has no charter yet; publish the charter first: "
                  "reachout authority charter --dir %s --file circle.conf "
                  "--broker broker.pub",
                  authority->dir);
}

enum ro_status
authority_log_ready(const struct authority *authority, struct ro_why *why)
{
    if (ro_directory_charter(authority->directory) != NULL)
        return RO_OK;
    return authority_lacks_charter(authority, why);
}

enum ro_status
authority_log_newest(const struct authority *authority,
                     Reachout__Signed__Kind kind,
                     struct ro_bytes *ret_record,
                     uint64_t *ret_number)
{
    struct ro_bytes rest = ro_buf_view(&authority->log);
    struct ro_bytes record;
    enum ro_status s = RO_NOT_FOUND;
    for (uint64_t n = 1; next_record(&rest, &record) == RO_OK; n++) {
        struct ro_signed sig;
        if (ro_signed_open(record, &sig) != RO_OK || sig.kind != kind)
            continue;
        *ret_record = record;
        *ret_number = n;
        s = RO_OK;
    }
    return s;
}

bool
authority_log_has(const struct authority *authority, struct ro_bytes record)
{
    struct ro_bytes rest = ro_buf_view(&authority->log);
    struct ro_bytes one;
    while (next_record(&rest, &one) == RO_OK) {
        if (ro_bytes_equal(one, record))
            return true;
    }
    return false;
}

void
authority_log_each(const struct authority *authority,
                   authority_record_fn *record,
                   void *user)
{
    struct ro_bytes rest = ro_buf_view(&authority->log);
    struct ro_bytes one;
    while (next_record(&rest, &one) == RO_OK)
        record(one, user);
}

uint64_t
authority_log_serial(const struct authority *authority)
{
    return ro_directory_serial(authority->directory, NULL) + 1;
}

uint64_t
authority_log_size(const struct authority *authority)
{
    return ro_directory_size(authority->directory);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The directory log, notices, checkpoints and tickets. */
#include "unit/store/sample.h"

struct seen {
    char text[256];
    size_t n;
    uint64_t last;
    size_t stop_after; /* 0: never */
};

static enum ro_status
see_record(void *user, uint32_t day, struct ro_bytes record)
{
    struct seen *seen = user;
    size_t end = strlen(seen->text);
    snprintf(seen->text + end, sizeof(seen->text) - end, "%u:%.*s ", day,
             (int)record.size, (const char *)record.data);
    seen->n++;
    return seen->n == seen->stop_after ? RO_REFUSED : RO_OK;
}

static enum ro_status
see_notice(void *user, uint64_t cursor, struct ro_bytes notice)
{
    struct seen *seen = user;
    tap_ok(cursor > seen->last);
    seen->last = cursor;
    return see_record(user, 0, notice);
}

static enum ro_status
fail(void *user, uint32_t day, struct ro_bytes record)
{
    (void)user;
    (void)day;
    (void)record;
    return RO_BAD_RECORD;
}

static void
put_records(struct store *store, uint64_t from, uint64_t n)
{
    tap_need(store_begin(store) == RO_OK);
    for (uint64_t i = from; i < from + n; i++) {
        char text[16];
        snprintf(text, sizeof(text), "r%u", (unsigned)i);
        tap_need(store_record_put(store, i, (uint32_t)(100 + i),
                                  ro_bytes_text(text)) == RO_OK);
    }
    tap_need(store_commit(store) == RO_OK);
}

static void
test_records(void)
{
    struct folder folder = folder_new();
    struct store *store = sample_open(&folder);
    struct seen seen = {0};
    tap_is(store_records(store, 0, see_record, &seen), RO_OK);
    tap_ok(seen.n == 0);
    put_records(store, 0, 3);
    tap_is(store_records(store, 0, see_record, &seen), RO_OK);
    tap_ok(strcmp(seen.text, "100:r0 101:r1 102:r2 ") == 0);
    seen = (struct seen){0};
    tap_is(store_records(store, 2, see_record, &seen), RO_OK);
    tap_ok(strcmp(seen.text, "102:r2 ") == 0);
    seen = (struct seen){.stop_after = 1};
    tap_is(store_records(store, 0, see_record, &seen), RO_OK);
    tap_ok(seen.n == 1);
    seen = (struct seen){0};
    tap_is(store_records(store, UINT64_MAX, see_record, &seen), RO_OK);
    tap_ok(seen.n == 0);
    tap_is(store_records(store, 0, fail, NULL), RO_BAD_RECORD);
    store_free(store);
    folder_remove(&folder);
}

static void
test_a_hole_in_the_log_is_damage(void)
{
    struct folder folder = folder_new();
    struct store *store = sample_open(&folder);
    struct seen seen = {0};
    put_records(store, 0, 1);
    put_records(store, 2, 1);
    tap_is(store_records(store, 0, see_record, &seen), RO_STORE_BROKEN);
    tap_ok(seen.n == 1);
    tap_is(store_begin(store), RO_STORE_BROKEN);
    store_free(store);
    folder_remove(&folder);
}

static uint64_t
put_notice(struct store *store, uint8_t seat, const char *text, uint32_t day)
{
    uint64_t cursor = 0;
    const struct store_notice notice = {sample_mailbox(seat), day,
                                        ro_bytes_text(text)};
    tap_need(store_notice_put(store, &notice, &cursor) == RO_OK);
    return cursor;
}

static void
test_notices(void)
{
    struct folder folder = folder_new();
    struct store *store = sample_open(&folder);
    uint64_t newest = 9;
    uint64_t kept = 9;
    struct ro_seat_id one = sample_mailbox(1);
    tap_is(store_notice_newest(store, &newest), RO_OK);
    tap_ok(newest == 0);
    tap_need(store_begin(store) == RO_OK);
    uint64_t a = put_notice(store, 1, "a1", 50);
    uint64_t b = put_notice(store, 2, "b1", 60);
    uint64_t c = put_notice(store, 1, "a2", 70);
    tap_need(store_commit(store) == RO_OK);
    tap_ok(a < b && b < c);
    tap_ok(sample_figures(store).notices == 2);
    tap_is(store_notice_count(store, &one, &kept), RO_OK);
    tap_ok(kept == 2);
    struct seen seen = {0};
    tap_is(store_notices(store, 0, see_notice, &seen), RO_OK);
    tap_say(strcmp(seen.text, "0:a1 0:b1 0:a2 ") == 0,
            "a replaced notice stays readable");
    seen = (struct seen){0};
    tap_is(store_notices(store, a, see_notice, &seen), RO_OK);
    tap_ok(strcmp(seen.text, "0:b1 0:a2 ") == 0);

    tap_need(store_begin(store) == RO_OK);
    tap_is(store_notices_prune(store, 59), RO_OK);
    tap_need(store_commit(store) == RO_OK);
    seen = (struct seen){0};
    tap_is(store_notices(store, 0, see_notice, &seen), RO_OK);
    tap_ok(strcmp(seen.text, "0:b1 0:a2 ") == 0);
    tap_need(store_begin(store) == RO_OK);
    tap_is(store_notices_prune(store, 70), RO_OK);
    tap_need(store_commit(store) == RO_OK);
    tap_ok(sample_figures(store).notices == 0);
    store_free(store);
    store = sample_open(&folder);
    tap_is(store_notice_newest(store, &newest), RO_OK);
    tap_say(newest == c, "a cursor is never given twice");
    tap_need(store_begin(store) == RO_OK);
    tap_ok(put_notice(store, 1, "a3", 90) > c);
    store_free(store);
    folder_remove(&folder);
}

static void
put_checkpoint(struct store *store, uint32_t slot, const char *text)
{
    tap_need(store_begin(store) == RO_OK);
    tap_is(store_checkpoint_put(store, slot, slot + 1, ro_bytes_text(text)),
           RO_OK);
    tap_need(store_commit(store) == RO_OK);
}

static void
test_checkpoints(void)
{
    struct folder folder = folder_new();
    struct store *store = sample_open(&folder);
    uint32_t slot = 0;
    uint64_t covered = 0;
    RO_AUTOBUF bytes = {0};
    tap_is(store_checkpoint_get(store, &slot, &covered, &bytes), RO_NOT_FOUND);
    put_checkpoint(store, 7, "seven");
    put_checkpoint(store, 9, "nine");
    store_free(store);
    store = sample_open(&folder);
    tap_is(store_checkpoint_get(store, &slot, &covered, &bytes), RO_OK);
    tap_ok(slot == 9 && covered == 10);
    tap_ok(ro_bytes_equal(ro_buf_view(&bytes), ro_bytes_text("nine")));
    store_free(store);
    folder_remove(&folder);
}

static void
test_tickets(void)
{
    struct folder folder = folder_new();
    struct store *store = sample_open(&folder);
    struct store_ticket ticket = {.expiry_hour = 500};
    memset(ticket.id, 0xa1, sizeof(ticket.id));
    memset(ticket.request.b, 0xb2, sizeof(ticket.request.b));
    ticket.mailbox = sample_mailbox(0xc3);
    struct store_ticket got = {0};
    tap_is(store_ticket_get(store, ticket.id, &got), RO_NOT_FOUND);
    tap_is(store_enrol_mailbox(store, &ticket.mailbox), RO_NOT_FOUND);
    tap_need(store_begin(store) == RO_OK);
    tap_is(store_ticket_put(store, &ticket), RO_OK);
    tap_need(store_commit(store) == RO_OK);
    store_free(store);
    store = sample_open(&folder);
    tap_is(store_ticket_get(store, ticket.id, &got), RO_OK);
    tap_ok(memcmp(&got, &ticket, sizeof(got)) == 0);
    tap_is(store_enrol_mailbox(store, &ticket.mailbox), RO_OK);
    size_t n = 9;
    tap_need(store_begin(store) == RO_OK);
    tap_is(store_expire(store, 499, 10, &n), RO_OK);
    tap_is(store_ticket_get(store, ticket.id, &got), RO_OK);
    tap_is(store_expire(store, 500, 10, &n), RO_OK);
    tap_ok(n == 0);
    tap_is(store_ticket_get(store, ticket.id, &got), RO_NOT_FOUND);
    tap_is(store_enrol_mailbox(store, &ticket.mailbox), RO_NOT_FOUND);
    store_free(store);
    folder_remove(&folder);
}

int
main(void)
{
    tap_run(test_records);
    tap_run(test_a_hole_in_the_log_is_damage);
    tap_run(test_notices);
    tap_run(test_checkpoints);
    tap_run(test_tickets);
    return tap_done();
}

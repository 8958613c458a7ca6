/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a sync and a look at the status cost: as much as has changed, whatever
 * else there is. Counted in values of the vault that are opened. (Linked with
 * --wrap=ro_column_open.)
 */
#include "tests/unit/client/friends.h"

#include <time.h>

#include "client/core/outgoing.h"
#include "client/core/sequence.h"
#include "common/crypto/column.h"

#define REQUESTS 200
#define SAYS 8 /* beside the ask, the answer and what was said */

static size_t n_opened;

enum ro_status __real_ro_column_open(const uint8_t key[static 32],
                                     struct ro_bytes aad,
                                     struct ro_bytes sealed,
                                     struct ro_buf *ret_value);
enum ro_status __wrap_ro_column_open(const uint8_t key[static 32],
                                     struct ro_bytes aad,
                                     struct ro_bytes sealed,
                                     struct ro_buf *ret_value);

enum ro_status
__wrap_ro_column_open(const uint8_t key[static 32],
                      struct ro_bytes aad,
                      struct ro_bytes sealed,
                      struct ro_buf *ret_value)
{
    n_opened++;
    return __real_ro_column_open(key, aad, sealed, ret_value);
}

static int64_t
now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* A request as another one, with other ids and some words more. */
static void
copy_request(struct vault *vault, const struct request_row *from, uint32_t n)
{
    RO_AUTOMESSAGES messages = {0};
    struct request_row copy = *from;
    ro_set_u32(copy.id.b, n);
    test_must(message_list(vault, &from->id, &messages));
    for (uint32_t i = 0; i < messages.n + SAYS; i++) {
        struct message message =
            messages.at[i < messages.n ? i : messages.n - 1];
        ro_set_u32(message.row.b + 12, n * 100 + i);
        if (i == 0)
            copy.ask = message.row;
        message.request = copy.id;
        message.purpose = i < messages.n ? message.purpose : RO_PURPOSE_SAY;
        message.read = i % 2 == 0 ? MESSAGE_UNREAD : MESSAGE_READ;
        test_must(message_put(vault, &message));
    }
    test_must(request_row_put(vault, &copy));
    test_must(request_row_touch(vault, &copy.id));
}

/* Messages that only wait for their receipts, and conversations in which
 * nothing is missing. */
static void
fill_behind(struct seat *seat)
{
    struct vault *vault = seat->engine->vault;
    RO_AUTOBUF rows = {0};
    RO_AUTOOUTGOING outgoing = {0};
    struct row_id row;
    test_must(outgoing_rows(vault, &rows));
    tap_need(rows.size >= RO_ID_SIZE);
    memcpy(row.b, rows.data, RO_ID_SIZE);
    test_must(outgoing_get(vault, &row, &outgoing));
    tap_need(outgoing_place(&outgoing) == RO_PLACE_BROKER);
    test_must(vault_begin(vault));
    for (uint32_t i = 0; i < REQUESTS; i++) {
        struct ro_thread_id thread = {{7}};
        ro_set_u32(outgoing.row.b, i);
        ro_set_u32(thread.b, i);
        test_must(outgoing_put(vault, &outgoing));
        test_must(sequence_take(vault, &thread, &ben->circle_seat->id, 1));
    }
    test_must(vault_commit(vault));
}

static void
fill(struct seat *seat, const char *request)
{
    struct vault *vault = seat->engine->vault;
    struct ro_request_id id;
    RO_AUTOREQUEST row = {0};
    test_must(ro_unhex(request, id.b, RO_ID_SIZE));
    test_must(request_row_get(vault, &id, &row));
    test_must(vault_begin(vault));
    for (uint32_t i = 1; i <= REQUESTS; i++)
        copy_request(vault, &row, i);
    test_must(vault_commit(vault));
}

/* What an idle sync opens, and the status after it. */
struct cost {
    size_t sync;
    size_t self;
    size_t unread;
};

static struct cost
measure(struct seat *seat)
{
    struct cost cost;
    test_must(seat_sync(seat));
    n_opened = 0;
    int64_t begun_us = now_us();
    test_must(seat_sync(seat));
    int64_t synced_us = now_us();
    cost.sync = n_opened;
    n_opened = 0;
    test_must(seat_self(seat));
    cost.self = n_opened;
    cost.unread = seat->job->result.self.inbox_unread;
    printf("# sync: %zu values, %lld us; status: %zu values, %lld us\n",
           cost.sync, (long long)(synced_us - begun_us), cost.self,
           (long long)(now_us() - synced_us));
    return cost;
}

static void
test_idle(void)
{
    open_two();
    const char *request = pair_answered(ann, ben);
    pair_sync_all(pair);
    test_must(seat_write(ann, jobs_say, thread_between(request, ann, ben),
                         "No receipt for this."));
    const struct cost before = measure(ann);
    fill(ann, request);
    fill_behind(ann);
    const struct cost after = measure(ann);
    tap_say(after.sync <= before.sync + 2, "a sync opens no more of 2,000");
    tap_say(after.self <= before.self + 2, "nor does the status");
    tap_ok(after.unread == before.unread + REQUESTS * (SAYS + 3 + 1) / 2);
    close_circle();
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_idle);
    return tap_done();
}

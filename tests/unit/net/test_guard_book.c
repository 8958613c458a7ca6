/* SPDX-License-Identifier: Apache-2.0 */
/* The guard's rules, one by one, on a clock that moves when told. */
#include "daemon/net/guard_book.h"
#include "tests/support/tap.h"

static const struct guard_limits limits = {
    .connections = 4,
    .per_address = 2,
    .silent = 3,
    .undelivered = 100000,
    .silence_ms = 300,
    .patience_ms = 1000,
};

static struct guard_peer
from(uint8_t host)
{
    return (struct guard_peer){
        .door = DOOR_OPEN, .cookie = host, .address = {.b = {host}}};
}

static int
add(struct guard_book *book, int fd, uint8_t host, int64_t now_ms)
{
    struct guard_peer like = from(host);
    return guard_book_add(book, fd, &like, now_ms);
}

/* A connection that has said something. */
static void
add_talker(struct guard_book *book, int fd, uint8_t host)
{
    tap_is(add(book, fd, host, 0), -1);
    guard_book_delivered(book, fd, 10);
}

static void
test_all_connections(void)
{
    RO_CLEANUP(guard_book_freep)
    struct guard_book *book = guard_book_new(&limits, 64);
    for (int fd = 0; fd < 4; fd++)
        add_talker(book, fd, (uint8_t)(fd + 1));
    tap_say(add(book, 4, 9, 0) == 4, "the one too many goes itself");
    guard_book_cut(book, 4);
    tap_ok(guard_book_count(book) == 4);
    guard_book_remove(book, 0);
    guard_book_remove(book, 4);
    tap_say(add(book, 4, 9, 0) == -1, "and may come when one has left");
    tap_ok(guard_book_find(book, 0) == NULL);
    tap_ok(guard_book_find(book, 4) != NULL);
}

static void
test_one_address(void)
{
    RO_CLEANUP(guard_book_freep)
    struct guard_book *book = guard_book_new(&limits, 64);
    add_talker(book, 1, 7);
    add_talker(book, 2, 7);
    tap_say(add(book, 3, 7, 0) == 3, "a third of one address goes");
    tap_say(add(book, 4, 8, 0) == -1, "one of another does not");
    guard_book_cut(book, 3);
    guard_book_remove(book, 1);
    tap_is(add(book, 1, 7, 10), -1);
    tap_say(add(book, 5, 7, 20) == 1, "who has said nothing goes before it");
    struct guard_limits free_limits = limits;
    free_limits.per_address = 0;
    RO_CLEANUP(guard_book_freep)
    struct guard_book *other = guard_book_new(&free_limits, 64);
    for (int fd = 0; fd < 4; fd++)
        add_talker(other, fd, 7);
}

static void
test_silent_ones(void)
{
    struct guard_limits wide = limits;
    wide.connections = 50;
    RO_CLEANUP(guard_book_freep)
    struct guard_book *book = guard_book_new(&wide, 64);
    tap_is(add(book, 10, 1, 100), -1);
    tap_is(add(book, 11, 2, 50), -1);
    tap_is(add(book, 12, 3, 200), -1);
    tap_say(add(book, 13, 4, 300) == 11, "the longest silent one goes");
    guard_book_cut(book, 11);
    guard_book_delivered(book, 10, 1);
    tap_say(add(book, 14, 5, 300) == -1, "who has spoken is not silent");
    guard_book_cut(book, 12);
    tap_is(add(book, 15, 5, 400), -1);
    tap_say(add(book, 16, 5, 500) == 14,
            "an address makes room for its own ones");
    guard_book_cut(book, 14);
    tap_say(add(book, 17, 6, 600) == 13, "and not one for another");
}

static void
test_undelivered(void)
{
    RO_CLEANUP(guard_book_freep)
    struct guard_book *book = guard_book_new(&limits, 64);
    tap_is(add(book, 5, 1, 0), -1);
    tap_ok(!guard_book_received(book, 5, 100000));
    tap_ok(guard_book_received(book, 5, 100001));
    guard_book_delivered(book, 5, 1000);
    tap_say(!guard_book_received(book, 5, 101000 + GUARD_FRAME_OVERHEAD),
            "frames are taken off, with what the wire adds");
    tap_ok(guard_book_received(book, 5, 101001 + GUARD_FRAME_OVERHEAD));
    guard_book_cut(book, 5);
    tap_say(!guard_book_received(book, 5, UINT64_MAX), "once is enough");
}

static void
test_descriptor_is_reused(void)
{
    RO_CLEANUP(guard_book_freep)
    struct guard_book *book = guard_book_new(&limits, 64);
    add_talker(book, 5, 1);
    guard_book_delivered(book, 5, 90000);
    guard_book_remove(book, 5);
    tap_is(add(book, 5, 2, 0), -1);
    tap_say(guard_book_received(book, 5, 100001),
            "what its last user sent does not count for the next");
    int fd = 0;
    tap_say(guard_book_overdue(book, &fd, 1000) && fd == 5,
            "and it is silent again");
}

static void
test_overdue(void)
{
    RO_CLEANUP(guard_book_freep)
    struct guard_book *book = guard_book_new(&limits, 64);
    int fd = 0;
    tap_is(add(book, 5, 1, 0), -1);
    tap_ok(!guard_book_overdue(book, &fd, 299));
    tap_say(guard_book_overdue(book, &fd, 300) && fd == 5,
            "who has said nothing has less time");
    fd = 0;
    guard_book_delivered(book, 5, 10);
    tap_say(!guard_book_overdue(book, &fd, 1000), "the first frame settles it");
    tap_say(!guard_book_overdue(book, &fd, 900000), "silence after it is fine");
    tap_ok(!guard_book_received(book, 5, 50000));
    tap_ok(guard_book_overdue(book, &fd, 901000) && fd == 5);
    fd = 0;
    guard_book_delivered(book, 5, 10);
    tap_say(!guard_book_overdue(book, &fd, 901000), "who moves has time again");
    tap_ok(guard_book_overdue(book, &fd, 902000));
    fd = 6;
    tap_ok(!guard_book_overdue(book, &fd, 902000));
}

static void
test_heartbeats_are_not_held_against(void)
{
    RO_CLEANUP(guard_book_freep)
    struct guard_book *book = guard_book_new(&limits, 64);
    add_talker(book, 5, 1);
    int fd = 0;
    /* a month, with a sign of life each way every 15 s */
    bool flooded = false;
    for (int64_t s = 0; s < INT64_C(30) * 86400; s += 15) {
        uint64_t received = 1000 + (uint64_t)s / 15 * 120;
        flooded = flooded || guard_book_received(book, 5, received);
        if (guard_book_overdue(book, &fd, s * 1000))
            break;
    }
    tap_ok(!flooded);
    tap_ok(fd == 0);
    tap_ok(guard_book_count(book) == 1);
}

static void
test_beyond_the_book(void)
{
    RO_CLEANUP(guard_book_freep)
    struct guard_book *book = guard_book_new(&limits, 8);
    tap_say(add(book, 8, 1, 0) == 8, "a descriptor beyond it has to go");
    guard_book_delivered(book, 8, 1);
    guard_book_delivered(book, -1, 1);
    guard_book_remove(book, 8);
    guard_book_cut(book, -1);
    tap_ok(!guard_book_received(book, 8, 1));
    tap_ok(guard_book_find(book, -1) == NULL &&
           guard_book_find(book, 8) == NULL);
    tap_ok(guard_book_count(book) == 0 && guard_book_reach(book) == 0);
}

int
main(void)
{
    tap_run(test_all_connections);
    tap_run(test_one_address);
    tap_run(test_silent_ones);
    tap_run(test_undelivered);
    tap_run(test_descriptor_is_reused);
    tap_run(test_overdue);
    tap_run(test_heartbeats_are_not_held_against);
    tap_run(test_beyond_the_book);
    return tap_done();
}

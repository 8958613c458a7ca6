/* SPDX-License-Identifier: Apache-2.0 */
/* One request to everybody: a body with 200 wraps is deposited, and the time
 * runs until the last of 200 seats has been pushed its envelope. */
#include <signal.h>

#include "tests/bench/caller.h"
#include "tests/bench/post.h"

#define SEATS 200
#define ROUNDS 50

struct bench {
    struct house house;
    void *context;
    struct caller callers[SEATS + 1]; /* the last is the sender */
    struct post *post;
    struct samples answer;
    struct samples first;
    struct samples last;
};

static void
connect_all(struct bench *bench)
{
    struct caller_place place = {.context = bench->context,
                                 .house = &bench->house};
    caller_open(&place, &bench->callers[SEATS]);
    caller_greet(&bench->callers[SEATS], &bench->house);
    for (size_t i = 0; i < SEATS; i++) {
        place.seat = house_seat(&bench->house, i);
        caller_open(&place, &bench->callers[i]);
        caller_attach(&bench->callers[i]);
    }
}

/* Takes the push of a seat, if it has come: its acknowledgement waits until
 * the round is over. Whether it did. */
static bool
take_push(struct bench *bench, size_t seat, uint64_t number)
{
    struct caller *caller = &bench->callers[seat];
    if (!caller_take(caller))
        return false;
    const Reachout__Attach__Push *push =
        (const void *)caller_read(caller, &reachout__attach__push__descriptor);
    if (push->n_envelopes != 1 || push->n_bodies != 1 ||
        post_number(&push->bodies[0]) != number)
        die("seat %zu got something else", seat);
    return true;
}

static void
acknowledge(struct bench *bench)
{
    for (size_t i = 0; i < SEATS; i++) {
        struct caller *caller = &bench->callers[i];
        caller_ack(caller, (const void *)caller_read(
                               caller, &reachout__attach__push__descriptor));
        caller_wait(caller);
    }
}

static void
run_round(struct bench *bench, uint64_t number)
{
    RO_AUTOBUF frame = {0};
    struct caller *sender = &bench->callers[SEATS];
    bool has[SEATS] = {false};
    size_t n = 0;
    post_pack_fan(bench->post, number, &frame);
    int64_t from_ns = now_ns();
    caller_send(sender, ro_buf_view(&frame));
    while (n < SEATS) {
        callers_wait(bench->callers, SEATS, -1);
        for (size_t i = 0; i < SEATS; i++) {
            if (has[i] || !take_push(bench, i, number))
                continue;
            has[i] = true;
            if (n++ == 0)
                samples_add(&bench->first, now_ns() - from_ns);
        }
    }
    samples_add(&bench->last, now_ns() - from_ns);
    caller_wait(sender);
    post_check((const void *)caller_read(
                   sender, &reachout__deposit__answer__descriptor),
               SEATS);
    acknowledge(bench);
}

static void
tell(struct bench *bench)
{
    json_t *line = report_new("fan-out", bench->house.folder.path);
    samples_sort(&bench->first);
    samples_sort(&bench->last);
    report_whole(line, "seats", SEATS);
    report_whole(line, "rounds", bench->last.n);
    report_ms(line, "first_push_p50_ms", samples_at(&bench->first, 50));
    report_ms(line, "last_push_p50_ms", samples_at(&bench->last, 50));
    report_ms(line, "last_push_p99_ms", samples_at(&bench->last, 99));
    report_ms(line, "last_push_max_ms", samples_at(&bench->last, 100));
    report_whole(line, "body_bytes", POST_BODY_BYTES);
    house_report_limits(&bench->house, line);
    report_print(line);
}

int
main(int argc, char *argv[])
{
    static const struct house_limit limits[] = {
        {"open_envelopes_per_hour",             1000000   },
        {"mailbox_envelopes_max",               1000000   },
        {"open_bytes_per_hour",                 4294967295},
        {"open_envelopes_per_address_per_hour", 100000000 },
        {"open_bytes_per_address_per_hour",     4294967295},
        {NULL,                                  0         },
    };
    if (argc != 2)
        die("usage: %s REACHOUTD", argv[0]);
    const struct house_plan plan = {
        .reachoutd = argv[1], .n_schools = SEATS, .limits = limits};
    struct bench *bench = must_have(calloc(1, sizeof(*bench)));
    house_open(&plan, &bench->house);
    bench->context = callers_context();
    bench->post = post_new(bench->house.circle, SEATS);
    connect_all(bench);
    for (uint64_t i = 0; i < ROUNDS; i++)
        run_round(bench, i);
    tell(bench);
    for (size_t i = 0; i <= SEATS; i++)
        caller_close(&bench->callers[i]);
    zmq_ctx_term(bench->context);
    samples_fini(&bench->first);
    samples_fini(&bench->last);
    post_free(bench->post);
    house_close(&bench->house);
    free(bench);
    return 0;
}

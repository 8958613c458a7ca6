/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durable deliveries a second, end to end: 8 senders deposit at the open door,
 * 8 receivers have their mailboxes attached at the member door, all under
 * CURVE. A delivery counts once its ack is answered, and every envelope must
 * come exactly once, wrap and body. Frames are packed before the clock starts,
 * since all of it runs on the same processors as the broker.
 */
#include <signal.h>
#include <string.h>

#include "tests/bench/caller.h"
#include "tests/bench/post.h"

#define SENDERS 8
#define RECEIVERS 8
#define CALLERS (SENDERS + RECEIVERS)
#define PIPELINE 4  /* frames of a sender that are not answered */
#define DRAIN_MAX 8 /* frames that are taken from one before the next */
#define ACKS_MAX 1024

/* One measurement: so many envelopes, packed so. */
struct load {
    size_t envelopes;
    size_t a_frame;
};

static const struct load loads[] = {
    {200000, 32},
    {40000,  1 },
};

/* What a receiver has acknowledged and has no answer to yet, in order. */
struct acks {
    size_t envelopes[ACKS_MAX];
    size_t first;
    size_t n;
};

struct bench {
    struct house house;
    void *context;
    struct caller callers[CALLERS]; /* senders first */
    struct acks acks[RECEIVERS];
    struct post *post;
    uint64_t number; /* of the next envelope */

    /* of the measurement */
    struct load load;
    uint64_t first; /* number */
    struct ro_buf *frames;
    size_t n_frames;
    size_t sent[SENDERS];
    size_t answered[SENDERS];
    uint8_t *seen_wrap;
    uint8_t *seen_body;
    size_t taken; /* envelopes, by a receiver */
    size_t twice;
    size_t pushes;
    size_t delivered; /* acknowledged, and that is answered */
};

/* --- senders ------------------------------------------------------------- */

/* Sender i has frames i, i + 8, i + 16, ... */
static void
send_more(struct bench *bench, size_t sender)
{
    while (bench->sent[sender] - bench->answered[sender] < PIPELINE) {
        size_t i = sender + bench->sent[sender] * SENDERS;
        if (i >= bench->n_frames)
            return;
        caller_send(&bench->callers[sender], ro_buf_view(&bench->frames[i]));
        bench->sent[sender]++;
    }
}

static void
hear_sender(struct bench *bench, size_t sender)
{
    struct caller *caller = &bench->callers[sender];
    for (int i = 0; i < DRAIN_MAX && caller_take(caller); i++) {
        post_check((const void *)caller_read(
                       caller, &reachout__deposit__answer__descriptor),
                   bench->load.a_frame);
        bench->answered[sender]++;
    }
    send_more(bench, sender);
}

/* --- receivers ----------------------------------------------------------- */

static void
note(struct bench *bench, uint8_t *seen, const ProtobufCBinaryData *field)
{
    uint64_t i = post_number(field) - bench->first;
    if (i >= bench->load.envelopes)
        die("an envelope that nobody sent");
    bench->twice += seen[i];
    seen[i] = 1;
}

static void
take_push(struct bench *bench, struct caller *caller, struct acks *acks)
{
    const Reachout__Attach__Push *push =
        (const void *)caller_read(caller, &reachout__attach__push__descriptor);
    for (size_t i = 0; i < push->n_envelopes; i++)
        note(bench, bench->seen_wrap, &push->envelopes[i]->wrap);
    for (size_t i = 0; i < push->n_bodies; i++)
        note(bench, bench->seen_body, &push->bodies[i]);
    bench->taken += push->n_envelopes;
    bench->pushes++;
    if (acks->n == ACKS_MAX)
        die("acks are not answered");
    acks->envelopes[(acks->first + acks->n++) % ACKS_MAX] = push->n_envelopes;
    caller_ack(caller, push);
}

static void
hear_receiver(struct bench *bench, size_t receiver)
{
    struct caller *caller = &bench->callers[SENDERS + receiver];
    struct acks *acks = &bench->acks[receiver];
    for (int i = 0; i < DRAIN_MAX && caller_take(caller); i++) {
        if (caller->header.kind == RO_FRAME_PUSH) {
            take_push(bench, caller, acks);
            continue;
        }
        bench->delivered += acks->envelopes[acks->first];
        acks->first = (acks->first + 1) % ACKS_MAX;
        acks->n--;
    }
}

/* --- one measurement ----------------------------------------------------- */

static void
prepare(struct bench *bench, const struct load *load)
{
    bench->load = *load;
    bench->first = bench->number;
    bench->n_frames = load->envelopes / load->a_frame;
    bench->frames = must_have(calloc(bench->n_frames, sizeof(struct ro_buf)));
    bench->seen_wrap = must_have(calloc(load->envelopes, 1));
    bench->seen_body = must_have(calloc(load->envelopes, 1));
    bench->taken = bench->twice = bench->pushes = bench->delivered = 0;
    memset(bench->sent, 0, sizeof(bench->sent));
    memset(bench->answered, 0, sizeof(bench->answered));
    for (size_t i = 0; i < bench->n_frames; i++) {
        post_pack(bench->post, bench->number, load->a_frame, &bench->frames[i]);
        bench->number += load->a_frame;
    }
}

static void
run(struct bench *bench)
{
    for (size_t i = 0; i < SENDERS; i++)
        send_more(bench, i);
    while (bench->delivered < bench->load.envelopes) {
        callers_wait(bench->callers, CALLERS, -1);
        for (size_t i = 0; i < SENDERS; i++)
            hear_sender(bench, i);
        for (size_t i = 0; i < RECEIVERS; i++)
            hear_receiver(bench, i);
    }
}

static size_t
count(const uint8_t *seen, size_t n)
{
    size_t there = 0;
    for (size_t i = 0; i < n; i++)
        there += seen[i];
    return there;
}

static void
tell(struct bench *bench, int64_t took_ns, const struct house_effort *effort)
{
    size_t n = bench->load.envelopes;
    size_t lost =
        2 * n - count(bench->seen_wrap, n) - count(bench->seen_body, n);
    json_t *line = report_new("deliver", bench->house.folder.path);
    report_real(line, "deliveries_per_second",
                (double)n * 1e9 / (double)took_ns);
    report_whole(line, "envelopes", n);
    report_whole(line, "lost", lost);
    report_whole(line, "twice", bench->twice);
    report_whole(line, "envelopes_a_deposit", bench->load.a_frame);
    report_real(line, "envelopes_a_push", (double)n / (double)bench->pushes);
    report_whole(line, "body_bytes", POST_BODY_BYTES);
    report_whole(line, "senders", SENDERS);
    report_whole(line, "receivers", RECEIVERS);
    report_whole(line, "deposits_pipelined", PIPELINE);
    report_ms(line, "took_ms", took_ns);
    report_us(line, "broker_cpu_us", effort->all_ns / (int64_t)n);
    report_us(line, "broker_turn_cpu_us", effort->turn_ns / (int64_t)n);
    house_report_limits(&bench->house, line);
    report_print(line);
    if (lost > 0 || bench->twice > 0)
        die("not every envelope came exactly once");
}

static void
measure(struct bench *bench, const struct load *load)
{
    prepare(bench, load);
    struct house_effort before = house_effort(&bench->house);
    int64_t from_ns = now_ns();
    run(bench);
    int64_t took_ns = now_ns() - from_ns;
    struct house_effort effort = house_effort(&bench->house);
    effort.all_ns -= before.all_ns;
    effort.turn_ns -= before.turn_ns;
    tell(bench, took_ns, &effort);
    for (size_t i = 0; i < bench->n_frames; i++)
        ro_buf_fini(&bench->frames[i]);
    free(bench->frames);
    free(bench->seen_wrap);
    free(bench->seen_body);
}

static void
connect_all(struct bench *bench)
{
    struct caller_place place = {.context = bench->context,
                                 .house = &bench->house};
    for (size_t i = 0; i < SENDERS; i++) {
        caller_open(&place, &bench->callers[i]);
        caller_greet(&bench->callers[i], &bench->house);
    }
    for (size_t i = 0; i < RECEIVERS; i++) {
        place.seat = house_seat(&bench->house, i);
        caller_open(&place, &bench->callers[SENDERS + i]);
        caller_attach(&bench->callers[SENDERS + i]);
    }
}

int
main(int argc, char *argv[])
{
    static const struct house_limit limits[] = {
        {"open_envelopes_per_hour",             1000000   },
        {"open_bytes_per_hour",                 4294967295},
        {"open_envelopes_per_address_per_hour", 100000000 },
        {"open_bytes_per_address_per_hour",     4294967295},
        {"unacked_max",                         1024      },
        {"mailbox_envelopes_max",               1000000   },
        {NULL,                                  0         },
    };
    if (argc != 2)
        die("usage: %s REACHOUTD", argv[0]);
    const struct house_plan plan = {
        .reachoutd = argv[1], .n_schools = RECEIVERS, .limits = limits};
    struct bench *bench = must_have(calloc(1, sizeof(*bench)));
    house_open(&plan, &bench->house);
    bench->context = callers_context();
    bench->post = post_new(bench->house.circle, RECEIVERS);
    connect_all(bench);
    for (size_t i = 0; i < RO_LEN(loads); i++)
        measure(bench, &loads[i]);
    for (size_t i = 0; i < CALLERS; i++)
        caller_close(&bench->callers[i]);
    zmq_ctx_term(bench->context);
    post_free(bench->post);
    house_close(&bench->house);
    free(bench);
    return 0;
}

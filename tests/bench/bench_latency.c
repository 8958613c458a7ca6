/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a message takes from its sender to its receiver at 1,000 a second.
 * The schedule is fixed: message i is due i ms after the start, whatever became
 * of those before it, and its time runs from when it was due, not from when it
 * was sent. So a broker that stands still is not spared what it keeps waiting.
 * Each message is a deposit of its own; every push is acknowledged at once, and
 * the acks are part of the load.
 */
#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "tests/bench/caller.h"
#include "tests/bench/post.h"

#define SENDERS 8
#define RECEIVERS 8
#define CALLERS (SENDERS + RECEIVERS)
#define PIPELINE 8 /* deposits of a sender that are not answered */
#define A_SECOND 1000
#define STEP_NS (1000000000 / A_SECOND)
#define WARM_UP 1000 /* messages that are not counted */
#define COUNTED 20000
#define MESSAGES (WARM_UP + COUNTED)

struct bench {
    struct house house;
    void *context;
    struct caller callers[CALLERS]; /* senders first */
    struct post *post;
    struct ro_buf frames[MESSAGES];
    int timer;
    int64_t start_ns;
    size_t sent[SENDERS];
    size_t answered[SENDERS];
    size_t n_stored; /* deposits that are answered */
    size_t n_taken;
    uint8_t seen[MESSAGES];
    struct samples delivery; /* due until pushed */
    struct samples deposit;  /* due until the deposit is answered */
    struct samples lateness; /* due until sent: our own fault */
};

static int64_t
due_ns(const struct bench *bench, size_t i)
{
    return bench->start_ns + (int64_t)i * STEP_NS;
}

/* A sample of message i, which is now where it was to be. */
static void
note(const struct bench *bench, struct samples *samples, size_t i)
{
    if (i >= WARM_UP)
        samples_add(samples, now_ns() - due_ns(bench, i));
}

/* Sender s has messages s, s + 8, s + 16, ... */
static void
send_due_of(struct bench *bench, size_t sender)
{
    while (bench->sent[sender] - bench->answered[sender] < PIPELINE) {
        size_t i = sender + bench->sent[sender] * SENDERS;
        if (i >= MESSAGES || due_ns(bench, i) > now_ns())
            return;
        note(bench, &bench->lateness, i);
        caller_send(&bench->callers[sender], ro_buf_view(&bench->frames[i]));
        bench->sent[sender]++;
    }
}

static void
send_due(struct bench *bench)
{
    uint64_t expired;
    ssize_t n = read(bench->timer, &expired, sizeof(expired));
    if (n < 0 && errno != EAGAIN)
        die("timer: %s", strerror(errno));
    for (size_t sender = 0; sender < SENDERS; sender++)
        send_due_of(bench, sender);
}

/* Answers come in the order of the asks. */
static void
hear_sender(struct bench *bench, size_t sender)
{
    struct caller *caller = &bench->callers[sender];
    while (caller_take(caller)) {
        post_check((const void *)caller_read(
                       caller, &reachout__deposit__answer__descriptor),
                   1);
        note(bench, &bench->deposit,
             sender + bench->answered[sender]++ * SENDERS);
        bench->n_stored++;
    }
}

static void
hear_receiver(struct bench *bench, struct caller *caller)
{
    while (caller_take(caller)) {
        if (caller->header.kind != RO_FRAME_PUSH)
            continue;
        const Reachout__Attach__Push *push = (const void *)caller_read(
            caller, &reachout__attach__push__descriptor);
        for (size_t k = 0; k < push->n_envelopes; k++) {
            uint64_t i = post_number(&push->envelopes[k]->wrap);
            if (i >= MESSAGES || bench->seen[i]++ != 0)
                die("message %ju came twice, or nobody sent it", (uintmax_t)i);
            note(bench, &bench->delivery, i);
            bench->n_taken++;
        }
        caller_ack(caller, push);
    }
}

static void
run(struct bench *bench)
{
    bench->start_ns = now_ns() + STEP_NS;
    const struct itimerspec every = {
        .it_interval = {.tv_nsec = STEP_NS                     },
        .it_value = { .tv_sec = bench->start_ns / 1000000000,
                        .tv_nsec = bench->start_ns % 1000000000},
    };
    if (timerfd_settime(bench->timer, TFD_TIMER_ABSTIME, &every, NULL) != 0)
        die("timer: %s", strerror(errno));
    while (bench->n_taken < MESSAGES || bench->n_stored < MESSAGES) {
        callers_wait(bench->callers, CALLERS, bench->timer);
        send_due(bench);
        for (size_t i = 0; i < SENDERS; i++)
            hear_sender(bench, i);
        send_due(bench);
        for (size_t i = 0; i < RECEIVERS; i++)
            hear_receiver(bench, &bench->callers[SENDERS + i]);
    }
}

static void
tell_samples(json_t *line, const char *name, struct samples *samples)
{
    json_t *object = must_have(json_object());
    samples_sort(samples);
    report_us(object, "p50_us", samples_at(samples, 50));
    report_us(object, "p99_us", samples_at(samples, 99));
    report_us(object, "p99_9_us", samples_at(samples, 99.9));
    report_us(object, "max_us", samples_at(samples, 100));
    json_object_set_new(line, name, object);
    samples_fini(samples);
}

static void
tell(struct bench *bench, const struct house_effort *effort)
{
    json_t *line = report_new("latency", bench->house.folder.path);
    report_whole(line, "messages_per_second", A_SECOND);
    report_whole(line, "messages", bench->delivery.n);
    tell_samples(line, "deposit_to_push", &bench->delivery);
    tell_samples(line, "deposit_to_answer", &bench->deposit);
    tell_samples(line, "sent_late", &bench->lateness);
    report_whole(line, "body_bytes", POST_BODY_BYTES);
    report_whole(line, "senders", SENDERS);
    report_whole(line, "receivers", RECEIVERS);
    report_us(line, "broker_cpu_us", effort->all_ns / MESSAGES);
    report_us(line, "broker_turn_cpu_us", effort->turn_ns / MESSAGES);
    house_report_limits(&bench->house, line);
    report_print(line);
}

static void
prepare(struct bench *bench)
{
    struct caller_place place = {.context = bench->context,
                                 .house = &bench->house};
    for (size_t i = 0; i < MESSAGES; i++)
        post_pack(bench->post, i, 1, &bench->frames[i]);
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
        {"mailbox_envelopes_max",               1000000   },
        {"open_bytes_per_hour",                 4294967295},
        {"open_envelopes_per_address_per_hour", 100000000 },
        {"open_bytes_per_address_per_hour",     4294967295},
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
    bench->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    prepare(bench);
    struct house_effort before = house_effort(&bench->house);
    run(bench);
    struct house_effort effort = house_effort(&bench->house);
    effort.all_ns -= before.all_ns;
    effort.turn_ns -= before.turn_ns;
    tell(bench, &effort);
    for (size_t i = 0; i < CALLERS; i++)
        caller_close(&bench->callers[i]);
    for (size_t i = 0; i < MESSAGES; i++)
        ro_buf_fini(&bench->frames[i]);
    zmq_ctx_term(bench->context);
    close(bench->timer);
    post_free(bench->post);
    house_close(&bench->house);
    free(bench);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long the broker takes from exec to "ready" with 100,000 envelopes in its
 * store: after kill -9, which leaves a write-ahead log to be read, and after a
 * clean end. The files are in the kernel's cache.
 */
#include <signal.h>

#include "tests/bench/caller.h"
#include "tests/bench/post.h"

#define SEATS 200
#define ENVELOPES 100000
#define A_FRAME 50
#define FRAMES (ENVELOPES / A_FRAME)
#define PIPELINE 8
#define STARTS 5

/* Envelopes for everybody, which nobody takes. */
static void
fill(const struct house *house)
{
    RO_AUTOBUF frame = {0};
    void *context = callers_context();
    const struct caller_place place = {.context = context, .house = house};
    struct post *post = post_new(house->circle, SEATS);
    struct caller caller;
    caller_open(&place, &caller);
    caller_greet(&caller, house);
    for (size_t sent = 0, answered = 0; answered < FRAMES; answered++) {
        for (; sent < FRAMES && sent - answered < PIPELINE; sent++) {
            post_pack(post, sent * A_FRAME, A_FRAME, &frame);
            caller_send(&caller, ro_buf_view(&frame));
        }
        caller_wait(&caller);
        post_check((const void *)caller_read(
                       &caller, &reachout__deposit__answer__descriptor),
                   A_FRAME);
    }
    caller_close(&caller);
    zmq_ctx_term(context);
    post_free(post);
}

/* Ends it in that way and starts it, some times. */
static void
restart(struct house *house, int signal, const char *name)
{
    struct samples samples = {0};
    for (size_t i = 0; i < STARTS; i++) {
        house_end(house, signal);
        samples_add(&samples, house_start(house));
    }
    json_t *line = report_new("restart", house->folder.path);
    samples_sort(&samples);
    json_object_set_new(line, "after", json_string(name));
    report_ms(line, "ready_p50_ms", samples_at(&samples, 50));
    report_ms(line, "ready_max_ms", samples_at(&samples, 100));
    report_whole(line, "starts", STARTS);
    report_whole(line, "envelopes", ENVELOPES);
    report_whole(line, "records", house->circle->n_records);
    report_whole(line, "resident_bytes", house_resident_bytes(house));
    house_report_limits(house, line);
    report_print(line);
    samples_fini(&samples);
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
    struct house house;
    house_open(&plan, &house);
    fill(&house);
    restart(&house, SIGKILL, "kill -9");
    restart(&house, SIGTERM, "SIGTERM");
    house_close(&house);
    return 0;
}

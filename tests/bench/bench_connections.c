/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an idle connection costs the broker: its resident memory with 5,000
 * CURVE connections at the open door, each of which has said hello, less what
 * it had with one. (Memory of the kernel for sockets is not in it.)
 */
#include <sys/resource.h>
#include <unistd.h>

#include "tests/bench/caller.h"

#define CONNECTIONS 5000
#define TOGETHER 50 /* handshakes under way */
#define FDS_WANTED (2 * CONNECTIONS + 200)

/* Each socket of ours takes two descriptors. */
static void
raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max < FDS_WANTED)
        die("this needs %d file descriptors (ulimit -n)", FDS_WANTED);
    if (limit.rlim_cur < FDS_WANTED)
        limit.rlim_cur = FDS_WANTED;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void
connect_some(const struct caller_place *place, struct caller *callers, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        caller_open(place, &callers[i]);
        caller_say_hello(&callers[i], place->house);
    }
    for (size_t i = 0; i < n; i++)
        caller_wait(&callers[i]);
}

int
main(int argc, char *argv[])
{
    static const struct house_limit limits[] = {
        {"sessions_max",                CONNECTIONS + 1000},
        {"connections_per_address_max", CONNECTIONS + 1000},
        {NULL,                          0                 },
    };
    if (argc != 2)
        die("usage: %s REACHOUTD", argv[0]);
    raise_descriptors();
    const struct house_plan plan = {
        .reachoutd = argv[1], .n_schools = 1, .limits = limits};
    struct house house;
    house_open(&plan, &house);
    void *context = callers_context();
    const struct caller_place place = {.context = context, .house = &house};
    struct caller *callers =
        must_have(calloc(CONNECTIONS + 1, sizeof(*callers)));
    connect_some(&place, callers, 1);
    size_t before = house_resident_bytes(&house);
    int64_t from_ns = now_ns();
    for (size_t i = 0; i < CONNECTIONS; i += TOGETHER)
        connect_some(&place, callers + 1 + i, TOGETHER);
    int64_t took_ns = now_ns() - from_ns;
    size_t after = house_resident_bytes(&house);

    json_t *line = report_new("connections", house.folder.path);
    report_whole(line, "bytes_a_connection", (after - before) / CONNECTIONS);
    report_whole(line, "connections", CONNECTIONS);
    report_whole(line, "resident_before_bytes", before);
    report_whole(line, "resident_after_bytes", after);
    report_real(line, "handshakes_per_second",
                (double)CONNECTIONS * 1e9 / (double)took_ns);
    house_report_limits(&house, line);
    report_print(line);

    for (size_t i = 0; i <= CONNECTIONS; i++)
        caller_close(&callers[i]);
    zmq_ctx_term(context);
    free(callers);
    house_close(&house);
    return 0;
}

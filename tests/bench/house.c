/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/house.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/wire/armour.h"
#include "tests/bench/caller.h"

#define CIRCLE_SEED 20261026
#define READY "ready\n"
#define LINE_ROOM 512
#define TICKS_FIELD 14 /* of /proc/PID/stat: utime; stime follows */

/* --- processes ----------------------------------------------------------- */

/* Starts the program with its output in `out` (a descriptor) and its log in a
 * file. */
static pid_t
spawn(const struct house *house, char *const argv[], int out)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0)
        die("fork: %s", strerror(errno));
    if (pid > 0)
        return pid;
    int log = open(house->log, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || log < 0 || dup2(out, STDOUT_FILENO) < 0 ||
        dup2(log, STDERR_FILENO) < 0)
        _exit(127);
    execv(argv[0], argv);
    _exit(127);
}

static void
show_log(const struct house *house)
{
    RO_AUTOBUF text = {0};
    if (ro_file_read(house->log, (size_t)1 << 20, NULL, &text) == RO_OK)
        fwrite(text.data, 1, text.size, stderr);
}

int64_t
house_start(struct house *house)
{
    RO_AUTOFREE char *program = must_have(strdup(house->plan.reachoutd));
    char option[] = "--config";
    char *argv[] = {program, option, house->conf, NULL};
    char line[sizeof(READY)] = "";
    size_t got = 0;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        die("pipe: %s", strerror(errno));
    int64_t from_ns = now_ns();
    house->pid = spawn(house, argv, ends[1]);
    close(ends[1]);
    while (got < strlen(READY)) {
        ssize_t n = read(ends[0], line + got, strlen(READY) - got);
        if (n <= 0)
            break;
        got += (size_t)n;
    }
    int64_t took_ns = now_ns() - from_ns;
    close(ends[0]);
    if (strcmp(line, READY) != 0) {
        show_log(house);
        die("%s did not become ready", program);
    }
    return took_ns;
}

void
house_end(struct house *house, int signal)
{
    if (house->pid == 0)
        return;
    kill(house->pid, signal);
    waitpid(house->pid, NULL, 0);
    house->pid = 0;
}

/* --- what it uses -------------------------------------------------------- */

size_t
house_resident_bytes(const struct house *house)
{
    char path[LINE_ROOM];
    char line[LINE_ROOM];
    size_t kib = 0;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)house->pid);
    FILE *status = must_have(fopen(path, "re"));
    while (fgets(line, sizeof(line), status) != NULL) {
        if (strncmp(line, "VmRSS:", 6) == 0)
            kib = strtoul(line + 6, NULL, 10);
    }
    fclose(status);
    return kib * 1024;
}

/* Processor time of a process or thread, by its "stat". */
static int64_t
effort_of(const char *path)
{
    char line[2 * LINE_ROOM] = "";
    FILE *stat = must_have(fopen(path, "re"));
    if (fgets(line, sizeof(line), stat) == NULL)
        die("%s cannot be read", path);
    fclose(stat);
    /* the second field is a name in brackets and may hold anything */
    char *at = strrchr(line, ')');
    for (int field = 2; at != NULL && field < TICKS_FIELD; field++)
        at = strchr(at + 1, ' ');
    if (at == NULL)
        die("%s is not what it was", path);
    uint64_t ticks = strtoull(at, &at, 10);
    ticks += strtoull(at, NULL, 10);
    return (int64_t)ticks * (1000000000 / sysconf(_SC_CLK_TCK));
}

struct house_effort
house_effort(const struct house *house)
{
    char all[LINE_ROOM];
    char turn[LINE_ROOM];
    int pid = (int)house->pid;
    snprintf(all, sizeof(all), "/proc/%d/stat", pid);
    /* the first thread runs the turn */
    snprintf(turn, sizeof(turn), "/proc/%d/task/%d/stat", pid, pid);
    return (struct house_effort){effort_of(all), effort_of(turn)};
}

void
house_report_limits(const struct house *house, json_t *line)
{
    json_t *limits = must_have(json_object());
    for (const struct house_limit *limit = house->plan.limits;
         limit->key != NULL; limit++)
        report_whole(limits, limit->key, limit->value);
    json_object_set_new(line, "limits", limits);
}

/* --- making it ----------------------------------------------------------- */

static void
path_of(const struct house *house,
        const char *name,
        char ret_path[static HOUSE_PATH])
{
    snprintf(ret_path, HOUSE_PATH, "%s/%s", house->folder.path, name);
}

typedef void packed_fn(const struct test_circle *circle, struct ro_buf *out);

static void
write_file(const struct house *house,
           const char *path,
           const char *kind,
           packed_fn *packed)
{
    RO_AUTOBUF bytes = {0};
    packed(house->circle, &bytes);
    test_must(
        ro_armour_write(path, kind, ro_buf_view(&bytes), RO_FILE_SECRET, NULL));
}

static void
run_init(struct house *house)
{
    char authority[HOUSE_PATH];
    char door[HOUSE_PATH];
    path_of(house, "authority.pub", authority);
    path_of(house, "door.key", door);
    write_file(house, authority, "authority-public", test_circle_public);
    write_file(house, door, "door-key", test_circle_door);
    RO_AUTOFREE char *program = must_have(strdup(house->plan.reachoutd));
    char words[][16] = {"init", "--dir", "--authority", "--door-key"};
    char *argv[] = {program,   words[0], words[1], house->home, words[2],
                    authority, words[3], door,     NULL};
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    int status = 0;
    pid_t pid = spawn(house, argv, null);
    waitpid(pid, &status, 0);
    close(null);
    if (status != 0) {
        show_log(house);
        die("%s init failed", program);
    }
}

static struct ro_keypair *
read_pair(const struct house *house, const char *name)
{
    RO_AUTOBUF seed = {0};
    char path[HOUSE_PATH];
    path_of(house, name, path);
    test_must(ro_armour_read(path, "key", NULL, &seed));
    if (seed.size != RO_SEED_SIZE)
        die("%s is no key", path);
    return must_have(ro_keypair_from_seed(seed.data));
}

/* The circle's broker becomes the one that init made. */
static void
adopt_broker(struct house *house)
{
    RO_AUTOBUF bytes = {0};
    struct test_circle *circle = house->circle;
    char path[HOUSE_PATH];
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(0, 0);
    ProtobufCMessage *message = NULL;
    path_of(house, "b/broker.pub", path);
    test_must(ro_armour_read(path, "broker-public", NULL, &bytes));
    test_must(ro_unpack(&reachout__broker_public__descriptor,
                        ro_buf_view(&bytes), must_have(arena), &message));
    const Reachout__Broker *broker =
        ((Reachout__BrokerPublic *)message)->broker;
    snprintf(house->member, sizeof(house->member), "%s",
             broker->member_endpoint);
    snprintf(house->open, sizeof(house->open), "%s", broker->open_endpoint);
    circle->member_endpoint = house->member;
    circle->open_endpoint = house->open;
    ro_keypair_free(circle->broker_curve);
    ro_keypair_free(circle->broker_signing);
    circle->broker_curve = read_pair(house, "b/curve.key");
    circle->broker_signing = read_pair(house, "b/signing.key");
}

static void
write_conf(const struct house *house)
{
    RO_AUTOBUF text = {0};
    ro_buf_printf(&text,
                  "member_endpoint = \"%s\"\nopen_endpoint = \"%s\"\n"
                  "data_dir = \"%s\"\n",
                  house->circle->member_endpoint, house->circle->open_endpoint,
                  house->home);
    for (const struct house_limit *limit = house->plan.limits;
         limit->key != NULL; limit++)
        ro_buf_printf(&text, "%s = %ju\n", limit->key, (uintmax_t)limit->value);
    test_must(ro_buf_ok(&text));
    test_must(
        ro_file_write(house->conf, ro_buf_view(&text), RO_FILE_PUBLIC, NULL));
}

static void
make_circle(struct house *house)
{
    struct test_circle *circle = house->circle;
    size_t n = house->plan.n_schools;
    test_circle_charter(circle);
    test_circle_list(circle, TEST_FIRST_URN, n);
    for (size_t i = 0; i < n; i++)
        test_circle_school(circle, TEST_FIRST_URN + (uint32_t)i);
}

/* As many records as fit a frame at a time. */
void
house_append(struct house *house)
{
    void *context = callers_context();
    const struct caller_place open = {.context = context, .house = house};
    struct caller caller;
    ProtobufCBinaryData records[RO_SEATS_MAX];
    caller_open(&open, &caller);
    caller_greet(&caller, house);
    size_t i = house->n_appended;
    while (i < house->circle->n_records) {
        Reachout__Append__Ask ask = REACHOUT__APPEND__ASK__INIT;
        size_t bytes = 0;
        ask.records = records;
        while (i < house->circle->n_records &&
               ask.n_records < RO_LEN(records)) {
            struct ro_bytes record = test_circle_record(house->circle, i);
            bytes += record.size;
            if (ask.n_records > 0 && bytes > RO_FRAME_LIMIT / 2)
                break;
            records[ask.n_records++] = ro_as_field(record);
            i++;
        }
        caller_ask(&caller, RO_VERB_APPEND, &ask.base,
                   &reachout__append__answer__descriptor);
    }
    house->n_appended = i;
    caller_close(&caller);
    zmq_ctx_term(context);
}

void
house_open(const struct house_plan *plan, struct house *ret_house)
{
    struct house *house = ret_house;
    *house = (struct house){.plan = *plan, .folder = folder_new()};
    path_of(house, "b", house->home);
    path_of(house, "b/reachoutd.conf", house->conf);
    path_of(house, "log", house->log);
    house->circle = test_circle_new(CIRCLE_SEED);
    run_init(house);
    adopt_broker(house);
    write_conf(house);
    make_circle(house);
    house_start(house);
    house_append(house);
}

void
house_close(struct house *house)
{
    house_end(house, SIGTERM);
    test_circle_free(house->circle);
    folder_remove(&house->folder);
}

struct test_seat *
house_seat(const struct house *house, size_t i)
{
    return house->circle->members[i]->seats[0];
}

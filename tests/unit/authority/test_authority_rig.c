/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/authority/test_authority_rig.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client/authority/asking.h"
#include "client/authority/fetching.h"
#include "client/authority/listings.h"
#include "client/authority/log.h"
#include "client/authority/signing.h"

#define WAIT_MS 5000

static const char *broker_program;
const char *rig_root_path;

/* --- the world ----------------------------------------------------------- */

/* The machine's time, with a wall clock that can be set ahead. */
int64_t rig_ahead_s;

static int64_t
rig_wall_s(void *user)
{
    return (int64_t)time(NULL) + *(const int64_t *)user;
}

static int64_t
mono_ms(RO_UNUSED void *user)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
shell(const char *format, const char *one, const char *two)
{
    char command[600];
    /* formats and names are our own */
    (void)snprintf(command, sizeof(command), "%s '%s' '%s'", format, one, two);
    NEED(system(command) == 0); /* NOLINT */
}

void
rig_copy(const char *from, const char *to)
{
    shell("rm -rf --", to, to);
    shell("cp -a", from, to);
}

void
rig_start(struct rig *rig)
{
    char conf[240];
    int ready[2];
    (void)snprintf(conf, sizeof(conf), "%s/reachoutd.conf", rig->broker_dir);
    NEED(pipe(ready) == 0);
    rig->pid = fork();
    NEED(rig->pid >= 0);
    if (rig->pid == 0) {
        /* it ends with us, however we end */
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)dup2(ready[1], STDOUT_FILENO);
        close(ready[0]);
        close(ready[1]);
        execl(broker_program, broker_program, "--config", conf, (char *)NULL);
        _exit(127);
    }
    close(ready[1]);
    char line[6];
    NEED(read(ready[0], line, sizeof(line)) == sizeof(line));
    close(ready[0]);
}

void
rig_stop(struct rig *rig)
{
    int status;
    NEED(kill(rig->pid, SIGKILL) == 0);
    NEED(waitpid(rig->pid, &status, 0) == rig->pid);
    rig->pid = 0;
}

void
rig_make_broker(struct rig *rig, const char *dir)
{
    char command[1200];
    (void)snprintf(command, sizeof(command),
                   "'%s' init --dir '%s' --authority '%s/authority.pub' "
                   "--door-key '%s/door.key' >/dev/null 2>&1",
                   broker_program, dir, rig->circle.dir, rig->circle.dir);
    NEED(system(command) == 0); /* NOLINT: our own names */
}

enum ro_status
rig_charter(struct rig *rig, const char *broker_dir, uint64_t *ret_record)
{
    char conf[400];
    char broker[200];
    struct ro_why why = {""};
    RO_AUTOBUF mistakes = {0};
    (void)snprintf(conf, sizeof(conf), "%s/config/circle.conf", rig_root_path);
    (void)snprintf(broker, sizeof(broker), "%s/broker.pub", broker_dir);
    const struct authority_chartering chartering = {conf, broker};
    enum ro_status s = authority_charter(rig->circle.authority, &chartering,
                                         &mistakes, &why, ret_record);
    if (s != RO_OK)
        printf("# %s: %s\n", ro_status_name(s), why.text);
    return s;
}

void
rig_make(struct rig *rig)
{
    *rig = (struct rig){0};
    circle_make(&rig->circle);
    rig_ahead_s = 0;
    rig->circle.world = (struct authority_world){
        .clock = {rig_wall_s, mono_ms, &rig_ahead_s},
        .entropy = ro_entropy_system(),
        .wait_ms = WAIT_MS,
    };
    circle_reopen(&rig->circle);
    (void)snprintf(rig->broker_dir, sizeof(rig->broker_dir), "%s",
                   circle_path(&rig->circle, "broker"));
    rig_make_broker(rig, rig->broker_dir);
    rig_start(rig);
}

size_t
rig_import(struct rig *rig, const char *name)
{
    char path[400];
    struct ro_why why = {""};
    struct authority_imported imported = {0};
    (void)snprintf(path, sizeof(path), "%s/tests/data/%s", rig_root_path, name);
    const struct authority_import wanted = {.csv_path = path};
    enum ro_status s =
        authority_register(rig->circle.authority, &wanted, &why, &imported);
    if (s != RO_OK)
        printf("# %s: %s\n", ro_status_name(s), why.text);
    NEED(s == RO_OK);
    size_t added = imported.added;
    authority_imported_fini(&imported);
    return added;
}

void
rig_make_listed(struct rig *rig)
{
    uint64_t record = 0;
    rig_make(rig);
    NEED(rig_charter(rig, rig->broker_dir, &record) == RO_OK);
    NEED(rig_import(rig, "cast.csv") > 0);
}

void
rig_fini(struct rig *rig)
{
    if (rig->pid != 0)
        rig_stop(rig);
    circle_fini(&rig->circle);
}

uint64_t
rig_log_size(const struct rig *rig)
{
    return ro_directory_size(rig->circle.authority->directory);
}

enum ro_status
rig_sync(struct rig *rig)
{
    struct ro_why why = {""};
    enum ro_status s = authority_log_sync(rig->circle.authority, &why);
    if (s != RO_OK)
        printf("# %s: %s\n", ro_status_name(s), why.text);
    return s;
}

void
rig_unlink(struct rig *rig)
{
    link_free(RO_STEAL(rig->circle.authority->link));
}

enum ro_status
rig_list(struct authority *authority, uint32_t urn, struct ro_why *why)
{
    const struct register_row row = {.urn = urn,
                                     .name = "One",
                                     .phase = "",
                                     .type = "",
                                     .la_code = "",
                                     .la_name = "",
                                     .trust = ""};
    const struct register_row *rows[] = {&row};
    const struct authority_rows all = {rows, 1,
                                       authority_log_serial(authority)};
    size_t at = 0;
    RO_AUTOBUF body = {0};
    RO_AUTOBUF record = {0};
    RO_TRY(authority_block_pack(authority, &all, &at, &body));
    RO_TRY(authority_sign(authority, REACHOUT__SIGNED__KIND__LISTING,
                          ro_buf_view(&body), why, &record));
    const struct ro_bytes bytes = ro_buf_view(&record);
    return authority_append(authority, &bytes, 1, why);
}

enum ro_status
rig_enrol(struct rig *rig, const struct joiner *joiner)
{
    Reachout__Enrol__Ask ask = REACHOUT__ENROL__ASK__INIT;
    const ProtobufCMessage *answer;
    struct ro_why why = {""};
    ask.has_ticket = ask.has_body = ask.has_wrap = ask.has_mailbox_key = true;
    ask.has_generation = ask.has_expiry_hour = true;
    ask.ticket = ro_as_field(ro_buf_view(&joiner->ticket));
    ask.body = ro_as_field(ro_buf_view(&joiner->body));
    ask.wrap = ro_as_field(ro_buf_view(&joiner->wrap));
    ask.mailbox_key = ro_as_field(
        (struct ro_bytes){ro_keypair_public(joiner->signing)->b, RO_KEY_SIZE});
    ask.generation = joiner->envelope.generation;
    ask.expiry_hour = joiner->envelope.expiry_hour;
    return authority_ask(rig->circle.authority, RO_VERB_ENROL, &ask.base, &why,
                         &answer);
}

int64_t
rig_now_s(void)
{
    return rig_wall_s(&rig_ahead_s);
}

void
rig_setup(int argc, char **argv)
{
    NEED(argc == 3);
    broker_program = argv[1];
    rig_root_path = argv[2];
    signal(SIGPIPE, SIG_IGN);
    NEED(ro_crypto_init() == RO_OK);
}

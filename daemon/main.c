/* SPDX-License-Identifier: Apache-2.0 */
/* reachoutd: the broker of one circle. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/harden.h"
#include "common/base/log.h"
#include "common/crypto/hash.h"
#include "common/wire/codec.h"
#include "daemon/config.h"
#include "daemon/init.h"
#include "daemon/keys.h"
#include "daemon/loop.h"
#include "daemon/options.h"

/* Descriptors beside those of connections. */
#define OTHER_FDS 64
/* free_space_min_mib is at most this part of the disk. */
#define FREE_SHARE 8

/* NOLINTNEXTLINE(misc-redundant-expression) */
_Static_assert(CONFIG_FRAME_BYTES_MAX == RO_FRAME_LIMIT,
               "the configuration knows the frame");

/* --- the process --------------------------------------------------------- */

/* As many descriptors as the connections need, if we may. */
static void
raise_descriptors(rlim_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < wanted) {
        ro_log(RO_LOG_WARNING, "descriptors have=%ju wanted=%ju",
               (uintmax_t)limit.rlim_cur, (uintmax_t)wanted);
    }
}

/* Says that both doors are open; after that stdout is closed to everybody. */
static enum ro_status
say_ready(void)
{
    if (puts("ready") == EOF || fflush(stdout) != 0)
        return RO_IO_FAILED;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null < 0 || dup2(null, STDOUT_FILENO) < 0)
        return RO_IO_FAILED;
    close(null);
    return RO_OK;
}

/* --- what the broker is made of ------------------------------------------ */

struct parts {
    struct config *config;
    struct keys *keys;
    struct store *store;
    struct broker *broker;
    struct edge *edge;
    int signal_fd;
};

static void
parts_fini(struct parts *parts)
{
    edge_free(parts->edge);
    broker_free(parts->broker);
    store_free(parts->store);
    keys_free(parts->keys);
    config_free(parts->config);
    if (parts->signal_fd >= 0)
        close(parts->signal_fd);
}

static enum ro_status
load(struct parts *parts, const char *path, struct ro_buf *errors)
{
    RO_TRY(config_load(path, errors, &parts->config));
    const struct keys_paths paths = {
        .authority = parts->config->authority_file,
        .door = parts->config->door_key_file,
        .curve = parts->config->curve_key_file,
        .signing = parts->config->signing_key_file,
    };
    return keys_load(&paths, errors, &parts->keys);
}

static enum ro_status
open_broker(struct parts *parts,
            const struct options *options,
            struct ro_why *why)
{
    const struct config *config = parts->config;
    struct broker_setup setup = {
        .clock = ro_clock_system(),
        .entropy = ro_entropy_system(),
        .store = parts->store,
        .limits =
            {
                     .sessions = config->sessions_max,
                     .open_envelopes = config->open_envelopes_per_hour,
                     .open_bytes = config->open_bytes_per_hour,
                     .address_envelopes =
                    config->open_envelopes_per_address_per_hour,
                     .address_bytes = config->open_bytes_per_address_per_hour,
                     .mailbox_envelopes = config->mailbox_envelopes_max,
                     .window = config->unacked_max,
                     .turn_timers = config->timer_batch_max,
                     .session_idle_ms = (int64_t)config->session_idle_s * 1000,
                     },
        .root = parts->keys->root,
        .curve = *ro_keypair_x25519(parts->keys->curve),
        .signing = parts->keys->signing,
        .clock_trust = options->clock == OPTIONS_CLOCK_ACCEPTED
                           ? BROKER_CLOCK_ACCEPTED
                           : BROKER_CLOCK_DOUBTED,
    };
    /* not above: if all fields are named, gcc 12 (trivial-auto-var-init=zero)
     * clears padding after the stores, at wrong offsets: parts of root.keys */
    setup.door = parts->keys->door;
    enum ro_status s = broker_new(&setup, why, &parts->broker);
    ro_wipe(&setup.door, sizeof(setup.door));
    return s;
}

/* SIGHUP: door.key is read again. One that cannot be used changes nothing. */
static void
reload(void *user)
{
    struct parts *parts = user;
    struct broker_door door = {.generation = 0};
    struct ro_why why = {""};
    enum ro_status s = keys_read_door(parts->config->door_key_file,
                                      &parts->keys->root, &why, &door);
    if (s == RO_OK)
        s = broker_rekey(parts->broker, &door);
    if (s == RO_OK) {
        ro_log(RO_LOG_NOTICE, "door-key generation=%u previous=%u",
               door.generation, door.previous_generation);
    } else {
        ro_log(RO_LOG_ERROR, "door-key outcome=%s why=\"%s\"",
               ro_status_name(s), why.text);
    }
    ro_wipe(&door, sizeof(door));
}

static enum ro_status
open_doors(struct parts *parts, struct ro_why *why)
{
    const struct config *config = parts->config;
    const struct edge_setup setup = {
        .member_endpoint = config->member_endpoint,
        .open_endpoint = config->open_endpoint,
        .curve = parts->keys->curve,
        .clock = ro_clock_system(),
        .door =
            {
                   .queue_frames = (int)config->queue_frames,
                   .handshake_ms = (int)config->handshake_ms,
                   .heartbeat_interval_ms = (int)config->heartbeat_interval_ms,
                   .heartbeat_timeout_ms = (int)config->heartbeat_timeout_ms,
                   .heartbeat_ttl_ms = (int)config->heartbeat_ttl_ms,
                   },
        .connections = config->sessions_max,
        .per_address = config->connections_per_address_max,
        .io_threads = (int)config->io_threads,
    };
    return edge_open(&setup, parts->broker, why, &parts->edge);
}

/* What is to stay free; on a small disk no more than its share. */
static uint64_t
free_min(const struct config *config)
{
    uint64_t bytes = (uint64_t)config->free_space_min_mib << 20;
    struct statvfs fs;
    if (statvfs(config->data_dir, &fs) != 0)
        return bytes;
    uint64_t share = (uint64_t)fs.f_blocks * fs.f_frsize / FREE_SHARE;
    return bytes < share ? bytes : share;
}

/* A store that is not there is not made by the way: init made one. */
static enum ro_status
open_store(struct parts *parts,
           const struct options *options,
           struct ro_why *why)
{
    const char *dir = parts->config->data_dir;
    struct ro_why missing = {""};
    if (options->loss == OPTIONS_LOSS_ACCEPTED) {
        RO_TRY(store_accept_loss(dir, why));
    } else if (store_look(dir, &missing) != RO_OK) {
        return ro_why(why, RO_STORE_BROKEN,
                      "%s; is data_dir right, is a backup to be put back? To "
                      "begin with an empty store: --accept-loss",
                      missing.text);
    }
    return store_open(dir, why, &parts->store);
}

static enum ro_status
open_all(struct parts *parts, const struct options *options, struct ro_why *why)
{
    const struct config *config = parts->config;
    raise_descriptors((rlim_t)config->sessions_max + OTHER_FDS);
    ro_log_trace_set(config->trace);
    if (loop_signals(&parts->signal_fd) != RO_OK)
        return ro_why(why, RO_IO_FAILED, "no signals");
    RO_TRY(open_store(parts, options, why));
    const struct store_margin margin = {
        .free_min = free_min(config),
        .reserve = (uint64_t)config->reserve_mib << 20,
    };
    store_keep_room(parts->store, &margin);
    RO_TRY(open_broker(parts, options, why));
    return open_doors(parts, why);
}

/* --- tasks --------------------------------------------------------------- */

/* Prints lines of mistakes as they are, and a sentence. */
static int
refuse(const struct ro_buf *errors, enum ro_status s)
{
    if (errors->size > 0)
        fwrite(errors->data, 1, errors->size, stderr);
    fprintf(stderr, "reachoutd: %s\n", ro_status_text(s));
    return ro_status_exit(s);
}

static int
fail(enum ro_status s, const struct ro_why *why)
{
    fprintf(stderr, "reachoutd: %s\n",
            why->text[0] != '\0' ? why->text : ro_status_text(s));
    return ro_status_exit(s);
}

static int
run(const struct options *options)
{
    RO_AUTOBUF errors = {0};
    RO_CLEANUP(parts_fini) struct parts parts = {.signal_fd = -1};
    struct ro_why why = {""};
    enum ro_status s = load(&parts, options->config, &errors);
    if (s != RO_OK)
        return refuse(&errors, s);
    s = open_all(&parts, options, &why);
    if (s == RO_OK && say_ready() != RO_OK)
        s = ro_why(&why, RO_IO_FAILED, "stdout");
    if (s == RO_NOT_ALLOWED) {
        fail(s, &why);
        return EX_SOFTWARE;
    }
    if (s != RO_OK)
        return fail(s, &why);
    ro_log(RO_LOG_NOTICE, "start version=%s", RO_VERSION);
    if (broker_doubts_clock(parts.broker)) {
        ro_log(RO_LOG_WARNING,
               "clock-doubted why=\"more than a week after the newest "
               "checkpoint: nothing expires; is the clock right? then start "
               "with --accept-clock\"");
    }
    const struct loop loop = {
        .broker = parts.broker,
        .store = parts.store,
        .edge = parts.edge,
        .clock = ro_clock_system(),
        .signal_fd = parts.signal_fd,
        .reload = reload,
        .reload_user = &parts,
        .turn_frames = parts.config->turn_frames_max,
        .drain_ms = parts.config->drain_ms,
    };
    s = loop_run(&loop);
    if (s != RO_OK) {
        /* what was written last may be there or not: only a new start tells */
        ro_log(RO_LOG_ERROR, "stop outcome=%s", ro_status_name(s));
        _exit(ro_status_exit(s));
    }
    ro_log(RO_LOG_NOTICE, "stop");
    return EXIT_SUCCESS;
}

static int
check(const struct options *options)
{
    RO_AUTOBUF errors = {0};
    RO_CLEANUP(parts_fini) struct parts parts = {.signal_fd = -1};
    enum ro_status s = load(&parts, options->config, &errors);
    if (s != RO_OK)
        return refuse(&errors, s);
    fprintf(stderr, "reachoutd: %s: no mistakes\n", options->config);
    return EXIT_SUCCESS;
}

static int
print_config(const struct options *options)
{
    RO_AUTOBUF errors = {0};
    RO_AUTOBUF text = {0};
    RO_CLEANUP(config_freep) struct config *config = NULL;
    enum ro_status s =
        options->config != NULL
            ? config_load(options->config, &errors, &config)
            : config_parse("-", ro_bytes_text(""), &errors, &config);
    if (s != RO_OK)
        return refuse(&errors, s);
    config_print(config, &text);
    if (ro_buf_ok(&text) != RO_OK)
        return refuse(&errors, RO_NO_MEMORY);
    if (fwrite(text.data, 1, text.size, stdout) != text.size ||
        fflush(stdout) != 0)
        return refuse(&errors, RO_IO_FAILED);
    return EXIT_SUCCESS;
}

int
main(int argc, char *argv[])
{
    struct options options;
    struct ro_why why = {""};
    if (ro_harden() != RO_OK || ro_crypto_init() != RO_OK)
        return fail(RO_IO_FAILED, &why);
    enum ro_status s = options_parse(argc, argv, &why, &options);
    if (s != RO_OK) {
        fprintf(stderr, "reachoutd: %s\nTry reachoutd --help.\n", why.text);
        return ro_status_exit(s);
    }
    switch (options.task) {
    case OPTIONS_RUN:
        return run(&options);
    case OPTIONS_CHECK:
        return check(&options);
    case OPTIONS_PRINT_CONFIG:
        return print_config(&options);
    case OPTIONS_INIT:
        s = init_run(&options, &why);
        return s == RO_OK ? EXIT_SUCCESS : fail(s, &why);
    case OPTIONS_VERSION:
        puts("reachoutd " RO_VERSION);
        return EXIT_SUCCESS;
    case OPTIONS_HELP:
        fputs(options_help(), stdout);
        return EXIT_SUCCESS;
    }
    return EXIT_FAILURE;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/loop.h"

#include <inttypes.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/base/log.h"

#define LINE_MS INT64_C(60000)

enum ro_status
loop_signals(int *ret_fd)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
        sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return RO_IO_FAILED;
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return RO_IO_FAILED;
    *ret_fd = fd;
    return RO_OK;
}

/* --- the line a minute --------------------------------------------------- */

static void
log_short(void)
{
    ro_log(RO_LOG_WARNING, "disk-short why=\"less than free_space_min_mib is "
                           "free: deposits and enrolments are refused\"");
}

static void
log_counters(const struct loop *loop)
{
    const struct broker_counters *core = broker_counters(loop->broker);
    struct guard_counters member = {0};
    struct guard_counters open = {0};
    edge_count(loop->edge, DOOR_MEMBER, &member);
    edge_count(loop->edge, DOOR_OPEN, &open);
    ro_log(RO_LOG_NOTICE,
           "counters frames=%" PRIu64 " stored=%" PRIu64 " pushed=%" PRIu64
           " acked=%" PRIu64 " refused=%" PRIu64 " dropped=%" PRIu64
           " expired=%" PRIu64 " commits=%" PRIu64 " rollbacks=%" PRIu64
           " clock_steps=%" PRIu64 " sessions=%zu"
           " accepted=%" PRIu64 " handshakes=%" PRIu64 " failed=%" PRIu64
           " cut=%" PRIu64 " connections=%" PRIu64,
           core->frames, core->stored, core->pushed, core->acked, core->refused,
           core->dropped, core->expired, core->commits, core->rollbacks,
           core->clock_steps, broker_sessions(loop->broker),
           member.accepted + open.accepted, member.admitted + open.admitted,
           member.failed + open.failed, member.cut + open.cut,
           member.open + open.open);
    if (broker_clock_is_ahead(loop->broker)) {
        ro_log(RO_LOG_WARNING,
               "clock-ahead why=\"the clock jumped and is not believed: put "
               "it right, or start the broker again if it is right now\"");
    }
    if (store_aside(loop->store) > 0) {
        ro_log(RO_LOG_WARNING,
               "set-aside envelopes=%zu why=\"they are not what was stored: "
               "look at the disk\"",
               store_aside(loop->store));
    }
    if (store_space(loop->store) == STORE_IS_SHORT)
        log_short();
}

/* --- turns --------------------------------------------------------------- */

/* One turn: nothing is said before what it says is durable. */
static enum ro_status
turn(const struct loop *loop, size_t *ret_taken)
{
    RO_TRY(broker_turn_begin(loop->broker));
    size_t taken = edge_take(loop->edge, loop->broker, loop->turn_frames);
    RO_TRY(broker_turn_end(loop->broker));
    edge_flush(loop->edge, loop->broker);
    store_tidy(loop->store);
    *ret_taken = taken;
    return RO_OK;
}

static int64_t
wait_ms(const struct loop *loop, int64_t line_ms)
{
    int64_t next_ms = broker_next_timer_ms(loop->broker);
    int64_t now_ms = ro_clock_mono_ms(&loop->clock);
    if (line_ms < next_ms)
        next_ms = line_ms;
    return next_ms > now_ms ? next_ms - now_ms : 0;
}

/* Answers what has come in by now, deposits with "later". */
static enum ro_status
drain(const struct loop *loop)
{
    ro_log(RO_LOG_NOTICE, "drain");
    broker_drain(loop->broker);
    edge_shut(loop->edge, (int)loop->drain_ms);
    int64_t until_ms = ro_clock_mono_ms(&loop->clock) + loop->drain_ms;
    size_t taken = 1;
    while ((taken > 0 || broker_waiting(loop->broker) > 0) &&
           ro_clock_mono_ms(&loop->clock) <= until_ms) {
        enum edge_ready ready = EDGE_QUIET;
        if (taken == 0)
            RO_TRY(edge_wait(loop->edge, -1, wait_ms(loop, until_ms), &ready));
        RO_TRY(turn(loop, &taken));
    }
    return RO_OK;
}

/* Takes the signals that have come; whether one of them is the end. */
static bool
is_ended(const struct loop *loop)
{
    struct signalfd_siginfo info;
    while (read(loop->signal_fd, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo != SIGHUP)
            return true;
        if (loop->reload != NULL)
            loop->reload(loop->reload_user);
    }
    return false;
}

enum ro_status
loop_run(const struct loop *loop)
{
    int64_t line_ms = ro_clock_mono_ms(&loop->clock) + LINE_MS;
    bool ended = false;
    enum store_space space = STORE_HAS_ROOM;
    while (!ended) {
        enum edge_ready signalled = EDGE_QUIET;
        size_t taken = 0;
        RO_TRY(edge_wait(loop->edge, loop->signal_fd, wait_ms(loop, line_ms),
                         &signalled));
        ended = signalled == EDGE_READY && is_ended(loop);
        RO_TRY(turn(loop, &taken));
        if (store_space(loop->store) != space) {
            space = store_space(loop->store);
            if (space == STORE_IS_SHORT) /* when it begins, then each minute */
                log_short();
        }
        if (ro_clock_mono_ms(&loop->clock) >= line_ms) {
            log_counters(loop);
            line_ms += LINE_MS;
        }
    }
    RO_TRY(drain(loop));
    log_counters(loop);
    return RO_OK;
}

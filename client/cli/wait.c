/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/wait.h"

#include "client/cli/patience.h"
#include "client/cli/serve.h"
#include "client/cli/show.h"
#include "common/base/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void
signals_of(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
}

enum ro_status
wait_hold_signals(struct wait *wait, struct ro_why *why)
{
    sigset_t set;
    signals_of(&set);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
        return ro_why(why, RO_IO_FAILED, "signals cannot be held");
    wait->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (wait->signal_fd < 0)
        return ro_why(why, RO_IO_FAILED, "signalfd: %s", strerror(errno));
    return RO_OK;
}

void
wait_open_take(struct wait *wait, struct ro_client *client)
{
    wait->client = client;
    wait->progress = WAIT_GOES_ON;
}

/* --- results ------------------------------------------------------------- */

void
wait_take(struct wait *wait, const struct ro_result *result)
{
    wait->status = result->status;
    if (result->why[0] != '\0')
        snprintf(wait->why->text, sizeof(wait->why->text), "%s", result->why);
    if (result->status == RO_AMBIGUOUS)
        output_choices(wait->out, result->choices, result->n_choices);
    if (!ro_member_id_is_zero(&result->to_compare)) {
        OUTPUT_NEXT(wait->out, "reachout", "verify",
                    show_short(result->to_compare.b).hex);
    }
}

static void
take_only_result(void *user, const struct ro_result *result)
{
    struct wait *wait = user;
    wait_take(wait, result);
    bool good = result->status == RO_OK || result->status == RO_KEPT;
    if (good && wait->lender != NULL) {
        wait->hosting->view(wait->hosting->host, wait, result);
    } else if (good) {
        wait->view(wait->out, result);
    }
    wait->progress = WAIT_DONE;
}

struct ro_then
wait_then(struct wait *wait, wait_view_fn *view)
{
    wait->view = view;
    return (struct ro_then){.fn = take_only_result, .user = wait};
}

/* --- waiting ------------------------------------------------------------- */

/* Whether a signal has come; it is kept in `caught`. */
static bool
has_signal(struct wait *wait)
{
    struct signalfd_siginfo info;
    if (read(wait->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return false;
    wait->caught = (int)info.ssi_signo;
    return true;
}

enum ro_status
wait_be_interrupted(struct wait *wait)
{
    wait->out->exit_code = 128 + wait->caught;
    return ro_why(wait->why, RO_REFUSED,
                  "interrupted; what was kept goes out with the next "
                  "\"reachout sync\"");
}

bool
wait_for(struct wait *wait, int fd, short events, int timeout_ms)
{
    struct pollfd fds[] = {
        {.fd = fd,              .events = events},
        {.fd = wait->signal_fd, .events = POLLIN},
    };
    (void)poll(fds, RO_LEN(fds), timeout_ms);
    return fds[1].revents == 0 || !has_signal(wait);
}

/* The files of a wait. */
enum { FD_CLIENT, FD_SIGNAL, FD_STDOUT, FD_SERVE, FD_COUNT = 3 + SERVE_FDS };

/* Polls them all; how long is a matter of who is served, too. */
static int
poll_all(struct wait *wait, struct pollfd fds[static FD_COUNT], int timeout_ms)
{
    bool heard = wait->reader == WAIT_WHILE_HEARD;
    nfds_t n = FD_SERVE;
    fds[FD_CLIENT] = (struct pollfd){ro_client_fd(wait->client), POLLIN, 0};
    fds[FD_SIGNAL] = (struct pollfd){wait->signal_fd, POLLIN, 0};
    fds[FD_STDOUT] = (struct pollfd){heard ? STDOUT_FILENO : -1, 0, 0};
    if (wait->hosting != NULL) {
        const struct serve *serve = wait->hosting->serve;
        int due_ms = serve_due_ms(serve);
        serve_fds(serve, fds + FD_SERVE);
        n = FD_COUNT;
        if (due_ms >= 0 && (timeout_ms < 0 || due_ms < timeout_ms))
            timeout_ms = due_ms;
    }
    return poll(fds, n, timeout_ms);
}

void
wait_unheard(struct wait *wait)
{
    wait->status = RO_OK;
    wait->progress = WAIT_DONE;
}

/* Waits for a result or a signal; false: a signal has come. */
static bool
wait_once(struct wait *wait, int timeout_ms)
{
    struct pollfd fds[FD_COUNT] = {0};
    if (poll_all(wait, fds, timeout_ms) < 0) {
        if (errno == EINTR)
            return true;
        wait->status = RO_IO_FAILED;
        wait->progress = WAIT_DONE;
        return true;
    }
    if (fds[FD_SIGNAL].revents != 0 && has_signal(wait))
        return false;
    if (fds[FD_CLIENT].revents != 0)
        ro_client_dispatch(wait->client);
    if (wait->hosting != NULL)
        serve_work(wait->hosting->serve, fds + FD_SERVE);
    if (fds[FD_STDOUT].revents != 0)
        wait_unheard(wait);
    return true;
}

/* Others' commands are carried out by whoever owns the client, between its own
 * results; a signal that comes meanwhile is for it. */
static bool
serve_others(struct wait *wait)
{
    if (wait->hosting != NULL && wait->lender == NULL)
        wait->hosting->run(wait->hosting->host);
    return wait->caught == 0;
}

enum ro_status
wait_run(struct wait *wait)
{
    struct ro_clock clock = ro_clock_system();
    struct patience patience = {.start_ms = ro_clock_mono_ms(&clock)};
    bool terminal = wait->patience == WAIT_TELLS && patience_has_terminal();
    bool interrupted = false;
    while (wait->progress != WAIT_DONE && !interrupted) {
        interrupted = !wait_once(wait, terminal ? PATIENCE_TICK_MS : -1) ||
                      !serve_others(wait);
        if (terminal)
            patience_tick(&patience, ro_clock_mono_ms(&clock));
    }
    patience_end(&patience);
    return interrupted ? wait_be_interrupted(wait) : wait->status;
}

void
wait_fini(struct wait *wait)
{
    sigset_t set;
    if (wait->lender != NULL) {
        if (wait->caught != 0)
            wait->lender->caught = wait->caught;
        *wait = (struct wait){0};
        return;
    }
    signals_of(&set);
    if (wait->signal_fd > 0) {
        close(wait->signal_fd);
        pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    }
    ro_client_free(wait->client);
    *wait = (struct wait){0};
}

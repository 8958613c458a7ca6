/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/wait.h"

#include "client/cli/input.h"
#include "common/base/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* From when on a terminal is told that we wait, and how often. */
#define PATIENCE_MS 2000
#define TICK_MS 1000

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

enum ro_status
wait_open(struct wait *wait,
          const struct cli_args *args,
          struct cli_output *out,
          struct ro_why *why)
{
    RO_AUTOBUF folder = {0};
    struct ro_client_setup setup = {.key_file = NULL};
    struct ro_client *client = NULL;
    RO_TRY(input_profile(args, &folder, why, &setup.profile));
    RO_TRY(wait_hold_signals(wait, why));
    enum ro_status s = ro_client_open(&setup, why, &client);
    if (s == RO_NOT_FOUND) {
        ro_buf_printf(&out->hint, "next: reachout join INVITATION makes a "
                                  "profile; --profile names another\n");
    }
    RO_TRY(s);
    wait->args = args;
    wait->out = out;
    wait->why = why;
    wait_open_take(wait, client);
    return RO_OK;
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
}

static void
take_only_result(void *user, const struct ro_result *result)
{
    struct wait *wait = user;
    wait_take(wait, result);
    if (result->status == RO_OK || result->status == RO_KEPT)
        wait->view(wait->out, result);
    wait->progress = WAIT_DONE;
}

struct ro_then
wait_then(struct wait *wait, wait_view_fn *view)
{
    wait->view = view;
    return (struct ro_then){.fn = take_only_result, .user = wait};
}

/* --- waiting ------------------------------------------------------------- */

static bool
has_terminal(void)
{
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && term != NULL && strcmp(term, "dumb") != 0;
}

static void
tell_patience(int64_t waited_ms)
{
    fprintf(stderr, "\rwaiting for the broker: %lld s ",
            (long long)(waited_ms / 1000));
    fflush(stderr);
}

static void
clear_line(void)
{
    fputs("\r\033[K", stderr);
    fflush(stderr);
}

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

static enum ro_status
be_interrupted(struct wait *wait)
{
    wait->out->exit_code = 128 + wait->caught;
    return ro_why(wait->why, RO_REFUSED,
                  "interrupted; what was kept goes out with the next "
                  "\"reachout sync\"");
}

/* Waits for a result or a signal; false: a signal has come. */
static bool
wait_once(struct wait *wait, int timeout_ms)
{
    struct pollfd fds[] = {
        {.fd = ro_client_fd(wait->client), .events = POLLIN},
        {.fd = wait->signal_fd,            .events = POLLIN},
    };
    if (poll(fds, RO_LEN(fds), timeout_ms) < 0 && errno != EINTR) {
        wait->status = RO_IO_FAILED;
        wait->progress = WAIT_DONE;
        return true;
    }
    if (fds[1].revents != 0 && has_signal(wait))
        return false;
    if (fds[0].revents != 0)
        ro_client_dispatch(wait->client);
    return true;
}

enum ro_status
wait_run(struct wait *wait)
{
    struct ro_clock clock = ro_clock_system();
    int64_t start_ms = ro_clock_mono_ms(&clock);
    bool terminal = wait->patience == WAIT_TELLS && has_terminal();
    bool told = false;
    bool interrupted = false;
    while (wait->progress != WAIT_DONE && !interrupted) {
        interrupted = !wait_once(wait, terminal ? TICK_MS : -1);
        int64_t waited_ms = ro_clock_mono_ms(&clock) - start_ms;
        if (terminal && waited_ms >= PATIENCE_MS) {
            tell_patience(waited_ms);
            told = true;
        }
    }
    if (told)
        clear_line();
    return interrupted ? be_interrupted(wait) : wait->status;
}

void
wait_fini(struct wait *wait)
{
    sigset_t set;
    signals_of(&set);
    if (wait->signal_fd > 0) {
        close(wait->signal_fd);
        pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    }
    ro_client_free(wait->client);
    *wait = (struct wait){0};
}

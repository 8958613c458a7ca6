/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call of the client library from a command: make the call (profile.h
 * opens the profile), wait for its result, and end in good order when
 * interrupted.
 *
 *     RO_CLEANUP(wait_fini) struct wait wait = {0};
 *     RO_TRY(profile_open(&wait, args, out, why));
 *     ro_client_self(wait.client, wait_then(&wait, view_self));
 *     return wait_run(&wait);
 */
#ifndef CLIENT_CLI_WAIT_H
#define CLIENT_CLI_WAIT_H

#include "client/cli/output.h"
#include "client/include/reachout.h"

/* Fills a command's output from a result that is RO_OK or RO_KEPT. */
typedef void wait_view_fn(struct cli_output *out,
                          const struct ro_result *result);

struct host;
struct serve;
struct wait;

/* Others whose commands are carried out while we wait (host.h). */
struct wait_hosting {
    struct host *host;
    struct serve *serve; /* their connections, to be polled */
    /* carries out what waits, one after the other */
    void (*run)(struct host *host);
    /* shows a result of a wait that was lent */
    void (*view)(const struct host *host,
                 const struct wait *wait,
                 const struct ro_result *result);
};

struct wait {
    struct ro_client *client;
    const struct cli_args *args;
    struct cli_output *out;
    struct ro_why *why;
    wait_view_fn *view;
    enum ro_status status; /* of the result, once there is one */
    enum { WAIT_GOES_ON, WAIT_DONE } progress;
    enum {
        WAIT_TELLS,
        WAIT_SILENT
    } patience;    /* whether a terminal is told
                      that we wait */
    int signal_fd; /* SIGINT, SIGTERM and SIGHUP */
    int caught;    /* the signal that ended it; 0: none */
    enum {
        WAIT_NOT_LOST,
        WAIT_LOST /* begun by another process, and no answer came */
    } fate;
    uint64_t before; /* WAIT_LOST: what was there before it */
    const struct wait_hosting *hosting; /* NULL: none */
    struct wait *lender; /* whose client, signals and hosting these are; NULL:
                            our own */
    enum {
        WAIT_WHATEVER,
        WAIT_WHILE_HEARD /* it ends, RO_OK, when nobody reads stdout */
    } reader;
};

/* Begins with a client that is open, which it takes; `args`, `out` and `why`
 * are set by the caller. */
void wait_open_take(struct wait *wait, struct ro_client *client);

/* Keeps signals for wait_run, so that a client's thread does not get them;
 * before a client is opened or made. */
RO_MUST_USE enum ro_status wait_hold_signals(struct wait *wait,
                                             struct ro_why *why);

/* Waits up to `timeout_ms` for `fd` to have one of `events`, or for a signal;
 * false: a signal has come. */
bool wait_for(struct wait *wait, int fd, short events, int timeout_ms);

/* The end of a command that a signal interrupted. */
RO_MUST_USE enum ro_status wait_be_interrupted(struct wait *wait);

/* Ends a wait whose stdout nobody reads. */
void wait_unheard(struct wait *wait);

/* What to pass to a call whose one result `view` shows. */
struct ro_then wait_then(struct wait *wait, wait_view_fn *view);

/* Takes a result's outcome, reason and choices. For functions that handle a
 * result themselves. */
void wait_take(struct wait *wait, const struct ro_result *result);

/* Runs the client until progress is WAIT_DONE, and returns the result's
 * outcome. A signal ends it as RO_REFUSED, with 128 and its number as the
 * program's exit code. */
RO_MUST_USE enum ro_status wait_run(struct wait *wait);

/* Closes the client, and gives the signals back first, so that a second one
 * ends the program at once; what was lent goes back. Accepts a zeroed one. */
void wait_fini(struct wait *wait);

#endif

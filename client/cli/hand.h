/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other end of serve.h: hands a command to the process that works on its
 * profile, and takes the answer. The owner polls hand_fd() for what
 * hand_events() says, and calls hand_work() whenever something came or a
 * second has passed.
 */
#ifndef CLIENT_CLI_HAND_H
#define CLIENT_CLI_HAND_H

#include "client/cli/handing.h"
#include "client/cli/options.h"
#include "client/cli/place.h"
#include "common/base/clock.h"

#include <sys/types.h>

/* How long the other process may be silent; it says something every 5 s. */
#define HAND_SILENCE_MS 20000

/* What a command is told that needs the profile for itself; with the id of
 * the process as an int. */
#define HAND_STOP_IT_FIRST                                                     \
    "a watch is running on this profile (process %d): stop it first"

/* How a handing over stands. */
enum hand_state {
    HAND_UNDER_WAY, /* it may not have been begun */
    HAND_BEGUN,     /* it was: from here on it may have been done */
    HAND_ANSWERED,  /* hand_answer() has the end */
    HAND_GONE,      /* the other end closed; hand_before() says if it began */
    HAND_SILENT,    /* the other process says nothing any more */
};

struct hand;

/* Makes an asking of a command line that was parsed: canonical, and with
 * absolute paths (options whose value help calls FILE or DIR), for the other
 * process has another folder. `paths` keeps what the asking points to beside
 * `args`. RO_TOO_LARGE, RO_IO_FAILED. */
RO_MUST_USE enum ro_status hand_make_asking(const struct cli_args *args,
                                            struct ro_why *why,
                                            struct ro_buf *paths,
                                            struct handing_asking *ret_asking);

/* Connects to the process that listens in a folder and begins to send it an
 * asking. RO_NOT_FOUND: nobody listens, or somebody else than its user.
 * RO_TOO_LARGE. The caller frees it. */
RO_MUST_USE enum ro_status hand_open(const struct place_where *where,
                                     const struct handing_asking *asking,
                                     const struct ro_clock *clock,
                                     struct ro_why *why,
                                     struct hand **ret_hand);

/* Closes the connection; accepts NULL. What was begun goes on over there. */
void hand_free(struct hand *hand);
RO_DEFINE_AUTO(hand, hand_free)

/* The other process. */
pid_t hand_pid(const struct hand *hand);

/* The descriptor to poll. */
int hand_fd(const struct hand *hand);

/* And for what: the events of poll. */
short hand_events(const struct hand *hand);

/* Sends and takes what goes without waiting; how it stands then. */
enum hand_state hand_work(struct hand *hand);

/* The end, of HAND_ANSWERED: DONE or REFUSED. Points into `hand`. */
const struct handing_answer *hand_answer(const struct hand *hand);

/* Whether it was begun, and what was there before. */
bool hand_before(const struct hand *hand, uint64_t *ret_before);

/* Which process listens in a folder; 0: none of its user. */
pid_t hand_find(const struct place_where *where);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries out, with a client that is open, what other commands hand over: the
 * same functions, into buffers instead of stdout and stderr. Above serve.h,
 * below a command that stays (cmd_sync.c).
 */
#ifndef CLIENT_CLI_HOST_H
#define CLIENT_CLI_HOST_H

#include "client/cli/serve.h"
#include "client/cli/wait.h"

struct host;

/* Makes one that serves nobody yet. To be made before there are threads: it
 * takes charge of the environment's TZ. RO_NO_MEMORY. */
RO_MUST_USE enum ro_status host_new(struct host **ret_host);

/* Begins to serve the profile of `lender`, an open wait that must outlive it;
 * wait_run(lender) does the rest. `told` gets what a command fetched that is
 * news to whoever stays, too. RO_IO_FAILED. */
RO_MUST_USE enum ro_status host_open(struct host *host,
                                     struct wait *lender,
                                     const char *profile,
                                     struct ro_then told,
                                     struct ro_why *why);

/* Ends serving: who waits for an answer sees the connection end. Accepts
 * NULL. */
void host_free(struct host *host);
RO_DEFINE_AUTO(host, host_free)

/* Lends the open client to the wait of a command that was handed over. */
void host_lend(struct host *host, struct wait *wait);

/* News that a command of others has fetched. */
void host_tell(const struct host *host, const struct ro_result *result);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What shows, in the vault, whether a command that writes was carried out. It
 * is looked at before the command is begun, and again if nobody came to say
 * how it ended: so nothing is lost and nothing is done twice.
 */
#ifndef CLIENT_CLI_EVIDENCE_H
#define CLIENT_CLI_EVIDENCE_H

#include "client/cli/wait.h"

struct evidence {
    uint64_t count;      /* messages of ours that such a command makes */
    enum ro_place place; /* the newest of them: where it is, and what of */
    struct ro_request_id request;
    struct ro_thread_id thread; /* zero: none */
};

/* Looks, with an open client. Commands that write nothing have none (0). Only
 * a signal or a broken vault is a failure. */
RO_MUST_USE enum ro_status evidence_take(struct wait *wait,
                                         const struct cli_args *args,
                                         struct evidence *ret_evidence);

/* Says that the command was carried out although nobody came to say it, and
 * where its message is now. RO_OK, or RO_KEPT. */
RO_MUST_USE enum ro_status evidence_tell(const struct evidence *evidence,
                                         struct cli_output *out,
                                         struct ro_why *why);

#endif

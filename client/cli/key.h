/* SPDX-License-Identifier: Apache-2.0 */
/* What opens a profile, as a person or a script gives it. Never in argv. */
#ifndef CLIENT_CLI_KEY_H
#define CLIENT_CLI_KEY_H

#include "client/cli/wait.h"

/* What is asked for on a terminal. */
enum key_wanted {
    KEY_OLD, /* the one that there is */
    KEY_NEW, /* a new one: twice, and it must be good enough */
};

/* The passphrase of --passphrase-fd N, or of the file that the environment
 * names in REACHOUT_PASSPHRASE_FILE; NULL if there is neither. RO_USAGE,
 * RO_IO_FAILED, RO_BAD_INPUT (it is empty or too long). */
RO_MUST_USE enum ro_status key_given(const struct cli_args *args,
                                     struct ro_why *why,
                                     struct ro_passphrase **ret_passphrase);

/* The same for a descriptor named in `text`; `option` is what to call it. */
RO_MUST_USE enum ro_status key_of_fd(const char *text,
                                     const char *option,
                                     struct ro_why *why,
                                     struct ro_passphrase **ret_passphrase);

/* Asks on the terminal, without echo; the signals of `wait` are held, and one
 * of them ends it. RO_NEED_PASSPHRASE without a terminal, RO_BAD_INPUT (two
 * different ones, or one that will not do), RO_REFUSED (interrupted). */
RO_MUST_USE enum ro_status key_ask(struct wait *wait,
                                   enum key_wanted wanted,
                                   struct ro_passphrase **ret_passphrase);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What commands have in common to be told: texts, times, the profile. */
#ifndef CLIENT_CLI_INPUT_H
#define CLIENT_CLI_INPUT_H

#include "client/cli/options.h"
#include "common/base/bytes.h"

#include <stdint.h>

/* The longest text of a message, in bytes. */
#define INPUT_TEXT_MAX 60000

/* The rows that many commands share. */
#define INPUT_TEXT_ROW                                                         \
    {                                                                          \
        "text", "TEXT", "what to say; \"-\" reads it from stdin", CLI_ONCE     \
    }
#define INPUT_WAIT_ROW                                                         \
    {                                                                          \
        "wait", "SECONDS", "how long to wait for the broker (default 10)",     \
            CLI_ONCE                                                           \
    }

/* Whether a command can do without a text. */
enum input_need { INPUT_OPTIONAL, INPUT_REQUIRED };

/* The text of --text, or of stdin if that is "-", where CR LF becomes LF and
 * the line ends at the end are dropped. `ret_text` points into argv, `buf` or
 * `args->typed`, where the text of stdin is kept and, once it is there, taken
 * from. NULL if none was given and none is needed. RO_USAGE (needed),
 * RO_BAD_INPUT: empty, too long, not UTF-8 or with control characters; `why`
 * says what to do about it. */
RO_MUST_USE enum ro_status input_text(const struct cli_args *args,
                                      enum input_need need,
                                      struct ro_buf *buf,
                                      struct ro_why *why,
                                      const char **ret_text);

/* Whether this can be an id or the beginning of one. RO_USAGE. */
RO_MUST_USE enum ro_status input_id(const char *word, struct ro_why *why);

/* The milliseconds of --wait; 10 seconds if it was not given. */
RO_MUST_USE enum ro_status input_wait(const struct cli_args *args,
                                      struct ro_why *why,
                                      int64_t *ret_wait_ms);

/* The days of --days, in halves; -1 if not given. */
RO_MUST_USE enum ro_status
input_days(const struct cli_args *args, struct ro_why *why, double *ret_days);

/* The profile's folder: --profile, REACHOUT_PROFILE, or reachout in the user's
 * data folder. `ret_profile` points into argv, the environment or `buf`. */
RO_MUST_USE enum ro_status input_profile(const struct cli_args *args,
                                         struct ro_buf *buf,
                                         struct ro_why *why,
                                         const char **ret_profile);

/* Makes the folders above `path` that are not there, 0700. RO_IO_FAILED. */
RO_MUST_USE enum ro_status input_make_parents(const char *path,
                                              struct ro_why *why);

#endif

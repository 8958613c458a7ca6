/* SPDX-License-Identifier: Apache-2.0 */
/* reachoutd's command line. */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

#include "common/base/auto.h"
#include "common/base/status.h"

enum options_task {
    OPTIONS_RUN,
    OPTIONS_INIT,
    OPTIONS_CHECK,
    OPTIONS_PRINT_CONFIG,
    OPTIONS_VERSION,
    OPTIONS_HELP,
};

enum options_output { OPTIONS_TEXT, OPTIONS_JSON };

/* What is wanted. Texts are those of argv; NULL: not given. */
struct options {
    enum options_task task;
    enum options_output output;
    enum { OPTIONS_CLOCK_DOUBTED, OPTIONS_CLOCK_ACCEPTED } clock;
    enum { OPTIONS_LOSS_REFUSED, OPTIONS_LOSS_ACCEPTED } loss;
    const char *config;
    const char *dir;
    const char *authority;
    const char *door_key;
    const char *member;
    const char *open;
};

/* Reads the command line. RO_USAGE; `why` says what is wrong with it. */
RO_MUST_USE enum ro_status options_parse(int argc,
                                         char *const argv[],
                                         struct ro_why *why,
                                         struct options *ret_options);

/* What --help prints. */
const char *options_help(void);

#endif

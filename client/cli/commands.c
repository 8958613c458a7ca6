/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/commands.h"

#include <stdint.h>

/* Below an upper command, words are counted there. */
#define ANY SIZE_MAX
/* Of the contract, but not in this release. */
#define COMMAND_LATER "", "", "", NULL, 0, ANY, NULL, NULL

static const char setting_up[] = "Setting up";
static const char asking[] = "Reaching out";
static const char answering[] = "Helping";
static const char talking[] = "Talking";
static const char program[] = "About this program";

const struct cli_command commands_all[] = {
#define X(name, group, least, most, run, options, parts, synopsis, help)       \
    {name, synopsis, help, group, options, least, most, run, parts},
#define LATER(name) {name, COMMAND_LATER},
#include "client/cli/commands.def"
#undef LATER
#undef X
    {0},
};

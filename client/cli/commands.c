/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/commands.h"

#include "client/cli/output.h"

#include <stdint.h>

/* Below an upper command, words are counted there. */
#define ANY SIZE_MAX
/* Of the contract, but not in this release. */
#define COMMAND_LATER "", "", "", NULL, 0, ANY, NULL, NULL

static const char setting_up[] = "Setting up";
static const char asking[] = "Reaching out";
static const char answering[] = "Helping";
static const char talking[] = "Talking";
static const char safety[] = "Safety";
static const char program[] = "About this program";

const struct cli_command commands_all[] = {
#define X(name, group, least, most, run, options, parts, hand, synopsis, help) \
    {name, synopsis, help, group, options, least, most, run, parts},
#define LATER(name) {name, COMMAND_LATER},
#include "client/cli/commands.def"
#undef LATER
#undef X
    {0},
};

/* The same rows. */
static const enum commands_hand hands[] = {
#define X(name, group, least, most, run, options, parts, hand, synopsis, help) \
    COMMANDS_##hand,
#define LATER(name) COMMANDS_NEVER,
#include "client/cli/commands.def"
#undef LATER
#undef X
};

enum commands_hand
commands_hand(const struct cli_command *command)
{
    for (size_t i = 0; i < RO_LEN(hands); i++) {
        if (command == &commands_all[i])
            return hands[i];
    }
    return COMMANDS_NEVER;
}

enum ro_status
commands_run(const struct cli_args *args,
             struct cli_output *out,
             struct ro_why *why)
{
    const struct cli_command *command = args->command;
    out->profile = args->profile;
    enum ro_status s = command->run(args, out, why);
    if (s == RO_USAGE)
        commands_usage(args, out);
    return s;
}

void
commands_usage(const struct cli_args *args, struct cli_output *out)
{
    const struct cli_command *upper = args->upper;
    ro_buf_printf(&out->hint, "usage: reachout %s%s%s %s\n",
                  upper != NULL ? upper->name : "", upper != NULL ? " " : "",
                  args->command->name, args->command->synopsis);
}

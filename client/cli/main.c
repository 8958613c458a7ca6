/* SPDX-License-Identifier: Apache-2.0 */
/* reachout: the command line client. */
#include "client/cli/commands.h"
#include "client/cli/hand.h"
#include "client/cli/help.h"
#include "client/cli/input.h"
#include "client/cli/output.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "common/base/harden.h"
/* Makes 0, 1 and 2 somebody's, so that no file or socket of ours becomes one
 * of them. */
static void
fill_standard_files(void)
{
    int fd;
    do {
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

/* --help and --version, wherever they stand. */
static enum ro_status
tell(const struct cli_args *args, struct cli_output *out)
{
    if (args->wish == CLI_VERSION) {
        ro_buf_printf(&out->text, "reachout %s\n", RO_VERSION);
        doc_text(output_json(out), "version", RO_VERSION);
        return RO_OK;
    }
    if (args->command == NULL) {
        help_commands(&out->text, commands_all);
    } else {
        help_command(&out->text, args->upper, args->command);
    }
    output_json(out);
    return RO_OK;
}

/* A command line that ends before its command. */
static enum ro_status
lack_command(const struct cli_args *args, struct ro_why *why)
{
    if (args->command == NULL)
        return ro_why(why, RO_USAGE, "which command? see \"reachout help\"");
    return ro_why(why, RO_USAGE, "%s needs a command; see \"reachout help %s\"",
                  args->command->name, args->command->name);
}

/* A command that needs the profile for itself says who has it. */
static enum ro_status
tell_watch(const struct cli_args *args, enum ro_status s, struct ro_why *why)
{
    RO_AUTOBUF folder = {0};
    struct ro_why unheard = {""};
    const char *profile = NULL;
    if (s != RO_TAKEN || commands_hand(args->command) != COMMANDS_ALONE ||
        input_profile(args, &folder, &unheard, &profile) != RO_OK)
        return s;
    const struct place_where where = place_of_ours(profile);
    pid_t pid = hand_find(&where);
    if (pid == 0)
        return s;
    return ro_why(why, RO_REFUSED, HAND_STOP_IT_FIRST, (int)pid);
}

/* What was parsed, with the outcome of that. */
static enum ro_status
run(const struct cli_args *args,
    enum ro_status s,
    struct cli_output *out,
    struct ro_why *why)
{
    if (s == RO_OK && args->wish != CLI_RUN)
        return tell(args, out);
    if (args->command == NULL || args->command->run == NULL)
        return s == RO_OK ? lack_command(args, why) : s;
    if (s == RO_OK)
        return tell_watch(args, commands_run(args, out, why), why);
    if (s == RO_USAGE)
        commands_usage(args, out);
    return s;
}

int
main(int argc, char **argv)
{
    RO_CLEANUP(options_fini) struct cli_args args = {.form = CLI_TEXT};
    RO_CLEANUP(output_fini) struct cli_output out = {0};
    RO_AUTOBUF typed = {0};
    struct ro_why why = {""};
    fill_standard_files();
    signal(SIGPIPE, SIG_IGN);
    doc_setup();
    enum ro_status s = ro_harden();
    if (s == RO_OK) {
        s = options_parse(argc, argv, commands_all, &why, &args);
        args.typed = &typed;
        s = run(&args, s, &out, &why);
    }
    return output_finish(&args, &out, s, &why);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* help, completion: about the program itself. */
#include "client/cli/commands.h"
#include "client/cli/help.h"
#include "client/cli/output.h"

#include <string.h>

/* The text again as a field, for whoever asks for it as JSON. */
static enum ro_status
text_as_field(struct cli_output *out, const char *key)
{
    ro_buf_put_u8(&out->text, '\0');
    RO_TRY(ro_buf_ok(&out->text));
    doc_text(output_json(out), key, (const char *)out->text.data);
    out->text.size--;
    return RO_OK;
}

enum ro_status
cmd_help(const struct cli_args *args,
         struct cli_output *out,
         struct ro_why *why)
{
    const struct cli_command *upper = NULL;
    const struct cli_command *level = commands_all;
    for (size_t i = 0; i < args->n_words; i++) {
        const struct cli_command *command =
            level != NULL ? options_find(level, args->words[i]) : NULL;
        if (command == NULL) {
            return ro_why(why, RO_NOT_FOUND, "there is no command \"%s\"",
                          args->words[i]);
        }
        if (command->run == NULL && command->below == NULL) {
            return ro_why(why, RO_REFUSED, "%s is not in this release",
                          command->name);
        }
        if (i + 1 == args->n_words)
            help_command(&out->text, upper, command);
        upper = command;
        level = command->below;
    }
    if (args->n_words == 0)
        help_commands(&out->text, commands_all);
    return text_as_field(out, "help");
}

enum ro_status
cmd_help_completion(const struct cli_args *args,
                    struct cli_output *out,
                    struct ro_why *why)
{
    if (strcmp(args->words[0], "bash") != 0)
        return ro_why(why, RO_REFUSED, "only bash is in this release");
    help_bash(&out->text, commands_all);
    return text_as_field(out, "script");
}

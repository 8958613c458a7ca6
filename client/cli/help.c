/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/help.h"

#include <stdio.h>
#include <string.h>

static bool
is_here(const struct cli_command *command)
{
    return command->run != NULL || command->below != NULL;
}

static void
list_commands(struct ro_buf *out, const struct cli_command *commands)
{
    const char *section = "";
    for (; commands->name != NULL; commands++) {
        if (!is_here(commands))
            continue;
        if (commands->section != NULL &&
            strcmp(section, commands->section) != 0)
            ro_buf_printf(out, "\n%s\n", commands->section);
        if (commands->section != NULL)
            section = commands->section;
        ro_buf_printf(out, "  %-11s %s\n", commands->name, commands->help);
    }
}

static void
list_options(struct ro_buf *out, const struct cli_option *options)
{
    for (; options != NULL && options->name != NULL; options++) {
        char name[64];
        if (options->kind == CLI_LATER)
            continue;
        snprintf(name, sizeof(name), "--%s%s%s", options->name,
                 options->value != NULL ? " " : "",
                 options->value != NULL ? options->value : "");
        ro_buf_printf(out, "  %-20s %s\n", name, options->help);
    }
}

void
help_commands(struct ro_buf *out, const struct cli_command *commands)
{
    ro_buf_printf(out, "reachout: ask other schools for help, early and in "
                       "confidence\n\n"
                       "usage: reachout [OPTIONS] COMMAND [OPTIONS]\n");
    list_commands(out, commands);
    ro_buf_printf(out, "\nOptions of every command\n");
    list_options(out, options_global);
    ro_buf_printf(out, "\nreachout help COMMAND says more; so does "
                       "man reachout.\n");
}

void
help_command(struct ro_buf *out,
             const struct cli_command *upper,
             const struct cli_command *command)
{
    ro_buf_printf(out, "reachout %s%s%s: %s\n\nusage: reachout %s%s%s%s%s\n",
                  upper != NULL ? upper->name : "", upper != NULL ? " " : "",
                  command->name, command->help,
                  upper != NULL ? upper->name : "", upper != NULL ? " " : "",
                  command->name, command->synopsis[0] == '\0' ? "" : " ",
                  command->synopsis);
    if (command->below != NULL)
        list_commands(out, command->below);
    if (command->options != NULL) {
        ro_buf_printf(out, "\nOptions\n");
        list_options(out, command->options);
    }
    ro_buf_printf(out, "\nOptions of every command\n");
    list_options(out, options_global);
}

/* --- completion ---------------------------------------------------------- */

static void
bash_options(struct ro_buf *out, const struct cli_option *options)
{
    for (; options != NULL && options->name != NULL; options++) {
        if (options->kind != CLI_LATER)
            ro_buf_printf(out, " --%s", options->name);
    }
}

static void
bash_cases(struct ro_buf *out,
           const char *upper,
           const struct cli_command *commands)
{
    for (; commands->name != NULL; commands++) {
        if (commands->below != NULL)
            bash_cases(out, commands->name, commands->below);
        if (commands->run == NULL)
            continue;
        ro_buf_printf(out, "    \"%s%s%s\") words=\"", upper,
                      upper[0] != '\0' ? " " : "", commands->name);
        bash_options(out, commands->options);
        bash_options(out, options_global);
        ro_buf_printf(out, "\" ;;\n");
    }
}

static void
bash_names(struct ro_buf *out, const struct cli_command *commands)
{
    for (; commands->name != NULL; commands++) {
        if (is_here(commands))
            ro_buf_printf(out, " %s", commands->name);
    }
}

void
help_bash(struct ro_buf *out, const struct cli_command *commands)
{
    ro_buf_printf(out, "# bash completion of reachout; made by "
                       "\"reachout completion bash\"\n"
                       "_reachout() {\n"
                       "  local i path= words=\n"
                       "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
                       "    case ${COMP_WORDS[i]} in\n"
                       "    --profile) ((i++)) ;;\n"
                       "    -*) ;;\n"
                       "    *) case $path in\n"
                       "       ''");
    for (const struct cli_command *c = commands; c->name != NULL; c++) {
        if (c->below != NULL)
            ro_buf_printf(out, " | %s", c->name);
    }
    ro_buf_printf(out, ") path=\"${path:+$path }${COMP_WORDS[i]}\" ;;\n"
                       "       esac ;;\n"
                       "    esac\n"
                       "  done\n"
                       "  case $path in\n"
                       "    '') words=\"");
    bash_names(out, commands);
    bash_options(out, options_global);
    ro_buf_printf(out, "\" ;;\n");
    for (const struct cli_command *c = commands; c->name != NULL; c++) {
        if (c->below == NULL)
            continue;
        ro_buf_printf(out, "    \"%s\") words=\"", c->name);
        bash_names(out, c->below);
        ro_buf_printf(out, "\" ;;\n");
    }
    bash_cases(out, "", commands);
    ro_buf_printf(out, "  esac\n"
                       "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- "
                       "\"${COMP_WORDS[COMP_CWORD]}\")\n"
                       "}\n"
                       "complete -o default -F _reachout reachout\n");
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/commands.h"

#include <stdint.h>

/* Below an upper command, words are counted there. */
#define ANY SIZE_MAX
/* Of the contract, but not in this release. */
#define LATER "", "", "", NULL, 0, ANY, NULL, NULL

static const char setting_up[] = "Setting up";
static const char asking[] = "Reaching out";
static const char answering[] = "Helping";
static const char talking[] = "Talking";
static const char program[] = "About this program";

/* clang-format off: one row a command */
const struct cli_command commands_all[] = {
    {"join",                                                     "INVITATION [--holder NAME] [--key-file FILE] [--wait SECONDS]",
     "make a profile from an invitation and ask to be admitted", setting_up,
     cmd_profile_join_options, 1, 1, cmd_profile_join, NULL},
    {"status", "", "who am I, where is what, how fresh is the directory",
     setting_up, NULL, 0, 0, cmd_profile_status, NULL},
    {"members",                                   "[--near KM] [--group G] [--phase P] [--listings] [SEARCH]",
     "who belongs to the circle, nearest first", setting_up,
     cmd_members_options, 0, 1, cmd_members, NULL},
    {"sync",                                                         "[--watch] [--for SECONDS]",
     "fetch, send what waits, show what happened", setting_up, cmd_sync_options,
     0, 0, cmd_sync, NULL},
    {"authority",                                                      "COMMAND ...", "the circle's keys, register and admissions",
     setting_up, NULL, 0, ANY, NULL, cmd_authority_commands},

    {"ask",                                                   "--topic CODE --urgency U1..U4 --to WHO --text TEXT [--dry-run]",
     "ask for help", asking, cmd_ask_options, 0, 0, cmd_ask, NULL},
    {"requests",     "[--mine | --incoming] [--state STATE]",
     "requests as they stand here, newest first", asking, cmd_requests_options,
     0, 0, cmd_requests, NULL},
    {"show",                                                      "REQUEST", "one request and its whole story", asking, NULL, 1, 1,
     cmd_requests_show, NULL},
    {"answers",                                                         "REQUEST", "compare what was answered to a request of ours",
     asking, NULL, 1, 1, cmd_requests_answers, NULL},
    {"accept",                                                      "ANSWER [--text TEXT]",
     "choose an answer; the others get a kind word", asking,
     cmd_write_decline_options, 1, 1, cmd_write_accept, NULL},
    {"decline",                                                  "ANSWER [--text TEXT]", "say no to an answer, kindly", asking,
     cmd_write_decline_options, 1, 1, cmd_write_decline, NULL},
    {"close",                 "REQUEST --outcome helped|partly|not-helped [--text TEXT]",
     "end a request of ours", asking, cmd_write_close_options, 1, 1,
     cmd_write_close, NULL},
    {"withdraw",                                        "REQUEST", "take a request of ours back, without a reason",
     asking, cmd_write_wait_options, 1, 1, cmd_write_withdraw, NULL},

    {"answer",                                                         "REQUEST --text TEXT [--days N]", "be willing to help",
     answering, cmd_write_answer_options, 1, 1, cmd_write_answer, NULL},
    {"pass",                                                      "REQUEST", "step back; the school that asks is not told",
     answering, cmd_write_wait_options, 1, 1, cmd_write_pass, NULL},

    {"say",                                                     "THREAD --text TEXT", "say something in a conversation", talking,
     cmd_write_say_options, 1, 1, cmd_write_say, NULL},
    {"read",               "[THREAD] [--unread]", "what was said", talking, cmd_read_options,
     0, 1, cmd_read, NULL},

    {"help",                                          "[COMMAND]", "what a command does and takes", program, NULL, 0, 2,
     cmd_help, NULL},
    {"completion",                                                         "bash",
     "a script for the shell that completes commands and options", program,
     NULL, 1, 1, cmd_help_completion, NULL},

    {"reveal",                                                      LATER},
    {"save",                                                LATER},
    {"offer",              LATER},
    {"queue",                                                      LATER},
    {"take",                                                       LATER},
    {"ack",                                    LATER},
    {"redirect",                                                      LATER},
    {"widen",                                             LATER},
    {"match",                                           LATER},
    {"allocate",                                                         LATER},
    {"introduce",                                                      LATER},
    {"willing",                                                 LATER},
    {"choose",                LATER},
    {"agree",                                      LATER},
    {"sign",                                                         LATER},
    {"visit",                                                      LATER},
    {"review",                                                     LATER},
    {"stories",                         LATER},
    {"ledger",                                                      LATER},
    {"indicator",                                                         LATER},
    {"lookahead",                                                      LATER},
    {"alert",                                                  LATER},
    {"alerts",          LATER},
    {"verify",                                                      LATER},
    {"seat",                                                         LATER},
    {"kit",                                                      LATER},
    {"card",                                                   LATER},
    {"lock",             LATER},
    {"passphrase",                                  LATER},
    {"export",                                                         LATER},
    {"purge",                                                      LATER},
    {0                                                 },
};
/* clang-format on */

/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/options.h"

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "common/base/text.h"

#define NEAR 3 /* edits within which a word is "meant" */

static const char help[] =
    "reachoutd - the broker of one circle\n"
    "\n"
    "  reachoutd --config FILE            run; prints \"ready\" once both "
    "doors\n"
    "                                     are open; SIGTERM ends it in order\n"
    "            [--accept-clock]         the clock was looked at: it is "
    "right\n"
    "                                     though it is over a week after "
    "the\n"
    "                                     last checkpoint\n"
    "            [--accept-loss]          go on without what cannot be read of "
    "a\n"
    "                                     damaged log, or with an empty "
    "store\n"
    "                                     where there is none\n"
    "  reachoutd --config FILE --check    name every mistake at once\n"
    "  reachoutd [--config FILE] --print-config\n"
    "                                     the whole configuration\n"
    "  reachoutd init --dir DIR --authority FILE --door-key FILE\n"
    "            [--member tcp://ADDRESS:PORT] [--open tcp://ADDRESS:PORT]\n"
    "            [--json]                 make a new broker in an empty DIR\n"
    "  reachoutd --version | --help\n"
    "\n"
    "Exit: 0 done, 1 refused, 2 usage, 69 already in use, 70 the store or a\n"
    "door cannot be trusted, 74 a file or socket failed, 78 configuration.\n";

enum word {
    WORD_CONFIG = 256,
    WORD_ACCEPT_CLOCK,
    WORD_ACCEPT_LOSS,
    WORD_CHECK,
    WORD_PRINT_CONFIG,
    WORD_VERSION,
    WORD_HELP,
    WORD_DIR,
    WORD_AUTHORITY,
    WORD_DOOR_KEY,
    WORD_MEMBER,
    WORD_OPEN,
    WORD_JSON
};

static const struct option running[] = {
    {"config",       required_argument, NULL, WORD_CONFIG      },
    {"accept-clock", no_argument,       NULL, WORD_ACCEPT_CLOCK},
    {"accept-loss",  no_argument,       NULL, WORD_ACCEPT_LOSS },
    {"check",        no_argument,       NULL, WORD_CHECK       },
    {"print-config", no_argument,       NULL, WORD_PRINT_CONFIG},
    {"version",      no_argument,       NULL, WORD_VERSION     },
    {"help",         no_argument,       NULL, WORD_HELP        },
    {NULL,           0,                 NULL, 0                },
};

static const struct option making[] = {
    {"dir",       required_argument, NULL, WORD_DIR      },
    {"authority", required_argument, NULL, WORD_AUTHORITY},
    {"door-key",  required_argument, NULL, WORD_DOOR_KEY },
    {"member",    required_argument, NULL, WORD_MEMBER   },
    {"open",      required_argument, NULL, WORD_OPEN     },
    {"json",      no_argument,       NULL, WORD_JSON     },
    {"help",      no_argument,       NULL, WORD_HELP     },
    {NULL,        0,                 NULL, 0             },
};

const char *
options_help(void)
{
    return help;
}

/* Says what is wrong with a word that getopt did not take. */
static enum ro_status
not_taken(const char *word, const struct option *known, struct ro_why *why)
{
    const char *nearest = NULL;
    size_t edits = NEAR;
    bool is_known = false;
    const char *name = word + strspn(word, "-");
    for (; known->name != NULL; known++) {
        size_t distance = ro_text_distance(name, known->name);
        is_known = is_known || distance == 0;
        if (distance < edits) {
            edits = distance;
            nearest = known->name;
        }
    }
    if (is_known)
        return ro_why(why, RO_USAGE, "%s needs a value", word);
    if (nearest != NULL) {
        return ro_why(why, RO_USAGE, "unknown option %s; did you mean --%s?",
                      word, nearest);
    }
    return ro_why(why, RO_USAGE, "unknown option %s", word);
}

static void
take(int word, struct options *options)
{
    switch ((enum word)word) {
    case WORD_CONFIG:
        options->config = optarg;
        break;
    case WORD_ACCEPT_CLOCK:
        options->clock = OPTIONS_CLOCK_ACCEPTED;
        break;
    case WORD_ACCEPT_LOSS:
        options->loss = OPTIONS_LOSS_ACCEPTED;
        break;
    case WORD_CHECK:
        options->task = OPTIONS_CHECK;
        break;
    case WORD_PRINT_CONFIG:
        options->task = OPTIONS_PRINT_CONFIG;
        break;
    case WORD_VERSION:
        options->task = OPTIONS_VERSION;
        break;
    case WORD_HELP:
        options->task = OPTIONS_HELP;
        break;
    case WORD_DIR:
        options->dir = optarg;
        break;
    case WORD_AUTHORITY:
        options->authority = optarg;
        break;
    case WORD_DOOR_KEY:
        options->door_key = optarg;
        break;
    case WORD_MEMBER:
        options->member = optarg;
        break;
    case WORD_OPEN:
        options->open = optarg;
        break;
    case WORD_JSON:
        options->output = OPTIONS_JSON;
        break;
    }
}

/* What a task cannot do without. */
static enum ro_status
check_needs(const struct options *options, struct ro_why *why)
{
    const char *missing = NULL;
    if (options->task == OPTIONS_INIT) {
        missing = options->door_key == NULL ? "--door-key" : missing;
        missing = options->authority == NULL ? "--authority" : missing;
        missing = options->dir == NULL ? "--dir" : missing;
    } else if (options->task == OPTIONS_RUN || options->task == OPTIONS_CHECK) {
        missing = options->config == NULL ? "--config" : missing;
    }
    if (missing != NULL)
        return ro_why(why, RO_USAGE, "%s is missing", missing);
    return RO_OK;
}

enum ro_status
options_parse(int argc,
              char *const argv[],
              struct ro_why *why,
              struct options *ret_options)
{
    struct options options = {.task = OPTIONS_RUN};
    const struct option *known = running;
    int first = 1;
    if (argc > 1 && strcmp(argv[1], "init") == 0) {
        options.task = OPTIONS_INIT;
        known = making;
        first = 2;
    }
    opterr = 0;
    optind = first;
    for (;;) {
        int at = optind;
        /* "+": in order, so that argv[at] is the word in question */
        int word = getopt_long(argc, argv, "+", known, NULL);
        if (word == -1)
            break;
        if (word == '?')
            return not_taken(argv[at], known, why);
        take(word, &options);
    }
    if (optind < argc)
        return ro_why(why, RO_USAGE, "'%s' is not expected here", argv[optind]);
    RO_TRY(check_needs(&options, why));
    *ret_options = options;
    return RO_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/base/file.h"
#include "common/base/log.h"
#include "common/conf/mistakes.h"
#include "common/conf/reader.h"

enum kind { HEADLINE, ENDPOINT, FOLDER, FILENAME, COUNT, TRACE };

/* One row of config.def. */
struct option {
    const char *name; /* of a headline, its words */
    const char *comment;
    const char *usual_text;
    size_t offset; /* in struct config */
    enum kind kind;
    uint32_t usual;
    uint32_t min;
    uint32_t max;
};

static const struct option options[] = {
#define HEADING(words_) {.kind = HEADLINE, .name = (words_)},
#define TEXT(name_, kind_, usual_, comment_)                                   \
    {.kind = (kind_),                                                          \
     .name = #name_,                                                           \
     .comment = (comment_),                                                    \
     .offset = offsetof(struct config, name_),                                 \
     .usual_text = (usual_)},
#define NUMBER(name_, usual_, min_, max_, comment_)                            \
    {.kind = COUNT,                                                            \
     .name = #name_,                                                           \
     .comment = (comment_),                                                    \
     .offset = offsetof(struct config, name_),                                 \
     .usual = (usual_),                                                        \
     .min = (min_),                                                            \
     .max = (max_)},
#define AREAS(name_, comment_)                                                 \
    {.kind = TRACE,                                                            \
     .name = #name_,                                                           \
     .comment = (comment_),                                                    \
     .offset = offsetof(struct config, name_)},
#include "daemon/config.def"
#undef HEADING
#undef TEXT
#undef NUMBER
#undef AREAS
};

/* The table that the reader wants. */
static const struct ro_conf_key keys[] = {
#define HEADING(words_)
#define TEXT(name_, kind_, usual_, comment_)                                   \
    {.name = #name_, .kind = RO_CONF_ONE},
#define NUMBER(name_, usual_, min_, max_, comment_)                            \
    {.name = #name_, .kind = RO_CONF_ONE},
#define AREAS(name_, comment_) {.name = #name_, .kind = RO_CONF_LIST},
#include "daemon/config.def"
#undef HEADING
#undef TEXT
#undef NUMBER
#undef AREAS
    {.name = NULL},
};

/* --- fields -------------------------------------------------------------- */

static char **
text_of(struct config *config, const struct option *option)
{
    return (char **)(void *)((char *)config + option->offset);
}

static uint32_t *
number_of(struct config *config, const struct option *option)
{
    return (uint32_t *)(void *)((char *)config + option->offset);
}

static bool
is_text(const struct option *option)
{
    return option->kind == ENDPOINT || option->kind == FOLDER ||
           option->kind == FILENAME;
}

static bool
is_number(const struct option *option)
{
    return option->kind == COUNT || option->kind == TRACE;
}

void
config_free(struct config *config)
{
    if (config == NULL)
        return;
    for (size_t i = 0; i < RO_LEN(options); i++) {
        if (is_text(&options[i]))
            free(*text_of(config, &options[i]));
    }
    free(config);
}

static enum ro_status
replace(char **text, const char *value)
{
    char *copy = strdup(value);
    if (copy == NULL)
        return RO_NO_MEMORY;
    free(*text);
    *text = copy;
    return RO_OK;
}

static enum ro_status
set_usual(struct config *config, const struct option *option)
{
    if (is_text(option))
        return replace(text_of(config, option), option->usual_text);
    if (option->kind == COUNT)
        *number_of(config, option) = option->usual;
    return RO_OK;
}

/* Everything as usual; paths are not absolute yet. */
static enum ro_status
new_config(struct config **ret_config)
{
    RO_CLEANUP(config_freep) struct config *config = calloc(1, sizeof(*config));
    if (config == NULL)
        return RO_NO_MEMORY;
    for (size_t i = 0; i < RO_LEN(options); i++)
        RO_TRY(set_usual(config, &options[i]));
    *ret_config = RO_STEAL(config);
    return RO_OK;
}

/* Files that are named without a folder are in data_dir. */
static enum ro_status
make_absolute(struct config *config, struct ro_mistakes *mistakes)
{
    for (size_t i = 0; i < RO_LEN(options); i++) {
        const struct option *option = &options[i];
        if (option->kind != FILENAME || **text_of(config, option) == '/')
            continue;
        char **text = text_of(config, option);
        RO_AUTOFREE char *joined = NULL;
        if (asprintf(&joined, "%s/%s", config->data_dir, *text) < 0) {
            joined = NULL;
            return RO_NO_MEMORY;
        }
        if (strlen(joined) > RO_CONF_VALUE_MAX)
            ro_mistake(mistakes, 0, option->name, "its path is too long");
        RO_TRY(replace(text, joined));
    }
    return RO_OK;
}

/* --- checks -------------------------------------------------------------- */

/* tcp://ADDRESS:PORT, where libzmq says yes or no to the address itself. */
static bool
is_endpoint(const char *value)
{
    static const char scheme[] = "tcp://";
    static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ.:*-_[]%";
    uint32_t port = 0;
    if (strncmp(value, scheme, strlen(scheme)) != 0)
        return false;
    const char *address = value + strlen(scheme);
    const char *colon = strrchr(address, ':');
    return colon != NULL && colon != address &&
           strspn(address, allowed) == strlen(address) &&
           ro_conf_number(colon + 1, 1, UINT16_MAX, &port);
}

/* Why a text cannot be the value of an option, or NULL. */
static const char *
objection(const struct option *option, const char *value)
{
    if (option->kind == ENDPOINT && !is_endpoint(value))
        return "tcp://ADDRESS:PORT is expected";
    if (option->kind == FOLDER && value[0] != '/')
        return "an absolute path is expected";
    if (option->kind == FILENAME && value[0] == '\0')
        return "a file is expected";
    return NULL;
}

/* What no single key can tell. */
static void
check_whole(const struct config *config, struct ro_mistakes *mistakes)
{
    if (strcmp(config->member_endpoint, config->open_endpoint) == 0) {
        ro_mistake(mistakes, 0, "open_endpoint",
                   "it is the same as member_endpoint");
    }
    if (config->heartbeat_timeout_ms <= config->heartbeat_interval_ms) {
        ro_mistake(mistakes, 0, "heartbeat_timeout_ms",
                   "it must be more than heartbeat_interval_ms");
    }
    if (config->heartbeat_ttl_ms <= config->heartbeat_interval_ms) {
        ro_mistake(mistakes, 0, "heartbeat_ttl_ms",
                   "it must be more than heartbeat_interval_ms");
    }
}

/* --- reading ------------------------------------------------------------- */

struct parse {
    struct config *config;
    struct ro_mistakes *mistakes;
    bool no_memory;
};

static void
take_area(struct parse *parse, const struct ro_conf_item *item, uint32_t *areas)
{
    if (strcmp(item->value, "none") == 0)
        return;
    for (enum ro_log_area area = 0; area < RO_AREA_COUNT; area++) {
        if (strcmp(item->value, ro_log_area_name(area)) != 0)
            continue;
        *areas |= 1u << area;
        return;
    }
    struct ro_nearest nearest = {.word = item->value};
    for (enum ro_log_area area = 0; area < RO_AREA_COUNT; area++)
        ro_nearest_try(&nearest, ro_log_area_name(area));
    ro_mistake(parse->mistakes, item->line, item->key->name,
               nearest.best != NULL ? "no area '%s'; did you mean '%s'?"
                                    : "no area '%s'%s",
               item->value, nearest.best != NULL ? nearest.best : "");
}

static void
take_number(struct parse *parse,
            const struct ro_conf_item *item,
            const struct option *option)
{
    if (!ro_conf_number(item->value, option->min, option->max,
                        number_of(parse->config, option))) {
        ro_mistake(parse->mistakes, item->line, item->key->name,
                   "a number from %u to %u is expected", option->min,
                   option->max);
    }
}

static void
take(void *user, const struct ro_conf_item *item)
{
    struct parse *parse = user;
    const struct option *option = options;
    while (option->kind == HEADLINE ||
           strcmp(option->name, item->key->name) != 0)
        option++;
    if (option->kind == TRACE) {
        take_area(parse, item, number_of(parse->config, option));
        return;
    }
    if (option->kind == COUNT) {
        take_number(parse, item, option);
        return;
    }
    const char *reason = objection(option, item->value);
    if (reason != NULL) {
        ro_mistake(parse->mistakes, item->line, option->name, "%s", reason);
    } else if (replace(text_of(parse->config, option), item->value) != RO_OK) {
        parse->no_memory = true;
    }
}

enum ro_status
config_parse(const char *name,
             struct ro_bytes text,
             struct ro_buf *errors,
             struct config **ret_config)
{
    RO_CLEANUP(config_freep) struct config *config = NULL;
    RO_TRY(new_config(&config));
    struct ro_mistakes mistakes = {.file = name, .out = errors};
    struct parse parse = {.config = config, .mistakes = &mistakes};
    struct ro_conf_taker taker = {.take = take, .user = &parse};
    RO_TRY(ro_conf_read(text, keys, &mistakes, &taker));
    if (parse.no_memory)
        return RO_NO_MEMORY;
    check_whole(config, &mistakes);
    RO_TRY(make_absolute(config, &mistakes));
    RO_TRY(ro_mistakes_end(&mistakes));
    *ret_config = RO_STEAL(config);
    return RO_OK;
}

enum ro_status
config_load(const char *path, struct ro_buf *errors, struct config **ret_config)
{
    RO_AUTOBUF text = {0};
    struct ro_why why = {""};
    enum ro_status status = ro_file_read(path, RO_CONF_TEXT_MAX, &why, &text);
    if (status == RO_NO_MEMORY)
        return status;
    if (status != RO_OK) {
        ro_buf_printf(errors, "%s\n", why.text);
        return RO_BAD_CONFIG;
    }
    return config_parse(path, ro_buf_view(&text), errors, ret_config);
}

/* --- writing ------------------------------------------------------------- */

static void
print_comment(const char *comment, struct ro_buf *out)
{
    while (comment != NULL && *comment != '\0') {
        size_t size = strcspn(comment, "\n");
        ro_buf_printf(out, "# %.*s\n", (int)size, comment);
        comment += size + (comment[size] == '\n');
    }
}

static void
print_areas(uint32_t areas, struct ro_buf *out)
{
    const char *comma = "";
    ro_buf_printf(out, "{ ");
    if (areas == 0)
        ro_buf_printf(out, "none");
    for (enum ro_log_area area = 0; area < RO_AREA_COUNT; area++) {
        if ((areas >> area & 1u) == 0)
            continue;
        ro_buf_printf(out, "%s%s", comma, ro_log_area_name(area));
        comma = ", ";
    }
    ro_buf_printf(out, " }\n");
}

static void
print_headline(const char *words, struct ro_buf *out)
{
    static const char dashes[] = "----------------------------------------"
                                 "----------------------------------------";
    size_t used = strlen("# ---  ") + strlen(words);
    ro_buf_printf(out, "\n\n# --- %s %s\n", words, dashes + used);
}

static void
print_option(const struct config *config,
             const struct option *option,
             struct ro_buf *out)
{
    const char *field = (const char *)config + option->offset;
    ro_buf_printf(out, "\n");
    print_comment(option->comment, out);
    if (is_number(option)) {
        uint32_t number = 0;
        memcpy(&number, field, sizeof(number));
        if (option->kind == COUNT) {
            ro_buf_printf(out, "# %u to %u, usually %u.\n", option->min,
                          option->max, option->usual);
        }
        ro_buf_printf(out, "%s = ", option->name);
        if (option->kind == COUNT) {
            ro_buf_printf(out, "%u\n", number);
        } else {
            print_areas(number, out);
        }
        return;
    }
    const char *text = NULL;
    memcpy(&text, field, sizeof(text));
    ro_buf_printf(out, "%s = ", option->name);
    ro_conf_quote(text, out);
    ro_buf_printf(out, "\n");
}

void
config_print(const struct config *config, struct ro_buf *out)
{
    ro_buf_printf(
        out, "# reachoutd.conf: the broker of one circle.\n"
             "#\n"
             "# `reachoutd --config FILE --check` names every mistake with "
             "its line; an\n"
             "# unknown key is one. A key that is left out has its usual "
             "value.\n");
    for (size_t i = 0; i < RO_LEN(options); i++) {
        if (options[i].kind == HEADLINE) {
            print_headline(options[i].name, out);
        } else {
            print_option(config, &options[i], out);
        }
    }
}

/* --- a new broker -------------------------------------------------------- */

static enum ro_status
set_text(struct config *config,
         const char *name,
         const char *value,
         struct ro_why *why)
{
    const struct option *option = options;
    while (option->kind == HEADLINE || strcmp(option->name, name) != 0)
        option++;
    const char *reason = objection(option, value);
    if (reason != NULL)
        return ro_why(why, RO_BAD_CONFIG, "%s: %s", name, reason);
    return replace(text_of(config, option), value);
}

enum ro_status
config_init_text(const char *data_dir,
                 const char *member_endpoint,
                 const char *open_endpoint,
                 struct ro_why *why,
                 struct ro_buf *ret_text)
{
    RO_CLEANUP(config_freep) struct config *config = NULL;
    RO_TRY(new_config(&config));
    RO_TRY(set_text(config, "data_dir", data_dir, why));
    RO_TRY(set_text(config, "member_endpoint", member_endpoint, why));
    RO_TRY(set_text(config, "open_endpoint", open_endpoint, why));
    struct ro_mistakes mistakes = {.file = "reachoutd.conf", .why = why};
    check_whole(config, &mistakes);
    RO_TRY(make_absolute(config, &mistakes));
    RO_TRY(ro_mistakes_end(&mistakes));
    config_print(config, ret_text);
    return ro_buf_ok(ret_text);
}

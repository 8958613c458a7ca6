/* SPDX-License-Identifier: Apache-2.0 */
#include "common/conf/reader.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <confuse.h>

#include "common/base/text.h"
#include "common/conf/syntax.h"

/* libconfuse's scanner keeps its state in globals, and a process may serve
 * several circles on several threads. */
static pthread_mutex_t scanner_lock = PTHREAD_MUTEX_INITIALIZER;

/* --- the text ------------------------------------------------------------ */

/* A terminated copy without byte order mark and CRs before line feeds. */
static char *
plain_copy(struct ro_bytes text)
{
    char *copy = malloc(text.size + 1);
    if (copy == NULL)
        return NULL;
    size_t from = 0;
    size_t to = 0;
    if (text.size >= 3 && memcmp(text.data, "\xEF\xBB\xBF", 3) == 0)
        from = 3;
    for (; from < text.size; from++) {
        if (text.data[from] == '\r' && from + 1 < text.size &&
            text.data[from + 1] == '\n')
            continue;
        copy[to++] = (char)text.data[from];
    }
    copy[to] = '\0';
    return copy;
}

/* Whether each line is UTF-8 without controls. */
static bool
is_text(const char *text, size_t size, struct ro_mistakes *mistakes)
{
    unsigned before = mistakes->count;
    const char *end = text + size;
    for (unsigned line = 1; text <= end; line++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        if (stop == NULL)
            stop = end;
        struct ro_bytes bytes = {(const uint8_t *)text, (size_t)(stop - text)};
        struct ro_why why = {""};
        if (ro_text_check(bytes, RO_TEXT_BODY, RO_CONF_TEXT_MAX, &why) != RO_OK)
            ro_mistake(mistakes, line, NULL, "%s", why.text);
        text = stop + 1;
    }
    return mistakes->count == before;
}

/* --- libconfuse ---------------------------------------------------------- */

static void
free_options(cfg_opt_t *options)
{
    if (options == NULL)
        return;
    for (cfg_opt_t *option = options; option->name != NULL; option++)
        free(option->subopts);
    free(options);
}

static bool
is_in(const struct ro_conf_key *key, const char *section)
{
    if (key->section == NULL || section == NULL)
        return key->section == section;
    return strcmp(key->section, section) == 0;
}

/* The table as libconfuse wants it: one section of it, everything a string.
 * NULL without memory. */
static cfg_opt_t *
new_options(const struct ro_conf_key *keys, const char *section)
{
    size_t count = 0;
    for (const struct ro_conf_key *key = keys; key->name != NULL; key++)
        count += is_in(key, section);
    cfg_opt_t *options = calloc(count + 1, sizeof(*options));
    cfg_opt_t *option = options;
    for (; options != NULL && keys->name != NULL; keys++) {
        if (!is_in(keys, section))
            continue;
        option->name = keys->name;
        option->type = CFGT_STR;
        option->flags = CFGF_NODEFAULT;
        if (keys->kind == RO_CONF_LIST)
            option->flags |= CFGF_LIST;
        if (keys->kind == RO_CONF_SECTION || keys->kind == RO_CONF_TITLED)
            option->type = CFGT_SEC;
        if (keys->kind == RO_CONF_TITLED)
            option->flags |= CFGF_MULTI | CFGF_TITLE;
        option++;
    }
    return options;
}

static cfg_opt_t *
new_option_tree(const struct ro_conf_key *keys)
{
    cfg_opt_t *options = new_options(keys, NULL);
    if (options == NULL)
        return NULL;
    for (cfg_opt_t *option = options; option->name != NULL; option++) {
        if (option->type != CFGT_SEC)
            continue;
        option->subopts = new_options(keys, option->name);
        if (option->subopts == NULL) {
            free_options(options);
            return NULL;
        }
    }
    return options;
}

static void RO_PRINTF(2, 0) silence(RO_UNUSED cfg_t *cfg,
                                    RO_UNUSED const char *format,
                                    RO_UNUSED va_list ap)
{
    /* the syntax check has spoken; without a function it goes to stderr */
}

static void
free_tree(cfg_t **tree)
{
    if (*tree != NULL)
        (void)cfg_free(*tree);
}

/* --- what it found ------------------------------------------------------- */

struct walk {
    cfg_t *root;
    struct ro_mistakes *mistakes;
    const struct ro_conf_taker *taker;
};

static bool
is_line(struct walk *walk, const struct ro_conf_item *item, const char *value)
{
    struct ro_why why = {""};
    if (ro_text_check(ro_bytes_text(value), RO_TEXT_LINE, RO_CONF_VALUE_MAX,
                      &why) == RO_OK)
        return true;
    ro_mistake(walk->mistakes, item->line, item->key->name, "%s", why.text);
    return false;
}

static void
give(struct walk *walk, const struct ro_statement *statement)
{
    const struct ro_conf_key *key = statement->key;
    bool begins = key->kind == RO_CONF_SECTION || key->kind == RO_CONF_TITLED;
    const char *name = begins ? key->name : key->section;
    cfg_t *scope = name == NULL ? walk->root
                                : cfg_getnsec(walk->root, name, statement->nth);
    cfg_opt_t *option =
        begins || scope == NULL ? NULL : cfg_getopt(scope, key->name);
    if (scope == NULL || (!begins && cfg_opt_size(option) == 0)) {
        ro_mistake(walk->mistakes, statement->line, key->name,
                   "the parser cannot read it");
        return;
    }

    struct ro_conf_item item = {
        .key = key, .line = statement->line, .title = cfg_title(scope)};
    if (begins && (item.title == NULL || is_line(walk, &item, item.title)))
        walk->taker->take(walk->taker->user, &item);
    for (unsigned i = 0; !begins && i < cfg_opt_size(option); i++) {
        item.value = cfg_opt_getnstr(option, i);
        if (is_line(walk, &item, item.value))
            walk->taker->take(walk->taker->user, &item);
    }
}

static enum ro_status
parse_locked(const char *text,
             cfg_opt_t *options,
             const struct ro_statements *statements,
             struct walk *walk)
{
    RO_CLEANUP(free_tree) cfg_t *root = cfg_init(options, CFGF_NONE);
    if (root == NULL)
        return RO_NO_MEMORY;
    (void)cfg_set_error_function(root, silence);
    if (text[0] != '\0' && cfg_parse_buf(root, text) != CFG_SUCCESS)
        ro_mistake(walk->mistakes, 0, NULL, "the parser cannot read it");
    walk->root = root;
    for (size_t i = 0; i < statements->count; i++)
        give(walk, &statements->list[i]);
    return RO_OK;
}

static enum ro_status
parse(const char *text,
      const struct ro_conf_key *keys,
      const struct ro_statements *statements,
      struct walk *walk)
{
    cfg_opt_t *options = new_option_tree(keys);
    if (options == NULL)
        return RO_NO_MEMORY;
    (void)pthread_mutex_lock(&scanner_lock);
    enum ro_status status = parse_locked(text, options, statements, walk);
    (void)pthread_mutex_unlock(&scanner_lock);
    free_options(options);
    return status;
}

enum ro_status
ro_conf_read(struct ro_bytes text,
             const struct ro_conf_key *keys,
             struct ro_mistakes *mistakes,
             const struct ro_conf_taker *taker)
{
    if (text.size > RO_CONF_TEXT_MAX) {
        ro_mistake(mistakes, 0, NULL, "it is longer than %zu bytes",
                   RO_CONF_TEXT_MAX);
        return RO_OK;
    }
    RO_AUTOFREE char *copy = plain_copy(text);
    if (copy == NULL)
        return RO_NO_MEMORY;
    if (text.size > 0 && memchr(text.data, '\0', text.size) != NULL) {
        ro_mistake(mistakes, 0, NULL, "this is no text: it has a zero byte");
        return RO_OK;
    }
    if (!is_text(copy, strlen(copy), mistakes))
        return RO_OK;

    RO_CLEANUP(ro_statements_fini) struct ro_statements statements = {0};
    RO_TRY(ro_syntax_check(copy, keys, mistakes, &statements));
    struct walk walk = {.mistakes = mistakes, .taker = taker};
    return parse(copy, keys, &statements, &walk);
}

/* --- small values -------------------------------------------------------- */

bool
ro_conf_number(const char *value,
               uint32_t min,
               uint32_t max,
               uint32_t *ret_number)
{
    uint64_t number = 0;
    if (*value == '\0')
        return false;
    for (; *value != '\0'; value++) {
        if (*value < '0' || *value > '9')
            return false;
        number = number * 10 + (uint64_t)(*value - '0');
        if (number > max)
            return false;
    }
    if (number < min)
        return false;
    *ret_number = (uint32_t)number;
    return true;
}

void
ro_conf_quote(const char *value, struct ro_buf *out)
{
    ro_buf_put_u8(out, '"');
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\')
            ro_buf_put_u8(out, '\\');
        ro_buf_put_u8(out, (uint8_t)*value);
    }
    ro_buf_put_u8(out, '"');
}

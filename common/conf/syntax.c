/* SPDX-License-Identifier: Apache-2.0 */
#include "common/conf/syntax.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_WORD 40

enum token_kind {
    AT_END,
    WORD,
    STRING,
    OPENS,
    CLOSES,
    EQUALS,
    COMMA,
    BROKEN /* a mistake is noted already */
};

struct token {
    enum token_kind kind;
    char *from; /* with its quotes */
    char *text; /* without */
    size_t size;
    unsigned line;
};

struct syntax {
    const struct ro_conf_key *keys;
    struct ro_mistakes *mistakes;
    struct ro_statements *out;
    const struct ro_conf_key *section; /* that we are in, or NULL */
    char *at;
    unsigned line;
    unsigned nth; /* which of its name that section is */
    unsigned sections;
    uint64_t seen_top; /* keys by their place in the table */
    uint64_t seen_inside;
    bool no_memory;
};

/* How a statement ended. */
enum ending {
    TAKEN,   /* libconfuse may read it */
    DROPPED, /* it is whole, but may not stand there */
    SPOILT   /* it is not even whole; we are somewhere in it */
};

/* --- tokens -------------------------------------------------------------- */

static bool
is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '.' || c == '_' || c == ':' ||
           c == '-';
}

/* Lines are counted once and not by libconfuse, so their ends may go too. */
static void
blank(char *from, const char *to)
{
    memset(from, ' ', (size_t)(to - from));
}

static void
skip_space(struct syntax *s)
{
    for (; *s->at != '\0'; s->at++) {
        if (*s->at == '#') {
            blank(s->at, s->at + strcspn(s->at, "\n"));
        } else if (*s->at == '\n') {
            s->line++;
        } else if (*s->at != ' ' && *s->at != '\t') {
            return;
        }
    }
}

static enum token_kind
broken(struct syntax *s, const char *reason)
{
    ro_mistake(s->mistakes, s->line, NULL, "%s", reason);
    return BROKEN;
}

/* On the opening quote; leaves behind the closing one, if there is one. */
static enum token_kind
string(struct syntax *s, struct token *token)
{
    enum token_kind kind = STRING;
    token->text = ++s->at;
    for (; *s->at != '"'; s->at++) {
        if (*s->at == '\0' || *s->at == '\n')
            return broken(s, "a quote is not closed on its line");
        if (s->at[0] == '$' && s->at[1] == '{')
            kind = broken(s, "${...} is not taken here");
        if (*s->at != '\\')
            continue;
        if (s->at[1] != '"' && s->at[1] != '\\') {
            kind = broken(s, "behind a \\ only \" or another \\ may stand");
        } else {
            s->at++;
        }
    }
    token->size = (size_t)(s->at - token->text);
    s->at++;
    return kind;
}

static enum token_kind
word(struct syntax *s, struct token *token)
{
    while (is_word(*s->at))
        s->at++;
    token->size = (size_t)(s->at - token->text);
    return token->size > 0 ? WORD
                           : broken(s, "put this value into double quotes");
}

static struct token
next(struct syntax *s)
{
    static const char marks[] = "{}=,";
    static const enum token_kind kinds[] = {OPENS, CLOSES, EQUALS, COMMA};

    skip_space(s);
    struct token token = {
        .from = s->at, .text = s->at, .size = 1, .line = s->line};
    const char *mark = strchr(marks, *s->at);
    if (*s->at == '\0') {
        token.kind = AT_END;
    } else if (mark != NULL) {
        token.kind = kinds[mark - marks];
        s->at++;
    } else if (*s->at == '"') {
        token.kind = string(s, &token);
    } else {
        token.kind = word(s, &token);
    }
    return token;
}

/* --- mistakes ------------------------------------------------------------ */

static enum ending
spoilt(struct syntax *s, const struct token *token, const char *expected)
{
    if (token->kind == AT_END) {
        ro_mistake(s->mistakes, token->line, NULL,
                   "%s is expected, but the file ends", expected);
    } else if (token->kind != BROKEN) {
        ro_mistake(s->mistakes, token->line, NULL, "%s is expected, not '%.*s'",
                   expected,
                   token->size > SHOWN_WORD ? SHOWN_WORD : (int)token->size,
                   token->text);
    }
    return SPOILT;
}

static enum ending
dropped(struct syntax *s,
        const struct token *name,
        const struct ro_conf_key *key,
        const char *reason)
{
    ro_mistake(s->mistakes, name->line, key->name, "%s", reason);
    return DROPPED;
}

/* Behind what broke a statement: on to the line's end, since more would only
 * be noise, but not past the end of the section. */
static void
skip_rest(struct syntax *s)
{
    s->at += strcspn(s->at, s->section != NULL ? "}\n" : "\n");
}

/* --- keys ---------------------------------------------------------------- */

static bool
stands_in(const struct ro_conf_key *key, const struct ro_conf_key *section)
{
    if (key->section == NULL || section == NULL)
        return key->section == NULL && section == NULL;
    return strcmp(key->section, section->name) == 0;
}

static const struct ro_conf_key *
find_key(struct syntax *s, const struct token *name)
{
    for (const struct ro_conf_key *key = s->keys; key->name != NULL; key++) {
        if (stands_in(key, s->section) && strlen(key->name) == name->size &&
            memcmp(key->name, name->text, name->size) == 0)
            return key;
    }
    return NULL;
}

static enum ending
unknown_key(struct syntax *s, const struct token *name)
{
    char word[SHOWN_WORD + 1] = "";
    memcpy(word, name->text,
           name->size > SHOWN_WORD ? (size_t)SHOWN_WORD : name->size);
    struct ro_nearest nearest = {.word = word};
    for (const struct ro_conf_key *key = s->keys; key->name != NULL; key++) {
        if (stands_in(key, s->section))
            ro_nearest_try(&nearest, key->name);
    }
    if (nearest.best != NULL) {
        ro_mistake(s->mistakes, name->line, word,
                   "unknown key; did you mean '%s'?", nearest.best);
    } else {
        ro_mistake(s->mistakes, name->line, word, "unknown key");
    }
    return DROPPED;
}

/* Whether the key stands here for the first time; marks it. */
static bool
is_first(struct syntax *s, const struct ro_conf_key *key)
{
    size_t place = (size_t)(key - s->keys);
    assert(place < 64); /* reader.h: that is how long a table may be */
    uint64_t bit = (uint64_t)1 << place;
    uint64_t *seen = s->section == NULL ? &s->seen_top : &s->seen_inside;
    bool is_new = (*seen & bit) == 0;
    *seen |= bit;
    return is_new;
}

static void
note(struct syntax *s, const struct ro_statement *statement)
{
    struct ro_statements *out = s->out;
    if (out->count == out->room) {
        size_t room = out->room == 0 ? 64 : out->room * 2;
        void *list = reallocarray(out->list, room, sizeof(*out->list));
        if (list == NULL) {
            s->no_memory = true;
            return;
        }
        out->list = list;
        out->room = room;
    }
    out->list[out->count++] = *statement;
}

/* --- key = value --------------------------------------------------------- */

static bool
is_value(const struct token *token)
{
    return token->kind == WORD || token->kind == STRING;
}

/* Behind a list's '{'. */
static enum ending
list(struct syntax *s, const struct token *name)
{
    unsigned count = 0;
    struct token token = next(s);
    while (token.kind != CLOSES) {
        if (!is_value(&token))
            return spoilt(s, &token, "a value");
        count++;
        token = next(s);
        if (token.kind == COMMA) {
            token = next(s);
        } else if (token.kind != CLOSES) {
            return spoilt(s, &token, "',' or '}'");
        }
    }
    if (count > 0 && count <= RO_CONF_LIST_MAX)
        return TAKEN;
    ro_mistake(s->mistakes, name->line, NULL,
               count == 0 ? "the list is empty" : "the list is too long");
    return DROPPED;
}

/* Behind the '='. */
static enum ending
assignment(struct syntax *s, const struct token *name)
{
    struct token value = next(s);
    bool is_list = value.kind == OPENS;
    enum ending ending = is_list ? list(s, name) : TAKEN;
    if (!is_list && !is_value(&value)) {
        if (value.kind == CLOSES) /* which is the section's */
            s->at = value.from;
        ending = spoilt(s, &value, "a value");
    }
    if (ending != TAKEN)
        return ending;

    const struct ro_conf_key *key = find_key(s, name);
    if (key == NULL)
        return unknown_key(s, name);
    if (key->kind != RO_CONF_ONE && key->kind != RO_CONF_LIST)
        return dropped(s, name, key, "this is a section: put { } behind it");
    if (is_list && key->kind == RO_CONF_ONE)
        return dropped(s, name, key, "it takes one value, not a list");
    if (!is_first(s, key))
        return dropped(s, name, key, "it is given twice");
    note(s,
         &(struct ro_statement){.key = key, .line = name->line, .nth = s->nth});
    return TAKEN;
}

/* --- key "title" { ... } ------------------------------------------------- */

/* Behind the '{' of a section that may not stand there: on to its '}'. */
static enum ending
skip_section(struct syntax *s)
{
    for (int depth = 1; depth > 0;) {
        struct token token = next(s);
        if (token.kind == AT_END)
            return SPOILT;
        if (token.kind == BROKEN)
            s->at += strcspn(s->at, "\n");
        depth += (token.kind == OPENS) - (token.kind == CLOSES);
    }
    return DROPPED;
}

/* How many sections of that name were taken; whether one has that title. */
static unsigned
count_sections(const struct syntax *s,
               const struct ro_conf_key *key,
               const struct token *title,
               bool *ret_is_known)
{
    unsigned count = 0;
    for (size_t i = 0; i < s->out->count; i++) {
        const struct ro_statement *past = &s->out->list[i];
        if (past->key != key)
            continue;
        count++;
        *ret_is_known |= past->title != NULL &&
                         past->title_size == title->size &&
                         memcmp(past->title, title->text, title->size) == 0;
    }
    return count;
}

/* Why a section may not begin here, or NULL. */
static const char *
objection(struct syntax *s,
          const struct ro_conf_key *key,
          const struct token *title)
{
    bool is_titled = is_value(title);
    bool is_known = false;
    s->nth = count_sections(s, key, title, &is_known);
    if (key->kind != RO_CONF_SECTION && key->kind != RO_CONF_TITLED)
        return "this is no section: put = and a value behind it";
    if (is_titled && key->kind == RO_CONF_SECTION)
        return "this section takes no title";
    if (!is_titled && key->kind == RO_CONF_TITLED)
        return "this section needs a title before its {";
    if (is_titled ? is_known : !is_first(s, key))
        return is_titled ? "another one has this title" : "it is given twice";
    if (s->sections == RO_CONF_SECTIONS_MAX)
        return "there are too many sections";
    return NULL;
}

static enum token_kind statements(struct syntax *s);

/* Behind the '{' of a section that may stand there. */
static enum ending
inside(struct syntax *s,
       const struct ro_conf_key *key,
       const struct token *name,
       const struct token *title)
{
    size_t before = s->out->count;
    struct ro_statement begin = {.key = key, .line = name->line, .nth = s->nth};
    if (is_value(title)) {
        begin.title = title->text;
        begin.title_size = title->size;
    }
    note(s, &begin);
    s->sections++;
    s->section = key;
    s->seen_inside = 0;
    enum token_kind end = statements(s);
    s->section = NULL;
    if (end == CLOSES)
        return TAKEN;
    s->out->count = before;
    ro_mistake(s->mistakes, name->line, key->name, "it is never closed");
    return SPOILT;
}

/* A name with nothing behind it on its line. */
static enum ending
alone(struct syntax *s, const struct token *name, const struct token *title)
{
    ro_mistake(
        s->mistakes, name->line, NULL, "'=' or '{' is expected behind '%.*s'",
        name->size > SHOWN_WORD ? SHOWN_WORD : (int)name->size, name->text);
    s->at = title->from;
    s->line = title->line;
    return DROPPED;
}

/* Whether a word that was taken goes on with what is in no word. */
static bool
is_odd(const struct syntax *s, const struct token *word)
{
    return word->kind == WORD && strchr(" \t\n{}=,\"#", *s->at) == NULL;
}

/* A title with other characters: on to the section's end, for what is in it may
 * well be right. */
static enum ending
odd_title(struct syntax *s, const struct token *name, const struct token *title)
{
    s->at += strcspn(s->at, " \t\n{}=,\"#");
    const size_t size = (size_t)(s->at - title->text);
    ro_mistake(s->mistakes, title->line, NULL,
               "%.*s: a name has letters, digits and -; anything else stands "
               "in double quotes",
               size > SHOWN_WORD ? SHOWN_WORD : (int)size, title->text);
    skip_space(s);
    if (*s->at != '{' || find_key(s, name) == NULL)
        return SPOILT;
    s->at++;
    return skip_section(s);
}

/* On what stands behind the name. */
static enum ending
section(struct syntax *s, const struct token *name, const struct token *title)
{
    if (is_value(title) && title->line != name->line)
        return alone(s, name, title);
    if (is_odd(s, title))
        return odd_title(s, name, title);
    struct token opens = is_value(title) ? next(s) : *title;
    if (opens.kind != OPENS)
        return spoilt(s, &opens, is_value(title) ? "'{'" : "'=' or '{'");
    const struct ro_conf_key *key = find_key(s, name);
    if (key == NULL || s->section != NULL) {
        (void)unknown_key(s, name);
        return skip_section(s);
    }
    const char *reason = objection(s, key, title);
    if (reason == NULL)
        return inside(s, key, name, title);
    (void)dropped(s, name, key, reason);
    return skip_section(s);
}

/* Statements up to the section's '}' or to the file's end; says which. */
static enum token_kind
statements(struct syntax *s)
{
    for (;;) {
        struct token name = next(s);
        if (name.kind == AT_END || (name.kind == CLOSES && s->section != NULL))
            return name.kind;
        enum ending ending = SPOILT;
        if (name.kind == WORD) {
            struct token second = next(s);
            ending = second.kind == EQUALS ? assignment(s, &name)
                                           : section(s, &name, &second);
        } else {
            (void)spoilt(s, &name, "a key");
        }
        if (ending == SPOILT)
            skip_rest(s);
        if (ending != TAKEN)
            blank(name.from, s->at);
    }
}

/* --- the whole ----------------------------------------------------------- */

void
ro_statements_fini(struct ro_statements *statements)
{
    free(statements->list);
    *statements = (struct ro_statements){0};
}

enum ro_status
ro_syntax_check(char *text,
                const struct ro_conf_key *keys,
                struct ro_mistakes *mistakes,
                struct ro_statements *ret_statements)
{
    struct syntax s = {
        .keys = keys,
        .mistakes = mistakes,
        .out = ret_statements,
        .at = text,
        .line = 1,
    };
    (void)statements(&s);
    return s.no_memory ? RO_NO_MEMORY : RO_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "common/conf/parse.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/conf/circle.h"

/* Enough for any text of RO_CIRCLE_CONF_MAX, even if it were one long list. */
#define ARENA_BYTES ((size_t)2 * 1024 * 1024)
#define ARENA_PIECES ((size_t)64 * 1024)

#define DEFAULT_K 5

/* The table that the reader wants, and the takers in the same order. */
static const struct ro_conf_key keys[] = {
#define X(section_, name_, kind_, taker_)                                      \
    {.section = (section_), .name = (name_), .kind = RO_CONF_##kind_},
#include "common/conf/parse.def"
#undef X
    {.name = NULL},
};

static const ro_parse_take_fn takers[] = {
#define X(section_, name_, kind_, taker_) ro_parse_##taker_,
#include "common/conf/parse.def"
#undef X
};

/* --- for the takers ------------------------------------------------------ */

void
ro_parse_refuse(struct ro_parse *parse,
                const struct ro_conf_item *item,
                const char *reason)
{
    parse->is_refused = true;
    parse->n_refused++;
    ro_mistake(parse->mistakes, item->line, item->key->name, "%s", reason);
}

void
ro_parse_refuse_section(struct ro_parse *parse, const char *reason)
{
    parse->is_refused = true;
    ro_mistake(parse->mistakes, parse->line, parse->section, "%s: %s",
               parse->title, reason);
}

void *
ro_parse_room(struct ro_parse *parse, size_t size)
{
    void *room = ro_arena_zero(parse->conf->arena, size);
    if (room == NULL)
        parse->no_memory = true;
    return room;
}

const char *
ro_parse_keep(struct ro_parse *parse, const char *text)
{
    const char *copy = ro_arena_text(parse->conf->arena, text);
    if (copy == NULL)
        parse->no_memory = true;
    return copy != NULL ? copy : "";
}

/* Closes the section that is open. */
static void
finish(struct ro_parse *parse)
{
    if (parse->finish != NULL)
        parse->finish(parse);
    *parse = (struct ro_parse){
        .conf = parse->conf,
        .mistakes = parse->mistakes,
        .no_memory = parse->no_memory,
        .n_refused = parse->n_refused,
    };
}

void
ro_parse_begin(struct ro_parse *parse, const struct ro_conf_item *item)
{
    finish(parse);
    parse->section = item->key->name;
    parse->title = item->title != NULL ? ro_parse_keep(parse, item->title) : "";
    parse->line = item->line;
}

/* --- values of the whole circle ------------------------------------------ */

void
ro_parse_k(struct ro_parse *parse, const struct ro_conf_item *item)
{
    if (!ro_conf_number(item->value, 2, 1000, &parse->conf->k))
        ro_parse_refuse(parse, item, "a number from 2 to 1000 is expected");
}

void
ro_parse_expiry(struct ro_parse *parse, const struct ro_conf_item *item)
{
    uint32_t *days = &parse->conf->expiry_days;
    if (!ro_conf_number(item->value, 1, RO_EXPIRY_DAYS_MAX, days))
        ro_parse_refuse(parse, item, "days from 1 to 120 are expected");
}

/* --- the whole ----------------------------------------------------------- */

static struct ro_circle_conf *
new_conf(void)
{
    RO_CLEANUP(ro_circle_conf_freep)
    struct ro_circle_conf *conf = calloc(1, sizeof(*conf));
    if (conf == NULL)
        return NULL;
    conf->arena = ro_arena_new(ARENA_BYTES, ARENA_PIECES);
    if (conf->arena == NULL)
        return NULL;
    conf->k = DEFAULT_K;
    conf->expiry_days = RO_EXPIRY_DAYS;
    conf->calendar = (struct ro_calendar){
        .timezone = "Europe/London",
        .opens_min = 8 * 60,
        .closes_min = 16 * 60 + 30,
        .terms = conf->terms,
        .closures = conf->closures,
    };
    return RO_STEAL(conf);
}

static void
take(void *user, const struct ro_conf_item *item)
{
    struct ro_parse *parse = user;
    takers[item->key - keys](parse, item);
}

/* What no single section can tell. */
static void
check_whole(const struct ro_circle_conf *conf, struct ro_mistakes *mistakes)
{
    if (conf->topic_count == 0)
        ro_mistake(mistakes, 0, "topic", "a circle needs at least one");
    for (size_t i = 0; i < RO_CIRCLE_URGENCIES; i++) {
        if (conf->urgencies[i].code == NULL)
            ro_mistake(mistakes, 0, "urgency", "U%zu is missing", i + 1);
    }
    if (conf->calendar.term_count == 0)
        ro_mistake(mistakes, 0, "term", "a calendar needs at least one");
}

static enum ro_status
parse_text(struct ro_bytes text,
           struct ro_mistakes *mistakes,
           struct ro_circle_conf **ret_conf)
{
    RO_CLEANUP(ro_circle_conf_freep) struct ro_circle_conf *conf = new_conf();
    if (conf == NULL)
        return RO_NO_MEMORY;
    struct ro_parse parse = {.conf = conf, .mistakes = mistakes};
    struct ro_conf_taker taker = {.take = take, .user = &parse};
    if (text.size > RO_CIRCLE_CONF_MAX) {
        ro_mistake(mistakes, 0, NULL, "it has %zu bytes; %zu are the most",
                   text.size, RO_CIRCLE_CONF_MAX);
    } else {
        RO_TRY(ro_conf_read(text, keys, mistakes, &taker));
    }
    finish(&parse);
    /* after broken syntax, or a section that is none, what is missing may only
     * have been skipped */
    if (mistakes->count == parse.n_refused)
        check_whole(conf, mistakes);
    if (parse.no_memory)
        return RO_NO_MEMORY;
    RO_TRY(ro_mistakes_end(mistakes));
    *ret_conf = RO_STEAL(conf);
    return RO_OK;
}

enum ro_status
ro_circle_conf_parse(struct ro_bytes text,
                     struct ro_why *why,
                     struct ro_circle_conf **ret_conf)
{
    struct ro_mistakes mistakes = {.file = "circle.conf", .why = why};
    return parse_text(text, &mistakes, ret_conf);
}

enum ro_status
ro_circle_conf_check(struct ro_bytes text, struct ro_buf *ret_mistakes)
{
    struct ro_mistakes mistakes = {.file = "circle.conf", .out = ret_mistakes};
    RO_CLEANUP(ro_circle_conf_freep) struct ro_circle_conf *conf = NULL;
    return parse_text(text, &mistakes, &conf);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How circle.conf becomes a struct ro_circle_conf: the reader gives one item
 * after another, parse.def says who takes which. Inside of common/conf only.
 */
#ifndef RO_CONF_PARSE_H
#define RO_CONF_PARSE_H

#include "common/conf/inside.h"
#include "common/conf/mistakes.h"
#include "common/conf/reader.h"

struct ro_parse;

/* Takes one item: a value, or the beginning of a section. */
typedef void (*ro_parse_take_fn)(struct ro_parse *parse,
                                 const struct ro_conf_item *item);

struct ro_parse {
    struct ro_circle_conf *conf;
    struct ro_mistakes *mistakes;
    bool no_memory;
    unsigned n_refused; /* of all mistakes: those of single values */

    /* The section that is open. What it has none of is NULL or zero, also
     * where the section itself was refused: takers then only check. */
    void (*finish)(struct ro_parse *parse); /* checks it when it is whole */
    const char *section;
    const char *title;
    unsigned line;
    bool is_refused; /* something in it was */
    const char **words;
    struct ro_urgency *urgency;
    unsigned steps; /* bits of enum ro_step that were given */
    bool has_hours_else;
    bool has_missed;
    struct ro_group_rules *group;
    struct ro_day_range *range;
    bool is_term;
    bool has_from;
    bool has_to;
};

/* Notes that an item is wrong, and why. */
void ro_parse_refuse(struct ro_parse *parse,
                     const struct ro_conf_item *item,
                     const char *reason);

/* Notes that the open section is wrong, and why. */
void ro_parse_refuse_section(struct ro_parse *parse, const char *reason);

/* A copy of the text that lives as long as the configuration. */
const char *ro_parse_keep(struct ro_parse *parse, const char *text);

/* Memory of that kind, cleared; NULL without. */
void *ro_parse_room(struct ro_parse *parse, size_t size);

/* Checks the section that is open, and opens the one that the item begins. */
void ro_parse_begin(struct ro_parse *parse, const struct ro_conf_item *item);

/* The takers of parse.def. */
#define RO_TAKER(name)                                                         \
    void ro_parse_##name(struct ro_parse *parse,                               \
                         const struct ro_conf_item *item)
RO_TAKER(k);
RO_TAKER(expiry);
RO_TAKER(topic);
RO_TAKER(words);
RO_TAKER(urgency);
RO_TAKER(step);
RO_TAKER(step_hours);
RO_TAKER(step_else);
RO_TAKER(stops);
RO_TAKER(missed);
RO_TAKER(group);
RO_TAKER(urn);
RO_TAKER(rule);
RO_TAKER(calendar);
RO_TAKER(timezone);
RO_TAKER(hours);
RO_TAKER(term);
RO_TAKER(closure);
RO_TAKER(from);
RO_TAKER(to);
#undef RO_TAKER

#endif

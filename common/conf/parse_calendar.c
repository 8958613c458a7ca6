/* SPDX-License-Identifier: Apache-2.0 */
/* When the circle's schools work. */
#include "common/conf/parse.h"

#include <string.h>

#include "common/conf/values.h"

void
ro_parse_calendar(struct ro_parse *parse, const struct ro_conf_item *item)
{
    ro_parse_begin(parse, item);
}

void
ro_parse_timezone(struct ro_parse *parse, const struct ro_conf_item *item)
{
    /* school time knows the clock changes of this one */
    if (strcmp(item->value, parse->conf->calendar.timezone) != 0)
        ro_parse_refuse(parse, item, "only \"Europe/London\" is known");
}

void
ro_parse_hours(struct ro_parse *parse, const struct ro_conf_item *item)
{
    struct ro_calendar *calendar = &parse->conf->calendar;
    if (!ro_value_hours(item->value, &calendar->opens_min,
                        &calendar->closes_min)) {
        ro_parse_refuse(parse, item,
                        "hours are expected, such as \"08:00-16:30\"");
    }
}

/* --- terms and closures -------------------------------------------------- */

static void
finish_range(struct ro_parse *parse)
{
    struct ro_day_range *range = parse->range;
    if (!parse->has_from)
        ro_parse_refuse_section(parse, "'from' is missing");
    if (!parse->has_to && parse->is_term)
        ro_parse_refuse_section(parse, "'to' is missing");
    if (!parse->has_to)
        range->last = range->first;
    if (parse->is_refused)
        return; /* there is nothing to compare */
    if (range->last < range->first)
        ro_parse_refuse_section(parse, "it ends before it begins");
    if (parse->is_term && range > parse->conf->terms &&
        range->first <= range[-1].last) {
        ro_parse_refuse_section(parse,
                                "it begins before the term above it has ended");
    }
}

static void
begin_range(struct ro_parse *parse, struct ro_day_range *ranges, size_t *count)
{
    if (*count == RO_CIRCLE_RANGES_MAX) {
        ro_parse_refuse_section(parse, "there are too many");
        return;
    }
    parse->range = &ranges[(*count)++];
    parse->range->words = parse->title;
    parse->finish = finish_range;
}

void
ro_parse_term(struct ro_parse *parse, const struct ro_conf_item *item)
{
    ro_parse_begin(parse, item);
    parse->is_term = true;
    begin_range(parse, parse->conf->terms, &parse->conf->calendar.term_count);
}

void
ro_parse_closure(struct ro_parse *parse, const struct ro_conf_item *item)
{
    ro_parse_begin(parse, item);
    begin_range(parse, parse->conf->closures,
                &parse->conf->calendar.closure_count);
}

static int32_t
take_day(struct ro_parse *parse, const struct ro_conf_item *item)
{
    int32_t day = 0;
    if (!ro_value_date(item->value, &day)) {
        ro_parse_refuse(parse, item,
                        "a date is expected, such as \"2026-09-01\"");
    }
    return day;
}

void
ro_parse_from(struct ro_parse *parse, const struct ro_conf_item *item)
{
    int32_t day = take_day(parse, item);
    parse->has_from = true;
    if (parse->range != NULL)
        parse->range->first = day;
}

void
ro_parse_to(struct ro_parse *parse, const struct ro_conf_item *item)
{
    int32_t day = take_day(parse, item);
    parse->has_to = true;
    if (parse->range != NULL)
        parse->range->last = day;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What help there is to ask for, how soon it comes, and who is asked. */
#include "common/conf/parse.h"

#include <string.h>

#include "common/conf/values.h"

void
ro_parse_words(struct ro_parse *parse, const struct ro_conf_item *item)
{
    if (item->value[0] == '\0')
        ro_parse_refuse(parse, item, "it is empty");
    if (parse->words != NULL)
        *parse->words = ro_parse_keep(parse, item->value);
}

/* --- topics -------------------------------------------------------------- */

static bool
is_topic_code(const char *code)
{
    return strlen(code) == 3 && code[0] >= 'A' && code[0] <= 'Z' &&
           code[1] >= 'A' && code[1] <= 'Z' && code[2] >= '0' && code[2] <= '9';
}

static void
finish_topic(struct ro_parse *parse)
{
    if (*parse->words == NULL)
        ro_parse_refuse_section(parse, "its words are missing");
}

void
ro_parse_topic(struct ro_parse *parse, const struct ro_conf_item *item)
{
    struct ro_circle_conf *conf = parse->conf;
    ro_parse_begin(parse, item);
    if (!is_topic_code(item->title)) {
        ro_parse_refuse_section(
            parse, "a code is two capitals and a digit, as in TL1");
    } else if (conf->topic_count == RO_CIRCLE_TOPICS_MAX) {
        ro_parse_refuse_section(parse, "there are too many topics");
    } else {
        struct ro_topic *topic = &conf->topics[conf->topic_count++];
        topic->code = parse->title;
        parse->words = &topic->words;
        parse->finish = finish_topic;
    }
}

/* --- urgency ------------------------------------------------------------- */

static const char *const step_keys[RO_STEP_COUNT] = {
    [RO_STEP_ACKNOWLEDGE] = "acknowledge",
    [RO_STEP_FIRST_ASKED] = "first_asked",
    [RO_STEP_REPLY] = "reply",
    [RO_STEP_SHORTLIST] = "shortlist",
    [RO_STEP_FIRST_CONTACT] = "first_contact",
};

static void
finish_urgency(struct ro_parse *parse)
{
    if (*parse->words == NULL)
        ro_parse_refuse_section(parse, "its words are missing");
    for (unsigned step = 0; step < RO_STEP_COUNT; step++) {
        if ((parse->steps >> step & 1u) == 0) {
            ro_mistake(parse->mistakes, parse->line, parse->section,
                       "%s: '%s' is missing", parse->title, step_keys[step]);
        }
    }
    if (!parse->has_missed)
        ro_parse_refuse_section(parse, "'if_missed' is missing");
    if (parse->urgency->has_hours != parse->has_hours_else) {
        ro_parse_refuse_section(
            parse, "'acknowledge_hours' and 'acknowledge_else' go together");
    }
}

void
ro_parse_urgency(struct ro_parse *parse, const struct ro_conf_item *item)
{
    uint32_t number = 0;
    ro_parse_begin(parse, item);
    if (item->title[0] != 'U' || strlen(item->title) != 2 ||
        !ro_conf_number(item->title + 1, 1, RO_CIRCLE_URGENCIES, &number)) {
        ro_parse_refuse_section(parse, "there are U1, U2, U3 and U4");
        return;
    }
    parse->urgency = &parse->conf->urgencies[number - 1];
    *parse->urgency = (struct ro_urgency){
        .code = parse->title,
        .stops_in_holidays = true,
    };
    parse->words = &parse->urgency->words;
    parse->finish = finish_urgency;
}

void
ro_parse_step(struct ro_parse *parse, const struct ro_conf_item *item)
{
    unsigned step = 0;
    while (strcmp(step_keys[step], item->key->name) != 0)
        step++;
    struct ro_span span = {0, RO_SPAN_ROLLING};
    if (!ro_value_span(item->value, &span)) {
        ro_parse_refuse(parse, item,
                        "a span is expected, such as \"30 minutes\", \"4 "
                        "working hours\", \"7 days\", \"1 working day\", "
                        "\"same day\" or \"rolling\"");
    }
    parse->steps |= 1u << step;
    if (parse->urgency != NULL)
        parse->urgency->within[step] = span;
}

void
ro_parse_step_hours(struct ro_parse *parse, const struct ro_conf_item *item)
{
    uint16_t from = 0;
    uint16_t to = 0;
    if (!ro_value_hours(item->value, &from, &to)) {
        ro_parse_refuse(parse, item,
                        "hours are expected, such as \"07:00-18:00\"");
    }
    if (parse->urgency == NULL)
        return;
    parse->urgency->has_hours = true;
    parse->urgency->hours_from_min = from;
    parse->urgency->hours_to_min = to;
}

void
ro_parse_step_else(struct ro_parse *parse, const struct ro_conf_item *item)
{
    uint16_t at = 0;
    if (!ro_value_clock(item->value, &at))
        ro_parse_refuse(parse, item, "a time is expected, such as \"07:30\"");
    parse->has_hours_else = true;
    if (parse->urgency != NULL)
        parse->urgency->hours_else_min = at;
}

void
ro_parse_stops(struct ro_parse *parse, const struct ro_conf_item *item)
{
    bool stops = false;
    if (!ro_value_yes_no(item->value, &stops))
        ro_parse_refuse(parse, item, "yes or no is expected");
    if (parse->urgency != NULL)
        parse->urgency->stops_in_holidays = stops;
}

void
ro_parse_missed(struct ro_parse *parse, const struct ro_conf_item *item)
{
    static const char *const words[] = {
        [RO_MISSED_NEXT_ON_ROTA] = "next-on-rota",
        [RO_MISSED_DEPUTY_COORDINATOR] = "deputy-coordinator",
        [RO_MISSED_STALLED] = "stalled",
    };
    unsigned i = 0;
    while (i < RO_LEN(words) && strcmp(words[i], item->value) != 0)
        i++;
    if (i == RO_LEN(words)) {
        ro_parse_refuse(
            parse, item,
            "next-on-rota, deputy-coordinator or stalled is expected");
    } else if (parse->urgency != NULL) {
        parse->urgency->missed = (enum ro_missed)i;
    }
    parse->has_missed = true;
}

/* --- groups -------------------------------------------------------------- */

static bool
is_group_name(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    return name[0] >= 'a' && name[0] <= 'z' &&
           strlen(name) <= RO_GROUP_NAME_MAX &&
           strspn(name, allowed) == strlen(name);
}

static void
finish_group(struct ro_parse *parse)
{
    if (parse->group->group.words == NULL)
        parse->group->group.words = parse->group->group.name;
    bool has_any = parse->group->urns != NULL;
    for (size_t i = 0; i < RO_RULE_COUNT; i++)
        has_any |= parse->group->rules[i] != NULL;
    if (!has_any) {
        ro_parse_refuse_section(
            parse, "nobody fits it: it has neither urns nor a rule");
    }
}

void
ro_parse_group(struct ro_parse *parse, const struct ro_conf_item *item)
{
    struct ro_circle_conf *conf = parse->conf;
    ro_parse_begin(parse, item);
    if (!is_group_name(item->title)) {
        ro_parse_refuse_section(parse,
                                "a name has up to 32 small letters, digits and "
                                "-, and begins with a letter");
    } else if (ro_phase_group_exists(item->title)) {
        ro_parse_refuse_section(parse, "this is the name of a phase");
    } else if (conf->group_count == RO_CIRCLE_GROUPS_MAX) {
        ro_parse_refuse_section(parse, "there are too many groups");
    } else {
        parse->group = &conf->groups[conf->group_count++];
        parse->group->group.name = parse->title;
        parse->words = &parse->group->group.words;
        parse->finish = finish_group;
    }
}

void
ro_parse_urn(struct ro_parse *parse, const struct ro_conf_item *item)
{
    uint32_t urn = 0;
    if (!ro_conf_number(item->value, 100000, 999999, &urn))
        ro_parse_refuse(parse, item, "a URN has six digits");
    if (parse->group == NULL)
        return;
    struct ro_group_urn *entry = ro_parse_room(parse, sizeof(*entry));
    if (entry == NULL)
        return;
    entry->urn = urn;
    entry->next = parse->group->urns;
    parse->group->urns = entry;
}

void
ro_parse_rule(struct ro_parse *parse, const struct ro_conf_item *item)
{
    static const char *const rule_keys[RO_RULE_COUNT] = {
        [RO_RULE_PHASE] = "phases",
        [RO_RULE_TYPE] = "types",
        [RO_RULE_LA] = "la_codes",
        [RO_RULE_TRUST] = "trusts",
    };
    size_t rule = 0;
    while (strcmp(rule_keys[rule], item->key->name) != 0)
        rule++;
    struct ro_why why = {""};
    if (item->value[0] == '\0') {
        ro_parse_refuse(parse, item, "one of its values is empty");
    } else if (rule == RO_RULE_PHASE &&
               ro_phase_check(item->value, &why) != RO_OK) {
        ro_parse_refuse(parse, item, why.text);
    }
    if (parse->group == NULL)
        return;
    struct ro_group_word *entry = ro_parse_room(parse, sizeof(*entry));
    if (entry == NULL)
        return;
    entry->word = ro_parse_keep(parse, item->value);
    entry->next = parse->group->rules[rule];
    parse->group->rules[rule] = entry;
}

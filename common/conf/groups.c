/* SPDX-License-Identifier: Apache-2.0 */
#include "common/conf/circle.h"

#include <string.h>
#include <strings.h>

#include "common/conf/inside.h"
#include "common/conf/mistakes.h"

static const struct ro_group phase_groups[] = {
#define GROUP(name_, words_) {.name = (name_), .words = (words_)},
#define FITS(group_, phase_, type_)
#include "common/conf/groups.def"
#undef GROUP
#undef FITS
};

#define ANY NULL
static const struct {
    const char *group;
    const char *phase;
    const char *type;
} table[] = {
#define GROUP(name_, words_)
#define FITS(group_, phase_, type_)                                            \
    {.group = (group_), .phase = (phase_), .type = (type_)},
#include "common/conf/groups.def"
#undef GROUP
#undef FITS
};
#undef ANY

static bool
fits(const char *wanted, const char *fact)
{
    return wanted == NULL || (fact != NULL && strcasecmp(wanted, fact) == 0);
}

bool
ro_phase_group_exists(const char *name)
{
    for (size_t i = 0; i < RO_LEN(phase_groups); i++) {
        if (strcmp(phase_groups[i].name, name) == 0)
            return true;
    }
    return false;
}

/* Whether no row before has the same phase. */
static bool
is_first_row(size_t row)
{
    for (size_t i = 0; i < row; i++) {
        if (table[i].phase != NULL &&
            strcmp(table[i].phase, table[row].phase) == 0)
            return false;
    }
    return true;
}

/* The register's word for a school that is of no phase. */
#define NO_PHASE "Not applicable"

enum ro_status
ro_phase_check(const char *name, struct ro_why *ret_why)
{
    struct ro_nearest nearest = {.word = name};
    for (size_t i = 0; i < RO_LEN(table); i++) {
        if (table[i].phase == NULL)
            continue;
        if (strcasecmp(table[i].phase, name) == 0)
            return RO_OK;
        ro_nearest_try(&nearest, table[i].phase);
    }
    if (strcasecmp(NO_PHASE, name) == 0)
        return RO_OK;
    if (nearest.best != NULL) {
        return ro_why(ret_why, RO_NOT_FOUND,
                      "the register has no phase '%.40s'; did you mean '%s'?",
                      name, nearest.best);
    }
    (void)ro_why(ret_why, RO_NOT_FOUND, "the register has no phase '%.40s'; ",
                 name);
    ro_offer_begin(ret_why, "there are ");
    for (size_t i = 0; i < RO_LEN(table); i++) {
        if (table[i].phase != NULL && is_first_row(i))
            ro_offer_add(ret_why, table[i].phase);
    }
    ro_offer_add(ret_why, NO_PHASE);
    return RO_NOT_FOUND;
}

/* Whether a school is in a phase group; NULL asks for any but "other". */
static bool
in_phase_group(const char *name, const struct ro_listing_facts *facts)
{
    for (size_t i = 0; i < RO_LEN(table); i++) {
        if ((name == NULL || strcmp(table[i].group, name) == 0) &&
            fits(table[i].phase, facts->phase) &&
            fits(table[i].type, facts->type))
            return true;
    }
    return name != NULL && strcmp(name, "other") == 0 &&
           !in_phase_group(NULL, facts);
}

static bool
in_rules(const struct ro_group_rules *rules,
         const struct ro_listing_facts *facts)
{
    const char *const fact[RO_RULE_COUNT] = {
        [RO_RULE_PHASE] = facts->phase,
        [RO_RULE_TYPE] = facts->type,
        [RO_RULE_LA] = facts->la_code,
        [RO_RULE_TRUST] = facts->trust,
    };
    for (const struct ro_group_urn *urn = rules->urns; urn; urn = urn->next) {
        if (urn->urn == facts->urn)
            return true;
    }
    bool has_rule = false;
    for (size_t i = 0; i < RO_RULE_COUNT; i++) {
        const struct ro_group_word *word = rules->rules[i];
        has_rule |= word != NULL;
        while (word != NULL && !fits(word->word, fact[i]))
            word = word->next;
        if (word == NULL && rules->rules[i] != NULL)
            return false;
    }
    return has_rule;
}

static const struct ro_group_rules *
find_rules(const struct ro_circle_conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->group_count; i++) {
        if (strcmp(conf->groups[i].group.name, name) == 0)
            return &conf->groups[i];
    }
    return NULL;
}

size_t
ro_circle_conf_group_count(const struct ro_circle_conf *conf)
{
    return RO_LEN(phase_groups) + conf->group_count;
}

struct ro_group
ro_circle_conf_group(const struct ro_circle_conf *conf, size_t index)
{
    if (index < RO_LEN(phase_groups))
        return phase_groups[index];
    return conf->groups[index - RO_LEN(phase_groups)].group;
}

enum ro_status
ro_circle_conf_find_group(const struct ro_circle_conf *conf,
                          const char *name,
                          struct ro_why *why)
{
    if (ro_phase_group_exists(name) || find_rules(conf, name) != NULL)
        return RO_OK;
    struct ro_nearest nearest = {.word = name};
    for (size_t i = 0; i < ro_circle_conf_group_count(conf); i++)
        ro_nearest_try(&nearest, ro_circle_conf_group(conf, i).name);
    (void)ro_why(why, RO_NOT_FOUND, "no group '%.32s' here; ", name);
    if (nearest.best != NULL) {
        (void)ro_why(why, RO_NOT_FOUND,
                     "no group '%.32s' here; did you mean '%s'? ", name,
                     nearest.best);
    }
    ro_offer_begin(why, nearest.best != NULL ? "There are " : "there are ");
    for (size_t i = 0; i < ro_circle_conf_group_count(conf); i++)
        ro_offer_add(why, ro_circle_conf_group(conf, i).name);
    return RO_NOT_FOUND;
}

bool
ro_circle_conf_in_group(const struct ro_circle_conf *conf,
                        const char *name,
                        const struct ro_listing_facts *facts)
{
    if (ro_phase_group_exists(name))
        return in_phase_group(name, facts);
    const struct ro_group_rules *rules = find_rules(conf, name);
    return rules != NULL && in_rules(rules, facts);
}

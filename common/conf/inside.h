/* SPDX-License-Identifier: Apache-2.0 */
/* What stands behind circle.h. Inside of common/conf only. */
#ifndef RO_CONF_INSIDE_H
#define RO_CONF_INSIDE_H

#include "common/base/arena.h"
#include "common/conf/circle.h"

#define RO_CIRCLE_TOPICS_MAX 100
#define RO_CIRCLE_GROUPS_MAX 100
#define RO_CIRCLE_RANGES_MAX 100
#define RO_CIRCLE_URGENCIES 4

/* What a rule of a group asks about. */
enum ro_rule { RO_RULE_PHASE, RO_RULE_TYPE, RO_RULE_LA, RO_RULE_TRUST };
#define RO_RULE_COUNT 4

/* One accepted value of a rule, or one URN; a list. */
struct ro_group_word {
    const char *word;
    struct ro_group_word *next;
};
struct ro_group_urn {
    uint32_t urn;
    struct ro_group_urn *next;
};

/* A group of the file. Its URNs fit; and who fits every rule it has. */
struct ro_group_rules {
    struct ro_group group;
    unsigned line;
    struct ro_group_urn *urns;
    struct ro_group_word *rules[RO_RULE_COUNT]; /* NULL: no such rule */
};

struct ro_circle_conf {
    struct ro_arena *arena; /* of every text and list */
    uint32_t k;
    uint32_t expiry_days;
    size_t topic_count;
    struct ro_topic topics[RO_CIRCLE_TOPICS_MAX];
    struct ro_urgency urgencies[RO_CIRCLE_URGENCIES]; /* by their number */
    size_t group_count;
    struct ro_group_rules groups[RO_CIRCLE_GROUPS_MAX];
    struct ro_calendar calendar;
    struct ro_day_range terms[RO_CIRCLE_RANGES_MAX];
    struct ro_day_range closures[RO_CIRCLE_RANGES_MAX];
};

/* Whether the register knows that phase, in any case: RO_OK, or RO_NOT_FOUND
 * with those that there are (groups.c). */
RO_MUST_USE enum ro_status ro_phase_check(const char *name,
                                          struct ro_why *ret_why);

/* Whether a phase group has that name (groups.c). */
bool ro_phase_group_exists(const char *name);

#endif

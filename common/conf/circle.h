/* SPDX-License-Identifier: Apache-2.0 */
/*
 * circle.conf: what a circle agreed on. Its text travels in the charter, so
 * every client reads the same one: topics, urgency and deadlines, groups, the
 * calendar, and the values that hold for the whole circle.
 */
#ifndef RO_CONF_CIRCLE_H
#define RO_CONF_CIRCLE_H

#include "common/base/auto.h"
#include "common/base/bytes.h"
#include "common/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest text that is taken, and the longest name of a group. */
#define RO_CIRCLE_CONF_MAX ((size_t)48 * 1024)
#define RO_GROUP_NAME_MAX 32

struct ro_circle_conf;

/* --- reading ------------------------------------------------------------- */

/* Reads a circle.conf. Any mistake refuses it whole: RO_BAD_CONFIG, and `why`
 * (may be NULL) has the first as "circle.conf:LINE: key: reason". Keeps
 * nothing of `text`. The caller frees what it gets. RO_NO_MEMORY. */
RO_MUST_USE enum ro_status ro_circle_conf_parse(
    struct ro_bytes text, struct ro_why *why, struct ro_circle_conf **ret_conf);

/* The same for a person who writes one: appends every mistake to
 * `ret_mistakes`, a line each. RO_OK if there is none, RO_BAD_CONFIG,
 * RO_NO_MEMORY. */
RO_MUST_USE enum ro_status ro_circle_conf_check(struct ro_bytes text,
                                                struct ro_buf *ret_mistakes);

/* Releases it; accepts NULL. Everything below that returns a pointer returns
 * one into the configuration, valid until then. */
void ro_circle_conf_free(struct ro_circle_conf *conf);
RO_DEFINE_AUTO(ro_circle_conf, ro_circle_conf_free)

/* --- the whole circle ---------------------------------------------------- */

/* k: below so many schools in an audience nothing veiled is sent. */
uint32_t ro_circle_conf_k(const struct ro_circle_conf *conf);

/* Days that a message stays at the broker: as sent, and at the most. */
uint32_t ro_circle_conf_expiry_days(const struct ro_circle_conf *conf);

/* --- topics -------------------------------------------------------------- */

/* What help can be asked for. */
struct ro_topic {
    const char *code; /* "TL1": two capitals and a digit */
    const char *words;
};

/* How many topics there are. */
size_t ro_circle_conf_topic_count(const struct ro_circle_conf *conf);

/* One of them, in the order of the file; `index` is below their number. */
const struct ro_topic *ro_circle_conf_topic(const struct ro_circle_conf *conf,
                                            size_t index);

/* Looks a code up as it stands. RO_NOT_FOUND: `why` (may be NULL) names what
 * may have been meant, by code or by a word of the topic. */
RO_MUST_USE enum ro_status
ro_circle_conf_find_topic(const struct ro_circle_conf *conf,
                          const char *code,
                          struct ro_why *why,
                          const struct ro_topic **ret_topic);

/* --- urgency ------------------------------------------------------------- */

/* How a span of time is counted. */
enum ro_span_unit {
    RO_SPAN_ROLLING,  /* no deadline: as they come; the amount is 0 */
    RO_SPAN_SAME_DAY, /* before the day is over; the amount is 0 */
    RO_SPAN_MINUTES,
    RO_SPAN_HOURS,
    RO_SPAN_WORKING_HOURS,
    RO_SPAN_DAYS,
    RO_SPAN_WORKING_DAYS
};

/* A span as it is written; school time turns it into a moment. */
struct ro_span {
    uint32_t amount;
    enum ro_span_unit unit;
};

/* The steps that have a deadline. */
enum ro_step {
    RO_STEP_ACKNOWLEDGE,   /* a person has acknowledged the request */
    RO_STEP_FIRST_ASKED,   /* the first candidate has been asked */
    RO_STEP_REPLY,         /* a candidate has replied */
    RO_STEP_SHORTLIST,     /* the asker has a shortlist */
    RO_STEP_FIRST_CONTACT, /* the helper has written, after the reveal */
    RO_STEP_COUNT
};

/* What happens when a deadline is missed. */
enum ro_missed {
    RO_MISSED_NEXT_ON_ROTA,
    RO_MISSED_DEPUTY_COORDINATOR,
    RO_MISSED_STALLED
};

/* One level of urgency. */
struct ro_urgency {
    const char *code; /* "U1" to "U4" */
    const char *words;
    struct ro_span within[RO_STEP_COUNT];
    bool has_hours;          /* whether acknowledging keeps hours: */
    uint16_t hours_from_min; /* minutes after midnight, school time */
    uint16_t hours_to_min;
    uint16_t hours_else_min; /* else it is due at this next minute */
    bool stops_in_holidays;  /* whether closures stop the clock */
    enum ro_missed missed;
};

/* Looks "U1" to "U4" up; a circle always has all four. RO_NOT_FOUND: `why`
 * (may be NULL) says which there are. */
RO_MUST_USE enum ro_status
ro_circle_conf_find_urgency(const struct ro_circle_conf *conf,
                            const char *code,
                            struct ro_why *why,
                            const struct ro_urgency **ret_urgency);

/* --- groups -------------------------------------------------------------- */

/* A named audience. */
struct ro_group {
    const char *name; /* "primary", or one of the file */
    const char *words;
};

/* What a listing tells about its school. Texts may be NULL or empty where
 * that is not known. */
struct ro_listing_facts {
    uint32_t urn;
    const char *phase;   /* as in the register: "Primary" */
    const char *type;    /* "Community school" */
    const char *la_code; /* "887" */
    const char *trust;
};

/* How many groups there are. */
size_t ro_circle_conf_group_count(const struct ro_circle_conf *conf);

/* One of them: the phases, then those of the file. */
struct ro_group ro_circle_conf_group(const struct ro_circle_conf *conf,
                                     size_t index);

/* RO_OK if there is a group of that name. RO_NOT_FOUND: `why` (may be NULL)
 * names what may have been meant. */
RO_MUST_USE enum ro_status ro_circle_conf_find_group(
    const struct ro_circle_conf *conf, const char *name, struct ro_why *why);

/* Whether a school fits a group. Nobody fits an unknown one. Every school fits
 * at least one of the phases. */
bool ro_circle_conf_in_group(const struct ro_circle_conf *conf,
                             const char *name,
                             const struct ro_listing_facts *facts);

/* --- calendar ------------------------------------------------------------ */

/* Days from first to last, both included, as days since 1970-01-01 of the
 * school's own calendar. */
struct ro_day_range {
    const char *words;
    int32_t first;
    int32_t last;
};

/* When schools of the circle work: weekdays of a term that are in no closure,
 * within the hours. */
struct ro_calendar {
    const char *timezone; /* "Europe/London" */
    uint16_t opens_min;   /* minutes after midnight */
    uint16_t closes_min;
    size_t term_count;                /* at least one */
    const struct ro_day_range *terms; /* in order, apart from each other */
    size_t closure_count;
    const struct ro_day_range *closures; /* in the order of the file */
};

/* The calendar of the circle. */
const struct ro_calendar *
ro_circle_conf_calendar(const struct ro_circle_conf *conf);

#endif

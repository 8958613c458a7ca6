/* SPDX-License-Identifier: Apache-2.0 */
#include "common/conf/circle.h"

#include <assert.h>
#include <string.h>

#include "common/conf/inside.h"
#include "common/conf/mistakes.h"

void
ro_circle_conf_free(struct ro_circle_conf *conf)
{
    if (conf == NULL)
        return;
    ro_arena_free(conf->arena);
    free(conf);
}

uint32_t
ro_circle_conf_k(const struct ro_circle_conf *conf)
{
    return conf->k;
}

uint32_t
ro_circle_conf_expiry_days(const struct ro_circle_conf *conf)
{
    return conf->expiry_days;
}

const struct ro_calendar *
ro_circle_conf_calendar(const struct ro_circle_conf *conf)
{
    return &conf->calendar;
}

/* --- topics -------------------------------------------------------------- */

size_t
ro_circle_conf_topic_count(const struct ro_circle_conf *conf)
{
    return conf->topic_count;
}

const struct ro_topic *
ro_circle_conf_topic(const struct ro_circle_conf *conf, size_t index)
{
    assert(index < conf->topic_count);
    return &conf->topics[index];
}

/* The topic that somebody may have meant, or NULL. */
static const struct ro_topic *
guess_topic(const struct ro_circle_conf *conf, const char *word)
{
    struct ro_nearest nearest = {.word = word};
    for (size_t i = 0; i < conf->topic_count; i++) {
        const struct ro_topic *topic = &conf->topics[i];
        if (strlen(word) > 3 && strcasestr(topic->words, word) != NULL)
            return topic;
        ro_nearest_try(&nearest, topic->code);
    }
    for (size_t i = 0; i < conf->topic_count; i++) {
        if (conf->topics[i].code == nearest.best)
            return &conf->topics[i];
    }
    return NULL;
}

enum ro_status
ro_circle_conf_find_topic(const struct ro_circle_conf *conf,
                          const char *code,
                          struct ro_why *why,
                          const struct ro_topic **ret_topic)
{
    for (size_t i = 0; i < conf->topic_count; i++) {
        if (strcmp(conf->topics[i].code, code) == 0) {
            *ret_topic = &conf->topics[i];
            return RO_OK;
        }
    }
    const struct ro_topic *guess = guess_topic(conf, code);
    (void)ro_why(why, RO_NOT_FOUND, "no topic '%.20s' here; ", code);
    if (guess != NULL) {
        (void)ro_why(why, RO_NOT_FOUND,
                     "no topic '%.20s' here; did you mean %s (%.60s)? ", code,
                     guess->code, guess->words);
    }
    ro_offer_begin(why, guess != NULL ? "There are " : "there are ");
    for (size_t i = 0; i < conf->topic_count; i++)
        ro_offer_add(why, conf->topics[i].code);
    return RO_NOT_FOUND;
}

/* --- urgency ------------------------------------------------------------- */

enum ro_status
ro_circle_conf_find_urgency(const struct ro_circle_conf *conf,
                            const char *code,
                            struct ro_why *why,
                            const struct ro_urgency **ret_urgency)
{
    for (size_t i = 0; i < RO_CIRCLE_URGENCIES; i++) {
        if (strcmp(conf->urgencies[i].code, code) == 0) {
            *ret_urgency = &conf->urgencies[i];
            return RO_OK;
        }
    }
    return ro_why(why, RO_NOT_FOUND,
                  "no urgency '%.40s': U1 (%.40s), U2 (%.40s), U3 (%.40s) or "
                  "U4 (%.40s)",
                  code, conf->urgencies[0].words, conf->urgencies[1].words,
                  conf->urgencies[2].words, conf->urgencies[3].words);
}

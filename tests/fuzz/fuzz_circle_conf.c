/* SPDX-License-Identifier: Apache-2.0 */
/* circle.conf comes over the network: any text is read or refused, the same
 * each time, and what passes our own check libconfuse must be able to read. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "common/conf/circle.h"

static void
need(bool is_right)
{
    if (!is_right)
        abort();
}

static void
use(const struct ro_circle_conf *conf)
{
    struct ro_why why = {""};
    const struct ro_topic *topic = NULL;
    const struct ro_urgency *urgency = NULL;
    need(ro_circle_conf_k(conf) >= 2);
    need(ro_circle_conf_expiry_days(conf) <= 120);
    need(ro_circle_conf_topic_count(conf) > 0);
    for (size_t i = 0; i < ro_circle_conf_topic_count(conf); i++) {
        const struct ro_topic *nth = ro_circle_conf_topic(conf, i);
        need(strlen(nth->code) == 3 && nth->words[0] != '\0');
        need(ro_circle_conf_find_topic(conf, nth->code, &why, &topic) == RO_OK);
        need(topic == nth);
        need(ro_circle_conf_find_topic(conf, nth->words, &why, &topic) !=
             RO_NO_MEMORY);
    }
    need(ro_circle_conf_find_urgency(conf, "U4", &why, &urgency) == RO_OK);

    struct ro_listing_facts facts = {900001, "Primary", "Community school",
                                     "999", "Tideway Academies Trust"};
    for (size_t i = 0; i < ro_circle_conf_group_count(conf); i++) {
        struct ro_group group = ro_circle_conf_group(conf, i);
        need(group.name[0] != '\0' && group.words != NULL);
        need(ro_circle_conf_find_group(conf, group.name, &why) == RO_OK);
        (void)ro_circle_conf_in_group(conf, group.name, &facts);
    }
    const struct ro_calendar *calendar = ro_circle_conf_calendar(conf);
    need(calendar->term_count > 0);
    need(calendar->opens_min < calendar->closes_min);
    for (size_t i = 0; i < calendar->term_count; i++)
        need(calendar->terms[i].first <= calendar->terms[i].last);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ro_bytes text = {data, size};
    struct ro_why why = {""};
    struct ro_buf mistakes = {0};
    struct ro_circle_conf *conf = NULL;
    enum ro_status status = ro_circle_conf_parse(text, &why, &conf);
    enum ro_status again = ro_circle_conf_check(text, &mistakes);
    need(status == again && (status == RO_OK) == (conf != NULL));
    need((status == RO_OK) == (mistakes.size == 0));
    need(status == RO_OK || status == RO_BAD_CONFIG);
    ro_buf_put_u8(&mistakes, '\0');
    need(strstr((char *)mistakes.data, ": the parser cannot read it\n") ==
         NULL);
    need(status == RO_OK || strncmp(why.text, "circle.conf:", 12) == 0);
    if (conf != NULL)
        use(conf);
    ro_circle_conf_free(conf);
    ro_buf_fini(&mistakes);
    return 0;
}

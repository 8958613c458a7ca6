/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/engine.h"

#include <poll.h>

/* how far the broker's clock may be from ours */
#define CLOCKS_APART_S ((int64_t)24 * 3600)

const struct ro_member_view *
engine_member(const struct engine *engine)
{
    return ro_directory_member(engine->directory, &engine->keyring->member_id);
}

enum link_door
engine_reading_door(const struct engine *engine)
{
    return engine->is_shut_out ? LINK_MEMBER : LINK_OPEN;
}

void
engine_wait_on(struct engine *engine, int fd)
{
    engine->wait_fd = fd;
    if (engine->link != NULL)
        link_interrupt(engine->link, fd);
}

bool
engine_is_wanted(const struct engine *engine)
{
    struct pollfd fd = {.fd = engine->wait_fd, .events = POLLIN};
    return poll(&fd, 1, 0) > 0; /* a negative one is never ready */
}

void
engine_unlink(struct engine *engine)
{
    link_free(engine->link);
    engine->link = NULL;
}

int64_t
engine_deadline(const struct engine *engine, int64_t wait_ms)
{
    return ro_clock_mono_ms(&engine->clock) + wait_ms;
}

/* What the broker said last of the time; before that, ours. */
static int64_t
heard_s(const struct engine *engine)
{
    int64_t theirs_s;
    if (engine->link != NULL &&
        link_broker_time(engine->link, &theirs_s) == RO_OK)
        return theirs_s;
    return ro_clock_wall_s(&engine->clock);
}

/* Keys are made, chosen and destroyed by the broker's day. A broker whose
 * clock is far from ours is not followed there: one of the two is wrong. */
static bool
are_apart(int64_t theirs_s, int64_t ours_s)
{
    return theirs_s >= ours_s + CLOCKS_APART_S ||
           theirs_s <= ours_s - CLOCKS_APART_S;
}

int64_t
engine_now_s(const struct engine *engine)
{
    int64_t theirs_s = heard_s(engine);
    int64_t ours_s = ro_clock_wall_s(&engine->clock);
    return are_apart(theirs_s, ours_s) ? ours_s : theirs_s;
}

int64_t
engine_past_s(const struct engine *engine)
{
    int64_t theirs_s = heard_s(engine);
    int64_t ours_s = ro_clock_wall_s(&engine->clock);
    return theirs_s < ours_s ? theirs_s : ours_s;
}

enum ro_status
engine_check_clocks(const struct engine *engine, struct ro_why *why)
{
    int64_t theirs_s = heard_s(engine);
    int64_t ours_s = ro_clock_wall_s(&engine->clock);
    if (!are_apart(theirs_s, ours_s))
        return RO_OK;
    char theirs[RO_RFC3339_SIZE];
    char ours[RO_RFC3339_SIZE];
    ro_time_format(theirs_s, theirs);
    ro_time_format(ours_s, ours);
    return ro_why(why, RO_CLOCKS_APART,
                  "the broker says it is %s, this computer %s; set the clock "
                  "that is wrong",
                  theirs, ours);
}

uint32_t
engine_day(const struct engine *engine)
{
    return ro_day_of(engine_now_s(engine));
}

uint32_t
engine_expiry_hours(struct engine *engine)
{
    const struct ro_circle_conf *conf = NULL;
    uint32_t days = RO_EXPIRY_DAYS;
    if (engine_conf(engine, NULL, &conf) == RO_OK)
        days = ro_circle_conf_expiry_days(conf);
    return days * 24;
}

enum ro_status
engine_conf(struct engine *engine,
            struct ro_why *why,
            const struct ro_circle_conf **ret_conf)
{
    uint64_t size = ro_directory_size(engine->directory);
    if (engine->conf == NULL || engine->conf_size != size) {
        const struct ro_charter_view *charter =
            ro_directory_charter(engine->directory);
        if (charter == NULL) {
            return ro_why(why, RO_REFUSED,
                          "the circle's charter is not here yet; run sync");
        }
        struct ro_circle_conf *conf;
        RO_TRY(ro_circle_conf_parse(ro_bytes_text(charter->circle_conf), why,
                                    &conf));
        ro_circle_conf_free(engine->conf);
        engine->conf = conf;
        engine->conf_size = size;
    }
    *ret_conf = engine->conf;
    return RO_OK;
}

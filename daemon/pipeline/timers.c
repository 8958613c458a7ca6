/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the clock asks for enters as requests of session 0 and goes through the
 * same stages as everything else. verbs/timers.def has their verbs.
 */
#include "daemon/pipeline/broker_state.h"

#define MINUTE_MS 60000

static void
run_verb(struct broker *broker, enum verb_number verb)
{
    RO_AUTOBUF frame = {0};
    const struct ro_frame_header header = {.verb = (uint8_t)verb,
                                           .kind = RO_FRAME_ASK};
    ro_frame_put_header(&header, &frame);
    /* without memory for 24 bytes the next tick will do */
    if (broker->outcome == RO_OK && ro_buf_ok(&frame) == RO_OK)
        pipeline_take(broker, (struct session_id){0}, ro_buf_view(&frame));
}

void
timers_run(struct broker *broker)
{
    int64_t now_ms = broker->time.now_ms;
    if (now_ms < broker->hold_ms)
        return;
    if (hourly_is_due(broker))
        run_verb(broker, VERB_NUMBER_checkpoint);
    if (now_ms < broker->tick_ms)
        return;
    broker->tick_ms = now_ms + MINUTE_MS;
    uint64_t before = broker->counts.expired;
    run_verb(broker, VERB_NUMBER_expire);
    run_verb(broker, VERB_NUMBER_idle);
    /* there is more of it: in the next turn, not in this one */
    if (broker->counts.expired - before >= broker->limits.turn_timers)
        broker->tick_ms = now_ms;
}

int64_t
timers_next_ms(const struct broker *broker)
{
    int64_t next_ms = broker->tick_ms;
    if (next_ms < broker->hold_ms)
        next_ms = broker->hold_ms;
    if (broker->push.wake_ms != 0 && broker->push.wake_ms < next_ms)
        next_ms = broker->push.wake_ms;
    return next_ms;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the clock asks for enters as requests of session 0 and goes through the
 * same stages as everything else. timers.def has their verbs.
 */
#include "daemon/pipeline/broker_state.h"

#define MINUTE_MS 60000

static void
run_verb(struct broker *broker, enum timer_verb verb)
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
    /* writes nothing, so nothing holds it up */
    if (broker->hello_ms != 0 && now_ms >= broker->hello_ms)
        run_verb(broker, TIMER_VERB_GREET);
    if (now_ms < broker->hold_ms)
        return;
    if (hourly_is_due(broker))
        run_verb(broker, TIMER_VERB_CHECKPOINT);
    if (now_ms < broker->tick_ms)
        return;
    broker->tick_ms = now_ms + MINUTE_MS;
    uint64_t before = broker->counts.expired;
    run_verb(broker, TIMER_VERB_EXPIRE);
    run_verb(broker, TIMER_VERB_IDLE);
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
    if (broker->hello_ms != 0 && broker->hello_ms < next_ms)
        next_ms = broker->hello_ms;
    if (broker->backlog.retry_ms != 0 && broker->backlog.retry_ms < next_ms)
        next_ms = broker->backlog.retry_ms;
    /* the end of a turn ends them */
    if (sessions_closing(broker->sessions) > 0)
        next_ms = broker->time.now_ms;
    return next_ms;
}

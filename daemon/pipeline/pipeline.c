/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of a frame. Each stage reads what the earlier ones wrote in the
 * request; the first outcome that is not RO_OK ends the way, and here, and
 * nowhere else, it becomes an answer.
 */
#include "common/base/log.h"
#include "frame.pb-c.h"

#include "daemon/pipeline/broker_state.h"

static const struct {
    const char *name;
    enum ro_log_area area;
    stage_fn *run;
} stages[] = {
    {"ingress",   RO_AREA_NET,     ingress_run    },
    {"decode",    RO_AREA_DECODE,  decode_run     },
    {"authorise", RO_AREA_POLICY,  authorise_run  },
    {"store",     RO_AREA_STORE,   store_stage_run},
    {"route",     RO_AREA_ROUTE,   route_run      },
    {"deliver",   RO_AREA_DELIVER, deliver_run    },
};
#define MINUTE_MS 60000
#define REFUSAL_LINES 60

static enum ro_status
run(struct broker *broker, struct request *req, size_t *ret_stage)
{
    for (size_t i = 0; i < RO_LEN(stages); i++) {
        *ret_stage = i;
        RO_TRY(stages[i].run(broker, req));
    }
    return RO_OK;
}

/* From the store stage on rows may have been written: who runs out of room
 * there, or of memory, takes the turn back. Before it "no room" is an answer
 * like others. */
static bool
spoils_turn(size_t stage, enum ro_status s)
{
    bool may_have_written = false;
    for (size_t i = 0; i <= stage; i++)
        may_have_written |= stages[i].run == store_stage_run;
    return may_have_written && (s == RO_NO_ROOM || s == RO_NO_MEMORY);
}

/* Says why not. An outcome without a code of its own on the wire is a frame
 * that does not follow the rules. */
static void
refuse(struct broker *broker, struct request *req, enum ro_status s)
{
    broker->counters.refused++;
    if (req->asked.from.slot == 0)
        return;
    Reachout__Refusal refusal = REACHOUT__REFUSAL__INIT;
    if (req->why.text[0] != '\0')
        refusal.why = req->why.text;
    const struct outbox_answer answer = {
        .to = &req->asked,
        .status = s,
        .time_s = broker->time.now_s,
        .message = &refusal.base,
    };
    if (outbox_put(&broker->outbox, &answer) != RO_OK)
        sessions_close(broker->sessions, req->id);
}

static void
drop(struct broker *broker, struct request *req)
{
    struct session *session = sessions_find(broker->sessions, req->id);
    if (session == NULL)
        return;
    broker->counters.dropped++;
    (void)broker_session_event(broker, session, SESSION_BROKE);
}

static void
conclude(struct broker *broker, struct request *req, enum ro_status s)
{
    if (s != RO_STORE_BROKEN && ro_status_wire(s) == RO_WIRE_INSIDE)
        s = RO_BAD_FRAME;
    switch (ro_status_reach(s)) {
    case RO_REACH_NONE:
        return;
    case RO_REACH_REPLY:
        refuse(broker, req, s);
        return;
    case RO_REACH_DROP:
        refuse(broker, req, s);
        drop(broker, req);
        return;
    case RO_REACH_STOP:
        broker->outcome = RO_STORE_BROKEN;
        return;
    }
}

/* A refusal is a line of the log: the door, the verb, the stage and why not;
 * nothing of who it was. At most so many a minute, then their number. */
static void
tell_refusal(struct broker *broker,
             const struct request *req,
             size_t stage,
             enum ro_status s)
{
    int64_t minute = broker->time.now_ms / MINUTE_MS;
    if (minute != broker->refusals.minute) {
        if (broker->refusals.more > 0) {
            ro_log(RO_LOG_NOTICE, "refused-more n=%llu",
                   (unsigned long long)broker->refusals.more);
        }
        broker->refusals.minute = minute;
        broker->refusals.lines = 0;
        broker->refusals.more = 0;
    }
    if (broker->refusals.lines >= REFUSAL_LINES) {
        broker->refusals.more++;
        return;
    }
    broker->refusals.lines++;
    ro_log(RO_LOG_NOTICE, "refused door=%s verb=%s stage=%s outcome=%s",
           req->door == DOOR_MEMBER ? "member" : "open",
           req->verb != NULL ? req->verb->name : "-", stages[stage].name,
           ro_status_name(s));
}

void
pipeline_take(struct broker *broker,
              struct session_id id,
              struct ro_bytes frame)
{
    if (broker->outcome == RO_STORE_BROKEN)
        return;
    struct request req = {
        .id = id,
        .session = sessions_find(broker->sessions, id),
        .frame = frame,
        .arena = broker->work,
    };
    ro_arena_reset(broker->work, BROKER_WORK_BUDGET, BROKER_WORK_PIECES);
    size_t stage = 0;
    enum ro_status s = run(broker, &req, &stage);
    ro_trace(stages[stage].area,
             "request peer=%u.%u verb=%s stage=%s outcome=%s", id.slot,
             id.generation, req.verb != NULL ? req.verb->name : "-",
             stages[stage].name, ro_status_name(s));
    if (s != RO_OK && req.door != DOOR_TIMER)
        tell_refusal(broker, &req, stage, s);
    if (spoils_turn(stage, s)) {
        broker->outcome = RO_NO_ROOM;
        return;
    }
    /* the end of a turn without room answers everybody */
    if (s != RO_NO_ROOM || broker->outcome != RO_NO_ROOM)
        conclude(broker, &req, s);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What the broker's own timers ask for; timers.def. */
#include "daemon/verbs/verbs.h"

static enum ro_status
make_checkpoint(struct broker *broker, struct request *req)
{
    (void)req;
    return hourly_checkpoint(broker);
}

static enum ro_status
expire(struct broker *broker, struct request *req)
{
    size_t n = 0;
    (void)req;
    RO_TRY(store_expire(broker->store, ro_hour_of(broker->time.now_s),
                        broker->limits.turn_timers, &n));
    broker->counts.expired += n;
    return RO_OK;
}

/* Who waits for mail is quiet and not idle; its connection has heartbeats. */
static enum ro_status
close_idle(struct broker *broker, struct request *req)
{
    int64_t since_ms = broker->time.now_ms - broker->limits.session_idle_ms;
    size_t slot = 0;
    struct session *session;
    (void)req;
    while ((session = sessions_next(broker->sessions, &slot)) != NULL) {
        if (session->last_seen_ms < since_ms && session->n_attachments == 0)
            (void)broker_session_event(broker, session, SESSION_IDLED);
    }
    return RO_OK;
}

/* Who has not said hello in time goes; and when to look again. */
static enum ro_status
close_strangers(struct broker *broker, struct request *req)
{
    size_t slot = 0;
    struct session *session;
    int64_t next_ms = 0;
    (void)req;
    while ((session = sessions_next(broker->sessions, &slot)) != NULL) {
        if (session->state != SESSION_NEW)
            continue;
        int64_t due_ms = session->opened_ms + SESSION_HELLO_MS;
        if (due_ms <= broker->time.now_ms) {
            (void)broker_session_event(broker, session, SESSION_IDLED);
        } else if (next_ms == 0 || due_ms < next_ms) {
            next_ms = due_ms;
        }
    }
    broker->hello_ms = next_ms;
    return RO_OK;
}

const struct verb verb_checkpoint = {
    .name = "checkpoint",
    .doors = VERB_AT_TIMER,
    .store = make_checkpoint,
};

const struct verb verb_expire = {
    .name = "expire",
    .doors = VERB_AT_TIMER,
    .store = expire,
};

const struct verb verb_idle = {
    .name = "idle",
    .doors = VERB_AT_TIMER,
    .store = close_idle,
};

const struct verb verb_greet = {
    .name = "greet",
    .doors = VERB_AT_TIMER,
    .store = close_strangers,
};

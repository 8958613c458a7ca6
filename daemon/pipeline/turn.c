/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Begin, end, and what happens in between when there is no room: then nothing
 * of the turn was kept, so everything that it changed in memory goes back, and
 * every frame of it is answered the same.
 */
#include <assert.h>

#include "frame.pb-c.h"

#include "daemon/pipeline/broker_state.h"

/* After a turn without room the timers wait, or they would take every turn
 * with them in which somebody only wants to read. */
#define HOLD_MS 60000

enum ro_status
turn_begin(struct broker *broker)
{
    assert(broker->phase == BROKER_BETWEEN);
    if (broker->outcome == RO_STORE_BROKEN)
        return RO_STORE_BROKEN;
    enum ro_status s = store_begin(broker->store);
    if (s != RO_OK && s != RO_NO_ROOM)
        return s;
    timeline_read(&broker->time, &broker->clock);
    broker->counters.clock_steps = broker->time.steps;
    backlog_settle(broker);
    outbox_clear(&broker->outbox);
    broker->offer = OFFERED_NOTHING;
    broker->phase = BROKER_IN_TURN;
    broker->turn++;
    broker->outcome = s; /* without room from the start: all are told */
    broker->ledger_touched = false;
    broker->directory_touched = false;
    broker->counts = (struct turn_counts){0};
    undo_clear(&broker->undo);
    return RO_OK;
}

/* Its credit, and its hello: a peer that was told "no room" says it again. */
static void
undo_session(struct session *session, uint64_t turn)
{
    credit_give_back(&session->credit, turn);
    if (session->state == SESSION_READY && session->ready_turn == turn)
        session->state = SESSION_NEW;
}

/* Answers everything that was asked in this turn with "no room". Who cannot
 * even be told that loses the connection. */
static void
answer_no_room(struct broker *broker)
{
    const Reachout__Refusal refusal = REACHOUT__REFUSAL__INIT;
    outbox_take_back(&broker->outbox);
    for (size_t i = 0; i < broker->outbox.n_asks; i++) {
        const struct outbox_answer answer = {
            .to = &broker->outbox.asks[i],
            .status = RO_NO_ROOM,
            .time_s = broker->time.now_s,
            .message = &refusal.base,
        };
        if (outbox_put(&broker->outbox, &answer) != RO_OK)
            sessions_close(broker->sessions, answer.to->from);
    }
}

/* Sessions that the turn closed stay closed: what they did wrong they did. */
static enum ro_status
undo(struct broker *broker)
{
    store_rollback(broker->store);
    broker->counters.rollbacks++;
    if (!broker_doubts_clock(broker))
        broker->hold_ms = broker->time.now_ms + HOLD_MS;
    size_t slot = 0;
    struct session *session;
    while ((session = sessions_next(broker->sessions, &slot)) != NULL)
        undo_session(session, broker->turn);
    addresses_give_back(broker->addresses, broker->turn);
    undo_attachments(&broker->undo, broker->sessions);
    answer_no_room(broker);
    if (!broker->ledger_touched)
        return RO_OK;
    /* what cannot be read back cannot be served either */
    return ledger_again(&broker->ledger, LEDGER_FORGETS) == RO_OK
               ? RO_OK
               : RO_STORE_BROKEN;
}

static void
count(struct broker *broker)
{
    broker->counters.commits++;
    broker->counters.stored += broker->counts.stored;
    broker->counters.acked += broker->counts.acked;
    broker->counters.expired += broker->counts.expired;
    if (broker->directory_touched)
        broker->members.stale = true;
}

static void
note_gone(void *user, struct session_id id)
{
    struct broker *broker = user;
    /* its last words would come without what they wait for */
    if (backlog_has(&broker->backlog, id)) {
        backlog_forget(&broker->backlog, id);
        outbox_forget(&broker->outbox, id);
    }
    /* whoever did not ask for these in time does not need them */
    if (broker->n_gone < broker->limits.sessions)
        broker->gone[broker->n_gone++] = id;
}

enum ro_status
turn_end(struct broker *broker)
{
    assert(broker->phase == BROKER_IN_TURN);
    broker->phase = BROKER_BETWEEN;
    if (broker->outcome == RO_OK)
        timers_run(broker);
    if (broker->outcome == RO_OK)
        broker->outcome = store_commit(broker->store);
    if (broker->outcome == RO_OK) {
        count(broker);
    } else if (broker->outcome == RO_NO_ROOM) {
        broker->outcome = undo(broker);
    }
    if (broker->outcome != RO_OK)
        return RO_STORE_BROKEN;
    if (broker->members.stale)
        members_refresh(broker);
    push_wake_due(broker);
    sessions_reap(broker->sessions, note_gone, broker);
    return RO_OK;
}

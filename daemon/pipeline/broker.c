/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/pipeline/broker.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "daemon/pipeline/broker_state.h"

/* How far the clock may be after the newest checkpoint at the start. */
#define DOUBT_HOURS (7 * 24)

static enum ro_status
make_parts(struct broker *broker, const struct ro_entropy *entropy)
{
    broker->sessions = sessions_new(broker->limits.sessions);
    uint64_t seed = 0;
    ro_entropy_fill(entropy, (uint8_t *)&seed, sizeof(seed));
    broker->addresses = addresses_new(seed);
    broker->gone = calloc(broker->limits.sessions + 1, sizeof(*broker->gone));
    broker->ask = ro_arena_new(0, 0);
    broker->work = ro_arena_new(BROKER_WORK_BUDGET, BROKER_WORK_PIECES);
    broker->ticket = ro_arena_new(0, 0);
    if (broker->sessions == NULL || broker->gone == NULL ||
        broker->addresses == NULL || broker->ask == NULL ||
        broker->work == NULL || broker->ticket == NULL)
        return RO_NO_MEMORY;
    RO_TRY(backlog_init(&broker->backlog, broker->limits.sessions));
    return push_init(&broker->push);
}

/* The wall clock is far beyond the newest checkpoint. */
static bool
is_far(const struct broker *broker)
{
    return broker->ledger.slot > 0 &&
           ro_hour_of(broker->time.now_s) > broker->ledger.slot + DOUBT_HOURS;
}

bool
broker_doubts_clock(const struct broker *broker)
{
    return broker->hold_ms == INT64_MAX;
}

enum ro_status
broker_rekey(struct broker *broker, const struct broker_door *door)
{
    const struct ro_bytes psk = {door->psk, sizeof(door->psk)};
    const struct ro_bytes previous = {
        door->previous_generation != 0 ? door->previous_psk : door->psk,
        sizeof(door->psk)};
    struct ro_secret *current = ro_secret_copy(psk);
    struct ro_secret *before = ro_secret_copy(previous);
    if (current == NULL || before == NULL) {
        ro_secret_free(current);
        ro_secret_free(before);
        return RO_NO_MEMORY;
    }
    ro_secret_free(broker->psk);
    ro_secret_free(broker->previous_psk);
    broker->psk = current;
    broker->previous_psk = before;
    broker->psk_generation = door->generation;
    broker->previous_generation = door->previous_generation;
    return RO_OK;
}

enum ro_status
broker_new(const struct broker_setup *setup,
           struct ro_why *why,
           struct broker **ret_broker)
{
    RO_CLEANUP(broker_freep) struct broker *broker = calloc(1, sizeof(*broker));
    if (broker == NULL)
        return RO_NO_MEMORY;
    broker->clock = setup->clock;
    broker->store = setup->store;
    broker->limits = setup->limits;
    broker->curve = setup->curve;
    broker->signing = setup->signing;
    RO_TRY(broker_rekey(broker, &setup->door));
    broker->ledger.store = setup->store;
    broker->ledger.root = setup->root;
    RO_TRY(make_parts(broker, &setup->entropy));
    RO_TRY(
        ledger_open(&broker->ledger, ro_keypair_public(setup->signing), why));
    timeline_read(&broker->time, &broker->clock);
    broker->tick_ms = broker->time.now_ms;
    if (setup->clock_trust == BROKER_CLOCK_DOUBTED && is_far(broker))
        broker->hold_ms = INT64_MAX;
    broker->members.stale = true; /* until there was memory for a list */
    members_refresh(broker);
    *ret_broker = RO_STEAL(broker);
    return RO_OK;
}

/* What was taken for a peer is given back with its session; what is left over
 * is a leak of ours. */
static void
close_accounts(struct broker *broker)
{
    if (broker->sessions == NULL)
        return;
    size_t slot = 0;
    struct session *session;
    while ((session = sessions_next(broker->sessions, &slot)) != NULL)
        sessions_close(broker->sessions, session->id);
    sessions_reap(broker->sessions, NULL, NULL);
    assert(sessions_count(broker->sessions) == 0);
    assert(sessions_mailboxes(broker->sessions) == 0);
}

void
broker_free(struct broker *broker)
{
    if (broker == NULL)
        return;
    close_accounts(broker);
    ro_secret_free(broker->psk);
    ro_secret_free(broker->previous_psk);
    ledger_fini(&broker->ledger);
    sessions_free(broker->sessions);
    addresses_free(broker->addresses);
    undo_fini(&broker->undo);
    members_fini(&broker->members);
    outbox_fini(&broker->outbox);
    if (broker->backlog.places != NULL)
        backlog_fini(&broker->backlog);
    push_fini(&broker->push);
    free(broker->gone);
    ro_arena_free(broker->ask);
    ro_arena_free(broker->work);
    ro_arena_free(broker->ticket);
    free(broker);
}

/* --- sessions ------------------------------------------------------------ */

enum ro_status
broker_session_open(struct broker *broker,
                    enum door door,
                    const struct ro_key *curve,
                    struct session_id *ret_id)
{
    assert(door != DOOR_TIMER);
    struct session like = {
        .door = door,
        .state = door == DOOR_MEMBER ? SESSION_READY : SESSION_NEW,
        .curve = *curve,
        .last_seen_ms = ro_clock_mono_ms(&broker->clock),
    };
    like.opened_ms = like.last_seen_ms;
    if (door == DOOR_MEMBER) {
        const struct ro_seat_view *seat =
            ro_directory_seat_by_transport(broker->ledger.directory, curve);
        if (seat == NULL || seat->standing != RO_SEAT_LIVE)
            return RO_NOT_ALLOWED;
        like.seat = seat->id;
    }
    RO_TRY(sessions_open(broker->sessions, &like, ret_id));
    if (like.state == SESSION_NEW && broker->hello_ms == 0)
        broker->hello_ms = like.opened_ms + SESSION_HELLO_MS;
    return RO_OK;
}

void
broker_session_is_at(struct broker *broker,
                     struct session_id id,
                     const struct session_address *address)
{
    struct session *session = sessions_find(broker->sessions, id);
    if (session != NULL)
        session->address = *address;
}

enum session_act
broker_session_event(struct broker *broker,
                     struct session *session,
                     enum session_event event)
{
    enum session_state state = session->state;
    enum session_act act = session_table_step(session, event);
    ro_trace(RO_AREA_SESSION,
             "session peer=%u.%u event=%s state=%s act=%s to=%s",
             session->id.slot, session->id.generation,
             session_table_event(event), session_table_state(state),
             session_table_act(act), session_table_state(session->state));
    if (act == SESSION_END)
        sessions_close(broker->sessions, session->id);
    return act;
}

void
broker_session_close(struct broker *broker, struct session_id id)
{
    struct session *session = sessions_find(broker->sessions, id);
    if (session != NULL)
        (void)broker_session_event(broker, session, SESSION_LEFT);
}

bool
broker_gone_next(struct broker *broker, struct session_id *ret_id)
{
    if (broker->n_gone == 0)
        return false;
    *ret_id = broker->gone[--broker->n_gone];
    return true;
}

/* --- the turn ------------------------------------------------------------ */

enum ro_status
broker_turn_begin(struct broker *broker)
{
    return turn_begin(broker);
}

void
broker_take(struct broker *broker, struct session_id id, struct ro_bytes frame)
{
    assert(broker->phase == BROKER_IN_TURN);
    struct session *session = sessions_find(broker->sessions, id);
    if (session == NULL || session->state == SESSION_CLOSING)
        return;
    broker->counters.frames++;
    session->last_seen_ms = broker->time.now_ms;
    push_wake(broker, session);
    pipeline_take(broker, id, frame);
}

enum ro_status
broker_turn_end(struct broker *broker)
{
    return turn_end(broker);
}

/* Whether a session was closed since the turn ended, by what was said to it: it
 * is not to hear the rest without what it missed. */
static bool
is_closing(struct broker *broker, struct session_id id)
{
    const struct session *session = sessions_find(broker->sessions, id);
    return session != NULL && session->state == SESSION_CLOSING;
}

/* The next answer of this turn. Those of sessions for which others wait go
 * behind them. */
static bool
answer_next(struct broker *broker, struct broker_send *ret_send)
{
    const struct outbox_item *item;
    while ((item = outbox_next(&broker->outbox)) != NULL) {
        *ret_send = (struct broker_send){
            .to = item->to,
            .door = item->door,
            .frame = outbox_view(&broker->outbox, item),
        };
        if (is_closing(broker, item->to))
            continue;
        if (!backlog_has(&broker->backlog, item->to))
            return true;
        backlog_put(broker, ret_send);
    }
    return false;
}

bool
broker_send_next(struct broker *broker, struct broker_send *ret_send)
{
    broker->offer = OFFERED_NOTHING;
    if (broker->phase == BROKER_IN_TURN || broker->outcome != RO_OK)
        return false;
    if (backlog_next(broker, &broker->offered)) {
        broker->offer = OFFERED_WAITING;
    } else if (answer_next(broker, &broker->offered)) {
        broker->offer = OFFERED_ANSWER;
    } else if (push_next(broker, &broker->offered)) {
        broker->offer = OFFERED_PUSH;
    }
    *ret_send = broker->offered;
    return broker->offer != OFFERED_NOTHING;
}

void
broker_send_failed(struct broker *broker, struct session_id id)
{
    if (sessions_find(broker->sessions, id) == NULL)
        return;
    switch (broker->offer) {
    case OFFERED_NOTHING:
        break;
    case OFFERED_WAITING:
        backlog_refused(broker);
        break;
    case OFFERED_ANSWER:
        backlog_put(broker, &broker->offered);
        break;
    case OFFERED_PUSH:
        push_take_back(broker, id);
        break;
    }
    broker->offer = OFFERED_NOTHING;
}

size_t
broker_waiting(const struct broker *broker)
{
    return backlog_count(&broker->backlog);
}

/* --- what others want to know -------------------------------------------- */

bool
broker_knows(const struct broker *broker, const struct ro_key *curve)
{
    const struct ro_seat_view *seat =
        ro_directory_seat_by_transport(broker->ledger.directory, curve);
    return seat != NULL && seat->standing == RO_SEAT_LIVE;
}

uint64_t
broker_members_version(const struct broker *broker)
{
    return broker->members.version;
}

const struct ro_key *
broker_nth_member_key(const struct broker *broker, size_t i)
{
    return i < broker->members.n ? &broker->members.keys[i] : NULL;
}

void
broker_drain(struct broker *broker)
{
    broker->service = BROKER_DRAINING;
}

int64_t
broker_next_timer_ms(const struct broker *broker)
{
    return timers_next_ms(broker);
}

const struct broker_counters *
broker_counters(const struct broker *broker)
{
    return &broker->counters;
}

size_t
broker_sessions(const struct broker *broker)
{
    return sessions_count(broker->sessions);
}

bool
broker_clock_is_ahead(const struct broker *broker)
{
    return broker->time.ahead;
}

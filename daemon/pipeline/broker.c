/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/pipeline/broker.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/pipeline/broker_state.h"

/* How far the clock may be after the newest checkpoint at the start. */
#define DOUBT_HOURS (7 * 24)

static enum ro_status
make_parts(struct broker *broker)
{
    broker->sessions = sessions_new(broker->limits.sessions);
    broker->gone = calloc(broker->limits.sessions + 1, sizeof(*broker->gone));
    broker->ask = ro_arena_new(0, 0);
    broker->work = ro_arena_new(BROKER_WORK_BUDGET, BROKER_WORK_PIECES);
    broker->ticket = ro_arena_new(0, 0);
    if (broker->sessions == NULL || broker->gone == NULL ||
        broker->ask == NULL || broker->work == NULL || broker->ticket == NULL)
        return RO_NO_MEMORY;
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
    broker->psk_generation = setup->psk_generation;
    broker->psk =
        ro_secret_copy((struct ro_bytes){setup->psk, sizeof(setup->psk)});
    broker->ledger.store = setup->store;
    broker->ledger.root = setup->root;
    if (broker->psk == NULL)
        return RO_NO_MEMORY;
    RO_TRY(make_parts(broker));
    RO_TRY(
        ledger_open(&broker->ledger, ro_keypair_public(setup->signing), why));
    timeline_read(&broker->time, &broker->clock);
    broker->tick_ms = broker->time.now_ms;
    if (setup->clock_trust == BROKER_CLOCK_DOUBTED && is_far(broker))
        broker->hold_ms = INT64_MAX;
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
    ledger_fini(&broker->ledger);
    sessions_free(broker->sessions);
    members_fini(&broker->members);
    outbox_fini(&broker->outbox);
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
    if (door == DOOR_MEMBER) {
        const struct ro_seat_view *seat =
            ro_directory_seat_by_transport(broker->ledger.directory, curve);
        if (seat == NULL || seat->standing != RO_SEAT_LIVE)
            return RO_NOT_ALLOWED;
        like.seat = seat->id;
    }
    return sessions_open(broker->sessions, &like, ret_id);
}

enum session_act
broker_session_event(struct broker *broker,
                     struct session *session,
                     enum session_event event)
{
    enum session_act act = session_table_step(session, event);
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

bool
broker_send_next(struct broker *broker, struct broker_send *ret_send)
{
    if (broker->phase == BROKER_IN_TURN || broker->outcome != RO_OK)
        return false;
    const struct outbox_item *item = outbox_next(&broker->outbox);
    if (item == NULL)
        return push_next(broker, ret_send);
    *ret_send = (struct broker_send){
        .to = item->to,
        .door = item->door,
        .frame = outbox_view(&broker->outbox, item),
    };
    return true;
}

void
broker_send_failed(struct broker *broker, struct session_id id)
{
    if (!push_take_back(broker, id))
        broker_session_close(broker, id);
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

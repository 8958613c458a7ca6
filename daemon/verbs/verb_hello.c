/* SPDX-License-Identifier: Apache-2.0 */
/* Verb 1: who is there, and may it come in. */
#include <string.h>

#include "common/crypto/door.h"
#include "frame.pb-c.h"

#include "daemon/verbs/verbs.h"

/* Whether the key before the newest one is still good: until everybody can
 * have learned of the newest from the charter. */
static bool
is_previous_open(const struct broker *broker)
{
    const struct ledger *ledger = &broker->ledger;
    uint32_t today = ro_day_of(broker->time.now_s);
    if (broker->previous_generation == 0)
        return false;
    return ledger->generation != broker->psk_generation ||
           today < ledger->generation_day + BROKER_PREVIOUS_DAYS;
}

static bool
is_proof(const struct broker *broker,
         const struct session *session,
         struct ro_secret *psk,
         const uint8_t shown[static RO_DOOR_PROOF_SIZE])
{
    uint8_t expected[RO_DOOR_PROOF_SIZE];
    ro_door_proof(ro_secret_data(psk), &broker->curve, &session->curve,
                  expected);
    bool equal = ro_equal_secret(expected, shown, sizeof(expected));
    ro_wipe(expected, sizeof(expected));
    return equal;
}

/* Everything is computed before anything is decided: what was wrong shows
 * neither in the answer nor in its time. */
static bool
proof_holds(const struct broker *broker,
            const struct session *session,
            const Reachout__Hello__Ask *ask)
{
    uint8_t shown[RO_DOOR_PROOF_SIZE] = {0};
    bool complete = ro_field_copy(&ask->proof, shown, sizeof(shown)) == RO_OK;
    bool newest = is_proof(broker, session, broker->psk, shown);
    bool before = is_proof(broker, session, broker->previous_psk, shown);
    bool is_newest =
        ask->has_generation && ask->generation == broker->psk_generation;
    bool is_before = ask->has_generation &&
                     ask->generation == broker->previous_generation &&
                     is_previous_open(broker);
    return (int)complete &
           (((int)newest & (int)is_newest) | ((int)before & (int)is_before));
}

static enum ro_status
authorise(struct broker *broker, struct request *req)
{
    const Reachout__Hello__Ask *ask = (const void *)req->ask;
    if (!ask->has_protocol || ask->protocol != RO_PROTOCOL) {
        return ro_why(&req->why, RO_NOT_ALLOWED, "protocol %d is spoken here",
                      RO_PROTOCOL);
    }
    if (req->door == DOOR_OPEN && !proof_holds(broker, req->session, ask))
        return RO_NEED_HELLO;
    return RO_OK;
}

static void
fill_ledger(const struct broker *broker, Reachout__Hello__Answer *answer)
{
    const struct ledger *ledger = &broker->ledger;
    const struct ro_circle_id *circle = ro_directory_circle(ledger->directory);
    struct verbs_checkpoint checkpoint = verbs_checkpoint(broker);
    answer->has_circle = ro_directory_charter(ledger->directory) != NULL;
    answer->circle =
        ro_as_field((struct ro_bytes){circle->b, sizeof(circle->b)});
    answer->has_size = true;
    answer->size = ro_directory_size(ledger->directory);
    answer->has_checkpoint = checkpoint.has;
    answer->checkpoint = checkpoint.bytes;
    answer->has_notices = true;
    answer->notices = ledger->newest;
}

static void
fill_limits(struct broker *broker,
            struct session *session,
            Reachout__Hello__Answer *answer)
{
    if (session->door == DOOR_OPEN)
        verbs_fill_credit(broker, session);
    struct credit_amount left = verbs_credit_left(broker, session);
    answer->has_credit_envelopes = true;
    answer->credit_envelopes = left.envelopes;
    answer->has_credit_bytes = true;
    answer->credit_bytes = left.bytes;
    answer->has_window = true;
    answer->window = broker->limits.window;
}

/* What this seat left with us. */
static enum ro_status
fill_mirror(struct broker *broker,
            struct request *req,
            Reachout__Hello__Answer *answer)
{
    if (req->door != DOOR_MEMBER)
        return RO_OK;
    uint8_t *mirror = ro_arena_take(req->arena, STORE_MIRROR_SIZE);
    if (mirror == NULL)
        return RO_NO_MEMORY;
    enum ro_status s =
        store_mirror_get(broker->store, &req->session->seat, mirror);
    if (s == RO_NOT_FOUND)
        return RO_OK;
    RO_TRY(s);
    answer->has_mirror = true;
    answer->mirror = ro_as_field((struct ro_bytes){mirror, STORE_MIRROR_SIZE});
    return RO_OK;
}

static enum ro_status
store(struct broker *broker, struct request *req)
{
    Reachout__Hello__Answer *answer = (void *)req->answer;
    RO_TRY(fill_mirror(broker, req, answer));
    if (req->session->state == SESSION_NEW)
        req->session->ready_turn = broker->turn;
    (void)broker_session_event(broker, req->session, SESSION_GREETED);
    answer->has_protocol = true;
    answer->protocol = RO_PROTOCOL;
    fill_ledger(broker, answer);
    fill_limits(broker, req->session, answer);
    return RO_OK;
}

const struct verb verb_hello = {
    .name = "hello",
    .doors = VERB_AT_MEMBER | VERB_AT_OPEN,
    .needs = VERB_NEEDS_NOTHING,
    .ask = &reachout__hello__ask__descriptor,
    .answer = &reachout__hello__answer__descriptor,
    .authorise = authorise,
    .store = store,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* Verb 1: who is there, and may it come in. */
#include <string.h>

#include "common/crypto/door.h"
#include "frame.pb-c.h"

#include "daemon/verbs/verbs.h"

#define PROTOCOL 1

/* Everything is computed before anything is decided: what was wrong shows
 * neither in the answer nor in its time. */
static bool
proof_holds(const struct broker *broker,
            const struct session *session,
            const Reachout__Hello__Ask *ask)
{
    uint8_t expected[RO_DOOR_PROOF_SIZE];
    uint8_t shown[RO_DOOR_PROOF_SIZE] = {0};
    ro_door_proof(ro_secret_data(broker->psk), &broker->curve, &session->curve,
                  expected);
    bool complete = ro_field_copy(&ask->proof, shown, sizeof(shown)) == RO_OK;
    bool equal = ro_equal_secret(expected, shown, sizeof(shown));
    bool current =
        ask->has_generation && ask->generation == broker->psk_generation;
    ro_wipe(expected, sizeof(expected));
    return (int)complete & (int)equal & (int)current;
}

static enum ro_status
authorise(struct broker *broker, struct request *req)
{
    const Reachout__Hello__Ask *ask = (const void *)req->ask;
    if (!ask->has_protocol || ask->protocol != PROTOCOL) {
        return ro_why(&req->why, RO_NOT_ALLOWED, "protocol %d is spoken here",
                      PROTOCOL);
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
    const struct credit_amount hourly = {broker->limits.open_envelopes,
                                         broker->limits.open_bytes};
    if (session->door == DOOR_OPEN)
        credit_fill(&session->credit, &hourly, broker->time.now_ms);
    answer->has_credit_envelopes = true;
    answer->credit_envelopes = session->credit.left.envelopes;
    answer->has_credit_bytes = true;
    answer->credit_bytes = session->credit.left.bytes;
    answer->has_window = true;
    answer->window = broker->limits.window;
}

static enum ro_status
store(struct broker *broker, struct request *req)
{
    Reachout__Hello__Answer *answer =
        ro_arena_take(req->arena, sizeof(*answer));
    if (answer == NULL)
        return RO_NO_MEMORY;
    reachout__hello__answer__init(answer);
    (void)broker_session_event(broker, req->session, SESSION_GREETED);
    answer->has_protocol = true;
    answer->protocol = PROTOCOL;
    fill_ledger(broker, answer);
    fill_limits(broker, req->session, answer);
    req->answer = &answer->base;
    return RO_OK;
}

const struct verb verb_hello = {
    .name = "hello",
    .doors = VERB_AT_MEMBER | VERB_AT_OPEN,
    .needs = VERB_NEEDS_NOTHING,
    .ask = &reachout__hello__ask__descriptor,
    .authorise = authorise,
    .store = store,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* Talking to the broker: asks, records, and doing again what was cut short. */
#include "client/authority/inside.h"

#define VERB_APPEND 5
#define ROUNDS 4

enum ro_status
authority_link(struct authority *authority, struct ro_why *why)
{
    const struct authority_state *state = &authority->state;
    const struct authority_broker *broker = &authority->broker;
    if (authority->link != NULL)
        return RO_OK;
    if (broker->open_endpoint[0] == '\0') {
        return ro_why(why, RO_NOT_READY,
                      "no broker is known yet; publish the charter first "
                      "(`reachout authority charter`)");
    }
    struct link_setup setup = {
        .member_endpoint = broker->member_endpoint,
        .open_endpoint = broker->open_endpoint,
        .broker_curve = broker->curve,
        .generation = state->generation,
        .clock = authority->world.clock,
        .entropy = authority->world.entropy,
    };
    memcpy(setup.psk, state->psk, sizeof(setup.psk));
    enum ro_status s = link_new(&setup, why, &authority->link);
    ro_wipe(&setup, sizeof(setup));
    return s;
}

static int64_t
deadline(const struct authority *authority)
{
    return ro_clock_mono_ms(&authority->world.clock) + authority->world.wait_ms;
}

enum ro_status
authority_ask(struct authority *authority,
              uint8_t verb,
              const ProtobufCMessage *ask,
              struct ro_why *why,
              const ProtobufCMessage **ret_answer)
{
    static const ProtobufCMessageDescriptor *const answers[] = {
        NULL,
        NULL,
        &reachout__directory__answer__descriptor,
        NULL,
        NULL,
        &reachout__append__answer__descriptor,
        &reachout__enrol__answer__descriptor,
        NULL,
        &reachout__attach__answer__descriptor,
        &reachout__ack__answer__descriptor,
    };
    struct link_answer got;
    RO_TRY(authority_link(authority, why));
    const struct link_ask asked = {LINK_OPEN, verb, ask, answers[verb],
                                   deadline(authority)};
    RO_TRY(link_ask(authority->link, &asked, authority->arena, why, &got));
    *ret_answer = got.message;
    return RO_OK;
}

enum ro_status
authority_append(struct authority *authority,
                 struct ro_bytes record,
                 struct ro_why *why)
{
    Reachout__Append__Ask ask = REACHOUT__APPEND__ASK__INIT;
    ProtobufCBinaryData field = ro_as_field(record);
    const ProtobufCMessage *answer;
    ask.n_records = 1;
    ask.records = &field;
    return authority_ask(authority, VERB_APPEND, &ask.base, why, &answer);
}

static enum ro_status
run_round(struct authority *authority,
          authority_step_fn *step,
          void *user,
          struct ro_why *why)
{
    RO_TRY(authority_log_sync(authority, why));
    RO_TRY(step(authority, user, why));
    return authority_log_sync(authority, why);
}

enum ro_status
authority_complete(struct authority *authority,
                   authority_step_fn *step,
                   void *user,
                   struct ro_why *why)
{
    enum ro_status s = RO_OLD_SERIAL;
    int64_t until_ms = deadline(authority);
    for (int round = 0; round < ROUNDS; round++) {
        s = run_round(authority, step, user, why);
        if (s != RO_OLD_SERIAL && s != RO_UNREACHABLE)
            return s;
        if (ro_clock_mono_ms(&authority->world.clock) >= until_ms)
            return s;
    }
    return s;
}

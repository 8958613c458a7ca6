/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the broker, and giving it records. */
#include "client/authority/asking.h"

#include <assert.h>

#include "client/authority/log.h"
#include "client/authority/proposal.h"
#include "client/authority/rotation.h"

int64_t
authority_deadline(const struct authority *authority)
{
    return ro_clock_mono_ms(&authority->world.clock) + authority->world.wait_ms;
}

/* A link that shows a generation of the circle's key. */
static enum ro_status
make_link(const struct authority *authority,
          uint32_t generation,
          struct ro_why *why,
          struct link **ret_link)
{
    const struct authority_broker *broker = &authority->broker;
    struct link_setup setup = {
        .member_endpoint = broker->member_endpoint,
        .open_endpoint = broker->open_endpoint,
        .broker_curve = broker->curve,
        .generation = generation,
        .clock = authority->world.clock,
        .entropy = authority->world.entropy,
    };
    memcpy(setup.psk, authority_psk(authority, generation), sizeof(setup.psk));
    enum ro_status s = link_new(&setup, why, ret_link);
    ro_wipe(&setup, sizeof(setup));
    return s;
}

/* Whether the broker has the new door.key: it takes the next generation. */
static enum ro_status
try_next(struct authority *authority, struct ro_why *why)
{
    RO_CLEANUP(link_freep) struct link *link = NULL;
    struct link_answer got;
    const struct link_ask hello = {LINK_OPEN, RO_VERB_HELLO, NULL,
                                   &reachout__hello__answer__descriptor,
                                   authority_deadline(authority)};
    RO_TRY(make_link(authority, authority->state.next.generation, why, &link));
    enum ro_status s = link_ask(link, &hello, authority->arena, why, &got);
    if (s != RO_OK && s != RO_NEED_HELLO)
        return s;
    authority->door =
        s == RO_OK ? AUTHORITY_DOOR_TAKES_NEXT : AUTHORITY_DOOR_REFUSES_NEXT;
    if (s == RO_OK)
        authority->link = RO_STEAL(link);
    return RO_OK;
}

enum ro_status
authority_link(struct authority *authority, struct ro_why *why)
{
    const struct authority_state *state = &authority->state;
    if (authority->link != NULL)
        return RO_OK;
    if (authority->broker.open_endpoint[0] == '\0')
        return authority_lacks_charter(authority, why);
    if (state->next.generation != 0 &&
        authority->door != AUTHORITY_DOOR_REFUSES_NEXT)
        RO_TRY(try_next(authority, why));
    return authority->link != NULL
               ? RO_OK
               : make_link(authority, state->generation, why, &authority->link);
}

enum ro_status
authority_ask(struct authority *authority,
              uint8_t verb,
              const ProtobufCMessage *ask,
              struct ro_why *why,
              const ProtobufCMessage **ret_answer)
{
    static const ProtobufCMessageDescriptor *const answers[] = {
        [RO_VERB_DIRECTORY] = &reachout__directory__answer__descriptor,
        [RO_VERB_NOTICES] = &reachout__notices__answer__descriptor,
        [RO_VERB_APPEND] = &reachout__append__answer__descriptor,
        [RO_VERB_ENROL] = &reachout__enrol__answer__descriptor,
        [RO_VERB_DEPOSIT] = &reachout__deposit__answer__descriptor,
    };
    struct link_answer got;
    RO_TRY(authority_link(authority, why));
    const struct link_ask asked = {LINK_OPEN, verb, ask, answers[verb],
                                   authority_deadline(authority)};
    enum ro_status s =
        link_ask(authority->link, &asked, authority->arena, why, &got);
    if (s == RO_NEED_HELLO) {
        return ro_why(why, s,
                      "the broker does not take the circle's key: give its "
                      "operator the newest door.key, of the authority's "
                      "folder, then repeat");
    }
    RO_TRY(s);
    *ret_answer = got.message;
    return RO_OK;
}

/* What is drafted counts as published for what is drafted after it. */
static enum ro_status
draft_one(struct authority *authority,
          struct ro_bytes record,
          struct ro_why *why)
{
    static const struct ro_replaying replaying = {RO_REPLAY_DRAFT, 0};
    struct ro_why detail = {.text = ""};
    enum ro_status s =
        ro_directory_add(authority->directory, record, &replaying, &detail);
    if (s != RO_OK)
        return ro_why(why, s, "%s", detail.text);
    return proposal_add(authority->draft, record, why);
}

/* A removal is one copy's of this folder: that which makes the next key. One
 * that we know from the broker is given back to it as it is. */
static enum ro_status
claim(struct authority *authority, struct ro_bytes record, struct ro_why *why)
{
    struct ro_signed sig;
    if (ro_signed_open(record, &sig) != RO_OK ||
        sig.kind != REACHOUT__SIGNED__KIND__REVOCATION ||
        authority_log_has(authority, record))
        return RO_OK;
    return authority_removal_begin(authority, record, why);
}

enum ro_status
authority_append(struct authority *authority,
                 const struct ro_bytes *records,
                 size_t n,
                 struct ro_why *why)
{
    Reachout__Append__Ask ask = REACHOUT__APPEND__ASK__INIT;
    ProtobufCBinaryData fields[AUTHORITY_APPEND_MAX];
    const ProtobufCMessage *answer;
    assert(n <= AUTHORITY_APPEND_MAX);
    for (size_t i = 0; authority->draft != NULL && i < n; i++)
        RO_TRY(draft_one(authority, records[i], why));
    if (authority->draft != NULL)
        return RO_OK;
    for (size_t i = 0; i < n; i++) {
        RO_TRY(claim(authority, records[i], why));
        fields[i] = ro_as_field(records[i]);
    }
    ask.n_records = n;
    ask.records = fields;
    return authority_ask(authority, RO_VERB_APPEND, &ask.base, why, &answer);
}

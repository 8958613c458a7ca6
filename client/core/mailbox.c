/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/mailbox.h"

#include "common/wire/codec.h"

#include "frame.pb-c.h"

#include <stdlib.h>
#include <string.h>

/* What is ours opens with our keys alone; a broker that says whose it is and
 * means somebody else has mixed up more than that. */
static enum ro_status
check_mailbox(const struct mailbox *mailbox,
              const ProtobufCBinaryData *named,
              struct ro_why *why)
{
    if (named->len == RO_ID_SIZE &&
        memcmp(named->data, mailbox->id.b, RO_ID_SIZE) == 0)
        return RO_OK;
    return ro_why(why, RO_BAD_FRAME,
                  "the broker delivers from another mailbox than ours");
}

/* --- attached ------------------------------------------------------------ */

enum ro_status
mailbox_attach(struct mailbox *mailbox, int64_t deadline_ms, struct ro_why *why)
{
    Reachout__Attach__Ask ask = REACHOUT__ATTACH__ASK__INIT;
    struct ro_signature proof;
    mailbox->n_held = 0; /* it all comes again */
    ask.has_window = true;
    ask.window = MAILBOX_WINDOW;
    if (mailbox->door == LINK_OPEN) {
        RO_TRY(link_mailbox_proof(*mailbox->link, mailbox->pair, &proof));
        ask.has_mailbox_key = ask.has_proof = true;
        ask.mailbox_key = ro_as_field((struct ro_bytes){
            ro_keypair_public(mailbox->pair)->b, RO_KEY_SIZE});
        ask.proof = ro_as_field((struct ro_bytes){proof.b, RO_SIGNATURE_SIZE});
    }
    const struct link_ask asked = {mailbox->door, RO_VERB_ATTACH, &ask.base,
                                   &reachout__attach__answer__descriptor,
                                   deadline_ms};
    struct link_answer got;
    RO_TRY(link_ask(*mailbox->link, &asked, mailbox->answers, why, &got));
    const Reachout__Attach__Answer *answer = (const void *)got.message;
    mailbox->waiting = answer->waiting;
    return check_mailbox(mailbox, &answer->mailbox, why);
}

/* --- acknowledged -------------------------------------------------------- */

/* Tells the broker to forget what is held. */
static enum ro_status
ack(struct mailbox *mailbox, int64_t deadline_ms, struct ro_why *why)
{
    Reachout__Ack__Ask ask = REACHOUT__ACK__ASK__INIT;
    ask.has_mailbox = true;
    ask.mailbox = ro_as_field((struct ro_bytes){mailbox->id.b, RO_ID_SIZE});
    ask.keys = mailbox->held;
    ask.n_keys = mailbox->n_held;
    const struct link_ask asked = {mailbox->door, RO_VERB_ACK, &ask.base,
                                   &reachout__ack__answer__descriptor,
                                   deadline_ms};
    struct link_answer got;
    RO_TRY(link_ask(*mailbox->link, &asked, mailbox->answers, why, &got));
    /* a push may be one from before we attached, and know less than this */
    mailbox->waiting = ((const Reachout__Ack__Answer *)got.message)->waiting;
    mailbox->n_held = 0;
    return RO_OK;
}

/* A broker whose disk is full gives up a reserve for acks when the first of
 * them fails: so that one is asked once more. */
static enum ro_status
ack_held(struct mailbox *mailbox, int64_t deadline_ms, struct ro_why *why)
{
    for (int tries = 0; mailbox->n_held > 0 && tries < 2; tries++) {
        enum ro_status s = ack(mailbox, deadline_ms, why);
        if (s != RO_NO_ROOM)
            RO_TRY(s);
    }
    return RO_OK;
}

/* What is kept here is kept, whether the broker can forget it or not; as far as
 * its window allows we read on. What does not fit comes again. */
static enum ro_status
acknowledge(struct mailbox *mailbox,
            const Reachout__Attach__Push *push,
            int64_t deadline_ms,
            struct ro_why *why)
{
    for (size_t i = 0; i < push->n_envelopes; i++) {
        if (mailbox->n_held == MAILBOX_WINDOW)
            RO_TRY(ack_held(mailbox, deadline_ms, why));
        if (mailbox->n_held < MAILBOX_WINDOW)
            mailbox->held[mailbox->n_held++] = push->envelopes[i]->key;
    }
    return ack_held(mailbox, deadline_ms, why);
}

enum ro_status
mailbox_stalled(const struct mailbox *mailbox, struct ro_why *why)
{
    if (mailbox->n_held > 0) {
        return ro_why(why, RO_NO_ROOM,
                      "what came is kept here; the broker has no room to note "
                      "that, and delivers no more until it has");
    }
    return ro_why(why, RO_UNREACHABLE,
                  "the broker says that messages wait, and delivers none");
}

/* --- a push -------------------------------------------------------------- */

/* The hash of each body, once for all envelopes; NULL without memory. */
static struct ro_hash *
hash_bodies(const Reachout__Attach__Push *push, struct ro_arena *arena)
{
    struct ro_hash *hashes =
        ro_arena_take(arena, (push->n_bodies + 1) * sizeof(*hashes));
    for (size_t i = 0; hashes != NULL && i < push->n_bodies; i++)
        ro_body_hash(ro_field(&push->bodies[i]), &hashes[i]);
    return hashes;
}

static struct ro_bytes
find_body(const Reachout__Attach__Push *push,
          const struct ro_hash *hashes,
          const ProtobufCBinaryData *hash)
{
    for (size_t i = 0; i < push->n_bodies; i++) {
        if (hash->len == RO_HASH_SIZE &&
            memcmp(hash->data, hashes[i].b, RO_HASH_SIZE) == 0)
            return ro_field(&push->bodies[i]);
    }
    return (struct ro_bytes){0};
}

static enum ro_status
keep_one(const struct mailbox *mailbox,
         const Reachout__Attach__Push *push,
         const struct ro_hash *hashes,
         const Reachout__Attach__Push__Envelope *one,
         const struct mailbox_reader *reader)
{
    const struct envelope envelope = {
        .mailbox = mailbox->id,
        .wrap = ro_field(&one->wrap),
        .body = find_body(push, hashes, &one->body),
        .day = one->day,
        .generation = one->generation,
        .expiry_hour = one->expiry_hour,
    };
    return reader->keep(reader->user, &envelope);
}

enum ro_status
mailbox_wait(struct mailbox *mailbox,
             int64_t until_ms,
             struct ro_bytes *ret_push)
{
    return link_push(*mailbox->link, mailbox->door, until_ms, ret_push);
}

enum ro_status
mailbox_take(struct mailbox *mailbox,
             struct ro_bytes frame,
             const struct mailbox_reader *reader,
             struct ro_why *why)
{
    struct ro_frame_header header;
    struct ro_bytes payload;
    ProtobufCMessage *unpacked;
    RO_TRY(ro_frame_get(frame, &header, &payload));
    if (header.verb != RO_VERB_ATTACH)
        return RO_OK;
    RO_TRY(ro_unpack(&reachout__attach__push__descriptor, payload,
                     mailbox->push, &unpacked));
    const Reachout__Attach__Push *push = (const void *)unpacked;
    RO_TRY(check_mailbox(mailbox, &push->mailbox, why));
    if (push->n_envelopes == 0)
        return ro_why(why, RO_BAD_FRAME, "the broker pushes nothing at all");
    const struct ro_hash *hashes = hash_bodies(push, mailbox->push);
    if (hashes == NULL)
        return RO_NO_MEMORY;
    for (size_t i = 0; i < push->n_envelopes; i++)
        RO_TRY(keep_one(mailbox, push, hashes, push->envelopes[i], reader));
    return acknowledge(mailbox, push, reader->deadline_ms, why);
}

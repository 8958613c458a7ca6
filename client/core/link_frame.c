/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/link_internal.h"

#include "common/base/text.h"
#include "common/crypto/door.h"
#include "common/crypto/hash.h"

#include "frame.pb-c.h"

/* Bytes of a refusal's words that are shown. */
#define WORDS_LIMIT 160

enum ro_status
link_frame_ask(struct link *link,
               uint8_t verb,
               const ProtobufCMessage *ask,
               uint32_t *ret_serial)
{
    const struct ro_frame_header header = {
        .verb = verb, .kind = RO_FRAME_ASK, .serial = ++link->serial};
    ro_buf_clear(&link->out);
    ro_frame_put_header(&header, &link->out);
    RO_TRY(ro_pack(ask, &link->out));
    RO_TRY(ro_buf_ok(&link->out));
    if (link->out.size > RO_FRAME_LIMIT)
        return RO_TOO_LARGE;
    *ret_serial = header.serial;
    return RO_OK;
}

enum ro_status
link_frame_hello(struct link *link,
                 const struct link_end *end,
                 uint32_t *ret_serial)
{
    Reachout__Hello__Ask hello = REACHOUT__HELLO__ASK__INIT;
    hello.has_protocol = 1;
    hello.protocol = RO_PROTOCOL;
    uint8_t proof[RO_DOOR_PROOF_SIZE];
    if (end->which == LINK_OPEN) {
        ro_door_proof(ro_secret_data(link->psk), &link->broker_curve,
                      ro_keypair_x25519(end->curve), proof);
        hello.has_proof = 1;
        hello.proof = ro_as_field((struct ro_bytes){proof, sizeof(proof)});
        hello.has_generation = 1;
        hello.generation = link->generation;
    }
    return link_frame_ask(link, RO_VERB_HELLO, &hello.base, ret_serial);
}

/* The words of a refusal, escaped and cut, into `why`. */
static enum ro_status
refusal(const struct link_frame *frame,
        struct ro_arena *arena,
        struct ro_why *why)
{
    enum ro_status refused = ro_status_from_wire(frame->header.status);
    ProtobufCMessage *message = NULL;
    enum ro_status s = ro_unpack(&reachout__refusal__descriptor, frame->payload,
                                 arena, &message);
    const char *said = "";
    if (s == RO_OK && ((Reachout__Refusal *)message)->why != NULL)
        said = ((Reachout__Refusal *)message)->why;
    struct ro_bytes words = ro_bytes_text(said);
    if (words.size > WORDS_LIMIT)
        words.size = WORDS_LIMIT;
    RO_AUTOBUF shown = {0};
    ro_text_show(words, RO_TEXT_LINE, &shown);
    ro_buf_put_u8(&shown, 0);
    RO_TRY(ro_buf_ok(&shown));
    if (words.size == 0) {
        return ro_why(why, refused, "the broker says: %s",
                      ro_status_text(refused));
    }
    return ro_why(why, refused, "the broker says: %s",
                  (const char *)shown.data);
}

enum ro_status
link_frame_answer(const struct link_frame *frame,
                  const ProtobufCMessageDescriptor *type,
                  struct ro_arena *arena,
                  struct ro_why *why,
                  const ProtobufCMessage **ret_message)
{
    if (frame->header.status != 0)
        return refusal(frame, arena, why);
    ProtobufCMessage *message = NULL;
    enum ro_status s = ro_unpack(type, frame->payload, arena, &message);
    if (s != RO_OK)
        return ro_why(why, s, "the broker's answer cannot be read");
    *ret_message = message;
    return RO_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/keyring.h"

#include "client/core/generations.h"
#include "client/core/row.h"
#include "common/base/text.h"
#include "common/crypto/hash.h"
#include "common/crypto/wipe.h"
#include "common/crypto/words.h"
#include "common/wire/codec.h"
#include "common/wire/rules.h"
#include "common/wire/signed.h"

#include <stdio.h>
#include <string.h>

#define KEYRING_PAIRS 5
/* Said of an invitation that is not what the authority wrote. */
#define DAMAGED "the invitation is damaged; ask for it again"

/* The pairs in the order of the row. */
static struct ro_keypair **
pair_at(struct keyring *keyring, size_t i)
{
    struct ro_keypair **pairs[KEYRING_PAIRS] = {
        &keyring->member,   &keyring->signing,   &keyring->sealing,
        &keyring->fallback, &keyring->transport,
    };
    return pairs[i];
}

void
keyring_free(struct keyring *keyring)
{
    if (keyring == NULL)
        return;
    for (size_t i = 0; i < KEYRING_PAIRS; i++)
        ro_keypair_free(*pair_at(keyring, i));
    ro_buf_fini(&keyring->ticket);
    ro_buf_fini(&keyring->certificate);
    ro_buf_fini(&keyring->enrol_body);
    ro_buf_fini(&keyring->enrol_wrap);
    ro_secret_struct_free(keyring);
}

struct ro_reference
keyring_reference(const struct keyring *keyring)
{
    struct ro_reference reference = {.kind = RO_REFERENCE_SEAT,
                                     .seat = keyring->seat};
    if (keyring->enrolment != RO_ENROL_ADMITTED) {
        reference.kind = RO_REFERENCE_KEYS;
        reference.sealing = *ro_keypair_x25519(keyring->sealing);
        reference.signing = *ro_keypair_public(keyring->signing);
    }
    return reference;
}

struct ro_sealing_key
keyring_sealing(const struct keyring *keyring)
{
    return (struct ro_sealing_key){
        .secret = ro_keypair_x25519_secret(keyring->sealing),
        .public_key = ro_keypair_x25519(keyring->sealing),
    };
}

void
keyring_words(const struct keyring *keyring, const char *ret_words[5])
{
    ro_words_of(ro_buf_view(&keyring->certificate), ret_words);
}

/* --- making -------------------------------------------------------------- */

static enum ro_status
copy_text(const char *from, struct ro_why *why, char *ret_text, size_t room)
{
    if (from == NULL)
        from = "";
    RO_TRY(ro_text_check(ro_bytes_text(from), RO_TEXT_LINE, room - 1, why));
    (void)snprintf(ret_text, room, "%s", from);
    return RO_OK;
}

static enum ro_status
copy_field(const ProtobufCBinaryData *from,
           struct ro_why *why,
           uint8_t *ret_bytes,
           size_t size)
{
    if (ro_field_copy(from, ret_bytes, size) != RO_OK)
        return ro_why(why, RO_BAD_INPUT, DAMAGED);
    return RO_OK;
}

static enum ro_status
copy_broker(struct keyring *keyring,
            const Reachout__Broker *broker,
            struct ro_why *why)
{
    struct keyring_broker *to = &keyring->broker;
    if (broker == NULL)
        return ro_why(why, RO_BAD_INPUT, "the invitation names no broker");
    RO_TRY(copy_text(broker->member_endpoint, why, to->member_endpoint,
                     sizeof(to->member_endpoint)));
    RO_TRY(copy_text(broker->open_endpoint, why, to->open_endpoint,
                     sizeof(to->open_endpoint)));
    RO_TRY(copy_field(&broker->curve_key, why, to->curve.b, RO_KEY_SIZE));
    return copy_field(&broker->signing_key, why, to->signing.b, RO_KEY_SIZE);
}

static enum ro_status
copy_authority(struct keyring *keyring,
               const Reachout__AuthorityPublic *authority,
               struct ro_why *why)
{
    struct ro_key enrolment;
    if (authority == NULL)
        return ro_why(why, RO_BAD_INPUT, "the invitation names no authority");
    if (ro_root_of(authority, &keyring->root) != RO_OK)
        return ro_why(why, RO_BAD_INPUT, DAMAGED);
    ro_circle_id_of(keyring->root.keys, keyring->root.n_keys,
                    (uint8_t)keyring->root.threshold, &keyring->circle);
    RO_TRY(
        copy_field(&authority->enrolment_key, why, enrolment.b, RO_KEY_SIZE));
    if (ro_key_to_x25519(&enrolment, &keyring->enrolment_key) != RO_OK)
        return ro_why(why, RO_BAD_INPUT, DAMAGED);
    RO_TRY(copy_field(&authority->mailbox_key, why,
                      keyring->enrolment_mailbox_key.b, RO_KEY_SIZE));
    return copy_text(authority->name, why, keyring->circle_name,
                     sizeof(keyring->circle_name));
}

static enum ro_status
make_pairs(struct keyring *keyring, const struct ro_entropy *entropy)
{
    for (size_t i = 0; i < KEYRING_PAIRS; i++) {
        struct ro_keypair **pair = pair_at(keyring, i);
        *pair = ro_keypair_new(entropy);
        if (*pair == NULL)
            return RO_NO_MEMORY;
    }
    ro_seat_id_of(ro_keypair_public(keyring->signing), &keyring->seat);
    ro_member_id_of(&keyring->circle, ro_keypair_public(keyring->member),
                    &keyring->member_id);
    return RO_OK;
}

/* Signs our seat certificate with all five keys (PROTOCOL.md, "Seat"). */
static enum ro_status
make_certificate(struct keyring *keyring, Reachout__Role role, int64_t now_s)
{
    Reachout__Seat seat = REACHOUT__SEAT__INIT;
    struct ro_bytes keys[KEYRING_PAIRS];
    for (size_t i = 0; i < KEYRING_PAIRS; i++) {
        const struct ro_keypair *pair = *pair_at(keyring, i);
        keys[i] = (struct ro_bytes){ro_keypair_public(pair)->b, RO_KEY_SIZE};
    }
    seat.has_circle = seat.has_serial = seat.has_member = seat.has_role = true;
    seat.has_signing_key = seat.has_sealing_key = seat.has_fallback_key = true;
    seat.has_transport_key = seat.has_made_at = true;
    seat.circle = ro_as_field((struct ro_bytes){keyring->circle.b, RO_ID_SIZE});
    seat.member =
        ro_as_field((struct ro_bytes){keyring->member_id.b, RO_ID_SIZE});
    seat.serial = 1;
    seat.role = role;
    seat.signing_key = ro_as_field(keys[1]);
    seat.sealing_key = ro_as_field(keys[2]);
    seat.fallback_key = ro_as_field(keys[3]);
    seat.transport_key = ro_as_field(keys[4]);
    seat.made_at = (uint64_t)ro_day_of(now_s) * 86400;

    RO_AUTOBUF body = {0};
    RO_TRY(ro_pack(&seat.base, &body));
    const struct ro_signing signings[KEYRING_PAIRS] = {
        {keyring->member,    RO_LABEL_SEAT,           0},
        {keyring->signing,   RO_LABEL_SEAT_COUNTER,   0},
        {keyring->sealing,   RO_LABEL_SEAT_SEALING,   0},
        {keyring->fallback,  RO_LABEL_SEAT_FALLBACK,  0},
        {keyring->transport, RO_LABEL_SEAT_TRANSPORT, 0},
    };
    return ro_signed_make(REACHOUT__SIGNED__KIND__SEAT, ro_buf_view(&body),
                          signings, KEYRING_PAIRS, &keyring->certificate);
}

/* An invitation that was written where no signing key was. */
static bool
is_unsigned(struct ro_bytes ticket)
{
    struct ro_signed sig;
    return ro_signed_open(ticket, &sig) == RO_OK && sig.n_signers == 0;
}

/* Takes everything from the invitation that the keyring keeps. */
static enum ro_status
take_invitation(struct keyring *keyring,
                const struct keyring_source *source,
                struct ro_why *why)
{
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(0, 0);
    RO_CLEANUP(ro_arena_freep) struct ro_arena *inner = ro_arena_new(0, 0);
    if (arena == NULL || inner == NULL)
        return RO_NO_MEMORY;
    ProtobufCMessage *message;
    enum ro_status s =
        ro_unpack_as(RO_BAD_INPUT, &reachout__invitation__descriptor,
                     source->invitation, arena, &message);
    if (s != RO_OK)
        return ro_why(why, s, DAMAGED);
    const Reachout__Invitation *paper = (const void *)message;

    RO_TRY(copy_authority(keyring, paper->authority, why));
    RO_TRY(copy_broker(keyring, paper->broker, why));
    if (ro_field_copy(&paper->psk, keyring->psk, sizeof(keyring->psk)) != RO_OK)
        return ro_why(why, RO_BAD_INPUT, "the invitation has no circle key");
    keyring->generation = paper->generation;

    Reachout__Ticket *ticket;
    struct ro_bytes raw = ro_field(&paper->ticket);
    s = ro_ticket_open(raw, &keyring->root, source->now_s, inner, &ticket);
    if (s == RO_BAD_TICKET && is_unsigned(raw)) {
        return ro_why(why, s,
                      "the invitation is not signed yet: the authority "
                      "completes it with `reachout authority sign`");
    }
    if (s != RO_OK) {
        return ro_why(why, s, "%s; ask the authority for a new one",
                      ro_status_text(s));
    }
    ro_buf_put(&keyring->ticket, raw.data, raw.size);
    RO_TRY(make_pairs(keyring, source->entropy));
    if (ticket->has_replaces) {
        RO_TRY(
            ro_field_copy(&ticket->replaces, keyring->member_id.b, RO_ID_SIZE));
    }
    RO_TRY(make_certificate(keyring, ticket->role, source->now_s));
    return ro_buf_ok(&keyring->ticket);
}

enum ro_status
keyring_make(const struct keyring_source *source,
             struct ro_why *why,
             struct keyring **ret_keyring)
{
    RO_CLEANUP(keyring_freep)
    struct keyring *made = ro_secret_struct_new(sizeof(*made));
    if (made == NULL)
        return RO_NO_MEMORY;
    RO_TRY(copy_text(source->holder, why, made->holder, sizeof(made->holder)));
    RO_TRY(take_invitation(made, source, why));
    made->enrolment = RO_ENROL_MADE;
    *ret_keyring = RO_STEAL(made);
    return RO_OK;
}

/* --- keeping ------------------------------------------------------------- */

static struct ro_bytes
self_key(void)
{
    return ro_bytes_text("self");
}

/* Room for the whole row at once: where a buffer grows, it leaves a copy of
 * what it held, and this one holds seeds. */
static void
reserve(const struct keyring *keyring, struct ro_buf *row)
{
    const size_t fixed = 2 * sizeof(*keyring) + KEYRING_PAIRS * RO_SEED_SIZE;
    (void)ro_buf_extend(
        row, fixed + keyring->ticket.size + keyring->certificate.size +
                 keyring->enrol_body.size + keyring->enrol_wrap.size);
    ro_buf_clear(row); /* what failed here fails again at the first put */
}

enum ro_status
keyring_save(const struct keyring *keyring, struct vault *vault)
{
    RO_SECRET_BUF row = {0};
    reserve(keyring, &row);
    const struct keyring_broker *broker = &keyring->broker;
    const struct ro_keypair *pairs[KEYRING_PAIRS] = {
        keyring->member,   keyring->signing,   keyring->sealing,
        keyring->fallback, keyring->transport,
    };
    for (size_t i = 0; i < KEYRING_PAIRS; i++)
        ro_buf_put(&row, ro_keypair_seed(pairs[i]), RO_SEED_SIZE);
    ro_buf_put_u32(&row, keyring->root.threshold);
    ro_buf_put_u32(&row, (uint32_t)keyring->root.n_keys);
    ro_buf_put(&row, keyring->root.keys, keyring->root.n_keys * RO_KEY_SIZE);
    ro_buf_put(&row, keyring->enrolment_key.b, RO_KEY_SIZE);
    ro_buf_put(&row, keyring->enrolment_mailbox_key.b, RO_KEY_SIZE);
    row_put_piece(&row, ro_bytes_text(broker->member_endpoint));
    row_put_piece(&row, ro_bytes_text(broker->open_endpoint));
    ro_buf_put(&row, broker->curve.b, RO_KEY_SIZE);
    ro_buf_put(&row, broker->signing.b, RO_KEY_SIZE);
    ro_buf_put(&row, keyring->psk, sizeof(keyring->psk));
    ro_buf_put_u32(&row, keyring->generation);
    row_put_piece(&row, ro_bytes_text(keyring->circle_name));
    row_put_piece(&row, ro_bytes_text(keyring->holder));
    row_put_piece(&row, ro_buf_view(&keyring->ticket));
    row_put_piece(&row, ro_buf_view(&keyring->certificate));
    row_put_piece(&row, ro_buf_view(&keyring->enrol_body));
    row_put_piece(&row, ro_buf_view(&keyring->enrol_wrap));
    ro_buf_put_u32(&row, keyring->enrol_expiry_hour);
    ro_buf_put_u8(&row, (uint8_t)keyring->enrolment);
    row_put_piece(&row, ro_bytes_text(keyring->refusal));
    enum ro_status s = ro_buf_ok(&row);
    if (s == RO_OK) {
        struct vault_place place = {VAULT_SELF, self_key(), {0}};
        s = vault_put(vault, &place, ro_buf_view(&row));
    }
    return s;
}

static enum ro_status
read_pairs(struct keyring *keyring, struct row_reader *row)
{
    for (size_t i = 0; i < KEYRING_PAIRS; i++) {
        uint8_t seed[RO_SEED_SIZE];
        row_fixed(row, seed, sizeof(seed));
        *pair_at(keyring, i) = ro_keypair_from_seed(seed);
        ro_wipe(seed, sizeof(seed));
        if (*pair_at(keyring, i) == NULL)
            return RO_NO_MEMORY;
    }
    return RO_OK;
}

/* A piece that found no memory is no damage. */
static enum ro_status
check_pieces(const struct keyring *keyring)
{
    RO_TRY(ro_buf_ok(&keyring->ticket));
    RO_TRY(ro_buf_ok(&keyring->certificate));
    RO_TRY(ro_buf_ok(&keyring->enrol_body));
    return ro_buf_ok(&keyring->enrol_wrap);
}

static void
read_circle(struct keyring *keyring, struct row_reader *row)
{
    struct ro_root *root = &keyring->root;
    root->threshold = row_u32(row);
    root->n_keys = row_u32(row);
    if (root->n_keys > RO_AUTHORITY_KEYS_MAX) {
        row->failed = true;
        root->n_keys = 0;
    }
    row_fixed(row, root->keys, root->n_keys * RO_KEY_SIZE);
    row_fixed(row, keyring->enrolment_key.b, RO_KEY_SIZE);
    row_fixed(row, keyring->enrolment_mailbox_key.b, RO_KEY_SIZE);
}

static void
read_broker(struct keyring_broker *broker, struct row_reader *row)
{
    row_text(row, broker->member_endpoint, sizeof(broker->member_endpoint));
    row_text(row, broker->open_endpoint, sizeof(broker->open_endpoint));
    row_fixed(row, broker->curve.b, RO_KEY_SIZE);
    row_fixed(row, broker->signing.b, RO_KEY_SIZE);
}

static enum ro_status
read_row(struct keyring *keyring, struct ro_bytes value)
{
    struct row_reader row = row_read(value);
    RO_TRY(read_pairs(keyring, &row));
    read_circle(keyring, &row);
    read_broker(&keyring->broker, &row);
    row_fixed(&row, keyring->psk, sizeof(keyring->psk));
    keyring->generation = row_u32(&row);
    row_text(&row, keyring->circle_name, sizeof(keyring->circle_name));
    row_text(&row, keyring->holder, sizeof(keyring->holder));
    row_copy(&row, &keyring->ticket);
    row_copy(&row, &keyring->certificate);
    row_copy(&row, &keyring->enrol_body);
    row_copy(&row, &keyring->enrol_wrap);
    keyring->enrol_expiry_hour = row_u32(&row);
    keyring->enrolment = row_u8(&row);
    row_text(&row, keyring->refusal, sizeof(keyring->refusal));
    RO_TRY(check_pieces(keyring));
    return row_end(&row);
}

/* The member as our certificate names it: its id is that of its first key,
 * which need not be ours. */
static enum ro_status
read_member_id(struct keyring *keyring)
{
    struct ro_signed sig;
    ProtobufCMessage *message;
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(0, 0);
    if (arena == NULL)
        return RO_NO_MEMORY;
    if (ro_signed_open(ro_buf_view(&keyring->certificate), &sig) != RO_OK)
        return RO_VAULT_DAMAGED;
    RO_TRY(ro_unpack_as(RO_VAULT_DAMAGED, &reachout__seat__descriptor, sig.body,
                        arena, &message));
    const Reachout__Seat *seat = (const void *)message;
    return ro_field_copy(&seat->member, keyring->member_id.b, RO_ID_SIZE) ==
                   RO_OK
               ? RO_OK
               : RO_VAULT_DAMAGED;
}

enum ro_status
keyring_load(struct vault *vault, struct keyring **ret_keyring)
{
    RO_SECRET_BUF value = {0};
    RO_CLEANUP(keyring_freep)
    struct keyring *read = ro_secret_struct_new(sizeof(*read));
    if (read == NULL)
        return RO_NO_MEMORY;
    RO_TRY(vault_get(vault, VAULT_SELF, self_key(), &value));
    RO_TRY(read_row(read, ro_buf_view(&value)));
    ro_circle_id_of(read->root.keys, read->root.n_keys,
                    (uint8_t)read->root.threshold, &read->circle);
    ro_seat_id_of(ro_keypair_public(read->signing), &read->seat);
    RO_TRY(read_member_id(read));
    RO_TRY(generations_load(vault, read));
    *ret_keyring = RO_STEAL(read);
    return RO_OK;
}

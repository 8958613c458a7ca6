/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who we are: the member's and the seat's key pairs, the circle as the
 * invitation names it, and how far enrolment has come. One row of the vault.
 */
#ifndef CLIENT_CORE_KEYRING_H
#define CLIENT_CORE_KEYRING_H

#include "client/core/vault.h"
#include "client/include/reachout.h"
#include "common/crypto/seal.h"
#include "common/crypto/sign.h"
#include "common/wire/directory.h"

/* The broker as the invitation, later the charter, names it. */
struct keyring_broker {
    char member_endpoint[128];
    char open_endpoint[128];
    struct ro_key curve;
    struct ro_key signing;
};

/* Keys of the circle that came after the invitation's; the oldest go. */
#define KEYRING_LATER_MAX 16
struct keyring_psk {
    uint32_t generation;
    uint8_t psk[32];
};

struct keyring {
    struct ro_keypair *member;
    struct ro_keypair *signing;
    struct ro_keypair *sealing;
    struct ro_keypair *fallback;
    struct ro_keypair *transport;
    struct ro_circle_id circle;
    struct ro_root root;
    struct ro_key enrolment_key; /* the authority's, X25519 */
    struct ro_key enrolment_mailbox_key;
    struct ro_member_id member_id;
    struct ro_seat_id seat;
    struct keyring_broker broker;
    uint8_t psk[32]; /* the invitation's; see generations.h */
    uint32_t generation;
    struct keyring_psk later[KEYRING_LATER_MAX]; /* rising generations */
    size_t n_later;
    char circle_name[201];
    char holder[201];
    struct ro_buf ticket;      /* a Signed, as in the invitation */
    struct ro_buf certificate; /* our own, a Signed */
    struct ro_buf enrol_body;  /* the request as first sent: the same */
    struct ro_buf enrol_wrap;  /* ticket with the same body is answered */
    uint32_t enrol_expiry_hour;
    enum ro_enrolment enrolment;
    char refusal[241];
};

/* What a keyring is made of; borrowed. */
struct keyring_source {
    struct ro_bytes invitation;
    const char *holder;
    int64_t now_s;
    const struct ro_entropy *entropy;
};

/* Makes a keyring with fresh keys from an invitation's bytes (the protobuf
 * inside the armour) at `now_s`. `holder` may be NULL. RO_BAD_INPUT,
 * RO_BAD_TICKET, RO_TICKET_EXPIRED. */
RO_MUST_USE enum ro_status keyring_make(const struct keyring_source *source,
                                        struct ro_why *why,
                                        struct keyring **ret_keyring);

/* Reads it from the vault. RO_NOT_FOUND, RO_VAULT_DAMAGED. */
RO_MUST_USE enum ro_status keyring_load(struct vault *vault,
                                        struct keyring **ret_keyring);

/* Writes it, inside a commit of the caller's. */
RO_MUST_USE enum ro_status keyring_save(const struct keyring *keyring,
                                        struct vault *vault);

/* Wipes and releases; accepts NULL. */
void keyring_free(struct keyring *keyring);
RO_DEFINE_AUTO(keyring, keyring_free)

/* Our reference as a sender: the seat, or before admission our keys. */
struct ro_reference keyring_reference(const struct keyring *keyring);

/* The key pair of our sealing, for mode_auth. Valid as long as the keyring. */
struct ro_sealing_key keyring_sealing(const struct keyring *keyring);

/* The words that both sides of the telephone see: of our certificate. */
void keyring_words(const struct keyring *keyring, const char *ret_words[5]);

#endif

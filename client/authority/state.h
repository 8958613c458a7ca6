/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client/authority: what authority.state remembers. */
#ifndef CLIENT_AUTHORITY_STATE_H
#define CLIENT_AUTHORITY_STATE_H

#include "common/base/auto.h"
#include "common/crypto/sign.h"
#include "common/wire/directory.h"

#include "directory.pb-c.h"

#define AUTHORITY_NAME_MAX 200
#define AUTHORITY_ENDPOINT_MAX 127

/* A signing key: its public half, and where the secret one is. */
struct authority_key {
    struct ro_key public_key;
    char *path; /* absolute, or from the folder on */
};

/* The broker, as the charter names it. */
struct authority_broker {
    char member_endpoint[AUTHORITY_ENDPOINT_MAX + 1]; /* empty: none yet */
    char open_endpoint[AUTHORITY_ENDPOINT_MAX + 1];
    struct ro_key curve;
    struct ro_key signing;
};

/* A key of the circle; generation 0: there is none. */
struct authority_psk {
    uint32_t generation;
    uint8_t psk[32];
};

/* The content of authority.state. */
struct authority_state {
    char circle_name[AUTHORITY_NAME_MAX + 1];
    uint32_t threshold;
    size_t n_keys;
    struct authority_key keys[RO_AUTHORITY_KEYS_MAX];
    uint32_t generation; /* of the circle's key that is in force */
    uint8_t psk[32];
    struct authority_psk last; /* before it: requests may be under that one */
    struct authority_psk next; /* after it, see rotation.c */
    uint64_t next_seats;       /* of the log's seats, so many have `next` */
    uint64_t covered;          /* number of the newest revocation that has a key
                                  of its own after it */
    struct ro_hash removal;    /* of the newest revocation that this folder has
                                  published, or was about to */
    struct ro_keypair *enrolment; /* X25519 is used */
    struct ro_keypair *mailbox;
    struct authority_broker broker;
    uint64_t pin_size;
    struct ro_hash pin_head;
    struct ro_buf checkpoint; /* newest that held, a Signed; may be empty */
};

/* DIR/NAME as a new string; NULL without memory. */
char *authority_path(const char *dir, const char *name);

/* Writes authority.state whole, or leaves the old one. */
RO_MUST_USE enum ro_status authority_state_save(
    const char *dir, const struct authority_state *state, struct ro_why *why);

/* Reads it. RO_NOT_FOUND, RO_VAULT_DAMAGED, RO_BAD_INPUT. */
RO_MUST_USE enum ro_status authority_state_load(
    const char *dir, struct ro_why *why, struct authority_state *ret_state);

/* Wipes and releases what it owns. */
void authority_state_fini(struct authority_state *state);

/* Fills a message with the circle's public parts; `keys` has room for
 * RO_AUTHORITY_KEYS_MAX. It borrows from the state. */
void authority_state_public(const struct authority_state *state,
                            ProtobufCBinaryData *keys,
                            Reachout__AuthorityPublic *ret_public);

#endif

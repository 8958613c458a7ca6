/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Envelopes as somebody would make them who has a seat's keys and does not
 * keep the rules. A forgery that is changed in nothing is a good message: a
 * `say` from one seat to another.
 */
#ifndef TESTS_UNIT_CLIENT_FORGE_H
#define TESTS_UNIT_CLIENT_FORGE_H

#include "tests/unit/client/pair.h"

/* What to seal, and how. Zero or NULL: as it should be. */
struct forgery {
    struct seat *from;
    struct seat *to;
    /* the content */
    Reachout__Content content; /* purpose and what forge_init filled */
    Reachout__Say say;
    Reachout__Audience audience;
    Reachout__Audience *audiences[1];
    struct ro_circle_id circle;
    struct ro_seat_id sender;
    struct ro_hash recipients;
    struct ro_request_id request;
    struct ro_thread_id thread;
    /* the wrap */
    struct ro_hash wrap_recipients;
    struct ro_reference reference;
    const struct ro_keypair *sealing; /* whose key proves the sender */
    uint64_t sequence;
    uint32_t day; /* 0: the fallback key */
    uint32_t generation;
    uint32_t expiry_hour;
};

/* A good one; change it, then forge. Pointers go into the forgery. */
void forge_init(struct forgery *forgery, struct seat *from, struct seat *to);

/* The same for a request that exists: in its thread of the two. */
void forge_thread(struct forgery *forgery, const char *request);

/* What came out; released with forged_fini. */
struct forged {
    struct ro_buf body;
    uint8_t wrap[RO_WRAP_SIZE];
    struct envelope envelope; /* views into the two */
};
void forge(const struct forgery *forgery, struct forged *ret_forged);
void forged_fini(struct forged *forged);
#define AUTOFORGED RO_CLEANUP(forged_fini) struct forged

/* Seals a wrap for a body that is there already, with its content key. */
void forge_wrap(const struct forgery *forgery,
                struct ro_bytes body,
                const uint8_t content_key[static RO_CONTENT_KEY_SIZE],
                uint8_t ret_wrap[static RO_WRAP_SIZE]);

/* Forges and posts to the recipient's mailbox; must be stored. */
void forge_post(const struct forgery *forgery);

#endif

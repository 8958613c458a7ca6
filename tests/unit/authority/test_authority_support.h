/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A circle for the authority's tests: its folder, a virtual clock, records
 * signed by it and replayed, and somebody who asks to be admitted, honestly or
 * not.
 */
#ifndef TESTS_UNIT_AUTHORITY_SUPPORT_H
#define TESTS_UNIT_AUTHORITY_SUPPORT_H

#include "client/authority/envelope.h"

#include <stdio.h>
#include <stdlib.h>

#include "content.pb-c.h"

/* Ends the test where its own means fail. No point of TAP: those are counted
 * by each test's file for itself. */
#define NEED(cond) need_((cond), #cond, __FILE__, __LINE__)

RO_UNUSED static inline void
need_(bool ok, const char *what, const char *file, int line)
{
    if (ok)
        return;
    printf("Bail out! %s:%d: %s\n", file, line, what);
    exit(1);
}

#define NOW_S 1793000000 /* a Monday in October 2026 */

/* A folder of its own with an authority in it. */
struct circle {
    char root[128]; /* removed at the end */
    char dir[160];
    struct ro_clock_virtual clock;
    struct ro_entropy_seeded entropy;
    struct authority_world world;
    struct authority *authority; /* open */
    struct ro_keypair *broker;   /* signs checkpoints, once chartered */
};

/* Founds and opens one; ends the test if that fails. */
void circle_make(struct circle *circle);

/* Closes and opens it again. */
void circle_reopen(struct circle *circle);

/* Closes it and removes its folder. */
void circle_fini(struct circle *circle);

/* A path in the circle's root; static, until the next call but one. */
const char *circle_path(const struct circle *circle, const char *name);

/* The charter that circle_charter signs, to be changed; it borrows from the
 * circle. */
struct charter_draft {
    Reachout__Charter message;
    Reachout__Broker broker;
    ProtobufCBinaryData keys[RO_AUTHORITY_KEYS_MAX];
};
void circle_charter_init(struct circle *circle, struct charter_draft *draft);

/* Signs charter, then listings of these URNs, and replays them. */
void circle_charter(struct circle *circle);
void circle_list(struct circle *circle, const uint32_t *urns, size_t n);

/* Admits, with all old seats revoked where there are some. */
enum ro_status circle_admit(struct authority *authority,
                            const struct ro_message_id *id,
                            struct ro_why *why);

/* Replays one record as if it had been fetched. */
enum ro_status circle_add(struct circle *circle, struct ro_bytes record);

/* Keeps log and pin as a fetch does. */
void circle_keep(struct circle *circle);

/* What a joiner may do wrong; 0 is nothing. */
enum forgery {
    HONEST,
    FORGE_TICKET_SIGNATURE, /* signed by somebody else */
    FORGE_TICKET_CIRCLE,    /* of another circle, signed by us */
    FORGE_TICKET_EXPIRED,   /* before the request was sent */
    FORGE_ROLE,             /* another role than invited to */
    FORGE_CERTIFICATE,      /* one bit of a signature */
    FORGE_POSSESSION,       /* the sealing key of somebody else */
    FORGE_MEMBER_KEY,       /* certificate of another member key */
    FORGE_MEMBER_ID,        /* a member id that is not the key's */
    FORGE_SENDER,           /* sealed by other keys than certified */
    FORGE_SEALING,          /* by another sealing key than certified */
    FORGE_SEAT_CIRCLE,      /* certificate of another circle */
    FORGE_CONTENT_SENDER,   /* content that names another sender */
    FORGE_RECIPIENTS,       /* hash of other recipients */
    FORGE_CIRCLE,           /* content of another circle */
    FORGE_PURPOSE,          /* content that is no request */
    FORGE_SEAT_REFERENCE,   /* as a seat of the directory */
    FORGE_DAY,              /* sealed for a day */
    FORGE_DAY_BESIDE,       /* a day beside the wrap only */
    FORGE_GENERATION,       /* another PSK generation beside the wrap */
    FORGE_WRAP,             /* one bit of the wrap */
    FORGE_BODY,             /* one bit of the body */
    FORGE_PSK,              /* without the circle's key */
    FORGE_END
};

/* One who asks. */
struct joiner {
    struct ro_keypair *member;
    struct ro_keypair *signing;
    struct ro_keypair *sealing;
    struct ro_keypair *fallback;
    struct ro_keypair *transport;
    struct ro_buf ticket;
    struct ro_buf certificate;
    struct ro_buf body;
    struct ro_buf wrap;
    struct authority_envelope envelope; /* borrows body and wrap */
};

/* Makes keys, a certificate and a sealed request for a Lead's ticket of that
 * URN. */
struct joining {
    uint32_t urn;
    enum forgery forgery;
    const struct ro_buf *ticket; /* another's, or NULL: a fresh one */
};
void joiner_make(struct circle *circle,
                 const struct joining *joining,
                 struct joiner *ret_joiner);
void joiner_fini(struct joiner *joiner);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies and wraps of the example, with what comes between. */
#ifndef TESTS_GOLDEN_SEAL_H
#define TESTS_GOLDEN_SEAL_H

#include "golden/cast.h"

/* A body: PREFIX.key and PREFIX.nonce are one byte repeated; PREFIX.content
 * stands in the book. Ends with PREFIX.body and PREFIX.hash. */
struct body_plan {
    const char *prefix;
    uint8_t key;
    uint8_t nonce;
};
void
seal_body(struct book *book, struct told *told, const struct body_plan *plan);

/* A wrap of that body, NAME; who seals and for whom, by the names of values.
 * PREFIX.recipients stands in the book. */
struct wrap_plan {
    const char *name;
    const char *prefix;    /* of the body */
    const char *mailbox;   /* value: id of the recipient's seat */
    const char *recipient; /* value: its X25519 key of the day */
    const char *day;       /* value, u32; NULL: day 0 */
    const char *reference; /* value: sender reference */
    const char *sender;    /* its sealing pair: NAME.x25519, NAME.secret */
    uint8_t ephemeral;     /* of the inner layer; the outer has the next */
};
void
seal_wrap(struct book *book, struct told *told, const struct wrap_plan *plan);

/* "PREFIX.NAME", good until it was called 31 times more. */
const char *part(const char *prefix, const char *name);

#endif

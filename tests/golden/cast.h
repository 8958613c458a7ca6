/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The little circle of the worked example. All its secrets are one byte
 * repeated, and so are all random bytes.
 */
#ifndef TESTS_GOLDEN_CAST_H
#define TESTS_GOLDEN_CAST_H

#include "golden/book.h"
#include "support/circle.h"

/* Randomness that was told beforehand: draw i is byte[i], as often as asked;
 * the draw after the last one is a broken test. */
struct told {
    uint8_t byte[16];
    size_t n;
    size_t at;
};
struct ro_entropy told_entropy(struct told *told);
/* What is drawn from now on. All that was told before must be used up. */
#define TOLD(told, ...)                                                        \
    told_say((told), (const uint8_t[]){__VA_ARGS__},                           \
             sizeof((const uint8_t[]){__VA_ARGS__}))
void told_say(struct told *told, const uint8_t *bytes, size_t n);

/* Connections to the open door, each with a key of its own. */
enum cast_line {
    CAST_LINE_A,      /* a's Lead */
    CAST_LINE_B,      /* b's Lead */
    CAST_LINE_JOINER, /* who is to be b's Lead */
    CAST_LINE_AUTHORITY,
    CAST_LINES
};

#define CAST_DAYS 3
struct cast {
    struct told told;
    struct test_circle *circle;
    struct test_member *a;
    struct test_member *b;
    struct test_seat *lead;   /* of a */
    struct test_seat *office; /* of a */
    struct test_seat *head;   /* the Lead seat of b */
    struct ro_keypair *day_a[CAST_DAYS - 1];
    struct ro_keypair *day_b[CAST_DAYS];
    struct ro_keypair *line[CAST_LINES]; /* of connections */
};

/* The clock of the example; in the hour before it the circle was made. */
#define CAST_NOW_S TEST_NOW_S
#define CAST_BEFORE_S (CAST_NOW_S - 3600)
#define CAST_DAY TEST_DAY
#define CAST_HOUR (CAST_NOW_S / 3600)
#define CAST_EXPIRY_HOUR (CAST_HOUR + 90 * 24)

/* All keys, and the log of nine records. */
void cast_open(struct cast *ret_cast);
void cast_fini(struct cast *cast);
#define CAST RO_CLEANUP(cast_fini) struct cast

/* The parts of the example, in the order of the page; each uses what stands in
 * the book by then. */
void make_keys(struct book *book, const struct cast *cast);
void make_ids(struct book *book, const struct cast *cast);
void make_records(struct book *book, const struct cast *cast);
void make_notices(struct book *book, const struct cast *cast);
void make_files(struct book *book, const struct cast *cast);
void make_message(struct book *book, struct cast *cast);
void make_sequences(struct book *book);
void make_enrolment(struct book *book, struct cast *cast);
void make_contents(struct book *book);
void make_later(struct book *book, struct cast *cast);
void make_proofs(struct book *book, const struct cast *cast);
void make_frames(struct book *book, const struct cast *cast);
void make_lists(struct book *book);

/* The file of a request, which has what its frame carries behind the header. */
void make_carried_request(struct book *book, struct ro_bytes frame);

/* A value as a field. */
ProtobufCBinaryData field(const struct book *book, const char *name);

/* Packs a message into the book. */
void make_packed(struct book *book,
                 const char *name,
                 const ProtobufCMessage *message);

#endif

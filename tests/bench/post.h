/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Envelopes for benchmarks: bodies of 1 KiB and wraps of the right length with
 * a number in each, packed into deposit frames. (What they seal is nothing:
 * the broker cannot tell.)
 */
#ifndef TESTS_BENCH_POST_H
#define TESTS_BENCH_POST_H

#include "common/wire/codec.h"
#include "tests/support/circle.h"

#include "frame.pb-c.h"

#define POST_BODY_BYTES 1024
#define POST_FRAME_MAX 64 /* bodies with a wrap each in a frame */
#define POST_FAN_MAX 200  /* wraps of one body in a frame */

struct post;

/* For the mailboxes of the first `n` schools of a circle, expiring in 90 days.
 */
struct post *post_new(const struct test_circle *circle, size_t n_mailboxes);
void post_free(struct post *post);

/* Packs a deposit of `n` envelopes with a body each, numbered from `first` on;
 * number i goes to mailbox i modulo their number. Replaces `out`. */
void post_pack(struct post *post, uint64_t first, size_t n, struct ro_buf *out);

/* Packs a deposit of one body, with that number, for all mailboxes. */
void post_pack_fan(struct post *post, uint64_t number, struct ro_buf *out);

/* The number in a wrap or a body. */
uint64_t post_number(const ProtobufCBinaryData *field);

/* Ends the program unless every wrap was taken. */
void post_check(const Reachout__Deposit__Answer *answer, size_t n);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notices: short-lived signed things beside the log, newest serial wins.
 * Today one kind: a seat's list of epoch keys, one X25519 key a UTC day.
 */
#ifndef RO_WIRE_NOTICES_H
#define RO_WIRE_NOTICES_H

#include "common/crypto/sign.h"
#include "common/wire/directory.h"

#define RO_EPOCH_DAYS_MAX 98
#define RO_NOTICE_LIMIT 4096

struct ro_notices;

/* An empty set; NULL without memory. */
struct ro_notices *ro_notices_new(void);

/* Releases it; accepts NULL. */
void ro_notices_free(struct ro_notices *notices);
RO_DEFINE_AUTO(ro_notices, ro_notices_free)

/* What the check of a notice told; for those who store it. */
struct ro_notice_facts {
    struct ro_seat_id seat;
    uint64_t serial;
    uint32_t first_day;
    uint32_t expires_day;
};

/* Checks a notice (a Signed) against the directory without adding it: a live
 * seat's signature, circle, at most RO_EPOCH_DAYS_MAX days, serial newer than
 * the set's, and keys of days that were published before unchanged.
 * RO_BAD_RECORD, RO_BAD_SIGNATURE, RO_NO_RIGHT (unknown or revoked seat),
 * RO_OLD_SERIAL, RO_KEY_REUSED (a published day's key changed). A newer list
 * begins and ends no earlier than the one before it, so that whoever missed
 * some in between still finds the same keys for the days in common. `ret_facts`
 * is filled whenever the form holds, so that a refusal can be told apart: an
 * unknown seat may only be one that our log does not have yet. */
RO_MUST_USE enum ro_status
ro_notices_check(const struct ro_notices *notices,
                 const struct ro_directory *directory,
                 struct ro_bytes raw,
                 struct ro_why *why,
                 struct ro_notice_facts *ret_facts);

/* Adds a notice, after ro_notices_check or from our own verified store, in
 * which case nothing but the form is looked at. The bytes are copied.
 * RO_BAD_RECORD, RO_OLD_SERIAL (the newest stays), RO_NO_MEMORY. */
RO_MUST_USE enum ro_status ro_notices_add(struct ro_notices *notices,
                                          struct ro_bytes raw);

/* Drops lists that have expired by `day`. */
void ro_notices_expire(struct ro_notices *notices, uint32_t day);

/* The X25519 key of a seat for a day; RO_NOT_FOUND without one. */
RO_MUST_USE enum ro_status
ro_notices_epoch_key(const struct ro_notices *notices,
                     const struct ro_seat_id *seat,
                     uint32_t day,
                     struct ro_key *ret_x25519);

/* The newest serial of a seat; 0 for a seat without a list. */
uint64_t ro_notices_serial(const struct ro_notices *notices,
                           const struct ro_seat_id *seat);

/* BLAKE2b-256 of label and, for every list not expired on `day`, sorted by
 * seat id, the BLAKE2b-256 hash of label and its bytes: what a checkpoint
 * covers. Not from two threads at once. */
void ro_notices_digest(const struct ro_notices *notices,
                       uint32_t day,
                       struct ro_hash *ret_digest);

/* The n-th list as it came (any order), or an empty view past the end. */
struct ro_bytes ro_notices_nth(const struct ro_notices *notices, size_t n);

/* What the n-th list tells; false past the end. */
bool ro_notices_facts_nth(const struct ro_notices *notices,
                          size_t n,
                          struct ro_notice_facts *ret_facts);

/* A list of a seat's keys for the days from `first_day` on; borrowed. */
struct ro_epoch_list {
    struct ro_circle_id circle;
    struct ro_seat_id seat;
    uint64_t serial;
    uint32_t first_day;
    const struct ro_key *keys;
    size_t n_keys;
};

/* Makes a list: keys[i] (X25519) is for day first_day + i; it expires with its
 * last key. Appends the Signed to `out`. RO_BAD_INPUT for no key, or more than
 * RO_EPOCH_DAYS_MAX. */
RO_MUST_USE enum ro_status ro_epoch_list_sign(const struct ro_epoch_list *list,
                                              const struct ro_keypair *signing,
                                              struct ro_buf *out);

#endif

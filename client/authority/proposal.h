/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside client/authority: a proposal, that is records on their way between
 * those who sign, and the answers that go out once the records are in the log.
 * Two copies of one proposal differ in signatures only.
 */
#ifndef CLIENT_AUTHORITY_PROPOSAL_H
#define CLIENT_AUTHORITY_PROPOSAL_H

#include "client/authority/keys.h"
#include "common/base/arena.h"
#include "common/base/auto.h"
#include "common/base/bytes.h"
#include "common/wire/directory.h"
#include "common/wire/signed.h"

/* Records and replies of one file at most: it must unpack within the bounds
 * of codec.h. */
#define PROPOSAL_RECORDS_MAX 1500
#define PROPOSAL_REPLIES_MAX 500

/* A record; the body is a view into `raw`, the signatures may grow. */
struct proposal_record {
    struct ro_buf raw;
    struct ro_signed sig;
};

/* An answer to one who asked to be admitted. */
struct proposal_reply {
    struct ro_seat_id answer_to;
    struct ro_buf body;
    struct ro_buf wrap;
    char *says; /* for those who sign, by whoever made it; or NULL */
    uint32_t generation;
    uint32_t expiry_hour;
    enum { PROPOSAL_UNSIGNED, PROPOSAL_SIGNED } standing;
    struct ro_signature signature;
};

struct proposal {
    struct ro_circle_id circle;
    struct proposal_record *records;
    size_t n_records;
    struct proposal_reply *replies;
    size_t n_replies;
};

/* An empty one; NULL without memory. */
struct proposal *proposal_new(const struct ro_circle_id *circle);

/* Releases it; accepts NULL. */
void proposal_free(struct proposal *proposal);
RO_DEFINE_AUTO(proposal, proposal_free)

/* Appends a copy of a record. RO_BAD_RECORD for what is no record that an
 * authority proposes (also by its kind), RO_TOO_LARGE. */
RO_MUST_USE enum ro_status proposal_add(struct proposal *proposal,
                                        struct ro_bytes record,
                                        struct ro_why *why);

/* Appends a reply, whose buffers are copied. RO_TOO_LARGE. */
RO_MUST_USE enum ro_status
proposal_add_reply(struct proposal *proposal,
                   const struct proposal_reply *reply,
                   struct ro_why *why);

/* Whether a kind of record bears the authority's signatures. */
bool proposal_is_ours(Reachout__Signed__Kind kind);

/* Reads a file. RO_BAD_INPUT names it; RO_NOT_FOUND, RO_TOO_LARGE. */
RO_MUST_USE enum ro_status proposal_read(const char *path,
                                         struct ro_why *why,
                                         struct proposal **ret_proposal);

/* Writes a file (0600). */
RO_MUST_USE enum ro_status proposal_write(const struct proposal *proposal,
                                          const char *path,
                                          struct ro_why *why);

/* Holds a proposal against the keys of a circle: that circle in the proposal
 * and in each body, bodies that unpack, and signatures that hold, no key's
 * twice. RO_BAD_INPUT, RO_BAD_SIGNATURE; `why` names the record. */
RO_MUST_USE enum ro_status proposal_check(const struct proposal *proposal,
                                          const struct ro_root *root,
                                          struct ro_why *why);

/* A record's body; valid as long as the arena is not reset. */
struct proposal_body {
    const ProtobufCMessage *message;
    const ProtobufCBinaryData *circle;
    uint64_t serial;
};

/* A record's body, unpacked into the arena (which is reset); its circle and
 * serial. RO_BAD_RECORD. */
RO_MUST_USE enum ro_status proposal_body(const struct proposal_record *record,
                                         struct ro_arena *arena,
                                         struct proposal_body *ret_body);

/* Adds the signature of every key that has not signed yet, and says how many
 * records and replies got one. */
size_t proposal_sign(struct proposal *proposal, const struct keys *keys);

/* Adds the signatures of another copy. RO_BAD_INPUT if it is no copy. */
RO_MUST_USE enum ro_status proposal_merge(struct proposal *proposal,
                                          const struct proposal *copy,
                                          struct ro_why *why);

/* How many keys have signed: of the record that has fewest. A proposal of
 * replies only counts those, of which each needs one. */
size_t proposal_signatures(const struct proposal *proposal);

/* Whether it can be published: every record has `threshold` signatures and
 * every reply one. */
bool proposal_is_complete(const struct proposal *proposal, uint32_t threshold);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container of everything signed: kind, body, signatures. What is signed
 * is label ‖ body, the body as it came; nothing is packed again.
 */
#ifndef RO_WIRE_SIGNED_H
#define RO_WIRE_SIGNED_H

#include "common/base/arena.h"
#include "common/base/bytes.h"
#include "common/base/ids.h"
#include "common/base/status.h"
#include "common/crypto/sign.h"

#include "directory.pb-c.h"

#define RO_SIGNATURES_MAX 16

/* Who signs a member record beside the authority: the key that the member had,
 * and the one that it gets. */
#define RO_SIGNER_OLD_KEY 16
#define RO_SIGNER_NEW_KEY 17

/* One signature and who made it (an authority key's index, one of the two
 * above, else 0). */
struct ro_signer {
    uint32_t index;
    struct ro_signature signature;
};

/* A container taken apart. `body` points into the bytes it came from. */
struct ro_signed {
    Reachout__Signed__Kind kind;
    struct ro_bytes body;
    struct ro_signer signers[RO_SIGNATURES_MAX];
    size_t n_signers;
};

/* Takes a container apart without checking a signature. Nothing may stand in
 * it besides a known kind, a body, and signatures: what is not signed may not
 * ride in the log. RO_BAD_RECORD. */
RO_MUST_USE enum ro_status ro_signed_open(struct ro_bytes raw,
                                          struct ro_signed *ret_signed);

/* Appends the container made of these parts to `out`: for a co-signer, who
 * adds a signature to what ro_signed_open gave. RO_NO_MEMORY. */
RO_MUST_USE enum ro_status ro_signed_put(const struct ro_signed *sig,
                                         struct ro_buf *out);

/* A key that signs, and under which label and index. */
struct ro_signing {
    const struct ro_keypair *pair;
    enum ro_label label;
    uint32_t index;
};

/* Signs `body` with each and appends the packed container to `out`.
 * RO_BAD_INPUT for more than RO_SIGNATURES_MAX, RO_NO_MEMORY. */
RO_MUST_USE enum ro_status ro_signed_make(Reachout__Signed__Kind kind,
                                          struct ro_bytes body,
                                          const struct ro_signing *signings,
                                          size_t n_signings,
                                          struct ro_buf *out);

/* The label under which a kind's first signature is made; RO_LABEL_COUNT,
 * under which nothing may be signed, for what is no kind. */
enum ro_label ro_signed_label(Reachout__Signed__Kind kind);

/* Whose signatures count, and how many are needed; borrowed. */
struct ro_signers {
    const struct ro_key *keys;
    size_t n_keys;
    uint32_t threshold;
};

/* Checks that the signatures come from at least `threshold` different keys of
 * `keys`, each index at most once, and that every one holds. RO_NO_RIGHT when
 * too few, RO_BAD_SIGNATURE when one does not hold. */
RO_MUST_USE enum ro_status ro_signed_check(const struct ro_signed *sig,
                                           const struct ro_signers *signers);

/* As ro_signed_check without looking at the signatures: for records from our
 * own verified store. RO_NO_RIGHT. */
RO_MUST_USE enum ro_status ro_signed_count(const struct ro_signed *sig,
                                           const struct ro_signers *signers);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Signing keys, and what is signed with them. */
#include "client/authority/inside.h"

#include "common/wire/armour.h"

enum ro_status
authority_key_read(const char *path,
                   struct ro_why *why,
                   struct ro_keypair **ret_pair)
{
    AUTHORITY_SECRET seed = {0};
    RO_TRY(ro_armour_read(path, "key", why, &seed));
    if (seed.size != RO_SEED_SIZE) {
        return ro_why(why, RO_BAD_INPUT, "%s: a key has %d bytes", path,
                      RO_SEED_SIZE);
    }
    *ret_pair = ro_keypair_from_seed(seed.data);
    return *ret_pair == NULL ? RO_NO_MEMORY : RO_OK;
}

enum ro_status
authority_key_load(const struct authority *authority,
                   uint32_t index,
                   struct ro_why *why,
                   struct ro_keypair **ret_pair)
{
    const struct authority_key *key = &authority->state.keys[index];
    RO_CLEANUP(ro_keypair_freep) struct ro_keypair *pair = NULL;
    RO_AUTOFREE char *path = authority_path(authority->dir, key->path);
    if (path == NULL)
        return RO_NO_MEMORY;
    RO_TRY(authority_key_read(path, why, &pair));
    if (memcmp(ro_keypair_public(pair)->b, key->public_key.b, RO_KEY_SIZE) !=
        0) {
        return ro_why(why, RO_BAD_INPUT, "%s: not a signing key of this circle",
                      path);
    }
    *ret_pair = RO_STEAL(pair);
    return RO_OK;
}

/* Pairs that sign together. */
struct signers {
    struct ro_keypair *pairs[RO_AUTHORITY_KEYS_MAX];
    size_t n;
};

static void
signers_fini(struct signers *signers)
{
    for (size_t i = 0; i < signers->n; i++)
        ro_keypair_free(signers->pairs[i]);
}

enum ro_status
authority_sign(const struct authority *authority,
               Reachout__Signed__Kind kind,
               struct ro_bytes body,
               struct ro_why *why,
               struct ro_buf *out)
{
    RO_CLEANUP(signers_fini) struct signers signers = {0};
    struct ro_signing signings[RO_AUTHORITY_KEYS_MAX];
    while (signers.n < authority->state.threshold) {
        struct ro_keypair **pair = &signers.pairs[signers.n];
        uint32_t index = (uint32_t)signers.n;
        RO_TRY(authority_key_load(authority, index, why, pair));
        signings[signers.n] =
            (struct ro_signing){*pair, ro_signed_label(kind), index};
        signers.n++;
    }
    return ro_signed_make(kind, body, signings, signers.n, out);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is inside the armour of an invitation: it makes a keyring, or is
 * refused in words. That of the corpus is the one of docs/PROTOCOL.md, still
 * valid at the time it is tried; most changes to it end at the signature.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "client/core/keyring.h"
#include "common/crypto/hash.h"
#include "tests/support/circle.h"

static void
must(bool holds)
{
    if (!holds)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ro_entropy_seeded seeded = {.state = 1};
    const struct ro_entropy entropy = ro_entropy_of(&seeded);
    RO_CLEANUP(keyring_freep) struct keyring *keyring = NULL;
    struct ro_why why = {.text = ""};
    const struct keyring_source source = {
        .invitation = {data, size},
        .now_s = TEST_NOW_S,
        .entropy = &entropy,
    };
    must(ro_crypto_init() == RO_OK);
    enum ro_status s = keyring_make(&source, &why, &keyring);
    must((s == RO_OK) == (keyring != NULL));
    must(s == RO_OK || s == RO_BAD_INPUT || s == RO_BAD_TICKET ||
         s == RO_TICKET_EXPIRED);
    must(s == RO_OK || why.text[0] != '\0');
    return 0;
}

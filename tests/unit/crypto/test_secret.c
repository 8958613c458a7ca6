/* SPDX-License-Identifier: Apache-2.0 */
#include "common/crypto/hash.h"
#include "common/crypto/secret.h"
#include "tests/unit/crypto/support.h"

static void
test_secrets(void)
{
    static const uint8_t zeros[48];
    RO_CLEANUP(ro_secret_freep) struct ro_secret *fresh = ro_secret_new(48);
    tap_need(fresh != NULL);
    tap_ok(ro_secret_view(fresh).size == 48);
    tap_ok(memcmp(ro_secret_data(fresh), zeros, 48) == 0);

    struct ro_bytes bytes = ro_bytes_text("thirty-two bytes of key material");
    RO_CLEANUP(ro_secret_freep) struct ro_secret *copy = ro_secret_copy(bytes);
    tap_need(copy != NULL);
    tap_ok(ro_bytes_equal(ro_secret_view(copy), bytes));
    tap_ok(ro_secret_data(copy) != bytes.data);

    struct ro_entropy_seeded seeded = {5};
    struct ro_entropy entropy = ro_entropy_of(&seeded);
    RO_CLEANUP(ro_secret_freep)
    struct ro_secret *random = ro_secret_random(&entropy, 48);
    tap_need(random != NULL && ro_secret_view(random).size == 48);
    tap_ok(memcmp(ro_secret_data(random) + 24, zeros, 24) != 0);

    RO_CLEANUP(ro_secret_freep)
    struct ro_secret *empty = ro_secret_copy((struct ro_bytes){NULL, 0});
    tap_ok(empty != NULL && ro_secret_view(empty).size == 0);
    tap_ok(ro_secret_new(SIZE_MAX) == NULL);
    ro_secret_free(NULL);
}

int
main(void)
{
    tap_need(ro_crypto_init() == RO_OK);
    tap_run(test_secrets);
    return tap_done();
}

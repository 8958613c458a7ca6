/* SPDX-License-Identifier: Apache-2.0 */
#include "common/crypto/column.h"
#include "common/crypto/hash.h"
#include "tests/unit/crypto/support.h"

static uint8_t key[32];
static struct ro_entropy_seeded seeded = {3};

static enum ro_status
seal(struct ro_bytes plaintext, struct ro_buf *ret_sealed)
{
    struct ro_entropy entropy = ro_entropy_of(&seeded);
    return ro_column_seal(key, &entropy, ro_bytes_text("table 1"), plaintext,
                          ret_sealed);
}

static enum ro_status
open_column(struct ro_bytes sealed, struct ro_buf *ret_plaintext)
{
    return ro_column_open(key, ro_bytes_text("table 1"), sealed, ret_plaintext);
}

static void
test_round_trips(void)
{
    static const size_t sizes[] = {0, 1, 31, 1000, 70000};
    for (size_t i = 0; i < RO_LEN(sizes); i++) {
        RO_AUTOBUF plain = {0};
        uint8_t *at = ro_buf_extend(&plain, sizes[i]);
        tap_need(at != NULL);
        count_up(1, at, sizes[i]);
        RO_AUTOBUF sealed = {0};
        RO_AUTOBUF back = {0};
        ro_buf_put(&sealed, "before", 6);
        ro_buf_put(&back, "kept", 4);
        tap_is(seal(ro_buf_view(&plain), &sealed), RO_OK);
        tap_ok(sealed.size == 6 + sizes[i] + RO_COLUMN_OVERHEAD);
        struct ro_bytes column = {sealed.data + 6, sealed.size - 6};
        tap_is(open_column(column, &back), RO_OK);
        tap_ok(memcmp(back.data, "kept", 4) == 0);
        tap_ok(ro_bytes_equal((struct ro_bytes){back.data + 4, back.size - 4},
                              ro_buf_view(&plain)));
    }
}

static void
test_nonces_are_fresh(void)
{
    RO_AUTOBUF sealed = {0};
    tap_is(seal(ro_bytes_text("same"), &sealed), RO_OK);
    tap_is(seal(ro_bytes_text("same"), &sealed), RO_OK);
    size_t half = sealed.size / 2;
    tap_ok(memcmp(sealed.data, sealed.data + half, 24) != 0);
    tap_ok(memcmp(sealed.data + 24, sealed.data + half + 24, 4) != 0);
}

static void
test_damage_is_refused(void)
{
    RO_AUTOBUF sealed = {0};
    RO_AUTOBUF back = {0};
    ro_buf_put(&back, "kept", 4);
    tap_is(seal(ro_bytes_text("a private matter"), &sealed), RO_OK);
    size_t refused = 0;
    for (size_t at = 0; at < sealed.size; at++) {
        sealed.data[at] ^= (uint8_t)(1u << at % 8);
        refused += open_column(ro_buf_view(&sealed), &back) == RO_VAULT_DAMAGED;
        sealed.data[at] ^= (uint8_t)(1u << at % 8);
    }
    tap_ok(refused == sealed.size);
    for (size_t size = 0; size < sealed.size; size += 13) {
        tap_is(open_column((struct ro_bytes){sealed.data, size}, &back),
               RO_VAULT_DAMAGED);
    }
    tap_is(ro_column_open(key, ro_bytes_text("table 2"), ro_buf_view(&sealed),
                          &back),
           RO_VAULT_DAMAGED);
    key[0] ^= 1;
    tap_is(open_column(ro_buf_view(&sealed), &back), RO_VAULT_DAMAGED);
    key[0] ^= 1;
    tap_say(back.size == 4, "a refusal appends nothing");
    tap_is(open_column(ro_buf_view(&sealed), &back), RO_OK);
}

int
main(void)
{
    tap_need(ro_crypto_init() == RO_OK);
    count_up(0x77, key, sizeof(key));
    tap_run(test_round_trips);
    tap_run(test_nonces_are_fresh);
    tap_run(test_damage_is_refused);
    return tap_done();
}

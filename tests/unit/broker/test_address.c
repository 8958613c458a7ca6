/* SPDX-License-Identifier: Apache-2.0 */
/* What those who come from one address may deposit together. */
#include "unit/broker/rig.h"

#define HOUR_MS ((int64_t)3600 * 1000)

static struct session_address
address_of(uint32_t n)
{
    struct session_address address = {
        .b = {[10] = 0xff, [11] = 0xff}
    };
    ro_set_u32(address.b + 12, 0x7f000000 + n);
    return address;
}

static struct rig *
limited_rig(uint32_t envelopes)
{
    struct rig *rig = rig_open(1);
    rig->limits.address_envelopes = envelopes;
    rig->limits.address_bytes = 1024 * 1024;
    rig_restart(rig);
    return rig;
}

static struct peer
guest_at(struct rig *rig, uint32_t n)
{
    const struct session_address address = address_of(n);
    struct peer peer = rig_guest(rig);
    broker_session_is_at(rig->broker, peer.id, &address);
    return peer;
}

static enum ro_status
deposit(struct rig *rig, struct peer *peer, uint8_t n)
{
    struct draft draft;
    rig_draft(rig, &draft, &rig->circle->members[1]->seats[0]->id, n);
    return rig_deposit(rig, peer, &draft);
}

static void
test_they_share_a_credit(void)
{
    struct rig *rig = limited_rig(3);
    struct peer one = guest_at(rig, 1);
    struct peer two = guest_at(rig, 1);
    struct peer other = guest_at(rig, 2);
    tap_ok(rig_credit(rig, &one) == 3);
    tap_is(deposit(rig, &one, 1), RO_OK);
    tap_is(deposit(rig, &two, 2), RO_OK);
    tap_ok(rig_credit(rig, &one) == 1 && rig_credit(rig, &two) == 1);
    tap_is(deposit(rig, &one, 3), RO_OK);
    tap_is(deposit(rig, &two, 4), RO_NO_CREDIT);
    tap_say(
        sessions_find(rig->broker->sessions, two.id)->credit.left.envelopes ==
            999,
        "what the address refuses costs the connection nothing");
    tap_ok(rig_credit(rig, &two) == 0 && rig_credit(rig, &other) == 3);
    tap_is(deposit(rig, &other, 5), RO_OK);
    struct peer nowhere = rig_guest(rig);
    tap_say(deposit(rig, &nowhere, 6) == RO_OK, "one that is not known");
    rig_close(rig);
}

static void
test_a_new_connection_has_no_new_one(void)
{
    struct rig *rig = limited_rig(2);
    for (uint8_t i = 0; i < 4; i++) {
        struct peer guest = guest_at(rig, 1);
        tap_is(deposit(rig, &guest, i), i < 2 ? RO_OK : RO_NO_CREDIT);
        broker_session_close(rig->broker, guest.id);
        rig_idle(rig);
    }
    rig->clock.mono_ms += HOUR_MS;
    struct peer guest = guest_at(rig, 1);
    tap_say(deposit(rig, &guest, 9) == RO_OK, "an hour later it has");
    rig_close(rig);
}

static void
test_the_connections_own_counts_too(void)
{
    struct rig *rig = rig_open(1);
    rig->limits.open_envelopes = 1;
    rig->limits.address_envelopes = 5;
    rig->limits.address_bytes = 1024 * 1024;
    rig_restart(rig);
    struct peer one = guest_at(rig, 1);
    tap_is(deposit(rig, &one, 1), RO_OK);
    tap_is(deposit(rig, &one, 2), RO_NO_CREDIT);
    struct peer two = guest_at(rig, 1);
    tap_is(deposit(rig, &two, 3), RO_OK);
    struct session_address address = address_of(1);
    const struct credit *credit =
        addresses_find(rig->broker->addresses, &address, rig->clock.mono_ms);
    tap_say(credit != NULL && credit->left.envelopes == 3,
            "a refusal costs the address nothing");
    rig_close(rig);
}

static void
test_a_turn_without_room_costs_nothing(void)
{
    struct rig *rig = limited_rig(100);
    struct peer guest = guest_at(rig, 1);
    struct draft draft;
    test_must(deposit(rig, &guest, 1));
    test_must(store_cap(rig->store, 1));
    enum ro_status s = RO_OK;
    uint32_t before = 0;
    for (uint8_t n = 2; s == RO_OK && n < 20; n++) {
        before = rig_credit(rig, &guest);
        rig_draft(rig, &draft, &rig->circle->members[1]->seats[0]->id, n);
        rig_draft_body(&draft, 65536, n);
        s = rig_deposit(rig, &guest, &draft);
    }
    tap_is(s, RO_NO_ROOM);
    tap_ok(rig_credit(rig, &guest) == before);
    rig_close(rig);
}

/* Or counting it could be asked for without end. */
static void
test_a_full_mailbox_costs_as_much(void)
{
    struct rig *rig = rig_open(1);
    rig->limits.address_envelopes = 6;
    rig->limits.address_bytes = 1024 * 1024;
    rig->limits.mailbox_envelopes = 2;
    rig_restart(rig);
    struct peer guest = guest_at(rig, 1);
    tap_is(deposit(rig, &guest, 1), RO_OK);
    tap_is(deposit(rig, &guest, 2), RO_OK);
    tap_is(deposit(rig, &guest, 3), RO_NO_ROOM);
    tap_ok(rig_credit(rig, &guest) == 3);
    for (uint8_t n = 4; n < 7; n++)
        tap_is(deposit(rig, &guest, n), RO_NO_ROOM);
    tap_is(deposit(rig, &guest, 7), RO_NO_CREDIT);
    rig_close(rig);
}

static void
test_the_table_is_bounded(void)
{
    const struct credit_amount hourly = {10, 1000};
    const struct credit_amount amount = {1, 1};
    RO_CLEANUP(addresses_freep)
    struct addresses *addresses = addresses_new(1);
    size_t shared = 0;
    for (uint32_t n = 0; n < 4 * ADDRESSES_MAX; n++) {
        struct session_address address = address_of(n);
        struct credit *credit = addresses_take(addresses, &address, 1000);
        credit_fill(credit, &hourly, 1000);
        shared += credit_charge(credit, &amount, 1) != RO_OK;
    }
    tap_say(shared > 2 * ADDRESSES_MAX, "who comes too late shares one credit");
    struct session_address early = address_of(0);
    struct session_address late = address_of(4 * ADDRESSES_MAX - 1);
    const struct credit *of_early = addresses_find(addresses, &early, 1000);
    tap_need(of_early != NULL);
    tap_ok(of_early->left.envelopes == 9);
    const struct credit *of_late = addresses_find(addresses, &late, 1000);
    tap_need(of_late != NULL);
    tap_ok(of_late->left.envelopes == 0);
    addresses_give_back(addresses, 1);
    tap_ok(of_early->left.envelopes == 10 && of_late->left.envelopes == 10);
    struct credit *again = addresses_take(addresses, &late, 1000 + HOUR_MS);
    tap_say(again != of_late && again->since_ms == 0,
            "an hour later it is one");
}

int
main(void)
{
    tap_run(test_they_share_a_credit);
    tap_run(test_a_new_connection_has_no_new_one);
    tap_run(test_the_connections_own_counts_too);
    tap_run(test_a_turn_without_room_costs_nothing);
    tap_run(test_a_full_mailbox_costs_as_much);
    tap_run(test_the_table_is_bounded);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Removals, with a real broker: whose they are, and that none of them keeps the
 * authority from the next one. */
#include "tests/unit/authority/test_authority_rig.h"

#include <stdio.h>
#include <string.h>

#include "client/authority/asking.h"
#include "client/authority/rotation.h"
#include "common/wire/codec.h"
#include "tests/support/tap.h"

#include "frame.pb-c.h"

#define ROGUE 900001
#define OTHER 900012

static void
join(struct rig *rig, uint32_t urn, struct joiner *ret_joiner)
{
    const struct joining joining = {.urn = urn};
    struct authority *authority = rig->circle.authority;
    RO_CLEANUP(authority_requests_fini) struct authority_requests list = {0};
    struct ro_why why = {""};
    rig->circle.clock.wall_s = rig_now_s(); /* the joiner's clock */
    joiner_make(&rig->circle, &joining, ret_joiner);
    tap_need(rig_enrol(rig, ret_joiner) == RO_OK);
    tap_need(authority_receive(authority, &why, &list) == RO_OK);
    tap_need(list.n == 1);
    tap_need(circle_admit(authority, &list.list[0].id, &why) == RO_OK);
}

static enum ro_status
remove_member(struct rig *rig, uint32_t urn)
{
    const struct authority_named named = {.urn = urn};
    const struct authority_revoking revoking = {.members = &named,
                                                .n_members = 1};
    struct ro_why why = {""};
    enum ro_status s = authority_revoke(rig->circle.authority, &revoking, &why);
    if (s != RO_OK)
        printf("# %s: %s\n", ro_status_name(s), why.text);
    return s;
}

static uint32_t
next_generation(const struct rig *rig)
{
    return rig->circle.authority->state.next.generation;
}

/* --- a member's own ------------------------------------------------------- */

/* A member revokes its seat, with its own key. */
static enum ro_status
revoke_own(struct rig *rig, const struct joiner *joiner)
{
    struct authority *authority = rig->circle.authority;
    Reachout__Revocation revocation = REACHOUT__REVOCATION__INIT;
    Reachout__Append__Ask ask = REACHOUT__APPEND__ASK__INIT;
    const struct ro_signing signing = {joiner->member, RO_LABEL_REVOCATION, 0};
    const ProtobufCMessage *answer;
    RO_AUTOBUF body = {0};
    RO_AUTOBUF record = {0};
    struct ro_seat_id seat;
    struct ro_why why = {""};
    ro_seat_id_of(ro_keypair_public(joiner->signing), &seat);
    ProtobufCBinaryData seats[] = {
        ro_as_field((struct ro_bytes){seat.b, RO_ID_SIZE})};
    revocation.has_circle = revocation.has_serial = true;
    revocation.circle =
        ro_as_field((struct ro_bytes){authority->circle.b, RO_ID_SIZE});
    revocation.serial = 2; /* the member's own, after its seat's */
    revocation.n_seats = 1;
    revocation.seats = seats;
    tap_need(ro_pack(&revocation.base, &body) == RO_OK);
    tap_need(ro_signed_make(REACHOUT__SIGNED__KIND__REVOCATION,
                            ro_buf_view(&body), &signing, 1, &record) == RO_OK);
    ProtobufCBinaryData records[] = {ro_as_field(ro_buf_view(&record))};
    ask.n_records = 1;
    ask.records = records;
    enum ro_status s =
        authority_ask(authority, RO_VERB_APPEND, &ask.base, &why, &answer);
    if (s != RO_OK)
        printf("# %s: %s\n", ro_status_name(s), why.text);
    return s;
}

/* Members may revoke what is theirs, as often as they like. That is no removal
 * of the authority's: it makes no key, and stands in no removal's way. */
static void
test_a_members_own(void)
{
    struct rig rig;
    struct joiner rogue;
    struct joiner other;
    struct ro_why why = {""};
    rig_make_listed(&rig);
    join(&rig, ROGUE, &rogue);
    join(&rig, OTHER, &other);
    uint64_t before = rig_log_size(&rig);
    tap_is(revoke_own(&rig, &rogue), RO_OK);
    tap_is(rig_sync(&rig), RO_OK);
    tap_ok(rig_log_size(&rig) == before + 1);
    tap_is(authority_rotation_go_on(rig.circle.authority, ROTATION_FROM_REMOVAL,
                                    &why),
           RO_OK);
    tap_say(next_generation(&rig) == 0, "it makes no key");
    tap_is(remove_member(&rig, OTHER), RO_OK);
    tap_ok(next_generation(&rig) == 2);
    tap_is(remove_member(&rig, ROGUE), RO_OK);
    tap_ok(next_generation(&rig) == 3);
    joiner_fini(&rogue);
    joiner_fini(&other);
    rig_fini(&rig);
}

/* --- another copy's ------------------------------------------------------- */

static void
replace(struct rig *rig, const char *with)
{
    authority_free(RO_STEAL(rig->circle.authority));
    rig_copy(with, rig->circle.dir);
    circle_reopen(&rig->circle);
}

static void
restore(struct rig *rig, const char *backup)
{
    rig_stop(rig);
    rig_copy(backup, rig->broker_dir);
    rig_start(rig);
    rig_unlink(rig);
}

/* The copy of the folder that published a removal is lost, and the broker is
 * restored to before it. What is known of the log is given back as it is, also
 * that removal, whose key is not here; then it can be taken over. */
static void
test_another_copys(void)
{
    struct rig rig;
    struct joiner rogue;
    struct joiner other;
    struct ro_why why = {""};
    char twin[200];
    char backup[200];
    size_t sent = 0;
    static const struct authority_revoking heir = {.whose =
                                                       AUTHORITY_TAKE_OVER};
    rig_make_listed(&rig);
    (void)snprintf(twin, sizeof(twin), "%s", circle_path(&rig.circle, "twin"));
    (void)snprintf(backup, sizeof(backup), "%s",
                   circle_path(&rig.circle, "backup"));
    join(&rig, ROGUE, &rogue);
    join(&rig, OTHER, &other);
    rig_stop(&rig);
    rig_copy(rig.broker_dir, backup);
    rig_copy(rig.circle.dir, twin);
    rig_start(&rig);
    rig_unlink(&rig);
    tap_is(remove_member(&rig, OTHER), RO_OK);
    uint64_t size = rig_log_size(&rig);

    replace(&rig, twin);
    tap_is(rig_sync(&rig), RO_OK);
    tap_ok(rig_log_size(&rig) == size);
    tap_is(remove_member(&rig, ROGUE), RO_REFUSED);
    restore(&rig, backup);
    tap_is(rig_sync(&rig), RO_ROLLED_BACK);
    rig_unlink(&rig);
    tap_is(authority_mend(rig.circle.authority, &why, &sent), RO_OK);
    printf("# %s\n", why.text);
    tap_ok(sent == 1);
    tap_is(rig_sync(&rig), RO_OK);
    tap_is(remove_member(&rig, ROGUE), RO_REFUSED);
    tap_is(authority_revoke(rig.circle.authority, &heir, &why), RO_OK);
    tap_say(next_generation(&rig) > 2, "a key that the lost copy has not made");
    tap_is(remove_member(&rig, ROGUE), RO_OK);
    joiner_fini(&rogue);
    joiner_fini(&other);
    rig_fini(&rig);
}

/* --- in force by another copy --------------------------------------------- */

/* What the broker's operator does. */
static void
install(struct rig *rig)
{
    RO_AUTOBUF key = {0};
    char path[240];
    (void)snprintf(path, sizeof(path), "%s/door.key", rig->circle.dir);
    tap_need(ro_file_read(path, 4096, NULL, &key) == RO_OK);
    (void)snprintf(path, sizeof(path), "%s/door.key", rig->broker_dir);
    tap_need(ro_file_write(path, ro_buf_view(&key), RO_FILE_SECRET, NULL) ==
             RO_OK);
    rig_stop(rig);
    rig_start(rig);
    rig_unlink(rig);
}

/* Another copy of the folder publishes the charter that puts the next key in
 * force. This one learns it from the log, whatever it does first, and loses no
 * key: neither by a charter of its own nor by the next removal. */
static void
test_in_force_by_another(void)
{
    struct rig rig;
    struct joiner rogue;
    struct joiner other;
    struct ro_why why = {""};
    char twin[200];
    uint64_t record = 0;
    uint8_t psk[32];
    rig_make_listed(&rig);
    (void)snprintf(twin, sizeof(twin), "%s", circle_path(&rig.circle, "twin"));
    join(&rig, ROGUE, &rogue);
    join(&rig, OTHER, &other);
    tap_is(remove_member(&rig, OTHER), RO_OK);
    install(&rig);
    memcpy(psk, rig.circle.authority->state.next.psk, sizeof(psk));
    rig_copy(rig.circle.dir, twin);
    tap_is(authority_rotation_go_on(rig.circle.authority, ROTATION_FROM_CHARTER,
                                    &why),
           RO_OK);
    tap_is(rig_sync(&rig), RO_OK);
    tap_is(rig_charter(&rig, rig.broker_dir, &record), RO_OK);
    uint64_t size = rig_log_size(&rig);

    replace(&rig, twin);
    tap_ok(next_generation(&rig) == 2);
    tap_is(rig_charter(&rig, rig.broker_dir, &record), RO_OK);
    tap_say(rig_log_size(&rig) == size, "the charter is there already");
    tap_ok(next_generation(&rig) == 0);
    tap_is(rig_charter(&rig, rig.broker_dir, &record), RO_OK);
    tap_say(rig_log_size(&rig) == size, "and stays there");
    replace(&rig, twin);
    tap_is(remove_member(&rig, ROGUE), RO_OK);
    const struct authority_state *state = &rig.circle.authority->state;
    tap_ok(state->generation == 2 && state->next.generation == 3);
    tap_say(memcmp(state->psk, psk, sizeof(psk)) == 0, "the key is not lost");
    joiner_fini(&rogue);
    joiner_fini(&other);
    rig_fini(&rig);
}

int
main(int argc, char **argv)
{
    rig_setup(argc, argv);
    tap_run(test_a_members_own);
    tap_run(test_another_copys);
    tap_run(test_in_force_by_another);
    return tap_done();
}

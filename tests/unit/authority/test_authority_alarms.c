/* SPDX-License-Identifier: Apache-2.0 */
/* The authority and a real broker: a broker that is away, another one, one
 * that lost or changed records, one that stands still; files that are wrong. */
#include "tests/unit/authority/test_authority_rig.h"

#include <stdio.h>
#include <unistd.h>

#include "common/wire/armour.h"
#include "common/wire/codec.h"
#include "tests/support/tap.h"

#define HOUR_S 3600

/* --- alarms -------------------------------------------------------------- */

static void
test_away(void)
{
    struct rig rig;
    uint64_t record = 0;
    rig_make(&rig);
    rig_stop(&rig);
    rig.circle.authority->world.wait_ms = 200;
    tap_is(rig_charter(&rig, rig.broker_dir, &record), RO_UNREACHABLE);
    rig_fini(&rig);
}

/* The endpoints of our broker with the keys of another. */
static void
test_wrong_broker(void)
{
    struct rig rig;
    uint64_t record = 0;
    char other[200];
    rig_make(&rig);
    (void)snprintf(other, sizeof(other), "%s",
                   circle_path(&rig.circle, "other"));
    rig_make_broker(&rig, other);
    RO_AUTOBUF bytes = {0};
    RO_AUTOBUF mixed = {0};
    RO_AUTOBUF theirs = {0};
    struct ro_arena *arena = ro_arena_new(0, 0);
    struct ro_arena *arena_other = ro_arena_new(0, 0);
    ProtobufCMessage *own;
    ProtobufCMessage *foreign;
    tap_need(ro_armour_read(circle_path(&rig.circle, "broker/broker.pub"),
                            "broker-public", NULL, &bytes) == RO_OK);
    tap_need(ro_armour_read(circle_path(&rig.circle, "other/broker.pub"),
                            "broker-public", NULL, &theirs) == RO_OK);
    tap_need(ro_unpack(&reachout__broker_public__descriptor,
                       ro_buf_view(&bytes), arena, &own) == RO_OK);
    tap_need(ro_unpack(&reachout__broker_public__descriptor,
                       ro_buf_view(&theirs), arena_other, &foreign) == RO_OK);
    ((Reachout__BrokerPublic *)(void *)own)->broker->curve_key =
        ((Reachout__BrokerPublic *)(void *)foreign)->broker->curve_key;
    tap_need(ro_pack(own, &mixed) == RO_OK);
    tap_need(ro_armour_write(circle_path(&rig.circle, "other/broker.pub"),
                             "broker-public", ro_buf_view(&mixed),
                             RO_FILE_PUBLIC, NULL) == RO_OK);
    tap_is(rig_charter(&rig, other, &record), RO_WRONG_BROKER);
    tap_say(rig.circle.authority->state.broker.open_endpoint[0] == '\0',
            "it is not remembered");
    tap_is(rig_charter(&rig, rig.broker_dir, &record), RO_OK);
    ro_arena_free(arena);
    ro_arena_free(arena_other);
    rig_fini(&rig);
}

static void
test_rollback_and_fork(void)
{
    struct rig rig;
    struct ro_why why = {""};
    char saved[200];
    char other[200];
    rig_make_listed(&rig);
    (void)snprintf(saved, sizeof(saved), "%s",
                   circle_path(&rig.circle, "saved"));
    (void)snprintf(other, sizeof(other), "%s",
                   circle_path(&rig.circle, "saved-auth"));
    rig_stop(&rig);
    rig_copy(rig.broker_dir, saved);
    rig_copy(rig.circle.dir, other);
    rig_start(&rig);
    rig_unlink(&rig);
    tap_is(rig_list(rig.circle.authority, 111111, &why), RO_OK);
    tap_is(rig_sync(&rig), RO_OK);

    rig_stop(&rig);
    rig_copy(saved, rig.broker_dir);
    rig_start(&rig);
    rig_unlink(&rig);
    tap_is(rig_sync(&rig), RO_ROLLED_BACK);
    circle_reopen(&rig.circle);
    tap_say(rig_sync(&rig) == RO_ROLLED_BACK, "after a restart too");
    tap_need(unlink(circle_path(&rig.circle, "auth/directory.log")) == 0);
    circle_reopen(&rig.circle);
    tap_say(rig_sync(&rig) == RO_ROLLED_BACK, "without the cache too");

    /* the same length again, and something else in it */
    struct authority *ours = RO_STEAL(rig.circle.authority);
    tap_need(authority_open(other, &rig.circle.world, &why,
                            &rig.circle.authority) == RO_OK);
    tap_is(rig_sync(&rig), RO_OK);
    tap_is(rig_list(rig.circle.authority, 222222, &why), RO_OK);
    authority_free(RO_STEAL(rig.circle.authority));
    rig.circle.authority = ours;
    circle_reopen(&rig.circle);
    tap_is(rig_sync(&rig), RO_FORKED);
    rig_fini(&rig);
}

static void
test_freeze(void)
{
    struct rig rig;
    rig_make_listed(&rig);
    rig_ahead_s = (int64_t)47 * HOUR_S;
    tap_is(rig_sync(&rig), RO_OK);
    rig_ahead_s = (int64_t)50 * HOUR_S;
    tap_is(rig_sync(&rig), RO_FROZEN);
    rig_fini(&rig);
}

static void
test_bad_files(void)
{
    struct rig rig;
    struct ro_why why = {""};
    uint64_t record = 0;
    RO_AUTOBUF mistakes = {0};
    rig_make(&rig);
    char conf[400];
    char broker[240];
    (void)snprintf(conf, sizeof(conf), "%s",
                   circle_path(&rig.circle, "mine.conf"));
    (void)snprintf(broker, sizeof(broker), "%s/broker.pub", rig.broker_dir);
    struct authority_chartering chartering = {conf, broker};
    tap_is(authority_charter(rig.circle.authority, &chartering, &mistakes, &why,
                             &record),
           RO_NOT_FOUND);
    tap_need(ro_file_write(conf, ro_bytes_text("k = many\nnonsense = 1\n"),
                           RO_FILE_PUBLIC, NULL) == RO_OK);
    tap_is(authority_charter(rig.circle.authority, &chartering, &mistakes, &why,
                             &record),
           RO_BAD_INPUT);
    ro_buf_put_u8(&mistakes, 0);
    tap_ok(strstr((const char *)mistakes.data, "/mine.conf:1:") != NULL);
    tap_ok(strstr((const char *)mistakes.data, "/mine.conf:2:") != NULL);
    tap_say(strstr((const char *)mistakes.data, "circle.conf") == NULL,
            "mistakes name the file that has them");
    tap_ok(strstr(why.text, "/mine.conf has 2 mistakes") != NULL);
    (void)snprintf(conf, sizeof(conf), "%s/config/circle.conf", rig_root_path);
    chartering.broker_path = circle_path(&rig.circle, "auth/authority.pub");
    tap_is(authority_charter(rig.circle.authority, &chartering, &mistakes, &why,
                             &record),
           RO_BAD_INPUT);
    tap_need(ro_armour_write(circle_path(&rig.circle, "empty.pub"),
                             "broker-public", ro_bytes_text(""), RO_FILE_PUBLIC,
                             NULL) == RO_OK);
    chartering.broker_path = circle_path(&rig.circle, "empty.pub");
    tap_is(authority_charter(rig.circle.authority, &chartering, &mistakes, &why,
                             &record),
           RO_BAD_INPUT);
    rig_fini(&rig);
}

int
main(int argc, char **argv)
{
    rig_setup(argc, argv);
    tap_run(test_away);
    tap_run(test_wrong_broker);
    tap_run(test_rollback_and_fork);
    tap_run(test_freeze);
    tap_run(test_bad_files);
    return tap_done();
}

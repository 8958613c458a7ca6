/* SPDX-License-Identifier: Apache-2.0 */
/* A broker does not start on a log that is not the one it signed. */
#include <sqlite3.h>

#include "unit/broker/rig.h"

/* Stops the broker, changes its store, and starts it: the outcome. */
static enum ro_status
start_after(struct rig *rig, const char *text, const char *word)
{
    char path[512];
    sqlite3 *db = NULL;
    struct ro_why why = {""};
    struct store *store = NULL;
    struct broker *broker = NULL;
    struct broker_setup setup = {
        .clock = ro_clock_of(&rig->clock),
        .entropy = rig->circle->entropy,
        .limits = rig->limits,
        .root = rig->circle->root,
        .curve = *ro_keypair_x25519(rig->circle->broker_curve),
        .signing = rig->circle->broker_signing,
    };
    broker_free(rig->broker);
    store_free(rig->store);
    rig->broker = NULL;
    rig->store = NULL;
    snprintf(path, sizeof(path), "%s/store.db", rig->folder.path);
    tap_need(sqlite3_open(path, &db) == SQLITE_OK);
    tap_need(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
    test_must(store_open(rig->folder.path, NULL, &store));
    setup.store = store;
    enum ro_status s = broker_new(&setup, &why, &broker);
    printf("# %s: %s\n", ro_status_name(s), why.text);
    tap_ok(strstr(why.text, word) != NULL);
    broker_free(broker);
    store_free(store);
    return s;
}

static struct rig *
vouched(void)
{
    struct rig *rig = rig_open(2);
    rig->clock.wall_s += 3600;
    rig->clock.mono_ms += 3600 * 1000;
    rig_idle(rig);
    return rig;
}

static void
test_an_untouched_store(void)
{
    struct rig *rig = vouched();
    tap_is(start_after(rig, "SELECT 1", ""), RO_OK);
    rig_close(rig);
}

static void
test_a_log_that_was_cut(void)
{
    struct rig *rig = vouched();
    tap_is(start_after(rig, "DELETE FROM record WHERE n > 2", "shorter"),
           RO_STORE_BROKEN);
    rig_close(rig);
}

static void
test_a_log_with_a_hole(void)
{
    struct rig *rig = vouched();
    tap_is(start_after(rig, "DELETE FROM record WHERE n = 2", "cannot be read"),
           RO_STORE_BROKEN);
    rig_close(rig);
}

/* A record under the checkpoint: its signature is not looked at, its hash is.
 */
static void
test_a_record_that_was_changed(void)
{
    struct rig *rig = vouched();
    tap_is(start_after(rig,
                       "UPDATE record SET bytes = "
                       "CAST(substr(bytes, 1, length(bytes) - 1) || "
                       "x'00' AS BLOB) WHERE n = 3",
                       "not the one"),
           RO_STORE_BROKEN);
    rig_close(rig);
}

/* One after it: its signature is looked at. */
static void
test_a_new_record_that_was_changed(void)
{
    struct rig *rig = rig_open(2);
    tap_is(start_after(rig,
                       "UPDATE record SET bytes = "
                       "CAST(substr(bytes, 1, length(bytes) - 1) || "
                       "x'00' AS BLOB) WHERE n = 3",
                       "record 3: "),
           RO_STORE_BROKEN);
    rig_close(rig);
}

static void
test_a_notice_that_is_none(void)
{
    struct rig *rig = vouched();
    tap_is(start_after(rig,
                       "INSERT INTO notice(seat, expires_day, bytes) "
                       "VALUES(x'00', 1, x'00')",
                       "notice 1: "),
           RO_STORE_BROKEN);
    rig_close(rig);
}

int
main(void)
{
    tap_run(test_an_untouched_store);
    tap_run(test_a_log_that_was_cut);
    tap_run(test_a_log_with_a_hole);
    tap_run(test_a_record_that_was_changed);
    tap_run(test_a_new_record_that_was_changed);
    tap_run(test_a_notice_that_is_none);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody who can write to the vault's file can do, and where it shows.
 */
#include "client/core/vault.h"

#include <fcntl.h>

#include <sqlite3.h>

#include "common/base/file.h"
#include "tests/unit/client/vault_place.h"

/* Runs SQL on a closed vault's file, as somebody with the disk could. */
static void
tamper(const struct place *place, const char *sql)
{
    sqlite3 *db = NULL;
    char *said = NULL;
    tap_need(sqlite3_open(place->db, &db) == SQLITE_OK);
    int rc = sqlite3_exec(db, sql, NULL, NULL, &said);
    if (rc != SQLITE_OK)
        printf("# %s: %s\n", sql, said);
    tap_need(rc == SQLITE_OK && sqlite3_changes(db) > 0);
    sqlite3_close(db);
}

/* --- damage -------------------------------------------------------------- */

/* One change to a closed vault of three rows, and where it is noticed. */
struct damage {
    const char *sql;
    const char *place;
};

static const struct damage at_open[] = {
    {"UPDATE row SET seq = seq + 100 WHERE seq = 2",                    "moved, changed"       },
    {"UPDATE row SET tab = 8 WHERE seq = 2",                            "moved, changed"       },
    {"UPDATE row SET tab = 0 WHERE seq = 2",                            "row 2: no such table" },
    {"UPDATE row SET key = zeroblob(16) WHERE seq = 2",                 "moved, changed"       },
    {"UPDATE row SET key = x'00' WHERE seq = 2",                        "row 2: its key"       },
    {"UPDATE row SET tag = x'' WHERE seq = 2",                          "moved, changed"       },
    {"UPDATE row SET tag = zeroblob(16) WHERE seq = 2",                 "moved, changed"       },
    {"UPDATE row SET tag = x'0000' WHERE seq = 2",                      "row 2: its tag"       },
    {"UPDATE row SET generation = generation - 1 WHERE seq = 2",
     "moved, changed"                                                                          },
    {"UPDATE row SET generation = generation + 1000 WHERE seq = 2",
     "row 2: newer than the vault"                                                             },
    {"DELETE FROM row WHERE seq = 3",                                   "2 rows instead of 3"  },
    {"INSERT INTO row(tab, key, tag, generation, value) SELECT tab + 1, key, "
     "tag, generation, value FROM row WHERE seq = 1",              "4 rows instead of 3"  },
    {"DELETE FROM meta WHERE name = 'head'",                            "generation is missing"},
    {"UPDATE meta SET value = substr(value, 2) WHERE name = 'head'",
     "the vault's generation"                                                                  },
    {"DELETE FROM meta WHERE name = 'key_file'",                        "path of the key file" },
    {"DELETE FROM meta WHERE name = 'key_wrapped'",                     "the wrapped key"      },
    {"UPDATE meta SET value = zeroblob(72) WHERE name = 'key_wrapped'",
     "the wrapped key"                                                                         },
    {"DELETE FROM meta WHERE name = 'key_check'",                       "the check of the key" },
    {"UPDATE meta SET value = zeroblob(16) WHERE name = 'key_check'",
     "the check of the key"                                                                    },
    {"UPDATE meta SET name = name; PRAGMA application_id = 1",          "not a vault"          },
    {"UPDATE meta SET name = name; PRAGMA user_version = 9",            "format 9"             },
    {"UPDATE meta SET name = name; DROP TABLE row",                     "the database file"    },
};

static struct vault *
make_three(const struct place *place)
{
    struct vault *vault = make(place);
    tap_need(vault_begin(vault) == RO_OK);
    tap_need(put(vault, "a", "red", "one") == RO_OK);
    tap_need(put(vault, "b", "blue", "two") == RO_OK);
    tap_need(put(vault, "c", "", "three") == RO_OK);
    tap_need(vault_commit(vault) == RO_OK);
    return vault;
}

/* Opens a damaged vault; it must say so, and where. */
static void
need_damage(const struct place *place, const char *sql, const char *where)
{
    VAULT *vault = NULL;
    struct ro_why why = {""};
    enum ro_status s = open_again(place, &why, &vault);
    bool ok = s == RO_VAULT_DAMAGED && vault == NULL &&
              strstr(why.text, place->db) != NULL &&
              strstr(why.text, where) != NULL;
    if (!ok)
        printf("# %s: %s (%s)\n", sql, ro_status_name(s), why.text);
    tap_say(ok, sql);
}

static void
test_damage_at_open(void)
{
    PLACE place = place_new();
    VAULT *vault = make_three(&place);
    vault_freep(&vault);
    RO_AUTOBUF whole = {0};
    tap_need(ro_file_read(place.db, 1000000, NULL, &whole) == RO_OK);
    for (size_t i = 0; i < RO_LEN(at_open); i++) {
        tamper(&place, at_open[i].sql);
        need_damage(&place, at_open[i].sql, at_open[i].place);
        tap_need(ro_file_write(place.db, ro_buf_view(&whole), RO_FILE_SECRET,
                               NULL) == RO_OK);
    }
    tap_is(vault_open(place.dir, NULL, &entropy, NULL, &vault), RO_OK);
    tap_ok(walks(vault, "", "one two three "));
}

/* Damage to a value is found when it is read, and names the row. */
static void
test_damage_at_read(void)
{
    static const char *const changes[] = {
        "UPDATE row SET value = zeroblob(length(value)) WHERE seq = 2",
        "UPDATE row SET value = substr(value, 2) WHERE seq = 2",
        "UPDATE row SET value = x'' WHERE seq = 2",
        /* a whole row's value in another's place */
        ("UPDATE row SET value = (SELECT value FROM row WHERE seq = 1) "
         "WHERE seq = 2"),
    };
    for (size_t i = 0; i < RO_LEN(changes); i++) {
        PLACE place = place_new();
        VAULT *vault = make_three(&place);
        vault_freep(&vault);
        tamper(&place, changes[i]);
        struct ro_why why = {""};
        tap_is(open_again(&place, &why, &vault), RO_OK);
        RO_AUTOBUF buf = {0};
        tap_is(vault_get(vault, VAULT_MESSAGE, ro_bytes_text("b"), &buf),
               RO_VAULT_DAMAGED);
        tap_ok(buf.size == 0);
        vault_damage(vault, &why);
        tap_ok(strcmp(why.text, "table message, row 2: its value") == 0);
        tap_ok(holds(vault, "a", "one") && holds(vault, "c", "three"));
        tap_is(vault_walk(vault, VAULT_MESSAGE, ro_bytes_text(""), join_values,
                          &buf),
               RO_VAULT_DAMAGED);
        tap_ok(ro_bytes_equal(ro_buf_view(&buf), ro_bytes_text("one ")));
    }
}

/* A single row, the head, or a row that was dropped, as they once were. Each
 * fits its own seal; only the vault as a whole does not. */
static void
test_set_back(void)
{
    static const char *const changes[] = {
        ("UPDATE row SET generation = o.generation, value = o.value "
         "FROM old.row o WHERE row.seq = 1 AND o.seq = 1"),
        ("UPDATE meta SET value = o.value FROM old.meta o "
         "WHERE meta.name = 'head' AND o.name = 'head'"),
        "INSERT INTO row SELECT * FROM old.row WHERE seq = 3",
        ("UPDATE row SET generation = o.generation, value = o.value "
         "FROM old.row o WHERE row.seq = 1 AND o.seq = 1;"
         "INSERT INTO row SELECT * FROM old.row WHERE seq = 3;"
         "DELETE FROM row WHERE seq = 4"),
    };
    PLACE place = place_new();
    VAULT *vault = make_three(&place);
    vault_freep(&vault);
    RO_AUTOBUF old = {0}, now = {0};
    tap_need(ro_file_read(place.db, 1000000, NULL, &old) == RO_OK);
    struct ro_why why = {""};
    tap_need(open_again(&place, &why, &vault) == RO_OK);
    uint64_t generation = vault_generation(vault);
    tap_need(vault_begin(vault) == RO_OK);
    tap_need(put(vault, "a", "red", "uno") == RO_OK);
    tap_need(vault_drop(vault, VAULT_MESSAGE, ro_bytes_text("c")) == RO_OK);
    tap_need(put(vault, "d", "", "four") == RO_OK);
    tap_need(vault_commit(vault) == RO_OK);
    vault_freep(&vault);
    tap_need(ro_file_read(place.db, 1000000, NULL, &now) == RO_OK);

    char path[110];
    snprintf(path, sizeof(path), "%s.old", place.db);
    tap_need(ro_file_write(path, ro_buf_view(&old), RO_FILE_SECRET, NULL) ==
             RO_OK);
    for (size_t i = 0; i < RO_LEN(changes); i++) {
        char sql[600];
        snprintf(sql, sizeof(sql), "ATTACH '%s' AS old; %s", path, changes[i]);
        tamper(&place, sql);
        need_damage(&place, changes[i], "row");
        tap_need(ro_file_write(place.db, ro_buf_view(&now), RO_FILE_SECRET,
                               NULL) == RO_OK);
    }

    /* the whole file is whole; its generation tells */
    tap_is(open_again(&place, &why, &vault), RO_OK);
    tap_ok(vault_generation(vault) == generation + 1);
    vault_freep(&vault);
    tap_need(ro_file_write(place.db, ro_buf_view(&old), RO_FILE_SECRET, NULL) ==
             RO_OK);
    tap_is(open_again(&place, &why, &vault), RO_OK);
    tap_ok(vault_generation(vault) == generation);
}

/* Whether a vault with one wrong byte gives its values, or says that it is
 * damaged, but never anything else. */
static bool
survives(const struct place *place, bool *ret_noticed)
{
    VAULT *vault = NULL;
    struct ro_why why = {""};
    enum ro_status s = open_again(place, &why, &vault);
    *ret_noticed = s != RO_OK;
    if (s != RO_OK) {
        if (s != RO_VAULT_DAMAGED && s != RO_VAULT_LOCKED)
            printf("# %s: %s\n", ro_status_name(s), why.text);
        return s == RO_VAULT_DAMAGED || s == RO_VAULT_LOCKED;
    }
    RO_AUTOBUF all = {0};
    s = vault_walk(vault, VAULT_MESSAGE, ro_bytes_text(""), join_values, &all);
    *ret_noticed = s == RO_VAULT_DAMAGED;
    return s == RO_VAULT_DAMAGED ||
           (s == RO_OK && walks(vault, "", "one two three ") &&
            walks(vault, "red", "one ") && holds(vault, "a", "one") &&
            holds(vault, "b", "two") && holds(vault, "c", "three"));
}

static void
test_any_byte(void)
{
    PLACE place = place_new();
    VAULT *vault = make_three(&place);
    vault_freep(&vault);
    RO_AUTOBUF whole = {0};
    tap_need(ro_file_read(place.db, 1000000, NULL, &whole) == RO_OK);
    size_t wrong = 0, noticed = 0, tried = 0;
    for (size_t at = 0; at < whole.size; at++) {
        /* the file's header is looked at whole, the rest (mostly room that is
         * not used yet) where it holds something */
        if (at >= 100 && (whole.data[at] == 0 || at % 5 != 0))
            continue;
        uint8_t bit = (uint8_t)(1u << (at % 8));
        whole.data[at] ^= bit;
        int fd = open(place.db, O_WRONLY);
        tap_need(fd >= 0 || at == 0);
        bool written =
            pwrite(fd, whole.data, whole.size, 0) == (ssize_t)whole.size &&
            ftruncate(fd, (off_t)whole.size) == 0;
        close(fd);
        bool told = false;
        if (!written || !survives(&place, &told)) {
            printf("# byte %zu, bit %u\n", at, bit);
            wrong++;
        }
        noticed += told;
        tried++;
        whole.data[at] ^= bit;
    }
    printf("# %zu of %zu flipped bits noticed\n", noticed, tried);
    tap_ok(wrong == 0);
    tap_ok(noticed > tried / 2);
}

/* --- what the file shows ------------------------------------------------- */

static void
test_nothing_in_clear(void)
{
    PLACE place = place_new();
    VAULT *vault = make(&place);
    tap_need(vault_begin(vault) == RO_OK);
    tap_need(put(vault, "canary", "canary", "canary-value") == RO_OK);
    tap_need(vault_commit(vault) == RO_OK);
    vault_freep(&vault);
    RO_AUTOBUF whole = {0};
    tap_need(ro_file_read(place.db, 1000000, NULL, &whole) == RO_OK);
    tap_ok(memmem(whole.data, whole.size, "canary", 6) == NULL);
    tap_ok(memmem(whole.data, whole.size, "key_wrapped", 11) != NULL);

    /* an equal key and tag have different names */
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    tap_need(sqlite3_open(place.db, &db) == SQLITE_OK);
    tap_need(sqlite3_prepare_v2(db, "SELECT key = tag, length(key) FROM row",
                                -1, &stmt, NULL) == SQLITE_OK);
    tap_ok(sqlite3_step(stmt) == SQLITE_ROW &&
           sqlite3_column_int(stmt, 0) == 0 &&
           sqlite3_column_int(stmt, 1) == 16);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

/* --- the file of epoch secrets ------------------------------------------- */

/* Its damage has its own name and says what it costs; without the file the
 * vault is what it was. */
static void
test_epoch_file(void)
{
    PLACE place = place_new();
    VAULT *vault = make_three(&place);
    struct ro_why why = {""};
    struct place epoch = place;
    PLACE other = place_new();
    char theirs[100];
    const struct vault_place at = {VAULT_EPOCH, ro_bytes_text("day"),
                                   ro_bytes_text("")};
    tap_need(vault_begin(vault_epoch(vault)) == RO_OK);
    tap_need(vault_put(vault_epoch(vault), &at, ro_bytes_text("s")) == RO_OK);
    tap_need(vault_commit(vault_epoch(vault)) == RO_OK);
    snprintf(epoch.db, sizeof(epoch.db), "%s/epoch", place.dir);
    tap_ok(mode_of(epoch.db) == 0600);
    vault_freep(&vault);

    tamper(&epoch, "UPDATE row SET generation = generation - 1");
    need_damage(&epoch, "a row set back", "moved, changed or set back");
    tap_ok(open_again(&place, &why, &vault) == RO_VAULT_DAMAGED &&
           strstr(why.text, "without this file") != NULL);
    tamper(&epoch, "UPDATE row SET generation = generation + 1");
    tap_is(open_again(&place, &why, &vault), RO_OK);
    vault_freep(&vault);

    vault = make(&other);
    vault_freep(&vault);
    snprintf(theirs, sizeof(theirs), "%s/epoch", other.dir);
    tap_need(rename(theirs, epoch.db) == 0);
    need_damage(&epoch, "somebody else's", "the vault's generation");

    tap_need(unlink(epoch.db) == 0);
    tap_is(open_again(&place, &why, &vault), RO_OK);
    size_t n = 9;
    tap_ok(walks(vault, "", "one two three "));
    tap_ok(vault_count(vault_epoch(vault), VAULT_EPOCH, &n) == RO_OK && n == 0);
}

int
main(void)
{
    begin_tests();
    tap_run(test_damage_at_open);
    tap_run(test_damage_at_read);
    tap_run(test_set_back);
    tap_run(test_any_byte);
    tap_run(test_nothing_in_clear);
    tap_run(test_epoch_file);
    return tap_done();
}

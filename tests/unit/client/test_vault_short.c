/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vault with each allocation failing in its turn: while it is made, opened,
 * written, read and given another key. It says so, and the same once more goes
 * well; what was committed is there, what was not is not; and one of both keys
 * opens it.
 */
#include "tests/support/scarce.h"
#include "tests/unit/client/vault_place.h"

#include "client/core/passphrase.h"

struct walk {
    const char *name;
    long step;
    long k;
    bool failed;
    bool is_fine;
};

static struct walk
walk_new(const char *name, long quick)
{
    return (struct walk){.name = name,
                         .step = scarce_step(quick),
                         .failed = true,
                         .is_fine = true};
}

/* After a call that began with scarce_set(walk->k, 1). */
static void
judge(struct walk *walk, enum ro_status s)
{
    walk->failed = scarce_end();
    if (s == RO_OK || (s == RO_NO_MEMORY && walk->failed))
        return;
    printf("# %s: allocation %ld: %s\n", walk->name, walk->k,
           ro_status_name(s));
    walk->is_fine = false;
}

static void
must(struct walk *walk, bool ok, const char *what)
{
    if (ok)
        return;
    printf("# %s: allocation %ld: %s\n", walk->name, walk->k, what);
    walk->is_fine = false;
}

static void
end(const struct walk *walk)
{
    printf("# %s: %ld allocations, every %ld. fails\n", walk->name,
           walk->k - walk->step, walk->step);
    tap_say(walk->is_fine && walk->k > 10, walk->name);
}

/* --- made and opened ------------------------------------------------------ */

static enum ro_status
create(const struct place *place, struct vault **ret_vault)
{
    struct ro_why why = {""};
    const struct vault_key key = {.file = place->key};
    return vault_create(place->dir, &key, &entropy, &why, ret_vault);
}

static void
test_made(void)
{
    struct walk walk = walk_new("made", 61);
    for (; walk.failed; walk.k += walk.step) {
        PLACE place = place_new();
        VAULT *vault = NULL;
        scarce_set(walk.k, 1);
        enum ro_status s = create(&place, &vault);
        judge(&walk, s);
        /* it may be whole by then, and only could not be opened */
        if (s != RO_OK)
            s = create(&place, &vault);
        if (s == RO_TAKEN)
            s = vault_open(place.dir, NULL, &entropy, NULL, &vault);
        must(&walk, s == RO_OK, "not made by the next try");
    }
    end(&walk);
}

/* So much that each page of it takes memory of its own. */
static void
put_much(struct vault *vault)
{
    char value[3001];
    tap_need(vault_begin(vault) == RO_OK);
    for (char c = 'b'; c <= 'z'; c++) {
        const char key[] = {c, '\0'};
        memset(value, c, sizeof(value) - 1);
        value[sizeof(value) - 1] = '\0';
        tap_need(put(vault, key, "", value) == RO_OK);
    }
    tap_need(vault_commit(vault) == RO_OK);
}

static void
test_opened(void)
{
    struct walk walk = walk_new("opened", 13);
    PLACE place = place_new();
    VAULT *vault = make(&place);
    put_one(vault, "a", "1");
    put_much(vault);
    for (; walk.failed; walk.k += walk.step) {
        struct ro_why why = {""};
        vault_freep(&vault);
        scarce_set(walk.k, 1);
        judge(&walk, vault_open(place.dir, NULL, &entropy, &why, &vault));
    }
    end(&walk);
    tap_ok(holds(vault, "a", "1"));
}

static void
test_looked_at(void)
{
    struct walk walk = walk_new("looked at", 29);
    PLACE place = place_new();
    VAULT *vault = make(&place);
    vault_freep(&vault);
    for (; walk.failed; walk.k += walk.step) {
        struct ro_why why = {""};
        enum vault_key_kind kind;
        scarce_set(walk.k, 1);
        judge(&walk, vault_look(place.dir, &why, &kind));
    }
    end(&walk);
}

/* --- used ----------------------------------------------------------------- */

static enum ro_status
write_two(struct vault *vault, const char *value)
{
    RO_TRY(vault_begin(vault));
    enum ro_status s = put(vault, "a", "tag", value);
    if (s == RO_OK)
        s = put(vault, "b", "tag", value);
    return vault_end(vault, s);
}

static enum ro_status
read_two(struct vault *vault)
{
    RO_AUTOBUF all = {0};
    RO_AUTOBUF one = {0};
    size_t n = 0;
    RO_TRY(vault_walk(vault, VAULT_MESSAGE, ro_bytes_text("tag"), join_values,
                      &all));
    RO_TRY(vault_count(vault, VAULT_MESSAGE, &n));
    return vault_get(vault, VAULT_MESSAGE, ro_bytes_text("a"), &one);
}

/* With `many` failures in a row going back has no memory either. */
static void
use(const char *name, long many)
{
    struct walk walk = walk_new(name, many == 1 ? 11 : 37);
    PLACE place = place_new();
    VAULT *vault = make(&place);
    char now[24] = "0";
    tap_need(write_two(vault, now) == RO_OK);
    for (; walk.failed; walk.k += walk.step) {
        char value[24];
        snprintf(value, sizeof(value), "%ld", walk.k);
        /* its statements are prepared when they are first used */
        tap_need(open_again(&place, NULL, &vault) == RO_OK);
        scarce_set(walk.k, many);
        enum ro_status s = write_two(vault, value);
        if (s == RO_OK)
            memcpy(now, value, sizeof(now));
        if (s == RO_OK)
            s = read_two(vault);
        judge(&walk, s);
        must(&walk, holds(vault, "a", now) && holds(vault, "b", now),
             "not as committed");
        must(&walk, write_two(vault, "next") == RO_OK, "not again");
        memcpy(now, "next", sizeof("next"));
    }
    end(&walk);
}

static void
test_used(void)
{
    use("used", 1);
    use("used, two fail", 2);
    use("used, three fail", 3);
}

/* --- another key ---------------------------------------------------------- */

static void
test_rekeyed(void)
{
    struct walk walk = walk_new("rekeyed", 5);
    PLACE place = place_new();
    VAULT *vault = make(&place);
    const struct vault_key words = {
        .passphrase = ro_bytes_text("four words"), .stretch = {1, 8192}
    };
    const struct vault_key file = {.file = place.key};
    const struct vault_key *keys[] = {&file, &words};
    size_t now = 0;
    put_one(vault, "a", "1");
    for (; walk.failed; walk.k += walk.step) {
        struct ro_why why = {""};
        scarce_set(walk.k, 1);
        enum ro_status s = vault_rekey(vault, keys[1 - now], &why);
        judge(&walk, s);
        vault_freep(&vault);
        if (s == RO_OK)
            now = 1 - now;
        must(&walk,
             vault_open(place.dir, keys[now], &entropy, &why, &vault) == RO_OK,
             "its key does not open it");
        if (s != RO_OK) {
            must(&walk, vault_rekey(vault, keys[1 - now], &why) == RO_OK,
                 "not by the next try");
            now = 1 - now;
        }
    }
    end(&walk);
    tap_ok(holds(vault, "a", "1"));
}

int
main(void)
{
    scarce_sqlite();
    begin_tests();
    tap_run(test_made);
    tap_run(test_opened);
    tap_run(test_looked_at);
    tap_run(test_used);
    tap_run(test_rekeyed);
    return tap_done();
}

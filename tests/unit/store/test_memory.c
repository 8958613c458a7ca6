/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store with each allocation failing in its turn, ours and SQLite's: while
 * it is opened, and in a story of what a broker does with it. Whatever was
 * committed is there afterwards, what was not is not, and the same once more
 * goes well, on the same open store and after another start.
 */
#include "daemon/store/store.h"

#include "support/scarce.h"
#include "unit/store/sample.h"

#define EXPIRY 500000
#define QUICK 7
#define QUICK_OPEN 29

static const struct sample_envelope letters[] = {
    {1, 10, 10, EXPIRY    },
    {2, 10, 11, EXPIRY    },
    {1, 12, 12, EXPIRY - 1},
};

/* How far a story came: what the store has said yes to. */
struct told {
    bool kept;
    bool dropped;
    uint64_t keys[RO_LEN(letters)];
};

static enum ro_status
no_more(void *user, const struct store_envelope *envelope)
{
    size_t *n = user;
    (*n)++;
    return envelope->body.size == SAMPLE_BODY ? RO_OK : RO_BAD_FRAME;
}

static enum ro_status
count_record(void *user, uint32_t day, struct ro_bytes record)
{
    uint64_t *n = user;
    (*n)++;
    return day == 20000 && record.size == SAMPLE_BODY ? RO_OK : RO_BAD_FRAME;
}

static enum ro_status
count_notice(void *user, uint64_t cursor, struct ro_bytes notice)
{
    uint64_t *n = user;
    (*n)++;
    return cursor > 0 && notice.size == SAMPLE_BODY ? RO_OK : RO_BAD_FRAME;
}

/* --- the story ------------------------------------------------------------ */

static enum ro_status
put_rows(struct store *store, uint64_t n)
{
    const struct sample_body body = sample_body(3);
    const struct ro_bytes bytes = {body.bytes, SAMPLE_BODY};
    const struct store_notice notice = {sample_mailbox(1), 30000, bytes};
    const uint8_t mirror[STORE_MIRROR_SIZE] = {1};
    struct store_ticket ticket = {
        .mailbox = sample_mailbox(4), .request = body.hash, .expiry_hour = 1};
    uint64_t cursor;
    memcpy(ticket.id, &n, sizeof(n));
    RO_TRY(store_record_put(store, n, 20000, bytes));
    RO_TRY(store_notice_put(store, &notice, &cursor));
    RO_TRY(store_checkpoint_put(store, (uint32_t)n + 1, cursor, bytes));
    RO_TRY(store_ticket_put(store, &ticket));
    return store_mirror_put(store, &notice.seat, mirror);
}

static enum ro_status
put_mail(struct store *store, struct told *told)
{
    static const uint8_t bodies[] = {10, 12, 13}; /* the last is nobody's */
    for (size_t i = 0; i < RO_LEN(bodies); i++)
        RO_TRY(sample_body_put(store, bodies[i]));
    for (size_t i = 0; i < RO_LEN(letters); i++)
        RO_TRY(sample_envelope_put(store, &letters[i], &told->keys[i]));
    return RO_OK;
}

static enum ro_status
keep(struct store *store, uint64_t n, struct told *told)
{
    RO_TRY(store_begin(store));
    enum ro_status s = put_rows(store, n);
    if (s == RO_OK)
        s = put_mail(store, told);
    if (s == RO_OK) {
        s = store_commit(store);
        told->kept = s == RO_OK;
    } else {
        store_rollback(store);
    }
    return s;
}

static enum ro_status
look(struct store *store)
{
    const struct store_cursor cursor = {sample_mailbox(1), 0, 100};
    const struct ro_seat_id mailbox = sample_mailbox(4);
    uint8_t mirror[STORE_MIRROR_SIZE];
    RO_AUTOBUF bytes = {0};
    struct store_figures figures;
    size_t n = 0;
    uint64_t many = 0;
    uint32_t slot;
    RO_TRY(store_records(store, 0, count_record, &many));
    RO_TRY(store_notices(store, 0, count_notice, &many));
    RO_TRY(store_notice_count(store, &cursor.mailbox, &many));
    RO_TRY(store_checkpoint_get(store, &slot, &many, &bytes));
    RO_TRY(store_enrol_mailbox(store, &mailbox));
    RO_TRY(store_mirror_get(store, &cursor.mailbox, mirror));
    RO_TRY(store_envelopes(store, &cursor, no_more, &n));
    if (n != 2)
        return RO_BAD_FRAME;
    store_tidy(store);
    return store_measure(store, &figures);
}

/* Two are acknowledged, the third expires, and with it the ticket. */
static enum ro_status
drop_rows(struct store *store, const struct told *told)
{
    size_t n = 0;
    for (size_t i = 0; i < 2; i++) {
        const struct ro_seat_id mailbox = sample_mailbox(letters[i].mailbox);
        RO_TRY(store_envelope_drop(store, &mailbox, told->keys[i]));
    }
    RO_TRY(store_notices_prune(store, 20000));
    RO_TRY(store_expire(store, EXPIRY - 1, 100, &n));
    return n == 1 ? RO_OK : RO_BAD_FRAME;
}

static enum ro_status
let_go(struct store *store, struct told *told)
{
    RO_TRY(store_begin(store));
    enum ro_status s = drop_rows(store, told);
    if (s == RO_OK) {
        s = store_commit(store);
        told->dropped = s == RO_OK;
    } else {
        store_rollback(store);
    }
    return s;
}

static enum ro_status
story(struct store *store, uint64_t n, struct told *told)
{
    if (!told->kept)
        RO_TRY(keep(store, n, told));
    RO_TRY(look(store));
    return let_go(store, told);
}

/* --- what must be so ------------------------------------------------------ */

/* The store has what it said yes to, and no more. */
static bool
is_as_told(struct store *store, uint64_t n, const struct told *told)
{
    struct store_figures figures = {0};
    if (store_measure(store, &figures) != RO_OK)
        return false;
    size_t waiting = told->kept && !told->dropped ? RO_LEN(letters) : 0;
    return figures.records == n + told->kept && figures.envelopes == waiting &&
           figures.bodies == (waiting > 0 ? 2 : 0) &&
           figures.notices == (figures.records > 0 ? 1 : 0);
}

static bool
is_named(enum ro_status s)
{
    return s == RO_OK || s == RO_NO_MEMORY || s == RO_NO_ROOM;
}

/* As sample_open, without a point for each time. */
static struct store *
open_quietly(const struct folder *folder)
{
    struct store *store = NULL;
    struct ro_why why = {""};
    enum ro_status s = store_open(folder->path, &why, &store);
    if (s != RO_OK) {
        printf("Bail out! %s: %s\n", ro_status_name(s), why.text);
        exit(1);
    }
    return store;
}

struct walk {
    struct folder folder;
    struct store *store;
    uint64_t n; /* stories that came through */
    bool is_fine;
};

static bool
must(bool ok, const char *what, long k)
{
    if (!ok)
        printf("# at allocation %ld: %s\n", k, what);
    return ok;
}

/* One story, in which `many` allocations fail from the k-th on; then to its
 * end. Whether one failed. */
static bool
play(struct walk *walk, long k, long many)
{
    struct told told = {0};
    scarce_set(k, many);
    enum ro_status s = story(walk->store, walk->n, &told);
    bool failed = scarce_end();
    walk->is_fine &=
        must(is_named(s) && (failed || s == RO_OK), ro_status_name(s), k);
    if (k % 3 == 0) { /* what the next start makes of it */
        store_free(walk->store);
        walk->store = open_quietly(&walk->folder);
    }
    walk->is_fine &=
        must(is_as_told(walk->store, walk->n, &told), "not as told", k);
    if (!told.dropped)
        s = story(walk->store, walk->n, &told);
    walk->is_fine &= must(s == RO_OK || told.dropped, "not again", k);
    walk->n++;
    told = (struct told){0};
    walk->is_fine &= must(is_as_told(walk->store, walk->n, &told), "end", k);
    return failed;
}

static void
test_story(void)
{
    struct walk walk = {.folder = folder_new(), .is_fine = true};
    const long step = scarce_step(QUICK);
    long k = 0;
    walk.store = open_quietly(&walk.folder);
    while (play(&walk, k, 1))
        k += step;
    printf("# %ld allocations, every %ld. fails\n", k, step);
    tap_say(walk.is_fine && k > 100, "each failed in good order");
    store_free(walk.store);
    folder_remove(&walk.folder);
}

/* Once there is none, there is none any more. A store that could not even roll
 * back is broken, which is said, and as it was at the next start. */
static void
test_nothing_left(void)
{
    struct walk walk = {.folder = folder_new(), .is_fine = true};
    const long step = scarce_step(QUICK);
    bool failed = true;
    long k = 0;
    for (; failed; k += step) {
        struct told told = {0};
        walk.store = open_quietly(&walk.folder);
        scarce_set(k, SCARCE_REST);
        enum ro_status s = story(walk.store, walk.n, &told);
        failed = scarce_end();
        walk.is_fine &=
            must(is_named(s) || s == RO_STORE_BROKEN, ro_status_name(s), k);
        store_free(walk.store);
        walk.store = open_quietly(&walk.folder);
        walk.is_fine &=
            must(is_as_told(walk.store, walk.n, &told), "not as told", k);
        if (!told.dropped)
            walk.is_fine &= story(walk.store, walk.n, &told) == RO_OK;
        walk.n++;
        store_free(walk.store);
    }
    printf("# %ld allocations, all fail from every %ld. on\n", k - step, step);
    tap_ok(walk.is_fine && k > 100);
    folder_remove(&walk.folder);
}

/* --- opening -------------------------------------------------------------- */

static enum ro_status
open_once(const struct folder *folder, long k, bool *ret_failed)
{
    struct ro_why why = {""};
    struct store *store = NULL;
    scarce_set(k, 1);
    enum ro_status s = store_open(folder->path, &why, &store);
    *ret_failed = scarce_end();
    if (s != RO_OK && s != RO_NO_MEMORY)
        printf("# %ld: %s: %s\n", k, ro_status_name(s), why.text);
    store_free(store);
    return s;
}

static void
test_laid_out(void)
{
    const long step = scarce_step(QUICK_OPEN);
    bool is_fine = true;
    bool failed = true;
    long k = 0;
    for (; failed; k += step) {
        struct folder folder = folder_new();
        struct told told = {0};
        enum ro_status s = open_once(&folder, k, &failed);
        is_fine &= s == RO_OK || (s == RO_NO_MEMORY && failed);
        struct store *store = open_quietly(&folder);
        is_fine &= story(store, 0, &told) == RO_OK;
        store_free(store);
        folder_remove(&folder);
    }
    printf("# a new store: %ld allocations, every %ld. fails\n", k, step);
    tap_ok(is_fine && k > 100);
}

static void
test_opened(void)
{
    const long step = scarce_step(QUICK_OPEN);
    struct folder folder = folder_new();
    struct store *store = open_quietly(&folder);
    struct told told = {0};
    bool is_fine = true;
    bool failed = true;
    long k = 0;
    tap_need(keep(store, 0, &told) == RO_OK);
    store_free(store);
    for (; failed; k += step) {
        enum ro_status s = open_once(&folder, k, &failed);
        is_fine &= s == RO_OK || (s == RO_NO_MEMORY && failed);
    }
    printf("# an old one: %ld allocations, every %ld. fails\n", k, step);
    tap_ok(is_fine && k > 100);
    store = open_quietly(&folder);
    tap_ok(is_as_told(store, 0, &told));
    store_free(store);
    folder_remove(&folder);
}

int
main(void)
{
    scarce_sqlite();
    tap_run(test_story);
    tap_run(test_nothing_left);
    tap_run(test_laid_out);
    tap_run(test_opened);
    return tap_done();
}

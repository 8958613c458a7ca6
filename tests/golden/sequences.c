/* SPDX-License-Identifier: Apache-2.0 */
/* Sequence numbers, as a client's vault counts them. */
#include "golden/recheck.h"

#include <stdio.h>

#include "client/core/sequence.h"
#include "unit/store/folder.h"

/* A vault in a folder of its own. */
struct shelf {
    struct folder folder;
    struct ro_entropy entropy;
    struct vault *vault;
};

static void
shelf_open(struct shelf *shelf)
{
    char dir[512];
    char key[512];
    struct ro_why why = {""};
    *shelf =
        (struct shelf){.folder = folder_new(), .entropy = ro_entropy_system()};
    snprintf(dir, sizeof(dir), "%s/vault", shelf->folder.path);
    snprintf(key, sizeof(key), "%s/key", shelf->folder.path);
    test_must(vault_create(dir, &(struct vault_key){.file = key},
                           &shelf->entropy, &why, &shelf->vault));
}

static void
shelf_close(struct shelf *shelf)
{
    vault_free(shelf->vault);
    folder_remove(&shelf->folder);
}

/* --- written -------------------------------------------------------------- */

/* A wrap: who writes to whom, in which thread it counts. */
static const struct wrapped {
    const char *thread;
    const char *from;
    const char *to;
    const char *words;
} wraps[] = {
    {"thread.ab", "a.lead.id", "b.lead.id",   "the ask; names no thread"},
    {"thread.aa", "a.lead.id", "a.office.id", "the same"                },
    {"thread.ab", "b.lead.id", "a.lead.id",   "an answer"               },
    {"thread.ab", "b.lead.id", "a.office.id", "the same"                },
    {"thread.ab", "a.lead.id", "b.lead.id",   "a say"                   },
    {"thread.ab", "a.lead.id", "a.office.id", "the same"                },
    {"thread.ab", "a.lead.id", "b.lead.id",   "another say"             },
    {"thread.ab", "a.lead.id", "a.office.id", "the same"                },
};

static uint64_t
next_number(const struct book *book,
            struct vault *vault,
            const struct wrapped *wrap)
{
    struct ro_thread_id thread;
    struct ro_seat_id to;
    uint64_t number;
    book_copy(book, wrap->thread, thread.b, RO_ID_SIZE);
    book_copy(book, wrap->to, to.b, RO_ID_SIZE);
    test_must(vault_begin(vault));
    test_must(sequence_next(vault, &thread, &to, &number));
    test_must(vault_commit(vault));
    return number;
}

void
make_sequences(struct book *book)
{
    struct shelf a, b;
    shelf_open(&a);
    shelf_open(&b);
    book_begin(book, "sequences");
    for (size_t i = 0; i < RO_LEN(wraps); i++) {
        const struct wrapped *wrap = &wraps[i];
        struct vault *vault = wrap->from[0] == 'a' ? a.vault : b.vault;
        char name[BOOK_NAME];
        char expression[128];
        snprintf(name, sizeof(name), "sequence.%zu", i + 1);
        snprintf(expression, sizeof(expression), "{%s} {%s} {%s} %016llx",
                 wrap->thread, wrap->from, wrap->to,
                 (unsigned long long)next_number(book, vault, wrap));
        book_sum(book, name, expression, wrap->words);
    }
    shelf_close(&a);
    shelf_close(&b);
}

/* --- read ----------------------------------------------------------------- */

static enum ro_status
take(const struct book *page, struct vault *vault, const char *name)
{
    struct ro_bytes value = book_get(page, name);
    struct ro_thread_id thread;
    struct ro_seat_id from;
    if (value.size != 3 * RO_ID_SIZE + 8)
        book_fail("%s has %zu bytes", name, value.size);
    memcpy(thread.b, value.data, RO_ID_SIZE);
    memcpy(from.b, value.data + RO_ID_SIZE, RO_ID_SIZE);
    test_must(vault_begin(vault));
    return vault_end(vault,
                     sequence_take(vault, &thread, &from,
                                   ro_get_u64(value.data + 3 * RO_ID_SIZE)));
}

/* What b's Lead is missing: from and to, 0 for nothing. */
static struct sequence_gap
missing(struct vault *vault)
{
    struct sequence_gap *gaps = NULL;
    struct sequence_gap first = {.from = 0};
    size_t n = 0;
    test_must(sequence_gaps(vault, &gaps, &n));
    if (n > 0)
        first = gaps[0];
    free(gaps);
    return first;
}

void
recheck_sequences(const struct book *page)
{
    struct shelf b;
    shelf_open(&b);
    point_is(take(page, b.vault, "sequence.1"), RO_OK);
    point_ok(missing(b.vault).from == 0);
    point_is(take(page, b.vault, "sequence.7"), RO_OK);
    point_ok(missing(b.vault).from == 2 && missing(b.vault).to == 2);
    point_is(take(page, b.vault, "sequence.5"), RO_OK);
    point_ok(missing(b.vault).from == 0);
    point_is(take(page, b.vault, "sequence.5"), RO_MISBOUND);
    shelf_close(&b);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A record must be refused for the reason given, and change nothing. */
#ifndef TESTS_UNIT_WIRE_REFUSE_H
#define TESTS_UNIT_WIRE_REFUSE_H

#include "tests/support/circle.h"
#include "tests/support/tap.h"

/* What may not change. */
struct state_of {
    uint64_t size;
    struct ro_hash head;
    uint64_t serial;
    size_t listings;
    size_t members;
    size_t seats;
    size_t live;
};

static inline struct state_of
state_of(const struct ro_directory *directory)
{
    struct state_of state = {.size = ro_directory_size(directory),
                             .serial = ro_directory_serial(directory, NULL)};
    test_must(ro_directory_head(directory, state.size, &state.head));
    while (ro_directory_nth_listing(directory, state.listings) != NULL)
        state.listings++;
    const struct ro_member_view *member = NULL;
    while ((member = ro_directory_nth_member(directory, state.members))) {
        state.serial += ro_directory_serial(directory, &member->id);
        state.live += member->n_live;
        state.members++;
    }
    while (ro_directory_nth_seat(directory, state.seats) != NULL)
        state.seats++;
    return state;
}

static inline bool
same_state(const struct state_of *a, const struct state_of *b)
{
    return a->size == b->size && a->serial == b->serial &&
           memcmp(a->head.b, b->head.b, RO_HASH_SIZE) == 0 &&
           a->listings == b->listings && a->members == b->members &&
           a->seats == b->seats && a->live == b->live;
}

/* Whether the directory refuses the record so, and `why` begins with `word`.
 */
static inline bool
refuses(struct test_circle *circle,
        const struct ro_buf *raw,
        enum ro_status expected,
        const char *word)
{
    struct ro_why why = {.text = ""};
    struct state_of before = state_of(circle->directory);
    enum ro_status status = test_circle_add(circle, ro_buf_view(raw), &why);
    struct state_of after = state_of(circle->directory);
    if (status == expected && same_state(&before, &after) &&
        strncmp(why.text, word, strlen(word)) == 0)
        return true;
    printf("# %s (%s)%s, not %s (%s)\n", ro_status_name(status), why.text,
           same_state(&before, &after) ? "" : " and changed",
           ro_status_name(expected), word);
    return false;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The registry of sessions against a plain list, and credit. */
#include <string.h>

#include "common/base/bytes.h"
#include "common/base/entropy.h"
#include "daemon/session/session.h"

#include "support/tap.h"

#define SESSIONS 300
#define MAILBOXES 700

/* What the registry should say: who has each mailbox (slot 0: nobody). */
struct model {
    struct session_id owner[MAILBOXES];
    struct session_id open[SESSIONS];
    size_t n_open;
};

static struct ro_seat_id
mailbox(uint64_t n)
{
    /* few values of the bytes that are looked at first: they collide, and go
     * round the end of the table */
    struct ro_seat_id id = {{0}};
    ro_set_u16(id.b + 6, (uint16_t)(0xfffd + n % 5));
    memcpy(id.b + 8, &n, sizeof(n));
    return id;
}

static bool
same(struct session_id a, struct session_id b)
{
    return a.slot == b.slot && a.generation == b.generation;
}

static void
open_one(struct sessions *sessions, struct model *model)
{
    const struct session like = {.door = DOOR_OPEN};
    struct session_id id = {0};
    enum ro_status s = sessions_open(sessions, &like, &id);
    if (s == RO_OK) {
        model->open[model->n_open++] = id;
    } else if (s != RO_NO_ROOM || model->n_open != SESSIONS) {
        abort();
    }
}

static void
close_one(struct sessions *sessions, struct model *model, size_t i)
{
    struct session_id id = model->open[i];
    sessions_close(sessions, id);
    sessions_close(sessions, id); /* twice is fine */
    sessions_reap(sessions, NULL, NULL);
    model->open[i] = model->open[--model->n_open];
    for (size_t m = 0; m < MAILBOXES; m++) {
        if (same(model->owner[m], id))
            model->owner[m] = (struct session_id){0};
    }
    if (sessions_find(sessions, id) != NULL)
        abort();
}

static size_t
owned(const struct model *model, struct session_id id)
{
    size_t n = 0;
    for (size_t m = 0; m < MAILBOXES; m++)
        n += same(model->owner[m], id);
    return n;
}

static void
attach_one(struct sessions *sessions, struct model *model, size_t i, size_t m)
{
    struct ro_seat_id id = mailbox(m);
    bool fits = same(model->owner[m], model->open[i]) ||
                owned(model, model->open[i]) < SESSION_MAILBOXES_MAX;
    enum ro_status s = sessions_attach(sessions, model->open[i], &id, 5);
    if (s != (fits ? RO_OK : RO_OVER_QUOTA))
        abort();
    if (s == RO_OK)
        model->owner[m] = model->open[i];
}

static void
compare(struct sessions *sessions, const struct model *model)
{
    size_t attached = 0;
    for (size_t m = 0; m < MAILBOXES; m++) {
        struct ro_seat_id id = mailbox(m);
        struct session_id owner = {0};
        enum ro_status s = sessions_of_mailbox(sessions, &id, &owner);
        if ((s == RO_OK) != (model->owner[m].slot != 0) ||
            !same(owner, model->owner[m]))
            abort();
        attached += s == RO_OK;
        if (s == RO_OK &&
            session_attachment(sessions_find(sessions, owner), &id) == NULL)
            abort();
    }
    if (sessions_mailboxes(sessions) != attached ||
        sessions_count(sessions) != model->n_open)
        abort();
    size_t slot = 0;
    size_t n = 0;
    while (sessions_next(sessions, &slot) != NULL)
        n++;
    if (n != model->n_open)
        abort();
}

static void
test_the_registry_against_a_list(void)
{
    static struct model model;
    struct ro_entropy_seeded seeded = {.state = 5};
    struct ro_entropy entropy = ro_entropy_of(&seeded);
    struct sessions *sessions = sessions_new(SESSIONS);
    tap_need(sessions != NULL);
    for (int step = 0; step < 20000; step++) {
        uint64_t what = ro_entropy_below(&entropy, 20);
        size_t m = (size_t)ro_entropy_below(&entropy, MAILBOXES);
        size_t i = model.n_open == 0
                       ? 0
                       : (size_t)ro_entropy_below(&entropy, model.n_open);
        struct ro_seat_id id = mailbox(m);
        if (what < 2 || model.n_open == 0) {
            open_one(sessions, &model);
        } else if (what < 3) {
            close_one(sessions, &model, i);
        } else if (what < 6) {
            sessions_detach(sessions, &id);
            model.owner[m] = (struct session_id){0};
        } else {
            attach_one(sessions, &model, i, m);
        }
        if (step % 500 == 0)
            compare(sessions, &model);
    }
    compare(sessions, &model);
    tap_ok(model.n_open > SESSIONS / 2);
    tap_ok(sessions_mailboxes(sessions) > MAILBOXES / 2);
    sessions_free(sessions);
}

static void
test_an_id_is_never_another_session(void)
{
    struct sessions *sessions = sessions_new(1);
    const struct session like = {.door = DOOR_MEMBER};
    struct session_id first;
    struct session_id second;
    const struct ro_seat_id any = {{1}};
    tap_ok(sessions_find(sessions, (struct session_id){0}) == NULL);
    tap_ok(sessions_find(sessions, (struct session_id){2, 1}) == NULL);
    tap_is(sessions_open(sessions, &like, &first), RO_OK);
    tap_is(sessions_open(sessions, &like, &second), RO_NO_ROOM);
    sessions_close(sessions, first);
    tap_ok(sessions_find(sessions, first) != NULL);
    sessions_reap(sessions, NULL, NULL);
    tap_ok(sessions_find(sessions, first) == NULL);
    tap_is(sessions_open(sessions, &like, &second), RO_OK);
    tap_ok(second.slot == first.slot && !same(first, second));
    tap_ok(sessions_find(sessions, first) == NULL);
    tap_is(sessions_attach(sessions, first, &any, 1), RO_NOT_FOUND);
    sessions_close(sessions, first);
    tap_ok(sessions_find(sessions, second)->state != SESSION_CLOSING);
    sessions_free(sessions);
    sessions_free(NULL);
}

static void
test_credit(void)
{
    struct credit credit = {0};
    const struct credit_amount hourly = {10, 1000};
    const struct credit_amount one = {1, 100};
    const struct credit_amount wide = {1, 1001};
    tap_is(credit_charge(&credit, &one, 1), RO_NO_CREDIT);
    credit_fill(&credit, &hourly, 0);
    tap_is(credit_charge(&credit, &wide, 1), RO_NO_CREDIT);
    tap_ok(credit.left.envelopes == 10 && credit.left.bytes == 1000);
    tap_is(credit_charge(&credit, &one, 1), RO_OK);
    tap_is(credit_charge(&credit, &one, 2), RO_OK);
    credit_give_back(&credit, 1);
    tap_ok(credit.left.envelopes == 8);
    credit_give_back(&credit, 2);
    credit_give_back(&credit, 2);
    tap_ok(credit.left.envelopes == 9 && credit.left.bytes == 900);
    credit_fill(&credit, &hourly, 3599999);
    tap_ok(credit.left.envelopes == 9);
    credit_fill(&credit, &hourly, 3600001);
    tap_ok(credit.left.envelopes == 10 && credit.left.bytes == 1000);
}

int
main(void)
{
    tap_run(test_the_registry_against_a_list);
    tap_run(test_an_id_is_never_another_session);
    tap_run(test_credit);
    return tap_done();
}

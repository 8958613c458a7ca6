/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One recipient's mailbox is full: that is about this recipient, and stops
 * nothing that is for others.
 */
#include "tests/unit/broker/rig.h"
#include "tests/unit/client/asked.h"
#include "tests/unit/client/files.h"
#include "tests/unit/client/friends.h"

#include "daemon/pipeline/broker.h"

/* Deposits that were asked for. (Linked with --wrap=link_ask.) */
static size_t deposits;

enum ro_status
on_ask(const struct asked *asked)
{
    if (asked->ask->verb == RO_VERB_DEPOSIT)
        deposits++;
    return asked_go(asked);
}

/* From now on so many envelopes fit into one mailbox. */
static void
limit(uint32_t envelopes)
{
    pair_hold(pair);
    pair->rig->broker->limits.mailbox_envelopes = envelopes;
    pair_go(pair);
}

static bool
says_who_and_why(const struct seat *seat)
{
    const char *why = seat->job->result.why;
    return strstr(why, ben->member->name) != NULL &&
           strstr(why, "mailbox") != NULL && strstr(why, "full") != NULL;
}

/* Ben's mailbox has one message, and room for no more. */
static void
fill(void)
{
    open_three();
    limit(1);
    tap_is(seat_ask(ann, urn_of(ben), "It fits."), RO_OK);
}

static void
test_others_go_on(void)
{
    fill();
    const char *both[] = {urn_of(ben), urn_of(cat)};
    tap_is(seat_ask_many(ann, both, 2, "To both."), RO_KEPT);
    tap_say(ann->job->result.stored == 1, "at the broker for one of them");
    tap_say(says_who_and_why(ann), "and said for whom it waits, and why");
    tap_is(seat_sync(cat), RO_OK);
    tap_ok(seat_shows(cat, "To both.") == 1);
    tap_say(seat_ask(ann, urn_of(cat), "Urgent.") == RO_OK,
            "what stands behind it goes");
    tap_is(seat_sync(cat), RO_OK);
    tap_ok(seat_shows(cat, "Urgent.") == 1);
    tap_is(seat_ask(ann, urn_of(ben), "Behind it."), RO_KEPT);
    tap_ok(ann->job->result.stored == 0 && says_who_and_why(ann));
    deposits = 0;
    tap_is(seat_told(ann), RO_KEPT);
    tap_ok(says_who_and_why(ann));
    tap_say(deposits == 2, "one try for each of its two flushes");
    tap_is(seat_self(ann), RO_OK);
    tap_say(ann->job->result.status == RO_OK, "what only looks is not held");
    tap_ok(ann->job->result.self.outbox == 2);
    pair_free(pair);
}

static void
test_room_again(void)
{
    fill();
    tap_is(seat_ask(ann, urn_of(ben), "Second."), RO_KEPT);
    tap_is(seat_ask(ann, urn_of(ben), "Third."), RO_KEPT);
    tap_is(seat_sync(ben), RO_OK);
    tap_is(seat_told(ann), RO_KEPT);
    tap_is(seat_sync(ben), RO_OK);
    tap_say(seat_shows(ben, "Second.") == 1 && seat_shows(ben, "Third.") == 0,
            "in their order");
    tap_is(seat_told(ann), RO_OK);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_shows(ben, "Third.") == 1);
    tap_is(seat_self(ann), RO_OK);
    tap_ok(ann->job->result.self.outbox == 0);
    pair_free(pair);
}

/* The pieces of a file, too; and of those that cannot go no more are sealed. */
static void
test_pieces(void)
{
    open_three();
    char thread[RO_ID_HEX];
    snprintf(thread, sizeof(thread), "%s",
             thread_between(pair_answered(ann, ben), ann, ben));
    pair_sync_all(pair);
    limit(3);
    const char *path = files_make(pair, "large", 400000); /* 8 chunks */
    tap_is(files_say(ann, thread, &path, 1), RO_KEPT);
    tap_ok(says_who_and_why(ann));
    tap_ok(files_seen(ann, thread, 0).n_here == 2);
    tap_say(seat_ask(ann, urn_of(cat), "No file.") == RO_OK, "others go on");
    tap_is(seat_sync(ben), RO_OK);
    tap_is(seat_told(ann), RO_KEPT);
    tap_is(seat_sync(ben), RO_OK);
    tap_is(seat_told(ann), RO_OK);
    tap_is(seat_sync(ben), RO_OK);
    tap_is(files_seen(ben, thread, 0).state, RO_ATTACHMENT_HERE);
    pair_free(pair);
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_others_go_on);
    tap_run(test_room_again);
    tap_run(test_pieces);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A school whose computer was lost has only a seat that came after what was
 * asked: nobody writes to it there as if it could read that. */
#include "tests/unit/client/compared.h"
#include "tests/unit/client/files.h"

static struct seat *bob; /* ben's school, later */
static char request[RO_ID_HEX];

/* ann and ben talk; both circles' keys are known. */
static void
open_talk(void)
{
    open_three();
    snprintf(request, sizeof(request), "%s", pair_answered(ann, ben));
    keep_thread(thread_between(request, ann, ben));
    test_must(seat_sync(ben));
}

/* A seat's computer is lost, and its school gets another one. */
static struct seat *
lose(const struct seat *seat)
{
    struct seat *next =
        pair_second(ben == seat ? ben : ann, REACHOUT__ROLE__LEAD);
    pair_hold(pair);
    test_circle_revoke(pair_circle(pair), seat->circle_seat);
    pair_append(pair);
    test_must(seat_sync(next));
    return next;
}

static bool
says(const struct seat *seat, const char *next)
{
    return strstr(seat->job->result.why, "cannot read what was said before") !=
               NULL &&
           strstr(seat->job->result.why, next) != NULL;
}

static void
test_nothing_is_said_there(void)
{
    open_talk();
    tap_is(say(ann, "Before."), RO_OK);
    bob = lose(ben);
    tap_is(say(ann, "Can you read it?"), RO_ILLEGAL);
    tap_ok(says(ann, "ask anew with 'ask'"));
    tap_say(kept(ann) == 0 && seat_shows(ann, "Can you read it?") == 0,
            "nothing of it is kept");
    tap_say(say(ann, "And now?") == RO_ILLEGAL, "with what is here, too");
    tap_is(seat_write(ann, jobs_accept, thread, NULL), RO_ILLEGAL);
    tap_ok(says(ann, "ask anew with 'ask'"));
    tap_is(seat_sync(bob), RO_OK);
    tap_ok(seat_news(bob) == 0);
    tap_is(seat_ask(ann, urn_of(ben), "Anew, then."), RO_OK);
    snprintf(request, sizeof(request), "%s", seat_request(ann));
    tap_is(seat_sync(bob), RO_OK);
    tap_ok(seat_shows(bob, "Anew, then.") == 1);
    tap_is(seat_write(bob, jobs_answer, request, "Gladly."), RO_OK);
    tap_is(seat_sync(ann), RO_OK);
    keep_thread(thread_between(request, ann, ben));
    tap_is(say(ann, "Good."), RO_OK);
    tap_say(ann->job->result.warning == NULL, "there it can");
    close_circle();
}

/* One that was there already can read it, another that came is no matter. */
static void
test_one_that_was_there(void)
{
    open_three();
    bob = pair_second(ben, REACHOUT__ROLE__LEAD);
    pair_sync_all(pair);
    snprintf(request, sizeof(request), "%s", pair_answered(ann, ben));
    keep_thread(thread_between(request, ann, ben));
    test_must(seat_sync(bob));
    (void)lose(ben);
    tap_is(say(ann, "Bob?"), RO_OK);
    tap_is(seat_sync(bob), RO_OK);
    tap_ok(seat_shows(bob, "Bob?") == 1);
    close_circle();
}

/* A request can be ended all the same, and says what to do. */
static void
test_ending_it(void)
{
    open_talk();
    test_must(seat_write(ann, jobs_accept, thread, NULL));
    tap_ok(ann->job->result.warning == NULL);
    bob = lose(ben);
    tap_is(seat_close(ann, request), RO_OK);
    const char *warning = ann->job->result.warning;
    tap_ok(warning != NULL && strstr(warning, "Next: ring them") != NULL);
    tap_ok(strcmp(ann->job->result.state, "closed") == 0);
    close_circle();
}

/* The school that asked has no seat any more that did. */
static void
test_of_who_asked(void)
{
    open_talk();
    (void)lose(ann);
    tap_is(say(ben, "Are you there?"), RO_ILLEGAL);
    tap_ok(says(ben, "ring them; they can ask anew"));
    close_circle();
}

/* What was kept before it was known fails, and says why. */
static void
test_kept_before(void)
{
    open_talk();
    pair_away(pair);
    tap_is(say(ann, "Kept."), RO_KEPT);
    bob = pair_second(ben, REACHOUT__ROLE__LEAD);
    test_circle_revoke(pair_circle(pair), ben->circle_seat);
    pair_append(pair);
    pair_back(pair);
    tap_is(seat_told(ann), RO_OK);
    tap_ok(kept(ann) == 0);
    test_must(seat_read(ann, thread));
    const struct ro_result *result = &ann->job->result;
    const struct ro_message *last = &result->messages[result->n_messages - 1];
    tap_ok(strcmp(last->text, "Kept.") == 0 && last->failed != NULL &&
           strstr(last->failed, "new keys") != NULL);
    tap_is(seat_sync(bob), RO_OK);
    tap_ok(seat_news(bob) == 0);
    close_circle();
}

static size_t
unread(struct seat *seat)
{
    test_must(seat_self(seat));
    return seat->job->result.self.inbox_unread;
}

/* What comes all the same, for one who was there has it too: it can be read as
 * status counts it, and its files can be saved. */
static void
test_what_comes_all_the_same(void)
{
    open_talk();
    bob = pair_second(ben, REACHOUT__ROLE__LEAD);
    test_must(seat_sync(bob));
    const char *paths[] = {files_make(pair, "plan.pdf", 2000)};
    tap_is(files_say(ann, thread, paths, 1), RO_OK);
    tap_is(seat_sync(bob), RO_OK);
    tap_ok(unread(bob) == 1);
    seat_job(bob, jobs_read)->what.read =
        (struct ro_read){NULL, RO_READ_UNREAD};
    tap_is(seat_run(bob), RO_OK);
    const struct ro_result *result = &bob->job->result;
    tap_need(result->n_messages == 1 && result->messages[0].n_attachments == 1);
    tap_ok(result->messages[0].doubt != NULL &&
           strstr(result->messages[0].doubt, "before this seat") != NULL);
    const struct ro_attachment file = result->messages[0].attachments[0];
    tap_ok(file.state == RO_ATTACHMENT_HERE);
    tap_is(files_save(bob, files_id(&file), files_path(pair, "saved.pdf")),
           RO_OK);
    tap_ok(files_are(files_path(pair, "saved.pdf"), 2000));
    tap_ok(unread(bob) == 0);
    tap_is(seat_read(bob, NULL), RO_OK);
    tap_say(bob->job->result.n_messages == 1, "it stays to be read");
    tap_is(seat_read(ben, NULL), RO_OK);
    for (size_t i = 0; i < ben->job->result.n_messages; i++)
        tap_ok(ben->job->result.messages[i].doubt == NULL);
    close_circle();
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_nothing_is_said_there);
    tap_run(test_one_that_was_there);
    tap_run(test_ending_it);
    tap_run(test_of_who_asked);
    tap_run(test_kept_before);
    tap_run(test_what_comes_all_the_same);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What commands mean on both sides: the first story, late answers, second
 * seats, powers. */
#include "tests/unit/client/friends.h"

static const char *
state_of(struct seat *seat, const char *request)
{
    test_must(seat_show(seat, request));
    return seat->job->result.state;
}

/* The state of the thread of two seats, as `at` sees it. */
static const char *
between(struct seat *at, const char *request, struct seat *a, struct seat *b)
{
    const char *thread = thread_between(request, a, b);
    test_must(seat_show(at, request));
    const struct ro_result *result = &at->job->result;
    for (size_t i = 0; i < result->n_threads; i++) {
        char hex[RO_ID_HEX];
        ro_hex(result->threads[i].id.b, RO_ID_SIZE, hex);
        if (strcmp(hex, thread) == 0)
            return result->threads[i].state;
    }
    return "none";
}

static bool
is(const char *a, const char *b)
{
    if (strcmp(a, b) != 0)
        printf("# %s, not %s\n", a, b);
    return strcmp(a, b) == 0;
}

/* How many events of a type a request has at a seat. */
static size_t
events(struct seat *seat, const char *request, const char *type)
{
    size_t n = 0;
    test_must(seat_show(seat, request));
    const struct ro_result *result = &seat->job->result;
    for (size_t i = 0; i < result->n_events; i++)
        n += strcmp(result->events[i].type, type) == 0;
    return n;
}

/* --- the story --------------------------------------------------------------
 */

static void
test_from_ask_to_close(void)
{
    open_three();
    const char *request = ask_both();
    tap_is(seat_write(ben, jobs_answer, request, "Gladly."), RO_OK);
    tap_is(seat_write(cat, jobs_answer, request, "Me too."), RO_OK);
    test_must(seat_sync(ann));
    const char *chosen = thread_between(request, ann, ben);
    tap_is(seat_write(ann, jobs_accept, chosen, NULL), RO_OK);
    tap_ok(is(ann->job->result.state, "introduced"));
    test_must(seat_sync(ben));
    test_must(seat_sync(cat));
    tap_ok(is(between(ben, request, ann, ben), "revealed"));
    tap_ok(is(between(cat, request, ann, cat), "not-chosen"));
    tap_is(seat_write(ben, jobs_say, request, "Thursday?"), RO_OK);
    test_must(seat_sync(ann));
    tap_ok(seat_shows(ann, "Thursday?") == 1);
    tap_ok(is(between(ann, request, ann, ben), "first-contact"));
    tap_is(seat_close(ann, request), RO_OK);
    test_must(seat_sync(ben));
    test_must(seat_sync(cat));
    tap_ok(is(state_of(ben, request), "closed"));
    tap_ok(is(ben->job->result.request.outcome, "helped"));
    test_must(seat_read(ben, thread_between(request, ann, ben)));
    const struct ro_result *read = &ben->job->result;
    const struct ro_message *last = &read->messages[read->n_messages - 1];
    tap_say(last->outcome != NULL && is(last->outcome, "helped"),
            "read has the outcome, too");
    tap_ok(read->messages[0].outcome == NULL);
    tap_ok(is(state_of(cat, request), "closed"));
    tap_say(cat->job->result.request.outcome == NULL,
            "who was not chosen hears that it is over, and no more");
    tap_is(seat_write(ben, jobs_say, request, "One more thing."), RO_ILLEGAL);
    close_circle();
}

static void
test_withdrawn(void)
{
    open_three();
    const char *request = ask_both();
    tap_is(seat_write(ann, jobs_withdraw, request, NULL), RO_OK);
    tap_ok(is(ann->job->result.state, "withdrawn"));
    test_must(seat_sync(ben));
    tap_ok(is(state_of(ben, request), "closed"));
    tap_is(seat_write(ben, jobs_answer, request, "Too late?"), RO_ILLEGAL);
    tap_is(seat_write(ann, jobs_withdraw, request, NULL), RO_ILLEGAL);
    tap_is(seat_close(ann, request), RO_ILLEGAL);
    close_circle();
}

/* An outcome is of somebody's help: before a school is chosen there is none to
 * tell, and the refusal says what there is instead. */
static void
test_no_outcome_before_a_choice(void)
{
    open_three();
    const char *request = ask_both();
    tap_is(seat_close(ann, request), RO_ILLEGAL);
    tap_say(strstr(ann->job->result.why, "'withdraw'") != NULL,
            ann->job->result.why);
    tap_ok(is(state_of(ann, request), "open"));
    test_must(seat_sync(ben));
    test_must(seat_write(ben, jobs_answer, request, "Gladly."));
    test_must(seat_sync(ann));
    tap_is(seat_close(ann, request), RO_ILLEGAL);
    const char *thread = thread_between(request, ann, ben);
    tap_is(seat_write(ann, jobs_decline, thread, NULL), RO_OK);
    tap_is(seat_write(ann, jobs_accept, thread, NULL), RO_ILLEGAL);
    tap_say(strstr(ann->job->result.why, ben->member->name) != NULL,
            ann->job->result.why);
    tap_is(seat_write(ann, jobs_withdraw, request, NULL), RO_OK);
    close_circle();
}

static void
test_a_second_choice_is_illegal(void)
{
    open_three();
    const char *request = ask_both();
    test_must(seat_write(ben, jobs_answer, request, "Gladly."));
    test_must(seat_write(cat, jobs_answer, request, "Me too."));
    test_must(seat_sync(ann));
    test_must(
        seat_write(ann, jobs_accept, thread_between(request, ann, ben), NULL));
    tap_is(
        seat_write(ann, jobs_accept, thread_between(request, ann, cat), NULL),
        RO_ILLEGAL);
    tap_is(
        seat_write(ann, jobs_accept, thread_between(request, ann, ben), NULL),
        RO_ILLEGAL);
    test_must(seat_sync(cat));
    tap_ok(is(between(cat, request, ann, cat), "not-chosen"));
    close_circle();
}

/* Who answers after the choice is told by the asker's client itself, once. */
static void
test_a_late_answer_gets_a_kind_word(void)
{
    open_three();
    const char *request = ask_both();
    test_must(seat_write(ben, jobs_answer, request, "Gladly."));
    test_must(seat_sync(ann));
    test_must(
        seat_write(ann, jobs_accept, thread_between(request, ann, ben), NULL));
    test_must(seat_write(cat, jobs_answer, request, "Am I late?"));
    tap_ok(is(between(cat, request, ann, cat), "helper-willing"));
    test_must(seat_sync(ann));
    test_must(seat_sync(cat));
    tap_ok(is(between(cat, request, ann, cat), "not-chosen"));
    tap_ok(events(cat, request, "not-chosen") == 1);
    test_must(seat_sync(ann));
    test_must(seat_sync(cat));
    tap_say(events(cat, request, "not-chosen") == 1, "and no second one");
    tap_ok(is(state_of(ann, request), "introduced"));
    close_circle();
}

/* After the end everybody has been told; an answer that crosses it is seen
 * and changes nothing. */
/* Killed after the late answer was kept, and before anything was done about
 * it: the next sync does. */
static void
test_a_late_answer_and_a_crash(void)
{
    struct news_list news = {0};
    open_three();
    const char *request = ask_both();
    test_must(seat_sync(ben));
    test_must(seat_sync(cat));
    test_must(seat_write(ben, jobs_answer, request, "First."));
    test_must(seat_sync(ann));
    test_must(
        seat_write(ann, jobs_accept, thread_between(request, ann, ben), NULL));
    test_must(seat_write(cat, jobs_answer, request, "Me too!"));
    test_must(inbox_receive(ann->engine, INBOX_EMPTY,
                            engine_deadline(ann->engine, PAIR_WAIT_MS),
                            &ann->why, &news));
    tap_ok(news.n == 1);
    news_fini(&news);
    seat_restart(ann);
    tap_is(seat_sync(ann), RO_OK);
    test_must(seat_sync(cat));
    test_must(seat_show(cat, request));
    tap_ok(is(cat->job->result.threads[0].state, "not-chosen"));
    close_circle();
}

static void
test_an_answer_that_crosses_the_end(void)
{
    open_three();
    const char *request = ask_both();
    tap_is(seat_write(ann, jobs_withdraw, request, NULL), RO_OK);
    pair_pass(pair, 60);
    tap_is(seat_write(cat, jobs_answer, request, "Me!"), RO_OK);
    test_must(seat_sync(ann));
    test_must(seat_sync(cat));
    tap_ok(is(state_of(ann, request), "withdrawn"));
    tap_ok(is(between(cat, request, ann, cat), "ended"));
    tap_ok(events(ann, request, "answer") == 1);
    tap_ok(ann->job->result.request.answers == 0);
    tap_ok(events(cat, request, "not-chosen") == 0);
    close_circle();
}

static void
test_stepping_back_is_not_told(void)
{
    struct mail mail[2];
    open_three();
    const char *request = ask_both();
    test_must(seat_sync(ann));
    tap_is(seat_write(ben, jobs_pass, request, NULL), RO_OK);
    tap_ok(is(between(ben, request, ann, ben), "helper-declined"));
    tap_say(pair_mail(pair, ann, mail, 2) == 0, "the asker gets nothing");
    test_must(seat_sync(ann));
    tap_ok(is(state_of(ann, request), "open"));
    test_must(seat_sync(cat));
    tap_is(seat_write(cat, jobs_answer, request, "Gladly."), RO_OK);
    tap_say(seat_write(cat, jobs_pass, request, NULL) == RO_ILLEGAL &&
                strstr(cat->job->result.why, "has offered already") != NULL,
            "who has offered cannot step back in silence");
    tap_ok(is(between(cat, request, ann, cat), "helper-willing"));
    close_circle();
}

static void
test_coordinators_are_told_the_state(void)
{
    pair = pair_new();
    ann = pair_school(pair, 0);
    ben = pair_school(pair, 2);
    struct seat *ruth = pair_team(pair);
    pair_sync_all(pair);
    const char *to[] = {"coordinators", urn_of(ben)};
    test_must(seat_ask_many(ann, to, 2, "Anybody?"));
    const char *request = seat_request(ann);
    test_must(seat_sync(ben));
    test_must(seat_sync(ruth));
    test_must(seat_write(ben, jobs_answer, request, "Gladly."));
    test_must(seat_write(ruth, jobs_say, request, "Ruth here."));
    test_must(seat_sync(ann));
    tap_ok(seat_shows(ann, "Ruth here.") == 1);
    test_must(
        seat_write(ann, jobs_accept, thread_between(request, ann, ben), NULL));
    test_must(seat_sync(ruth));
    tap_ok(events(ruth, request, "state-note") == 1);
    tap_say(events(ruth, request, "answer") == 0,
            "what schools say to each other she never sees");
    tap_is(seat_write(ruth, jobs_answer, request, "I could."), RO_FORBIDDEN);
    close_circle();
}

/* --- several seats ----------------------------------------------------------
 */

/* A colleague's seat has all that the first seat does, folds it the same, and
 * can end the request for everybody. */
static void
test_a_colleague_ends_it(void)
{
    open_three();
    struct seat *amy = pair_second(ann, REACHOUT__ROLE__LEAD);
    pair_sync_all(pair);
    const char *request = ask_both();
    test_must(seat_write(ben, jobs_answer, request, "Gladly."));
    test_must(seat_sync(amy));
    tap_ok(is(state_of(amy, request), "open"));
    tap_ok(amy->job->result.request.side == RO_SIDE_ASKER);
    tap_ok(amy->job->result.request.answers == 1);
    tap_is(
        seat_write(amy, jobs_accept, thread_between(request, ann, ben), NULL),
        RO_OK);
    test_must(seat_sync(ann));
    tap_ok(is(state_of(ann, request), "introduced"));
    tap_is(
        seat_write(ann, jobs_accept, thread_between(request, ann, ben), NULL),
        RO_ILLEGAL);
    tap_is(seat_close(amy, request), RO_OK);
    test_must(seat_sync(ann));
    test_must(seat_sync(ben));
    test_must(seat_sync(cat));
    tap_ok(is(state_of(ann, request), "closed"));
    tap_ok(is(state_of(ben, request), "closed"));
    tap_say(is(state_of(cat, request), "closed"),
            "also for those whom ann had asked");
    close_circle();
}

/* Two seats of one side choose at the same time: one choice counts, the same
 * one everywhere. */
static void
test_two_choices_at_the_same_time(void)
{
    open_three();
    struct seat *amy = pair_second(ann, REACHOUT__ROLE__LEAD);
    pair_sync_all(pair);
    const char *request = ask_both();
    test_must(seat_write(ben, jobs_answer, request, "Gladly."));
    test_must(seat_write(cat, jobs_answer, request, "Me too."));
    test_must(seat_sync(ann));
    test_must(seat_sync(amy));
    const char *bens = thread_between(request, ann, ben);
    const char *cats = thread_between(request, ann, cat);
    test_must(seat_write(ann, jobs_decline, bens, "Not this time."));
    test_must(seat_write(amy, jobs_accept, bens, NULL));
    pair_sync_all(pair);
    const char *anns = between(ann, request, ann, ben);
    tap_ok(is(between(amy, request, ann, ben), anns));
    tap_ok(is(between(ben, request, ann, ben), anns));
    printf("# it came to %s\n", anns);
    (void)cats;
    close_circle();
}

/* A helper's colleague passes; the answer that was given counts. */
static void
test_a_colleague_of_the_helper(void)
{
    open_three();
    struct seat *bob = pair_second(ben, REACHOUT__ROLE__LEAD);
    pair_sync_all(pair);
    const char *request = ask_both();
    test_must(seat_sync(bob));
    test_must(seat_write(ben, jobs_answer, request, "Gladly."));
    test_must(seat_sync(bob));
    tap_ok(is(between(bob, request, ann, ben), "helper-willing"));
    tap_is(seat_write(bob, jobs_answer, request, "Me too."), RO_ILLEGAL);
    test_must(seat_sync(ann));
    tap_ok(ann->engine != NULL);
    test_must(seat_show(ann, request));
    tap_ok(ann->job->result.request.answers == 1);
    close_circle();
}

/* --- powers -----------------------------------------------------------------
 */

/* An office may talk; it cannot ask, choose or end, and does not do so by
 * itself either. */
static void
test_an_office(void)
{
    open_three();
    struct seat *amy = pair_second(ann, REACHOUT__ROLE__OFFICE);
    pair_sync_all(pair);
    const char *request = ask_both();
    test_must(seat_write(ben, jobs_answer, request, "Gladly."));
    test_must(seat_sync(ann));
    test_must(seat_sync(amy));
    const char *bens = thread_between(request, ann, ben);
    tap_is(seat_ask(amy, urn_of(ben), "Anybody?"), RO_FORBIDDEN);
    tap_is(seat_write(amy, jobs_accept, bens, NULL), RO_FORBIDDEN);
    tap_is(seat_write(amy, jobs_decline, bens, NULL), RO_FORBIDDEN);
    tap_is(seat_write(amy, jobs_withdraw, request, NULL), RO_FORBIDDEN);
    tap_is(seat_close(amy, request), RO_FORBIDDEN);
    tap_is(seat_write(amy, jobs_say, bens, "The office here."), RO_OK);
    test_must(seat_write(ann, jobs_accept, bens, NULL));
    test_must(seat_sync(amy));
    test_must(seat_write(cat, jobs_answer, request, "Am I late?"));
    tap_is(seat_sync(amy), RO_OK); /* no kind word from here */
    test_must(seat_sync(cat));
    tap_ok(seat_trouble(cat, 0) == NULL);
    tap_ok(is(between(cat, request, ann, cat), "helper-willing"));
    test_must(seat_sync(ann));
    test_must(seat_sync(cat));
    tap_ok(is(between(cat, request, ann, cat), "not-chosen"));
    close_circle();
}

static void
test_a_seat_that_was_revoked(void)
{
    open_three();
    struct seat *amy = pair_second(ann, REACHOUT__ROLE__LEAD);
    pair_sync_all(pair);
    pair_hold(pair);
    test_circle_revoke(pair_circle(pair), amy->circle_seat);
    pair_append(pair);
    tap_is(seat_ask(amy, urn_of(ben), "Anybody?"), RO_FORBIDDEN);
    tap_ok(strstr(amy->job->result.why, "revoked") != NULL);
    close_circle();
}

/* --- finding ----------------------------------------------------------------
 */

/* What ben's school is called. */
static const char *
ben_name(void)
{
    return ro_directory_member(ann->engine->directory, &ben->member->id)->name;
}

static bool
has_choice(const struct seat *seat, const char *line)
{
    const struct ro_result *result = &seat->job->result;
    for (size_t i = 0; i < result->n_choices; i++) {
        if (strcmp(result->choices[i], line) == 0)
            return true;
    }
    return false;
}

/* By its request: what stands in the way is said as it is by its thread. */
static void
test_no_conversation(void)
{
    open_three();
    test_must(seat_ask(ann, urn_of(ben), "Anybody?"));
    const char *request = seat_request(ann);
    test_must(seat_sync(ben));
    tap_is(seat_write(ann, jobs_answer, request, "Myself."), RO_FORBIDDEN);
    tap_ok(strstr(ann->job->result.why, "it is your own request") != NULL);
    tap_is(seat_write(ann, jobs_say, request, "Hello?"), RO_NOT_FOUND);
    test_must(seat_write(ben, jobs_answer, request, "Gladly."));
    test_must(seat_sync(ann));
    test_must(seat_write(ann, jobs_withdraw, request, NULL));
    test_must(seat_sync(ben));
    tap_is(seat_write(ann, jobs_say, request, "Still there?"), RO_ILLEGAL);
    tap_ok(strstr(ann->job->result.why, "was taken back") != NULL);
    tap_is(seat_write(ann, jobs_accept, request, NULL), RO_ILLEGAL);
    tap_is(seat_write(ben, jobs_say, request, "And I?"), RO_ILLEGAL);
    tap_is(seat_write(ben, jobs_pass, request, NULL), RO_ILLEGAL);
    close_circle();
}

static void
test_finding_by_prefix(void)
{
    char prefix[9];
    open_three();
    const char *request = ask_both();
    test_must(seat_write(ben, jobs_answer, request, "Gladly."));
    test_must(seat_write(cat, jobs_answer, request, "Me too."));
    test_must(seat_sync(ann));
    const char *bens = thread_between(request, ann, ben);
    snprintf(prefix, sizeof(prefix), "%.8s", bens);
    tap_say(seat_write(ann, jobs_say, prefix, "By its beginning.") == RO_OK,
            "a thread of the asker");
    tap_say(seat_write(ben, jobs_say, prefix, "Here, too.") == RO_OK,
            "the same at the helper");
    test_must(seat_sync(ann));
    tap_say(seat_write(ann, jobs_say, prefix, "Two of yours.") == RO_OK,
            "and it is one thread, however much was said");
    snprintf(prefix, sizeof(prefix), "%.8s", request);
    tap_is(seat_write(ann, jobs_say, prefix, "To whom?"), RO_AMBIGUOUS);
    tap_ok(ann->job->result.n_choices == 2);
    tap_ok(strstr(ann->job->result.why, "2 open conversations; name one") !=
           NULL);
    char choice[80];
    snprintf(choice, sizeof(choice), "%.8s  %s", bens, ben_name());
    tap_say(has_choice(ann, choice), "each with whom it is");
    tap_is(seat_write(ben, jobs_say, prefix, "My only one."), RO_OK);
    tap_is(seat_write(ben, jobs_say, "0", "Who?"),
           strncmp(request, "0", 1) == 0 || strncmp(bens, "0", 1) == 0
               ? RO_OK
               : RO_NOT_FOUND);
    tap_is(seat_write(ben, jobs_say, "xyz", "What?"), RO_BAD_INPUT);
    tap_is(seat_write(ben, jobs_say, "", "What?"), RO_BAD_INPUT);
    tap_say(seat_show(ann, bens) == RO_OK, "a thread names its request");
    close_circle();
}

/* What a sync tells, each in its own request. */
static void
test_what_a_sync_tells(void)
{
    open_three();
    test_must(seat_ask(ann, urn_of(ben), "The first?"));
    struct ro_request_id first = ann->job->result.request_id;
    test_must(seat_ask(cat, urn_of(ben), "The second?"));
    struct ro_request_id second = cat->job->result.request_id;
    test_must(seat_ask(ann, urn_of(ben), "The third?"));
    tap_is(seat_told(ben), RO_OK);
    const struct ro_result *result = &ben->job->result;
    tap_need(result->n_events == 3);
    tap_ok(ro_request_id_equal(&result->events[0].request, &first));
    tap_ok(ro_request_id_equal(&result->events[1].request, &second));
    tap_ok(strcmp(result->events[1].from, "School 100004") == 0);
    tap_ok(strcmp(result->events[2].text, "The third?") == 0);
    tap_ok(result->self.inbox_unread == 3);
    close_circle();
}

/* What is read is not unread any more; what has no words never was. */
static void
test_unread(void)
{
    open_three();
    const char *request = ask_both();
    test_must(seat_self(ben));
    tap_ok(ben->job->result.self.inbox_unread == 1);
    test_must(seat_write(ann, jobs_withdraw, request, NULL));
    test_must(seat_sync(ben));
    test_must(seat_self(ben));
    tap_ok(ben->job->result.self.inbox_unread == 1);
    test_must(seat_read(ben, NULL));
    test_must(seat_self(ben));
    tap_say(ben->job->result.self.inbox_unread == 0,
            "\"closed\" does not stay unread for ever");
    close_circle();
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_from_ask_to_close);
    tap_run(test_withdrawn);
    tap_run(test_no_outcome_before_a_choice);
    tap_run(test_a_second_choice_is_illegal);
    tap_run(test_a_late_answer_gets_a_kind_word);
    tap_run(test_a_late_answer_and_a_crash);
    tap_run(test_an_answer_that_crosses_the_end);
    tap_run(test_stepping_back_is_not_told);
    tap_run(test_coordinators_are_told_the_state);
    tap_run(test_a_colleague_ends_it);
    tap_run(test_two_choices_at_the_same_time);
    tap_run(test_a_colleague_of_the_helper);
    tap_run(test_an_office);
    tap_run(test_a_seat_that_was_revoked);
    tap_run(test_finding_by_prefix);
    tap_run(test_no_conversation);
    tap_run(test_what_a_sync_tells);
    tap_run(test_unread);
    return tap_done();
}

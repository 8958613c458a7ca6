/* SPDX-License-Identifier: Apache-2.0 */
/* Receiving: what is refused is told and stops nothing, what comes twice is
 * shown once, what is missing is asked for. */
#include "tests/unit/client/asked.h"
#include "tests/unit/client/forge.h"
#include "tests/unit/client/friends.h"

#include "client/core/sequence.h"
#include "common/wire/codec.h"

/* How often the log was asked for. (Linked with --wrap=link_ask.) */
static int directory_asks;

enum ro_status
on_ask(const struct asked *asked)
{
    directory_asks += asked->ask->verb == RO_VERB_DIRECTORY;
    return asked_go(asked);
}

/* Whether a step of a type is in a request's story, as the seat tells it. */
static bool
has_event(struct seat *seat, const char *request, const char *type)
{
    test_must(seat_show(seat, request));
    const struct ro_result *result = &seat->job->result;
    for (size_t i = 0; i < result->n_events; i++) {
        if (strcmp(result->events[i].type, type) == 0 &&
            result->events[i].refused == NULL)
            return true;
    }
    return false;
}

static const char *
thread_state(struct seat *seat, const char *request)
{
    test_must(seat_show(seat, request));
    return seat->job->result.n_threads == 0
               ? "no thread"
               : seat->job->result.threads[0].state;
}

/* --- refusals ------------------------------------------------------------ */

/* One of each kind of envelope that is refused, and a good one behind them. */
static void
test_what_is_refused_stops_nothing(void)
{
    struct forgery forgery;
    AUTOFORGED forged;
    open_three();
    const char *request = ask_both();
    forge_init(&forgery, ann, ben);
    forge(&forgery, &forged);
    forged.wrap[40] ^= 1;
    test_must(pair_post(pair, &forged.envelope)); /* cannot be opened */
    forge_init(&forgery, ann, ben);
    forgery.circle.b[0] ^= 1;
    forge_post(&forgery); /* another circle */
    forge_init(&forgery, ann, ben);
    forgery.say.text = NULL;
    forge_post(&forgery); /* breaks a rule */
    test_must(seat_write(ben, jobs_answer, request, "Me!"));
    test_must(seat_sync(ann));
    test_must(seat_write(ann, jobs_say, thread_between(request, ann, ben),
                         "Good to hear."));
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_news(ben) == 4);
    tap_need(seat_trouble(ben, 2) != NULL);
    tap_is(seat_trouble(ben, 0)->trouble, RO_BAD_SEAL);
    tap_is(seat_trouble(ben, 1)->trouble, RO_MISBOUND);
    tap_is(seat_trouble(ben, 2)->trouble, RO_BAD_INPUT);
    tap_ok(seat_shows(ben, "Good to hear.") == 1);
    tap_is(seat_sync(ben), RO_OK);
    tap_say(seat_news(ben) == 0, "all of them were acked");
    close_circle();
}

/* A stranger's seat reference is looked for once more in the directory. */
static void
test_a_sender_we_do_not_know(void)
{
    struct forgery forgery;
    struct test_seat *stranger;
    open_three();
    forge_init(&forgery, ann, ben);
    pair_hold(pair);
    stranger =
        test_seat_new(pair_circle(pair), ann->member, REACHOUT__ROLE__LEAD);
    forgery.sender = stranger->id;
    forgery.reference.seat = stranger->id;
    forgery.sealing = stranger->sealing;
    forge_post(&forgery);
    tap_is(seat_sync(ben), RO_OK);
    tap_need(seat_trouble(ben, 0) != NULL);
    tap_is(seat_trouble(ben, 0)->trouble, RO_MISBOUND);
    close_circle();
}

/* However many strangers write: the directory is looked at once for all that
 * is received at a time, or they could keep us busy with it. */
static void
test_many_senders_we_do_not_know(void)
{
    struct forgery forgery;
    struct news_list news = {0};
    struct ro_why why = {""};
    open_three();
    pair_hold(pair);
    struct test_seat *stranger =
        test_seat_new(pair_circle(pair), ann->member, REACHOUT__ROLE__LEAD);
    for (int i = 0; i < 3; i++) {
        forge_init(&forgery, ann, ben);
        forgery.sender = stranger->id;
        forgery.reference.seat = stranger->id;
        forgery.sealing = stranger->sealing;
        forge_post(&forgery);
    }
    pair_go(pair);
    directory_asks = 0;
    tap_is(inbox_receive(ben->engine, INBOX_EMPTY,
                         engine_deadline(ben->engine, PAIR_WAIT_MS), &why,
                         &news),
           RO_OK);
    tap_ok(news.n == 3 && news.at[2].trouble == RO_MISBOUND);
    tap_say(directory_asks == 1, "it is fetched once");
    news_fini(&news);
    close_circle();
}

/* ben's log is behind when the envelope is on its way already: it fetches the
 * sender's certificate while it receives. */
static void
test_a_sender_who_is_new(void)
{
    struct mail mail[2];
    char to[32];
    open_three();
    struct seat *dan = pair_school(pair, 5);
    test_must(seat_sync(dan));
    snprintf(to, sizeof(to), "urn:%u", ben->member->urn);
    test_must(seat_ask(dan, to, "I am new here."));
    tap_need(pair_mail(pair, ben, mail, 2) == 1);
    uint64_t before = ro_directory_size(ben->engine->directory);
    struct news_list news = {0};
    struct ro_why why = {""};
    tap_is(inbox_receive(ben->engine, INBOX_EMPTY,
                         engine_deadline(ben->engine, PAIR_WAIT_MS), &why,
                         &news),
           RO_OK);
    tap_ok(news.n == 1 && news.at[0].trouble == RO_OK);
    tap_ok(ro_directory_size(ben->engine->directory) == before + 2);
    news_fini(&news);
    mail_fini(mail, 1);
    close_circle();
}

/* --- the same twice ------------------------------------------------------ */

static void
test_a_replay_is_silent(void)
{
    struct mail mail[2];
    open_three();
    char to[32];
    snprintf(to, sizeof(to), "urn:%u", ben->member->urn);
    test_must(seat_ask(ann, to, "Once only."));
    tap_need(pair_mail(pair, ben, mail, 2) == 1);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_news(ben) == 1);
    test_must(pair_post(pair, &mail[0].envelope));
    tap_is(seat_sync(ben), RO_OK);
    tap_say(seat_news(ben) == 0, "a replay is acked in silence");
    tap_ok(seat_shows(ben, "Once only.") == 1);
    seat_restart(ben);
    test_must(pair_post(pair, &mail[0].envelope));
    tap_is(seat_sync(ben), RO_OK);
    tap_say(seat_news(ben) == 0, "also after a restart");
    tap_ok(pair_mail(pair, ben, mail + 1, 1) == 0);
    mail_fini(mail, 1);
    close_circle();
}

/* The same message under another wrap is the same message. */
static void
test_wrapped_again_is_the_same(void)
{
    struct forgery forgery;
    AUTOFORGED forged;
    open_three();
    const char *request = ask_both();
    forge_init(&forgery, ann, ben);
    forge_thread(&forgery, request);
    forgery.sequence = 2;
    forge(&forgery, &forged);
    test_must(pair_post(pair, &forged.envelope));
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_news(ben) == 1 && seat_trouble(ben, 0) == NULL);
    tap_ok(seat_shows(ben, "Hello.") == 1);
    close_circle();
}

/* Two messages cannot have one number: whoever was told two things sees it. */
static void
test_one_number_twice(void)
{
    struct forgery forgery;
    AUTOFORGED forged;
    open_three();
    const char *request = ask_both();
    forge_init(&forgery, ann, ben);
    forge_thread(&forgery, request);
    forgery.sequence = 2;
    forge_post(&forgery);
    static char other[] = "Something else.";
    forgery.say.text = other;
    forge(&forgery, &forged);
    test_must(pair_post(pair, &forged.envelope));
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_news(ben) == 2);
    tap_need(seat_trouble(ben, 0) != NULL);
    tap_is(seat_trouble(ben, 0)->trouble, RO_MISBOUND);
    tap_ok(seat_shows(ben, "Hello.") == 1);
    tap_ok(seat_shows(ben, other) == 0);
    test_must(pair_post(pair, &forged.envelope));
    tap_is(seat_sync(ben), RO_OK);
    tap_say(seat_news(ben) == 0, "it is refused once, not each time");
    close_circle();
}

/* --- who has a say ------------------------------------------------------- */

/* cat knows the request, having been asked as well, and talks to ben in it:
 * to a group, and in a thread of the two. */
static void
test_a_third_side_has_no_say(void)
{
    static Reachout__Closed closed = REACHOUT__CLOSED__INIT;
    static Reachout__StateNote note = REACHOUT__STATE_NOTE__INIT;
    static char state[] = "withdrawn";
    struct forgery forgery;
    open_three();
    const char *request = ask_both();
    note.state = state;
    forge_init(&forgery, cat, ben);
    forge_thread(&forgery, request);
    forge_post(&forgery); /* "Hello." in (request, cat, ben) */
    forgery.content.say = NULL;
    forgery.content.closed = &closed;
    memset(&forgery.thread, 0, sizeof(forgery.thread));
    forgery.sequence = 2;
    forge_post(&forgery);
    forgery.content.closed = NULL;
    forgery.content.state_note = &note;
    forgery.sequence = 3;
    forge_post(&forgery);
    tap_is(seat_sync(ben), RO_OK);
    tap_say(seat_trouble(ben, 2) != NULL, "all three are refused");
    tap_ok(strcmp(thread_state(ben, request), "helper-asked") == 0);
    tap_ok(seat_shows(ben, "Hello.") == 0);
    tap_say(!has_event(ben, request, "closed"), "nothing is closed");
    close_circle();
}

/* The same before ben has the ask: kept, and never told once it is there. */
static void
test_a_third_side_that_is_early(void)
{
    struct mail mail[2];
    struct forgery forgery;
    open_three();
    char to_ben[32];
    char to_cat[32];
    snprintf(to_ben, sizeof(to_ben), "urn:%u", ben->member->urn);
    snprintf(to_cat, sizeof(to_cat), "urn:%u", cat->member->urn);
    const char *to[] = {to_ben, to_cat};
    engine_unlink(ben->engine);
    test_must(seat_ask_many(ann, to, 2, "Anybody?"));
    const char *request = seat_request(ann);
    tap_need(pair_mail(pair, ben, mail, 2) == 1);
    pair_lose(pair, ben, &mail[0]);
    forge_init(&forgery, cat, ben);
    forge_thread(&forgery, request);
    forge_post(&forgery);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_news(ben) == 1 && seat_trouble(ben, 0) == NULL);
    test_must(pair_post(pair, &mail[0].envelope));
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(strcmp(thread_state(ben, request), "helper-asked") == 0);
    tap_ok(seat_shows(ben, "Hello.") == 0);
    tap_ok(seat_shows(ben, "Anybody?") == 1);
    mail_fini(mail, 1);
    close_circle();
}

/* A request id that is taken is not taken over. */
static void
test_a_request_of_somebody_else(void)
{
    static Reachout__Ask ask = REACHOUT__ASK__INIT;
    static char topic[] = "TL1";
    static char urgency[] = "U3";
    static char text[] = "Mine now.";
    struct forgery forgery;
    open_three();
    const char *request = ask_both();
    ask.topic = topic;
    ask.urgency = urgency;
    ask.text = text;
    forge_init(&forgery, cat, ben);
    forge_thread(&forgery, request);
    memset(&forgery.thread, 0, sizeof(forgery.thread));
    forgery.content.say = NULL;
    forgery.content.ask = &ask;
    forge_post(&forgery);
    tap_is(seat_sync(ben), RO_OK);
    tap_need(seat_trouble(ben, 0) != NULL);
    tap_is(seat_trouble(ben, 0)->trouble, RO_MISBOUND);
    tap_is(seat_show(ben, request), RO_OK);
    tap_ok(
        ro_member_id_equal(&ben->job->result.request.from, &ann->member->id));
    close_circle();
}

/* What comes before its ask is kept and told "early", then folds. */
static void
test_an_answer_to_an_ask_that_is_late(void)
{
    struct mail mail[4];
    open_three();
    const char *request = pair_answered(ann, ben);
    test_must(
        seat_write(ann, jobs_accept, thread_between(request, ann, ben), NULL));
    /* ben's vault is lost; a broker gives the acceptance before the ask */
    tap_need(pair_mail(pair, ben, mail, 4) == 1);
    pair_lose(pair, ben, &mail[0]);
    test_must(pair_post(pair, &mail[0].envelope));
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(strcmp(thread_state(ben, request), "revealed") == 0);
    mail_fini(mail, 1);
    close_circle();
}

/* --- a client that stays ------------------------------------------------- */

/* Pushes that came between two syncs know less than the broker now. */
static void
test_pushes_from_before(void)
{
    open_three();
    const char *request = pair_answered(ann, ben);
    const char *thread = thread_between(request, ann, ben);
    static const char *const texts[] = {"One.", "Two.", "Three."};
    for (size_t i = 0; i < RO_LEN(texts); i++) {
        test_must(seat_write(ann, jobs_say, thread, texts[i]));
        tap_is(seat_sync(ben), RO_OK);
        tap_say(seat_shows(ben, texts[i]) == 1,
                "each sync receives all there is");
    }
    close_circle();
}

/* A broker that names another's mailbox; here it is ben who calls himself
 * somebody else. */
static void
test_another_mailbox(void)
{
    open_three();
    const char *request = pair_answered(ann, ben);
    struct ro_seat_id *self = &ben->engine->keyring->seat;
    const struct ro_seat_id own = *self;
    test_must(seat_write(ann, jobs_say, thread_between(request, ann, ben),
                         "For ben."));
    self->b[0] ^= 1;
    tap_is(seat_sync(ben), RO_BAD_FRAME);
    *self = own;
    tap_ok(seat_shows(ben, "For ben.") == 0);
    tap_is(seat_sync(ben), RO_OK);
    tap_say(seat_shows(ben, "For ben.") == 1, "nothing is lost by it");
    close_circle();
}

/* --- gaps ---------------------------------------------------------------- */

/* What a seat is told about a message that it reads. */
static const char *
doubt_of(struct seat *seat, const char *text)
{
    test_must(seat_read(seat, NULL));
    for (size_t i = 0; i < seat->job->result.n_messages; i++) {
        if (strcmp(seat->job->result.messages[i].text, text) == 0)
            return seat->job->result.messages[i].doubt;
    }
    return "not there";
}

static void
test_what_is_missing_is_sent_again(void)
{
    struct mail mail[4];
    open_three();
    const char *request = pair_answered(ann, ben);
    const char *thread = thread_between(request, ann, ben);
    test_must(seat_sync(ben));
    engine_unlink(ben->engine); /* nothing is pushed to it meanwhile */
    test_must(seat_write(ann, jobs_say, thread, "This one is lost."));
    tap_need(pair_mail(pair, ben, mail, 4) == 1);
    pair_lose(pair, ben, &mail[0]);
    test_must(seat_write(ann, jobs_say, thread, "This one is not."));
    tap_is(seat_sync(ben), RO_OK); /* sees the gap, asks */
    tap_ok(seat_shows(ben, "This one is lost.") == 0);
    const char *doubt = doubt_of(ben, "This one is not.");
    tap_say(doubt != NULL && strstr(doubt, "1 message or") != NULL,
            "what is missing is said");
    tap_is(seat_sync(ann), RO_OK); /* serves it */
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(doubt_of(ben, "This one is not.") == NULL);
    tap_ok(seat_shows(ben, "This one is lost.") == 1);
    tap_ok(seat_shows(ben, "This one is not.") == 1);
    mail_fini(mail, 1);
    struct sequence_gap *gaps = NULL;
    size_t n = 0;
    test_must(sequence_gaps(ben->engine->vault, &gaps, &n));
    tap_say(n == 0, "no gap is left");
    free(gaps);
    close_circle();
}

/* Asks ann for numbers of a thread, as a seat would; what ben then has
 * waiting. */
static size_t
waiting_after_resend(struct seat *seat, const char *thread)
{
    static Reachout__Resend resend = REACHOUT__RESEND__INIT;
    struct forgery forgery;
    struct mail mail[8];
    struct ro_thread_id wanted;
    test_must(ro_unhex(thread, wanted.b, RO_ID_SIZE));
    resend.has_thread = resend.has_from = resend.has_to = 1;
    resend.thread = (ProtobufCBinaryData){RO_ID_SIZE, wanted.b};
    resend.from = 1;
    resend.to = 100;
    forge_init(&forgery, seat, ann);
    memset(&forgery.request, 0, sizeof(forgery.request));
    memset(&forgery.thread, 0, sizeof(forgery.thread));
    forgery.content.say = NULL;
    forgery.content.resend = &resend;
    forge_post(&forgery);
    test_must(seat_sync(ann));
    tap_say(pair_mail(pair, cat, mail, 8) == 0, "cat gets nothing");
    size_t n = pair_mail(pair, ben, mail, 8);
    mail_fini(mail, n);
    return n;
}

/* Only a seat's own wraps, of the thread that it names, without a receipt. */
static void
test_nothing_else_is_sent_again(void)
{
    open_three();
    struct seat *bob = pair_second(ben, REACHOUT__ROLE__OFFICE);
    pair_sync_all(pair);
    const char *request = pair_answered(ann, ben);
    const char *thread = thread_between(request, ann, ben);
    test_must(seat_write(ann, jobs_say, thread, "For ben."));
    test_must(seat_sync(ben)); /* and owes a receipt */
    tap_say(waiting_after_resend(cat, thread) == 0, "not because cat asks");
    tap_say(waiting_after_resend(ben, thread_between(request, ann, cat)) == 0,
            "not of another thread");
    tap_say(waiting_after_resend(ben, thread) == 1, "what has no receipt is");
    test_must(seat_sync(ben));
    test_must(seat_write(ben, jobs_say, thread, "Got it.")); /* with receipts */
    test_must(seat_sync(ann));
    tap_say(waiting_after_resend(ben, thread) == 0, "what has one is not");
    tap_need(bob->engine != NULL); /* has sent none: ann keeps it for him */
    close_circle();
}

/* Asking costs the sender little: three times a wrap, and once a day. */
static void
test_sending_again_has_an_end(void)
{
    open_three();
    const char *request = pair_answered(ann, ben);
    const char *thread = thread_between(request, ann, ben);
    pair_sync_all(pair);
    test_must(seat_write(ann, jobs_say, thread, "For ben."));
    tap_say(waiting_after_resend(ben, thread) == 2, "it is sent again");
    tap_say(waiting_after_resend(ben, thread) == 2, "once a day");
    for (size_t day = 0; day < 4; day++) {
        pair_pass(pair, 86400);
        seat_restart(ann);
        size_t n = waiting_after_resend(ben, thread);
        if (!tap_say(n == (day < 2 ? 3 + day : 4), "and three times in all"))
            printf("# %zu\n", n);
    }
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_shows(ben, "For ben.") == 1);
    close_circle();
}

/* What is asked for at once has an end, also where the first and the last that
 * are missing are far apart. */
static void
test_a_wide_gap(void)
{
    struct mail mail[2];
    struct forgery forgery;
    open_three();
    const char *request = ask_both(); /* number 1 */
    forge_init(&forgery, ann, ben);
    forge_thread(&forgery, request);
    struct vault *vault = ben->engine->vault;
    test_must(vault_begin(vault));
    for (uint64_t number = 3; number < 2000; number++)
        test_must(sequence_take(vault, &forgery.thread, &ann->circle_seat->id,
                                number));
    test_must(vault_end(vault, RO_OK));
    forgery.sequence = 2001;
    forge_post(&forgery);
    tap_is(seat_sync(ben), RO_OK);
    size_t n = pair_mail(pair, ann, mail, 2);
    tap_say(n == 1, "it is asked for");
    mail_fini(mail, n);
    tap_is(seat_sync(ann), RO_OK);
    tap_ok(seat_trouble(ann, 0) == NULL);
    close_circle();
}

static void
test_a_gap_is_asked_for_a_few_times(void)
{
    struct mail mail[8];
    struct forgery forgery;
    open_three();
    const char *request = ask_both();
    forge_init(&forgery, ann, ben);
    forge_thread(&forgery, request);
    forgery.sequence = 5000; /* nothing that ann could serve */
    forge_post(&forgery);
    size_t asked = 0;
    for (int day = 0; day < 200; day++) {
        test_must(seat_sync(ben));
        test_must(seat_sync(ben)); /* once a day, however often */
        size_t n = pair_mail(pair, ann, mail, 8);
        mail_fini(mail, n);
        asked += n;
        test_must(seat_sync(ann));
        pair_pass(pair, 86400);
    }
    printf("# asked %zu times\n", asked);
    tap_ok(asked == 7);
    close_circle();
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_what_is_refused_stops_nothing);
    tap_run(test_a_sender_we_do_not_know);
    tap_run(test_many_senders_we_do_not_know);
    tap_run(test_a_sender_who_is_new);
    tap_run(test_a_replay_is_silent);
    tap_run(test_wrapped_again_is_the_same);
    tap_run(test_one_number_twice);
    tap_run(test_a_third_side_has_no_say);
    tap_run(test_a_third_side_that_is_early);
    tap_run(test_a_request_of_somebody_else);
    tap_run(test_an_answer_to_an_ask_that_is_late);
    tap_run(test_pushes_from_before);
    tap_run(test_another_mailbox);
    tap_run(test_what_is_missing_is_sent_again);
    tap_run(test_nothing_else_is_sent_again);
    tap_run(test_sending_again_has_an_end);
    tap_run(test_a_wide_gap);
    tap_run(test_a_gap_is_asked_for_a_few_times);
    return tap_done();
}

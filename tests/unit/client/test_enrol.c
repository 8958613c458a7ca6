/* SPDX-License-Identifier: Apache-2.0 */
/* Asking to be admitted: once, the same after every crash; what the answer
 * says, and what only the directory says. */
#include "tests/unit/client/asked.h"
#include "tests/unit/client/forge.h"
#include "tests/unit/client/friends.h"

#include <stdio.h>
#include <unistd.h>

#include "common/base/text.h"

static struct seat *dan; /* with an invitation */

static void
open_circle(void)
{
    pair = pair_new();
    dan = pair_newcomer(pair, 5);
}

/* What happens to the request. (Linked with --wrap=link_ask.) */
static enum {
    ENROL_GOES,
    ENROL_IS_NOT_SENT,
    ENROL_IS_NOT_HEARD,
    ENROL_IS_REFUSED
} enrolling;

enum ro_status
on_ask(const struct asked *asked)
{
    if (asked->ask->verb == RO_VERB_ENROL && enrolling == ENROL_IS_NOT_SENT)
        return RO_UNREACHABLE;
    if (asked->ask->verb == RO_VERB_ENROL && enrolling == ENROL_IS_REFUSED)
        return RO_TICKET_EXPIRED;
    enum ro_status s = asked_go(asked);
    return asked->ask->verb == RO_VERB_ENROL && enrolling == ENROL_IS_NOT_HEARD
               ? RO_UNREACHABLE
               : s;
}

/* An answer as the authority seals it (or somebody with other keys). */
struct answering {
    const struct ro_keypair *sealing;
    const struct ro_keypair *mailbox;
    bool admitted;
    char *why;
};

static void
answer(const struct answering *answering)
{
    Reachout__EnrolAnswer message = REACHOUT__ENROL_ANSWER__INIT;
    struct forgery forgery;
    AUTOFORGED forged;
    forge_init(&forgery, dan, dan);
    forgery.content.say = NULL;
    forgery.content.enrol_answer = &message;
    message.has_admitted = 1;
    message.admitted = answering->admitted;
    message.why = answering->why;
    message.has_member = answering->admitted;
    message.member = ro_as_field(
        (struct ro_bytes){dan->engine->keyring->member_id.b, RO_ID_SIZE});
    memset(&forgery.request, 0, sizeof(forgery.request));
    memset(&forgery.thread, 0, sizeof(forgery.thread));
    forgery.sealing = answering->sealing;
    forgery.reference = (struct ro_reference){
        .kind = RO_REFERENCE_KEYS,
        .sealing = *ro_keypair_x25519(answering->sealing),
        .signing = *ro_keypair_public(answering->mailbox),
    };
    ro_seat_id_of(&forgery.reference.signing, &forgery.sender);
    forge(&forgery, &forged);
    pair_put(pair, &forged.envelope);
}

static void
refuse(char *why)
{
    const struct test_circle *circle = pair_circle(pair);
    const struct answering answering = {circle->enrolment, circle->mailbox,
                                        false, why};
    answer(&answering);
}

static enum ro_enrolment
standing(void)
{
    return dan->engine->keyring->enrolment;
}

/* --- asking ----------------------------------------------------------------
 */

static void
test_asked_and_admitted(void)
{
    open_circle();
    tap_say(seat_sync(dan) == RO_OK, "before he asks");
    tap_ok(standing() == RO_ENROL_MADE);
    tap_is(seat_join(dan), RO_OK);
    tap_ok(strcmp(dan->job->result.state, "requested") == 0);
    seat_restart(dan);
    tap_is(seat_join(dan), RO_OK);
    tap_ok(strcmp(dan->job->result.state, "requested") == 0);
    pair_admit(dan);
    tap_is(seat_sync(dan), RO_OK);
    tap_ok(standing() == RO_ENROL_ADMITTED);
    seat_restart(dan);
    tap_is(seat_self(dan), RO_OK);
    tap_ok(strcmp(dan->job->result.self.role, "lead") == 0);
    tap_ok(dan->job->result.self.epoch_keys_ahead == 98);
    close_circle();
}

/* The request is sealed once. The ticket is good for that one only. */
static void
test_a_crash_while_asking(void)
{
    open_circle();
    enrolling = ENROL_IS_NOT_SENT;
    tap_is(seat_join(dan), RO_UNREACHABLE);
    RO_AUTOBUF body = {0};
    const struct ro_buf *sealed = &dan->engine->keyring->enrol_body;
    ro_buf_put(&body, sealed->data, sealed->size);
    tap_ok(body.size == 4096 || body.size == 1024);
    seat_restart(dan);
    enrolling = ENROL_IS_NOT_HEARD;
    tap_is(seat_join(dan), RO_UNREACHABLE);
    tap_ok(standing() == RO_ENROL_MADE);
    seat_restart(dan);
    enrolling = ENROL_GOES;
    tap_is(seat_join(dan), RO_OK);
    tap_ok(standing() == RO_ENROL_REQUESTED);
    tap_say(ro_bytes_equal(ro_buf_view(&body),
                           ro_buf_view(&dan->engine->keyring->enrol_body)),
            "it is the same request all the time");
    close_circle();
}

/* --- by a file ------------------------------------------------------------ */

static void
write_request(const char *name, char path[static 400])
{
    (void)snprintf(path, 400, "%s/%s", dan->dir, name);
    tap_is(seat_join_by_file(dan, path), RO_OK);
    tap_ok(strcmp(dan->job->result.state, "requested") == 0 &&
           strcmp(dan->job->result.saved, path) == 0);
}

/* Nobody is asked until a sync, which opens the mailbox for an answer. */
static void
test_a_file_first(void)
{
    static char why[] = "Another time.";
    char path[400];
    open_circle();
    enrolling = ENROL_IS_NOT_SENT;
    write_request("one.ask", path);
    tap_ok(standing() == RO_ENROL_WRITTEN);
    tap_is(seat_join_by_file(dan, path), RO_REFUSED);
    seat_restart(dan);
    tap_say(seat_sync(dan) == RO_UNREACHABLE, "the request goes with a sync");
    tap_ok(standing() == RO_ENROL_WRITTEN);
    enrolling = ENROL_GOES;
    tap_is(seat_sync(dan), RO_OK);
    tap_ok(standing() == RO_ENROL_REQUESTED);
    refuse(why);
    tap_is(seat_told(dan), RO_REFUSED);
    (void)snprintf(path, sizeof(path), "%s/two.ask", dan->dir);
    tap_say(seat_join_by_file(dan, path) == RO_REFUSED &&
                access(path, F_OK) != 0,
            "who was refused writes no request");
    close_circle();
}

/* Admitted before the broker ever heard of the request. */
static void
test_a_file_only(void)
{
    char path[400];
    open_circle();
    enrolling = ENROL_IS_NOT_SENT;
    write_request("one.ask", path);
    pair_admit(dan);
    tap_is(seat_sync(dan), RO_OK);
    tap_ok(standing() == RO_ENROL_ADMITTED);
    enrolling = ENROL_GOES;
    tap_is(seat_join_by_file(dan, path), RO_REFUSED);
    close_circle();
}

/* The broker does not take the ticket; the authority may have the file. */
static void
test_a_file_and_a_ticket_refused(void)
{
    char path[400];
    open_circle();
    write_request("one.ask", path);
    enrolling = ENROL_IS_REFUSED;
    tap_is(seat_sync(dan), RO_OK);
    tap_ok(standing() == RO_ENROL_WRITTEN);
    tap_is(seat_join(dan), RO_TICKET_EXPIRED);
    pair_admit(dan);
    tap_is(seat_sync(dan), RO_OK);
    tap_ok(standing() == RO_ENROL_ADMITTED);
    enrolling = ENROL_GOES;
    close_circle();
}

/* --- answers -------------------------------------------------------------- */

static void
test_refused(void)
{
    static char why[] = "We could not reach you by telephone.";
    open_circle();
    test_must(seat_join(dan));
    refuse(why);
    tap_is(seat_join(dan), RO_REFUSED);
    tap_ok(strcmp(dan->job->result.state, "refused") == 0);
    tap_ok(strstr(dan->job->result.why, why) != NULL);
    seat_restart(dan);
    tap_is(seat_told(dan), RO_REFUSED);
    pair_admit(dan);
    tap_say(seat_told(dan) == RO_OK, "they may still change their minds");
    tap_ok(standing() == RO_ENROL_ADMITTED);
    refuse(why);
    tap_is(seat_sync(dan), RO_OK);
    tap_say(standing() == RO_ENROL_ADMITTED,
            "and an answer does not undo what the directory says");
    close_circle();
}

/* A reason that is too long is cut between characters. */
static void
test_a_long_reason(void)
{
    open_circle();
    RO_AUTOBUF why = {0};
    ro_buf_put(&why, "x", 1);
    for (int i = 0; i < 150; i++)
        ro_buf_put(&why, "\xc3\xa9", 2);
    ro_buf_put_u8(&why, 0);
    test_must(seat_join(dan));
    refuse((char *)why.data);
    tap_is(seat_join(dan), RO_REFUSED);
    const char *kept = dan->engine->keyring->refusal;
    tap_ok(strlen(kept) == 239);
    tap_is(ro_text_check(ro_bytes_text(kept), RO_TEXT_BODY, 240, NULL), RO_OK);
    close_circle();
}

/* "Admitted" is a word; the seat in the directory is the fact. */
static void
test_an_answer_admits_nobody(void)
{
    const struct answering yes = {
        .sealing = NULL, .mailbox = NULL, .admitted = true, .why = NULL};
    open_circle();
    test_must(seat_join(dan));
    struct answering answering = yes;
    answering.sealing = pair_circle(pair)->enrolment;
    answering.mailbox = pair_circle(pair)->mailbox;
    answer(&answering);
    tap_is(seat_join(dan), RO_OK);
    tap_ok(standing() == RO_ENROL_REQUESTED);
    close_circle();
}

/* Somebody else's "no" is not the authority's. */
static void
test_an_answer_of_somebody_else(void)
{
    static char why[] = "Go away.";
    open_circle();
    test_must(seat_join(dan));
    const struct answering answering = {dan->engine->keyring->sealing,
                                        dan->engine->keyring->signing, false,
                                        why};
    answer(&answering);
    tap_is(seat_sync(dan), RO_OK);
    tap_need(seat_trouble(dan, 0) != NULL);
    tap_is(seat_trouble(dan, 0)->trouble, RO_MISBOUND);
    tap_ok(standing() == RO_ENROL_REQUESTED);
    close_circle();
}

/* Who is not admitted writes nothing. */
static void
test_not_admitted_yet(void)
{
    open_circle();
    tap_is(seat_ask(dan, "coordinators", "May I?"), RO_FORBIDDEN);
    test_must(seat_join(dan));
    tap_is(seat_ask(dan, "coordinators", "May I now?"), RO_FORBIDDEN);
    close_circle();
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_asked_and_admitted);
    tap_run(test_a_crash_while_asking);
    tap_run(test_a_file_first);
    tap_run(test_a_file_only);
    tap_run(test_a_file_and_a_ticket_refused);
    tap_run(test_refused);
    tap_run(test_a_long_reason);
    tap_run(test_an_answer_admits_nobody);
    tap_run(test_an_answer_of_somebody_else);
    tap_run(test_not_admitted_yet);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The authority and a real broker: what is published once, what is completed
 * after a crash, and who is admitted. */
#include "tests/unit/authority/test_authority_rig.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "client/authority/asking.h"
#include "client/authority/complete.h"
#include "client/authority/envelope.h"
#include "client/authority/log.h"
#include "client/authority/petition.h"
#include "client/authority/proposal.h"
#include "client/authority/signing.h"
#include "common/wire/armour.h"
#include "common/wire/codec.h"
#include "tests/support/tap.h"

#include "frame.pb-c.h"

/* --- publishing ---------------------------------------------------------- */

static void
test_publishing(void)
{
    struct rig rig;
    uint64_t record = 0;
    rig_make(&rig);
    tap_is(rig_charter(&rig, rig.broker_dir, &record), RO_OK);
    tap_ok(record == 1 && rig_log_size(&rig) == 1);
    tap_is(rig_charter(&rig, rig.broker_dir, &record), RO_OK);
    tap_say(record == 1 && rig_log_size(&rig) == 1, "the same charter once");
    tap_ok(rig_import(&rig, "medway.csv") == 114);
    tap_ok(rig_import(&rig, "medway.csv") == 0);
    tap_ok(rig_log_size(&rig) == 2);
    circle_reopen(&rig.circle);
    tap_say(rig_log_size(&rig) == 2, "log and endpoints are remembered");
    tap_is(rig_sync(&rig), RO_OK);
    rig_fini(&rig);
}

static void
take_first(struct ro_bytes record, void *user)
{
    struct ro_bytes *first = user;
    if (first->size == 0)
        *first = record;
}

/* Writes a broker.pub whose members' door is elsewhere. */
static void
write_moved(const struct rig *rig, const char *dir)
{
    ProtobufCMessage *message = NULL;
    RO_AUTOBUF bytes = {0};
    RO_AUTOBUF moved = {0};
    char path[240];
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(0, 0);
    (void)snprintf(path, sizeof(path), "%s/broker.pub", rig->broker_dir);
    tap_need(ro_armour_read(path, "broker-public", NULL, &bytes) == RO_OK);
    tap_need(ro_unpack(&reachout__broker_public__descriptor,
                       ro_buf_view(&bytes), arena, &message) == RO_OK);
    ((Reachout__BrokerPublic *)(void *)message)->broker->member_endpoint =
        authority_borrow("tcp://127.9.9.9:1");
    tap_need(ro_pack(message, &moved) == RO_OK);
    tap_need(mkdir(dir, 0700) == 0);
    (void)snprintf(path, sizeof(path), "%s/broker.pub", dir);
    tap_need(ro_armour_write(path, "broker-public", ro_buf_view(&moved),
                             RO_FILE_PUBLIC, NULL) == RO_OK);
}

static enum ro_status
publish(const struct rig *rig, struct ro_bytes record)
{
    struct ro_why why = {""};
    struct authority_drafted drafted;
    struct authority *authority = rig->circle.authority;
    const char *path = circle_path(&rig->circle, "old");
    struct proposal *old = proposal_new(&authority->circle);
    tap_need(proposal_add(old, record, &why) == RO_OK);
    tap_need(proposal_write(old, path, &why) == RO_OK);
    proposal_free(old);
    enum ro_status s = authority_publish(authority, &path, 1, &why, &drafted);
    printf("# %s: %s\n", ro_status_name(s), why.text);
    return s;
}

/* A charter of serial 1 that was never published, with a broker elsewhere. */
static void
make_rival(struct authority *authority,
           struct ro_bytes record,
           struct ro_buf *ret_record)
{
    struct ro_signed sig;
    ProtobufCMessage *message = NULL;
    RO_AUTOBUF body = {0};
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(0, 0);
    tap_need(ro_signed_open(record, &sig) == RO_OK);
    tap_need(ro_unpack(&reachout__charter__descriptor, sig.body, arena,
                       &message) == RO_OK);
    ((Reachout__Charter *)(void *)message)->broker->open_endpoint =
        authority_borrow("tcp://127.9.9.9:1");
    tap_need(ro_pack(message, &body) == RO_OK);
    tap_need(authority_sign(authority, REACHOUT__SIGNED__KIND__CHARTER,
                            ro_buf_view(&body), NULL, ret_record) == RO_OK);
}

/* An old charter is public. In a file it does not lead the authority back to
 * where the broker was, neither now nor from then on. */
static void
test_old_charter(void)
{
    struct rig rig;
    struct ro_bytes first = {0};
    RO_AUTOBUF rival = {0};
    char dir[200];
    uint64_t record = 0;
    rig_make(&rig);
    (void)snprintf(dir, sizeof(dir), "%s", circle_path(&rig.circle, "moved"));
    tap_need(rig_charter(&rig, rig.broker_dir, &record) == RO_OK);
    write_moved(&rig, dir);
    tap_is(rig_charter(&rig, dir, &record), RO_OK);
    tap_need(record == 2);
    struct authority *authority = rig.circle.authority;
    authority_log_each(authority, take_first, &first);
    make_rival(authority, first, &rival);
    rig_unlink(&rig);
    tap_is(publish(&rig, ro_buf_view(&rival)), RO_REFUSED);
    tap_is(publish(&rig, first), RO_OK);
    tap_ok(strcmp(authority->state.broker.member_endpoint,
                  "tcp://127.9.9.9:1") == 0);
    rig_fini(&rig);
}

/* Invited is who is listed, also where a coordinator is of. */
static void
test_inviting(void)
{
    struct rig rig;
    struct ro_why why = {""};
    int64_t expires_s = 0;
    rig_make_listed(&rig);
    struct authority_inviting inviting = {
        .kind = "school",
        .seat = "lead",
        .urn = 555555,
        .valid_s = 60,
        .out_path = circle_path(&rig.circle, "x.inv"),
    };
    tap_is(authority_invite(rig.circle.authority, &inviting, &why, &expires_s),
           RO_NOT_FOUND);
    inviting.kind = "coordinators";
    inviting.seat = "coordinator";
    inviting.urn = 0;
    inviting.name = "Team";
    inviting.home_urn = 555555;
    tap_is(authority_invite(rig.circle.authority, &inviting, &why, &expires_s),
           RO_NOT_FOUND);
    inviting.home_urn = 900016;
    rig_stop(&rig);
    rig_unlink(&rig);
    tap_is(authority_invite(rig.circle.authority, &inviting, &why, &expires_s),
           RO_OK);
    rig_fini(&rig);
}

/* A crash after the broker has it and before we know: done again, it is there
 * once. */
static void
test_forgotten(void)
{
    struct rig rig;
    uint64_t record = 0;
    char saved[200];
    rig_make(&rig);
    (void)snprintf(saved, sizeof(saved), "%s",
                   circle_path(&rig.circle, "saved"));
    rig_copy(rig.circle.dir, saved);
    tap_is(rig_charter(&rig, rig.broker_dir, &record), RO_OK);
    authority_free(RO_STEAL(rig.circle.authority));
    rig_copy(saved, rig.circle.dir);
    circle_reopen(&rig.circle);
    tap_is(rig_charter(&rig, rig.broker_dir, &record), RO_OK);
    tap_ok(record == 1 && rig_log_size(&rig) == 1);

    authority_free(RO_STEAL(rig.circle.authority));
    rig_copy(rig.circle.dir, saved);
    circle_reopen(&rig.circle);
    tap_ok(rig_import(&rig, "cast.csv") > 0);
    authority_free(RO_STEAL(rig.circle.authority));
    rig_copy(saved, rig.circle.dir);
    circle_reopen(&rig.circle);
    tap_ok(rig_import(&rig, "cast.csv") == 0);
    tap_ok(rig_log_size(&rig) == 2);
    rig_fini(&rig);
}

/* --- completing ---------------------------------------------------------- */

/* A step whose first round loses: somebody is faster with the same serial, or
 * the connection breaks after the append. */
struct step {
    enum { STEP_OVERTAKEN, STEP_CUT } how;
    unsigned rounds;
};

static enum ro_status
run_step(struct authority *authority, void *user, struct ro_why *why)
{
    struct step *step = user;
    step->rounds++;
    if (ro_directory_listing(authority->directory, 123456) != NULL)
        return RO_OK;
    if (step->how == STEP_OVERTAKEN && step->rounds == 1)
        RO_TRY(rig_list(authority, 654321, why));
    RO_TRY(rig_list(authority, 123456, why));
    if (step->how != STEP_CUT)
        return RO_OK;
    link_free(RO_STEAL(authority->link));
    return RO_UNREACHABLE;
}

static void
test_completing(void)
{
    struct rig rig;
    struct ro_why why = {""};
    struct step overtaken = {.how = STEP_OVERTAKEN};
    rig_make_listed(&rig);
    uint64_t before = rig_log_size(&rig);
    tap_is(authority_complete(rig.circle.authority, run_step, &overtaken, &why),
           RO_OK);
    tap_ok(overtaken.rounds == 2 && rig_log_size(&rig) == before + 2);
    rig_fini(&rig);

    struct step cut = {.how = STEP_CUT};
    rig_make_listed(&rig);
    before = rig_log_size(&rig);
    tap_is(authority_complete(rig.circle.authority, run_step, &cut, &why),
           RO_OK);
    tap_say(cut.rounds == 2 && rig_log_size(&rig) == before + 1,
            "a lost answer costs nothing");
    rig_fini(&rig);
}

/* --- admitting ----------------------------------------------------------- */

static void
join(struct rig *rig, uint32_t urn, enum forgery forgery)
{
    struct joiner joiner;
    const struct joining joining = {.urn = urn, .forgery = forgery};
    rig->circle.clock.wall_s = rig_now_s(); /* the joiner's clock */
    joiner_make(&rig->circle, &joining, &joiner);
    tap_is(rig_enrol(rig, &joiner), RO_OK);
    tap_say(rig_enrol(rig, &joiner) == RO_OK, "the same again is fine");
    joiner_fini(&joiner);
}

static struct authority_requests
receive(struct rig *rig)
{
    struct authority_requests requests = {0};
    struct ro_why why = {""};
    enum ro_status s =
        authority_receive(rig->circle.authority, &why, &requests);
    if (s != RO_OK)
        printf("# %s: %s\n", ro_status_name(s), why.text);
    tap_need(s == RO_OK);
    for (size_t i = 0; i < requests.n_troubles; i++)
        printf("# trouble: %s\n", requests.troubles[i].text);
    return requests;
}

static void
test_admitting(void)
{
    struct rig rig;
    struct ro_why why = {""};
    enum authority_decision left;
    char saved[200];
    rig_make_listed(&rig);
    (void)snprintf(saved, sizeof(saved), "%s",
                   circle_path(&rig.circle, "saved"));
    uint64_t before = rig_log_size(&rig);
    join(&rig, 900001, HONEST);
    join(&rig, 900012, FORGE_CERTIFICATE);
    struct authority_requests requests = receive(&rig);
    tap_need(requests.n == 1 && requests.n_troubles == 1);
    tap_ok(strcmp(requests.list[0].name, "Saltings Primary School") == 0);
    tap_ok(strcmp(requests.list[0].role, "lead") == 0);
    struct ro_message_id id = requests.list[0].id;
    struct ro_seat_id seat = requests.list[0].seat;
    authority_requests_fini(&requests);
    requests = receive(&rig);
    tap_say(requests.n == 1 && requests.n_troubles == 0,
            "trouble is told once, requests wait");
    authority_requests_fini(&requests);

    rig_copy(rig.circle.dir, saved);
    tap_is(circle_admit(rig.circle.authority, &id, &why), RO_OK);
    tap_ok(rig_log_size(&rig) == before + 2);
    const struct ro_seat_view *view =
        ro_directory_seat(rig.circle.authority->directory, &seat);
    tap_ok(view != NULL && view->standing == RO_SEAT_LIVE);
    tap_is(circle_admit(rig.circle.authority, &id, &why), RO_NOT_FOUND);
    requests = receive(&rig);
    tap_ok(requests.n == 0 && requests.n_troubles == 0);
    authority_requests_fini(&requests);

    /* a crash in between: the log has it, our folder does not know */
    authority_free(RO_STEAL(rig.circle.authority));
    rig_copy(saved, rig.circle.dir);
    circle_reopen(&rig.circle);
    tap_is(authority_refuse(rig.circle.authority, &id, "late", &why, &left),
           RO_ILLEGAL);
    tap_is(circle_admit(rig.circle.authority, &id, &why), RO_OK);
    tap_say(rig_log_size(&rig) == before + 2, "admitted once");
    rig_fini(&rig);
}

/* The member's record alone, as a crash between two appends would leave it. */
static enum ro_status
append_member_alone(struct authority *authority,
                    const struct authority_petition *petition)
{
    Reachout__Member member = REACHOUT__MEMBER__INIT;
    RO_AUTOBUF body = {0};
    RO_AUTOBUF record = {0};
    struct ro_why why = {""};
    member.has_circle = member.has_serial = member.has_member = true;
    member.has_kind = member.has_key = member.has_urn = true;
    member.circle =
        ro_as_field((struct ro_bytes){authority->circle.b, RO_ID_SIZE});
    member.serial = authority_log_serial(authority);
    member.member =
        ro_as_field((struct ro_bytes){petition->member.b, RO_ID_SIZE});
    member.kind = petition->kind;
    member.urn = petition->urn;
    member.key =
        ro_as_field((struct ro_bytes){petition->member_key.b, RO_KEY_SIZE});
    tap_need(ro_pack(&member.base, &body) == RO_OK);
    tap_need(authority_sign(authority, REACHOUT__SIGNED__KIND__MEMBER,
                            ro_buf_view(&body), &why, &record) == RO_OK);
    const struct ro_bytes bytes = ro_buf_view(&record);
    return authority_append(authority, &bytes, 1, &why);
}

/* Member and seat are one append: where the second cannot be, the first is not
 * there either, and the broker killed in between leaves both or none. What an
 * append of one left behind is completed. */
static void
test_admitting_whole(void)
{
    struct rig rig;
    struct ro_why why = {""};
    rig_make_listed(&rig);
    uint64_t before = rig_log_size(&rig);
    join(&rig, 900001, HONEST);
    join(&rig, 900012, HONEST);
    struct authority_requests requests = receive(&rig);
    tap_need(requests.n == 2);
    struct ro_message_id ids[2] = {requests.list[0].id, requests.list[1].id};
    authority_requests_fini(&requests);

    struct authority_petition *petition =
        authority_petition_find(rig.circle.authority, &ids[0]);
    petition->certificate.data[petition->certificate.size - 1] ^= 1;
    tap_ok(circle_admit(rig.circle.authority, &ids[0], &why) != RO_OK);
    rig_unlink(&rig); /* half a list costs the connection */
    tap_is(rig_sync(&rig), RO_OK);
    tap_say(rig_log_size(&rig) == before, "no member without a seat");
    petition->certificate.data[petition->certificate.size - 1] ^= 1;
    rig_stop(&rig);
    rig_start(&rig);
    tap_is(circle_admit(rig.circle.authority, &ids[0], &why), RO_OK);
    tap_ok(rig_log_size(&rig) == before + 2);

    petition = authority_petition_find(rig.circle.authority, &ids[1]);
    tap_is(append_member_alone(rig.circle.authority, petition), RO_OK);
    rig_stop(&rig);
    rig_start(&rig);
    tap_is(circle_admit(rig.circle.authority, &ids[1], &why), RO_OK);
    tap_say(rig_log_size(&rig) == before + 4, "half of it is completed");
    rig_fini(&rig);
}

/* A school that is a member with another key is not admitted again. */
static void
test_refusing(void)
{
    struct rig rig;
    struct ro_why why = {""};
    enum authority_decision left = AUTHORITY_TO_ADMIT;
    rig_make_listed(&rig);
    join(&rig, 900001, HONEST);
    join(&rig, 900001, HONEST);
    struct authority_requests requests = receive(&rig);
    tap_need(requests.n == 2);
    tap_is(circle_admit(rig.circle.authority, &requests.list[0].id, &why),
           RO_OK);
    tap_is(circle_admit(rig.circle.authority, &requests.list[1].id, &why),
           RO_REFUSED);
    printf("# %s\n", why.text);
    tap_is(authority_refuse(rig.circle.authority, &requests.list[1].id, "",
                            &why, &left),
           RO_BAD_INPUT);
    tap_is(authority_refuse(rig.circle.authority, &requests.list[1].id,
                            "You are a member already.", &why, &left),
           RO_OK);
    tap_ok(left == AUTHORITY_UNDECIDED);
    authority_requests_fini(&requests);
    circle_reopen(&rig.circle);
    requests = receive(&rig);
    tap_ok(requests.n == 0 && requests.n_troubles == 0);
    tap_ok(rig.circle.authority->n_petitions == 2);
    authority_requests_fini(&requests);
    rig_fini(&rig);
}

/* How the only request stands. */
static enum authority_decision
stands(struct rig *rig)
{
    struct authority_requests requests = receive(rig);
    tap_need(requests.n == 1 && requests.n_troubles == 0);
    enum authority_decision decision = requests.list[0].decision;
    authority_requests_fini(&requests);
    return decision;
}

/* What is listed when the broker does not take the only answer that is due. */
static struct authority_requests
receive_refused(struct rig *rig)
{
    struct authority_petition *one = rig->circle.authority->petitions[0];
    const uint32_t expiry_hour = one->answer_expiry_hour;
    one->answer_expiry_hour = UINT32_MAX;
    struct authority_requests requests = receive(rig);
    one->answer_expiry_hour = expiry_hour;
    rig_unlink(rig); /* the broker does not listen to it any more */
    return requests;
}

/* Who asked with a file has no mailbox yet in which a no could lie. It is not
 * forgotten: the answer is sent once they came to the broker. */
static void
test_refusing_a_file(void)
{
    struct rig rig;
    struct joiner joiner;
    const struct joining joining = {.urn = 900001};
    struct ro_why why = {""};
    struct ro_message_id id;
    enum authority_decision left = AUTHORITY_UNDECIDED;
    rig_make_listed(&rig);
    rig.circle.clock.wall_s = rig_now_s();
    joiner_make(&rig.circle, &joining, &joiner);
    joiner.envelope.way = ENVELOPE_CARRIED;
    joiner.envelope.ticket = ro_buf_view(&joiner.ticket);
    joiner.envelope.mailbox_key =
        (struct ro_bytes){ro_keypair_public(joiner.signing)->b, RO_KEY_SIZE};
    tap_is(authority_envelope_take(rig.circle.authority, &joiner.envelope, &why,
                                   &id),
           RO_OK);
    tap_is(authority_refuse(rig.circle.authority, &id, "Ring us.", &why, &left),
           RO_OK);
    tap_ok(left == AUTHORITY_TO_HEAR_NO);
    circle_reopen(&rig.circle);
    tap_say(stands(&rig) == AUTHORITY_TO_HEAR_NO, "it is known, and listed");
    tap_is(circle_admit(rig.circle.authority, &id, &why), RO_REFUSED);
    tap_is(rig_enrol(&rig, &joiner), RO_OK);
    struct authority_requests requests = receive_refused(&rig);
    tap_say(requests.n == 1 && requests.n_unsent == 1,
            "what the broker does not take hides no request");
    printf("# %s\n", requests.unsent.text);
    authority_requests_fini(&requests);
    requests = receive(&rig);
    tap_ok(requests.n_unsent == 0);
    tap_say(requests.n == 0 && requests.n_troubles == 0,
            "told once there is a mailbox");
    authority_requests_fini(&requests);
    tap_need(rig.circle.authority->n_petitions == 1);
    tap_ok(rig.circle.authority->petitions[0]->standing == AUTHORITY_REFUSED);
    joiner_fini(&joiner);
    rig_fini(&rig);
}

int
main(int argc, char **argv)
{
    rig_setup(argc, argv);
    tap_run(test_publishing);
    tap_run(test_old_charter);
    tap_run(test_inviting);
    tap_run(test_forgotten);
    tap_run(test_completing);
    tap_run(test_admitting);
    tap_run(test_admitting_whole);
    tap_run(test_refusing);
    tap_run(test_refusing_a_file);
    return tap_done();
}

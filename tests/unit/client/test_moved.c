/* SPDX-License-Identifier: Apache-2.0 */
/* The authority names another broker: other endpoints, other keys. */
#include "tests/unit/client/friends.h"

#include "client/core/epoch.h"
#include "daemon/free_ports.h"
#include "tests/unit/broker/rig.h"

#define HOUR 3600

static const char *thread;

/* What the broker is known by, here and there. */
struct identity {
    struct ro_keypair *signing;
    struct ro_keypair *curve;
    char member[48];
    char open[48];
};
static struct identity former;
static struct identity next;

static void
be(const struct identity *identity)
{
    struct test_circle *circle = pair->rig->circle;
    circle->broker_signing = identity->signing;
    circle->broker_curve = identity->curve;
    circle->member_endpoint = identity->member;
    circle->open_endpoint = identity->open;
}

static void
open_circle(void)
{
    struct free_ports ports;
    const struct ro_entropy entropy = ro_entropy_system();
    thread = open_thread();
    former = (struct identity){.signing = pair_circle(pair)->broker_signing,
                               .curve = pair_circle(pair)->broker_curve};
    snprintf(former.member, sizeof(former.member), "%s", pair->member_endpoint);
    snprintf(former.open, sizeof(former.open), "%s", pair->open_endpoint);
    test_must(free_ports_find(&entropy, &ports));
    next.signing = ro_keypair_new(&entropy);
    next.curve = ro_keypair_new(&entropy);
    snprintf(next.member, sizeof(next.member), "%s", ports.member);
    snprintf(next.open, sizeof(next.open), "%s", ports.open);
}

/* The record that names the next broker, at the former. */
static void
announce(void)
{
    RO_AUTOBUF record = {0};
    struct test_broker_key draft;
    struct ro_why why = {""};
    pair_hold(pair);
    be(&next);
    test_broker_key_init(pair_circle(pair), &draft);
    test_sign_authority(pair_circle(pair), REACHOUT__SIGNED__KIND__BROKER_KEY,
                        &draft.message.base, &record);
    test_must(test_circle_add(pair_circle(pair), ro_buf_view(&record), &why));
    be(&former);
    pair_append(pair);
    pair->wait_ms = PAIR_AWAY_MS;
}

/* The next broker runs, over the former one's store. */
static void
move(void)
{
    pair_away(pair);
    be(&next);
    snprintf(pair->member_endpoint, sizeof(pair->member_endpoint), "%s",
             next.member);
    snprintf(pair->open_endpoint, sizeof(pair->open_endpoint), "%s", next.open);
    rig_restart(pair->rig);
    ro_keypair_free(former.signing);
    ro_keypair_free(former.curve);
    pair_back(pair);
    pair_pass(pair, HOUR); /* its first checkpoint */
}

static void
test_everybody_moves(void)
{
    open_circle();
    announce();
    tap_say(seat_sync(ann) == RO_UNREACHABLE, "the next one is not there yet");
    tap_ok(strcmp(ann->engine->keyring->broker.open_endpoint, next.open) == 0);
    tap_say(seat_sync(ben) == RO_UNREACHABLE, "ben has heard of it, too");
    seat_restart(ann);
    move();
    tap_is(seat_sync(ann), RO_OK);
    tap_is(seat_sync(ben), RO_OK);
    tap_is(seat_write(ann, jobs_say, thread, "Hello from over there."), RO_OK);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_shows(ben, "Hello from over there.") == 1);
    seat_restart(ann);
    tap_say(seat_sync(ann) == RO_OK, "and it is remembered");
    close_circle();
}

/* Without what stood beside the log: everybody publishes again, and nobody
 * takes the lack of it for a fork. */
static void
test_a_broker_without_notices(void)
{
    struct mail mail[4];
    open_circle();
    announce();
    tap_is(seat_sync(ann), RO_UNREACHABLE);
    tap_is(seat_sync(ben), RO_UNREACHABLE);
    pair_hold(pair);
    test_must(store_begin(pair->rig->store));
    test_must(store_notices_prune(pair->rig->store, UINT32_MAX));
    test_must(store_commit(pair->rig->store));
    move();
    tap_is(seat_sync(ann), RO_OK);
    tap_is(seat_sync(ben), RO_OK);
    pair_pass(pair, HOUR);
    tap_is(seat_sync(ann), RO_OK);
    tap_is(seat_write(ann, jobs_say, thread, "By your new key?"), RO_OK);
    size_t n = pair_mail(pair, ben, mail, 4); /* perhaps a receipt, too */
    tap_need(n > 0);
    tap_ok(mail[n - 1].envelope.day == ro_day_of(pair_now_s(pair)));
    mail_fini(mail, n);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_shows(ben, "By your new key?") == 1);
    close_circle();
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_everybody_moves);
    tap_run(test_a_broker_without_notices);
    return tap_done();
}

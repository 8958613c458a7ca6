/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forged envelopes on the whole way: in the broker's store, delivered, opened
 * by a sync. Each is refused, each is told, nothing of it is shown, and the
 * thread that it was aimed at lives. What one opening makes of each wrong
 * claim is in test_opening.c; who may say what in a request, in test_inbox.c.
 */
#include "tests/unit/client/forge.h"

#define DAY_S ((int64_t)24 * 3600)

static struct pair *pair;
static struct seat *ann;
static struct seat *ben;
static struct seat *cat;
static char thread[64];
static char request[64];

static void
open_circle(void)
{
    pair = pair_new();
    ann = pair_school(pair, 0);
    ben = pair_school(pair, 2);
    cat = pair_school(pair, 3);
    pair_sync_all(pair);
    snprintf(request, sizeof(request), "%s", pair_answered(ann, ben));
    snprintf(thread, sizeof(thread), "%s", thread_between(request, ann, ben));
    pair_sync_all(pair);
}

/* A sync of `at` refuses n envelopes with that outcome, and hears no more. */
static void
refuses(struct seat *at, size_t n, enum ro_status outcome)
{
    size_t refused = 0;
    tap_is(seat_sync(at), RO_OK);
    for (size_t i = 0; seat_trouble(at, i) != NULL; i++)
        refused += seat_trouble(at, i)->trouble == outcome;
    tap_say(refused == n, ro_status_name(outcome));
    tap_say(seat_news(at) == n, "and nothing else was heard");
    tap_ok(seat_shows(at, "Hello.") == 0);
}

/* Both sides go on in their thread. */
static void
lives(void)
{
    tap_is(seat_write(ann, jobs_say, thread, "Still there?"), RO_OK);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_shows(ben, "Still there?") == 1);
    tap_is(seat_write(ben, jobs_say, thread, "Yes."), RO_OK);
    tap_is(seat_sync(ann), RO_OK);
    tap_say(seat_shows(ann, "Yes.") == 1, "the thread lives");
    pair_free(pair);
}

/* One bit at a time, in every byte: through the broker, which cannot tell. */
static size_t
put_flipped(struct forged *forged, uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at < size; at++) {
        bytes[at] ^= (uint8_t)(1u << at % 8);
        pair_put(pair, &forged->envelope);
        bytes[at] ^= (uint8_t)(1u << at % 8);
    }
    return size;
}

static void
test_every_flipped_bit(void)
{
    struct forgery forgery;
    AUTOFORGED forged;
    open_circle();
    forge_init(&forgery, ann, ben);
    forge_thread(&forgery, request);
    forgery.sequence = 2;
    forgery.day = ro_day_of(pair_now_s(pair));
    forge(&forgery, &forged);
    size_t n = put_flipped(&forged, forged.wrap, RO_WRAP_SIZE);
    n += put_flipped(&forged, forged.body.data, forged.body.size);
    tap_ok(n == RO_WRAP_SIZE + 1024);
    refuses(ben, n, RO_BAD_SEAL);
    pair_put(pair, &forged.envelope);
    tap_is(seat_sync(ben), RO_OK);
    tap_say(seat_shows(ben, "Hello.") == 1,
            "with every bit as it was it opens");
    pair_free(pair);
}

static void
test_the_thread_lives(void)
{
    struct forgery forgery;
    AUTOFORGED forged;
    open_circle();
    forge_init(&forgery, ann, ben);
    forge_thread(&forgery, request);
    forge(&forgery, &forged);
    size_t n = put_flipped(&forged, forged.wrap, RO_WRAP_SIZE);
    refuses(ben, n, RO_BAD_SEAL);
    lives();
}

/* What ann wrote to cat is put into ben's mailbox, and into ann's own. */
static void
test_another_seat(void)
{
    struct forgery forgery;
    AUTOFORGED forged;
    open_circle();
    forge_init(&forgery, ann, cat);
    forge(&forgery, &forged);
    forged.envelope.mailbox = ben->circle_seat->id;
    pair_put(pair, &forged.envelope);
    forged.envelope.mailbox = ann->circle_seat->id;
    pair_put(pair, &forged.envelope);
    refuses(ben, 1, RO_BAD_SEAL);
    refuses(ann, 1, RO_BAD_SEAL);
    lives();
}

/* One message, told to two in two ways: a wrap is for one body, and who was
 * told names one list of receivers. Two bodies with one number are in
 * test_inbox.c. */
static void
test_two_bodies(void)
{
    struct forgery forgery;
    AUTOFORGED one;
    AUTOFORGED other;
    static char text[] = "Something else.";
    open_circle();
    struct ro_seat_id both[] = {ben->circle_seat->id, cat->circle_seat->id};
    forge_init(&forgery, ann, ben);
    forge_thread(&forgery, request);
    forge(&forgery, &one);
    forgery.say.text = text;
    forge(&forgery, &other);
    one.envelope.body = other.envelope.body;
    pair_put(pair, &one.envelope);
    refuses(ben, 1, RO_BAD_SEAL);
    /* the content says that cat reads it, too; the wrap does not */
    forge_init(&forgery, ann, ben);
    forge_thread(&forgery, request);
    ro_recipients_hash(both, 2, &forgery.recipients);
    forge_post(&forgery);
    refuses(ben, 1, RO_MISBOUND);
    lives();
}

/* Sealed for a day that is over, by somebody who knows its key from the list
 * of the time: no broker stores it, and no receiver opens it. */
static void
test_backdated(void)
{
    struct forgery forgery;
    AUTOFORGED forged;
    AUTOFORGED moved;
    open_circle();
    forge_init(&forgery, ann, ben);
    forge_thread(&forgery, request);
    forgery.day = ro_day_of(pair_now_s(pair));
    forge(&forgery, &forged);
    pair_pass(pair, 4 * DAY_S);
    test_must(seat_sync(ann));
    test_must(seat_sync(ben));
    tap_is(pair_post(pair, &forged.envelope), RO_STALE);
    pair_put(pair, &forged.envelope);
    refuses(ben, 1, RO_BAD_SEAL);
    /* sealed today, and said to be of the day before */
    forge_init(&forgery, ann, ben);
    forge_thread(&forgery, request);
    forgery.day = ro_day_of(pair_now_s(pair));
    forge(&forgery, &moved);
    moved.envelope.day--;
    test_must(pair_post(pair, &moved.envelope));
    refuses(ben, 1, RO_BAD_SEAL);
    lives();
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_every_flipped_bit);
    tap_run(test_the_thread_lives);
    tap_run(test_another_seat);
    tap_run(test_two_bodies);
    tap_run(test_backdated);
    return tap_done();
}

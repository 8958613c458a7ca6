/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody is not to see, and is not to be kept from: the asker learns
 * nothing of a pass, and a checkpoint of records that are kept back is no
 * checkpoint of ours.
 */
#include "tests/unit/client/friends.h"

#include "client/core/story.h"
#include "common/wire/checkpoint.h"
#include "tests/unit/broker/rig.h"

static bool
has_body(const struct messages *messages, const Reachout__Seen *seen)
{
    for (size_t i = 0; i < messages->n; i++) {
        if (memcmp(messages->at[i].body.b, seen->body.data, RO_HASH_SIZE) == 0)
            return true;
    }
    return false;
}

/* Bodies that a message names and its reader does not have. */
static size_t
unknown_bodies(const struct messages *messages, const struct message *message)
{
    size_t n = 0;
    Reachout__Content *content = NULL;
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(0, 5000);
    test_must(story_content(message, arena, &content));
    for (size_t i = 0; i < content->n_seen; i++)
        n += !has_body(messages, content->seen[i]);
    return n;
}

/* Ben's school passes, which only its own seats are told, and then speaks. */
static void
test_a_pass_leaves_no_trace(void)
{
    char request[64];
    size_t says = 0;
    struct ro_request_id id;
    RO_AUTOMESSAGES messages = {0};
    open_two();
    struct seat *bob = pair_second(ben, REACHOUT__ROLE__OFFICE);
    pair_sync_all(pair);
    test_must(seat_ask(ann, urn_of(ben), "Could do with a look."));
    snprintf(request, sizeof(request), "%s", seat_request(ann));
    const char *thread = thread_between(request, ann, ben);
    test_must(seat_sync(ben));
    test_must(seat_write(ben, jobs_pass, thread, NULL));
    test_must(seat_sync(ben));
    test_must(seat_sync(bob));
    test_must(seat_write(ben, jobs_say, thread, "We are sorry."));
    test_must(seat_sync(ann));
    test_must(ro_unhex(request, id.b, RO_ID_SIZE));
    test_must(message_list(ann->engine->vault, &id, &messages));
    for (size_t i = 0; i < messages.n; i++) {
        if (messages.at[i].purpose != RO_PURPOSE_SAY)
            continue;
        says++;
        tap_say(unknown_bodies(&messages, &messages.at[i]) == 0,
                "it names only what the asker has");
    }
    tap_ok(says == 1);
    pair_free(pair);
}

/* Gives the broker a checkpoint of its own signing that is one record ahead
 * of what it serves. */
static void
claim_a_record_more(void)
{
    struct ro_checkpoint point;
    RO_AUTOBUF raw = {0};
    struct ro_buf *newest = &pair->rig->broker->ledger.checkpoint;
    const struct keyring *keyring = ann->engine->keyring;
    test_must(ro_checkpoint_open(ro_buf_view(newest), &keyring->circle,
                                 &keyring->broker.signing, &point));
    point.size++;
    point.slot++;
    memset(point.head.b, 7, sizeof(point.head.b));
    test_must(
        ro_checkpoint_sign(&point, pair_circle(pair)->broker_signing, &raw));
    ro_buf_clear(newest);
    ro_buf_put(newest, raw.data, raw.size);
    pair->rig->broker->ledger.slot += 100000; /* it signs no other */
}

static void
test_a_checkpoint_above_the_log(void)
{
    open_two();
    pair_pass(pair, 3600);
    test_must(seat_sync(ann));
    pair_hold(pair);
    claim_a_record_more();
    pair_go(pair);
    pair_pass(pair, 3600);
    const struct ro_checkpoint before = ann->engine->point;
    tap_is(seat_sync(ann), RO_FROZEN);
    tap_say(ann->engine->point.slot == before.slot, "it is not believed");
    pair_free(pair);
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_a_pass_leaves_no_trace);
    tap_run(test_a_checkpoint_above_the_log);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/sync.h"

#include "client/core/chores.h"
#include "client/core/directory.h"
#include "client/core/enrol.h"
#include "client/core/epoch.h"
#include "client/core/generations.h"
#include "client/core/mirror.h"
#include "client/core/outbox.h"
#include "client/core/reach.h"
#include "client/core/roster.h"
#include "client/core/verifying.h"

/* What the broker turned out to be; away or wrong, the link starts afresh. */
static enum ro_status
note_reach(struct engine *engine, enum ro_status s, const struct ro_why *why)
{
    reach_note(engine, s, why);
    if (s == RO_UNREACHABLE || ro_status_is_alarm(s))
        engine_unlink(engine);
    return s;
}

static bool
is_admitted(const struct engine *engine)
{
    return engine->keyring->enrolment == RO_ENROL_ADMITTED;
}

static enum ro_status
removed(struct engine *engine, struct ro_why *why)
{
    engine_unlink(engine);
    reach_removed(engine);
    return ro_why(why, RO_FORBIDDEN,
                  "this seat was removed from the circle, or its member got "
                  "new keys, or the broker was put back to an older state: "
                  "ask the authority; what is here stays readable");
}

/* The directory, over the members' door where our key of the circle is too old
 * for the open one: behind it the new key waits in our mailbox. */
static enum ro_status
read_directory(struct engine *engine, int64_t wait_ms, struct ro_why *why)
{
    generations_renew_link(engine);
    enum ro_status s = directory_sync(engine, wait_ms, why);
    if (!is_admitted(engine))
        return s == RO_NEED_HELLO ? enrol_outdated(why) : s;
    if (s == RO_NEED_HELLO) {
        engine->is_shut_out = true;
        s = directory_sync(engine, wait_ms, why);
    }
    if (s == RO_NOT_ALLOWED)
        return removed(engine, why);
    const struct ro_seat_view *seat =
        ro_directory_seat(engine->directory, &engine->keyring->seat);
    if (s == RO_OK && seat != NULL && seat->standing == RO_SEAT_REVOKED)
        return removed(engine, why);
    return s;
}

enum ro_status
sync_keys(struct engine *engine, int64_t wait_ms, struct ro_why *why)
{
    RO_TRY(mirror_stands(engine, why));
    enum ro_status s = read_directory(engine, wait_ms, why);
    if (s == RO_OK)
        generations_renew_link(engine);
    if (s == RO_OK) {
        reach_saw_checkpoint(engine);
        s = enrol_complete(engine);
    }
    if (s == RO_OK)
        s = engine_link(engine, why);
    if (s == RO_OK && is_admitted(engine))
        s = mirror_check_once(engine, engine_deadline(engine, wait_ms), why);
    if (s == RO_OK) /* a hello may say another time than what came before */
        s = engine_check_clocks(engine, why);
    if (s == RO_OK && is_admitted(engine))
        s = chores_make_good(engine);
    if (s == RO_OK && is_admitted(engine))
        s = epoch_publish(engine, engine_deadline(engine, wait_ms), why);
    return note_reach(engine, s, why);
}

/* One that does not get there is made up for by the next sync. */
static enum ro_status
leave_mirror(struct engine *engine, int64_t wait_ms, struct ro_why *why)
{
    struct ro_why detail = {""};
    if (!is_admitted(engine) || engine->link == NULL)
        return RO_OK;
    enum ro_status s =
        mirror_leave(engine, engine_deadline(engine, wait_ms), &detail);
    if (!ro_status_is_alarm(s) && !ro_status_is_local(s))
        return RO_OK;
    *why = detail;
    return note_reach(engine, s, why);
}

/* Who only sends leaves a mirror too, before the first message of this process:
 * a copy of the profile from before it is an old one from then on. Copies are
 * made while nobody works on a profile, so once is enough. */
static enum ro_status
leave_before_sending(struct engine *engine, int64_t wait_ms, struct ro_why *why)
{
    RO_AUTOBUF rows = {0};
    if (engine->mirror.is_left)
        return RO_OK;
    RO_TRY(outgoing_waiting(engine->vault, &rows));
    return rows.size == 0 ? RO_OK : leave_mirror(engine, wait_ms, why);
}

enum ro_status
sync_send(struct engine *engine, int64_t wait_ms, struct ro_why *why)
{
    if (!is_admitted(engine))
        return RO_OK;
    RO_TRY(leave_before_sending(engine, wait_ms, why));
    enum ro_status s =
        note_reach(engine, outbox_flush(engine, wait_ms, why), why);
    if (s != RO_NEED_HELLO)
        return s;
    return ro_why(why, RO_KEPT,
                  "kept here: the circle has a new key, and sync fetches it");
}

/* Whether the open door is shut to us for a key of the circle that we have not.
 * It is given to every seat before it is in force. */
static bool
is_keyless(const struct engine *engine)
{
    const struct ro_charter_view *charter =
        ro_directory_charter(engine->directory);
    return engine->is_shut_out && charter != NULL &&
           charter->psk_generation > generations_now(engine);
}

/* Our mailbox was read to its end, and the key was not in it. */
static enum ro_status
missed_key(const struct engine *engine, struct ro_why *why)
{
    char hex[RO_ID_HEX];
    ro_hex(engine->keyring->seat.b, RO_ID_SIZE, hex);
    return ro_why(
        why, RO_KEPT,
        "the circle got a new key while this seat was away for over 90 days, "
        "and without it nothing is sent. Ask your authority for it (reachout "
        "authority revoke --dir DIR --again %.12s), then run sync",
        hex);
}

/* Our own new keys are in the directory that others see, and in ours. Each
 * step may wait for the broker anew: it was there a moment ago. */
static enum ro_status
receive(struct engine *engine,
        int64_t wait_ms,
        struct ro_why *why,
        struct news_list *news)
{
    enum ro_status s = RO_OK;
    if (engine->keyring->enrolment == RO_ENROL_WRITTEN) {
        s = note_reach(
            engine,
            enrol_hand_in(engine, engine_deadline(engine, wait_ms), why), why);
    }
    RO_TRY(s);
    if (engine->keyring->enrolment != RO_ENROL_MADE &&
        engine->keyring->enrolment != RO_ENROL_WRITTEN) {
        s = inbox_receive(engine, INBOX_EMPTY, engine_deadline(engine, wait_ms),
                          why, news);
    }
    RO_TRY(note_reach(engine, s, why));
    if (!is_admitted(engine))
        return RO_OK;
    RO_TRY(epoch_destroy(engine));
    RO_TRY(chores_run(engine, why));
    generations_renew_link(engine);
    RO_TRY(engine_link(engine, why));
    s = note_reach(engine, outbox_flush(engine, wait_ms, why), why);
    if (s == RO_OK && is_keyless(engine))
        s = RO_NEED_HELLO;
    return s == RO_NEED_HELLO ? missed_key(engine, why) : s;
}

enum ro_status
sync_all(struct engine *engine,
         int64_t wait_ms,
         struct ro_why *why,
         struct news_list *news)
{
    RO_TRY(sync_keys(engine, wait_ms, why));
    /* what cannot be sent now is no reason not to receive */
    enum ro_status sent = RO_OK;
    if (is_admitted(engine)) {
        sent = note_reach(engine, outbox_flush(engine, wait_ms, why), why);
    }
    if (sent == RO_UNREACHABLE || ro_status_is_alarm(sent))
        return sent;
    enum ro_status s = receive(engine, wait_ms, why, news);
    if (s == RO_OK || s == RO_KEPT) { /* something of ours may be kept here */
        RO_TRY(roster_tell(engine, news));
        RO_TRY(verifying_tell(engine, news));
    }
    RO_TRY(s);
    RO_TRY(leave_mirror(engine, wait_ms, why));
    /* refused for an old key of the circle, and sent with the new one since */
    return sent == RO_NEED_HELLO ? RO_OK : sent;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/inbox.h"

#include "client/core/arriving.h"
#include "client/core/directory.h"
#include "client/core/enrol.h"
#include "client/core/mailbox.h"
#include "client/core/mirror.h"
#include "client/core/opening.h"
#include "client/core/outbox.h"
#include "client/core/recipients.h"
#include "client/core/riding.h"
#include "client/core/sequence.h"
#include "client/core/story.h"
#include "client/core/told.h"
#include "client/core/witness.h"
#include "common/wire/codec.h"

#include "frame.pb-c.h"

#include <string.h>

#define PUSH_PIECES 4096
/* What was too much for its day is not taken again so soon. */
#define AFRESH_HOURS 24
/* A broker that delivers is there: the time to wait for it counts anew for
 * each push, but not for ever. */
#define LONGEST_MS ((int64_t)15 * 60 * 1000)

/* One receiving under way. */
struct receiving {
    struct engine *engine;
    struct ro_why *why;
    struct news_list *news;
    struct ro_arena *content; /* the message under way */
    struct mailbox mailbox;
    int64_t deadline_ms;
    /* whether we looked for an unknown sender already: once is enough */
    enum { DIRECTORY_AS_IT_WAS, DIRECTORY_FRESH } directory;
};

static enum ro_status
tell(struct receiving *receiving, const struct news *news)
{
    return news_add(receiving->news, news);
}

/* --- one message is kept ------------------------------------------------- */

/* Whom a request of our own went to, by the names in it: a colleague asked
 * from another seat, and who closes it here must tell them all. */
static enum ro_status
resolve_asked(struct engine *engine,
              const struct opened *opened,
              struct ro_buf *ret_asked)
{
    RO_AUTORECIPIENTS asked = {0};
    const Reachout__Content *content = opened->content;
    for (size_t i = 0; i < content->n_audience; i++) {
        /* a group that the charter does not have any more reaches nobody */
        enum ro_status s =
            recipients_resolve(engine, content->audience[i],
                               &engine->keyring->member_id, NULL, &asked);
        if (s == RO_NO_MEMORY)
            return s;
    }
    ro_buf_put(ret_asked, asked.members,
               asked.n_members * sizeof(*asked.members));
    return ro_buf_ok(ret_asked);
}

static enum ro_status
new_request(struct engine *engine, const struct opened *opened)
{
    const struct message *message = &opened->message;
    RO_AUTOREQUEST request = {.id = message->request,
                              .asker = message->side,
                              .ask = message->row,
                              .first_seen_s = message->arrived_at_s};
    if (ro_member_id_equal(&message->side, &engine->keyring->member_id)) {
        RO_TRY(resolve_asked(engine, opened, &request.asked));
        RO_TRY(request_row_touch(engine->vault, &request.id));
    }
    return request_row_put(engine->vault, &request);
}

/* The first ask makes a request known; the same id from another member is not
 * the same request. In a request of somebody else only its asker and our own
 * side have a say. RO_MISBOUND otherwise. */
static enum ro_status
keep_request(struct engine *engine, const struct opened *opened)
{
    const struct message *message = &opened->message;
    const struct ro_member_id *self = &engine->keyring->member_id;
    RO_AUTOREQUEST request = {0};
    bool asks = message->purpose == RO_PURPOSE_ASK;
    if (ro_request_id_is_zero(&message->request))
        return RO_OK;
    enum ro_status s =
        request_row_get(engine->vault, &message->request, &request);
    if (s == RO_NOT_FOUND)
        return asks ? new_request(engine, opened) : RO_OK;
    RO_TRY(s);
    if (ro_member_id_equal(&request.asker, self))
        RO_TRY(request_row_touch(engine->vault, &request.id));
    if (ro_member_id_equal(&request.asker, &message->side))
        return RO_OK;
    return !asks && (ro_member_id_equal(&request.asker, self) ||
                     ro_member_id_equal(&message->side, self))
               ? RO_OK
               : RO_MISBOUND;
}

static enum ro_status
take_receipts(struct engine *engine, const struct opened *opened)
{
    for (size_t i = 0; i < opened->content->n_receipts; i++) {
        struct ro_message_id id;
        RO_TRY(ro_field_copy(&opened->content->receipts[i], id.b, RO_ID_SIZE));
        RO_TRY(outbox_arrived(engine, &opened->sender.seat, &id));
    }
    return RO_OK;
}

static enum ro_status
take_resend(struct engine *engine, const struct opened *opened)
{
    const Reachout__Resend *wanted = opened->content->resend;
    struct outbox_resend resend = {.seat = opened->sender.seat};
    if (wanted == NULL)
        return RO_OK;
    RO_TRY(ro_field_copy(&wanted->thread, resend.thread.b, RO_ID_SIZE));
    resend.from = wanted->from;
    resend.to = wanted->to;
    return outbox_resend(engine, &resend);
}

/* Uses a letter's number up. What tells nothing counts only where something is
 * told: a counter in each request that somebody thinks of would be kept for
 * ever, and what it lacks asked for. */
static enum ro_status
take_number(struct engine *engine, const struct opened *opened)
{
    const struct message *message = &opened->message;
    if (!story_is_told(message->purpose)) {
        enum ro_status s = told_is_begun(engine, message);
        if (s != RO_OK)
            return s == RO_NOT_FOUND ? RO_OK : s;
    }
    return sequence_take(engine->vault, &opened->sequence_thread,
                         &opened->sender.seat, opened->sequence);
}

/* Writes all that one message means, inside a commit. A kept message is known
 * by its row, everything else by its id. */
static enum ro_status
keep_message(struct engine *engine,
             const struct opened *opened,
             struct ro_why *why)
{
    const struct message *message = &opened->message;
    enum arriving_whole whole;
    if (message->purpose != RO_PURPOSE_CHUNK)
        RO_TRY(told_letter(engine, opened, why));
    if (!ro_request_id_is_zero(&message->request))
        RO_TRY(take_number(engine, opened));
    RO_TRY(keep_request(engine, opened));
    RO_TRY(take_receipts(engine, opened));
    RO_TRY(take_resend(engine, opened));
    if (message->purpose == RO_PURPOSE_CHUNK)
        return arriving_take(engine, opened, why);
    if (!story_is_told(message->purpose)) {
        return message_remember(engine->vault, &message->id,
                                opened->expiry_hour);
    }
    RO_TRY(told_count(engine, opened, why));
    RO_TRY(message_put(engine->vault, message));
    RO_TRY(arriving_announce(engine, opened, &whole));
    return whole == ARRIVING_WHOLE ? riding_owe(engine, message) : RO_OK;
}

/* A refused message is remembered, so that its replay is silent, and its
 * number is used up where one is kept, so that it is not asked for again. But
 * what was too much for its day may come again on another. */
static enum ro_status
note_refused(struct engine *engine,
             const struct opened *opened,
             enum ro_status refusal)
{
    if (refusal == RO_OVER_QUOTA) {
        return message_remember(engine->vault, &opened->message.id,
                                ro_hour_of(opened->message.arrived_at_s) +
                                    AFRESH_HOURS);
    }
    enum ro_status s = told_is_begun(engine, &opened->message);
    if (s == RO_OK) {
        s = sequence_take(engine->vault, &opened->sequence_thread,
                          &opened->sender.seat, opened->sequence);
    }
    if (s != RO_OK && s != RO_NOT_FOUND && s != RO_MISBOUND)
        return s;
    return message_remember(engine->vault, &opened->message.id,
                            opened->expiry_hour);
}

/* The authority's answer. What the keyring says now is durable, or not so. */
static enum ro_status
commit_answer(struct engine *engine, const struct opened *opened)
{
    RO_TRY(vault_begin(engine->vault));
    enum ro_status s = vault_end(engine->vault, enrol_take(engine, opened));
    if (s != RO_OK)
        RO_TRY(engine_reload(engine, NULL));
    return s;
}

/* RO_OK: kept. RO_MISBOUND, RO_OVER_QUOTA: refused. Others: the vault failed.
 */
static enum ro_status
commit_message(struct engine *engine,
               const struct opened *opened,
               struct ro_why *why)
{
    if (opened->message.purpose == RO_PURPOSE_ENROL_ANSWER ||
        opened->message.purpose == RO_PURPOSE_PSK)
        return commit_answer(engine, opened);
    RO_TRY(vault_begin(engine->vault));
    enum ro_status s =
        vault_end(engine->vault, keep_message(engine, opened, why));
    if (s != RO_MISBOUND && s != RO_OVER_QUOTA)
        return s;
    RO_TRY(vault_begin(engine->vault));
    RO_TRY(vault_end(engine->vault, note_refused(engine, opened, s)));
    return s;
}

/* --- one envelope -------------------------------------------------------- */

/* Outcomes that are about one envelope, not about us. */
static bool
is_refusal(enum ro_status s)
{
    return s == RO_BAD_SEAL || s == RO_MISBOUND || s == RO_FORBIDDEN ||
           s == RO_BAD_INPUT || s == RO_BAD_FRAME;
}

/* Which wrap it is, as an id that is remembered. */
static void
id_of_wrap(const struct envelope *envelope, struct ro_message_id *ret_id)
{
    struct ro_hash hash;
    ro_body_hash(envelope->wrap, &hash);
    memcpy(ret_id->b, hash.b, RO_ID_SIZE);
}

/* A message that is here came once more. In a wrap of a later day its writer,
 * who alone can make one, may not have the receipt: each is worth one. A wrap
 * that the broker just brings again is not. */
static enum ro_status
owe_again(struct engine *engine,
          const struct envelope *envelope,
          const struct opened *opened)
{
    RO_AUTOMESSAGE message = {0};
    struct ro_message_id wrap;
    enum arriving_whole whole;
    enum ro_status s =
        message_get(engine->vault, &opened->message.row, &message);
    if (s != RO_OK) /* it was refused, or is not told */
        return s == RO_NOT_FOUND ? RO_OK : s;
    if (envelope->day <= ro_day_of(message.arrived_at_s))
        return RO_OK;
    id_of_wrap(envelope, &wrap);
    s = message_known(engine->vault, &wrap);
    if (s == RO_NOT_FOUND)
        s = riding_owes(engine, &message.id);
    if (s != RO_NOT_FOUND)
        return s;
    RO_TRY(arriving_all_here(engine->vault, &message, &whole));
    if (whole != ARRIVING_WHOLE)
        return RO_OK;
    RO_TRY(vault_begin(engine->vault));
    s = message_remember(engine->vault, &wrap, opened->expiry_hour);
    if (s == RO_OK)
        s = riding_owe(engine, &message);
    return vault_end(engine->vault, s);
}

/* A letter that is known came once more. One that told nothing may have come
 * before its request was known here, and been asked for since. */
static enum ro_status
came_again(struct engine *engine,
           const struct envelope *envelope,
           const struct opened *opened)
{
    const enum ro_purpose purpose = opened->message.purpose;
    if (story_is_told(purpose) || purpose == RO_PURPOSE_CHUNK)
        return owe_again(engine, envelope, opened);
    RO_TRY(vault_begin(engine->vault));
    enum ro_status s = vault_end(
        engine->vault, sequence_fill(engine->vault, &opened->sequence_thread,
                                     &opened->sender.seat, opened->sequence));
    return s == RO_MISBOUND ? RO_OK : s;
}

static enum ro_status
receive_opened(struct receiving *receiving,
               const struct envelope *envelope,
               const struct opened *opened)
{
    struct engine *engine = receiving->engine;
    struct news news = {.row = opened->message.row,
                        .from = opened->side,
                        .at_s = opened->message.sent_at_s};
    if (opened->content->has_checkpoint) {
        RO_TRY(witness_take(engine, ro_field(&opened->content->checkpoint),
                            receiving->why));
    }
    enum ro_status s = message_known(engine->vault, &opened->message.id);
    if (s == RO_OK)
        return came_again(engine, envelope, opened);
    if (s != RO_NOT_FOUND)
        return s;
    s = commit_message(engine, opened, &news.why);
    if (s == RO_MISBOUND || s == RO_OVER_QUOTA) {
        news.trouble = s;
        if (news.why.text[0] == '\0') {
            (void)ro_why(&news.why, s,
                         "it repeats a sequence, or speaks in a request that "
                         "is not its own");
        }
        news.row = (struct row_id){0};
        return tell(receiving, &news);
    }
    RO_TRY(s);
    return story_is_told(opened->message.purpose) ? tell(receiving, &news)
                                                  : RO_OK;
}

/* Opens an envelope and takes what is in it. A sender that our directory does
 * not know may have come since. */
static enum ro_status
receive_envelope(struct receiving *receiving, const struct envelope *envelope)
{
    RO_AUTOOPENED opened = {0};
    struct engine *engine = receiving->engine;
    struct news trouble = {.at_s = engine_now_s(engine)};
    enum ro_status s = opening_open(engine, envelope, receiving->content,
                                    &trouble.why, &opened);
    if (s == RO_STALE && receiving->directory == DIRECTORY_AS_IT_WAS) {
        receiving->directory = DIRECTORY_FRESH;
        RO_TRY(directory_sync(
            engine, receiving->deadline_ms - engine_deadline(engine, 0),
            receiving->why));
        s = opening_open(engine, envelope, receiving->content, &trouble.why,
                         &opened);
    }
    if (s == RO_STALE) {
        s = ro_why(&trouble.why, RO_MISBOUND,
                   "nobody in the circle is its sender");
    }
    if (s == RO_OK)
        return receive_opened(receiving, envelope, &opened);
    if (!is_refusal(s)) {
        *receiving->why = trouble.why;
        return s;
    }
    trouble.trouble = s;
    return tell(receiving, &trouble);
}

static enum ro_status
keep_one(void *user, const struct envelope *envelope)
{
    struct receiving *receiving = user;
    if (envelope->body.size > 0)
        return receive_envelope(receiving, envelope);
    const struct news news = {
        .trouble = RO_BAD_FRAME,
        .why = {"the broker delivered a wrap without its body"},
        .at_s = engine_now_s(receiving->engine)};
    return tell(receiving, &news);
}

/* --- attached ------------------------------------------------------------ */

/* Nothing is received into a vault that was set back: it would be acked, and
 * is not for this copy. */
static enum ro_status
check_mirror(struct receiving *receiving)
{
    struct engine *engine = receiving->engine;
    RO_TRY(mirror_check(engine, receiving->deadline_ms, receiving->why));
    if (!engine->mirror.is_unreadable)
        return RO_OK;
    const struct news news = {
        .trouble = RO_BAD_SEAL,
        .why = {"the broker keeps a mirror for this profile that is not of it; "
                "whether this is an older copy of itself cannot be told"},
        .at_s = engine_now_s(engine)};
    engine->mirror.is_unreadable = false;
    return tell(receiving, &news);
}

static enum ro_status
attach(struct receiving *receiving)
{
    if (receiving->mailbox.door == LINK_MEMBER)
        RO_TRY(check_mirror(receiving));
    return mailbox_attach(&receiving->mailbox, receiving->deadline_ms,
                          receiving->why);
}

/* One push, or the connection made anew. RO_NOT_FOUND: nothing came. */
static enum ro_status
receive_next(struct receiving *receiving)
{
    struct mailbox *mailbox = &receiving->mailbox;
    const struct mailbox_reader reader = {keep_one, receiving,
                                          receiving->deadline_ms};
    struct ro_bytes push;
    int64_t until_ms = mailbox->n_held == 0 ? receiving->deadline_ms
                                            : engine_deadline(receiving->engine,
                                                              MAILBOX_HELD_MS);
    enum ro_status s = mailbox_wait(mailbox, until_ms, &push);
    if (s == RO_UNREACHABLE)
        return attach(receiving);
    RO_TRY(s);
    return mailbox_take(mailbox, push, &reader, receiving->why);
}

/* Pieces of files that waited in vain for their message. */
static enum ro_status
forget_early(struct receiving *receiving)
{
    size_t n;
    RO_TRY(arriving_forget(receiving->engine, &n));
    for (size_t i = 0; i < n; i++) {
        const struct news news = {
            .trouble = RO_MISBOUND,
            .why = {"pieces of a file came, and never the message that it "
                    "belongs to; they are dropped"},
            .at_s = engine_now_s(receiving->engine)};
        RO_TRY(tell(receiving, &news));
    }
    return RO_OK;
}

/* Nothing came of what should be waiting: the window may be full of what the
 * broker cannot note. Or it may have found meanwhile that it cannot deliver
 * something, and does not count it any more. */
static enum ro_status
nothing_came(struct receiving *receiving, int64_t wait_ms)
{
    const struct mailbox *mailbox = &receiving->mailbox;
    if (mailbox->n_held > 0)
        return mailbox_stalled(mailbox, receiving->why);
    if (mailbox->waiting == 0)
        return RO_OK;
    receiving->deadline_ms = engine_deadline(receiving->engine, wait_ms);
    RO_TRY(attach(receiving));
    return mailbox->waiting == 0 ? RO_OK
                                 : mailbox_stalled(mailbox, receiving->why);
}

static enum ro_status
receive_all(struct receiving *receiving, enum inbox_until until)
{
    const int64_t begun_ms = engine_deadline(receiving->engine, 0);
    const int64_t wait_ms = receiving->deadline_ms - begun_ms;
    RO_TRY(attach(receiving));
    bool lingers = until == INBOX_LINGER && receiving->mailbox.waiting == 0;
    while (receiving->mailbox.waiting > 0 || lingers) {
        if (receiving->mailbox.waiting > 0 &&
            engine_is_wanted(receiving->engine))
            return RO_OK; /* what waits there stays there */
        if (engine_deadline(receiving->engine, 0) < begun_ms + LONGEST_MS) {
            receiving->deadline_ms =
                engine_deadline(receiving->engine, wait_ms);
        }
        enum ro_status s = receive_next(receiving);
        if (s == RO_NOT_FOUND)
            return nothing_came(receiving, wait_ms);
        RO_TRY(s);
        lingers = false;
    }
    return RO_OK;
}

enum ro_status
inbox_receive(struct engine *engine,
              enum inbox_until until,
              int64_t deadline_ms,
              struct ro_why *why,
              struct news_list *news)
{
    RO_CLEANUP(ro_arena_freep)
    struct ro_arena *push = ro_arena_new(0, PUSH_PIECES);
    RO_CLEANUP(ro_arena_freep)
    struct ro_arena *content = ro_arena_new(0, PUSH_PIECES);
    if (push == NULL || content == NULL)
        return RO_NO_MEMORY;
    struct receiving receiving = {
        .engine = engine,
        .why = why,
        .news = news,
        .content = content,
        .deadline_ms = deadline_ms,
        .mailbox = {.link = &engine->link,
                    .answers = engine->arena,
                    .push = push,
                    .door = engine->keyring->enrolment == RO_ENROL_ADMITTED
                                ? LINK_MEMBER
                                : LINK_OPEN,
                    .id = engine->keyring->seat,
                    .pair = engine->keyring->signing},
    };
    RO_TRY(engine_link(engine, why));
    RO_TRY(forget_early(&receiving));
    if (until == INBOX_LINGER) {
        link_interrupt(engine->link, engine->interrupt_fd);
        if (receiving.mailbox.door == LINK_MEMBER)
            link_rest(engine->link, LINK_OPEN); /* nothing is said there now */
    }
    enum ro_status s = receive_all(&receiving, until);
    if (engine->link != NULL) /* an alarm drops it */
        link_interrupt(engine->link, engine->wait_fd);
    return s;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/jobs.h"

#include "client/core/deciding.h"
#include "client/core/enrol.h"
#include "client/core/held.h"
#include "client/core/newcomer.h"
#include "client/core/reach.h"
#include "client/core/saving.h"
#include "client/core/sync.h"
#include "client/core/verifying.h"
#include "client/core/view.h"

#include <string.h>

/* How long join waits for the broker. */
#define JOIN_BROKER_MS 10000

static struct viewing
viewing_of(struct engine *engine, struct job *job)
{
    return (struct viewing){engine, job->arena, &job->result, &job->why};
}

/* What the vault knows of a failure of its own is better than what was noted on
 * the way. */
static void
explain(const struct engine *engine, enum ro_status s, struct ro_why *why)
{
    struct ro_why found = {""};
    if (s == RO_DISK_FULL || s == RO_IO_FAILED || s == RO_VAULT_DAMAGED)
        vault_damage(engine->vault, &found);
    if (found.text[0] != '\0')
        *why = found;
}

/* The outcome, with its detail where there is one. What the flush of this job
 * held is asked for once. */
static void
end_job(struct engine *engine, struct job *job, enum ro_status s)
{
    if (s == RO_OK)
        s = held_outcome(engine, &job->result, &job->why);
    held_clear(&engine->held);
    explain(engine, s, &job->why);
    job->result.status = s;
    if (s != RO_OK)
        job->result.why = job->why.text;
}

/* --- reading ------------------------------------------------------------- */

void
jobs_self(struct engine *engine, struct job *job)
{
    const struct viewing viewing = viewing_of(engine, job);
    end_job(engine, job, view_self(&viewing));
}

void
jobs_members(struct engine *engine, struct job *job)
{
    const struct viewing viewing = viewing_of(engine, job);
    end_job(engine, job, view_members(&viewing, &job->what.members));
}

void
jobs_requests(struct engine *engine, struct job *job)
{
    const struct viewing viewing = viewing_of(engine, job);
    end_job(engine, job, view_requests(&viewing, &job->what.requests));
}

void
jobs_show(struct engine *engine, struct job *job)
{
    const struct viewing viewing = viewing_of(engine, job);
    end_job(engine, job, view_show(&viewing, job->what.request));
}

void
jobs_answers(struct engine *engine, struct job *job)
{
    const struct viewing viewing = viewing_of(engine, job);
    end_job(engine, job, view_answers(&viewing, job->what.request));
}

void
jobs_read(struct engine *engine, struct job *job)
{
    const struct viewing viewing = viewing_of(engine, job);
    end_job(engine, job, view_read(&viewing, &job->what.read));
}

void
jobs_save(struct engine *engine, struct job *job)
{
    const struct viewing viewing = viewing_of(engine, job);
    end_job(engine, job, saving_save(&viewing, &job->what.save));
}

void
jobs_verify(struct engine *engine, struct job *job)
{
    const struct viewing viewing = viewing_of(engine, job);
    end_job(engine, job, view_verify(&viewing, &job->what.verify));
}

/* --- coming together ----------------------------------------------------- */

/* Syncs, and for a watch stays attached for its slice, unless there is
 * something to tell. News that were kept are told even when the broker went
 * away meanwhile. */
static enum ro_status
sync_or_watch(struct engine *engine, struct job *job, struct news_list *news)
{
    const struct ro_sync *sync = &job->what.sync;
    const uint64_t left_before = engine->n_left;
    const enum ro_enrolment enrolment = engine->keyring->enrolment;
    enum ro_status s = sync_all(engine, sync->wait_ms, &job->why, news);
    if ((s != RO_OK && s != RO_KEPT) || sync->for_ms <= 0 || news->n > 0 ||
        engine->n_left > left_before || engine->keyring->enrolment != enrolment)
        return s;
    RO_TRY(inbox_receive(engine, INBOX_LINGER,
                         engine_deadline(engine, sync->for_ms), &job->why,
                         news));
    return s;
}

/* Whoever has not asked, or was refused, must hear it from a sync too. */
static enum ro_status
tell_enrolment(const struct engine *engine, struct ro_why *why)
{
    switch (engine->keyring->enrolment) {
    case RO_ENROL_MADE:
        return ro_why(why, RO_FORBIDDEN,
                      "this seat has not asked to be admitted; run join again "
                      "with its invitation");
    case RO_ENROL_REFUSED:
        return enrol_refused(engine, why);
    case RO_ENROL_REQUESTED:
    case RO_ENROL_WRITTEN:
    case RO_ENROL_ADMITTED:
    case RO_ENROL_REMOVED:
        return RO_OK;
    }
    return RO_OK;
}

/* What is kept here is not lost with a broker that is away: a sync says that
 * it waits. A watch says it when it has gone. */
static enum ro_status
tell_kept(const struct engine *engine,
          const struct job *job,
          enum ro_status s,
          struct ro_why *why)
{
    size_t n = 0;
    if (s != RO_UNREACHABLE || job->kind != JOB_ONCE)
        return s;
    RO_TRY(outgoing_kept(engine->vault, &n));
    if (n == 0)
        return s;
    return ro_why(why, RO_KEPT,
                  "it cannot be reached, and %zu message%s here; check this "
                  "computer's network and try again",
                  n, n == 1 ? " waits" : "s wait");
}

static size_t
count_members(const struct engine *engine)
{
    size_t n = 0;
    const struct ro_member_view *member;
    for (size_t i = 0;
         (member = ro_directory_nth_member(engine->directory, i)) != NULL; i++)
        n += member->standing == RO_MEMBER_LIVE ? 1 : 0;
    return n;
}

void
jobs_sync(struct engine *engine, struct job *job)
{
    const struct viewing viewing = viewing_of(engine, job);
    RO_AUTONEWS news = {0};
    const uint64_t left_before = engine->n_left;
    const enum ro_enrolment before = engine->keyring->enrolment;
    enum ro_status s = sync_or_watch(engine, job, &news);
    if (before != RO_ENROL_ADMITTED &&
        engine->keyring->enrolment == RO_ENROL_ADMITTED)
        job->result.admitted_among = count_members(engine);
    job->result.sent = (size_t)(engine->n_left - left_before);
    if (s == RO_OK)
        s = tell_enrolment(engine, &job->why);
    s = tell_kept(engine, job, s, &job->why);
    enum ro_status told = view_news(&viewing, &news);
    if (told == RO_OK)
        told = view_self(&viewing);
    end_job(engine, job, told == RO_OK ? s : told);
    if (job->result.status == RO_KEY_CHANGED && job->what.sync.for_ms != 0)
        job->result.status = RO_KEPT; /* a watch has told it, and goes on */
}

static const char *
enrolment_name(enum ro_enrolment enrolment)
{
    switch (enrolment) {
    case RO_ENROL_ADMITTED:
        return "admitted";
    case RO_ENROL_REMOVED:
        return "removed";
    case RO_ENROL_REFUSED:
        return "refused";
    case RO_ENROL_REQUESTED:
    case RO_ENROL_WRITTEN:
        return "requested";
    case RO_ENROL_MADE:
    default:
        return "made";
    }
}

/* What a request came to; one that did not get there can be repeated. */
static enum ro_status
note_asked(struct engine *engine, enum ro_status s, struct ro_why *why)
{
    const struct ro_why detail = *why;
    reach_note(engine, s, why);
    if (s != RO_UNREACHABLE)
        return s;
    return ro_why(why, s,
                  "%.120s%syour keys are made and stay; join again in the same "
                  "way when it is there",
                  detail.text, detail.text[0] != '\0' ? "; " : "");
}

/* Asks, and looks for the answer once. Nothing there yet is no failure. */
static enum ro_status
ask_to_join(struct engine *engine, struct job *job)
{
    RO_AUTONEWS news = {0};
    if (engine->keyring->enrolment == RO_ENROL_MADE ||
        engine->keyring->enrolment == RO_ENROL_WRITTEN) {
        enum ro_status asked = enrol_request(
            engine, engine_deadline(engine, JOIN_BROKER_MS), &job->why);
        if (asked != RO_OK)
            return note_asked(engine, asked, &job->why);
    }
    enum ro_status s = sync_all(engine, JOIN_BROKER_MS, &job->why, &news);
    return s == RO_NOT_READY ? RO_OK : s;
}

/* Then stays attached to our mailbox-to-be until the answer is there. */
static enum ro_status
join(struct engine *engine, struct job *job)
{
    int64_t until_ms = engine_deadline(engine, job->what.wait_ms);
    RO_TRY(ask_to_join(engine, job));
    while (engine->keyring->enrolment == RO_ENROL_REQUESTED &&
           ro_clock_mono_ms(&engine->clock) < until_ms) {
        RO_AUTONEWS news = {0};
        RO_TRY(inbox_receive(engine, INBOX_LINGER, until_ms, &job->why, &news));
        RO_TRY(ask_to_join(engine, job));
    }
    return RO_OK;
}

/* How far we are, and the authority's no where that is what came. */
static void
end_join(struct engine *engine, struct job *job, enum ro_status s)
{
    const struct viewing viewing = viewing_of(engine, job);
    job->result.state = enrolment_name(engine->keyring->enrolment);
    if (engine->keyring->enrolment == RO_ENROL_REFUSED && s == RO_OK)
        s = enrol_refused(engine, &job->why);
    enum ro_status told = view_self(&viewing);
    end_job(engine, job, told == RO_OK ? s : told);
}

void
jobs_join(struct engine *engine, struct job *job)
{
    end_join(engine, job, join(engine, job));
}

void
jobs_join_by_file(struct engine *engine, struct job *job)
{
    enum ro_status s = RO_OK;
    if (engine->keyring->enrolment != RO_ENROL_REFUSED) {
        s = enrol_write(engine, job->what.path, &job->why);
        job->result.saved = s == RO_OK ? job->what.path : NULL;
    }
    end_join(engine, job, s);
}

/* --- writing ------------------------------------------------------------- */

/* Where the rows of a command are now, added up. */
static enum ro_status
measure(struct engine *engine, const struct composed *composed, struct job *job)
{
    struct ro_result *result = &job->result;
    RO_AUTOMESSAGE first = {0};
    const struct row_id own = compose_row(composed, 0);
    for (size_t i = 0; i < compose_count(composed); i++) {
        RO_AUTOOUTGOING row = {0};
        const struct row_id id = compose_row(composed, i);
        enum ro_status s = outgoing_get(engine->vault, &id, &row);
        if (s == RO_NOT_FOUND)
            continue;
        RO_TRY(s);
        result->stored += outgoing_count(&row, OUTGOING_STORED) +
                          outgoing_count(&row, OUTGOING_ARRIVED);
        if (row.accepted_at_s > result->accepted_at_s)
            result->accepted_at_s = row.accepted_at_s;
    }
    RO_TRY(message_get(engine->vault, &own, &first));
    result->place = first.place;
    result->message_id = first.id;
    return RO_OK;
}

/* After which nothing that was written would ever leave. */
static bool
stops_writing(enum ro_status s)
{
    return ro_status_is_alarm(s) || s == RO_VAULT_SET_BACK;
}

/* One command that writes: how long it waits for each answer, what composes it
 * (NULL: it is an ask), and what fetching directory and keys came to. */
struct writing {
    int64_t wait_ms;
    compose_fn *compose;
    enum ro_status fetched;
    struct ro_why why;
};

/* What was kept is sent if the broker is there in time. Alarms are told as
 * they are; everything else that stops it means: kept here. */
static enum ro_status
send_composed(struct engine *engine,
              struct job *job,
              const struct writing *writing)
{
    struct ro_why why = writing->why;
    enum ro_status s = writing->fetched;
    if (s == RO_OK)
        s = sync_send(engine, writing->wait_ms, &why);
    if (s == RO_OK)
        return RO_OK;
    explain(engine, s, &why);
    if (stops_writing(s)) {
        return ro_why(&job->why, s, "kept here: %s",
                      why.text[0] == '\0' ? ro_status_text(s) : why.text);
    }
    return ro_why(&job->why, RO_KEPT, "%s",
                  why.text[0] == '\0' ? ro_status_text(s) : why.text);
}

/* After a command was composed: send, measure, and tell the new state. */
static void
finish_writing(struct engine *engine,
               struct job *job,
               const struct composed *composed,
               const struct writing *writing)
{
    const struct viewing viewing = viewing_of(engine, job);
    enum ro_status s = send_composed(engine, job, writing);
    enum ro_status told = measure(engine, composed, job);
    /* that which another message waits for is not about this one */
    held_keep(engine, &composed->rows);
    if (s == RO_OK && told == RO_OK && job->result.place == RO_PLACE_FAILED) {
        s = ro_why(&job->why, RO_NO_MAILBOX,
                   "nobody there has a seat that could get it");
    }
    job->result.thread_id = composed->thread;
    if (told == RO_OK)
        told = view_state(&viewing, &composed->request);
    end_job(engine, job, told == RO_OK ? s : told);
}

/* Directory and keys, as far as the broker is there; an alarm stops, and so
 * does a profile that is an older copy of itself. */
static enum ro_status
freshen(struct engine *engine, struct job *job, struct writing *writing)
{
    writing->why = (struct ro_why){""};
    writing->fetched = sync_keys(engine, writing->wait_ms, &writing->why);
    if (!stops_writing(writing->fetched))
        return RO_OK;
    job->why = writing->why;
    return writing->fetched;
}

static enum ro_status
compose(struct engine *engine,
        struct job *job,
        const struct writing *writing,
        struct composed *ret_composed)
{
    compose_fini(ret_composed);
    *ret_composed = (struct composed){0};
    job->why.text[0] = '\0';
    if (writing->compose != NULL) {
        return writing->compose(engine, &job->what.write, &job->why,
                                ret_composed);
    }
    return compose_ask(engine, &job->what.ask, &job->why, ret_composed);
}

/* Holds what was composed against the directory that came after it. */
static enum ro_status
compose_on(struct engine *engine,
           struct job *job,
           const struct writing *writing,
           struct composed *composed)
{
    if (writing->compose != NULL)
        return compose_stands(engine, composed, &job->why);
    return compose_ask_again(engine, &job->what.ask, &job->why, composed);
}

/* Whether whom it is for could read it; what goes all the same is said. */
static enum ro_status
check_reader(struct engine *engine,
             struct job *job,
             const struct composed *composed)
{
    struct ro_why words = {""};
    const struct row_id row = compose_row(composed, 0);
    enum ro_status s = newcomer_check(engine, &row, &words);
    if (s == RO_ILLEGAL)
        job->why = words;
    if (s != RO_KEPT)
        return s;
    job->result.warning = ro_arena_text(job->arena, words.text);
    return job->result.warning == NULL ? RO_NO_MEMORY : RO_OK;
}

/* Composes with what is here, so that it is kept before anybody waits for the
 * broker; then fetches, and goes by what came. What is refused with what is
 * here is looked at once more with that. */
static enum ro_status
write_down(struct engine *engine,
           struct job *job,
           struct writing *writing,
           struct composed *composed)
{
    const uint64_t size = ro_directory_size(engine->directory);
    enum ro_status first = compose(engine, job, writing, composed);
    if (ro_status_is_local(first))
        return first;
    enum ro_status s = freshen(engine, job, writing);
    if (first != RO_OK) {
        RO_TRY(s);
        RO_TRY(compose(engine, job, writing, composed));
    } else if (s == RO_OK && (ro_directory_size(engine->directory) != size ||
                              engine->reach.removed_at_s != 0)) {
        s = compose_on(engine, job, writing, composed);
    }
    if (s == RO_OK)
        s = check_reader(engine, job, composed);
    if (s != RO_OK)
        RO_TRY(compose_drop(engine, composed));
    return s;
}

/* A command that wrote nothing. Whoever wrote the text must not think that it
 * waits here. */
static void
end_unwritten(struct engine *engine, struct job *job, enum ro_status s)
{
    const struct ro_why why = job->why;
    if (stops_writing(s)) {
        (void)ro_why(&job->why, s, "nothing was kept: %s",
                     why.text[0] == '\0' ? ro_status_text(s) : why.text);
    }
    end_job(engine, job, s);
}

static void
write_job(struct engine *engine, struct job *job, compose_fn *fn)
{
    const struct viewing viewing = viewing_of(engine, job);
    struct writing writing = {.wait_ms = job->what.write.wait_ms,
                              .compose = fn};
    RO_AUTOCOMPOSED composed = {0};
    enum ro_status s = write_down(engine, job, &writing, &composed);
    if (s == RO_AMBIGUOUS && view_choices(&viewing, &composed.choices) != RO_OK)
        s = RO_NO_MEMORY;
    if (s == RO_OK) {
        finish_writing(engine, job, &composed, &writing);
    } else {
        end_unwritten(engine, job, s);
    }
}

void
jobs_answer(struct engine *engine, struct job *job)
{
    write_job(engine, job, compose_answer);
}

void
jobs_pass(struct engine *engine, struct job *job)
{
    write_job(engine, job, compose_pass);
}

void
jobs_accept(struct engine *engine, struct job *job)
{
    write_job(engine, job, deciding_accept);
}

void
jobs_decline(struct engine *engine, struct job *job)
{
    write_job(engine, job, deciding_decline);
}

void
jobs_say(struct engine *engine, struct job *job)
{
    write_job(engine, job, compose_say);
}

void
jobs_close(struct engine *engine, struct job *job)
{
    write_job(engine, job, deciding_close);
}

void
jobs_withdraw(struct engine *engine, struct job *job)
{
    write_job(engine, job, deciding_withdraw);
}

/* Who would read what, by the newest directory; keeps nothing. */
static void
try_ask(struct engine *engine, struct job *job)
{
    const struct viewing viewing = viewing_of(engine, job);
    const struct ro_ask *ask = &job->what.ask;
    struct writing writing = {.wait_ms = ask->wait_ms};
    enum ro_status s = freshen(engine, job, &writing);
    if (writing.fetched == RO_UNREACHABLE) {
        job->result.warning = "the broker cannot be reached; who is new or has "
                              "left since the last sync is not counted";
    }
    if (s == RO_OK)
        s = view_ask(&viewing, ask);
    end_job(engine, job, s);
}

void
jobs_ask(struct engine *engine, struct job *job)
{
    const struct viewing viewing = viewing_of(engine, job);
    const struct ro_ask *ask = &job->what.ask;
    struct writing writing = {.wait_ms = ask->wait_ms};
    RO_AUTOCOMPOSED composed = {0};
    if (ask->how == RO_ASK_DRY_RUN) {
        try_ask(engine, job);
        return;
    }
    enum ro_status s = write_down(engine, job, &writing, &composed);
    if (s == RO_OK)
        s = view_ask(&viewing, ask);
    if (s == RO_OK) {
        finish_writing(engine, job, &composed, &writing);
    } else {
        end_unwritten(engine, job, s);
    }
}

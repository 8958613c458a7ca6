/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/render_text.h"

#include "client/cli/lines.h"
#include "client/cli/show.h"

#include <string.h>

/* --- this seat ----------------------------------------------------------- */

static void
words_to_compare(struct ro_buf *out, const struct ro_self *self)
{
    ro_buf_printf(out, "Compare these words with the authority by "
                       "telephone:\n   ");
    for (size_t i = 0; i < RO_LEN(self->words); i++) {
        if (self->words[i] != NULL) {
            ro_buf_printf(out, " ");
            show_line(out, self->words[i]);
        }
    }
    lines_feed(out);
}

void
render_text_join(struct ro_buf *out, const struct ro_result *result)
{
    const struct ro_self *self = &result->self;
    const char *state = result->state != NULL ? result->state : "";
    if (strcmp(state, "admitted") == 0) {
        ro_buf_printf(out, "Admitted: ");
        show_line(out, self->name);
        ro_buf_printf(out, ", ");
        show_line(out, self->role);
        lines_feed(out);
        return;
    }
    if (strcmp(state, "refused") == 0) {
        ro_buf_printf(out, "The authority has refused this seat");
        ro_buf_printf(out, result->why[0] != '\0' ? ": " : "");
        show_line(out, result->why);
        lines_feed(out);
        return;
    }
    if (result->saved == NULL) {
        ro_buf_printf(out, "Asked to be admitted.\n");
    } else {
        ro_buf_printf(out, "The request to be admitted is in ");
        show_line(out, result->saved);
        ro_buf_printf(out, ". Give that file to the authority; it is for "
                           "nobody else.\n");
    }
    words_to_compare(out, self);
}

void
render_text_status(struct ro_buf *out, const struct ro_result *result)
{
    static const char *const enrolments[] = {
        [RO_ENROL_MADE] = "keys made, not asked to be admitted yet",
        [RO_ENROL_REQUESTED] = "waits to be admitted",
        [RO_ENROL_ADMITTED] = "admitted",
        [RO_ENROL_REFUSED] = "refused by the authority",
        [RO_ENROL_WRITTEN] = "asked by a file, and waits to be admitted",
        [RO_ENROL_REMOVED] = "removed from the circle",
    };
    static const char *const brokers[] = {
        [RO_BROKER_UNKNOWN] = "never tried yet",
        [RO_BROKER_AWAY] = "not reached at the last try",
        [RO_BROKER_THERE] = "reached at the last try",
    };
    const struct ro_self *self = &result->self;
    lines_labelled(out, "member", self->name);
    lines_labelled(out, "seat", self->role);
    lines_labelled(out, "circle", self->circle);
    ro_buf_printf(out, "%-12s%s", "enrolment", enrolments[self->enrolment]);
    if (self->removed_at_s != 0) {
        ro_buf_printf(out, ", heard on ");
        show_time(out, self->removed_at_s);
    }
    lines_feed(out);
    if (self->alarm != NULL)
        lines_labelled(out, "alarm", self->alarm);
    ro_buf_printf(out, "%-12s%s", "broker", brokers[self->broker]);
    if (self->reached_at_s != 0) {
        ro_buf_printf(out, ", last answered ");
        show_time(out, self->reached_at_s);
    }
    lines_feed(out);
    ro_buf_printf(out, "%-12s", "outbox");
    show_count(out, self->outbox, "message");
    ro_buf_printf(out, " not at the broker yet\n");
    lines_left_out(out, result);
    ro_buf_printf(out, "%-12s", "inbox");
    show_count(out, self->inbox_unread, "unread message");
    ro_buf_printf(out, "\n%-12s", "directory");
    show_count(out, self->directory_size, "record");
    if (self->checkpoint_age_s >= 0) {
        ro_buf_printf(out, ", confirmed by the broker ");
        show_age(out, self->checkpoint_age_s);
        ro_buf_printf(out, " ago");
    }
    ro_buf_printf(out, "\n%-12s", "keys");
    show_count(out, self->epoch_keys_ahead, "day");
    ro_buf_printf(out, " ahead\n");
}

static void
show_doubt(struct ro_buf *out, const char *doubt)
{
    ro_buf_printf(out, "  (");
    show_line(out, doubt);
    ro_buf_printf(out, ": verify)");
}

void
render_text_members(struct ro_buf *out, const struct ro_result *result)
{
    for (size_t i = 0; i < result->n_members; i++) {
        const struct ro_member *member = &result->members[i];
        show_id(out, member->id.b);
        if (member->urn != 0) {
            ro_buf_printf(out, "  %6u  ", member->urn);
        } else {
            ro_buf_printf(out, "  %6s  ", "");
        }
        if (!show_km(out, member->km))
            ro_buf_printf(out, "%9s", "");
        ro_buf_printf(out, "  ");
        show_column(out, member->kind, 13);
        show_column(out, member->phase, 15);
        show_line(out, member->name);
        if (member->live == 0 && strcmp(member->kind, "listing") != 0)
            ro_buf_printf(out, "  (no seat: cannot be reached)");
        if (member->verified == RO_VERIFIED_NO_LONGER)
            show_doubt(out, member->doubt);
        lines_feed(out);
    }
    if (result->n_members == 0)
        ro_buf_printf(out, "Nobody fits.\n");
}

/* How often a row of what is read aloud breaks. */
#define NUMBER_ROW 24
#define WORDS_ROW 5

void
render_text_verify(struct ro_buf *out, const struct ro_result *result)
{
    const struct ro_member *member = result->members;
    ro_buf_printf(out, "Safety number with ");
    show_line(out, member->name);
    ro_buf_printf(out, ", the same on both sides:\n");
    for (size_t at = 0; at < strlen(result->number); at += NUMBER_ROW)
        ro_buf_printf(out, "    %.*s\n", NUMBER_ROW - 1, result->number + at);
    ro_buf_printf(out, "or in words:\n");
    for (size_t i = 0; i < result->n_words; i++) {
        ro_buf_printf(out, i % WORDS_ROW == 0 ? "    " : " ");
        show_line(out, result->words[i]);
        if (i % WORDS_ROW == WORDS_ROW - 1)
            lines_feed(out);
    }
    if (member->verified == RO_VERIFIED_NO_LONGER) {
        ro_buf_printf(out, "Not verified any more: ");
        show_line(out, member->doubt);
        ro_buf_printf(out, ", and nobody here has compared it since: nothing "
                           "is sent there.\n");
        return;
    }
    ro_buf_printf(out, member->verified == RO_VERIFIED_COMPARED
                           ? "It was compared.\n"
                           : "It was not compared here yet.\n");
    if (result->waiting > 0) {
        show_count(out, result->waiting, "message");
        ro_buf_printf(out, result->waiting == 1 ? " waits for them.\n"
                                                : " wait for them.\n");
    }
}

/* The width of what happened, and the space behind it. */
#define EVENT_COLUMN 16

/* Whether an event tells of a message that was not taken at all. */
static bool
is_refused(const struct ro_event *event)
{
    return event->refused != NULL && strcmp(event->type, "refused") == 0;
}

/* Somebody who sends many forged messages gets one line for all of them.
 * Returns how many of `events` it tells of. */
static size_t
refused_events(struct ro_buf *out, const struct ro_event *events, size_t n)
{
    size_t run = 1;
    bool same = true;
    while (run < n && is_refused(&events[run])) {
        same = same && strcmp(events[0].refused, events[run].refused) == 0;
        run++;
    }
    show_time(out, events[run - 1].at_s);
    ro_buf_printf(out, "  ");
    show_column(out, "refused", EVENT_COLUMN);
    show_count(out, run, "message");
    ro_buf_printf(out, run == 1 ? " was refused (" : " were refused (");
    show_line(out, events[0].refused);
    ro_buf_printf(out, "%s): nothing was shown\n", same ? "" : ", and more");
    return run;
}

/* One thing that happened; `us` is our own name. */
static void
happened(struct ro_buf *out, const struct ro_event *what, const char *us)
{
    static const struct ro_request_id none;
    const enum show_whose whose =
        us != NULL && strcmp(us, what->from) == 0 ? SHOW_OURS : SHOW_THEIRS;
    show_time(out, what->at_s);
    ro_buf_printf(out, "  ");
    show_column(out, show_event(what->type, whose), EVENT_COLUMN);
    if (what->what != NULL) {
        show_line(out, what->what);
        lines_feed(out);
        return;
    }
    if (!ro_request_id_equal(&what->request, &none)) {
        show_id(out, what->request.b);
        ro_buf_printf(out, "  ");
    }
    show_line(out, what->from);
    lines_feed(out);
    if (what->refused != NULL && (strcmp(what->type, "key-changed") == 0 ||
                                  strcmp(what->type, "early") == 0))
        show_body(out, what->refused);
    if (strcmp(what->type, "early") == 0)
        show_body(out, what->text);
}

void
render_text_sync(struct ro_buf *out, const struct ro_result *result)
{
    if (result->admitted_among > 0) {
        ro_buf_printf(out, "You are admitted: ");
        show_line(out, result->self.name);
        ro_buf_printf(out, ", ");
        show_line(out, result->self.role);
        ro_buf_printf(out, "; ");
        show_count(out, result->admitted_among, "member");
        ro_buf_printf(out, ".\n");
    }
    if (result->sent > 0) {
        show_count(out, result->sent, "kept message");
        ro_buf_printf(out, " went out.\n");
    }
    for (size_t i = 0; i < result->n_events;) {
        if (is_refused(&result->events[i])) {
            i += refused_events(out, &result->events[i], result->n_events - i);
        } else {
            happened(out, &result->events[i++], result->self.name);
        }
    }
    if (result->self.enrolment == RO_ENROL_REQUESTED ||
        result->self.enrolment == RO_ENROL_WRITTEN) {
        ro_buf_printf(out, "Not admitted yet. ");
        words_to_compare(out, &result->self);
    }
}

/* --- answers and talk ---------------------------------------------------- */

void
render_text_answer(struct ro_buf *out, const struct ro_result *result)
{
    ro_buf_printf(out, "answer ");
    show_id(out, result->thread_id.b);
    ro_buf_printf(out, ", %s\n", show_place(result->place));
}

void
render_text_pass(struct ro_buf *out, const struct ro_result *result)
{
    (void)result;
    ro_buf_printf(out, "Stepped back. The school that asks is not told.\n");
}

void
render_text_answers(struct ro_buf *out, const struct ro_result *result)
{
    for (size_t i = 0; i < result->n_answers; i++) {
        const struct ro_answered *answer = &result->answers[i];
        show_id(out, answer->id.b);
        ro_buf_printf(out, "  ");
        show_column(out, show_state(answer->state), 16);
        show_line(out, answer->from_name);
        if (answer->holder[0] != '\0') {
            ro_buf_printf(out, ", ");
            show_line(out, answer->holder);
        }
        show_km(out, answer->km);
        if (answer->days >= 0)
            ro_buf_printf(out, "  %g days", answer->days);
        lines_feed(out);
        show_body(out, answer->text);
    }
    if (result->n_answers == 0)
        ro_buf_printf(out, "No answers yet.\n");
}

void
render_text_state(struct ro_buf *out, const struct ro_result *result)
{
    const char *state = result->state != NULL ? result->state : "as it was";
    ro_buf_printf(out, "the request is ");
    show_line(out, state);
    if (strcmp(state, "introduced") == 0)
        ro_buf_printf(out, ": a school is chosen");
    ro_buf_printf(out, result->status == RO_KEPT ? ", kept here\n" : "\n");
    if (result->warning != NULL) {
        show_line(out, result->warning);
        lines_feed(out);
    }
}

void
render_text_say(struct ro_buf *out, const struct ro_result *result)
{
    ro_buf_printf(out, "said in ");
    show_id(out, result->thread_id.b);
    ro_buf_printf(out, ", %s\n", show_place(result->place));
}

static void
size_of_file(struct ro_buf *out, uint64_t size)
{
    if (size >= 1000 * 1000) {
        ro_buf_printf(out, "%.1f MB", (double)size / 1e6);
    } else if (size >= 1000) {
        ro_buf_printf(out, "%.1f kB", (double)size / 1e3);
    } else {
        show_count(out, size, "byte");
    }
}

/* A line for each file: its id to save it by, its name, how it stands. */
static void
attachments(struct ro_buf *out, const struct ro_message *message)
{
    for (size_t i = 0; i < message->n_attachments; i++) {
        const struct ro_attachment *file = &message->attachments[i];
        ro_buf_printf(out, "    file ");
        show_id(out, file->id.b);
        ro_buf_printf(out, "  ");
        show_line(out, file->name);
        ro_buf_printf(out, ", ");
        size_of_file(out, file->size);
        if (file->state == RO_ATTACHMENT_ARRIVING ||
            (file->state == RO_ATTACHMENT_OURS &&
             message->place == RO_PLACE_KEPT)) {
            ro_buf_printf(out, ", %u of %u pieces %s", file->n_here,
                          file->pieces,
                          file->state == RO_ATTACHMENT_OURS ? "sent" : "here");
        }
        if (file->state == RO_ATTACHMENT_HERE)
            ro_buf_printf(out, ", here");
        if (file->state == RO_ATTACHMENT_FAILED && file->failed != NULL) {
            ro_buf_printf(out, ", ");
            show_line(out, file->failed);
        }
        lines_feed(out);
    }
}

void
render_text_save(struct ro_buf *out, const struct ro_result *result)
{
    ro_buf_printf(out, "saved ");
    show_line(out, result->saved);
    ro_buf_printf(out, ", ");
    size_of_file(out, result->attachment.size);
    lines_feed(out);
}

void
render_text_read(struct ro_buf *out, const struct ro_result *result)
{
    for (size_t i = 0; i < result->n_messages; i++) {
        const struct ro_message *message = &result->messages[i];
        show_time(out, message->sent_at_s);
        ro_buf_printf(out, "  ");
        show_id(out, message->thread.b);
        ro_buf_printf(out, "  ");
        show_line(out, message->from_name);
        if (message->holder[0] != '\0') {
            ro_buf_printf(out, ", ");
            show_line(out, message->holder);
        }
        lines_place(out, message->place, message->failed);
        if (message->doubt != NULL) {
            ro_buf_printf(out, "  (");
            show_line(out, message->doubt);
            ro_buf_printf(out, ")");
        }
        lines_feed(out);
        if (message->outcome != NULL) {
            ro_buf_printf(out, "    (closed: ");
            show_line(out, message->outcome);
            ro_buf_printf(out, ")\n");
        }
        show_body(out, message->text);
        attachments(out, message);
    }
    if (result->n_messages == 0)
        ro_buf_printf(out, "Nothing to read.\n");
}

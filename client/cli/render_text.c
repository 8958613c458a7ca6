/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/render_text.h"

#include "client/cli/show.h"

#include <string.h>

static void
line_feed(struct ro_buf *out)
{
    ro_buf_put_u8(out, '\n');
}

/* "label: text", where there is a text. */
static void
labelled(struct ro_buf *out, const char *label, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    ro_buf_printf(out, "%-12s", label);
    show_line(out, text);
    line_feed(out);
}

/* A list of names on one line. */
static void
names(struct ro_buf *out, const char *label, const char **list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ro_buf_printf(out, i == 0 ? "%-12s" : ", ", label);
        show_line(out, list[i]);
    }
    if (n > 0)
        line_feed(out);
}

static void
left_out(struct ro_buf *out, const struct ro_result *result)
{
    for (size_t i = 0; i < result->n_left_out; i++) {
        ro_buf_printf(out, "%-12s", i == 0 ? "held for" : "");
        show_line(out, result->left_out[i]);
        line_feed(out);
    }
}

/* Where a message of ours is, in brackets; nothing for somebody else's. */
static void
place_of(struct ro_buf *out, enum ro_place place, const char *failed)
{
    const char *words = show_place(place);
    if (words[0] == '\0')
        return;
    ro_buf_printf(out, "  (%s", words);
    if (place == RO_PLACE_FAILED && failed != NULL && failed[0] != '\0') {
        ro_buf_printf(out, ": ");
        show_line(out, failed);
    }
    if (place == RO_PLACE_FAILED)
        ro_buf_printf(out, "; say it again, or telephone");
    ro_buf_put_u8(out, ')');
}

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
    line_feed(out);
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
        line_feed(out);
        return;
    }
    if (strcmp(state, "refused") == 0) {
        ro_buf_printf(out, "The authority has refused this seat");
        ro_buf_printf(out, result->why[0] != '\0' ? ": " : "");
        show_line(out, result->why);
        line_feed(out);
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
    labelled(out, "member", self->name);
    labelled(out, "seat", self->role);
    labelled(out, "circle", self->circle);
    ro_buf_printf(out, "%-12s%s", "enrolment", enrolments[self->enrolment]);
    if (self->removed_at_s != 0) {
        ro_buf_printf(out, ", heard on ");
        show_time(out, self->removed_at_s);
    }
    line_feed(out);
    if (self->alarm != NULL)
        labelled(out, "alarm", self->alarm);
    ro_buf_printf(out, "%-12s%s", "broker", brokers[self->broker]);
    if (self->reached_at_s != 0) {
        ro_buf_printf(out, ", last answered ");
        show_time(out, self->reached_at_s);
    }
    line_feed(out);
    ro_buf_printf(out, "%-12s", "outbox");
    show_count(out, self->outbox, "message");
    ro_buf_printf(out, " not at the broker yet\n");
    left_out(out, result);
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
        show_column(out, member->phase, 11);
        show_line(out, member->name);
        if (member->verified == RO_VERIFIED_NO_LONGER)
            show_doubt(out, member->doubt);
        line_feed(out);
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
            line_feed(out);
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
}

/* --- requests ------------------------------------------------------------ */

static void
audience(struct ro_buf *out, const char *label, const struct ro_result *result)
{
    for (size_t i = 0; i < result->n_audience; i++) {
        const struct ro_audience *who = &result->audience[i];
        ro_buf_printf(out, "%-12s", i == 0 ? label : "");
        show_column(out, who->who, 20);
        ro_buf_printf(out, " reads the ");
        show_column(out, who->what, 6);
        ro_buf_printf(out, " (");
        show_count(out, who->members, "member");
        ro_buf_printf(out, ", ");
        show_count(out, who->seats, "seat");
        ro_buf_printf(out, ")\n");
    }
}

void
render_text_ask(struct ro_buf *out, const struct ro_result *result)
{
    ro_buf_printf(out, "request ");
    show_id(out, result->request_id.b);
    ro_buf_printf(out, " is ");
    show_line(out, result->state != NULL ? result->state : "written");
    if (result->stored > 0 || result->status != RO_KEPT) {
        ro_buf_printf(out, ", at the broker for ");
        show_count(out, result->stored, "seat");
    }
    if (result->status == RO_KEPT) {
        ro_buf_printf(out, ", %skept here",
                      result->stored > 0 ? "the rest " : "");
    }
    line_feed(out);
    audience(out, "asked", result);
    left_out(out, result);
}

void
render_text_dry_run(struct ro_buf *out, const struct ro_result *result)
{
    ro_buf_printf(out, "Nothing was sent. This would go to:\n");
    audience(out, "", result);
    names(out, "could read", result->readers, result->n_readers);
    left_out(out, result);
}

/* A code with the charter's words for it. */
static void
code(struct ro_buf *out, const char *label, const char *text, const char *words)
{
    if (text == NULL || text[0] == '\0')
        return;
    ro_buf_printf(out, "%-12s", label);
    show_line(out, text);
    ro_buf_printf(out, words[0] == '\0' ? "" : "  ");
    show_line(out, words);
    line_feed(out);
}

/* What help is wanted, where it was said; `label` begins the line. */
static void
wanted(struct ro_buf *out, const char *label, const struct ro_request *request)
{
    const char *before = label;
    if (request->days >= 0) {
        ro_buf_printf(out, "%s%g day%s", before, request->days,
                      request->days == 1 ? "" : "s");
        before = ", ";
    }
    if (request->mode != NULL && request->mode[0] != '\0') {
        ro_buf_printf(out, "%s", before);
        show_line(out, request->mode);
        before = ", ";
    }
    if (request->within_km > 0) {
        ro_buf_printf(out, "%swithin %u km", before, request->within_km);
        before = ", ";
    }
    if (before != label)
        line_feed(out);
}

/* Topic and urgency in words, below a line of the list. */
static void
words_of(struct ro_buf *out, const struct ro_request *request)
{
    if (request->topic_words[0] == '\0' && request->urgency_words[0] == '\0')
        return;
    ro_buf_printf(out, "          ");
    show_line(out, request->topic_words);
    ro_buf_printf(out, ", ");
    show_line(out, request->urgency_words);
    line_feed(out);
}

void
render_text_requests(struct ro_buf *out, const struct ro_result *result)
{
    for (size_t i = 0; i < result->n_requests; i++) {
        const struct ro_request *request = &result->requests[i];
        show_id(out, request->id.b);
        ro_buf_printf(out, "  ");
        show_column(out, request->state, 11);
        show_column(out, request->topic, 4);
        show_column(out, request->urgency, 4);
        if (request->side == RO_SIDE_ASKER) {
            show_count(out, request->answers, "answer");
            ro_buf_printf(out, ", asked by us ");
        } else {
            ro_buf_printf(out, "from ");
            show_line(out, request->from_name);
            ro_buf_printf(out, " ");
        }
        show_age(out, request->age_s);
        ro_buf_printf(out, " ago");
        place_of(out, request->place, NULL);
        line_feed(out);
        words_of(out, request);
        wanted(out, "          ", request);
    }
    if (result->n_requests == 0)
        ro_buf_printf(out, "No requests.\n");
}

static void
event(struct ro_buf *out, const struct ro_event *event)
{
    show_time(out, event->at_s);
    ro_buf_printf(out, "  ");
    show_column(out, event->type, 12);
    show_line(out, event->from);
    place_of(out, event->place, event->failed);
    if (event->refused != NULL) {
        ro_buf_printf(out, "  (changed nothing: ");
        show_line(out, event->refused);
        ro_buf_printf(out, ")");
    }
    line_feed(out);
    show_body(out, event->text);
}

void
render_text_show(struct ro_buf *out, const struct ro_result *result)
{
    const struct ro_request *request = &result->request;
    ro_buf_printf(out, "%-12s", "request");
    show_id(out, request->id.b);
    line_feed(out);
    code(out, "topic", request->topic, request->topic_words);
    code(out, "urgency", request->urgency, request->urgency_words);
    wanted(out, "wanted      ", request);
    labelled(out, "from", request->from_name);
    labelled(out, "state", request->state);
    labelled(out, "outcome", request->outcome);
    audience(out, "asked", result);
    names(out, "can read", result->readers, result->n_readers);
    for (size_t i = 0; i < result->n_threads; i++) {
        const struct ro_thread *thread = &result->threads[i];
        ro_buf_printf(out, "%-12s", i == 0 ? "threads" : "");
        show_id(out, thread->id.b);
        ro_buf_printf(out, "  ");
        show_column(out, show_state(thread->state), 16);
        show_line(out, thread->with_name);
        line_feed(out);
    }
    for (size_t i = 0; i < result->n_events; i++)
        event(out, &result->events[i]);
}

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
    show_column(out, "refused", 12);
    show_count(out, run, "message");
    ro_buf_printf(out, run == 1 ? " was refused (" : " were refused (");
    show_line(out, events[0].refused);
    ro_buf_printf(out, "%s): nothing was shown\n", same ? "" : ", and more");
    return run;
}

static void
happened(struct ro_buf *out, const struct ro_event *what)
{
    show_time(out, what->at_s);
    ro_buf_printf(out, "  ");
    show_column(out, what->type, 12);
    show_id(out, what->request.b);
    ro_buf_printf(out, "  ");
    show_line(out, what->from);
    line_feed(out);
    if (strcmp(what->type, "key-changed") == 0 && what->refused != NULL)
        show_body(out, what->refused);
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
            happened(out, &result->events[i++]);
        }
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
        line_feed(out);
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
        line_feed(out);
    }
}

void
render_text_save(struct ro_buf *out, const struct ro_result *result)
{
    ro_buf_printf(out, "saved ");
    show_line(out, result->saved);
    ro_buf_printf(out, ", ");
    size_of_file(out, result->attachment.size);
    line_feed(out);
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
        place_of(out, message->place, message->failed);
        if (message->doubt != NULL) {
            ro_buf_printf(out, "  (");
            show_line(out, message->doubt);
            ro_buf_printf(out, ")");
        }
        line_feed(out);
        show_body(out, message->text);
        attachments(out, message);
    }
    if (result->n_messages == 0)
        ro_buf_printf(out, "Nothing to read.\n");
}

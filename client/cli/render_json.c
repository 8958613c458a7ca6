/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/render_json.h"

#include <string.h>

const char *
render_json_place(enum ro_place place)
{
    static const char *const words[] = {
        [RO_PLACE_KEPT] = "kept-here",  [RO_PLACE_BROKER] = "at-the-broker",
        [RO_PLACE_ARRIVED] = "arrived", [RO_PLACE_FAILED] = "failed",
        [RO_PLACE_THEIRS] = "arrived",
    };
    return (size_t)place < RO_LEN(words) ? words[place] : NULL;
}

/* The same for what may be somebody else's: null then. */
static const char *
own_place(enum ro_place place)
{
    return place == RO_PLACE_THEIRS ? NULL : render_json_place(place);
}

/* --- this seat ----------------------------------------------------------- */

static const char *
enrolment_word(enum ro_enrolment enrolment)
{
    static const char *const words[] = {
        [RO_ENROL_MADE] = "made",         [RO_ENROL_REQUESTED] = "requested",
        [RO_ENROL_ADMITTED] = "admitted", [RO_ENROL_REFUSED] = "refused",
        [RO_ENROL_WRITTEN] = "requested", [RO_ENROL_REMOVED] = "removed",
    };
    return (size_t)enrolment < RO_LEN(words) ? words[enrolment] : NULL;
}

void
render_json_join(json_t *document, const struct ro_result *result)
{
    const struct ro_self *self = &result->self;
    json_t *words;
    doc_text(document, "state",
             result->state != NULL ? result->state
                                   : enrolment_word(self->enrolment));
    doc_id(document, "member", self->member.b);
    doc_id(document, "seat", self->seat.b);
    if (result->saved != NULL)
        doc_text(document, "out", result->saved);
    words = doc_list(document, "words");
    for (size_t i = 0; i < RO_LEN(self->words); i++) {
        if (self->words[i] != NULL)
            json_array_append_new(words, json_string(self->words[i]));
    }
}

void
render_json_status(json_t *document, const struct ro_result *result)
{
    const struct ro_self *self = &result->self;
    json_t *part;
    char head[2 * RO_HASH_SIZE + 1];
    doc_id(document, "member", self->member.b);
    doc_id(document, "seat", self->seat.b);
    doc_said(document, "role", self->role);
    part = doc_object(document, "broker");
    doc_truth(part, "reachable",
              self->broker == RO_BROKER_THERE  ? DOC_TRUE
              : self->broker == RO_BROKER_AWAY ? DOC_FALSE
                                               : DOC_UNKNOWN);
    doc_null(part, "verified");
    doc_time(part, "reached_at", self->reached_at_s);
    doc_count(document, "outbox", self->outbox);
    doc_count(document, "inbox_unread", self->inbox_unread);
    part = doc_object(document, "directory");
    doc_count(part, "size", self->directory_size);
    ro_hex(self->directory_head.b, RO_HASH_SIZE, head);
    doc_text(part, "head", self->directory_size > 0 ? head : NULL);
    if (self->checkpoint_age_s >= 0) {
        doc_count(part, "checkpoint_age_s", (uint64_t)self->checkpoint_age_s);
    } else {
        doc_null(part, "checkpoint_age_s");
    }
    doc_count(document, "epoch_keys_ahead", self->epoch_keys_ahead);
    doc_null(document, "tokens");
    doc_said(document, "name", self->name);
    doc_said(document, "circle", self->circle);
    doc_text(document, "enrolment", enrolment_word(self->enrolment));
    doc_time(document, "removed_at", self->removed_at_s);
    doc_said(document, "alarm", self->alarm);
    doc_texts(document, "left_out", result->left_out, result->n_left_out);
}

/* A listing has no key. */
static enum doc_truth
verified(const struct ro_member *member)
{
    static const struct ro_member_id none;
    if (ro_member_id_equal(&member->id, &none))
        return DOC_UNKNOWN;
    return member->verified == RO_VERIFIED_COMPARED ? DOC_TRUE : DOC_FALSE;
}

void
render_json_verify(json_t *document, const struct ro_result *result)
{
    const struct ro_member *member = result->members;
    doc_text(document, "number", result->number);
    doc_texts(document, "words", result->words, result->n_words);
    doc_truth(document, "verified", verified(member));
    doc_id(document, "member", member->id.b);
    doc_text(document, "name", member->name);
    doc_truth(document, "replaced",
              member->verified == RO_VERIFIED_NO_LONGER ? DOC_TRUE : DOC_FALSE);
    doc_said(document, "doubt", member->doubt);
    doc_count(document, "waiting", result->waiting);
}

void
render_json_members(json_t *document, const struct ro_result *result)
{
    json_t *list = doc_list(document, "members");
    for (size_t i = 0; i < result->n_members; i++) {
        const struct ro_member *member = &result->members[i];
        json_t *item = doc_item(list);
        doc_id(item, "id", member->id.b);
        doc_some(item, "urn", member->urn);
        doc_text(item, "name", member->name);
        doc_said(item, "phase", member->phase);
        doc_number(item, "km", member->km);
        doc_texts(item, "kinds", &member->kind, member->kind != NULL);
        doc_truth(item, "verified", verified(member));
        doc_said(item, "doubt", member->doubt);
        doc_count(item, "live", member->live);
    }
}

/* --- requests ------------------------------------------------------------ */

static void
add_audience(json_t *document, const struct ro_result *result)
{
    json_t *list = doc_list(document, "audience");
    for (size_t i = 0; i < result->n_audience; i++) {
        const struct ro_audience *audience = &result->audience[i];
        json_t *item = doc_item(list);
        doc_text(item, "who", audience->who);
        doc_text(item, "what", audience->what);
        doc_count(item, "members", audience->members);
        doc_count(item, "seats", audience->seats);
    }
}

void
render_json_ask(json_t *document, const struct ro_result *result)
{
    json_t *receipt;
    doc_id(document, "request", result->request_id.b);
    doc_text(document, "state", result->state);
    doc_count(document, "stored", result->stored);
    doc_texts(document, "left_out", result->left_out, result->n_left_out);
    receipt = doc_object(document, "receipt");
    doc_time(receipt, "accepted_at", result->accepted_at_s);
    doc_null(receipt, "deadlines");
    doc_null(document, "anonymity_set");
}

void
render_json_dry_run(json_t *document, const struct ro_result *result)
{
    add_audience(document, result);
    doc_null(document, "card");
    doc_null(document, "anonymity_set");
    doc_null(document, "deadlines");
    doc_null(document, "lint");
    doc_texts(document, "left_out", result->left_out, result->n_left_out);
    doc_texts(document, "who_can_read", result->readers, result->n_readers);
    doc_said(document, "warning", result->warning);
}

/* What was asked for. */
static void
add_wanted(json_t *object, const struct ro_request *request)
{
    doc_said(object, "topic_words", request->topic_words);
    doc_said(object, "urgency_words", request->urgency_words);
    doc_number(object, "days", request->days);
    doc_said(object, "mode", request->mode);
    doc_some(object, "within_km", request->within_km);
}

void
render_json_requests(json_t *document, const struct ro_result *result)
{
    json_t *list = doc_list(document, "requests");
    for (size_t i = 0; i < result->n_requests; i++) {
        const struct ro_request *request = &result->requests[i];
        json_t *item = doc_item(list);
        doc_id(item, "request", request->id.b);
        doc_text(item, "topic", request->topic);
        doc_text(item, "urgency", request->urgency);
        doc_text(item, "state", request->state);
        doc_text(item, "thread_state", request->thread_state);
        doc_null(item, "level");
        doc_null(item, "due");
        doc_count(item, "age_s",
                  request->age_s > 0 ? (uint64_t)request->age_s : 0);
        doc_count(item, "answers", request->answers);
        doc_text(item, "from", request->from_name);
        doc_text(item, "place", own_place(request->place));
        add_wanted(item, request);
    }
    doc_texts(document, "left_out", result->left_out, result->n_left_out);
}

/* Ours are where their message is. */
static const char *
attachment_state(const struct ro_attachment *attachment, enum ro_place place)
{
    switch (attachment->state) {
    case RO_ATTACHMENT_ARRIVING:
        return "arriving";
    case RO_ATTACHMENT_HERE:
        return "here";
    case RO_ATTACHMENT_FAILED:
        return "failed";
    case RO_ATTACHMENT_OURS:
    default:
        return render_json_place(place);
    }
}

static void
add_attachments(json_t *object,
                const struct ro_attachment *files,
                size_t n,
                enum ro_place place)
{
    json_t *list = doc_list(object, "attachments");
    for (size_t i = 0; i < n; i++) {
        const struct ro_attachment *attachment = &files[i];
        json_t *item = doc_item(list);
        doc_id(item, "attachment", attachment->id.b);
        doc_text(item, "name", attachment->name);
        doc_count(item, "size", attachment->size);
        doc_text(item, "state", attachment_state(attachment, place));
        doc_count(item, "here", attachment->n_here);
        doc_count(item, "of", attachment->pieces);
        if (attachment->state == RO_ATTACHMENT_FAILED)
            doc_said(item, "failed", attachment->failed);
    }
}

static void
add_event(json_t *list, const struct ro_event *event, const char *text)
{
    json_t *item = doc_item(list);
    doc_text(item, "type", event->type);
    doc_id(item, "thread", event->thread.b);
    if (text == NULL)
        doc_id(item, "request", event->request.b);
    doc_said(item, "from", event->from);
    doc_time(item, "at", event->at_s);
    if (text != NULL)
        doc_said(item, "text", text);
    doc_said(item, "refused", event->refused);
    doc_id(item, "message", event->message.b);
    add_attachments(item, event->attachments, event->n_attachments,
                    event->place);
    if (text == NULL) { /* news: what has come is not ours */
        if (strcmp(event->type, "early") == 0)
            doc_said(item, "text", event->text);
        if (event->what != NULL || strcmp(event->type, "key-changed") == 0)
            doc_id(item, "member", event->member.b);
        if (event->what != NULL)
            doc_said(item, "what", event->what);
        return;
    }
    doc_text(item, "place", own_place(event->place));
    doc_said(item, "failed", event->failed);
}

void
render_json_show(json_t *document, const struct ro_result *result)
{
    json_t *list;
    doc_id(document, "request", result->request.id.b);
    doc_text(document, "from", result->request.from_name);
    doc_text(document, "state", result->request.state);
    doc_text(document, "outcome", result->request.outcome);
    add_audience(document, result);
    list = doc_list(document, "threads");
    for (size_t i = 0; i < result->n_threads; i++) {
        const struct ro_thread *thread = &result->threads[i];
        json_t *item = doc_item(list);
        doc_id(item, "thread", thread->id.b);
        doc_text(item, "with", thread->with_name);
        doc_text(item, "state", thread->state);
    }
    list = doc_list(document, "events");
    for (size_t i = 0; i < result->n_events; i++)
        add_event(list, &result->events[i], result->events[i].text);
    doc_texts(document, "who_can_read", result->readers, result->n_readers);
    doc_null(document, "next");
    doc_text(document, "topic", result->request.topic);
    doc_text(document, "urgency", result->request.urgency);
    add_wanted(document, &result->request);
}

void
render_json_sync(json_t *document, const struct ro_result *result)
{
    json_t *list = json_object_get(document, "events");
    if (list == NULL)
        list = doc_list(document, "events");
    for (size_t i = 0; i < result->n_events; i++)
        add_event(list, &result->events[i], NULL);
    const json_t *before = json_object_get(document, "sent");
    doc_count(document, "sent",
              result->sent + (uint64_t)json_integer_value(before));
    if (result->turned != RO_BROKER_UNKNOWN) {
        doc_truth(doc_object(document, "broker"), "reachable",
                  result->turned == RO_BROKER_THERE ? DOC_TRUE : DOC_FALSE);
    }
    if (result->admitted_among > 0) {
        json_t *part = doc_object(document, "admission");
        doc_said(part, "name", result->self.name);
        doc_said(part, "role", result->self.role);
        doc_count(part, "members", result->admitted_among);
    }
}

/* --- answers and talk ---------------------------------------------------- */

void
render_json_answer(json_t *document, const struct ro_result *result)
{
    doc_id(document, "answer", result->thread_id.b);
    doc_count(document, "stored", result->stored);
    doc_text(document, "state", result->state);
}

void
render_json_answers(json_t *document, const struct ro_result *result)
{
    json_t *list = doc_list(document, "answers");
    for (size_t i = 0; i < result->n_answers; i++) {
        const struct ro_answered *answer = &result->answers[i];
        json_t *item = doc_item(list);
        doc_id(item, "answer", answer->id.b);
        doc_text(item, "from", answer->from_name);
        doc_number(item, "km", answer->km);
        doc_number(item, "days", answer->days);
        doc_text(item, "text", answer->text);
        doc_null(item, "reasons");
        doc_text(item, "state", answer->state);
        doc_said(item, "holder", answer->holder);
    }
}

void
render_json_state(json_t *document, const struct ro_result *result)
{
    doc_text(document, "state", result->state);
    doc_count(document, "stored", result->stored);
    if (result->warning != NULL)
        doc_said(document, "warning", result->warning);
}

void
render_json_say(json_t *document, const struct ro_result *result)
{
    doc_id(document, "message", result->message_id.b);
    doc_text(document, "state", render_json_place(result->place));
    doc_id(document, "thread", result->thread_id.b);
}

void
render_json_save(json_t *document, const struct ro_result *result)
{
    doc_id(document, "attachment", result->attachment.id.b);
    doc_text(document, "name", result->attachment.name);
    doc_count(document, "size", result->attachment.size);
    doc_text(document, "out", result->saved);
}

void
render_json_read(json_t *document, const struct ro_result *result)
{
    json_t *list = doc_list(document, "messages");
    for (size_t i = 0; i < result->n_messages; i++) {
        const struct ro_message *message = &result->messages[i];
        json_t *item = doc_item(list);
        doc_id(item, "message", message->id.b);
        doc_id(item, "thread", message->thread.b);
        doc_text(item, "from", message->from_name);
        doc_time(item, "sent_at", message->sent_at_s);
        doc_text(item, "text", message->text);
        doc_text(item, "state", render_json_place(message->place));
        add_attachments(item, message->attachments, message->n_attachments,
                        message->place);
        doc_said(item, "holder", message->holder);
        doc_said(item, "failed", message->failed);
        doc_said(item, "doubt", message->doubt);
        if (message->outcome != NULL)
            doc_said(item, "outcome", message->outcome);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Requests as people read them. */
#include "client/cli/lines.h"
#include "client/cli/render_text.h"
#include "client/cli/show.h"

#include <string.h>

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
    lines_feed(out);
    audience(out, "asked", result);
    lines_left_out(out, result);
}

void
render_text_dry_run(struct ro_buf *out, const struct ro_result *result)
{
    ro_buf_printf(out, "Nothing was sent. This would go to:\n");
    audience(out, "", result);
    lines_names(out, "could read", result->readers, result->n_readers);
    lines_left_out(out, result);
    lines_labelled(out, "beware", result->warning);
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
    lines_feed(out);
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
        lines_feed(out);
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
    lines_feed(out);
}

/* A request goes on without a school that was not chosen, or stepped back. */
static const char *
state_for_us(const struct ro_request *request)
{
    const char *ours = request->thread_state;
    bool over = ours != NULL && (strcmp(ours, "not-chosen") == 0 ||
                                 strcmp(ours, "helper-declined") == 0);
    bool goes_on =
        request->state != NULL && (strcmp(request->state, "open") == 0 ||
                                   strcmp(request->state, "submitted") == 0);
    return over && goes_on ? show_state(ours) : request->state;
}

void
render_text_requests(struct ro_buf *out, const struct ro_result *result)
{
    for (size_t i = 0; i < result->n_requests; i++) {
        const struct ro_request *request = &result->requests[i];
        show_id(out, request->id.b);
        ro_buf_printf(out, "  ");
        show_column(out, state_for_us(request), 14);
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
        lines_place(out, request->place, NULL);
        lines_feed(out);
        words_of(out, request);
        wanted(out, "          ", request);
    }
    if (result->n_requests == 0)
        ro_buf_printf(out, "No requests.\n");
    lines_left_out(out, result);
}

static void
event(struct ro_buf *out, const struct ro_event *event, enum show_whose whose)
{
    show_time(out, event->at_s);
    ro_buf_printf(out, "  ");
    show_column(out, show_event(event->type, whose), 16);
    show_line(out, event->from);
    lines_place(out, event->place, event->failed);
    if (event->refused != NULL) {
        ro_buf_printf(out, "  (changed nothing: ");
        show_line(out, event->refused);
        ro_buf_printf(out, ")");
    }
    lines_feed(out);
    show_body(out, event->text);
}

void
render_text_show(struct ro_buf *out, const struct ro_result *result)
{
    const struct ro_request *request = &result->request;
    ro_buf_printf(out, "%-12s", "request");
    show_id(out, request->id.b);
    lines_feed(out);
    code(out, "topic", request->topic, request->topic_words);
    code(out, "urgency", request->urgency, request->urgency_words);
    wanted(out, "wanted      ", request);
    lines_labelled(out, "from", request->from_name);
    lines_labelled(out, "state", state_for_us(request));
    lines_labelled(out, "outcome", request->outcome);
    audience(out, "asked", result);
    lines_names(out, "can read", result->readers, result->n_readers);
    for (size_t i = 0; i < result->n_threads; i++) {
        const struct ro_thread *thread = &result->threads[i];
        ro_buf_printf(out, "%-12s", i == 0 ? "threads" : "");
        show_id(out, thread->id.b);
        ro_buf_printf(out, "  ");
        show_column(out, show_state(thread->state), 16);
        show_line(out, thread->with_name);
        lines_feed(out);
    }
    for (size_t i = 0; i < result->n_events; i++) {
        event(out, &result->events[i],
              request->side == RO_SIDE_ASKER ? SHOW_OURS : SHOW_THEIRS);
    }
}

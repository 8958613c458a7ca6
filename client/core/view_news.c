/* SPDX-License-Identifier: Apache-2.0 */
/* News of a sync. */
#include "client/core/view.h"

#include <string.h>

static enum ro_status
view_trouble(const struct viewing *viewing,
             const struct news *news,
             struct ro_event *ret_event)
{
    *ret_event = (struct ro_event){
        .type = news->trouble == RO_KEY_CHANGED ? "key-changed" : "refused",
        .from = ro_member_id_is_zero(&news->from)
                    ? ""
                    : view_name(viewing, &news->from),
        .at_s = news->at_s,
        .text = "",
        .refused =
            ro_arena_text(viewing->arena, news->why.text[0] == '\0'
                                              ? ro_status_text(news->trouble)
                                              : news->why.text),
        .member = news->from,
    };
    return ret_event->refused == NULL ? RO_NO_MEMORY : RO_OK;
}

/* "Saltings Primary School joined the circle", "12 more members joined the
 * circle". */
static void
say_moved(const struct news *news,
          const char *who,
          const char *how,
          struct ro_buf *ret_what)
{
    if (ro_member_id_is_zero(&news->from)) {
        ro_buf_printf(ret_what, "%u more %s %s", news->n,
                      news->n == 1 ? "member" : "members", how);
    } else {
        ro_buf_printf(ret_what, "%s %s", who, how);
    }
}

static const char *
say_circle(const struct news *news, const char *who, struct ro_buf *ret_what)
{
    switch (news->kind) {
    case NEWS_JOINED:
        say_moved(news, who, "joined the circle", ret_what);
        return "joined";
    case NEWS_LEFT:
        say_moved(news, who, "left the circle", ret_what);
        return "left";
    case NEWS_RENAMED:
        if (news->why.text[0] != '\0') {
            ro_buf_printf(ret_what, "%s is now called %s", news->why.text, who);
        } else {
            say_moved(news, who, "got other names", ret_what);
        }
        return "renamed";
    case NEWS_RULES:
    case NEWS_MAIL:
        break;
    }
    ro_buf_printf(ret_what, "the circle's rules (circle.conf) changed");
    return "rules";
}

static enum ro_status
view_circle(const struct viewing *viewing,
            const struct news *news,
            struct ro_event *ret_event)
{
    RO_AUTOBUF what = {0};
    const char *who = ro_member_id_is_zero(&news->from)
                          ? ""
                          : view_name(viewing, &news->from);
    *ret_event = (struct ro_event){
        .type = say_circle(news, who, &what),
        .from = who,
        .at_s = news->at_s,
        .text = "",
        .member = news->from,
    };
    ro_buf_put_u8(&what, 0);
    RO_TRY(ro_buf_ok(&what));
    ret_event->what = ro_arena_text(viewing->arena, (const char *)what.data);
    return ret_event->what == NULL ? RO_NO_MEMORY : RO_OK;
}

static enum ro_status
find_step(const struct viewing *viewing,
          const struct story *story,
          const struct message *message,
          struct ro_event *ret_event)
{
    for (size_t i = 0; i < story->n_flow; i++) {
        const struct message *step = story_message(story, &story->flow[i]);
        if (memcmp(step->row.b, message->row.b, RO_ID_SIZE) == 0)
            return view_event(viewing, story, &story->flow[i], ret_event);
    }
    return RO_NOT_FOUND;
}

/* Loads the story of a request, unless it is the one that is there. */
static enum ro_status
turn_to(const struct viewing *viewing,
        const struct ro_request_id *request,
        struct story *story)
{
    if (story->messages.n > 0 &&
        ro_request_id_equal(&story->request.id, request))
        return RO_OK;
    story_fini(story);
    return story_load(viewing->engine, request, story);
}

/* Of a message whose request is not here nothing else shows the text: its ask
 * is still under way, or was for a seat that this one came after. */
static enum ro_status
say_early(const struct viewing *viewing,
          const struct message *message,
          struct ro_event *event)
{
    struct view_said said;
    enum ro_status s = view_said(viewing, message, &said);
    event->type = "early";
    event->refused = view_early;
    if (s == RO_OK)
        event->text = said.text;
    return story_is_unreadable(s) ? RO_OK : s;
}

/* A message that cannot be shown is told without its text. */
static enum ro_status
view_one_news(const struct viewing *viewing,
              const struct news *news,
              struct story *story,
              struct ro_event *ret_event)
{
    RO_AUTOMESSAGE message = {0};
    if (news->kind != NEWS_MAIL)
        return view_circle(viewing, news, ret_event);
    if (news->trouble != RO_OK)
        return view_trouble(viewing, news, ret_event);
    RO_TRY(message_get(viewing->engine->vault, &news->row, &message));
    enum ro_status s = RO_TOO_LARGE;
    if (!view_is_crowded(viewing))
        s = turn_to(viewing, &message.request, story);
    if (s == RO_OK)
        s = find_step(viewing, story, &message, ret_event);
    if (s != RO_NOT_FOUND && !story_is_unreadable(s))
        return s;
    *ret_event = (struct ro_event){
        .type = "message",
        .request = message.request,
        .thread = message.thread,
        .from = view_name(viewing, &message.side),
        .at_s = message.sent_at_s,
        .text = "",
        .message = message.id,
    };
    return s == RO_NOT_FOUND ? say_early(viewing, &message, ret_event) : RO_OK;
}

enum ro_status
view_news(const struct viewing *viewing, const struct news_list *news)
{
    struct ro_event *list =
        ro_arena_zero(viewing->arena, (news->n + 1) * sizeof(*list));
    RO_AUTOSTORY story = {0}; /* what comes is mostly of few requests */
    if (list == NULL)
        return RO_NO_MEMORY;
    for (size_t i = 0; i < news->n; i++)
        RO_TRY(view_one_news(viewing, &news->at[i], &story, &list[i]));
    viewing->result->events = list;
    viewing->result->n_events = news->n;
    return RO_OK;
}

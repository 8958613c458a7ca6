/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/pipeline/backlog.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/pipeline/broker_state.h"

#define ROOM_FIRST 16

struct backlog_frame {
    struct backlog_frame *next;
    size_t size;
    uint8_t bytes[];
};

enum ro_status
backlog_init(struct backlog *backlog, size_t sessions)
{
    backlog->places = calloc(sessions + 1, sizeof(*backlog->places));
    return backlog->places != NULL ? RO_OK : RO_NO_MEMORY;
}

/* --- lines --------------------------------------------------------------- */

static void
pop(struct backlog *backlog, struct backlog_line *line)
{
    struct backlog_frame *frame = line->first;
    line->first = frame->next;
    line->n_frames--;
    line->bytes -= frame->size;
    backlog->bytes -= frame->size;
    free(frame);
}

/* The last line takes the place of this one. */
static void
remove_line(struct backlog *backlog, size_t at)
{
    struct backlog_line *line = &backlog->lines[at];
    while (line->first != NULL)
        pop(backlog, line);
    backlog->places[line->to.slot] = 0;
    *line = backlog->lines[--backlog->n_lines];
    if (at < backlog->n_lines)
        backlog->places[line->to.slot] = (uint32_t)at + 1;
    if (backlog->n_lines == 0)
        backlog->retry_ms = 0;
}

static struct backlog_line *
line_of(const struct backlog *backlog, struct session_id id)
{
    if (id.slot == 0 || backlog->places[id.slot] == 0)
        return NULL;
    struct backlog_line *line = &backlog->lines[backlog->places[id.slot] - 1];
    return line->to.generation == id.generation ? line : NULL;
}

static struct backlog_line *
new_line(struct backlog *backlog, const struct broker_send *send)
{
    if (backlog->n_lines == backlog->room) {
        size_t room = backlog->room == 0 ? ROOM_FIRST : 2 * backlog->room;
        struct backlog_line *lines =
            reallocarray(backlog->lines, room, sizeof(*lines));
        if (lines == NULL)
            return NULL;
        backlog->lines = lines;
        backlog->room = room;
    }
    struct backlog_line *line = &backlog->lines[backlog->n_lines++];
    *line = (struct backlog_line){.to = send->to, .door = send->door};
    backlog->places[send->to.slot] = (uint32_t)backlog->n_lines;
    return line;
}

void
backlog_fini(struct backlog *backlog)
{
    while (backlog->n_lines > 0)
        remove_line(backlog, backlog->n_lines - 1);
    free(backlog->lines);
    free(backlog->places);
    *backlog = (struct backlog){0};
}

bool
backlog_has(const struct backlog *backlog, struct session_id id)
{
    return line_of(backlog, id) != NULL;
}

size_t
backlog_count(const struct backlog *backlog)
{
    size_t n = 0;
    for (size_t i = 0; i < backlog->n_lines; i++)
        n += backlog->lines[i].n_frames;
    return n;
}

void
backlog_forget(struct backlog *backlog, struct session_id id)
{
    if (backlog_has(backlog, id))
        remove_line(backlog, backlog->places[id.slot] - 1);
}

/* --- putting ------------------------------------------------------------- */

/* This peer does not read. */
static void
give_up(struct broker *broker, struct session_id id)
{
    struct session *session = sessions_find(broker->sessions, id);
    backlog_forget(&broker->backlog, id);
    if (session == NULL)
        return;
    broker->counters.dropped++;
    (void)broker_session_event(broker, session, SESSION_BROKE);
}

static struct session_id
longest(const struct backlog *backlog)
{
    const struct backlog_line *longest = &backlog->lines[0];
    for (size_t i = 1; i < backlog->n_lines; i++) {
        if (backlog->lines[i].bytes > longest->bytes)
            longest = &backlog->lines[i];
    }
    return longest->to;
}

static enum ro_status
append(struct broker *broker, const struct broker_send *send)
{
    struct backlog *backlog = &broker->backlog;
    struct backlog_line *line = line_of(backlog, send->to);
    struct backlog_frame *frame = malloc(sizeof(*frame) + send->frame.size);
    if (frame == NULL)
        return RO_NO_MEMORY;
    if (line == NULL)
        line = new_line(backlog, send);
    if (line == NULL) {
        free(frame);
        return RO_NO_MEMORY;
    }
    *frame = (struct backlog_frame){.size = send->frame.size};
    memcpy(frame->bytes, send->frame.data, send->frame.size);
    if (line->first == NULL) {
        line->moved_ms = broker->time.now_ms;
        line->first = frame;
    } else {
        line->last->next = frame;
    }
    line->last = frame;
    line->n_frames++;
    line->bytes += frame->size;
    backlog->bytes += frame->size;
    return RO_OK;
}

static bool
is_beyond(const struct backlog_line *line, size_t size)
{
    return line != NULL && (line->n_frames == BACKLOG_FRAMES_MAX ||
                            line->bytes + size > BACKLOG_BYTES_MAX);
}

void
backlog_put(struct broker *broker, const struct broker_send *send)
{
    struct backlog *backlog = &broker->backlog;
    size_t size = send->frame.size;
    if (is_beyond(line_of(backlog, send->to), size)) {
        give_up(broker, send->to);
        return;
    }
    while (backlog->bytes + size > BACKLOG_TOTAL_MAX) {
        struct session_id goes = longest(backlog);
        give_up(broker, goes);
        if (goes.slot == send->to.slot)
            return;
    }
    if (append(broker, send) != RO_OK) {
        give_up(broker, send->to);
        return;
    }
    if (backlog->retry_ms == 0)
        backlog->retry_ms = broker->time.now_ms + BACKLOG_RETRY_MS;
}

/* --- trying again -------------------------------------------------------- */

void
backlog_settle(struct broker *broker)
{
    struct backlog *backlog = &broker->backlog;
    if (backlog->round != BACKLOG_OFFERED)
        return;
    backlog->round = BACKLOG_TRIES;
    struct backlog_line *line = &backlog->lines[backlog->at];
    pop(backlog, line);
    line->moved_ms = broker->time.now_ms;
    if (line->first != NULL)
        return;
    struct session *session = sessions_find(broker->sessions, line->to);
    remove_line(backlog, backlog->at);
    /* pushes have waited for this */
    if (session != NULL)
        push_wake(broker, session);
}

void
backlog_refused(struct broker *broker)
{
    struct backlog *backlog = &broker->backlog;
    if (backlog->round != BACKLOG_OFFERED)
        return;
    backlog->round = BACKLOG_TRIES;
    const struct backlog_line *line = &backlog->lines[backlog->at];
    if (broker->time.now_ms - line->moved_ms >= BACKLOG_PATIENCE_MS) {
        give_up(broker, line->to);
    } else {
        backlog->at++;
    }
}

static bool
is_here(struct broker *broker, struct session_id id)
{
    const struct session *session = sessions_find(broker->sessions, id);
    return session != NULL && session->state != SESSION_CLOSING;
}

bool
backlog_next(struct broker *broker, struct broker_send *ret_send)
{
    struct backlog *backlog = &broker->backlog;
    int64_t now_ms = broker->time.now_ms;
    backlog_settle(broker);
    if (backlog->round == BACKLOG_RESTS) {
        if (backlog->n_lines == 0 || now_ms < backlog->retry_ms)
            return false;
        backlog->round = BACKLOG_TRIES;
        backlog->at = 0;
    }
    while (backlog->at < backlog->n_lines &&
           !is_here(broker, backlog->lines[backlog->at].to))
        remove_line(backlog, backlog->at);
    if (backlog->at < backlog->n_lines) {
        const struct backlog_line *line = &backlog->lines[backlog->at];
        *ret_send = (struct broker_send){
            .to = line->to,
            .door = line->door,
            .frame = {line->first->bytes, line->first->size},
        };
        backlog->round = BACKLOG_OFFERED;
        return true;
    }
    backlog->round = BACKLOG_RESTS;
    backlog->retry_ms = backlog->n_lines > 0 ? now_ms + BACKLOG_RETRY_MS : 0;
    return false;
}

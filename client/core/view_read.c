/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to read, and who an ask would reach. */
#include "client/core/view.h"

#include "client/core/compose.h"
#include "client/core/recipients.h"
#include "client/core/saving.h"
#include "client/core/sequence.h"
#include "client/core/verifying.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- messages ------------------------------------------------------------ */

/* A reading under way: messages are added, and their rows marked later. */
struct reading {
    const struct viewing *viewing;
    const struct ro_read *read;
    struct ro_message *at;
    size_t n;
    size_t room;
    struct ro_buf rows;
    struct sequence_gap *gaps; /* what is missing of whom */
    size_t n_gaps;
};

static enum ro_status
make_room(struct reading *reading)
{
    const struct viewing *viewing = reading->viewing;
    if (reading->n < reading->room)
        return RO_OK;
    size_t room = reading->room == 0 ? 64 : reading->room * 2;
    struct ro_message *more =
        ro_arena_take(viewing->arena, room * sizeof(*more));
    if (more == NULL)
        return RO_NO_MEMORY;
    if (reading->n > 0)
        memcpy(more, reading->at, reading->n * sizeof(*more));
    reading->at = more;
    reading->room = room;
    return RO_OK;
}

/* In the place of a request that cannot be read, or not here. */
static enum ro_status
add_notice(struct reading *reading,
           const struct request_row *request,
           const char *notice)
{
    RO_TRY(make_room(reading));
    reading->at[reading->n++] = (struct ro_message){
        .from = request->asker,
        .from_name = view_name(reading->viewing, &request->asker),
        .holder = "",
        .sent_at_s = request->first_seen_s,
        .text = "",
        .place = RO_PLACE_THEIRS,
        .doubt = notice,
    };
    return RO_OK;
}

static enum ro_status
add_message(struct reading *reading,
            const struct message *message,
            const struct ro_thread_id *thread)
{
    struct view_said said;
    const struct viewing *viewing = reading->viewing;
    RO_TRY(make_room(reading));
    const struct ro_attachment *files;
    size_t n_files;
    RO_TRY(view_said(viewing, message, &said));
    RO_TRY(saving_attachments(viewing, message, &files, &n_files));
    bool doubts = false;
    RO_TRY(verifying_doubts(viewing->engine, &message->writer, &doubts));
    reading->at[reading->n++] = (struct ro_message){
        .id = message->id,
        .thread = *thread,
        .from = message->side,
        .from_name = view_name(viewing, &message->side),
        .holder = said.holder,
        .sent_at_s = message->sent_at_s,
        .text = said.text,
        .outcome = said.outcome,
        .place = message->place,
        .failed = message_failure_text(message->failure),
        .doubt = doubts ? ro_status_text(RO_KEY_CHANGED) : NULL,
        .attachments = files,
        .n_attachments = n_files,
    };
    ro_buf_put(&reading->rows, message->row.b, RO_ID_SIZE);
    return ro_buf_ok(&reading->rows);
}

/* Whether a step is the last of its writer in its thread. */
static bool
is_newest(const struct story *story, size_t i)
{
    const struct flow_message *flow = &story->flow[i];
    for (size_t k = i + 1; k < story->n_flow; k++) {
        const struct flow_message *later = &story->flow[k];
        if (ro_seat_id_equal(&later->writer, &flow->writer) &&
            ro_thread_id_equal(&later->thread, &flow->thread))
            return false;
    }
    return true;
}

/* Says of a message that was just added what is missing before it. Pieces of
 * files have numbers, too. */
static enum ro_status
say_missing(struct reading *reading, const struct story *story, size_t i)
{
    const struct flow_message *flow = &story->flow[i];
    struct ro_message *shown = &reading->at[reading->n - 1];
    for (size_t k = 0; k < reading->n_gaps; k++) {
        char words[120];
        const struct sequence_gap *gap = &reading->gaps[k];
        if (shown->doubt != NULL ||
            !ro_seat_id_equal(&gap->seat, &flow->writer) ||
            !ro_thread_id_equal(&gap->thread, &flow->thread) ||
            !is_newest(story, i))
            continue;
        (void)snprintf(words, sizeof(words),
                       "%zu message%s or pieces of files before this one are "
                       "missing here, and were asked for again",
                       gap->n_missing, gap->n_missing == 1 ? "" : "s");
        shown->doubt = ro_arena_text(reading->viewing->arena, words);
        if (shown->doubt == NULL)
            return RO_NO_MEMORY;
    }
    return RO_OK;
}

/* Adds what is to be read of one story, in its order; `only` may be NULL. */
static enum ro_status
read_story(struct reading *reading,
           const struct story *story,
           const struct ro_thread_id *only)
{
    bool asked = false;
    for (size_t i = 0; i < story->n_flow; i++) {
        const struct flow_message *flow = &story->flow[i];
        const struct message *message = story_message(story, flow);
        if (!message_is_conversation(message->purpose))
            continue;
        if (reading->read->which == RO_READ_UNREAD &&
            message->read != MESSAGE_UNREAD)
            continue;
        if (only != NULL && !ro_thread_id_equal(&flow->thread, only) &&
            !ro_thread_id_is_zero(&flow->thread))
            continue;
        /* the bodies of one request for its audiences are read as one */
        bool asks = message->purpose == RO_PURPOSE_ASK;
        if (asks && asked)
            continue;
        asked = asked || asks;
        if (view_is_crowded(reading->viewing))
            return RO_TOO_LARGE;
        RO_TRY(add_message(reading, message, &flow->thread));
        RO_TRY(say_missing(reading, story, i));
    }
    return RO_OK;
}

static enum ro_status
read_all(struct reading *reading)
{
    struct engine *engine = reading->viewing->engine;
    RO_AUTOREQUESTS requests = {0};
    RO_TRY(request_row_all(engine->vault, &requests));
    for (size_t i = 0; i < requests.n; i++) {
        RO_AUTOSTORY story = {0};
        if (view_is_crowded(reading->viewing)) {
            return add_notice(reading, &requests.at[i],
                              "there is more than fits here; read it one "
                              "request after the other");
        }
        enum ro_status s = story_load(engine, &requests.at[i].id, &story);
        if (s == RO_OK)
            s = read_story(reading, &story, NULL);
        if (story_is_unreadable(s))
            s = add_notice(reading, &requests.at[i], view_unreadable);
        RO_TRY(s);
    }
    return RO_OK;
}

static enum ro_status
read_thread(struct reading *reading)
{
    const struct viewing *viewing = reading->viewing;
    struct find_choices choices = {0};
    RO_AUTOFOUND found = {0};
    enum ro_status s = find_thread(viewing->engine, reading->read->thread,
                                   viewing->why, &choices, &found);
    if (s == RO_AMBIGUOUS)
        RO_TRY(view_choices(viewing, &choices));
    RO_TRY(s);
    return read_story(reading, &found.story, &found.thread->id);
}

static enum ro_status
mark_read(struct vault *vault, const struct ro_buf *rows)
{
    for (size_t at = 0; at < rows->size; at += RO_ID_SIZE) {
        struct row_id row;
        RO_AUTOMESSAGE message = {0};
        memcpy(row.b, rows->data + at, RO_ID_SIZE);
        RO_TRY(message_get(vault, &row, &message));
        if (message.read == MESSAGE_READ)
            continue;
        message.read = MESSAGE_READ;
        RO_TRY(message_put(vault, &message));
    }
    return RO_OK;
}

static enum ro_status
commit_read(struct vault *vault, const struct ro_buf *rows)
{
    RO_TRY(vault_begin(vault));
    return vault_end(vault, mark_read(vault, rows));
}

/* What was written in conversations whose beginning is not here. Nothing is
 * folded of it, and nobody can answer it. */
static enum ro_status
read_strays(struct reading *reading)
{
    struct vault *vault = reading->viewing->engine->vault;
    RO_AUTOBUF rows = {0};
    RO_TRY(message_strays(vault, &rows));
    for (size_t at = 0; at < rows.size; at += RO_ID_SIZE) {
        struct row_id row;
        RO_AUTOMESSAGE message = {0};
        memcpy(row.b, rows.data + at, RO_ID_SIZE);
        RO_TRY(message_get(vault, &row, &message));
        if (reading->read->which == RO_READ_UNREAD &&
            message.read != MESSAGE_UNREAD)
            continue;
        if (view_is_crowded(reading->viewing))
            return RO_OK; /* the rest of it stays unread */
        RO_TRY(add_message(reading, &message, &message.thread));
        reading->at[reading->n - 1].doubt = view_early;
    }
    return RO_OK;
}

enum ro_status
view_read(const struct viewing *viewing, const struct ro_read *read)
{
    struct reading reading = {.viewing = viewing, .read = read};
    RO_TRY(
        sequence_gaps(viewing->engine->vault, &reading.gaps, &reading.n_gaps));
    enum ro_status s =
        read->thread == NULL ? read_all(&reading) : read_thread(&reading);
    if (s == RO_OK && read->thread == NULL)
        s = read_strays(&reading);
    if (s == RO_OK)
        s = commit_read(viewing->engine->vault, &reading.rows);
    ro_buf_fini(&reading.rows);
    free(reading.gaps);
    RO_TRY(s);
    viewing->result->messages = reading.at;
    viewing->result->n_messages = reading.n;
    return RO_OK;
}

/* --- an audience --------------------------------------------------------- */

static const char *
audience_name(const struct viewing *viewing, const Reachout__Audience *audience)
{
    char name[RO_NAME_LIMIT + 16];
    struct ro_member_id id;
    const struct ro_member_view *member = NULL;
    if (audience->group != NULL) {
        (void)snprintf(name, sizeof(name), "group:%s", audience->group);
    } else if (audience->has_coordinators) {
        (void)snprintf(name, sizeof(name), "coordinators");
    } else if (audience->member.len == RO_ID_SIZE) {
        char hex[RO_ID_HEX];
        memcpy(id.b, audience->member.data, RO_ID_SIZE);
        ro_hex(id.b, RO_ID_SIZE, hex);
        member = ro_directory_member(viewing->engine->directory, &id);
        if (member != NULL && member->urn != 0) {
            (void)snprintf(name, sizeof(name), "urn:%u", member->urn);
        } else {
            (void)snprintf(name, sizeof(name), "member:%s", hex);
        }
    } else {
        name[0] = '\0';
    }
    return ro_arena_text(viewing->arena, name);
}

static enum ro_status
view_one_audience(const struct viewing *viewing,
                  const Reachout__Audience *audience,
                  const struct ro_member_id *speaker,
                  struct ro_audience *ret_audience)
{
    RO_AUTORECIPIENTS reached = {0};
    RO_TRY(recipients_resolve(viewing->engine, audience, speaker, viewing->why,
                              &reached));
    *ret_audience = (struct ro_audience){
        .who = audience_name(viewing, audience),
        .what = "text",
        .members = reached.n_members,
    };
    for (size_t i = 0; i < reached.n_members; i++) {
        ret_audience->seats +=
            ro_directory_member(viewing->engine->directory, &reached.members[i])
                ->n_live;
    }
    return ret_audience->who == NULL ? RO_NO_MEMORY : RO_OK;
}

enum ro_status
view_left_out(const struct viewing *viewing, const struct recipients *members)
{
    struct ro_result *result = viewing->result;
    const char **list =
        ro_arena_zero(viewing->arena, (members->n_members + 1) * sizeof(*list));
    if (list == NULL)
        return RO_NO_MEMORY;
    result->left_out = list;
    result->n_left_out = 0;
    for (size_t i = 0; i < members->n_members; i++) {
        struct ro_why doubt = {""};
        enum ro_status s =
            verifying_may_send(viewing->engine, &members->members[i], &doubt);
        if (s == RO_OK)
            continue;
        if (s != RO_KEY_CHANGED)
            return s;
        list[result->n_left_out] = ro_arena_text(viewing->arena, doubt.text);
        if (list[result->n_left_out++] == NULL)
            return RO_NO_MEMORY;
        if (result->n_left_out == 1)
            result->to_compare = members->members[i];
    }
    return RO_OK;
}

/* Whom another member's words reached is not for us to doubt. */
static enum ro_status
list_all(const struct viewing *viewing, const struct recipients *reached)
{
    const char **list =
        ro_arena_zero(viewing->arena, (reached->n_members + 1) * sizeof(*list));
    if (list == NULL)
        return RO_NO_MEMORY;
    for (size_t i = 0; i < reached->n_members; i++)
        list[i] = view_name(viewing, &reached->members[i]);
    viewing->result->readers = list;
    viewing->result->n_readers = reached->n_members;
    return RO_OK;
}

/* Those who are in doubt get nothing of ours yet, and read nothing. */
static enum ro_status
list_readers(const struct viewing *viewing, const struct recipients *reached)
{
    size_t n = 0;
    const char **list =
        ro_arena_zero(viewing->arena, (reached->n_members + 1) * sizeof(*list));
    if (list == NULL)
        return RO_NO_MEMORY;
    for (size_t i = 0; i < reached->n_members; i++) {
        enum ro_status s =
            verifying_may_send(viewing->engine, &reached->members[i], NULL);
        if (s != RO_KEY_CHANGED)
            RO_TRY(s);
        if (s == RO_OK)
            list[n++] = view_name(viewing, &reached->members[i]);
    }
    viewing->result->readers = list;
    viewing->result->n_readers = n;
    return view_left_out(viewing, reached);
}

enum ro_status
view_audience(const struct viewing *viewing,
              const struct view_audience *audience)
{
    RO_AUTORECIPIENTS readers = {0};
    struct ro_audience *list =
        ro_arena_zero(viewing->arena, (audience->n + 1) * sizeof(*list));
    if (list == NULL)
        return RO_NO_MEMORY;
    RO_TRY(recipients_add(&readers, audience->speaker));
    for (size_t i = 0; i < audience->n; i++) {
        RO_TRY(view_one_audience(viewing, audience->names[i], audience->speaker,
                                 &list[i]));
        RO_TRY(recipients_resolve(viewing->engine, audience->names[i],
                                  audience->speaker, viewing->why, &readers));
    }
    viewing->result->audience = list;
    viewing->result->n_audience = audience->n;
    return ro_member_id_equal(audience->speaker,
                              &viewing->engine->keyring->member_id)
               ? list_readers(viewing, &readers)
               : list_all(viewing, &readers);
}

enum ro_status
view_ask(const struct viewing *viewing, const struct ro_ask *ask)
{
    struct compose_audience to;
    RO_TRY(compose_check_ask(viewing->engine, ask, viewing->arena, viewing->why,
                             &to));
    const struct view_audience audience = {
        to.list, to.n, &viewing->engine->keyring->member_id};
    return view_audience(viewing, &audience);
}

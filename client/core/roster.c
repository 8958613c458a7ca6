/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/roster.h"

#include "client/core/row.h"

#include <stdio.h>
#include <string.h>

/* Counted apart: what may come in any number. */
#define N_KINDS (NEWS_RENAMED + 1)

void
roster_fini(struct roster *roster)
{
    ro_buf_fini(&roster->people);
    ro_buf_fini(&roster->rules);
}

/* --- the circle before --------------------------------------------------- */

enum ro_status
roster_look(const struct engine *engine, struct roster *ret_roster)
{
    const struct ro_directory *directory = engine->directory;
    const struct ro_charter_view *charter = ro_directory_charter(directory);
    const struct ro_member_view *member;
    if (engine->keyring->enrolment != RO_ENROL_ADMITTED || charter == NULL)
        return RO_OK;
    ret_roster->state = ROSTER_WATCHED;
    ro_buf_put(&ret_roster->rules, charter->circle_conf,
               strlen(charter->circle_conf));
    while ((member = ro_directory_nth_member(directory, ret_roster->n)) !=
           NULL) {
        ro_buf_put_u8(&ret_roster->people, (uint8_t)member->standing);
        ro_buf_put(&ret_roster->people, member->name, strlen(member->name) + 1);
        ret_roster->n++;
    }
    RO_TRY(ro_buf_ok(&ret_roster->rules));
    return ro_buf_ok(&ret_roster->people);
}

/* --- what was noted ------------------------------------------------------ */

/* Row "roster": how many more than are named, by kind; when; then each that is
 * named: its kind, its id, and what its name was. */
struct noted {
    uint32_t more[N_KINDS];
    uint32_t n_named;
    uint8_t rules; /* whether they are others */
    int64_t at_s;  /* when the last of it was heard */
    struct ro_buf named;
    size_t n_fresh; /* that this sync added; not in the row */
};

static void
noted_fini(struct noted *noted)
{
    ro_buf_fini(&noted->named);
}
#define AUTONOTED RO_CLEANUP(noted_fini) struct noted

static enum ro_status
get(const struct engine *engine, struct noted *ret_noted)
{
    RO_AUTOBUF value = {0};
    enum ro_status s =
        vault_get(engine->vault, VAULT_STATE, ro_bytes_text("roster"), &value);
    if (s == RO_NOT_FOUND)
        return RO_OK;
    RO_TRY(s);
    struct row_reader row = row_read(ro_buf_view(&value));
    for (size_t i = 0; i < N_KINDS; i++)
        ret_noted->more[i] = row_u32(&row);
    ret_noted->n_named = row_u32(&row);
    ret_noted->rules = row_u8(&row);
    ret_noted->at_s = (int64_t)row_u64(&row);
    row_copy(&row, &ret_noted->named);
    RO_TRY(ro_buf_ok(&ret_noted->named));
    return row_end(&row);
}

static enum ro_status
put(struct engine *engine, const struct noted *noted)
{
    RO_AUTOBUF row = {0};
    const struct vault_place place = {
        VAULT_STATE, ro_bytes_text("roster"), {0}};
    for (size_t i = 0; i < N_KINDS; i++)
        ro_buf_put_u32(&row, noted->more[i]);
    ro_buf_put_u32(&row, noted->n_named);
    ro_buf_put_u8(&row, noted->rules);
    ro_buf_put_u64(&row, (uint64_t)noted->at_s);
    row_put_piece(&row, ro_buf_view(&noted->named));
    RO_TRY(ro_buf_ok(&row));
    return vault_put(engine->vault, &place, ro_buf_view(&row));
}

/* --- noting -------------------------------------------------------------- */

/* How many of that kind are named: of that member, or, NULL, of any. */
static size_t
count_named(const struct noted *noted,
            enum news_kind kind,
            const struct ro_member_id *member)
{
    size_t n = 0;
    struct row_reader row = row_read(ro_buf_view(&noted->named));
    for (uint32_t i = 0; i < noted->n_named; i++) {
        struct ro_member_id id;
        const uint8_t of = row_u8(&row);
        row_fixed(&row, id.b, RO_ID_SIZE);
        (void)row_piece(&row);
        if (of == kind && (member == NULL || ro_member_id_equal(&id, member)))
            n++;
    }
    return n;
}

/* Whether a new name of that member waits to be told already: what it was
 * called before is what people know. */
static bool
is_renamed(const struct noted *noted, const struct ro_member_id *member)
{
    return count_named(noted, NEWS_RENAMED, member) > 0;
}

static void
add(struct noted *noted,
    enum news_kind kind,
    const struct ro_member_view *member,
    const char *was)
{
    noted->n_fresh++;
    if (count_named(noted, kind, NULL) == ROSTER_NAMED) {
        noted->more[kind]++;
        return;
    }
    noted->n_named++;
    ro_buf_put_u8(&noted->named, (uint8_t)kind);
    ro_buf_put(&noted->named, member->id.b, RO_ID_SIZE);
    row_put_piece(&noted->named, ro_bytes_text(was));
}

/* `standing` is NULL for one that was not there before. */
static void
compare(struct noted *noted,
        const struct ro_member_view *member,
        const uint8_t *standing,
        const char *was)
{
    if (member->standing != RO_MEMBER_LIVE) {
        if (standing != NULL && *standing == RO_MEMBER_LIVE)
            add(noted, NEWS_LEFT, member, was);
    } else if (standing == NULL) {
        add(noted, NEWS_JOINED, member, "");
    } else if (strcmp(was, member->name) != 0 &&
               !is_renamed(noted, &member->id)) {
        add(noted, NEWS_RENAMED, member, was);
    }
}

/* Members keep their places; new ones come after those that were there. */
static void
compare_all(const struct engine *engine,
            const struct roster *before,
            struct noted *noted)
{
    const struct ro_member_view *member;
    const uint8_t *at = before->people.data;
    for (size_t i = 0;
         (member = ro_directory_nth_member(engine->directory, i)) != NULL;
         i++) {
        if (i >= before->n) {
            compare(noted, member, NULL, "");
            continue;
        }
        const char *was = (const char *)at + 1;
        compare(noted, member, at, was);
        at += 1 + strlen(was) + 1;
    }
}

enum ro_status
roster_note(struct engine *engine, const struct roster *before)
{
    AUTONOTED noted = {0};
    if (before->state == ROSTER_UNWATCHED)
        return RO_OK;
    RO_TRY(get(engine, &noted));
    compare_all(engine, before, &noted);
    const struct ro_charter_view *charter =
        ro_directory_charter(engine->directory);
    if (!ro_bytes_equal(ro_bytes_text(charter->circle_conf),
                        ro_buf_view(&before->rules))) {
        noted.rules = 1;
        noted.n_fresh++;
    }
    if (noted.n_fresh == 0)
        return RO_OK;
    noted.at_s = engine_now_s(engine);
    RO_TRY(ro_buf_ok(&noted.named));
    return put(engine, &noted);
}

/* --- telling ------------------------------------------------------------- */

/* One that is named. Who has its former name again has no other one. */
static enum ro_status
tell_named(const struct engine *engine,
           struct row_reader *row,
           struct news *one,
           struct news_list *news)
{
    one->kind = (enum news_kind)row_u8(row);
    row_fixed(row, one->from.b, RO_ID_SIZE);
    const struct ro_bytes was = row_piece(row);
    const struct ro_member_view *member =
        ro_directory_member(engine->directory, &one->from);
    if (row->failed || member == NULL)
        return RO_VAULT_DAMAGED;
    (void)snprintf(one->why.text, sizeof(one->why.text), "%.*s", (int)was.size,
                   (const char *)was.data);
    if (one->kind == NEWS_RENAMED && strcmp(one->why.text, member->name) == 0)
        return RO_OK;
    return news_add(news, one);
}

static enum ro_status
tell_all(const struct engine *engine,
         const struct noted *noted,
         struct news_list *news)
{
    struct row_reader row = row_read(ro_buf_view(&noted->named));
    for (uint32_t i = 0; i < noted->n_named; i++) {
        struct news one = {.n = 1, .at_s = noted->at_s};
        RO_TRY(tell_named(engine, &row, &one, news));
    }
    RO_TRY(row_end(&row));
    for (size_t i = 0; i < N_KINDS; i++) {
        const struct news one = {.kind = (enum news_kind)i,
                                 .n = noted->more[i],
                                 .at_s = noted->at_s};
        if (one.n > 0)
            RO_TRY(news_add(news, &one));
    }
    const struct news rules = {.kind = NEWS_RULES, .n = 1, .at_s = noted->at_s};
    return noted->rules == 0 ? RO_OK : news_add(news, &rules);
}

enum ro_status
roster_tell(struct engine *engine, struct news_list *news)
{
    AUTONOTED noted = {0};
    RO_TRY(get(engine, &noted));
    if (noted.n_named == 0 && noted.rules == 0)
        return RO_OK;
    RO_TRY(tell_all(engine, &noted, news));
    RO_TRY(vault_begin(engine->vault));
    return vault_end(engine->vault, vault_drop(engine->vault, VAULT_STATE,
                                               ro_bytes_text("roster")));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/find.h"

#include <string.h>

static bool
fits(const uint8_t id[static RO_ID_SIZE], const char *prefix)
{
    char hex[RO_ID_HEX];
    ro_hex(id, RO_ID_SIZE, hex);
    return strncmp(hex, prefix, strlen(prefix)) == 0;
}

enum ro_status
find_check(const char *prefix, struct ro_why *why)
{
    size_t size = strlen(prefix);
    if (size == 0 || size >= RO_ID_HEX ||
        strspn(prefix, "0123456789abcdef") != size) {
        return ro_why(why, RO_BAD_INPUT,
                      "'%.40s' is no id; ids are lower-case hex digits",
                      prefix);
    }
    return RO_OK;
}

static void
add_choice(struct find_choices *choices,
           const uint8_t id[static RO_ID_SIZE],
           const struct ro_member_id *with)
{
    static const struct ro_member_id nobody;
    if (choices->n == RO_LEN(choices->hex))
        return;
    ro_hex(id, RO_ID_SIZE, choices->hex[choices->n]);
    choices->with[choices->n++] = with == NULL ? nobody : *with;
}

/* What a search found so far; the second one makes it ambiguous. */
struct search {
    struct engine *engine;
    const char *prefix;
    struct find_choices *choices;
    size_t n_found;
    struct ro_request_id request;
    struct ro_thread_id thread; /* zero: the request itself fits */
};

static void
found(struct search *search,
      const struct ro_request_id *request,
      const struct ro_thread_id *thread)
{
    static const struct ro_thread_id none;
    search->n_found++;
    search->request = *request;
    search->thread = thread == NULL ? none : *thread;
    add_choice(search->choices, thread == NULL ? request->b : thread->b, NULL);
}

/* For whoever was asked there is one thread, and its id derives. */
static enum ro_status
search_asked(struct search *search, const struct request_row *request)
{
    struct ro_thread_id id;
    ro_thread_id_of(&request->id, &request->asker,
                    &search->engine->keyring->member_id, &id);
    if (fits(id.b, search->prefix))
        found(search, &request->id, &id);
    return RO_OK;
}

/* For the asker a thread begins when the counterpart first writes. */
static enum ro_status
search_asker(struct search *search, const struct request_row *request)
{
    RO_AUTOMESSAGES messages = {0};
    RO_TRY(message_list(search->engine->vault, &request->id, &messages));
    for (size_t i = 0; i < messages.n; i++) {
        const struct message *message = &messages.at[i];
        bool first = !ro_member_id_equal(&message->side, &request->asker) &&
                     !ro_thread_id_is_zero(&message->thread);
        for (size_t k = 0; first && k < i; k++) {
            if (ro_thread_id_equal(&messages.at[k].thread, &message->thread) &&
                !ro_member_id_equal(&messages.at[k].side, &request->asker))
                first = false;
        }
        if (first && fits(message->thread.b, search->prefix))
            found(search, &request->id, &message->thread);
    }
    return RO_OK;
}

/* Nothing is folded here: that would read every content there is. */
static enum ro_status
search_threads(struct search *search, const struct request_row *request)
{
    return ro_member_id_equal(&request->asker,
                              &search->engine->keyring->member_id)
               ? search_asker(search, request)
               : search_asked(search, request);
}

static enum ro_status
search_all(struct search *search, struct ro_why *why)
{
    RO_AUTOREQUESTS requests = {0};
    RO_TRY(find_check(search->prefix, why));
    RO_TRY(request_row_all(search->engine->vault, &requests));
    for (size_t i = 0; i < requests.n; i++) {
        if (fits(requests.at[i].id.b, search->prefix))
            found(search, &requests.at[i].id, NULL);
    }
    if (search->n_found == 0) {
        for (size_t i = 0; i < requests.n; i++)
            RO_TRY(search_threads(search, &requests.at[i]));
    }
    if (search->n_found > 1) {
        return ro_why(why, RO_AMBIGUOUS, "'%s' begins more than one id",
                      search->prefix);
    }
    if (search->n_found == 0) {
        return ro_why(why, RO_NOT_FOUND,
                      "no request or thread here begins with '%s'; run sync?",
                      search->prefix);
    }
    return RO_OK;
}

enum ro_status
find_request(struct engine *engine,
             const char *prefix,
             struct ro_why *why,
             struct find_choices *choices,
             struct ro_request_id *ret_request)
{
    struct search search = {
        .engine = engine, .prefix = prefix, .choices = choices};
    RO_TRY(search_all(&search, why));
    choices->n = 0;
    *ret_request = search.request;
    return RO_OK;
}

void
find_thread_fini(struct found_thread *found)
{
    story_fini(&found->story);
    found->thread = NULL;
}

/* The one open thread of a request. */
static enum ro_status
only_thread(const struct story *story,
            struct ro_why *why,
            struct find_choices *choices,
            const struct story_thread **ret_thread)
{
    const struct story_thread *only = NULL;
    size_t n_open = 0;
    choices->n = 0;
    for (size_t i = 0; i < story->n_threads; i++) {
        if (intro_state_is_end(story->threads[i].state))
            continue;
        only = &story->threads[i];
        n_open++;
        add_choice(choices, only->id.b, &only->with);
    }
    if (n_open > 1) {
        return ro_why(why, RO_AMBIGUOUS,
                      "this request has %zu open conversations; name one",
                      n_open);
    }
    if (only == NULL) {
        return ro_why(why, RO_NOT_FOUND,
                      "this request has no open conversation here");
    }
    choices->n = 0;
    *ret_thread = only;
    return RO_OK;
}

enum ro_status
find_thread(struct engine *engine,
            const char *prefix,
            struct ro_why *why,
            struct find_choices *choices,
            struct found_thread *ret_found)
{
    struct search search = {
        .engine = engine, .prefix = prefix, .choices = choices};
    *ret_found = (struct found_thread){0};
    RO_TRY(search_all(&search, why));
    choices->n = 0;
    RO_TRY(story_load(engine, &search.request, &ret_found->story));
    if (ro_thread_id_is_zero(&search.thread)) {
        return only_thread(&ret_found->story, why, choices, &ret_found->thread);
    }
    ret_found->thread = story_thread(&ret_found->story, &search.thread);
    return ret_found->thread == NULL ? RO_NOT_FOUND : RO_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/verifying.h"

#include "client/core/recipients.h"
#include "client/core/row.h"
#include "common/crypto/fingerprint.h"
#include "common/crypto/words.h"

#include <string.h>

/* What was told of a member's key, and what a person here has said of it.
 * Records are counted from 1. */
struct verifying {
    uint64_t told;     /* the newest replacement that an event told of */
    int64_t told_at_s; /* and when */
    uint64_t compared; /* size of the directory at the last comparison */
    char shown[RO_SAFETY_DIGITS + 1]; /* the number shown last; "": none */
};

static enum ro_status
get(const struct engine *engine,
    const struct ro_member_id *member,
    struct verifying *ret_verifying)
{
    RO_AUTOBUF value = {0};
    *ret_verifying = (struct verifying){0};
    enum ro_status s =
        vault_get(engine->vault, VAULT_COMPARED,
                  (struct ro_bytes){member->b, RO_ID_SIZE}, &value);
    if (s == RO_NOT_FOUND)
        return RO_OK;
    RO_TRY(s);
    struct row_reader row = row_read(ro_buf_view(&value));
    ret_verifying->told = row_u64(&row);
    ret_verifying->told_at_s = (int64_t)row_u64(&row);
    ret_verifying->compared = row_u64(&row);
    row_fixed(&row, (uint8_t *)ret_verifying->shown, RO_SAFETY_DIGITS);
    return row_end(&row);
}

static enum ro_status
put(struct engine *engine,
    const struct ro_member_id *member,
    const struct verifying *verifying)
{
    RO_AUTOBUF row = {0};
    const struct vault_place place = {
        VAULT_COMPARED, {member->b, RO_ID_SIZE},
         {0        }
    };
    ro_buf_put_u64(&row, verifying->told);
    ro_buf_put_u64(&row, (uint64_t)verifying->told_at_s);
    ro_buf_put_u64(&row, verifying->compared);
    ro_buf_put(&row, verifying->shown, RO_SAFETY_DIGITS);
    RO_TRY(ro_buf_ok(&row));
    RO_TRY(vault_begin(engine->vault));
    return vault_end(engine->vault,
                     vault_put(engine->vault, &place, ro_buf_view(&row)));
}

/* --- how a key stands ---------------------------------------------------- */

static bool
is_us(const struct engine *engine, const struct ro_member_id *member)
{
    return ro_member_id_equal(member, &engine->keyring->member_id);
}

/* A key that was replaced before this seat was in the circle is the first that
 * it has known. */
static bool
is_changed(const struct engine *engine,
           const struct verifying *verifying,
           const struct ro_member_view *member)
{
    const struct ro_seat_view *own =
        ro_directory_seat(engine->directory, &engine->keyring->seat);
    return member->replaced_at > verifying->compared &&
           (own == NULL || member->replaced_at > own->since);
}

enum ro_status
verifying_look(const struct engine *engine,
               const struct ro_member_view *member,
               enum ro_verified *ret_verified)
{
    struct verifying verifying;
    RO_TRY(get(engine, &member->id, &verifying));
    *ret_verified = is_us(engine, &member->id) ? RO_VERIFIED_NEVER
                    : is_changed(engine, &verifying, member)
                        ? RO_VERIFIED_NO_LONGER
                    : verifying.compared > 0 ? RO_VERIFIED_COMPARED
                                             : RO_VERIFIED_NEVER;
    return RO_OK;
}

/* Since when, as far as this seat knows. */
static void
say_changed(const struct verifying *verifying,
            const struct ro_member_view *member,
            struct ro_why *ret_why)
{
    char hex[RO_ID_HEX];
    char when[RO_RFC3339_SIZE] = "just now";
    ro_hex(member->id.b, RO_ID_SIZE, hex);
    if (verifying->told == member->replaced_at)
        ro_time_format(verifying->told_at_s, when);
    (void)ro_why(ret_why, RO_KEY_CHANGED,
                 "the authority replaced the key of %.60s (record %llu, seen "
                 "here %.10s); compare the safety number by telephone, then: "
                 "reachout verify %.12s --confirm",
                 member->name, (unsigned long long)member->replaced_at, when,
                 hex);
}

enum ro_status
verifying_may_send(const struct engine *engine,
                   const struct ro_member_id *member,
                   struct ro_why *why)
{
    struct verifying verifying;
    struct ro_why words = {""};
    const struct ro_member_view *view =
        ro_directory_member(engine->directory, member);
    if (view == NULL || view->replaced_at == 0 || is_us(engine, member))
        return RO_OK;
    RO_TRY(get(engine, member, &verifying));
    if (!is_changed(engine, &verifying, view))
        return RO_OK;
    say_changed(&verifying, view, &words);
    return ro_why(why, RO_KEY_CHANGED, "%s", words.text);
}

enum ro_status
verifying_doubts(const struct engine *engine,
                 const struct ro_seat_id *seat,
                 bool *ret_doubts)
{
    enum ro_verified verified = RO_VERIFIED_NEVER;
    const struct ro_seat_view *view =
        ro_directory_seat(engine->directory, seat);
    const struct ro_member_view *member =
        view == NULL ? NULL
                     : ro_directory_member(engine->directory, &view->member);
    if (member != NULL && member->replaced_at != 0 &&
        view->since > member->replaced_at)
        RO_TRY(verifying_look(engine, member, &verified));
    *ret_doubts = verified == RO_VERIFIED_NO_LONGER;
    return RO_OK;
}

/* --- telling it ---------------------------------------------------------- */

static enum ro_status
tell_one(struct engine *engine,
         const struct ro_member_view *member,
         struct news_list *news)
{
    struct verifying verifying;
    struct news one = {.trouble = RO_KEY_CHANGED,
                       .from = member->id,
                       .at_s = engine_now_s(engine)};
    RO_TRY(get(engine, &member->id, &verifying));
    if (verifying.told >= member->replaced_at ||
        !is_changed(engine, &verifying, member))
        return RO_OK;
    verifying.told = member->replaced_at;
    verifying.told_at_s = one.at_s;
    say_changed(&verifying, member, &one.why);
    struct news *more = reallocarray(news->at, news->n + 1, sizeof(*more));
    if (more == NULL)
        return RO_NO_MEMORY;
    news->at = more;
    RO_TRY(put(engine, &member->id, &verifying));
    more[news->n++] = one;
    return RO_OK;
}

enum ro_status
verifying_tell(struct engine *engine, struct news_list *news)
{
    const struct ro_member_view *member;
    for (size_t i = 0;
         (member = ro_directory_nth_member(engine->directory, i)) != NULL;
         i++) {
        if (member->replaced_at != 0 && member->standing == RO_MEMBER_LIVE &&
            !is_us(engine, &member->id))
            RO_TRY(tell_one(engine, member, news));
    }
    return RO_OK;
}

/* --- comparing ----------------------------------------------------------- */

static struct ro_fingerprint_side
side_of(const struct ro_member_view *member)
{
    return (struct ro_fingerprint_side){
        {member->key.b, RO_KEY_SIZE},
        {member->id.b,  RO_ID_SIZE }
    };
}

/* In groups of five digits, as people read them out. */
static void
group(const char digits[static RO_SAFETY_DIGITS + 1], char *ret_grouped)
{
    size_t n = 0;
    for (size_t i = 0; i < RO_SAFETY_DIGITS; i++) {
        if (i > 0 && i % 5 == 0)
            ret_grouped[n++] = ' ';
        ret_grouped[n++] = digits[i];
    }
    ret_grouped[n] = '\0';
}

static enum ro_status
show(const struct viewing *viewing,
     const struct ro_member_view *member,
     const char digits[static RO_SAFETY_DIGITS + 1])
{
    struct ro_result *result = viewing->result;
    char grouped[RO_SAFETY_DIGITS * 6 / 5 + 1];
    struct ro_member *one = ro_arena_zero(viewing->arena, sizeof(*one));
    const char **words =
        ro_arena_zero(viewing->arena, RO_SAFETY_WORDS * sizeof(*words));
    group(digits, grouped);
    result->number = ro_arena_text(viewing->arena, grouped);
    if (one == NULL || words == NULL || result->number == NULL)
        return RO_NO_MEMORY;
    ro_words_of_number(digits, words);
    *one = (struct ro_member){.id = member->id,
                              .urn = member->urn,
                              .name = view_name(viewing, &member->id),
                              .phase = "",
                              .km = -1,
                              .live = member->n_live};
    RO_TRY(verifying_look(viewing->engine, member, &one->verified));
    result->words = words;
    result->n_words = RO_SAFETY_WORDS;
    result->members = one;
    result->n_members = 1;
    return RO_OK;
}

/* Confirmed is what was shown: a key that was replaced between the two was
 * compared by nobody. */
static enum ro_status
note(const struct viewing *viewing,
     const struct ro_verify *verify,
     const struct ro_member_view *member,
     const char digits[static RO_SAFETY_DIGITS + 1])
{
    struct engine *engine = viewing->engine;
    struct verifying verifying;
    RO_TRY(get(engine, &member->id, &verifying));
    const struct verifying before = verifying;
    if (verify->how == RO_VERIFY_CONFIRM && verifying.shown[0] != '\0' &&
        strcmp(verifying.shown, digits) != 0) {
        return ro_why(viewing->why, RO_KEY_CHANGED,
                      "the safety number is not the one that was shown last; "
                      "look at it without --confirm, and compare it again");
    }
    memcpy(verifying.shown, digits, RO_SAFETY_DIGITS + 1);
    if (verify->how == RO_VERIFY_CONFIRM)
        verifying.compared = ro_directory_size(engine->directory);
    if (strcmp(before.shown, verifying.shown) == 0 &&
        before.compared == verifying.compared)
        return RO_OK;
    return put(engine, &member->id, &verifying);
}

enum ro_status
view_verify(const struct viewing *viewing, const struct ro_verify *verify)
{
    char digits[RO_SAFETY_DIGITS + 1];
    const struct ro_member_view *self = engine_member(viewing->engine);
    const struct ro_member_view *member = NULL;
    RO_TRY(recipients_member(viewing->engine, verify->member, viewing->why,
                             &member));
    if (self == NULL) {
        return ro_why(viewing->why, RO_FORBIDDEN,
                      "this seat is not admitted yet; run sync, or ask the "
                      "authority");
    }
    if (is_us(viewing->engine, &member->id)) {
        return ro_why(viewing->why, RO_BAD_INPUT,
                      "that is this member itself; name the one to compare "
                      "with");
    }
    const struct ro_fingerprint_side ours = side_of(self);
    const struct ro_fingerprint_side theirs = side_of(member);
    ro_safety_number(&ours, &theirs, digits);
    RO_TRY(note(viewing, verify, member, digits));
    return show(viewing, member, digits);
}

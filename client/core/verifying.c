/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/verifying.h"

#include "client/core/recipients.h"
#include "client/core/row.h"
#include "common/crypto/fingerprint.h"
#include "common/crypto/words.h"
#include "common/wire/rules.h"

#include <string.h>

/* What a name may take up in a sentence that says what to do. */
#define NAME_ROOM 40

/* What was told of a member, and what a person here has said of it. Records
 * are counted from 1. */
struct verifying {
    uint64_t told;     /* the newest change that an event told of */
    int64_t told_at_s; /* and when */
    uint64_t compared; /* size of the directory at the last comparison */
    uint32_t urn;      /* who it was compared as: this school */
    char name[RO_NAME_LIMIT + 1];     /* of this name */
    uint64_t seen;                    /* size of the directory at the showing */
    char shown[RO_SAFETY_DIGITS + 1]; /* the number shown last; "": none */
};

/* Why a member may be somebody else than the one that is known here. */
struct doubt {
    enum {
        DOUBT_NONE,
        DOUBT_KEY,     /* the authority alone replaced its key */
        DOUBT_ANOTHER, /* it has the URN or name of one that we knew */
        DOUBT_NAME,    /* it was compared as somebody of another name or URN */
    } kind;
    uint64_t at; /* the record that brought it */
};

static void
take_name(struct ro_bytes name, struct verifying *verifying)
{
    const size_t size =
        name.size < RO_NAME_LIMIT ? name.size : (size_t)RO_NAME_LIMIT;
    if (size > 0)
        memcpy(verifying->name, name.data, size);
    verifying->name[size] = '\0';
}

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
    ret_verifying->urn = row_u32(&row);
    take_name(row_piece(&row), ret_verifying);
    ret_verifying->seen = row_u64(&row);
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
    ro_buf_put_u32(&row, verifying->urn);
    row_put_piece(&row, ro_bytes_text(verifying->name));
    ro_buf_put_u64(&row, verifying->seen);
    ro_buf_put(&row, verifying->shown, RO_SAFETY_DIGITS);
    RO_TRY(ro_buf_ok(&row));
    RO_TRY(vault_begin(engine->vault));
    return vault_end(engine->vault,
                     vault_put(engine->vault, &place, ro_buf_view(&row)));
}

/* --- how a member stands ------------------------------------------------- */

static bool
is_us(const struct engine *engine, const struct ro_member_id *member)
{
    return ro_member_id_equal(member, &engine->keyring->member_id);
}

/* Whether anybody at all can be in doubt about it: most never are. */
static bool
is_doubtful(const struct engine *engine, const struct ro_member_view *member)
{
    return member != NULL && member->standing == RO_MEMBER_LIVE &&
           !is_us(engine, &member->id) &&
           (member->replaced_at != 0 || member->who_freed != 0 ||
            member->named_at != member->since);
}

/* The newest reason. A seat that came to the circle after a key was replaced,
 * or after the earlier member of a URN or name was gone, has never known the
 * other one. */
static struct doubt
doubt_of(const struct engine *engine,
         const struct verifying *verifying,
         const struct ro_member_view *member)
{
    struct doubt doubt = {DOUBT_NONE, verifying->compared};
    const struct ro_seat_view *own =
        ro_directory_seat(engine->directory, &engine->keyring->seat);
    const uint64_t here_since = own == NULL ? 0 : own->since;
    if (!is_doubtful(engine, member))
        return doubt;
    if (member->replaced_at > here_since && member->replaced_at > doubt.at)
        doubt = (struct doubt){DOUBT_KEY, member->replaced_at};
    if (member->who_freed > here_since && member->who_since > doubt.at)
        doubt = (struct doubt){DOUBT_ANOTHER, member->who_since};
    if (verifying->compared > 0 && member->named_at >= doubt.at &&
        (member->urn != verifying->urn ||
         strcmp(member->name, verifying->name) != 0))
        doubt = (struct doubt){DOUBT_NAME, member->named_at};
    return doubt;
}

/* The beginning of a name, in whole characters. */
static void
shorten(const char *name, char ret_short[static NAME_ROOM])
{
    size_t n = strnlen(name, NAME_ROOM - 1);
    while (n > 0 && ((unsigned char)name[n] & 0xC0) == 0x80)
        n--;
    memcpy(ret_short, name, n);
    ret_short[n] = '\0';
}

static void
say_compared_as(uint32_t urn, const char *name, struct ro_why *ret_why)
{
    if (urn == 0) {
        (void)ro_why(ret_why, RO_OK, "it was compared as %s", name);
    } else {
        (void)ro_why(ret_why, RO_OK, "it was compared as %s (URN %u)", name,
                     urn);
    }
}

/* What there is against it, as half a sentence. */
static void
say_doubt(const struct verifying *verifying,
          const struct doubt *doubt,
          const struct ro_member_view *member,
          struct ro_why *ret_why)
{
    char name[NAME_ROOM];
    if (doubt->kind == DOUBT_KEY) {
        (void)ro_why(ret_why, RO_OK, "the authority replaced its key");
    } else if (doubt->kind == DOUBT_ANOTHER) {
        (void)ro_why(ret_why, RO_OK, "another member %s before",
                     member->urn != 0 ? "was this school" : "had this name");
    } else {
        shorten(verifying->name, name);
        say_compared_as(verifying->urn, name, ret_why);
    }
}

enum ro_status
verifying_look(const struct engine *engine,
               const struct ro_member_view *member,
               enum ro_verified *ret_verified,
               struct ro_why *ret_doubt)
{
    struct verifying verifying;
    RO_TRY(get(engine, &member->id, &verifying));
    const struct doubt doubt = doubt_of(engine, &verifying, member);
    ret_doubt->text[0] = '\0';
    *ret_verified = verifying.compared > 0 && !is_us(engine, &member->id)
                        ? RO_VERIFIED_COMPARED
                        : RO_VERIFIED_NEVER;
    if (doubt.kind == DOUBT_NONE)
        return RO_OK;
    *ret_verified = RO_VERIFIED_NO_LONGER;
    say_doubt(&verifying, &doubt, member, ret_doubt);
    return RO_OK;
}

/* Since when, as far as this seat knows, and what to do. */
static void
say_changed(const struct verifying *verifying,
            const struct doubt *doubt,
            const struct ro_member_view *member,
            struct ro_why *ret_why)
{
    char hex[RO_ID_HEX];
    char when[RO_RFC3339_SIZE] = "just now";
    char name[NAME_ROOM];
    struct ro_why reason = {""};
    shorten(member->name, name);
    ro_hex(member->id.b, RO_ID_SIZE, hex);
    if (verifying->told == doubt->at)
        ro_time_format(verifying->told_at_s, when);
    say_doubt(verifying, doubt, member, &reason);
    (void)ro_why(ret_why, RO_KEY_CHANGED,
                 "%s: %s (record %llu, seen here %.10s); compare the safety "
                 "number by telephone: reachout verify %.12s",
                 name, reason.text, (unsigned long long)doubt->at, when, hex);
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
    if (!is_doubtful(engine, view))
        return RO_OK;
    RO_TRY(get(engine, member, &verifying));
    const struct doubt doubt = doubt_of(engine, &verifying, view);
    if (doubt.kind == DOUBT_NONE)
        return RO_OK;
    say_changed(&verifying, &doubt, view, &words);
    return ro_why(why, RO_KEY_CHANGED, "%s", words.text);
}

enum ro_status
verifying_doubts(const struct engine *engine,
                 const struct ro_seat_id *seat,
                 bool *ret_doubts)
{
    struct verifying verifying;
    *ret_doubts = false;
    const struct ro_seat_view *view =
        ro_directory_seat(engine->directory, seat);
    const struct ro_member_view *member =
        view == NULL ? NULL
                     : ro_directory_member(engine->directory, &view->member);
    if (!is_doubtful(engine, member))
        return RO_OK;
    RO_TRY(get(engine, &member->id, &verifying));
    const struct doubt doubt = doubt_of(engine, &verifying, member);
    *ret_doubts = doubt.kind != DOUBT_NONE &&
                  (doubt.kind != DOUBT_KEY || view->since > doubt.at);
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
    const struct doubt doubt = doubt_of(engine, &verifying, member);
    if (doubt.kind == DOUBT_NONE || verifying.told >= doubt.at)
        return RO_OK;
    verifying.told = doubt.at;
    verifying.told_at_s = one.at_s;
    say_changed(&verifying, &doubt, member, &one.why);
    RO_TRY(put(engine, &member->id, &verifying));
    return news_add(news, &one);
}

enum ro_status
verifying_tell(struct engine *engine, struct news_list *news)
{
    const struct ro_member_view *member;
    for (size_t i = 0;
         (member = ro_directory_nth_member(engine->directory, i)) != NULL;
         i++) {
        if (is_doubtful(engine, member))
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
    RO_TRY(view_verified(viewing, member, one));
    result->words = words;
    result->n_words = RO_SAFETY_WORDS;
    result->members = one;
    result->n_members = 1;
    return RO_OK;
}

/* Confirmed is what was shown: a key, or a name, that changed between the two
 * was compared by nobody. */
static enum ro_status
check_shown(const struct viewing *viewing,
            const struct verifying *verifying,
            const struct ro_member_view *member,
            const char digits[static RO_SAFETY_DIGITS + 1])
{
    const struct doubt doubt = doubt_of(viewing->engine, verifying, member);
    if (verifying->shown[0] == '\0') {
        return ro_why(viewing->why, RO_REFUSED,
                      "the safety number was never shown here; look at it "
                      "first, without --confirm, and compare it");
    }
    if (strcmp(verifying->shown, digits) != 0 || doubt.at > verifying->seen) {
        return ro_why(viewing->why, RO_KEY_CHANGED,
                      "the safety number, or whose it is, is not what was "
                      "shown last; look at it without --confirm, and compare "
                      "it again");
    }
    return RO_OK;
}

static enum ro_status
note(const struct viewing *viewing,
     const struct ro_verify *verify,
     const struct ro_member_view *member,
     const char digits[static RO_SAFETY_DIGITS + 1])
{
    struct engine *engine = viewing->engine;
    struct verifying verifying;
    RO_TRY(get(engine, &member->id, &verifying));
    if (verify->how == RO_VERIFY_CONFIRM) {
        RO_TRY(check_shown(viewing, &verifying, member, digits));
        verifying.compared = ro_directory_size(engine->directory);
        verifying.urn = member->urn;
        take_name(ro_bytes_text(member->name), &verifying);
    } else {
        verifying.seen = ro_directory_size(engine->directory);
        memcpy(verifying.shown, digits, RO_SAFETY_DIGITS + 1);
    }
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
    if (member->standing != RO_MEMBER_LIVE) {
        return ro_why(viewing->why, RO_NOT_FOUND,
                      "%s was removed from the circle; there is nobody to "
                      "compare with",
                      member->name);
    }
    const struct ro_fingerprint_side ours = side_of(self);
    const struct ro_fingerprint_side theirs = side_of(member);
    ro_safety_number(&ours, &theirs, digits);
    RO_TRY(note(viewing, verify, member, digits));
    RO_TRY(outgoing_waiting_for(viewing->engine->vault, &member->id,
                                &viewing->result->waiting));
    return show(viewing, member, digits);
}

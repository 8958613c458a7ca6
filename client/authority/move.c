/* SPDX-License-Identifier: Apache-2.0 */
/* Members whose school has a successor keep their id under its URN. */
#include "client/authority/move.h"

#include <string.h>

#include "client/authority/asking.h"
#include "client/authority/fetching.h"
#include "client/authority/log.h"
#include "client/authority/register_links.h"
#include "client/authority/signing.h"
#include "common/wire/codec.h"

/* The moves of one import, and what is held. */
struct moving {
    const struct authority *authority;
    const struct register_links *links;
    struct authority_moves *moves;
    struct ro_why *why;
};

void
authority_moves_fini(struct authority_moves *moves)
{
    free(moves->list);
    free(moves->held);
    *moves = (struct authority_moves){0};
}

/* --- planning ------------------------------------------------------------ */

static enum ro_status
hold(struct authority_moves *moves, uint32_t urn, const struct ro_why *why)
{
    struct authority_move_held *more =
        reallocarray(moves->held, moves->n_held + 1, sizeof(*more));
    if (more == NULL)
        return RO_NO_MEMORY;
    moves->held = more;
    more[moves->n_held++] = (struct authority_move_held){urn, *why};
    return RO_OK;
}

static enum ro_status
add(struct authority_moves *moves, const struct authority_move *move)
{
    struct authority_move *more =
        reallocarray(moves->list, moves->n + 1, sizeof(*more));
    if (more == NULL)
        return RO_NO_MEMORY;
    moves->list = more;
    more[moves->n++] = *move;
    return RO_OK;
}

/* Whether a school can be moved to. RO_REFUSED says why not. */
static enum ro_status
check_target(const struct authority *authority,
             uint32_t urn,
             struct ro_why *why)
{
    const struct ro_member_view *there =
        ro_directory_member_by_urn(authority->directory, urn);
    if (ro_directory_listing(authority->directory, urn) == NULL) {
        return ro_why(why, RO_REFUSED,
                      "its successor %u is not in the register; import it "
                      "first",
                      urn);
    }
    if (there != NULL && there->standing == RO_MEMBER_LIVE) {
        return ro_why(why, RO_REFUSED,
                      "its successor %u (%s) is a member already", urn,
                      there->name);
    }
    return RO_OK;
}

static enum ro_status
plan_member(const struct moving *moving, const struct ro_member_view *member)
{
    struct authority_move move = {.member = member->id, .urn = member->urn};
    struct ro_why detail = {.text = ""};
    enum ro_status s =
        register_links_follow(moving->links, member->urn, &detail, &move.to);
    if (s == RO_NOT_FOUND)
        return RO_OK;
    if (s == RO_OK)
        s = check_target(moving->authority, move.to, &detail);
    if (s == RO_REFUSED)
        return hold(moving->moves, member->urn, &detail);
    if (s != RO_OK)
        return ro_why(moving->why, s, "%s", detail.text);
    return add(moving->moves, &move);
}

/* Another move to the same school, or NULL. */
static const struct authority_move *
find_rival(const struct authority_moves *moves, size_t i)
{
    for (size_t k = 0; k < moves->n; k++) {
        if (k != i && moves->list[k].to == moves->list[i].to)
            return &moves->list[k];
    }
    return NULL;
}

/* Which of two members is the one school that both become is not ours to
 * guess: all of them stay. */
static enum ro_status
hold_rivals(const struct moving *moving)
{
    struct authority_moves *moves = moving->moves;
    const struct ro_directory *directory = moving->authority->directory;
    size_t n = 0;
    RO_AUTOFREE struct authority_move *kept =
        calloc(moves->n + 1, sizeof(*kept));
    if (kept == NULL)
        return RO_NO_MEMORY;
    for (size_t i = 0; i < moves->n; i++) {
        const struct authority_move *rival = find_rival(moves, i);
        struct ro_why detail = {.text = ""};
        if (rival == NULL) {
            kept[n++] = moves->list[i];
            continue;
        }
        (void)ro_why(&detail, RO_REFUSED,
                     "it and %u (%s) both become %u; remove one of the two "
                     "members",
                     rival->urn,
                     ro_directory_member(directory, &rival->member)->name,
                     rival->to);
        RO_TRY(hold(moves, moves->list[i].urn, &detail));
    }
    memcpy(moves->list != NULL ? moves->list : kept, kept, n * sizeof(*kept));
    moves->n = n;
    return RO_OK;
}

enum ro_status
authority_moves_plan(const struct authority *authority,
                     const struct register_links *links,
                     struct ro_why *why,
                     struct authority_moves *ret_moves)
{
    RO_CLEANUP(authority_moves_fini) struct authority_moves moves = {0};
    const struct moving moving = {authority, links, &moves, why};
    const struct ro_member_view *member;
    for (size_t i = 0;
         (member = ro_directory_nth_member(authority->directory, i)) != NULL;
         i++) {
        if (member->standing == RO_MEMBER_LIVE && member->urn != 0)
            RO_TRY(plan_member(&moving, member));
    }
    RO_TRY(hold_rivals(&moving));
    *ret_moves = moves;
    moves = (struct authority_moves){0};
    return RO_OK;
}

/* --- publishing ---------------------------------------------------------- */

static enum ro_status
sign_move(struct authority *authority,
          const struct authority_move *move,
          struct ro_why *why,
          struct ro_buf *ret_record)
{
    const struct ro_member_view *member =
        ro_directory_member(authority->directory, &move->member);
    RO_AUTOBUF body = {0};
    Reachout__Member message = REACHOUT__MEMBER__INIT;
    message.has_circle = message.has_serial = message.has_member = true;
    message.has_kind = message.has_key = message.has_urn = true;
    message.circle =
        ro_as_field((struct ro_bytes){authority->circle.b, RO_ID_SIZE});
    message.serial = authority_log_serial(authority);
    message.member = ro_as_field((struct ro_bytes){move->member.b, RO_ID_SIZE});
    message.kind = REACHOUT__MEMBER_KIND__SCHOOL;
    message.urn = move->to;
    message.key = ro_as_field((struct ro_bytes){member->key.b, RO_KEY_SIZE});
    RO_TRY(ro_pack(&message.base, &body));
    return authority_sign(authority, REACHOUT__SIGNED__KIND__MEMBER,
                          ro_buf_view(&body), why, ret_record);
}

enum ro_status
authority_moves_publish(struct authority *authority,
                        void *user,
                        struct ro_why *why)
{
    RO_CLEANUP(authority_moves_fini) struct authority_moves moves = {0};
    RO_TRY(authority_moves_plan(authority, user, why, &moves));
    for (size_t i = 0; i < moves.n; i++) {
        RO_AUTOBUF record = {0};
        RO_TRY(sign_move(authority, &moves.list[i], why, &record));
        const struct ro_bytes bytes = ro_buf_view(&record);
        RO_TRY(authority_append(authority, &bytes, 1, why));
        if (authority->draft == NULL)
            RO_TRY(authority_log_sync(authority, why));
    }
    return RO_OK;
}

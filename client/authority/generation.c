/* SPDX-License-Identifier: Apache-2.0 */
/* The circle's keys, and whose removal makes the next one. Nobody is asked
 * here; rotation.c has the steps. */
#include "client/authority/rotation.h"

#include <string.h>

#include "client/authority/log.h"
#include "common/wire/armour.h"
#include "common/wire/codec.h"

const uint8_t *
authority_psk(const struct authority *authority, uint32_t generation)
{
    const struct authority_state *state = &authority->state;
    if (generation == 0)
        return NULL;
    if (generation == state->generation)
        return state->psk;
    if (generation == state->next.generation)
        return state->next.psk;
    return generation == state->last.generation ? state->last.psk : NULL;
}

uint32_t
authority_newest_generation(const struct authority *authority)
{
    const struct authority_state *state = &authority->state;
    return state->next.generation != 0 ? state->next.generation
                                       : state->generation;
}

uint32_t
authority_charter_generation(const struct authority *authority)
{
    return authority->door == AUTHORITY_DOOR_TAKES_NEXT
               ? authority->state.next.generation
               : authority->state.generation;
}

/* --- door.key ------------------------------------------------------------ */

enum ro_status
authority_door_write(const struct authority_state *state,
                     const struct ro_circle_id *circle,
                     const char *path,
                     struct ro_why *why)
{
    RO_SECRET_BUF bytes = {0};
    Reachout__DoorKey message = REACHOUT__DOOR_KEY__INIT;
    const struct ro_bytes now = {state->psk, sizeof(state->psk)};
    const struct ro_bytes next = {state->next.psk, sizeof(state->next.psk)};
    bool is_rotating = state->next.generation != 0;
    message.has_circle = message.has_generation = message.has_psk = true;
    message.circle = ro_as_field((struct ro_bytes){circle->b, RO_ID_SIZE});
    message.generation =
        is_rotating ? state->next.generation : state->generation;
    message.psk = ro_as_field(is_rotating ? next : now);
    message.has_previous_generation = message.has_previous_psk = is_rotating;
    message.previous_generation = state->generation;
    message.previous_psk = ro_as_field(now);
    RO_TRY(ro_pack(&message.base, &bytes));
    return ro_armour_write(path, "door-key", ro_buf_view(&bytes),
                           RO_FILE_SECRET, why);
}

/* So many generations another copy of the folder may have made alone. */
#define TAKEN_OVER 8

/* --- a new key ---------------------------------------------------------- */

/* Makes the key for the revocation of that number, `step` generations on. */
static enum ro_status
make_key(struct authority *authority,
         uint32_t step,
         uint64_t number,
         struct ro_why *why)
{
    struct authority_state *state = &authority->state;
    state->next.generation = authority_newest_generation(authority) + step;
    ro_entropy_fill(&authority->world.entropy, state->next.psk,
                    sizeof(state->next.psk));
    state->next_seats = 0;
    state->covered = number;
    return authority_state_save(authority->dir, state, why);
}

/* Signatures are no part of what is signed: they may be other keys'. */
static enum ro_status
hash_revocation(struct ro_bytes record, struct ro_hash *ret_hash)
{
    struct ro_signed sig;
    RO_TRY(ro_signed_open(record, &sig));
    ro_body_hash(sig.body, ret_hash);
    return RO_OK;
}

/* The newest revocation by the authority that has no key yet: signatures are
 * the dear part, and of those before it nothing is asked. What a member revokes
 * of its own seats makes no key: anybody could have one made as often as it
 * likes. */
struct newest {
    const struct authority *authority;
    uint64_t seen;
    struct ro_bytes record;
    uint64_t number; /* 0: none */
};

static void
look_at(struct ro_bytes record, void *user)
{
    struct newest *newest = user;
    struct ro_signed sig;
    const struct ro_root *root = &newest->authority->root;
    const struct ro_signers signers = {root->keys, root->n_keys,
                                       root->threshold};
    if (++newest->seen <= newest->authority->state.covered ||
        ro_signed_open(record, &sig) != RO_OK ||
        sig.kind != REACHOUT__SIGNED__KIND__REVOCATION ||
        ro_signed_check(&sig, &signers) != RO_OK)
        return;
    newest->record = record;
    newest->number = newest->seen;
}

static enum ro_status
newest_removal(const struct authority *authority,
               struct ro_bytes *ret_record,
               uint64_t *ret_number)
{
    struct newest newest = {.authority = authority};
    authority_log_each(authority, look_at, &newest);
    *ret_record = newest.record;
    *ret_number = newest.number;
    return newest.number > 0 ? RO_OK : RO_NOT_FOUND;
}

/* The newest revocation that has no key yet. RO_NOT_FOUND: there is none.
 * RO_REFUSED: it came from another copy of this folder, which makes its key;
 * two copies would make two. */
static enum ro_status
find_uncovered(const struct authority *authority,
               struct ro_why *why,
               uint64_t *ret_number)
{
    struct ro_bytes record;
    struct ro_hash hash;
    const struct authority_state *state = &authority->state;
    RO_TRY(newest_removal(authority, &record, ret_number));
    RO_TRY(hash_revocation(record, &hash));
    if (memcmp(hash.b, state->removal.b, RO_HASH_SIZE) == 0)
        return RO_OK;
    return ro_why(why, RO_REFUSED,
                  "another copy of this folder has published a removal (record "
                  "%llu) and makes the circle's key for it; copy its "
                  "authority.state to here, or, if it is lost: revoke "
                  "--take-over",
                  (unsigned long long)*ret_number);
}

enum ro_status
authority_removal_begin(struct authority *authority,
                        struct ro_bytes revocation,
                        struct ro_why *why)
{
    uint64_t number;
    struct authority_state *state = &authority->state;
    enum ro_status s = find_uncovered(authority, why, &number);
    if (s != RO_OK && s != RO_NOT_FOUND)
        return s;
    RO_TRY(hash_revocation(revocation, &state->removal));
    return authority_state_save(authority->dir, state, why);
}

enum ro_status
authority_generation_take_over(struct authority *authority, struct ro_why *why)
{
    struct authority_state *state = &authority->state;
    struct ro_bytes record;
    uint64_t number = 0;
    if (newest_removal(authority, &record, &number) != RO_OK) {
        return ro_why(why, RO_REFUSED,
                      "there is nothing to take over: every removal has its "
                      "key");
    }
    RO_TRY(hash_revocation(record, &state->removal));
    return make_key(authority, TAKEN_OVER, number, why);
}

enum ro_status
authority_generation_begin(struct authority *authority, struct ro_why *why)
{
    uint64_t number = 0;
    enum ro_status s = find_uncovered(authority, why, &number);
    if (s == RO_NOT_FOUND)
        return RO_OK;
    RO_TRY(s);
    return make_key(authority, 1, number, why);
}

/* --- in force --------------------------------------------------------------
 */

enum ro_status
authority_generation_settle(struct authority *authority, struct ro_why *why)
{
    struct authority_state *state = &authority->state;
    const struct ro_charter_view *charter =
        ro_directory_charter(authority->directory);
    if (charter == NULL || state->next.generation == 0 ||
        charter->psk_generation != state->next.generation)
        return RO_OK;
    state->last.generation = state->generation;
    memcpy(state->last.psk, state->psk, sizeof(state->psk));
    state->generation = state->next.generation;
    memcpy(state->psk, state->next.psk, sizeof(state->psk));
    ro_wipe(&state->next, sizeof(state->next));
    authority->door = AUTHORITY_DOOR_UNTRIED; /* by the one after it */
    return authority_state_save(authority->dir, state, why);
}

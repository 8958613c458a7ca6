/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The circle's key after somebody was removed. Each step is kept before the
 * next one, and can be done again:
 *
 *   1. a new key is made and kept in authority.state;
 *   2. every live seat gets it, sealed under the key that is in force;
 *   3. DIR/door.key is written anew, for the broker's operator to install;
 *   4. once the broker takes the new key, the charter names it;
 *   5. once the log has that charter, the new key is the one in force.
 */
#include "client/authority/rotation.h"

#include <string.h>

#include "client/authority/charter.h"

static enum ro_status
write_door(const struct authority *authority, struct ro_why *why)
{
    RO_AUTOFREE char *path = authority_path(authority->dir, "door.key");
    if (path == NULL)
        return RO_NO_MEMORY;
    return authority_door_write(&authority->state, &authority->circle, path,
                                why);
}

/* 1 to 3, which only a removal brings about. */
static enum ro_status
replace_key(struct authority *authority, struct ro_why *why)
{
    RO_TRY(authority_generation_begin(authority, why));
    if (authority->state.next.generation == 0)
        return RO_OK;
    RO_TRY(authority_distribute(authority, why));
    return write_door(authority, why);
}

enum ro_status
authority_rotation_go_on(struct authority *authority,
                         enum authority_rotation_from from,
                         struct ro_why *why)
{
    if (authority->draft != NULL)
        return RO_OK;
    /* the one before, which the log may have put in force meanwhile */
    RO_TRY(authority_generation_settle(authority, why));
    if (from == ROTATION_FROM_REMOVAL)
        RO_TRY(replace_key(authority, why));
    RO_TRY(authority_charter_follow(authority, why));
    return authority_generation_settle(authority, why);
}

void
authority_rotation(const struct authority *authority,
                   struct authority_rotation *ret_rotation)
{
    const struct authority_state *state = &authority->state;
    *ret_rotation = (struct authority_rotation){
        .stage = AUTHORITY_SETTLED, .generation = state->generation};
    if (state->next.generation == 0)
        return;
    ret_rotation->generation = state->next.generation;
    ret_rotation->stage = authority->door == AUTHORITY_DOOR_TAKES_NEXT
                              ? AUTHORITY_NEEDS_CHARTER
                              : AUTHORITY_NEEDS_DOOR_KEY;
}

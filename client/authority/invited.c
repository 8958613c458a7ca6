/* SPDX-License-Identifier: Apache-2.0 */
/* DIR/invitations: what was written for whom, so that a removal can name those
 * that its new key will end. Nothing depends on it: what cannot be read is left
 * out, and no secret is in it. */
#include "client/authority/invited.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/authority/names.h"
#include "client/authority/petition.h"
#include "client/authority/rotation.h"
#include "common/wire/codec.h"

#define FILE_NAME "invitations"
#define FILE_LIMIT ((size_t)4 * 1024 * 1024)

/* One of the file: a view of its bytes, and what they say. */
struct noted {
    struct ro_bytes raw;
    uint32_t generation;
    const Reachout__Ticket *ticket; /* in the arenas */
};

struct reading {
    struct ro_buf bytes;
    struct ro_bytes rest;
    struct ro_arena *arenas[2]; /* invitation, ticket */
};

static void
reading_fini(struct reading *reading)
{
    ro_buf_fini(&reading->bytes);
    for (size_t i = 0; i < RO_LEN(reading->arenas); i++)
        ro_arena_free(reading->arenas[i]);
}

static enum ro_status
begin(const struct authority *authority, struct reading *reading)
{
    RO_AUTOFREE char *path = authority_path(authority->dir, FILE_NAME);
    for (size_t i = 0; i < RO_LEN(reading->arenas); i++)
        reading->arenas[i] = ro_arena_new(0, 0);
    if (path == NULL || reading->arenas[0] == NULL ||
        reading->arenas[1] == NULL)
        return RO_NO_MEMORY;
    enum ro_status s = ro_file_read(path, FILE_LIMIT, NULL, &reading->bytes);
    reading->rest = ro_buf_view(&reading->bytes);
    return s == RO_NO_MEMORY ? s : RO_OK;
}

/* Takes the next one. RO_NOT_FOUND at the end, or where the file is damaged:
 * memory that is short is no end, or the rest would be forgotten. */
static enum ro_status
next(struct reading *reading, struct noted *ret_noted)
{
    struct ro_bytes *rest = &reading->rest;
    struct ro_signed sig;
    ProtobufCMessage *paper;
    ProtobufCMessage *ticket;
    if (rest->size < 4 || rest->size - 4 < ro_get_u32(rest->data))
        return RO_NOT_FOUND;
    struct ro_bytes raw = {rest->data + 4, ro_get_u32(rest->data)};
    rest->data += 4 + raw.size;
    rest->size -= 4 + raw.size;
    RO_TRY(ro_unpack_as(RO_NOT_FOUND, &reachout__invitation__descriptor, raw,
                        reading->arenas[0], &paper));
    const Reachout__Invitation *invitation = (const void *)paper;
    if (ro_signed_open(ro_field(&invitation->ticket), &sig) != RO_OK)
        return RO_NOT_FOUND;
    RO_TRY(ro_unpack_as(RO_NOT_FOUND, &reachout__ticket__descriptor, sig.body,
                        reading->arenas[1], &ticket));
    *ret_noted = (struct noted){raw, invitation->generation,
                                (const Reachout__Ticket *)(void *)ticket};
    return RO_OK;
}

static bool
is_used(const struct authority *authority, const Reachout__Ticket *ticket)
{
    for (size_t i = 0; i < authority->n_petitions; i++) {
        if (ro_bytes_equal(
                ro_field(&ticket->id),
                (struct ro_bytes){authority->petitions[i]->ticket, RO_ID_SIZE}))
            return true;
    }
    return false;
}

/* Whether nobody has used it, and somebody still may. */
static bool
is_open(const struct authority *authority, const Reachout__Ticket *ticket)
{
    int64_t now_s = ro_clock_wall_s(&authority->world.clock);
    return ticket->expires > (uint64_t)now_s && !is_used(authority, ticket);
}

static void
put_one(struct ro_buf *out, struct ro_bytes raw)
{
    ro_buf_put_u32(out, (uint32_t)raw.size);
    ro_buf_put(out, raw.data, raw.size);
}

enum ro_status
authority_invited_keep(const struct authority *authority,
                       struct ro_bytes ticket,
                       struct ro_why *why)
{
    RO_CLEANUP(reading_fini) struct reading reading = {0};
    RO_AUTOBUF fresh = {0};
    RO_AUTOBUF all = {0};
    struct noted noted;
    enum ro_status s;
    Reachout__Invitation paper = REACHOUT__INVITATION__INIT;
    RO_AUTOFREE char *path = authority_path(authority->dir, FILE_NAME);
    if (path == NULL)
        return RO_NO_MEMORY;
    paper.has_generation = paper.has_ticket = true;
    paper.generation = authority->state.generation;
    paper.ticket = ro_as_field(ticket);
    RO_TRY(ro_pack(&paper.base, &fresh));
    RO_TRY(begin(authority, &reading));
    while ((s = next(&reading, &noted)) == RO_OK) {
        if (is_open(authority, noted.ticket))
            put_one(&all, noted.raw);
    }
    if (s != RO_NOT_FOUND)
        return s;
    put_one(&all, ro_buf_view(&fresh));
    RO_TRY(ro_buf_ok(&all));
    return ro_file_write(path, ro_buf_view(&all), RO_FILE_SECRET, why);
}

/* --- those that a new key ends ------------------------------------------- */

static void
fill(const struct authority *authority,
     const Reachout__Ticket *ticket,
     struct authority_invitation *ret_invitation)
{
    const struct ro_listing_view *listing =
        ro_directory_listing(authority->directory, ticket->urn);
    const char *name = ticket->name != NULL ? ticket->name : "";
    (void)snprintf(ret_invitation->name, sizeof(ret_invitation->name), "%s",
                   listing != NULL ? listing->name : name);
    ret_invitation->urn = ticket->urn;
    ret_invitation->role = authority_role_word(ticket->role);
    ret_invitation->expires_s = (int64_t)ticket->expires;
}

void
authority_invited_fini(struct authority_invited *invited)
{
    free(invited->list);
    *invited = (struct authority_invited){0};
}

static enum ro_status
add(const struct authority *authority,
    const struct noted *noted,
    struct authority_invited *invited)
{
    const struct authority_state *state = &authority->state;
    uint32_t before = state->next.generation != 0 ? state->generation
                                                  : state->last.generation;
    struct authority_invitation *more =
        reallocarray(invited->list, invited->n + 1, sizeof(*more));
    if (more == NULL)
        return RO_NO_MEMORY;
    invited->list = more;
    fill(authority, noted->ticket, &more[invited->n]);
    more[invited->n++].fate = noted->generation == before
                                  ? AUTHORITY_OPENS_A_WHILE
                                  : AUTHORITY_OPENS_NOTHING;
    return RO_OK;
}

enum ro_status
authority_invited(const struct authority *authority,
                  struct authority_invited *ret_invited)
{
    RO_CLEANUP(reading_fini) struct reading reading = {0};
    RO_CLEANUP(authority_invited_fini) struct authority_invited invited = {0};
    struct noted noted;
    enum ro_status s;
    RO_TRY(begin(authority, &reading));
    while ((s = next(&reading, &noted)) == RO_OK) {
        if (noted.generation != authority_newest_generation(authority) &&
            is_open(authority, noted.ticket))
            RO_TRY(add(authority, &noted, &invited));
    }
    if (s != RO_NOT_FOUND)
        return s;
    *ret_invited = invited;
    invited = (struct authority_invited){0};
    return RO_OK;
}

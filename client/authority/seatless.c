/* SPDX-License-Identifier: Apache-2.0 */
/* A member whose last seat was ended is still one, and nobody can reach it:
 * whoever ends it is told. */
#include "client/authority/seatless.h"

#include <stdio.h>
#include <string.h>

#include "client/authority/proposal.h"
#include "common/wire/codec.h"

void
authority_seatless_fini(struct authority_seatless *seatless)
{
    free(seatless->list);
    *seatless = (struct authority_seatless){0};
}

static bool
is_noted(const struct authority_seatless *seatless,
         const struct ro_member_id *id)
{
    for (size_t i = 0; i < seatless->n; i++) {
        if (ro_member_id_equal(&seatless->list[i].id, id))
            return true;
    }
    return false;
}

enum ro_status
authority_seatless_note(const struct ro_directory *directory,
                        const struct ro_seat_id *seat,
                        struct authority_seatless *seatless)
{
    const struct ro_seat_view *ended = ro_directory_seat(directory, seat);
    const struct ro_member_view *member =
        ended == NULL ? NULL : ro_directory_member(directory, &ended->member);
    if (member == NULL || member->standing != RO_MEMBER_LIVE ||
        member->n_live > 0 || is_noted(seatless, &member->id))
        return RO_OK;
    struct authority_seatless_member *more =
        reallocarray(seatless->list, seatless->n + 1, sizeof(*more));
    if (more == NULL)
        return RO_NO_MEMORY;
    seatless->list = more;
    struct authority_seatless_member *one = &more[seatless->n++];
    *one = (struct authority_seatless_member){.id = member->id};
    (void)snprintf(one->name, sizeof(one->name), "%s", member->name);
    return RO_OK;
}

static enum ro_status
note_revocation(const struct ro_directory *directory,
                const struct proposal_record *record,
                struct authority_seatless *seatless)
{
    struct proposal_body body;
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(0, 0);
    if (arena == NULL)
        return RO_NO_MEMORY;
    RO_TRY(proposal_body(record, arena, &body));
    const Reachout__Revocation *revocation = (const void *)body.message;
    for (size_t i = 0; i < revocation->n_seats; i++) {
        struct ro_seat_id id;
        if (ro_field_copy(&revocation->seats[i], id.b, RO_ID_SIZE) == RO_OK)
            RO_TRY(authority_seatless_note(directory, &id, seatless));
    }
    return RO_OK;
}

enum ro_status
authority_seatless_proposal(const struct ro_directory *directory,
                            const struct proposal *proposal,
                            struct authority_seatless *seatless)
{
    for (size_t i = 0; i < proposal->n_records; i++) {
        const struct proposal_record *record = &proposal->records[i];
        if (record->sig.kind == REACHOUT__SIGNED__KIND__REVOCATION)
            RO_TRY(note_revocation(directory, record, seatless));
    }
    return RO_OK;
}

const struct authority_seatless *
authority_seatless(const struct authority *authority)
{
    return &authority->seatless;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* An invitation is told, and its ticket signed. */
#include "client/authority/cosign.h"

#include <string.h>

#include "client/authority/telling.h"
#include "common/crypto/wipe.h"
#include "common/wire/admission.h"
#include "common/wire/armour.h"
#include "common/wire/codec.h"

/* An invitation that is being signed; the ticket's message has an arena of its
 * own. */
struct paper {
    struct ro_buf bytes;
    Reachout__Invitation *invitation;
    Reachout__Ticket *ticket;
    struct ro_signed sig;
    struct ro_arena *arena;
};

static void
paper_fini(struct paper *paper)
{
    ro_secret_buf_fini(&paper->bytes);
    ro_arena_free(paper->arena);
}

static enum ro_status
check_ticket(struct table *table, const Reachout__Ticket *ticket)
{
    const struct ro_admission who = {
        .kind = ticket->kind,
        .urn = ticket->has_urn ? &ticket->urn : NULL,
        .name = ticket->name,
        .home_urn = ticket->has_home_urn ? &ticket->home_urn : NULL,
    };
    if (!ro_bytes_equal(ro_field(&ticket->circle),
                        (struct ro_bytes){table->circle.b, RO_ID_SIZE})) {
        return ro_why(table->why, RO_BAD_INPUT, "%s: another circle's",
                      table->cosigning->path);
    }
    if (ro_admission_check(&who, NULL) != RO_OK ||
        !ro_admission_fits(ticket->kind, ticket->role)) {
        return ro_why(table->why, RO_BAD_INPUT, "%s: its ticket invites nobody",
                      table->cosigning->path);
    }
    return RO_OK;
}

static enum ro_status
read_paper(struct table *table, struct paper *paper)
{
    const char *path = table->cosigning->path;
    ProtobufCMessage *message;
    struct ro_root root;
    RO_TRY(ro_armour_read(path, "invitation", table->why, &paper->bytes));
    paper->arena = ro_arena_new(0, 0);
    if (paper->arena == NULL)
        return RO_NO_MEMORY;
    enum ro_status s =
        ro_unpack_as(RO_BAD_INPUT, &reachout__invitation__descriptor,
                     ro_buf_view(&paper->bytes), table->arena, &message);
    if (s != RO_OK)
        return table_damaged(table, s, path);
    paper->invitation = (void *)message;
    if (paper->invitation->authority == NULL ||
        ro_root_of(paper->invitation->authority, &root) != RO_OK ||
        root.n_keys != table->root.n_keys ||
        root.threshold != table->root.threshold ||
        memcmp(root.keys, table->root.keys, sizeof(root.keys)) != 0)
        return ro_why(table->why, RO_BAD_INPUT, "%s: another circle's", path);
    if (ro_signed_open(ro_field(&paper->invitation->ticket), &paper->sig) !=
            RO_OK ||
        paper->sig.kind != REACHOUT__SIGNED__KIND__TICKET)
        return table_damaged(table, RO_BAD_INPUT, path);
    s = ro_unpack_as(RO_BAD_INPUT, &reachout__ticket__descriptor,
                     paper->sig.body, paper->arena, &message);
    if (s != RO_OK)
        return table_damaged(table, s, path);
    paper->ticket = (void *)message;
    return check_ticket(table, paper->ticket);
}

static enum ro_status
write_paper(struct table *table, struct paper *paper)
{
    RO_SECRET_BUF bytes = {0};
    RO_AUTOBUF ticket = {0};
    size_t i = 0;
    while (i < RO_AUTHORITY_KEYS_MAX && table->keys.pairs[i] == NULL)
        i++;
    const struct ro_signing signing = {table->keys.pairs[i], RO_LABEL_TICKET,
                                       (uint32_t)i};
    RO_TRY(ro_signed_make(REACHOUT__SIGNED__KIND__TICKET, paper->sig.body,
                          &signing, 1, &ticket));
    paper->invitation->ticket = ro_as_field(ro_buf_view(&ticket));
    RO_TRY(ro_pack(&paper->invitation->base, &bytes));
    return ro_armour_write(table->cosigning->out_path, "invitation",
                           ro_buf_view(&bytes), RO_FILE_SECRET, table->why);
}

enum ro_status
cosign_invitation(struct table *table, struct authority_cosigned *cosigned)
{
    RO_CLEANUP(paper_fini) struct paper paper = {0};
    RO_TRY(cosign_check_conf(table, cosigned));
    RO_TRY(read_paper(table, &paper));
    cosigned->items = calloc(1, sizeof(*cosigned->items));
    if (cosigned->items == NULL)
        return RO_NO_MEMORY;
    enum ro_status s =
        telling_ticket(paper.ticket, table->directory, table->cosigning->now_s,
                       table->why, &cosigned->items[0]);
    if (s != RO_OK)
        return s == RO_BAD_RECORD ? RO_BAD_INPUT : s;
    cosigned->n = 1;
    cosigned->items[0].signatures = paper.sig.n_signers;
    cosigned->drafted.signatures = paper.sig.n_signers;
    cosigned->drafted.threshold = 1;
    if (table->cosigning->out_path == NULL)
        return RO_OK;
    if (paper.sig.n_signers > 0)
        return ro_why(table->why, RO_REFUSED, "it is signed already");
    cosigned->drafted.signatures = 1;
    return write_paper(table, &paper);
}

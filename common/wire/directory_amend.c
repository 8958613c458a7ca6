/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Member records that amend: another URN, name, home or key for a member that
 * keeps its id. A key that is replaced signs nothing from then on; the serials
 * of the new one begin anew, since it is another signer.
 */
#include <stdlib.h>
#include <string.h>

#include "common/wire/directory_inside.h"

/* What an amendment comes to. */
struct amendment {
    const Reachout__Member *message;
    struct ro_dir_member *member;
    struct ro_key key;
    char *name; /* owned; NULL for schools */
    enum { KEY_KEPT, KEY_REPLACED, KEY_HANDED_OVER } key_change;
};

static void
amendment_fini(struct amendment *amendment)
{
    free(amendment->name);
}

static bool
same_text(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static bool
changes_something(const struct amendment *amendment)
{
    const Reachout__Member *message = amendment->message;
    const struct ro_dir_member *member = amendment->member;
    return amendment->key_change != KEY_KEPT ||
           message->urn != member->view.urn ||
           message->home_urn != member->view.home_urn ||
           (member->view.kind != REACHOUT__MEMBER_KIND__SCHOOL &&
            !same_text(message->name, member->view.name));
}

/* --- signatures ---------------------------------------------------------- */

/* The two signatures of a member that hands over; NULL where there is none. */
struct handover {
    const struct ro_signature *old_key;
    const struct ro_signature *new_key;
};

/* Takes those two out of the record's signatures; `ret_own` has the rest. */
static enum ro_status
split(const struct ro_dir_step *step,
      struct ro_signed *ret_own,
      struct handover *ret_handover)
{
    *ret_own =
        (struct ro_signed){.kind = step->sig->kind, .body = step->sig->body};
    *ret_handover = (struct handover){0};
    for (size_t i = 0; i < step->sig->n_signers; i++) {
        const struct ro_signer *signer = &step->sig->signers[i];
        const struct ro_signature **place =
            signer->index == RO_SIGNER_OLD_KEY   ? &ret_handover->old_key
            : signer->index == RO_SIGNER_NEW_KEY ? &ret_handover->new_key
                                                 : NULL;
        if (place == NULL) {
            ret_own->signers[ret_own->n_signers++] = *signer;
            continue;
        }
        if (*place != NULL) {
            return ro_why(step->why, RO_BAD_SIGNATURE,
                          "signatures: a handover is there twice");
        }
        *place = &signer->signature;
    }
    return RO_OK;
}

static enum ro_status
check_handover(const struct ro_dir_step *step,
               struct amendment *amendment,
               const struct handover *handover)
{
    if (handover->old_key == NULL && handover->new_key == NULL)
        return RO_OK;
    if (handover->old_key == NULL || handover->new_key == NULL ||
        amendment->key_change == KEY_KEPT) {
        return ro_why(step->why, RO_BAD_SIGNATURE,
                      "signatures: a handover is signed by the old and the "
                      "new key, which differ");
    }
    amendment->key_change = KEY_HANDED_OVER;
    if (step->replaying->how == RO_REPLAY_TRUST)
        return RO_OK;
    if (ro_verify(&amendment->member->view.key, RO_LABEL_MEMBER_HANDOVER,
                  step->sig->body, handover->old_key) != RO_OK ||
        ro_verify(&amendment->key, RO_LABEL_MEMBER_HANDOVER, step->sig->body,
                  handover->new_key) != RO_OK) {
        return ro_why(step->why, RO_BAD_SIGNATURE,
                      "signatures: the handover's do not hold");
    }
    return RO_OK;
}

static enum ro_status
check_signatures(const struct ro_dir_step *step, struct amendment *amendment)
{
    struct ro_signed own;
    struct handover handover;
    struct ro_dir_step by_authority = *step;
    RO_TRY(split(step, &own, &handover));
    by_authority.sig = &own;
    RO_TRY(ro_dir_authority(&by_authority));
    return check_handover(step, amendment, &handover);
}

/* --- the record ---------------------------------------------------------- */

static enum ro_status
check_key(const struct ro_dir_step *step, struct amendment *amendment)
{
    RO_TRY(ro_dir_key(step, &amendment->message->key, "key", &amendment->key));
    if (memcmp(amendment->key.b, amendment->member->view.key.b, RO_KEY_SIZE) ==
        0)
        return RO_OK;
    amendment->key_change = KEY_REPLACED;
    return ro_dir_key_unused(step, &amendment->key, "key");
}

static enum ro_status
reserve(struct ro_directory *directory, struct amendment *amendment)
{
    if (amendment->message->name != NULL) {
        amendment->name = strdup(amendment->message->name);
        if (amendment->name == NULL)
            return RO_NO_MEMORY;
    }
    RO_TRY(ro_dir_reserve_urn(directory));
    RO_TRY(ro_dir_reserve_name(directory));
    return ro_index_reserve(&directory->keys, 1);
}

static void
put_key(struct ro_directory *directory, const struct amendment *amendment)
{
    struct ro_dir_member *member = amendment->member;
    if (amendment->key_change == KEY_KEPT)
        return;
    member->view.key = amendment->key;
    member->view.key_since = directory->n_records + 1;
    if (amendment->key_change == KEY_REPLACED)
        member->view.replaced_at = directory->n_records + 1;
    member->serial = 0;
    ro_dir_key_put(directory, &amendment->key, RO_DIR_OF_MEMBER);
}

static void
put_who(struct ro_directory *directory, struct amendment *amendment)
{
    const Reachout__Member *message = amendment->message;
    struct ro_dir_member *member = amendment->member;
    member->view.home_urn = message->home_urn;
    if (member->view.kind != REACHOUT__MEMBER_KIND__SCHOOL) {
        if (!same_text(amendment->name, member->view.name))
            ro_dir_name_take(directory, member, RO_STEAL(amendment->name));
        return;
    }
    if (member->view.urn == message->urn)
        return;
    ro_dir_unlink_urn(directory, member);
    member->view.urn = message->urn;
    member->view.named_at = directory->n_records + 1;
    member->view.name = ro_directory_listing(directory, message->urn)->name;
    ro_dir_link_urn(directory, member);
}

enum ro_status
ro_dir_amend(const struct ro_dir_step *step,
             const Reachout__Member *message,
             struct ro_dir_member *member)
{
    struct ro_directory *directory = step->directory;
    RO_CLEANUP(amendment_fini)
    struct amendment amendment = {.message = message, .member = member};
    if (member->view.standing != RO_MEMBER_LIVE)
        return ro_why(step->why, RO_BAD_RECORD, "member: was removed");
    if (!message->has_kind || message->kind != member->view.kind)
        return ro_why(step->why, RO_BAD_RECORD, "kind: not the one it has");
    RO_TRY(ro_dir_check_who(step, message, member));
    RO_TRY(check_key(step, &amendment));
    if (!changes_something(&amendment))
        return ro_why(step->why, RO_BAD_RECORD, "member: nothing is changed");
    RO_TRY(check_signatures(step, &amendment));

    RO_TRY(reserve(directory, &amendment));
    put_who(directory, &amendment);
    put_key(directory, &amendment);
    directory->serial = message->serial;
    return RO_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What would be published is written to a file, for others to sign. */
#include "client/authority/draft.h"

#include <string.h>
#include <sys/stat.h>

#include "client/authority/inside.h"
#include "client/authority/proposal.h"

enum ro_status
authority_need_absent(const char *path, struct ro_why *why)
{
    struct stat there;
    if (lstat(path, &there) != 0)
        return RO_OK;
    return ro_why(why, RO_REFUSED, "%s: is there already, and stays as it is",
                  path);
}

enum ro_status
authority_draft(struct authority *authority,
                const char *path,
                struct ro_why *why)
{
    RO_TRY(authority_need_absent(path, why));
    authority->draft_path = strdup(path);
    authority->draft = proposal_new(&authority->circle);
    return authority->draft_path == NULL || authority->draft == NULL
               ? RO_NO_MEMORY
               : RO_OK;
}

void
authority_draft_tell(const struct proposal *proposal,
                     uint32_t threshold,
                     struct authority_drafted *ret_drafted)
{
    *ret_drafted = (struct authority_drafted){
        .records = proposal->n_records,
        .replies = proposal->n_replies,
        .signatures = proposal_signatures(proposal),
        .threshold = threshold,
    };
}

enum ro_status
authority_draft_write(struct authority *authority,
                      struct ro_why *why,
                      struct authority_drafted *ret_drafted)
{
    const struct proposal *draft = authority->draft;
    authority_draft_tell(draft, authority->root.threshold, ret_drafted);
    if (draft->n_records == 0 && draft->n_replies == 0)
        return RO_OK;
    return proposal_write(draft, authority->draft_path, why);
}

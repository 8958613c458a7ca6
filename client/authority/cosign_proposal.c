/* SPDX-License-Identifier: Apache-2.0 */
/* A proposal is told record by record, and signed. */
#include "client/authority/cosign.h"

#include "client/authority/draft.h"
#include "client/authority/seatless.h"
#include "client/authority/telling.h"

static enum ro_status
tell_records(struct table *table,
             const struct telling_agreed *agreed,
             struct authority_cosigned *cosigned)
{
    const struct proposal *proposal = table->proposal;
    for (size_t i = 0; i < proposal->n_records; i++) {
        const struct proposal_record *record = &proposal->records[i];
        enum ro_status s =
            telling_record(record, table->directory, agreed, table->why,
                           &cosigned->items[cosigned->n]);
        if (s == RO_BAD_RECORD)
            return RO_BAD_INPUT;
        RO_TRY(s);
        cosigned->n++;
        RO_TRY(cosign_compare_conf(table, record, agreed, cosigned));
        RO_TRY(cosign_check_fit(table, record));
    }
    return RO_OK;
}

static enum ro_status
tell_proposal(struct table *table, struct authority_cosigned *cosigned)
{
    const struct proposal *proposal = table->proposal;
    RO_AUTOBUF conf = {0};
    struct telling_agreed agreed = {.signed_path = table->cosigning->path,
                                    .conf_path = table->cosigning->conf_path};
    RO_TRY(cosign_check(table));
    if (table->directory != NULL)
        cosigned->fit = AUTHORITY_CHECKED;
    cosigned->items = calloc(proposal->n_records + proposal->n_replies + 1,
                             sizeof(*cosigned->items));
    if (cosigned->items == NULL)
        return RO_NO_MEMORY;
    if (agreed.conf_path != NULL) {
        RO_TRY(cosign_read_conf(table, &conf));
        agreed.conf = (const char *)conf.data;
    }
    RO_TRY(tell_records(table, agreed.conf == NULL ? NULL : &agreed, cosigned));
    for (size_t i = 0; i < proposal->n_replies; i++) {
        RO_TRY(telling_reply(proposal, i, table->directory,
                             &cosigned->items[cosigned->n]));
        cosigned->n++;
    }
    return table->directory == NULL
               ? RO_OK
               : authority_seatless_proposal(table->directory, proposal,
                                             &cosigned->seatless);
}

enum ro_status
cosign_proposal(struct table *table, struct authority_cosigned *cosigned)
{
    const char *path = table->cosigning->path;
    const char *out = table->cosigning->out_path;
    struct ro_why detail = {.text = ""};
    RO_TRY(proposal_read(path, table->why, &table->proposal));
    enum ro_status s = proposal_check(table->proposal, &table->root, &detail);
    if (s != RO_OK)
        return ro_why(table->why, s, "%s: %s", path, detail.text);
    RO_TRY(tell_proposal(table, cosigned));
    RO_TRY(cosign_check_conf(table, cosigned));
    if (out != NULL && proposal_sign(table->proposal, &table->keys) == 0) {
        return ro_why(table->why, RO_REFUSED,
                      "the keys that are here have signed it already");
    }
    authority_draft_tell(table->proposal, table->root.threshold,
                         &cosigned->drafted);
    return out == NULL ? RO_OK
                       : proposal_write(table->proposal, out, table->why);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client/authority: between the files cosign*.c. */
#ifndef CLIENT_AUTHORITY_COSIGN_H
#define CLIENT_AUTHORITY_COSIGN_H

#include "client/authority/authority.h"
#include "client/authority/keys.h"
#include "client/authority/proposal.h"
#include "client/authority/telling.h"

/* A signer's folder and what lies on the table. */
struct table {
    const struct authority_cosigning *cosigning;
    struct ro_why *why;
    struct ro_root root;
    struct ro_circle_id circle;
    struct keys keys;
    struct ro_directory *directory; /* NULL: it is not here */
    struct proposal *proposal;
    struct ro_arena *arena;
};

/* Sets the table: whose circle it is, the keys and the directory that are
 * here. RO_BAD_INPUT, RO_REFUSED (no key, or the file to write is there). */
RO_MUST_USE enum ro_status table_set(struct table *table,
                                     struct authority_cosigned *cosigned);

/* Wipes and releases what lies on it. */
void table_fini(struct table *table);

/* RO_NO_MEMORY as it is, which is not the file's fault; anything else as
 * `status`, and `why` says that the file is damaged. */
enum ro_status table_damaged(const struct table *table,
                             enum ro_status status,
                             const char *path);

/* Tells the proposal, and signs it where there is a file to write. RO_REFUSED,
 * RO_BAD_INPUT. */
RO_MUST_USE enum ro_status cosign_proposal(struct table *table,
                                           struct authority_cosigned *cosigned);

/* The same with an invitation. */
RO_MUST_USE enum ro_status
cosign_invitation(struct table *table, struct authority_cosigned *cosigned);

/* Whether the proposal's records follow the directory and each other, and show
 * whose the members' keys are. RO_REFUSED, RO_BAD_INPUT. */
RO_MUST_USE enum ro_status cosign_check(struct table *table);

/* Adds a record to the directory, if one is here: one that names other keys
 * than authority.pub would be refused by everybody, and is before it is signed.
 * RO_REFUSED. */
RO_MUST_USE enum ro_status
cosign_check_fit(struct table *table, const struct proposal_record *record);

/* Reads the circle.conf to compare with, as a string. RO_BAD_INPUT. */
RO_MUST_USE enum ro_status cosign_read_conf(const struct table *table,
                                            struct ro_buf *ret_conf);

/* Compares a charter's with it (NULL: there is none). Every charter must have
 * it: one other is enough to be another. */
RO_MUST_USE enum ro_status
cosign_compare_conf(const struct table *table,
                    const struct proposal_record *record,
                    const struct telling_agreed *agreed,
                    struct authority_cosigned *cosigned);

/* What was given to be compared must have been, and nobody signs another.
 * RO_REFUSED. */
RO_MUST_USE enum ro_status
cosign_check_conf(const struct table *table,
                  const struct authority_cosigned *cosigned);

#endif

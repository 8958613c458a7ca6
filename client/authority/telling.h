/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client/authority: what is about to be signed, in people's words. */
#ifndef CLIENT_AUTHORITY_TELLING_H
#define CLIENT_AUTHORITY_TELLING_H

#include "client/authority/authority.h"
#include "client/authority/proposal.h"

/* The circle.conf that was agreed on, as whoever signs has it. */
struct telling_agreed {
    const char *signed_path; /* what is told lies there */
    const char *conf_path;
    const char *conf;
};

/* Tells a record. The directory (may be NULL) is the one before it, for names
 * and for what changes; a charter is compared with what was agreed on (may be
 * NULL). RO_BAD_RECORD for one that does not follow the rules. The caller frees
 * the item's text. */
RO_MUST_USE enum ro_status telling_record(const struct proposal_record *record,
                                          const struct ro_directory *directory,
                                          const struct telling_agreed *agreed,
                                          struct ro_why *why,
                                          struct authority_item *ret_item);

/* Tells the i-th answer: to whom, which nobody but that seat can open, whether
 * the proposal or the directory admits the seat, and what its maker says. */
RO_MUST_USE enum ro_status telling_reply(const struct proposal *proposal,
                                         size_t i,
                                         const struct ro_directory *directory,
                                         struct authority_item *item);

/* Tells an invitation's ticket. RO_BAD_RECORD for a name that is no line. */
RO_MUST_USE enum ro_status telling_ticket(const Reachout__Ticket *ticket,
                                          const struct ro_directory *directory,
                                          int64_t now_s,
                                          struct ro_why *why,
                                          struct authority_item *ret_item);

/* --- between the files telling*.c ---------------------------------------- */

/* Something being told. */
struct telling {
    const struct ro_directory *directory; /* or NULL */
    const struct telling_agreed *agreed;  /* or NULL */
    struct ro_why *why;
    struct ro_buf *text;
};

/* A text that is shown as one line must be one, or it could forge others.
 * RO_BAD_RECORD. */
RO_MUST_USE enum ro_status
telling_line(const struct telling *telling, const char *what, const char *text);

/* A charter. RO_BAD_RECORD, RO_NO_MEMORY. */
RO_MUST_USE enum ro_status telling_charter(const struct telling *telling,
                                           const ProtobufCMessage *message);

/* A record of listings: as telling_charter. */
RO_MUST_USE enum ro_status telling_listings(const struct telling *telling,
                                            const ProtobufCMessage *message);

/* A circle.conf line by line. RO_NO_MEMORY. */
RO_MUST_USE enum ro_status telling_conf_whole(const char *conf,
                                              struct ro_buf *text);

/* Only the lines in which two differ. RO_NO_MEMORY. */
RO_MUST_USE enum ro_status
telling_conf_changes(const char *from, const char *to, struct ro_buf *text);

#endif

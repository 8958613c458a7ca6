/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of members and roles of seats, in the words of people. */
#ifndef CLIENT_AUTHORITY_NAMES_H
#define CLIENT_AUTHORITY_NAMES_H

#include "common/base/status.h"

#include "directory.pb-c.h"

/* The kind of a member as people write it. RO_USAGE: `why` lists them. */
RO_MUST_USE enum ro_status authority_kind_of(const char *word,
                                             struct ro_why *why,
                                             Reachout__MemberKind *ret_kind);

/* The role of a seat as people write it. RO_USAGE: `why` lists them. */
RO_MUST_USE enum ro_status authority_role_of(const char *word,
                                             struct ro_why *why,
                                             Reachout__Role *ret_role);

/* The word for a kind of member, static. */
const char *authority_kind_word(Reachout__MemberKind kind);

/* The same of a role. */
const char *authority_role_word(Reachout__Role role);

#endif

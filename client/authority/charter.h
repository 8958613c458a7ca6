/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client/authority: a charter that is being made. */
#ifndef CLIENT_AUTHORITY_CHARTER_H
#define CLIENT_AUTHORITY_CHARTER_H

#include "client/authority/inside.h"

/* What a charter says besides what the state says. */
struct chartering {
    struct ro_buf conf; /* terminated */
    struct authority_broker broker;
};

/* Releases what it owns. */
void chartering_fini(struct chartering *chartering);

/* Signs and appends the charter unless it is in force: a step of
 * authority_complete, whose user is a struct chartering. */
RO_MUST_USE enum ro_status authority_publish_charter(
    struct authority *authority, void *user, struct ro_why *why);

/* What the directory's charter says, to be said again. RO_REFUSED: there is
 * none. */
RO_MUST_USE enum ro_status
authority_repeat_charter(const struct authority *authority,
                         struct ro_why *why,
                         struct chartering *ret_wanted);

/* Copies a broker of a message, checked. RO_BAD_INPUT, RO_BAD_FRAME. */
RO_MUST_USE enum ro_status
authority_broker_of(const Reachout__Broker *from,
                    struct authority_broker *ret_broker);

/* Names the next generation in the charter where the broker takes its key and
 * the signing keys that are here are enough; else nothing is to do. */
RO_MUST_USE enum ro_status authority_charter_follow(struct authority *authority,
                                                    struct ro_why *why);

#endif

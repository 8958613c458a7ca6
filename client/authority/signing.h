/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client/authority: signing, with the keys of an open folder. */
#ifndef CLIENT_AUTHORITY_SIGNING_H
#define CLIENT_AUTHORITY_SIGNING_H

#include "client/authority/inside.h"

/* Reads the signing key `index`, which must be the circle's. */
RO_MUST_USE enum ro_status authority_key_load(const struct authority *authority,
                                              uint32_t index,
                                              struct ro_why *why,
                                              struct ro_keypair **ret_pair);

/* Reads the keys that are here, once. */
RO_MUST_USE enum ro_status authority_keys(struct authority *authority,
                                          struct ro_why *why,
                                          const struct keys **ret_keys);

/* RO_REFUSED, and `why` says how those sign who have the other keys. */
enum ro_status authority_lacks_keys(const struct authority *authority,
                                    struct ro_why *why);

/* Any one key of those that are here, and its number. RO_REFUSED. */
RO_MUST_USE enum ro_status authority_one_key(struct authority *authority,
                                             struct ro_why *why,
                                             const struct ro_keypair **ret_pair,
                                             uint32_t *ret_index);

/* Signs a packed body with as many keys as the threshold asks for, and appends
 * the record to `out`; in a draft with all keys that are here. RO_REFUSED
 * where they are too few. */
RO_MUST_USE enum ro_status authority_sign(struct authority *authority,
                                          Reachout__Signed__Kind kind,
                                          struct ro_bytes body,
                                          struct ro_why *why,
                                          struct ro_buf *out);

#endif

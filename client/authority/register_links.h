/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The register's links between schools: a CSV export of GIAS that says which
 * URN follows which, when a school becomes an academy, merges or amalgamates.
 * Columns URN, LinkURN and LinkType are needed, in any order; only rows that
 * name a successor count, all others are passed over.
 */
#ifndef CLIENT_AUTHORITY_REGISTER_LINKS_H
#define CLIENT_AUTHORITY_REGISTER_LINKS_H

#include "common/base/auto.h"
#include "common/base/status.h"

#include <stdint.h>

struct register_links;

/* Reads a file. RO_NOT_FOUND, RO_IO_FAILED, RO_TOO_LARGE, RO_BAD_INPUT (no
 * such export), RO_NO_MEMORY. The caller frees what it gets. */
RO_MUST_USE enum ro_status register_links_read(
    const char *path, struct ro_why *why, struct register_links **ret_links);

/* Releases them; accepts NULL. */
void register_links_free(struct register_links *links);
RO_DEFINE_AUTO(register_links, register_links_free)

/* The URN that a school has in the end: the successor of its successor, and so
 * on. RO_NOT_FOUND: it has none. RO_REFUSED: one of them was split or has
 * several successors, and `why` names it. RO_BAD_INPUT: they go round in a
 * circle, and `why` lists it. */
RO_MUST_USE enum ro_status
register_links_follow(const struct register_links *links,
                      uint32_t urn,
                      struct ro_why *why,
                      uint32_t *ret_urn);

#endif

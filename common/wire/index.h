/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside common/wire: from a key of fixed size (a URN, an id, a public key) to
 * a place in an array. Open addressing, linear probing, never more than half
 * full; nothing is ever taken out.
 */
#ifndef RO_WIRE_INDEX_H
#define RO_WIRE_INDEX_H

#include "common/base/auto.h"
#include "common/base/status.h"

#include <stddef.h>
#include <stdint.h>

#define RO_INDEX_NONE UINT32_MAX
#define RO_INDEX_KEY_MAX 32

struct ro_index {
    uint8_t *cells; /* place + 1 (4 bytes, 0: empty), then the key */
    size_t room;    /* cells; 0 or a power of two */
    size_t used;
    size_t key_size; /* a multiple of 4, at most RO_INDEX_KEY_MAX */
};

/* An empty index of keys of that many bytes. */
void ro_index_init(struct ro_index *index, size_t key_size);

/* Releases its memory. */
void ro_index_fini(struct ro_index *index);

/* Makes sure that `more` new keys can be put. RO_NO_MEMORY. */
RO_MUST_USE enum ro_status ro_index_reserve(struct ro_index *index,
                                            size_t more);

/* Puts a key, or gives it another place. Room was reserved before. */
void ro_index_put(struct ro_index *index, const void *key, uint32_t place);

/* The key's place, or RO_INDEX_NONE. */
uint32_t ro_index_find(const struct ro_index *index, const void *key);

#endif

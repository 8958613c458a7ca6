/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/session/addresses.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/bytes.h"

/* An address stands in one of so many cells from its place on. */
#define CELLS 8

struct cell {
    struct session_address address;
    struct credit credit;
};

struct addresses {
    uint64_t seed;
    struct credit rest; /* of all who found no cell */
    struct cell cells[ADDRESSES_MAX];
};

struct addresses *
addresses_new(uint64_t seed)
{
    struct addresses *addresses = calloc(1, sizeof(*addresses));
    if (addresses != NULL)
        addresses->seed = seed;
    return addresses;
}

void
addresses_free(struct addresses *addresses)
{
    free(addresses);
}

static uint64_t
mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static size_t
place_of(const struct addresses *addresses,
         const struct session_address *address,
         size_t i)
{
    uint64_t high = mix(addresses->seed ^ ro_get_u64(address->b));
    uint64_t low = mix(high ^ ro_get_u64(address->b + 8));
    return (size_t)(low + i) & (ADDRESSES_MAX - 1);
}

static bool
is_at(const struct cell *cell,
      const struct session_address *address,
      int64_t now_ms)
{
    return credit_is_used(&cell->credit, now_ms) &&
           memcmp(&cell->address, address, sizeof(*address)) == 0;
}

const struct credit *
addresses_find(const struct addresses *addresses,
               const struct session_address *address,
               int64_t now_ms)
{
    const struct credit *found = &addresses->rest;
    for (size_t i = 0; i < CELLS; i++) {
        const struct cell *cell =
            &addresses->cells[place_of(addresses, address, i)];
        if (is_at(cell, address, now_ms))
            return &cell->credit;
        if (!credit_is_used(&cell->credit, now_ms))
            found = NULL;
    }
    return found != NULL && credit_is_used(found, now_ms) ? found : NULL;
}

struct credit *
addresses_take(struct addresses *addresses,
               const struct session_address *address,
               int64_t now_ms)
{
    struct cell *empty = NULL;
    for (size_t i = 0; i < CELLS; i++) {
        struct cell *cell = &addresses->cells[place_of(addresses, address, i)];
        if (is_at(cell, address, now_ms))
            return &cell->credit;
        if (empty == NULL && !credit_is_used(&cell->credit, now_ms))
            empty = cell;
    }
    if (empty == NULL)
        return &addresses->rest;
    *empty = (struct cell){.address = *address};
    return &empty->credit;
}

void
addresses_give_back(struct addresses *addresses, uint64_t turn)
{
    credit_give_back(&addresses->rest, turn);
    for (size_t i = 0; i < ADDRESSES_MAX; i++)
        credit_give_back(&addresses->cells[i].credit, turn);
}

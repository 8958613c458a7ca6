/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One who signs: nothing but authority.pub and a key is needed, and no broker
 * is asked. What is signed is told first. Where directory.log lies beside the
 * key, the proposal is held against it as well.
 */
#include "client/authority/cosign.h"

#include <string.h>

#include "common/wire/armour.h"

void
authority_cosigned_fini(struct authority_cosigned *cosigned)
{
    for (size_t i = 0; i < cosigned->n; i++)
        free(cosigned->items[i].text);
    free(cosigned->items);
    free(cosigned->circle);
    authority_seatless_fini(&cosigned->seatless);
    *cosigned = (struct authority_cosigned){0};
}

enum ro_status
authority_cosign(const struct authority_cosigning *cosigning,
                 struct ro_why *why,
                 struct authority_cosigned *ret_cosigned)
{
    RO_CLEANUP(table_fini)
    struct table table = {.cosigning = cosigning, .why = why};
    RO_CLEANUP(authority_cosigned_fini)
    struct authority_cosigned cosigned = {0};
    char kind[RO_ARMOUR_NAME_MAX + 1];
    RO_TRY(ro_crypto_init());
    RO_TRY(table_set(&table, &cosigned));
    RO_TRY(ro_armour_kind(cosigning->path, why, kind));
    RO_TRY(strcmp(kind, "invitation") == 0
               ? cosign_invitation(&table, &cosigned)
               : cosign_proposal(&table, &cosigned));
    *ret_cosigned = cosigned;
    cosigned = (struct authority_cosigned){0};
    return RO_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A step at the broker, done again where it was cut short. */
#include "client/authority/complete.h"

#include "client/authority/asking.h"
#include "client/authority/fetching.h"
#include "client/authority/rotation.h"

#define ROUNDS 4

static enum ro_status
run_round(struct authority *authority,
          authority_step_fn *step,
          void *user,
          struct ro_why *why)
{
    RO_TRY(authority_log_sync(authority, why));
    RO_TRY(step(authority, user, why));
    RO_TRY(authority_log_sync(authority, why));
    return authority_rotation_go_on(authority, ROTATION_FROM_CHARTER, why);
}

enum ro_status
authority_complete(struct authority *authority,
                   authority_step_fn *step,
                   void *user,
                   struct ro_why *why)
{
    enum ro_status s = RO_OLD_SERIAL;
    if (authority->draft != NULL) {
        RO_TRY(authority_log_catch_up(authority, why));
        return step(authority, user, why);
    }
    int64_t until_ms = authority_deadline(authority);
    for (int round = 0; round < ROUNDS; round++) {
        s = run_round(authority, step, user, why);
        if (s != RO_OLD_SERIAL && s != RO_UNREACHABLE)
            return s;
        if (ro_clock_mono_ms(&authority->world.clock) >= until_ms)
            return s;
    }
    return s;
}

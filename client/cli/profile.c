/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/profile.h"

#include "client/cli/handover.h"
#include "client/cli/host.h"
#include "client/cli/input.h"
#include "client/cli/key.h"

/* By itself, or by the process that has it. */
static enum ro_status
open_or_relay(struct wait *wait, const struct ro_client_setup *setup)
{
    enum handover_end end;
    RO_TRY(handover_open(wait, setup, &end));
    return end == HANDOVER_OPEN ? RO_OK : RO_TAKEN;
}

enum ro_status
profile_open(struct wait *wait,
             const struct cli_args *args,
             struct cli_output *out,
             struct ro_why *why)
{
    RO_AUTOBUF folder = {0};
    struct ro_client_setup setup = {.key_file = NULL};
    RO_CLEANUP(ro_passphrase_freep) struct ro_passphrase *passphrase = NULL;
    wait->args = args;
    wait->out = out;
    wait->why = why;
    if (args->host != NULL) {
        host_lend(args->host, wait);
        return RO_OK;
    }
    RO_TRY(input_profile(args, &folder, why, &setup.profile));
    RO_TRY(wait_hold_signals(wait, why));
    RO_TRY(key_given(args, why, &passphrase));
    setup.passphrase = passphrase;
    enum ro_status s = open_or_relay(wait, &setup);
    if (s == RO_NEED_PASSPHRASE) {
        RO_TRY(key_ask(wait, KEY_OLD, &passphrase));
        setup.passphrase = passphrase;
        s = open_or_relay(wait, &setup);
    }
    if (s != RO_NOT_FOUND)
        return s;
    OUTPUT_NEXT(out, "reachout", "help", "join");
    return ro_why(why, s,
                  "there is no profile in %s; reachout join makes one from an "
                  "invitation, and --profile names another",
                  setup.profile);
}

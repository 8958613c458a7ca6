/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/handover.h"

#include "client/cli/evidence.h"
#include "client/cli/hand.h"
#include "client/cli/patience.h"

#include <stdlib.h>

/* How long a profile may be taken by somebody who cannot be asked; longer for
 * the process that had begun and ends just now. */
#define MOMENT_MS 2000
#define LONG_MOMENT_MS 15000
/* How often it is looked again. */
#define LOOK_MS 50

/* One command on its way to its profile. */
struct handover {
    struct wait *wait;
    const struct ro_client_setup *setup;
    struct ro_clock clock;
    int64_t until_ms;
    struct ro_buf words; /* the asking's */
    struct handing_asking asking;
    enum { HANDOVER_UNCHECKED, HANDOVER_RIGHT } passphrase; /* if given */
};

static void
handover_fini(struct handover *handover)
{
    ro_buf_fini(&handover->words);
}

/* --- to another process -------------------------------------------------- */

/* A passphrase that was given is looked at here, and nothing of it is said to
 * whoever listens there: a false one could guess by what it hears. It takes as
 * long as it takes, before anybody is waited for. */
static enum ro_status
check_passphrase(struct handover *handover)
{
    const struct ro_client_setup *setup = handover->setup;
    if (setup->passphrase == NULL || handover->passphrase == HANDOVER_RIGHT)
        return RO_OK;
    enum ro_status s = ro_profile_check(setup->profile, setup->passphrase,
                                        handover->wait->why);
    if (s != RO_OK)
        return s;
    handover->passphrase = HANDOVER_RIGHT;
    handover->until_ms = ro_clock_mono_ms(&handover->clock) + MOMENT_MS;
    return RO_OK;
}

static enum ro_status
make_asking(struct handover *handover)
{
    const struct wait *wait = handover->wait;
    struct handing_asking *asking = &handover->asking;
    RO_TRY(hand_make_asking(wait->args, wait->why, &handover->words, asking));
    asking->zone = getenv("TZ");
    asking->colour =
        output_has_colour(wait->args) ? HANDING_COLOUR : HANDING_PLAIN;
    if (wait->args->typed != NULL && wait->args->typed->size > 0)
        asking->text = (char *)wait->args->typed->data;
    return RO_OK;
}

/* Until it is answered, or will not be. */
static enum hand_state
wait_answer(struct handover *handover, struct hand *hand)
{
    struct wait *wait = handover->wait;
    struct patience patience = {.start_ms = ro_clock_mono_ms(&handover->clock)};
    bool terminal = wait->patience == WAIT_TELLS && patience_has_terminal();
    enum hand_state state = hand_work(hand);
    while ((state == HAND_UNDER_WAY || state == HAND_BEGUN) &&
           wait_for(wait, hand_fd(hand), hand_events(hand), PATIENCE_TICK_MS)) {
        state = hand_work(hand);
        if (terminal)
            patience_tick(&patience, ro_clock_mono_ms(&handover->clock));
    }
    patience_end(&patience);
    return state;
}

static enum ro_status
tell_refusal(const struct handover *handover,
             const struct hand *hand,
             enum handing_refusal refusal)
{
    struct ro_why *why = handover->wait->why;
    int pid = (int)hand_pid(hand);
    switch (refusal) {
    case HANDING_BUSY:
        return ro_why(why, RO_TAKEN,
                      "too many commands wait for the watch on this profile "
                      "(process %d); try again when they are done",
                      pid);
    case HANDING_ALONE:
        return ro_why(why, RO_REFUSED, HAND_STOP_IT_FIRST, pid);
    case HANDING_UNREAD:
    default:
        return ro_why(why, RO_REFUSED,
                      "the watch on this profile (process %d) is of another "
                      "version: stop it and start it again",
                      pid);
    }
}

static enum ro_status
tell_silence(const struct handover *handover, const struct hand *hand)
{
    uint64_t before;
    struct ro_why *why = handover->wait->why;
    int pid = (int)hand_pid(hand);
    if (hand_before(hand, &before)) {
        return ro_why(why, RO_TAKEN,
                      "the watch on this profile (process %d) has begun this "
                      "and says nothing more; end it, and look what came of "
                      "it before you do it again",
                      pid);
    }
    return ro_why(why, RO_TAKEN,
                  "the watch on this profile (process %d) does not answer, "
                  "and nothing was done; end it, and try again",
                  pid);
}

static enum ro_status
take_end(struct handover *handover, const struct hand *hand)
{
    const struct handing_answer *end = hand_answer(hand);
    struct output_relay *relay = &handover->wait->out->relay;
    if (end->what == HANDING_REFUSED)
        return tell_refusal(handover, hand, end->refusal);
    ro_buf_put(&relay->out, end->out.data, end->out.size);
    ro_buf_put(&relay->err, end->err.data, end->err.size);
    RO_TRY(ro_buf_ok(&relay->out));
    RO_TRY(ro_buf_ok(&relay->err));
    relay->exit_code = end->exit_code;
    relay->whose = OUTPUT_RELAYED;
    return RO_OK;
}

/* The other end has gone: what was not begun is to be done elsewhere, and what
 * was begun perhaps. */
static void
take_loss(struct handover *handover, const struct hand *hand)
{
    struct wait *wait = handover->wait;
    uint64_t before = 0;
    if (!hand_before(hand, &before))
        return;
    handover->until_ms = ro_clock_mono_ms(&handover->clock) + LONG_MOMENT_MS;
    if (wait->fate == WAIT_NOT_LOST)
        wait->before = before;
    wait->fate = WAIT_LOST;
}

/* What came of handing it over. */
enum handed {
    HANDED_TO_NOBODY, /* nobody is there to do it, yet */
    HANDED_AND_DONE,
};

static enum ro_status
take_answer(struct handover *handover,
            struct hand *hand,
            enum handed *ret_handed)
{
    switch (wait_answer(handover, hand)) {
    case HAND_ANSWERED:
        *ret_handed = HANDED_AND_DONE;
        return take_end(handover, hand);
    case HAND_GONE:
        take_loss(handover, hand);
        *ret_handed = HANDED_TO_NOBODY;
        return RO_OK;
    case HAND_SILENT:
        return tell_silence(handover, hand);
    case HAND_UNDER_WAY:
    case HAND_BEGUN:
    default:
        return wait_be_interrupted(handover->wait);
    }
}

/* Hands the command over, if somebody is there. */
static enum ro_status
hand_it(struct handover *handover, enum handed *ret_handed)
{
    RO_CLEANUP(hand_freep) struct hand *hand = NULL;
    struct wait *wait = handover->wait;
    if (handover->asking.n_args == 0)
        RO_TRY(make_asking(handover));
    if (wait->fate == WAIT_LOST) {
        handover->asking.times = HANDING_AGAIN;
        handover->asking.before = wait->before;
    }
    const struct place_where where = place_of_ours(handover->setup->profile);
    enum ro_status s = check_passphrase(handover);
    if (s == RO_OK) {
        s = hand_open(&where, &handover->asking, &handover->clock, wait->why,
                      &hand);
    }
    if (s == RO_NOT_FOUND) { /* or the profile is being made */
        *ret_handed = HANDED_TO_NOBODY;
        return RO_OK;
    }
    RO_TRY(s);
    return take_answer(handover, hand, ret_handed);
}

/* --- by itself ----------------------------------------------------------- */

/* The profile is open here now, and the command had been begun elsewhere. */
static enum ro_status
look_back(struct handover *handover, enum handover_end *ret_end)
{
    struct wait *wait = handover->wait;
    struct evidence now;
    struct cli_output said = {0};
    struct output_relay *relay = &wait->out->relay;
    RO_TRY(evidence_take(wait, wait->args, &now));
    *ret_end = HANDOVER_OPEN;
    if (now.count <= wait->before)
        return RO_OK;
    said.profile = wait->args->profile;
    said.to_out = &relay->out;
    said.to_err = &relay->err;
    enum ro_status s = evidence_tell(&now, &said, wait->why);
    relay->exit_code = output_finish(wait->args, &said, s, wait->why);
    relay->whose = OUTPUT_RELAYED;
    output_fini(&said);
    *ret_end = HANDOVER_DONE;
    return RO_OK;
}

/* Somebody has the profile, and cannot be asked. */
static enum ro_status
give_up(const struct handover *handover, const struct ro_why *taken)
{
    if (handover->wait->fate == WAIT_LOST) {
        return ro_why(handover->wait->why, RO_TAKEN,
                      "the watch that had begun this ended before it said "
                      "what came of it; look before you do it again");
    }
    *handover->wait->why = *taken;
    return RO_TAKEN;
}

/* Opens the profile, or finds somebody who has it open. */
static enum ro_status
open_or_hand(struct handover *handover, struct ro_client **ret_client)
{
    struct wait *wait = handover->wait;
    for (;;) {
        struct ro_why taken = {""};
        enum handed handed = HANDED_TO_NOBODY;
        enum ro_status s = ro_client_open(handover->setup, &taken, ret_client);
        if (s != RO_TAKEN) {
            *wait->why = taken;
            return s;
        }
        RO_TRY(hand_it(handover, &handed));
        if (handed == HANDED_AND_DONE)
            return RO_OK;
        if (ro_clock_mono_ms(&handover->clock) >= handover->until_ms)
            return give_up(handover, &taken);
        if (!wait_for(wait, -1, 0, LOOK_MS))
            return wait_be_interrupted(wait);
    }
}

enum ro_status
handover_open(struct wait *wait,
              const struct ro_client_setup *setup,
              enum handover_end *ret_end)
{
    RO_CLEANUP(handover_fini)
    struct handover handover = {
        .wait = wait, .setup = setup, .clock = ro_clock_system()};
    struct ro_client *client = NULL; /* stays so where it was handed over */
    handover.until_ms = ro_clock_mono_ms(&handover.clock) + MOMENT_MS;
    RO_TRY(open_or_hand(&handover, &client));
    *ret_end = client == NULL ? HANDOVER_DONE : HANDOVER_OPEN;
    if (client == NULL)
        return RO_OK;
    *wait->why = (struct ro_why){""};
    wait_open_take(wait, client);
    return wait->fate == WAIT_LOST ? look_back(&handover, ret_end) : RO_OK;
}

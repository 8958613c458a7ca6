/* SPDX-License-Identifier: Apache-2.0 */
/* A key of the circle on its way to the seats, as many in one ask as fit. */
#include "client/authority/rotation.h"

#include <string.h>

#include "client/authority/asking.h"
#include "client/authority/fetching.h"
#include "client/authority/find.h"
#include "client/authority/sealing.h"
#include "common/wire/codec.h"
#include "common/wire/notices.h"

#define BATCH AUTHORITY_BATCH

/* Seats that get a key in one ask. */
struct batch {
    struct authority *authority;
    const struct authority_psk *key; /* that they get, */
    struct authority_psk under;      /* under this one, which they have */
    struct ro_notices *notices;
    const struct ro_seat_view *seats[BATCH];
    struct ro_buf bodies[BATCH];
    struct authority_sealed sealed[BATCH];
    uint32_t days[BATCH];
    size_t n;
    uint32_t today;
    uint32_t expiry_hour;
};

static void
batch_fini(struct batch *batch)
{
    for (size_t i = 0; i < BATCH; i++)
        ro_buf_fini(&batch->bodies[i]);
    ro_notices_free(batch->notices);
    ro_wipe(&batch->under, sizeof(batch->under));
}

static enum ro_status
take_notice(struct batch *batch, struct ro_bytes notice)
{
    struct ro_notice_facts facts;
    enum ro_status s = ro_notices_check(
        batch->notices, batch->authority->directory, notice, NULL, &facts);
    /* one that does not hold is no reason to give its seat no key */
    return s == RO_OK ? ro_notices_add(batch->notices, notice)
                      : (s == RO_NO_MEMORY ? s : RO_OK);
}

/* Takes a page of them, and moves the cursor `after` on. */
static enum ro_status
take_page(struct batch *batch,
          const Reachout__Notices__Answer *page,
          struct ro_why *why,
          uint64_t *after)
{
    for (size_t i = 0; i < page->n_entries; i++) {
        const Reachout__Notices__Answer__Entry *entry = page->entries[i];
        if (entry->cursor <= *after)
            return ro_why(why, RO_BAD_FRAME, "the broker repeats notices");
        *after = entry->cursor;
        RO_TRY(take_notice(batch, ro_field(&entry->notice)));
    }
    return RO_OK;
}

/* The seats' epoch keys, for the day's of each. */
static enum ro_status
fetch_notices(struct batch *batch, struct ro_why *why)
{
    Reachout__Notices__Ask ask = REACHOUT__NOTICES__ASK__INIT;
    const ProtobufCMessage *message;
    const Reachout__Notices__Answer *answer;
    ask.has_after = true;
    do {
        RO_TRY(authority_ask(batch->authority, RO_VERB_NOTICES, &ask.base, why,
                             &message));
        answer = (const void *)message;
        RO_TRY(take_page(batch, answer, why, &ask.after));
    } while (answer->n_entries > 0 && ask.after < answer->newest);
    return RO_OK;
}

static enum ro_status
seal_one(struct batch *batch, size_t i)
{
    const struct authority_psk *key = batch->key;
    const struct ro_seat_view *seat = batch->seats[i];
    Reachout__Content content = REACHOUT__CONTENT__INIT;
    Reachout__Psk psk = REACHOUT__PSK__INIT;
    struct authority_sealing to = {.seat = seat->id,
                                   .day = RO_DAY_FALLBACK,
                                   .generation = batch->under.generation,
                                   .psk = batch->under.psk,
                                   .expiry_hour = batch->expiry_hour};
    psk.has_generation = psk.has_psk = true;
    psk.generation = key->generation;
    psk.psk = ro_as_field((struct ro_bytes){key->psk, sizeof(key->psk)});
    content.psk = &psk;
    RO_TRY(ro_seat_fallback(seat, &to.key));
    if (ro_notices_epoch_key(batch->notices, &seat->id, batch->today,
                             &to.key) == RO_OK)
        to.day = batch->today;
    batch->days[i] = to.day;
    return authority_seal(batch->authority, &to, &content, &batch->bodies[i],
                          &batch->sealed[i]);
}

/* A seat that is gone meanwhile needs no key. One whose mailbox is full does
 * not get it, and holds up nobody else: its client notices, and it is given
 * the key again. */
static enum ro_status
read_statuses(const struct batch *batch,
              const Reachout__Deposit__Answer *answer,
              struct ro_why *why)
{
    if (answer->n_statuses != batch->n)
        return ro_why(why, RO_BAD_FRAME, "the broker answers other wraps");
    for (size_t i = 0; i < batch->n; i++) {
        enum ro_status s = ro_status_from_wire((uint16_t)answer->statuses[i]);
        if (s == RO_OK || s == RO_NO_MAILBOX || s == RO_NO_ROOM)
            continue;
        return ro_why(why, s,
                      "the new key did not get to all seats (%s); the same "
                      "command goes on later",
                      ro_status_text(s));
    }
    return RO_OK;
}

static enum ro_status
send_batch(struct batch *batch, struct ro_why *why)
{
    Reachout__Deposit__Ask ask = REACHOUT__DEPOSIT__ASK__INIT;
    Reachout__Deposit__Wrap wraps[BATCH];
    Reachout__Deposit__Wrap *pointers[BATCH];
    ProtobufCBinaryData bodies[BATCH];
    const ProtobufCMessage *message;
    for (size_t i = 0; i < batch->n; i++) {
        Reachout__Deposit__Wrap *wrap = pointers[i] = &wraps[i];
        RO_TRY(seal_one(batch, i));
        bodies[i] = ro_as_field(ro_buf_view(&batch->bodies[i]));
        reachout__deposit__wrap__init(wrap);
        wrap->has_mailbox = wrap->has_body = wrap->has_wrap = true;
        wrap->has_day = wrap->has_generation = wrap->has_expiry_hour = true;
        wrap->mailbox =
            ro_as_field((struct ro_bytes){batch->seats[i]->id.b, RO_ID_SIZE});
        wrap->body = ro_as_field(
            (struct ro_bytes){batch->sealed[i].body_hash.b, RO_HASH_SIZE});
        wrap->wrap =
            ro_as_field((struct ro_bytes){batch->sealed[i].wrap, RO_WRAP_SIZE});
        wrap->day = batch->days[i];
        wrap->generation = batch->under.generation;
        wrap->expiry_hour = batch->expiry_hour;
    }
    ask.bodies = bodies;
    ask.wraps = pointers;
    ask.n_bodies = ask.n_wraps = batch->n;
    RO_TRY(authority_ask(batch->authority, RO_VERB_DEPOSIT, &ask.base, why,
                         &message));
    return read_statuses(batch, (const void *)message, why);
}

uint64_t
authority_live_seats(const struct authority *authority,
                     uint64_t from,
                     const struct ro_seat_view **ret_seats,
                     size_t *ret_n)
{
    const struct ro_seat_view *seat;
    *ret_n = 0;
    while (*ret_n < AUTHORITY_BATCH &&
           (seat = ro_directory_nth_seat(authority->directory, from)) != NULL) {
        if (seat->standing == RO_SEAT_LIVE)
            ret_seats[(*ret_n)++] = seat;
        from++;
    }
    return from;
}

/* What a batch needs to know of the seats and of the time. */
static enum ro_status
prepare(struct batch *batch, struct ro_why *why)
{
    const struct authority *authority = batch->authority;
    batch->notices = ro_notices_new();
    if (batch->notices == NULL)
        return RO_NO_MEMORY;
    RO_TRY(fetch_notices(batch, why));
    int64_t now_s = ro_clock_wall_s(&authority->world.clock);
    if (link_broker_time(authority->link, &now_s) != RO_OK)
        return ro_why(why, RO_UNREACHABLE, "the broker told no time");
    batch->today = ro_day_of(now_s);
    batch->expiry_hour = authority_expiry_hour(now_s);
    return RO_OK;
}

enum ro_status
authority_distribute(struct authority *authority, struct ro_why *why)
{
    struct authority_state *state = &authority->state;
    RO_CLEANUP(batch_fini)
    struct batch batch = {.authority = authority,
                          .key = &state->next,
                          .under = {.generation = state->generation}};
    uint64_t upto;
    memcpy(batch.under.psk, state->psk, sizeof(state->psk));
    if (ro_directory_nth_seat(authority->directory, state->next_seats) == NULL)
        return RO_OK;
    RO_TRY(prepare(&batch, why));
    while ((upto = authority_live_seats(authority, state->next_seats,
                                        batch.seats, &batch.n)) >
           state->next_seats) {
        if (batch.n > 0)
            RO_TRY(send_batch(&batch, why));
        state->next_seats = upto;
        RO_TRY(authority_state_save(authority->dir, state, why));
    }
    return RO_OK;
}

enum ro_status
authority_give_again(struct authority *authority,
                     const char *seat,
                     struct ro_why *why)
{
    const struct authority_state *state = &authority->state;
    struct authority_psk now = {0};
    RO_CLEANUP(batch_fini)
    struct batch batch = {.authority = authority, .key = &now, .n = 1};
    struct ro_seat_id id;
    RO_TRY(authority_log_sync(authority, why));
    RO_TRY(authority_generation_settle(authority, why));
    RO_TRY(authority_find_seat(authority, NULL, seat, why, &id));
    batch.seats[0] = ro_directory_seat(authority->directory, &id);
    if (state->last.generation == 0) {
        return ro_why(why, RO_REFUSED,
                      "the circle's key was never changed; there is nothing to "
                      "give again");
    }
    RO_TRY(prepare(&batch, why));
    batch.under = state->last;
    now.generation = state->generation;
    memcpy(now.psk, state->psk, sizeof(state->psk));
    enum ro_status s = send_batch(&batch, why);
    ro_wipe(&now, sizeof(now));
    return s;
}

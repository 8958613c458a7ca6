/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The circle's key after somebody was removed. Each step is kept before the
 * next one, and can be done again:
 *
 *   1. a new key is made and kept in authority.state;
 *   2. every live seat gets it, sealed under the key that is in force;
 *   3. DIR/door.key is written anew, for the broker's operator to install;
 *   4. once the broker takes the new key, the charter names it;
 *   5. once the log has that charter, the new key is the one in force.
 */
#include "client/authority/inside.h"

#include <stdio.h>
#include <string.h>

#include "common/wire/armour.h"
#include "common/wire/codec.h"
#include "common/wire/notices.h"
#include "common/wire/rules.h"

#define EXPIRY_HOURS (24 * RO_EXPIRY_DAYS)
#define BATCH AUTHORITY_BATCH

const uint8_t *
authority_psk(const struct authority *authority, uint32_t generation)
{
    const struct authority_state *state = &authority->state;
    if (generation == 0)
        return NULL;
    if (generation == state->generation)
        return state->psk;
    if (generation == state->next.generation)
        return state->next.psk;
    return generation == state->last.generation ? state->last.psk : NULL;
}

uint32_t
authority_newest_generation(const struct authority *authority)
{
    const struct authority_state *state = &authority->state;
    return state->next.generation != 0 ? state->next.generation
                                       : state->generation;
}

uint32_t
authority_charter_generation(const struct authority *authority)
{
    return authority->door == AUTHORITY_DOOR_TAKES_NEXT
               ? authority->state.next.generation
               : authority->state.generation;
}

/* --- door.key ------------------------------------------------------------ */

enum ro_status
authority_door_write(const struct authority_state *state,
                     const struct ro_circle_id *circle,
                     const char *path,
                     struct ro_why *why)
{
    RO_SECRET_BUF bytes = {0};
    Reachout__DoorKey message = REACHOUT__DOOR_KEY__INIT;
    const struct ro_bytes now = {state->psk, sizeof(state->psk)};
    const struct ro_bytes next = {state->next.psk, sizeof(state->next.psk)};
    bool is_rotating = state->next.generation != 0;
    message.has_circle = message.has_generation = message.has_psk = true;
    message.circle = ro_as_field((struct ro_bytes){circle->b, RO_ID_SIZE});
    message.generation =
        is_rotating ? state->next.generation : state->generation;
    message.psk = ro_as_field(is_rotating ? next : now);
    message.has_previous_generation = message.has_previous_psk = is_rotating;
    message.previous_generation = state->generation;
    message.previous_psk = ro_as_field(now);
    RO_TRY(ro_pack(&message.base, &bytes));
    return ro_armour_write(path, "door-key", ro_buf_view(&bytes),
                           RO_FILE_SECRET, why);
}

/* So many generations another copy of the folder may have made alone. */
#define TAKEN_OVER 8

/* --- 1: a new key -------------------------------------------------------- */

/* Makes the key for the revocation of that number, `step` generations on. */
static enum ro_status
make_key(struct authority *authority,
         uint32_t step,
         uint64_t number,
         struct ro_why *why)
{
    struct authority_state *state = &authority->state;
    state->next.generation = authority_newest_generation(authority) + step;
    ro_entropy_fill(&authority->world.entropy, state->next.psk,
                    sizeof(state->next.psk));
    state->next_seats = 0;
    state->covered = number;
    return authority_state_save(authority->dir, state, why);
}

/* Signatures are no part of what is signed: they may be other keys'. */
static enum ro_status
hash_revocation(struct ro_bytes record, struct ro_hash *ret_hash)
{
    struct ro_signed sig;
    RO_TRY(ro_signed_open(record, &sig));
    ro_body_hash(sig.body, ret_hash);
    return RO_OK;
}

/* The newest revocation by the authority. What a member revokes of its own
 * seats makes no key: anybody could have one made as often as it likes. */
struct newest {
    const struct authority *authority;
    uint64_t seen;
    struct ro_bytes record;
    uint64_t number; /* 0: none */
};

static void
look_at(struct ro_bytes record, void *user)
{
    struct newest *newest = user;
    struct ro_signed sig;
    const struct ro_root *root = &newest->authority->root;
    const struct ro_signers signers = {root->keys, root->n_keys,
                                       root->threshold};
    newest->seen++;
    if (ro_signed_open(record, &sig) != RO_OK ||
        sig.kind != REACHOUT__SIGNED__KIND__REVOCATION ||
        ro_signed_check(&sig, &signers) != RO_OK)
        return;
    newest->record = record;
    newest->number = newest->seen;
}

static enum ro_status
newest_removal(const struct authority *authority,
               struct ro_bytes *ret_record,
               uint64_t *ret_number)
{
    struct newest newest = {.authority = authority};
    authority_log_each(authority, look_at, &newest);
    *ret_record = newest.record;
    *ret_number = newest.number;
    return newest.number > 0 ? RO_OK : RO_NOT_FOUND;
}

/* The newest revocation that has no key yet. RO_NOT_FOUND: there is none.
 * RO_REFUSED: it came from another copy of this folder, which makes its key;
 * two copies would make two. */
static enum ro_status
find_uncovered(const struct authority *authority,
               struct ro_why *why,
               uint64_t *ret_number)
{
    struct ro_bytes record;
    struct ro_hash hash;
    const struct authority_state *state = &authority->state;
    if (newest_removal(authority, &record, ret_number) != RO_OK ||
        *ret_number <= state->covered)
        return RO_NOT_FOUND;
    RO_TRY(hash_revocation(record, &hash));
    if (memcmp(hash.b, state->removal.b, RO_HASH_SIZE) == 0)
        return RO_OK;
    return ro_why(why, RO_REFUSED,
                  "another copy of this folder has published a removal (record "
                  "%llu) and makes the circle's key for it; copy its "
                  "authority.state to here, or, if it is lost: revoke "
                  "--take-over",
                  (unsigned long long)*ret_number);
}

enum ro_status
authority_removal_begin(struct authority *authority,
                        struct ro_bytes revocation,
                        struct ro_why *why)
{
    uint64_t number;
    struct authority_state *state = &authority->state;
    enum ro_status s = find_uncovered(authority, why, &number);
    if (s != RO_OK && s != RO_NOT_FOUND)
        return s;
    RO_TRY(hash_revocation(revocation, &state->removal));
    return authority_state_save(authority->dir, state, why);
}

enum ro_status
authority_removal_take_over(struct authority *authority, struct ro_why *why)
{
    struct authority_state *state = &authority->state;
    struct ro_bytes record;
    uint64_t number = 0;
    RO_TRY(authority_log_sync(authority, why));
    if (newest_removal(authority, &record, &number) != RO_OK ||
        number <= state->covered) {
        return ro_why(why, RO_REFUSED,
                      "there is nothing to take over: every removal has its "
                      "key");
    }
    RO_TRY(hash_revocation(record, &state->removal));
    return make_key(authority, TAKEN_OVER, number, why);
}

/* One for the newest revocation, unless it has its own. */
static enum ro_status
begin(struct authority *authority, struct ro_why *why)
{
    uint64_t number = 0;
    enum ro_status s = find_uncovered(authority, why, &number);
    if (s == RO_NOT_FOUND)
        return RO_OK;
    RO_TRY(s);
    return make_key(authority, 1, number, why);
}

/* --- 2: to every seat ---------------------------------------------------- */

/* Seats that get a key in one ask. */
struct batch {
    struct authority *authority;
    const struct authority_psk *key; /* that they get, */
    struct authority_psk under;      /* under this one, which they have */
    struct ro_notices *notices;
    const struct ro_seat_view *seats[BATCH];
    struct ro_buf bodies[BATCH];
    uint8_t wraps[BATCH][RO_WRAP_SIZE];
    struct ro_hash hashes[BATCH];
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
pack_content(const struct batch *batch,
             const struct ro_hash *recipients,
             struct ro_buf *ret_content)
{
    const struct authority *authority = batch->authority;
    const struct authority_psk *key = batch->key;
    Reachout__Content content = REACHOUT__CONTENT__INIT;
    Reachout__Psk psk = REACHOUT__PSK__INIT;
    psk.has_generation = psk.has_psk = true;
    psk.generation = key->generation;
    psk.psk = ro_as_field((struct ro_bytes){key->psk, sizeof(key->psk)});
    content.has_circle = content.has_sender = content.has_sent_at = true;
    content.has_recipients = true;
    content.circle =
        ro_as_field((struct ro_bytes){authority->circle.b, RO_ID_SIZE});
    content.sender =
        ro_as_field((struct ro_bytes){authority->mailbox.b, RO_ID_SIZE});
    content.sent_at = (uint64_t)ro_clock_wall_s(&authority->world.clock);
    content.recipients =
        ro_as_field((struct ro_bytes){recipients->b, RO_HASH_SIZE});
    content.psk = &psk;
    RO_TRY(ro_content_check(&content, NULL));
    return ro_pack(&content.base, ret_content);
}

static enum ro_status
seal_one(struct batch *batch, size_t i)
{
    const struct authority *authority = batch->authority;
    const struct authority_state *state = &authority->state;
    const struct ro_entropy *entropy = &authority->world.entropy;
    const struct ro_seat_view *seat = batch->seats[i];
    struct ro_key key;
    RO_TRY(ro_seat_fallback(seat, &key));
    RO_SECRET_BUF content = {0};
    struct ro_wrap_inside inside = {.sender = authority_reference(authority),
                                    .sequence = 1};
    struct ro_wrap_binding binding = {.circle = authority->circle,
                                      .mailbox = seat->id,
                                      .day = RO_DAY_FALLBACK,
                                      .generation = batch->under.generation,
                                      .expiry_hour = batch->expiry_hour,
                                      .psk = batch->under.psk};
    if (ro_notices_epoch_key(batch->notices, &seat->id, batch->today, &key) ==
        RO_OK)
        binding.day = batch->today;
    struct ro_seat_id id = seat->id; /* it is sorted where it stands */
    ro_recipients_hash(&id, 1, &inside.recipients);
    RO_TRY(pack_content(batch, &inside.recipients, &content));
    ro_entropy_fill(entropy, inside.content_key, sizeof(inside.content_key));
    ro_buf_clear(&batch->bodies[i]);
    enum ro_status s = ro_body_seal(ro_buf_view(&content), inside.content_key,
                                    entropy, &batch->bodies[i]);
    ro_body_hash(ro_buf_view(&batch->bodies[i]), &batch->hashes[i]);
    binding.body_hash = batch->hashes[i];
    batch->days[i] = binding.day;
    if (s == RO_OK)
        s = ro_bucket_of(batch->bodies[i].size, &binding.bucket);
    const struct ro_sealing_key sender = {
        ro_keypair_x25519_secret(state->enrolment),
        ro_keypair_x25519(state->enrolment)};
    const struct ro_wrap_seal seal = {&binding, &key, &inside, &sender};
    if (s == RO_OK)
        s = ro_wrap_seal(&seal, entropy, batch->wraps[i]);
    ro_wipe(&inside, sizeof(inside));
    return s;
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
        wrap->body =
            ro_as_field((struct ro_bytes){batch->hashes[i].b, RO_HASH_SIZE});
        wrap->wrap =
            ro_as_field((struct ro_bytes){batch->wraps[i], RO_WRAP_SIZE});
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
    batch->expiry_hour = ro_hour_of(now_s) + EXPIRY_HOURS;
    return RO_OK;
}

static enum ro_status
distribute(struct authority *authority, struct ro_why *why)
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
    struct authority_psk now = {.generation = state->generation};
    RO_CLEANUP(batch_fini)
    struct batch batch = {
        .authority = authority, .key = &now, .under = state->last, .n = 1};
    struct ro_seat_id id;
    RO_TRY(authority_log_sync(authority, why));
    RO_TRY(authority_find_seat(authority, NULL, seat, why, &id));
    batch.seats[0] = ro_directory_seat(authority->directory, &id);
    if (state->last.generation == 0) {
        return ro_why(why, RO_REFUSED,
                      "the circle's key was never changed; there is nothing to "
                      "give again");
    }
    RO_TRY(prepare(&batch, why));
    memcpy(now.psk, state->psk, sizeof(state->psk));
    enum ro_status s = send_batch(&batch, why);
    ro_wipe(&now, sizeof(now));
    return s;
}

/* --- 5: in force --------------------------------------------------------- */

enum ro_status
authority_generation_settle(struct authority *authority, struct ro_why *why)
{
    struct authority_state *state = &authority->state;
    const struct ro_charter_view *charter =
        ro_directory_charter(authority->directory);
    if (charter == NULL || state->next.generation == 0 ||
        charter->psk_generation != state->next.generation)
        return RO_OK;
    state->last.generation = state->generation;
    memcpy(state->last.psk, state->psk, sizeof(state->psk));
    state->generation = state->next.generation;
    memcpy(state->psk, state->next.psk, sizeof(state->psk));
    ro_wipe(&state->next, sizeof(state->next));
    return authority_state_save(authority->dir, state, why);
}

/* --- all of it ----------------------------------------------------------- */

static enum ro_status
write_door(const struct authority *authority, struct ro_why *why)
{
    RO_AUTOFREE char *path = authority_path(authority->dir, "door.key");
    if (path == NULL)
        return RO_NO_MEMORY;
    return authority_door_write(&authority->state, &authority->circle, path,
                                why);
}

enum ro_status
authority_generation_follow(struct authority *authority, struct ro_why *why)
{
    if (authority->draft != NULL)
        return RO_OK;
    RO_TRY(begin(authority, why));
    if (authority->state.next.generation == 0)
        return RO_OK;
    RO_TRY(distribute(authority, why));
    return write_door(authority, why);
}

void
authority_rotation(const struct authority *authority,
                   struct authority_rotation *ret_rotation)
{
    const struct authority_state *state = &authority->state;
    *ret_rotation = (struct authority_rotation){
        .stage = AUTHORITY_SETTLED, .generation = state->generation};
    if (state->next.generation == 0)
        return;
    ret_rotation->generation = state->next.generation;
    ret_rotation->stage = authority->door == AUTHORITY_DOOR_TAKES_NEXT
                              ? AUTHORITY_NEEDS_CHARTER
                              : AUTHORITY_NEEDS_DOOR_KEY;
}

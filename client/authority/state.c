/* SPDX-License-Identifier: Apache-2.0 */
/* authority.state, and opening and closing the folder around it. */
#include "client/authority/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "client/authority/log.h"
#include "client/authority/petition.h"
#include "client/authority/proposal.h"
#include "client/authority/rotation.h"
#include "client/authority/signing.h"
#include "client/core/row.h"
#include "common/wire/armour.h"
#include "common/wire/codec.h"

#define STATE_FILE "authority.state"
#define STATE_KIND "authority-state"
#define STATE_VERSION 3 /* 1 has one generation, 2 no removal */

char *
authority_path(const char *dir, const char *name)
{
    char *path = NULL;
    if (name[0] == '/')
        return strdup(name);
    return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

struct authority_world
authority_world_system(void)
{
    return (struct authority_world){.clock = ro_clock_system(),
                                    .entropy = ro_entropy_system(),
                                    .wait_ms = AUTHORITY_WAIT_MS};
}

/* --- writing ------------------------------------------------------------- */

static void
put_keys(struct ro_buf *row, const struct authority_state *state)
{
    ro_buf_put_u32(row, state->threshold);
    ro_buf_put_u32(row, (uint32_t)state->n_keys);
    for (size_t i = 0; i < state->n_keys; i++) {
        ro_buf_put(row, state->keys[i].public_key.b, RO_KEY_SIZE);
        row_put_piece(row, ro_bytes_text(state->keys[i].path));
    }
}

static void
put_psk(struct ro_buf *row, const struct authority_psk *psk)
{
    ro_buf_put_u32(row, psk->generation);
    ro_buf_put(row, psk->psk, sizeof(psk->psk));
}

enum ro_status
authority_state_save(const char *dir,
                     const struct authority_state *state,
                     struct ro_why *why)
{
    RO_AUTOFREE char *path = authority_path(dir, STATE_FILE);
    RO_SECRET_BUF row = {0};
    if (path == NULL || ro_buf_extend(&row, (size_t)RO_ARMOUR_LIMIT) == NULL)
        return RO_NO_MEMORY;
    ro_buf_clear(&row); /* it does not grow now, and leaves no copies */
    ro_buf_put_u8(&row, STATE_VERSION);
    row_put_piece(&row, ro_bytes_text(state->circle_name));
    put_keys(&row, state);
    ro_buf_put_u32(&row, state->generation);
    ro_buf_put(&row, state->psk, sizeof(state->psk));
    ro_buf_put(&row, ro_keypair_seed(state->enrolment), RO_SEED_SIZE);
    ro_buf_put(&row, ro_keypair_seed(state->mailbox), RO_SEED_SIZE);
    row_put_piece(&row, ro_bytes_text(state->broker.member_endpoint));
    row_put_piece(&row, ro_bytes_text(state->broker.open_endpoint));
    ro_buf_put(&row, state->broker.curve.b, RO_KEY_SIZE);
    ro_buf_put(&row, state->broker.signing.b, RO_KEY_SIZE);
    ro_buf_put_u64(&row, state->pin_size);
    ro_buf_put(&row, state->pin_head.b, RO_HASH_SIZE);
    row_put_piece(&row, ro_buf_view(&state->checkpoint));
    put_psk(&row, &state->last);
    put_psk(&row, &state->next);
    ro_buf_put_u64(&row, state->next_seats);
    ro_buf_put_u64(&row, state->covered);
    ro_buf_put(&row, state->removal.b, RO_HASH_SIZE);
    RO_TRY(ro_buf_ok(&row));
    return ro_armour_write(path, STATE_KIND, ro_buf_view(&row), RO_FILE_SECRET,
                           why);
}

/* --- reading ------------------------------------------------------------- */

static enum ro_status
read_keys(struct row_reader *row, struct authority_state *state)
{
    state->threshold = row_u32(row);
    uint32_t n = row_u32(row);
    if (n == 0 || n > RO_AUTHORITY_KEYS_MAX || state->threshold == 0 ||
        state->threshold > n)
        return RO_VAULT_DAMAGED;
    while (state->n_keys < n) {
        struct authority_key *key = &state->keys[state->n_keys];
        row_fixed(row, key->public_key.b, RO_KEY_SIZE);
        struct ro_bytes path = row_piece(row);
        key->path =
            strndup(path.size > 0 ? (const char *)path.data : "", path.size);
        if (key->path == NULL)
            return RO_NO_MEMORY;
        state->n_keys++;
    }
    return RO_OK;
}

static enum ro_status
read_pair(struct row_reader *row, struct ro_keypair **ret_pair)
{
    uint8_t seed[RO_SEED_SIZE];
    row_fixed(row, seed, sizeof(seed));
    *ret_pair = ro_keypair_from_seed(seed);
    ro_wipe(seed, sizeof(seed));
    return *ret_pair == NULL ? RO_NO_MEMORY : RO_OK;
}

static void
read_generations(struct row_reader *row, struct authority_state *state)
{
    state->last.generation = row_u32(row);
    row_fixed(row, state->last.psk, sizeof(state->last.psk));
    state->next.generation = row_u32(row);
    row_fixed(row, state->next.psk, sizeof(state->next.psk));
    state->next_seats = row_u64(row);
    state->covered = row_u64(row);
}

static enum ro_status
read_row(struct ro_bytes value, struct authority_state *state)
{
    struct row_reader row = row_read(value);
    uint8_t version = row_u8(&row);
    if (version == 0 || version > STATE_VERSION)
        return RO_VAULT_DAMAGED;
    row_text(&row, state->circle_name, sizeof(state->circle_name));
    RO_TRY(read_keys(&row, state));
    state->generation = row_u32(&row);
    row_fixed(&row, state->psk, sizeof(state->psk));
    RO_TRY(read_pair(&row, &state->enrolment));
    RO_TRY(read_pair(&row, &state->mailbox));
    struct authority_broker *broker = &state->broker;
    row_text(&row, broker->member_endpoint, sizeof(broker->member_endpoint));
    row_text(&row, broker->open_endpoint, sizeof(broker->open_endpoint));
    row_fixed(&row, broker->curve.b, RO_KEY_SIZE);
    row_fixed(&row, broker->signing.b, RO_KEY_SIZE);
    state->pin_size = row_u64(&row);
    row_fixed(&row, state->pin_head.b, RO_HASH_SIZE);
    row_copy(&row, &state->checkpoint);
    RO_TRY(ro_buf_ok(&state->checkpoint));
    if (version > 1)
        read_generations(&row, state);
    if (version > 2)
        row_fixed(&row, state->removal.b, RO_HASH_SIZE);
    return row_end(&row);
}

enum ro_status
authority_state_load(const char *dir,
                     struct ro_why *why,
                     struct authority_state *ret_state)
{
    RO_AUTOFREE char *path = authority_path(dir, STATE_FILE);
    RO_SECRET_BUF row = {0};
    if (path == NULL)
        return RO_NO_MEMORY;
    enum ro_status s = ro_armour_read(path, STATE_KIND, why, &row);
    if (s == RO_NOT_FOUND) {
        return ro_why(why, s,
                      "there is no authority in %s; reachout authority init "
                      "makes one",
                      dir);
    }
    RO_TRY(s);
    s = read_row(ro_buf_view(&row), ret_state);
    return s == RO_VAULT_DAMAGED ? ro_why(why, s, "%s: damaged", path) : s;
}

void
authority_state_fini(struct authority_state *state)
{
    for (size_t i = 0; i < state->n_keys; i++)
        free(state->keys[i].path);
    ro_keypair_free(state->enrolment);
    ro_keypair_free(state->mailbox);
    ro_buf_fini(&state->checkpoint);
    ro_wipe(state, sizeof(*state));
}

void
authority_state_public(const struct authority_state *state,
                       ProtobufCBinaryData *keys,
                       Reachout__AuthorityPublic *ret_public)
{
    reachout__authority_public__init(ret_public);
    for (size_t i = 0; i < state->n_keys; i++) {
        keys[i] = ro_as_field(
            (struct ro_bytes){state->keys[i].public_key.b, RO_KEY_SIZE});
    }
    ret_public->name = authority_borrow(state->circle_name);
    ret_public->n_authority_keys = state->n_keys;
    ret_public->authority_keys = keys;
    ret_public->has_threshold = ret_public->has_enrolment_key = true;
    ret_public->has_mailbox_key = true;
    ret_public->threshold = state->threshold;
    ret_public->enrolment_key = ro_as_field(
        (struct ro_bytes){ro_keypair_public(state->enrolment)->b, RO_KEY_SIZE});
    ret_public->mailbox_key = ro_as_field(
        (struct ro_bytes){ro_keypair_public(state->mailbox)->b, RO_KEY_SIZE});
}

/* --- the folder ---------------------------------------------------------- */

static enum ro_status
lock(struct authority *authority, struct ro_why *why)
{
    const char *dir = authority->dir;
    authority->lock_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (authority->lock_fd < 0 && errno == ENOENT) {
        return ro_why(why, RO_NOT_FOUND,
                      "there is no folder %s; reachout authority init makes "
                      "an authority's",
                      dir);
    }
    if (authority->lock_fd < 0)
        return ro_why(why, RO_IO_FAILED, "%s: %s", dir, strerror(errno));
    if (flock(authority->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return RO_OK;
    if (errno == EWOULDBLOCK) {
        return ro_why(why, RO_TAKEN,
                      "%s: another command is at work there; try again", dir);
    }
    return ro_why(why, RO_IO_FAILED, "%s: lock: %s", dir, strerror(errno));
}

/* What follows from the state. */
static enum ro_status
derive(struct authority *authority)
{
    ProtobufCBinaryData keys[RO_AUTHORITY_KEYS_MAX];
    Reachout__AuthorityPublic public_keys;
    authority_state_public(&authority->state, keys, &public_keys);
    RO_TRY(ro_root_of(&public_keys, &authority->root));
    ro_circle_id_of(authority->root.keys, authority->root.n_keys,
                    (uint8_t)authority->root.threshold, &authority->circle);
    ro_seat_id_of(ro_keypair_public(authority->state.mailbox),
                  &authority->mailbox);
    authority->directory = ro_directory_new(&authority->root);
    authority->arena = ro_arena_new(0, 0);
    return authority->directory == NULL || authority->arena == NULL
               ? RO_NO_MEMORY
               : RO_OK;
}

enum ro_status
authority_open(const char *dir,
               const struct authority_world *world,
               struct ro_why *why,
               struct authority **ret_authority)
{
    RO_TRY(ro_crypto_init());
    RO_CLEANUP(authority_freep)
    struct authority *authority = calloc(1, sizeof(*authority));
    if (authority == NULL)
        return RO_NO_MEMORY;
    authority->lock_fd = -1;
    authority->world = *world;
    authority->dir = strdup(dir);
    if (authority->dir == NULL)
        return RO_NO_MEMORY;
    RO_TRY(lock(authority, why));
    RO_TRY(authority_state_load(dir, why, &authority->state));
    authority->broker = authority->state.broker;
    RO_TRY(derive(authority));
    RO_TRY(authority_log_load(authority, why));
    RO_TRY(authority_generation_settle(authority, why));
    RO_TRY(authority_petitions_load(authority, why));
    RO_TRY(authority_petitions_settle(authority, why));
    *ret_authority = RO_STEAL(authority);
    return RO_OK;
}

void
authority_free(struct authority *authority)
{
    if (authority == NULL)
        return;
    link_free(authority->link);
    free(authority->dir);
    authority_state_fini(&authority->state);
    ro_directory_free(authority->directory);
    ro_buf_fini(&authority->log);
    ro_arena_free(authority->arena);
    keys_fini(&authority->keys);
    proposal_free(authority->draft);
    free(authority->draft_path);
    for (size_t i = 0; i < authority->n_petitions; i++)
        authority_petition_free(authority->petitions[i]);
    free(authority->petitions);
    authority_seatless_fini(&authority->seatless);
    if (authority->lock_fd >= 0)
        close(authority->lock_fd);
    free(authority);
}

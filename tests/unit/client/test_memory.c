/* SPDX-License-Identifier: Apache-2.0 */
/* What is left in our memory of keys and passphrases once a profile is closed:
 * nothing. */
#include "tests/unit/client/forge.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/core/epoch.h"
#include "client/core/passphrase.h"
#include "client/core/vault_internal.h"

#define SECRET_SIZE 32
#define SECRETS_MAX 32
#define TAIL ((size_t)16)
#define PIECE ((size_t)1 << 20)
#define MASK 0x5a

/* What is looked for, kept in another form, so that it is not found here: the
 * last bytes, since what is freed loses its first ones. */
struct hunt {
    struct {
        const char *name;
        uint8_t masked[SECRET_SIZE];
        size_t size;
        size_t found;
    } secrets[SECRETS_MAX];
    size_t n;
    uint8_t *piece; /* where memory is read to: not looked at */
};

static void
hunt_add(struct hunt *hunt, const char *name, const uint8_t *bytes, size_t size)
{
    tap_need(hunt->n < SECRETS_MAX && size <= SECRET_SIZE);
    if (size > TAIL) {
        bytes += size - TAIL;
        size = TAIL;
    }
    hunt->secrets[hunt->n].name = name;
    hunt->secrets[hunt->n].size = size;
    for (size_t i = 0; i < size; i++)
        hunt->secrets[hunt->n].masked[i] = bytes[i] ^ MASK;
    hunt->n++;
}

static void
look_at(struct hunt *hunt, size_t n)
{
    for (size_t i = 0; i < n; i++)
        hunt->piece[i] ^= MASK;
    for (size_t i = 0; i < hunt->n; i++) {
        hunt->secrets[i].found +=
            memmem(hunt->piece, n, hunt->secrets[i].masked,
                   hunt->secrets[i].size) != NULL;
    }
}

/* A stretch of our memory, in pieces that overlap. */
static void
look_through(struct hunt *hunt, int mem, uint64_t from, uint64_t to)
{
    while (from < to) {
        size_t size = to - from < PIECE ? (size_t)(to - from) : PIECE;
        ssize_t n = pread(mem, hunt->piece, size, (off_t)from);
        if (n <= 0)
            return;
        look_at(hunt, (size_t)n);
        if (from + (uint64_t)n >= to)
            return;
        from += (uint64_t)n - SECRET_SIZE;
    }
}

/* How often all of them are found in what this process may read. */
static size_t
hunt_all(struct hunt *hunt)
{
    char line[512];
    size_t found = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    tap_need(maps != NULL && mem >= 0);
    for (size_t i = 0; i < hunt->n; i++)
        hunt->secrets[i].found = 0;
    while (fgets(line, sizeof(line), maps) != NULL) {
        char *end = NULL;
        uint64_t from = strtoull(line, &end, 16);
        uint64_t to = strtoull(end + 1, &end, 16);
        bool is_piece =
            (uintptr_t)hunt->piece >= from && (uintptr_t)hunt->piece < to;
        /* a sanitizer's shadow is terabytes of nothing */
        if (end[1] == 'r' && !is_piece && to - from < UINT64_C(1) << 32 &&
            strstr(line, "[vvar") == NULL)
            look_through(hunt, mem, from, to);
    }
    for (size_t i = 0; i < hunt->n; i++)
        found += hunt->secrets[i].found;
    close(mem);
    fclose(maps);
    return found;
}

static void
tell_found(const struct hunt *hunt)
{
    for (size_t i = 0; i < hunt->n; i++) {
        if (hunt->secrets[i].found > 0) {
            printf("# %s: %zu times\n", hunt->secrets[i].name,
                   hunt->secrets[i].found);
        }
    }
}

static bool
each_is_found(const struct hunt *hunt)
{
    bool each = true;
    for (size_t i = 0; i < hunt->n; i++)
        each = each && hunt->secrets[i].found > 0;
    return each;
}

static void
hunt_new(struct hunt *ret_hunt)
{
    *ret_hunt = (struct hunt){0};
    ret_hunt->piece = aligned_alloc(4096, PIECE * 2);
    tap_need(ret_hunt->piece != NULL);
}

static void
hunt_fini(struct hunt *hunt)
{
    free(hunt->piece);
}

/* --- keys ------------------------------------------------------------------
 */

static void
add_vault(struct hunt *hunt, const struct vault *vault, const char *name)
{
    const struct ro_secret *keys[] = {vault->key, vault->column_key,
                                      vault->lookup_key};
    for (size_t i = 0; i < RO_LEN(keys); i++) {
        if (keys[i] != NULL)
            hunt_add(hunt, name, ro_secret_view(keys[i]).data, SECRET_SIZE);
    }
}

/* Seeds and secret scalars; not the transport key's scalar, of which libzmq
 * has copies of its own. */
static void
add_keyring(struct hunt *hunt, const struct keyring *keyring)
{
    const struct ro_keypair *pairs[] = {keyring->member, keyring->signing,
                                        keyring->sealing, keyring->fallback,
                                        keyring->transport};
    for (size_t i = 0; i < RO_LEN(pairs); i++) {
        hunt_add(hunt, "a seed", ro_keypair_seed(pairs[i]), SECRET_SIZE);
        if (pairs[i] != keyring->transport) {
            hunt_add(hunt, "a scalar", ro_keypair_x25519_secret(pairs[i]),
                     SECRET_SIZE);
        }
    }
}

static void
forget(struct ro_keypair **pair)
{
    ro_keypair_free(*pair);
    *pair = NULL;
}

static void
test_after_closing(void)
{
    struct hunt hunt;
    char to[32];
    struct pair *pair = pair_new();
    struct seat *ann = pair_school(pair, 0);
    struct seat *ben = pair_school(pair, 2);
    hunt_new(&hunt);
    pair_sync_all(pair);
    snprintf(to, sizeof(to), "urn:%u", ben->member->urn);
    tap_is(seat_ask(ann, to, "Could do with a look."), RO_OK);
    tap_is(seat_sync(ben), RO_OK);
    snprintf(to, sizeof(to), "urn:%u", ann->member->urn);
    tap_is(seat_ask(ben, to, "So could we."), RO_OK);

    /* the test's own copies */
    forget(&ben->circle_seat->signing);
    forget(&ben->circle_seat->sealing);
    forget(&ben->circle_seat->fallback);
    forget(&ben->circle_seat->transport);
    forget(&ben->member->key);
    struct ro_keypair *day = NULL;
    test_must(epoch_pair(ben->engine, ro_day_of(pair_now_s(pair)), &day));
    add_keyring(&hunt, ben->engine->keyring);
    add_vault(&hunt, ben->engine->vault, "a key of the vault");
    add_vault(&hunt, vault_epoch(ben->engine->vault),
              "a key of the epoch file");
    tap_say(hunt_all(&hunt) > 0 && each_is_found(&hunt),
            "what is in use is found");
    hunt_add(&hunt, "a day's seed", ro_keypair_seed(day), SECRET_SIZE);
    hunt_add(&hunt, "a day's scalar", ro_keypair_x25519_secret(day),
             SECRET_SIZE);
    forget(&day);
    test_must(vault_begin(ben->engine->vault));
    test_must(vault_end(ben->engine->vault, keyring_save(ben->engine->keyring,
                                                         ben->engine->vault)));
    seat_stop(ben);
    tap_say(hunt_all(&hunt) == 0, "and nothing of it after closing");
    tell_found(&hunt);

    /* opened again it is all there, so it was the right thing to look for */
    seat_start(ben);
    tap_ok(hunt_all(&hunt) > 0);
    seat_stop(ben);
    tap_ok(hunt_all(&hunt) == 0);
    tell_found(&hunt);
    pair_free(pair);
    hunt_fini(&hunt);
}

/* --- locked ----------------------------------------------------------------
 */

struct got {
    int n;
    enum ro_status status;
};

static void
take(void *user, const struct ro_result *result)
{
    struct got *got = user;
    got->n++;
    got->status = result->status;
}

static void
await(struct ro_client *client, const struct got *got)
{
    for (int i = 0; i < 200 && got->n == 0; i++) {
        struct pollfd fd = {.fd = ro_client_fd(client), .events = POLLIN};
        poll(&fd, 1, 100);
        ro_client_dispatch(client);
    }
    tap_need(got->n == 1);
}

static void
test_after_locking(void)
{
    struct hunt hunt;
    struct got told = {0};
    struct got locked = {0};
    struct got later = {0};
    struct got watched = {0};
    enum ro_profile_key kind;
    struct ro_client *client = NULL;
    static const struct ro_sync watch = {.wait_ms = 1000, .for_ms = -1};
    struct pair *pair = pair_new();
    struct seat *ben = pair_school(pair, 2);
    hunt_new(&hunt);
    pair_sync_all(pair);
    forget(&ben->circle_seat->signing);
    forget(&ben->circle_seat->sealing);
    forget(&ben->circle_seat->fallback);
    forget(&ben->circle_seat->transport);
    forget(&ben->member->key);
    add_keyring(&hunt, ben->engine->keyring);
    add_vault(&hunt, ben->engine->vault, "a key of the vault");
    seat_stop(ben);

    const struct ro_client_setup setup = {.profile = ben->dir};
    test_must(ro_client_open(&setup, NULL, &client));
    ro_client_sync(client, &watch, (struct ro_then){take, &watched});
    ro_client_self(client, (struct ro_then){take, &told});
    await(client, &told);
    tap_is(told.status, RO_OK);
    tap_ok(hunt_all(&hunt) > 0 && each_is_found(&hunt));
    tap_is(ro_profile_look(ben->dir, NULL, &kind), RO_TAKEN);
    ro_client_lock(client, (struct ro_then){take, &locked});
    await(client, &locked);
    tap_is(locked.status, RO_OK);
    await(client, &watched);
    tap_is(watched.status, RO_VAULT_LOCKED);
    tap_say(hunt_all(&hunt) == 0, "nothing is left of the keys");
    tell_found(&hunt);
    tap_say(ro_profile_look(ben->dir, NULL, &kind) == RO_OK,
            "others may open it");
    ro_client_self(client, (struct ro_then){take, &later});
    await(client, &later);
    tap_is(later.status, RO_VAULT_LOCKED);
    locked = (struct got){0};
    ro_client_lock(client, (struct ro_then){take, &locked});
    await(client, &locked);
    tap_say(locked.status == RO_OK, "twice is fine");
    ro_client_free(client);
    pair_free(pair);
    hunt_fini(&hunt);
}

/* --- a passphrase ----------------------------------------------------------
 */

/* Reads a passphrase that this process has nowhere else. */
static struct ro_passphrase *
read_passphrase(struct hunt *hunt)
{
    static const uint8_t masked[] = {0x29, 0x3f, 0x2c, 0x3f, 0x34, 0x7a,
                                     0x38, 0x28, 0x35, 0x2d, 0x34, 0x7a,
                                     0x35, 0x2d, 0x36, 0x29, 0x50};
    struct ro_passphrase *read = NULL;
    int ends[2];
    uint8_t plain[sizeof(masked)];
    tap_need(pipe(ends) == 0);
    for (size_t i = 0; i < sizeof(masked); i++)
        plain[i] = masked[i] ^ MASK;
    tap_need(write(ends[1], plain, sizeof(plain)) == (ssize_t)sizeof(plain));
    if (hunt->n == 0)
        hunt_add(hunt, "the passphrase", plain, sizeof(plain) - 1);
    ro_wipe(plain, sizeof(plain));
    close(ends[1]);
    test_must(ro_passphrase_read(ends[0], NULL, &read));
    close(ends[0]);
    return read;
}

static void
test_a_passphrase(void)
{
    struct hunt hunt;
    char dir[] = "/tmp/test-memory-XXXXXX";
    char profile[64];
    char command[128];
    struct vault *vault = NULL;
    const struct ro_entropy entropy = ro_entropy_system();
    hunt_new(&hunt);
    tap_need(mkdtemp(dir) != NULL);
    snprintf(profile, sizeof(profile), "%s/p", dir);
    struct ro_passphrase *read = read_passphrase(&hunt);
    const struct vault_key key = {
        .passphrase = passphrase_view(read), .stretch = {1, 8192}
    };
    test_must(vault_create(profile, &key, &entropy, NULL, &vault));
    add_vault(&hunt, vault, "a key of the vault");
    tap_ok(hunt_all(&hunt) > 0 && each_is_found(&hunt));
    ro_passphrase_free(read);
    vault_free(vault);
    tap_ok(hunt_all(&hunt) == 0);
    tell_found(&hunt);
    snprintf(command, sizeof(command), "rm -rf -- '%s'", dir);
    tap_need(system(command) == 0); /* NOLINT */
    hunt_fini(&hunt);
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_after_closing);
    tap_run(test_after_locking);
    tap_run(test_a_passphrase);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes down under which key and nonce a process encrypts, as a library to
 * preload: a pair that is used for two different texts gives both away.
 *
 *     KEYWATCH_LOG  a file; without it the library does nothing
 *
 * Each encryption is a record of 96 bytes, appended before its outcome is
 * seen: hash of the key, nonce (padded with zeros), hash of what is encrypted
 * and authenticated. test_kill.py reads them. What is watched: vault columns
 * and bodies (XChaCha20-Poly1305), wraps (ChaCha20-Poly1305 in HPKE), and the
 * transport (crypto_box of libzmq).
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#define HASH_SIZE 32

struct record {
    uint8_t key[HASH_SIZE];
    uint8_t nonce[HASH_SIZE];
    uint8_t text[HASH_SIZE];
};

/* Parameters have our names here, not those of libsodium's headers. */
/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

struct text {
    const unsigned char *bytes;
    unsigned long long size;
    const unsigned char *beside; /* associated data */
    unsigned long long beside_size;
};

static _Noreturn void
give_up(const char *what)
{
    fprintf(stderr, "keywatch: %s\n", what);
    abort();
}

static void
hash_text(const struct text *text, uint8_t ret_hash[static HASH_SIZE])
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, NULL, 0, HASH_SIZE);
    crypto_generichash_update(&state, (const uint8_t *)&text->size,
                              sizeof(text->size));
    if (text->size > 0)
        crypto_generichash_update(&state, text->bytes, text->size);
    if (text->beside_size > 0)
        crypto_generichash_update(&state, text->beside, text->beside_size);
    crypto_generichash_final(&state, ret_hash, HASH_SIZE);
}

/* One write, so that records of threads and processes stay whole. */
static void
watch(const unsigned char *key,
      const unsigned char *nonce,
      size_t nonce_size,
      const struct text *text)
{
    const char *path = getenv("KEYWATCH_LOG");
    struct record record = {0};

    if (path == NULL)
        return;
    crypto_generichash(record.key, HASH_SIZE, key, 32, NULL, 0);
    memcpy(record.nonce, nonce, nonce_size);
    hash_text(text, record.text);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, &record, sizeof(record)) != sizeof(record))
        give_up(path);
    close(fd);
}

/* The shape of libsodium's AEADs. */
typedef int seal_fn(unsigned char *,
                    unsigned long long *,
                    const unsigned char *,
                    unsigned long long,
                    const unsigned char *,
                    unsigned long long,
                    const unsigned char *,
                    const unsigned char *,
                    const unsigned char *);
typedef int box_fn(unsigned char *,
                   const unsigned char *,
                   unsigned long long,
                   const unsigned char *,
                   const unsigned char *);

static void *
behind(const char *name)
{
    void *next = dlsym(RTLD_NEXT, name);

    if (next == NULL)
        give_up(name);
    return next;
}

#define DEFINE_SEAL(name, nonce_size)                                          \
    int name(unsigned char *out, unsigned long long *out_size,                 \
             const unsigned char *bytes, unsigned long long size,              \
             const unsigned char *beside, unsigned long long beside_size,      \
             const unsigned char *nsec, const unsigned char *nonce,            \
             const unsigned char *key)                                         \
    {                                                                          \
        const struct text text = {bytes, size, beside, beside_size};           \
        seal_fn *next = NULL;                                                  \
        *(void **)&next = behind(#name);                                       \
        watch(key, nonce, nonce_size, &text);                                  \
        return next(out, out_size, bytes, size, beside, beside_size, nsec,     \
                    nonce, key);                                               \
    }

DEFINE_SEAL(crypto_aead_xchacha20poly1305_ietf_encrypt, 24)
DEFINE_SEAL(crypto_aead_chacha20poly1305_ietf_encrypt, 12)

int
crypto_box_afternm(unsigned char *out,
                   const unsigned char *bytes,
                   unsigned long long size,
                   const unsigned char *nonce,
                   const unsigned char *key)
{
    const struct text text = {bytes, size, NULL, 0};
    box_fn *next = NULL;

    *(void **)&next = behind("crypto_box_afternm");
    watch(key, nonce, crypto_box_NONCEBYTES, &text);
    return next(out, bytes, size, nonce, key);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

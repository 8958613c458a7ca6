/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of a vault: key file -> wrapping key -> vault key -> column and
 * lookup key. A check value of the wrapping key stands beside the wrapped key,
 * so that the wrong key file and a damaged vault are two different things.
 */
#include "client/core/vault_internal.h"

#include <errno.h>

#include "common/crypto/column.h"
#include "common/crypto/hash.h"
#include "common/wire/armour.h"

#define KEY_FILE "key_file"
#define KEY_WRAPPED "key_wrapped"
#define KEY_CHECK "key_check"
#define CHECK_SIZE 16

/* Expands a secret of 32 bytes for one purpose. */
static enum ro_status
derive(struct ro_bytes from, struct ro_bytes info, struct ro_secret **ret_key)
{
    RO_CLEANUP(ro_secret_freep) struct ro_secret *prk = ro_secret_new(32);
    RO_CLEANUP(ro_secret_freep)
    struct ro_secret *key = ro_secret_new(VAULT_KEY_SIZE);
    if (prk == NULL || key == NULL)
        return RO_NO_MEMORY;
    ro_hkdf_extract((struct ro_bytes){NULL, 0}, from, ro_secret_data(prk));
    RO_TRY(ro_hkdf_expand(ro_secret_data(prk), info, ro_secret_data(key),
                          VAULT_KEY_SIZE));
    *ret_key = RO_STEAL(key);
    return RO_OK;
}

static enum ro_status
derive_label(const struct ro_secret *from,
             enum ro_label label,
             struct ro_secret **ret_key)
{
    return derive(ro_secret_view(from), ro_label_bytes(label), ret_key);
}

static void
check_value(const struct ro_secret *wrapping, uint8_t ret_check[CHECK_SIZE])
{
    static const uint8_t what[] = "key check";
    const struct ro_bytes parts[] = {
        ro_label_bytes(RO_LABEL_VAULT_KEY), {what, sizeof(what)}
    };
    uint8_t mac[32];
    ro_hmac_sha256(ro_secret_view(wrapping), parts, RO_LEN(parts), mac);
    memcpy(ret_check, mac, CHECK_SIZE);
}

/* The wrapping key of a key file. RO_NOT_FOUND without the file. */
static enum ro_status
read_key_file(const char *path, struct ro_why *why, struct ro_secret **ret_key)
{
    VAULT_PLAIN bytes = {0};
    RO_TRY(ro_armour_read(path, "key", why, &bytes));
    if (bytes.size != VAULT_KEY_SIZE) {
        return ro_why(why, RO_BAD_INPUT, "%s: a key has %d bytes", path,
                      VAULT_KEY_SIZE);
    }
    return derive(ro_buf_view(&bytes), ro_label_bytes(RO_LABEL_VAULT_KEY),
                  ret_key);
}

static enum ro_status
make_key_file(const struct ro_entropy *entropy,
              const char *path,
              struct ro_why *why)
{
    RO_CLEANUP(ro_secret_freep)
    struct ro_secret *key = ro_secret_random(entropy, VAULT_KEY_SIZE);
    if (key == NULL)
        return RO_NO_MEMORY;
    return ro_armour_write(path, "key", ro_secret_view(key), RO_FILE_SECRET,
                           why);
}

/* The wrapping key of a file that is made if it is not there. */
static enum ro_status
need_key_file(const struct ro_entropy *entropy,
              const char *path,
              struct ro_why *why,
              struct ro_secret **ret_key)
{
    enum ro_status s = read_key_file(path, why, ret_key);
    if (s != RO_NOT_FOUND)
        return s;
    RO_TRY(make_key_file(entropy, path, why));
    return read_key_file(path, why, ret_key);
}

static enum ro_status
store_wrapped(struct vault *vault,
              const struct ro_secret *vault_key,
              struct ro_secret *wrapping)
{
    RO_AUTOBUF wrapped = {0};
    RO_TRY(ro_column_seal(ro_secret_data(wrapping), &vault->entropy,
                          ro_label_bytes(RO_LABEL_VAULT_KEY),
                          ro_secret_view(vault_key), &wrapped));
    uint8_t check[CHECK_SIZE];
    check_value(wrapping, check);
    RO_TRY(vault_sql_meta_put(vault, KEY_CHECK,
                              (struct ro_bytes){check, CHECK_SIZE}));
    return vault_sql_meta_put(vault, KEY_WRAPPED, ro_buf_view(&wrapped));
}

static enum ro_status
derive_keys(struct vault *vault, const struct ro_secret *vault_key)
{
    RO_TRY(derive_label(vault_key, RO_LABEL_VAULT_COLUMN, &vault->column_key));
    return derive_label(vault_key, RO_LABEL_VAULT_LOOKUP, &vault->lookup_key);
}

enum ro_status
vault_key_create(struct vault *vault, const char *key_file, struct ro_why *why)
{
    RO_CLEANUP(ro_secret_freep) struct ro_secret *wrapping = NULL;
    enum ro_status s = need_key_file(&vault->entropy, key_file, why, &wrapping);
    if (s == RO_BAD_INPUT || s == RO_TOO_LARGE)
        return RO_VAULT_LOCKED; /* `why` says what the file is instead */
    RO_TRY(s);
    RO_AUTOFREE char *absolute = realpath(key_file, NULL);
    if (absolute == NULL)
        return ro_why(why, RO_IO_FAILED, "%s: %s", key_file, strerror(errno));

    RO_CLEANUP(ro_secret_freep)
    struct ro_secret *vault_key =
        ro_secret_random(&vault->entropy, VAULT_KEY_SIZE);
    if (vault_key == NULL)
        return RO_NO_MEMORY;
    RO_TRY(store_wrapped(vault, vault_key, wrapping));
    RO_TRY(vault_sql_meta_put(vault, KEY_FILE, ro_bytes_text(absolute)));
    return derive_keys(vault, vault_key);
}

/* The path that the vault remembers, terminated. */
static enum ro_status
remembered_path(struct vault *vault, struct ro_buf *ret_path)
{
    enum ro_status s = vault_sql_meta_get(vault, KEY_FILE, ret_path);
    if (s == RO_NOT_FOUND)
        return vault_damaged(vault, "the path of the key file is missing");
    RO_TRY(s);
    ro_buf_put_u8(ret_path, 0);
    return ro_buf_ok(ret_path);
}

static enum ro_status
open_wrapping(struct vault *vault,
              const char *key_file,
              struct ro_why *why,
              struct ro_secret **ret_wrapping)
{
    RO_AUTOBUF path = {0};
    if (key_file == NULL) {
        RO_TRY(remembered_path(vault, &path));
        key_file = (const char *)path.data;
    }
    enum ro_status s = read_key_file(key_file, why, ret_wrapping);
    /* no file, no key, unreadable: locked, and `why` says which */
    return s == RO_OK || s == RO_NO_MEMORY ? s : RO_VAULT_LOCKED;
}

/* Whether the check value is that of this wrapping key: RO_OK, or
 * RO_VAULT_LOCKED. */
static enum ro_status
compare_check(struct vault *vault, const struct ro_secret *wrapping)
{
    RO_AUTOBUF stored = {0};
    enum ro_status s = vault_sql_meta_get(vault, KEY_CHECK, &stored);
    if (s == RO_NOT_FOUND || (s == RO_OK && stored.size != CHECK_SIZE))
        return vault_damaged(vault, "the check of the key");
    RO_TRY(s);
    uint8_t check[CHECK_SIZE];
    check_value(wrapping, check);
    return ro_equal_secret(check, stored.data, CHECK_SIZE) ? RO_OK
                                                           : RO_VAULT_LOCKED;
}

static enum ro_status
unwrap(struct vault *vault,
       struct ro_secret *wrapping,
       struct ro_secret **ret_key)
{
    RO_AUTOBUF wrapped = {0};
    enum ro_status s = vault_sql_meta_get(vault, KEY_WRAPPED, &wrapped);
    if (s == RO_NOT_FOUND)
        return vault_damaged(vault, "the wrapped key");
    RO_TRY(s);
    VAULT_PLAIN plain = {0};
    s = ro_column_open(ro_secret_data(wrapping),
                       ro_label_bytes(RO_LABEL_VAULT_KEY),
                       ro_buf_view(&wrapped), &plain);
    if (s == RO_VAULT_DAMAGED || (s == RO_OK && plain.size != VAULT_KEY_SIZE))
        return vault_damaged(vault, "the wrapped key");
    RO_TRY(s);
    *ret_key = ro_secret_copy(ro_buf_view(&plain));
    return *ret_key == NULL ? RO_NO_MEMORY : RO_OK;
}

enum ro_status
vault_key_open(struct vault *vault, const char *key_file, struct ro_why *why)
{
    RO_CLEANUP(ro_secret_freep) struct ro_secret *wrapping = NULL;
    RO_TRY(open_wrapping(vault, key_file, why, &wrapping));

    enum ro_status check = compare_check(vault, wrapping);
    if (check != RO_OK && check != RO_VAULT_LOCKED)
        return check;
    RO_CLEANUP(ro_secret_freep) struct ro_secret *vault_key = NULL;
    enum ro_status s = unwrap(vault, wrapping, &vault_key);
    if (s == RO_OK && check != RO_OK)
        return vault_damaged(vault, "the check of the key");
    if (s == RO_VAULT_DAMAGED && check != RO_OK)
        return ro_why(why, RO_VAULT_LOCKED, "this is another vault's key");
    RO_TRY(s);
    return derive_keys(vault, vault_key);
}

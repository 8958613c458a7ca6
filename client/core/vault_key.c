/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of a vault: key file or passphrase -> wrapping key -> vault key ->
 * column and lookup key. A check value of the wrapping key stands beside the
 * wrapped key, so that the wrong key and a damaged vault are two different
 * things. Which of the two ways it is shows in the clear table: it has the path
 * of the file, or the passphrase's salt and numbers.
 */
#include "client/core/vault_internal.h"

#include <errno.h>
#include <sys/stat.h>

#include "common/crypto/column.h"
#include "common/crypto/hash.h"
#include "common/crypto/wipe.h"
#include "common/wire/armour.h"

#define KEY_FILE "key_file"
#define KEY_PASSPHRASE "key_passphrase"
#define KEY_WRAPPED "key_wrapped"
#define KEY_CHECK "key_check"
#define CHECK_SIZE 16
/* salt ‖ passes ‖ memory, and a plain hash of them: so that a slip of the disk
 * is told from a wrong passphrase */
#define SALT_LINE_SIZE (RO_SALT_SIZE + 8 + 8)
#define SALT_ROW_SIZE (SALT_LINE_SIZE + RO_ID_SIZE)

/* Expands a secret of 32 bytes for one purpose. */
static enum ro_status
derive(struct ro_bytes from, enum ro_label label, struct ro_secret **ret_key)
{
    RO_CLEANUP(ro_secret_freep) struct ro_secret *prk = ro_secret_new(32);
    RO_CLEANUP(ro_secret_freep)
    struct ro_secret *key = ro_secret_new(VAULT_KEY_SIZE);
    if (prk == NULL || key == NULL)
        return RO_NO_MEMORY;
    ro_hkdf_extract((struct ro_bytes){NULL, 0}, from, ro_secret_data(prk));
    RO_TRY(ro_hkdf_expand(ro_secret_data(prk), ro_label_bytes(label),
                          ro_secret_data(key), VAULT_KEY_SIZE));
    *ret_key = RO_STEAL(key);
    return RO_OK;
}

enum ro_status
vault_derive(const struct vault *vault,
             enum ro_label label,
             struct ro_secret **ret_key)
{
    return derive(ro_secret_view(vault->key), label, ret_key);
}

static enum ro_status
derive_keys(struct vault *vault, const struct ro_secret *from)
{
    struct ro_bytes key = ro_secret_view(from);
    RO_TRY(derive(key, RO_LABEL_VAULT_COLUMN, &vault->column_key));
    return derive(key, RO_LABEL_VAULT_LOOKUP, &vault->lookup_key);
}

enum ro_status
vault_key_for_epoch(const struct vault *vault, struct vault *epoch)
{
    RO_CLEANUP(ro_secret_freep) struct ro_secret *key = NULL;
    RO_TRY(vault_derive(vault, RO_LABEL_VAULT_EPOCH, &key));
    return derive_keys(epoch, key);
}

void
vault_key_drop(struct vault *vault)
{
    ro_secret_free(RO_STEAL(vault->key));
    ro_secret_free(RO_STEAL(vault->column_key));
    ro_secret_free(RO_STEAL(vault->lookup_key));
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

/* --- a key file ---------------------------------------------------------- */

/* The wrapping key of a key file. RO_NOT_FOUND without the file; what others
 * can read is no secret any more, and is not used. */
static enum ro_status
read_key_file(const char *path, struct ro_why *why, struct ro_secret **ret_key)
{
    RO_SECRET_BUF bytes = {0};
    struct stat st;
    if (stat(path, &st) == 0 && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return ro_why(why, RO_BAD_INPUT,
                      "%s: it is secret, and others than its owner can get at "
                      "it: chmod 600 %s",
                      path, path);
    }
    RO_TRY(ro_armour_read(path, "key", why, &bytes));
    if (bytes.size != VAULT_KEY_SIZE) {
        return ro_why(why, RO_BAD_INPUT, "%s: a key has %d bytes", path,
                      VAULT_KEY_SIZE);
    }
    return derive(ro_buf_view(&bytes), RO_LABEL_VAULT_KEY, ret_key);
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
    if (s == RO_NOT_FOUND) {
        RO_TRY(make_key_file(entropy, path, why));
        s = read_key_file(path, why, ret_key);
    }
    if (s == RO_BAD_INPUT || s == RO_TOO_LARGE)
        return RO_VAULT_LOCKED; /* `why` says what the file is instead */
    return s;
}

/* --- a way to wrap ------------------------------------------------------- */

/* A wrapping key, and the row by which it is found again. */
struct way {
    const char *name;  /* of the row */
    const char *other; /* of the row that goes */
    struct ro_buf row;
    struct ro_secret *wrapping;
};

static void
way_fini(struct way *way)
{
    ro_buf_fini(&way->row);
    ro_secret_free(way->wrapping);
}

static enum ro_status
way_of_file(const struct ro_entropy *entropy,
            const char *path,
            struct ro_why *why,
            struct way *ret_way)
{
    ret_way->name = KEY_FILE;
    ret_way->other = KEY_PASSPHRASE;
    RO_TRY(need_key_file(entropy, path, why, &ret_way->wrapping));
    RO_AUTOFREE char *absolute = realpath(path, NULL);
    if (absolute == NULL)
        return ro_why(why, RO_IO_FAILED, "%s: %s", path, strerror(errno));
    ro_buf_put(&ret_way->row, absolute, strlen(absolute));
    return ro_buf_ok(&ret_way->row);
}

/* The plain hash of a passphrase's salt and numbers. */
static void
hash_salt_line(const uint8_t line[static SALT_LINE_SIZE],
               uint8_t ret_hash[static RO_ID_SIZE])
{
    const struct ro_bytes part = {line, SALT_LINE_SIZE};
    ro_hash_id(RO_LABEL_VAULT_KEY, &part, 1, ret_hash);
}

/* The wrapping key of a passphrase with what is in a row. */
static enum ro_status
stretch(struct ro_bytes passphrase,
        const uint8_t line[static SALT_LINE_SIZE],
        struct ro_secret **ret_key)
{
    RO_CLEANUP(ro_secret_freep) struct ro_secret *stretched = NULL;
    const struct ro_stretch how = {ro_get_u64(line + RO_SALT_SIZE),
                                   ro_get_u64(line + RO_SALT_SIZE + 8)};
    RO_TRY(ro_passphrase_stretch(passphrase, line, &how, &stretched));
    return derive(ro_secret_view(stretched), RO_LABEL_VAULT_KEY, ret_key);
}

static enum ro_status
way_of_passphrase(const struct ro_entropy *entropy,
                  const struct vault_key *key,
                  struct ro_why *why,
                  struct way *ret_way)
{
    uint8_t line[SALT_LINE_SIZE];
    uint8_t hash[RO_ID_SIZE];
    struct ro_stretch how = key->stretch;
    if (how.passes == 0)
        how = ro_stretch_system();
    RO_TRY(ro_passphrase_check(key->passphrase, why));
    ro_entropy_fill(entropy, line, RO_SALT_SIZE);
    ro_set_u64(line + RO_SALT_SIZE, how.passes);
    ro_set_u64(line + RO_SALT_SIZE + 8, how.memory);
    hash_salt_line(line, hash);
    ret_way->name = KEY_PASSPHRASE;
    ret_way->other = KEY_FILE;
    ro_buf_put(&ret_way->row, line, sizeof(line));
    ro_buf_put(&ret_way->row, hash, sizeof(hash));
    RO_TRY(ro_buf_ok(&ret_way->row));
    return stretch(key->passphrase, line, &ret_way->wrapping);
}

static enum ro_status
make_way(struct vault *vault,
         const struct vault_key *key,
         struct ro_why *why,
         struct way *ret_way)
{
    return key->file != NULL
               ? way_of_file(&vault->entropy, key->file, why, ret_way)
               : way_of_passphrase(&vault->entropy, key, why, ret_way);
}

static enum ro_status
store_way(struct vault *vault,
          const struct ro_secret *vault_key,
          const struct way *way)
{
    RO_AUTOBUF wrapped = {0};
    uint8_t check[CHECK_SIZE];
    RO_TRY(ro_column_seal(ro_secret_data(way->wrapping), &vault->entropy,
                          ro_label_bytes(RO_LABEL_VAULT_KEY),
                          ro_secret_view(vault_key), &wrapped));
    check_value(way->wrapping, check);
    RO_TRY(vault_sql_meta_put(vault, KEY_CHECK,
                              (struct ro_bytes){check, CHECK_SIZE}));
    RO_TRY(vault_sql_meta_put(vault, KEY_WRAPPED, ro_buf_view(&wrapped)));
    RO_TRY(vault_sql_meta_put(vault, way->name, ro_buf_view(&way->row)));
    return vault_sql_meta_drop(vault, way->other);
}

enum ro_status
vault_key_create(struct vault *vault,
                 const struct vault_key *key,
                 struct ro_why *why)
{
    RO_CLEANUP(way_fini) struct way way = {0};
    RO_TRY(make_way(vault, key, why, &way));
    vault->key = ro_secret_random(&vault->entropy, VAULT_KEY_SIZE);
    if (vault->key == NULL)
        return RO_NO_MEMORY;
    RO_TRY(store_way(vault, vault->key, &way));
    return derive_keys(vault, vault->key);
}

enum ro_status
vault_rekey(struct vault *vault,
            const struct vault_key *key,
            struct ro_why *why)
{
    RO_CLEANUP(way_fini) struct way way = {0};
    RO_TRY(make_way(vault, key, why, &way));
    RO_TRY(vault_begin(vault));
    return vault_end(vault, store_way(vault, vault->key, &way));
}

/* --- opening ------------------------------------------------------------- */

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
wrapping_of_file(struct vault *vault,
                 const char *file,
                 struct ro_why *why,
                 struct ro_secret **ret_wrapping)
{
    RO_AUTOBUF path = {0};
    if (file == NULL) {
        RO_TRY(remembered_path(vault, &path));
        file = (const char *)path.data;
    }
    enum ro_status s = read_key_file(file, why, ret_wrapping);
    /* no file, no key, unreadable: locked, and `why` says which */
    return s == RO_OK || s == RO_NO_MEMORY ? s : RO_VAULT_LOCKED;
}

/* A changed file must not make us use all the memory that there is. */
static enum ro_status
wrapping_of_passphrase(struct vault *vault,
                       struct ro_bytes row,
                       struct ro_bytes passphrase,
                       struct ro_secret **ret_wrapping)
{
    uint8_t hash[RO_ID_SIZE];
    if (row.size != SALT_ROW_SIZE)
        return vault_damaged(vault, "the passphrase's salt");
    hash_salt_line(row.data, hash);
    if (memcmp(hash, row.data + SALT_LINE_SIZE, RO_ID_SIZE) != 0)
        return vault_damaged(vault, "the passphrase's salt");
    const struct ro_stretch how = {ro_get_u64(row.data + RO_SALT_SIZE),
                                   ro_get_u64(row.data + RO_SALT_SIZE + 8)};
    if (ro_stretch_check(&how) != RO_OK)
        return vault_damaged(vault, "the passphrase's numbers");
    enum ro_status s = stretch(passphrase, row.data, ret_wrapping);
    return s == RO_BAD_INPUT ? RO_VAULT_LOCKED : s; /* nobody's: too long */
}

static enum ro_status
open_wrapping(struct vault *vault,
              const struct vault_key *key,
              struct ro_why *why,
              struct ro_secret **ret_wrapping)
{
    static const struct vault_key none = {0};
    RO_AUTOBUF row = {0};
    if (key == NULL)
        key = &none;
    enum ro_status s = vault_sql_meta_get(vault, KEY_PASSPHRASE, &row);
    if (s == RO_NOT_FOUND)
        return wrapping_of_file(vault, key->file, why, ret_wrapping);
    RO_TRY(s);
    if (key->passphrase.data == NULL && key->file != NULL) {
        return ro_why(why, RO_VAULT_LOCKED,
                      "this profile is opened with a passphrase, not with a "
                      "key file");
    }
    if (key->passphrase.data == NULL) {
        return ro_why(why, RO_NEED_PASSPHRASE,
                      "this profile is opened with its passphrase");
    }
    return wrapping_of_passphrase(vault, ro_buf_view(&row), key->passphrase,
                                  ret_wrapping);
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
    RO_SECRET_BUF plain = {0};
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
vault_key_kind(struct vault *vault, enum vault_key_kind *ret_kind)
{
    RO_AUTOBUF row = {0};
    enum ro_status s = vault_sql_meta_get(vault, KEY_PASSPHRASE, &row);
    if (s != RO_OK && s != RO_NOT_FOUND)
        return s;
    *ret_kind = s == RO_OK ? VAULT_KEY_PASSPHRASE : VAULT_KEY_FILE;
    return RO_OK;
}

static enum ro_status
wrong_key(struct vault *vault, struct ro_why *why)
{
    enum vault_key_kind kind;
    RO_TRY(vault_key_kind(vault, &kind));
    return ro_why(why, RO_VAULT_LOCKED, "%s",
                  kind == VAULT_KEY_PASSPHRASE
                      ? "that is not the passphrase of this profile"
                      : "this is another vault's key");
}

enum ro_status
vault_key_check(struct vault *vault,
                struct ro_bytes passphrase,
                struct ro_why *why)
{
    RO_CLEANUP(ro_secret_freep) struct ro_secret *wrapping = NULL;
    RO_AUTOBUF row = {0};
    enum ro_status s = vault_sql_meta_get(vault, KEY_PASSPHRASE, &row);
    if (s == RO_NOT_FOUND)
        return RO_OK;
    RO_TRY(s);
    s = wrapping_of_passphrase(vault, ro_buf_view(&row), passphrase, &wrapping);
    if (s == RO_OK)
        s = compare_check(vault, wrapping);
    return s == RO_VAULT_LOCKED ? wrong_key(vault, why) : s;
}

enum ro_status
vault_key_open(struct vault *vault,
               const struct vault_key *key,
               struct ro_why *why)
{
    RO_CLEANUP(ro_secret_freep) struct ro_secret *wrapping = NULL;
    RO_TRY(open_wrapping(vault, key, why, &wrapping));

    enum ro_status check = compare_check(vault, wrapping);
    if (check != RO_OK && check != RO_VAULT_LOCKED)
        return check;
    enum ro_status s = unwrap(vault, wrapping, &vault->key);
    if (s == RO_OK && check != RO_OK)
        return vault_damaged(vault, "the check of the key");
    if (s == RO_VAULT_DAMAGED && check != RO_OK)
        return wrong_key(vault, why);
    RO_TRY(s);
    return derive_keys(vault, vault->key);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/passphrase.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/crypto/hash.h"
#include "common/crypto/passphrase.h"

/* All of it stands in secret memory, its length too. */
struct ro_passphrase {
    size_t size;
    uint8_t bytes[RO_PASSPHRASE_MAX + 1];
};

struct ro_bytes
passphrase_view(const struct ro_passphrase *passphrase)
{
    if (passphrase == NULL)
        return (struct ro_bytes){0};
    return (struct ro_bytes){passphrase->bytes, passphrase->size};
}

void
ro_passphrase_free(struct ro_passphrase *passphrase)
{
    ro_secret_struct_free(passphrase);
}

static struct ro_passphrase *
make(void)
{
    if (ro_crypto_init() != RO_OK)
        return NULL;
    return ro_secret_struct_new(sizeof(struct ro_passphrase));
}

struct ro_passphrase *
ro_passphrase_of(const char *text)
{
    size_t size = strlen(text);
    struct ro_passphrase *made = size <= RO_PASSPHRASE_MAX ? make() : NULL;
    if (made == NULL)
        return NULL;
    memcpy(made->bytes, text, size);
    made->size = size;
    return made;
}

/* One byte after the other, straight into its place: what stands behind the
 * line is somebody else's to read. RO_NOT_FOUND: the line is over. */
static enum ro_status
read_byte(int fd, struct ro_passphrase *into, struct ro_why *why)
{
    uint8_t *at = into->bytes + into->size;
    ssize_t n = read(fd, at, 1);
    if (n < 0 && errno == EINTR)
        return RO_OK;
    if (n < 0) {
        return ro_why(why, RO_IO_FAILED, "the passphrase cannot be read: %s",
                      strerror(errno));
    }
    if (n == 0 || *at == '\n') {
        *at = 0;
        return RO_NOT_FOUND;
    }
    into->size++;
    if (into->size > RO_PASSPHRASE_MAX) {
        return ro_why(why, RO_BAD_INPUT,
                      "a passphrase has at most %d bytes, and this line has "
                      "more",
                      RO_PASSPHRASE_MAX);
    }
    return RO_OK;
}

enum ro_status
ro_passphrase_read(int fd,
                   struct ro_why *why,
                   struct ro_passphrase **ret_passphrase)
{
    RO_CLEANUP(ro_passphrase_freep) struct ro_passphrase *made = make();
    enum ro_status s = RO_OK;
    if (made == NULL)
        return RO_NO_MEMORY;
    while (s == RO_OK)
        s = read_byte(fd, made, why);
    if (s != RO_NOT_FOUND)
        return s;
    if (made->size > 0 && made->bytes[made->size - 1] == '\r')
        made->bytes[--made->size] = 0; /* a file that was written elsewhere */
    if (made->size == 0)
        return ro_why(why, RO_BAD_INPUT, "the passphrase is empty");
    *ret_passphrase = RO_STEAL(made);
    return RO_OK;
}

bool
ro_passphrase_same(const struct ro_passphrase *a, const struct ro_passphrase *b)
{
    return a->size == b->size && ro_equal_secret(a->bytes, b->bytes, a->size);
}

enum ro_status
ro_passphrase_fits(const struct ro_passphrase *passphrase, struct ro_why *why)
{
    return ro_passphrase_check(passphrase_view(passphrase), why);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "common/crypto/words.h"

#include <assert.h>

#include "common/crypto/hash.h"

static const char *const words[] = {
#define X(word) #word,
#include "common/crypto/words.def"
#undef X
};
static_assert(RO_LEN(words) == 256, "one word a byte");

void
ro_words_of(struct ro_bytes enrol_request,
            const char *ret_words[static RO_WORDS])
{
    struct ro_hash hash;
    ro_hash_256(RO_LABEL_WORDS, &enrol_request, 1, &hash);
    for (size_t i = 0; i < RO_WORDS; i++)
        ret_words[i] = words[hash.b[i]];
}

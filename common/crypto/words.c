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

static void
choose(enum ro_label label,
       struct ro_bytes of,
       const char **ret_words,
       size_t n_words)
{
    struct ro_hash hash;
    assert(n_words <= RO_HASH_SIZE);
    ro_hash_256(label, &of, 1, &hash);
    for (size_t i = 0; i < n_words; i++)
        ret_words[i] = words[hash.b[i]];
}

void
ro_words_of(struct ro_bytes enrol_request,
            const char *ret_words[static RO_WORDS])
{
    choose(RO_LABEL_WORDS, enrol_request, ret_words, RO_WORDS);
}

void
ro_words_of_number(const char *number,
                   const char *ret_words[static RO_SAFETY_WORDS])
{
    choose(RO_LABEL_SAFETY_WORDS, ro_bytes_text(number), ret_words,
           RO_SAFETY_WORDS);
}

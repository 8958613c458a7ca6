/* SPDX-License-Identifier: Apache-2.0 */
/* Words that two people compare by telephone. */
#ifndef RO_CRYPTO_WORDS_H
#define RO_CRYPTO_WORDS_H

#include "common/base/bytes.h"

/* 5 words of a list of 256, from BLAKE2b(label ‖ request bytes). Each word is
 * a static string; no two of the list begin with the same four letters. */
#define RO_WORDS 5
void ro_words_of(struct ro_bytes enrol_request,
                 const char *ret_words[static RO_WORDS]);

/* 10 words of the same list for a safety number (fingerprint.h), from
 * BLAKE2b(another label ‖ its digits). */
#define RO_SAFETY_WORDS 10
void ro_words_of_number(const char *number,
                        const char *ret_words[static RO_SAFETY_WORDS]);

#endif

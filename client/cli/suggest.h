/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean": the word that was probably meant. */
#ifndef CLIENT_CLI_SUGGEST_H
#define CLIENT_CLI_SUGGEST_H

#include <stddef.h>

/* Zero-initialise it, offer it words, then read `best`. */
struct suggest {
    const char *word; /* what was typed */
    const char *best; /* the nearest so far, or NULL: nothing is near */
    size_t distance;
};

/* Offers a word that could have been meant; it must outlive the struct. */
void suggest_offer(struct suggest *suggest, const char *candidate);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/suggest.h"

#include "common/base/text.h"

#include <string.h>

/* How wrong a word may be and still be meant: one slip in a short one, two or
 * three in a longer one. */
static size_t
tolerance(size_t length)
{
    return length <= 3 ? 1 : length <= 7 ? 2 : 3;
}

void
suggest_offer(struct suggest *suggest, const char *candidate)
{
    size_t length = strlen(suggest->word);
    if (length == 0)
        return;
    size_t distance = ro_text_distance(suggest->word, candidate);
    /* The beginning of a word counts as one slip. */
    if (length >= 2 && strncmp(suggest->word, candidate, length) == 0)
        distance = distance < 1 ? distance : 1;
    if (distance > tolerance(length) || distance >= strlen(candidate))
        return;
    if (suggest->best == NULL || distance < suggest->distance) {
        suggest->best = candidate;
        suggest->distance = distance;
    }
}

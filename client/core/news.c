/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/news.h"

#include <stdlib.h>

void
news_fini(struct news_list *list)
{
    free(list->at);
    *list = (struct news_list){0};
}

enum ro_status
news_add(struct news_list *list, const struct news *one)
{
    struct news *more = reallocarray(list->at, list->n + 1, sizeof(*more));
    if (more == NULL)
        return RO_NO_MEMORY;
    list->at = more;
    more[list->n++] = *one;
    return RO_OK;
}

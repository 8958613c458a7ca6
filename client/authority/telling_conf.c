/* SPDX-License-Identifier: Apache-2.0 */
/* circle.conf in the words of one who signs: all of it, or the lines that
 * differ, in their order. Each line has a mark before it, so that none of them
 * can be taken for one of ours. */
#include "client/authority/telling.h"

#include <stdlib.h>
#include <string.h>

/* Two middles of more lines than this together are shown line by line. */
#define CELLS_MAX ((size_t)1 << 22)

struct lines {
    struct ro_bytes *list;
    size_t n;
};

static void
lines_fini(struct lines *lines)
{
    free(lines->list);
}

static enum ro_status
split(const char *text, struct lines *ret_lines)
{
    size_t n = 1;
    for (const char *at = text; *at != '\0'; at++)
        n += *at == '\n';
    *ret_lines = (struct lines){calloc(n, sizeof(struct ro_bytes)), 0};
    if (ret_lines->list == NULL)
        return RO_NO_MEMORY;
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        ret_lines->list[ret_lines->n++] =
            (struct ro_bytes){(const uint8_t *)text, size};
        text += size + (text[size] == '\n');
    }
    return RO_OK;
}

static void
put_line(struct ro_buf *text, const char *mark, struct ro_bytes line)
{
    ro_buf_printf(text, "  %s ", mark);
    ro_buf_put(text, line.data, line.size);
    ro_buf_put_u8(text, '\n');
}

/* The middles of both, between what they begin and end with alike, and a table
 * of how many lines of the rest they have in common. */
struct middles {
    const struct ro_bytes *old;
    const struct ro_bytes *new;
    size_t n_old;
    size_t n_new;
    uint16_t *common; /* (n_old + 1) rows of n_new + 1; or NULL: too many */
};

static void
find_middles(const struct lines *old,
             const struct lines *new,
             struct middles *ret_middles)
{
    size_t least = old->n < new->n ? old->n : new->n;
    size_t head = 0;
    size_t tail = 0;
    while (head < least && ro_bytes_equal(old->list[head], new->list[head]))
        head++;
    while (tail < least - head && ro_bytes_equal(old->list[old->n - tail - 1],
                                                 new->list[new->n - tail - 1]))
        tail++;
    *ret_middles = (struct middles){
        .old = old->list + head,
        .new = new->list + head,
        .n_old = old->n - head - tail,
        .n_new = new->n - head - tail,
    };
}

static uint16_t
common_of(const struct middles *middles, size_t i, size_t j)
{
    return middles->common[i * (middles->n_new + 1) + j];
}

static enum ro_status
count_common(struct middles *middles)
{
    size_t width = middles->n_new + 1;
    size_t cells = (middles->n_old + 1) * width;
    if (cells > CELLS_MAX || middles->n_old >= UINT16_MAX)
        return RO_OK;
    middles->common = calloc(cells, sizeof(*middles->common));
    if (middles->common == NULL)
        return RO_NO_MEMORY;
    for (size_t i = middles->n_old; i > 0; i--) {
        for (size_t j = middles->n_new; j > 0; j--) {
            uint16_t down = common_of(middles, i, j - 1);
            uint16_t across = common_of(middles, i - 1, j);
            uint16_t more = down > across ? down : across;
            if (ro_bytes_equal(middles->old[i - 1], middles->new[j - 1]))
                more = (uint16_t)(common_of(middles, i, j) + 1);
            middles->common[(i - 1) * width + j - 1] = more;
        }
    }
    return RO_OK;
}

static void
put_middles(struct ro_buf *text, const struct middles *middles)
{
    size_t i = 0;
    size_t j = 0;
    while (middles->common != NULL && i < middles->n_old &&
           j < middles->n_new) {
        if (ro_bytes_equal(middles->old[i], middles->new[j])) {
            i++;
            j++;
        } else if (common_of(middles, i + 1, j) >=
                   common_of(middles, i, j + 1)) {
            put_line(text, "-", middles->old[i++]);
        } else {
            put_line(text, "+", middles->new[j++]);
        }
    }
    while (i < middles->n_old)
        put_line(text, "-", middles->old[i++]);
    while (j < middles->n_new)
        put_line(text, "+", middles->new[j++]);
}

enum ro_status
telling_conf_whole(const char *conf, struct ro_buf *text)
{
    RO_CLEANUP(lines_fini) struct lines lines = {0};
    RO_TRY(split(conf, &lines));
    for (size_t i = 0; i < lines.n; i++)
        put_line(text, "|", lines.list[i]);
    return RO_OK;
}

enum ro_status
telling_conf_changes(const char *from, const char *to, struct ro_buf *text)
{
    RO_CLEANUP(lines_fini) struct lines old = {0};
    RO_CLEANUP(lines_fini) struct lines new = {0};
    struct middles middles;
    RO_TRY(split(from, &old));
    RO_TRY(split(to, &new));
    find_middles(&old, &new, &middles);
    RO_TRY(count_common(&middles));
    put_middles(text, &middles);
    free(middles.common);
    return RO_OK;
}

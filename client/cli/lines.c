/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/lines.h"

#include "client/cli/show.h"

#include <string.h>

void
lines_feed(struct ro_buf *out)
{
    ro_buf_put_u8(out, '\n');
}

void
lines_labelled(struct ro_buf *out, const char *label, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    ro_buf_printf(out, "%-12s", label);
    show_line(out, text);
    lines_feed(out);
}

void
lines_names(struct ro_buf *out, const char *label, const char **list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ro_buf_printf(out, i == 0 ? "%-12s" : ", ", label);
        show_line(out, list[i]);
    }
    if (n > 0)
        lines_feed(out);
}

void
lines_left_out(struct ro_buf *out, const struct ro_result *result)
{
    for (size_t i = 0; i < result->n_left_out; i++) {
        ro_buf_printf(out, "%-12s", i == 0 ? "held for" : "");
        show_line(out, result->left_out[i]);
        lines_feed(out);
    }
}

void
lines_place(struct ro_buf *out, enum ro_place place, const char *failed)
{
    const char *words = show_place(place);
    if (words[0] == '\0')
        return;
    ro_buf_printf(out, "  (%s", words);
    if (place == RO_PLACE_FAILED && failed != NULL && failed[0] != '\0') {
        ro_buf_printf(out, ": ");
        show_line(out, failed);
    }
    /* our reasons say what to do after a semicolon */
    if (place == RO_PLACE_FAILED &&
        (failed == NULL || strchr(failed, ';') == NULL))
        ro_buf_printf(out, "; say it again, or telephone");
    ro_buf_put_u8(out, ')');
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "common/conf/mistakes.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"

static void
write_down(struct ro_mistakes *mistakes, struct ro_bytes raw)
{
    struct ro_buf shown = {0};
    ro_text_show(raw, RO_TEXT_LINE, &shown);
    if (mistakes->count == 1) {
        (void)ro_why(mistakes->why, RO_BAD_CONFIG, "%.*s", (int)shown.size,
                     (const char *)shown.data);
    }
    if (mistakes->out != NULL) {
        if (ro_buf_ok(&shown) != RO_OK)
            mistakes->out->failed = true;
        ro_buf_put(mistakes->out, shown.data, shown.size);
        ro_buf_put_u8(mistakes->out, '\n');
    }
    ro_buf_fini(&shown);
}

void
ro_mistake(struct ro_mistakes *mistakes,
           unsigned line,
           const char *key,
           const char *format,
           ...)
{
    mistakes->count++;
    if (mistakes->count > RO_MISTAKES_SHOWN + 1)
        return;

    char reason[320];
    va_list ap;
    va_start(ap, format);
    (void)vsnprintf(reason, sizeof(reason), format, ap);
    va_end(ap);

    RO_AUTOBUF raw = {0};
    ro_buf_printf(&raw, "%s", mistakes->file);
    if (mistakes->count > RO_MISTAKES_SHOWN) {
        ro_buf_printf(&raw, ": there are more mistakes than are shown");
    } else {
        if (line > 0)
            ro_buf_printf(&raw, ":%u", line);
        if (key != NULL)
            ro_buf_printf(&raw, ": %.64s", key);
        ro_buf_printf(&raw, ": %s", reason);
    }
    write_down(mistakes, ro_buf_view(&raw));
}

enum ro_status
ro_mistakes_end(const struct ro_mistakes *mistakes)
{
    if (mistakes->out != NULL)
        RO_TRY(ro_buf_ok(mistakes->out));
    return mistakes->count == 0 ? RO_OK : RO_BAD_CONFIG;
}

/* Small letters of an ASCII word, cut to what distances are taken of. */
static void
fold(const char *word, size_t room, char *ret_folded)
{
    size_t i = 0;
    for (; i + 1 < room && word[i] != '\0'; i++) {
        bool is_capital = word[i] >= 'A' && word[i] <= 'Z';
        ret_folded[i] = (char)(is_capital ? word[i] - 'A' + 'a' : word[i]);
    }
    ret_folded[i] = '\0';
}

void
ro_nearest_try(struct ro_nearest *nearest, const char *candidate)
{
    char a[64];
    char b[64];
    fold(nearest->word, sizeof(a), a);
    fold(candidate, sizeof(b), b);
    size_t distance = ro_text_distance(a, b);
    if (distance > (strlen(b) + 1) / 3) /* that would be another word */
        return;
    if (nearest->best == NULL || distance < nearest->distance) {
        nearest->best = candidate;
        nearest->distance = distance;
    }
}

#define OFFER_MORE ", ..."

void
ro_offer_begin(struct ro_why *why, const char *words)
{
    if (why == NULL)
        return;
    size_t used = strlen(why->text);
    (void)snprintf(why->text + used, sizeof(why->text) - used, "%s", words);
}

void
ro_offer_add(struct ro_why *why, const char *word)
{
    if (why == NULL)
        return;
    size_t used = strlen(why->text);
    size_t rest = sizeof(why->text) - used;
    const char *comma = used > 0 && why->text[used - 1] == ' ' ? "" : ", ";
    bool ended = used > 3 && strcmp(why->text + used - 3, "...") == 0;
    if (strlen(comma) + strlen(word) + sizeof(OFFER_MORE) <= rest) {
        (void)snprintf(why->text + used, rest, "%s%s", comma, word);
    } else if (!ended && sizeof(OFFER_MORE) <= rest) {
        (void)snprintf(why->text + used, rest, OFFER_MORE);
    }
}

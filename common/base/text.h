/* SPDX-License-Identifier: Apache-2.0 */
/* Text that came from somebody else: rules for it, and a safe way to show it.
 */
#ifndef RO_BASE_TEXT_H
#define RO_BASE_TEXT_H

#include "common/base/bytes.h"
#include "common/base/status.h"

#include <stdbool.h>
#include <stddef.h>

/* What may stand in a text besides printable characters. */
enum ro_text_kind {
    RO_TEXT_LINE, /* one line: no controls at all */
    RO_TEXT_BODY, /* several: line feeds and tabs are fine */
};

/* RO_OK if `text` is valid UTF-8 (no surrogates, no over-long forms, nothing
 * above U+10FFFF), has no NUL and no control characters beyond what `kind`
 * allows, and at most `limit` bytes. RO_BAD_INPUT otherwise; `why` says which
 * rule and at which byte. */
RO_MUST_USE enum ro_status ro_text_check(struct ro_bytes text,
                                         enum ro_text_kind kind,
                                         size_t limit,
                                         struct ro_why *why);

/* Appends `text` to `out` so that a terminal shows every byte as what it is:
 * controls (C0 but line feed and tab, DEL, C1), bidi controls, zero-width and
 * line/paragraph separators become \u{202e}-style escapes, invalid UTF-8
 * becomes \x.. per byte. With RO_TEXT_LINE line feeds and tabs are escaped
 * too. */
void
ro_text_show(struct ro_bytes text, enum ro_text_kind kind, struct ro_buf *out);

/* Whether two lines look the same to who does not look closely: spaces of all
 * kinds count as one space and not at the ends, ASCII letters count without
 * their case. */
bool ro_text_alike(const char *a, const char *b);

/* How many edits (insert, delete, replace, swap) lead from one word to the
 * other, for "did you mean"; words over 40 characters are far apart. */
size_t ro_text_distance(const char *a, const char *b);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks a configuration text before libconfuse sees it, and notes on which
 * line each statement stands. Inside of common/conf only.
 *
 * Why a check before the parser: libconfuse ends at the first mistake, puts
 * environment variables into ${...}, reads a|b as a path into sections, takes
 * a file that ends inside a string for complete, lets a second value silently
 * win, writes one byte behind its buffer for some comments, and miscounts
 * lines after others. circle.conf comes over the network, and a circle must
 * read it the same everywhere. So only a plain subset passes:
 *
 *     key = value            key = { value, value }
 *     section { ... }        section "title" { ... }        # to its line's end
 *
 * where a value is a bare word of letters, digits and . _ : - or stands in
 * double quotes on one line, with \" and \\ as the only escapes. A list may
 * end with a comma, but not be empty.
 */
#ifndef RO_CONF_SYNTAX_H
#define RO_CONF_SYNTAX_H

#include "common/conf/mistakes.h"
#include "common/conf/reader.h"

/* A key = value, or the beginning of a section. */
struct ro_statement {
    const struct ro_conf_key *key;
    unsigned line;
    unsigned nth; /* the section it is or stands in: how many-th of its name */
    const char *title; /* of the section that begins: in the text, or NULL */
    size_t title_size;
};

/* Statements in the order of the file. Zero-initialise; release with
 * ro_statements_fini. */
struct ro_statements {
    struct ro_statement *list;
    size_t count;
    size_t room;
};

/* Releases them; accepts none. */
void ro_statements_fini(struct ro_statements *statements);

/* Reads `text` (terminated, changed in place): mistakes are noted, and what is
 * mistaken is replaced by spaces, so that what stays is what libconfuse reads
 * without one. RO_NO_MEMORY; else RO_OK whatever the mistakes. */
RO_MUST_USE enum ro_status
ro_syntax_check(char *text,
                const struct ro_conf_key *keys,
                struct ro_mistakes *mistakes,
                struct ro_statements *ret_statements);

#endif

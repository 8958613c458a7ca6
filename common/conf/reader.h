/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A strict reader of our configuration files, on libconfuse: a table of keys
 * says what may stand where; unknown keys, repeated keys and broken syntax are
 * mistakes with their line, and all of them are found in one go.
 */
#ifndef RO_CONF_READER_H
#define RO_CONF_READER_H

#include "common/base/bytes.h"
#include "common/base/status.h"
#include "common/conf/mistakes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest text and the longest value; the most sections, and the most
 * values of one list. */
#define RO_CONF_TEXT_MAX ((size_t)64 * 1024)
#define RO_CONF_VALUE_MAX 1000
#define RO_CONF_SECTIONS_MAX 512
#define RO_CONF_LIST_MAX 4096

enum ro_conf_kind {
    RO_CONF_ONE,     /* key = value */
    RO_CONF_LIST,    /* key = { value, ... }, or a single value */
    RO_CONF_SECTION, /* key { ... }, at most once */
    RO_CONF_TITLED,  /* key "title" { ... }, each title once */
};

/* One row of a table of keys, at most 64, ended by a row without a name.
 * Sections stand at the top only. */
struct ro_conf_key {
    const char *section; /* where it stands; NULL at the top */
    const char *name;
    enum ro_conf_kind kind;
};

/* What the reader found; valid during the call that gives it. */
struct ro_conf_item {
    const struct ro_conf_key *key;
    unsigned line;
    const char *title; /* of the titled section it is or stands in, or NULL */
    const char *value; /* one line of UTF-8; NULL where a section begins */
};

/* Who takes the items: in the order of the file, of a list one by one. */
struct ro_conf_taker {
    void (*take)(void *user, const struct ro_conf_item *item);
    void *user;
};

/* Reads `text` by `keys` and gives what it finds to `taker`. A byte order mark
 * and CRLF are fine. Mistakes are noted and what is mistaken is left out.
 * Callable from any thread; one text is read at a time. RO_NO_MEMORY; else
 * RO_OK whatever the mistakes. */
RO_MUST_USE enum ro_status ro_conf_read(struct ro_bytes text,
                                        const struct ro_conf_key *keys,
                                        struct ro_mistakes *mistakes,
                                        const struct ro_conf_taker *taker);

/* Reads a decimal number from `min` to `max`: digits only. */
bool ro_conf_number(const char *value,
                    uint32_t min,
                    uint32_t max,
                    uint32_t *ret_number);

/* Appends `value` in double quotes, so that the reader reads it back. */
void ro_conf_quote(const char *value, struct ro_buf *out);

#endif

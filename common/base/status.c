/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/status.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const char *text;
    enum ro_reach reach;
    enum ro_kind kind;
    uint16_t wire;
    int exit_code;
} table[] = {
#define X(name, reach, kind, wire, exit_code, text)                            \
    [RO_##name] = {#name,          text, RO_REACH_##reach,                     \
                   RO_KIND_##kind, wire, exit_code},
#include "common/base/status.def"
#undef X
};
static_assert(RO_LEN(table) == RO_STATUS_COUNT, "one row an outcome");

const char *
ro_status_name(enum ro_status s)
{
    assert(s < RO_STATUS_COUNT);
    return table[s].name;
}

const char *
ro_status_text(enum ro_status s)
{
    assert(s < RO_STATUS_COUNT);
    return table[s].text;
}

enum ro_reach
ro_status_reach(enum ro_status s)
{
    assert(s < RO_STATUS_COUNT);
    return table[s].reach;
}

bool
ro_status_is_alarm(enum ro_status s)
{
    assert(s < RO_STATUS_COUNT);
    return table[s].kind == RO_KIND_ALARM;
}

bool
ro_status_is_local(enum ro_status s)
{
    assert(s < RO_STATUS_COUNT);
    return table[s].kind == RO_KIND_LOCAL;
}

uint16_t
ro_status_wire(enum ro_status s)
{
    assert(s < RO_STATUS_COUNT);
    return table[s].wire;
}

enum ro_status
ro_status_from_wire(uint16_t code)
{
    if (code == RO_WIRE_INSIDE)
        return RO_BROKER_REFUSED;
    for (size_t i = 0; i < RO_LEN(table); i++) {
        if (table[i].wire == code)
            return (enum ro_status)i;
    }
    return RO_BROKER_REFUSED;
}

int
ro_status_exit(enum ro_status s)
{
    assert(s < RO_STATUS_COUNT);
    return table[s].exit_code;
}

/* Drops a UTF-8 sequence that the end of the room cut in two. */
static void
trim_cut_sequence(char *text)
{
    size_t end = strlen(text);
    size_t start = end;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (end - (start - 1) < want)
        text[start - 1] = '\0';
}

enum ro_status
ro_why(struct ro_why *why, enum ro_status s, const char *format, ...)
{
    if (why == NULL)
        return s;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(why->text, sizeof(why->text), format, args);
    va_end(args);
    if (n < 0)
        why->text[0] = '\0';
    if (n >= (int)sizeof(why->text))
        trim_cut_sequence(why->text);
    return s;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/filename.h"

#include "common/base/text.h"

#include <string.h>
#include <strings.h>

/* An ending such as ".xlsx" that is kept when a name is cut. */
#define ENDING_MAX 16

static const char *
last_component(const char *name)
{
    const char *last = name;
    for (const char *at = name; *at != '\0'; at++) {
        if (*at == '/' || *at == '\\')
            last = at + 1;
    }
    return last;
}

/* Bytes of the character at `at`; what is no UTF-8 is one byte, and will be
 * found to be nothing. */
static size_t
character_size(const char *at)
{
    unsigned char first = (unsigned char)*at;
    size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
    for (size_t i = 1; i < size; i++) {
        if (((unsigned char)at[i] & 0xC0) != 0x80)
            return 1;
    }
    return size;
}

/* Whether a character is shown as it is; all others are left out. */
static bool
is_shown(const char *at, size_t size)
{
    RO_AUTOBUF shown = {0};
    struct ro_bytes character = {(const uint8_t *)at, size};
    ro_text_show(character, RO_TEXT_LINE, &shown);
    return ro_bytes_equal(ro_buf_view(&shown), character);
}

/* Without what shows nothing; what has a meaning to some system is "_". */
static void
put_characters(const char *name, struct ro_buf *out)
{
    while (*name != '\0') {
        size_t size = character_size(name);
        if (size == 1 && strchr("<>:\"|?*", *name) != NULL) {
            ro_buf_put_u8(out, '_');
        } else if (is_shown(name, size)) {
            ro_buf_put(out, name, size);
        }
        name += size;
    }
}

/* Windows does not see dots and spaces at the end, so "con." is its device. */
static void
cut_end(struct ro_buf *name)
{
    while (name->size > 0 && (name->data[name->size - 1] == '.' ||
                              name->data[name->size - 1] == ' '))
        name->size--;
}

/* "con", "nul.txt", "COM1": devices in every folder of Windows, whatever
 * follows the first dot. */
static bool
is_device(struct ro_bytes name)
{
    static const char *const devices[] = {"con",    "prn",     "aux",   "nul",
                                          "conin$", "conout$", "clock$"};
    static const char *const ports[] = {"com", "lpt"};
    static const char *const digits[] = {"0",      "1",      "2",     "3", "4",
                                         "5",      "6",      "7",     "8", "9",
                                         "\u00b9", "\u00b2", "\u00b3"};
    char base[8] = "";
    size_t size = 0;
    while (size < name.size && name.data[size] != '.')
        size++;
    while (size > 0 && name.data[size - 1] == ' ')
        size--;
    if (size == 0 || size >= sizeof(base))
        return false;
    memcpy(base, name.data, size);
    for (size_t i = 0; i < RO_LEN(devices); i++) {
        if (strcasecmp(base, devices[i]) == 0)
            return true;
    }
    for (size_t i = 0; i < RO_LEN(ports) * RO_LEN(digits); i++) {
        if (strncasecmp(base, ports[i / RO_LEN(digits)], 3) == 0 &&
            strcmp(base + 3, digits[i % RO_LEN(digits)]) == 0)
            return true;
    }
    return false;
}

/* Where a name's ending begins, if it has a short one; else its end. */
static size_t
ending_at(struct ro_bytes name)
{
    for (size_t i = name.size; i > 1 && name.size - i < ENDING_MAX; i--) {
        if (name.data[i - 1] == '.')
            return i - 1;
    }
    return name.size;
}

/* Cuts what is too long before the ending, between two characters. */
static void
cut_middle(struct ro_buf *name)
{
    if (name->size <= RO_NAME_LIMIT)
        return;
    size_t ending = ending_at(ro_buf_view(name));
    size_t kept = RO_NAME_LIMIT - (name->size - ending);
    while (kept > 0 && (name->data[kept] & 0xC0) == 0x80)
        kept--;
    memmove(name->data + kept, name->data + ending, name->size - ending);
    name->size = kept + (name->size - ending);
}

void
filename_clean(const char *name, char ret_name[static FILENAME_ROOM])
{
    RO_AUTOBUF clean = {0};
    RO_AUTOBUF result = {0};
    put_characters(last_component(name), &clean);
    cut_end(&clean);
    struct ro_bytes base = ro_buf_view(&clean);
    while (base.size > 0 && base.data[0] == ' ') {
        base.data++;
        base.size--;
    }
    if (base.size > 0 &&
        (base.data[0] == '.' || base.data[0] == '-' || is_device(base)))
        ro_buf_put_u8(&result, '_');
    ro_buf_put(&result, base.data, base.size);
    cut_middle(&result);
    cut_end(&result);
    if (result.size == 0 || ro_buf_ok(&result) != RO_OK) {
        memcpy(ret_name, "file", sizeof("file"));
        return;
    }
    memcpy(ret_name, result.data, result.size);
    ret_name[result.size] = '\0';
}

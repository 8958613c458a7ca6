/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/show.h"

#include "common/base/text.h"

#include <string.h>
#include <time.h>

void
show_line(struct ro_buf *out, const char *text)
{
    if (text != NULL)
        ro_text_show(ro_bytes_text(text), RO_TEXT_LINE, out);
}

void
show_column(struct ro_buf *out, const char *text, size_t width)
{
    size_t before = out->size;
    show_line(out, text);
    do {
        ro_buf_put_u8(out, ' ');
    } while (!out->failed && out->size - before < width);
}

void
show_body(struct ro_buf *out, const char *text)
{
    while (text != NULL && *text != '\0') {
        size_t length = strcspn(text, "\n");
        struct ro_bytes line = {(const uint8_t *)text, length};
        ro_buf_printf(out, "    ");
        ro_text_show(line, RO_TEXT_BODY, out);
        ro_buf_put_u8(out, '\n');
        text += length + (text[length] == '\n');
    }
}

void
show_word(struct ro_buf *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_./:=,@%+-";
    if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
        ro_buf_printf(out, "%s", word);
        return;
    }
    ro_buf_put_u8(out, '\'');
    while (*word != '\0') {
        size_t length = strcspn(word, "'");
        struct ro_bytes part = {(const uint8_t *)word, length};
        ro_text_show(part, RO_TEXT_LINE, out);
        word += length;
        if (*word == '\'') {
            ro_buf_printf(out, "'\\''");
            word++;
        }
    }
    ro_buf_put_u8(out, '\'');
}

struct show_short
show_short(const uint8_t id[static 16])
{
    struct show_short result;
    char hex[RO_ID_HEX];
    ro_hex(id, RO_ID_SIZE, hex);
    memcpy(result.hex, hex, SHOW_ID_DIGITS);
    result.hex[SHOW_ID_DIGITS] = '\0';
    return result;
}

void
show_id(struct ro_buf *out, const uint8_t id[static 16])
{
    static const uint8_t zero[RO_ID_SIZE];
    char hex[RO_ID_HEX];
    if (memcmp(id, zero, RO_ID_SIZE) == 0) {
        ro_buf_printf(out, "%-*s", SHOW_ID_DIGITS, "-");
        return;
    }
    ro_hex(id, RO_ID_SIZE, hex);
    ro_buf_put(out, hex, SHOW_ID_DIGITS);
}

void
show_time(struct ro_buf *out, int64_t wall_s)
{
    struct tm parts;
    char text[64];
    time_t when = (time_t)wall_s;
    if (localtime_r(&when, &parts) == NULL ||
        strftime(text, sizeof(text), "%a %d %b %Y %H:%M", &parts) == 0) {
        ro_buf_printf(out, "at no time");
        return;
    }
    ro_buf_printf(out, "%s", text);
}

void
show_age(struct ro_buf *out, int64_t age_s)
{
    static const struct {
        int64_t seconds;
        const char *noun;
    } units[] = {
        {86400, "day"   },
        {3600,  "hour"  },
        {60,    "minute"},
    };
    for (size_t i = 0; i < RO_LEN(units); i++) {
        if (age_s >= units[i].seconds) {
            show_count(out, (uint64_t)(age_s / units[i].seconds),
                       units[i].noun);
            return;
        }
    }
    ro_buf_printf(out, "less than a minute");
}

void
show_count(struct ro_buf *out, uint64_t n, const char *noun)
{
    ro_buf_printf(out, "%llu %s%s", (unsigned long long)n, noun,
                  n == 1 ? "" : "s");
}

bool
show_km(struct ro_buf *out, double km)
{
    if (!(km >= 0 && km < 21000))
        return false;
    ro_buf_printf(out, "%6.1f km", km);
    return true;
}

const char *
show_place(enum ro_place place)
{
    static const char *const words[] = {
        [RO_PLACE_KEPT] = "kept here",  [RO_PLACE_BROKER] = "at the broker",
        [RO_PLACE_ARRIVED] = "arrived", [RO_PLACE_FAILED] = "failed",
        [RO_PLACE_THEIRS] = "",
    };
    return (size_t)place < RO_LEN(words) ? words[place] : "";
}

const char *
show_state(const char *state)
{
    static const struct {
        const char *state;
        const char *words;
    } table[] = {
        {"none",            ""            },
        {"helper-asked",    "asked"       },
        {"helper-willing",  "willing"     },
        {"helper-declined", "stepped back"},
        {"not-chosen",      "not chosen"  },
        {"revealed",        "chosen"      },
        {"first-contact",   "chosen"      },
    };
    for (size_t i = 0; state != NULL && i < RO_LEN(table); i++) {
        if (strcmp(state, table[i].state) == 0)
            return table[i].words;
    }
    return state;
}

const char *
show_event(const char *type, enum show_whose whose)
{
    static const struct {
        const char *type;
        const char *words[2];
    } table[] = {
        {"ask",         {"asks for help", "asks for help"}},
        {"answer",      {"offers help", "offers help"}    },
        {"pass",        {"steps back", "steps back"}      },
        {"say",         {"writes", "writes"}              },
        {"introduced",  {"has chosen", "you are chosen"}  },
        {"not-chosen",  {"says no", "not chosen"}         },
        {"state-note",  {"how it stands", "how it stands"}},
        {"key-changed", {"compare keys", "compare keys"}  },
        {"rules",       {"new rules", "new rules"}        },
    };
    for (size_t i = 0; type != NULL && i < RO_LEN(table); i++) {
        if (strcmp(type, table[i].type) == 0)
            return table[i].words[whose];
    }
    return type;
}

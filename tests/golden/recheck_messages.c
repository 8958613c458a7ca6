/* SPDX-License-Identifier: Apache-2.0 */
#include "golden/recheck.h"

#include <stdio.h>
#include <string.h>

#include "common/crypto/seal.h"
#include "common/wire/rules.h"
#include "golden/seal.h"

#define ARENA ((size_t)1 << 20)

/* --- sealed --------------------------------------------------------------- */

struct opening {
    const char *wrap;
    const char *prefix; /* of the body */
    const char *mailbox;
    const char *key; /* NAME.secret and NAME.x25519 */
    uint32_t day;
};

static bool
is(const struct book *page, const char *name, const void *bytes, size_t size)
{
    return ro_bytes_equal(book_get(page, name), (struct ro_bytes){bytes, size});
}

static void
bind(const struct book *page,
     const struct opening *opening,
     struct ro_wrap_binding *ret_binding)
{
    *ret_binding = (struct ro_wrap_binding){
        .day = opening->day,
        .generation = 1,
        .expiry_hour = CAST_EXPIRY_HOUR,
        .bucket = RO_BUCKET_1K,
        .psk = book_get(page, "psk").data,
    };
    book_copy(page, "circle.id", ret_binding->circle.b, RO_ID_SIZE);
    book_copy(page, opening->mailbox, ret_binding->mailbox.b, RO_ID_SIZE);
    book_copy(page, part(opening->prefix, "hash"), ret_binding->body_hash.b,
              RO_HASH_SIZE);
}

/* The sender's sealing key: from the log, or from the reference. */
static struct ro_key
sealing_key(const struct ro_directory *directory,
            const struct ro_wrap_outer *outer)
{
    if (outer->sender.kind == RO_REFERENCE_KEYS)
        return outer->sender.sealing;
    const struct ro_seat_view *seat =
        ro_directory_seat(directory, &outer->sender.seat);
    point_need(seat != NULL);
    struct ro_key sealing;
    test_must(ro_seat_sealing(seat, &sealing));
    return sealing;
}

static void
open_wrap(const struct book *page,
          const struct ro_directory *directory,
          const struct opening *opening)
{
    struct ro_wrap_binding binding;
    struct ro_wrap_outer outer;
    struct ro_wrap_inside inside;
    struct ro_key self;
    RO_AUTOBUF content = {0};
    bind(page, opening, &binding);
    book_copy(page, part(opening->key, "x25519"), self.b, RO_KEY_SIZE);
    const struct ro_opening_key key = {
        book_get(page, part(opening->key, "secret")).data, &self};
    printf("# %s\n", opening->wrap);
    point_need(ro_wrap_open_outer(&binding, &key, book_get(page, opening->wrap),
                                  &outer) == RO_OK);
    point_ok(is(page, part(opening->prefix, "recipients"), outer.recipients.b,
                RO_HASH_SIZE));
    point_ok(
        is(page, part(opening->wrap, "inner"), outer.inner, RO_INNER_SIZE));
    struct ro_key sender = sealing_key(directory, &outer);
    point_need(ro_wrap_open_inner(&binding, &key, &outer, &sender, &inside) ==
               RO_OK);
    point_ok(is(page, part(opening->prefix, "key"), inside.content_key,
                RO_CONTENT_KEY_SIZE));
    point_ok(inside.sequence == 1);
    point_need(ro_body_open(book_get(page, part(opening->prefix, "body")),
                            inside.content_key, &content) == RO_OK);
    point_ok(
        is(page, part(opening->prefix, "content"), content.data, content.size));
}

/* --- contents ------------------------------------------------------------- */

static void
read_content(const struct book *page, const char *name, enum ro_purpose purpose)
{
    struct ro_arena *arena = ro_arena_new(ARENA, ARENA);
    struct ro_why why = {""};
    Reachout__Content *content = NULL;
    point_need(arena != NULL);
    enum ro_status s =
        ro_content_get(book_get(page, name), arena, &why, &content);
    if (s != RO_OK)
        printf("# %s: %s: %s\n", name, ro_status_name(s), why.text);
    point_say(s == RO_OK && ro_content_purpose(content) == purpose, name);
    ro_arena_free(arena);
}

static void
read_contents(const struct book *page)
{
    static const struct {
        const char *name;
        enum ro_purpose purpose;
    } contents[] = {
        {"ask.content",        RO_PURPOSE_ASK          },
        {"content-answer",     RO_PURPOSE_ANSWER       },
        {"content-pass",       RO_PURPOSE_PASS         },
        {"content-say",        RO_PURPOSE_SAY          },
        {"content-say-file",   RO_PURPOSE_SAY          },
        {"content-chunk",      RO_PURPOSE_CHUNK        },
        {"content-introduced", RO_PURPOSE_INTRODUCED   },
        {"content-not-chosen", RO_PURPOSE_NOT_CHOSEN   },
        {"content-state-note", RO_PURPOSE_STATE_NOTE   },
        {"content-close",      RO_PURPOSE_CLOSE        },
        {"content-closed",     RO_PURPOSE_CLOSED       },
        {"content-resend",     RO_PURPOSE_RESEND       },
        {"content-receipts",   RO_PURPOSE_RECEIPTS     },
        {"join.content",       RO_PURPOSE_ENROL_REQUEST},
        {"admit.content",      RO_PURPOSE_ENROL_ANSWER },
        {"rekey.content",      RO_PURPOSE_PSK          },
    };
    for (size_t i = 0; i < RO_LEN(contents); i++)
        read_content(page, contents[i].name, contents[i].purpose);
}

void
recheck_messages(const struct book *page)
{
    static const struct opening openings[] = {
        {"wrap.b",      "ask",   "b.lead.id",   "b.lead.day.0",      CAST_DAY},
        {"wrap.office", "ask",   "a.office.id", "a.office.fallback", 0       },
        {"wrap.join",   "join",  "mailbox.id",  "enrolment",         0       },
        {"wrap.admit",  "admit", "b.lead.id",   "b.lead.fallback",   0       },
        {"wrap.rekey",  "rekey", "b.lead.id",   "b.lead.day.0",      CAST_DAY},
    };
    struct ro_directory *directory = recheck_log(page);
    for (size_t i = 0; i < RO_LEN(openings); i++)
        open_wrap(page, directory, &openings[i]);
    ro_directory_free(directory);
    read_contents(page);
}

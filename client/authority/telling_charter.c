/* SPDX-License-Identifier: Apache-2.0 */
/* A charter in the words of one who signs: everything that it says, and what
 * of that is new. */
#include "client/authority/telling.h"

#include <stdio.h>
#include <string.h>

#include "client/authority/charter.h"
#include "common/base/text.h"
#include "common/conf/circle.h"
#include "common/wire/codec.h"

#define SHOWN_BYTES 16 /* of a key: nobody makes another that begins so */

/* The beginning of a key, as `reachoutd init` prints keys. */
struct shown_key {
    char hex[2 * SHOWN_BYTES + 1];
};

static struct shown_key
shown(const uint8_t *key)
{
    struct shown_key shown = {""};
    ro_hex(key, SHOWN_BYTES, shown.hex);
    return shown;
}

/* What a charter has many of: a key of the new one, and of the one before it
 * (NULL: there is none, or it is not known). */
struct told_key {
    const char *what;
    struct ro_key key;
    const struct ro_key *before;
};

static void
put_key(struct ro_buf *text, const struct told_key *told)
{
    ro_buf_printf(text, "%s: %s...\n", told->what, shown(told->key.b).hex);
    if (told->before == NULL ||
        memcmp(told->before->b, told->key.b, RO_KEY_SIZE) == 0)
        return;
    ro_buf_printf(text, "CHANGES %s: %s..., was %s...\n", told->what,
                  shown(told->key.b).hex, shown(told->before->b).hex);
}

static enum ro_status
put_keys(const struct telling *telling,
         const Reachout__Charter *charter,
         const struct authority_broker *broker,
         const struct ro_charter_view *now)
{
    struct told_key keys[] = {
        {"the broker's connection key", broker->curve,
         now == NULL ? NULL : &now->broker_curve     },
        {"the broker's signing key",    broker->signing,
         now == NULL ? NULL : &now->broker_signing   },
        {"the key of requests",
         {{0}},
         now == NULL ? NULL : &now->enrolment_ed25519},
        {"the key of their mailbox",
         {{0}},
         now == NULL ? NULL : &now->mailbox_key      },
    };
    if (ro_field_copy(&charter->enrolment_key, keys[2].key.b, RO_KEY_SIZE) !=
            RO_OK ||
        ro_field_copy(&charter->mailbox_key, keys[3].key.b, RO_KEY_SIZE) !=
            RO_OK) {
        return ro_why(telling->why, RO_BAD_RECORD,
                      "the charter lacks the keys of requests");
    }
    for (size_t i = 0; i < RO_LEN(keys); i++)
        put_key(telling->text, &keys[i]);
    return RO_OK;
}

static void
put_change(struct ro_buf *text,
           const char *what,
           const char *from,
           const char *to)
{
    if (strcmp(from, to) != 0)
        ro_buf_printf(text, "CHANGES %s: %s, was %s\n", what, to, from);
}

static enum ro_status
put_changes(const struct telling *telling,
            const Reachout__Charter *charter,
            const struct authority_broker *broker,
            const struct ro_charter_view *now)
{
    struct ro_buf *text = telling->text;
    put_change(text, "the name", now->name, charter->name);
    put_change(text, "the members' door", now->member_endpoint,
               broker->member_endpoint);
    put_change(text, "the open door", now->open_endpoint,
               broker->open_endpoint);
    if (charter->psk_generation != now->psk_generation) {
        ro_buf_printf(text, "CHANGES the circle key's generation: %u, was %u\n",
                      charter->psk_generation, now->psk_generation);
    }
    if (strcmp(charter->circle_conf, now->circle_conf) == 0) {
        ro_buf_printf(text, "circle.conf stays as it is\n");
        return RO_OK;
    }
    ro_buf_printf(text, "CHANGES circle.conf: - was, + is to be\n");
    return telling_conf_changes(now->circle_conf, charter->circle_conf, text);
}

/* Whether it is the circle.conf that was agreed on, and what is not. */
static enum ro_status
put_agreed(const struct telling *telling, const Reachout__Charter *charter)
{
    const struct telling_agreed *agreed = telling->agreed;
    struct ro_buf *text = telling->text;
    bool same = strcmp(agreed->conf, charter->circle_conf) == 0;
    ro_buf_printf(text, "circle.conf in ");
    ro_text_show(ro_bytes_text(agreed->signed_path), RO_TEXT_LINE, text);
    ro_buf_printf(text, same ? " is THE SAME as the file "
                             : " is ANOTHER than the file ");
    ro_text_show(ro_bytes_text(agreed->conf_path), RO_TEXT_LINE, text);
    if (same) {
        ro_buf_put_u8(text, '\n');
        return RO_OK;
    }
    ro_buf_printf(text, ": - is in that file, + would be signed\n");
    return telling_conf_changes(agreed->conf, charter->circle_conf, text);
}

/* Of a first charter. Where it is compared with a file, all lines are either
 * there or told. */
static enum ro_status
put_all(const struct telling *telling, const Reachout__Charter *charter)
{
    if (telling->directory != NULL) {
        ro_buf_printf(telling->text, "IT IS THE FIRST ONE: it begins the "
                                     "circle's directory\n");
    }
    if (telling->agreed != NULL)
        return RO_OK;
    ro_buf_printf(telling->text, "circle.conf:\n");
    return telling_conf_whole(charter->circle_conf, telling->text);
}

static enum ro_status
check(const struct telling *telling,
      const Reachout__Charter *charter,
      struct authority_broker *ret_broker)
{
    if (charter->name == NULL || charter->circle_conf == NULL ||
        authority_broker_of(charter->broker, ret_broker) != RO_OK) {
        return ro_why(telling->why, RO_BAD_RECORD,
                      "the charter lacks name, circle.conf or broker");
    }
    RO_TRY(telling_line(telling, "the charter's name", charter->name));
    if (ro_text_check(ro_bytes_text(charter->circle_conf), RO_TEXT_BODY,
                      RO_CIRCLE_CONF_MAX, NULL) == RO_OK)
        return RO_OK;
    return ro_why(telling->why, RO_BAD_RECORD, "circle.conf is no text");
}

enum ro_status
telling_charter(const struct telling *telling, const ProtobufCMessage *message)
{
    const Reachout__Charter *charter = (const void *)message;
    struct authority_broker broker;
    const struct ro_charter_view *now =
        telling->directory == NULL ? NULL
                                   : ro_directory_charter(telling->directory);
    RO_TRY(check(telling, charter, &broker));
    ro_buf_printf(telling->text,
                  "the charter of \"%s\": %u of %zu keys sign\n"
                  "its broker: %s, %s\n"
                  "generation of the circle's key: %u\n",
                  charter->name, charter->threshold, charter->n_authority_keys,
                  broker.member_endpoint, broker.open_endpoint,
                  charter->psk_generation);
    RO_TRY(put_keys(telling, charter, &broker, now));
    RO_TRY(now == NULL ? put_all(telling, charter)
                       : put_changes(telling, charter, &broker, now));
    return telling->agreed == NULL ? RO_OK : put_agreed(telling, charter);
}

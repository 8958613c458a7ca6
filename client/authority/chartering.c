/* SPDX-License-Identifier: Apache-2.0 */
/* A charter out of the files that make it. */
#include "client/authority/inside.h"

#include <string.h>

#include "client/authority/charter.h"
#include "client/authority/complete.h"
#include "client/authority/fetching.h"
#include "client/authority/log.h"
#include "common/conf/circle.h"
#include "common/wire/armour.h"
#include "common/wire/codec.h"

/* --- the files ----------------------------------------------------------- */

/* Copies mistakes, which speak of "circle.conf", with the name of the person's
 * own file; returns how many there are. */
static size_t
name_mistakes(const struct ro_buf *from,
              const char *path,
              struct ro_buf *mistakes)
{
    static const char general[] = "circle.conf:";
    const size_t skip = sizeof(general) - 1;
    struct ro_bytes rest = ro_buf_view(from);
    size_t n = 0;
    while (rest.size > 0) {
        const uint8_t *stop = memchr(rest.data, '\n', rest.size);
        size_t length =
            stop == NULL ? rest.size : (size_t)(stop - rest.data) + 1;
        bool named = length >= skip && memcmp(rest.data, general, skip) == 0;
        if (named)
            ro_buf_printf(mistakes, "%s:", path);
        ro_buf_put(mistakes, rest.data + (named ? skip : 0),
                   length - (named ? skip : 0));
        rest.data += length;
        rest.size -= length;
        n++;
    }
    return n;
}

static enum ro_status
tell_mistakes(const char *path,
              struct ro_bytes conf,
              struct ro_buf *mistakes,
              struct ro_why *why)
{
    RO_AUTOBUF found = {0};
    if (ro_circle_conf_check(conf, &found) == RO_NO_MEMORY)
        return RO_NO_MEMORY;
    size_t n = name_mistakes(&found, path, mistakes);
    RO_TRY(ro_buf_ok(mistakes));
    return ro_why(why, RO_BAD_INPUT,
                  "%s has %zu mistake%s, and nothing was signed; put %s right "
                  "and publish it again",
                  path, n, n == 1 ? "" : "s", n == 1 ? "it" : "them");
}

static enum ro_status
read_conf(const char *path,
          struct ro_buf *mistakes,
          struct ro_why *why,
          struct ro_buf *ret_conf)
{
    struct ro_circle_conf *conf = NULL;
    RO_TRY(ro_file_read(path, RO_CIRCLE_CONF_MAX, why, ret_conf));
    enum ro_status s = ro_circle_conf_parse(ro_buf_view(ret_conf), why, &conf);
    ro_circle_conf_free(conf);
    if (s == RO_BAD_CONFIG)
        return tell_mistakes(path, ro_buf_view(ret_conf), mistakes, why);
    RO_TRY(s);
    ro_buf_put_u8(ret_conf, 0);
    return ro_buf_ok(ret_conf);
}

static enum ro_status
read_broker(const char *path,
            struct ro_arena *arena,
            struct ro_why *why,
            struct authority_broker *ret_broker)
{
    RO_AUTOBUF bytes = {0};
    ProtobufCMessage *message;
    RO_TRY(ro_armour_read(path, "broker-public", why, &bytes));
    enum ro_status s = ro_unpack(&reachout__broker_public__descriptor,
                                 ro_buf_view(&bytes), arena, &message);
    if (s == RO_OK) {
        s = authority_broker_of(
            ((const Reachout__BrokerPublic *)message)->broker, ret_broker);
    }
    if (s == RO_OK || s == RO_NO_MEMORY)
        return s;
    return ro_why(why, RO_BAD_INPUT,
                  "%s: does not say where the broker is, and with which keys",
                  path);
}

/* --- both ------------------------------------------------------------------
 */

/* Reads the files; without them, the charter is to say the same again. */
static enum ro_status
read_files(struct authority *authority,
           const struct authority_chartering *chartering,
           struct ro_buf *mistakes,
           struct ro_why *why,
           struct chartering *wanted)
{
    if (chartering->conf_path == NULL) {
        RO_TRY(authority_log_catch_up(authority, why));
        return authority_repeat_charter(authority, why, wanted);
    }
    RO_TRY(read_conf(chartering->conf_path, mistakes, why, &wanted->conf));
    RO_TRY(read_broker(chartering->broker_path, authority->arena, why,
                       &wanted->broker));
    authority->broker = wanted->broker;
    link_free(RO_STEAL(authority->link));
    return RO_OK;
}

enum ro_status
authority_charter(struct authority *authority,
                  const struct authority_chartering *chartering,
                  struct ro_buf *mistakes,
                  struct ro_why *why,
                  uint64_t *ret_record)
{
    RO_CLEANUP(chartering_fini) struct chartering wanted = {0};
    struct ro_bytes record;
    *ret_record = 0;
    RO_TRY(read_files(authority, chartering, mistakes, why, &wanted));
    RO_TRY(
        authority_complete(authority, authority_publish_charter, &wanted, why));
    if (authority->draft != NULL)
        return RO_OK;
    authority->state.broker = wanted.broker;
    RO_TRY(authority_state_save(authority->dir, &authority->state, why));
    return authority_log_newest(authority, REACHOUT__SIGNED__KIND__CHARTER,
                                &record, ret_record);
}

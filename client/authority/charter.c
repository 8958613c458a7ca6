/* SPDX-License-Identifier: Apache-2.0 */
/* The charter: record 1, and whenever the circle agrees on something new. */
#include "client/authority/inside.h"

#include <stdio.h>

#include "common/base/text.h"
#include "common/conf/circle.h"
#include "common/wire/armour.h"
#include "common/wire/codec.h"

/* What a charter says besides what the state says. */
struct chartering {
    struct ro_buf conf; /* terminated */
    struct authority_broker broker;
};

static void
chartering_fini(struct chartering *chartering)
{
    ro_buf_fini(&chartering->conf);
}

/* --- the files ----------------------------------------------------------- */

/* Every mistake is told, with the name of the person's own file. */
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
    if (s == RO_BAD_CONFIG) {
        RO_TRY(ro_circle_conf_check(ro_buf_view(ret_conf), mistakes) ==
                       RO_NO_MEMORY
                   ? RO_NO_MEMORY
                   : RO_BAD_CONFIG);
    }
    RO_TRY(s);
    ro_buf_put_u8(ret_conf, 0);
    return ro_buf_ok(ret_conf);
}

static enum ro_status
copy_endpoint(const char *from, char ret_text[AUTHORITY_ENDPOINT_MAX + 1])
{
    if (from == NULL || from[0] == '\0' ||
        ro_text_check(ro_bytes_text(from), RO_TEXT_LINE, AUTHORITY_ENDPOINT_MAX,
                      NULL) != RO_OK)
        return RO_BAD_INPUT;
    (void)snprintf(ret_text, AUTHORITY_ENDPOINT_MAX + 1, "%s", from);
    return RO_OK;
}

static enum ro_status
copy_broker(const Reachout__Broker *from, struct authority_broker *ret_broker)
{
    if (from == NULL)
        return RO_BAD_INPUT;
    RO_TRY(copy_endpoint(from->member_endpoint, ret_broker->member_endpoint));
    RO_TRY(copy_endpoint(from->open_endpoint, ret_broker->open_endpoint));
    RO_TRY(ro_field_copy(&from->curve_key, ret_broker->curve.b, RO_KEY_SIZE));
    return ro_field_copy(&from->signing_key, ret_broker->signing.b,
                         RO_KEY_SIZE);
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
        s = copy_broker(((const Reachout__BrokerPublic *)message)->broker,
                        ret_broker);
    }
    if (s == RO_OK || s == RO_NO_MEMORY)
        return s;
    return ro_why(why, RO_BAD_INPUT,
                  "%s: does not say where the broker is, and with which keys",
                  path);
}

/* --- the record ---------------------------------------------------------- */

/* Whether the charter says all this already. */
static bool
is_in_force(const struct authority *authority,
            const struct chartering *chartering)
{
    const struct ro_charter_view *now =
        ro_directory_charter(authority->directory);
    const struct authority_broker *broker = &chartering->broker;
    return now != NULL &&
           strcmp(now->circle_conf, (const char *)chartering->conf.data) == 0 &&
           strcmp(now->name, authority->state.circle_name) == 0 &&
           strcmp(now->member_endpoint, broker->member_endpoint) == 0 &&
           strcmp(now->open_endpoint, broker->open_endpoint) == 0 &&
           memcmp(now->broker_curve.b, broker->curve.b, RO_KEY_SIZE) == 0 &&
           memcmp(now->broker_signing.b, broker->signing.b, RO_KEY_SIZE) == 0 &&
           now->psk_generation == authority->state.generation;
}

static struct ro_bytes
key_bytes(const struct ro_key *key)
{
    return (struct ro_bytes){key->b, RO_KEY_SIZE};
}

static enum ro_status
pack_charter(const struct authority *authority,
             struct chartering *chartering,
             struct ro_buf *ret_body)
{
    ProtobufCBinaryData keys[RO_AUTHORITY_KEYS_MAX];
    Reachout__AuthorityPublic own;
    Reachout__Broker broker = REACHOUT__BROKER__INIT;
    Reachout__Charter charter = REACHOUT__CHARTER__INIT;
    authority_state_public(&authority->state, keys, &own);
    broker.member_endpoint = chartering->broker.member_endpoint;
    broker.open_endpoint = chartering->broker.open_endpoint;
    broker.has_curve_key = broker.has_signing_key = true;
    broker.curve_key = ro_as_field(key_bytes(&chartering->broker.curve));
    broker.signing_key = ro_as_field(key_bytes(&chartering->broker.signing));
    charter.has_circle = charter.has_serial = charter.has_threshold = true;
    charter.has_enrolment_key = charter.has_mailbox_key = true;
    charter.has_psk_generation = true;
    charter.circle =
        ro_as_field((struct ro_bytes){authority->circle.b, RO_ID_SIZE});
    charter.serial = authority_log_serial(authority);
    charter.name = own.name;
    charter.n_authority_keys = own.n_authority_keys;
    charter.authority_keys = own.authority_keys;
    charter.threshold = own.threshold;
    charter.enrolment_key = own.enrolment_key;
    charter.mailbox_key = own.mailbox_key;
    charter.circle_conf = (char *)chartering->conf.data;
    charter.broker = &broker;
    charter.psk_generation = authority->state.generation;
    return ro_pack(&charter.base, ret_body);
}

static enum ro_status
publish_charter(struct authority *authority, void *user, struct ro_why *why)
{
    struct chartering *chartering = user;
    RO_AUTOBUF body = {0};
    RO_AUTOBUF record = {0};
    if (is_in_force(authority, chartering))
        return RO_OK;
    RO_TRY(pack_charter(authority, chartering, &body));
    RO_TRY(authority_sign(authority, REACHOUT__SIGNED__KIND__CHARTER,
                          ro_buf_view(&body), why, &record));
    return authority_append(authority, ro_buf_view(&record), why);
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
    RO_TRY(read_conf(chartering->conf_path, mistakes, why, &wanted.conf));
    RO_TRY(read_broker(chartering->broker_path, authority->arena, why,
                       &wanted.broker));
    authority->broker = wanted.broker;
    link_free(RO_STEAL(authority->link));
    RO_TRY(authority_complete(authority, publish_charter, &wanted, why));
    authority->state.broker = wanted.broker;
    RO_TRY(authority_state_save(authority->dir, &authority->state, why));
    return authority_log_newest(authority, REACHOUT__SIGNED__KIND__CHARTER,
                                &record, ret_record);
}

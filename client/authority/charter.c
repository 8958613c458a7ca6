/* SPDX-License-Identifier: Apache-2.0 */
/* The charter: record 1, and whenever the circle agrees on something new. */
#include "client/authority/charter.h"

#include <stdio.h>
#include <string.h>

#include "client/authority/asking.h"
#include "client/authority/fetching.h"
#include "client/authority/log.h"
#include "client/authority/rotation.h"
#include "client/authority/signing.h"
#include "common/base/text.h"
#include "common/wire/codec.h"

void
chartering_fini(struct chartering *chartering)
{
    ro_buf_fini(&chartering->conf);
}

/* --- where the broker is -------------------------------------------------- */

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

enum ro_status
authority_broker_of(const Reachout__Broker *from,
                    struct authority_broker *ret_broker)
{
    if (from == NULL)
        return RO_BAD_INPUT;
    RO_TRY(copy_endpoint(from->member_endpoint, ret_broker->member_endpoint));
    RO_TRY(copy_endpoint(from->open_endpoint, ret_broker->open_endpoint));
    RO_TRY(ro_field_copy(&from->curve_key, ret_broker->curve.b, RO_KEY_SIZE));
    return ro_field_copy(&from->signing_key, ret_broker->signing.b,
                         RO_KEY_SIZE);
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
           now->psk_generation == authority_charter_generation(authority);
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
    charter.psk_generation = authority_charter_generation(authority);
    return ro_pack(&charter.base, ret_body);
}

enum ro_status
authority_publish_charter(struct authority *authority,
                          void *user,
                          struct ro_why *why)
{
    struct chartering *chartering = user;
    RO_AUTOBUF body = {0};
    RO_AUTOBUF record = {0};
    if (is_in_force(authority, chartering))
        return RO_OK;
    RO_TRY(pack_charter(authority, chartering, &body));
    RO_TRY(authority_sign(authority, REACHOUT__SIGNED__KIND__CHARTER,
                          ro_buf_view(&body), why, &record));
    const struct ro_bytes bytes = ro_buf_view(&record);
    return authority_append(authority, &bytes, 1, why);
}

enum ro_status
authority_repeat_charter(const struct authority *authority,
                         struct ro_why *why,
                         struct chartering *ret_wanted)
{
    const struct ro_charter_view *now =
        ro_directory_charter(authority->directory);
    RO_TRY(authority_log_ready(authority, why));
    RO_TRY(copy_endpoint(now->member_endpoint,
                         ret_wanted->broker.member_endpoint));
    RO_TRY(copy_endpoint(now->open_endpoint, ret_wanted->broker.open_endpoint));
    ret_wanted->broker.curve = now->broker_curve;
    ret_wanted->broker.signing = now->broker_signing;
    ro_buf_put(&ret_wanted->conf, now->circle_conf,
               strlen(now->circle_conf) + 1);
    return ro_buf_ok(&ret_wanted->conf);
}

enum ro_status
authority_charter_follow(struct authority *authority, struct ro_why *why)
{
    RO_CLEANUP(chartering_fini) struct chartering wanted = {0};
    struct authority_keyset set;
    if (authority->draft != NULL ||
        authority->door != AUTHORITY_DOOR_TAKES_NEXT ||
        authority->state.next.generation == 0 ||
        ro_directory_charter(authority->directory) == NULL)
        return RO_OK;
    RO_TRY(authority_keyset(authority, why, &set));
    if (set.here < set.threshold)
        return RO_OK;
    RO_TRY(authority_repeat_charter(authority, why, &wanted));
    RO_TRY(authority_publish_charter(authority, &wanted, why));
    return authority_log_sync(authority, why);
}

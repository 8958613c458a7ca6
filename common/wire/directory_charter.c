/* SPDX-License-Identifier: Apache-2.0 */
/* Charter and broker key: what a circle is, and where its broker is. */
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/crypto/seal.h"
#include "common/wire/directory_inside.h"

/* A broker as a record says it, checked. */
struct broker {
    const Reachout__Broker *message;
    struct ro_key curve;
    struct ro_key signing;
};

/* A key that the authority may state again as long as it does not change. */
struct stated {
    struct ro_key key;
    const struct ro_key *now; /* in the charter so far, or NULL */
    const char *name;
};

/* Whether the i-th key stands under another name before. */
static enum ro_status
check_differs(const struct ro_dir_step *step,
              const struct stated *stated,
              size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (ro_dir_key_same(&stated[i].key, &stated[k].key)) {
            return ro_why(step->why, RO_KEY_REUSED, "%s: is %s too",
                          stated[i].name, stated[k].name);
        }
    }
    return RO_OK;
}

static enum ro_status
check_stated(const struct ro_dir_step *step,
             const struct stated *stated,
             size_t n_stated)
{
    for (size_t i = 0; i < n_stated; i++) {
        const struct stated *one = &stated[i];
        RO_TRY(check_differs(step, stated, i));
        if (one->now != NULL &&
            memcmp(one->now->b, one->key.b, RO_KEY_SIZE) == 0)
            continue;
        RO_TRY(ro_dir_key_unused(step, &one->key, one->name));
    }
    return RO_OK;
}

static enum ro_status
check_broker(const struct ro_dir_step *step,
             const Reachout__Broker *message,
             struct broker *ret_broker)
{
    static const struct ro_key zero;
    struct broker broker = {.message = message};
    if (message == NULL)
        return ro_why(step->why, RO_BAD_RECORD, "broker: missing");
    RO_TRY(ro_dir_line(step, message->member_endpoint, "member_endpoint",
                       RO_DIR_REQUIRED));
    RO_TRY(ro_dir_line(step, message->open_endpoint, "open_endpoint",
                       RO_DIR_REQUIRED));
    if (ro_field_copy(&message->curve_key, broker.curve.b, RO_KEY_SIZE) !=
            RO_OK ||
        memcmp(broker.curve.b, zero.b, RO_KEY_SIZE) == 0)
        return ro_why(step->why, RO_BAD_RECORD, "curve_key: not a key");
    RO_TRY(ro_dir_key(step, &message->signing_key, "signing_key",
                      &broker.signing));
    *ret_broker = broker;
    return RO_OK;
}

/* Owned copies of texts that a record brings. */
struct texts {
    char *one;
    char *other;
};

static void
texts_fini(struct texts *texts)
{
    free(texts->one);
    free(texts->other);
}

static enum ro_status
copy_texts(const char *one, const char *other, struct texts *ret_texts)
{
    ret_texts->one = strdup(one);
    ret_texts->other = strdup(other);
    return ret_texts->one != NULL && ret_texts->other != NULL ? RO_OK
                                                              : RO_NO_MEMORY;
}

static void
put_broker(struct ro_directory *directory,
           const struct broker *broker,
           struct texts *endpoints)
{
    free(directory->member_endpoint);
    free(directory->open_endpoint);
    directory->member_endpoint = RO_STEAL(endpoints->one);
    directory->open_endpoint = RO_STEAL(endpoints->other);
    struct ro_charter_view *view = &directory->charter;
    view->member_endpoint = directory->member_endpoint;
    view->open_endpoint = directory->open_endpoint;
    view->broker_curve = broker->curve;
    view->broker_signing = broker->signing;
    ro_dir_key_put(directory, &broker->signing, RO_DIR_OF_AUTHORITY);
}

enum ro_status
ro_dir_broker_key(const struct ro_dir_step *step)
{
    struct ro_directory *directory = step->directory;
    ProtobufCMessage *base = NULL;
    RO_TRY(ro_dir_unpack(step, &reachout__broker_key__descriptor, &base));
    const Reachout__BrokerKey *message = (const Reachout__BrokerKey *)base;
    struct ro_dir_opening opening = {&message->circle, message->has_serial,
                                     message->serial};
    RO_TRY(ro_dir_open(step, &opening, directory->serial));
    struct broker broker = {0};
    RO_TRY(check_broker(step, message->broker, &broker));
    struct stated stated = {broker.signing, &directory->charter.broker_signing,
                            "signing_key"};
    RO_TRY(check_stated(step, &stated, 1));
    RO_TRY(ro_dir_authority(step));

    RO_CLEANUP(texts_fini) struct texts endpoints = {0};
    RO_TRY(copy_texts(message->broker->member_endpoint,
                      message->broker->open_endpoint, &endpoints));
    RO_TRY(ro_index_reserve(&directory->keys, 1));
    put_broker(directory, &broker, &endpoints);
    directory->serial = message->serial;
    return RO_OK;
}

/* A charter states the root again; keys in another order are another circle. */
static enum ro_status
check_root(const struct ro_dir_step *step, const Reachout__Charter *message)
{
    const struct ro_root *root = &step->directory->root;
    if (message->n_authority_keys != root->n_keys) {
        return ro_why(step->why, RO_BAD_RECORD,
                      "authority_keys: not those of authority.pub");
    }
    for (size_t i = 0; i < root->n_keys; i++) {
        struct ro_bytes key = ro_field(&message->authority_keys[i]);
        if (!ro_bytes_equal(key,
                            (struct ro_bytes){root->keys[i].b, RO_KEY_SIZE})) {
            return ro_why(step->why, RO_BAD_RECORD,
                          "authority_keys: not those of authority.pub");
        }
    }
    if (!message->has_threshold || message->threshold != root->threshold) {
        return ro_why(step->why, RO_BAD_RECORD,
                      "threshold: not that of authority.pub");
    }
    return RO_OK;
}

static enum ro_status
check_charter_texts(const struct ro_dir_step *step,
                    const Reachout__Charter *message)
{
    RO_TRY(ro_dir_line(step, message->name, "name", RO_DIR_REQUIRED));
    const char *conf = message->circle_conf;
    struct ro_why detail = {.text = ""};
    if (conf == NULL)
        return ro_why(step->why, RO_BAD_RECORD, "circle_conf: missing");
    if (ro_text_check(ro_bytes_text(conf), RO_TEXT_BODY, RO_RECORD_LIMIT,
                      &detail) != RO_OK) {
        return ro_why(step->why, RO_BAD_RECORD, "circle_conf: %.200s",
                      detail.text);
    }
    if (!message->has_psk_generation ||
        message->psk_generation < step->directory->charter.psk_generation) {
        return ro_why(step->why, RO_BAD_RECORD,
                      "psk_generation: missing, or lower than before");
    }
    return RO_OK;
}

/* The keys that a charter states, as places in an array. */
enum { STATED_ENROLMENT, STATED_MAILBOX, STATED_BROKER, N_STATED };

static enum ro_status
check_charter_keys(const struct ro_dir_step *step,
                   const Reachout__Charter *message,
                   const struct broker *broker,
                   struct stated ret_stated[static N_STATED])
{
    const struct ro_charter_view *now = ro_directory_charter(step->directory);
    struct stated *enrolment = &ret_stated[STATED_ENROLMENT];
    struct stated *mailbox = &ret_stated[STATED_MAILBOX];
    *enrolment = (struct stated){.name = "enrolment_key"};
    *mailbox = (struct stated){.name = "mailbox_key"};
    ret_stated[STATED_BROKER] =
        (struct stated){.key = broker->signing, .name = "signing_key"};
    if (now != NULL) {
        enrolment->now = &now->enrolment_ed25519;
        mailbox->now = &now->mailbox_key;
        ret_stated[STATED_BROKER].now = &now->broker_signing;
    }
    RO_TRY(ro_dir_key(step, &message->enrolment_key, enrolment->name,
                      &enrolment->key));
    RO_TRY(
        ro_dir_key(step, &message->mailbox_key, mailbox->name, &mailbox->key));
    return check_stated(step, ret_stated, N_STATED);
}

static void
put_charter(struct ro_directory *directory,
            const Reachout__Charter *message,
            const struct stated *stated,
            struct texts *texts)
{
    free(directory->charter_name);
    free(directory->circle_conf);
    directory->charter_name = RO_STEAL(texts->one);
    directory->circle_conf = RO_STEAL(texts->other);
    struct ro_charter_view *view = &directory->charter;
    view->name = directory->charter_name;
    view->circle_conf = directory->circle_conf;
    view->enrolment_ed25519 = stated[STATED_ENROLMENT].key;
    view->mailbox_key = stated[STATED_MAILBOX].key;
    ro_seat_id_of(&view->mailbox_key, &view->enrolment_mailbox);
    view->psk_generation = message->psk_generation;
    ro_dir_key_put(directory, &view->enrolment_ed25519, RO_DIR_OF_AUTHORITY);
    ro_dir_key_put(directory, &view->mailbox_key, RO_DIR_OF_AUTHORITY);
    directory->serial = message->serial;
    directory->state = RO_DIR_CHARTERED;
}

enum ro_status
ro_dir_charter(const struct ro_dir_step *step)
{
    struct ro_directory *directory = step->directory;
    ProtobufCMessage *base = NULL;
    RO_TRY(ro_dir_unpack(step, &reachout__charter__descriptor, &base));
    const Reachout__Charter *message = (const Reachout__Charter *)base;
    struct ro_dir_opening opening = {&message->circle, message->has_serial,
                                     message->serial};
    RO_TRY(ro_dir_open(step, &opening, directory->serial));
    RO_TRY(check_root(step, message));
    RO_TRY(check_charter_texts(step, message));
    struct broker broker = {0};
    RO_TRY(check_broker(step, message->broker, &broker));
    struct stated stated[N_STATED];
    RO_TRY(check_charter_keys(step, message, &broker, stated));
    RO_TRY(ro_dir_authority(step));

    RO_CLEANUP(texts_fini) struct texts texts = {0};
    RO_CLEANUP(texts_fini) struct texts endpoints = {0};
    struct ro_key enrolment_x25519;
    RO_TRY(copy_texts(message->name, message->circle_conf, &texts));
    RO_TRY(copy_texts(message->broker->member_endpoint,
                      message->broker->open_endpoint, &endpoints));
    RO_TRY(ro_index_reserve(&directory->keys, N_STATED));
    if (ro_key_to_x25519(&stated[STATED_ENROLMENT].key, &enrolment_x25519) !=
        RO_OK) {
        return ro_why(step->why, RO_BAD_RECORD,
                      "enrolment_key: not a sound key");
    }
    put_charter(directory, message, stated, &texts);
    directory->charter.enrolment_x25519 = enrolment_x25519;
    put_broker(directory, &broker, &endpoints);
    return RO_OK;
}

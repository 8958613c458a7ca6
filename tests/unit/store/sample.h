/* SPDX-License-Identifier: Apache-2.0 */
/* What several store tests put in and look for. */
#ifndef TESTS_UNIT_STORE_SAMPLE_H
#define TESTS_UNIT_STORE_SAMPLE_H

#include <string.h>

#include "common/crypto/seal.h"
#include "daemon/store/store.h"
#include "unit/store/folder.h"

#include "support/tap.h"

#define SAMPLE_BODY 1024

/* A mailbox, a body, a wrap that are told apart by one number. */
__attribute__((unused)) static struct ro_seat_id
sample_mailbox(uint8_t n)
{
    struct ro_seat_id id;
    memset(id.b, n, sizeof(id.b));
    return id;
}

struct sample_body {
    uint8_t bytes[SAMPLE_BODY];
    struct ro_hash hash;
};

__attribute__((unused)) static struct sample_body
sample_body(uint8_t n)
{
    struct sample_body body;
    memset(body.bytes, n, sizeof(body.bytes));
    ro_body_hash((struct ro_bytes){body.bytes, SAMPLE_BODY}, &body.hash);
    return body;
}

/* Keeps an envelope: mailbox, body and wrap by number. */
struct sample_envelope {
    uint8_t mailbox;
    uint8_t body;
    uint8_t wrap;
    uint32_t expiry_hour;
};

__attribute__((unused)) static enum ro_status
sample_envelope_put(struct store *store,
                    const struct sample_envelope *sample,
                    uint64_t *ret_key)
{
    uint8_t wrap[RO_WRAP_SIZE];
    memset(wrap, sample->wrap, sizeof(wrap));
    struct sample_body body = sample_body(sample->body);
    struct store_envelope put = {
        .mailbox = sample_mailbox(sample->mailbox),
        .body_hash = body.hash,
        .wrap = {wrap, sizeof(wrap)},
        .day = 20000,
        .generation = 3,
        .expiry_hour = sample->expiry_hour,
    };
    ro_envelope_id_of(&put.mailbox, &put.body_hash, put.wrap, &put.id);
    return store_envelope_put(store, &put, ret_key);
}

__attribute__((unused)) static enum ro_status
sample_body_put(struct store *store, uint8_t n)
{
    struct sample_body body = sample_body(n);
    return store_body_put(store, &body.hash,
                          (struct ro_bytes){body.bytes, SAMPLE_BODY});
}

/* Body and envelope in one. */
__attribute__((unused)) static uint64_t
sample_mail(struct store *store, uint8_t mailbox, uint8_t n, uint32_t expiry)
{
    uint64_t key = 0;
    const struct sample_envelope sample = {mailbox, n, n, expiry};
    tap_need(sample_body_put(store, n) == RO_OK);
    tap_need(sample_envelope_put(store, &sample, &key) == RO_OK);
    return key;
}

__attribute__((unused)) static uint64_t
sample_waiting(struct store *store, uint8_t mailbox)
{
    const struct store_span all = {sample_mailbox(mailbox), 0, UINT64_MAX,
                                   1000000};
    uint64_t n = 0;
    tap_need(store_count(store, &all, &n) == RO_OK);
    return n;
}

__attribute__((unused)) static struct store *
sample_open(const struct folder *folder)
{
    struct store *store = NULL;
    struct ro_why why = {""};
    enum ro_status s = store_open(folder->path, &why, &store);
    if (s != RO_OK)
        printf("# %s: %s\n", ro_status_name(s), why.text);
    tap_need(s == RO_OK);
    return store;
}

__attribute__((unused)) static struct store_figures
sample_figures(struct store *store)
{
    struct store_figures figures = {0};
    tap_need(store_measure(store, &figures) == RO_OK);
    return figures;
}

#endif

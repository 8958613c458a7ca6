/* SPDX-License-Identifier: Apache-2.0 */
#include "golden/seal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/crypto/hpke_internal.h"
#include "common/crypto/seal.h"

#define KEPT 32
#define EXPRESSION 512

const char *
part(const char *prefix, const char *name)
{
    static char kept[KEPT][BOOK_NAME];
    static size_t next;
    char *text = kept[next++ % KEPT];
    int n = snprintf(text, BOOK_NAME, "%s.%s", prefix, name);
    if (n < 0 || n >= BOOK_NAME)
        book_fail("the name %s.%s is too long", prefix, name);
    return text;
}

static void
show(struct book *book, const char *name, const uint8_t *bytes, size_t size)
{
    book_hex(book, name, (struct ro_bytes){bytes, size}, NULL);
}

/* --- bodies --------------------------------------------------------------- */

static void
show_body_keys(struct book *book, const char *prefix)
{
    uint8_t prk[32], key[32], commitment[32];
    ro_hkdf_extract(book_get(book, part(prefix, "nonce")),
                    book_get(book, part(prefix, "key")), prk);
    test_must(ro_hkdf_expand(prk, ro_label_bytes(RO_LABEL_BODY_KEY), key, 32));
    test_must(ro_hkdf_expand(prk, ro_label_bytes(RO_LABEL_BODY_COMMITMENT),
                             commitment, 32));
    show(book, part(prefix, "prk"), prk, sizeof(prk));
    show(book, part(prefix, "body-key"), key, sizeof(key));
    show(book, part(prefix, "commitment"), commitment, sizeof(commitment));
}

/* What is encrypted: length, content, zeros up to the bucket. */
static void
show_body_plain(struct book *book, const char *prefix, size_t bucket)
{
    char expression[EXPRESSION];
    size_t size = book_get(book, part(prefix, "content")).size;
    snprintf(expression, sizeof(expression), "%08zx {%s.content} 00*%zu", size,
             prefix, bucket - RO_BODY_OVERHEAD - size);
    book_sum(book, part(prefix, "plain"), expression, NULL);
    snprintf(expression, sizeof(expression), "01 {%s.nonce} {%s.commitment}",
             prefix, prefix);
    book_sum(book, part(prefix, "aad"), expression, NULL);
}

void
seal_body(struct book *book, struct told *told, const struct body_plan *plan)
{
    const struct ro_entropy entropy = told_entropy(told);
    const char *prefix = plan->prefix;
    RO_AUTOBUF body = {0};
    struct ro_hash hash;
    char expression[EXPRESSION];
    book_begin(book, part(prefix, "body"));
    book_fill(book, part(prefix, "key"), plan->key, RO_CONTENT_KEY_SIZE);
    book_fill(book, part(prefix, "nonce"), plan->nonce, RO_NONCE_SIZE);
    show_body_keys(book, prefix);
    told_say(told, &plan->nonce, 1);
    test_must(ro_body_seal(book_get(book, part(prefix, "content")),
                           book_get(book, part(prefix, "key")).data, &entropy,
                           &body));
    show_body_plain(book, prefix, body.size);
    show(book, part(prefix, "sealed"), body.data + 57, body.size - 57);
    snprintf(expression, sizeof(expression), "{%s.aad} {%s.sealed}", prefix,
             prefix);
    book_sum(book, part(prefix, "body"), expression, NULL);
    if (!ro_bytes_equal(book_get(book, part(prefix, "body")),
                        ro_buf_view(&body)))
        book_fail("%s is not laid out as the page says", prefix);
    ro_body_hash(ro_buf_view(&body), &hash);
    show(book, part(prefix, "hash"), hash.b, RO_HASH_SIZE);
}

/* --- wraps ---------------------------------------------------------------- */

static const char *
day_of(const struct wrap_plan *plan)
{
    return plan->day != NULL ? plan->day : "00000000";
}

static void sum_of(struct book *book,
                   const char *name,
                   const char *words,
                   const char *format,
                   ...) RO_PRINTF(4, 5);

static void
sum_of(struct book *book,
       const char *name,
       const char *words,
       const char *format,
       ...)
{
    char expression[EXPRESSION];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(expression, sizeof(expression), format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof(expression))
        book_fail("%s is too long", name);
    book_sum(book, name, expression, words);
}

/* What goes into both layers, as the page lays it out. */
static void
show_inner(struct book *book, const struct wrap_plan *plan)
{
    const char *name = plan->name;
    book_fill(book, part(name, "inner.ephemeral"), plan->ephemeral, 32);
    sum_of(book, part(name, "inner.info"), NULL,
           "\"reachout/1 inner\" 00 01 {circle.id} %s {%s} {%s}", day_of(plan),
           plan->mailbox, plan->reference);
    sum_of(book, part(name, "inner.aad"), NULL, "{%s.hash} {%s.recipients}",
           plan->prefix, plan->prefix);
    sum_of(book, part(name, "inner.plain"),
           "content key, sequence 1, no secret",
           "{%s.key} 0000000000000001 00*32", plan->prefix);
}

static void
show_outer(struct book *book, const struct wrap_plan *plan)
{
    const char *name = plan->name;
    book_fill(book, part(name, "ephemeral"), (uint8_t)(plan->ephemeral + 1),
              32);
    sum_of(book, part(name, "info"), NULL,
           "\"reachout/1 wrap\" 00 01 {circle.id} %s {%s}", day_of(plan),
           plan->mailbox);
    sum_of(book, part(name, "psk-id"), NULL, "{circle.id} {generation}");
    sum_of(book, part(name, "aad"), "bucket 0",
           "{%s} 00 {expiry-hour} {%s.hash}", plan->mailbox, plan->prefix);
    sum_of(book, part(name, "plain"), NULL, "{%s} {%s.recipients} {%s.inner}",
           plan->reference, plan->prefix, name);
}

/* A layer sealed by HPKE alone, from the values that the page shows, and what
 * its key schedule comes to; shown with `before` in front of each name. */
static void
seal_layer(struct book *book,
           const char *before,
           const struct ro_hpke_sender *sender,
           struct told *told,
           struct ro_buf *out)
{
    struct hpke_context context;
    uint8_t enc[RO_HPKE_ENC_SIZE];
    struct ro_bytes plain = book_get(book, part(before, "plain"));
    uint8_t draw = book_get(book, part(before, "ephemeral")).data[0];
    told_say(told, &draw, 1);
    test_must(hpke_setup_sender(sender, enc, &context));
    show(book, part(before, "enc"), enc, sizeof(enc));
    show(book, part(before, "shared-secret"), context.shared_secret, 32);
    show(book, part(before, "key"), context.key, 32);
    show(book, part(before, "base-nonce"), context.base_nonce, 12);
    hpke_context_fini(&context);
    told_say(told, &draw, 1);
    uint8_t *sealed =
        ro_buf_extend(out, plain.size + RO_HPKE_ENC_SIZE + RO_HPKE_TAG_SIZE);
    if (sealed == NULL)
        book_fail("no memory");
    test_must(ro_hpke_seal(sender, book_get(book, part(before, "aad")), plain,
                           sealed));
}

static void
seal_inner(struct book *book,
           struct told *told,
           const struct wrap_plan *plan,
           const struct ro_key *recipient)
{
    const struct ro_entropy entropy = told_entropy(told);
    RO_AUTOBUF sealed = {0};
    struct ro_key self;
    show_inner(book, plan);
    book_copy(book, part(plan->sender, "x25519"), self.b, RO_KEY_SIZE);
    const struct ro_hpke_setup setup = {
        .mode = RO_HPKE_AUTH,
        .info = book_get(book, part(plan->name, "inner.info")),
    };
    const struct ro_hpke_sender sender = {
        .setup = &setup,
        .recipient = recipient,
        .secret = book_get(book, part(plan->sender, "secret")).data,
        .self = &self,
        .entropy = &entropy,
    };
    seal_layer(book, part(plan->name, "inner"), &sender, told, &sealed);
    book_hex(book, part(plan->name, "inner"), ro_buf_view(&sealed), NULL);
}

static void
seal_outer(struct book *book,
           struct told *told,
           const struct wrap_plan *plan,
           const struct ro_key *recipient)
{
    const struct ro_entropy entropy = told_entropy(told);
    RO_AUTOBUF sealed = {0};
    show_outer(book, plan);
    const struct ro_hpke_setup setup = {
        .mode = RO_HPKE_PSK,
        .info = book_get(book, part(plan->name, "info")),
        .psk = book_get(book, "psk"),
        .psk_id = book_get(book, part(plan->name, "psk-id")),
    };
    const struct ro_hpke_sender sender = {
        .setup = &setup, .recipient = recipient, .entropy = &entropy};
    seal_layer(book, plan->name, &sender, told, &sealed);
    book_hex(book, plan->name, ro_buf_view(&sealed), NULL);
}

/* What the project's own sealing makes of the same. */
static void
seal_as_clients_do(struct book *book,
                   struct told *told,
                   const struct wrap_plan *plan,
                   uint8_t ret_wrap[static RO_WRAP_SIZE])
{
    const struct ro_entropy entropy = told_entropy(told);
    struct ro_key recipient, self;
    struct ro_bytes reference = book_get(book, plan->reference);
    struct ro_wrap_inside inside = {.sequence = 1};
    struct ro_wrap_binding binding = {
        .generation = 1,
        .expiry_hour = CAST_EXPIRY_HOUR,
        .psk = book_get(book, "psk").data,
        .day = plan->day != NULL ? CAST_DAY : RO_DAY_FALLBACK,
    };
    book_copy(book, "circle.id", binding.circle.b, RO_ID_SIZE);
    book_copy(book, plan->mailbox, binding.mailbox.b, RO_ID_SIZE);
    book_copy(book, part(plan->prefix, "hash"), binding.body_hash.b,
              RO_HASH_SIZE);
    test_must(ro_bucket_of(book_get(book, part(plan->prefix, "body")).size,
                           &binding.bucket));
    test_must(ro_reference_get(reference.data, &inside.sender));
    book_copy(book, part(plan->prefix, "recipients"), inside.recipients.b,
              RO_HASH_SIZE);
    book_copy(book, part(plan->prefix, "key"), inside.content_key,
              RO_CONTENT_KEY_SIZE);
    book_copy(book, plan->recipient, recipient.b, RO_KEY_SIZE);
    book_copy(book, part(plan->sender, "x25519"), self.b, RO_KEY_SIZE);
    const struct ro_sealing_key sender = {
        book_get(book, part(plan->sender, "secret")).data, &self};
    const struct ro_wrap_seal seal = {&binding, &recipient, &inside, &sender};
    TOLD(told, plan->ephemeral, (uint8_t)(plan->ephemeral + 1));
    test_must(ro_wrap_seal(&seal, &entropy, ret_wrap));
}

void
seal_wrap(struct book *book, struct told *told, const struct wrap_plan *plan)
{
    struct ro_key recipient;
    struct ro_seat_id mailbox;
    struct ro_hash hash;
    struct ro_envelope_id envelope;
    uint8_t wrap[RO_WRAP_SIZE];
    book_begin(book, plan->name);
    book_copy(book, plan->recipient, recipient.b, RO_KEY_SIZE);
    seal_inner(book, told, plan, &recipient);
    seal_outer(book, told, plan, &recipient);
    seal_as_clients_do(book, told, plan, wrap);
    if (!ro_bytes_equal(book_get(book, plan->name),
                        (struct ro_bytes){wrap, sizeof(wrap)}))
        book_fail("%s is not laid out as the page says", plan->name);
    book_copy(book, plan->mailbox, mailbox.b, RO_ID_SIZE);
    book_copy(book, part(plan->prefix, "hash"), hash.b, RO_HASH_SIZE);
    ro_envelope_id_of(&mailbox, &hash, (struct ro_bytes){wrap, sizeof(wrap)},
                      &envelope);
    show(book, part(plan->name, "envelope"), envelope.b, RO_ID_SIZE);
}

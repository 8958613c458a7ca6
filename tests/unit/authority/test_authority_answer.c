/* SPDX-License-Identifier: Apache-2.0 */
/* The answer to a request: sealed so that the joiner, and nobody else, opens
 * it, kept before it is sent, and the same when it is sent again. */
#include "tests/unit/authority/test_authority_support.h"

#include "client/authority/envelope.h"
#include "client/authority/petition.h"
#include "common/wire/rules.h"
#include "tests/support/tap.h"

/* A circle with one request that waits. */
struct waiting {
    struct circle circle;
    struct joiner joiner;
    struct authority_petition *petition;
};

static void
waiting_make(struct waiting *waiting)
{
    struct ro_why why = {""};
    const struct joining joining = {.urn = 900001};
    circle_make(&waiting->circle);
    joiner_make(&waiting->circle, &joining, &waiting->joiner);
    tap_need(authority_envelope_take(waiting->circle.authority,
                                     &waiting->joiner.envelope, &why,
                                     NULL) == RO_OK);
    waiting->petition = waiting->circle.authority->petitions[0];
}

static void
waiting_reopen(struct waiting *waiting)
{
    circle_reopen(&waiting->circle);
    tap_need(waiting->circle.authority->n_petitions == 1);
    waiting->petition = waiting->circle.authority->petitions[0];
}

static void
waiting_fini(struct waiting *waiting)
{
    joiner_fini(&waiting->joiner);
    circle_fini(&waiting->circle);
}

/* Opens the answer as the joiner does, with a key of its own. */
static enum ro_status
open_answer(const struct waiting *waiting,
            const struct ro_keypair *pair,
            struct ro_wrap_outer *ret_outer,
            struct ro_buf *ret_content)
{
    const struct authority *authority = waiting->circle.authority;
    const struct authority_petition *petition = waiting->petition;
    struct ro_wrap_inside inside;
    struct ro_wrap_binding binding = {
        .circle = authority->circle,
        .day = RO_DAY_FALLBACK,
        .generation = authority->state.generation,
        .expiry_hour = petition->answer_expiry_hour,
        .psk = authority->state.psk,
    };
    ro_seat_id_of(ro_keypair_public(waiting->joiner.signing), &binding.mailbox);
    RO_TRY(ro_bucket_of(petition->answer_body.size, &binding.bucket));
    ro_body_hash(ro_buf_view(&petition->answer_body), &binding.body_hash);
    const struct ro_opening_key key = {ro_keypair_x25519_secret(pair),
                                       ro_keypair_x25519(pair)};
    RO_TRY(ro_wrap_open_outer(&binding, &key,
                              ro_buf_view(&petition->answer_wrap), ret_outer));
    /* the joiner takes the key from its invitation */
    RO_TRY(ro_wrap_open_inner(&binding, &key, ret_outer,
                              ro_keypair_x25519(authority->state.enrolment),
                              &inside));
    return ro_body_open(ro_buf_view(&petition->answer_body), inside.content_key,
                        ret_content);
}

static void
check_answer(const struct waiting *waiting, bool admitted, const char *text)
{
    RO_AUTOBUF content = {0};
    struct ro_wrap_outer outer;
    struct ro_why why = {""};
    Reachout__Content *opened = NULL;
    struct ro_arena *arena = ro_arena_new(0, 0);
    const struct authority_state *state = &waiting->circle.authority->state;
    tap_need(open_answer(waiting, waiting->joiner.fallback, &outer, &content) ==
             RO_OK);
    tap_ok(outer.sender.kind == RO_REFERENCE_KEYS);
    tap_ok(memcmp(outer.sender.sealing.b,
                  ro_keypair_x25519(state->enrolment)->b, RO_KEY_SIZE) == 0);
    tap_ok(memcmp(outer.sender.signing.b, ro_keypair_public(state->mailbox)->b,
                  RO_KEY_SIZE) == 0);
    tap_is(ro_content_get(ro_buf_view(&content), arena, &why, &opened), RO_OK);
    tap_need(opened != NULL);
    tap_is(ro_content_purpose(opened), RO_PURPOSE_ENROL_ANSWER);
    tap_ok((opened->enrol_answer->admitted != 0) == admitted);
    if (text != NULL) {
        tap_ok(strcmp(opened->enrol_answer->why, text) == 0);
    } else {
        tap_ok(memcmp(opened->enrol_answer->member.data,
                      waiting->petition->member.b, RO_ID_SIZE) == 0);
    }
    tap_ok(memcmp(opened->sender.data, outer.sender.seat.b, RO_ID_SIZE) == 0);
    tap_ok(memcmp(opened->recipients.data, outer.recipients.b, RO_HASH_SIZE) ==
           0);
    ro_arena_free(arena);
}

static void
test_yes(void)
{
    struct waiting waiting;
    struct ro_why why = {""};
    waiting_make(&waiting);
    tap_is(authority_answer_seal(waiting.circle.authority, waiting.petition,
                                 AUTHORITY_ADMITTING, NULL, &why),
           RO_OK);
    check_answer(&waiting, true, NULL);
    RO_AUTOBUF content = {0};
    struct ro_wrap_outer outer;
    tap_is(open_answer(&waiting, waiting.joiner.sealing, &outer, &content),
           RO_BAD_SEAL);
    waiting_fini(&waiting);
}

static void
test_no(void)
{
    struct waiting waiting;
    struct ro_why why = {""};
    waiting_make(&waiting);
    tap_is(authority_answer_seal(waiting.circle.authority, waiting.petition,
                                 AUTHORITY_REFUSING, "The words differ.", &why),
           RO_OK);
    check_answer(&waiting, false, "The words differ.");
    waiting_reopen(&waiting);
    tap_is(circle_admit(waiting.circle.authority, &waiting.petition->id, &why),
           RO_REFUSED);
    waiting_fini(&waiting);
}

/* Kept before it is sent: after a crash it is the same envelope. */
static void
test_again(void)
{
    struct waiting waiting;
    struct ro_why why = {""};
    RO_AUTOBUF wrap = {0};
    waiting_make(&waiting);
    tap_need(authority_answer_seal(waiting.circle.authority, waiting.petition,
                                   AUTHORITY_ADMITTING, NULL, &why) == RO_OK);
    ro_buf_put(&wrap, waiting.petition->answer_wrap.data,
               waiting.petition->answer_wrap.size);
    waiting_reopen(&waiting);
    tap_ok(waiting.petition->standing == AUTHORITY_ADMITTING);
    tap_ok(authority_petition_is_open(waiting.petition));
    tap_is(authority_answer_seal(waiting.circle.authority, waiting.petition,
                                 AUTHORITY_ADMITTING, NULL, &why),
           RO_OK);
    tap_ok(ro_bytes_equal(ro_buf_view(&wrap),
                          ro_buf_view(&waiting.petition->answer_wrap)));
    check_answer(&waiting, true, NULL);
    waiting_fini(&waiting);
}

int
main(void)
{
    tap_need(ro_crypto_init() == RO_OK);
    tap_run(test_yes);
    tap_run(test_no);
    tap_run(test_again);
    return tap_done();
}

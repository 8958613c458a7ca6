/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/authority/test_authority_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/authority/log.h"
#include "client/authority/signing.h"
#include "common/wire/codec.h"

#define EXPIRY_HOURS 2160

/* --- the circle ---------------------------------------------------------- */

void
circle_make(struct circle *circle)
{
    *circle = (struct circle){
        .clock = {NOW_S, 1000},
          .entropy = {7    }
    };
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(circle->root, sizeof(circle->root), "%s/authority-XXXXXX",
                   tmp != NULL ? tmp : "/tmp");
    NEED(mkdtemp(circle->root) != NULL);
    (void)snprintf(circle->dir, sizeof(circle->dir), "%s/auth", circle->root);
    circle->world =
        (struct authority_world){.clock = ro_clock_of(&circle->clock),
                                 .entropy = ro_entropy_of(&circle->entropy),
                                 .wait_ms = 100};
    const struct authority_founding founding = {
        .dir = circle->dir, .circle = "Estuary", .keys = 1, .threshold = 1};
    struct ro_why why = {""};
    struct authority_founded founded = {0};
    enum ro_status s =
        authority_found(&founding, &circle->world, &why, &founded);
    if (s != RO_OK)
        printf("# %s\n", why.text);
    NEED(s == RO_OK);
    authority_founded_fini(&founded);
    circle_reopen(circle);
}

void
circle_reopen(struct circle *circle)
{
    struct ro_why why = {""};
    authority_free(RO_STEAL(circle->authority));
    enum ro_status s =
        authority_open(circle->dir, &circle->world, &why, &circle->authority);
    if (s != RO_OK)
        printf("# %s\n", why.text);
    NEED(s == RO_OK);
}

void
circle_fini(struct circle *circle)
{
    char command[160];
    authority_free(RO_STEAL(circle->authority));
    ro_keypair_free(RO_STEAL(circle->broker));
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", circle->root);
    NEED(system(command) == 0); /* NOLINT: our own name */
}

const char *
circle_path(const struct circle *circle, const char *name)
{
    static char paths[2][200];
    static unsigned turn;
    char *path = paths[turn++ % 2];
    (void)snprintf(path, sizeof(paths[0]), "%s/%s", circle->root, name);
    return path;
}

/* --- records ------------------------------------------------------------- */

enum ro_status
circle_admit(struct authority *authority,
             const struct ro_message_id *id,
             struct ro_why *why)
{
    const struct authority_admission admission = {.id = *id};
    return authority_admit(authority, &admission, why);
}

enum ro_status
circle_add(struct circle *circle, struct ro_bytes record)
{
    static const struct ro_replaying replaying = {RO_REPLAY_CHECK, 0};
    struct authority *authority = circle->authority;
    struct ro_why why = {""};
    enum ro_status s =
        ro_directory_add(authority->directory, record, &replaying, &why);
    if (s != RO_OK) {
        printf("# %s\n", why.text);
        return s;
    }
    ro_buf_put_u32(&authority->log, (uint32_t)record.size);
    ro_buf_put(&authority->log, record.data, record.size);
    return ro_buf_ok(&authority->log);
}

static void
sign_and_add(struct circle *circle,
             Reachout__Signed__Kind kind,
             const ProtobufCMessage *message)
{
    RO_AUTOBUF body = {0};
    RO_AUTOBUF record = {0};
    NEED(ro_pack(message, &body) == RO_OK);
    NEED(authority_sign(circle->authority, kind, ro_buf_view(&body), NULL,
                        &record) == RO_OK);
    NEED(circle_add(circle, ro_buf_view(&record)) == RO_OK);
}

static ProtobufCBinaryData
key_field(const struct ro_key *key)
{
    return ro_as_field((struct ro_bytes){key->b, RO_KEY_SIZE});
}

static ProtobufCBinaryData
id_field(const uint8_t *id)
{
    return ro_as_field((struct ro_bytes){id, RO_ID_SIZE});
}

void
circle_charter_init(struct circle *circle, struct charter_draft *draft)
{
    static const char conf[] = "k = 5\n";
    struct authority *authority = circle->authority;
    Reachout__Charter *charter = &draft->message;
    Reachout__AuthorityPublic own;
    if (circle->broker == NULL)
        circle->broker = ro_keypair_new(&circle->world.entropy);
    NEED(circle->broker != NULL);
    authority_state_public(&authority->state, draft->keys, &own);
    reachout__broker__init(&draft->broker);
    draft->broker.member_endpoint = authority_borrow("tcp://127.0.0.1:7601");
    draft->broker.open_endpoint = authority_borrow("tcp://127.0.0.1:7602");
    draft->broker.has_curve_key = draft->broker.has_signing_key = true;
    draft->broker.curve_key = key_field(ro_keypair_x25519(circle->broker));
    draft->broker.signing_key = key_field(ro_keypair_public(circle->broker));
    reachout__charter__init(charter);
    charter->has_circle = charter->has_serial = charter->has_threshold = true;
    charter->has_enrolment_key = charter->has_mailbox_key = true;
    charter->has_psk_generation = true;
    charter->circle = id_field(authority->circle.b);
    charter->serial = authority_log_serial(authority);
    charter->name = own.name;
    charter->n_authority_keys = own.n_authority_keys;
    charter->authority_keys = own.authority_keys;
    charter->threshold = own.threshold;
    charter->enrolment_key = own.enrolment_key;
    charter->mailbox_key = own.mailbox_key;
    charter->circle_conf = authority_borrow(conf);
    charter->broker = &draft->broker;
    charter->psk_generation = authority->state.generation;
}

void
circle_charter(struct circle *circle)
{
    struct charter_draft draft;
    circle_charter_init(circle, &draft);
    sign_and_add(circle, REACHOUT__SIGNED__KIND__CHARTER, &draft.message.base);
}

void
circle_list(struct circle *circle, const uint32_t *urns, size_t n)
{
    Reachout__ListingBlock block = REACHOUT__LISTING_BLOCK__INIT;
    Reachout__Listing listings[16];
    Reachout__Listing *pointers[16];
    char names[16][32];
    NEED(n <= 16);
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "School %u", urns[i]);
        reachout__listing__init(&listings[i]);
        listings[i].has_urn = true;
        listings[i].urn = urns[i];
        listings[i].name = names[i];
        pointers[i] = &listings[i];
    }
    block.has_circle = block.has_serial = true;
    block.circle = id_field(circle->authority->circle.b);
    block.serial = authority_log_serial(circle->authority);
    block.n_listings = n;
    block.listings = pointers;
    sign_and_add(circle, REACHOUT__SIGNED__KIND__LISTING, &block.base);
}

void
circle_keep(struct circle *circle)
{
    struct authority *authority = circle->authority;
    uint64_t size = ro_directory_size(authority->directory);
    NEED(ro_file_write(circle_path(circle, "auth/directory.log"),
                       ro_buf_view(&authority->log), RO_FILE_SECRET,
                       NULL) == RO_OK);
    NEED(ro_directory_head(authority->directory, size,
                           &authority->state.pin_head) == RO_OK);
    authority->state.pin_size = size;
    NEED(authority_state_save(authority->dir, &authority->state, NULL) ==
         RO_OK);
}

/* --- one who asks -------------------------------------------------------- */

static void
make_ticket(struct circle *circle,
            const struct joining *joining,
            struct ro_buf *ret_ticket)
{
    struct authority *authority = circle->authority;
    Reachout__Ticket ticket = REACHOUT__TICKET__INIT;
    struct ro_keypair *pair = NULL;
    uint8_t id[RO_ID_SIZE];
    uint8_t circle_id[RO_ID_SIZE];
    RO_AUTOBUF body = {0};
    ro_entropy_fill(&circle->world.entropy, id, sizeof(id));
    memcpy(circle_id, authority->circle.b, RO_ID_SIZE);
    circle_id[0] ^= joining->forgery == FORGE_TICKET_CIRCLE;
    ticket.has_circle = ticket.has_id = ticket.has_kind = true;
    ticket.has_role = ticket.has_expires = ticket.has_urn = true;
    ticket.circle = id_field(circle_id);
    ticket.id = id_field(id);
    ticket.kind = REACHOUT__MEMBER_KIND__SCHOOL;
    ticket.role = REACHOUT__ROLE__LEAD;
    ticket.urn = joining->urn;
    ticket.expires = (uint64_t)circle->clock.wall_s + 86400;
    if (joining->forgery == FORGE_TICKET_EXPIRED)
        ticket.expires = (uint64_t)circle->clock.wall_s - 1;
    NEED(ro_pack(&ticket.base, &body) == RO_OK);
    if (joining->forgery == FORGE_TICKET_SIGNATURE) {
        pair = ro_keypair_new(&circle->world.entropy);
    } else {
        NEED(authority_key_load(authority, 0, NULL, &pair) == RO_OK);
    }
    const struct ro_signing signing = {pair, RO_LABEL_TICKET, 0};
    NEED(ro_signed_make(REACHOUT__SIGNED__KIND__TICKET, ro_buf_view(&body),
                        &signing, 1, ret_ticket) == RO_OK);
    ro_keypair_free(pair);
}

static void
make_certificate(struct circle *circle,
                 enum forgery forgery,
                 struct joiner *joiner)
{
    Reachout__Seat seat = REACHOUT__SEAT__INIT;
    struct ro_member_id member;
    uint8_t circle_id[RO_ID_SIZE];
    RO_AUTOBUF body = {0};
    struct ro_keypair *other = ro_keypair_new(&circle->world.entropy);
    ro_member_id_of(&circle->authority->circle,
                    ro_keypair_public(joiner->member), &member);
    member.b[3] ^= forgery == FORGE_MEMBER_ID;
    memcpy(circle_id, circle->authority->circle.b, RO_ID_SIZE);
    circle_id[7] ^= forgery == FORGE_SEAT_CIRCLE;
    seat.has_circle = seat.has_serial = seat.has_member = seat.has_role = true;
    seat.has_signing_key = seat.has_sealing_key = seat.has_fallback_key = true;
    seat.has_transport_key = seat.has_made_at = true;
    seat.circle = id_field(circle_id);
    seat.member = id_field(member.b);
    seat.serial = 1;
    seat.role =
        forgery == FORGE_ROLE ? REACHOUT__ROLE__OFFICE : REACHOUT__ROLE__LEAD;
    seat.signing_key = key_field(ro_keypair_public(joiner->signing));
    seat.sealing_key = key_field(ro_keypair_public(joiner->sealing));
    seat.fallback_key = key_field(ro_keypair_public(joiner->fallback));
    seat.transport_key = key_field(ro_keypair_public(joiner->transport));
    seat.made_at = (uint64_t)circle->clock.wall_s / 86400 * 86400;
    NEED(ro_pack(&seat.base, &body) == RO_OK);
    const struct ro_signing signings[] = {
        {forgery == FORGE_MEMBER_KEY ? other : joiner->member,  RO_LABEL_SEAT,
         0                                                                                },
        {joiner->signing,                                       RO_LABEL_SEAT_COUNTER,   0},
        {forgery == FORGE_POSSESSION ? other : joiner->sealing,
         RO_LABEL_SEAT_SEALING,                                                          0},
        {joiner->fallback,                                      RO_LABEL_SEAT_FALLBACK,  0},
        {joiner->transport,                                     RO_LABEL_SEAT_TRANSPORT, 0},
    };
    NEED(ro_signed_make(REACHOUT__SIGNED__KIND__SEAT, ro_buf_view(&body),
                        signings, RO_LEN(signings),
                        &joiner->certificate) == RO_OK);
    if (forgery == FORGE_CERTIFICATE)
        joiner->certificate.data[joiner->certificate.size - 1] ^= 1;
    ro_keypair_free(other);
}

static struct ro_reference
reference_of(const struct joiner *joiner, enum forgery forgery)
{
    struct ro_reference reference = {
        .kind = RO_REFERENCE_KEYS,
        .sealing = *ro_keypair_x25519(joiner->sealing),
        .signing = *ro_keypair_public(joiner->signing),
    };
    if (forgery == FORGE_SEALING)
        reference.sealing = *ro_keypair_x25519(joiner->fallback);
    if (forgery == FORGE_SENDER)
        reference.signing = *ro_keypair_public(joiner->transport);
    ro_seat_id_of(&reference.signing, &reference.seat);
    if (forgery == FORGE_SEAT_REFERENCE)
        reference.kind = RO_REFERENCE_SEAT;
    return reference;
}

static void
make_content(struct circle *circle,
             enum forgery forgery,
             const struct joiner *joiner,
             const struct ro_wrap_inside *inside,
             struct ro_buf *ret_content)
{
    char holder[] = "Head of School";
    uint8_t circle_id[RO_ID_SIZE];
    Reachout__Content content = REACHOUT__CONTENT__INIT;
    Reachout__EnrolRequest request = REACHOUT__ENROL_REQUEST__INIT;
    Reachout__EnrolAnswer answer = REACHOUT__ENROL_ANSWER__INIT;
    memcpy(circle_id, circle->authority->circle.b, RO_ID_SIZE);
    circle_id[5] ^= forgery == FORGE_CIRCLE;
    content.has_circle = content.has_sender = content.has_sent_at = true;
    content.has_recipients = true;
    content.circle = id_field(circle_id);
    content.sender = id_field(
        forgery == FORGE_CONTENT_SENDER ? circle_id : inside->sender.seat.b);
    content.sent_at = (uint64_t)circle->clock.wall_s;
    content.recipients =
        ro_as_field((struct ro_bytes){inside->recipients.b, RO_HASH_SIZE});
    request.has_member_key = request.has_seat = request.has_ticket = true;
    request.member_key = key_field(ro_keypair_public(joiner->member));
    request.seat = ro_as_field(ro_buf_view(&joiner->certificate));
    request.ticket = ro_as_field(ro_buf_view(&joiner->ticket));
    request.holder = holder;
    answer.has_admitted = true;
    if (forgery == FORGE_PURPOSE) {
        content.enrol_answer = &answer;
    } else {
        content.enrol_request = &request;
    }
    NEED(ro_pack(&content.base, ret_content) == RO_OK);
}

static void
seal(struct circle *circle, enum forgery forgery, struct joiner *joiner)
{
    struct authority *authority = circle->authority;
    struct ro_seat_id mailbox = authority->mailbox;
    struct ro_wrap_inside inside = {.sender = reference_of(joiner, forgery),
                                    .sequence = 1};
    uint8_t no_psk[32] = {1};
    struct ro_wrap_binding binding = {
        .circle = authority->circle,
        .mailbox = mailbox,
        .day = forgery == FORGE_DAY ? 20000 : RO_DAY_FALLBACK,
        .generation = authority->state.generation,
        .expiry_hour = ro_hour_of(circle->clock.wall_s) + EXPIRY_HOURS,
        .psk = forgery == FORGE_PSK ? no_psk : authority->state.psk,
    };
    RO_AUTOBUF content = {0};
    uint8_t wrap[RO_WRAP_SIZE];
    ro_recipients_hash(&mailbox, 1, &inside.recipients);
    inside.recipients.b[0] ^= forgery == FORGE_RECIPIENTS;
    make_content(circle, forgery, joiner, &inside, &content);
    ro_entropy_fill(&circle->world.entropy, inside.content_key,
                    sizeof(inside.content_key));
    NEED(ro_body_seal(ro_buf_view(&content), inside.content_key,
                      &circle->world.entropy, &joiner->body) == RO_OK);
    NEED(ro_bucket_of(joiner->body.size, &binding.bucket) == RO_OK);
    ro_body_hash(ro_buf_view(&joiner->body), &binding.body_hash);
    const struct ro_keypair *sealing =
        forgery == FORGE_SEALING ? joiner->fallback : joiner->sealing;
    const struct ro_sealing_key sender = {ro_keypair_x25519_secret(sealing),
                                          ro_keypair_x25519(sealing)};
    const struct ro_wrap_seal all = {
        &binding, ro_keypair_x25519(authority->state.enrolment), &inside,
        &sender};
    NEED(ro_wrap_seal(&all, &circle->world.entropy, wrap) == RO_OK);
    ro_buf_put(&joiner->wrap, wrap, sizeof(wrap));
    joiner->wrap.data[100] ^= forgery == FORGE_WRAP;
    joiner->body.data[100] ^= forgery == FORGE_BODY;
    joiner->envelope = (struct authority_envelope){
        .wrap = ro_buf_view(&joiner->wrap),
        .body = ro_buf_view(&joiner->body),
        .day = forgery == FORGE_DAY_BESIDE ? 20000 : binding.day,
        .generation = binding.generation + (forgery == FORGE_GENERATION),
        .expiry_hour = binding.expiry_hour,
    };
}

void
joiner_make(struct circle *circle,
            const struct joining *joining,
            struct joiner *ret_joiner)
{
    *ret_joiner = (struct joiner){0};
    struct ro_keypair **pairs[] = {&ret_joiner->member, &ret_joiner->signing,
                                   &ret_joiner->sealing, &ret_joiner->fallback,
                                   &ret_joiner->transport};
    for (size_t i = 0; i < RO_LEN(pairs); i++) {
        *pairs[i] = ro_keypair_new(&circle->world.entropy);
        NEED(*pairs[i] != NULL);
    }
    if (joining->ticket != NULL) {
        ro_buf_put(&ret_joiner->ticket, joining->ticket->data,
                   joining->ticket->size);
    } else {
        make_ticket(circle, joining, &ret_joiner->ticket);
    }
    make_certificate(circle, joining->forgery, ret_joiner);
    seal(circle, joining->forgery, ret_joiner);
}

void
joiner_fini(struct joiner *joiner)
{
    ro_keypair_free(joiner->member);
    ro_keypair_free(joiner->signing);
    ro_keypair_free(joiner->sealing);
    ro_keypair_free(joiner->fallback);
    ro_keypair_free(joiner->transport);
    ro_buf_fini(&joiner->ticket);
    ro_buf_fini(&joiner->certificate);
    ro_buf_fini(&joiner->body);
    ro_buf_fini(&joiner->wrap);
}

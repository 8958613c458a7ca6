/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to be admitted: opened, kept once, and every forgery refused. */
#include "tests/unit/authority/test_authority_support.h"

#include "client/authority/petition.h"

#include "common/wire/armour.h"
#include "tests/support/tap.h"

static void
test_honest(void)
{
    struct circle circle;
    struct joiner joiner;
    struct ro_why why = {""};
    circle_make(&circle);
    const struct joining joining = {.urn = 900001};
    joiner_make(&circle, &joining, &joiner);
    struct authority_petition *petition = NULL;
    enum ro_status s = authority_envelope_open(
        circle.authority, &joiner.envelope, &why, &petition);
    if (s != RO_OK)
        printf("# %s\n", why.text);
    tap_need(s == RO_OK);
    struct ro_member_id member;
    struct ro_seat_id seat;
    ro_member_id_of(&circle.authority->circle, ro_keypair_public(joiner.member),
                    &member);
    ro_seat_id_of(ro_keypair_public(joiner.signing), &seat);
    tap_ok(ro_member_id_equal(&petition->member, &member));
    tap_ok(ro_seat_id_equal(&petition->seat, &seat));
    tap_ok(petition->urn == 900001);
    tap_ok(petition->role == REACHOUT__ROLE__LEAD);
    tap_ok(petition->kind == REACHOUT__MEMBER_KIND__SCHOOL);
    tap_ok(strcmp(petition->holder, "Head of School") == 0);
    tap_ok(memcmp(petition->fallback.b, ro_keypair_x25519(joiner.fallback)->b,
                  RO_KEY_SIZE) == 0);
    tap_ok(ro_bytes_equal(ro_buf_view(&petition->certificate),
                          ro_buf_view(&joiner.certificate)));
    authority_petition_free(petition);
    joiner_fini(&joiner);
    circle_fini(&circle);
}

static void
test_forgeries(void)
{
    static const struct {
        enum forgery forgery;
        enum ro_status expected;
        const char *words;
    } cases[] = {
        {FORGE_TICKET_SIGNATURE, RO_BAD_TICKET,     "ticket of somebody else"  },
        {FORGE_TICKET_CIRCLE,    RO_BAD_TICKET,     "ticket of another circle" },
        {FORGE_TICKET_EXPIRED,   RO_TICKET_EXPIRED, "ticket that had expired"  },
        {FORGE_ROLE,             RO_MISBOUND,       "another role than invited"},
        {FORGE_CERTIFICATE,      RO_BAD_SIGNATURE,  "a signature's bit"        },
        {FORGE_POSSESSION,       RO_BAD_SIGNATURE,  "a key not possessed"      },
        {FORGE_MEMBER_KEY,       RO_BAD_SIGNATURE,  "another member key"       },
        {FORGE_MEMBER_ID,        RO_MISBOUND,       "a member id of no key"    },
        {FORGE_SENDER,           RO_MISBOUND,       "sealed by other keys"     },
        {FORGE_SEALING,          RO_MISBOUND,       "another sealing key"      },
        {FORGE_SEAT_CIRCLE,      RO_MISBOUND,       "certified elsewhere"      },
        {FORGE_CONTENT_SENDER,   RO_MISBOUND,       "another sender named"     },
        {FORGE_DAY_BESIDE,       RO_BAD_SEAL,       "a day beside the wrap"    },
        {FORGE_RECIPIENTS,       RO_MISBOUND,       "other recipients"         },
        {FORGE_CIRCLE,           RO_MISBOUND,       "another circle"           },
        {FORGE_PURPOSE,          RO_MISBOUND,       "no request at all"        },
        {FORGE_SEAT_REFERENCE,   RO_MISBOUND,       "from a seat"              },
        {FORGE_DAY,              RO_BAD_SEAL,       "sealed for a day"         },
        {FORGE_GENERATION,       RO_BAD_SEAL,       "another generation"       },
        {FORGE_WRAP,             RO_BAD_SEAL,       "a bit of the wrap"        },
        {FORGE_BODY,             RO_BAD_SEAL,       "a bit of the body"        },
        {FORGE_PSK,              RO_BAD_SEAL,       "without the circle key"   },
    };
    static_assert(RO_LEN(cases) == FORGE_END - 1, "each forgery is tried");
    struct circle circle;
    circle_make(&circle);
    for (size_t i = 0; i < RO_LEN(cases); i++) {
        struct joiner joiner;
        struct ro_why why = {""};
        const struct joining joining = {.urn = 900001,
                                        .forgery = cases[i].forgery};
        joiner_make(&circle, &joining, &joiner);
        enum ro_status s = authority_envelope_take(
            circle.authority, &joiner.envelope, &why, NULL);
        printf("# %s: %s\n", ro_status_name(s), why.text);
        tap_say(s == cases[i].expected, cases[i].words);
        tap_ok(authority_envelope_is_trouble(s) && why.text[0] != '\0');
        joiner_fini(&joiner);
    }
    tap_ok(circle.authority->n_petitions == 0);
    tap_ok(!authority_envelope_is_trouble(RO_OK) &&
           !authority_envelope_is_trouble(RO_IO_FAILED) &&
           !authority_envelope_is_trouble(RO_NO_MEMORY));
    circle_fini(&circle);
}

/* Sizes that no honest envelope has must not be read. */
static void
test_sizes(void)
{
    struct circle circle;
    struct joiner joiner;
    circle_make(&circle);
    const struct joining joining = {.urn = 900001};
    joiner_make(&circle, &joining, &joiner);
    struct authority_envelope cut = joiner.envelope;
    struct ro_why why = {""};
    cut.wrap.size--;
    tap_is(authority_envelope_take(circle.authority, &cut, &why, NULL),
           RO_BAD_SEAL);
    cut = joiner.envelope;
    cut.body.size--;
    tap_is(authority_envelope_take(circle.authority, &cut, &why, NULL),
           RO_BAD_SEAL);
    cut.body = (struct ro_bytes){0};
    tap_is(authority_envelope_take(circle.authority, &cut, &why, NULL),
           RO_BAD_SEAL);
    joiner_fini(&joiner);
    circle_fini(&circle);
}

/* Taken is durable; a replay is silent, also after the request was closed; a
 * ticket serves one request. */
static void
test_kept(void)
{
    struct circle circle;
    struct joiner joiner;
    struct joiner thief;
    struct ro_why why = {""};
    circle_make(&circle);
    struct joining joining = {.urn = 900001};
    joiner_make(&circle, &joining, &joiner);
    joining.ticket = &joiner.ticket;
    joiner_make(&circle, &joining, &thief);
    tap_is(
        authority_envelope_take(circle.authority, &joiner.envelope, &why, NULL),
        RO_OK);
    tap_is(
        authority_envelope_take(circle.authority, &joiner.envelope, &why, NULL),
        RO_OK);
    tap_ok(circle.authority->n_petitions == 1);
    tap_is(
        authority_envelope_take(circle.authority, &thief.envelope, &why, NULL),
        RO_TICKET_USED);
    circle_reopen(&circle);
    tap_need(circle.authority->n_petitions == 1);
    struct authority_petition *petition = circle.authority->petitions[0];
    tap_ok(petition->standing == AUTHORITY_WAITING && petition->urn == 900001);
    tap_ok(strcmp(petition->holder, "Head of School") == 0);
    tap_ok(ro_bytes_equal(ro_buf_view(&petition->certificate),
                          ro_buf_view(&joiner.certificate)));
    petition->standing = AUTHORITY_REFUSED;
    tap_need(authority_petition_save(circle.authority, petition, &why) ==
             RO_OK);
    circle_reopen(&circle);
    tap_is(
        authority_envelope_take(circle.authority, &joiner.envelope, &why, NULL),
        RO_OK);
    tap_need(circle.authority->n_petitions == 1);
    tap_ok(!authority_petition_is_open(circle.authority->petitions[0]));
    tap_is(
        authority_envelope_take(circle.authority, &thief.envelope, &why, NULL),
        RO_TICKET_USED);
    joiner_fini(&joiner);
    joiner_fini(&thief);
    circle_fini(&circle);
}

/* A ticket that expires while the request waits for us stays good. */
static void
test_late(void)
{
    struct circle circle;
    struct joiner joiner;
    struct ro_why why = {""};
    circle_make(&circle);
    const struct joining joining = {.urn = 900001};
    joiner_make(&circle, &joining, &joiner);
    circle.clock.wall_s += 86400 * (int64_t)10;
    tap_is(
        authority_envelope_take(circle.authority, &joiner.envelope, &why, NULL),
        RO_OK);
    joiner_fini(&joiner);
    circle_fini(&circle);
}

/* A request with the id ab10.. plus `n`. */
static void
add_waiting(struct circle *circle, uint8_t n, enum authority_standing standing)
{
    struct authority_petition *petition = calloc(1, sizeof(*petition));
    NEED(petition != NULL);
    petition->standing = standing;
    memset(petition->id.b, 0xab, RO_ID_SIZE);
    petition->id.b[1] = (uint8_t)(0x10 + n);
    NEED(authority_petition_add_take(circle->authority, petition) == RO_OK);
}

static void
test_find(void)
{
    struct circle circle;
    struct ro_why why = {""};
    struct ro_message_id id;
    circle_make(&circle);
    add_waiting(&circle, 1, AUTHORITY_WAITING);
    add_waiting(&circle, 0, AUTHORITY_WAITING);
    add_waiting(&circle, 2, AUTHORITY_ADMITTED);
    tap_ok(circle.authority->petitions[0]->id.b[1] == 0x10);
    tap_is(authority_find(circle.authority, "ab10", &why, &id), RO_OK);
    tap_ok(id.b[1] == 0x10);
    tap_is(authority_find(circle.authority, "ab1", &why, &id), RO_AMBIGUOUS);
    tap_is(authority_find(circle.authority, "ab12", &why, &id), RO_NOT_FOUND);
    tap_is(authority_find(circle.authority, "xy", &why, &id), RO_USAGE);
    tap_is(authority_find(circle.authority, "", &why, &id), RO_USAGE);
    circle_fini(&circle);
}

static void
test_damaged(void)
{
    struct circle circle;
    struct joiner joiner;
    struct ro_why why = {""};
    char hex[RO_ID_HEX];
    char name[80];
    circle_make(&circle);
    const struct joining joining = {.urn = 900001};
    joiner_make(&circle, &joining, &joiner);
    tap_need(authority_envelope_take(circle.authority, &joiner.envelope, &why,
                                     NULL) == RO_OK);
    ro_hex(circle.authority->petitions[0]->id.b, RO_ID_SIZE, hex);
    (void)snprintf(name, sizeof(name), "auth/requests/%s.request", hex);
    authority_free(RO_STEAL(circle.authority));
    tap_need(ro_armour_write(circle_path(&circle, name), "request",
                             ro_bytes_text("\1\1nonsense"), RO_FILE_SECRET,
                             NULL) == RO_OK);
    tap_is(authority_open(circle.dir, &circle.world, &why, &circle.authority),
           RO_VAULT_DAMAGED);
    printf("# %s\n", why.text);
    joiner_fini(&joiner);
    circle_fini(&circle);
}

int
main(void)
{
    tap_need(ro_crypto_init() == RO_OK);
    tap_run(test_honest);
    tap_run(test_forgeries);
    tap_run(test_sizes);
    tap_run(test_kept);
    tap_run(test_late);
    tap_run(test_find);
    tap_run(test_damaged);
    return tap_done();
}

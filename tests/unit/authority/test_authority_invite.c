/* SPDX-License-Identifier: Apache-2.0 */
/* Invitations: what is in them, whom they are for, and how long. */
#include "tests/unit/authority/test_authority_support.h"

#include <sys/stat.h>

#include "client/authority/log.h"
#include "client/authority/signing.h"
#include "client/core/keyring.h"
#include "common/wire/armour.h"
#include "common/wire/codec.h"
#include "common/wire/rules.h"
#include "tests/support/tap.h"

static void
make_listed(struct circle *circle)
{
    static const uint32_t urns[] = {900001, 900012, 900016};
    circle_make(circle);
    circle_charter(circle);
    circle_list(circle, urns, RO_LEN(urns));
}

static enum ro_status
invite(struct circle *circle, const struct authority_inviting *inviting)
{
    struct ro_why why = {""};
    int64_t expires_s = 0;
    enum ro_status s =
        authority_invite(circle->authority, inviting, &why, &expires_s);
    if (s != RO_OK) {
        printf("# %s\n", why.text);
    } else {
        tap_ok(expires_s == NOW_S + inviting->valid_s);
    }
    return s;
}

static void
check_ticket(struct circle *circle, struct ro_bytes raw)
{
    struct ro_arena *arena = ro_arena_new(0, 0);
    Reachout__Ticket *ticket;
    const struct ro_root *root = &circle->authority->root;
    tap_is(ro_ticket_open(raw, root, NOW_S + 3599, arena, &ticket), RO_OK);
    tap_ok(ticket->kind == REACHOUT__MEMBER_KIND__COORDINATORS);
    tap_ok(ticket->role == REACHOUT__ROLE__COORDINATOR);
    tap_ok(strcmp(ticket->name, "Estuary team") == 0);
    tap_ok(ticket->home_urn == 900016 && !ticket->has_urn);
    tap_ok(ticket->expires == NOW_S + 3600);
    tap_is(ro_ticket_open(raw, root, NOW_S + 3600, arena, &ticket),
           RO_TICKET_EXPIRED);
    RO_AUTOBUF forged = {0};
    ro_buf_put(&forged, raw.data, raw.size);
    forged.data[forged.size - 1] ^= 1;
    tap_is(ro_ticket_open(ro_buf_view(&forged), root, NOW_S, arena, &ticket),
           RO_BAD_TICKET);
    ro_arena_free(arena);
}

static void
test_paper(void)
{
    struct circle circle;
    make_listed(&circle);
    const struct authority_inviting inviting = {
        .kind = "coordinators",
        .seat = "coordinator",
        .name = "Estuary team",
        .home_urn = 900016,
        .valid_s = 3600,
        .out_path = circle_path(&circle, "ruth.inv"),
    };
    tap_is(invite(&circle, &inviting), RO_OK);
    struct stat st;
    tap_ok(stat(inviting.out_path, &st) == 0 && (st.st_mode & 0777) == 0600);
    tap_is(invite(&circle, &inviting), RO_REFUSED);

    RO_AUTOBUF bytes = {0};
    struct ro_arena *arena = ro_arena_new(0, 0);
    ProtobufCMessage *message;
    tap_need(ro_armour_read(inviting.out_path, "invitation", NULL, &bytes) ==
             RO_OK);
    tap_need(ro_unpack(&reachout__invitation__descriptor, ro_buf_view(&bytes),
                       arena, &message) == RO_OK);
    const Reachout__Invitation *paper = (const void *)message;
    tap_ok(paper->generation == 1 && paper->psk.len == 32);
    tap_ok(memcmp(paper->psk.data, circle.authority->state.psk, 32) == 0);
    tap_ok(strcmp(paper->broker->open_endpoint, "tcp://127.0.0.1:7602") == 0);
    tap_ok(paper->broker->curve_key.len == RO_KEY_SIZE);
    tap_ok(strcmp(paper->authority->name, "Estuary") == 0);
    check_ticket(&circle, ro_field(&paper->ticket));

    /* the other side takes it */
    struct keyring *keyring = NULL;
    struct ro_why why = {""};
    struct keyring_source source = {.invitation = ro_buf_view(&bytes),
                                    .holder = "Ruth",
                                    .now_s = NOW_S,
                                    .entropy = &circle.world.entropy};
    tap_is(keyring_make(&source, &why, &keyring), RO_OK);
    tap_ok(keyring != NULL &&
           ro_circle_id_equal(&keyring->circle, &circle.authority->circle));
    keyring_free(keyring);
    source.now_s = NOW_S + 3600;
    tap_is(keyring_make(&source, &why, &keyring), RO_TICKET_EXPIRED);
    ro_arena_free(arena);
    circle_fini(&circle);
}

static void
test_who(void)
{
    struct circle circle;
    make_listed(&circle);
    const char *out = circle_path(&circle, "x.inv");
    const struct {
        struct authority_inviting inviting;
        enum ro_status expected;
        const char *words;
    } cases[] = {
        {{"hospital", "lead", 900001, NULL, 0, 60, out},
         RO_USAGE, "unknown kind"                        },
        {{"school", "boss", 900001, NULL, 0, 60, out},
         RO_USAGE, "unknown seat"                        },
        {{"school", "coordinator", 900001, NULL, 0, 60, out},
         RO_USAGE, "a seat that schools do not have"     },
        {{"coordinators", "lead", 0, "Team", 0, 60, out},
         RO_USAGE, "a seat that coordinators do not have"},
        {{"school", "lead", 0, NULL, 0, 60, out},
         RO_USAGE, "a school without a URN"              },
        {{"school", "lead", 900001, "Name", 0, 60, out},
         RO_USAGE, "a school with a name"                },
        {{"source", "source", 0, NULL, 0, 60, out},
         RO_USAGE, "a source without a name"             },
        {{"source", "source", 900001, "S", 0, 60, out},
         RO_USAGE, "a source with a URN"                 },
        {{"source", "source", 0, "S", 900001, 60, out},
         RO_USAGE, "a source with a home"                },
        {{"source", "source", 0, "a\nb", 0, 60, out},
         RO_USAGE, "a name of two lines"                 },
        {{"school", "lead", 900001, NULL, 0, 0, out},
         RO_USAGE, "no time to use it"                   },
    };
    for (size_t i = 0; i < RO_LEN(cases); i++) {
        tap_say(invite(&circle, &cases[i].inviting) == cases[i].expected,
                cases[i].words);
    }
    const struct authority_inviting good = {.kind = "school",
                                            .seat = "lead",
                                            .urn = 900001,
                                            .valid_s = 60,
                                            .out_path = out};
    tap_is(invite(&circle, &good), RO_OK);
    circle_fini(&circle);
}

/* A member is a school's, or a source by its name. */
static void
add_member(struct circle *circle, uint32_t urn, char *name)
{
    struct ro_keypair *pair = ro_keypair_new(&circle->world.entropy);
    struct ro_member_id id;
    Reachout__Member member = REACHOUT__MEMBER__INIT;
    RO_AUTOBUF body = {0};
    RO_AUTOBUF record = {0};
    ro_member_id_of(&circle->authority->circle, ro_keypair_public(pair), &id);
    member.has_circle = member.has_serial = member.has_member = true;
    member.has_kind = member.has_key = true;
    member.circle =
        ro_as_field((struct ro_bytes){circle->authority->circle.b, RO_ID_SIZE});
    member.serial = authority_log_serial(circle->authority);
    member.member = ro_as_field((struct ro_bytes){id.b, RO_ID_SIZE});
    member.kind = urn != 0 ? REACHOUT__MEMBER_KIND__SCHOOL
                           : REACHOUT__MEMBER_KIND__SOURCE;
    member.has_urn = urn != 0;
    member.urn = urn;
    member.name = name;
    member.key =
        ro_as_field((struct ro_bytes){ro_keypair_public(pair)->b, RO_KEY_SIZE});
    tap_need(ro_pack(&member.base, &body) == RO_OK);
    tap_need(authority_sign(circle->authority, REACHOUT__SIGNED__KIND__MEMBER,
                            ro_buf_view(&body), NULL, &record) == RO_OK);
    tap_need(circle_add(circle, ro_buf_view(&record)) == RO_OK);
    ro_keypair_free(pair);
}

/* Somebody who is a member is not invited again, nor who looks like it. */
static void
test_member(void)
{
    struct circle circle;
    make_listed(&circle);
    add_member(&circle, 900012, NULL);
    struct authority_inviting inviting = {.kind = "school",
                                          .seat = "lead",
                                          .urn = 900012,
                                          .valid_s = 60,
                                          .out_path =
                                              circle_path(&circle, "x.inv")};
    tap_is(invite(&circle, &inviting), RO_REFUSED);
    inviting.urn = 900001;
    tap_is(invite(&circle, &inviting), RO_OK);
    char name[] = "River levels";
    add_member(&circle, 0, name);
    struct authority_inviting source = {.kind = "source",
                                        .seat = "source",
                                        .valid_s = 60,
                                        .out_path =
                                            circle_path(&circle, "y.inv")};
    source.name = "River levels";
    tap_is(invite(&circle, &source), RO_REFUSED);
    source.name = "river\xc2\xa0levels ";
    tap_is(invite(&circle, &source), RO_REFUSED);
    source.name = "River levels, East";
    tap_is(invite(&circle, &source), RO_OK);
    circle_fini(&circle);
}

static void
test_span(void)
{
    static const struct {
        const char *text;
        int64_t seconds; /* 0: refused */
    } cases[] = {
        {"14d",                      1209600 },
        {"12h",                      43200   },
        {"2w",                       1209600 },
        {"30m",                      1800    },
        {"366d",                     31622400},
        {"367d",                     0       },
        {"",                         0       },
        {"d",                        0       },
        {"14",                       0       },
        {"0d",                       0       },
        {"-1d",                      0       },
        {"1.5d",                     0       },
        {"14dd",                     0       },
        {"14 d",                     0       },
        {"99999999999999999999999w", 0       },
        {"14x",                      0       },
    };
    for (size_t i = 0; i < RO_LEN(cases); i++) {
        int64_t seconds = 0;
        enum ro_status s = authority_span(cases[i].text, NULL, &seconds);
        tap_say(s == (cases[i].seconds > 0 ? RO_OK : RO_USAGE) &&
                    seconds == cases[i].seconds,
                cases[i].text);
    }
}

int
main(void)
{
    tap_need(ro_crypto_init() == RO_OK);
    tap_run(test_paper);
    tap_run(test_who);
    tap_run(test_member);
    tap_run(test_span);
    return tap_done();
}

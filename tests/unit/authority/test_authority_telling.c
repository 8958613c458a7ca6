/* SPDX-License-Identifier: Apache-2.0 */
/* What one who signs is told, and what is refused before it is signed. */
#include "tests/unit/authority/test_authority_support.h"

#include <string.h>
#include <unistd.h>

#include "client/authority/log.h"
#include "client/authority/proposal.h"
#include "common/wire/codec.h"
#include "tests/support/tap.h"

/* A circle with a charter and its directory.log, and what is proposed. */
struct office {
    struct circle circle;
    struct proposal *proposal;
    struct authority_cosigned seen; /* of the last look */
    struct ro_why why;
    char path[200];
};

static void
office_make(struct office *office)
{
    *office = (struct office){0};
    circle_make(&office->circle);
    circle_charter(&office->circle);
    circle_keep(&office->circle);
    (void)snprintf(office->path, sizeof(office->path), "%s",
                   circle_path(&office->circle, "p"));
}

static void
office_fini(struct office *office)
{
    authority_cosigned_fini(&office->seen);
    proposal_free(office->proposal);
    circle_fini(&office->circle);
}

/* Begins a new proposal. */
static void
begin(struct office *office)
{
    proposal_free(office->proposal);
    office->proposal = proposal_new(&office->circle.authority->circle);
    NEED(office->proposal != NULL);
}

/* Adds a record that nobody has signed. */
static void
propose(struct office *office,
        Reachout__Signed__Kind kind,
        const ProtobufCMessage *message)
{
    RO_AUTOBUF body = {0};
    RO_AUTOBUF record = {0};
    NEED(ro_pack(message, &body) == RO_OK);
    NEED(ro_signed_make(kind, ro_buf_view(&body), NULL, 0, &record) == RO_OK);
    NEED(proposal_add(office->proposal, ro_buf_view(&record), NULL) == RO_OK);
}

/* Looks at it as a signer does. */
static enum ro_status
look(struct office *office)
{
    const struct authority_cosigning cosigning = {.dir = office->circle.dir,
                                                  .path = office->path};
    office->why = (struct ro_why){""};
    authority_cosigned_fini(&office->seen);
    NEED(proposal_write(office->proposal, office->path, NULL) == RO_OK);
    enum ro_status s =
        authority_cosign(&cosigning, &office->why, &office->seen);
    printf("# %s: %s\n", ro_status_name(s), office->why.text);
    return s;
}

static void
forget_directory(const struct office *office)
{
    NEED(unlink(circle_path(&office->circle, "auth/directory.log")) == 0);
}

/* --- serials ------------------------------------------------------------- */

static void
propose_removal(struct office *office, uint64_t serial)
{
    static const uint8_t nobody[RO_ID_SIZE] = {7};
    ProtobufCBinaryData id =
        ro_as_field((struct ro_bytes){nobody, sizeof(nobody)});
    Reachout__Revocation removal = REACHOUT__REVOCATION__INIT;
    removal.has_circle = removal.has_serial = true;
    removal.circle = ro_as_field(
        (struct ro_bytes){office->circle.authority->circle.b, RO_ID_SIZE});
    removal.serial = serial;
    removal.n_seats = 1;
    removal.seats = &id;
    propose(office, REACHOUT__SIGNED__KIND__REVOCATION, &removal.base);
}

/* Serials that are skipped are lost to the circle, and a signer is the last
 * who can see it. */
static void
test_serials(void)
{
    struct office office;
    office_make(&office);
    begin(&office);
    propose_removal(&office, UINT64_MAX);
    tap_is(look(&office), RO_REFUSED);
    tap_ok(strstr(office.why.text, "ends at record 1, the authority's serial "
                                   "1") != NULL);
    begin(&office);
    propose_removal(&office, 3);
    tap_say(look(&office) == RO_REFUSED, "one is skipped");
    begin(&office);
    propose_removal(&office, 1);
    tap_say(look(&office) == RO_REFUSED, "it is there already");
    tap_ok(strstr(office.why.text, "was published since") != NULL);
    forget_directory(&office);
    begin(&office);
    propose_removal(&office, 9);
    tap_say(look(&office) == RO_OK && office.seen.fit == AUTHORITY_UNCHECKED,
            "without a directory nobody knows");
    propose_removal(&office, 10);
    tap_is(look(&office), RO_OK);
    propose_removal(&office, 12);
    tap_say(look(&office) == RO_REFUSED, "one is skipped between two records");
    office_fini(&office);
}

/* --- what is told -------------------------------------------------------- */

/* Whether the i-th thing is told with these words. */
static bool
says(const struct office *office, size_t i, const char *words)
{
    NEED(i < office->seen.n);
    const char *text = office->seen.items[i].text;
    if (strstr(text, words) != NULL)
        return true;
    printf("# not \"%s\" in:\n", words);
    for (const char *at = text; *at != '\0'; at += strcspn(at, "\n") + 1)
        printf("#   %.*s\n", (int)strcspn(at, "\n"), at);
    return false;
}

static bool
look_at_charter(struct office *office, const struct charter_draft *draft)
{
    begin(office);
    propose(office, REACHOUT__SIGNED__KIND__CHARTER, &draft->message.base);
    return look(office) == RO_OK;
}

/* Whose key it is decides who reads the requests, and whose broker has them. */
static void
test_charter_keys(void)
{
    static const struct {
        size_t at;
        const char *words;
    } keys[] = {
        {offsetof(struct charter_draft, message.enrolment_key),
         "CHANGES the key of requests: "        },
        {offsetof(struct charter_draft, message.mailbox_key),
         "CHANGES the key of their mailbox: "   },
        {offsetof(struct charter_draft, broker.curve_key),
         "CHANGES the broker's connection key: "},
        {offsetof(struct charter_draft, broker.signing_key),
         "CHANGES the broker's signing key: "   },
    };
    struct office office;
    struct charter_draft draft;
    office_make(&office);
    struct ro_keypair *other = ro_keypair_new(&office.circle.world.entropy);
    for (size_t i = 0; i < RO_LEN(keys); i++) {
        char words[120];
        char hex[33];
        circle_charter_init(&office.circle, &draft);
        tap_ok(look_at_charter(&office, &draft));
        tap_ok(!strstr(office.seen.items[0].text, "CHANGES"));
        ProtobufCBinaryData *field =
            (ProtobufCBinaryData *)(void *)((uint8_t *)&draft + keys[i].at);
        *field = ro_as_field(
            (struct ro_bytes){ro_keypair_public(other)->b, RO_KEY_SIZE});
        ro_hex(ro_keypair_public(other)->b, 16, hex);
        (void)snprintf(words, sizeof(words), "%s%s..., was ", keys[i].words,
                       hex);
        tap_ok(look_at_charter(&office, &draft));
        tap_say(says(&office, 0, words), words);
    }
    ro_keypair_free(other);
    office_fini(&office);
}

/* circle.conf as changed lines, a moved one included. */
static void
test_charter_conf(void)
{
    static const struct {
        const char *conf;
        const char *words;
    } confs[] = {
        {"k = 5\n",               "circle.conf stays as it is\n"      },
        {"k = 4\n",               "+ is to be\n  - k = 5\n  + k = 4\n"},
        {"a = 1\nk = 5\nb = 2\n", "+ is to be\n  + a = 1\n  + b = 2\n"},
        {"",                      "+ is to be\n  - k = 5\n"           },
    };
    struct office office;
    struct charter_draft draft;
    office_make(&office);
    circle_charter_init(&office.circle, &draft);
    for (size_t i = 0; i < RO_LEN(confs); i++) {
        draft.message.circle_conf = authority_borrow(confs[i].conf);
        if (confs[i].conf[0] == '\0')
            draft.message.circle_conf = authority_borrow("\n");
        tap_ok(look_at_charter(&office, &draft));
        tap_ok(says(&office, 0, confs[i].words));
    }
    draft.message.circle_conf =
        authority_borrow("k = 5\nits broker: tcp://elsewhere\n");
    tap_ok(look_at_charter(&office, &draft));
    tap_say(!strstr(office.seen.items[0].text, "\nits broker: tcp://elsewhere"),
            "a line of circle.conf is none of ours");
    draft.message.psk_generation++;
    tap_ok(look_at_charter(&office, &draft));
    tap_ok(says(&office, 0, "CHANGES the circle key's generation: 2, was 1"));
    forget_directory(&office);
    tap_ok(look_at_charter(&office, &draft));
    tap_say(says(&office, 0, "circle.conf:\n  | k = 5\n  | its broker"),
            "all of it where nobody knows what it was");
    draft.message.serial = 1;
    tap_ok(look_at_charter(&office, &draft) &&
           office.seen.fit == AUTHORITY_CHECKED);
    tap_ok(says(&office, 0, "IT IS THE FIRST ONE"));
    office_fini(&office);
}

/* Names of several lines could forge what is told. */
static void
test_names(void)
{
    static char lines[] = "Estuary\": 2 of 3 keys sign\nits broker: tcp://good";
    struct office office;
    struct charter_draft draft;
    office_make(&office);
    circle_charter_init(&office.circle, &draft);
    draft.message.name = lines;
    tap_say(!look_at_charter(&office, &draft), "with the directory");
    forget_directory(&office);
    tap_say(!look_at_charter(&office, &draft), "and without it");
    tap_ok(strstr(office.why.text, "the charter's name") != NULL);
    office_fini(&office);
}

/* --- the register -------------------------------------------------------- */

#define ROWS 30

static enum ro_status
look_at_rows(struct office *office, Reachout__Listing *rows, size_t n)
{
    Reachout__ListingBlock block = REACHOUT__LISTING_BLOCK__INIT;
    Reachout__Listing *pointers[ROWS];
    NEED(n <= ROWS);
    for (size_t i = 0; i < n; i++)
        pointers[i] = &rows[i];
    block.has_circle = block.has_serial = true;
    block.circle = ro_as_field(
        (struct ro_bytes){office->circle.authority->circle.b, RO_ID_SIZE});
    block.serial = authority_log_serial(office->circle.authority);
    block.n_listings = n;
    block.listings = pointers;
    begin(office);
    propose(office, REACHOUT__SIGNED__KIND__LISTING, &block.base);
    return look(office);
}

static void
fill_rows(Reachout__Listing rows[ROWS])
{
    static char names[ROWS][32];
    for (size_t i = 0; i < ROWS; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "School %zu", 900001 + i);
        reachout__listing__init(&rows[i]);
        rows[i].has_urn = true;
        rows[i].urn = 900001 + (uint32_t)i;
        rows[i].name = names[i];
    }
}

static void
test_listings(void)
{
    static const uint32_t urns[] = {900001, 900002, 900003};
    static char lines[] = "One\nTwo";
    Reachout__Listing rows[ROWS];
    struct office office;
    office_make(&office);
    circle_list(&office.circle, urns, RO_LEN(urns));
    circle_keep(&office.circle);
    fill_rows(rows);
    rows[0].name = authority_borrow("Rogue School");
    rows[1].phase = authority_borrow("Nursery");
    rows[1].has_roll = true;
    rows[1].roll = 9;
    tap_is(look_at_rows(&office, rows, ROWS), RO_OK);
    tap_ok(says(&office, 0,
                "RENAMES URN 900001: \"Rogue School\", was "
                "\"School 900001\"\n"));
    tap_ok(says(&office, 0,
                "changes URN 900002 (School 900002); phase: "
                "Nursery, was ; pupils: 9, was 0\n"));
    tap_ok(says(&office, 0, "new: URN 900004: School 900004\n"));
    tap_ok(says(&office, 0,
                "new: URN 900023: School 900023\n"
                "and 7 more are new\n1 stay as they are\n"));
    tap_ok(strstr(office.seen.items[0].text, "900024") == NULL);
    rows[4].name = lines;
    tap_say(look_at_rows(&office, rows, 5) != RO_OK, "a name of two lines");
    office_fini(&office);
}

/* However many change, each is told: a trust decides the groups, and the last
 * one of many could be put into another unseen. */
static void
test_many_changes(void)
{
    Reachout__Listing rows[ROWS];
    uint32_t urns[ROWS];
    char line[120];
    size_t told = 0;
    struct office office;
    office_make(&office);
    for (size_t i = 0; i < ROWS; i++)
        urns[i] = 900001 + (uint32_t)i;
    circle_list(&office.circle, urns, ROWS / 2);
    circle_list(&office.circle, &urns[ROWS / 2], ROWS - ROWS / 2);
    circle_keep(&office.circle);
    fill_rows(rows);
    for (size_t i = 0; i < ROWS; i++)
        rows[i].trust = authority_borrow("Rogue Trust");
    tap_is(look_at_rows(&office, rows, ROWS), RO_OK);
    for (size_t i = 0; i < ROWS; i++) {
        (void)snprintf(line, sizeof(line),
                       "changes URN %u (School %u); trust: Rogue Trust, was \n",
                       urns[i], urns[i]);
        told += says(&office, 0, line);
    }
    tap_ok(told == ROWS);
    tap_ok(says(&office, 0, "30 SCHOOLS CHANGE, each told above"));
    office_fini(&office);
}

int
main(void)
{
    NEED(ro_crypto_init() == RO_OK);
    tap_run(test_charter_keys);
    tap_run(test_charter_conf);
    tap_run(test_names);
    tap_run(test_listings);
    tap_run(test_many_changes);
    tap_run(test_serials);
    return tap_done();
}

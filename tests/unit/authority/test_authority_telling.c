/* SPDX-License-Identifier: Apache-2.0 */
/* What one who signs is told, and what is refused before it is signed. */
#include "tests/unit/authority/test_authority_support.h"

#include <string.h>
#include <unistd.h>

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

int
main(void)
{
    NEED(ro_crypto_init() == RO_OK);
    tap_run(test_serials);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Founding a circle: files, modes, contents, and what is refused. */
#include "tests/unit/authority/test_authority_support.h"

#include <sys/stat.h>
#include <unistd.h>

#include "client/authority/log.h"
#include "client/authority/signing.h"
#include "common/wire/armour.h"
#include "common/wire/codec.h"
#include "common/wire/rules.h"
#include "tests/support/tap.h"

static unsigned
mode_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (unsigned)st.st_mode & 0777U : 0;
}

static void
test_modes(void)
{
    struct circle circle;
    circle_make(&circle);
    tap_ok(mode_of(circle_path(&circle, "auth")) == 0700);
    tap_ok(mode_of(circle_path(&circle, "auth/keys")) == 0700);
    tap_ok(mode_of(circle_path(&circle, "auth/requests")) == 0700);
    tap_ok(mode_of(circle_path(&circle, "auth/keys/1.key")) == 0600);
    tap_ok(mode_of(circle_path(&circle, "auth/door.key")) == 0600);
    tap_ok(mode_of(circle_path(&circle, "auth/authority.state")) == 0600);
    tap_ok(mode_of(circle_path(&circle, "auth/authority.pub")) == 0644);
    circle_fini(&circle);
}

static const Reachout__AuthorityPublic *
read_public(const char *path, struct ro_arena *arena)
{
    RO_AUTOBUF bytes = {0};
    ProtobufCMessage *message;
    tap_need(ro_armour_read(path, "authority-public", NULL, &bytes) == RO_OK);
    tap_need(ro_unpack(&reachout__authority_public__descriptor,
                       ro_buf_view(&bytes), arena, &message) == RO_OK);
    return (const void *)message;
}

static void
test_contents(void)
{
    struct circle circle;
    circle_make(&circle);
    struct ro_arena *arena = ro_arena_new(0, 0);
    struct ro_root root;
    const Reachout__AuthorityPublic *own =
        read_public(circle_path(&circle, "auth/authority.pub"), arena);
    tap_is(ro_root_of(own, &root), RO_OK);
    tap_ok(root.n_keys == 1 && root.threshold == 1);
    tap_ok(strcmp(own->name, "Estuary") == 0);
    tap_ok(own->enrolment_key.len == RO_KEY_SIZE);
    tap_ok(own->mailbox_key.len == RO_KEY_SIZE);
    tap_ok(memcmp(own->enrolment_key.data, own->mailbox_key.data,
                  RO_KEY_SIZE) != 0);
    tap_ok(memcmp(root.keys, circle.authority->root.keys, RO_KEY_SIZE) == 0);

    RO_AUTOBUF bytes = {0};
    ProtobufCMessage *message;
    tap_is(ro_armour_read(circle_path(&circle, "auth/door.key"), "door-key",
                          NULL, &bytes),
           RO_OK);
    tap_is(ro_unpack(&reachout__door_key__descriptor, ro_buf_view(&bytes),
                     arena, &message),
           RO_OK);
    const Reachout__DoorKey *door = (const void *)message;
    tap_ok(door->generation == 1 && door->psk.len == 32);
    tap_ok(memcmp(door->psk.data, circle.authority->state.psk, 32) == 0);
    tap_ok(memcmp(door->circle.data, circle.authority->circle.b, RO_ID_SIZE) ==
           0);
    ro_arena_free(arena);
    circle_fini(&circle);
}

/* The root of two keys, of which the second is given by its bytes. */
static enum ro_status
root_of_two(const struct ro_key *first, const uint8_t second[RO_KEY_SIZE])
{
    ProtobufCBinaryData keys[] = {
        ro_as_field((struct ro_bytes){first->b, RO_KEY_SIZE}),
        ro_as_field((struct ro_bytes){second, RO_KEY_SIZE}),
    };
    Reachout__AuthorityPublic own = REACHOUT__AUTHORITY_PUBLIC__INIT;
    struct ro_root root;
    own.n_authority_keys = RO_LEN(keys);
    own.authority_keys = keys;
    own.has_threshold = true;
    own.threshold = 2;
    return ro_root_of(&own, &root);
}

/* Who has one key must not count as two: not with the same bytes, not with its
 * negative (the top bit, which the same secret signs for), and not with the
 * numbers from p = 2^255 - 19 on, which mean the points of 0 to 18. */
static void
test_one_key_twice(void)
{
    struct ro_entropy entropy = ro_entropy_system();
    struct ro_keypair *pair = ro_keypair_new(&entropy);
    struct ro_keypair *other = ro_keypair_new(&entropy);
    struct ro_key key = *ro_keypair_public(pair);
    struct ro_key again = key;
    tap_is(root_of_two(&key, ro_keypair_public(other)->b), RO_OK);
    tap_is(root_of_two(&key, again.b), RO_BAD_INPUT);
    again.b[RO_KEY_SIZE - 1] ^= 0x80;
    tap_say(root_of_two(&key, again.b) == RO_BAD_INPUT, "its negative");
    size_t taken = 0;
    for (unsigned i = 0; i < 2 * 19; i++) {
        memset(again.b, 0xff, RO_KEY_SIZE);
        again.b[0] = (uint8_t)(0xed + i / 2);
        again.b[RO_KEY_SIZE - 1] = i % 2 == 0 ? 0x7f : 0xff;
        taken += root_of_two(&key, again.b) != RO_BAD_INPUT;
    }
    tap_say(taken == 0, "no second form of a number");
    ro_keypair_free(pair);
    ro_keypair_free(other);
}

/* A certificate whose transport key is its signing key's negative; told before
 * any signature is looked at. */
static void
test_negative_seat_key(void)
{
    struct circle circle;
    struct joiner joiner;
    struct ro_signed sig;
    ProtobufCMessage *message;
    Reachout__Seat *opened;
    RO_AUTOBUF body = {0};
    RO_AUTOBUF raw = {0};
    const struct joining joining = {.urn = 900001};
    struct ro_arena *arena = ro_arena_new(0, 0);
    circle_make(&circle);
    joiner_make(&circle, &joining, &joiner);
    tap_need(ro_signed_open(ro_buf_view(&joiner.certificate), &sig) == RO_OK);
    tap_need(ro_unpack(&reachout__seat__descriptor, sig.body, arena,
                       &message) == RO_OK);
    Reachout__Seat *seat = (void *)message;
    struct ro_key negative = *ro_keypair_public(joiner.signing);
    negative.b[RO_KEY_SIZE - 1] ^= 0x80;
    seat->transport_key =
        ro_as_field((struct ro_bytes){negative.b, RO_KEY_SIZE});
    tap_need(ro_pack(&seat->base, &body) == RO_OK);
    const struct ro_signing by[] = {
        {joiner.member,   RO_LABEL_SEAT,           0},
        {joiner.signing,  RO_LABEL_SEAT_COUNTER,   0},
        {joiner.sealing,  RO_LABEL_SEAT_SEALING,   0},
        {joiner.fallback, RO_LABEL_SEAT_FALLBACK,  0},
        {joiner.signing,  RO_LABEL_SEAT_TRANSPORT, 0},
    };
    tap_need(ro_signed_make(REACHOUT__SIGNED__KIND__SEAT, ro_buf_view(&body),
                            by, RO_LEN(by), &raw) == RO_OK);
    tap_is(ro_seat_open(ro_buf_view(&raw), ro_keypair_public(joiner.member),
                        arena, &opened),
           RO_BAD_RECORD);
    joiner_fini(&joiner);
    ro_arena_free(arena);
    circle_fini(&circle);
}

static enum ro_status
found(struct circle *circle, const struct authority_founding *founding)
{
    struct ro_why why = {""};
    struct authority_founded founded = {0};
    enum ro_status s =
        authority_found(founding, &circle->world, &why, &founded);
    if (s != RO_OK)
        printf("# %s\n", why.text);
    authority_founded_fini(&founded);
    return s;
}

static void
test_refusals(void)
{
    struct circle circle;
    circle_make(&circle);
    struct authority_founding founding = {
        .dir = circle.dir, .circle = "Estuary", .keys = 1, .threshold = 1};
    tap_is(found(&circle, &founding), RO_REFUSED);
    founding.dir = circle_path(&circle, "other");
    founding.keys = 3;
    founding.threshold = 2;
    founding.key_file = circle_path(&circle, "my.key");
    tap_is(found(&circle, &founding), RO_USAGE);
    founding.key_file = NULL;
    founding.threshold = 4;
    tap_is(found(&circle, &founding), RO_USAGE);
    founding.keys = founding.threshold = 0;
    tap_is(found(&circle, &founding), RO_USAGE);
    founding.keys = founding.threshold = 1;
    founding.circle = "";
    tap_is(found(&circle, &founding), RO_BAD_INPUT);
    founding.circle = "Two\nlines";
    tap_is(found(&circle, &founding), RO_BAD_INPUT);
    tap_say(access(founding.dir, F_OK) != 0, "a refusal leaves no folder");
    founding.circle = "Empty folders are fine";
    tap_need(mkdir(founding.dir, 0755) == 0);
    tap_is(found(&circle, &founding), RO_OK);
    circle_fini(&circle);
}

/* A key that is kept elsewhere is made there, remembered, and used again. */
static void
test_key_file(void)
{
    struct circle circle;
    circle_make(&circle);
    char key[200];
    (void)snprintf(key, sizeof(key), "%s", circle_path(&circle, "my.key"));
    struct authority_founding founding = {.dir = circle_path(&circle, "one"),
                                          .circle = "Estuary",
                                          .key_file = key,
                                          .keys = 1,
                                          .threshold = 1};
    tap_is(found(&circle, &founding), RO_OK);
    tap_ok(mode_of(key) == 0600);
    tap_ok(access(circle_path(&circle, "one/keys"), F_OK) != 0);
    founding.dir = circle_path(&circle, "two");
    tap_is(found(&circle, &founding), RO_OK);

    struct authority *one = NULL;
    struct authority *two = NULL;
    struct ro_keypair *pair = NULL;
    struct ro_why why = {""};
    tap_need(authority_open(circle_path(&circle, "one"), &circle.world, &why,
                            &one) == RO_OK);
    tap_need(authority_open(circle_path(&circle, "two"), &circle.world, &why,
                            &two) == RO_OK);
    tap_say(memcmp(one->root.keys, two->root.keys, RO_KEY_SIZE) == 0,
            "the same key");
    tap_ok(one->state.keys[0].path[0] == '/');
    tap_is(authority_key_load(one, 0, &why, &pair), RO_OK);
    ro_keypair_free(pair);
    tap_need(unlink(key) == 0);
    tap_is(authority_key_load(one, 0, &why, &pair), RO_NOT_FOUND);
    tap_need(ro_armour_write(key, "key", ro_bytes_text("no key of 32 bytes"),
                             RO_FILE_SECRET, NULL) == RO_OK);
    tap_is(authority_key_load(one, 0, &why, &pair), RO_BAD_INPUT);
    uint8_t other[32] = {9};
    tap_need(ro_armour_write(key, "key", (struct ro_bytes){other, 32},
                             RO_FILE_SECRET, NULL) == RO_OK);
    tap_is(authority_key_load(one, 0, &why, &pair), RO_BAD_INPUT);
    founding.dir = circle_path(&circle, "three");
    tap_need(ro_armour_write(key, "door-key", (struct ro_bytes){other, 32},
                             RO_FILE_SECRET, NULL) == RO_OK);
    tap_is(found(&circle, &founding), RO_BAD_INPUT);
    NEED(ro_armour_write(key, "key", ro_bytes_text("too short for a key"),
                         RO_FILE_SECRET, NULL) == RO_OK);
    founding.dir = circle_path(&circle, "four");
    tap_is(found(&circle, &founding), RO_BAD_INPUT);
    authority_free(one);
    authority_free(two);
    circle_fini(&circle);
}

static void
test_open(void)
{
    struct circle circle;
    circle_make(&circle);
    struct authority *second = NULL;
    struct ro_why why = {""};
    tap_is(authority_open(circle.dir, &circle.world, &why, &second), RO_TAKEN);
    tap_is(authority_open(circle_path(&circle, "none"), &circle.world, &why,
                          &second),
           RO_NOT_FOUND);
    tap_is(authority_open(circle.root, &circle.world, &why, &second),
           RO_NOT_FOUND);
    tap_say(strstr(why.text, "authority init") != NULL, "says what to do");
    authority_free(RO_STEAL(circle.authority));
    tap_need(ro_armour_write(circle_path(&circle, "auth/authority.state"),
                             "authority-state", ro_bytes_text("\1nonsense"),
                             RO_FILE_SECRET, NULL) == RO_OK);
    tap_is(authority_open(circle.dir, &circle.world, &why, &second),
           RO_VAULT_DAMAGED);
    tap_ok(second == NULL);
    circle_fini(&circle);
}

/* State survives; a log that does not lead to the pin is left out. */
static void
test_state(void)
{
    static const uint32_t urns[] = {900001, 900012};
    struct circle circle;
    circle_make(&circle);
    circle_charter(&circle);
    circle_list(&circle, urns, RO_LEN(urns));
    circle_keep(&circle);
    uint8_t psk[32];
    memcpy(psk, circle.authority->state.psk, sizeof(psk));
    circle_reopen(&circle);
    tap_ok(memcmp(circle.authority->state.psk, psk, sizeof(psk)) == 0);
    tap_ok(ro_directory_size(circle.authority->directory) == 2);
    tap_ok(ro_directory_listing(circle.authority->directory, 900012) != NULL);
    tap_ok(authority_log_serial(circle.authority) == 3);

    struct ro_bytes record;
    uint64_t number = 0;
    tap_is(authority_log_newest(circle.authority,
                                REACHOUT__SIGNED__KIND__LISTING, &record,
                                &number),
           RO_OK);
    tap_ok(number == 2);
    tap_is(authority_log_newest(circle.authority, REACHOUT__SIGNED__KIND__SEAT,
                                &record, &number),
           RO_NOT_FOUND);

    circle.authority->state.pin_head.b[0] ^= 1;
    tap_need(authority_state_save(circle.authority->dir,
                                  &circle.authority->state, NULL) == RO_OK);
    circle_reopen(&circle);
    tap_say(ro_directory_size(circle.authority->directory) == 0,
            "another head: the cache is left out");
    circle.authority->state.pin_head.b[0] ^= 1;
    tap_need(authority_state_save(circle.authority->dir,
                                  &circle.authority->state, NULL) == RO_OK);
    circle_reopen(&circle);
    tap_ok(ro_directory_size(circle.authority->directory) == 2);
    tap_need(truncate(circle_path(&circle, "auth/directory.log"), 300) == 0);
    circle_reopen(&circle);
    tap_say(ro_directory_size(circle.authority->directory) == 0,
            "cut short: the cache is left out");
    circle_fini(&circle);
}

/* Without a charter nobody is asked. */
static void
test_no_broker(void)
{
    struct circle circle;
    circle_make(&circle);
    struct authority_requests requests = {0};
    struct ro_why why = {""};
    tap_is(authority_receive(circle.authority, &why, &requests), RO_REFUSED);
    tap_say(strstr(why.text, "charter") != NULL, "says what to do");
    circle_fini(&circle);
}

int
main(void)
{
    tap_need(ro_crypto_init() == RO_OK);
    tap_run(test_modes);
    tap_run(test_contents);
    tap_run(test_one_key_twice);
    tap_run(test_negative_seat_key);
    tap_run(test_refusals);
    tap_run(test_key_file);
    tap_run(test_open);
    tap_run(test_state);
    tap_run(test_no_broker);
    return tap_done();
}

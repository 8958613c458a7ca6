/* SPDX-License-Identifier: Apache-2.0 */
/* Secret files that others can get at are not used. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/crypto/hash.h"
#include "common/wire/armour.h"
#include "common/wire/codec.h"
#include "daemon/keys.h"
#include "directory.pb-c.h"
#include "support/scarce.h"
#include "support/tap.h"
#include "unit/store/folder.h"

static char paths[4][512];

static struct keys_paths
write_files(const struct folder *folder)
{
    static const char *const names[] = {"authority.pub", "door.key",
                                        "curve.key", "signing.key"};
    static const char *const kinds[] = {"authority-public", "door-key", "key",
                                        "key"};
    uint8_t seed[32] = {7};
    for (size_t i = 0; i < RO_LEN(names); i++) {
        snprintf(paths[i], sizeof(paths[i]), "%s/%s", folder->path, names[i]);
        enum ro_status s = ro_armour_write(
            paths[i], kinds[i], (struct ro_bytes){seed, sizeof(seed)},
            i == 0 ? RO_FILE_PUBLIC : RO_FILE_SECRET, NULL);
        tap_need(s == RO_OK);
    }
    return (struct keys_paths){paths[0], paths[1], paths[2], paths[3]};
}

/* Whether loading complains of a file's mode with `words`. */
static bool
complains(const struct keys_paths *of, const char *words)
{
    RO_AUTOBUF errors = {0};
    RO_CLEANUP(keys_freep) struct keys *keys = NULL;
    tap_is(keys_load(of, &errors, &keys), RO_BAD_CONFIG);
    ro_buf_put_u8(&errors, 0);
    return strstr((const char *)errors.data, words) != NULL;
}

static void
test_secret_files_are_their_owners(void)
{
    static const mode_t wrong[] = {0640, 0604, 0620, 0660, 0777};
    struct folder folder = folder_new();
    struct keys_paths of = write_files(&folder);
    tap_say(!complains(&of, "chmod"), "as they are written they will do");
    for (size_t i = 1; i < 4; i++) {
        char words[600];
        snprintf(words, sizeof(words), "chmod 600 %s\n", paths[i]);
        for (size_t n = 0; n < RO_LEN(wrong); n++) {
            tap_need(chmod(paths[i], wrong[n]) == 0);
            tap_ok(complains(&of, words));
        }
        tap_need(chmod(paths[i], 0400) == 0);
        tap_ok(!complains(&of, words));
    }
    folder_remove(&folder);
}

static void
write_door(const char *path)
{
    static uint8_t bytes[32] = {5};
    Reachout__DoorKey door = REACHOUT__DOOR_KEY__INIT;
    RO_AUTOBUF packed = {0};
    door.has_circle = door.has_generation = door.has_psk = 1;
    door.circle = ro_as_field((struct ro_bytes){bytes, RO_ID_SIZE});
    door.psk = ro_as_field((struct ro_bytes){bytes, sizeof(bytes)});
    door.generation = 3;
    tap_need(ro_pack(&door.base, &packed) == RO_OK);
    tap_need(ro_armour_write(path, "door-key", ro_buf_view(&packed),
                             RO_FILE_SECRET, NULL) == RO_OK);
}

/* Memory that is short is not the file's fault. */
static void
test_short_memory(void)
{
    struct folder folder = folder_new();
    struct keys_paths of = write_files(&folder);
    struct broker_door door;
    size_t n_short = 0;
    write_door(of.door);
    for (long n = 0; scarce_begin(n); n++) {
        struct ro_why why = {""};
        enum ro_status s = keys_read_door(of.door, NULL, &why, &door);
        bool was_short = scarce_end();
        n_short += s == RO_NO_MEMORY ? 1 : 0;
        tap_ok(s == (was_short ? RO_NO_MEMORY : RO_OK));
    }
    tap_say(n_short >= 3, "the file, the arena, the message");
    folder_remove(&folder);
}

/* door.key with a generation before it: lower, and with a key. */
static void
test_two_generations(void)
{
    static uint8_t bytes[32] = {5};
    static const struct {
        uint32_t previous;
        size_t size; /* of its key; 0: none */
        enum ro_status status;
    } cases[] = {
        {0, 0,  RO_OK       },
        {2, 32, RO_OK       },
        {3, 32, RO_BAD_INPUT},
        {4, 32, RO_BAD_INPUT},
        {2, 31, RO_BAD_INPUT},
        {2, 0,  RO_BAD_INPUT},
        {0, 32, RO_BAD_INPUT},
    };
    struct folder folder = folder_new();
    struct keys_paths of = write_files(&folder);
    for (size_t i = 0; i < RO_LEN(cases); i++) {
        Reachout__DoorKey door = REACHOUT__DOOR_KEY__INIT;
        struct broker_door read;
        struct ro_why why = {""};
        RO_AUTOBUF packed = {0};
        door.has_circle = door.has_generation = door.has_psk = 1;
        door.circle = ro_as_field((struct ro_bytes){bytes, RO_ID_SIZE});
        door.psk = ro_as_field((struct ro_bytes){bytes, sizeof(bytes)});
        door.generation = 3;
        door.has_previous_generation = cases[i].previous != 0;
        door.previous_generation = cases[i].previous;
        door.has_previous_psk = cases[i].size != 0;
        door.previous_psk =
            ro_as_field((struct ro_bytes){bytes, cases[i].size});
        tap_need(ro_pack(&door.base, &packed) == RO_OK);
        tap_need(ro_armour_write(of.door, "door-key", ro_buf_view(&packed),
                                 RO_FILE_SECRET, NULL) == RO_OK);
        tap_is(keys_read_door(of.door, NULL, &why, &read), cases[i].status);
    }
    folder_remove(&folder);
}

int
main(void)
{
    if (ro_crypto_init() != RO_OK)
        return 1;
    tap_run(test_secret_files_are_their_owners);
    tap_run(test_two_generations);
    tap_run(test_short_memory);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "golden/recheck.h"

#include <string.h>

#include "common/crypto/fingerprint.h"
#include "common/crypto/words.h"
#include "common/wire/codec.h"

static bool
is(const struct book *page, const char *name, const void *bytes, size_t size)
{
    return ro_bytes_equal(book_get(page, name), (struct ro_bytes){bytes, size});
}

static enum ro_status
add(const struct book *page, struct ro_directory *directory, const char *name)
{
    struct ro_replaying checking = {.how = RO_REPLAY_CHECK, .today = CAST_DAY};
    return ro_directory_add(directory, book_get(page, name), &checking, NULL);
}

/* Taken where it is signed by both keys, after the log; nowhere else. */
static void
recheck_amendment(const struct book *page)
{
    struct ro_directory *directory = recheck_log(page);
    struct ro_hash head;
    point_need(add(page, directory, "record.9") == RO_OK);
    point_is(add(page, directory, "amendment"), RO_OK);
    const struct ro_member_view *a =
        ro_directory_member_by_urn(directory, 100001);
    point_need(a != NULL);
    point_ok(is(page, "a.id", a->id.b, RO_ID_SIZE));
    point_ok(is(page, "a.new-key.ed25519", a->key.b, RO_KEY_SIZE));
    point_say(a->key_since == 10 && a->replaced_at == 0,
              "its key was handed over, not replaced");
    test_must(ro_directory_head(directory, 10, &head));
    point_ok(is(page, "head.10", head.b, RO_HASH_SIZE));
    point_is(add(page, directory, "amendment"), RO_OLD_SERIAL);
    ro_directory_free(directory);
}

static void
recheck_door_key(const struct book *page)
{
    struct ro_arena *arena = ro_arena_new((size_t)1 << 16, (size_t)1 << 16);
    ProtobufCMessage *message;
    point_need(arena != NULL);
    point_need(ro_unpack(&reachout__door_key__descriptor,
                         book_get(page, "door-key-2"), arena,
                         &message) == RO_OK);
    const Reachout__DoorKey *key = (const Reachout__DoorKey *)message;
    point_ok(key->generation == 2 && key->previous_generation == 1);
    point_ok(is(page, "psk.2", key->psk.data, key->psk.len));
    point_ok(is(page, "psk", key->previous_psk.data, key->previous_psk.len));
    ro_arena_free(arena);
}

static bool
number_is(const struct book *page, const char *key_of_a, const char *name)
{
    char number[RO_SAFETY_DIGITS + 1];
    const struct ro_fingerprint_side a = {book_get(page, key_of_a),
                                          book_get(page, "a.id")};
    const struct ro_fingerprint_side b = {book_get(page, "b.key.ed25519"),
                                          book_get(page, "b.id")};
    ro_safety_number(&b, &a, number); /* from b's side */
    return is(page, name, number, RO_SAFETY_DIGITS);
}

static void
recheck_safety(const struct book *page)
{
    char number[RO_SAFETY_DIGITS + 1];
    const char *words[RO_SAFETY_WORDS];
    struct ro_bytes shown = book_get(page, "safety.words");
    size_t at = 0;
    point_ok(number_is(page, "a.key.ed25519", "safety.number"));
    point_ok(number_is(page, "a.new-key.ed25519", "safety.number-later"));
    book_copy(page, "safety.number", number, RO_SAFETY_DIGITS);
    number[RO_SAFETY_DIGITS] = '\0';
    ro_words_of_number(number, words);
    bool good = true;
    for (size_t i = 0; i < RO_SAFETY_WORDS && good; i++) {
        size_t size = strlen(words[i]);
        good = at + size <= shown.size &&
               memcmp(shown.data + at, words[i], size) == 0;
        at += size + 1;
    }
    point_say(good && at == shown.size + 1, "the words of the number");
}

void
recheck_later(const struct book *page)
{
    recheck_amendment(page);
    recheck_door_key(page);
    recheck_safety(page);
}

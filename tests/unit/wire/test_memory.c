/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is short is not the frame's fault. */
#include "common/wire/codec.h"

#include "frame.pb-c.h"

#include "tests/support/scarce.h"
#include "tests/support/tap.h"

#define BODIES 40
#define BODY 4000

static void
test_short_memory_has_its_own_outcome(void)
{
    static uint8_t body[BODY];
    ProtobufCBinaryData bodies[BODIES];
    Reachout__Deposit__Ask ask = REACHOUT__DEPOSIT__ASK__INIT;
    RO_AUTOBUF bytes = {0};
    for (size_t i = 0; i < BODIES; i++)
        bodies[i] = ro_as_field((struct ro_bytes){body, BODY});
    ask.bodies = bodies;
    ask.n_bodies = BODIES;
    tap_need(ro_pack(&ask.base, &bytes) == RO_OK);
    long n = 0;
    for (; scarce_begin(n); n++) {
        ProtobufCMessage *message = NULL;
        struct ro_arena *arena = ro_arena_new(0, 0);
        enum ro_status s =
            arena == NULL ? RO_NO_MEMORY
                          : ro_unpack(&reachout__deposit__ask__descriptor,
                                      ro_buf_view(&bytes), arena, &message);
        bool failed = scarce_end();
        tap_is(s, failed ? RO_NO_MEMORY : RO_OK);
        ro_arena_free(arena);
    }
    tap_say(n > 3, "it was short in several places");
}

/* The caps are the frame's fault as before, and are so right after. */
static void
test_caps_are_still_caps(void)
{
    struct ro_arena *arena = ro_arena_new(0, 0);
    ro_arena_reset(arena, 1, 1);
    tap_need(scarce_begin(0));
    tap_ok(ro_arena_take(arena, 1) == NULL && ro_arena_was_short(arena));
    (void)scarce_end();
    uint8_t many[2 * (RO_UNPACK_PIECES + 1)];
    for (size_t i = 0; i < sizeof(many); i += 2) {
        many[i] = 0x0a; /* field 1, of no bytes */
        many[i + 1] = 0;
    }
    ProtobufCMessage *message = NULL;
    tap_is(ro_unpack(&reachout__deposit__ask__descriptor,
                     (struct ro_bytes){many, sizeof(many)}, arena, &message),
           RO_BAD_FRAME);
    tap_ok(!ro_arena_was_short(arena));
    ro_arena_free(arena);
}

int
main(void)
{
    tap_run(test_short_memory_has_its_own_outcome);
    tap_run(test_caps_are_still_caps);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "golden/play.h"

#include <stdio.h>
#include <string.h>

#include "daemon/pipeline/broker.h"
#include "unit/store/folder.h"

enum {
    LINE_A = CAST_LINE_A,
    LINE_B = CAST_LINE_B,
    LINE_JOINER = CAST_LINE_JOINER,
    LINE_AUTHORITY = CAST_LINE_AUTHORITY,
    LINE_LEAD = CAST_LINES, /* a's Lead at the member door */
    LINE_HEAD,              /* b's */
};

/* What is said when, and by whom. */
static const struct step {
    const char *name; /* of NAME.ask */
    size_t line;
    int64_t at_s;
} story[] = {
    {"authority-hello",    LINE_AUTHORITY, CAST_BEFORE_S},
    {"authority-append-1", LINE_AUTHORITY, CAST_BEFORE_S},
    {"joiner-hello",       LINE_JOINER,    CAST_BEFORE_S},
    {"enrol-request",      LINE_JOINER,    CAST_BEFORE_S},
    {"enrol-answer",       LINE_AUTHORITY, CAST_BEFORE_S},
    {"joiner-attach",      LINE_JOINER,    CAST_BEFORE_S},
    {"joiner-ack",         LINE_JOINER,    CAST_BEFORE_S},
    {"authority-append-2", LINE_AUTHORITY, CAST_BEFORE_S},
    {"lead-publish",       LINE_LEAD,      CAST_BEFORE_S},
    {"lead-attach",        LINE_LEAD,      CAST_BEFORE_S},
    {"mirror",             LINE_LEAD,      CAST_BEFORE_S},
    {"publish",            LINE_HEAD,      CAST_BEFORE_S},
    {"hello",              LINE_A,         CAST_NOW_S   },
    {"directory",          LINE_A,         CAST_NOW_S   },
    {"notices",            LINE_A,         CAST_NOW_S   },
    {"deposit",            LINE_A,         CAST_NOW_S   },
    {"b-hello",            LINE_B,         CAST_NOW_S   },
    {"attach",             LINE_B,         CAST_NOW_S   },
    {"ack",                LINE_B,         CAST_NOW_S   },
    {"member-hello",       LINE_LEAD,      CAST_NOW_S   },
    {"append",             LINE_A,         CAST_NOW_S   },
    {"refused",            LINE_A,         CAST_NOW_S   },
};

size_t
play_line(const char *ask)
{
    const char *end = strstr(ask, ".ask");
    size_t size = end != NULL ? (size_t)(end - ask) : strlen(ask);
    for (size_t i = 0; i < RO_LEN(story); i++) {
        if (strlen(story[i].name) == size &&
            memcmp(story[i].name, ask, size) == 0)
            return story[i].line;
    }
    book_fail("nobody says %s", ask);
}

/* --- a broker ------------------------------------------------------------- */

struct house {
    const struct cast *cast;
    struct folder folder;
    struct store *store;
    struct broker *broker;
    struct ro_clock_virtual clock;
    struct session_id lines[PLAY_LINES];
    bool connected[PLAY_LINES];
};

static void
house_open(const struct cast *cast, struct house *house)
{
    const struct test_circle *circle = cast->circle;
    struct ro_why why = {""};
    *house = (struct house){.cast = cast,
                            .folder = folder_new(),
                            .clock = {.wall_s = CAST_BEFORE_S}};
    test_must(store_open(house->folder.path, &why, &house->store));
    struct broker_setup setup = {
        .clock = ro_clock_of(&house->clock),
        .entropy = ro_entropy_system(),
        .store = house->store,
        .limits = {.sessions = PLAY_LINES,
                   .open_envelopes = 10000,
                   .open_bytes = 64 * 1024 * 1024,
                   .mailbox_envelopes = 5000,
                   .window = 64,
                   .turn_timers = 4,
                   .session_idle_ms = 3600 * 1000},
        .root = circle->root,
        .curve = *ro_keypair_x25519(circle->broker_curve),
        .signing = circle->broker_signing,
        .door.generation = circle->generation,
    };
    memcpy(setup.door.psk, circle->psk, sizeof(setup.door.psk));
    test_must(broker_new(&setup, &why, &house->broker));
}

static void
house_close(struct house *house)
{
    broker_free(house->broker);
    store_free(house->store);
    folder_remove(&house->folder);
}

static struct session_id
connected(struct house *house, size_t line)
{
    const struct cast *cast = house->cast;
    enum door door = line < CAST_LINES ? DOOR_OPEN : DOOR_MEMBER;
    const struct ro_keypair *pair = line == LINE_LEAD   ? cast->lead->transport
                                    : line == LINE_HEAD ? cast->head->transport
                                                        : cast->line[line];
    if (!house->connected[line]) {
        test_must(broker_session_open(
            house->broker, door, ro_keypair_x25519(pair), &house->lines[line]));
        house->connected[line] = true;
    }
    return house->lines[line];
}

/* The clock of the store's and the broker's timers moves with the wall. */
static void
move_clock(struct house *house, int64_t now_s)
{
    if (house->clock.wall_s == now_s)
        return;
    house->clock.mono_ms += (now_s - house->clock.wall_s) * 1000;
    house->clock.wall_s = now_s;
    /* whoever was there has gone long since; the hour's checkpoint is made */
    for (size_t i = 0; i < PLAY_LINES; i++) {
        if (house->connected[i])
            broker_session_close(house->broker, house->lines[i]);
        house->connected[i] = false;
    }
    test_must(broker_turn_begin(house->broker));
    test_must(broker_turn_end(house->broker));
}

static void
keep(const char *name, struct ro_bytes frame, struct book *answers)
{
    char full[BOOK_NAME];
    struct ro_frame_header header;
    struct ro_bytes payload;
    test_must(ro_frame_get(frame, &header, &payload));
    snprintf(full, sizeof(full), "%s.%s", name,
             header.kind == RO_FRAME_PUSH ? "push" : "answer");
    ro_buf_put(book_add(answers, full), frame.data, frame.size);
}

static void
say(struct house *house,
    const struct step *step,
    const struct book *asks,
    struct book *answers)
{
    char name[BOOK_NAME];
    struct broker_send send;
    snprintf(name, sizeof(name), "%s.ask", step->name);
    move_clock(house, step->at_s);
    struct session_id id = connected(house, step->line);
    test_must(broker_turn_begin(house->broker));
    broker_take(house->broker, id, book_get(asks, name));
    test_must(broker_turn_end(house->broker));
    while (broker_send_next(house->broker, &send)) {
        if (send.to.slot == id.slot && send.to.generation == id.generation)
            keep(step->name, send.frame, answers);
    }
}

void
play(const struct cast *cast, const struct book *asks, struct book *ret_answers)
{
    struct house house;
    house_open(cast, &house);
    for (size_t i = 0; i < RO_LEN(story); i++)
        say(&house, &story[i], asks, ret_answers);
    house_close(&house);
}

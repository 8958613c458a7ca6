/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The circle that one broker is planned for: 2,500 schools, 7,500 seats, each
 * with a list of keys for 98 days. How long the broker takes to start, a new
 * seat (a real `reachout sync`) for its first sync, and for its daily one after
 * 0, 10 and 100 records, and after the lists that are renewed in a day.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/entropy.h"
#include "common/wire/notices.h"
#include "daemon/pipeline/broker.h"
#include "daemon/store/store.h"
#include "tests/bench/caller.h"
#include "tests/bench/newcomer.h"

#define SCHOOLS 2500
#define SEATS_EACH 3
#define SEATS ((size_t)SCHOOLS * SEATS_EACH)
#define STARTS 5
#define NEWCOMERS 3
/* Listed after the schools: newcomers, and members that come later. */
#define MORE_LISTED 1000
/* A list is renewed every 28 days. */
#define RENEWED (SEATS / 28)
#define TOGETHER 50
/* Schools that are made at a time. */
#define A_STREET 50
#define DAY_S 86400
#define HOUR_S 3600

struct town {
    struct house house;
    void *context;
    const char *reachout;
    uint32_t next_urn;
    struct newcomer newcomers[NEWCOMERS];
};

/* --- key lists ----------------------------------------------------------- */

/* The seat's list from a day on. What its keys are made of is nothing: nobody
 * can tell, and making them would take longer than all the rest. */
static void
make_list(const struct house *house, struct test_seat *seat, struct ro_buf *out)
{
    struct ro_key keys[RO_EPOCH_DAYS_MAX];
    struct ro_entropy_seeded seed = {ro_get_u64(seat->id.b)};
    struct ro_entropy entropy = ro_entropy_of(&seed);
    ro_entropy_fill(&entropy, keys[0].b, sizeof(keys));
    for (size_t i = 0; i < RO_LEN(keys); i++)
        keys[i].b[RO_KEY_SIZE - 1] &= 0x3f; /* a number below the field's */
    struct ro_epoch_list list = {
        .circle = house->circle->id,
        .seat = seat->id,
        .serial = ++seat->notice_serial,
        .first_day = (uint32_t)(time(NULL) / DAY_S),
        .keys = keys,
        .n_keys = RO_EPOCH_DAYS_MAX,
    };
    ro_buf_clear(out);
    test_must(ro_epoch_list_sign(&list, seat->signing, out));
}

static struct test_seat *
nth_seat(const struct house *house, size_t i)
{
    return house->circle->members[i / SEATS_EACH]->seats[i % SEATS_EACH];
}

/* Some seats publish, at connections of their own. */
static void
publish_some(struct town *town, size_t first, size_t n)
{
    struct caller callers[TOGETHER];
    RO_AUTOBUF raw = {0};
    for (size_t i = 0; i < n; i++) {
        struct test_seat *seat = nth_seat(&town->house, first + i);
        const struct caller_place place = {
            .context = town->context, .house = &town->house, .seat = seat};
        make_list(&town->house, seat, &raw);
        ProtobufCBinaryData notice = ro_as_field(ro_buf_view(&raw));
        Reachout__Publish__Ask ask = REACHOUT__PUBLISH__ASK__INIT;
        ask.n_notices = 1;
        ask.notices = &notice;
        caller_open(&place, &callers[i]);
        caller_say(&callers[i], RO_VERB_PUBLISH, &ask.base);
    }
    for (size_t i = 0; i < n; i++) {
        caller_wait(&callers[i]);
        caller_read(&callers[i], &reachout__publish__answer__descriptor);
        caller_close(&callers[i]);
    }
}

static void
publish(struct town *town, size_t from, size_t to)
{
    for (size_t first = from; first < to; first += TOGETHER)
        publish_some(town, first,
                     to - first < TOGETHER ? to - first : TOGETHER);
}

/* --- measuring ----------------------------------------------------------- */

static void
report_circle(const struct town *town, json_t *line)
{
    report_whole(line, "schools", SCHOOLS);
    report_whole(line, "seats", SEATS);
    report_whole(line, "records", town->house.circle->n_records);
    report_whole(line, "resident_bytes", house_resident_bytes(&town->house));
    report_print(line);
}

/* A start after kill -9. The processor's time is told too: on a machine that
 * has much else to do it is what the start itself costs. */
static void
measure_starts(struct town *town, const char *vouched)
{
    struct samples took = {0};
    struct samples effort = {0};
    for (size_t i = 0; i < STARTS; i++) {
        house_end(&town->house, SIGKILL);
        samples_add(&took, house_start(&town->house));
        samples_add(&effort, house_effort(&town->house).all_ns);
    }
    samples_sort(&took);
    samples_sort(&effort);
    json_t *line = report_new("circle-start", town->house.folder.path);
    json_object_set_new(line, "checkpoint", json_string(vouched));
    report_ms(line, "ready_p50_ms", samples_at(&took, 50));
    report_ms(line, "ready_max_ms", samples_at(&took, 100));
    report_ms(line, "processor_p50_ms", samples_at(&effort, 50));
    report_circle(town, line);
    samples_fini(&took);
    samples_fini(&effort);
}

/* All newcomers sync, one after the other. */
static void
measure_syncs(struct town *town, const char *bench, size_t changed)
{
    struct samples took = {0};
    struct samples effort = {0};
    struct newcomer_sync sync = {0};
    for (size_t i = 0; i < NEWCOMERS; i++) {
        newcomer_sync(&town->newcomers[i], town->reachout, &sync);
        samples_add(&took, sync.ns);
        samples_add(&effort, sync.effort_ns);
    }
    samples_sort(&took);
    samples_sort(&effort);
    json_t *line = report_new(bench, town->house.folder.path);
    report_whole(line, "changed", changed);
    report_ms(line, "sync_p50_ms", samples_at(&took, 50));
    report_ms(line, "sync_max_ms", samples_at(&took, 100));
    report_ms(line, "processor_p50_ms", samples_at(&effort, 50));
    report_whole(line, "client_resident_bytes", sync.resident_bytes);
    report_whole(line, "wire_bytes", sync.wire_bytes);
    report_circle(town, line);
    samples_fini(&took);
    samples_fini(&effort);
}

/* --- the town ------------------------------------------------------------ */

static void
append_members(struct town *town, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        test_circle_member(town->house.circle, REACHOUT__MEMBER_KIND__SCHOOL,
                           town->next_urn++, NULL);
    }
    house_append(&town->house);
}

/* Secrets stand between guard pages, and the kernel has an end of those: a
 * seat that will not be heard of again gives its own back. */
static void
forget_keys(struct test_seat *seat)
{
    struct ro_keypair **keys[] = {&seat->signing, &seat->sealing,
                                  &seat->fallback, &seat->transport};
    for (size_t i = 0; i < RO_LEN(keys); i++) {
        ro_keypair_free(*keys[i]);
        *keys[i] = NULL;
    }
}

/* Some schools with all their seats are admitted, and publish. */
static void
build_street(struct town *town, size_t first)
{
    struct house *house = &town->house;
    struct test_circle *circle = house->circle;
    for (size_t i = first; i < first + A_STREET; i++) {
        struct test_member *school =
            test_circle_school(circle, TEST_FIRST_URN + (uint32_t)i);
        test_circle_seat(circle, school, REACHOUT__ROLE__DELEGATE);
        test_circle_seat(circle, school, REACHOUT__ROLE__OFFICE);
    }
    house_append(house);
    size_t to = (first + A_STREET) * SEATS_EACH;
    publish(town, first * SEATS_EACH, to);
    for (size_t i = first * SEATS_EACH; i < to; i++) {
        if (i >= RENEWED)
            forget_keys(nth_seat(house, i));
    }
}

static void
open_town(struct town *town, const char *reachoutd)
{
    static const struct house_limit limits[] = {
        {NULL, 0}
    };
    const struct house_plan plan = {.reachoutd = reachoutd, .limits = limits};
    house_open(&plan, &town->house);
    town->context = callers_context();
    test_circle_list(town->house.circle, TEST_FIRST_URN, SCHOOLS + MORE_LISTED);
    for (size_t i = 0; i < SCHOOLS; i += A_STREET)
        build_street(town, i);
    town->next_urn = TEST_FIRST_URN + SCHOOLS;
    for (size_t i = 0; i < NEWCOMERS; i++)
        newcomer_join(&town->house, town->next_urn++, &town->newcomers[i]);
    house_append(&town->house);
}

/* The broker, as it is an hour later: its core signs the checkpoint of that
 * hour, which vouches for all records, into the store of the one at rest. */
static void
pass_an_hour(struct town *town)
{
    struct house *house = &town->house;
    struct ro_clock_virtual later = {.wall_s = time(NULL) + HOUR_S,
                                     .mono_ms = 1};
    struct broker_setup setup = {
        .clock = ro_clock_of(&later),
        .entropy = ro_entropy_system(),
        .limits = {.sessions = 64,
                   .open_envelopes = UINT32_MAX,
                   .open_bytes = UINT64_MAX,
                   .mailbox_envelopes = 5000,
                   .window = 64,
                   .turn_timers = 256,
                   .session_idle_ms = (int64_t)HOUR_S * 1000},
        .root = house->circle->root,
        .curve = *ro_keypair_x25519(house->circle->broker_curve),
        .signing = house->circle->broker_signing,
        .door.generation = house->circle->generation,
    };
    struct broker *broker = NULL;
    memcpy(setup.door.psk, house->circle->psk, sizeof(setup.door.psk));
    house_end(house, SIGTERM);
    test_must(store_open(house->home, NULL, &setup.store));
    test_must(broker_new(&setup, NULL, &broker));
    test_must(broker_turn_begin(broker));
    test_must(broker_turn_end(broker));
    broker_free(broker);
    store_free(setup.store);
    house_start(house);
}

int
main(int argc, char *argv[])
{
    static struct town town;
    static const size_t changes[] = {0, 10, 100};
    if (argc != 3)
        die("usage: %s REACHOUTD REACHOUT", argv[0]);
    town.reachout = argv[2];
    newcomer_own_loopback();
    open_town(&town, argv[1]);
    measure_starts(&town, "before any record");
    pass_an_hour(&town);
    measure_starts(&town, "all records");
    measure_syncs(&town, "circle-first-sync", 0);
    /* until each has heard of what the others published */
    for (size_t i = 0; i < NEWCOMERS; i++)
        newcomer_sync(&town.newcomers[i], town.reachout,
                      &(struct newcomer_sync){0});
    for (size_t i = 0; i < RO_LEN(changes); i++) {
        append_members(&town, changes[i]);
        measure_syncs(&town, "circle-daily-sync", changes[i]);
    }
    publish(&town, 0, RENEWED);
    measure_syncs(&town, "circle-renewed-lists", RENEWED);
    zmq_ctx_term(town.context);
    house_close(&town.house);
    return 0;
}

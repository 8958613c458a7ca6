/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole exchange through the core with each allocation failing in its turn:
 * what the core allocates, and SQLite for it. Whoever is refused for it says
 * the same once more and is heard; what was answered is kept, delivered once,
 * and still there after another start.
 */
#include "support/scarce.h"
#include "unit/broker/rig.h"

#define QUICK 3
#define STORIES 8 /* with one circle: it grows with each */
#define HOUR_S 3600

/* --- only the core is short ----------------------------------------------- */

enum ro_status __real_broker_turn_begin(struct broker *broker);
enum ro_status __real_broker_turn_end(struct broker *broker);
void __real_broker_take(struct broker *broker,
                        struct session_id id,
                        struct ro_bytes frame);
bool __real_broker_send_next(struct broker *broker,
                             struct broker_send *ret_send);
enum ro_status __wrap_broker_turn_begin(struct broker *broker);
enum ro_status __wrap_broker_turn_end(struct broker *broker);
void __wrap_broker_take(struct broker *broker,
                        struct session_id id,
                        struct ro_bytes frame);
bool __wrap_broker_send_next(struct broker *broker,
                             struct broker_send *ret_send);

enum ro_status
__wrap_broker_turn_begin(struct broker *broker)
{
    scarce_resume();
    enum ro_status s = __real_broker_turn_begin(broker);
    scarce_pause();
    return s;
}

enum ro_status
__wrap_broker_turn_end(struct broker *broker)
{
    scarce_resume();
    enum ro_status s = __real_broker_turn_end(broker);
    scarce_pause();
    return s;
}

void
__wrap_broker_take(struct broker *broker,
                   struct session_id id,
                   struct ro_bytes frame)
{
    scarce_resume();
    __real_broker_take(broker, id, frame);
    scarce_pause();
}

bool
__wrap_broker_send_next(struct broker *broker, struct broker_send *ret_send)
{
    scarce_resume();
    bool is_there = __real_broker_send_next(broker, ret_send);
    scarce_pause();
    return is_there;
}

/* --- the exchange --------------------------------------------------------- */

struct play {
    struct rig *rig;
    struct test_seat *seat; /* who is written to */
    struct peer guest;
    struct peer member;
    struct ro_buf list;   /* its new notice */
    struct ro_buf ticket; /* of who asks to be admitted */
    struct ro_keypair *asker;
    uint64_t keys[4]; /* delivered */
    size_t n_keys;
};

typedef enum ro_status step_fn(struct play *play);

static enum ro_status
step_hello(struct play *play)
{
    return rig_hello(play->rig, &play->guest, NULL);
}

static enum ro_status
step_greet(struct play *play)
{
    return rig_hello(play->rig, &play->member, NULL);
}

/* All records that came with this story, one by one. */
static enum ro_status
step_append(struct play *play)
{
    struct rig *rig = play->rig;
    uint64_t have = ro_directory_size(rig->broker->ledger.directory);
    for (uint64_t i = have; i < rig->circle->n_records; i++) {
        RO_TRY(
            rig_append(rig, &play->guest, test_circle_record(rig->circle, i)));
    }
    return RO_OK;
}

static enum ro_status
step_publish(struct play *play)
{
    Reachout__Publish__Ask ask = REACHOUT__PUBLISH__ASK__INIT;
    ProtobufCBinaryData notices[] = {ro_as_field(ro_buf_view(&play->list))};
    ask.n_notices = 1;
    ask.notices = notices;
    return rig_ask(play->rig, &play->member,
                   &(struct rig_ask){RO_VERB_PUBLISH, &ask.base}, NULL);
}

static enum ro_status
step_enrol(struct play *play)
{
    static uint8_t body[4096] = {7};
    static uint8_t wrap[RO_WRAP_SIZE];
    Reachout__Enrol__Ask ask = REACHOUT__ENROL__ASK__INIT;
    memcpy(wrap, play->rig->circle->ticket_id, RO_ID_SIZE);
    ask.has_body = ask.has_wrap = ask.has_ticket = ask.has_mailbox_key = true;
    ask.has_generation = ask.has_expiry_hour = true;
    ask.body = rig_field(body, sizeof(body));
    ask.wrap = rig_field(wrap, sizeof(wrap));
    ask.generation = play->rig->circle->generation;
    ask.expiry_hour = ro_hour_of(play->rig->clock.wall_s) + 24;
    ask.ticket = ro_as_field(ro_buf_view(&play->ticket));
    ask.mailbox_key = rig_field(ro_keypair_public(play->asker)->b, RO_KEY_SIZE);
    return rig_ask(play->rig, &play->guest,
                   &(struct rig_ask){RO_VERB_ENROL, &ask.base}, NULL);
}

static enum ro_status
step_deposit(struct play *play)
{
    struct draft draft;
    rig_draft(play->rig, &draft, &play->seat->id, 1);
    return rig_deposit(play->rig, &play->guest, &draft);
}

static enum ro_status
step_deposit_large(struct play *play)
{
    struct draft draft;
    rig_draft(play->rig, &draft, &play->seat->id, 2);
    rig_draft_body(&draft, 65536, 2);
    return rig_deposit(play->rig, &play->guest, &draft);
}

static void
note_pushes(struct play *play)
{
    size_t n = rig_pushes(play->rig, &play->member);
    for (size_t i = 0; i < n; i++) {
        const Reachout__Attach__Push *push =
            rig_push(play->rig, &play->member, i);
        for (size_t k = 0; k < push->n_envelopes; k++) {
            if (play->n_keys == RO_LEN(play->keys))
                abort();
            play->keys[play->n_keys++] = push->envelopes[k]->key;
        }
    }
}

static enum ro_status
step_attach(struct play *play)
{
    enum ro_status s = rig_attach(play->rig, &play->member, 0);
    if (s == RO_OK)
        note_pushes(play);
    return s;
}

/* What could not be read at once is read a little later. */
static enum ro_status
step_wait(struct play *play)
{
    struct rig *rig = play->rig;
    for (int i = 0; i < 4 && play->n_keys < 2; i++) {
        rig->clock.mono_ms += PUSH_STALL_MS;
        rig_idle(rig);
        note_pushes(play);
    }
    return play->n_keys == 2 ? RO_OK : RO_NOT_FOUND;
}

static enum ro_status
step_ack(struct play *play)
{
    return rig_ack(play->rig, &play->member, &play->seat->id, play->keys,
                   play->n_keys);
}

static enum ro_status
step_directory(struct play *play)
{
    Reachout__Directory__Ask ask = REACHOUT__DIRECTORY__ASK__INIT;
    return rig_ask(play->rig, &play->guest,
                   &(struct rig_ask){RO_VERB_DIRECTORY, &ask.base}, NULL);
}

static enum ro_status
step_notices(struct play *play)
{
    Reachout__Notices__Ask ask = REACHOUT__NOTICES__ASK__INIT;
    return rig_ask(play->rig, &play->guest,
                   &(struct rig_ask){RO_VERB_NOTICES, &ask.base}, NULL);
}

/* An hour later there is a checkpoint, if not at once then a minute after. */
static enum ro_status
step_hour(struct play *play)
{
    struct rig *rig = play->rig;
    uint32_t slot = ro_hour_of(rig->clock.wall_s);
    for (int i = 0; i < 3 && rig->broker->ledger.slot < slot; i++) {
        rig->clock.mono_ms += 61000;
        rig_idle(rig);
    }
    return rig->broker->ledger.slot == slot ? RO_OK : RO_NOT_FOUND;
}

static const struct {
    const char *name;
    step_fn *run;
} steps[] = {
    {"hello",         step_hello        },
    {"greet",         step_greet        },
    {"append",        step_append       },
    {"publish",       step_publish      },
    {"enrol",         step_enrol        },
    {"deposit",       step_deposit      },
    {"deposit-large", step_deposit_large},
    {"attach",        step_attach       },
    {"wait",          step_wait         },
    {"ack",           step_ack          },
    {"directory",     step_directory    },
    {"notices",       step_notices      },
    {"hour",          step_hour         },
};

/* --- one story ------------------------------------------------------------ */

/* Whoever was cut off comes back. */
static void
come_back(struct play *play)
{
    struct rig *rig = play->rig;
    rig_idle(rig);
    if (sessions_find(rig->broker->sessions, play->guest.id) == NULL)
        play->guest = rig_guest(rig);
    if (sessions_find(rig->broker->sessions, play->member.id) == NULL)
        play->member = rig_member(rig, play->seat);
}

/* A step, and once more if there was no memory for it. */
static bool
run_step(struct play *play, size_t i, long k)
{
    enum ro_status s = steps[i].run(play);
    if (s == RO_OK)
        return true;
    bool is_named =
        s == RO_NO_ROOM || s == RO_NO_MEMORY ||
        (s == RO_NOT_FOUND &&
         sessions_find(play->rig->broker->sessions, play->guest.id) == NULL);
    come_back(play);
    enum ro_status again = steps[i].run(play);
    if (!is_named || again != RO_OK) {
        printf("# allocation %ld: %s: %s, then %s\n", k, steps[i].name,
               ro_status_name(s), ro_status_name(again));
    }
    return is_named && again == RO_OK;
}

static void
prepare(struct play *play)
{
    struct rig *rig = play->rig;
    struct test_circle *circle = rig->circle;
    Reachout__Ticket ticket;
    uint32_t next = TEST_FIRST_URN + (uint32_t)circle->n_members;
    rig->clock.wall_s += HOUR_S;
    rig->clock.mono_ms += (int64_t)HOUR_S * 1000;
    test_circle_school(circle, next);
    test_seat_notice(circle, play->seat, ro_day_of(rig->clock.wall_s), 98,
                     &play->list);
    test_ticket_init(circle, next, &ticket);
    test_sign_ticket(circle, &ticket, &play->ticket);
    play->asker = ro_keypair_new(&circle->entropy);
    play->guest = rig_stranger(rig);
    play->member = rig_member(rig, play->seat);
}

static void
clean(struct play *play)
{
    broker_session_close(play->rig->broker, play->guest.id);
    broker_session_close(play->rig->broker, play->member.id);
    rig_idle(play->rig);
    ro_buf_fini(&play->list);
    ro_buf_fini(&play->ticket);
    ro_keypair_free(play->asker);
}

/* What must be there of a story that went through. */
static bool
is_kept(struct rig *rig, uint64_t stories)
{
    struct store_figures f = {0};
    struct peer guest = rig_guest(rig);
    RO_CLEANUP(ro_directory_freep)
    struct ro_directory *directory = rig_replay(rig, &guest);
    test_must(store_measure(rig->store, &f));
    broker_session_close(rig->broker, guest.id);
    rig_idle(rig);
    /* the envelopes are those of who asks to be admitted */
    return ro_directory_size(directory) == rig->circle->n_records &&
           f.records == rig->circle->n_records && f.notices == 1 &&
           f.envelopes == stories && f.bodies == 1;
}

/* Whether an allocation failed, and all was well. */
static bool
tell(struct rig *rig, long k, bool *ret_failed)
{
    struct play play = {.rig = rig, .seat = rig->circle->members[1]->seats[0]};
    bool is_fine = true;
    prepare(&play);
    scarce_pause();
    scarce_set(k, 1);
    for (size_t i = 0; i < RO_LEN(steps); i++)
        is_fine &= run_step(&play, i, k);
    *ret_failed = scarce_end();
    scarce_resume();
    is_fine &= play.n_keys == 2;
    clean(&play);
    return is_fine;
}

static void
test_exchange(void)
{
    const long step = scarce_step(QUICK);
    struct rig *rig = rig_open(1);
    bool is_fine = true;
    bool failed = true;
    uint64_t stories = 0;
    long k = 0;
    for (; failed; k += step) {
        if (stories == STORIES) {
            rig_close(rig);
            rig = rig_open(1);
            stories = 0;
        }
        is_fine &= tell(rig, k, &failed);
        stories++;
        is_fine &= is_kept(rig, stories);
        rig_restart(rig);
        is_fine &= is_kept(rig, stories);
    }
    printf("# %ld allocations, every %ld. fails\n", k - step, step);
    tap_ok(is_fine && k > 100);
    rig_close(rig);
}

/* --- starting ------------------------------------------------------------- */

static enum ro_status
start_once(struct rig *rig, struct ro_why *why)
{
    struct broker_setup setup = {
        .clock = ro_clock_of(&rig->clock),
        .entropy = rig->circle->entropy,
        .limits = rig->limits,
        .root = rig->circle->root,
        .curve = *ro_keypair_x25519(rig->circle->broker_curve),
        .signing = rig->circle->broker_signing,
        .door.generation = rig->circle->generation,
        .store = rig->store,
    };
    memcpy(setup.door.psk, rig->circle->psk, sizeof(setup.door.psk));
    return broker_new(&setup, why, &rig->broker);
}

/* One that came up lets its members in, if not at once then after a turn. */
static void
test_start(void)
{
    const long step = scarce_step(1);
    struct rig *rig = rig_open(2);
    bool is_fine = true;
    bool failed = true;
    long k = 0;
    for (; failed; k += step) {
        struct ro_why why = {""};
        broker_free(rig->broker);
        rig->broker = NULL;
        scarce_resume();
        scarce_set(k, 1);
        enum ro_status s = start_once(rig, &why);
        failed = scarce_end();
        bool is_named = s == RO_OK || s == RO_NO_MEMORY || s == RO_NO_ROOM;
        if (!is_named)
            printf("# %ld: %s %s\n", k, ro_status_name(s), why.text);
        is_fine &= is_named && (failed || s == RO_OK);
        if (s != RO_OK)
            test_must(start_once(rig, &why));
        rig_idle(rig);
        is_fine &= broker_nth_member_key(rig->broker, 1) != NULL;
    }
    printf("# %ld allocations\n", k - step);
    tap_ok(is_fine && k > 20);
    rig_close(rig);
}

/* --- a begin that had no room --------------------------------------------- */

static bool begin_fails;

enum ro_status __real_store_begin(struct store *store);
enum ro_status __wrap_store_begin(struct store *store);

enum ro_status
__wrap_store_begin(struct store *store)
{
    return begin_fails ? RO_NO_ROOM : __real_store_begin(store);
}

static void
test_a_turn_that_begins_without(void)
{
    struct rig *rig = rig_open(1);
    struct peer guest = rig_guest(rig);
    struct draft draft;
    rig_draft(rig, &draft, &rig->circle->members[1]->seats[0]->id, 1);
    begin_fails = true;
    tap_is(rig_deposit(rig, &guest, &draft), RO_NO_ROOM);
    rig_idle(rig);
    begin_fails = false;
    tap_is(rig_deposit(rig, &guest, &draft), RO_OK);
    rig_close(rig);
}

int
main(void)
{
    scarce_sqlite();
    tap_run(test_exchange);
    tap_run(test_start);
    tap_run(test_a_turn_that_begins_without);
    return tap_done();
}

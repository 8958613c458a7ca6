/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many seats, each with what has reached it, writing what its own view of the
 * request allows, over a network that delivers in any order and with clocks
 * that disagree. When everything has arrived, both sides of each pair must
 * have come to one state, and all seats of a side to one story.
 */
#include "client/workflow/workflow.h"
#include "common/base/entropy.h"
#include "support/tap.h"

#define ROUNDS 2000
#define STEPS 40
#define MOST 256
#define SEATS 6

/* Sides: the asker S with two seats, schools A (two seats) and B, the team C.
 */
static const char *const seat_names[SEATS] = {"S1", "S2", "A1",
                                              "A2", "B1", "C1"};

static enum flow_actor
actor_of(size_t seat)
{
    return seat_names[seat][0] == 'S'   ? FLOW_ASKER
           : seat_names[seat][0] == 'C' ? FLOW_COORDINATOR
                                        : FLOW_HELPER;
}

/* What was written, once; who has it; who may. */
struct written {
    struct flow_message message; /* as the asker keeps it */
    struct ro_hash seen[SEATS];
    char side;
    bool has[SEATS];
    bool may[SEATS];
};

struct world {
    struct ro_entropy_seeded seed;
    struct ro_entropy entropy;
    struct written written[MOST];
    size_t n;
    int64_t now_s;
    int64_t skew_s[SEATS];
};

static uint64_t
below(struct world *world, uint64_t limit)
{
    return ro_entropy_below(&world->entropy, limit);
}

/* One seat's view, shuffled and folded. */
struct view {
    struct flow_message messages[MOST];
    size_t from[MOST]; /* indices into written */
    struct flow_thread threads[8];
    struct flow_story story;
};

static void
fold_view(struct world *world, size_t seat, struct view *view)
{
    size_t n = 0;
    for (size_t i = 0; i < world->n; i++) {
        if (world->written[i].has[seat])
            view->from[n++] = i;
    }
    for (size_t i = n; i > 1; i--) {
        size_t j = below(world, i);
        size_t other = view->from[i - 1];
        view->from[i - 1] = view->from[j];
        view->from[j] = other;
    }
    for (size_t i = 0; i < n; i++) {
        struct flow_message *m = &view->messages[i];
        *m = world->written[view->from[i]].message;
        /* A body to a group belongs to a receiver's own pair. */
        if (actor_of(seat) != FLOW_ASKER && ro_thread_id_is_zero(&m->thread))
            m->thread.b[0] = (uint8_t)seat_names[seat][0];
    }
    view->story = (struct flow_story){.messages = view->messages,
                                      .n_messages = n,
                                      .threads = view->threads,
                                      .room = RO_LEN(view->threads)};
    if (flow_fold(&view->story) != RO_OK)
        tap_need(false);
}

static enum intro_state
thread_state(const struct view *view, char thread)
{
    for (size_t i = 0; i < view->story.n_threads; i++) {
        if (view->threads[i].id.b[0] == (uint8_t)thread)
            return view->threads[i].state;
    }
    return INTRO_NONE;
}

/* Names the newest body of a participant that the writer has seen. */
static void
name_newest(const struct world *world,
            struct written *w,
            size_t seat,
            size_t participant)
{
    const struct ro_thread_id *thread = &w->message.thread;
    for (size_t i = world->n - 1; i-- > 0;) {
        const struct written *other = &world->written[i];
        const struct flow_message *m = &other->message;
        bool same_thread = ro_thread_id_is_zero(thread) ||
                           ro_thread_id_is_zero(&m->thread) ||
                           ro_thread_id_equal(thread, &m->thread);
        if (other->has[seat] && same_thread &&
            m->writer.b[0] == (uint8_t)seat_names[participant][0] &&
            m->writer.b[1] == (uint8_t)seat_names[participant][1]) {
            w->seen[w->message.n_seen++] = m->body;
            return;
        }
    }
}

/* Writes one message; `to` are the letters of the sides that get it. */
static void
put(struct world *world,
    size_t seat,
    enum flow_event event,
    char thread,
    const char *to)
{
    if (world->n == MOST)
        return;
    struct written *w = &world->written[world->n++];
    *w = (struct written){.side = seat_names[seat][0]};
    struct flow_message *m = &w->message;
    m->event = event;
    m->actor = actor_of(seat);
    m->sent_at_s = world->now_s + world->skew_s[seat];
    m->side.b[0] = (uint8_t)seat_names[seat][0];
    m->writer.b[0] = (uint8_t)seat_names[seat][0];
    m->writer.b[1] = (uint8_t)seat_names[seat][1];
    m->thread.b[0] = thread == '-' ? 0 : (uint8_t)thread;
    ro_entropy_fill(&world->entropy, m->id.b, sizeof(m->id.b));
    ro_entropy_fill(&world->entropy, m->body.b, sizeof(m->body.b));
    for (size_t s = 0; s < SEATS; s++) {
        w->may[s] =
            seat_names[s][0] == w->side || strchr(to, seat_names[s][0]) != NULL;
    }
    for (size_t s = 0; s < SEATS; s++)
        name_newest(world, w, seat, s);
    m->seen = w->seen;
    w->has[seat] = true;
}

static bool
allows(const struct view *view, size_t seat, enum flow_event event, char thread)
{
    enum request_state r;
    enum intro_state i;
    return request_next(view->story.state, event, actor_of(seat), &r) ==
               RO_OK &&
           (thread == '-' || intro_next(thread_state(view, thread), event,
                                        actor_of(seat), &i) == RO_OK);
}

static void
end_request(struct world *world, size_t seat, const struct view *view)
{
    char chosen = '-';
    for (char t = 'A'; t != 'C'; t++) {
        if (thread_state(view, t) == INTRO_REVEALED ||
            thread_state(view, t) == INTRO_FIRST_CONTACT)
            chosen = t;
    }
    if (chosen == '-' || below(world, 3) == 0) {
        put(world, seat, FLOW_WITHDRAW, '-', "");
    } else {
        const char to[] = {chosen, '\0'};
        put(world, seat, FLOW_CLOSE, chosen, to);
    }
    put(world, seat, FLOW_CLOSED, '-', "ABC");
}

static void
choose(struct world *world, size_t seat, const struct view *view, char thread)
{
    const char to[] = {thread, '\0'};
    put(world, seat, FLOW_INTRODUCED, thread, to);
    for (char t = 'A'; t != 'C'; t++) {
        const char other[] = {t, '\0'};
        if (t != thread && thread_state(view, t) == INTRO_HELPER_WILLING)
            put(world, seat, FLOW_NOT_CHOSEN, t, other);
    }
    put(world, seat, FLOW_STATE_NOTE, '-', "C");
}

/* One seat does one thing that it believes to be possible. */
static void
act(struct world *world, size_t seat)
{
    static const enum flow_event asker[] = {FLOW_SAY, FLOW_INTRODUCED,
                                            FLOW_NOT_CHOSEN, FLOW_CLOSE};
    static const enum flow_event helper[] = {FLOW_SAY, FLOW_ANSWER, FLOW_ANSWER,
                                             FLOW_PASS};
    static struct view view;
    fold_view(world, seat, &view);
    char thread = seat_names[seat][0];
    enum flow_event event = FLOW_SAY;
    if (actor_of(seat) == FLOW_ASKER) {
        thread = (char)('A' + below(world, 3));
        event = asker[below(world, RO_LEN(asker))];
        if (event == FLOW_CLOSE && below(world, 8) != 0)
            event = FLOW_INTRODUCED;
    } else if (actor_of(seat) == FLOW_HELPER) {
        event = helper[below(world, RO_LEN(helper))];
    }
    if (event == FLOW_CLOSE && allows(&view, seat, FLOW_WITHDRAW, '-')) {
        end_request(world, seat, &view);
        return;
    }
    if (event == FLOW_CLOSE || !allows(&view, seat, event, thread))
        return;
    const char pair[] = {thread, 'S', '\0'};
    if (event == FLOW_INTRODUCED) {
        choose(world, seat, &view, thread);
    } else {
        put(world, seat, event, thread, event == FLOW_PASS ? "" : pair);
    }
}

static void
deliver(struct world *world, size_t seat, uint64_t odds)
{
    for (size_t i = 0; i < world->n; i++) {
        if (world->written[i].may[seat] && below(world, odds) == 0)
            world->written[i].has[seat] = true;
    }
}

static void
live(struct world *world, uint64_t state)
{
    *world = (struct world){.seed = {.state = state}, .now_s = 1000};
    world->entropy = ro_entropy_of(&world->seed);
    for (size_t s = 0; s < SEATS; s++)
        world->skew_s[s] = (int64_t)below(world, 11) - 5;
    put(world, 0, FLOW_ASK_SCHOOLS, '-', "ABC");
    for (int step = 0; step < STEPS; step++) {
        size_t seat = below(world, SEATS);
        deliver(world, seat, 2);
        act(world, seat);
        world->now_s += (int64_t)below(world, 3);
    }
    for (size_t s = 0; s < SEATS; s++)
        deliver(world, s, 1);
}

/* A step back is known to the helper alone, and for the asker a thread begins
 * when the helper first writes. */
static bool
agree(enum intro_state asker, enum intro_state helper)
{
    return asker == helper || asker == INTRO_NONE ||
           (helper == INTRO_HELPER_DECLINED &&
            (asker == INTRO_HELPER_ASKED || asker == INTRO_HELPER_WILLING));
}

/* Whether what both have was applied or refused alike, leaving the asker's
 * bodies to groups aside, which are the request's for the asker and the
 * thread's for the helper. */
static bool
same_refusals(const struct world *world,
              const struct view *x,
              const struct view *y)
{
    for (size_t i = 0; i < x->story.n_messages; i++) {
        for (size_t j = 0; j < y->story.n_messages; j++) {
            if (x->from[i] != y->from[j] ||
                ro_thread_id_is_zero(
                    &world->written[x->from[i]].message.thread))
                continue;
            if (x->messages[i].applied != y->messages[j].applied)
                return false;
        }
    }
    return true;
}

static void
report(const struct world *world)
{
    for (size_t i = 0; i < world->n; i++) {
        const struct flow_message *m = &world->written[i].message;
        printf("#   %c%c %s thread %c at %d id %02x\n", m->writer.b[0],
               m->writer.b[1], flow_event_name(m->event),
               m->thread.b[0] == 0 ? '-' : m->thread.b[0], (int)m->sent_at_s,
               (unsigned)m->id.b[0]);
    }
}

struct tally {
    size_t intros[INTRO_STATE_COUNT];
    size_t requests[REQUEST_STATE_COUNT];
    size_t refused;
};

static bool
all_agree(struct world *world, struct tally *tally)
{
    static struct view views[SEATS];
    bool good = true;
    for (size_t s = 0; s < SEATS; s++)
        fold_view(world, s, &views[s]);
    good &= views[0].story.state == views[1].story.state;
    for (size_t s = 2; s < SEATS; s++) {
        char thread = seat_names[s][0];
        good &=
            thread_state(&views[0], thread) == thread_state(&views[1], thread);
        if (thread != 'C') {
            good &= agree(thread_state(&views[0], thread),
                          thread_state(&views[s], thread));
        }
        good &= request_state_is_end(views[0].story.state) ==
                request_state_is_end(views[s].story.state);
        good &= same_refusals(world, &views[0], &views[s]);
        tally->intros[thread_state(&views[s], thread)]++;
    }
    good &= thread_state(&views[2], 'A') == thread_state(&views[3], 'A');
    good &= same_refusals(world, &views[2], &views[3]);
    tally->requests[views[0].story.state]++;
    for (size_t i = 0; i < views[0].story.n_messages; i++)
        tally->refused += views[0].messages[i].applied != RO_OK;
    return good;
}

static void
test_rounds(void)
{
    static struct world world;
    struct tally tally = {.refused = 0};
    size_t good = 0;
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        live(&world, round);
        if (all_agree(&world, &tally)) {
            good++;
        } else if (good + 1 == round) {
            printf("# first disagreement in round %d\n", (int)round);
            report(&world);
        }
    }
    tap_say(good == ROUNDS, "both sides of every pair agree");

    /* The rounds must have been worth it. */
    for (int s = INTRO_HELPER_ASKED; s < INTRO_STATE_COUNT; s++) {
        printf("# %s %zu\n", intro_state_name((enum intro_state)s),
               tally.intros[s]);
        tap_say(tally.intros[s] > 0, intro_state_name((enum intro_state)s));
    }
    for (int s = REQUEST_OPEN; s < REQUEST_STATE_COUNT; s++) {
        printf("# %s %zu\n", request_state_name((enum request_state)s),
               tally.requests[s]);
        tap_say(tally.requests[s] > 0,
                request_state_name((enum request_state)s));
    }
    printf("# refused %zu\n", tally.refused);
    tap_say(tally.refused > ROUNDS / 10, "seats got in each other's way");
}

int
main(void)
{
    tap_run(test_rounds);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stories, each told in every order (all of them up to seven messages, many
 * shuffles beyond). One character names a message: it is its id and its body,
 * so "lower id" is earlier in the alphabet.
 */
#include "client/workflow/workflow.h"
#include "common/base/entropy.h"
#include "support/tap.h"

#include <assert.h>

#define MOST 16
#define SHUFFLES 3000

/* Who writes: the side in capitals, the seat after it. S asks; A and B are
 * schools that are asked, C is the coordinators. */
struct said {
    char name;
    char by[3];
    enum flow_event event;
    char thread; /* a counterpart's letter, or '-': to a group or own seats */
    int at;
    char seen[4];
};

struct told {
    const char *what;
    struct said said[MOST];
    const char *request; /* the state it comes to */
    const char *threads; /* "A=revealed B=not-chosen", by name of thread */
    const char *refused; /* names of messages that changed nothing */
};

static const struct told stories[] = {
    {"a small ask: two answers, one is chosen, then closed",
     {{'a', "S1", FLOW_ASK_SCHOOLS, '-', 10, ""},
      {'b', "A1", FLOW_ANSWER, 'A', 20, "a"},
      {'c', "B1", FLOW_ANSWER, 'B', 25, "a"},
      {'d', "S1", FLOW_INTRODUCED, 'A', 30, "bc"},
      {'e', "S1", FLOW_NOT_CHOSEN, 'B', 30, "bc"},
      {'f', "A1", FLOW_SAY, 'A', 40, "d"},
      {'g', "S1", FLOW_CLOSE, 'A', 50, "f"},
      {'h', "S1", FLOW_CLOSED, '-', 50, "f"}},
     "closed",     "A=ended B=not-chosen",
     ""   },
    {"the same before its end",
     {{'a', "S1", FLOW_ASK_SCHOOLS, '-', 10, ""},
      {'b', "A1", FLOW_ANSWER, 'A', 20, "a"},
      {'c', "B1", FLOW_ANSWER, 'B', 25, "a"},
      {'d', "S1", FLOW_INTRODUCED, 'A', 30, "bc"},
      {'e', "S1", FLOW_NOT_CHOSEN, 'B', 30, "bc"},
      {'f', "A1", FLOW_SAY, 'A', 40, "d"}},
     "introduced", "A=first-contact B=not-chosen",
     ""   },
    {"a named ask to two schools, each body in its own thread",
     {{'a', "S1", FLOW_ASK_SCHOOLS, 'A', 10, ""},
      {'b', "S1", FLOW_ASK_SCHOOLS, 'B', 10, ""},
      {'c', "A1", FLOW_ANSWER, 'A', 20, "a"},
      {'d', "S1", FLOW_INTRODUCED, 'A', 30, "c"}},
     "introduced", "A=revealed B=helper-asked",
     ""   },
    {"to coordinators alone it stays submitted, whatever they say",
     {{'a', "S1", FLOW_ASK_COORDINATORS, '-', 10, ""},
      {'b', "C1", FLOW_SAY, 'C', 20, "a"},
      {'c', "S1", FLOW_SAY, 'C', 30, "b"},
      {'d', "C2", FLOW_SAY, 'C', 30, "ab"}},
     "submitted",  "C=none",
     ""   },
    {"to both: the coordinators' thread has no introduction",
     {{'a', "S1", FLOW_ASK_SCHOOLS, '-', 10, ""},
      {'b', "S1", FLOW_ASK_COORDINATORS, '-', 10, ""},
      {'c', "C1", FLOW_SAY, 'C', 20, "ab"},
      {'d', "A1", FLOW_ANSWER, 'A', 21, "a"},
      {'e', "S1", FLOW_INTRODUCED, 'A', 30, "d"},
      {'f', "S1", FLOW_STATE_NOTE, 'C', 30, "c"}},
     "introduced", "A=revealed C=none",
     ""   },
    {"to both, then withdrawn: everybody hears \"closed\"",
     {{'a', "S1", FLOW_ASK_SCHOOLS, '-', 10, ""},
      {'b', "C1", FLOW_SAY, 'C', 20, "a"},
      {'c', "A1", FLOW_ANSWER, 'A', 21, "a"},
      {'d', "S1", FLOW_WITHDRAW, '-', 30, "c"},
      {'e', "S1", FLOW_CLOSED, '-', 30, "c"},
      {'f', "S1", FLOW_STATE_NOTE, '-', 31, "c"}},
     "withdrawn",  "A=ended C=ended",
     ""   },
    {"an own record tells withdrawn from closed, even when stamped later",
     {{'a', "S1", FLOW_ASK_SCHOOLS, '-', 10, ""},
      {'b', "S1", FLOW_CLOSED, '-', 30, ""},
      {'c', "S1", FLOW_WITHDRAW, '-', 31, ""}},
     "withdrawn",  "",
     ""   },
    {"what a helper sees of it: closed",
     {{'a', "S1", FLOW_ASK_SCHOOLS, 'A', 10, ""},
      {'b', "A1", FLOW_ANSWER, 'A', 21, "a"},
      {'c', "S1", FLOW_CLOSED, 'A', 30, ""}},
     "closed",     "A=ended",
     ""   },
    {"no outcome without anybody chosen",
     {{'a', "S1", FLOW_ASK_COORDINATORS, '-', 10, ""},
      {'b', "S1", FLOW_CLOSE, '-', 30, ""}},
     "submitted",  "",
     "b"  },
    {"nor to one who was not chosen",
     {{'a', "S1", FLOW_ASK_SCHOOLS, '-', 10, ""},
      {'b', "A1", FLOW_ANSWER, 'A', 20, "a"},
      {'c', "S1", FLOW_CLOSE, 'A', 30, "b"}},
     "open",       "A=helper-willing",
     "c"  },
    {"only one end counts",
     {{'a', "S1", FLOW_ASK_SCHOOLS, '-', 10, ""},
      {'b', "A1", FLOW_ANSWER, 'A', 20, "a"},
      {'c', "S1", FLOW_INTRODUCED, 'A', 25, "b"},
      {'d', "S1", FLOW_CLOSE, 'A', 30, "c"},
      {'e', "S1", FLOW_WITHDRAW, '-', 40, "d"}},
     "closed",     "A=ended",
     "e"  },
    {"a late answer waits, then is not chosen",
     {{'a', "S1", FLOW_ASK_SCHOOLS, '-', 10, ""},
      {'b', "A1", FLOW_ANSWER, 'A', 20, "a"},
      {'c', "S1", FLOW_INTRODUCED, 'A', 30, "b"},
      {'d', "B1", FLOW_ANSWER, 'B', 40, "a"},
      {'e', "S1", FLOW_NOT_CHOSEN, 'B', 50, "d"}},
     "introduced", "A=revealed B=not-chosen",
     ""   },
    {"an answer after the end is kept and shown, and changes nothing",
     {{'a', "S1", FLOW_ASK_SCHOOLS, '-', 10, ""},
      {'b', "S1", FLOW_WITHDRAW, '-', 20, ""},
      {'c', "S1", FLOW_CLOSED, '-', 20, ""},
      {'d', "A1", FLOW_ANSWER, 'A', 40, "a"}},
     "withdrawn",  "A=ended",
     "d"  },
    {"pass, then an answer by the same seat: refused",
     {{'a', "S1", FLOW_ASK_SCHOOLS, 'A', 10, ""},
      {'b', "A1", FLOW_PASS, 'A', 20, "a"},
      {'c', "A1", FLOW_ANSWER, 'A', 30, "a"}},
     "open",       "A=helper-declined",
     "c"  },
    {"answer, then pass: the helper steps back",
     {{'a', "S1", FLOW_ASK_SCHOOLS, 'A', 10, ""},
      {'b', "A1", FLOW_ANSWER, 'A', 20, "a"},
      {'c', "A2", FLOW_PASS, 'A', 30, "b"}},
     "open",       "A=helper-declined",
     ""   },
    {"a choice that crosses a step back is shown, not lost",
     {{'a', "S1", FLOW_ASK_SCHOOLS, 'A', 10, ""},
      {'b', "A1", FLOW_ANSWER, 'A', 20, "a"},
      {'c', "A1", FLOW_PASS, 'A', 30, "b"},
      {'d', "S1", FLOW_INTRODUCED, 'A', 40, "b"},
      {'e', "A1", FLOW_SAY, 'A', 50, "d"}},
     "introduced", "A=first-contact",
     ""   },
    {"pass here, answer there, neither knew: the answer counts",
     {{'a', "S1", FLOW_ASK_SCHOOLS, 'A', 10, ""},
      {'b', "A1", FLOW_PASS, 'A', 20, "a"},
      {'c', "A2", FLOW_ANSWER, 'A', 30, "a"}},
     "open",       "A=helper-willing",
     "b"  },
    {"answer here, then a pass that did not know of it: the answer counts",
     {{'a', "S1", FLOW_ASK_SCHOOLS, 'A', 10, ""},
      {'b', "A2", FLOW_ANSWER, 'A', 20, "a"},
      {'c', "A1", FLOW_PASS, 'A', 30, "a"}},
     "open",       "A=helper-willing",
     "c"  },
    {"two seats answer at once: the lower id counts, though written later",
     {{'a', "S1", FLOW_ASK_SCHOOLS, 'A', 10, ""},
      {'c', "A1", FLOW_ANSWER, 'A', 20, "a"},
      {'b', "A2", FLOW_ANSWER, 'A', 30, "a"}},
     "open",       "A=helper-willing",
     "c"  },
    {"one answers after having seen the other's: the first counts",
     {{'a', "S1", FLOW_ASK_SCHOOLS, 'A', 10, ""},
      {'c', "A1", FLOW_ANSWER, 'A', 20, "a"},
      {'b', "A2", FLOW_ANSWER, 'A', 30, "ac"}},
     "open",       "A=helper-willing",
     "b"  },
    {"one seat chooses what the other declines: the lower id counts",
     {{'a', "S1", FLOW_ASK_SCHOOLS, '-', 10, ""},
      {'b', "A1", FLOW_ANSWER, 'A', 20, "a"},
      {'d', "S1", FLOW_NOT_CHOSEN, 'A', 30, "b"},
      {'c', "S2", FLOW_INTRODUCED, 'A', 40, "b"}},
     "introduced", "A=revealed",
     "d"  },
    {"and the other way round",
     {{'a', "S1", FLOW_ASK_SCHOOLS, '-', 10, ""},
      {'b', "A1", FLOW_ANSWER, 'A', 20, "a"},
      {'c', "S1", FLOW_NOT_CHOSEN, 'A', 40, "b"},
      {'d', "S2", FLOW_INTRODUCED, 'A', 30, "b"}},
     "open",       "A=not-chosen",
     "d"  },
    {"a write that saw another through a third is not concurrent with it",
     {{'a', "S1", FLOW_ASK_SCHOOLS, '-', 10, ""},
      {'b', "A1", FLOW_ANSWER, 'A', 20, "a"},
      {'x', "S1", FLOW_INTRODUCED, 'A', 30, "b"},
      {'y', "A1", FLOW_SAY, 'A', 40, "x"},
      {'c', "S2", FLOW_NOT_CHOSEN, 'A', 50, "y"}},
     "introduced", "A=first-contact",
     "c"  },
    {"nor one that saw what the same seat wrote after it",
     {{'a', "S1", FLOW_ASK_SCHOOLS, '-', 10, ""},
      {'b', "A1", FLOW_ANSWER, 'A', 20, "a"},
      {'x', "S1", FLOW_INTRODUCED, 'A', 30, "b"},
      {'y', "S1", FLOW_SAY, 'A', 40, "b"},
      {'c', "S2", FLOW_NOT_CHOSEN, 'A', 50, "y"}},
     "introduced", "A=revealed",
     "c"  },
    {"one seat closes, the other withdraws: the lower id counts",
     {{'a', "S1", FLOW_ASK_SCHOOLS, '-', 10, ""},
      {'f', "A1", FLOW_ANSWER, 'A', 12, "a"},
      {'g', "S1", FLOW_INTRODUCED, 'A', 14, "f"},
      {'c', "S1", FLOW_CLOSE, 'A', 20, "g"},
      {'b', "S2", FLOW_WITHDRAW, '-', 30, "g"}},
     "withdrawn",  "A=ended",
     ""   },
    {"two seats choose different schools: each pair holds to its own",
     {{'a', "S1", FLOW_ASK_SCHOOLS, '-', 10, ""},
      {'b', "A1", FLOW_ANSWER, 'A', 20, "a"},
      {'c', "B1", FLOW_ANSWER, 'B', 20, "a"},
      {'d', "S1", FLOW_INTRODUCED, 'A', 30, "bc"},
      {'g', "S1", FLOW_NOT_CHOSEN, 'B', 30, "bc"},
      {'f', "S2", FLOW_INTRODUCED, 'B', 30, "bc"},
      {'e', "S2", FLOW_NOT_CHOSEN, 'A', 30, "bc"}},
     "introduced", "A=revealed B=revealed",
     "eg" },
    {"a clock that is behind does not put an answer before the ask",
     {{'a', "S1", FLOW_ASK_SCHOOLS, '-', 100, ""},
      {'b', "A1", FLOW_ANSWER, 'A', 7, "a"},
      {'c', "S1", FLOW_INTRODUCED, 'A', 120, "b"},
      {'d', "A1", FLOW_SAY, 'A', 9, "c"}},
     "introduced", "A=first-contact",
     ""   },
    {"a choice whose answer has not arrived waits",
     {{'a', "S1", FLOW_ASK_SCHOOLS, '-', 10, ""},
      {'c', "S1", FLOW_INTRODUCED, 'A', 30, "b"}},
     "open",       "A=helper-asked",
     "c"  },
    {"nobody talks after a kind no, nor after the end",
     {{'a', "S1", FLOW_ASK_SCHOOLS, '-', 10, ""},
      {'b', "A1", FLOW_ANSWER, 'A', 20, "a"},
      {'c', "S1", FLOW_NOT_CHOSEN, 'A', 30, "b"},
      {'d', "A1", FLOW_SAY, 'A', 40, "c"},
      {'e', "S1", FLOW_SAY, 'A', 50, "d"}},
     "open",       "A=not-chosen",
     "de" },
    {"a helper cannot close, a coordinator cannot answer",
     {{'a', "S1", FLOW_ASK_SCHOOLS, '-', 10, ""},
      {'b', "A1", FLOW_CLOSE, 'A', 20, "a"},
      {'c', "C1", FLOW_ANSWER, 'C', 30, "a"},
      {'d', "A1", FLOW_INTRODUCED, 'A', 40, "a"}},
     "open",       "A=helper-asked C=none",
     "bcd"},
    {"nothing stands outside the threads but what the asker writes to all",
     {{'a', "S1", FLOW_ASK_SCHOOLS, '-', 10, ""},
      {'b', "S1", FLOW_SAY, '-', 20, "a"},
      {'c', "A1", FLOW_ANSWER, '-', 30, "a"}},
     "open",       "",
     "bc" },
    {"what a helper may not write beats nobody, whatever its id",
     {{'c', "S1", FLOW_ASK_SCHOOLS, '-', 10, ""},
      {'d', "A1", FLOW_ANSWER, 'A', 20, "c"},
      {'e', "S1", FLOW_INTRODUCED, 'A', 30, "d"},
      {'b', "A1", FLOW_NOT_CHOSEN, 'A', 40, "d"},
      {'f', "S1", FLOW_CLOSE, 'A', 50, "e"},
      {'a', "A1", FLOW_CLOSE, 'A', 60, "d"}},
     "closed",     "A=ended",
     "ab" },
    {"the asker's threads end with the request, before \"closed\" is written",
     {{'a', "S1", FLOW_ASK_SCHOOLS, '-', 10, ""},
      {'b', "A1", FLOW_ANSWER, 'A', 20, "a"},
      {'c', "B1", FLOW_ANSWER, 'B', 20, "a"},
      {'d', "S1", FLOW_NOT_CHOSEN, 'B', 30, "c"},
      {'e', "S1", FLOW_WITHDRAW, '-', 40, "b"}},
     "withdrawn",  "A=ended B=not-chosen",
     ""   },
    {"the ask stands first, though its writer's clock is ahead of all",
     {{'a', "S1", FLOW_ASK_SCHOOLS, 'A', 100, ""},
      {'b', "A1", FLOW_ANSWER, 'A', 40, ""},
      {'c', "S2", FLOW_CLOSED, 'A', 50, "x"}},
     "closed",     "A=ended",
     ""   },
    {"two that each saw the other stand by their ids, and nothing breaks",
     {{'a', "S1", FLOW_ASK_SCHOOLS, '-', 10, ""},
      {'b', "S1", FLOW_SAY, 'A', 20, "ac"},
      {'c', "A1", FLOW_SAY, 'A', 20, "ab"}},
     "open",       "A=helper-asked",
     ""   },
};

/* --- telling a story ----------------------------------------------------- */

struct stage {
    struct flow_message messages[MOST];
    struct ro_hash seen[MOST][MOST];
    struct flow_thread threads[MOST];
    size_t n;
};

static void
set_message(struct stage *stage, const struct said *said)
{
    struct flow_message *m = &stage->messages[stage->n];
    struct ro_hash *seen = stage->seen[stage->n++];
    *m = (struct flow_message){.event = said->event, .sent_at_s = said->at};
    m->id.b[0] = (uint8_t)said->name;
    m->body.b[0] = (uint8_t)said->name;
    m->side.b[0] = (uint8_t)said->by[0];
    m->writer.b[0] = (uint8_t)said->by[0];
    m->writer.b[1] = (uint8_t)said->by[1];
    m->thread.b[0] = said->thread == '-' ? 0 : (uint8_t)said->thread;
    m->actor = said->by[0] == 'S'   ? FLOW_ASKER
               : said->by[0] == 'C' ? FLOW_COORDINATOR
                                    : FLOW_HELPER;
    m->n_seen = strlen(said->seen);
    m->seen = seen;
    for (size_t i = 0; i < m->n_seen; i++) {
        memset(&seen[i], 0, sizeof(seen[i]));
        seen[i].b[0] = (uint8_t)said->seen[i];
    }
}

/* A text that grows. */
struct sum {
    char text[400];
    size_t size;
};

static void
add(struct sum *sum, const char *word)
{
    int n = snprintf(sum->text + sum->size, sizeof(sum->text) - sum->size, "%s",
                     word);
    assert(n >= 0 && sum->size + (size_t)n < sizeof(sum->text));
    sum->size += (size_t)n;
}

static void
add_threads(struct sum *sum, const struct flow_story *story)
{
    bool first = true;
    for (int name = 'A'; name <= 'Z'; name++) {
        for (size_t i = 0; i < story->n_threads; i++) {
            if (story->threads[i].id.b[0] != name)
                continue;
            const char letter[] = {(char)name, '=', '\0'};
            add(sum, first ? "" : " ");
            add(sum, letter);
            add(sum, intro_state_name(story->threads[i].state));
            first = false;
        }
    }
}

static void
add_refused(struct sum *sum, const struct stage *stage)
{
    for (int name = 'a'; name <= 'z'; name++) {
        for (size_t i = 0; i < stage->n; i++) {
            const struct flow_message *m = &stage->messages[i];
            const char letter[] = {(char)name, '\0'};
            if (m->id.b[0] == name && m->applied != RO_OK)
                add(sum, letter);
        }
    }
}

static void
add_order(struct sum *sum, const struct stage *stage)
{
    for (size_t place = 0; place < stage->n; place++) {
        for (size_t i = 0; i < stage->n; i++) {
            const struct flow_message *m = &stage->messages[i];
            const char letter[] = {(char)m->id.b[0], '\0'};
            if (m->order == place)
                add(sum, letter);
        }
    }
}

/* What a told story comes to, as text: states, refusals, order. */
static void
outcome(struct stage *stage, struct sum *ret_sum)
{
    struct flow_story story = {.messages = stage->messages,
                               .n_messages = stage->n,
                               .threads = stage->threads,
                               .room = MOST};
    *ret_sum = (struct sum){.size = 0};
    if (flow_fold(&story) != RO_OK) {
        add(ret_sum, "does not fold");
        return;
    }
    add(ret_sum, request_state_name(story.state));
    add(ret_sum, ";");
    add_threads(ret_sum, &story);
    add(ret_sum, ";");
    add_refused(ret_sum, stage);
    add(ret_sum, ";");
    add_order(ret_sum, stage);
}

static void
swap(struct stage *stage, size_t i, size_t j)
{
    struct flow_message m = stage->messages[i];
    stage->messages[i] = stage->messages[j];
    stage->messages[j] = m;
}

/* Folds all orders of the first `n` messages (Heap); false: two differ. */
static bool
all_orders(struct stage *stage, size_t n, const char *first)
{
    struct sum sum;
    if (n <= 1) {
        outcome(stage, &sum);
        return strcmp(sum.text, first) == 0;
    }
    for (size_t i = 0; i < n; i++) {
        if (!all_orders(stage, n - 1, first))
            return false;
        swap(stage, n % 2 == 0 ? i : 0, n - 1);
    }
    return true;
}

static bool
many_orders(struct stage *stage, const char *first)
{
    struct ro_entropy_seeded seed = {.state = 7};
    struct ro_entropy entropy = ro_entropy_of(&seed);
    struct sum sum;
    for (int round = 0; round < SHUFFLES; round++) {
        for (size_t i = stage->n; i > 1; i--)
            swap(stage, i - 1, ro_entropy_below(&entropy, i));
        outcome(stage, &sum);
        if (strcmp(sum.text, first) != 0)
            return false;
    }
    return true;
}

static void
test_stories(void)
{
    for (size_t s = 0; s < RO_LEN(stories); s++) {
        const struct told *told = &stories[s];
        struct stage stage = {.n = 0};
        struct sum sum;
        char expected[400];
        for (size_t i = 0; i < MOST && told->said[i].name != '\0'; i++)
            set_message(&stage, &told->said[i]);
        outcome(&stage, &sum);
        snprintf(expected, sizeof(expected), "%s;%s;%s;", told->request,
                 told->threads, told->refused);
        if (!tap_say(strncmp(sum.text, expected, strlen(expected)) == 0,
                     told->what))
            printf("# expected %s got %s\n", expected, sum.text);
        tap_say(stage.n <= 7 ? all_orders(&stage, stage.n, sum.text)
                             : many_orders(&stage, sum.text),
                "the same in any order");
    }
}

/* Each prefix of arrivals folds anew; the whole comes out as if it had come
 * in order. */
static void
test_late_arrival(void)
{
    const struct told *told = &stories[0];
    static const size_t arrival[] = {6, 3, 0, 7, 1, 4, 5, 2};
    static const char *const states[] = {"none",   "none",   "open",
                                         "closed", "closed", "closed",
                                         "closed", "closed"};
    struct stage stage = {.n = 0};
    struct sum sum;
    for (size_t i = 0; i < RO_LEN(arrival); i++) {
        set_message(&stage, &told->said[arrival[i]]);
        outcome(&stage, &sum);
        if (!tap_say(strncmp(sum.text, states[i], strlen(states[i])) == 0,
                     "folded again"))
            printf("# %s\n", sum.text);
    }
    tap_ok(strcmp(sum.text, "closed;A=ended B=not-chosen;;abcdefgh") == 0);
}

static void
test_order(void)
{
    struct stage stage = {.n = 0};
    struct sum sum;
    static const struct said said[] = {
        {'d', "S1", FLOW_ASK_SCHOOLS, '-', 10, "" },
        {'c', "A1", FLOW_SAY,         'A', 5,  "d"},
        {'b', "A1", FLOW_SAY,         'A', 20, "c"},
        {'a', "S1", FLOW_SAY,         'A', 20, "d"},
    };
    for (size_t i = 0; i < RO_LEN(said); i++)
        set_message(&stage, &said[i]);
    outcome(&stage, &sum);
    tap_say(strstr(sum.text, ";dcab") != NULL,
            "causes first, then time, then the lower id");
    tap_say(all_orders(&stage, stage.n, sum.text), "the same in any order");
}

/* The asker has no pass, so what names one stands where it stood without. */
static void
test_pass_is_no_cause(void)
{
    struct stage stage = {.n = 0};
    struct sum sum;
    static const struct said said[] = {
        {'a', "S1", FLOW_ASK_SCHOOLS, 'A', 10, ""  },
        {'c', "A1", FLOW_PASS,        'A', 30, "a" },
        {'b', "A2", FLOW_SAY,         'A', 20, "c" },
        {'d', "A2", FLOW_PASS,        'A', 5,  "ab"},
    };
    for (size_t i = 0; i < RO_LEN(said); i++)
        set_message(&stage, &said[i]);
    outcome(&stage, &sum);
    tap_say(strstr(sum.text, ";abdc") != NULL, sum.text);
    tap_say(all_orders(&stage, stage.n, sum.text), "the same in any order");
}

/* One second, one act: its parts keep their sense whatever their ids are. */
static void
test_one_second(void)
{
    struct stage stage = {.n = 0};
    struct sum sum;
    static const struct said said[] = {
        {'g', "S1", FLOW_ASK_SCHOOLS, '-', 10, ""},
        {'f', "A1", FLOW_ANSWER,      'A', 10, ""},
        {'e', "S1", FLOW_INTRODUCED,  'A', 10, ""},
        {'d', "S1", FLOW_STATE_NOTE,  '-', 10, ""},
        {'c', "S1", FLOW_CLOSE,       'A', 10, ""},
        {'b', "S1", FLOW_CLOSED,      '-', 10, ""},
    };
    for (size_t i = 0; i < RO_LEN(said); i++)
        set_message(&stage, &said[i]);
    outcome(&stage, &sum);
    tap_say(strcmp(sum.text, "closed;A=ended;;gfedcb") == 0, sum.text);
}

static void
test_edges(void)
{
    struct flow_story empty = {.n_messages = 0};
    tap_is(flow_fold(&empty), RO_OK);
    tap_ok(empty.state == REQUEST_NONE && empty.n_threads == 0);

    struct stage stage = {.n = 0};
    set_message(&stage, &stories[0].said[0]);
    set_message(&stage, &stories[0].said[1]);
    set_message(&stage, &stories[0].said[2]);
    struct flow_story tight = {.messages = stage.messages,
                               .n_messages = stage.n,
                               .threads = stage.threads,
                               .room = 1};
    tap_is(flow_fold(&tight), RO_NO_ROOM);
    tight.room = 2;
    tap_is(flow_fold(&tight), RO_OK);
    tap_ok(tight.n_threads == 2 && tight.threads[0].id.b[0] == 'A' &&
           tight.threads[1].id.b[0] == 'B');
}

/* What is only kept has no body: nobody has seen it, and two such are not
 * taken for one another. */
static void
test_kept(void)
{
    struct stage stage = {.n = 0};
    struct sum sum;
    set_message(&stage, &stories[0].said[0]);
    set_message(&stage, &stories[0].said[1]);
    set_message(&stage, &stories[0].said[3]);
    stage.messages[1].body = (struct ro_hash){{0}};
    stage.messages[2].body = (struct ro_hash){{0}};
    memset(&stage.seen[0][0], 0, sizeof(stage.seen[0][0]));
    stage.messages[0].seen = stage.seen[0];
    stage.messages[0].n_seen = 1;
    outcome(&stage, &sum);
    tap_say(strcmp(sum.text, "introduced;A=revealed;;abd") == 0, sum.text);
}

int
main(void)
{
    tap_run(test_stories);
    tap_run(test_late_arrival);
    tap_run(test_order);
    tap_run(test_pass_is_no_cause);
    tap_run(test_one_second);
    tap_run(test_edges);
    tap_run(test_kept);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A refusal in words for people: what they cannot do, why, and what they can
 * do next. One row a case; "$" stands for the other side's name.
 */
#include "client/workflow/workflow.h"

#include <assert.h>
#include <string.h>

/* What of a name is shown, so that the sentence around it always fits. */
#define NAME_SIZE 40

/* One half of a sentence, "$" replaced. */
struct half {
    char text[100 + NAME_SIZE];
};

/* Why not, and what next. */
struct words {
    const char *fact;
    const char *next;
};

static const char *const deeds[FLOW_EVENT_COUNT] = {
    [FLOW_ASK_SCHOOLS] = "ask schools",
    [FLOW_ASK_COORDINATORS] = "ask coordinators",
    [FLOW_ANSWER] = "offer help",
    [FLOW_PASS] = "step back",
    [FLOW_SAY] = "write here",
    [FLOW_INTRODUCED] = "choose $",
    [FLOW_NOT_CHOSEN] = "say no to $",
    [FLOW_STATE_NOTE] = "tell the coordinators",
    [FLOW_CLOSE] = "close this request",
    [FLOW_CLOSED] = "close this request",
    [FLOW_WITHDRAW] = "take this request back",
};

/* Rows with the asker's words, the helper's and the coordinators'. */
#define ACTORS 3
#define OVER_ASKER "if help is still needed, ask again with 'ask'"
#define OVER_OTHERS "nothing; no more is needed of you"
#define NOT_HERE                                                               \
    {                                                                          \
        "it is not here yet", "run 'sync'"                                     \
    }

static const struct words by_request[REQUEST_STATE_COUNT][ACTORS] = {
    [REQUEST_NONE] = {NOT_HERE,                                                        NOT_HERE, NOT_HERE},
    [REQUEST_SUBMITTED] =
        {
                      {"only coordinators have it so far, and no school is chosen",
             "wait for them, or take it back with 'withdraw'"},
                      {"it went to coordinators only",
             "nothing, until a school is asked"},
                      {"no school has been asked yet", "write to $ with 'say'"},
                      },
    [REQUEST_OPEN] =
        {
                      {"no school has been chosen for it yet",
             "choose an answer with 'accept', or take it back with 'withdraw'"},
                      {"no school has been chosen for it yet", "write with 'say'"},
                      {"no school has been chosen for it yet", "write with 'say'"},
                      },
    [REQUEST_INTRODUCED] =
        {
                      {"a school has been chosen for it already",
             "write to that school with 'say', or end it with 'close'"},
                      {"a school has been chosen for it already", "write with 'say'"},
                      {"a school has been chosen for it already", "write with 'say'"},
                      },
    [REQUEST_CLOSED] =
        {
                      {"the request is closed", OVER_ASKER},
                      {"the request is closed", OVER_OTHERS},
                      {"the request is closed", OVER_OTHERS},
                      },
    [REQUEST_WITHDRAWN] =
        {
                      {"the request was taken back", OVER_ASKER},
                      {"the request was taken back", OVER_OTHERS},
                      {"the request was taken back", OVER_OTHERS},
                      },
};

#define SCHOOLS_TALK                                                           \
    {                                                                          \
        "the two schools settle it between them",                              \
            "write to the school that asked, in your own conversation"         \
    }

static const struct words by_intro[INTRO_STATE_COUNT][ACTORS] = {
    [INTRO_NONE] =
        {
                      {"$ has not offered to help", "see who has with 'answers'"},
                      NOT_HERE,                                                  NOT_HERE,
                      },
    [INTRO_HELPER_ASKED] =
        {
                      {"$ has not answered yet", "see who has with 'answers'"},
                      {"your school has not answered yet", "offer help with 'answer'"},
                      {"no school has answered here", "write to $ with 'say'"},
                      },
    [INTRO_HELPER_WILLING] =
        {
                      {"$ has offered to help and was not chosen yet",
             "choose it with 'accept', or say no with 'decline'"},
                      {"your school has offered already", "add to it with 'say'"},
                      SCHOOLS_TALK, },
    [INTRO_HELPER_DECLINED] =
        {
                      {"$ does not offer help at the moment", "see who does: 'answers'"},
                      {"your school has stepped back",
             "if it can help after all, write so with 'say'"},
                      SCHOOLS_TALK, },
    [INTRO_NOT_CHOSEN] =
        {
                      {"$ has been told that it is not needed",
             "choose among the others: 'answers' lists them"},
                      {"your school is not needed this time",
             "nothing; thank you for offering"},
                      SCHOOLS_TALK, },
    [INTRO_REVEALED] =
        {
                      {"$ has been chosen already",
             "write to $ with 'say', or end the request with 'close'"},
                      {"your school has been chosen", "write to $ with 'say'"},
                      SCHOOLS_TALK, },
    [INTRO_FIRST_CONTACT] =
        {
                      {"$ has been chosen already",
             "write to $ with 'say', or end the request with 'close'"},
                      {"your school has been chosen", "write to $ with 'say'"},
                      SCHOOLS_TALK, },
    [INTRO_ENDED] =
        {
                      {"the request is over", OVER_ASKER},
                      {"the request is over", OVER_OTHERS},
                      {"the request is over", OVER_OTHERS},
                      },
};

/* What no state would let this side do. */
static const struct words never[ACTORS] = {
    [FLOW_ASKER] = {"it is your own request",
                    "see who has offered help with 'answers'"},
    [FLOW_HELPER] = {"only the school that asked can do that",
                    "write to $ with 'say'"                  },
    [FLOW_COORDINATOR] = {"only the schools themselves can do that",
                    "write to $ with 'say'"                  },
};

/* Copies words with the name in place of "$"; what does not fit is cut. */
static struct half
fill(const char *words, const char *name)
{
    struct half half = {""};
    size_t at = 0;
    for (; *words != '\0'; words++) {
        const char *piece = *words == '$' ? name : words;
        size_t size = *words == '$' ? strnlen(name, NAME_SIZE) : 1;
        while (size > 0 && ((uint8_t)piece[size] & 0xc0) == 0x80)
            size--; /* a character is shown whole or not at all */
        if (at + size >= sizeof(half.text))
            break;
        memcpy(half.text + at, piece, size);
        at += size;
    }
    return half;
}

static const struct words *
find(const struct flow_refusal *refusal)
{
    if (refusal->status == RO_FORBIDDEN)
        return &never[refusal->actor];
    if (refusal->machine == FLOW_REQUEST)
        return &by_request[refusal->request][refusal->actor];
    return &by_intro[refusal->intro][refusal->actor];
}

enum ro_status
flow_refuse(const struct flow_refusal *refusal, struct ro_why *why)
{
    assert((size_t)refusal->event < FLOW_EVENT_COUNT);
    const char *name = refusal->other != NULL ? refusal->other : "that school";
    const struct words *words = find(refusal);
    const struct half deed = fill(deeds[refusal->event], name);
    const struct half fact = fill(words->fact, name);
    const struct half next = fill(words->next, name);
    return ro_why(why, refusal->status, "You cannot %s%s: %s. Next: %s",
                  deed.text, refusal->status == RO_ILLEGAL ? " now" : "",
                  fact.text, next.text);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/cli/results.h"

#define AT_08_52 1794300720

#define ID(a, b)                                                               \
    {                                                                          \
        {                                                                      \
            a, b, 0x9c, 0x1d, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15         \
        }                                                                      \
    }
#define REQUEST ID(0x3f, 0x2a)
#define THREAD ID(0x7b, 0x01)
#define SALTINGS ID(0x90, 0x01)
#define COBBLERS ID(0x90, 0x13)
#define MESSAGE ID(0xaa, 0xbb)

static const char *left_out[] = {"Kilnfield Primary School: no live seat"};
static const char *readers[] = {"Saltings Primary School",
                                "Cobblers Bridge Primary School"};

static const struct ro_member members[] = {
    {.id = SALTINGS,
     .urn = 900001,
     .name = "Saltings Primary School",
     .phase = "primary",
     .km = 0,
     .kind = "school",
     .live = 2,
     .verified = RO_VERIFIED_COMPARED},
    {.id = COBBLERS,
     .urn = 900013,
     .name = "Cobblers Bridge Primary School",
     .phase = "primary",
     .km = 3.4219,
     .kind = "school",
     .live = 1,
     .verified = RO_VERIFIED_NO_LONGER,
     .doubt = "it was compared as Bargemaster Primary School (URN 900012)"},
    {.id = ID(0x77,     0x01),
     .name = "Estuary",
     .phase = "",
     .km = -1,
     .kind = "coordinators",
     .live = 1},
    {.id = ID(0x90,                      0x17),
     .urn = 900017,
     .name = "Lamplighter Primary School",
     .phase = "primary",
     .km = 5.5,
     .kind = "school",
     .live = 0},
    {.urn = 118241,
     .name = "Abbey Court School",
     .phase = "special",
     .km = 12.0,
     .kind = "listing"},
};

static const struct ro_request requests[] = {
    {.id = REQUEST,
     .from = SALTINGS,
     .from_name = "Saltings Primary School",
     .topic = "TL1",
     .urgency = "U3",
     .state = "open",
     .side = RO_SIDE_ASKER,
     .sent_at_s = AT_08_52,
     .age_s = 4200,
     .answers = 2,
     .place = RO_PLACE_BROKER,
     .topic_words = "Phonics and early reading",
     .urgency_words = "this half-term",
     .days = 1.5,
     .mode = "remote",
     .within_km = 4},
    { .id = ID(0x44,        0x01),
     .from = COBBLERS,
     .from_name = "Cobblers Bridge Primary School",
     .topic = "LD5",
     .urgency = "U2",
     .state = "closed",
     .outcome = "helped",
     .side = RO_SIDE_HELPER,
     .sent_at_s = AT_08_52,
     .age_s = 259200,
     .answers = 1,
     .place = RO_PLACE_THEIRS,
     .topic_words = "",
     .urgency_words = "",
     .days = -1,
     .mode = ""},
    {     .id = ID(0x45,        0x01),
     .from = COBBLERS,
     .from_name = "Cobblers Bridge Primary School",
     .topic = "LD5",
     .urgency = "U2",
     .state = "open",
     .thread_state = "not-chosen",
     .side = RO_SIDE_HELPER,
     .sent_at_s = AT_08_52,
     .age_s = 259200,
     .answers = 1,
     .place = RO_PLACE_THEIRS,
     .topic_words = "",
     .urgency_words = "",
     .days = -1,
     .mode = ""},
};

static const struct ro_thread threads[] = {
    {THREAD,   REQUEST, COBBLERS, "Cobblers Bridge Primary School", "revealed"  },
    { ID(0x7b, 0x02), REQUEST,    ID(0x90,     0x12),                                                                "Bargemaster Primary School",
     "not-chosen"},
    {                                                                ID(0x7b, 0x03), REQUEST,    ID(0x77,                        0x01), "Estuary", "introduced"},
};

static const struct ro_attachment files[] = {
    {ID(0xf1, 0x01), "phonics plan.pdf", 1234567, RO_ATTACHMENT_HERE,     32, 32,
     NULL                                                                             },
    {ID(0xf1, 0x02), "rota.xlsx",        999,     RO_ATTACHMENT_ARRIVING, 0,  1,  NULL},
    {ID(0xf1, 0x03), "photo.jpg",        61441,   RO_ATTACHMENT_FAILED,   1,  2,
     "never came whole; ask them for it again"                                        },
};
static const struct ro_attachment own_files[] = {
    {ID(0xf2, 0x01), "diary.pdf", 26214400, RO_ATTACHMENT_OURS, 300, 512, NULL},
};

static const struct ro_event events[] = {
    {.type = "ask",
     .request = REQUEST,
     .from = "Saltings Primary School",
     .at_s = AT_08_52,
     .text = "Morning. Could do with 20 mins.\nWed or Thurs pm.",
     .place = RO_PLACE_BROKER,
     .message = ID(0xaa,   0x01)   },
    { .type = "answer",
     .request = REQUEST,
     .thread = THREAD,
     .from = "Cobblers Bridge Primary School",
     .at_s = AT_08_52 + 7200,
     .text = "Come Thurs 1.15.",
     .place = RO_PLACE_THEIRS,
     .message = MESSAGE,
     .attachments = files,
     .n_attachments = RO_LEN(files)},
    { .type = "answer",
     .request = REQUEST,
     .thread = THREAD,
     .from = "Cobblers Bridge Primary School",
     .at_s = AT_08_52 + 7260,
     .text = "",
     .refused = "another seat has answered",
     .place = RO_PLACE_THEIRS,
     .message = ID(0xaa, 0x02)},
};

static const struct ro_message messages[] = {
    {MESSAGE, THREAD,   COBBLERS,                  "Cobblers Bridge Primary School", "Imran Shah",
     AT_08_52 + 7200,             "Hi Dawn, happy to.", RO_PLACE_THEIRS, NULL, files,
     RO_LEN(files),                                                                         "its key was replaced", NULL},
    {       {{0}},
     THREAD,  SALTINGS,
     "Saltings Primary School",                                                  "",
     AT_08_52 + 7300,
     "Thursday it is.",                  RO_PLACE_KEPT,
     NULL,                                                          own_files,
     RO_LEN(own_files),
     NULL,                                                                                                    NULL    },
    { ID(0xaa, 0xcc), THREAD, SALTINGS,                               "Saltings Primary School",                                                                              "",
     AT_08_52 + 7400,     "See you.",            RO_PLACE_ARRIVED, NULL,     NULL, 0,                   NULL,     NULL},
    { ID(0xaa, 0xcd), THREAD, SALTINGS,                               "Saltings Primary School",                                                                              "",
     AT_08_52 + 7500,             "",            RO_PLACE_ARRIVED, NULL,     NULL, 0,               NULL,     "helped"},
};

static const struct ro_answered answers[] = {
    {THREAD,   COBBLERS, "Cobblers Bridge Primary School", "Imran Shah", 3.4219,
     0.5,                                                                            "Come Thurs 1.15.", "helper-willing"},
    { ID(0x7b, 0x02),    ID(0x90,     0x12),           "Bargemaster Primary School",     "", -1,                                                                                     -1,
     "Yes, gladly.", "helper-willing"},
};

static const struct ro_audience audience[] = {
    {"coordinators",  "text", 1,  2 },
    {"group:primary", "text", 12, 30},
};

struct ro_result
results_full(void)
{
    struct ro_result result = {
        .status = RO_OK,
        .why = "",
        .self = {.member = SALTINGS,
                 .seat = ID(0x5e,                0xa7),
                 .name = "Saltings Primary School",
                 .role = "lead",
                 .circle = "Estuary",
                 .enrolment = RO_ENROL_ADMITTED,
                 .words = {"amber", "birch", "cedar", "delta", "ember"},
                 .broker = RO_BROKER_THERE,
                 .outbox = 1,
                 .inbox_unread = 3,
                 .directory_size = 42,
                 .directory_head = {{0xde, 0xad}},
                 .checkpoint_age_s = 1800,
                 .epoch_keys_ahead = 97},
        .request = requests[0],
        .request_id = REQUEST,
        .thread_id = THREAD,
        .message_id = MESSAGE,
        .place = RO_PLACE_BROKER,
        .state = "open",
        .stored = 31,
        .accepted_at_s = AT_08_52,
        .left_out = left_out,
        .n_left_out = 1,
        .members = members,
        .n_members = RO_LEN(members),
        .requests = requests,
        .n_requests = RO_LEN(requests),
        .threads = threads,
        .n_threads = 3,
        .events = events,
        .n_events = 3,
        .messages = messages,
        .n_messages = RO_LEN(messages),
        .attachment = {.id = ID(0xf1, 0x01),
                 .name = "phonics plan.pdf",
                 .size = 1234567        },
        .saved = "/home/dawn/phonics plan.pdf",
        .answers = answers,
        .n_answers = 2,
        .audience = audience,
        .n_audience = 2,
        .readers = readers,
        .n_readers = 2,
    };
    result.request.outcome = "partly";
    return result;
}

struct ro_result
results_empty(void)
{
    return (struct ro_result){
        .why = "",
        .self = {.name = "",        .role = "", .circle = "", .checkpoint_age_s = -1},
        .request = { .from_name = "",
                 .topic = "",
                 .urgency = "",
                 .state = "",
                 .topic_words = "",
                 .urgency_words = "",
                 .mode = "",
                 .days = -1},
    };
}

struct ro_result
results_admitted(void)
{
    struct ro_result result = results_full();
    result.state = "admitted";
    return result;
}

struct ro_result
results_refused(void)
{
    struct ro_result result = results_full();
    result.state = "refused";
    result.warning = "Bargemaster Primary School has new keys and cannot "
                     "read what was said before. Next: ring them";
    result.why = "not a school of this circle";
    return result;
}

struct ro_result
results_kept(void)
{
    struct ro_result result = results_full();
    result.status = RO_KEPT;
    result.message_id = (struct ro_message_id){{0}};
    result.place = RO_PLACE_KEPT;
    result.stored = 0;
    result.accepted_at_s = 0;
    return result;
}

/* --- messages of every place, and somebody who forges many ---------------- */

#define OWN(what, where, reason)                                               \
    {                                                                          \
        .type = "say", .request = REQUEST, .thread = THREAD,                   \
        .from = "Saltings Primary School", .at_s = AT_08_52, .text = what,     \
        .place = where, .failed = reason                                       \
    }
#define FORGED(reason)                                                         \
    {                                                                          \
        .type = "refused", .from = "", .at_s = AT_08_52 + 60, .text = "",      \
        .refused = reason, .place = RO_PLACE_THEIRS                            \
    }
#define CIRCLE(kind, whose, who, sentence)                                     \
    {                                                                          \
        .type = kind, .from = who, .at_s = AT_08_52 + 60, .text = "",          \
        .what = sentence, .member = whose                                      \
    }
static const struct ro_event crowd_events[] = {
    OWN("One.", RO_PLACE_KEPT, NULL),
    OWN("Two.", RO_PLACE_BROKER, NULL),
    FORGED("not from who they say"),
    FORGED("not from who they say"),
    FORGED("not from who they say"),
    OWN("Three.", RO_PLACE_ARRIVED, NULL),
    FORGED("it cannot be opened with our keys"),
    OWN("Four.", RO_PLACE_FAILED, "nobody there has a seat"),
    FORGED("not from who they say"),
    FORGED("it names another circle"),
    CIRCLE("joined",
           SALTINGS,
           "Saltings Primary School",
           "Saltings Primary School joined the circle"),
    CIRCLE("rules", {{0}                     },
     "", "the circle's rules (circle.conf) changed"),
    { .type = "early",
                     .request = REQUEST,
                     .thread = THREAD,
                     .from = "Saltings Primary School",
                     .at_s = AT_08_52,
                     .text = "Is it\x1b[2J you?\nTwo lines.",
                     .refused = "its beginning is not here",
                     .place = RO_PLACE_THEIRS},
};

struct ro_result
results_crowd(void)
{
    struct ro_result result = results_full();
    result.events = crowd_events;
    result.n_events = RO_LEN(crowd_events);
    result.sent = 2;
    result.self.broker = RO_BROKER_AWAY;
    result.self.reached_at_s = AT_08_52;
    result.self.enrolment = RO_ENROL_REMOVED;
    result.self.removed_at_s = AT_08_52;
    result.self.alarm = "the broker has 3 directory records, we have 4";
    return result;
}

/* --- what a hostile peer would send -------------------------------------- */

#define EVIL                                                                   \
    "\033[2Jevil\xe2\x80\xae"                                                  \
    "\x7f"                                                                     \
    "\xc2\x9b\xe2\x80\xac"
#define BAD_UTF8 "caf\xe9"

static const char *evil_names[] = {EVIL, BAD_UTF8};
static const struct ro_member evil_members[] = {
    {SALTINGS, 1, EVIL, BAD_UTF8, 1e300, EVIL, 0, RO_VERIFIED_NO_LONGER, EVIL},
};
static const struct ro_request evil_requests[] = {
    {REQUEST, SALTINGS, EVIL, EVIL, EVIL, EVIL, EVIL, EVIL, RO_SIDE_HELPER,
     INT64_MAX, INT64_MIN, 0, RO_PLACE_KEPT, EVIL, EVIL, 1e300, EVIL,
     UINT32_MAX},
};
static const struct ro_thread evil_threads[] = {
    {THREAD, REQUEST, SALTINGS, EVIL, EVIL},
};
static const struct ro_attachment evil_files[] = {
    {ID(0xf1, 0x01), EVIL, 26214400, RO_ATTACHMENT_HERE, 512, 512, NULL},
};
static const struct ro_event evil_events[] = {
    {EVIL,
     REQUEST, THREAD,
     EVIL,       AT_08_52,
     EVIL "\n" BAD_UTF8,
     EVIL, RO_PLACE_THEIRS,
     NULL, MESSAGE,
     evil_files, RO_LEN(evil_files),
     NULL, {{0}}},
    {.type = "renamed",
     .from = EVIL,
     .at_s = AT_08_52,
     .text = "",
     .what = EVIL " is now called " BAD_UTF8,
     .member = SALTINGS              },
};
static const struct ro_message evil_messages[] = {
    {MESSAGE, THREAD, SALTINGS, EVIL, EVIL, AT_08_52, EVIL "\r\n" BAD_UTF8,
     RO_PLACE_THEIRS, NULL, evil_files, RO_LEN(evil_files), EVIL, EVIL},
};
static const struct ro_answered evil_answers[] = {
    {THREAD, SALTINGS, EVIL, EVIL, 1e300, 1e300, EVIL "\t" BAD_UTF8, EVIL},
};
static const struct ro_audience evil_audience[] = {
    {EVIL, EVIL, 1, 1}
};

struct ro_result
results_hostile(void)
{
    struct ro_result result = results_full();
    result.why = EVIL;
    result.self.name = EVIL;
    result.self.role = EVIL;
    result.self.circle = BAD_UTF8;
    result.state = EVIL;
    result.warning = EVIL;
    result.request = evil_requests[0];
    result.left_out = evil_names;
    result.n_left_out = 2;
    result.readers = evil_names;
    result.n_readers = 2;
    result.members = evil_members;
    result.n_members = 1;
    result.requests = evil_requests;
    result.n_requests = 1;
    result.threads = evil_threads;
    result.n_threads = 1;
    result.events = evil_events;
    result.n_events = RO_LEN(evil_events);
    result.attachment = evil_files[0];
    result.saved = EVIL;
    result.messages = evil_messages;
    result.n_messages = 1;
    result.answers = evil_answers;
    result.n_answers = 1;
    result.audience = evil_audience;
    result.n_audience = 1;
    return result;
}

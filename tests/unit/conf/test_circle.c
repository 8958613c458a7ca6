/* SPDX-License-Identifier: Apache-2.0 */
/* circle.conf: the sample says what it should, and every mistake is named. */
#include "common/conf/circle.h"

#include "common/base/file.h"
#include "common/conf/values.h"
#include "tests/unit/conf/sample.h"

static char *sample; /* the text of config/circle.conf */
static struct ro_circle_conf *conf;

/* --- what the sample says ------------------------------------------------ */

static void
test_circle(void)
{
    tap_ok(ro_circle_conf_k(conf) == 5);
    tap_ok(ro_circle_conf_expiry_days(conf) == 90);
}

static void
test_topics(void)
{
    static const char *const codes[] = {
        "LD1", "LD2", "LD3", "LD4", "LD5", "LD6", "GV1", "GV2", "TL1",
        "TL2", "TL3", "TL4", "TL5", "IN1", "IN2", "IN3", "IN4", "IN5",
        "IN6", "OP1", "OP2", "OP3", "OP4", "OP5", "ZZ0",
    };
    tap_ok(ro_circle_conf_topic_count(conf) == RO_LEN(codes));
    bool is_right = true;
    for (size_t i = 0; i < RO_LEN(codes); i++) {
        const struct ro_topic *topic = NULL;
        is_right &=
            ro_circle_conf_find_topic(conf, codes[i], NULL, &topic) == RO_OK &&
            topic == ro_circle_conf_topic(conf, i) && topic->words[0] != '\0';
    }
    tap_ok(is_right);
    tap_ok(strcmp(ro_circle_conf_topic(conf, 8)->words,
                  "Early reading, phonics, EYFS") == 0);
}

static bool
offers(const char *code, const char *words)
{
    const struct ro_topic *topic = NULL;
    struct ro_why why = {""};
    enum ro_status status = ro_circle_conf_find_topic(conf, code, &why, &topic);
    printf("# %s\n", why.text);
    return status == RO_NOT_FOUND && topic == NULL &&
           strstr(why.text, words) != NULL;
}

static void
test_unknown_topic(void)
{
    tap_ok(offers("TL9", "no topic 'TL9' here; did you mean TL1 (Early"));
    tap_ok(offers("tl3", "did you mean TL3 (Mathematics)?"));
    tap_ok(offers("phonics", "did you mean TL1 (Early reading"));
    tap_ok(offers("Budget", "did you mean OP1"));
    tap_ok(offers("XX7", "no topic 'XX7' here"));
    tap_ok(!offers("XX7", "did you mean"));
    tap_ok(offers("", "no topic '' here"));
    /* all there are, after what may have been meant */
    tap_ok(offers("XX7", "here; there are LD1, LD2, "));
    tap_ok(offers("TL9", "EYFS)? There are LD1, LD2, "));
    tap_ok(offers("TL9", ", OP5, ZZ0"));
    tap_ok(!offers("TL9", "..."));
}

/* More topics than a reason has room for end in dots, and nothing is cut. */
static void
test_many_topics(void)
{
    RO_AUTOBUF text = {0};
    struct ro_circle_conf *many = NULL;
    const struct ro_topic *topic = NULL;
    struct ro_why why = {""};
    ro_buf_printf(&text, "%s", sample);
    for (int i = 0; i < 60; i++) {
        ro_buf_printf(&text, "topic Q%c%d { words = \"w\" }\n", 'A' + i / 10,
                      i % 10);
    }
    tap_need(ro_circle_conf_parse(ro_buf_view(&text), &why, &many) == RO_OK);
    why.text[0] = '\0';
    tap_is(ro_circle_conf_find_topic(many, "XX7", &why, &topic), RO_NOT_FOUND);
    size_t size = strlen(why.text);
    tap_ok(size < sizeof(why.text) && size > 200 &&
           strcmp(why.text + size - 5, ", ...") == 0);
    printf("# %s\n", why.text);
    ro_circle_conf_free(many);
}

struct wanted {
    const char *code;
    struct ro_span within[RO_STEP_COUNT];
    enum ro_missed missed;
    bool stops;
};

static void
test_urgency(void)
{
    static const struct wanted wanted[] = {
        {"U1",
         {{30, RO_SPAN_MINUTES},
          {1, RO_SPAN_HOURS},
          {1, RO_SPAN_HOURS},
          {0, RO_SPAN_ROLLING},
          {0, RO_SPAN_SAME_DAY}},
         RO_MISSED_NEXT_ON_ROTA,       false},
        {"U2",
         {{4, RO_SPAN_WORKING_HOURS},
          {1, RO_SPAN_WORKING_DAYS},
          {1, RO_SPAN_WORKING_DAYS},
          {48, RO_SPAN_HOURS},
          {2, RO_SPAN_WORKING_DAYS}},
         RO_MISSED_DEPUTY_COORDINATOR, true },
        {"U3",
         {{1, RO_SPAN_WORKING_DAYS},
          {2, RO_SPAN_WORKING_DAYS},
          {3, RO_SPAN_WORKING_DAYS},
          {5, RO_SPAN_WORKING_DAYS},
          {7, RO_SPAN_DAYS}},
         RO_MISSED_STALLED,            true },
        {"U4",
         {{2, RO_SPAN_WORKING_DAYS},
          {5, RO_SPAN_WORKING_DAYS},
          {5, RO_SPAN_WORKING_DAYS},
          {10, RO_SPAN_WORKING_DAYS},
          {10, RO_SPAN_WORKING_DAYS}},
         RO_MISSED_STALLED,            true },
    };
    for (size_t i = 0; i < RO_LEN(wanted); i++) {
        const struct ro_urgency *urgency = NULL;
        tap_need(ro_circle_conf_find_urgency(conf, wanted[i].code, NULL,
                                             &urgency) == RO_OK);
        tap_ok(strcmp(urgency->code, wanted[i].code) == 0);
        for (size_t step = 0; step < RO_STEP_COUNT; step++) {
            tap_ok(urgency->within[step].amount ==
                   wanted[i].within[step].amount);
            tap_ok(urgency->within[step].unit == wanted[i].within[step].unit);
        }
        tap_ok(urgency->missed == wanted[i].missed);
        tap_ok(urgency->stops_in_holidays == wanted[i].stops);
        tap_ok(urgency->has_hours == (i == 0));
    }
}

static void
test_urgency_hours_and_unknown(void)
{
    const struct ro_urgency *urgency = NULL;
    struct ro_why why = {""};
    tap_need(ro_circle_conf_find_urgency(conf, "U1", NULL, &urgency) == RO_OK);
    tap_ok(urgency->hours_from_min == 420 && urgency->hours_to_min == 1080);
    tap_ok(urgency->hours_else_min == 450);
    tap_ok(strcmp(urgency->words, "today: mutual aid") == 0);
    tap_is(ro_circle_conf_find_urgency(conf, "U5", &why, &urgency),
           RO_NOT_FOUND);
    tap_ok(strcmp(why.text,
                  "no urgency 'U5': U1 (today: mutual aid), U2 (this week), "
                  "U3 (this half-term) or U4 (looking ahead)") == 0);
    tap_is(ro_circle_conf_find_urgency(conf, "u1", &why, &urgency),
           RO_NOT_FOUND);
}

static void
test_calendar(void)
{
    const struct ro_calendar *calendar = ro_circle_conf_calendar(conf);
    int32_t day = 0;
    tap_ok(strcmp(calendar->timezone, "Europe/London") == 0);
    tap_ok(calendar->opens_min == 480 && calendar->closes_min == 990);
    tap_need(calendar->term_count == 6 && calendar->closure_count == 1);
    tap_ok(ro_value_date("2026-09-01", &day));
    tap_ok(calendar->terms[0].first == day);
    tap_ok(ro_value_date("2027-07-21", &day));
    tap_ok(calendar->terms[5].last == day);
    tap_ok(ro_value_date("2027-05-03", &day));
    tap_ok(calendar->closures[0].first == day);
    tap_ok(calendar->closures[0].last == day);

    size_t weekdays = 0; /* 1970-01-01 was a Thursday */
    for (size_t i = 0; i < calendar->term_count; i++) {
        for (day = calendar->terms[i].first; day <= calendar->terms[i].last;
             day++)
            weekdays += (day + 3) % 7 < 5 && day != calendar->closures[0].first;
    }
    tap_ok(weekdays == 195); /* 190 for pupils and 5 of training: the usual */
}

/* --- mistakes ------------------------------------------------------------ */

/* The sample with one place changed: refused with this, and nothing else. */
static bool
is_refused(const char *from, const char *to, const char *reason)
{
    char *at = strstr(sample, from);
    struct ro_buf text = {0};
    struct ro_buf mistakes = {0};
    struct ro_why why = {""};
    struct ro_circle_conf *broken = NULL;
    char expected[400];
    unsigned line = 1;
    if (at == NULL)
        return false;
    for (const char *c = sample; c < at; c++)
        line += *c == '\n';
    ro_buf_put(&text, sample, (size_t)(at - sample));
    ro_buf_printf(&text, "%s%s", to, at + strlen(from));
    enum ro_status first =
        ro_circle_conf_parse(ro_buf_view(&text), &why, &broken);
    enum ro_status all = ro_circle_conf_check(ro_buf_view(&text), &mistakes);
    ro_buf_put_u8(&mistakes, '\0');

    /* '@' stands for the line of the change */
    if (reason[0] == '@') {
        snprintf(expected, sizeof(expected), "circle.conf:%u: %s", line,
                 reason + 1);
    } else {
        snprintf(expected, sizeof(expected), "circle.conf: %s", reason);
    }
    bool is = first == RO_BAD_CONFIG && all == RO_BAD_CONFIG &&
              broken == NULL && strcmp(why.text, expected) == 0;
    snprintf(expected + strlen(expected), 2, "\n");
    is = is && strcmp((char *)mistakes.data, expected) == 0;
    if (!is) {
        printf("# expected %s# why %s\n# all %s\n", expected, why.text,
               (char *)mistakes.data);
    }
    ro_buf_fini(&text);
    ro_buf_fini(&mistakes);
    ro_circle_conf_free(broken);
    return is;
}

static void
test_mistakes_of_the_circle(void)
{
    static const char k[] = "@k: a number from 2 to 1000 is expected";
    static const char days[] = "days from 1 to 120 are expected";
    char line[80];
    tap_ok(is_refused("k = 5", "k = 1", k));
    tap_ok(is_refused("k = 5", "k = 1001", k));
    tap_ok(is_refused("k = 5", "k = five", k));
    tap_ok(is_refused("k = 5", "kk = 5", "@kk: unknown key"));
    snprintf(line, sizeof(line), "@expiry_days: %s", days);
    tap_ok(is_refused("expiry_days = 90", "expiry_days = 0", line));
    tap_ok(is_refused("expiry_days = 90", "expiry_days = 121", line));
}

static void
test_mistakes_of_topics(void)
{
    static const char code[] = "a code is two capitals and a digit, as in TL1";
    char line[100];
    snprintf(line, sizeof(line), "@topic: tl1: %s", code);
    tap_ok(is_refused("topic TL1", "topic tl1", line));
    snprintf(line, sizeof(line), "@topic: TL12: %s", code);
    tap_ok(is_refused("topic TL1", "topic TL12", line));
    snprintf(line, sizeof(line), "@topic: TLX: %s", code);
    tap_ok(is_refused("topic TL1", "topic TLX", line));
    tap_ok(is_refused("topic TL2", "topic TL1",
                      "@topic: another one has this title"));
    tap_ok(is_refused("{ words = \"English\" }", "{ }",
                      "@topic: TL2: its words are missing"));
    tap_ok(is_refused("\"English\"", "\"\"", "@words: it is empty"));
}

static void
test_mistakes_of_urgency(void)
{
    static const char span[] =
        "@reply: a span is expected, such as \"30 minutes\", \"4 working "
        "hours\", \"7 days\", \"1 working day\", \"same day\" or \"rolling\"";
    tap_ok(is_refused("reply = \"1 hour\"", "reply = \"soon\"", span));
    tap_ok(is_refused("urgency U1", "urgency U5",
                      "@urgency: U5: there are U1, U2, U3 and U4"));
    tap_ok(is_refused("urgency U1", "urgency U01",
                      "@urgency: U01: there are U1, U2, U3 and U4"));
    tap_ok(is_refused("\"07:00-18:00\"", "\"18:00-07:00\"",
                      "@acknowledge_hours: hours are expected, such as "
                      "\"07:00-18:00\""));
    tap_ok(is_refused("\"07:30\"", "\"7\"",
                      "@acknowledge_else: a time is expected, such as "
                      "\"07:30\""));
    tap_ok(is_refused("stops_in_holidays = no", "stops_in_holidays = maybe",
                      "@stops_in_holidays: yes or no is expected"));
    tap_ok(is_refused("if_missed = next-on-rota", "if_missed = panic",
                      "@if_missed: next-on-rota, deputy-coordinator or stalled "
                      "is expected"));
}

/* An urgency U1 that lacks one of its lines. */
static bool
is_missed(const char *from, const char *reason)
{
    char expected[200];
    unsigned line = 1;
    const char *section = strstr(sample, "urgency U1");
    for (const char *c = sample; c < section; c++)
        line += *c == '\n';
    char *at = strstr(sample, from);
    struct ro_why why = {""};
    struct ro_circle_conf *broken = NULL;
    struct ro_buf text = {0};
    ro_buf_put(&text, sample, (size_t)(at - sample));
    ro_buf_printf(&text, "%s", at + strcspn(at, "\n"));
    snprintf(expected, sizeof(expected), "circle.conf:%u: urgency: U1: %s",
             line, reason);
    enum ro_status status =
        ro_circle_conf_parse(ro_buf_view(&text), &why, &broken);
    if (strcmp(why.text, expected) != 0)
        printf("# %s\n", why.text);
    ro_buf_fini(&text);
    return status == RO_BAD_CONFIG && strcmp(why.text, expected) == 0;
}

static void
test_missing_in_urgency(void)
{
    tap_ok(is_missed("words = \"today", "its words are missing"));
    tap_ok(is_missed("acknowledge = ", "'acknowledge' is missing"));
    tap_ok(is_missed("first_asked = ", "'first_asked' is missing"));
    tap_ok(is_missed("reply = ", "'reply' is missing"));
    tap_ok(is_missed("shortlist = ", "'shortlist' is missing"));
    tap_ok(is_missed("first_contact = ", "'first_contact' is missing"));
    tap_ok(is_missed("if_missed = ", "'if_missed' is missing"));
    tap_ok(is_missed("acknowledge_hours = ", "'acknowledge_hours' and "
                                             "'acknowledge_else' go together"));
    tap_ok(is_missed("acknowledge_else = ", "'acknowledge_hours' and "
                                            "'acknowledge_else' go together"));
}

static void
test_mistakes_of_groups(void)
{
    static const char name[] = "a name has up to 32 small letters, digits and "
                               "-, and begins with a letter";
    char line[120];
    snprintf(line, sizeof(line), "@group: Tideway: %s", name);
    tap_ok(is_refused("group tideway", "group Tideway", line));
    snprintf(line, sizeof(line), "@group: 1st: %s", name);
    tap_ok(is_refused("group tideway", "group 1st", line));
    snprintf(line, sizeof(line),
             "@group: a23456789012345678901234567890123: %s", name);
    tap_ok(is_refused("group tideway",
                      "group a23456789012345678901234567890123", line));
    tap_ok(is_refused("group tideway", "group primary",
                      "@group: primary: this is the name of a phase"));
    tap_ok(is_refused("group tideway", "group estuary",
                      "@group: another one has this title"));
    tap_ok(is_refused("group tideway {",
                      "group nobody { words = \"x\" }\n"
                      "group tideway {",
                      "@group: nobody: nobody fits it: it has neither urns nor "
                      "a rule"));
    tap_ok(is_refused("900003, 900009", "900003, 90000",
                      "@urns: a URN has six digits"));
    tap_ok(
        is_refused("900003, 900009", "099999", "@urns: a URN has six digits"));
    tap_ok(is_refused("\"Tideway Academies Trust\"", "\"\"",
                      "@trusts: one of its values is empty"));
    tap_ok(is_refused("group tideway", "group \"Tideway!\"",
                      "@group: Tideway!: a name has up to 32 small letters, "
                      "digits and -, and begins with a letter"));
    tap_ok(is_refused("group tideway", "group Tideway!",
                      "@Tideway!: a name has letters, digits and -; anything "
                      "else stands in double quotes"));
    tap_ok(is_refused("{ \"Primary\" }", "{ \"Primery\" }",
                      "@phases: the register has no phase 'Primery'; did you "
                      "mean 'Primary'?"));
    tap_ok(
        is_refused("{ \"Primary\" }", "{ \"Kindergarten\" }",
                   "@phases: the register has no phase 'Kindergarten'; there "
                   "are Nursery, Primary, Middle deemed primary, Middle "
                   "deemed secondary, Secondary, All-through, 16 plus, Not "
                   "applicable"));
}

static void
test_mistakes_of_the_calendar(void)
{
    static const char date[] = "a date is expected, such as \"2026-09-01\"";
    char line[80];
    tap_ok(is_refused("\"Europe/London\"", "\"Europe/Paris\"",
                      "@timezone: only \"Europe/London\" is known"));
    tap_ok(is_refused("hours = \"08:00-16:30\"", "hours = \"08:00\"",
                      "@hours: hours are expected, such as \"08:00-16:30\""));
    snprintf(line, sizeof(line), "@from: %s", date);
    tap_ok(is_refused("from = 2026-09-01", "from = 2026-09-31", line));
    snprintf(line, sizeof(line), "@to: %s", date);
    tap_ok(is_refused("to = 2026-10-23", "to = 23.10.2026", line));
    tap_ok(is_refused("term \"Autumn 2026, first half\"  { from = 2026-09-01",
                      "term A { ", "@term: A: 'from' is missing"));
    tap_ok(is_refused("term \"Autumn 2026, first half\"  { from = 2026-09-01  "
                      "to = 2026-10-23",
                      "term A { from = 2026-09-01",
                      "@term: A: 'to' is missing"));
    tap_ok(is_refused("term \"Autumn 2026, first half\"  { from = 2026-09-01  "
                      "to = 2026-10-23",
                      "term A { from = 2026-09-02 to = 2026-09-01",
                      "@term: A: it ends before it begins"));
    tap_ok(is_refused("term \"Autumn 2026, second half\" { from = 2026-11-02",
                      "term A { from = 2026-10-23",
                      "@term: A: it begins before the term above it has "
                      "ended"));
    tap_ok(is_refused("closure \"Early May bank holiday\" { from = 2027-05-03",
                      "closure A { to = 2027-05-03",
                      "@closure: A: 'from' is missing"));
}

/* --- the whole ----------------------------------------------------------- */

static bool
all_say(const char *text, const char *mistakes)
{
    RO_AUTOBUF out = {0};
    enum ro_status status = ro_circle_conf_check(ro_bytes_text(text), &out);
    ro_buf_put_u8(&out, '\0');
    if (strcmp((char *)out.data, mistakes) != 0)
        printf("# %s\n", (char *)out.data);
    return status == RO_BAD_CONFIG && strcmp((char *)out.data, mistakes) == 0;
}

static void
test_missing(void)
{
    tap_ok(all_say("k = 5\n",
                   "circle.conf: topic: a circle needs at least one\n"
                   "circle.conf: urgency: U1 is missing\n"
                   "circle.conf: urgency: U2 is missing\n"
                   "circle.conf: urgency: U3 is missing\n"
                   "circle.conf: urgency: U4 is missing\n"
                   "circle.conf: term: a calendar needs at least one\n"));
    /* with a value that is wrong, what is missing is told, too */
    tap_ok(all_say("k = 0\ntopic TL1 { words = \"x\" }\n",
                   "circle.conf:1: k: a number from 2 to 1000 is expected\n"
                   "circle.conf: urgency: U1 is missing\n"
                   "circle.conf: urgency: U2 is missing\n"
                   "circle.conf: urgency: U3 is missing\n"
                   "circle.conf: urgency: U4 is missing\n"
                   "circle.conf: term: a calendar needs at least one\n"));
    /* a name with odd characters spoils nothing but its section */
    tap_ok(all_say("k = 0\ngroup Tide! {\n phases = { a }\n words = x\n}\n",
                   "circle.conf:2: Tide!: a name has letters, digits and -; "
                   "anything else stands in double quotes\n"
                   "circle.conf:1: k: a number from 2 to 1000 is expected\n"));
    /* several at once, each with its line */
    tap_ok(all_say("k = 0\nfoo = 1\n\ntopic TL1 { }\n",
                   "circle.conf:2: foo: unknown key\n"
                   "circle.conf:1: k: a number from 2 to 1000 is expected\n"
                   "circle.conf:4: topic: TL1: its words are missing\n"));
}

static void
test_limits(void)
{
    RO_AUTOBUF text = {0};
    struct ro_why why = {""};
    struct ro_circle_conf *large = NULL;
    ro_buf_printf(&text, "%s", sample);
    while (text.size < RO_CIRCLE_CONF_MAX)
        ro_buf_put_u8(&text, '\n');
    tap_is(ro_circle_conf_parse(ro_buf_view(&text), &why, &large), RO_OK);
    ro_circle_conf_free(large);
    large = NULL;
    ro_buf_put_u8(&text, '\n');
    tap_is(ro_circle_conf_parse(ro_buf_view(&text), &why, &large),
           RO_BAD_CONFIG);
    tap_ok(strcmp(why.text,
                  "circle.conf: it has 49153 bytes; 49152 are the most") == 0);

    /* long lists are what needs most memory */
    ro_buf_clear(&text);
    ro_buf_printf(&text, "%s", sample);
    for (char name = 'a'; name <= 'e'; name++) {
        ro_buf_printf(&text, "group %c { trusts = { a", name);
        for (int i = 1; i < 3500; i++)
            ro_buf_printf(&text, ",a");
        ro_buf_printf(&text, "} }\n");
    }
    tap_ok(text.size > 40000);
    tap_is(ro_circle_conf_parse(ro_buf_view(&text), &why, &large), RO_OK);
    ro_circle_conf_free(large);
}

/* The sample with so many more sections. */
static bool
is_too_many(const char *before,
            char first,
            const char *after,
            const char *reason)
{
    RO_AUTOBUF text = {0};
    struct ro_why why = {""};
    struct ro_circle_conf *large = NULL;
    ro_buf_printf(&text, "%s\n", sample);
    for (unsigned i = 0; i < 101; i++) {
        ro_buf_printf(&text, "%s%c%u%s\n", before, first + (int)(i / 10),
                      i % 10, after);
    }
    enum ro_status status =
        ro_circle_conf_parse(ro_buf_view(&text), &why, &large);
    printf("# %s\n", why.text);
    return status == RO_BAD_CONFIG && strstr(why.text, reason) != NULL;
}

static void
test_too_many(void)
{
    /* the sample has 25 topics, 4 groups and 1 closure; 100 are the most */
    tap_ok(is_too_many("topic A", 'A', " { words = w }",
                       "topic: AH5: there are too many topics"));
    tap_ok(is_too_many("closure c", 'A',
                       " { from = 2027-05-03 to = 2027-05-03 }",
                       "closure: cJ9: there are too many"));
    tap_ok(is_too_many("group g", 'a', " { urns = 900001 }",
                       "group: gj6: there are too many groups"));
}

static void
test_nothing(void)
{
    struct ro_why why = {""};
    struct ro_circle_conf *none = NULL;
    tap_is(ro_circle_conf_parse((struct ro_bytes){NULL, 0}, &why, &none),
           RO_BAD_CONFIG);
    tap_is(ro_circle_conf_parse((struct ro_bytes){NULL, 0}, NULL, &none),
           RO_BAD_CONFIG);
    tap_ok(none == NULL);
    ro_circle_conf_free(NULL);
}

int
main(int argc, char **argv)
{
    struct ro_buf text = {0};
    conf = load_sample(argc > 1 ? argv[1] : ".", &text);
    ro_buf_put_u8(&text, '\0');
    sample = (char *)text.data;
    tap_run(test_circle);
    tap_run(test_topics);
    tap_run(test_unknown_topic);
    tap_run(test_many_topics);
    tap_run(test_urgency);
    tap_run(test_urgency_hours_and_unknown);
    tap_run(test_calendar);
    tap_run(test_mistakes_of_the_circle);
    tap_run(test_mistakes_of_topics);
    tap_run(test_mistakes_of_urgency);
    tap_run(test_missing_in_urgency);
    tap_run(test_mistakes_of_groups);
    tap_run(test_mistakes_of_the_calendar);
    tap_run(test_missing);
    tap_run(test_limits);
    tap_run(test_too_many);
    tap_run(test_nothing);
    ro_circle_conf_free(conf);
    free(sample);
    return tap_done();
}

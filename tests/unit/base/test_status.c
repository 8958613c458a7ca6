/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/status.h"
#include "tests/support/tap.h"

static void
test_rows(void)
{
    tap_ok(RO_OK == 0);
    tap_ok(strcmp(ro_status_name(RO_NEED_BODY), "NEED_BODY") == 0);
    tap_ok(strcmp(ro_status_text(RO_OK), "done") == 0);
    tap_ok(ro_status_exit(RO_KEPT) == 5);
    tap_is(ro_status_reach(RO_BAD_FRAME), RO_REACH_DROP);
    bool full = true;
    for (enum ro_status s = RO_OK; s < RO_STATUS_COUNT; s++) {
        full = full && ro_status_name(s)[0] != '\0' &&
               ro_status_text(s)[0] != '\0' &&
               strchr(ro_status_text(s), '.') == NULL;
    }
    tap_say(full, "each outcome has a name and a sentence without its stop");
}

static void
test_reach(void)
{
    bool only_ok = true;
    bool stop_stays_inside = true;
    for (enum ro_status s = RO_OK; s < RO_STATUS_COUNT; s++) {
        only_ok =
            only_ok && (ro_status_reach(s) == RO_REACH_NONE) == (s == RO_OK);
        if (ro_status_reach(s) == RO_REACH_STOP) {
            stop_stays_inside =
                stop_stays_inside && ro_status_wire(s) == RO_WIRE_INSIDE;
        }
    }
    tap_say(only_ok, "only OK reaches nobody");
    tap_say(stop_stays_inside, "what stops the broker has no wire code");
}

static void
test_wire_codes(void)
{
    bool round = true;
    bool unique = true;
    for (enum ro_status s = RO_OK; s < RO_STATUS_COUNT; s++) {
        if (ro_status_wire(s) == RO_WIRE_INSIDE)
            continue;
        round = round && ro_status_from_wire(ro_status_wire(s)) == s;
        for (enum ro_status t = RO_OK; t < s; t++)
            unique = unique && ro_status_wire(s) != ro_status_wire(t);
    }
    tap_say(round, "a wire code leads back to its outcome");
    tap_say(unique, "no wire code is used twice");
    tap_ok(ro_status_wire(RO_OK) == 0);
    tap_ok(ro_status_wire(RO_NO_ROOM) == 9);
    tap_is(ro_status_from_wire(RO_WIRE_INSIDE), RO_BROKER_REFUSED);
    tap_is(ro_status_from_wire(200), RO_BROKER_REFUSED);
    tap_is(ro_status_from_wire(65535), RO_BROKER_REFUSED);
}

static void
test_why(void)
{
    struct ro_why why = {"before"};
    tap_is(ro_why(NULL, RO_NOT_FOUND, "%d", 1), RO_NOT_FOUND);
    tap_is(ro_why(&why, RO_USAGE, "no topic \"%s\"", "x"), RO_USAGE);
    tap_ok(strcmp(why.text, "no topic \"x\"") == 0);
}

/* The command line's contract: 9 is an identity alarm and nothing else. */
static void
test_kinds(void)
{
    bool nine = true;
    bool apart = true;
    for (enum ro_status s = RO_OK; s < RO_STATUS_COUNT; s++) {
        nine = nine && ro_status_is_alarm(s) == (ro_status_exit(s) == 9);
        apart = apart && !(ro_status_is_alarm(s) && ro_status_is_local(s));
    }
    tap_say(nine, "each alarm ends with 9, and nothing else does");
    tap_say(apart, "no alarm is about this machine");
    tap_ok(ro_status_is_alarm(RO_FORKED) && ro_status_is_alarm(RO_NO_RIGHT));
    tap_ok(!ro_status_is_alarm(RO_UNREACHABLE) && !ro_status_is_alarm(RO_OK));
    tap_ok(ro_status_is_local(RO_VAULT_DAMAGED) &&
           ro_status_is_local(RO_IO_FAILED));
    tap_ok(!ro_status_is_local(RO_NO_ROOM) && !ro_status_is_local(RO_KEPT));
}

/* "é" has two bytes, "€" three: none may be cut in two. */
static void
test_why_is_cut_between_characters(void)
{
    static const char *const fills[] = {"a", "\xc3\xa9", "\xe2\x82\xac",
                                        "\xf0\x9f\x8d\x8e"};
    for (size_t i = 0; i < RO_LEN(fills); i++) {
        size_t width = strlen(fills[i]);
        char text[401] = "";
        for (size_t n = 0; n < 100; n++)
            memcpy(text + n * width, fills[i], width);
        struct ro_why why;
        /* one to four letters in front put the cut at each place */
        for (int shift = 1; shift <= 4; shift++) {
            ro_why(&why, RO_USAGE, "%.*s%s%s%s", shift, "wxyz", text, text,
                   text);
            size_t kept = strlen(why.text) - (size_t)shift;
            tap_ok(kept % width == 0);
            tap_ok(kept + (size_t)shift + width >= sizeof(why.text));
        }
    }
}

int
main(void)
{
    tap_run(test_rows);
    tap_run(test_reach);
    tap_run(test_wire_codes);
    tap_run(test_kinds);
    tap_run(test_why);
    tap_run(test_why_is_cut_between_characters);
    return tap_done();
}

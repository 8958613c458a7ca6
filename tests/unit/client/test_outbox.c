/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outbox: a crash at every step, days that go by, seats that are gone.
 *
 * A crash is simulated where it matters: each commit is taken back or done,
 * each ask is not sent or its answer not heard, and nothing that runs after it
 * in memory counts, because the engine starts again from its vault. (Linked
 * with --wrap for the functions below; tests/fault kills real processes.)
 */
#include "tests/unit/client/asked.h"
#include "tests/unit/client/friends.h"

#include "client/core/outbox.h"
#include "client/core/sealing.h"
#include "common/wire/codec.h"

#include "frame.pb-c.h"

/* --- where it crashes ---------------------------------------------------- */

enum ro_status __real_vault_end(struct vault *vault, enum ro_status s);
enum ro_status __wrap_vault_end(struct vault *vault, enum ro_status s);
enum ro_status __real_vault_commit(struct vault *vault);
enum ro_status __wrap_vault_commit(struct vault *vault);
enum ro_status
__real_ro_body_seal(struct ro_bytes content,
                    const uint8_t content_key[static RO_CONTENT_KEY_SIZE],
                    const struct ro_entropy *entropy,
                    struct ro_buf *ret_body);
enum ro_status
__wrap_ro_body_seal(struct ro_bytes content,
                    const uint8_t content_key[static RO_CONTENT_KEY_SIZE],
                    const struct ro_entropy *entropy,
                    struct ro_buf *ret_body);

/* Steps are counted from 1; two for each commit and ask: before and after. */
static struct {
    int at; /* the step that crashes; 0: none */
    enum { CRASH_ENDS_IT, NO_ROOM_ONCE } how;
    int step;
    bool crashed;
    enum ro_status deposit; /* what deposits are answered with; RO_OK: real */
} crash;

static bool
crashes_here(void)
{
    crash.step++;
    if (crash.step == crash.at)
        crash.crashed = true;
    return crash.crashed;
}

/* A commit that finds the disk full, and life goes on. */
static bool
has_no_room_here(void)
{
    crash.step++;
    return crash.step == crash.at;
}

enum ro_status
__wrap_vault_end(struct vault *vault, enum ro_status s)
{
    if (crash.how == NO_ROOM_ONCE) {
        if (s != RO_OK || !has_no_room_here())
            return __real_vault_end(vault, s);
        crash.crashed = true;
        vault_rollback(vault);
        return RO_NO_ROOM;
    }
    if (crashes_here()) {
        vault_rollback(vault);
        return RO_IO_FAILED;
    }
    s = __real_vault_end(vault, s);
    return crashes_here() ? RO_IO_FAILED : s;
}

enum ro_status
__wrap_vault_commit(struct vault *vault)
{
    return __wrap_vault_end(vault, RO_OK);
}

enum ro_status
on_ask(const struct asked *asked)
{
    if (crash.how == CRASH_ENDS_IT && crashes_here())
        return RO_IO_FAILED;
    enum ro_status s = asked_go(asked);
    if (asked->ask->verb == RO_VERB_DEPOSIT && crash.deposit != RO_OK)
        return crash.deposit;
    if (crash.how == NO_ROOM_ONCE)
        return s;
    return crashes_here() ? RO_IO_FAILED : s;
}

/* Every content key that ever sealed a body. */
static struct ro_buf keys_used;
static bool key_used_twice;
static int n_sealed;

enum ro_status
__wrap_ro_body_seal(struct ro_bytes content,
                    const uint8_t content_key[static RO_CONTENT_KEY_SIZE],
                    const struct ro_entropy *entropy,
                    struct ro_buf *ret_body)
{
    for (size_t at = 0; at < keys_used.size; at += RO_CONTENT_KEY_SIZE) {
        if (memcmp(keys_used.data + at, content_key, RO_CONTENT_KEY_SIZE) == 0)
            key_used_twice = true;
    }
    n_sealed++;
    ro_buf_put(&keys_used, content_key, RO_CONTENT_KEY_SIZE);
    return __real_ro_body_seal(content, content_key, entropy, ret_body);
}

/* --- the row of a message ------------------------------------------------ */

/* The only row of an outbox, released with outgoing_fini; how many rows. */
static size_t
read_outbox(struct seat *seat, struct outgoing *ret_outgoing)
{
    RO_AUTOBUF rows = {0};
    test_must(outgoing_rows(seat->engine->vault, &rows));
    size_t n = rows.size / RO_ID_SIZE;
    *ret_outgoing = (struct outgoing){0};
    if (n > 0) {
        struct row_id row;
        memcpy(row.b, rows.data + (n - 1) * RO_ID_SIZE, RO_ID_SIZE);
        test_must(outgoing_get(seat->engine->vault, &row, ret_outgoing));
    }
    return n;
}

/* --- crashes ------------------------------------------------------------- */

/* One message through one crash. Whether the step was reached. */
static bool
survives(const char *thread, int step)
{
    char text[32];
    RO_AUTOOUTGOING sealed = {0};
    struct ro_message_id id = {0};
    struct mail mail[4];
    snprintf(text, sizeof(text), "Step %d.", step);
    engine_unlink(ben->engine);
    crash.at = step;
    crash.step = 0;
    (void)seat_write(ann, jobs_say, thread, text);
    bool reached = crash.crashed;
    crash.at = 0;
    crash.crashed = false;
    seat_restart(ann);
    bool kept = read_outbox(ann, &sealed) == 1;
    if (kept && sealed.standing == OUTGOING_SEALED)
        id = message_id_of(ann, &sealed.row);
    if (!kept) /* crashed before the draft was kept: say it again */
        test_must(seat_write(ann, jobs_say, thread, text));
    test_must(seat_sync(ann));
    size_t n = pair_mail(pair, ben, mail, 4);
    bool same = n == 1;
    if (same && sealed.standing == OUTGOING_SEALED) {
        RO_AUTOOUTGOING now = {0};
        same =
            ro_bytes_equal(mail[0].envelope.body, ro_buf_view(&sealed.body)) &&
            read_outbox(ann, &now) == 1 &&
            memcmp(now.content_key, sealed.content_key, RO_CONTENT_KEY_SIZE) ==
                0 &&
            memcmp(id.b, message_id_of(ann, &now.row).b, RO_ID_SIZE) == 0;
    }
    mail_fini(mail, n);
    test_must(seat_sync(ben));
    char what[64];
    snprintf(what, sizeof(what), "step %d: sent once, and the same", step);
    tap_say(same && seat_shows(ben, text) == 1, what);
    pair_pass(pair, 5 * 3600);
    pair_sync_all(pair);
    pair_sync_all(pair);
    return reached;
}

static void
test_a_crash_at_every_step(void)
{
    open_two();
    const char *thread = quiet_thread();
    int step = 1;
    while (survives(thread, step))
        step++;
    printf("# %d steps\n", step - 1);
    tap_say(step > 12, "there are steps to crash at");
    tap_say(!key_used_twice, "no content key seals two bodies");
    close_circle();
    ro_buf_fini(&keys_used);
}

/* The vault is set back to before it noted that the broker has the message. */
static void
test_sent_and_not_noted(void)
{
    struct mail mail[4];
    RO_AUTOOUTGOING outgoing = {0};
    open_two();
    const char *thread = quiet_thread();
    engine_unlink(ben->engine);
    crash.deposit = RO_UNREACHABLE;
    tap_is(seat_write(ann, jobs_say, thread, "Twice?"), RO_KEPT);
    crash.deposit = RO_OK;
    tap_need(read_outbox(ann, &outgoing) == 1);
    tap_ok(outgoing.standing == OUTGOING_SEALED);
    tap_say(pair_mail(pair, ben, mail, 4) == 1, "the broker has it");
    mail_fini(mail, 1);
    tap_ok(place_of(ann, &outgoing.row) == RO_PLACE_KEPT);
    seat_restart(ann);
    tap_is(seat_sync(ann), RO_OK);
    tap_say(pair_mail(pair, ben, mail, 4) == 1, "and has it once");
    mail_fini(mail, 1);
    tap_ok(place_of(ann, &outgoing.row) == RO_PLACE_BROKER);
    close_circle();
}

/* What happens to a message that was sealed and cannot leave, one after the
 * other. */
static void
hinder(int how)
{
    switch (how) {
    case 0: /* another try */
        break;
    case 1:
        seat_restart(ann);
        break;
    case 2: /* its day is over: a new wrap */
        pair_pass(pair, 3 * 86400);
        break;
    default: /* another reason */
        crash.deposit = RO_NO_ROOM;
        break;
    }
}

/* A body is sealed once. However often it is tried, wrapped again, or started
 * from the vault, the same bytes go out: there is never a second nonce, under
 * which it would be another message. */
static void
test_sealed_once(void)
{
    struct mail mail[4];
    RO_AUTOOUTGOING sealed = {0};
    open_two();
    const char *thread = quiet_thread();
    crash.deposit = RO_UNREACHABLE;
    n_sealed = 0;
    tap_is(seat_write(ann, jobs_say, thread, "Once."), RO_KEPT);
    tap_need(read_outbox(ann, &sealed) == 1);
    for (int how = 0; how < 4; how++) {
        hinder(how);
        (void)seat_sync(ann);
    }
    crash.deposit = RO_OK;
    tap_is(seat_sync(ann), RO_OK);
    tap_say(n_sealed == 1, "sealed once");
    size_t n = pair_mail(pair, ben, mail, 4);
    bool same = n > 0;
    for (size_t i = 0; i < n; i++) {
        same = same &&
               ro_bytes_equal(mail[i].envelope.body, ro_buf_view(&sealed.body));
    }
    tap_say(same, "each wrap that ever left is of that body");
    mail_fini(mail, n);
    test_must(seat_sync(ben));
    tap_ok(seat_shows(ben, "Once.") == 1);
    close_circle();
}

/* A third school joins, ann talks and ben answers, and one commit of ann's
 * finds the disk full. She tries again, and all is as if it had not been. */
static bool
survives_a_full_disk(const char *thread, int step)
{
    char text[32];
    snprintf(text, sizeof(text), "Full %d.", step);
    pair_hold(pair);
    test_circle_list(pair_circle(pair), 300000 + (uint32_t)step, 1);
    pair_append(pair);
    test_must(seat_write(ben, jobs_say, thread, text));
    pair_pass(pair, 3600);
    crash.at = step;
    crash.step = 0;
    enum ro_status s = seat_write(ann, jobs_say, thread, text);
    if (s != RO_OK && s != RO_KEPT)
        s = seat_write(ann, jobs_say, thread, text);
    (void)seat_sync(ann);
    bool reached = crash.crashed;
    crash.at = 0;
    crash.crashed = false;
    char what[64];
    bool well = seat_sync(ann) == RO_OK;
    seat_restart(ann); /* memory and vault have to agree */
    well = well && seat_sync(ann) == RO_OK && seat_sync(ben) == RO_OK;
    well = well && seat_shows(ann, text) == 2 && seat_shows(ben, text) == 2;
    snprintf(what, sizeof(what), "step %d: nothing is lost", step);
    tap_say(well, what);
    pair_pass(pair, 5 * 3600);
    pair_sync_all(pair);
    return reached;
}

static void
test_a_full_disk_at_every_step(void)
{
    open_two();
    const char *thread = quiet_thread();
    int step = 1;
    crash.how = NO_ROOM_ONCE;
    while (survives_a_full_disk(thread, step))
        step++;
    crash.how = CRASH_ENDS_IT;
    printf("# %d commits\n", step - 1);
    tap_say(step > 5, "there are commits that can fail");
    close_circle();
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_a_crash_at_every_step);
    tap_run(test_sent_and_not_noted);
    tap_run(test_sealed_once);
    tap_run(test_a_full_disk_at_every_step);
    return tap_done();
}

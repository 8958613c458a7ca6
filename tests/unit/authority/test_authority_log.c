/* SPDX-License-Identifier: Apache-2.0 */
/* What the broker says of the log, held against what it said before. */
#include "tests/unit/authority/test_authority_support.h"

#include "client/authority/fetching.h"
#include "common/wire/checkpoint.h"
#include "common/wire/codec.h"
#include "tests/support/tap.h"

/* A checkpoint of the log as it is, for the hour of now. */
static struct ro_checkpoint
point_now(const struct circle *circle)
{
    const struct ro_directory *directory = circle->authority->directory;
    struct ro_checkpoint point = {
        .circle = circle->authority->circle,
        .slot = ro_hour_of(circle->clock.wall_s),
        .size = ro_directory_size(directory),
    };
    NEED(ro_directory_head(directory, point.size, &point.head) == RO_OK);
    return point;
}

static enum ro_status
check(const struct circle *circle,
      const struct ro_checkpoint *point,
      const struct ro_keypair *pair)
{
    struct ro_why why = {""};
    RO_AUTOBUF raw = {0};
    NEED(ro_checkpoint_sign(point, pair, &raw) == RO_OK);
    enum ro_status s =
        authority_log_check_point(circle->authority, ro_buf_view(&raw), &why);
    if (s != RO_OK)
        printf("# %s: %s\n", ro_status_name(s), why.text);
    return s;
}

static void
make(struct circle *circle)
{
    static const uint32_t urns[] = {900001};
    circle_make(circle);
    circle_charter(circle);
    circle_list(circle, urns, 1);
}

static void
test_point(void)
{
    struct circle circle;
    make(&circle);
    struct ro_checkpoint point = point_now(&circle);
    tap_is(check(&circle, &point, circle.broker), RO_OK);
    point.size++;
    tap_say(check(&circle, &point, circle.broker) == RO_OK,
            "of records that we do not have yet");
    point = point_now(&circle);
    point.head.b[0] ^= 1;
    tap_is(check(&circle, &point, circle.broker), RO_FORKED);
    point = point_now(&circle);
    tap_is(check(&circle, &point, circle.authority->state.mailbox),
           RO_BAD_SIGNATURE);
    point.circle.b[0] ^= 1;
    tap_is(check(&circle, &point, circle.broker), RO_BAD_RECORD);
    point = point_now(&circle);
    point.slot -= RO_FREEZE_HOURS;
    tap_is(check(&circle, &point, circle.broker), RO_OK);
    point.slot--;
    tap_is(check(&circle, &point, circle.broker), RO_FROZEN);
    circle_fini(&circle);
}

static void
test_last(void)
{
    struct circle circle;
    make(&circle);
    struct ro_checkpoint last = point_now(&circle);
    struct ro_buf *kept = &circle.authority->state.checkpoint;
    NEED(ro_checkpoint_sign(&last, circle.broker, kept) == RO_OK);
    tap_is(check(&circle, &last, circle.broker), RO_OK);
    struct ro_checkpoint point = last;
    point.notices.b[0] ^= 1;
    tap_say(check(&circle, &point, circle.broker) == RO_FORKED,
            "two for one hour");
    point.slot++;
    tap_is(check(&circle, &point, circle.broker), RO_OK);
    point = last;
    point.slot--;
    tap_is(check(&circle, &point, circle.broker), RO_ROLLED_BACK);
    ro_buf_clear(kept);
    NEED(ro_checkpoint_sign(&last, circle.authority->state.mailbox, kept) ==
         RO_OK);
    tap_say(check(&circle, &point, circle.broker) == RO_OK,
            "the last one of a broker that was replaced");
    circle_fini(&circle);
}

static enum ro_status
check_answer(const struct circle *circle,
             uint64_t from,
             size_t n_records,
             uint64_t size)
{
    struct ro_why why = {""};
    Reachout__Directory__Answer answer = REACHOUT__DIRECTORY__ANSWER__INIT;
    answer.from = from;
    answer.n_records = n_records;
    answer.size = size;
    enum ro_status s =
        authority_log_check_answer(circle->authority, &answer, &why);
    if (s != RO_OK)
        printf("# %s: %s\n", ro_status_name(s), why.text);
    return s;
}

static void
test_answer(void)
{
    struct circle circle;
    make(&circle);
    tap_is(check_answer(&circle, 2, 0, 2), RO_OK);
    tap_is(check_answer(&circle, 2, 3, 5), RO_OK);
    tap_is(check_answer(&circle, 2, 1, 5), RO_OK);
    tap_is(check_answer(&circle, 2, 0, 5), RO_FROZEN);
    tap_is(check_answer(&circle, 1, 4, 5), RO_BAD_FRAME);
    tap_is(check_answer(&circle, 1, 0, 1), RO_ROLLED_BACK);
    circle.authority->state.pin_size = 9;
    tap_say(check_answer(&circle, 2, 3, 5) == RO_ROLLED_BACK,
            "less than the pin, more than the cache");
    circle_fini(&circle);
}

int
main(void)
{
    NEED(ro_crypto_init() == RO_OK);
    tap_run(test_point);
    tap_run(test_last);
    tap_run(test_answer);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/reach.h"

#include "client/core/row.h"

#include <string.h>

#define HOUR_S ((int64_t)3600)

enum ro_status
reach_load(struct engine *engine)
{
    RO_AUTOBUF value = {0};
    enum ro_status s =
        vault_get(engine->vault, VAULT_STATE, ro_bytes_text("reach"), &value);
    engine->reach = (struct reach){0};
    if (s == RO_NOT_FOUND)
        return RO_OK;
    RO_TRY(s);
    struct row_reader row = row_read(ro_buf_view(&value));
    engine->reach.state = row_u8(&row);
    engine->reach.reached_at_s = (int64_t)row_u64(&row);
    engine->reach.current_at_s = (int64_t)row_u64(&row);
    engine->reach.removed_at_s = (int64_t)row_u64(&row);
    const struct ro_bytes alarm = row_piece(&row);
    if (alarm.size >= sizeof(engine->reach.alarm.text))
        return RO_VAULT_DAMAGED;
    if (alarm.size > 0)
        memcpy(engine->reach.alarm.text, alarm.data, alarm.size);
    return row_end(&row);
}

static enum ro_status
put(struct engine *engine)
{
    RO_AUTOBUF row = {0};
    ro_buf_put_u8(&row, (uint8_t)engine->reach.state);
    ro_buf_put_u64(&row, (uint64_t)engine->reach.reached_at_s);
    ro_buf_put_u64(&row, (uint64_t)engine->reach.current_at_s);
    ro_buf_put_u64(&row, (uint64_t)engine->reach.removed_at_s);
    row_put_piece(&row, ro_bytes_text(engine->reach.alarm.text));
    RO_TRY(ro_buf_ok(&row));
    struct vault_place place = {VAULT_STATE, ro_bytes_text("reach"), {0}};
    return vault_put(engine->vault, &place, ro_buf_view(&row));
}

/* What people are told is no reason for anything to fail. */
static void
keep(struct engine *engine)
{
    if (vault_begin(engine->vault) == RO_OK &&
        vault_end(engine->vault, put(engine)) == RO_OK)
        engine->mirror.n_quiet++;
}

/* An alarm stands until a try ends well; being out, until one does, too. */
static void
note_alarm(struct reach *reach, enum ro_status s, const struct ro_why *why)
{
    if (s == RO_OK) {
        reach->removed_at_s = 0;
        reach->alarm = (struct ro_why){""};
    } else if (ro_status_is_alarm(s)) {
        (void)ro_why(&reach->alarm, s, "%s",
                     why == NULL || why->text[0] == '\0' ? ro_status_text(s)
                                                         : why->text);
    }
}

void
reach_note(struct engine *engine, enum ro_status s, const struct ro_why *why)
{
    struct reach *reach = &engine->reach;
    const struct reach before = *reach;
    if (ro_status_is_local(s))
        return;
    reach->state = s == RO_UNREACHABLE ? RO_BROKER_AWAY : RO_BROKER_THERE;
    if (reach->state == RO_BROKER_THERE && !ro_status_is_alarm(s))
        reach->reached_at_s = ro_clock_wall_s(&engine->clock);
    note_alarm(reach, s, why);
    if (reach->state != before.state ||
        reach->reached_at_s != before.reached_at_s ||
        reach->removed_at_s != before.removed_at_s ||
        strcmp(reach->alarm.text, before.alarm.text) != 0)
        keep(engine);
}

void
reach_removed(struct engine *engine)
{
    if (engine->reach.removed_at_s != 0)
        return;
    engine->reach.removed_at_s = ro_clock_wall_s(&engine->clock);
    keep(engine);
}

static int64_t
end_of_its_hour_s(const struct engine *engine)
{
    return ((int64_t)engine->point.slot + 1) * HOUR_S;
}

void
reach_saw_checkpoint(struct engine *engine)
{
    int64_t now_s = ro_clock_wall_s(&engine->clock);
    int64_t current_s = now_s;
    if (engine->checkpoint.size == 0)
        return;
    if (engine->point.slot < ro_hour_of(engine_now_s(engine)) &&
        end_of_its_hour_s(engine) < now_s)
        current_s = end_of_its_hour_s(engine);
    if (current_s > engine->reach.current_at_s)
        engine->reach.current_at_s = current_s;
}

int64_t
reach_checkpoint_age_s(const struct engine *engine)
{
    int64_t age_s =
        ro_clock_wall_s(&engine->clock) - engine->reach.current_at_s;
    if (engine->checkpoint.size == 0)
        return -1;
    return age_s < 0 ? 0 : age_s;
}

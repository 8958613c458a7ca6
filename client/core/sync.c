/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/sync.h"

#include "client/core/compose.h"
#include "client/core/directory.h"
#include "client/core/enrol.h"
#include "client/core/epoch.h"
#include "client/core/outbox.h"

bool
sync_is_alarm(enum ro_status s)
{
    return ro_status_exit(s) == 9;
}

/* What the broker turned out to be; away or wrong, the link starts afresh. */
static enum ro_status
note_reach(struct engine *engine, enum ro_status s)
{
    engine->reach = s == RO_UNREACHABLE ? RO_BROKER_AWAY : RO_BROKER_THERE;
    if (s == RO_UNREACHABLE || sync_is_alarm(s))
        engine_unlink(engine);
    return s;
}

static bool
is_admitted(const struct engine *engine)
{
    return engine->keyring->enrolment == RO_ENROL_ADMITTED;
}

enum ro_status
sync_keys(struct engine *engine, int64_t deadline_ms, struct ro_why *why)
{
    enum ro_status s = directory_sync(engine, deadline_ms, why);
    if (s == RO_OK)
        s = enrol_complete(engine);
    if (s == RO_OK)
        s = engine_link(engine, why);
    if (s == RO_OK && is_admitted(engine))
        s = epoch_publish(engine, deadline_ms, why);
    return note_reach(engine, s);
}

enum ro_status
sync_send(struct engine *engine, int64_t deadline_ms, struct ro_why *why)
{
    RO_TRY(sync_keys(engine, deadline_ms, why));
    if (!is_admitted(engine))
        return RO_OK;
    return note_reach(engine, outbox_flush(engine, deadline_ms, why));
}

/* Our own new keys are in the directory that others see, and in ours. */
static enum ro_status
receive(struct engine *engine,
        int64_t deadline_ms,
        struct ro_why *why,
        struct news_list *news)
{
    enum ro_status s = RO_OK;
    if (engine->keyring->enrolment != RO_ENROL_MADE)
        s = inbox_receive(engine, INBOX_EMPTY, deadline_ms, why, news);
    RO_TRY(note_reach(engine, s));
    if (!is_admitted(engine))
        return RO_OK;
    RO_TRY(epoch_destroy(engine));
    RO_TRY(compose_chores(engine, why));
    return note_reach(engine, outbox_flush(engine, deadline_ms, why));
}

enum ro_status
sync_all(struct engine *engine,
         int64_t deadline_ms,
         struct ro_why *why,
         struct news_list *news)
{
    RO_TRY(sync_keys(engine, deadline_ms, why));
    /* what cannot be sent now is no reason not to receive */
    enum ro_status sent = RO_OK;
    if (is_admitted(engine))
        sent = note_reach(engine, outbox_flush(engine, deadline_ms, why));
    if (sent == RO_UNREACHABLE || sync_is_alarm(sent))
        return sent;
    RO_TRY(receive(engine, deadline_ms, why, news));
    return sent;
}

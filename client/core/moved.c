/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/moved.h"

#include "client/core/bulletin.h"
#include "client/core/epoch.h"

#include <stdio.h>
#include <string.h>

static bool
is_same(const struct keyring_broker *ours, const struct ro_charter_view *named)
{
    return strcmp(ours->member_endpoint, named->member_endpoint) == 0 &&
           strcmp(ours->open_endpoint, named->open_endpoint) == 0 &&
           memcmp(ours->curve.b, named->broker_curve.b, RO_KEY_SIZE) == 0 &&
           memcmp(ours->signing.b, named->broker_signing.b, RO_KEY_SIZE) == 0;
}

/* A name that does not fit was made for programs that are newer than we. */
static enum ro_status
copy_endpoint(const char *from, struct ro_why *why, char *ret_text, size_t room)
{
    if (strlen(from) >= room)
        return ro_why(why, RO_BAD_RECORD, "the broker's endpoint is too long");
    (void)snprintf(ret_text, room, "%s", from);
    return RO_OK;
}

enum ro_status
moved_follow(struct engine *engine, struct ro_why *why)
{
    const struct ro_charter_view *named =
        ro_directory_charter(engine->directory);
    struct keyring_broker *ours = &engine->keyring->broker;
    if (named == NULL || is_same(ours, named))
        return RO_OK;
    struct keyring_broker next = {.curve = named->broker_curve,
                                  .signing = named->broker_signing};
    RO_TRY(copy_endpoint(named->member_endpoint, why, next.member_endpoint,
                         sizeof(next.member_endpoint)));
    RO_TRY(copy_endpoint(named->open_endpoint, why, next.open_endpoint,
                         sizeof(next.open_endpoint)));
    if (memcmp(ours->signing.b, next.signing.b, RO_KEY_SIZE) != 0) {
        RO_TRY(bulletin_forget(engine));
        RO_TRY(epoch_publish_again(engine));
    }
    *ours = next;
    RO_TRY(keyring_save(engine->keyring, engine->vault));
    engine_unlink(engine);
    RO_TRY(engine_link(engine, why));
    return RO_STALE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that is almost full: mail is refused, everything else goes on. */
#include "unit/broker/rig.h"

static const struct store_margin more_than_there_is = {(uint64_t)1 << 60, 0};
static const struct store_margin none = {0};

static void
test_short_of_room(void)
{
    struct rig *rig = rig_open(1);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct peer guest = rig_guest(rig);
    struct peer member = rig_member(rig, seat);
    struct draft draft;
    rig_mail(rig, &guest, seat, 1);
    tap_is(rig_attach(rig, &member, 0), RO_OK);
    uint64_t key = rig_push(rig, &member, 0)->envelopes[0]->key;
    store_keep_room(rig->store, &more_than_there_is);
    rig_draft(rig, &draft, &seat->id, 2);
    const Reachout__Enrol__Ask enrol = REACHOUT__ENROL__ASK__INIT;
    const Reachout__Directory__Ask read = REACHOUT__DIRECTORY__ASK__INIT;
    struct peer late = guest;
    rig_begin(rig);
    rig_put(rig, &guest, &(struct rig_ask){RO_VERB_DEPOSIT, &draft.ask.base});
    late.serial = guest.serial;
    rig_put(rig, &late, &(struct rig_ask){RO_VERB_ENROL, &enrol.base});
    struct peer reader = late;
    rig_put(rig, &reader, &(struct rig_ask){RO_VERB_DIRECTORY, &read.base});
    rig_end(rig);
    tap_is(rig_answer(rig, &guest, NULL), RO_NO_ROOM);
    tap_is(rig_answer(rig, &late, NULL), RO_NO_ROOM);
    tap_is(rig_answer(rig, &reader, NULL), RO_OK);
    tap_ok(rig->n_frames == 3);
    tap_say(broker_counters(rig->broker)->rollbacks == 0,
            "nobody else's turn is taken back");
    tap_is(rig_ack(rig, &member, &seat->id, &key, 1), RO_OK);
    (void)test_circle_seat(rig->circle, rig->circle->members[1],
                           REACHOUT__ROLE__DELEGATE);
    rig_append_all(rig);
    store_keep_room(rig->store, &none);
    tap_is(rig_deposit(rig, &guest, &draft), RO_OK);
    rig_close(rig);
}

int
main(void)
{
    tap_run(test_short_of_room);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/client/compared.h"

char thread[RO_ID_HEX];

void
keep_thread(const char *made)
{
    snprintf(thread, sizeof(thread), "%s", made);
}

void
open_compared(void)
{
    open_three();
    keep_thread(thread_between(pair_answered(ann, ben), ann, ben));
    pair_sync_all(pair);
}

/* A new key for ben's school; its seats stay as they are. */
void
new_key(enum test_key_change how)
{
    struct test_circle *circle = pair_circle(pair);
    pair_hold(pair);
    test_circle_new_key(circle, ben->member, ro_keypair_new(&circle->entropy),
                        how);
    pair_append(pair);
}

const char *
id_of(const struct seat *seat)
{
    static char hex[RO_ID_HEX];
    ro_hex(seat->member->id.b, RO_ID_SIZE, hex);
    return hex;
}

enum ro_status
verify(struct seat *seat, const struct seat *whom, const char *confirm)
{
    job_free(seat->job);
    seat->job = job_new(jobs_verify, (struct ro_then){0});
    test_must(seat->job != NULL ? RO_OK : RO_NO_MEMORY);
    seat->job->what.verify.member = job_text(seat->job, id_of(whom));
    seat->job->what.verify.how =
        confirm != NULL ? RO_VERIFY_CONFIRM : RO_VERIFY_SHOW;
    seat->job->run(seat->engine, seat->job);
    return seat->job->result.status;
}

enum ro_verified
verified(struct seat *seat, const struct seat *whom)
{
    test_must(verify(seat, whom, SHOW));
    return seat->job->result.members[0].verified;
}

/* Looks at the number, and says that it is the same there. */
enum ro_status
compare(struct seat *seat, const struct seat *whom)
{
    test_must(verify(seat, whom, SHOW));
    return verify(seat, whom, CONFIRM);
}

enum ro_status
say(struct seat *seat, const char *text)
{
    return seat_write(seat, jobs_say, thread, text);
}

size_t
kept(struct seat *seat)
{
    test_must(seat_self(seat));
    return seat->job->result.self.outbox;
}

/* How many events of the last told sync are about a key. */
size_t
told(const struct seat *seat)
{
    size_t n = 0;
    for (size_t i = 0; i < seat->job->result.n_events; i++) {
        n += strcmp(seat->job->result.events[i].type, "key-changed") == 0 ? 1
                                                                          : 0;
    }
    return n;
}

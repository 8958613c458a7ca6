/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public calls: each copies what it was given into a job and hands it to
 * the worker; the functions in jobs.c do the work there.
 */
#include "client/core/jobs.h"
#include "client/core/worker.h"

#include "client/core/keyring.h"
#include "common/crypto/hash.h"
#include "common/wire/armour.h"

#include <string.h>

struct ro_client {
    struct worker *worker;
};

/* --- opening ------------------------------------------------------------- */

static enum ro_status
start_take(struct vault *vault,
           struct ro_why *why,
           struct ro_client **ret_client)
{
    RO_CLEANUP(engine_freep) struct engine *engine = NULL;
    RO_TRY(engine_open_take(vault, why, &engine));
    struct ro_client *client = calloc(1, sizeof(*client));
    if (client == NULL)
        return RO_NO_MEMORY;
    enum ro_status s = worker_start_take(RO_STEAL(engine), &client->worker);
    if (s != RO_OK) {
        free(client);
        return s;
    }
    *ret_client = client;
    return RO_OK;
}

enum ro_status
ro_client_open(const struct ro_client_setup *setup,
               struct ro_why *why,
               struct ro_client **ret_client)
{
    struct ro_entropy entropy = ro_entropy_system();
    struct vault *vault;
    RO_TRY(ro_crypto_init());
    RO_TRY(vault_open(setup->profile, setup->key_file, &entropy, why, &vault));
    return start_take(vault, why, ret_client);
}

/* Writes the new keyring as the vault's first commit. */
static enum ro_status
keep_keyring(struct vault *vault, const struct keyring *keyring)
{
    RO_TRY(vault_begin(vault));
    return vault_end(vault, keyring_save(keyring, vault));
}

/* A profile that exists goes on only if it was made from this invitation. */
static enum ro_status
check_same(const struct ro_join_setup *setup,
           const struct keyring *keyring,
           struct ro_bytes invitation,
           struct ro_why *why)
{
    struct ro_bytes ticket = ro_buf_view(&keyring->ticket);
    if (ticket.size == 0 || memmem(invitation.data, invitation.size,
                                   ticket.data, ticket.size) == NULL) {
        return ro_why(why, RO_TAKEN,
                      "%s is the profile of another invitation; choose "
                      "another folder with --profile",
                      setup->profile);
    }
    return RO_OK;
}

/* Makes the keys, and the vault unless one was left over from a join that did
 * not come further. A bad invitation leaves no trace. */
static enum ro_status
make_profile(const struct ro_join_setup *setup,
             struct ro_bytes invitation,
             struct ro_why *why,
             struct vault **vault)
{
    struct ro_clock clock = ro_clock_system();
    struct ro_entropy entropy = ro_entropy_system();
    RO_CLEANUP(keyring_freep) struct keyring *keyring = NULL;
    const struct keyring_source source = {invitation, setup->holder,
                                          ro_clock_wall_s(&clock), &entropy};
    RO_TRY(keyring_make(&source, why, &keyring));
    if (*vault == NULL) {
        RO_TRY(vault_create(setup->profile, setup->key_file, &entropy, why,
                            vault));
    }
    return keep_keyring(*vault, keyring);
}

/* The profile of an invitation: the one that is there, or a new one. */
static enum ro_status
find_or_make(const struct ro_join_setup *setup,
             struct ro_bytes invitation,
             struct ro_why *why,
             struct vault **ret_vault)
{
    struct ro_entropy entropy = ro_entropy_system();
    RO_CLEANUP(vault_freep) struct vault *vault = NULL;
    RO_CLEANUP(keyring_freep) struct keyring *keyring = NULL;
    enum ro_status s =
        vault_open(setup->profile, setup->key_file, &entropy, why, &vault);
    if (s == RO_OK)
        s = keyring_load(vault, &keyring);
    if (s == RO_OK) {
        s = check_same(setup, keyring, invitation, why);
    } else if (s == RO_NOT_FOUND) {
        s = make_profile(setup, invitation, why, &vault);
    }
    RO_TRY(s);
    *ret_vault = RO_STEAL(vault);
    return RO_OK;
}

enum ro_status
ro_client_create(const struct ro_join_setup *setup,
                 struct ro_why *why,
                 struct ro_client **ret_client)
{
    RO_AUTOBUF invitation = {0};
    struct vault *vault;
    RO_TRY(ro_crypto_init());
    RO_TRY(ro_armour_read(setup->invitation, "invitation", why, &invitation));
    enum ro_status s =
        find_or_make(setup, ro_buf_view(&invitation), why, &vault);
    ro_wipe(invitation.data, invitation.size);
    RO_TRY(s);
    return start_take(vault, why, ret_client);
}

void
ro_client_free(struct ro_client *client)
{
    if (client == NULL)
        return;
    worker_free(client->worker);
    free(client);
}

int
ro_client_fd(const struct ro_client *client)
{
    return worker_fd(client->worker);
}

size_t
ro_client_dispatch(struct ro_client *client)
{
    struct job *job;
    size_t n = 0;
    while ((job = worker_done(client->worker)) != NULL) {
        job->then.fn(job->then.user, &job->result);
        job_free(job);
        n++;
    }
    return n;
}

/* --- calls --------------------------------------------------------------- */

/* A new job. Without memory there is nobody to tell but the process. */
static struct job *
new_job(job_fn *run, struct ro_then then)
{
    struct job *job = job_new(run, then);
    if (job == NULL)
        abort();
    return job;
}

void
ro_client_join(struct ro_client *client, int64_t wait_ms, struct ro_then then)
{
    struct job *job = new_job(jobs_join, then);
    job->what.wait_ms = wait_ms;
    worker_submit(client->worker, job);
}

void
ro_client_self(struct ro_client *client, struct ro_then then)
{
    worker_submit(client->worker, new_job(jobs_self, then));
}

void
ro_client_sync(struct ro_client *client,
               const struct ro_sync *sync,
               struct ro_then then)
{
    struct ro_clock clock = ro_clock_system();
    struct job *job = new_job(jobs_sync, then);
    job->what.sync = *sync;
    job->what.sync.for_ms = 0;
    job->kind = sync->for_ms == 0 ? JOB_ONCE : JOB_WATCH;
    job->until_ms =
        sync->for_ms < 0 ? -1 : ro_clock_mono_ms(&clock) + sync->for_ms;
    worker_submit(client->worker, job);
}

void
ro_client_members(struct ro_client *client,
                  const struct ro_members_query *query,
                  struct ro_then then)
{
    struct job *job = new_job(jobs_members, then);
    job->what.members = *query;
    job->what.members.search = job_text(job, query->search);
    job->what.members.group = job_text(job, query->group);
    job->what.members.phase = job_text(job, query->phase);
    worker_submit(client->worker, job);
}

void
ro_client_ask(struct ro_client *client,
              const struct ro_ask *ask,
              struct ro_then then)
{
    struct job *job = new_job(jobs_ask, then);
    struct ro_ask *copy = &job->what.ask;
    const char **to = ro_arena_take(job->arena, (ask->n_to + 1) * sizeof(*to));
    *copy = *ask;
    copy->topic = job_text(job, ask->topic);
    copy->urgency = job_text(job, ask->urgency);
    copy->text = job_text(job, ask->text);
    copy->mode = job_text(job, ask->mode);
    if (to == NULL)
        job->result.status = RO_NO_MEMORY;
    for (size_t i = 0; to != NULL && i < ask->n_to; i++)
        to[i] = job_text(job, ask->to[i]);
    copy->to = to;
    worker_submit(client->worker, job);
}

void
ro_client_requests(struct ro_client *client,
                   const struct ro_requests_query *query,
                   struct ro_then then)
{
    struct job *job = new_job(jobs_requests, then);
    job->what.requests = *query;
    job->what.requests.state = job_text(job, query->state);
    worker_submit(client->worker, job);
}

void
ro_client_show(struct ro_client *client,
               const char *request,
               struct ro_then then)
{
    struct job *job = new_job(jobs_show, then);
    job->what.request = job_text(job, request);
    worker_submit(client->worker, job);
}

void
ro_client_answers(struct ro_client *client,
                  const char *request,
                  struct ro_then then)
{
    struct job *job = new_job(jobs_answers, then);
    job->what.request = job_text(job, request);
    worker_submit(client->worker, job);
}

void
ro_client_read(struct ro_client *client,
               const struct ro_read *read,
               struct ro_then then)
{
    struct job *job = new_job(jobs_read, then);
    job->what.read = *read;
    job->what.read.thread = job_text(job, read->thread);
    worker_submit(client->worker, job);
}

/* The calls that write: all take the same words. */
static void
submit_write(struct ro_client *client,
             job_fn *run,
             const struct ro_write *write,
             struct ro_then then)
{
    struct job *job = new_job(run, then);
    job->what.write = *write;
    job->what.write.to = job_text(job, write->to);
    job->what.write.text = job_text(job, write->text);
    job->what.write.outcome = job_text(job, write->outcome);
    worker_submit(client->worker, job);
}

void
ro_client_answer(struct ro_client *client,
                 const struct ro_write *write,
                 struct ro_then then)
{
    submit_write(client, jobs_answer, write, then);
}

void
ro_client_pass(struct ro_client *client,
               const struct ro_write *write,
               struct ro_then then)
{
    submit_write(client, jobs_pass, write, then);
}

void
ro_client_accept(struct ro_client *client,
                 const struct ro_write *write,
                 struct ro_then then)
{
    submit_write(client, jobs_accept, write, then);
}

void
ro_client_decline(struct ro_client *client,
                  const struct ro_write *write,
                  struct ro_then then)
{
    submit_write(client, jobs_decline, write, then);
}

void
ro_client_say(struct ro_client *client,
              const struct ro_write *write,
              struct ro_then then)
{
    submit_write(client, jobs_say, write, then);
}

void
ro_client_close(struct ro_client *client,
                const struct ro_write *write,
                struct ro_then then)
{
    submit_write(client, jobs_close, write, then);
}

void
ro_client_withdraw(struct ro_client *client,
                   const struct ro_write *write,
                   struct ro_then then)
{
    submit_write(client, jobs_withdraw, write, then);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public calls: each copies what it was given into a job and hands it to
 * the worker; the functions in jobs.c do the work there.
 */
#include "client/core/jobs.h"
#include "client/core/worker.h"

#include "client/core/keyring.h"
#include "client/core/passphrase.h"
#include "common/crypto/wipe.h"
#include "common/wire/armour.h"

#include <string.h>

/* Calls for which there was no memory, to be told at the next dispatch. */
#define UNMADE_MAX 64

struct ro_client {
    struct worker *worker;
    struct ro_then unmade[UNMADE_MAX];
    size_t n_unmade;
};

/* --- opening ------------------------------------------------------------- */

static enum ro_status
start_take(struct vault *vault,
           struct ro_why *why,
           struct ro_client **ret_client)
{
    RO_CLEANUP(engine_freep) struct engine *engine = NULL;
    const struct engine_world world = engine_world_system();
    RO_TRY(engine_open_take(vault, &world, why, &engine));
    RO_AUTOFREE struct ro_client *client = calloc(1, sizeof(*client));
    if (client == NULL)
        return RO_NO_MEMORY;
    RO_TRY(worker_start_take(RO_STEAL(engine), &client->worker));
    *ret_client = RO_STEAL(client);
    return RO_OK;
}

enum ro_status
ro_client_open(const struct ro_client_setup *setup,
               struct ro_why *why,
               struct ro_client **ret_client)
{
    struct ro_entropy entropy = ro_entropy_system();
    const struct vault_key key = {.file = setup->key_file,
                                  .passphrase =
                                      passphrase_view(setup->passphrase)};
    struct vault *vault;
    RO_TRY(ro_crypto_init());
    RO_TRY(vault_open(setup->profile, &key, &entropy, why, &vault));
    return start_take(vault, why, ret_client);
}

enum ro_status
ro_profile_rekey(const struct ro_client_setup *setup,
                 const struct ro_new_key *key,
                 struct ro_why *why)
{
    struct ro_entropy entropy = ro_entropy_system();
    const struct vault_key old = {.file = setup->key_file,
                                  .passphrase =
                                      passphrase_view(setup->passphrase)};
    const struct vault_key fresh = {
        .file = key->key_file, .passphrase = passphrase_view(key->passphrase)};
    RO_CLEANUP(vault_freep) struct vault *vault = NULL;
    RO_TRY(ro_crypto_init());
    RO_TRY(vault_open(setup->profile, &old, &entropy, why, &vault));
    return vault_rekey(vault, &fresh, why);
}

enum ro_status
ro_profile_look(const char *profile,
                struct ro_why *why,
                enum ro_profile_key *ret_key)
{
    enum vault_key_kind kind;
    RO_TRY(vault_look(profile, why, &kind));
    *ret_key =
        kind == VAULT_KEY_FILE ? RO_PROFILE_KEY_FILE : RO_PROFILE_PASSPHRASE;
    return RO_OK;
}

enum ro_status
ro_profile_check(const char *profile,
                 const struct ro_passphrase *passphrase,
                 struct ro_why *why)
{
    return vault_check(profile, passphrase_view(passphrase), why);
}

/* Writes the new keyring as all that the vault has, in one commit. */
static enum ro_status
keep_keyring(struct vault *vault, const struct keyring *keyring)
{
    struct vault *secrets = vault_epoch(vault);
    RO_TRY(vault_begin(secrets));
    RO_TRY(vault_end(secrets, vault_clear(secrets)));
    RO_TRY(vault_begin(vault));
    enum ro_status s = vault_clear(vault);
    if (s == RO_OK)
        s = keyring_save(keyring, vault);
    return vault_end(vault, s);
}

static bool
is_of(const struct keyring *keyring, struct ro_bytes invitation)
{
    struct ro_bytes ticket = ro_buf_view(&keyring->ticket);
    return ticket.size > 0 && memmem(invitation.data, invitation.size,
                                     ticket.data, ticket.size) != NULL;
}

/* Whether nothing came of a profile, so that another invitation may have it:
 * it was not told that its request is with the authority, or that said no. */
static bool
is_free(const struct keyring *keyring)
{
    return keyring->enrolment == RO_ENROL_MADE ||
           keyring->enrolment == RO_ENROL_REFUSED;
}

static struct vault_key
key_of(const struct ro_join_setup *setup)
{
    return (struct vault_key){.file = setup->key_file,
                              .passphrase = passphrase_view(setup->passphrase)};
}

/* Makes the keys, and the vault unless one was left over from a join that did
 * not come further. A bad invitation leaves no trace, and what was there. */
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
    *why = (struct ro_why){""};
    enum ro_status s = keyring_make(&source, why, &keyring);
    if (s != RO_OK && why->text[0] == '\0') {
        return ro_why(why, s,
                      "the invitation in %s cannot be read; it may have been "
                      "damaged on its way: ask for it again",
                      setup->invitation);
    }
    RO_TRY(s);
    if (*vault == NULL) {
        const struct vault_key key = key_of(setup);
        RO_TRY(vault_create(setup->profile, &key, &entropy, why, vault));
    }
    return keep_keyring(*vault, keyring);
}

/* A second join is the first one again, and changes nobody's name. */
static enum ro_status
check_holder(const struct ro_join_setup *setup,
             const struct keyring *keyring,
             struct ro_why *why)
{
    if (setup->holder == NULL || strcmp(setup->holder, keyring->holder) == 0)
        return RO_OK;
    return ro_why(why, RO_REFUSED,
                  "this profile was made for \"%.60s\", and that stays; join "
                  "again without --holder",
                  keyring->holder);
}

/* The profile of an invitation: the one that is there, or a new one; also in
 * place of one of which nothing came. */
static enum ro_status
find_or_make(const struct ro_join_setup *setup,
             struct ro_bytes invitation,
             struct ro_why *why,
             struct vault **ret_vault)
{
    struct ro_entropy entropy = ro_entropy_system();
    RO_CLEANUP(vault_freep) struct vault *vault = NULL;
    RO_CLEANUP(keyring_freep) struct keyring *keyring = NULL;
    const struct vault_key key = key_of(setup);
    enum ro_status s = vault_open(setup->profile, &key, &entropy, why, &vault);
    if (s == RO_OK)
        s = keyring_load(vault, &keyring);
    if (s == RO_NOT_FOUND ||
        (s == RO_OK && !is_of(keyring, invitation) && is_free(keyring))) {
        s = make_profile(setup, invitation, why, &vault);
    } else if (s == RO_OK && !is_of(keyring, invitation)) {
        s = ro_why(why, RO_TAKEN,
                   "%s is the profile of another invitation; choose another "
                   "folder with --profile",
                   setup->profile);
    } else if (s == RO_OK) {
        s = check_holder(setup, keyring, why);
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
    RO_SECRET_BUF invitation = {0};
    struct vault *vault;
    RO_TRY(ro_crypto_init());
    RO_TRY(ro_armour_read(setup->invitation, "invitation", why, &invitation));
    RO_TRY(find_or_make(setup, ro_buf_view(&invitation), why, &vault));
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

/* Tells of the calls that were not made, as they are now: what they run may
 * call again. */
static size_t
tell_unmade(struct ro_client *client)
{
    const size_t n = client->n_unmade;
    struct ro_then then[UNMADE_MAX];
    const struct ro_result result = {.status = RO_NO_MEMORY,
                                     .why = ro_status_text(RO_NO_MEMORY)};
    memcpy(then, client->unmade, n * sizeof(*then));
    client->n_unmade = 0;
    for (size_t i = 0; i < n; i++)
        then[i].fn(then[i].user, &result);
    return n;
}

size_t
ro_client_dispatch(struct ro_client *client)
{
    struct job *job;
    size_t n = tell_unmade(client);
    while ((job = worker_done(client->worker)) != NULL) {
        job->then.fn(job->then.user, &job->result);
        job_free(job);
        n++;
    }
    return n;
}

/* --- calls --------------------------------------------------------------- */

/* A new job; without memory NULL, and the next dispatch says so. */
static struct job *
new_job(struct ro_client *client, job_fn *run, struct ro_then then)
{
    struct job *job = job_new(run, then);
    if (job != NULL)
        return job;
    if (client->n_unmade == UNMADE_MAX)
        abort(); /* as the header says */
    client->unmade[client->n_unmade++] = then;
    worker_wake(client->worker);
    return NULL;
}

void
ro_client_join(struct ro_client *client, int64_t wait_ms, struct ro_then then)
{
    struct job *job = new_job(client, jobs_join, then);
    if (job == NULL)
        return;
    job->what.wait_ms = wait_ms;
    worker_submit(client->worker, job);
}

void
ro_client_join_by_file(struct ro_client *client,
                       const char *path,
                       struct ro_then then)
{
    struct job *job = new_job(client, jobs_join_by_file, then);
    if (job == NULL)
        return;
    job->what.path = job_text(job, path);
    worker_submit(client->worker, job);
}

void
ro_client_self(struct ro_client *client, struct ro_then then)
{
    struct job *job = new_job(client, jobs_self, then);
    if (job != NULL)
        worker_submit(client->worker, job);
}

void
ro_client_lock(struct ro_client *client, struct ro_then then)
{
    struct job *job = new_job(client, NULL, then);
    if (job == NULL)
        return;
    job->kind = JOB_LOCK;
    worker_submit(client->worker, job);
}

void
ro_client_sync(struct ro_client *client,
               const struct ro_sync *sync,
               struct ro_then then)
{
    struct job *job = new_job(client, jobs_sync, then);
    if (job == NULL)
        return;
    job->what.sync = *sync;
    job->what.sync.for_ms = 0;
    job->kind = sync->for_ms == 0 ? JOB_ONCE : JOB_WATCH;
    job->for_ms = sync->for_ms;
    worker_submit(client->worker, job);
}

void
ro_client_members(struct ro_client *client,
                  const struct ro_members_query *query,
                  struct ro_then then)
{
    struct job *job = new_job(client, jobs_members, then);
    if (job == NULL)
        return;
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
    struct job *job = new_job(client, jobs_ask, then);
    if (job == NULL)
        return;
    struct ro_ask *copy = &job->what.ask;
    *copy = *ask;
    copy->topic = job_text(job, ask->topic);
    copy->urgency = job_text(job, ask->urgency);
    copy->text = job_text(job, ask->text);
    copy->mode = job_text(job, ask->mode);
    copy->to = job_texts(job, ask->to, ask->n_to);
    worker_submit(client->worker, job);
}

void
ro_client_requests(struct ro_client *client,
                   const struct ro_requests_query *query,
                   struct ro_then then)
{
    struct job *job = new_job(client, jobs_requests, then);
    if (job == NULL)
        return;
    job->what.requests = *query;
    job->what.requests.state = job_text(job, query->state);
    worker_submit(client->worker, job);
}

void
ro_client_show(struct ro_client *client,
               const char *request,
               struct ro_then then)
{
    struct job *job = new_job(client, jobs_show, then);
    if (job == NULL)
        return;
    job->what.request = job_text(job, request);
    worker_submit(client->worker, job);
}

void
ro_client_answers(struct ro_client *client,
                  const char *request,
                  struct ro_then then)
{
    struct job *job = new_job(client, jobs_answers, then);
    if (job == NULL)
        return;
    job->what.request = job_text(job, request);
    worker_submit(client->worker, job);
}

void
ro_client_read(struct ro_client *client,
               const struct ro_read *read,
               struct ro_then then)
{
    struct job *job = new_job(client, jobs_read, then);
    if (job == NULL)
        return;
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
    struct job *job = new_job(client, run, then);
    if (job == NULL)
        return;
    job->what.write = *write;
    job->what.write.to = job_text(job, write->to);
    job->what.write.text = job_text(job, write->text);
    job->what.write.outcome = job_text(job, write->outcome);
    job->what.write.attach = job_texts(job, write->attach, write->n_attach);
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
ro_client_save(struct ro_client *client,
               const struct ro_save *save,
               struct ro_then then)
{
    struct job *job = new_job(client, jobs_save, then);
    if (job == NULL)
        return;
    job->what.save.attachment = job_text(job, save->attachment);
    job->what.save.out = job_text(job, save->out);
    worker_submit(client->worker, job);
}

void
ro_client_verify(struct ro_client *client,
                 const struct ro_verify *verify,
                 struct ro_then then)
{
    struct job *job = new_job(client, jobs_verify, then);
    if (job == NULL)
        return;
    job->what.verify = *verify;
    job->what.verify.member = job_text(job, verify->member);
    worker_submit(client->worker, job);
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

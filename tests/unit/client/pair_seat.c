/* SPDX-License-Identifier: Apache-2.0 */
/* The seats of a pair: made, admitted, told what to do. */
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "client/core/sync.h"
#include "common/crypto/hash.h"
#include "tests/unit/client/pair.h"

static void
need(bool ok, const char *what)
{
    if (ok)
        return;
    printf("Bail out! seat: %s\n", what);
    exit(1);
}

/* --- time ---------------------------------------------------------------- */

static int64_t
seat_wall_s(void *user)
{
    const struct seat *seat = user;
    return pair_now_s(seat->pair) + seat->ahead_s;
}

static int64_t
seat_mono_ms(RO_UNUSED void *user)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- being admitted ------------------------------------------------------ */

/* What a seat is made from: an invitation with that kind and role. */
static struct keyring *
make_keyring(struct pair *pair, Reachout__Ticket *ticket)
{
    RO_AUTOBUF raw = {0};
    RO_AUTOBUF invitation = {0};
    struct ro_why why = {""};
    const struct ro_entropy entropy = ro_entropy_system();
    struct keyring *keyring = NULL;
    ticket->expires = (uint64_t)pair_now_s(pair) + 86400;
    test_sign_ticket(pair_circle(pair), ticket, &raw);
    test_circle_invitation(pair_circle(pair), ro_buf_view(&raw), &invitation);
    const struct keyring_source source = {ro_buf_view(&invitation), "Somebody",
                                          pair_now_s(pair), &entropy};
    need(keyring_make(&source, &why, &keyring) == RO_OK, why.text);
    return keyring;
}

static struct ro_keypair *
copy_pair(const struct ro_keypair *pair)
{
    struct ro_keypair *copy = ro_keypair_from_seed(ro_keypair_seed(pair));
    need(copy != NULL, "memory");
    return copy;
}

/* The circle's own notion of the seat, with the keyring's keys in it. */
static void
adopt_seat(struct pair *pair,
           const struct keyring *keyring,
           struct test_seat *seat)
{
    (void)pair;
    ro_keypair_free(seat->signing);
    ro_keypair_free(seat->sealing);
    ro_keypair_free(seat->fallback);
    ro_keypair_free(seat->transport);
    seat->signing = copy_pair(keyring->signing);
    seat->sealing = copy_pair(keyring->sealing);
    seat->fallback = copy_pair(keyring->fallback);
    seat->transport = copy_pair(keyring->transport);
    seat->id = keyring->seat;
}

/* The member as the circle knows it, with the keyring's key. */
static struct test_member *
adopt_member(struct pair *pair,
             const struct keyring *keyring,
             const Reachout__Ticket *ticket)
{
    struct test_member *member = test_member_new(
        pair_circle(pair), ticket->kind, ticket->urn, ticket->name);
    ro_keypair_free(member->key);
    member->key = copy_pair(keyring->member);
    member->id = keyring->member_id;
    return member;
}

static struct vault *
make_vault(struct seat *seat, const struct keyring *keyring)
{
    struct ro_why why = {""};
    const struct ro_entropy entropy = ro_entropy_system();
    struct vault *vault = NULL;
    const struct vault_key key = {.file = seat->key_file};
    enum ro_status s = vault_create(seat->dir, &key, &entropy, &why, &vault);
    need(s == RO_OK, why.text);
    test_must(vault_begin(vault));
    test_must(keyring_save(keyring, vault));
    test_must(vault_commit(vault));
    return vault;
}

static struct seat *
new_seat(struct pair *pair)
{
    struct seat *seat = calloc(1, sizeof(*seat));
    need(seat != NULL && pair->n_seats < PAIR_SEATS_MAX, "room for a seat");
    seat->pair = pair;
    snprintf(seat->dir, sizeof(seat->dir), "%s/%zu", pair->folder,
             pair->n_seats);
    snprintf(seat->key_file, sizeof(seat->key_file), "%s/%zu.key", pair->folder,
             pair->n_seats);
    pair->seats[pair->n_seats++] = seat;
    return seat;
}

static struct seat *
invite(struct pair *pair, Reachout__Ticket *ticket)
{
    struct seat *seat = new_seat(pair);
    pair_hold(pair);
    RO_CLEANUP(keyring_freep)
    struct keyring *keyring = make_keyring(pair, ticket);
    seat->member = adopt_member(pair, keyring, ticket);
    seat->circle_seat =
        test_seat_new(pair_circle(pair), seat->member, ticket->role);
    adopt_seat(pair, keyring, seat->circle_seat);
    vault_free(make_vault(seat, keyring));
    seat_start(seat);
    pair_go(pair);
    return seat;
}

void
pair_admit(struct seat *seat)
{
    RO_AUTOBUF raw = {0};
    Reachout__Member message;
    struct ro_why why = {""};
    struct pair *pair = seat->pair;
    struct test_circle *circle = pair_circle(pair);
    struct ro_bytes certificate =
        ro_buf_view(&seat->engine->keyring->certificate);
    pair_hold(pair);
    test_member_init(circle, seat->member, &message);
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__MEMBER, &message.base,
                        &raw);
    need(test_circle_add(circle, ro_buf_view(&raw), &why) == RO_OK, why.text);
    need(test_circle_add(circle, certificate, &why) == RO_OK, why.text);
    pair_append(pair);
}

static struct seat *
admit(struct pair *pair, Reachout__Ticket *ticket)
{
    struct seat *seat = invite(pair, ticket);
    pair_admit(seat);
    return seat;
}

struct seat *
pair_newcomer(struct pair *pair, uint32_t i)
{
    Reachout__Ticket ticket;
    pair_hold(pair);
    test_ticket_init(pair_circle(pair), TEST_FIRST_URN + i, &ticket);
    return invite(pair, &ticket);
}

struct seat *
pair_school(struct pair *pair, uint32_t i)
{
    Reachout__Ticket ticket;
    pair_hold(pair);
    test_ticket_init(pair_circle(pair), TEST_FIRST_URN + i, &ticket);
    return admit(pair, &ticket);
}

struct seat *
pair_team(struct pair *pair)
{
    static char name[] = "Support team";
    Reachout__Ticket ticket;
    pair_hold(pair);
    test_ticket_init(pair_circle(pair), 0, &ticket);
    ticket.has_urn = 0;
    ticket.name = name;
    ticket.kind = REACHOUT__MEMBER_KIND__COORDINATORS;
    ticket.role = REACHOUT__ROLE__COORDINATOR;
    return admit(pair, &ticket);
}

struct seat *
pair_second(struct seat *first, Reachout__Role role)
{
    RO_AUTOBUF raw = {0};
    Reachout__Ticket ticket;
    Reachout__Seat message;
    struct ro_why why = {""};
    struct pair *pair = first->pair;
    struct seat *seat = new_seat(pair);
    pair_hold(pair);
    test_ticket_init(pair_circle(pair), first->member->urn, &ticket);
    ticket.role = role;
    RO_CLEANUP(keyring_freep)
    struct keyring *keyring = make_keyring(pair, &ticket);
    ro_keypair_free(keyring->member);
    keyring->member = copy_pair(first->member->key);
    keyring->member_id = first->member->id;
    seat->member = first->member;
    seat->circle_seat = test_seat_new(pair_circle(pair), first->member, role);
    adopt_seat(pair, keyring, seat->circle_seat);
    test_seat_init(pair_circle(pair), seat->circle_seat, &message);
    test_sign_seat(seat->circle_seat, &message, &raw);
    need(test_circle_add(pair_circle(pair), ro_buf_view(&raw), &why) == RO_OK,
         why.text);
    ro_buf_clear(&keyring->certificate);
    ro_buf_put(&keyring->certificate, raw.data, raw.size);
    test_must(ro_buf_ok(&keyring->certificate));
    vault_free(make_vault(seat, keyring));
    pair_append(pair);
    seat_start(seat);
    return seat;
}

/* --- life ---------------------------------------------------------------- */

void
seat_stop(struct seat *seat)
{
    engine_free(seat->engine);
    seat->engine = NULL;
}

void
seat_start(struct seat *seat)
{
    struct ro_why why = {""};
    struct vault *vault = NULL;
    const struct ro_entropy entropy = ro_entropy_system();
    enum ro_status s = vault_open(seat->dir, NULL, &entropy, &why, &vault);
    need(s == RO_OK, why.text);
    const struct engine_world world = {
        .clock = {seat_wall_s, seat_mono_ms, seat},
        .entropy = entropy,
        .lots = seat->lots.fill != NULL ? seat->lots : entropy,
    };
    s = engine_open_take(vault, &world, &why, &seat->engine);
    need(s == RO_OK, why.text);
}

void
seat_restart(struct seat *seat)
{
    seat_stop(seat);
    seat_start(seat);
}

static void
copy_folder(const char *from, const char *to)
{
    char command[1000];
    /* names are our own */
    snprintf(command, sizeof(command), "rm -rf -- '%s' && cp -a -- '%s' '%s'",
             to, from, to);
    need(system(command) == 0, command); /* NOLINT */
}

void
seat_save(struct seat *seat)
{
    char saved[300];
    need(seat->engine == NULL, "a seat is stopped while it is saved");
    snprintf(saved, sizeof(saved), "%s.saved", seat->dir);
    copy_folder(seat->dir, saved);
}

void
seat_restore(struct seat *seat)
{
    char saved[300];
    need(seat->engine == NULL, "a seat is stopped while it is restored");
    snprintf(saved, sizeof(saved), "%s.saved", seat->dir);
    copy_folder(saved, seat->dir);
}

enum ro_status
seat_sync(struct seat *seat)
{
    news_fini(&seat->news);
    seat->why.text[0] = '\0';
    enum ro_status s =
        sync_all(seat->engine, seat->pair->wait_ms, &seat->why, &seat->news);
    if (s != RO_OK)
        printf("# sync: %s: %s\n", ro_status_name(s), seat->why.text);
    for (size_t i = 0; i < seat->news.n; i++) {
        if (seat->news.at[i].trouble != RO_OK) {
            printf("# trouble: %s: %s\n",
                   ro_status_name(seat->news.at[i].trouble),
                   seat->news.at[i].why.text);
        }
    }
    return s;
}

void
pair_sync_all(struct pair *pair)
{
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < pair->n_seats; i++) {
            need(pair->seats[i]->engine == NULL ||
                     seat_sync(pair->seats[i]) == RO_OK,
                 "everybody syncs");
        }
    }
}

/* --- commands ------------------------------------------------------------ */

static void
ignore(RO_UNUSED void *user, RO_UNUSED const struct ro_result *result)
{
}

struct job *
seat_job(struct seat *seat, job_fn *run)
{
    job_free(seat->job);
    seat->job = job_new(run, (struct ro_then){ignore, NULL});
    need(seat->job != NULL, "memory");
    return seat->job;
}

enum ro_status
seat_run(struct seat *seat)
{
    struct job *job = seat->job;
    job->run(seat->engine, job);
    if (job->result.status != RO_OK) {
        printf("# %s: %s\n", ro_status_name(job->result.status),
               job->result.why);
    }
    return job->result.status;
}

enum ro_status
seat_write(struct seat *seat, job_fn *run, const char *to, const char *text)
{
    const struct ro_write write = {
        .to = to, .text = text, .days = -1, .wait_ms = seat->pair->wait_ms};
    struct job *job = seat_job(seat, run);
    job->what.write = write;
    job->what.write.to = job_text(job, to); /* may be of the seat's last job */
    return seat_run(seat);
}

enum ro_status
seat_close(struct seat *seat, const char *request)
{
    const struct ro_write write = {.to = request,
                                   .text = "All is well.",
                                   .outcome = "helped",
                                   .wait_ms = seat->pair->wait_ms};
    seat_job(seat, jobs_close)->what.write = write;
    return seat_run(seat);
}

enum ro_status
seat_ask_many(struct seat *seat,
              const char *const *to,
              size_t n_to,
              const char *text)
{
    seat_job(seat, jobs_ask)->what.ask =
        (struct ro_ask){.topic = "TL1",
                        .urgency = "U3",
                        .to = to,
                        .n_to = n_to,
                        .text = text,
                        .days = -1,
                        .wait_ms = seat->pair->wait_ms};
    return seat_run(seat);
}

enum ro_status
seat_ask(struct seat *seat, const char *to, const char *text)
{
    return seat_ask_many(seat, &to, 1, text);
}

enum ro_status
seat_show(struct seat *seat, const char *request)
{
    seat_job(seat, jobs_show)->what.request = request;
    return seat_run(seat);
}

enum ro_status
seat_read(struct seat *seat, const char *thread)
{
    seat_job(seat, jobs_read)->what.read =
        (struct ro_read){thread, RO_READ_ALL};
    return seat_run(seat);
}

enum ro_status
seat_join(struct seat *seat)
{
    seat_job(seat, jobs_join)->what.wait_ms = 0;
    return seat_run(seat);
}

enum ro_status
seat_join_by_file(struct seat *seat, const char *path)
{
    seat_job(seat, jobs_join_by_file)->what.path = path;
    return seat_run(seat);
}

enum ro_status
seat_told(struct seat *seat)
{
    seat_job(seat, jobs_sync)->what.sync =
        (struct ro_sync){.wait_ms = seat->pair->wait_ms};
    return seat_run(seat);
}

enum ro_status
seat_self(struct seat *seat)
{
    seat_job(seat, jobs_self);
    return seat_run(seat);
}

/* --- ids ----------------------------------------------------------------- */

static const char *
keep_hex(const uint8_t id[static RO_ID_SIZE])
{
    static char hex[8][RO_ID_HEX];
    static size_t next;
    char *place = hex[next++ % RO_LEN(hex)];
    ro_hex(id, RO_ID_SIZE, place);
    return place;
}

const char *
seat_request(const struct seat *seat)
{
    return keep_hex(seat->job->result.request_id.b);
}

const char *
seat_thread(const struct seat *seat)
{
    return keep_hex(seat->job->result.thread_id.b);
}

const char *
thread_between(const char *request, const struct seat *a, const struct seat *b)
{
    struct ro_request_id id;
    struct ro_thread_id thread;
    test_must(ro_unhex(request, id.b, RO_ID_SIZE));
    ro_thread_id_of(&id, &a->member->id, &b->member->id, &thread);
    return keep_hex(thread.b);
}

const char *
pair_answered(struct seat *asker, struct seat *helper)
{
    char to[40];
    snprintf(to, sizeof(to), "urn:%u", helper->member->urn);
    test_must(seat_ask(asker, to, "Could do with a look."));
    const char *request = seat_request(asker);
    test_must(seat_sync(helper));
    test_must(seat_write(helper, jobs_answer, request, "Gladly."));
    test_must(seat_sync(asker));
    return request;
}

const struct news *
seat_trouble(const struct seat *seat, size_t i)
{
    for (size_t k = 0; k < seat->news.n; k++) {
        if (seat->news.at[k].trouble != RO_OK && i-- == 0)
            return &seat->news.at[k];
    }
    return NULL;
}

size_t
seat_news(const struct seat *seat)
{
    return seat->news.n;
}

size_t
seat_shows(struct seat *seat, const char *text)
{
    size_t n = 0;
    test_must(seat_read(seat, NULL));
    const struct ro_result *result = &seat->job->result;
    for (size_t i = 0; i < result->n_messages; i++)
        n += strcmp(result->messages[i].text, text) == 0;
    return n;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schools that write to each other: several client engines, each with its own
 * vault in a folder of its own, and the real broker (core, store, both doors
 * on the loopback) in a thread of its own. Both sides' wall clocks move only
 * when told; the monotonic clock of a client is the machine's, since sockets
 * wait by it.
 *
 *     struct pair *pair = pair_new();
 *     struct seat *asker = pair_school(pair, 0);
 *     struct seat *helper = pair_school(pair, 1);
 *     pair_sync_all(pair);
 *     ...
 *     pair_free(pair);
 *
 * Whatever goes wrong in here is a broken test: it says so and aborts.
 */
#ifndef TESTS_UNIT_CLIENT_PAIR_H
#define TESTS_UNIT_CLIENT_PAIR_H

#include "client/core/inbox.h"
#include "client/core/jobs.h"
#include "client/core/opening.h"
#include "tests/support/circle.h"
#include "tests/support/tap.h"

#define PAIR_SEATS_MAX 8
#define PAIR_WAIT_MS 10000 /* for a broker that is there */
#define PAIR_AWAY_MS 300   /* for one that is not */

/* One seat: its profile on disk and, while it runs, its engine. */
struct seat {
    struct pair *pair;
    struct engine *engine;
    struct vault *vault; /* the engine's, or our own before it */
    struct test_member *member;
    struct test_seat *circle_seat;
    int64_t ahead_s;        /* its clock less the broker's */
    struct ro_entropy lots; /* of its engine from the next start; zero: the
                               kernel's */
    char dir[280];
    char key_file[280];
    struct news_list news; /* of the last sync */
    struct ro_why why;     /* of the last call */
    struct job *job;       /* the last call */
};

struct pair {
    struct rig *rig; /* the broker; for pair.c and tests of brokers */
    struct edge *edge;
    struct seat *seats[PAIR_SEATS_MAX];
    size_t n_seats;
    char folder[256];
    char member_endpoint[48];
    char open_endpoint[48];
    struct ro_buf conf; /* circle.conf as text, terminated */
    int64_t wait_ms;    /* how long seats wait for the broker */
};

/* Where the source tree is, for circle.conf: the test's first argument. */
void pair_setup(int argc, char **argv);

/* --- the broker ---------------------------------------------------------- */

/* A circle with charter and 20 listings at a running broker. With a time at
 * which it begins, and a circle.conf (NULL: the sample's). */
struct pair *pair_new(void);
struct pair *pair_new_at(int64_t wall_s, const char *conf);
void pair_free(struct pair *pair);

/* The keys and records behind it; only while the broker is held. */
struct test_circle *pair_circle(struct pair *pair);

/* Stops the broker's thread and lets it go on; its doors stay open. */
void pair_hold(struct pair *pair);
void pair_go(struct pair *pair);

/* Closes the doors (nobody answers any more) and opens them again; the same
 * with the whole broker, which reads its store again. */
void pair_away(struct pair *pair);
void pair_back(struct pair *pair);

/* Copies the broker's store aside under a name, and sets it back to that: as an
 * operator may, who had a bad day, or is bad. `pair_set_back` also makes the
 * circle one of `n_records` records that goes on differently from there. */
void pair_keep_store(struct pair *pair, const char *name);
void pair_set_back(struct pair *pair, const char *name, size_t n_records);

/* Time goes by, for everybody. Clients have to connect again. */
void pair_pass(struct pair *pair, int64_t seconds);
int64_t pair_now_s(const struct pair *pair);

/* Gives the broker what records of the circle it lacks. */
void pair_append(struct pair *pair);

/* --- seats --------------------------------------------------------------- */

/* A school (the i-th listing) with a Lead, a coordinator team, and one more
 * seat of a member: admitted, not synced yet. */
struct seat *pair_school(struct pair *pair, uint32_t i);
struct seat *pair_team(struct pair *pair);
struct seat *pair_second(struct seat *first, Reachout__Role role);

/* Somebody with an invitation for the i-th listing who has not asked yet; the
 * authority admits them, whether they have or not. */
struct seat *pair_newcomer(struct pair *pair, uint32_t i);
void pair_admit(struct seat *seat);

/* Ends the engine as a kill would (nothing more is written) and starts it
 * again from its vault; the same in two steps. */
void seat_restart(struct seat *seat);
void seat_stop(struct seat *seat);
void seat_start(struct seat *seat);

/* Copies a stopped seat's profile aside, and puts it back. */
void seat_save(struct seat *seat);
void seat_restore(struct seat *seat);

/* sync_all; news and why are in the seat. */
enum ro_status seat_sync(struct seat *seat);

/* The same as the command: its events are in seat->job->result. */
enum ro_status seat_told(struct seat *seat);

/* Everybody syncs twice; each must be well. */
void pair_sync_all(struct pair *pair);

/* A job, to be filled in, and run as the worker would. */
struct job *seat_job(struct seat *seat, job_fn *run);
enum ro_status seat_run(struct seat *seat);

/* A command, as the worker would run it; its result is seat->job->result. */
enum ro_status
seat_write(struct seat *seat, job_fn *run, const char *to, const char *text);
enum ro_status seat_close(struct seat *seat, const char *request);
enum ro_status seat_ask(struct seat *seat, const char *to, const char *text);
enum ro_status seat_ask_many(struct seat *seat,
                             const char *const *to,
                             size_t n_to,
                             const char *text);
enum ro_status seat_show(struct seat *seat, const char *request);
enum ro_status seat_read(struct seat *seat, const char *thread);
enum ro_status seat_self(struct seat *seat);
enum ro_status seat_join(struct seat *seat);
enum ro_status seat_join_by_file(struct seat *seat, const char *path);

/* Ids as people type them: of the last command's request and thread, and of
 * one's thread with another school. Valid until the next call. */
const char *seat_request(const struct seat *seat);
const char *seat_thread(const struct seat *seat);
const char *
thread_between(const char *request, const struct seat *a, const struct seat *b);

/* An asker's request that a helper has answered, all synced: its id. */
const char *pair_answered(struct seat *asker, struct seat *helper);

/* The i-th news of the last sync that is a trouble, or NULL. */
const struct news *seat_trouble(const struct seat *seat, size_t i);
size_t seat_news(const struct seat *seat);

/* How often a text is shown to a seat in any of its threads. */
size_t seat_shows(struct seat *seat, const char *text);

/* --- mail at the broker -------------------------------------------------- */

/* An envelope as the broker has it. */
struct mail {
    uint64_t key;
    struct ro_buf wrap;
    struct ro_buf body;
    struct envelope envelope; /* views into the two */
};

/* What waits for a seat: at most `max`, released with mail_fini; how many. */
size_t pair_mail(struct pair *pair,
                 const struct seat *seat,
                 struct mail *ret_mail,
                 size_t max);
void mail_fini(struct mail *mail, size_t n);

/* Puts an envelope into its mailbox as a stranger would: the status of its
 * wrap. The same as the broker itself could, without any check. Takes one out
 * as if it had never come. */
enum ro_status pair_post(struct pair *pair, const struct envelope *envelope);
void pair_put(struct pair *pair, const struct envelope *envelope);
void
pair_lose(struct pair *pair, const struct seat *seat, const struct mail *mail);

#endif

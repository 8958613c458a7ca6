/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole exchange of two schools with each allocation of their cores failing
 * in its turn, SQLite's and libsodium's too. In round k each step of it has its
 * k-th allocation fail, and is done again where that was more than it could
 * bear. Each ends with a name; what was said to be sent arrives once, and what
 * was not said to be arrives once or not at all; a file is saved whole.
 */
#include "tests/support/scarce.h"
#include "tests/unit/client/files.h"

#include "client/core/sync.h"

#include <unistd.h>

#define QUICK 67
#define ROUNDS 12 /* with one circle: what it has to read grows */
#define FILE_SIZE 5000

static struct pair *pair;
static struct seat *ann; /* asks */
static struct seat *ben; /* helps */

static long k;
static bool has_failed; /* in this round */
static bool is_fine;

/* What a try has said, by its text. */
struct said {
    char text[32];
    bool is_promised; /* sent, or kept to be sent */
};

#define TRIES 2

struct sayings {
    struct said tries[TRIES];
    size_t n;
};

static void
must(bool ok, const char *step, const char *what)
{
    if (ok)
        return;
    printf("# allocation %ld: %s: %s\n", k, step, what);
    is_fine = false;
}

/* --- one call ------------------------------------------------------------- */

static void
ignore(RO_UNUSED void *user, RO_UNUSED const struct ro_result *result)
{
}

/* A call as the worker has it, with words that it was given whole. */
static struct job *
call(struct seat *seat, job_fn *run)
{
    job_free(seat->job);
    seat->job = job_new(run, (struct ro_then){ignore, NULL});
    tap_need(seat->job != NULL);
    return seat->job;
}

enum memory { MEMORY_SHORT, MEMORY_ALL };

static enum ro_status
run(struct seat *seat, enum memory memory)
{
    struct job *job = seat->job;
    if (memory == MEMORY_SHORT)
        scarce_set(k, 1);
    job->run(seat->engine, job);
    if (memory == MEMORY_SHORT)
        has_failed |= scarce_end();
    return job->result.status;
}

/* Short memory has its name, or nobody noticed; what is kept may be told so. */
static bool
is_named(enum ro_status s)
{
    return s == RO_OK || s == RO_KEPT || s == RO_NO_MEMORY;
}

static void
check_name(const char *step, const struct seat *seat, enum ro_status s)
{
    if (is_named(s))
        return;
    printf("# %s\n", seat->job != NULL ? seat->job->result.why : "");
    must(false, step, ro_status_name(s));
}

/* --- saying something ----------------------------------------------------- */

static void
fill(struct seat *seat, job_fn *which, const char *to, const char *text)
{
    struct job *job = call(seat, which);
    const char *words = job_text(job, text);
    if (which == jobs_ask) {
        static const char *list[1];
        list[0] = job_text(job, to);
        job->what.ask = (struct ro_ask){.topic = "TL1",
                                        .urgency = "U3",
                                        .to = list,
                                        .n_to = 1,
                                        .text = words,
                                        .days = -1,
                                        .wait_ms = PAIR_WAIT_MS};
        return;
    }
    job->what.write = (struct ro_write){.to = job_text(job, to),
                                        .text = words,
                                        .days = -1,
                                        .wait_ms = PAIR_WAIT_MS};
}

/* Whether a try that had no memory to tell so was said all the same: its words
 * are there, or for a yes, which has none, what it does. */
static bool
was_said(struct seat *seat, job_fn *which, const char *to, const char *text)
{
    if (which != jobs_accept)
        return seat_shows(seat, text) == 1;
    struct job *job = call(seat, jobs_show);
    job->what.request = to;
    return run(seat, MEMORY_ALL) == RO_OK &&
           strcmp(job->result.state, "introduced") == 0;
}

/* Says it; and with other words once more, if it was not said. */
static void
say(struct seat *seat,
    job_fn *which,
    const char *to,
    const char *step,
    struct sayings *ret_said)
{
    *ret_said = (struct sayings){0};
    for (size_t i = 0; i < TRIES; i++) {
        struct said *said = &ret_said->tries[ret_said->n++];
        snprintf(said->text, sizeof(said->text), "%s %ld.%zu", step, k, i);
        fill(seat, which, to, said->text);
        enum ro_status s = run(seat, i == 0 ? MEMORY_SHORT : MEMORY_ALL);
        said->is_promised = s == RO_OK || s == RO_KEPT;
        if (i == 0)
            check_name(step, seat, s);
        if (said->is_promised)
            break;
        if (i == 0)
            continue;
        /* the first was said all the same, and stands: then it arrives */
        must(s == RO_ILLEGAL, step, "not by the second try");
        must(was_said(seat, which, to, ret_said->tries[0].text), step,
             "neither try was said");
        ret_said->tries[0].is_promised = true;
    }
    must(seat_sync(seat) == RO_OK, step, "what is kept is not sent");
}

static void
sync_short(struct seat *seat, const char *step)
{
    news_fini(&seat->news);
    scarce_set(k, 1);
    enum ro_status s =
        sync_all(seat->engine, PAIR_WAIT_MS, &seat->why, &seat->news);
    has_failed |= scarce_end();
    if (!is_named(s))
        printf("# %s\n", seat->why.text);
    must(is_named(s), step, ro_status_name(s));
    must(seat_trouble(seat, 0) == NULL, step, "trouble");
    must(seat_sync(seat) == RO_OK, step, "not by the next try");
    must(seat_trouble(seat, 0) == NULL, step, "trouble with all memory");
}

static void
check_said(struct seat *seat, const struct sayings *sayings, const char *step)
{
    for (size_t i = 0; i < sayings->n; i++) {
        const struct said *said = &sayings->tries[i];
        size_t n = seat_shows(seat, said->text);
        must(n == 1 || (n == 0 && !said->is_promised), step, said->text);
    }
}

/* --- steps ---------------------------------------------------------------- */

static void
open_short(struct seat *seat)
{
    struct ro_why why = {""};
    const struct ro_entropy entropy = ro_entropy_system();
    struct vault *vault = NULL;
    struct engine *engine = NULL;
    const struct engine_world world = {
        .clock = seat->engine->clock, .entropy = entropy, .lots = entropy};
    seat_stop(seat);
    scarce_set(k, 1);
    enum ro_status s = vault_open(seat->dir, NULL, &entropy, &why, &vault);
    if (s == RO_OK)
        s = engine_open_take(vault, &world, &why, &engine);
    has_failed |= scarce_end();
    if (!is_named(s))
        printf("# %s\n", why.text);
    must(is_named(s), "open", ro_status_name(s));
    engine_free(engine);
    seat_start(seat);
}

/* Looks at everything: nothing of it changes anything. */
static void
look_short(struct seat *seat, const char *request, const char *thread)
{
    static job_fn *const looks[] = {jobs_self,   jobs_members, jobs_requests,
                                    jobs_show,   jobs_answers, jobs_read,
                                    jobs_verify, jobs_verify};
    for (size_t i = 0; i < RO_LEN(looks); i++) {
        for (enum memory memory = MEMORY_SHORT; memory <= MEMORY_ALL;
             memory++) {
            struct job *job = call(seat, looks[i]);
            if (looks[i] == jobs_members) {
                job->what.members = (struct ro_members_query){.near_km = -1};
            } else if (looks[i] == jobs_requests) {
                job->what.requests =
                    (struct ro_requests_query){RO_REQUESTS_ALL, NULL};
            } else if (looks[i] == jobs_read) {
                job->what.read = (struct ro_read){thread, RO_READ_ALL};
            } else if (looks[i] == jobs_verify) {
                char hex[RO_ID_HEX];
                const struct seat *other = seat == ann ? ben : ann;
                ro_hex(other->member->id.b, RO_ID_SIZE, hex);
                job->what.verify.member = job_text(job, hex);
                job->what.verify.how =
                    i + 1 == RO_LEN(looks) ? RO_VERIFY_CONFIRM : RO_VERIFY_SHOW;
            } else {
                job->what.request = request;
            }
            enum ro_status s = run(seat, memory);
            check_name("look", seat, s);
            must(memory == MEMORY_SHORT || s == RO_OK, "look", "not again");
        }
    }
}

static void
send_file(const char *thread, const char *path, enum memory memory)
{
    struct job *job = call(ben, jobs_say);
    job->what.write = (struct ro_write){.to = job_text(job, thread),
                                        .text = "See the file.",
                                        .days = -1,
                                        .wait_ms = PAIR_WAIT_MS,
                                        .attach = job_texts(job, &path, 1),
                                        .n_attach = 1};
    enum ro_status s = run(ben, memory);
    check_name("file", ben, s);
    if (memory == MEMORY_SHORT && s == RO_NO_MEMORY)
        send_file(thread, path, MEMORY_ALL);
    must(memory == MEMORY_SHORT || s == RO_OK, "file", "not again");
}

/* The file of the newest message, to disk. */
static void
save_file(const char *thread)
{
    char id[RO_ID_HEX];
    const struct ro_attachment seen = files_seen(ann, thread, 0);
    const char *out = files_path(pair, "saved");
    snprintf(id, sizeof(id), "%s", files_id(&seen));
    for (enum memory memory = MEMORY_SHORT; memory <= MEMORY_ALL; memory++) {
        struct job *job = call(ann, jobs_save);
        job->what.save = (struct ro_save){job_text(job, id), out};
        enum ro_status s = run(ann, memory);
        check_name("save", ann, s);
        must(s != RO_OK || files_are(out, FILE_SIZE), "save", "not the file");
        if (s == RO_OK)
            break;
        must(memory == MEMORY_SHORT, "save", "not again");
        must(access(out, F_OK) != 0, "save", "a part of it is there");
    }
    unlink(out);
}

/* --- rounds --------------------------------------------------------------- */

static void
play(void)
{
    struct sayings said;
    char to[32];
    char request[RO_ID_HEX];
    char thread[RO_ID_HEX];
    const char *path = files_make(pair, "plan", FILE_SIZE);
    snprintf(to, sizeof(to), "urn:%u", ben->member->urn);
    open_short(ben);
    say(ann, jobs_ask, to, "ask", &said);
    snprintf(request, sizeof(request), "%s", seat_request(ann));
    snprintf(thread, sizeof(thread), "%s", thread_between(request, ann, ben));
    sync_short(ben, "hear");
    check_said(ben, &said, "ask");
    say(ben, jobs_answer, request, "answer", &said);
    sync_short(ann, "hear the answer");
    check_said(ann, &said, "answer");
    say(ann, jobs_accept, thread, "accept", &said); /* has no words */
    sync_short(ben, "hear yes");
    say(ben, jobs_say, thread, "say", &said);
    sync_short(ann, "hear more");
    check_said(ann, &said, "say");
    send_file(thread, path, MEMORY_SHORT);
    test_must(seat_sync(ben));
    sync_short(ann, "hear the file");
    test_must(seat_sync(ann));
    save_file(thread);
    look_short(ann, request, thread);
}

static void
open_circle(void)
{
    pair = pair_new();
    ann = pair_school(pair, 0);
    ben = pair_school(pair, 2);
    pair_sync_all(pair);
}

static void
test_exchange(void)
{
    const long step = scarce_step(QUICK);
    int rounds = 0;
    is_fine = true;
    has_failed = true;
    open_circle();
    for (k = 0; has_failed; k += step) {
        if (rounds++ == ROUNDS) {
            pair_free(pair);
            open_circle();
            rounds = 1;
        }
        has_failed = false;
        play();
    }
    printf("# at most %ld allocations in a step, every %ld. fails\n", k - step,
           step);
    tap_say(is_fine && k > 100, "each failed in good order");
    pair_free(pair);
}

int
main(int argc, char **argv)
{
    scarce_sqlite();
    pair_setup(argc, argv);
    tap_run(test_exchange);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/client/pair.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "daemon/free_ports.h"
#include "daemon/net/edge.h"
#include "tests/unit/broker/rig.h"
#include "unit/net/setup.h"

#define TURN_FRAMES 100

/* What runs beside the test: the broker's thread. One test program has one
 * broker at a time. */
static struct {
    pthread_t thread;
    bool runs;
    int stop_fd;
} server = {.stop_fd = -1};

static const char *source_root;

static void
need(bool ok, const char *what)
{
    if (ok)
        return;
    printf("Bail out! pair: %s\n", what);
    exit(1);
}

void
pair_setup(int argc, char **argv)
{
    need(argc == 2, "the first argument is the source tree");
    source_root = argv[1];
    test_must(ro_crypto_init());
}

struct test_circle *
pair_circle(struct pair *pair)
{
    return pair->rig->circle;
}

int64_t
pair_now_s(const struct pair *pair)
{
    return pair->rig->clock.wall_s;
}

/* --- the broker's thread ------------------------------------------------- */

static void
turn(struct pair *pair)
{
    struct broker *broker = pair->rig->broker;
    test_must(broker_turn_begin(broker));
    edge_take(pair->edge, broker, TURN_FRAMES);
    test_must(broker_turn_end(broker));
    edge_flush(pair->edge, broker);
}

static void *
serve(void *user)
{
    struct pair *pair = user;
    enum edge_ready stop = EDGE_QUIET;
    while (stop == EDGE_QUIET) {
        test_must(edge_wait(pair->edge, server.stop_fd, 1000, &stop));
        turn(pair);
    }
    return NULL;
}

void
pair_hold(struct pair *pair)
{
    (void)pair;
    if (!server.runs)
        return;
    uint64_t one = 1;
    need(write(server.stop_fd, &one, sizeof(one)) == sizeof(one), "stop");
    pthread_join(server.thread, NULL);
    close(server.stop_fd);
    server.runs = false;
}

void
pair_go(struct pair *pair)
{
    if (server.runs || pair->edge == NULL)
        return;
    server.stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    need(server.stop_fd >= 0, "eventfd");
    need(pthread_create(&server.thread, NULL, serve, pair) == 0, "thread");
    server.runs = true;
}

void
pair_away(struct pair *pair)
{
    pair_hold(pair);
    edge_free(pair->edge);
    pair->edge = NULL;
    pair->wait_ms = PAIR_AWAY_MS;
    rig_restart(pair->rig);
}

void
pair_back(struct pair *pair)
{
    struct edge_setup setup = setup_edge(pair->rig);
    setup.member_endpoint = pair->member_endpoint;
    setup.open_endpoint = pair->open_endpoint;
    struct ro_why why = {""};
    enum ro_status s = edge_open(&setup, pair->rig->broker, &why, &pair->edge);
    need(s == RO_OK, why.text);
    pair->wait_ms = PAIR_WAIT_MS;
    pair_go(pair);
}

/* Copies what is in a folder, which nobody writes to at the moment. */
static void
copy_files(const char *from, const char *to)
{
    char command[2000];
    /* names are our own */
    snprintf(command, sizeof(command),
             "mkdir -p '%s' && rm -rf -- '%s'/* && cp -a -- '%s'/. '%s'", to,
             to, from, to);
    need(system(command) == 0, command); /* NOLINT */
}

void
pair_keep_store(struct pair *pair, const char *name)
{
    char path[300];
    snprintf(path, sizeof(path), "%s/%s", pair->folder, name);
    pair_away(pair); /* folds its log into the file */
    copy_files(pair->rig->folder.path, path);
    pair_back(pair);
}

/* A circle of the same keys that has only the first records. */
static struct test_circle *
cut_circle(const struct test_circle *circle, size_t n_records)
{
    struct ro_why why = {""};
    struct test_circle *cut = test_circle_new(11); /* the rig's seed */
    for (size_t i = 0; i < n_records; i++)
        need(test_circle_add(cut, test_circle_record(circle, i), &why) == RO_OK,
             why.text);
    return cut;
}

void
pair_set_back(struct pair *pair, const char *name, size_t n_records)
{
    char path[300];
    snprintf(path, sizeof(path), "%s/%s", pair->folder, name);
    pair_away(pair);
    copy_files(path, pair->rig->folder.path);
    rig_restart(pair->rig);
    if (n_records < pair->rig->circle->n_records)
        pair->rig->circle = cut_circle(pair->rig->circle, n_records);
    pair_back(pair);
}

/* --- a circle ------------------------------------------------------------ */

static void
read_conf(struct pair *pair, const char *conf)
{
    char path[400];
    struct ro_why why = {""};
    snprintf(path, sizeof(path), "%s/config/circle.conf", source_root);
    if (conf != NULL) {
        ro_buf_put(&pair->conf, conf, strlen(conf));
    } else {
        need(ro_file_read(path, 65536, &why, &pair->conf) == RO_OK, why.text);
    }
    ro_buf_put_u8(&pair->conf, 0);
    test_must(ro_buf_ok(&pair->conf));
}

struct pair *
pair_new_at(int64_t wall_s, const char *conf)
{
    struct pair *pair = calloc(1, sizeof(*pair));
    struct free_ports ports;
    const struct ro_entropy entropy = ro_entropy_system();
    need(pair != NULL, "memory");
    pair->wait_ms = PAIR_WAIT_MS;
    pair->rig = rig_empty();
    pair->rig->clock.wall_s = wall_s;
    rig_restart(pair->rig);
    snprintf(pair->folder, sizeof(pair->folder), "%s", folder_new().path);
    test_must(free_ports_find(&entropy, &ports));
    snprintf(pair->member_endpoint, sizeof(pair->member_endpoint), "%s",
             ports.member);
    snprintf(pair->open_endpoint, sizeof(pair->open_endpoint), "%s",
             ports.open);
    read_conf(pair, conf);
    struct test_circle *circle = pair_circle(pair);
    circle->member_endpoint = pair->member_endpoint;
    circle->open_endpoint = pair->open_endpoint;
    circle->circle_conf = (const char *)pair->conf.data;
    test_circle_charter(circle);
    test_circle_list(circle, TEST_FIRST_URN, 20);
    rig_append_all(pair->rig);
    pair_back(pair);
    return pair;
}

struct pair *
pair_new(void)
{
    return pair_new_at(TEST_NOW_S, NULL);
}

void
pair_append(struct pair *pair)
{
    pair_hold(pair);
    rig_append_all(pair->rig);
    pair_go(pair);
}

static void
free_seat(struct seat *seat)
{
    seat_stop(seat);
    vault_free(seat->vault);
    news_fini(&seat->news);
    job_free(seat->job);
    free(seat);
}

void
pair_free(struct pair *pair)
{
    for (size_t i = 0; i < pair->n_seats; i++)
        free_seat(pair->seats[i]);
    pair_hold(pair);
    edge_free(pair->edge);
    rig_close(pair->rig);
    struct folder folder;
    snprintf(folder.path, sizeof(folder.path), "%s", pair->folder);
    folder_remove(&folder);
    ro_buf_fini(&pair->conf);
    free(pair);
}

void
pair_pass(struct pair *pair, int64_t seconds)
{
    pair_hold(pair);
    pair->rig->clock.wall_s += seconds;
    pair->rig->clock.mono_ms += seconds * 1000;
    if (pair->edge != NULL) {
        turn(pair); /* what its timers ask for */
        turn(pair);
    }
    for (size_t i = 0; i < pair->n_seats; i++) {
        if (pair->seats[i]->engine != NULL)
            engine_unlink(pair->seats[i]->engine);
    }
    pair_go(pair);
}

/* --- mail ---------------------------------------------------------------- */

struct collecting {
    struct mail *mail;
    size_t n;
    size_t max;
};

static enum ro_status
collect(void *user, const struct store_envelope *envelope)
{
    struct collecting *collecting = user;
    if (collecting->n == collecting->max)
        return RO_REFUSED;
    struct mail *mail = &collecting->mail[collecting->n++];
    *mail = (struct mail){.key = envelope->key};
    ro_buf_put(&mail->wrap, envelope->wrap.data, envelope->wrap.size);
    ro_buf_put(&mail->body, envelope->body.data, envelope->body.size);
    mail->envelope = (struct envelope){
        .mailbox = envelope->mailbox,
        .wrap = ro_buf_view(&mail->wrap),
        .body = ro_buf_view(&mail->body),
        .day = envelope->day,
        .generation = envelope->generation,
        .expiry_hour = envelope->expiry_hour,
    };
    return RO_OK;
}

size_t
pair_mail(struct pair *pair,
          const struct seat *seat,
          struct mail *ret_mail,
          size_t max)
{
    struct collecting collecting = {ret_mail, 0, max};
    const struct store_cursor cursor = {seat->circle_seat->id, 0, max};
    pair_hold(pair);
    test_must(store_begin(pair->rig->store));
    test_must(store_envelopes(pair->rig->store, &cursor, collect, &collecting));
    store_rollback(pair->rig->store);
    pair_go(pair);
    return collecting.n;
}

void
mail_fini(struct mail *mail, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ro_buf_fini(&mail[i].wrap);
        ro_buf_fini(&mail[i].body);
    }
}

enum ro_status
pair_post(struct pair *pair, const struct envelope *envelope)
{
    pair_hold(pair);
    struct peer guest = rig_guest(pair->rig);
    RO_AUTOFREE struct draft *draft = calloc(1, sizeof(*draft));
    need(draft != NULL, "memory");
    rig_draft(pair->rig, draft, &envelope->mailbox, 0);
    memcpy(draft->body, envelope->body.data, envelope->body.size);
    draft->bodies[0] = rig_field(draft->body, envelope->body.size);
    ro_body_hash(envelope->body, &draft->hash);
    memcpy(draft->bytes, envelope->wrap.data, RO_WRAP_SIZE);
    draft->wrap.day = envelope->day;
    draft->wrap.generation = envelope->generation;
    draft->wrap.expiry_hour = envelope->expiry_hour;
    enum ro_status s = rig_deposit(pair->rig, &guest, draft);
    broker_session_close(pair->rig->broker, guest.id);
    rig_idle(pair->rig);
    pair_go(pair);
    return s;
}

void
pair_put(struct pair *pair, const struct envelope *envelope)
{
    struct store *store = pair->rig->store;
    struct store_envelope put = {
        .mailbox = envelope->mailbox,
        .wrap = envelope->wrap,
        .day = envelope->day,
        .generation = envelope->generation,
        .expiry_hour = envelope->expiry_hour,
    };
    uint64_t key;
    ro_body_hash(envelope->body, &put.body_hash);
    ro_envelope_id_of(&put.mailbox, &put.body_hash, put.wrap, &put.id);
    pair_hold(pair);
    test_must(store_begin(store));
    test_must(store_body_put(store, &put.body_hash, envelope->body));
    test_must(store_envelope_put(store, &put, &key));
    test_must(store_commit(store));
    pair_go(pair);
}

void
pair_lose(struct pair *pair, const struct seat *seat, const struct mail *mail)
{
    pair_hold(pair);
    test_must(store_begin(pair->rig->store));
    test_must(store_envelope_drop(pair->rig->store, &seat->circle_seat->id,
                                  mail->key));
    test_must(store_commit(pair->rig->store));
    pair_go(pair);
}

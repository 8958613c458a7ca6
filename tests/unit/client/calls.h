/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of the application on one school's client, and what comes back of
 * them; the circle lives on the machine's clocks. */
#ifndef TESTS_UNIT_CLIENT_CALLS_H
#define TESTS_UNIT_CLIENT_CALLS_H

#include "tests/unit/client/pair.h"

#include <poll.h>
#include <pthread.h>
#include <time.h>

#define PATIENCE_MS 20000

static struct pair *pair;
static struct seat *ann;
static struct seat *ben;

static int64_t
now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A circle that lives now. */
__attribute__((unused)) static void
open_circle(void)
{
    pair = pair_new_at((int64_t)time(NULL), NULL);
    ann = pair_school(pair, 0);
    ben = pair_school(pair, 2);
    pair_sync_all(pair);
    seat_stop(ann);
}

__attribute__((unused)) static void
close_circle(void)
{
    pair_free(pair);
}

/* What came back of one call, or of a watch; that the broker went away or is
 * back is counted apart. */
struct got {
    int n;
    int went_away;
    int came_back;
    int with_events;
    size_t events;
    size_t sent;
    enum ro_status status; /* of the last */
    size_t last_events;
    char last_type[32];
    char request[RO_ID_HEX];
    pthread_t thread;
};

__attribute__((unused)) static void
take(void *user, const struct ro_result *result)
{
    struct got *got = user;
    got->went_away += result->turned == RO_BROKER_AWAY;
    got->came_back += result->turned == RO_BROKER_THERE;
    if (result->turned != RO_BROKER_UNKNOWN && result->n_events == 0 &&
        result->sent == 0)
        return;
    got->n++;
    got->with_events += result->n_events > 0;
    got->events += result->n_events;
    got->sent += result->sent;
    got->last_events = result->n_events;
    got->status = result->status;
    got->thread = pthread_self();
    ro_hex(result->request_id.b, RO_ID_SIZE, got->request);
    if (result->n_events > 0) {
        snprintf(got->last_type, sizeof(got->last_type), "%s",
                 result->events[result->n_events - 1].type);
    }
}

__attribute__((unused)) static struct ro_then
into(struct got *got)
{
    return (struct ro_then){take, got};
}

/* Dispatches until there have been so many results, or the time is over. */
__attribute__((unused)) static bool
await_until(struct ro_client *client,
            const struct got *got,
            int n,
            int64_t until_ms)
{
    while (got->n < n && now_ms() < until_ms) {
        struct pollfd fd = {.fd = ro_client_fd(client), .events = POLLIN};
        poll(&fd, 1, 100);
        ro_client_dispatch(client);
    }
    return got->n >= n;
}

__attribute__((unused)) static bool
await(struct ro_client *client, const struct got *got, int n)
{
    return await_until(client, got, n, now_ms() + PATIENCE_MS);
}

/* Whether one more result comes within so long. */
__attribute__((unused)) static bool
await_ms(struct ro_client *client, const struct got *got, int64_t ms)
{
    return await_until(client, got, got->n + 1, now_ms() + ms);
}

__attribute__((unused)) static struct ro_client *
open_client(const struct seat *seat)
{
    struct ro_why why = {""};
    struct ro_client *client = NULL;
    const struct ro_client_setup setup = {.profile = seat->dir};
    enum ro_status s = ro_client_open(&setup, &why, &client);
    if (s != RO_OK)
        printf("# %s: %s\n", ro_status_name(s), why.text);
    tap_need(s == RO_OK);
    return client;
}

__attribute__((unused)) static void
ask(struct ro_client *client, const char *to, struct got *got)
{
    const struct ro_ask asked = {.topic = "TL1",
                                 .urgency = "U3",
                                 .to = &to,
                                 .n_to = 1,
                                 .text = "Anybody?",
                                 .days = -1,
                                 .wait_ms = PAIR_WAIT_MS};
    ro_client_ask(client, &asked, into(got));
}

__attribute__((unused)) static const char *
ask_ann(void)
{
    char to[32];
    snprintf(to, sizeof(to), "urn:%u", ann->member->urn);
    test_must(seat_ask(ben, to, "Do you have a minute?"));
    return seat_request(ben);
}

#endif

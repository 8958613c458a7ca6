/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/link_internal.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

#include "common/crypto/door.h"
#include "common/crypto/hash.h"
#include "common/crypto/seal.h"

#include "frame.pb-c.h"

/* An ask that waits for a connection heeds the interrupt only after this, so
 * that a busy application does not keep a healthy link from coming up. */
#define GRACE_MS 1000
/* An ask that finds a door trying for longer than this starts it afresh. */
#define PATIENCE_MS 5000
/* Frames that are taken before the clock is looked at again. */
#define FRAMES_MAX 64

/* --- making and releasing ------------------------------------------------ */

/* tcp://host:port and nothing more (libzmq would take a source address, too).
 */
static bool
endpoint_ok(const char *endpoint)
{
    static const char scheme[] = "tcp://";
    if (strncmp(endpoint, scheme, sizeof(scheme) - 1) != 0)
        return false;
    const char *host = endpoint + sizeof(scheme) - 1;
    const char *colon = strrchr(host, ':');
    if (colon == NULL || colon == host || strpbrk(host, "; \t\n/*") != NULL)
        return false;
    const char *digits = colon + 1;
    size_t n = strspn(digits, "0123456789");
    if (n == 0 || n > 5 || digits[n] != '\0')
        return false;
    long port = strtol(digits, NULL, 10);
    return port > 0 && port <= UINT16_MAX;
}

static enum ro_status
init_end(struct link_end *end,
         enum link_door which,
         const char *endpoint,
         struct ro_why *why)
{
    end->which = which;
    end->last = &end->first;
    if (endpoint == NULL || !endpoint_ok(endpoint)) {
        return ro_why(why, RO_BAD_INPUT,
                      "%.100s: not of the form tcp://host:port",
                      endpoint == NULL ? "" : endpoint);
    }
    end->endpoint = strdup(endpoint);
    return end->endpoint == NULL ? RO_NO_MEMORY : RO_OK;
}

static enum ro_status
init_keys(struct link *link, const struct link_setup *setup)
{
    link->broker_curve = setup->broker_curve;
    link->psk =
        ro_secret_copy((struct ro_bytes){setup->psk, sizeof(setup->psk)});
    link->entropy = setup->entropy;
    link->hello_arena = ro_arena_new(0, 0);
    if (link->psk == NULL || link->hello_arena == NULL)
        return RO_NO_MEMORY;
    link->ends[LINK_MEMBER].curve = setup->transport;
    return RO_OK;
}

enum ro_status
link_new(const struct link_setup *setup,
         struct ro_why *why,
         struct link **ret_link)
{
    RO_CLEANUP(link_freep) struct link *link = calloc(1, sizeof(*link));
    if (link == NULL)
        return RO_NO_MEMORY;
    link->generation = setup->generation;
    link->clock = setup->clock;
    link->interrupt_fd = -1;
    RO_TRY(init_end(&link->ends[LINK_MEMBER], LINK_MEMBER,
                    setup->member_endpoint, why));
    RO_TRY(
        init_end(&link->ends[LINK_OPEN], LINK_OPEN, setup->open_endpoint, why));
    RO_TRY(init_keys(link, setup));
    link->context = zmq_ctx_new();
    if (link->context == NULL) {
        return ro_why(why, RO_IO_FAILED, "sockets: %s",
                      zmq_strerror(zmq_errno()));
    }
    *ret_link = RO_STEAL(link);
    return RO_OK;
}

static void
fini_end(struct link *link, struct link_end *end)
{
    /* without a connection there is nothing that could still leave */
    link_end_close(link, end,
                   end->state == DOOR_UP ? LINK_LINGER : LINK_AT_ONCE);
    if (end->last != NULL)
        link_end_clear(end);
    free(end->endpoint);
}

void
link_free(struct link *link)
{
    if (link == NULL)
        return;
    for (size_t i = 0; i < RO_LEN(link->ends); i++)
        fini_end(link, &link->ends[i]);
    if (link->context != NULL)
        zmq_ctx_term(link->context);
    ro_keypair_free(link->fresh);
    ro_secret_free(link->psk);
    ro_arena_free(link->hello_arena);
    ro_buf_fini(&link->out);
    free(link->handed_out);
    free(link);
}

void
link_rest(struct link *link, enum link_door door)
{
    struct link_end *end = &link->ends[door];
    link_end_close(link, end,
                   end->state == DOOR_UP ? LINK_LINGER : LINK_AT_ONCE);
}

void
link_interrupt(struct link *link, int fd)
{
    link->interrupt_fd = fd;
}

enum ro_status
link_broker_time(const struct link *link, int64_t *ret_wall_s)
{
    if (!link->knows_time)
        return RO_NOT_FOUND;
    *ret_wall_s = link->broker_time_s;
    return RO_OK;
}

enum ro_status
link_mailbox_proof(struct link *link,
                   const struct ro_keypair *mailbox,
                   struct ro_signature *ret_proof)
{
    struct ro_seat_id id;
    RO_TRY(link_end_open(link, &link->ends[LINK_OPEN], NULL));
    link->n_proved = link->n_fresh;
    ro_seat_id_of(ro_keypair_public(mailbox), &id);
    uint8_t message[RO_MAILBOX_PROOF_SIZE];
    ro_mailbox_proof_message(&link->broker_curve,
                             ro_keypair_x25519(link->fresh), &id, message);
    ro_sign(mailbox, RO_LABEL_MAILBOX,
            (struct ro_bytes){message, sizeof(message)}, ret_proof);
    return RO_OK;
}

/* --- waiting ------------------------------------------------------------- */

/* What a wait ends for, besides what the monitor says. */
#define WAIT_FRAMES 1u
#define WAIT_INTERRUPT 2u

/* What ended a wait. */
enum woken { WOKEN, WOKEN_DEADLINE, WOKEN_INTERRUPT };

/* Waits until something happens at a door, until `until_ms`. A wait that was
 * slept through ends at its deadline even if the clock stands still. */
static enum woken
wait_end(struct link *link,
         struct link_end *end,
         int64_t until_ms,
         unsigned flags)
{
    int64_t left = until_ms - ro_clock_mono_ms(&link->clock);
    if (left <= 0)
        return WOKEN_DEADLINE;
    zmq_pollitem_t items[3] = {
        {end->monitor, 0, ZMQ_POLLIN, 0}
    };
    int n = 1;
    if (flags & WAIT_FRAMES)
        items[n++] = (zmq_pollitem_t){end->socket, 0, ZMQ_POLLIN, 0};
    bool heeds = (flags & WAIT_INTERRUPT) && link->interrupt_fd >= 0;
    if (heeds)
        items[n++] = (zmq_pollitem_t){NULL, link->interrupt_fd, ZMQ_POLLIN, 0};
    int timeout = left > INT_MAX ? INT_MAX : (int)left;
    int rc = zmq_poll(items, n, timeout);
    if (rc == 0)
        return timeout == left ? WOKEN_DEADLINE : WOKEN;
    if (rc > 0 && heeds && items[n - 1].revents != 0)
        return WOKEN_INTERRUPT;
    return WOKEN; /* also for a signal: look and wait again */
}

/* Reads what the monitor says; a verdict ends this door's sockets, so that
 * nothing goes on trying behind our back. So does the loss of an open-door
 * connection: libzmq would come back with the same key, and so tell the broker
 * that both were one. */
static enum ro_status
look(struct link *link, struct link_end *end, struct ro_why *why)
{
    link_monitor_read(link, end);
    enum ro_status verdict = end->verdict;
    if (verdict == RO_OK) {
        if (end->which == LINK_OPEN && end->spent)
            link_end_close(link, end, LINK_AT_ONCE);
        return RO_OK;
    }
    link_end_close(link, end, LINK_AT_ONCE);
    if (verdict == RO_NOT_ALLOWED) {
        return ro_why(why, verdict, "%s: the broker does not admit this seat",
                      end->endpoint);
    }
    return ro_why(why, verdict, "%s: %s", end->endpoint,
                  ro_status_text(verdict));
}

static enum ro_status
unreachable(const struct link_end *end, struct ro_why *why, const char *what)
{
    return ro_why(why, RO_UNREACHABLE, "%s: %s", end->endpoint, what);
}

/* Makes a door try at once where libzmq may have backed off to a minute. */
static enum ro_status
hurry(struct link *link, struct link_end *end, struct ro_why *why)
{
    int64_t tried_ms = ro_clock_mono_ms(&link->clock) - end->trying_ms;
    if (end->state == DOOR_CONNECTING && tried_ms > PATIENCE_MS)
        link_end_close(link, end, LINK_AT_ONCE);
    return link_end_open(link, end, why);
}

/* Waits for a connection. */
static enum ro_status
wait_up(struct link *link,
        struct link_end *end,
        int64_t deadline_ms,
        struct ro_why *why)
{
    RO_TRY(link_end_open(link, end, why));
    RO_TRY(look(link, end, why));
    RO_TRY(hurry(link, end, why));
    int64_t grace_ms = ro_clock_mono_ms(&link->clock) + GRACE_MS;
    unsigned flags = 0;
    while (end->state != DOOR_UP) {
        int64_t until = deadline_ms;
        if (flags == 0 && grace_ms < deadline_ms)
            until = grace_ms;
        enum woken woken = wait_end(link, end, until, flags);
        RO_TRY(look(link, end, why));
        RO_TRY(link_end_open(link, end, why));
        if (woken == WOKEN_INTERRUPT)
            return unreachable(end, why, "not connected yet");
        if (woken == WOKEN_DEADLINE && until == deadline_ms)
            return unreachable(end, why, "nobody answers");
        if (woken == WOKEN_DEADLINE)
            flags = WAIT_INTERRUPT;
    }
    return RO_OK;
}

/* --- frames -------------------------------------------------------------- */

static enum ro_status
send_frame(struct link *link, struct link_end *end, struct ro_why *why)
{
    if (zmq_send(end->socket, link->out.data, link->out.size, ZMQ_DONTWAIT) >=
        0)
        return RO_OK;
    return unreachable(end, why, "the connection was lost");
}

/* A frame of the broker that breaks the rules ends the connection. */
static enum ro_status
bad_frame(struct link *link, struct link_end *end, struct ro_why *why)
{
    link_end_close(link, end, LINK_AT_ONCE);
    return ro_why(why, RO_BAD_FRAME, "%s: the broker sent a bad frame",
                  end->endpoint);
}

/* A message of libzmq that is closed when it leaves its scope. */
static void
close_message(zmq_msg_t *message)
{
    zmq_msg_close(message);
}

/* Takes the next frame off a socket into `message` (initialised), if there is
 * one. RO_NOT_FOUND. */
static enum ro_status
recv_frame(struct link *link,
           struct link_end *end,
           struct ro_why *why,
           zmq_msg_t *message,
           struct link_frame *ret_frame)
{
    if (zmq_msg_recv(message, end->socket, ZMQ_DONTWAIT) < 0)
        return RO_NOT_FOUND;
    const struct ro_bytes bytes = {zmq_msg_data(message),
                                   zmq_msg_size(message)};
    if (zmq_msg_more(message) ||
        ro_frame_get(bytes, &ret_frame->header, &ret_frame->payload) != RO_OK ||
        ret_frame->header.kind == RO_FRAME_ASK)
        return bad_frame(link, end, why);
    return RO_OK;
}

/* What an ask expects. */
struct expected {
    uint8_t verb;
    uint32_t serial;
    const ProtobufCMessageDescriptor *type;
    struct ro_arena *arena;
    const ProtobufCMessage *message; /* out */
};

/* Takes frames off a socket until the expected answer (NULL: a push) is among
 * them; keeps pushes, forgets answers to asks that were given up. RO_NOT_FOUND
 * when there are no more, or have been too many. */
static enum ro_status
take_frames(struct link *link,
            struct link_end *end,
            struct ro_why *why,
            struct expected *expected)
{
    for (unsigned i = 0; i < FRAMES_MAX; i++) {
        RO_CLEANUP(close_message) zmq_msg_t message;
        zmq_msg_init(&message);
        struct link_frame frame = {0};
        RO_TRY(recv_frame(link, end, why, &message, &frame));
        if (frame.header.kind == RO_FRAME_PUSH) {
            const struct ro_bytes bytes = {zmq_msg_data(&message),
                                           zmq_msg_size(&message)};
            link_end_keep(end, bytes);
            if (expected == NULL)
                return RO_OK;
            continue;
        }
        if (expected == NULL || frame.header.serial != expected->serial ||
            frame.header.verb != expected->verb)
            continue;
        link->knows_time = true;
        link->broker_time_s = frame.header.time_s;
        return link_frame_answer(&frame, expected->type, expected->arena, why,
                                 &expected->message);
    }
    return RO_NOT_FOUND;
}

/* Sends what stands in link->out and waits for its answer. */
static enum ro_status
exchange(struct link *link,
         struct link_end *end,
         int64_t deadline_ms,
         struct ro_why *why,
         struct expected *expected)
{
    const unsigned connection = end->connection;
    RO_TRY(send_frame(link, end, why));
    for (;;) {
        /* frames first: an answer may stand before the loss that followed */
        enum ro_status s = take_frames(link, end, why, expected);
        if (s != RO_NOT_FOUND)
            return s;
        RO_TRY(look(link, end, why));
        if (end->connection != connection)
            return unreachable(end, why, "the connection was lost");
        if (wait_end(link, end, deadline_ms, WAIT_FRAMES) == WOKEN_DEADLINE)
            return unreachable(end, why, "no answer in time");
    }
}

/* --- asking -------------------------------------------------------------- */

static enum ro_status
say_hello(struct link *link,
          struct link_end *end,
          int64_t deadline_ms,
          struct ro_why *why)
{
    struct expected expected = {.verb = RO_VERB_HELLO,
                                .type = &reachout__hello__answer__descriptor,
                                .arena = link->hello_arena};
    RO_TRY(link_frame_hello(link, end, &expected.serial));
    RO_TRY(exchange(link, end, deadline_ms, why, &expected));
    end->greeted = true;
    return RO_OK;
}

static enum ro_status
ask_once(struct link *link,
         const struct link_ask *ask,
         struct ro_why *why,
         struct expected *expected)
{
    struct link_end *end = &link->ends[ask->door];
    bool hello = ask->verb == RO_VERB_HELLO;
    if (hello) {
        RO_TRY(link_frame_hello(link, end, &expected->serial));
    } else {
        RO_TRY(link_frame_ask(link, ask->verb, ask->ask, &expected->serial));
    }
    RO_TRY(exchange(link, end, ask->deadline_ms, why, expected));
    if (hello)
        end->greeted = true;
    return RO_OK;
}

/* Waits for the connection; the open door wants hello before anything else. */
static enum ro_status
prepare(struct link *link, const struct link_ask *ask, struct ro_why *why)
{
    struct link_end *end = &link->ends[ask->door];
    RO_TRY(wait_up(link, end, ask->deadline_ms, why));
    if (ask->door != LINK_OPEN || end->greeted || ask->verb == RO_VERB_HELLO)
        return RO_OK;
    return say_hello(link, end, ask->deadline_ms, why);
}

enum ro_status
link_ask(struct link *link,
         const struct link_ask *ask,
         struct ro_arena *arena,
         struct ro_why *why,
         struct link_answer *ret_answer)
{
    struct link_end *end = &link->ends[ask->door];
    struct expected expected = {
        .verb = ask->verb, .type = ask->answer, .arena = arena};
    *ret_answer = (struct link_answer){0};
    RO_TRY(prepare(link, ask, why));
    if (ask->door == LINK_OPEN && ask->verb == RO_VERB_ATTACH &&
        link->n_proved != link->n_fresh)
        return unreachable(end, why, "the connection was lost");
    enum ro_status s = ask_once(link, ask, why, &expected);
    if (s == RO_NEED_HELLO && ask->verb != RO_VERB_HELLO) {
        /* the connection was made anew between hello and ask */
        RO_TRY(say_hello(link, end, ask->deadline_ms, why));
        s = ask_once(link, ask, why, &expected);
    }
    ret_answer->broker_time_s = link->broker_time_s;
    ret_answer->message = s == RO_OK ? expected.message : NULL;
    return s;
}

/* --- pushes -------------------------------------------------------------- */

/* Hands the oldest push out, or tells that the connection was lost.
 * RO_NOT_FOUND when there is neither. */
static enum ro_status
next_push(struct link *link, struct link_end *end, struct ro_bytes *ret_frame)
{
    if (end->lost) {
        end->lost = false;
        return RO_UNREACHABLE;
    }
    struct push *push = link_end_take(end);
    if (push == NULL)
        return RO_NOT_FOUND;
    link->handed_out = push;
    *ret_frame = (struct ro_bytes){push->data, push->size};
    return RO_OK;
}

enum ro_status
link_push(struct link *link,
          enum link_door door,
          int64_t deadline_ms,
          struct ro_bytes *ret_frame)
{
    struct link_end *end = &link->ends[door];
    free(RO_STEAL(link->handed_out));
    for (;;) {
        enum ro_status s = next_push(link, end, ret_frame);
        if (s != RO_NOT_FOUND)
            return s;
        RO_TRY(link_end_open(link, end, NULL));
        RO_TRY(look(link, end, NULL));
        s = take_frames(link, end, NULL, NULL);
        if (s != RO_OK && s != RO_NOT_FOUND)
            return s;
        if (end->first != NULL || end->lost)
            continue;
        if (wait_end(link, end, deadline_ms, WAIT_FRAMES | WAIT_INTERRUPT) !=
            WOKEN)
            return RO_NOT_FOUND;
    }
}

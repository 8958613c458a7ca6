/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/link_internal.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define HWM 64
#define LINGER_MS 2000
/* The first tries of a short command come quickly; libzmq doubles from there,
 * with a random part of its own. */
#define RECONNECT_MS 100
#define RECONNECT_MAX_MS 60000
#define CONNECT_MS 10000
#define HANDSHAKE_MS 5000
#define HEARTBEAT_MS 15000
#define HEARTBEAT_TIMEOUT_MS 45000
#define HEARTBEAT_TTL_MS 60000

static const struct {
    int option;
    int value;
} options[] = {
    {ZMQ_LINGER,            LINGER_MS           },
    {ZMQ_SNDHWM,            HWM                 },
    {ZMQ_RCVHWM,            HWM                 },
    {ZMQ_RECONNECT_IVL,     RECONNECT_MS        },
    {ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS    },
    {ZMQ_CONNECT_TIMEOUT,   CONNECT_MS          },
    {ZMQ_HANDSHAKE_IVL,     HANDSHAKE_MS        },
    {ZMQ_HEARTBEAT_IVL,     HEARTBEAT_MS        },
    {ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS},
    {ZMQ_HEARTBEAT_TTL,     HEARTBEAT_TTL_MS    },
    {ZMQ_IMMEDIATE,         1                   },
    {ZMQ_IPV6,              1                   },
};

static bool
set_key(void *socket, int option, const uint8_t key[static RO_KEY_SIZE])
{
    return zmq_setsockopt(socket, option, key, RO_KEY_SIZE) == 0;
}

static bool
configure(const struct link *link, const struct link_end *end)
{
    for (size_t i = 0; i < RO_LEN(options); i++) {
        int value = options[i].value;
        if (zmq_setsockopt(end->socket, options[i].option, &value,
                           sizeof(value)) != 0)
            return false;
    }
    int64_t limit = RO_FRAME_LIMIT;
    return zmq_setsockopt(end->socket, ZMQ_MAXMSGSIZE, &limit, sizeof(limit)) ==
               0 &&
           set_key(end->socket, ZMQ_CURVE_SERVERKEY, link->broker_curve.b) &&
           set_key(end->socket, ZMQ_CURVE_PUBLICKEY,
                   ro_keypair_x25519(end->curve)->b) &&
           set_key(end->socket, ZMQ_CURVE_SECRETKEY,
                   ro_keypair_x25519_secret(end->curve));
}

static enum ro_status
connect_end(struct link *link, struct link_end *end, struct ro_why *why)
{
    end->socket = zmq_socket(link->context, ZMQ_DEALER);
    if (end->socket == NULL || !configure(link, end) ||
        link_monitor_open(link, end) != RO_OK) {
        return ro_why(why, RO_IO_FAILED, "%s: %s", end->endpoint,
                      zmq_strerror(zmq_errno()));
    }
    if (zmq_connect(end->socket, end->endpoint) != 0) {
        return ro_why(why, RO_BAD_INPUT, "%s: %s", end->endpoint,
                      zmq_strerror(zmq_errno()));
    }
    end->state = DOOR_CONNECTING;
    end->trying_ms = ro_clock_mono_ms(&link->clock);
    return RO_OK;
}

/* One key for each connection to the open door. */
static enum ro_status
renew_key(struct link *link, struct link_end *end)
{
    if (end->which != LINK_OPEN || (end->curve != NULL && !end->used))
        return RO_OK;
    struct ro_keypair *fresh = ro_keypair_new(&link->entropy);
    if (fresh == NULL)
        return RO_NO_MEMORY;
    ro_keypair_free(link->fresh);
    end->curve = link->fresh = fresh;
    end->used = false;
    link->n_fresh++;
    return RO_OK;
}

enum ro_status
link_end_open(struct link *link, struct link_end *end, struct ro_why *why)
{
    if (end->state != DOOR_CLOSED)
        return RO_OK;
    RO_TRY(renew_key(link, end));
    if (end->curve == NULL)
        return ro_why(why, RO_NOT_ALLOWED, "not admitted yet");
    end->spent = false;
    end->failures = 0;
    end->verdict = RO_OK;
    enum ro_status s = connect_end(link, end, why);
    if (s != RO_OK)
        link_end_close(link, end, LINK_AT_ONCE);
    return s;
}

void
link_end_close(struct link *link, struct link_end *end, enum link_linger linger)
{
    if (end->state == DOOR_UP)
        link_end_lose(link, end);
    if (end->socket != NULL) {
        int none = 0;
        zmq_socket_monitor(end->socket, NULL, 0);
        if (linger == LINK_AT_ONCE)
            zmq_setsockopt(end->socket, ZMQ_LINGER, &none, sizeof(none));
        zmq_close(end->socket);
    }
    if (end->monitor != NULL)
        zmq_close(end->monitor);
    end->socket = NULL;
    end->monitor = NULL;
    end->state = DOOR_CLOSED;
}

void
link_end_lose(struct link *link, struct link_end *end)
{
    end->connection++;
    end->trying_ms = ro_clock_mono_ms(&link->clock);
    end->state = DOOR_CONNECTING;
    end->greeted = false;
    end->lost = true;
    end->spent = true;
    link_end_clear(end);
}

void
link_end_keep(struct link_end *end, struct ro_bytes frame)
{
    struct push *push = NULL;
    if (end->n_pushes < LINK_PUSHES_MAX &&
        end->push_bytes + frame.size <= LINK_PUSH_BYTES_MAX)
        push = malloc(sizeof(*push) + frame.size);
    if (push == NULL) {
        link_end_clear(end);
        end->lost = true;
        return;
    }
    push->next = NULL;
    push->size = frame.size;
    memcpy(push->data, frame.data, frame.size);
    *end->last = push;
    end->last = &push->next;
    end->n_pushes++;
    end->push_bytes += frame.size;
}

struct push *
link_end_take(struct link_end *end)
{
    struct push *push = end->first;
    if (push == NULL)
        return NULL;
    end->first = push->next;
    if (end->first == NULL)
        end->last = &end->first;
    end->n_pushes--;
    end->push_bytes -= push->size;
    push->next = NULL;
    return push;
}

void
link_end_clear(struct link_end *end)
{
    struct push *push;
    while ((push = link_end_take(end)) != NULL)
        free(push);
}

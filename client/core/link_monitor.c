/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/link_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* So many handshakes in a row that end in a hang-up are a wrong key. */
#define FAILURES_MAX 3
/* A peer that hangs up later than this was slow, not wrong. */
#define HANG_UP_MS 1500

#define EVENTS                                                                 \
    (ZMQ_EVENT_CONNECTED | ZMQ_EVENT_CLOSED | ZMQ_EVENT_DISCONNECTED |         \
     ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |    \
     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)

enum ro_status
link_monitor_open(struct link *link, struct link_end *end)
{
    char address[64];
    /* a name is free again only when libzmq has reaped its socket */
    snprintf(address, sizeof(address), "inproc://monitor-%u",
             link->n_monitors++);
    if (zmq_socket_monitor(end->socket, address, EVENTS) != 0)
        return RO_IO_FAILED;
    end->monitor = zmq_socket(link->context, ZMQ_PAIR);
    int linger = 0;
    if (end->monitor == NULL ||
        zmq_setsockopt(end->monitor, ZMQ_LINGER, &linger, sizeof(linger)) !=
            0 ||
        zmq_connect(end->monitor, address) != 0)
        return RO_IO_FAILED;
    return RO_OK;
}

/* What happened, and its error or descriptor. */
struct event {
    uint16_t number;
    uint32_t value;
};

/* Reads one event: two parts, of which the second is the address. */
static bool
read_event(void *monitor, struct event *ret_event)
{
    uint8_t part[6];
    int n = zmq_recv(monitor, part, sizeof(part), ZMQ_DONTWAIT);
    if (n < 0)
        return false;
    char address[8];
    (void)zmq_recv(monitor, address, sizeof(address), ZMQ_DONTWAIT);
    *ret_event = (struct event){0}; /* in the machine's own order */
    if (n == (int)sizeof(part)) {
        memcpy(&ret_event->number, part, sizeof(ret_event->number));
        memcpy(&ret_event->value, part + sizeof(ret_event->number),
               sizeof(ret_event->value));
    }
    return true;
}

/* A reset is no verdict about keys: a broker that cannot read our hello ends in
 * good order, one with too many connections resets (so may anything between).
 */
static void
handshake_failed(struct link *link, struct link_end *end, uint32_t error)
{
    end->told = true;
    if (error == ECONNRESET)
        return;
    int64_t took_ms = ro_clock_mono_ms(&link->clock) - end->connected_ms;
    if (took_ms > HANG_UP_MS)
        return;
    end->failures++;
    if (end->failures >= FAILURES_MAX)
        end->verdict = RO_WRONG_BROKER;
}

static void
disconnected(struct link *link, struct link_end *end)
{
    if (end->state == DOOR_UP) {
        link_end_lose(link, end);
    } else if (!end->told) { /* it spoke ZMTP before 3.0, or nothing like it; */
        end->verdict = RO_WRONG_BROKER; /* libzmq has given up for good */
    }
}

static void
on_event(struct link *link, struct link_end *end, struct event event)
{
    switch (event.number) {
    case ZMQ_EVENT_CONNECTED:
        end->connected_ms = ro_clock_mono_ms(&link->clock);
        end->told = false;
        break;
    case ZMQ_EVENT_CLOSED: /* a connect that was refused: nobody there */
        end->failures = 0;
        break;
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        end->failures = 0;
        end->state = DOOR_UP;
        end->used = true;
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
        handshake_failed(link, end, event.value);
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: /* it speaks something else */
        end->told = true;
        end->verdict = RO_WRONG_BROKER;
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: /* proved its key, refused ours */
        end->told = true;
        end->verdict = RO_NOT_ALLOWED;
        break;
    case ZMQ_EVENT_DISCONNECTED:
        disconnected(link, end);
        break;
    default:
        break;
    }
}

void
link_monitor_read(struct link *link, struct link_end *end)
{
    struct event event;
    while (read_event(end->monitor, &event))
        on_event(link, end, event);
}

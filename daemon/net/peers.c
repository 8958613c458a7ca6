/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/net/peers.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/bytes.h"

#define STEP 256
#define FDS_MAX (1 << 20)

struct peers {
    struct peer *by_fd;
    size_t n_fds;
    int *by_slot; /* descriptor, or -1 */
    size_t n_slots;
    struct ro_buf ended; /* struct session_id, one after the other */
    size_t n_told;       /* of these */
};

struct peers *
peers_new(void)
{
    return calloc(1, sizeof(struct peers));
}

void
peers_free(struct peers *peers)
{
    if (peers == NULL)
        return;
    free(peers->by_fd);
    free(peers->by_slot);
    ro_buf_fini(&peers->ended);
    free(peers);
}

struct peer *
peers_at(struct peers *peers, int fd)
{
    if (fd < 0 || fd >= FDS_MAX)
        return NULL;
    if ((size_t)fd >= peers->n_fds) {
        size_t n = ((size_t)fd / STEP + 1) * STEP;
        struct peer *grown = reallocarray(peers->by_fd, n, sizeof(*grown));
        if (grown == NULL)
            return NULL;
        memset(grown + peers->n_fds, 0, (n - peers->n_fds) * sizeof(*grown));
        peers->by_fd = grown;
        peers->n_fds = n;
    }
    return &peers->by_fd[fd];
}

static bool
same_session(struct session_id a, struct session_id b)
{
    return a.slot == b.slot && a.generation == b.generation;
}

static bool
has_session(const struct peer *peer)
{
    return peer->session.slot != 0 || peer->session.generation != 0;
}

int
peers_of_session(struct peers *peers, struct session_id session)
{
    if (session.slot >= peers->n_slots)
        return -1;
    int fd = peers->by_slot[session.slot];
    if (fd < 0 || !same_session(peers->by_fd[fd].session, session))
        return -1;
    return fd;
}

enum ro_status
peers_bind(struct peers *peers, int fd, struct session_id session)
{
    if (session.slot >= peers->n_slots) {
        size_t n = ((size_t)session.slot / STEP + 1) * STEP;
        int *grown = reallocarray(peers->by_slot, n, sizeof(*grown));
        if (grown == NULL)
            return RO_NO_MEMORY;
        for (size_t i = peers->n_slots; i < n; i++)
            grown[i] = -1;
        peers->by_slot = grown;
        peers->n_slots = n;
    }
    peers->by_slot[session.slot] = fd;
    peers->by_fd[fd].session = session;
    return RO_OK;
}

void
peers_end_session(struct peers *peers, int fd)
{
    struct peer *peer = peers_at(peers, fd);
    if (peer == NULL || !has_session(peer))
        return;
    if (peers_of_session(peers, peer->session) == fd)
        peers->by_slot[peer->session.slot] = -1;
    /* without memory for it the broker forgets the session when it is idle */
    ro_buf_put(&peers->ended, &peer->session, sizeof(peer->session));
    peer->session = (struct session_id){0};
}

bool
peers_next_ended(struct peers *peers, struct session_id *ret_session)
{
    size_t at = peers->n_told * sizeof(*ret_session);
    if (at >= peers->ended.size) {
        ro_buf_clear(&peers->ended);
        peers->n_told = 0;
        return false;
    }
    memcpy(ret_session, peers->ended.data + at, sizeof(*ret_session));
    peers->n_told++;
    return true;
}

int
peers_count(const struct peers *peers)
{
    return (int)peers->n_fds;
}

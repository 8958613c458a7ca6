/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/net/raw_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sodium.h>

#include "common/base/bytes.h"

#define FRAME_MAX (128 * 1024)
#define HELLO_SIZE 200
#define WELCOME_SIZE 168
#define COOKIE_SIZE 96

static struct sockaddr_in
address_of(const char *endpoint)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    char host[INET_ADDRSTRLEN] = "";
    const char *colon = strrchr(endpoint, ':');
    const char *from = strrchr(endpoint, '/') + 1;
    memcpy(host, from,
           (size_t)(colon - from) < sizeof(host) ? (size_t)(colon - from) : 0);
    inet_pton(AF_INET, host, &to.sin_addr);
    to.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
    return to;
}

void
raw_connect(struct raw_peer *peer, const char *endpoint)
{
    struct sockaddr_in to = address_of(endpoint);
    *peer = (struct raw_peer){.fd = socket(AF_INET, SOCK_STREAM, 0)};
    if (connect(peer->fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
        printf("Bail out! connect\n");
        exit(1);
    }
}

bool
raw_connect_from(struct raw_peer *peer,
                 const char *endpoint,
                 uint32_t source,
                 int timeout_ms)
{
    struct sockaddr_in to = address_of(endpoint);
    struct sockaddr_in from = {.sin_family = AF_INET};
    const struct timeval limit = {.tv_sec = timeout_ms / 1000,
                                  .tv_usec = timeout_ms % 1000 * 1000};
    const int late = 1; /* the port is chosen when both ends are known */
    from.sin_addr.s_addr = htonl(source);
    *peer = (struct raw_peer){.fd = socket(AF_INET, SOCK_STREAM, 0)};
    if (peer->fd < 0)
        return false;
    setsockopt(peer->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    setsockopt(peer->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(peer->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &late,
               sizeof(late));
    if (bind(peer->fd, (struct sockaddr *)&from, sizeof(from)) == 0 &&
        connect(peer->fd, (struct sockaddr *)&to, sizeof(to)) == 0)
        return true;
    close(peer->fd);
    return false;
}

void
raw_close(struct raw_peer *peer)
{
    close(peer->fd);
}

static bool
put(struct raw_peer *peer, const void *data, size_t size)
{
    const uint8_t *at = data;
    while (size > 0) {
        ssize_t n = send(peer->fd, at, size, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

static bool
get(struct raw_peer *peer, void *data, size_t size)
{
    return recv(peer->fd, data, size, MSG_WAITALL) == (ssize_t)size;
}

/* The signature, 3.1, the mechanism, and that we are a client. */
static bool
say_greeting(struct raw_peer *peer)
{
    uint8_t greeting[64] = {0xff, 0, 0, 0,   0,   0,   0,   0,  1,
                            0x7f, 3, 1, 'C', 'U', 'R', 'V', 'E'};
    return put(peer, greeting, sizeof(greeting));
}

static bool
greet(struct raw_peer *peer)
{
    uint8_t theirs[64];
    return say_greeting(peer) && get(peer, theirs, sizeof(theirs));
}

static void
make_nonce(const char prefix[static 16], uint64_t counter, uint8_t *ret_nonce)
{
    memcpy(ret_nonce, prefix, 16);
    ro_set_u64(ret_nonce + 16, counter);
}

/* The two short-term keys and the server's long one, while shaking hands. */
struct hands {
    uint8_t own_public[32];
    uint8_t own_secret[32];
    uint8_t server_short[32];
    uint8_t cookie[COOKIE_SIZE];
    struct ro_key server;
};

static bool
say_hello(struct raw_peer *peer, struct hands *hands)
{
    uint8_t frame[2 + HELLO_SIZE] = {RAW_COMMAND | 0x00, HELLO_SIZE};
    uint8_t *hello = frame + 2;
    static const uint8_t zeros[64];
    uint8_t nonce[24];
    frame[0] = 0x04; /* a short command */
    memcpy(hello, "\x05HELLO\x01\x00", 8);
    memcpy(hello + 80, hands->own_public, 32);
    ro_set_u64(hello + 112, ++peer->nonce);
    make_nonce("CurveZMQHELLO---", peer->nonce, nonce);
    if (crypto_box_easy(hello + 120, zeros, sizeof(zeros), nonce,
                        hands->server.b, hands->own_secret) != 0)
        return false;
    return put(peer, frame, sizeof(frame));
}

static bool
hear_welcome(struct raw_peer *peer, struct hands *hands)
{
    uint8_t frame[2 + WELCOME_SIZE];
    uint8_t nonce[24] = "WELCOME-";
    uint8_t opened[128];
    if (!get(peer, frame, sizeof(frame)) ||
        memcmp(frame + 2, "\x07WELCOME", 8) != 0)
        return false;
    memcpy(nonce + 8, frame + 10, 16);
    if (crypto_box_open_easy(opened, frame + 26, 144, nonce, hands->server.b,
                             hands->own_secret) != 0)
        return false;
    memcpy(hands->server_short, opened, 32);
    memcpy(hands->cookie, opened + 32, COOKIE_SIZE);
    return crypto_box_beforenm(peer->shared, hands->server_short,
                               hands->own_secret) == 0;
}

/* "Socket-Type" "DEALER" */
static const uint8_t metadata[] = "\x0bSocket-Type\0\0\0\x06"
                                  "DEALER";
#define METADATA_SIZE (sizeof(metadata) - 1)

static bool
say_initiate(struct raw_peer *peer,
             const struct hands *hands,
             const struct ro_keypair *pair)
{
    uint8_t vouch_nonce[24] = "VOUCH---";
    uint8_t nonce[24];
    uint8_t vouched[64];
    uint8_t plain[128 + METADATA_SIZE];
    uint8_t frame[9 + 9 + COOKIE_SIZE + 8 + sizeof(plain) + 16];
    memcpy(vouched, hands->own_public, 32);
    memcpy(vouched + 32, hands->server.b, 32);
    randombytes_buf(vouch_nonce + 8, 16);
    memcpy(plain, ro_keypair_x25519(pair)->b, 32);
    memcpy(plain + 32, vouch_nonce + 8, 16);
    if (crypto_box_easy(plain + 48, vouched, sizeof(vouched), vouch_nonce,
                        hands->server_short,
                        ro_keypair_x25519_secret(pair)) != 0)
        return false;
    memcpy(plain + 128, metadata, METADATA_SIZE);
    size_t body = sizeof(frame) - 9;
    frame[0] = 0x06; /* a long command */
    ro_set_u64(frame + 1, body);
    memcpy(frame + 9, "\x08INITIATE", 9);
    memcpy(frame + 18, hands->cookie, COOKIE_SIZE);
    ro_set_u64(frame + 18 + COOKIE_SIZE, ++peer->nonce);
    make_nonce("CurveZMQINITIATE", peer->nonce, nonce);
    if (crypto_box_easy_afternm(frame + 18 + COOKIE_SIZE + 8, plain,
                                sizeof(plain), nonce, peer->shared) != 0)
        return false;
    return put(peer, frame, sizeof(frame));
}

bool
raw_begin_hands(struct raw_peer *peer, const struct ro_key *server)
{
    struct hands hands = {.server = *server};
    crypto_box_keypair(hands.own_public, hands.own_secret);
    return say_greeting(peer) && say_hello(peer, &hands);
}

bool
raw_shake_hands(struct raw_peer *peer,
                const struct ro_keypair *pair,
                const struct ro_key *server)
{
    struct hands hands = {.server = *server};
    crypto_box_keypair(hands.own_public, hands.own_secret);
    uint8_t head[2];
    uint8_t ready[256];
    return greet(peer) && say_hello(peer, &hands) &&
           hear_welcome(peer, &hands) && say_initiate(peer, &hands, pair) &&
           get(peer, head, sizeof(head)) && get(peer, ready, head[1]) &&
           memcmp(ready, "\x05READY", 6) == 0;
}

static const uint8_t message_name[8] = {7, 'M', 'E', 'S', 'S', 'A', 'G', 'E'};

/* Lays out one frame; returns its size. */
static size_t
seal(struct raw_peer *peer,
     enum raw_flags flags,
     const void *data,
     size_t size,
     uint8_t frame[static FRAME_MAX])
{
    static _Thread_local uint8_t plain[FRAME_MAX];
    uint8_t nonce[24];
    plain[0] = (uint8_t)flags;
    memcpy(plain + 1, data, size);
    frame[0] = 0x02; /* long; flags travel inside */
    ro_set_u64(frame + 1, 8 + 8 + 16 + 1 + size);
    memcpy(frame + 9, message_name, sizeof(message_name));
    ro_set_u64(frame + 17, ++peer->nonce);
    make_nonce("CurveZMQMESSAGEC", peer->nonce, nonce);
    crypto_box_easy_afternm(frame + 25, plain, 1 + size, nonce, peer->shared);
    return 25 + 16 + 1 + size;
}

bool
raw_send(struct raw_peer *peer,
         enum raw_flags flags,
         const void *data,
         size_t size)
{
    static _Thread_local uint8_t frame[FRAME_MAX];
    return put(peer, frame, seal(peer, flags, data, size, frame));
}

bool
raw_send_part(struct raw_peer *peer, const void *data, size_t size, size_t part)
{
    static uint8_t frame[FRAME_MAX];
    seal(peer, RAW_LAST, data, size, frame);
    return put(peer, frame, part);
}

bool
raw_await_end(struct raw_peer *peer, int timeout_ms)
{
    uint8_t spare[4096];
    struct pollfd poll_fd = {.fd = peer->fd, .events = POLLIN};
    while (poll(&poll_fd, 1, timeout_ms) > 0) {
        if (recv(peer->fd, spare, sizeof(spare), 0) <= 0)
            return true;
    }
    return false;
}

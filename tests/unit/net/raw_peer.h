/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A peer that speaks ZMTP 3.1 and CURVE by hand, because libzmq does not let
 * its user misbehave: a message without an end, a frame that is begun and not
 * finished, a flood of commands. (ZeroMQ RFC 23 and 26.)
 */
#ifndef TESTS_UNIT_NET_RAW_PEER_H
#define TESTS_UNIT_NET_RAW_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/crypto/sign.h"

struct raw_peer {
    int fd;
    uint8_t shared[32]; /* of both short-term keys */
    uint64_t nonce;
};

/* Connects to tcp://ADDRESS:PORT (IPv4). Ends the test when it cannot. */
void raw_connect(struct raw_peer *peer, const char *endpoint);
void raw_close(struct raw_peer *peer);

/* The same from an address of our own (in the order of this machine); whether
 * it came to be. No call on it waits longer than `timeout_ms`. */
bool raw_connect_from(struct raw_peer *peer,
                      const char *endpoint,
                      uint32_t source,
                      int timeout_ms);

/* Begins to shake hands, and does not wait for what the other side says. */
bool raw_begin_hands(struct raw_peer *peer, const struct ro_key *server);

/* Shakes hands as a DEALER with this key; false when it was not let in. */
bool raw_shake_hands(struct raw_peer *peer,
                     const struct ro_keypair *pair,
                     const struct ro_key *server);

/* What a frame says about itself. */
enum raw_flags { RAW_LAST = 0, RAW_MORE = 1, RAW_COMMAND = 2 };

/* Sends a frame; false when the connection is at its end. */
bool raw_send(struct raw_peer *peer,
              enum raw_flags flags,
              const void *data,
              size_t size);

/* Sends only the first `part` bytes of the frame that raw_send would. */
bool raw_send_part(struct raw_peer *peer,
                   const void *data,
                   size_t size,
                   size_t part);

/* Waits until the other side ends the connection; false when it did not. */
bool raw_await_end(struct raw_peer *peer, int timeout_ms);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A broker that does as it is told: a real ROUTER with CURVE and ZAP in a
 * thread, whose answers follow a script. What a directory ask is `from` says
 * what comes back.
 */
#ifndef TESTS_UNIT_CLIENT_LINK_SCRIPT_H
#define TESTS_UNIT_CLIENT_LINK_SCRIPT_H

#include "common/crypto/sign.h"

#include <pthread.h>
#include <stdatomic.h>

/* What the script's broker does with a directory ask. */
enum script {
    PLAIN,
    PUSHES_FIRST,     /* three pushes, then the answer */
    OTHERS_FIRST,     /* a wrong serial, a wrong verb, then the answer */
    REFUSE,           /* with words that would paint a terminal */
    REFUSE_MUTELY,    /* without words */
    REFUSE_STRANGELY, /* a code that nobody knows, a payload that is none */
    TWO_PARTS,
    GARBAGE,
    BAD_PAYLOAD,
    SILENCE,
    FORGET_HELLO, /* as a connection that was made anew */
    FLOOD,        /* more pushes than the link keeps, then the answer */
    DIE,          /* closes the socket */
};

#define PEERS_MAX 64
/* Its clock; one second more with every answer. */
#define TIME_S 1800000000

struct broker {
    struct ro_keypair *curve;
    struct ro_key admitted; /* the member's transport key */
    struct ro_key banned;   /* whom ZAP refuses */
    uint8_t psk[32];
    uint16_t port;
    char endpoint[64];
    pthread_t thread;
    bool runs;
    atomic_uint hellos; /* with a good proof */
    atomic_uint answered;
    atomic_uint strangers; /* who were told to say hello first */
    atomic_uint n_guests;  /* handshakes of others than the member, ever */
    struct ro_key guests[PEERS_MAX];
    void *context;
    int stop_fd;
    /* of the thread */
    void *router;
    void *zap;
    uint8_t greeted[PEERS_MAX][5];
    size_t n_greeted;
};

/* Starts the thread, on the port it had before if it had one. */
void broker_start(struct broker *b);

/* Ends the thread and closes all; one that does not run is fine. */
void broker_stop(struct broker *b);

/* Stops it and frees its key. */
void broker_fini(struct broker *b);

#endif

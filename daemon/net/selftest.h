/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A broker that asks itself whether its member door holds: a connection with a
 * key that nobody knows must be refused by ZAP. A thread asks again and again
 * and ends the process, exit 70, should the door ever let it in.
 */
#ifndef DAEMON_NET_SELFTEST_H
#define DAEMON_NET_SELFTEST_H

#include "common/base/auto.h"
#include "common/base/ids.h"
#include "common/base/status.h"

#include <stdatomic.h>
#include <stdint.h>

enum selftest_verdict {
    SELFTEST_REFUSED,  /* as it must be */
    SELFTEST_ADMITTED, /* the door is open to everybody */
    SELFTEST_UNCLEAR,  /* neither in time: it may be crowded */
};

/* The door to try, as its clients do. */
struct selftest_door {
    char endpoint[256]; /* as bound */
    struct ro_key curve;
    int every_ms; /* how often the thread tries */
    /* how often it was refused, counted here: no visitor's failure. Borrowed */
    _Atomic uint64_t *refused;
};

/* Knocks once with a fresh key, for at most `timeout_ms`. */
enum selftest_verdict
selftest_once(void *context, const struct selftest_door *door, int timeout_ms);

struct selftest;

/* Starts the thread. RO_NO_MEMORY, RO_IO_FAILED. */
RO_MUST_USE enum ro_status selftest_start(void *context,
                                          const struct selftest_door *door,
                                          struct selftest **ret_selftest);

/* Stops the thread and releases it; accepts NULL. */
void selftest_free(struct selftest *selftest);
RO_DEFINE_AUTO(selftest, selftest_free)

#endif

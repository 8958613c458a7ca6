/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoints that nobody uses, for a broker that was given none. */
#ifndef DAEMON_FREE_PORTS_H
#define DAEMON_FREE_PORTS_H

#include "common/base/entropy.h"
#include "common/base/status.h"

#define FREE_PORTS_SIZE 40 /* room for tcp://127.255.255.255:65535 */

/* Endpoints, "tcp://ADDRESS:PORT". */
struct free_ports {
    char member[FREE_PORTS_SIZE];
    char open[FREE_PORTS_SIZE];
};

/* Two endpoints on a random address of 127.0.0.0/8 whose ports are free now.
 * RO_TAKEN when none could be had. */
RO_MUST_USE enum ro_status free_ports_find(const struct ro_entropy *entropy,
                                           struct free_ports *ret_ports);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members that compare their safety numbers, and an authority that replaces
 * keys: what tests of both are made of.
 */
#ifndef TESTS_UNIT_CLIENT_COMPARED_H
#define TESTS_UNIT_CLIENT_COMPARED_H

#include "tests/unit/client/friends.h"

extern char thread[RO_ID_HEX]; /* of ann and ben */
void keep_thread(const char *made);

/* The circle of three, with a thread of ann and ben. */
void open_compared(void);

/* A new key for ben's school; its seats stay as they are. */
void new_key(enum test_key_change how);

const char *id_of(const struct seat *seat);

/* One look at a number, or its confirmation; the two in this order. */
#define SHOW NULL
#define CONFIRM "--confirm"
enum ro_status
verify(struct seat *seat, const struct seat *whom, const char *confirm);
enum ro_status compare(struct seat *seat, const struct seat *whom);
enum ro_verified verified(struct seat *seat, const struct seat *whom);

/* Says something in the thread. */
enum ro_status say(struct seat *seat, const char *text);

/* How many messages are kept; how many events of the last told sync are about
 * a key. */
size_t kept(struct seat *seat);
size_t told(const struct seat *seat);

#endif

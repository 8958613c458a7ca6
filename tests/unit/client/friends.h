/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who most tests of the client are about: the schools ann, ben and cat, at
 * one broker. A test program has one circle at a time.
 */
#ifndef TESTS_UNIT_CLIENT_FRIENDS_H
#define TESTS_UNIT_CLIENT_FRIENDS_H

#include "client/core/message.h"
#include "client/core/outgoing.h"
#include "tests/unit/client/pair.h"

extern struct pair *pair;
extern struct seat *ann; /* asks */
extern struct seat *ben; /* was asked */
extern struct seat *cat; /* was asked, too; of three */

/* Opens a circle of two or three, who have synced; and closes it. */
void open_two(void);
void open_three(void);
void close_circle(void);

/* The circle of two, with a request of ann's that ben has answered: gives
 * their thread. Valid until the next thread_between. */
const char *open_thread(void);

/* The register calls a school something else; the broker has it. */
void rename_school(uint32_t urn, const char *to);

/* "urn:" and a school's; valid until the fourth next call. */
const char *urn_of(const struct seat *seat);

/* ann's request to ben and cat, which both have. */
const char *ask_both(void);

/* A thread of ann and ben in which nothing waits and no receipt is owed. */
const char *quiet_thread(void);

/* How many rows an outbox has, and which; its newest, released with
 * outgoing_fini; the place of a row's message, and its id. */
size_t outbox_size(struct seat *seat);
size_t outbox_rows(struct seat *seat, struct ro_buf *ret_rows);
struct outgoing newest(struct seat *seat);
enum ro_place place_of(struct seat *seat, const struct row_id *row);
struct ro_message_id message_id_of(struct seat *seat, const struct row_id *row);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A broker's store that hands out something else than it was given: for tests
 * that link with --wrap of store_records and store_notices.
 */
#ifndef TESTS_UNIT_CLIENT_DOCTOR_H
#define TESTS_UNIT_CLIENT_DOCTOR_H

#include "tests/unit/client/pair.h"

#include "daemon/store/store.h"

/* What is handed out instead of the record or notice at a place; an empty one
 * is left out. */
struct doctored {
    bool on;
    uint64_t at; /* record number, or cursor */
    struct ro_buf instead;
};
extern struct doctored doctored_record;
extern struct doctored doctored_notice;

/* Honest again. */
void doctor_nothing(struct pair *pair);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The outcomes of the whole project; the list itself is status.def. */
#ifndef RO_BASE_STATUS_H
#define RO_BASE_STATUS_H

#include "common/base/auto.h"

#include <stdbool.h>
#include <stdint.h>

enum ro_status {
#define X(name, reach, kind, wire, exit_code, text) RO_##name,
#include "common/base/status.def"
#undef X
    RO_STATUS_COUNT
};

/* How far an outcome's damage reaches at the broker; see status.def. */
enum ro_reach { RO_REACH_NONE, RO_REACH_REPLY, RO_REACH_DROP, RO_REACH_STOP };

/* What a client makes of an outcome; see status.def. */
enum ro_kind { RO_KIND_PLAIN, RO_KIND_ALARM, RO_KIND_LOCAL };

/* Wire code of an outcome that never leaves the machine. */
#define RO_WIRE_INSIDE 255

/* The detail of a refusal: which name was missing, which line was wrong.
 * Always terminated; cut when too long. Owned by whoever declares it. */
struct ro_why {
    char text[240];
};

/* The outcome's name as it stands in status.def, such as "NEED_BODY". */
const char *ro_status_name(enum ro_status s);

/* The outcome as one sentence for people, without a full stop. */
const char *ro_status_text(enum ro_status s);

/* How far its damage reaches. */
enum ro_reach ro_status_reach(enum ro_status s);

/* Whether it is an alarm about who somebody is or what a broker shows: nothing
 * may be sent after it. */
bool ro_status_is_alarm(enum ro_status s);

/* Whether it is about this machine or its vault, so that asking the broker
 * again changes nothing. */
bool ro_status_is_local(enum ro_status s);

/* Its code in an answer frame, or RO_WIRE_INSIDE. */
uint16_t ro_status_wire(enum ro_status s);

/* The outcome behind a wire code; RO_BROKER_REFUSED for an unknown code. */
enum ro_status ro_status_from_wire(uint16_t code);

/* The exit code of the command line for it. */
int ro_status_exit(enum ro_status s);

/* Fills `why` (may be NULL) and returns `s`, so a refusal is one line:
 *     return ro_why(why, RO_NOT_FOUND, "no member with URN %u", urn); */
enum ro_status
ro_why(struct ro_why *why, enum ro_status s, const char *format, ...)
    RO_PRINTF(3, 4);

#endif

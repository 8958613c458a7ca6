/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must hold of content and tickets after unpacking: lengths, UTF-8,
 * exactly one purpose. The limits are those of PROTOCOL.md, "Limits".
 */
#ifndef RO_WIRE_RULES_H
#define RO_WIRE_RULES_H

#include "common/base/arena.h"
#include "common/base/bytes.h"
#include "common/base/status.h"
#include "common/wire/directory.h"

#include "content.pb-c.h"
#include "directory.pb-c.h"

#define RO_TEXT_LIMIT 60000 /* bytes of one text */
#define RO_NAME_LIMIT 200   /* names, holders */
#define RO_AUDIENCES_MAX 64
#define RO_RECEIPTS_MAX 64
#define RO_SEEN_MAX 64
#define RO_TICKET_LIMIT 1024 /* a Signed ticket */
#define RO_TOPIC_LIMIT 16
#define RO_WHY_LIMIT 1000 /* why somebody was refused */
#define RO_PSK_SIZE 32    /* a circle's key */
#define RO_HALF_DAYS_MAX 1000
#define RO_WITHIN_KM_MAX 2000
#define RO_RESEND_MAX 1000 /* messages asked for at once */
/* Files that come with a message, together; and how they are cut. */
#define RO_ATTACHMENTS_MAX 8
#define RO_ATTACHMENTS_LIMIT (25u * 1024 * 1024)
#define RO_CHUNK_LIMIT 61440
#define RO_CHUNKS_MAX 512

/* What a content is for: the number of its one purpose field. */
enum ro_purpose {
    RO_PURPOSE_ASK = 16,
    RO_PURPOSE_ANSWER = 17,
    RO_PURPOSE_PASS = 18,
    RO_PURPOSE_SAY = 19,
    RO_PURPOSE_INTRODUCED = 20,
    RO_PURPOSE_NOT_CHOSEN = 21,
    RO_PURPOSE_STATE_NOTE = 22,
    RO_PURPOSE_CLOSE = 23,
    RO_PURPOSE_CLOSED = 24,
    RO_PURPOSE_RESEND = 25,
    RO_PURPOSE_RECEIPTS = 26,
    RO_PURPOSE_CHUNK = 27,
    RO_PURPOSE_ENROL_REQUEST = 48,
    RO_PURPOSE_ENROL_ANSWER = 49,
    RO_PURPOSE_PSK = 50,
};

/* Unpacks a content and checks every rule. RO_BAD_FRAME, RO_BAD_INPUT with
 * `why` (may be NULL) naming the field. The message lives in `arena` (which is
 * reset). */
RO_MUST_USE enum ro_status ro_content_get(struct ro_bytes bytes,
                                          struct ro_arena *arena,
                                          struct ro_why *why,
                                          Reachout__Content **ret_content);

/* Checks a content that was made here, before it is packed. */
RO_MUST_USE enum ro_status ro_content_check(const Reachout__Content *content,
                                            struct ro_why *why);

/* The one purpose of a checked content; 0 for one that has none. */
enum ro_purpose ro_content_purpose(const Reachout__Content *content);

/* Into how many chunks a file of so many bytes (at most RO_ATTACHMENTS_LIMIT)
 * is cut: the next power of two, so that its length shows less. */
uint32_t ro_chunks_of(uint64_t size);

/* How many bytes of such a file its i-th chunk has; 0 behind its end. */
size_t ro_chunk_size(uint64_t size, uint32_t index);

/* Opens a ticket (a Signed of kind TICKET): one authority key's signature,
 * circle, and expiry against `now_s`. RO_BAD_TICKET, RO_TICKET_EXPIRED. */
RO_MUST_USE enum ro_status ro_ticket_open(struct ro_bytes raw,
                                          const struct ro_root *root,
                                          int64_t now_s,
                                          struct ro_arena *arena,
                                          Reachout__Ticket **ret_ticket);

/* Opens a seat certificate (a Signed of kind SEAT) that is not in a directory
 * yet: form, member key's signature and all four proofs of possession.
 * RO_BAD_RECORD, RO_BAD_SIGNATURE. */
RO_MUST_USE enum ro_status ro_seat_open(struct ro_bytes raw,
                                        const struct ro_key *member_key,
                                        struct ro_arena *arena,
                                        Reachout__Seat **ret_seat);

#endif

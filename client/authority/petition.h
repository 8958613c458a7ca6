/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client/authority: requests to be admitted, and their answers. */
#ifndef CLIENT_AUTHORITY_PETITION_H
#define CLIENT_AUTHORITY_PETITION_H

#include "client/authority/inside.h"
#include "client/authority/proposal.h"

/* Where a request stands. On disk: append-only. */
enum authority_standing {
    AUTHORITY_WAITING = 1,   /* for a yes or no */
    AUTHORITY_ADMITTING = 2, /* yes; the answer is sealed, maybe sent */
    AUTHORITY_REFUSING = 3,  /* no; the same */
    AUTHORITY_ADMITTED = 4,  /* answered; kept so that a replay is silent */
    AUTHORITY_REFUSED = 5,
    AUTHORITY_UNHEARD = 6, /* no; sent, and the broker had no mailbox for it */
};

/* A request as it is kept. */
struct authority_petition {
    struct ro_message_id id;
    enum authority_standing standing;
    uint8_t ticket[RO_ID_SIZE];
    struct ro_member_id member;
    struct ro_seat_id seat;
    struct ro_key member_key;
    struct ro_key fallback; /* X25519 */
    Reachout__MemberKind kind;
    Reachout__Role role;
    uint32_t generation; /* of the circle's key that it was sealed under */
    uint32_t urn;
    uint32_t home_urn;
    enum { PETITION_JOINS, PETITION_REPLACES } wish;
    char name[AUTHORITY_NAME_MAX + 1];
    char holder[AUTHORITY_NAME_MAX + 1];
    int64_t sent_at_s;
    struct ro_buf certificate; /* a Signed */
    struct ro_buf answer_body; /* the answer as first sealed */
    struct ro_buf answer_wrap;
    uint32_t answer_expiry_hour;
};

/* --- petition.c: requests as they are kept ------------------------------- */

/* Reads DIR/requests. */
RO_MUST_USE enum ro_status authority_petitions_load(struct authority *authority,
                                                    struct ro_why *why);

/* Writes one request. */
RO_MUST_USE enum ro_status
authority_petition_save(const struct authority *authority,
                        const struct authority_petition *petition,
                        struct ro_why *why);

/* Adds one to the list, which is sorted by age; it is the list's then (also
 * after a failure, released). */
RO_MUST_USE enum ro_status
authority_petition_add_take(struct authority *authority,
                            struct authority_petition *petition);

/* The one of that seat, or NULL. */
struct authority_petition *
authority_petition_of_seat(const struct authority *authority,
                           const struct ro_seat_id *seat);

/* The one of that id, or NULL. */
struct authority_petition *
authority_petition_find(const struct authority *authority,
                        const struct ro_message_id *id);

/* What its school is called, as the register has it, or who asks says; a view.
 */
const char *authority_petition_name(const struct authority *authority,
                                    const struct authority_petition *petition);

/* Whether it waits for a decision, or for an answer that was not sent. */
bool authority_petition_is_open(const struct authority_petition *petition);

/* What is left of a request that was answered: enough to know a replay. */
RO_MUST_USE enum ro_status
authority_petition_close(const struct authority *authority,
                         struct authority_petition *petition,
                         struct ro_why *why);

/* Releases one; accepts NULL. */
void authority_petition_free(struct authority_petition *petition);
RO_DEFINE_AUTO(authority_petition, authority_petition_free)

/* In a folder that never talked to a broker: closes what is to be admitted and
 * stands in the directory by now; somebody else has published it
 * (requests.c). */
RO_MUST_USE enum ro_status
authority_petitions_settle(struct authority *authority, struct ro_why *why);

/* --- mailbox.c ----------------------------------------------------------- */

/* Receives what waits in the enrolment mailbox: kept, then acknowledged. What
 * is no request is added to the troubles and acknowledged too. */
RO_MUST_USE enum ro_status
authority_mailbox_receive(struct authority *authority,
                          struct ro_why *why,
                          struct authority_requests *requests);

/* --- answer.c ------------------------------------------------------------ */

/* Seals the answer to a request, once; keeps it with its new standing
 * (AUTHORITY_ADMITTING or AUTHORITY_REFUSING) before anything is sent. `text`
 * is the reason, or NULL. */
RO_MUST_USE enum ro_status
authority_answer_seal(struct authority *authority,
                      struct authority_petition *petition,
                      enum authority_standing standing,
                      const char *text,
                      struct ro_why *why);

/* Sends it and closes the request; in a draft, adds it, with the reason `text`
 * (or NULL) for those who sign. A mailbox that is not there is no failure: a
 * request that came as a file gets its refusal once it is (AUTHORITY_UNHEARD),
 * and who is admitted reads it in the directory. */
RO_MUST_USE enum ro_status
authority_answer_send(struct authority *authority,
                      struct authority_petition *petition,
                      const char *text,
                      struct ro_why *why);

/* Sends to those whose mailboxes were not there when they were refused, as far
 * as they are there now. Nothing is to do without a key. What the broker does
 * not take is counted in `requests`, and sent again the next time. */
RO_MUST_USE enum ro_status
authority_answer_unheard(struct authority *authority,
                         struct ro_why *why,
                         struct authority_requests *requests);

/* What becomes of a request whose answer was sent with that outcome of
 * authority_reply_send: closed, or unheard; a failure is given back. */
RO_MUST_USE enum ro_status
authority_answer_settle(const struct authority *authority,
                        struct authority_petition *petition,
                        enum ro_status sent,
                        struct ro_why *why);

/* Sends an answer that is signed. RO_NO_MAILBOX: who asked was never at the
 * broker, or is not any more. */
RO_MUST_USE enum ro_status
authority_reply_send(struct authority *authority,
                     const struct proposal_reply *reply,
                     struct ro_why *why);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Publishing a proposal. What the log has already is known by its body: the
 * signatures on it may be those of other keys.
 */
#include "client/authority/inside.h"

#include <assert.h>
#include <stdio.h>

#include "client/authority/asking.h"
#include "client/authority/charter.h"
#include "client/authority/complete.h"
#include "client/authority/draft.h"
#include "client/authority/log.h"
#include "client/authority/petition.h"
#include "client/authority/proposal.h"
#include "client/authority/rotation.h"
#include "client/authority/seatless.h"
#include "common/wire/codec.h"

/* A proposal on its way. */
struct issuing {
    struct proposal *proposal;
    bool *is_there; /* of each record */
    size_t published;
    enum { ISSUING_UNTRIED, ISSUING_TRIED } stage;
    struct ro_arena *arena;
};

static void
issuing_fini(struct issuing *issuing)
{
    proposal_free(issuing->proposal);
    free(issuing->is_there);
    ro_arena_free(issuing->arena);
}

/* --- reading ------------------------------------------------------------- */

static enum ro_status
read_one(const struct authority *authority,
         const char *path,
         struct ro_why *why,
         struct proposal **ret_proposal)
{
    struct ro_why detail = {.text = ""};
    RO_CLEANUP(proposal_freep) struct proposal *proposal = NULL;
    RO_TRY(proposal_read(path, why, &proposal));
    enum ro_status s = proposal_check(proposal, &authority->root, &detail);
    if (s != RO_OK)
        return ro_why(why, s, "%s: %s", path, detail.text);
    *ret_proposal = RO_STEAL(proposal);
    return RO_OK;
}

static enum ro_status
read_all(const struct authority *authority,
         const char *const *paths,
         size_t n_paths,
         struct ro_why *why,
         struct issuing *issuing)
{
    RO_TRY(read_one(authority, paths[0], why, &issuing->proposal));
    assert(issuing->proposal != NULL);
    for (size_t i = 1; i < n_paths; i++) {
        RO_CLEANUP(proposal_freep) struct proposal *copy = NULL;
        RO_TRY(read_one(authority, paths[i], why, &copy));
        RO_TRY(proposal_merge(issuing->proposal, copy, why));
    }
    issuing->is_there =
        calloc(issuing->proposal->n_records + 1, sizeof(*issuing->is_there));
    issuing->arena = ro_arena_new(0, 0);
    return issuing->is_there == NULL || issuing->arena == NULL ? RO_NO_MEMORY
                                                               : RO_OK;
}

static enum ro_status
need_signatures(const struct authority *authority,
                const struct proposal *proposal,
                struct ro_why *why)
{
    uint32_t threshold = authority->root.threshold;
    if (proposal_is_complete(proposal, threshold))
        return RO_OK;
    size_t n = proposal_signatures(proposal);
    return ro_why(
        why, RO_REFUSED,
        "it has %zu of the %u signatures that it needs; have it signed "
        "with `reachout authority sign FILE --dir DIR --out FILE`, then "
        "publish all copies together",
        n, proposal->n_records > 0 ? threshold : 1);
}

/* --- appending ----------------------------------------------------------- */

static void
look_for(struct ro_bytes record, void *user)
{
    struct issuing *issuing = user;
    const struct proposal *proposal = issuing->proposal;
    struct ro_signed sig;
    if (ro_signed_open(record, &sig) != RO_OK)
        return;
    for (size_t i = 0; i < proposal->n_records; i++) {
        const struct ro_signed *own = &proposal->records[i].sig;
        if (own->kind == sig.kind && ro_bytes_equal(own->body, sig.body))
            issuing->is_there[i] = true;
    }
}

/* A newer record of the same signer is in the log, and this one can never
 * follow. */
static enum ro_status
check_serial(const struct authority *authority,
             struct issuing *issuing,
             size_t i,
             struct ro_why *why)
{
    struct proposal_body body;
    const struct proposal_record *record = &issuing->proposal->records[i];
    RO_TRY(proposal_body(record, issuing->arena, &body));
    if (!proposal_is_ours(record->sig.kind) ||
        body.serial > ro_directory_serial(authority->directory, NULL))
        return RO_OK;
    return ro_why(why, RO_REFUSED,
                  "something else was published since this was made; make it "
                  "again");
}

/* Whether a record goes with the one before it, or neither of them: a member
 * without its seat would be nobody, one with new keys must not keep the old
 * seats. */
static bool
goes_with(const struct issuing *issuing, size_t from, size_t i)
{
    const struct proposal_record *records = issuing->proposal->records;
    Reachout__Signed__Kind kind = records[i].sig.kind;
    if (records[from].sig.kind != REACHOUT__SIGNED__KIND__MEMBER ||
        issuing->is_there[i] || i - from >= AUTHORITY_APPEND_MAX)
        return false;
    return kind == REACHOUT__SIGNED__KIND__SEAT ||
           kind == REACHOUT__SIGNED__KIND__REVOCATION;
}

/* Records that are packed for one ask. */
struct packed {
    struct ro_buf bufs[AUTHORITY_APPEND_MAX];
    size_t n;
};

static void
packed_fini(struct packed *packed)
{
    for (size_t i = 0; i < packed->n; i++)
        ro_buf_fini(&packed->bufs[i]);
}

/* Appends the missing record at `*at` with what goes with it, and moves on
 * behind them. */
static enum ro_status
append_next(struct authority *authority,
            const struct issuing *issuing,
            size_t *at,
            struct ro_why *why)
{
    RO_CLEANUP(packed_fini) struct packed packed = {0};
    struct ro_bytes records[AUTHORITY_APPEND_MAX];
    const struct proposal *proposal = issuing->proposal;
    size_t from = *at;
    do {
        struct ro_buf *buf = &packed.bufs[packed.n];
        RO_TRY(ro_signed_put(&proposal->records[*at].sig, buf));
        records[packed.n++] = ro_buf_view(buf);
        (*at)++;
    } while (*at < proposal->n_records && goes_with(issuing, from, *at));
    return authority_append(authority, records, packed.n, why);
}

static enum ro_status
check_serials(const struct authority *authority,
              struct issuing *issuing,
              struct ro_why *why)
{
    for (size_t i = 0; i < issuing->proposal->n_records; i++) {
        if (!issuing->is_there[i])
            RO_TRY(check_serial(authority, issuing, i, why));
    }
    return RO_OK;
}

/* How many the log lacks, before anything was appended. */
static void
count_missing(struct issuing *issuing)
{
    if (issuing->stage == ISSUING_TRIED)
        return;
    issuing->stage = ISSUING_TRIED;
    for (size_t i = 0; i < issuing->proposal->n_records; i++)
        issuing->published += !issuing->is_there[i];
}

static enum ro_status
append_missing(struct authority *authority, void *user, struct ro_why *why)
{
    struct issuing *issuing = user;
    const struct proposal *proposal = issuing->proposal;
    authority_log_each(authority, look_for, issuing);
    count_missing(issuing);
    RO_TRY(check_serials(authority, issuing, why));
    size_t at = 0;
    enum ro_status s = RO_OK;
    while (s == RO_OK && at < proposal->n_records) {
        if (issuing->is_there[at]) {
            at++;
        } else {
            s = append_next(authority, issuing, &at, why);
        }
    }
    return s;
}

/* --- what follows -------------------------------------------------------- */

/* One answer. Where this folder knows the request, it is answered then. */
static enum ro_status
send_reply(struct authority *authority,
           const struct proposal_reply *reply,
           struct ro_why *why,
           size_t *unheard)
{
    struct authority_petition *petition =
        authority_petition_of_seat(authority, &reply->answer_to);
    enum ro_status s = authority_reply_send(authority, reply, why);
    bool is_in =
        ro_directory_seat(authority->directory, &reply->answer_to) != NULL;
    *unheard += s == RO_NO_MAILBOX && !is_in;
    if (petition != NULL && (petition->standing == AUTHORITY_ADMITTING ||
                             petition->standing == AUTHORITY_REFUSING ||
                             petition->standing == AUTHORITY_UNHEARD))
        return authority_answer_settle(authority, petition, s, why);
    return s == RO_NO_MAILBOX ? RO_OK : s;
}

static enum ro_status
send_replies(struct authority *authority,
             const struct proposal *proposal,
             struct ro_why *why,
             size_t *ret_unheard)
{
    *ret_unheard = 0;
    for (size_t i = 0; i < proposal->n_replies; i++)
        RO_TRY(send_reply(authority, &proposal->replies[i], why, ret_unheard));
    return RO_OK;
}

/* Whether the log has a newer charter than that. */
static bool
is_outdated(const struct authority *authority,
            const struct proposal_record *record,
            uint64_t serial)
{
    struct ro_bytes newest;
    struct ro_signed sig;
    uint64_t number = 0;
    return serial <= ro_directory_serial(authority->directory, NULL) &&
           authority_log_newest(authority, REACHOUT__SIGNED__KIND__CHARTER,
                                &newest, &number) == RO_OK &&
           ro_signed_open(newest, &sig) == RO_OK &&
           !ro_bytes_equal(sig.body, record->sig.body);
}

/* The broker is where the newest charter says, also one that is proposed. */
static enum ro_status
find_broker(struct authority *authority,
            struct issuing *issuing,
            struct ro_why *why)
{
    const struct proposal *proposal = issuing->proposal;
    for (size_t i = proposal->n_records; i > 0; i--) {
        struct proposal_body body;
        const struct proposal_record *record = &proposal->records[i - 1];
        if (record->sig.kind != REACHOUT__SIGNED__KIND__CHARTER)
            continue;
        RO_TRY(proposal_body(record, issuing->arena, &body));
        if (is_outdated(authority, record, body.serial))
            return RO_OK;
        const Reachout__Charter *charter = (const void *)body.message;
        if (authority_broker_of(charter->broker, &authority->broker) != RO_OK) {
            return ro_why(why, RO_BAD_INPUT,
                          "the charter does not say where the broker is");
        }
        return RO_OK;
    }
    return RO_OK;
}

/* Only who publishes a removal makes the key that follows it: two folders with
 * a state would make two. */
static bool
has_revocation(const struct proposal *proposal)
{
    for (size_t i = 0; i < proposal->n_records; i++) {
        if (proposal->records[i].sig.kind == REACHOUT__SIGNED__KIND__REVOCATION)
            return true;
    }
    return false;
}

/* From here on the broker is where the log's newest charter says: the file may
 * have had an older one, which anybody can put into a proposal. */
static enum ro_status
keep_broker(struct authority *authority, struct ro_why *why)
{
    const struct ro_charter_view *charter =
        ro_directory_charter(authority->directory);
    struct authority_broker *broker = &authority->broker;
    if (charter == NULL)
        return RO_OK;
    (void)snprintf(broker->member_endpoint, sizeof(broker->member_endpoint),
                   "%s", charter->member_endpoint);
    (void)snprintf(broker->open_endpoint, sizeof(broker->open_endpoint), "%s",
                   charter->open_endpoint);
    broker->curve = charter->broker_curve;
    broker->signing = charter->broker_signing;
    authority->state.broker = *broker;
    return authority_state_save(authority->dir, &authority->state, why);
}

enum ro_status
authority_publish(struct authority *authority,
                  const char *const *paths,
                  size_t n_paths,
                  struct ro_why *why,
                  struct authority_drafted *ret_drafted)
{
    RO_CLEANUP(issuing_fini) struct issuing issuing = {0};
    RO_TRY(read_all(authority, paths, n_paths, why, &issuing));
    RO_TRY(need_signatures(authority, issuing.proposal, why));
    RO_TRY(find_broker(authority, &issuing, why));
    RO_TRY(authority_complete(authority, append_missing, &issuing, why));
    RO_TRY(authority_seatless_proposal(authority->directory, issuing.proposal,
                                       &authority->seatless));
    RO_TRY(keep_broker(authority, why));
    size_t unheard;
    RO_TRY(send_replies(authority, issuing.proposal, why, &unheard));
    if (has_revocation(issuing.proposal))
        RO_TRY(authority_rotation_go_on(authority, ROTATION_FROM_REMOVAL, why));
    authority_draft_tell(issuing.proposal, authority->root.threshold,
                         ret_drafted);
    ret_drafted->published = issuing.published;
    ret_drafted->unheard = unheard;
    return RO_OK;
}

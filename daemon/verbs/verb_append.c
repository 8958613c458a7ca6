/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verb 5: signed records for the directory log, all or none. The directory in
 * memory is the check: what it took before a later record failed is undone by
 * reading the log again, and because that is work, it costs the connection.
 * Who is not the authority could make such frames without end: it pays with
 * all the envelopes that a connection may deposit in an hour, and they are its
 * address's too. Who has many addresses pays as a member: what was undone
 * stays counted in the day's quota of whoever signed it.
 */
#include <string.h>

#include "common/wire/signed.h"
#include "frame.pb-c.h"

#include "daemon/verbs/verbs.h"

/* The first record decides whose circle this is: a charter that names another
 * broker's keys would have clients refuse every checkpoint. */
static enum ro_status
check_broker(const struct broker *broker, struct ro_why *why)
{
    const struct ro_charter_view *charter =
        ro_directory_charter(broker->ledger.directory);
    if (charter == NULL)
        return RO_NOT_READY;
    if (memcmp(charter->broker_curve.b, broker->curve.b, RO_KEY_SIZE) != 0 ||
        memcmp(charter->broker_signing.b, ro_keypair_public(broker->signing)->b,
               RO_KEY_SIZE) != 0) {
        return ro_why(why, RO_NOT_ALLOWED,
                      "the charter names the keys of another broker");
    }
    return RO_OK;
}

static enum ro_status
add_one(struct broker *broker, struct request *req, struct ro_bytes record)
{
    struct ro_directory *directory = broker->ledger.directory;
    bool first = ro_directory_size(directory) == 0;
    const struct ro_replaying how = {
        .how = RO_REPLAY_APPEND,
        .today = ro_day_of(broker->time.now_s),
    };
    RO_TRY(ro_directory_add(directory, record, &how, &req->why));
    ledger_look(&broker->ledger, how.today);
    broker->ledger_touched = true;
    return first ? check_broker(broker, &req->why) : RO_OK;
}

/* Whether a frame begins with a record that the authority alone can sign. */
static bool
is_authoritys(const Reachout__Append__Ask *ask)
{
    struct ro_signed sig;
    return ro_signed_open(ro_field(&ask->records[0]), &sig) == RO_OK &&
           (sig.kind == REACHOUT__SIGNED__KIND__CHARTER ||
            sig.kind == REACHOUT__SIGNED__KIND__LISTING ||
            sig.kind == REACHOUT__SIGNED__KIND__MEMBER);
}

/* What undoing costs; 0 for the authority, and where there is nothing to be
 * undone. */
static struct credit_amount
price_of(const struct broker *broker, const Reachout__Append__Ask *ask)
{
    bool is_free = ask->n_records < 2 || is_authoritys(ask);
    return (struct credit_amount){
        .envelopes = is_free ? 0 : broker->limits.open_envelopes};
}

static enum ro_status
check_price(struct broker *broker,
            struct request *req,
            const Reachout__Append__Ask *ask)
{
    struct credit_amount price = price_of(broker, ask);
    verbs_fill_credit(broker, req->session);
    return verbs_credit_left(broker, req->session).envelopes >= price.envelopes
               ? RO_OK
               : RO_NO_CREDIT;
}

static enum ro_status
undo(struct broker *broker,
     struct request *req,
     const Reachout__Append__Ask *ask)
{
    struct credit_amount price = price_of(broker, ask);
    RO_TRY(ledger_again(&broker->ledger, price.envelopes > 0 ? LEDGER_REMEMBERS
                                                             : LEDGER_FORGETS));
    RO_TRY(credit_charge_both(&req->session->credit,
                              verbs_address_credit(broker, req->session),
                              &price, broker->turn));
    (void)broker_session_event(broker, req->session, SESSION_BROKE);
    return RO_OK;
}

static enum ro_status
add_all(struct broker *broker,
        struct request *req,
        const Reachout__Append__Ask *ask)
{
    uint64_t before = ro_directory_size(broker->ledger.directory);
    RO_TRY(check_price(broker, req, ask));
    enum ro_status s = RO_OK;
    for (size_t i = 0; s == RO_OK && i < ask->n_records; i++)
        s = add_one(broker, req, ro_field(&ask->records[i]));
    if (s == RO_OK || ro_directory_size(broker->ledger.directory) == before)
        return s;
    RO_TRY(undo(broker, req, ask));
    return s;
}

static enum ro_status
keep_all(struct broker *broker,
         const Reachout__Append__Ask *ask,
         uint64_t before)
{
    uint32_t day = ro_day_of(broker->time.now_s);
    for (size_t i = 0; i < ask->n_records; i++) {
        RO_TRY(store_record_put(broker->store, before + i, day,
                                ro_field(&ask->records[i])));
    }
    broker->directory_touched |= ask->n_records > 0;
    return before == 0 ? hourly_checkpoint(broker) : RO_OK;
}

static enum ro_status
store(struct broker *broker, struct request *req)
{
    const Reachout__Append__Ask *ask = (const void *)req->ask;
    Reachout__Append__Answer *answer = (void *)req->answer;
    uint64_t before = ro_directory_size(broker->ledger.directory);
    RO_TRY(add_all(broker, req, ask));
    RO_TRY(keep_all(broker, ask, before));
    answer->has_size = true;
    answer->size = ro_directory_size(broker->ledger.directory);
    return RO_OK;
}

const struct verb verb_append = {
    .name = "append",
    .doors = VERB_AT_OPEN,
    .brings = VERB_BRINGS_NEWS,
    .ask = &reachout__append__ask__descriptor,
    .answer = &reachout__append__answer__descriptor,
    .store = store,
};

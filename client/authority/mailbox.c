/* SPDX-License-Identifier: Apache-2.0 */
/* The enrolment mailbox: drained, and what is no request told. */
#include "client/authority/petition.h"

#include "client/authority/asking.h"
#include "client/authority/envelope.h"
#include "client/core/mailbox.h"

/* One receiving under way. */
struct receiving {
    struct authority *authority;
    struct ro_why *why;
    struct authority_requests *requests;
};

static enum ro_status
add_trouble(struct authority_requests *requests, const struct ro_why *trouble)
{
    struct ro_why *more = reallocarray(requests->troubles,
                                       requests->n_troubles + 1, sizeof(*more));
    if (more == NULL)
        return RO_NO_MEMORY;
    requests->troubles = more;
    more[requests->n_troubles++] = *trouble;
    return RO_OK;
}

static enum ro_status
keep_one(void *user, const struct envelope *one)
{
    struct receiving *receiving = user;
    struct ro_why trouble = {.text = ""};
    const struct authority_envelope envelope = {
        .wrap = one->wrap,
        .body = one->body,
        .day = one->day,
        .generation = one->generation,
        .expiry_hour = one->expiry_hour,
    };
    enum ro_status s = authority_envelope_take(receiving->authority, &envelope,
                                               &trouble, NULL);
    if (s == RO_OK)
        return RO_OK;
    if (authority_envelope_is_trouble(s))
        return add_trouble(receiving->requests, &trouble);
    *receiving->why = trouble;
    return s;
}

/* Takes the next push, or attaches again where the connection was lost. */
static enum ro_status
take_next(struct receiving *receiving,
          struct mailbox *mailbox,
          int64_t until_ms)
{
    struct ro_bytes push;
    const struct mailbox_reader reader = {
        keep_one, receiving, authority_deadline(receiving->authority)};
    enum ro_status s = mailbox_wait(mailbox, until_ms, &push);
    if (s == RO_NOT_FOUND)
        return mailbox_stalled(mailbox, receiving->why);
    if (s == RO_UNREACHABLE)
        return mailbox_attach(mailbox, reader.deadline_ms, receiving->why);
    RO_TRY(s);
    return mailbox_take(mailbox, push, &reader, receiving->why);
}

enum ro_status
authority_mailbox_receive(struct authority *authority,
                          struct ro_why *why,
                          struct authority_requests *requests)
{
    RO_CLEANUP(ro_arena_freep) struct ro_arena *push = ro_arena_new(0, 0);
    if (push == NULL)
        return RO_NO_MEMORY;
    struct receiving receiving = {
        .authority = authority, .why = why, .requests = requests};
    struct mailbox mailbox = {.link = &authority->link,
                              .answers = authority->arena,
                              .push = push,
                              .door = LINK_OPEN,
                              .id = authority->mailbox,
                              .pair = authority->state.mailbox};
    int64_t until_ms = authority_deadline(authority);
    RO_TRY(authority_link(authority, why));
    RO_TRY(mailbox_attach(&mailbox, until_ms, why));
    while (mailbox.waiting > 0)
        RO_TRY(take_next(&receiving, &mailbox, until_ms));
    return RO_OK;
}

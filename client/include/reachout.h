/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libreachout: the client library of Reachout. One header to include, plain
 * C, no event loop of its own to fit into. What results hold is described in
 * reachout_result.h, which comes with it.
 *
 * A client is one seat's profile: a vault on disk and, behind a worker thread
 * of its own, the link to the broker. Every call below the line "Calls"
 * returns at once and hands its work to that thread; when it is done the
 * descriptor ro_client_fd() becomes readable, and ro_client_dispatch() runs
 * the caller's function on the caller's own thread. Nothing here ever blocks
 * a user interface, and no function of yours is called from another thread.
 *
 *     struct ro_client_setup setup = {.profile = dir};
 *     if (ro_client_open(&setup, &why, &client) != RO_OK)
 *         ...
 *     ro_client_requests(client, &which, (struct ro_then){show, self});
 *     ... poll(ro_client_fd(client)), then ro_client_dispatch(client)
 *
 * Shapes: ids are 16 bytes; every text is UTF-8, terminated, never NULL unless
 * it says so, and came from other people unless it says so: show it through an
 * escaper. Times are seconds since 1970 UTC. Distances are kilometres.
 * Ownership: what a call is given is copied before it returns. What a result
 * holds belongs to the library and is valid until the function that was given
 * it returns.
 * Outcomes: enum ro_status; ro_status_text() has a sentence, result->why the
 * detail. Every result has one of RO_OK, RO_KEPT (in the outbox, not at the
 * broker yet), or a refusal, after which nothing has changed.
 */
#ifndef REACHOUT_H
#define REACHOUT_H

#include "client/include/reachout_result.h"
#include "common/base/clock.h"
#include "common/base/entropy.h"
#include "common/base/ids.h"
#include "common/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- passphrases --------------------------------------------------------- */

/* A passphrase, in memory that is locked, kept out of core dumps, and wiped
 * when it is released. */
struct ro_passphrase;

/* Reads the first line of a descriptor: what stands before the line feed, or
 * before the end. RO_BAD_INPUT (nothing there, or more than 1024 bytes),
 * RO_IO_FAILED. The caller frees it. */
RO_MUST_USE enum ro_status ro_passphrase_read(
    int fd, struct ro_why *why, struct ro_passphrase **ret_passphrase);

/* The same from memory, which the caller wipes. NULL without memory, or for
 * more than 1024 bytes. */
struct ro_passphrase *ro_passphrase_of(const char *text);

/* Whether both are the same. */
bool ro_passphrase_same(const struct ro_passphrase *a,
                        const struct ro_passphrase *b);

/* Whether one will do as a new one: at least 10 characters, one line of
 * UTF-8. RO_BAD_INPUT, with a sentence. */
RO_MUST_USE enum ro_status
ro_passphrase_fits(const struct ro_passphrase *passphrase, struct ro_why *why);

/* Wipes and releases; accepts NULL. */
void ro_passphrase_free(struct ro_passphrase *passphrase);
RO_DEFINE_AUTO(ro_passphrase, ro_passphrase_free)

/* --- a client ------------------------------------------------------------ */

struct ro_client;

/* What a client is opened with. A profile has one key, a file or a passphrase;
 * what it does not have is not looked at. */
struct ro_client_setup {
    const char *profile;  /* the profile's folder */
    const char *key_file; /* 32 secret bytes; NULL: the one remembered */
    const struct ro_passphrase *passphrase; /* NULL: none */
};

/* Opens an existing profile and starts its worker thread; with a passphrase
 * that takes about a second. RO_NOT_FOUND (no profile there),
 * RO_NEED_PASSPHRASE (ask for it, and open again), RO_VAULT_LOCKED (no or the
 * wrong key), RO_VAULT_DAMAGED, RO_TAKEN (another process works on it). The
 * caller frees the client. */
RO_MUST_USE enum ro_status ro_client_open(const struct ro_client_setup *setup,
                                          struct ro_why *why,
                                          struct ro_client **ret_client);

/* What a profile is made from. */
struct ro_join_setup {
    const char *profile;    /* a folder: absent, empty, or a profile */
    const char *invitation; /* path of the invitation file */
    const char *holder;     /* who sits there; NULL: not said. Own text */
    /* of a new profile, one of them: a file, created 0600 if absent, whose path
     * is remembered, or a passphrase */
    const char *key_file;
    const struct ro_passphrase *passphrase;
};

/* Makes a profile and all its keys from an invitation and opens it. Talks to
 * nobody yet: ro_client_join asks to be admitted. A profile that was made
 * from the same invitation is opened as it is; one of which nothing came (the
 * invitation was used or had expired, or the authority refused) is made anew.
 * RO_BAD_TICKET, RO_TICKET_EXPIRED, RO_BAD_INPUT (no invitation), RO_TAKEN (the
 * folder holds another profile, or something else). */
RO_MUST_USE enum ro_status ro_client_create(const struct ro_join_setup *setup,
                                            struct ro_why *why,
                                            struct ro_client **ret_client);

struct ro_new_key {
    const char *key_file;
    const struct ro_passphrase *passphrase;
};

/* Gives a profile another key, a file (created 0600 if absent) or a passphrase:
 * one of them. In one commit: whatever happens, either the key before or this
 * one opens it. The file before stays where it is, and like the passphrase
 * before it still opens copies that were made of the profile. As
 * ro_client_open, and RO_BAD_INPUT (the passphrase will not do). */
RO_MUST_USE enum ro_status ro_profile_rekey(const struct ro_client_setup *setup,
                                            const struct ro_new_key *key,
                                            struct ro_why *why);

enum ro_profile_key { RO_PROFILE_KEY_FILE, RO_PROFILE_PASSPHRASE };

/* Looks at a profile from outside: RO_OK if no process works on it, and which
 * kind of key it has; RO_TAKEN, RO_NOT_FOUND, RO_VAULT_DAMAGED. */
RO_MUST_USE enum ro_status ro_profile_look(const char *profile,
                                           struct ro_why *why,
                                           enum ro_profile_key *ret_key);

/* Whether a passphrase is that of a profile, on which another process may work:
 * found out here, by as much work as opening it, and told to nobody. Of a
 * profile with a key file it is not looked at: RO_OK at once. RO_VAULT_LOCKED,
 * RO_NOT_FOUND, RO_VAULT_DAMAGED. */
RO_MUST_USE enum ro_status
ro_profile_check(const char *profile,
                 const struct ro_passphrase *passphrase,
                 struct ro_why *why);

/* Ends the worker (what it had begun is committed or left undone), closes the
 * vault, wipes the keys. Results that were not dispatched are dropped. Accepts
 * NULL. */
void ro_client_free(struct ro_client *client);
RO_DEFINE_AUTO(ro_client, ro_client_free)

/* An eventfd, readable while results or events wait. Owned by the client. */
int ro_client_fd(const struct ro_client *client);

/* Runs the functions of all results that are there, on this thread, and
 * returns how many. Their functions may make new calls. */
size_t ro_client_dispatch(struct ro_client *client);

/* What to run when a call is done: `fn(user, result)`. */
typedef void ro_done_fn(void *user, const struct ro_result *result);
struct ro_then {
    ro_done_fn *fn;
    void *user;
};

/* --- calls ------------------------------------------------------------------
 * In every call `then.fn` runs exactly once, from ro_client_dispatch, unless
 * the client is freed before; also where there is no memory for the call
 * (RO_NO_MEMORY; up to 64 such calls are remembered until the next dispatch,
 * one more ends the process). Ids are given as people type them: any unique
 * prefix of the lower-case hex. RO_NOT_FOUND, RO_AMBIGUOUS (with `choices`).
 * Calls that send keep their message durably before they try the broker for
 * up to `wait_ms`; then they are RO_OK (the broker has it) or RO_KEPT; `stored`
 * says for how many seats the broker has it, `why` for whom it waits here: a
 * full mailbox, or a replaced key, holds up nobody else. All
 * calls may bring the alarms RO_WRONG_BROKER, RO_ROLLED_BACK, RO_FORKED,
 * RO_FROZEN, after which nothing is sent. A member whose key the authority
 * replaced on its word alone gets nothing until ro_client_verify confirms it:
 * what is for it alone is refused with RO_KEY_CHANGED, and what was kept before
 * that stays kept, with RO_KEY_CHANGED from sync too; all else goes on, and
 * what is for others too is RO_KEPT. */

/* Asks the authority to be admitted, waiting 10 seconds for the broker and
 * then up to `wait_ms` (0: not at all) for the answer. Fills self and state
 * ("requested", "admitted", "refused"). RO_UNREACHABLE, RO_REFUSED, and the
 * broker's refusals of the invitation. */
void
ro_client_join(struct ro_client *client, int64_t wait_ms, struct ro_then then);

/* Writes the request to be admitted to a file (0600, never over one) instead
 * of sending it, for an authority that is never online; asks nobody. Fills
 * self, state ("requested") and saved. Repeated it is the same request. Once
 * the file has been written, sync sends the request to the broker too, so that
 * an answer finds a mailbox. RO_REFUSED (admitted or refused already, or the
 * file is there). */
void ro_client_join_by_file(struct ro_client *client,
                            const char *path,
                            struct ro_then then);

/* Fills self. Reads only what is here. */
void ro_client_self(struct ro_client *client, struct ro_then then);

/* Closes the vault and wipes its keys now. Fills nothing. A sync that stays
 * ends before it as RO_VAULT_LOCKED, and so does every later call: free the
 * client, and open the profile again with its key. */
void ro_client_lock(struct ro_client *client, struct ro_then then);

struct ro_sync {
    int64_t wait_ms;
    int64_t for_ms;
    /* locks the client, as ro_client_lock does, once it has stayed so long
     * without another call; monotonic; 0: never */
    int64_t lock_after_ms;
};

/* Fetches, sends what waits, and, when `for_ms` > 0, stays attached so long
 * (negative: until ro_client_free). Fills self, events and sent (receipts and
 * the like do not count), turned and admitted_among; with `for_ms` != 0 `then`
 * runs once for each batch that has something of these, and a last time with
 * none. */
void ro_client_sync(struct ro_client *client,
                    const struct ro_sync *sync,
                    struct ro_then then);

/* Which members to list; NULL and negative: no such filter. */
struct ro_members_query {
    const char *search; /* part of a name, any case */
    const char *group;  /* a group of the charter */
    const char *phase;
    double near_km; /* negative: no limit */
    enum { RO_MEMBERS_ONLY, RO_MEMBERS_AND_LISTINGS } what;
};
/* Fills members, nearest first, unknown distances last. RO_BAD_INPUT: no such
 * group. */
void ro_client_members(struct ro_client *client,
                       const struct ro_members_query *query,
                       struct ro_then then);

/* A request to be made. */
struct ro_ask {
    const char *topic;   /* a code of the charter */
    const char *urgency; /* "U1" to "U4" */
    const char *const
        *to; /* "coordinators", "group:NAME", "urn:URN", "member:ID" */
    size_t n_to;
    const char *text;   /* own text, at most 60,000 bytes */
    double days;        /* wanted; negative: not said */
    const char *mode;   /* "in-person", "remote"; NULL: either */
    uint32_t within_km; /* 0: not said */
    int64_t wait_ms;
    enum { RO_ASK_SEND, RO_ASK_DRY_RUN } how;
};
/* Fills request_id, state, stored, accepted_at_s, left_out, audience, readers.
 * With RO_ASK_DRY_RUN only audience, readers, left_out, warning; keeps nothing.
 * RO_BAD_INPUT (topic, urgency, audience, text), RO_FORBIDDEN (this seat may
 * not ask). */
void ro_client_ask(struct ro_client *client,
                   const struct ro_ask *ask,
                   struct ro_then then);

/* Which requests to list. */
struct ro_requests_query {
    enum { RO_REQUESTS_ALL, RO_REQUESTS_MINE, RO_REQUESTS_INCOMING } which;
    const char *state; /* NULL: any */
};
/* Fills requests, newest first, and left_out. */
void ro_client_requests(struct ro_client *client,
                        const struct ro_requests_query *query,
                        struct ro_then then);

/* Fills request, audience, threads, events (the whole story), readers. */
void ro_client_show(struct ro_client *client,
                    const char *request,
                    struct ro_then then);

/* A message about a request or into a thread. */
struct ro_write {
    const char *to;      /* request, thread or answer; see each call */
    const char *text;    /* own text; NULL: none */
    double days;         /* answer: offered; negative: not said */
    const char *outcome; /* close: "helped", "partly", "not-helped" */
    int64_t wait_ms;
    const char *const *attach; /* say: paths of files that go with it */
    size_t n_attach;
};

/* Willing to help with request `to`. Fills thread_id, stored, place. RO_ILLEGAL
 * after pass or an end. */
void ro_client_answer(struct ro_client *client,
                      const struct ro_write *write,
                      struct ro_then then);

/* Steps back from request `to`; tells its asker nothing. Fills state. */
void ro_client_pass(struct ro_client *client,
                    const struct ro_write *write,
                    struct ro_then then);

/* Fills answers of request `request` (ours). */
void ro_client_answers(struct ro_client *client,
                       const char *request,
                       struct ro_then then);

/* Chooses answer `to`; the other answerers get a kind word (`text`, or the
 * usual one). Fills state, stored. */
void ro_client_accept(struct ro_client *client,
                      const struct ro_write *write,
                      struct ro_then then);

/* Says no, kindly, to `to`. Fills state (the request's), stored, warning. */
void ro_client_decline(struct ro_client *client,
                       const struct ro_write *write,
                       struct ro_then then);

/* Says `text` in thread `to` (a request with exactly one open thread here will
 * do), with files, at most 8 and 25 MiB of them together. They are read before
 * it tries the broker, and not needed afterwards. `wait_ms` counts anew for
 * each piece of a file that the broker takes. Fills message_id, thread_id,
 * place. RO_NOT_FOUND, RO_BAD_INPUT: a file; nothing is kept. */
void ro_client_say(struct ro_client *client,
                   const struct ro_write *write,
                   struct ro_then then);

/* Which messages to read. */
struct ro_read {
    const char *thread; /* as in say; NULL: all threads */
    enum { RO_READ_ALL, RO_READ_UNREAD } which;
};
/* Fills messages, oldest first, and marks them read. */
void ro_client_read(struct ro_client *client,
                    const struct ro_read *read,
                    struct ro_then then);

/* Which file to save, and where: a name that is free, or a folder, in which it
 * gets its own name. */
struct ro_save {
    const char *attachment;
    const char *out;
};
/* Writes a file that came to disk, readable for its owner only, and durable;
 * nothing is ever written over. What is written is what its message announced:
 * RO_REFUSED if it is not, or not all here, or something is there already.
 * RO_NOT_FOUND, RO_AMBIGUOUS, RO_IO_FAILED. Fills attachment and saved. */
void ro_client_save(struct ro_client *client,
                    const struct ro_save *save,
                    struct ro_then then);

/* Whose key to compare: "urn:URN", "member:ID", or the beginning of its id. */
struct ro_verify {
    const char *member;
    enum { RO_VERIFY_SHOW, RO_VERIFY_CONFIRM } how;
};
/* Fills number, words, waiting and members (this one, with `verified`). With
 * RO_VERIFY_CONFIRM it is kept that the number was compared, with that name and
 * URN: messages to a member that was in doubt go out again. RO_REFUSED: it was
 * never shown here; RO_KEY_CHANGED: the number, or whose it is, is not what was
 * shown last; nothing is kept then. RO_NOT_FOUND, RO_AMBIGUOUS,
 * RO_BAD_INPUT (ourselves), RO_FORBIDDEN (not admitted). */
void ro_client_verify(struct ro_client *client,
                      const struct ro_verify *verify,
                      struct ro_then then);

/* Ends request `to` (ours), for which a helper was accepted: outcome and text
 * to that helper, "closed" to all others. Fills state, stored, warning.
 * RO_ILLEGAL before that: it can be withdrawn. */
void ro_client_close(struct ro_client *client,
                     const struct ro_write *write,
                     struct ro_then then);

/* Takes request `to` (ours) back: "closed" to all. Fills state, stored. */
void ro_client_withdraw(struct ro_client *client,
                        const struct ro_write *write,
                        struct ro_then then);

#endif

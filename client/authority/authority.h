/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The authority of a circle: it founds the circle, signs charter and register,
 * invites, and admits. Its folder holds the keys and what it remembers; it
 * speaks to the broker through the open door like anybody else. One process at
 * a time works on a folder.
 *
 * Everything is made so that it can be repeated: a command first fetches what
 * the broker has, and then does only what is missing. After RO_UNREACHABLE
 * the same command again completes it.
 *
 * Functions that talk to the broker end with its refusal, or RO_UNREACHABLE,
 * RO_WRONG_BROKER, RO_ROLLED_BACK, RO_FORKED, RO_FROZEN; those that sign with
 * RO_NOT_FOUND or RO_BAD_INPUT of a signing key; all with RO_IO_FAILED,
 * RO_NO_MEMORY. `why` says more each time, in one sentence.
 */
#ifndef CLIENT_AUTHORITY_AUTHORITY_H
#define CLIENT_AUTHORITY_AUTHORITY_H

#include "client/authority/register.h"
#include "common/base/auto.h"
#include "common/base/bytes.h"
#include "common/base/clock.h"
#include "common/base/entropy.h"
#include "common/base/ids.h"
#include "common/base/status.h"

#define AUTHORITY_WAIT_MS 10000
#define AUTHORITY_WORDS 5

struct authority;

/* Time, randomness, and how long the broker is waited for. */
struct authority_world {
    struct ro_clock clock;
    struct ro_entropy entropy;
    int64_t wait_ms;
};

/* The machine's clocks and randomness, AUTHORITY_WAIT_MS. */
struct authority_world authority_world_system(void);

/* --- the folder ---------------------------------------------------------- */

/* What a circle is founded with. */
struct authority_founding {
    const char *dir;      /* made if it is not there; else it must be empty */
    const char *circle;   /* its name */
    const char *key_file; /* of the one signing key; made if it is not there;
                             NULL: DIR/keys/1.key */
    uint32_t keys;        /* signing keys, and how many sign: today 1 and 1 */
    uint32_t threshold;
};

/* What came of it; paths are absolute. Released with authority_founded_fini.
 */
struct authority_founded {
    struct ro_circle_id circle;
    char *public_path;
    char *door_key_path;
};
void authority_founded_fini(struct authority_founded *founded);

/* Makes the circle's keys and its folder. RO_USAGE, RO_REFUSED (the folder
 * holds something, or more keys than this release can handle), RO_BAD_INPUT
 * (the name, or the key file). */
RO_MUST_USE enum ro_status
authority_found(const struct authority_founding *founding,
                const struct authority_world *world,
                struct ro_why *why,
                struct authority_founded *ret_founded);

/* Opens a folder and takes its lock. RO_NOT_FOUND, RO_TAKEN, RO_VAULT_DAMAGED,
 * RO_BAD_INPUT. */
RO_MUST_USE enum ro_status authority_open(const char *dir,
                                          const struct authority_world *world,
                                          struct ro_why *why,
                                          struct authority **ret_authority);

/* Wipes, closes and releases; accepts NULL. */
void authority_free(struct authority *authority);
RO_DEFINE_AUTO(authority, authority_free)

/* --- what is signed ------------------------------------------------------ */

/* The files that make a charter. */
struct authority_chartering {
    const char *conf_path;   /* circle.conf */
    const char *broker_path; /* broker.pub */
};

/* Signs and publishes the charter; one that says the same is not published
 * again. ret_record: its number in the log, from 1. RO_BAD_CONFIG: every
 * mistake of circle.conf is appended to `mistakes`, a line each. RO_NOT_FOUND,
 * RO_BAD_INPUT (a file). */
RO_MUST_USE enum ro_status
authority_charter(struct authority *authority,
                  const struct authority_chartering *chartering,
                  struct ro_buf *mistakes,
                  struct ro_why *why,
                  uint64_t *ret_record);

/* An import of the register. */
enum authority_import_mode { AUTHORITY_PUBLISH, AUTHORITY_DRY_RUN };
struct authority_import {
    const char *csv_path;
    const char *la_code; /* only rows of that local authority; NULL: all */
    enum authority_import_mode mode;
};

/* What an import came to. Released with authority_imported_fini. */
struct authority_imported {
    struct register_list *list; /* the file, with the rows that are held */
    size_t accepted;            /* rows that are in the directory now */
    size_t added;               /* of them, those that were not before */
    size_t changed;             /* and those that said something else */
};
void authority_imported_fini(struct authority_imported *imported);

/* Puts the rows of a register into the directory that are not there as they
 * are; what the file lacks stays. A dry run compares with the directory as it
 * is known here and asks nobody. Outcomes of register_read, RO_NOT_READY
 * (there is no charter yet). */
RO_MUST_USE enum ro_status
authority_register(struct authority *authority,
                   const struct authority_import *import,
                   struct ro_why *why,
                   struct authority_imported *ret_imported);

/* --- inviting ------------------------------------------------------------ */

/* Who is invited. */
struct authority_inviting {
    const char *kind;  /* school, coordinators, source, trust, la */
    const char *seat;  /* lead, delegate, office, chair, coordinator, source,
                          auditor */
    uint32_t urn;      /* of a school, else 0 */
    const char *name;  /* of anybody else, or NULL */
    uint32_t home_urn; /* the school a coordinator is of, or 0 */
    int64_t valid_s;   /* seconds from now */
    const char *out_path;
};

/* Writes an invitation (0600); never over a file that is there. The broker is
 * asked only for what is not known here. ret_expires_s: seconds since 1970.
 * RO_USAGE (a kind, a seat, what does not fit together), RO_NOT_FOUND (no such
 * listing), RO_REFUSED (a member already, or the file is there), RO_NOT_READY.
 */
RO_MUST_USE enum ro_status
authority_invite(struct authority *authority,
                 const struct authority_inviting *inviting,
                 struct ro_why *why,
                 int64_t *ret_expires_s);

/* Reads "14d", "12h", "2w" or "30m" as seconds, up to a year. RO_USAGE. */
RO_MUST_USE enum ro_status
authority_span(const char *text, struct ro_why *why, int64_t *ret_s);

/* --- admitting ----------------------------------------------------------- */

/* A request to be admitted that waits for a yes or no. Texts are owned by the
 * authority, until the next call that receives, admits or refuses. */
struct authority_request {
    struct ro_message_id id;
    struct ro_member_id member;
    struct ro_seat_id seat;
    const char *kind;
    const char *role;
    uint32_t urn;       /* schools, else 0 */
    const char *name;   /* of the listing for schools */
    const char *holder; /* as it was typed by somebody else; may be empty */
    int64_t sent_at_s;
    const char *words[AUTHORITY_WORDS]; /* to be compared by telephone */
};

/* Requests, or what came and could not be one. Released with ..._fini. */
struct authority_requests {
    struct authority_request *list;
    size_t n;
    struct ro_why *troubles;
    size_t n_troubles;
};
void authority_requests_fini(struct authority_requests *requests);

/* Fetches what waits in the enrolment mailbox, keeps it, and lists what waits
 * for a decision, oldest first. */
RO_MUST_USE enum ro_status
authority_receive(struct authority *authority,
                  struct ro_why *why,
                  struct authority_requests *ret_requests);

/* Lists what waits for a decision and is known here; asks nobody. */
RO_MUST_USE enum ro_status
authority_list(const struct authority *authority,
               struct authority_requests *ret_requests);

/* Finds a waiting request by the beginning of its id in hex. RO_NOT_FOUND,
 * RO_AMBIGUOUS, RO_USAGE (no hex). */
RO_MUST_USE enum ro_status authority_find(const struct authority *authority,
                                          const char *prefix,
                                          struct ro_why *why,
                                          struct ro_message_id *ret_id);

/* Admits: the member record unless it is there, the seat certificate, and the
 * answer to the seat. RO_NOT_FOUND, RO_REFUSED (the school is a member with
 * another key, or was refused). */
RO_MUST_USE enum ro_status authority_admit(struct authority *authority,
                                           const struct ro_message_id *id,
                                           struct ro_why *why);

/* Refuses, with a reason for the one who asked (1 to 1000 bytes of text).
 * RO_NOT_FOUND, RO_BAD_INPUT (the text), RO_ILLEGAL (admitted already). */
RO_MUST_USE enum ro_status authority_refuse(struct authority *authority,
                                            const struct ro_message_id *id,
                                            const char *text,
                                            struct ro_why *why);

#endif

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
 * RO_REFUSED where fewer signing keys are here than must sign, or RO_BAD_INPUT
 * of one; all with RO_IO_FAILED, RO_NO_MEMORY. `why` says more each time, in
 * one sentence.
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
                             NULL, and with more than one: DIR/keys/N.key */
    uint32_t keys;        /* signing keys, up to RO_AUTHORITY_KEYS_MAX */
    uint32_t threshold;   /* how many of them sign */
};

/* What came of it; paths are absolute. Released with authority_founded_fini.
 */
struct authority_founded {
    struct ro_circle_id circle;
    char **key_paths; /* of the signing keys, as many as were asked for */
    size_t n_keys;
    char *public_path;
    char *door_key_path;
};
/* Releases what it owns; a zeroed one is fine. */
void authority_founded_fini(struct authority_founded *founded);

/* Makes the circle's keys and its folder. RO_USAGE, RO_REFUSED (the folder
 * holds something), RO_BAD_INPUT (the name, or the key file). */
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

/* --- several keys -------------------------------------------------------- */

/* What an authority has of its signing keys. */
struct authority_keyset {
    size_t here;
    size_t keys;
    uint32_t threshold;
    /* whether what needs the threshold is published here at once, or leaves as
     * a file: too few keys are here, or no broker is ever asked */
    enum { AUTHORITY_AT_ONCE, AUTHORITY_BY_FILE } way;
};

/* Fills in how many signing keys are here, of how many, and how many must
 * sign. Otherwise as the reading of their files ended; `why` names the file. */
RO_MUST_USE enum ro_status authority_keyset(struct authority *authority,
                                            struct ro_why *why,
                                            struct authority_keyset *ret_set);

/* From here on nothing is published: what would be is signed with the keys
 * that are here and written to a file by authority_draft_write. The broker is
 * asked for what is new, and need not be there. RO_REFUSED (a file is there,
 * and stays as it is). */
RO_MUST_USE enum ro_status authority_draft(struct authority *authority,
                                           const char *path,
                                           struct ro_why *why);

/* What a proposal holds. */
struct authority_drafted {
    size_t records;
    size_t replies;    /* answers to those who asked to be admitted */
    size_t signatures; /* on the record that has fewest */
    uint32_t threshold;
    /* of authority_publish only */
    size_t published; /* records that were not in the log before */
    size_t unheard;   /* answers for which the broker has no mailbox (yet), of
                         replies */
};

/* Writes what was drafted (0600); without any of it there is no file, and both
 * counts are 0: the directory says it all. */
RO_MUST_USE enum ro_status
authority_draft_write(struct authority *authority,
                      struct ro_why *why,
                      struct authority_drafted *ret_drafted);

/* One who signs: a folder with authority.pub and a key, on a computer that may
 * never be online. */
struct authority_cosigning {
    const char *dir;       /* keys in DIR/keys and DIR, as *.key */
    const char *path;      /* a proposal, or an invitation */
    const char *out_path;  /* NULL: only look */
    const char *conf_path; /* the circle.conf that a charter should have, or
                              NULL */
    int64_t now_s;         /* whether an invitation is still valid */
};

/* Members whose last seat was ended, and who stay members: nobody can reach
 * them. */
struct authority_seatless_member {
    struct ro_member_id id;
    char name[201];
};
struct authority_seatless {
    struct authority_seatless_member *list;
    size_t n;
};
/* Releases what it owns; a zeroed one is fine. */
void authority_seatless_fini(struct authority_seatless *seatless);

/* One thing that is signed, in words. Texts are owned by the list. */
struct authority_item {
    const char *kind; /* charter, listing, member, seat, revocation, answer,
                         invitation */
    uint64_t serial;  /* 0: it has none */
    char *text;       /* lines */
    size_t signatures;
    const char *words[AUTHORITY_WORDS]; /* to be compared; NULL: none */
};

/* All of it. Released with authority_cosigned_fini. */
struct authority_cosigned {
    char *circle;
    enum {
        AUTHORITY_UNCHECKED, /* there is no directory.log beside the keys */
        AUTHORITY_CHECKED,   /* it fits the directory that is here */
    } fit;
    enum authority_compared {
        AUTHORITY_UNCOMPARED, /* no circle.conf was given */
        AUTHORITY_SAME_CONF,
        AUTHORITY_OTHER_CONF, /* the charter's item says in which lines */
    } conf;
    struct authority_item *items;
    size_t n;
    struct authority_drafted drafted;   /* after signing */
    struct authority_seatless seatless; /* once it is published; empty where it
                                           is unchecked */
};
/* Releases what it owns; a zeroed one is fine. */
void authority_cosigned_fini(struct authority_cosigned *cosigned);

/* Checks and tells what is in the file, and whether the charter in it has the
 * circle.conf that was given; with `out_path`, adds the signature of
 * every key that is here and writes it there (0600, never over a file).
 * RO_NOT_FOUND (authority.pub, the file), RO_BAD_INPUT (another circle's, or
 * damaged), RO_BAD_SIGNATURE, RO_REFUSED (no key here, signed by it already,
 * it does not fit the directory that is here, serials are skipped, it was to be
 * signed and has another circle.conf, or there is no charter to compare). */
RO_MUST_USE enum ro_status
authority_cosign(const struct authority_cosigning *cosigning,
                 struct ro_why *why,
                 struct authority_cosigned *ret_cosigned);

/* Publishes a proposal of which several signers' copies may be there: appends
 * what the log lacks, then sends the answers. Can be repeated. ret_drafted
 * tells what it holds. RO_BAD_INPUT, RO_BAD_SIGNATURE (a file), RO_REFUSED
 * (signatures are lacking, or something else was published since). */
RO_MUST_USE enum ro_status
authority_publish(struct authority *authority,
                  const char *const *paths,
                  size_t n_paths,
                  struct ro_why *why,
                  struct authority_drafted *ret_drafted);

/* Records in the log, as it is known here. */
uint64_t authority_log_size(const struct authority *authority);

/* --- what is signed ------------------------------------------------------ */

/* The files that make a charter; both NULL: it says the same again, and names
 * the generation of the circle's key that the broker takes now. */
struct authority_chartering {
    const char *conf_path;   /* circle.conf */
    const char *broker_path; /* broker.pub */
};

/* Signs and publishes the charter; one that says the same is not published
 * again. ret_record: its number in the log, from 1. RO_NOT_FOUND, RO_BAD_INPUT
 * (a file); every mistake of circle.conf is appended to `mistakes`, a line
 * each, as "PATH:LINE: ...". */
RO_MUST_USE enum ro_status
authority_charter(struct authority *authority,
                  const struct authority_chartering *chartering,
                  struct ro_buf *mistakes,
                  struct ro_why *why,
                  uint64_t *ret_record);

/* An import of the register. */
enum authority_import_mode { AUTHORITY_PUBLISH, AUTHORITY_DRY_RUN };
struct authority_import {
    const char *csv_path;   /* schools; NULL: none, then with links */
    const char *links_path; /* which school follows which; NULL: none */
    const char *la_code;    /* only rows of that local authority; NULL: all */
    enum authority_import_mode mode;
};

/* A member whose school has a successor. */
struct authority_move {
    struct ro_member_id member;
    uint32_t urn;
    uint32_t to;
};

/* One that has, and stays. */
struct authority_move_held {
    uint32_t urn;
    struct ro_why why;
};

struct authority_moves {
    struct authority_move *list;
    size_t n;
    struct authority_move_held *held;
    size_t n_held;
};

/* What an import came to. Released with authority_imported_fini. */
struct authority_imported {
    struct register_list *list; /* the file, with the rows that are held; NULL
                                   without one */
    size_t accepted;            /* rows that are in the directory now */
    size_t added;               /* of them, those that were not before */
    size_t changed;             /* and those that said something else */
    struct authority_moves moves;
};
/* Releases what it owns; a zeroed one is fine. */
void authority_imported_fini(struct authority_imported *imported);

/* Puts the rows of a register into the directory that are not there as they
 * are; what the file lacks stays. A dry run compares with the directory as it
 * is known here and asks nobody. Then members whose school has a successor are
 * moved to its URN; their ids and conversations stay. Outcomes of register_read
 * and register_links_read, RO_BAD_INPUT (links in a circle), RO_REFUSED (there
 * is no charter yet). */
RO_MUST_USE enum ro_status
authority_register(struct authority *authority,
                   const struct authority_import *import,
                   struct ro_why *why,
                   struct authority_imported *ret_imported);

/* Gives a broker that was restored from an old backup the records that it
 * lacks and this folder has. ret_sent: how many. RO_FORKED (it has others),
 * RO_REFUSED (there is no charter here). */
RO_MUST_USE enum ro_status authority_mend(struct authority *authority,
                                          struct ro_why *why,
                                          size_t *ret_sent);

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
 * listing), RO_REFUSED (a member already, the file is there, or there is no
 * charter yet). */
RO_MUST_USE enum ro_status
authority_invite(struct authority *authority,
                 const struct authority_inviting *inviting,
                 struct ro_why *why,
                 int64_t *ret_expires_s);

/* Which member gets new keys: by the beginning of its id in hex, or by its
 * school's URN. */
struct authority_named {
    const char *member; /* NULL: by URN */
    uint32_t urn;
};

/* Who is to join with new keys. */
struct authority_replacing {
    struct authority_named member;
    const char *seat; /* NULL: the first that its kind may have */
    int64_t valid_s;
    const char *out_path;
};

/* Writes an invitation with which a member that is there joins with new keys
 * and keeps its id; its Lead's by default. Outcomes as of authority_invite;
 * RO_NOT_FOUND, RO_AMBIGUOUS (the member). */
RO_MUST_USE enum ro_status
authority_replace(struct authority *authority,
                  const struct authority_replacing *replacing,
                  struct ro_why *why,
                  int64_t *ret_expires_s);

/* Reads "14d", "12h", "2w" or "30m" as seconds, up to a year. RO_USAGE. */
RO_MUST_USE enum ro_status
authority_span(const char *text, struct ro_why *why, int64_t *ret_s);

/* --- removing ------------------------------------------------------------ */

/* Who belongs to the circle no longer; none: what an earlier removal began is
 * carried on. */
struct authority_revoking {
    const struct authority_named *members;
    size_t n_members;
    const char *const *seats; /* by the beginnings of their ids */
    size_t n_seats;
    /* whether a removal that another copy of this folder began is carried on
     * here: only if that copy is lost */
    enum { AUTHORITY_OWN_ONLY, AUTHORITY_TAKE_OVER } whose;
};

/* Revokes them, and then gives the circle a new key: kept here, sent to every
 * seat that stays, and written to DIR/door.key for the broker's operator. Once
 * the broker has it, any command that asks the broker publishes the charter
 * that names it. RO_NOT_FOUND, RO_AMBIGUOUS, RO_USAGE; RO_REFUSED while a
 * removal that another copy of this folder published has no key here. */
RO_MUST_USE enum ro_status
authority_revoke(struct authority *authority,
                 const struct authority_revoking *names,
                 struct ro_why *why);

/* Those that the removal which this folder drafted, sent or published last left
 * without a seat. Owned by the authority. */
const struct authority_seatless *
authority_seatless(const struct authority *authority);

/* Gives the circle's key that is in force to a live seat again, by the
 * beginning of its id: one that was away for longer than the broker keeps
 * envelopes has missed it. It travels under the key before it. RO_REFUSED
 * (there is none), RO_NOT_FOUND, RO_AMBIGUOUS, RO_USAGE, RO_STALE. */
RO_MUST_USE enum ro_status authority_give_again(struct authority *authority,
                                                const char *seat,
                                                struct ro_why *why);

/* How far a new key of the circle is. */
struct authority_rotation {
    enum {
        AUTHORITY_SETTLED,
        AUTHORITY_NEEDS_DOOR_KEY, /* the broker has not the new door.key */
        AUTHORITY_NEEDS_CHARTER,  /* it has; too few signing keys are here */
    } stage;
    uint32_t generation; /* the newest */
};

/* How far the circle's newest key has got. */
void authority_rotation(const struct authority *authority,
                        struct authority_rotation *ret_rotation);

/* An invitation that was written here, that nobody has used as far as is known
 * here, and whose key of the circle is not the newest. */
struct authority_invitation {
    char name[201];
    uint32_t urn; /* schools, else 0 */
    const char *role;
    int64_t expires_s;
    enum {
        AUTHORITY_OPENS_A_WHILE, /* the broker takes the key before for 14 days
                                  */
        AUTHORITY_OPENS_NOTHING, /* with the newest door.key it never does */
    } fate;
};
struct authority_invited {
    struct authority_invitation *list;
    size_t n;
};

/* Releases what a list holds; the struct is the caller's. */
void authority_invited_fini(struct authority_invited *invited);

/* Lists them. RO_NO_MEMORY. Released with authority_invited_fini. */
RO_MUST_USE enum ro_status
authority_invited(const struct authority *authority,
                  struct authority_invited *ret_invited);

/* Who belongs to the circle, and who did, in the order of the log. Texts are
 * owned by the authority and good until its next call. Released with
 * authority_roster_fini. */
enum authority_belonging { AUTHORITY_STANDS, AUTHORITY_ENDED };
struct authority_roster_seat {
    struct ro_seat_id id;
    struct ro_member_id member;
    const char *role;
    int64_t made_at_s; /* the day of its certificate, by its own clock */
    enum authority_belonging standing;
};
struct authority_roster_member {
    struct ro_member_id id;
    const char *kind;
    uint32_t urn; /* schools, else 0 */
    const char *name;
    enum authority_belonging standing;
};
struct authority_roster {
    struct authority_roster_member *members;
    size_t n_members;
    struct authority_roster_seat *seats; /* of all of them */
    size_t n_seats;
    enum { AUTHORITY_AS_IT_IS, AUTHORITY_AS_IT_WAS } age;
};

/* Releases what a roster holds; the struct is the caller's. */
void authority_roster_fini(struct authority_roster *roster);

/* Lists them as the broker's log has them now; a folder that never talked to
 * a broker, as its own has. Where the broker cannot be reached they are listed
 * as they were when it last was. RO_REFUSED (there is no charter yet). */
RO_MUST_USE enum ro_status
authority_roster(struct authority *authority,
                 struct ro_why *why,
                 struct authority_roster *ret_roster);

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
    enum { AUTHORITY_NEW_MEMBER, AUTHORITY_NEW_KEYS } wish;
    enum authority_decision {
        AUTHORITY_UNDECIDED,
        AUTHORITY_TO_ADMIT, /* yes, and it is not published or told yet */
        AUTHORITY_TO_REFUSE,
        AUTHORITY_TO_HEAR_NO, /* no, and there was no mailbox to tell it to */
    } decision;
    int64_t sent_at_s;
    const char *words[AUTHORITY_WORDS]; /* to be compared by telephone */
};

/* Requests, or what came and could not be one. Released with ..._fini. */
struct authority_requests {
    struct authority_request *list;
    size_t n;
    struct ro_why *troubles;
    size_t n_troubles;
    size_t n_unsent;      /* refusals that the broker did not take this time */
    struct ro_why unsent; /* and why not the first of them */
};
/* Releases what it owns; a zeroed one is fine. */
void authority_requests_fini(struct authority_requests *requests);

/* Fetches what waits in the enrolment mailbox, keeps it, and lists what waits
 * for a decision, oldest first. A folder that never talked to a broker, and has
 * the directory, lists what it has. */
RO_MUST_USE enum ro_status
authority_receive(struct authority *authority,
                  struct ro_why *why,
                  struct authority_requests *ret_requests);

/* What became of a request that came as a file. */
struct authority_taken {
    struct ro_message_id id;
    enum {
        AUTHORITY_TAKEN_IN,
        AUTHORITY_WAITS_ALREADY,
        AUTHORITY_ADMITTED_ALREADY,
        AUTHORITY_REFUSED_ALREADY,
    } as;
};

/* Takes in a request that came as a file, and asks nobody. A request that is
 * here already is not taken twice. RO_BAD_INPUT (no such file, damaged, of
 * another circle, or not what it says), RO_TICKET_USED (another request came
 * with that invitation), RO_TICKET_EXPIRED (by our clock, now), RO_NOT_FOUND;
 * `why` names the file. */
RO_MUST_USE enum ro_status
authority_take_file(struct authority *authority,
                    const char *path,
                    struct ro_why *why,
                    struct authority_taken *ret_taken);

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

/* Whom to admit. Where a member gets new keys, its old seats are revoked with
 * it: those whose ids begin so, or all of them. */
struct authority_admission {
    struct ro_message_id id;
    const char *const *revoke;
    size_t n_revoke; /* 0: all */
};

/* Admits: the member record unless it is there, the seat certificate, and the
 * answer to the seat. RO_NOT_FOUND (also a seat to be revoked), RO_AMBIGUOUS,
 * RO_REFUSED (the school is a member with another key, or was refused). */
RO_MUST_USE enum ro_status
authority_admit(struct authority *authority,
                const struct authority_admission *admission,
                struct ro_why *why);

/* Refuses, with a reason for the one who asked (1 to 1000 bytes of text).
 * ret_left: AUTHORITY_UNDECIDED where nothing is left to do, or what is; who
 * asked with a file hears it from authority_receive once it came to the broker.
 * RO_NOT_FOUND, RO_BAD_INPUT (the text), RO_ILLEGAL (admitted already). */
RO_MUST_USE enum ro_status authority_refuse(struct authority *authority,
                                            const struct ro_message_id *id,
                                            const char *text,
                                            struct ro_why *why,
                                            enum authority_decision *ret_left);

#endif

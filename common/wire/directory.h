/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory: what the append-only log of signed records says. Broker and
 * clients replay it with this same code, from the authority's public keys on.
 * docs/PROTOCOL.md, chapter "Directory", has the records; DESIGN section 4
 * why. Everything is in memory; nothing here touches a disk or a socket.
 */
#ifndef RO_WIRE_DIRECTORY_H
#define RO_WIRE_DIRECTORY_H

#include "common/base/auto.h"
#include "common/base/bytes.h"
#include "common/base/ids.h"
#include "common/base/status.h"

#include "directory.pb-c.h"

#define RO_AUTHORITY_KEYS_MAX 16
#define RO_SEATS_MAX 16                     /* live seats of one member */
#define RO_RECORD_LIMIT ((size_t)60 * 1024) /* authority's records */
#define RO_MEMBER_RECORD_LIMIT 4096         /* members' records */
#define RO_MEMBER_RECORDS_A_DAY 32
#define RO_SERIAL_STEP_MAX (1U << 20) /* from a signer's record to its next */
/* Listings in one block that always unpack, whatever their lengths. */
#define RO_LISTINGS_A_BLOCK 500

/* Whom to believe: the keys of authority.pub. */
struct ro_root {
    struct ro_key keys[RO_AUTHORITY_KEYS_MAX];
    size_t n_keys;
    uint32_t threshold;
};

/* Reads authority.pub's content; RO_BAD_INPUT. */
RO_MUST_USE enum ro_status
ro_root_of(const Reachout__AuthorityPublic *public_keys,
           struct ro_root *ret_root);

struct ro_directory;

/* An empty directory of that circle; NULL without memory. The root is one of
 * ro_root_of. */
struct ro_directory *ro_directory_new(const struct ro_root *root);

/* Releases it; accepts NULL. */
void ro_directory_free(struct ro_directory *directory);
RO_DEFINE_AUTO(ro_directory, ro_directory_free)

/* What a record is checked against beside the log itself. In every mode a
 * member's record counts for `today`, so a broker that reads its own log again
 * passes the day on which each record came. */
enum ro_replay {
    RO_REPLAY_APPEND, /* at the broker: the daily quota counts */
    RO_REPLAY_TRUST,  /* from our own verified store: signatures, and whether
                         keys are sound, are skipped */
    RO_REPLAY_CHECK,  /* at a client: everything but the daily quota */
    RO_REPLAY_DRAFT,  /* what the authority is about to sign: as CHECK, but
                         whether and with which keys it has signed does not
                         count. Never for what came from a broker. */
};
struct ro_replaying {
    enum ro_replay how;
    uint32_t today; /* UTC day, for the quota */
};

/* Checks one record (a Signed) and adds it: form, size, circle, signatures,
 * the signer's right, serial, quota, key uniqueness, proofs of possession.
 * Unchanged on any outcome but RO_OK: RO_BAD_RECORD, RO_BAD_SIGNATURE,
 * RO_NO_RIGHT, RO_OLD_SERIAL, RO_KEY_REUSED, RO_OVER_QUOTA, RO_NOT_READY (the
 * first record is no charter), RO_NO_MEMORY; `why` (may be NULL) names the
 * field. The bytes are copied as far as needed. Signatures are looked at last,
 * after everything that costs nothing. Two Ed25519 keys that differ in sign
 * only are one key here: they have one X25519 form. */
RO_MUST_USE enum ro_status
ro_directory_add(struct ro_directory *directory,
                 struct ro_bytes raw,
                 const struct ro_replaying *replaying,
                 struct ro_why *why);

/* Has what members have used of a day's quota in `other`, an earlier state of
 * the same log, count in `directory` where it is more: that a record was taken
 * and undone again does not give it back. */
void ro_directory_keep_quota(struct ro_directory *directory,
                             const struct ro_directory *other);

/* Records so far. */
uint64_t ro_directory_size(const struct ro_directory *directory);

/* head(n) for n <= size; head(0) is BLAKE2b-256 of label, circle, authority
 * keys; head(n) of label, head(n-1), record n as it came. RO_NOT_FOUND. */
RO_MUST_USE enum ro_status ro_directory_head(
    const struct ro_directory *directory, uint64_t n, struct ro_hash *ret_head);

/* The circle's id (known from the root on). */
const struct ro_circle_id *
ro_directory_circle(const struct ro_directory *directory);

/* The newest serial that a signer used; 0 if none. NULL: the authority. */
uint64_t ro_directory_serial(const struct ro_directory *directory,
                             const struct ro_member_id *member);

/* What the charter says now; texts are owned by the directory and change with
 * the next charter or broker key record. */
struct ro_charter_view {
    const char *name;
    const char *circle_conf;
    struct ro_key enrolment_ed25519;
    struct ro_key enrolment_x25519;
    struct ro_key mailbox_key;
    struct ro_seat_id enrolment_mailbox;
    const char *member_endpoint;
    const char *open_endpoint;
    struct ro_key broker_curve;
    struct ro_key broker_signing;
    uint32_t psk_generation;
};
/* NULL before record 1. Valid until the next add. */
const struct ro_charter_view *
ro_directory_charter(const struct ro_directory *directory);

/* A register row. Texts are owned by the directory, never NULL. */
struct ro_listing_view {
    uint32_t urn;
    const char *name;
    const char *phase;
    const char *type;
    const char *la_code;
    const char *la_name;
    const char *trust;
    int32_t easting; /* both 0 with RO_POSITION_UNKNOWN */
    int32_t northing;
    enum { RO_POSITION_UNKNOWN, RO_POSITION_KNOWN } position;
    uint32_t roll; /* 0: unknown */
};

/* An admitted member. */
struct ro_member_view {
    struct ro_member_id id;
    Reachout__MemberKind kind;
    uint32_t urn;       /* schools, else 0 */
    uint32_t home_urn;  /* coordinators, else 0 */
    const char *name;   /* of the listing for schools; owned by the directory */
    uint64_t since;     /* number of the record that admitted it, from 1 */
    uint64_t who_since; /* that gave it its URN, or its name without one */
    uint64_t who_freed; /* by which another member lost that URN, or that name
                           among its kind; who_since while one bears the same
                           name; 0: no other ever had it */
    uint64_t named_at;  /* that gave it its URN or its name last */
    struct ro_key key;
    uint64_t key_since;   /* number of the record that brought it, from 1 */
    uint64_t replaced_at; /* number of the newest record that replaced the key
                             by the authority's word alone; 0: none did. Who
                             compared the key before that must do so again */
    size_t n_live;        /* seats that are not revoked */
    enum { RO_MEMBER_LIVE, RO_MEMBER_REMOVED } standing;
};

/* A seat. X25519 forms are derived once. */
struct ro_seat_view {
    struct ro_seat_id id; /* also its mailbox */
    struct ro_member_id member;
    Reachout__Role role;
    struct ro_key signing;
    struct ro_key sealing_ed25519;
    struct ro_key fallback_ed25519;
    struct ro_key transport; /* CURVE (X25519) */
    uint64_t since;          /* number of its certificate's record, from 1 */
    enum { RO_SEAT_LIVE, RO_SEAT_REVOKED } standing;
};

/* A listing. Views are valid until the next add; NULL when there is none. */
const struct ro_listing_view *
ro_directory_listing(const struct ro_directory *directory, uint32_t urn);

/* A member by its id; the rest as above. */
const struct ro_member_view *
ro_directory_member(const struct ro_directory *directory,
                    const struct ro_member_id *id);

/* The newest member of a school; the rest as above. */
const struct ro_member_view *
ro_directory_member_by_urn(const struct ro_directory *directory, uint32_t urn);

/* A seat by its id; the rest as above. */
const struct ro_seat_view *
ro_directory_seat(const struct ro_directory *directory,
                  const struct ro_seat_id *id);

/* A seat by its CURVE key; the rest as above. */
const struct ro_seat_view *
ro_directory_seat_by_transport(const struct ro_directory *directory,
                               const struct ro_key *curve);

/* The X25519 form of a seat's sealing key. It is made at each call: few are
 * wanted, and making all of them would be most of what it takes to read a
 * large log again. RO_BAD_INPUT from a store that was trusted wrongly. */
RO_MUST_USE enum ro_status ro_seat_sealing(const struct ro_seat_view *seat,
                                           struct ro_key *ret_x25519);

/* The same of its fallback key. */
RO_MUST_USE enum ro_status ro_seat_fallback(const struct ro_seat_view *seat,
                                            struct ro_key *ret_x25519);

/* Walks, in log order: the i-th listing, NULL past the end. */
const struct ro_listing_view *
ro_directory_nth_listing(const struct ro_directory *directory, size_t i);

/* The i-th member; the rest as above. */
const struct ro_member_view *
ro_directory_nth_member(const struct ro_directory *directory, size_t i);

/* The i-th seat; the rest as above. */
const struct ro_seat_view *
ro_directory_nth_seat(const struct ro_directory *directory, size_t i);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the directory: its rows, and what the files directory*.c share. Each
 * kind of record has one function ro_dir_*(step) that checks everything, makes
 * room for everything, and only then writes; so a refusal changes nothing.
 */
#ifndef RO_WIRE_DIRECTORY_INSIDE_H
#define RO_WIRE_DIRECTORY_INSIDE_H

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/wire/codec.h"
#include "common/wire/directory.h"
#include "common/wire/index.h"
#include "common/wire/signed.h"

struct ro_dir_listing {
    struct ro_listing_view view;
    char *texts; /* all texts of the view in one block */
};

/* A name that a member without a school bears, or has borne. */
struct ro_dir_name {
    char *text;
    uint32_t member; /* its place */
    uint64_t until;  /* record that took it away; 0: it bears it */
};

struct ro_dir_member {
    struct ro_member_view view;
    uint32_t name; /* the place of the one it bears; not for schools */
    uint64_t serial;
    uint32_t quota_day;
    uint32_t quota_used;   /* records on that day */
    uint32_t older_of_urn; /* the school's member before this, or none */
};

/* Whom a key that was ever in the log belongs to. */
enum ro_dir_owner { RO_DIR_OF_AUTHORITY, RO_DIR_OF_MEMBER };

struct ro_directory {
    struct ro_root root;
    struct ro_circle_id circle;
    struct ro_arena *arena; /* for the record that is being read */
    uint64_t serial;        /* the authority's */

    enum { RO_DIR_EMPTY, RO_DIR_CHARTERED } state;
    struct ro_charter_view charter;
    char *charter_name;
    char *circle_conf;
    char *member_endpoint;
    char *open_endpoint;

    struct ro_hash *heads; /* heads[n] is head(n) */
    size_t n_records;
    size_t heads_room;
    struct ro_dir_listing *listings;
    size_t n_listings;
    size_t listings_room;
    struct ro_dir_member *members;
    size_t n_members;
    size_t members_room;
    struct ro_dir_name *names;
    size_t n_names;
    size_t names_room;
    struct ro_seat_view *seats;
    size_t n_seats;
    size_t seats_room;

    struct ro_index listing_of_urn;
    struct ro_index member_of_id;
    struct ro_index member_of_urn; /* the newest one */
    struct ro_index freed_of_urn;  /* record by which it was free again, or 0 */
    struct ro_index seat_of_id;
    struct ro_index seat_of_curve;
    struct ro_index keys; /* ro_dir_key_form -> enum ro_dir_owner */
};

/* One record on its way in. */
struct ro_dir_step {
    struct ro_directory *directory;
    const struct ro_replaying *replaying;
    struct ro_bytes raw;
    const struct ro_signed *sig;
    struct ro_why *why;
};

/* What every record's body begins with. */
struct ro_dir_opening {
    const ProtobufCBinaryData *circle;
    protobuf_c_boolean has_serial;
    uint64_t serial;
};

/* Unpacks the step's body into the directory's arena. RO_BAD_RECORD. */
RO_MUST_USE enum ro_status ro_dir_unpack(const struct ro_dir_step *step,
                                         const ProtobufCMessageDescriptor *type,
                                         ProtobufCMessage **ret_message);

/* Circle, and that there is a serial. RO_BAD_RECORD. */
RO_MUST_USE enum ro_status ro_dir_circle(const struct ro_dir_step *step,
                                         const struct ro_dir_opening *opening);

/* The same, and a serial above `last`, by RO_SERIAL_STEP_MAX at most: else one
 * record could use up all serials, and no other would ever follow.
 * RO_BAD_RECORD, RO_OLD_SERIAL. */
RO_MUST_USE enum ro_status ro_dir_open(const struct ro_dir_step *step,
                                       const struct ro_dir_opening *opening,
                                       uint64_t last);

/* The authority's signatures; counted only in RO_REPLAY_TRUST. */
RO_MUST_USE enum ro_status ro_dir_authority(const struct ro_dir_step *step);

/* Size and daily quota of a member's record. RO_BAD_RECORD, RO_OVER_QUOTA. */
RO_MUST_USE enum ro_status ro_dir_quota(const struct ro_dir_step *step,
                                        const struct ro_dir_member *member);

/* Notes a member's record: serial and quota. */
void ro_dir_charge(const struct ro_dir_step *step,
                   struct ro_dir_member *member,
                   uint64_t serial);

/* An Ed25519 public key of a record: length and validity; `name` is for why.
 * RO_BAD_RECORD. */
RO_MUST_USE enum ro_status ro_dir_key(const struct ro_dir_step *step,
                                      const ProtobufCBinaryData *field,
                                      const char *name,
                                      struct ro_key *ret_key);

/* The form under which keys are compared: without the sign of x, because a
 * key and its negative have one X25519 form. */
struct ro_key ro_dir_key_form(const struct ro_key *ed25519);

/* Whether two keys have one such form. */
bool ro_dir_key_same(const struct ro_key *a, const struct ro_key *b);

/* RO_KEY_REUSED if the key was ever in the log. */
RO_MUST_USE enum ro_status ro_dir_key_unused(const struct ro_dir_step *step,
                                             const struct ro_key *key,
                                             const char *name);

/* Remembers a key; room was reserved in directory->keys. */
void ro_dir_key_put(struct ro_directory *directory,
                    const struct ro_key *key,
                    enum ro_dir_owner owner);

/* Whether a field may be absent. */
enum ro_dir_presence { RO_DIR_OPTIONAL, RO_DIR_REQUIRED };

/* Checks that a text is there if it must be, and is one line of at most
 * RO_NAME_LIMIT bytes. RO_BAD_RECORD; `name` is for why. */
RO_MUST_USE enum ro_status ro_dir_line(const struct ro_dir_step *step,
                                       const char *text,
                                       const char *name,
                                       enum ro_dir_presence presence);

/* `rows` with room for `need` of them, moved if needed, or NULL (and `rows`
 * as it was) without memory. */
RO_MUST_USE void *
ro_dir_grown(void *rows, size_t *room, size_t need, size_t row_size);

/* The member's row, or NULL. */
struct ro_dir_member *ro_dir_find_member(const struct ro_directory *directory,
                                         const struct ro_member_id *id);

/* The newest member of a school, or RO_INDEX_NONE. */
uint32_t ro_dir_of_urn(const struct ro_directory *directory, uint32_t urn);

/* Room for one more URN in what the two below write. RO_NO_MEMORY. */
RO_MUST_USE enum ro_status ro_dir_reserve_urn(struct ro_directory *directory);

/* Makes a member the newest of its school. Room was reserved. */
void ro_dir_link_urn(struct ro_directory *directory,
                     struct ro_dir_member *member);

/* Takes the newest away again. */
void ro_dir_unlink_urn(struct ro_directory *directory,
                       const struct ro_dir_member *member);

/* Room for one more name. RO_NO_MEMORY. */
RO_MUST_USE enum ro_status ro_dir_reserve_name(struct ro_directory *directory);

/* Gives a member without a school its first name, or another one, and notes who
 * bore it before. Takes `text` (malloc); room was reserved. */
void ro_dir_name_take(struct ro_directory *directory,
                      struct ro_dir_member *member,
                      char *text);

/* Notes that the record that is being read takes the member's URN, or its name,
 * away. */
void ro_dir_free_who(struct ro_directory *directory,
                     const struct ro_dir_member *member);

/* Whether the member may be of that kind, school and name: the fields fit
 * together, the schools are listed, and no other live member has the URN.
 * `self` is the member that asks, or NULL for a new one. RO_BAD_RECORD. */
RO_MUST_USE enum ro_status ro_dir_check_who(const struct ro_dir_step *step,
                                            const Reachout__Member *message,
                                            const struct ro_dir_member *self);

/* A member record of a member that is in the log. */
RO_MUST_USE enum ro_status ro_dir_amend(const struct ro_dir_step *step,
                                        const Reachout__Member *message,
                                        struct ro_dir_member *member);

/* Each kind's checks and effects: a charter. */
RO_MUST_USE enum ro_status ro_dir_charter(const struct ro_dir_step *step);

/* A broker's key: as ro_dir_charter. */
RO_MUST_USE enum ro_status ro_dir_broker_key(const struct ro_dir_step *step);

/* Listings: as ro_dir_charter. */
RO_MUST_USE enum ro_status ro_dir_listings(const struct ro_dir_step *step);

/* A member: as ro_dir_charter. */
RO_MUST_USE enum ro_status ro_dir_member(const struct ro_dir_step *step);

/* A seat: as ro_dir_charter. */
RO_MUST_USE enum ro_status ro_dir_seat(const struct ro_dir_step *step);

/* A revocation: as ro_dir_charter. */
RO_MUST_USE enum ro_status ro_dir_revocation(const struct ro_dir_step *step);

#endif

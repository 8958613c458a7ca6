/* SPDX-License-Identifier: Apache-2.0 */
/* How a record comes in, and the checks that several kinds share. */
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/wire/directory_inside.h"
#include "common/wire/rules.h"

enum ro_status
ro_dir_unpack(const struct ro_dir_step *step,
              const ProtobufCMessageDescriptor *type,
              ProtobufCMessage **ret_message)
{
    enum ro_status s = ro_unpack_as(RO_BAD_RECORD, type, step->sig->body,
                                    step->directory->arena, ret_message);
    if (s == RO_BAD_RECORD)
        return ro_why(step->why, s, "body: not a %s", type->short_name);
    return s;
}

enum ro_status
ro_dir_circle(const struct ro_dir_step *step,
              const struct ro_dir_opening *opening)
{
    struct ro_circle_id circle;
    if (ro_field_copy(opening->circle, circle.b, RO_ID_SIZE) != RO_OK ||
        !ro_circle_id_equal(&circle, &step->directory->circle))
        return ro_why(step->why, RO_BAD_RECORD, "circle: not this one");
    if (!opening->has_serial || opening->serial == 0)
        return ro_why(step->why, RO_BAD_RECORD, "serial: missing");
    return RO_OK;
}

enum ro_status
ro_dir_open(const struct ro_dir_step *step,
            const struct ro_dir_opening *opening,
            uint64_t last)
{
    RO_TRY(ro_dir_circle(step, opening));
    if (opening->serial <= last) {
        return ro_why(
            step->why, RO_OLD_SERIAL, "serial: %llu, and %llu was there before",
            (unsigned long long)opening->serial, (unsigned long long)last);
    }
    if (opening->serial - last > RO_SERIAL_STEP_MAX) {
        return ro_why(
            step->why, RO_BAD_RECORD, "serial: %llu, too far above %llu",
            (unsigned long long)opening->serial, (unsigned long long)last);
    }
    return RO_OK;
}

enum ro_status
ro_dir_authority(const struct ro_dir_step *step)
{
    const struct ro_root *root = &step->directory->root;
    if (step->replaying->how == RO_REPLAY_DRAFT)
        return RO_OK;
    struct ro_signers signers = {.keys = root->keys,
                                 .n_keys = root->n_keys,
                                 .threshold = root->threshold};
    enum ro_status status = step->replaying->how == RO_REPLAY_TRUST
                                ? ro_signed_count(step->sig, &signers)
                                : ro_signed_check(step->sig, &signers);
    if (status != RO_OK) {
        return ro_why(step->why, status,
                      "signatures: not those of the authority");
    }
    return RO_OK;
}

enum ro_status
ro_dir_quota(const struct ro_dir_step *step, const struct ro_dir_member *member)
{
    if (step->raw.size > RO_MEMBER_RECORD_LIMIT) {
        return ro_why(step->why, RO_BAD_RECORD,
                      "size: more than 4 KiB from a member");
    }
    if (step->replaying->how == RO_REPLAY_APPEND &&
        member->quota_day == step->replaying->today &&
        member->quota_used >= RO_MEMBER_RECORDS_A_DAY) {
        return ro_why(step->why, RO_OVER_QUOTA,
                      "member: %d records today already",
                      RO_MEMBER_RECORDS_A_DAY);
    }
    return RO_OK;
}

void
ro_dir_charge(const struct ro_dir_step *step,
              struct ro_dir_member *member,
              uint64_t serial)
{
    member->serial = serial;
    if (member->quota_day != step->replaying->today) {
        member->quota_day = step->replaying->today;
        member->quota_used = 0;
    }
    if (member->quota_used < UINT32_MAX)
        member->quota_used++;
}

static bool
has_used_more(const struct ro_dir_member *one, const struct ro_dir_member *two)
{
    return one->quota_day != two->quota_day ? one->quota_day > two->quota_day
                                            : one->quota_used > two->quota_used;
}

void
ro_directory_keep_quota(struct ro_directory *directory,
                        const struct ro_directory *other)
{
    for (size_t i = 0; i < other->n_members; i++) {
        const struct ro_dir_member *theirs = &other->members[i];
        struct ro_dir_member *ours =
            ro_dir_find_member(directory, &theirs->view.id);
        if (ours == NULL || !has_used_more(theirs, ours))
            continue;
        ours->quota_day = theirs->quota_day;
        ours->quota_used = theirs->quota_used;
    }
}

enum ro_status
ro_dir_key(const struct ro_dir_step *step,
           const ProtobufCBinaryData *field,
           const char *name,
           struct ro_key *ret_key)
{
    struct ro_key key;
    struct ro_key x25519;
    if (ro_field_copy(field, key.b, RO_KEY_SIZE) != RO_OK)
        return ro_why(step->why, RO_BAD_RECORD, "%s: not 32 bytes", name);
    if (step->replaying->how != RO_REPLAY_TRUST &&
        ro_key_to_x25519(&key, &x25519) != RO_OK)
        return ro_why(step->why, RO_BAD_RECORD, "%s: not a sound key", name);
    *ret_key = key;
    return RO_OK;
}

struct ro_key
ro_dir_key_form(const struct ro_key *ed25519)
{
    struct ro_key form = *ed25519;
    form.b[RO_KEY_SIZE - 1] &= 0x7f;
    return form;
}

bool
ro_dir_key_same(const struct ro_key *a, const struct ro_key *b)
{
    struct ro_key x = ro_dir_key_form(a);
    struct ro_key y = ro_dir_key_form(b);
    return memcmp(x.b, y.b, RO_KEY_SIZE) == 0;
}

enum ro_status
ro_dir_key_unused(const struct ro_dir_step *step,
                  const struct ro_key *key,
                  const char *name)
{
    struct ro_key form = ro_dir_key_form(key);
    if (ro_index_find(&step->directory->keys, form.b) != RO_INDEX_NONE) {
        return ro_why(step->why, RO_KEY_REUSED, "%s: is in the log already",
                      name);
    }
    return RO_OK;
}

void
ro_dir_key_put(struct ro_directory *directory,
               const struct ro_key *key,
               enum ro_dir_owner owner)
{
    struct ro_key form = ro_dir_key_form(key);
    ro_index_put(&directory->keys, form.b, (uint32_t)owner);
}

enum ro_status
ro_dir_line(const struct ro_dir_step *step,
            const char *text,
            const char *name,
            enum ro_dir_presence presence)
{
    if (text == NULL || text[0] == '\0') {
        if (presence == RO_DIR_REQUIRED)
            return ro_why(step->why, RO_BAD_RECORD, "%s: missing", name);
        return RO_OK;
    }
    struct ro_why detail = {.text = ""};
    if (ro_text_check(ro_bytes_text(text), RO_TEXT_LINE, RO_NAME_LIMIT,
                      &detail) != RO_OK) {
        return ro_why(step->why, RO_BAD_RECORD, "%s: %.200s", name,
                      detail.text);
    }
    return RO_OK;
}

void *
ro_dir_grown(void *rows, size_t *room, size_t need, size_t row_size)
{
    if (need <= *room)
        return rows;
    size_t bigger = *room < 16 ? 16 : *room;
    while (bigger < need) {
        if (bigger > SIZE_MAX / 2)
            return NULL;
        bigger *= 2;
    }
    void *moved = reallocarray(rows, bigger, row_size);
    if (moved != NULL)
        *room = bigger;
    return moved;
}

static enum ro_status
reserve_head(struct ro_directory *directory)
{
    void *heads =
        ro_dir_grown(directory->heads, &directory->heads_room,
                     directory->n_records + 2, sizeof(*directory->heads));
    if (heads == NULL)
        return RO_NO_MEMORY;
    directory->heads = heads;
    return RO_OK;
}

static void
push_head(struct ro_directory *directory, struct ro_bytes raw)
{
    size_t n = directory->n_records;
    struct ro_bytes parts[] = {
        {directory->heads[n].b, RO_HASH_SIZE},
        raw
    };
    ro_hash_256(RO_LABEL_HEAD, parts, RO_LEN(parts), &directory->heads[n + 1]);
    directory->n_records = n + 1;
}

typedef enum ro_status ro_dir_kind_fn(const struct ro_dir_step *step);

static const struct {
    Reachout__Signed__Kind kind;
    ro_dir_kind_fn *add;
} kinds[] = {
    {REACHOUT__SIGNED__KIND__CHARTER,    ro_dir_charter   },
    {REACHOUT__SIGNED__KIND__LISTING,    ro_dir_listings  },
    {REACHOUT__SIGNED__KIND__MEMBER,     ro_dir_member    },
    {REACHOUT__SIGNED__KIND__SEAT,       ro_dir_seat      },
    {REACHOUT__SIGNED__KIND__REVOCATION, ro_dir_revocation},
    {REACHOUT__SIGNED__KIND__BROKER_KEY, ro_dir_broker_key},
};

static enum ro_status
add_by_kind(const struct ro_dir_step *step)
{
    Reachout__Signed__Kind kind = step->sig->kind;
    if (step->directory->state == RO_DIR_EMPTY &&
        kind != REACHOUT__SIGNED__KIND__CHARTER) {
        return ro_why(step->why, RO_NOT_READY,
                      "kind: the first record is the charter");
    }
    for (size_t i = 0; i < RO_LEN(kinds); i++) {
        if (kinds[i].kind == kind)
            return kinds[i].add(step);
    }
    return ro_why(step->why, RO_BAD_RECORD, "kind: not one of the log");
}

enum ro_status
ro_directory_add(struct ro_directory *directory,
                 struct ro_bytes raw,
                 const struct ro_replaying *replaying,
                 struct ro_why *why)
{
    struct ro_signed sig = {0};
    if (raw.size > RO_RECORD_LIMIT)
        return ro_why(why, RO_BAD_RECORD, "size: more than 60 KiB");
    if (ro_signed_open(raw, &sig) != RO_OK)
        return ro_why(why, RO_BAD_RECORD, "form: not a signed record");
    RO_TRY(reserve_head(directory));
    struct ro_dir_step step = {.directory = directory,
                               .replaying = replaying,
                               .raw = raw,
                               .sig = &sig,
                               .why = why};
    RO_TRY(add_by_kind(&step));
    push_head(directory, raw);
    return RO_OK;
}

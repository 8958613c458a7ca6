/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One who signs: nothing but authority.pub and a key is needed, and no broker
 * is asked. What is signed is told first. Where directory.log lies beside the
 * key, the proposal is held against it as well.
 */
#include "client/authority/draft.h"

#include <stdio.h>
#include <string.h>

#include "client/authority/keys.h"
#include "client/authority/log.h"
#include "client/authority/proposal.h"
#include "client/authority/state.h"
#include "client/authority/telling.h"
#include "common/conf/circle.h"
#include "common/wire/admission.h"
#include "common/wire/armour.h"
#include "common/wire/codec.h"

/* A signer's folder and what lies on the table. */
struct table {
    const struct authority_cosigning *cosigning;
    struct ro_why *why;
    struct ro_root root;
    struct ro_circle_id circle;
    struct keys keys;
    struct ro_directory *directory; /* NULL: it is not here */
    struct proposal *proposal;
    struct ro_arena *arena;
};

static void
table_fini(struct table *table)
{
    keys_fini(&table->keys);
    ro_directory_free(table->directory);
    proposal_free(table->proposal);
    ro_arena_free(table->arena);
}

void
authority_cosigned_fini(struct authority_cosigned *cosigned)
{
    for (size_t i = 0; i < cosigned->n; i++)
        free(cosigned->items[i].text);
    free(cosigned->items);
    free(cosigned->circle);
    *cosigned = (struct authority_cosigned){0};
}

/* --- the folder ---------------------------------------------------------- */

/* Memory that is short is not the file's fault, and is told by its outcome. */
static enum ro_status
damaged(const struct table *table, enum ro_status status, const char *path)
{
    return status == RO_NO_MEMORY
               ? status
               : ro_why(table->why, status, "%s: damaged", path);
}

static enum ro_status
read_root(struct table *table, struct authority_cosigned *cosigned)
{
    RO_AUTOBUF bytes = {0};
    ProtobufCMessage *message;
    RO_AUTOFREE char *path =
        authority_path(table->cosigning->dir, "authority.pub");
    if (path == NULL)
        return RO_NO_MEMORY;
    RO_TRY(ro_armour_read(path, "authority-public", table->why, &bytes));
    enum ro_status s =
        ro_unpack_as(RO_BAD_INPUT, &reachout__authority_public__descriptor,
                     ro_buf_view(&bytes), table->arena, &message);
    if (s != RO_OK)
        return damaged(table, s, path);
    const Reachout__AuthorityPublic *own = (const void *)message;
    if (ro_root_of(own, &table->root) != RO_OK || own->name == NULL)
        return damaged(table, RO_BAD_INPUT, path);
    cosigned->circle = strdup(own->name);
    ro_circle_id_of(table->root.keys, table->root.n_keys,
                    (uint8_t)table->root.threshold, &table->circle);
    return cosigned->circle == NULL ? RO_NO_MEMORY : RO_OK;
}

/* The keys of a folder that is only a signer's, or of one with a state, which
 * remembers where they are. */
static enum ro_status
read_keys(struct table *table)
{
    RO_CLEANUP(authority_state_fini) struct authority_state state = {0};
    const char *dir = table->cosigning->dir;
    enum ro_status s = authority_state_load(dir, NULL, &state);
    if (s == RO_NO_MEMORY)
        return s;
    if (s != RO_OK && s != RO_NOT_FOUND)
        return ro_why(table->why, s, "%s: authority.state is damaged", dir);
    RO_TRY(authority_keys_load(dir, &state, &table->root, table->why,
                               &table->keys));
    return keys_gather(dir, &table->root, table->why, &table->keys);
}

static enum ro_status
add_record(struct ro_bytes *rest, struct ro_directory *directory)
{
    static const struct ro_replaying replaying = {RO_REPLAY_CHECK, 0};
    if (rest->size < 4 || rest->size - 4 < ro_get_u32(rest->data))
        return RO_BAD_RECORD;
    struct ro_bytes record = {rest->data + 4, ro_get_u32(rest->data)};
    rest->data += 4 + record.size;
    rest->size -= 4 + record.size;
    return ro_directory_add(directory, record, &replaying, NULL);
}

/* The log, verified from the root on: it may come from anywhere. */
static enum ro_status
read_directory(struct table *table)
{
    RO_AUTOBUF log = {0};
    RO_AUTOFREE char *path =
        authority_path(table->cosigning->dir, AUTHORITY_LOG_FILE);
    if (path == NULL)
        return RO_NO_MEMORY;
    enum ro_status s =
        ro_file_read(path, AUTHORITY_LOG_LIMIT, table->why, &log);
    if (s == RO_NOT_FOUND)
        return RO_OK;
    RO_TRY(s);
    table->directory = ro_directory_new(&table->root);
    if (table->directory == NULL)
        return RO_NO_MEMORY;
    struct ro_bytes rest = ro_buf_view(&log);
    while (rest.size > 0) {
        s = add_record(&rest, table->directory);
        if (s == RO_NO_MEMORY)
            return s;
        if (s != RO_OK) {
            return ro_why(table->why, RO_BAD_INPUT,
                          "%s: not a directory of this circle", path);
        }
    }
    return RO_OK;
}

/* --- a proposal ---------------------------------------------------------- */

/* A record of the authority does not follow the serial `last`. */
static enum ro_status
tell_gap(const struct table *table, uint64_t last, uint64_t serial)
{
    const unsigned long long has = last;
    const unsigned long long next = serial;
    const unsigned long long size = ro_directory_size(table->directory);
    if (serial <= last) {
        return ro_why(table->why, RO_REFUSED,
                      "something else was published since this was made: "
                      "its serial is %llu, and the directory here has %llu",
                      next, has);
    }
    return ro_why(table->why, RO_REFUSED,
                  "directory.log ends at record %llu, the authority's serial "
                  "%llu, and this begins at serial %llu: put the authority's "
                  "newest directory.log beside the key; if that is the newest, "
                  "do not sign",
                  size, has, next);
}

/* The authority's records follow the directory that is here, and each other,
 * serial by serial. A record that skips some would take them from the circle.
 */
static enum ro_status
check_serials(const struct table *table)
{
    struct proposal_body body;
    bool begun = table->directory != NULL;
    uint64_t last = begun ? ro_directory_serial(table->directory, NULL) : 0;
    const uint64_t first = last;
    for (size_t i = 0; i < table->proposal->n_records; i++) {
        const struct proposal_record *record = &table->proposal->records[i];
        if (!proposal_is_ours(record->sig.kind))
            continue;
        RO_TRY(proposal_body(record, table->arena, &body));
        if (begun && body.serial != last + 1 && last == first)
            return tell_gap(table, last, body.serial);
        if (begun && body.serial != last + 1) {
            return ro_why(table->why, RO_REFUSED,
                          "record %zu does not follow the one before it: "
                          "serial %llu after %llu",
                          i + 1, (unsigned long long)body.serial,
                          (unsigned long long)last);
        }
        begun = true;
        last = body.serial;
    }
    return RO_OK;
}

/* What begins with serial 1 has nothing before it. */
static enum ro_status
begin_directory(struct table *table)
{
    struct proposal_body body;
    if (table->directory != NULL || table->proposal->n_records == 0)
        return RO_OK;
    RO_TRY(proposal_body(&table->proposal->records[0], table->arena, &body));
    if (body.serial != 1 ||
        table->proposal->records[0].sig.kind != REACHOUT__SIGNED__KIND__CHARTER)
        return RO_OK;
    table->directory = ro_directory_new(&table->root);
    return table->directory == NULL ? RO_NO_MEMORY : RO_OK;
}

/* A charter that names other keys than authority.pub would be refused by
 * everybody; here it is refused before it is signed. */
static enum ro_status
check_fit(struct table *table, const struct proposal_record *record)
{
    static const struct ro_replaying replaying = {RO_REPLAY_DRAFT, 0};
    struct ro_why detail = {.text = ""};
    if (table->directory == NULL)
        return RO_OK;
    enum ro_status s = ro_directory_add(
        table->directory, ro_buf_view(&record->raw), &replaying, &detail);
    if (s == RO_OK || s == RO_NO_MEMORY)
        return s;
    return ro_why(table->why, RO_REFUSED,
                  "it does not fit the directory that is here: %s",
                  detail.text);
}

/* Whether a seat certificate of the proposal is of that member, and made with
 * that key. */
static enum ro_status
find_certificate(const struct table *table,
                 const Reachout__Member *member,
                 const struct ro_key *key)
{
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(0, 0);
    if (arena == NULL)
        return RO_NO_MEMORY;
    for (size_t i = 0; i < table->proposal->n_records; i++) {
        const struct ro_signed *sig = &table->proposal->records[i].sig;
        Reachout__Seat *seat = NULL;
        struct ro_seat_keys keys;
        if (sig->kind == REACHOUT__SIGNED__KIND__SEAT &&
            ro_seat_read(sig, arena, NULL, &seat, &keys) == RO_OK &&
            ro_bytes_equal(ro_field(&seat->member),
                           ro_field(&member->member)) &&
            ro_seat_prove(sig, key, &keys, NULL) == RO_OK)
            return RO_OK;
    }
    return RO_NOT_FOUND;
}

/* A member's key is signed only where its certificate is there, whose words
 * can be compared, or where it is the key that the member has. Else the words
 * of one school could be read to somebody while the key is another's. */
static enum ro_status
check_member_key(const struct table *table,
                 const struct proposal_record *record,
                 size_t number)
{
    struct proposal_body body;
    struct ro_key key;
    struct ro_member_id id;
    RO_TRY(proposal_body(record, table->arena, &body));
    const Reachout__Member *member = (const void *)body.message;
    if (ro_field_copy(&member->key, key.b, RO_KEY_SIZE) != RO_OK ||
        ro_field_copy(&member->member, id.b, RO_ID_SIZE) != RO_OK)
        return ro_why(table->why, RO_BAD_INPUT, "record %zu: damaged", number);
    const struct ro_member_view *now =
        table->directory == NULL ? NULL
                                 : ro_directory_member(table->directory, &id);
    if (now != NULL && memcmp(now->key.b, key.b, RO_KEY_SIZE) == 0)
        return RO_OK;
    enum ro_status s = find_certificate(table, member, &key);
    if (s != RO_NOT_FOUND)
        return s;
    return ro_why(table->why, RO_REFUSED,
                  "record %zu names a member's key, and nothing here shows "
                  "whose it is: neither a seat certificate made with it, nor "
                  "the directory.log beside authority.pub",
                  number);
}

static enum ro_status
check_member_keys(const struct table *table)
{
    for (size_t i = 0; i < table->proposal->n_records; i++) {
        const struct proposal_record *record = &table->proposal->records[i];
        if (record->sig.kind == REACHOUT__SIGNED__KIND__MEMBER)
            RO_TRY(check_member_key(table, record, i + 1));
    }
    return RO_OK;
}

/* --- a circle.conf to compare with ---------------------------------------- */

static enum ro_status
read_conf(const struct table *table, struct ro_buf *ret_conf)
{
    const char *path = table->cosigning->conf_path;
    RO_TRY(ro_file_read(path, RO_CIRCLE_CONF_MAX, table->why, ret_conf));
    if (ret_conf->size > 0 && memchr(ret_conf->data, 0, ret_conf->size) != NULL)
        return ro_why(table->why, RO_BAD_INPUT, "%s: is no text", path);
    ro_buf_put_u8(ret_conf, 0);
    return ro_buf_ok(ret_conf);
}

/* Every charter must have it: one other is enough to be another. */
static enum ro_status
compare_conf(const struct table *table,
             const struct proposal_record *record,
             const struct telling_agreed *agreed,
             struct authority_cosigned *cosigned)
{
    struct proposal_body body;
    if (agreed == NULL || record->sig.kind != REACHOUT__SIGNED__KIND__CHARTER)
        return RO_OK;
    RO_TRY(proposal_body(record, table->arena, &body));
    const Reachout__Charter *charter = (const void *)body.message;
    if (strcmp(agreed->conf, charter->circle_conf) != 0) {
        cosigned->conf = AUTHORITY_OTHER_CONF;
    } else if (cosigned->conf == AUTHORITY_UNCOMPARED) {
        cosigned->conf = AUTHORITY_SAME_CONF;
    }
    return RO_OK;
}

/* What was given to be compared must have been, and nobody signs another. */
static enum ro_status
check_conf(const struct table *table, const struct authority_cosigned *cosigned)
{
    const struct authority_cosigning *cosigning = table->cosigning;
    if (cosigning->conf_path == NULL)
        return RO_OK;
    if (cosigned->conf == AUTHORITY_UNCOMPARED) {
        return ro_why(table->why, RO_REFUSED,
                      "there is no charter in it, whose circle.conf could be "
                      "compared with %s",
                      cosigning->conf_path);
    }
    if (cosigned->conf == AUTHORITY_SAME_CONF || cosigning->out_path == NULL)
        return RO_OK;
    return ro_why(table->why, RO_REFUSED,
                  "its circle.conf is another than %s, and nothing was signed; "
                  "without --out the lines are shown",
                  cosigning->conf_path);
}

/* --- a proposal ----------------------------------------------------------- */

static enum ro_status
tell_records(struct table *table,
             const struct telling_agreed *agreed,
             struct authority_cosigned *cosigned)
{
    const struct proposal *proposal = table->proposal;
    for (size_t i = 0; i < proposal->n_records; i++) {
        const struct proposal_record *record = &proposal->records[i];
        enum ro_status s =
            telling_record(record, table->directory, agreed, table->why,
                           &cosigned->items[cosigned->n]);
        if (s == RO_BAD_RECORD)
            return RO_BAD_INPUT;
        RO_TRY(s);
        cosigned->n++;
        RO_TRY(compare_conf(table, record, agreed, cosigned));
        RO_TRY(check_fit(table, record));
    }
    return RO_OK;
}

static enum ro_status
tell_proposal(struct table *table, struct authority_cosigned *cosigned)
{
    const struct proposal *proposal = table->proposal;
    RO_AUTOBUF conf = {0};
    struct telling_agreed agreed = {.signed_path = table->cosigning->path,
                                    .conf_path = table->cosigning->conf_path};
    RO_TRY(begin_directory(table));
    RO_TRY(check_serials(table));
    RO_TRY(check_member_keys(table));
    if (table->directory != NULL)
        cosigned->fit = AUTHORITY_CHECKED;
    cosigned->items = calloc(proposal->n_records + proposal->n_replies + 1,
                             sizeof(*cosigned->items));
    if (cosigned->items == NULL)
        return RO_NO_MEMORY;
    if (agreed.conf_path != NULL) {
        RO_TRY(read_conf(table, &conf));
        agreed.conf = (const char *)conf.data;
    }
    RO_TRY(tell_records(table, agreed.conf == NULL ? NULL : &agreed, cosigned));
    for (size_t i = 0; i < proposal->n_replies; i++) {
        RO_TRY(telling_reply(proposal, i, table->directory,
                             &cosigned->items[cosigned->n]));
        cosigned->n++;
    }
    return RO_OK;
}

static enum ro_status
sign_proposal(struct table *table, struct authority_cosigned *cosigned)
{
    const char *path = table->cosigning->path;
    const char *out = table->cosigning->out_path;
    struct ro_why detail = {.text = ""};
    RO_TRY(proposal_read(path, table->why, &table->proposal));
    enum ro_status s = proposal_check(table->proposal, &table->root, &detail);
    if (s != RO_OK)
        return ro_why(table->why, s, "%s: %s", path, detail.text);
    RO_TRY(tell_proposal(table, cosigned));
    RO_TRY(check_conf(table, cosigned));
    if (out != NULL && proposal_sign(table->proposal, &table->keys) == 0) {
        return ro_why(table->why, RO_REFUSED,
                      "the keys that are here have signed it already");
    }
    authority_draft_tell(table->proposal, table->root.threshold,
                         &cosigned->drafted);
    return out == NULL ? RO_OK
                       : proposal_write(table->proposal, out, table->why);
}

/* --- an invitation ------------------------------------------------------- */

/* An invitation that is being signed; the ticket's message has an arena of its
 * own. */
struct paper {
    struct ro_buf bytes;
    Reachout__Invitation *invitation;
    Reachout__Ticket *ticket;
    struct ro_signed sig;
    struct ro_arena *arena;
};

static void
paper_fini(struct paper *paper)
{
    ro_secret_buf_fini(&paper->bytes);
    ro_arena_free(paper->arena);
}

static enum ro_status
check_ticket(struct table *table, const Reachout__Ticket *ticket)
{
    const struct ro_admission who = {
        .kind = ticket->kind,
        .urn = ticket->has_urn ? &ticket->urn : NULL,
        .name = ticket->name,
        .home_urn = ticket->has_home_urn ? &ticket->home_urn : NULL,
    };
    if (!ro_bytes_equal(ro_field(&ticket->circle),
                        (struct ro_bytes){table->circle.b, RO_ID_SIZE})) {
        return ro_why(table->why, RO_BAD_INPUT, "%s: another circle's",
                      table->cosigning->path);
    }
    if (ro_admission_check(&who, NULL) != RO_OK ||
        !ro_admission_fits(ticket->kind, ticket->role)) {
        return ro_why(table->why, RO_BAD_INPUT, "%s: its ticket invites nobody",
                      table->cosigning->path);
    }
    return RO_OK;
}

static enum ro_status
read_paper(struct table *table, struct paper *paper)
{
    const char *path = table->cosigning->path;
    ProtobufCMessage *message;
    struct ro_root root;
    RO_TRY(ro_armour_read(path, "invitation", table->why, &paper->bytes));
    paper->arena = ro_arena_new(0, 0);
    if (paper->arena == NULL)
        return RO_NO_MEMORY;
    enum ro_status s =
        ro_unpack_as(RO_BAD_INPUT, &reachout__invitation__descriptor,
                     ro_buf_view(&paper->bytes), table->arena, &message);
    if (s != RO_OK)
        return damaged(table, s, path);
    paper->invitation = (void *)message;
    if (paper->invitation->authority == NULL ||
        ro_root_of(paper->invitation->authority, &root) != RO_OK ||
        root.n_keys != table->root.n_keys ||
        root.threshold != table->root.threshold ||
        memcmp(root.keys, table->root.keys, sizeof(root.keys)) != 0)
        return ro_why(table->why, RO_BAD_INPUT, "%s: another circle's", path);
    if (ro_signed_open(ro_field(&paper->invitation->ticket), &paper->sig) !=
            RO_OK ||
        paper->sig.kind != REACHOUT__SIGNED__KIND__TICKET)
        return damaged(table, RO_BAD_INPUT, path);
    s = ro_unpack_as(RO_BAD_INPUT, &reachout__ticket__descriptor,
                     paper->sig.body, paper->arena, &message);
    if (s != RO_OK)
        return damaged(table, s, path);
    paper->ticket = (void *)message;
    return check_ticket(table, paper->ticket);
}

static enum ro_status
write_paper(struct table *table, struct paper *paper)
{
    RO_SECRET_BUF bytes = {0};
    RO_AUTOBUF ticket = {0};
    size_t i = 0;
    while (i < RO_AUTHORITY_KEYS_MAX && table->keys.pairs[i] == NULL)
        i++;
    const struct ro_signing signing = {table->keys.pairs[i], RO_LABEL_TICKET,
                                       (uint32_t)i};
    RO_TRY(ro_signed_make(REACHOUT__SIGNED__KIND__TICKET, paper->sig.body,
                          &signing, 1, &ticket));
    paper->invitation->ticket = ro_as_field(ro_buf_view(&ticket));
    RO_TRY(ro_pack(&paper->invitation->base, &bytes));
    return ro_armour_write(table->cosigning->out_path, "invitation",
                           ro_buf_view(&bytes), RO_FILE_SECRET, table->why);
}

static enum ro_status
sign_invitation(struct table *table, struct authority_cosigned *cosigned)
{
    RO_CLEANUP(paper_fini) struct paper paper = {0};
    RO_TRY(check_conf(table, cosigned));
    RO_TRY(read_paper(table, &paper));
    cosigned->items = calloc(1, sizeof(*cosigned->items));
    if (cosigned->items == NULL)
        return RO_NO_MEMORY;
    enum ro_status s =
        telling_ticket(paper.ticket, table->directory, table->cosigning->now_s,
                       table->why, &cosigned->items[0]);
    if (s != RO_OK)
        return s == RO_BAD_RECORD ? RO_BAD_INPUT : s;
    cosigned->n = 1;
    cosigned->items[0].signatures = paper.sig.n_signers;
    cosigned->drafted.signatures = paper.sig.n_signers;
    cosigned->drafted.threshold = 1;
    if (table->cosigning->out_path == NULL)
        return RO_OK;
    if (paper.sig.n_signers > 0)
        return ro_why(table->why, RO_REFUSED, "it is signed already");
    cosigned->drafted.signatures = 1;
    return write_paper(table, &paper);
}

/* --- both ---------------------------------------------------------------- */

static enum ro_status
set_table(struct table *table, struct authority_cosigned *cosigned)
{
    const struct authority_cosigning *cosigning = table->cosigning;
    table->arena = ro_arena_new(0, 0);
    if (table->arena == NULL)
        return RO_NO_MEMORY;
    if (cosigning->out_path != NULL)
        RO_TRY(authority_need_absent(cosigning->out_path, table->why));
    RO_TRY(read_root(table, cosigned));
    RO_TRY(read_keys(table));
    if (cosigning->out_path != NULL && table->keys.n == 0) {
        return ro_why(table->why, RO_REFUSED,
                      "there is no signing key of this circle in %s or %s/keys",
                      cosigning->dir, cosigning->dir);
    }
    return read_directory(table);
}

enum ro_status
authority_cosign(const struct authority_cosigning *cosigning,
                 struct ro_why *why,
                 struct authority_cosigned *ret_cosigned)
{
    RO_CLEANUP(table_fini)
    struct table table = {.cosigning = cosigning, .why = why};
    RO_CLEANUP(authority_cosigned_fini)
    struct authority_cosigned cosigned = {0};
    char kind[RO_ARMOUR_NAME_MAX + 1];
    RO_TRY(ro_crypto_init());
    RO_TRY(set_table(&table, &cosigned));
    RO_TRY(ro_armour_kind(cosigning->path, why, kind));
    RO_TRY(strcmp(kind, "invitation") == 0 ? sign_invitation(&table, &cosigned)
                                           : sign_proposal(&table, &cosigned));
    *ret_cosigned = cosigned;
    cosigned = (struct authority_cosigned){0};
    return RO_OK;
}

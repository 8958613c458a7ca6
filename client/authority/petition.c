/* SPDX-License-Identifier: Apache-2.0 */
/* Requests as files, one each, so that a crash costs at most none of them. */
#include "client/authority/petition.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/core/row.h"
#include "common/base/file.h"
#include "common/wire/armour.h"

#define FOLDER "requests"
#define ENDING ".request"
#define KIND "request"
#define VERSION 2 /* 1 has no wish, and generation 1 */
#define NAME_SIZE (RO_ID_HEX + sizeof(ENDING))

void
authority_petition_free(struct authority_petition *petition)
{
    if (petition == NULL)
        return;
    ro_buf_fini(&petition->certificate);
    ro_buf_fini(&petition->answer_body);
    ro_buf_fini(&petition->answer_wrap);
    free(petition);
}

const char *
authority_petition_name(const struct authority *authority,
                        const struct authority_petition *petition)
{
    const struct ro_listing_view *listing =
        petition->urn == 0
            ? NULL
            : ro_directory_listing(authority->directory, petition->urn);
    return listing != NULL ? listing->name : petition->name;
}

bool
authority_petition_is_open(const struct authority_petition *petition)
{
    return petition->standing != AUTHORITY_ADMITTED &&
           petition->standing != AUTHORITY_REFUSED;
}

struct authority_petition *
authority_petition_of_seat(const struct authority *authority,
                           const struct ro_seat_id *seat)
{
    for (size_t i = 0; i < authority->n_petitions; i++) {
        if (ro_seat_id_equal(&authority->petitions[i]->seat, seat))
            return authority->petitions[i];
    }
    return NULL;
}

struct authority_petition *
authority_petition_find(const struct authority *authority,
                        const struct ro_message_id *id)
{
    for (size_t i = 0; i < authority->n_petitions; i++) {
        if (ro_message_id_equal(&authority->petitions[i]->id, id))
            return authority->petitions[i];
    }
    return NULL;
}

static bool
is_older(const struct authority_petition *a, const struct authority_petition *b)
{
    if (a->sent_at_s != b->sent_at_s)
        return a->sent_at_s < b->sent_at_s;
    return memcmp(a->id.b, b->id.b, RO_ID_SIZE) < 0;
}

enum ro_status
authority_petition_add_take(struct authority *authority,
                            struct authority_petition *petition)
{
    struct authority_petition **more = reallocarray(
        authority->petitions, authority->n_petitions + 1, sizeof(void *));
    if (more == NULL) {
        authority_petition_free(petition);
        return RO_NO_MEMORY;
    }
    authority->petitions = more;
    size_t at = authority->n_petitions++;
    for (; at > 0 && is_older(petition, more[at - 1]); at--)
        more[at] = more[at - 1];
    more[at] = petition;
    return RO_OK;
}

/* --- writing ------------------------------------------------------------- */

static char *
path_of(const struct authority *authority, const struct ro_message_id *id)
{
    char hex[RO_ID_HEX];
    char *path = NULL;
    ro_hex(id->b, RO_ID_SIZE, hex);
    if (asprintf(&path, "%s/" FOLDER "/%s" ENDING, authority->dir, hex) < 0)
        return NULL;
    return path;
}

enum ro_status
authority_petition_save(const struct authority *authority,
                        const struct authority_petition *petition,
                        struct ro_why *why)
{
    RO_AUTOFREE char *path = path_of(authority, &petition->id);
    RO_AUTOBUF row = {0};
    if (path == NULL)
        return RO_NO_MEMORY;
    ro_buf_put_u8(&row, VERSION);
    ro_buf_put_u8(&row, (uint8_t)petition->standing);
    ro_buf_put(&row, petition->id.b, RO_ID_SIZE);
    ro_buf_put(&row, petition->ticket, RO_ID_SIZE);
    ro_buf_put(&row, petition->member.b, RO_ID_SIZE);
    ro_buf_put(&row, petition->seat.b, RO_ID_SIZE);
    ro_buf_put(&row, petition->member_key.b, RO_KEY_SIZE);
    ro_buf_put(&row, petition->fallback.b, RO_KEY_SIZE);
    ro_buf_put_u32(&row, (uint32_t)petition->kind);
    ro_buf_put_u32(&row, (uint32_t)petition->role);
    ro_buf_put_u32(&row, petition->urn);
    ro_buf_put_u32(&row, petition->home_urn);
    ro_buf_put_u64(&row, (uint64_t)petition->sent_at_s);
    row_put_piece(&row, ro_bytes_text(petition->name));
    row_put_piece(&row, ro_bytes_text(petition->holder));
    row_put_piece(&row, ro_buf_view(&petition->certificate));
    row_put_piece(&row, ro_buf_view(&petition->answer_body));
    row_put_piece(&row, ro_buf_view(&petition->answer_wrap));
    ro_buf_put_u32(&row, petition->answer_expiry_hour);
    ro_buf_put_u8(&row, (uint8_t)petition->wish);
    ro_buf_put_u32(&row, petition->generation);
    RO_TRY(ro_buf_ok(&row));
    return ro_armour_write(path, KIND, ro_buf_view(&row), RO_FILE_SECRET, why);
}

enum ro_status
authority_petition_close(const struct authority *authority,
                         struct authority_petition *petition,
                         struct ro_why *why)
{
    petition->standing = petition->standing == AUTHORITY_ADMITTING
                             ? AUTHORITY_ADMITTED
                             : AUTHORITY_REFUSED;
    petition->holder[0] = '\0';
    ro_buf_fini(&petition->certificate);
    ro_buf_fini(&petition->answer_body);
    ro_buf_fini(&petition->answer_wrap);
    return authority_petition_save(authority, petition, why);
}

/* --- reading ------------------------------------------------------------- */

static enum ro_status
read_row(struct ro_bytes value, struct authority_petition *petition)
{
    struct row_reader row = row_read(value);
    uint8_t version = row_u8(&row);
    if (version == 0 || version > VERSION)
        return RO_VAULT_DAMAGED;
    uint8_t standing = row_u8(&row);
    if (standing < AUTHORITY_WAITING || standing > AUTHORITY_UNHEARD)
        return RO_VAULT_DAMAGED;
    petition->standing = standing;
    row_fixed(&row, petition->id.b, RO_ID_SIZE);
    row_fixed(&row, petition->ticket, RO_ID_SIZE);
    row_fixed(&row, petition->member.b, RO_ID_SIZE);
    row_fixed(&row, petition->seat.b, RO_ID_SIZE);
    row_fixed(&row, petition->member_key.b, RO_KEY_SIZE);
    row_fixed(&row, petition->fallback.b, RO_KEY_SIZE);
    petition->kind = (Reachout__MemberKind)row_u32(&row);
    petition->role = (Reachout__Role)row_u32(&row);
    petition->urn = row_u32(&row);
    petition->home_urn = row_u32(&row);
    petition->sent_at_s = (int64_t)row_u64(&row);
    row_text(&row, petition->name, sizeof(petition->name));
    row_text(&row, petition->holder, sizeof(petition->holder));
    row_copy(&row, &petition->certificate);
    row_copy(&row, &petition->answer_body);
    row_copy(&row, &petition->answer_wrap);
    petition->answer_expiry_hour = row_u32(&row);
    petition->generation = 1;
    if (version > 1) {
        petition->wish = row_u8(&row) != 0 ? PETITION_REPLACES : PETITION_JOINS;
        petition->generation = row_u32(&row);
    }
    RO_TRY(ro_buf_ok(&petition->certificate));
    RO_TRY(ro_buf_ok(&petition->answer_body));
    RO_TRY(ro_buf_ok(&petition->answer_wrap));
    return row_end(&row);
}

static enum ro_status
load_one(struct authority *authority, const char *path, struct ro_why *why)
{
    RO_AUTOBUF row = {0};
    RO_TRY(ro_armour_read(path, KIND, why, &row));
    RO_CLEANUP(authority_petition_freep)
    struct authority_petition *petition = calloc(1, sizeof(*petition));
    if (petition == NULL)
        return RO_NO_MEMORY;
    enum ro_status s = read_row(ro_buf_view(&row), petition);
    if (s != RO_OK && s != RO_NO_MEMORY)
        return ro_why(why, RO_VAULT_DAMAGED, "%s: damaged", path);
    RO_TRY(s);
    return authority_petition_add_take(authority, RO_STEAL(petition));
}

/* ID.request; what a crash left of a temporary file has another ending. */
static bool
is_request(const char *name)
{
    return strlen(name) == NAME_SIZE - 2 &&
           strcmp(name + RO_ID_HEX - 1, ENDING) == 0;
}

enum ro_status
authority_petitions_load(struct authority *authority, struct ro_why *why)
{
    RO_AUTOFREE char *folder_path = authority_path(authority->dir, FOLDER);
    if (folder_path == NULL)
        return RO_NO_MEMORY;
    RO_CLEANUP(ro_folder_close) DIR *folder = opendir(folder_path);
    if (folder == NULL) {
        return ro_why(why, errno == ENOENT ? RO_VAULT_DAMAGED : RO_IO_FAILED,
                      "%s: %s", folder_path, strerror(errno));
    }
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        if (!is_request(entry->d_name))
            continue;
        RO_AUTOFREE char *path = authority_path(folder_path, entry->d_name);
        if (path == NULL)
            return RO_NO_MEMORY;
        RO_TRY(load_one(authority, path, why));
    }
    return RO_OK;
}

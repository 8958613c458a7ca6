/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to be admitted that come as files: what the verb enrol would have
 * brought, put into armour. Nobody has looked at one before us.
 */
#include "client/authority/envelope.h"

#include "client/authority/petition.h"
#include "common/wire/armour.h"
#include "common/wire/codec.h"

/* A file under way. */
struct carried {
    const char *path;
    struct ro_why *why;
    struct ro_buf bytes;
    struct ro_arena *arena;
    struct authority_envelope envelope; /* borrows from the arena */
};

static void
carried_fini(struct carried *carried)
{
    ro_buf_fini(&carried->bytes);
    ro_arena_free(carried->arena);
}

/* Memory that is short is not the file's fault, and is told by its outcome. */
static enum ro_status
damaged(const struct carried *carried, enum ro_status status)
{
    return status == RO_NO_MEMORY
               ? status
               : ro_why(carried->why, status, "%s: damaged", carried->path);
}

/* Another circle's is told as such: all that our keys could say is that they
 * do not open it. */
static enum ro_status
check_circle(const struct carried *carried,
             const struct authority *authority,
             struct ro_bytes ticket)
{
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(0, 0);
    struct ro_signed sig;
    ProtobufCMessage *message;
    if (arena == NULL)
        return RO_NO_MEMORY;
    if (ro_signed_open(ticket, &sig) != RO_OK)
        return damaged(carried, RO_BAD_INPUT);
    enum ro_status s = ro_unpack_as(RO_BAD_INPUT, &reachout__ticket__descriptor,
                                    sig.body, arena, &message);
    if (s != RO_OK)
        return damaged(carried, s);
    const Reachout__Ticket *of = (const void *)message;
    if (ro_bytes_equal(ro_field(&of->circle),
                       (struct ro_bytes){authority->circle.b, RO_ID_SIZE}))
        return RO_OK;
    return ro_why(carried->why, RO_BAD_INPUT,
                  "%s: a request to be admitted to another circle than %s",
                  carried->path, authority->state.circle_name);
}

static enum ro_status
read_file(struct carried *carried, const struct authority *authority)
{
    ProtobufCMessage *message;
    RO_TRY(ro_armour_read(carried->path, RO_ENROL_FILE, carried->why,
                          &carried->bytes));
    carried->arena = ro_arena_new(0, 0);
    if (carried->arena == NULL)
        return RO_NO_MEMORY;
    enum ro_status s =
        ro_unpack_as(RO_BAD_INPUT, &reachout__enrol__ask__descriptor,
                     ro_buf_view(&carried->bytes), carried->arena, &message);
    if (s != RO_OK)
        return damaged(carried, s);
    const Reachout__Enrol__Ask *ask = (const void *)message;
    carried->envelope = (struct authority_envelope){
        .way = ENVELOPE_CARRIED,
        .wrap = ro_field(&ask->wrap),
        .body = ro_field(&ask->body),
        .day = RO_DAY_FALLBACK,
        .generation = ask->generation,
        .expiry_hour = ask->expiry_hour,
        .ticket = ro_field(&ask->ticket),
        .mailbox_key = ro_field(&ask->mailbox_key),
    };
    return check_circle(carried, authority, ro_field(&ask->ticket));
}

/* What is wrong with the request is wrong with the file. */
static enum ro_status
tell(const struct carried *carried,
     enum ro_status status,
     const struct ro_why *detail)
{
    if (status == RO_TICKET_EXPIRED) {
        return ro_why(carried->why, status,
                      "%s: its invitation has expired; whoever it is needs a "
                      "new one, valid until the file is here (invite "
                      "--expires)",
                      carried->path);
    }
    if (status == RO_TICKET_USED) {
        return ro_why(carried->why, status,
                      "%s: another request came with the same invitation; find "
                      "out by telephone who else has it",
                      carried->path);
    }
    return ro_why(carried->why,
                  authority_envelope_is_trouble(status) ? RO_BAD_INPUT : status,
                  "%s: %.300s", carried->path, detail->text);
}

static void
note_earlier(const struct authority_petition *petition,
             struct authority_taken *taken)
{
    if (authority_petition_is_open(petition)) {
        taken->as = AUTHORITY_WAITS_ALREADY;
    } else if (petition->standing == AUTHORITY_ADMITTED) {
        taken->as = AUTHORITY_ADMITTED_ALREADY;
    } else {
        taken->as = AUTHORITY_REFUSED_ALREADY;
    }
}

enum ro_status
authority_take_file(struct authority *authority,
                    const char *path,
                    struct ro_why *why,
                    struct authority_taken *ret_taken)
{
    RO_CLEANUP(carried_fini)
    struct carried carried = {.path = path, .why = why};
    struct ro_why detail = {.text = ""};
    struct authority_taken taken = {.as = AUTHORITY_TAKEN_IN};
    const size_t n = authority->n_petitions;
    RO_TRY(read_file(&carried, authority));
    enum ro_status s = authority_envelope_take(authority, &carried.envelope,
                                               &detail, &taken.id);
    if (s != RO_OK)
        return tell(&carried, s, &detail);
    if (authority->n_petitions == n)
        note_earlier(authority_petition_find(authority, &taken.id), &taken);
    *ret_taken = taken;
    return RO_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* authority members: who belongs to the circle, with the ids of the seats. */
#include "client/cli/cmd_authority.h"

#include "client/cli/input.h"
#include "client/cli/output.h"
#include "client/cli/show.h"

const struct cli_option cmd_roster_options[] = {DIR_ROW, INPUT_WAIT_ROW,
                                                CLI_OPTIONS_END};

static const char *const member_words[] = {
    [AUTHORITY_STANDS] = "member",
    [AUTHORITY_ENDED] = "removed",
};

static const char *const seat_words[] = {
    [AUTHORITY_STANDS] = "live",
    [AUTHORITY_ENDED] = "ended",
};

static void
show_seat(struct cli_output *out,
          json_t *list,
          const struct authority_roster_seat *seat)
{
    json_t *item = doc_item(list);
    struct ro_buf *text = &out->text;
    char since[RO_RFC3339_SIZE];
    ro_time_format(seat->made_at_s, since);
    doc_id(item, "seat", seat->id.b);
    doc_text(item, "role", seat->role);
    doc_time(item, "since", seat->made_at_s);
    doc_text(item, "state", seat_words[seat->standing]);
    ro_buf_printf(text, "          ");
    show_id(text, seat->id.b);
    ro_buf_printf(text, "  %s, since %.10s%s\n", seat->role, since,
                  seat->standing == AUTHORITY_ENDED ? ", ended" : "");
}

/* A member whose seats have all ended. */
static bool
is_seatless(const struct authority_roster *roster,
            const struct authority_roster_member *member)
{
    if (member->standing == AUTHORITY_ENDED)
        return false;
    for (size_t i = 0; i < roster->n_seats; i++) {
        if (roster->seats[i].standing == AUTHORITY_STANDS &&
            ro_member_id_equal(&roster->seats[i].member, &member->id))
            return false;
    }
    return true;
}

static void
show_member(struct cli_output *out,
            json_t *list,
            const struct authority_roster *roster,
            const struct authority_roster_member *member)
{
    json_t *item = doc_item(list);
    struct ro_buf *text = &out->text;
    doc_id(item, "id", member->id.b);
    doc_text(item, "kind", member->kind);
    doc_some(item, "urn", member->urn);
    doc_text(item, "name", member->name);
    doc_text(item, "state", member_words[member->standing]);
    show_id(text, member->id.b);
    ro_buf_printf(text, "  ");
    show_line(text, member->name);
    ro_buf_printf(text, ", %s", member->kind);
    if (member->urn != 0)
        ro_buf_printf(text, ", URN %u", member->urn);
    ro_buf_printf(
        text, "%s%s\n", member->standing == AUTHORITY_ENDED ? ", removed" : "",
        is_seatless(roster, member) ? ", no seat: cannot be reached" : "");
    json_t *seats = doc_list(item, "seats");
    for (size_t i = 0; i < roster->n_seats; i++) {
        if (ro_member_id_equal(&roster->seats[i].member, &member->id))
            show_seat(out, seats, &roster->seats[i]);
    }
}

enum ro_status
cmd_roster(const struct cli_args *args,
           struct cli_output *out,
           struct ro_why *why)
{
    RO_CLEANUP(authority_freep) struct authority *authority = NULL;
    RO_CLEANUP(authority_roster_fini) struct authority_roster roster = {0};
    struct authority_keyset set;
    RO_TRY(cmd_authority_open(args, why, &authority));
    RO_TRY(authority_roster(authority, why, &roster));
    doc_truth(output_json(out), "current",
              roster.age == AUTHORITY_AS_IT_IS ? DOC_TRUE : DOC_FALSE);
    if (roster.age == AUTHORITY_AS_IT_WAS) {
        ro_buf_printf(&out->text, "The broker was not reached. When it last "
                                  "was, these were members:\n");
    }
    json_t *list = doc_list(output_json(out), "members");
    for (size_t i = 0; i < roster.n_members; i++)
        show_member(out, list, &roster, &roster.members[i]);
    if (roster.n_members == 0) {
        ro_buf_printf(&out->text, "Nobody is a member yet.\n");
        return RO_OK;
    }
    RO_TRY(authority_keyset(authority, why, &set));
    output_then(out, "To end a seat of a lost computer, or remove a member:");
    OUTPUT_NEXT(out, "reachout", "authority", "revoke", "--dir",
                options_text(args, "dir"), "--seat", "ID",
                set.way == AUTHORITY_BY_FILE ? "--out" : NULL, "FILE");
    return RO_OK;
}

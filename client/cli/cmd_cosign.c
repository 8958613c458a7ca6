/* SPDX-License-Identifier: Apache-2.0 */
/* authority sign, publish: several keys, several hands. */
#include "client/cli/cmd_authority.h"

#include "client/cli/input.h"
#include "client/cli/output.h"
#include "client/cli/show.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- what they share ----------------------------------------------------- */

void
cmd_cosign_show(struct cli_output *out, const struct authority_drafted *drafted)
{
    json_t *json = output_json(out);
    doc_count(json, "records", drafted->records);
    doc_count(json, "answers", drafted->replies);
    doc_count(json, "signatures", drafted->signatures);
    doc_count(json, "threshold", drafted->threshold);
}

/* Whether that folder can publish: one that has a state. A signer's has none.
 */
static bool
can_publish(const char *dir)
{
    RO_AUTOBUF path = {0};
    ro_buf_printf(&path, "%s/authority.state", dir);
    ro_buf_put_u8(&path, 0);
    return ro_buf_ok(&path) == RO_OK &&
           access((const char *)path.data, F_OK) == 0;
}

void
cmd_cosign_suggest(const struct cli_args *args,
                   const struct authority_drafted *drafted,
                   const char *path,
                   struct cli_output *out)
{
    const char *dir = options_text(args, "dir");
    size_t need = drafted->records > 0 ? drafted->threshold : 1;
    if (drafted->signatures >= need && can_publish(dir)) {
        output_then(out, "It has all its signatures:");
        OUTPUT_NEXT(out, "reachout", "authority", "publish", "--dir", dir,
                    path);
        return;
    }
    if (drafted->signatures >= need) {
        output_then(out,
                    "It has all its signatures. Give it back to the "
                    "authority's office, where authority.state is; there:");
        OUTPUT_NEXT(out, "reachout", "authority", "publish", "--dir", "DIR",
                    path);
        return;
    }
    ro_buf_printf(&out->text, "It has %zu of the %zu signatures it needs.\n",
                  drafted->signatures, need);
    output_then(out,
                "Whoever has another key, in a folder with authority.pub:");
    OUTPUT_NEXT(out, "reachout", "authority", "sign", path, "--dir", "DIR",
                "--out", "FILE");
}

/* Who stays a member and can be reached by nobody. */
static void
show_seatless(struct cli_output *out, const struct authority_seatless *seatless)
{
    json_t *list = doc_list(output_json(out), "seatless");
    for (size_t i = 0; i < seatless->n; i++) {
        const struct authority_seatless_member *one = &seatless->list[i];
        json_t *item = doc_item(list);
        doc_id(item, "member", one->id.b);
        doc_text(item, "name", one->name);
        ro_buf_printf(&out->text, "That leaves ");
        show_line(&out->text, one->name);
        ro_buf_printf(&out->text, " without a seat: nobody can reach it, and "
                                  "it stays a member. `replace` invites it to "
                                  "a new seat; `revoke --member ");
        show_id(&out->text, one->id.b);
        ro_buf_printf(&out->text, "` removes it.\n");
    }
}

/* --- sign ---------------------------------------------------------------- */

const struct cli_option cmd_cosign_sign_options[] = {
    {"dir",  "DIR",  "a folder with authority.pub and a signing key",     CLI_ONCE},
    {"file", "FILE", "compare its circle.conf with this one",             CLI_ONCE},
    {"out",  "FILE", "sign it, and write it to FILE; without: only look",
     CLI_ONCE                                                                     },
    CLI_OPTIONS_END
};

static void
show_item(struct cli_output *out,
          json_t *list,
          const struct authority_item *item)
{
    json_t *json = doc_item(list);
    doc_text(json, "kind", item->kind);
    doc_some(json, "serial", item->serial);
    doc_text(json, "text", item->text);
    if (item->words[0] != NULL) {
        doc_texts(json, "words", item->words, AUTHORITY_WORDS);
    } else {
        doc_null(json, "words");
    }
    doc_count(json, "signatures", item->signatures);
    ro_buf_printf(&out->text, "%s", item->kind);
    if (item->serial > 0) {
        ro_buf_printf(&out->text, ", serial %llu",
                      (unsigned long long)item->serial);
    }
    ro_buf_printf(&out->text, ":\n");
    show_body(&out->text, item->text);
}

static const char *const confs[] = {
    [AUTHORITY_UNCOMPARED] = NULL,
    [AUTHORITY_SAME_CONF] = "same",
    [AUTHORITY_OTHER_CONF] = "different",
};

static void
show_cosigned(struct cli_output *out, const struct authority_cosigned *cosigned)
{
    json_t *json = output_json(out);
    doc_text(json, "circle", cosigned->circle);
    json_t *list = doc_list(json, "signs");
    ro_buf_printf(&out->text, "For the circle ");
    show_line(&out->text, cosigned->circle);
    ro_buf_printf(&out->text, ":\n");
    for (size_t i = 0; i < cosigned->n; i++)
        show_item(out, list, &cosigned->items[i]);
    cmd_cosign_show(out, &cosigned->drafted);
    doc_text(json, "file", confs[cosigned->conf]);
    doc_truth(json, "checked",
              cosigned->fit == AUTHORITY_CHECKED ? DOC_TRUE : DOC_FALSE);
    if (cosigned->fit != AUTHORITY_CHECKED && cosigned->drafted.records > 0) {
        ro_buf_printf(&out->text,
                      "There is no directory.log beside the key, so what it "
                      "changes is not told; with the authority's newest it "
                      "is.\n");
    }
}

/* After a look: what was compared is compared again when it is signed, and
 * nobody is led to sign what is different. */
static void
suggest_signing(const struct authority_cosigning *cosigning,
                enum authority_compared conf,
                struct cli_output *out)
{
    switch (conf) {
    case AUTHORITY_OTHER_CONF:
        output_then(out, "It is not what you compared it with: do not sign it, "
                         "and ask the authority's office by telephone.");
        out->exit_code = ro_status_exit(RO_REFUSED);
        return;
    case AUTHORITY_SAME_CONF:
        output_then(out, "If all of that is what you were told of, sign it:");
        OUTPUT_NEXT(out, "reachout", "authority", "sign", cosigning->path,
                    "--dir", cosigning->dir, "--file", cosigning->conf_path,
                    "--out", "FILE");
        return;
    case AUTHORITY_UNCOMPARED:
    default:
        output_then(out, "If that is what you were told of, sign it:");
        OUTPUT_NEXT(out, "reachout", "authority", "sign", cosigning->path,
                    "--dir", cosigning->dir, "--out", "FILE");
    }
}

enum ro_status
cmd_cosign_sign(const struct cli_args *args,
                struct cli_output *out,
                struct ro_why *why)
{
    RO_CLEANUP(authority_cosigned_fini)
    struct authority_cosigned cosigned = {0};
    struct authority_cosigning cosigning = {
        .path = args->words[0],
        .out_path = options_text(args, "out"),
        .conf_path = options_text(args, "file")};
    const struct authority_world world = authority_world_system();
    cosigning.now_s = ro_clock_wall_s(&world.clock);
    RO_TRY(options_need(args, "dir", why, &cosigning.dir));
    RO_TRY(authority_cosign(&cosigning, why, &cosigned));
    show_cosigned(out, &cosigned);
    show_seatless(out, &cosigned.seatless);
    doc_text(output_json(out), "out", cosigning.out_path);
    if (cosigning.out_path == NULL) {
        ro_buf_printf(&out->text, "Nothing was signed.\n");
        suggest_signing(&cosigning, cosigned.conf, out);
        return RO_OK;
    }
    ro_buf_printf(&out->text, "Signed: ");
    show_line(&out->text, cosigning.out_path);
    ro_buf_put_u8(&out->text, '\n');
    if (cosigned.drafted.records > 0 || cosigned.drafted.replies > 0)
        cmd_cosign_suggest(args, &cosigned.drafted, cosigning.out_path, out);
    return RO_OK;
}

/* How the circle's key stands, in people's words too or for programs only:
 * what has not changed is not said at every publishing. */
enum telling { TELL_PEOPLE, TELL_PROGRAMS };

/* Invitations that are out and have an older key of the circle. */
static enum ro_status
show_invited(const struct authority *authority,
             enum telling telling,
             struct cli_output *out)
{
    static const char *const words[] = {
        [AUTHORITY_OPENS_A_WHILE] = "14-days",
        [AUTHORITY_OPENS_NOTHING] = "ended",
    };
    RO_CLEANUP(authority_invited_fini) struct authority_invited invited = {0};
    RO_TRY(authority_invited(authority, &invited));
    json_t *list = doc_list(output_json(out), "invitations");
    for (size_t i = 0; i < invited.n; i++) {
        const struct authority_invitation *one = &invited.list[i];
        json_t *item = doc_item(list);
        doc_text(item, "name", one->name);
        doc_text(item, "role", one->role);
        doc_time(item, "expires", one->expires_s);
        doc_text(item, "state", words[one->fate]);
        if (telling == TELL_PROGRAMS)
            continue;
        ro_buf_printf(&out->text, "The invitation for ");
        show_line(&out->text, one->name);
        ro_buf_printf(&out->text,
                      one->fate == AUTHORITY_OPENS_A_WHILE
                          ? ", %s, can be used for 14 days from this change "
                            "on, and not after another one.\n"
                          : ", %s, can be used no more once the broker has "
                            "the newest door.key: write a new one.\n",
                      one->role);
    }
    return RO_OK;
}

/* Where the circle's new key is, and what is next. */
static void
show_rotation(const struct cli_args *args,
              const struct authority *authority,
              enum telling telling,
              struct cli_output *out)
{
    static const char *const stages[] = {
        [AUTHORITY_SETTLED] = "settled",
        [AUTHORITY_NEEDS_DOOR_KEY] = "needs-door-key",
        [AUTHORITY_NEEDS_CHARTER] = "needs-charter",
    };
    struct authority_rotation rotation;
    authority_rotation(authority, &rotation);
    doc_count(output_json(out), "generation", rotation.generation);
    doc_text(output_json(out), "stage", stages[rotation.stage]);
    if (rotation.stage == AUTHORITY_SETTLED) {
        if (telling == TELL_PEOPLE) {
            ro_buf_printf(&out->text,
                          "The circle's key of generation %u is in force.\n",
                          rotation.generation);
        }
        return;
    }
    ro_buf_printf(&out->text,
                  "Every seat that stays has the circle's new key, generation "
                  "%u.\n",
                  rotation.generation);
    if (rotation.stage == AUTHORITY_NEEDS_CHARTER) {
        output_then(out, "The broker takes it; the charter must name it, and "
                         "others must sign that:");
        OUTPUT_NEXT(out, "reachout", "authority", "charter", "--dir",
                    options_text(args, "dir"), "--out", "FILE");
        return;
    }
    output_then(out, "Give the new door.key of that folder to the broker's "
                     "operator, who installs it and sends SIGHUP to reachoutd "
                     "(or restarts it). Then:");
    OUTPUT_NEXT(out, "reachout", "authority", "revoke", "--dir",
                options_text(args, "dir"));
}

/* --- publish ------------------------------------------------------------- */

const struct cli_option cmd_cosign_publish_options[] = {DIR_ROW, INPUT_WAIT_ROW,
                                                        CLI_OPTIONS_END};

/* Whether publishing has moved the circle's key. */
static enum telling
telling_of(const struct authority *authority,
           const struct authority_rotation *before)
{
    struct authority_rotation now;
    authority_rotation(authority, &now);
    return now.generation == before->generation && now.stage == before->stage
               ? TELL_PROGRAMS
               : TELL_PEOPLE;
}

static void
tell_unheard(size_t n, struct cli_output *out)
{
    if (n == 0)
        return;
    show_count(&out->text, n, "refusal");
    ro_buf_printf(&out->text,
                  " could not be told: who asked with a file has not come to "
                  "the broker yet. Publish this again later, and keep it until "
                  "then.\n");
}

enum ro_status
cmd_cosign_publish(const struct cli_args *args,
                   struct cli_output *out,
                   struct ro_why *why)
{
    RO_CLEANUP(authority_freep) struct authority *authority = NULL;
    struct authority_drafted drafted;
    struct authority_rotation before;
    RO_TRY(cmd_authority_open(args, why, &authority));
    authority_rotation(authority, &before);
    RO_TRY(authority_publish(authority, args->words, args->n_words, why,
                             &drafted));
    enum telling telling = telling_of(authority, &before);
    doc_count(output_json(out), "record", authority_log_size(authority));
    cmd_cosign_show(out, &drafted);
    doc_count(output_json(out), "published", drafted.published);
    doc_count(output_json(out), "unheard", drafted.unheard);
    if (drafted.published == 0 && drafted.records > 0) {
        ro_buf_printf(&out->text, "All of it was published before");
    } else {
        show_count(&out->text, drafted.published, "record");
        ro_buf_printf(&out->text, " published");
    }
    if (drafted.replies > 0) {
        ro_buf_printf(&out->text, ", ");
        show_count(&out->text, drafted.replies - drafted.unheard, "answer");
        ro_buf_printf(&out->text, " sent");
    }
    ro_buf_printf(&out->text, "; the directory has ");
    show_count(&out->text, authority_log_size(authority), "record");
    ro_buf_printf(&out->text, ".\n");
    tell_unheard(drafted.unheard, out);
    show_seatless(out, authority_seatless(authority));
    RO_TRY(show_invited(authority, telling, out));
    show_rotation(args, authority, telling, out);
    return RO_OK;
}

/* --- revoke -------------------------------------------------------------- */

#define NAMES_MAX 500

const struct cli_option cmd_cosign_revoke_options[] = {
    DIR_ROW,
    {"seat",      "ID",  "end this seat, by the beginning of its id",            CLI_MANY},
    {"member",    "ID",  "remove this member with all its seats",                CLI_MANY},
    {"urn",       "URN", "the same, by its school",                              CLI_MANY},
    {"take-over", NULL,
      "go on with a removal that a lost copy of this folder began",               CLI_ONCE},
    {"again",     "ID",  "remove nobody: give this seat the circle's key again",
      CLI_ONCE                                                                            },
    INPUT_WAIT_ROW,
    OUT_ROW,
    CLI_OPTIONS_END
};

/* Who is named on the command line. */
struct named {
    const char *seats[NAMES_MAX];
    const char *words[NAMES_MAX];
    struct authority_named members[NAMES_MAX];
    struct authority_revoking revoking;
};

static enum ro_status
read_names(const struct cli_args *args, struct ro_why *why, struct named *named)
{
    struct authority_revoking *revoking = &named->revoking;
    size_t n_ids = options_all(args, "member", named->words, NAMES_MAX);
    revoking->seats = named->seats;
    revoking->members = named->members;
    revoking->n_seats = options_all(args, "seat", named->seats, NAMES_MAX);
    for (size_t i = 0; i < n_ids && i < NAMES_MAX; i++)
        named->members[revoking->n_members++].member = named->words[i];
    size_t n_urns = options_all(args, "urn", named->words, NAMES_MAX);
    if (n_ids + n_urns > NAMES_MAX || revoking->n_seats > NAMES_MAX)
        return ro_why(why, RO_USAGE, "at most %d at once", NAMES_MAX);
    for (size_t i = 0; i < n_urns; i++) {
        char *end = NULL;
        unsigned long urn = strtoul(named->words[i], &end, 10);
        if (*end != '\0' || urn == 0 || urn > UINT32_MAX) {
            return ro_why(why, RO_USAGE, "--urn: \"%.40s\" is no URN",
                          named->words[i]);
        }
        named->members[revoking->n_members++].urn = (uint32_t)urn;
    }
    return RO_OK;
}

enum ro_status
cmd_cosign_revoke(const struct cli_args *args,
                  struct cli_output *out,
                  struct ro_why *why)
{
    RO_CLEANUP(authority_freep) struct authority *authority = NULL;
    RO_AUTOFREE struct named *named = calloc(1, sizeof(*named));
    if (named == NULL)
        return RO_NO_MEMORY;
    const char *again = options_text(args, "again");
    RO_TRY(read_names(args, why, named));
    if (options_has(args, "take-over"))
        named->revoking.whose = AUTHORITY_TAKE_OVER;
    if (again != NULL &&
        (named->revoking.n_members > 0 || named->revoking.n_seats > 0 ||
         options_has(args, "out")))
        return ro_why(why, RO_USAGE, "--again stands alone, with --dir");
    RO_TRY(cmd_authority_open_draft(args, why, &authority));
    if (again != NULL) {
        RO_TRY(authority_give_again(authority, again, why));
        ro_buf_printf(&out->text, "The seat finds the circle's key in its "
                                  "mailbox at its next sync.\n");
        show_rotation(args, authority, TELL_PEOPLE, out);
        return RO_OK;
    }
    RO_TRY(authority_revoke(authority, &named->revoking, why));
    doc_count(output_json(out), "members", named->revoking.n_members);
    doc_count(output_json(out), "seats", named->revoking.n_seats);
    show_seatless(out, authority_seatless(authority));
    if (options_has(args, "out"))
        return cmd_authority_write(args, authority, out, why);
    RO_TRY(show_invited(authority, TELL_PEOPLE, out));
    show_rotation(args, authority, TELL_PEOPLE, out);
    return RO_OK;
}

/* --- mend ---------------------------------------------------------------- */

const struct cli_option cmd_cosign_mend_options[] = {DIR_ROW, INPUT_WAIT_ROW,
                                                     CLI_OPTIONS_END};

enum ro_status
cmd_cosign_mend(const struct cli_args *args,
                struct cli_output *out,
                struct ro_why *why)
{
    RO_CLEANUP(authority_freep) struct authority *authority = NULL;
    size_t sent = 0;
    RO_TRY(cmd_authority_open(args, why, &authority));
    RO_TRY(authority_mend(authority, why, &sent));
    json_t *json = output_json(out);
    doc_count(json, "sent", sent);
    doc_count(json, "size", authority_log_size(authority));
    if (sent == 0) {
        ro_buf_printf(&out->text, "The broker lacks nothing.\n");
        return RO_OK;
    }
    show_count(&out->text, sent, "record");
    ro_buf_printf(&out->text,
                  " given back; the directory has all %llu again.\n",
                  (unsigned long long)authority_log_size(authority));
    return RO_OK;
}

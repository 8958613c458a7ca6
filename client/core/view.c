/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/view.h"

#include "client/core/epoch.h"
#include "client/core/mirror.h"
#include "client/core/opening.h"
#include "client/core/outbox.h"
#include "client/core/reach.h"
#include "client/core/verifying.h"
#include "common/wire/rules.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- names and distances ------------------------------------------------- */

/* Half of what a job may take is for what others wrote. */
#define CROWDED ((size_t)128 * 1024 * 1024)

bool
view_is_crowded(const struct viewing *viewing)
{
    return ro_arena_used(viewing->arena) > CROWDED;
}

const char view_unreadable[] =
    "there is too much in it to be shown here; close other programs and try "
    "again, or ring them";

const char view_early[] =
    "a message of a conversation whose beginning is not here; if it began "
    "before this seat, ask for a new one";

const char *
view_name(const struct viewing *viewing, const struct ro_member_id *member)
{
    const struct ro_member_view *found =
        ro_directory_member(viewing->engine->directory, member);
    const char *name = found == NULL ? "somebody" : found->name;
    const char *copy = ro_arena_text(viewing->arena, name);
    return copy == NULL ? "" : copy;
}

/* Where we are: our own school, or the school that a coordinator is of. */
static const struct ro_listing_view *
home(const struct engine *engine)
{
    const struct ro_member_view *self = engine_member(engine);
    if (self == NULL)
        return NULL;
    return ro_directory_listing(engine->directory,
                                self->urn != 0 ? self->urn : self->home_urn);
}

double
view_km(const struct engine *engine, uint32_t urn)
{
    const struct ro_listing_view *here = home(engine);
    const struct ro_listing_view *there =
        ro_directory_listing(engine->directory, urn);
    if (here == NULL || there == NULL || here->position != RO_POSITION_KNOWN ||
        there->position != RO_POSITION_KNOWN)
        return -1;
    double dx = (double)here->easting - (double)there->easting;
    double dy = (double)here->northing - (double)there->northing;
    return sqrt(dx * dx + dy * dy) / 1000;
}

/* "fd4d281a  Bargemaster Primary School"; where a name would tell nothing, all
 * of the id. */
static const char *
view_choice(const struct viewing *viewing,
            const struct find_choices *choices,
            size_t i)
{
    char line[RO_ID_HEX + RO_NAME_LIMIT + 3];
    const struct ro_member_id *with = &choices->with[i];
    if (ro_member_id_is_zero(with))
        return ro_arena_text(viewing->arena, choices->hex[i]);
    (void)snprintf(line, sizeof(line), "%.8s  %s", choices->hex[i],
                   view_name(viewing, with));
    return ro_arena_text(viewing->arena, line);
}

enum ro_status
view_choices(const struct viewing *viewing, const struct find_choices *choices)
{
    const char **list =
        ro_arena_zero(viewing->arena, (choices->n + 1) * sizeof(*list));
    if (list == NULL)
        return RO_NO_MEMORY;
    for (size_t i = 0; i < choices->n; i++) {
        list[i] = view_choice(viewing, choices, i);
        if (list[i] == NULL)
            return RO_NO_MEMORY;
    }
    viewing->result->choices = list;
    viewing->result->n_choices = choices->n;
    return RO_OK;
}

/* --- what a message says ------------------------------------------------- */

static void
said_by_ask(const Reachout__Ask *ask, struct view_said *said)
{
    said->text = ask->text;
    said->holder = ask->holder;
    said->topic = ask->topic;
    said->urgency = ask->urgency;
    said->mode = ask->mode;
    said->within_km = ask->within_km;
    if (ask->has_half_days)
        said->days = ask->half_days / 2.0;
}

static void
read_said(const Reachout__Content *content, struct view_said *said)
{
    if (content->ask != NULL)
        said_by_ask(content->ask, said);
    if (content->answer != NULL) {
        said->text = content->answer->text;
        said->holder = content->answer->holder;
        if (content->answer->has_half_days)
            said->days = content->answer->half_days / 2.0;
    }
    if (content->say != NULL) {
        said->text = content->say->text;
        said->holder = content->say->holder;
    }
    if (content->introduced != NULL) {
        said->text = content->introduced->text;
        said->holder = content->introduced->holder;
    }
    if (content->not_chosen != NULL)
        said->text = content->not_chosen->text;
    if (content->state_note != NULL)
        said->text = content->state_note->state;
    if (content->close != NULL) {
        said->text = content->close->text;
        said->outcome = content->close->outcome;
    }
}

static enum ro_status
keep_text(const struct viewing *viewing, const char **text)
{
    if (*text == NULL) {
        *text = "";
    } else {
        *text = ro_arena_text(viewing->arena, *text);
    }
    return *text == NULL ? RO_NO_MEMORY : RO_OK;
}

enum ro_status
view_said(const struct viewing *viewing,
          const struct message *message,
          struct view_said *ret_said)
{
    struct view_said said = {.days = -1};
    Reachout__Content *content;
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(0, 0);
    if (arena == NULL)
        return RO_NO_MEMORY;
    RO_TRY(story_content(message, arena, &content));
    read_said(content, &said);
    RO_TRY(keep_text(viewing, &said.text));
    RO_TRY(keep_text(viewing, &said.holder));
    RO_TRY(keep_text(viewing, &said.topic));
    RO_TRY(keep_text(viewing, &said.urgency));
    RO_TRY(keep_text(viewing, &said.mode));
    if (said.outcome != NULL)
        RO_TRY(keep_text(viewing, &said.outcome));
    *ret_said = said;
    return RO_OK;
}

/* --- ourselves ----------------------------------------------------------- */

/* Before admission our name and role are what the invitation says. */
static enum ro_status
view_invited(const struct viewing *viewing, struct ro_self *self)
{
    struct engine *engine = viewing->engine;
    Reachout__Ticket *ticket;
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(0, 0);
    if (arena == NULL)
        return RO_NO_MEMORY;
    RO_TRY(ro_ticket_open(ro_buf_view(&engine->keyring->ticket),
                          &engine->keyring->root, 0, arena, &ticket));
    const struct ro_listing_view *listing =
        ro_directory_listing(engine->directory, ticket->urn);
    const char *name = listing != NULL ? listing->name : ticket->name;
    self->name = ro_arena_text(viewing->arena, name == NULL ? "" : name);
    self->role = opening_role_name(ticket->role);
    return self->name == NULL ? RO_NO_MEMORY : RO_OK;
}

/* What a sync would say again. */
static enum ro_status
view_trouble(const struct viewing *viewing, struct ro_self *self)
{
    struct engine *engine = viewing->engine;
    struct ro_why alarm = engine->reach.alarm;
    self->removed_at_s = engine->reach.removed_at_s;
    if (self->removed_at_s != 0)
        self->enrolment = RO_ENROL_REMOVED;
    enum ro_status s = mirror_stands(engine, &alarm);
    if (s != RO_VAULT_SET_BACK)
        RO_TRY(s);
    if (alarm.text[0] == '\0')
        return RO_OK;
    self->alarm = ro_arena_text(viewing->arena, alarm.text);
    return self->alarm == NULL ? RO_NO_MEMORY : RO_OK;
}

static enum ro_status
add_members(const struct ro_buf *ids, struct recipients *held)
{
    for (size_t at = 0; at < ids->size; at += RO_ID_SIZE) {
        struct ro_member_id id;
        memcpy(id.b, ids->data + at, RO_ID_SIZE);
        RO_TRY(recipients_add(held, &id));
    }
    return RO_OK;
}

enum ro_status
view_held(const struct viewing *viewing)
{
    RO_AUTOBUF rows = {0};
    RO_AUTORECIPIENTS held = {0};
    struct vault *vault = viewing->engine->vault;
    RO_TRY(outgoing_waiting(vault, &rows));
    for (size_t at = 0; at < rows.size; at += RO_ID_SIZE) {
        struct row_id row;
        RO_AUTOOUTGOING outgoing = {0};
        memcpy(row.b, rows.data + at, RO_ID_SIZE);
        RO_TRY(outgoing_get(vault, &row, &outgoing));
        RO_TRY(add_members(&outgoing.members, &held));
    }
    return view_left_out(viewing, &held);
}

enum ro_status
view_self(const struct viewing *viewing)
{
    struct engine *engine = viewing->engine;
    const struct keyring *keyring = engine->keyring;
    struct ro_self *self = &viewing->result->self;
    const struct ro_seat_view *seat =
        ro_directory_seat(engine->directory, &keyring->seat);
    const struct ro_member_view *member = engine_member(engine);
    self->member = keyring->member_id;
    self->seat = keyring->seat;
    self->enrolment = keyring->enrolment;
    RO_TRY(view_trouble(viewing, self));
    if (member != NULL && seat != NULL) {
        self->name = view_name(viewing, &member->id);
        self->role = opening_role_name(seat->role);
    } else {
        RO_TRY(view_invited(viewing, self));
    }
    self->circle = ro_arena_text(viewing->arena, keyring->circle_name);
    if (self->circle == NULL)
        return RO_NO_MEMORY;
    keyring_words(keyring, self->words);
    self->broker = engine->reach.state;
    self->reached_at_s = engine->reach.reached_at_s;
    self->directory_size = ro_directory_size(engine->directory);
    RO_TRY(ro_directory_head(engine->directory, self->directory_size,
                             &self->directory_head));
    self->checkpoint_age_s = reach_checkpoint_age_s(engine);
    self->epoch_keys_ahead = epoch_days_ahead(engine);
    RO_TRY(view_held(viewing));
    RO_TRY(outgoing_kept(engine->vault, &self->outbox));
    return message_unread(engine->vault, &self->inbox_unread);
}

/* --- members ------------------------------------------------------------- */

static const char *
kind_name(Reachout__MemberKind kind)
{
    static const char *const names[] = {
        [REACHOUT__MEMBER_KIND__MEMBER_NONE] = "none",
        [REACHOUT__MEMBER_KIND__SCHOOL] = "school",
        [REACHOUT__MEMBER_KIND__COORDINATORS] = "coordinators",
        [REACHOUT__MEMBER_KIND__SOURCE] = "source",
        [REACHOUT__MEMBER_KIND__TRUST] = "trust",
        [REACHOUT__MEMBER_KIND__LA] = "la",
    };
    return (size_t)kind < RO_LEN(names) ? names[kind] : "none";
}

static bool
is_wanted(const struct viewing *viewing,
          const struct ro_members_query *query,
          const struct ro_circle_conf *conf,
          const struct ro_member *member)
{
    const struct ro_listing_view *listing =
        ro_directory_listing(viewing->engine->directory, member->urn);
    if (query->search != NULL &&
        strcasestr(member->name, query->search) == NULL)
        return false;
    if (query->phase != NULL && strcasecmp(member->phase, query->phase) != 0)
        return false;
    if (query->near_km >= 0 && (member->km < 0 || member->km > query->near_km))
        return false;
    if (query->group == NULL)
        return true;
    if (listing == NULL)
        return false;
    const struct ro_listing_facts facts = {listing->urn, listing->phase,
                                           listing->type, listing->la_code,
                                           listing->trust};
    return ro_circle_conf_in_group(conf, query->group, &facts);
}

static int
by_distance(const void *a, const void *b)
{
    const struct ro_member *x = a;
    const struct ro_member *y = b;
    if ((x->km < 0) != (y->km < 0))
        return x->km < 0 ? 1 : -1;
    if (x->km < y->km || x->km > y->km)
        return x->km < y->km ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* A list of members being made. */
struct listing {
    const struct viewing *viewing;
    const struct ro_members_query *query;
    const struct ro_circle_conf *conf;
    struct ro_member *at;
    size_t n;
};

static enum ro_status
list_one(struct listing *listing, const struct ro_member *member)
{
    struct ro_member copy = *member;
    if (!is_wanted(listing->viewing, listing->query, listing->conf, member))
        return RO_OK;
    copy.name = ro_arena_text(listing->viewing->arena, member->name);
    copy.phase = ro_arena_text(listing->viewing->arena, member->phase);
    if (copy.name == NULL || copy.phase == NULL)
        return RO_NO_MEMORY;
    listing->at[listing->n++] = copy;
    return RO_OK;
}

enum ro_status
view_verified(const struct viewing *viewing,
              const struct ro_member_view *member,
              struct ro_member *one)
{
    struct ro_why doubt = {""};
    RO_TRY(verifying_look(viewing->engine, member, &one->verified, &doubt));
    if (doubt.text[0] == '\0')
        return RO_OK;
    one->doubt = ro_arena_text(viewing->arena, doubt.text);
    return one->doubt == NULL ? RO_NO_MEMORY : RO_OK;
}

static enum ro_status
list_members(struct listing *listing)
{
    const struct engine *engine = listing->viewing->engine;
    const struct ro_member_view *member;
    for (size_t i = 0;
         (member = ro_directory_nth_member(engine->directory, i)) != NULL;
         i++) {
        const struct ro_listing_view *row =
            ro_directory_listing(engine->directory, member->urn);
        struct ro_member one = {
            .id = member->id,
            .urn = member->urn,
            .name = member->name,
            .phase = row == NULL ? "" : row->phase,
            .km = view_km(engine, member->urn),
            .kind = kind_name(member->kind),
            .live = member->n_live,
        };
        if (member->standing != RO_MEMBER_LIVE)
            continue;
        RO_TRY(view_verified(listing->viewing, member, &one));
        RO_TRY(list_one(listing, &one));
    }
    return RO_OK;
}

static enum ro_status
list_listings(struct listing *listing)
{
    const struct engine *engine = listing->viewing->engine;
    const struct ro_listing_view *row;
    for (size_t i = 0;
         (row = ro_directory_nth_listing(engine->directory, i)) != NULL; i++) {
        const struct ro_member one = {
            .urn = row->urn,
            .name = row->name,
            .phase = row->phase,
            .km = view_km(engine, row->urn),
            .kind = "listing",
        };
        if (ro_directory_member_by_urn(engine->directory, row->urn) == NULL)
            RO_TRY(list_one(listing, &one));
    }
    return RO_OK;
}

enum ro_status
view_members(const struct viewing *viewing,
             const struct ro_members_query *query)
{
    const struct ro_directory *directory = viewing->engine->directory;
    struct listing listing = {.viewing = viewing, .query = query};
    size_t room = 1;
    RO_TRY(engine_conf(viewing->engine, viewing->why, &listing.conf));
    if (query->group != NULL &&
        ro_circle_conf_find_group(listing.conf, query->group, viewing->why) !=
            RO_OK)
        return RO_BAD_INPUT;
    for (size_t i = 0; ro_directory_nth_member(directory, i) != NULL; i++)
        room++;
    for (size_t i = 0; ro_directory_nth_listing(directory, i) != NULL; i++)
        room++;
    listing.at = ro_arena_zero(viewing->arena, room * sizeof(*listing.at));
    if (listing.at == NULL)
        return RO_NO_MEMORY;
    RO_TRY(list_members(&listing));
    if (query->what == RO_MEMBERS_AND_LISTINGS)
        RO_TRY(list_listings(&listing));
    qsort(listing.at, listing.n, sizeof(*listing.at), by_distance);
    viewing->result->members = listing.at;
    viewing->result->n_members = listing.n;
    return RO_OK;
}

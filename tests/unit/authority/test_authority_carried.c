/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that come as files: taken once, and what a file can lie about. */
#include "tests/unit/authority/test_authority_support.h"

#include "client/authority/envelope.h"
#include "client/authority/log.h"
#include "client/authority/petition.h"
#include "common/wire/armour.h"
#include "common/wire/codec.h"
#include "tests/support/tap.h"

/* A circle, one who asks, and the file that they wrote. */
struct scene {
    struct circle circle;
    struct joiner joiner;
    Reachout__Enrol__Ask ask;
    char path[200];
    struct ro_why why;
    struct authority_taken taken;
};

static void
write_file(struct scene *scene)
{
    RO_AUTOBUF bytes = {0};
    NEED(ro_pack(&scene->ask.base, &bytes) == RO_OK);
    NEED(ro_armour_write(scene->path, RO_ENROL_FILE, ro_buf_view(&bytes),
                         RO_FILE_SECRET, NULL) == RO_OK);
}

static void
scene_make(struct scene *scene)
{
    const struct joining joining = {.urn = 900001};
    *scene = (struct scene){.ask = REACHOUT__ENROL__ASK__INIT};
    circle_make(&scene->circle);
    joiner_make(&scene->circle, &joining, &scene->joiner);
    Reachout__Enrol__Ask *ask = &scene->ask;
    ask->has_ticket = ask->has_body = ask->has_wrap = true;
    ask->has_mailbox_key = ask->has_generation = ask->has_expiry_hour = true;
    ask->ticket = ro_as_field(ro_buf_view(&scene->joiner.ticket));
    ask->body = ro_as_field(ro_buf_view(&scene->joiner.body));
    ask->wrap = ro_as_field(ro_buf_view(&scene->joiner.wrap));
    ask->mailbox_key = ro_as_field((struct ro_bytes){
        ro_keypair_public(scene->joiner.signing)->b, RO_KEY_SIZE});
    ask->generation = scene->joiner.envelope.generation;
    ask->expiry_hour = scene->joiner.envelope.expiry_hour;
    (void)snprintf(scene->path, sizeof(scene->path), "%s",
                   circle_path(&scene->circle, "lead.ask"));
    write_file(scene);
}

static void
scene_fini(struct scene *scene)
{
    joiner_fini(&scene->joiner);
    circle_fini(&scene->circle);
}

static enum ro_status
take(struct scene *scene)
{
    scene->why.text[0] = '\0';
    enum ro_status s = authority_take_file(scene->circle.authority, scene->path,
                                           &scene->why, &scene->taken);
    if (s != RO_OK)
        printf("# %s: %s\n", ro_status_name(s), scene->why.text);
    return s;
}

static void
test_taken_once(void)
{
    struct scene scene;
    scene_make(&scene);
    tap_is(take(&scene), RO_OK);
    tap_ok(scene.taken.as == AUTHORITY_TAKEN_IN);
    tap_is(take(&scene), RO_OK);
    tap_ok(scene.taken.as == AUTHORITY_WAITS_ALREADY);
    circle_reopen(&scene.circle);
    tap_need(scene.circle.authority->n_petitions == 1);
    tap_is(take(&scene), RO_OK);
    tap_ok(scene.taken.as == AUTHORITY_WAITS_ALREADY);
    scene.circle.authority->petitions[0]->standing = AUTHORITY_REFUSED;
    tap_is(take(&scene), RO_OK);
    tap_ok(scene.taken.as == AUTHORITY_REFUSED_ALREADY);
    tap_is(authority_envelope_take(scene.circle.authority,
                                   &scene.joiner.envelope, &scene.why, NULL),
           RO_OK);
    tap_say(scene.circle.authority->n_petitions == 1,
            "by file and from the broker it is one request");
    scene_fini(&scene);
}

static void
test_another_ticket_beside(void)
{
    struct scene scene;
    struct joiner other;
    const struct joining joining = {.urn = 900012};
    scene_make(&scene);
    joiner_make(&scene.circle, &joining, &other);
    scene.ask.ticket = ro_as_field(ro_buf_view(&other.ticket));
    write_file(&scene);
    tap_is(take(&scene), RO_BAD_INPUT);
    tap_ok(strstr(scene.why.text, "beside it") != NULL);
    scene.ask.ticket = ro_as_field(ro_buf_view(&scene.joiner.ticket));
    scene.ask.mailbox_key = ro_as_field(
        (struct ro_bytes){ro_keypair_public(other.signing)->b, RO_KEY_SIZE});
    write_file(&scene);
    tap_is(take(&scene), RO_BAD_INPUT);
    tap_ok(strstr(scene.why.text, "beside it") != NULL);
    tap_ok(scene.circle.authority->n_petitions == 0);
    joiner_fini(&other);
    scene_fini(&scene);
}

/* What the broker delivers was used while its ticket was good. What a file
 * says of that nobody has seen. */
static void
test_the_clock_is_ours(void)
{
    struct scene scene;
    scene_make(&scene);
    scene.circle.clock.wall_s += (int64_t)366 * 86400;
    tap_is(take(&scene), RO_TICKET_EXPIRED);
    tap_ok(strstr(scene.why.text, "has expired") != NULL);
    tap_is(authority_envelope_take(scene.circle.authority,
                                   &scene.joiner.envelope, &scene.why, NULL),
           RO_OK);
    scene_fini(&scene);
}

static void
test_fields_left_out(void)
{
    struct scene scene;
    scene_make(&scene);
    int *fields[] = {&scene.ask.has_ticket,     &scene.ask.has_body,
                     &scene.ask.has_wrap,       &scene.ask.has_mailbox_key,
                     &scene.ask.has_generation, &scene.ask.has_expiry_hour};
    for (size_t i = 0; i < RO_LEN(fields); i++) {
        *fields[i] = 0;
        write_file(&scene);
        tap_is(take(&scene), RO_BAD_INPUT);
        tap_ok(strstr(scene.why.text, scene.path) != NULL);
        *fields[i] = 1;
    }
    tap_ok(scene.circle.authority->n_petitions == 0);
    scene_fini(&scene);
}

static void
test_another_circle(void)
{
    struct scene scene;
    struct joiner other;
    const struct joining joining = {.urn = 900001,
                                    .forgery = FORGE_TICKET_CIRCLE};
    scene_make(&scene);
    joiner_make(&scene.circle, &joining, &other);
    scene.ask.ticket = ro_as_field(ro_buf_view(&other.ticket));
    write_file(&scene);
    tap_is(take(&scene), RO_BAD_INPUT);
    tap_ok(strstr(scene.why.text, "another circle") != NULL);
    joiner_fini(&other);
    scene_fini(&scene);
}

/* Admitted in a folder that is apart, published by somebody else. */
static void
test_settled_by_the_directory(void)
{
    static const uint32_t urns[] = {900001};
    struct scene scene;
    scene_make(&scene);
    circle_charter(&scene.circle);
    circle_list(&scene.circle, urns, 1);
    circle_keep(&scene.circle);
    memset(&scene.circle.authority->state.broker, 0,
           sizeof(scene.circle.authority->state.broker));
    NEED(authority_state_save(scene.circle.dir, &scene.circle.authority->state,
                              NULL) == RO_OK);
    circle_reopen(&scene.circle);
    struct authority *authority = scene.circle.authority;
    tap_need(authority_is_apart(authority));
    tap_is(take(&scene), RO_OK);
    tap_is(circle_admit(authority, &scene.taken.id, &scene.why), RO_REFUSED);
    tap_ok(strstr(scene.why.text, "--out") != NULL);
    NEED(authority_draft(authority, circle_path(&scene.circle, "out"),
                         &scene.why) == RO_OK);
    tap_is(circle_admit(authority, &scene.taken.id, &scene.why), RO_OK);
    RO_CLEANUP(authority_requests_fini) struct authority_requests list = {0};
    tap_is(authority_receive(authority, &scene.why, &list), RO_OK);
    tap_need(list.n == 1);
    tap_ok(list.list[0].decision == AUTHORITY_TO_ADMIT);
    /* the draft counts as published in this process */
    tap_is(authority_petitions_settle(authority, &scene.why), RO_OK);
    tap_ok(authority->petitions[0]->standing == AUTHORITY_ADMITTED);
    scene_fini(&scene);
}

int
main(void)
{
    tap_need(ro_crypto_init() == RO_OK);
    tap_run(test_taken_once);
    tap_run(test_another_ticket_beside);
    tap_run(test_the_clock_is_ours);
    tap_run(test_fields_left_out);
    tap_run(test_another_circle);
    tap_run(test_settled_by_the_directory);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* How a profile is made from an invitation, once. */
#include "tests/unit/client/pair.h"

#include <poll.h>
#include <time.h>

#include "common/wire/armour.h"

#define PATIENCE_MS 20000

static struct pair *pair;

static void
open_circle(void)
{
    pair = pair_new_at((int64_t)time(NULL), NULL);
}

static void
close_circle(void)
{
    pair_free(pair);
}

/* --- results ---------------------------------------------------------------
 */

struct got {
    int n;
    enum ro_status status;
    char state[16];
};

static void
take(void *user, const struct ro_result *result)
{
    struct got *got = user;
    got->n++;
    got->status = result->status;
    snprintf(got->state, sizeof(got->state), "%s", result->state);
}

/* Asks to be admitted, and waits for what comes of it. */
static struct got
join(struct ro_client *client)
{
    struct got got = {0};
    ro_client_join(client, 0, (struct ro_then){take, &got});
    for (int i = 0; i < PATIENCE_MS / 100 && got.n == 0; i++) {
        struct pollfd fd = {.fd = ro_client_fd(client), .events = POLLIN};
        poll(&fd, 1, 100);
        ro_client_dispatch(client);
    }
    return got;
}

/* --- a profile is made ------------------------------------------------------
 */

/* An invitation as a file. */
static void
write_invitation(const char *path, uint32_t i)
{
    RO_AUTOBUF ticket = {0};
    RO_AUTOBUF invitation = {0};
    Reachout__Ticket message;
    struct ro_why why = {""};
    pair_hold(pair);
    test_ticket_init(pair_circle(pair), TEST_FIRST_URN + i, &message);
    message.expires = (uint64_t)time(NULL) + 86400;
    test_sign_ticket(pair_circle(pair), &message, &ticket);
    test_circle_invitation(pair_circle(pair), ro_buf_view(&ticket),
                           &invitation);
    test_must(ro_armour_write(path, "invitation", ro_buf_view(&invitation),
                              RO_FILE_SECRET, &why));
    pair_go(pair);
}

static enum ro_status
create(const char *name, const char *invitation, struct ro_client **ret_client)
{
    char dir[300];
    char key[300];
    struct ro_why why = {""};
    snprintf(dir, sizeof(dir), "%s/%s", pair->folder, name);
    snprintf(key, sizeof(key), "%s/%s.key", pair->folder, name);
    const struct ro_join_setup setup = {
        .profile = dir, .invitation = invitation, .key_file = key};
    enum ro_status s = ro_client_create(&setup, &why, ret_client);
    if (s != RO_OK)
        printf("# %s: %s\n", ro_status_name(s), why.text);
    return s;
}

static void
test_making_a_profile(void)
{
    char first[300];
    char other[300];
    struct ro_client *client = NULL;
    open_circle();
    snprintf(first, sizeof(first), "%s/first.inv", pair->folder);
    snprintf(other, sizeof(other), "%s/other.inv", pair->folder);
    write_invitation(first, 7);
    write_invitation(other, 8);
    tap_is(create("new", first, &client), RO_OK);
    const struct got got = join(client);
    tap_need(got.n == 1);
    tap_is(got.status, RO_OK);
    tap_ok(strcmp(got.state, "requested") == 0);
    ro_client_free(client);
    client = NULL;
    tap_say(create("new", first, &client) == RO_OK, "the same one is opened");
    ro_client_freep(&client);
    tap_is(create("new", other, &client), RO_TAKEN);
    tap_is(create("none", "/nonexistent", &client), RO_NOT_FOUND);
    close_circle();
}

/* Killed between making the vault and writing the first row: the next join
 * goes on as if there had been none. */
static void
test_a_profile_that_was_begun(void)
{
    char path[300];
    char dir[300];
    char key[300];
    struct ro_why why = {""};
    struct vault *vault = NULL;
    struct ro_client *client = NULL;
    const struct ro_entropy entropy = ro_entropy_system();
    open_circle();
    snprintf(path, sizeof(path), "%s/first.inv", pair->folder);
    snprintf(dir, sizeof(dir), "%s/new", pair->folder);
    snprintf(key, sizeof(key), "%s/new.key", pair->folder);
    write_invitation(path, 7);
    test_must(vault_create(dir, key, &entropy, &why, &vault));
    vault_free(vault);
    tap_is(create("new", path, &client), RO_OK);
    ro_client_freep(&client);
    tap_is(create("new", path, &client), RO_OK);
    ro_client_freep(&client);
    close_circle();
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_making_a_profile);
    tap_run(test_a_profile_that_was_begun);
    return tap_done();
}

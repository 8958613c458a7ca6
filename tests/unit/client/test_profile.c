/* SPDX-License-Identifier: Apache-2.0 */
/* How a profile is made from an invitation, once. */
#include "tests/unit/client/pair.h"

#include <poll.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/base/file.h"
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
    test_must(vault_create(dir, &(struct vault_key){.file = key}, &entropy,
                           &why, &vault));
    vault_free(vault);
    tap_is(create("new", path, &client), RO_OK);
    ro_client_freep(&client);
    tap_is(create("new", path, &client), RO_OK);
    ro_client_freep(&client);
    close_circle();
}

/* --- an invitation that is no good -------------------------------------------
 */

static const char *
in_folder(const char *name)
{
    static char paths[16][300];
    static size_t next;
    char *path = paths[next++ % RO_LEN(paths)];
    snprintf(path, sizeof(paths[0]), "%s/%s", pair->folder, name);
    return path;
}

/* Somebody else was faster with it: the folder is good for the next one. */
static void
test_a_used_invitation(void)
{
    struct ro_client *client = NULL;
    open_circle();
    const char *first = in_folder("first.inv");
    const char *second = in_folder("second.inv");
    write_invitation(first, 7);
    write_invitation(second, 8);
    tap_is(create("thief", first, &client), RO_OK);
    tap_is(join(client).status, RO_OK);
    ro_client_freep(&client);
    tap_is(create("new", first, &client), RO_OK);
    tap_is(join(client).status, RO_TICKET_USED);
    ro_client_freep(&client);
    tap_say(create("new", in_folder("none.inv"), &client) == RO_NOT_FOUND,
            "what is no invitation changes nothing");
    tap_is(create("new", second, &client), RO_OK);
    const struct got got = join(client);
    tap_is(got.status, RO_OK);
    tap_ok(strcmp(got.state, "requested") == 0);
    ro_client_freep(&client);
    tap_say(create("new", first, &client) == RO_TAKEN,
            "which it has now for good");
    close_circle();
}

/* What a profile's enrolment came to, written as the authority's answer
 * would. */
static void
set_enrolment(const char *name, enum ro_enrolment enrolment)
{
    struct ro_why why = {""};
    const struct ro_entropy entropy = ro_entropy_system();
    RO_CLEANUP(vault_freep) struct vault *vault = NULL;
    RO_CLEANUP(keyring_freep) struct keyring *keyring = NULL;
    test_must(vault_open(in_folder(name), NULL, &entropy, &why, &vault));
    test_must(keyring_load(vault, &keyring));
    keyring->enrolment = enrolment;
    const struct vault_place stale = {
        VAULT_RECORD, ro_bytes_text("of another circle"), {0}};
    test_must(vault_begin(vault));
    test_must(vault_put(vault, &stale, ro_bytes_text("no record")));
    test_must(vault_end(vault, keyring_save(keyring, vault)));
}

/* The authority said no: a new invitation makes it anew, whatever was there. */
static void
test_refused_and_invited_again(void)
{
    struct ro_client *client = NULL;
    open_circle();
    const char *first = in_folder("first.inv");
    const char *second = in_folder("second.inv");
    write_invitation(first, 7);
    write_invitation(second, 8);
    tap_is(create("new", first, &client), RO_OK);
    ro_client_freep(&client);
    set_enrolment("new", RO_ENROL_ADMITTED);
    tap_is(create("new", second, &client), RO_TAKEN);
    set_enrolment("new", RO_ENROL_REFUSED);
    tap_is(create("new", second, &client), RO_OK);
    tap_is(join(client).status, RO_OK);
    ro_client_freep(&client);
    close_circle();
}

/* --- where it goes -----------------------------------------------------------
 */

static void
test_a_folder_of_somebody_else(void)
{
    struct ro_client *client = NULL;
    struct ro_why why = {""};
    open_circle();
    const char *invitation = in_folder("first.inv");
    write_invitation(invitation, 7);
    tap_need(mkdir(in_folder("new"), 0700) == 0);
    test_must(ro_file_write(in_folder("new/letter.txt"), ro_bytes_text("Dear"),
                            RO_FILE_PUBLIC, &why));
    tap_is(create("new", invitation, &client), RO_TAKEN);
    tap_say(access(in_folder("new/lock"), F_OK) != 0, "nothing is put there");
    tap_need(unlink(in_folder("new/letter.txt")) == 0);
    tap_say(create("new", invitation, &client) == RO_OK,
            "an empty one will do");
    ro_client_freep(&client);
    close_circle();
}

/* The key may lie in the folder, also when the first join did not get far. */
static void
test_a_key_in_the_folder(void)
{
    struct ro_client *client = NULL;
    struct ro_why why = {""};
    const uint8_t key[32] = {1};
    open_circle();
    const char *invitation = in_folder("first.inv");
    write_invitation(invitation, 7);
    tap_need(mkdir(in_folder("new"), 0700) == 0);
    test_must(ro_armour_write(in_folder("new/key"), "key",
                              (struct ro_bytes){key, sizeof(key)},
                              RO_FILE_SECRET, &why));
    const struct ro_join_setup setup = {.profile = in_folder("new"),
                                        .invitation = invitation,
                                        .key_file = in_folder("new/key")};
    tap_say(ro_client_create(&setup, &why, &client) == RO_OK, why.text);
    ro_client_freep(&client);
    close_circle();
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_making_a_profile);
    tap_run(test_a_profile_that_was_begun);
    tap_run(test_a_used_invitation);
    tap_run(test_refused_and_invited_again);
    tap_run(test_a_folder_of_somebody_else);
    tap_run(test_a_key_in_the_folder);
    return tap_done();
}

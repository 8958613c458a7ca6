/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/init.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "common/base/file.h"
#include "common/wire/armour.h"
#include "common/wire/codec.h"
#include "daemon/config.h"
#include "daemon/free_ports.h"
#include "daemon/keys.h"
#include "daemon/store/store.h"

#define CONFIG_NAME "reachoutd.conf"
#define PUBLIC_NAME "broker.pub"
#define COPY_LIMIT ((size_t)128 << 10)

/* Everything that makes the new broker. */
struct plan {
    const struct options *options;
    char *dir; /* absolute */
    char *config_path;
    char *public_path;
    struct ro_buf config_text;
    struct config *config;
    struct ro_keypair *curve;
    struct ro_keypair *signing;
};

static void
plan_fini(struct plan *plan)
{
    free(plan->dir);
    free(plan->config_path);
    free(plan->public_path);
    ro_buf_fini(&plan->config_text);
    config_free(plan->config);
    ro_keypair_free(plan->curve);
    ro_keypair_free(plan->signing);
}

/* --- before anything is written ------------------------------------------ */

/* The endpoints of init are those that clients connect to. */
static enum ro_status
check_endpoint(const char *endpoint, struct ro_why *why)
{
    if (endpoint == NULL || strncmp(endpoint, "tcp://*:", 8) != 0)
        return RO_OK;
    return ro_why(why, RO_USAGE,
                  "%s: clients cannot connect to *; give the name or address "
                  "of this machine here, and put * into reachoutd.conf "
                  "afterwards",
                  endpoint);
}

static enum ro_status
check_given(const struct options *options, struct ro_why *why)
{
    struct ro_root root;
    struct broker_door door;
    RO_TRY(check_endpoint(options->member, why));
    RO_TRY(check_endpoint(options->open, why));
    RO_TRY(keys_read_authority(options->authority, why, &root));
    enum ro_status s = keys_read_door(options->door_key, &root, why, &door);
    ro_wipe(&door, sizeof(door));
    return s;
}

static enum ro_status
check_empty(const char *path, struct ro_why *why)
{
    RO_CLEANUP(ro_folder_close) DIR *folder = opendir(path);
    if (folder == NULL)
        return ro_why(why, RO_IO_FAILED, "%s: %s", path, strerror(errno));
    for (const struct dirent *entry = readdir(folder); entry != NULL;
         entry = readdir(folder)) {
        if (strcmp(entry->d_name, ".") != 0 &&
            strcmp(entry->d_name, "..") != 0) {
            return ro_why(why, RO_REFUSED,
                          "%s: not empty, and init only makes new brokers; "
                          "name an empty folder or one that is not there",
                          path);
        }
    }
    return RO_OK;
}

static enum ro_status
make_folder(struct plan *plan, struct ro_why *why)
{
    const char *dir = plan->options->dir;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return ro_why(why, RO_IO_FAILED, "%s: %s", dir, strerror(errno));
    RO_TRY(check_empty(dir, why));
    plan->dir = realpath(dir, NULL);
    if (plan->dir == NULL)
        return ro_why(why, RO_IO_FAILED, "%s: %s", dir, strerror(errno));
    if (asprintf(&plan->config_path, "%s/" CONFIG_NAME, plan->dir) < 0)
        plan->config_path = NULL;
    if (asprintf(&plan->public_path, "%s/" PUBLIC_NAME, plan->dir) < 0)
        plan->public_path = NULL;
    if (plan->config_path == NULL || plan->public_path == NULL)
        return ro_why(why, RO_NO_MEMORY, "no memory");
    return RO_OK;
}

/* Writes the configuration in memory and reads it back: so the paths are the
 * ones that it names. */
static enum ro_status
make_config(struct plan *plan,
            const char *member,
            const char *open,
            struct ro_why *why)
{
    RO_TRY(config_init_text(plan->dir, member, open, why, &plan->config_text));
    RO_AUTOBUF errors = {0};
    enum ro_status s =
        config_parse(plan->config_path, ro_buf_view(&plan->config_text),
                     &errors, &plan->config);
    if (s != RO_OK) {
        return ro_why(why, s, "%.*s", (int)errors.size,
                      errors.data == NULL ? "" : (const char *)errors.data);
    }
    return RO_OK;
}

static enum ro_status
choose(struct plan *plan, struct ro_why *why)
{
    struct ro_entropy entropy = ro_entropy_system();
    const struct options *options = plan->options;
    struct free_ports ports = {"", ""};
    if ((options->member == NULL || options->open == NULL) &&
        free_ports_find(&entropy, &ports) != RO_OK)
        return ro_why(why, RO_TAKEN, "no free port on this machine");
    const char *member =
        options->member != NULL ? options->member : ports.member;
    const char *open = options->open != NULL ? options->open : ports.open;
    RO_TRY(make_config(plan, member, open, why));
    plan->curve = ro_keypair_new(&entropy);
    plan->signing = ro_keypair_new(&entropy);
    if (plan->curve == NULL || plan->signing == NULL)
        return ro_why(why, RO_NO_MEMORY, "no memory");
    return RO_OK;
}

/* --- writing ------------------------------------------------------------- */

static enum ro_status
copy_secret(const char *from, const char *to, struct ro_why *why)
{
    RO_AUTOBUF bytes = {0};
    RO_TRY(ro_file_read(from, COPY_LIMIT, why, &bytes));
    enum ro_status s =
        ro_file_write(to, ro_buf_view(&bytes), RO_FILE_SECRET, why);
    ro_wipe(bytes.data, bytes.size);
    return s;
}

static enum ro_status
write_public(struct plan *plan, struct ro_why *why)
{
    const struct ro_key *curve = ro_keypair_x25519(plan->curve);
    const struct ro_key *signing = ro_keypair_public(plan->signing);
    Reachout__Broker broker = REACHOUT__BROKER__INIT;
    broker.member_endpoint = plan->config->member_endpoint;
    broker.open_endpoint = plan->config->open_endpoint;
    broker.has_curve_key = 1;
    broker.curve_key =
        ro_as_field((struct ro_bytes){curve->b, sizeof(curve->b)});
    broker.has_signing_key = 1;
    broker.signing_key =
        ro_as_field((struct ro_bytes){signing->b, sizeof(signing->b)});
    Reachout__BrokerPublic public_keys = REACHOUT__BROKER_PUBLIC__INIT;
    public_keys.broker = &broker;
    RO_AUTOBUF bytes = {0};
    if (ro_pack(&public_keys.base, &bytes) != RO_OK)
        return ro_why(why, RO_NO_MEMORY, "no memory");
    return ro_armour_write(plan->public_path, "broker-public",
                           ro_buf_view(&bytes), RO_FILE_PUBLIC, why);
}

/* The configuration comes last: a folder with one is a whole broker. */
static enum ro_status
write_all(struct plan *plan, struct ro_why *why)
{
    const struct config *config = plan->config;
    assert(config != NULL && plan->config_path != NULL);
    RO_TRY(copy_secret(plan->options->authority, config->authority_file, why));
    RO_TRY(copy_secret(plan->options->door_key, config->door_key_file, why));
    RO_TRY(keys_write_pair(config->curve_key_file, plan->curve, why));
    RO_TRY(keys_write_pair(config->signing_key_file, plan->signing, why));
    RO_CLEANUP(store_freep) struct store *store = NULL;
    RO_TRY(store_open(config->data_dir, why, &store));
    RO_TRY(write_public(plan, why));
    return ro_file_write(plan->config_path, ro_buf_view(&plan->config_text),
                         RO_FILE_PUBLIC, why);
}

/* --- telling ------------------------------------------------------------- */

static void
print_json(const struct plan *plan, const char *curve_hex)
{
    json_t *document = json_pack(
        "{s:i, s:s, s:s, s:s, s:s, s:s}", "schema", 1, "config",
        plan->config_path, "public", plan->public_path, "member_endpoint",
        plan->config->member_endpoint, "open_endpoint",
        plan->config->open_endpoint, "curve_key", curve_hex);
    if (document == NULL)
        return;
    json_dumpf(document, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(document);
}

static void
print_made(const struct plan *plan)
{
    char curve_hex[2 * RO_KEY_SIZE + 1];
    ro_hex(ro_keypair_x25519(plan->curve)->b, RO_KEY_SIZE, curve_hex);
    if (plan->options->output == OPTIONS_JSON) {
        print_json(plan, curve_hex);
        return;
    }
    printf("configuration  %s\n", plan->config_path);
    printf("public keys    %s\n", plan->public_path);
    printf("member door    %s\n", plan->config->member_endpoint);
    printf("open door      %s\n", plan->config->open_endpoint);
    printf("CURVE key      %s\n", curve_hex);
    fprintf(stderr,
            "Next: give %s to the authority (reachout authority charter "
            "--broker), and start\nreachoutd --config %s\n",
            plan->public_path, plan->config_path);
}

enum ro_status
init_run(const struct options *options, struct ro_why *why)
{
    RO_CLEANUP(plan_fini) struct plan plan = {.options = options};
    RO_TRY(check_given(options, why));
    RO_TRY(make_folder(&plan, why));
    RO_TRY(choose(&plan, why));
    RO_TRY(write_all(&plan, why));
    print_made(&plan);
    return RO_OK;
}

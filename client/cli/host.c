/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/host.h"

#include "client/cli/commands.h"
#include "client/cli/evidence.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* A time zone, as it stands in the environment. */
#define ZONE_MAX 256
#define ZONE_NAME "TZ="
#define SLOT_SIZE (sizeof(ZONE_NAME) + ZONE_MAX)

struct host {
    struct serve *serve;
    struct wait_hosting hosting;
    struct wait *lender;
    struct ro_then told;
    char *slot;          /* "TZ=...", the environment's */
    char zone[ZONE_MAX]; /* our own */
    const char *theirs;  /* of the command under way */
};

/* --- time zones ---------------------------------------------------------- */

/* The environment is shared with threads, so it may not be changed while they
 * run; what stands behind "TZ=" is read by tzset() alone, which is called on
 * this thread only. */
static void
set_zone(const struct host *host, const char *zone)
{
    if (strlen(zone) < ZONE_MAX && strcmp(zone, host->slot + 3) != 0) {
        snprintf(host->slot + 3, ZONE_MAX, "%s", zone);
        tzset();
    }
}

/* Without TZ it is the system's. */
static const char *
zone_or_system(const char *zone)
{
    return zone != NULL ? zone : ":/etc/localtime";
}

enum ro_status
host_new(struct host **ret_host)
{
    RO_CLEANUP(host_freep) struct host *host = calloc(1, sizeof(*host));
    if (host == NULL)
        return RO_NO_MEMORY;
    host->slot = calloc(1, SLOT_SIZE);
    if (host->slot == NULL)
        return RO_NO_MEMORY;
    snprintf(host->zone, sizeof(host->zone), "%s",
             zone_or_system(getenv("TZ")));
    snprintf(host->slot, SLOT_SIZE, ZONE_NAME "%s", host->zone);
    if (putenv(host->slot) != 0) {
        free(host->slot);
        return RO_NO_MEMORY;
    }
    *ret_host = RO_STEAL(host);
    return RO_OK;
}

/* --- life ---------------------------------------------------------------- */

void
host_free(struct host *host)
{
    if (host == NULL)
        return;
    if (host->lender != NULL)
        host->lender->hosting = NULL;
    serve_free(host->serve);
    /* the slot stays: it is a part of the environment */
    free(host);
}

void
host_lend(struct host *host, struct wait *wait)
{
    wait->client = host->lender->client;
    wait->signal_fd = host->lender->signal_fd;
    wait->lender = host->lender;
    wait->hosting = &host->hosting;
    wait->patience = WAIT_SILENT;
}

void
host_tell(const struct host *host, const struct ro_result *result)
{
    host->told.fn(host->told.user, result);
}

/* --- one command --------------------------------------------------------- */

/* What was asked, as a command line of ours. */
struct errand {
    struct host *host;
    const struct handing_asking *asking;
    struct cli_args args;
    struct cli_output out;
    struct ro_why why;
    struct ro_buf typed;
    struct ro_buf to_out;
    struct ro_buf to_err;
};

static void
errand_fini(struct errand *errand)
{
    output_fini(&errand->out);
    options_fini(&errand->args);
    ro_buf_fini(&errand->typed);
    ro_buf_fini(&errand->to_out);
    ro_buf_fini(&errand->to_err);
}

static bool
is_for_others(const struct cli_args *args)
{
    enum commands_hand hand = commands_hand(args->command);
    return args->wish == CLI_RUN && hand != COMMANDS_NEVER &&
           hand != COMMANDS_ALONE;
}

/* Reads the command line. What was parsed over there is parsed here, unless it
 * comes from somebody else, or from another version. */
static enum ro_status
read_errand(struct errand *errand)
{
    static char program[] = "reachout";
    const struct handing_asking *asking = errand->asking;
    char *argv[HANDING_ARGS_MAX + 2] = {program};
    memcpy(argv + 1, asking->args, asking->n_args * sizeof(argv[0]));
    RO_TRY(options_parse((int)asking->n_args + 1, argv, commands_all,
                         &errand->why, &errand->args));
    if (errand->args.command == NULL)
        return RO_BAD_INPUT;
    if (asking->text != NULL)
        ro_buf_put(&errand->typed, asking->text, strlen(asking->text) + 1);
    errand->args.typed = &errand->typed;
    errand->args.host = errand->host;
    errand->out.to_out = &errand->to_out;
    errand->out.to_err = &errand->to_err;
    errand->out.colour =
        asking->colour == HANDING_COLOUR ? OUTPUT_COLOUR_ON : OUTPUT_COLOUR_OFF;
    return ro_buf_ok(&errand->typed);
}

static void
refuse(struct host *host, enum handing_refusal refusal)
{
    const struct handing_answer no = {.what = HANDING_REFUSED,
                                      .refusal = refusal};
    serve_end(host->serve, &no);
}

/* Sends what was printed. */
static void
finish(struct errand *errand, enum ro_status s)
{
    int exit_code = output_finish(&errand->args, &errand->out, s, &errand->why);
    const struct handing_answer done = {.what = HANDING_DONE,
                                        .exit_code = (uint8_t)exit_code,
                                        .out = ro_buf_view(&errand->to_out),
                                        .err = ro_buf_view(&errand->to_err)};
    serve_end(errand->host->serve, &done);
}

/* Whether it was carried out already, by one that ended before it said so;
 * then that is told. */
static enum ro_status
look_back(struct errand *errand, struct evidence *ret_before)
{
    RO_CLEANUP(wait_fini)
    struct wait wait = {.out = &errand->out, .why = &errand->why};
    host_lend(errand->host, &wait);
    RO_TRY(evidence_take(&wait, &errand->args, ret_before));
    return RO_OK;
}

static void
carry_out(struct errand *errand)
{
    struct host *host = errand->host;
    struct evidence before;
    enum ro_status s = look_back(errand, &before);
    if (host->lender->caught != 0)
        return; /* the end of the connection says all that is known */
    if (s == RO_OK && errand->asking->times == HANDING_AGAIN &&
        before.count > errand->asking->before) {
        finish(errand, evidence_tell(&before, &errand->out, &errand->why));
        return;
    }
    if (serve_begin(host->serve, before.count) != RO_OK)
        return;
    if (s == RO_OK)
        s = commands_run(&errand->args, &errand->out, &errand->why);
    if (host->lender->caught == 0)
        finish(errand, s);
}

/* Carries out what waits, one after the other. */
static void
run_all(struct host *host)
{
    const struct handing_asking *asking;
    while (host->lender->progress != WAIT_DONE && host->lender->caught == 0 &&
           (asking = serve_next(host->serve)) != NULL) {
        RO_CLEANUP(errand_fini)
        struct errand errand = {.host = host, .asking = asking};
        host->theirs = asking->zone;
        if (read_errand(&errand) != RO_OK) {
            refuse(host, HANDING_UNREAD);
        } else if (!is_for_others(&errand.args)) {
            refuse(host, HANDING_ALONE);
        } else {
            carry_out(&errand);
        }
    }
}

/* --- serving ------------------------------------------------------------ */

/* Shows a result of a command of others, in its time zone. */
static void
view_theirs(const struct host *host,
            const struct wait *wait,
            const struct ro_result *result)
{
    set_zone(host, zone_or_system(host->theirs));
    wait->view(wait->out, result);
    set_zone(host, host->zone);
}

enum ro_status
host_open(struct host *host,
          struct wait *lender,
          const char *profile,
          struct ro_then told,
          struct ro_why *why)
{
    const struct ro_clock clock = ro_clock_system();
    const struct place_where where = place_of_ours(profile);
    RO_TRY(serve_open(&where, &clock, why, &host->serve));
    host->lender = lender;
    host->told = told;
    host->hosting =
        (struct wait_hosting){host, host->serve, run_all, view_theirs};
    lender->hosting = &host->hosting;
    return RO_OK;
}

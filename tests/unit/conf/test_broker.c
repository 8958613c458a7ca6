/* SPDX-License-Identifier: Apache-2.0 */
/* reachoutd.conf: the sample is the table, and every mistake is named. */
#include "daemon/config.h"

#include "common/base/file.h"
#include "common/base/log.h"
#include "tests/support/tap.h"

static const char *root;

static struct config *
parse(const char *text)
{
    struct config *config = NULL;
    RO_AUTOBUF errors = {0};
    if (config_parse("f", ro_bytes_text(text), &errors, &config) != RO_OK)
        printf("# %.*s", (int)errors.size, (char *)errors.data);
    tap_need(config != NULL);
    return config;
}

static bool
is_printed_as(const struct config *config, struct ro_bytes text)
{
    RO_AUTOBUF printed = {0};
    config_print(config, &printed);
    return ro_buf_ok(&printed) == RO_OK &&
           ro_bytes_equal(ro_buf_view(&printed), text);
}

/* --- one table ----------------------------------------------------------- */

/* The sample has every key of the table with its usual value, and says about
 * each what the table says: it is what --print-config writes. */
static void
test_sample(void)
{
    char path[512];
    struct ro_why why = {""};
    RO_AUTOBUF text = {0};
    RO_AUTOBUF errors = {0};
    struct config *usual = parse("");
    struct config *sample = NULL;
    snprintf(path, sizeof(path), "%s/config/reachoutd.conf", root);
    tap_is(config_load(path, &errors, &sample), RO_OK);
    tap_ok(errors.size == 0);
    tap_need(ro_file_read(path, 1 << 20, &why, &text) == RO_OK);
    tap_ok(is_printed_as(usual, ro_buf_view(&text)));
    tap_ok(is_printed_as(sample, ro_buf_view(&text)));
    config_free(usual);
    config_free(sample);
}

static const char *const names[] = {
#define HEADING(words_)
#define TEXT(name_, kind_, usual_, comment_) #name_,
#define NUMBER(name_, usual_, min_, max_, comment_) #name_,
#define AREAS(name_, comment_) #name_,
#include "daemon/config.def"
#undef HEADING
#undef TEXT
#undef NUMBER
#undef AREAS
};

/* The keys of the sample, found without the reader: "name = " at the beginning
 * of a line. */
static void
test_keys_of_the_sample(void)
{
    char path[512];
    RO_AUTOBUF text = {0};
    snprintf(path, sizeof(path), "%s/config/reachoutd.conf", root);
    tap_need(ro_file_read(path, 1 << 20, NULL, &text) == RO_OK);
    ro_buf_put_u8(&text, '\0');
    size_t found = 0;
    char *state = NULL;
    for (char *line = strtok_r((char *)text.data, "\n", &state); line != NULL;
         line = strtok_r(NULL, "\n", &state)) {
        char *equals = strstr(line, " = ");
        if (line[0] == '#' || equals == NULL)
            continue;
        *equals = '\0';
        bool is_known =
            found < RO_LEN(names) && strcmp(names[found], line) == 0;
        tap_say(is_known, line);
        found++;
    }
    tap_ok(found == RO_LEN(names));
}

/* --- values -------------------------------------------------------------- */

static void
test_usual(void)
{
    struct config *config = parse("# nothing\n");
    tap_ok(strcmp(config->member_endpoint, "tcp://127.0.0.1:7601") == 0);
    tap_ok(strcmp(config->open_endpoint, "tcp://127.0.0.1:7602") == 0);
    tap_ok(strcmp(config->data_dir, "/var/lib/reachout") == 0);
    tap_ok(strcmp(config->door_key_file, "/var/lib/reachout/door.key") == 0);
    tap_ok(config->unacked_max == 64);
    tap_ok(config->handshake_ms == 2000);
    tap_ok(config->heartbeat_interval_ms == 15000);
    tap_ok(config->heartbeat_timeout_ms == 45000);
    tap_ok(config->heartbeat_ttl_ms == 60000);
    tap_ok(config->queue_frames == 16);
    tap_ok(config->turn_frames_max == 512);
    tap_ok(config->timer_batch_max == 256);
    tap_ok(config->trace == 0);
    tap_ok(CONFIG_FRAME_BYTES_MAX == 98304);
    config_free(config);
}

static void
test_given(void)
{
    struct config *config = parse("member_endpoint = \"tcp://*:1\"\n"
                                  "open_endpoint = \"tcp://[::1]:65535\"\n"
                                  "data_dir = \"/srv/a b\"\n"
                                  "door_key_file = keys.d\n"
                                  "curve_key_file = \"/run/cred/c\"\n"
                                  "open_bytes_per_hour = 4294967295\n"
                                  "trace = { store, net }\n");
    tap_ok(strcmp(config->member_endpoint, "tcp://*:1") == 0);
    tap_ok(strcmp(config->open_endpoint, "tcp://[::1]:65535") == 0);
    tap_ok(strcmp(config->data_dir, "/srv/a b") == 0);
    tap_ok(strcmp(config->door_key_file, "/srv/a b/keys.d") == 0);
    tap_ok(strcmp(config->signing_key_file, "/srv/a b/signing.key") == 0);
    tap_ok(strcmp(config->curve_key_file, "/run/cred/c") == 0);
    tap_ok(config->open_bytes_per_hour == UINT32_MAX);
    tap_ok(config->trace == (1u << RO_AREA_STORE | 1u << RO_AREA_NET));
    config_free(config);
    config = parse("trace = none");
    tap_ok(config->trace == 0);
    config_free(config);
}

/* What is printed reads back the same, also where quoting is needed. */
static void
test_print_reads_back(void)
{
    struct config *config = parse("data_dir = \"/srv/\\\"a\\\" \\\\ #\"\n"
                                  "io_threads = 4\ndrain_ms = 0\n"
                                  "trace = { session, net, policy }\n");
    RO_AUTOBUF printed = {0};
    config_print(config, &printed);
    RO_AUTOBUF errors = {0};
    struct config *again = NULL;
    tap_is(config_parse("f", ro_buf_view(&printed), &errors, &again), RO_OK);
    tap_need(again != NULL);
    tap_ok(is_printed_as(again, ro_buf_view(&printed)));
    tap_ok(strcmp(again->data_dir, "/srv/\"a\" \\ #") == 0);
    tap_ok(again->io_threads == 4 && again->drain_ms == 0);
    tap_ok(again->trace == config->trace && config->trace != 0);
    config_free(config);
    config_free(again);
}

/* --- mistakes ------------------------------------------------------------ */

static bool
is_refused(const char *text, const char *mistakes)
{
    struct config *config = NULL;
    RO_AUTOBUF errors = {0};
    enum ro_status status =
        config_parse("f", ro_bytes_text(text), &errors, &config);
    ro_buf_put_u8(&errors, '\0');
    bool is = status == RO_BAD_CONFIG && config == NULL &&
              strcmp((char *)errors.data, mistakes) == 0;
    if (!is)
        printf("# %s: %s", ro_status_name(status), (char *)errors.data);
    config_free(config);
    return is;
}

/* Both ends of every range, from the table. */
static void
test_ranges(void)
{
    static const struct {
        const char *name;
        uint32_t min;
        uint32_t max;
    } numbers[] = {
#define HEADING(words_)
#define TEXT(name_, kind_, usual_, comment_)
#define NUMBER(name_, usual_, min_, max_, comment_) {#name_, min_, max_},
#define AREAS(name_, comment_)
#include "daemon/config.def"
#undef HEADING
#undef TEXT
#undef NUMBER
#undef AREAS
    };
    for (size_t i = 0; i < RO_LEN(numbers); i++) {
        char text[80];
        char mistake[160];
        snprintf(mistake, sizeof(mistake),
                 "f:1: %s: a number from %u to %u is expected\n",
                 numbers[i].name, numbers[i].min, numbers[i].max);
        snprintf(text, sizeof(text), "%s = %llu", numbers[i].name,
                 numbers[i].max + 1ull);
        tap_ok(is_refused(text, mistake));
        snprintf(text, sizeof(text), "%s = many", numbers[i].name);
        tap_ok(is_refused(text, mistake));
        if (numbers[i].min == 0)
            continue;
        snprintf(text, sizeof(text), "%s = %u", numbers[i].name,
                 numbers[i].min - 1);
        tap_ok(is_refused(text, mistake));
    }
    config_free(parse("sessions_max = 16\nsession_idle_s = 86400"));
}

static void
test_texts(void)
{
    static const char *const wrong[] = {
        "",
        "tcp://",
        "tcp://127.0.0.1",
        "tcp://127.0.0.1:",
        "tcp://127.0.0.1:0",
        "tcp://127.0.0.1:65536",
        "tcp://127.0.0.1:1x",
        "tcp://:7601",
        "ipc:///tmp/x",
        "127.0.0.1:7601",
        "tcp://a b:1",
        "tcp://a/b:1",
        "tcp://a;b:1",
    };
    for (size_t i = 0; i < RO_LEN(wrong); i++) {
        char text[80];
        snprintf(text, sizeof(text), "open_endpoint = \"%s\"", wrong[i]);
        tap_ok(is_refused(
            text, "f:1: open_endpoint: tcp://ADDRESS:PORT is expected\n"));
    }
    tap_ok(is_refused("data_dir = \"reachout\"",
                      "f:1: data_dir: an absolute path is expected\n"));
    tap_ok(is_refused("data_dir = \"\"",
                      "f:1: data_dir: an absolute path is expected\n"));
    tap_ok(is_refused("door_key_file = \"\"",
                      "f:1: door_key_file: a file is expected\n"));
    tap_ok(is_refused("trace = { nett }",
                      "f:1: trace: no area 'nett'; did you mean 'net'?\n"));
    tap_ok(
        is_refused("trace = { content }", "f:1: trace: no area 'content'\n"));
}

static void
test_together(void)
{
    tap_ok(is_refused("open_endpoint = \"tcp://127.0.0.1:7601\"",
                      "f: open_endpoint: it is the same as member_endpoint\n"));
    tap_ok(is_refused("heartbeat_timeout_ms = 15000",
                      "f: heartbeat_timeout_ms: it must be more than "
                      "heartbeat_interval_ms\n"));
    tap_ok(is_refused("heartbeat_ttl_ms = 15000",
                      "f: heartbeat_ttl_ms: it must be more than "
                      "heartbeat_interval_ms\n"));
}

/* A data_dir of this many bytes. */
static const char *
data_dir_of(size_t size, char text[static 1200])
{
    memset(text, 'd', 1199);
    memcpy(text, "data_dir = \"/", 13);
    memcpy(text + 12 + size, "\"\n", 3);
    return text;
}

/* What is made absolute must still be short enough to be read again. */
static void
test_long_paths(void)
{
    char text[1200];
    struct config *config = parse(data_dir_of(986, text));
    tap_ok(strlen(config->authority_file) == 1000); /* "/authority.pub" */
    config_free(config);
    tap_ok(is_refused(data_dir_of(987, text),
                      "f: authority_file: its path is too long\n"));
}

static void
test_all_at_once(void)
{
    tap_ok(is_refused("sesions_max = 100\n"
                      "io_threads = 0\n"
                      "\n"
                      "data_dir = x\n"
                      "io_threads = 1\n"
                      "frame_bytes_max = 1\n",
                      "f:1: sesions_max: unknown key; did you mean "
                      "'sessions_max'?\n"
                      "f:5: io_threads: it is given twice\n"
                      "f:6: frame_bytes_max: unknown key\n"
                      "f:2: io_threads: a number from 1 to 16 is expected\n"
                      "f:4: data_dir: an absolute path is expected\n"));
}

static void
test_files(void)
{
    RO_AUTOBUF errors = {0};
    struct config *config = NULL;
    tap_is(config_load("/no/such.conf", &errors, &config), RO_BAD_CONFIG);
    tap_ok(errors.size > 0 && memcmp(errors.data, "/no/such.conf: ", 15) == 0 &&
           errors.data[errors.size - 1] == '\n');
    ro_buf_clear(&errors);
    tap_is(config_load("/dev/zero", &errors, &config), RO_BAD_CONFIG);
    tap_ok(errors.size > 0);
    tap_ok(config == NULL);
    tap_ok(ro_status_exit(RO_BAD_CONFIG) == 78);
    config_free(NULL);
}

/* --- a new broker -------------------------------------------------------- */

static void
test_init_text(void)
{
    RO_AUTOBUF text = {0};
    RO_AUTOBUF errors = {0};
    struct ro_why why = {""};
    struct config *config = NULL;
    tap_is(config_init_text("/srv/b", "tcp://127.1.2.3:1", "tcp://127.1.2.3:2",
                            &why, &text),
           RO_OK);
    tap_is(config_parse("f", ro_buf_view(&text), &errors, &config), RO_OK);
    tap_need(config != NULL);
    tap_ok(strcmp(config->data_dir, "/srv/b") == 0);
    tap_ok(strcmp(config->curve_key_file, "/srv/b/curve.key") == 0);
    tap_ok(strcmp(config->member_endpoint, "tcp://127.1.2.3:1") == 0);
    tap_ok(strcmp(config->open_endpoint, "tcp://127.1.2.3:2") == 0);
    tap_ok(config->sessions_max == 10000);
    tap_ok(is_printed_as(config, ro_buf_view(&text)));
    config_free(config);

    ro_buf_clear(&text);
    tap_is(config_init_text("b", "tcp://a:1", "tcp://a:2", &why, &text),
           RO_BAD_CONFIG);
    tap_ok(strcmp(why.text, "data_dir: an absolute path is expected") == 0);
    tap_is(config_init_text("/b", "a:1", "tcp://a:2", &why, &text),
           RO_BAD_CONFIG);
    tap_ok(strcmp(why.text,
                  "member_endpoint: tcp://ADDRESS:PORT is expected") == 0);
    tap_is(config_init_text("/b", "tcp://a:1", "tcp://a", &why, &text),
           RO_BAD_CONFIG);
    tap_is(config_init_text("/b", "tcp://a:1", "tcp://a:1", &why, &text),
           RO_BAD_CONFIG);
    tap_ok(strstr(why.text, "the same as member_endpoint") != NULL);
    tap_ok(text.size == 0);
}

int
main(int argc, char **argv)
{
    root = argc > 1 ? argv[1] : ".";
    tap_run(test_sample);
    tap_run(test_keys_of_the_sample);
    tap_run(test_usual);
    tap_run(test_given);
    tap_run(test_print_reads_back);
    tap_run(test_ranges);
    tap_run(test_texts);
    tap_run(test_together);
    tap_run(test_long_paths);
    tap_run(test_all_at_once);
    tap_run(test_files);
    tap_run(test_init_text);
    return tap_done();
}

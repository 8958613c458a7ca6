/* SPDX-License-Identifier: Apache-2.0 */
/* Both configurations with every allocation failing once. */
#include "tests/support/scarce.h"

#include "common/base/file.h"
#include "common/conf/circle.h"
#include "daemon/config.h"
#include "tests/support/tap.h"

static struct ro_buf
sample(const char *root, const char *name)
{
    char path[512];
    struct ro_buf text = {0};
    snprintf(path, sizeof(path), "%s/config/%s", root, name);
    tap_need(ro_file_read(path, 1 << 20, NULL, &text) == RO_OK);
    return text;
}

/* Fails as it should: without memory while memory fails, else as it would. */
static bool
is_right(enum ro_status status, enum ro_status otherwise)
{
    return status == (scarce_end() ? RO_NO_MEMORY : otherwise);
}

static void
test_circle(const char *root)
{
    struct ro_buf text = sample(root, "circle.conf");
    bool is_fine = true;
    long n = 0;
    for (; scarce_begin(n); n++) {
        struct ro_why why = {""};
        struct ro_circle_conf *conf = NULL;
        enum ro_status status =
            ro_circle_conf_parse(ro_buf_view(&text), &why, &conf);
        is_fine &=
            is_right(status, RO_OK) && (conf != NULL) == (status == RO_OK);
        ro_circle_conf_free(conf);
    }
    printf("# %ld allocations\n", n);
    tap_ok(is_fine && n > 10);
    ro_buf_fini(&text);
}

static void
test_mistakes(void)
{
    bool is_fine = true;
    long n = 0;
    for (; scarce_begin(n); n++) {
        struct ro_buf mistakes = {0};
        enum ro_status status = ro_circle_conf_check(
            ro_bytes_text("foo = 1\nk = 0\ntopic A { }"), &mistakes);
        /* where only a sentence was lost, the refusal stands */
        is_fine &= scarce_end() ? status != RO_OK : status == RO_BAD_CONFIG;
        ro_buf_fini(&mistakes);
    }
    tap_ok(is_fine && n > 5);
}

static void
test_broker(const char *root)
{
    struct ro_buf text = sample(root, "reachoutd.conf");
    struct ro_buf relative = {0};
    bool is_fine = true;
    long n = 0;
    ro_buf_printf(&relative, "door_key_file = d\ntrace = { net }\n");
    for (; scarce_begin(n); n++) {
        struct ro_buf errors = {0};
        struct config *config = NULL;
        enum ro_status status =
            config_parse("f", ro_buf_view(&relative), &errors, &config);
        is_fine &=
            is_right(status, RO_OK) && (config != NULL) == (status == RO_OK);
        config_free(config);
        ro_buf_fini(&errors);
    }
    tap_ok(is_fine && n > 10);
    is_fine = true;
    for (n = 0; scarce_begin(n); n++) {
        struct ro_buf out = {0};
        is_fine &= is_right(
            config_init_text("/srv/b", "tcp://a:1", "tcp://a:2", NULL, &out),
            RO_OK);
        ro_buf_fini(&out);
    }
    tap_ok(is_fine && n > 10);
    ro_buf_fini(&text);
    ro_buf_fini(&relative);
}

static void
test_broker_file(const char *root)
{
    char path[512];
    bool is_fine = true;
    long n = 0;
    snprintf(path, sizeof(path), "%s/config/reachoutd.conf", root);
    for (; scarce_begin(n); n++) {
        struct ro_buf errors = {0};
        struct config *config = NULL;
        enum ro_status status = config_load(path, &errors, &config);
        is_fine &= is_right(status, RO_OK);
        config_free(config);
        ro_buf_fini(&errors);
    }
    tap_ok(is_fine && n > 10);
}

int
main(int argc, char **argv)
{
    const char *root = argc > 1 ? argv[1] : ".";
    test_circle(root);
    tap_run(test_mistakes);
    test_broker(root);
    test_broker_file(root);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire/armour.h"

#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/tap.h"

static char folder[] = "/tmp/reachout-armour-XXXXXX";
static char path[sizeof(folder) + 8];

static void
put_file(const char *text)
{
    struct ro_why why;
    tap_need(ro_file_write(path, ro_bytes_text(text), RO_FILE_PUBLIC, &why) ==
             RO_OK);
}

static enum ro_status
read_key(struct ro_buf *bytes, struct ro_why *why)
{
    return ro_armour_read(path, "key", why, bytes);
}

static bool
comes_back(size_t size)
{
    RO_AUTOBUF bytes = {0};
    RO_AUTOBUF back = {0};
    for (size_t i = 0; i < size; i++)
        ro_buf_put_u8(&bytes, (uint8_t)(i * 7 + 255 - size));
    struct ro_why why = {.text = ""};
    if (ro_armour_write(path, "key", ro_buf_view(&bytes), RO_FILE_SECRET,
                        &why) != RO_OK)
        return false;
    return read_key(&back, &why) == RO_OK &&
           ro_bytes_equal(ro_buf_view(&bytes), ro_buf_view(&back));
}

static void
test_round_trip(void)
{
    size_t wrong = 0;
    for (size_t size = 0; size < 200; size++)
        wrong += !comes_back(size);
    tap_ok(wrong == 0);
    tap_ok(comes_back(RO_ARMOUR_LIMIT));
    struct stat facts;
    tap_ok(stat(path, &facts) == 0 && (facts.st_mode & 0777) == 0600);
}

static void
test_too_large(void)
{
    RO_AUTOBUF bytes = {0};
    RO_AUTOBUF back = {0};
    struct ro_why why;
    tap_need(ro_buf_extend(&bytes, RO_ARMOUR_LIMIT + 1));
    tap_is(
        ro_armour_write(path, "key", ro_buf_view(&bytes), RO_FILE_PUBLIC, &why),
        RO_TOO_LARGE);
    ro_buf_clear(&bytes);
    while (bytes.size < 2 * RO_ARMOUR_LIMIT)
        ro_buf_put(&bytes, "AAAA", 4);
    tap_need(ro_file_write(path, ro_buf_view(&bytes), RO_FILE_PUBLIC, &why) ==
             RO_OK);
    tap_is(read_key(&back, &why), RO_TOO_LARGE);
}

static void
test_form(void)
{
    RO_AUTOBUF file = {0};
    struct ro_why why;
    static const uint8_t bytes[60] = {0xff, 0xfe, 0xfd};
    tap_is(ro_armour_write(path, "invitation", (struct ro_bytes){bytes, 60},
                           RO_FILE_PUBLIC, &why),
           RO_OK);
    tap_need(ro_file_read(path, 1000, &why, &file) == RO_OK);
    static const char expected[] =
        "reachout invitation 1\n"
        "//"
        "79AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        "AAAA\nAAAA\n";
    tap_ok(ro_bytes_equal(ro_buf_view(&file), ro_bytes_text(expected)));
}

static void
test_by_mail(void)
{
    RO_AUTOBUF bytes = {0};
    struct ro_why why;
    put_file("reachout key 1\r\nAAEC\r\nAwQ=\r\n\r\n");
    tap_is(read_key(&bytes, &why), RO_OK);
    tap_ok(bytes.size == 5 && memcmp(bytes.data, "\0\1\2\3\4", 5) == 0);
    put_file("reachout key 1\nAAECAwQ=");
    tap_is(read_key(&bytes, &why), RO_OK);
    tap_ok(bytes.size == 5);
}

static void
test_wrong_kind(void)
{
    RO_AUTOBUF bytes = {0};
    struct ro_why why = {.text = ""};
    put_file("reachout invitation 1\nAAEC\n");
    tap_is(read_key(&bytes, &why), RO_BAD_INPUT);
    tap_ok(strstr(why.text, "invitation") != NULL);
    tap_ok(strstr(why.text, "key") != NULL);
    unlink(path);
    tap_is(read_key(&bytes, &why), RO_NOT_FOUND);
}

static void
test_not_ours(void)
{
    static const char *const files[] = {
        "",
        "\n",
        "reachout",
        "reachout  1\nAAEC\n",
        "reachout key 2\nAAEC\n",
        "reachout key 1 \nAAEC\n",
        "reachout KEY 1\nAAEC\n",
        "Reachout key 1\nAAEC\n",
        "xxxxxxxx key 1\nAAEC\n",
        "reachout k\x1b[31my 1\nAAEC\n",
        "reachout aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 1\n",
        "-----BEGIN SOMETHING-----\nAAEC\n",
    };
    RO_AUTOBUF bytes = {0};
    for (size_t i = 0; i < RO_LEN(files); i++) {
        struct ro_why why = {.text = ""};
        put_file(files[i]);
        tap_is(read_key(&bytes, &why), RO_BAD_INPUT);
        tap_ok(strstr(why.text, "file of reachout's") &&
               !strchr(why.text, 0x1b));
    }
}

/* Whole fours, but more than a line may have. */
static const char line_of_80[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                                 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

static void
test_damaged(void)
{
    static const char *const bodies[] = {
        "AAE",      /* no four letters */
        "AAE*",     /* no digit */
        "A===",     /* too much padding */
        "AAF=",     /* unused bits are not zero */
        "AB==",     /* the same */
        "AA==AAEC", /* padding before the end */
        "AA=A",     /* and inside */
        "AAEC AAEC", line_of_80,
    };
    RO_AUTOBUF bytes = {0};
    for (size_t i = 0; i < RO_LEN(bodies); i++) {
        char file[200];
        struct ro_why why = {.text = ""};
        snprintf(file, sizeof(file), "reachout key 1\n%s\n", bodies[i]);
        put_file(file);
        tap_is(read_key(&bytes, &why), RO_BAD_INPUT);
        tap_ok(strstr(why.text, "damaged") != NULL);
    }
}

int
main(void)
{
    tap_need(mkdtemp(folder) != NULL);
    snprintf(path, sizeof(path), "%s/file", folder);
    tap_run(test_round_trip);
    tap_run(test_too_large);
    tap_run(test_form);
    tap_run(test_by_mail);
    tap_run(test_wrong_kind);
    tap_run(test_not_ours);
    tap_run(test_damaged);
    unlink(path);
    rmdir(folder);
    return tap_done();
}

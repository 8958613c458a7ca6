/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/bytes.h"
#include "tests/support/tap.h"

static void
test_views(void)
{
    struct ro_bytes a = ro_bytes_text("abc");
    tap_ok(a.size == 3);
    tap_ok(ro_bytes_equal(a, ro_bytes_text("abc")));
    tap_ok(!ro_bytes_equal(a, ro_bytes_text("abd")));
    tap_ok(!ro_bytes_equal(a, ro_bytes_text("ab")));
    tap_ok(ro_bytes_equal((struct ro_bytes){NULL, 0}, ro_bytes_text("")));
}

static void
test_integers_are_big_endian(void)
{
    static const uint8_t expected[] = {0x01, 0x12, 0x13, 0x21, 0x22,
                                       0x23, 0x24, 0x31, 0x32, 0x33,
                                       0x34, 0x35, 0x36, 0x37, 0xf8};
    RO_AUTOBUF buf = {0};
    ro_buf_put_u8(&buf, 0x01);
    ro_buf_put_u16(&buf, 0x1213);
    ro_buf_put_u32(&buf, 0x21222324);
    ro_buf_put_u64(&buf, 0x31323334353637f8);
    tap_is(ro_buf_ok(&buf), RO_OK);
    tap_ok(ro_bytes_equal(ro_buf_view(&buf),
                          (struct ro_bytes){expected, sizeof(expected)}));
    tap_ok(ro_get_u16(buf.data + 1) == 0x1213);
    tap_ok(ro_get_u32(buf.data + 3) == 0x21222324);
    tap_ok(ro_get_u64(buf.data + 7) == 0x31323334353637f8);
    static const uint8_t high[] = {0xff, 0xfe, 0xfd, 0xfc,
                                   0xfb, 0xfa, 0xf9, 0xf8};
    tap_ok(ro_get_u16(high) == 0xfffe);
    tap_ok(ro_get_u32(high) == 0xfffefdfc);
    tap_ok(ro_get_u64(high) == 0xfffefdfcfbfaf9f8);
}

static void
test_growth_keeps_content(void)
{
    RO_AUTOBUF buf = {0};
    for (size_t i = 0; i < 10000; i++)
        ro_buf_put_u8(&buf, (uint8_t)(i % 251));
    tap_is(ro_buf_ok(&buf), RO_OK);
    tap_ok(buf.size == 10000);
    bool kept = true;
    for (size_t i = 0; i < 10000; i++)
        kept = kept && buf.data[i] == i % 251;
    tap_say(kept, "all bytes survive each growth");
    uint8_t *before = buf.data;
    ro_buf_clear(&buf);
    ro_buf_put_u8(&buf, 7);
    tap_say(buf.size == 1 && buf.data == before, "clear keeps the memory");
}

static void
test_extend(void)
{
    RO_AUTOBUF buf = {0};
    tap_say(ro_buf_extend(&buf, 0) != NULL, "nothing is somewhere too");
    tap_ok(buf.size == 0);
    uint8_t *at = ro_buf_extend(&buf, 100);
    tap_need(at != NULL);
    memset(at, 1, 100);
    tap_ok(buf.size == 100 && at == buf.data);
    ro_buf_put(&buf, NULL, 0);
    tap_is(ro_buf_ok(&buf), RO_OK);
}

static void
test_failure_sticks(void)
{
    RO_AUTOBUF buf = {0};
    ro_buf_put_u8(&buf, 1);
    tap_ok(ro_buf_extend(&buf, SIZE_MAX) == NULL);
    tap_is(ro_buf_ok(&buf), RO_NO_MEMORY);
    ro_buf_put_u8(&buf, 2);
    ro_buf_printf(&buf, "%d", 3);
    tap_say(buf.size == 1, "a failed buffer takes nothing more");
    tap_is(ro_buf_ok(&buf), RO_NO_MEMORY);
    ro_buf_clear(&buf);
    tap_is(ro_buf_ok(&buf), RO_OK);
    ro_buf_put_u8(&buf, 2);
    tap_ok(buf.size == 1 && buf.data[0] == 2);
}

static void
test_printf(void)
{
    RO_AUTOBUF buf = {0};
    ro_buf_printf(&buf, "%s", "");
    tap_ok(buf.size == 0);
    ro_buf_printf(&buf, "%d of %s", 3, "four");
    ro_buf_printf(&buf, "%200d", 1);
    tap_ok(buf.size == 9 + 200);
    tap_ok(memcmp(buf.data, "3 of four ", 10) == 0);
    tap_ok(buf.data[buf.size - 1] == '1');
}

static void
test_hex(void)
{
    static const uint8_t data[] = {0x00, 0x1f, 0xa0, 0xff};
    char hex[9];
    ro_hex(data, sizeof(data), hex);
    tap_ok(strcmp(hex, "001fa0ff") == 0);

    uint8_t back[4] = {9, 9, 9, 9};
    tap_is(ro_unhex("001Fa0Ff", back, 4), RO_OK);
    tap_ok(memcmp(back, data, 4) == 0);
    static const char *const bad[] = {
        "",         "001fa0f",  "001fa0ff0", "001fa0ff ",
        " 01fa0ff", "001fa0fg", "001fa0f/",  "001fa0f:",
        "001fa0f@", "001fa0f`", "0x1fa0ff",  "-01fa0ff",
    };
    memset(back, 9, sizeof(back));
    for (size_t i = 0; i < RO_LEN(bad); i++) {
        tap_is(ro_unhex(bad[i], back, 4), RO_BAD_INPUT);
        tap_ok(back[0] == 9 && back[3] == 9);
    }
    tap_is(ro_unhex("", back, 0), RO_OK);
    tap_is(ro_unhex("0", back, 0), RO_BAD_INPUT);
}

int
main(void)
{
    tap_run(test_views);
    tap_run(test_integers_are_big_endian);
    tap_run(test_growth_keeps_content);
    tap_run(test_extend);
    tap_run(test_failure_sticks);
    tap_run(test_printf);
    tap_run(test_hex);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worked example of docs/PROTOCOL.md, made again from its stated secrets,
 * held against the page, and taken apart from the page again.
 *
 *     golden-examples PAGE           the test
 *     golden-examples --write PAGE   puts the blocks into the page
 */
#include "golden/recheck.h"
#include "support/tap.h"

#include <string.h>

#define PAGE_LIMIT ((size_t)1 << 20)

static struct ro_buf page_text;
static struct book page;
static struct book example;
static struct cast cast;

bool
point(bool ok, const char *what, const char *file, int line)
{
    return tap_point_(ok, what, file, line);
}

static void
make_example(void)
{
    cast_open(&cast);
    make_keys(&example, &cast);
    make_ids(&example, &cast);
    make_records(&example, &cast);
    make_notices(&example, &cast);
    make_files(&example, &cast);
    make_message(&example, &cast);
    make_sequences(&example);
    make_enrolment(&example, &cast);
    make_contents(&example);
    make_later(&example, &cast);
    make_proofs(&example, &cast);
    make_frames(&example, &cast);
    make_lists(&example);
}

/* The first line in which both differ. */
static void
say_difference(struct ro_bytes is, struct ro_bytes should)
{
    size_t line = 0;
    size_t at = 0;
    for (; at < is.size && at < should.size && is.data[at] == should.data[at];
         at++) {
        if (is.data[at] == '\n')
            line = at + 1;
    }
    const struct ro_bytes both[] = {is, should};
    for (size_t i = 0; i < RO_LEN(both); i++) {
        const char *from = (const char *)both[i].data + line;
        size_t left = both[i].size - line;
        const char *end = memchr(from, '\n', left);
        printf("# %s %.*s\n", i == 0 ? "page:   " : "example:",
               (int)(end != NULL ? (size_t)(end - from) : left), from);
    }
}

static void
test_the_page_is_the_example(void)
{
    RO_AUTOBUF fresh = {0};
    page_write(ro_buf_view(&page_text), &example, &fresh);
    for (size_t i = 0; i < page.n_blocks; i++) {
        const struct block *shown = &page.blocks[i];
        const struct block *made = NULL;
        for (size_t k = 0; k < example.n_blocks; k++) {
            if (strcmp(example.blocks[k].name, shown->name) == 0)
                made = &example.blocks[k];
        }
        tap_need(made != NULL);
        if (!tap_say(ro_bytes_equal(ro_buf_view(&shown->text),
                                    ro_buf_view(&made->text)),
                     shown->name)) {
            say_difference(ro_buf_view(&shown->text), ro_buf_view(&made->text));
        }
    }
    tap_ok(ro_bytes_equal(ro_buf_view(&fresh), ro_buf_view(&page_text)));
}

/* What the page shows is what was meant, not only what looks alike. */
static void
test_the_page_reads_as_it_was_written(void)
{
    tap_ok(page.n_values == example.n_values);
    for (size_t i = 0; i < page.n_values; i++) {
        const struct value *value = &page.values[i];
        tap_say(ro_bytes_equal(ro_buf_view(&value->bytes),
                               book_get(&example, value->name)),
                value->name);
    }
}

static void
test_what_is_signed_holds(void)
{
    recheck_directory(&page);
}

static void
test_what_is_sealed_opens(void)
{
    recheck_messages(&page);
}

static void
test_what_comes_later_holds(void)
{
    recheck_later(&page);
}

static void
test_sequences_count(void)
{
    recheck_sequences(&page);
}

static void
test_a_broker_says_what_the_page_says(void)
{
    recheck_frames(&page, &cast);
}

static int
write_page(const char *path)
{
    RO_AUTOBUF fresh = {0};
    page_write(ro_buf_view(&page_text), &example, &fresh);
    if (ro_bytes_equal(ro_buf_view(&fresh), ro_buf_view(&page_text)))
        return 0;
    test_must(ro_file_write(path, ro_buf_view(&fresh), RO_FILE_PUBLIC, NULL));
    printf("%s: written\n", path);
    return 0;
}

static void
forget(void)
{
    book_fini(&page);
    book_fini(&example);
    cast_fini(&cast);
    ro_buf_fini(&page_text);
}

int
main(int argc, char **argv)
{
    bool write = argc == 3 && strcmp(argv[1], "--write") == 0;
    if (argc != 2 && !write)
        book_fail("golden-examples [--write] PAGE");
    const char *path = argv[argc - 1];
    test_must(ro_file_read(path, PAGE_LIMIT, NULL, &page_text));
    make_example();
    int result = 0;
    if (write) {
        result = write_page(path);
    } else {
        page_read(ro_buf_view(&page_text), &page);
        tap_run(test_the_page_is_the_example);
        tap_run(test_the_page_reads_as_it_was_written);
        tap_run(test_what_is_signed_holds);
        tap_run(test_what_is_sealed_opens);
        tap_run(test_what_comes_later_holds);
        tap_run(test_sequences_count);
        tap_run(test_a_broker_says_what_the_page_says);
        result = tap_done();
    }
    forget();
    return result;
}

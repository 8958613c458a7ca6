/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/file.h"
#include "tests/support/tap.h"

/* The tests work in a folder of their own, which is their current one. */
static char folder[] = "/tmp/ro-test-file-XXXXXX";

static size_t
files_here(void)
{
    size_t n = 0;
    DIR *dir = opendir(".");
    for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(dir);
    return n;
}

static bool
holds(const char *path, const char *expected)
{
    RO_AUTOBUF buf = {0};
    return ro_file_read(path, 100000, NULL, &buf) == RO_OK &&
           ro_bytes_equal(ro_buf_view(&buf), ro_bytes_text(expected));
}

static unsigned
mode_of(const char *path)
{
    struct stat st = {0};
    return stat(path, &st) == 0 ? st.st_mode & 07777u : 0;
}

static void
test_write_and_read(void)
{
    struct ro_why why = {""};
    umask(077);
    tap_is(ro_file_write("a", ro_bytes_text("one"), RO_FILE_PUBLIC, &why),
           RO_OK);
    tap_ok(holds("a", "one"));
    tap_say(mode_of("a") == 0644, "a public file is public");
    tap_is(ro_file_write("a", ro_bytes_text("two"), RO_FILE_SECRET, &why),
           RO_OK);
    tap_ok(holds("a", "two"));
    tap_say(mode_of("a") == 0600, "a secret one is not");
    tap_say(files_here() == 1, "nothing else is left");
    tap_is(ro_file_write("a", (struct ro_bytes){0}, RO_FILE_SECRET, NULL),
           RO_OK);
    tap_ok(holds("a", ""));
    unlink("a");
}

static void
test_paths(void)
{
    tap_need(mkdir("sub", 0700) == 0);
    tap_is(ro_file_write("sub/a", ro_bytes_text("x"), RO_FILE_SECRET, NULL),
           RO_OK);
    char absolute[sizeof(folder) + 16];
    snprintf(absolute, sizeof(absolute), "%s/b", folder);
    tap_is(ro_file_write(absolute, ro_bytes_text("y"), RO_FILE_SECRET, NULL),
           RO_OK);
    tap_ok(holds("sub/a", "x") && holds("b", "y"));
    unlink("sub/a");
    unlink("b");
    rmdir("sub");
}

static void
test_read_refuses(void)
{
    RO_AUTOBUF buf = {0};
    struct ro_why why = {""};
    tap_is(ro_file_read("none", 10, &why, &buf), RO_NOT_FOUND);
    tap_ok(strstr(why.text, "none") != NULL);
    tap_is(ro_file_read("none/deeper", 10, &why, &buf), RO_NOT_FOUND);
    tap_is(ro_file_read(".", 10, &why, &buf), RO_IO_FAILED);

    tap_is(
        ro_file_write("ten", ro_bytes_text("0123456789"), RO_FILE_PUBLIC, NULL),
        RO_OK);
    tap_is(ro_file_read("ten", 10, &why, &buf), RO_OK);
    tap_ok(buf.size == 10);
    tap_is(ro_file_read("ten", 9, &why, &buf), RO_TOO_LARGE);
    tap_ok(strstr(why.text, "ten") != NULL);
    tap_say(buf.size == 0, "a refusal leaves the buffer empty");
    tap_is(ro_file_read("ten/deeper", 10, &why, &buf), RO_NOT_FOUND);
    unlink("ten");
}

/* A file without a size of its own is read to its end, or to the limit. */
static void
test_read_without_a_size(void)
{
    RO_AUTOBUF buf = {0};
    tap_is(ro_file_read("/proc/self/status", 65536, NULL, &buf), RO_OK);
    tap_ok(buf.size > 100);
    tap_is(ro_file_read("/dev/zero", 100000, NULL, &buf), RO_TOO_LARGE);
}

static void
test_write_fails_clean(void)
{
    struct ro_why why = {""};
    tap_is(ro_file_write("no/a", ro_bytes_text("x"), RO_FILE_PUBLIC, &why),
           RO_IO_FAILED);
    tap_ok(strstr(why.text, "no/a") != NULL);
    tap_need(mkdir("dir", 0700) == 0);
    tap_is(ro_file_write("dir", ro_bytes_text("x"), RO_FILE_PUBLIC, &why),
           RO_IO_FAILED);
    tap_ok(files_here() == 1);
    rmdir("dir");
}

/* A disk that fills up: here a limit on the size of files, in a child. */
static void
test_full_disk_keeps_the_old_file(void)
{
    static uint8_t large[20000];
    tap_is(ro_file_write("a", ro_bytes_text("old"), RO_FILE_PUBLIC, NULL),
           RO_OK);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){10000, 10000});
        enum ro_status s = ro_file_write(
            "a", (struct ro_bytes){large, sizeof(large)}, RO_FILE_PUBLIC, NULL);
        _exit(s == RO_IO_FAILED ? 10 : 11);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    tap_ok(WIFEXITED(status) && WEXITSTATUS(status) == 10);
    tap_ok(holds("a", "old"));
    tap_say(files_here() == 1, "and no half-written one beside it");
    unlink("a");
}

int
main(void)
{
    tap_need(mkdtemp(folder) != NULL && chdir(folder) == 0);
    tap_run(test_write_and_read);
    tap_run(test_paths);
    tap_run(test_read_refuses);
    tap_run(test_read_without_a_size);
    tap_run(test_write_fails_clean);
    tap_run(test_full_disk_keeps_the_old_file);
    tap_ok(files_here() == 0 && rmdir(folder) == 0);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Texts, waits, days and the profile, as commands are told them. */
#include "client/cli/input.h"
#include "support/tap.h"

#include <sys/stat.h>
#include <unistd.h>

static const struct cli_option options[] = {
    INPUT_TEXT_ROW,
    INPUT_WAIT_ROW,
    {"days", "N", "", CLI_ONCE},
    CLI_OPTIONS_END
};
static const struct cli_command say = {"say", "", "",   "",  options,
                                       0,     0,  NULL, NULL};

/* One option as it would have been parsed. */
struct told {
    struct cli_given given;
    struct cli_args args;
    struct ro_why why;
    struct ro_buf buf;
    const char *text;
};

static void
tell(struct told *told, size_t row, const char *value)
{
    ro_buf_fini(&told->buf);
    *told = (struct told){
        .given = {&options[row], value}
    };
    told->args = (struct cli_args){
        .command = &say, .given = &told->given, .n_given = value != NULL};
}

static enum ro_status
text_of(struct told *told, const char *value, enum input_need need)
{
    tell(told, 0, value);
    return input_text(&told->args, need, &told->buf, &told->why, &told->text);
}

/* The text of "--text -" with these bytes on stdin. */
static enum ro_status
text_from_stdin(struct told *told, const void *bytes, size_t size)
{
    FILE *file = tmpfile();
    if (file == NULL || fwrite(bytes, 1, size, file) != size ||
        fflush(file) != 0 || fseek(file, 0, SEEK_SET) != 0 ||
        dup2(fileno(file), STDIN_FILENO) != STDIN_FILENO)
        exit(1);
    fclose(file);
    return text_of(told, "-", INPUT_REQUIRED);
}

static bool
text_is(const char *is, const char *should)
{
    return is != NULL && strcmp(is, should) == 0;
}

static void
test_argument(void)
{
    struct told told = {.text = NULL};
    tap_is(text_of(&told, "Thursday it is.", INPUT_REQUIRED), RO_OK);
    tap_ok(text_is(told.text, "Thursday it is."));
    tap_is(text_of(&told, NULL, INPUT_OPTIONAL), RO_OK);
    tap_ok(told.text == NULL);
    tap_is(text_of(&told, NULL, INPUT_REQUIRED), RO_USAGE);
    tap_ok(strcmp(told.why.text, "say needs --text") == 0);
    tap_is(text_of(&told, "", INPUT_OPTIONAL), RO_BAD_INPUT);
    tap_is(text_of(&told, "two\nlines\tand a tab", INPUT_REQUIRED), RO_OK);
    tap_is(text_of(&told, "a bell\a", INPUT_REQUIRED), RO_BAD_INPUT);
    tap_is(text_of(&told, "not UTF-8: \xff", INPUT_REQUIRED), RO_BAD_INPUT);
    tap_say(strstr(told.why.text, "save the text as plain UTF-8") != NULL,
            told.why.text);
    ro_buf_fini(&told.buf);
}

static void
test_stdin(void)
{
    struct told told = {.text = NULL};
    tap_is(text_from_stdin(&told, "one\r\ntwo\r\n\r\n", 12), RO_OK);
    tap_ok(text_is(told.text, "one\ntwo"));
    tap_is(text_from_stdin(&told, "", 0), RO_BAD_INPUT);
    tap_is(text_from_stdin(&told, "\n\n", 2), RO_BAD_INPUT);
    tap_is(text_from_stdin(&told, "a\0b", 3), RO_BAD_INPUT);
    tap_is(text_from_stdin(&told, "a\rb", 3), RO_BAD_INPUT);
    tap_is(text_from_stdin(&told, "caf\xc3\xa9", 5), RO_OK);
    tap_is(text_from_stdin(&told, "caf\xe9", 4), RO_BAD_INPUT);
    ro_buf_fini(&told.buf);
}

static void
test_limits(void)
{
    struct told told = {.text = NULL};
    size_t huge = (size_t)17 * INPUT_TEXT_MAX;
    RO_AUTOFREE char *text = malloc(huge);
    if (text == NULL)
        exit(1);
    memset(text, 'x', huge);
    tap_is(text_from_stdin(&told, text, INPUT_TEXT_MAX), RO_OK);
    tap_ok(told.text != NULL && strlen(told.text) == INPUT_TEXT_MAX);
    tap_is(text_from_stdin(&told, text, INPUT_TEXT_MAX + 1), RO_BAD_INPUT);
    tap_is(text_from_stdin(&told, text, (size_t)70 * 1024), RO_BAD_INPUT);
    tap_say(strcmp(told.why.text,
                   "the text has 71680 bytes, and 60000 fit in a message; "
                   "shorten it, or say it in several messages") == 0,
            told.why.text);
    tap_is(text_from_stdin(&told, text, huge), RO_BAD_INPUT);
    tap_say(strstr(told.why.text, "more than 960000 bytes") != NULL,
            told.why.text);
    ro_buf_fini(&told.buf);
}

static void
test_numbers(void)
{
    struct told told = {.text = NULL};
    int64_t wait_ms = 0;
    double days = 0;
    tell(&told, 1, NULL);
    tap_is(input_wait(&told.args, &told.why, &wait_ms), RO_OK);
    tap_ok(wait_ms == 10000);
    tell(&told, 1, "1.5");
    tap_is(input_wait(&told.args, &told.why, &wait_ms), RO_OK);
    tap_ok(wait_ms == 1500);
    tell(&told, 1, "soon");
    tap_is(input_wait(&told.args, &told.why, &wait_ms), RO_USAGE);
    tell(&told, 2, NULL);
    tap_is(input_days(&told.args, &told.why, &days), RO_OK);
    tap_ok(days < 0);
    tell(&told, 2, "2.5");
    tap_is(input_days(&told.args, &told.why, &days), RO_OK);
    tap_ok(days > 2.4 && days < 2.6);
    tell(&told, 2, "0.7");
    tap_is(input_days(&told.args, &told.why, &days), RO_USAGE);
}

/* Which profile an environment leads to. */
static const char *
profile_of(struct told *told, const char *xdg, const char *home)
{
    if (xdg != NULL) {
        setenv("XDG_DATA_HOME", xdg, 1);
    } else {
        unsetenv("XDG_DATA_HOME");
    }
    if (home != NULL) {
        setenv("HOME", home, 1);
    } else {
        unsetenv("HOME");
    }
    ro_buf_clear(&told->buf);
    if (input_profile(&told->args, &told->buf, &told->why, &told->text) !=
        RO_OK)
        return "";
    return told->text;
}

static void
test_profile(void)
{
    struct told told = {.text = NULL};
    unsetenv("REACHOUT_PROFILE");
    tell(&told, 0, NULL);
    tap_ok(strcmp(profile_of(&told, "/d", "/h"), "/d/reachout") == 0);
    tap_ok(strcmp(profile_of(&told, NULL, "/h"), "/h/.local/share/reachout") ==
           0);
    tap_say(strcmp(profile_of(&told, "relative", "/h"),
                   "/h/.local/share/reachout") == 0,
            "a relative XDG_DATA_HOME does not count");
    tap_ok(strcmp(profile_of(&told, NULL, NULL), "") == 0);
    setenv("REACHOUT_PROFILE", "/e", 1);
    tap_ok(strcmp(profile_of(&told, "/d", "/h"), "/e") == 0);
    told.args.profile = "/o";
    tap_ok(strcmp(profile_of(&told, "/d", "/h"), "/o") == 0);
    ro_buf_fini(&told.buf);
}

static void
test_parents(void)
{
    char dir[] = "parents-XXXXXX";
    char path[100];
    struct stat info;
    struct ro_why why = {""};
    tap_need(mkdtemp(dir) != NULL);
    snprintf(path, sizeof(path), "%s/a/b/profile", dir);
    tap_is(input_make_parents(path, &why), RO_OK);
    tap_is(input_make_parents(path, &why), RO_OK);
    tap_say(stat(path, &info) != 0, "the profile itself is not made");
    snprintf(path, sizeof(path), "%s/a/b", dir);
    tap_ok(stat(path, &info) == 0 && (info.st_mode & 0777) == 0700);
    rmdir(path);
    snprintf(path, sizeof(path), "%s/a", dir);
    rmdir(path);
    rmdir(dir);
    tap_is(input_make_parents("/dev/null/a/b", &why), RO_IO_FAILED);
    tap_is(input_make_parents("profile", &why), RO_OK);
}

/* The text of stdin is kept, and taken from there the next time; a command
 * that was handed over has none but that. */
static void
test_typed(void)
{
    RO_AUTOBUF typed = {0};
    struct told told = {.text = NULL};
    (void)text_from_stdin(&told, "Thursday\r\n", 10);
    tap_need(lseek(STDIN_FILENO, 0, SEEK_SET) == 0);
    told.args.typed = &typed;
    ro_buf_fini(&told.buf);
    tap_is(input_text(&told.args, INPUT_REQUIRED, &told.buf, &told.why,
                      &told.text),
           RO_OK);
    tap_ok(text_is(told.text, "Thursday") &&
           text_is((const char *)typed.data, "Thursday"));
    tap_is(input_text(&told.args, INPUT_REQUIRED, &told.buf, &told.why,
                      &told.text),
           RO_OK);
    tap_ok(text_is(told.text, "Thursday"));
    tap_need(lseek(STDIN_FILENO, 0, SEEK_SET) == 0);
    ro_buf_clear(&typed);
    ro_buf_fini(&told.buf);
    told.args.host = (struct host *)&typed; /* some process's, never used */
    tap_is(input_text(&told.args, INPUT_REQUIRED, &told.buf, &told.why,
                      &told.text),
           RO_BAD_INPUT);
    ro_buf_fini(&told.buf);
}

int
main(void)
{
    tap_run(test_argument);
    tap_run(test_stdin);
    tap_run(test_limits);
    tap_run(test_numbers);
    tap_run(test_profile);
    tap_run(test_parents);
    tap_run(test_typed);
    return tap_done();
}

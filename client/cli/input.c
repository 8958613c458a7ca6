/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/input.h"

#include "common/base/ids.h"
#include "common/base/text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WAIT_S 10
#define LONGEST_WAIT_S 86400

/* --- texts --------------------------------------------------------------- */

/* Reads stdin to its end, or until it is surely too long. */
static enum ro_status
read_stdin(struct ro_buf *buf, struct ro_why *why)
{
    uint8_t piece[4096];
    ssize_t n;
    while ((n = read(STDIN_FILENO, piece, sizeof(piece))) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ro_why(why, RO_IO_FAILED, "stdin: %s", strerror(errno));
        ro_buf_put(buf, piece, (size_t)n);
        if (buf->size > (size_t)16 * INPUT_TEXT_MAX) {
            return ro_why(why, RO_BAD_INPUT,
                          "the text on stdin has more than %d bytes, and %d "
                          "fit in a message; shorten it",
                          16 * INPUT_TEXT_MAX, INPUT_TEXT_MAX);
        }
    }
    return ro_buf_ok(buf);
}

/* CR LF becomes LF; line ends at the end are no part of a text. */
static void
mend_lines(struct ro_buf *buf)
{
    size_t to = 0;
    for (size_t i = 0; i < buf->size; i++) {
        if (buf->data[i] != '\r' || i + 1 == buf->size ||
            buf->data[i + 1] != '\n')
            buf->data[to++] = buf->data[i];
    }
    while (to > 0 && (buf->data[to - 1] == '\n' || buf->data[to - 1] == '\r'))
        to--;
    buf->size = to;
}

static enum ro_status
check_text(struct ro_bytes text, struct ro_why *why)
{
    struct ro_why detail = {""};
    if (text.size == 0) {
        return ro_why(why, RO_BAD_INPUT,
                      "the text is empty; say a few words with --text");
    }
    if (text.size > INPUT_TEXT_MAX) {
        return ro_why(why, RO_BAD_INPUT,
                      "the text has %zu bytes, and %d fit in a message; "
                      "shorten it, or say it in several messages",
                      text.size, INPUT_TEXT_MAX);
    }
    if (ro_text_check(text, RO_TEXT_BODY, INPUT_TEXT_MAX, &detail) != RO_OK) {
        return ro_why(why, RO_BAD_INPUT,
                      "%s; save the text as plain UTF-8 and try again",
                      detail.text);
    }
    return RO_OK;
}

/* What was read before: here, or where the command was handed over. */
static enum ro_status
typed_text(const struct cli_args *args,
           struct ro_why *why,
           const char **ret_text)
{
    const char *text = (const char *)args->typed->data;
    RO_TRY(check_text(ro_bytes_text(text), why));
    *ret_text = text;
    return RO_OK;
}

enum ro_status
input_text(const struct cli_args *args,
           enum input_need need,
           struct ro_buf *buf,
           struct ro_why *why,
           const char **ret_text)
{
    const char *text = options_text(args, "text");
    if (text == NULL) {
        *ret_text = NULL;
        return need == INPUT_OPTIONAL ? RO_OK
                                      : ro_why(why, RO_USAGE, "%s needs --text",
                                               args->command->name);
    }
    if (strcmp(text, "-") != 0) {
        RO_TRY(check_text(ro_bytes_text(text), why));
        *ret_text = text;
        return RO_OK;
    }
    if (args->typed != NULL && args->typed->size > 0)
        return typed_text(args, why, ret_text);
    if (args->host != NULL) /* this process's stdin is not the command's */
        return ro_why(why, RO_BAD_INPUT, "the text of stdin is not here");
    RO_TRY(read_stdin(buf, why));
    mend_lines(buf);
    RO_TRY(check_text(ro_buf_view(buf), why));
    ro_buf_put_u8(buf, '\0');
    RO_TRY(ro_buf_ok(buf));
    if (args->typed != NULL)
        ro_buf_put(args->typed, buf->data, buf->size);
    *ret_text = (const char *)buf->data;
    return args->typed != NULL ? ro_buf_ok(args->typed) : RO_OK;
}

/* --- ids ----------------------------------------------------------------- */

enum ro_status
input_id(const char *word, struct ro_why *why)
{
    size_t size = strlen(word);
    if (size > 0 && size < RO_ID_HEX &&
        strspn(word, "0123456789abcdef") == size)
        return RO_OK;
    return ro_why(why, RO_USAGE,
                  "\"%.40s\" is no id: ids are made of 0 to 9 and a to f, as "
                  "they are listed, and their beginning is enough",
                  word);
}

/* --- numbers ------------------------------------------------------------- */

enum ro_status
input_wait(const struct cli_args *args,
           struct ro_why *why,
           int64_t *ret_wait_ms)
{
    static const struct cli_range range = {0, LONGEST_WAIT_S, WAIT_S};
    double seconds = 0;
    RO_TRY(options_number(args, "wait", &range, why, &seconds));
    *ret_wait_ms = (int64_t)(seconds * 1000);
    return RO_OK;
}

enum ro_status
input_days(const struct cli_args *args, struct ro_why *why, double *ret_days)
{
    static const struct cli_range range = {0.5, 365, -1};
    double days = 0;
    RO_TRY(options_number(args, "days", &range, why, &days));
    if (floor(days * 2) != days * 2) {
        return ro_why(why, RO_USAGE,
                      "--days: whole and half days only, such as 0.5 or 2");
    }
    *ret_days = days;
    return RO_OK;
}

/* --- the profile --------------------------------------------------------- */

enum ro_status
input_profile(const struct cli_args *args,
              struct ro_buf *buf,
              struct ro_why *why,
              const char **ret_profile)
{
    const char *named = args->profile;
    if (named == NULL)
        named = getenv("REACHOUT_PROFILE");
    if (named != NULL && named[0] != '\0') {
        *ret_profile = named;
        return RO_OK;
    }
    const char *data = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    if (data != NULL && data[0] == '/') {
        ro_buf_printf(buf, "%s/reachout", data);
    } else if (home != NULL && home[0] == '/') {
        ro_buf_printf(buf, "%s/.local/share/reachout", home);
    } else {
        return ro_why(why, RO_USAGE,
                      "there is no home folder; name a profile with --profile");
    }
    ro_buf_put_u8(buf, '\0');
    RO_TRY(ro_buf_ok(buf));
    *ret_profile = (const char *)buf->data;
    return RO_OK;
}

enum ro_status
input_make_parents(const char *path, struct ro_why *why)
{
    RO_AUTOFREE char *part = strdup(path);
    if (part == NULL)
        return RO_NO_MEMORY;
    for (char *at = strchr(part + (part[0] == '/'), '/'); at != NULL;
         at = strchr(at + 1, '/')) {
        *at = '\0';
        if (at[1] != '\0' && mkdir(part, 0700) != 0 && errno != EEXIST)
            return ro_why(why, RO_IO_FAILED, "%s: %s", part, strerror(errno));
        *at = '/';
    }
    return RO_OK;
}

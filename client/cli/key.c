/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/key.h"

#include "common/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define PASSPHRASE_FILE "REACHOUT_PASSPHRASE_FILE"
#define TICK_MS 1000
#define HIGHEST_FD 1048576

/* --- given --------------------------------------------------------------- */

enum ro_status
key_of_fd(const char *text,
          const char *option,
          struct ro_why *why,
          struct ro_passphrase **ret_passphrase)
{
    char *end = NULL;
    errno = 0;
    long fd = strtol(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 ||
        fd > HIGHEST_FD) {
        return ro_why(why, RO_USAGE,
                      "--%s: \"%.40s\" is no descriptor; give its number, as "
                      "in --%s 3 3<FILE",
                      option, text, option);
    }
    return ro_passphrase_read((int)fd, why, ret_passphrase);
}

static enum ro_status
key_of_file(const char *path,
            struct ro_why *why,
            struct ro_passphrase **ret_passphrase)
{
    struct ro_why detail = {""};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return ro_why(why, RO_IO_FAILED, PASSPHRASE_FILE ": %s: %s", path,
                      strerror(errno));
    }
    enum ro_status s = ro_passphrase_read(fd, &detail, ret_passphrase);
    close(fd);
    if (s == RO_OK)
        return RO_OK;
    return ro_why(why, s, PASSPHRASE_FILE ": %s: %s", path, detail.text);
}

enum ro_status
key_given(const struct cli_args *args,
          struct ro_why *why,
          struct ro_passphrase **ret_passphrase)
{
    const char *path = getenv(PASSPHRASE_FILE);
    *ret_passphrase = NULL;
    if (args->passphrase_fd != NULL) {
        return key_of_fd(args->passphrase_fd, "passphrase-fd", why,
                         ret_passphrase);
    }
    if (path != NULL && path[0] != '\0')
        return key_of_file(path, why, ret_passphrase);
    return RO_OK;
}

/* --- asked --------------------------------------------------------------- */

/* A terminal that shows nothing of what is typed, until it is closed. */
struct terminal {
    int fd;
    struct termios before;
};

static enum ro_status
terminal_open(struct terminal *ret_terminal, struct ro_why *why)
{
    struct termios quiet;
    struct terminal terminal = {
        .fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)};
    if (terminal.fd < 0 || tcgetattr(terminal.fd, &terminal.before) != 0) {
        if (terminal.fd >= 0)
            close(terminal.fd);
        return ro_why(why, RO_NEED_PASSPHRASE,
                      "a passphrase is needed, and there is no terminal to "
                      "ask on; give it with --passphrase-fd N or in the file "
                      "that " PASSPHRASE_FILE " names");
    }
    quiet = terminal.before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
    quiet.c_lflag |= ECHONL | ICANON;
    /* what was typed ahead is not the passphrase, and was shown */
    if (tcsetattr(terminal.fd, TCSAFLUSH, &quiet) != 0) {
        close(terminal.fd);
        return ro_why(why, RO_IO_FAILED, "the terminal: %s", strerror(errno));
    }
    *ret_terminal = terminal;
    return RO_OK;
}

static void
terminal_close(struct terminal *terminal)
{
    if (terminal->fd < 0)
        return;
    (void)tcsetattr(terminal->fd, TCSAFLUSH, &terminal->before);
    close(terminal->fd);
}

/* One line. Signals are held, so that one cannot leave the terminal mute. */
static enum ro_status
ask_once(struct wait *wait,
         const char *words,
         struct ro_passphrase **ret_passphrase)
{
    RO_CLEANUP(terminal_close) struct terminal terminal = {.fd = -1};
    RO_TRY(terminal_open(&terminal, wait->why));
    (void)!write(terminal.fd, words, strlen(words));
    struct pollfd ready = {.fd = terminal.fd, .events = POLLIN};
    while (poll(&ready, 1, 0) == 0) {
        if (!wait_for(wait, terminal.fd, POLLIN, TICK_MS)) {
            (void)!write(terminal.fd, "\n", 1);
            return wait_be_interrupted(wait);
        }
    }
    return ro_passphrase_read(terminal.fd, wait->why, ret_passphrase);
}

enum ro_status
key_ask(struct wait *wait,
        enum key_wanted wanted,
        struct ro_passphrase **ret_passphrase)
{
    RO_CLEANUP(ro_passphrase_freep) struct ro_passphrase *first = NULL;
    RO_CLEANUP(ro_passphrase_freep) struct ro_passphrase *second = NULL;
    if (wanted == KEY_OLD)
        return ask_once(wait, "Passphrase of this profile: ", ret_passphrase);
    RO_TRY(ask_once(wait, "New passphrase, at least 10 characters: ", &first));
    RO_TRY(ro_passphrase_fits(first, wait->why));
    RO_TRY(ask_once(wait, "The same again: ", &second));
    if (!ro_passphrase_same(first, second)) {
        return ro_why(wait->why, RO_BAD_INPUT,
                      "these were two different passphrases; nothing has "
                      "changed");
    }
    *ret_passphrase = RO_STEAL(first);
    return RO_OK;
}

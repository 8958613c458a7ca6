/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/hand.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct hand {
    int fd;
    pid_t pid;
    struct ro_clock clock;
    int64_t heard_ms; /* monotonic */
    struct ro_buf out;
    size_t sent;
    struct ro_buf in;
    size_t taken; /* of in */
    enum { NOT_BEGUN, BEGUN } progress;
    uint64_t before;
    struct handing_answer answer;
};

/* --- the asking ---------------------------------------------------------- */

/* Texts one behind the other in a buffer, found again when it is whole. */
struct line {
    struct ro_buf *buf;
    size_t at[HANDING_ARGS_MAX];
    size_t n;
};

static void
begin_word(struct line *line)
{
    if (line->n < HANDING_ARGS_MAX)
        line->at[line->n] = line->buf->size;
    line->n++;
}

static void
add_word(struct line *line, const char *word)
{
    begin_word(line);
    ro_buf_put(line->buf, word, strlen(word) + 1);
}

static bool
is_path(const struct cli_option *option)
{
    return option->value != NULL && (strcmp(option->value, "FILE") == 0 ||
                                     strcmp(option->value, "DIR") == 0);
}

/* Before a path from this folder on: the watch is in another. */
static enum ro_status
add_here(struct line *line, struct ro_why *why)
{
    RO_AUTOFREE char *here = getcwd(NULL, 0);
    if (here == NULL)
        return ro_why(why, RO_IO_FAILED, "this folder: %s", strerror(errno));
    ro_buf_printf(line->buf, "%s/", here);
    return RO_OK;
}

/* "--name=value", or "--name". */
static enum ro_status
add_given(struct line *line, const struct cli_given *given, struct ro_why *why)
{
    begin_word(line);
    ro_buf_printf(line->buf, "--%s", given->option->name);
    if (given->value != NULL) {
        ro_buf_put_u8(line->buf, '=');
        if (is_path(given->option) && given->value[0] != '/')
            RO_TRY(add_here(line, why));
        ro_buf_put(line->buf, given->value, strlen(given->value));
    }
    ro_buf_put_u8(line->buf, '\0');
    return RO_OK;
}

static void
add_globals(struct line *line, const struct cli_args *args)
{
    /* it shows in the next steps that are printed, and nowhere else */
    if (args->profile != NULL) {
        begin_word(line);
        ro_buf_printf(line->buf, "--profile=%s", args->profile);
        ro_buf_put_u8(line->buf, '\0');
    }
    if (args->form == CLI_JSON)
        add_word(line, "--json");
    if (args->upper != NULL)
        add_word(line, args->upper->name);
    add_word(line, args->command->name);
}

enum ro_status
hand_make_asking(const struct cli_args *args,
                 struct ro_why *why,
                 struct ro_buf *paths,
                 struct handing_asking *ret_asking)
{
    struct line line = {.buf = paths};
    ro_buf_clear(paths);
    add_globals(&line, args);
    for (size_t i = 0; i < args->n_given; i++)
        RO_TRY(add_given(&line, &args->given[i], why));
    add_word(&line, "--");
    for (size_t i = 0; i < args->n_words; i++)
        add_word(&line, args->words[i]);
    RO_TRY(ro_buf_ok(paths));
    if (line.n > HANDING_ARGS_MAX)
        return ro_why(why, RO_TOO_LARGE, "that are too many words");
    *ret_asking = (struct handing_asking){.n_args = line.n};
    for (size_t i = 0; i < line.n; i++)
        ret_asking->args[i] = (char *)paths->data + line.at[i];
    return RO_OK;
}

/* --- the connection ------------------------------------------------------ */

static enum ro_status
connect_to(const struct place_where *where, int *ret_fd, pid_t *ret_pid)
{
    struct place place;
    struct ro_why unheard = {""};
    if (place_open(where, &unheard, &place) != RO_OK)
        return RO_NOT_FOUND;
    enum ro_status s = place_connect(&place, ret_fd, ret_pid);
    place_close(&place);
    return s == RO_OK ? RO_OK : RO_NOT_FOUND;
}

enum ro_status
hand_open(const struct place_where *where,
          const struct handing_asking *asking,
          const struct ro_clock *clock,
          struct ro_why *why,
          struct hand **ret_hand)
{
    RO_CLEANUP(hand_freep) struct hand *hand = calloc(1, sizeof(*hand));
    if (hand == NULL)
        return RO_NO_MEMORY;
    hand->fd = -1;
    hand->clock = *clock;
    hand->heard_ms = ro_clock_mono_ms(clock);
    handing_put_asking(asking, &hand->out);
    RO_TRY(ro_buf_ok(&hand->out));
    if (hand->out.size > HANDING_ASKING_MAX + HANDING_SIZE_SIZE) {
        return ro_why(why, RO_TOO_LARGE,
                      "the command line is too long to be handed to the watch "
                      "that is running on this profile");
    }
    RO_TRY(connect_to(where, &hand->fd, &hand->pid));
    *ret_hand = RO_STEAL(hand);
    return RO_OK;
}

void
hand_free(struct hand *hand)
{
    if (hand == NULL)
        return;
    if (hand->fd >= 0)
        close(hand->fd);
    ro_buf_fini(&hand->out);
    ro_buf_fini(&hand->in);
    free(hand);
}

pid_t
hand_find(const struct place_where *where)
{
    int fd = -1;
    pid_t pid = 0;
    if (connect_to(where, &fd, &pid) != RO_OK)
        return 0;
    close(fd);
    return pid;
}

pid_t
hand_pid(const struct hand *hand)
{
    return hand->pid;
}

int
hand_fd(const struct hand *hand)
{
    return hand->fd;
}

short
hand_events(const struct hand *hand)
{
    return (short)(POLLIN | (hand->sent < hand->out.size ? POLLOUT : 0));
}

const struct handing_answer *
hand_answer(const struct hand *hand)
{
    return &hand->answer;
}

bool
hand_before(const struct hand *hand, uint64_t *ret_before)
{
    if (hand->progress == NOT_BEGUN)
        return false;
    *ret_before = hand->before;
    return true;
}

/* --- what goes and what comes -------------------------------------------- */

/* A failure shows when reading: what the other end said before it is there
 * all the same. */
static void
send_some(struct hand *hand)
{
    while (hand->sent < hand->out.size) {
        ssize_t n =
            send(hand->fd, hand->out.data + hand->sent,
                 hand->out.size - hand->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN)
            hand->sent = hand->out.size;
        if (n < 0)
            return;
        hand->sent += (size_t)n;
    }
}

static enum hand_state
take_answer(struct hand *hand, const struct handing_answer *answer)
{
    switch (answer->what) {
    case HANDING_BEGUN:
        hand->progress = BEGUN;
        hand->before = answer->before;
        return HAND_BEGUN;
    case HANDING_DONE:
    case HANDING_REFUSED:
        hand->answer = *answer;
        return HAND_ANSWERED;
    case HANDING_HEARD:
    default:
        return hand->progress == BEGUN ? HAND_BEGUN : HAND_UNDER_WAY;
    }
}

/* Takes the frames that are whole. */
static enum hand_state
take_frames(struct hand *hand)
{
    enum hand_state state =
        hand->progress == BEGUN ? HAND_BEGUN : HAND_UNDER_WAY;
    while (state != HAND_ANSWERED) {
        struct handing_answer answer;
        size_t size = 0;
        struct ro_bytes rest = {hand->in.data + hand->taken,
                                hand->in.size - hand->taken};
        if (handing_frame(rest, HANDING_ANSWER_MAX, &size) != RO_OK)
            return HAND_GONE;
        if (size == 0 || rest.size < size)
            return state;
        const struct ro_bytes body = {rest.data + HANDING_SIZE_SIZE,
                                      size - HANDING_SIZE_SIZE};
        if (handing_take_answer(body, &answer) != RO_OK)
            return HAND_GONE;
        hand->taken += size;
        state = take_answer(hand, &answer);
    }
    return state;
}

/* How long the other side may be silent; test builds need not wait it out. */
static int64_t
silence_ms(void)
{
#ifdef RO_TEST_CLOCK
    const char *wish = getenv("REACHOUT_SILENCE");
    if (wish != NULL && strcmp(wish, "least") == 0)
        return HAND_SILENCE_MS / 20;
#endif
    return HAND_SILENCE_MS;
}

enum hand_state
hand_work(struct hand *hand)
{
    uint8_t piece[16384];
    ssize_t n;
    send_some(hand);
    while ((n = recv(hand->fd, piece, sizeof(piece), MSG_DONTWAIT)) > 0) {
        hand->heard_ms = ro_clock_mono_ms(&hand->clock);
        ro_buf_put(&hand->in, piece, (size_t)n);
        if (ro_buf_ok(&hand->in) != RO_OK)
            return HAND_GONE;
    }
    bool closed = n == 0 || (errno != EAGAIN && errno != EINTR);
    enum hand_state state =
        hand->in.size > 0 ? take_frames(hand) : HAND_UNDER_WAY;
    if (state == HAND_ANSWERED)
        return state;
    if (closed)
        return HAND_GONE;
    if (ro_clock_mono_ms(&hand->clock) - hand->heard_ms > silence_ms())
        return HAND_SILENT;
    return state;
}

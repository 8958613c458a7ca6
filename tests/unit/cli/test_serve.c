/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both ends of a profile's socket, with real sockets and a clock that moves
 * when told: commands in their order, and peers that are slow, silent, gone,
 * too many, or not who they should be.
 */
#include "client/cli/hand.h"
#include "client/cli/place.h"
#include "client/cli/serve.h"
#include "support/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder, a server in it, and time. */
static char dir[64];
static struct place_where here;
static struct ro_clock_virtual now;
static struct ro_clock clock_;
static struct serve *serve;

static void
open_server(void)
{
    struct ro_why why = {""};
    snprintf(dir, sizeof(dir), "/tmp/reachout-serve-XXXXXX");
    tap_need(mkdtemp(dir) != NULL);
    here = place_of_ours(dir);
    now = (struct ro_clock_virtual){.wall_s = 1794300000, .mono_ms = 1000};
    clock_ = ro_clock_of(&now);
    tap_need(serve_open(&here, &clock_, &why, &serve) == RO_OK);
}

static void
close_server(void)
{
    serve_free(serve);
    serve = NULL;
    tap_say(rmdir(dir) == 0, "nothing is left in the folder");
}

/* Everything that can go on without time goes on. */
static void
work(void)
{
    int n = 1;
    while (n > 0) {
        struct pollfd fds[SERVE_FDS];
        serve_fds(serve, fds);
        n = poll(fds, SERVE_FDS, 0);
        serve_work(serve, fds);
    }
}

static struct hand *
ask_with(const char *word, const char *text)
{
    struct ro_why why = {""};
    struct hand *hand = NULL;
    struct handing_asking asking = {.n_args = 1};
    RO_AUTOFREE char *arg = strdup(word);
    RO_AUTOFREE char *typed = text != NULL ? strdup(text) : NULL;
    asking.args[0] = arg;
    asking.text = typed;
    tap_need(hand_open(&here, &asking, &clock_, &why, &hand) == RO_OK);
    hand_work(hand);
    return hand;
}

static struct hand *
ask(const char *word)
{
    struct hand *hand = ask_with(word, NULL);
    work();
    return hand;
}

/* Whether it is this one's turn. */
static bool
is_next(const char *word)
{
    const struct handing_asking *asking = serve_next(serve);
    return asking != NULL && strcmp(asking->args[0], word) == 0;
}

static void
end(const char *out, uint8_t exit_code)
{
    const struct handing_answer done = {.what = HANDING_DONE,
                                        .exit_code = exit_code,
                                        .out = ro_bytes_text(out),
                                        .err = ro_bytes_text("talk\n")};
    serve_end(serve, &done);
    work();
}

static bool
got(struct hand *hand, const char *out, uint8_t exit_code)
{
    if (hand_work(hand) != HAND_ANSWERED)
        return false;
    const struct handing_answer *answer = hand_answer(hand);
    return answer->what == HANDING_DONE && answer->exit_code == exit_code &&
           ro_bytes_equal(answer->out, ro_bytes_text(out)) &&
           ro_bytes_equal(answer->err, ro_bytes_text("talk\n"));
}

static bool
was_refused(struct hand *hand, enum handing_refusal refusal)
{
    return hand_work(hand) == HAND_ANSWERED &&
           hand_answer(hand)->what == HANDING_REFUSED &&
           hand_answer(hand)->refusal == refusal;
}

/* --- as it should be ----------------------------------------------------- */

static void
test_one(void)
{
    uint64_t before = 0;
    open_server();
    tap_ok(serve_next(serve) == NULL);
    tap_ok(hand_find(&here) == getpid());
    RO_CLEANUP(hand_freep) struct hand *hand = ask("status");
    tap_ok(hand_pid(hand) == getpid());
    tap_ok(hand_work(hand) == HAND_UNDER_WAY && !hand_before(hand, &before));
    tap_ok(is_next("status"));
    tap_is(serve_begin(serve, 42), RO_OK);
    tap_ok(hand_work(hand) == HAND_BEGUN && hand_before(hand, &before) &&
           before == 42);
    end("it is well\n", 3);
    tap_ok(got(hand, "it is well\n", 3));
    tap_ok(serve_due_ms(serve) == -1);
    close_server();
}

/* A text of the longest kind, and an answer that no socket holds at once. */
static void
test_large(void)
{
    open_server();
    RO_AUTOFREE char *text = malloc(60001);
    RO_AUTOFREE char *out = malloc(3000001);
    tap_need(text != NULL && out != NULL);
    memset(text, 't', 60000);
    memset(out, 'o', 3000000);
    text[60000] = out[3000000] = '\0';
    RO_CLEANUP(hand_freep) struct hand *hand = ask_with("say", text);
    work();
    const struct handing_asking *asking = serve_next(serve);
    tap_need(asking != NULL);
    tap_ok(strcmp(asking->text, text) == 0);
    tap_is(serve_begin(serve, 0), RO_OK);
    const struct handing_answer done = {.what = HANDING_DONE,
                                        .out = ro_bytes_text(out)};
    serve_end(serve, &done);
    enum hand_state state = HAND_BEGUN;
    for (size_t i = 0; i < 1000 && state == HAND_BEGUN; i++) {
        struct pollfd fds[SERVE_FDS];
        serve_fds(serve, fds);
        poll(fds, SERVE_FDS, 0);
        serve_work(serve, fds);
        state = hand_work(hand);
    }
    tap_ok(state == HAND_ANSWERED &&
           ro_bytes_equal(hand_answer(hand)->out, done.out));
    close_server();
}

static void
test_in_order(void)
{
    open_server();
    RO_CLEANUP(hand_freep) struct hand *first = ask("first");
    RO_CLEANUP(hand_freep) struct hand *second = ask("second");
    RO_CLEANUP(hand_freep) struct hand *third = ask("third");
    tap_ok(is_next("first") && serve_begin(serve, 0) == RO_OK);
    tap_say(serve_next(serve) == NULL, "one at a time");
    end("1", 0);
    tap_ok(is_next("second") && serve_begin(serve, 0) == RO_OK);
    RO_CLEANUP(hand_freep) struct hand *fourth = ask("fourth");
    end("2", 0);
    tap_ok(is_next("third") && serve_begin(serve, 0) == RO_OK);
    end("3", 0);
    tap_ok(is_next("fourth") && serve_begin(serve, 0) == RO_OK);
    end("4", 0);
    tap_ok(got(first, "1", 0) && got(second, "2", 0) && got(third, "3", 0) &&
           got(fourth, "4", 0));
    close_server();
}

/* --- peers that are not -------------------------------------------------- */

/* A connection of our own, for bytes that hand.c would not send. */
static int
connect_raw(void)
{
    struct place place;
    struct ro_why why = {""};
    int fd = -1;
    pid_t pid;
    tap_need(place_open(&here, &why, &place) == RO_OK);
    tap_need(place_connect(&place, &fd, &pid) == RO_OK);
    place_close(&place);
    return fd;
}

/* What the server has said and done: its first answer, -1 for the end, -2 for
 * nothing yet. */
static int
said(int fd)
{
    uint8_t bytes[64];
    ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN)
        return -2;
    return n < HANDING_SIZE_SIZE + 1 ? -1 : bytes[HANDING_SIZE_SIZE];
}

static void
test_garbage(void)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *what;
    } garbage[] = {
        {"\xff\xff\xff\xff",                    4,  "four billion bytes"},
        {"\0\0\0\0",                            4,  "nothing"           },
        {"GET / HTTP/1.0\r\n\r\n",              18, "another protocol"  },
        {"\0\0\0\x05hello",                     9,  "no asking"         },
        {"\0\0\0\x0c\1\0\0\1\0\0\0\4say\0more", 20, "more than its size"},
        {"\0\0\0\x0c\2\0\0\1\0\0\0\4say\0",     16, "another version"   },
    };
    open_server();
    for (size_t i = 0; i < RO_LEN(garbage); i++) {
        int fd = connect_raw();
        tap_need(send(fd, garbage[i].bytes, garbage[i].size, 0) > 0);
        work();
        tap_say(said(fd) == HANDING_REFUSED && said(fd) == -1, garbage[i].what);
        tap_ok(serve_next(serve) == NULL);
        close(fd);
    }
    RO_CLEANUP(hand_freep) struct hand *hand = ask("status");
    tap_say(is_next("status") && hand_work(hand) == HAND_UNDER_WAY,
            "and the next one is served");
    close_server();
}

static void
test_slow(void)
{
    open_server();
    int nothing = connect_raw();
    int half = connect_raw();
    tap_need(send(half, "\0\0\0\x0c\1\0\0", 7, 0) == 7);
    work();
    RO_CLEANUP(hand_freep) struct hand *hand = ask("status");
    tap_say(is_next("status") && serve_begin(serve, 0) == RO_OK,
            "nobody waits for them");
    end("", 0);
    tap_ok(got(hand, "", 0));
    int due_ms = serve_due_ms(serve);
    tap_ok(due_ms > 0 && due_ms <= 5000);
    now.mono_ms += due_ms - 1;
    work();
    tap_ok(said(nothing) == -2 && said(half) == -2);
    now.mono_ms += 1;
    work();
    tap_say(said(nothing) == -1 && said(half) == -1, "5 s, and they are cut");
    tap_ok(serve_due_ms(serve) == -1);
    close(nothing);
    close(half);
    close_server();
}

/* One that does not take its answer. */
static void
test_deaf(void)
{
    open_server();
    RO_AUTOFREE char *out = malloc(3000001);
    tap_need(out != NULL);
    memset(out, 'o', 3000000);
    out[3000000] = '\0';
    RO_CLEANUP(hand_freep) struct hand *deaf = ask("deaf");
    tap_ok(is_next("deaf") && serve_begin(serve, 0) == RO_OK);
    end(out, 0);
    RO_CLEANUP(hand_freep) struct hand *hand = ask("status");
    tap_say(is_next("status") && serve_begin(serve, 0) == RO_OK,
            "others are served meanwhile");
    end("", 0);
    tap_ok(got(hand, "", 0));
    int due_ms = serve_due_ms(serve);
    tap_ok(due_ms > 0 && due_ms <= 10000);
    now.mono_ms += due_ms;
    work();
    tap_say(serve_due_ms(serve) == -1 && hand_work(deaf) == HAND_GONE,
            "10 s, and it is cut");
    close_server();
}

static void
test_gone(void)
{
    open_server();
    struct hand *waits = ask("waits");
    struct hand *chosen = ask("chosen");
    struct hand *heard = ask("heard");
    struct hand *runs = ask("runs");
    RO_CLEANUP(hand_freep) struct hand *stays = ask("stays");
    hand_free(waits);
    work();
    tap_ok(is_next("chosen"));
    hand_free(chosen);
    tap_say(serve_begin(serve, 0) == RO_NOT_FOUND,
            "who has gone has nothing begun for him");
    tap_ok(is_next("heard"));
    hand_free(heard);
    work();
    tap_say(serve_begin(serve, 0) == RO_NOT_FOUND, "seen to go, or not");
    const struct handing_asking *asking = serve_next(serve);
    tap_ok(asking != NULL && serve_begin(serve, 0) == RO_OK);
    hand_free(runs);
    work();
    tap_say(asking != NULL && strcmp(asking->args[0], "runs") == 0,
            "what runs keeps its words");
    tap_ok(serve_next(serve) == NULL);
    end("for nobody", 0);
    tap_ok(is_next("stays") && serve_begin(serve, 0) == RO_OK);
    end("", 0);
    tap_ok(got(stays, "", 0));
    close_server();
}

/* Who asked and then goes on talking follows no rule. */
static void
test_talkative(void)
{
    open_server();
    int fd = connect_raw();
    static const char asking[] = "\0\0\0\x0c\1\0\0\1\0\0\0\4say\0";
    tap_need(send(fd, asking, 16, 0) == 16);
    work();
    tap_ok(said(fd) == HANDING_HEARD);
    tap_need(send(fd, "and", 3, 0) == 3);
    work();
    tap_ok(said(fd) == -1 && serve_next(serve) == NULL);
    close(fd);
    close_server();
}

static void
test_too_many(void)
{
    struct hand *hands[SERVE_PEERS];
    open_server();
    for (size_t i = 0; i < SERVE_PEERS; i++)
        hands[i] = ask("one");
    RO_CLEANUP(hand_freep) struct hand *more = ask("more");
    tap_say(was_refused(more, HANDING_BUSY), "one more than there is room for");
    tap_ok(hand_work(hands[0]) == HAND_UNDER_WAY);
    for (size_t i = 0; i < SERVE_PEERS; i++)
        hand_free(hands[i]);
    work();
    RO_CLEANUP(hand_freep) struct hand *later = ask("later");
    tap_say(is_next("later") && hand_work(later) == HAND_UNDER_WAY,
            "later there is room again");
    close_server();
}

/* --- time ---------------------------------------------------------------- */

static void
test_heard(void)
{
    open_server();
    RO_CLEANUP(hand_freep) struct hand *first = ask("first");
    RO_CLEANUP(hand_freep) struct hand *second = ask("second");
    tap_ok(is_next("first") && serve_begin(serve, 0) == RO_OK);
    for (int i = 0; i < 100; i++) {
        int due_ms = serve_due_ms(serve);
        tap_need(due_ms > 0 || i > 0);
        now.mono_ms += due_ms;
        if (hand_work(first) == HAND_SILENT)
            break;
        work();
        if (hand_work(first) != HAND_BEGUN ||
            hand_work(second) != HAND_UNDER_WAY)
            break;
    }
    tap_say(now.mono_ms > 400000 && hand_work(first) == HAND_BEGUN &&
                hand_work(second) == HAND_UNDER_WAY,
            "who waits hears that we are there");
    close_server();
    tap_ok(hand_work(first) == HAND_GONE && hand_work(second) == HAND_GONE);
}

static void
test_silence(void)
{
    open_server();
    RO_CLEANUP(hand_freep) struct hand *hand = ask_with("status", NULL);
    now.mono_ms += HAND_SILENCE_MS;
    tap_ok(hand_work(hand) == HAND_UNDER_WAY);
    now.mono_ms += 1;
    tap_say(hand_work(hand) == HAND_SILENT, "nobody is listened to for ever");
    close_server();
}

/* --- the place ----------------------------------------------------------- */

static void
path_of(char path[static 128])
{
    snprintf(path, 128, "%s/%s", dir, HANDING_SOCKET);
}

static void
test_nobody(void)
{
    char path[128];
    struct stat st;
    struct ro_why why = {""};
    struct hand *hand = NULL;
    struct serve *again = NULL;
    char word[] = "status";
    const struct handing_asking asking = {.args = {word}, .n_args = 1};
    open_server();
    path_of(path);
    tap_ok(stat(path, &st) == 0 && S_ISSOCK(st.st_mode) &&
           (st.st_mode & 0777) == 0600);
    close_server();
    tap_is(hand_open(&here, &asking, &clock_, &why, &hand), RO_NOT_FOUND);
    open_server();
    path_of(path);
    /* what kill -9 leaves */
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    serve_free(serve);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path) + 1);
    tap_need(bind(fd, (const void *)&address, sizeof(address)) == 0);
    close(fd);
    tap_say(stat(path, &st) == 0 &&
                hand_open(&here, &asking, &clock_, &why, &hand) ==
                    RO_NOT_FOUND &&
                hand_find(&here) == 0,
            "a stale socket is nobody");
    tap_say(serve_open(&here, &clock_, &why, &again) == RO_OK &&
                hand_find(&here) == getpid(),
            "and is taken over");
    serve = again;
    close_server();
}

static void
test_long_path(void)
{
    char path[300];
    struct ro_why why = {""};
    struct serve *far = NULL;
    open_server();
    int n = snprintf(path, sizeof(path), "%s/%0200d", dir, 1);
    tap_need(n > 200 && mkdir(path, 0700) == 0);
    const struct place_where there = place_of_ours(path);
    tap_is(serve_open(&there, &clock_, &why, &far), RO_OK);
    tap_ok(hand_find(&there) == getpid());
    serve_free(far);
    tap_ok(hand_find(&there) == 0 && rmdir(path) == 0);
    close_server();
}

/* --- another user -------------------------------------------------------- */

/* Who asks is not the user that the server is there for. */
static void
test_somebody_else(void)
{
    struct ro_why why = {""};
    struct serve *theirs = NULL;
    open_server();
    serve_free(serve);
    const struct place_where there = {dir, here.user + 1};
    tap_need(serve_open(&there, &clock_, &why, &theirs) == RO_OK);
    serve = theirs;
    RO_CLEANUP(hand_freep) struct hand *hand = ask("say");
    tap_say(hand_work(hand) == HAND_GONE && serve_next(serve) == NULL,
            "another user is not heard");
    close_server();
}

/* The socket of somebody else gets no words of ours. */
static void
test_somebody_elses(void)
{
    struct ro_why why = {""};
    struct hand *hand = NULL;
    char word[] = "status";
    const struct handing_asking asking = {.args = {word}, .n_args = 1};
    open_server();
    const struct place_where there = {dir, here.user + 1};
    tap_say(hand_open(&there, &asking, &clock_, &why, &hand) == RO_NOT_FOUND &&
                hand_find(&there) == 0,
            "another user's is nobody's");
    work();
    tap_ok(serve_next(serve) == NULL);
    close_server();
}

/* What a process asks for where none is named: its own. */
static void
test_ours(void)
{
    tap_ok(place_of_ours("d").user == geteuid());
    tap_ok(strcmp(place_of_ours("d").dir, "d") == 0);
}

int
main(void)
{
    tap_run(test_one);
    tap_run(test_large);
    tap_run(test_in_order);
    tap_run(test_garbage);
    tap_run(test_slow);
    tap_run(test_deaf);
    tap_run(test_gone);
    tap_run(test_talkative);
    tap_run(test_too_many);
    tap_run(test_heard);
    tap_run(test_silence);
    tap_run(test_nobody);
    tap_run(test_long_path);
    tap_run(test_somebody_else);
    tap_run(test_somebody_elses);
    tap_run(test_ours);
    return tap_done();
}

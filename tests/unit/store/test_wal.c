/* SPDX-License-Identifier: Apache-2.0 */
/* A damaged write-ahead log is not taken for one that ends early. */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "unit/store/sample.h"

#define HEADER 32
#define FRAME (24 + 4096)
#define TURNS 5
#define FILES 2

static const char *const names[FILES] = {"store.db", "store.db-wal"};

/* For what makes a test meaningless. */
static void
need(bool ok)
{
    if (!ok)
        tap_need(ok);
}

/* Both files of a store as a killed broker left them. */
struct kept {
    uint8_t *bytes[FILES];
    size_t sizes[FILES];
};

static void
path_of(const struct folder *folder, size_t file, char ret_path[512])
{
    snprintf(ret_path, 512, "%s/%s", folder->path, names[file]);
}

static struct kept
keep(const struct folder *folder)
{
    struct kept kept = {0};
    for (size_t i = 0; i < FILES; i++) {
        char path[512];
        struct stat st;
        path_of(folder, i, path);
        int fd = open(path, O_RDONLY);
        need(fd >= 0 && fstat(fd, &st) == 0);
        kept.sizes[i] = (size_t)st.st_size;
        kept.bytes[i] = malloc(kept.sizes[i]);
        need(kept.bytes[i] != NULL);
        need(read(fd, kept.bytes[i], kept.sizes[i]) == st.st_size);
        close(fd);
    }
    return kept;
}

static void
kept_free(struct kept *kept)
{
    for (size_t i = 0; i < FILES; i++)
        free(kept->bytes[i]);
}

static void
put_back(const struct folder *folder, const struct kept *kept)
{
    for (size_t i = 0; i < FILES; i++) {
        char path[512];
        path_of(folder, i, path);
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        need(fd >= 0 && write(fd, kept->bytes[i], kept->sizes[i]) ==
                            (ssize_t)kept->sizes[i]);
        close(fd);
    }
}

/* Commits of one message each. 1 on failure; tap is the parent's. */
static int
commit_turns(struct store *store, uint8_t from, uint8_t to)
{
    for (uint8_t i = from; i < to; i++) {
        uint64_t key;
        const struct sample_envelope one = {1, i, i, 500};
        if (store_begin(store) != RO_OK || sample_body_put(store, i) != RO_OK ||
            sample_envelope_put(store, &one, &key) != RO_OK ||
            store_commit(store) != RO_OK)
            return 1;
    }
    return 0;
}

/* A turn that makes the log long enough to be folded; one message. */
static int
commit_much(struct store *store)
{
    static uint8_t wrap[65536];
    const struct sample_body body = sample_body(200);
    if (store_begin(store) != RO_OK || sample_body_put(store, 200) != RO_OK)
        return 1;
    for (uint8_t i = 0; i < 80; i++) {
        uint64_t key;
        memset(wrap, i, sizeof(wrap));
        struct store_envelope put = {
            .mailbox = sample_mailbox(2),
            .body_hash = body.hash,
            .wrap = {wrap, sizeof(wrap)},
        };
        ro_envelope_id_of(&put.mailbox, &put.body_hash, put.wrap, &put.id);
        if (store_envelope_put(store, &put, &key) != RO_OK)
            return 1;
    }
    return store_commit(store) == RO_OK ? 0 : 1;
}

enum history { FRESH, FOLDED };

/* A store whose process was killed, with TURNS commits in its log; FOLDED: over
 * the frames of a longer log before it. */
static struct kept
killed(const struct folder *folder, enum history history)
{
    store_free(sample_open(folder));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct store *store = NULL;
        int failed = store_open(folder->path, NULL, &store) != RO_OK;
        if (!failed && history == FOLDED) {
            failed = commit_much(store);
            store_tidy(store);
        }
        if (failed || commit_turns(store, 0, TURNS) != 0)
            _exit(1);
        kill(getpid(), SIGKILL);
    }
    int state = 0;
    tap_need(waitpid(child, &state, 0) == child);
    tap_need(WIFSIGNALED(state) && WTERMSIG(state) == SIGKILL);
    return keep(folder);
}

/* Frames of the log that stand after its header's salts, and which commit. */
static size_t
frames_of(const struct kept *kept, size_t ends[static TURNS])
{
    const uint8_t *log = kept->bytes[1];
    size_t n = 0, turns = 0;
    for (size_t at = HEADER; at + FRAME <= kept->sizes[1]; at += FRAME) {
        if (memcmp(log + at + 8, log + 16, 8) != 0)
            break;
        n++;
        if (ro_get_u32(log + at + 4) != 0 && turns < TURNS)
            ends[turns++] = n;
    }
    tap_need(turns == TURNS && n == ends[TURNS - 1]);
    return n;
}

static enum ro_status
open_again(const struct folder *folder, struct ro_why *why, uint64_t *ret_n)
{
    struct store *store = NULL;
    enum ro_status s = store_open(folder->path, why, &store);
    *ret_n = s == RO_OK ? sample_waiting(store, 1) : 0;
    store_free(store);
    return s;
}

/* Opens with one bit turned at `at` of the log. */
static enum ro_status
open_flipped(const struct folder *folder, struct kept *kept, size_t at)
{
    uint64_t n;
    struct ro_why why = {""};
    kept->bytes[1][at] ^= 4;
    put_back(folder, kept);
    kept->bytes[1][at] ^= 4;
    enum ro_status s = open_again(folder, &why, &n);
    if (s != RO_OK && strstr(why.text, "store.db-wal: damaged") == NULL)
        tap_say(false, why.text);
    return s;
}

static void
test_a_killed_log_is_whole(void)
{
    for (int history = FRESH; history <= FOLDED; history++) {
        struct folder folder = folder_new();
        struct kept kept = killed(&folder, (enum history)history);
        uint64_t n;
        put_back(&folder, &kept);
        tap_is(open_again(&folder, NULL, &n), RO_OK);
        tap_ok(n == TURNS);
        kept_free(&kept);
        folder_remove(&folder);
    }
}

/* One bit of a frame: page number, size after the commit, salts, sums, page.
 * How often that was not noticed. */
static size_t
missed_in(const struct folder *folder, struct kept *kept, size_t frame)
{
    static const size_t places[] = {3, 6, 8, 15, 16, 999};
    size_t missed = 0;
    for (size_t i = 0; i < RO_LEN(places); i++) {
        size_t at = HEADER + frame * FRAME + places[i];
        if (open_flipped(folder, kept, at) == RO_STORE_BROKEN)
            continue;
        printf("# frame %zu byte %zu\n", frame, places[i]);
        missed++;
    }
    return missed;
}

/* In any frame but those of the last commit. */
static void
test_a_flipped_bit_before_the_last_commit(void)
{
    for (int history = FRESH; history <= FOLDED; history++) {
        struct folder folder = folder_new();
        struct kept kept = killed(&folder, (enum history)history);
        size_t ends[TURNS], missed = 0;
        (void)frames_of(&kept, ends);
        for (size_t frame = 0; frame < ends[TURNS - 2]; frame++)
            missed += missed_in(&folder, &kept, frame);
        tap_ok(missed == 0);
        kept_free(&kept);
        folder_remove(&folder);
    }
}

static void
test_a_flipped_bit_in_the_header(void)
{
    struct folder folder = folder_new();
    struct kept kept = killed(&folder, FRESH);
    size_t missed = 0;
    for (size_t at = 0; at < HEADER; at++)
        missed += open_flipped(&folder, &kept, at) != RO_STORE_BROKEN;
    tap_ok(missed == 0);
    kept_free(&kept);
    folder_remove(&folder);
}

/* The last commit may be one that the power cut tore: nobody was told of it. */
static void
test_the_last_commit_may_be_torn(void)
{
    for (int history = FRESH; history <= FOLDED; history++) {
        struct folder folder = folder_new();
        struct kept kept = killed(&folder, (enum history)history);
        size_t ends[TURNS], wrong = 0;
        size_t n = frames_of(&kept, ends);
        uint64_t found;
        for (size_t frame = ends[TURNS - 2]; frame < n; frame++) {
            uint8_t *torn = kept.bytes[1] + HEADER + frame * FRAME;
            uint8_t was[FRAME];
            memcpy(was, torn, FRAME);
            memset(torn, 0, FRAME);
            put_back(&folder, &kept);
            wrong += open_again(&folder, NULL, &found) != RO_OK ||
                     found != TURNS - 1;
            memcpy(torn, was, 2048);
            put_back(&folder, &kept);
            wrong += open_again(&folder, NULL, &found) != RO_OK ||
                     found != TURNS - 1;
            memcpy(torn, was, FRAME);
        }
        tap_ok(wrong == 0);
        kept_free(&kept);
        folder_remove(&folder);
    }
}

/* As a power cut leaves it that kept only a beginning. */
static void
test_a_log_that_ends_early(void)
{
    struct folder folder = folder_new();
    struct kept kept = killed(&folder, FRESH);
    const size_t whole = kept.sizes[1];
    size_t ends[TURNS], wrong = 0;
    (void)frames_of(&kept, ends);
    for (size_t size = 0; size < whole; size += FRAME / 3) {
        uint64_t n, expected = 0;
        for (size_t i = 0; i < TURNS; i++)
            expected += size >= HEADER + ends[i] * FRAME;
        kept.sizes[1] = size;
        put_back(&folder, &kept);
        wrong += open_again(&folder, NULL, &n) != RO_OK || n != expected;
    }
    tap_ok(wrong == 0);
    kept_free(&kept);
    folder_remove(&folder);
}

/* Frames of the log before this one were folded: nobody needs them. */
static void
test_what_is_left_of_an_older_log(void)
{
    struct folder folder = folder_new();
    struct kept kept = killed(&folder, FOLDED);
    size_t ends[TURNS];
    size_t n = frames_of(&kept, ends);
    tap_need(kept.sizes[1] > HEADER + (n + 100) * FRAME);
    for (size_t frame = n; frame < n + 3; frame++) {
        tap_is(open_flipped(&folder, &kept, HEADER + frame * FRAME + 100),
               RO_OK);
    }
    kept_free(&kept);
    folder_remove(&folder);
}

/* Whoever has no better copy goes on with what can be read. */
static void
test_the_loss_is_accepted(void)
{
    struct folder folder = folder_new();
    struct kept kept = killed(&folder, FRESH);
    size_t ends[TURNS];
    uint64_t n;
    (void)frames_of(&kept, ends);
    for (size_t lost = 1; lost <= TURNS; lost++) {
        /* in the header everything is lost */
        size_t at = lost == TURNS
                        ? 20
                        : HEADER + (ends[TURNS - lost] - 1) * FRAME + 2000;
        kept.bytes[1][at] ^= 1;
        put_back(&folder, &kept);
        kept.bytes[1][at] ^= 1;
        tap_is(open_again(&folder, NULL, &n),
               lost == 1 ? RO_OK : RO_STORE_BROKEN);
        tap_is(store_accept_loss(folder.path, NULL), RO_OK);
        for (int again = 0; again < 2; again++) {
            tap_is(open_again(&folder, NULL, &n), RO_OK);
            tap_ok(n == TURNS - lost);
        }
    }
    /* and it takes new mail, over the place where the lost was */
    struct store *store = sample_open(&folder);
    tap_ok(commit_turns(store, 10, 12) == 0);
    store_free(store);
    tap_is(open_again(&folder, NULL, &n), RO_OK);
    tap_ok(n == 2);
    kept_free(&kept);
    folder_remove(&folder);
}

int
main(void)
{
    tap_run(test_a_killed_log_is_whole);
    tap_run(test_a_flipped_bit_before_the_last_commit);
    tap_run(test_a_flipped_bit_in_the_header);
    tap_run(test_the_last_commit_may_be_torn);
    tap_run(test_a_log_that_ends_early);
    tap_run(test_what_is_left_of_an_older_log);
    tap_run(test_the_loss_is_accepted);
    return tap_done();
}

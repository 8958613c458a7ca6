/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drives a fuzz target without a fuzzer:
 *
 *     replay_NAME CORPUS-FOLDER [PART/PARTS]
 *
 * First every file of the corpus, then RO_FUZZ_RUNS (2000) mutations of them:
 * flips, bytes, integers, cuts, insertions, repeats, splices. Run k of seed s
 * (RO_FUZZ_SEED, 1) is always the same input, so what fails once fails again.
 * RO_FUZZ_FROM=k begins at run k. Of several parts each tries its share of the
 * runs, so that they can be tried side by side. Each input lies in memory of
 * exactly its size, so that the address sanitizer sees one byte too many being
 * read. What breaks the target is written to crash-NAME-k in the working
 * folder.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/prng.h"
#include "tests/support/tap.h"

#define INPUT_MAX ((size_t)256 * 1024)
#define CORPUS_MAX 4096

struct input {
    uint8_t *data;
    size_t size;
};

struct corpus {
    struct input *inputs;
    size_t count;
};

/* What a signal handler can still see: the input that is being tried. */
static struct {
    struct input input;
    char file[256];
} current;

/* A number below n; n is not 0. */
static size_t
below(uint64_t *state, size_t n)
{
    return (size_t)(prng_next(state) % n);
}

/* A length that is mostly small. */
static size_t
small_length(uint64_t *state)
{
    size_t most = (size_t)1 << below(state, 10);

    return 1 + below(state, most);
}

static void
keep_input(int signal_number)
{
    int fd = open(current.file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (fd >= 0) {
        ssize_t n = write(fd, current.input.data, current.input.size);
        if (n >= 0) {
            ssize_t m =
                write(STDERR_FILENO, current.file, strlen(current.file));
            (void)m;
        }
        close(fd);
    }
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void
try_input(const struct input *in)
{
    uint8_t *exact = malloc(in->size > 0 ? in->size : 1);

    if (exact == NULL)
        abort();
    memcpy(exact, in->data, in->size);
    current.input = *in;
    LLVMFuzzerTestOneInput(exact, in->size);
    free(exact);
}

/* --- mutations ----------------------------------------------------------- */

/* Makes room for size bytes at a place; false when there is none. */
static bool
open_gap(struct input *in, size_t at, size_t size)
{
    if (in->size + size > INPUT_MAX)
        return false;
    memmove(in->data + at + size, in->data + at, in->size - at);
    in->size += size;
    return true;
}

static void
flip_bit(struct input *in, uint64_t *state)
{
    if (in->size > 0) {
        in->data[below(state, in->size)] ^= (uint8_t)(1u << below(state, 8));
    }
}

static void
set_byte(struct input *in, uint64_t *state)
{
    static const uint8_t edges[] = {0x00, 0x01, 0x7f, 0x80, 0xff, '\n', '"',
                                    ',',  '{',  '}',  '-',  '9',  ' ',  '='};

    if (in->size > 0) {
        in->data[below(state, in->size)] =
            (prng_next(state) & 1) != 0 ? edges[below(state, sizeof(edges))]
                                        : (uint8_t)prng_next(state);
    }
}

/* Puts an integer at one of the edges, in either order of bytes. */
static void
set_integer(struct input *in, uint64_t *state)
{
    static const uint64_t edges[] = {0,          1,          0x7fff,
                                     0xffff,     0x7fffffff, 0x80000000,
                                     0xffffffff, INT64_MAX,  UINT64_MAX};
    uint64_t n = edges[below(state, sizeof(edges) / sizeof(edges[0]))];
    size_t width = (size_t)1 << below(state, 4);
    bool big = (prng_next(state) & 1) != 0;

    if (in->size < width)
        return;
    size_t at = below(state, in->size - width + 1);
    for (size_t i = 0; i < width; i++) {
        size_t shift = 8 * (big ? width - 1 - i : i);
        in->data[at + i] = (uint8_t)(n >> shift);
    }
}

static void
cut_end(struct input *in, uint64_t *state)
{
    in->size = below(state, in->size + 1);
}

static void
cut_middle(struct input *in, uint64_t *state)
{
    if (in->size == 0)
        return;
    size_t at = below(state, in->size);
    size_t size = small_length(state);
    if (size > in->size - at)
        size = in->size - at;
    memmove(in->data + at, in->data + at + size, in->size - at - size);
    in->size -= size;
}

static void
insert_noise(struct input *in, uint64_t *state)
{
    size_t at = below(state, in->size + 1);
    size_t size = small_length(state);

    if (!open_gap(in, at, size))
        return;
    for (size_t i = 0; i < size; i++)
        in->data[at + i] = (uint8_t)prng_next(state);
}

static void
repeat_part(struct input *in, uint64_t *state)
{
    size_t size = small_length(state);

    if (size > in->size)
        size = in->size;
    size_t at = below(state, in->size - size + 1);
    if (open_gap(in, at, size))
        memcpy(in->data + at, in->data + at + size, size);
}

typedef void mutate_fn(struct input *in, uint64_t *state);

static mutate_fn *const mutations[] = {
    flip_bit,   set_byte,     set_integer, cut_end,
    cut_middle, insert_noise, repeat_part,
};

/* The head of one input and the tail of another. */
static void
join_tail(struct input *in, const struct input *other, uint64_t *state)
{
    size_t head = below(state, in->size + 1);
    size_t from = below(state, other->size + 1);
    size_t size = other->size - from;

    if (head + size > INPUT_MAX)
        size = INPUT_MAX - head;
    memcpy(in->data + head, other->data + from, size);
    in->size = head + size;
}

static void
make_input(const struct corpus *corpus, uint64_t seed, struct input *ret_in)
{
    uint64_t state = seed;
    const struct input *first = &corpus->inputs[below(&state, corpus->count)];

    memcpy(ret_in->data, first->data, first->size);
    ret_in->size = first->size;
    if (below(&state, 4) == 0) {
        join_tail(ret_in, &corpus->inputs[below(&state, corpus->count)],
                  &state);
    }
    size_t steps = 1 + below(&state, 4);
    for (size_t i = 0; i < steps; i++) {
        mutations[below(&state, sizeof(mutations) / sizeof(mutations[0]))](
            ret_in, &state);
    }
}

/* --- corpus -------------------------------------------------------------- */

static void
need(bool ok, const char *what)
{
    if (ok)
        return;
    printf("Bail out! %s: %s\n", what, strerror(errno));
    exit(1);
}

static struct input
read_input(int folder, const char *name)
{
    struct input in = {0};
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);

    need(fd >= 0, name);
    in.data = malloc(INPUT_MAX);
    need(in.data != NULL, name);
    for (ssize_t n = 1; n > 0 && in.size < INPUT_MAX; in.size += (size_t)n) {
        n = read(fd, in.data + in.size, INPUT_MAX - in.size);
        if (n < 0)
            n = 0;
    }
    close(fd);
    uint8_t *less = realloc(in.data, in.size > 0 ? in.size : 1);
    if (less != NULL)
        in.data = less;
    return in;
}

static int
is_input(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static struct corpus
read_corpus(const char *path)
{
    struct corpus corpus = {0};
    struct dirent **names = NULL;
    int found = scandir(path, &names, is_input, alphasort);

    if (found == 0)
        errno = ENOENT;
    need(found > 0 && found <= CORPUS_MAX, path);
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    corpus.inputs = calloc((size_t)found, sizeof(*corpus.inputs));
    need(folder >= 0 && corpus.inputs != NULL, path);
    for (int i = 0; i < found; i++) {
        corpus.inputs[corpus.count++] = read_input(folder, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    close(folder);
    return corpus;
}

static void
free_corpus(struct corpus *corpus)
{
    for (size_t i = 0; i < corpus->count; i++)
        free(corpus->inputs[i].data);
    free(corpus->inputs);
}

static unsigned long
number_from(const char *name, unsigned long usual)
{
    const char *text = getenv(name);

    return text != NULL ? strtoul(text, NULL, 10) : usual;
}

static void
name_crash(const char *target, unsigned long run)
{
    snprintf(current.file, sizeof(current.file), "crash-%s-%lu", target, run);
}

/* Which runs: those below `end`. */
struct share {
    unsigned long from;
    unsigned long end;
};

/* The share that PART/PARTS names; false if it names none. */
static bool
take_share(const char *text, struct share *ret_share)
{
    unsigned long runs = number_from("RO_FUZZ_RUNS", 2000);
    unsigned long from = number_from("RO_FUZZ_FROM", 0);
    unsigned long part = 0;
    unsigned long parts = 0;

    if (sscanf(text, "%lu/%lu", &part, &parts) != 2 || part == 0 ||
        part > parts || parts > 100)
        return false;
    ret_share->from = from + runs * (part - 1) / parts;
    ret_share->end = from + runs * part / parts;
    return true;
}

int
main(int argc, char **argv)
{
    uint64_t seed = number_from("RO_FUZZ_SEED", 1);
    struct share share;

    if (argc < 2 || argc > 3 ||
        !take_share(argc == 3 ? argv[2] : "1/1", &share)) {
        fprintf(stderr, "usage: %s CORPUS-FOLDER [PART/PARTS]\n", argv[0]);
        return 64;
    }
    const char *slash = strrchr(argv[1], '/');
    const char *target = slash != NULL ? slash + 1 : argv[1];
    struct corpus corpus = read_corpus(argv[1]);
    static const int deadly[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
        signal(deadly[i], keep_input);

    name_crash(target, 0);
    for (size_t i = 0; i < corpus.count; i++)
        try_input(&corpus.inputs[i]);
    tap_say(true, "every file of the corpus is survived");
    printf("# %s: %zu files\n", target, corpus.count);

    struct input in = {.data = malloc(INPUT_MAX)};
    need(in.data != NULL, target);
    for (unsigned long run = share.from; run < share.end; run++) {
        name_crash(target, run + 1);
        make_input(&corpus, seed * 0x100000001b3u + run, &in);
        try_input(&in);
    }
    tap_say(true, "every mutation is survived");
    printf("# %s: %lu mutations from seed %llu, the first is number %lu\n",
           target, share.end - share.from, (unsigned long long)seed,
           share.from);
    free(in.data);
    free_corpus(&corpus);
    return tap_done();
}

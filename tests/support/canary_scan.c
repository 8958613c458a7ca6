/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks for many byte strings at once in files and in a process's memory.
 *
 *     canary_scan PATTERNS [--pid PID] FILE...
 *
 * PATTERNS has one string a line, in hex, of at least 4 bytes. Prints a line
 * "NUMBER PLACE" for each string that was found in a place, and a last line
 * "bytes N". The first four bytes of each string go into a bit filter; only
 * where the filter has a hit are the strings compared.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK ((size_t)8 * 1024 * 1024)
#define OVERLAP ((size_t)4096)
#define BUCKETS 65536u
/* A sanitizer's shadow is terabytes of addresses that hold no content, only
 * the state of other memory; nothing else is ever as large. */
#define SHADOW ((uint64_t)64 << 30)

struct pattern {
    uint8_t *bytes;
    size_t size;
    size_t next; /* in its bucket, +1; 0 ends */
    bool found;  /* in the place under way */
};

static struct pattern *patterns;
static size_t n_patterns;
static size_t buckets[BUCKETS]; /* index + 1 */
static uint64_t n_bytes;

static uint32_t
bucket_of(const uint8_t *p)
{
    uint32_t x;
    memcpy(&x, p, sizeof(x));
    return (x * 2654435761u) >> 16;
}

static void
add_pattern(const char *hex)
{
    size_t size = strcspn(hex, "\r\n") / 2;
    struct pattern *more =
        reallocarray(patterns, n_patterns + 1, sizeof(*more));
    uint8_t *bytes = malloc(size + 1);
    if (more == NULL || bytes == NULL || size < 4 || size > OVERLAP)
        exit(2);
    patterns = more;
    for (size_t i = 0; i < size; i++) {
        if (sscanf(hex + 2 * i, "%2hhx", &bytes[i]) != 1)
            exit(2);
    }
    size_t *bucket = &buckets[bucket_of(bytes)];
    patterns[n_patterns] = (struct pattern){bytes, size, *bucket, false};
    *bucket = ++n_patterns;
}

static void
scan(const uint8_t *at, size_t size)
{
    for (size_t i = 0; i + 4 <= size; i++) {
        for (size_t k = buckets[bucket_of(at + i)]; k != 0;
             k = patterns[k - 1].next) {
            struct pattern *p = &patterns[k - 1];
            if (p->size <= size - i && memcmp(at + i, p->bytes, p->size) == 0)
                p->found = true;
        }
    }
}

static void
report(const char *place)
{
    for (size_t i = 0; i < n_patterns; i++) {
        if (patterns[i].found) {
            printf("%zu %s\n", i, place);
            patterns[i].found = false;
        }
    }
}

/* Scans a range of a file in overlapping pieces; `end` SIZE_MAX: to its end. */
static void
scan_range(FILE *file, uint64_t from, uint64_t end)
{
    static uint8_t piece[CHUNK];
    size_t kept = 0;
    if (fseeko(file, (off_t)from, SEEK_SET) != 0)
        return;
    while (from < end) {
        size_t want = CHUNK - kept;
        if (end - from < want)
            want = (size_t)(end - from);
        size_t n = fread(piece + kept, 1, want, file);
        if (n == 0)
            return;
        from += n;
        n_bytes += n;
        scan(piece, kept + n);
        size_t have = kept + n;
        kept = have < OVERLAP ? have : OVERLAP;
        memmove(piece, piece + have - kept, kept);
    }
}

static void
scan_memory(const char *pid)
{
    char path[64];
    char line[512];
    (void)snprintf(path, sizeof(path), "/proc/%s/maps", pid);
    FILE *maps = fopen(path, "r");
    (void)snprintf(path, sizeof(path), "/proc/%s/mem", pid);
    FILE *mem = fopen(path, "r");
    if (maps == NULL || mem == NULL) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(2);
    }
    setvbuf(mem, NULL, _IONBF, 0);
    while (fgets(line, sizeof(line), maps) != NULL) {
        uint64_t from;
        uint64_t end;
        char rights[8];
        if (sscanf(line, "%lx-%lx %7s", &from, &end, rights) == 3 &&
            rights[0] == 'r' && strstr(line, "[v") == NULL &&
            end - from < SHADOW) {
            clearerr(mem);
            scan_range(mem, from, end);
        }
    }
    fclose(maps);
    fclose(mem);
    (void)snprintf(path, sizeof(path), "memory of %s", pid);
    report(path);
}

int
main(int argc, char **argv)
{
    char line[2 * OVERLAP + 8];
    FILE *list = argc > 1 ? fopen(argv[1], "r") : NULL;
    if (list == NULL) {
        fprintf(stderr, "usage: canary_scan PATTERNS [--pid PID] FILE...\n");
        return 2;
    }
    while (fgets(line, sizeof(line), list) != NULL)
        add_pattern(line);
    fclose(list);
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--pid") == 0 && i + 1 < argc) {
            scan_memory(argv[++i]);
            continue;
        }
        FILE *file = fopen(argv[i], "r");
        if (file == NULL) {
            fprintf(stderr, "%s: %s\n", argv[i], strerror(errno));
            return 2;
        }
        scan_range(file, 0, UINT64_MAX);
        fclose(file);
        report(argv[i]);
    }
    printf("bytes %lu\n", n_bytes);
    return 0;
}

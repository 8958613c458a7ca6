/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/report.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <linux/magic.h>

#define LINE_ROOM 512
#define SYNC_ROUNDS 64
#define SYNC_BYTES 4096
#define DIGITS 6

void
die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(EXIT_FAILURE);
}

void *
must_have(void *p)
{
    if (p == NULL)
        die("no memory");
    return p;
}

int64_t
now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* --- the machine --------------------------------------------------------- */

static json_t *
processor_model(void)
{
    char line[LINE_ROOM];
    json_t *model = NULL;
    FILE *info = fopen("/proc/cpuinfo", "re");
    while (info != NULL && model == NULL &&
           fgets(line, sizeof(line), info) != NULL) {
        const char *colon = strchr(line, ':');
        if (colon == NULL || strncmp(line, "model name", 10) != 0)
            continue;
        line[strcspn(line, "\n")] = '\0';
        model = json_string(colon + 2);
    }
    if (info != NULL)
        fclose(info);
    return model != NULL ? model : json_null();
}

static const char *
file_system(const char *folder)
{
    struct statfs fs;
    if (statfs(folder, &fs) != 0)
        return "unknown";
    switch (fs.f_type) {
    case EXT4_SUPER_MAGIC:
        return "ext4";
    case XFS_SUPER_MAGIC:
        return "xfs";
    case BTRFS_SUPER_MAGIC:
        return "btrfs";
    case TMPFS_MAGIC:
        return "tmpfs";
    case OVERLAYFS_SUPER_MAGIC:
        return "overlay";
    default:
        return "other";
    }
}

/* How long one page more of a file takes to be on the disk: what a commit
 * cannot be faster than. */
static void
measure_sync(const char *folder, struct samples *samples)
{
    static const char page[SYNC_BYTES];
    char path[LINE_ROOM];
    snprintf(path, sizeof(path), "%s/sync-probe", folder);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0)
        die("%s cannot be written", path);
    for (size_t i = 0; i < SYNC_ROUNDS; i++) {
        int64_t from_ns = now_ns();
        if (write(fd, page, sizeof(page)) != (ssize_t)sizeof(page) ||
            fdatasync(fd) != 0)
            die("%s cannot be written", path);
        samples_add(samples, now_ns() - from_ns);
    }
    close(fd);
    unlink(path);
    samples_sort(samples);
}

static json_t *
machine(const char *folder)
{
    struct samples sync = {0};
    json_t *object = must_have(json_object());
    measure_sync(folder, &sync);
    double load = 0;
    report_whole(object, "cores", (uint64_t)sysconf(_SC_NPROCESSORS_ONLN));
    if (getloadavg(&load, 1) == 1)
        report_real(object, "load_1_min", load);
    json_object_set_new(object, "processor", processor_model());
    json_object_set_new(object, "file_system",
                        json_string(file_system(folder)));
    report_us(object, "fdatasync_p50_us", samples_at(&sync, 50));
    report_us(object, "fdatasync_p99_us", samples_at(&sync, 99));
    samples_fini(&sync);
    return object;
}

/* --- lines --------------------------------------------------------------- */

json_t *
report_new(const char *bench, const char *folder)
{
    json_t *line = must_have(json_object());
    json_object_set_new(line, "bench", json_string(bench));
    json_object_set_new(line, "machine", machine(folder));
    return line;
}

void
report_whole(json_t *line, const char *name, uint64_t value)
{
    json_object_set_new(line, name, json_integer((json_int_t)value));
}

void
report_real(json_t *line, const char *name, double value)
{
    json_object_set_new(line, name, json_real(value));
}

void
report_us(json_t *line, const char *name, int64_t ns)
{
    report_real(line, name, (double)ns / 1e3);
}

void
report_ms(json_t *line, const char *name, int64_t ns)
{
    report_real(line, name, (double)ns / 1e6);
}

void
report_print(json_t *line)
{
    json_dumpf(line, stdout, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS));
    putchar('\n');
    fflush(stdout);
    json_decref(line);
}

/* --- samples ------------------------------------------------------------- */

void
samples_add(struct samples *samples, int64_t ns)
{
    if (samples->n == samples->room) {
        samples->room = samples->room == 0 ? 1024 : 2 * samples->room;
        samples->ns = must_have(
            reallocarray(samples->ns, samples->room, sizeof(*samples->ns)));
    }
    samples->ns[samples->n++] = ns;
}

void
samples_fini(struct samples *samples)
{
    free(samples->ns);
    *samples = (struct samples){0};
}

static int
by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void
samples_sort(struct samples *samples)
{
    qsort(samples->ns, samples->n, sizeof(*samples->ns), by_size);
}

int64_t
samples_at(const struct samples *samples, double percent)
{
    if (samples->n == 0)
        die("no samples");
    double place = (double)samples->n * percent / 100.0;
    size_t i = (size_t)place;
    if ((double)i == place && i > 0)
        i--;
    return samples->ns[i < samples->n ? i : samples->n - 1];
}

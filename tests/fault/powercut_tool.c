/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outside half of the power cut (powercut.c tells the model):
 *
 *     powercut_tool adopt ROOT DIR           all that is in ROOT now is durable
 *     powercut_tool restore ROOT DIR         ROOT is what was durable
 *     powercut_tool restore ROOT DIR SEED    the same, but a part of what was
 *                                            not synced did reach the disk
 *
 * restore ends with an adopt: the next life starts from what is there. No
 * process may run in ROOT meanwhile.
 */
#include "tests/fault/shadow.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/prng.h"

#define FOLDER_DEPTH 32

enum chance {
    CHANCE_NONE, /* nothing unsynced survived */
    CHANCE_EVEN, /* each unsynced page and folder by the toss of a coin */
};

struct luck {
    enum chance chance;
    uint64_t state;
};

static bool
luck_holds(struct luck *luck)
{
    return luck->chance == CHANCE_EVEN && (prng_next(&luck->state) & 1) != 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type;
    return at->level == 0 ? 0 : remove(path);
}

/* Empties a folder that stays. */
static void
empty_folder(const char *path)
{
    if (nftw(path, remove_one, FOLDER_DEPTH, FTW_DEPTH | FTW_PHYS) != 0)
        shadow_die("empty", path);
}

static int
open_or_die(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);

    if (fd < 0)
        shadow_die("open", path);
    return fd;
}

static void
make_folder(const char *path)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        shadow_die("mkdir", path);
}

/* Calls fn for each name in a folder; path is from the root, "" for it. */
typedef void each_fn(void *state, const char *path);

static void
each_name(const char *folder, const char *path, each_fn *fn, void *state)
{
    char below[SHADOW_PATH];
    DIR *dir = opendir(folder);

    if (dir == NULL)
        return;
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        shadow_path(below, "%s%s%s", path, path[0] != '\0' ? "/" : "",
                    e->d_name);
        fn(state, below);
    }
    closedir(dir);
}

/* --- adopt --------------------------------------------------------------- */

static void
adopt_name(void *state, const char *path)
{
    const struct shadow *s = state;
    char live[SHADOW_PATH];
    struct stat st;

    shadow_path(live, "%s/%s", s->root, path);
    if (lstat(live, &st) != 0)
        shadow_die("lstat", live);
    if (S_ISREG(st.st_mode)) {
        int fd = open_or_die(live, O_RDONLY);
        shadow_sync_file(s, fd, path);
        close(fd);
    } else if (S_ISDIR(st.st_mode)) {
        shadow_sync_folder(s, path);
        each_name(live, path, adopt_name, state);
    }
}

static void
adopt(struct shadow *s)
{
    empty_folder(s->dir);
    shadow_init(s, s->root, s->dir);
    shadow_sync_folder(s, ".");
    each_name(s->root, "", adopt_name, s);
}

/* --- restore ------------------------------------------------------------- */

struct restore {
    const struct shadow *shadow;
    struct luck luck;
    char fresh[SHADOW_PATH]; /* where the new content is put together */
};

/* Lays over a file the pages of another that survived by luck. */
static void
mix_pages(struct luck *luck, int live, int file)
{
    unsigned char page[SHADOW_PAGE];
    struct stat a, b;

    if (fstat(live, &a) != 0 || fstat(file, &b) != 0)
        shadow_die("fstat", "a file to restore");
    for (off_t at = 0; at < a.st_size; at += SHADOW_PAGE) {
        ssize_t size = pread(live, page, sizeof(page), at);
        if (size <= 0)
            break;
        if (luck_holds(luck) && pwrite(file, page, (size_t)size, at) != size)
            shadow_die("write", "a file to restore");
    }
    if (a.st_size < b.st_size && luck_holds(luck) &&
        ftruncate(file, a.st_size) != 0)
        shadow_die("truncate", "a file to restore");
}

/* The inode that a durable name leads to, as a file of DIR/inodes. */
static bool
durable_inode(const struct shadow *s, ino_t ino, char *ret_id)
{
    char folder[SHADOW_PATH];
    bool found = false;

    shadow_path(folder, "%s/inodes", s->dir);
    DIR *dir = opendir(folder);
    if (dir == NULL)
        shadow_die("opendir", folder);
    for (struct dirent *e; !found && (e = readdir(dir)) != NULL;) {
        if (e->d_ino == ino && strlen(e->d_name) < SHADOW_ID) {
            memcpy(ret_id, e->d_name, strlen(e->d_name) + 1);
            found = true;
        }
    }
    closedir(dir);
    return found;
}

struct search {
    const char *root;
    const char *id;
    char found[SHADOW_PATH];
};

static void
search_name(void *state, const char *path)
{
    struct search *search = state;
    char live[SHADOW_PATH], id[SHADOW_ID];

    shadow_path(live, "%s/%s", search->root, path);
    mode_t mode = shadow_identify(AT_FDCWD, live, id);
    if (S_ISDIR(mode)) {
        each_name(live, path, search_name, state);
    } else if (S_ISREG(mode) && strcmp(id, search->id) == 0) {
        shadow_path(search->found, "%s", live);
    }
}

/*
 * Writes one file: its durable content (durable, or "" when there is none),
 * then by luck what its inode (id) holds now under any name.
 */
static void
restore_file(struct restore *r,
             const char *path,
             const char *durable,
             const char *id)
{
    struct search search = {.root = r->shadow->root, .id = id};
    char full[SHADOW_PATH];
    struct stat st = {.st_mode = 0600};

    shadow_path(full, "%s/%s", r->fresh, path);
    int to = open_or_die(full, O_RDWR | O_CREAT | O_EXCL);
    if (durable[0] != '\0') {
        int from = open_or_die(durable, O_RDONLY);
        shadow_copy(from, to);
        if (fstat(from, &st) != 0)
            shadow_die("fstat", durable);
        close(from);
    }
    if (r->luck.chance != CHANCE_NONE)
        each_name(search.root, "", search_name, &search);
    if (search.found[0] != '\0') {
        int live = open_or_die(search.found, O_RDONLY);
        mix_pages(&r->luck, live, to);
        close(live);
    }
    if (fchmod(to, st.st_mode & 07777) != 0)
        shadow_die("chmod", full);
    close(to);
}

static void restore_folder(struct restore *r, const char *path);

/* One name that the folder durably has. */
static void
restore_durable(void *state, const char *path)
{
    struct restore *r = state;
    char durable[SHADOW_PATH], id[SHADOW_ID] = "";
    struct stat st;

    shadow_path(durable, "%s/tree/%s", r->shadow->dir, path);
    if (lstat(durable, &st) != 0)
        shadow_die("lstat", durable);
    if (S_ISDIR(st.st_mode)) {
        restore_folder(r, path);
        return;
    }
    if (!durable_inode(r->shadow, st.st_ino, id))
        shadow_die("no inode for", durable);
    restore_file(r, path, durable, id);
}

/* One name that the folder has now, whether that was synced or not. */
static void
restore_live(void *state, const char *path)
{
    struct restore *r = state;
    char live[SHADOW_PATH], durable[SHADOW_PATH], id[SHADOW_ID];

    shadow_path(live, "%s/%s", r->shadow->root, path);
    mode_t mode = shadow_identify(AT_FDCWD, live, id);
    if (S_ISDIR(mode)) {
        restore_folder(r, path);
    } else if (S_ISREG(mode)) {
        shadow_path(durable, "%s/inodes/%s", r->shadow->dir, id);
        if (access(durable, F_OK) != 0)
            durable[0] = '\0';
        restore_file(r, path, durable, id);
    }
}

static void
restore_folder(struct restore *r, const char *path)
{
    char full[SHADOW_PATH];
    bool live = luck_holds(&r->luck);

    shadow_path(full, "%s/%s", r->fresh, path);
    make_folder(full);
    if (live) {
        shadow_path(full, "%s/%s", r->shadow->root, path);
        each_name(full, path, restore_live, r);
    } else {
        shadow_path(full, "%s/tree/%s", r->shadow->dir, path);
        each_name(full, path, restore_durable, r);
    }
}

/* The new content takes the place of the old one, name by name. */
static void
move_name(void *state, const char *path)
{
    const struct restore *r = state;
    char from[SHADOW_PATH], to[SHADOW_PATH];

    shadow_path(from, "%s/%s", r->fresh, path);
    shadow_path(to, "%s/%s", r->shadow->root, path);
    if (rename(from, to) != 0)
        shadow_die("rename", to);
}

static void
restore(struct shadow *s, struct luck luck)
{
    struct restore r = {.shadow = s, .luck = luck};

    shadow_path(r.fresh, "%s/fresh", s->dir);
    make_folder(r.fresh);
    empty_folder(r.fresh);
    restore_folder(&r, "");
    empty_folder(s->root);
    each_name(r.fresh, "", move_name, &r);
    adopt(s);
}

int
main(int argc, char **argv)
{
    struct luck luck = {.chance = CHANCE_NONE};
    struct shadow s;

    if (argc == 4 && strcmp(argv[1], "adopt") == 0) {
        shadow_init(&s, argv[2], argv[3]);
        adopt(&s);
        return 0;
    }
    if (argc >= 4 && argc <= 5 && strcmp(argv[1], "restore") == 0) {
        if (argc == 5) {
            luck.chance = CHANCE_EVEN;
            luck.state = strtoull(argv[4], NULL, 10);
        }
        shadow_init(&s, argv[2], argv[3]);
        restore(&s, luck);
        return 0;
    }
    fputs("usage: powercut_tool adopt|restore ROOT DIR [SEED]\n", stderr);
    return 64;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shadow of a folder: what of it would survive a power cut. powercut.c
 * keeps it up to date from inside a process, powercut_tool.c makes it and puts
 * the folder back to it. powercut.c begins with a page about the model.
 *
 * DIR/inodes/ID  one file for each inode that was ever made durable: its
 *                content as the last fsync left it
 * DIR/tree/PATH  the durable names: hard links to the above
 */
#ifndef TESTS_FAULT_SHADOW_H
#define TESTS_FAULT_SHADOW_H

#include <stddef.h>
#include <sys/stat.h>

#define SHADOW_PAGE 4096
#define SHADOW_PATH 4096
#define SHADOW_ID 64

/* A folder and where its shadow is; both absolute, without links. */
struct shadow {
    char root[SHADOW_PATH];
    char dir[SHADOW_PATH];
};

/* Says why on stderr and aborts: a harness that guesses proves nothing. */
_Noreturn void shadow_die(const char *what, const char *path);

/* Formats a path and dies when it does not fit into SHADOW_PATH bytes. */
void shadow_path(char *ret_path, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Finds both folders; DIR with its two parts is made when it is not there. */
void shadow_init(struct shadow *s, const char *root, const char *dir);

/*
 * The name of an inode in the shadow: its number and its time of birth. Looks
 * at path, or at fd itself when path is "". Returns its mode, or 0 when there
 * is nothing there.
 */
mode_t shadow_identify(int fd, const char *path, char ret_id[SHADOW_ID]);

/* Copies a file into another, touching only the pages that differ. */
void shadow_copy(int from, int to);

/*
 * What fsync of a regular file means: the content becomes durable and, if this
 * inode has no durable name yet, so does the name path, where it was made.
 * path is from the root; NULL when the file has no name any more.
 */
void shadow_sync_file(const struct shadow *s, int fd, const char *path);

/*
 * What fsync of a folder means: the names in it become durable as they are.
 * path is from the root, "." for the root itself.
 */
void shadow_sync_folder(const struct shadow *s, const char *path);

/*
 * The inode at an absolute path is about to lose its last name: its number may
 * come back for another file, so its shadow takes a name that cannot. Returns
 * the number that undoes it (shadow_unretire), or -1 when nothing was done.
 */
int
shadow_retire(const struct shadow *s, const char *path, char ret_id[SHADOW_ID]);

/* Undoes shadow_retire(): the inode did not lose its name after all. */
void shadow_unretire(const struct shadow *s, const char *id, int number);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A temporary folder for one test, removed with what is in it. */
#ifndef TESTS_UNIT_STORE_FOLDER_H
#define TESTS_UNIT_STORE_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct folder {
    char path[256];
};

__attribute__((unused)) static struct folder
folder_new(void)
{
    struct folder folder;
    const char *base = getenv("TMPDIR");
    snprintf(folder.path, sizeof(folder.path), "%s/reachout-XXXXXX",
             base != NULL ? base : "/tmp");
    if (mkdtemp(folder.path) == NULL) {
        perror(folder.path);
        abort();
    }
    return folder;
}

__attribute__((unused)) static int
folder_unlink_(const char *path,
               const struct stat *st,
               int type,
               struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    return remove(path);
}

__attribute__((unused)) static void
folder_remove(const struct folder *folder)
{
    nftw(folder->path, folder_unlink_, 8, FTW_DEPTH | FTW_PHYS);
}

#endif

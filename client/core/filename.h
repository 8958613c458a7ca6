/* SPDX-License-Identifier: Apache-2.0 */
/* Names of files that come from somebody else, made harmless. */
#ifndef CLIENT_CORE_FILENAME_H
#define CLIENT_CORE_FILENAME_H

#include "common/wire/rules.h"

/* Room for a name and its end. */
#define FILENAME_ROOM (RO_NAME_LIMIT + 1)

/* What a file of this name is called here: its last path component (of either
 * kind of slash), without controls, bidi marks and what else shows nothing or
 * is not UTF-8, with "_" for what Windows reserves, with "_" before a leading
 * dot or dash and before the names of devices, without dots and spaces at its
 * end, of at most RO_NAME_LIMIT bytes; "file" if nothing is left. */
void filename_clean(const char *name, char ret_name[static FILENAME_ROOM]);

#endif

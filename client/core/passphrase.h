/* SPDX-License-Identifier: Apache-2.0 */
/* Passphrases as the application hands them in (reachout.h). */
#ifndef CLIENT_CORE_PASSPHRASE_H
#define CLIENT_CORE_PASSPHRASE_H

#include "client/include/reachout.h"
#include "common/base/bytes.h"

/* The bytes; of NULL an empty view without data. Valid as long as it is. */
struct ro_bytes passphrase_view(const struct ro_passphrase *passphrase);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What a program that holds secrets does first. */
#ifndef RO_BASE_HARDEN_H
#define RO_BASE_HARDEN_H

#include "common/base/status.h"

/* No core dump, no look into our memory by other processes of the same user,
 * and no file of ours for others (umask 077). RO_IO_FAILED. */
RO_MUST_USE enum ro_status ro_harden(void);

#endif

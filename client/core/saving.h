/* SPDX-License-Identifier: Apache-2.0 */
/* A file that came is written to disk, and nowhere else: nothing is ever
 * opened, shown or run. */
#ifndef CLIENT_CORE_SAVING_H
#define CLIENT_CORE_SAVING_H

#include "client/core/view.h"

/* As ro_client_save (reachout.h). */
RO_MUST_USE enum ro_status saving_save(const struct viewing *viewing,
                                       const struct ro_save *save);

/* The files of a message as the public header shows them; in the arena of the
 * result. */
RO_MUST_USE enum ro_status
saving_attachments(const struct viewing *viewing,
                   const struct message *message,
                   const struct ro_attachment **ret_list,
                   size_t *ret_n);

#endif

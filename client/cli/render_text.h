/* SPDX-License-Identifier: Apache-2.0 */
/* Results as text for people, in plain words; what others wrote is escaped. */
#ifndef CLIENT_CLI_RENDER_TEXT_H
#define CLIENT_CLI_RENDER_TEXT_H

#include "client/include/reachout.h"
#include "common/base/bytes.h"

/* One for each command that has a result of its own, by its name. */
void render_text_join(struct ro_buf *out, const struct ro_result *result);
void render_text_status(struct ro_buf *out, const struct ro_result *result);
void render_text_members(struct ro_buf *out, const struct ro_result *result);
void render_text_verify(struct ro_buf *out, const struct ro_result *result);
void render_text_ask(struct ro_buf *out, const struct ro_result *result);
void render_text_dry_run(struct ro_buf *out, const struct ro_result *result);
void render_text_requests(struct ro_buf *out, const struct ro_result *result);
void render_text_show(struct ro_buf *out, const struct ro_result *result);
void render_text_answer(struct ro_buf *out, const struct ro_result *result);
void render_text_answers(struct ro_buf *out, const struct ro_result *result);
void render_text_say(struct ro_buf *out, const struct ro_result *result);
void render_text_read(struct ro_buf *out, const struct ro_result *result);
void render_text_save(struct ro_buf *out, const struct ro_result *result);
void render_text_sync(struct ro_buf *out, const struct ro_result *result);

/* accept, decline, close, withdraw: "the request is closed". */
void render_text_state(struct ro_buf *out, const struct ro_result *result);

/* pass. */
void render_text_pass(struct ro_buf *out, const struct ro_result *result);

#endif

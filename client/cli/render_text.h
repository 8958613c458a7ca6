/* SPDX-License-Identifier: Apache-2.0 */
/* Results as text for people, in plain words; what others wrote is escaped. */
#ifndef CLIENT_CLI_RENDER_TEXT_H
#define CLIENT_CLI_RENDER_TEXT_H

#include "client/include/reachout.h"
#include "common/base/bytes.h"

/* join: whether we are in, and who we are. */
void render_text_join(struct ro_buf *out, const struct ro_result *result);

/* status: who this seat is, and where is what. */
void render_text_status(struct ro_buf *out, const struct ro_result *result);

/* members: who there is, nearest first. */
void render_text_members(struct ro_buf *out, const struct ro_result *result);

/* verify: the safety number, and what was said of it. */
void render_text_verify(struct ro_buf *out, const struct ro_result *result);

/* ask: the request, and where its message is. */
void render_text_ask(struct ro_buf *out, const struct ro_result *result);

/* ask --dry-run: whom it would go to; nothing was sent. */
void render_text_dry_run(struct ro_buf *out, const struct ro_result *result);

/* requests: one line a request. */
void render_text_requests(struct ro_buf *out, const struct ro_result *result);

/* show: a request with all of its threads. */
void render_text_show(struct ro_buf *out, const struct ro_result *result);

/* answer: the thread, and where its message is. */
void render_text_answer(struct ro_buf *out, const struct ro_result *result);

/* answers: what came for one request. */
void render_text_answers(struct ro_buf *out, const struct ro_result *result);

/* say: the message, and where it is. */
void render_text_say(struct ro_buf *out, const struct ro_result *result);

/* read: the messages of a thread. */
void render_text_read(struct ro_buf *out, const struct ro_result *result);

/* save: the file that was written. */
void render_text_save(struct ro_buf *out, const struct ro_result *result);

/* sync: the events of one batch. */
void render_text_sync(struct ro_buf *out, const struct ro_result *result);

/* accept, decline, close, withdraw: "the request is closed". */
void render_text_state(struct ro_buf *out, const struct ro_result *result);

/* pass. */
void render_text_pass(struct ro_buf *out, const struct ro_result *result);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results as JSON documents, with the fields of the command line's contract.
 * Each function adds its fields to a document that doc_new began. A field of
 * the contract that is not computed yet is null, never left out or invented.
 */
#ifndef CLIENT_CLI_RENDER_JSON_H
#define CLIENT_CLI_RENDER_JSON_H

#include "client/cli/doc.h"
#include "client/include/reachout.h"

/* join: whether we are in, and who we are. */
void render_json_join(json_t *document, const struct ro_result *result);

/* status: who this seat is, and where is what. */
void render_json_status(json_t *document, const struct ro_result *result);

/* members: who there is, nearest first. */
void render_json_members(json_t *document, const struct ro_result *result);

/* verify: the safety number, and what was said of it. */
void render_json_verify(json_t *document, const struct ro_result *result);

/* ask: the request, and where its message is. */
void render_json_ask(json_t *document, const struct ro_result *result);

/* ask --dry-run: whom it would go to; nothing was sent. */
void render_json_dry_run(json_t *document, const struct ro_result *result);

/* requests: one entry a request. */
void render_json_requests(json_t *document, const struct ro_result *result);

/* show: a request with all of its threads. */
void render_json_show(json_t *document, const struct ro_result *result);

/* answer: the thread, and where its message is. */
void render_json_answer(json_t *document, const struct ro_result *result);

/* answers: what came for one request. */
void render_json_answers(json_t *document, const struct ro_result *result);

/* say: the message, and where it is. */
void render_json_say(json_t *document, const struct ro_result *result);

/* read: the messages of a thread. */
void render_json_read(json_t *document, const struct ro_result *result);

/* save: the file that was written. */
void render_json_save(json_t *document, const struct ro_result *result);

/* accept, decline, close, withdraw: the state and what was stored. */
void render_json_state(json_t *document, const struct ro_result *result);

/* sync: appends the events of one batch to "events". */
void render_json_sync(json_t *document, const struct ro_result *result);

/* A place of a message, hyphenated: "kept-here", "at-the-broker", "arrived",
 * "failed". Static. */
const char *render_json_place(enum ro_place place);

#endif

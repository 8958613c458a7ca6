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

/* One for each command that has a result of its own, by its name. */
void render_json_join(json_t *document, const struct ro_result *result);
void render_json_status(json_t *document, const struct ro_result *result);
void render_json_members(json_t *document, const struct ro_result *result);
void render_json_verify(json_t *document, const struct ro_result *result);
void render_json_ask(json_t *document, const struct ro_result *result);
void render_json_dry_run(json_t *document, const struct ro_result *result);
void render_json_requests(json_t *document, const struct ro_result *result);
void render_json_show(json_t *document, const struct ro_result *result);
void render_json_answer(json_t *document, const struct ro_result *result);
void render_json_answers(json_t *document, const struct ro_result *result);
void render_json_say(json_t *document, const struct ro_result *result);
void render_json_read(json_t *document, const struct ro_result *result);
void render_json_save(json_t *document, const struct ro_result *result);

/* accept, decline, close, withdraw: the state and what was stored. */
void render_json_state(json_t *document, const struct ro_result *result);

/* sync: appends the events of one batch to "events". */
void render_json_sync(json_t *document, const struct ro_result *result);

/* A place of a message, hyphenated: "kept-here", "at-the-broker", "arrived",
 * "failed". Static. */
const char *render_json_place(enum ro_place place);

#endif

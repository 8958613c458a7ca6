/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON documents as the command line promises them: {"schema":1,...}, ids in
 * lower-case hex, times in RFC 3339, null for what is not known. Pieces are
 * added where they are made; the order of the fields is the order of the
 * calls. Without memory the program ends with a sentence and exit 70, so that
 * no field is ever left out silently.
 */
#ifndef CLIENT_CLI_DOC_H
#define CLIENT_CLI_DOC_H

#include "common/base/bytes.h"

#include <jansson.h>

/* Makes jansson end the program when memory is short; once, at the start. */
void doc_setup(void);

/* A new document with its schema; the caller releases it (json_decref). */
json_t *doc_new(void);

/* Adds a text, which may have come from anybody. NULL: null. What is not
 * UTF-8 is written as ro_text_show writes it. */
void doc_text(json_t *object, const char *key, const char *text);

/* The same, with null for an empty text: nothing was said. */
void doc_said(json_t *object, const char *key, const char *text);

/* Adds 16 bytes as hex; all zero: null, there is no such id (yet). */
void doc_id(json_t *object, const char *key, const uint8_t id[static 16]);

/* Adds a whole number. */
void doc_count(json_t *object, const char *key, uint64_t count);

/* The same; 0: null, there is none. */
void doc_some(json_t *object, const char *key, uint64_t count);

/* Adds a number; negative: null, it is not known. */
void doc_number(json_t *object, const char *key, double number);

/* Adds a time; 0: null, it has not happened. */
void doc_time(json_t *object, const char *key, int64_t wall_s);

/* What a field says that is true or false, or null where nobody knows. */
enum doc_truth { DOC_FALSE, DOC_TRUE, DOC_UNKNOWN };

/* Adds true, false or null under `key`. */
void doc_truth(json_t *object, const char *key, enum doc_truth truth);

/* Adds null: a field of the contract that is not computed yet. */
void doc_null(json_t *object, const char *key);

/* Adds an empty object and returns it; it belongs to `object`. */
json_t *doc_object(json_t *object, const char *key);

/* The same with an empty list. */
json_t *doc_list(json_t *object, const char *key);

/* Appends an empty object to a list and returns it; it belongs to the list. */
json_t *doc_item(json_t *list);

/* Adds a list of texts. */
void
doc_texts(json_t *object, const char *key, const char *const *texts, size_t n);

/* Appends a document as one line: ASCII only, so that nothing in it can do
 * anything to a terminal. */
void doc_print(const json_t *document, struct ro_buf *out);

#endif

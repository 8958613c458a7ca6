/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/doc.h"

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *
take_memory(size_t size)
{
    void *memory = malloc(size);
    if (memory != NULL)
        return memory;
    fputs("reachout: no memory\n", stderr);
    _exit(ro_status_exit(RO_NO_MEMORY));
}

void
doc_setup(void)
{
    json_set_alloc_funcs(take_memory, free);
}

json_t *
doc_new(void)
{
    json_t *document = json_object();
    doc_count(document, "schema", 1);
    return document;
}

/* A JSON string of what may not be UTF-8. */
static json_t *
string_of(const char *text)
{
    json_t *string = json_string(text);
    if (string != NULL)
        return string;
    RO_AUTOBUF shown = {0};
    ro_text_show(ro_bytes_text(text), RO_TEXT_BODY, &shown);
    string = json_stringn((const char *)shown.data, shown.size);
    return string != NULL ? string : json_null();
}

void
doc_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key,
                        text != NULL ? string_of(text) : json_null());
}

void
doc_said(json_t *object, const char *key, const char *text)
{
    doc_text(object, key, text != NULL && text[0] != '\0' ? text : NULL);
}

void
doc_id(json_t *object, const char *key, const uint8_t id[static 16])
{
    static const uint8_t zero[RO_ID_SIZE];
    char hex[RO_ID_HEX];
    ro_hex(id, RO_ID_SIZE, hex);
    doc_text(object, key, memcmp(id, zero, RO_ID_SIZE) != 0 ? hex : NULL);
}

void
doc_count(json_t *object, const char *key, uint64_t count)
{
    json_t *value = count > INT64_MAX ? json_real((double)count)
                                      : json_integer((json_int_t)count);
    json_object_set_new(object, key, value);
}

void
doc_some(json_t *object, const char *key, uint64_t count)
{
    if (count > 0) {
        doc_count(object, key, count);
    } else {
        doc_null(object, key);
    }
}

void
doc_number(json_t *object, const char *key, double number)
{
    json_t *value;
    if (number < 0 || !isfinite(number)) {
        value = json_null();
    } else if (number < 1e9 && floor(number) == number) {
        value = json_integer((json_int_t)number);
    } else {
        value = json_real(number);
    }
    json_object_set_new(object, key, value);
}

void
doc_time(json_t *object, const char *key, int64_t wall_s)
{
    char text[RO_RFC3339_SIZE];
    if (wall_s != 0)
        ro_time_format(wall_s, text);
    doc_text(object, key, wall_s != 0 ? text : NULL);
}

void
doc_truth(json_t *object, const char *key, enum doc_truth truth)
{
    json_object_set_new(object, key,
                        truth == DOC_UNKNOWN ? json_null()
                                             : json_boolean(truth == DOC_TRUE));
}

void
doc_null(json_t *object, const char *key)
{
    json_object_set_new(object, key, json_null());
}

json_t *
doc_object(json_t *object, const char *key)
{
    json_object_set_new(object, key, json_object());
    return json_object_get(object, key);
}

json_t *
doc_list(json_t *object, const char *key)
{
    json_object_set_new(object, key, json_array());
    return json_object_get(object, key);
}

json_t *
doc_item(json_t *list)
{
    json_array_append_new(list, json_object());
    return json_array_get(list, json_array_size(list) - 1);
}

void
doc_texts(json_t *object, const char *key, const char *const *texts, size_t n)
{
    json_t *list = doc_list(object, key);
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, string_of(texts[i]));
}

void
doc_print(const json_t *document, struct ro_buf *out)
{
    RO_AUTOFREE char *text = json_dumps(
        document, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(6));
    /* jansson leaves DEL as it is; it can stand in strings only. */
    for (const char *at = text; at != NULL && *at != '\0'; at++) {
        if (*at == '\x7f') {
            ro_buf_printf(out, "\\u007f");
        } else {
            ro_buf_put(out, at, 1);
        }
    }
    ro_buf_put_u8(out, '\n');
}

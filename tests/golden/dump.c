/* SPDX-License-Identifier: Apache-2.0 */
/* Messages as a reader of protobuf meets them: tag, length, value, and what
 * the schema calls it. */
#include "golden/book.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/wire/codec.h"

#include "directory.pb-c.h"

#define LINE_BYTES 32
/* from so many bytes on a value above is called by its name */
#define BY_NAME 100
#define WORDS 120

struct dump {
    const struct book *book;
    struct ro_buf *out;
    int indent;
};

/* A field as it stands: its tag (and length), its value. */
struct field {
    const ProtobufCFieldDescriptor *type;
    struct ro_bytes tag;
    struct ro_bytes value;
    uint64_t number; /* of a varint */
};

static void message(struct dump dump,
                    const ProtobufCMessageDescriptor *type,
                    struct ro_bytes bytes);

static uint64_t
take_varint(struct ro_bytes bytes, size_t *at)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && *at < bytes.size; shift += 7) {
        uint8_t byte = bytes.data[(*at)++];
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    book_fail("a varint that does not end");
}

static size_t
take_field(const ProtobufCMessageDescriptor *type,
           struct ro_bytes bytes,
           struct field *ret_field)
{
    size_t at = 0;
    uint64_t tag = take_varint(bytes, &at);
    *ret_field = (struct field){0};
    for (unsigned i = 0; i < type->n_fields; i++) {
        if (type->fields[i].id == tag >> 3)
            ret_field->type = &type->fields[i];
    }
    if (ret_field->type == NULL || ((tag & 7) != 0 && (tag & 7) != 2))
        book_fail("%s: tag %" PRIu64, type->name, tag);
    size_t value_at = at;
    uint64_t number = take_varint(bytes, &at);
    size_t end = at;
    if ((tag & 7) == 2) {
        value_at = at;
        end = at + (size_t)number;
    } else {
        ret_field->number = number;
    }
    if (end > bytes.size)
        book_fail("%s: %s is cut off", type->name, ret_field->type->name);
    ret_field->tag = (struct ro_bytes){bytes.data, value_at};
    ret_field->value = (struct ro_bytes){bytes.data + value_at, end - value_at};
    return end;
}

static const char *
enum_name(const ProtobufCFieldDescriptor *type, uint64_t number)
{
    const ProtobufCEnumDescriptor *values = type->descriptor;
    for (unsigned i = 0; i < values->n_values; i++) {
        if ((uint64_t)values->values[i].value == number)
            return values->values[i].name;
    }
    book_fail("%s: %" PRIu64, type->name, number);
}

static void
say_number(const struct field *field, char words[static WORDS])
{
    const char *name = field->type->name;
    ProtobufCType type = field->type->type;
    if (type == PROTOBUF_C_TYPE_ENUM) {
        snprintf(words, WORDS, "%s: %s", name,
                 enum_name(field->type, field->number));
    } else if (type == PROTOBUF_C_TYPE_BOOL) {
        snprintf(words, WORDS, "%s: %s", name,
                 field->number != 0 ? "true" : "false");
    } else if (type == PROTOBUF_C_TYPE_SINT32) {
        snprintf(words, WORDS, "%s: %" PRId64, name,
                 (int64_t)(field->number >> 1) ^ -(int64_t)(field->number & 1));
    } else {
        snprintf(words, WORDS, "%s: %" PRIu64, name, field->number);
    }
}

static void
say_text(const struct field *field, char words[static WORDS])
{
    char text[64];
    size_t n = 0;
    for (size_t i = 0; i < field->value.size && n < sizeof(text) - 5; i++) {
        char c = (char)field->value.data[i];
        if (c == '\n') {
            text[n++] = '\\';
            c = 'n';
        }
        text[n++] = c;
    }
    snprintf(words, WORDS, "%s: \"%.*s%s\"", field->type->name, (int)n, text,
             n >= sizeof(text) - 5 ? "..." : "");
}

static void
say_packed(const struct field *field, char words[static WORDS])
{
    int used = snprintf(words, WORDS, "%s, packed:", field->type->name);
    for (size_t at = 0; at < field->value.size;) {
        uint64_t number = take_varint(field->value, &at);
        used +=
            snprintf(words + used, (size_t)(WORDS - used), " %" PRIu64, number);
    }
}

static void
say_bytes(const struct dump *dump,
          const struct field *field,
          char words[static WORDS])
{
    const char *known = book_name_of(dump->book, field->value);
    const char *name = field->type->name;
    if (known != NULL && field->value.size < BY_NAME)
        snprintf(words, WORDS, "%s: %s", name, known);
    else if (field->value.size > LINE_BYTES)
        snprintf(words, WORDS, "%s, %zu bytes", name, field->value.size);
    else
        snprintf(words, WORDS, "%s", name);
}

/* The tag, and behind it whatever fits the line. */
static void
line(const struct dump *dump,
     struct ro_bytes tag,
     const char *rest,
     const char *words)
{
    char hex[2 * 16 + 1];
    size_t from = dump->out->size;
    ro_hex(tag.data, tag.size, hex);
    ro_buf_printf(dump->out, "%*s%s%s%s", dump->indent, "", hex,
                  rest[0] != '\0' ? " " : "", rest);
    book_comment(dump->out, dump->out->size - from, words);
}

/* What the body of a Signed is. */
static const ProtobufCMessageDescriptor *
body_type(const ProtobufCMessageDescriptor *type, uint64_t kind)
{
    static const struct {
        uint64_t kind;
        const ProtobufCMessageDescriptor *type;
    } bodies[] = {
        {1,  &reachout__charter__descriptor      },
        {2,  &reachout__listing_block__descriptor},
        {3,  &reachout__member__descriptor       },
        {4,  &reachout__seat__descriptor         },
        {5,  &reachout__revocation__descriptor   },
        {6,  &reachout__broker_key__descriptor   },
        {16, &reachout__checkpoint__descriptor   },
        {17, &reachout__epoch_keys__descriptor   },
        {18, &reachout__ticket__descriptor       },
    };
    if (type != &reachout__signed__descriptor)
        return NULL;
    for (size_t i = 0; i < RO_LEN(bodies); i++) {
        if (bodies[i].kind == kind)
            return bodies[i].type;
    }
    return NULL;
}

static void
inside(const struct dump *dump,
       const struct field *field,
       const ProtobufCMessageDescriptor *type)
{
    char words[WORDS];
    struct dump deeper = *dump;
    snprintf(words, WORDS, "%s, %zu bytes:", field->type->name,
             field->value.size);
    line(dump, field->tag, "", words);
    deeper.indent += 2;
    message(deeper, type, field->value);
}

static void
plain(const struct dump *dump, const struct field *field, const char *words)
{
    char rest[2 * LINE_BYTES + 1] = "";
    const char *known = field->value.size < BY_NAME
                            ? NULL
                            : book_name_of(dump->book, field->value);
    if (known != NULL)
        snprintf(rest, sizeof(rest), "{%s}", known);
    else if (field->value.size <= LINE_BYTES)
        ro_hex(field->value.data, field->value.size, rest);
    line(dump, field->tag, rest, words);
    if (rest[0] == '\0')
        book_lines(dump->out, dump->indent + 2, field->value);
}

static void
length_delimited(const struct dump *dump,
                 const struct field *field,
                 const ProtobufCMessageDescriptor *body)
{
    char words[WORDS];
    if (field->type->type == PROTOBUF_C_TYPE_MESSAGE) {
        inside(dump, field, field->type->descriptor);
        return;
    }
    if (field->type->type == PROTOBUF_C_TYPE_BYTES && body != NULL &&
        strcmp(field->type->name, "body") == 0) {
        inside(dump, field, body);
        return;
    }
    if (field->type->type == PROTOBUF_C_TYPE_STRING)
        say_text(field, words);
    else if (field->type->type == PROTOBUF_C_TYPE_BYTES)
        say_bytes(dump, field, words);
    else
        say_packed(field, words);
    plain(dump, field, words);
}

static void
message(struct dump dump,
        const ProtobufCMessageDescriptor *type,
        struct ro_bytes bytes)
{
    const ProtobufCMessageDescriptor *body = NULL;
    while (bytes.size > 0) {
        struct field field;
        char words[WORDS];
        size_t used = take_field(type, bytes, &field);
        if ((field.tag.data[0] & 7) == 2) {
            length_delimited(&dump, &field, body);
        } else {
            char hex[2 * 10 + 1];
            body = body == NULL ? body_type(type, field.number) : body;
            ro_hex(field.value.data, field.value.size, hex);
            say_number(&field, words);
            line(&dump, field.tag, hex, words);
        }
        bytes.data += used;
        bytes.size -= used;
    }
}

static struct ro_buf *
begin(struct book *book, const char *name, struct ro_bytes bytes)
{
    struct ro_buf *text = &book->blocks[book->n_blocks - 1].text;
    char words[WORDS];
    size_t from = text->size;
    snprintf(words, WORDS, "%zu bytes", bytes.size);
    ro_buf_printf(text, "%s =", name);
    book_comment(text, text->size - from, words);
    return text;
}

void
book_message(struct book *book,
             const char *name,
             const ProtobufCMessageDescriptor *type,
             struct ro_bytes bytes)
{
    struct dump dump = {book, begin(book, name, bytes), 2};
    message(dump, type, bytes);
    ro_buf_put(book_add(book, name), bytes.data, bytes.size);
}

/* The 24 bytes in front, with gaps between what they hold. */
static void
header(const struct dump *dump, struct ro_bytes frame)
{
    static const char *const kinds[] = {"ask", "answer", "push"};
    static const size_t parts[] = {4, 4, 2, 6, 8};
    char words[WORDS];
    struct ro_frame_header header;
    struct ro_bytes payload;
    size_t from = dump->out->size;
    if (ro_frame_get(frame, &header, &payload) != RO_OK)
        book_fail("this is no frame");
    ro_buf_printf(dump->out, "%*s", dump->indent - 1, "");
    for (size_t i = 0, at = 0; i < RO_LEN(parts); at += parts[i++]) {
        char hex[2 * 8 + 1];
        ro_hex(frame.data + at, parts[i], hex);
        ro_buf_printf(dump->out, " %s", hex);
    }
    snprintf(words, sizeof(words),
             "verb %u, %s, serial %u, status %u, time %" PRId64, header.verb,
             kinds[header.kind], header.serial, header.status, header.time_s);
    book_comment(dump->out, dump->out->size - from, words);
}

void
book_frame(struct book *book,
           const char *name,
           const ProtobufCMessageDescriptor *type,
           struct ro_bytes bytes)
{
    struct dump dump = {book, begin(book, name, bytes), 2};
    header(&dump, bytes);
    message(dump, type,
            (struct ro_bytes){bytes.data + RO_FRAME_HEADER_SIZE,
                              bytes.size - RO_FRAME_HEADER_SIZE});
    ro_buf_put(book_add(book, name), bytes.data, bytes.size);
}

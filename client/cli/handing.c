/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/handing.h"

#include <string.h>

#define VERSION 1

/* Flags of an asking. */
#define HAS_COLOUR 0x01
#define HAS_ZONE 0x02
#define HAS_TEXT 0x04
#define HAS_BEFORE 0x08
#define ALL_FLAGS 0x0f

/* --- out ----------------------------------------------------------------- */

static void
put_text(struct ro_buf *out, const char *text)
{
    size_t size = strlen(text) + 1;
    ro_buf_put_u32(out, (uint32_t)size);
    ro_buf_put(out, text, size);
}

static void
put_bytes(struct ro_buf *out, struct ro_bytes bytes)
{
    ro_buf_put_u32(out, (uint32_t)bytes.size);
    ro_buf_put(out, bytes.data, bytes.size);
}

/* Fills in the size that stands before what was put since `at`. */
static void
end_frame(struct ro_buf *out, size_t at)
{
    if (ro_buf_ok(out) == RO_OK) {
        ro_set_u32(out->data + at,
                   (uint32_t)(out->size - at - HANDING_SIZE_SIZE));
    }
}

void
handing_put_asking(const struct handing_asking *asking, struct ro_buf *out)
{
    size_t at = out->size;
    int flags = (asking->colour == HANDING_COLOUR ? HAS_COLOUR : 0) |
                (asking->zone != NULL ? HAS_ZONE : 0) |
                (asking->text != NULL ? HAS_TEXT : 0) |
                (asking->times == HANDING_AGAIN ? HAS_BEFORE : 0);
    ro_buf_put_u32(out, 0);
    ro_buf_put_u8(out, VERSION);
    ro_buf_put_u8(out, (uint8_t)flags);
    if (asking->times == HANDING_AGAIN)
        ro_buf_put_u64(out, asking->before);
    ro_buf_put_u16(out, (uint16_t)asking->n_args);
    for (size_t i = 0; i < asking->n_args; i++)
        put_text(out, asking->args[i]);
    if (asking->zone != NULL)
        put_text(out, asking->zone);
    if (asking->text != NULL)
        put_text(out, asking->text);
    end_frame(out, at);
}

void
handing_put_answer(const struct handing_answer *answer, struct ro_buf *out)
{
    size_t at = out->size;
    ro_buf_put_u32(out, 0);
    ro_buf_put_u8(out, (uint8_t)answer->what);
    switch (answer->what) {
    case HANDING_HEARD:
        break;
    case HANDING_BEGUN:
        ro_buf_put_u64(out, answer->before);
        break;
    case HANDING_DONE:
        ro_buf_put_u8(out, answer->exit_code);
        put_bytes(out, answer->out);
        put_bytes(out, answer->err);
        break;
    case HANDING_REFUSED:
        ro_buf_put_u8(out, (uint8_t)answer->refusal);
        break;
    }
    end_frame(out, at);
}

/* --- in ------------------------------------------------------------------ */

/* What is left of a body. Taking more than there is makes it failed. */
struct rest {
    const uint8_t *at;
    size_t size;
    bool failed;
};

static const uint8_t *
take(struct rest *rest, size_t size)
{
    static const uint8_t none[8];
    const uint8_t *at = rest->at;
    if (rest->failed || size > rest->size) {
        rest->failed = true;
        return none;
    }
    rest->at += size;
    rest->size -= size;
    return at;
}

static struct ro_bytes
take_bytes(struct rest *rest)
{
    size_t size = ro_get_u32(take(rest, 4));
    const uint8_t *data = take(rest, size);
    return (struct ro_bytes){data, rest->failed ? 0 : size};
}

/* A text within `body`, which can be written to. */
static char *
take_text(struct rest *rest, uint8_t *body, size_t size)
{
    struct ro_bytes bytes = take_bytes(rest);
    if (rest->failed ||
        memchr(bytes.data, '\0', bytes.size) != bytes.data + bytes.size - 1) {
        rest->failed = true;
        return NULL;
    }
    size_t left = rest->size + bytes.size;
    return (char *)(body + (size - left));
}

enum ro_status
handing_take_asking(uint8_t *body, size_t size, struct handing_asking *ret_it)
{
    struct rest rest = {body, size, false};
    uint8_t version = *take(&rest, 1);
    uint8_t flags = *take(&rest, 1);
    if (rest.failed || version != VERSION || (flags & ~ALL_FLAGS) != 0)
        return RO_BAD_INPUT;
    *ret_it = (struct handing_asking){
        .colour = (flags & HAS_COLOUR) != 0 ? HANDING_COLOUR : HANDING_PLAIN,
        .times = (flags & HAS_BEFORE) != 0 ? HANDING_AGAIN : HANDING_FIRST};
    if (ret_it->times == HANDING_AGAIN)
        ret_it->before = ro_get_u64(take(&rest, 8));
    ret_it->n_args = ro_get_u16(take(&rest, 2));
    if (ret_it->n_args == 0 || ret_it->n_args > HANDING_ARGS_MAX)
        return RO_BAD_INPUT;
    for (size_t i = 0; i < ret_it->n_args; i++)
        ret_it->args[i] = take_text(&rest, body, size);
    if ((flags & HAS_ZONE) != 0)
        ret_it->zone = take_text(&rest, body, size);
    if ((flags & HAS_TEXT) != 0)
        ret_it->text = take_text(&rest, body, size);
    return rest.failed || rest.size > 0 ? RO_BAD_INPUT : RO_OK;
}

enum ro_status
handing_take_answer(struct ro_bytes body, struct handing_answer *ret_it)
{
    struct rest rest = {body.data, body.size, false};
    *ret_it = (struct handing_answer){0};
    uint8_t what = *take(&rest, 1);
    switch (what) {
    case HANDING_HEARD:
        ret_it->what = HANDING_HEARD;
        break;
    case HANDING_BEGUN:
        ret_it->what = HANDING_BEGUN;
        ret_it->before = ro_get_u64(take(&rest, 8));
        break;
    case HANDING_DONE:
        ret_it->what = HANDING_DONE;
        ret_it->exit_code = *take(&rest, 1);
        ret_it->out = take_bytes(&rest);
        ret_it->err = take_bytes(&rest);
        break;
    case HANDING_REFUSED:
        ret_it->what = HANDING_REFUSED;
        ret_it->refusal = *take(&rest, 1);
        break;
    default:
        return RO_BAD_INPUT;
    }
    return rest.failed || rest.size > 0 ? RO_BAD_INPUT : RO_OK;
}

enum ro_status
handing_frame(struct ro_bytes buf, size_t limit, size_t *ret_size)
{
    *ret_size = 0;
    if (buf.size < HANDING_SIZE_SIZE)
        return RO_OK;
    size_t size = ro_get_u32(buf.data);
    if (size == 0 || size > limit)
        return RO_TOO_LARGE;
    *ret_size = HANDING_SIZE_SIZE + size;
    return RO_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/pipeline/outbox.h"

#include <stdlib.h>

#define ROOM_FIRST 64
/* A turn of large answers does not keep its memory. */
#define BYTES_KEPT ((size_t)4 * 1024 * 1024)

void
outbox_fini(struct outbox *outbox)
{
    ro_buf_fini(&outbox->bytes);
    free(outbox->items);
    free(outbox->asks);
    *outbox = (struct outbox){0};
}

void
outbox_clear(struct outbox *outbox)
{
    outbox_take_back(outbox);
    outbox->n_asks = 0;
    if (outbox->bytes.room > BYTES_KEPT)
        ro_buf_fini(&outbox->bytes);
}

void
outbox_take_back(struct outbox *outbox)
{
    ro_buf_clear(&outbox->bytes);
    outbox->n_items = 0;
    outbox->next = 0;
}

/* Makes room for one more element. */
static enum ro_status
make_room(void **elements, size_t used, size_t *room, size_t size)
{
    if (used < *room)
        return RO_OK;
    size_t more = *room == 0 ? ROOM_FIRST : 2 * *room;
    void *moved = reallocarray(*elements, more, size);
    if (moved == NULL)
        return RO_NO_MEMORY;
    *elements = moved;
    *room = more;
    return RO_OK;
}

enum ro_status
outbox_note(struct outbox *outbox, const struct outbox_ask *ask)
{
    void *asks = outbox->asks;
    RO_TRY(make_room(&asks, outbox->n_asks, &outbox->asks_room,
                     sizeof(*outbox->asks)));
    outbox->asks = asks;
    outbox->asks[outbox->n_asks++] = *ask;
    return RO_OK;
}

/* Takes back what a failed put left behind. */
static void
cut_back(struct ro_buf *bytes, size_t start)
{
    bytes->size = start;
    bytes->failed = false;
}

enum ro_status
outbox_put(struct outbox *outbox, const struct outbox_answer *answer)
{
    void *items = outbox->items;
    RO_TRY(make_room(&items, outbox->n_items, &outbox->items_room,
                     sizeof(*outbox->items)));
    outbox->items = items;
    size_t start = outbox->bytes.size;
    const struct ro_frame_header header = {
        .verb = answer->to->verb,
        .kind = RO_FRAME_ANSWER,
        .serial = answer->to->serial,
        .status = ro_status_wire(answer->status),
        .time_s = answer->time_s,
    };
    ro_frame_put_header(&header, &outbox->bytes);
    enum ro_status s = ro_pack(answer->message, &outbox->bytes);
    size_t size = outbox->bytes.size - start;
    if (s == RO_OK && size > RO_FRAME_LIMIT)
        s = RO_TOO_LARGE;
    if (s != RO_OK) {
        cut_back(&outbox->bytes, start);
        return s;
    }
    outbox->items[outbox->n_items++] = (struct outbox_item){
        .to = answer->to->from,
        .door = answer->to->door,
        .start = start,
        .size = size,
    };
    return RO_OK;
}

void
outbox_forget(struct outbox *outbox, struct session_id id)
{
    for (size_t i = outbox->next; i < outbox->n_items; i++) {
        struct outbox_item *item = &outbox->items[i];
        if (item->to.slot == id.slot && item->to.generation == id.generation)
            item->to = (struct session_id){0};
    }
}

const struct outbox_item *
outbox_next(struct outbox *outbox)
{
    while (outbox->next < outbox->n_items &&
           outbox->items[outbox->next].to.slot == 0)
        outbox->next++;
    if (outbox->next == outbox->n_items)
        return NULL;
    return &outbox->items[outbox->next++];
}

struct ro_bytes
outbox_view(const struct outbox *outbox, const struct outbox_item *item)
{
    return (struct ro_bytes){outbox->bytes.data + item->start, item->size};
}

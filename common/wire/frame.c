/* SPDX-License-Identifier: Apache-2.0 */
/* The 24 bytes before each message, as PROTOCOL.md lays them out. */
#include "common/wire/codec.h"

#define AT_VERSION 0
#define AT_VERB 1
#define AT_KIND 2
#define AT_ZERO 3
#define AT_SERIAL 4
#define AT_STATUS 8
#define AT_ZEROS 10
#define AT_TIME 16

void
ro_frame_put_header(const struct ro_frame_header *header, struct ro_buf *out)
{
    uint8_t *p = ro_buf_extend(out, RO_FRAME_HEADER_SIZE);
    if (p == NULL)
        return;
    p[AT_VERSION] = RO_FRAME_VERSION;
    p[AT_VERB] = header->verb;
    p[AT_KIND] = (uint8_t)header->kind;
    p[AT_ZERO] = 0;
    ro_set_u32(p + AT_SERIAL, header->serial);
    ro_set_u16(p + AT_STATUS, header->status);
    for (size_t i = AT_ZEROS; i < AT_TIME; i++)
        p[i] = 0;
    ro_set_u64(p + AT_TIME, (uint64_t)header->time_s);
}

static enum ro_status
check_fixed(const uint8_t *p)
{
    if (p[AT_VERSION] != RO_FRAME_VERSION || p[AT_KIND] > RO_FRAME_PUSH)
        return RO_BAD_FRAME;
    uint8_t any = p[AT_ZERO];
    for (size_t i = AT_ZEROS; i < AT_TIME; i++)
        any |= p[i];
    return any == 0 ? RO_OK : RO_BAD_FRAME;
}

enum ro_status
ro_frame_get(struct ro_bytes frame,
             struct ro_frame_header *ret_header,
             struct ro_bytes *ret_payload)
{
    if (frame.size > RO_FRAME_LIMIT)
        return RO_TOO_LARGE;
    if (frame.size < RO_FRAME_HEADER_SIZE)
        return RO_BAD_FRAME;
    const uint8_t *p = frame.data;
    RO_TRY(check_fixed(p));
    uint64_t time_s = ro_get_u64(p + AT_TIME);
    uint16_t status = ro_get_u16(p + AT_STATUS);
    if (time_s > INT64_MAX)
        return RO_BAD_FRAME;
    if (p[AT_KIND] == RO_FRAME_ASK && (time_s != 0 || status != 0))
        return RO_BAD_FRAME;
    *ret_header = (struct ro_frame_header){
        .verb = p[AT_VERB],
        .kind = (enum ro_frame_kind)p[AT_KIND],
        .serial = ro_get_u32(p + AT_SERIAL),
        .status = status,
        .time_s = (int64_t)time_s,
    };
    *ret_payload = (struct ro_bytes){.data = p + RO_FRAME_HEADER_SIZE,
                                     .size = frame.size - RO_FRAME_HEADER_SIZE};
    return RO_OK;
}

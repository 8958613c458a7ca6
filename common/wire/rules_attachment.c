/* SPDX-License-Identifier: Apache-2.0 */
/* Files that come with a message, and the chunks they are cut into. */
#include "common/wire/rules_purpose.h"

#include <string.h>

uint32_t
ro_chunks_of(uint64_t size)
{
    uint64_t needed = (size + RO_CHUNK_LIMIT - 1) / RO_CHUNK_LIMIT;
    uint32_t chunks = 1;
    while (chunks < needed && chunks < RO_CHUNKS_MAX)
        chunks *= 2;
    return chunks;
}

size_t
ro_chunk_size(uint64_t size, uint32_t index)
{
    uint64_t from = (uint64_t)index * RO_CHUNK_LIMIT;
    if (from >= size)
        return 0;
    return size - from < RO_CHUNK_LIMIT ? (size_t)(size - from)
                                        : (size_t)RO_CHUNK_LIMIT;
}

static enum ro_status
check_attachment(const Reachout__Attachment *attachment, struct ro_why *why)
{
    static const struct ro_bytes_rule id_rule = {"attachment", RO_ID_SIZE,
                                                 RO_RULE_REQUIRED};
    static const struct ro_bytes_rule hash_rule = {"hash", RO_HASH_SIZE,
                                                   RO_RULE_REQUIRED};
    static const struct ro_text_rule name_rule = {
        "name", RO_TEXT_LINE, RO_NAME_LIMIT, RO_RULE_REQUIRED};
    RO_TRY(ro_rule_bytes(attachment->has_id, &attachment->id, &id_rule, why));
    RO_TRY(ro_rule_text(attachment->name, &name_rule, why));
    RO_TRY(ro_rule_bytes(attachment->has_hash, &attachment->hash, &hash_rule,
                         why));
    if (!attachment->has_size || attachment->size > RO_ATTACHMENTS_LIMIT) {
        return ro_why(why, RO_BAD_INPUT, "size: missing or more than %u bytes",
                      RO_ATTACHMENTS_LIMIT);
    }
    if (!attachment->has_chunks ||
        attachment->chunks != ro_chunks_of(attachment->size))
        return ro_why(why, RO_BAD_INPUT, "chunks: not as many as its size has");
    return RO_OK;
}

/* Whether the i-th has the id of one before it. */
static bool
is_named_twice(const Reachout__Say *say, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (memcmp(say->attachments[k]->id.data, say->attachments[i]->id.data,
                   RO_ID_SIZE) == 0)
            return true;
    }
    return false;
}

enum ro_status
ro_rule_attachments(const Reachout__Say *say, struct ro_why *why)
{
    uint64_t size = 0;
    if (say->n_attachments > RO_ATTACHMENTS_MAX) {
        return ro_why(why, RO_BAD_INPUT, "attachments: more than %d",
                      RO_ATTACHMENTS_MAX);
    }
    for (size_t i = 0; i < say->n_attachments; i++) {
        RO_TRY(check_attachment(say->attachments[i], why));
        if (is_named_twice(say, i))
            return ro_why(why, RO_BAD_INPUT, "attachments: one id twice");
        size += say->attachments[i]->size;
    }
    if (size > RO_ATTACHMENTS_LIMIT) {
        return ro_why(why, RO_BAD_INPUT,
                      "attachments: more than %u bytes together",
                      RO_ATTACHMENTS_LIMIT);
    }
    return RO_OK;
}

/* A chunk belongs to a message of a thread, so it names that; nothing rides on
 * it, or it would not fit. */
enum ro_status
ro_rule_chunk(const Reachout__Content *content, struct ro_why *why)
{
    static const struct ro_bytes_rule id_rule = {"attachment", RO_ID_SIZE,
                                                 RO_RULE_REQUIRED};
    const Reachout__Chunk *chunk = content->chunk;
    if (!content->has_thread)
        return ro_why(why, RO_BAD_INPUT, "thread: missing");
    if (content->n_seen > 0 || content->n_receipts > 0)
        return ro_why(why, RO_BAD_INPUT, "seen, receipts: none with a chunk");
    RO_TRY(ro_rule_bytes(chunk->has_attachment, &chunk->attachment, &id_rule,
                         why));
    if (!chunk->has_index || chunk->index >= RO_CHUNKS_MAX) {
        return ro_why(why, RO_BAD_INPUT, "index: missing or above %d",
                      RO_CHUNKS_MAX - 1);
    }
    if (chunk->has_data && chunk->data.len > RO_CHUNK_LIMIT) {
        return ro_why(why, RO_BAD_INPUT, "data: more than %d bytes",
                      RO_CHUNK_LIMIT);
    }
    return RO_OK;
}

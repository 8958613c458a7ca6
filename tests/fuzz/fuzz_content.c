/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The content of an opened body, which another member wrote. What keeps the
 * rules has one purpose, and keeps them when it is packed again.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include "common/wire/codec.h"
#include "common/wire/rules.h"

static void
must(bool holds)
{
    if (!holds)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(1, 1);
    RO_AUTOBUF packed = {0};
    struct ro_why why = {.text = ""};
    Reachout__Content *content = NULL;
    must(arena != NULL);
    enum ro_status status =
        ro_content_get((struct ro_bytes){data, size}, arena, &why, &content);
    if (status != RO_OK) {
        must(status == RO_BAD_FRAME || status == RO_BAD_INPUT);
        must(why.text[0] != '\0');
        return 0;
    }
    enum ro_purpose purpose = ro_content_purpose(content);
    must(purpose >= RO_PURPOSE_ASK && purpose <= RO_PURPOSE_PSK);
    must(ro_content_check(content, &why) == RO_OK);
    must(ro_pack(&content->base, &packed) == RO_OK);
    status = ro_content_get(ro_buf_view(&packed), arena, &why, &content);
    /* A shorter form has a smaller budget. */
    must(status == RO_OK || (status == RO_BAD_FRAME && packed.size < size));
    if (status == RO_OK)
        must(ro_content_purpose(content) == purpose);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What another process of this user sends to a running watch, and what a
 * command hears from it. What is understood is packed to the same bytes.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "client/cli/handing.h"

static void
must(bool holds)
{
    if (!holds)
        abort();
}

static void
try_asking(struct ro_bytes body)
{
    RO_AUTOBUF copy = {0};
    RO_AUTOBUF packed = {0};
    struct handing_asking asking;
    ro_buf_put(&copy, body.data, body.size);
    must(ro_buf_ok(&copy) == RO_OK);
    if (handing_take_asking(copy.data, copy.size, &asking) != RO_OK)
        return;
    must(asking.n_args <= HANDING_ARGS_MAX);
    for (size_t i = 0; i < asking.n_args; i++)
        must(strlen(asking.args[i]) < body.size);
    handing_put_asking(&asking, &packed);
    must(packed.size == body.size + HANDING_SIZE_SIZE);
    must(memcmp(packed.data + HANDING_SIZE_SIZE, body.data, body.size) == 0);
}

static void
try_answer(struct ro_bytes body)
{
    RO_AUTOBUF packed = {0};
    struct handing_answer answer;
    if (handing_take_answer(body, &answer) != RO_OK)
        return;
    handing_put_answer(&answer, &packed);
    must(packed.size == body.size + HANDING_SIZE_SIZE);
    must(memcmp(packed.data + HANDING_SIZE_SIZE, body.data, body.size) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ro_bytes bytes = {data, size};
    size_t frame = 0;
    enum ro_status s = handing_frame(bytes, HANDING_ASKING_MAX, &frame);
    must(s == RO_OK || s == RO_TOO_LARGE);
    must(s != RO_OK || frame == 0 ||
         (frame > HANDING_SIZE_SIZE &&
          frame <= HANDING_ASKING_MAX + HANDING_SIZE_SIZE));
    try_asking(bytes);
    try_answer(bytes);
    return 0;
}

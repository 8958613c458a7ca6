/* SPDX-License-Identifier: Apache-2.0 */
/* reachoutd.conf: any text is read or refused, and what is read is printed so
 * that it reads back the same. */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config.h"

static void
need(bool is_right)
{
    if (!is_right)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ro_buf errors = {0};
    struct ro_buf first = {0};
    struct ro_buf second = {0};
    struct config *config = NULL;
    struct config *again = NULL;
    struct ro_bytes text = {data, size};
    enum ro_status status = config_parse("f", text, &errors, &config);
    need(status == RO_OK || status == RO_BAD_CONFIG);
    need((status == RO_OK) == (errors.size == 0));
    need((status == RO_OK) == (config != NULL));
    if (config != NULL) {
        config_print(config, &first);
        need(config_parse("f", ro_buf_view(&first), &errors, &again) == RO_OK);
        config_print(again, &second);
        need(ro_bytes_equal(ro_buf_view(&first), ro_buf_view(&second)));
    }
    ro_buf_put_u8(&errors, '\0');
    need(strstr((char *)errors.data, ": the parser cannot read it\n") == NULL);
    config_free(config);
    config_free(again);
    ro_buf_fini(&errors);
    ro_buf_fini(&first);
    ro_buf_fini(&second);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The circle.conf that is shipped. */
#ifndef TESTS_UNIT_CONF_SAMPLE_H
#define TESTS_UNIT_CONF_SAMPLE_H

#include "common/base/file.h"
#include "common/conf/circle.h"
#include "tests/support/tap.h"

/* Reads it from the source tree; ends the test where it is not sound. The
 * caller frees both. */
static inline struct ro_circle_conf *
load_sample(const char *root, struct ro_buf *ret_text)
{
    char path[512];
    struct ro_why why = {""};
    struct ro_circle_conf *conf = NULL;
    snprintf(path, sizeof(path), "%s/config/circle.conf", root);
    tap_need(ro_file_read(path, 1 << 20, &why, ret_text) == RO_OK);
    tap_is(ro_circle_conf_parse(ro_buf_view(ret_text), &why, &conf), RO_OK);
    printf("# %s\n", why.text);
    tap_need(conf != NULL);
    return conf;
}

#endif

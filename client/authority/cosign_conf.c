/* SPDX-License-Identifier: Apache-2.0 */
/* The circle.conf of a charter beside the one that was agreed on. */
#include "client/authority/cosign.h"

#include <string.h>

#include "common/conf/circle.h"

enum ro_status
cosign_read_conf(const struct table *table, struct ro_buf *ret_conf)
{
    const char *path = table->cosigning->conf_path;
    RO_TRY(ro_file_read(path, RO_CIRCLE_CONF_MAX, table->why, ret_conf));
    if (ret_conf->size > 0 && memchr(ret_conf->data, 0, ret_conf->size) != NULL)
        return ro_why(table->why, RO_BAD_INPUT, "%s: is no text", path);
    ro_buf_put_u8(ret_conf, 0);
    return ro_buf_ok(ret_conf);
}

enum ro_status
cosign_compare_conf(const struct table *table,
                    const struct proposal_record *record,
                    const struct telling_agreed *agreed,
                    struct authority_cosigned *cosigned)
{
    struct proposal_body body;
    if (agreed == NULL || record->sig.kind != REACHOUT__SIGNED__KIND__CHARTER)
        return RO_OK;
    RO_TRY(proposal_body(record, table->arena, &body));
    const Reachout__Charter *charter = (const void *)body.message;
    if (strcmp(agreed->conf, charter->circle_conf) != 0) {
        cosigned->conf = AUTHORITY_OTHER_CONF;
    } else if (cosigned->conf == AUTHORITY_UNCOMPARED) {
        cosigned->conf = AUTHORITY_SAME_CONF;
    }
    return RO_OK;
}

enum ro_status
cosign_check_conf(const struct table *table,
                  const struct authority_cosigned *cosigned)
{
    const struct authority_cosigning *cosigning = table->cosigning;
    if (cosigning->conf_path == NULL)
        return RO_OK;
    if (cosigned->conf == AUTHORITY_UNCOMPARED) {
        return ro_why(table->why, RO_REFUSED,
                      "there is no charter in it, whose circle.conf could be "
                      "compared with %s",
                      cosigning->conf_path);
    }
    if (cosigned->conf == AUTHORITY_SAME_CONF || cosigning->out_path == NULL)
        return RO_OK;
    return ro_why(table->why, RO_REFUSED,
                  "its circle.conf is another than %s, and nothing was signed; "
                  "without --out the lines are shown",
                  cosigning->conf_path);
}

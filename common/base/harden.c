/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/harden.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum ro_status
ro_harden(void)
{
    struct rlimit none = {0, 0};
    umask(077);
    if (setrlimit(RLIMIT_CORE, &none) != 0 ||
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return RO_IO_FAILED;
    return RO_OK;
}

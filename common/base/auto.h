/* SPDX-License-Identifier: Apache-2.0 */
/* Small words for the compiler: cleanup, ownership, must-use, lengths. */
#ifndef RO_BASE_AUTO_H
#define RO_BASE_AUTO_H

#include <stddef.h>
#include <stdlib.h>

#define RO_MUST_USE __attribute__((warn_unused_result))
#define RO_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define RO_UNUSED __attribute__((unused))
#define RO_CLEANUP(fn) __attribute__((cleanup(fn)))
#define RO_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Defines NAMEp(), which releases what a local points to and clears it. */
#define RO_DEFINE_AUTO(type, fn)                                               \
    RO_UNUSED static inline void fn##p(struct type **p)                        \
    {                                                                          \
        fn(*p);                                                                \
        *p = NULL;                                                             \
    }

/* Gives a local's value away and clears the local, so its cleanup is idle. */
#define RO_STEAL(p)                                                            \
    __extension__({                                                            \
        __typeof__(p) stolen_ = (p);                                           \
        (p) = NULL;                                                            \
        stolen_;                                                               \
    })

/* Leaves the function with any outcome but RO_OK. */
#define RO_TRY(expr)                                                           \
    do {                                                                       \
        enum ro_status try_ = (expr);                                          \
        if (try_ != RO_OK)                                                     \
            return try_;                                                       \
    } while (0)

RO_UNUSED static inline void
ro_free_cleanup(void *p)
{
    free(*(void **)p);
}

/* A local of plain malloc memory that is freed when it leaves its scope. */
#define RO_AUTOFREE RO_CLEANUP(ro_free_cleanup)

#endif

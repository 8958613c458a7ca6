/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire between a command and the process that works on its profile: what
 * is asked and what is answered on PROFILE/watch.sock (docs/ARCHITECTURE.md,
 * "Several processes on one profile"). Bytes in, bytes out; no socket here.
 *
 * Each frame is a size (4 bytes, of what follows) and a body. A command sends
 * one, the asking; it gets any number of HEARD, then one BEGUN and one DONE,
 * or one REFUSED.
 */
#ifndef CLIENT_CLI_HANDING_H
#define CLIENT_CLI_HANDING_H

#include "common/base/bytes.h"
#include "common/base/ids.h"

/* The socket's name in the profile's folder. */
#define HANDING_SOCKET "watch.sock"

#define HANDING_SIZE_SIZE 4                     /* of the size before a frame */
#define HANDING_ASKING_MAX (256u * 1024)        /* the longest asking */
#define HANDING_ANSWER_MAX (256u * 1024 * 1024) /* the longest answer */
#define HANDING_ARGS_MAX 256                    /* words of a command line */

/* A command line, and what the command cannot find out where it is run. */
struct handing_asking {
    char *args[HANDING_ARGS_MAX]; /* without the program */
    size_t n_args;
    char *zone; /* TZ; NULL: not set */
    char *text; /* of stdin; NULL: none was read */
    enum { HANDING_PLAIN, HANDING_COLOUR } colour; /* of errors */
    /* of a command that was begun and lost: what was there before it */
    enum { HANDING_FIRST, HANDING_AGAIN } times;
    uint64_t before;
};

/* Why an asking is not carried out. */
enum handing_refusal {
    HANDING_BUSY = 1,   /* too many wait already */
    HANDING_UNREAD = 2, /* it is not understood */
    HANDING_ALONE = 3,  /* that command is not done for others */
};

/* One answer. */
struct handing_answer {
    enum {
        HANDING_HEARD = 0, /* it waits, or is under way */
        HANDING_BEGUN = 1, /* from here on it may have been done */
        HANDING_DONE = 2,
        HANDING_REFUSED = 3,
    } what;
    uint64_t before;   /* BEGUN: what is there before it */
    uint8_t exit_code; /* DONE, and the two below */
    struct ro_bytes out;
    struct ro_bytes err;
    enum handing_refusal refusal; /* REFUSED */
};

/* Appends an asking as a whole frame. Failed memory marks the buffer. */
void handing_put_asking(const struct handing_asking *asking,
                        struct ro_buf *out);

/* The same of an answer. */
void handing_put_answer(const struct handing_answer *answer,
                        struct ro_buf *out);

/* Reads the body of a frame; everything in the result points into it. (Texts
 * end with a zero byte on the wire.) RO_BAD_INPUT. */
RO_MUST_USE enum ro_status
handing_take_asking(uint8_t *body, size_t size, struct handing_asking *ret_it);

/* The same of an answer. */
RO_MUST_USE enum ro_status handing_take_answer(struct ro_bytes body,
                                               struct handing_answer *ret_it);

/* The size of the frame that `buf` begins with, size included, once its size
 * is there; 0 before. RO_TOO_LARGE: its body is empty or longer than `limit`.
 */
RO_MUST_USE enum ro_status
handing_frame(struct ro_bytes buf, size_t limit, size_t *ret_size);

#endif

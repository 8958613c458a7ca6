/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/sequence.h"

#include "client/core/row.h"

#include <string.h>

enum direction { SENT = 1, RECEIVED = 2 };

struct counter {
    enum direction direction;
    struct ro_thread_id thread;
    struct ro_seat_id seat;
    uint64_t highest;
    int64_t asked_s;
    uint32_t n_asked;
    size_t n_missing;
    uint64_t missing[SEQUENCE_GAPS_MAX]; /* rising */
};

/* Counters with gaps have this tag, so that the others need not be opened. */
#define GAP_TAG "gap"
#define COUNTER_KEY (1 + RO_ID_SIZE + RO_ID_SIZE)

static void
key_of(const struct counter *counter, uint8_t ret_key[static COUNTER_KEY])
{
    ret_key[0] = (uint8_t)counter->direction;
    memcpy(ret_key + 1, counter->thread.b, RO_ID_SIZE);
    memcpy(ret_key + 1 + RO_ID_SIZE, counter->seat.b, RO_ID_SIZE);
}

static enum ro_status
read_value(struct ro_bytes value, struct counter *ret_counter)
{
    struct row_reader row = row_read(value);
    *ret_counter = (struct counter){0};
    ret_counter->direction = row_u8(&row);
    row_fixed(&row, ret_counter->thread.b, RO_ID_SIZE);
    row_fixed(&row, ret_counter->seat.b, RO_ID_SIZE);
    ret_counter->highest = row_u64(&row);
    ret_counter->asked_s = (int64_t)row_u64(&row);
    ret_counter->n_asked = row_u32(&row);
    ret_counter->n_missing = row_u32(&row);
    if (ret_counter->n_missing > SEQUENCE_GAPS_MAX)
        return RO_VAULT_DAMAGED;
    for (size_t i = 0; i < ret_counter->n_missing; i++)
        ret_counter->missing[i] = row_u64(&row);
    return row_end(&row);
}

/* Reads the counter whose key fields are set; one that is not there is 0. */
static enum ro_status
read_counter(struct vault *vault, struct counter *counter)
{
    RO_AUTOBUF value = {0};
    uint8_t key[COUNTER_KEY];
    key_of(counter, key);
    enum ro_status s = vault_get(vault, VAULT_SEQUENCE,
                                 (struct ro_bytes){key, sizeof(key)}, &value);
    if (s == RO_NOT_FOUND)
        return RO_OK;
    RO_TRY(s);
    return read_value(ro_buf_view(&value), counter);
}

static enum ro_status
write_counter(struct vault *vault, const struct counter *counter)
{
    RO_AUTOBUF row = {0};
    uint8_t key[COUNTER_KEY];
    key_of(counter, key);
    ro_buf_put(&row, key, sizeof(key));
    ro_buf_put_u64(&row, counter->highest);
    ro_buf_put_u64(&row, (uint64_t)counter->asked_s);
    ro_buf_put_u32(&row, counter->n_asked);
    ro_buf_put_u32(&row, (uint32_t)counter->n_missing);
    for (size_t i = 0; i < counter->n_missing; i++)
        ro_buf_put_u64(&row, counter->missing[i]);
    RO_TRY(ro_buf_ok(&row));
    struct vault_place place = {
        VAULT_SEQUENCE, {key, sizeof(key)},
         {0  }
    };
    if (counter->n_missing > 0)
        place.tag = ro_bytes_text(GAP_TAG);
    return vault_put(vault, &place, ro_buf_view(&row));
}

enum ro_status
sequence_next(struct vault *vault,
              const struct ro_thread_id *thread,
              const struct ro_seat_id *seat,
              uint64_t *ret_sequence)
{
    struct counter counter = {
        .direction = SENT, .thread = *thread, .seat = *seat};
    RO_TRY(read_counter(vault, &counter));
    counter.highest++;
    RO_TRY(write_counter(vault, &counter));
    *ret_sequence = counter.highest;
    return RO_OK;
}

/* --- received ------------------------------------------------------------ */

static void
forget_missing(struct counter *counter, size_t i)
{
    counter->n_missing--;
    memmove(&counter->missing[i], &counter->missing[i + 1],
            (counter->n_missing - i) * sizeof(counter->missing[0]));
}

static void
note_gap(struct counter *counter, uint64_t sequence)
{
    uint64_t from = counter->highest + 1;
    if (sequence - from > SEQUENCE_GAPS_MAX)
        from = sequence - SEQUENCE_GAPS_MAX;
    for (uint64_t missing = from; missing < sequence; missing++) {
        if (counter->n_missing == SEQUENCE_GAPS_MAX)
            forget_missing(counter, 0);
        counter->missing[counter->n_missing++] = missing;
        counter->n_asked = 0;
    }
    counter->highest = sequence;
}

static enum ro_status
fill(struct vault *vault, struct counter *counter, uint64_t sequence)
{
    for (size_t i = 0; i < counter->n_missing; i++) {
        if (counter->missing[i] == sequence) {
            forget_missing(counter, i);
            return write_counter(vault, counter);
        }
    }
    return RO_MISBOUND;
}

enum ro_status
sequence_take(struct vault *vault,
              const struct ro_thread_id *thread,
              const struct ro_seat_id *seat,
              uint64_t sequence)
{
    struct counter counter = {
        .direction = RECEIVED, .thread = *thread, .seat = *seat};
    RO_TRY(read_counter(vault, &counter));
    if (sequence > counter.highest) {
        note_gap(&counter, sequence);
        return write_counter(vault, &counter);
    }
    return fill(vault, &counter, sequence);
}

enum ro_status
sequence_fill(struct vault *vault,
              const struct ro_thread_id *thread,
              const struct ro_seat_id *seat,
              uint64_t sequence)
{
    struct counter counter = {
        .direction = RECEIVED, .thread = *thread, .seat = *seat};
    RO_TRY(read_counter(vault, &counter));
    return fill(vault, &counter, sequence);
}

struct gathering {
    struct sequence_gap *gaps;
    size_t n;
};

static enum ro_status
gather(void *user, struct ro_bytes value)
{
    struct gathering *gathering = user;
    struct counter counter;
    RO_TRY(read_value(value, &counter));
    if (counter.direction != RECEIVED || counter.n_missing == 0)
        return RO_OK;
    struct sequence_gap *more =
        reallocarray(gathering->gaps, gathering->n + 1, sizeof(*more));
    if (more == NULL)
        return RO_NO_MEMORY;
    gathering->gaps = more;
    more[gathering->n++] = (struct sequence_gap){
        counter.thread,     counter.seat,
        counter.missing[0], counter.missing[counter.n_missing - 1],
        counter.asked_s,    counter.n_asked,
        counter.n_missing};
    return RO_OK;
}

enum ro_status
sequence_gaps(struct vault *vault,
              struct sequence_gap **ret_gaps,
              size_t *ret_n)
{
    struct gathering gathering = {0};
    enum ro_status s = vault_walk(vault, VAULT_SEQUENCE, ro_bytes_text(GAP_TAG),
                                  gather, &gathering);
    if (s != RO_OK) {
        free(gathering.gaps);
        return s;
    }
    *ret_gaps = gathering.gaps;
    *ret_n = gathering.n;
    return RO_OK;
}

enum ro_status
sequence_asked(struct vault *vault,
               const struct sequence_gap *gap,
               int64_t now_s)
{
    struct counter counter = {
        .direction = RECEIVED, .thread = gap->thread, .seat = gap->seat};
    RO_TRY(read_counter(vault, &counter));
    counter.asked_s = now_s;
    counter.n_asked++;
    return write_counter(vault, &counter);
}

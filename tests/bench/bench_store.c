/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store alone: so many envelopes with a body of 1 KiB each go in with one
 * commit, and out again with the next; at last beside 100,000 others that wait.
 * What the disk makes of a commit is in the line, too (fdatasync).
 */
#include <string.h>

#include "daemon/store/store.h"
#include "tests/bench/report.h"
#include "unit/store/folder.h"

#define BODY_BYTES 1024
#define WRAP_BYTES 328
#define MAILBOXES 8
#define COMMIT_MAX 512
#define WAITING 100000

struct load {
    size_t commits;
    size_t envelopes; /* a commit */
    size_t waiting;   /* beside them */
};

static const struct load loads[] = {
    {500, 1,   0      },
    {300, 64,  0      },
    {60,  512, 0      },
    {300, 64,  WAITING},
};

struct bench {
    struct folder folder;
    struct store *store;
    uint64_t number;
    uint64_t keys[COMMIT_MAX];
    struct samples put;
    struct samples drop;
    struct samples commit;
};

/* Something like a hash: different in all its bytes, and not in order. */
static void
spread(uint64_t number, uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i += sizeof(number)) {
        number = (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
        number ^= number >> 29;
        memcpy(bytes + i, &number, sizeof(number));
    }
}

static uint64_t
put(struct bench *bench)
{
    uint8_t body[BODY_BYTES];
    uint8_t wrap[WRAP_BYTES];
    struct store_envelope envelope = {
        .wrap = {wrap, sizeof(wrap)},
        .generation = 1,
        .expiry_hour = UINT32_MAX,
    };
    uint64_t number = bench->number++;
    uint64_t key = 0;
    spread(number, body, sizeof(body));
    memcpy(wrap, body, sizeof(wrap));
    memcpy(envelope.id.b, body, sizeof(envelope.id.b));
    memcpy(envelope.body_hash.b, body, sizeof(envelope.body_hash.b));
    spread(number % MAILBOXES, envelope.mailbox.b, sizeof(envelope.mailbox.b));
    if (store_body_put(bench->store, &envelope.body_hash,
                       (struct ro_bytes){body, sizeof(body)}) != RO_OK ||
        store_envelope_put(bench->store, &envelope, &key) != RO_OK)
        die("the store does not take it");
    return key;
}

static void
drop(struct bench *bench, uint64_t number, uint64_t key)
{
    struct ro_seat_id mailbox;
    spread(number % MAILBOXES, mailbox.b, sizeof(mailbox.b));
    if (store_envelope_drop(bench->store, &mailbox, key) != RO_OK)
        die("the store has lost it");
}

static void
begin(struct bench *bench)
{
    if (store_begin(bench->store) != RO_OK)
        die("no turn");
}

static void
commit(struct bench *bench)
{
    int64_t from_ns = now_ns();
    if (store_commit(bench->store) != RO_OK)
        die("no commit");
    samples_add(&bench->commit, now_ns() - from_ns);
    store_tidy(bench->store);
}

/* As many as a load says go in, and out again. */
static void
run_round(struct bench *bench, const struct load *load)
{
    uint64_t first = bench->number;
    int64_t each = (int64_t)load->envelopes;
    begin(bench);
    int64_t from_ns = now_ns();
    for (size_t i = 0; i < load->envelopes; i++)
        bench->keys[i] = put(bench);
    samples_add(&bench->put, (now_ns() - from_ns) / each);
    commit(bench);
    begin(bench);
    from_ns = now_ns();
    for (size_t i = 0; i < load->envelopes; i++)
        drop(bench, first + i, bench->keys[i]);
    samples_add(&bench->drop, (now_ns() - from_ns) / each);
    commit(bench);
}

/* Puts envelopes in that stay. */
static void
fill(struct bench *bench, size_t n)
{
    for (size_t i = 0; i < n; i += COMMIT_MAX) {
        begin(bench);
        for (size_t k = 0; k < COMMIT_MAX; k++)
            put(bench);
        commit(bench);
    }
    samples_fini(&bench->commit);
}

static void
measure(struct bench *bench, const struct load *load)
{
    fill(bench, load->waiting);
    int64_t from_ns = now_ns();
    for (size_t i = 0; i < load->commits; i++)
        run_round(bench, load);
    double took_s = (double)(now_ns() - from_ns) / 1e9;
    json_t *line = report_new("store", bench->folder.path);
    samples_sort(&bench->put);
    samples_sort(&bench->drop);
    samples_sort(&bench->commit);
    report_whole(line, "envelopes_a_commit", load->envelopes);
    report_whole(line, "envelopes_waiting", load->waiting);
    report_real(line, "envelopes_in_and_out_per_second",
                (double)(load->commits * load->envelopes) / took_s);
    report_real(line, "commits_per_second", 2 * (double)load->commits / took_s);
    report_us(line, "put_p50_us", samples_at(&bench->put, 50));
    report_us(line, "drop_p50_us", samples_at(&bench->drop, 50));
    report_us(line, "commit_p50_us", samples_at(&bench->commit, 50));
    report_us(line, "commit_p99_us", samples_at(&bench->commit, 99));
    report_print(line);
    samples_fini(&bench->put);
    samples_fini(&bench->drop);
    samples_fini(&bench->commit);
}

int
main(void)
{
    struct ro_why why = {""};
    struct bench *bench = must_have(calloc(1, sizeof(*bench)));
    bench->folder = folder_new();
    if (store_open(bench->folder.path, &why, &bench->store) != RO_OK)
        die("%s", why.text);
    for (size_t i = 0; i < RO_LEN(loads); i++)
        measure(bench, &loads[i]);
    store_free(bench->store);
    folder_remove(&bench->folder);
    free(bench);
    return 0;
}

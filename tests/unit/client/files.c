/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/client/files.h"

#include "client/core/outgoing.h"

#include <stdio.h>
#include <stdlib.h>

/* Whatever goes wrong in here is a broken test. */
static void
need(bool good)
{
    if (good)
        return;
    fputs("files.c: broken test\n", stderr);
    abort();
}

const char *
files_path(const struct pair *pair, const char *name)
{
    static char paths[4][320];
    static size_t next;
    char *path = paths[next++ % RO_LEN(paths)];
    snprintf(path, sizeof(paths[0]), "%s/%s", pair->folder, name);
    return path;
}

static uint8_t
byte_at(size_t size, size_t i)
{
    return (uint8_t)(i * 31 + i / 251 + size);
}

const char *
files_make(const struct pair *pair, const char *name, size_t size)
{
    const char *path = files_path(pair, name);
    FILE *file = fopen(path, "wb");
    need(file != NULL);
    for (size_t i = 0; i < size; i++)
        putc(byte_at(size, i), file);
    need(fclose(file) == 0);
    return path;
}

bool
files_are(const char *path, size_t size)
{
    size_t i = 0;
    int c;
    bool same = true;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return false;
    for (; (c = getc(file)) != EOF; i++)
        same = same && i < size && (uint8_t)c == byte_at(size, i);
    fclose(file);
    return same && i == size;
}

enum ro_status
files_say(struct seat *seat,
          const char *thread,
          const char *const *paths,
          size_t n)
{
    struct job *job = seat_job(seat, jobs_say);
    job->what.write = (struct ro_write){.to = job_text(job, thread),
                                        .text = "See the file.",
                                        .days = -1,
                                        .wait_ms = seat->pair->wait_ms,
                                        .attach = job_texts(job, paths, n),
                                        .n_attach = n};
    return seat_run(seat);
}

enum ro_status
files_save(struct seat *seat, const char *attachment, const char *out)
{
    struct job *job = seat_job(seat, jobs_save);
    job->what.save =
        (struct ro_save){job_text(job, attachment), job_text(job, out)};
    return seat_run(seat);
}

struct ro_attachment
files_seen(struct seat *seat, const char *thread, size_t i)
{
    test_must(seat_read(seat, thread));
    const struct ro_result *result = &seat->job->result;
    need(result->n_messages > 0);
    const struct ro_message *last = &result->messages[result->n_messages - 1];
    need(i < last->n_attachments);
    return last->attachments[i];
}

const char *
files_id(const struct ro_attachment *attachment)
{
    static char hex[RO_ID_HEX];
    ro_hex(attachment->id.b, RO_ID_SIZE, hex);
    return hex;
}

static size_t
rows_of(const struct seat *seat, enum vault_table table)
{
    size_t n;
    test_must(vault_count(seat->engine->vault, table, &n));
    return n;
}

size_t
files_outbox(const struct seat *seat)
{
    return rows_of(seat, VAULT_OUTBOX);
}

size_t
files_chunks(const struct seat *seat)
{
    return rows_of(seat, VAULT_CHUNK);
}

size_t
files_owed(const struct seat *seat)
{
    return rows_of(seat, VAULT_RECEIPT);
}

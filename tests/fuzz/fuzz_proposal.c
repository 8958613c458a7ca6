/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A proposal file that came by mail. The first byte says whether the rest is
 * the file as it lies on disk (0) or what is inside its armour. What is read
 * can be looked at, checked, merged with itself and written again, and then
 * reads back as the same.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/authority/proposal.h"
#include "common/wire/armour.h"
#include "tests/support/circle.h"
#include "tests/unit/store/folder.h"

static void
must(bool holds)
{
    if (!holds)
        abort();
}

static struct {
    struct test_circle *circle;
    struct folder folder;
    char in[300];
    char out[300];
} base;

static void
remove_folder(void)
{
    folder_remove(&base.folder);
    test_circle_free(base.circle);
}

static void
set_up(void)
{
    base.circle = test_circle_open(1, 1);
    base.folder = folder_new();
    snprintf(base.in, sizeof(base.in), "%s/in", base.folder.path);
    snprintf(base.out, sizeof(base.out), "%s/out", base.folder.path);
    atexit(remove_folder);
}

static void
write_as_is(struct ro_bytes text)
{
    FILE *file = fopen(base.in, "w");
    must(file != NULL);
    must(fwrite(text.data, 1, text.size, file) == text.size);
    must(fclose(file) == 0);
}

static void
look_at(const struct proposal *proposal)
{
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(0, 0);
    struct ro_why why = {.text = ""};
    must(arena != NULL);
    must(proposal->n_records <= PROPOSAL_RECORDS_MAX);
    must(proposal->n_replies <= PROPOSAL_REPLIES_MAX);
    must(proposal->n_records + proposal->n_replies > 0);
    for (size_t i = 0; i < proposal->n_records; i++) {
        const struct proposal_record *record = &proposal->records[i];
        struct proposal_body body;
        enum ro_status s = proposal_body(record, arena, &body);
        must(s == RO_OK || s == RO_BAD_RECORD);
    }
    enum ro_status s = proposal_check(proposal, &base.circle->root, &why);
    must(s == RO_OK || s == RO_BAD_INPUT || s == RO_BAD_SIGNATURE);
    must(s == RO_OK || why.text[0] != '\0');
}

static void
write_and_merge(struct proposal *proposal)
{
    RO_CLEANUP(proposal_freep) struct proposal *again = NULL;
    struct ro_why why = {.text = ""};
    size_t signatures = proposal_signatures(proposal);
    must(proposal_write(proposal, base.out, &why) == RO_OK);
    must(proposal_read(base.out, &why, &again) == RO_OK);
    must(again->n_records == proposal->n_records);
    must(again->n_replies == proposal->n_replies);
    must(proposal_signatures(again) == signatures);
    must(proposal_merge(proposal, again, &why) == RO_OK);
    must(proposal_signatures(proposal) == signatures);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RO_CLEANUP(proposal_freep) struct proposal *proposal = NULL;
    struct ro_why why = {.text = ""};
    if (size == 0)
        return 0;
    if (base.circle == NULL)
        set_up();
    struct ro_bytes rest = {data + 1, size - 1};
    if (data[0] == 0) {
        write_as_is(rest);
    } else {
        must(ro_armour_write(base.in, "proposal", rest, RO_FILE_SECRET, &why) ==
             RO_OK);
    }
    enum ro_status s = proposal_read(base.in, &why, &proposal);
    if (s != RO_OK) {
        must(s == RO_BAD_INPUT || s == RO_TOO_LARGE);
        must(why.text[0] != '\0' && proposal == NULL);
        return 0;
    }
    look_at(proposal);
    write_and_merge(proposal);
    return 0;
}

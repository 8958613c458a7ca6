/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every rendering against its golden file, golden/NAME.json and NAME.txt, for
 * a full, an empty, a kept and a hostile result. With RO_ACCEPT=1 the files
 * are written instead; the difference is then to be read.
 */
#include "unit/cli/results.h"

#include "client/cli/render_json.h"
#include "client/cli/render_text.h"
#include "common/base/file.h"
#include "support/tap.h"

static const char *golden;

static const struct rendering {
    const char *name;
    void (*json)(json_t *, const struct ro_result *);
    void (*text)(struct ro_buf *, const struct ro_result *);
} renderings[] = {
    {"join",     render_json_join,     render_text_join    },
    {"status",   render_json_status,   render_text_status  },
    {"members",  render_json_members,  render_text_members },
    {"ask",      render_json_ask,      render_text_ask     },
    {"dry-run",  render_json_dry_run,  render_text_dry_run },
    {"requests", render_json_requests, render_text_requests},
    {"show",     render_json_show,     render_text_show    },
    {"answer",   render_json_answer,   render_text_answer  },
    {"pass",     render_json_answer,   render_text_pass    },
    {"answers",  render_json_answers,  render_text_answers },
    {"state",    render_json_state,    render_text_state   },
    {"say",      render_json_say,      render_text_say     },
    {"read",     render_json_read,     render_text_read    },
    {"save",     render_json_save,     render_text_save    },
    {"sync",     render_json_sync,     render_text_sync    },
};

static const struct {
    const char *name;
    struct ro_result (*make)(void);
} results[] = {
    {"full",     results_full    },
    {"empty",    results_empty   },
    {"kept",     results_kept    },
    {"admitted", results_admitted},
    {"refused",  results_refused },
    {"hostile",  results_hostile },
    {"crowd",    results_crowd   },
};

/* Appends one result in one rendering, under a heading. */
static void
render(struct ro_buf *out,
       const struct rendering *rendering,
       size_t which,
       const char *kind)
{
    struct ro_result result = results[which].make();
    ro_buf_printf(out, "== %s\n", results[which].name);
    if (strcmp(kind, "txt") == 0) {
        rendering->text(out, &result);
        return;
    }
    json_t *document = doc_new();
    rendering->json(document, &result);
    doc_print(document, out);
    json_decref(document);
}

static void
show_difference(struct ro_bytes is, struct ro_bytes should)
{
    size_t at = 0;
    while (at < is.size && at < should.size && is.data[at] == should.data[at])
        at++;
    size_t from = at > 40 ? at - 40 : 0;
    printf("# differs at byte %zu, is: ", at);
    for (size_t i = from; i < is.size && i < from + 80; i++)
        putchar(is.data[i] == '\n' ? '|' : is.data[i]);
    printf("\n# should be: ");
    for (size_t i = from; i < should.size && i < from + 80; i++)
        putchar(should.data[i] == '\n' ? '|' : should.data[i]);
    putchar('\n');
}

static void
compare(const struct rendering *rendering, const char *kind)
{
    RO_AUTOBUF is = {0};
    RO_AUTOBUF should = {0};
    struct ro_why why = {""};
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s.%s", golden, rendering->name, kind);
    for (size_t i = 0; i < RO_LEN(results); i++)
        render(&is, rendering, i, kind);
    if (getenv("RO_ACCEPT") != NULL) {
        tap_is(ro_file_write(path, ro_buf_view(&is), RO_FILE_PUBLIC, &why),
               RO_OK);
        return;
    }
    enum ro_status s = ro_file_read(path, 1 << 20, &why, &should);
    if (!tap_say(s == RO_OK &&
                     ro_bytes_equal(ro_buf_view(&is), ro_buf_view(&should)),
                 strrchr(path, '/') + 1))
        show_difference(ro_buf_view(&is), ro_buf_view(&should));
}

static void
test_golden(void)
{
    for (size_t i = 0; i < RO_LEN(renderings); i++) {
        compare(&renderings[i], "json");
        compare(&renderings[i], "txt");
    }
}

/* Whatever came in, each document is one line that parses. */
static void
test_documents(void)
{
    for (size_t i = 0; i < RO_LEN(renderings); i++) {
        for (size_t w = 0; w < RO_LEN(results); w++) {
            RO_AUTOBUF out = {0};
            struct ro_result result = results[w].make();
            json_t *document = doc_new();
            renderings[i].json(document, &result);
            doc_print(document, &out);
            json_decref(document);
            json_t *again =
                json_loadb((const char *)out.data, out.size, 0, NULL);
            const uint8_t *end = memchr(out.data, '\n', out.size);
            tap_say(json_integer_value(json_object_get(again, "schema")) == 1 &&
                        end == out.data + out.size - 1,
                    renderings[i].name);
            json_decref(again);
        }
    }
}

/* Batches of a watch are added to one list. */
static void
test_batches(void)
{
    struct ro_result result = results_full();
    json_t *document = doc_new();
    render_json_sync(document, &result);
    render_json_sync(document, &result);
    tap_ok(json_array_size(json_object_get(document, "events")) == 6);
    tap_ok(json_integer_value(json_object_get(document, "sent")) == 0);
    result = results_crowd();
    render_json_sync(document, &result);
    render_json_sync(document, &result);
    tap_ok(json_integer_value(json_object_get(document, "sent")) == 4);
    tap_say(json_array_size(json_object_get(document, "events")) == 32,
            "JSON keeps every refused one");
    json_decref(document);
}

static void
test_places(void)
{
    tap_ok(strcmp(render_json_place(RO_PLACE_KEPT), "kept-here") == 0);
    tap_ok(strcmp(render_json_place(RO_PLACE_BROKER), "at-the-broker") == 0);
    tap_ok(strcmp(render_json_place(RO_PLACE_ARRIVED), "arrived") == 0);
    tap_ok(strcmp(render_json_place(RO_PLACE_FAILED), "failed") == 0);
}

int
main(int argc, char **argv)
{
    golden = argc > 1 ? argv[1] : "golden";
    tap_run(test_golden);
    tap_run(test_documents);
    tap_run(test_batches);
    tap_run(test_places);
    return tap_done();
}

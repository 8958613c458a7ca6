/* SPDX-License-Identifier: Apache-2.0 */
/* Lists that a client needs and that our code has in tables of its own. */
#include "golden/book.h"
#include "golden/cast.h"

#define WORDS_A_LINE 16

static const char *const words[] = {
#define X(word) #word,
#include "common/crypto/words.def"
#undef X
};

static void
list_words(struct book *book)
{
    RO_AUTOBUF text = {0};
    for (size_t i = 0; i < RO_LEN(words); i++) {
        bool ends = (i + 1) % WORDS_A_LINE == 0;
        ro_buf_printf(&text, "%s%s", words[i], ends ? "\n" : " ");
    }
    book_file(book, "list-words", ro_buf_view(&text));
}

/* A line of the table of groups; ANY is not asked for. */
#define ANY NULL
static const struct {
    const char *group;
    const char *phase;
    const char *type;
} fits[] = {
#define GROUP(name_, words_)
#define FITS(group_, phase_, type_) {(group_), (phase_), (type_)},
#include "common/conf/groups.def"
#undef GROUP
#undef FITS
};
#undef ANY

static void
list_groups(struct book *book)
{
    RO_AUTOBUF text = {0};
    for (size_t i = 0; i < RO_LEN(fits); i++) {
        ro_buf_printf(&text, "%-12s", fits[i].group);
        if (fits[i].phase != NULL)
            ro_buf_printf(&text, "  phase \"%s\"", fits[i].phase);
        if (fits[i].type != NULL)
            ro_buf_printf(&text, "  type \"%s\"", fits[i].type);
        ro_buf_printf(&text, "\n");
    }
    book_file(book, "list-groups", ro_buf_view(&text));
}

void
make_lists(struct book *book)
{
    list_words(book);
    list_groups(book);
}

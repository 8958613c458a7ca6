#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows each rule of check.py failing (TAP).

A small tree that keeps every rule is written to a temporary folder; each case
spoils it in one way and expects exactly that rule to speak, at that place.
"""

import os
import subprocess
import sys
import tempfile

import check
import rules

SPDX = "/* " + rules.SPDX + " */\n"
PY = "# " + rules.SPDX + "\n"


def header(guard, body):
    return f"{SPDX}#ifndef {guard}\n#define {guard}\n{body}\n#endif\n"


def c(body):
    return SPDX + body


# A tree that keeps the rules, with the shapes that could fool the reader.
GOOD = {
    "common/base/auto.h": header("AUTO", "#include <stddef.h>\n"),
    "common/base/bytes.h": header("BYTES", """
#include <stdbool.h>
#include <stdint.h>

#define MUST __attribute__((warn_unused_result))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))
struct ro_bytes;
/* An outcome that comes out through a pointer is no bare bool. */
MUST int
ro_bytes_take(struct ro_bytes *b, uint8_t *to, bool *ret_all);

/* What is defined under a comment belongs to it. */
#define SET_MAX 8
void ro_set_u32(uint8_t *to, uint32_t n);

/* The same of eight bytes. */
void ro_set_u64(uint8_t *to, uint64_t n);

/* Five parameters and an ellipsis; goto and strcpy( stand in a comment. */
void ro_say(int a, int b, int (*fn)(int, int, int, int), int d,
            const char *fmt, ...)
PRINTF(5, 6);

/* Nothing. */
__attribute__((unused)) static inline bool
ro_bytes_none(void)
{
    return (bool)0;
}
"""),
    "common/base/bytes.c": c("""
#include "common/base/bytes.h"

#include <string.h>

static void PRINTF(1, 0)
with_a_macro_before(const char *fmt, int b, int d, int e, int f)
{
    (void)fmt, (void)b, (void)d, (void)e, (void)f;
}

static const struct {
    const char *name;
    int (*run)(void);
} table[] = {
    {"goto atoi(1) {", NULL},
};

int
ro_bytes_take(struct ro_bytes *b, uint8_t *to, bool *ret_all)
{
    const char brace = '{';
    (void)b, (void)table;
    *to = (uint8_t)brace;
    return *ret_all;
}
"""),
    "common/crypto/hash.c": c("""
#include <sodium.h>
#include "common/base/bytes.h"
"""),
    "common/wire/codec.c": c("""
#include <protobuf-c/protobuf-c.h>
#include "frame.pb-c.h"
#include "common/base/bytes.h"
"""),
    "daemon/broker.c": c('#include "daemon/store/store.h"\n'),
    "daemon/store/store.h": header("STORE", "struct store;"),
    "daemon/store/sqlite/turn.c": c(
        '#include <sqlite3.h>\n#include "daemon/store/store.h"\n'),
    "client/include/reachout.h": header("REACHOUT", "struct ro_client;"),
    "client/workflow/request.c": c("#include <string.h>\n"),
    "client/cli/main.c": c('#include "client/include/reachout.h"\n'),
    "tests/unit/base/test_bytes.c": c(
        '#include <sqlite3.h>\n#include "support/tap.h"\n'),
    "tests/support/tap.h": header("TAP", "static inline void "
                                  "tap(_Bool ok) { (void)ok; }"),
    "tools/check": "#!/bin/sh\n# " + rules.SPDX + "\n",
    "tests/bench/bench_a.py": PY + "time.sl" + "eep(1)\n",
    "build/bad.c": "goto nowhere; no rule looks into build/\n",
}

LONG_BODY = "    n++;\n" * (rules.FUNCTION_LINES - 2)
SIX = "int a, int b, int c, int d, int e, int f"

# (rule's function, file that is added or replaced, its text, words expected)
CASES = [
    ("tests_are_there", "docs/THREATS.md",
     "| not that | `tests/unit/base/test_gone.c: test_x` |\n", "no `tests"),
    ("tests_are_there", "README.md",
     "`tests/unit/base/test_bytes.c: test_gone`\n", "no `tests"),
    ("folders_are_known", "daemon/extra/a.c", c("int a;\n"), "no line"),
    ("includes_resolve", "daemon/broker.c", c('#include "store.h"\n'),
     "no file"),
    ("edges_hold", "common/base/low.c",
     c('#include "daemon/store/store.h"\n'), "common/base may not"),
    ("edges_hold", "common/crypto/up.c", c('#include "common/wire/w.h"\n'),
     "common/crypto may not", {"common/wire/w.h": header("W", "")}),
    ("edges_hold", "common/conf/c.c", c('#include "common/crypto/h.h"\n'),
     "common/conf may not", {"common/crypto/h.h": header("H", "")}),
    ("edges_hold", "client/core/link.c",
     c('#include "daemon/store/store.h"\n'), "client/core may not"),
    ("edges_hold", "daemon/store/store.c",
     c('#include "daemon/verbs/v.h"\n'), "daemon/store may not",
     {"daemon/verbs/v.h": header("V", "")}),
    ("edges_hold", "daemon/session/session.c",
     c('#include "daemon/top.h"\n'), "daemon/session may not",
     {"daemon/top.h": header("TOP", "")}),
    ("edges_hold", "daemon/broker.c",
     c('#include "client/include/reachout.h"\n'), "daemon may not"),
    ("edges_hold", "client/workflow/w.c",
     c('#include "client/core/link.h"\n'), "client/workflow may not",
     {"client/core/link.h": header("LINK", "")}),
    ("edges_hold", "client/cli/cli.c",
     c('#include "client/core/link.h"\n'), "client/cli may not",
     {"client/core/link.h": header("LINK", "")}),
    ("edges_hold", "client/cli/hash.c",
     c('#include "common/crypto/h.h"\n'), "client/cli may not",
     {"common/crypto/h.h": header("H", "")}),
    ("edges_hold", "common/base/near.c",
     c('#include "common/base/../crypto/h.h"\n'), "common/base may not",
     {"common/crypto/h.h": header("H", "")}),
    ("foreign_in_place", "common/wire/w.c", c("#include <sodium.h>\n"),
     "common/crypto"),
    ("foreign_in_place", "daemon/store/v.c",
     c('#include "frame.pb-c.h"\n'), "common/wire"),
    ("calls_in_place", "daemon/verbs/v.c",
     c("void f(void);\nvoid\nf(void)\n{\n    ro__ask__unpack(0, 0, 0);\n}\n"),
     "ro__ask__unpack belongs to"),
    ("calls_in_place", "client/core/link.c",
     c("int a = protobuf_c_message_check(0);\n"), "protobuf_c_"),
    ("foreign_in_place", "common/crypto/p.c",
     c("#include <protobuf-c/protobuf-c.h>\n"), "common/wire"),
    ("foreign_in_place", "daemon/store/x.c", c("#include <sqlite3.h>\n"),
     "daemon/store/sqlite"),
    ("foreign_in_place", "client/core/inbox.c", c("#include <sqlite3.h>\n"),
     "client/core/vault"),
    ("foreign_in_place", "daemon/broker.c", c("# include <zmq.h>\n"),
     "daemon/net"),
    ("foreign_in_place", "daemon/net/n.c", c("#include <confuse.h>\n"),
     "daemon/config"),
    ("foreign_in_place", "client/core/j.c", c("#include <jansson.h>\n"),
     "client/cli"),
    ("foreign_in_place", "common/conf/c.c", c("#include <csv.h>\n"),
     "client/authority"),
    ("foreign_is_known", "daemon/loop.c", c("#include <uv.h>\n"), "no place"),
    ("pure_stays_pure", "client/workflow/t.c", c("#include <time.h>\n"),
     "pure"),
    ("files_are_short", "daemon/long.c",
     c("\n" * rules.FILE_LINES), f"{rules.FILE_LINES + 1} lines"),
    ("functions_are_short", "daemon/fn.c",
     c("static int\nlong_one(int n)\n{\n" + LONG_BODY
       + "    return n;\n}\n"), "long_one"),
    ("parameters_are_few", "daemon/par.c",
     c(f"static void\nmany({SIX})\n{{\n}}\n"), "many() has 6"),
    ("parameters_are_few", "daemon/par2.c",
     c(f"static void FMT(2, 0) many({SIX})\n{{\n}}\n"), "many() has 6"),
    ("parameters_are_few", "daemon/par.h",
     header("PAR", f"/* Many. */\nvoid many({SIX});"), "many() has 6"),
    ("spdx_first", "daemon/bare.c", "int a;\n", "no line"),
    ("spdx_first", "tools/dev", "#!/bin/sh\ntrue\n", "no line"),
    ("headers_speak", "daemon/mute.h",
     header("MUTE", "\nint mute(void);\n"), "mute()"),
    ("headers_speak", "daemon/mute2.h",
     header("MUTE", "/* One. */\nint one(void);\n\n__attribute__((cold)) int\n"
            "mute(void);\n"), "mute()"),
    ("headers_speak", "daemon/mute3.h",
     header("MUTE", "/* A pair. */\nstruct pair {\n    int a;\n};\n"
            "int mute(struct pair p);\n"), "mute()"),
    ("headers_speak", "daemon/mute4.h",
     header("MUTE", "/* Two. */\nenum two { A, B };\nint mute(void);\n"),
     "mute()"),
    ("headers_speak", "daemon/mute5.h",
     header("MUTE", "/* Both. */\nint one(void);\nint mute(void);\n"),
     "mute()"),
    ("no_bare_bool", "daemon/flag.h",
     header("FLAG", "#include <stdbool.h>\n/* Sets. */\n"
            "void set(int a, bool on);"), "flag.h:6: a bare bool"),
    ("no_bare_bool", "daemon/flag2.h",
     header("FLAG", "#include <stdbool.h>\ntypedef void (*set_fn)(bool on);"),
     "a bare bool"),
    ("nothing_unfinished", "daemon/later.c",
     c("/* " + rules.UNFINISHED[0] + ": later */\n"), "later.c:2"),
    ("nothing_unfinished", "docs/later.md", rules.UNFINISHED[1] + "\n",
     "later.md:1"),
    ("no_test_sleeps", "tests/e2e/test_a.py",
     PY + "import time\ntime.sl" + "eep(0.1)\n", "test_a.py:3"),
    ("no_test_sleeps", "tests/e2e/test_b.py",
     PY + "select.select([], [" + "], [], 1)\n", "test_b.py:2"),
    ("no_test_sleeps", "tests/e2e/test_c.sh",
     PY + "sl" + "eep 1\n", "test_c.sh:2"),
    ("no_test_sleeps", "tests/unit/base/test_d.c",
     c("int a = usl" + "eep(1);\n"), "test_d.c:2"),
    ("no_test_is_skipped", "tests/unit/base/test_e.c",
     c("tap_say(true, \"x # SK" + "IP only root\");\n"), "test_e.c:2"),
    ("no_test_is_skipped", "tests/e2e/test_f.sh",
     PY + "exit 7" + "7\n", "test_f.sh:2"),
    ("no_goto", "daemon/jump.c",
     c("void jump(void);\nvoid\njump(void)\n{\nback:\n    goto back;\n}\n"),
     "jump.c:7"),
    ("no_goto", "daemon/macro.h", header("MACRO", "#define J goto out"),
     "macro.h:4"),
    ("headers_stand_alone", "daemon/needs.h",
     header("NEEDS", "struct needs { uint8_t b; };"), "uint8_t"),
    ("headers_stand_alone", "daemon/twice.h",
     SPDX + "struct twice { int a; };\n", "redefinition"),
] + [
    ("no_banned_calls", "daemon/call.c",
     c(f"static void\nf(char *a)\n{{\n    {name}(a);\n}}\n"), name)
    for name in rules.BANNED_CALLS.split()
]


def write(root, files):
    for path, text in files.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as f:
            f.write(text)


def offences(files, only=None):
    """{rule's function: its offences} of a tree of these files.

    The compiler runs only where the case is about it: it is slow.
    """
    with tempfile.TemporaryDirectory() as root:
        write(root, files)
        tree = check.Tree(root)
        found = {}
        for _, run in check.RULES:
            slow = run.__name__ == "headers_stand_alone"
            if not slow or only in (None, run.__name__):
                found[run.__name__] = list(run(tree))
        return {name: words for name, words in found.items() if words}


def bites(case):
    name, path, text, words = case[:4]
    files = {**GOOD, **(case[4] if len(case) > 4 else {}), path: text}
    found = offences(files, name)
    ok = set(found) == {name} and len(found[name]) == 1 \
        and found[name][0].startswith(path + ":") and words in found[name][0]
    return ok, found


def exit_of(files):
    """What the program itself ends with, and prints."""
    with tempfile.TemporaryDirectory() as root:
        write(root, files)
        here = os.path.dirname(os.path.abspath(__file__))
        done = subprocess.run(
            [sys.executable, os.path.join(here, "check.py"), "--root", root],
            capture_output=True, text=True)
        return done.returncode, done.stdout


def points():
    found = offences(GOOD)
    yield not found, "a tree that keeps the rules is left alone", found
    for case in CASES:
        ok, found = bites(case)
        yield ok, f"{case[0]} reports {case[1]}", found
    silent = {run.__name__ for _, run in check.RULES} - {x[0] for x in CASES}
    yield not silent, "every rule was seen failing", silent
    code, out = exit_of(GOOD)
    yield code == 0 and "not ok" not in out, "a good tree ends 0", out
    code, out = exit_of({**GOOD, "daemon/long.c": c("\n" * 700)})
    yield code == 1 and out.count("not ok") == 1, "a bad one ends 1", out
    code, out = exit_of({"README.md": "nothing\n"})
    yield code == 1 and "Bail out!" in out, "a tree without code ends 1", out


def main():
    number = failed = 0
    for ok, words, why in points():
        number += 1
        failed += not ok
        print(f"{'' if ok else 'not '}ok {number} - {words}")
        if not ok:
            print("# " + str(why).replace("\n", "\n# "), file=sys.stderr)
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

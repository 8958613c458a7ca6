#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that the source tree keeps its layers, sizes and habits (TAP).

    check.py [--root DIR] [--include DIR]... [--cc COMMAND]

One point a rule; each offence is a line "# file:line: words" on stderr. The
rules' tables are in rules.py.
"""

import argparse
import concurrent.futures
import fnmatch
import os
import re
import subprocess
import sys

import rules
import source

RULES = []  # (words, function), in the order of the file


def rule(words):
    def note(function):
        RULES.append((words, function))
        return function
    return note


def matches(path, patterns):
    return any(fnmatch.fnmatch(path, p) for p in patterns)


class Tree:
    """The files of a source tree, and what was read of them."""

    def __init__(self, root, include=(), cc="cc"):
        self.root = os.path.abspath(root)
        self.include = list(include)
        self.cc = cc.split()
        self.files = sorted(self._walk())
        self._texts = {}
        self.edges = {}
        for line in rules.EDGES.splitlines():
            if "->" in line:
                folder, targets = line.split("->")
                self.edges[folder.strip()] = targets.split()
        self.foreign = [(line.split(":")[0].strip(),
                         line.split(":")[1].split())
                        for line in rules.FOREIGN.splitlines() if ":" in line]

    def _walk(self):
        for folder, folders, names in os.walk(self.root):
            folders[:] = [f for f in folders if self._ours(folder, f)]
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), self.root)
                if not os.path.islink(os.path.join(self.root, path)):
                    yield path.replace(os.sep, "/")

    @staticmethod
    def _ours(folder, name):
        if name.startswith(".") and name != ".ci":
            return False
        if name in ("build", "__pycache__", "corpus"):
            return False
        built = os.path.join(folder, name, "meson-private")
        return not os.path.exists(built)

    def text(self, path):
        if path not in self._texts:
            with open(os.path.join(self.root, path), "rb") as f:
                self._texts[path] = f.read().decode("utf-8", "replace")
        return self._texts[path]

    def named(self, *patterns):
        return [f for f in self.files
                if matches(f, patterns) or matches(f.split("/")[-1], patterns)]

    def c_files(self):
        return self.named("*.c", "*.h")

    def api_headers(self):
        return [f for f in self.named("*.h")
                if not matches(f, rules.API_HEADERS_EXCEPT)]

    def row(self, path):
        """The line of the edge table that speaks for a file."""
        folder = os.path.dirname(path)
        if folder in self.edges:
            return folder
        for row in self.edges:
            if row.endswith("/**") and (folder + "/").startswith(row[:-2]):
                return row
        return None

    def place(self, header):
        """Where a foreign header may be included; None: it is not known."""
        for pattern, places in self.foreign:
            if fnmatch.fnmatch(header, pattern):
                return places
        return None

    def resolve(self, path, quoted):
        """A quoted include as a path from the root; None: no such file."""
        near = []
        if path.startswith("tests/"):
            near = [os.path.dirname(path), "tests"]
        for base in [""] + near:
            full = os.path.normpath(os.path.join(base, quoted))
            if full in self.file_set():
                return full
        return None

    def file_set(self):
        if not hasattr(self, "_file_set"):
            self._file_set = set(self.files)
        return self._file_set

    def includes(self):
        for path in self.c_files():
            for inc in source.includes(self.text(path)):
                yield path, inc


def search_code(tree, pattern, words):
    for path in tree.c_files():
        text = source.TOKEN.sub(lambda m: source.blank(m.group()),
                                tree.text(path))
        for m in pattern.finditer(text):
            yield (f"{path}:{source.line_of(text, m.start())}: "
                   f"{m.group(1)} {words}")


# --- layers ------------------------------------------------------------------

@rule("every folder with C files has a line in the table of edges")
def folders_are_known(tree):
    for path in tree.c_files():
        if tree.row(path) is None:
            yield f"{path}:1: no line for its folder in tests/layout/rules.py"


@rule("quoted includes are written from the project root")
def includes_resolve(tree):
    for path, inc in tree.includes():
        if inc.angled or tree.place(inc.path) is not None:
            continue
        if tree.resolve(path, inc.path) is None:
            yield f"{path}:{inc.line}: \"{inc.path}\" is no file of the tree"


@rule("no include crosses an edge that is not in the table")
def edges_hold(tree):
    for path, inc in tree.includes():
        row = tree.row(path)
        target = None if inc.angled else tree.resolve(path, inc.path)
        if row is None or target is None:
            continue
        here = row[:-3] + "/" if row.endswith("/**") else None
        if os.path.dirname(target) == os.path.dirname(path) \
                or here and target.startswith(here):
            continue
        if not any(target == a or target.startswith(a + "/")
                   for a in tree.edges[row]):
            yield f"{path}:{inc.line}: {row} may not include \"{target}\""


@rule("a foreign header is included only in its place")
def foreign_in_place(tree):
    for path, inc in tree.includes():
        places = tree.place(inc.path)
        if places is None or matches(path, rules.FOREIGN_EVERYWHERE):
            continue
        if not matches(path, places):
            yield (f"{path}:{inc.line}: <{inc.path}> belongs to "
                   + " ".join(places))


@rule("a call that has one place is made only there")
def calls_in_place(tree):
    for line in rules.PLACED_CALLS.split("\n"):
        if ":" not in line:
            continue
        name, places = line.split(":")
        pattern = re.compile(r"\b(" + name + r")\s*\(")
        for offence in search_code(tree, pattern, "belongs to" + places):
            path = offence.split(":")[0]
            if not matches(path, places.split() + rules.FOREIGN_EVERYWHERE):
                yield offence


@rule("a header that is neither ours nor libc's has a place in the table")
def foreign_is_known(tree):
    system = rules.SYSTEM.split()
    for path, inc in tree.includes():
        if (inc.angled and tree.place(inc.path) is None
                and not matches(inc.path, system)):
            yield f"{path}:{inc.line}: <{inc.path}> has no place in rules.py"


@rule("pure folders have no socket, database or clock of their own")
def pure_stays_pure(tree):
    system = rules.PURE_SYSTEM.split()
    for path, inc in tree.includes():
        if os.path.dirname(path) in rules.PURE and inc.angled \
                and not matches(inc.path, system):
            yield f"{path}:{inc.line}: <{inc.path}> in a pure folder"


# --- sizes -------------------------------------------------------------------

@rule(f"no C file is longer than {rules.FILE_LINES} lines")
def files_are_short(tree):
    for path in tree.c_files():
        lines = tree.text(path).count("\n")
        if lines > rules.FILE_LINES:
            yield f"{path}:{rules.FILE_LINES + 1}: {lines} lines"


@rule(f"no function is longer than {rules.FUNCTION_LINES} lines")
def functions_are_short(tree):
    for path in tree.c_files():
        for f in source.functions(tree.text(path), True):
            lines = f.end - f.line + 1
            if lines > rules.FUNCTION_LINES:
                yield f"{path}:{f.line}: {f.name}() has {lines} lines"


@rule(f"no function has more than {rules.PARAMETERS} parameters")
def parameters_are_few(tree):
    for path in tree.c_files():
        for bodies in (True, False):
            for f in source.functions(tree.text(path), bodies):
                if len(f.parameters) > rules.PARAMETERS:
                    yield (f"{path}:{f.line}: {f.name}() has "
                           f"{len(f.parameters)} parameters")


# --- habits ------------------------------------------------------------------

@rule("every source begins with its SPDX line")
def spdx_first(tree):
    for path in tree.named(*rules.SPDX_FILES):
        lines = tree.text(path).split("\n", 2)[:2]
        first = lines[1] if lines[0].startswith("#!") and lines[1:] \
            else lines[0]
        if rules.SPDX not in first:
            yield f"{path}:1: no line with {rules.SPDX}"


@rule("every exported function is under a comment of its own")
def headers_speak(tree):
    """What stands right above a declaration, without a line between, is the
    end of a comment, or what it defines besides: a comment over several
    functions speaks of the first alone."""
    over = re.compile(r"(;|\}|\*/)$|^RO_DEFINE_AUTO\b")
    for path in tree.api_headers():
        lines = [line.strip() for line in tree.text(path).split("\n")]
        for f in source.functions(tree.text(path), False):
            above = f.line - 2
            while above >= 0 and lines[above] and not over.search(lines[above]):
                above -= 1
            if not f.is_static and (above < 0 or
                                    not lines[above].endswith("*/")):
                yield (f"{path}:{f.line}: {f.name}() has no comment of its "
                       "own above it")


@rule("no function in a header takes a bare bool")
def no_bare_bool(tree):
    bare = re.compile(r"(?:,|\w\(|\)\()\s*(?:const\s+)?(?:bool|_Bool)"
                      r"(?:\s+\w+)?\s*(?=[,)])")
    for path in tree.api_headers():
        code = source.code_only(tree.text(path))
        for m in bare.finditer(code):
            yield f"{path}:{source.line_of(code, m.end())}: a bare bool"


@rule("nothing is marked as unfinished")
def nothing_unfinished(tree):
    mark = re.compile(r"\b(" + "|".join(rules.UNFINISHED) + r")\b")
    for path in tree.named(*rules.TEXT_FILES):
        for number, line in enumerate(tree.text(path).split("\n"), 1):
            if mark.search(line):
                yield f"{path}:{number}: {mark.search(line).group()}"


@rule("nobody uses goto")
def no_goto(tree):
    yield from search_code(tree, re.compile(r"\b(goto)\b"),
                           "(use RO_CLEANUP)")


@rule("nobody calls what cannot be called safely")
def no_banned_calls(tree):
    names = "|".join(rules.BANNED_CALLS.split())
    yield from search_code(tree, re.compile(r"\b(" + names + r")\s*\("),
                           "is banned")


def search_tests(tree, patterns, words, free=()):
    found = re.compile("|".join(patterns))
    for path in tree.named(*rules.SPDX_FILES):
        if not path.startswith("tests/") or matches(path, free):
            continue
        for number, line in enumerate(tree.text(path).split("\n"), 1):
            if found.search(line):
                yield f"{path}:{number}: {found.search(line).group()} {words}"


@rule("no test sleeps")
def no_test_sleeps(tree):
    yield from search_tests(tree, rules.SLEEPS, "(wait on a descriptor)",
                            rules.NO_SLEEP)


@rule("no test is skipped")
def no_test_is_skipped(tree):
    yield from search_tests(tree, rules.SKIPS, "(make it a parameter)")


@rule("every test that a page names is there")
def tests_are_there(tree):
    """`tests/a/b` is a file or a folder, `tests/a/b.c: test_x` a test in it."""
    named = re.compile(r"`(tests/[a-z0-9_/.-]+)(?:: (test_\w+))?`")
    for path in tree.named("*.md"):
        for m in named.finditer(tree.text(path)):
            file, test = m.group(1).rstrip("/"), m.group(2)
            known = file in tree.file_set() or any(
                f.startswith(file + "/") for f in tree.files)
            if test is not None:
                known = known and re.search(rf"\b{test}\b", tree.text(file))
            if not known:
                line = tree.text(path).count("\n", 0, m.start()) + 1
                yield f"{path}:{line}: no {m.group()}"


def compile_alone(tree, path):
    """The compiler's first words about a header that stands alone, or None.

    It is included twice, so that a missing guard shows too.
    """
    command = tree.cc + ["-x", "c", "-std=gnu17", "-fsyntax-only",
                         "-D_GNU_SOURCE=1", "-I", tree.root,
                         "-I", os.path.join(tree.root, "tests")]
    for folder in tree.include:
        command += ["-I", folder]
    text = f'#include "{path}"\n#include "{path}"\nint alone;\n'
    done = subprocess.run(command + ["-"], input=text, capture_output=True,
                          text=True, errors="replace")
    if done.returncode == 0:
        return None
    errors = [e for e in done.stderr.splitlines() if "error" in e]
    return errors[0] if errors else done.stderr.strip() or "does not compile"


@rule("every header compiles alone, also twice")
def headers_stand_alone(tree):
    headers = tree.named("*.h")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        words = pool.map(lambda h: compile_alone(tree, h), headers)
        for path, word in zip(headers, words):
            if word is not None:
                yield f"{path}:1: {word}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument("--root", default=os.path.join(here, "..", ".."))
    parser.add_argument("--include", action="append", default=[])
    parser.add_argument("--cc", default=os.environ.get("CC", "cc"))
    options = parser.parse_args()

    tree = Tree(options.root, options.include, options.cc)
    if not tree.c_files():
        print("Bail out! no C file under", tree.root)
        return 1
    failed = 0
    print(f"1..{len(RULES)}")
    for number, (words, check) in enumerate(RULES, 1):
        offences = list(check(tree))
        failed += bool(offences)
        print(f"{'not ' if offences else ''}ok {number} - {words}",
              flush=True)
        # On stderr, because that is what Meson shows of a failed test.
        for offence in offences:
            print(f"# {offence}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

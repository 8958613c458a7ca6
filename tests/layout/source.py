# SPDX-License-Identifier: Apache-2.0
"""Just enough of a reader of C: what is code, which functions, which parameters.

It knows comments, strings, preprocessor lines and brackets, nothing of types.
That is all the rules need, and it keeps the check free of foreign tools.
"""

import re
from collections import namedtuple

Function = namedtuple("Function", "name line end parameters is_static")
Include = namedtuple("Include", "line angled path")

TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""",
    re.S)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.M)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.M)
NOT_FUNCTIONS = ("__attribute__", "__extension__", "__typeof__", "_Alignas",
                 "_Static_assert")
WORD_BEFORE_PARENTHESIS = re.compile(r"([A-Za-z_]\w*)\s*\(")


def blank(text):
    """Spaces of the same shape: offsets and line numbers stay true."""
    return re.sub(r"[^\n]", " ", text)


def without_comments(text):
    def keep(match):
        token = match.group()
        return blank(token) if token[:2] in ("//", "/*") else token
    return TOKEN.sub(keep, text)


def code_only(text):
    """Comments, strings, characters and preprocessor lines blanked."""
    text = TOKEN.sub(lambda m: blank(m.group()), text)
    return DIRECTIVE.sub(lambda m: blank(m.group()), text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def includes(text):
    text = without_comments(text)
    return [Include(line_of(text, m.start(2)), m.group(1) == "<", m.group(2))
            for m in INCLUDE.finditer(text)]


def closing(code, start):
    """The offset of the bracket that closes the one at start, or -1."""
    pairs = {"(": ")", "{": "}", "[": "]"}
    opens, closes, depth = code[start], pairs[code[start]], 0
    for i in range(start, len(code)):
        if code[i] == opens:
            depth += 1
        elif code[i] == closes:
            depth -= 1
            if depth == 0:
                return i
    return -1


def split_parameters(text):
    """The parameters between two parentheses; the ellipsis is none."""
    parts, depth, last = [], 0, 0
    for i, c in enumerate(text):
        if c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        elif c == "," and depth == 0:
            parts.append(text[last:i])
            last = i + 1
    parts.append(text[last:])
    parts = [" ".join(p.split()) for p in parts]
    return [p for p in parts if p not in ("", "void", "...")]


def declarator(chunk):
    """(name offset, name, parameter text) of the function a chunk declares.

    Macros and attributes with arguments may stand before and after it: they
    are told by their capitals, or are the compiler's own words.
    """
    at = 0
    while True:
        m = WORD_BEFORE_PARENTHESIS.search(chunk, at)
        if m is None:
            return None
        end = closing(chunk, m.end() - 1)
        if end < 0:
            return None
        name = m.group(1)
        if name == name.upper() or name in NOT_FUNCTIONS:
            at = end + 1
            continue
        return m.start(1), name, chunk[m.end():end]


def top_level(code):
    """Yields (start, chunk, body): pieces at depth 0, body = (from, to)."""
    start, i = 0, 0
    while i < len(code):
        c = code[i]
        if c in "([":
            end = closing(code, i)
            i = end + 1 if end >= 0 else len(code)
        elif c == "{":
            end = closing(code, i)
            if end < 0:
                return
            yield start, code[start:i], (i, end)
            start = i = end + 1
        elif c == ";":
            yield start, code[start:i], None
            start = i = i + 1
        else:
            i += 1


def looks_like_function(chunk):
    words = chunk.split(None, 1)
    if not words or words[0] in ("typedef", "static_assert", "_Static_assert"):
        return False
    return "=" not in re.sub(r"\([^()]*\)", "", chunk)


def functions(text, want_bodies):
    """Functions defined (with bodies) or declared (without) in a file."""
    code = code_only(text)
    found = []
    for start, chunk, body in top_level(code):
        if (body is not None) != want_bodies or not looks_like_function(chunk):
            continue
        if body is not None and not chunk.rstrip().endswith(")"):
            continue
        d = declarator(chunk)
        if d is None or not re.search(r"[\w*)]\s*$", chunk[:d[0]]):
            continue
        offset, name, inside = d
        line = line_of(code, start + offset)
        end = line_of(code, body[1]) if body else line
        found.append(Function(name, line, end, split_parameters(inside),
                              re.search(r"\bstatic\b", chunk[:offset])
                              is not None))
    return found

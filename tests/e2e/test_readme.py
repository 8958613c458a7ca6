#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""README's way from nothing to the first answer, pasted line by line."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.environ["RO_SOURCE_ROOT"]
sys.path.insert(0, os.path.join(ROOT, "tests/support"))
from rig import Tap  # noqa: E402

HEADING = "## From nothing to the first answer"
MARK = "@@ended@@"


def commands():
    """The lines of the chapter's blocks that say they are for a shell."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as stream:
        text = stream.read()
    chapter = re.search(re.escape(HEADING) + r"\n(.*?)(?=^## )", text, re.S | re.M)
    blocks = re.findall(r"^```sh\n(.*?)^```$", chapter.group(1), re.S | re.M)
    return [line for block in blocks for line in block.splitlines()]


def script(lines):
    """Each line as it stands, then how it ended; the broker goes in any case."""
    parts = ["trap 'kill -9 ${BROKER:-} 2>/dev/null' EXIT"]
    for line in lines:
        parts += [line, f"printf '\\n%s %s\\n' {MARK} $? | tee /dev/stderr"]
    return "\n".join(parts) + "\n"


def pieces(text, n):
    """What each line printed, and with which code it ended."""
    found = re.findall(rf"(.*?)\n{MARK} (\d+)\n", text, re.S)
    return [(out, int(code)) for out, code in found] + [("", -1)] * (n - len(found))


def main():
    tap = Tap()
    lines = commands()
    tap.ok(len(lines) >= 20, "the chapter has commands", lines)
    tap.ok(not any(re.search(r"\b(FILE|DIR|URN|THREAD|KEY)\b|…|<[a-z]+>", line)
                   for line in lines), "none has a placeholder", lines)
    place = tempfile.mkdtemp(prefix="reachout-readme-")
    try:
        for name in ("config", "tests"):  # what stands beside README.md
            os.symlink(os.path.join(ROOT, name), os.path.join(place, name))
        done = subprocess.run(["bash"], input=script(lines).encode(), cwd=place,
                              capture_output=True, timeout=200)
        out = pieces(done.stdout.decode(), len(lines))
        err = pieces(done.stderr.decode(), len(lines))
        for line, (said, code), (talk, _) in zip(lines, out, err):
            tap.ok(code == 0, line, f"exit {code}\n{said}\n{talk}")
        story = {line: said for line, (said, _) in zip(lines, out)}
        said = next((story[line] for line in lines if " answers $REQUEST" in line), "")
        tap.ok("Come Thursday at 1.15." in said, "the answer was there to be read", said)
        tap.ok("Thursday it is." in out[-1][0], "and what was said arrived", out[-1][0])
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where one's own messages are, in the words that people see."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["RO_SOURCE_ROOT"], "tests/support"))
from rig import Rig, Tap  # noqa: E402

ASKER, HELPER = 900001, 900012


def words(rig, profile, *command, expect=0):
    """What a person sees of a command: stdout and stderr."""
    done = subprocess.run(
        [rig.reachout, "--profile", rig.path("p", profile), *map(str, command)],
        capture_output=True, cwd=rig.dir, stdin=subprocess.DEVNULL, timeout=120)
    if done.returncode != expect:
        raise RuntimeError(f"{command}: exit {done.returncode} {done.stderr!r}")
    return done.stdout.decode(), done.stderr.decode()


def asking(tap, rig):
    """A request that is kept, goes out, and arrives."""
    rig.kill()
    words(rig, ASKER, "ask", "--topic", "TL1", "--urgency", "U3", "--to",
          f"urn:{HELPER}", "--wait", "1", "--text", "A look at phonics?", expect=5)
    listed, _ = words(rig, ASKER, "requests")
    tap.ok(listed.count("(kept here)") == 1, "requests marks what is kept", listed)
    request = rig.run(ASKER, "requests")["requests"][0]["request"]
    told, hint = words(rig, ASKER, "show", request)
    tap.ok("(kept here)" in told and re.search("next: reachout .* sync", hint),
           "so does show, with the next step", told + hint)
    told, hint = words(rig, ASKER, "status")
    tap.ok("not reached at the last try" in told and "1 message not at" in told
           and " sync" in hint, "status says that nobody answered", told + hint)
    rig.up()
    told, _ = words(rig, ASKER, "sync")
    tap.ok("1 kept message went out." in told and "Nothing new" not in told,
           "sync says what went out", told)
    told, _ = words(rig, ASKER, "sync")
    tap.ok(told == "Nothing new.\n", "and says it once", told)
    told, _ = words(rig, ASKER, "status")
    tap.ok("reached at the last try, last answered" in told
           and "0 messages not at" in told, "status says that it was reached", told)
    told, _ = words(rig, ASKER, "show", request)
    tap.ok("(at the broker)" in told, "and show that it is at the broker", told)
    return request


def arriving(tap, rig, request):
    words(rig, HELPER, "sync")
    told, _ = words(rig, HELPER, "show", request)
    tap.ok("kept here" not in told and "at the broker" not in told,
           "what others sent has no place of ours", told)
    words(rig, HELPER, "answer", request, "--text", "Gladly.")
    told, _ = words(rig, ASKER, "sync")
    tap.ok("answer" in told and "went out" not in told,
           "receipts are no messages that went out", told)
    told, _ = words(rig, ASKER, "show", request)
    tap.ok("(arrived)" in told, "in the end it has arrived", told)
    story = rig.run(ASKER, "show", request)["events"]
    tap.ok([event["place"] for event in story] == ["arrived", None],
           "JSON says the same", story)


def main():
    tap = Tap()
    with Rig(schools=[ASKER, HELPER]) as rig:
        rig.found()
        arriving(tap, rig, asking(tap, rig))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

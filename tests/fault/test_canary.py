#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Messages with markers: none of them is in the broker's files, log, memory or
backup, in raw, hex, base64 or UTF-16; the log with all its trace areas on.
The backup is made as reachoutd(8) says, and what it holds arrives from it,
once. The search itself is shown to find a marker that was planted, so that a
blind search cannot pass. RO_CANARIES sets how many.
"""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["RO_SOURCE_ROOT"], "tests/support"))
from faults import Timer, count  # noqa: E402
from rig import Rig, Tap  # noqa: E402

CANARIES = count("RO_CANARIES", quick=200, full=10000)
# Who writes to whom: several, because a vault with all of it would be slow, and
# takes so much of one member in one request and no more.
PAIRS = {900001: 900002, 900012: 900006, 900013: 900008, 900017: 900010,
         900019: 900018, 900003: 900004}
SCHOOLS = [*PAIRS, *PAIRS.values()]
AREAS = "net, decode, policy, store, route, deliver, session"


def trace_everything(rig):
    """Every request has its line in the log from now on."""
    path = rig.path("b/reachoutd.conf")
    with open(path) as stream:
        text = stream.read()
    text, n = re.subn(r"(?m)^#? *trace *=.*$", f"trace = {{ {AREAS} }}", text)
    if n != 1:
        raise RuntimeError("the configuration has no line about trace")
    with open(path, "w") as stream:
        stream.write(text)


class Search:
    """Looks for all markers, and for the names of holders."""

    def __init__(self, rig, markers):
        self.rig = rig
        self.path = rig.path("markers")
        with open(self.path, "w") as stream:
            stream.write("\n".join([*markers, "Could do with a look.", *[
                f"Holder {school}" for school in SCHOOLS], ""]))

    def look(self, *where):
        return subprocess.run(
            [sys.executable,
             os.path.join(self.rig.source, "tests/support/canary.py"),
             os.path.join(self.rig.build, "tests/support/canary_scan"),
             self.path, *where], capture_output=True, text=True)

    def nowhere(self, tap, what, *where):
        found = self.look(*where)
        lines = found.stdout.strip().splitlines()
        tap.note(f"{what}: {lines[-1] if lines else found.stderr}")
        tap.ok(found.returncode == 0, f"no marker {what}", found.stdout + found.stderr)

    def at_broker(self, tap, what):
        rig = self.rig
        self.nowhere(tap, what, "--pid", str(rig.broker.pid), rig.path("b"),
                     rig.path("b.log"))


def say_all(rig, threads, markers):
    """Every writer keeps its share while the broker is away."""
    writers = list(PAIRS)
    for number, marker in enumerate(markers):
        school = writers[number % len(writers)]
        rig.run(school, "say", threads[school], "--wait", 0, "--text", marker, expect=5)


def sync_all(rig, schools):
    """Syncs until nothing waits: one sync has its time, and may not do it."""
    for school in schools:
        for _ in range(20):
            code, document, err = rig.finish(rig.start(school, "sync"))
            if code not in (0, 5, 6):
                raise RuntimeError(f"{school}: exit {code}: {document} {err}")
            if code == 0 and rig.run(school, "status")["outbox"] == 0:
                break
        else:
            raise RuntimeError(f"{school}: 20 syncs do not do it: {err}")


def arrived(rig, threads, markers):
    """What does not stand once where it should be."""
    wrong = []
    for i, (school, reader) in enumerate(PAIRS.items()):
        wanted = markers[i::len(PAIRS)]
        shown = [text for text in rig.texts(reader, threads[school])
                 if text.startswith("canary-")]
        if sorted(shown) != sorted(wanted):
            wrong.append(f"{reader}: {len(shown)} of {len(wanted)}")
    return wrong


def main():
    tap, timer = Tap(), Timer()
    with Rig(schools=SCHOOLS) as rig:
        rig.found()
        threads = {school: rig.thread(school, reader)
                   for school, reader in PAIRS.items()}
        rig.term()
        trace_everything(rig)
        markers = [f"canary-{os.urandom(9).hex()}" for _ in range(CANARIES)]
        search = Search(rig, markers)
        say_all(rig, threads, markers)
        tap.note(f"{CANARIES} messages of {len(PAIRS)} schools kept, after {timer}")
        rig.up()
        sync_all(rig, PAIRS)
        # all of it is at the broker now: in its store, and lately in memory
        search.at_broker(tap, "in memory, files and log when all is stored")
        tap.ok(rig.term() == 0, "the broker ends in good order")
        shutil.copytree(rig.path("b"), rig.path("backup"))
        search.nowhere(tap, "in a backup", rig.path("backup"))
        shutil.rmtree(rig.path("b"))
        shutil.copytree(rig.path("backup"), rig.path("b"))
        rig.up()
        sync_all(rig, PAIRS.values())
        wrong = arrived(rig, threads, markers)
        tap.ok(not wrong, f"{CANARIES} messages arrived once, from the backup", wrong)
        search.at_broker(tap, "in memory, files and log when all is delivered")
        tap.ok("deliver: request" in rig.log(), "the log had its traces on")
        with open(rig.path("planted"), "wb") as stream:
            stream.write(b"\1" + markers[0].encode("utf-16-le") + b"\2")
        found = search.look(rig.path("planted"))
        tap.ok(found.returncode == 1, "the search finds one that was planted", found.stdout)
        tap.note(f"{CANARIES} messages in {timer}")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

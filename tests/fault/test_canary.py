#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Messages with markers: none of them is in the broker's files, log or memory,
in raw, hex, base64 or UTF-16. The search itself is shown to find a marker in
a profile's command line memory, so that a blind search cannot pass.
RO_CANARIES sets how many (1,000 in tools/dev prove)."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["RO_SOURCE_ROOT"], "tests/support"))
from rig import Rig, Tap  # noqa: E402

PROVE = os.environ.get("RO_PROVE") == "1"
CANARIES = int(os.environ.get("RO_CANARIES", "1000" if PROVE else "200"))
ASKER, HELPER = 900001, 900012


def main():
    tap = Tap()
    search = os.path.join(os.environ["RO_SOURCE_ROOT"], "tests/support/canary.py")
    scanner = os.path.join(os.environ["RO_BUILD_ROOT"], "tests/support/canary_scan")
    with Rig(schools=[ASKER, HELPER]) as rig:
        rig.found()
        thread = rig.thread(ASKER, HELPER)
        rig.kill()
        markers = [f"canary-{os.urandom(9).hex()}" for _ in range(CANARIES)]
        for marker in markers:
            rig.run(ASKER, "say", thread, "--wait", 0, "--text", marker, expect=5)
        rig.up()
        rig.run(ASKER, "sync")
        with open(rig.path("markers"), "w") as stream:
            stream.write("\n".join([*markers, f"Holder {ASKER}", f"Holder {HELPER}",
                                    "Could do with a look.", ""]))
        # all of it is at the broker now: in its store, and lately in memory
        def look(*where):
            return subprocess.run([sys.executable, search, scanner,
                                   rig.path("markers"), *where],
                                  capture_output=True, text=True)
        found = look("--pid", str(rig.broker.pid), rig.path("b"), rig.path("b.log"))
        tap.note(found.stdout.strip().splitlines()[-1])
        tap.ok(found.returncode == 0, f"none of {CANARIES} markers at the broker",
               found.stdout)
        rig.run(HELPER, "sync")
        shown = rig.texts(HELPER, thread)
        tap.ok(sorted(text for text in shown if text.startswith("canary-")) == sorted(markers),
               "each of them arrived once", len(shown))
        found = look("--pid", str(rig.broker.pid), rig.path("b"), rig.path("b.log"))
        tap.ok(found.returncode == 0, "nor after they were delivered", found.stdout)
        with open(rig.path("planted"), "wb") as stream:
            stream.write(b"\1" + markers[0].encode("utf-16-le") + b"\2")
        found = look(rig.path("planted"))
        tap.ok(found.returncode == 1, "the search finds one that was planted", found.stdout)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The broker loses its power in the middle of deposits, 20 times.

Whatever a `say` ended 0 for must arrive, once, whatever part of the unsynced
pages came through. The same rounds against a broker built with
synchronous=NORMAL must lose something: otherwise the harness sees nothing.
Both outcomes are points.
"""
import os
import random
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["RO_SOURCE_ROOT"], "tests/support"))
from rig import Rig, Tap  # noqa: E402

ROUNDS = int(os.environ.get("RO_POWERCUTS",
                            "20" if os.environ.get("RO_PROVE") == "1" else "6"))
ASKER, HELPER = 900001, 900012
SO, TOOL = os.environ["POWERCUT_SO"], os.environ["POWERCUT_TOOL"]


def power(rig):
    return {"LD_PRELOAD": SO, "POWERCUT_ROOT": rig.path("b"),
            "POWERCUT_DIR": rig.path("b.shadow"),
            # the sanitizer insists on being first, and needs not be here
            "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"}


def rounds(broker, tap):
    """(messages acknowledged, lost, shown twice) of all rounds."""
    rng = random.Random(11)
    acknowledged = []
    with Rig(schools=[ASKER, HELPER], broker=broker) as rig:
        rig.found()
        thread = rig.thread(ASKER, HELPER)
        rig.term()
        subprocess.run([TOOL, "adopt", rig.path("b"), rig.path("b.shadow")], check=True)
        for number in range(ROUNDS):
            rig.up(power(rig))
            for k in range(rng.randint(1, 4)):
                text = f"round {number}, message {k}"
                rig.run(ASKER, "say", thread, "--text", text)
                acknowledged.append(text)
            rig.kill()
            subprocess.run([TOOL, "restore", rig.path("b"), rig.path("b.shadow"),
                            *([str(number)] if number % 2 else [])], check=True)
        rig.up(power(rig))
        code, _, err = rig.finish(rig.start(HELPER, "sync"))
        if code != 0:
            tap.note(f"the last sync ended {code}: {err.strip()}")
        shown = rig.texts(HELPER, thread)
    lost = [text for text in acknowledged if text not in shown]
    twice = [text for text in set(shown) if shown.count(text) > 1]
    return len(acknowledged), lost, twice


def main():
    tap = Tap()
    count, lost, twice = rounds(None, tap)
    tap.note(f"FULL: {ROUNDS} power cuts, {count} acknowledged, {len(lost)} lost")
    tap.ok(not lost, "nothing acknowledged is lost", lost)
    tap.ok(not twice, "nothing is shown twice", twice)
    normal = os.path.join(os.environ["RO_BUILD_ROOT"], "tests/fault/reachoutd-sync-normal")
    try:
        count, lost, _ = rounds(normal, tap)
        tap.note(f"NORMAL: {ROUNDS} power cuts, {count} acknowledged, {len(lost)} lost")
    except RuntimeError as refused:
        # a store that lost so much that the broker or a client says so
        tap.note(f"NORMAL: {str(refused).splitlines()[0][:200]}")
        lost = ["all of it"]
    tap.ok(lost, "the same rounds lose messages with synchronous=NORMAL")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

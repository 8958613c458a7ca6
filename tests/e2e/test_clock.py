#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A broker that is started with its clock far ahead forgets nothing: it doubts
the clock, says so, and goes on as before once the clock is right."""
import os
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.environ["RO_SOURCE_ROOT"], "tests/support"))
from rig import Rig, Tap  # noqa: E402

ASKER, HELPER = 900001, 900012
NOW = "2026-11-10T09:00:00Z"
LATER = "2027-05-29T09:00:00Z"  # 200 days


def stored(rig):
    """Envelopes in the broker's file, while it is down."""
    store = sqlite3.connect(rig.path("b/store.db"))
    try:
        return store.execute("select count(*) from envelope").fetchone()[0]
    finally:
        store.close()


def main():
    tap = Tap()
    with Rig(schools=[ASKER, HELPER]) as rig:
        rig.env["REACHOUT_NOW"] = NOW
        rig.found()
        thread = rig.thread(ASKER, HELPER)
        rig.run(ASKER, "say", thread, "--text", "Keep this.")
        rig.term()
        before = stored(rig)
        rig.up({"REACHOUT_NOW": LATER})
        rig.term()
        tap.ok("clock-doubted" in rig.log(), "a clock 200 days ahead is doubted", rig.log())
        tap.ok(stored(rig) == before, "and nothing has expired", stored(rig))
        rig.up({"REACHOUT_NOW": LATER}, "--accept-clock")
        rig.term()
        tap.ok(stored(rig) == 0, "accepted, it counts: what is old expires", stored(rig))
    with Rig(schools=[ASKER, HELPER]) as rig:
        rig.env["REACHOUT_NOW"] = NOW
        rig.found()
        thread = rig.thread(ASKER, HELPER)
        rig.run(ASKER, "say", thread, "--text", "Keep this.")
        rig.term()
        rig.up({"REACHOUT_NOW": LATER})
        code, _, err = rig.finish(rig.start(HELPER, "sync"))
        tap.ok(code != 0, "a broker whose clock is far off is not believed", err)
        rig.term()
        rig.up()
        rig.run(HELPER, "sync")
        tap.ok(rig.texts(HELPER, thread).count("Keep this.") == 1,
               "with the clock right again everything arrives")
        status = rig.run(HELPER, "status")
        tap.ok(status["epoch_keys_ahead"] >= 70, "and today's keys are still there", status)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 on the broker and on clients, under load.

The oracle: every text whose `say` ended 0 (the broker has it) or 5 (kept) is
shown exactly once to its receiver after the last sync; a text whose `say` was
killed is shown at most once. RO_KILL_BROKER and RO_KILL_CLIENT set the
rounds (full counts: tools/dev prove).
"""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.environ["RO_SOURCE_ROOT"], "tests/support"))
from rig import Rig, Tap  # noqa: E402

PROVE = os.environ.get("RO_PROVE") == "1"
BROKER_ROUNDS = int(os.environ.get("RO_KILL_BROKER", "100" if PROVE else "12"))
CLIENT_ROUNDS = int(os.environ.get("RO_KILL_CLIENT", "50" if PROVE else "10"))
ASKER, HELPERS = 900001, [900012, 900013, 900017]


def settle(rig, profiles):
    """Everybody syncs until nothing waits anywhere."""
    for _ in range(3):
        for profile in profiles:
            rig.run(profile, "sync")


def wait_ms(process, ms):
    """Waits at most so long; the process may end earlier."""
    try:
        process.wait(ms / 1000)
    except Exception:  # noqa: BLE001 - a time-out is what we wait for
        pass


def judge(tap, rig, threads, sure, maybe, what):
    lost, twice, strange = [], [], []
    for helper, thread in threads.items():
        shown = rig.texts(helper, thread)
        for text in sure[helper]:
            if shown.count(text) == 0:
                lost.append(text)
        for text in set(shown):
            if shown.count(text) > 1:
                twice.append(text)
        for text in shown:
            if text.startswith("hit") and text not in sure[helper] + maybe[helper]:
                strange.append(text)
    total = sum(len(texts) for texts in sure.values())
    tap.ok(not lost, f"{what}: none of {total} acknowledged messages lost", lost)
    tap.ok(not twice, f"{what}: nothing is shown twice", twice)
    tap.ok(not strange, f"{what}: nothing is shown that was not said", strange)
    tap.ok(total > 0, f"{what}: something was acknowledged")


def broker_rounds(tap, rig, threads, rng):
    sure = {helper: [] for helper in HELPERS}
    maybe = {helper: [] for helper in HELPERS}
    kept = 0
    for number in range(BROKER_ROUNDS):
        sayings = []
        for helper in HELPERS:
            text = f"round {number} to the asker's friend {helper}"
            sayings.append((helper, text, rig.start(
                helper, "say", threads[helper], "--wait", 1, "--text", text)))
        wait_ms(sayings[0][2], rng.uniform(1, 120))
        rig.kill()
        for helper, text, process in sayings:
            code, document, err = rig.finish(process)
            if code not in (0, 5):
                tap.ok(False, f"say in round {number} ends 0 or 5",
                       f"exit {code} {document} {err}")
            sure[helper].append(text)
            kept += code == 5
        rig.up()
    tap.note(f"{BROKER_ROUNDS} rounds of kill -9 on the broker, {kept} kept here first")
    settle(rig, [*HELPERS, ASKER])
    mirrored = {helper: threads[helper] for helper in HELPERS}
    lost, twice = [], []
    for helper, thread in mirrored.items():
        shown = rig.texts(ASKER, thread)
        lost += [text for text in sure[helper] if shown.count(text) == 0]
        twice += [text for text in set(shown) if shown.count(text) > 1]
    total = sum(len(texts) for texts in sure.values())
    tap.ok(not lost, f"broker: none of {total} messages lost", lost)
    tap.ok(not twice, "broker: nothing is shown twice", twice)


def client_rounds(tap, rig, threads, rng):
    sure = {helper: [] for helper in HELPERS}
    maybe = {helper: [] for helper in HELPERS}
    killed = 0
    for number in range(CLIENT_ROUNDS):
        helper = HELPERS[number % len(HELPERS)]
        text = f"hit {number} of the asker, to {helper}"
        process = rig.start(ASKER, "say", threads[helper], "--text", text)
        reader = rig.start(helper, "sync")
        wait_ms(process, rng.uniform(0.5, 40))
        if process.poll() is None:
            process.kill()
        wait_ms(reader, rng.uniform(0.5, 30))
        if reader.poll() is None:
            reader.kill()
        code, _, _ = rig.finish(process)
        rig.finish(reader)
        killed += code < 0
        (sure if code in (0, 5) else maybe)[helper].append(text)
    # one that ran to its end, so that there is something sure at any speed
    for helper in HELPERS:
        text = f"hit last of the asker, to {helper}"
        rig.run(ASKER, "say", threads[helper], "--text", text)
        sure[helper].append(text)
    tap.note(f"{CLIENT_ROUNDS} rounds of kill -9 on clients, {killed} senders hit")
    settle(rig, [ASKER, *HELPERS])
    judge(tap, rig, threads, sure, maybe, "client")


def main():
    tap = Tap()
    seed = int(os.environ.get("RO_SEED", "20261110"))
    rng = random.Random(seed)
    tap.note(f"seed {seed}")
    with Rig(schools=[ASKER, *HELPERS]) as rig:
        rig.found()
        threads = {helper: rig.thread(ASKER, helper) for helper in HELPERS}
        broker_rounds(tap, rig, threads, rng)
        client_rounds(tap, rig, threads, rng)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

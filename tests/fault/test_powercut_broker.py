#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The power of the broker's machine, and then of a sender's, is cut.

Whatever a `say` ended 0 or 5 for must arrive, once, whatever part of the
unsynced pages came through; one that was cut off arrives at most once. Every
third cut comes in the middle of deposits, the others after a promise. The same
rounds against a broker built with synchronous=NORMAL must lose something:
otherwise the harness sees nothing. Both outcomes are points. RO_POWERCUTS
sets how many.
"""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.environ["RO_SOURCE_ROOT"], "tests/support"))
from faults import Fault, KeyWatch, Power, Timer, count, lives  # noqa: E402
from rig import Rig, Tap  # noqa: E402

ROUNDS = count("RO_POWERCUTS", quick=12, full=200)
NORMAL_ROUNDS = min(ROUNDS, 20)
ASKER, HELPER = 900001, 900012
# Calls that a `say` makes.
PLACES = [("write", "-journal", 90), ("write", "vault.db", 30),
          ("sync", "-journal", 14), ("sync", "vault.db", 4),
          ("cut", "-journal", 4), ("send", "", 13)]


def luck(number):
    """Every other cut lets a part of what was not synced through."""
    return number if number % 2 else None


def at_broker(rig, thread, rounds):
    """Cuts at the broker: gives what was promised."""
    rng = random.Random(11)
    promised = []
    rig.term()
    power = Power(rig.path("b"))
    for number in range(rounds):
        rig.up(power.env)
        for k in range(rng.randint(1, 4)):
            text = f"round {number}, message {k}"
            rig.run(ASKER, "say", thread, "--text", text)
            promised.append(text)
        dying = None
        if number % 3 == 2:
            text = f"round {number}, cut off"
            dying = rig.start(ASKER, "say", thread, "--wait", 1, "--text", text)
            lives(dying, rng.uniform(0.001, 0.03))
        rig.kill()
        power.cut(luck(number))
        if dying is not None:
            rig.up(power.env)
            code, _, err = rig.finish(dying)
            if code not in (0, 5):
                raise RuntimeError(f"a say that was cut off: exit {code} {err}")
            promised.append(text)
            rig.kill()
            power.cut(luck(number))
    rig.up(power.env)
    return promised


def settle(rig, tap):
    for profile in (ASKER, HELPER):
        code, _, err = rig.finish(rig.start(profile, "sync"))
        if code != 0:
            tap.note(f"the last sync of {profile} ended {code}: {err.strip()}")


def broker_rounds(broker, tap, rounds):
    """(messages promised, lost, shown twice) of all rounds."""
    with Rig(schools=[ASKER, HELPER], broker=broker) as rig:
        rig.found()
        thread = rig.thread(ASKER, HELPER)
        promised = at_broker(rig, thread, rounds)
        settle(rig, tap)
        shown = rig.texts(HELPER, thread)
    lost = [text for text in promised if text not in shown]
    twice = [text for text in set(shown) if shown.count(text) > 1]
    return len(promised), lost, twice


def sender_rounds(tap, rounds):
    """The power of the sender is cut: when it died at any of its writes or
    sends, and every fourth time after its promise."""
    rng = random.Random(12)
    sure, maybe, died = [], [], 0
    with Rig(schools=[ASKER, HELPER]) as rig:
        rig.found()
        keys = KeyWatch(rig.path("keys"))
        thread = rig.thread(ASKER, HELPER)
        power = Power(rig.path("p", ASKER))
        for number in range(rounds):
            call, file, calls = rng.choice(PLACES)
            at = rng.randint(1, calls) if number % 4 > 0 else 0  # never
            fault = Fault(call, file, at=at, log=rig.path("fault"),
                          deed=rng.choice(["kill-before", "kill-after"]))
            text = f"round {number}: {call} {file} {fault.env['FAULT_AT']}"
            code, document, err = rig.finish(rig.start(
                ASKER, "say", thread, "--text", text,
                env=keys.under(power.under(fault.env))))
            if code not in (0, 5, -9):
                raise RuntimeError(f"{text}: exit {code} {document} {err}")
            died += fault.done()
            (sure if code in (0, 5) else maybe).append(text)
            power.cut(luck(number))
        settle(rig, tap)
        shown = rig.texts(HELPER, thread)
        reused = keys.reused(keys.records())
    tap.note(f"sender: {rounds} power cuts, {died} of them in the middle of a say, "
             f"{len(sure)} promised, {sum(text in shown for text in maybe)} of the "
             f"{len(maybe)} others came")
    lost = [text for text in sure if text not in shown]
    twice = [text for text in set(shown) if shown.count(text) > 1]
    tap.ok(died > 0 and sure, "sender: some die, some promise")
    tap.ok(not lost, "sender: nothing promised is lost", lost)
    tap.ok(not twice, "sender: nothing is shown twice", twice)
    tap.ok(not reused, "sender: no key encrypts two texts under one nonce", reused)


def main():
    tap, timer = Tap(), Timer()
    n, lost, twice = broker_rounds(None, tap, ROUNDS)
    tap.note(f"FULL: {ROUNDS} power cuts, {n} promised, {len(lost)} lost, in {timer}")
    tap.ok(not lost, "nothing promised is lost", lost)
    tap.ok(not twice, "nothing is shown twice", twice)
    normal = os.path.join(os.environ["RO_BUILD_ROOT"], "tests/fault/reachoutd-sync-normal")
    try:
        n, lost, _ = broker_rounds(normal, tap, NORMAL_ROUNDS)
        tap.note(f"NORMAL: {NORMAL_ROUNDS} power cuts, {n} promised, {len(lost)} lost")
    except RuntimeError as refused:
        # a store that lost so much that the broker or a client says so
        tap.note(f"NORMAL: {str(refused).splitlines()[0][:200]}")
        lost = ["all of it"]
    tap.ok(lost, "the same rounds lose messages with synchronous=NORMAL")
    timer = Timer()
    sender_rounds(tap, ROUNDS)
    tap.note(f"sender's rounds in {timer}")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

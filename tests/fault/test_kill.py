#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 on the broker and on clients, under load.

The broker is killed at any moment, and at six points around its commit; a
client at twelve points of sending and receiving, each at any of the calls of
its kind (fault.c does it; nothing of it is in what is shipped). The oracle:
every text whose `say` ended 0 (the broker has it) or 5 (kept) is shown exactly
once to its receiver after the last sync; a text whose `say` was killed is
shown at most once; and no key encrypts two texts under one nonce (keywatch.c
writes them all down). RO_KILL_BROKER and RO_KILL_CLIENT set the rounds.
"""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.environ["RO_SOURCE_ROOT"], "tests/support"))
from faults import Fault, KeyWatch, Timer, count, lives  # noqa: E402
from rig import Rig, Tap  # noqa: E402
from waits import one_ended  # noqa: E402

BROKER_ROUNDS = count("RO_KILL_BROKER", quick=24, full=1000)
CLIENT_ROUNDS = count("RO_KILL_CLIENT", quick=48, full=500)
ASKER, HELPERS = 900001, [900012, 900013, 900017]

# name: (call, file, deed); where a client can stop between two promises
CLIENT_POINTS = {
    "before its journal is written": ("write", "-journal", "kill-before"),
    "its journal written by half": ("write", "-journal", "kill-half"),
    "its journal is durable": ("sync", "-journal", "kill-after"),
    "before its vault is written": ("write", "vault.db", "kill-before"),
    "its vault written by half": ("write", "vault.db", "kill-half"),
    "its vault is written": ("write", "vault.db", "kill-after"),
    "its vault is durable": ("sync", "vault.db", "kill-after"),
    "before the commit": ("cut", "-journal", "kill-before"),
    "committed": ("cut", "-journal", "kill-after"),
    "before sending": ("send", "", "kill-before"),
    "sent": ("send", "", "kill-after"),
    "received": ("receive", "", "kill-after"),
}
# the same, and how many such calls three messages may take
BROKER_POINTS = {
    "before its log is written": ("write", "store.db-wal", "kill-before", 24),
    "its log written by half": ("write", "store.db-wal", "kill-half", 24),
    "before the fsync": ("sync", "store.db-wal", "kill-before", 2),
    "durable, not answered": ("sync", "store.db-wal", "kill-after", 2),
    "before answering": ("send", "", "kill-before", 24),
    "answered": ("send", "", "kill-after", 24),
}


class Said:
    """What was said to whom, and whether it was promised."""

    def __init__(self):
        self.sure = []
        self.maybe = []

    def note(self, code, who, text):
        (self.sure if code in (0, 5) else self.maybe).append((who, text))

    def judge(self, tap, shown, what):
        """shown: who -> texts, as they read them. What we said begins with
        one word in all rounds of a kind."""
        ours = self.sure[0][1].split()[0]
        lost = [text for who, text in self.sure if text not in shown[who]]
        twice = [text for texts in shown.values() for text in set(texts)
                 if texts.count(text) > 1]
        known = {text for _, text in self.sure + self.maybe}
        strange = [text for texts in shown.values() for text in texts
                   if text.startswith(ours) and text not in known]
        came = sum(text in shown[who] for who, text in self.maybe)
        tap.note(f"{what}: {len(self.sure)} promised, {len(self.maybe)} not, "
                 f"{came} of those came all the same")
        tap.ok(self.sure, f"{what}: something was promised")
        tap.ok(not lost, f"{what}: none of {len(self.sure)} promised messages lost", lost)
        tap.ok(not twice, f"{what}: nothing is shown twice", twice)
        tap.ok(not strange, f"{what}: nothing is shown that was not said", strange)


def settle(rig, env):
    """Everybody syncs until nothing waits anywhere."""
    for _ in range(3):
        for profile in [*HELPERS, ASKER]:
            rig.run(profile, "sync", env=env)


class Tally:
    """How often each point was tried and came."""

    def __init__(self, points):
        self.tried = dict.fromkeys(points, 0)
        self.hit = dict.fromkeys(points, 0)

    def place(self, rng, point, calls):
        """At which call: the first, to begin with, which always comes."""
        return rng.randint(1, max(1, calls)) if self.tried[point] > 0 else 1

    def note(self, point, fault):
        self.tried[point] += 1
        self.hit[point] += fault.done()
        return fault.done()

    def tell(self, tap, who):
        for point, tried in self.tried.items():
            tap.note(f"{who}: {point}: {self.hit[point]} of {tried}")
        missed = [point for point, hit in self.hit.items() if hit == 0]
        tap.ok(not missed, f"{who}: killed at each of {len(self.hit)} points, "
               f"{sum(self.hit.values())} times", missed)


def up_to_die(rig, number, rng, tally):
    """Starts the broker anew for an odd round, in which it dies at a point:
    gives the point and its fault."""
    points = list(BROKER_POINTS.items())
    point, (call, file, deed, calls) = points[number // 2 % len(points)]
    fault = Fault(call, file, at=tally.place(rng, point, calls), deed=deed,
                  log=rig.path("fault"))
    rig.kill()
    try:
        rig.up(fault.env)
    except RuntimeError:
        if not fault.done():  # else it died before it was ready
            raise
    return point, fault


def news(rig, keys):
    """What the asker has not read yet. To be asked before another message
    could show that one is missing, for then it would be sent again."""
    rig.run(ASKER, "sync", env=keys.env)
    return [message["text"] for message in
            rig.run(ASKER, "read", "--unread")["messages"]]


def busy(broker, processes):
    """Waits until the broker has died, or has nobody to serve any more."""
    for process in processes:
        one_ended(broker, process)


def broker_rounds(tap, rig, threads, rng, keys):
    """Every other round at a point, the others at any moment. Senders live
    through it: the broker that comes up answers them, or they keep it."""
    said, tally, timer = Said(), Tally(BROKER_POINTS), Timer()
    kept, late = 0, []
    for number in range(BROKER_ROUNDS):
        point, fault = "", None
        if number % 2 == 1:
            point, fault = up_to_die(rig, number, rng, tally)
        sayings = []
        for helper in HELPERS:
            text = f"round {number} to the asker's friend {helper}, {point}"
            sayings.append((helper, text, rig.start(
                helper, "say", threads[helper], "--wait", 1, "--text", text,
                env=keys.env)))
        if fault is None:
            lives(rig.broker, rng.uniform(0.001, 0.06))
        else:
            busy(rig.broker, [process for _, _, process in sayings])
        rig.kill()
        rig.up()
        stored = []
        for helper, text, process in sayings:
            code, document, err = rig.finish(process)
            if code not in (0, 5):
                tap.ok(False, f"say in round {number} ends 0 or 5",
                       f"exit {code} {document} {err}")
            said.note(code, (ASKER, helper), text)
            stored += [text] if code == 0 else []
            kept += code == 5
        came = news(rig, keys)
        late += [text for text in stored if text not in came]
        if fault is not None:
            tally.note(point, fault)
    settle(rig, keys.env)
    tap.note(f"{BROKER_ROUNDS} rounds of kill -9 on the broker, {kept} kept here "
             f"first, in {timer}")
    tap.ok(not late, "broker: what it acknowledged comes with the next sync",
           "\n".join(late))
    tally.tell(tap, "broker")
    said.judge(tap, {(ASKER, helper): rig.texts(ASKER, thread)
                     for helper, thread in threads.items()}, "broker")


def places(rig, keys, thread, helper):
    """How many calls of each kind sending and receiving make, by a look at
    one of each, with nothing else to say or to receive."""
    found = {}
    rig.run(ASKER, "say", thread, "--text", "before the looks")
    settle(rig, keys.env)
    kinds = {(call, file) for call, file, _ in CLIENT_POINTS.values()}
    for call, file in sorted(kinds):
        fault = Fault(call, file, log=rig.path("fault"))
        rig.run(ASKER, "say", thread, "--text", f"a look at {call} {file}",
                env=keys.under(fault.env))
        found[call, file, "say"] = fault.places()
        fault = Fault(call, file, log=rig.path("fault"))
        rig.run(helper, "sync", env=keys.under(fault.env))
        found[call, file, "sync"] = fault.places()
    return found


def client_rounds(tap, rig, threads, rng, keys):
    """Senders and receivers are killed in turn, each at all points."""
    said, timer = Said(), Timer()
    tallies = {"say": Tally(CLIENT_POINTS), "sync": Tally(CLIENT_POINTS)}
    calls = places(rig, keys, threads[HELPERS[0]], HELPERS[0])
    tap.note("places: " + ", ".join(f"{' '.join(kind)} {n}" for kind, n in calls.items()))
    points, late = list(CLIENT_POINTS.items()), []
    for number in range(CLIENT_ROUNDS):
        helper = HELPERS[number % len(HELPERS)]
        word = ["say", "sync"][number % 2]
        point, (call, file, deed) = points[number // 2 % len(points)]
        at = tallies[word].place(rng, point, calls[call, file, word])
        fault = Fault(call, file, log=rig.path("fault"), deed=deed, at=at)
        torn = keys.under(fault.env)
        text = f"hit {number}: {word}, {point}, {at}"
        code, _, _ = rig.finish(rig.start(
            ASKER, "say", threads[helper], "--text", text,
            env=torn if word == "say" else keys.env))
        said.note(code, helper, text)
        if word == "sync":
            code, _, _ = rig.finish(rig.start(helper, "sync", env=torn))
        hit = tallies[word].note(point, fault)
        if hit != (code == -9):
            tap.ok(False, f"round {number} ends as it should", f"{text}: exit {code}")
        if word == "sync":
            # before another message could show that one is missing
            rig.run(helper, "sync", env=keys.env)
            late += [] if text in rig.texts(helper, threads[helper]) else [text]
    settle(rig, keys.env)
    tap.note(f"{CLIENT_ROUNDS} rounds of kill -9 on clients, in {timer}")
    tap.ok(not late, "receiver: the next sync brings what the killed one did not",
           "\n".join(late))
    for word, who in (("say", "sender"), ("sync", "receiver")):
        tallies[word].tell(tap, who)
    said.judge(tap, {helper: rig.texts(helper, thread)
                     for helper, thread in threads.items()}, "client")


def judge_keys(tap, keys):
    records = keys.records()
    tap.note(f"{len(records)} encryptions under {len({pair[:32] for pair, _ in records})}"
             f" keys, {len({pair for pair, _ in records})} pairs of key and nonce")
    reused = keys.reused(records)
    tap.ok(records and not reused, "no key encrypts two texts under one nonce",
           "\n".join(pair.hex() for pair in reused))
    pair, text = records[-1]
    planted = [*records, (pair, bytes(b ^ 1 for b in text))]
    tap.ok(keys.reused(planted)[-1:] == [pair], "one that was planted is seen")


def main():
    tap = Tap()
    seed = int(os.environ.get("RO_SEED", "20261110"))
    rng = random.Random(seed)
    tap.note(f"seed {seed}")
    with Rig(schools=[ASKER, *HELPERS]) as rig:
        keys = KeyWatch(rig.path("keys"))
        rig.found()
        threads = {helper: rig.thread(ASKER, helper) for helper in HELPERS}
        broker_rounds(tap, rig, threads, rng, keys)
        client_rounds(tap, rig, threads, rng, keys)
        judge_keys(tap, keys)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

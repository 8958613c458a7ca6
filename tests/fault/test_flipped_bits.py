#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One bit is flipped in the broker's store or in a vault, 2,000 times, each in
fresh copies: no wrong text is ever shown, and nothing is lost in silence.

After a flip either all texts are there, or somebody was told: the broker does
not start or ends with 70, or its log says what it set aside, a client ends with
8, or says what it refused, or what it lost came again because a later message
showed the gap. Everything else is silent loss. RO_FLIPPED_BITS sets how many; RO_FLIPS_IN one kind.
"""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.environ["RO_SOURCE_ROOT"], "tests/support"))
from faults import Fault, Snapshot, Timer, count, lives  # noqa: E402
from rig import Rig, Tap  # noqa: E402

FLIPS = count("RO_FLIPPED_BITS", quick=40, full=2000)
ASKER, HELPER, LATECOMER = 900001, 900012, 900013
SIZES = [20, 20, 900, 20, 3000, 20, 14000, 20, 40000, 20]


class Stage:
    """A circle with delivered messages, some in the broker's file, some in
    its log, and some in the asker's outbox."""

    def __init__(self, rig):
        self.rig = rig
        rig.found()
        self.thread = rig.thread(ASKER, HELPER)
        self.said = []
        self.say_all("read")
        rig.run(HELPER, "sync")
        rig.run(ASKER, "sync")
        self.say_all("filed")
        rig.term()
        rig.up()
        self.admit()
        self.say_all("logged")
        rig.kill()
        self.say_all("kept", "--wait", 0, expect=5)
        self.stored = [text for text in self.said if not text.startswith("kept")]
        self.kept = Snapshot(rig, "b", "p")
        self.kept.take()

    def say_all(self, kind, *words, expect=0):
        for number, size in enumerate(SIZES):
            text = f"{kind} {number} ".ljust(size, "x")
            self.rig.run(ASKER, "say", self.thread, *words, "--text", text,
                         expect=expect)
            self.said.append(text)

    def admit(self):
        """The directory grows in the log too, and the asker knows."""
        rig = self.rig
        rig.authority("invite", "--kind", "school", "--urn", LATECOMER, "--seat",
                      "lead", "--out", rig.path("late.inv"))
        rig.run(LATECOMER, "join", rig.path("late.inv"), "--holder", "Late",
                "--key-file", rig.path("late.key"))
        rig.authority("admit", "--all")
        rig.run(ASKER, "sync")

    def leave_journal(self):
        """The helper dies before a commit: a journal that is to be played."""
        fault = Fault("cut", "-journal", at=1, deed="kill-before",
                      log=self.rig.path("fault"))
        self.rig.up()
        self.rig.run(HELPER, "sync", env=fault.env, expect=-9)
        self.rig.kill()
        self.kept.take()


def flip(path, rng):
    """Flips one bit; gives where."""
    at, bit = rng.randrange(os.path.getsize(path)), rng.randrange(8)
    with open(path, "r+b") as stream:
        stream.seek(at)
        byte = stream.read(1)[0]
        stream.seek(at)
        stream.write(bytes([byte ^ 1 << bit]))
    return f"byte {at} bit {bit}"


class Round:
    """What happened after one flip."""

    def __init__(self, stage):
        self.stage, self.rig = stage, stage.rig
        self.told = []  # who said that something is wrong
        self.logged = len(self.rig.log())

    def run(self, profile, *words):
        code, document, err = self.rig.finish(self.rig.start(profile, *words))
        refused = [event for event in (document or {}).get("events", [])
                   if event.get("refused")]
        if code not in (0, 5) or refused:
            self.told.append(f"client {code}" if code else "client refuses")
            if code and not err.strip():
                self.told.append("NAMELESS")
        if code < 0 or code in (70, 134, 139):
            self.told.append("CRASH " + err[-200:])
        return code, document

    def up(self):
        """Starts the broker; says whether it came up."""
        if self.rig.broker is not None and self.rig.broker.poll() is None:
            return True
        if self.rig.broker is not None:
            self.ended()
        try:
            self.rig.up()
        except RuntimeError:
            self.ended()
            return False
        return True

    def still_up(self):
        """Notes what the broker has set aside, or ended with, if so."""
        if "envelope-damaged" in self.rig.log()[self.logged:]:
            self.told.append("broker set aside")
        wait = 0.2 if self.told else 0
        if self.rig.broker is not None and not lives(self.rig.broker, wait):
            self.ended()

    def ended(self):
        code = self.rig.wait()
        self.told.append(f"broker {code}")
        if code != 70:
            self.told.append(f"CRASH of the broker: {self.rig.log()[-300:]}")

    def shown(self):
        """What the helper reads; None when the vault does not open."""
        code, document = self.run(HELPER, "read", self.stage.thread)
        if code != 0:
            return None
        return [message["text"] for message in document["messages"]]

    def missing(self, wanted):
        """What is not shown, and what should not be."""
        shown = self.shown()
        if shown is None:
            return wanted, []
        known = {*self.stage.said, "after", "later", "Yes.", "Could do with a look."}
        wrong = [text for text in shown if text not in known]
        wrong += [text for text in set(shown) if shown.count(text) > 1]
        return [text for text in wanted if text not in shown], wrong


def exchange(this, word):
    """A message more, and everybody has looked."""
    for profile, words in ((ASKER, ("say", this.stage.thread, "--wait", 1, "--text", word)),
                           (HELPER, ("sync",)), (ASKER, ("sync",)), (HELPER, ("sync",))):
        if not this.up():
            return
        this.run(profile, *words)


def outcome(this, wanted):
    """In one word; and what is wrong, if so."""
    lost, wrong = this.missing(wanted)
    if wrong:
        return "WRONG", f"shown: {[text[:40] for text in wrong]}"
    bad = [what for what in this.told if what.split()[0] in ("CRASH", "NAMELESS")]
    if bad:
        return "CRASH", " ".join(bad)
    if not lost:
        return ("told, all there" if this.told else "all there"), ""
    if this.told:
        return f"told ({', '.join(sorted(set(this.told)))})", ""
    return "lost", f"{len(lost)}: {[text[:12] for text in lost]}"


def broker_flip(this):
    """The helper fetches what is stored; what is lost shows with the next
    message, or never."""
    wanted = this.stage.stored
    if this.up():
        this.run(HELPER, "sync")
        this.still_up()
    what, why = outcome(this, wanted)
    if what != "lost":
        return what, why
    for word in ("after", "later"):
        exchange(this, word)
        again, more = outcome(this, wanted)
        if again != "lost":
            break
    if again == "all there":
        return "came with the next message", ""
    if again == "lost":
        return "SILENT", f"at first {why}; then {more}"
    return again, more


def vault_flip(this):
    """The helper reads what is there already."""
    return outcome(this, [text for text in this.stage.said if text.startswith("read")])


def outbox_flip(this):
    """The asker sends what it kept."""
    this.up()
    this.run(ASKER, "sync")
    this.run(HELPER, "sync")
    what, why = outcome(this, this.stage.said)
    return ("SILENT" if what == "lost" else what), why


# kind: (file, what is done after, share of the flips in 1/20)
KINDS = {
    "store": ("b/store.db", broker_flip, 9),
    "log": ("b/store.db-wal", broker_flip, 4),
    "vault": (f"p/{HELPER}/vault.db", vault_flip, 4),
    "outbox": (f"p/{ASKER}/vault.db", outbox_flip, 2),
    "journal": (f"p/{HELPER}/vault.db-journal", vault_flip, 1),
}


def one_kind(tap, stage, kind):
    path, after, share = KINDS[kind]
    rng, timer = random.Random(kind), Timer()
    found, bad, n = {}, [], max(2, FLIPS * share // 20)
    for _ in range(n):
        stage.kept.put_back()
        place = flip(stage.rig.path(path), rng)
        this = Round(stage)
        what, why = after(this)
        stage.rig.kill()
        found[what] = found.get(what, 0) + 1
        if what.split()[0] in ("WRONG", "CRASH", "SILENT", "lost"):
            bad.append((what, f"{what}: {path} {place}: {why} {this.told}"))
    tap.note(f"{kind}: {n} flips in {timer}: " + ", ".join(
        f"{times} {what}" for what, times in sorted(found.items())))
    for word, promise in (("WRONG", "no wrong text is shown"),
                          ("CRASH", "every end has its code and its words"),
                          (("SILENT", "lost"), "nothing is lost in silence")):
        lines = [line for what, line in bad if what in word]
        tap.ok(not lines, f"{kind}: {promise}", "\n".join(lines))
    return n


def accepted_loss(tap, stage):
    """The operator of a broker that does not start any more has a way on."""
    rig = stage.rig
    stage.kept.put_back()
    path = rig.path("b/store.db-wal")
    with open(path, "r+b") as stream:
        stream.seek(os.path.getsize(path) // 3)
        byte = stream.read(1)[0]
        stream.seek(-1, os.SEEK_CUR)
        stream.write(bytes([byte ^ 1]))
    before = len(rig.log())
    this = Round(stage)
    tap.ok(not this.up() and this.told == ["broker 70"], "log: exit 70", this.told)
    words = rig.log()[before:]
    tap.ok("store.db-wal" in words and "--accept-loss" in words,
           "log: the broker names the file, and what there is to do", words)
    rig.up(None, "--accept-loss")
    tap.ok(rig.term() == 0, "log: it goes on when it is told to")
    rig.up()
    this = Round(stage)
    what, why = outcome(this, [text for text in stage.stored
                               if text.startswith("read")])
    tap.ok(what == "all there", "log: and then without being told", f"{what} {why}")
    rig.kill()


def main():
    tap = Tap()
    kinds = os.environ.get("RO_FLIPS_IN", " ".join(KINDS)).split()
    with Rig(schools=[ASKER, HELPER]) as rig:
        stage = Stage(rig)
        flips = 0
        for kind in kinds:
            if kind == "journal":
                stage.kept.put_back()
                stage.leave_journal()
            flips += one_kind(tap, stage, kind)
            if kind == "log":
                accepted_loss(tap, stage)
        tap.note(f"{flips} flips")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The disk fails at the k-th call: fsync with EIO, writes with EIO, ENOSPC or
by half.

At the broker an EIO must end it with exit 70, whatever k is, before it has
answered; a disk without room is refused politely and it stays up. It is
started again (every other time after a power cut), everything is sent again,
and everything that was promised is shown once. The same for folding the log
into the file, and for a sender's vault, whose `say` must say what failed.
RO_FSYNC_FAILS sets the highest k.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.environ["RO_SOURCE_ROOT"], "tests/support"))
from faults import Fault, Power, Snapshot, Timer, count  # noqa: E402
from rig import Rig, Tap  # noqa: E402
from waits import one_ended  # noqa: E402

HIGHEST = count("RO_FSYNC_FAILS", quick=8, full=200)
KS = range(1, HIGHEST + 1)
FOLDS = count("RO_FOLD_FAILS", quick=4, full=50)
ASKER, HELPER = 900001, 900012
WAL, STORE = "b/store.db-wal", "b/store.db"

# kind of call, file, deed, how many such calls a `say` makes
SENDER_FAULTS = [
    ("sync", "-journal", "EIO", 10), ("sync", "vault.db", "EIO", 3),
    ("write", "-journal", "EIO", 60), ("write", "vault.db", "EIO", 20),
    ("write", "-journal", "ENOSPC", 60), ("write", "vault.db", "ENOSPC", 20),
    ("write", "-journal", "short", 60), ("write", "vault.db", "short", 20),
    ("cut", "-journal", "EIO", 3),
]


class Story:
    """Messages of one thread, and what was promised of them."""

    def __init__(self, tap, rig):
        self.tap, self.rig = tap, rig
        self.thread = rig.thread(ASKER, HELPER)
        self.promised, self.refused = [], 0
        self.power = None

    def say(self, text, env=None):
        """Starts a say of the asker."""
        return self.rig.start(ASKER, "say", self.thread, "--wait", 3,
                              "--text", text, env=env)

    def note(self, text, ended):
        """A say at a faulty broker ends 0 or 5."""
        code, document, err = ended
        if code not in (0, 5):
            self.tap.ok(False, "a say ends 0 or 5",
                        f"{text[:60]}: exit {code} {document} {err}")
        self.refused += code == 5
        self.promised.append(text)
        return code, err

    def judge(self, what):
        tap, rig = self.tap, self.rig
        rig.run(ASKER, "sync")
        rig.run(HELPER, "sync")
        shown = rig.texts(HELPER, self.thread)
        lost = [text[:60] for text in self.promised if text not in shown]
        twice = [text[:60] for text in set(shown) if shown.count(text) > 1]
        tap.ok(not lost, f"{what}: none of {len(self.promised)} messages lost", lost)
        tap.ok(not twice, f"{what}: nothing is shown twice", twice)


def up_again(story, fault):
    """What the broker ended with; it is up again, every other time on what a
    power cut has left."""
    rig = story.rig
    code = rig.wait()
    if int(fault.env["FAULT_AT"]) % 2 == 0:
        story.power.cut()
    rig.up(story.power.env)
    return code


def dies(story, fault, what):
    """Says until the broker ends by its fault: gives its exit code, or None
    if it did not come to that."""
    rig = story.rig
    rig.kill()
    try:
        rig.up(story.power.under(fault.env))
    except RuntimeError:
        return up_again(story, fault)  # it never was ready
    for number in range(int(fault.env["FAULT_AT"]) + 3):
        text = f"{what}, {number}"
        process = story.say(text)
        one_ended(process, rig.broker)
        died = rig.broker.poll() is not None
        code = up_again(story, fault) if died else None
        story.note(text, rig.finish(process))
        if died:
            return code
    return None


def must_die(story, faults, what):
    """Each fault of a list must end the broker with 70 and words for it."""
    tap, rig, timer = story.tap, story.rig, Timer()
    wrong, reached, n = [], 0, 0
    for n, (name, fault) in enumerate(faults, 1):
        before = len(rig.log())
        code = dies(story, fault, f"{what}: {name}")
        reached += fault.done()
        said = rig.log()[before:]
        if code != 70 or not ("STORE_BROKEN" in said or "I/O error" in said
                              or "Input/output" in said):
            wrong.append(f"{name}: exit {code}, reached {fault.done()}, {said[-300:]}")
    tap.note(f"{what}: {reached} of {n} faults, in {timer}")
    tap.ok(reached == n, f"{what}: it came to each of {n} faults")
    tap.ok(not wrong, f"{what}: the broker ends with 70 and says so", "\n".join(wrong))
    story.judge(what)


def must_live(story, faults, what):
    """After each fault of a list the broker is still up."""
    tap, rig, timer = story.tap, story.rig, Timer()
    wrong, reached, refused, n = [], 0, story.refused, 0
    for n, (name, fault) in enumerate(faults, 1):
        rig.kill()
        try:
            rig.up(story.power.under(fault.env))
        except RuntimeError:
            wrong.append(f"{name}: exit {rig.wait()} at its start")
            rig.up()
        for number in range(int(fault.env["FAULT_AT"]) // 10 + 3):
            text = f"{what}: {name}, {number}"
            code, err = story.note(text, rig.finish(story.say(text)))
            if code == 5 and "room" not in err:
                wrong.append(f"{name}: {err}")
            if fault.done():
                break
        reached += fault.done()
        if rig.broker.poll() is not None:
            wrong.append(f"{name}: exit {rig.wait()}")
            rig.up()
    tap.note(f"{what}: {reached} of {n} faults, {story.refused - refused} messages "
             f"refused at first, in {timer}")
    tap.ok(reached == n, f"{what}: it came to each of {n} faults")
    tap.ok(not wrong, f"{what}: the broker stays up and says why", "\n".join(wrong))
    story.judge(what)


# --- the k-th fsync of a broker that takes k messages ----------------------

def fsync_round(rig, thread, k):
    """Sends all that waits while the k-th fsync fails: gives what was wrong.
    Every other time the power is cut then."""
    fault = Fault("sync", WAL, at=k, deed="EIO", log=rig.path("fault"))
    power = Power(rig.path("b"))
    rig.up(power.under(fault.env))
    sync = rig.start(ASKER, "sync")
    one_ended(sync, rig.broker)
    if rig.broker.poll() is None:
        rig.finish(sync)
        return f"fsync {k}: the broker lives, reached {fault.done()}"
    code = rig.wait()
    if k % 2 == 0:
        power.cut()
    rig.up(power.env)
    rig.finish(sync)
    for profile in (ASKER, HELPER):
        rig.run(profile, "sync")
    shown = [text for text in rig.texts(HELPER, thread) if text.startswith("k ")]
    if shown != [f"k {number}" for number in range(1, k + 1)]:
        return f"fsync {k}: shown {shown}"
    return "" if code == 70 else f"fsync {k}: exit {code}"


def fsync_fails(tap, rig):
    timer, wrong = Timer(), []
    rig.found()
    thread = rig.thread(ASKER, HELPER)
    rig.term()
    kept = Snapshot(rig, "b", "p")
    for k in KS:
        rig.run(ASKER, "say", thread, "--wait", 0, "--text", f"k {k}", expect=5)
        kept.take()
        wrong.append(fsync_round(rig, thread, k))
        rig.kill()
        kept.put_back()
    wrong = [what for what in wrong if what]
    tap.note(f"fsync fails: k = 1 to {HIGHEST}, each with k messages, in {timer}")
    tap.ok(not wrong, "fsync fails: each time exit 70, and then all is shown "
           "once and in order", "\n".join(wrong))


# --- other faults ---------------------------------------------------------

def faults_at(rig, call, file, deeds, ks):
    """One fault for each k, the deeds in turn."""
    for k in ks:
        deed = deeds[k % len(deeds)]
        times = 2 if deed == "short" else 1
        yield (f"{call} {k} {deed}",
               Fault(call, file, at=k, deed=deed, times=times, log=rig.path("fault")))


def fold_faults(story, deeds):
    """Faults while the log is folded into the file; it is made long before
    each of them, by a broker that cannot fold."""
    log = story.rig.path("fault")
    for number in range(FOLDS):
        call, file, at, deed, times = deeds[number % len(deeds)]
        at += number // len(deeds) if call == "write" else 0
        lengthen(story)
        yield (f"fold {number} {call} {deed} {at}",
               Fault(call, file, at=at, deed=deed, times=times, log=log))


def lengthen(story):
    """Says until the next commit folds."""
    rig = story.rig
    fault = Fault("write", STORE, at=1, deed="ENOSPC", times=0, log=rig.path("long"))
    rig.kill()
    rig.up(story.power.under(fault.env))
    while not fault.done():
        text = f"long {len(story.promised)} " + "x" * 50000
        story.note(text, rig.finish(story.say(text)))


def sender_faults(story):
    """The sender's own disk fails: it says so, and keeps what it promised."""
    tap, rig, timer = story.tap, story.rig, Timer()
    rig.up()
    wrong, reached, failed, codes = [], 0, 0, {}
    for number in range(HIGHEST):
        call, file, deed, calls = SENDER_FAULTS[number % len(SENDER_FAULTS)]
        fault = Fault(call, file, at=1 + number // len(SENDER_FAULTS) % calls,
                      deed=deed, times=2, log=rig.path("fault"))
        name = f"{call} {file} {deed} {fault.env['FAULT_AT']}"
        text = f"sender {number}: {name}"
        code, _, err = rig.finish(story.say(text, env=fault.env))
        reached += fault.done()
        if code in (0, 5):
            story.promised.append(text)
        elif fault.done():
            failed += 1
            codes.setdefault((deed, code, err.strip()[-60:]), 0)
            codes[deed, code, err.strip()[-60:]] += 1
            # not the broker's doing: the file is named, and what there is to do
            if code != (74 if deed == "EIO" else 1) or "vault.db" not in err or (
                    deed != "EIO" and "make room" not in err):
                wrong.append(f"{name}: exit {code} {err}")
    story.note("sender: after all faults", rig.finish(
        story.say("sender: after all faults")))
    for (deed, code, words), n in sorted(codes.items()):
        tap.note(f"sender: {n} times {deed}: exit {code}: ...{words}")
    tap.note(f"sender: {HIGHEST} faults, {reached} reached, {failed} ended the say, "
             f"in {timer}")
    tap.ok(failed > 0, "sender: faults end a say")
    tap.ok(not wrong, "sender: it is told, with a code of its own", "\n".join(wrong))
    story.judge("sender")


def section(tap, test):
    """Runs a test in a circle of its own: with fresh vaults it is faster."""
    with Rig(schools=[ASKER, HELPER]) as rig:
        rig.found()
        story = Story(tap, rig)
        rig.kill()
        story.power = Power(rig.path("b"))
        test(story)


def folder(story):
    # the folder's second fsync is SQLite's own, after ours, and it does not mind
    must_die(story, faults_at(story.rig, "sync", "/b", ["EIO"], [1]),
             "the folder's fsync fails")


def writes(story):
    must_die(story, faults_at(story.rig, "write", WAL, ["EIO"], KS), "write fails")


def full_writes(story):
    must_live(story, faults_at(story.rig, "write", WAL, ["ENOSPC", "short"], KS),
              "no room")


def folds(story):
    must_die(story, fold_faults(story, [("sync", STORE, 1, "EIO", 1),
                                        ("write", STORE, 1, "EIO", 1)]), "fold fails")


def full_folds(story):
    must_live(story, fold_faults(story, [("write", STORE, 1, "ENOSPC", 0),
                                         ("write", STORE, 1, "short", 0)]),
              "no room to fold")


def main():
    tap, timer = Tap(), Timer()
    with Rig(schools=[ASKER, HELPER]) as rig:
        fsync_fails(tap, rig)
    for test in (folder, writes, full_writes, folds, full_folds, sender_faults):
        section(tap, test)
    tap.note(f"all faults in {timer}")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

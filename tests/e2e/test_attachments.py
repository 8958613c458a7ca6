#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A file of 25 MiB from one school to another, with kill -9 of everybody in
the middle: it comes whole, nothing of it is stored twice, and neither side
takes much memory for it."""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ["RO_SOURCE_ROOT"], "tests/support"))
from faults import Fault  # noqa: E402
from rig import Rig, Tap  # noqa: E402

ASKER, HELPER = 900001, 900012
SIZE, PIECES = 25 * 1024 * 1024, 512
GROWTH_KIB = 64 * 1024
MIB = 1024 * 1024
# Places in the middle: the n-th call of a kind on a file.
LEAVING = ("sync", "vault.db", 40)
TAKING = ("sync", "store.db-wal", 40)
ARRIVING = ("sync", "vault.db", 40)


def killed_at(rig, call, file, at):
    """Kills a process at its n-th call on a file; gives its environment."""
    return Fault(call, file, at=at, deed="kill-after", log=rig.path("fault")).env


class Watched:
    """Runs commands and keeps the most memory that one of them took. (The
    kernel counts from the fork on: what this program had is the least.)"""

    def __init__(self, rig):
        self.rig, self.most = rig, 0

    def run(self, profile, *words, env=None):
        """Gives its exit code."""
        process = self.rig.start(profile, *words, env=env)
        self.rig.clients.discard(process)
        with process.stdout, process.stderr as stderr:
            process.stdout.read()
            self.err = stderr.read().decode(errors="replace")
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.most = max(self.most, used.ru_maxrss)
        return process.returncode


def stored(rig):
    """How many envelopes the broker has ever stored. It must not run."""
    return rig.stored(
        "SELECT seq FROM sqlite_sequence WHERE name = 'envelope'")[0][0]


def message(rig, profile, thread):
    """The one with the file, as a profile reads it."""
    return [message for message in
            rig.run(profile, "read", thread)["messages"]
            if message["attachments"]][0]


def left(rig, thread):
    return message(rig, ASKER, thread)["attachments"][0]["here"]


def leaving(tap, rig, watched, thread, path):
    """Sender and broker are killed while it leaves."""
    rig.kill()
    code = watched.run(ASKER, "say", thread, "--wait", 0.2, "--text",
                       "The whole plan.", "--attach", path)
    tap.ok(code == 5, "without a broker it is kept", watched.err)
    os.rename(path, path + ".away")
    tap.ok(left(rig, thread) == 0, "nothing of it has left")
    rig.up()
    seen = [0]
    for _ in range(3):
        code = watched.run(ASKER, "sync", env=killed_at(rig, *LEAVING))
        seen.append(left(rig, thread))
        tap.ok(code == -9 and seen[-2] < seen[-1] < PIECES,
               f"killed after {seen[-1]} pieces", f"exit {code} {seen}")
    rig.term()
    rig.up(killed_at(rig, *TAKING))
    code, _, err = rig.finish(rig.start(ASKER, "sync"))
    tap.ok(rig.wait() == -9, "the broker is killed in the middle")
    seen.append(left(rig, thread))
    tap.ok(code in (5, 6) and seen[-2] < seen[-1] < PIECES,
           f"the broker is killed after {seen[-1]}", f"exit {code} {err} {seen}")
    told = message(rig, ASKER, thread)
    tap.ok(told["state"] == "kept-here" and
           told["attachments"][0]["state"] == "kept-here",
           "it is kept here until all of it has left", told)
    rig.up()
    begun = time.time()
    code = watched.run(ASKER, "sync")
    tap.note(f"the last {PIECES - seen[-1]} pieces left in "
             f"{time.time() - begun:.1f} s")
    told = message(rig, ASKER, thread)
    tap.ok(code == 0 and told["state"] == "at-the-broker" and
           told["attachments"][0]["here"] == PIECES, "then it is there", told)
    os.rename(path + ".away", path)


def arriving(tap, rig, watched, thread):
    """The receiver is killed while it comes."""
    seen = [-1]
    for _ in range(3):
        code = watched.run(HELPER, "sync", env=killed_at(rig, *ARRIVING))
        file = message(rig, HELPER, thread)["attachments"][0]
        seen.append(file["here"])
        tap.ok(code == -9 and file["state"] == "arriving" and
               seen[-2] < seen[-1] < PIECES,
               f"killed when {seen[-1]} pieces were here", f"exit {code} {file}")
    refused = rig.run(HELPER, "save", file["attachment"], "--out",
                      rig.path("early"), expect=1)
    tap.ok("pieces are here" in refused["error"]["why"],
           "half of it is not saved", refused)
    begun = time.time()
    code = watched.run(HELPER, "sync")
    tap.note(f"the last {PIECES - seen[-1]} pieces came in "
             f"{time.time() - begun:.1f} s")
    file = message(rig, HELPER, thread)["attachments"][0]
    tap.ok(code == 0 and file["state"] == "here" and file["size"] == SIZE,
           "then all of it is", file)
    return file["attachment"]


def same(one, other):
    return subprocess.run(["cmp", "-s", one, other]).returncode == 0


def saving(tap, rig, watched, attachment, path):
    os.mkdir(rig.path("in"))
    code = watched.run(HELPER, "save", attachment[:8], "--out", rig.path("in"))
    saved = rig.path("in", os.path.basename(path))
    tap.ok(code == 0 and same(path, saved), "it is saved as it was sent",
           watched.err)
    tap.ok(os.stat(saved).st_mode & 0o777 == 0o600, "for its owner only")
    rig.run(HELPER, "save", attachment, "--out", rig.path("in"), expect=1)
    tap.ok(same(path, saved), "and never over anything")


def forgotten(tap, rig, thread):
    """Its receipt rides on the next word; the sender needs it no more."""
    rig.run(HELPER, "say", thread, "--text", "Thank you.")
    rig.run(ASKER, "sync")
    told = message(rig, ASKER, thread)
    tap.ok(told["state"] == "arrived", "it has arrived", told)
    rig.kill()


def main():
    tap = Tap()
    with Rig(schools=[ASKER, HELPER]) as rig:
        # what a sanitizer keeps of freed memory is not the programs'
        rig.env["ASAN_OPTIONS"] = os.environ.get(
            "ASAN_OPTIONS", "") + ":quarantine_size_mb=1"
        rig.found()
        thread = rig.thread(ASKER, HELPER)
        small, large = Watched(rig), Watched(rig)
        for profile, word in ((ASKER, ("say", thread, "--text", "Hello.")),
                              (HELPER, ("sync",))):
            small.run(profile, *word)
        rig.term()
        before = stored(rig)
        rig.up()
        path = rig.path("plan.pdf")
        with open(path, "wb") as stream:
            for _ in range(SIZE // MIB):
                stream.write(os.urandom(MIB))
        leaving(tap, rig, large, thread, path)
        attachment = arriving(tap, rig, large, thread)
        saving(tap, rig, large, attachment, path)
        rig.term()
        count = stored(rig) - before
        tap.ok(1 + PIECES <= count <= 1 + PIECES + 8,
               f"{count} envelopes for one message and {PIECES} pieces")
        rig.up()
        forgotten(tap, rig, thread)
        tap.note(f"memory: {small.most} KiB for words, {large.most} KiB at most")
        tap.ok(0 < large.most < small.most + GROWTH_KIB,
               "a file takes little more memory than words")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

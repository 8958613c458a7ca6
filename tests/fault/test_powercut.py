#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that the power cut of powercut.c tells right from wrong (TAP).

    test_powercut.py POWERCUT_SO POWERCUT_TOOL POWERCUT_WRITER

A program stores numbers in SQLite and says each one after its commit; it is
killed at a random number, the power is cut, and what it said must be there.
With synchronous=FULL all of it is, whatever part of the unsynced pages came
through; with NORMAL the harness must see losses, or it sees nothing.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile

ROUNDS = 20
SO, TOOL, WRITER = (os.path.abspath(a) for a in sys.argv[1:4])


class Folder:
    """A folder that can lose power, and its shadow beside it."""

    def __init__(self, base, name):
        self.root = os.path.join(base, name)
        self.shadow = os.path.join(base, name + ".shadow")
        os.mkdir(self.root)
        self.environment = dict(os.environ, LD_PRELOAD=SO,
                                POWERCUT_ROOT=self.root,
                                POWERCUT_DIR=self.shadow)

    def path(self, name):
        return os.path.join(self.root, name)

    def adopt(self):
        subprocess.run([TOOL, "adopt", self.root, self.shadow], check=True)

    def cut(self, seed=None):
        seeds = [] if seed is None else [str(seed)]
        subprocess.run([TOOL, "restore", self.root, self.shadow] + seeds,
                       check=True)


def write_until(folder, journal, synchronous, count):
    """The last number acknowledged by a writer killed after count of them."""
    writer = subprocess.Popen(
        [WRITER, "write", folder.path("db"), journal, synchronous],
        env=folder.environment, stdout=subprocess.PIPE, text=True)
    last = 0
    for _ in range(count):
        last = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    rest = writer.stdout.read().split("\n")[:-1]
    writer.wait()
    return int(rest[-1]) if rest else last


def rounds(base, name, journal, synchronous, torn):
    """(rows acknowledged, rows lost, databases found corrupt)"""
    dice = random.Random(name)
    folder = Folder(base, name)
    folder.adopt()
    said_in_all = lost = corrupt = before = 0
    for number in range(ROUNDS):
        said = write_until(folder, journal, synchronous, dice.randint(1, 120))
        folder.cut(number if torn else None)
        done = subprocess.run([WRITER, "check", folder.path("db")],
                              env=folder.environment, capture_output=True,
                              text=True)
        if done.returncode != 0:
            corrupt += 1
            break
        last, count = map(int, done.stdout.split())
        said_in_all += said - before
        lost += max(0, said - last) + (last - count)
        before = last
    return said_in_all, lost, corrupt


def replaced(base, how, adopted, torn=None):
    """What x holds after it was replaced by renaming and the power cut."""
    folder = Folder(base, f"rename-{how}-{adopted}-{torn}")
    if adopted:
        with open(folder.path("x"), "w", encoding="ascii") as f:
            f.write("old")
        folder.adopt()
    subprocess.run([WRITER, "rename", folder.root, how],
                   env=folder.environment, check=True)
    folder.cut(torn)
    found = {}
    for name in sorted(os.listdir(folder.root)):
        with open(folder.path(name), encoding="ascii") as f:
            found[name] = f.read()
    return found


def dead_disk(base):
    """The status of a writer whose disk dies at its fifth fsync."""
    folder = Folder(base, "dead")
    folder.adopt()
    done = subprocess.run(
        [WRITER, "write", folder.path("db"), "wal", "full"],
        env=dict(folder.environment, POWERCUT_FAIL_FROM="5"),
        capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


def points(base):
    for journal, synchronous, torn in [("wal", "full", False),
                                       ("wal", "full", True),
                                       ("truncate", "full", False),
                                       ("truncate", "full", True)]:
        name = f"{journal}-{synchronous}-{'torn' if torn else 'clean'}"
        said, lost, corrupt = rounds(base, name, journal, synchronous, torn)
        yield (said > ROUNDS and lost == 0 and corrupt == 0,
               f"{name}: nothing acknowledged is lost in {ROUNDS} rounds",
               f"{said} said, {lost} lost, {corrupt} corrupt")
    said, lost, corrupt = rounds(base, "wal-normal", "wal", "normal", False)
    yield (lost > 0 and corrupt == 0,
           f"wal-normal: losses are seen in {ROUNDS} rounds",
           f"{said} said, {lost} lost, {corrupt} corrupt")
    said, lost, corrupt = rounds(base, "wal-off", "wal", "off", True)
    yield (lost + corrupt > 0, "wal-off: losses or damage are seen",
           f"{said} said, {lost} lost, {corrupt} corrupt")
    yield equal(replaced(base, "synced", True), {"x": "new"})
    yield equal(replaced(base, "unsynced", True), {"x": "old", "x.new": "new"})
    yield equal(replaced(base, "unsynced", False), {"x.new": "new"})
    status, words = dead_disk(base)
    yield (status == 1 and "disk I/O error" in words,
           "a dead disk fails the commit", f"{status}: {words}")


def equal(found, expected):
    return found == expected, f"after a rename: {expected}", str(found)


def main():
    number = failed = 0
    with tempfile.TemporaryDirectory() as base:
        for ok, words, figures in points(base):
            number += 1
            failed += not ok
            print(f"{'' if ok else 'not '}ok {number} - {words}")
            print(f"# {figures}", flush=True,
                  file=sys.stdout if ok else sys.stderr)
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

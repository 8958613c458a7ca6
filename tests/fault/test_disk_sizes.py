#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Disks of sixteen sizes fill up under the broker, from one that is too small
to begin with up to one on which the log was folded several times; with the
reserve that a broker has, and without any.

On each: new messages are refused politely and kept by their senders, the
broker stays up and what is stored can still be read; with the reserve all of
it, and all of it is let go of. A restart on the full disk works, and once there
is enough room everything has arrived, once. There is no floor: the disk is to
be full. A small tmpfs in a mount namespace of its own; nothing outside the test
sees it. RO_DISK_SIZES sets how many of the sizes.
"""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["RO_SOURCE_ROOT"], "tests/support"))
from faults import Timer, count  # noqa: E402
from rig import Rig, Tap  # noqa: E402

ASKER, HELPER = 900001, 900012
# Not in whole MiB, so that another write is the one that does not fit.
SIZES_KIB = [512, 700, 1028, 1540, 2056, 2572, 3100, 3604,
             4120, 5148, 6172, 7204, 8232, 9260, 10300, 12348]
LETTERS = 55000  # one message of the largest kind
RESERVE_MIB = 8  # as shipped
ROOMY_KIB = 32768


def own_namespace():
    flags = ["--mount"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--mount"]
    os.execvp("unshare", ["unshare", *flags, "--propagation", "unchanged",
                          sys.executable, os.path.abspath(__file__), "inside"])


def mount(path, kib):
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", path],
                   check=True)


def resize(path, kib):
    subprocess.run(["mount", "-o", f"remount,size={kib}k", path], check=True)


def configure(rig, reserve_mib):
    """Without a floor, and with such a reserve."""
    path = rig.path("b/reachoutd.conf")
    with open(path, encoding="utf-8") as stream:
        text = stream.read()
    shipped = f"reserve_mib = {RESERVE_MIB}\n"
    if shipped not in text:
        raise RuntimeError(f"the reserve that is shipped is not {RESERVE_MIB} MiB")
    text = re.sub(r"(?m)^free_space_min_mib = \d+$", "free_space_min_mib = 0", text)
    text = text.replace(shipped, f"reserve_mib = {reserve_mib}\n")
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)


def waiting(rig):
    """Envelopes in the store of a broker that has ended."""
    return rig.stored("SELECT count(*) FROM envelope")[0][0]


class Disk:
    """A circle whose broker has a small disk."""

    def __init__(self, rig, kib, reserve_mib):
        self.rig, self.kib = rig, kib + 1024 * reserve_mib
        self.has_reserve = reserve_mib > 0
        # two requests: of one, more than 8 MiB of a member are not kept
        self.threads = []
        self.said, self.wrong = [], []

    def fault(self, what):
        self.wrong.append(f"{self.kib} KiB: {what}")

    def say(self, size):
        number = len(self.said)
        text = f"message {number} " + "x" * size
        code, _, err = self.rig.finish(self.rig.start(
            ASKER, "say", self.threads[number % 2], "--wait", 3, "--text", text))
        self.said.append(text)
        if code not in (0, 5):
            self.fault(f"say {number} ends {code}: {err}")
        if code == 5 and "room" not in err:
            self.fault(f"the sender is not told why: {err}")
        return code

    def fill(self):
        """Says until there is no room, for a small message either."""
        for size in (LETTERS, 10):
            for _ in range(400):
                if self.say(size) != 0:
                    break
            else:
                self.fault("it never was full")

    def still_up(self, when):
        if self.rig.broker.poll() is not None:
            self.fault(f"{when}: the broker ended with {self.rig.wait()}: "
                       f"{self.rig.log()[-300:]}")
            self.rig.up()

    def read(self):
        """What is there can be read on a full disk."""
        code, _, err = self.rig.finish(self.rig.start(HELPER, "sync"))
        if code not in (0, 5, 6, 7):
            self.fault(f"reading ends {code}: {err}")
        shown = self.shown()
        if shown != self.said[:len(shown)] or not shown:
            self.fault(f"nothing, or not the first, is read: {len(shown)}")
        return len(shown)

    def read_all(self, stored):
        """With a reserve all that is stored is read, and forgotten."""
        read = self.read()
        if self.has_reserve and read != stored:
            self.fault(f"{stored} stored, and only {read} read")

    def shown(self):
        """What is here of both, in the order in which it was said."""
        texts = [text for thread in self.threads
                 for text in self.rig.texts(HELPER, thread)
                 if text.startswith("message ")]
        return sorted(texts, key=lambda text: int(text.split()[1]))


def story(disk):
    """Full, read, started again on a full disk, and then there is room."""
    rig = disk.rig
    disk.fill()
    disk.still_up("full")
    stored = len(disk.said) - rig.run(ASKER, "status")["outbox"]
    disk.read_all(stored)
    read = len(disk.shown())
    disk.still_up("reading on a full disk")
    rig.kill()
    left = waiting(rig)
    if disk.has_reserve and left > 0:
        disk.fault(f"{left} were read and not let go of")
    try:
        rig.up()
    except RuntimeError as refused:
        disk.fault(f"no start on a full disk: {str(refused)[-300:]}")
        rig.kill()
    resize(rig.path("b"), disk.kib + ROOMY_KIB)
    if rig.broker is None:
        rig.up()
    for profile in (ASKER, HELPER, ASKER):
        rig.run(profile, "sync")
    if disk.shown() != disk.said:
        shown = disk.shown()
        lost = [text[:20] for text in disk.said if text not in shown]
        disk.fault(f"{len(shown)} shown, {len(disk.said)} said, lost {lost}")
    if rig.term() != 0:
        disk.fault("the end is not in good order")
    return stored, read


def one_size(tap, kib, reserve_mib):
    timer = Timer()
    with Rig(schools=[ASKER, HELPER]) as rig:
        disk = Disk(rig, kib, reserve_mib)
        mount(rig.path("b"), disk.kib + ROOMY_KIB)
        try:
            rig.found()
            disk.threads = [rig.thread(ASKER, HELPER) for _ in range(2)]
            rig.term()
            configure(rig, reserve_mib)
            if reserve_mib == 0:
                os.unlink(rig.path("b/store.reserve"))
            resize(rig.path("b"), disk.kib)
            rig.up()
            stored, read = story(disk)
            tap.note(f"{disk.kib} KiB: {len(disk.said)} said, {stored} stored at once, "
                     f"{read} read when it was full, in {timer}")
        finally:
            rig.kill()
            subprocess.run(["umount", rig.path("b")], check=True)
    tap.ok(not disk.wrong, f"a disk of {disk.kib} KiB, {reserve_mib} MiB in reserve",
           "\n".join(disk.wrong))


def main():
    if sys.argv[1:] != ["inside"]:
        own_namespace()
    tap, timer = Tap(), Timer()
    # fails where / is no mount point of its own (a chroot): then there is
    # nobody outside to see ours either
    subprocess.run(["mount", "--make-rprivate", "/"], stderr=subprocess.DEVNULL, check=False)
    n = count("RO_DISK_SIZES", quick=2, full=len(SIZES_KIB))
    sizes = SIZES_KIB[::max(1, len(SIZES_KIB) // n)][:n]
    for kib in sizes:
        for reserve_mib in (RESERVE_MIB, 0):
            one_size(tap, kib, reserve_mib)
    tap.note(f"{len(sizes)} sizes in {timer}")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

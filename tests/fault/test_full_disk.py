#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The broker's disk fills up: new messages are refused politely and kept by
their senders, the broker stays up, what is stored can still be read and let go
of, and once there is room everything arrives, once.

Runs itself again in a mount namespace of its own, with a small tmpfs for the
broker's folder; nothing outside the test sees it.
"""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["RO_SOURCE_ROOT"], "tests/support"))
from rig import Rig, Tap  # noqa: E402
from waits import Changes  # noqa: E402

ASKER, HELPER = 900001, 900012
SIZE_MIB = 40
# The fault is a disk that is full all the same, so no floor in the first story.
FLOOR_MIB = 4


def own_namespace():
    flags = ["--mount"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--mount"]
    os.execvp("unshare", ["unshare", *flags, "--propagation", "unchanged",
                          sys.executable, os.path.abspath(__file__), "inside"])


class SmallRig(Rig):
    """With a floor that fits the small disk."""
    free_min_mib = 0

    def up(self, env=None, *words):
        path = self.path("b/reachoutd.conf")
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(re.sub(r"(?m)^free_space_min_mib = \d+$",
                                f"free_space_min_mib = {self.free_min_mib}", text))
        super().up(env, *words)


def fill(path, leave):
    """Takes all the room that is left but so many bytes."""
    with open(path, "wb") as stream:
        try:
            while True:
                stream.write(b"\0" * 65536)
                stream.flush()
        except OSError:
            pass
    os.truncate(path, max(0, os.path.getsize(path) - leave))


def main():
    if sys.argv[1:] != ["inside"]:
        own_namespace()
    tap = Tap()
    # fails where / is no mount point of its own (a chroot): then there is
    # nobody outside to see ours either
    subprocess.run(["mount", "--make-rprivate", "/"], stderr=subprocess.DEVNULL, check=False)
    for story in (full, almost_full):
        with SmallRig(schools=[ASKER, HELPER]) as rig:
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_MIB}m", "tmpfs",
                            rig.path("b")], check=True)
            try:
                story(tap, rig)
            finally:
                rig.kill()
                subprocess.run(["umount", rig.path("b")], check=True)
    return tap.done()


def say_until_refused(rig, thread):
    """Texts said, exit codes, and the last one's words."""
    said, codes, words = [], [], ""
    for number in range(40):
        text = f"message {number} " + "x" * 30000
        code, _, err = rig.finish(rig.start(ASKER, "say", thread, "--wait", 3, "--text", text))
        said.append(text)
        codes.append(code)
        words = err or words
        if code == 5:
            break
    return said, codes, words


def free_bytes(rig):
    """What is left for the broker."""
    disk = os.statvfs(rig.path("b"))
    return disk.f_bavail * disk.f_frsize


def waiting(rig):
    """Envelopes in the store of a broker that has ended."""
    return rig.stored("SELECT count(*) FROM envelope")[0][0]


def all_arrive_once(tap, rig, thread, said):
    """Lets the filler go, and looks at what the helper reads."""
    os.unlink(rig.path("b/filler"))
    rig.run(ASKER, "sync")
    rig.run(HELPER, "sync")
    shown = rig.texts(HELPER, thread)
    lost = [text[:20] for text in said if shown.count(text) != 1]
    tap.ok(not lost, "with room again everything arrives once", lost)


def full(tap, rig):
    """Somebody else has taken all that the disk had."""
    rig.found()
    thread = rig.thread(ASKER, HELPER)
    rig.run(ASKER, "sync")
    fill(rig.path("b/filler"), 256 * 1024)
    said, codes, words = say_until_refused(rig, thread)
    tap.ok(codes[-1] == 5 and set(codes) <= {0, 5},
           "a full disk: the message is kept here, exit 5", f"{codes} {words}")
    tap.ok("room" in words, "the sender is told why", words)
    tap.ok(rig.broker.poll() is None, "the broker stays up", rig.log()[-500:])
    status = rig.run(ASKER, "status")
    tap.ok(status["outbox"] >= 1, "it waits in the outbox", status)
    tap.ok(not os.path.exists(rig.path("b/store.reserve")), "the reserve is given up")
    # the rest goes too: what is left now is what the reserve has left
    fill(rig.path("b/filler.more"), 2 * 1024 * 1024)
    rig.run(HELPER, "sync")
    tap.ok(len(rig.texts(HELPER, thread)) >= 1 + codes.count(0),
           "what is stored can be read on a full disk")
    rig.kill()
    left = waiting(rig)
    tap.ok(left == 0, "and was acknowledged: nothing of it waits any more", left)
    rig.up()
    os.unlink(rig.path("b/filler.more"))
    all_arrive_once(tap, rig, thread, said)
    tap.ok(os.path.exists(rig.path("b/store.reserve")), "the reserve is there again")
    tap.ok(rig.term() == 0, "and the broker ends in good order")


def almost_full(tap, rig):
    """Less than the floor is free: nothing fails, mail is refused."""
    rig.found()
    thread = rig.thread(ASKER, HELPER)
    rig.kill()
    rig.free_min_mib = FLOOR_MIB
    rig.up()
    fill(rig.path("b/filler"), (FLOOR_MIB + 1) * 1024 * 1024)
    said, codes, words = say_until_refused(rig, thread)
    tap.ok(codes[-1] == 5 and 0 in codes and set(codes) <= {0, 5},
           "near the floor: the message is kept here, exit 5", f"{codes} {words}")
    tap.ok("room" in words, "the sender is told why", words)
    with Changes(rig.path("b.log")) as log:
        tap.ok(log.until(lambda: "disk-short why=" in rig.log(), rig.broker),
               "its operator reads it at once", rig.log()[-1500:])
    free = free_bytes(rig)
    tap.ok(free > (FLOOR_MIB - 1) * 1024 * 1024, "and the disk is not full", free)
    tap.ok(os.path.exists(rig.path("b/store.reserve")), "so the reserve is not touched")
    rig.run(HELPER, "sync")
    all_arrive_once(tap, rig, thread, said)


if __name__ == "__main__":
    sys.exit(main())

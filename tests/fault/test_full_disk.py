#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The broker's disk fills up: new messages are refused politely and kept by
their senders, the broker stays up, what is stored can still be read, and once
there is room everything arrives, once.

Runs itself again in a mount namespace of its own, with a small tmpfs for the
broker's folder; nothing outside the test sees it.
"""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["RO_SOURCE_ROOT"], "tests/support"))
from rig import Rig, Tap  # noqa: E402

ASKER, HELPER = 900001, 900012
SIZE_MIB = 24


def own_namespace():
    flags = ["--mount"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--mount"]
    os.execvp("unshare", ["unshare", *flags, "--propagation", "unchanged",
                          sys.executable, os.path.abspath(__file__), "inside"])


def fill(path):
    """Takes all the room that is left but a few pages."""
    with open(path, "wb") as stream:
        try:
            while True:
                stream.write(b"\0" * 65536)
                stream.flush()
        except OSError:
            pass
    os.truncate(path, max(0, os.path.getsize(path) - 256 * 1024))


def main():
    if sys.argv[1:] != ["inside"]:
        own_namespace()
    tap = Tap()
    # fails where / is no mount point of its own (a chroot): then there is
    # nobody outside to see ours either
    subprocess.run(["mount", "--make-rprivate", "/"], stderr=subprocess.DEVNULL, check=False)
    with Rig(schools=[ASKER, HELPER]) as rig:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_MIB}m", "tmpfs",
                        rig.path("b")], check=True)
        try:
            story(tap, rig)
        finally:
            rig.kill()
            subprocess.run(["umount", rig.path("b")], check=True)
    return tap.done()


def story(tap, rig):
    rig.found()
    thread = rig.thread(ASKER, HELPER)
    fill(rig.path("b/filler"))
    said, codes, words = [], set(), ""
    for number in range(40):
        text = f"message {number} " + "x" * 30000
        code, _, err = rig.finish(rig.start(ASKER, "say", thread, "--wait", 3, "--text", text))
        said.append(text)
        codes.add(code)
        words = err or words
        if code == 5:
            break
    tap.ok(code == 5 and codes <= {0, 5}, "a full disk: the message is kept here, exit 5",
           f"{codes} {words}")
    tap.ok("room" in words, "the sender is told why", words)
    tap.ok(rig.broker.poll() is None, "the broker stays up", rig.log()[-500:])
    status = rig.run(ASKER, "status")
    tap.ok(status["outbox"] >= 1, "it waits in the outbox", status)
    os.unlink(rig.path("b/filler"))
    rig.run(ASKER, "sync")
    rig.run(HELPER, "sync")
    shown = rig.texts(HELPER, thread)
    lost = [text[:20] for text in said if shown.count(text) != 1]
    tap.ok(not lost, "with room again everything arrives once", lost)
    tap.ok(rig.term() == 0, "and the broker ends in good order")


if __name__ == "__main__":
    sys.exit(main())

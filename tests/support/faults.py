# SPDX-License-Identifier: Apache-2.0
"""What the tests of faults share: how many rounds, and the preloads.

    rounds = count("RO_KILL_BROKER", quick=12, full=1000)
    fault = Fault("sync", "store.db-wal", at=3, deed="EIO", log=rig.path("f"))
    rig.up(fault.env)
    fault.done()      # whether it came to that
"""
import os
import shutil
import subprocess
import time

from waits import ended


def count(name, quick, full):
    """How many rounds: what the environment says under this name, or the full
    count with RO_PROVE=1 (tools/dev prove), or the quick one."""
    prove = os.environ.get("RO_PROVE") == "1"
    return int(os.environ.get(name, full if prove else quick))


class Timer:
    """Seconds since it was made, as words."""

    def __init__(self):
        self.start = time.monotonic()

    def __str__(self):
        return f"{time.monotonic() - self.start:.0f} s"


def lives(process, seconds):
    """Waits for the end of a process, at most so long; whether it still runs."""
    return not ended(process, seconds)


def preload(*libraries, **variables):
    """The environment of a process with libraries in front of libc."""
    # the sanitizer insists on being first, and need not be here
    asan = os.environ.get("ASAN_OPTIONS", "")
    return {**variables, "LD_PRELOAD": " ".join(libraries),
            "ASAN_OPTIONS": f"{asan}:verify_asan_link_order=0:detect_leaks=0"}


class Fault:
    """One fault of fault.c; the words are told there. Without a deed it only
    counts the places."""

    def __init__(self, call, file="", at=0, deed=None, log=None, times=1):
        self.log = log
        if os.path.exists(log):
            os.unlink(log)
        self.env = preload(os.environ["FAULT_SO"], FAULT_CALL=call,
                           FAULT_FILE=file, FAULT_AT=str(at),
                           FAULT_TIMES=str(times), FAULT_LOG=log)
        if deed is not None:
            self.env["FAULT_DEED"] = deed

    def _noted(self):
        try:
            with open(self.log, "rb") as stream:
                return stream.read()
        except FileNotFoundError:
            return b""

    def places(self):
        """How many calls of the kind there were."""
        return self._noted().count(b".")

    def done(self):
        """Whether the deed was done."""
        return b"!" in self._noted()


class Power:
    """A folder that can lose its power (powercut.c tells the model)."""

    def __init__(self, folder):
        self.folder = folder
        self.shadow = folder.rstrip("/") + ".shadow"
        self.env = preload(os.environ["POWERCUT_SO"], POWERCUT_ROOT=folder,
                           POWERCUT_DIR=self.shadow)
        self._tool("adopt")

    def _tool(self, word, *more):
        subprocess.run([os.environ["POWERCUT_TOOL"], word, self.folder,
                        self.shadow, *more], check=True)

    def cut(self, seed=None):
        """Nobody may run in the folder. With a seed, a part of what was not
        synced did reach the disk."""
        self._tool("restore", *([] if seed is None else [str(seed)]))

    def under(self, env):
        """The environment with another preload in front of the power cut."""
        return {**self.env, **env,
                "LD_PRELOAD": f"{env['LD_PRELOAD']} {self.env['LD_PRELOAD']}"}


class KeyWatch:
    """Under which keys and nonces programs encrypt (keywatch.c)."""

    SIZE = 96

    def __init__(self, log):
        self.log = log
        self.env = preload(os.environ["KEYWATCH_SO"], KEYWATCH_LOG=log)

    def under(self, env):
        """The environment with another preload in front of this one."""
        return {**self.env, **env,
                "LD_PRELOAD": f"{env['LD_PRELOAD']} {self.env['LD_PRELOAD']}"}

    def records(self):
        """(key and nonce, text) of all encryptions."""
        with open(self.log, "rb") as stream:
            log = stream.read()
        return [(log[i:i + 64], log[i + 64:i + 96])
                for i in range(0, len(log) - len(log) % self.SIZE, self.SIZE)]

    @staticmethod
    def reused(records):
        """Pairs of key and nonce that stand for more than one text."""
        first = {}
        return [pair for pair, text in records
                if first.setdefault(pair, text) != text]


class Snapshot:
    """Folders as they were, to be put back."""

    def __init__(self, rig, *names):
        self.rig, self.names = rig, names

    def take(self):
        for name in self.names:
            shutil.rmtree(self.rig.path(name + ".kept"), ignore_errors=True)
            shutil.copytree(self.rig.path(name), self.rig.path(name + ".kept"))

    def put_back(self):
        for name in self.names:
            shutil.rmtree(self.rig.path(name))
            shutil.copytree(self.rig.path(name + ".kept"), self.rig.path(name))

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Floods against the broker as it is shipped, while honest members work.

Floods of seven kinds (flood.c) on loopback against a real reachoutd with its usual
configuration. For each: the broker's memory grows by less than 150 MiB, every
`sync` of an honest member that is started meanwhile ends well, what is said
meanwhile arrives, and within 5 s of the flood's end the connections are gone.
With RO_FLOODS=full (or RO_PROVE=1) the counts are those of the fault plan, and
times count too: the honest syncs take less than 2 s at p95, and one after the
flood less than that.

The honest member is at 127.0.0.1. The flood comes from other addresses of
loopback (127.0.0.2 to .11, so that the limit for one address does not help the
broker), and once more from 127.0.0.1 itself, as behind one router.
"""
import json
import os
import resource
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ["RO_SOURCE_ROOT"], "tests/support"))
from rig import Rig, Tap  # noqa: E402

FULL = "full" in (os.environ.get("RO_FLOODS"),
                  "full" if os.environ.get("RO_PROVE") == "1" else "")
SECONDS = int(os.environ.get("RO_FLOOD_S", 20 if FULL else 1))
ONLY = os.environ.get("RO_FLOODS_IN", "").split()
GROWTH_MAX = 150 << 20
P95_MAX_S = 2
BACK_MAX_S = 5
DESCRIPTORS = 16384  # config/systemd/reachoutd.service
ASKER, HELPER = 900001, 900012

# name: kind, connections at a time, opened a second, the first address, how
# many; quick counts and full ones
FLOODS = {
    "silent": ("silent", (300, 5000), (600, 2500), 2, 10),
    "silent-same": ("silent", (700, 5000), (2000, 2500), 1, 1),
    "half": ("half", (100, 1500), (400, 1500), 2, 10),
    "half-same": ("half", (100, 1500), (400, 1500), 1, 1),
    "begun": ("begun", (100, 1500), (400, 1500), 2, 10),
    "shake": ("shake", (32, 64), (100, 700), 2, 10),
    "shake-same": ("shake", (32, 64), (100, 700), 1, 1),
    "stay": ("stay", (100, 5000), (100, 700), 2, 10),
    "big": ("big", (4, 16), (50, 100), 2, 10),
    "more": ("more", (4, 16), (50, 100), 2, 10),
}

QUICK = ["silent-same", "half", "begun", "shake", "big", "more"]


class Watcher:
    """What the kernel tells about the broker."""

    def __init__(self, pid):
        self.proc = f"/proc/{pid}"

    def _status(self, name):
        with open(f"{self.proc}/status") as stream:
            for line in stream:
                if line.startswith(name + ":"):
                    return int(line.split()[1]) << 10
        raise RuntimeError(f"no {name}")

    def resident(self):
        return self._status("VmRSS")

    def forget_peak(self):
        with open(f"{self.proc}/clear_refs", "w") as stream:
            stream.write("5")

    def peak(self):
        return self._status("VmHWM")

    def descriptors(self):
        return len(os.listdir(f"{self.proc}/fd"))

    def effort(self):
        """Seconds of processor time."""
        with open(f"{self.proc}/stat") as stream:
            fields = stream.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Flood:
    """flood.c as a process."""

    def __init__(self, rig, kind, count, rate, first, sources):
        self.process = subprocess.Popen(
            [os.environ["FLOOD"], kind, rig.path("b/broker.pub"),
             *map(str, (count, rate, first, sources))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "full\n":
            raise RuntimeError("the flood did not come to be")

    def end(self):
        """Ends it; gives what it did."""
        out, _ = self.process.communicate(timeout=60)
        return json.loads(out)

    def abandon(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


class Honest:
    """A member that goes on working: how long its syncs take, and whether
    what it says arrives."""

    def __init__(self, rig, thread):
        self.rig, self.thread = rig, thread
        self.said, self.times, self.failed = [], [], []

    def sync(self):
        began = time.monotonic()
        code, document, err = self.rig.finish(self.rig.start(ASKER, "sync"))
        took = time.monotonic() - began
        self.times.append(took)
        if code != 0:
            self.failed.append(f"exit {code} after {took:.2f} s: {document} {err}")
        return took

    def say(self, text):
        """Says it, or keeps it: both are promises."""
        code, document, err = self.rig.finish(self.rig.start(
            ASKER, "say", self.thread, "--text", text))
        if code not in (0, 5):
            self.failed.append(f"say: exit {code}: {document} {err}")
        self.said.append(text)

    def missing(self):
        for profile in (ASKER, HELPER):
            self.rig.run(profile, "sync")
        texts = self.rig.texts(HELPER, self.thread)
        return [text for text in self.said if texts.count(text) != 1]


def percentile(samples, percent):
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def mib(size):
    return f"{size / (1 << 20):.1f} MiB"


def meanwhile(honest, name):
    """Syncs and says, again and again, while the flood runs."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until or len(honest.times) < 3:
        honest.sync()
        if len(honest.times) % 5 == 1:
            honest.say(f"{name} {len(honest.said)}")


def was_one(did, count):
    """Whether the flood came to the broker, and did what its name says."""
    came = did["tried"] - did["refused"] >= count
    if did["kind"] in ("shake", "stay", "big", "more"):
        came = came and did["shaken"] >= count / 2
    return came and (did["kind"] not in ("big", "more") or did["pushed"] > 0)


def back(broker, honest, before):
    """How long until the broker has no more descriptors than before, with
    syncs going on; at most about twice as long as it may take."""
    began = time.monotonic()
    while time.monotonic() - began < 2 * BACK_MAX_S:
        if broker.descriptors() <= before:
            break
        honest.sync()
    return time.monotonic() - began


def one_flood(tap, rig, thread, name):
    kind, counts, rates, first, sources = FLOODS[name]
    broker, honest = Watcher(rig.broker.pid), Honest(rig, thread)
    usual = min(honest.sync() for _ in range(3))
    honest.times.clear()
    descriptors, resident = broker.descriptors(), broker.resident()
    broker.forget_peak()
    effort, began = broker.effort(), time.monotonic()
    flood = Flood(rig, kind, counts[FULL], rates[FULL], first, sources)
    try:
        meanwhile(honest, name)
        most = broker.descriptors()
        effort = (broker.effort() - effort) / (time.monotonic() - began)
        did = flood.end()
    finally:
        flood.abandon()
    times = list(honest.times)
    took_back = back(broker, honest, descriptors)
    left = broker.descriptors()  # before a sync that opens some of its own
    after = honest.sync()
    grown = broker.peak() - resident
    p95 = percentile(times, 95)
    tap.note(f"{name}: {did}")
    tap.note(f"{name}: memory grew by {mib(grown)}, after it {mib(broker.resident() - resident)}; "
             f"{most} descriptors; {effort:.2f} of a processor")
    tap.note(f"{name}: {len(times)} syncs, p50 {percentile(times, 50):.2f} s, "
             f"p95 {p95:.2f} s, slowest {max(times):.2f} s; usual {usual:.2f} s, "
             f"after it {after:.2f} s; connections gone after {took_back:.2f} s")
    tap.ok(was_one(did, counts[FULL]), f"{name}: it was a flood", did)
    tap.ok(grown < GROWTH_MAX, f"{name}: memory grows by less than 150 MiB", mib(grown))
    tap.ok(not honest.failed, f"{name}: every honest sync ends well",
           "\n".join(honest.failed))
    tap.ok(left <= descriptors, f"{name}: its connections are gone",
           f"{left}, {descriptors} before")
    missing = honest.missing()
    tap.ok(not missing, f"{name}: what was said meanwhile arrives once", missing)
    if FULL:
        tap.ok(p95 < P95_MAX_S, f"{name}: honest syncs end in under 2 s at p95", p95)
        tap.ok(took_back < BACK_MAX_S and after < P95_MAX_S,
               f"{name}: all is back within 5 s", f"{took_back} {after}")


def main():
    tap = Tap()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, DESCRIPTORS), hard))
    with Rig(schools=[ASKER, HELPER]) as rig:
        # what the sanitizer keeps of freed memory is not the broker's
        rig.env["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=8"
        rig.found()
        thread = rig.thread(ASKER, HELPER)
        for name in ONLY or (FLOODS if FULL else QUICK):
            one_flood(tap, rig, thread, name)
        tap.ok(rig.broker.poll() is None and rig.term() == 0,
               "the broker is there, and ends when it is told to")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

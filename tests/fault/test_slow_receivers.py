#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Receivers that take nothing, or a byte a second, hurt only themselves.

Three members have conversations with one that writes long texts to all of
them. One is stopped (SIGSTOP) in the midst of `sync --watch`; one hangs behind
a line that lets a byte a second through (a relay in this test, between the
programs and the broker); one syncs now and then. While the broker has more for
the first two than it may push, its memory stays bounded, the third and the
writer get on, and the writer is told that the texts are *at the broker*. When
the first two go on, all texts are there, once, and the writer hears that they
arrived. RO_SLOW_TEXTS sets how many texts each gets; with RO_PROVE=1 the lines
stand for longer than the broker believes in them (its heartbeats), so that it
cuts them and they come back (the slow one on a line of usual speed), and times
count too.
"""
import os
import re
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ["RO_SOURCE_ROOT"], "tests/support"))
from faults import count  # noqa: E402
from rig import Rig, Tap  # noqa: E402

TEXTS = count("RO_SLOW_TEXTS", quick=24, full=200)
STAND_S = count("RO_SLOW_S", quick=0, full=90)
PROVE = os.environ.get("RO_PROVE") == "1"
SIZE = 40000  # of a text; with so many of them no buffer on the way is enough
GROWTH_MAX = 150 << 20
WRITER, STOPPED, SLOW, BRISK = 900001, 900012, 900013, 900017
BYTE_S = 1.0  # between two bytes on a slow line
CUT_S = 30  # earlier than this no line is given up, and set up again
RECEIPTS = 60  # that ride on a message, at least


class Relay:
    """Stands at the broker's two addresses, a thread for each way of each line.
    Lines that came while `marking` can be made slow, and quick again."""

    def __init__(self, doors):
        self.marking = False
        self.quick = threading.Event()
        self.quick.set()
        self.listeners = []
        for here, there in doors:
            listener = socket.create_server(here, backlog=64)
            self.listeners.append(listener)
            self.begin(self.accept, listener, there)

    @staticmethod
    def begin(work, *arguments):
        threading.Thread(target=work, args=arguments, daemon=True).start()

    def accept(self, listener, there):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            broker, marked = socket.socket(), self.marking
            for end in (client, broker):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if marked:
                broker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            try:
                broker.connect(there)
            except OSError:
                client.close()
                continue
            self.begin(self.pump, client, broker, False)
            self.begin(self.pump, broker, client, marked)

    def pump(self, source, target, marked):
        try:
            while True:
                slow = marked and not self.quick.is_set()
                data = source.recv(1 if slow else 65536)
                if not data:
                    break
                target.sendall(data)
                if slow:
                    self.quick.wait(BYTE_S)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        for listener in self.listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()


def put_between(rig):
    """Moves the broker to other addresses of loopback, and the relay to where
    it was; gives the relay."""
    rig.term()
    path = rig.path("b/reachoutd.conf")
    with open(path) as stream:
        text = stream.read()
    doors = []

    def move(match):
        host, port = match.group(1), int(match.group(2))
        first, *rest = host.split(".")[1:]
        moved = ".".join(["127", str((int(first) + 1) % 250 + 1), *rest])
        doors.append(((host, port), (moved, port)))
        return f"tcp://{moved}:{port}"

    text = re.sub(r"tcp://([\d.]+):(\d+)", move, text)
    with open(path, "w") as stream:
        stream.write(text)
    relay = Relay(doors)
    rig.up()
    return relay


def memory(rig, name):
    with open(f"/proc/{rig.broker.pid}/status") as stream:
        return next(int(line.split()[1]) << 10 for line in stream
                    if line.startswith(name + ":"))


class Talk:
    """The writer's conversations."""

    def __init__(self, rig):
        self.rig = rig
        self.threads = {who: rig.thread(WRITER, who)
                        for who in (STOPPED, SLOW, BRISK)}
        self.said = {who: [] for who in self.threads}
        self.times, self.brisk = [], []

    def say(self, who, text):
        began = time.monotonic()
        self.rig.run(WRITER, "say", self.threads[who], "--text", text)
        self.times.append(time.monotonic() - began)
        self.said[who].append(text)

    def round(self, number):
        for who in self.threads:
            self.say(who, f"{who} text {number} ".ljust(SIZE, "x"))
        began = time.monotonic()
        self.rig.run(BRISK, "sync")
        self.brisk.append(time.monotonic() - began)

    def begin_watch(self, who):
        """A watch that has shown its first message."""
        process = self.rig.start(who, "sync", "--watch")
        self.say(who, f"{who} begins")
        while b'"say"' not in process.stdout.readline():
            pass
        return process

    def states(self, who):
        """Where our texts to somebody are, as the writer is told."""
        messages = self.rig.run(WRITER, "read", self.threads[who])["messages"]
        return [m["state"] for m in messages if m["text"] in set(self.said[who])]

    def missing(self, who):
        texts = self.rig.texts(who, self.threads[who])
        return [text[:30] for text in self.said[who] if texts.count(text) != 1]


class Reader(threading.Thread):
    """Reads what a watch says, so that it never waits for us, and counts the
    texts that it tells of."""

    def __init__(self, process):
        super().__init__(daemon=True)
        self.stream, self.told = process.stdout, 0
        self.start()

    def run(self):
        for line in self.stream:
            self.told += line.count(b'"type":"say"')


def end_watch(rig, process, reader):
    process.send_signal(signal.SIGTERM)
    code = process.wait(30)
    reader.join(10)
    process.stdout.close()
    process.stderr.close()
    rig.clients.discard(process)
    return code


def p95(samples):
    return sorted(samples)[int(len(samples) * 0.95)]


def hold(tap, rig, talk):
    """Texts for everybody while two take nothing."""
    resident = memory(rig, "VmRSS")
    with open(f"/proc/{rig.broker.pid}/clear_refs", "w") as stream:
        stream.write("5")
    until, number = time.monotonic() + STAND_S, 0
    while number < TEXTS or time.monotonic() < until:
        if number < TEXTS:
            talk.round(number)
        else:
            rig.run(BRISK, "sync")
        number += 1
    grown = memory(rig, "VmHWM") - resident
    tap.note(f"{TEXTS} texts of {SIZE} bytes to each; memory grew by {grown / 2**20:.1f} MiB")
    tap.note(f"say p95 {p95(talk.times):.3f} s, another's sync p95 {p95(talk.brisk):.3f} s")
    tap.ok(grown < GROWTH_MAX, "the broker's memory grows by less than 150 MiB", grown)
    tap.ok(not talk.missing(BRISK), "another receiver has all of its texts",
           talk.missing(BRISK))
    if PROVE:
        tap.ok(p95(talk.times) < 2 and p95(talk.brisk) < 2,
               "others are served in under 2 s at p95")


def main():
    tap = Tap()
    with Rig(schools=[WRITER, STOPPED, SLOW, BRISK]) as rig:
        rig.found()
        relay = put_between(rig)
        talk = Talk(rig)
        relay.marking = True
        slow = talk.begin_watch(SLOW)
        relay.marking = False
        stopped = talk.begin_watch(STOPPED)
        readers = [Reader(slow), Reader(stopped)]
        relay.quick.clear()
        stopped.send_signal(signal.SIGSTOP)
        rig.run(WRITER, "sync")
        hold(tap, rig, talk)
        for who, name in ((STOPPED, "stopped"), (SLOW, "slow")):
            late = talk.states(who)[1:]
            tap.ok(late.count("at-the-broker") == TEXTS,
                   f"the writer is told that the texts for the {name} one are "
                   "at the broker", late)
        tap.ok(readers[1].told == 0, "the stopped one has heard of none", readers[1].told)
        if STAND_S < CUT_S:
            tap.ok(readers[0].told == 0, "nor has the slow one", readers[0].told)
        log = rig.log()
        relay.quick.set()
        stopped.send_signal(signal.SIGCONT)
        tap.ok([end_watch(rig, slow, readers[0]),
                end_watch(rig, stopped, readers[1])] == [0, 0],
               "both watches go on, and end when they are told to")
        for who, name in ((STOPPED, "stopped"), (SLOW, "slow")):
            rig.run(who, "sync")
            tap.ok(not talk.missing(who), f"the {name} one has all of its texts, once",
                   talk.missing(who))
            for _ in range(0, TEXTS, RECEIPTS):
                rig.run(who, "say", talk.threads[who], "--text", "Thank you.")
            rig.run(WRITER, "sync")
            tap.ok(set(talk.states(who)) == {"arrived"},
                   "and the writer hears that they arrived", talk.states(who))
        tap.ok("outcome=NO_ROOM" not in log, "nothing was refused for them", log[-2000:])
        tap.ok(rig.term() == 0, "the broker ends in good order")
        relay.close()
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

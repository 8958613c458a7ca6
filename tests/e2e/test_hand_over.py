#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Several processes on one profile: a watch that stays on it does the work of
all other commands, and nothing is lost or done twice when it dies."""
import fcntl
import json
import os
import signal
import socket
import stat
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["RO_SOURCE_ROOT"], "tests/support"))
from rig import Rig, Tap  # noqa: E402
from waits import PATIENCE_S, Changes, ended, readable  # noqa: E402

ASKER, HELPER, IDLED = 900001, 900012, 900003
PEERS = 16  # that there is room for at a watch, the one under way among them


SOON = ("--wait", "0.3")  # for a broker that does not answer, by design


class Watch:
    """A sync --watch --json, and what it prints."""

    def __init__(self, rig, profile, *words):
        self.rig, self.profile = rig, profile
        self.socket = rig.path("p", profile, "watch.sock")
        with Changes(os.path.dirname(self.socket)) as folder:
            self.process = rig.start(profile, "sync", *(words or ["--watch"]))
            folder.until(self.listens, self.process)
        self.pid = self.process.pid
        self.text = b""

    @classmethod
    def of_a_broker_that_stops(cls, rig):
        """One that nobody answers. It waits for little, and so soon does what
        is handed to it."""
        rig.broker.send_signal(signal.SIGSTOP)
        return cls(rig, ASKER, "--watch", *SOON)

    def listens(self):
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(self.socket) == 0

    def lines(self, enough=lambda lines: True):
        """All lines so far; waits until they are enough, or all."""
        stdout = self.process.stdout.fileno()
        while readable([stdout], 0 if enough(self.so_far()) else PATIENCE_S):
            more = os.read(stdout, 65536)
            self.text += more
            if not more:
                break
        return self.so_far()

    def so_far(self):
        return [json.loads(line) for line in self.text.split(b"\n")[:-1]]

    def events(self, n):
        """The types of its events; waits for so many."""
        def types(lines):
            return [e["type"] for line in lines for e in line["events"]]
        return types(self.lines(lambda lines: len(types(lines)) >= n))

    def end(self, with_signal=signal.SIGTERM):
        """(exit code, stderr)"""
        self.process.send_signal(with_signal)
        self.lines(lambda _: False)  # to their end
        ended(self.process)
        self.rig.clients.discard(self.process)
        err = self.process.stderr.read().decode()
        self.process.stdout.close()
        self.process.stderr.close()
        return self.process.returncode, err


def command(rig, *words, text=None, env=None, cwd=None, profile=ASKER):
    """What a person gets: (exit code, stdout, stderr)."""
    done = subprocess.run(
        [rig.reachout, "--profile", rig.path("p", profile), *map(str, words)],
        capture_output=True, cwd=cwd or rig.dir, timeout=120,
        input=text.encode() if text is not None else b"",
        env={**os.environ, **rig.env, **(env or {})})
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def frame(words, text=None, version=1, before=None):
    flags = (4 if text else 0) | (8 if before is not None else 0)
    body = struct.pack(">BB", version, flags)
    if before is not None:
        body += struct.pack(">Q", before)
    body += struct.pack(">H", len(words))
    for word in [*words, *([text] if text else [])]:
        body += struct.pack(">I", len(word) + 1) + word.encode() + b"\0"
    return struct.pack(">I", len(body)) + body


def connect(path):
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(PATIENCE_S)
    peer.connect(path)
    return peer


def answer(peer):
    """The body of the next answer; empty at the end."""
    head = peer.recv(4, socket.MSG_WAITALL)
    return peer.recv(struct.unpack(">I", head)[0], socket.MSG_WAITALL) \
        if len(head) == 4 else b""


def heard(peer, *kinds):
    """The first answer of some kinds; empty if the end comes before it."""
    while told := answer(peer):
        if told[:1] in kinds:
            return told
    return b""


class Idlers:
    """Some who come to a school's watch and ask nothing, or half of it. It
    takes a while until they are cut: come back at the end."""

    def __init__(self, rig):
        self.rig, self.watch = rig, Watch(rig, IDLED)
        self.peers = [connect(self.watch.socket) for _ in range(PEERS - 1)]
        self.peers[1].sendall(frame(["status"])[:9])

    def hold_up_nobody(self, tap):
        """Between all of them is room for one, and they are cut at last."""
        code, _, err = command(self.rig, "status", profile=IDLED)
        left = [peer.fileno() for peer in self.peers]
        tap.ok(code == 0, "idlers hold up nobody", err)
        tap.ok(readable(left, 0) == [], "while they are there")

    def are_cut(self, tap):
        tap.ok(all(answer(peer) == b"" for peer in self.peers), "idlers are cut")
        for peer in self.peers:
            peer.close()
        self.watch.end()


class Between:
    """Sits between a watch and the next command that comes, and passes on what
    they say: so one knows how far it has come."""

    BEGUN, DONE = b"\1", b"\2"

    def __init__(self, watch):
        self.path, self.aside = watch.socket, watch.socket + ".aside"
        os.rename(self.path, self.aside)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        self.peer = self.far = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for end in (self.listener, self.peer, self.far):
            if end is not None:
                end.close()

    def meet(self):
        """Takes the command's asking; the watch's socket is its own again."""
        self.listener.settimeout(PATIENCE_S)
        self.peer = self.listener.accept()[0]
        self.peer.settimeout(PATIENCE_S)
        os.rename(self.aside, self.path)
        return answer(self.peer)

    def until_begun(self):
        asking = self.meet()
        self.far = connect(self.path)
        self.far.sendall(struct.pack(">I", len(asking)) + asking)
        self.pass_on(self.BEGUN)

    def pass_on(self, last):
        """Passes answers on, to the last of a kind."""
        while told := answer(self.far):
            self.peer.sendall(struct.pack(">I", len(told)) + told)
            if told[:1] == last:
                break

    def until_changed(self, changes, times):
        """Waits until a vault was changed so often, or the command is done,
        which is not passed on."""
        for _ in range(times):
            if self.far.fileno() in readable([changes.fd, self.far.fileno()]):
                break
            changes.take()

    def until_done(self):
        """Waits until the command is done, and does not pass it on."""
        heard(self.far, self.DONE)


# --- the same as by itself ----------------------------------------------------

def same(tap, rig, thread, request):
    """Whether a watch runs or not, a command says the same."""
    def stable(told):  # what depends on the moment
        code, out, err = told
        if out.startswith("{"):
            document = json.loads(out)
            document.pop("directory", None)
            document.get("broker", {}).pop("reached_at", None)
            for listed in document.get("requests", []):
                listed.pop("age_s", None)
            out = json.dumps(document)
        return code, out, err
    lines = [["status", "--json"], ["members"], ["members", "--json"],
             ["requests", "--mine"], ["requests", "--json"],
             ["show", request], ["show", request[:6], "--json"],
             ["show", request], ["answers", request], ["read"],
             ["read", thread, "--json"], ["read", "--unread"],
             ["show", "ffffffffffff"], ["show", "ffffffffffff", "--json"],
             ["show", "xyz"], ["say", thread], ["ask", "--topic", "TL1"],
             ["members", "--group", "nobody"],
             ["ask", "--topic", "QQ9", "--urgency", "U3", "--to",
              "coordinators", "--text", "x"],
             ["say", thread, "--text", "-"],
             ["accept", thread], ["help", "say"], ["nothing"]]
    command(rig, "read")  # so that nothing is unread, before and after
    zones = [{"TZ": "Asia/Tokyo"}, {"TZ": "UTC"}, {}]
    calls = [(line, {}) for line in lines]
    calls += [(["show", request], zone) for zone in zones]
    alone = [stable(command(rig, *line, env=env)) for line, env in calls]
    watch = Watch(rig, ASKER)
    handed = [stable(command(rig, *line, env=env)) for line, env in calls]
    for (line, env), one, other in zip(calls, alone, handed):
        tap.ok(one == other, f"the same of {' '.join(line)[:40]} "
               f"{env.get('TZ', '')}", f"{one}\n{other}")
    tap.ok(len({told[1] for told in alone[-3:-1]}) == 2,
           "and times were in more than one zone", alone[-3:])
    return watch


def fifty(tap, rig, watch, thread):
    """Many, one after the other and two at once; nothing of them is in the
    watch's own lines."""
    for i in range(46):
        words = [["status"], ["read", thread], ["requests"]][i % 3]
        if rig.run(ASKER, *words) is None:
            tap.ok(False, f"command {i}")
            break
    else:
        tap.ok(True, "46 commands")
    for i in range(2):
        both = [rig.start(ASKER, "say", thread, "--text", f"{side} {i}")
                for side in ("left", "right")]
        done = [rig.finish(process) for process in both]
        tap.ok([code for code, _, _ in done] == [0, 0],
               "two at once", done)
    code, out, err = command(rig, "say", thread, "--text", "-",
                             text="From stdin\r\n", cwd="/")
    tap.ok(code == 0 and "at the broker" in out, "a text from stdin", out + err)
    rig.run(HELPER, "sync")
    texts = rig.texts(HELPER, thread)
    tap.ok(sorted(texts[-5:]) == ["From stdin", "left 0", "left 1", "right 0",
                                  "right 1"], "all of it arrived, once", texts)
    tap.ok(watch.lines() == [] or all(
        set(line) == {"schema", "events", "sent"} for line in watch.lines()),
        "the watch's lines are its own", watch.text)


# --- refused ------------------------------------------------------------------

def refused(tap, rig, watch):
    first = f"(process {watch.pid}): stop it first"
    for words in (["sync", "--watch"], ["sync", "--for", "3"],
                  ["join", rig.path(f"{ASKER}.inv"), "--key-file",
                   rig.path(f"{ASKER}.key")]):
        code, out, err = command(rig, *words)
        tap.ok(code == 1 and out == "" and first in err,
               f"{words[0]} {words[1][:7]} is refused in words", err)
        code, out, err = command(rig, *words, "--json")
        error = json.loads(out).get("error", {})
        tap.ok(code == 1 and error.get("exit") == 1 and first in error["why"],
               "and as JSON", out)
    tap.ok(watch.process.poll() is None, "the watch goes on")
    for words in (["join", "x.inv"], ["help"], ["authority", "requests",
                  "--dir", "/"], ["status", "--help"]):
        with connect(watch.socket) as peer:
            peer.sendall(frame(words))
            told = [answer(peer), answer(peer)]
            tap.ok(told == [b"\0", b"\3\3"],
                   f"{words[0]} is not done for a peer", told)
    with connect(watch.socket) as peer:
        peer.sendall(frame(["say", "abc", "--text", "-"]))
        told = [answer(peer), answer(peer), answer(peer)]
        tap.ok(told[2][:1] == b"\2" and b"is not here" in told[2],
               "nor is its own stdin read", told)


def hostile(tap, rig, watch):
    """Garbage costs the others nothing."""
    for garbage in (b"\xff" * 64, b"\0\0\0\0", os.urandom(4096),
                    frame(["status"], version=9), frame(["no-such-command"])):
        with connect(watch.socket) as peer:
            peer.sendall(garbage)
            told = b""
            try:
                while piece := peer.recv(4096):
                    told += piece
            except ConnectionResetError:
                pass
            tap.ok(told.endswith(b"\0\0\0\2\3\2"), "garbage is told so", told)
    mode = os.stat(watch.socket).st_mode
    tap.ok(stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600
           and stat.S_IMODE(os.stat(rig.path("p", ASKER)).st_mode) == 0o700,
           "the socket is for its owner only", oct(mode))


def too_many(tap, rig, watch, thread):
    """More than there is room for are told so; those in the queue wait."""
    rig.broker.send_signal(signal.SIGSTOP)
    with Between(watch) as between:
        first = rig.start(ASKER, "say", thread, "--wait", "8", "--text", "Slow.")
        between.until_begun()
        crowd = [connect(watch.socket) for _ in range(PEERS - 1)]
        over = connect(watch.socket)
        told = answer(over)
        tap.ok(told == b"\3\1", "one more than there is room for", told)
        over.close()
        code, _, err = command(rig, "status")
        tap.ok(code == 69 and "too many commands" in err, "and in words", err)
        for peer in crowd:
            peer.close()
        rig.broker.send_signal(signal.SIGCONT)
        between.pass_on(between.DONE)
        code, document, err = rig.finish(first)
    tap.ok(code in (0, 5), "the first was carried out", err)
    rig.run(ASKER, "sync")


# --- news ---------------------------------------------------------------------

def news(tap, rig, watch, thread):
    """What a sync that was handed over fetches is in the stream, once."""
    seen = len(watch.events(0))
    for i in range(4):
        rig.run(HELPER, "say", thread, "--text", f"News {i}")
        if i % 2:
            rig.run(ASKER, "sync")
    types = watch.events(seen + 4)
    tap.ok(len(types) == seen + 4 and set(types[seen:]) == {"say"},
           "each event is in the watch's stream once", types)
    rig.run(ASKER, "sync")
    tap.ok(len(watch.events(0)) == seen + 4, "and stays so")


def handed_sync(tap, rig, thread):
    """A watch that was told to wait for the broker fetches by another's sync:
    it shows in both."""
    rig.kill()
    watch = Watch(rig, ASKER)
    rig.run(ASKER, "sync", *SOON, expect=6)
    rig.up()
    rig.run(HELPER, "say", thread, "--text", "While you were away.")
    fetched = rig.run(ASKER, "sync")
    types = watch.events(1)
    tap.ok(types == ["say"], "its own stream has it, once", types)
    tap.ok(len(fetched["events"]) <= 1, "and the command what it fetched",
           fetched)
    return watch, fetched["events"]


# --- ends ---------------------------------------------------------------------

def ends(tap, rig, thread):
    for sign in (signal.SIGTERM, signal.SIGINT):
        watch = Watch(rig, ASKER)
        code, err = watch.end(sign)
        tap.ok(code == 0 and err == "" and not os.path.exists(watch.socket),
               f"{sign.name}: exit 0, nothing left", err)
    watch = Watch(rig, ASKER)
    watch.process.stdout.close()
    tap.ok(ended(watch.process) and watch.process.returncode == 0
           and watch.process.stderr.read() == b"",
           "nobody reads it: it ends quietly", watch.process.returncode)
    watch.process.stderr.close()
    hangs_up(tap, rig, thread)
    # SIGTERM while it carries something out: the command does it by itself
    watch = Watch.of_a_broker_that_stops(rig)
    with Between(watch) as between:
        process = rig.start(ASKER, "say", thread, "--wait", "3", "--text",
                            "Term.")
        between.until_begun()
        code, err = watch.end()
    tap.ok(code == 0 and err == "", "SIGTERM while it works: exit 0", err)
    rig.broker.send_signal(signal.SIGCONT)
    code, document, err = rig.finish(process)
    tap.ok(code in (0, 5), "and its command comes to its end", f"{code} {err}")
    rig.run(ASKER, "sync")
    rig.run(HELPER, "sync")
    tap.ok(rig.texts(HELPER, thread).count("Term.") == 1, "nothing lost, "
           "nothing twice", rig.texts(HELPER, thread))


def hangs_up(tap, rig, thread):
    """Nobody reads it any more when there is something to say."""
    rig.run(HELPER, "say", thread, "--text", "For nobody.")
    watch = Watch.of_a_broker_that_stops(rig)
    with connect(watch.socket) as peer:
        peer.sendall(frame(["sync", "--wait", "20"]))
        heard(peer, b"\1")
        watch.process.stdout.close()
        rig.broker.send_signal(signal.SIGCONT)
        heard(peer, b"\2")
    ended(watch.process)
    err = watch.process.stderr.read()
    watch.process.stderr.close()
    tap.ok(watch.process.returncode == 0 and err == b"",
           "what nobody reads is no failure", f"{watch.process.returncode} {err}")
    # nothing is told of what was cut short
    watch = Watch.of_a_broker_that_stops(rig)
    with connect(watch.socket) as peer:
        peer.sendall(frame(["say", thread, "--wait", "9", "--text", "Cut."]))
        heard(peer, b"\1")
        watch.end()
        left = heard(peer, b"\2")
        tap.ok(left == b"", "a command that was cut short has no answer", left)
    rig.broker.send_signal(signal.SIGCONT)


def killed(tap, rig, thread):
    """kill -9 in the middle of what was handed over, at several moments: when
    it has begun, at each change of the vault, and when it is done."""
    def kill_in(name, broker_stops, moment, *words):
        watch = Watch.of_a_broker_that_stops(rig) if broker_stops \
            else Watch(rig, ASKER)
        with Between(watch) as between, \
                Changes(rig.path("p", ASKER)) as changes:
            process = rig.start(ASKER, *words)
            between.until_begun()
            if moment == "done":
                between.until_done()
            else:
                between.until_changed(changes, moment)
            watch.end(signal.SIGKILL)
        left = os.path.exists(watch.socket)
        if broker_stops:
            rig.broker.send_signal(signal.SIGCONT)
        code, document, err = rig.finish(process)
        tap.ok(code in (0, 5) and left, f"{name}: done or kept ({code})",
               f"{code} {document} {err}")

    said = []
    for moment in (0, 1, 2, "done"):
        text = f"Killed while it waits, {moment}"
        kill_in(text, True, moment, "say", thread, *SOON, "--text", text)
        said.append(text)
    for moment in (*range(7), "done"):
        text = f"Killed soon, {moment}"
        kill_in(text, False, moment, "say", thread, "--text", text)
        said.append(text)
    before = len(rig.run(ASKER, "requests", "--mine")["requests"])
    kill_in("ask", True, 3, "ask", "--topic", "TL1", "--urgency", "U3",
            "--to", f"urn:{HELPER}", *SOON, "--text", "Once?")
    asked = rig.run(ASKER, "requests", "--mine")["requests"]
    tap.ok(len(asked) == before + 1, "one request came of it", asked)
    kill_in("withdraw", True, 3, "withdraw", asked[0]["request"], *SOON)
    rig.run(ASKER, "sync")
    rig.run(HELPER, "sync")
    texts = rig.texts(HELPER, thread)
    tap.ok([texts.count(text) for text in said] == [1] * len(said),
           "nothing lost, nothing twice", texts)
    tap.ok(rig.run(ASKER, "requests", "--mine")["requests"][0]["state"]
           == "withdrawn", "and it is withdrawn")


def taken_over(tap, rig, thread):
    """What one watch had begun when it died, the next one looks at first."""
    watch = Watch.of_a_broker_that_stops(rig)
    with Between(watch) as between:
        process = rig.start(ASKER, "say", thread, *SOON, "--text", "Next.")
        between.until_begun()
        os.kill(process.pid, signal.SIGSTOP)
        watch.end(signal.SIGKILL)
    again = Watch(rig, ASKER)
    tap.ok(again.listens(), "a watch takes a stale socket over")
    os.kill(process.pid, signal.SIGCONT)
    rig.broker.send_signal(signal.SIGCONT)
    code, document, err = rig.finish(process)
    tap.ok(code in (0, 5), "the next watch does it", f"{code} {document} {err}")
    again.end(signal.SIGKILL)
    tap.ok(rig.run(ASKER, "status")["member"] is not None,
           "without a watch a command works by itself")
    rig.run(ASKER, "sync")
    rig.run(HELPER, "sync")
    tap.ok(rig.texts(HELPER, thread).count("Next.") == 1,
           "nothing lost, nothing twice", rig.texts(HELPER, thread))


class Doomed:
    """A watch that begins what is handed to it, and is no more."""

    def __init__(self, rig, before):
        self.lock = open(rig.path("p", ASKER, "lock"), "r+b")
        fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.path = rig.path("p", ASKER, "watch.sock")
        if os.path.exists(self.path):  # stale
            os.unlink(self.path)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(self.path)
        self.socket.listen()
        self.before = before

    def live(self):
        peer = self.socket.accept()[0]
        asked = answer(peer)
        if self.before is None:  # not even begun
            peer.sendall(struct.pack(">IB", 1, 0))
        else:
            peer.sendall(struct.pack(">IBIBQ", 1, 0, 9, 1, self.before))
        self.socket.close()
        peer.close()
        os.unlink(self.path)
        self.lock.close()
        return asked


def lost(tap, rig, thread):
    """What was begun and not answered: the vault says whether it was done."""
    def say(before, expect, wait=("--wait", "60")):
        doomed = Doomed(rig, before)
        process = rig.start(ASKER, "say", thread, *wait, "--text", "Lost?")
        doomed.live()
        code, document, err = rig.finish(process)
        count = rig.texts(ASKER, thread).count("Lost?")
        tap.ok((code, count) == expect,
               f"begun with {before} before it: {expect}", f"{code} {count} {document} {err}")
        return document

    rig.run(ASKER, "say", thread, "--text", "Something else.")
    say(None, (0, 1))
    say(None, (0, 2))
    told = say(1, (0, 2))
    tap.ok(told["place"] == "at-the-broker" and told["thread"] == thread,
           "what was done is said, and where it is", told)
    rig.kill()
    say(2, (5, 3), SOON)
    told = say(2, (5, 3), SOON)
    tap.ok(told["place"] == "kept-here", "kept is said so", told)
    rig.up()
    ask = ["ask", "--topic", "TL2", "--urgency", "U4", "--to", f"urn:{HELPER}",
           "--text", "Once?"]
    withdraw = ["withdraw", rig.run(ASKER, *ask)["request"]]
    rig.run(ASKER, *withdraw)
    listed = rig.run(ASKER, "requests", "--mine")["requests"]
    for line in (ask, withdraw):
        doomed = Doomed(rig, 0)
        process = rig.start(ASKER, *line)
        doomed.live()
        code, document, err = rig.finish(process)
        after = rig.run(ASKER, "requests", "--mine")["requests"]
        tap.ok(code == 0 and len(after) == len(listed)
               and document["request"] == withdraw[1],
               f"{line[0]} was done before: that is said, and not done again",
               f"{code} {document} {err}")
    watch = Watch(rig, ASKER)
    for before, count in ((0, 3), (3, 4)):
        with connect(watch.socket) as peer:
            peer.sendall(frame(["--json", "say", thread, "--text", "Lost?"],
                               before=before))
            told = [answer(peer), answer(peer)]
            done = told[-1] if told[-1][:1] == b"\2" else answer(peer)
            tap.ok(done[:2] == b"\2\0"
                   and rig.texts(ASKER, thread).count("Lost?") == count,
                   f"so does another watch ({before})", told)
    watch.end()


def sent(tap, rig, thread):
    """A watch says what it sent, also when nothing came."""
    rig.kill()
    watch = Watch(rig, ASKER, "--watch", *SOON)
    rig.run(ASKER, "say", thread, "--wait", "0", "--text", "Later.", expect=5)
    rig.up()
    lines = watch.lines(lambda lines: any(line["sent"] for line in lines))
    tap.ok(sum(line["sent"] for line in lines) == 1,
           "a watch says what went out", lines)
    watch.end()


def stopped(tap, rig):
    """A watch that does not answer holds a command up, but not for ever; and
    a command that is interrupted says so."""
    watch = Watch(rig, ASKER)
    os.kill(watch.pid, signal.SIGSTOP)
    with Between(watch) as between:
        interrupted = rig.start(ASKER, "read")
        between.meet()
        interrupted.send_signal(signal.SIGINT)
        code, document, err = rig.finish(interrupted)
    process = rig.start(ASKER, "status", env={"REACHOUT_SILENCE": "least"})
    tap.ok(code == 130 and "interrupted" in err, "Ctrl+C while it waits", err)
    code, document, err = rig.finish(process)
    tap.ok(code == 69 and "does not answer" in err, "a watch that hangs", err)
    os.kill(watch.pid, signal.SIGCONT)
    tap.ok(rig.run(ASKER, "status") is not None, "it comes back")
    watch.end()


def main():
    tap = Tap()
    with Rig(schools=[ASKER, HELPER, IDLED]) as rig:
        rig.found()
        idlers = Idlers(rig)
        idlers.hold_up_nobody(tap)
        thread = rig.thread(ASKER, HELPER)
        request = rig.run(ASKER, "requests")["requests"][0]["request"]
        watch = same(tap, rig, thread, request)
        fifty(tap, rig, watch, thread)
        refused(tap, rig, watch)
        hostile(tap, rig, watch)
        too_many(tap, rig, watch, thread)
        news(tap, rig, watch, thread)
        watch.end()
        watch, _ = handed_sync(tap, rig, thread)
        watch.end()
        ends(tap, rig, thread)
        killed(tap, rig, thread)
        taken_over(tap, rig, thread)
        lost(tap, rig, thread)
        sent(tap, rig, thread)
        stopped(tap, rig)
        idlers.are_cut(tap)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

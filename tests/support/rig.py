# SPDX-License-Identifier: Apache-2.0
"""A circle of real processes in a temporary folder, for tests that need one.

    with Rig(schools=[900001, 900012]) as rig:
        rig.up()
        rig.run(900001, "sync")

Everything listens on loopback only; every process that it started is ended by
its id, whatever happens. Points are TAP.
"""
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile

from waits import Changes, ended


class Tap:
    """Counts points and prints them; ends with the plan."""

    def __init__(self):
        self.points = 0
        self.failed = 0

    def ok(self, good, what, detail=""):
        self.points += 1
        self.failed += 0 if good else 1
        print(f"{'ok' if good else 'not ok'} {self.points} - {what}")
        for line in ([] if good else str(detail).splitlines()[:30]):
            print(f"# {line}")
        sys.stdout.flush()
        return good

    def note(self, text):
        print(f"# {text}", flush=True)

    def done(self):
        print(f"1..{self.points}")
        return 1 if self.failed else 0


class Rig:
    """One broker, one authority, and profiles named by URN."""

    def __init__(self, schools, coordinators=(), broker=None):
        self.source = os.environ["RO_SOURCE_ROOT"]
        self.build = os.environ["RO_BUILD_ROOT"]
        self.reachout = os.path.join(self.build, "client/cli/reachout")
        self.reachoutd = broker or os.path.join(self.build, "daemon/reachoutd")
        self.dir = tempfile.mkdtemp(prefix="reachout-rig-")
        self.schools = list(schools)
        self.coordinators = list(coordinators)
        self.broker = None
        self.clients = set()
        self.env = {}

    # --- life ---------------------------------------------------------------

    def __enter__(self):
        os.mkdir(self.path("p"))
        os.mkdir(self.path("b"))
        for name in ("cast.csv", "medway.csv"):
            shutil.copy(os.path.join(self.source, "tests/data", name), self.dir)
        shutil.copy(os.path.join(self.source, "config/circle.conf"), self.dir)
        return self

    def __exit__(self, *_):
        for process in list(self.clients):
            process.kill()
            process.wait()
        self.kill()
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.dir, *[str(part) for part in parts])

    # --- the broker ----------------------------------------------------------

    def up(self, env=None, *words):
        """Starts the broker and waits for its "ready"."""
        log = open(self.path("b.log"), "ab")
        self.broker = subprocess.Popen(
            [self.reachoutd, "--config", self.path("b/reachoutd.conf"), *words],
            stdout=subprocess.PIPE, stderr=log, cwd=self.dir,
            env={**os.environ, **self.env, **(env or {})})
        log.close()
        line = self.broker.stdout.readline()
        if line != b"ready\n":
            raise RuntimeError(f"the broker said {line!r}: " + self.log()[-2000:])

    def kill(self):
        """kill -9, and waits until it is gone."""
        if self.broker is not None:
            self.broker.kill()
            self.broker.wait()
            self.broker.stdout.close()
            self.broker = None

    def term(self):
        """SIGTERM; gives the exit code."""
        self.broker.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self):
        """Waits until the broker has ended by itself; gives the exit code."""
        if not ended(self.broker):
            raise RuntimeError("the broker does not end: " + self.log()[-2000:])
        code = self.broker.returncode
        self.broker.stdout.close()
        self.broker = None
        return code

    def log(self):
        with open(self.path("b.log"), errors="replace") as stream:
            return stream.read()

    def new_door_key(self, path):
        """What its operator does with a new door.key; waits until the broker
        has read it."""
        def told():
            return self.log().count("door-key generation")
        shutil.copy(self.path("auth/door.key"), path)
        before = told()
        with Changes(self.path("b.log")) as log:
            self.broker.send_signal(signal.SIGHUP)
            if not log.until(lambda: told() > before, self.broker):
                raise RuntimeError("the broker did not read door.key again")

    def stored(self, query, *values):
        """Rows of the broker's store. It must not run; a copy is looked at, for
        its store is its own."""
        os.makedirs(self.path("copy"), exist_ok=True)
        for name in ("store.db", "store.db-wal"):
            if os.path.exists(self.path("b", name)):
                shutil.copy(self.path("b", name), self.path("copy", name))
        database = sqlite3.connect(self.path("copy/store.db"))
        rows = database.execute(query, values).fetchall()
        database.close()
        shutil.rmtree(self.path("copy"))
        return rows

    # --- commands --------------------------------------------------------------

    def start(self, profile, *words, env=None):
        """Starts a command of a profile; the caller waits with finish()."""
        process = subprocess.Popen(
            [self.reachout, "--profile", self.path("p", profile), "--json",
             *[str(word) for word in words]],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.dir,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **self.env, **(env or {})})
        self.clients.add(process)
        return process

    def finish(self, process):
        """Waits; gives (exit code, JSON document or None, stderr)."""
        out, err = process.communicate(timeout=120)
        self.clients.discard(process)
        try:
            document = json.loads(out)
        except ValueError:
            document = None
        return process.returncode, document, err.decode(errors="replace")

    def run(self, profile, *words, expect=0, env=None):
        """Runs a command to its end; raises unless it exits as expected."""
        code, document, err = self.finish(self.start(profile, *words, env=env))
        if expect is not None and code != expect:
            raise RuntimeError(f"{profile} {words}: exit {code}: {document} {err}")
        return document

    def talk(self, profile, *words):
        """A command as people see it: (exit code, stdout, stderr)."""
        done = subprocess.run(
            [self.reachout, "--profile", self.path("p", profile),
             *[str(word) for word in words]], capture_output=True, cwd=self.dir,
            stdin=subprocess.DEVNULL, env={**os.environ, **self.env}, timeout=120)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def office(self, *words):
        """Gives (exit code, JSON document, all that was said) of an authority
        command."""
        done = subprocess.run(
            [self.reachout, "--json", "authority", *[str(word) for word in words]],
            capture_output=True, cwd=self.dir, stdin=subprocess.DEVNULL,
            env={**os.environ, **self.env}, timeout=120)
        try:
            document = json.loads(done.stdout)
        except ValueError:
            document = {}
        return (done.returncode, document,
                done.stdout.decode() + done.stderr.decode())

    def need(self, *words):
        """An authority command that must succeed: its document."""
        code, document, talk = self.office(*words)
        if code != 0:
            raise RuntimeError(f"authority {words}: exit {code}: {talk}")
        return document

    def authority(self, command, *words):
        """The same, in the folder of the office."""
        return self.need(command, "--dir", self.path("auth"), *words)

    def init_broker(self):
        """The broker's folder, from what the authority gives its operator."""
        subprocess.run(
            [self.reachoutd, "init", "--dir", self.path("b"), "--authority",
             self.path("auth/authority.pub"), "--door-key",
             self.path("auth/door.key")],
            check=True, stdout=subprocess.DEVNULL, cwd=self.dir,
            env={**os.environ, **self.env})

    # --- a circle ready to talk ---------------------------------------------------

    def found(self):
        """Authority, broker, listings, members admitted, keys published."""
        self.authority("init", "--circle", "Estuary", "--key-file",
                       self.path("auth.key"))
        self.init_broker()
        self.up()
        self.authority("charter", "--file", self.path("circle.conf"),
                       "--broker", self.path("b/broker.pub"))
        self.authority("register", "--csv", self.path("cast.csv"))
        for urn in self.schools:
            self.authority("invite", "--kind", "school", "--urn", urn, "--seat",
                           "lead", "--out", self.path(f"{urn}.inv"))
        for name in self.coordinators:
            self.authority("invite", "--kind", "coordinators", "--name", name,
                           "--seat", "coordinator", "--home", "900016", "--out",
                           self.path(f"{name}.inv"))
        for profile in [*self.schools, *self.coordinators]:
            self.run(profile, "join", self.path(f"{profile}.inv"), "--holder",
                     f"Holder {profile}", "--key-file",
                     self.path(f"{profile}.key"))
        self.authority("admit", "--all")
        for profile in [*self.schools, *self.coordinators]:
            self.run(profile, "sync")
        return self

    def thread(self, asker, helper):
        """Opens a request between two schools and accepts: gives its thread."""
        request = self.run(asker, "ask", "--topic", "TL1", "--urgency", "U3",
                           "--to", f"urn:{helper}", "--text",
                           "Could do with a look.")["request"]
        self.run(helper, "sync")
        thread = self.run(helper, "answer", request, "--text", "Yes.")["answer"]
        self.run(asker, "sync")
        self.run(asker, "accept", thread)
        self.run(helper, "sync")
        return thread

    def texts(self, profile, thread):
        """All texts of a thread as a profile reads them."""
        return [message["text"] for message in
                self.run(profile, "read", thread)["messages"]]

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Bad input gets a sentence that says what to do, and loses nothing."""
import os
import re
import shutil
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["RO_SOURCE_ROOT"], "tests/support"))
from rig import Rig, Tap  # noqa: E402

ASKER, HELPER = 900001, 900012


def refused(tap, rig, what, expect, words, profile, *command, stdin=None):
    """The command ends with this code and says something with these words."""
    done = subprocess.run(
        [rig.reachout, "--profile", rig.path("p", profile), *map(str, command)],
        capture_output=True, cwd=rig.dir, input=stdin or b"", timeout=120)
    err = done.stderr.decode(errors="replace")
    tap.ok(done.returncode == expect and re.search(words, err, re.I),
           f"{what}: exit {expect}, in words",
           f"exit {done.returncode}: {err} {done.stdout[:500]!r}")
    return err


def refused_authority(tap, rig, what, expect, words, *command):
    done = subprocess.run([rig.reachout, "authority", *map(str, command)],
                          capture_output=True, cwd=rig.dir, timeout=120,
                          stdin=subprocess.DEVNULL)
    err = done.stderr.decode(errors="replace")
    tap.ok(done.returncode == expect and re.search(words, err, re.I),
           f"{what}: exit {expect}, in words", f"exit {done.returncode}: {err}")


def asking(tap, rig):
    ask = ["ask", "--urgency", "U3", "--to", "coordinators", "--to", f"urn:{HELPER}"]
    refused(tap, rig, "an unknown topic", 1, "did you mean TL1.*TL2, TL3.*ZZ0", ASKER,
            *ask, "--topic", "TLX", "--text", "x")
    refused(tap, rig, "an unknown urgency", 1, "U1|urgency", ASKER, "ask",
            "--urgency", "U9", "--topic", "TL1", "--to", "coordinators", "--text", "x")
    refused(tap, rig, "an unknown group", 1, "did you mean 'primary'.*secondary.*tideway", ASKER, "ask", "--urgency", "U3",
            "--topic", "TL1", "--to", "group:primarry", "--text", "x")
    refused(tap, rig, "a school that is not a member", 3, "900002|admitted", ASKER, "ask",
            "--urgency", "U3", "--topic", "TL1", "--to", "urn:900002", "--text", "x")
    refused(tap, rig, "70 KiB of text", 1, "bytes|long|shorten", ASKER,
            *ask, "--topic", "TL1", "--text", "-", stdin=b"x" * 70 * 1024)
    refused(tap, rig, "invalid UTF-8", 1, "utf-8|byte", ASKER,
            *ask, "--topic", "TL1", "--text", "-", stdin=b"caf\xe9")
    refused(tap, rig, "an empty text", 1, "nothing|empty", ASKER,
            *ask, "--topic", "TL1", "--text", "")
    refused(tap, rig, "an unknown command", 2, "did you mean", ASKER, "asks")
    refused(tap, rig, "an unknown request", 3, "no request|not found", ASKER, "show",
            "deadbeef")
    refused(tap, rig, "an id that is none", 2, "is no id", ASKER, "show", "xyz!")
    tap.ok(rig.run(ASKER, "requests")["requests"] == [], "none of it made a request")


def joining(tap, rig):
    refused(tap, rig, "a used invitation", 1, "used|invitation", "copy", "join",
            rig.path(f"{HELPER}.inv"), "--key-file", rig.path("copy.key"))
    refused(tap, rig, "something that is no invitation", 1, "invitation", "none", "join",
            rig.path("cast.csv"), "--key-file", rig.path("none.key"))
    refused(tap, rig, "an invitation that is not there", 3, "no such|not found|cannot",
            "none", "join", rig.path("absent.inv"), "--key-file", rig.path("none.key"))
    rig.authority("invite", "--kind", "school", "--urn", "900017", "--seat", "lead",
                  "--out", rig.path("old.inv"), "--expires", "1h")
    with open(rig.path("old.inv"), encoding="ascii") as stream:
        first, *rest = stream.read().splitlines(keepends=True)
    with open(rig.path("flip.inv"), "w", encoding="ascii") as stream:
        stream.write(first + "".join(line.replace("A", "B", 1) for line in rest))
    refused(tap, rig, "a damaged invitation", 1, "(damaged|cannot be read)",
            "none", "join", rig.path("flip.inv"), "--key-file", rig.path("none.key"))
    refused(tap, rig, "another holder for a profile that is there", 1,
            "was made for", ASKER, "join", rig.path(f"{ASKER}.inv"), "--holder",
            "Somebody else")
    refused(tap, rig, "asking oneself", 1, "this member itself", ASKER, "ask",
            "--topic", "TL1", "--urgency", "U3", "--to", f"urn:{ASKER}", "--text", "x")
    late = {**os.environ, "REACHOUT_NOW": "2031-01-01T00:00:00Z"}
    done = subprocess.run(
        [rig.reachout, "--profile", rig.path("p/old"), "join", rig.path("old.inv"),
         "--key-file", rig.path("old.key")], capture_output=True, cwd=rig.dir, env=late,
        timeout=60)
    tap.ok(done.returncode == 1 and b"expired" in done.stderr,
           "an expired invitation: exit 1, in words", done.stderr)


def registering(tap, rig):
    junk = rig.path("junk.bin")
    with open(junk, "wb") as stream:
        stream.write(os.urandom(4096))
    with open(rig.path("menu.csv"), "w") as stream:
        stream.write("Day,Dish\nMonday,Pie\n")
    for what, path in (("a binary file", junk), ("a CSV that is no register", rig.path("menu.csv"))):
        refused_authority(tap, rig, what, 1, "URN|register", "register", "--dir",
                          rig.path("auth"), "--csv", path)
    refused_authority(tap, rig, "a charter with mistakes", 1, r"menu.csv:\d+:", "charter", "--dir",
                      rig.path("auth"), "--file", rig.path("menu.csv"), "--broker",
                      rig.path("b/broker.pub"))


def broker_trouble(tap, rig, thread):
    rig.authority("invite", "--kind", "school", "--urn", 900016, "--seat", "lead",
                  "--out", rig.path("away.inv"))
    rig.kill()
    refused(tap, rig, "broker away, joining", 6, "your keys are made and stay", "away",
            "join", rig.path("away.inv"), "--key-file", rig.path("away.key"))
    shown = rig.run("away", "status")
    tap.ok(shown["broker"]["reachable"] is False and shown["enrolment"] == "made",
           "status says that it was tried", shown)
    told = subprocess.run([rig.reachout, "--profile", rig.path("p/away"), "status"],
                          capture_output=True, check=True).stderr.decode()
    tap.ok("join again" in told and "sync" not in told, "and what is next", told)
    refused(tap, rig, "a number that is none", 2, "--for takes a number from 0 to 2592000, not", ASKER, "sync",
            "--for", "abc")
    refused(tap, rig, "broker away, sending", 5, "kept|reach", ASKER, "say", thread,
            "--wait", "1", "--text", "While you were out.")
    refused(tap, rig, "broker away, syncing", 5, "1 message waits", ASKER, "sync",
            "--wait", "1")
    refused(tap, rig, "broker away, nothing kept", 6, "reach", HELPER, "sync",
            "--wait", "1")
    # another broker on the same ports: other keys, nothing is sent to it
    subprocess.run([rig.reachoutd, "init", "--dir", rig.path("wrong"), "--authority",
                    rig.path("auth/authority.pub"), "--door-key", rig.path("auth/door.key"),
                    *endpoints(rig)], check=True, stdout=subprocess.DEVNULL)
    wrong = subprocess.Popen([rig.reachoutd, "--config", rig.path("wrong/reachoutd.conf")],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        wrong.stdout.readline()
        refused(tap, rig, "a wrong broker key", 9, "not the broker", ASKER, "sync",
                "--wait", "10")
    finally:
        wrong.kill()
        wrong.wait()
        wrong.stdout.close()
    rig.up()
    rig.run(ASKER, "sync")
    rig.run(HELPER, "sync")
    tap.ok(rig.texts(HELPER, thread).count("While you were out.") == 1,
           "what was kept meanwhile arrived once, and only at the right broker")


def endpoints(rig):
    conf = open(rig.path("b/reachoutd.conf")).read()
    found = re.findall(r"tcp://[0-9.:]+", conf)
    return ["--member", found[0], "--open", found[1]]


def taken_port(tap, rig):
    member = endpoints(rig)[1].removeprefix("tcp://")
    rig.kill()
    host, port = member.split(":")
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((host, int(port)))
        other.listen(1)
        done = subprocess.run([rig.reachoutd, "--config", rig.path("b/reachoutd.conf")],
                              capture_output=True, timeout=30)
        tap.ok(done.returncode == 69 and re.search(rb"in use|taken", done.stderr, re.I)
               and not done.stdout, "a taken port: exit 69, in words, and no ready",
               f"{done.returncode} {done.stderr}")
    rig.up()


def damaged(tap, rig):
    shutil.copytree(rig.path("p", HELPER), rig.path("p", "wrecked"))
    vault = rig.path("p/wrecked/vault.db")
    with open(vault, "r+b") as stream:
        stream.seek(0, 2)
        size = stream.tell()
        for at in range(4096 * 2 + 100, size, 997):
            stream.seek(at)
            byte = stream.read(1)
            stream.seek(at)
            stream.write(bytes([byte[0] ^ 1]))
    refused(tap, rig, "a damaged vault", 8, "damaged", "wrecked", "status")
    os.rename(rig.path(f"{HELPER}.key"), rig.path("away.key"))
    refused(tap, rig, "a vault without its key file", 8, "key", HELPER, "status")
    os.rename(rig.path("away.key"), rig.path(f"{HELPER}.key"))
    refused(tap, rig, "a profile that is not there", 3, "join|no ", "nobody", "status")


def without_a_lead(tap, rig):
    """An authority hears that a school without a lead is asked in vain."""
    def invite(*words):
        name = "-".join(words) + ".inv"
        done = subprocess.run(
            [rig.reachout, "authority", "invite", "--dir", rig.path("auth"),
             *words, "--out", rig.path(name)],
            capture_output=True, cwd=rig.dir, stdin=subprocess.DEVNULL,
            env={**os.environ, **rig.env}, timeout=60)
        return done.returncode, done.stdout.decode()

    warned = "Only a lead's seat can ask and answer"
    school = ("--kind", "school", "--urn", "900018", "--seat")
    code, said = invite(*school, "office")
    tap.ok(code == 0 and warned in said, "an office seat: the authority is warned",
           (code, said))
    code, said = invite(*school, "lead")
    tap.ok(code == 0 and warned not in said, "a lead's: it is not", (code, said))
    code, said = invite("--kind", "coordinators", "--name", "Desk", "--home",
                        "900016", "--seat", "coordinator")
    tap.ok(code == 0 and warned not in said, "a coordinator's: neither",
           (code, said))


def main():
    tap = Tap()
    with Rig(schools=[ASKER, HELPER], coordinators=["ruth"]) as rig:
        rig.found()
        asking(tap, rig)
        joining(tap, rig)
        log = rig.log()
        tap.ok("verb=enrol stage=" in log and "outcome=TICKET_USED" in log,
               "the log has the refusal: verb, stage, outcome", log)
        tap.ok("127." not in log and "Saltings" not in log and str(HELPER) not in log,
               "and no address, no name, no school", log)
        registering(tap, rig)
        without_a_lead(tap, rig)
        thread = rig.thread(ASKER, HELPER)
        broker_trouble(tap, rig, thread)
        taken_port(tap, rig)
        damaged(tap, rig)
        tap.ok(rig.term() == 0, "SIGTERM ends the broker with 0")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the program itself promises before there is a profile or a broker (TAP).

    test_program.py REACHOUT MANUAL-DIRECTORY STATES
"""

import json
import os
import re
import subprocess
import sys
import tempfile

program = os.path.abspath(sys.argv[1])
manual = open(os.path.join(sys.argv[2], "reachout.1.scd"), encoding="utf-8").read()
office = open(os.path.join(sys.argv[2], "reachout-authority.1.scd"),
              encoding="utf-8").read()
states = re.findall(r'\[REQUEST_[A-Z]+\] = "([a-z-]+)"',
                    open(sys.argv[3], encoding="utf-8").read())
points = 0
failed = 0


def ok(good, words, *details):
    global points, failed
    points += 1
    failed += not good
    print(f"{'' if good else 'not '}ok {points} - {words}")
    if not good:
        for detail in details:
            print(f"# {detail!r}")


def run(*args, text=b"", env=None, stdout=subprocess.PIPE):
    return subprocess.run([program, *args], input=text, stdout=stdout,
                          stderr=subprocess.PIPE, timeout=120,
                          env={**environment, **(env or {})})


def refuses(args, code, words, text=b""):
    """The same refusal as text and as JSON."""
    line = " ".join(args)
    plain = run(*args, text=text)
    ok(plain.returncode == code and plain.stdout == b""
       and words in plain.stderr.decode(),
       f"{line}: exit {code}, \"{words}\"", plain)
    shaped = run(*args, "--json", text=text)
    try:
        document = json.loads(shaped.stdout)
    except ValueError:
        document = {}
    error = document.get("error", {})
    ok(shaped.returncode == code and document.get("schema") == 1
       and error.get("exit") == code and shaped.stdout.count(b"\n") == 1
       and words in f"{error.get('text')}: {error.get('why')}"
       and shaped.stderr != b"",
       f"{line} --json: the same as one document", shaped)


def about_help():
    bare = run()
    ok(bare.returncode == 2 and bare.stdout == b""
       and b"reachout help" in bare.stderr, "no command", bare)
    listed = run("--help")
    ok(listed.returncode == 0 and listed.stderr == b"", "--help", listed)
    ok(run("help").stdout == listed.stdout, "help says the same")
    names = re.findall(r"^  ([a-z]+)  ", listed.stdout.decode(), re.M)
    ok(len(names) >= 19 and len(set(names)) == len(names),
       "every command is listed once", names)
    for name in names:
        told = run(name, "--help")
        ok(told.returncode == 0
           and told.stdout.startswith(b"reachout %s: " % name.encode())
           and run("help", name).stdout == told.stdout,
           f"{name} --help, help {name}", told)
    version = run("--version")
    ok(re.fullmatch(rb"reachout \d+\.\d+\.\d+\n", version.stdout),
       "--version", version)
    ok("help" in json.loads(run("help", "ask", "--json").stdout),
       "help as JSON is one document")
    return names


def about_the_manual(names):
    for name in names:
        told = run(name, "--help").stdout.decode()
        options = re.findall(r"^  (--[a-z-]+)", told, re.M)
        lacking = [o for o in options if f"*{o}*" not in manual]
        ok(f"\n*{name}*" in manual and not lacking,
           f"{name} and its options are in the manual", lacking)


def about_the_guide(names):
    """docs/GUIDE.md names every command, and none that is not there."""
    text = open(os.path.join(sys.argv[2], "../GUIDE.md"),
                encoding="utf-8").read()
    known = set(names) | {"authority", "help"}
    for name in names:
        ok(re.search(rf"`?reachout {name}\b", text),
           f"{name} is in the guide")
    named = set(re.findall(r"^(?:\* `)?reachout (\w+)", text, re.M))
    ok(named <= known, "the guide names only what is there", named - known)
    told = run("authority", "--help").stdout.decode()
    below = re.findall(r"^  ([a-z]+)  ", told, re.M)
    lacking = [name for name in below if f"`{name}`" not in text]
    ok(below and not lacking, "and each command of the authority", lacking)


def about_authority():
    told = run("authority", "--help").stdout.decode()
    for name in re.findall(r"^  ([a-z]+)  ", told, re.M):
        below = run("authority", name, "--help")
        ok(below.returncode == 0 and below.stdout.startswith(
            b"reachout authority %s: " % name.encode()),
           f"authority {name} --help", below)
        options = re.findall(r"^  (--[a-z-]+)", below.stdout.decode(), re.M)
        lacking = [o for o in options if f"*{o}*" not in office + manual]
        ok(f"\n*{name}*" in office and not lacking,
           f"authority {name} and its options are in the manual", lacking)
    refuses(["authority"], 2, "authority needs a command")
    refuses(["authority", "inti"], 2, "did you mean \"init\"?")


def about_usage():
    refuses(["aks"], 2, "did you mean \"ask\"?")
    refuses(["ask", "--topc", "x"], 2, "did you mean --topic?")
    refuses(["ask"], 2, "ask needs --topic")
    refuses(["ask", "--topic", "TL1", "--urgency", "U3", "--text", "x"], 2,
            "ask needs --to")
    refuses(["show"], 2, "show needs REQUEST")
    refuses(["close", "3f"], 2, "close needs --outcome")
    refuses(["close", "3f", "--outcome", "help"], 2, "did you mean \"helped\"?")
    refuses(["say", "3f"], 2, "say needs --text")
    refuses(["answer", "3f", "--text", "x", "--days", "0.7"], 2, "half days")
    refuses(["sync", "--wait", "soon"], 2, "takes a number from 0 to 86400")
    refuses(["requests", "--mine", "--incoming"], 2, "exclude each other")
    for later in ("queue", "offer", "kit", "lookahead"):
        refuses([later], 1, f"{later} is not in this release")
    refuses(["ask", "--veiled"], 1, "--veiled is not in this release")
    refuses(["say", "3f", "--text", "x", *["--attach", "x"] * 9], 2,
            "9 files are too many for one message")
    refuses(["save", "3f"], 2, "save needs --out")
    refuses(["save", "x", "--out", "y"], 2, "is no id")
    refuses(["close", "3f", "--outcome", "helped", "--story", "group"], 1,
            "--story group is not in this release")
    refuses(["join", "x.inv"], 1, "--key-file")


def about_words():
    """What can be said here, and what cannot: all there is is listed."""
    ok(len(states) >= 6 and "none" in states, "the states were found", states)
    for state in states:
        told = run("requests", "--state", state)
        ok(told.returncode == (2 if state == "none" else 3),
           f"requests --state {state}", told)
    refuses(["requests", "--state", "foo"], 2,
            "submitted, open, introduced, closed or withdrawn")
    refuses(["requests", "--state", "opne"], 2,
            "did you mean \"open\"? There are submitted, open")
    refuses(["ask", "--mode", "phone", "--topic", "TL1", "--urgency", "U3"], 2,
            "not one of in-person or remote")
    told = run("ask", "--help").stdout
    ok(b"circle.conf" in told and b"charter" in told,
       "ask --help says where topics come from", told)
    told = run("authority", "charter", "--help").stdout
    ok(b"[--file circle.conf --broker broker.pub] [--out FILE]" in told,
       "a charter can say the same again, without its files", told)


def about_ids():
    for line in (["show", "zz"], ["answers", "3F"], ["accept", ""],
                 ["say", "urn:1", "--text", "x"], ["pass", "a" * 33],
                 ["read", "x"], ["close", "g", "--outcome", "helped"]):
        refuses(line, 2, "is no id")


def about_texts():
    say = ["say", "3f", "--text", "-"]
    refuses(say, 1, "the text has 71680 bytes, and 60000 fit",
            b"x" * 70 * 1024)
    refuses(say, 1, "plain UTF-8", b"caf\xe9")
    refuses(say, 1, "the text is empty", b"\n")
    refuses(["say", "3f", "--text", ""], 1, "the text is empty")
    refuses(say, 3, "there is no profile in", b"caf\xc3\xa9\r\n")


def about_profiles():
    for line in (["status"], ["members"], ["requests"], ["sync"], ["read"],
                 ["show", "3f"], ["answers", "3f"], ["pass", "3f"],
                 ["withdraw", "3f"], ["accept", "3f"], ["decline", "3f"]):
        refuses(line, 3, "there is no profile in")
    hint = run("status")
    ok(b"reachout join" in hint.stderr, "a next step on stderr", hint)
    ok(not os.path.exists(os.path.join(place, "data")),
       "reading commands make no folder")


def about_output():
    with open("/dev/full", "w") as full:
        told = run("help", stdout=full)
    ok(told.returncode == 74 and b"stdout" in told.stderr,
       "a full stdout is not success", told)
    told = run("\033[2Jaks")
    ok(b"\033" not in told.stderr, "escapes are made visible on stderr", told)
    told = run("ask", "--\033[2J", "--json")
    ok(b"\033" not in told.stdout + told.stderr, "and in JSON", told)
    told = run("aks", b"\xff\xfe", "--json")
    ok(json.loads(told.stdout)["error"]["exit"] == 2, "not UTF-8 in argv", told)
    told = run("aks", env={"TERM": "xterm", "NO_COLOR": ""})
    ok(b"\033" not in told.stderr, "no colour into a pipe", told)


def about_completion():
    script = run("completion", "bash").stdout
    checked = subprocess.run(["bash", "-n"], input=script, capture_output=True)
    ok(checked.returncode == 0 and checked.stderr == b"", "bash reads it",
       checked)
    probe = script + b"""
COMP_WORDS=(reachout --json --profile p as) COMP_CWORD=4; _reachout
echo "${COMPREPLY[*]}"
COMP_WORDS=(reachout ask --topic TL1 --urg) COMP_CWORD=4; _reachout
echo "${COMPREPLY[*]}"
COMP_WORDS=(reachout authority in) COMP_CWORD=2; _reachout
echo "${COMPREPLY[*]}"
"""
    told = subprocess.run(["bash"], input=probe, capture_output=True)
    ok(told.stdout.split(b"\n")[0:2] == [b"ask", b"--urgency"]
       and b"init" in told.stdout, "and completes", told)
    refuses(["completion", "fish"], 1, "only bash")


with tempfile.TemporaryDirectory() as place:
    environment = {"PATH": os.environ["PATH"], "HOME": place,
                   "XDG_DATA_HOME": os.path.join(place, "data")}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
        if name in os.environ:
            environment[name] = os.environ[name]
    names = about_help()
    about_the_manual(names)
    about_the_guide(names)
    about_profiles()
    about_authority()
    about_usage()
    about_words()
    about_ids()
    about_texts()
    about_output()
    about_completion()
print(f"1..{points}")
sys.exit(1 if failed else 0)

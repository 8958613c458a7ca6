#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where one's own messages are, in the words that people see."""
import os
import re
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["RO_SOURCE_ROOT"], "tests/support"))
from rig import Rig, Tap  # noqa: E402
from waits import readable  # noqa: E402

ASKER, HELPER = 900001, 900012


def words(rig, profile, *command, expect=0):
    """What a person sees of a command: stdout and stderr."""
    done = subprocess.run(
        [rig.reachout, "--profile", rig.path("p", profile), *map(str, command)],
        capture_output=True, cwd=rig.dir, stdin=subprocess.DEVNULL, timeout=120)
    if done.returncode != expect:
        raise RuntimeError(f"{command}: exit {done.returncode} {done.stderr!r}")
    return done.stdout.decode(), done.stderr.decode()


def asking(tap, rig):
    """A request that is kept, goes out, and arrives."""
    rig.kill()
    words(rig, ASKER, "ask", "--topic", "TL1", "--urgency", "U3", "--to",
          f"urn:{HELPER}", "--wait", "1", "--text", "A look at phonics?", expect=5)
    listed, _ = words(rig, ASKER, "requests")
    tap.ok(listed.count("(kept here)") == 1, "requests marks what is kept", listed)
    request = rig.run(ASKER, "requests")["requests"][0]["request"]
    told, hint = words(rig, ASKER, "show", request)
    tap.ok("(kept here)" in told and re.search("next: reachout .* sync", hint),
           "so does show, with the next step", told + hint)
    told, hint = words(rig, ASKER, "status")
    tap.ok("not reached at the last try" in told and "1 message not at" in told
           and " sync" in hint, "status says that nobody answered", told + hint)
    told, hint = words(rig, ASKER, "sync", "--wait", "1", expect=5)
    tap.ok("1 message waits here" in hint and "Nothing new" not in told,
           "a sync says that it waits", told + hint)
    rig.up()
    told, _ = words(rig, ASKER, "sync")
    tap.ok("1 kept message went out." in told and "Nothing new" not in told,
           "sync says what went out", told)
    told, _ = words(rig, ASKER, "sync")
    tap.ok(told == "Nothing new.\n", "and says it once", told)
    told, _ = words(rig, ASKER, "status")
    tap.ok("reached at the last try, last answered" in told
           and "0 messages not at" in told, "status says that it was reached", told)
    told, _ = words(rig, ASKER, "show", request)
    tap.ok("(at the broker)" in told, "and show that it is at the broker", told)
    return request


def arriving(tap, rig, request):
    words(rig, HELPER, "sync")
    told, _ = words(rig, HELPER, "show", request)
    tap.ok("kept here" not in told and "at the broker" not in told,
           "what others sent has no place of ours", told)
    words(rig, HELPER, "answer", request, "--text", "Gladly.")
    told, _ = words(rig, ASKER, "sync")
    tap.ok("offers help" in told and "went out" not in told,
           "receipts are no messages that went out", told)
    told, _ = words(rig, ASKER, "show", request)
    tap.ok("(arrived)" in told, "in the end it has arrived", told)
    story = rig.run(ASKER, "show", request)["events"]
    tap.ok([event["place"] for event in story] == ["arrived", None],
           "JSON says the same", story)


def killed_while_looking(rig, *command):
    """Ends a command with kill -9 at the moment at which it looks for the
    broker: somebody else listens there."""
    with open(rig.path("b/reachoutd.conf"), encoding="utf-8") as conf:
        ports = re.findall(r'"tcp://([\d.]+):(\d+)"', conf.read())
    doors = [socket.create_server((host, int(port))) for host, port in ports]
    process = rig.start(ASKER, *command, "--wait", "60")
    looks = bool(readable([door.fileno() for door in doors]))
    process.kill()
    rig.finish(process)
    for door in doors:
        door.close()
    return looks


def kept_first(tap, rig, request):
    """Whatever happens while it looks for the broker, the words are kept."""
    rig.kill()
    tap.ok(killed_while_looking(
        rig, "ask", "--topic", "TL1", "--urgency", "U3", "--to",
        f"urn:{HELPER}", "--text", "Kept before anything else?"),
        "a killed ask had looked for the broker")
    asked = rig.run(ASKER, "requests")["requests"]
    tap.ok(len(asked) == 2, "and its text is kept", asked)
    tap.ok(killed_while_looking(rig, "say", request, "--text", "This, too."),
           "so had a killed say")
    tap.ok(rig.run(ASKER, "status")["outbox"] == 2, "its text is kept as well")
    rig.up()
    tap.ok(rig.run(ASKER, "sync")["sent"] == 2, "the next sync sends both")
    came = rig.run(HELPER, "sync")["events"]
    tap.ok(sorted(event["type"] for event in came) == ["ask", "say"],
           "and they come once", came)


def main():
    tap = Tap()
    with Rig(schools=[ASKER, HELPER]) as rig:
        rig.found()
        request = asking(tap, rig)
        arriving(tap, rig, request)
        kept_first(tap, rig, request)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

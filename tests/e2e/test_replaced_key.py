#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The authority gives a school new keys on its own word: the other school is
told, sends nothing there, compares the number, and goes on."""
import os
import sys

ROOT = os.environ["RO_SOURCE_ROOT"]
sys.path.insert(0, os.path.join(ROOT, "tests/support"))
from rig import Rig, Tap  # noqa: E402


def replace(rig, urn, profile):
    rig.authority("replace", "--urn", urn, "--out", rig.path(f"{profile}.inv"))
    rig.run(profile, "join", rig.path(f"{profile}.inv"), "--key-file",
            rig.path(f"{profile}.key"))
    rig.authority("admit", "--all")
    rig.run(profile, "sync")


def alarms(document):
    return [one for one in document["events"] if one["type"] == "key-changed"]


def before(tap, rig, member):
    code, document, talk = rig.finish(rig.start(900001, "verify", member,
                                                "--confirm"))
    tap.ok(code == 1 and "look at it first" in talk,
           "what nobody has seen is not confirmed", (code, document, talk))
    number = rig.run(900001, "verify", member)
    tap.ok(len(number["number"].split()) == 12 and len(number["words"]) == 10
           and number["verified"] is False, "a number in groups, and words", number)
    other = rig.run(900012, "verify", "urn:900001")
    tap.ok(other["number"] == number["number"]
           and other["words"] == number["words"], "the same on both sides", other)
    rig.run(900001, "verify", member, "--confirm")
    listed = [one for one in rig.run(900001, "members")["members"]
              if one["id"] == member]
    tap.ok(listed[0]["verified"] is True, "compared", listed)
    return number["number"]


def after(tap, rig, thread, member, number):
    code, document, talk = rig.finish(rig.start(900001, "say", thread, "--text",
                                                "Is it you?"))
    tap.ok(code == 9 and "verify" in talk, "say stops at once, exit 9",
           (code, document, talk))
    seen = rig.run(900001, "sync")
    tap.ok(len(alarms(seen)) == 1 and "replaced" in alarms(seen)[0]["refused"],
           "sync tells it", seen)
    tap.ok(alarms(rig.run(900001, "sync")) == [], "once")
    code, document, talk = rig.finish(rig.start(900001, "verify", member,
                                                "--confirm"))
    tap.ok(code == 9, "the number that was shown is another one",
           (code, document, talk))
    shown = rig.run(900001, "verify", member)
    tap.ok(shown["number"] != number and shown["replaced"] is True
           and shown["verified"] is False, "a new number", shown)
    tap.ok(rig.run("again", "verify", "urn:900001")["number"] == shown["number"],
           "which the new computer shows, too")
    done = rig.run(900001, "verify", member, "--confirm")
    tap.ok(done["verified"] is True, "compared", done)
    code, document, talk = rig.finish(rig.start(900001, "say", thread, "--text",
                                                "Can you read it?"))
    tap.ok(code == 1 and "has new keys and cannot read what was said before. "
           "Next: ask anew with 'ask'" in talk,
           "the new computer has no request: nothing is said there",
           (code, document, talk))
    tap.ok(rig.run(900001, "status")["outbox"] == 0, "and nothing is kept")


def kept(tap, rig, member):
    """Kept while the broker was away, and the key was replaced meanwhile."""
    asked = rig.run(900001, "ask", "--topic", "TL1", "--urgency", "U3", "--to",
                    "urn:900012", "--text", "Anew, then.")
    rig.run("again", "sync")
    thread = rig.run("again", "answer", asked["request"], "--text",
                     "Gladly.")["answer"]
    rig.run(900001, "sync")
    said = rig.run(900001, "say", thread, "--text", "It is you.")
    tap.ok(said["state"] == "at-the-broker", "in a new one it is said", said)
    rig.kill()
    rig.run(900001, "say", thread, "--text", "Kept.", "--wait", "1", expect=5)
    rig.up()
    replace(rig, 900012, "third")
    code, seen, talk = rig.finish(rig.start(900001, "sync"))
    tap.ok(code == 9 and len(alarms(seen)) == 1 and "kept" in talk,
           "sync keeps it, tells it, exit 9", (code, seen, talk))
    status = rig.run(900001, "status")
    tap.ok(status["outbox"] == 1, "it waits")
    held = rig.run(900001, "requests")["left_out"]
    tap.ok(len(held) == 1 and "verify" in held[0] and held == status["left_out"],
           "requests says for whom, as status does", held)
    asked = rig.run(900001, "ask", "--topic", "TL1", "--urgency", "U3", "--to",
                    "urn:900013", "--text", "You, perhaps?")
    tap.ok(asked["request"] is not None, "others go on", asked)
    rig.run(900001, "verify", member)
    rig.run(900001, "verify", member, "--confirm")
    rig.run(900001, "sync")
    tap.ok(rig.run(900001, "status")["outbox"] == 0, "it waits no more")
    last = rig.run(900001, "read", thread)["messages"][-1]
    tap.ok(last["text"] == "Kept." and last["state"] == "failed"
           and "ask anew" in last["failed"],
           "and was not sent to a computer that came later", last)


def in_part(tap, rig, member):
    """Of a group the others get it, and the way to the rest is shown."""
    replace(rig, 900012, "fourth")
    rig.start(900001, "sync").wait()
    code, out, err = rig.talk(900001, "ask", "--topic", "TL1", "--urgency", "U3",
                              "--to", "group:primary", "--text", "Anybody?")
    steps = [line.split(" ", 4)[-1] for line in err.splitlines()
             if line.startswith("next: ")]
    tap.ok(code == 5 and (out + err).count("was replaced") <= 1
           and "does not have it yet for everybody" in err
           and "the rest kept here" in out, "kept in part, said once", out + err)
    tap.ok(len(steps) == 2 and steps[0] == f"verify {member[:8]}"
           and steps[1] == "sync", "verify is next, then sync", err)
    rig.run(900001, "verify", member)
    code, out, err = rig.talk(900001, "verify", member, "--confirm")
    tap.ok(code == 0 and "1 message waits for them." in out
           and err.endswith(" sync\n"), "it says that something waits", out + err)
    rig.run(900001, "sync")
    tap.ok(rig.run(900001, "verify", member)["waiting"] == 0, "and goes")


def main():
    tap = Tap()
    with Rig([900001, 900012, 900013]) as rig:
        rig.found()
        thread = rig.thread(900001, 900012)
        member = rig.run(900012, "status")["member"]
        number = before(tap, rig, member)
        replace(rig, 900012, "again")
        after(tap, rig, thread, member, number)
        kept(tap, rig, member)
        in_part(tap, rig, member)
    return tap.done()


sys.exit(main())

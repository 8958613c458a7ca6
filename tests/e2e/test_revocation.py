#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A school is removed: the circle gets a new key, step by step, with 2 of 3
signers; who stays goes on talking, who is out opens nothing any more."""
import json
import os
import re
import shutil
import subprocess
import sys
import time

ROOT = os.environ["RO_SOURCE_ROOT"]
sys.path.insert(0, os.path.join(ROOT, "tests/support"))
from rig import Rig, Tap  # noqa: E402

DAY_S = 86400


def found(rig, keys, threshold):
    rig.need("init", "--dir", "auth", "--circle", "Estuary", "--keys", keys,
         "--threshold", threshold)
    rig.init_broker()
    rig.up()
    rig.need("charter", "--dir", "auth", "--file", "circle.conf", "--broker",
         "b/broker.pub")
    rig.need("register", "--dir", "auth", "--csv", "cast.csv")


def join(rig, *schools):
    for urn in schools:
        rig.need("invite", "--dir", "auth", "--kind", "school", "--urn", urn,
             "--seat", "lead", "--out", f"{urn}.inv")
        rig.run(urn, "join", rig.path(f"{urn}.inv"), "--key-file",
                rig.path(f"{urn}.key"))
    rig.need("admit", "--dir", "auth", "--all")
    for urn in schools:
        rig.run(urn, "sync")


def install(rig):
    """What the broker's operator does."""
    with open(rig.path("b/reachoutd.conf")) as stream:
        target = [line.split("=", 1)[1].strip().strip('"') for line in stream
                  if line.strip().startswith("door_key_file")]
    path = target[0] if target else rig.path("b/door.key")
    path = path if os.path.isabs(path) else rig.path("b", path)
    rig.new_door_key(path)


def twin(tap, rig):
    """A copy of the folder from before: only one of the two makes the key."""
    for words in ([], ["--urn", 900013]):
        code, _, talk = rig.office("revoke", "--dir", "twin", *words)
        tap.ok(code == 1 and "another copy" in talk and "authority.state" in talk,
               "a second copy of the folder makes no second key", talk)
    rig.run(900001, "sync")
    tap.ok(any(one["urn"] == 900013 and one["live"]
               for one in rig.run(900001, "members")["members"]),
           "and removes nobody")
    before = open(rig.path("twin/door.key"), "rb").read()
    shutil.copy(rig.path("auth/authority.state"), rig.path("twin"))
    done = rig.need("revoke", "--dir", "twin")
    tap.ok(done["stage"] == "needs-door-key" and done["generation"] == 2
           and open(rig.path("twin/door.key"), "rb").read() != before,
           "with the other's state it goes on with the same key", done)
    tap.ok(same(rig, "auth/door.key", "twin/door.key"), "the very same")


def same(rig, *names):
    return len({open(rig.path(name), "rb").read() for name in names}) == 1


def taken_over(tap, rig):
    """The copy that removed somebody is lost: another one goes on."""
    done = rig.need("revoke", "--dir", "heir", "--take-over")
    tap.ok(done["generation"] == 9, "with a key that nobody can have", done)
    code, _, talk = rig.office("revoke", "--dir", "heir", "--take-over")
    tap.ok(code == 1 and "nothing to take over" in talk, "once", talk)


def removal(tap, rig):
    """Four schools; the last one is removed."""
    thread = rig.thread(900001, 900012)
    rig.run(900014, "sync")
    before = rig.need("revoke", "--dir", "auth")
    tap.ok(before["stage"] == "settled" and before["generation"] == 1,
           "nobody was removed yet", before)
    shutil.copytree(rig.path("auth"), rig.path("twin"))
    watch = rig.start(900014, "sync", "--watch")
    rig.run(900014, "status")  # handed to the watch, which is there
    out = rig.need("revoke", "--dir", "auth", "--urn", 900014)
    code, _, talk = rig.finish(watch)
    tap.ok(code == 4 and talk.count("removed from the circle") == 1,
           "a watch of the removed says so once and ends, exit 4", (code, talk))
    shown = rig.run(900014, "status")
    tap.ok(shown["enrolment"] == "removed" and shown["removed_at"] is not None,
           "status says it, too", shown)
    tap.ok(out["stage"] == "needs-door-key" and out["generation"] == 2,
           "removed, and there is a new key", out)
    tap.ok([(one["name"][:5], one["state"]) for one in out["invitations"]]
           == [("Oakfo", "14-days"), ("Sailc", "14-days")],
           "invitations that are out and unused are named", out)
    code, _, talk = rig.office("revoke", "--dir", "auth", "--urn", 900014)
    tap.ok(code == 3, "once", talk)
    again = rig.need("revoke", "--dir", "auth")
    tap.ok(again["stage"] == "needs-door-key" and again["generation"] == 2,
           "the step is repeated, not the key", again)
    twin(tap, rig)
    code, document, talk = rig.finish(rig.start(900014, "sync"))
    tap.ok(code == 4 and "removed from the circle" in talk,
           "who was removed is told, exit 4", (code, document, talk))
    # it has the new key by now, and must not use it before the charter does
    rig.run(900001, "sync")
    said = rig.run(900001, "say", thread, "--text", "Under the old key.")
    tap.ok(said["state"] == "at-the-broker", "until then the old key is used", said)
    rig.run(900012, "sync")
    return thread


def new_key(tap, rig, thread):
    """The operator installs it; until then nobody notices anything."""
    install(rig)
    rig.run(900013, "status")
    out = rig.need("revoke", "--dir", "auth")
    tap.ok(out["stage"] == "settled" and out["generation"] == 2,
           "the broker has it, and the charter names it", out)
    # 900013 was away through all of it, and has the old key only
    rig.run(900013, "sync")
    request = rig.run(900013, "ask", "--topic", "TL1", "--urgency", "U3", "--to",
                      "urn:900012", "--text", "Late, but here.")
    tap.ok(request["state"] is not None, "who was away asks with the new key",
           request)
    rig.run(900012, "sync")
    said = rig.run(900012, "say", thread, "--text", "Under the new key.")
    tap.ok(said["state"] == "at-the-broker", "they talk on",
           said)
    rig.run(900001, "sync")
    texts = [one["text"] for one in rig.run(900001, "read", thread)["messages"]]
    tap.ok("Under the new key." in texts, "and understand each other", texts)
    texts = [one["text"] for one in rig.run(900012, "read", thread)["messages"]]
    tap.ok("Under the old key." in texts, "also what was said under the old", texts)
    code, _, talk = rig.finish(rig.start(900014, "sync"))
    tap.ok(code == 4, "who was removed stays out", (code, talk))
    nothing_for_it(tap, rig)


def nothing_for_it(tap, rig):
    """Of all that was sent since, the new key too, nothing is for it."""
    def waiting(urn):
        seat = rig.run(urn, "status")["seat"]
        return rig.stored("SELECT count(*) FROM envelope WHERE mailbox = ?",
                          bytes.fromhex(seat))[0][0]
    rig.term()
    waits = {urn: waiting(urn) for urn in (900014, 900017)}
    rig.up()
    tap.ok(waits[900017] > 0, "who is away has the new key waiting", waits)
    tap.ok(waits[900014] == 0, "who was removed has not", waits)


def late_invitation(tap, rig):
    """An invitation from before, used after: it brings the new key along."""
    rig.run(900015, "join", rig.path("900015.inv"), "--key-file",
            rig.path("900015.key"))
    rig.need("admit", "--dir", "auth", "--all")
    rig.run(900015, "sync")
    asked = rig.run(900015, "ask", "--topic", "TL1", "--urgency", "U3", "--to",
                    "urn:900012", "--text", "New here.")
    tap.ok(asked["request"] is not None, "a newcomer with an old invitation asks",
           asked)


def fourteen_days(tap, rig):
    """After them the old key opens no door."""
    rig.kill()
    later = time.time() + 15 * DAY_S
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(later))
    rig.env["REACHOUT_NOW"] = stamp
    rig.up(None, "--accept-clock")
    rig.need("requests", "--dir", "auth")
    code, document, talk = rig.finish(rig.start(
        900016, "join", rig.path("900016.inv"), "--key-file",
        rig.path("900016.key")))
    tap.ok(code == 1 and "before the circle's key was changed" in talk,
           "the old key is refused, and why", (code, document, talk))
    rig.run(900001, "sync")
    rig.run(900012, "sync")
    # 900017 has not been there since before the removal
    code, document, talk = rig.finish(rig.start(
        900017, "ask", "--topic", "TL1", "--urgency", "U3", "--to",
        "urn:900012", "--text", "Back again."))
    tap.ok(code == 5 and "new key" in json.dumps(document) + talk,
           "with the old key a message is kept", (code, document, talk))
    rig.run(900017, "sync")
    rig.run(900012, "sync")
    asked = rig.run(900012, "requests", "--incoming")["requests"]
    tap.ok(any(one["from"].startswith("Lamplighter") for one in asked),
           "behind the members' door waits the new key", asked)
    code, _, talk = rig.finish(rig.start(900014, "sync"))
    tap.ok(code == 4, "for who was removed there is none", (code, talk))
    rig.run(900015, "sync")
    asked = rig.run(900015, "ask", "--topic", "TL1", "--urgency", "U3", "--to",
                    "urn:900012", "--text", "Two weeks on.")
    tap.ok(asked["request"] is not None, "its admission brought the new key", asked)
    rig.need("invite", "--dir", "auth", "--kind", "school", "--urn", 900016,
         "--seat", "lead", "--out", "fresh.inv")
    rig.run(900016, "join", rig.path("fresh.inv"), "--key-file",
            rig.path("900016.key"))
    tap.ok(True, "a fresh invitation has the new one")


def after_ninety_days(tap, rig):
    """The key waited for 90 days; who comes later is told, and given it again."""
    rig.kill()
    later = time.time() + 100 * DAY_S
    rig.env["REACHOUT_NOW"] = time.strftime("%Y-%m-%dT%H:%M:%SZ",
                                            time.gmtime(later))
    rig.up(None, "--accept-clock")
    rig.need("requests", "--dir", "auth")
    for urn in (900001, 900012):
        rig.run(urn, "sync")
    code, document, talk = rig.finish(rig.start(900018, "sync"))
    tap.ok(code == 5 and "--again" in talk and "then run sync" in talk, "who missed the key is told what to do",
           (code, document, talk))
    code, document, talk = rig.finish(rig.start(
        900018, "ask", "--topic", "TL1", "--urgency", "U3", "--to",
        "urn:900012", "--text", "After the summer."))
    tap.ok(code == 5, "what it asks is kept", (code, document, talk))
    seat = rig.run(900018, "status")["seat"]
    code, _, talk = rig.office("revoke", "--dir", "auth", "--again", "ffffffff")
    tap.ok(code == 3, "a seat that is none gets no key", talk)
    done = rig.need("revoke", "--dir", "auth", "--again", seat[:12])
    tap.ok(done["stage"] == "needs-door-key" and done["generation"] == 3,
           "the key in force is given again, the next one waits as before", done)
    rig.run(900018, "sync")
    rig.run(900012, "sync")
    asked = rig.run(900012, "requests", "--incoming")["requests"]
    tap.ok(any(one["from"].startswith("Pentecost") for one in asked),
           "and what was kept goes out", asked)
    code, _, talk = rig.office("revoke", "--dir", "auth", "--again", seat, "--urn",
                         900001)
    tap.ok(code == 2, "giving again removes nobody", talk)


def said(rig, *words):
    """What an authority command tells people."""
    return subprocess.run([rig.reachout, "authority", *words],
                          capture_output=True, cwd=rig.dir, check=True,
                          env={**os.environ, **rig.env}).stdout.decode()


def lost_computer(tap, rig):
    """A seat that nobody here can ask any more: its id is in the list."""
    listed = rig.need("members", "--dir", "auth")["members"]
    states = {one["urn"]: one["state"] for one in listed}
    tap.ok(states[900014] == "removed" and states[900015] == "member",
           "who belongs to the circle, and who did", states)
    school = next(one for one in listed if one["urn"] == 900015)
    seat = rig.run(900015, "status")["seat"]
    tap.ok([(one["seat"], one["role"], one["state"]) for one in school["seats"]]
           == [(seat, "lead", "live")] and school["seats"][0]["since"],
           "a member's seats with their ids", (school, seat))
    rig.need("revoke", "--dir", "auth", "--seat", school["seats"][0]["seat"][:8],
             "--out", "lost")
    done = rig.need("publish", "--dir", "auth", "lost")
    tap.ok([(one["name"][:5], one["state"]) for one in done["invitations"]]
           == [("Sailc", "ended"), ("Sailc", "14-days")],
           "after a second change the older one opens nothing", done)
    tap.ok([one["member"] for one in done["seatless"]] == [school["id"]],
           "who can be reached no more is named", done)
    told = said(rig, "members", "--dir", "auth")
    tap.ok(", URN 900015, no seat: cannot be reached\n" in told
           and told.count("cannot be reached") == 1, "also in the list", told)
    listed = rig.need("members", "--dir", "auth")["members"]
    school = next(one for one in listed if one["urn"] == 900015)
    tap.ok(school["state"] == "member" and school["seats"][0]["state"] == "ended",
           "by that id it is ended", school)
    code, _, talk = rig.finish(rig.start(900015, "sync"))
    tap.ok(code == 4, "and knows", talk)
    rig.run(900012, "sync")
    code, _, talk = rig.finish(rig.start(
        900012, "ask", "--topic", "TL1", "--urgency", "U3", "--to", "urn:900015",
        "--text", "Hello?"))
    tap.ok(code == 1 and " has no seat any more, and cannot be reached" in talk,
           "who asks it alone is told why not", talk)


def last_seat(tap, rig):
    """Only drafted and signed: each hand is told whom it leaves without one."""
    seat = rig.run(900013, "status")["seat"]
    shutil.copy(rig.path("auth/directory.log"), rig.path("ada"))
    done = rig.need("revoke", "--dir", "auth", "--seat", seat, "--out", "s1")
    seen = rig.need("sign", "s1", "--dir", "ada")
    tap.ok([len(one["seatless"]) for one in (done, seen)] == [1, 1]
           and seen["seatless"][0]["name"].startswith("Cobblers"),
           "a last seat is named where it is drafted and signed", (done, seen))
    os.remove(rig.path("ada/directory.log"))


def signed_by_two(tap, rig):
    """The same where one office cannot sign alone."""
    os.mkdir(rig.path("ada"))
    shutil.copy(rig.path("auth/authority.pub"), rig.path("ada"))
    shutil.move(rig.path("auth/keys/2.key"), rig.path("ada/2.key"))
    shutil.move(rig.path("auth/keys/3.key"), rig.path("three.key"))
    last_seat(tap, rig)
    code, _, talk = rig.office("revoke", "--dir", "auth", "--urn", 900013)
    tap.ok(code == 1 and "1 is here" in talk, "one key removes nobody", talk)
    rig.need("revoke", "--dir", "auth", "--urn", 900013, "--out", "r1")
    tap.ok(rig.need("revoke", "--dir", "auth")["stage"] == "settled",
           "a draft removes nobody either")
    seen = rig.need("sign", "r1", "--dir", "ada", "--out", "r2")
    tap.ok("REMOVES the member" in seen["signs"][0]["text"], "in words", seen)
    shutil.copytree(rig.path("auth"), rig.path("heir"))
    done = rig.need("publish", "--dir", "auth", "r2")
    tap.ok(done["stage"] == "needs-door-key", "published, and a new key is sent",
           done)
    code, _, talk = rig.office("publish", "--dir", "heir", "r2")
    tap.ok(code == 1 and "another copy" in talk,
           "a second copy of the folder does not publish the removal, too", talk)
    taken_over(tap, rig)
    install(rig)
    done = rig.need("revoke", "--dir", "auth")
    tap.ok(done["stage"] == "needs-charter", "the charter needs two signers", done)
    rig.need("charter", "--dir", "auth", "--out", "n1")
    seen = rig.need("sign", "n1", "--dir", "ada", "--out", "n2")
    tap.ok("generation of the circle's key: 2" in seen["signs"][0]["text"],
           "in words", seen)
    text = said(rig, "publish", "--dir", "auth", "n2")
    again = said(rig, "publish", "--dir", "auth", "n2")
    tap.ok("generation 2 is in force" in text and "in force" not in again
           and "in force" in said(rig, "revoke", "--dir", "auth"),
           "the key is told of where it has moved, not at each publishing",
           (text, again))
    done = rig.need("publish", "--dir", "auth", "n2")
    tap.ok(done["stage"] == "settled" and done["generation"] == 2, "in force", done)
    for urn in (900001, 900012):
        rig.run(urn, "sync")
    asked = rig.run(900001, "ask", "--topic", "TL1", "--urgency", "U3", "--to",
                    "urn:900012", "--text", "Still there?")
    tap.ok(asked["request"] is not None, "and used", asked)


def full_mailbox(tap, rig):
    """Somebody's mailbox is full when another member is removed: the others
    get the new key all the same, and who did not get it is told later."""
    thread = rig.thread(900001, 900012)
    rig.term()
    path = rig.path("b/reachoutd.conf")
    with open(path) as stream:
        text = stream.read()
    with open(path, "w") as stream:
        stream.write(re.sub(r"(?m)^mailbox_envelopes_max = .*$",
                            "mailbox_envelopes_max = 64", text))
    rig.up()
    code = 0
    for number in range(80):
        code, _, _ = rig.finish(rig.start(
            900001, "say", thread, "--wait", 3, "--text", f"number {number}"))
        if code != 0:
            break
    tap.ok(code == 5, "a mailbox is full", code)
    done = rig.need("revoke", "--dir", "auth", "--urn", 900013)
    tap.ok(done["stage"] == "needs-door-key" and done["generation"] == 2,
           "a removal goes on beside it", done)
    install(rig)
    tap.ok(rig.need("revoke", "--dir", "auth")["stage"] == "settled",
           "and comes to its end")
    rig.run(900001, "sync", expect=5)
    rig.env["REACHOUT_NOW"] = time.strftime(
        "%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 20 * DAY_S))
    rig.term()
    rig.up(None, "--accept-clock")
    rig.need("requests", "--dir", "auth")
    code, document, talk = rig.finish(rig.start(900012, "sync"))
    tap.ok(code == 5 and "--again" in talk,
           "whose mailbox it was is told how to get the key", (code, document, talk))
    rig.need("revoke", "--dir", "auth", "--again",
             rig.run(900012, "status")["seat"][:12])
    rig.run(900012, "sync")
    tap.ok("number 0" in rig.texts(900012, thread), "and lost nothing")


def main():
    tap = Tap()
    with Rig(schools=[]) as rig:
        found(rig, 1, 1)
        join(rig, 900001, 900012, 900013, 900014, 900017, 900018)
        for urn in (900015, 900016):
            rig.need("invite", "--dir", "auth", "--kind", "school", "--urn", urn,
                 "--seat", "lead", "--expires", "60d", "--out", f"{urn}.inv")
        thread = removal(tap, rig)
        new_key(tap, rig, thread)
        late_invitation(tap, rig)
        fourteen_days(tap, rig)
        lost_computer(tap, rig)
        after_ninety_days(tap, rig)
    with Rig(schools=[]) as rig:
        found(rig, 3, 2)
        join(rig, 900001, 900012, 900013)
        signed_by_two(tap, rig)
    with Rig(schools=[900001, 900012, 900013]) as rig:
        rig.found()
        full_mailbox(tap, rig)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

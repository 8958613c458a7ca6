#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two of three keys, in three folders: founding, admission, and what is forged."""
import json
import os
import shutil
import subprocess
import sys

ROOT = os.environ["RO_SOURCE_ROOT"]
sys.path.insert(0, os.path.join(ROOT, "tests/support"))
from rig import Rig, Tap  # noqa: E402


def told(rig, *words):
    """Gives (exit code, the commands after "next: ") as a person sees them."""
    done = subprocess.run(
        [rig.reachout, "authority", *[str(word) for word in words]],
        capture_output=True, cwd=rig.dir, stdin=subprocess.DEVNULL,
        env={**os.environ, **rig.env}, timeout=120)
    return done.returncode, [line.removeprefix("next: ") for line in
                             done.stderr.decode().splitlines()
                             if line.startswith("next: ")]


def found(tap, rig):
    """The office has key 1; Ada and Ben have 2 and 3, and nothing else."""
    code, steps = told(rig, "init", "--dir", "try", "--circle", "Estuary",
                       "--keys", 3, "--threshold", 2)
    tap.ok(code == 0 and steps[-1].endswith(" --out FILE"),
           "with keys that go elsewhere a file is next", (code, steps))
    made = rig.need("init", "--dir", "auth", "--circle", "Estuary", "--keys", 3,
                "--threshold", 2)
    tap.ok(made["key_files"] == [rig.path(f"auth/keys/{i}.key") for i in (1, 2, 3)],
           "all signing keys are named", made)
    for name, number in (("ada", 2), ("ben", 3)):
        os.mkdir(rig.path(name))
        shutil.copy(rig.path("auth/authority.pub"), rig.path(name))
        shutil.move(rig.path(f"auth/keys/{number}.key"), rig.path(name, "my.key"))
    rig.init_broker()
    rig.up()


def compare(tap, rig):
    """Ada has the circle.conf that was agreed on; is it what she signs?"""
    seen = rig.need("sign", "c1", "--dir", "ada", "--file", "circle.conf")
    tap.ok(seen["file"] == "same" and "in c1 is THE SAME as the file "
           "circle.conf\n" in seen["signs"][0]["text"],
           "it is the one that was agreed on", seen)
    tap.ok("| " not in seen["signs"][0]["text"],
           "which is not read out once more", seen)
    code, steps = told(rig, "sign", "c1", "--dir", "ada", "--file", "circle.conf")
    tap.ok(code == 0 and steps == ["reachout authority sign c1 --dir ada --file "
                                   "circle.conf --out FILE"],
           "and it is signed only if it is compared again", (code, steps))
    with open(rig.path("circle.conf")) as stream:
        lines = stream.read().splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("k = "))
    was, lines[at] = lines[at], "k = 17"
    with open(rig.path("agreed.conf"), "w") as stream:
        stream.write("\n".join(lines) + "\n")
    code, seen, _ = rig.office("sign", "c1", "--dir", "ada", "--file",
                               "agreed.conf")
    tap.ok(code == 1 and seen["file"] == "different" and seen["out"] is None
           and f"  - k = 17\n  + {was}\n" in seen["signs"][0]["text"]
           and "in c1 is ANOTHER than the file agreed.conf: "
           in seen["signs"][0]["text"],
           "another one is told, line by line, and exits 1", (code, seen))
    code, steps = told(rig, "sign", "c1", "--dir", "ada", "--file", "agreed.conf")
    tap.ok(code == 1 and steps == [], "nobody is led to sign it", (code, steps))
    code, _, talk = rig.office("sign", "c1", "--dir", "ada", "--file",
                               "agreed.conf", "--out", "c9")
    tap.ok(code == 1 and "nothing was signed" in talk
           and not os.path.exists(rig.path("c9")), "and not signed", talk)
    code, _, talk = rig.office("sign", "c1", "--dir", "ada", "--file", "nowhere")
    tap.ok(code == 3 and "nowhere" in talk, "no file is no comparison", talk)
    tap.ok(rig.need("sign", "c1", "--dir", "ada")["file"] is None,
           "without a file nothing is compared")


def charter(tap, rig):
    words = ["charter", "--dir", "auth", "--file", "circle.conf", "--broker",
             "b/broker.pub"]
    code, _, talk = rig.office(*words)
    tap.ok(code == 1 and "2 of 3 keys must sign and 1 is here" in talk,
           "one key is not enough, and the sentence says what to do", talk)
    drafted = rig.need(*words, "--out", "c1")
    tap.ok(drafted["records"] == 1 and drafted["signatures"] == 1,
           "the charter is drafted", drafted)
    code, _, talk = rig.office(*words, "--out", "c1")
    tap.ok(code == 1 and "there already" in talk, "never over a file", talk)
    code, _, talk = rig.office("publish", "--dir", "auth", "c1")
    tap.ok(code == 1 and "1 of the 2 signatures" in talk, "it cannot be published", talk)
    seen = rig.need("sign", "c1", "--dir", "ada")
    tap.ok(seen["signs"][0]["kind"] == "charter" and seen["out"] is None
           and "2 of 3 keys sign" in seen["signs"][0]["text"]
           and not os.path.exists(rig.path("c2")), "looking signs nothing", seen)
    compare(tap, rig)
    code, steps = told(rig, "sign", "c1", "--dir", "ada", "--out", "c0")
    tap.ok(code == 0 and steps == ["reachout authority publish --dir DIR c0"],
           "a signer's folder publishes nothing, and is not told to", steps)
    signed = rig.need("sign", "c1", "--dir", "ada", "--out", "c2")
    tap.ok(signed["signatures"] == 2, "Ada signs", signed)
    tap.ok(oct(os.stat(rig.path("c2")).st_mode & 0o777) == "0o600",
           "nobody else reads it")
    code, _, talk = rig.office("sign", "c2", "--dir", "ada", "--out", "c3")
    tap.ok(code == 1 and "already" in talk, "a key signs once", talk)
    done = rig.need("publish", "--dir", "auth", "c2")
    tap.ok(done["record"] == 1, "it is published", done)
    again = rig.need("publish", "--dir", "auth", "c2")
    tap.ok(again["record"] == 1 and (done["published"], again["published"]) == (1, 0),
           "and published again it is there once, and that is said", again)


def register(tap, rig):
    """Ada and Ben sign at the same time; what both changed is put together."""
    rig.need("register", "--dir", "auth", "--csv", "cast.csv", "--out", "r1")
    shutil.move(rig.path("auth/keys/1.key"), rig.path("one.key"))
    rig.need("register", "--dir", "auth", "--csv", "cast.csv", "--out", "r0")
    code, _, talk = rig.office("sign", "r0", "--dir", "ben", "--file",
                               "circle.conf")
    tap.ok(code == 1 and "no charter" in talk,
           "what has no circle.conf is not compared", talk)
    seen = rig.need("sign", "r0", "--dir", "ben")
    tap.ok(seen["signatures"] == 0 and seen["signs"][0]["kind"] == "listing",
           "a folder without a key writes it unsigned", seen)
    rig.need("sign", "r0", "--dir", "ada", "--out", "ra")
    rig.need("sign", "r0", "--dir", "ben", "--out", "rb")
    code, _, talk = rig.office("publish", "--dir", "auth", "ra")
    tap.ok(code == 1, "one of the copies is not enough", talk)
    done = rig.need("publish", "--dir", "auth", "ra", "rb")
    tap.ok(done["record"] == 2, "both copies are", done)
    rig.need("sign", "r1", "--dir", "ben", "--out", "rc")
    code, _, talk = rig.office("publish", "--dir", "auth", "rc")
    tap.ok(code == 0, "the same bodies are there already", talk)
    shutil.move(rig.path("one.key"), rig.path("auth/keys/1.key"))


def overtaken(tap, rig):
    rig.need("register", "--dir", "auth", "--csv", "medway.csv", "--la", "887",
         "--out", "m1")
    with open(rig.path("few.csv"), "w") as few:
        few.write("URN,EstablishmentName\n777777,Elsewhere\n")
    rig.need("register", "--dir", "auth", "--csv", "few.csv", "--out", "f1")
    seen = rig.need("sign", "f1", "--dir", "ada", "--out", "f2")
    tap.ok(seen["signs"][0]["text"].startswith("1 school of the register\n"),
           "one school is one", seen)
    rig.need("publish", "--dir", "auth", "f2")
    rig.need("sign", "m1", "--dir", "ada", "--out", "m2")
    code, _, talk = rig.office("publish", "--dir", "auth", "m2")
    tap.ok(code == 1 and "something else was published since" in talk,
           "who comes too late is told so", talk)
    shutil.copy(rig.path("auth/directory.log"), rig.path("ben"))
    code, _, talk = rig.office("sign", "m1", "--dir", "ben", "--out", "m3")
    tap.ok(code == 1 and "something else was published since" in talk,
           "also who only signs, where the directory is here", talk)


def few_keys(tap, rig, request, office):
    """With too few keys only what has --out can be done next."""
    code, steps = told(rig, "requests", "--dir", office)
    tap.ok(code == 0 and steps == [f"reachout authority admit --dir {office} "
                                   f"{request} --out FILE"],
           "a request leads to what can be done here", (code, steps))


def admission(tap, rig):
    """Invited without a key, signed by Ben, admitted by Ada and the office."""
    shutil.move(rig.path("auth/keys/1.key"), rig.path("one.key"))
    paper = rig.need("invite", "--dir", "auth", "--kind", "school", "--urn",
                 900001, "--seat", "lead", "--out", "raw.inv")
    tap.ok(paper["signed"] is False, "an invitation without a signature", paper)
    code, document, talk = rig.finish(rig.start(
        "early", "join", rig.path("raw.inv"), "--key-file", rig.path("early.key"),
        "--wait", 1))
    tap.ok(code == 1 and "sign" in json.dumps(document) + talk,
           "joining with it says what it lacks", (document, talk))
    seen = rig.need("sign", "raw.inv", "--dir", "ben", "--out", "900001.inv")
    tap.ok("Saltings" in seen["signs"][0]["text"]
           and "valid until 20" in seen["signs"][0]["text"],
           "Ben is told who is invited, and until when", seen)
    rig.env["REACHOUT_NOW"] = "2031-01-01T00:00:00Z"
    late = rig.need("sign", "raw.inv", "--dir", "ben")
    del rig.env["REACHOUT_NOW"]
    tap.ok("EXPIRED on 20" in late["signs"][0]["text"],
           "also that it is too late", late)
    rig.need("invite", "--dir", "auth", "--kind", "school", "--urn", 900013,
         "--seat", "lead", "--out", "no.inv")
    rig.need("sign", "no.inv", "--dir", "ben", "--out", "900013.inv")
    rig.run(900013, "join", rig.path("900013.inv"), "--key-file",
            rig.path("900013.key"))
    no = rig.need("requests", "--dir", "auth")["requests"][0]
    rig.need("refuse", "--dir", "auth", no["request"], "--text",
         "Wrong\nwords", "--out", "no1")
    seen = rig.need("sign", "no1", "--dir", "ben", "--out", "no2")
    tap.ok("WHICH NOTHING HERE ADMITS" in seen["signs"][0]["text"]
           and "says: refuses Cobblers Bridge" in seen["signs"][0]["text"]
           and ", lead: Wrong\\u{a}words" in seen["signs"][0]["text"],
           "a refusal is told as one, with its reason", seen)
    rig.need("publish", "--dir", "auth", "no2")
    rig.run(900001, "join", rig.path("900001.inv"), "--key-file",
            rig.path("900001.key"))
    waiting = rig.need("requests", "--dir", "auth")["requests"]
    words = waiting[0]["words"]
    code, _, talk = rig.office("admit", "--dir", "auth", waiting[0]["request"])
    tap.ok(code == 1 and "0 are here" in talk, "no key, no admission", talk)
    few_keys(tap, rig, waiting[0]["request"][:8], "auth")
    drafted = rig.need("admit", "--dir", "auth", waiting[0]["request"], "--out",
                   "a1")
    code, steps = told(rig, "requests", "--dir", "auth")
    tap.ok(code == 0 and steps == [],
           "what is in a file to be signed is not offered again", (code, steps))
    tap.ok(drafted["admitted"] == [] and drafted["answers"] == 1, "it is drafted",
           drafted)
    shutil.copy(rig.path("auth/directory.log"), rig.path("ben"))
    seen = rig.need("sign", "a1", "--dir", "ben", "--out", "a2")
    tap.ok([item["kind"] for item in seen["signs"]] == ["member", "seat", "answer"]
           and seen["signs"][1]["words"] == words and seen["checked"]
           and "Saltings" in seen["signs"][0]["text"],
           "Ben reads the same words", seen)
    tap.ok("reads these words to you" in seen["signs"][1]["text"]
           and "admitted here" in seen["signs"][2]["text"]
           and "says: admits Saltings" in seen["signs"][2]["text"],
           "is told who reads them to whom, and what is answered", seen)
    rig.need("sign", "a2", "--dir", "ada", "--out", "a3")
    rig.need("publish", "--dir", "auth", "a3")
    tap.ok(rig.need("requests", "--dir", "auth")["requests"] == [],
           "nobody waits any more")
    code, steps = told(rig, "members", "--dir", "auth")
    tap.ok(code == 0 and steps == ["reachout authority revoke --dir auth --seat "
                                   "ID --out FILE"],
           "members lead to what can be done here", (code, steps))
    rig.run(900001, "sync")
    tap.ok(rig.run(900001, "status")["role"] == "lead", "the school is in")
    shutil.move(rig.path("one.key"), rig.path("auth/keys/1.key"))


def join_and_admit(rig, profile, invitation):
    rig.run(profile, "join", invitation, "--key-file", rig.path(f"{profile}.key"))
    request = rig.need("requests", "--dir", "auth")["requests"][-1]
    out = rig.path(f"{profile}.admit")
    shutil.copy(rig.path("auth/directory.log"), rig.path("ada"))
    drafted = rig.need("admit", "--dir", "auth", request["request"], "--out", out)
    seen = rig.need("sign", out, "--dir", "ada", "--out", out + "2")
    rig.need("publish", "--dir", "auth", out + "2")
    rig.run(profile, "sync")
    return request, drafted, seen


def member(rig, profile, urn):
    rig.run(profile, "sync")
    return [one for one in rig.run(profile, "members")["members"]
            if one["urn"] == urn]


def replaced(tap, rig):
    """A school that lost its computer joins again with new keys, and is the
    same member."""
    rig.need("invite", "--dir", "auth", "--kind", "school", "--urn", 900012,
         "--seat", "lead", "--out", "900012.inv")
    join_and_admit(rig, 900012, rig.path("900012.inv"))
    before = member(rig, 900012, 900001)[0]
    code, _, talk = rig.office("replace", "--dir", "auth", "--urn", 900013, "--out",
                         "none.inv")
    tap.ok(code == 3, "who is no member gets no new keys", talk)
    rig.need("replace", "--dir", "auth", "--urn", 900001, "--out", "again.inv")
    request, drafted, seen = join_and_admit(rig, "again", rig.path("again.inv"))
    tap.ok(request["replaces"] and request["member"] == before["id"],
           "the request says that it replaces", request)
    kinds = [item["kind"] for item in seen["signs"]]
    tap.ok(kinds == ["member", "revocation", "seat", "answer"]
           and drafted["records"] == 3, "member, old seats, new seat", seen)
    tap.ok(seen["checked"] and "REPLACES ITS KEY" in seen["signs"][0]["text"]
           and "Saltings" in seen["signs"][1]["text"]
           and seen["seatless"] == [],
           "in words, and it gets a seat for those that end", seen)
    after = member(rig, 900012, 900001)[0]
    tap.ok(after["id"] == before["id"], "it is the same member", (before, after))
    status = rig.run("again", "status")
    tap.ok(status["member"] == before["id"] and status["role"] == "lead",
           "and works with its new keys", status)
    code, document, talk = rig.finish(rig.start(900001, "sync"))
    tap.ok(code != 0, "the old computer is out", (code, document, talk))


def moved(tap, rig):
    with open(rig.path("links.csv"), "w") as links:
        links.write("URN,LinkURN,LinkName,LinkType,LinkEstablishedDate\n"
                    "900012,555555,Between,Successor,\n"
                    "555555,777777,Elsewhere,Successor - merged,01-09-2026\n"
                    "900001,900099,Nowhere,Successor,\n"
                    "777777,900012,Back,Predecessor,\n")
    seen = rig.need("register", "--dir", "auth", "--links", "links.csv",
                "--dry-run")
    tap.ok(seen["moved"] == [{"urn": 900012, "to": 777777}]
           and seen["held"][0]["urn"] == "900001", "what would be moved", seen)
    with open(rig.path("rivals.csv"), "w") as links:
        links.write("URN,LinkURN,LinkType\n900012,777777,Successor\n"
                    "900001,777777,Result of Amalgamation\n")
    rivals = rig.need("register", "--dir", "auth", "--links", "rivals.csv",
                  "--dry-run")
    tap.ok(rivals["moved"] == [] and len(rivals["held"]) == 2
           and "900012" in rivals["held"][0]["why"] + rivals["held"][0]["urn"],
           "two that become one are held and named", rivals)
    before = member(rig, "again", 900012)[0]
    rig.need("register", "--dir", "auth", "--links", "links.csv", "--out", "l1")
    code, _, talk = rig.office("sign", "l1", "--dir", "ben", "--out", "l2")
    tap.ok(code == 1 and "directory.log ends at record" in talk,
           "an older directory is no ground to sign on", talk)
    os.remove(rig.path("ben/directory.log"))
    code, _, talk = rig.office("sign", "l1", "--dir", "ben", "--out", "l2")
    tap.ok(code == 1 and "whose it is" in talk,
           "a key that nothing vouches for is not signed", talk)
    shutil.copy(rig.path("auth/directory.log"), rig.path("ben"))
    rig.need("sign", "l1", "--dir", "ben", "--out", "l2")
    rig.need("publish", "--dir", "auth", "l2")
    after = member(rig, "again", 777777)
    tap.ok(after and after[0]["id"] == before["id"]
           and not member(rig, "again", 900012), "the member has another URN",
           after)
    again = rig.need("register", "--dir", "auth", "--links", "links.csv",
                 "--dry-run")
    tap.ok(again["moved"] == [], "once", again)
    with open(rig.path("taken.csv"), "w") as links:
        links.write("URN,LinkURN,LinkType\n900001,777777,Successor\n")
    taken = rig.need("register", "--dir", "auth", "--links", "taken.csv",
                 "--dry-run")
    tap.ok(taken["moved"] == [] and "member already" in taken["held"][0]["why"],
           "nobody moves to where a member is", taken)
    rig.run(900012, "sync")
    with open(rig.path("round.csv"), "w") as links:
        links.write("LinkType,URN,LinkURN\nSuccessor,777777,555555\n"
                    "Successor,555555,777777\n")
    code, _, talk = rig.office("register", "--dir", "auth", "--links", "round.csv")
    tap.ok(code == 1 and "777777, 555555" in talk, "a circle is refused", talk)


def offline(tap, rig):
    """The broker is away while it is drafted: an authority that is never
    online."""
    rig.kill()
    with open(rig.path("late.csv"), "w") as late:
        late.write("URN,EstablishmentName\n777778,Afterwards\n")
    drafted = rig.need("register", "--dir", "auth", "--csv", "late.csv", "--wait",
                   1, "--out", "o1")
    tap.ok(drafted["signatures"] == 1, "drafted without a broker", drafted)
    listed = rig.need("members", "--dir", "auth", "--wait", 1)
    tap.ok(len(listed["members"]) == 2 and not listed["current"],
           "who is a member is listed without it, too", listed)
    shutil.copy(rig.path("auth/directory.log"), rig.path("ada"))
    rig.need("sign", "o1", "--dir", "ada", "--out", "o2")
    rig.up()
    tap.ok(rig.need("members", "--dir", "auth")["current"],
           "and as it is, once it is back")
    before = rig.need("publish", "--dir", "auth", "o2")["record"]
    tap.ok(rig.need("publish", "--dir", "auth", "o2")["record"] == before,
           "published once it is back")


def main():
    tap = Tap()
    with Rig(schools=[]) as rig:
        found(tap, rig)
        charter(tap, rig)
        register(tap, rig)
        overtaken(tap, rig)
        admission(tap, rig)
        replaced(tap, rig)
        moved(tap, rig)
        offline(tap, rig)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An authority that is never online: requests come to its folder as files, what
it signs leaves as files, and an office without a key publishes them. While the
authority works there is no broker at all."""
import os
import shutil
import subprocess
import sys

ROOT = os.environ["RO_SOURCE_ROOT"]
sys.path.insert(0, os.path.join(ROOT, "tests/support"))
from rig import Rig, Tap  # noqa: E402

LATER = "2027-06-01T10:00:00Z"


def found(rig):
    """The authority's folder, and the office's: a copy of it without keys."""
    rig.need("init", "--dir", "auth", "--circle", "Estuary")
    rig.need("init", "--dir", "other", "--circle", "Elsewhere")
    shutil.copytree(rig.path("auth"), rig.path("office"))
    shutil.rmtree(rig.path("office/keys"))
    subprocess.run(
        [rig.reachoutd, "init", "--dir", rig.path("b"), "--authority",
         rig.path("auth/authority.pub"), "--door-key", rig.path("auth/door.key")],
        check=True, stdout=subprocess.DEVNULL, cwd=rig.dir)


def publish(rig, *files):
    """The office publishes, and the directory is carried back."""
    rig.up()
    done = rig.need("publish", "--dir", "office", *files)
    shutil.copy(rig.path("office/directory.log"), rig.path("auth"))
    rig.kill()
    return done


def begin(tap, rig):
    drafted = rig.need("charter", "--dir", "auth", "--file", "circle.conf",
                   "--broker", "b/broker.pub", "--wait", 0, "--out", "charter")
    tap.ok(drafted["signatures"] == 1, "the charter is signed offline", drafted)
    publish(rig, "charter")
    rig.need("register", "--dir", "auth", "--csv", "cast.csv", "--out", "schools")
    done = publish(rig, "schools")
    tap.ok(done["record"] == 2, "an office without a key publishes both", done)
    for urn in (900001, 900012, 900013):
        rig.need("invite", "--dir", "auth", "--kind", "school", "--urn", urn,
             "--seat", "lead", "--out", f"{urn}.inv")


def join(rig, profile, urn, *words, expect=0):
    return rig.run(profile, "join", rig.path(f"{urn}.inv"), "--key-file",
                   rig.path(f"{profile}.key"), *words, expect=expect)


def ask(tap, rig):
    """The newcomers write their requests; nobody is asked."""
    asked = {}
    for urn in (900001, 900012, 900013):
        asked[urn] = join(rig, urn, urn, "--holder", f"Head of {urn}", "--out",
                          rig.path(f"{urn}.ask"))
    one = asked[900001]
    tap.ok(one["state"] == "requested" and one["out"] == rig.path("900001.ask")
           and len(one["words"]) == 5, "the request is in a file", one)
    tap.ok(oct(os.stat(rig.path("900001.ask")).st_mode & 0o777) == "0o600",
           "that nobody else reads")
    with open(rig.path("900001.ask")) as stream:
        tap.ok(stream.readline() == "reachout enrolment 1\n",
               "and says what it is")
    status = rig.run(900001, "status")
    tap.ok(status["enrolment"] == "requested", "status says so", status)
    join(rig, 900001, 900001, "--out", rig.path("900001.ask"), expect=1)
    join(rig, 900001, 900001, "--out", rig.path("again.ask"))
    tap.ok(same(rig, "900001.ask", "again.ask"), "again it is the same request")
    join(rig, 900001, 900001, "--wait", 1, "--out", rig.path("x.ask"), expect=2)
    tap.ok(not os.path.exists(rig.path("x.ask")), "no waiting with a file")
    return asked


def same(rig, *names):
    texts = []
    for name in names:
        with open(rig.path(name)) as stream:
            texts.append(stream.read())
    return texts[0] == texts[1]


def spoil(rig, name, change):
    """Writes a copy of a request with its lines changed."""
    with open(rig.path("900001.ask")) as stream:
        lines = stream.read().splitlines()
    change(lines)
    with open(rig.path(name), "w") as stream:
        stream.write("\n".join(lines) + "\n")
    return name


def flip(line, at=20):
    """Another letter of the same alphabet."""
    return line[:at] + ("B" if line[at] == "A" else "A") + line[at + 1:]


def refused_files(tap, rig):
    def cut(lines):
        lines[5] = lines[5][:-3]

    def body(lines):
        lines[len(lines) // 2] = flip(lines[len(lines) // 2])

    def ticket(lines):
        lines[2] = flip(lines[2])

    cases = [
        ("900001.inv", 1, "kind invitation, not enrolment", "an invitation"),
        ("cast.csv", 1, "no file of kind 'enrolment'", "something else"),
        ("nowhere.ask", 3, "nowhere.ask", "no file"),
        (spoil(rig, "cut.ask", cut), 1, "cut.ask: damaged", "a cut one"),
        (spoil(rig, "body.ask", body), 1, "body.ask", "a letter of the body"),
        (spoil(rig, "ticket.ask", ticket), 1, "ticket.ask",
         "a letter of the ticket"),
    ]
    for path, exit_code, words, what in cases:
        code, _, talk = rig.office("requests", "--dir", "auth", "--file", path)
        tap.ok(code == exit_code and words in talk, f"{what} is refused", talk)
    code, _, talk = rig.office("requests", "--dir", "other", "--file", "900001.ask")
    tap.ok(code == 1 and "another circle than Elsewhere" in talk,
           "a request of another circle is told as one", talk)
    code, _, talk = rig.office("requests", "--dir", "auth", "900001.ask")
    tap.ok(code == 2 and "--file" in talk, "a file needs --file", talk)
    rig.env["REACHOUT_NOW"] = LATER
    code, _, talk = rig.office("requests", "--dir", "auth", "--file", "900001.ask")
    del rig.env["REACHOUT_NOW"]
    tap.ok(code != 0 and "has expired" in talk,
           "a file is judged by when it gets here", talk)
    tap.ok(rig.need("requests", "--dir", "auth")["requests"] == [],
           "nothing of all that was kept")


def take_in(tap, rig, asked):
    done = rig.need("requests", "--dir", "auth", "--file", "900001.ask",
                "900012.ask", "900013.ask")
    tap.ok([one["state"] for one in done["files"]] == ["new"] * 3
           and len(done["requests"]) == 3, "three files are taken in", done)
    words = {one["holder"]: one["words"] for one in done["requests"]}
    tap.ok(all(words[f"Head of {urn}"] == asked[urn]["words"] for urn in asked),
           "with the words that the newcomers have", (words, asked))
    done = rig.need("requests", "--dir", "auth", "--file", "again.ask")
    tap.ok(done["files"][0]["state"] == "waiting" and len(done["requests"]) == 3,
           "the same one again is told, and there once", done)
    join(rig, "thief", 900001, "--out", rig.path("thief.ask"))
    code, _, talk = rig.office("requests", "--dir", "auth", "--file", "thief.ask")
    tap.ok(code != 0 and "same invitation" in talk,
           "a second request with one invitation is refused", talk)
    return {one["holder"][-6:]: one["request"] for one in done["requests"]}


def decide(tap, rig, ids):
    code, _, talk = rig.office("admit", "--dir", "auth", ids["900001"])
    tap.ok(code == 1 and "--out" in talk, "admitting at once says how else", talk)
    drafted = rig.need("admit", "--dir", "auth", ids["900001"], ids["900012"],
                   "--out", "admitted")
    tap.ok(drafted["records"] == 4 and drafted["answers"] == 2
           and drafted["signatures"] == 1, "two are admitted into a file", drafted)
    rig.need("refuse", "--dir", "auth", ids["900013"], "--text",
         "Ring us first, please.", "--out", "refused")
    listed = rig.need("requests", "--dir", "auth")["requests"]
    tap.ok(sorted(one["state"] for one in listed)
           == ["admitting", "admitting", "refusing"],
           "the list says what was decided", listed)


def publish_all(tap, rig):
    """One newcomer was online before, one was not: both hear of it."""
    rig.up()
    for urn in (900012, 900013):
        rig.run(urn, "sync")
    tap.ok(rig.run(900012, "status")["enrolment"] == "requested",
           "before it is published nobody is in")
    rig.kill()
    done = publish(rig, "admitted")
    tap.ok(done["record"] == 6 and done["answers"] == 2, "published", done)
    tap.ok(done["unheard"] == 0, "whom the directory admits needs no answer",
           done)
    publish(rig, "refused")
    again = publish(rig, "admitted")
    tap.ok(again["record"] == 6, "published again it is there once", again)
    listed = rig.need("requests", "--dir", "auth")["requests"]
    tap.ok([one["state"] for one in listed] == ["refusing"],
           "the directory that was carried back says who is in", listed)
    code, document, talk = rig.office("requests", "--dir", "auth", "--file",
                                "900001.ask")
    tap.ok(code == 0 and document["files"][0]["state"] == "admitted",
           "a file that comes once more was answered, and how", talk)
    rig.up()
    for urn in (900001, 900012):
        rig.run(urn, "sync")
        tap.ok(rig.run(urn, "status")["role"] == "lead", f"{urn} is in")
    code, document, talk = rig.finish(rig.start(900013, "sync"))
    tap.ok(code == 1 and "Ring us first" in talk + str(document),
           "and the third one hears the reason", (code, document, talk))
    code, _, talk = rig.finish(rig.start(
        900001, "join", rig.path("900001.inv"), "--out", rig.path("late.ask")))
    tap.ok(code == 1 and "admitted already" in talk,
           "who is in writes no request", talk)


def told_later(tap, rig):
    """Refused before they ever came to the broker: not forgotten."""
    rig.need("invite", "--dir", "auth", "--kind", "school", "--urn", 900014,
             "--seat", "lead", "--out", "900014.inv")
    join(rig, 900014, 900014, "--out", rig.path("900014.ask"))
    done = rig.need("requests", "--dir", "auth", "--file", "900014.ask")
    one = [one["request"] for one in done["requests"]
           if one["state"] == "waiting"]
    rig.need("refuse", "--dir", "auth", one[0], "--text", "Not this year.",
             "--out", "no")
    done = rig.need("publish", "--dir", "office", "no")
    tap.ok(done["unheard"] == 1, "nobody is there who could be told", done)
    rig.run(900014, "sync")
    done = rig.need("publish", "--dir", "office", "no")
    tap.ok(done["unheard"] == 0, "published again, it is told", done)
    code, document, talk = rig.finish(rig.start(900014, "sync"))
    tap.ok(code == 1 and "Not this year." in talk + str(document),
           "and heard", (code, document, talk))


def talk_together(tap, rig):
    rig.run(900001, "sync")
    thread = rig.thread(900001, 900012)
    tap.ok(rig.texts(900001, thread) != [], "and they talk")


def main():
    tap = Tap()
    with Rig(schools=[]) as rig:
        found(rig)
        begin(tap, rig)
        asked = ask(tap, rig)
        refused_files(tap, rig)
        ids = take_in(tap, rig, asked)
        decide(tap, rig, ids)
        publish_all(tap, rig)
        told_later(tap, rig)
        talk_together(tap, rig)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

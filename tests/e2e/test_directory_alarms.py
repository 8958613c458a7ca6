#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A broker that was set back, or goes on differently from there: exit 9, in
words, and not a byte is sent to it; put right, or given its records back by
the authority, everything goes on."""
import json
import os
import shutil
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.environ["RO_SOURCE_ROOT"], "tests/support"))
from rig import Rig, Tap  # noqa: E402

ASKER, HELPER = 900001, 900012
HOURS = [f"2026-11-10T{hour:02d}:05:00Z" for hour in range(9, 17)]


def has_test_clock():
    """Whether REACHOUT_NOW counts in this build."""
    path = os.path.join(os.environ["RO_BUILD_ROOT"],
                        "meson-info/intro-buildoptions.json")
    with open(path) as stream:
        return any(option["name"] == "test_clock" and option["value"]
                   for option in json.load(stream))


CLOCK = has_test_clock()


def now(rig, i):
    """Everybody's clock, where the build has one that can be set."""
    if CLOCK:
        rig.env["REACHOUT_NOW"] = HOURS[i]


def keep(rig, name):
    """Copies broker and authority aside, while the broker is down."""
    for folder in ("b", "auth"):
        shutil.copytree(rig.path(folder), rig.path(f"{folder}.{name}"))


def set_back(rig, name, folders=("b", "auth")):
    for folder in folders:
        shutil.rmtree(rig.path(folder))
        shutil.copytree(rig.path(f"{folder}.{name}"), rig.path(folder))


def deposits(rig):
    """Envelopes at the broker, read while it is down."""
    store = sqlite3.connect(rig.path("b/store.db"))
    try:
        return store.execute("select count(*) from envelope").fetchone()[0]
    finally:
        store.close()


def listings(rig, name, urns):
    """A register of a few schools, published."""
    path = rig.path(f"{name}.csv")
    with open(path, "w") as stream:
        stream.write("URN,EstablishmentName\n")
        for urn in urns:
            stream.write(f"{urn},School {urn}\n")
    rig.authority("register", "--csv", path)


def alarmed(tap, rig, what, words, *command):
    code, _, err = rig.finish(rig.start(*command))
    tap.ok(code == 9 and words in err, f"{what}: exit 9, in words",
           f"exit {code}: {err}")


def refuses(tap, rig, thread, what, words):
    """Every way to the broker ends so; nothing was deposited meanwhile."""
    alarmed(tap, rig, f"{what}, sync", words, ASKER, "sync")
    alarmed(tap, rig, f"{what}, say", words, ASKER, "say", thread, "--text",
            "Not to be sent.")
    alarmed(tap, rig, f"{what}, again", words, ASKER, "sync")
    rig.term()
    tap.ok(deposits(rig) == 0, f"{what}: nothing was deposited")


def goes_on(tap, rig, thread, text):
    rig.run(ASKER, "sync")
    rig.run(ASKER, "say", thread, "--text", text)
    rig.run(HELPER, "sync")
    texts = rig.texts(HELPER, thread)
    tap.ok(texts.count(text) == 1 and "Not to be sent." not in texts,
           f"put right: {text}", texts)


def settle(rig):
    """Until nothing waits at the broker."""
    for profile in (ASKER, HELPER, ASKER, HELPER):
        rig.run(profile, "sync")


def restored(tap):
    """A school joins after the backup; its keys are gone by the restore. Each
    school is told once at most, and then everything flows, to it as well."""
    late = 900013
    everybody = (ASKER, HELPER, late)
    with Rig(schools=[ASKER, HELPER]) as rig:
        now(rig, 0)
        rig.found()
        rig.run(ASKER, "sync")
        rig.term()
        keep(rig, "backup")
        rig.up()
        rig.authority("invite", "--kind", "school", "--urn", late, "--seat",
                      "lead", "--out", rig.path("late.inv"))
        rig.run(late, "join", rig.path("late.inv"), "--key-file",
                rig.path("late.key"))
        rig.authority("admit", "--all")
        for profile in (late, ASKER, HELPER, late):
            rig.run(profile, "sync")
        rig.term()
        set_back(rig, "backup", folders=["b"])
        rig.up()
        rig.authority("mend")
        for profile in everybody:
            code, document, err = rig.finish(rig.start(profile, "sync"))
            tap.ok(code == 9 and document["error"]["status"] == "KEYS_LOST"
                   and "lost keys that it showed" in err
                   and "sync again" in err and "send nothing" not in err,
                   f"{profile} is told that keys were lost", f"{code}: {err}")
        for profile in everybody + everybody:
            code, _, err = rig.finish(rig.start(profile, "sync"))
            tap.ok(code == 0, f"{profile} goes on", f"{code}: {err}")
        for one, other in ((ASKER, late), (late, HELPER), (HELPER, ASKER)):
            thread = rig.thread(one, other)
            rig.run(one, "say", thread, "--text", f"From {one}.")
            rig.run(other, "sync")
            tap.ok(f"From {one}." in rig.texts(other, thread),
                   f"{one} reaches {other}")
        rig.term()


def restored_behind_a_key(tap):
    """After the backup a school was removed, which renewed door.key, and
    another one joined: what OPERATIONS.md says of it, step by step."""
    gone, late = 900013, 900014
    with Rig(schools=[ASKER, HELPER, gone]) as rig:
        now(rig, 0)
        rig.found()
        thread = rig.thread(ASKER, HELPER)
        settle(rig)
        rig.term()
        keep(rig, "backup")
        rig.up()
        rig.authority("revoke", "--urn", gone)
        rig.new_door_key(rig.path("b/door.key"))
        rig.authority("revoke")
        settle(rig)
        rig.authority("invite", "--kind", "school", "--urn", late, "--seat", "lead",
                      "--out", rig.path("late.inv"))
        rig.run(late, "join", rig.path("late.inv"), "--key-file", rig.path("late.key"))
        rig.authority("admit", "--all")
        for profile in (late, ASKER, HELPER, late):
            rig.run(profile, "sync")
        rig.term()

        now(rig, 1)  # 1: the next full hour
        set_back(rig, "backup", folders=["b"])  # 2
        rig.up()
        code, _, talk = rig.office("mend", "--dir", rig.path("auth"))
        tap.ok(code != 0 and "newest door.key" in talk,
               "with the door.key of the backup the authority hears what to do",
               f"{code}: {talk}")
        code, _, err = rig.finish(rig.start(ASKER, "sync"))
        tap.ok(code == 9 and "older directory" in err and "removed" not in err,
               "and a school that it is the broker", f"{code}: {err}")
        rig.term()  # 3
        shutil.copy(rig.path("auth/door.key"), rig.path("b/door.key"))
        os.chmod(rig.path("b/door.key"), 0o600)
        rig.up()
        given = rig.authority("mend")  # 4
        tap.ok(given["sent"] > 0, "with the newest the records are given back", given)
        for profile in (late, ASKER, HELPER):
            code, document, err = rig.finish(rig.start(profile, "sync"))
            tap.ok(code == 9 and document["error"]["status"] == "KEYS_LOST",
                   f"{profile} is told once that keys were lost", f"{code}: {err}")
        for profile in (late, ASKER, HELPER):
            rig.run(profile, "sync")
        goes_on(tap, rig, thread, "After the restore, with the newest key.")
        tap.ok(rig.run(ASKER, "status")["enrolment"] == "admitted",
               "nobody is held to be removed any more")
        fresh = rig.thread(HELPER, late)
        rig.run(HELPER, "say", fresh, "--text", "You, too.")
        rig.run(late, "sync")
        tap.ok("You, too." in rig.texts(late, fresh), "who joined later is reached")
        code, _, err = rig.finish(rig.start(gone, "sync"))
        tap.ok(code == 4 and "removed" in err, "who was removed stays so", err)
        rig.term()


def main():
    tap = Tap()
    restored(tap)
    restored_behind_a_key(tap)
    with Rig(schools=[ASKER, HELPER]) as rig:
        now(rig, 0)
        rig.found()
        thread = rig.thread(ASKER, HELPER)
        settle(rig)
        rig.term()
        keep(rig, "before")

        rig.up()
        listings(rig, "more", [910001, 910002])
        rig.run(ASKER, "sync")
        rig.run(HELPER, "sync")
        rig.term()
        keep(rig, "good")

        set_back(rig, "before")
        rig.up()
        refuses(tap, rig, thread, "an old backup", "records")

        set_back(rig, "good")
        rig.up()
        goes_on(tap, rig, thread, "Back again.")
        settle(rig)

        rig.term()
        set_back(rig, "before", folders=["b"])
        rig.up()
        alarmed(tap, rig, "restored from a backup", "records", HELPER, "sync")
        code, _, err = rig.finish(rig.start(
            HELPER, "authority", "requests", "--dir", rig.path("auth")))
        tap.ok(code == 9 and "reachout authority mend --dir" in err
               and "ask the authority" not in err,
               "the authority itself is told how to mend it", err)
        given = rig.authority("mend")
        tap.ok(given["sent"] > 0, "the authority gives its records back",
               given)
        goes_on(tap, rig, thread, "After the restore.")
        tap.ok(rig.authority("mend")["sent"] == 0, "and then lacks nothing")
        settle(rig)

        if CLOCK:
            rig.term()
            set_back(rig, "before")
            now(rig, 1)
            rig.up()
            listings(rig, "other", [920001])
            listings(rig, "others", [920002])
            rig.term()
            now(rig, 2)
            rig.up()
            refuses(tap, rig, thread, "another log", "differs")
            set_back(rig, "good", folders=["auth"])
            rig.up()
            code, _, err = rig.finish(rig.start(
                ASKER, "authority", "mend", "--dir", rig.path("auth")))
            tap.ok(code == 9 and "another" in err,
                   "another log is not mended", f"exit {code}: {err}")
            rig.term()
            set_back(rig, "good")
            rig.up()
            goes_on(tap, rig, thread, "And again.")
        rig.term()
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

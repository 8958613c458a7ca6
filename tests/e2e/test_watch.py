#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a watch, and the first sync of a member, tell besides mail."""
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["RO_SOURCE_ROOT"], "tests/support"))
from rig import Rig, Tap  # noqa: E402
from waits import PATIENCE_S, Changes  # noqa: E402

FIRST, SECOND, THIRD = 900001, 900012, 900013


def admission(tap, rig):
    """Both forms of the sync that fetches it; the next one is silent."""
    for urn in (SECOND, THIRD):
        rig.authority("invite", "--kind", "school", "--urn", urn, "--seat",
                      "lead", "--out", rig.path(f"{urn}.inv"))
        rig.run(urn, "join", rig.path(f"{urn}.inv"), "--key-file",
                rig.path(f"{urn}.key"))
    rig.authority("admit", "--all")
    told = rig.run(SECOND, "sync").get("admission")
    tap.ok(told and told["role"] == "lead" and told["members"] == 3
           and told["name"], "the first sync tells the admission", told)
    tap.ok("admission" not in rig.run(SECOND, "sync"), "the next one does not")
    said = subprocess.run([rig.reachout, "--profile", rig.path("p", THIRD), "sync"],
                          capture_output=True, text=True, timeout=60, check=False,
                          env={**os.environ, **rig.env})
    tap.ok(said.stdout.startswith("You are admitted: ")
           and ", lead; 3 members." in said.stdout, "in words, too", said)


def until(stream, good):
    """Lines up to the first that is good; None at the end of them."""
    for line in stream:
        if good(line):
            return line
    return None


def there(value):
    def look(line):
        return json.loads(line).get("broker") == {"reachable": value}
    return look


def comes_and_goes(tap, rig):
    watch = rig.start(FIRST, "sync", "--watch", "--wait", "1")
    person = subprocess.Popen(
        [rig.reachout, "--profile", rig.path("p", SECOND), "sync", "--watch",
         "--wait", "1"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        env={**os.environ, **rig.env})
    try:
        begun = person.stderr.readline()
        tap.ok(begun == b"reachout: watching; Ctrl+C ends\n",
               "a person is told that it watches", begun)
        rig.kill()
        tap.ok(until(watch.stdout, there(False)), "the broker went away")
        tap.ok(until(person.stderr, lambda line: b"trying on" in line),
               "in words, too")
        rig.up()
        tap.ok(until(watch.stdout, there(True)), "it is back")
        tap.ok(until(person.stderr, lambda line: b"is back" in line),
               "in words, too")
    finally:
        for process in (watch, person):
            process.terminate()
            process.wait()
            process.stderr.close()
        watch.stdout.close()
        rig.clients.discard(watch)
    tap.ok(watch.returncode == 0 and person.returncode == 0,
           "both end with 0", (watch.returncode, person.returncode))


def ends_in_words(tap, rig):
    """What ends a watch is the last line of its stream: an error document."""
    def lock():
        rig.run(FIRST, "lock")

    def remove():
        rig.authority("revoke", "--urn", THIRD)

    def another_broker():
        """In the same place, with other keys."""
        rig.kill()
        os.rename(rig.path("b"), rig.path("before"))
        rig.init_broker()
        shutil.copy(rig.path("before/reachoutd.conf"), rig.path("b"))
        rig.up()

    for profile, begin, exit_code, words in (
            (FIRST, lock, 8, "locked"), (THIRD, remove, 4, "removed"),
            (SECOND, another_broker, 9, "not the broker")):
        address = rig.path("p", profile, "watch.sock")
        with Changes(rig.path("p", profile)) as folder:
            watch = rig.start(profile, "sync", "--watch")
            folder.until(lambda: os.path.exists(address), watch)
        begin()
        out, err = watch.communicate(timeout=PATIENCE_S)
        rig.clients.discard(watch)
        last = json.loads(out.splitlines()[-1]) if out else {}
        error = last.get("error", {})
        tap.ok(watch.returncode == exit_code and last.get("schema") == 1
               and error.get("exit") == exit_code
               and words in f"{error.get('text')}: {error.get('why')}",
               f"exit {exit_code}: the stream ends with what it was",
               f"{watch.returncode} {out} {err}")


def main():
    tap = Tap()
    with Rig(schools=[FIRST]) as rig:
        rig.found()
        admission(tap, rig)
        comes_and_goes(tap, rig)
        ends_in_words(tap, rig)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

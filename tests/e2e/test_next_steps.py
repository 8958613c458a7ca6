#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whoever pastes what stands after "next: " gets from nothing to a talk."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = os.environ["RO_SOURCE_ROOT"]
sys.path.insert(0, os.path.join(ROOT, "tests/support"))
from rig import Tap  # noqa: E402

FIRST = "reachout authority init --dir 'our office' --circle Estuary --key-file auth.key"


class Paster:
    """A shell in a folder, into which lines are pasted."""

    def __init__(self, place):
        self.place = place
        self.broker = None
        self.env = {**os.environ, "XDG_DATA_HOME": os.path.join(place, "data")}

    def paste(self, line, text=b""):
        """Gives (exit code, stdout, stderr)."""
        if line.startswith("reachoutd --config"):
            with open(os.path.join(self.place, "log"), "ab") as log:
                self.broker = subprocess.Popen(
                    ["bash", "-c", "exec " + line], cwd=self.place, env=self.env,
                    stdout=subprocess.DEVNULL, stderr=log)
            return 0, "", ""
        done = subprocess.run(["bash", "-c", line], cwd=self.place, env=self.env,
                              input=text, capture_output=True, timeout=120)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def end(self):
        if self.broker is not None:
            self.broker.send_signal(signal.SIGKILL)
            self.broker.wait()


def steps(talk):
    return [line.removeprefix("next: ") for line in talk.splitlines()
            if line.startswith("next: ")]


def follow(tap, paster, line, text=b""):
    """Pastes a line, and then all that it leads to: the authority's first, who
    has to admit before anybody can go on."""
    waiting, pasted = [line], []
    while waiting and len(pasted) < 40:
        waiting.sort(key=lambda step: "reachout sync" in step)
        line = waiting.pop(0)
        pasted.append(line)
        # nobody is here to be asked for a passphrase
        code, out, err = paster.paste(
            line + " --key-file their.key" * line.endswith(" --holder NAME"), text)
        tap.ok(code == 0, line, f"exit {code}\n{out}\n{err}")
        waiting += [step for step in steps(err) if step not in pasted + waiting]
    return pasted


def left_out(tap, paster):
    """Who is not chosen, or stepped back, reads that in place of "open"."""
    newest = "$(reachout --json requests --incoming | jq -r '.requests[0].request')"
    asking = ("reachout --profile \"Dawn's own\" ask --topic TL1 --urgency U3 --to "
              "urn:900001 --text 'Once more?' && reachout sync && ")
    for ours, words in ((
            "reachout answer " + newest + " --text Yes. && reachout --profile \"Dawn's "
            "own\" sync && reachout --profile \"Dawn's own\" decline $(reachout --profile "
            "\"Dawn's own\" --json answers " + newest + " | jq -r '.answers[0].answer') "
            "&& reachout sync", "not chosen"), ("reachout pass " + newest, "stepped back")):
        code, _, err = paster.paste(asking + ours)
        _, listed, _ = paster.paste("reachout requests | head -1")
        _, shown, _ = paster.paste("reachout show " + newest + " | grep ^state")
        _, ids, _ = paster.paste("reachout --json requests | jq -c "
                                 "'.requests[0] | [.state, .thread_state]'")
        tap.ok(code == 0 and words in listed and words in shown
               and "open" not in listed + shown and '"open",' in ids,
               f"{words} in place of open", err + listed + shown + ids)


def coordinators(tap, paster):
    """Coordinators write, and do not answer; a dry run waits for nobody."""
    asking = ("reachout ask --topic TL1 --urgency U3 --to coordinators "
              "--text 'A word?'")
    code, _, err = paster.paste(
        "reachout authority invite --dir 'our office' --kind coordinators --name "
        "Estuary --seat coordinator --home 900016 --out co.inv && reachout --profile co "
        "join co.inv --key-file co.key && reachout authority admit --dir 'our office' "
        "--all && reachout --profile co sync && " + asking)
    tap.ok(code == 0 and err.endswith("next: reachout read --unread\n"),
           "asking coordinators leads to what they write", err)
    paster.paste("reachout --profile co sync; reachout --profile co say $(reachout --json "
                 "requests --state submitted | jq -r '.requests[0].request') --text Yes.")
    pasted = follow(tap, paster, "reachout sync")
    tap.ok("reachout read --unread" in pasted, "and so does sync", pasted)
    code, out, err = paster.paste("reachout answers $(reachout --json requests --state "
                                  "submitted | jq -r '.requests[0].request')")
    tap.ok(code == 0 and "read --unread" in err, "answers says where that is", out + err)
    paster.end()
    code, out, err = paster.paste(asking + " --dry-run")
    tap.ok(code == 0 and "the broker cannot be reached" in out,
           "a dry run says that the broker is away", out + err)


def waiting_school(tap, paster):
    """Seats of which one is admitted late, and one is refused."""
    for name, urn in (("late", 900012), ("no", 900014)):
        paster.paste(
            "reachout authority invite --dir 'our office' --kind school --urn "
            f"{urn} --seat lead --out {name}.inv")
        _, words, _ = paster.paste(
            f"reachout --profile {name} join {name}.inv --key-file {name}.key")
        code, out, err = paster.paste(f"reachout --profile {name} sync")
        tap.ok(code == 0 and "Not admitted yet." in out
               and words.splitlines()[-1] in out and "Nothing new" not in out
               and f"next: reachout --profile {name} sync" in err,
               "a seat that waits hears so from sync, with its words", out + err)
    _, out, _ = paster.paste("reachout --json authority requests --dir 'our office' | "
                             "jq -r '.requests[-1].request'")
    paster.paste("reachout authority refuse --dir 'our office' "
                 f"{out.strip()} --text 'Ring us.' && "
                 "reachout authority admit --dir 'our office' --all")
    told = {name: paster.paste(f"reachout --profile {name} sync")
            for name in ("late", "no")}
    refused, admitted = sorted(told.values(), key=lambda one: one[0], reverse=True)
    tap.ok(admitted[0] == 0 and "You are admitted" in admitted[1]
           and " members\n" in admitted[2], "one is admitted, and goes on", told)
    tap.ok(refused[0] == 1 and "Ring us.; ask it for a new invitation" in refused[2],
           "one is refused, and hears what to do", told)


def second_school(paster):
    """A school with a folder of its own that takes some quoting."""
    code, _, err = paster.paste(
        "reachout authority invite --dir 'our office' --kind school --urn 900013 "
        "--seat lead --out there.inv && reachout --profile \"Dawn's own\" join "
        "there.inv --key-file there.key && reachout authority requests "
        "--dir 'our office' >/dev/null && reachout authority admit "
        "--dir 'our office' --all && reachout --profile \"Dawn's own\" sync")
    return code, err


def talking(tap, paster):
    code, err = second_school(paster)
    tap.ok(code == 0, "a second school joins", err)
    asked = follow(tap, paster, "reachout --profile \"Dawn's own\" ask --topic TL1 "
                   "--urgency U3 --to urn:900001 --text 'A look at phonics?'")
    tap.ok(any(" answers " in line for line in asked), "asking leads to answers", asked)
    came = follow(tap, paster, "reachout sync")
    tap.ok(any(" show " in line for line in came), "sync leads to what came", came)
    code, _, err = paster.paste(
        "reachout answer $(reachout --json requests | "
        "jq -r '.requests[0].request') --text Gladly.")
    tap.ok(code == 0, "the first school answers", err)
    answers = next(line for line in asked if " answers " in line)
    followed = follow(tap, paster, "reachout --profile \"Dawn's own\" sync",
                      "Thursday it is.\n".encode())
    tap.ok(answers in followed, "sync leads to the answers", followed)
    tap.ok(any(" accept " in line for line in followed)
           and any(" say " in line for line in followed),
           "answers lead to a choice and a talk", followed)
    chosen = follow(tap, paster, answers, "A word more.\n".encode())
    tap.ok(not any(" accept " in line for line in chosen)
           and any(" say " in line for line in chosen),
           "who has chosen is led to talk, not to choose again", chosen)
    code, out, err = paster.paste(answers)
    tap.ok("  chosen  " in out, "and sees who is chosen", out)
    _, out, err = paster.paste("reachout requests && reachout show $(reachout "
                               "--json requests | jq -r '.requests[0].request')")
    tap.ok(out.count("Early reading, phonics, EYFS") == 2,
           "topic and urgency stand there in words", out)
    _, out, err = paster.paste("reachout sync")
    tap.ok("you are chosen" in out and "writes" in out
           and " read --unread" in err, "who was chosen hears it", out + err)
    _, out, err = paster.paste("reachout read")
    tap.ok("Thursday it is." in out, "which arrives", out + err)


def main():
    tap = Tap()
    place = tempfile.mkdtemp(prefix="reachout-next-")
    paster = Paster(place)
    try:
        shutil.copy(os.path.join(ROOT, "config/circle.conf"), place)
        shutil.copy(os.path.join(ROOT, "tests/data/cast.csv"),
                    os.path.join(place, "schools.csv"))
        pasted = follow(tap, paster, FIRST)
        for word in ("charter", "register", "invite", "join", "requests", "admit", "sync"):
            tap.ok(any(f" {word}" in line for line in pasted), f"it leads to {word}", pasted)
        tap.ok(any(line.endswith("reachout join 900001.inv --holder NAME")
                   for line in pasted), "who joins is asked for a name", pasted)
        _, out, _ = paster.paste("reachout status")
        tap.ok("admitted" in out, "and to being admitted", out)
        talking(tap, paster)
        left_out(tap, paster)
        waiting_school(tap, paster)
        coordinators(tap, paster)
    finally:
        paster.end()
        shutil.rmtree(place, ignore_errors=True)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

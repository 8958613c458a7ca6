#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plays one scenario text (README.md here tells the language) as TAP."""
import os
import shlex
import sys

sys.path.insert(0, os.path.join(os.environ["RO_SOURCE_ROOT"], "tests/support"))
from network import Network  # noqa: E402
from rig import Rig, Tap  # noqa: E402

# commands that may have to wait for the broker
TALKS = ("sync", "ask", "say", "answer", "pass", "withdraw", "accept", "decline", "close")


class Play:
    def __init__(self, rig, tap, names, net):
        self.rig, self.tap, self.names, self.net = rig, tap, names, net
        self.request = None
        self.asker = None
        self.heard = {}

    # --- helpers --------------------------------------------------------------

    def command(self, name, *words, expect=0):
        if self.net is not None:
            self.net.who, self.net.now = name, self.rig.env["REACHOUT_NOW"]
            if not self.net.is_whole() and words[0] in TALKS and "--wait" not in words:
                words = [*words, "--wait", 1]
        code, document, err = self.rig.finish(
            self.rig.start(self.names[name], *words))
        good = code == expect
        if not good or expect != 0:
            self.tap.ok(good, f"{name} {words[0]} ends {expect}", f"{code}: {err}{document}")
        return document or {}

    def story(self, name):
        return self.command(name, "show", self.request)

    def thread_with(self, name, other):
        """The thread id at `name` with another; the only one if other is None."""
        threads = self.story(name)["threads"]
        if other is not None:
            called = self.called[other]
            threads = [thread for thread in threads if thread["with"] == called]
        if len(threads) != 1:
            raise SystemExit(f"{name} has {len(threads)} threads with {other}")
        return threads[0]["thread"]

    # --- the lines ---------------------------------------------------------------

    def at(self, time):
        self.rig.env["REACHOUT_NOW"] = time
        if self.rig.broker is not None:
            self.rig.term()
            self.rig.up(None, "--accept-clock")

    def broker(self, what):
        if what == "dies":
            self.rig.kill()
        else:
            self.rig.up()

    def network(self, what, rest):
        if what == "heals":
            self.net.heal()
        elif what in ("loses", "cuts") and rest[0] != "answers":
            deed = {"loses": self.net.lose, "cuts": self.net.cut}[what]
            deed(rest[0], int(rest[1]))
        elif what == "loses":
            self.net.lose_answers(rest[1], int(rest[2]))
        elif what == "parts":
            self.net.part(rest)
        elif what == "holds":
            self.net.hold(rest[0], rest[2])
        elif what == "replays":
            self.net.replay(rest[0])
        else:
            {"doubles": self.net.double, "turns": self.net.turn}[what]()

    def does(self, name, verb, rest, expect):
        if verb == "syncs":
            document = self.command(name, "sync", expect=expect)
            self.heard[name] = [event["type"] for event in document.get("events", [])]
        elif verb == "asks":
            topic, urgency, to = rest[0], rest[1], rest[3:-1]
            document = self.command(
                name, "ask", "--topic", topic, "--urgency", urgency,
                *[word for who in to for word in ("--to", who)],
                "--text", rest[-1], expect=expect)
            self.request, self.asker = document.get("request"), name
        elif verb in ("answers", "passes", "withdraws"):
            text = ["--text", rest[0]] if rest else []
            self.command(name, {"answers": "answer", "passes": "pass",
                                "withdraws": "withdraw"}[verb],
                         self.request, *text, expect=expect)
        elif verb in ("accepts", "declines"):
            self.command(name, verb[:-1], self.thread_with(name, rest[0]), expect=expect)
        elif verb == "says":
            other = rest[1] if len(rest) == 3 else None
            self.command(name, "say", self.thread_with(name, other), "--wait", 2,
                         "--text", rest[-1], expect=expect)
        elif verb == "closes":
            self.command(name, "close", self.request, "--outcome", rest[0],
                         "--text", rest[1], expect=expect)
        else:
            raise SystemExit(f"nobody knows how {name} {verb}")

    def expects(self, name, what, rest):
        if what == "hears":
            wanted = [] if rest == ["nothing"] else rest
            got = self.heard.get(name)
            self.tap.ok(got == wanted, f"{name} hears {' '.join(rest)}", got)
        elif what == "shows":
            got = self.story(name)["state"]
            self.tap.ok(got == rest[0], f"{name} shows {rest[0]}", got)
        elif what == "outcome":
            got = self.story(name)["outcome"]
            self.tap.ok(got == rest[0], f"{name}: outcome {rest[0]}", got)
        elif what == "thread":
            got = [thread["state"] for thread in self.story(name)["threads"]]
            self.tap.ok(got == [rest[0]], f"{name}: the thread is {rest[0]}", got)
        elif what == "reads":
            shown = [message["text"] for message in
                     self.command(name, "read")["messages"]]
            wanted = rest[1:] if rest[0] == "nothing" else rest
            got = [text for text in shown if text in wanted]
            self.tap.ok(got == ([] if rest[0] == "nothing" else wanted),
                        f"{name} reads {' '.join(rest)}", shown)
        elif what == "keeps":
            got = self.command(name, "status")["outbox"]
            self.tap.ok(got == int(rest[0]), f"{name} keeps {rest[0]}", got)
        else:
            raise SystemExit(f"nobody knows how to expect {what}")

    def line(self, words):
        expect = 0
        if len(words) > 2 and words[-2] == "fails":
            expect = int(words[-1])
            words = words[:-2]
        if words[0] == "at":
            self.at(words[1])
        elif words[0] == "broker":
            self.broker(words[1])
        elif words[0] == "network":
            self.network(words[1], words[2:])
        elif words[0] == "expect":
            self.expects(words[1], words[2], words[3:])
        else:
            self.does(words[0], words[1], words[2:], expect)


def network_of(rig):
    """Between the clients and each broker that is started from here on."""
    net, plain_up = Network(rig), rig.up
    rig.up = lambda env=None, *words: plain_up({**net.env, **(env or {})}, *words)
    return net


def main():
    tap = Tap()
    with open(sys.argv[1]) as stream:
        lines = [shlex.split(line, comments=True) for line in stream]
    lines = [words for words in lines if words]
    schools = {words[1]: int(words[2]) for words in lines if words[0] == "school"}
    teams = {words[1]: words[1] for words in lines if words[0] == "coordinator"}
    first = next(words[1] for words in lines if words[0] == "at")
    for words in lines:
        if words[0] == "goal":
            tap.note(" ".join(words[1:]))
    with Rig(schools=list(schools.values()), coordinators=list(teams.values())) as rig:
        rig.env["REACHOUT_NOW"] = first
        net = network_of(rig) if any(words[0] == "network" for words in lines) else None
        rig.found()
        play = Play(rig, tap, {**schools, **teams}, net)
        members = rig.run(next(iter(schools.values())), "members")["members"]
        by_urn = {member["urn"]: member["name"] for member in members}
        play.called = {**{name: by_urn[urn] for name, urn in schools.items()},
                       **{name: name for name in teams}}
        for words in lines:
            if words[0] not in ("goal", "school", "coordinator"):
                play.line(words)
        if net is not None:
            net.liar.done()
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A broker that lies about the mail: real envelopes between real clients are
thrown away, damaged, doubled, delivered again, to others, and in any order
(liar.c). What does not open is refused, each with an event; what was said is
shown once, and nothing else; what was thrown away is noticed and comes again.
README.md here has the table.

RO_MALICIOUS: how many envelopes are lied about."""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.environ["RO_SOURCE_ROOT"], "tests/support"))
from faults import Timer, count  # noqa: E402
from liar import ANSWER, PUSH, Frame, Liar  # noqa: E402
from rig import Rig, Tap  # noqa: E402

ANN, BEN, CAT = 900001, 900012, 900013
DAYS = [f"2026-11-{day}T09:05:00Z" for day in (10, 11, 13, 17)]
BATCH = 24
HISTORY = 200


class Post:
    """All envelopes that came by, and what a liar makes of them."""

    def __init__(self, liar, seed):
        self.liar, self.any = liar, random.Random(seed)
        self.seen = {}          # mailbox -> [(envelope, body)], as they were
        self.told = self.bad = self.thrown = 0

    # --- as they are -------------------------------------------------------------

    def take_apart(self, push):
        bodies = {self.liar.replay.body_hash(body): body for body in push.bodies}
        return [(e, bodies[e.body]) for e in push.envelopes]

    def learn(self, frame):
        if frame.kind == PUSH:
            known = self.seen.setdefault(frame.message.mailbox, [])
            known += self.take_apart(frame.message)
            del known[:-HISTORY]
        return [frame]

    # --- damage: another (envelope, body) that must not open ------------------------

    def flip(self, data):
        at = self.any.randrange(len(data))
        return data[:at] + bytes([data[at] ^ 1 << self.any.randrange(8)]) + data[at + 1:]

    def flip_wrap(self, e, body):
        e.wrap = self.flip(e.wrap)
        return body

    def flip_body(self, e, body):
        return self.flip(body)

    def cut_wrap(self, e, body):
        e.wrap = e.wrap[:self.any.randrange(len(e.wrap))]
        return body

    def cut_body(self, e, body):
        return body[:self.any.randrange(len(body))]

    def longer(self, e, body):
        e.wrap += b"\0"
        return body

    def other_day(self, e, body):
        e.day += self.any.choice((-1, 1)) if e.day else 2
        return body

    def fallback(self, e, body):
        e.day = 0 if e.day else 1
        return body

    def other_expiry(self, e, body):
        e.expiry_hour += 1
        return body

    def other_generation(self, e, body):
        e.generation += 1
        return body

    def other_body(self, e, body):
        return self.any.choice([b for box in self.seen.values() for _, b in box
                                if b != body])

    DAMAGE = (flip_wrap, flip_body, cut_wrap, cut_body, longer, other_day, fallback,
              other_expiry, other_generation, other_body)

    def copy(self, envelope):
        e = self.liar.pf.Attach.Push.Envelope()
        e.CopyFrom(envelope)
        return e

    def damaged(self, envelope, body):
        e = self.copy(envelope)
        body = self.any.choice(self.DAMAGE)(self, e, body)
        e.body = self.liar.replay.body_hash(body)
        if not self.any.randrange(10):
            e.body = b"\x09" * 32       # and no body at all
        self.bad += 1
        return e, body

    # --- whole pushes --------------------------------------------------------------

    def invented(self, mailbox):
        """An envelope that is not due: again, damaged, or somebody else's."""
        strangers = [one for box, all_ in self.seen.items() if box != mailbox
                     for one in all_]
        own = self.seen.get(mailbox, [])
        how = self.any.randrange(3)
        if how == 0 and own:
            e, body = self.any.choice(own)
            e = self.copy(e)
        elif how == 1 and own:
            e, body = self.damaged(*self.any.choice(own))
        else:
            e, body = self.any.choice(strangers)
            e = self.copy(e)
            self.bad += 1
        e.key = 1 << 40 | self.any.getrandbits(32)
        return e, body

    def push(self, peer, mailbox, envelopes):
        raw = b"\x01\x08" + bytes([PUSH]) + bytes(13) + self.liar.now
        frame = Frame(peer, raw, True, self.liar.pf)
        self.any.shuffle(envelopes)
        frame.message.mailbox, frame.message.waiting = mailbox, 0
        frame.message.bodies.extend({body: None for _, body in envelopes})
        frame.message.envelopes.extend(e for e, _ in envelopes)
        self.told += len(envelopes)
        return frame

    # --- the rules ----------------------------------------------------------------

    def says(self, frame):
        """Everybody who attaches gets a pile that is not due, and what is due
        is damaged now and then."""
        if frame.verb != "attach" or frame.message is None:
            return [frame]
        if frame.kind == ANSWER:
            pile = [self.invented(frame.message.mailbox) for _ in range(BATCH)]
            push = self.push(frame.peer, frame.message.mailbox, pile)
            frame.message.waiting += BATCH
            return [frame, push]
        self.learn(frame)
        due = [(e, b) if self.any.random() < 0.6 else self.damaged(e, b)
               for e, b in self.take_apart(frame.message)]
        twice = [(self.copy(e), b) for e, b in due if not self.any.randrange(2)
                 and self.is_whole(frame.message.mailbox, e, b)]
        return [self.push(frame.peer, frame.message.mailbox, due + twice)]

    def is_whole(self, mailbox, envelope, body):
        return any(envelope == e and body == b for e, b in self.seen[mailbox])

    def hears(self, frame):
        """Some of what is deposited is thrown away, and said to be there."""
        if frame.verb != "deposit" or self.any.random() > 0.15:
            return True
        return self.throw_away(frame)

    def throw_away(self, frame):
        if frame.verb != "deposit":
            return True
        n = len(frame.message.wraps)
        self.thrown, self.told = self.thrown + n, self.told + n
        return [self.liar.fake(frame, statuses=[0] * n, credit_envelopes=60,
                               credit_bytes=1 << 20)]


class Stage:
    def __init__(self, rig, tap):
        self.rig, self.tap, self.liar = rig, tap, Liar(rig)
        self.post = Post(self.liar, int(os.environ.get("RO_SEED", "1")))
        plain_up = rig.up
        rig.up = lambda env=None, *words: plain_up(
            {**self.liar.env, **(env or {})}, "--accept-clock", *words)
        rig.env["REACHOUT_NOW"] = DAYS[0]
        self.liar.says = self.post.learn
        rig.found()
        self.threads = {BEN: rig.thread(ANN, BEN), CAT: rig.thread(ANN, CAT)}
        for profile in (ANN, BEN, CAT, ANN):
            rig.run(profile, "sync")
        self.said = {}          # thread -> what was said in it
        self.wrong = []

    def says(self, profile, other, text):
        thread = self.threads[other if profile == ANN else profile]
        self.said.setdefault(thread, set()).add(text)
        return self.rig.run(profile, "say", thread, "--text", text)

    def sync(self, profile):
        """A sync; notes it when more or less was refused than was bad."""
        self.post.bad = 0
        events = self.rig.run(profile, "sync")["events"]
        refused = [e["refused"] for e in events if e["type"] == "refused"]
        if len(refused) != self.post.bad:
            self.wrong.append((profile, self.post.bad, refused))
        return events

    def lying(self):
        self.liar.says, self.liar.hears = self.post.says, self.post.hears

    def honest(self):
        self.liar.says, self.liar.hears = self.post.learn, lambda _: True

    def state(self, text, other=BEN):
        """Of a message, as its writer sees it."""
        shown = self.rig.run(ANN, "read", self.threads[other])["messages"]
        return next(m["state"] for m in shown if m["text"] == text)

    def texts(self, profile, other):
        return [t for t in self.rig.texts(profile, self.threads[other])
                if t not in ("Could do with a look.", "Yes.")]


def thrown_away(s):
    """Said to be stored, and thrown away: the writer never reads "arrived", and
    the next message that comes brings it back."""
    s.liar.hears = s.post.throw_away
    s.says(ANN, BEN, "Thrown away.")
    s.honest()
    heard = s.sync(BEN)
    s.tap.ok(heard == [] and s.state("Thrown away.") == "at-the-broker",
             "thrown away: the writer is not told that it arrived", heard)
    s.says(ANN, BEN, "After it.")
    s.sync(BEN)             # asks for what is missing
    s.sync(ANN)             # sends it again
    s.sync(BEN)
    s.tap.ok(s.texts(BEN, BEN) == ["Thrown away.", "After it."],
             "the next one shows the gap: it is asked for, and comes",
             s.texts(BEN, BEN))
    s.says(BEN, ANN, "Got both.")
    s.sync(ANN)
    s.tap.ok(s.state("Thrown away.") == "arrived", "and now it has arrived",
             s.state("Thrown away."))


def other_mailbox(s):
    """A delivery that names another's mailbox is none."""
    mailbox = bytes.fromhex(s.rig.run(CAT, "status")["seat"])

    def renamed(frame):
        if frame.verb == "attach" and frame.message is not None:
            frame.message.mailbox = mailbox
        return [frame]

    s.says(ANN, BEN, "For Ben.")
    s.liar.says = renamed
    code, document, words = s.rig.finish(s.rig.start(BEN, "sync"))
    s.honest()
    s.tap.ok(code == 7 and "mailbox" in words, "another mailbox's name: told",
             f"exit {code}: {document} {words}")
    s.sync(BEN)
    s.tap.ok(s.texts(BEN, BEN).count("For Ben.") == 1, "and nothing is lost by it")


def nothing_comes(s):
    """What waits is not delivered."""
    s.says(ANN, BEN, "It waits.")
    s.liar.says = lambda frame: [] if frame.kind == PUSH else [frame]
    code, document, words = s.rig.finish(s.rig.start(BEN, "sync", "--wait", 1))
    s.honest()
    s.tap.ok(code == 6 and "wait" in words, "what waits is kept back: told",
             f"exit {code}: {document} {words}")
    s.sync(BEN)
    s.tap.ok(s.texts(BEN, BEN).count("It waits.") == 1, "and comes from an honest one")


def lying_clock(s):
    """While the other side fetches its mail it is said to be the year 2100, and
    what it asks for is thrown away: nothing may be put off until then."""
    def in_2100(frame):
        if frame.kind == ANSWER and frame.verb in ("attach", "ack", "publish"):
            frame.set_time(4102444800)
        return [frame]

    s.liar.hears = s.post.throw_away
    s.says(ANN, BEN, "Thrown away in 2100.")
    s.honest()
    s.says(ANN, BEN, "Delivered in 2100.")
    s.liar.says, s.liar.hears = in_2100, s.post.throw_away
    s.rig.run(BEN, "sync")
    s.honest()
    at = [m["sent_at"] for m in s.rig.run(BEN, "read", s.threads[BEN])["messages"]]
    s.tap.ok(max(at) < "2027", "a clock that lies: nothing is of the year 2100", at)
    ahead = s.rig.run(BEN, "status")["epoch_keys_ahead"]
    s.tap.ok(ahead == 98, "and the keys of the days are those of our days", ahead)


def broken_frames(s):
    """Frames that are none: told, and nothing is lost."""
    def cut(frame):
        if frame.kind == PUSH:
            frame.raw, frame.message = frame.raw[:len(frame.raw) // 2], None
        return [frame]

    def empty(frame):
        if frame.kind == PUSH:
            del frame.message.envelopes[:]
        return [frame]

    for what, rule in (("cut short", cut), ("empty", empty)):
        s.says(ANN, BEN, f"In a push {what}.")
        s.liar.says = rule
        code, document, words = s.rig.finish(s.rig.start(BEN, "sync", "--wait", 1))
        s.honest()
        s.tap.ok(code == 7, f"a push {what}: told", f"exit {code}: {document} {words}")
        s.sync(BEN)
        s.tap.ok(s.texts(BEN, BEN).count(f"In a push {what}.") == 1,
                 "and nothing is lost by it")


def many(s, envelopes):
    """Lies by the thousand, both ways."""
    for i in range(12):         # something of others to deliver
        s.says(ANN, CAT, f"To Cat, {i}.")
    s.sync(CAT)
    s.lying()
    turn = 0
    while s.post.told < envelopes:
        turn += 1
        for i in range(s.post.any.randrange(1, 3)):
            s.says(ANN, BEN, f"Ann, {turn}.{i}.")
        s.sync(BEN)
        s.says(BEN, ANN, f"Ben, {turn}.")
        s.sync(ANN)
    s.honest()
    s.tap.note(f"{s.post.told} envelopes, {s.post.thrown} of them thrown away, "
               f"in {turn} turns")
    s.tap.ok(s.wrong == [], "each that was bad was refused, each with an event",
             s.wrong[:3])


def all_is_there(s):
    """Days later everything that was said has been shown, once."""
    s.says(ANN, BEN, "Ann, last.")
    s.says(BEN, ANN, "Ben, last.")
    for day in DAYS:
        s.rig.env["REACHOUT_NOW"] = day
        s.rig.term()
        s.rig.up()
        for profile in (ANN, BEN, CAT) * 3:
            s.sync(profile)
    for profile, other in ((ANN, BEN), (BEN, BEN), (CAT, CAT)):
        got, wanted = s.texts(profile, other), s.said[s.threads[other]]
        s.tap.ok(sorted(got) == sorted(wanted), f"{profile} reads all, once, and "
                 "nothing else", f"lacks {sorted(wanted - set(got))[:9]}, has "
                 f"{len(got)} of {len(wanted)}")
    states = [m["state"] for m in s.rig.run(ANN, "read", s.threads[BEN])["messages"]]
    silent = states.count("at-the-broker")
    s.tap.note(f"{silent} of {len(states)} messages without a receipt: it was thrown away")
    s.tap.ok(set(states) <= {"arrived", "at-the-broker"},
             "who is not told that it arrived reads that it is at the broker", states)
    s.tap.ok(s.state("Thrown away in 2100.") == "arrived",
             "what was asked for in 2100 was asked for again, and has arrived")


def main():
    tap, timer = Tap(), Timer()
    with Rig(schools=[ANN, BEN, CAT]) as rig:
        s = Stage(rig, tap)
        thrown_away(s)
        other_mailbox(s)
        nothing_comes(s)
        broken_frames(s)
        many(s, count("RO_MALICIOUS", 300, 20000))
        lying_clock(s)
        all_is_there(s)
        s.liar.done()
    tap.note(str(timer))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

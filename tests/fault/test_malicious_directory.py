#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A broker with its own keys that lies about the directory: one lie a sync,
told to a real client over real sockets (liar.c). Each is refused within that
sync with an outcome of its own, nothing of it is kept, nothing is deposited,
and the truth is taken as if nothing had been. README.md here has the table."""
import os
import sys

sys.path.insert(0, os.path.join(os.environ["RO_SOURCE_ROOT"], "tests/support"))
from liar import ANSWER, Liar  # noqa: E402
from rig import Rig, Tap  # noqa: E402

VICTIM, OTHER, COMER = 900001, 900012, 900013
FOUNDED, COMES, DAYS_LATER = (f"2026-11-{day}:05:00Z" for day in (
    "10T09", "10T10", "12T12"))
MEMBER, SEAT, BROKER_KEY, CHECKPOINT, EPOCH_KEYS = 3, 4, 6, 16, 17


class Forger:
    """Somebody who has the broker's keys, and pairs of his own."""

    def __init__(self, rig, liar):
        self.r = liar.replay
        self.pd = self.r.pd
        with open(rig.path("b/signing.key")) as stream:
            self.broker = self.r.KeyPair(self.r.unarmour(stream.read(), "key"))
        self.own = [self.r.KeyPair() for _ in range(5)]

    def parts(self, raw):
        signed = self.pd.Signed.FromString(raw)
        return signed, self.r.BODIES[signed.kind].FromString(signed.body)

    def kind(self, raw):
        return self.pd.Signed.FromString(raw).kind

    def change(self, raw, **fields):
        """Another body under the old signatures."""
        signed, body = self.parts(raw)
        for name, value in fields.items():
            setattr(body, name, value)
        signed.body = body.SerializeToString()
        return signed.SerializeToString()

    def sign(self, kind, body, *signers):
        return self.r.make_signed(kind, body.SerializeToString(), *signers)

    def seat(self, raw, **keys):
        """A certificate for the same member with keys of our own: all five
        signatures are there, and four hold."""
        _, body = self.parts(raw)
        names = ("signing_key", "sealing_key", "fallback_key", "transport_key")
        for name, pair in zip(names, self.own[1:]):
            setattr(body, name, keys.get(name, pair.public))
        return self.sign(SEAT, body, *zip(self.own, self.r.SEAT_LABELS))

    def fallback(self, raw):
        """Only the fallback key is ours, with its proof."""
        signed, body = self.parts(raw)
        body.fallback_key = self.own[3].public
        signed.body = body.SerializeToString()
        signed.signatures[3].signature = self.own[3].sign(
            self.r.SEAT_LABELS[3], signed.body)
        return signed.SerializeToString()

    def broker_key(self, circle, signer):
        """A new broker, signed by the old one."""
        body = self.pd.BrokerKey(circle=circle, serial=1000)
        body.broker.member_endpoint = body.broker.open_endpoint = "tcp://127.0.0.1:1"
        body.broker.curve_key = self.own[0].x_public
        body.broker.signing_key = self.own[1].public
        signed = self.pd.Signed.FromString(
            self.sign(BROKER_KEY, body, (self.broker, "broker-key")))
        signed.signatures[0].signer = signer
        return signed.SerializeToString()

    def checkpoint(self, raw, by=None, **fields):
        """One that is signed: by the broker, if not said otherwise."""
        _, body = self.parts(raw)
        for name, value in fields.items():
            setattr(body, name, value)
        return self.sign(CHECKPOINT, body, (by or self.broker, "checkpoint"))

    def days(self, raw, signer):
        """The same days with other keys."""
        _, body = self.parts(raw)
        keys = [self.own[0].x_public] * (len(body.keys) // 32)
        body.keys, body.serial = b"".join(keys), body.serial + 1
        return self.sign(EPOCH_KEYS, body, (signer, "epoch-keys"))


class Stage:
    """A circle in which a third school has come and the victim knows of two."""

    def __init__(self, rig, tap):
        self.rig, self.tap, self.liar = rig, tap, Liar(rig)
        self.log, self.lists, self.deposits = {}, {}, 0
        self.plain_up = rig.up
        rig.up = self.up
        rig.env["REACHOUT_NOW"] = FOUNDED
        self.liar.says = self.learn
        rig.found()
        self.forger = Forger(rig, self.liar)
        self.thread = rig.thread(VICTIM, OTHER)
        for profile in (VICTIM, OTHER, VICTIM, OTHER):
            rig.run(profile, "sync")
        self.known = len(self.log)
        self.old_point = self.point
        self.comes()
        self.at(COMES)
        rig.run(COMER, "sync")

    def up(self, env=None, *words):
        self.plain_up({**self.liar.env, **(env or {})}, "--accept-clock", *words)

    def at(self, time):
        self.rig.env["REACHOUT_NOW"] = time
        self.rig.term()
        self.rig.up()

    def learn(self, frame):
        """Notes what the truth is."""
        if frame.verb == "directory" and frame.message is not None:
            first = getattr(frame.message, "from")
            self.log.update(enumerate(frame.message.records, first))
            self.point = frame.message.checkpoint
        if frame.verb == "notices" and frame.message is not None:
            self.lists.update((e.cursor, e.notice) for e in frame.message.entries)
        return [frame]

    def comes(self):
        self.rig.authority("invite", "--kind", "school", "--urn", COMER, "--seat",
                           "lead", "--out", self.rig.path("comer.inv"))
        self.rig.run(COMER, "join", self.rig.path("comer.inv"), "--key-file",
                     self.rig.path("comer.key"))
        self.rig.authority("admit", "--all")
        self.rig.run(COMER, "sync")

    def size(self, profile=VICTIM):
        return self.rig.run(profile, "status")["directory"]["size"]

    def record(self, kind, first=0):
        """The number and bytes of the first record of a kind."""
        return next((i, raw) for i, raw in sorted(self.log.items())
                    if i >= first and self.forger.kind(raw) == kind)

    # --- one lie ---------------------------------------------------------------

    def sync(self, profile, time=None, **changes):
        """A sync to which answers are changed, verb by verb, and say that it is
        some other time: its exit code, outcome, and all that it said; and how
        often it was lied to."""
        told = []

        def says(frame):
            if frame.verb in changes and frame.kind == ANSWER and frame.message is not None:
                changes[frame.verb](frame.message)
                told.append(frame)
                if time is not None:
                    frame.set_time(time)
            return [frame]

        def hears(frame):
            self.deposits += frame.verb == "deposit"
            return True

        self.liar.says, self.liar.hears = says, hears
        code, document, words = self.rig.finish(self.rig.start(profile, "sync"))
        self.liar.honest()
        outcome = ((document or {}).get("error") or {}).get("status")
        return code, outcome, f"exit {code}, {len(told)} told: {document} {words}"

    def lie(self, what, status, time=None, **changes):
        """The victim's next sync ends in `status`; nothing else happens."""
        code, outcome, about = self.sync(VICTIM, time, **changes)
        self.tap.ok(outcome == status and code in (1, 7, 9) and self.size() == self.known,
                    f"{what}: {status}, exit {code}, nothing kept", about)

    def records(self, what, status, change):
        """A lie about the records that the victim lacks."""
        def answer(message):
            first = getattr(message, "from") - self.known
            del message.records[:]
            message.records.extend(change(self.lacking())[first:])
        self.lie(what, status, directory=answer)

    def lacking(self):
        return [raw for i, raw in sorted(self.log.items()) if i >= self.known]

    def entry(self, what, status, change):
        """A lie about the newest list of epoch keys."""
        def answer(message):
            if message.entries:
                message.entries[-1].notice = change(message.entries[-1].notice)
        self.lie(what, status, notices=answer)

    def points(self, what, status, change):
        """A lie about the checkpoint that notices come with."""
        def answer(message):
            message.checkpoint = change(message.checkpoint)
        self.lie(what, status, notices=answer)

    # --- another view, whole and signed ------------------------------------------

    def before(self, slot=None):
        """All answers as before the third school came. With a slot there is a
        checkpoint of that hour over it, signed as it must be."""
        cursors = sorted(self.lists)[:2]
        point = self.old_point if slot is None else self.forger.checkpoint(
            self.old_point, slot=slot, size=self.known, head=self.head(self.known),
            notices=self.digest([self.lists[c] for c in cursors], slot))

        def directory(message):
            message.size, message.checkpoint = self.known, point
            del message.records[:]

        def notices(message):
            kept = [e for e in message.entries if e.cursor in cursors]
            del message.entries[:]
            message.entries.extend(kept)
            message.newest = cursors[-1]
            message.covered = 0 if slot is None else cursors[-1]
            message.checkpoint = point

        def hello(message):
            message.size, message.checkpoint, message.notices = self.known, point, cursors[-1]
        return {"hello": hello, "directory": directory, "notices": notices}

    def head(self, n):
        r = self.liar.replay
        with open(self.rig.path("auth/authority.pub")) as stream:
            log = r.Directory(r.unpack(r.pd.AuthorityPublic,
                                       r.unarmour(stream.read(), "authority-public")))
        for i in range(n):
            log.append(self.log[i])
        return log.heads[n]

    def digest(self, lists, slot):
        r = self.liar.replay
        bodies = {raw: self.forger.parts(raw)[1] for raw in lists}
        return r.blake(32, r.label("notices"), *[
            r.blake(32, r.label("notices"), raw)
            for raw in sorted(lists, key=lambda raw: bodies[raw].seat)
            if bodies[raw].expires_day > slot // 24])


def certificates(s):
    """A swapped seat certificate, in every part of it."""
    f = s.forger
    at, seat = s.record(SEAT, s.known)
    at -= s.known
    first = s.record(SEAT)[1]
    known = f.parts(first)[1]

    def put(raw):
        return lambda records: [raw if i == at else r for i, r in enumerate(records)]

    s.records("another school's certificate in its place", "FORKED", put(first))
    s.records("a certificate with the broker's own keys", "BAD_SIGNATURE", put(f.seat(seat)))
    s.records("another fallback key, with its proof", "BAD_SIGNATURE", put(f.fallback(seat)))
    s.records("a sealing key that returns", "KEY_REUSED",
              put(f.seat(seat, sealing_key=known.sealing_key)))
    s.records("a fallback key that returns", "KEY_REUSED",
              put(f.seat(seat, fallback_key=known.fallback_key)))
    s.records("a member's key as a seat's", "KEY_REUSED", put(f.seat(
        seat, signing_key=f.parts(s.record(MEMBER)[1])[1].key)))
    s.records("another role", "BAD_SIGNATURE", put(f.change(seat, role=2)))
    s.records("a certificate for somebody who is no member", "NO_RIGHT",
              put(f.change(seat, member=b"\x07" * 16)))
    s.records("a certificate cut short", "BAD_RECORD", put(seat[:-1]))


def records(s):
    """A log that is not the authority's, or not in its order."""
    f = s.forger
    _, member = s.record(MEMBER, s.known)
    signed, body = f.parts(member)
    broker_key = f.broker_key(body.circle, 0)
    own = f.sign(MEMBER, body, (f.broker, "member"))
    del signed.signatures[:]
    s.records("a member that the broker signed", "BAD_SIGNATURE", lambda r: [own] + r[1:])
    s.records("a member that nobody signed", "NO_RIGHT",
              lambda r: [signed.SerializeToString()] + r[1:])
    s.records("the broker names a new broker", "BAD_SIGNATURE", lambda r: [broker_key] + r)
    s.records("as a signer who is not there", "NO_RIGHT",
              lambda r: [f.broker_key(body.circle, 5)] + r)
    s.records("mixed: seat before member", "NO_RIGHT", lambda r: r[::-1])
    s.records("mixed: a record in front of its own", "FORKED", lambda r: [s.log[1]] + r)
    s.records("withheld", "FROZEN", lambda r: [])
    s.records("withheld but for the first", "FROZEN", lambda r: r[:1])

    def shorter(message):
        message.size = s.known - 1
        del message.records[:]
    s.lie("rolled back", "ROLLED_BACK", directory=shorter)


def checkpoints(s):
    """What the broker signs, or does not."""
    f = s.forger
    _, now = f.parts(s.point)
    s.points("a checkpoint of another key", "BAD_SIGNATURE",
             lambda raw: f.checkpoint(raw, by=f.own[0]))
    s.points("no checkpoint", "BAD_RECORD", lambda raw: b"")
    s.points("another head", "FORKED", lambda raw: f.checkpoint(raw, head=b"\x01" * 32))
    s.points("another digest of epoch keys", "FORKED",
             lambda raw: f.checkpoint(raw, notices=b"\x01" * 32))
    s.points("records that never come", "FROZEN",
             lambda raw: f.checkpoint(raw, size=now.size + 1))
    s.points("an hour before the one we saw", "ROLLED_BACK",
             lambda raw: f.checkpoint(s.old_point, slot=now.slot - 2))
    s.points("another one in the hour that we saw", "FORKED",
             lambda raw: f.checkpoint(s.old_point, notices=b"\x02" * 32))


def epoch_lists(s):
    """Keys that messages would be sealed to."""
    f = s.forger
    first = s.lists[min(s.lists)]
    s.entry("a list with the broker's keys", "BAD_SIGNATURE",
            lambda raw: f.days(raw, f.own[0]))
    s.entry("a list under the old signature", "BAD_SIGNATURE",
            lambda raw: f.change(raw, serial=9))
    s.entry("other keys for days that were published", "KEY_REUSED",
            lambda raw: f.days(first, f.own[0]))
    s.entry("another seat's list, once more", "OLD_SERIAL", lambda raw: first)
    s.entry("a list of nobody", "FROZEN", lambda raw: f.change(raw, seat=b"\x05" * 16))
    s.entry("a list cut short", "BAD_RECORD", lambda raw: raw[:-1])

    def hide(message):
        if message.entries:
            del message.entries[-1]
    s.lie("a list left out", "FORKED", notices=hide)

    def lost(message):
        message.newest = 1
        del message.entries[:]
    s.lie("lists that were there are lost", "ROLLED_BACK", notices=lost)


def clocks(s):
    """A year ahead, and years ago: no key of a day is made, chosen, published
    or destroyed by that."""
    deaf, s.known = s.known, len(s.log)
    for what, time in (("next year", 1830000000), ("long ago", 86400)):
        for verb in ("directory", "hello"):
            s.lie(f"in {verb} it is {what}", "CLOCKS_APART", time,
                  **{verb: lambda message: None})
    s.known = deaf


def hidden_list(s):
    """Everything is told but for one list, which nobody would miss by number."""
    def hide(message):
        if message.entries:
            message.newest = message.entries[-1].cursor - 1
            del message.entries[-1]
    s.lie("a list hidden", "FORKED", notices=hide)


def frozen(s):
    """The old state, whole and true, for longer than two days."""
    code, _, about = s.sync(VICTIM, **s.before())
    s.tap.ok(code == 0, "the state of an hour ago may be served", about)
    s.at(DAYS_LATER)
    s.lie("the state of two days ago", "FROZEN", **s.before())


def two_schools(s):
    """Forked: the other school is shown a log without the third one. It finds
    out with the first message that reaches it, which is not lost either."""
    slot = s.forger.parts(s.point)[1].slot
    view = s.before(slot)
    code, _, about = s.sync(OTHER, **view)
    s.tap.ok(code == 0 and s.size(OTHER) == s.known,
             "two schools are shown two logs, each of them whole", about)
    s.rig.run(VICTIM, "say", s.thread, "--text", "Do you see the third school?")
    code, outcome, about = s.sync(OTHER, **view)
    s.tap.ok((code, outcome) == (9, "FORKED"), "one message, and the other knows", about)
    s.tap.ok("Do you see the third school?" not in s.rig.texts(OTHER, s.thread),
             "the message stays at the broker, as a proof")
    for what, changes in (("the old lie", view), ("the truth", {})):
        code, outcome, about = s.sync(OTHER, **changes)
        s.tap.ok((code, outcome) == (9, "FORKED"), f"{what} does not undo it", about)
    code, outcome, about = s.rig.finish(s.rig.start(
        OTHER, "say", s.thread, "--text", "Not to be sent."))
    s.tap.ok(code == 9, "and nothing is sent to such a broker", about)


def main():
    tap = Tap()
    with Rig(schools=[VICTIM, OTHER]) as rig:
        s = Stage(rig, tap)
        certificates(s)
        records(s)
        checkpoints(s)
        epoch_lists(s)
        hidden_list(s)
        frozen(s)
        tap.ok(s.deposits == 0, "nothing was deposited in all that")
        s.liar.says = s.learn
        rig.run(VICTIM, "sync")
        tap.ok(s.size() == s.known + 2, "and the truth is taken")
        clocks(s)
        two_schools(s)
        s.liar.done()
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

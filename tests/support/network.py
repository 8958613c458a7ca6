# SPDX-License-Identifier: Apache-2.0
"""A network that somebody else has in hand, between real clients and the real
broker (liar.py): it loses, cuts, doubles, turns round, holds back and delivers
again, whole frames at a time, and always the same way. It stands behind CURVE,
so it could change what it carries as well; here it does not.

    net = Network(rig)
    rig.up(net.env)
    net.who, net.now = "ann", "2026-11-10T09:00:00Z"
    net.lose("deposit", 1)
"""
from liar import ANSWER, PUSH, Frame, Liar


class Network:
    """`who` runs a command now, `now` is what time it is; the player sets
    both. Nothing is wrong before something is asked for."""

    def __init__(self, rig):
        self.liar = Liar(rig)
        self.env = self.liar.env
        self.who, self.now = None, ""
        self.carried = {}       # who -> all envelopes, with their bodies
        self.heal()
        self.liar.says, self.liar.hears = self._says, self._hears

    def heal(self):
        self.parted, self.held = set(), {}
        self.asks, self.answers, self.breaks = {}, {}, {}
        self.doubled = self.turned = False
        self.again = set()

    def is_whole(self):
        return not (self.parted or self.asks or self.answers or self.breaks)

    # --- what can be asked for ----------------------------------------------------

    def lose(self, verb, n):
        """The next n asks of a verb do not get there."""
        self.asks[verb] = n

    def lose_answers(self, verb, n):
        """The next n are done, and their answers do not get back."""
        self.answers[verb] = n

    def cut(self, verb, n):
        """The next n end their connections, and do not get there."""
        self.breaks[verb] = n

    def part(self, names):
        """Nothing of them gets through, either way."""
        self.parted |= set(names)

    def hold(self, name, until):
        """What is delivered to somebody takes until then."""
        self.held[name] = until

    def double(self):
        """All envelopes arrive twice."""
        self.doubled = True

    def turn(self):
        """Of what arrives together the last is first."""
        self.turned = True

    def replay(self, name):
        """At their next attach somebody gets once more all they ever got."""
        self.again.add(name)

    # --- the wire -------------------------------------------------------------------

    @staticmethod
    def _due(counts, verb):
        """Whether this one is meant; it counts."""
        if not counts.get(verb):
            return False
        counts[verb] -= 1
        if not counts[verb]:
            del counts[verb]
        return True

    def _hears(self, frame):
        if self.who in self.parted or self._due(self.breaks, frame.verb):
            self.liar.cuts.add(frame.peer)
            return False
        return not self._due(self.asks, frame.verb)

    def _says(self, frame):
        if self.who in self.parted:
            return []
        if frame.kind == ANSWER and self._due(self.answers, frame.verb):
            return []
        if frame.message is None or frame.verb not in ("attach", "ack"):
            return [frame]
        if self.now < self.held.get(self.who, ""):
            frame.message.waiting = 0
            return [] if frame.kind == PUSH else [frame]
        return self._carry(frame) if frame.kind == PUSH else self._attached(frame)

    def _attached(self, answer):
        """The answer to an attach, and what comes once more."""
        mine = self.carried.get(self.who, [])
        if answer.verb != "attach" or self.who not in self.again or not mine:
            return [answer]
        self.again.discard(self.who)
        raw = b"\x01\x08" + bytes([PUSH]) + bytes(13) + self.liar.now
        push = Frame(answer.peer, raw, True, self.liar.pf)
        push.message.mailbox = answer.message.mailbox
        push.message.bodies.extend({body: None for _, body in mine})
        push.message.envelopes.extend(envelope for envelope, _ in mine)
        answer.message.waiting += len(mine)
        return [answer, push]

    def _carry(self, push):
        bodies = {self.liar.replay.body_hash(body): body for body in push.message.bodies}
        due = list(push.message.envelopes)
        self.carried.setdefault(self.who, []).extend((e, bodies[e.body]) for e in due)
        if self.turned:
            due.reverse()
        if self.doubled:
            due = [e for e in due for _ in range(2)]
        copies = [type(e).FromString(e.SerializeToString()) for e in due]
        del push.message.envelopes[:]
        push.message.envelopes.extend(copies)
        return [push]

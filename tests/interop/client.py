#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A second client of the protocol, written from docs/PROTOCOL.md alone.

It is there to be read and to be tested against, not to be used: everything is
kept in memory, so none of its promises outlives the process ("commit" means
that a dictionary has it), and it draws no screen. Left out: files that come
with messages, asking for gaps (asks of others are served), withdrawing, a new
broker, coming back after the open door has shut (`NEED_HELLO`), and the checks
that only a broker makes.

frame_pb2, directory_pb2 and content_pb2 are made by protoc from proto/ and must
be found on sys.path.
"""
import hmac
import os
import re
import struct
import time
from dataclasses import dataclass

import nacl.bindings as na
import nacl.exceptions
import zmq
import zmq.utils.monitor

import content_pb2 as pc
import directory_pb2 as pd
import frame_pb2 as pf
from replay import (DAY, HOUR, SEAT_LABELS, Alarm, Directory, KeyPair, Refused, Witness, blake,
                    body_hash, hkdf_expand, hkdf_extract, hpke_open, hpke_seal, is_line, is_text,
                    label, make_signed, member_id, message_id, need, read_signed,
                    recipients_hash, seat_id, signature_holds, thread_id, unarmour, unpack,
                    x_form)

HELLO, DIRECTORY, NOTICES, PUBLISH, APPEND, ENROL, DEPOSIT, ATTACH, ACK = range(1, 10)
BUCKETS = (1024, 4096, 16384, 65536)
STATUS = dict(enumerate(
    "OK BAD_FRAME TOO_LARGE NEED_HELLO NOT_ALLOWED NO_MAILBOX STALE NEED_BODY NO_CREDIT NO_ROOM "
    "BAD_RECORD NO_RIGHT OLD_SERIAL KEY_REUSED OVER_QUOTA BAD_TICKET TICKET_USED TICKET_EXPIRED "
    "NOT_READY DRAINING UNKNOWN_VERB BAD_SIGNATURE EXPIRED NO_MEMORY".split()))


class Away(Exception):
    """Nobody there, or no answer in time."""


class NotThisBroker(Exception):
    """Somebody is there who has not the key of this circle's broker."""


# --- sealing --------------------------------------------------------------------

def seal_body(content, key=None, nonce=None):
    key, nonce = key or os.urandom(32), nonce or os.urandom(24)
    room = next((b for b in BUCKETS if len(content) + 77 <= b), None)
    need(room, "TOO_LARGE", "content")
    prk = hkdf_extract(nonce, key)
    aad = b"\x01" + nonce + hkdf_expand(prk, label("body-commitment"), 32)
    plain = struct.pack(">I", len(content)) + content
    plain += bytes(room - 57 - 16 - len(plain))
    return aad + na.crypto_aead_xchacha20poly1305_ietf_encrypt(
        plain, aad, nonce, hkdf_expand(prk, label("body-key"), 32)), key


def open_body(body, key):
    need(len(body) in BUCKETS and body[0] == 1, "BAD_SEAL", "body")
    prk = hkdf_extract(body[1:25], key)
    need(hmac.compare_digest(body[25:57], hkdf_expand(prk, label("body-commitment"), 32)),
         "BAD_SEAL", "commitment")
    try:
        plain = na.crypto_aead_xchacha20poly1305_ietf_decrypt(
            body[57:], body[:57], body[1:25], hkdf_expand(prk, label("body-key"), 32))
    except nacl.exceptions.CryptoError as e:
        raise Refused("BAD_SEAL", "body") from e
    size = struct.unpack(">I", plain[:4])[0]
    need(size <= len(plain) - 4 and not any(plain[4 + size:]), "BAD_SEAL", "padding")
    return plain[4:4 + size]


def reference_of_seat(seat):
    return b"\x01" + seat + bytes(111)


def reference_of_keys(sealing_x, signing):
    return b"\x02" + sealing_x + signing + bytes(63)


@dataclass
class Address:
    """What stands beside a wrap in clear, and whom it is for."""
    circle: bytes
    mailbox: bytes
    day: int
    generation: int
    expiry: int

    def outer(self, body):
        context = b"\x01" + self.circle + struct.pack(">I", self.day) + self.mailbox
        aad = self.mailbox + bytes([BUCKETS.index(len(body))]) + struct.pack(">I", self.expiry) \
            + body_hash(body)
        return context, aad, self.circle + struct.pack(">I", self.generation)


def seal_wrap(to, address, psk, reference, sender_secret, body, recipients, key, sequence,
              ephemerals=(None, None)):
    context, aad, psk_id = address.outer(body)
    inner = hpke_seal(to, label("inner") + context + reference, body_hash(body) + recipients,
                      key + struct.pack(">Q", sequence) + bytes(32), sender=sender_secret,
                      ephemeral=ephemerals[0])
    return hpke_seal(to, label("wrap") + context, aad, reference + recipients + inner,
                     psk=psk, psk_id=psk_id, ephemeral=ephemerals[1])


def open_outer(secret, address, psk, wrap, body):
    """(sender reference, recipients hash, inner layer)"""
    need(len(wrap) == 328 and len(body) in BUCKETS, "BAD_SEAL", "length")
    context, aad, psk_id = address.outer(body)
    plain = hpke_open(secret, label("wrap") + context, aad, wrap, psk=psk, psk_id=psk_id)
    return plain[:128], plain[128:160], plain[160:]


def open_inner(secret, address, sender_public, reference, recipients, inner, body):
    """(content key, sequence)"""
    context, _, _ = address.outer(body)
    plain = hpke_open(secret, label("inner") + context + reference, body_hash(body) + recipients,
                      inner, sender=sender_public)
    return plain[:32], struct.unpack(">Q", plain[32:40])[0]


PURPOSES = ("ask answer pass say introduced not_chosen state_note close closed resend "
            "receipt_only chunk enrol_request enrol_answer psk").split()
AUTHORITY = {"enrol_request", "enrol_answer", "psk"}
NAMING_A_THREAD = {"answer", "pass", "say", "introduced", "not_chosen", "chunk"}
MAY = {pd.LEAD: set(PURPOSES) - AUTHORITY,
       pd.COORDINATOR: {"say", "chunk", "pass", "resend", "receipt_only"},
       **dict.fromkeys((pd.DELEGATE, pd.OFFICE, pd.CHAIR), {"say", "chunk", "resend",
                                                            "receipt_only"}),
       **dict.fromkeys((pd.SOURCE_SEAT, pd.AUDITOR), {"resend", "receipt_only"})}


def check_content(c):
    """The rules of the page's table; gives the purpose."""
    def holds(x):
        need(x, "BAD_CONTENT")
    there = [p for p in PURPOSES if c.HasField(p)]
    holds(len(there) == 1)
    p, enrol = there[0], there[0] in AUTHORITY
    holds(len(c.circle) == 16 and any(c.circle) and len(c.sender) == 16 and any(c.sender))
    holds(len(c.recipients) == 32 and any(c.recipients))
    holds(c.HasField("sent_at") and c.sent_at < 1 << 63)
    holds(enrol or 1 <= len(c.audience) <= 64 and c.HasField("log_size"))
    for a in c.audience:
        holds(len(a.ListFields()) == 1 and (a.coordinators or len(a.member) == 16
                                            or a.HasField("group") and is_line(a.group)))
    holds(not c.HasField("checkpoint") or 1 <= len(c.checkpoint) <= 512)
    for name in ("request", "thread"):
        value = getattr(c, name)
        holds(not c.HasField(name) or len(value) == 16 and any(value) and not enrol)
    holds(enrol or p in ("resend", "receipt_only") or c.HasField("request"))
    holds(p != "chunk" or c.HasField("thread") and not c.seen and not c.receipts)
    holds(len(c.seen) <= 64 and all(len(x.seat) == 16 and len(x.body) == 32 for x in c.seen))
    holds(len(c.receipts) <= 64 and all(len(x) == 16 and any(x) for x in c.receipts))
    b = getattr(c, p)
    names = {f.name for f in b.DESCRIPTOR.fields}
    holds("text" not in names or is_text(b.text))
    holds("holder" not in names or is_line(b.holder, False))
    holds("half_days" not in names or b.half_days <= 1000)
    if p == "ask":
        holds(is_line(b.topic) and len(b.topic.encode()) <= 16 and b.within_km <= 2000)
        holds(b.urgency in ("U1", "U2", "U3", "U4"))
        holds(not b.HasField("mode") or b.mode in ("in-person", "remote"))
    elif p == "say":
        holds(b.text and len(b.attachments) <= 8)
    elif p == "state_note":
        holds(re.fullmatch("[a-z-]{1,40}", b.state))
    elif p == "close":
        holds(b.outcome in ("helped", "partly", "not-helped"))
    elif p == "resend":
        holds(len(b.thread) == 16 and 0 < getattr(b, "from") <= b.to
              and b.to - getattr(b, "from") < 1000)
    elif p == "receipt_only":
        holds(c.receipts)
    elif p == "enrol_answer":
        holds(b.HasField("admitted") and is_text(b.why, 1000))
        holds(not b.admitted or len(b.member) == 16)
    if p == "psk" or p == "enrol_answer" and (b.HasField("psk") or b.HasField("generation")):
        holds(b.generation and len(b.psk) == 32 and any(b.psk))
    return p


# --- one connection -------------------------------------------------------------

class Connection:
    """A DEALER with CURVE to one door; one part a frame."""

    def __init__(self, endpoint, server_key, public, secret, timeout=10):
        self.public, self.server_key, self.serial, self.pushes = public, server_key, 0, []
        self.socket = s = zmq.Context.instance().socket(zmq.DEALER)
        s.linger, s.maxmsgsize, s.reconnect_ivl = 0, 98304 + 33, 100
        s.curve_publickey, s.curve_secretkey, s.curve_serverkey = public, secret, server_key
        watch = s.get_monitor_socket()
        s.connect(endpoint)
        failed, connected, end = 0, 0.0, time.monotonic() + timeout
        try:
            while True:
                if not watch.poll(max(0, int(1000 * (end - time.monotonic())))):
                    raise Away(endpoint)
                event = zmq.utils.monitor.recv_monitor_message(watch)["event"]
                if event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                    break
                if event == zmq.EVENT_CONNECTED:
                    connected = time.monotonic()
                elif event == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
                    raise Refused("NOT_ALLOWED", "this key is no live seat's")
                elif event == zmq.EVENT_DISCONNECTED:
                    failed += time.monotonic() - connected < 1.5
                    if failed >= 3:
                        raise NotThisBroker(endpoint)
        except (Away, NotThisBroker, Refused):
            self.close()
            raise
        s.disable_monitor()

    def close(self):
        self.socket.disable_monitor()
        self.socket.close()

    def _receive(self, timeout):
        if not self.socket.poll(int(1000 * timeout)):
            raise Away("no answer")
        raw = self.socket.recv()
        need(24 <= len(raw) <= 98304 and raw[0] == 1 and raw[3] == 0 and not any(raw[10:16])
             and raw[2] in (1, 2), "BAD_FRAME", "header")
        verb, kind = raw[1], raw[2]
        serial, status = struct.unpack(">IH", raw[4:10])
        self.now = struct.unpack(">Q", raw[16:24])[0]
        return verb, kind, serial, status, raw[24:]

    def ask(self, verb, message, answer, timeout=10):
        self.serial += 1
        self.socket.send(struct.pack(">BBBBIHHIQ", 1, verb, 0, 0, self.serial, 0, 0, 0, 0)
                         + message.SerializeToString())
        while True:
            got, kind, serial, status, raw = self._receive(timeout)
            if kind == 2:
                self.pushes.append(raw)
                continue
            need((got, serial) == (verb, self.serial), "BAD_FRAME", "not the answer to this ask")
            if status:
                raise Refused(STATUS.get(status, status), unpack(pf.Refusal, raw).why)
            return unpack(answer, raw)

    def push(self, timeout):
        if not self.pushes:
            _, kind, serial, _, raw = self._receive(timeout)
            need(kind == 2 and serial == 0, "BAD_FRAME", "push")
            return unpack(pf.Attach.Push, raw)
        return unpack(pf.Attach.Push, self.pushes.pop(0))


def door_proof(psk, server_key, public):
    key = hkdf_expand(hkdf_extract(b"", psk), label("door"), 32)
    return hmac.digest(key, label("door-proof") + server_key + public, "sha256")


# --- a school -------------------------------------------------------------------

@dataclass
class Message:
    id: bytes
    body: bytes             # its hash
    content: pc.Content
    purpose: str
    sender: bytes           # member id
    threads: set            # own bodies to a group count in several

    @property
    def text(self):
        return getattr(getattr(self.content, self.purpose), "text", "")


class Client:
    def __init__(self, invitation, holder):
        inv = unpack(pd.Invitation, unarmour(invitation, "invitation"), "BAD_FILE")
        self.log = Directory(inv.authority)
        self.witness = Witness(self.log)
        self.broker, self.holder, self.ticket = inv.broker, holder, inv.ticket
        self.psks = {inv.generation: inv.psk}
        self.key, self.signing, self.sealing, self.fallback, self.transport = (
            KeyPair() for _ in range(5))
        self.circle = self.log.circle
        self.member = member_id(self.circle, self.key.public)
        self.seat = seat_id(self.signing.public)
        self.days, self.list = {}, None                 # epoch secrets, the published list
        self.sent, self.got, self.owed = {}, {}, {}     # see send(), accept_content(), receipts
        self.requests, self.messages, self.known = {}, {}, set()
        self.arrived, self.events, self.admitted = set(), [], False
        self.door = self.home = self.enrolment = self.alarm = None
        _, s, t = read_signed(self.ticket, (18,), 1024, "BAD_TICKET")
        need(t.circle == self.circle and len(s.signatures) == 1
             and s.signatures[0].signer < len(self.log.keys)
             and signature_holds(self.log.keys[s.signatures[0].signer], "ticket", s.body,
                                 s.signatures[0].signature), "BAD_TICKET")
        self.role = t.role

    def close(self):
        for c in (self.door, self.home):
            if c:
                c.close()
        self.door = self.home = None

    @property
    def generation(self):
        """The newest PSK that we have and the charter names."""
        top = self.log.charter.psk_generation if self.log.charter else 0
        return max((g for g in self.psks if g <= top), default=min(self.psks))

    # the doors

    def open_door(self, psk=None):
        """A fresh key for each connection, and the PSK's proof."""
        pair = KeyPair()
        c = Connection(self.broker.open_endpoint, self.broker.curve_key,
                       pair.x_public, pair.x_secret)
        proof = door_proof(psk or self.psks[self.generation], c.server_key, c.public)
        try:
            return c, c.ask(HELLO, pf.Hello.Ask(protocol=1, proof=proof,
                                                generation=self.generation), pf.Hello.Answer)
        except Refused:
            c.close()
            raise

    # enrolment

    def join(self, now):
        """Asks to be admitted; gives the five numbers of the words."""
        body = pd.Seat(circle=self.circle, serial=1, member=self.member, role=self.role,
                       signing_key=self.signing.public, sealing_key=self.sealing.public,
                       fallback_key=self.fallback.public, transport_key=self.transport.public,
                       made_at=now - now % DAY).SerializeToString()
        pairs = (self.key, self.signing, self.sealing, self.fallback, self.transport)
        self.certificate = make_signed(4, body, *zip(pairs, SEAT_LABELS))
        a = self.log.authority
        mailbox = seat_id(a.mailbox_key)
        c = pc.Content(circle=self.circle, sender=self.seat, sent_at=now,
                       recipients=recipients_hash([mailbox]))
        c.enrol_request.member_key, c.enrol_request.seat = self.key.public, self.certificate
        c.enrol_request.holder, c.enrol_request.ticket = self.holder, self.ticket
        check_content(c)
        body, key = seal_body(c.SerializeToString())
        to = Address(self.circle, mailbox, 0, self.generation, now // HOUR + 90 * 24)
        wrap = seal_wrap(x_form(a.enrolment_key), to, self.psks[self.generation],
                         reference_of_keys(self.sealing.x_public, self.signing.public),
                         self.sealing.x_secret, body, c.recipients, key, 1)
        door, _ = self.open_door()
        try:
            door.ask(ENROL, pf.Enrol.Ask(
                ticket=self.ticket, mailbox_key=self.signing.public, body=body, wrap=wrap,
                generation=self.generation, expiry_hour=to.expiry), pf.Enrol.Answer)
        finally:
            door.close()
        return list(blake(32, label("words"), self.certificate)[:5])

    # a sync

    def sync(self):
        """All of it, in the page's order; gives what happened."""
        if self.alarm and self.alarm.args[0] == "forked":
            raise self.alarm                    # it was proven, and stays so
        self.close()
        self.events, self.alarm = [], None
        try:
            self._sync()
        except Alarm as e:
            self.alarm = e
            raise
        return self.events

    def _sync(self):
        self.door, hello = self.open_door()
        if abs(self.door.now - time.time()) >= DAY:
            raise Alarm("clock", "one of the two clocks is wrong")
        if hello.size < self.log.size:
            raise Alarm("rolled back", "a shorter log")
        self.fetch_directory()
        self.fetch_notices()
        me = self.log.seats.get(self.seat)
        self.admitted = bool(me and me.live)
        if self.admitted:
            self.home = Connection(self.broker.member_endpoint, self.broker.curve_key,
                                   self.transport.x_public, self.transport.x_secret)
            self.home.ask(HELLO, pf.Hello.Ask(protocol=1), pf.Hello.Answer)
            self.publish()
        self.take_mail()
        for day in [d for d in self.days if self.door.now >= (d + 3) * DAY]:
            del self.days[day]

    def fetch_records(self):
        while True:
            a = self.door.ask(DIRECTORY, pf.Directory.Ask(**{"from": self.log.size}),
                              pf.Directory.Answer)
            if a.size < self.log.size:
                raise Alarm("rolled back", "a shorter log")
            need(getattr(a, "from") == self.log.size, "BAD_FRAME", "not what was asked for")
            for raw in a.records:
                self.log.append(raw)
            if self.log.size >= a.size:
                break
            if not a.records:
                raise Alarm("frozen", "records are kept back")
        return a

    def fetch_directory(self):
        a = self.fetch_records()
        if self.log.size:
            self.witness.of_broker(a.checkpoint)
            if self.log.broker != self.broker:
                raise Alarm("moved", "the log names another broker")  # this client stays

    def fetch_notices(self):
        w = self.witness
        while True:
            a = self.door.ask(NOTICES, pf.Notices.Ask(after=w.cursor), pf.Notices.Answer)
            self.fetch_records()    # what came since may have a checkpoint and notices already
            c = w.of_broker(a.checkpoint)
            due = w.cursor <= a.covered
            for e in a.entries:
                need(e.cursor > w.cursor, "BAD_FRAME", "cursors do not rise")
                if due and e.cursor > a.covered:
                    w.compare(a.covered, c)
                    due = False
                w.notice(e.cursor, e.notice)
            done = w.cursor >= a.newest or not a.entries
            if due and (w.cursor == a.covered or done):
                w.compare(a.covered, c)
            if done:
                if w.cursor < a.newest and a.newest > a.covered:
                    raise Alarm("frozen", "notices are kept back")
                return

    def publish(self):
        """98 days of epoch keys, if fewer than 70 are ahead."""
        today = self.door.now // DAY
        if self.list and self.list.expires_day - today >= 70:
            return
        for day in range(today, today + 98):
            self.days.setdefault(day, os.urandom(32))
        new = pd.EpochKeys(circle=self.circle, serial=self.list.serial + 1 if self.list else 1,
                           seat=self.seat, first_day=today, expires_day=today + 98,
                           keys=b"".join(na.crypto_scalarmult_base(self.days[d])
                                         for d in range(today, today + 98)))
        raw = make_signed(17, new.SerializeToString(), (self.signing, "epoch-keys"))
        self.home.ask(PUBLISH, pf.Publish.Ask(notices=[raw]), pf.Publish.Answer)
        self.list = new

    def take_mail(self, timeout=10):
        """Attach, take pushes, commit, ack, until nothing waits."""
        c, ask = self.home, pf.Attach.Ask(window=16)
        if not self.admitted:
            c = self.door
            ask.mailbox_key = self.signing.public
            ask.proof = self.signing.sign("mailbox-proof", c.server_key + c.public + self.seat)
        try:
            waiting = c.ask(ATTACH, ask, pf.Attach.Answer).waiting
        except Refused as e:
            if not self.admitted and e.args[0] == "NO_MAILBOX":
                return
            raise
        while waiting:
            waiting = self.take_push(c, timeout)

    def take_push(self, c, timeout):
        p = c.push(timeout)
        bodies = {body_hash(b): b for b in p.bodies}
        for e in p.envelopes:
            try:
                need(e.body in bodies, "BAD_FRAME", "no such body")
                self.open(e, bodies[e.body])
            except Refused as x:
                self.events.append(("refused", *x.args))
        c.ask(ACK, pf.Ack.Ask(mailbox=self.seat, keys=[e.key for e in p.envelopes]),
              pf.Ack.Answer)
        return p.waiting

    # opening

    def open(self, e, body):
        secret = self.days.get(e.day) if e.day else self.fallback.x_secret
        need(secret, "BAD_SEAL", "no secret of that day")
        need(e.generation in self.psks, "BAD_SEAL", "no PSK of that generation")
        to = Address(self.circle, self.seat, e.day, e.generation, e.expiry_hour)
        reference, recipients, inner = open_outer(secret, to, self.psks[e.generation],
                                                  e.wrap, body)
        sender = None
        if reference[0] == 1:
            need(not any(reference[17:]), "BAD_SEAL", "reference")
            if reference[1:17] not in self.log.seats:
                self.fetch_directory()
            sender = self.log.seats.get(reference[1:17])
            need(sender and sender.live, "BAD_SEAL", "unknown sender")
            sealing, sender_id = sender.sealing, sender.id
        else:
            a = self.log.authority
            need(reference == reference_of_keys(x_form(a.enrolment_key), a.mailbox_key),
                 "BAD_SEAL", "reference")
            sealing, sender_id = reference[1:33], seat_id(a.mailbox_key)
        key, sequence = open_inner(secret, to, sealing, reference, recipients, inner, body)
        c = unpack(pc.Content, open_body(body, key), "BAD_CONTENT")
        purpose = check_content(c)
        need((c.circle, c.sender, c.recipients) == (self.circle, sender_id, recipients),
             "BAD_CONTENT", "not those of the wrap")
        if sender is None:
            need(purpose in ("enrol_answer", "psk"), "NO_RIGHT", purpose)
            told = getattr(c, purpose)
            if told.psk:
                self.psks.setdefault(told.generation, told.psk)
            if purpose == "enrol_answer":
                self.enrolment = told
            self.events.append((purpose, told.generation) if purpose == "psk"
                               else (purpose, told.admitted, told.why))
            return
        need(purpose in MAY[sender.role], "NO_RIGHT", purpose)
        other, me = sender.member.id, self.member
        thread = thread_id(c.request, other, me) if c.request else b""
        if c.thread:
            need(c.thread == thread or other == me, "BAD_CONTENT", "thread")
            thread = c.thread
        need(thread and c.thread or purpose not in NAMING_A_THREAD, "BAD_CONTENT", "no thread")
        need(other == me or purpose != "pass" and (c.thread or purpose != "close"),
             "BAD_CONTENT", "not for others")
        if c.checkpoint:
            self.witness.carried(c.checkpoint)
        self.accept_content(c, purpose, sender, thread, sequence, message_id(reference, body),
                            body_hash(body))

    def accept_content(self, c, purpose, sender, thread, sequence, mid, body):
        if mid in self.known:
            return
        if c.request:
            need(self.got.get((thread, sender.id, sequence), mid) == mid, "BAD_CONTENT", "sequence")
            if purpose == "ask":
                owner = self.requests.setdefault(c.request, sender.member.id)
                need(owner == sender.member.id, "BAD_CONTENT", "another's request")
            self.got[thread, sender.id, sequence] = mid
            self.messages.setdefault(c.request, []).append(
                Message(mid, body, c, purpose, sender.member.id, {thread}))
        self.known.add(mid)
        self.arrived.update(c.receipts)
        if purpose == "resend":
            self.serve_resend(c.resend, sender)
        elif purpose != "receipt_only" and sender.member.id != self.member:
            self.owed.setdefault(sender.member.id, []).append(mid)
        self.events.append((purpose, c.request, thread))

    # sending

    def send(self, audience, purpose, fields, request=b"", thread=b"", spoil=None):
        """Seals to everybody the audience names; gives (message id, statuses).

        `spoil` is for tests: what it makes of a wrap is deposited instead."""
        members = self.log.members_of(audience)
        seats = [s for s in self.log.seats.values() if s.live and s.id != self.seat
                 and (s.member.id in members or s.member.id == self.member)]
        c = pc.Content(circle=self.circle, sender=self.seat, sent_at=int(time.time()),
                       audience=audience, log_size=self.log.size,
                       recipients=recipients_hash([s.id for s in seats]),
                       checkpoint=self.witness.newest_raw)
        if request:
            c.request = request
        if thread:
            c.thread = thread
            newest = {m.content.sender: m.body for m in self.messages.get(request, ())
                      if thread in m.threads}
            for seat, body in newest.items():
                c.seen.add(seat=seat, body=body)
        if len(audience) == 1 and audience[0].member:
            owed = self.owed.get(audience[0].member, [])
            c.receipts.extend(owed[:64])
            del owed[:64]
        getattr(c, purpose).SetInParent()
        for name, value in fields.items():
            setattr(getattr(c, purpose), name, value)
        check_content(c)
        body, key = seal_body(c.SerializeToString())
        mid, parts, threads = message_id(reference_of_seat(self.seat), body), [], set()
        for s in seats:
            t = thread or (thread_id(request, self.member, s.member.id) if request else b"")
            threads.add(t)
            row = self.sent.setdefault((t, s.id), [])
            row.append((body, key, c.recipients))
            parts.append((s, len(row), row[-1]))
        if request:
            self.messages.setdefault(request, []).append(
                Message(mid, body_hash(body), c, purpose, self.member, threads))
        return mid, self.deposit(parts, spoil)

    def deposit(self, parts, spoil=None):
        """parts: (seat, sequence, (body, content key, recipients hash)), in frames of 60."""
        if self.alarm:
            raise self.alarm
        statuses, now = [], self.door.now
        for i in range(0, len(parts), 60):
            ask = pf.Deposit.Ask()
            for seat, sequence, (body, key, recipients) in parts[i:i + 60]:
                to_key, day = self.witness.key_for(seat, now // DAY)
                to = Address(self.circle, seat.id, day, self.generation, now // HOUR + 90 * 24)
                wrap = seal_wrap(to_key, to, self.psks[self.generation],
                                 reference_of_seat(self.seat), self.sealing.x_secret, body,
                                 recipients, key, sequence)
                if body not in ask.bodies:
                    ask.bodies.append(body)
                ask.wraps.add(mailbox=seat.id, body=body_hash(body), day=day,
                              wrap=spoil(wrap) if spoil else wrap,
                              generation=self.generation, expiry_hour=to.expiry)
            statuses += [STATUS.get(x, x) for x in self.door.ask(
                DEPOSIT, ask, pf.Deposit.Answer).statuses]
        return statuses

    def serve_resend(self, r, sender):
        """Only a seat's own wraps of that thread, in that range."""
        row = self.sent.get((r.thread, sender.id), [])
        for n in range(getattr(r, "from"), min(r.to, len(row)) + 1):
            if message_id(reference_of_seat(self.seat), row[n - 1][0]) not in self.arrived:
                self.deposit([(sender, n, row[n - 1])])

    # what a person does

    def _to(self, member, purpose, request, spoil=None, **fields):
        return self.send([pc.Audience(member=member)], purpose, fields, request,
                         thread_id(request, self.member, member), spoil)

    def ask(self, group, topic, urgency, text):
        request = os.urandom(16)
        self.requests[request] = self.member
        _, statuses = self.send([pc.Audience(group=group)], "ask", dict(
            topic=topic, urgency=urgency, text=text, holder=self.holder), request)
        return request, statuses

    def answer(self, request, text, half_days):
        return self._to(self.requests[request], "answer", request, text=text,
                        half_days=half_days, holder=self.holder)

    def say(self, request, member, text, spoil=None):
        return self._to(member, "say", request, spoil, text=text, holder=self.holder)

    def accept(self, request, member, text):
        for m in self.answers(request):
            if m.sender != member:
                self._to(m.sender, "not_chosen", request, text="Thank you all the same.")
        return self._to(member, "introduced", request, text=text, holder=self.holder)

    def close_request(self, request, outcome, text):
        """`close` to the chosen one, `closed` to each of the others who were asked."""
        story = self.messages[request]
        chosen = next(m.content.audience[0].member for m in story if m.purpose == "introduced")
        asked = set().union(*(self.log.members_of(m.content.audience) for m in story
                              if m.purpose == "ask")) - {self.member, chosen}
        if asked:
            self.send([pc.Audience(member=x) for x in sorted(asked)], "closed", {}, request)
        return self._to(chosen, "close", request, outcome=outcome, text=text)

    def send_receipts(self):
        for member in [m for m, owed in self.owed.items() if owed]:
            self.send([pc.Audience(member=member)], "receipt_only", {})

    # what it comes to

    def answers(self, request):
        return [m for m in self.messages[request] if m.purpose == "answer"]

    def conversation(self, request, member):
        t = thread_id(request, self.member, member)
        return [(m.purpose, m.text) for m in self.messages[request] if t in m.threads]

    def state(self, request):
        seen = {m.purpose for m in self.messages[request]}
        return "closed" if seen & {"close", "closed"} else \
            "introduced" if "introduced" in seen else "open"

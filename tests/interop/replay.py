#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What everybody computes alike: primitives, HPKE, ids, the strict reading of
protobuf and files, and the replay of the signed directory with its checkpoints
and notices. From docs/PROTOCOL.md alone; see client.py.
"""
import base64
import hashlib
import hmac
import os
import re
import struct
import time
from dataclasses import dataclass

import nacl.bindings as na
import nacl.exceptions
from google.protobuf.message import DecodeError

import directory_pb2 as pd

DAY, HOUR = 86400, 3600


class Refused(Exception):
    """Something that does not follow the rules; args[0] names the outcome."""


class Alarm(Exception):
    """Rolled back, forked or frozen: nothing may be sent any more."""


def need(holds, outcome, why=""):
    if not holds:
        raise Refused(outcome, why)


# --- primitives ---------------------------------------------------------------

def label(name):
    return b"reachout/1 " + name.encode() + b"\0"


def blake(size, *parts):
    return hashlib.blake2b(b"".join(parts), digest_size=size).digest()


def hkdf_extract(salt, ikm):
    return hmac.digest(salt or bytes(32), ikm, "sha256")


def hkdf_expand(prk, info, size):
    out, block = b"", b""
    for i in range(1, -(-size // 32) + 1):
        block = hmac.digest(prk, block + info + bytes([i]), "sha256")
        out += block
    return out[:size]


def dh(secret, public):
    try:
        return na.crypto_scalarmult(secret, public)  # refuses an all-zero result
    except (nacl.exceptions.CryptoError, RuntimeError) as e:
        raise Refused("BAD_SEAL", "no agreement") from e


class KeyPair:
    """Every pair is born as Ed25519; X25519 and CURVE use its other form."""

    def __init__(self, seed=None):
        self.seed = seed or os.urandom(32)
        self.public, self._sk = na.crypto_sign_seed_keypair(self.seed)
        self.x_public = na.crypto_sign_ed25519_pk_to_curve25519(self.public)
        self.x_secret = na.crypto_sign_ed25519_sk_to_curve25519(self._sk)

    def sign(self, name, message):
        return na.crypto_sign(label(name) + message, self._sk)[:64]


def x_form(public):
    return na.crypto_sign_ed25519_pk_to_curve25519(public)


def signature_holds(public, name, message, signature):
    try:
        return len(signature) == 64 and bool(
            na.crypto_sign_open(signature + label(name) + message, public) is not None)
    except (nacl.exceptions.CryptoError, ValueError):
        return False


def sound(key):
    return len(key) == 32 and na.crypto_core_ed25519_is_valid_point(key)


def plain_key(key):
    """Keys are compared without their sign bit."""
    return key[:31] + bytes([key[31] & 0x7F])


# --- HPKE (RFC 9180): DHKEM(X25519), HKDF-SHA256, ChaCha20-Poly1305 -------------

KEM_SUITE = b"KEM" + struct.pack(">H", 0x20)
HPKE_SUITE = b"HPKE" + struct.pack(">HHH", 0x20, 1, 3)
MODE_BASE, MODE_PSK, MODE_AUTH = 0, 1, 2


def _labeled_extract(suite, salt, what, ikm):
    return hkdf_extract(salt, b"HPKE-v1" + suite + what + ikm)


def _labeled_expand(suite, prk, what, info, size):
    return hkdf_expand(prk, struct.pack(">H", size) + b"HPKE-v1" + suite + what + info, size)


def _kem_secret(shared, context):
    prk = _labeled_extract(KEM_SUITE, b"", b"eae_prk", shared)
    return _labeled_expand(KEM_SUITE, prk, b"shared_secret", context, 32)


def _key_schedule(mode, shared_secret, info, psk, psk_id):
    context = bytes([mode]) + _labeled_extract(HPKE_SUITE, b"", b"psk_id_hash", psk_id) \
        + _labeled_extract(HPKE_SUITE, b"", b"info_hash", info)
    secret = _labeled_extract(HPKE_SUITE, shared_secret, b"secret", psk)
    return (_labeled_expand(HPKE_SUITE, secret, b"key", context, 32),
            _labeled_expand(HPKE_SUITE, secret, b"base_nonce", context, 12))


def hpke_seal(to, info, aad, plain, psk=b"", psk_id=b"", sender=None, ephemeral=None):
    """Single shot; `sender` is the static secret of mode_auth. enc ‖ ct ‖ tag."""
    mode = MODE_AUTH if sender else MODE_PSK if psk else MODE_BASE
    ephemeral = ephemeral or os.urandom(32)
    enc = na.crypto_scalarmult_base(ephemeral)
    shared, context = dh(ephemeral, to), enc + to
    if sender:
        shared, context = shared + dh(sender, to), context + na.crypto_scalarmult_base(sender)
    key, nonce = _key_schedule(mode, _kem_secret(shared, context), info, psk, psk_id)
    return enc + na.crypto_aead_chacha20poly1305_ietf_encrypt(plain, aad, nonce, key)


def hpke_open(secret, info, aad, sealed, psk=b"", psk_id=b"", sender=None):
    """The reverse; `sender` is the static public key of mode_auth."""
    mode = MODE_AUTH if sender else MODE_PSK if psk else MODE_BASE
    enc, sealed = sealed[:32], sealed[32:]
    shared, context = dh(secret, enc), enc + na.crypto_scalarmult_base(secret)
    if sender:
        shared, context = shared + dh(secret, sender), context + sender
    key, nonce = _key_schedule(mode, _kem_secret(shared, context), info, psk, psk_id)
    try:
        return na.crypto_aead_chacha20poly1305_ietf_decrypt(sealed, aad, nonce, key)
    except nacl.exceptions.CryptoError as e:
        raise Refused("BAD_SEAL", "a layer does not open") from e


# --- ids ------------------------------------------------------------------------

def circle_id(keys, threshold):
    return blake(16, label("circle-id"), *keys, bytes([threshold]))


def member_id(circle, key):
    return blake(16, label("member-id"), circle, key)


def seat_id(signing_key):
    return blake(16, label("seat-id"), signing_key)


def thread_id(request, a, b):
    return blake(16, label("thread-id"), request, min(a, b), max(a, b))


def body_hash(body):
    return blake(32, label("body-hash"), body)


def message_id(reference, body):
    return blake(16, label("message-id"), reference, body)


def recipients_hash(seats):
    return blake(32, label("recipients"), *sorted(seats))


# --- reading protobuf, files ----------------------------------------------------

def _varint(raw, i, bits):
    value = 0
    for n in range(10):
        need(i < len(raw), "BAD_FRAME", "cut short")
        value |= (raw[i] & 0x7F) << (7 * n)
        i += 1
        if not raw[i - 1] & 0x80:
            need(value < 1 << bits, "BAD_FRAME", "a number is too wide")
            return value, i
    raise Refused("BAD_FRAME", "a varint is too long")


def strict(raw, desc, depth=1, pieces=None):
    """What a reader refuses beyond what protobuf itself does; in a Signed also what is unknown."""
    closed = desc.name in ("Signed", "Signature")
    pieces = pieces if pieces is not None else [0]
    need(depth <= 4, "BAD_FRAME", "nested too deep")
    i, seen = 0, set()
    while i < len(raw):
        tag, i = _varint(raw, i, 32)
        number, wire = tag >> 3, tag & 7
        need(number and wire in (0, 1, 2, 5), "BAD_FRAME", "tag")
        f = desc.fields_by_number.get(number)
        data = b""
        if wire == 0:
            value, i = _varint(raw, i, 64)
        else:
            size, i = _varint(raw, i, 32) if wire == 2 else ({1: 8, 5: 4}[wire], i)
            data, i = raw[i:i + size], i + size
            need(i <= len(raw), "BAD_FRAME", "cut short")
        pieces[0] += f is None or wire == 2 or f.label == f.LABEL_REPEATED
        need(pieces[0] <= 4096, "BAD_FRAME", "too many pieces")
        if f is None:
            need(not closed, "BAD_FRAME", f"{desc.name}: unknown field")
            continue
        repeated = f.label == f.LABEL_REPEATED
        need(repeated or number not in seen, "BAD_FRAME", f"{f.name} twice")
        seen.add(number)
        if f.type in (f.TYPE_BYTES, f.TYPE_STRING, f.TYPE_MESSAGE):
            need(wire == 2, "BAD_FRAME", f"{f.name}: wire type")
            if f.type == f.TYPE_MESSAGE:
                strict(data, f.message_type, depth + 1, pieces)
            elif f.type == f.TYPE_STRING:
                need(b"\0" not in data, "BAD_FRAME", f"{f.name}: zero byte")
                try:
                    data.decode()
                except UnicodeDecodeError as e:
                    raise Refused("BAD_FRAME", f"{f.name}: not UTF-8") from e
            continue
        bits = 1 if f.type == f.TYPE_BOOL else 64 if f.type == f.TYPE_UINT64 else 32
        if wire == 2 and repeated:
            j = 0
            while j < len(data):
                _, j = _varint(data, j, bits)
                pieces[0] += 1
        else:
            need(wire == 0 and value < 1 << bits, "BAD_FRAME", f"{f.name}: not such a number")


def unpack(cls, raw, outcome="BAD_FRAME"):
    try:
        strict(raw, cls.DESCRIPTOR)
        message = cls()
        message.ParseFromString(raw)
        return message
    except (Refused, DecodeError) as e:
        raise Refused(outcome, f"{cls.DESCRIPTOR.name}: {e}") from e


def unarmour(text, name):
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    need(lines[0] == f"reachout {name} 1", "BAD_FILE", lines[0])
    need(all(len(x) <= 76 for x in lines[1:]), "BAD_FILE", "long line")
    raw = base64.b64decode("".join(lines[1:]), validate=True)
    need(base64.b64encode(raw).decode() == "".join(lines[1:]), "BAD_FILE", "base64")
    return raw


def is_line(text, required=True):
    raw = text.encode()
    return len(raw) <= 200 and (raw or not required) and not any(
        ord(c) < 0x20 or 0x7F <= ord(c) <= 0x9F for c in text)


def is_text(text, limit=60000):
    return len(text.encode()) <= limit and not any(
        (ord(c) < 0x20 and c not in "\n\t") or 0x7F <= ord(c) <= 0x9F for c in text)


# --- groups ---------------------------------------------------------------------

SPECIAL = ("special school", "community special school", "foundation special school",
           "non-maintained special school", "academy special", "academy special converter",
           "academy special sponsor led", "free schools special", "other independent special school",
           "special post 16 institution")
AP = ("pupil referral unit", "academy alternative provision",
      "academy alternative provision converter", "academy alternative provision sponsor led",
      "free schools alternative provision")
# group -> lines of (phase, type) in small letters, None where the line says nothing
GROUPS = {
    "nursery": [("nursery", None)],
    "primary": [("primary", None), ("middle deemed primary", None)],
    "middle": [("middle deemed primary", None), ("middle deemed secondary", None)],
    "secondary": [("middle deemed secondary", None), ("secondary", None),
                  (None, "city technology college")],
    "all-through": [("all-through", None)],
    "sixteen-plus": [("16 plus", None), (None, "sixth form centres"),
                     (None, "sixth form centre/consortia"), (None, "special post 16 institution")],
    "special": [(None, x) for x in SPECIAL],
    "pru": [(None, x) for x in AP],
    "independent": [(None, "other independent school"),
                    (None, "other independent special school")],
}
TOKEN = re.compile(r'''[ \t\r\n]+|\#[^\n]*|"((?:[^"\\\n]|\\["\\])*)"|([\w.:-]+|[{}=,])''', re.A)


def conf_tokens(text):
    """(text, whether it stood in quotes)"""
    i, out = 0, []
    while i < len(text):
        m = TOKEN.match(text, i)
        need(m, "BAD_CONF", text[i:i + 20])
        i = m.end()
        if m[1] is not None:
            out.append((re.sub(r"\\(.)", r"\1", m[1]), True))
        elif m[2]:
            out.append((m[2], False))
    return out


def read_conf(text):
    """circle.conf: (kind, title, {key: values}), the file itself as kind None."""
    tokens, top = conf_tokens(text.removeprefix("\ufeff")), {}
    sections, here, inside = [(None, None, top)], top, False
    while tokens:
        word, quoted = tokens.pop(0)
        if (word, quoted) == ("}", False):
            need(inside, "BAD_CONF", "}")
            here, inside = top, False
            continue
        title = None if tokens[0] in (("=", False), ("{", False)) else tokens.pop(0)[0]
        mark = tokens.pop(0)
        if mark == ("{", False):
            need(not inside, "BAD_CONF", word)
            here, inside = {}, True
            sections.append((word, title, here))
            continue
        need(mark == ("=", False) and title is None and word not in here, "BAD_CONF", word)
        values = [tokens.pop(0)]
        if values == [("{", False)]:
            end = tokens.index(("}", False))
            values, tokens = tokens[:end], tokens[end + 1:]
        here[word] = [v for v, q in values if q or v != ","]
    need(not inside, "BAD_CONF", "a section is not closed")
    return sections


# --- signed things, directory, checkpoints, notices -----------------------------

KINDS = {1: "charter", 2: "listing", 3: "member", 4: "seat-certificate", 5: "revocation",
         6: "broker-key", 16: "checkpoint", 17: "epoch-keys", 18: "ticket"}
BODIES = {1: pd.Charter, 2: pd.ListingBlock, 3: pd.Member, 4: pd.Seat, 5: pd.Revocation,
          6: pd.BrokerKey, 16: pd.Checkpoint, 17: pd.EpochKeys, 18: pd.Ticket}
SEAT_LABELS = ("seat-certificate", "seat-countersignature", "seat-sealing-possession",
               "seat-fallback-possession", "seat-transport-possession")
ROLES = {pd.SCHOOL: (pd.LEAD, pd.DELEGATE, pd.OFFICE, pd.CHAIR, pd.AUDITOR),
         pd.COORDINATORS: (pd.COORDINATOR, pd.AUDITOR), pd.SOURCE: (pd.SOURCE_SEAT, pd.AUDITOR),
         pd.TRUST: (pd.LEAD, pd.OFFICE, pd.AUDITOR), pd.LA: (pd.LEAD, pd.OFFICE, pd.AUDITOR)}


def read_signed(raw, kinds, limit, outcome="BAD_RECORD"):
    """The container, strictly, and its body: (kind, Signed, body message)."""
    need(len(raw) <= limit, outcome, "too large")
    s = unpack(pd.Signed, raw, outcome)
    need(s.HasField("kind") and s.kind in kinds and s.body, outcome, "kind or body")
    need(len(s.signatures) <= 16 and all(len(x.signature) == 64 for x in s.signatures),
         outcome, "signatures")
    return s.kind, s, unpack(BODIES[s.kind], s.body, outcome)


def make_signed(kind, body, *signers):
    s = pd.Signed(kind=kind, body=body)
    for key, name in signers:
        s.signatures.add(signer=0, signature=key.sign(name, body))
    return s.SerializeToString()


@dataclass
class Member:
    id: bytes
    kind: int
    urn: int
    name: str
    home_urn: int
    key: bytes
    live: bool = True


@dataclass
class Seat:
    id: bytes
    member: Member
    role: int
    signing: bytes
    sealing: bytes      # X25519 form
    fallback: bytes     # X25519 form
    alive: bool = True

    @property
    def live(self):
        return self.alive and self.member.live


class Directory:
    """The log, replayed from the authority's public keys."""

    def __init__(self, authority):
        keys, k = list(authority.authority_keys), authority.threshold
        need(1 <= len(keys) <= 16 and 1 <= k <= len(keys) and all(map(sound, keys))
             and len(set(map(plain_key, keys))) == len(keys), "BAD_RECORD", "authority")
        self.authority, self.keys, self.threshold = authority, keys, k
        self.circle = circle_id(keys, k)
        self.heads = [blake(32, label("head-0"), self.circle, *keys)]
        self.charter = self.broker = None
        self.listings, self.members, self.seats, self.serials = {}, {}, {}, {}
        self.used = {plain_key(x) for x in keys}

    @property
    def size(self):
        return len(self.heads) - 1

    def append(self, raw):
        kind, s, b = read_signed(raw, (1, 2, 3, 4, 5, 6), 61440)
        need(self.size or kind == 1, "NOT_READY", "the first record is no charter")
        need(b.circle == self.circle and b.serial > 0, "BAD_RECORD", "circle or serial")
        commit = [None, self._charter, self._listing, self._member, self._seat,
                  self._revocation, self._broker_key][kind](s, b, len(raw))
        commit()
        self.heads.append(blake(32, label("head"), self.heads[-1], raw))

    def _serial(self, signer, b):
        last = self.serials.get(signer, 0)
        need(b.serial > last, "OLD_SERIAL")
        need(b.serial - last <= 1 << 20, "BAD_RECORD", "a serial that jumps")

    def _authority(self, s, signatures=None):
        signatures = s.signatures if signatures is None else signatures
        signers = [x.signer for x in signatures]
        need(len(set(signers)) == len(signers) >= self.threshold
             and all(x < len(self.keys) for x in signers), "NO_RIGHT", "authority")
        for x in signatures:
            need(signature_holds(self.keys[x.signer], KINDS[s.kind], s.body, x.signature),
                 "BAD_SIGNATURE")

    def _fresh(self, *keys):
        need(all(map(sound, keys)), "BAD_RECORD", "a key is not sound")
        plain = [plain_key(x) for x in keys]
        need(len(set(plain)) == len(plain) and not self.used & set(plain), "KEY_REUSED")

    def _broker(self, broker, others=()):
        need(is_line(broker.member_endpoint) and is_line(broker.open_endpoint)
             and len(broker.curve_key) == 32 and any(broker.curve_key), "BAD_RECORD", "broker")
        before = self.broker.signing_key if self.broker else None
        self._fresh(*([] if broker.signing_key == before else [broker.signing_key]), *others)

    def _charter(self, s, b, _):
        self._serial(None, b)
        need(is_line(b.name) and list(b.authority_keys) == self.keys
             and b.threshold == self.threshold and is_text(b.circle_conf)
             and b.HasField("psk_generation"), "BAD_RECORD", "charter")
        old = self.charter
        need(not old or b.psk_generation >= old.psk_generation, "BAD_RECORD", "psk_generation")
        new = [k for k, o in ((b.enrolment_key, old and old.enrolment_key),
                              (b.mailbox_key, old and old.mailbox_key)) if k != o]
        need(len({plain_key(x) for x in (b.enrolment_key, b.mailbox_key, b.broker.signing_key)
                  if len(x) == 32}) == 3, "BAD_RECORD", "keys")
        self._broker(b.broker, new)
        self._authority(s)

        def commit():
            self.serials[None] = b.serial
            self.charter, self.broker = b, b.broker
            self.used |= set(map(plain_key, (b.enrolment_key, b.mailbox_key, b.broker.signing_key)))
        return commit

    def _broker_key(self, s, b, _):
        self._serial(None, b)
        self._broker(b.broker)
        self._authority(s)

        def commit():
            self.serials[None], self.broker = b.serial, b.broker
            self.used.add(plain_key(b.broker.signing_key))
        return commit

    def _listing(self, s, b, _):
        self._serial(None, b)
        need(b.listings and len({x.urn for x in b.listings}) == len(b.listings), "BAD_RECORD")
        for x in b.listings:
            need(1 <= x.urn <= 99999999 and is_line(x.name) and all(
                is_line(t, False) for t in (x.phase, x.type, x.la_code, x.la_name, x.trust))
                and x.HasField("easting") == x.HasField("northing") and x.roll <= 1000000
                and max(abs(x.easting), abs(x.northing)) <= 10000000, "BAD_RECORD", "listing")
        self._authority(s)

        def commit():
            self.serials[None] = b.serial
            self.listings.update((x.urn, x) for x in b.listings)
        return commit

    def _member(self, s, b, _):
        self._serial(None, b)
        school = b.kind == pd.SCHOOL
        need(b.kind in ROLES and b.HasField("urn") == school and b.HasField("name") != school
             and (b.urn in self.listings if school else is_line(b.name))
             and (not b.HasField("home_urn")
                  or b.kind == pd.COORDINATORS and b.home_urn in self.listings),
             "BAD_RECORD", "member")
        old = self.members.get(b.member)
        need(not school or not any(m.live and m.urn == b.urn and m is not old
                                   for m in self.members.values()),
             "BAD_RECORD", "a live member has this URN")
        new = Member(b.member, b.kind, b.urn, b.name, b.home_urn, b.key)
        if old:
            need(old.live and old.kind == b.kind and new != old, "BAD_RECORD", "amends nothing")
        else:
            need(b.member == member_id(self.circle, b.key), "BAD_RECORD", "member id")
        if not old or old.key != b.key:
            self._fresh(b.key)
        self._handover(s, old, b.key)

        def commit():
            self.serials[None] = b.serial
            self.used.add(plain_key(b.key))
            if old:
                if old.key != b.key:
                    self.serials.pop(b.member, None)    # another signer
                vars(old).update(vars(new))             # seats stay as they are
            else:
                self.members[b.member] = new
        return commit

    def _handover(self, s, old, key):
        """The authority's signatures, and the two of a key that was handed over."""
        own = [x for x in s.signatures if old and x.signer in (16, 17)]
        self._authority(s, [x for x in s.signatures if x not in own])
        keys = {16: old.key, 17: key} if own else {}
        need(not own or sorted(x.signer for x in own) == [16, 17] and old.key != key and all(
            signature_holds(keys[x.signer], "member-handover", s.body, x.signature)
            for x in own), "BAD_SIGNATURE", "handover")

    def _seat(self, s, b, size):
        self._serial(b.member, b)
        m = self.members.get(b.member)
        need(m and m.live and b.role in ROLES[m.kind], "NO_RIGHT", "member or role")
        need(size <= 4096 and b.made_at % DAY == 0, "BAD_RECORD", "size or made_at")
        need(sum(x.live for x in self.seats_of(m.id)) < 16, "OVER_QUOTA")
        keys = (b.signing_key, b.sealing_key, b.fallback_key, b.transport_key)
        self._fresh(*keys)
        check_seat_signatures(s, b, m.key)

        def commit():
            self.serials[m.id] = b.serial
            self.used |= set(map(plain_key, keys))
            new = Seat(seat_id(b.signing_key), m, b.role, b.signing_key,
                       x_form(b.sealing_key), x_form(b.fallback_key))
            self.seats[new.id] = new
        return commit

    def _revocation(self, s, b, size):
        seats = [self.seats.get(x) for x in b.seats]
        members = [self.members.get(x) for x in b.members]
        need(len(seats) + len(members) and len(set(b.seats)) == len(seats)
             and len(set(b.members)) == len(members)
             and all(x and x.live for x in seats + members), "BAD_RECORD", "not live")
        signer = None
        try:
            self._authority(s)
        except Refused:
            owners = {x.member.id for x in seats}
            if members or len(owners) != 1 or len(s.signatures) != 1 or s.signatures[0].signer:
                raise
            signer = owners.pop()
            need(size <= 4096 and signature_holds(self.members[signer].key, "revocation", s.body,
                                                  s.signatures[0].signature), "BAD_SIGNATURE")
        self._serial(signer, b)

        def commit():
            self.serials[signer] = b.serial
            for x in seats:
                x.alive = False
            for x in members:
                x.live = False
        return commit

    def seats_of(self, member):
        return [s for s in self.seats.values() if s.member.id == member]

    def groups(self):
        """Groups of circle.conf: name -> rules (urns, phases, types, la_codes, trusts)."""
        return {title: keys for kind, title, keys in read_conf(self.charter.circle_conf)
                if kind == "group"}

    def in_group(self, name, x):
        """Whether the school of a listing is in a group."""
        def fits(group):
            return any(x.phase.lower() == phase or x.type.lower() == kind
                       for phase, kind in GROUPS[group])
        if name in GROUPS:
            return fits(name)
        if name == "other":
            return not any(map(fits, GROUPS))
        rules = self.groups().get(name, {})
        value = {"phases": x.phase, "types": x.type, "la_codes": x.la_code, "trusts": x.trust}
        given = [k for k in rules if k in value]
        return str(x.urn) in rules.get("urns", ()) or bool(given) and all(
            value[k].lower() in map(str.lower, rules[k]) for k in given)

    def members_of(self, audience):
        """The live members that the names of an audience stand for."""
        out = set()
        for a in audience:
            for m in self.members.values():
                if m.live and (m.id == a.member or a.coordinators and m.kind == pd.COORDINATORS
                               or a.HasField("group") and m.kind == pd.SCHOOL
                               and self.in_group(a.group, self.listings[m.urn])):
                    out.add(m.id)
        return out


def check_seat_signatures(s, b, member_key):
    need(len(s.signatures) == 5 and not any(x.signer for x in s.signatures), "BAD_RECORD")
    keys = (member_key, b.signing_key, b.sealing_key, b.fallback_key, b.transport_key)
    for x, key, name in zip(s.signatures, keys, SEAT_LABELS):
        need(signature_holds(key, name, s.body, x.signature), "BAD_SIGNATURE", name)


class Witness:
    """Checkpoints and notices: what the broker vouches for, held against the log."""

    def __init__(self, log):
        self.log, self.newest, self.cursor, self.compared = log, None, 0, 0
        self.lists, self.raw = {}, {}      # seat -> EpochKeys, seat -> Signed as it came
        self.later = []                    # carried checkpoints about records not here yet

    def read(self, raw):
        """A checkpoint, or None if it is not signed by this broker."""
        try:
            _, s, c = read_signed(raw, (16,), 512)
        except Refused:
            return None
        ok = len(s.signatures) == 1 and s.signatures[0].signer == 0 and signature_holds(
            self.log.broker.signing_key, "checkpoint", s.body, s.signatures[0].signature)
        return c if ok and c.circle == self.log.circle else None

    def agree(self, c):
        if c.size <= self.log.size and c.head != self.log.heads[c.size]:
            raise Alarm("forked", "another history")
        n = self.newest
        if n and (n.slot == c.slot and (n.size, n.head, n.notices) != (c.size, c.head, c.notices)
                  or n.size == c.size and n.head != c.head
                  or (n.slot - c.slot) * (n.size - c.size) < 0):
            raise Alarm("forked", "two checkpoints")

    def of_broker(self, raw):
        """The newest one, in an answer; called when the log is as long as it says."""
        c = self.read(raw)
        if c is None:
            raise Alarm("forked", "the checkpoint is not the broker's")
        if self.newest and c.slot < self.newest.slot:
            raise Alarm("rolled back", "an older checkpoint")
        if c.size > self.log.size:
            raise Alarm("frozen", "records are kept back")
        if c.slot < time.time() // HOUR - 48:
            raise Alarm("frozen", "an old checkpoint")
        self.agree(c)
        self.newest, self.newest_raw = c, raw
        for x in [x for x in self.later if x.size <= self.log.size]:
            self.later.remove(x)
            self.agree(x)
        return c

    def carried(self, raw):
        c = self.read(raw)
        if c is not None:
            self.agree(c)
            if c.size > self.log.size:
                self.later.append(c)

    def notice(self, cursor, raw):
        _, s, b = read_signed(raw, (17,), 4096)
        seat, n, old = self.log.seats.get(b.seat), len(b.keys) // 32, self.lists.get(b.seat)
        need(b.circle == self.log.circle and seat and b.serial >= 1, "BAD_RECORD", "notice")
        need(len(b.keys) % 32 == 0 and 1 <= n <= 98 and b.HasField("first_day")
             and b.expires_day == b.first_day + n, "BAD_RECORD", "days")
        for i in range(n):
            dh(b"\x01" * 32, b.keys[32 * i:32 * i + 32])  # refuses small order
        need(len(s.signatures) == 1 and s.signatures[0].signer == 0 and signature_holds(
            seat.signing, "epoch-keys", s.body, s.signatures[0].signature), "BAD_SIGNATURE")
        if old:
            need(b.serial > old.serial, "OLD_SERIAL")
            need(b.first_day >= old.first_day and b.expires_day >= old.expires_day, "BAD_RECORD")
            for d in range(b.first_day, old.expires_day):
                need(self.day_key(b, d) == self.day_key(old, d), "KEY_REUSED")
        self.lists[b.seat], self.raw[b.seat], self.cursor = b, raw, cursor

    @staticmethod
    def day_key(keys, day):
        i = 32 * (day - keys.first_day)
        return keys.keys[i:i + 32] if keys.first_day <= day < keys.expires_day else None

    def compare(self, covered, c):
        """To be called when exactly the notices up to `covered` are here."""
        hashes = [blake(32, label("notices"), self.raw[s]) for s in sorted(self.lists)
                  if self.lists[s].expires_day > c.slot // 24]
        if blake(32, label("notices"), *hashes) != c.notices:
            raise Alarm("forked", "the notices are not those of the checkpoint")
        self.compared = max(self.compared, covered)

    def key_for(self, seat, day):
        """(key, day) to seal to a seat; day 0 is its fallback key."""
        keys = self.lists.get(seat.id)
        key = self.day_key(keys, day) if keys else None
        return (key, day) if key else (seat.fallback, 0)



#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the worked example of docs/PROTOCOL.md without our C code (TAP).

    check_examples.py ROOT

What it knows of the protocol it reads from the page: labels and outcomes from
its tables, everything else from its words, written down here a second time.
Ed25519, X25519 and the AEADs are PyNaCl's, protobuf is Google's, HPKE and HKDF
are below, from RFC 9180 and RFC 5869. Every value of the page must be checked
by something, or be one of the secrets that the page states.
"""

import base64
import hashlib
import hmac
import os
import re
import struct
import subprocess
import sys
import tempfile
import traceback

try:
    from google.protobuf import descriptor_pb2, descriptor_pool
    from google.protobuf import message_factory
    from nacl import bindings
except ImportError as missing:
    sys.exit(f"Bail out! {missing}: apt install python3-nacl python3-protobuf")

NOW = 1793000000
BEFORE = NOW - 3600
DAY, HOUR = NOW // 86400, NOW // 3600
FRAME_HEADER = 24
EXPIRY_HOUR = HOUR + 90 * 24
BUCKETS = [1024, 4096, 16384, 65536]


def u32(number):
    return struct.pack(">I", number)


def u64(number):
    return struct.pack(">Q", number)


# --- the page ----------------------------------------------------------------

class Page:
    """Values by name, files, and which of the values were looked at."""

    ITEM = re.compile(r'([0-9a-f]{2})\*(\d+)|((?:[0-9a-f]{2})+)|"([^"]*)"'
                      r'|\{([a-z0-9.-]+)\}')

    def __init__(self, text):
        self.text = text
        self.values = {}
        self.files = {}
        self.lists = {}
        self.checked = set()
        self.one_byte = set()
        block = re.compile(r"<!-- example ([a-z0-9.-]+) -->\n```\n(.*?)```\n"
                           r"<!-- end -->", re.S)
        for name, inside in block.findall(text):
            if name.startswith("file-"):
                self.files[name[5:]] = inside
            elif name.startswith("list-"):
                self.lists[name[5:]] = inside
            else:
                self.read(inside)
        self.labels = dict(re.findall(
            r"^\| `([A-Z_]+)` \| `(reachout/1 [^`]+)` \|", text, re.M))
        self.statuses = {name: int(code) for code, name in re.findall(
            r"^\| (\d+) \| `([A-Z_]+)` \|", text, re.M)}

    def read(self, inside):
        name = None
        for line in inside.splitlines():
            if line.startswith("#") or not line:
                continue
            if not line.startswith(" "):
                name, line = re.fullmatch(r"([a-z0-9.-]+) =(.*)", line).groups()
                if name in self.values:
                    raise ValueError(f"{name} stands twice")
                self.values[name] = b""
            code = line.split("#")[0] if '"' not in line else line
            code = re.sub(r'^((?:[^"#]|"[^"]*")*)#.*', r"\1", code)
            items = code.split() if '"' not in code else None
            for item in items or self.quoted(code):
                self.values[name] += self.item(name, item)

    @staticmethod
    def quoted(code):
        return re.findall(r'"[^"]*"|\S+', code)

    def item(self, name, text):
        found = self.ITEM.fullmatch(text)
        if found is None:
            raise ValueError(f"{name}: {text}")
        byte, times, digits, words, called = found.groups()
        if byte is not None:
            self.one_byte.add(name)
            return bytes.fromhex(byte) * int(times)
        if digits is not None:
            return bytes.fromhex(digits)
        if words is not None:
            return words.encode()
        return self.values[called]

    def label(self, name):
        return self.labels[name].encode() + b"\0"

    def __getitem__(self, name):
        return self.values[name]

    def secret(self, *names):
        """Values that are stated: one byte repeated."""
        for name in names:
            value = self.values[name]
            if name not in self.one_byte or len(set(value)) != 1:
                raise ValueError(f"{name} is not one byte repeated")
            self.checked.add(name)

    def check(self, name, expected):
        if self.values[name] != expected:
            raise ValueError(f"{name}\n  page   {self.values[name].hex()}\n"
                             f"  should {expected.hex()}")
        self.checked.add(name)
        return expected


# --- primitives ----------------------------------------------------------------

P = 2**255 - 19


def blake(size, *parts):
    return hashlib.blake2b(b"".join(parts), digest_size=size).digest()


def x25519_form(ed25519):
    y = int.from_bytes(ed25519, "little") & ((1 << 255) - 1)
    return ((1 + y) * pow(1 - y, P - 2, P) % P).to_bytes(32, "little")


def x25519_secret(seed):
    secret = bytearray(hashlib.sha512(seed).digest()[:32])
    secret[0] &= 248
    secret[31] = secret[31] & 127 | 64
    return bytes(secret)


def sign(seed, message):
    secret = bindings.crypto_sign_seed_keypair(seed)[1]
    return bindings.crypto_sign(message, secret)[:64]


def verify(public, message, signature):
    bindings.crypto_sign_open(signature + message, public)


def mac(key, message):
    return hmac.new(key, message, "sha256").digest()


def extract(salt, ikm):
    return mac(salt or bytes(32), ikm)


def expand(prk, info, size):
    out, block, i = b"", b"", 0
    while len(out) < size:
        i += 1
        block = mac(prk, block + info + bytes([i]))
        out += block
    return out[:size]


KEM = b"KEM" + struct.pack(">H", 0x0020)
SUITE = b"HPKE" + struct.pack(">HHH", 0x0020, 0x0001, 0x0003)


def labeled_extract(suite, salt, label, ikm):
    return extract(salt, b"HPKE-v1" + suite + label + ikm)


def labeled_expand(suite, prk, label, info, size):
    return expand(prk, struct.pack(">H", size) + b"HPKE-v1" + suite + label +
                  info, size)


class Layer:
    """One HPKE context (RFC 9180, sections 4.1 and 5.1), of either side."""

    def __init__(self, enc, recipient, shared, sender=b""):
        """`shared`: the Diffie-Hellmans, one after the other."""
        self.enc = enc
        prk = labeled_extract(KEM, b"", b"eae_prk", shared)
        self.shared_secret = labeled_expand(
            KEM, prk, b"shared_secret", enc + recipient + sender, 32)

    def schedule(self, mode, info, psk=b"", psk_id=b""):
        context = (bytes([mode]) +
                   labeled_extract(SUITE, b"", b"psk_id_hash", psk_id) +
                   labeled_extract(SUITE, b"", b"info_hash", info))
        secret = labeled_extract(SUITE, self.shared_secret, b"secret", psk)
        self.key = labeled_expand(SUITE, secret, b"key", context, 32)
        self.nonce = labeled_expand(SUITE, secret, b"base_nonce", context, 12)
        return self

    def seal(self, aad, plain):
        return self.enc + \
            bindings.crypto_aead_chacha20poly1305_ietf_encrypt(
                plain, aad, self.nonce, self.key)

    def open(self, aad, sealed):
        return bindings.crypto_aead_chacha20poly1305_ietf_decrypt(
            sealed[32:], aad, self.nonce, self.key)


# --- protobuf ------------------------------------------------------------------

def load_messages(root):
    """The schema's messages by name, from proto/ as it is."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "all")
        subprocess.run(["protoc", f"--proto_path={root}/proto",
                        f"--descriptor_set_out={path}", "frame.proto",
                        "directory.proto", "content.proto"], check=True)
        with open(path, "rb") as file:
            files = descriptor_pb2.FileDescriptorSet.FromString(file.read())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    factory = message_factory.MessageFactory(pool)

    def message(name):
        return factory.GetPrototype(pool.FindMessageTypeByName(
            "reachout." + name))
    return message


class Checks:
    def __init__(self, root):
        with open(f"{root}/docs/PROTOCOL.md", encoding="utf-8") as file:
            self.page = Page(file.read())
        self.words = self.page.lists["words"].split()
        self.message = load_messages(root)

    def parse(self, kind, raw):
        """Unpacks; what nobody knows, or what is packed otherwise, fails."""
        message = self.message(kind).FromString(raw)
        if message.SerializeToString(deterministic=True) != raw:
            raise ValueError(f"{kind}: it is not packed as it came")
        return message

    def same(self, what, is_, should):
        if is_ != should:
            raise ValueError(f"{what}: {is_!r} is not {should!r}")

    # --- keys and ids ---

    def check_numbers(self):
        page = self.page
        page.check("day", u32(DAY))
        page.check("hour", u32(HOUR))
        page.check("expiry-hour", u32(EXPIRY_HOUR))
        page.check("generation", u32(1))
        page.secret("psk", "ticket.id", "request.id")

    def check_keys(self):
        page = self.page
        names = [n[:-5] for n in page.values if n.endswith(".seed")]
        for name in names:
            seed = page[name + ".seed"]
            page.secret(name + ".seed")
            public = bindings.crypto_sign_seed_keypair(seed)[0]
            secret = x25519_secret(seed)
            self.same(name, bindings.crypto_scalarmult_base(secret),
                      x25519_form(public))
            for form, value in (("ed25519", public),
                                ("x25519", x25519_form(public)),
                                ("secret", secret)):
                if f"{name}.{form}" in page.values:
                    page.check(f"{name}.{form}", value)
        self.same("keys", len(names), 31)
        seeds = [page[n + ".seed"] for n in names]
        self.same("different seeds", len(set(seeds)), len(seeds))

    def check_ids(self):
        page, label = self.page, self.page.label
        keys = [page[f"authority.{i}.ed25519"] for i in range(3)]
        circle = page.check("circle.id", blake(16, label("CIRCLE_ID"), *keys,
                                               bytes([2])))
        members = {}
        for name in "ab":
            members[name] = page.check(f"{name}.id", blake(
                16, label("MEMBER_ID"), circle, page[f"{name}.key.ed25519"]))
        for seat in ("a.lead", "a.office", "b.lead"):
            page.check(f"{seat}.id", blake(16, label("SEAT_ID"),
                                           page[f"{seat}.signing.ed25519"]))
        page.check("mailbox.id", blake(16, label("SEAT_ID"),
                                       page["mailbox.ed25519"]))
        for name, sides in (("thread.ab", "ab"), ("thread.aa", "aa")):
            page.check(name, blake(16, label("THREAD_ID"), page["request.id"],
                                   *sorted(members[s] for s in sides)))

    # --- what is signed ---

    def signed(self, name, kind, body, signers):
        """Makes a Signed again: signers are (label, seed's name, index)."""
        body = body.SerializeToString(deterministic=True)
        signed = self.message("Signed")(kind=kind, body=body)
        for label, pair, index in signers:
            text = self.page.label(label) + body
            signature = sign(self.page[pair + ".seed"], text)
            verify(bindings.crypto_sign_seed_keypair(
                self.page[pair + ".seed"])[0], text, signature)
            signed.signatures.add(signer=index, signature=signature)
        self.page.check(name, signed.SerializeToString(deterministic=True))

    def by_authority(self, name, kind, label, body):
        self.signed(name, kind, body, [(label, f"authority.{i}", i)
                                       for i in range(2)])

    def broker(self, port):
        page = self.page
        return self.message("Broker")(
            member_endpoint=f"tcp://broker.example:{port + 1}",
            open_endpoint=f"tcp://broker.example:{port + 2}",
            curve_key=page["broker.curve.x25519"],
            signing_key=page["broker.signing.ed25519"])

    def check_charter_and_listings(self):
        page = self.page
        self.by_authority("record.1", 1, "CHARTER", self.message("Charter")(
            circle=page["circle.id"], serial=1, name="Test circle",
            authority_keys=[page[f"authority.{i}.ed25519"] for i in range(3)],
            threshold=2, enrolment_key=page["enrolment.ed25519"],
            mailbox_key=page["mailbox.ed25519"],
            circle_conf="# nothing is agreed on yet\n",
            broker=self.broker(7500), psk_generation=1))
        block = self.message("ListingBlock")(circle=page["circle.id"],
                                             serial=2)
        both = {"type": "Community school", "la_code": "887",
                "la_name": "Medway", "trust": ""}
        block.listings.add(urn=100001, name="Saltings Primary School",
                           phase="Primary", easting=501000, northing=160000,
                           roll=201, **both)
        block.listings.add(urn=100002, name="Creek Secondary School",
                           phase="Secondary", **both)
        self.by_authority("record.2", 2, "LISTING", block)

    def check_members_and_seats(self):
        page = self.page
        for record, name, serial, urn in (("record.3", "a", 3, 100001),
                                          ("record.6", "b", 4, 100002)):
            self.by_authority(record, 3, "MEMBER", self.message("Member")(
                circle=page["circle.id"], serial=serial,
                member=page[name + ".id"], kind=1, urn=urn,
                key=page[name + ".key.ed25519"]))
        for record, seat, serial, role in (("record.4", "a.lead", 1, 1),
                                           ("record.5", "a.office", 2, 3),
                                           ("record.7", "b.lead", 1, 1)):
            body = self.message("Seat")(
                circle=page["circle.id"], serial=serial,
                member=page[seat[0] + ".id"], role=role,
                signing_key=page[seat + ".signing.ed25519"],
                sealing_key=page[seat + ".sealing.ed25519"],
                fallback_key=page[seat + ".fallback.ed25519"],
                transport_key=page[seat + ".transport.ed25519"],
                made_at=DAY * 86400)
            self.signed(record, 4, body, [
                ("SEAT", seat[0] + ".key", 0),
                ("SEAT_COUNTER", seat + ".signing", 0),
                ("SEAT_SEALING", seat + ".sealing", 0),
                ("SEAT_FALLBACK", seat + ".fallback", 0),
                ("SEAT_TRANSPORT", seat + ".transport", 0)])

    def check_later_records(self):
        page = self.page
        self.by_authority("record.8", 6, "BROKER_KEY",
                          self.message("BrokerKey")(
                              circle=page["circle.id"], serial=5,
                              broker=self.broker(7600)))
        self.signed("record.9", 5, self.message("Revocation")(
            circle=page["circle.id"], serial=3, seats=[page["a.office.id"]]),
            [("REVOCATION", "a.key", 0)])

    def check_heads(self):
        page = self.page
        head = page.check("head.0", blake(
            32, page.label("HEAD_ZERO"), page["circle.id"],
            *[page[f"authority.{i}.ed25519"] for i in range(3)]))
        for i in range(1, 10):
            head = page.check(f"head.{i}", blake(
                32, page.label("HEAD"), head, page[f"record.{i}"]))

    def check_notices(self):
        page = self.page
        hashes = {}
        for name, n in (("a", 2), ("b", 3)):
            body = self.message("EpochKeys")(
                circle=page["circle.id"], serial=1,
                seat=page[name + ".lead.id"], expires_day=DAY + n,
                first_day=DAY,
                keys=b"".join(page[f"{name}.lead.day.{i}.x25519"]
                              for i in range(n)))
            self.signed(f"list.{name}", 17, body,
                        [("EPOCH_KEYS", name + ".lead.signing", 0)])
            hashes[page[name + ".lead.id"]] = page.check(
                f"list.{name}.hash",
                blake(32, page.label("NOTICES"), page[f"list.{name}"]))
        page.check("digest", blake(32, page.label("NOTICES"),
                                   *[hashes[s] for s in sorted(hashes)]))
        self.signed("checkpoint", 16, self.message("Checkpoint")(
            circle=page["circle.id"], slot=HOUR, size=8, head=page["head.8"],
            notices=page["digest"]), [("CHECKPOINT", "broker.signing", 0)])

    def check_files(self):
        page = self.page
        self.signed("ticket", 18, self.message("Ticket")(
            circle=page["circle.id"], id=page["ticket.id"], kind=1,
            urn=100002, role=1, expires=BEFORE + 14 * 86400),
            [("TICKET", "authority.0", 0)])
        authority = self.message("AuthorityPublic")(
            name="Test circle", threshold=2,
            authority_keys=[page[f"authority.{i}.ed25519"] for i in range(3)],
            enrolment_key=page["enrolment.ed25519"],
            mailbox_key=page["mailbox.ed25519"])
        broker = self.broker(7500)
        carried = {
            "authority-public": authority,
            "broker-public": self.message("BrokerPublic")(broker=broker),
            "door-key": self.message("DoorKey")(
                circle=page["circle.id"], generation=1, psk=page["psk"]),
            "invitation": self.message("Invitation")(
                authority=authority, broker=broker, generation=1,
                psk=page["psk"], ticket=page["ticket"]),
        }
        for name, message in carried.items():
            raw = page.check(name,
                             message.SerializeToString(deterministic=True))
            self.armoured(name, raw)
        self.armoured("key", page["authority.0.seed"])
        self.armoured("enrolment", page["enrol-request.ask"][FRAME_HEADER:])
        self.same("files", sorted(page.files),
                  sorted([*carried, "enrolment", "key"]))

    def armoured(self, name, raw):
        first, *lines = self.page.files[name].splitlines()
        self.same(name, first, f"reachout {name} 1")
        self.same(name, "".join(lines), base64.b64encode(raw).decode())
        self.same(name, [len(line) for line in lines[:-1]],
                  [76] * (len(lines) - 1))
        self.same(name, 0 < len(lines[-1]) <= 76, True)

    # --- what is sealed ---

    def recipients(self, name, *seats):
        page = self.page
        page.check(name, blake(32, page.label("RECIPIENTS"),
                               *sorted(page[s + ".id"] for s in seats)))

    def check_references(self):
        page = self.page
        self.recipients("ask.recipients", "b.lead", "a.office")
        self.recipients("join.recipients", "mailbox")
        self.recipients("admit.recipients", "b.lead")
        self.recipients("rekey.recipients", "b.lead")
        self.recipients("a.recipients", "a.office", "a.lead")
        self.recipients("office.recipients", "a.office")
        self.recipients("nobody")
        page.check("a.lead.reference", b"\1" + page["a.lead.id"] + bytes(111))
        page.check("b.lead.reference", b"\2" + page["b.lead.sealing.x25519"] +
                   page["b.lead.signing.ed25519"] + bytes(63))
        page.check("authority.reference", b"\2" + page["enrolment.x25519"] +
                   page["mailbox.ed25519"] + bytes(63))
        for name, value in page.values.items():
            if name.endswith(".reference"):
                self.same(name, len(value), 128)

    def check_body(self, name):
        page = self.page
        page.secret(name + ".key", name + ".nonce")
        nonce, content = page[name + ".nonce"], page[name + ".content"]
        prk = page.check(name + ".prk", extract(nonce, page[name + ".key"]))
        key = page.check(name + ".body-key",
                         expand(prk, page.label("BODY_KEY"), 32))
        commitment = page.check(
            name + ".commitment", expand(prk, page.label("BODY_COMMITMENT"),
                                         32))
        bucket = min(b for b in BUCKETS if b >= len(content) + 77)
        plain = u32(len(content)) + content
        plain = page.check(name + ".plain",
                           plain + bytes(bucket - 57 - 16 - len(plain)))
        aad = page.check(name + ".aad", b"\1" + nonce + commitment)
        self.same(name, (len(nonce), len(aad)), (24, 57))
        sealed = page.check(
            name + ".sealed",
            bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
                plain, aad, nonce, key))
        self.same(name, bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
            sealed, aad, nonce, key), plain)
        body = page.check(name + ".body", aad + sealed)
        self.same(name, len(body), bucket)
        page.check(name + ".hash", blake(32, page.label("BODY_HASH"), body))

    def check_bodies(self):
        for name in ("ask", "join", "admit", "rekey"):
            self.check_body(name)
        page = self.page
        page.check("ask.id", blake(16, page.label("MESSAGE_ID"),
                                   page["a.lead.reference"],
                                   page["ask.body"]))

    def layer(self, name, recipient, sender=None):
        """A context from the sender's side, which the recipient has, too."""
        page = self.page
        page.secret(name + ".ephemeral")
        ephemeral = page[name + ".ephemeral"]
        enc = page.check(name + ".enc",
                         bindings.crypto_scalarmult_base(ephemeral))
        public = page[recipient + ".x25519"]
        secret = page[recipient + ".secret"]
        ours = bindings.crypto_scalarmult(ephemeral, public)
        theirs = bindings.crypto_scalarmult(secret, enc)
        static = b""
        if sender is not None:
            static = page[sender + ".x25519"]
            ours += bindings.crypto_scalarmult(page[sender + ".secret"],
                                               public)
            theirs += bindings.crypto_scalarmult(secret, static)
        self.same(name, ours, theirs)
        layer = Layer(enc, public, ours, static)
        page.check(name + ".shared-secret", layer.shared_secret)
        return layer

    def sealed_layer(self, name, layer, value):
        page = self.page
        page.check(name + ".key", layer.key)
        page.check(name + ".base-nonce", layer.nonce)
        sealed = page.check(value, layer.seal(page[name + ".aad"],
                                              page[name + ".plain"]))
        self.same(name, layer.open(page[name + ".aad"], sealed),
                  page[name + ".plain"])
        return sealed

    def check_wrap(self, name, body, seat, recipient, sender):
        """seat and sender: name, and the name of its sealing pair."""
        page = self.page
        inner = name + ".inner"
        circle, mailbox = page["circle.id"], page[seat + ".id"]
        day = u32(DAY if ".day." in recipient else 0)
        reference = page[sender[0] + ".reference"]
        bucket = bytes([BUCKETS.index(len(page[body + ".body"]))])
        tail = b"\1" + circle + day + mailbox
        info = page.check(inner + ".info",
                          page.label("INNER") + tail + reference)
        page.check(inner + ".aad",
                   page[body + ".hash"] + page[body + ".recipients"])
        page.check(inner + ".plain", page[body + ".key"] + u64(1) + bytes(32))
        layer = self.layer(inner, recipient, sender[1]).schedule(2, info)
        self.sealed_layer(inner, layer, inner)
        info = page.check(name + ".info", page.label("WRAP") + tail)
        psk_id = page.check(name + ".psk-id", circle + u32(1))
        page.check(name + ".aad", mailbox + bucket + u32(EXPIRY_HOUR) +
                   page[body + ".hash"])
        page.check(name + ".plain", reference + page[body + ".recipients"] +
                   page[inner])
        layer = self.layer(name, recipient).schedule(1, info, page["psk"],
                                                     psk_id)
        wrap = self.sealed_layer(name, layer, name)
        self.same(name, (len(page[inner]), len(wrap)), (120, 328))
        page.check(name + ".envelope",
                   blake(16, page.label("ENVELOPE_ID"), mailbox,
                         page[body + ".hash"], wrap))

    def check_wraps(self):
        lead = ("a.lead", "a.lead.sealing")
        self.check_wrap("wrap.b", "ask", "b.lead", "b.lead.day.0", lead)
        self.check_wrap("wrap.office", "ask", "a.office", "a.office.fallback",
                        lead)
        self.check_wrap("wrap.join", "join", "mailbox", "enrolment",
                        ("b.lead", "b.lead.sealing"))
        self.check_wrap("wrap.admit", "admit", "b.lead", "b.lead.fallback",
                        ("authority", "enrolment"))
        self.check_wrap("wrap.rekey", "rekey", "b.lead", "b.lead.day.0",
                        ("authority", "enrolment"))

    def check_sequences(self):
        """In the order of writing: every (thread, from, to) counts."""
        page = self.page
        a, office, b = (page[s + ".id"]
                        for s in ("a.lead", "a.office", "b.lead"))
        ab, aa = page["thread.ab"], page["thread.aa"]
        count = {}
        wraps = [(ab, a, b), (aa, a, office), (ab, b, a), (ab, b, office),
                 (ab, a, b), (ab, a, office), (ab, a, b), (ab, a, office)]
        for number, wrap in enumerate(wraps, 1):
            count[wrap] = count.get(wrap, 0) + 1
            page.check(f"sequence.{number}", b"".join(wrap) +
                       u64(count[wrap]))

    def check_words(self):
        page = self.page
        digest = page.check("words.hash", blake(32, page.label("WORDS"),
                                                page["record.7"]))
        self.same("words", len(self.words), 256)
        page.check("words", " ".join(self.words[i]
                                     for i in digest[:5]).encode())

    # --- contents ---

    def content(self, name, sender, recipients, **fields):
        """Makes one again; only what stands in `fields` may differ."""
        page = self.page
        usual = {"circle": page["circle.id"], "sender": page[sender],
                 "sent_at": NOW, "log_size": 8,
                 "recipients": page[recipients],
                 "request": page["request.id"]}
        usual.update(fields)
        message = self.message("Content")(
            **{k: v for k, v in usual.items() if v is not None})
        page.check(name, message.SerializeToString(deterministic=True))

    def check_sealed_contents(self):
        page = self.page
        self.content("ask.content", "a.lead.id", "ask.recipients",
                     audience=[{"member": page["b.id"]}],
                     checkpoint=page["checkpoint"],
                     ask={"topic": "TL1", "urgency": "U2", "half_days": 2,
                          "text": "Phonics in mixed-age classes: who has done"
                                  " it?", "mode": "in-person",
                          "within_km": 30, "holder": "Ada"})
        enrol = {"sent_at": BEFORE, "log_size": None, "request": None}
        self.content("join.content", "b.lead.id", "join.recipients", **enrol,
                     enrol_request={"member_key": page["b.key.ed25519"],
                                    "seat": page["record.7"],
                                    "holder": "Bea",
                                    "ticket": page["ticket"]})
        self.content("admit.content", "mailbox.id", "admit.recipients",
                     **enrol, enrol_answer={"admitted": True,
                                            "member": page["b.id"]})
        page.secret("psk.2")
        self.content("rekey.content", "mailbox.id", "rekey.recipients",
                     log_size=None, request=None,
                     psk={"generation": 2, "psk": page["psk.2"]})

    def check_other_contents(self):
        page = self.page
        to_a, to_b = ([{"member": page[m + ".id"]}] for m in "ab")
        thread = {"thread": page["thread.ab"]}
        from_b = ("b.lead.id", "a.recipients")
        from_a = ("a.lead.id", "ask.recipients")
        self.content("content-answer", *from_b, audience=to_a, **thread,
                     seen=[{"seat": page["a.lead.id"],
                            "body": page["ask.hash"]}],
                     receipts=[page["ask.id"]],
                     answer={"text": "We have. Come and see on Thursday.",
                             "half_days": 1, "holder": "Bea"})
        self.content("content-pass", "b.lead.id", "nobody", audience=to_b,
                     **{"pass": {}})
        self.content("content-say", *from_a, audience=to_b, **thread,
                     say={"text": "Thursday suits us."})
        page.secret("attachment.id")
        file = page.check("attachment.file", b"Monday: phonics")
        page.check("attachment.hash",
                   blake(32, page.label("ATTACHMENT"), file))
        self.content("content-say-file", *from_a, audience=to_b, **thread,
                     say={"text": "Here is our plan.", "attachments": [
                         {"id": page["attachment.id"], "name": "plan.txt",
                          "size": len(file), "hash": page["attachment.hash"],
                          "chunks": 1}]})
        self.content("content-chunk", *from_a, audience=to_b, **thread,
                     chunk={"attachment": page["attachment.id"], "index": 0,
                            "data": file})
        self.content("content-introduced", *from_a, audience=to_b, **thread,
                     introduced={"holder": "Ada",
                                 "text": "Ring me: 01632 960123"})
        self.content("content-not-chosen", *from_a, audience=to_b, **thread,
                     not_chosen={"text": "Thank you; another time."})
        self.content("content-state-note", "a.lead.id", "office.recipients",
                     audience=[{"coordinators": True}],
                     state_note={"state": "introduced"})
        self.content("content-close", *from_a, audience=to_b, **thread,
                     close={"outcome": "helped", "text": "Thank you."})
        self.content("content-closed", *from_a,
                     audience=[{"group": "secondary"}], closed={})
        self.content("content-resend", *from_b, audience=to_a, request=None,
                     resend={"thread": page["thread.ab"], "from": 2,
                             "to": 300})
        self.content("content-receipts", *from_b, audience=to_a, request=None,
                     receipts=[page["ask.id"]], receipt_only={})

    # --- proofs and frames ---

    # --- what comes later ---

    def check_amendment(self):
        page = self.page
        self.signed("amendment", 3, self.message("Member")(
            circle=page["circle.id"], serial=6, member=page["a.id"], kind=1,
            urn=100001, key=page["a.new-key.ed25519"]),
            [("MEMBER", "authority.0", 0), ("MEMBER", "authority.1", 1),
             ("MEMBER_HANDOVER", "a.key", 16),
             ("MEMBER_HANDOVER", "a.new-key", 17)])
        page.check("head.10", blake(32, page.label("HEAD"), page["head.9"],
                                    page["amendment"]))
        page.check("door-key-2", self.message("DoorKey")(
            circle=page["circle.id"], generation=2, psk=page["psk.2"],
            previous_generation=1, previous_psk=page["psk"]
        ).SerializeToString(deterministic=True))

    def digits(self, key, name):
        """The half of a safety number that is one member's."""
        key, name = self.page[key + ".ed25519"], self.page[name + ".id"]
        digest = hashlib.sha512(bytes(2) + key + name + key).digest()
        for _ in range(5199):
            digest = hashlib.sha512(digest + key).digest()
        return "".join(f"{int.from_bytes(digest[i:i + 5], 'big') % 100000:05}"
                       for i in range(0, 30, 5)).encode()

    def check_safety_number(self):
        page = self.page
        a = page.check("safety.a", self.digits("a.key", "a"))
        b = page.check("safety.b", self.digits("b.key", "b"))
        number = page.check("safety.number", min(a, b) + max(a, b))
        later = self.digits("a.new-key", "a")
        page.check("safety.number-later", min(later, b) + max(later, b))
        digest = page.check("safety.hash",
                            blake(32, page.label("SAFETY_WORDS"), number))
        page.check("safety.words", " ".join(
            self.words[i] for i in digest[:10]).encode())

    # --- proofs and frames ---

    def check_proofs(self):
        page = self.page
        prk = page.check("door.prk", extract(b"", page["psk"]))
        key = page.check("door.key", expand(prk, page.label("DOOR_KEY"), 32))
        curve = page["broker.curve.x25519"]
        page.check("door.proof", mac(key, page.check(
            "door.message", page.label("DOOR_PROOF") + curve +
            page["connection.a.x25519"])))
        page.check("attach.signature", sign(
            page["b.lead.signing.seed"],
            page.check("attach.message", page.label("MAILBOX") + curve +
                       page["connection.b.x25519"] + page["b.lead.id"])))
        page.check("enrol.signature", sign(
            page["authority.0.seed"],
            page.check("enrol.message", page.label("ENROL_ANSWER") +
                       page["b.lead.id"] + page["admit.hash"] +
                       page["wrap.admit"])))

    def check_mirror(self):
        page = self.page
        page.secret("mirror.key", "mirror.nonce")
        page.check("mirror.plain", (42).to_bytes(8, "big"))
        nonce, key = page["mirror.nonce"], page["mirror.key"]
        aad = page.check("mirror.aad",
                         page.label("VAULT_MIRROR") + page["a.lead.id"])
        sealed = page.check(
            "mirror.sealed",
            bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
                page["mirror.plain"], aad, nonce, key))
        self.same("mirror", len(page.check("mirror", nonce + sealed)), 48)

    def frame(self, name, verb, serial, message, **header):
        kind = {"ask": 0, "answer": 1, "push": 2}[name.split(".")[1]]
        time = 0 if kind == 0 else header.get("time", NOW)
        raw = struct.pack(">BBBBIH6xQ", 1, verb, kind, 0, serial,
                          header.get("status", 0), time)
        self.page.check(name, raw +
                        message.SerializeToString(deterministic=True))

    def exchange(self, name, numbers, ask, answer, **header):
        verb, serial, kind = numbers
        self.frame(name + ".ask", verb, serial,
                   self.message(kind + ".Ask")(**ask))
        kind = "Refusal" if "status" in header else kind + ".Answer"
        self.frame(name + ".answer", verb, serial,
                   self.message(kind)(**answer), **header)

    def check_reading_frames(self):
        page = self.page
        point = {"checkpoint": page["checkpoint"]}
        self.exchange("hello", (1, 1, "Hello"),
                      {"protocol": 1, "proof": page["door.proof"],
                       "generation": 1},
                      {"protocol": 1, "circle": page["circle.id"], "size": 8,
                       "notices": 2, "credit_envelopes": 10000,
                       "credit_bytes": 64 << 20, "window": 64, **point})
        self.exchange("directory", (2, 2, "Directory"), {"from": 7},
                      {"from": 7, "records": [page["record.8"]], "size": 8,
                       **point})
        self.exchange("notices", (3, 3, "Notices"), {"after": 0},
                      {"entries": [{"cursor": 1, "notice": page["list.a"]},
                                   {"cursor": 2, "notice": page["list.b"]}],
                       "newest": 2, "covered": 2, **point})

    def check_writing_frames(self):
        page = self.page
        self.exchange("publish", (4, 1, "Publish"),
                      {"notices": [page["list.b"]]}, {"cursor": 2},
                      time=BEFORE)
        self.exchange("append", (5, 5, "Append"),
                      {"records": [page["record.9"]]}, {"size": 9})
        self.exchange("refused", (5, 6, "Append"),
                      {"records": [page["record.8"]]},
                      {"why": "serial: 5, and 5 was there before"},
                      status=page.statuses["OLD_SERIAL"])
        mail = {"generation": 1, "expiry_hour": EXPIRY_HOUR}
        self.exchange("enrol-request", (6, 2, "Enrol"),
                      {"ticket": page["ticket"], "body": page["join.body"],
                       "wrap": page["wrap.join"],
                       "mailbox_key": page["b.lead.signing.ed25519"], **mail},
                      {"envelope": page["wrap.join.envelope"]}, time=BEFORE)
        self.exchange("enrol-answer", (6, 3, "Enrol"),
                      {"answer_to": page["b.lead.id"],
                       "signature": page["enrol.signature"],
                       "body": page["admit.body"],
                       "wrap": page["wrap.admit"], **mail},
                      {"envelope": page["wrap.admit.envelope"]}, time=BEFORE)

    def check_mail_frames(self):
        page = self.page
        beside = {"body": page["ask.hash"], "generation": 1,
                  "expiry_hour": EXPIRY_HOUR}
        wraps = [{"mailbox": page["b.lead.id"], "wrap": page["wrap.b"],
                  "day": DAY, **beside},
                 {"mailbox": page["a.office.id"],
                  "wrap": page["wrap.office"], "day": 0, **beside}]
        self.exchange("deposit", (7, 4, "Deposit"),
                      {"bodies": [page["ask.body"]], "wraps": wraps},
                      {"statuses": [0, 0], "credit_envelopes": 10000 - 2,
                       "credit_bytes": (64 << 20) - 1024 - 2 * 328})
        mailbox = {"mailbox": page["b.lead.id"]}
        self.exchange("attach", (8, 2, "Attach"),
                      {"mailbox_key": page["b.lead.signing.ed25519"],
                       "proof": page["attach.signature"], "window": 16},
                      {"waiting": 1, **mailbox})
        self.frame("attach.push", 8, 0, self.message("Attach.Push")(
            bodies=[page["ask.body"]], waiting=0, **mailbox,
            envelopes=[{"key": 3, "wrap": page["wrap.b"], "day": DAY,
                        **beside}]))
        self.exchange("ack", (9, 3, "Ack"), {"keys": [3], **mailbox},
                      {"waiting": 0})
        self.exchange("mirror", (9, 3, "Ack"),
                      {"mailbox": page["a.lead.id"], "mirror": page["mirror"]},
                      {"waiting": 0}, time=BEFORE)
        self.exchange("member-hello", (1, 4, "Hello"), {"protocol": 1},
                      {"protocol": 1, "circle": page["circle.id"], "size": 8,
                       "notices": 2, "credit_envelopes": 0, "credit_bytes": 0,
                       "window": 64, "checkpoint": page["checkpoint"],
                       "mirror": page["mirror"]})

    # --- all of it ---

    def check_that_unpacks(self):
        """Every message once more, from its bytes."""
        for name in self.page.values:
            if re.fullmatch(r"record\.\d|amendment|list\.[ab]|checkpoint|ticket", name):
                self.parse("Signed", self.page[name])
            elif name.startswith("content-") or name.endswith(".content"):
                self.parse("Content", self.page[name])

    def check_that_nothing_is_left(self):
        left = [n for n in self.page.values if n not in self.page.checked]
        self.same("values that nothing checks", left, [])

    def run(self):
        points = [(name[6:].replace("_", " "), getattr(self, name))
                  for name in (
                      "check_numbers", "check_keys", "check_ids",
                      "check_charter_and_listings", "check_members_and_seats",
                      "check_later_records", "check_heads", "check_notices",
                      "check_files", "check_references",
                      "check_sealed_contents", "check_bodies", "check_wraps",
                      "check_sequences",
                      "check_words", "check_other_contents",
                      "check_amendment", "check_safety_number",
                      "check_proofs",
                      "check_reading_frames", "check_writing_frames",
                      "check_mirror", "check_mail_frames", "check_that_unpacks",
                      "check_that_nothing_is_left")]
        failed = 0
        print(f"1..{len(points)}")
        for number, (words, check) in enumerate(points, 1):
            try:
                check()
                print(f"ok {number} - {words}")
            except Exception as wrong:
                failed += 1
                print(f"not ok {number} - {words}")
                for line in traceback.format_exception(wrong)[-1:]:
                    print("# " + line.strip().replace("\n", "\n# "))
        return failed


if __name__ == "__main__":
    sys.exit(1 if Checks(sys.argv[1]).run() else 0)

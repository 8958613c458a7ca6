#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A second client (client.py, from docs/PROTOCOL.md alone) among the real programs.

Founds a circle with the real broker and command line client, and lets one of
three schools be the second client. Prints TAP. `reachout` and `reachoutd` come
from PATH; proto/, config/circle.conf and tests/data/cast.csv from RO_SOURCE_ROOT.
"""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

ROOT = Path(os.environ["RO_SOURCE_ROOT"])
sys.path.insert(0, str(ROOT / "tests/support"))
from waits import Changes, ended, readable  # noqa: E402

PROTO, PAGE = ROOT / "proto", ROOT / "docs/PROTOCOL.md"
CONF, CAST = ROOT / "config/circle.conf", ROOT / "tests/data/cast.csv"
PYTHON, CLI_A, CLI_B = 900001, 900012, 900013

count = failed = 0


def ok(holds, what, *about):
    global count, failed
    count += 1
    failed += not holds
    print(f"{'ok' if holds else 'not ok'} {count} - {what}", flush=True)
    if not holds:
        for x in about:
            print(f"#   {x}", flush=True)
    return holds


def same(got, wanted, what):
    return ok(got == wanted, what, f"got    {got!r}", f"wanted {wanted!r}")


def refused(call, outcome, what):
    try:
        got = call()
    except replay.Refused as e:
        return same(e.args[0], outcome, what)
    return ok(False, what, f"not refused: {got!r}")


# --- processes ------------------------------------------------------------------

def run(*args):
    """A command of the real client; its JSON. It must succeed."""
    p = subprocess.run(["reachout", *map(str, args), "--json"], stdin=subprocess.DEVNULL,
                       capture_output=True, text=True, timeout=60)
    if p.returncode:
        raise RuntimeError(f"{args}: exit {p.returncode}: {p.stdout}{p.stderr}")
    return json.loads(p.stdout)


class School:
    """One that uses the real client."""

    def __init__(self, where, urn):
        self.urn, self.where = urn, where
        self.profile = where / f"profile-{urn}"

    def __call__(self, *args):
        return run("--profile", self.profile, *args)

    def events(self):
        return self("sync")["events"]

    def texts(self, thread):
        return [m["text"] for m in self("read", thread)["messages"]]


class Broker:
    def __init__(self, where):
        with socket.socket() as a, socket.socket() as b:
            for s in (a, b):
                s.bind(("127.0.0.1", 0))
            ports = [s.getsockname()[1] for s in (a, b)]
        self.dir = where / "broker"
        subprocess.run(["reachoutd", "init", "--dir", self.dir, "--authority",
                        where / "authority/authority.pub", "--door-key",
                        where / "authority/door.key", "--member", f"tcp://127.0.0.1:{ports[0]}",
                        "--open", f"tcp://127.0.0.1:{ports[1]}"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       timeout=60)
        self.log = open(where / "broker.log", "wb")
        self.process = subprocess.Popen(["reachoutd", "--config", self.dir / "reachoutd.conf"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=self.log)

    def ready(self):
        got = b""
        while b"ready\n" not in got:
            if not readable([self.process.stdout.fileno()]):
                return False
            piece = os.read(self.process.stdout.fileno(), 4096)
            if not piece:
                return False
            got += piece
        return True

    def install(self, door_key):
        """What its operator does with a new door.key; waits until the broker
        has read it."""
        def told():
            return Path(self.log.name).read_bytes().count(
                b"door-key generation")
        shutil.copy(door_key, self.dir / "door.key")
        before = told()
        with Changes(self.log.name) as log:
            self.process.send_signal(signal.SIGHUP)
            return log.until(lambda: told() > before, self.process)

    def end(self):
        """By its pid; gives the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            if not ended(self.process):
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()
        self.log.close()
        return self.process.returncode


# --- the page's worked example ----------------------------------------------------

def example():
    """Every value of the page's worked example, by name."""
    values, name = {}, None

    def value(text):
        out = b""
        for token in re.findall(r'"[^"]*"|\{[^}]*\}|\S+', text):
            if token[0] == '"':
                out += token[1:-1].encode()
            elif token[0] == "{":
                out += values[token[1:-1]]
            elif "*" in token:
                byte, times = token.split("*")
                out += bytes.fromhex(byte) * int(times)
            else:
                out += bytes.fromhex(token)
        return out
    inside = fence = False
    for line in PAGE.read_text().split("\n"):
        if line.startswith("<!-- example"):
            inside = not line.startswith(("<!-- example file-", "<!-- example list-"))
        elif line.startswith("<!-- end"):
            inside = False
        elif line.startswith("```"):
            fence = not fence
        elif inside and fence and line.strip():
            line = line.split("#")[0]
            if not line.startswith(" "):
                name, line = line.split("=", 1)
                values[name := name.strip()] = b""
            values[name] += value(line)
    return values


def page_list(name):
    """A list of the page that has no values."""
    return re.search(f"<!-- example list-{name} -->\n```\n(.*?)```", PAGE.read_text(), re.S)[1]


def against_the_lists(log):
    same(sorted((g, p or "", t or "") for g, lines in replay.GROUPS.items() for p, t in lines),
         sorted((g, v.lower() if k == "phase" else "", v.lower() if k == "type" else "")
                for g, k, v in re.findall(r'^(\S+) +(phase|type) "(.*)"$', page_list("groups"),
                                          re.M)), "page: the groups of every circle")
    log.charter = replay.pd.Charter(circle_conf=CONF.read_text())
    same(log.groups()["faith-primary"],
         {"words": ["aided and controlled primary schools"], "phases": ["Primary"],
          "types": ["Voluntary aided school", "Voluntary controlled school"]},
         "page: a group of circle.conf")
    school = replay.pd.Listing(urn=900003, phase="Not applicable", type="Community Special School",
                               la_code="999")
    same([g for g in (*replay.GROUPS, "other", *log.groups(), "none")
          if log.in_group(g, school)], ["special", "estuary", "infant-and-junior"],
         "page: who is in a group")


def against_the_example():
    e = example()
    log = replay.Directory(replay.unpack(replay.pd.AuthorityPublic, e["authority-public"]))
    same(log.circle, e["circle.id"], "example: circle id")
    for i in range(1, 9):
        log.append(e[f"record.{i}"])
    same(log.heads[8], e["head.8"], "example: records 1 to 8 hold, and their heads")
    w = replay.Witness(log)
    w.notice(1, e["list.a"])
    w.notice(2, e["list.b"])
    c = w.read(e["checkpoint"])
    w.agree(c)
    w.compare(2, c)
    ok(True, "example: the checkpoint is the log's, its digest that of the notices")
    refused(lambda: log.append(e["record.8"]), "OLD_SERIAL", "example: record 8 once more is refused")
    log.append(e["record.9"])
    same([s.live for s in (log.seats[e["a.lead.id"]], log.seats[e["a.office.id"]])],
         [True, False], "example: record 9 takes the Office seat back")
    same(replay.thread_id(e["request.id"], e["b.id"], e["a.id"]), e["thread.ab"],
         "example: thread id")

    body, key = client.seal_body(e["ask.content"], e["ask.key"], e["ask.nonce"])
    same(body, e["ask.body"], "example: the body of the ask")
    hour = int.from_bytes(e["expiry-hour"], "big")
    to = client.Address(e["circle.id"], e["b.lead.id"], 20752, 1, hour)
    same(replay.recipients_hash([e["b.lead.id"], e["a.office.id"]]), e["ask.recipients"],
         "example: recipients hash")
    same(client.seal_wrap(e["b.lead.day.0.x25519"], to, e["psk"], e["a.lead.reference"],
                          e["a.lead.sealing.secret"], body, e["ask.recipients"], key, 1,
                          (e["wrap.b.inner.ephemeral"], e["wrap.b.ephemeral"])),
         e["wrap.b"], "example: the wrap for b's Lead")
    secret = e["b.lead.day.0.secret"]
    reference, recipients, inner = client.open_outer(secret, to, e["psk"], e["wrap.b"], body)
    got = client.open_inner(secret, to, e["a.lead.sealing.x25519"], reference, recipients, inner,
                            body)
    same((client.open_body(body, got[0]), got[1]), (e["ask.content"], 1),
         "example: and it opens again")
    broken = bytearray(e["wrap.b"])
    broken[100] ^= 1
    refused(lambda: client.open_outer(secret, to, e["psk"], bytes(broken), body), "BAD_SEAL",
            "example: with one bit flipped it does not")
    same(replay.message_id(e["a.lead.reference"], body), e["ask.id"], "example: message id")
    same(client.door_proof(e["psk"], e["broker.curve.x25519"], e["connection.a.x25519"]),
         e["door.proof"], "example: the open door's proof")
    for name in [n for n in e if n.startswith("content-") or n.endswith(".content")]:
        client.check_content(replay.unpack(client.pc.Content, e[name]))
    ok(True, "example: contents of every purpose follow the rules")


# --- the circle -------------------------------------------------------------------

def found(where):
    """Authority, broker, charter, register, three invitations."""
    authority = where / "authority"
    run("authority", "init", "--dir", authority, "--circle", "Estuary")
    broker = Broker(where)
    try:
        if not ok(broker.ready(), "the broker is ready"):
            raise RuntimeError("no broker")
        run("authority", "charter", "--dir", authority, "--file", CONF,
            "--broker", broker.dir / "broker.pub")
        same(run("authority", "register", "--dir", authority, "--csv", CAST)["accepted"], 20,
             "the register has 20 schools")
        for urn in (PYTHON, CLI_A, CLI_B):
            run("authority", "invite", "--dir", authority, "--kind", "school", "--urn", urn,
                "--seat", "lead", "--out", where / f"{urn}.invitation")
    except BaseException:
        broker.end()
        raise
    return authority, broker


def admitted(where, authority, me, schools):
    numbers = me.join(int(time.time()))
    me.sync()
    ok(not me.admitted and me.enrolment is None, "asked, and not admitted yet")
    words = {}
    for s in schools:
        words[s.urn] = s("join", where / f"{s.urn}.invitation", "--key-file",
                         where / f"{s.urn}.key", "--holder", f"Lead of {s.urn}")["words"]
    asked = {r["holder"]: r for r in run("authority", "requests", "--dir", authority)["requests"]}
    mine = asked["Pat of Saltings"]
    same((mine["member"], mine["seat"], mine["kind"], mine["role"], mine["name"]),
         (me.member.hex(), me.seat.hex(), "school", "lead", "Saltings Primary School"),
         "the authority sees the second client's request as it is")
    words_of_page = page_list("words").split()
    same(mine["words"], [words_of_page[n] for n in numbers], "five words to compare")
    same(len(run("authority", "admit", "--dir", authority, "--all")["admitted"]), 3,
         "all three are admitted")
    events = me.sync()
    ok(me.admitted, "admitted: the seat is in the directory")
    same((events, me.enrolment.member), ([("enrol_answer", True, "")], me.member),
         "and the authority says so, too")
    for s in schools:
        s("sync")
        same(s("status")["enrolment"], "admitted", f"{s.urn} is admitted")
    me.sync()
    same(len(me.witness.lists), 3, "the epoch keys of all three seats are published and hold")
    same(me.log.heads[-1].hex(), schools[0]("status")["directory"]["head"],
         "both clients have the same head of the log")


def ids(me):
    return {m.urn: m.id for m in me.log.members.values()}


def python_asks(me, a, b):
    """The second client asks; both others answer; one is chosen; words; the end."""
    text = "Phonics in mixed-age classes: who has done it? — Zoë"
    request, statuses = me.ask("primary", "TL1", "U2", text)
    same(statuses, ["OK", "OK"], "1: an ask to group:primary, two wraps stored")
    r, member = request.hex(), ids(me)
    threads = {}
    for s in (a, b):
        got = [x for x in s.events() if x["request"] == r]
        same([(x["type"], x["refused"], x["from"]) for x in got],
             [("ask", None, "Saltings Primary School")], f"1: {s.urn} has the ask")
        threads[s.urn] = got[0]["thread"]
        same(threads[s.urn], replay.thread_id(request, me.member, member[s.urn]).hex(),
             f"1: {s.urn} names the same thread")
        shown = s("show", r)
        same((shown["state"], shown["events"][0]["text"]), ("open", text),
             f"1: {s.urn} shows it, open, with its text")
    a("answer", r, "--text", "We have — come and see.", "--days", "1.5")
    b("answer", r, "--text", "We could try.")
    me.sync()
    same({m.sender: (m.text, m.content.answer.half_days, m.content.answer.holder)
          for m in me.answers(request)},
         {member[CLI_A]: ("We have — come and see.", 3, f"Lead of {CLI_A}"),
          member[CLI_B]: ("We could try.", 0, f"Lead of {CLI_B}")}, "1: both answers open here")
    same(me.state(request), "open", "1: the request is open here")
    _, statuses = me.accept(request, member[CLI_A], "Ring me: 01632 960123")
    same(statuses, ["OK"], "1: accepted")
    for s, kind in ((a, "introduced"), (b, "not-chosen")):
        same([(x["type"], x["refused"]) for x in s.events()], [(kind, None)],
             f"1: {s.urn} is told: {kind}")
    shown = a("show", r)
    same((shown["state"], shown["threads"][0]["state"]), ("introduced", "revealed"),
         "1: the chosen one shows introduced")
    same(shown["events"][-1]["text"], "Ring me: 01632 960123", "1: and the words")
    same([x["state"] for x in b("show", r)["threads"]], ["not-chosen"],
         "1: the other one shows not chosen")
    same(me.state(request), "introduced", "1: introduced here")

    thread = threads[CLI_A]
    a("say", thread, "--text", "Thursday?\nWe start at nine.")
    me.sync()
    same(me.conversation(request, member[CLI_A])[-1], ("say", "Thursday?\nWe start at nine."),
         "1: their words open here")
    me.say(request, member[CLI_A], "Thursday suits us.")
    a("sync")
    same(a.texts(thread)[-2:], ["Thursday?\nWe start at nine.", "Thursday suits us."],
         "1: our words stand behind them there")
    same([m["state"] for m in a("read", thread)["messages"] if m["text"].startswith("Thursday?")],
         ["arrived"], "1: and say that theirs arrived")
    negative_wrap(me, a, request, member[CLI_A], thread)
    negative_parts(me, a, request, member[CLI_A])
    me.close_request(request, "helped", "Thank you.")
    for s, kind in ((a, "closed"), (b, "closed")):
        same([(x["type"], x["refused"]) for x in s.events() if x["request"] == r],
             [(kind, None)], f"1: {s.urn} is told: {kind}")
    shown = a("show", r)
    same((shown["state"], shown["outcome"]), ("closed", "helped"), "1: closed there, helped")
    same(b("show", r)["state"], "closed", "1: closed for the other, too")
    same(me.state(request), "closed", "1: closed here")


def negative_wrap(me, school, request, member, thread):
    def flip(wrap):
        wrap = bytearray(wrap)
        wrap[200] ^= 4
        return bytes(wrap)
    before = school.texts(thread)
    _, statuses = me.say(request, member, "Is this broken?", spoil=flip)
    same(statuses, ["OK"], "a wrap with a flipped bit: the broker cannot know")
    events = school.events()
    ok(len(events) == 1 and events[0]["refused"], "and the real client refuses it, and says so",
       events)
    same(school.texts(thread), before, "and nothing of it is kept")
    me.say(request, member, "And this is whole.")
    same([(x["type"], x["refused"]) for x in school.events()], [("say", None)],
         "the thread lives")
    ok("And this is whole." in school.texts(thread), "the thread lives: the next words")
    # Its sequence has a gap now, and the other side asks for what is missing.
    events = [e[0] for e in me.sync()]
    ok("resend" in events, "the real client asks for the missing number", events)
    school("sync")
    same(school.texts(thread)[-3:],
         ["Thursday suits us.", "Is this broken?", "And this is whole."],
         "and has it, once it was sent again, in the order in which it was written")


def negative_parts(me, school, request, member):
    """Wraps that open, and must not count; each is one event, or silence."""
    seat = me.log.seats_of(member)[0]
    row = me.sent[replay.thread_id(request, me.member, member), seat.id]
    n, (body, key, _) = len(row), row[-1]
    me.deposit([(seat, n, row[-1])])
    same(school.events(), [], "a message that comes again in a new wrap: silence")

    def not_kept(what):
        events = school.events()
        ok(len(events) == 1 and events[0]["refused"], what, events)
    row.pop()
    me.say(request, member, "The same number.")
    not_kept("a number that comes twice with another message is refused")
    me.deposit([(seat, n + 1, (*client.seal_body(client.open_body(body, key)),
                               replay.recipients_hash([seat.id, me.seat])))])
    not_kept("a recipients hash that is not the content's is refused")


def python_answers(me, a, b):
    """A real client asks; the second one answers and is chosen."""
    r = a("ask", "--topic", "TL3", "--urgency", "U3", "--to", "group:primary", "--text",
          "Who teaches fractions well?", "--days", "2", "--mode", "remote")["request"]
    request, member = bytes.fromhex(r), ids(me)
    events = me.sync()
    same([e[0] for e in events if e[1] == request], ["ask"], "2: the ask opens here")
    ask = me.messages[request][0].content.ask
    same((ask.topic, ask.urgency, ask.text, ask.half_days, ask.mode, ask.holder),
         ("TL3", "U3", "Who teaches fractions well?", 4, "remote", f"Lead of {CLI_A}"),
         "2: with everything in it")
    same(me.messages[request][0].content.audience[0].group, "primary", "2: and its audience")
    _, statuses = me.answer(request, "We do.", 1)
    same(statuses, ["OK"], "2: answered")
    same([(x["type"], x["refused"]) for x in a.events()], [("answer", None)],
         "2: the answer arrives")
    answers = a("answers", r)["answers"]
    same([(x["from"], x["text"], x["days"], x["holder"]) for x in answers],
         [("Saltings Primary School", "We do.", 0.5, "Pat of Saltings")],
         "2: and is what we wrote")
    same(a("accept", answers[0]["answer"])["state"], "introduced", "2: accepted there")
    me.sync()
    same(me.state(request), "introduced", "2: introduced here")
    same([m.purpose for m in me.messages[request]], ["ask", "answer", "introduced"],
         "2: the whole story here")
    shown = a("show", r)
    same((shown["state"], shown["threads"][0]["state"]), ("introduced", "revealed"),
         "2: introduced there")
    me.say(request, member[CLI_A], "Hello!")
    a("sync")
    thread = replay.thread_id(request, me.member, member[CLI_A]).hex()
    same(a.texts(thread)[-1], "Hello!", "2: words there")
    a("close", r, "--outcome", "partly", "--text", "It helped a little.")
    me.sync()
    last = me.messages[request][-1]
    same((last.purpose, last.text, last.content.close.outcome, me.state(request)),
         ("close", "It helped a little.", "partly", "closed"), "2: closed here")
    b.events()
    same(b("show", r)["state"], "closed", "2: closed for the third school")
    me.send_receipts()
    same([x["refused"] for x in a.events()], [], "2: receipts alone are taken in silence")
    same({m["text"]: m["state"] for m in a("read", thread)["messages"]},
         {"Who teaches fractions well?": "at-the-broker", "We do.": "arrived",
          "Hello!": "arrived", "It helped a little.": "arrived"},
         "2: and it has all arrived; the ask not yet at the third school, as far as one knows")


def new_keys(me, where, authority, a):
    """A member joins again with new keys; another one talks with it."""
    member = ids(me)[CLI_B]
    before = me.log.members[member].key
    run("authority", "replace", "--dir", authority, "--urn", CLI_B, "--out", where / "again")
    new = School(where / "again.d", CLI_B)
    new.where.mkdir()
    new("join", where / "again", "--key-file", where / "again.key", "--holder", "Lead of it")
    run("authority", "admit", "--dir", authority, "--all")
    new("sync")
    me.sync()
    ok(me.log.members[member].key != before and ids(me)[CLI_B] == member,
       "3: amended: a new key, the same member")
    same([s.live for s in me.log.seats_of(member)], [False, True],
         "3: its old seat is revoked, the new one lives")
    a("sync")
    request, statuses = me.ask("primary", "TL2", "U3", "Who has new keys?")
    same(statuses, ["OK", "OK"], "3: an ask to both")
    same([(x["type"], x["refused"]) for x in new.events()], [("ask", None)],
         "3: arrives at the new seat")
    new("answer", request.hex(), "--text", "We have.")
    me.sync()
    same([m.text for m in me.answers(request) if m.sender == member], ["We have."],
         "3: whose answer opens here")


def removed(me, authority, broker, a):
    """A member is removed, and the circle has a new PSK."""
    stage = run("authority", "revoke", "--dir", authority, "--urn", CLI_B)
    same((stage["stage"], stage["generation"]), ("needs-door-key", 3),
         "4: removed, one more new PSK made")
    events = me.sync()
    ok(("psk", 3) in events, "4: and we have it", events)
    same((sorted(me.psks), me.generation), ([1, 2, 3], 1), "4: not in force yet")
    me.say(request := python_request(me), ids(me)[CLI_A], "Under the old one.")
    ok("say" in [x["type"] for x in a.events()], "4: the old one goes on")
    broker.install(authority / "door.key")
    same(run("authority", "revoke", "--dir", authority)["stage"], "settled", "4: the broker has it, and the charter names it")
    me.sync()
    same(me.generation, 3, "4: from now on")
    me.sync()
    me.say(request, ids(me)[CLI_A], "Under the new one.")
    same([(x["type"], x["refused"]) for x in a.events() if x["type"] == "say"], [("say", None)],
         "4: and the real client opens it")


def python_request(me):
    """Our newest request."""
    return [r for r, owner in me.requests.items() if owner == me.member][-1]


def negative_doors(me, where):
    refused(lambda: me.open_door(psk=bytes(32)), "NEED_HELLO",
            "a proof with another PSK is refused")
    pair = replay.KeyPair()
    try:
        client.Connection(me.broker.open_endpoint, pair.x_public, pair.x_public,
                          pair.x_secret).close()
        ok(False, "another server key is noticed")
    except client.NotThisBroker:
        ok(True, "another server key is noticed")
    refused(lambda: client.Connection(me.broker.member_endpoint, me.broker.curve_key,
                                      pair.x_public, pair.x_secret), "NOT_ALLOWED",
            "the member door is shut for strangers, and that is another thing")
    second = client.Client((where / f"{PYTHON}.invitation").read_text(), "A thief")
    refused(lambda: second.join(int(time.time())), "TICKET_USED",
            "a ticket that was used does not work again")
    refused(lambda: me.home.ask(client.DEPOSIT, client.pf.Deposit.Ask(),
                                client.pf.Deposit.Answer), "NOT_ALLOWED",
            "nothing is deposited at the member door")


def main():
    global client, replay
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # by way of `finally`
    where = Path(tempfile.mkdtemp(prefix="reachout-interop-"))
    broker = me = None
    try:
        subprocess.run(["protoc", f"-I{PROTO}", f"--python_out={where}",
                        *(str(PROTO / f"{n}.proto") for n in ("frame", "directory", "content"))],
                       check=True, timeout=60)
        sys.path[:0] = [str(where), str(Path(__file__).resolve().parent)]
        sys.dont_write_bytecode = True
        import client
        import replay
        against_the_example()
        against_the_lists(replay.Directory(replay.unpack(
            replay.pd.AuthorityPublic, example()["authority-public"])))
        authority, broker = found(where)
        me = client.Client((where / f"{PYTHON}.invitation").read_text(), "Pat of Saltings")
        a, b = School(where, CLI_A), School(where, CLI_B)
        admitted(where, authority, me, (a, b))
        python_asks(me, a, b)
        python_answers(me, a, b)
        negative_doors(me, where)
        new_keys(me, where, authority, a)
        removed(me, authority, broker, a)
        me.sync()
        ok(True, "a last sync: log, checkpoint and notices still hold")
    except Exception:
        ok(False, "the test went to its end", *traceback.format_exc().split("\n"))
    finally:
        if me:
            me.close()
        if broker:
            same(broker.end(), 0, "the broker ends in order")
            if failed:
                print("#", (where / "broker.log").read_text().replace("\n", "\n# "))
        shutil.rmtree(where, ignore_errors=True)
    print(f"1..{count}")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A vault for people: passphrases given and asked for, changed, locked; and an
older copy of a profile that notices."""
import fcntl
import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.environ["RO_SOURCE_ROOT"], "tests/support"))
from rig import Rig, Tap  # noqa: E402
from waits import PATIENCE_S, Changes, readable  # noqa: E402

WORDS = "seven brown owls"
OTHER = "eight brown owls"
SCHOOL, PEER = 900001, 900012


def run(rig, profile, *words, given=None, fresh=None, env=None):
    """(exit code, stdout, stderr) of a command without a terminal; `given` and
    `fresh` come through pipes."""
    fds = []
    line = [rig.reachout, "--profile", rig.path("p", profile)]
    for option, text in (("--passphrase-fd", given),
                         ("--new-passphrase-fd", fresh)):
        if text is not None:
            ends = os.pipe()
            os.write(ends[1], text.encode() + b"\n")
            os.close(ends[1])
            fds.append(ends[0])
            words = [*words, option, str(ends[0])]
    done = subprocess.run(line + [str(word) for word in words],
                          capture_output=True, cwd=rig.dir, pass_fds=fds,
                          stdin=subprocess.DEVNULL, start_new_session=True,
                          env={**os.environ, **rig.env, **(env or {})},
                          timeout=PATIENCE_S)
    for fd in fds:
        os.close(fd)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def typed(rig, profile, *words, answers, kill=False):
    """The same on a terminal: (exit code, what the terminal showed, whether
    every question came)."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(rig.dir)
        os.execve(rig.reachout, [rig.reachout, "--profile",
                                 rig.path("p", profile),
                                 *[str(word) for word in words]],
                  {**os.environ, **rig.env})
    shown = b""
    left = list(answers)
    while readable([fd]):
        try:
            more = os.read(fd, 4096)
        except OSError:
            break
        if not more:
            break
        shown += more
        if left and left[0][0].encode() in shown.split(b"\n")[-1]:
            if left[0][1] is not None:
                os.write(fd, left[0][1].encode() + b"\n")
            left.pop(0)
            if kill and not left:
                os.kill(pid, signal.SIGTERM)
    _, status = os.waitpid(pid, 0)
    os.close(fd)
    return os.waitstatus_to_exitcode(status), shown.decode(), not left


def join_by_passphrase(tap, rig):
    rig.authority("invite", "--kind", "school", "--urn", 900013, "--seat",
                  "lead", "--out", rig.path("new.inv"))
    join = ["join", rig.path("new.inv")]
    code, _, err = run(rig, "new", *join)
    tap.ok(code == 1 and "--passphrase-fd" in err and "--key-file" in err,
           "no terminal and no key: exit 1, and what to do", err)
    code, _, err = run(rig, "new", *join, given="owls")
    tap.ok(code == 1 and "at least 10" in err, "a weak one is refused", err)
    tap.ok(not os.path.exists(rig.path("p/new/vault.db")), "nothing was made")
    code, _, err = run(rig, "new", *join, given=WORDS)
    tap.ok(code == 0, "join with a passphrase", err)
    tap.ok(os.path.exists(rig.path("p/new/epoch")), "epoch secrets of their own")
    rig.authority("admit", "--all")
    code, _, err = run(rig, "new", "sync", given=WORDS)
    tap.ok(code == 0, "sync with it", err)


def given_in_all_ways(tap, rig):
    code, _, err = run(rig, "new", "status")
    tap.ok(code == 8 and "--passphrase-fd" in err,
           "without it: exit 8, and how to give it", err)
    code, _, err = run(rig, "new", "status", given=OTHER)
    tap.ok(code == 8 and "not the passphrase" in err, "a wrong one: exit 8", err)
    with open(rig.path("words"), "w") as stream:
        stream.write(WORDS + "\n")
    code, _, err = run(rig, "new", "status",
                       env={"REACHOUT_PASSPHRASE_FILE": rig.path("words")})
    tap.ok(code == 0, "from a file", err)
    code, _, err = run(rig, "new", "status",
                       env={"REACHOUT_PASSPHRASE_FILE": rig.path("nowhere")})
    tap.ok(code == 74 and "nowhere" in err, "from a file that is not there", err)
    for fd in ("x", "-1", "99999999999", ""):
        code, _, err = run(rig, "new", "status", "--passphrase-fd", fd)
        tap.ok(code == 2, f"--passphrase-fd \"{fd}\": exit 2", err)
    code, _, err = run(rig, "new", "status", "--passphrase-fd", "77")
    tap.ok(code == 74, "a descriptor that is not open", err)


def asked_on_a_terminal(tap, rig):
    ask = "Passphrase of this profile: "
    new = "New passphrase"
    code, shown, asked = typed(rig, "new", "status", answers=[(ask, WORDS)])
    tap.ok(code == 0 and asked and WORDS not in shown,
           "asked for, and not shown", shown)
    code, shown, _ = typed(rig, "new", "status", answers=[(ask, OTHER)])
    tap.ok(code == 8 and "not the passphrase" in shown, "wrong: exit 8", shown)
    code, shown, asked = typed(rig, "new", "status", answers=[(ask, None)],
                               kill=True)
    tap.ok(code == 128 + signal.SIGTERM and asked, "a signal ends the question",
           (code, shown))
    code, shown, asked = typed(rig, "new", "passphrase", answers=[
        (ask, WORDS), (new, OTHER), ("The same again: ", WORDS)])
    tap.ok(code == 1 and asked and "two different" in shown,
           "two different new ones: refused", shown)
    code, shown, _ = typed(rig, "new", "passphrase",
                           answers=[(ask, WORDS), (new, "owls")])
    tap.ok(code == 1 and "at least 10" in shown, "a weak one: refused", shown)
    code, shown, asked = typed(rig, "new", "passphrase", answers=[
        (ask, WORDS), (new, OTHER), ("The same again: ", OTHER)])
    tap.ok(code == 0 and asked and OTHER not in shown, "changed", shown)
    code, _, err = run(rig, "new", "status", given=WORDS)
    tap.ok(code == 8, "the old one opens it no more", err)
    code, _, err = run(rig, "new", "status", given=OTHER)
    tap.ok(code == 0, "the new one does", err)


def to_a_key_file_and_back(tap, rig):
    key = rig.path("new.key")
    code, _, err = run(rig, "new", "passphrase", "--key-file", key, given=OTHER)
    tap.ok(code == 0 and os.stat(key).st_mode & 0o777 == 0o600,
           "to a key file", err)
    code, _, err = run(rig, "new", "status")
    tap.ok(code == 0, "which is remembered", err)
    os.chmod(key, 0o644)
    code, _, err = run(rig, "new", "status")
    tap.ok(code == 8 and f"chmod 600 {key}" in err,
           "but not while others can read it", (code, err))
    os.chmod(key, 0o600)
    code, _, err = run(rig, "new", "passphrase", fresh="owls")
    tap.ok(code == 1 and "at least 10" in err, "back: not to a weak one", err)
    code, _, err = run(rig, "new", "passphrase", fresh=WORDS)
    tap.ok(code == 0, "back to a passphrase", err)
    code, _, err = run(rig, "new", "status")
    tap.ok(code == 8, "the key file opens it no more", err)
    code, _, err = run(rig, "new", "passphrase", "--key-file", key,
                       given=WORDS, fresh=OTHER)
    tap.ok(code == 2, "both at once: exit 2", err)


def watch(rig, profile, *words):
    ends = os.pipe()
    os.write(ends[1], WORDS.encode() + b"\n")
    os.close(ends[1])
    process = subprocess.Popen(
        [rig.reachout, "--profile", rig.path("p", profile), "sync", "--watch",
         "--passphrase-fd", str(ends[0]), *words], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, cwd=rig.dir,
        pass_fds=[ends[0]], start_new_session=True,
        env={**os.environ, **rig.env})
    os.close(ends[0])
    rig.clients.add(process)
    return process


def ended(rig, process):
    _, err = process.communicate(timeout=PATIENCE_S)
    rig.clients.discard(process)
    return process.returncode, err.decode()


def overheard(tap, rig):
    """A program that has taken the watch's place hears the same whatever
    passphrase is given; where it is a wrong one, nobody comes to it."""
    def wait_for(listener, command):
        with listener.accept()[0] as peer:
            peer.settimeout(PATIENCE_S)
            heard = peer.recv(65536)
            if heard:
                peer.sendall(b"\0\0\0\2\3\1")  # too many wait
        command.join()
        return heard

    def come_too_late(listener, command):
        command.join()
        listener.setblocking(False)
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return None
        return b""

    def asking(given, hear=wait_for):
        path = rig.path("p/new/watch.sock")
        with open(rig.path("p/new/lock"), "r+b") as lock, \
                socket.socket(socket.AF_UNIX) as listener:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            listener.bind(path)
            listener.listen()
            listener.settimeout(PATIENCE_S)
            command = threading.Thread(target=lambda: told.append(
                run(rig, "new", "status", given=given)))
            told = []
            command.start()
            heard = hear(listener, command)
            os.unlink(path)
        return heard, told[0][0]

    without, right = asking(None), asking(WORDS)
    wrong = asking(OTHER, come_too_late)
    tap.ok(without[1] == 69 and without[0] != b"", "a command asks", without)
    tap.ok(right == without, "a passphrase adds nothing to what it says",
           f"{right} {without}")
    tap.ok(wrong == (None, 8), "a wrong one is refused before", wrong)


def locked(tap, rig):
    address = rig.path("p/new/watch.sock")
    code, out, err = run(rig, "new", "lock")
    tap.ok(code == 0 and "Nobody" in out, "nothing to lock", out + err)
    with Changes(rig.path("p/new")) as profile:
        stays = watch(rig, "new")
        tap.ok(profile.until(lambda: os.path.exists(address), stays), "a watch")
    code, _, err = run(rig, "new", "status")
    tap.ok(code == 0, "which needs no passphrase from others", err)
    code, _, err = run(rig, "new", "status", given=WORDS)
    tap.ok(code == 0, "takes the right one", err)
    code, out, err = run(rig, "new", "status", given=OTHER)
    tap.ok(code == 8 and out == "" and "not the passphrase" in err,
           "and refuses a wrong one: exit 8", out + err)
    code, _, err = run(rig, "new", "passphrase", given=WORDS, fresh=OTHER)
    tap.ok(code == 1 and "stop it first" in err, "no new key meanwhile", err)
    code, out, err = run(rig, "new", "lock")
    tap.ok(code == 0 and "closes it" in out, "lock", out + err)
    code, err = ended(rig, stays)
    tap.ok(code == 8 and "locked" in err, "the watch ends: exit 8", err)
    code, _, err = run(rig, "new", "status")
    tap.ok(code == 8, "now it is asked for again", err)
    stays = watch(rig, "new", "--lock-after", "0.05")
    code, err = ended(rig, stays)
    tap.ok(code == 8 and "nobody has asked" in err, "--lock-after", err)
    code, _, err = run(rig, "new", "sync", "--lock-after", "5", given=WORDS)
    tap.ok(code == 2, "which is for a watch", err)


def an_older_copy(tap, rig):
    thread = rig.thread(SCHOOL, PEER)
    rig.run(SCHOOL, "sync")
    shutil.copytree(rig.path("p", SCHOOL), rig.path("copy"))
    rig.run(SCHOOL, "say", thread, "--text", "From the later self.")
    rig.run(SCHOOL, "sync")
    shutil.rmtree(rig.path("p", SCHOOL))
    shutil.copytree(rig.path("copy"), rig.path("p", SCHOOL))
    code, _, err = run(rig, SCHOOL, "say", thread, "--text", "From the copy.")
    tap.ok(code == 8 and "older copy of itself" in err and
           "new invitation" in err, "an older copy: exit 8, and what to do", err)
    code, _, err = run(rig, SCHOOL, "sync")
    tap.ok(code == 8, "nor does it sync", err)
    tap.ok("Yes." in rig.texts(SCHOOL, thread), "it is there for reading")
    rig.run(PEER, "sync")
    texts = rig.texts(PEER, thread)
    tap.ok("From the later self." in texts and "From the copy." not in texts,
           "nothing was sent", texts)


def main():
    tap = Tap()
    with Rig([SCHOOL, PEER]) as rig:
        rig.env["REACHOUT_STRETCH"] = "least"
        rig.found()
        join_by_passphrase(tap, rig)
        given_in_all_ways(tap, rig)
        asked_on_a_terminal(tap, rig)
        to_a_key_file_and_back(tap, rig)
        overheard(tap, rig)
        locked(tap, rig)
        an_older_copy(tap, rig)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

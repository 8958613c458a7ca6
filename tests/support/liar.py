# SPDX-License-Identifier: Apache-2.0
"""The other end of tests/fault/liar.c: every frame of a real broker passes
through here in clear, and goes on as a test says.

    liar = Liar(rig)
    rig.up(liar.env)
    liar.says = lambda frame: [frame, frame]     what leaves: doubled
    liar.hears = lambda frame: False             what comes in: lost
    liar.hears = lambda frame: [liar.fake(frame, waiting=0)]   lost, answered
    liar.done()

The broker waits for each verdict, so nothing here runs at the same time as it.
What a rule raises is kept, and raised by done().
"""
import os
import socket
import struct
import subprocess
import sys
import threading

from faults import preload

VERBS = (None, "hello", "directory", "notices", "publish", "append", "enrol",
         "deposit", "attach", "ack")
ANSWER, PUSH = 1, 2


def protocol(rig):
    """The modules made of proto/, and replay.py, which knows what is signed."""
    if "frame_pb2" not in sys.modules:
        root = os.path.join(rig.source, "proto")
        subprocess.run(["protoc", f"-I{root}", f"--python_out={rig.dir}",
                        *(os.path.join(root, f"{name}.proto")
                          for name in ("frame", "directory", "content"))],
                       check=True, timeout=60)
        sys.dont_write_bytecode = True
        sys.path[:0] = [rig.dir, os.path.join(rig.source, "tests/interop")]
    import frame_pb2
    import replay
    return frame_pb2, replay


class Frame:
    """One frame. Change `message`, if it has one, or `raw` if not."""

    def __init__(self, peer, raw, leaves, pf):
        self.peer, self.raw, self.message = peer, raw, None
        self.verb = VERBS[raw[1]] if len(raw) >= 24 and raw[1] < len(VERBS) else None
        self.kind, self.status = raw[2], struct.unpack(">H", raw[8:10])[0]
        if self.verb is None or self.status:
            return
        part = ("Push" if self.kind == PUSH else "Answer") if leaves else "Ask"
        self.message = getattr(getattr(pf, self.verb.capitalize()), part)()
        self.message.ParseFromString(raw[24:])

    def set_time(self, seconds):
        """What the broker says it is now."""
        self.raw = self.raw[:16] + struct.pack(">Q", seconds) + self.raw[24:]

    def bytes(self):
        if self.message is None:
            return self.raw
        return self.raw[:24] + self.message.SerializeToString()


def truth(frame):
    return [frame]


def everything(_):
    return True


class Liar:
    """`says` gives the frames to send in place of one that leaves; `hears`
    whether one that came in did, or the frames that answer it in the broker's
    place, which then never saw it. `cuts` holds peers to be cut off."""

    def __init__(self, rig):
        self.pf, self.replay = protocol(rig)
        self.says, self.hears, self.cuts = truth, everything, set()
        self.failed = None
        self.now = bytes(8)
        path = rig.path("liar")
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(path)
        self.listening.listen(4)
        self.env = preload(os.environ["LIAR_SO"], LIAR_SOCKET=path)
        threading.Thread(target=self._accept, daemon=True).start()

    def honest(self):
        self.says, self.hears = truth, everything

    def done(self):
        self.listening.close()
        if self.failed is not None:
            raise self.failed

    def fake(self, ask, **fields):
        """An answer of ours to an ask."""
        raw = b"\x01" + ask.raw[1:2] + bytes([ANSWER, 0]) + ask.raw[4:8]
        answer = Frame(ask.peer, raw + bytes(8) + self.now, True, self.pf)
        for name, value in fields.items():
            part = getattr(answer.message, name)
            if isinstance(value, list):
                part.extend(value)
            else:
                setattr(answer.message, name, value)
        return answer

    # --- the wire ------------------------------------------------------------

    def _accept(self):
        try:
            while True:  # one broker after the other
                self._serve(self.listening.accept()[0])
        except OSError:
            return

    def _serve(self, stream):
        with stream, stream.makefile("rb") as reader:
            while len(head := reader.read(6)) == 6:
                kind, peer_size, size = struct.unpack("=BBI", head)
                peer, raw = reader.read(peer_size), reader.read(size)
                if len(raw) < size:
                    return
                stream.sendall(self._verdict(kind, peer, raw))

    def _verdict(self, kind, peer, raw):
        frames, taken = [], True
        try:
            frame = Frame(peer, raw, kind == 2, self.pf)
            if kind == 2:
                self.now = raw[16:24]
                said, taken = self.says(frame), False
            else:
                taken = self.hears(frame)
                said, taken = ([], taken) if isinstance(taken, bool) else (taken, False)
            frames = [(one.peer, one.bytes()) for one in said]
        except Exception as error:  # told by done(), where the test is
            self.failed = self.failed or error
            frames = [(peer, raw)] if kind == 2 else []
        verdict = (1 if taken else 0) | (2 if peer in self.cuts else 0)
        self.cuts.discard(peer)
        out = struct.pack("=BH", verdict, len(frames))
        for to, bytes_ in frames:
            out += struct.pack("=BI", len(to), len(bytes_)) + to + bytes_
        return out

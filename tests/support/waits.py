# SPDX-License-Identifier: Apache-2.0
"""Waits for what is bound to happen, on descriptors: nobody looks again and
again, and nobody hopes that some time is enough.

    ended(process)                 the end of a process
    one_ended(broker, client)      the end of one of several
    with Changes(folder) as changes:
        ... begin something ...
        changes.until(lambda: "settled" in log(), process)

Each gives up after PATIENCE_S, which only a test that fails comes to see.
"""
import ctypes
import os
import select
import struct
import time

PATIENCE_S = 60

IN_MODIFY, IN_ATTRIB, IN_CREATE, IN_DELETE = 0x2, 0x4, 0x100, 0x200
IN_MOVED_FROM, IN_MOVED_TO = 0x40, 0x80
ALL = (IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM
       | IN_MOVED_TO)


def readable(fds, seconds=PATIENCE_S):
    """Those of some descriptors that can be read; waits for the first."""
    poll = select.poll()
    for fd in fds:
        poll.register(fd, select.POLLIN)
    return [fd for fd, _ in poll.poll(max(0, int(seconds * 1000)))]


class Ends:
    """Descriptors that tell the end of processes; closed at the end."""

    def __init__(self, *processes):
        self.fds = []
        self.over = any(p.poll() is not None for p in processes)
        if not self.over:
            self.fds = [os.pidfd_open(p.pid) for p in processes]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for fd in self.fds:
            os.close(fd)


def one_ended(*processes, seconds=PATIENCE_S):
    """Waits until one of some processes has ended; whether one has."""
    with Ends(*processes) as ends:
        return ends.over or bool(readable(ends.fds, seconds))


def ended(process, seconds=PATIENCE_S):
    """Waits until a process has ended; whether it has. Its exit code is in
    it then."""
    return one_ended(process, seconds=seconds) and process.wait() is not None


class Changes:
    """What happens to a file, or to the files of a folder (inotify)."""

    def __init__(self, path, mask=ALL):
        libc = ctypes.CDLL(None, use_errno=True)
        self.fd = libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        if self.fd < 0 or libc.inotify_add_watch(
                self.fd, os.fsencode(path), mask) < 0:
            raise OSError(ctypes.get_errno(), "inotify", path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.fd)

    def take(self):
        """The names of what has changed since the last time, in order; a file
        that is watched itself has none."""
        try:
            raw = os.read(self.fd, 1 << 16)
        except BlockingIOError:
            return []
        names, at = [], 0
        while at < len(raw):
            size = struct.unpack_from("iIII", raw, at)[3]
            names.append(os.fsdecode(raw[at + 16:at + 16 + size].rstrip(b"\0")))
            at += 16 + size
        return names

    def until(self, condition, *processes, seconds=PATIENCE_S):
        """Looks at a condition at every change; whether it came to be so. The
        end of a process ends it, too."""
        end = time.monotonic() + seconds
        with Ends(*processes) as ends:
            while not condition():
                left = end - time.monotonic()
                found = [] if ends.over else readable([self.fd, *ends.fds], left)
                self.take()
                if self.fd not in found:
                    return condition()
        return True

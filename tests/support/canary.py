#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looks for texts in files and in the memory of a process.

usage: canary.py MARKERS [--pid PID] [PATH...]

MARKERS is a file with one marker a line. Each is searched as UTF-8, as
UTF-16 in both byte orders, as hex in both cases, and as base64 in its three
alignments. Prints one line a hit and a last line of counts; exits 1 if there
was a hit, 2 if there was nothing to search.
"""
import base64
import os
import re
import sys

CHUNK = 16 * 1024 * 1024


def forms(marker):
    """All the byte strings as which a marker may stand somewhere."""
    raw = marker.encode()
    found = {"utf-8": raw, "utf-16le": marker.encode("utf-16-le"),
             "utf-16be": marker.encode("utf-16-be"),
             "hex": raw.hex().encode(), "HEX": raw.hex().upper().encode()}
    for shift in range(3):
        # the middle of a base64 text does not depend on its neighbours
        text = base64.b64encode(b"\0" * shift + raw)
        keep = text[(shift * 8 + 5) // 6:len(text) - 4]
        if len(keep) >= 8:
            found[f"base64+{shift}"] = keep
            found[f"base64url+{shift}"] = keep.replace(b"+", b"-").replace(b"/", b"_")
    return found


def files(paths):
    for path in paths:
        if os.path.isfile(path):
            yield path
        for folder, _, names in os.walk(path):
            for name in names:
                full = os.path.join(folder, name)
                if os.path.isfile(full):
                    yield full


def file_bytes(path):
    with open(path, "rb") as stream:
        tail = b""
        while chunk := stream.read(CHUNK):
            yield tail + chunk
            tail = chunk[-4096:]


def memory_bytes(pid):
    """Every readable mapping of a process, as it is now."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            start, end = (int(x, 16) for x in line.split()[0].split("-"))
            if "r" not in line.split()[1] or "[v" in line:
                continue
            tail = b""
            for at in range(start, end, CHUNK):
                try:
                    mem.seek(at)
                    chunk = mem.read(min(CHUNK, end - at))
                except (OSError, ValueError):
                    break
                yield tail + chunk
                tail = chunk[-4096:]


def main():
    args = sys.argv[1:]
    pid = None
    if "--pid" in args:
        i = args.index("--pid")
        pid = int(args[i + 1])
        del args[i:i + 2]
    with open(args[0]) as stream:
        markers = [line.rstrip("\n") for line in stream if len(line.strip()) >= 4]
    table = {form: (marker, kind) for marker in markers
             for kind, form in forms(marker).items()}
    places = [(path, file_bytes(path)) for path in files(args[1:])]
    if pid is not None:
        places.append((f"memory of {pid}", memory_bytes(pid)))
    if not markers or not places:
        print("nothing to search")
        return 2
    pattern = re.compile(b"|".join(re.escape(form) for form in
                                   sorted(table, key=len, reverse=True)))
    hits, searched = set(), 0
    for where, chunks in places:
        for chunk in chunks:
            searched += len(chunk)
            for hit in pattern.finditer(chunk):
                marker, kind = table[hit.group()]
                hits.add((where, marker, kind))
    for where, marker, kind in sorted(hits):
        print(f"found in {where}, as {kind}: {marker}")
    print(f"{len(markers)} markers in {len(table)} forms, {len(places)} places, "
          f"{searched} bytes: {len(hits)} found")
    return 1 if hits else 0


if __name__ == "__main__":
    sys.exit(main())

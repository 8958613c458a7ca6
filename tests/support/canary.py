#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looks for texts in files and in the memory of a process.

usage: canary.py SCANNER MARKERS [--pid PID] [PATH...]

SCANNER is the built tests/support/canary_scan. MARKERS is a file with one
marker a line. Each is searched as UTF-8, as UTF-16 in both byte orders, as
hex in both cases, and as base64 in its three alignments. Prints one line a
hit and a last line of counts; exits 1 if there was a hit, 2 if there was
nothing to search.
"""
import base64
import os
import subprocess
import sys
import tempfile


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
            found[f"base64url+{shift}"] = keep.translate(bytes.maketrans(b"+/", b"-_"))
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


def search(scanner, markers, pid, paths):
    """Gives (lines about hits, counts) of all forms in all places."""
    table = [(marker, kind, form) for marker in markers
             for kind, form in forms(marker).items()]
    places = list(files(paths))
    memory = [] if pid is None else ["--pid", pid]
    with tempfile.NamedTemporaryFile("w") as patterns:
        for _, _, form in table:
            patterns.write(form.hex() + "\n")
        patterns.flush()
        out = subprocess.run([scanner, patterns.name, *memory, *places],
                             check=True, capture_output=True, text=True).stdout
    lines = out.splitlines()
    hits = set()
    for line in lines[:-1]:
        number, where = line.split(" ", 1)
        hits.add((where, table[int(number)][0], table[int(number)][1]))
    told = [f"found in {where}, as {kind}: {marker}" for where, marker, kind in sorted(hits)]
    counts = (f"{len(markers)} texts in {len(table)} forms, "
              f"{len(places) + len(memory) // 2} places, "
              f"{lines[-1].split()[1]} bytes: {len(hits)} found")
    return told, counts


def main():
    args = sys.argv[1:]
    pid = None
    if "--pid" in args:
        i = args.index("--pid")
        pid = args[i + 1]
        del args[i:i + 2]
    with open(args[1]) as stream:
        markers = [line.rstrip("\n") for line in stream if len(line.strip()) >= 4]
    if not markers or (pid is None and not list(files(args[2:]))):
        print("nothing to search")
        return 2
    told, counts = search(args[0], markers, pid, args[2:])
    print("\n".join([*told, counts]))
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())

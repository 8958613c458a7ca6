#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints line coverage by folder from gcovr's JSON: cover.py FILE"""

import collections
import json
import os
import sys


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        files = json.load(f)["files"]
    folders = collections.defaultdict(lambda: [0, 0])
    for entry in files:
        lines = [x for x in entry["lines"] if not x.get("gcovr/noncode")]
        for name in (os.path.dirname(entry["file"]), "all"):
            folders[name][0] += sum(1 for x in lines if x["count"] > 0)
            folders[name][1] += len(lines)
    total = folders.pop("all", [0, 0])
    for name, (hit, lines) in sorted(folders.items()) + [("all", total)]:
        print(f"{name:28} {hit:6} of {lines:6} lines "
              f"{100 * hit / max(lines, 1):6.1f} %")


if __name__ == "__main__":
    main()

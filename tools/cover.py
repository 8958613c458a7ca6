#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints line coverage by folder from gcovr's JSON: cover.py [--least N] FILE

With --least the exit status says whether each folder of the core has so many
per cent. Folders below one of them count with it.
"""

import argparse
import collections
import json
import os
import sys

CORE = ("common/base", "common/conf", "common/crypto", "common/wire",
        "daemon/pipeline", "daemon/verbs", "daemon/store", "client/core",
        "client/workflow")


def per_cent(counts):
    return 100 * counts[0] / max(counts[1], 1)


def core_of(folder):
    """The folder of the core that this one is, or is below; or None."""
    for core in CORE:
        if folder == core or folder.startswith(core + "/"):
            return core
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--least", type=float, default=0)
    parser.add_argument("file")
    args = parser.parse_args()
    with open(args.file, encoding="utf-8") as f:
        files = json.load(f)["files"]
    folders = collections.defaultdict(lambda: [0, 0])
    cores = {core: [0, 0] for core in CORE}
    for entry in files:
        lines = [x for x in entry["lines"] if not x.get("gcovr/noncode")]
        folder = os.path.dirname(entry["file"])
        sums = [folders[folder], folders["all"]]
        if core_of(folder) is not None:
            sums.append(cores[core_of(folder)])
        for counts in sums:
            counts[0] += sum(1 for x in lines if x["count"] > 0)
            counts[1] += len(lines)
    total = folders.pop("all", [0, 0])
    for name, counts in sorted(folders.items()) + [("all", total)]:
        print(f"{name:28} {counts[0]:6} of {counts[1]:6} lines "
              f"{per_cent(counts):6.1f} %")
    short = [core for core in CORE if per_cent(cores[core]) < args.least]
    for core in short:
        print(f"{core}: {per_cent(cores[core]):.1f} %, and at least "
              f"{args.least:g} % are wanted")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())

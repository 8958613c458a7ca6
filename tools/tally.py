#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints "PASSED FAILED SKIPPED": the points of a test run that Meson logged.

    tally.py BUILD/meson-logs/testlog.json

A test that speaks TAP counts with each of its points, any other as one. A
test that ended badly without a failing point (a crash, a time-out, fewer
points than announced) counts as one failure more, and so does a test that
neither printed a point nor said why.
"""

import json
import re
import sys

POINT = re.compile(r"^(ok|not ok)\b[^#\n]*(#\s*skip)?", re.I | re.M)
SAID_SKIP = re.compile(r"#\s*skip", re.I)


def tally(run):
    """(passed, failed, skipped) of one test."""
    out = run.get("stdout", "")
    result = run["result"]
    points = POINT.findall(out)
    skipped = sum(1 for _, skip in points if skip)
    failed = sum(1 for ok, skip in points if ok != "ok" and not skip)
    passed = len(points) - skipped - failed
    if result == "OK":
        return (passed, failed, skipped) if points else (1, 0, 0)
    if result == "SKIP":
        said = points or SAID_SKIP.search(out)
        return (0, 0, max(skipped, 1)) if said else (0, 1, 0)
    return passed, max(failed, 1), skipped


def main():
    with open(sys.argv[1], encoding="utf-8") as log:
        runs = [tally(json.loads(line)) for line in log]
    print(*(sum(run[i] for run in runs) for i in range(3)))


if __name__ == "__main__":
    main()

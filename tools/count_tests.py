#!/usr/bin/env python3
"""Counts test results over several builds and prints "N passed, M failed, K skipped" last.

Usage: count_tests.py RESULT...

A RESULT is a TAP file (checks) or a build folder that holds ctest.xml (ctest --output-junit) and
tap/<executable>.tap (Criterion). A test that runs in several builds counts once, with its worst
result. An executable that fails without saying which test did (crash, leak, data race, timeout,
not built) counts as one failed test under its own name.
"""
import collections
import pathlib
import re
import sys
import xml.etree.ElementTree as ET

LINE = re.compile(r"^(not ok|ok) - (.*?)\s*(?:\(\d+\.\d+s\))?\s*(?:# SKIP ?(.*))?$")
WORST = {"passed": 0, "skipped": 1, "failed": 2}


def tap(path):
    """(name, result, reason of the skip) per test; parameters of one test get a number."""
    seen = collections.Counter()
    for line in path.read_text(errors="replace").splitlines():
        m = LINE.match(line)
        if not m:
            continue
        verdict, name, reason = m.groups()
        seen[name] += 1
        if seen[name] > 1:
            name += f"#{seen[name]}"
        result = "failed" if verdict == "not ok" else "passed" if reason is None else "skipped"
        yield name, result, reason or ""


def build(folder):
    """Results of one build; an executable's own verdict decides when its TAP file is silent."""
    report = folder / "ctest.xml"
    if not report.exists():
        yield f"{folder.name}: ctest", "failed", "did not run"
        return
    for case in ET.parse(report).getroot().iter("testcase"):
        exe, status = case.get("name"), case.get("status")
        path = folder / "tap" / f"{exe}.tap"
        results = list(tap(path)) if path.exists() else []
        for name, result, reason in results:
            yield f"{exe}: {name}", result, reason
        if status == "run" and not results:
            yield f"{exe}", "failed", "reported no test"
        elif status != "run" and not any(r == "failed" for _, r, _ in results):
            node = case.find("failure")
            yield f"{exe}", "failed", (node.get("message") if node is not None else "") or status


def main(arguments):
    worst = {}
    for argument in map(pathlib.Path, arguments):
        where = argument.name if argument.is_dir() else "checks"
        for name, result, reason in (build if argument.is_dir() else tap)(argument):
            if name not in worst or WORST[result] > WORST[worst[name][0]]:
                worst[name] = (result, reason, where)
    for wanted in ("skipped", "failed"):
        for name, (result, reason, where) in sorted(worst.items()):
            if result == wanted:
                print(f"{wanted}: {name} [{where}]" + (f": {reason}" if reason else ""))
    count = collections.Counter(result for result, _, _ in worst.values())
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
    return 1 if count["failed"] or not count["passed"] else 0


sys.exit(main(sys.argv[1:]))

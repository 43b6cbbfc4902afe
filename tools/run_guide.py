#!/usr/bin/env python3
"""Runs the shell blocks of a Markdown file as its reader would: python3 tools/run_guide.py DOC PROGRAM

Every block of sh runs in order in one empty folder, with the folder of PROGRAM first in PATH; one
that fails fails the run. Lines that the text shows as output (indented by four) and that did not
come are listed; solver times are not compared. What a block leaves running in the background (its
output redirected) ends with the run. Exit 0 only if every block ran through.
"""
import os
import re
import signal
import subprocess
import sys
import tempfile

LONGEST_S = 180


def plain(line):
    return re.sub(r"\s+", " ", re.sub(r"in [\d.e+]+ ms", "in T ms", line)).strip()


def run(block, folder, env, groups):
    """In a process group of its own, so that what it leaves running can be ended with it."""
    process = subprocess.Popen(["bash", "-euo", "pipefail", "-c", block], cwd=folder, env=env, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    groups.append(process.pid)
    try:
        output, _ = process.communicate(timeout=LONGEST_S)
        return process.returncode, output
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return f"none within {LONGEST_S} s", process.communicate()[0]


def missing(shown, output):
    came = [plain(line) for line in output.splitlines()]
    for line in shown.splitlines():
        if line.startswith("    ") and line.strip() and not any(plain(line) in c for c in came):
            yield line


def main(doc, program):
    text = open(doc, encoding="utf-8").read()
    env = dict(os.environ, NO_COLOR="1",
               PATH=os.path.dirname(os.path.abspath(program)) + ":" + os.environ["PATH"])
    env.pop("VOLTEO_LAKE", None)
    blocks = list(re.finditer(r"^```sh\n(.*?)^```$", text, re.M | re.S))
    failed, groups = 0, []
    with tempfile.TemporaryDirectory(prefix="guide.") as folder:
        for k, block in enumerate(blocks):
            line = text[:block.start()].count("\n") + 2
            code, output = run(block.group(1), folder, env, groups)
            if code:
                failed += 1
                print(f"{doc}:{line}: exit {code}\n{block.group(1)}{output}")
            end = blocks[k + 1].start() if k + 1 < len(blocks) else len(text)
            for shown in missing(text[block.end():end].split("\n#")[0], output):
                print(f"{doc}:{line}: not in the output: {shown.strip()}")
        for group in groups:
            try:
                os.killpg(group, signal.SIGTERM)
            except ProcessLookupError:
                pass
    print(f"{doc}: {len(blocks)} blocks, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))

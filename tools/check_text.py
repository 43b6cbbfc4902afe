#!/usr/bin/env python3
"""Fails (exit 1) if a tracked text file holds what belongs to one machine, or breaks the file rules.

Usage: check_text.py [ROOT]

Refused: absolute paths into someone's home or work folder, host names of package registries,
CR line ends, trailing blanks and tabs in C, C files beyond 1500 lines.
"""
import pathlib
import re
import subprocess
import sys

HOSTS = ["registry" + r"\.npmjs", "pypi" + r"\.org", "python" + r"hosted\.org",
         r"deb\.debian" + r"\.org", r"registry\.yarn" + r"pkg"]
MACHINE = [(re.compile(r"(?<![\w.$})-])/(?:home|root|work|Users)/\w"), "absolute path of one machine"),
           (re.compile("|".join(HOSTS)), "host name of a package registry")]
C_RULES = [(re.compile(r"[ \t]+$"), "trailing blanks"), (re.compile(r"\t"), "tab")]
MAX_LINES = 1500


def tracked(root):
    listing = subprocess.run(["git", "-C", root, "ls-files", "-z"], capture_output=True, check=True)
    for name in listing.stdout.decode().split("\0"):
        path = root / name
        if name and path.is_file() and not path.is_symlink():
            yield name, path


def check(name, data):
    if b"\0" in data[:8000]:
        return
    is_c = name.endswith((".c", ".h"))
    if b"\r\n" in data and not name.startswith("tests/"):
        yield f"{name}: CR line ends"
    lines = data.decode("utf-8", "replace").splitlines()
    if is_c and len(lines) > MAX_LINES:
        yield f"{name}: {len(lines)} lines; split it below {MAX_LINES}"
    for n, line in enumerate(lines, 1):
        for pattern, what in MACHINE + (C_RULES if is_c else []):
            if pattern.search(line):
                yield f"{name}:{n}: {what}"


def main(root):
    files = list(tracked(root))
    bad = [line for name, path in files for line in check(name, path.read_bytes())]
    print("\n".join(bad) or f"text: {len(files)} files clean")
    return 1 if bad else 0


sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")))

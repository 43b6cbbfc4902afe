#!/usr/bin/env python3
"""Writes a linker version script that exports the functions the public headers declare.

Usage: export_map.py OUTPUT HEADER...
"""
import pathlib
import re
import sys


def declared(text):
    """Names of the functions a header declares: vo_name( at file scope, outside comments and macros."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.S)
    text = re.sub(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", " ", text, flags=re.M)
    text = re.sub(r'extern\s+"C"\s*{', " ", text)
    while re.search(r"{[^{}]*}", text):  # bodies, enums, structs
        text = re.sub(r"{[^{}]*}", ";", text)
    found = re.findall(r"\b(vo_\w+)\s*\(", text)
    found += re.findall(r"\bextern\s+const\s+\w+\s+(vo_\w+)", text)
    return set(found)


names = sorted(set().union(*(declared(pathlib.Path(p).read_text()) for p in sys.argv[2:]), set()))
exports = "".join(f"        {n};\n" for n in names)
head = f"    global:\n{exports}" if names else ""
pathlib.Path(sys.argv[1]).write_text(f"{{\n{head}    local:\n        *;\n}};\n")

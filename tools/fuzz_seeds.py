#!/usr/bin/env python3
"""Makes seeds for a fuzz target out of real files: small, whole in form, with the option byte.

Usage: fuzz_seeds.py OUT SUFFIX BYTE FOLDER...

Every file below the folders whose name ends with .SUFFIX (also .SUFFIX.gz and .SUFFIX.zst, the
latter where there is a zstd program) is unpacked and shortened to 12 KiB so that it still is of
its format: lists of JSON to their first elements, XML with its elements closed, other text at an
end of line. BYTE (0..255, or - for none) is put behind it: see tests/support/option_byte.h.
SUFFIX `*` takes all files as they are, packed, cut at 12 KiB.
"""
import gzip
import json
import pathlib
import re
import shutil
import subprocess
import sys

LIMIT = 12 * 1024
TAG = re.compile(rb"<(?:!--.*?--|(/?)([A-Za-z_][\w:.-]*)[^<>]*?(/?))>", re.S)


def unpacked(path, whole):
    """The file's bytes, at least LIMIT of them if there are so many; None if not to be had."""
    size = -1 if whole else LIMIT
    if path.suffix == ".gz":
        with gzip.open(path) as f:
            return f.read(size)
    if path.suffix == ".zst":
        if not shutil.which("zstd"):
            return None
        with subprocess.Popen(["zstd", "-dcq", path], stdout=subprocess.PIPE) as p:
            data = p.stdout.read(size)
            p.kill()
        return data
    with path.open("rb") as f:
        return f.read(size)


def shorter(value, most):
    if isinstance(value, list):
        return [shorter(v, most) for v in value[:most]]
    if isinstance(value, dict):
        return {k: shorter(v, most) for k, v in list(value.items())[:64]}
    return value


def short_json(data):
    root = json.loads(data)
    for most in (1 << 30, 168, 48, 24, 4, 1):
        text = json.dumps(shorter(root, most)).encode()
        if len(text) <= LIMIT:
            return text
    return None


def short_xml(data):
    if len(data) < LIMIT:
        return data
    stack, end = [], 0
    for tag in TAG.finditer(data):
        if tag.end() > LIMIT - 512:
            break
        end = tag.end()
        if tag[2] and tag[1]:
            stack.pop()
        elif tag[2] and not tag[3]:
            stack.append(tag[2])
    return data[:end] + b"".join(b"</%s>" % name for name in reversed(stack))


def short_text(data):
    if len(data) < LIMIT:
        return data
    return data[:data.rindex(b"\n", 0, LIMIT) + 1] if b"\n" in data[:LIMIT] else data[:LIMIT]


def seed(path, suffix):
    if suffix == "*":
        return path.read_bytes()[:LIMIT]
    data = unpacked(path, suffix == "json")
    if data is None:
        return None
    return {"json": short_json, "xml": short_xml}.get(suffix, short_text)(data)


def main(out, suffix, byte, *folders):
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    ends = ("",) if suffix == "*" else tuple(f".{suffix}{p}" for p in ("", ".gz", ".zst"))
    option = b"" if byte == "-" else bytes([int(byte)])
    for folder in map(pathlib.Path, folders):
        for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.name.endswith(ends)):
            data = seed(path, suffix)
            if data is not None:
                name = "-".join(path.relative_to(folder).parts)
                (out / f"{folder.name}-{name}").write_bytes(data + option)


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])

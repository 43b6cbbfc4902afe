#!/usr/bin/env python3
"""Writes src/base/decimal_powers.h: powers of ten as 128-bit significands, for base/decimal.c.

usage: tools/decimal_powers.py [--check] [FILE]

Each is floor(10^k * 2^-e) + 1 with e such that it has 128 bits (exact powers without the + 1).
--check compares with the file instead of writing it.
"""
import pathlib
import sys

FIRST, LAST = -292, 324  # 10^-k for every binary exponent of a double


def significand(k: int) -> int:
    num, den = (10**k, 1) if k >= 0 else (1, 10**-k)
    shift = 128 - num.bit_length() + den.bit_length()
    for s in (shift, shift - 1, shift + 1):
        q, rest = divmod(num << s, den) if s >= 0 else divmod(num, den << -s)
        if q.bit_length() == 128:
            return q + (1 if rest else 0)
    raise AssertionError(k)


def text() -> str:
    cells = []
    for k in range(FIRST, LAST + 1):
        g = significand(k)
        assert g.bit_length() == 128
        cells.append(f"{{0x{g >> 64:016x}, 0x{g & (2**64 - 1):016x}}}")
    rows = [", ".join(cells[i:i + 2]) + "," for i in range(0, len(cells), 2)]
    body = "\n".join("    " + row for row in rows)
    return f"""/* decimal_powers.h -- 10^k for k = {FIRST}..{LAST} as the upper and the lower half of a significand of
 * 128 bits, rounded up. Made by tools/decimal_powers.py; for decimal.c alone. */
#ifndef VO_BASE_DECIMAL_POWERS_H
#define VO_BASE_DECIMAL_POWERS_H

#include <stdint.h>

#define VO_DECIMAL_FIRST_POWER ({FIRST})

// clang-format off
static const struct {{
    uint64_t hi, lo;
}} vo_decimal_power[{LAST - FIRST + 1}] = {{
{body}
}};
// clang-format on

#endif
"""


def main() -> int:
    names = [a for a in sys.argv[1:] if not a.startswith("-")]
    root = pathlib.Path(__file__).resolve().parent.parent
    path = pathlib.Path(names[0]) if names else root / "src/base/decimal_powers.h"
    if "--check" in sys.argv[1:]:
        if path.read_text(encoding="utf-8") == text():
            return 0
        print(f"{path}: not what tools/decimal_powers.py writes: run it", file=sys.stderr)
        return 1
    path.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

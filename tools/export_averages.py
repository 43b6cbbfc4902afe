#!/usr/bin/env python3
"""Prints what an exported kWh earns on average, by season and period, from published export values.

Usage: export_averages.py FOLDER [YEAR]

FOLDER holds tables of hourly export values as JSON, plain or gzip (nbt25.json.gz, ...), in the
layout that `volteo data import` reads: data[year][part][month][weekday, weekend][hour], holidays by
year. A year is answered from the newest vintage that has it (floating ones, of year 00, are passed
over): with YEAR only that one. An average is the plain mean over all hours of the year's local
calendar in the season and period; holidays count as weekends; an hour's value is the sum of its
parts. These are the `sell_per_kwh` of config/tariffs/pge_e_tou_c_*.yaml.
"""
import datetime
import gzip
import json
import pathlib
import re
import sys

SUMMER = range(6, 10)  # June to September
PEAK = range(16, 21)   # 16:00 to 21:00, every day
NAMES = ("summer peak", "summer off_peak", "winter peak", "winter off_peak")


def load(path):
    raw = path.read_bytes()
    return json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)


def newest(folder):
    """The table of the newest vintage by year."""
    best = {}
    for path in sorted(folder.iterdir()):
        if not re.search(r"\.json(\.gz)?$", path.name):
            continue
        table = load(path)
        vintage = re.search(r"(\d\d)$", str(table.get("vintage", "")))
        if "data" not in table or not vintage or vintage[1] == "00":
            continue
        for year in table["data"]:
            if year not in best or best[year]["vintage"] < table["vintage"]:
                best[year] = table
    return best


def averages(table, year):
    """Mean and number of hours per season and period."""
    parts = table["data"][year].values()
    holidays = set(table["holidays"].get(year, []))
    found = {name: [] for name in NAMES}
    day = datetime.date(int(year), 1, 1)
    while day.year == int(year):
        kind = 1 if day.weekday() >= 5 or day.isoformat() in holidays else 0
        season = "summer" if day.month in SUMMER else "winter"
        for hour in range(24):
            period = "peak" if hour in PEAK else "off_peak"
            value = sum(part[day.month - 1][kind][hour] for part in parts)
            found[f"{season} {period}"].append(value)
        day += datetime.timedelta(days=1)
    return {name: (sum(v) / len(v), len(v)) for name, v in found.items()}


def main(folder, only=None):
    tables = newest(pathlib.Path(folder))
    years = [y for y in sorted(tables) if only in (None, y)]
    if not years:
        sys.exit(f"{folder}: no table of export values" + (f" that has {only}" if only else ""))
    for year in years:
        for name, (mean, hours) in averages(tables[year], year).items():
            print(f"{year}  {tables[year]['vintage']}  {name:15}  {mean:.5f}  {hours} hours")


if not 2 <= len(sys.argv) <= 3:
    sys.exit(__doc__)
main(*sys.argv[1:])

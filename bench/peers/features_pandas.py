#!/usr/bin/env python3
"""The default features by pandas, as people write them: shift, rolling, tz_convert.

Usage: features_pandas.py FOLDER START_S STEP_S ZONE HORIZON ROUNDS
Reads FOLDER/prices (float64), FOLDER/names (the order of the columns) and FOLDER/holidays (local
dates); writes FOLDER/rows (float32, row by row). Prints the seconds of each round and of them the CPU's, then the most
memory in MB.
"""
import pathlib, re, resource, sys, time

import numpy as np
import pandas as pd


def calendar(index, zone, holidays):
    local = index.tz_convert(zone)
    year_days = np.where(local.is_leap_year, 366, 365)
    turns = {"hour": (local.hour * 60 + local.minute) / 1440,
             "weekday": local.day_of_week / 7,
             "season": (local.day_of_year - 1) / year_days}
    columns = {}
    for name, turn in turns.items():
        angle = 2 * np.pi * turn
        columns[name + "_sin"] = np.sin(angle)
        columns[name + "_cos"] = np.cos(angle)
    columns["holiday"] = local.tz_localize(None).normalize().isin(holidays)
    return columns


def features(price, names, zone, step_s, horizon, holidays):
    per_day = 86400 // step_s
    columns = {"price": price}
    rolling = {}
    for name in names:
        if m := re.fullmatch(r"price_lag_(\d+)", name):
            columns[name] = price.shift(int(m[1]))
        elif m := re.fullmatch(r"price_day_(\d+)", name):
            columns[name] = price.shift(int(m[1]) * per_day)
        elif m := re.fullmatch(r"target_day_(\d+)", name):
            back = int(m[1]) * per_day
            columns[name] = price.shift(-(-horizon // back) * back - horizon)
        elif m := re.fullmatch(r"price_(mean|std|min|max)_(\d+)", name):
            width = int(m[2])
            rolling.setdefault(width, price.rolling(width))
            columns[name] = getattr(rolling[width], m[1])()
    columns |= calendar(price.index, zone, holidays)
    ahead = calendar(price.index + pd.Timedelta(seconds=horizon * step_s), zone, holidays)
    columns |= {"target_" + name: values for name, values in ahead.items()}
    return pd.DataFrame(columns, index=price.index)[names].to_numpy(dtype=np.float32)


def main():
    folder, start_s, step_s, zone, horizon, rounds = sys.argv[1:]
    values = np.fromfile(folder + "/prices")
    index = pd.date_range(pd.Timestamp(int(start_s), unit="s", tz="UTC"), periods=len(values),
                          freq=pd.Timedelta(seconds=int(step_s)))
    price = pd.Series(values, index=index)
    names = pathlib.Path(folder, "names").read_text().split("\n")[:-1]
    holidays = pd.to_datetime(pathlib.Path(folder, "holidays").read_text().split())
    for _ in range(int(rounds)):
        before = time.perf_counter(), time.process_time()
        rows = features(price, names, zone, int(step_s), int(horizon), holidays)
        print(time.perf_counter() - before[0], time.process_time() - before[1])
    rows.tofile(folder + "/rows")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3)


main()

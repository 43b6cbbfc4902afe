#!/usr/bin/env python3
"""POST /optimize as one writes it in Python: FastAPI, uvicorn and HiGHS.

usage: serve_fastapi.py [--workers N] [--port-file FILE]
       serve_fastapi.py --solve < request.json      the answer to one request, without a server

The same request (a battery and hourly prices in the document) and the response that the product
requirements show: days with hour, action, power, price and soc, and a summary. The plan is a linear
program, given to HiGHS as arrays; no certificate, no prices at which actions flip. As FastAPI
answers fastest: the response is handed to JSONResponse, which only serialises it; uvicorn has
uvloop and httptools and writes no access log.
"""
import argparse
import datetime
import json
import math
import os
import socket
import sys

import fastapi
import highspy
import numpy as np
import pydantic
import uvicorn
from fastapi.responses import JSONResponse


class Battery(pydantic.BaseModel):
    capacity_mw: float = pydantic.Field(gt=0)
    duration_hours: float = pydantic.Field(gt=0)
    efficiency: float = pydantic.Field(default=1, gt=0, le=1)
    min_soc: float = pydantic.Field(default=0, ge=0, le=1)
    max_soc: float = pydantic.Field(default=1, ge=0, le=1)


class Request(pydantic.BaseModel):
    battery_params: Battery
    start: datetime.date
    prices: list[float] = pydantic.Field(min_length=1, max_length=100000)


def plan(battery, prices):
    """Charge, discharge (MW) and stored energy (MWh) at each hour's end: the most profitable."""
    n = len(prices)
    price = np.asarray(prices, dtype=np.float64)
    way = math.sqrt(battery.efficiency)
    capacity = battery.capacity_mw * battery.duration_hours
    low, high = battery.min_soc * capacity, battery.max_soc * capacity
    t = np.arange(n)
    # stored[t] - stored[t-1] - way * charge[t] + discharge[t] / way = 0; columns by kind
    entries = np.full(n, 1, dtype=np.int32)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = 3 * n, n
    lp.col_cost_ = np.concatenate([price, -price, np.zeros(n)])
    lp.col_lower_ = np.concatenate([np.zeros(2 * n), np.full(n, low)])
    lp.col_upper_ = np.concatenate([np.full(2 * n, battery.capacity_mw), np.full(n, high)])
    lp.col_lower_[-1] = low  # as much at the end as at the start
    rhs = np.zeros(n)
    rhs[0] = low
    lp.row_lower_, lp.row_upper_ = rhs, rhs
    stored_count = np.full(n, 2, dtype=np.int32)
    stored_count[-1] = 1
    counts = np.concatenate([entries, entries, stored_count])
    matrix = lp.a_matrix_
    matrix.format_ = highspy.MatrixFormat.kColwise
    matrix.start_ = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    stored_rows = np.stack([t, t + 1], axis=1).reshape(-1)[:-1]
    stored_values = np.tile([1.0, -1.0], n)[:-1]
    matrix.index_ = np.concatenate([t, t, stored_rows]).astype(np.int32)
    matrix.value_ = np.concatenate([np.full(n, -way), np.full(n, 1 / way), stored_values])
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.passModel(lp)
    solver.run()
    x = np.asarray(solver.getSolution().col_value)
    return x[:n], x[n:2 * n], x[2 * n:], capacity


def average(money, energy):
    return money / energy if energy > 0 else None


def optimize(request):
    charge, discharge, stored, capacity = plan(request.battery_params, request.prices)
    days, n = [], len(request.prices)
    total_in = total_out = paid_in = paid_out = 0.0
    for first in range(0, n, 24):
        hours = []
        energy_in = energy_out = cost = worth = 0.0
        for t in range(first, min(first + 24, n)):
            power = float(discharge[t] - charge[t])
            action = "discharge" if power > 1e-9 else "charge" if power < -1e-9 else "idle"
            price = request.prices[t]
            hours.append({"hour": t - first, "action": action, "power": abs(power),
                          "price": price, "soc": float(stored[t]) / capacity})
            energy_out += max(power, 0)
            energy_in += max(-power, 0)
            worth += max(power, 0) * price
            cost += max(-power, 0) * price
        date = request.start + datetime.timedelta(days=first // 24)
        days.append({"date": date.isoformat(), "schedule": hours, "revenue": worth - cost,
                     "energy_charged": energy_in, "energy_discharged": energy_out,
                     "avg_charge_price": average(cost, energy_in),
                     "avg_discharge_price": average(worth, energy_out)})
        total_in, total_out = total_in + energy_in, total_out + energy_out
        paid_in, paid_out = paid_in + cost, paid_out + worth
    best = max(days, key=lambda d: d["revenue"])
    worst = min(days, key=lambda d: d["revenue"])
    revenue = paid_out - paid_in
    return {"daily_schedules": days,
            "summary": {"total_revenue": revenue, "avg_daily_revenue": revenue / len(days),
                        "best_day": {"date": best["date"], "revenue": best["revenue"]},
                        "worst_day": {"date": worst["date"], "revenue": worst["revenue"]},
                        "energy_charged": total_in, "energy_discharged": total_out}}


app = fastapi.FastAPI()


@app.post("/optimize")
def post_optimize(request: Request):
    return JSONResponse(optimize(request))


@app.get("/healthz")
async def healthz():
    return JSONResponse({"status": "ok"})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--port-file")
    parser.add_argument("--solve", action="store_true")
    options = parser.parse_args()
    if options.solve:
        print(json.dumps(optimize(Request.model_validate_json(sys.stdin.read()))))
        return
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", 0))
    listening.listen(1024)
    if options.port_file:
        host, port = listening.getsockname()
        with open(options.port_file + ".new", "w", encoding="utf-8") as f:
            f.write(f"{host}:{port}\n")
        os.replace(options.port_file + ".new", options.port_file)
    for _ in range(options.workers - 1):  # all accept from the one socket
        if os.fork() == 0:
            break
    config = uvicorn.Config(app, log_level="warning", access_log=False, loop="uvloop",
                            http="httptools")
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()

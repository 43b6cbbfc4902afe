#!/usr/bin/env python3
"""Loads a server for minutes while killing and restarting it: soak.py PROGRAM [SECONDS] [KILLS]

POST /optimize (a month of hours) at 80 % of what the server was measured to give, and jobs with and
without idempotency keys meanwhile; kill -9 at random moments, a new server on the same state file and
port. At the end every acknowledged job must have ended exactly once: one row, one event of its end, one
result equal to that of the same request answered directly. Memory is read at the same age of every life.

Exit 1 if that is not so, or if memory grew by more than a fifth from the first lives to the last, the load
stayed below 70 % of capacity while the server was up, or the server, being up, refused ordinary requests.
"""
import http.client
import json
import math
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

HOURS = 744
AGE_S = 8  # of a life, when its memory is read
ORDERING = 4  # threads that order jobs
MOST_GROWTH, LEAST_LOAD = 0.20, 0.70
LUA = """
local file = io.open("request.json"); wrk.body = file:read("a"); file:close()
wrk.method = "POST"; wrk.headers["Content-Type"] = "application/json"
local wait = tonumber(os.getenv("SOAK_DELAY_MS") or "0")
if wait > 0 then function delay() return math.floor(2 * wait * math.random()) end end
"""


def month():
    chance = random.Random(1)
    return {"battery_params": {"capacity_mw": 10, "duration_hours": 4, "efficiency": 0.85},
            "start": "2024-01-01", "prices": [round(50 + 20 * math.sin(i / 3.82) + chance.random() * 10, 2)
                                              for i in range(HOURS)]}


def job_request(k):
    return {"battery_params": {"power_mw": 1, "capacity_mwh": 2 + k % 7}, "policies": ["perfect", "spread", "mpc"],
            "protocol": "rolling",
            "prices": month()["prices"][:240], "start": "2024-01-01"}


class Server:
    def __init__(self, program, folder, port):
        self.program, self.folder, self.port, self.process = program, folder, port, None

    def start(self):
        command = [self.program, "serve", "--listen", f"127.0.0.1:{self.port}", "--state", "state.db",
                   "--no-request-log", "--log-file", "log"]
        self.process = subprocess.Popen(command, cwd=self.folder)
        began = time.monotonic()
        while time.monotonic() - began < 20:
            try:
                if self.ask("GET", "/readyz")[0] == 200:
                    return time.monotonic() - began
            except OSError:
                time.sleep(0.01)
        sys.exit("soak: the server does not start; see its log: " + self.folder)

    def ask(self, method, path, document=None, headers=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            body = json.dumps(document) if document is not None else None
            c.request(method, path, body, {"Content-Type": "application/json", **(headers or {})})
            r = c.getresponse()
            return r.status, r.read()
        finally:
            c.close()

    def resident_mib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
            return next(int(line.split()[1]) / 1024 for line in f if line.startswith("VmRSS"))

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def wrk(folder, port, seconds, connections, delay_ms):
    env = dict(os.environ, SOAK_DELAY_MS=str(delay_ms))
    return subprocess.Popen(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", "load.lua",
                             f"http://127.0.0.1:{port}/optimize"], cwd=folder, env=env, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def rate_of(text):
    return next((float(line.split()[1]) for line in text.splitlines() if line.startswith("Requests/sec")), 0.0)


class Tally:
    """What became of orders; several threads order."""

    def __init__(self):
        self.lock, self.acknowledged, self.unanswered, self.refused = threading.Lock(), {}, 0, {}

    def add(self, status, body, k):
        with self.lock:
            if status in (200, 202):
                self.acknowledged[json.loads(body)["id"]] = k
            elif status is None:
                self.unanswered += 1
            else:
                self.refused[status] = self.refused.get(status, 0) + 1


def order(server, stop, tally, k):
    """One job. What was not acknowledged is sent again with the same key, or dropped if it has none."""
    key = f"soak-{k}" if k // ORDERING % 2 else None
    while not stop.is_set():
        try:
            status, body = server.ask("POST", "/api/v1/jobs", {"kind": "compare", "request": job_request(k)},
                                      {"Idempotency-Key": key} if key else None)
        except (OSError, http.client.HTTPException):
            status, body = None, None
        tally.add(status, body, k)
        if status in (200, 202) or not key:
            return
        time.sleep(0.05)


def orders(server, stop, tally, first):
    k = first
    while not stop.is_set():
        order(server, stop, tally, k)
        k += ORDERING
        stop.wait(0.05 * ORDERING)


def wait_until_over(server):
    began = time.monotonic()
    while time.monotonic() - began < 300:
        rows = sqlite3.connect(os.path.join(server.folder, "state.db")).execute(
            "SELECT id FROM vo_job WHERE state IN ('queued', 'running')").fetchall()
        if not rows:
            return
        time.sleep(0.5)
    sys.exit("soak: jobs are still not over after 300 s")


def judge(server, acknowledged):
    wrong, direct = [], {}
    db = sqlite3.connect(os.path.join(server.folder, "state.db"))
    ends = {}
    for document, in db.execute("SELECT document FROM vo_event WHERE event = 'job'"):
        e = json.loads(document)
        if e["state"] in ("done", "failed", "dead", "cancelled"):
            ends.setdefault(e["job"], []).append(e["state"])
    for job, k in acknowledged.items():
        if ends.get(job) != ["done"]:
            wrong.append(f"{job}: ends {ends.get(job)}")
            continue
        if k % 7 not in direct:
            direct[k % 7] = json.loads(server.ask("POST", "/api/v1/compare", job_request(k))[1])["policies"]
        status, body = server.ask("GET", f"/api/v1/jobs/{job}/result")
        got = json.loads(body).get("policies")
        strip = lambda rows: [{m: v for m, v in r.items() if "us_per" not in m and "train_s" not in m} for r in rows]
        if status != 200 or strip(got) != strip(direct[k % 7]):
            wrong.append(f"{job}: another result than asked directly")
    return wrong


def errors_of(text):
    """Answers that were no 2xx, of wrk's report; what the kills cut off stands under socket errors."""
    return next((int(line.split()[-1]) for line in text.splitlines() if "Non-2xx" in line), 0)


def lives(server, seconds, kills, tally):
    """Kills and restarts; memory at the same age of each life, and the seconds that nobody answered."""
    chance, memory, down = random.Random(7), [], []
    moments = [chance.uniform(0.3, 0.95) for _ in range(kills)]
    life = seconds / (kills + 1)
    age, began = min(AGE_S, 0.25 * life), time.monotonic()
    for n in range(kills):
        up = time.monotonic()
        time.sleep(age)
        memory.append(server.resident_mib())
        time.sleep(max(0, began + life * (n + moments[n]) - time.monotonic()))
        lived = time.monotonic() - up
        server.kill()
        down.append(server.start())
        print(f"kill {n + 1} after {lived:.1f} s; up again in {down[-1]:.2f} s; "
              f"{len(tally.acknowledged)} jobs acknowledged; {memory[-1]:.1f} MiB at {age:.0f} s", flush=True)
    time.sleep(age)
    memory.append(server.resident_mib())
    return memory, down


def growth(memory):
    """Of the last third of the lives over the first third, by medians."""
    third = max(1, len(memory) // 3)
    middle = lambda part: sorted(part)[len(part) // 2]
    return middle(memory[-third:]) / middle(memory[:third]) - 1


def verdicts(wrong, code, tally, grown, share, refused):
    """What is not as it should be, in words."""
    if not tally.acknowledged:
        yield "no job was acknowledged"
    if wrong:
        yield f"{len(wrong)} jobs did not end exactly once as they should"
    if code:
        yield f"the last server ended with {code}"
    if grown > MOST_GROWTH:
        yield f"memory grew by {100 * grown:.0f} %, more than {100 * MOST_GROWTH:.0f} %"
    if share < LEAST_LOAD:
        yield f"the load was {100 * share:.0f} % of capacity while it was up, less than {100 * LEAST_LOAD:.0f} %"
    if refused:
        yield f"{refused} ordinary requests were refused while it was up"
    if tally.refused:
        yield f"orders of jobs were refused: {tally.refused}"


def main(program, seconds=300, kills=10):
    with tempfile.TemporaryDirectory(prefix="soak.") as folder:
        with open(os.path.join(folder, "request.json"), "w", encoding="utf-8") as f:
            json.dump(month(), f)
        with open(os.path.join(folder, "load.lua"), "w", encoding="utf-8") as f:
            f.write(LUA)
        with socket.create_server(("127.0.0.1", 0)) as s:
            port = s.getsockname()[1]
        server = Server(os.path.abspath(program), folder, port)
        server.start()
        most = rate_of(wrk(folder, port, 8, 16, 0).communicate()[0])
        connections = 48  # with the orders fewer than may wait for a thread: none need be refused
        # A request is asked for every delay + latency: the latency at that load is measured first.
        spacing_ms = 1000 * connections / (0.8 * most)
        tried = rate_of(wrk(folder, port, 6, connections, max(1, round(spacing_ms))).communicate()[0])
        latency_ms = 1000 * connections / tried - max(1, round(spacing_ms))
        delay_ms = max(1, round(spacing_ms - latency_ms))
        print(f"capacity {most:.0f} requests/s; load of 80 %: {connections} connections, {delay_ms} ms apart", flush=True)
        stop, tally = threading.Event(), Tally()
        threads = [threading.Thread(target=orders, args=(server, stop, tally, k)) for k in range(ORDERING)]
        for thread in threads:
            thread.start()
        load = wrk(folder, port, seconds, connections, delay_ms)
        memory, down = lives(server, seconds, kills, tally)
        text, _ = load.communicate()
        stop.set()
        for thread in threads:
            thread.join()
        wait_until_over(server)
        wrong = judge(server, tally.acknowledged)
        server.process.send_signal(signal.SIGTERM)
        code = server.process.wait(30)
        share = rate_of(text) * seconds / (seconds - sum(down)) / most
        print(text)
        print(f"load {rate_of(text):.0f} requests/s of {most:.0f}: {100 * share:.0f} % of capacity while it was up")
        print(f"{len(tally.acknowledged)} jobs acknowledged, {tally.unanswered} orders unanswered, refused {tally.refused}; "
              f"{len(wrong)} wrong; restarts {max(down, default=0):.2f} s at most; "
              f"memory {min(memory):.1f} to {max(memory):.1f} MiB, grown by {100 * growth(memory):.0f} %; last exit {code}")
        for line in wrong[:20]:
            print("  " + line)
        bad = list(verdicts(wrong, code, tally, growth(memory), share, errors_of(text)))
        for line in bad:
            print("soak: " + line)
        return 1 if bad else 0


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])))

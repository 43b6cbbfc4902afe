#!/usr/bin/env python3
"""Web services on loopback for the tests of the live clients: CENACE, Batu, CAISO, ENTSO-E and
Open-Meteo in each one's own form, with values of a formula (cents() below, which the tests know
too), and on demand what goes wrong between machines.

Prints its port and ends when its standard input does. With --cert it speaks TLS only. A path may begin with modes:
    /~429,2,1/...        the first two requests of this path get 429 with Retry-After: 1
    /~500,N  /~reset,N  /~truncated,N  /~400,N ...      N = 0: all of them
    /~html /~garbage /~big /~drip /~gzip /~loop /~type /~delay,SECONDS /~elsewhere,PORT
    /~echo,N             400 with the request's own address and headers in the body
    /~shift,DAYS         what belongs to days so many later, or earlier
    /~other,NAME         what belongs to another name
    /~more,DAYS,NAME     so many days more than were asked for, and of one name more (cenace)
    /~only,DAYS          the first so many days alone
    /~process,NAME       of cenace: what belongs to another process
    /~bad                of cenace: the fifth price is no number
    /~raw,NAME           the file NAME of --files
    /~zip,NAME           the same in a zip
Each request is a line of JSON in the log: time, path, the headers that matter.
"""
import argparse
import csv
import datetime as dt
import gzip
import http.server
import io
import json
import os
import re
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse
import zipfile
from zoneinfo import ZoneInfo

UTC = dt.timezone.utc
ZONES = {"SIN": "America/Mexico_City", "BCA": "America/Tijuana", "BCS": "America/Mazatlan"}
KEY = "k3y/with+odd=signs"
args = None
seen = {}
lock = threading.Lock()
real = {}


def cents(name, hour):
    """Energy, loss and congestion in cents for the hour-th hour since 1970."""
    base = sum(name.encode()) % 97
    return 40000 + 100 * base + 37 * (hour * 7 % 101), 500 + hour % 13 * 11, (hour % 17 - 8) * 25


def money(c):
    return "%.2f" % (c / 100)


def day_hours(zone, day):
    """The starts (UTC) of a local day's hours."""
    z = ZoneInfo(zone)
    at = dt.datetime(day.year, day.month, day.day, tzinfo=z).astimezone(UTC)
    after = day + dt.timedelta(days=1)
    end = dt.datetime(after.year, after.month, after.day, tzinfo=z).astimezone(UTC)
    while at < end:
        yield at
        at += dt.timedelta(hours=1)


def days(first, last):
    while first <= last:
        yield first
        first += dt.timedelta(days=1)


def cenace_values(system, process, name, first, last, prefix):
    rows = []
    for day in days(first, last):
        if real:
            for hour, v in real.get((process, name, day.isoformat()), []):
                rows.append({"fecha": day.isoformat(), "hora": hour, prefix: v[0],
                             prefix + "_ene": v[1], prefix + "_per": v[2], prefix + "_cng": v[3]})
            continue
        for h, at in enumerate(day_hours(ZONES[system], day)):
            e, l, c = cents(name, int(at.timestamp()) // 3600)
            rows.append({"fecha": day.isoformat(), "hora": str(h + 1), prefix: money(e + l + c),
                         prefix + "_ene": money(e), prefix + "_per": money(l),
                         prefix + "_cng": money(c)})
    return rows


def cenace(parts):
    pend = parts[0] == "SWPEND"
    system, process, names = parts[2], parts[3], parts[4].split(",")
    first, last = dt.date(*map(int, parts[5:8])), dt.date(*map(int, parts[8:11]))
    if len(names) > (10 if pend else 20):
        return json.dumps({"Message": "Demasiados elementos"})
    if (last - first).days > 6:
        return json.dumps({"Message": "No se pueden mostrar datos con un lapso mayor a 7 dias"})
    prefix, member = ("pz", "zona_carga") if pend else ("pml", "clv_nodo")
    results = []
    for name in names:
        if name.startswith("NOTHERE"):
            continue
        spelled = name.replace("-", " ") if pend and real else name
        rows = cenace_values(system, process, spelled, first, last, prefix)
        if rows:
            results.append({member: name, "Valores": rows})
    head = {"nombre": "PEND" if pend else "PML", "proceso": process, "sistema": system,
            "area": "PÚBLICA"}
    if not results:
        return json.dumps({**head, "status": "ZERO_RESULTS", "Resultados": []})
    return json.dumps({**head, "Resultados": results}, ensure_ascii=False)


def batu(query):
    rows = []
    for day in days(dt.date.fromisoformat(query["from"]), dt.date.fromisoformat(query["to"])):
        for h, at in enumerate(day_hours(ZONES["SIN"], day)):
            e, l, c = cents(query["node"], int(at.timestamp()) // 3600)
            if query["node"].startswith("ZEROS") and h in (3, 4):
                e, l, c = 0, 0, 0  # CENACE's way to say that there is no price
            rows.append({"clv_nodo": query["node"], "fecha": day.isoformat(), "hora": h + 1,
                         "pml": (e + l + c) / 100, "pml_ene": e / 100, "pml_per": l / 100,
                         "pml_cng": c / 100})
    return json.dumps({"data": rows})


CAISO_ERROR = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<m:OASISReport xmlns:m="http://www.caiso.com/soa/OASISReport_v1.xsd">
<m:MessageHeader><m:Source>OASIS</m:Source><m:Version>v20131201</m:Version></m:MessageHeader>
<m:MessagePayload><m:RTO><m:name>CAISO</m:name><m:ERROR><m:ERR_CODE>%d</m:ERR_CODE>
<m:ERR_DESC>%s</m:ERR_DESC></m:ERROR></m:RTO></m:MessagePayload></m:OASISReport>
"""


def zipped(name, text):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr(name, text)
    return out.getvalue()


def caiso(query):
    form = "%Y%m%dT%H:%M-0000"
    first = dt.datetime.strptime(query["startdatetime"], form).replace(tzinfo=UTC)
    last = dt.datetime.strptime(query["enddatetime"], form).replace(tzinfo=UTC)
    if last - first > dt.timedelta(days=31, hours=1):
        return zipped("INVALID_REQUEST.xml", CAISO_ERROR % (1004, "Date range exceeds 31 days"))
    nodes = query["node"].split(",")
    if nodes[0].startswith("NOTHERE"):
        return zipped("NO_DATA.xml", CAISO_ERROR % (
            1000, "No data returned for the specified selection"))
    out = io.StringIO()
    w = csv.writer(out, lineterminator="\n")
    w.writerow("INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,OPR_DT,OPR_HR,OPR_INTERVAL,NODE_ID_XML,"
               "NODE_ID,NODE,MARKET_RUN_ID,LMP_TYPE,XML_DATA_ITEM,PNODE_RESMRID,GRP_TYPE,POS,MW,"
               "GROUP".split(","))
    stamp = "%Y-%m-%dT%H:%M:%S-00:00"
    for kind, item in (("MCC", "LMP_CONG_PRC"), ("MCE", "LMP_ENE_PRC"), ("LMP", "LMP_PRC"),
                       ("MCL", "LMP_LOSS_PRC")):
        for node in nodes:
            at = last - dt.timedelta(hours=1)
            while at >= first:  # backwards: OASIS sorts by nothing that helps
                e, l, c = cents(node, int(at.timestamp()) // 3600)
                local = at.astimezone(ZoneInfo("America/Los_Angeles"))
                value = {"LMP": e + l + c, "MCE": e, "MCL": l, "MCC": c}[kind]
                w.writerow([at.strftime(stamp), (at + dt.timedelta(hours=1)).strftime(stamp),
                            local.date(), local.hour + 1, 0, node, node, node,
                            query["market_run_id"], kind, item, node, "ALL_APNODES", 0,
                            money(value), 1])
                at -= dt.timedelta(hours=1)
    return zipped("20240101_PRC_LMP_DAM_v12.csv", out.getvalue())


ACKNOWLEDGED = """<?xml version="1.0" encoding="UTF-8"?>
<Acknowledgement_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-1:acknowledgementdocument:7:0">
<mRID>c1</mRID><createdDateTime>2024-05-01T10:00:00Z</createdDateTime>
<Reason><code>999</code><text>%s</text></Reason></Acknowledgement_MarketDocument>
"""


def entsoe(query):
    form = "%Y%m%d%H%M"
    first = dt.datetime.strptime(query["periodStart"], form).replace(tzinfo=UTC)
    last = dt.datetime.strptime(query["periodEnd"], form).replace(tzinfo=UTC)
    area = query["in_Domain"]
    if last - first > dt.timedelta(days=366):
        return ACKNOWLEDGED % "The requested period exceeds one year"
    if area.startswith("10YNOTHERE"):
        return ACKNOWLEDGED % ("No matching data found for Data item Day-ahead Prices [12.1.D] "
                               "(%s) and interval %s/%s." % (area, first, last))
    out = ['<?xml version="1.0" encoding="utf-8"?>\n<Publication_MarketDocument xmlns='
           '"urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:3">\n<mRID>p1</mRID>'
           '<revisionNumber>1</revisionNumber><type>A44</type>']
    at, n = first, 0
    zone = ZoneInfo("Europe/Brussels")
    while at < last:
        local = at.astimezone(zone).date() + dt.timedelta(days=1)
        end = min(last, dt.datetime(local.year, local.month, local.day, tzinfo=zone)
                  .astimezone(UTC))
        n += 1
        out.append('<TimeSeries><mRID>%d</mRID><auction.type>A01</auction.type>'
                   '<businessType>A62</businessType><in_Domain.mRID codingScheme="A01">%s'
                   '</in_Domain.mRID><out_Domain.mRID codingScheme="A01">%s</out_Domain.mRID>'
                   '<contract_MarketAgreement.type>A01</contract_MarketAgreement.type>'
                   '<currency_Unit.name>EUR</currency_Unit.name><price_Measure_Unit.name>MWH'
                   '</price_Measure_Unit.name><curveType>A03</curveType><Period><timeInterval>'
                   '<start>%s</start><end>%s</end></timeInterval><resolution>PT60M</resolution>'
                   % (n, area, area, at.strftime("%Y-%m-%dT%H:%MZ"),
                      end.strftime("%Y-%m-%dT%H:%MZ")))
        position = 0
        while at < end:
            position += 1
            out.append("<Point><position>%d</position><price.amount>%s</price.amount></Point>"
                       % (position, money(sum(cents(area, int(at.timestamp()) // 3600)))))
            at += dt.timedelta(hours=1)
        out.append("</Period></TimeSeries>")
    out.append("</Publication_MarketDocument>\n")
    return "".join(out)


UNITS = {"temperature_2m": "°C", "relative_humidity_2m": "%", "dew_point_2m": "°C",
         "surface_pressure": "hPa", "cloud_cover": "%", "wind_speed_10m": "m/s",
         "shortwave_radiation": "W/m²", "direct_normal_irradiance": "W/m²",
         "diffuse_radiation": "W/m²"}


def open_meteo(query):
    first = dt.datetime.fromisoformat(query["start_date"]).replace(tzinfo=UTC)
    last = dt.datetime.fromisoformat(query["end_date"]).replace(tzinfo=UTC)
    names = query["hourly"].split(",")
    times, hourly = [], {n: [] for n in names}
    at = first
    while at < last + dt.timedelta(days=1):
        times.append(at.strftime("%Y-%m-%dT%H:%M"))
        for n in names:
            hourly[n].append(sum(cents(n, int(at.timestamp()) // 3600)) % 1000 / 10)
        at += dt.timedelta(hours=1)
    return json.dumps({
        "latitude": float(query["latitude"]), "longitude": float(query["longitude"]),
        "generationtime_ms": 0.5, "utc_offset_seconds": 0, "timezone": "GMT",
        "timezone_abbreviation": "GMT", "elevation": 320.0,
        "hourly_units": {"time": "iso8601", **{n: UNITS[n] for n in names}},
        "hourly": {"time": times, **hourly}}, ensure_ascii=False)


FORMS = {"startdatetime": "%Y%m%dT%H:%M-0000", "enddatetime": "%Y%m%dT%H:%M-0000",
         "periodStart": "%Y%m%d%H%M", "periodEnd": "%Y%m%d%H%M", "start_date": "%Y-%m-%d",
         "end_date": "%Y-%m-%d", "from": "%Y-%m-%d", "to": "%Y-%m-%d"}
FIRSTS = ("startdatetime", "periodStart", "start_date", "from")


def moved(path, first, last):
    """The path with its first and last days put elsewhere; last(first day, last day)."""
    parts = urllib.parse.urlsplit(path)
    words, query = parts.path.split("/"), dict(urllib.parse.parse_qsl(parts.query))
    if "SIM" in words:
        a, b = (dt.datetime(*map(int, words[i:i + 3])) for i in (-7, -4))
        words[-7:-1] = first(a).strftime("%Y/%m/%d").split("/") + \
            last(a, b).strftime("%Y/%m/%d").split("/")
        return "/".join(words)
    named = [k for k in FORMS if k in query]
    a, b = (dt.datetime.strptime(query[k], FORMS[k]) for k in named)
    for k in named:
        at = first(a) if k in FIRSTS else last(a, b)
        query[k] = at.strftime(FORMS[k])
    return parts.path + "?" + urllib.parse.urlencode(query)


def another(path, name, value, rest):
    """The path as a service understands it that answers something else."""
    day = dt.timedelta(days=1)
    if name == "shift":
        return moved(path, lambda a: a + int(value) * day, lambda a, b: b + int(value) * day)
    if name == "only":
        whole = "startdatetime" in path or "periodStart" in path  # the end is an instant
        return moved(path, lambda a: a, lambda a, b: a + (int(value) - 1 + whole) * day)
    if name == "more":
        path = moved(path, lambda a: a, lambda a, b: b + int(value) * day)
    parts = path.split("/")
    if "SIM" in parts and name in ("other", "more"):
        parts[5] = value if name == "other" else ",".join([parts[5]] + rest)
    if "SIM" in parts and name == "process":
        parts[4] = value
    path = "/".join(parts)
    if name == "other":
        for key in ("node", "in_Domain", "out_Domain"):
            path = re.sub("([?&]%s=)[^&]*" % key, lambda m: m.group(1) + value, path)
    return path


def answer(path, headers):
    """-> status, content type, body"""
    parts = urllib.parse.urlsplit(path)
    query = dict(urllib.parse.parse_qsl(parts.query))
    words = [urllib.parse.unquote(w) for w in parts.path.split("/") if w]
    if words and words[0] in ("SWPML", "SWPEND"):
        return 200, "application/json; charset=utf-8", cenace(words)
    if words[-1:] == ["pml"]:
        if headers.get("Authorization") != "Bearer " + KEY:
            return 401, "application/json", json.dumps(
                {"error": "bad key " + headers.get("Authorization", "none")})
        return 200, "application/json", batu(query)
    if words[-1:] == ["SingleZip"]:
        return 200, "application/x-zip-compressed", caiso(query)
    if query.get("documentType") == "A44":
        if query.get("securityToken") != KEY:
            return 401, "text/xml", ACKNOWLEDGED % ("token refused: "
                                                    + query.get("securityToken", ""))
        return 200, "text/xml", entsoe(query)
    if words[-1:] in (["archive"], ["forecast"]):
        return 200, "application/json", open_meteo(query)
    return 404, "text/plain", "nothing here"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        n = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(n)
        self.note()
        self.reply(200, "text/plain", b"posted " + body)

    def note(self):
        line = json.dumps({"t": time.monotonic(), "path": self.path,
                           "key": self.headers.get("X-Api-Key"),
                           "auth": self.headers.get("Authorization")})
        with lock:
            with open(args.log, "a") as f:
                f.write(line + "\n")

    def do_GET(self):
        self.note()
        path, modes = self.path, []
        while path.startswith("/~"):
            mode, _, path = path[2:].partition("/")
            modes.append(mode.split(","))
            path = "/" + path
        with lock:
            count = seen[self.path] = seen.get(self.path, 0) + 1
        status, kind, body = 200, None, None
        packed = spoilt = False
        for name, *rest in modes:
            if name == "gzip":
                packed = True
            elif name == "delay":
                time.sleep(float(rest[0]))
            elif name == "type":
                kind = "image/png"
            elif name in ("shift", "other", "more", "only", "process"):
                path = another(path, name, rest[0], rest[1:])
            elif name == "bad":
                spoilt = True
            elif name in ("raw", "zip"):
                with open(os.path.join(args.files, rest[0]), "rb") as f:
                    body, kind = f.read(), "application/json"
                if rest[0].endswith(".xml"):
                    kind = "text/xml"
                if name == "zip":
                    body, kind = zipped(rest[0], body), "application/x-zip-compressed"
            elif rest and int(rest[0]) and count > int(rest[0]) and name != "elsewhere":
                continue
            elif self.misbehave(name, rest):
                return
        if body is None:
            try:
                status, own, body = answer(path, self.headers)
            except (KeyError, ValueError, IndexError, TypeError) as e:
                status, own, body = 400, "text/plain", "bad request: %r" % e
            kind = kind or own
        if isinstance(body, str):
            body = body.encode()
        if spoilt:
            at = [m.start() for m in re.finditer(b'"p(z|ml)": "', body)][4]
            body = body[:at] + re.sub(b': "[^"]*"', b': "abc"', body[at:], count=1)
        self.reply(status, kind, body, packed)

    def misbehave(self, name, rest):
        if name == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                       struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return True
        if name in ("truncated", "drip", "big"):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            if name == "big":
                self.send_header("Connection", "close")
            else:
                self.send_header("Content-Length", "100000")
            self.end_headers()
            self.close_connection = True
            try:
                if name == "truncated":
                    self.wfile.write(b'{"nombre":"PML","Resultados":[')
                elif name == "big":
                    for _ in range(64):
                        self.wfile.write(b" " * 65536)
                else:
                    for _ in range(100):
                        self.wfile.write(b" ")
                        self.wfile.flush()
                        time.sleep(0.1)
            except OSError:
                pass
            return True
        if name == "html":
            self.reply(200, "text/html", b"<!DOCTYPE html>\n<html><body>Please log in</body></html>")
            return True
        if name == "garbage":
            self.reply(200, "application/json", b'{"Resultados": [}{')
            return True
        if name == "loop":
            self.reply(302, "text/plain", b"", location=self.path)
            return True
        if name == "elsewhere":
            self.reply(302, "text/plain", b"",
                       location="http://127.0.0.1:%s/elsewhere" % rest[0])
            return True
        if name == "file":
            self.reply(302, "text/plain", b"", location="file:///etc/hostname")
            return True
        if name == "echo":
            self.reply(400, "text/plain", ("asked for %s with %s" % (
                self.path, self.headers.get("X-Api-Key"))).encode())
            return True
        if name.isdigit():
            self.reply(int(name), "text/plain", b"told to fail",
                       after=rest[1] if len(rest) > 1 else None)
            return True
        return False

    def reply(self, status, kind, body, packed=False, after=None, location=None):
        if packed:
            body = gzip.compress(body)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if packed:
            self.send_header("Content-Encoding", "gzip")
        if after:
            self.send_header("Retry-After", after)
        if location:
            self.send_header("Location", location)
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """Connections that break are what these tests are about."""


def load_real(path):
    with open(path) as f:
        for row in csv.DictReader(f):
            real.setdefault((row["mercado"], row["clave"], row["fecha"]), []).append(
                (row["hora"], (row["precio"], row["c_energia"], row["c_perdidas"],
                               row["c_congestion"])))


def main():
    global args
    p = argparse.ArgumentParser()
    p.add_argument("--log", required=True)
    p.add_argument("--files", default="")
    p.add_argument("--csv", default="")
    p.add_argument("--cert", default="", help="NAME of NAME.pem and NAME.key")
    args = p.parse_args()
    if args.csv:
        load_real(args.csv)
    server = Server(("127.0.0.1", 0), Handler)
    if args.cert:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(args.cert + ".pem", args.cert + ".key")
        server.socket = tls.wrap_socket(server.socket, server_side=True,
                                        do_handshake_on_connect=False)  # in a thread of its own
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.buffer.read()
    os._exit(0)


main()

#!/usr/bin/env python3
"""A small margin engine on Bailee. Python 3.11, standard library only.

It keeps a view of all collateral in memory, equal to the ledger's version by version: one read of
GET /v1/collateral, then the change stream. It asks a toy requirement of each futures customer, reserves
what is missing, commits the reservation into a CCP_MARGIN lien, and releases what is no longer needed.
It goes on through lost connections.

    margin_engine.py --url http://127.0.0.1:8080 --key "$ENGINE" [--seconds 20] [--dump view.json]

Replace `requirement` by your model. What is around it can stay.
"""
import argparse
import http.client
import json
import os
import re
import signal
import sys
import threading
import time
import urllib.parse
import uuid

REGIME = "FUT_4D"      # whose customers it asks for margin
ASSET = "USD"          # in what
HOLDER = "cme"         # to whom
RATES = (5, 8, 6)      # per cent of the cash in the account, one after another: the toy's market moves
RATE_SECONDS = 4
RESERVE_SECONDS = 60   # how long a reservation may wait for its commit
TYPES = ("account.opened", "lien.opened", "lien.changed", "lien.closed", "balance.changed")
QUANTITIES = ("total", "encumbered", "reserved", "free")
KEPT = ("account", "party", "regime", "asset", "liens", "pending_in", "pending_out", "state_version",
        *QUANTITIES)  # what the view keeps of an item
SEND_AGAIN = {408, 429, 503}  # the same key may be sent again; all other answers are final


def units(text):
    """"12.50" as 1250: amounts are whole numbers of the asset's smallest units, never floats."""
    return int(text.replace(".", ""))


def decimal(number, like):
    """1250 as "12.50", with as many digits after the point as `like` has."""
    scale = len(like.partition(".")[2])
    digits = str(abs(number)).rjust(scale + 1, "0")
    sign = "-" if number < 0 else ""
    return sign + (f"{digits[:-scale]}.{digits[-scale:]}" if scale else digits)


def grouped(text):
    """"1250000.00" as "1,250,000.00", for people."""
    whole, point, rest = text.partition(".")
    return f"{int(whole):,}{point}{rest}" if whole != "-0" else text


def requirement(item, now):
    """The model: a percentage of the customer's cash, rounded up to the cent."""
    rate = RATES[int(now / RATE_SECONDS) % len(RATES)]
    return max(0, -(-units(item["total"]) * rate // 100))


class Refused(Exception):
    """An answer that says no, as a problem document."""

    def __init__(self, status, problem):
        super().__init__(f"{status} {problem.get('code')}: {problem.get('detail')}")
        self.status = status
        self.code = problem.get("code")


class Client:
    """One connection to the ledger, made again when it is lost. A write keeps its key through all tries."""

    def __init__(self, url, key, stop):
        parts = urllib.parse.urlsplit(url)
        self.host, self.port, self.key, self.stop = parts.hostname, parts.port or 80, key, stop
        self.connection = None

    def open(self, timeout=10):
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)

    def call(self, method, path, body=None, headers=None):
        """The answer's JSON and headers. Raises Refused when the ledger says no for good."""
        fields = {"Authorization": f"Bearer {self.key}", **(headers or {})}
        if method == "POST":
            fields["Idempotency-Key"] = str(uuid.uuid4())
            fields["Content-Type"] = "application/json"
        pause = 0.05
        while True:
            try:
                self.connection = self.connection or self.open()
                self.connection.request(method, path, json.dumps(body) if body is not None else None, fields)
                answer = self.connection.getresponse()
                content = answer.read()
                if answer.status < 300:
                    return json.loads(content), answer.headers
                if answer.status not in SEND_AGAIN:
                    raise Refused(answer.status, json.loads(content))
            except (OSError, http.client.HTTPException):
                if self.connection is not None:
                    self.connection.close()
                self.connection = None
            # Lost or not now. Whether a lost write took effect does not matter: its key makes it happen once.
            if self.stop.is_set():
                raise ConnectionError(f"{method} {path}: stopped before the ledger answered")
            time.sleep(pause)
            pause = min(2 * pause, 2.0)

    def pages(self, path):
        """All items of a list, and the lowest version any page was read at."""
        items, cursor, version = [], None, None
        while True:
            query = {"limit": "500", **({"cursor": cursor} if cursor else {})}
            page, headers = self.call("GET", f"{path}?{urllib.parse.urlencode(query)}")
            read_at = int(headers["Bailee-Ledger-Version"])
            version = read_at if version is None else min(version, read_at)
            items += page["items"]
            cursor = page["next"]
            if cursor is None:
                return items, version


class Gap(Exception):
    """The stream has skipped a version without saying so, or no longer goes back far enough."""


class View:
    """All collateral, as of `version`. One thread follows the stream; others read under the lock."""

    def __init__(self, client):
        self.client = client
        self.lock = threading.Lock()
        self.moved = threading.Condition(self.lock)
        self.accounts = {}
        self.items = {}      # account -> asset -> item, with the fields KEPT of GET /v1/collateral
        self.applied = {}    # (account, asset) -> (version, index) of what it shows
        self.version = 0     # every version up to this one is in the view
        self.event_id = None
        self.reads = 0

    def load(self):
        """Reads everything. Pages may differ in version; each item is as of its account's state version
        or later. The stream is followed from the lowest version read: nothing is missed or applied twice."""
        accounts, _ = self.client.pages("/v1/accounts")
        items, version = self.client.pages("/v1/collateral")
        with self.lock:
            self.accounts = {account["id"]: account for account in accounts}
            self.items, self.applied = {}, {}
            for item in items:
                of_account = self.items.setdefault(item["account"], {})
                of_account[item["asset"]] = {name: item[name] for name in KEPT}
                self.applied[item["account"], item["asset"]] = (item["state_version"], 1 << 12)
            self.version = version
            self.event_id = None
            self.reads += 1
            self.moved.notify_all()

    def wait_for(self, version, seconds=30):
        """Until the view has reached the version, as a writer does to read what it wrote."""
        with self.lock:
            return self.moved.wait_for(lambda: self.version >= version, seconds)

    def passed(self, version):
        """The stream has told all of this version."""
        with self.lock:
            if version > self.version + 1:
                raise Gap(f"version {version} follows {self.version}")
            self.version = max(self.version, version)
            self.moved.notify_all()

    def apply(self, event_id, data):
        version, index = data["version"], data["index"]
        if version > self.version + 1:
            raise Gap(f"version {version} follows {self.version}")
        with self.lock:
            if "account" in data:
                self.accounts[data["account"]["id"]] = data["account"]
            if "lien" in data:
                self.set_lien(data["lien"], version, index)
            for row in data["after"] if data["type"] == "balance.changed" else ():
                self.set_quantities(row, version, index)
        self.event_id = event_id
        if "lien" not in data:  # what a lien's version did to balances comes last in that version
            self.passed(version)

    def set_quantities(self, row, version, index):
        place = row["account"], row["asset"]
        account = self.accounts[row["account"]]
        if account["side"] != "obligation" or self.applied.get(place, (0, 0)) >= (version, index):
            return
        self.applied[place] = (version, index)
        none = decimal(0, row["total"])
        items = self.items.setdefault(row["account"], {})
        item = items.setdefault(row["asset"], {
            "account": row["account"], "party": account["party"], "regime": account["regime"],
            "asset": row["asset"], "liens": [], "pending_in": none, "pending_out": none})
        item.update((name, row[name]) for name in QUANTITIES)
        if not item["liens"] and all(item[name] == none for name in QUANTITIES):
            del items[row["asset"]]  # the read shows no empty items
        for other in items.values():
            other["state_version"] = version  # it is the account's

    def set_lien(self, lien, version, index):
        """Puts the lien into the items of its owners as it now is, and takes it out of all others."""
        held, consumed = {}, {}
        for line in lien["allocation"]:
            place = line["account"], line["amount"]["asset"]
            quantity = line["amount"]["amount"]
            held[place] = held.get(place, 0) + units(quantity)
            consumed[place] = consumed.get(place, 0) + units(line.get("consumed", quantity))
        for place in self.places():
            if self.applied[place] > (version, index):
                continue
            item = self.items[place[0]][place[1]]
            item["liens"] = [one for one in item["liens"] if one["id"] != lien["id"]]
            if place in held:
                amount = decimal(consumed[place] or held[place], item["total"])
                item["liens"].append({"id": lien["id"], "type": lien["type"], "holder": lien["holder"],
                                      "amount": amount, "consuming": consumed[place] > 0})

    def places(self):
        return [(account, asset) for account, items in sorted(self.items.items()) for asset in sorted(items)]


class Follower(threading.Thread):
    """Reads the stream for as long as the program runs. A lost connection is resumed after the last event."""

    def __init__(self, client, view, stop):
        super().__init__(daemon=True)
        self.client, self.view, self.stop = client, view, stop
        self.connection = None
        self.resumed = -1

    def run(self):
        while not self.stop.is_set():
            try:
                self.follow()
            except Gap as gap:
                print(f"stream: {gap}; reading everything again", file=sys.stderr)
                self.view.load()
            except (OSError, http.client.HTTPException, ValueError):
                time.sleep(0.05)  # lost; resume
            finally:
                if self.connection is not None:
                    self.connection.close()

    def follow(self):
        """One connection. Events come in order; comments name the versions that had none of our types."""
        fields = {"Authorization": f"Bearer {self.client.key}", "Accept": "text/event-stream"}
        path = f"/v1/events?types={','.join(TYPES)}"
        if self.view.event_id is not None:
            fields["Last-Event-ID"] = self.view.event_id
        else:
            path += f"&from_version={self.view.version + 1}"
        self.connection = self.client.open(timeout=30)  # longer than the stream's heartbeat
        self.connection.request("GET", path, headers=fields)
        answer = self.connection.getresponse()
        if answer.status == 410:
            raise Gap("the stream does not go back to our version")
        if answer.status != 200:
            raise ConnectionError(f"{answer.status} from the stream")
        self.resumed += 1
        event = {}
        for line in answer:
            text = line.decode().rstrip("\r\n")
            if text.startswith(":"):
                self.comment(text[1:])
            elif text:
                name, _, value = text.partition(": ")
                event[name] = value
            elif event:
                if "data" in event:
                    self.view.apply(event["id"], json.loads(event["data"]))
                event = {}

    def comment(self, text):
        if found := re.fullmatch(r" (?:skipped|heartbeat) (?:\d+\.)?(\d+)", text):
            self.view.passed(int(found[1]))


class Engine:
    """Asks for margin and gives it back. Decides on the view, conditional on the state it saw."""

    def __init__(self, client, view, stop):
        self.client, self.view, self.stop = client, view, stop
        self.name = f"me-{uuid.uuid4().hex[:8]}"
        self.count = 0
        self.told = {"reserved": 0, "committed": 0, "released": 0, "moved": 0, "refused": 0}

    def customers(self):
        with self.view.lock:
            return [account for account, asset in self.view.places() if asset == ASSET and
                    self.view.accounts[account]["regime"] == REGIME and
                    self.view.accounts[account]["kind"] == "customer"]

    def turn(self):
        """One pass over all customers."""
        for account in self.customers():
            if self.stop.is_set():
                return
            with self.view.lock:
                item = dict(self.view.items[account].get(ASSET) or {})
            if not item:
                continue
            ours = [lien for lien in item["liens"] if lien["id"].startswith(self.name)]
            missing = requirement(item, time.time()) - sum(units(lien["amount"]) for lien in ours)
            try:
                if missing > 0 and units(item["free"]) >= missing:
                    self.take(item, decimal(missing, item["total"]))
                elif missing < 0 and ours:
                    self.give_back(item, ours[-1], -missing)
            except Refused as refusal:
                if refusal.status == 412:
                    self.told["moved"] += 1  # somebody else was first: look again in the next pass
                else:
                    self.told["refused"] += 1

    def take(self, item, text):
        """Reserves on the state we saw, then makes a lien of it. The book chooses the place."""
        self.count += 1
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + RESERVE_SECONDS))
        reservation, headers = self.client.call(
            "POST", "/v1/reservations",
            {"account": item["account"], "amount": {"asset": ASSET, "amount": text},
             "purpose": "initial margin", "expires_at": until},
            {"If-Match": f'"{item["state_version"]}"'})
        self.told["reserved"] += 1
        path = f"/v1/reservations/{reservation['id']}"
        try:
            _, headers = self.client.call("POST", f"{path}:commit", {
                "lien": {"id": f"{self.name}-{self.count}", "type": "CCP_MARGIN", "holder": HOLDER}})
            self.told["committed"] += 1
        except Refused:
            self.client.call("POST", f"{path}:release", {})  # no place has the units: give them back at once
            raise
        finally:
            self.view.wait_for(int(headers["Bailee-Ledger-Version"]))

    def give_back(self, item, lien, surplus):
        part = min(surplus, units(lien["amount"]))
        body = {"amount": {"asset": ASSET, "amount": decimal(part, item["total"])}}
        _, headers = self.client.call("POST", f"/v1/liens/{lien['id']}:release",
                                      body if part < units(lien["amount"]) else {})
        self.told["released"] += 1
        self.view.wait_for(int(headers["Bailee-Ledger-Version"]))


def table(view, customers, rows=12):
    """The view's cash of futures customers, aligned."""
    lines = [("account", *QUANTITIES, "required", "as of")]
    with view.lock:
        for account in customers:
            if item := view.items[account].get(ASSET):
                required = decimal(requirement(item, time.time()), item["total"])
                lines.append((account, *(grouped(item[name]) for name in QUANTITIES), grouped(required),
                              f"{item['state_version']:,}"))
        version, left_out = view.version, len(lines) - 1 - rows
    lines = lines[:rows + 1]
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    print(f"\n{ASSET} of {REGIME} customers at version {version:,}")
    for line in lines:
        print("  ".join(text.ljust(width) if at == 0 else text.rjust(width)
                        for at, (text, width) in enumerate(zip(line, widths))))
    if left_out > 0:
        print(f"and {left_out} more")


def main():
    as_written = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=as_written)
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--key", default=os.environ.get("ENGINE"), help="a key with the role margin_engine")
    parser.add_argument("--seconds", type=float, default=20, help="how long to ask for margin; then it stops")
    parser.add_argument("--dump", metavar="FILE", help="write the view there at the end, as JSON")
    options = parser.parse_args()
    if not options.key:
        parser.error("give --key, or set ENGINE")

    over = threading.Event()   # no more margin is asked
    stop = threading.Event()   # nothing more is sent
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    view = View(Client(options.url, options.key, stop))
    view.load()
    follower = Follower(view.client, view, stop)
    follower.start()
    client = Client(options.url, options.key, stop)  # of its own, so that writes never wait for reads
    engine = Engine(client, view, over)
    end = time.monotonic() + options.seconds
    while not over.is_set() and time.monotonic() < end:
        engine.turn()
        table(view, engine.customers())
        over.wait(1)

    _, headers = client.call("GET", "/v1/accounts?limit=1")
    head = int(headers["Bailee-Ledger-Version"])
    whole = view.wait_for(head)
    stop.set()
    table(view, engine.customers())
    told = {**engine.told, "read": view.reads, "resumed": max(0, follower.resumed)}
    print(", ".join(f"{name} {count:,}" for name, count in told.items()))
    if options.dump:
        with view.lock, open(options.dump, "w", encoding="utf-8") as file:
            items = [view.items[account][asset] for account, asset in view.places()]
            json.dump({"version": view.version, "items": items}, file)
    if not whole:
        print(f"the view stands at version {view.version}, the ledger at {head}", file=sys.stderr)
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())

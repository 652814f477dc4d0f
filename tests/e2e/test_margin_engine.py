"""The example margin engine keeps a view equal to the ledger while others post and connections are cut."""
import json
import os
import pathlib
import random
import re
import selectors
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

import support
from support import Client, amount, credit, debit, deposit, in_an_hour, journal

PROGRAM = pathlib.Path(__file__).parents[2] / "docs/examples/margin_engine/margin_engine.py"
NOTE = "UST-4.25-2030"
WORK_SECONDS = 6


class CuttingProxy:
    """Carries bytes to the server, and cuts all connections every so often."""

    def __init__(self, target, every):
        self.target, self.every = target, every
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.pairs = {}
        self.cuts = 0
        self.over = threading.Event()
        self.cutting = threading.Event()
        self.cutting.set()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        with selectors.DefaultSelector() as ready:
            ready.register(self.listener, selectors.EVENT_READ)
            next_cut = time.monotonic() + self.every
            while not self.over.is_set():
                for key, _ in ready.select(timeout=0.05):
                    if key.fileobj is self.listener:
                        self.accept(ready)
                    elif key.fileobj in self.pairs:
                        self.carry(ready, key.fileobj)
                if self.cutting.is_set() and self.pairs and time.monotonic() > next_cut:
                    self.cuts += 1
                    for end in list(self.pairs):
                        self.drop(ready, end)
                    next_cut = time.monotonic() + self.every
            for end in list(self.pairs):
                self.drop(ready, end)
        self.listener.close()

    def accept(self, ready):
        near, _ = self.listener.accept()
        far = socket.create_connection(self.target)
        self.pairs[near], self.pairs[far] = far, near
        for end in (near, far):
            ready.register(end, selectors.EVENT_READ)

    def carry(self, ready, end):
        try:
            data = end.recv(65536)
            if data:
                self.pairs[end].sendall(data)
                return
        except OSError:
            pass
        self.drop(ready, end)

    def drop(self, ready, end):
        other = self.pairs.pop(end, None)
        if other is None:
            return  # it went with its other end
        del self.pairs[other]
        for one in (end, other):
            ready.unregister(one)
            one.close()

    def stop(self):
        self.over.set()
        self.thread.join()


class Operator(threading.Thread):
    """Posts, reverses, pledges and reserves on the same customers for as long as it is let."""

    def __init__(self, url, key):
        super().__init__()
        self.client = Client(url, key)
        self.over = threading.Event()
        self.dice = random.Random(7)
        self.posted = 0
        self.wrong = None

    def run(self):
        try:
            while not self.over.is_set():
                self.act(f"cust-{self.dice.randrange(2, 61, 2)}.fut")
        except Exception as wrong:  # shown by the test
            self.wrong = wrong

    def act(self, account):
        cents = f"{self.dice.randrange(100, 900_000) / 100:.2f}"
        made = self.client.post("/v1/journals", deposit("bank-a.4d", account, "USD", cents)).must(201)
        kind = self.dice.randrange(6)
        if kind == 0:
            self.client.post(f"/v1/journals/{made['id']}:reverse", {"reason": "CORRECTION"})
        elif kind == 1:
            delivery = deposit("custodian-k.4d", account, NOTE, "500.00")
            note = self.client.post("/v1/journals", delivery).must(201)
            pledge = self.client.post("/v1/liens", {
                "account": account, "amount": amount(NOTE, "200.00"), "location": "custodian-k.4d",
                "type": "CCP_MARGIN", "holder": "cme"}).must(201)
            self.client.post(f"/v1/liens/{pledge['id']}:release",
                             {"amount": amount(NOTE, "50.00")} if note.version % 2 else {}).must(200)
        elif kind == 2:
            held = self.client.post("/v1/reservations", {
                "account": account, "amount": amount("USD", "1.00"), "purpose": "order",
                "expires_at": in_an_hour()}).must(201)
            if held.version % 2:
                self.client.post(f"/v1/reservations/{held['id']}:release", {}).must(200)
        elif kind == 3:
            ote = account + ".ote"
            self.client.post("/v1/journals", journal(
                "VARIATION", debit(ote, "USD", cents), credit("cme.4d", "USD", cents), nature="fact",
                evidence=[{"kind": "dco_statement", "reference": "E-1"}]))
        elif kind == 4:
            self.client.post("/v1/parties", {"kind": "fund", "name": "of no interest here"}).must(201)
        self.posted += 1


class MarginEngine(support.ServerTest):
    command = "demo"

    def run_engine(self, url, dump):
        return subprocess.Popen(
            [sys.executable, str(PROGRAM), "--url", url, "--key", self.server.keys["margin_engine"],
             "--seconds", "600", "--dump", str(dump)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})

    def ledger_items(self):
        return Client(self.server.url, self.server.keys["auditor"]).items("/v1/collateral")

    def engine_has_released(self):
        liens = Client(self.server.url, self.server.keys["auditor"]).items("/v1/liens?holder=cme")
        return any(lien["id"].startswith("me-") and lien["version"] > lien["opened_version"] for lien in liens)

    def kept(self, items):
        """What the view keeps of items, in an order of its own."""
        for item in items:
            for name in ("finality", "location_classes"):
                item.pop(name, None)
            item["liens"].sort(key=lambda lien: lien["id"])
        return sorted(items, key=lambda item: (item["account"], item["asset"]))

    def test_its_view_equals_the_ledger_after_cut_connections_and_concurrent_work(self):
        parts = urllib.parse.urlsplit(self.server.url)
        proxy = CuttingProxy((parts.hostname, parts.port), every=0.7)
        self.addCleanup(proxy.stop)
        dump = self.server.data_dir.parent / "view.json"
        operator = Operator(self.server.url, self.server.keys["admin"])
        engine = self.run_engine(proxy.url, dump)
        self.addCleanup(engine.kill)
        operator.start()
        time.sleep(WORK_SECONDS)
        support.wait_for("the engine's first release", self.engine_has_released, within=120, every=1)
        operator.over.set()
        operator.join()
        proxy.cutting.clear()
        engine.terminate()  # it stops asking for margin, catches up and writes its view
        told, complaints = engine.communicate(timeout=60)
        self.assertEqual(engine.returncode, 0, told + complaints)
        self.assertIsNone(operator.wrong)

        view = json.loads(dump.read_text())
        expected = self.kept(self.ledger_items())
        for seen, stands in zip(self.kept(view["items"]), expected):
            self.assertEqual(seen, stands)
        self.assertEqual(len(view["items"]), len(expected))
        head = Client(self.server.url, self.server.keys["auditor"]).get("/v1/accounts?limit=1").version
        self.assertEqual(view["version"], head)

        counts = dict(re.findall(r"(\w+) (\d+)", told.splitlines()[-1].replace(",", "")))
        for what in ("reserved", "committed", "released"):
            self.assertGreater(int(counts[what]), 0, told)
        self.assertGreater(int(counts["resumed"]), 2, told)
        self.assertGreater(proxy.cuts, 3)
        self.assertGreater(operator.posted, 20)
        self.assertRegex(told, r"account +total +encumbered +reserved +free +required +as of")
        ours = [lien for item in expected for lien in item["liens"] if lien["id"].startswith("me-")]
        self.assertGreater(len(ours), 0)

    def test_it_says_why_it_cannot_start(self):
        without_key = {name: value for name, value in os.environ.items() if name != "ENGINE"}
        done = subprocess.run([sys.executable, str(PROGRAM), "--url", self.server.url], capture_output=True,
                              text=True, env=without_key, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("give --key", done.stderr)


if __name__ == "__main__":
    support.main()

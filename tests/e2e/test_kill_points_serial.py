"""The process ends at each named place of the writing path, under load: nothing acknowledged is lost, nothing is there
twice. The program is `bailee` with one object more, which dies where BAILEE_DIE_AT says."""
import http.client
import os
import signal
import subprocess
import threading
import time
import unittest

import firm
import support
from support import deposit

MORTAL = os.path.join(os.environ["BAILEE_BUILD"], "tests", "mortal_bailee")
BATCH = 150  # more rows than go out in one round trip, so that they are copied
CLIENTS = 3
PLACES = ["after_copy:3", "after_copy:8", "after_commit_was_sent:4", "after_commit_was_sent:9", "before_merge:3",
          "before_merge:8", "before_answer:3", "before_answer:8", "during_takeover:1"]
LOCKED_OUT = (408, 429, 503)


class Client(threading.Thread):
    """Posts batches, each until it is answered, and remembers which version each key was given."""

    def __init__(self, number, server):
        super().__init__(daemon=True)
        self.number, self.server = number, server
        self.stopping = threading.Event()
        self.versions, self.batches, self.retries, self.fault = {}, [], 0, None

    def run(self):
        try:
            while not self.stopping.is_set():
                at = len(self.batches)
                self.post([{"idempotency_key": f"c{self.number}-{at}-{item}",
                            **deposit("bank-a.4d", f"cust-{self.number + 1}.fut", "USD", "1.00")}
                           for item in range(BATCH)])
        except BaseException as fault:  # shown by the test, on its own thread
            self.fault = fault

    def post(self, items):
        while True:
            try:
                client = self.server.client("admin")
                client.connection.timeout = 20
                answer = client.post("/v1/journals:batch", {"mode": "independent", "journals": items})
            except (OSError, http.client.HTTPException):
                answer = None
            if answer is not None and answer.status not in LOCKED_OUT:
                answer.must(200)
                for item, result in zip(items, answer["results"]):
                    assert result["status"] == 201, result
                    self.versions[item["idempotency_key"]] = result["journal"]["version"]
                self.batches.append(items)
                return
            self.retries += 1
            time.sleep(0.05)


class KillPoints(unittest.TestCase):
    def test_no_place_to_die_loses_or_doubles_an_acknowledged_journal(self):
        scratch = support.Scratch()
        self.addCleanup(scratch.remove)
        server = support.Server(scratch / "data")
        server.arguments[0] = MORTAL
        self.addCleanup(server.stop)
        server.start()
        firm.set_up(server.client("admin"), customers=CLIENTS)
        self.set_up_with = self.journals(server)
        clients = [Client(number, server) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        try:
            for place in PLACES:
                server.stop()
                server.env["BAILEE_DIE_AT"] = place
                self.die(server, place)
                del server.env["BAILEE_DIE_AT"]
                server.start()
                self.wait_for_more(clients)
        except BaseException:
            print(server.log())
            raise
        finally:
            for client in clients:
                client.stopping.set()
            for client in clients:
                client.join(timeout=60)
        for client in clients:
            self.assertIsNone(client.fault)
        self.assertGreater(sum(client.retries for client in clients), 0, "no client ever met a dead server")
        self.check(server, clients)

    @staticmethod
    def journals(server):
        return int(support.psql(support.database_url(server.data_dir), "SELECT count(*) FROM journal")[0][0])

    def die(self, server, place):
        try:
            server.start()
        except AssertionError:
            pass  # it died before it was ready
        self.assertEqual(server.process.wait(timeout=60), -signal.SIGKILL, f"it did not die at {place}")

    def wait_for_more(self, clients):
        before = sum(len(client.batches) for client in clients)
        support.wait_for("more batches",
                         lambda: any(client.fault for client in clients)
                         or sum(len(client.batches) for client in clients) > before + 2)

    def check(self, server, clients):
        admin = server.client("admin")
        for client in clients:
            for items in client.batches[::5]:
                replayed = admin.post("/v1/journals:batch", {"mode": "independent", "journals": items}).must(200)
                self.assertEqual([result["journal"]["version"] for result in replayed["results"]],
                                 [client.versions[item["idempotency_key"]] for item in items])
        versions = {version for client in clients for version in client.versions.values()}
        keys = sum(len(client.versions) for client in clients)
        self.assertEqual(len(versions), keys, "two keys were answered with one version")
        self.assertEqual(self.journals(server) - self.set_up_with, keys, "journals in the book, and acknowledged")
        server.stop()
        subprocess.run([support.BAILEE, "verify", "--data-dir", str(server.data_dir)], check=True,
                       stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    support.main()

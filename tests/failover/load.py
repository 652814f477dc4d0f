"""Clients of two servers, who write down what was acknowledged: the load of a failover test.

Each client posts journals one at a time under Idempotency-Keys of its own, and stays with a server while that answers.
On 503, a lost connection or its own deadline it asks the other with the *same* key, until one of them says 201; then it
appends a line to its own file and syncs it. Half of the clients are patient and half are not: those ask again while the
first request is still under way. The verdict is read by SQL and by `bailee verify`, not through the service."""
import http.client
import json
import os
import random
import threading
import time

import processes  # noqa: F401  pylint: disable=unused-import
import acknowledged
import firm
import support
from support import deposit

CLIENTS = 8
PATIENT, IMPATIENT = 3.0, 0.5  # seconds a client waits for an answer
PAUSE = 0.02  # before it asks again
SEND_AGAIN = (408, 429, 503)


class Caller(threading.Thread):
    """One client. It survives whatever happens to the servers."""

    def __init__(self, load, number):
        super().__init__(daemon=True)
        self.load = load
        self.number = number
        self.deadline = PATIENT if number % 2 == 0 else IMPATIENT
        self.at = number % len(load.urls)  # the server it asks
        self.account = f"cust-{number + 1}.fut"
        self.random = random.Random(number)
        self.client = None
        self.sent = 0
        self.acknowledged = 0
        self.retries = 0
        self.fault = None

    def run(self):
        try:
            with open(self.load.folder / f"client-{self.number}.log", "a", encoding="ascii") as log:
                while not self.load.stopping.is_set():
                    self.sent += 1
                    self.post(log, f"k{self.number}-{self.sent}")
        except BaseException as fault:  # shown by the test, on its own thread
            self.fault = fault

    def post(self, log, id):
        units = self.random.randint(1, 99999)
        body = deposit("bank-a.4d", self.account, "USD", f"{units // 100}.{units % 100:02}", id=id)
        while True:
            answer = self.ask(body, id)
            if answer is not None and answer.status == 201:
                answered = time.monotonic()
                log.write(f"{id} {answer['version']} {answer['hash']} {units}\n")
                log.flush()
                os.fsync(log.fileno())
                self.acknowledged += 1
                self.load.acknowledged_at(answered)
                return
            if answer is not None and answer.status not in SEND_AGAIN:
                answer.must(201)
            self.load.note(answer)
            if self.load.stopping.is_set():
                return  # this one stays in flight
            self.retries += 1
            self.at = (self.at + 1) % len(self.load.urls)
            time.sleep(PAUSE)

    def ask(self, body, id):
        """None when no whole answer came within the deadline."""
        url = self.load.urls[self.at]
        if self.client is None or self.client.url != url:
            if self.client is not None:
                self.client.close()
            self.client = support.Client(url, self.load.key, timeout=self.deadline)
        try:
            return self.client.post("/v1/journals", body, idempotency_key=id)
        except (OSError, http.client.HTTPException):
            return None


class Load:
    """All the clients, and when anything was last acknowledged."""

    def __init__(self, folder, urls, key, clients=CLIENTS):
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.urls = urls
        self.key = key
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.times = [time.monotonic()]
        self.refusals = {}
        self.callers = [Caller(self, number) for number in range(clients)]

    def start(self):
        for caller in self.callers:
            caller.start()
        return self

    def acknowledged_at(self, moment):
        with self.lock:
            self.times.append(moment)

    def note(self, answer):
        """Counts what was answered in place of 201."""
        what = "no answer" if answer is None else f"{answer.status} {code_of(answer)}"
        with self.lock:
            self.refusals[what] = self.refusals.get(what, 0) + 1

    def acknowledged(self):
        return len(self.times) - 1

    def wait_for_more(self, count, within=60):
        """Returns when so many more have been acknowledged by all together."""
        goal = self.acknowledged() + count

        def is_there():
            self.raise_faults()
            return self.acknowledged() >= goal

        support.wait_for(f"{count} more acknowledged journals", is_there, within)

    def longest_gap_since(self, moment):
        """The longest time without an acknowledged journal, in seconds, of those that ended after the moment."""
        with self.lock:
            times = sorted(self.times)
        return max((later - before for before, later in zip(times, times[1:]) if later > moment), default=0.0)

    def raise_faults(self):
        for caller in self.callers:
            if caller.fault:
                raise caller.fault

    def stop(self):
        self.stopping.set()
        for caller in self.callers:
            caller.join(60)
        self.raise_faults()
        if any(caller.is_alive() for caller in self.callers):
            raise AssertionError("a client never came to its end")

    @property
    def retries(self):
        return sum(caller.retries for caller in self.callers)


def code_of(answer):
    try:
        return json.loads(answer.body).get("code", "")
    except (ValueError, AttributeError):
        return ""


def set_up(url, key, clients=CLIENTS):
    """The firm whose customers the clients are."""
    firm.set_up(support.Client(url, key), customers=clients)


def lost_and_doubled(load, database):
    """What the book has lost or doubled, or has other than it was answered; sentences. The load may go on."""
    before = list(acknowledged.lines_in(load.folder))
    rows = acknowledged.in_the_book(database)
    return acknowledged.findings(before, rows, list(acknowledged.lines_in(load.folder)), len(load.callers))


def check(test, load, database):
    """The whole verdict when the load has ended: every log against the book, the balances, and `bailee verify`."""
    test.assertEqual(lost_and_doubled(load, database), [])
    test.assertEqual(acknowledged.balance_findings(database, acknowledged.in_the_book(database)), [])
    done = support.run("verify", "--database", database, "--json", timeout=300)
    test.assertEqual((done.returncode, json.loads(done.stdout)["ok"]), (0, True), done.stdout + done.stderr)


class DatabaseServer(support.Server):
    """`bailee serve --database` on a port that stays its own, so that clients find it again after a restart."""

    def __init__(self, folder, name, database, *more, env=None):
        super().__init__(folder / name, *more, env=env)
        self.name = name
        port = processes.free_ports(1)[0]
        self.arguments = [support.BAILEE, "serve", "--database", database, "--listen", f"127.0.0.1:{port}", "--json",
                          *more]
        self.address = f"http://127.0.0.1:{port}"

    def kill_if_running(self):
        if self.process is not None:
            self.kill()

    def readiness(self):
        """What /readyz says, as (status, JSON); (None, {}) when nothing answers within a second."""
        try:
            answer = support.Client(self.address, timeout=1).get("/readyz")
            return answer.status, answer.json if answer.body[:1] == b"{" else {}
        except (OSError, http.client.HTTPException, ValueError):
            return None, {}

    def role(self):
        """"writer", "follower" or what lies between; None when nothing answers."""
        said = self.readiness()[1]
        if "role" in said:
            return said["role"]
        return None if "is_writer" not in said else "writer" if said["is_writer"] else "follower"

    def is_writer(self):
        return self.role() == "writer"


def writer_of(servers, within=60):
    """The server that is the writer now."""
    return support.wait_for("a writer", lambda: next((each for each in servers if each.is_writer()), None), within)

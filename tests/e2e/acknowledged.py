"""Clients that write down what was acknowledged, and the check that all of it is there: the pattern of a kill test.

Each client posts journals, one at a time, and after the answer appends a line to its own file and syncs it. The
checker reads the book by SQL, not through the service: every line's command is there once with all its legs, nothing
is there twice, and what is in the book without a line is at most the one command that was in flight."""
import collections
import http.client
import os
import random
import threading
import time

import firm
import support
from support import deposit

LEGS = 2
LOCKED_OUT = (408, 429, 503)  # not decided or not known: the same key is sent again


class Recorder(threading.Thread):
    """One client. It survives whatever happens to the server, and asks again with the same key."""

    def __init__(self, folder, number, server, account):
        super().__init__(daemon=True)
        self.number = number
        self.server = server
        self.account = account
        self.path = folder / f"client-{number}.log"
        self.random = random.Random(number)
        self.stopping = threading.Event()
        self.sent = 0
        self.acknowledged = 0
        self.retries = 0
        self.waited_longest = 0.0
        self.fault = None

    def run(self):
        try:
            with open(self.path, "a", encoding="ascii") as log:
                while not self.stopping.is_set():
                    self.sent += 1
                    self.post(log, f"k{self.number}-{self.sent}")
        except BaseException as fault:  # shown by the test, on its own thread
            self.fault = fault

    def post(self, log, id):
        units = self.random.randint(1, 99999)
        body = deposit("bank-a.4d", self.account, "USD", f"{units // 100}.{units % 100:02}", id=id)
        began = time.monotonic()
        while True:
            answer = self.ask(body, id)
            if answer is not None and answer.status == 201:
                self.waited_longest = max(self.waited_longest, time.monotonic() - began)
                log.write(f"{id} {answer['version']} {answer['hash']} {units}\n")
                log.flush()
                os.fsync(log.fileno())
                self.acknowledged += 1
                return
            if answer is not None and answer.status not in LOCKED_OUT:
                answer.must(201)
            if self.stopping.is_set():
                return  # this one stays in flight
            self.retries += 1
            time.sleep(0.02)

    def ask(self, body, id):
        """None when no whole answer came."""
        client = getattr(self, "client", None)
        if client is None or client.url != self.server.url:
            self.client = client = self.server.client("admin")
            client.connection.timeout = 20
        try:
            return client.post("/v1/journals", body, idempotency_key=id)
        except (OSError, http.client.HTTPException):
            return None


class Load:
    """Several recorders against one server, which may change its address."""

    def __init__(self, folder, server, clients=8):
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.recorders = [Recorder(folder, at, server, f"cust-{at + 1}.fut") for at in range(clients)]

    @staticmethod
    def set_up(admin, clients=8):
        firm.set_up(admin, customers=clients)

    def start(self):
        for recorder in self.recorders:
            recorder.start()

    def acknowledged(self):
        return sum(recorder.acknowledged for recorder in self.recorders)

    def wait_for_more(self, count, within=60):
        """Returns when so many more have been acknowledged by all together."""
        goal = self.acknowledged() + count

        def is_there():
            self.raise_faults()
            return self.acknowledged() >= goal

        support.wait_for(f"{count} more acknowledged commands", is_there, within)

    def raise_faults(self):
        for recorder in self.recorders:
            if recorder.fault:
                raise recorder.fault

    def stop(self):
        for recorder in self.recorders:
            recorder.stopping.set()
        for recorder in self.recorders:
            recorder.join(60)
        self.raise_faults()
        if any(recorder.is_alive() for recorder in self.recorders):
            raise AssertionError("a client never came to its end")

    @property
    def retries(self):
        return sum(recorder.retries for recorder in self.recorders)


def lines_in(folder):
    for path in sorted(folder.glob("client-*.log")):
        for line in path.read_text().splitlines(keepends=True):
            if line.endswith("\n"):  # else it is just being written
                yield line.rstrip("\n").split(" ")


def in_the_book(url):
    """Every journal of the recorders, by SQL: name, version, hash of its version, units, legs."""
    # A table that grows this fast has no statistics yet; without them the planner may loop over it row by row.
    return support.psql(url, """SET enable_nestloop = off;
        SELECT journal.name, event.version, encode(event.hash, 'hex'),
               sum(greatest(leg.debit, 0)), count(*), count(DISTINCT leg.n)
        FROM journal
        JOIN event ON event.book_id = journal.book_id AND event.version = journal.key >> 12
        JOIN leg ON leg.book_id = journal.book_id AND leg.journal = journal.key
        WHERE journal.name LIKE 'k%'
        GROUP BY journal.key, journal.name, event.version, event.hash""")


def findings(before, rows, after, clients):
    """What is lost, doubled or other than was answered: nothing, when the promise held. `before` and `after` are the
    lines acknowledged when the rows were read and soon after, for a book that is still being written to."""
    found = []
    by_name = {}
    for name, version, digest, units, legs, places in rows:
        if name in by_name:
            found.append(f"{name} is there twice: versions {by_name[name][0]} and {version}")
        by_name[name] = (version, digest, units)
        if int(legs) != LEGS or int(places) != LEGS:
            found.append(f"{name} has {legs} legs, {places} of them told apart")
    for name, version, digest, units in before:
        if name not in by_name:
            found.append(f"{name} was acknowledged at version {version} and is lost")
        elif by_name[name] != (version, digest, units):
            found.append(f"{name} was acknowledged as {version} {digest} {units} and is {by_name[name]}")
    counted = collections.Counter(line[0] for line in after)
    found += [f"{name} was acknowledged {count} times" for name, count in counted.items() if count > 1]
    unanswered = set(by_name) - set(counted)
    for client in range(clients):
        in_flight = [name for name in unanswered if name.startswith(f"k{client}-")]
        if len(in_flight) > 1:
            found.append(f"client {client} had at most one in flight, and the book has {sorted(in_flight)} unanswered")
    return found


def balance_findings(url, rows):
    """The recorders' deposits against the balances as the book keeps them."""
    sums = {}
    for name, _, _, units, _, _ in rows:
        account = f"cust-{int(name[1:].partition('-')[0]) + 1}.fut"
        sums[account] = sums.get(account, 0) + int(units)
    kept = {row[0]: int(row[1]) for row in support.psql(url, """
        SELECT account.id, balance.total FROM balance
        JOIN account ON account.book_id = balance.book_id AND account.no = balance.account
        WHERE account.id LIKE 'cust-%.fut'""")}
    return [f"{account} has {kept.get(account)}, its journals make {total}" for account, total in sums.items()
            if kept.get(account) != total]


def check(test, load, data_dir, is_still_written=False):
    """The whole verdict after a round: the log of each client against the book, and `bailee verify`."""
    url = support.database_url(data_dir)
    before = list(lines_in(load.folder))
    rows = in_the_book(url)
    test.assertEqual(findings(before, rows, list(lines_in(load.folder)), len(load.recorders)), [])
    if not is_still_written:
        test.assertEqual(balance_findings(url, rows), [])
    code, verdict = support.verify(data_dir)
    test.assertEqual((code, verdict["ok"]), (0, True), verdict)


def check_replays(test, load, client, most=200):
    """The same key gets the same version: what was acknowledged last by each client is asked for again."""
    lines = list(lines_in(load.folder))
    for name, version, digest, units in lines[-most:] + lines[:most]:
        account = f"cust-{int(name[1:].partition('-')[0]) + 1}.fut"
        text = f"{int(units) // 100}.{int(units) % 100:02}"
        answer = client.post("/v1/journals", deposit("bank-a.4d", account, "USD", text, id=name), idempotency_key=name)
        test.assertEqual((answer.status, answer["version"], answer["hash"], answer.headers["Idempotency-Replayed"]),
                         (201, int(version), digest, "true"), str(answer))

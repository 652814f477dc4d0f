"""Drives the shipped binary: starts it, talks to it over HTTP, reads its stream and its SQL. Standard library only."""
import http.client
import itertools
import json
import os
import pathlib
import queue
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse
import uuid

BAILEE = os.environ.get("BAILEE", str(pathlib.Path(__file__).parents[2] / "build/release/bailee"))
VECTORS = os.environ.get("BAILEE_VECTORS", "")
READY_WITHIN = 120
STOP_WITHIN = 60
ANSWER_WITHIN = 60


def run(*arguments, check=None, data=None, timeout=120, env=None):
    """One command of the binary, to its end."""
    done = subprocess.run([BAILEE, *map(str, arguments)], input=data, capture_output=True, text=True, timeout=timeout,
                          stdin=None if data is not None else subprocess.DEVNULL, env=env, check=False)
    if check is not None and done.returncode != check:
        raise AssertionError(f"bailee {' '.join(map(str, arguments))} exited {done.returncode}, not {check}\n"
                             f"{done.stdout}{done.stderr}")
    return done


def verify(data_dir, *more):
    """The verdict of `bailee verify --json` and its exit code."""
    done = run("verify", "--data-dir", data_dir, "--json", *more)
    try:
        return done.returncode, json.loads(done.stdout)
    except ValueError:
        raise AssertionError(f"verify exited {done.returncode} with no JSON\n{done.stdout}{done.stderr}") from None


def database_url(data_dir):
    return run("database-url", "--data-dir", data_dir, check=0).stdout.strip()


def psql(url, sql, *, check=True):
    """Rows of a statement, as lists of texts; several statements are one transaction."""
    done = subprocess.run(["psql", "-X", "-q", "-At", "-F", "\t", "-1", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", "-"],
                          input=sql, capture_output=True, text=True, timeout=120, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"psql exited {done.returncode}: {done.stderr}\n{sql}")
    return [line.split("\t") for line in done.stdout.splitlines()]


class Scratch:
    """A folder that goes when the test ends."""

    def __init__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="bailee-e2e-"))
        self.path.chmod(0o711)  # the private PostgreSQL may run as another user

    def __truediv__(self, name):
        return self.path / name

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


class Server:
    """`bailee serve` or `bailee demo`, from the start to the readiness line to the end."""

    def __init__(self, data_dir, *more, command="serve", env=None):
        self.data_dir = pathlib.Path(data_dir)
        self.log_path = self.data_dir.parent / f"{self.data_dir.name}.log"
        self.arguments = [BAILEE, command, "--data-dir", str(data_dir), "--listen", "127.0.0.1:0", "--json", *more]
        self.env = {**os.environ, "BAILEE_LOG": "info", **(env or {})}
        self.process = None
        self.ready = {}
        self.keys = {}
        self.further_output = []

    def start(self, within=READY_WITHIN):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                            stderr=log, env=self.env)
        lines = queue.Queue()
        threading.Thread(target=self._read_output, args=(self.process.stdout, lines), daemon=True).start()
        try:
            line = lines.get(timeout=within)
        except queue.Empty:
            line = ""
        if not line:
            self.process.kill()
            raise AssertionError(f"no readiness line; exit code {self.process.wait()}\n{self.log()}")
        self.further_output = []
        self.ready = json.loads(line)
        self.keys = {**self.keys, **self.ready.get("keys", {})}
        return self

    def _read_output(self, output, lines):
        for line in output:
            if lines is not None:
                lines.put(line.decode())
                lines = None
            else:
                self.further_output.append(line.decode())
        if lines is not None:
            lines.put("")
        output.close()

    @property
    def url(self):
        return self.ready["url"]

    @property
    def port(self):
        return urllib.parse.urlsplit(self.url).port

    def client(self, role="admin"):
        return Client(self.url, self.keys[role] if role is not None else None)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """SIGTERM, and the exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(timeout=STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"still running {STOP_WITHIN} s after SIGTERM\n{self.log()}") from None

    def log(self, last=8000):
        try:
            text = self.log_path.read_text(errors="replace")
        except FileNotFoundError:
            return ""
        return text[-last:]


class Answer:
    """What came back, with the JSON read when there is some."""

    def __init__(self, request, response, body):
        self.request = request
        self.status = response.status
        self.headers = response.headers
        self.body = body
        self._json = None

    @property
    def json(self):
        if self._json is None:
            self._json = json.loads(self.body)
        return self._json

    def __getitem__(self, name):
        return self.json[name]

    @property
    def version(self):
        return int(self.headers["Bailee-Ledger-Version"])

    def must(self, status):
        if self.status != status:
            raise AssertionError(f"{self} where {status} was due")
        return self

    def refused(self, status, code, pointer=None):
        self.must(status)
        if self["code"] != code or (pointer is not None and self.json.get("pointer") != pointer):
            raise AssertionError(f"{self} where {code} at {pointer} was due")
        return self

    def __str__(self):
        return f"{self.request} gave {self.status} {self.body[:2000].decode(errors='replace')}"


class Client:
    """One keep-alive connection with one key. A fresh Idempotency-Key goes with each write unless one is given."""
    seen = None  # a list of answers, for whoever wants to look at them all

    def __init__(self, url, key=None, timeout=ANSWER_WITHIN):
        parts = urllib.parse.urlsplit(url)
        self.url = url
        self.key = key
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)

    def call(self, method, path, body=None, headers=None):
        """`body` is sent as it is when it is bytes, as JSON otherwise."""
        fields = {} if self.key is None else {"Authorization": f"Bearer {self.key}"}
        if body is not None:
            fields["Content-Type"] = "application/json"
            if not isinstance(body, bytes):
                body = json.dumps(body).encode()
        fields.update(headers or {})
        try:
            self.connection.request(method, path, body=body, headers=fields)
            response = self.connection.getresponse()
            answer = Answer(f"{method} {path} {(body or b'')[:600]!r}", response, response.read())
        except BaseException:
            self.connection.close()  # the next call begins a new one
            raise
        if Client.seen is not None:
            Client.seen.append((method, path, answer))
        return answer

    def get(self, path, **headers):
        return self.call("GET", path, headers=dashed(headers))

    def send(self, method, path, body=None, idempotency_key=None, **headers):
        key = idempotency_key or str(uuid.uuid4())
        return self.call(method, path, {} if body is None else body, {"Idempotency-Key": key, **dashed(headers)})

    def post(self, path, body=None, idempotency_key=None, **headers):
        return self.send("POST", path, body, idempotency_key, **headers)

    def balances(self, account, query=""):
        """What an account holds, by asset."""
        answer = self.get(f"/v1/accounts/{account}/balances{query}").must(200)
        return {row["asset"]: row for row in answer["balances"]}

    def items(self, path):
        """A whole list, page by page."""
        found, cursor = [], None
        while True:
            joined = path + ("&" if "?" in path else "?") + "limit=100"
            page = self.get(joined + (f"&cursor={urllib.parse.quote(cursor, safe='')}" if cursor else "")).must(200)
            found += page["items"]
            cursor = page["next"]
            if cursor is None:
                return found

    def close(self):
        self.connection.close()


def dashed(headers):
    return {name.replace("_", "-"): value for name, value in headers.items()}


def amount(asset, text):
    return {"asset": asset, "amount": text}


def debit(account, asset, text):
    return {"account": account, "debit": amount(asset, text)}


def credit(account, asset, text):
    return {"account": account, "credit": amount(asset, text)}


def journal(reason, *legs, **more):
    return {"reason": reason, "legs": list(legs), **more}


def deposit(location, account, asset, text, **more):
    return journal("DEPOSIT", debit(location, asset, text), credit(account, asset, text), **more)


def in_an_hour():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))


class EventStream:
    """Server-sent events, read on a thread of their own."""

    def __init__(self, client, path="/v1/events", last_event_id=None):
        parts = urllib.parse.urlsplit(client.url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=ANSWER_WITHIN)
        fields = {"Authorization": f"Bearer {client.key}", "Accept": "text/event-stream"}
        if last_event_id is not None:
            fields["Last-Event-ID"] = last_event_id
        self.connection.request("GET", path, headers=fields)
        self.socket = self.connection.sock  # an answer that ends with its connection takes it over
        self.response = self.connection.getresponse()
        self.status = self.response.status
        self.events = queue.Queue()
        self.comments = []
        self.body = b"" if self.status == 200 else self.response.read()
        if self.status == 200:
            threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        event = {}
        try:
            for line in self.response:
                text = line.decode().rstrip("\n")
                if text.startswith(":"):
                    self.comments.append(text[1:].strip())
                elif text:
                    name, _, value = text.partition(":")
                    value = value.removeprefix(" ")
                    event[name] = event[name] + "\n" + value if name in event else value
                else:
                    if "data" in event:  # without data it is no event, though it may carry an id
                        event["json"] = json.loads(event["data"])
                        self.events.put(event)
                    event = {}
        except (OSError, http.client.HTTPException, ValueError):
            pass
        self.events.put(None)

    def next(self, timeout=30):
        """The next event; None when the stream has ended."""
        try:
            return self.events.get(timeout=timeout)
        except queue.Empty:
            raise AssertionError(f"no event within {timeout} s; comments {self.comments[-5:]}") from None

    def take(self, count, timeout=30):
        return [self.next(timeout) for _ in range(count)]

    def until(self, wanted, timeout=30):
        """Events up to and with the first for which `wanted` holds."""
        taken = []
        while True:
            event = self.next(timeout)
            if event is None:
                raise AssertionError(f"the stream ended after {len(taken)} events")
            taken.append(event)
            if wanted(event):
                return taken

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.connection.close()


def wait_for(what, holds, within=30, every=0.02):
    end = time.monotonic() + within
    while True:
        value = holds()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come within {within} s")
        time.sleep(every)


class ServerTest(unittest.TestCase):
    """Tests of one file, which share one server. Its log is printed when one of them fails."""
    command = "serve"
    arguments = ()
    server = None
    admin = None

    @classmethod
    def setUpClass(cls):
        if ServerTest.server is not None:
            return
        scratch = Scratch()
        unittest.addModuleCleanup(scratch.remove)
        ServerTest.server = Server(scratch / "data", *cls.arguments, command=cls.command)
        unittest.addModuleCleanup(ServerTest.server.stop)
        ServerTest.server.start()
        ServerTest.admin = ServerTest.server.client("admin")
        cls.set_up_book()

    @classmethod
    def set_up_book(cls):
        """What the file's tests find in the book."""

    def run(self, result=None):
        before = len(result.failures) + len(result.errors) if result is not None else 0
        outcome = super().run(result)
        if result is not None and len(result.failures) + len(result.errors) > before:
            print(f"--- log of the server after {self.id()}\n{self.server.log()}\n---", file=sys.stderr)
        return outcome


unique = itertools.count(1)


def new_id(prefix):
    """An id that no other object of this run has."""
    return f"{prefix}-{next(unique)}"


def main():
    if not os.path.exists(BAILEE):
        print(f"there is no {BAILEE}: build the target bailee")
        sys.exit(77)
    unittest.main(module="__main__", verbosity=2, warnings="ignore")

"""Two servers on one database under load. Twenty times the writer is killed, or stopped where it stands and woken when
the other has taken over: the other takes over by itself, and clients that ask again with their keys end with every
journal once. Events read from whichever server is not the writer come without a gap, a repeat or a change of order."""
import http.client
import random
import signal
import threading
import time
import unittest

import load
import processes
import support

ROUNDS = 20
TAKEN_OVER_WITHIN = 30


class Follower(threading.Thread):
    """One reader of the stream, that goes on at the other server when its own is gone."""

    def __init__(self, urls, key, after):
        super().__init__(daemon=True)
        self.urls = urls
        self.key = key
        self.last = f"{after}.0"  # an id the reader has seen
        self.seen = []
        self.resumed = 0
        self.stopping = threading.Event()

    def run(self):
        at = 0
        while not self.stopping.is_set():
            try:
                stream = support.EventStream(support.Client(self.urls[at], self.key), last_event_id=self.last)
                self.read(stream)
                stream.close()
            except (OSError, http.client.HTTPException):
                pass
            at = (at + 1) % len(self.urls)
            self.resumed += 1
            time.sleep(0.1)

    def read(self, stream):
        while stream.status == 200 and not self.stopping.is_set():
            try:
                event = stream.next(timeout=1)
            except AssertionError:  # nothing for a second: stopped, perhaps
                return
            if event is None:
                return
            self.last = event["id"]
            self.seen.append((event["id"], event["event"]))

    def stop(self):
        self.stopping.set()
        self.join(60)


class TwoServers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = support.Scratch()
        cls.addClassCleanup(scratch.remove)
        cls.node = processes.PostgresNode(scratch.path, "primary")
        cls.addClassCleanup(cls.node.stop)
        cls.node.initialise().start()
        cls.database = cls.node.url("bailee")
        processes.run("psql", "-X", "-q", "-d", cls.node.url(), "-c", "CREATE DATABASE bailee")
        cls.servers = [load.DatabaseServer(scratch.path, name, cls.database) for name in ("bailee-1", "bailee-2")]
        for server in cls.servers:
            cls.addClassCleanup(server.kill_if_running)
            server.start()
        cls.key = cls.servers[0].keys["admin"]
        load.set_up(cls.servers[0].address, cls.key)
        cls.scratch = scratch

    def other(self, server):
        return next(each for each in self.servers if each is not server)

    def is_follower(self, server):
        return server.role() == "follower"

    def test_1_a_follower_gives_no_keys_takes_no_writes_and_reads_what_was_written(self):
        writer = load.writer_of(self.servers)
        follower = self.other(writer)
        self.assertFalse(self.servers[1].ready.get("keys"), "only the first start prints a key")
        refused = support.Client(follower.address, self.key).post("/v1/assets", {"id": "Q", "kind": "cash", "scale": 2})
        refused.refused(503, "NOT_THE_WRITER")
        self.assertGreaterEqual(int(refused.headers["Retry-After"]), 1)
        written = support.Client(writer.address, self.key).post(
            "/v1/journals", support.deposit("bank-a.4d", "cust-1.for", "USD", "1.00"))
        self.assertEqual((written.status, written["code"]), (422, "REGIME_CROSSED"))
        written = support.Client(writer.address, self.key).post(
            "/v1/journals", support.deposit("bank-a.307", "cust-1.for", "USD", "12.34")).must(201)
        read = support.Client(follower.address, self.key).balances("cust-1.for", f"?min_version={written['version']}")
        self.assertEqual(read["USD"]["total"], "12.34")
        self.assertEqual((follower.readiness()[0], follower.role()), (200, "follower"))

    def test_2_twenty_ends_of_the_writer_lose_and_double_nothing(self):
        dice = random.Random(4)
        urls = [server.address for server in self.servers]
        began_at = int(support.psql(self.database, "SELECT max(version) FROM event")[0][0])
        reader = Follower(urls, self.key, began_at)
        clients = load.Load(self.scratch / "clients", urls, self.key).start()
        reader.start()
        gaps = {"killed": [], "stopped": []}
        try:
            for number in range(ROUNDS):
                writer = load.writer_of(self.servers)
                support.wait_for("a follower", lambda: self.is_follower(self.other(writer)), TAKEN_OVER_WITHIN)
                clients.wait_for_more(25)
                time.sleep(dice.random() * 0.15)  # anywhere in a batch
                how = "killed" if number % 2 == 0 else "stopped"
                gaps[how].append(self.round(clients, writer, how))
                print(f"round {number + 1}: {writer.name} {how}, next journal after {gaps[how][-1]:.2f} s", flush=True)
                if number % 5 == 4:
                    self.assertEqual(load.lost_and_doubled(clients, self.database), [])
            clients.wait_for_more(25)
        except BaseException:
            for server in self.servers:
                print(f"--- {server.name} {server.readiness()}\n{server.log()}")
            raise
        finally:
            clients.stop()
        load.check(self, clients, self.database)
        self.check_events(reader, began_at)
        print(f"{clients.acknowledged()} acknowledged, {clients.retries} asked again, in place of 201: "
              f"{clients.refusals}; stream resumed {reader.resumed} times over {len(reader.seen)} events")
        for how, times in gaps.items():
            print(f"{how}: longest {max(times):.2f} s, middle {sorted(times)[len(times) // 2]:.2f} s")
        self.assertGreater(clients.retries, 0, "no client ever met a dead server: nothing was shown")

    def round(self, clients, writer, how):
        """Seconds until something is acknowledged again; when it returns the struck server follows."""
        other = self.other(writer)
        struck = time.monotonic()
        if how == "killed":
            writer.kill()
        else:
            writer.process.send_signal(signal.SIGSTOP)
        support.wait_for(f"{other.name} as the writer", other.is_writer, TAKEN_OVER_WITHIN)
        clients.wait_for_more(25)
        gap = clients.longest_gap_since(struck)
        if how == "killed":
            writer.start()
            self.assertFalse(writer.ready.get("keys"), "a later start prints no key")
        else:
            writer.process.send_signal(signal.SIGCONT)
        support.wait_for(f"{writer.name} as a follower", lambda: self.is_follower(writer), TAKEN_OVER_WITHIN)
        self.assertTrue(other.is_writer(), f"{other.name} lost the lease to one that woke")
        return gap

    def check_events(self, reader, began_at):
        """What the reader saw against the log: every journal once, in order."""
        last = int(support.psql(self.database, "SELECT max(version) FROM event")[0][0])
        support.wait_for("the end of the stream",
                         lambda: reader.seen and int(reader.seen[-1][0].split(".")[0]) >= last, 30)
        reader.stop()
        ids = [tuple(map(int, id.split("."))) for id, _ in reader.seen]
        self.assertEqual(ids, sorted(set(ids)), "events came twice or out of order")
        posted = [int(id.split(".")[0]) for id, kind in reader.seen if kind == "journal.posted"]
        kept = [int(row[0]) for row in support.psql(
            self.database, f"SELECT key >> 12 FROM journal WHERE key >> 12 > {began_at} ORDER BY key")]
        self.assertEqual(posted, kept)


if __name__ == "__main__":
    processes.in_own_processes()
    support.main()

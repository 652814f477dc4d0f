"""A primary with one synchronous standby, which is paused or lost under load. Until it is back nothing is
acknowledged: the commit waits, the server's own deadline passes, callers hear that the outcome is unknown; then it is
resolved, and the same key is answered once. What was acknowledged is on the standby."""
import time
import unittest

import load
import processes
import support

COMMIT_WITHIN = 2  # seconds; the server's own deadline
QUIET_FOR = 4


class LostStandby(unittest.TestCase):
    def setUp(self):
        self.scratch = support.Scratch()
        self.addCleanup(self.scratch.remove)
        self.primary = processes.PostgresNode(self.scratch.path, "primary").initialise()
        self.addCleanup(self.primary.stop)
        self.primary.start()
        self.standby = processes.PostgresNode(self.scratch.path, "standby").copy_of(self.primary)
        self.addCleanup(self.standby.stop)
        self.standby.start()
        self.make_synchronous()
        self.database = self.primary.url("bailee")
        self.server = self.new_server("bailee-1")
        key = self.server.keys["admin"]
        load.set_up(self.server.address, key)
        self.clients = load.Load(self.scratch / "clients", [self.server.address], key)

    def new_server(self, name):
        server = load.DatabaseServer(self.scratch.path, name, self.database, "--commit-within", str(COMMIT_WITHIN))
        self.addCleanup(server.kill_if_running)
        return server.start()

    def make_synchronous(self):
        for sql in ("CREATE DATABASE bailee", "ALTER SYSTEM SET synchronous_standby_names = 'standby'",
                    "SELECT pg_reload_conf()"):
            processes.run("psql", "-X", "-q", "-d", self.primary.url(), "-c", sql)
        support.wait_for("a synchronous standby", lambda: support.psql(
            self.primary.url(), "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"))

    def quiet(self, strike, undo, meanwhile):
        """Between the two nothing is acknowledged, and soon after it is."""
        self.clients.start()
        self.clients.wait_for_more(50)
        strike()
        time.sleep(0.2)  # what the standby had confirmed before is answered
        before, began = self.clients.acknowledged(), time.monotonic()
        meanwhile()
        self.assertEqual(self.clients.acknowledged(), before, "acknowledged without the standby")
        self.assertEqual(self.server.readiness()[0], 503)
        undo()
        back = time.monotonic()
        self.clients.wait_for_more(50)
        self.assertGreater(self.unknown_outcomes(), 0, "no commit was ever in doubt: nothing was shown")
        print(f"{before} acknowledged, none in the {back - began:.1f} s without the standby, the next 50 within "
              f"{time.monotonic() - back:.1f} s of its return; in place of 201: {self.clients.refusals}")

    def ask_meanwhile(self):
        """One patient caller, who is told that the outcome is unknown."""
        asked = time.monotonic()
        self.ask_once().refused(503, "OUTCOME_UNKNOWN")
        print(f"OUTCOME_UNKNOWN after {time.monotonic() - asked:.1f} s")

    def ask_once(self):
        body = support.deposit("bank-a.307", "cust-1.for", "USD", "7.77", id="asked-meanwhile")
        return support.Client(self.server.address, self.clients.key).post("/v1/journals", body,
                                                                          idempotency_key="asked-meanwhile")

    def unknown_outcomes(self):
        text = support.Client(self.server.address).get("/metrics").body.decode()
        return sum(float(line.split()[-1]) for line in text.splitlines()
                   if line.startswith("bailee_ledger_unknown_outcomes"))

    def test_a_paused_standby_holds_every_answer_back(self):
        paused = []
        self.quiet(lambda: paused.extend(self.standby.freeze()), lambda: self.standby.wake(paused),
                   lambda: time.sleep(QUIET_FOR))
        self.clients.stop()
        load.check(self, self.clients, self.database)

    def test_a_caller_who_waits_for_a_paused_standby_is_told_that_the_outcome_is_unknown(self):
        paused = []
        self.quiet(lambda: paused.extend(self.standby.freeze()), lambda: self.standby.wake(paused), self.ask_meanwhile)
        first, second = (self.ask_once().must(201) for _ in range(2))
        self.assertEqual((first["version"], first["hash"]), (second["version"], second["hash"]))
        self.clients.stop()
        load.check(self, self.clients, self.database)
        self.assertEqual(support.psql(self.database, "SELECT count(*) FROM journal WHERE name = 'asked-meanwhile'"),
                         [["1"]])

    def test_a_lost_standby_holds_every_answer_back_and_has_all_that_was_acknowledged(self):
        self.quiet(self.standby.kill, self.standby.start, lambda: time.sleep(QUIET_FOR))
        # Then the primary goes for good, in the middle of the load: what it acknowledged is on the standby.
        self.clients.wait_for_more(100)
        self.primary.kill()
        self.clients.stop()
        load.check(self, self.clients, self.promoted())

    def test_a_follower_shows_nothing_that_the_standby_does_not_have(self):
        """A commit that waits for the standby is visible as soon as its session is ended, as a takeover ends it. What a
        follower reads then may never have happened."""
        follower = self.new_server("bailee-2")
        self.clients.urls.append(follower.address)
        self.clients.start()
        self.clients.wait_for_more(50)
        self.standby.kill()
        support.wait_for("a commit in doubt", self.unknown_outcomes)
        time.sleep(QUIET_FOR)
        shown = max(support.Client(server.address, self.clients.key).get("/v1/parties").must(200).version
                    for server in (self.server, follower))
        self.primary.kill()
        self.clients.stop()
        self.standby.start()
        kept = int(support.psql(self.promoted(), "SELECT max(version) FROM event")[0][0])
        self.assertLessEqual(shown, kept)
        load.check(self, self.clients, self.standby.url("bailee"))

    def promoted(self):
        """The standby as the primary it becomes."""
        processes.run(processes.POSTGRES_PROGRAMS / "pg_ctl", "promote", "-w", "-D", self.standby.data_dir)
        return self.standby.url("bailee")


if __name__ == "__main__":
    processes.in_own_processes()
    support.main()

"""kill -9 of the server under load, over and over: every acknowledged command is in the book once, none twice, and the
server comes back on the same directory without a hand."""
import random
import time
import unittest

import acknowledged
import support

ROUNDS = 20
BACK_WITHIN = 30


class KillServer(unittest.TestCase):
    def test_every_acknowledged_command_survives_twenty_kills_once(self):
        scratch = support.Scratch()
        self.addCleanup(scratch.remove)
        server = support.Server(scratch / "data")
        self.addCleanup(server.stop)
        server.start()
        acknowledged.Load.set_up(server.client("admin"))
        load = acknowledged.Load(scratch / "clients", server)
        load.start()
        dice = random.Random(20)
        slowest = 0.0
        try:
            for number in range(ROUNDS):
                load.wait_for_more(25)
                time.sleep(dice.random() * 0.15)  # anywhere in a batch
                server.kill()
                began = time.monotonic()
                server.start(within=BACK_WITHIN)
                slowest = max(slowest, time.monotonic() - began)
                self.assertFalse(server.ready.get("keys"), "a later start prints no key")
                if number % 5 == 4:
                    acknowledged.check(self, load, server.data_dir, is_still_written=True)
            load.wait_for_more(25)
        except BaseException:
            print(server.log())
            raise
        finally:
            load.stop()
        acknowledged.check(self, load, server.data_dir)
        acknowledged.check_replays(self, load, server.client("admin"))
        print(f"{load.acknowledged()} acknowledged, {load.retries} asked again, slowest start {slowest:.1f} s")
        self.assertGreater(load.retries, 0, "no client ever met a dead server: nothing was shown")


class TheCheckerItself(unittest.TestCase):
    """Doctored logs and books: what the checker must find."""

    def setUp(self):
        self.scratch = support.Scratch()
        self.addCleanup(self.scratch.remove)
        self.lines = ["k0-1 5 aa 100", "k0-2 6 bb 250"]
        self.rows = [["k0-1", "5", "aa", "100", "2", "2"], ["k0-2", "6", "bb", "250", "2", "2"]]

    def findings(self, rows):
        (self.scratch / "client-0.log").write_text("\n".join(self.lines) + "\n")
        lines = list(acknowledged.lines_in(self.scratch.path))
        return acknowledged.findings(lines, rows, lines, clients=1)

    def test_an_honest_book_has_no_finding(self):
        self.assertEqual(self.findings(self.rows), [])
        self.assertEqual(self.findings(self.rows + [["k0-3", "7", "cc", "1", "2", "2"]]), [], "one was in flight")

    def test_a_lost_command_is_found(self):
        self.assertIn("k0-2 was acknowledged at version 6 and is lost", self.findings(self.rows[:1]))

    def test_a_doubled_command_is_found(self):
        doubled = self.rows + [["k0-1", "7", "cc", "100", "2", "2"]]
        self.assertIn("k0-1 is there twice: versions 5 and 7", self.findings(doubled))

    def test_another_version_hash_or_amount_is_found(self):
        for at, other in ((1, "9"), (2, "ff"), (3, "101")):
            changed = [list(row) for row in self.rows]
            changed[0][at] = other
            self.assertEqual(len(self.findings(changed)), 1)

    def test_a_missing_leg_is_found(self):
        changed = [self.rows[0][:4] + ["1", "1"], self.rows[1]]
        self.assertIn("k0-1 has 1 legs, 1 of them told apart", self.findings(changed))

    def test_two_unanswered_commands_of_one_client_are_found(self):
        more = self.rows + [[f"k0-{n}", str(n + 4), "cc", "1", "2", "2"] for n in (3, 4)]
        self.assertEqual(len(self.findings(more)), 1)


if __name__ == "__main__":
    support.main()

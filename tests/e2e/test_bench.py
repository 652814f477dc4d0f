"""`bailee bench`: its lines have the form that api.md promises, and its figures agree with one another. How large they
are is no test's business."""
import json
import shutil
import unittest

import support
from support import run

KEYS = ["name", "value", "unit", "bar", "better"]
PEER_KEYS = ["peer", "peer_value", "ratio"]
# Small enough to end in seconds: few accounts, one short round, pgbench's smallest tables.
# So many accounts weigh more than the large pages that a process takes at its start.
TINY = ["--rounds", "1", "--seconds", "1", "--spread", "2000", "--accounts", "20000", "--scale", "8"]


def has_pgbench():
    found = shutil.which("pg_config")
    if found is None:
        return False
    bindir = support.subprocess.run([found, "--bindir"], capture_output=True, text=True, check=True).stdout.strip()
    return (support.pathlib.Path(bindir) / "pgbench").exists()


class BenchTest(unittest.TestCase):
    def figures(self, *arguments, check=0):
        done = run("bench", "--json", *TINY, *arguments, check=check, timeout=300)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        for line in lines:
            self.check_form(line)
        return lines, done

    def check_form(self, line):
        for key in KEYS:
            self.assertIn(key, line)
        self.assertIsInstance(line["name"], str)
        self.assertIsInstance(line["unit"], str)
        self.assertIn(line["better"], ("higher", "lower"))
        self.assertGreater(line["value"], 0, line)
        has_peer = [key in line for key in PEER_KEYS]
        self.assertIn(has_peer, ([True] * 3, [False] * 3), "a peer has a name, a value and a ratio")
        measured = line["value"]
        if "peer" in line:
            self.assertIsInstance(line["peer"], str)
            self.assertGreater(line["peer_value"], 0, line)
            self.assertAlmostEqual(line["ratio"], line["value"] / line["peer_value"], delta=line["ratio"] * 0.01 + 1e-3,
                                   msg="one round: the ratio is that of the two values")
            measured = line["ratio"]
        if line["bar"] is None:
            self.assertNotIn("met", line)
        else:
            better = measured >= line["bar"] if line["better"] == "higher" else measured <= line["bar"]
            self.assertEqual(line["met"], better, line)

    def test_the_pure_core_is_measured_without_a_database(self):
        lines, done = self.figures("--only", "decide_evolve")
        self.assertEqual([line["name"] for line in lines], ["decide_evolve"])
        self.assertNotIn("peer", lines[0])
        self.assertEqual(lines[0]["bar"], 1_000_000)
        self.assertEqual(lines[0]["unit"], "journals/s")
        self.assertEqual(done.stderr, "", "progress is for terminals")

    @unittest.skipUnless(has_pgbench(), "there is no pgbench here")
    def test_the_writer_stands_beside_two_peers_in_two_lines_with_bars(self):
        lines, _ = self.figures("--only", "writer_batch")
        bars = {line["peer"]: line["bar"] for line in lines}
        self.assertEqual(bars["bare COPY"], 0.6)
        self.assertEqual([bar for peer, bar in bars.items() if peer.startswith("pgbench TPC-B")], [15])
        self.assertEqual({line["name"] for line in lines}, {"writer_batch"})
        self.assertEqual({line["unit"] for line in lines}, {"journals/s over 2,000 accounts"},
                         "a size that is not the bar's is said")
        self.assertEqual(len({line["value"] for line in lines}), 1, "one round in one breath")

    def test_a_large_book_is_opened_by_the_shipped_program_and_weighed(self):
        lines, _ = self.figures("--only", "start_up")
        self.assertEqual([(line["name"], line["bar"], line["better"]) for line in lines],
                         [("start_up", 10, "lower"), ("start_up_memory", 1024, "lower")])
        self.assertIn("20,000 accounts", lines[0]["unit"])

    def test_a_read_is_timed_while_the_writer_works(self):
        lines, _ = self.figures("--only", "collateral_read")
        self.assertEqual([line.get("peer") for line in lines], [None, "/healthz"])
        self.assertEqual([line["bar"] for line in lines], [5, None])

    @unittest.skipUnless(has_pgbench(), "there is no pgbench here")
    def test_single_journals_over_http_are_measured_spread_and_hot(self):
        lines, _ = self.figures("--only", "http_single")
        self.assertEqual({line["name"]: line["bar"] for line in lines}, {"http_single": 1.5, "http_single_hot": 4})

    def test_people_get_a_table_that_says_what_was_met(self):
        table = run("bench", *TINY, "--only", "decide_evolve", check=0).stdout.splitlines()
        self.assertRegex(table[0], r"^name +value +peer +peer value +ratio +bar$")
        self.assertRegex(table[1], r"^decide_evolve +[\d,]+ journals/s .*≥ 1,000,000 (met|MISSED)$")

    def test_wrong_use_is_told_apart(self):
        wrong = run("bench", "--only", "speed", check=2)
        self.assertIn("writer_batch", wrong.stderr, "the names there are")
        run("bench", "--rounds", "0", check=2)
        run("bench", "--keys", "sorted", check=2)

    def test_a_directory_that_holds_a_book_is_left_alone(self):
        scratch = support.Scratch()
        self.addCleanup(scratch.remove)
        server = support.Server(scratch / "data").start()
        server.stop()
        refused = run("bench", "--data-dir", scratch / "data", "--only", "writer_batch", check=2)
        self.assertIn("empty directory", refused.stderr)
        self.assertEqual(support.verify(scratch / "data")[0], 0)


if __name__ == "__main__":
    support.main()

"""Every claim of docs/claims.toml is said in README.md and shown by a test; and the check finds those that are not."""
import os
import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import check_claims  # noqa: E402

README = "Bailee keeps a book.\nNo unit is ever\npledged twice. It is fast."
TESTS = {"unit_tests_ledger", "e2e_race"}
SOURCES = 'TEST_CASE("no unit is pledged twice")'


def faults(**claim):
    return list(check_claims.faults([claim], README, TESTS, SOURCES))


class ClaimsTest(unittest.TestCase):
    def test_every_claim_is_said_and_shown(self):
        command = [sys.executable, str(ROOT / "scripts/check_claims.py"), "--build", os.environ["BAILEE_BUILD"]]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_a_sentence_may_be_broken_over_lines(self):
        self.assertEqual(faults(sentence="No unit is ever pledged twice.", test="e2e_race"), [])

    def test_a_sentence_that_the_readme_does_not_say_is_found(self):
        self.assertIn("does not say so", faults(sentence="It is slow.", test="e2e_race")[0])

    def test_a_test_that_does_not_run_is_found(self):
        self.assertIn("no test named 'e2e_gone'", faults(sentence="It is fast.", test="e2e_gone")[0])
        self.assertIn("no test named None", faults(sentence="It is fast.")[0])

    def test_a_test_case_that_is_not_there_is_found(self):
        good = dict(sentence="It is fast.", test="unit_tests_ledger")
        self.assertEqual(faults(**good, test_case="no unit is pledged twice"), [])
        self.assertIn("no test case", faults(**good, test_case="a unit is pledged twice")[0])

    def test_a_misspelt_key_and_an_empty_file_are_found(self):
        self.assertIn("unknown keys", faults(sentence="It is fast.", test="e2e_race", testcase="x")[0])
        self.assertIn("no [[claim]]", list(check_claims.faults([], README, TESTS, SOURCES))[0])


if __name__ == "__main__":
    unittest.main()

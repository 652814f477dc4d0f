"""scripts/tidy.py finds each kind of fault when one is planted, and nothing in tidy code."""
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import tidy  # noqa: E402


def function_of(lines):
    return "namespace n {\n\nint f(int value) {\n" + "    ++value;\n" * lines + "}\n\n}  // namespace n\n"


PLANTED = [
    ("ledger/a.cpp", "//" + " x" * 55 + "\n", "112 columns"),
    ("ledger/a.cpp", "// TO" + "DO\n", "unfinished"),
    ("scripts/a", "# FIX" + "ME\n", "unfinished"),
    ("ledger/a.cpp", "int a;  \n", "blanks"),
    ("ledger/a.cpp", "\n" * tidy.FILE_LINES, "lines"),
    ("ledger/a.cpp", function_of(tidy.FUNCTION_LINES + 1), "a function of 71 lines"),
    ("app/a.cpp", "    std::cout << std::endl;\n", "endl flushes"),
    ("app/a.cpp", "    std::system(\"ls\");\n", "fork and exec"),
    ("app/a.cpp", "    assert(true);\n", "ensure"),
]


class TidyTest(unittest.TestCase):
    def test_each_planted_fault_is_found(self):
        for name, text, complaint in PLANTED:
            with self.subTest(complaint=complaint):
                found = [wrong for _, wrong in tidy.faults(name, text)]
                self.assertEqual(len(found), 1, found)
                self.assertIn(complaint, found[0])

    def test_tidy_code_has_no_fault(self):
        self.assertEqual(list(tidy.faults("ledger/a.cpp", function_of(tidy.FUNCTION_LINES))), [])
        self.assertEqual(list(tidy.faults("ledger/a.cpp", "static_assert(true);\n// …" + "x" * 100 + "\n")), [])


if __name__ == "__main__":
    unittest.main()

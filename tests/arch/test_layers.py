"""The tree keeps to layers.txt; and the check that says so finds each kind of breach when one is planted."""
import pathlib
import shutil
import tempfile
import unittest

import check_layers

ROOT = pathlib.Path(__file__).parents[2]

PLANTED = [
    ("ledger/base/planted.hpp", '#include "ledger/book/state.hpp"\n', "ledger/base may not include ledger/book"),
    ("ledger/book/planted.cpp", '#include "ledger/rules/decide.hpp"\n', "ledger/book may not include ledger/rules"),
    ("ledger/rules/planted.cpp", '#include "ledger/service/writer.hpp"\n', "may not include ledger/service"),
    ("api/http/planted.cpp", '#include "ledger/store/postgres/session.hpp"\n', "may not include ledger/store/postgres"),
    ("api/http/planted.cpp", '#include "session.hpp"\n', "not given from the root"),
    ("ledger/book/planted.cpp", "#include <boost/asio/post.hpp>\n", "<boost/asio/post.hpp> may not be included"),
    ("ledger/rules/planted.cpp", "#include <thread>\n", "<thread> may not be included"),
    ("ledger/proof/planted.cpp", "#include <fstream>\n", "<fstream> may not be included"),
    ("ledger/service/planted.cpp", "#include <nlohmann/json.hpp>\n", "<nlohmann/json.hpp> may not be included"),
    ("api/wire/planted.cpp", "#include <pqxx/pqxx>\n", "<pqxx/pqxx> may not be included"),
    ("app/planted.cpp", "#include <libpq-fe.h>\n", "<libpq-fe.h> may not be included"),
    ("ledger/rules/planted.cpp", "auto at = std::chrono::system_clock::now();\n", "'_clock::now' may not stand"),
    ("ledger/service/planted.cpp", "\n\ndouble rate = 0;\n", ":3: 'double' may not stand"),
]

HARMLESS = [
    ("ledger/book/planted.cpp", '// a double entry\nconst char* text = "float";\n#include <vector>\n'),
    ("ledger/store/postgres/planted.cpp", '#include <libpq-fe.h>\n#include "ledger/port/store.hpp"\n'),
    ("api/wire/planted.cpp", '#include <nlohmann/json.hpp>\n#include "ledger/rules/command.hpp"\n'),
    ("app/planted.cpp", '#include "ledger/store/postgres/session.hpp"\n#include <thread>\n'),
]


def planted(name, text):
    """The breaches of a tree that holds nothing but one file and the table."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text(text, encoding="utf-8")
        (root / "tests/arch").mkdir(parents=True)
        shutil.copy(ROOT / "tests/arch/layers.txt", root / "tests/arch")
        return list(check_layers.breaches(root))


class LayersTest(unittest.TestCase):
    maxDiff = None

    def test_the_tree_keeps_its_layers(self):
        self.assertEqual(list(check_layers.breaches(ROOT)), [])

    def test_each_planted_breach_is_found(self):
        for name, text, complaint in PLANTED:
            with self.subTest(file=name, text=text):
                found = planted(name, text)
                self.assertEqual(len(found), 1, found)
                self.assertIn(complaint, found[0])
                self.assertTrue(found[0].startswith(name + ":"), found)

    def test_what_is_allowed_passes(self):
        for name, text in HARMLESS:
            with self.subTest(file=name):
                self.assertEqual(planted(name, text), [])

    def test_every_folder_with_code_is_in_the_table(self):
        layers = check_layers.Layers((ROOT / "tests/arch/layers.txt").read_text(encoding="utf-8"))
        tops = {path.relative_to(ROOT).parts[0] for path in ROOT.glob("*/**/*.cpp")} - {"build"}
        self.assertLessEqual(tops, {folder.split("/")[0] for folder in layers.may_include})


if __name__ == "__main__":
    unittest.main()

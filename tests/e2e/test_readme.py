"""The console lines of the README answer as printed, in order, against a fresh demo firm."""
import os
import pathlib
import re
import subprocess
import unittest

import support

ROOT = pathlib.Path(__file__).parents[2]
README = ROOT / "README.md"


def is_open(command):
    """Whether the shell would read on: the line ends in a backslash, or within quotes."""
    return command.endswith("\\") or command.count("'") % 2 == 1


def console_lines(text):
    """(command, expected output, line number) of each `$ …` in a console block."""
    found = []
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            inside = line == "```console"
        elif inside and line.startswith("$ "):
            found.append([line[2:], "", number])
        elif inside and found and not found[-1][1] and is_open(found[-1][0]):
            found[-1][0] += "\n" + line
        elif inside and found:
            found[-1][1] += line + "\n"
    return [tuple(one) for one in found]


def folded(text):
    """Lines joined without their indents, so that an answer on one line may be printed on several."""
    return "".join(line.strip() for line in text.replace("\r", "").splitlines())


def pattern_of(expected):
    """A regular expression: `…` inside a JSON text stays inside it, elsewhere it stands for anything."""
    pattern, in_text = "", False
    for letter in folded(expected):
        in_text ^= letter == '"'
        pattern += (r'[^"]*' if in_text else r".*") if letter == "…" else re.escape(letter)
    return re.compile(pattern, re.DOTALL)


class Readme(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = support.Scratch()
        cls.addClassCleanup(cls.scratch.remove)
        cls.server = support.Server(cls.scratch / "data", command="demo")
        cls.addClassCleanup(cls.server.stop)
        cls.server.start()

    def run_line(self, command):
        command = command.replace("build/release/bailee", support.BAILEE).replace(
            ".bailee-demo", str(self.scratch / "data"))
        keys = self.server.keys
        named = {"URL": self.server.url, "KEY": keys["operator"], "ENGINE": keys["margin_engine"],
                 "CUSTOMER": keys["customer:cust-42"]}
        done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True,
                              timeout=60, cwd=ROOT, env={**os.environ, **named}, check=False)
        return done.stdout, done.stderr

    def test_every_line_answers_as_printed(self):
        lines = console_lines(README.read_text(encoding="utf-8"))
        self.assertGreater(len(lines), 8, "the tour is in the README")
        for command, expected, number in lines:
            if command.startswith("scripts/"):
                continue  # what runs these tests and what made this server
            with self.subTest(line=number):
                out, complaints = self.run_line(command)
                self.assertRegex(folded(out), re.compile(f"^(?:{pattern_of(expected).pattern})$", re.DOTALL),
                                 f"README.md:{number}: $ {command}\n{out}{complaints}")

    def test_the_tour_speaks_of_every_variable_before_it_is_used(self):
        text = README.read_text(encoding="utf-8")
        for name in ("URL", "KEY", "ENGINE", "CUSTOMER"):
            told = text.find(f"`{name}`") if f"`{name}`" in text else text.find(f"{name}=")
            self.assertGreater(told, 0, name)
            self.assertLess(told, text.find(f"${name}"), name)


class Comparing(unittest.TestCase):
    """The comparison itself can fail."""

    def matches(self, expected, said):
        return pattern_of(expected).fullmatch(folded(said)) is not None

    def test_what_differs_is_seen(self):
        self.assertTrue(self.matches('{"id":"…","total":"100.00"}', '{"id":"jrn_1","total":"100.00"}'))
        self.assertFalse(self.matches('{"id":"…","total":"100.00"}', '{"id":"jrn_1","total":"100.01"}'))
        self.assertFalse(self.matches('{"id":"…"}', '{"id":"a","more":"b"}'))
        self.assertTrue(self.matches('{"id":"a",…}', '{"id":"a","more":"b"}'))
        self.assertTrue(self.matches('{"a":1,\n "b":2}\n', '{"a":1,"b":2}'))

    def test_commands_and_their_answers_are_found(self):
        text = "```console\n$ a \\\n  b\none\ntwo\n$ c '\n d'\n```\n\n```\n$ not this\n```\n"
        self.assertEqual(console_lines(text), [("a \\\n  b", "one\ntwo\n", 2), ("c '\n d'", "", 6)])


if __name__ == "__main__":
    support.main()

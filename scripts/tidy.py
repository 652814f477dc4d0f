#!/usr/bin/env python3
"""What compilers and linters do not say: lines of at most 110 columns (120 in scripts; a test's raw string may be
wider), functions of at most 70 lines, files of at most 700, no words of unfinished work, and no call that has a
better one here.

tidy.py [FILE...]: checks those, or every tracked file.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[1]
FUNCTION_LINES, FILE_LINES = 70, 700
CODE = {".cpp", ".hpp"}
COLUMNS = {".cpp": 110, ".hpp": 110, ".sql": 110, ".py": 120, ".sh": 120, ".cmake": 120}
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|not (yet )?" + r"implemented")
BANNED = [
    (re.compile(r"\bstd::endl\b"), "'\\n': endl flushes"),
    (re.compile(r"\b(sprintf|strcpy|strcat|gets)\("), "fmt"),
    (re.compile(r"\b(std::system|popen)\("), "fork and exec with a list of arguments"),
    (re.compile(r"\b(s?rand)\("), "a generator with a seed"),
    (re.compile(r"\bassert\("), "ensure, which stays in a release build"),
    (re.compile(r"\busing namespace std;"), "the names"),
]
OPENS_FUNCTION = re.compile(r"^(\s*)(?!namespace|struct|class|enum|union|extern|\}).*\).*\{$")


def tracked():
    listing = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                             capture_output=True, text=True, check=True)
    return [name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


def long_functions(lines):
    """Yields (first line, count) of bodies that are too long; layout is clang-format's, so indents tell."""
    for start, line in enumerate(lines):
        if opened := OPENS_FUNCTION.match(line):
            closing = re.compile(r"\s{0,%d}\}" % len(opened.group(1)))
            end = next((at for at in range(start + 1, len(lines)) if closing.match(lines[at])), start)
            if end - start - 1 > FUNCTION_LINES:
                yield start + 1, end - start - 1


def faults(name, text):
    suffix = pathlib.Path(name).suffix
    lines = text.split("\n")
    if suffix in COLUMNS:
        yield from ((at, f"{len(line)} columns") for at, line in enumerate(lines, 1)
                    if len(line) > COLUMNS[suffix] and not (name.startswith("tests/") and 'R"(' in line))
    yield from ((at, "a word of unfinished work") for at, line in enumerate(lines, 1) if UNFINISHED.search(line))
    yield from ((at, "blanks at the end of the line") for at, line in enumerate(lines, 1)
                if line != line.rstrip() and suffix != ".md")
    if suffix in CODE:
        if len(lines) > FILE_LINES:
            yield FILE_LINES, f"the file has {len(lines)} lines"
        if not name.startswith("tests/"):  # a test may be one long table
            yield from ((at, f"a function of {count} lines") for at, count in long_functions(lines))
        yield from ((at, f"use {better}") for at, line in enumerate(lines, 1)
                    for banned, better in BANNED if banned.search(line.split("//")[0]))


def main():
    bad = 0
    names = sys.argv[1:] or tracked()
    for name in names:
        try:
            text = (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for line, wrong in faults(name, text):
            bad += 1
            print(f"{name}:{line}: {wrong}")
    if not bad:
        print(f"tidy: {len(names)} files")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

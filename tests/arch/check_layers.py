#!/usr/bin/env python3
"""Holds every source file to layers.txt: who may include whom, and what may not stand where.

check_layers.py [ROOT]: prints each breach as file:line and exits 1 when there is one.
"""
import pathlib
import re
import sys

COMMENT_OR_TEXT = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"', re.S)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def below(path, folder):
    return folder == "*" or path == folder or path.startswith(folder + "/")


class Layers:
    def __init__(self, text):
        sections = {}
        current = None
        for line in text.splitlines():
            line = line.split("#")[0].strip()
            if line.startswith("["):
                current = sections.setdefault(line.strip("[]"), [])
            elif line:
                name, folders = re.split(r":(?:\s+|$)", line, maxsplit=1)
                current.append((name, folders.split()))
        self.groups = dict(sections["groups"])
        self.may_include = dict(sections["may include"])
        self.forbidden = [self.ban(*row) for row in sections["forbidden"]]

    def expand(self, folders):
        return [name for folder in folders for name in self.groups.get(folder, [folder])]

    def ban(self, things, folders):
        where, exceptions = folders, []
        if "except" in folders:
            cut = folders.index("except")
            where, exceptions = folders[:cut], folders[cut + 1:]
        return things.split(), self.expand(where), self.expand(exceptions)

    def folder_of(self, path):
        """The most deeply nested folder of the table that holds the path."""
        return max((folder for folder in self.may_include if below(path, folder)), key=len, default=None)

    def check(self, path, text):
        """Yields (line, what is wrong) of one file."""
        folder = self.folder_of(path)
        if folder is None:
            yield 1, "stands in a folder that layers.txt does not know"
            return
        bans = [thing for things, where, exceptions in self.forbidden
                if any(below(path, name) for name in where) and not any(below(path, name) for name in exceptions)
                for thing in things]
        for found in INCLUDE.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            quote, header = found.groups()
            if quote == '"':
                yield from ((line, wrong) for wrong in self.wrong_edge(folder, header))
            elif any(below(header, ban.strip("<>")) for ban in bans if ban.startswith("<")):
                yield line, f"<{header}> may not be included in {folder}"
        code = COMMENT_OR_TEXT.sub(lambda match: "\n" * match.group().count("\n"), text)
        for ban in bans:
            if ban.startswith("/"):
                for found in re.finditer(ban[1:-1], code):
                    yield code.count("\n", 0, found.start()) + 1, f"'{found.group()}' may not stand in {folder}"

    def wrong_edge(self, folder, header):
        other = self.folder_of(header)
        allowed = self.may_include[folder]
        if other is None:
            yield f'"{header}" is not given from the root of the project'
        elif other != folder and "*" not in allowed and other not in allowed:
            yield f"{folder} may not include {other} (\"{header}\")"


def breaches(root):
    root = pathlib.Path(root)
    layers = Layers((root / "tests/arch/layers.txt").read_text(encoding="utf-8"))
    for top in sorted({folder.split("/")[0] for folder in layers.may_include}):
        for path in sorted((root / top).rglob("*.[ch]pp")):
            name = path.relative_to(root).as_posix()
            for line, wrong in layers.check(name, path.read_text(encoding="utf-8")):
                yield f"{name}:{line}: {wrong}"


if __name__ == "__main__":
    found = list(breaches(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]))
    print("\n".join(found) or "layers: every include runs the right way")
    sys.exit(1 if found else 0)

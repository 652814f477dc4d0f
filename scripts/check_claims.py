#!/usr/bin/env python3
"""Each [[claim]] of docs/claims.toml has its sentence in README.md and a test that runs.

check_claims.py [--root DIR] [--build DIR]
A claim: sentence = "…" (stands in README.md, line breaks aside), test = "a ctest name", and, if it names one
case of it, test_case = "its name". --build is the build tree whose ctest list counts (default build/release).
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tomllib


def folded(text):
    return " ".join(text.split())


def ctest_names(build):
    listing = subprocess.run(["ctest", "--test-dir", str(build), "--show-only=json-v1"],
                             capture_output=True, check=True, text=True)
    return {test["name"] for test in json.loads(listing.stdout)["tests"]}


def test_sources(root):
    return "\n".join(folded(path.read_text(encoding="utf-8")) for path in sorted((root / "tests").rglob("*"))
                     if path.suffix in (".cpp", ".py") and path.is_file())


def faults(claims, readme, tests, sources):
    """Yields what is wrong with the claims, given the README, the names of ctest and the text of all tests."""
    readme = folded(readme)
    for number, claim in enumerate(claims, 1):
        sentence = folded(claim.get("sentence", ""))
        label = f"claim {number} \"{sentence[:60]}\""
        if unknown := set(claim) - {"sentence", "test", "test_case"}:
            yield f"{label}: unknown keys {sorted(unknown)}"
        if not sentence:
            yield f"{label}: has no sentence"
        elif sentence not in readme:
            yield f"{label}: README.md does not say so"
        if claim.get("test") not in tests:
            yield f"{label}: ctest has no test named {claim.get('test')!r}"
        if "test_case" in claim and folded(claim["test_case"]) not in sources:
            yield f"{label}: no test case {claim['test_case']!r} stands in tests/"
    if not claims:
        yield "docs/claims.toml holds no [[claim]]"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).parents[1])
    parser.add_argument("--build", type=pathlib.Path)
    options = parser.parse_args()
    build = options.build or options.root / "build/release"
    claims_file = options.root / "docs/claims.toml"
    readme = options.root / "README.md"
    claims = tomllib.loads(claims_file.read_text(encoding="utf-8")).get("claim", [])
    found = list(faults(claims, readme.read_text(encoding="utf-8"), ctest_names(build), test_sources(options.root)))
    print("\n".join(found) or f"claims: {len(claims)} sentences of README.md, each with its test")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

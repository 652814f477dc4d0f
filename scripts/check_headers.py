#!/usr/bin/env python3
"""Every header compiles alone, so that each includes what it uses.

check_headers.py [HEADER...]: checks those, or all of the tree, with the include paths of build/release.
"""
import concurrent.futures
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[1]
TOPS = ("ledger", "net", "chain", "custody", "api", "app", "tests")
FLAGS = ["-std=c++20", "-fsyntax-only", f"-I{ROOT}", "-isystem", "/usr/include/postgresql",
         "-Wall", "-Wextra", "-Werror",
         "-DBOOST_ASIO_SEPARATE_COMPILATION", "-DBOOST_BEAST_SEPARATE_COMPILATION", "-DBOOST_ASIO_NO_DEPRECATED"]


def complaint(header):
    run = subprocess.run(["g++", *FLAGS, "-x", "c++", "-"], input=f'#include "{header}"\n', capture_output=True,
                         text=True, check=False)
    return run.stderr


def main():
    headers = sys.argv[1:] or [path.relative_to(ROOT).as_posix() for top in TOPS
                               for path in sorted((ROOT / top).rglob("*.hpp"))]
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for header, text in zip(headers, pool.map(complaint, headers)):
            if text:
                bad += 1
                print(f"{header} does not compile alone:\n{text}")
    if not bad:
        print(f"headers: {len(headers)} compile alone")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

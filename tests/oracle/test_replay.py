"""At least 100,000 random commands, decided by the pure core and again by the oracle.

BAILEE_SEED repeats a run, BAILEE_ORACLE_COMMANDS asks for more. The recorded form is that of the wire
(api.md), so that the oracle can judge commands recorded over HTTP just as well.
"""
import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import bailee_oracle  # noqa: E402

BUILD = pathlib.Path(os.environ.get("BAILEE_BUILD", "build/release"))
SEED = int(os.environ.get("BAILEE_SEED") or int(time.time()) % 1_000_000)
COMMANDS = int(os.environ.get("BAILEE_ORACLE_COMMANDS") or 100_000)


def recording(seed, commands, between_checks):
    program = BUILD / "tests" / "record_commands"
    command = [program, str(seed), str(commands), str(between_checks)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8")
    return done.stdout.splitlines()


def altered(lines, want, change):
    """The lines with one changed, in the middle."""
    at = [n for n, line in enumerate(lines) if want(json.loads(line))]
    chosen = at[len(at) // 2]
    entry = json.loads(lines[chosen])
    change(entry)
    return lines[:chosen] + [json.dumps(entry)] + lines[chosen + 1:]


def status_is(status):
    return lambda entry: entry.get("verdict", {}).get("status") == status


def set_code(entry):
    entry["verdict"]["code"] = "SOMETHING_ELSE"


def accept(entry):
    entry["verdict"] = {"status": "accepted", "version": 1}


def add_a_unit(entry):
    row = entry["check"]["balances"][0]
    row[2] = "1" + row[2]


def drop_row(field):
    return lambda entry: entry["check"][field].pop()


def the_oracle_can_complain():
    lines = recording(11, 3000, 100)
    _, _, complaint = bailee_oracle.replay(lines)
    assert complaint is None, complaint

    def has(field):
        return lambda entry: bool(entry.get("check", {}).get(field))

    for name, want, change in (
            ("another code", status_is("refused"), set_code),
            ("a refusal told as acceptance", status_is("refused"), accept),
            ("a wrong version", status_is("accepted"), lambda entry: entry["verdict"].update(version=7)),
            ("a wrong pointer", status_is("refused"), lambda entry: entry["verdict"].update(pointer="/else")),
            ("a lost acceptance", status_is("accepted"),
             lambda entry: entry.update(path="/v1/parties", body={"id": "x"})),
            ("a balance off", has("balances"), add_a_unit),
            ("a lien lost", has("liens"), drop_row("liens")),
            ("a reservation lost", has("reservations"), drop_row("reservations")),
            ("an exception lost", has("exceptions"), drop_row("exceptions"))):
        _, _, complaint = bailee_oracle.replay(altered(lines, want, change))
        assert complaint, f"the oracle did not notice: {name}"


def main():
    the_oracle_can_complain()
    began = time.monotonic()
    print(f"BAILEE_SEED={SEED}")
    lines = recording(SEED, COMMANDS, 500)
    recorded = time.monotonic() - began
    commands, checks, complaint = bailee_oracle.replay(lines)
    print(f"{commands} commands recorded in {recorded:.1f} s, replayed with {checks} checks in "
          f"{time.monotonic() - began - recorded:.1f} s")
    if complaint:
        sys.exit(complaint)
    assert commands >= min(COMMANDS, 100_000), "fewer commands than asked for"
    accepted = sum('"status":"accepted"' in line for line in lines)
    assert accepted * 4 > commands, f"only {accepted} of {commands} were accepted: the mix means little"


main()

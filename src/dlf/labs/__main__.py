"""python -m dlf.labs progress | verify | export | grade"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Sequence
from pathlib import Path

from dlf.labs import handin, store
from dlf.labs.lab import table
from dlf.labs.weeks import load_week, weeks


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m dlf.labs", description="Labs: progress, hand-in.")
    which = f"{', '.join(weeks())}; all of them when none is named"
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text)

    for name, text in (
        ("progress", "Show which exercises have passed."),
        ("verify", "Run the checks again on the saved code that passed."),
    ):
        command(name, text).add_argument("week", nargs="*", type=known_week, metavar="WEEK", help=which)
    export = command("export", "Write a hand-in: your own code, results, and a checksum.")
    export.add_argument("week", nargs="*", type=known_week, metavar="WEEK", help=which)
    export.add_argument("--name", help="your name, as the class knows it; without it, the name of this account")
    export.add_argument("--out", type=Path, default=Path("handin.json"))
    grade = command(
        "grade",
        "Check hand-ins again. This runs the learners' code with your rights: use a machine or a "
        "container that holds nothing you would miss.",
    )
    grade.add_argument("file", nargs="+", type=Path)
    grade.add_argument("--csv", type=Path, help="write the table to this file as well")
    inner = commands.add_parser("_recheck")
    inner.add_argument("out", type=Path)
    inner.add_argument("week", nargs="+")
    return top


def known_week(name: str) -> str:
    if name not in weeks():
        raise argparse.ArgumentTypeError(f"there is no lab {name!r}; the labs are {', '.join(weeks())}")
    return name


def account() -> str:
    """The name of whoever is logged in; ends the program with a sentence when there is none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        raise SystemExit("This account has no name: add --name NAME, your name as the class knows it.") from None


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    if options.command == "grade":
        return grade(options.file, options.csv)
    names = list(options.week) or weeks()
    if options.command == "progress":
        progress, report = store.read()
        print("\n".join([report] * bool(report) + [table(load_week(n), progress) for n in names]))
        return 0
    if options.command == "verify":
        return verify(names)
    if options.command == "export":
        name = options.name or account()
        content = handin.export(name, names, options.out)
        count = sum(s == "pass" for w in content["weeks"].values() for s in w["results"].values())
        print(f"{options.out}: {count} passing exercises of {name}.")
        if not options.name:
            print("The name is that of this account; --name NAME writes another.")
        return 0
    handin.recheck(options.out, options.week)
    return 0


def verify(names: Sequence[str]) -> int:
    results = [r for n in names for r in handin.verify(load_week(n))]
    for r in results:
        print(r.message)
    if not results:
        print("No code has passed yet; run lab.check in a lab first.")
    return int(not all(r.passed for r in results))


def grade(files: Sequence[Path], csv_file: Path | None) -> int:
    grades = handin.grade(files)
    for g in grades:
        print(f"{g.file:<24} {g.name:<20} {g.week:<8} {g.passed:>2} of {g.of:<3} {g.note}".rstrip())
    if csv_file is not None:
        with csv_file.open("w", newline="", encoding="utf-8") as file:
            handin.write_csv(grades, file)
    return int(any(g.of == 0 for g in grades))


if __name__ == "__main__":
    sys.exit(main())

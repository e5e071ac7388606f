"""Run the tests in the order in which a failure is cheapest to find.

python tools/run_tests.py check    style, types, unit tests, hygiene, labs in sync, ledger, topics (no notebook, no
browser)
python tools/run_tests.py all      the same, the built site, the browser, and every notebook once
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NBVAL_REPORT = ROOT / "_build" / "nbval.xml"
OFFLINE = str(ROOT / "tests" / "offline")


def python(*arguments: str) -> list[str]:
    return [sys.executable, "-m", *arguments]


CHECK = [
    ("style", python("ruff", "check", ".")),
    ("format", python("ruff", "format", "--check", ".")),
    ("types", python("mypy")),
    ("types of notebooks", python("nbqa", "mypy", "chapters", "solutions", "--no-error-summary")),
    ("labs are what solutions give", python("tools.labs")),
    ("claims ledger", python("tools.ledger")),
    ("topics", python("tools.topics")),
    (
        "unit tests",
        python("pytest", "-q", "-n", "2", "-m", "not site and not browser and not notebook and not slow", "tests"),
    ),
]


def everything(browser: bool) -> list[tuple[str, list[str]]]:
    marks = "site or notebook or slow" + (" or browser" if browser else "")
    selection = marks if browser else f"({marks}) and not browser"
    return [
        *CHECK,
        ("built site, browser, untouched labs", python("pytest", "-q", "-n", "2", "-m", selection, "tests")),
        (
            "every notebook once, outputs compared",
            python(
                "pytest",
                "-q",
                "--nbval",
                "--nbval-current-env",
                "--nbval-sanitize-with",
                "tests/nbval.cfg",
                "--nbval-cell-timeout",
                "300",
                "-n",
                "2",
                "--dist",
                "loadfile",
                f"--junitxml={NBVAL_REPORT}",
                "chapters",
                "solutions",
            ),
        ),
        ("times", python("tools.times", str(NBVAL_REPORT))),
    ]


def main(arguments: list[str]) -> int:
    if arguments not in (["check"], ["all"]):
        print(__doc__, file=sys.stderr)
        return 2
    browser = os.environ.get("BROWSER", "yes") != "no"
    if arguments == ["all"]:
        if not browser:
            print("BROWSER=no: the browser tests are left out of this run.", flush=True)
        elif not any(shutil.which(name) for name in BROWSERS):
            print(
                "Chromium is missing: install the package chromium (Debian, Ubuntu: apt-get install chromium; "
                "macOS: brew install --cask chromium), or leave the browser tests out: make test BROWSER=no",
                file=sys.stderr,
            )
            return 1
    os.environ.update(
        PYTHONPATH=OFFLINE,
        DLF_STRICT="1",
        OMP_NUM_THREADS="1",
        TF_CPP_MIN_LOG_LEVEL="3",
        DLF_PROGRESS_DIR=str(ROOT / "_build" / "progress"),
    )
    failed = []
    for name, command in CHECK if arguments == ["check"] else everything(browser):
        print(f"== {name}", flush=True)
        start = time.perf_counter()
        if subprocess.run(command, cwd=ROOT).returncode:
            failed.append(name)
        print(
            f"== {name}: {'FAILED' if name in failed else 'passed'} in {time.perf_counter() - start:.0f} s", flush=True
        )
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

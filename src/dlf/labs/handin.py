"""Verify what passed, export it as a hand-in, and grade hand-ins.

A hand-in is JSON: the learner's own sources, what the checks said, and a checksum over both. The
checksum finds accidents, not forgery. Grading runs the sources, **which is untrusted code**, in a
subprocess with an empty environment, a temporary folder and a time limit, and with the rights of
whoever grades: grade on a machine or in a container that holds nothing you would miss.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from dlf.labs import passed, store
from dlf.labs.exercise import Week, judge
from dlf.labs.result import CheckResult
from dlf.labs.verdict import Context, Failure, failed
from dlf.labs.weeks import load_week, weeks

FORMAT = "dlf hand-in 1"
SECONDS = 300.0  # for all checks of one hand-in
KEPT = ("PATH", "PYTHONPATH", "SYSTEMROOT", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def verify(week: Week, seed: int = 0) -> list[CheckResult]:
    """Run the checks again on the saved code of every exercise that has some."""
    results = []
    for exercise in week.exercises:
        path = store.passed_file(week.name, exercise.name)
        if not path.is_file():
            continue
        try:
            obj = passed.load(path)
        except Exception as problem:
            broken = Failure(f"The saved {path.name} does not load: {problem}", status="error")
            results.append(failed(broken, Context(exercise.id)))
        else:
            results.append(judge(exercise, obj, seed))
    return results


def export(name: str, names: Iterable[str], path: Path) -> dict[str, Any]:
    """Write the hand-in of these weeks; returns its content."""
    content: dict[str, Any] = {"format": FORMAT, "name": name, "weeks": {}}
    for week in names:
        files = sorted((store.folder() / "passed" / week).glob("*.py"))
        content["weeks"][week] = {
            "results": {r.exercise: r.status for r in verify(load_week(week))},
            "sources": {f.stem: f.read_text(encoding="utf-8") for f in files},
        }
    content["sha256"] = checksum(content)
    store.write_atomically(path, json.dumps(content, indent=1, ensure_ascii=False))
    return content


def checksum(content: dict[str, Any]) -> str:
    body = {k: v for k, v in content.items() if k != "sha256"}
    text = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Grade:
    """One line of the table."""

    file: str
    name: str
    week: str
    passed: int
    of: int
    note: str


def grade(paths: Iterable[Path]) -> list[Grade]:
    """Check every hand-in again; a bad file becomes a line with a note, never an exception."""
    return [g for path in paths for g in _grade_file(path)]


def _grade_file(path: Path) -> list[Grade]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.get("format") != FORMAT:
            raise ValueError("it is not a hand-in of this book")
        if content.get("sha256") != checksum(content):
            raise ValueError("its checksum is wrong: it was changed or damaged")
        results = _recheck(content)
    except (OSError, ValueError, AttributeError, subprocess.TimeoutExpired) as problem:
        return [Grade(path.name, "", "", 0, 0, _one_line(problem))]
    return [_line(path, content, week, statuses) for week, statuses in sorted(results.items())]


def _line(path: Path, content: dict[str, Any], week: str, statuses: dict[str, str]) -> Grade:
    claimed = content["weeks"][week]["results"]
    changed = sorted(e for e, s in statuses.items() if claimed.get(e, "todo") != s)
    note = f"differs from its own claim: {', '.join(changed)}" if changed else ""
    count = sum(s == "pass" for s in statuses.values())
    return Grade(path.name, str(content["name"]), week, count, len(load_week(week).exercises), note)


def _one_line(problem: BaseException) -> str:
    if isinstance(problem, subprocess.TimeoutExpired):
        return f"stopped after {SECONDS:g} seconds"
    return " ".join(str(problem).split())[:120]


def _recheck(content: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Unpack the sources in a temporary folder and verify them in a subprocess."""
    for week, entry in content["weeks"].items():
        unsafe = [n for n in entry["sources"] if not n.isidentifier()]
        if week not in weeks() or unsafe:
            raise ValueError(f"it holds an unknown week or file: {unsafe or week}")
    with tempfile.TemporaryDirectory() as folder:
        for week, entry in content["weeks"].items():
            for name, source in entry["sources"].items():
                store.write_atomically(Path(folder, "passed", week, f"{name}.py"), str(source))
        environment = {k: os.environ[k] for k in KEPT if k in os.environ}
        if "PYTHONPATH" in environment:  # relative entries would change their meaning in `folder`
            entries = environment["PYTHONPATH"].split(os.pathsep)
            environment["PYTHONPATH"] = os.pathsep.join(map(os.path.abspath, filter(None, entries)))
        out = Path(folder, "results.json")
        finished = subprocess.run(
            [sys.executable, "-m", "dlf.labs", "_recheck", str(out), *sorted(content["weeks"])],
            cwd=folder,
            env={**environment, "DLF_PROGRESS_DIR": folder},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        if not out.is_file():
            raise ValueError(f"its checks ended early, exit code {finished.returncode}")
        results: dict[str, dict[str, str]] = json.loads(out.read_text(encoding="utf-8"))
        return results


def recheck(out: Path, names: Iterable[str]) -> None:
    """The subprocess: verify, and write the statuses."""
    results = {w: {r.exercise: r.status for r in verify(load_week(w))} for w in names}
    store.write_atomically(out, json.dumps(results))


def write_csv(grades: Iterable[Grade], file: TextIO) -> None:
    writer = csv.writer(file)
    writer.writerow(["file", "name", "week", "passed", "of", "note"])
    writer.writerows((g.file, g.name, g.week, g.passed, g.of, g.note) for g in grades)

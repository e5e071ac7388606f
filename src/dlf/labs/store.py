"""Files of the learner's progress: found, written atomically, mended when damaged.

The folder is `.dlf` in the nearest folder upwards that holds `_toc.yml`, else `.dlf` in the
current folder; DLF_PROGRESS_DIR names another folder to use in its place.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

Progress = dict[str, dict[str, dict[str, Any]]]  # week -> exercise -> status, diagnosis, passed
STALE = 10.0  # seconds after which a lock belongs to a process that died


def folder() -> Path:
    named = os.environ.get("DLF_PROGRESS_DIR")
    if named:
        return Path(named).expanduser()
    here = Path.cwd()
    roots = [p for p in (here, *here.parents) if (p / "_toc.yml").is_file()]
    return (roots[0] if roots else here) / ".dlf"


def passed_file(week: str, name: str) -> Path:
    return folder() / "passed" / week / f"{name}.py"


def write_atomically(path: Path, text: str) -> None:
    """Either the old or the new text is in the file, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def read() -> tuple[Progress, str]:
    """The progress, and a sentence about damage that was found ("" when there was none)."""
    path = folder() / "progress.json"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}, ""
    except (OSError, UnicodeDecodeError):
        text = ""
    progress = _parse(text)
    if progress is not None:
        return progress, ""
    aside, progress = _set_aside(path), _from_passed_files()
    _write(progress)
    return progress, (
        f"{path.name} was damaged. It was set aside as {aside.name}; "
        "what passed was read again from the folder 'passed'."
    )


def record(week: str, exercise: str, status: str, diagnosis: str | None) -> str:
    """Note the outcome of a check; a pass is never taken back. Returns what there is to report."""
    with _locked():
        progress, report = read()
        entry = progress.setdefault(week, {}).setdefault(exercise, {"passed": False})
        entry.update(status=status, diagnosis=diagnosis)
        entry["passed"] = bool(entry.get("passed")) or status == "pass"
        _write(progress)
    return report


def _write(progress: Progress) -> None:
    write_atomically(folder() / "progress.json", json.dumps(progress, indent=1, sort_keys=True))


def _parse(text: str) -> Progress | None:
    try:
        progress = json.loads(text)
        entries = [e for week in progress.values() for e in week.values()]
        sound = all(isinstance(e.get("status"), str) for e in entries)
    except (ValueError, AttributeError):
        return None
    return progress if sound else None


def _set_aside(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"progress.damaged-{number}.json")).exists():
        number += 1
    os.replace(path, aside)
    return aside


def _from_passed_files() -> Progress:
    """Every saved source names, in its first line, the exercises that it passed."""
    progress: Progress = {}
    for path in sorted((folder() / "passed").glob("*/*.py")):
        for exercise in ids_in_header(path.read_text(encoding="utf-8", errors="replace")):
            entry = {"status": "pass", "diagnosis": None, "passed": True}
            progress.setdefault(path.parent.name, {})[exercise] = entry
    return progress


HEADER = "# passed: "


def ids_in_header(source: str) -> list[str]:
    first = source.partition("\n")[0]
    return first.removeprefix(HEADER).split(", ") if first.startswith(HEADER) else []


@contextmanager
def _locked() -> Iterator[None]:
    """Two notebooks may check at the same time; each waits for the other's few milliseconds."""
    folder().mkdir(parents=True, exist_ok=True)
    lock = folder() / "lock"
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
            break
        except FileExistsError:
            with suppress(FileNotFoundError):
                if time.time() - lock.stat().st_mtime > STALE:
                    lock.unlink()
            time.sleep(0.01)
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            lock.unlink()

"""Code that passed: kept with its imports, loaded again as a module of its own."""

from __future__ import annotations

import difflib
import importlib.util
import sys
import time
from pathlib import Path
from typing import Any

from dlf.labs import source, store
from dlf.labs.weeks import load_week, weeks


def keep(week: str, exercises: list[str], obj: Any) -> str:
    """Save the source of what passed these exercises. Returns why not, or "".

    A source that passed more than this one does is not replaced.
    """
    path = store.passed_file(week, exercises[0].partition(".")[0])
    try:
        text = source.of(obj)
        compile(text, str(path), "exec")
    except (LookupError, SyntaxError, RecursionError) as problem:
        return f"It passed, but its source was not kept: {problem}." + _older(path)
    if path.is_file() and set(_ids(path)) > set(exercises):
        return f"It passed, but {path.stem} passed more before." + _older(path)
    store.write_atomically(path, f"{store.HEADER}{', '.join(exercises)}\n{text}\n{_alias(obj, path)}")
    return ""


def _older(path: Path) -> str:
    """What `mine`, verify and export go on using."""
    if not path.is_file():
        return ""
    return f" The version of {time.strftime('%Y-%m-%d %H:%M', time.localtime(path.stat().st_mtime))} is kept."


def _alias(obj: Any, path: Path) -> str:
    """The exercise's name for an object that the learner named otherwise."""
    return "" if obj.__name__ == path.stem else f"\n\n{path.stem} = {obj.__name__}\n"


def _ids(path: Path) -> list[str]:
    return store.ids_in_header(path.read_text(encoding="utf-8"))


def mine(name: str, week: str | None = None) -> Any:
    """The learner's own class or function that passed its checks, loaded from the saved source.

    `name` is a class or a function, by the exercise's name or its own, not one of its methods;
    `week` ("week08") is needed when two weeks have an exercise of this name. Raises LookupError when
    nothing has passed yet.
    """
    found = sorted((store.folder() / "passed").glob(f"{week or '*'}/{name}.py"))
    if not found:
        kept = sorted((store.folder() / "passed").glob(f"{week or '*'}/*.py"))
        found = [p for p in kept if p.read_text(encoding="utf-8").endswith(f"\n{p.stem} = {name}\n")]
    if not found:
        near = difflib.get_close_matches(name, [p.stem for p in kept], n=1)
        raise LookupError(
            f"no code named {name!r} has passed its checks yet{' in ' + week if week else ''}: "
            + (f"did you mean {near[0]!r}?" if near else "run lab.check on it, in the lab that teaches it")
        )
    if len(found) > 1:
        weeks = ", ".join(p.parent.name for p in found)
        raise LookupError(f"{name!r} has passed in several labs ({weeks}): name one with week=")
    missing = _not_passed(found[0])
    if missing:
        raise LookupError(f"{', '.join(missing)} has not passed with the saved code: run lab.check")
    return load(found[0])


def _not_passed(path: Path) -> list[str]:
    if path.parent.name not in weeks():
        return []
    wanted = [e.id for e in load_week(path.parent.name).named(path.stem)]
    return [e for e in wanted if e not in _ids(path)]


def load(path: Path) -> Any:
    """Run a saved file as a module; returns the object named like the file."""
    module_name = f"dlf_mine_{path.parent.name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise LookupError(f"{path.name} cannot be loaded as Python source")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module  # so that its source can be found again
    spec.loader.exec_module(module)
    return getattr(module, path.stem)

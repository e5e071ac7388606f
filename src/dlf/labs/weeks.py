"""The labs that have checks, found by their folders."""

from __future__ import annotations

import importlib
from pathlib import Path

from dlf.labs.exercise import Week


def weeks() -> list[str]:
    """Names of the labs that have checks."""
    return sorted(p.parent.name for p in Path(__file__).parent.glob("week*/exercises.py"))


def load_week(name: str) -> Week:
    """The exercises of a lab. Raises ValueError for a name that is no lab."""
    if name not in weeks():
        raise ValueError(f"there is no lab named {name!r}; the labs are {', '.join(weeks())}")
    week: Week = importlib.import_module(f"dlf.labs.{name}.exercises").WEEK
    return week

"""Known wrong implementations, and the recognition of a learner's values as one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from dlf.labs.detectors import distance

Array = NDArray[Any]
Values = Mapping[str, Array]
T = TypeVar("T")


@dataclass(frozen=True)
class Mutant:
    """One way to make mistake `row`; `build` is used like the learner's own object."""

    row: str
    exercise: str
    says: str
    build: Any

    @property
    def label(self) -> str:
        return f"{self.row} {self.build.__name__}"


class Catalogue:
    """The mutants of one week; several may share a row, one may belong to several exercises."""

    def __init__(self) -> None:
        self.mutants: list[Mutant] = []

    def mutant(self, row: str, *, exercise: str | tuple[str, ...], says: str) -> Callable[[T], T]:
        """Decorator for a function or a class."""
        ids = (exercise,) if isinstance(exercise, str) else exercise

        def register(build: T) -> T:
            self.mutants.extend(Mutant(row, e, says, build) for e in ids)
            return build

        return register

    def of(self, exercise: str) -> list[Mutant]:
        return [m for m in self.mutants if m.exercise == exercise]


def recognise(learner: Values, reference: Values, mutants: Mapping[Mutant, Values]) -> Mutant | None:
    """The mutant whose values these are: within 1e-7, and 1000 times closer than any other row.

    All values together first; then the first value that is wrong alone, so that a second mistake
    elsewhere does not hide the first.
    """
    wrong = [k for k in reference if distance(learner[k], reference[k]) > 1e-9]
    for keys in (list(reference), wrong[:1]):
        found = _nearest(learner, reference, mutants, keys)
        if found:
            return found
    return None


def _nearest(learner: Values, reference: Values, mutants: Mapping[Mutant, Values], keys: list[str]) -> Mutant | None:
    closest: dict[str, tuple[float, Mutant]] = {}
    for mutant, values in mutants.items():
        if max(distance(values[k], reference[k]) for k in keys) < 1e-9:
            continue  # right in these values: says nothing about them
        d = max(distance(learner[k], values[k]) for k in keys)
        if d < closest.get(mutant.row, (np.inf, mutant))[0]:
            closest[mutant.row] = d, mutant
    ranked = sorted(closest.values(), key=lambda pair: pair[0])
    if not ranked or ranked[0][0] > 1e-7:
        return None
    if len(ranked) > 1 and ranked[1][0] < 1e3 * max(ranked[0][0], 1e-12):
        return None
    return ranked[0][1]

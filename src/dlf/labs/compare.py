"""The value stage of a check: recognise a known mistake, else state facts, and show a small case."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from dlf.labs import detectors
from dlf.labs.guard import silence
from dlf.labs.mutants import Catalogue, Mutant, recognise
from dlf.labs.verdict import CheckAtFault, Failure, NotStarted

Array = NDArray[Any]
Values = dict[str, Array]
Observe = Callable[[Any, int], Values]  # (object, seed) -> named arrays of the probe
Finding = tuple[str | None, str]  # (row, sentence)
Explain = Callable[[Values, Values, int], Finding | None]
SmallCase = tuple[str, Callable[[Any], Array]]  # (the input as text, what to run on it)

TOLERANCE = 1e-9
NEARLY = 1e-5  # closer than this: stated as nearly right, not as a factor
T = TypeVar("T")


@dataclass(frozen=True)
class Comparison:
    """Compares what `observe` sees of the learner's object with what it sees of the reference."""

    exercise: str
    reference: Any
    observe: Observe
    catalogue: Catalogue
    explain: Explain | None = None
    small_cases: tuple[SmallCase, ...] = ()
    tolerance: float = TOLERANCE

    def __call__(self, obj: Any, seed: int) -> None:
        learner = self.observe(obj, seed)
        right = of_reference(lambda: self.observe(self.reference, seed))
        wrong = [k for k in right if detectors.distance(learner[k], right[k]) > self.tolerance]
        if not wrong:
            return
        row, sentence = self._identify(learner, right, wrong[0], seed)
        raise Failure(sentence, row, self._evidence(obj, learner, right, wrong[0]))

    def _identify(self, learner: Values, right: Values, first: str, seed: int) -> Finding:
        mutant = recognise(learner, right, mutant_values(self, seed))
        if mutant is not None:
            return mutant.row, mutant.says
        found = self.explain(learner, right, seed) if self.explain else None
        return found or (None, plain_facts(first, learner[first], right[first]))

    def _evidence(self, obj: Any, learner: Values, right: Values, first: str) -> tuple[str, ...]:
        small = smallest_case(obj, self.reference, self.small_cases)
        if small:
            return small
        at, a, r = detectors.worst_entry(learner[first], right[first])
        digits = 6 if f"{a:.6g}" != f"{r:.6g}" else 10
        return (f"{first}[{at}]:  yours {a:.{digits}g}, expected {r:.{digits}g}",)


def of_reference(run: Callable[[], T]) -> T:
    """What the reference gives; when it is refused, the check is wrong and not the learner."""
    try:
        return run()
    except Failure as failure:
        raise CheckAtFault(failure.sentence) from failure


@lru_cache(maxsize=64)
def mutant_values(comparison: Comparison, seed: int) -> Mapping[Mutant, Values]:
    """What the probe sees of every known mistake that gets through it."""
    known: dict[Mutant, Values] = {}
    for mutant in comparison.catalogue.of(comparison.exercise):
        try:
            with silence():
                known[mutant] = comparison.observe(mutant.build, seed)
        except (Failure, NotStarted, ArithmeticError, ValueError, IndexError):
            continue  # it fails before its values can be compared
    return known


def plain_facts(name: str, a: Array, r: Array) -> str:
    """What can be said about an answer that is on no list."""
    if detectors.single_precision(a, r):
        return f"{name} holds float32 numbers, right up to their rounding; keep the computation in float64."
    gap = detectors.distance(a, r)
    if gap < NEARLY:
        return f"{name} is right to {gap:.1g} of its size, but not exact: a difference quotient, or a rounded number?"
    ratio = detectors.constant_ratio(a, r)
    if ratio is not None and r.size == 1:
        return f"{name}: yours / right = {ratio:.6g}."
    if ratio is not None:
        return f"{name} is exactly {ratio:.6g} times the right one, everywhere."
    order = detectors.rearranged(a, r)
    if order:
        return f"{name} has the right values in the wrong places: {order}."
    for axis in range(r.ndim):
        same = detectors.equal_where(a, r, axis) if r.shape[axis] > 1 else None
        if same is not None:
            places = ", ".join(map(str, np.flatnonzero(~same)[:8]))
            return f"{name} is right except at index {places} of axis {axis}."
    if not a.any():
        return f"{name} is 0 everywhere; the right one is not."
    if detectors.distance(a, np.full_like(a, a.flat[0])) < 1e-12:
        return f"{name} is the same number everywhere, {a.flat[0]:.6g}; the right one is not."
    return f"{name} differs from the right one by {gap:.2g} of its size, in no way that is listed."


def smallest_case(obj: Any, reference: Any, cases: Iterable[SmallCase]) -> tuple[str, ...]:
    """The first case, from small to large, where the learner's result is visibly wrong."""
    for text, run in cases:
        right = of_reference(partial(run, reference))
        try:
            learner = np.asarray(run(obj), dtype=float)
        except Exception:
            continue  # what the learner's code raises was reported before the values
        visible = learner.shape == right.shape and not np.allclose(learner, right, 1e-4, 1e-4)
        if visible:
            return text, f"    yours     {rounded(learner)}", f"    expected  {rounded(right)}"
    return ()


def rounded(a: Array) -> str:
    """Nested list on one line, four decimals, no -0."""
    with np.printoptions(precision=4, suppress=True, floatmode="maxprec", threshold=24):
        text = np.array2string(np.round(a, 4) + 0.0, separator=", ")
    return " ".join(text.split())

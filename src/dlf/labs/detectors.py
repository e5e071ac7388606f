"""Relations between a learner's array and the right one, that hold for every way of writing a bug.

R1 to R12 are the numbers of the catalogue of mistakes. Each function takes a (the learner's array)
and r (the reference) and returns what it found, or None. R9 is `equals_another`; R10 (history) is
a probe that calls twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
EXACT = 1e-6


def distance(a: Array, r: Array) -> float:
    """Norm-wise relative distance of a from r; infinite for NaN or another shape."""
    if a.shape != r.shape:
        return np.inf
    d = float(np.linalg.norm(a - r) / (np.linalg.norm(r) + 1e-12))
    return d if np.isfinite(d) else np.inf


def constant_ratio(a: Array, r: Array) -> float | None:
    """R1: a = c * r."""
    c = float(np.vdot(r, a) / (np.vdot(r, r) + 1e-300))
    return c if c != 0 and distance(a, c * r) < EXACT * abs(c) else None


def name_constant(c: float, names: Mapping[str, float]) -> str | None:
    """The name of the known constant that c is."""
    return next((n for n, v in names.items() if abs(c - v) < EXACT * abs(v)), None)


def axis_ratio(a: Array, r: Array, axis: int, vectors: Mapping[str, Array]) -> str | None:
    """R2: a = r * v along one axis; the name of v, or "" when v is none of `vectors`."""
    rows_a = np.moveaxis(a, axis, 0).reshape(a.shape[axis], -1)
    rows_r = np.moveaxis(r, axis, 0).reshape(a.shape[axis], -1)
    v = (rows_a * rows_r).sum(axis=1) / ((rows_r**2).sum(axis=1) + 1e-300)
    if distance(rows_a, v[:, None] * rows_r) > EXACT:
        return None
    return next((n for n, known in vectors.items() if distance(v, known) < EXACT), "")


def residual_in(a: Array, r: Array, directions: Mapping[str, Array]) -> str | None:
    """R3: every column of a - r is a multiple of the same column of one direction."""
    gap = a - r
    for name, d in directions.items():
        multiple = (gap * d).sum(axis=0) / ((d**2).sum(axis=0) + 1e-300)
        if distance(multiple * d, gap) < EXACT:
            return name
    return None


def rearranged(a: Array, r: Array) -> str | None:
    """R4: a is r with axes permuted, flipped or rolled by one step."""
    for order in permutations(range(r.ndim)):
        if order != tuple(range(r.ndim)) and distance(a, r.transpose(order)) < EXACT:
            return f"its axes are in the order {order}"
    for axis in range(r.ndim):
        if distance(a, np.flip(r, axis)) < EXACT:
            return f"axis {axis} is reversed"
        for shift in (-1, 1):
            if distance(a, np.roll(r, shift, axis)) < EXACT:
                return f"axis {axis} is shifted by {shift}"
    return None


def equal_where(a: Array, r: Array, axis: int) -> Array | None:
    """R5: mask of the slices along an axis where a = r, when some are and some are not."""
    rows_a = np.moveaxis(a, axis, 0).reshape(a.shape[axis], -1)
    rows_r = np.moveaxis(r, axis, 0).reshape(a.shape[axis], -1)
    same = np.array([distance(x, y) < EXACT for x, y in zip(rows_a, rows_r, strict=True)])
    return same if same.any() and not same.all() else None


def broadcasts(a: Array, r: Array) -> bool:
    """R6: the right numbers in a shape that only broadcasts to the right one."""
    try:
        spread = np.broadcast_to(a, np.broadcast_shapes(a.shape, r.shape))
    except ValueError:
        return False
    return a.shape != r.shape and distance(spread.reshape(-1)[: r.size], r.reshape(-1)) < EXACT


def single_precision(a: Array, r: Array) -> bool:
    """R7: right up to the rounding of float32, and every number of a is a float32 number."""
    return 1e-9 < distance(a, r) < 1e-5 and np.array_equal(a, a.astype(np.float32))


def bad_positions(a: Array, masks: Mapping[str, Array]) -> str | None:
    """R8: where the NaN and infinities are."""
    bad = ~np.isfinite(a)
    return next((n for n, mask in masks.items() if bad.any() and np.array_equal(bad, mask)), None)


def equals_another(a: Array, candidates: Mapping[str, Array]) -> str | None:
    """R9: a is the reference at another argument, or another known quantity."""
    return next((n for n, c in candidates.items() if distance(a, c) < EXACT), None)


def coefficients(a: Array, terms: Sequence[Array]) -> Array | None:
    """R11: a as a combination of the terms of the derivation, when it is one."""
    basis = np.stack([t.reshape(-1) for t in terms], axis=1)
    c, *_ = np.linalg.lstsq(basis, a.reshape(-1), rcond=None)
    return c if distance(basis @ c, a.reshape(-1)) < EXACT else None


def name_coefficients(c: Array, known: Mapping[str, Sequence[tuple[float, ...]]]) -> str | None:
    """The name under which these coefficients are listed."""
    return next((n for n, lists in known.items() for k in lists if distance(c, np.array(k)) < EXACT), None)


def error_order(steps: Sequence[float], errors: Sequence[float]) -> float:
    """R12: slope of log error against log step; 1 for a one-sided difference, 2 for central."""
    return float(np.polyfit(np.log(steps), np.log(np.maximum(errors, 1e-300)), 1)[0])


def worst_entry(a: Array, r: Array) -> tuple[str, float, float]:
    """Index (as text) and both values of the entry that is off most."""
    at = np.unravel_index(int(np.argmax(np.abs(a - r))), r.shape)
    return ", ".join(map(str, at)), float(a[at]), float(r[at])

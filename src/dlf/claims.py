"""Claims: a statement of the text compared with what was measured, in a form that can fail and that can be listed.

``claim`` raises when the statement does not hold, and otherwise shows a seal. The seal's HTML carries the rounded
numbers, from which ``tools/ledger.py`` builds the book's ledger of claims.
"""

from __future__ import annotations

import functools
import html
import json
import math
import re
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import ParamSpec

import numpy as np
from numpy.typing import ArrayLike

_ID = re.compile(r"^[A-Za-z0-9.]+/[a-z0-9][a-z0-9-]*$")
P = ParamSpec("P")
ROUNDING = 1e-9  # measured values below this are rounding noise: they are shown as "below their bound"


class ClaimFailed(AssertionError):
    """A measured value contradicts the claim."""


@dataclass(frozen=True)
class Claim:
    """A claim that holds, with its numbers as they are shown (strings, rounded)."""

    id: str
    measured: str
    theory: str
    spread: str
    tolerance: str
    source: str
    theorem: str
    see: str

    def __repr__(self) -> str:
        spread = f" ± {self.spread}" if self.spread else ""
        theory = f" · theory {self.theory}" if self.theory else ""
        tolerance = f" · {self.tolerance}" if self.tolerance else ""
        return f"✓ claim {self.id}: measured {self.measured}{spread}{theory}{tolerance}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._html()}

    def _html(self) -> str:
        payload = html.escape(json.dumps(asdict(self), ensure_ascii=False, sort_keys=True), quote=True)
        rows = [
            ("Measured", self.measured),
            ("Spread", self.spread and f"± {self.spread}"),
            ("Theory", self.theory),
            ("Holds if", self.tolerance),
            ("Source", self.source),
        ]
        items = "".join(f"<dt>{name}</dt><dd>{html.escape(value)}</dd>" for name, value in rows if value)
        if self.theorem:
            items += f'<dt>Checks</dt><dd><a href="#{html.escape(self.theorem)}">the theorem</a></dd>'
        if self.see:
            items += f"<dt>Home</dt><dd>claim {html.escape(self.see)}</dd>"
        return (
            f'<details class="dlf-claim" id="{anchor(self.id)}" data-claim="{payload}"><summary>'
            f'<span class="dlf-seal" aria-hidden="true">✓</span> '
            f'<span class="dlf-claim-id">{html.escape(self.id)}</span> '
            f'<span class="dlf-claim-measured">{html.escape(self.measured)}</span></summary><dl>{items}</dl></details>'
        )


def anchor(claim_id: str) -> str:
    """Return the HTML id of a claim's seal: ``13.6/he-factor`` becomes ``claim-13-6-he-factor``."""
    return "claim-" + re.sub(r"[./]", "-", claim_id)


def check(
    id: str,
    measured: ArrayLike,
    expected: ArrayLike | None = None,
    *,
    tol: float = 0.0,
    rel: float | None = None,
    at_most: float | None = None,
    at_least: float | None = None,
    spread: ArrayLike | None = None,
    source: str = "",
    theorem: str = "",
    see: str = "",
) -> Claim:
    """Compare ``measured`` with the claim, raise if it is violated, and return the seal if it holds.

    Parameters
    ----------
    id: "section/words", unique in the book, for example ``13.6/he-factor``.
    measured: a number, a truth value or an array; every entry has to satisfy the claim.
    expected: what theory or the paper says, of a shape that broadcasts to ``measured``. With neither ``tol`` nor
    ``rel`` the two must be equal.
    tol, rel: largest allowed |measured - expected|, absolute and relative to |expected|; with both, their sum.
    at_most, at_least: bounds, inclusive, instead of or besides ``expected``.
    spread: sample standard deviation of ``measured`` over seeds (shown, not judged).
    source: who says so, for example "He et al. 2015".
    theorem: MyST label of the theorem on this page that the claim checks.
    see: id of the claim's home when it is shown a second time.

    Raises: ClaimFailed when violated (NaN always violates); TypeError or ValueError for arguments that make no claim.
    """
    if not _ID.match(id):
        raise ValueError(f'id must look like "13.6/he-factor", got {id!r}')
    if expected is None and at_most is None and at_least is None:
        raise ValueError(f"claim {id} claims nothing: give expected, at_most or at_least")
    if tol < 0 or (rel is not None and rel < 0):
        raise ValueError(f"claim {id}: tol and rel must not be negative, got tol={tol}, rel={rel}")
    if expected is None and (tol or rel is not None):
        raise ValueError(f"claim {id}: tol and rel need expected")
    values = _numbers("measured", measured)
    if values.size == 0:
        raise ValueError(f"claim {id}: measured is empty")
    _judge(id, values, None if expected is None else _numbers("expected", expected), tol, rel, at_most, at_least)
    spreads = None if spread is None else _numbers("spread", spread)
    if spreads is not None and not (np.isfinite(spreads).all() and (spreads >= 0).all()):
        raise ClaimFailed(f"claim {id}: spread is {spread!r}; it must be finite and not negative")
    return Claim(
        id=id,
        measured=_show_measured(values, tol if rel is None else 0.0, at_most, spreads),
        theory="" if expected is None else _show(_numbers("expected", expected), 6),
        spread="" if spreads is None else _show(spreads, 2),
        tolerance=_criterion(expected is not None, tol, rel, at_most, at_least),
        source=source,
        theorem=theorem,
        see=see,
    )


def _shown(check: Callable[P, Claim]) -> Callable[P, None]:
    @functools.wraps(check)
    def claim(*args: P.args, **kwargs: P.kwargs) -> None:
        held = check(*args, **kwargs)
        if "IPython" in sys.modules:
            from IPython.display import display

            display(held)
        else:
            print(held)

    claim.__name__ = claim.__qualname__ = "claim"
    return claim


claim = _shown(check)  # what notebooks call: ``check``, and its seal is shown


def _numbers(name: str, value: ArrayLike) -> np.ndarray:
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise TypeError(f"{name} must be a number or an array of numbers, got {value!r}") from error
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"{name} must be a number or an array of numbers, got {type(value).__name__} of dtype {array.dtype}"
        )
    return array


def _judge(
    id: str,
    measured: np.ndarray,
    expected: np.ndarray | None,
    tol: float,
    rel: float | None,
    at_most: float | None,
    at_least: float | None,
) -> None:
    bounds: list[tuple[np.ndarray, str]] = []
    numbers = measured.astype(float)
    if expected is not None:
        try:
            target = np.broadcast_to(expected.astype(float), numbers.shape)
        except ValueError as error:
            raise ValueError(f"claim {id}: expected has shape {expected.shape}, measured {measured.shape}") from error
        with np.errstate(invalid="ignore"):  # an infinite value is near only to itself
            allowed = tol + (rel or 0.0) * np.where(np.isfinite(target), np.abs(target), 0)
            near = (numbers == target) | (np.isfinite(target) & (np.abs(numbers - target) <= allowed))
        bounds.append((near, f"expected {_show(expected, 6)} within {_show(np.max(allowed), 3)}"))
    if at_most is not None:
        bounds.append((numbers <= at_most, f"expected at most {_show(np.asarray(at_most), 6)}"))
    if at_least is not None:
        bounds.append((numbers >= at_least, f"expected at least {_show(np.asarray(at_least), 6)}"))
    for holds, what in bounds:
        holds = holds & ~np.isnan(numbers)
        if not holds.all():
            first = tuple(int(i) for i in np.argwhere(~holds)[0])
            where = f" at index {first}" if first else ""
            raise ClaimFailed(f"claim {id}: measured {float(numbers[first]):.8g}{where}, {what}")


def _criterion(has_expected: bool, tol: float, rel: float | None, at_most: float | None, at_least: float | None) -> str:
    parts = []
    if has_expected:
        allowed = [f"{_show(np.asarray(tol), 3)}"] if tol else []
        allowed += [f"{100 * rel:.3g} %"] if rel is not None else []
        parts.append("within ± " + " + ".join(allowed) if allowed else "equal")
    if at_least is not None:
        parts.append(f"at least {_show(np.asarray(at_least), 6)}")
    if at_most is not None:
        parts.append(f"at most {_show(np.asarray(at_most), 6)}")
    return ", ".join(parts)


def _show_measured(values: np.ndarray, tol: float, at_most: float | None, spread: np.ndarray | None) -> str:
    """Round to what other processors also give; rounding noise is shown as its bound."""
    if values.dtype.kind in "biu":
        return _show(values, 17)
    largest = float(np.max(np.abs(values)))
    if at_most is not None and at_most <= ROUNDING * 1e3 and 0 <= largest <= at_most:
        return f"≤ {_show(np.asarray(at_most), 3)}"
    if 0 < tol <= ROUNDING * 1e3 and largest <= tol:
        return f"≤ {_show(np.asarray(tol), 3)}"
    if spread is not None and spread.size == 1 and values.size == 1 and float(spread) > 0:
        decimals = 1 - math.floor(math.log10(float(spread)))
        return f"{float(values):.{decimals}f}" if 0 <= decimals <= 8 else _show(values, 3)
    return _show_to(values, tol) if 0 < tol < 1 else _show(values, 3)


def _show_to(values: np.ndarray, tol: float) -> str:
    """Show as many decimals as the tolerance speaks of (at most 8), and at least three significant digits."""
    largest = float(np.max(np.abs(values[np.isfinite(values)]), initial=0))
    decimals = min(8, math.ceil(-math.log10(tol)))
    return _show(values, max(3, decimals + math.floor(math.log10(largest)) + 1) if largest else 3)


def _show(values: np.ndarray | float, digits: int) -> str:
    array = np.asarray(values)
    if array.size > 6:
        low, high = _show(array.min(), digits), _show(array.max(), digits)
        return f"{array.size} values, {low} to {high}" if low != high else f"{array.size} values, all {low}"
    if array.dtype.kind == "b":
        shown = ["true" if v else "false" for v in array.ravel()]
    elif array.dtype.kind in "iu":
        shown = [str(int(v)) for v in array.ravel()]
    else:
        shown = [f"{float(v):.{digits}g}" for v in array.ravel()]
    return ", ".join(shown).replace("e-0", "e-").replace("e+0", "e+")

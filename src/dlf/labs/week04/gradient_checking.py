"""Check of `gradient_check`: right gradients to accept, wrong ones to reject, and how f is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from dlf.labs import contract
from dlf.labs.compare import Array
from dlf.labs.exercise import Step
from dlf.labs.verdict import Failure
from dlf.labs.week04.probe import positive, signed

Function = Callable[[Array], Array]
Gradient = Callable[[Array, Array], Array]
LONG = 200  # entries, of which one is wrong


@dataclass(frozen=True)
class Case:
    """A function with a gradient; `claim` completes "a gradient ...", or names the right one's function."""

    claim: str
    f: Function
    grad: Gradient
    x: Array
    cotangent: Array | None = None
    row: str | None = None  # of the mistake that a wrong verdict tells
    why: str = ""


@dataclass
class Watched:
    """f, with copies of what it was called with."""

    f: Function
    arguments: list[Array] = field(default_factory=list)

    def __call__(self, x: Array) -> Array:
        self.arguments.append(np.array(x))
        return self.f(x)


# ---- functions with their gradients -----------------------------------------------------------


def tanh_layer(W: Array) -> tuple[Function, Gradient]:
    return lambda x: np.tanh(x @ W), lambda x, c: (c * (1 - np.tanh(x @ W) ** 2)) @ W.T


def softmax(x: Array) -> Array:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def softmax_gradient(x: Array, c: Array) -> Array:
    s = softmax(x)
    return np.asarray(s * (c - (c * s).sum(axis=-1, keepdims=True)))


def of_size(size: float, error: float) -> tuple[Function, Gradient]:
    """size * tanh, with a gradient that is too large by a relative error."""
    return (
        lambda x: size * np.tanh(x),
        lambda x, c: (1 + error) * size * c * (1 - np.tanh(x) ** 2),
    )


def sum_of_softmax(x: Array) -> Array:
    return np.asarray(softmax(x).sum(axis=-1))


FADING = np.array([1.0, 1.0, 1.0, 1e-9])
NOISE = (
    "What is 0 on paper is rounding in the difference quotient, about 1e-16 |c f(x)| / h: compare norms of the whole "
    "gradient, and put a floor of ten times that under the tolerance."
)
TOO_FINE = (
    "It is right to 5e-8, and central differences need not agree better than that. A tolerance near 1e-5 fits them."
)
LENIENT = "A relative error above 1e-3 is to be rejected; a tolerance near 1e-5 sees it."
SMALL = "A floor, or an absolute tolerance, is as large as this gradient: let it grow with |c f(x)|, or leave it out."


def subtle_right_cases(seed: int) -> list[Case]:
    """Right ones in which a tolerance, a floor or a step shows."""
    rng = np.random.default_rng([seed, 74])
    x = signed(rng, 3, 4)
    return [
        Case("the sum of softmax, which is 0", sum_of_softmax, lambda x, c: np.zeros_like(x), x, None, "4.20", NOISE),
        Case(
            "a sum in which one term hardly matters",
            lambda x: (np.exp(x) * FADING).sum(axis=-1),
            lambda x, c: c[:, None] * np.exp(x) * FADING,
            x,
            None,
            "4.20",
            NOISE,
        ),
        Case("sin, where an entry of x is 0", np.sin, lambda x, c: c * np.cos(x), np.array([0.0, 1.0, -2.0])),
        Case("sin at numbers near 100", np.sin, lambda x, c: c * np.cos(x), 100 * signed(rng, 5)),
        *(
            Case(f"{size:g} tanh(x), up to 5e-8", *of_size(size, 5e-8), x, None, "4.45", TOO_FINE)
            for size in (1.0, 1e6, 1e-6)
        ),
    ]


def subtle_wrong_cases(seed: int) -> list[Case]:
    """Wrong ones in which a tolerance or a floor shows."""
    x = signed(np.random.default_rng([seed, 75]), 3, 4)
    reasons = {1.0: ("4.45", LENIENT), 1e6: ("4.45", LENIENT), 1e-6: ("4.31", SMALL)}
    return [
        Case(f"{what}, for {size:g} tanh(x)", *of_size(size, error), x, None, *why)
        for size, why in reasons.items()
        for what, error in (("that is 0.2 % too large", 2e-3), ("of zeros", -1.0))
    ]


def right_cases(seed: int) -> list[Case]:
    rng = np.random.default_rng([seed, 71])
    W, x = signed(rng, 4, 5), signed(rng, 3, 4)
    f, grad = tanh_layer(W)
    c = rng.standard_normal((3, 5))
    strided = np.zeros((4, 6))
    strided[:] = signed(rng, 4, 6)
    return [
        Case("a layer tanh(x @ W)", f, grad, x, c),
        Case("a layer tanh(x @ W), without a cotangent", f, grad, x),
        Case("softmax", softmax, softmax_gradient, x),
        Case("x ** 3", lambda x: x**3, lambda x, c: 3 * x**2 * c, positive(rng, 7)),
        Case("sin(20 x)", lambda x: np.sin(20 * x), lambda x, c: 20 * np.cos(20 * x) * c, signed(rng, 6)),
        Case(
            "x[:, :2] ** 2, where other entries of x do not matter",
            lambda x: x[:, :2] ** 2,
            lambda x, c: np.concatenate([2 * x[:, :2] * c, np.zeros_like(x[:, 2:])], axis=1),
            x,
            None,
            "4.20",
            "An entry of the gradient that is exactly 0 meets rounding in the difference quotient, or 0 / 0: divide by "
            "the size of the whole gradient, and put a floor under it.",
        ),
        Case(
            "a constant, whose gradient is 0",
            lambda x: np.ones(3),
            lambda x, c: np.zeros_like(x),
            x,
            None,
            "4.20",
            "|a - n| / (|a| + |n|) is 0 / 0 there, which is NaN: put a floor under the denominator.",
        ),
        Case(
            "a layer, with a cotangent of size 1e6",
            f,
            grad,
            x,
            1e6 * c,
            "4.31",
            "The tolerance is absolute: an error of 1e-5 means nothing without the size of the gradient.",
        ),
        Case(
            "a layer tanh(x @ W), x a transposed array",
            *tanh_layer(W[:3]),
            signed(rng, 3, 5).T,
            None,
            "4.21",
            "x is not contiguous, so x.ravel() or x.reshape(-1) is a copy, and moving its entries does not move x.",
        ),
        Case(
            "x.T, which is a view of x",
            lambda x: x.T,
            lambda x, c: c.T,
            strided[:, ::2],
            None,
            "4.21",
            "You move x in place, and f(x) is a view of x: the value at x + h changes when x moves on to x - h. "
            "Give f a copy of x.",
        ),
        *subtle_right_cases(seed),
    ]


def wrong_cases(seed: int) -> list[Case]:
    rng = np.random.default_rng([seed, 72])
    W, x = signed(rng, 4, 4), signed(rng, 3, 4)
    f, grad = tanh_layer(W)
    c = rng.standard_normal((3, 4))
    long = signed(rng, LONG)
    cube: Function = lambda x: x**3  # noqa: E731

    def one_missing(x: Array, c: Array) -> Array:
        g = 3 * x**2 * c
        g[np.argsort(np.abs(g))[LONG // 2]] = 0.0  # one of middle size
        return np.asarray(g)

    def with_nan(x: Array, c: Array) -> Array:
        g = grad(x, c)
        g[1, 2] = np.nan
        return g

    return [
        Case("of zeros, for a layer", f, lambda x, c: np.zeros_like(x), x),
        Case("of twice the right size", f, lambda x, c: 2 * grad(x, c), x),
        Case("with the wrong sign", f, lambda x, c: -grad(x, c), x),
        Case("with W in place of W.T", f, lambda x, c: (c * (1 - np.tanh(x @ W) ** 2)) @ W, x),
        Case("without the derivative of tanh", f, lambda x, c: c @ W.T, x, c),
        Case("that is 1 % too large", f, lambda x, c: 1.01 * grad(x, c), x),
        Case("for softmax that lacks one term", softmax, lambda x, c: softmax(x) * c, x),
        Case(
            "of zeros, for softmax",
            softmax,
            lambda x, c: np.zeros_like(x),
            x,
            None,
            "4.20",
            "The outputs of softmax sum to 1, so the gradient of their plain sum is 0: draw a random cotangent.",
        ),
        Case(
            f"with one entry of {LONG} missing",
            cube,
            one_missing,
            long,
            rng.uniform(0.5, 1.0, LONG),
            "4.20",
            "Every entry counts: a mean over all of them hides one that is wrong, and so does a sample of them. Take a "
            "norm of the difference, or its largest entry.",
        ),
        Case(
            "of twice the right size, when it is of size 1e-6",
            f,
            lambda x, c: 2 * grad(x, c),
            x,
            1e-6 * c,
            "4.31",
            "The tolerance is absolute: a difference of 1e-6 is 100 % of such a gradient. Divide by its size.",
        ),
        Case(
            "with a NaN in it",
            f,
            with_nan,
            x,
            c,
            "4.32",
            "Every comparison with NaN is False, so `error > tolerance` lets it through: return error < tolerance.",
        ),
        Case(
            "of the shape (1, 3, 4), for an x of shape (3, 4)",
            f,
            lambda x, c: grad(x, c)[None],
            x,
            c,
            "4.34",
            "Its numbers are right, and broadcasting compares them without complaint: compare the shapes first.",
        ),
        *subtle_wrong_cases(seed),
    ]


# ---- the checks -------------------------------------------------------------------------------


def ask(obj: Any, case: Case, f: Function | None = None) -> bool:
    """The learner's verdict; x and the cotangent have to stay as they are."""
    x, c = _like(case.x), [] if case.cotangent is None else [case.cotangent.copy()]
    arguments = (f or case.f, case.grad, x, *c)
    verdict = contract.flag(obj(*arguments), "The answer of gradient_check")
    if not np.array_equal(x, case.x):
        gap = np.abs(x - case.x).max()
        raise Failure(
            "x changed while your check ran."
            + (" x + h - h is not x in floating point: keep the old entry, and write it back." if gap < 1e-12 else ""),
            "4.21",
            (f"the largest change of an entry is {gap:.1e}",),
            "move a copy: plus = x.copy(); plus[i] += h.",
        )
    if case.cotangent is not None:
        contract.unchanged([case.cotangent], c, "The cotangent", None)
    return verdict


def _like(x: Array) -> Array:
    """A copy with the strides of x, contiguous or not."""
    if x.flags.c_contiguous:
        return x.copy()
    if x.flags.f_contiguous:
        return np.asarray(x.T.copy().T)
    room = np.zeros((x.shape[0], 2 * x.shape[1]))
    room[:, ::2] = x
    return room[:, ::2]


def check_function(obj: Any, seed: int) -> None:
    contract.function(obj, ("f", "grad", "x", "cotangent"))
    contract.function(obj, ("f", "grad", "x"))
    ask(obj, right_cases(seed)[0])


def check_accepts_right(obj: Any, seed: int) -> None:
    for case in right_cases(seed):
        watched = Watched(case.f)
        if ask(obj, case, watched):
            continue
        if not watched.arguments:
            raise Failure("Your check never calls f: compare with difference quotients of it.")
        if case.claim.startswith("a layer") and ask(obj, replace(case, grad=lambda x, c: 2 * case.grad(x, c))):  # noqa: B023
            raise Failure(TWICE, "4.19", next_step="divide by the distance of the two points, 2 h.")
        row, why = why_rejected(case, watched.arguments)
        raise Failure(f"Your check rejects the right gradient of {case.claim}. {why}", row)


def why_rejected(case: Case, arguments: list[Array]) -> tuple[str | None, str]:
    """What the points tell at which f was called."""
    if any(a.dtype == np.float32 for a in arguments):
        return "4.19", "f was called with float32, which has seven digits; a difference quotient loses most of them."
    steps = displacements(case.x, arguments)
    if steps is None:
        return None, "f was called with arrays of another shape than x."
    taken = [np.abs(s).max() for s in steps if s.any()]
    sizes = [(np.abs(s) / np.maximum(1.0, np.abs(case.x))).max() for s in steps if s.any()]
    if not sizes:
        return case.row or "4.21", case.why or "f was called at x only: the entries you move are those of a copy."
    if not symmetric(steps):
        return "4.19", ONE_SIDED
    if (~np.any(steps, axis=0) & (case.x == 0)).any():
        return "4.19", UNMOVED
    if case.row and min(sizes) >= 3e-8 and max(sizes) <= 5e-4:
        return case.row, case.why
    if min(sizes) < 3e-8:
        return "4.19", (
            f"Your step is {min(taken):.0e}: the rounding of f, some 1e-16, is divided by it. Central differences are "
            "best near 1e-5."
        )
    if max(sizes) > 5e-4:
        return "4.19", (
            f"Your step is {max(taken):.0e}: the error of central differences is of order h^2. They are best near 1e-5."
        )
    return None, f"Your steps are {max(sizes):.0e}; a tolerance of 1e-5 of the gradient's size fits them."


TWICE = "Your difference quotient is twice the derivative: f(x + h) - f(x - h) spans 2 h, and you divide by h."
UNMOVED = "An entry of x is not moved: h * |x| is no step where x is 0. Take h * max(1, |x|), or h alone."
ONE_SIDED = (
    "Your difference is one-sided: f is called at x + h and never at x - h. Its error is of order h, that of a central "
    "difference h^2: (f(x + h) - f(x - h)) / (2 h)."
)


def displacements(x: Array, arguments: list[Array]) -> list[Array] | None:
    if any(a.shape != x.shape for a in arguments):
        return None
    return [a - x for a in arguments]


def symmetric(steps: list[Array]) -> bool:
    """Every step that is taken is taken in the other direction, too."""
    moved = [s.ravel() for s in steps if s.any()]
    if any(np.iscomplexobj(s) for s in moved):
        return True  # a complex step has no other side
    return all(any(np.linalg.norm(s + t) < 1e-3 * np.linalg.norm(s) for t in moved) for s in moved)


def check_central(obj: Any, seed: int) -> None:
    case = right_cases(seed)[3]
    watched = Watched(case.f)
    ask(obj, case, watched)
    steps = displacements(case.x, watched.arguments)
    if steps is not None and not symmetric(steps):
        raise Failure(ONE_SIDED, "4.19")


def check_rejects_wrong(obj: Any, seed: int) -> None:
    cases = wrong_cases(seed)
    accepted = [case for case in cases if ask(obj, case)]
    if not accepted:
        return
    if len(accepted) == len(cases):
        raise Failure("Your check accepts every wrong gradient, also one of zeros.", next_step="is it always True?")
    named = next((c for c in accepted if not c.row), accepted[0])
    raise Failure(
        f"Your check accepts a wrong gradient: one {named.claim}. {named.why}",
        named.row,
        tuple(f"accepted: {c.claim}" for c in accepted[:4]),
    )


def check_cotangent(obj: Any, seed: int) -> None:
    """A gradient that is right for one cotangent only."""
    rng = np.random.default_rng([seed, 73])
    f, grad = tanh_layer(signed(rng, 4, 5))
    x, c = signed(rng, 3, 4), np.zeros((3, 5))
    c[:, 0] = rng.standard_normal(3)

    def first_column(x: Array, c: Array) -> Array:
        return grad(x, np.where(np.arange(5) == 0, c, 0.0))

    if not ask(obj, Case("", f, first_column, x, c)):
        raise Failure(
            "Your check rejects a gradient that is right for the cotangent that was given: you use another one.",
            "4.33",
            next_step="draw a cotangent only if it is None; use the same one for grad and for the differences.",
        )
    if any(ask(obj, Case("", f, first_column, x)) for _ in range(3)):
        raise Failure(
            "Without a cotangent your check accepts a gradient of the first output alone: a random cotangent weighs "
            "all outputs.",
            "4.33",
        )


STEPS = (
    Step("", check_function),
    Step("right gradients are accepted", check_accepts_right),
    Step("central differences", check_central),
    Step("wrong gradients are rejected", check_rejects_wrong),
    Step("the cotangent", check_cotangent),
)

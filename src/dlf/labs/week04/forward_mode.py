"""Checks of `jvp` and `jacobian_forward`: exact derivatives, with the learner's own dual numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dlf.labs import contract
from dlf.labs.compare import Array, Comparison, Explain, Finding, SmallCase, Values
from dlf.labs.detectors import distance, equals_another
from dlf.labs.exercise import Step
from dlf.labs.mutants import Catalogue
from dlf.labs.result import TODO
from dlf.labs.verdict import Failure, NotStarted
from dlf.labs.week04 import reference
from dlf.labs.week04.careful import Legible
from dlf.labs.week04.mutants import CATALOGUE
from dlf.labs.week04.mutants.catalogue import JACOBIAN, JVP
from dlf.labs.week04.mutants.forward_mode import DIRECTION
from dlf.labs.week04.probe import positive, refuse, signed

Function = Callable[[Any], Any]
SIDE = 3
CONSTANT = np.array([[0.5, -1.5, 2.0], [1.0, 0.25, -0.75]])  # (2, 3): broadcasts a row (3,)

# x is (3, 3) with both signs, p positive; @ and .sum need no other shapes
SIGNED: dict[str, Function] = {
    "x + x": lambda x: x + x,
    "x * x": lambda x: x * x,
    "-x": lambda x: -x,
    "2 - x": lambda x: 2 - x,
    "x - x * 0.5": lambda x: x - x * 0.5,
    "x * x.tanh()": lambda x: x * x.tanh(),
    "x ** 3": lambda x: x**3,
    "x.exp()": lambda x: x.exp(),
    "x.tanh()": lambda x: x.tanh(),
    "x.relu()": lambda x: x.relu(),
    "x @ x": lambda x: x @ x,
    "x @ constant": lambda x: x @ np.arange(6.0).reshape(3, 2),
    "x.sum()": lambda x: x.sum(),
    "x.sum(axis=0)": lambda x: x.sum(axis=0),
    "x.sum(axis=-1, keepdims=True)": lambda x: x.sum(axis=-1, keepdims=True),
}
POSITIVE: dict[str, Function] = {
    "1 / x": lambda x: 1 / x,
    "x / (x * x + 1)": lambda x: x / (x * x + 1),
    "x ** -0.5": lambda x: x**-0.5,
    "x.log()": lambda x: x.log(),
    "softmax": lambda x: x.exp() / x.exp().sum(axis=1, keepdims=True),
    "a network": lambda x: ((x @ x).tanh() * 2.0 + x.log()).relu().sum(axis=0) ** 2,
}
STRETCHED: dict[str, Function] = {
    "x + constant": lambda x: x + CONSTANT,
    "x - constant": lambda x: x - CONSTANT,
    "x * constant": lambda x: x * CONSTANT,
    "x.sum() + x": lambda x: x.sum() + x,
}


class Counted:
    """f, and how often it was called."""

    def __init__(self, f: Function) -> None:
        self.f, self.calls = f, 0

    def __call__(self, x: Any) -> Any:
        self.calls += 1
        return self.f(x)


def call(obj: Any, f: Function, x: Array, v: Array, text: str) -> tuple[Array, Array]:
    expected = reference.jvp(getattr(f, "f", f), x, v)[0]
    given = x.copy(), v.copy()
    try:
        result = obj(f, *given)
    except (ValueError, IndexError) as error:
        refuse(error, f"For {text} with x of shape {x.shape} jvp fails.", None, "look at the rule of that operation.")
    y, dy = contract.items(result, 2, "The result", "(y, dy)")
    _refuse_wrapped(y, dy)
    contract.unchanged((x, v), given, "x or v", None)
    y = contract.array(_plain(y), expected.shape, f"For {text}, y")
    if isinstance(dy, float | np.ndarray) and np.shape(dy) != y.shape and np.shape(dy) == x.shape:
        _refuse_stretched(text, x, y)
    return y, contract.array(_plain(dy), y.shape, f"For {text}, dy")


def _refuse_wrapped(*results: Any) -> None:
    for name, value in zip(("y", "dy"), results, strict=True):
        if not isinstance(value, np.ndarray) and (
            hasattr(value, "tangent") or isinstance(getattr(value, "data", 0), np.ndarray)
        ):
            raise Failure(
                f"{name} is {contract.kind(value)}, expected its array: jvp takes arrays and returns arrays.",
                next_step="return what it holds, value and tangent, and not the object.",
            )


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _refuse_stretched(text: str, x: Array, y: Array) -> None:
    raise Failure(
        f"For {text}, dy has the shape {x.shape} of x, and y has {y.shape}: the constant stretched the value by "
        "broadcasting, and the tangent has to be stretched with it.",
        "4.23",
        next_step="np.broadcast_to(tangent, value.shape) in the dual number's __init__ does it for all operators.",
    )


def check_jvp(obj: Any, seed: int) -> None:
    contract.function(obj, ("f", "x", "v"))
    f = Counted(lambda x: x + x)
    result = obj(f, np.array([1.0, 2.0]), np.array([0.5, 0.25]))
    if result is TODO:
        raise NotStarted
    if not f.calls:
        raise Failure("f was never called: f works on your dual numbers, so hand it one.")
    call(obj, lambda x: x + x, np.array([1.0, 2.0]), np.array([0.5, 0.25]), "x + x")


def problem(seed: int, sample: Callable[..., Array], *shape: int) -> tuple[Array, Array]:
    rng = np.random.default_rng([seed, 61, len(shape)])
    return sample(rng, *shape), rng.standard_normal(shape)


def observe(table: dict[str, Function], sample: Callable[..., Array], *shape: int) -> Callable[[Any, int], Values]:
    def run(obj: Any, seed: int) -> Values:
        x, v = problem(seed, sample, *shape)
        values: Values = {}
        for text, f in table.items():
            values[f"For {text}, y"], values[f"For {text}, dy"] = call(obj, f, x, v, text)
        return values

    return run


def check_direction(obj: Any, seed: int) -> None:
    """dy is linear in v."""
    x, v = problem(seed, signed, 4)
    f: Function = lambda x: x * x + x.tanh()  # noqa: E731
    right = {d: reference.jvp(f, x, u)[1] for d, u in directions(v).items()}
    found = call(obj, f, x, v, "x * x + x.tanh()")[1]
    name = equals_another(found, {d: r for d, r in right.items() if d != "v"})
    if distance(found, right["v"]) > 1e-9 and name:
        raise Failure(DIRECTION if "1" in name else f"Your derivative is the one along {name}, not along v.", "4.41")


def directions(v: Array) -> dict[str, Array]:
    return {"v": v, "(1, ..., 1)": np.ones_like(v), "v / |v|": v / np.linalg.norm(v), "-v": -v}


def check_exact(obj: Any, seed: int) -> None:
    """A difference quotient is told by its error and by its calls of f."""
    x, v = problem(seed, signed, 4)
    f = Counted(lambda x: (x * 3.0).exp() * x)
    _, dy = call(obj, f, x, v, "(x * 3).exp() * x")
    gap = distance(dy, reference.jvp(f.f, x, v)[1])
    if 1e-12 < gap < 1e-3 and f.calls > 1:
        raise Failure(
            f"dy is right to {gap:.0e} only: a difference quotient. A dual number carries the derivative along "
            "exactly: give every operator the rule for its tangent.",
            "4.40",
            (f"calls of f: {f.calls}",),
        )


def check_one_pass(obj: Any, seed: int) -> None:
    x, v = problem(seed, signed, 4)
    f = Counted(lambda x: x.tanh())
    call(obj, f, x, v, "x.tanh()")
    if f.calls > 1:
        raise Failure(
            f"f was called {f.calls} times. Forward mode needs one pass for y and dy together.",
            next_step="take value and tangent of the dual number that f returns.",
        )


def _cases() -> tuple[SmallCase, ...]:
    def case(text: str, f: Function) -> SmallCase:
        x, v = np.array([[2.0]]), np.array([[1.0]])
        return f"x = 2, v = 1; dy for {text}", lambda obj: np.squeeze(np.asarray(obj(f, x.copy(), v.copy())[1]))

    single = {t: f for t, f in (SIGNED | POSITIVE).items() if "constant" not in t and "softmax" not in t}
    return tuple(case(t, f) for t, f in single.items())


# The direction was right before the rules are looked at: v is not ignored as a whole.
RULE_MISTAKES = Catalogue()
RULE_MISTAKES.mutants = [m for m in CATALOGUE.mutants if m.row != "4.41"]


def explain(table: dict[str, Function], sample: Callable[..., Array], *shape: int) -> Explain:
    """A rule that forgets the tangent of its operand gives the derivative along (1, ..., 1)."""

    def explained(learner: Values, right: Values, seed: int) -> Finding | None:
        first = next(k for k in right if distance(learner[k], right[k]) > 1e-9)
        text = first.removeprefix("For ").rsplit(", ", 1)[0]
        x, _ = problem(seed, sample, *shape)
        if (
            not first.endswith("dy")
            or distance(learner[first], reference.jvp(table[text], x, np.ones_like(x))[1]) > 1e-9
        ):
            return None
        return "4.12", f"The rule that {text} uses does not multiply by dx: dy is the derivative of {text} alone."

    return explained


def _values(
    table: dict[str, Function], cases: tuple[SmallCase, ...], sample: Callable[..., Array], *shape: int
) -> Comparison:
    seen, explained = observe(table, sample, *shape), explain(table, sample, *shape)
    return Legible(JVP, reference.jvp, seen, RULE_MISTAKES, explained, cases)


signed_values = _values(SIGNED, _cases(), signed, SIDE, SIDE)
positive_values = _values(POSITIVE, _cases(), positive, SIDE, SIDE)
stretched_values = _values(STRETCHED, (), signed, SIDE)

JVP_STEPS = (
    Step("", check_jvp),
    Step("the direction", check_direction),
    Step("exact", check_exact),
    Step("rules of derivation", signed_values),
    Step("quotients, powers, logarithms", positive_values),
    Step("broadcasting", stretched_values),
    Step("one pass", check_one_pass),
)


# ---- Jacobian ---------------------------------------------------------------------------------

WEIGHTS = np.array([[0.5, -1.5, 2.0], [1.0, 0.25, -0.75]])


def two_of_three(x: Any) -> Any:
    """R^3 -> R^2."""
    return ((x * WEIGHTS).sum(axis=1) + 0.3).tanh() * x.sum()


def closed_form(x: Array) -> Array:
    t = np.tanh(WEIGHTS @ x + 0.3)
    return np.asarray((1 - t**2)[:, None] * WEIGHTS * x.sum() + t[:, None])


def check_jacobian_function(obj: Any, seed: int) -> None:
    contract.function(obj, ("f", "x"))
    result = obj(lambda x: x + x, np.array([1.0, 2.0]))
    if result is TODO:
        raise NotStarted
    contract.array(result, (2, 2), "The Jacobian of x + x")


def check_transposed(obj: Any, seed: int) -> None:
    x = signed(np.random.default_rng([seed, 62]), SIDE)
    J = closed_form(x)
    found = obj(two_of_three, x.copy())
    if not isinstance(found, np.ndarray) or found.size != J.size:
        contract.array(found, J.shape, "The Jacobian of a function from R^3 to R^2")
    if found.shape == J.T.shape:
        exact = distance(found, J.T) < 1e-9
        raise Failure(
            "J is transposed: one forward pass gives a *column*, the derivatives of all outputs along one input."
            if exact
            else "J has one row an input: entry [i, j] is the derivative of output i by input j.",
            "4.15",
            ("f: R^3 -> R^2, so J is (2, 3); yours is (3, 2)",),
            "write column j with J[:, j] = dy, or np.stack(columns, axis=1).",
        )
    found = contract.array(found, J.shape, "The Jacobian of a function from R^3 to R^2")
    if distance(found, J.T.reshape(J.shape)) < 1e-9:
        raise Failure(
            "J has the right shape and is filled in the wrong order: the columns were laid one after the other and "
            "cut into rows. One forward pass gives a *column*.",
            "4.15",
            next_step="np.stack(columns, axis=1) puts them side by side; a reshape does not.",
        )


def observe_jacobian(obj: Any, seed: int) -> Values:
    x = signed(np.random.default_rng([seed, 63]), SIDE)
    given = x.copy()
    found = contract.array(obj(two_of_three, given), (2, SIDE), "The Jacobian")
    contract.unchanged([x], [given], "x", None)
    return {"The Jacobian": found}


def check_jacobian_exact(obj: Any, seed: int) -> None:
    x = signed(np.random.default_rng([seed, 63]), SIDE)
    f = Counted(two_of_three)
    gap = distance(contract.array(obj(f, x.copy()), (2, SIDE), "The Jacobian"), closed_form(x))
    if 1e-12 < gap < 1e-3 and f.calls > 1:
        raise Failure(
            f"J is right to {gap:.0e} only: a difference quotient. A jvp along a unit vector gives a column exactly.",
            "4.40",
            (f"calls of f: {f.calls}",),
        )


def explain_jacobian(learner: Values, right: Values, seed: int) -> Finding | None:
    a, r = learner["The Jacobian"], right["The Jacobian"]
    if np.count_nonzero(a) < a.size and distance(a[a != 0], r[a != 0]) < 1e-9:
        return None, f"{a.size - np.count_nonzero(a)} of {a.size} entries of J are 0, the others are right."
    return None


def check_passes(obj: Any, seed: int) -> None:
    for n in (1, 5):
        x = signed(np.random.default_rng([seed, 64]), n)
        f = Counted(lambda x: x * 2.0 + x.sum())
        found = contract.array(obj(f, x), (n, n), f"The Jacobian of x * 2 + x.sum(), n = {n},")
        if distance(found, 2 * np.eye(n) + 1) > 1e-9:
            raise Failure(f"The Jacobian of x * 2 + x.sum() for n = {n} is 2 I + 1, and yours is not.")
        if f.calls > n + 1:
            raise Failure(
                f"For n = {n} inputs and {n} outputs f was called {f.calls} times: one pass a column is enough, it "
                "gives all outputs at once.",
                next_step="loop over the inputs only.",
            )


jacobian = Comparison(JACOBIAN, reference.jacobian_forward, observe_jacobian, CATALOGUE, explain_jacobian)

JACOBIAN_STEPS = (
    Step("", check_jacobian_function),
    Step("shape (m, n)", check_transposed),
    Step("exact", check_jacobian_exact),
    Step("entries", jacobian),
    Step("one pass a column", check_passes),
)

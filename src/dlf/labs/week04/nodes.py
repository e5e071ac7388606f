"""Checks of `AutoDiffNode`: values of the operators, then backward, one property after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dlf.labs import contract
from dlf.labs.compare import Array, Comparison, Explain, Finding, Observe, SmallCase, Values
from dlf.labs.detectors import distance
from dlf.labs.exercise import Step
from dlf.labs.mutants import Catalogue
from dlf.labs.verdict import Failure
from dlf.labs.week04.careful import Legible
from dlf.labs.week04.mutants import CATALOGUE
from dlf.labs.week04.mutants.catalogue import NODE
from dlf.labs.week04.mutants.nodes import BROADCAST, IN_PLACE
from dlf.labs.week04.probe import (
    Expression,
    count_calls,
    gradient_of,
    gradients,
    node_of,
    positive,
    refuse,
    run_backward,
    signed,
    value_of,
    weights,
)
from dlf.labs.week04.reference import AutoDiffNode

METHODS = ("exp", "log", "tanh", "relu", "sum", "backward")
OPERATORS = {
    "+": ("__add__", "__radd__"),
    "-": ("__sub__", "__rsub__"),
    "*": ("__mul__", "__rmul__"),
    "/": ("__truediv__", "__rtruediv__"),
    "**": ("__pow__",),
    "@": ("__matmul__",),
    "unary -": ("__neg__",),
}
ROWS, COLUMNS = 4, 3
MATRICES = (2, 3), (3, 5)
SQUARES = (3, 3), (3, 3)


# ---- what it is, and the values ---------------------------------------------------------------


def check_class(cls: Any, seed: int) -> None:
    contract.class_(cls, ("value",), dict.fromkeys(METHODS))
    for sign, names in OPERATORS.items():
        missing = [n for n in names if not hasattr(cls, n)]
        if missing:
            raise Failure(
                f"The class {cls.__name__} has no {missing[0]}, which Python calls for {sign}.",
                status="error",
                next_step=f"define {missing[0]} in the class; look at its spelling and indentation.",
            )
    a = np.array([[1.0, 2.0], [3.0, 5.0]])
    node = cls(a.copy())
    if not hasattr(node, "value"):
        raise Failure("A node has no attribute .value.", status="error", next_step="set self.value in __init__.")
    contract.array(node.value, a.shape, "The value of a new node")
    node_of(node + node, "a + b")


CONSTANT = np.array([0.5, 1.5, -2.0])
VALUES: dict[str, Expression] = {
    "a + b": lambda a, b, m: a + b,
    "a - b": lambda a, b, m: a - b,
    "a * b": lambda a, b, m: a * b,
    "a / b": lambda a, b, m: a / b,
    "a ** 3": lambda a, b, m: a**3,
    "b ** -0.5": lambda a, b, m: b**-0.5,
    "a @ m": lambda a, b, m: a @ m,
    "-a": lambda a, b, m: -a,
    "b.exp()": lambda a, b, m: b.exp(),
    "b.log()": lambda a, b, m: b.log(),
    "a.tanh()": lambda a, b, m: a.tanh(),
    "a.relu()": lambda a, b, m: a.relu(),
    "a.sum()": lambda a, b, m: a.sum(),
    "a.sum(axis=0)": lambda a, b, m: a.sum(axis=0),
    "a.sum(axis=-1)": lambda a, b, m: a.sum(axis=-1),
    "a.sum(axis=1, keepdims=True)": lambda a, b, m: a.sum(axis=1, keepdims=True),
    "a.sum(0, True)": lambda a, b, m: a.sum(0, True),
    "a.sum(keepdims=True)": lambda a, b, m: a.sum(keepdims=True),
    "a + 2": lambda a, b, m: a + 2,
    "2 + a": lambda a, b, m: 2 + a,
    "a - 2": lambda a, b, m: a - 2,
    "2 - a": lambda a, b, m: 2 - a,
    "a * 2.5": lambda a, b, m: a * 2.5,
    "2.5 * a": lambda a, b, m: 2.5 * a,
    "a / 2": lambda a, b, m: a / 2,
    "2 / a": lambda a, b, m: 2 / a,
    "a * constant array": lambda a, b, m: a * CONSTANT,
    "a - constant array": lambda a, b, m: a - CONSTANT,
    "a @ constant array": lambda a, b, m: a @ np.ones((COLUMNS, 2)),
    "a * b.sum(axis=0)": lambda a, b, m: a * b.sum(axis=0),
}


def operands(seed: int) -> tuple[Array, Array, Array]:
    rng = np.random.default_rng([seed, 40])
    return signed(rng, ROWS, COLUMNS), positive(rng, ROWS, COLUMNS), signed(rng, COLUMNS, 5)


def observe_values(cls: Any, seed: int) -> Values:
    arrays = operands(seed)
    values: Values = {}
    for text, expression in VALUES.items():
        nodes = [cls(array.copy()) for array in arrays]
        shape = expression(*map(AutoDiffNode, arrays)).value.shape
        result = node_of(_built(expression, nodes, text), text)
        if "sum(" in text:
            _refuse_other_axes(result.value, shape, text)
        values[f"In {text}, the value"] = value_of(result, shape, text)
        for name, node, array in zip("abm", nodes, arrays, strict=True):
            contract.unchanged([array], [np.asarray(node.value)], f"The value of {name}, in {text},", None)
    return values


def _built(expression: Expression, nodes: list[Any], text: str) -> Any:
    try:
        return expression(*nodes)
    except (TypeError, ValueError, AttributeError) as error:
        refuse(error, f"{text} raised an exception.", None, "numbers and arrays are constants: make nodes of them.")


def _refuse_other_axes(value: Any, shape: tuple[int, ...], text: str) -> None:
    if isinstance(value, np.ndarray | float) and np.shape(value) != shape:
        raise Failure(
            f"{text} has shape {np.shape(value)}, expected {shape}: axis and keepdims are those of NumPy's sum.",
            "4.37",
            next_step="hand axis and keepdims on to np.sum.",
        )


# ---- seeds ------------------------------------------------------------------------------------


def observe_seeds(cls: Any, seed: int) -> Values:
    array = positive(np.random.default_rng([seed, 41]), ROWS, COLUMNS)
    return {
        f"After a.sum().{text}, the gradient of a": gradients(
            cls, lambda a: a.sum(), {"a": array}, *given, text="a.sum()"
        )["a"]
        for text, given in {"backward()": (), "backward(2.5)": (2.5,)}.items()
    }


def check_not_scalar(cls: Any, seed: int) -> None:
    node = cls(np.array([1.0, 2.0, 3.0])) * 2
    try:
        run_backward(node)
    except ValueError:
        return
    except Failure:
        raise
    except Exception as error:
        refuse(
            error,
            "backward() on three numbers should raise a ValueError that names the way out.",
            "4.10",
            "compare the shape of gradient with that of self.value first, and raise ValueError.",
        )
    raise Failure(
        "backward() on three numbers went through: the gradient of which of them? A silent sum hides a forgotten "
        ".sum() or .mean(). Without a gradient of the value's shape, raise ValueError.",
        "4.10",
        ("a = [1, 2, 3]; (a * 2).backward()",),
    )


def check_shape_of_seed(cls: Any, seed: int) -> None:
    for shape in ((4, 1), (3,), (2, 4, 3)):
        try:
            run_backward(cls(np.ones((4, 3))) * 2, np.ones(shape))
        except ValueError:
            continue
        raise Failure(
            f"backward accepts a gradient of shape {shape} for a value of shape (4, 3): broadcasting makes it fit, and "
            "hides that it belongs to something else. Raise ValueError.",
            "4.10",
            next_step="compare the shape of gradient with that of self.value.",
        )


# ---- rules ------------------------------------------------------------------------------------

Rule = tuple[Expression, str]  # the expression, and the operands it takes: signed a, b; positive p, q
RULES: dict[str, Rule] = {
    "a + b": (lambda a, b: a + b, "ab"),
    "a - b": (lambda a, b: a - b, "ab"),
    "a * b": (lambda a, b: a * b, "ab"),
    "a / b": (lambda a, b: a / b, "ab"),
    "-a": (lambda a: -a, "a"),
    "a ** 2": (lambda a: a**2, "a"),
    "p ** -1.5": (lambda p: p**-1.5, "p"),
    "a.exp()": (lambda a: a.exp(), "a"),
    "p.log()": (lambda p: p.log(), "p"),
    "a.tanh()": (lambda a: a.tanh(), "a"),
    "a.relu()": (lambda a: a.relu(), "a"),
}
CONSTANTS: dict[str, Rule] = {
    "2.5 - a": (lambda a: 2.5 - a, "a"),
    "2.5 / a": (lambda a: 2.5 / a, "a"),
    "a * 1.5 + 1": (lambda a: a * 1.5 + 1, "a"),
    "a * constant array - 1": (lambda a: a * CONSTANT - 1, "a"),
}


Cases = dict[str, tuple[Expression, dict[str, Array]]]
Cotangent = Callable[[tuple[int, ...]], Array]
Problem = Callable[[int], Cases]  # of a seed


def of_rules(table: dict[str, Rule]) -> Problem:
    def problem(seed: int) -> Cases:
        rng = np.random.default_rng([seed, 42])
        shape = (ROWS, COLUMNS)
        arrays = {"a": signed(rng, *shape), "b": signed(rng, *shape), "p": positive(rng, *shape)}
        return {t: (f, {n: arrays[n] for n in names}) for t, (f, names) in table.items()}

    return problem


def _observed(cls: Any, cases: Cases, cotangent: Cotangent = weights) -> Values:
    """Gradients of all operands of all expressions."""
    values: Values = {}
    for text, (expression, arrays) in cases.items():
        y = expression(*map(AutoDiffNode, arrays.values())).value
        for name, gradient in gradients(cls, expression, arrays, cotangent(y.shape).copy(), text=text).items():
            values[f"In {text}, the gradient of {name}"] = gradient
    return values


def observe(problem: Problem) -> Observe:
    return lambda cls, seed: _observed(cls, problem(seed))


def explain(problem: Problem) -> Explain:
    """A rule that forgets the incoming cotangent gives the gradient for the cotangent 1."""

    def explained(learner: Values, right: Values, seed: int) -> Finding | None:
        alone = _observed(AutoDiffNode, problem(seed), np.ones)
        first = next(k for k in right if distance(learner[k], right[k]) > 1e-9)
        if distance(learner[first], alone[first]) > 1e-9:
            return None
        text, name = first.removeprefix("In ").rsplit(", the gradient of ", 1)
        return "4.12", (
            f"The rule of {text} does not multiply by g: the gradient of {name} is the local derivative alone, the "
            "gradient for g = 1."
        )

    return explained


def of_matmul(shapes: tuple[tuple[int, int], tuple[int, int]]) -> Problem:
    def problem(seed: int) -> Cases:
        rng = np.random.default_rng([seed, 43])
        a, b = (signed(rng, *shape) for shape in shapes)
        return {"a @ b": (lambda a, b: a @ b, {"a": a, "b": b})}

    return problem


SUMS: dict[str, Expression] = {
    "a.sum()": lambda a: a.sum(),
    "a.sum(axis=0)": lambda a: a.sum(axis=0),
    "a.sum(axis=1)": lambda a: a.sum(axis=1),
    "a.sum(axis=-1)": lambda a: a.sum(axis=-1),
    "a.sum(axis=1, keepdims=True)": lambda a: a.sum(axis=1, keepdims=True),
    "a.sum(keepdims=True)": lambda a: a.sum(keepdims=True),
}


def of_sums(shape: tuple[int, int]) -> Problem:
    def problem(seed: int) -> Cases:
        a = signed(np.random.default_rng([seed, 44]), *shape)
        return {text: (f, {"a": a}) for text, f in SUMS.items()}

    return problem


def else_square(other: Comparison, square: Comparison, row: str, says: str) -> Callable[[Any, int], None]:
    """`other`; when it raises because shapes do not agree, the mistake is looked for where they do."""

    def check(cls: Any, seed: int) -> None:
        try:
            other(cls, seed)
        except (ValueError, IndexError) as error:
            square(cls, seed)
            refuse(error, says, row)

    return check


# ---- broadcasting -----------------------------------------------------------------------------

PAIRS: dict[str, tuple[Expression, tuple[int, ...], tuple[int, ...]]] = {
    "a + b": (lambda a, b: a + b, (8, 4), (4,)),
    "a - b": (lambda a, b: a - b, (4,), (8, 4)),
    "a * b": (lambda a, b: a * b, (5, 1), (1, 3)),
    "a / b": (lambda a, b: a / b, (1, 3), (5, 3)),
    "a + b, b a number": (lambda a, b: a + b, (5, 3), ()),
    "a * b, three axes": (lambda a, b: a * b, (2, 1, 3), (4, 1)),
    "a * b, square": (lambda a, b: a * b, (4, 4), (4, 1)),
    "a + b, square": (lambda a, b: a + b, (4,), (4, 4)),
    "a - b, square": (lambda a, b: a - b, (1, 4), (4, 4)),
}


def observe_broadcast(cls: Any, seed: int) -> Values:
    rng = np.random.default_rng([seed, 45])
    values: Values = {}
    for text, (expression, *shapes) in PAIRS.items():
        arrays = dict(zip("ab", (signed(rng, *s) for s in shapes), strict=True))
        leaves = {n: cls(a.copy()) for n, a in arrays.items()}
        y = expression(*leaves.values())
        _backward_of_broadcast(y, weights(np.broadcast_shapes(*shapes)), arrays, text)
        for name, leaf in leaves.items():
            what = f"In {text}, the gradient of {name}"
            _refuse_unsummed(leaf, name, arrays, text)
            values[what] = gradient_of(leaf, arrays[name].shape, what)
    return values


def _backward_of_broadcast(y: Any, cotangent: Array, arrays: dict[str, Array], text: str) -> None:
    try:
        run_backward(y, cotangent)
    except ValueError as error:
        shapes = " and ".join(f"{n} {a.shape}" for n, a in arrays.items())
        refuse(error, f"backward fails for {text} with {shapes}. {BROADCAST}", "4.7")


def _refuse_unsummed(leaf: Any, name: str, arrays: dict[str, Array], text: str) -> None:
    found, expected = np.shape(leaf.gradient), arrays[name].shape
    if found != expected:
        raise Failure(
            f"In {text}, the gradient of {name} has shape {found}; {name} is {expected}. {BROADCAST}",
            "4.7",
            (f"shapes: {', '.join(f'{n} {a.shape}' for n, a in arrays.items())}",),
            f"sum over the axes that were added and over those of length 1 that were stretched; it ends as {expected}.",
        )


# ---- reused nodes -----------------------------------------------------------------------------


def with_a(f: Callable[[Any], Any]) -> Expression:
    return lambda x: f(x * 2.0)


def shared_everywhere(x: Any) -> Any:
    """A graph in which every node has several parents, short edges first and last."""
    a = x.tanh()
    b = a * x
    c = a + b * a
    d = (b - c) * b
    return a * d + (d + c * x) * 0.5


REUSED: dict[str, Expression] = {
    "x * x": lambda x: x * x,
    "x + x": lambda x: x + x,
    "(x * 2) + (x * 3)": lambda x: x * 2.0 + x * 3.0,
    "a * a, a = x * 2": with_a(lambda a: a * a),
    "(a * 3) + a, a = x * 2": with_a(lambda a: a * 3.0 + a),
    "(a * 2) + (a * 3), a = x * 2": with_a(lambda a: a * 2.0 + a * 3.0),
    "a + (a * 3), a = x * 2": with_a(lambda a: a + a * 3.0),
    "a graph where every node is used several times": shared_everywhere,
}


def observe_reuse(cls: Any, seed: int) -> Values:
    x = signed(np.random.default_rng([seed, 46]), COLUMNS)
    return _observed(cls, {text: (f, {"x": x}) for text, f in REUSED.items()})


def explain_reuse(learner: Values, right: Values, seed: int) -> Finding | None:
    wrong = [
        k.removeprefix("In ").removesuffix(", the gradient of x")
        for k in right
        if distance(learner[k], right[k]) > 1e-9
    ]
    return None, (
        f"The gradient is wrong where a node is used more than once: {wrong[0]}. Every path from the result to x "
        "counts once."
    )


def _reuse_cases() -> tuple[SmallCase, ...]:
    def case(text: str, expression: Expression) -> SmallCase:
        def run(cls: Any) -> Array:
            return gradients(cls, expression, {"x": np.array(1.5)})["x"]

        return f"x = 1.5; the gradient of x in {text}", run

    return tuple(case(text, f) for text, f in REUSED.items())


# ---- called again -----------------------------------------------------------------------------


def check_second(cls: Any, seed: int) -> None:
    """Leaves may add up or start anew; what lies between takes no part."""
    array = signed(np.random.default_rng([seed, 47]), COLUMNS)
    x = cls(array.copy())
    a = x * 2.0
    y = (a * a).sum()
    first = _after(y, x, array.shape)
    second = _after(y, x, array.shape, 3.0)
    if _is_any(second, 3 * first, 4 * first):
        check_second_root(cls, array)
        return
    if distance(second, first) < 1e-9:
        raise Failure(
            "A second backward(3.0) changed nothing: marks of the first one stay on the nodes, or in a set that "
            "outlives it.",
            "4.25",
            next_step="keep the set of visited nodes inside of backward.",
        )
    raise _kept("the same node", second, 3 * first, 4 * first)


def _after(y: Any, x: Any, shape: tuple[int, ...], *given: Any) -> Array:
    run_backward(y, *given)
    return gradient_of(x, shape, "The gradient of x").copy()


def check_second_root(cls: Any, array: Array) -> None:
    x = cls(array.copy())
    a = x * 2.0
    first = _after((a * a).sum(), x, array.shape)
    second = _after((a * 5.0).sum(), x, array.shape)
    alone = np.full(array.shape, 10.0)
    if not _is_any(second, alone, first + alone):
        raise _kept("another node over the same a", second, alone, first + alone)


def _is_any(found: Array, *right: Array) -> bool:
    return any(distance(found, r) < 1e-9 for r in right)


def _kept(which: str, found: Array, alone: Array, added: Array) -> Failure:
    return Failure(
        f"The second backward, of {which}, gives a wrong gradient: gradients of the nodes between are still there "
        "from the first. Leaves may add up, but the nodes between have to start anew.",
        "4.11",
        (
            "a = x * 2; y = (a * a).sum()",
            f"x.gradient[0] after the second: yours {found[0]:.4f}",
            f"expected {alone[0]:.4f} (started anew) or {added[0]:.4f} (added to the first)",
        ),
    )


DOUBLINGS = 10


def check_visits(cls: Any, seed: int) -> None:
    def calls(doublings: int) -> int:
        x = node = cls(np.array([0.5, 0.25]))
        for _ in range(doublings):
            node = node + node
        counted = count_calls(lambda: run_backward(node, np.array([1.0, 1.0])))
        if not _is_any(gradient_of(x, (2,), "The gradient of x"), np.full(2, 2.0**doublings)):
            raise Failure(f"The gradient of x after {doublings} doublings x = x + x is not 2^{doublings}.")
        return counted

    few, many = calls(DOUBLINGS // 2), calls(DOUBLINGS)
    if many > 8 * few:
        raise Failure(
            f"Each node must be visited once: with {DOUBLINGS // 2} doublings x = x + x your backward calls {few:,} "
            f"functions, with {DOUBLINGS} it calls {many:,}. The number of paths, 2^{DOUBLINGS} = {2**DOUBLINGS:,}, "
            "doubles with every node.",
            "4.6",
            next_step="go once through the nodes in topological order, and send each node's complete gradient on.",
        )


# ---- arrays that are shared -------------------------------------------------------------------


def check_captured(cls: Any, seed: int) -> None:
    """The caller's arrays change between forward and backward."""
    rng = np.random.default_rng([seed, 48])
    for which in ("of the leaf", "of the constant"):
        x_array, c_array = signed(rng, COLUMNS), signed(rng, COLUMNS)
        old = 2 * x_array * c_array
        x = cls(x_array)
        y = (x * x * c_array).sum()
        (x_array if "leaf" in which else c_array)[...] += 3.0
        try:
            run_backward(y)
        except Failure:
            raise
        except Exception:
            continue  # refusing is right, too
        found = gradient_of(x, x_array.shape, "The gradient of x")
        if distance(found, old) > 1e-9:
            raise Failure(
                f"The array {which} was changed after the forward pass, by the caller who made it, and your gradient "
                "is that of the new numbers; the forward pass saw the old ones. Save a copy, or refuse.",
                "4.13",
                (f"x.gradient[0]: yours {found[0]:.4f}, of the numbers that were used {old[0]:.4f}",),
                "np.array(value) in __init__ copies; np.asarray(value) does not.",
            )


SHARED: dict[str, Expression] = {
    "(a + b) + (a * 3)": lambda a, b: (a + b) + a * 3.0,
    "(a * 3) + (a + b)": lambda a, b: a * 3.0 + (a + b),
    "(a + b) + (b * 3)": lambda a, b: (a + b) + b * 3.0,
    "(b * 3) + (a + b)": lambda a, b: b * 3.0 + (a + b),
    "(a + b) + a": lambda a, b: (a + b) + a,
    "a + (a + b)": lambda a, b: a + (a + b),
    "(b + a) + a": lambda a, b: (b + a) + a,
    "a + (b + a)": lambda a, b: a + (b + a),
}


def observe_shared(cls: Any, seed: int) -> Values:
    rng = np.random.default_rng([seed, 49])
    arrays = {"a": signed(rng, COLUMNS), "b": signed(rng, COLUMNS)}
    return _observed(cls, {text: (f, arrays) for text, f in SHARED.items()})


def explain_shared(learner: Values, right: Values, seed: int) -> Finding | None:
    return "4.22", IN_PLACE


def check_shared(cls: Any, seed: int) -> None:
    cotangent = signed(np.random.default_rng([seed, 50]), COLUMNS)
    given = cotangent.copy()
    x = cls(np.ones(COLUMNS))
    run_backward(x + x, given)
    if not np.array_equal(cotangent, given):
        raise Failure("The array that was handed to backward changed. " + IN_PLACE, "4.22")
    shared(cls, seed)


# ---- steps ------------------------------------------------------------------------------------


def _comparison(observe: Observe, catalogue: Catalogue = CATALOGUE, **more: Any) -> Comparison:
    return Legible(NODE, AutoDiffNode, observe, catalogue, **more)


# backward(2.5) was right before the rules are looked at: the argument is not ignored as a whole.
RULE_MISTAKES = Catalogue()
RULE_MISTAKES.mutants = [m for m in CATALOGUE.mutants if m.row != "4.10"]


def _rules(problem: Problem, **more: Any) -> Comparison:
    return _comparison(observe(problem), RULE_MISTAKES, explain=explain(problem), **more)


def _rule_cases() -> tuple[SmallCase, ...]:
    numbers = {"a": np.array(1.5), "b": np.array(2.0), "p": np.array(4.0)}

    def case(text: str, expression: Expression, names: str, which: str) -> SmallCase:
        given = {n: numbers[n] for n in names}
        told = ", ".join(f"{n} = {v:g}" for n, v in given.items())
        return f"{told}; the gradient of {which} in {text}", lambda cls: gradients(cls, expression, given)[which]

    return tuple(case(t, f, names, n) for t, (f, names) in RULES.items() for n in names)


values = _comparison(observe_values)
seeds = _comparison(observe_seeds)
rules = _rules(of_rules(RULES), small_cases=_rule_cases())
constants = _rules(of_rules(CONSTANTS))
products = _rules(of_matmul(MATRICES))
square_products = _rules(of_matmul(SQUARES))
sums = _rules(of_sums((2, 3)))
square_sums = _rules(of_sums((3, 3)))
broadcast = _comparison(observe_broadcast)
reuse = _comparison(observe_reuse, explain=explain_reuse, small_cases=_reuse_cases())
shared = _comparison(observe_shared, explain=explain_shared)

matrix_products = else_square(
    products, square_products, "4.8", f"The gradient of a @ b fails for the shapes {MATRICES[0]} and {MATRICES[1]}."
)
all_sums = else_square(sums, square_sums, "4.38", "The gradient of .sum fails for an array of shape (2, 3).")

STEPS = (
    Step("", check_class),
    Step("values of the operators", values),
    Step("seed", seeds),
    Step("", check_not_scalar),
    Step("", check_shape_of_seed),
    Step("rules", rules),
    Step("@", matrix_products),
    Step("sum", all_sums),
    Step("", constants),
    Step("broadcasting", broadcast),
    Step("reused nodes", reuse),
    Step("backward again", check_second),
    Step("each node once", check_visits),
    Step("arrays that change later", check_captured),
    Step("no shared arrays", check_shared),
)

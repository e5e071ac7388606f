"""Grading of the project: every operation by differences, then the probes of the week on the learner's Tensor."""

from __future__ import annotations

import contextlib
import textwrap
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlf.labs import contract
from dlf.labs.compare import Array, plain_facts
from dlf.labs.detectors import distance
from dlf.labs.exercise import Step
from dlf.labs.guard import describe_exception
from dlf.labs.result import TODO
from dlf.labs.verdict import WIDTH, Failure, NotStarted
from dlf.labs.week04 import forward_mode, nodes
from dlf.labs.week04.checkpointing import still_alive
from dlf.labs.week04.ordering import recursion_limit_kept
from dlf.labs.week04.probe import positive, signed

MEMBERS = ("Tensor", "grad", "jvp", "checkpoint")
GRADCHECK = 1e-6  # of central differences with h = 1e-5 on functions of size 1: they reach 1e-9
DEPTH = 5000


# ---- operations -------------------------------------------------------------------------------

Sample = tuple[Callable[..., Array], tuple[int, ...]]


@dataclass(frozen=True)
class Operation:
    """The same function of Tensors and of arrays; `arrays` may be left out when operators are all it uses."""

    text: str
    tensors: Callable[..., Any]
    samples: tuple[Sample, ...]
    arrays: Callable[..., Any] | None = None

    def expected(self, *x: Array) -> Array:
        return np.asarray((self.arrays or self.tensors)(*x))

    def operands(self, seed: int) -> list[Array]:
        rng = np.random.default_rng([seed, 91])
        return [sample(rng, *shape) for sample, shape in self.samples]


A = (signed, (4, 3))
P = (positive, (4, 3))
CUBE = (signed, (2, 3, 4))
ROWS, COLUMNS = np.array([0, 2, 0]), np.array([1, 1, 1])


def logsumexp(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    top = x.max(axis=axis, keepdims=True)
    y = np.log(np.exp(x - top).sum(axis=axis, keepdims=True)) + top
    return np.asarray(y if keepdims else y.reshape(x.max(axis=axis).shape))


OPERATIONS = (
    Operation("a + b", lambda a, b: a + b, (A, A)),
    Operation("a - b", lambda a, b: a - b, (A, A)),
    Operation("a * b", lambda a, b: a * b, (A, A)),
    Operation("a / b", lambda a, b: a / b, (A, A)),
    Operation("-a", lambda a: -a, (A,)),
    Operation("a ** 3", lambda a: a**3, (A,)),
    Operation("a ** -0.5", lambda a: a**-0.5, (P,)),
    Operation("2 + a", lambda a: 2 + a, (A,)),
    Operation("2 - a", lambda a: 2 - a, (A,)),
    Operation("3 * a", lambda a: 3 * a, (A,)),
    Operation("3 / a", lambda a: 3 / a, (A,)),
    Operation("a @ b", lambda a, b: a @ b, ((signed, (2, 3)), (signed, (3, 5)))),
    Operation("stacks a @ b", lambda a, b: a @ b, (CUBE, (signed, (2, 4, 5)))),
    Operation("a stack @ a matrix", lambda a, b: a @ b, (CUBE, (signed, (4, 5)))),
    Operation("exp", lambda a: a.exp(), (A,), np.exp),
    Operation("log", lambda a: a.log(), (P,), np.log),
    Operation("sqrt", lambda a: a.sqrt(), (P,), np.sqrt),
    Operation("tanh", lambda a: a.tanh(), (A,), np.tanh),
    Operation("sigmoid", lambda a: a.sigmoid(), (A,), lambda x: 1 / (1 + np.exp(-x))),
    Operation("relu", lambda a: a.relu(), (A,), lambda x: np.maximum(x, 0)),
    Operation("sum()", lambda a: a.sum(), (A,), np.sum),
    Operation("sum(axis=1)", lambda a: a.sum(axis=1), (CUBE,), lambda x: x.sum(axis=1)),
    Operation(
        "sum(axis=(0, 2), keepdims=True)",
        lambda a: a.sum(axis=(0, 2), keepdims=True),
        (CUBE,),
        lambda x: x.sum(axis=(0, 2), keepdims=True),
    ),
    Operation("mean()", lambda a: a.mean(), (A,), np.mean),
    Operation("mean(axis=-1)", lambda a: a.mean(axis=-1), (CUBE,), lambda x: x.mean(axis=-1)),
    Operation("mean(axis=(0, 1))", lambda a: a.mean(axis=(0, 1)), (CUBE,), lambda x: x.mean(axis=(0, 1))),
    Operation("max()", lambda a: a.max(), (A,), np.max),
    Operation("max(axis=1)", lambda a: a.max(axis=1), (CUBE,), lambda x: x.max(axis=1)),
    Operation(
        "max(axis=(0, 2), keepdims=True)",
        lambda a: a.max(axis=(0, 2), keepdims=True),
        (CUBE,),
        lambda x: x.max(axis=(0, 2), keepdims=True),
    ),
    Operation("logsumexp()", lambda a: a.logsumexp(), (A,), logsumexp),
    Operation("logsumexp(axis=0)", lambda a: a.logsumexp(axis=0), (CUBE,), lambda x: logsumexp(x, 0)),
    Operation(
        "logsumexp(axis=(1, 2), keepdims=True)",
        lambda a: a.logsumexp(axis=(1, 2), keepdims=True),
        (CUBE,),
        lambda x: logsumexp(x, (1, 2), True),
    ),
    Operation("softmax()", lambda a: a.softmax(), (A,), lambda x: np.exp(x - logsumexp(x, -1, True))),
    Operation("softmax(axis=0)", lambda a: a.softmax(axis=0), (A,), lambda x: np.exp(x - logsumexp(x, 0, True))),
    Operation("log_softmax()", lambda a: a.log_softmax(), (A,), lambda x: x - logsumexp(x, -1, True)),
    Operation("log_softmax(axis=1)", lambda a: a.log_softmax(axis=1), (CUBE,), lambda x: x - logsumexp(x, 1, True)),
    Operation("reshape((2, 6))", lambda a: a.reshape((2, 6)), (A,), lambda x: x.reshape(2, 6)),
    Operation("reshape((-1,))", lambda a: a.reshape((-1,)), (CUBE,), lambda x: x.reshape(-1)),
    Operation("transpose((1, 0))", lambda a: a.transpose((1, 0)), (A,), np.transpose),
    Operation("transpose((1, 2, 0))", lambda a: a.transpose((1, 2, 0)), (CUBE,), lambda x: x.transpose(1, 2, 0)),
    Operation("x[1]", lambda a: a[1], (A,)),
    Operation("x[1:3, 0]", lambda a: a[1:3, 0], (A,)),
    Operation("x[:, ::-1]", lambda a: a[:, ::-1], (A,)),
    Operation("x[[0, 2, 0]], a row twice", lambda a: a[ROWS], (A,)),
    Operation("x[rows, columns], an entry twice", lambda a: a[ROWS, COLUMNS], (A,)),
)


def differences(f: Callable[..., Array], x: list[Array], i: int, c: Array, h: float = 1e-5) -> Array:
    """Gradient of sum(c * f(*x)) with respect to x[i]."""
    found = np.zeros_like(x[i])
    for j in np.ndindex(found.shape):
        sides = []
        for sign in (1, -1):
            moved = [array.copy() for array in x]
            moved[i][j] += sign * h
            sides.append(f(*moved))
        found[j] = np.sum(c * (sides[0] - sides[1])) / (2 * h)
    return found


NOT_WRITTEN = "not written yet"


def every_operation(what: str, one: Callable[[Operation, Any, int], str | None]) -> Callable[[Any, int], None]:
    """Runs `one` on all operations; it returns what is wrong. Reports all of them together."""

    def check(attempt: Any, seed: int) -> None:
        wrong = {}
        for operation in OPERATIONS:
            try:
                problem = one(operation, attempt, seed)
            except Failure as failure:
                problem = failure.sentence
            except (NotStarted, NotImplementedError):
                problem = NOT_WRITTEN
            except Exception as error:
                problem = describe_exception(error)[0].removeprefix("Your code ")
            if problem:
                wrong[operation.text] = problem
        if len(wrong) == len(OPERATIONS) and set(wrong.values()) == {NOT_WRITTEN}:
            raise NotStarted
        if wrong:
            _report(what, wrong)

    return check


def _report(what: str, wrong: dict[str, str]) -> None:
    """What is wrong comes first, what is not written yet after it."""
    names = sorted(wrong, key=lambda name: wrong[name] == NOT_WRITTEN)
    lines = [f"{name}: {wrong[name]}" for name in names]
    if len(lines) > 5:
        lines = [*lines[:4], "and " + ", ".join(names[4:])]
    count = sum(problem != NOT_WRITTEN for problem in wrong.values())
    verb = ("has", "is") if (count or len(wrong)) == 1 else ("have", "are")
    state = f"{verb[0]} a wrong {what}" if count else f"{verb[1]} not written yet"
    raise Failure(
        f"{count or len(wrong)} of {len(OPERATIONS)} operations {state}.",
        status="fail" if count else "todo",
        evidence=tuple(part for line in lines for part in _two_lines(line))[:5],
        next_step=f"begin with {names[0]}; the others may share its cause.",
    )


def _two_lines(line: str) -> list[str]:
    return textwrap.wrap(line, WIDTH - 4, subsequent_indent="  ")[:2]


def value_wrong(operation: Operation, attempt: Any, seed: int) -> str | None:
    x = operation.operands(seed)
    y = operation.tensors(*(attempt.Tensor(a.copy()) for a in x))
    if y is TODO:
        raise NotStarted
    if not hasattr(y, "data") or not isinstance(y, attempt.Tensor):
        return f"returns {contract.kind(y)}, expected a Tensor"
    expected = operation.expected(*x)
    found = contract.array(y.data, expected.shape, "its value")
    return facts("the value", found, expected, 1e-9)


def facts(name: str, found: Array, expected: Array, tolerance: float) -> str | None:
    return None if distance(found, expected) <= tolerance else plain_facts(name, found, expected)


def gradient_wrong(operation: Operation, attempt: Any, seed: int) -> str | None:
    x = operation.operands(seed)
    c = np.random.default_rng([seed, 92]).standard_normal(operation.expected(*x).shape)
    leaves = [attempt.Tensor(a.copy(), requires_grad=True) for a in x]
    operation.tensors(*leaves).backward(c.copy())
    for i, leaf in enumerate(leaves):
        name = f"the gradient of {'ab'[i]}" if len(x) > 1 else "the gradient"
        found = contract.array(leaf.grad, x[i].shape, name)
        problem = facts(name, found, differences(operation.expected, x, i, c), GRADCHECK)
        if problem:
            return problem
    return None


def jvp_wrong(operation: Operation, attempt: Any, seed: int) -> str | None:
    x, *rest = operation.operands(seed)
    v, h = np.random.default_rng([seed, 93]).standard_normal(x.shape), 1e-5
    y, dy = contract.items(attempt.jvp(lambda t: operation.tensors(t, *rest), x.copy(), v.copy()), 2, "jvp", "(y, dy)")
    expected = operation.expected(x, *rest)
    problem = facts("y", contract.array(y, expected.shape, "y"), expected, 1e-9)
    quotient = (operation.expected(x + h * v, *rest) - operation.expected(x - h * v, *rest)) / (2 * h)
    return problem or facts("dy", contract.array(dy, expected.shape, "dy"), quotient, GRADCHECK)


# ---- the namespace ----------------------------------------------------------------------------


def check_namespace(attempt: Any, seed: int) -> None:
    missing = [m for m in MEMBERS if not hasattr(attempt, m)]
    if all(getattr(attempt, m, TODO) is TODO for m in MEMBERS):
        raise NotStarted
    if missing:
        raise Failure(
            f"The namespace has no {', '.join(missing)}.",
            evidence=(f"it should hold {', '.join(MEMBERS)}; it is {contract.kind(attempt)}",),
            status="error",
            next_step="hand in a class whose attributes they are, or a module.",
        )
    if attempt.Tensor is TODO:
        raise NotStarted
    contract.class_(attempt.Tensor, ("data", "requires_grad"), {"backward": None})
    contract.accepts_keyword(attempt.Tensor, "requires_grad", "Tensor")
    t = attempt.Tensor(np.array([1.0, 2.0]), requires_grad=True)
    if getattr(t, "data", None) is TODO:
        raise NotStarted
    for name in ("data", "grad"):
        if not hasattr(t, name):
            raise Failure(f"A Tensor has no .{name}.", status="error", next_step=f"set self.{name} in __init__.")
    contract.array(t.data, (2,), "The data of a new Tensor")
    for name, arguments in {"grad": ("f",), "jvp": ("f", "x", "v"), "checkpoint": ("f",)}.items():
        if getattr(attempt, name) is not TODO:
            contract.function(getattr(attempt, name), arguments)


# ---- the probes of the week, on Tensors -------------------------------------------------------


def as_node(Tensor: Any) -> Any:
    """A class like AutoDiffNode around this Tensor, for the checks of `nodes`."""

    class Node:
        def __init__(self, value: Any) -> None:
            self.tensor = value if isinstance(value, Tensor) else Tensor(value, requires_grad=True)

        @property
        def value(self) -> Any:
            return self.tensor.data

        @property
        def gradient(self) -> Any:
            return 0.0 if self.tensor.grad is None else self.tensor.grad

        def backward(self, *gradient: Any) -> Any:
            return self.tensor.backward(*gradient)

    def delegate(name: str) -> Callable[..., Any]:
        def method(self: Any, *others: Any, **options: Any) -> Any:
            plain = [o.tensor if isinstance(o, Node) else o for o in others]
            return Node(getattr(self.tensor, name)(*plain, **options))

        return method

    for name in (*(n for names in nodes.OPERATORS.values() for n in names), "exp", "log", "tanh", "relu", "sum"):
        setattr(Node, name, delegate(name))
    return Node


def probe(*checks: Callable[[Any, int], None]) -> Callable[[Any, int], None]:
    def check(attempt: Any, seed: int) -> None:
        cls = as_node(attempt.Tensor)
        for one in checks:
            one(cls, seed)

    return check


def second_or_refused(cls: Any, seed: int) -> None:
    """An engine that frees its graph raises on a second backward of the same node."""
    try:
        nodes.check_second(cls, seed)
    except RuntimeError:
        return


def check_stable(attempt: Any, seed: int) -> None:
    x = np.array([[1000.0, 999.0, 998.0], [-1000.0, -1001.0, -999.0]])
    expected = {
        "logsumexp": logsumexp(x, -1),
        "softmax": np.exp(x - logsumexp(x, -1, True)),
        "log_softmax": x - logsumexp(x, -1, True),
    }
    for name, right in expected.items():
        leaf = attempt.Tensor(x.copy(), requires_grad=True)
        y = getattr(leaf, name)(axis=-1)
        bad = [i for i in range(len(x)) if not np.isfinite(np.asarray(y.data)[i]).all()]
        if bad:
            raise Failure(
                f".{name} of numbers near 1000 or -1000 is not finite: exp overflows, or all its values are 0. "
                "Subtract the maximum first, of each row its own; the result does not change.",
                evidence=(
                    f"{name}({x[bad[0]].tolist()}) = {np.asarray(y.data)[bad[0]]}",
                    f"beside the row {x[1 - bad[0]].tolist()}",
                ),
            )
        problem = facts(f"With numbers near 1000, .{name}", np.asarray(y.data), right, 1e-9)
        y.backward(np.ones_like(right))
        if problem or not np.isfinite(leaf.grad).all():
            raise Failure(problem or f"The gradient of .{name} of numbers near 1000 is not finite.")


def check_depth(attempt: Any, seed: int) -> None:
    x = attempt.Tensor(np.array([1.0, -2.0]), requires_grad=True)
    y = x
    for _ in range(DEPTH):
        y = y * 0.9999
    try:
        with recursion_limit_kept():
            y.sum().backward()
    except RecursionError as error:
        raise Failure(
            f"A chain of {DEPTH:,} operations is too deep for a recursive backward (RecursionError).",
            "4.24",
            describe_exception(error)[1],
            "use a topological order that keeps its own stack.",
        ) from None
    if distance(contract.array(x.grad, (2,), "The gradient of x"), np.full(2, 0.9999**DEPTH)) > 1e-9:
        raise Failure(f"The gradient through {DEPTH} operations y = y * 0.9999 is wrong.")


# ---- transforms -------------------------------------------------------------------------------


def check_grad(attempt: Any, seed: int) -> None:
    if attempt.grad is TODO:
        raise _to_do("grad")
    x = signed(np.random.default_rng([seed, 94]), 4, 3)
    given = x.copy()
    gradient = attempt.grad(lambda t: (t.tanh() * t).sum())
    if gradient is TODO:
        raise _to_do("grad")
    if not callable(gradient):
        raise Failure(f"grad(f) is {contract.kind(gradient)}, expected a function of x.")
    t = np.tanh(x)
    for which in ("", "second "):
        found = contract.array(_unwrapped(attempt, gradient(given), "grad(f)(x)"), x.shape, "grad(f)(x)")
        contract.unchanged([x], [given], "x", None)
        problem = facts(f"The {which}grad(f)(x)", found, t + x * (1 - t**2), 1e-9)
        if problem:
            raise Failure(
                problem,
                "4.11" if which else None,
                ("f = lambda t: (t.tanh() * t).sum()",),
                "make a new leaf in every call." if which else None,
            )
    constant = contract.array(attempt.grad(lambda t: (t * 0.0).sum())(given), x.shape, "grad of a constant")
    if constant.any():
        raise Failure("grad(f)(x) of f = (x * 0).sum() is not zeros.")


def _unwrapped(attempt: Any, value: Any, what: str) -> Any:
    if isinstance(value, attempt.Tensor):
        raise Failure(
            f"{what} is a {type(value).__name__}, expected an array: transforms take arrays and return arrays.",
            next_step="return its .data.",
        )
    return value


def _to_do(name: str) -> Failure:
    return Failure(
        f"What comes before is right; {name} is not written yet.",
        status="todo",
        next_step='write it, then run this cell again; lab.hint("project") helps to begin.',
    )


def check_jvp(attempt: Any, seed: int) -> None:
    if attempt.jvp is TODO or attempt.jvp(lambda t: t + t, np.ones(2), np.ones(2)) is TODO:
        raise _to_do("jvp")
    for step in forward_mode.JVP_STEPS[:-1]:  # how often f is called is the learner's own
        step.check(attempt.jvp, seed)


def check_ties(attempt: Any, seed: int) -> None:
    """The weights of a maximum that is attained twice are the learner's own, but add up to 1."""
    x = np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 0.0]])
    leaf = attempt.Tensor(x.copy(), requires_grad=True)
    leaf.max(axis=1).backward(np.ones(2))
    found = contract.array(leaf.grad, x.shape, "The gradient of max(axis=1)")
    at = x == x.max(axis=1, keepdims=True)
    if found[~at].any() or distance(found.sum(axis=1), np.ones(2)) > 1e-9 or (found < 0).any():
        raise Failure(
            "Where a maximum is attained twice, the gradient of max is split with weights that add up to 1; other "
            "entries receive 0. A step along (1, ..., 1) raises the maximum once, not twice.",
            "4.46",
            (f"gradient of max{x[0].tolist()}:  yours {found[0].tolist()}",),
            "divide by the number of ties, or give everything to the first.",
        )


class Watched:
    """The function that is checkpointed: counts its calls, and watches the Tensors between."""

    def __init__(self) -> None:
        self.calls = 0
        self.between: list[weakref.ref[Any]] = []

    def __call__(self, x: Any, w: Any) -> Any:
        self.calls += 1
        h = (x @ w).tanh()
        s = h * h + 1.0
        self._watch(h, s)
        return s.log() * h

    def _watch(self, *tensors: Any) -> None:
        for t in tensors:
            try:
                self.between.append(weakref.ref(t))
            except TypeError:
                return  # __slots__ without __weakref__: the calls have to tell

    def alive(self) -> int:
        return still_alive(self.between)


def check_checkpoint(attempt: Any, seed: int) -> None:
    if attempt.checkpoint is TODO or attempt.checkpoint(lambda t: t) is TODO:
        raise _to_do("checkpoint")
    rng = np.random.default_rng([seed, 95])
    arrays = signed(rng, 4, 3), signed(rng, 3, 5)
    f = Watched()
    value, right = _through(attempt, Watched(), arrays)[:2]
    found_value, found, calls, alive = _through(attempt, attempt.checkpoint(f), arrays, f)
    if distance(found_value, value) > 1e-12:
        raise Failure("The value of checkpoint(f)(x, w) is not that of f(x, w).")
    for name, a, r in zip("xw", found, right, strict=True):
        problem = facts(f"Through checkpoint(f)(x, w), the gradient of {name}", a, r, 1e-9)
        if problem:
            raise Failure(problem, evidence=("in (checkpoint(f)(x * 2, w) * 3 + x.sum()).sum(); without it right",))
    if alive or (not f.between and f.calls == calls):
        raise Failure(
            "Tensors that f made on its way are still alive after checkpoint(f)(x, w): no memory is saved.",
            "4.35",
            (f"alive: {alive} of the two that were watched; calls of f in backward: {f.calls - calls}",),
            "keep the operands' data; run f without a tape, then with one in backward.",
        )
    if (calls, f.calls) != (1, 2):
        raise Failure(
            f"f was called {calls} times in the forward pass and {f.calls - calls} in backward; it should be 1 and 1.",
            "4.42",
        )


def check_held(attempt: Any, seed: int) -> None:
    """Parameters that f holds itself, with and without an operand that needs a gradient."""
    rng = np.random.default_rng([seed, 96])
    x, w = signed(rng, 4, 3), signed(rng, 3)
    right = x * (1 - np.tanh(x * w) ** 2)
    for needs, text in ((True, "which requires a gradient too"), (False, "which requires none")):
        held = attempt.Tensor(w.copy(), requires_grad=True)
        y = attempt.checkpoint(lambda t, held=held: (t * held).tanh())(attempt.Tensor(x.copy(), requires_grad=needs))
        with contextlib.suppress(ValueError, RuntimeError):  # a result that records nothing may refuse
            y.sum().backward()
        if held.grad is None or distance(np.asarray(held.grad), right.sum(axis=0)) > 1e-9:
            raise Failure(
                f"A parameter that f holds itself, f = lambda x: (x * w).tanh(), gets a wrong gradient from "
                f"checkpoint(f)(x), x a Tensor {text}; without checkpoint it is right.",
                None,
                (f"w.grad: yours {held.grad if held.grad is None else np.round(held.grad, 4).tolist()}",),
                "the result requires a gradient if that of f does, whatever the operands say.",
            )


def _through(attempt: Any, f: Any, arrays: tuple[Array, Array], watched: Watched | None = None) -> Any:
    """Value and gradients with f in the middle of a graph; calls and live Tensors after the forward pass."""
    x, w = (attempt.Tensor(a.copy(), requires_grad=True) for a in arrays)
    y = f(x * 2.0, w)
    if not isinstance(y, attempt.Tensor):
        raise Failure(f"checkpoint(f)(x, w) is {contract.kind(y)}, expected a Tensor.")
    calls, alive = (watched.calls, watched.alive()) if watched else (0, 0)
    (y * 3.0 + x.sum()).sum().backward()
    gradients = [
        contract.array(t.grad, a.shape, f"The gradient of {n} through checkpoint")
        for n, t, a in zip("xw", (x, w), arrays, strict=True)
    ]
    return np.array(y.data), gradients, calls, alive


STEPS = (
    Step("", check_namespace),
    Step("values", every_operation("value", value_wrong)),
    Step("seed", probe(nodes.seeds, nodes.check_not_scalar, nodes.check_shape_of_seed)),
    Step("rules", probe(nodes.rules, nodes.matrix_products, nodes.all_sums, nodes.constants)),
    Step("broadcasting", probe(nodes.broadcast)),
    Step("reused nodes", probe(nodes.reuse)),
    Step("again", probe(second_or_refused)),
    Step("each node once", probe(nodes.check_visits)),
    Step("shared arrays", probe(nodes.check_captured, nodes.check_shared)),
    Step("gradients", every_operation("gradient", gradient_wrong)),
    Step("ties of max", check_ties),
    Step("large numbers", check_stable),
    Step("depth", check_depth),
    Step("grad", check_grad),
    Step("jvp", check_jvp),
    Step("every jvp", every_operation("jvp", jvp_wrong)),
    Step("checkpoint", check_checkpoint),
    Step("parameters in checkpoint", check_held),
)

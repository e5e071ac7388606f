"""The checks of week 4: right solutions pass, every known mistake fails under its own number, nonsense is refused.

20 seeds; DLF_ALL_SEEDS=1 runs 200.
"""

from __future__ import annotations

import os
import re
import sys
import time
from itertools import combinations
from typing import Any

import numpy as np
import pytest

import dlf.autodiff as ad
from dlf.labs import TODO, Lab
from dlf.labs.compare import Comparison, mutant_values
from dlf.labs.detectors import distance
from dlf.labs.exercise import judge
from dlf.labs.week04 import (
    engine,
    forward_mode,
    gradient_checking,
    graphs,
    nodes,
    ordering,
    project,
    reference,
    suspects,
)
from dlf.labs.week04.careful import Careful, broken, frames, unwritten
from dlf.labs.week04.mutants import CATALOGUE
from dlf.labs.week04.mutants.nodes import Textbook
from dlf.labs.week04.probe import count_calls
from dlf.labs.weeks import load_week
from tests.labs.week04.equivalents import ALL, PROJECTS, Closures, ListGraph, check_in_place, torch_project

WEEK = load_week("week04")
SEEDS = range(200 if os.environ.get("DLF_ALL_SEEDS") == "1" else 20)
ROWS = {f"4.{n}" for n in (*range(1, 5), 6, 7, 8, 10, 11, 12, 13, 15, 16, 17, 19, 20, 21)}
FUNCTIONS = [e for e in WEEK.by_id if "." not in e and e not in ("project", "bug_hunt")]
MUTANTS = {f"{m.label}-{m.exercise}": m for m in CATALOGUE.mutants}
NODE, FORWARD, BACKWARD = "AutoDiffNode.backward", "ComputationalGraph.forward", "ComputationalGraph.backward"


@pytest.mark.parametrize("exercise", ALL)
def test_right_solutions_pass(exercise):
    assert len(ALL[exercise]) >= 3
    solutions = [*ALL[exercise], *filter(None, [WEEK.references.get(WEEK.by_id[exercise].name)])]
    for seed in SEEDS:
        for solution in solutions:
            result = judge(WEEK.by_id[exercise], solution, seed)
            assert result.passed, f"{solution.__name__}, seed {seed}\n{result.message}"


@pytest.mark.parametrize("label", MUTANTS)
def test_every_mistake_fails_under_its_number(label):
    mutant = MUTANTS[label]
    for seed in SEEDS:
        result = judge(WEEK.by_id[mutant.exercise], mutant.build, seed)
        assert (result.status in ("fail", "error"), result.diagnosis) == (True, mutant.row), result.message
        assert_message_is_fit_to_read(result.message)


def assert_message_is_fit_to_read(message):
    lines = message.splitlines()
    assert len(lines) <= 12
    assert max(map(len, lines)) <= 96
    assert sum(line.startswith("Next: ") for line in lines) == 1
    assert not re.search(r"0x[0-9a-f]{6}|Traceback|\.\.\.(\n|$)", message)


def test_every_row_of_the_catalogue_has_a_mutant():
    assert {m.row for m in CATALOGUE.mutants} >= ROWS


def test_every_diagnosis_has_hints():
    for exercise in WEEK.by_id:
        assert (exercise, None) in WEEK.hints
    for mutant in CATALOGUE.mutants:
        rungs = WEEK.hints[mutant.exercise, mutant.row].rungs()
        assert len(set(rungs)) == 4


STEPS = {
    f"{e.id}: {s.title or i}": s.check.check if isinstance(s.check, Careful) else s.check
    for e in WEEK.exercises
    for i, s in enumerate(e.steps)
}
COMPARISONS = {name: check for name, check in STEPS.items() if isinstance(check, Comparison)}
COMPARISONS |= {n: getattr(nodes, n) for n in ("products", "square_products", "sums", "square_sums", "shared")}
COMPARISONS |= {"jacobian": forward_mode.jacobian, "graph": graphs.forward}


# The same gradient of 2.5 - a; the first is caught before, by a - b, the second by its value.
COLLISION = {"DifferenceSign", "DifferenceReflected"}


@pytest.mark.parametrize("name", COMPARISONS)
def test_mutants_of_different_rows_are_far_apart(name):
    step = COMPARISONS[name]
    right = step.observe(step.reference, 0)
    seen = {m: v for m, v in mutant_values(step, 0).items() if max(distance(v[k], right[k]) for k in right) > 1e-9}
    for (m, v), (n, w) in combinations(seen.items(), 2):
        gap = max(distance(v[k], w[k]) for k in right)
        known = {m.build.__name__, n.build.__name__} == COLLISION
        assert m.row == n.row or gap > 1e-5 or known, f"{m.label} and {n.label}: {gap:.1e}"


@pytest.mark.parametrize("name", COMPARISONS)
def test_every_small_case_runs_with_the_reference(name):
    for text, run in COMPARISONS[name].small_cases:
        assert np.isfinite(run(COMPARISONS[name].reference)).all(), text


def test_checks_are_quick():
    for exercise in WEEK.exercises:
        right = WEEK.references.get(exercise.name) or ALL[exercise.id][0]
        judge(exercise, right, 0)
        started = time.thread_time()
        assert judge(exercise, right, 1).passed
        assert time.thread_time() - started < (2.0 if exercise.id == "project" else 0.3), exercise.id


# ---- the numbers of the catalogue -------------------------------------------------------------


def value_at(cls, expression, x=1.5):
    leaf = cls(np.array(x))
    expression(leaf).backward()
    return float(leaf.gradient)


def mutant_named(name):
    return next(m.build for m in CATALOGUE.mutants if m.build.__name__ == name)


def test_the_numbers_that_the_catalogue_quotes():
    """x * x is blind to the order; a * a, 3a + a and a + 3a are not, each in its own way."""
    a_squared, three_first, one_first = (
        nodes.REUSED[k] for k in ("a * a, a = x * 2", "(a * 3) + a, a = x * 2", "a + (a * 3), a = x * 2")
    )
    assert value_at(Textbook, a_squared) == 12
    assert value_at(mutant_named("LastPathOnly"), lambda x: x * x) == 1.5
    pushes = mutant_named("PushesTheSum")
    assert [value_at(pushes, e) for e in (a_squared, three_first, lambda x: x * x)] == [18, 14, 3]
    queue = mutant_named("QueueOrder")
    assert [value_at(queue, e) for e in (one_first, three_first)] == [2, 8]
    kept = mutant_named("NeverRestarts")(1.5)
    y = a_squared(kept)
    y.backward()
    first = float(kept.gradient)
    y.backward()
    assert (first, float(kept.gradient)) == (12, 48)  # the root keeps its own gradient, too: 12 + 2 * (6 + 12)
    restarts = mutant_named("RestartsTheRootOnly")(1.5)
    y = a_squared(restarts)
    y.backward()
    y.backward()
    assert float(restarts.gradient) == 36


# ---- closed forms that the checks stand on ----------------------------------------------------


def as_function(expression):
    """The expression over arrays, by dlf.autodiff; its functions are not methods there."""

    class Shim:
        def __init__(self, tensor):
            self.tensor = tensor

    def method(name):
        def run(self, *others, **options):
            plain = [o.tensor if isinstance(o, Shim) else o for o in others]
            operator = getattr(self.tensor, name, None) or (lambda *a, **k: getattr(ad, name)(self.tensor, *a, **k))
            return Shim(operator(*plain, **options))

        return run

    for name in (*(n for names in nodes.OPERATORS.values() for n in names), "exp", "log", "tanh", "relu", "sum"):
        setattr(Shim, name, method(name))
    return lambda *tensors: expression(*map(Shim, tensors)).tensor


@pytest.mark.parametrize("text", [*nodes.RULES, *nodes.PAIRS, *nodes.REUSED, *nodes.SUMS])
def test_the_reference_node_agrees_with_the_engine(text):
    rng = np.random.default_rng(0)
    if text in nodes.PAIRS:
        expression, *shapes = nodes.PAIRS[text]
    else:
        found = {**nodes.RULES, **{t: (f, "a") for t, f in {**nodes.REUSED, **nodes.SUMS}.items()}}[text]
        expression, shapes = found[0], [(4, 3)] * len(found[1])
    arrays = [rng.uniform(0.5, 2.0, shape) for shape in shapes]
    y, pullback = ad.vjp(as_function(expression), *arrays)
    c = rng.standard_normal(y.shape)
    right = pullback(c) if len(arrays) > 1 else [pullback(c)]
    leaves = [reference.AutoDiffNode(a) for a in arrays]
    result = expression(*leaves)
    result.backward(c)
    np.testing.assert_allclose(result.value, y, rtol=1e-12)
    for leaf, r in zip(leaves, right, strict=True):
        np.testing.assert_allclose(leaf.gradient, r, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("text", [*forward_mode.SIGNED, *forward_mode.POSITIVE])
def test_the_reference_jvp_agrees_with_the_engine(text):
    rng = np.random.default_rng(1)
    x, v = rng.uniform(0.5, 2.0, (3, 3)), rng.standard_normal((3, 3))
    f = {**forward_mode.SIGNED, **forward_mode.POSITIVE}[text]
    for found, right in zip(reference.jvp(f, x, v), ad.jvp(as_function(f), x, v), strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-11, atol=1e-12)


def test_the_closed_form_of_the_jacobian():
    x = np.array([0.3, -1.2, 0.8])
    np.testing.assert_allclose(reference.jacobian_forward(forward_mode.two_of_three, x), forward_mode.closed_form(x))


@pytest.mark.parametrize("seed", range(5))
def test_right_and_wrong_gradients_are_what_they_claim(seed):
    """By a Jacobian of differences, five-point: right ones to 1e-7, wrong ones off by more than 1e-3."""
    for case in gradient_checking.right_cases(seed):
        assert relative_error(case, seed) < 1e-7, case.claim
    for case in gradient_checking.wrong_cases(seed):
        assert not relative_error(case, seed) <= 1e-3, case.claim


def relative_error(case, seed, h=1e-3):
    x = np.array(case.x)
    y = np.asarray(case.f(x))
    rng = np.random.default_rng([seed, 7])
    c = rng.standard_normal(y.shape) if case.cotangent is None else case.cotangent
    n = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        e = np.zeros(x.shape)
        e[i] = h / (20 if "sin" in case.claim else 1)
        f1, f2 = (np.sum(c * (case.f(x + k * e) - case.f(x - k * e))) for k in (1, 2))
        n[i] = (8 * f1 - f2) / (12 * e[i])
    a = np.asarray(case.grad(x, c))
    return np.inf if a.shape != x.shape else np.linalg.norm(a - n) / (np.linalg.norm(n) + 1e-3 * np.linalg.norm(c * y))


# ---- messages ---------------------------------------------------------------------------------


def said(exercise, obj, seed=0, row=None):
    result = judge(WEEK.by_id[exercise], obj, seed)
    assert result.status in ("fail", "error"), result.message
    assert result.diagnosis == row, result.message
    assert_message_is_fit_to_read(result.message)
    return " ".join(result.message.split())


def variant(base, **members):
    return type("Variant", (base,), members)


def test_a_learners_exception_is_shown_with_its_own_line_only():
    def tanh(self):
        return self.no_such_method()

    message = said(NODE, variant(Closures, tanh=tanh))
    assert "no attribute 'no_such_method'" in message
    assert "return self.no_such_method()" in message
    assert "probe.py" not in message
    assert "expression(*nodes)" not in message


def test_two_mistakes_are_found_one_after_the_other():
    both = variant(mutant_named("TanhTwice"), receive=mutant_named("LastPathOnly").receive)
    assert judge(WEEK.by_id[NODE], both, 0).diagnosis == "4.12"


def test_a_mistake_in_another_spelling_is_recognised():
    class Overwrites(Closures):
        """4.1 with closures: the part replaces what was there."""

        @property
        def gradient(self):
            return self.__dict__["kept"]

        @gradient.setter
        def gradient(self, value):
            old = self.__dict__.get("kept", 0)
            self.__dict__["kept"] = value - old if np.ndim(value) and np.ndim(old) and old.any() else value

    assert judge(WEEK.by_id[NODE], Overwrites, 0).diagnosis == "4.1"


def test_a_factor_on_no_list_is_stated_and_not_named():
    scaled = {"log": (np.log, lambda g, y, a: (1.7 * g / a,))}
    message = said(NODE, variant(Textbook, rules=Textbook.rules | scaled))
    assert "the gradient of p is exactly 1.7 times the right one" in message


def test_values_that_are_right_without_backward_say_so():
    result = judge(WEEK.by_id[NODE], variant(Textbook, backward=lambda self, gradient=1: TODO), 0)
    assert result.status == "todo"
    assert "values of all operators are right" in result.message


@pytest.mark.parametrize("use", [lambda t: t.sum(), lambda t: t + 1, lambda t: t.shape, lambda t: -t])
def test_a_stub_that_backward_calls_is_todo(use):
    result = judge(WEEK.by_id[NODE], variant(Textbook, backward=lambda self, gradient=1: use(TODO)), 0)
    assert result.status == "todo", result.message
    assert "or a function that it calls, is not written" in " ".join(result.message.split())


class RowByRow(Textbook):
    """zip without strict: an array in the place of a tuple is taken apart."""

    def parts(self, g):
        if not self.operation:
            return []
        name, options = self.operation
        found = self.rules[name][1](g, self.value, *(c.value for c in self.children), **options)
        return [(child, child.fit(part)) for child, part in zip(self.children, found, strict=False)]


class FromTheRoot(Textbook):
    """Goes through the list from its beginning."""

    def backward(self, gradient=1):
        waiting = {id(self): self.seed(gradient)}
        for node in reference.topological_order(self):
            node.gradient = g = waiting.pop(id(node))
            for child, part in node.parts(g):
                waiting[id(child)] = waiting.get(id(child), 0) + part


def with_rules(base=Textbook, **vjps):
    changed = {name: (Textbook.rules[name][0], vjp) for name, vjp in vjps.items()}
    return variant(base, rules=Textbook.rules | changed)


def array_for_tanh(g, y, a):
    return g * (1 - y**2)


WRONG_NODES: dict[str, Any] = {
    "an array, strict": (with_rules(tanh=array_for_tanh), None, "It returns a tuple with one for each"),
    "an array": (
        with_rules(RowByRow, tanh=array_for_tanh),
        None,
        "a.tanh() the gradient of a has the shape (3,) of one",
    ),
    "an array for -b": (
        with_rules(RowByRow, subtract=lambda g, y, a, b: (g, (-g)[0])),
        None,
        "In a - b the gradient of b has the shape (3,) of one",
    ),
    "list not reversed": (FromTheRoot, None, "topological_order lists children first"),
    "sum not spread": (with_rules(sum=lambda g, y, a, axis, keepdims: (g,)), "4.38", "has the shape () of the sum"),
    "no g": (
        with_rules(subtract=lambda g, y, a, b: (np.ones_like(g), -np.ones_like(g))),
        "4.12",
        "The rule of a - b does not multiply by g",
    ),
    "no g in a product": (
        with_rules(matmul=lambda g, y, a, b: (np.ones_like(g) @ b.T, a.T @ g)),
        "4.12",
        "The rule of a @ b does not multiply by g",
    ),
}


@pytest.mark.parametrize("name", WRONG_NODES)
def test_wrong_nodes_are_named(name):
    cls, row, words = WRONG_NODES[name]
    for seed in range(3):
        assert words in said(NODE, cls, seed, row)


class NoTangentInLog(reference.Dual):
    def log(self):
        return type(self)(np.log(self.value), 1 / self.value)


def test_wrong_tangents_are_named():
    def log(f, x, v):
        y = f(NoTangentInLog(x, v))
        return y.value, np.array(y.tangent)

    NoTangentInLog.__mul__ = lambda self, other: NoTangentInLog(
        self.value * reference.Dual.of(other).value, reference.Dual.__mul__(self, other).tangent
    )
    assert "The rule that x.log() uses does not multiply by dx" in said("jvp", log, row="4.12")
    assert "expected its array" in said("jvp", lambda f, x, v: (f(reference.Dual(x, v)),) * 2)
    halves = mutant_named("DividesByHalf")
    assert "spans 2 h, and you divide by h" in said("gradient_check", halves, row="4.19")


def test_a_default_set_is_named():
    def order(node, seen=set()):  # noqa: B006
        found = [n for n in reference.topological_order(node) if id(n) not in seen]
        seen.update(map(id, found))
        KEPT.append(found)  # so that no id is used again
        return found

    KEPT: list[Any] = []
    assert "call" in said("topological_order", order, row="4.25")


LAB = """
def evaluate(name, *x):
    return x[0] / x[1]

class AutoDiffNode:
    def compute(self):
        return evaluate("divide", None, None)

class ComputationalGraph:
    def forward(self):
        return AutoDiffNode().compute()
"""


def test_an_error_in_given_code_points_at_the_learners_line():
    namespace: dict[str, Any] = {}
    exec(compile(LAB, "cell", "exec"), namespace)
    try:
        namespace["ComputationalGraph"]().forward()
    except TypeError as error:
        failure = broken(error)
    assert "It comes from evaluate, which is given." in failure.sentence
    assert failure.next_step == "look at what that line hands to evaluate."
    assert frames(TypeError().__traceback__) == (None, None)


STUBBED = """
from dlf.labs import TODO
topological_order = unbroadcast = spread = lambda *a: [*a]
def pull(name, g, y, *x, **settings):
    return TODO
class Node:
    def backward(self):
        pull("negative", 1.0, 1.0, 1.0)
def jvp(f, x, v):
    pass
def push(*a, **settings):
    raise NotImplementedError
"""


def test_stubs_are_named():
    namespace: dict[str, Any] = {}
    exec(compile(STUBBED, "cell", "exec"), namespace)
    assert unwritten(namespace["Node"]) == ["pull"]
    assert unwritten(namespace["jvp"]) == ["push"]
    assert unwritten(len) == []


def test_a_graph_over_eager_nodes_is_told_why():
    class Eager(ListGraph):
        def input(self, name):
            return Closures(None)

    assert "Before forward the inputs have no value" in said(FORWARD, Eager)


def test_a_jvp_that_hands_arrays_to_f():
    def jvp(f, x, v):
        return f(x), (f(x + 1e-6 * v) - f(x)) / 1e-6

    assert "'numpy.ndarray' object has no attribute 'tanh'" in said("jvp", jvp)


def test_a_deep_recursion_does_not_end_the_check():
    result = judge(WEEK.by_id["topological_order"], mutant_named("recursive"), 0)
    assert (result.status, result.diagnosis) == ("fail", "4.24")

    class Deep(Textbook):
        def order(self):
            return self.order()

    result = judge(WEEK.by_id[NODE], Deep, 0)
    assert result.status == "error"
    assert "calls itself without end" in result.message


def test_the_recursion_limit_is_put_back():
    before = sys.getrecursionlimit()

    def raises_the_limit(node):
        sys.setrecursionlimit(100_000)
        return mutant_named("recursive")(node)

    assert judge(WEEK.by_id["topological_order"], raises_the_limit, 0).passed
    assert sys.getrecursionlimit() == before


def test_counting_calls_leaves_a_profiler_alone():
    seen = []

    def profiler(frame, event, argument):
        seen.append(event)

    sys.setprofile(profiler)
    try:
        assert count_calls(lambda: [len("a") for _ in range(10)]) >= 10
        assert sys.getprofile() is profiler
    finally:
        sys.setprofile(None)


def test_an_endless_backward_is_cut():
    class Endless(Textbook):
        def push(self):
            while True:
                pass

    exercise = WEEK.by_id[NODE]
    result = judge(type(exercise)(exercise.id, exercise.steps, seconds=0.3), Endless, 0)
    assert result.status == "error"
    assert "was stopped after" in result.message


def test_a_global_generator_is_not_for_cotangents():
    def check(f, grad, x, cotangent=None):
        c = np.random.standard_normal(np.shape(f(x))) if cotangent is None else cotangent
        return check_in_place(f, grad, x, c)

    assert "global random generator" in said("gradient_check", check)


# ---- trivial answers --------------------------------------------------------------------------

ANSWERS = {
    "zeros": lambda x: np.zeros_like(x),
    "ones": lambda x: np.ones_like(x),
    "input itself": lambda x: x,
    "none": lambda x: None,
    "nan": lambda x: np.full_like(x, np.nan),
    "wrong shape": lambda x: np.zeros(7),
    "broadcastable": lambda x: np.zeros((1, *np.shape(x))),
    "number": lambda x: 0.0,
    "text": lambda x: "zeros",
    "float32": lambda x: np.asarray(x, dtype=np.float32),
    "list": lambda x: np.asarray(x).tolist(),
}


def changed(result, change):
    result.value = change(result.value)
    return result


@pytest.mark.parametrize("answer", ANSWERS)
def test_trivial_values_and_gradients_are_refused(answer):
    change = ANSWERS[answer]

    class Values(Textbook):
        def tanh(self):
            return changed(super().tanh(), change)

    class Gradients(Textbook):
        def backward(self, gradient=1):
            super().backward(gradient)
            for node in self.order():
                node.gradient = change(node.gradient if np.ndim(node.gradient) else node.value)

    for cls in (Values, Gradients):
        if answer == "input itself" and cls is Values:
            continue
        result = judge(WEEK.by_id[NODE], cls, 0)
        if answer != "input itself":
            assert result.status == "fail", f"{cls.__name__} {result.message}"
            assert_message_is_fit_to_read(result.message)


@pytest.mark.parametrize("answer", ANSWERS)
def test_trivial_graphs_are_refused(answer):
    def forward(self, inputs):
        return ANSWERS[answer](next(iter(inputs.values())))

    def backward(self):
        return {name: ANSWERS[answer](node.value) for name, node in self.names.items()}

    for exercise, members in ((FORWARD, {"forward": forward}), (BACKWARD, {"backward": backward})):
        result = judge(WEEK.by_id[exercise], variant(ListGraph, **members), 0)
        assert result.status == "fail", result.message
        assert_message_is_fit_to_read(result.message)


RETURNS: dict[str, Any] = {
    "none": None,
    "zero": 0.0,
    "nan": float("nan"),
    "true": True,
    "false": False,
    "text": "no",
    "empty list": [],
    "list of none": [None],
    "dict": {},
    "array": np.zeros(3),
    "matrix": np.zeros((2, 3)),
    "matrix of nan": np.full((2, 2), np.nan),
    "identity": np.eye(2),
    "pair of zeros": (np.zeros(2), np.zeros(2)),
    "pair of nan": (np.full(2, np.nan), np.full(2, np.nan)),
    "pair of none": (None, None),
    "pair with a function": (np.zeros((4, 5)), lambda c: np.zeros((4, 3))),
    "pair with a function of none": (np.zeros((4, 5)), lambda c: None),
}


@pytest.mark.parametrize("answer", RETURNS)
@pytest.mark.parametrize("exercise", FUNCTIONS)
def test_trivial_functions_are_refused(exercise, answer):
    result = judge(WEEK.by_id[exercise], lambda *arguments, **named: RETURNS[answer], 0)
    assert result.status == "fail", result.message
    assert_message_is_fit_to_read(result.message)


INPUT_RETURNED: dict[str, list[Any]] = {
    "topological_order": [lambda node: node, lambda node: [node], lambda node: [*node.children, node]],
    "jvp": [lambda f, x, v: (x, v), lambda f, x, v: x],
    "jacobian_forward": [lambda f, x: x, lambda f, x: np.eye(len(x)), lambda f, x: np.zeros((2, len(x)))],
    "gradient_check": [lambda f, grad, x, cotangent=None: x, lambda f, grad, x, cotangent=None: cotangent],
    "checkpoint": [lambda s, x, rng: (x, lambda c: c), lambda s, x, rng: (s(x, rng)[0], lambda c: c)],
}


@pytest.mark.parametrize(
    ("exercise", "number"), [(e, i) for e, found in INPUT_RETURNED.items() for i in range(len(found))]
)
def test_functions_that_return_their_input_are_refused(exercise, number):
    result = judge(WEEK.by_id[exercise], INPUT_RETURNED[exercise][number], 0)
    assert result.status == "fail", result.message
    assert_message_is_fit_to_read(result.message)


def echo_jvp(f, x, v):
    return x, v


def zero_jvp(f, x, v):
    y = reference.jvp(f, x, v)[0]
    return y, np.zeros_like(y)


def single_jvp(f, x, v):
    return tuple(a.astype(np.float32) for a in reference.jvp(f, x, v))


def rounded_jvp(f, x, v):
    return reference.jvp(f, x.astype(np.float32).astype(float), v)


@pytest.mark.parametrize(
    ("jvp", "words"),
    [(echo_jvp, "never called"), (zero_jvp, "0 everywhere"), (single_jvp, "float32"), (rounded_jvp, "rounding")],
)
def test_trivial_jvps_are_refused(jvp, words):
    assert words in said("jvp", jvp)


def test_stubs_are_todo_everywhere():
    class Node:
        def __init__(self, value, children=None, operation=None):
            self.value, self.gradient = value, 0

        backward = exp = log = tanh = relu = sum = lambda self, *a, **k: TODO

    for names in nodes.OPERATORS.values():
        for name in names:
            setattr(Node, name, lambda self, *a: TODO)

    class Graph:
        def __init__(self):
            self.nodes = []

        input = output = forward = backward = lambda self, *a: TODO

    class Empty:
        """The project."""

    class Declared:
        Tensor = grad = jvp = checkpoint = TODO

    class StubTensor(Node):
        def __init__(self, data, requires_grad=False):
            self.data, self.grad = data, None

        sqrt = sigmoid = mean = max = logsumexp = softmax = log_softmax = reshape = transpose = __getitem__ = Node.sum

    class Methods:
        Tensor = StubTensor
        grad = jvp = checkpoint = staticmethod(lambda *a: TODO)

    stubs = {"AutoDiffNode": [Node], "ComputationalGraph": [Graph], "project": [Empty, Declared, Methods]}
    for exercise in WEEK.exercises:
        for stub in (*stubs.get(exercise.name, [lambda *a: TODO]), TODO):
            result = judge(exercise, stub, 0)
            assert (exercise.id, result.status) == (exercise.id, "todo"), result.message


# ---- bug hunt ---------------------------------------------------------------------------------


def test_suspects_are_anonymous_seeded_and_one_is_right():
    classes = Lab("week04").suspects()
    assert [c.__name__ for c in classes] == [f"Suspect{letter}" for letter in "ABCDEFG"]
    right = [s.fault is None for s in suspects.suspects(0)]
    assert right.count(True) == 1
    orders = {tuple(s.fault for s in suspects.suspects(seed)) for seed in range(5)}
    assert len(orders) == 5
    assert [judge(WEEK.by_id[NODE], c, 0).passed for c in classes].count(True) == 4  # three are wrong in softmax only


def test_the_sum_of_softmax_exposes_none_and_one_probe_exposes_all():
    for seed in range(3):
        for suspect in suspects.suspects(seed):
            leaf = suspect.build(np.array([[0.3, -1.0, 2.0], [1.0, 0.5, -0.2]]))
            leaf.softmax().sum().backward()
            np.testing.assert_allclose(leaf.gradient, 0.0, atol=1e-15)
            for expose in ALL["bug_hunt"]:
                assert expose(suspect.build) == bool(suspect.fault)


def test_the_values_of_all_suspects_are_right():
    from tests.labs.week04.equivalents import BIAS, POINT, probe

    values = [probe(s.build(POINT), s.build(BIAS)).value for s in suspects.suspects(0)]
    assert all(np.array_equal(v, values[0]) for v in values)


def blind_expose(suspect):
    """The plain sum of softmax."""
    leaf = suspect(np.array([0.3, -1.0, 2.0]))
    leaf.softmax().sum().backward()
    return bool(np.abs(leaf.gradient).max() > 1e-9)


def test_suspects_take_arrays_on_either_side():
    a, x = np.arange(6.0).reshape(2, 3), np.array([[1.0, 2.0, 4.0]])
    for suspect in suspects.suspects(0):
        for found, right in (
            (a - suspect.build(x), a - x),
            (a @ suspect.build(x.T), a @ x.T),
            (suspect.build(x) / (a + 1), x / (a + 1)),
        ):
            assert isinstance(found, suspect.build)
            np.testing.assert_array_equal(found.value, right)


@pytest.mark.parametrize("expose", [lambda suspect: True, lambda suspect: False, blind_expose])
def test_constant_and_blind_exposers_fail(expose):
    assert "for every suspect" in said("bug_hunt", expose)


def test_names_cannot_be_used_to_expose():
    right = next(s.letter for s in suspects.suspects(0) if s.fault is None)
    said("bug_hunt", lambda s: s.__name__ != f"Suspect{right}")


# ---- project ----------------------------------------------------------------------------------


@pytest.mark.parametrize("attempt", PROJECTS)
def test_right_projects_pass(attempt):
    attempt = attempt() if attempt is torch_project else attempt
    for seed in SEEDS:
        result = judge(WEEK.by_id["project"], attempt, seed)
        assert result.passed, result.message


def tensors(**members):
    """The reference project with another Tensor."""
    return variant(engine.Engine, Tensor=type("Tensor", (engine.Tensor,), members))


def primitive(name, vjp):
    """An operation of the reference with another rule."""

    def method(self, *arguments, **options):
        right = getattr(engine.Tensor, name)(self, *arguments, **options)
        if right.pull is not None:
            kept = right.pull
            right.pull = lambda g: vjp(g, self.data, kept)
        return right

    return {name: method}


def adds_in_place(self, gradient=None):
    """As the reference, but the second contribution is written into the first one's array."""
    if gradient is None and self.data.size != 1:
        raise ValueError("a gradient is needed")
    seed = np.ones_like(self.data) if gradient is None else np.array(gradient, dtype=float)
    if seed.size > 1 and seed.shape != self.data.shape:
        raise ValueError("the gradient has another shape")
    waiting = {self: seed.reshape(self.data.shape)}
    for node in reversed(reference.topological_order(self)):
        g = waiting.pop(node)
        if node.pull is None:
            node.grad = np.array(g) if node.grad is None else node.grad + g
        for child, part in zip(node.children, node.pull(g) if node.pull else (), strict=True):
            fitted = part if np.shape(part) == child.data.shape else reference.unbroadcast(part, child.data.shape)
            if child in waiting:
                waiting[child] += fitted
            else:
                waiting[child] = fitted


def broadcasts_the_seed(self, gradient=None):
    engine.Tensor.backward(self, gradient if gradient is None else np.ones_like(self.data) * gradient)


def every_tie(self, axis=None, keepdims=False):
    def weights(y, x):
        return 1.0 * (x == engine._kept(y, x.shape, axis))

    one = engine.maximum(axis, keepdims)
    return self.apply(
        engine.Primitive(one.forward, lambda g, y, x: (engine._kept(g, x.shape, axis) * weights(y, x),), one.jvp)
    )


def one_shift(self, axis=None, keepdims=False):
    return (self - self.data.max()).exp().sum(axis, keepdims).log() + self.data.max()


def arguments_decide(f):
    """checkpoint whose result needs a gradient only if an argument does."""

    def run(*operands):
        y = engine.checkpoint(f)(*operands)
        return y if any(t.requires_grad for t in operands) else engine.Tensor(y.data)

    return run


def first_wins(self, index):
    return self.apply(engine.linear(lambda x: np.array(x[index]), lambda g, x: assigned(np.zeros_like(x), index, g)))


def assigned(back, index, g):
    back[index] = g
    return back


def unstable(self, axis=None, keepdims=False):
    return self.exp().sum(axis, keepdims).log()


def involution(self, axes):
    return self.apply(engine.linear(lambda x: x.transpose(axes), lambda g, x: g.transpose(axes)))


def shares_arrays(self, data, requires_grad=False):
    engine.Tensor.__init__(self, data, requires_grad)
    self.data = np.asarray(data, dtype=float)


def recursive_backward(self, gradient=None):
    if gradient is None and self.data.size != 1:
        raise ValueError("a gradient is needed")
    order, seen = [], set()

    def visit(t):
        if t not in seen:
            seen.add(t)
            for child in t.children:
                visit(child)
            order.append(t)

    visit(self)
    engine.Tensor.backward(self, gradient)


def sums_silently(self, gradient=None):
    engine.Tensor.backward(self, np.ones_like(self.data) if gradient is None else gradient)


def pushes_partial_sums(self, gradient=None):
    if (gradient is None and self.data.size != 1) or (gradient is not None and np.shape(gradient) != self.data.shape):
        raise ValueError("a gradient of the shape of data is needed")
    g = np.broadcast_to(1.0 if gradient is None else gradient, self.data.shape)
    self.grad = g if self.grad is None else self.grad + g
    for child, part in zip(self.children, self.pull(self.grad) if self.pull else (), strict=True):
        child.backward(reference.unbroadcast(np.asarray(part), child.data.shape))


def without_unbroadcast(self, gradient=None):
    kept = engine.unbroadcast
    engine.unbroadcast = lambda part, shape: part
    try:
        engine.Tensor.backward(self, gradient)
    finally:
        engine.unbroadcast = kept


WRONG_PROJECTS: dict[str, Any] = {
    "one rule": (tensors(**primitive("tanh", lambda g, x, kept: (g * (1 - x**2),))), "4.12", "you squared the input a"),
    "one rule of the long list": (
        tensors(**primitive("max", lambda g, x, kept: tuple(2 * p for p in kept(g)))),
        None,
        "3 of 45 operations have a wrong gradient. max(): the gradient is exactly 2 times",
    ),
    "added in place": (tensors(backward=adds_in_place), "4.22", "Two nodes share one gradient array"),
    "seed of another shape": (
        tensors(backward=broadcasts_the_seed),
        "4.10",
        "of shape (4, 1) for a value of shape (4, 3)",
    ),
    "every tie": (tensors(max=every_tie), "4.46", "weights that add up to 1"),
    "one shift for all rows": (tensors(logsumexp=one_shift), None, "logsumexp([-1000.0, -1001.0, -999.0]) = -inf"),
    "grad is a Tensor": (
        variant(engine.Engine, grad=staticmethod(lambda f: lambda x: engine.Tensor(engine.grad(f)(x)))),
        None,
        "Next: return its .data.",
    ),
    "jvp gives Tensors": (
        variant(engine.Engine, jvp=staticmethod(lambda f, x, v: tuple(map(engine.Tensor, engine.jvp(f, x, v))))),
        None,
        "expected its array",
    ),
    "parameters that f holds": (
        variant(engine.Engine, checkpoint=staticmethod(lambda f: arguments_decide(f))),
        None,
        "x a Tensor which requires none",
    ),
    "one operation": (
        tensors(**primitive("sqrt", lambda g, x, kept: tuple(4 * p for p in kept(g)))),
        None,
        "1 of 45 operations has a wrong gradient",
    ),
    "indexing": (tensors(__getitem__=first_wins), None, "a row twice: the gradient is right except"),
    "transpose": (tensors(transpose=involution), None, "transpose((1, 2, 0))"),
    "overflow": (tensors(logsumexp=unstable), None, "is not finite: exp overflows"),
    "captured": (tensors(__init__=shares_arrays), "4.13", "Save a copy, or refuse"),
    "recursion": (tensors(backward=recursive_backward), "4.24", "too deep for a recursive backward"),
    "silent sum": (tensors(backward=sums_silently), "4.10", "which of them"),
    "partial sums": (tensors(backward=pushes_partial_sums), "4.2", "propagated before its gradient was complete"),
    "broadcasting": (tensors(backward=without_unbroadcast), "4.7", "Broadcasting in forward"),
    "missing method": (tensors(softmax=property()), None, "2 of 45 operations have a wrong value"),
    "no jvp": (variant(engine.Engine, jvp=TODO), None, None),
    "grad carries over": (
        variant(engine.Engine, grad=staticmethod(lambda f: gradient_into_one_leaf(f))),
        "4.11",
        "make a new leaf in every call",
    ),
    "jvp by differences": (
        variant(engine.Engine, jvp=staticmethod(lambda f, x, v: difference_jvp(f, x, v))),
        "4.40",
        "difference quotient",
    ),
    "checkpoint of nothing": (
        variant(engine.Engine, checkpoint=staticmethod(lambda f: f)),
        "4.35",
        "no memory is saved",
    ),
    "checkpoint without w": (
        variant(engine.Engine, checkpoint=staticmethod(lambda f: first_operand_only(f))),
        None,
        "The gradient of w through checkpoint is None",
    ),
    "a dict": ({"Tensor": engine.Tensor, "grad": engine.grad}, None, None),
}


TRIVIAL_PROJECTS: dict[str, Any] = {
    "grad: zeros": variant(engine.Engine, grad=staticmethod(lambda f: lambda x: np.zeros_like(x))),
    "grad: input": variant(engine.Engine, grad=staticmethod(lambda f: lambda x: x)),
    "grad: none": variant(engine.Engine, grad=staticmethod(lambda f: lambda x: None)),
    "jvp: zeros": variant(engine.Engine, jvp=staticmethod(lambda f, x, v: (np.zeros_like(x), np.zeros_like(v)))),
    "jvp: input": variant(engine.Engine, jvp=staticmethod(lambda f, x, v: (x, v))),
    "jvp: none": variant(engine.Engine, jvp=staticmethod(lambda f, x, v: None)),
    "checkpoint: none": variant(engine.Engine, checkpoint=staticmethod(lambda f: lambda *x: None)),
    "checkpoint: input": variant(engine.Engine, checkpoint=staticmethod(lambda f: lambda *x: x[0])),
    "checkpoint: no function": variant(engine.Engine, checkpoint=staticmethod(lambda f: None)),
    "backward: nothing": tensors(backward=lambda self, gradient=None: None),
    "grad: always zeros": tensors(grad=property(lambda self: np.zeros_like(self.data), lambda self, value: None)),
    "grad: always data": tensors(grad=property(lambda self: self.data, lambda self, value: None)),
}


@pytest.mark.parametrize("name", TRIVIAL_PROJECTS)
def test_trivial_projects_are_refused(name):
    result = judge(WEEK.by_id["project"], TRIVIAL_PROJECTS[name], 0)
    assert result.status in ("fail", "error"), result.message
    assert_message_is_fit_to_read(result.message)


def gradient_into_one_leaf(f):
    leaves: list[Any] = []

    def gradient(x):
        leaves.append(leaves[0] if leaves else engine.Tensor(x, requires_grad=True))
        f(leaves[0]).backward()
        return leaves[0].grad

    return gradient


def difference_jvp(f, x, v):
    h = 1e-6
    sides = [f(engine.Tensor(x + s * h * v)).data for s in (1, -1)]
    return f(engine.Tensor(x)).data, (sides[0] - sides[1]) / (2 * h)


def first_operand_only(f):
    return lambda x, w: engine.checkpoint(lambda t: f(t, engine.Tensor(w.data)))(x)


@pytest.mark.parametrize("name", WRONG_PROJECTS)
def test_wrong_projects_are_refused(name):
    attempt, row, words = WRONG_PROJECTS[name]
    result = judge(WEEK.by_id["project"], attempt, 0)
    if name in ("no jvp", "a dict"):
        assert result.status == "todo", result.message
        return
    assert result.status in ("fail", "error")
    assert words in " ".join(result.message.split()), result.message
    assert result.diagnosis == row, result.message
    assert_message_is_fit_to_read(result.message)


def test_operations_of_the_project_agree_with_numpy_and_the_engine():
    assert len({o.text for o in project.OPERATIONS}) == len(project.OPERATIONS) == 45
    for operation in project.OPERATIONS:
        x = operation.operands(0)
        found = operation.tensors(*map(engine.Tensor, x)).data
        np.testing.assert_allclose(found, operation.expected(*x), rtol=1e-12, atol=1e-12)


def test_graphs_of_the_order_check_have_the_shapes_they_claim():
    assert [len(ordering.reachable(make())) for make in ordering.GRAPHS.values()] == [3, 3, 5, 4, 4, 7]
    for seed in range(5):
        assert len(ordering.reachable(ordering.random_graph(np.random.default_rng(seed)))) > 20

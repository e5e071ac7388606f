"""The checks of week 8: right solutions pass, every known mistake fails under its own number, nonsense is refused.

20 seeds; DLF_ALL_SEEDS=1 runs 200.
"""

from __future__ import annotations

import copy
import os
import re
import time
from itertools import combinations

import numpy as np
import pytest

from dlf.labs import TODO, Lab
from dlf.labs.compare import Comparison, mutant_values
from dlf.labs.detectors import distance
from dlf.labs.exercise import Exercise, Step, judge
from dlf.labs.lab import load_week
from dlf.labs.verdict import Failure
from dlf.labs.week08 import (
    backward,
    folding,
    forward,
    growth,
    landscape,
    project,
    reference,
    statistics,
    suspects,
)
from dlf.labs.week08.mutants import CATALOGUE, differences
from dlf.layers import batch_norm
from tests.labs.week08.equivalents import ALL, CompactFormula

WEEK = load_week("week08")
SEEDS = range(200 if os.environ.get("DLF_ALL_SEEDS") == "1" else 20)
SLOW_SEEDS = SEEDS if len(SEEDS) == 200 else range(3)  # gradient_growth runs 24 networks a check
ROWS = {f"8.{n}" for n in (*range(1, 9), 10, 11, 12, 13, 15, 16, 18, 19)}
FUNCTIONS = [e for e in WEEK.by_id if "." not in e and e not in ("project", "bug_hunt")]
MUTANTS = {f"{m.label}-{m.exercise}": m for m in CATALOGUE.mutants}


def seeds(exercise):
    return SLOW_SEEDS if exercise == "gradient_growth" else SEEDS


@pytest.mark.parametrize("exercise", ALL)
def test_right_solutions_pass(exercise):
    assert len(ALL[exercise]) >= 3
    solutions = [*ALL[exercise], *filter(None, [WEEK.references.get(WEEK.by_id[exercise].name)])]
    for seed in seeds(exercise):
        for solution in solutions:
            result = judge(WEEK.by_id[exercise], solution, seed)
            assert result.passed, f"{solution.__name__}, seed {seed}\n{result.message}"


@pytest.mark.parametrize("label", MUTANTS)
def test_every_mistake_fails_under_its_number(label):
    mutant = MUTANTS[label]
    for seed in seeds(mutant.exercise):
        result = judge(WEEK.by_id[mutant.exercise], mutant.build, seed)
        assert (result.status in ("fail", "error"), result.diagnosis) == (True, mutant.row), result.message
        assert_message_is_fit_to_read(result.message)


def assert_message_is_fit_to_read(message):
    lines = message.splitlines()
    assert len(lines) <= 12
    assert max(map(len, lines)) <= 96
    assert sum(line.startswith("Next: ") for line in lines) == 1
    assert not re.search(r"0x[0-9a-f]{6}|Traceback", message)


def test_every_row_of_the_catalogue_has_a_mutant():
    rows = {m.row for m in CATALOGUE.mutants}
    assert rows >= ROWS
    variants = {row: sum(m.row == row for m in CATALOGUE.mutants) for row in rows}
    assert variants["8.8"] >= 5
    assert variants["8.12"] == 3
    assert variants["8.18"] >= 3


@pytest.mark.parametrize("step", [s.check for e in WEEK.exercises for s in e.steps if isinstance(s.check, Comparison)])
def test_mutants_of_different_rows_are_far_apart(step):
    right = step.observe(step.reference, 0)
    seen = {m: v for m, v in mutant_values(step, 0).items() if max(distance(v[k], right[k]) for k in right) > 1e-9}
    for (m, v), (n, w) in combinations(seen.items(), 2):
        gap = max(distance(v[k], w[k]) for k in right)
        assert m.row == n.row or gap > 1e-5, f"{m.label} and {n.label}: {gap:.1e}"


# ---- the checks themselves ---------------------------------------------------------------------

MODULES = (statistics, forward, backward, folding, landscape)
COMPARISONS = {f"{m.__name__}.{k}": v for m in MODULES for k, v in vars(m).items() if isinstance(v, Comparison)}
COMPARISONS |= {f"statistics {s.title}": s.check for s in statistics.STEPS if isinstance(s.check, Comparison)}


@pytest.mark.parametrize("name", COMPARISONS)
def test_every_small_case_runs_with_the_reference(name):
    comparison = COMPARISONS[name]
    for text, run in comparison.small_cases:
        assert np.isfinite(run(comparison.reference)).all(), text


def test_a_reference_that_is_refused_is_never_a_verdict():
    def refused(obj):
        raise Failure("You averaged.", "8.16")

    broken = Comparison("e", np.mean, lambda obj, seed: {"y": np.array(obj([1.0]))}, CATALOGUE, None, (("x", refused),))
    result = judge(Exercise("e", (Step("", broken),)), lambda x: 7.0, 0)
    assert (result.status, result.diagnosis) == ("error", None)
    assert "says nothing about your code" in result.message


AXIS = {
    "var + eps": lambda x, a: (x.mean(a), x.var(a) + 1e-5),
    "median": lambda x, a: (np.median(x, axis=a), x.var(a)),
    "rounded mean": lambda x, a: (x.mean(a).round(2), x.var(a)),
    "int": lambda x, a: (x.mean(a).astype(int), x.var(a)),
    "one mean for all": lambda x, a: (x.mean(a), ((x - x.mean()) ** 2).mean(a)),
}


@pytest.mark.parametrize("name", AXIS)
def test_statistics_over_the_right_axes_are_never_called_layernorm(name):
    for seed in range(5):
        result = judge(WEEK.by_id["batch_statistics"], lambda x: AXIS[name](x, (0, *range(2, x.ndim))), seed)
        assert (result.status, result.diagnosis) == ("fail", "8.8" if name == "var + eps" else None)
        assert "LayerNorm" not in result.message
        assert_message_is_fit_to_read(result.message)


def check_with(ratio):
    def check(layer, x, grad_output, h=1e-6):
        kept = copy.deepcopy(layer.__dict__)
        layer.forward(x)
        analytic = layer.backward(grad_output)
        numeric = differences(layer, x.copy(), grad_output, h)
        layer.__dict__.update(kept)
        return ratio(analytic, numeric)

    return check


def largest(a):
    return np.abs(a).max()


USUAL = {
    "over analytic": lambda a, n: np.linalg.norm(a - n) / (np.linalg.norm(a) + 1e-12),
    "over sum": lambda a, n: np.linalg.norm(a - n) / (np.linalg.norm(a) + np.linalg.norm(n)),
    "over mean": lambda a, n: 2 * np.linalg.norm(a - n) / (np.linalg.norm(a) + np.linalg.norm(n)),
    "over larger": lambda a, n: np.abs(a - n).sum() / max(np.abs(a).sum(), np.abs(n).sum()),
    "entry by entry": lambda a, n: largest((a - n) / np.maximum(1e-8, np.abs(a) + np.abs(n))),
}


@pytest.mark.parametrize("name", USUAL)
def test_every_usual_norm_is_accepted(name):
    for seed in SEEDS:
        result = judge(WEEK.by_id["gradient_check"], check_with(USUAL[name]), seed)
        assert result.passed, f"{seed} {result.message}"


def said(exercise, obj, seed=0):
    result = judge(WEEK.by_id[exercise], obj, seed)
    assert result.status in ("fail", "error")
    assert_message_is_fit_to_read(result.message)
    return " ".join(result.message.split())


def test_gradient_check_without_a_forward_is_told_so():
    message = said("gradient_check", lambda layer, x, g, h=1e-6: float(layer.backward(g).sum()))
    assert "backward was called before any forward" in message
    infinite = check_with(lambda a, n: np.linalg.norm(a - n) / np.linalg.norm(a))
    assert "for a layer whose backward returns zeros is inf" in said("gradient_check", infinite)


def test_backward_says_what_it_changed():
    def steps(self, grad_output):
        dx = BASE.backward(self, grad_output)
        self.gamma -= 0.1 * self.grad_gamma
        return dx

    def adds(self, grad_output):
        before = getattr(self, "grad_beta", 0)
        dx = BASE.backward(self, grad_output)
        self.grad_beta = self.grad_beta + before
        return dx

    def nearly(self, grad_output):
        return BASE.backward(self, grad_output) * (1 + 3e-8)

    backward = "BatchNormalization.backward"
    assert "changed the layer's .gamma" in said(backward, variant(BASE, backward=steps))
    assert ".grad_beta is twice as large the second time" in said(backward, variant(BASE, backward=adds))
    assert "right to 3e-08 of its size, but not exact" in said(backward, variant(BASE, backward=nearly))


def test_a_factor_from_running_var_is_not_called_sharing():
    def backward(self, grad_output):
        dx = BASE.backward(self, grad_output)
        return dx * self.std.ravel() / np.sqrt(self.running_var + self.eps) if dx.ndim == 2 else dx

    result = judge(WEEK.by_id["BatchNormalization.backward"], variant(BASE, backward=backward), 0)
    assert result.diagnosis != "8.18"
    assert "off by a factor of its own" in result.message


def test_forward_misses():
    def forward(change):
        def run(self, x, training=True):
            change(self, x, training)
            return BASE.forward(self, x, training)

        return variant(BASE, forward=run)

    def refuses_images(self, x, training):
        if training and len(x) == 1:
            raise ValueError("one row")

    def other_error(self, x, training):
        if training and x.size == x.shape[1]:
            raise ArithmeticError("no")

    name = "BatchNormalization.forward"
    assert "one image of shape (1, 4, 2, 5) fails; it has 10 values a channel" in said(name, forward(refuses_images))
    assert "ArithmeticError; a ValueError is expected" in said(name, forward(other_error))

    def renamed(self, x, train=True):
        return BASE.forward(self, x, train)

    def evaluates(self, x, training=False):
        return BASE.forward(self, x, training)

    def start(self, n, eps=1e-5, momentum=0.9):
        BASE.__init__(self, n, eps, momentum)

    def wide(self, n, eps=1e-5, momentum=0.1):
        BASE.__init__(self, n, eps, momentum)
        self.gamma = np.ones((1, n))

    assert "no argument named training" in said(name, variant(BASE, forward=renamed))
    assert "eps=1e-5 and training=True" in said(name, variant(BASE, forward=evaluates))
    assert "default is momentum=0.1" in said(name, variant(BASE, __init__=start))
    assert "The attribute .gamma has shape (1, 5), expected (5,)" in said(name, variant(BASE, __init__=wide))


# ---- mistakes that are on no list, or written otherwise ---------------------------------------


def variant(base, **methods):
    return type("Variant", (base,), methods)


BASE = CompactFormula


def test_relations_recognise_a_mistake_in_another_spelling():
    def backward(self, grad_output):
        dx = BASE.backward(self, grad_output)
        return dx - dx.mean(axis=0) + self.gamma / self.std * grad_output.mean(axis=0)

    result = judge(WEEK.by_id["BatchNormalization.backward"], variant(BASE, backward=backward), 0)
    assert result.diagnosis == "8.2"

    def forward(self, x, training=True):
        y = BASE.forward(self, x, training)
        if training:  # the eps of a learner who adds three times as much
            view = self.view
            var = x.var(axis=self.axes).reshape(view)
            y = self.gamma.reshape(view) * (x - x.mean(axis=self.axes).reshape(view))
            y = y / np.sqrt(var + 3 * self.eps) + self.beta.reshape(view)
        return y

    result = judge(WEEK.by_id["BatchNormalization.forward"], variant(BASE, forward=forward), 0)
    assert result.diagnosis == "8.8"


def test_a_factor_on_no_list_is_stated_and_not_named():
    def backward(self, grad_output):
        return 1.7 * BASE.backward(self, grad_output)

    result = judge(WEEK.by_id["BatchNormalization.backward"], variant(BASE, backward=backward), 0)
    assert (result.status, result.diagnosis) == ("fail", None)
    assert "(1.7, -1.7, -1.7)" in result.message


def test_two_mistakes_are_found_one_after_the_other():
    def backward(self, grad_output):
        dx = self.gamma.reshape(self.view) / self.std * grad_output
        self.grad_gamma = (grad_output * self.xhat).mean(axis=self.axes)
        self.grad_beta = grad_output.sum(axis=self.axes)
        return dx

    result = judge(WEEK.by_id["BatchNormalization.backward"], variant(BASE, backward=backward), 0)
    assert result.diagnosis == "8.1"


def test_broadcasting_on_images_is_recognised_where_it_raises():
    class OnlyRows(BASE):
        def forward(self, x, training=True):
            y = BASE.forward(self, x, training)
            return self.gamma * self.xhat + self.beta if x.ndim == 4 else y

    result = judge(WEEK.by_id["BatchNormalization.forward"], OnlyRows, 0)
    assert result.diagnosis == "8.16"

    class Raises(BASE):
        def forward(self, x, training=True):
            if training and x.ndim == 4:
                self.running_mean += x.mean(axis=0)
            return BASE.forward(self, x, training)

    result = judge(WEEK.by_id["BatchNormalization.forward"], Raises, 0)
    assert result.diagnosis == "8.16"
    assert "x.mean(axis=0)" in result.message


def test_a_hidden_constant_for_eps_or_momentum_is_seen():
    class Fixed(BASE):
        def __init__(self, n, eps=1e-5, momentum=0.1):
            super().__init__(n, 1e-5, 0.1)

    assert "self.eps" in judge(WEEK.by_id["BatchNormalization.forward"], Fixed, 0).message


# ---- trivial answers --------------------------------------------------------------------------


def constant_class(value):
    class Constant:
        def __init__(self, num_features, eps=1e-5, momentum=0.1):
            self.gamma, self.beta = np.ones(num_features), np.zeros(num_features)
            self.running_mean, self.running_var = np.zeros(num_features), np.ones(num_features)
            self.grad_gamma, self.grad_beta = np.zeros(num_features), np.zeros(num_features)

        def forward(self, x, training=True):
            return value(x)

        def backward(self, grad_output):
            return value(grad_output)

    return Constant


ANSWERS = {
    "zeros": lambda x: np.zeros_like(x),
    "ones": lambda x: np.ones_like(x),
    "identity": lambda x: x.copy(),
    "input itself": lambda x: x,
    "none": lambda x: None,
    "nan": lambda x: np.full_like(x, np.nan),
    "wrong shape": lambda x: np.zeros(3),
    "scalar": lambda x: 0.0,
    "text": lambda x: "zeros",
    "float32": lambda x: x.astype(np.float32),
    "list": lambda x: x.tolist(),
}


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("exercise", ["BatchNormalization.forward", "BatchNormalization.backward"])
def test_trivial_layers_are_refused(exercise, answer):
    cls = constant_class(ANSWERS[answer])
    if exercise.endswith("backward"):
        cls = variant(BASE, backward=cls.backward, grad_gamma=np.zeros(5), grad_beta=np.zeros(5))
    result = judge(WEEK.by_id[exercise], cls, 0)
    assert result.status == "fail", result.message
    assert_message_is_fit_to_read(result.message)
    if answer == "none":
        assert "is the return missing?" in result.message


RETURNS = {
    "none": None,
    "zero": 0.0,
    "nan": float("nan"),
    "true": True,
    "text": "no",
    "pair of zeros": (np.zeros(5), np.zeros(5)),
    "pair of nan": (np.full(5, np.nan), np.full(5, np.nan)),
    "pair of rows": (np.zeros((1, 5)), np.ones((1, 5))),
    "pair of none": (None, None),
    "fold of zeros": (np.zeros((3, 5)), np.zeros(5)),
    "dict": {},
    "dict of zeros": dict.fromkeys(landscape.KEYS, 0.0),
    "dict of nan": dict.fromkeys(landscape.KEYS, float("nan")),
    "known limit": np.pi / (np.pi - 1),
}


@pytest.mark.parametrize("answer", RETURNS)
@pytest.mark.parametrize("exercise", FUNCTIONS)
def test_trivial_functions_are_refused(exercise, answer):
    result = judge(WEEK.by_id[exercise], lambda *arguments, **named: RETURNS[answer], 0)
    assert result.status == "fail", result.message
    assert_message_is_fit_to_read(result.message)


@pytest.mark.parametrize("cls", ALL["BatchNormalization.backward"][:1])
def test_a_broadcastable_shape_is_not_the_right_one(cls):
    def backward(self, dout):
        dx, dgamma, dbeta = cls.backward(self, dout)
        return dx, dgamma[None], dbeta

    result = judge(WEEK.by_id["BatchNormalization.backward"], variant(cls, backward=backward), 0)
    assert "shape (1, 5), expected (5,)" in result.message


def test_stubs_are_todo_everywhere():
    class Stub:
        def __init__(self, num_features, eps=1e-5, momentum=0.1):
            self.gamma = TODO

        def forward(self, x, training=True):
            return TODO

        def backward(self, grad_output):
            raise NotImplementedError

    class Network:
        def __init__(self, widths, normalize=True, rng=None):
            self.params = TODO

        loss_and_gradients = predict = fit = lambda self, *a, **k: TODO

    for exercise in WEEK.exercises:
        stub = {"BatchNormalization": Stub, "project": Network}.get(exercise.name, lambda *a: TODO)
        result = judge(exercise, stub, 0)
        assert (exercise.id, result.status) == (exercise.id, "todo"), result.message
        assert judge(exercise, TODO, 0).status == "todo"


# ---- closed forms that the checks stand on ----------------------------------------------------


def test_reference_landscape_has_the_closed_form_of_a_quadratic():
    rng = np.random.default_rng(3)
    A = np.diag([1.0, 2.0, 5.0])
    p = rng.standard_normal(3)
    loss = landscape.quadratic(A, [(1,), (2,)])
    found = reference.landscape_along_gradient(loss, [p[:1], p[1:]], [0.1, 0.3])
    g = A @ p
    values = [(p - e * g) @ A @ (p - e * g) / 2 for e in (0.1, 0.3)]
    assert found["loss_range"] == pytest.approx(max(values) - min(values))
    assert found["gradient_change"] == pytest.approx(0.3 * np.linalg.norm(A @ g))
    assert found["relative_change"] == pytest.approx(0.3 * np.linalg.norm(A @ g) / np.linalg.norm(g))


@pytest.mark.parametrize("batch", [8, 16])
def test_expected_growth_is_what_the_reference_gives(batch):
    mean, std = growth.EXPECTED[batch]
    runs = [
        reference.gradient_growth(batch, growth.WIDTH, growth.DEPTH, np.random.default_rng([7, i])) for i in range(60)
    ]
    assert abs(np.mean(runs) - mean) < 5 * std / np.sqrt(60)
    assert 0.6 * std < np.std(runs) < 1.5 * std


def test_reference_growth_tends_to_the_limit_of_yang():
    """1/batch -> 0 from two batch sizes; the tolerance of 2.5 % is five standard errors of 6 short runs."""
    runs = {
        b: np.mean([reference.gradient_growth(b, 512, 16, np.random.default_rng([8, i])) for i in range(6)])
        for b in (32, 64)
    }
    limit = 2 * runs[64] - runs[32]
    assert limit == pytest.approx(np.pi / (np.pi - 1), rel=0.025)


def test_reference_fold_and_statistics():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((6, 4)) + 3
    mean, var = reference.batch_statistics(x)
    y, _ = batch_norm(x, np.ones(4), np.zeros(4), np.zeros(4), np.ones(4), training=True)
    np.testing.assert_allclose((x - mean) / np.sqrt(var + 1e-5), y, atol=1e-12)


# ---- bug hunt ---------------------------------------------------------------------------------


def test_suspects_are_anonymous_seeded_and_one_is_right():
    lab = Lab("week08")
    classes = lab.suspects()
    assert [c.__name__ for c in classes] == [f"Suspect{letter}" for letter in "ABCDEFGHI"]
    right = [s.fault is None for s in suspects.suspects(0)]
    assert right.count(True) == 1
    orders = {tuple(s.fault for s in suspects.suspects(seed)) for seed in range(5)}
    assert len(orders) == 5
    passing = [
        judge(WEEK.by_id["BatchNormalization.backward"], c, 0).passed
        and judge(WEEK.by_id["BatchNormalization.forward"], c, 0).passed
        for c in classes
    ]
    assert passing == right


@pytest.mark.parametrize("answer", [True, False])
def test_constant_exposers_fail(answer):
    result = judge(WEEK.by_id["bug_hunt"], lambda suspect: answer, 0)
    assert result.status == "fail"
    assert "for every suspect" in result.message


def test_a_blind_gradient_check_lets_the_zeros_through():
    """The sum of the outputs is a loss whose gradient is 0: a check with it accepts zeros."""

    def expose(suspect):
        layer = suspect(3)
        x = np.random.default_rng(0).standard_normal((5, 3))
        layer.forward(x)
        return bool(abs(layer.backward(np.ones((5, 3)))).max() > 1e-6)

    zeros = next(s for s in suspects.suspects(0) if s.fault and "zeros" in s.fault)
    assert not expose(zeros.build)
    result = judge(WEEK.by_id["bug_hunt"], expose, 0)
    slipped = result.message.split("Slipped through:")[1].split("Next")[0]
    assert zeros.letter in slipped
    assert "zeros" not in slipped  # what it is stays open until it is exposed


def test_an_exposer_that_raises_is_told_so():
    def expose(suspect):
        raise KeyError("no such probe")

    result = judge(WEEK.by_id["bug_hunt"], expose, 0)
    assert result.status == "error"
    assert "KeyError" in result.message
    assert 'raise KeyError("no such probe")' in result.message


def test_names_cannot_be_used_to_expose():
    right = next(s.letter for s in suspects.suspects(0) if s.fault is None)
    result = judge(WEEK.by_id["bug_hunt"], lambda s: s.__name__ != f"Suspect{right}", 0)
    assert result.status == "fail"


# ---- project ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_reference_project_passes(seed):
    started = time.perf_counter()
    result = judge(WEEK.by_id["project"], reference.BatchNormNetwork, seed)
    assert result.passed, result.message
    assert time.perf_counter() - started < 60


def network(**members):
    return type("Attempt", (reference.BatchNormNetwork,), members)


def evaluation_with_the_batch(self, X):
    return self._scores(X, training=True)[0].argmax(axis=1) if len(X) > 1 else np.zeros(1, int)


def gradients_of_the_first_layer_halved(self, X, y):
    loss, gradients = reference.BatchNormNetwork.loss_and_gradients(self, X, y)
    return loss, [gradients[0] / 2, *gradients[1:]]


def loss_as_a_sum(self, X, y):
    loss, gradients = reference.BatchNormNetwork.loss_and_gradients(self, X, y)
    return loss * len(y), [g * len(y) for g in gradients]


def no_training(self, X, y, *, steps, lr, batch_size):
    return np.linspace(2, 1, steps)


def no_normalization(self, widths, normalize=True, rng=None):
    reference.BatchNormNetwork.__init__(self, widths, False, rng)


def own_generator(self, widths, normalize=True, rng=None):
    reference.BatchNormNetwork.__init__(self, widths, normalize, np.random.default_rng(0))


def fit_with_decay(self, X, y, *, steps, lr, batch_size):
    losses = reference.BatchNormNetwork.fit(self, X, y, steps=steps, lr=lr, batch_size=batch_size)
    for p in self.params:
        p *= 0.999
    return losses


def fit_quietly(self, X, y, *, steps, lr, batch_size):
    """Trains, and puts the running statistics back."""
    kept = [(n.running_mean.copy(), n.running_var.copy()) for n in self.norms]
    losses = reference.BatchNormNetwork.fit(self, X, y, steps=steps, lr=lr, batch_size=batch_size)
    for norm, (mean, var) in zip(self.norms, kept, strict=True):
        norm.running_mean[:], norm.running_var[:] = mean, var
    return losses


WRONG_PROJECTS = {
    "evaluation": ({"predict": evaluation_with_the_batch}, "running statistics"),
    "gradient": ({"loss_and_gradients": gradients_of_the_first_layer_halved}, "not the derivative"),
    "sum": ({"loss_and_gradients": loss_as_a_sum}, "a mean over the batch"),
    "untrained": ({"fit": no_training}, "leaves the arrays in .params as they are"),
    "frozen statistics": ({"fit": fit_quietly}, "running statistics did not move"),
    "moving loss": ({"loss_and_gradients": reference.BatchNormNetwork._train_once}, "move the running statistics in"),
    "rng ignored": ({"__init__": own_generator}, "rng is ignored"),
    "steps without lr": ({"fit": fit_with_decay}, "with lr=0 changed the parameters"),
    "normalize ignored": ({"__init__": no_normalization}, "along its own direction"),
    "no report": ({"report": {"limits": "..."}}, "report does not answer covariate_shift"),
    "no params": ({"params": property(lambda self: None, lambda self, v: None)}, ".params"),
}


@pytest.mark.parametrize("name", WRONG_PROJECTS)
def test_wrong_projects_are_refused(name):
    members, words = WRONG_PROJECTS[name]
    result = judge(WEEK.by_id["project"], network(**members), 0)
    assert result.status in ("fail", "error")
    assert words in " ".join(result.message.split()), result.message
    assert_message_is_fit_to_read(result.message)
    if name == "evaluation":
        assert result.diagnosis == "8.12"


def test_the_questions_of_the_report_are_those_of_the_sheet():
    assert set(project.QUESTIONS) == set(reference.BatchNormNetwork.report)

"""The checks of week 5: right solutions pass, every known mistake fails under its own number, nonsense is refused.

20 seeds; DLF_ALL_SEEDS=1 runs 200.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from itertools import combinations
from typing import ClassVar

import numpy as np
import pytest

from dlf.labs import TODO, passed, store
from dlf.labs.compare import Comparison, mutant_values
from dlf.labs.detectors import distance
from dlf.labs.exercise import Exercise, judge
from dlf.labs.lab import Lab, load_week
from dlf.labs.week05 import mutants_images, mutants_sequences, network, probe, project, recurrence, reference, suspects
from dlf.labs.week05.mutants import CATALOGUE
from tests.labs.week05 import equivalents
from tests.labs.week05.equivalents import ALL, PROJECT

WEEK = load_week("week05")
SEEDS = range(200 if os.environ.get("DLF_ALL_SEEDS") == "1" else 20)
ROWS = {f"5.{n}" for n in (1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 14, 15, 16, 17, 19, 21, 22)}
IM2COL, CONV, POOL, RNN, LAG, HUNT, PROJECT_ID = WEEK.by_id
MUTANTS = {f"{m.label}-{m.exercise}": m for m in CATALOGUE.mutants}
CHECKS = [s.check.check if isinstance(s.check, probe.Guarded) else s.check for e in WEEK.exercises for s in e.steps]
COMPARISONS = [c for c in [*CHECKS, recurrence.lengths] if isinstance(c, Comparison)]
TEXTBOOK = {
    IM2COL: mutants_images.Unfold(),
    CONV: mutants_images.Textbook,
    POOL: mutants_images.Pooling(),
    RNN: mutants_sequences.Textbook,
    LAG: mutants_sequences.Lags(),
}


def assert_message_is_fit_to_read(message):
    lines = message.splitlines()
    assert len(lines) <= 12
    assert max(map(len, lines)) <= 96
    assert sum(line.startswith("Next: ") for line in lines) == 1
    assert not re.search(r"0x[0-9a-f]{6}|Traceback", message)


@pytest.mark.parametrize("exercise", ALL)
def test_right_solutions_pass(exercise):
    assert len(ALL[exercise]) >= 3
    own = [TEXTBOOK.get(exercise), WEEK.references.get(WEEK.by_id[exercise].name)]
    for seed in SEEDS:
        for solution in [*ALL[exercise], *filter(None, own)]:
            result = judge(WEEK.by_id[exercise], solution, seed)
            assert result.passed, f"{solution.__name__}, seed {seed}\n{result.message}"


@pytest.mark.parametrize("label", MUTANTS)
def test_every_mistake_fails_under_its_number(label):
    mutant = MUTANTS[label]
    for seed in SEEDS:
        result = judge(WEEK.by_id[mutant.exercise], mutant.build, seed)
        assert (result.status in ("fail", "error"), result.diagnosis) == (True, mutant.row), result.message
        assert_message_is_fit_to_read(result.message)


def test_every_row_of_the_catalogue_has_a_mutant():
    assert {m.row for m in CATALOGUE.mutants} >= ROWS


def test_every_diagnosis_has_a_ladder():
    rows = {(m.exercise, m.row) for m in CATALOGUE.mutants} | {(e, None) for e in WEEK.by_id}
    assert rows <= set(WEEK.hints)
    for key, ladder in WEEK.hints.items():
        rungs = ladder.rungs()
        assert len(set(rungs)) == 4, key
        assert rungs[0].endswith("?"), key


def test_mutants_of_different_rows_are_far_apart():
    """At every comparison; the two pairs that coincide are left out of the later step, see `without`."""
    assert len(COMPARISONS) > 25
    for step in COMPARISONS:
        right = step.observe(step.reference, 0)
        seen = {m: v for m, v in mutant_values(step, 0).items() if max(distance(v[k], right[k]) for k in right) > 1e-9}
        for (m, v), (n, w) in combinations(seen.items(), 2):
            gap = max(distance(v[k], w[k]) for k in right)
            assert m.row == n.row or gap > 1e-3, f"{m.label} and {n.label}: {gap:.1e}"


@pytest.mark.parametrize("index", range(len(COMPARISONS)))
def test_every_small_case_runs_with_the_reference(index):
    for text, run in COMPARISONS[index].small_cases:
        assert np.isfinite(run(COMPARISONS[index].reference)).all(), text
        assert len(text) <= 92, text


@pytest.mark.parametrize("exercise", ALL)
def test_checks_are_quick(exercise):
    solution = WEEK.references.get(WEEK.by_id[exercise].name, equivalents.expose_by_linearity)
    started = time.process_time()
    judge(WEEK.by_id[exercise], solution, 0)
    assert time.process_time() - started < 2.0


# ---- the reference against differences --------------------------------------------------------


@pytest.mark.parametrize(
    "geometry", [probe.PLAIN, probe.LEFT_OVER, probe.TOGETHER, probe.OTHERWISE, probe.WIDE_BORDER], ids=str
)
def test_reference_convolution_is_the_derivative(geometry):
    """y is linear in each argument: the transpose test is exact up to rounding."""
    rng = np.random.default_rng(0)
    g, x, w = probe.convolution(geometry, rng)
    dx, dw = reference.SpecializedBackprop().conv_backward(g, x, w, *geometry.options)

    def forward(x, w):
        return (w.reshape(len(w), -1) @ reference.im2col(x, *geometry.kernel, *geometry.options)).reshape(g.shape)

    u, v = rng.standard_normal(x.shape), rng.standard_normal(w.shape)
    assert np.vdot(dx, u) == pytest.approx(np.vdot(g, forward(u, w)), rel=1e-10)
    assert np.vdot(dw, v) == pytest.approx(np.vdot(g, forward(x, v)), rel=1e-10)


@pytest.mark.parametrize(
    "options", [{}, {"truncation": 3}, {"lengths": probe.LENGTHS}, {"truncation": 2, "lengths": probe.LENGTHS}]
)
def test_reference_recurrence_is_the_derivative(options):
    """Complex steps through every chunk of every sequence, which start from states that are constants."""
    rng = np.random.default_rng(1)
    q = probe.sequences(rng, **options)
    found = reference.SpecializedBackprop().rnn_backward(
        q.grad_outputs, q.hidden_states, q.inputs, q.weights, **options
    )
    chunk, lengths = options.get("truncation") or probe.STEPS, options.get("lengths", [probe.STEPS] * probe.SEQUENCES)

    def slope(along):
        """d/de of the loss when every argument moves along `along`, by an imaginary step."""
        e, total = 1e-30j, 0.0
        w = {k: v + e * along[k] for k, v in q.weights.items()}
        for n, length in enumerate(lengths):
            for t in range(length):
                if t % chunk == 0:
                    h = q.hidden_states[t, n] + (e * along["h0"][n] if t == 0 else 0)
                h = np.tanh((q.inputs[t, n] + e * along["inputs"][t, n]) @ w["wx"] + h @ w["wh"] + w["b"])
                total += (q.grad_outputs[t, n] @ h).imag / 1e-30
        return total

    along = {k: rng.standard_normal(v.shape) for k, v in found.items()}
    assert sum(np.vdot(found[k], along[k]) for k in found) == pytest.approx(slope(along), rel=1e-10)


def test_reference_norms_by_lag_are_those_of_differences():
    rng = np.random.default_rng(2)
    q = probe.sequences(rng)
    last = rng.standard_normal((probe.SEQUENCES, probe.HIDDEN))
    norms = reference.gradient_norm_by_lag(last, q.hidden_states, q.weights["wh"])
    for lag in (1, 4, probe.STEPS):
        t = probe.STEPS - lag
        gradient = np.zeros_like(last)
        for n, j in np.ndindex(last.shape):
            start = q.hidden_states[t].astype(complex)
            start[n, j] += 1e-30j
            end = probe.states(start, q.inputs[t:], q.weights)[-1]
            gradient[n, j] = (last * end).sum().imag / 1e-30
        np.testing.assert_allclose(np.linalg.norm(gradient, axis=1), norms[lag], rtol=1e-10)


# ---- mistakes that are on no list, or written otherwise ---------------------------------------


def said(exercise, obj, seed=0):
    result = judge(WEEK.by_id[exercise], obj, seed)
    assert result.status in ("fail", "error")
    assert_message_is_fit_to_read(result.message)
    return result.diagnosis, " ".join(result.message.split())


def conv(change):
    """A right conv_backward and a change of its result."""

    class Changed(equivalents.MatrixProducts):
        def conv_backward(self, grad_output, input_data, filters, stride, padding, dilation=1):
            own = super().conv_backward(grad_output, input_data, filters, stride, padding, dilation)
            return change(*own, input_data, stride, padding, dilation)

    return Changed


def rnn(change):
    class Changed(equivalents.OneSweep):
        def rnn_backward(self, grad_outputs, hidden_states, inputs, weights, *, truncation=None, lengths=None):
            return change(super().rnn_backward, (grad_outputs, hidden_states, inputs, weights), truncation, lengths)

    return Changed


def test_convolution_misses():
    assert said(CONV, conv(lambda dx, dw, *_: (dx, dw, 0)))[1].count("tuple of 3")
    assert "grad_filters is None" in said(CONV, conv(lambda dx, dw, *_: (dx, None)))[1]
    assert "exactly -1 times" in said(CONV, conv(lambda dx, dw, *_: (-dx, dw)))[1]
    cropped = said(
        CONV, conv(lambda dx, dw, x, s, p, d: (np.pad(dx, ((0, 0), (0, 0), (p, p), (p, p)))[:, :, p:-p], dw))
    )
    assert cropped[0] == "5.16"
    assert "x[0:-0] holds nothing" in cropped[1]
    empty = said(CONV, conv(lambda dx, dw, x, s, p, d: (dx if d == 1 else dx.reshape(-1)[: x.size - 1], dw)))
    assert "expected (2, 3, 9, 7)" in empty[1]
    assert "stride, rows left over" in empty[1]
    nearly = said(CONV, conv(lambda dx, dw, *_: (dx.astype(np.float32).astype(float), dw)))
    assert "float32 numbers, right up to their rounding" in nearly[1]


def test_a_case_that_raises_is_named():
    def raises(dx, dw, x, s, p, d):
        if x.shape[2] == probe.LEFT_OVER.image[0]:
            raise ValueError("shapes do not fit")
        return dx, dw

    row, message = said(CONV, conv(raises))
    assert row == "5.17"
    assert "raises here (rows left over). Your code raised ValueError: shapes do not fit" in message
    assert 'raise ValueError("shapes do not fit")' in message
    assert "H=13, W=7, KH=4, KW=2, s=3, p=1, d=1" in message


def test_losses_that_reach_the_wrong_steps_are_listed():
    """Chunks cut where no listed mistake cuts them: found from the values alone."""

    def cut(borders):
        def change(full, arguments, truncation, lengths):
            if truncation is None:
                return full(*arguments, lengths=lengths)
            g, h, x, w = arguments
            ends = [*borders, len(x)]
            parts = [full(g[a:b], h[a : b + 1], x[a:b], w) for a, b in zip([0, *borders], ends, strict=True)]
            found = {k: sum(p[k] for p in parts) for k in ("wx", "wh", "b")}
            return found | {"h0": parts[0]["h0"], "inputs": np.concatenate([p["inputs"] for p in parts])}

        return rnn(change)

    row, message = said(RNN, cut([2, 4]))
    assert row == "5.10"
    assert 'result["inputs"][5] holds the losses of the steps 5 to 7; it should hold step 5' in message
    row, message = said(RNN, cut([]))
    assert row == "5.37"

    def weaker(full, arguments, truncation, lengths):
        g, h, x, w = arguments
        return full(g, h, x, w | {"wh": 0.9 * w["wh"]}, truncation=truncation, lengths=lengths)

    row, message = said(RNN, rnn(weaker))
    assert row is None
    assert "holds the loss of step 7 with the factor 0.9; right is 1" in message


def test_a_mask_that_multiplies_is_named_with_its_array():
    for mutant, name in (
        (mutants_sequences.InputsNotCleaned, "inputs"),
        (mutants_sequences.LossesNotCleaned, "grad_outputs"),
        (mutants_sequences.StatesNotCleaned, "hidden_states"),
    ):
        row, message = said(RNN, mutant)
        assert row == "5.12"
        assert f"NaN in the padding of {name} reaches result" in message
        assert "both together" in message

    class InPlace(equivalents.OneSweep):
        def rnn_backward(self, grad_outputs, hidden_states, inputs, weights, *, truncation=None, lengths=None):
            np.nan_to_num(inputs, copy=False)
            return super().rnn_backward(
                grad_outputs, hidden_states, inputs, weights, truncation=truncation, lengths=lengths
            )

    assert said(RNN, InPlace)[0] == "5.34"


SENTENCES = {
    "5.10 LastOfTheChunks": "Only the last one has a gradient",
    "5.5 NotTransposed": "You sent the gradient back through wh.",
    "5.5 LagNotTransposed": "You sent the gradient back through wh.",
    "5.16 PaddingTimesDilation": "You pad by d p",
    "5.24 FilterTurned": "a correlation over the padded grad_output must",
    "5.24 TrueConvolution": "Flip neither",
    "5.30 NegativeIndexWraps": "A negative index counts from the other end",
    "5.30 NegativeIndexRead": "x[-1] is the last row",
    "5.31 MaximumFromZeroAtCorner": "begins at 0",
    "5.33 NormOfTheBatch": "the norm of the whole batch",
    "5.36 ForwardLoop": "Your loop runs forward in time",
}


@pytest.mark.parametrize("label", SENTENCES)
def test_the_sentence_is_about_the_mistake_that_was_made(label):
    """Each of these was once on no list, taken for another one, or read as its contrary."""
    (mutant,) = [m for m in CATALOGUE.mutants if m.label == label]
    assert SENTENCES[label] in said(mutant.exercise, mutant.build)[1]


def test_pooling_shows_a_small_case():
    message = said(POOL, mutants_images.AveragePooling)[1]
    assert "x = [[1, 4], [3, 2]], size 2, stride 2" in message
    assert "expected [[0., 1.], [0., 0.]]" in message


def test_a_search_that_begins_at_0_is_found_wherever_it_puts_the_gradient():
    def from_zero(grad_output, x, size, stride):
        dx = np.zeros_like(x)
        for n, c, r, q in np.ndindex(grad_output.shape):
            best, at = 0.0, (0, 0)  # the corner of the image, not of the window
            for h, w in np.ndindex(size, size):
                h, w = r * stride + h, q * stride + w
                if x[n, c, h, w] > best:
                    best, at = x[n, c, h, w], (h, w)
            dx[n, c, at[0], at[1]] += grad_output[n, c, r, q]
        return dx

    row, message = said(POOL, from_zero)
    assert row == "5.31"
    assert "your search for the maximum begins at 0" in message


def test_norms_that_go_wrong_at_a_lag_say_so():
    def scaled(from_lag):
        def norms(grad_last, hidden_states, wh):
            found = equivalents.lags_by_list(grad_last, hidden_states, wh)
            found[from_lag:] *= np.arange(2.0, 2 + len(found) - from_lag)[:, None]
            return found

        return said(LAG, norms)[1]

    assert "Right at lag 0 only: the first step back" in scaled(1)
    assert "Right at the lags 0 to 2 only, and wrong from lag 3 on" in scaled(3)


def test_two_recurrent_mistakes_are_found_one_after_the_other():
    class Both(mutants_sequences.NotTransposed, mutants_sequences.BiasAveragedOverSteps):
        pass

    assert said(RNN, Both)[0] == "5.5"


def test_recurrence_misses():
    assert "expected a dict" in said(RNN, rnn(lambda f, a, k, n: tuple(f(*a, truncation=k, lengths=n).values())))[1]

    def without_h0(full, arguments, truncation, lengths):
        found = full(*arguments, truncation=truncation, lengths=lengths)
        return {k: v for k, v in found.items() if k != "h0"}

    assert "has no key 'h0'" in said(RNN, rnn(without_h0))[1]

    class Positional:
        def rnn_backward(self, grad_outputs, hidden_states, inputs, weights):
            return {}

    assert "no argument named truncation" in said(RNN, Positional)[1]

    def left(full, arguments, truncation, lengths):
        """Masks the beginning in place of the end."""
        g, *rest = arguments
        if lengths is not None:
            g = g * ((len(g) - np.arange(len(g))[:, None]) <= lengths)[:, :, None]
        return full(g, *rest, truncation=truncation)

    row, message = said(RNN, rnn(left))
    assert row == "5.12"
    assert "other numbers in grad_outputs past the lengths" in message

    def loses(full, arguments, truncation, lengths):
        found = full(*arguments, truncation=truncation, lengths=lengths)
        k = len(found["inputs"]) // truncation * truncation if truncation else None
        return found | {"inputs": found["inputs"][:k]}

    row, message = said(RNN, rnn(loses))
    assert row == "5.10"
    assert "6 of 8 steps" in message

    def rising(full, arguments, truncation, lengths):
        if truncation and truncation > len(arguments[2]):
            raise IndexError("chunk")
        return full(*arguments, truncation=truncation, lengths=lengths)

    assert said(RNN, rnn(rising))[0] == "5.10"


SHAPES = {
    "patches as rows": (lambda c: c.swapaxes(1, 2), "5.22", "patches are rows"),
    "one matrix": (lambda c: c.transpose(1, 0, 2).reshape(c.shape[1], -1), "5.22", "first axis"),
    "flat": (lambda c: c.reshape(-1), None, "shape (960,)"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_layouts_of_im2col(name):
    change, row, words = SHAPES[name]
    found = said(IM2COL, lambda *a: change(equivalents.im2col_by_gather(*a)))
    assert found[0] == row
    assert words in found[1]


def test_forgotten_options_of_im2col():
    im2col = equivalents.im2col_by_gather
    for row, other in {
        "5.14": lambda x, kh, kw, s, p, d: im2col(x, kh, kw, s, p, 1),
        "5.15": lambda x, kh, kw, s, p, d: im2col(x, kh, kw, 1, p, d),
        "5.16": lambda x, kh, kw, s, p, d: im2col(x, kh, kw, s, 0, d),
    }.items():
        assert said(IM2COL, other)[0] == row


# ---- trivial answers --------------------------------------------------------------------------

ANSWERS = {
    "zeros": lambda shape, given: np.zeros(shape),
    "ones": lambda shape, given: np.ones(shape),
    "none": lambda shape, given: None,
    "nan": lambda shape, given: np.full(shape, np.nan),
    "wrong shape": lambda shape, given: np.zeros(3),
    "broadcastable": lambda shape, given: np.zeros((1, *shape[1:])),
    "more axes": lambda shape, given: np.zeros((1, *shape)),
    "scalar": lambda shape, given: 0.0,
    "text": lambda shape, given: "zeros",
    "float32": lambda shape, given: np.zeros(shape, np.float32),
    "integers": lambda shape, given: np.zeros(shape, int),
    "list": lambda shape, given: np.zeros(shape).tolist(),
    "input": lambda shape, given: given,
    "true": lambda shape, given: True,
}


def trivial(exercise, answer):
    """A solution whose every result is the trivial answer."""

    class Convolution:
        def conv_backward(self, grad_output, input_data, filters, stride, padding, dilation=1):
            return answer(input_data.shape, input_data), answer(filters.shape, filters)

    class Recurrence:
        def rnn_backward(self, grad_outputs, hidden_states, inputs, weights, *, truncation=None, lengths=None):
            found = {k: answer(v.shape, v) for k, v in weights.items()}
            return found | {
                "h0": answer(hidden_states[0].shape, hidden_states[0]),
                "inputs": answer(inputs.shape, inputs),
            }

    def columns(x, kh, kw, stride, padding, dilation):
        return answer(equivalents.im2col_by_gather(x, kh, kw, stride, padding, dilation).shape, x)

    return {
        IM2COL: columns,
        CONV: Convolution,
        POOL: lambda grad_output, x, size, stride: answer(x.shape, x),
        RNN: Recurrence,
        LAG: lambda grad_last, hidden_states, wh: answer(hidden_states.shape[:2], hidden_states),
    }[exercise]


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("exercise", TEXTBOOK)
def test_trivial_answers_are_refused(exercise, answer):
    result = judge(WEEK.by_id[exercise], trivial(exercise, ANSWERS[answer]), 0)
    assert result.status == "fail", result.message
    assert_message_is_fit_to_read(result.message)
    if answer == "none":
        assert "None" in result.message


@pytest.mark.parametrize("exercise", TEXTBOOK)
def test_float32_is_named_as_such(exercise):
    """The right numbers, in single precision."""
    right = WEEK.references[WEEK.by_id[exercise].name]

    def single(value):
        if isinstance(value, dict):
            return {k: single(v) for k, v in value.items()}
        return tuple(map(single, value)) if isinstance(value, tuple) else value.astype(np.float32)

    class Single(reference.SpecializedBackprop):
        def conv_backward(self, *arguments):
            return single(super().conv_backward(*arguments))

        def rnn_backward(self, grad_outputs, hidden_states, inputs, weights, *, truncation=None, lengths=None):
            arguments = grad_outputs, hidden_states, inputs, weights
            return single(super().rnn_backward(*arguments, truncation=truncation, lengths=lengths))

    solution = Single if isinstance(right, type) else lambda *arguments: single(right(*arguments))
    assert "has dtype float32, expected float64" in said(exercise, solution)[1]


@pytest.mark.parametrize("exercise", TEXTBOOK)
def test_what_the_learner_raises_is_shown_without_our_frames(exercise):
    class Broken:
        def conv_backward(self, grad_output, input_data, filters, stride, padding, dilation=1):
            return filters.no_such_thing

        def rnn_backward(self, grad_outputs, hidden_states, inputs, weights, *, truncation=None, lengths=None):
            return inputs.no_such_thing

    solution = Broken if "." in exercise else lambda *arguments: arguments[0].no_such_thing
    result = judge(WEEK.by_id[exercise], solution, 0)
    assert result.status == "error"
    assert "AttributeError" in result.message
    assert "no_such_thing" in result.message.splitlines()[-2]
    assert "dlf" not in result.message


def test_stubs_are_todo_everywhere():
    class Stub:
        def conv_backward(self, grad_output, input_data, filters, stride, padding, dilation=1):
            return TODO

        def rnn_backward(self, grad_outputs, hidden_states, inputs, weights, *, truncation=None, lengths=None):
            return TODO

    class Attempt:
        Module = Linear = Conv2d = RNN = Sequential = TODO

        def train_step(self, model, x, labels, lr):
            return TODO

    for exercise in WEEK.exercises:
        stub = {"SpecializedBackprop": Stub, "project": Attempt}.get(exercise.name, lambda *a: TODO)
        result = judge(exercise, stub, 0)
        assert (exercise.id, result.status) == (exercise.id, "todo"), result.message
        assert judge(exercise, TODO, 0).status == "todo"


def test_a_half_written_class_is_checked_method_by_method():
    class Half(equivalents.MatrixProducts):
        def rnn_backward(self, grad_outputs, hidden_states, inputs, weights, *, truncation=None, lengths=None):
            return {"wx": TODO, "wh": TODO, "b": TODO, "h0": TODO, "inputs": TODO}

    assert judge(WEEK.by_id[CONV], Half, 0).passed
    assert judge(WEEK.by_id[RNN], Half, 0).status == "todo"


# ---- the detector of reach --------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 2, 3, 5, probe.STEPS])
def test_reach_reads_the_chunks_from_the_values(k):
    for seed in range(5):
        q = recurrence.plain(seed)
        found = equivalents.OneSweep().rnn_backward(q.grad_outputs, q.hidden_states, q.inputs, q.weights, truncation=k)
        np.testing.assert_array_equal(recurrence.reach(found["inputs"], q), recurrence.chunks(k))
    assert recurrence.reach(np.random.default_rng(0).standard_normal(q.inputs.shape), q) is None


# ---- bug hunt ---------------------------------------------------------------------------------


def test_suspects_are_anonymous_seeded_and_one_is_right():
    classes = Lab("week05").suspects()
    assert [c.__name__ for c in classes] == [f"Suspect{letter}" for letter in "ABCDEFGHIJK"]
    right = [s.fault is None for s in suspects.suspects(0)]
    assert right.count(True) == 1
    assert len({tuple(s.fault for s in suspects.suspects(seed)) for seed in range(5)}) == 5
    good = [all(judge(WEEK.by_id[e], c, 0).passed for e in (CONV, RNN)) for c in classes]
    assert good == right


@pytest.mark.parametrize("answer", [True, False])
def test_constant_exposers_fail(answer):
    assert "for every suspect" in said(HUNT, lambda suspect: answer)[1]


def careless(suspect):
    """Stride 1, no padding, one step, h0 = 0: all of it right, and nearly blind."""
    rng = np.random.default_rng(0)
    x, w, g = rng.standard_normal((1, 1, 4, 4)), rng.standard_normal((1, 1, 2, 2)), rng.standard_normal((1, 1, 3, 3))
    found = suspect().conv_backward(g, x, w, 1, 0)
    right = equivalents.SevenLoops().conv_backward(g, x, w, 1, 0)
    return any(not np.allclose(a, b) for a, b in zip(found, right, strict=True))


def test_who_accuses_all_of_them_is_asked_for_the_tolerance():
    message = said(HUNT, lambda suspect: True)[1]
    assert "rounding of finite differences" in message
    assert "rounding" not in said(HUNT, lambda suspect: False)[1]


def test_a_careless_probe_lets_most_of_them_through():
    row, message = said(HUNT, careless)
    slipped = message.split("Slipped through: suspects ")[1].split(".")[0].split(", ")
    assert len(slipped) == 8
    assert message.count("exposed:") == 2
    assert row is None


@pytest.mark.parametrize("keywords", [{}, {"lengths": probe.LENGTHS}], ids=["a symmetric wh", "no padding"])
def test_suspects_are_invisible_to_the_probe_that_their_note_names(keywords):
    """Two of the notes, tried: a symmetric wh, and zeros in the padding."""
    mistaken, fault = suspects.WRONG[9 if keywords else 6]
    made, q = suspects.right_otherwise(mistaken)(), probe.sequences(np.random.default_rng(3), **keywords)
    past = (np.arange(probe.STEPS)[:, None] >= probe.LENGTHS)[:, :, None]
    if keywords:
        q.grad_outputs[:] = np.where(past, 0.0, q.grad_outputs)
    else:
        q.weights["wh"][:] = q.weights["wh"] + q.weights["wh"].T
    arguments = q.grad_outputs, q.hidden_states, q.inputs, q.weights
    right = equivalents.OneSweep().rnn_backward(*arguments, **q.keywords)
    found = made.rnn_backward(*arguments, **q.keywords)
    assert all(np.allclose(found[k], right[k]) for k in right), fault


# ---- project ----------------------------------------------------------------------------------


def test_a_right_project_passes_in_a_process_that_has_imported_nothing(tmp_path):
    """The first import of scikit-learn draws from Python's generator; the learner is not blamed for it."""
    code = (
        "from dlf.labs import Lab; from dlf.labs.week05.network import Attempt; "
        "print(Lab('week05').check('project', Attempt).status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "DLF_PROGRESS_DIR": str(tmp_path), "DLF_STRICT": ""},
    )
    assert done.stdout.split()[-1] == "pass", done.stdout


@pytest.mark.parametrize("attempt", [network.Attempt, *PROJECT])
def test_right_projects_pass(attempt):
    for seed in range(10 if len(SEEDS) == 200 else 2):
        started = time.process_time()
        result = judge(WEEK.by_id[PROJECT_ID], attempt, seed)
        assert result.passed, result.message
        assert time.process_time() - started < 8


def part(name, **members):
    """The reference project with one class changed."""
    base = getattr(network, name)
    changed = type(name, (base,), members)
    return type("Attempt", (network.Attempt,), {name: changed})


def step(function):
    return type("Attempt", (network.Attempt,), {"train_step": function})


def no_bias_gradient(self, grad_output):
    dx = network.Linear.backward(self, grad_output)
    self.grads = self.grads[:1]
    return dx


def accumulates(self, grad_output):
    before = self.grads
    dx = network.Linear.backward(self, grad_output)
    self.grads = [g + b for g, b in zip(self.grads, before, strict=True)] if before else self.grads
    return dx


def rows_only(self, x):
    self.x = x
    if x.ndim > 2:
        return np.zeros((x.shape[0], self.params[0].shape[1]))
    return network.Linear.forward(self, x)


def copies(self, x):
    self.own = getattr(self, "own", [p.copy() for p in self.params])
    kept, self.params = self.params, self.own
    y = network.Linear.forward(self, x)
    self.params = kept
    return y


def small_filters(self, *arguments, **options):
    network.Conv2d.__init__(self, *arguments, **options)
    self.params[0] *= 0.01


def small_recurrence(self, inputs, hidden, rng):
    network.RNN.__init__(self, inputs, hidden, rng)
    self.params[1] *= 0.02


def stride_forgotten(self, x):
    kept, self.stride = self.stride, 1
    y = network.Conv2d.forward(self, x)
    self.stride = kept
    return y


def half(self, grad_output):
    dx = network.RNN.backward(self, grad_output)
    self.grads = [self.grads[0], 0.5 * self.grads[1], self.grads[2]]
    return dx


def last_state(self, x):
    return network.RNN.forward(self, x)[-1]


def own_generator(self, fan_in, fan_out, rng):
    network.Linear.__init__(self, fan_in, fan_out, np.random.default_rng(0))


def forwards(self, grad_output):
    for module in self.modules:
        grad_output = module.backward(grad_output)
    return grad_output


def sum_of_losses(self, model, x, labels, lr):
    return len(labels) * network.Attempt.train_step(self, model, x, labels, lr)


def climbs(self, model, x, labels, lr):
    return network.Attempt.train_step(self, model, x, labels, -lr)


def too_far(self, model, x, labels, lr):
    return network.Attempt.train_step(self, model, x, labels, len(labels) * lr)


def afterwards(self, model, x, labels, lr):
    network.Attempt.train_step(self, model, x, labels, lr)
    return network.Attempt.train_step(self, model, x, labels, 0.0)


def unstable(self, model, x, labels, lr):
    loss = network.Attempt.train_step(self, model, x, labels, lr)
    p = np.exp(model.forward(x))
    return loss if np.isfinite(p).all() else float(np.log((p / p.sum(axis=1, keepdims=True)).sum()))


def by_length(loss_too):
    """Divides by len(x), which is T for the input of an RNN."""

    def train_step(self, model, x, labels, lr):
        share = len(labels) / len(x)
        return (share if loss_too else 1.0) * network.Attempt.train_step(self, model, x, labels, share * lr)

    return train_step


def twice_divided(self, model, x, labels, lr):
    return network.Attempt.train_step(self, model, x, labels, lr / len(labels))


def nearly(self, model, x, labels, lr):
    return 1e-8 + network.Attempt.train_step(self, model, x, labels, lr)


def softmax_training(probabilities, loss_of):
    """Plain gradient descent with other ideas about large logits."""

    def train_step(self, model, x, labels, lr):
        rows, z = np.arange(len(labels)), model.forward(x)
        p = probabilities(z)
        loss = loss_of(p[rows, labels]).mean()
        g = p.copy()
        g[rows, labels] -= 1
        model.backward(np.nan_to_num(g) / len(labels))
        for param, grad in zip(model.params, model.grads, strict=True):
            param -= lr * grad
        return float(np.nan_to_num(loss, posinf=0.0))

    return train_step


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def clipped_softmax(z):
    return softmax(np.clip(z, -30, 30))


def naive_softmax(z):
    e = np.exp(z)
    return e / e.sum(axis=1, keepdims=True)


def no_step_for_large_logits(self, model, x, labels, lr):
    """The right loss, and a gradient that has overflowed and was set to 0."""
    small = np.abs(model.forward(x)).max() < 700
    return network.Attempt.train_step(self, model, x, labels, lr * small)


def clips(limit):
    """The norm of all gradients together is at most `limit`."""

    def train_step(self, model, x, labels, lr):
        before = [p.copy() for p in model.params]
        loss = network.Attempt.train_step(self, model, x, labels, 1.0)
        steps = [b - p for b, p in zip(before, model.params, strict=True)]
        shorter = min(1.0, limit / np.sqrt(sum((s**2).sum() for s in steps)))
        for p, b, s in zip(model.params, before, steps, strict=True):
            p[...] = b - lr * shorter * s
        return loss

    return train_step


class ClassLists:
    """Both lists belong to the class."""

    params: ClassVar[list] = []
    grads: ClassVar[list] = []

    def forward(self, x):
        raise NotImplementedError

    def backward(self, grad_output):
        raise NotImplementedError


class ClassGrads(ClassLists):
    """One of them does."""

    def __init__(self):
        self.params = []


def founded_on(base):
    """The reference project, whose own layers make their lists, with another Module."""
    names = project.CLASSES[1:]
    layers = {name: type(name, (getattr(network, name), base), {}) for name in names}
    return type("Attempt", (network.Attempt,), {"Module": base, **layers})


def stays(self, model, x, labels, lr):
    return network.Attempt.train_step(self, model, x, labels, 0.0)


WRONG_PROJECTS = {
    "empty class": (type("Attempt", (), {}), "has no method .train_step"),
    "no Conv2d": (type("Attempt", (network.Attempt,), {"Conv2d": None}), "has no class .Conv2d"),
    "no Module": (type("Attempt", (network.Attempt,), {"Linear": network.Attempt}), "Linear is no Module"),
    "bias": (part("Linear", backward=no_bias_gradient), "2 params and 1 grads"),
    "accumulates": (part("Linear", backward=accumulates), "twice as large after a second forward and backward"),
    "rows only": (part("Linear", forward=rows_only), "has shape (7, 3), expected (7, 2, 3)"),
    "copies": (part("Linear", forward=copies), ".params holds copies"),
    "own generator": (part("Linear", __init__=own_generator), "rng is ignored"),
    "stride": (part("Conv2d", forward=stride_forgotten), "Conv2d(2, 5, 3, stride=3, padding=2) on 8x7"),
    "recurrence": (part("RNN", backward=half), "RNN(3, 4).grads[1], shape (4, 4), is not the derivative"),
    "last state": (part("RNN", forward=last_state), "RNN(3, 4).forward(x) has shape (2, 4), expected (6, 2, 4)"),
    "forwards": (part("Sequential", backward=forwards), "raised"),
    "params": (part("Sequential", params=[], grads=[]), "yours has 0 arrays, expected 6"),
    "sum": (step(sum_of_losses), "sum of the losses; the mean"),
    "climbs": (step(climbs), "climbs"),
    "too far": (step(too_far), "gradient of the sum of the losses"),
    "after": (step(afterwards), "the loss after the step"),
    "unstable": (step(unstable), "logits"),
    "stays": (step(stays), "leaves params[0] as it is"),
    "small filters": (part("Conv2d", __init__=small_filters), "CNN does not learn the digits"),
    "small wh": (part("RNN", __init__=small_recurrence), "a small wh lets the gradient of the first step vanish"),
    "len(x)": (step(by_length(True)), "divides the loss by len(x) = 7, which is T for a sequence"),
    "len(x), gradient": (step(by_length(False)), "divides the gradient by len(x) = 7, which is T for a sequence"),
    "divided twice": (step(twice_divided), "1/N = 1/5 of the right one"),
    "nearly": (step(nearly), "a difference of 1.0e-08"),
    "logits clipped": (step(softmax_training(clipped_softmax, lambda p: -np.log(p))), "the loss is 1250"),
    "eps": (step(softmax_training(softmax, lambda p: -np.log(p + 1e-12))), "returns 27.631, and the loss is 1250"),
    "tiny eps": (step(softmax_training(softmax, lambda p: -np.log(p + 1e-300))), "the loss is 1250"),
    "no NaN": (step(softmax_training(naive_softmax, lambda p: -np.log(p))), "logits"),
    "no step": (step(no_step_for_large_logits), "For large logits train_step makes another step"),
    "clips": (step(clips(5.0)), "plain gradient descent does not clip"),
    "class lists": (founded_on(ClassLists), "Two modules share one list .params"),
    "shared grads": (founded_on(ClassGrads), "Two modules share one list .grads"),
}


@pytest.mark.parametrize("name", WRONG_PROJECTS)
def test_wrong_projects_are_refused(name):
    attempt, words = WRONG_PROJECTS[name]
    assert words in said(PROJECT_ID, attempt)[1]


def test_the_start_of_wh_is_blamed_only_where_the_loss_stays_that_of_a_guess():
    guess = np.full(300, np.log(2))
    assert "a small wh" in project.by_losses(guess)
    assert "Start smaller" in project.by_losses(np.linspace(6.1, 9.6, 300))
    assert project.by_losses(np.linspace(0.7, 0.3, 300)) == ""


def test_a_project_made_of_the_notebooks_classes_is_kept_and_loaded(tmp_path, monkeypatch):
    """`Linear = Linear` in the class body: the class outside is saved with it."""
    monkeypatch.setenv("DLF_PROGRESS_DIR", str(tmp_path))
    result, notes = Lab("week05")._check(PROJECT_ID, equivalents.Kept)
    assert result.passed, result.message
    assert notes == []
    loaded = passed.load(store.passed_file("week05", PROJECT_ID))
    assert judge(Exercise("p", project.STEPS[:9]), loaded, 0).passed

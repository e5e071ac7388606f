"""The recurrent layer against torch, unpadded single sequences and finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from dlf.layers import rnn, rnn_backward

SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.tuples(st.integers(1, 9), st.integers(1, 4), st.integers(1, 4), st.integers(1, 5))  # T, N, I, H


def case(sizes, seed=0, dtype=np.float64):
    """Return (x, h0, wx, wh, b) and dh, all random."""
    steps, n, inputs, hidden = sizes
    rng = np.random.default_rng(seed)
    shapes = [(steps, n, inputs), (n, hidden), (inputs, hidden), (hidden, hidden), (hidden,), (steps, n, hidden)]
    *arguments, dh = (rng.normal(size=shape).astype(dtype) for shape in shapes)
    return arguments, dh


def ragged(sizes, seed):
    return np.random.default_rng(seed).integers(1, sizes[0] + 1, sizes[1])


def run(arguments, dh, lengths=None, truncation=None):
    """Return (h, dx, dh0, dwx, dwh, db) of our layer."""
    h, cache = rnn(*arguments, lengths)
    return (h, *rnn_backward(dh, cache, truncation))


def run_module(arguments, dh, lengths=None):
    """Return the same from torch.nn.RNN, whose weights are transposed and whose bias is split in two."""
    x, h0, wx, wh, b = (torch.from_numpy(a.copy()) for a in arguments)
    layer = torch.nn.RNN(*wx.shape, dtype=x.dtype)
    with torch.no_grad():
        for target, value in zip(layer.parameters(), (wx.T, wh.T, b, torch.zeros_like(b)), strict=True):
            target.copy_(value)
    x.requires_grad_()
    h0.requires_grad_()
    if lengths is None:
        h, _ = layer(x, h0[None])
    else:
        packed = pack_padded_sequence(x, torch.from_numpy(lengths), enforce_sorted=False)
        h, _ = pad_packed_sequence(layer(packed, h0[None])[0], total_length=len(x))
    h.backward(torch.from_numpy(dh))
    wx, wh, b, _ = layer.parameters()
    gradients = (x.grad, h0.grad, wx.grad.T, wh.grad.T, b.grad)
    return [t.detach().numpy() for t in (h, *gradients)]


def run_singly(arguments, dh, lengths, truncation):
    """Return the same from torch's autograd, one unpadded sequence at a time, detached at the borders of chunks."""
    leaves = [torch.from_numpy(a.copy()).requires_grad_() for a in arguments]
    x, h0, wx, wh, b = leaves
    columns = []
    for n, length in enumerate(lengths):
        state, states = h0[n], []
        for t in range(length):
            if truncation is not None and t > 0 and t % truncation == 0:
                state = state.detach()
            state = torch.tanh(x[t, n] @ wx + state @ wh + b)
            states.append(state)
        columns.append(torch.stack(states + [state] * (len(x) - length)))
    h = torch.stack(columns, dim=1)
    h.backward(torch.from_numpy(dh))
    gradients = [torch.zeros_like(leaf) if leaf.grad is None else leaf.grad for leaf in leaves]
    return [t.numpy() for t in (h.detach(), *gradients)]


def assert_close(ours, theirs, tol=1e-10):
    for a, t in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, t, rtol=tol, atol=tol)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(SIZES, SEEDS)
def test_equals_torch(sizes, seed):
    assert_close(run(*case(sizes, seed)), run_module(*case(sizes, seed)))


@settings(deadline=None, derandomize=True, max_examples=60)
@given(SIZES, SEEDS)
def test_ragged_lengths_equal_packed_torch(sizes, seed):
    """torch puts zeros where we repeat the last state; its dh is lost there, so dh is zero there for both."""
    arguments, dh = case(sizes, seed)
    lengths = ragged(sizes, seed)
    past = np.arange(sizes[0])[:, None] >= lengths
    dh[past] = 0
    h, *gradients = run(arguments, dh, lengths)
    theirs, *their_gradients = run_module(arguments, dh, lengths)
    np.testing.assert_allclose(h[~past], theirs[~past], rtol=1e-10, atol=1e-10)
    assert_close(gradients, their_gradients)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(SIZES, SEEDS, st.none() | st.integers(1, 10))
def test_lengths_and_truncation_equal_single_sequences(sizes, seed, truncation):
    arguments, dh = case(sizes, seed)
    lengths = ragged(sizes, seed)
    ours = run(arguments, dh, lengths, truncation)
    assert_close(ours, run_singly(arguments, dh, lengths, truncation))


@pytest.mark.parametrize("truncation", [1, 2, 3, 4, 7, 9, 10])
def test_truncation_cuts_chunks_that_start_at_zero(truncation):
    sizes = (10, 3, 2, 4)
    arguments, dh = case(sizes)
    ours = run(arguments, dh, None, truncation)
    assert_close(ours, run_singly(arguments, dh, [10] * 3, truncation))
    full = run(arguments, dh)
    np.testing.assert_array_equal(ours[0], full[0])  # states are never cut
    assert (abs(ours[4] - full[4]).max() > 1e-3) == (truncation < 10)


@pytest.mark.parametrize("truncation", [10, 11, np.int64(1000)])
@pytest.mark.parametrize("lengths", [None, [10, 3, 7]])
def test_truncation_of_all_steps_is_the_full_gradient(truncation, lengths):
    arguments, dh = case((10, 3, 2, 4))
    for a, t in zip(run(arguments, dh, lengths, truncation), run(arguments, dh, lengths), strict=True):
        np.testing.assert_array_equal(a, t)


@pytest.mark.parametrize("sizes", [(1, 1, 1, 1), (1, 3, 2, 4), (6, 1, 2, 3)])
def test_one_step_and_one_sequence(sizes):
    assert_close(run(*case(sizes)), run_module(*case(sizes)))


@pytest.mark.parametrize("lengths", [None, [5, 2, 1]])
def test_finite_differences(lengths):
    arguments, dh = case((5, 3, 2, 4))
    rng = np.random.default_rng(1)
    _, *gradients = run(arguments, dh, lengths)
    for i, gradient in enumerate(gradients):
        direction = rng.normal(size=arguments[i].shape)
        ahead, behind = list(arguments), list(arguments)
        ahead[i], behind[i] = arguments[i] + 1e-6 * direction, arguments[i] - 1e-6 * direction
        slope = np.vdot(dh, rnn(*ahead, lengths)[0] - rnn(*behind, lengths)[0]) / 2e-6
        assert slope == pytest.approx(np.vdot(gradient, direction), rel=1e-6, abs=1e-7)


def test_past_its_length_a_sequence_repeats_its_last_state():
    (x, *rest), _ = case((6, 2, 3, 4))
    h, _ = rnn(x, *rest, lengths=[6, 2])
    for t in (2, 3, 4, 5):
        np.testing.assert_array_equal(h[t, 1], h[1, 1])
    assert not np.array_equal(h[5, 0], h[1, 0])


def test_gradient_past_the_length_belongs_to_the_last_state():
    arguments, dh = case((6, 2, 3, 4))
    moved = dh.copy()
    moved[1, 1] += moved[2:, 1].sum(axis=0)
    moved[2:, 1] = 0
    for truncation in (None, 1, 2, 4):  # no border of a chunk lies between a state and its repetition
        assert_close(run(arguments, dh, [6, 2], truncation), run(arguments, moved, [6, 2], truncation), 1e-14)
    dx = run(arguments, dh, [6, 2])[1]
    assert not dx[2:, 1].any()


@pytest.mark.parametrize("padding", [np.nan, np.inf, -7.0, 1e300])
def test_padding_has_no_influence(padding):
    arguments, dh = case((6, 3, 2, 4))
    lengths = np.array([6, 1, 4])
    filled = arguments[0].copy()
    filled[np.arange(6)[:, None] >= lengths] = padding
    for a, t in zip(run([filled, *arguments[1:]], dh, lengths), run(arguments, dh, lengths), strict=True):
        np.testing.assert_array_equal(a, t)


def test_longer_padding_changes_nothing():
    (x, *rest), dh = case((5, 3, 2, 4))
    lengths = [5, 1, 4]
    h, dx, *gradients = run([x, *rest], dh, lengths)
    more = ((0, 3), (0, 0), (0, 0))
    longer = run([np.pad(x, more), *rest], np.pad(dh, more), lengths)
    assert_close((h, dx, *gradients), (longer[0][:5], longer[1][:5], *longer[2:]), 1e-14)


def test_full_lengths_are_no_lengths():
    arguments, dh = case((5, 3, 2, 4))
    for a, t in zip(run(arguments, dh, [5, 5, 5]), run(arguments, dh), strict=True):
        np.testing.assert_array_equal(a, t)


@pytest.mark.parametrize("lengths", [None, [5, 2, 4]])
def test_float32_stays_float32(lengths):
    single = run(*case((5, 3, 2, 4), dtype=np.float32), lengths, 2)
    double = run(*case((5, 3, 2, 4)), lengths, 2)
    assert {a.dtype for a in single} == {np.dtype(np.float32)}
    assert {a.dtype for a in double} == {np.dtype(np.float64)}
    assert_close(single, double, 1e-4)


def test_x_decides_the_precision():
    (x, *rest), dh = case((3, 2, 2, 3))
    assert {a.dtype for a in run([x.astype(np.float32), *rest], dh)} == {np.dtype(np.float32)}
    assert {a.dtype for a in run([np.ones(x.shape, int), *rest], dh)} == {np.dtype(np.float64)}


@pytest.mark.parametrize("lengths", [None, [5, 2, 4]])
def test_inputs_stay_and_cache_is_independent_of_them(lengths):
    arguments, dh = case((5, 3, 2, 4))
    ends = None if lengths is None else np.array(lengths)
    copies = [a.copy() for a in (*arguments, dh)]
    h, cache = rnn(*arguments, ends)
    before = rnn_backward(dh, cache, 2)
    for a, copy in zip((*arguments, dh), copies, strict=True):
        np.testing.assert_array_equal(a, copy)
    kept = [a.copy() for a in before]
    for a in (*arguments, h, *before):
        a += 1.0
    if ends is not None:
        assert ends.tolist() == lengths
        ends[:] = 1
    for a, t in zip(kept, rnn_backward(dh, cache, 2), strict=True):
        np.testing.assert_array_equal(a, t)


NAN = np.nan
BAD = [
    ({"x": np.ones((4, 3))}, ValueError, r"x has shape \(4, 3\), expected \(T, N, I\).*batch first.*swapaxes"),
    ({"x": np.ones((0, 2, 3))}, ValueError, "x has shape"),
    ({"x": np.full((4, 2, 3), NAN)}, ValueError, "x holds NaN"),
    ({"x": np.full((4, 2, 3), NAN), "lengths": [4, 1]}, ValueError, "x holds NaN"),
    ({"x": np.ones((4, 2, 3), complex)}, TypeError, "x has dtype complex128"),
    ({"h0": np.zeros((1, 2, 5))}, ValueError, r"h0 has shape \(1, 2, 5\), expected \(2, H\)"),
    ({"h0": np.zeros((3, 5))}, ValueError, r"h0 has shape \(3, 5\), expected \(2, H\)"),
    ({"h0": np.full((2, 5), NAN)}, ValueError, "h0 holds NaN"),
    ({"h0": np.zeros((2, 5), bool)}, TypeError, "h0 has dtype bool"),
    ({"wx": np.ones((5, 3))}, ValueError, r"wx has shape \(5, 3\), expected \(3, 5\): inputs of x by hidden"),
    ({"wx": np.full((3, 5), np.inf)}, ValueError, "wx holds NaN or infinity"),
    ({"wx": np.ones((3, 5), complex)}, TypeError, "wx has dtype"),
    ({"wh": np.ones((3, 5))}, ValueError, r"wh has shape \(3, 5\), expected \(5, 5\)"),
    ({"wh": np.full((5, 5), NAN)}, ValueError, "wh holds NaN"),
    ({"wh": np.ones((5, 5), np.float16)}, TypeError, "wh has dtype float16"),
    ({"b": np.ones((1, 5))}, ValueError, r"b has shape \(1, 5\), expected \(5,\)"),
    ({"b": np.full(5, NAN)}, ValueError, "b holds NaN"),
    ({"b": None}, TypeError, "b has dtype object"),
    ({"lengths": [4, 5]}, ValueError, "lengths runs from 4 to 5, expected 1 to 4, the steps of x.*pad x"),
    ({"lengths": [0, 4]}, ValueError, "lengths runs from 0 to 4.*leave empty sequences out"),
    ({"lengths": [-1, 4]}, ValueError, "lengths runs from -1"),
    ({"lengths": [4]}, ValueError, r"lengths has shape \(1,\), expected \(2,\), one for each sequence"),
    ({"lengths": 4}, ValueError, r"lengths has shape \(\), expected \(2,\)"),
    ({"lengths": [4.0, 2.0]}, TypeError, "lengths has dtype float64, expected integers"),
    ({"lengths": [True, True]}, TypeError, "lengths has dtype bool, expected integers"),
]


@pytest.mark.parametrize(("change", "error", "words"), BAD)
def test_bad_input_is_named(change, error, words):
    (x, h0, wx, wh, b), _ = case((4, 2, 3, 5))
    good = {"x": x, "h0": h0, "wx": wx, "wh": wh, "b": b, "lengths": [4, 2]}
    rnn(**good)
    with pytest.raises(error, match=words):
        rnn(**(good | change))


BAD_BACKWARD = [
    ({"dh": np.ones((2, 4, 5))}, ValueError, r"dh has shape \(2, 4, 5\), expected \(4, 2, 5\)"),
    ({"dh": np.full((4, 2, 5), NAN)}, ValueError, "dh holds NaN"),
    ({"dh": np.ones((4, 2, 5), complex)}, TypeError, "dh has dtype complex128"),
    ({"truncation": 0}, ValueError, "truncation is 0, expected at least 1 step; use None"),
    ({"truncation": -3}, ValueError, "truncation is -3"),
    ({"truncation": 2.0}, TypeError, "truncation is 2.0, expected an integer"),
    ({"truncation": True}, TypeError, "truncation is True"),
    ({"cache": np.ones(3)}, TypeError, "cache is a ndarray, expected what rnn returned"),
]


@pytest.mark.parametrize(("change", "error", "words"), BAD_BACKWARD)
def test_bad_backward_input_is_named(change, error, words):
    arguments, dh = case((4, 2, 3, 5))
    good = {"dh": dh, "cache": rnn(*arguments)[1], "truncation": 2}
    rnn_backward(**good)
    with pytest.raises(error, match=words):
        rnn_backward(**(good | change))

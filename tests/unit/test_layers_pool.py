"""Pooling against torch (ties included), its own transpose and finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dlf.layers import avg_pool2d, avg_pool2d_backward, max_pool2d, max_pool2d_backward

PAIRS: dict[str, Any] = {
    "max": (max_pool2d, max_pool2d_backward, torch.nn.functional.max_pool2d),
    "avg": (avg_pool2d, avg_pool2d_backward, torch.nn.functional.avg_pool2d),
}
STEPS = st.tuples(st.integers(1, 4), st.integers(1, 4))
SIZES = st.integers(1, 3)


@st.composite
def geometries(draw):
    """Shape of x, size, stride, padding; windows overlap, tile or leave gaps, and need not divide the image."""
    size, stride = draw(STEPS), draw(st.none() | STEPS)
    padding = tuple(draw(st.integers(0, k // 2)) for k in size)
    image = [max(1, k - 2 * p) + draw(st.integers(0, 5)) for k, p in zip(size, padding, strict=True)]
    return (draw(SIZES), draw(SIZES), *image), size, stride, padding


def integers(shape, seed, bound=9):
    return np.random.default_rng(seed).integers(-bound, bound + 1, shape).astype(float)


def run(kind, x, size, stride, padding, seed):
    """Return y and dx of our layer, and torch's."""
    layer, backward, peer = PAIRS[kind]
    y, cache = layer(x, size, stride, padding)
    dy = integers(y.shape, seed).astype(x.dtype)
    leaf = torch.from_numpy(x.copy()).requires_grad_()
    theirs = peer(leaf, size, stride, padding)
    theirs.backward(torch.from_numpy(dy))
    return (y, backward(dy, cache)), (theirs.detach().numpy(), leaf.grad.numpy())


@pytest.mark.parametrize("kind", PAIRS)
@settings(deadline=None, derandomize=True, max_examples=120)
@given(geometry=geometries(), seed=st.integers(0, 2**32 - 2), bound=st.sampled_from([0, 1, 9]))
def test_equals_torch(kind, geometry, seed, bound):
    """With bound 0 or 1 nearly every maximum is a tie."""
    shape, size, stride, padding = geometry
    ours, theirs = run(kind, integers(shape, seed, bound), size, stride, padding, seed + 1)
    for a, t in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, t, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("kind", PAIRS)
def test_float32_stays_float32_and_equals_torch(kind):
    x = np.random.default_rng(0).normal(size=(2, 3, 7, 8)).astype(np.float32)
    ours, theirs = run(kind, x, 3, 2, 1, seed=1)
    for a, t in zip(ours, theirs, strict=True):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, t, rtol=1e-5, atol=1e-5)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(geometries(), st.integers(0, 2**32 - 2))
def test_backward_is_the_transpose(geometry, seed):
    """Both layers are homogeneous, y = M(x) x: <y, dy> = <x, dx>."""
    shape, size, stride, padding = geometry
    x = integers(shape, seed)
    for layer, backward, _ in PAIRS.values():
        y, cache = layer(x, size, stride, padding)
        dy = integers(y.shape, seed + 1)
        dx = backward(dy, cache)
        assert np.vdot(y, dy) == pytest.approx(np.vdot(x, dx), rel=1e-12, abs=1e-9)


@pytest.mark.parametrize("kind", PAIRS)
def test_finite_differences(kind):
    rng = np.random.default_rng(0)
    layer, backward, _ = PAIRS[kind]
    x = rng.permutation(2.0 * 3 * 7 * 6 * np.linspace(0, 1, 2 * 3 * 7 * 6)).reshape(2, 3, 7, 6)  # no ties
    y, cache = layer(x, 3, 2, 1)
    dy, direction = rng.normal(size=y.shape), rng.normal(size=x.shape)
    ahead, behind = (layer(x + step * direction, 3, 2, 1)[0] for step in (1e-4, -1e-4))
    slope = np.vdot(dy, ahead - behind) / 2e-4
    assert slope == pytest.approx(np.vdot(backward(dy, cache), direction), rel=1e-7)


def test_the_first_of_equal_values_gets_the_whole_gradient():
    y, cache = max_pool2d(np.full((1, 1, 4, 4), 7.0), 2)
    dx = max_pool2d_backward(np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), cache)
    assert y.tolist() == [[[[7.0, 7.0], [7.0, 7.0]]]]
    assert dx[0, 0].tolist() == [[1, 0, 2, 0], [0, 0, 0, 0], [3, 0, 4, 0], [0, 0, 0, 0]]


def test_row_major_order_decides_ties():
    _, cache = max_pool2d([[[[0, 5], [5, 5]]]], 2)
    assert max_pool2d_backward(np.ones((1, 1, 1, 1)), cache)[0, 0].tolist() == [[0, 1], [0, 0]]


def test_a_border_never_wins():
    x = -np.arange(1.0, 10).reshape(1, 1, 3, 3)
    y, cache = max_pool2d(x, 2, 2, 1)
    assert y[0, 0].tolist() == [[-1, -2], [-4, -5]]
    assert max_pool2d_backward(np.ones(y.shape), cache).sum() == 4


def test_a_pixel_that_wins_twice_collects_both():
    x = np.zeros((1, 1, 3, 3))
    x[0, 0, 1, 1] = 1.0
    _, cache = max_pool2d(x, 2, 1)
    dx = max_pool2d_backward(np.array([[[[1.0, 10.0], [100.0, 1000.0]]]]), cache)
    assert dx[0, 0].tolist() == [[0, 0, 0], [0, 1111, 0], [0, 0, 0]]


def test_average_counts_the_border():
    y, _ = avg_pool2d(np.ones((1, 1, 2, 2)), 2, 2, 1)
    assert y[0, 0].tolist() == [[0.25, 0.25], [0.25, 0.25]]


@pytest.mark.parametrize("kind", PAIRS)
def test_no_gradient_is_lost_where_windows_tile(kind):
    layer, backward, _ = PAIRS[kind]
    y, cache = layer(integers((3, 2, 6, 8), 0), (3, 2))
    dy = integers(y.shape, 1)
    assert backward(dy, cache).sum() == pytest.approx(dy.sum(), abs=1e-12)


@pytest.mark.parametrize("kind", PAIRS)
def test_inputs_stay_and_cache_is_independent_of_them(kind):
    layer, backward, _ = PAIRS[kind]
    x = integers((2, 2, 5, 5), 0)
    copy = x.copy()
    y, cache = layer(x, 3, 2)
    dy = integers(y.shape, 1)
    given_dy = dy.copy()
    before = backward(dy, cache)
    np.testing.assert_array_equal(x, copy)
    np.testing.assert_array_equal(dy, given_dy)
    kept = before.copy()
    for a in (x, y, before):
        a += 1.0
    x[...] = -x
    np.testing.assert_array_equal(backward(dy, cache), kept)


X = np.ones((2, 3, 4, 5))
BAD = [
    ({"x": np.ones((4, 5))}, ValueError, r"x has shape \(4, 5\), expected \(N, C, H, W\)"),
    ({"x": np.ones((2, 0, 4, 5))}, ValueError, "x has shape"),
    ({"x": np.full(X.shape, np.nan)}, ValueError, "x holds NaN"),
    ({"x": np.full(X.shape, -np.inf)}, ValueError, "x holds NaN or infinity"),
    ({"x": X.astype(complex)}, TypeError, "x has dtype complex128"),
    ({"size": 0}, ValueError, "size is 0, expected integers >= 1"),
    ({"size": 2.0}, TypeError, "size is 2.0, expected an integer or a pair"),
    ({"size": (5, 2)}, ValueError, r"size is a kernel of \(5, 2\) that spans .*padded image, \(4, 5\)"),
    ({"stride": 0}, ValueError, "stride is 0"),
    ({"stride": (1, -2)}, ValueError, r"stride is \(1, -2\)"),
    ({"stride": "2"}, TypeError, "stride is '2'"),
    ({"padding": -1}, ValueError, "padding is -1, expected integers >= 0"),
    ({"padding": 2}, ValueError, "padding is 2, expected at most half the size 2"),
    ({"padding": (0, 2)}, ValueError, r"padding is \(0, 2\), expected at most half"),
]


@pytest.mark.parametrize("kind", PAIRS)
@pytest.mark.parametrize(("change", "error", "words"), BAD)
def test_bad_input_is_named(kind, change, error, words):
    good = {"x": X, "size": 2, "stride": None, "padding": 0}
    PAIRS[kind][0](**good)
    with pytest.raises(error, match=words):
        PAIRS[kind][0](**(good | change))


@pytest.mark.parametrize("kind", PAIRS)
def test_bad_backward_input_is_named(kind):
    layer, backward, _ = PAIRS[kind]
    y, cache = layer(X, 2)
    with pytest.raises(ValueError, match=r"dy has shape \(2, 3, 4, 5\), expected \(2, 3, 2, 2\)"):
        backward(X, cache)
    with pytest.raises(ValueError, match="dy holds NaN"):
        backward(np.full(y.shape, np.nan), cache)
    with pytest.raises(TypeError, match="dy has dtype complex128"):
        backward(y.astype(complex), cache)
    with pytest.raises(TypeError, match=f"cache is a NoneType, expected what {kind}_pool2d returned"):
        backward(y, None)


def test_caches_do_not_pass_for_each_other():
    y, cache = avg_pool2d(X, 2)
    with pytest.raises(TypeError, match="cache is a AvgPool2dCache, expected what max_pool2d returned"):
        max_pool2d_backward(y, cache)

"""Convolution against torch, its own transpose, finite differences and the doubly blocked Toeplitz matrix."""

from __future__ import annotations

import subprocess
import sys
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import dlf.layers.conv as conv
from dlf.layers import conv2d, conv2d_backward

STEPS = st.tuples(st.integers(1, 3), st.integers(1, 3))
SIZES = st.integers(1, 3)


@st.composite
def geometries(draw):
    """Shapes of x and w and keywords; the kernel fits by 0 to 6 rows or columns, so that strides leave remainders."""
    groups, kernel, stride, dilation = draw(SIZES), draw(STEPS), draw(STEPS), draw(STEPS)
    padding = draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    image = [
        max(1, d * (k - 1) + 1 - 2 * p) + draw(st.integers(0, 6))
        for k, d, p in zip(kernel, dilation, padding, strict=True)
    ]
    channels, filters = draw(SIZES), draw(SIZES)
    x_shape, w_shape = (draw(SIZES), groups * channels, *image), (groups * filters, channels, *kernel)
    return x_shape, w_shape, {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}


def run(x, w, b, dy, keywords):
    """Return (y, dx, dw, db) of our layer."""
    y, cache = conv2d(x, w, b, **keywords)
    return (y, *conv2d_backward(dy(y.shape), cache))


def run_torch(x, w, b, dy, keywords):
    leaves = [torch.from_numpy(a.copy()).requires_grad_() for a in (x, w, b)]
    y = torch.nn.functional.conv2d(*leaves, **keywords)
    y.backward(torch.from_numpy(dy(tuple(y.shape))))
    return [t.numpy() for t in (y.detach(), *(leaf.grad for leaf in leaves))]


def integers(seed):
    rng = np.random.default_rng(seed)
    return lambda shape: rng.integers(-9, 10, shape).astype(float)


def normals(seed, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return lambda shape: np.asarray(rng.normal(size=shape), dtype)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(geometries(), st.integers(0, 2**32 - 1))
def test_equals_torch(geometry, seed):
    x_shape, w_shape, keywords = geometry
    draw = normals(seed)
    x, w, b = draw(x_shape), draw(w_shape), draw(w_shape[0])
    ours = run(x, w, b, normals(seed + 1), keywords)
    theirs = run_torch(x, w, b, normals(seed + 1), keywords)
    for a, t in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, t, rtol=1e-10, atol=1e-10)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(geometries(), st.integers(0, 2**32 - 1))
def test_backward_is_the_transpose(geometry, seed):
    """y is linear in x and in w, so <y, dy> = <x, dx> = <w, dw>: exactly, because all values are small integers."""
    x_shape, w_shape, keywords = geometry
    draw = integers(seed)
    x, w = draw(x_shape), draw(w_shape)
    y, cache = conv2d(x, w, **keywords)
    dy = draw(y.shape)
    dx, dw, db = conv2d_backward(dy, cache)
    assert (dx.shape, dw.shape, db) == (x.shape, w.shape, None)
    assert np.vdot(y, dy) == np.vdot(x, dx) == np.vdot(w, dw)


@pytest.mark.parametrize("keywords", [{}, {"stride": 2, "padding": 1, "dilation": 2, "groups": 2}])
def test_finite_differences(keywords):
    draw = normals(0)
    arguments = [draw((2, 4, 7, 6)), draw((6, 4 // keywords.get("groups", 1), 3, 2)), draw(6)]
    y, cache = conv2d(*arguments, **keywords)
    dy = draw(y.shape)
    for i, gradient in enumerate(conv2d_backward(dy, cache)):
        direction = draw(arguments[i].shape)
        ahead, behind = list(arguments), list(arguments)
        ahead[i], behind[i] = arguments[i] + direction, arguments[i] - direction
        slope = np.vdot(dy, conv2d(*ahead, **keywords)[0] - conv2d(*behind, **keywords)[0]) / 2
        assert slope == pytest.approx(np.vdot(gradient, direction), rel=1e-11)  # linear: no error from the step


@pytest.mark.parametrize("keywords", [{"padding": 1}, {"stride": 2, "padding": 1, "groups": 2}])
def test_float32_stays_float32_and_equals_torch(keywords):
    draw = normals(0, np.float32)
    x, w, b = draw((3, 4, 9, 8)), draw((6, 4 // keywords.get("groups", 1), 3, 3)), draw(6)
    ours = run(x, w, b, normals(1, np.float32), keywords)
    theirs = run_torch(x, w, b, normals(1, np.float32), keywords)
    for a, t in zip(ours, theirs, strict=True):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, t, rtol=1e-4, atol=1e-4)


def test_x_decides_the_precision():
    ones = np.ones((1, 1, 3, 3))
    assert conv2d(ones.astype(int), ones.astype(np.float32))[0].dtype == np.float64
    y, cache = conv2d(ones.astype(np.float32), ones, np.ones(1))
    assert [a.dtype for a in (y, *conv2d_backward(ones[:, :, :1, :1], cache))] == [np.float32] * 4


def shift(size, out, tap, stride, padding, dilation):
    """Return E (out, size) with E[r, p] = 1 where output r sees pixel p through this tap."""
    return np.array([[float(p == r * stride + tap * dilation - padding) for p in range(size)] for r in range(out)])


def toeplitz(w, image, out, stride, padding, dilation):
    """Return M (F R S, C H W) with y = M x: its block (f, c) is the sum over taps of w[f, c, i, j] E_i kron E_j."""
    filters, channels, kh, kw = w.shape
    matrix = np.zeros((filters, out[0] * out[1], channels, image[0] * image[1]))
    for i, j in product(range(kh), range(kw)):
        rows = shift(image[0], out[0], i, stride, padding, dilation)
        columns = shift(image[1], out[1], j, stride, padding, dilation)
        matrix += w[:, None, :, i, j, None] * np.kron(rows, columns)[:, None, :]
    return matrix.reshape(filters * out[0] * out[1], -1)


@pytest.mark.parametrize(("stride", "padding", "dilation"), list(product((1, 2, 3), (0, 1, 2), (1, 2))))
def test_is_a_doubly_blocked_toeplitz_matrix(stride, padding, dilation):
    draw = integers(0)
    x, w = draw((1, 2, 6, 5)), draw((3, 2, 3, 2))
    y, cache = conv2d(x, w, stride=stride, padding=padding, dilation=dilation)
    dy = draw(y.shape)
    dx, _, _ = conv2d_backward(dy, cache)
    matrix = toeplitz(w, x.shape[2:], y.shape[2:], stride, padding, dilation)
    np.testing.assert_array_equal(matrix @ x.ravel(), y.ravel())
    np.testing.assert_array_equal(matrix.T @ dy.ravel(), dx.ravel())


def test_matrix_at_stride_one_is_constant_along_both_diagonals():
    columns = [conv2d(e.reshape(1, 1, 4, 5), np.arange(1.0, 7).reshape(1, 1, 2, 3))[0] for e in np.eye(20)]
    matrix = np.stack([c.ravel() for c in columns], axis=1).reshape(3, 3, 4, 5)  # R, S, H, W
    np.testing.assert_array_equal(matrix[1:, :, 1:, :], matrix[:-1, :, :-1, :])  # blocks
    np.testing.assert_array_equal(matrix[:, 1:, :, 1:], matrix[:, :-1, :, :-1])  # within a block
    assert matrix[0, 0, :2, :3].tolist() == [[1, 2, 3], [4, 5, 6]]  # not flipped


def contributions(size, out, kernel, stride, padding):
    """Return for each pixel how many windows hold it: the outputs r with 0 <= pixel + padding - r stride < kernel."""
    first = [max(0, -(-(p + padding - kernel + 1) // stride)) for p in range(size)]
    last = [min(out - 1, (p + padding) // stride) for p in range(size)]
    return np.maximum(0, np.array(last) - first + 1)


@pytest.mark.parametrize(("kernel", "stride", "padding"), list(product((1, 2, 3, 4, 5), (1, 2, 3), (0, 1, 2))))
def test_counts_how_many_windows_hold_a_pixel(kernel, stride, padding):
    y, cache = conv2d(np.zeros((1, 1, 9, 8)), np.ones((1, 1, kernel, kernel)), stride=stride, padding=padding)
    dx, _, _ = conv2d_backward(np.ones(y.shape), cache)
    counts = [contributions(n, out, kernel, stride, padding) for n, out in zip((9, 8), y.shape[2:], strict=True)]
    np.testing.assert_array_equal(dx[0, 0], np.outer(*counts))


def test_rows_that_no_window_reaches_keep_their_place():
    x = np.arange(1.0, 37).reshape(1, 1, 6, 6)
    y, cache = conv2d(x, np.ones((1, 1, 3, 3)), stride=2)  # windows start at rows 0 and 2: row 5 is in none
    dx, _, _ = conv2d_backward(np.ones(y.shape), cache)
    assert y.shape == (1, 1, 2, 2)
    assert dx.shape == x.shape
    assert not dx[0, 0, 5].any()
    assert not dx[0, 0, :, 5].any()


def test_padding_equals_zeros_around_x():
    draw = normals(0)
    x, w = draw((2, 3, 5, 6)), draw((4, 3, 3, 2))
    around = np.pad(x, ((0, 0), (0, 0), (2, 2), (1, 1)))
    np.testing.assert_array_equal(conv2d(x, w, padding=(2, 1))[0], conv2d(around, w)[0])


def test_blocks_do_not_change_the_result(monkeypatch):
    draw = normals(0)
    x, w, b, dy = draw((7, 2, 5, 5)), draw((3, 2, 3, 3)), draw(3), draw((7, 3, 3, 3))
    sample = 2 * 9 * 9 * 8  # bytes of the columns of one sample
    results = []
    for samples in (0, 1, 3, 100):  # blocks of 1, 1, 3 with a remainder of 1, and all 7
        monkeypatch.setattr(conv, "BLOCK_BYTES", samples * sample)
        results.append(run(x, w, b, lambda _: dy, {}))
    for other in results[1:]:
        for a, t in zip(results[0], other, strict=True):
            np.testing.assert_allclose(a, t, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("padding", [0, 1])
def test_inputs_stay_and_cache_is_independent_of_them(padding):
    draw = normals(0)
    x, w, b = draw((2, 3, 5, 5)), draw((4, 3, 3, 3)), draw(4)
    copies = [a.copy() for a in (x, w, b)]
    y, cache = conv2d(x, w, b, padding=padding)
    dy = draw(y.shape)
    given_dy = dy.copy()
    before: list[Any] = list(conv2d_backward(dy, cache))
    for a, copy in zip((x, w, b, dy), (*copies, given_dy), strict=True):
        np.testing.assert_array_equal(a, copy)
    kept = [a.copy() for a in before]
    for a in (x, w, b, y, *before):
        a += 1.0
    for a, t in zip(kept, conv2d_backward(dy, cache), strict=True):
        np.testing.assert_array_equal(a, t)


def test_integers_and_one_number_for_both_axes():
    x, w = [[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]], [[[[1, 0], [0, -1]]]]
    y, _ = conv2d(x, w)
    assert y.tolist() == [[[[-4.0, -4.0], [-4.0, -4.0]]]]
    wide, _ = conv2d(x, w, stride=np.int64(2), padding=1)
    np.testing.assert_array_equal(wide, conv2d(x, w, stride=(2, 2), padding=[1, 1])[0])


X, W = np.ones((2, 4, 5, 6)), np.ones((6, 2, 3, 2))
BAD = [
    ({"x": np.ones((4, 5, 6))}, ValueError, r"x has shape \(4, 5, 6\), expected \(N, C, H, W\).*x\[None\]"),
    ({"x": np.ones((0, 4, 5, 6))}, ValueError, r"x has shape \(0, 4, 5, 6\)"),
    ({"x": np.full(X.shape, np.nan)}, ValueError, "x holds NaN or infinity.*np.isfinite"),
    ({"x": np.full(X.shape, np.inf)}, ValueError, "x holds NaN or infinity"),
    ({"x": X.astype(complex)}, TypeError, "x has dtype complex128.*convert"),
    ({"x": X.astype(np.float16)}, TypeError, "x has dtype float16"),
    ({"x": X > 0}, TypeError, "x has dtype bool"),
    ({"x": [[1.0], [1.0, 2.0]]}, ValueError, "x is no array: its rows differ in length"),
    ({"w": np.ones((6, 2, 3))}, ValueError, r"w has shape \(6, 2, 3\), expected \(F, C/groups, KH, KW\)"),
    ({"w": np.ones((0, 2, 3, 2))}, ValueError, r"w has shape \(0, 2, 3, 2\)"),
    ({"w": np.ones((6, 4, 3, 2))}, ValueError, "w has shape .*expected 2 channels on axis 1.*4 channels in 2 groups"),
    ({"w": np.full(W.shape, np.nan)}, ValueError, "w holds NaN"),
    ({"w": W.astype(str)}, TypeError, "w has dtype"),
    (
        {"w": np.ones((6, 2, 8, 2))},
        ValueError,
        r"w is a kernel of \(8, 2\) that spans \(8, 2\).*padded image, \(7, 8\)",
    ),
    ({"w": np.ones((6, 2, 3, 4)), "dilation": 3}, ValueError, r"spans \(7, 10\) pixels at dilation \(3, 3\)"),
    ({"b": np.ones((6, 1))}, ValueError, r"b has shape \(6, 1\), expected \(6,\): one value for each filter"),
    ({"b": np.full(6, np.inf)}, ValueError, "b holds NaN or infinity"),
    ({"x": X.astype(np.float32), "w": 1e300 * W}, ValueError, "w holds NaN or infinity as float32"),
    ({"b": np.ones(6, complex)}, TypeError, "b has dtype complex128"),
    ({"groups": 3}, ValueError, "groups is 3, expected a divisor of the 4 channels of x and of the 6 filters of w"),
    ({"groups": 4, "w": np.ones((6, 1, 3, 2))}, ValueError, "groups is 4, expected a divisor"),
    ({"groups": 0}, ValueError, "groups is 0, expected an integer >= 1"),
    ({"groups": -2}, ValueError, "groups is -2"),
    ({"groups": 2.0}, TypeError, "groups is 2.0, expected an integer"),
    ({"stride": 0}, ValueError, "stride is 0, expected integers >= 1"),
    ({"stride": (1, -1)}, ValueError, r"stride is \(1, -1\), expected integers >= 1"),
    ({"stride": 1.5}, TypeError, "stride is 1.5, expected an integer or a pair"),
    ({"stride": (1, 1, 1)}, TypeError, r"stride is \(1, 1, 1\), expected an integer or a pair"),
    ({"stride": True}, TypeError, "stride is True"),
    ({"padding": -1}, ValueError, "padding is -1, expected integers >= 0"),
    ({"padding": "same"}, TypeError, "padding is 'same'"),
    ({"dilation": 0}, ValueError, "dilation is 0, expected integers >= 1"),
    ({"dilation": None}, TypeError, "dilation is None"),
]


@pytest.mark.parametrize(("change", "error", "words"), BAD)
def test_bad_input_is_named(change, error, words):
    good = {"x": X, "w": W, "b": np.ones(6), "stride": 1, "padding": 1, "dilation": 1, "groups": 2}
    conv2d(**good)
    with pytest.raises(error, match=words):
        conv2d(**(good | change))


def test_bad_backward_input_is_named():
    y, cache = conv2d(X, W, groups=2)
    with pytest.raises(ValueError, match=r"dy has shape \(2, 6, 5, 3\), expected \(2, 6, 3, 5\)"):
        conv2d_backward(y.swapaxes(2, 3), cache)
    with pytest.raises(ValueError, match="dy holds NaN"):
        conv2d_backward(np.full(y.shape, np.nan), cache)
    with pytest.raises(TypeError, match="dy has dtype complex128"):
        conv2d_backward(y.astype(complex), cache)
    with pytest.raises(TypeError, match="cache is a tuple, expected what conv2d returned"):
        conv2d_backward(y, (1, 2))


def test_import_is_free_of_torch():
    code = "import dlf.layers, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)

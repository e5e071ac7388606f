"""Batch normalization against torch, finite differences and conservation laws."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from dlf.layers import batch_norm, batch_norm_backward

SHAPES = [(8, 5), (2, 3), (6, 5, 4, 3), (1, 3, 2, 2), (4, 2, 1, 1)]


def case(shape, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    channels = shape[1]
    per_channel = (1, channels) + (1,) * (len(shape) - 2)
    scale = rng.uniform(0.01, 3.0, per_channel)
    x = (rng.normal(size=shape) * scale + rng.normal(size=per_channel)).astype(dtype)
    gamma, beta, mean = rng.normal(size=(3, channels)).astype(dtype)
    return x, gamma, beta, mean, rng.uniform(0.5, 2.0, channels).astype(dtype), rng


def run(shape, training, dtype=np.float64, momentum=0.3, eps=1e-3, seed=0):
    x, gamma, beta, mean, var, rng = case(shape, dtype, seed)
    dy = rng.normal(size=shape).astype(dtype)
    tensors = [torch.from_numpy(a.copy()) for a in (x, gamma, beta, mean, var, dy)]
    tx, tg, tb, tm, tv, tdy = tensors
    for leaf in (tx, tg, tb):
        leaf.requires_grad_()
    ty = torch.nn.functional.batch_norm(tx, tm, tv, tg, tb, training, momentum, eps)
    ty.backward(tdy)
    y, cache = batch_norm(x, gamma, beta, mean, var, training=training, momentum=momentum, eps=eps)
    ours = (y, *batch_norm_backward(dy, cache), mean, var)
    theirs = (ty.detach(), tx.grad, tg.grad, tb.grad, tm, tv)
    return ours, [t.numpy() for t in theirs]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("training", [True, False])
def test_equals_torch(shape, training):
    for seed in range(5):
        ours, theirs = run(shape, training, seed=seed)
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("training", [True, False])
def test_float32_stays_float32_and_equals_torch(training):
    ours, theirs = run((6, 5, 4, 3), training, dtype=np.float32)
    for a, b in zip(ours, theirs, strict=True):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize("shape", [(8, 5), (4, 3, 2, 3)])
@pytest.mark.parametrize("training", [True, False])
def test_finite_differences(shape, training):
    x, gamma, beta, mean, var, rng = case(shape)
    dy = rng.normal(size=shape)

    def loss(x, gamma, beta):
        y, _ = batch_norm(x, gamma, beta, mean.copy(), var.copy(), training=training, eps=1e-2)
        return np.vdot(dy, y)

    arguments = [x, gamma, beta]
    _, cache = batch_norm(*arguments, mean.copy(), var.copy(), training=training, eps=1e-2)
    for i, gradient in enumerate(batch_norm_backward(dy, cache)):
        direction = rng.normal(size=arguments[i].shape)
        ahead, behind = list(arguments), list(arguments)
        ahead[i], behind[i] = arguments[i] + 1e-6 * direction, arguments[i] - 1e-6 * direction
        slope = (loss(*ahead) - loss(*behind)) / 2e-6
        assert abs(slope - np.vdot(gradient, direction)) < 1e-6 * (1 + abs(slope))


def test_conservation_laws():
    x, gamma, beta, mean, var, rng = case((9, 4))
    y, cache = batch_norm(x, gamma, beta, mean, var, training=True, eps=1e-30)
    dx, _, _ = batch_norm_backward(rng.normal(size=x.shape), cache)
    np.testing.assert_allclose(y.mean(axis=0), beta, atol=1e-12)
    np.testing.assert_allclose(y.std(axis=0), abs(gamma), rtol=1e-12)
    scale = abs(dx).max()
    assert abs(dx.sum(axis=0)).max() < 1e-12 * scale
    assert abs((dx * (x - x.mean(axis=0))).sum(axis=0)).max() < 1e-12 * scale


def test_large_mean_keeps_its_digits():
    x, gamma, beta, mean, var, _ = case((16, 3))
    args = (gamma, beta, mean.copy(), var.copy())
    near, _ = batch_norm(x, *args, training=True)
    far, _ = batch_norm(x + 2.0**20, *args, training=True)
    np.testing.assert_allclose(far, near, atol=1e-6)


def test_inputs_stay_and_cache_is_independent_of_them():
    x, gamma, beta, mean, var, rng = case((5, 3))
    dy = rng.normal(size=x.shape)
    copies = [a.copy() for a in (x, gamma, beta)]
    _, cache = batch_norm(x, gamma, beta, mean, var, training=True)
    for a, copy in zip((x, gamma, beta), copies, strict=True):
        np.testing.assert_array_equal(a, copy)
    before = batch_norm_backward(dy, cache)
    x += 1.0
    gamma += 1.0
    for a, b in zip(before, batch_norm_backward(dy, cache), strict=True):
        np.testing.assert_array_equal(a, b)


def test_evaluation_leaves_the_running_statistics():
    x, gamma, beta, mean, var, _ = case((5, 3))
    old = mean.copy(), var.copy()
    batch_norm(x, gamma, beta, mean, var, training=False)
    np.testing.assert_array_equal(mean, old[0])
    np.testing.assert_array_equal(var, old[1])


ONES = np.ones(3)
BAD = [
    ({"x": np.ones(3)}, ValueError, r"x has shape \(3,\).*\(N, C\)"),
    ({"x": np.ones((0, 3))}, ValueError, "x has shape"),
    ({"x": np.ones((1, 3))}, ValueError, "one value per channel"),
    ({"x": np.ones((1, 3, 1, 1))}, ValueError, "one value per channel"),
    ({"x": np.full((2, 3), np.nan)}, ValueError, "x holds NaN"),
    ({"x": np.full((2, 3), np.inf), "training": False}, ValueError, "x holds NaN"),
    ({"x": np.ones((2, 3), complex)}, TypeError, "x has dtype complex128"),
    ({"x": [["a", "b", "c"]] * 2}, TypeError, "x has dtype"),
    ({"x": np.ones((2, 3), np.float16)}, TypeError, "x has dtype float16.*convert"),
    ({"gamma": np.ones((1, 3))}, ValueError, r"gamma has shape \(1, 3\), expected \(3,\)"),
    ({"beta": np.ones(2)}, ValueError, "beta has shape"),
    ({"beta": np.full(3, np.nan)}, ValueError, "beta holds NaN"),
    ({"running_mean": [0.0] * 3}, TypeError, "running_mean is list"),
    ({"running_var": np.ones(3, int)}, TypeError, "running_var is dtype int64"),
    ({"running_var": np.ones(4)}, ValueError, "running_var has shape"),
    ({"running_var": -np.ones(3), "training": False}, ValueError, "running_var holds -1"),
    ({"eps": 0.0}, ValueError, "eps is 0.0.*1e-30"),
    ({"eps": float("nan")}, ValueError, "eps is nan"),
    ({"momentum": 1.5}, ValueError, "momentum is 1.5"),
]


@pytest.mark.parametrize(("change", "error", "words"), BAD)
def test_bad_input_is_named(change, error, words):
    good = {
        "x": np.arange(6.0).reshape(2, 3),
        "gamma": ONES,
        "beta": ONES,
        "running_mean": np.zeros(3),
        "running_var": np.ones(3),
        "training": True,
    }
    with pytest.raises(error, match=words):
        batch_norm(**(good | change))


def test_bad_backward_input_is_named():
    _, cache = batch_norm(np.arange(6.0).reshape(2, 3), ONES, ONES, np.zeros(3), np.ones(3), training=True)
    with pytest.raises(ValueError, match=r"dy has shape \(3, 2\), expected that of x, \(2, 3\)"):
        batch_norm_backward(np.ones((3, 2)), cache)
    with pytest.raises(ValueError, match="dy holds NaN"):
        batch_norm_backward(np.full((2, 3), np.nan), cache)
    with pytest.raises(TypeError, match="cache is a tuple"):
        batch_norm_backward(np.ones((2, 3)), (1, 2))


def test_a_refused_batch_leaves_the_running_statistics():
    mean, var = np.zeros(3), np.ones(3)
    with pytest.raises(ValueError, match="x holds NaN"):
        batch_norm(np.full((4, 3), np.nan), ONES, ONES, mean, var, training=True)
    assert mean.tolist() == [0, 0, 0]
    assert var.tolist() == [1, 1, 1]


def test_import_is_free_of_torch():
    code = "import dlf.layers, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)

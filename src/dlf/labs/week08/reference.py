"""Reference solutions of week 8, on top of `dlf.layers` (which is tested against torch)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dlf.layers import batch_norm, batch_norm_backward

Array = NDArray[Any]
TINY = 1e-30  # stands for eps = 0


def batch_statistics(x: Array) -> tuple[Array, Array]:
    """Mean and biased variance of every channel; x (N, C) or (N, C, H, W), results (C,)."""
    axes = (0, *range(2, x.ndim))
    return x.mean(axis=axes), x.var(axis=axes)


class BatchNormalization:
    """Batch normalization of (N, C) or (N, C, H, W), with torch's conventions."""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        self.eps, self.momentum = eps, momentum
        self.gamma, self.beta = np.ones(num_features), np.zeros(num_features)
        self.running_mean, self.running_var = np.zeros(num_features), np.ones(num_features)

    def forward(self, x: Array, training: bool = True) -> Array:
        y, self.cache = batch_norm(
            x,
            self.gamma,
            self.beta,
            self.running_mean,
            self.running_var,
            training=training,
            momentum=self.momentum,
            eps=self.eps,
        )
        return y

    def backward(self, grad_output: Array) -> Array:
        if not hasattr(self, "cache"):
            raise RuntimeError("backward was called before any forward")
        dx, self.grad_gamma, self.grad_beta = batch_norm_backward(grad_output, self.cache)
        return dx


def gradient_check(layer: Any, x: Array, grad_output: Array, h: float = 1e-6) -> float:
    """Relative error of layer.backward against central differences of sum(grad_output * y)."""
    names = ("gamma", "beta", "running_mean", "running_var")
    saved = {name: getattr(layer, name).copy() for name in names}
    layer.forward(x)
    analytic = layer.backward(grad_output)
    numeric = np.empty_like(x)
    for i in np.ndindex(x.shape):
        ahead, behind = x.copy(), x.copy()
        ahead[i] += h
        behind[i] -= h
        change = layer.forward(ahead) - layer.forward(behind)
        numeric[i] = np.vdot(grad_output, change) / (2 * h)
    for name, values in saved.items():
        getattr(layer, name)[...] = values
    size = np.linalg.norm(analytic) + np.linalg.norm(numeric)
    return float(np.linalg.norm(analytic - numeric) / (size + 1e-300))


def fold(weight: Array, bias: Array, layer: Any) -> tuple[Array, Array]:
    """Dense layer (fan_in, fan_out) equal to dense + BatchNormalization in evaluation."""
    scale = layer.gamma / np.sqrt(layer.running_var + layer.eps)
    return weight * scale, (bias - layer.running_mean) * scale + layer.beta


def gradient_growth(batch: int, width: int, depth: int, rng: np.random.Generator) -> float:
    """Factor per layer of the squared gradient in a batch-normalized ReLU network at init."""
    one, zero = np.ones(width), np.zeros(width)
    h = rng.standard_normal((batch, width))
    layers = []
    for _ in range(depth):
        w = rng.standard_normal((width, width)) * np.sqrt(2.0 / width)
        y, cache = batch_norm(h @ w, one, zero, zero.copy(), one.copy(), training=True, eps=TINY)
        h = np.maximum(y, 0.0)
        layers.append((w, cache, y > 0))
    g = rng.standard_normal((batch, width))
    squared = [np.vdot(g, g)]
    for w, cache, active in reversed(layers):
        g = batch_norm_backward(g * active, cache)[0] @ w.T
        squared.append(np.vdot(g, g))
    log = np.log(squared[::-1])  # of |g_0|^2 ... |g_depth|^2
    return float(np.exp((log[4] - log[depth - 4]) / (depth - 8)))


LossAndGradient = Callable[[list[Array]], tuple[float, list[Array]]]


def landscape_along_gradient(
    loss_and_gradient: LossAndGradient, params: Sequence[Array], etas: Sequence[float]
) -> dict[str, float]:
    """How loss and gradient vary over the points params - eta * gradient."""
    _, start = loss_and_gradient([p.copy() for p in params])
    start = [g.copy() for g in start]
    losses, changes = [], []
    for eta in etas:
        loss, there = loss_and_gradient([p - eta * g for p, g in zip(params, start, strict=True)])
        losses.append(loss)
        changes.append(_norm([a - b for a, b in zip(there, start, strict=True)]))
    return {
        "loss_range": float(max(losses) - min(losses)),
        "gradient_change": max(changes),
        "relative_change": max(changes) / _norm(start),
    }


def _norm(arrays: Sequence[Array]) -> float:
    return float(np.sqrt(sum(np.vdot(a, a) for a in arrays)))


class BatchNormNetwork:
    """Dense, batch normalization, ReLU in every hidden layer; dense read-out; cross-entropy."""

    report: ClassVar[dict[str, str]] = {
        "covariate_shift": "Mean and variance of a layer's input drift less with normalization.",
        "landscape": "The gradient changes less along its own direction with normalization.",
        "limits": "Small batches make the statistics noisy; deep networks at init explode.",
    }

    def __init__(self, widths: Sequence[int], normalize: bool = True, rng: np.random.Generator | None = None) -> None:
        rng = rng if rng is not None else np.random.default_rng(0)
        pairs = list(pairwise(widths))
        self.weights = [rng.standard_normal(p) * np.sqrt(2.0 / p[0]) for p in pairs]
        self.biases = [np.zeros(fan_out) for _, fan_out in pairs]
        self.norms = [BatchNormalization(n) for n in widths[1:-1]] if normalize else []
        scales = [a for layer in self.norms for a in (layer.gamma, layer.beta)]
        self.params: list[Array] = [*self.weights, *self.biases, *scales]

    def _scores(self, X: Array, training: bool) -> tuple[Array, list[Array]]:
        inputs = [X]
        for i, (w, b) in enumerate(zip(self.weights[:-1], self.biases[:-1], strict=True)):
            z = inputs[-1] @ w + b
            if self.norms:
                z = self.norms[i].forward(z, training)
            inputs.append(np.maximum(z, 0.0))
        return inputs[-1] @ self.weights[-1] + self.biases[-1], inputs

    def loss_and_gradients(self, X: Array, y: Array) -> tuple[float, list[Array]]:
        """In training mode, and without a trace: the running statistics are put back."""
        running = [a for layer in self.norms for a in (layer.running_mean, layer.running_var)]
        before = [a.copy() for a in running]
        result = self._train_once(X, y)
        for a, old in zip(running, before, strict=True):
            a[...] = old
        return result

    def _train_once(self, X: Array, y: Array) -> tuple[float, list[Array]]:
        """Loss and gradients; moves the running statistics."""
        scores, inputs = self._scores(X, training=True)
        rows = np.arange(len(y))
        log_p = scores - scores.max(axis=1, keepdims=True)
        log_p -= np.log(np.exp(log_p).sum(axis=1, keepdims=True))
        delta = np.exp(log_p)
        delta[rows, y] -= 1.0
        delta /= len(y)
        dw: list[Array] = []
        db: list[Array] = []
        dscales: list[Array] = []
        for i in reversed(range(len(self.weights))):
            dw.insert(0, inputs[i].T @ delta)
            db.insert(0, delta.sum(axis=0))
            if i == 0:
                break
            delta = (delta @ self.weights[i].T) * (inputs[i] > 0)
            if self.norms:
                norm = self.norms[i - 1]
                delta = norm.backward(delta)
                dscales = [norm.grad_gamma, norm.grad_beta, *dscales]
        return float(-log_p[rows, y].mean()), [*dw, *db, *dscales]

    def predict(self, X: Array) -> Array:
        labels: Array = self._scores(X, training=False)[0].argmax(axis=1)
        return labels

    def fit(self, X: Array, y: Array, *, steps: int, lr: float, batch_size: int) -> Array:
        rng = np.random.default_rng(0)
        losses = np.empty(steps)
        for t in range(steps):
            rows = rng.choice(len(X), batch_size, replace=False)
            losses[t], gradients = self._train_once(X[rows], y[rows])
            for p, g in zip(self.params, gradients, strict=True):
                p -= lr * g
        return losses

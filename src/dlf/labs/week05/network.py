"""Reference project of week 5: modules that carry their gradients, on top of `dlf.layers`."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlf.labs.week05.reference import Array
from dlf.layers import conv2d, conv2d_backward, rnn, rnn_backward


class Module:
    """A layer: forward keeps what backward needs, backward sets grads, which are aligned with params."""

    def __init__(self) -> None:
        self.params: list[Array] = []
        self.grads: list[Array] = []

    def forward(self, x: Array) -> Array:
        raise NotImplementedError

    def backward(self, grad_output: Array) -> Array:
        raise NotImplementedError


class Linear(Module):
    """x @ W + b for x (..., fan_in); W (fan_in, fan_out)."""

    def __init__(self, fan_in: int, fan_out: int, rng: np.random.Generator) -> None:
        super().__init__()
        weight = rng.standard_normal((fan_in, fan_out)) * np.sqrt(2 / fan_in)
        self.params = [weight, np.zeros(fan_out)]

    def forward(self, x: Array) -> Array:
        self.x = x
        return np.asarray(x @ self.params[0] + self.params[1])

    def backward(self, grad_output: Array) -> Array:
        rows, grads = self.x.reshape(-1, self.x.shape[-1]), grad_output.reshape(-1, grad_output.shape[-1])
        self.grads = [rows.T @ grads, grads.sum(axis=0)]
        return np.asarray(grad_output @ self.params[0].T)


class Conv2d(Module):
    """Square filters (F, C, K, K) with a bias (F,)."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        rng: np.random.Generator,
        *,
        stride: int = 1,
        padding: int = 0,
    ) -> None:
        super().__init__()
        shape = out_channels, in_channels, kernel_size, kernel_size
        self.params = [rng.standard_normal(shape) * np.sqrt(2 / np.prod(shape[1:])), np.zeros(out_channels)]
        self.stride, self.padding = stride, padding

    def forward(self, x: Array) -> Array:
        y, self.cache = conv2d(x, self.params[0], self.params[1], stride=self.stride, padding=self.padding)
        return y

    def backward(self, grad_output: Array) -> Array:
        dx, dw, db = conv2d_backward(grad_output, self.cache)
        self.grads = [dw, np.asarray(db)]
        return dx


class RNN(Module):
    """All states (T, N, H) of a tanh recurrence from h0 = 0; wh starts as 0.9 times a rotation."""

    def __init__(self, inputs: int, hidden: int, rng: np.random.Generator) -> None:
        super().__init__()
        rotation = np.linalg.qr(rng.standard_normal((hidden, hidden)))[0]
        self.params = [rng.standard_normal((inputs, hidden)) / np.sqrt(inputs), 0.9 * rotation, np.zeros(hidden)]

    def forward(self, x: Array) -> Array:
        h, self.cache = rnn(x, np.zeros((x.shape[1], len(self.params[1]))), *self.params)
        return h

    def backward(self, grad_output: Array) -> Array:
        dx, _, *self.grads = rnn_backward(grad_output, self.cache)
        return dx


class Sequential(Module):
    """One module after the other."""

    def __init__(self, *modules: Any) -> None:
        self.modules = modules

    @property
    def params(self) -> list[Array]:  # type: ignore[override]
        return [p for m in self.modules for p in m.params]

    @property
    def grads(self) -> list[Array]:  # type: ignore[override]
        return [g for m in self.modules for g in m.grads]

    def forward(self, x: Array) -> Array:
        for module in self.modules:
            x = module.forward(x)
        return x

    def backward(self, grad_output: Array) -> Array:
        for module in reversed(self.modules):
            grad_output = module.backward(grad_output)
        return grad_output


class Attempt:
    """The five classes, and one step of gradient descent on the mean cross-entropy."""

    Module, Linear, Conv2d, RNN, Sequential = Module, Linear, Conv2d, RNN, Sequential

    def train_step(self, model: Any, x: Array, labels: Array, lr: float) -> float:
        logits = model.forward(x)
        log_p = logits - logits.max(axis=1, keepdims=True)
        log_p -= np.log(np.exp(log_p).sum(axis=1, keepdims=True))
        rows, grad = np.arange(len(labels)), np.exp(log_p)
        grad[rows, labels] -= 1
        model.backward(grad / len(labels))
        for p, g in zip(model.params, model.grads, strict=True):
            p -= lr * g
        return float(-log_p[rows, labels].mean())

"""Elementwise operations with broadcasting.

Rule of y = phi(x): xbar = ybar * phi'(x). An operand that was broadcast was used many times, so its cotangent is the
sum over the uses (`unbroadcast`). Numbers are promoted as in NumPy, and Python numbers take the Tensor's dtype.

At a kink: relu'(0) = 0, abs'(0) = 0, leaky_relu'(0) = slope, elu'(0) = alpha, and maximum and minimum give half to each
operand where they tie, as in torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import erf as _erf

from dlf.autodiff.dual import DERIVATIVE, Dual, lift, power_base, power_exponent, wins
from dlf.autodiff.tensor import Tensor, TensorLike, as_tensor, as_tensors, record


def unbroadcast(g: Any, shape: tuple[int, ...]) -> Any:
    """Sum g over the axes along which an array of `shape` was broadcast to the shape of g."""
    if g.shape == shape:
        return g
    for _ in range(g.ndim - len(shape)):
        g = np.add.reduce(g, axis=0)
    stretched = tuple(i for i, n in enumerate(shape) if n == 1 != g.shape[i])
    return g.sum(axis=stretched, keepdims=True) if stretched else g


def add(a: TensorLike, b: TensorLike) -> Tensor:
    """y = a + b; abar = ybar, bbar = ybar."""
    a, b = as_tensors(a, b)
    x, y = a._data, b._data
    return record(x + y, (a, lambda g: unbroadcast(g, x.shape)), (b, lambda g: unbroadcast(g, y.shape)))


def subtract(a: TensorLike, b: TensorLike) -> Tensor:
    """y = a - b; abar = ybar, bbar = -ybar."""
    a, b = as_tensors(a, b)
    x, y = a._data, b._data
    return record(x - y, (a, lambda g: unbroadcast(g, x.shape)), (b, lambda g: unbroadcast(-g, y.shape)))


def multiply(a: TensorLike, b: TensorLike) -> Tensor:
    """y = a b; abar = ybar b, bbar = ybar a."""
    a, b = as_tensors(a, b)
    x, y = a._data, b._data
    return record(x * y, (a, lambda g: unbroadcast(g * y, x.shape)), (b, lambda g: unbroadcast(g * x, y.shape)))


def divide(a: TensorLike, b: TensorLike) -> Tensor:
    """y = a / b; abar = ybar / b, bbar = -ybar y / b."""
    a, b = as_tensors(a, b)
    x, y = a._data, b._data
    z = x / y
    return record(z, (a, lambda g: unbroadcast(g / y, x.shape)), (b, lambda g: unbroadcast(-g * z / y, y.shape)))


def power(a: TensorLike, b: TensorLike) -> Tensor:
    """y = a^b; abar = ybar b a^(b-1), bbar = ybar y log a (0 at a = 0; NaN for a < 0, where it does not exist)."""
    if isinstance(b, (int, float)):
        return _power(as_tensor(a), float(b))
    a, b = as_tensors(a, b)
    x, p = a._data, b._data
    y = x**p
    return record(
        y,
        (a, lambda g: unbroadcast(g * power_base(x, p), x.shape)),
        (b, lambda g: unbroadcast(g * power_exponent(x, y), p.shape)),
    )


def _power(a: Tensor, p: float) -> Tensor:
    x = a._data
    return record(x**p, (a, lambda g: g * power_base(x, p)))


def maximum(a: TensorLike, b: TensorLike) -> Tensor:
    """y = max(a, b); the larger operand receives ybar, each receives half where they tie."""
    a, b = as_tensors(a, b)
    x, y = a._data, b._data
    return record(
        np.maximum(x, y),
        (a, lambda g: unbroadcast(g * wins(x, y), x.shape)),
        (b, lambda g: unbroadcast(g * wins(y, x), y.shape)),
    )


def minimum(a: TensorLike, b: TensorLike) -> Tensor:
    """y = min(a, b); the smaller operand receives ybar, each receives half where they tie."""
    a, b = as_tensors(a, b)
    x, y = a._data, b._data
    return record(
        np.minimum(x, y),
        (a, lambda g: unbroadcast(g * wins(y, x), x.shape)),
        (b, lambda g: unbroadcast(g * wins(x, y), y.shape)),
    )


def where(condition: Any, a: TensorLike, b: TensorLike) -> Tensor:
    """y = a where `condition` (an array of Booleans) holds, else b; ybar goes to the one that was taken.

    Both are computed before: where(x > 0, log(x), 0) has the gradient 0 * inf = NaN at x = 0. Make the argument of log
    harmless first: log(where(x > 0, x, 1)).
    """
    mask = np.asarray(condition)
    if mask.dtype != bool:
        raise TypeError(f"condition has dtype {mask.dtype}, expected bool; compare, as in x > 0")
    a, b = as_tensors(a, b)
    x, y = a._data, b._data
    return record(
        np.where(mask, x, y),
        (a, lambda g: unbroadcast(np.where(mask, g, 0.0), x.shape)),
        (b, lambda g: unbroadcast(np.where(mask, 0.0, g), y.shape)),
    )


def _map(phi: Callable[[Any], Any], dphi: Callable[[Any, Any], Any], x: TensorLike) -> Tensor:
    operand = as_tensor(x)
    x_ = operand._data
    y = phi(x_) if type(x_) is not Dual else lift(phi, dphi, x_)
    return record(y, (operand, lambda g: g * dphi(x_, y)))


def negative(x: TensorLike) -> Tensor:
    """y = -x; xbar = -ybar."""
    operand = as_tensor(x)
    return record(-operand._data, (operand, lambda g: -g))


def square(x: TensorLike) -> Tensor:
    """y = x^2; xbar = 2 x ybar."""
    return multiply(x, x)


def exp(x: TensorLike) -> Tensor:
    """y = e^x; phi' = y."""
    return _map(np.exp, DERIVATIVE[np.exp], x)


def expm1(x: TensorLike) -> Tensor:
    """y = e^x - 1, exact near 0; phi' = y + 1."""
    return _map(np.expm1, DERIVATIVE[np.expm1], x)


def log(x: TensorLike) -> Tensor:
    """y = log x; phi' = 1 / x."""
    return _map(np.log, DERIVATIVE[np.log], x)


def log1p(x: TensorLike) -> Tensor:
    """y = log(1 + x), exact near 0; phi' = 1 / (1 + x)."""
    return _map(np.log1p, DERIVATIVE[np.log1p], x)


def sqrt(x: TensorLike) -> Tensor:
    """y = sqrt x; phi' = 1 / (2 y)."""
    return _map(np.sqrt, DERIVATIVE[np.sqrt], x)


def sin(x: TensorLike) -> Tensor:
    """y = sin x; phi' = cos x."""
    return _map(np.sin, DERIVATIVE[np.sin], x)


def cos(x: TensorLike) -> Tensor:
    """y = cos x; phi' = -sin x."""
    return _map(np.cos, DERIVATIVE[np.cos], x)


def tan(x: TensorLike) -> Tensor:
    """y = tan x; phi' = 1 + y^2."""
    return _map(np.tan, DERIVATIVE[np.tan], x)


def tanh(x: TensorLike) -> Tensor:
    """y = tanh x; phi' = 1 - y^2."""
    return _map(np.tanh, DERIVATIVE[np.tanh], x)


def erf(x: TensorLike) -> Tensor:
    """y = erf x; phi' = 2 exp(-x^2) / sqrt(pi)."""
    return _map(_erf, DERIVATIVE[_erf], x)


def absolute(x: TensorLike) -> Tensor:
    """y = |x|; phi' = sign x, 0 at 0."""
    return _map(np.absolute, DERIVATIVE[np.absolute], x)


def relu(x: TensorLike) -> Tensor:
    """y = max(x, 0); phi' = 1 for x > 0, else 0."""
    return _map(lambda x: np.maximum(x, 0.0), lambda x, y: np.sign(y), x)  # y >= 0; its sign keeps the dtype


def leaky_relu(x: TensorLike, slope: float = 0.01) -> Tensor:
    """y = x for x > 0, else slope * x; phi' = 1 or slope."""
    return _map(
        lambda x: np.where(x > 0, x, slope * x),
        lambda x, y: np.where(x > 0, x.dtype.type(1.0), slope),
        x,
    )


def elu(x: TensorLike, alpha: float = 1.0) -> Tensor:
    """y = x for x > 0, else alpha (e^x - 1); phi' = 1 or y + alpha."""
    return _map(
        lambda x: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0.0))),
        lambda x, y: np.where(x > 0, 1.0, y + alpha),
        x,
    )


def _d_sigmoid(x: Any, y: Any) -> Any:
    return y * (1.0 - y)


def _stable_sigmoid(x: Any) -> Any:
    z = np.exp(-np.absolute(x))  # in (0, 1]: no overflow on either side
    return np.where(x >= 0, 1.0, z) / (1.0 + z)


def _sigmoid(x: Any) -> Any:
    return lift(_stable_sigmoid, _d_sigmoid, x)


def sigmoid(x: TensorLike) -> Tensor:
    """y = 1 / (1 + e^-x), without overflow; phi' = y (1 - y)."""
    return _map(_stable_sigmoid, _d_sigmoid, x)


def softplus(x: TensorLike) -> Tensor:
    """y = log(1 + e^x) = max(x, 0) + log(1 + e^-|x|), without overflow; phi' = sigmoid(x)."""
    return _map(
        lambda x: np.maximum(x, 0.0) + np.log1p(np.exp(-np.absolute(x))),
        lambda x, y: _sigmoid(x),
        x,
    )


def silu(x: TensorLike) -> Tensor:
    """y = x s with s = sigmoid(x); phi' = s + y (1 - s)."""

    def dphi(x: Any, y: Any) -> Any:
        s = _sigmoid(x)
        return s + y * (1.0 - s)

    return _map(lambda x: x * _sigmoid(x), dphi, x)


def gelu(x: TensorLike, approximate: str = "none") -> Tensor:
    """y = x Phi(x), Phi the standard normal distribution function; phi' = Phi(x) + x exp(-x^2 / 2) / sqrt(2 pi).

    approximate="tanh" takes x (1 + tanh u) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3) instead, and its derivative.
    Source: Hendrycks & Gimpel 2016.
    """
    if approximate == "none":
        return _map(lambda x: x * _normal_cdf(x), _d_gelu, x)
    if approximate == "tanh":
        return _map(lambda x: 0.5 * x * (1.0 + np.tanh(_gelu_u(x))), _d_gelu_tanh, x)
    raise ValueError(f"approximate is {approximate!r}, expected 'none' or 'tanh'")


def _normal_cdf(x: Any) -> Any:
    return 0.5 * (1.0 + _erf(x * math.sqrt(0.5)))


def _d_gelu(x: Any, y: Any) -> Any:
    return _normal_cdf(x) + x * np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


def _gelu_u(x: Any) -> Any:
    return math.sqrt(2.0 / math.pi) * (x + 0.044715 * x * x * x)


def _d_gelu_tanh(x: Any, y: Any) -> Any:
    t = np.tanh(_gelu_u(x))
    du = math.sqrt(2.0 / math.pi) * (1.0 + 0.134145 * x * x)
    return 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * du

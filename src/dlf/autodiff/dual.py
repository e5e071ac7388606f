"""Dual arrays: a value and its tangent, the numbers of forward mode.

A dual number is x + x' e with e^2 = 0. A NumPy function that meets one computes f(x) and J_f(x) x' together, so code
that is written in NumPy calls is differentiated while it runs. The rules of reverse mode in this package are such
code: run on duals, they give derivatives of gradients (`hvp`).

Source: Griewank & Walther 2008, chapter 3; Baydin et al. 2018, section 3.1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray
from scipy.special import erf

Array = NDArray[Any]

# phi'(x, y) of every elementwise NumPy function y = phi(x) in use. Both modes read it: x' -> phi' x' going forward,
# ybar -> phi' ybar going back.
DERIVATIVE: dict[np.ufunc, Callable[[Any, Any], Any]] = {
    np.exp: lambda x, y: y,
    np.expm1: lambda x, y: y + 1.0,
    np.log: lambda x, y: 1.0 / x,
    np.log1p: lambda x, y: 1.0 / (1.0 + x),
    np.sqrt: lambda x, y: 0.5 / y,
    np.sin: lambda x, y: np.cos(x),
    np.cos: lambda x, y: -np.sin(x),
    np.tan: lambda x, y: 1.0 + y * y,
    np.tanh: lambda x, y: 1.0 - y * y,
    np.absolute: lambda x, y: np.sign(x),
    erf: lambda x, y: (2.0 / math.sqrt(math.pi)) * np.exp(-x * x),
}


def wins(a: Any, b: Any) -> Any:
    """Return the share of a in the derivative of max(a, b): 1 where a is larger, 0 where b is, 1/2 where they tie.

    float16 holds the three exactly and leaves the dtype of what it multiplies alone.
    """
    return np.add(a > b, a >= b, dtype=np.float16) * 0.5


def power_base(a: Any, b: Any) -> Any:
    """Return d(a^b)/da = b a^(b-1), which is 0 where b is 0, also at a = 0."""
    if isinstance(b, (int, float)):
        return b * a ** (b - 1.0) if b else 0.0 * a
    return b * a ** np.where(b == 0, 1.0, b - 1.0)


def power_exponent(a: Any, y: Any) -> Any:
    """Return d(a^b)/db = y log a, continued by its limit 0 to a = 0."""
    return y * np.log(np.where(a == 0, 1.0, a))


# What the tangent d of one argument adds to the tangent of y = ufunc(a, b): one function for each argument.
PUSH: dict[np.ufunc, tuple[Callable[[Any, Any, Any, Any], Any], Callable[[Any, Any, Any, Any], Any]]] = {
    np.add: (lambda d, a, b, y: d, lambda d, a, b, y: d),
    np.subtract: (lambda d, a, b, y: d, lambda d, a, b, y: -d),
    np.multiply: (lambda d, a, b, y: d * b, lambda d, a, b, y: a * d),
    np.divide: (lambda d, a, b, y: d / b, lambda d, a, b, y: -d * y / b),
    np.matmul: (lambda d, a, b, y: d @ b, lambda d, a, b, y: a @ d),
    np.power: (lambda d, a, b, y: d * power_base(a, b), lambda d, a, b, y: d * power_exponent(a, y)),
    np.maximum: (lambda d, a, b, y: d * wins(a, b), lambda d, a, b, y: d * wins(b, a)),
    np.minimum: (lambda d, a, b, y: d * wins(b, a), lambda d, a, b, y: d * wins(a, b)),
}
# Piecewise constant functions: their value has no tangent.
CONSTANT = {np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal, np.isfinite, np.sign}


def _linear_method(name: str) -> Callable[..., Dual]:
    """Return the array method `name`, applied to value and tangent alike."""

    def method(self: Dual, *args: Any, **settings: Any) -> Dual:
        return Dual(getattr(self.primal, name)(*args, **settings), getattr(self.tangent, name)(*args, **settings))

    return method


class Dual(NDArrayOperatorsMixin):
    """An array `primal` and its directional derivative `tangent`, of the same shape."""

    __slots__ = ("primal", "tangent")

    def __init__(self, primal: Any, tangent: Any) -> None:
        self.primal = np.asarray(primal)
        self.tangent = np.asarray(tangent, dtype=self.primal.dtype)
        if self.tangent.shape != self.primal.shape:
            self.tangent = np.broadcast_to(self.tangent, self.primal.shape)

    def __repr__(self) -> str:
        return f"Dual({self.primal!r}, {self.tangent!r})"

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **settings: Any) -> Any:
        if method == "reduce" and ufunc is np.add:
            return linear(lambda x: np.add.reduce(x, **settings), inputs[0])
        if method != "__call__" or settings:
            return NotImplemented
        values = [primal(x) for x in inputs]
        y = ufunc(*values)
        if ufunc in CONSTANT:
            return y
        if ufunc is np.negative:
            return Dual(y, -inputs[0].tangent)
        if ufunc in DERIVATIVE:
            return Dual(y, DERIVATIVE[ufunc](values[0], y) * inputs[0].tangent)
        if ufunc not in PUSH:
            return NotImplemented
        a, b = values
        pushes = zip(PUSH[ufunc], inputs, strict=True)
        return Dual(y, sum(push(x.tangent, a, b, y) for push, x in pushes if isinstance(x, Dual)))

    def __array_function__(self, function: Any, types: Any, args: Any, settings: Any) -> Any:
        if function not in FUNCTIONS:
            return NotImplemented
        rule: Callable[..., Any] = FUNCTIONS[function]
        return rule(function, *args, **settings)

    shape = property(lambda self: self.primal.shape)
    ndim = property(lambda self: self.primal.ndim)
    size = property(lambda self: self.primal.size)
    dtype = property(lambda self: self.primal.dtype)
    T = property(lambda self: self.transpose())

    def __len__(self) -> int:
        return len(self.primal)

    def __getitem__(self, index: Any) -> Dual:
        return Dual(self.primal[index], self.tangent[index])

    reshape = _linear_method("reshape")
    transpose = _linear_method("transpose")
    swapaxes = _linear_method("swapaxes")
    squeeze = _linear_method("squeeze")
    astype = _linear_method("astype")
    sum = _linear_method("sum")
    mean = _linear_method("mean")

    def max(self, axis: Any = None, keepdims: bool = False) -> Dual:
        share = tie_shares(self.primal, self.primal.max(axis, keepdims=True), axis)
        return Dual(self.primal.max(axis, keepdims=keepdims), (share * self.tangent).sum(axis, keepdims=keepdims))


def lift(phi: Callable[[Any], Any], dphi: Callable[[Any, Any], Any], x: Any) -> Any:
    """Return phi(x), of a dual with the tangent phi'(x) x'; dphi(x, y) is phi'."""
    if not isinstance(x, Dual):
        return phi(x)
    y = phi(x.primal)
    return Dual(y, dphi(x.primal, y) * x.tangent)


def primal(x: Any) -> Any:
    """Return the value of a dual, and anything else as it is."""
    return x.primal if isinstance(x, Dual) else x


def tangent(x: Any) -> Any:
    """Return the tangent of a dual, and zeros of the shape of anything else."""
    return x.tangent if isinstance(x, Dual) else np.zeros_like(x)


def linear(function: Callable[[Any], Any], x: Any) -> Any:
    """Apply a linear function to an array, or to the value and the tangent of a dual."""
    return Dual(function(x.primal), function(x.tangent)) if isinstance(x, Dual) else function(x)


def tie_shares(x: Any, largest: Any, axis: Any) -> Any:
    """Return dmax/dx: 1 at the largest entry, 1/k at each of k entries that tie."""
    hits = x == largest
    return hits / hits.sum(axis=axis, keepdims=True, dtype=x.dtype)


def _on_list(function: Any, arrays: Any, *args: Any, **settings: Any) -> Dual:
    return Dual(
        function([primal(a) for a in arrays], *args, **settings),
        function([tangent(a) for a in arrays], *args, **settings),
    )


def _where(function: Any, condition: Any, a: Any, b: Any) -> Any:
    if isinstance(condition, Dual):
        raise TypeError("condition is a Dual, expected Booleans; compare it with something")
    return Dual(function(condition, primal(a), primal(b)), function(condition, tangent(a), tangent(b)))


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.where: _where,
    np.concatenate: _on_list,
    np.stack: _on_list,
    np.broadcast_to: lambda function, x, shape: linear(lambda array: function(array, shape), x),
}

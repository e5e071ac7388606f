"""Convolution and pooling as operations: the forward and backward passes of `dlf.layers`, and their tangents.

A layer y, cache = layer(x, ...) has the rule xbar = layer_backward(ybar, cache). On duals the product rule applies,
since y is linear in x and in w, and pooling is linear once the winners are fixed. The layers refuse NaN and infinity.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dlf import layers
from dlf.autodiff.dual import Array, Dual, linear, primal, tangent
from dlf.autodiff.tape import Rule
from dlf.autodiff.tensor import Tensor, TensorLike, as_tensor, as_tensors, record

Pair = tuple[int, int]


def conv2d(
    x: TensorLike,
    w: TensorLike,
    b: TensorLike | None = None,
    *,
    stride: int | Pair = 1,
    padding: int | Pair = 0,
    dilation: int | Pair = 1,
    groups: int = 1,
) -> Tensor:
    """Convolve x (N, C, H, W) with filters w (F, C/groups, KH, KW) and add b (F,): see `dlf.layers.conv2d`."""
    x, w = as_tensors(x, w)
    convolution = _Convolution(x._data, w._data, stride=stride, padding=padding, dilation=dilation, groups=groups)
    y = convolution.y if b is None else convolution.y + (b := as_tensor(b))._data.reshape(-1, 1, 1)
    both = _shared(convolution.backward)
    edges = [(x, lambda g: both(g)[0]), (w, lambda g: both(g)[1])]
    if b is not None:
        edges.append((b, lambda g: g.sum(axis=(0, 2, 3))))
    return record(y, *edges)


class _Convolution:
    """x * w, bilinear: (x * w)' = x' * w + x * w', and the same in both rules."""

    y: Any

    def __init__(self, x: Any, w: Any, **settings: Any) -> None:
        self.y, self.cache = layers.conv2d(primal(x), primal(w), **settings)
        self.cross: Any = None  # the cache of x' * w': its backward pass pulls back through x' and w'
        if isinstance(x, Dual) or isinstance(w, Dual):
            dx, dw = tangent(x), tangent(w)
            dy = layers.conv2d(dx, primal(w), **settings)[0] + layers.conv2d(primal(x), dw, **settings)[0]
            self.y = Dual(self.y, dy)
            self.cross = layers.conv2d(dx, dw, **settings)[1]

    def backward(self, g: Any) -> tuple[Any, Any]:
        dx, dw, _ = layers.conv2d_backward(primal(g), self.cache)
        if self.cross is None and not isinstance(g, Dual):
            return dx, dw
        tangents = [layers.conv2d_backward(tangent(g), self.cache)]
        if self.cross is not None:
            tangents.append(layers.conv2d_backward(primal(g), self.cross))
        return Dual(dx, sum(t[0] for t in tangents)), Dual(dw, sum(t[1] for t in tangents))


def _shared(backward: Callable[[Any], tuple[Any, Any]]) -> Callable[[Any], tuple[Any, Any]]:
    """Run a backward pass that serves two operands once for both: the sweep asks for them one after the other."""
    last: tuple[Any, tuple[Any, Any]] = None, (None, None)

    def once(g: Any) -> tuple[Any, Any]:
        nonlocal last
        if last[0] is not g:
            last = g, backward(g)
        return last[1]

    return once


def max_pool2d(x: TensorLike, size: int | Pair, stride: int | Pair | None = None, padding: int | Pair = 0) -> Tensor:
    """Keep the largest value of every window; ybar goes to the first that is largest. See `dlf.layers.max_pool2d`."""
    operand = as_tensor(x)
    x_ = operand._data
    y, cache = layers.max_pool2d(primal(x_), size, stride, padding)
    data = Dual(y, _at_winners(x_.tangent, cache)) if isinstance(x_, Dual) else y
    return record(data, (operand, _linear_rule(layers.max_pool2d_backward, cache)))


def _at_winners(values: Array, cache: Any) -> Array:
    """Return of every window the value where x was largest."""
    places = cache.windows.view(cache.windows.pad(values))  # (N, C, KH, KW, R, S)
    flat = places.reshape(*places.shape[:2], -1, *places.shape[4:])
    return np.take_along_axis(flat, cache.winner[:, :, None], axis=2)[:, :, 0]


def avg_pool2d(x: TensorLike, size: int | Pair, stride: int | Pair | None = None, padding: int | Pair = 0) -> Tensor:
    """Average every window; ybar is shared equally. See `dlf.layers.avg_pool2d`."""
    operand = as_tensor(x)
    _, cache = layers.avg_pool2d(primal(operand._data), size, stride, padding)
    y = linear(lambda part: layers.avg_pool2d(part, size, stride, padding)[0], operand._data)
    return record(y, (operand, _linear_rule(layers.avg_pool2d_backward, cache)))


def _linear_rule(backward: Callable[[Any, Any], Any], cache: Any) -> Rule:
    return lambda g: linear(lambda part: backward(part, cache), g)

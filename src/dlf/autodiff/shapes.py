"""Operations that move entries: each is linear, and its rule puts every cotangent back where the entry came from.

An entry that was read k times receives the sum of its k cotangents.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from dlf.autodiff.dual import linear
from dlf.autodiff.elementwise import unbroadcast
from dlf.autodiff.tensor import Array, Index, Tensor, TensorLike, as_tensor, record


def reshape(x: TensorLike, shape: int | Sequence[int]) -> Tensor:
    """The same entries in another shape; one of its sizes may be -1."""
    operand = as_tensor(x)
    old = operand._data.shape
    return record(operand._data.reshape(shape), (operand, lambda g: g.reshape(old)))


def transpose(x: TensorLike, axes: Sequence[int] | None = None) -> Tensor:
    """The axes in another order, reversed by default; the rule applies the inverse permutation."""
    operand = as_tensor(x)
    y = operand._data.transpose(axes)
    back = None if axes is None else np.argsort([axis % y.ndim for axis in axes])
    return record(y, (operand, lambda g: g.transpose(back)))


def swapaxes(x: TensorLike, one: int, other: int) -> Tensor:
    """Two axes exchanged."""
    operand = as_tensor(x)
    return record(operand._data.swapaxes(one, other), (operand, lambda g: g.swapaxes(one, other)))


def broadcast_to(x: TensorLike, shape: Sequence[int]) -> Tensor:
    """x repeated to `shape`; xbar sums over the copies."""
    operand = as_tensor(x)
    old = operand._data.shape
    return record(np.broadcast_to(operand._data, tuple(shape)), (operand, lambda g: unbroadcast(g, old)))


def getitem(x: TensorLike, index: Index) -> Tensor:
    """y = x[index], basic or advanced; repeated indices accumulate: xbar_j = sum over i with index_i = j of ybar_i."""
    operand = as_tensor(x)
    x_ = operand._data
    return record(x_[index], (operand, lambda g: linear(lambda part: _scatter(part, index, x_), g)))


def _scatter(part: Any, index: Index, like: Any) -> Array:
    out = np.zeros(like.shape, part.dtype)
    if _reads_once(index):
        out[index] = part
    else:
        np.add.at(out, index, part)
    return out


def _reads_once(index: Index) -> bool:
    """Whether no entry can occur twice: slices, numbers and Booleans, but no array of integers."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(
        part is None or part is Ellipsis or isinstance(part, (int, np.integer, slice)) or np.asarray(part).dtype == bool
        for part in parts
    )


def take_along_axis(x: TensorLike, indices: ArrayLike, axis: int = -1) -> Tensor:
    """Gather along one axis, y_ij = x_i,indices_ij for axis 1: see np.take_along_axis. Repeats accumulate."""
    operand = as_tensor(x)
    array = np.asarray(indices)
    if array.dtype.kind not in "iu":
        raise TypeError(f"indices have dtype {array.dtype}, expected integers")
    if array.ndim != operand.ndim:
        raise ValueError(f"indices have {array.ndim} axes, expected those of x, {operand.ndim}; reshape them")
    grid = list(np.ix_(*map(np.arange, operand.shape)))
    grid[axis] = array
    return getitem(operand, tuple(grid))


def concatenate(tensors: Sequence[TensorLike], axis: int = 0) -> Tensor:
    """Join along an axis; each operand receives its slice of ybar."""
    operands = [as_tensor(t) for t in tensors]
    y = np.concatenate([t._data for t in operands], axis=axis)
    axis %= y.ndim
    ends = np.cumsum([t._data.shape[axis] for t in operands])
    before = (slice(None),) * axis

    def rule(start: int, end: int) -> Any:
        return lambda g: g[(*before, slice(start, end))]

    return record(y, *((t, rule(end - t._data.shape[axis], end)) for t, end in zip(operands, ends, strict=True)))


def stack(tensors: Sequence[TensorLike], axis: int = 0) -> Tensor:
    """Join along a new axis; each operand receives its layer of ybar."""
    operands = [as_tensor(t) for t in tensors]
    y = np.stack([t._data for t in operands], axis=axis)
    before = (slice(None),) * (axis % y.ndim)

    def rule(i: int) -> Any:
        return lambda g: g[(*before, i)]

    return record(y, *((t, rule(i)) for i, t in enumerate(operands)))


def pad(x: TensorLike, pad_width: Any, value: float = 0.0) -> Tensor:
    """Surround x with a constant; pad_width as for np.pad. The rule cuts the border off."""
    operand = as_tensor(x)
    x_ = operand._data
    widths = np.broadcast_to(np.asarray(pad_width), (x_.ndim, 2))
    inner = tuple(slice(before, before + n) for (before, _), n in zip(widths, x_.shape, strict=True))
    y = linear(lambda part: np.pad(part, widths), x_)
    if value:
        border = np.full(y.shape, value, y.dtype)
        border[inner] = 0.0
        y = y + border
    return record(y, (operand, lambda g: g[inner]))

"""Two-dimensional convolution, forward and backward, as a matrix product on columns of windows (im2col).

Index letters: N batch, C input channels, F filters, G groups, H and W image, KH and KW kernel, OH and OW output.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dlf.layers.arguments import (
    Array,
    Pair,
    as_finite,
    as_float,
    as_images,
    as_pair,
    is_integer,
    parameter,
    upstream,
)
from dlf.layers.windows import Windows

# Columns are made for a few samples at a time: those of all samples at once do not fit in the processor's cache between
# copy and product, and take KH * KW times the memory of x.
BLOCK_BYTES = 2**19


@dataclass(frozen=True, slots=True)
class Conv2dCache:
    """What the backward pass needs from the forward pass; columns are made again instead of kept."""

    image: Array  # (N, C, H + 2 padding, W + 2 padding)
    w: Array  # (G, F/G, C/G * KH * KW)
    w_shape: tuple[int, ...]
    windows: Windows
    bias: bool


def conv2d(
    x: ArrayLike,
    w: ArrayLike,
    b: ArrayLike | None = None,
    *,
    stride: int | Pair = 1,
    padding: int | Pair = 0,
    dilation: int | Pair = 1,
    groups: int = 1,
) -> tuple[Array, Conv2dCache]:
    """Slide filters over images and sum the products, as every deep learning library does: without flipping w.

    x is (N, C, H, W), w (F, C/groups, KH, KW), b (F,) or None. Returns y (N, F, OH, OW) with
    OH = floor((H + 2 padding - dilation (KH - 1) - 1) / stride) + 1, OW likewise, and the cache for `conv2d_backward`.
    stride, padding and dilation are integers or pairs (rows, columns). y is float64 unless x is float32.

        y[n, f, r, s] = b[f] + sum over c, i, j of w[f, c, i, j] x0[n, c, r stride + i dilation, s stride + j dilation]

    where x0 is x with a border of zeros. With groups, filter f sees only the C/groups channels of its own group; F and
    C are both multiples of groups. Rows that no window reaches stay out.

    Raises ValueError for a wrong shape or range, a kernel larger than the padded image, groups that do not divide, NaN
    or infinity; TypeError for a wrong dtype. Source: LeCun et al. 1998, Gradient-based learning, section II.
    """
    values = as_images("x", x)
    weights = as_finite("w", _as_filters(w, values.shape[1], groups), values.dtype)
    filters = weights.shape[0]
    bias = None if b is None else parameter("b", b, (filters,), "one value for each filter", values.dtype)
    windows = Windows(
        values.shape[2:],
        weights.shape[2:],
        as_pair("stride", stride, 1),
        as_pair("padding", padding, 0),
        as_pair("dilation", dilation, 1),
    )
    windows.require_fit("w")
    image = windows.pad(values)
    matrix = weights.reshape(groups, filters // groups, -1).copy()
    y = np.empty((len(image), groups, filters // groups, np.prod(windows.output)), values.dtype)
    for block, columns in _blocks_of_columns(image, windows, groups):
        np.matmul(matrix, columns, out=y[block])
    y = y.reshape(len(image), filters, *windows.output)
    if bias is not None:
        y += bias[:, None, None]
    return y, Conv2dCache(image, matrix, weights.shape, windows, bias is not None)


def conv2d_backward(dy: ArrayLike, cache: Conv2dCache) -> tuple[Array, Array, Array | None]:
    """Gradients of a loss with respect to x, w and b, given dy = dL/dy.

    dy is (N, F, OH, OW); returns dx (N, C, H, W), dw (F, C/groups, KH, KW) and db (F,), or None if there was no b.

        dx0[n, c, p, q] = sum of w[f, c, i, j] dy[n, f, r, s] over all f and all i, j, r, s with
                          r stride + i dilation = p and s stride + j dilation = q; dx is dx0 without its border
        dw[f, c, i, j]  = sum over n, r, s of dy[n, f, r, s] x0[n, c, r stride + i dilation, s stride + j dilation]
        db[f]           = sum over n, r, s of dy[n, f, r, s]

    With x and y as vectors, y = M x, this is dx = M^T dy. Raises ValueError when dy has another shape than y or is not
    finite, TypeError for a wrong dtype or a cache that `conv2d` did not make. Source: as for `conv2d`.
    """
    if not isinstance(cache, Conv2dCache):
        raise TypeError(f"cache is a {type(cache).__name__}, expected what conv2d returned")
    n, (groups, per_group, _) = len(cache.image), cache.w.shape
    gradient = upstream("dy", dy, (n, groups * per_group, *cache.windows.output), cache.image.dtype)
    rows = gradient.reshape(n, groups, per_group, -1)
    dimage, dw = np.zeros_like(cache.image), np.zeros_like(cache.w)
    for block, columns in _blocks_of_columns(cache.image, cache.windows, groups):
        dw += (rows[block] @ columns.swapaxes(2, 3)).sum(axis=0)
        dcolumns = cache.w.swapaxes(1, 2) @ rows[block]  # (B, G, C/G * KH * KW, OH * OW)
        taps = (len(dcolumns), cache.image.shape[1], *cache.windows.kernel, *cache.windows.output)
        cache.windows.add_back(dimage[block], dcolumns.reshape(taps))
    db = gradient.sum(axis=(0, 2, 3)) if cache.bias else None
    return cache.windows.crop(dimage), dw.reshape(cache.w_shape), db


def _blocks_of_columns(image: Array, windows: Windows, groups: int) -> Iterator[tuple[slice, Array]]:
    """Yield blocks of B samples and their columns (B, G, C/G * KH * KW, OH * OW); a column is what a window sees."""
    places = windows.view(image)
    sample = int(np.prod(places.shape[1:])) * image.itemsize
    size = max(1, BLOCK_BYTES // sample)
    for start in range(0, len(image), size):
        block = slice(start, min(start + size, len(image)))
        yield block, places[block].reshape(block.stop - start, groups, -1, np.prod(windows.output))


def _as_filters(w: ArrayLike, channels: int, groups: int) -> Array:
    if not is_integer(groups):
        raise TypeError(f"groups is {groups!r}, expected an integer")
    if groups < 1:
        raise ValueError(f"groups is {groups}, expected an integer >= 1")
    array = as_float("w", w)
    if array.ndim != 4 or array.size == 0:
        raise ValueError(f"w has shape {array.shape}, expected (F, C/groups, KH, KW) with at least one value")
    if channels % groups or array.shape[0] % groups:
        raise ValueError(
            f"groups is {groups}, expected a divisor of the {channels} channels of x "
            f"and of the {array.shape[0]} filters of w"
        )
    if array.shape[1] != channels // groups:
        raise ValueError(
            f"w has shape {array.shape}, expected {channels // groups} channels on axis 1: x has {channels} channels "
            f"in {groups} groups"
        )
    return array

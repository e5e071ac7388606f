"""Max and average pooling, forward and backward.

Index letters: N batch, C channels, H and W image, KH and KW window, OH and OW output.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import ArrayLike

from dlf.layers.arguments import Array, Pair, as_images, as_pair, upstream
from dlf.layers.windows import Windows


@dataclass(frozen=True, slots=True)
class MaxPool2dCache:
    """What the backward pass needs from the forward pass."""

    winner: Array  # (N, C, OH, OW), index of the largest value within its window, row by row
    windows: Windows
    dtype: np.dtype[np.floating]


@dataclass(frozen=True, slots=True)
class AvgPool2dCache:
    """What the backward pass needs from the forward pass."""

    shape: tuple[int, ...]  # of y
    windows: Windows
    dtype: np.dtype[np.floating]


def max_pool2d(
    x: ArrayLike, size: int | Pair, stride: int | Pair | None = None, padding: int | Pair = 0
) -> tuple[Array, MaxPool2dCache]:
    """Keep the largest value of every window.

    x is (N, C, H, W); size, stride (None: the size) and padding are integers or pairs (rows, columns), padding at most
    half the size. Returns y (N, C, OH, OW), OH = floor((H + 2 padding - size) / stride) + 1, OW likewise, and the cache
    for `max_pool2d_backward`. y is float64 unless x is float32.

        y[n, c, r, s] = max over i, j of x0[n, c, r stride + i, s stride + j]

    where x0 is x with a border of -infinity, which never wins. Raises ValueError for a wrong shape or range, a window
    larger than the padded image, NaN or infinity; TypeError for a wrong dtype. Convention: torch's.
    """
    values, windows = _prepare(x, size, stride, padding)
    places = windows.view(windows.pad(values, -np.inf))
    y = np.full((*values.shape[:2], *windows.output), -np.inf, values.dtype)
    winner = np.zeros(y.shape, np.int32)
    for tap, (i, j) in enumerate(np.ndindex(windows.kernel)):
        winner = np.where(places[:, :, i, j] > y, tap, winner)  # not >=: of equal values the first one wins
        np.maximum(y, places[:, :, i, j], out=y)
    return y, MaxPool2dCache(winner, windows, values.dtype)


def max_pool2d_backward(dy: ArrayLike, cache: MaxPool2dCache) -> Array:
    """Gradient of a loss with respect to x, given dy = dL/dy of shape (N, C, OH, OW): dx (N, C, H, W).

    Each dy goes to the one pixel that was its window's maximum, to the first in row-major order where several tie; a
    pixel that won in several windows collects the sum. This is a subgradient where values tie, the gradient elsewhere.
    Raises ValueError when dy has another shape than y or is not finite, TypeError for a wrong dtype or a cache that
    `max_pool2d` did not make.
    """
    if not isinstance(cache, MaxPool2dCache):
        raise TypeError(f"cache is a {type(cache).__name__}, expected what max_pool2d returned")
    gradient = upstream("dy", dy, cache.winner.shape, cache.dtype)
    dimage = np.zeros((*gradient.shape[:2], *cache.windows.padded), cache.dtype)
    places = cache.windows.view(dimage)
    for tap, (i, j) in enumerate(np.ndindex(cache.windows.kernel)):
        places[:, :, i, j] += np.where(cache.winner == tap, gradient, 0)
    return cache.windows.crop(dimage)


def avg_pool2d(
    x: ArrayLike, size: int | Pair, stride: int | Pair | None = None, padding: int | Pair = 0
) -> tuple[Array, AvgPool2dCache]:
    """Average every window; the zeros of the border count as values, as in torch's default.

    Arguments, shapes and errors are those of `max_pool2d`. With x0 the image with its border of zeros,

        y[n, c, r, s] = 1 / (KH KW) sum over i, j of x0[n, c, r stride + i, s stride + j].

    Source: LeCun et al. 1998, Gradient-based learning, section II: subsampling, there with a trainable scale and bias.
    """
    values, windows = _prepare(x, size, stride, padding)
    places = windows.view(windows.pad(values))
    y = np.zeros((*values.shape[:2], *windows.output), values.dtype)
    for i, j in np.ndindex(windows.kernel):
        y += places[:, :, i, j]
    y /= prod(windows.kernel)
    return y, AvgPool2dCache(y.shape, windows, values.dtype)


def avg_pool2d_backward(dy: ArrayLike, cache: AvgPool2dCache) -> Array:
    """Gradient of a loss with respect to x, given dy = dL/dy of shape (N, C, OH, OW): dx (N, C, H, W).

    Every pixel of a window receives dy / (KH KW), and sums what its windows send. Raises ValueError when dy has another
    shape than y or is not finite, TypeError for a wrong dtype or a cache that `avg_pool2d` did not make.
    """
    if not isinstance(cache, AvgPool2dCache):
        raise TypeError(f"cache is a {type(cache).__name__}, expected what avg_pool2d returned")
    share = upstream("dy", dy, cache.shape, cache.dtype) / prod(cache.windows.kernel)
    dimage = np.zeros((*share.shape[:2], *cache.windows.padded), cache.dtype)
    places = cache.windows.view(dimage)
    for i, j in np.ndindex(cache.windows.kernel):
        places[:, :, i, j] += share
    return cache.windows.crop(dimage)


def _prepare(x: ArrayLike, size: int | Pair, stride: int | Pair | None, padding: int | Pair) -> tuple[Array, Windows]:
    values = as_images("x", x)
    kernel, border = as_pair("size", size, 1), as_pair("padding", padding, 0)
    if any(2 * p > k for p, k in zip(border, kernel, strict=True)):
        raise ValueError(
            f"padding is {padding}, expected at most half the size {size}: a window in the border alone has no value"
        )
    windows = Windows(values.shape[2:], kernel, kernel if stride is None else as_pair("stride", stride, 1), border)
    windows.require_fit("size")
    return values, windows

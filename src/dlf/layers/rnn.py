"""The tanh recurrent network and backpropagation through time.

Index letters: T steps, N batch, I inputs, H hidden units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from dlf.layers.arguments import Array, as_finite, as_float, is_integer, parameter, require_finite, upstream


@dataclass(frozen=True, slots=True)
class RNNCache:
    """What the backward pass needs from the forward pass."""

    x: Array  # (T, N, I), zero at and past each sequence's length
    states: Array  # (T + 1, N, H), h0 first
    wx: Array  # (I, H)
    wh: Array  # (H, H)
    lengths: Array | None  # (N,)


def rnn(
    x: ArrayLike, h0: ArrayLike, wx: ArrayLike, wh: ArrayLike, b: ArrayLike, lengths: ArrayLike | None = None
) -> tuple[Array, RNNCache]:
    """Run a tanh recurrent layer over sequences, step first.

    x is (T, N, I), h0 (N, H), wx (I, H), wh (H, H), b (H,), lengths (N,) integers from 1 to T, or None: all are T.
    Returns h (T, N, H) and the cache for `rnn_backward`. h is float64 unless x is float32.

        h[t] = tanh(x[t] wx + h[t - 1] wh + b), with h[-1] = h0, while t < length of the sequence
        h[t] = h[t - 1] from there on

    so that the last h of the array holds every sequence's last state. What x holds at and past the length has no
    influence: it may be NaN. Raises ValueError for a wrong shape, a length outside 1 to T, NaN or infinity; TypeError
    for a wrong dtype. One bias, where torch adds two. Source: Werbos 1990.
    """
    values, ends = _as_sequences(x, lengths)
    steps, n, inputs = values.shape
    h0 = _as_state(h0, n, values.dtype)
    hidden = h0.shape[1]
    wx = parameter("wx", wx, (inputs, hidden), "inputs of x by hidden units of h0", values.dtype)
    wh = parameter("wh", wh, (hidden, hidden), "hidden units of h0 on both axes", values.dtype)
    b = parameter("b", b, (hidden,), "one value for each hidden unit of h0", values.dtype)
    states = np.empty((steps + 1, n, hidden), values.dtype)
    states[0] = h0
    h = states[1:]
    np.matmul(values.reshape(-1, inputs), wx, out=h.reshape(-1, hidden))  # one product for all steps
    h += b
    for t in range(steps):
        h[t] += states[t] @ wh
        np.tanh(h[t], out=h[t])
        if ends is not None:
            np.copyto(h[t], states[t], where=(t >= ends)[:, None])
    return h.copy(), RNNCache(values, states, wx, wh, ends)


def rnn_backward(
    dh: ArrayLike, cache: RNNCache, truncation: int | None = None
) -> tuple[Array, Array, Array, Array, Array]:
    """Gradients of a loss with respect to x, h0, wx, wh and b, given dh, its direct derivative by each h.

    dh is (T, N, H); returns dx (T, N, I), dh0 (N, H), dwx (I, H), dwh (H, H) and db (H,). dh[t] holds how the loss
    depends on h[t] directly; what reaches it through later steps is added here:

        total[t] = dh[t] + dz[t + 1] wh^T,   dz[t] = total[t] * (1 - h[t]^2),   dz[T] = 0
        dx[t] = dz[t] wx^T,   dh0 = dz[0] wh^T
        dwx = sum over t of x[t]^T dz[t],   dwh = sum of h[t - 1]^T dz[t],   db = sum of dz[t], over the batch too

    At and past a sequence's length h repeats the last state, so that dh there is added to dh of that state, whatever
    chunk it stands in; give 0 there if the loss does not look at padding. dx is 0 there.

    truncation = K cuts time into chunks of K steps that start at t = 0; the last one may be shorter. The states pass
    from chunk to chunk, the gradient does not. K >= T changes nothing.

    Raises ValueError when dh has another shape than h or is not finite, or truncation is below 1; TypeError for a wrong
    dtype or a cache that `rnn` did not make. Source: Werbos 1990.
    """
    if not isinstance(cache, RNNCache):
        raise TypeError(f"cache is a {type(cache).__name__}, expected what rnn returned")
    h = cache.states[1:]
    steps, _, hidden = h.shape
    dh = upstream("dh", dh, h.shape, h.dtype)
    dh = dh if cache.lengths is None else _to_last_state(dh, cache.lengths)
    chunk = _chunk(truncation, steps)
    dz = 1 - h * h
    from_later = np.zeros_like(h[0])
    for t in reversed(range(steps)):
        dz[t] *= dh[t] + from_later
        from_later = dz[t] @ cache.wh.T
        if t % chunk == 0 and t > 0:
            from_later[...] = 0
    rows = dz.reshape(-1, hidden)  # (T * N, H): one product for all steps
    dx = (rows @ cache.wx.T).reshape(cache.x.shape)
    dwx = cache.x.reshape(len(rows), -1).T @ rows
    dwh = cache.states[:-1].reshape(len(rows), -1).T @ rows
    return dx, from_later, dwx, dwh, rows.sum(axis=0)


def _to_last_state(dh: Array, lengths: Array) -> Array:
    """Return dh with what stands at and past each length moved to the last step before it."""
    past = np.arange(len(dh))[:, None, None] >= lengths[:, None]  # (T, N, 1)
    moved = np.where(past, 0, dh)
    moved[lengths - 1, np.arange(len(lengths))] += np.where(past, dh, 0).sum(axis=0)
    return moved


def _chunk(truncation: int | None, steps: int) -> int:
    if truncation is None:
        return steps
    if not is_integer(truncation):
        raise TypeError(
            f"truncation is {truncation!r}, expected an integer, the steps of a chunk, or None for all steps"
        )
    if truncation < 1:
        raise ValueError(f"truncation is {truncation}, expected at least 1 step; use None for no truncation")
    return truncation


def _as_sequences(x: ArrayLike, lengths: ArrayLike | None) -> tuple[Array, Array | None]:
    """Return a private copy of x with padding set to zero, because 0 * NaN would reach every gradient."""
    values = as_float("x", x)
    if values.ndim != 3 or values.size == 0:
        raise ValueError(
            f"x has shape {values.shape}, expected (T, N, I) with at least one value; "
            "for batch first use x.swapaxes(0, 1), for a single sequence x[:, None]"
        )
    if lengths is None:
        require_finite("x", values)
        return values.copy(), None
    ends = _as_lengths(lengths, *values.shape[:2])
    values = np.where(np.arange(len(values))[:, None, None] < ends[:, None], values, values.dtype.type(0))
    require_finite("x", values)
    return values, ends


def _as_lengths(lengths: ArrayLike, steps: int, n: int) -> Array:
    ends = np.array(lengths)
    if ends.dtype.kind not in "iu":
        raise TypeError(f"lengths has dtype {ends.dtype}, expected integers")
    if ends.shape != (n,):
        raise ValueError(f"lengths has shape {ends.shape}, expected {(n,)}, one for each sequence of x (axis 1)")
    if ends.min() < 1 or ends.max() > steps:
        raise ValueError(
            f"lengths runs from {ends.min()} to {ends.max()}, expected 1 to {steps}, the steps of x (axis 0); "
            "leave empty sequences out, pad x for longer ones"
        )
    return ends.astype(np.int64)


def _as_state(h0: ArrayLike, n: int, dtype: np.dtype[Any]) -> Array:
    array = as_float("h0", h0)
    if array.ndim != 2 or array.shape[0] != n or array.size == 0:
        raise ValueError(f"h0 has shape {array.shape}, expected ({n}, H), a state for each sequence of x (axis 1)")
    return as_finite("h0", array, dtype)

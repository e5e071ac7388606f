"""Reference solutions of week 5, on top of `dlf.layers` (which is tested against torch)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlf.layers import conv2d, conv2d_backward, max_pool2d, max_pool2d_backward, rnn, rnn_backward

Array = NDArray[Any]


def im2col(x: Array, kh: int, kw: int, stride: int, padding: int, dilation: int) -> Array:
    """The patches of x (N, C, H, W) as columns, (N, C KH KW, OH OW)."""
    border = (padding, padding)
    x0 = np.pad(x, ((0, 0), (0, 0), border, border))
    reach = dilation * (kh - 1) + 1, dilation * (kw - 1) + 1
    patches = np.lib.stride_tricks.sliding_window_view(x0, reach, axis=(2, 3))  # (N, C, rows, columns, KH', KW')
    patches = patches[:, :, ::stride, ::stride, ::dilation, ::dilation]
    return patches.transpose(0, 1, 4, 5, 2, 3).reshape(len(x), x.shape[1] * kh * kw, -1)


class SpecializedBackprop:
    """Gradients of a convolution and of a recurrent network."""

    def conv_backward(
        self, grad_output: Array, input_data: Array, filters: Array, stride: int, padding: int, dilation: int = 1
    ) -> tuple[Array, Array]:
        _, cache = conv2d(input_data, filters, stride=stride, padding=padding, dilation=dilation)
        grad_input, grad_filters, _ = conv2d_backward(grad_output, cache)
        return grad_input, grad_filters

    def rnn_backward(
        self,
        grad_outputs: Array,
        hidden_states: Array,
        inputs: Array,
        weights: dict[str, Array],
        *,
        truncation: int | None = None,
        lengths: Array | None = None,
    ) -> dict[str, Array]:
        if lengths is not None:  # the loss does not look at padding
            steps = np.arange(len(inputs))
            grad_outputs = np.where((steps[:, None] < lengths)[:, :, None], grad_outputs, 0.0)
        _, cache = rnn(inputs, hidden_states[0], weights["wx"], weights["wh"], weights["b"], lengths)
        found = rnn_backward(grad_outputs, cache, truncation)
        return dict(zip(("inputs", "h0", "wx", "wh", "b"), found, strict=True))


def max_pool_backward(grad_output: Array, x: Array, size: int, stride: int) -> Array:
    """The gradient of x (N, C, H, W) under max pooling."""
    _, cache = max_pool2d(x, size, stride)
    return max_pool2d_backward(grad_output, cache)


def gradient_norm_by_lag(grad_last: Array, hidden_states: Array, wh: Array) -> Array:
    """|dL/dh[T - k]| of every sequence for k = 0 to T, when the loss looks at the last state only: (T + 1, N)."""
    total, norms = grad_last, [np.linalg.norm(grad_last, axis=1)]
    for h in hidden_states[:0:-1]:
        total = (total * (1 - h**2)) @ wh.T
        norms.append(np.linalg.norm(total, axis=1))
    return np.stack(norms)

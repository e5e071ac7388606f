"""Layers as forward/backward pairs in NumPy: `y, cache = layer(x, ...)`, then `layer_backward`."""

from dlf.layers.batch_norm import batch_norm, batch_norm_backward
from dlf.layers.conv import conv2d, conv2d_backward
from dlf.layers.pool import avg_pool2d, avg_pool2d_backward, max_pool2d, max_pool2d_backward
from dlf.layers.rnn import rnn, rnn_backward

__all__ = [
    "avg_pool2d",
    "avg_pool2d_backward",
    "batch_norm",
    "batch_norm_backward",
    "conv2d",
    "conv2d_backward",
    "max_pool2d",
    "max_pool2d_backward",
    "rnn",
    "rnn_backward",
]

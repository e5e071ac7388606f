"""Layers as forward/backward pairs in NumPy: `y, cache = layer(x, ...)`, then `layer_backward`."""

from dlf.layers.batch_norm import batch_norm, batch_norm_backward

__all__ = ["batch_norm", "batch_norm_backward"]

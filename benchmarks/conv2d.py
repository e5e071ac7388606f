"""Convolution forward and backward, one thread: NumPy against torch, strides and dilations 1 and 2, both precisions.

python -m benchmarks.conv2d
"""

from __future__ import annotations

from itertools import product

import numpy as np
import torch

from benchmarks.interleave import machine, ratio, report
from dlf.layers import conv2d, conv2d_backward
from dlf.layers.arguments import Array
from dlf.runtime import seed_everything

X, W, PADDING = (32, 16, 32, 32), (32, 16, 3, 3), 1
TARGETS = {"float32": 3.0, "float64": 1.3}


def compare(x: Array, w: Array, rng: np.random.Generator, stride: int, dilation: int) -> tuple[float, float, float]:
    """Return the ratio of seconds of a forward and a backward pass, with its quartiles."""
    y, _ = conv2d(x, w, stride=stride, padding=PADDING, dilation=dilation)
    dy = rng.normal(size=y.shape).astype(x.dtype)
    image, filters = (torch.from_numpy(a).requires_grad_() for a in (x, w))
    gradient = torch.from_numpy(dy)

    def ours() -> None:
        _, cache = conv2d(x, w, stride=stride, padding=PADDING, dilation=dilation)
        conv2d_backward(dy, cache)

    def peer() -> None:
        image.grad = filters.grad = None
        y = torch.nn.functional.conv2d(image, filters, stride=stride, padding=PADDING, dilation=dilation)
        y.backward(gradient)

    return ratio(ours, peer)


def main() -> None:
    rng = seed_everything(0)
    for dtype, target in TARGETS.items():
        x, w = (rng.normal(size=shape).astype(dtype) for shape in (X, W))
        for stride, dilation in product((1, 2), (1, 2)):
            what = f"conv2d {X} * {W}, {dtype}, stride {stride}, dilation {dilation}"
            print(report(what, target, compare(x, w, rng, stride, dilation)))
    print(machine("numpy", "torch"))


if __name__ == "__main__":
    main()

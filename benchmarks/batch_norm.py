"""Batch normalization forward and backward, [32, 16, 32, 32] float32, one thread: NumPy against torch.

python -m benchmarks.batch_norm
"""

from __future__ import annotations

import numpy as np
import torch

from benchmarks.interleave import machine, ratio, report
from dlf.layers import batch_norm, batch_norm_backward
from dlf.runtime import seed_everything

SHAPE, TARGET = (32, 16, 32, 32), 1.1


def main() -> None:
    rng = seed_everything(0)
    x, dy = (rng.normal(size=SHAPE).astype(np.float32) for _ in range(2))
    gamma, beta, mean, var = (f(SHAPE[1], dtype=np.float32) for f in (np.ones, np.zeros, np.zeros, np.ones))
    layer = torch.nn.BatchNorm2d(SHAPE[1])
    tensor, gradient = torch.from_numpy(x).requires_grad_(), torch.from_numpy(dy)

    def ours() -> None:
        _, cache = batch_norm(x, gamma, beta, mean, var, training=True)
        batch_norm_backward(dy, cache)

    def peer() -> None:
        layer.zero_grad()
        tensor.grad = None
        layer(tensor).backward(gradient)

    print(report(f"batch_norm {SHAPE}", TARGET, ratio(ours, peer)))
    print(machine("numpy", "torch"))


if __name__ == "__main__":
    main()

"""Tanh recurrent layer, forward and backpropagation through time, float32, one thread: NumPy against torch.

python -m benchmarks.rnn
"""

from __future__ import annotations

import numpy as np
import torch

from benchmarks.interleave import machine, ratio, report
from dlf.layers import rnn, rnn_backward
from dlf.runtime import seed_everything

STEPS, BATCH, INPUTS, HIDDEN, TARGET = 50, 64, 64, 256, 1.0


def main() -> None:
    rng = seed_everything(0)
    layer = torch.nn.RNN(INPUTS, HIDDEN)
    w_input, w_state, b_input, b_state = (p.detach().numpy() for p in layer.parameters())
    wx, wh, b = w_input.T.copy(), w_state.T.copy(), b_input + b_state
    x, dh = (rng.normal(size=(STEPS, BATCH, n)).astype(np.float32) for n in (INPUTS, HIDDEN))
    h0 = np.zeros((BATCH, HIDDEN), np.float32)
    inputs, start = (torch.from_numpy(a.copy()).requires_grad_() for a in (x, h0[None]))
    gradient = torch.from_numpy(dh)

    def ours() -> None:
        _, cache = rnn(x, h0, wx, wh, b)
        rnn_backward(dh, cache)

    def peer() -> None:
        layer.zero_grad()
        inputs.grad = start.grad = None
        layer(inputs, start)[0].backward(gradient)

    print(report(f"rnn T{STEPS} N{BATCH} I{INPUTS} H{HIDDEN}", TARGET, ratio(ours, peer)))
    print(machine("numpy", "torch"))


if __name__ == "__main__":
    main()

"""The home page quotes the answer of a check: it has to be what the check says today."""

from __future__ import annotations

import html
import re

import numpy as np

from dlf.labs import Lab
from tools.notebooks import ROOT


class BatchNormalization:
    """Right but for one thing: the gradient through the variance is missing (mistake 8.3)."""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        self.eps, self.momentum = eps, momentum
        self.gamma, self.beta = np.ones(num_features), np.zeros(num_features)
        self.running_mean, self.running_var = np.zeros(num_features), np.ones(num_features)

    def forward(self, x: np.ndarray, training: bool = True) -> np.ndarray:
        shape, axes = (1, -1) + (1,) * (x.ndim - 2), (0, *range(2, x.ndim))
        m = x.size // x.shape[1]
        mean, var = self.running_mean, self.running_var
        if training:
            if m == 1:
                raise ValueError("one value")
            mean, var = x.mean(axes), x.var(axes)
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * var * m / (m - 1)
        inv_std = 1 / np.sqrt(var + self.eps)
        xhat = (x - mean.reshape(shape)) * inv_std.reshape(shape)
        self.cache = xhat, inv_std, shape, axes
        return self.gamma.reshape(shape) * xhat + self.beta.reshape(shape)

    def backward(self, grad_output: np.ndarray) -> np.ndarray:
        xhat, inv_std, shape, axes = self.cache
        self.grad_gamma, self.grad_beta = (grad_output * xhat).sum(axes), grad_output.sum(axes)
        d = grad_output * self.gamma.reshape(shape)
        return inv_std.reshape(shape) * (d - d.mean(axes).reshape(shape))


def test_the_check_on_the_home_page_is_real() -> None:
    result = Lab("week08").check("BatchNormalization.backward", BatchNormalization)
    assert result.diagnosis == "8.3"
    home = (ROOT / "index.md").read_text(encoding="utf-8")
    quoted = re.search(r'<div class="dlf-check[^>]*>(.*?)</div>', home, re.S)
    assert quoted is not None
    text = html.unescape(re.sub(r"<[^>]+>", "\n", quoted[1])).split()
    assert text == result.message.split()

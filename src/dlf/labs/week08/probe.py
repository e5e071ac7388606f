"""Inputs and layers on which the mistakes of week 8 show: no size twice, no mean 0, no gamma 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlf.labs import contract
from dlf.labs.compare import Array

ROWS, CHANNELS = 8, 5
IMAGES = (3, 4, 2, 5)  # N, C, H, W, all different
SQUARE = (3, 4, 2, 4)  # W = C: what broadcasts along the wrong axis runs here
EPS_VALUE, MOMENTUM = 1e-5, 0.1
ARRAYS = ("gamma", "beta", "running_mean", "running_var")


def batch(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Channels of different mean and scale; the last one is nearly constant (std 1e-2)."""
    channels = shape[1]
    per_channel = (channels,) + (1,) * (len(shape) - 2)
    scale = np.append(rng.uniform(0.7, 2.5, channels - 1), 1e-2)
    mean = rng.uniform(0.5, 2.0, channels) * rng.choice([-1.0, 1.0], channels)
    noise = rng.standard_normal(shape)
    noise -= noise.mean(axis=(0, *range(2, len(shape))), keepdims=True)
    noise /= noise.std(axis=(0, *range(2, len(shape))), keepdims=True)
    return np.asarray(noise * scale.reshape(per_channel) + mean.reshape(per_channel))


def layer(cls: Any, channels: int, rng: np.random.Generator, *options: float) -> Any:
    """A fresh layer whose four arrays hold numbers that no mistake can hide behind."""
    made = cls(channels, *(options or (EPS_VALUE, MOMENTUM)))
    made.gamma[:] = rng.uniform(0.5, 2.0, channels) * rng.choice([-1.0, 1.0], channels)
    made.beta[:] = rng.uniform(0.5, 1.5, channels)
    made.running_mean[:] = rng.uniform(-1.0, 1.0, channels)
    made.running_var[:] = rng.uniform(0.5, 2.0, channels)
    return made


def state(made: Any) -> dict[str, Array]:
    """The four arrays, checked, copied."""
    channels = made.gamma.shape
    return {k: contract.array(getattr(made, k), channels, f"The attribute .{k}").copy() for k in ARRAYS}


def run_forward(made: Any, x: Array, training: bool) -> Array:
    return contract.array(made.forward(x.copy(), training), x.shape, "The output of forward")


def small_layer(cls: Any, channels: int) -> Any:
    made = cls(channels, EPS_VALUE, MOMENTUM)
    made.gamma[:] = np.arange(2.0, 2.0 + channels)
    made.beta[:] = 0.5
    return made


def rounded_list(a: Array) -> str:
    return str(a.tolist()).replace(".0,", ",").replace(".0]", "]")

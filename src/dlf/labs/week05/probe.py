"""Inputs on which the mistakes of week 5 show: sizes that differ, strides that do not divide, a start that is not 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dlf.labs.compare import Array
from dlf.labs.exercise import Check
from dlf.labs.guard import describe_exception
from dlf.labs.verdict import Failure

IMAGES, CHANNELS, FILTERS = 2, 3, 5
KERNEL = (4, 2)
STEPS, SEQUENCES, INPUTS, HIDDEN = 8, 4, 5, 3  # K = 3 leaves a chunk of two steps: it is not the last loss alone
LENGTHS = np.array([8, 3, 1, 5])


@dataclass(frozen=True)
class Geometry:
    """One convolution: image (H, W), kernel (KH, KW), stride, padding, dilation."""

    image: tuple[int, int]
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    kernel: tuple[int, int] = KERNEL

    @property
    def slack(self) -> tuple[int, int]:
        """H + 2 p - d (KH - 1) - 1, and the same for the width."""
        h, w = (
            n + 2 * self.padding - self.dilation * (k - 1) - 1 for n, k in zip(self.image, self.kernel, strict=True)
        )
        return h, w

    @property
    def output(self) -> tuple[int, int]:
        rows, columns = (n // self.stride + 1 for n in self.slack)
        return rows, columns

    @property
    def left_over(self) -> tuple[int, int]:
        rows, columns = (n % self.stride for n in self.slack)
        return rows, columns

    @property
    def options(self) -> tuple[int, int, int]:
        return self.stride, self.padding, self.dilation

    def __str__(self) -> str:
        (h, w), (kh, kw) = self.image, self.kernel
        return f"H={h}, W={w}, KH={kh}, KW={kw}, s={self.stride}, p={self.padding}, d={self.dilation}"


PLAIN = Geometry((7, 6))
PADDED = Geometry((6, 5), padding=1)
STRIDED = Geometry((8, 10), stride=2)
LEFT_OVER = Geometry((13, 7), stride=3, padding=1)
DILATED = Geometry((9, 7), dilation=2)
TOGETHER = Geometry((11, 9), stride=3, padding=2, dilation=2)
OTHERWISE = Geometry((11, 9), stride=2, padding=1, dilation=3)
WIDE_BORDER = Geometry((5, 4), padding=3)
POINTWISE = Geometry((5, 4), stride=3, padding=1, kernel=(1, 1))


def convolution(geometry: Geometry, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """grad_output, input and filters."""
    return (
        rng.standard_normal((IMAGES, FILTERS, *geometry.output)),
        rng.standard_normal((IMAGES, CHANNELS, *geometry.image)) + 0.5,
        rng.standard_normal((FILTERS, CHANNELS, *geometry.kernel)),
    )


@dataclass(frozen=True)
class Sequences:
    """What rnn_backward is given; `keywords` are truncation and lengths."""

    grad_outputs: Array
    hidden_states: Array
    inputs: Array
    weights: dict[str, Array]
    keywords: dict[str, Any]

    def arrays(self) -> list[Array]:
        own = [self.grad_outputs, self.hidden_states, self.inputs, *self.weights.values()]
        return own + [v for v in self.keywords.values() if isinstance(v, np.ndarray)]

    def copy(self) -> Sequences:
        keywords = {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in self.keywords.items()}
        weights = {k: v.copy() for k, v in self.weights.items()}
        return Sequences(self.grad_outputs.copy(), self.hidden_states.copy(), self.inputs.copy(), weights, keywords)


def states(h0: Array, inputs: Array, weights: dict[str, Array]) -> Array:
    """(T + 1, N, H), h0 first."""
    h = [h0]
    for x in inputs:
        h.append(np.tanh(x @ weights["wx"] + h[-1] @ weights["wh"] + weights["b"]))
    return np.stack(h)


def sequences(rng: np.random.Generator, **keywords: Any) -> Sequences:
    """Every loss counts, h0 is not 0, wh is not symmetric; what lies past a length would be seen."""
    weights = {
        "wx": 0.5 * rng.standard_normal((INPUTS, HIDDEN)),
        "wh": rng.standard_normal((HIDDEN, HIDDEN)),
        "b": 0.3 * rng.standard_normal(HIDDEN),
    }
    inputs = rng.standard_normal((STEPS, SEQUENCES, INPUTS))
    h = states(rng.uniform(-0.8, 0.8, (SEQUENCES, HIDDEN)), inputs, weights)
    grad_outputs = rng.standard_normal((STEPS, SEQUENCES, HIDDEN))
    if "lengths" in keywords:
        past = (np.arange(STEPS)[:, None] >= keywords["lengths"])[:, :, None]
        inputs = np.where(past, 3.0 + inputs, inputs)
        h[1:] = np.where(past, 0.9 * h[1:] - 0.05, h[1:])
    return Sequences(grad_outputs, h, inputs, weights, keywords)


def small_sequence(rows: list[float], grads: list[float], **keywords: Any) -> Sequences:
    """One sequence, one input, one unit: wx = 1, wh = 0.5, b = 0, h0 = 0.6."""
    weights = {"wx": np.array([[1.0]]), "wh": np.array([[0.5]]), "b": np.zeros(1)}
    inputs = np.array(rows).reshape(-1, 1, 1)
    h = states(np.array([[0.6]]), inputs, weights)
    return Sequences(np.array(grads).reshape(-1, 1, 1), h, inputs, weights, keywords)


@dataclass(frozen=True)
class Guarded:
    """An error that comes only here: the sentence says at which step, and that the ones before were right."""

    check: Check
    exercise: str
    title: str
    where: Any
    row: str | None = None

    def __call__(self, obj: Any, seed: int) -> None:
        try:
            self.check(obj, seed)
        except (ValueError, IndexError, TypeError, AssertionError) as error:
            sentence, lines = describe_exception(error)
            raise Failure(
                f"It runs for what comes before, and raises here ({self.title}). {sentence}",
                self.row,
                (*lines, str(self.where)),
                next_step=f'compute the shapes by hand for this case, or ask lab.hint("{self.exercise}").',
                status="error",
            ) from None

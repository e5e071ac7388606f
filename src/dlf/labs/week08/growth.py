"""Check of `gradient_growth`: a mean over runs, with a tolerance that follows from their number."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlf.labs import contract
from dlf.labs.exercise import Step
from dlf.labs.verdict import Failure

WIDTH, DEPTH = 128, 20
RUNS = 12
SIGMAS = 6.0
# batch: (mean, standard deviation of one run) of the reference over 600 runs; a test repeats it
EXPECTED = {16: (1.5894, 0.0362), 8: (1.7738, 0.0681)}
CONSTANT_STATISTICS = {16: 1.715, 8: 2.108}  # without the gradient through mean and variance


def tolerance(batch: int) -> float:
    """Six standard errors of the mean over RUNS runs."""
    return SIGMAS * EXPECTED[batch][1] / float(np.sqrt(RUNS))


def check_function(obj: Any, seed: int) -> None:
    contract.function(obj, ("batch", "width", "depth", "rng"))
    first, again = (contract.number(obj(16, 32, 12, np.random.default_rng([seed, 61])), "The result") for _ in range(2))
    if first != again:
        raise Failure(
            "Two calls with generators in the same state give different results: draw everything from rng.",
            evidence=(f"{first:.6f} and {again:.6f}",),
        )
    if contract.number(obj(16, 32, 12, np.random.default_rng([seed, 63])), "The result") == first:
        raise Failure(
            "rng is ignored: two different generators give the same number.",
            "8.34",
            (f"{first:.6f} both times",),
            "draw everything from the generator that is handed in.",
        )


def mean_factor(obj: Any, seed: int, batch: int) -> float:
    runs = [obj(batch, WIDTH, DEPTH, np.random.default_rng([seed, 62, i])) for i in range(RUNS)]
    return float(np.mean([contract.number(r, "The result") for r in runs]))


def check_value(batch: int) -> Any:
    def check(obj: Any, seed: int) -> None:
        found = mean_factor(obj, seed, batch)
        expected, _ = EXPECTED[batch]
        if abs(found - expected) < tolerance(batch):
            return
        row, sentence = name_value(found, batch)
        raise Failure(
            sentence,
            row,
            (
                f"batch {batch}, width {WIDTH}, depth {DEPTH}, mean of {RUNS} runs:",
                f"yours {found:.4g}, expected {expected:.3f} within {tolerance(batch):.3f}",
            ),
        )

    return check


def name_value(found: float, batch: int) -> tuple[str | None, str]:
    """Which other quantity the number is, within 4 %."""
    factor, _ = EXPECTED[batch]
    known = [
        ("8.25", "for the root: the gradient's norm and not its square", factor**0.5),
        ("8.25", "for the inverse; the gradient grows from the output towards the input", 1 / factor),
        ("8.26", "for a network without normalization", 1.0),
        ("8.26", "for a network without the ReLU", (batch - 2) / (batch - 3)),
        (
            "8.1",
            "when mean and variance are treated as constants in the backward pass",
            CONSTANT_STATISTICS[batch],
        ),
    ]
    row, what, value = min(known, key=lambda k: abs(np.log(max(found, 1e-9) / k[2])))
    if abs(found / value - 1) < 0.04:
        return row, f"Your number is near {value:.2f}, as {what}."
    if found > factor**5:
        return "8.25", "Your number is as large as the growth over many layers together; one layer is asked."
    return None, "Your factor is another one, and none of those that are listed."


STEPS = (
    Step("", check_function),
    Step("mean factor at batch 16", check_value(16)),
    Step("mean factor at batch 8 (W and its transpose look the same here)", check_value(8)),
)

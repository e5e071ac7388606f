"""The exercises of week 5, in the order of the lab."""

from __future__ import annotations

from dlf.labs.exercise import Exercise, Step, Week
from dlf.labs.week05 import convolution, lags, network, pooling, project, recurrence, reference, suspects, unfolding
from dlf.labs.week05.hints import HINTS

WEEK = Week(
    name="week05",
    exercises=(
        Exercise("im2col", unfolding.STEPS),
        Exercise("SpecializedBackprop.conv_backward", convolution.STEPS),
        Exercise("max_pool_backward", pooling.STEPS),
        Exercise("SpecializedBackprop.rnn_backward", recurrence.STEPS),
        Exercise("gradient_norm_by_lag", lags.STEPS),
        # an exposer may take finite differences of eleven suspects
        Exercise("bug_hunt", (Step("every suspect judged", suspects.check),), seconds=5.0),
        Exercise("project", project.STEPS, seconds=20.0),
    ),
    references={
        "im2col": reference.im2col,
        "SpecializedBackprop": reference.SpecializedBackprop,
        "max_pool_backward": reference.max_pool_backward,
        "gradient_norm_by_lag": reference.gradient_norm_by_lag,
        "project": network.Attempt,
    },
    hints=HINTS,
    solution="solutions/week05_bptt_and_convolution.ipynb",
    suspects=suspects.classes,
)

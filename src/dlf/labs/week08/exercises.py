"""The exercises of week 8, in the order of the lab."""

from __future__ import annotations

from dlf.labs.exercise import Exercise, Step, Week
from dlf.labs.week08 import (
    backward,
    folding,
    forward,
    gradient_checking,
    growth,
    landscape,
    project,
    reference,
    statistics,
    suspects,
)
from dlf.labs.week08.hints import HINTS

WEEK = Week(
    name="week08",
    exercises=(
        Exercise("batch_statistics", statistics.STEPS),
        Exercise("BatchNormalization.forward", forward.STEPS),
        Exercise("BatchNormalization.backward", backward.STEPS),
        Exercise("gradient_check", gradient_checking.STEPS),
        Exercise("fold", folding.STEPS),
        Exercise("gradient_growth", growth.STEPS),
        Exercise("landscape_along_gradient", landscape.STEPS),
        Exercise("bug_hunt", (Step("every suspect judged", suspects.check),)),
        Exercise("project", project.STEPS, seconds=20.0),
    ),
    references={
        "batch_statistics": reference.batch_statistics,
        "BatchNormalization": reference.BatchNormalization,
        "gradient_check": reference.gradient_check,
        "fold": reference.fold,
        "gradient_growth": reference.gradient_growth,
        "landscape_along_gradient": reference.landscape_along_gradient,
        "project": reference.BatchNormNetwork,
    },
    hints=HINTS,
    solution="solutions/week08_batch_normalization.ipynb",
    suspects=suspects.classes,
)

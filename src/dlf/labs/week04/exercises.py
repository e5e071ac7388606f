"""The exercises of week 4, in the order of the lab."""

from __future__ import annotations

from dlf.labs.exercise import Exercise, Step, Week
from dlf.labs.week04 import (
    checkpointing,
    engine,
    forward_mode,
    gradient_checking,
    graphs,
    nodes,
    ordering,
    project,
    reference,
    suspects,
)
from dlf.labs.week04.hints import HINTS

WEEK = Week(
    name="week04",
    exercises=(
        Exercise("topological_order", ordering.STEPS),
        Exercise("AutoDiffNode.backward", nodes.STEPS),
        Exercise("ComputationalGraph.forward", graphs.FORWARD_STEPS),
        Exercise("ComputationalGraph.backward", graphs.BACKWARD_STEPS),
        Exercise("jvp", forward_mode.JVP_STEPS),
        Exercise("jacobian_forward", forward_mode.JACOBIAN_STEPS),
        Exercise("gradient_check", gradient_checking.STEPS),
        Exercise("checkpoint", checkpointing.STEPS),
        Exercise("bug_hunt", (Step("every suspect judged", suspects.check),)),
        Exercise("project", project.STEPS, seconds=10.0),
    ),
    references={
        "topological_order": reference.topological_order,
        "AutoDiffNode": reference.AutoDiffNode,
        "ComputationalGraph": reference.ComputationalGraph,
        "jvp": reference.jvp,
        "jacobian_forward": reference.jacobian_forward,
        "gradient_check": reference.gradient_check,
        "checkpoint": reference.checkpoint,
        "project": engine.Engine,
    },
    hints=HINTS,
    solution="solutions/week04_automatic_differentiation.ipynb",
    suspects=suspects.classes,
)

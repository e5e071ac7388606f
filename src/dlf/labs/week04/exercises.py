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
from dlf.labs.week04.careful import Careful
from dlf.labs.week04.hints import HINTS


def careful(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(Step(step.title, Careful(step.check)) for step in steps)


WEEK = Week(
    name="week04",
    exercises=(
        Exercise("topological_order", careful(ordering.STEPS)),
        Exercise("AutoDiffNode.backward", careful(nodes.STEPS)),
        Exercise("ComputationalGraph.forward", careful(graphs.FORWARD_STEPS)),
        Exercise("ComputationalGraph.backward", careful(graphs.BACKWARD_STEPS)),
        Exercise("jvp", careful(forward_mode.JVP_STEPS)),
        Exercise("jacobian_forward", careful(forward_mode.JACOBIAN_STEPS)),
        Exercise("gradient_check", careful(gradient_checking.STEPS)),
        Exercise("checkpoint", careful(checkpointing.STEPS)),
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

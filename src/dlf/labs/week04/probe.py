"""Operands on which the mistakes of week 4 show, and careful ways to run a learner's nodes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, NoReturn

import numpy as np

from dlf.labs import contract
from dlf.labs.compare import Array
from dlf.labs.result import TODO
from dlf.labs.verdict import Failure, NotStarted
from dlf.labs.week04.careful import described, unwritten, where

Expression = Callable[..., Any]  # nodes -> node


def positive(rng: np.random.Generator, *shape: int) -> Array:
    """Away from 0 and from 1, where powers and quotients hide mistakes."""
    return np.asarray(rng.uniform(1.2, 2.8, shape))


def signed(rng: np.random.Generator, *shape: int) -> Array:
    """Both signs, away from the kink of the ReLU."""
    numbers = rng.uniform(0.2, 1.6, shape)
    signs = rng.permutation(np.resize([1.0, -1.0], numbers.size)).reshape(shape)
    return np.asarray(numbers * signs)


def node_of(result: Any, text: str) -> Any:
    """result, if it is a node."""
    if result is TODO:
        raise NotStarted
    if not hasattr(result, "value"):
        raise Failure(
            f"{text} is {contract.kind(result)}, expected a node with .value and .backward.",
            next_step="let every operator return a new node.",
        )
    return result


def value_of(result: Any, shape: tuple[int, ...], text: str) -> Array:
    value = node_of(result, text).value
    return contract.array(float(value) if isinstance(value, int) else value, shape, f"The value of {text}")


def run_backward(node: Any, *gradient: Any) -> None:
    """backward, when the operators are known to be right."""
    try:
        returned = node.backward(*gradient)
    except NotImplementedError:
        raise _to_do(type(node)) from None
    except AttributeError as error:  # a function that backward calls is a stub still: TODO has no attributes
        if error.obj is TODO:
            raise _to_do(type(node)) from None
        raise
    except KeyError as error:
        if error.args and isinstance(error.args[0], int):
            raise _nothing_received(error) from None
        raise
    except ValueError as error:
        if str(error).startswith("zip()"):
            raise Failure(NOT_A_TUPLE, None, where(error), "return (g * y,), with the comma.") from None
        raise
    if returned is TODO:
        raise _to_do(type(node), "backward")


NOT_A_TUPLE = (
    "A rule returns another number of cotangents than its operation has operands. It returns a tuple with one for "
    "each of them, also for a single one: an array in its place is taken apart row by row."
)


def _nothing_received(error: KeyError) -> Failure:
    return Failure(
        "Your sweep comes to a node that has received no cotangent: none of its consumers was handled before it, or "
        "it was handled already.",
        None,
        where(error),
        "topological_order lists children first; the sweep goes through it from its end.",
    )


def _to_do(cls: Any, *known: str) -> Failure:
    """What is left to write: what the class's code calls and finds to be a stub, else backward itself."""
    stubs = [*unwritten(cls), *known]
    missing = ", ".join(stubs) if stubs else "backward, or a function that it calls,"
    return Failure(
        f"The values of all operators are right; {missing} {'are' if len(stubs) > 1 else 'is'} not written yet.",
        status="todo",
        next_step='write it, then run this cell again; lab.hint("AutoDiffNode.backward") helps to begin.',
    )


def gradient_of(leaf: Any, shape: tuple[int, ...], what: str) -> Array:
    """The gradient that backward left in a leaf."""
    gradient = getattr(leaf, "gradient", None)
    if isinstance(gradient, int | np.integer) or (isinstance(gradient, np.ndarray) and gradient.dtype.kind == "i"):
        gradient = np.asarray(gradient, dtype=float)  # a seed of 1 that nothing multiplied
    if shape and isinstance(gradient, float | np.ndarray) and np.ndim(gradient) == 0 and gradient == 0:
        raise Failure(f"{what} is still 0 after backward.", next_step="does every path reach the leaf?")
    return contract.array(gradient, shape, what)


def gradients(
    cls: Any, expression: Expression, operands: dict[str, Array], *seed: Any, text: str = "the expression"
) -> dict[str, Array]:
    """Gradients of all operands, by name, after expression(...).backward(*seed)."""
    leaves = {name: cls(array.copy()) for name, array in operands.items()}
    y = node_of(expression(*leaves.values()), text)
    run_backward(y, *seed)
    given = {n: getattr(leaf, "gradient", None) for n, leaf in leaves.items()}
    found = {n: np.shape(g) for n, g in given.items() if isinstance(g, float | np.ndarray) and np.any(g)}
    _refuse_telling_shapes(found, {n: a.shape for n, a in operands.items()}, np.shape(y.value), text)
    return {n: gradient_of(leaf, operands[n].shape, f"In {text}, the gradient of {n}") for n, leaf in leaves.items()}


Shapes = dict[str, tuple[int, ...]]


def _refuse_telling_shapes(found: Shapes, right: Shapes, result: tuple[int, ...], text: str) -> None:
    """Wrong shapes that tell the mistake."""
    if found == right:
        return
    names = list(right)
    if len(names) == 2 and found == dict(zip(names, reversed(list(right.values())), strict=True)):
        raise Failure(
            f"In {text} the gradients of {names[0]} and {names[1]} come in the wrong order: each has the shape of the "
            "other operand.",
            "4.8",
            tuple(f"{n} has shape {right[n]}, its gradient {found[n]}" for n in names),
            "return them in the order of the operands.",
        )
    name = next((n for n in names if n in found and found[n] != right[n]), None)
    if name is None:
        return
    if ".sum(" in text and found[name] == result:
        raise Failure(
            f"In {text} the gradient of {name} has the shape {result} of the sum: every summand receives a copy of its "
            "cotangent.",
            "4.38",
            next_step=f"copy the cotangent to the shape {right[name]} of the operand.",
        )
    if found[name] == right[name][1:]:
        raise Failure(
            f"In {text} the gradient of {name} has the shape {found[name]} of one of its rows. " + NOT_A_TUPLE,
            next_step="return (g * y,), with the comma.",
        )


def weights(shape: tuple[int, ...]) -> Array:
    """A fixed cotangent without symmetry, for probes that need no seed."""
    return np.asarray(np.cos(1.0 + 1.7 * np.arange(np.prod(shape, dtype=int))).reshape(shape) + 0.2)


def count_calls(run: Callable[[], Any]) -> int:
    """How many functions were called while run() ran."""
    calls = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        run()
    finally:
        sys.setprofile(before)
    return calls


def refuse(error: Exception, sentence: str, row: str | None, next_step: str | None = None) -> NoReturn:
    """What the learner's code raised, with our sentence and the learner's own line."""
    what, line = described(error)
    raise Failure(f"{sentence} {what}", row, line, next_step, status="error") from None

"""Operands on which the mistakes of week 4 show, and careful ways to run a learner's nodes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, NoReturn

import numpy as np

from dlf.labs import contract
from dlf.labs.compare import Array
from dlf.labs.guard import describe_exception
from dlf.labs.result import TODO
from dlf.labs.verdict import Failure, NotStarted

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
        raise _backward_to_do() from None
    except AttributeError as error:  # a function that backward calls is a stub still: TODO has no attributes
        if error.obj is TODO:
            raise _backward_to_do() from None
        raise
    if returned is TODO:
        raise _backward_to_do()


def _backward_to_do() -> Failure:
    return Failure(
        "The values of all operators are right; backward, or a function that it calls, is not written yet.",
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


def gradients(cls: Any, expression: Expression, operands: dict[str, Array], *seed: Any) -> dict[str, Array]:
    """Gradients of all operands, by name, after expression(...).backward(*seed)."""
    leaves = {name: cls(array.copy()) for name, array in operands.items()}
    run_backward(node_of(expression(*leaves.values()), "the expression"), *seed)
    return {n: gradient_of(leaf, operands[n].shape, f"The gradient of {n}") for n, leaf in leaves.items()}


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
    what, line = describe_exception(error)
    raise Failure(f"{sentence} {what}", row, line, next_step, status="error") from None

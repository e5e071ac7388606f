"""Recomputation: forget what lies inside a function after the forward pass, compute it again in the backward pass.

Memory falls from all intermediate arrays to those between checkpoints plus the inside of one; every checkpointed
function is evaluated twice. Source: Griewank 1992; Griewank & Walther 2000; Chen et al. 2016.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from typing import Any

import numpy as np

from dlf.autodiff.dual import primal
from dlf.autodiff.tape import is_recording, pull, recording
from dlf.autodiff.tensor import Tensor, constant, record
from dlf.autodiff.transforms import require_tensor


def checkpoint(f: Callable[..., Tensor], *, state: Iterable[Any] = ()) -> Callable[..., Tensor]:
    """Return a function with the value and gradients of f that keeps only the arguments of f between the two passes.

    f takes Tensors (and other things, which it is given as they are) and returns one Tensor; Tensors that f closes over
    receive their gradients too. The recomputation sees the world as it was: random generators and arrays that f changes
    (the mask of a dropout, the running statistics of a batch norm) are set back to their state before the forward pass,
    and afterwards to the one they had, so a change happens once. Generators and arrays among the arguments, closure,
    globals and attributes of f are found; name those that lie deeper in `state`. NumPy's global generator is included.
    Other side effects, such as a counter, happen again.

    Backward raises RuntimeError when the recomputation gives another value, which shows state that was not found.
    """
    named = list(state)
    for item in named:
        if not isinstance(item, (np.ndarray, np.random.Generator, np.random.RandomState)):
            raise TypeError(f"state holds a {type(item).__name__}, expected arrays and random generators")

    @wraps(f)
    def checkpointed(*arguments: Any) -> Tensor:
        if not is_recording():
            return f(*arguments)
        before = Snapshot(_unique(item for item in (*named, *arguments, *_reach(f)) if _has_state(item)))
        captured: list[Tensor] = []
        with recording(False, watched=captured):
            y = require_tensor(f(*arguments))
        before.forget_constants()
        given = [a for a in arguments if isinstance(a, Tensor)]
        operands = _unique([*given, *captured])
        again = _Recomputation(f, arguments, operands, before, y._data)
        return record(y._data, *((t, again.rule(t)) for t in operands))

    return checkpointed


class _Recomputation:
    """Runs f again when its cotangent arrives, and pulls the cotangent through."""

    def __init__(
        self, f: Callable[..., Tensor], arguments: tuple[Any, ...], operands: list[Tensor], before: Snapshot, y: Any
    ) -> None:
        self.f, self.arguments, self.operands, self.before, self.y = f, arguments, operands, before, y
        self.last: tuple[Any, dict[Tensor, Any]] | None = None

    def rule(self, operand: Tensor) -> Callable[[Any], Any]:
        return lambda g: self.pull(g).get(operand)

    def pull(self, g: Any) -> dict[Tensor, Any]:
        """Return the cotangents of all operands; the sweep asks for them one after the other with the same g."""
        if self.last is None or self.last[0] is not g:
            fresh = {t: _leaf(t) for t in self.operands}
            arguments = tuple(fresh.get(a, a) if isinstance(a, Tensor) else a for a in self.arguments)
            with recording(True), self.before.restored():  # the sweep too: its rules may hold the arrays themselves
                y = require_tensor(self.f(*arguments))
                _check_same(self.y, y._data)
                found = pull(y, g, [*fresh.values(), *self.operands])
            # an operand that f closes over appears as itself, an argument as its fresh leaf, one that is both as both
            self.last = g, {t: _total(found.get(t), found.get(fresh[t])) for t in self.operands}
        return self.last[1]


class Snapshot:
    """The state of arrays and generators at one time."""

    def __init__(self, items: list[Any]) -> None:
        self.kept = [(item, _read(item)) for item in items]

    def forget_constants(self) -> None:
        """Drop the arrays that nobody has changed since."""
        self.kept = [
            (item, old)
            for item, old in self.kept
            if not (isinstance(item, np.ndarray) and np.array_equal(item, old, equal_nan=item.dtype.kind in "fc"))
        ]

    @contextmanager
    def restored(self) -> Iterator[None]:
        """Go back to the snapshot inside a with block, and return to the present after it."""
        now = Snapshot([item for item, _ in self.kept])
        self.write()
        try:
            yield
        finally:
            now.write()

    def write(self) -> None:
        for item, old in self.kept:
            _write(item, old)


def _has_state(item: Any) -> bool:
    return isinstance(item, (np.random.Generator, np.random.RandomState)) or (
        isinstance(item, np.ndarray) and item.flags.writeable
    )


def _read(item: Any) -> Any:
    if isinstance(item, np.ndarray):
        return item.copy()
    return item.bit_generator.state if isinstance(item, np.random.Generator) else item.get_state()


def _write(item: Any, old: Any) -> None:
    if isinstance(item, np.ndarray):
        item[...] = old
    elif isinstance(item, np.random.Generator):
        item.bit_generator.state = old
    else:
        item.set_state(old)


def _reach(f: Any) -> list[Any]:
    """Return what f can reach by name: closure, globals, defaults, attributes of its object; NumPy's generator."""
    found: list[Any] = [np.random.mtrand._rand]  # not its bit generator: a second Gaussian may be cached beside it
    if isinstance(f, partial):
        return [*found, *f.args, *f.keywords.values(), *_reach(f.func)]
    found += getattr(getattr(f, "__self__", f), "__dict__", {}).values()
    code = f if inspect.isroutine(f) else type(f).__call__
    code = getattr(code, "__func__", code)
    if inspect.isfunction(code):
        names = inspect.getclosurevars(code)
        found += [*names.nonlocals.values(), *names.globals.values()]
        found += [*(code.__defaults__ or ()), *(code.__kwdefaults__ or {}).values()]
    return found


def _unique(items: Iterable[Any]) -> list[Any]:
    return list({id(item): item for item in items}.values())


def _leaf(t: Tensor) -> Tensor:
    fresh = constant(t._data)
    fresh.requires_grad = t.requires_grad
    return fresh


def _total(a: Any, b: Any) -> Any:
    return b if a is None else a if b is None else a + b


def _check_same(first: Any, second: Any) -> None:
    a, b = primal(first), primal(second)
    tolerance = float(np.sqrt(np.finfo(a.dtype).eps))
    if a.shape != b.shape or not np.allclose(a, b, rtol=tolerance, atol=tolerance * 1e-3, equal_nan=True):
        raise RuntimeError(
            "f gave another value when it was computed again, so its gradient would be that of another function; "
            "name the generators and arrays that it changes: checkpoint(f, state=[rng, running_mean])"
        )

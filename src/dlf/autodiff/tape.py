"""The tape of reverse mode: nodes that remember their operands, and the sweep that pulls cotangents back along them.

Every operation records an edge for each operand: the operand, and the rule that pulls the cotangent ybar = dL/dy of the
result back to the operand's share of xbar = dL/dx, the vector-Jacobian product xbar_j = sum_i ybar_i dy_i/dx_j. A
node's rules may run only when its own cotangent is complete, so nodes are visited after all that use them.

Source: Linnainmaa 1976; Griewank & Walther 2008, chapter 3; Baydin et al. 2018, section 3.2.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from operator import attrgetter
from typing import Any, TypeVar

Rule = Callable[[Any], Any]
NodeT = TypeVar("NodeT", bound="Node")


class Node:
    """A value on the tape. A leaf has no edges, and a node whose edges `backward` has freed has None."""

    __slots__ = ("__weakref__", "_data", "_edges", "_time", "requires_grad")

    _data: Any  # an array, or a Dual in forward mode
    _edges: tuple[tuple[Any, Rule], ...] | None
    _time: int  # of creation or last change: a node is younger than its operands unless one was changed after its use
    requires_grad: bool


class Mode:
    """Whether operations are recorded. One thread at a time."""

    __slots__ = ("recording", "watched")

    def __init__(self) -> None:
        self.recording = True
        self.watched: list[Any] | None = None  # operands that an unrecorded stretch took from outside


mode = Mode()
clock = itertools.count(1)  # ticks at every new Tensor and at every change of one


def topological_order(root: NodeT, stop: Iterable[NodeT] = ()) -> list[NodeT]:
    """Return the results of operations behind root, itself included, each after all that use it.

    An operand is older than its result, so the order is that of age. The search has its own stack: depth is limited by
    memory, not by Python's recursion. With `stop`, the nodes in it and all that do not depend on them are left out.
    Raises RuntimeError when an operand was changed after its use, or the graph was freed.
    """
    seen = set(stop)
    oldest = min((node._time for node in seen), default=0)  # what is older cannot depend on stop
    found: list[NodeT] = []
    stack = [root]
    while stack:
        node = stack.pop()
        if node in seen or node._edges == () or node._time < oldest:
            continue
        if node._edges is None:
            raise _freed(node)
        seen.add(node)
        found.append(node)
        for operand, _ in node._edges:
            if operand._time > node._time:
                raise _changed(operand)
            if operand.requires_grad:
                stack.append(operand)
    found.sort(key=attrgetter("_time"), reverse=True)
    return found


def pull(root: NodeT, cotangent: Any, sources: Iterable[NodeT] = (), *, retain_graph: bool = False) -> dict[NodeT, Any]:
    """Return the cotangents of the leaves and sources behind root, given that of root. No `grad` is touched."""
    cotangents = {root: cotangent}
    for node in topological_order(root, sources):
        g = cotangents.pop(node, None)
        for operand, rule in node._edges or ():
            if operand.requires_grad and g is not None:
                share = rule(g)
                if share is not None:
                    other = cotangents.get(operand)
                    cotangents[operand] = share if other is None else other + share
        if not retain_graph:
            node._edges = None
    return cotangents


def _freed(node: Node) -> RuntimeError:
    return RuntimeError(
        f"the graph behind a Tensor of shape {node._data.shape} was freed by an earlier backward(); compute it again, "
        "or call the first backward with retain_graph=True"
    )


def _changed(operand: Node) -> RuntimeError:
    return RuntimeError(
        f"a Tensor of shape {operand._data.shape} got new data after an operation used the old; call backward() before "
        "you change it, or compute the result again"
    )


@contextmanager
def recording(on: bool, watched: list[Any] | None = None) -> Iterator[None]:
    """Switch recording on or off inside a with block."""
    before = mode.recording, mode.watched
    mode.recording, mode.watched = on, watched
    try:
        yield
    finally:
        mode.recording, mode.watched = before


@contextmanager
def no_grad() -> Iterator[None]:
    """Compute without recording, for reverse mode; forward mode is stopped by `detach` only."""
    with recording(False, mode.watched):
        yield


def is_recording() -> bool:
    """Return whether operations are recorded here."""
    return mode.recording

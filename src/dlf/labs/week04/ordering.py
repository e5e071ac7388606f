"""Check of `topological_order`: any valid order, told from the orders that only look like one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from dlf.labs import contract, guard
from dlf.labs.exercise import Step
from dlf.labs.result import TODO
from dlf.labs.verdict import Failure, NotStarted
from dlf.labs.week04.mutants.ordering import BREADTH, PARENTS_FIRST, PREORDER, PUSHED, marked_when_pushed

DEPTH = 5000
DOUBLINGS = 16
ACCESSES = 5000  # of .children; 16 doublings have 17 nodes, and 131,071 paths


class Node:
    """What the check hands in: children and a name, nothing else."""

    def __init__(self, name: str, *children: Node) -> None:
        self.name, self.children = name, children

    def __repr__(self) -> str:
        return self.name


class CountedNode(Node):
    """Counts how often children are looked at; the limit ends what would take exponential time."""

    def __init__(self, name: str, counter: list[int], *children: Node) -> None:
        self._counter = counter
        super().__init__(name, *children)

    @property
    def children(self) -> tuple[Node, ...]:
        self._counter[0] += 1
        if self._counter[0] > ACCESSES:
            raise TooManyVisits
        return self._children

    @children.setter
    def children(self, children: tuple[Node, ...]) -> None:
        self._children = children


class TooManyVisits(BaseException):
    """Not an Exception, so that a learner's `except Exception` does not swallow it."""


# ---- graphs -----------------------------------------------------------------------------------


def chain() -> Node:
    return Node("c", Node("b", Node("a")))


def square() -> Node:
    a = Node("a", Node("x"))
    return Node("a*a", a, a)


def two_paths() -> Node:
    a = Node("a", Node("x"))
    return Node("2a+3a", Node("2a", a), Node("3a", a))


def short_edge_first() -> Node:
    a = Node("a", Node("x"))
    return Node("a+3a", a, Node("3a", a))


def short_edge_last() -> Node:
    a = Node("a", Node("x"))
    return Node("3a+a", Node("3a", a), a)


def equal_names() -> Node:
    a = Node("a", Node("x"))
    return Node("2a+2a", Node("2a", Node("2"), a), Node("2a", Node("2"), a))


GRAPHS: dict[str, Callable[[], Node]] = {
    "a chain of three": chain,
    "a * a with a = f(x)": square,
    "2a + 3a with a = f(x)": two_paths,
    "a + 3a with a = f(x)": short_edge_first,
    "3a + a with a = f(x)": short_edge_last,
    "2a + 2a, both 2 and both 2a nodes of their own": equal_names,
}


def random_graph(rng: np.random.Generator, size: int = 25) -> Node:
    """Up to two children a node, drawn from all earlier ones; the last two thirds hang together."""
    nodes: list[Node] = [Node("x0"), Node("x1")]
    for i in range(2, size):
        picked = rng.integers(0, i, rng.integers(1, 3))
        nodes.append(Node(f"n{i}", nodes[i - 1], *(nodes[j] for j in picked)))
    return nodes[-1]


def reachable(node: Node) -> list[Node]:
    """Depth first, each once, in pre-order."""
    order: list[Node] = []
    stack = [node]
    while stack:
        n = stack.pop()
        if all(n is not o for o in order):
            order.append(n)
            stack += reversed(n.children)
    return order


def breadth(node: Node) -> list[Node]:
    order = [node]
    for n in order:
        order += [c for c in dict.fromkeys(n.children) if c not in order]
    return order


# ---- the check --------------------------------------------------------------------------------


@contextmanager
def recursion_limit_kept() -> Iterator[None]:
    """A learner may raise the limit; afterwards it is what it was."""
    limit = sys.getrecursionlimit()
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def call(obj: Any, node: Node, what: str) -> list[Any]:
    with recursion_limit_kept():
        result = obj(node)
    if result is TODO:
        raise NotStarted
    if result is None or isinstance(result, Node) or not isinstance(result, Iterable):
        missing = ": is the return missing?" if result is None else ", expected a list of nodes."
        raise Failure(f"{what} is {contract.kind(result)}{missing}", next_step="return the list of nodes.")
    nodes = list(result)
    strangers = [n for n in nodes if not isinstance(n, Node)]
    if strangers:
        raise Failure(
            f"{what} holds {contract.kind(strangers[0])}, expected the nodes themselves.",
            next_step="append the node, not its value or its id.",
        )
    return nodes


def check_function(obj: Any, seed: int) -> None:
    contract.function(obj, ("node",))
    call(obj, chain(), "The order")


def check_members(obj: Any, seed: int) -> None:
    """Each reachable node once, and no other."""
    for text, make in GRAPHS.items():
        _members(obj, make(), text)
    _members(obj, Node("leaf"), "a single leaf")


def _members(obj: Any, node: Node, text: str) -> None:
    found = call(obj, node, f"The order of {text}")
    expected = reachable(node)
    shown = (f"{text}: yours {found[:12]}",)
    foreign = [n for n in found if all(n is not e for e in expected)]
    if foreign:
        raise Failure(
            "The order holds nodes of an earlier call: a list or a set outlives it, as one in a default argument "
            "or outside of the function does.",
            "4.25",
            shown,
            "make the list and the set anew in every call.",
        )
    missing = [e for e in expected if all(e is not n for n in found)]
    if missing:
        if not found or len(call(obj, node, "The order")) < len(found):
            raise Failure(
                "A second call finds fewer nodes than the first: a set of visited nodes outlives the call, as one in a "
                "default argument does, which is made once.",
                "4.25",
                shown,
                "make the set anew in every call.",
            )
        leaves = [n for n in expected if not n.children]
        what = "the node itself" if missing == [node] else "the leaves" if missing == leaves else repr(missing[0])
        raise Failure(f"The order of {text} leaves out {what}.", "4.26", shown)
    if len(found) > len(expected):
        twice = next(n for n in expected if sum(n is f for f in found) > 1)
        raise Failure(
            f"Each node must be visited once: {twice} stands {sum(twice is f for f in found)} times in the order. "
            "Keep a set of the nodes that were entered.",
            "4.6",
            shown,
        )


def check_order(obj: Any, seed: int) -> None:
    graphs = {text: make() for text, make in GRAPHS.items()}
    graphs |= {f"random graph {i}": random_graph(np.random.default_rng([seed, i])) for i in range(5)}
    orders = {text: call(obj, node, f"The order of {text}") for text, node in graphs.items()}
    if not any(_early(order[::-1]) for order in orders.values()):
        shown = tuple(f"{text}: yours {orders[text]}" for text in list(GRAPHS)[:1])
        raise Failure(PARENTS_FIRST, "4.43", shown, "turn the list round, once, where it is returned.")
    for text, order in orders.items():
        early = _early(order)
        if early:
            _refuse(orders, graphs, text, f"{early[0]} stands before its child {early[1]}, and must come after it.")


def _early(order: list[Any]) -> tuple[Any, Any] | None:
    """The first node that stands before one of its children, and that child."""
    place = {id(n): i for i, n in enumerate(order)}
    return next(((n, c) for n in order for c in n.children if place[id(c)] > place[id(n)]), None)


def _refuse(orders: dict[str, list[Any]], graphs: dict[str, Node], text: str, says: str) -> None:
    row, named = None, ""
    if _same_as(breadth, orders, graphs):
        row, named = "4.3", BREADTH
    elif _same_as(reachable, orders, graphs):
        row, named = "4.4", PREORDER
    elif _same_as(marked_when_pushed, orders, graphs):
        row, named = "4.44", PUSHED
    shown = (f"{text}: yours {orders[text][:12]}",)
    raise Failure(named or f"In the order of {text}, {says}", row, shown + ((says,) if named else ()))


def _same_as(other: Callable[[Node], Sequence[Node]], orders: dict[str, list[Any]], graphs: dict[str, Node]) -> bool:
    """Whether the small graphs' orders are those of this traversal, up to direction and the side it begins."""
    small = list(GRAPHS)

    def listed(mirror: bool) -> list[list[Node]]:
        found = []
        for text in small:
            node = _mirrored(graphs[text]) if mirror else graphs[text]
            found.append([getattr(n, "original", n) for n in other(node)])
        return found

    learner = [orders[t] for t in small]
    backwards = [o[::-1] for o in learner]
    return any(_identical(side, o) for side in map(listed, (False, True)) for o in (learner, backwards))


def _identical(a: list[list[Node]], b: list[list[Any]]) -> bool:
    return all(len(x) == len(y) and all(m is n for m, n in zip(x, y, strict=True)) for x, y in zip(a, b, strict=True))


def _mirrored(node: Node) -> Node:
    """The same graph with the children of every node in the other order."""
    copies: dict[int, Node] = {}

    def copy(n: Node) -> Node:
        if id(n) not in copies:
            copies[id(n)] = Node(n.name, *(copy(c) for c in reversed(n.children)))
            copies[id(n)].original = n  # type: ignore[attr-defined]
        return copies[id(n)]

    return copy(node)


def check_again(obj: Any, seed: int) -> None:
    """A second call on the same nodes, and through another root."""
    a = Node("a", Node("x"))
    first, second = Node("2a", a), Node("3a", a)
    orders = [call(obj, n, "The order") for n in (first, first, second)]
    if [len(o) for o in orders] == [3, 3, 3]:
        return
    raise Failure(
        "The second call finds fewer nodes: marks of the first call stay on the nodes, or in a set that outlives it. "
        "Keep the set of entered nodes inside of the call.",
        "4.25",
        tuple(f"call {i}: {o}" for i, o in enumerate(orders, start=1)),
    )


def check_visits(obj: Any, seed: int) -> None:
    counter = [0]
    node: Node = CountedNode("x", counter)
    for i in range(DOUBLINGS):
        node = CountedNode(f"x{i}", counter, node, node)
    try:
        call(obj, node, "The order")
    except TooManyVisits:
        raise Failure(
            f"Each node must be visited once: for x = x + x, {DOUBLINGS} times, your code looked at .children more "
            f"than {ACCESSES} times. There are {DOUBLINGS + 1} nodes and {2**DOUBLINGS:,} paths.",
            "4.6",
            next_step="look whether a node was entered before you follow its children.",
        ) from None


def check_depth(obj: Any, seed: int) -> None:
    node = Node("x")
    for i in range(DEPTH):
        node = Node(f"x{i}", node)
    try:
        found = len(call(obj, node, "The order"))
    except RecursionError as error:
        _, line = guard.describe_exception(error)
        raise Failure(
            f"A chain of {DEPTH:,} nodes is too deep for Python's recursion (RecursionError). A recurrent network "
            "over a long sequence is such a chain: keep a stack of your own.",
            "4.24",
            line,
            "push (node, children_done) pairs on a list, and pop them in a loop.",
        ) from None
    if found != DEPTH + 1:
        raise Failure(f"The order of a chain of {DEPTH + 1} nodes has {found} entries.")


STEPS = (
    Step("", check_function),
    Step("each node once", check_members),
    Step("children before parents", check_order),
    Step("called again", check_again),
    Step("no path twice", check_visits),
    Step("a deep chain", check_depth),
)

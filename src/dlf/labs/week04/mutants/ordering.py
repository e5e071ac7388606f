"""Wrong orders."""

from __future__ import annotations

from collections import deque
from typing import Any

from dlf.labs.week04.mutants.catalogue import ORDER, mutant
from dlf.labs.week04.reference import topological_order

PREORDER = (
    "Pre-order is no topological order: a node is listed when it is first met, before its other parents. "
    "List a node after all its children (post-order), or all its parents."
)
BREADTH = (
    "Breadth first is no topological order: a node near the root is listed before a longer path to it was followed."
)
PARENTS_FIRST = (
    "The list has parents before their children; it is that of the sweep. Children come first here: the graph of "
    "exercise 3 computes its nodes in this order, and the sweep reads it from its end."
)
PUSHED = (
    "A node is marked when it is put on the stack. It then waits there, and a parent that comes later believes that "
    "it was handled. Mark it when it is taken from the stack."
)


@mutant("4.43", exercise=ORDER, says=PARENTS_FIRST)
def parents_first(node: Any) -> list[Any]:
    return topological_order(node)[::-1]


@mutant("4.44", exercise=ORDER, says=PUSHED)
def marked_when_pushed(node: Any) -> list[Any]:
    order: list[Any] = []
    stack, seen = [(node, False)], {id(node)}
    while stack:
        n, children_done = stack.pop()
        if children_done:
            order.append(n)
            continue
        stack.append((n, True))
        for child in n.children:
            if id(child) not in seen:
                seen.add(id(child))
                stack.append((child, False))
    return order


@mutant("4.26", exercise=ORDER, says="Nodes are told apart by their names.")
def by_name(node: Any) -> list[Any]:
    return list({getattr(n, "name", n): n for n in topological_order(node)}.values())


@mutant("4.4", exercise=ORDER, says=PREORDER)
def pre_order(node: Any) -> list[Any]:
    order, stack, seen = [], [node], {id(node)}
    while stack:
        order.append(stack.pop())
        for child in reversed(order[-1].children):
            if id(child) not in seen:
                seen.add(id(child))
                stack.append(child)
    return order


@mutant("4.4", exercise=ORDER, says=PREORDER)
def pre_order_reversed(node: Any) -> list[Any]:
    order: list[Any] = []

    def visit(n: Any) -> None:
        if n not in order:
            order.append(n)
            for child in n.children:
                visit(child)

    visit(node)
    return order[::-1]


@mutant("4.3", exercise=ORDER, says=BREADTH)
def breadth_first(node: Any) -> list[Any]:
    order, queue, seen = [], deque([node]), {node}
    while queue:
        order.append(queue.popleft())
        new = [c for c in dict.fromkeys(order[-1].children) if c not in seen]
        seen.update(new)
        queue.extend(new)
    return order


TWICE = "Each node must be visited once."


@mutant("4.6", exercise=ORDER, says=TWICE)
def every_path(node: Any) -> list[Any]:
    return [n for child in node.children for n in every_path(child)] + [node]


@mutant("4.6", exercise=ORDER, says=TWICE)
def every_path_then_unique(node: Any) -> list[Any]:
    return list(dict.fromkeys(every_path(node)))


@mutant("4.24", exercise=ORDER, says="A chain of 5,000 nodes is too deep for Python's recursion.")
def recursive(node: Any) -> list[Any]:
    order, seen = [], set()

    def visit(n: Any) -> None:
        if n not in seen:
            seen.add(n)
            for child in n.children:
                visit(child)
            order.append(n)

    visit(node)
    return order


@mutant("4.25", exercise=ORDER, says="Marks stay on the nodes.")
def marked(node: Any) -> list[Any]:
    new = [n for n in topological_order(node) if not hasattr(n, "visited")]
    for n in new:
        n.visited = True
    return new


SHARED_LIST: list[Any] = []


@mutant("4.25", exercise=ORDER, says="A default list is made once, and remembers.")
def default_list(node: Any, order: list[Any] = SHARED_LIST) -> list[Any]:
    order += [n for n in topological_order(node) if n not in order]
    return list(order)


@mutant("4.26", exercise=ORDER, says="The leaves are missing.")
def without_leaves(node: Any) -> list[Any]:
    return [n for n in topological_order(node) if n.children]


@mutant("4.26", exercise=ORDER, says="The node itself is missing.")
def without_root(node: Any) -> list[Any]:
    return topological_order(node)[:-1]

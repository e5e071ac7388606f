"""Reference solutions of week 4: a small engine for each mode, and what is built on them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Pullback = Callable[[Array], Array]
Axis = int | None


def topological_order(node: Any) -> list[Any]:
    """Every node that `node` can reach, children before parents, each once; no recursion."""
    order: list[Any] = []
    entered: set[int] = set()
    stack = [(node, False)]
    while stack:
        current, children_done = stack.pop()
        if children_done:
            order.append(current)
        elif id(current) not in entered:
            entered.add(id(current))
            stack.append((current, True))
            stack += [(child, False) for child in current.children]
    return order


@dataclass(frozen=True)
class Operation:
    """`vjp(gradient, output, *inputs)` gives one gradient an input, before un-broadcasting."""

    name: str
    forward: Callable[..., Array]
    vjp: Callable[..., Sequence[Array | float]]


def sum_operation(axis: Axis, keepdims: bool) -> Operation:
    def vjp(g: Array, _: Array, x: Array) -> tuple[Array]:
        kept = g if keepdims or axis is None else np.expand_dims(g, axis)
        return (np.broadcast_to(kept, x.shape),)

    return Operation("sum", lambda x: np.asarray(x.sum(axis=axis, keepdims=keepdims)), vjp)


def power_operation(n: float) -> Operation:
    return Operation("power", lambda x: x**n, lambda g, _, x: (g * n * x ** (n - 1),))


ADD = Operation("add", lambda a, b: a + b, lambda g, _, a, b: (g, g))
SUBTRACT = Operation("subtract", lambda a, b: a - b, lambda g, _, a, b: (g, -g))
MULTIPLY = Operation("multiply", lambda a, b: a * b, lambda g, _, a, b: (g * b, g * a))
DIVIDE = Operation("divide", lambda a, b: a / b, lambda g, _, a, b: (g / b, -g * a / b**2))
MATMUL = Operation("matmul", lambda a, b: a @ b, lambda g, _, a, b: (g @ b.T, a.T @ g))
EXP = Operation("exp", np.exp, lambda g, y, x: (g * y,))
LOG = Operation("log", np.log, lambda g, y, x: (g / x,))
TANH = Operation("tanh", np.tanh, lambda g, y, x: (g * (1 - y**2),))
RELU = Operation("relu", lambda x: np.maximum(x, 0.0), lambda g, y, x: (g * (x > 0),))


def unbroadcast(gradient: Array, shape: tuple[int, ...]) -> Array:
    """Sum over the axes that broadcasting added or stretched."""
    gradient = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
    stretched = tuple(i for i, n in enumerate(shape) if n == 1 != gradient.shape[i])
    return np.asarray(gradient.sum(axis=stretched, keepdims=True))


class AutoDiffNode:
    """A value in a computation, with the nodes it was computed from; None as value: not yet known."""

    __array_ufunc__ = None  # so that array * node comes to __rmul__

    def __init__(self, value: Any, children: Any = None, operation: Operation | None = None) -> None:
        self.value = None if value is None else np.array(value, dtype=float)
        self.children: tuple[AutoDiffNode, ...] = tuple(children or ())
        self.operation = operation
        self.gradient: Any = 0.0

    @classmethod
    def apply(cls, operation: Operation, *operands: Any) -> AutoDiffNode:
        children = [o if isinstance(o, AutoDiffNode) else AutoDiffNode(o) for o in operands]
        node = cls(None, children, operation)
        node.compute()
        return node

    def compute(self) -> None:
        """The value from the children's values, when all of them have one."""
        if self.operation and all(c.value is not None for c in self.children):
            self.value = np.asarray(self.operation.forward(*(c.value for c in self.children)))

    def backward(self, gradient: Any = 1) -> None:
        """Reverse mode: gradients of all leaves, added to what is there; those between start anew."""
        if self.value is None:
            raise ValueError("the node has no value yet: run the graph's forward first")
        seed = np.asarray(gradient, dtype=float)
        if seed.shape != self.value.shape and max(seed.size, self.value.size) > 1:
            raise ValueError(
                f"gradient has shape {seed.shape}, expected {self.value.shape}, that of the value; "
                "make the result a single number with .sum(), or give a gradient"
            )
        self._sweep(seed.reshape(self.value.shape))

    def _sweep(self, seed: Array) -> None:
        gradients = {id(self): seed}
        for node in reversed(topological_order(self)):
            g = gradients.pop(id(node))
            node.gradient = g if node.operation else node.gradient + g
            if not node.operation:
                continue
            parts = node.operation.vjp(g, node.value, *(c.value for c in node.children))
            for child, part in zip(node.children, parts, strict=True):
                part = unbroadcast(np.asarray(part), child.value.shape)
                known = gradients.get(id(child))
                gradients[id(child)] = part if known is None else known + part

    def __add__(self, other: Any) -> AutoDiffNode:
        return self.apply(ADD, self, other)

    def __radd__(self, other: Any) -> AutoDiffNode:
        return self.apply(ADD, other, self)

    def __sub__(self, other: Any) -> AutoDiffNode:
        return self.apply(SUBTRACT, self, other)

    def __rsub__(self, other: Any) -> AutoDiffNode:
        return self.apply(SUBTRACT, other, self)

    def __mul__(self, other: Any) -> AutoDiffNode:
        return self.apply(MULTIPLY, self, other)

    def __rmul__(self, other: Any) -> AutoDiffNode:
        return self.apply(MULTIPLY, other, self)

    def __truediv__(self, other: Any) -> AutoDiffNode:
        return self.apply(DIVIDE, self, other)

    def __rtruediv__(self, other: Any) -> AutoDiffNode:
        return self.apply(DIVIDE, other, self)

    def __matmul__(self, other: Any) -> AutoDiffNode:
        return self.apply(MATMUL, self, other)

    def __rmatmul__(self, other: Any) -> AutoDiffNode:
        return self.apply(MATMUL, other, self)

    def __pow__(self, exponent: float) -> AutoDiffNode:
        return self.apply(power_operation(exponent), self)

    def __neg__(self) -> AutoDiffNode:
        return self.apply(MULTIPLY, self, -1.0)

    def exp(self) -> AutoDiffNode:
        return self.apply(EXP, self)

    def log(self) -> AutoDiffNode:
        return self.apply(LOG, self)

    def tanh(self) -> AutoDiffNode:
        return self.apply(TANH, self)

    def relu(self) -> AutoDiffNode:
        return self.apply(RELU, self)

    def sum(self, axis: Axis = None, keepdims: bool = False) -> AutoDiffNode:
        return self.apply(sum_operation(axis, keepdims), self)


class ComputationalGraph:
    """Named inputs, one output; run as often as wanted."""

    def __init__(self) -> None:
        self.nodes: list[AutoDiffNode] = []
        self._inputs: dict[str, AutoDiffNode] = {}
        self._output: AutoDiffNode | None = None

    def input(self, name: str) -> AutoDiffNode:
        self._inputs[name] = AutoDiffNode(None)
        self.nodes.append(self._inputs[name])
        return self._inputs[name]

    def output(self, node: AutoDiffNode) -> None:
        self._output = node
        reached = topological_order(node)
        unused = [n for n in self._inputs.values() if all(n is not r for r in reached)]
        self.nodes = unused + reached

    def forward(self, inputs: Mapping[str, Array]) -> Array:
        if set(inputs) != set(self._inputs):
            raise ValueError(f"inputs are {sorted(inputs)}, expected {sorted(self._inputs)}")
        for name, node in self._inputs.items():
            node.value = np.array(inputs[name], dtype=float)
        for node in self.nodes:
            node.compute()
        result: Array = self._result().value
        return result

    def backward(self) -> dict[str, Array]:
        for node in self._inputs.values():
            node.gradient = np.zeros_like(node.value)
        self._result().backward()
        return {name: node.gradient for name, node in self._inputs.items()}

    def _result(self) -> Any:
        if self._output is None or self._output.value is None:
            raise ValueError("name the result with .output(node) and run .forward first")
        return self._output


class Dual:
    """A value and its derivative along one direction, of the same shape."""

    __array_ufunc__ = None

    def __init__(self, value: Any, tangent: Any = 0.0) -> None:
        self.value = np.asarray(value, dtype=float)
        self.tangent = np.broadcast_to(np.asarray(tangent, dtype=float), self.value.shape)

    @staticmethod
    def of(other: Any) -> Dual:
        return other if isinstance(other, Dual) else Dual(other)

    def __add__(self, other: Any) -> Dual:
        b = Dual.of(other)
        return Dual(self.value + b.value, self.tangent + b.tangent)

    def __mul__(self, other: Any) -> Dual:
        b = Dual.of(other)
        return Dual(self.value * b.value, self.tangent * b.value + self.value * b.tangent)

    def __matmul__(self, other: Any) -> Dual:
        b = Dual.of(other)
        return Dual(self.value @ b.value, self.tangent @ b.value + self.value @ b.tangent)

    def __rmatmul__(self, other: Any) -> Dual:
        return Dual.of(other) @ self

    def __pow__(self, n: float) -> Dual:
        return Dual(self.value**n, n * self.value ** (n - 1) * self.tangent)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> Dual:
        return self * -1.0

    def __sub__(self, other: Any) -> Dual:
        return self + -Dual.of(other)

    def __rsub__(self, other: Any) -> Dual:
        return -self + other

    def __truediv__(self, other: Any) -> Dual:
        return self * Dual.of(other) ** -1

    def __rtruediv__(self, other: Any) -> Dual:
        return self**-1 * other

    def exp(self) -> Dual:
        y = np.exp(self.value)
        return Dual(y, y * self.tangent)

    def log(self) -> Dual:
        return Dual(np.log(self.value), self.tangent / self.value)

    def tanh(self) -> Dual:
        y = np.tanh(self.value)
        return Dual(y, (1 - y**2) * self.tangent)

    def relu(self) -> Dual:
        return Dual(np.maximum(self.value, 0.0), np.where(self.value > 0, self.tangent, 0.0))

    def sum(self, axis: Axis = None, keepdims: bool = False) -> Dual:
        return Dual(self.value.sum(axis=axis, keepdims=keepdims), self.tangent.sum(axis=axis, keepdims=keepdims))


def jvp(f: Callable[[Any], Any], x: Array, v: Array) -> tuple[Array, Array]:
    """f(x) and its derivative along v, in one pass."""
    y = Dual.of(f(Dual(x, v)))
    return y.value, np.array(y.tangent)


def jacobian_forward(f: Callable[[Any], Any], x: Array) -> Array:
    """(m, n): one pass a column."""
    return np.stack([jvp(f, x, e)[1] for e in np.eye(len(x))], axis=1)


STEP = 6e-6  # about eps^(1/3)


def gradient_check(
    f: Callable[[Array], Array], grad: Callable[[Array, Array], Array], x: Array, cotangent: Array | None = None
) -> bool:
    """Whether grad is the gradient of sum(cotangent * f), by central differences."""
    y = f(x.copy())
    c = np.random.default_rng().standard_normal(np.shape(y)) if cotangent is None else cotangent
    analytic = np.asarray(grad(x.copy(), c.copy()))
    if analytic.shape != x.shape:
        return False
    numeric = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        h = STEP * max(1.0, abs(float(x[i])))
        plus, minus = x.copy(), x.copy()
        plus[i] += h
        minus[i] -= h
        numeric[i] = np.sum(c * (f(plus) - f(minus))) / (plus[i] - minus[i])
    rounding = 3e-10 * float(np.linalg.norm(c * y))  # what is left of a gradient that is zero
    gap = np.linalg.norm(analytic - numeric)
    return bool(gap <= 1e-5 * (np.linalg.norm(analytic) + np.linalg.norm(numeric)) + rounding)


def checkpoint(segment: Any, x: Array, rng: np.random.Generator) -> tuple[Array, Pullback]:
    """segment(x, rng) without its memory: the pullback runs the segment again as it was."""
    x_then, rng_then, state_then = x.copy(), copy.deepcopy(rng), copy.deepcopy(segment.state)
    y, _ = segment(x, rng)

    def pullback(cotangent: Array) -> Array:
        state_now = segment.state
        segment.state = copy.deepcopy(state_then)
        try:
            _, again = segment(x_then.copy(), copy.deepcopy(rng_then))
        finally:
            segment.state = state_now
        return again(cotangent)

    return y, pullback

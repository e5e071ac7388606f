"""Right solutions of week 4 that are written differently: every check has to accept all of them."""

from __future__ import annotations

import copy
import graphlib
import itertools
import sys
from collections import Counter, defaultdict, deque
from typing import Any, NamedTuple

import numpy as np

import dlf.autodiff as ad
from dlf.labs.week04.engine import Engine

# ---- topological_order ------------------------------------------------------------------------


def order_recursive(node):
    """Post-order by recursion, with room for it."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    order, seen = [], set()

    def visit(n):
        if id(n) in seen:
            return
        seen.add(id(n))
        for child in n.children:
            visit(child)
        order.append(n)

    try:
        visit(node)
    finally:
        sys.setrecursionlimit(before)
    return order


def order_kahn(node):
    """A node is listed when all its parents are; that list, turned round."""
    waiting: Counter[Any] = Counter()
    seen, stack = {node}, [node]
    while stack:
        for child in stack.pop().children:
            waiting[child] += 1
            if child not in seen:
                seen.add(child)
                stack.append(child)
    order, ready = [], [node]
    while ready:
        order.append(ready.pop())
        for child in order[-1].children:
            waiting[child] -= 1
            if waiting[child] == 0:
                ready.append(child)
    return order[::-1]


def order_with_iterators(node):
    order, seen, stack = [], {node}, [(node, iter(node.children))]
    while stack:
        current, children = stack[-1]
        child = next((c for c in children if c not in seen), None)
        if child is None:
            order.append(current)
            stack.pop()
        else:
            seen.add(child)
            stack.append((child, iter(child.children)))
    return tuple(order)


def order_by_the_library(node):
    graph, stack = {}, [node]
    while stack:
        n = stack.pop()
        if n not in graph:
            graph[n] = set(n.children)
            stack.extend(n.children)
    return list(graphlib.TopologicalSorter(graph).static_order())


class DepthFirst:
    """Colors: white unseen, grey open, black done."""

    def __init__(self):
        self.color, self.order = defaultdict(lambda: "white"), []

    def run(self, node):
        stack = [node]
        while stack:
            n = stack[-1]
            if self.color[n] == "white":
                self.color[n] = "grey"
                stack += [c for c in n.children if self.color[c] == "white"]
            else:
                stack.pop()
                if self.color[n] == "grey":
                    self.color[n] = "black"
                    self.order.append(n)
        return self.order


def order_by_a_class(node):
    return DepthFirst().run(node)


ORDERS = [order_recursive, order_kahn, order_with_iterators, order_by_the_library, order_by_a_class]


# ---- AutoDiffNode -----------------------------------------------------------------------------


def fit(g, shape):
    """Undo broadcasting, one axis after the other."""
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    for axis, n in enumerate(shape):
        if n == 1 and g.shape[axis] != 1:
            g = g.sum(axis=axis, keepdims=True)
    return g


def with_operators(cls):
    """Operators in terms of cls.make(name, *operands, **options)."""
    table = {"add": "__add__", "sub": "__sub__", "mul": "__mul__", "div": "__truediv__", "matmul": "__matmul__"}
    reflected = {"add": "__radd__", "sub": "__rsub__", "mul": "__rmul__", "div": "__rtruediv__"}
    for op, name in table.items():
        setattr(cls, name, lambda self, other, op=op: cls.make(op, self, other))
    for op, name in reflected.items():
        setattr(cls, name, lambda self, other, op=op: cls.make(op, other, self))
    for op in ("exp", "log", "tanh", "relu"):
        setattr(cls, op, lambda self, op=op: cls.make(op, self))
    cls.__neg__ = lambda self: cls.make("neg", self)
    cls.__pow__ = lambda self, n: cls.make("pow", self, n=n)
    cls.sum = lambda self, axis=None, keepdims=False: cls.make("sum", self, axis=axis, keepdims=keepdims)
    return cls


def expand(g, x, axis, keepdims):
    if axis is not None and not keepdims:
        g = np.expand_dims(g, axis)
    return g * np.ones(x.shape)


VALUES: dict[str, Any] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "matmul": np.matmul,
    "neg": np.negative,
    "pow": lambda x, n: x**n,
    "exp": np.exp,
    "log": np.log,
    "tanh": np.tanh,
    "relu": lambda x: np.where(x > 0, x, 0.0),
    "sum": lambda x, axis, keepdims: np.sum(x, axis=axis, keepdims=keepdims),
}
PARTS: dict[str, Any] = {
    "add": lambda g, a, b: (g, g),
    "sub": lambda g, a, b: (g, -g),
    "mul": lambda g, a, b: (g * b, g * a),
    "div": lambda g, a, b: (g / b, -g * a / (b * b)),
    "matmul": lambda g, a, b: (g @ b.T, a.T @ g),
    "neg": lambda g, a: (-g,),
    "pow": lambda g, a, n: (g * n * a ** (n - 1),),
    "exp": lambda g, a: (g * np.exp(a),),
    "log": lambda g, a: (g / a,),
    "tanh": lambda g, a: (g / np.cosh(a) ** 2,),
    "relu": lambda g, a: (np.where(a > 0, g, 0.0),),
    "sum": lambda g, a, axis, keepdims: (expand(g, a, axis, keepdims),),
}


def refuse_shape(gradient, value):
    g = np.asarray(gradient, dtype=float)
    if g.shape != np.shape(value) and np.size(value) != 1:
        raise ValueError("the gradient has another shape than the value")
    return g * np.ones(np.shape(value))


@with_operators
class Closures:
    """Each node keeps a closure; the order by recursion; leaves add up."""

    def __init__(self, value, children=None, operation=None):
        self.value = np.array(value, dtype=np.float64)
        self.children, self.operation = children or [], operation
        self.gradient = 0

    @classmethod
    def make(cls, op, *operands, **options):
        nodes = [o if isinstance(o, cls) else cls(o) for o in operands]
        values = [n.value for n in nodes]
        out: Any = cls(VALUES[op](*values, **options), nodes, op)

        def send():
            for node, part in zip(nodes, PARTS[op](out.gradient, *values, **options), strict=True):
                node.gradient = node.gradient + fit(np.asarray(part), node.value.shape)

        out.send = send
        return out

    def backward(self, gradient=1):
        seed, order, visited = refuse_shape(gradient, self.value), [], set()

        def visit(node):
            if node not in visited:
                visited.add(node)
                for child in node.children:
                    visit(child)
                order.append(node)

        visit(self)
        for node in order:
            if node.children:
                node.gradient = 0
        self.gradient = self.gradient + seed
        for node in reversed(order):
            if node.children:
                node.send()


@with_operators
class NumberedTape:
    """Nodes are numbered when they are made: the numbers sort them. Gradients start anew in every backward."""

    counter = itertools.count()

    def __init__(self, value, children=None, operation=None):
        self.value = float(value) if np.isscalar(value) else np.array(value)
        self.children, self.operation = tuple(children or ()), operation
        self.number, self.gradient = next(self.counter), None

    @classmethod
    def make(cls, op, *operands, **options):
        nodes = [o if isinstance(o, cls) else cls(o) for o in operands]
        return cls(VALUES[op](*(np.asarray(n.value) for n in nodes), **options), nodes, (op, options))

    def reached(self):
        found, todo = {self.number: self}, [self]
        while todo:
            for child in todo.pop().children:
                if child.number not in found:
                    found[child.number] = child
                    todo.append(child)
        return [found[k] for k in sorted(found, reverse=True)]

    def backward(self, gradient=1):
        nodes = self.reached()
        for node in nodes:
            node.gradient = np.zeros(np.shape(node.value))
        self.gradient = refuse_shape(gradient, self.value)
        for node in nodes:
            if node.children:
                op, options = node.operation
                values = [np.asarray(c.value) for c in node.children]
                for child, part in zip(node.children, PARTS[op](node.gradient, *values, **options), strict=True):
                    child.gradient = child.gradient + fit(np.asarray(part), np.shape(child.value))


class Function:
    """An operation as an object with forward and backward, as in torch."""

    def __init__(self, op, options):
        self.op, self.options = op, options

    def forward(self, *values):
        self.saved = values
        return VALUES[self.op](*values, **self.options)

    def backward(self, gradient):
        parts = PARTS[self.op](gradient, *self.saved, **self.options)
        return [fit(np.asarray(p), v.shape) for p, v in zip(parts, self.saved, strict=True)]


@with_operators
class Functions:
    """Counts pending consumers; a node is processed when all have reported (Kahn)."""

    def __init__(self, value, children=None, operation=None):
        self.value = np.array(value, dtype=float)
        self.children, self.operation = list(children or []), operation
        self.gradient = np.zeros_like(self.value)

    @classmethod
    def make(cls, op, *operands, **options):
        nodes = [o if isinstance(o, cls) else cls(o) for o in operands]
        function = Function(op, options)
        return cls(function.forward(*(n.value for n in nodes)), nodes, function)

    def backward(self, gradient=1):
        arriving = {self: [refuse_shape(gradient, self.value)]}
        pending = self.consumers()
        ready = deque([self])
        while ready:
            node = ready.popleft()
            total = sum(arriving.pop(node))
            if node.operation is None:
                node.gradient = node.gradient + total
                continue
            for child, part in zip(node.children, node.operation.backward(total), strict=True):
                arriving.setdefault(child, []).append(part)
                pending[child] -= 1
                if not pending[child]:
                    ready.append(child)

    def consumers(self):
        pending: Counter[Any] = Counter()
        todo, seen = [self], {self}
        while todo:
            for child in todo.pop().children:
                pending[child] += 1
                if child not in seen:
                    seen.add(child)
                    todo.append(child)
        return pending


@with_operators
class Pulled:
    """Recursive: a node asks its consumers for its gradient, and remembers the answer."""

    def __init__(self, value, children=None, operation=None):
        self.value = np.array(value, dtype=float)
        self.children, self.operation = children or [], operation
        self.gradient = 0.0

    @classmethod
    def make(cls, op, *operands, **options):
        nodes = [o if isinstance(o, cls) else cls(o) for o in operands]
        return cls(VALUES[op](*(n.value for n in nodes), **options), nodes, (op, options))

    def backward(self, gradient=1):
        consumers, known = defaultdict(list), {}
        seed = refuse_shape(gradient, self.value)

        def register(node):
            for place, child in enumerate(node.children):
                first = child not in consumers
                consumers[child].append((node, place))
                if first:
                    register(child)

        def parts(node):
            op, options = node.operation
            return PARTS[op](of(node), *(c.value for c in node.children), **options)

        def of(node):
            if node not in known:
                start = seed if node is self else np.zeros_like(node.value)
                known[node] = sum((fit(np.asarray(parts(p)[i]), node.value.shape) for p, i in consumers[node]), start)
            return known[node]

        register(self)
        for node in list(consumers):
            if node.operation is None:
                node.gradient = of(node)


NODES = [Closures, NumberedTape, Functions, Pulled]


# ---- ComputationalGraph -----------------------------------------------------------------------


@with_operators
class Recorded:
    """A node that belongs to a graph's list; the list is in order of construction."""

    def __init__(self, graph, op=None, children=(), options=None):
        self.graph, self.op, self.children, self.options = graph, op, children, options or {}
        self.value = self.gradient = None
        graph.nodes.append(self)

    @classmethod
    def make(cls, op, *operands, **options):
        graph = next(o.graph for o in operands if isinstance(o, cls))
        children = []
        for o in operands:
            if not isinstance(o, cls):
                constant = cls(graph)
                constant.value = np.array(o, dtype=float)
                o = constant
            children.append(o)
        return cls(graph, op, children, options)


class ListGraph:
    """All nodes in one list, forward through it and backward through it."""

    def __init__(self):
        self.nodes, self.names, self.result = [], {}, None

    def input(self, name):
        self.names[name] = Recorded(self)
        return self.names[name]

    def output(self, node):
        self.result = node

    def forward(self, inputs):
        for name in inputs:
            self.names[name]  # KeyError for an unknown name
        for name, node in self.names.items():
            node.value = inputs[name].copy()  # KeyError for a missing one
        for node in self.nodes:
            if node.op:
                node.value = VALUES[node.op](*(c.value for c in node.children), **node.options)
        return self.result.value

    def backward(self):
        for node in self.nodes:
            node.gradient = np.zeros(np.shape(node.value))
        self.result.gradient = self.result.gradient + 1.0
        for node in reversed(self.nodes):
            if node.op:
                parts = PARTS[node.op](node.gradient, *(c.value for c in node.children), **node.options)
                for child, part in zip(node.children, parts, strict=True):
                    child.gradient = child.gradient + fit(np.asarray(part), np.shape(child.value))
        return {name: node.gradient for name, node in self.names.items()}


@with_operators
class Thunk:
    """An expression: a function from the inputs' nodes to a node."""

    value = None

    def __init__(self, run):
        self.run = run

    @classmethod
    def make(cls, op, *operands, **options):
        def run(env):
            if env["memo"].get(id(run)) is None:
                nodes = [o.run(env) if isinstance(o, cls) else o for o in operands]
                env["memo"][id(run)] = Closures.make(op, *nodes, **options)
            return env["memo"][id(run)]

        return cls(run)


class RebuiltGraph:
    """Builds an eager graph of nodes in every forward."""

    def __init__(self):
        self.nodes, self.names = [], []

    def input(self, name):
        self.names.append(name)
        self.nodes.append(Thunk(lambda env: env["inputs"][name]))
        return self.nodes[-1]

    def output(self, node):
        self.nodes.append(node)

    def forward(self, inputs):
        if sorted(inputs) != sorted(self.names):
            raise ValueError("the names differ")
        self.leaves = {name: Closures(array) for name, array in inputs.items()}
        self.result = self.nodes[-1].run({"inputs": self.leaves, "memo": {}})
        return self.result.value

    def backward(self):
        for leaf in self.leaves.values():
            leaf.gradient = np.zeros(leaf.value.shape)
        self.result.backward()
        return {name: leaf.gradient for name, leaf in self.leaves.items()}


@with_operators
class Lazy:
    """A node whose value is computed on demand, recursively, and forgotten before each run."""

    def __init__(self, value=None, children=(), operation=None):
        self.value, self.children, self.operation, self.gradient = value, children, operation, None

    @classmethod
    def make(cls, op, *operands, **options):
        children = tuple(o if isinstance(o, cls) else cls(np.asarray(o, dtype=float)) for o in operands)
        return cls(None, children, (op, options))

    def get(self):
        if self.value is None:
            op, options = self.operation
            self.value = VALUES[op](*(c.get() for c in self.children), **options)
        return self.value


class LazyGraph:
    def __init__(self):
        self.nodes = []
        self.inputs = {}

    def input(self, name):
        node = self.inputs[name] = Lazy()
        return node

    def output(self, node):
        self.nodes = [*(n for n in self.inputs.values() if n not in order_recursive(node)), *order_recursive(node)]

    def forward(self, inputs):
        if inputs.keys() != self.inputs.keys():
            raise KeyError(f"{inputs.keys() ^ self.inputs.keys()}")
        for node in self.nodes:
            if node.operation:
                node.value = None
        for name in inputs:
            self.inputs[name].value = np.array(inputs[name])
        return self.nodes[-1].get()

    def backward(self):
        gradients = {node: 0.0 * np.asarray(node.value) for node in self.nodes}
        gradients[self.nodes[-1]] = np.asarray(1.0)
        for node in self.nodes[::-1]:
            if node.operation:
                op, options = node.operation
                for child, part in zip(
                    node.children, PARTS[op](gradients[node], *(c.value for c in node.children), **options), strict=True
                ):
                    gradients[child] = gradients[child] + fit(np.asarray(part), np.shape(child.value))
        return {name: gradients[node] for name, node in self.inputs.items()}


GRAPHS = [ListGraph, RebuiltGraph, LazyGraph]


# ---- forward mode -----------------------------------------------------------------------------


@with_operators
class Pair(NamedTuple):
    """(value, tangent) as a tuple."""

    v: np.ndarray
    t: np.ndarray

    @classmethod
    def make(cls, op, *operands, **options):
        pairs = [o if isinstance(o, Pair) else Pair(np.asarray(o, float), np.zeros(np.shape(o))) for o in operands]
        value = np.asarray(VALUES[op](*(p.v for p in pairs), **options))
        if op == "matmul":
            (a, da), (b, db) = pairs
            return Pair(value, da @ b + a @ db)
        if op == "sum":
            return Pair(value, np.asarray(np.sum(pairs[0].t, **options)))
        slopes = PARTS[op](np.ones_like(value), *(p.v for p in pairs), **options)
        return Pair(value, sum(np.asarray(s) * p.t for s, p in zip(slopes, pairs, strict=True)))


def jvp_with_tuples(f, x, v):
    result = f(Pair(x, v))
    return result.v, result.t * np.ones_like(result.v)


@with_operators
class ComplexStep:
    """The tangent is the imaginary part, times 1e-30: exact to rounding."""

    STEP = 1e-30

    def __init__(self, z):
        self.z = np.asarray(z, dtype=complex)

    @classmethod
    def make(cls, op, *operands, **options):
        z = [o.z if isinstance(o, cls) else np.asarray(o, dtype=complex) for o in operands]
        if op == "relu":
            return cls(np.where(z[0].real > 0, z[0], 0))
        return cls(VALUES[op](*z, **options))


def jvp_by_complex_step(f, x, v):
    z = f(ComplexStep(x + 1j * ComplexStep.STEP * v)).z
    return z.real.copy(), z.imag / ComplexStep.STEP


@with_operators
class Linear:
    """The tangent as a function of the direction: composed first, evaluated last."""

    def __init__(self, value, push):
        self.value, self.push = np.asarray(value, dtype=float), push

    @classmethod
    def make(cls, op, *operands, **options):
        duals = [o if isinstance(o, cls) else cls(o, lambda v, o=o: np.zeros(np.shape(o))) for o in operands]
        values = [d.value for d in duals]
        y = np.asarray(VALUES[op](*values, **options))

        def push(v):
            tangents = [d.push(v) for d in duals]
            if op == "matmul":
                return tangents[0] @ values[1] + values[0] @ tangents[1]
            if op == "sum":
                return np.sum(tangents[0], **options)
            slopes = PARTS[op](np.ones_like(y), *values, **options)
            return sum(s * t for s, t in zip(slopes, tangents, strict=True)) + np.zeros_like(y)

        return cls(y, push)


def jvp_by_composition(f, x, v):
    y = f(Linear(x, lambda direction: direction))
    return [y.value, np.asarray(y.push(v))]


JVPS = [jvp_with_tuples, jvp_by_complex_step, jvp_by_composition]


def jacobian_by_columns(f, x):
    n, m = len(x), None
    for j in range(n):
        e = np.zeros(n)
        e[j] = 1.0
        column = jvp_with_tuples(f, x, e)[1]
        if m is None:
            m = len(column)
            J = np.empty((m, n))
        J[:, j] = column
    return J


def jacobian_transposed_once(f, x):
    return np.array([jvp_by_complex_step(f, x, e)[1] for e in np.identity(x.size)]).T


def jacobian_in_one_pass(f, x):
    """One composed tangent map, evaluated along every unit vector."""
    y = f(Linear(x, lambda direction: direction))
    return np.column_stack([y.push(e) for e in np.eye(x.size)])


JACOBIANS = [jacobian_by_columns, jacobian_transposed_once, jacobian_in_one_pass]


# ---- gradient_check ---------------------------------------------------------------------------


def check_in_place(f, grad, x, cotangent=None):
    """Moves x itself, takes the number at once, and writes the old entry back."""
    rng = np.random.default_rng(12)
    c = rng.normal(size=np.shape(f(x))) if cotangent is None else cotangent
    a = grad(x, c)
    if np.shape(a) != x.shape:
        return False
    n = np.empty(x.shape)
    for i in np.ndindex(*x.shape):
        old = x[i]
        x[i] = old + 1e-5
        plus = float((c * f(x)).sum())
        x[i] = old - 1e-5
        minus = float((c * f(x)).sum())
        x[i] = old
        n[i] = (plus - minus) / 2e-5
    scale = np.abs(a).max() + np.abs(n).max() + 1e-6 * np.abs(c).max()
    return np.abs(a - n).max() < 1e-4 * scale


def check_along_directions(f, grad, x, cotangent=None):
    """Directional derivatives along random directions, and along each axis."""
    rng = np.random.default_rng()
    c = rng.standard_normal(np.shape(f(x.copy()))) if cotangent is None else cotangent
    a = np.asarray(grad(x.copy(), c))
    if a.shape != x.shape or not np.isfinite(a).all():
        return False
    size = np.linalg.norm(a) + 1e-6 * np.linalg.norm(c)
    for u in [rng.standard_normal(x.shape) for _ in range(8)]:
        u = u / np.linalg.norm(u)
        numeric = np.vdot(c, f(x + 1e-5 * u) - f(x - 1e-5 * u)) / 2e-5
        if not abs(numeric - np.vdot(a, u)) <= 1e-4 * size:
            return False
    return True


class Richardson:
    """Two central differences, extrapolated."""

    def __init__(self, f, c):
        self.f, self.c = f, c

    def central(self, x, i, h):
        e = np.zeros(x.shape)
        e[i] = h
        return np.sum(self.c * (self.f(x + e) - self.f(x - e))) / (2 * h)

    def gradient(self, x):
        n = np.zeros(x.shape)
        for i in np.ndindex(x.shape):
            n[i] = (4 * self.central(x, i, 1e-4) - self.central(x, i, 2e-4)) / 3
        return n


def check_by_extrapolation(f, grad, x, cotangent=None):
    if cotangent is None:
        cotangent = np.random.default_rng(3).uniform(0.5, 1.5, np.shape(f(x)))
    a, n = grad(x, cotangent), Richardson(f, cotangent).gradient(x)
    if a.shape != n.shape:
        return False
    floor = 1e-6 * np.linalg.norm(cotangent * f(x))
    return bool(np.linalg.norm(a - n) / (max(np.linalg.norm(a), np.linalg.norm(n)) + floor) < 1e-4)


def check_through_the_jacobian(f, grad, x, cotangent=None):
    """The whole Jacobian by differences; without a cotangent, all of its rows."""
    x = np.array(x)
    y = np.asarray(f(x))
    J = np.empty((y.size, x.size))
    for j in range(x.size):
        e = np.zeros(x.size)
        e[j] = 2e-6
        e = e.reshape(x.shape)
        J[:, j] = (np.ravel(f(x + e)) - np.ravel(f(x - e))) / 4e-6
    cotangents = [cotangent] if cotangent is not None else [row.reshape(y.shape) for row in np.eye(y.size)]
    for c in cotangents:
        a, n = np.asarray(grad(x, c)), (np.ravel(c) @ J).reshape(x.shape)
        floor = 1e-9 * np.linalg.norm(c * y)  # ten roundings of a difference
        if a.shape != x.shape or not np.linalg.norm(a - n) <= 1e-5 * np.linalg.norm(n) + floor:
            return False
    return True


CHECKERS = [check_in_place, check_along_directions, check_by_extrapolation, check_through_the_jacobian]


# ---- checkpoint -------------------------------------------------------------------------------


def checkpoint_by_twin(segment, x, rng):
    """A copy of the whole segment waits for the pullback."""
    twin, then, x_then = copy.deepcopy(segment), copy.deepcopy(rng), np.array(x)
    y = segment(x, rng)[0]

    def pullback(cotangent):
        return copy.deepcopy(twin)(x_then, copy.deepcopy(then))[1](cotangent)

    return y, pullback


def checkpoint_by_states(segment, x, rng):
    """Saves the bit generator's state, and writes the arrays of the state back one by one."""
    x_then = x.copy()
    bits = rng.bit_generator.state
    arrays = {name: np.array(value) for name, value in segment.state.items()}
    y, _ = segment(x, rng)
    del _

    def pullback(cotangent):
        now = {name: np.array(value) for name, value in segment.state.items()}
        for name, value in arrays.items():
            segment.state[name] = value.copy()
        generator = np.random.Generator(type(rng.bit_generator)())
        generator.bit_generator.state = bits
        _, again = segment(x_then, generator)
        for name, value in now.items():
            segment.state[name] = value
        return again(cotangent)

    return y, pullback


class Replay:
    """A pullback as an object; the caller's generator is borrowed and put back."""

    def __init__(self, segment, x, rng):
        self.segment, self.x, self.rng = segment, x.copy(), rng
        self.bits, self.state = copy.deepcopy(rng.bit_generator.state), copy.deepcopy(segment.state)

    def __call__(self, cotangent):
        bits, state = self.rng.bit_generator.state, self.segment.state
        self.rng.bit_generator.state, self.segment.state = self.bits, copy.deepcopy(self.state)
        try:
            return self.segment(self.x, self.rng)[1](cotangent)
        finally:
            self.rng.bit_generator.state, self.segment.state = bits, state


def checkpoint_by_a_class(segment, x, rng):
    replay = Replay(segment, x, rng)
    return [segment(x, rng)[0], replay]


CHECKPOINTS = [checkpoint_by_twin, checkpoint_by_states, checkpoint_by_a_class]


# ---- bug hunt ---------------------------------------------------------------------------------

W = np.array([[0.3, -1.2, 0.8], [1.1, 0.4, -0.5]])
COTANGENT = np.array([[0.7, -1.3, 0.2], [1.9, 0.6, -0.8], [0.1, -0.4, 1.5], [-1.1, 0.9, 0.3]])
POINT = np.array([[0.5, -0.3], [1.2, 0.7], [-0.9, 0.2], [0.4, 1.4]])
BIAS = np.array([0.3, -0.2, 0.5])


def probe(x, b):
    """One expression that shows all six: broadcasting, tanh, softmax, a short path first."""
    a = (x @ W + b).tanh()
    return (a + a * 3.0).softmax()


def expose_by_differences(suspect):
    def value(x, b):
        return float((probe(suspect(x), suspect(b)).value * COTANGENT).sum())

    x, b = suspect(POINT), suspect(BIAS)
    probe(x, b).backward(COTANGENT)
    for leaf, array in ((x, POINT), (b, BIAS)):
        for i in np.ndindex(array.shape):
            e = np.zeros_like(array)
            e[i] = 1e-5
            sides = [value(POINT + s * e, BIAS) if leaf is x else value(POINT, BIAS + s * e) for s in (1, -1)]
            if abs((sides[0] - sides[1]) / 2e-5 - leaf.gradient[i]) > 1e-6:
                return True
    return False


def expose_by_another_engine(suspect):
    x, b = suspect(POINT), suspect(BIAS)
    probe(x, b).backward(COTANGENT)

    def f(x, b):
        a = ad.tanh(x @ W + b)
        return ad.softmax(a + a * 3.0, axis=-1)

    right = ad.vjp(f, POINT, BIAS)[1](COTANGENT)
    return not all(np.allclose(leaf.gradient, r) for leaf, r in zip((x, b), right, strict=True))


def expose_one_by_one(suspect):
    """A list of small cases with known answers."""

    def gradient(f, x, c):
        leaf = suspect(x)
        f(leaf).backward(c)
        return leaf.gradient

    c = np.array([1.0, 2.0, 4.0])
    x = np.array([0.2, -0.5, 1.0])
    s = np.exp(x) / np.exp(x).sum()
    cases = [
        (gradient(lambda t: t.softmax(), x, c), s * (c - s @ c)),
        (gradient(lambda t: t.tanh(), x, c), c * (1 - np.tanh(x) ** 2)),
        (gradient(lambda t: (t * 2.0) + (t * 2.0) * 3.0, x, c), 8 * c),
        (gradient(lambda t: (t * 2.0).__add__(t * 2.0 * 3.0), x, c), 8 * c),
        (gradient(lambda t: suspect(np.zeros((2, 3))) + t, x, np.array([c, c])), 2 * c),
    ]
    a = suspect(x)
    b = a * 2.0
    (b + b * 3.0).backward(c)
    cases.append((a.gradient, 8 * c))
    return any(not np.allclose(found, right) for found, right in cases)


HUNTERS = [expose_by_differences, expose_by_another_engine, expose_one_by_one]


# ---- project ----------------------------------------------------------------------------------


def unwrap(x):
    return x.inner if hasattr(x, "inner") else x


class Borrowed:
    """Methods that hand over to an engine's functions; `inner` is that engine's Tensor."""

    inner: Any
    wrap: Any
    plain: Any
    numbers: Any
    sweep: Any

    @property
    def data(self):
        return self.numbers(self.inner)

    def __getitem__(self, index):
        return self.wrap(self.inner[index])

    def __pow__(self, n):
        return self.wrap(self.inner**n)

    def __neg__(self):
        return self.wrap(-self.inner)

    def sqrt(self):
        return self**0.5

    def backward(self, gradient=None):
        self.sweep(gradient)


for _name in ("add", "sub", "mul", "truediv", "matmul", "radd", "rsub", "rmul", "rtruediv"):

    def _operator(self, other, name=f"__{_name}__"):
        return self.wrap(getattr(self.inner, name)(self.plain(other)))

    setattr(Borrowed, f"__{_name}__", _operator)


class FromTheEngine(Borrowed):
    """dlf.autodiff behind methods."""

    def __init__(self, data, requires_grad=False):
        self.inner = ad.Tensor(np.array(data, dtype=float), requires_grad)

    @classmethod
    def wrap(cls, inner):
        made = cls.__new__(cls)
        made.inner = inner
        return made

    @staticmethod
    def plain(other):
        return other.copy() if isinstance(other, np.ndarray) else unwrap(other)

    @staticmethod
    def numbers(inner):
        return inner.data

    @property
    def grad(self):
        return self.inner.grad

    def sweep(self, gradient):
        self.inner.backward(gradient)

    def reshape(self, shape):
        return self.wrap(self.inner.reshape(shape))

    def transpose(self, axes):
        return self.wrap(self.inner.transpose(axes))


for _name in ("exp", "log", "tanh", "sigmoid", "relu", "sum", "mean", "max", "logsumexp", "softmax", "log_softmax"):

    def _method(self, *arguments, name=_name, **options):
        return self.wrap(getattr(ad, name)(self.inner, *arguments, **options))

    setattr(FromTheEngine, _name, _method)


class EngineProject:
    Tensor = FromTheEngine

    @staticmethod
    def grad(f):
        return ad.grad(lambda t: f(FromTheEngine.wrap(t)).inner)

    @staticmethod
    def jvp(f, x, v):
        return ad.jvp(lambda t: f(FromTheEngine.wrap(t)).inner, x, v)

    @staticmethod
    def checkpoint(f):
        run = ad.checkpoint(lambda *t: f(*map(FromTheEngine.wrap, t)).inner)
        return lambda *t: FromTheEngine.wrap(run(*(x.inner for x in t)))


def torch_project():
    """torch behind methods; imported when it is used."""
    import torch
    from torch.utils.checkpoint import checkpoint as recompute

    class FromTorch(Borrowed):
        def __init__(self, data, requires_grad=False):
            self.inner = torch.tensor(np.array(data, dtype=float), requires_grad=requires_grad)

        @classmethod
        def wrap(cls, inner):
            made = cls.__new__(cls)
            made.inner = inner
            return made

        @staticmethod
        def plain(other):
            return torch.tensor(other) if isinstance(other, np.ndarray) else unwrap(other)

        @staticmethod
        def numbers(inner):
            return inner.detach().numpy().copy()

        @property
        def grad(self):
            return None if self.inner.grad is None else self.inner.grad.numpy()

        def sweep(self, gradient):
            if gradient is None and self.inner.numel() != 1:
                raise ValueError("a gradient is needed")
            if gradient is not None:
                gradient = torch.as_tensor(np.asarray(gradient, dtype=float))
                if gradient.shape != self.inner.shape and max(gradient.numel(), self.inner.numel()) > 1:
                    raise ValueError("the gradient has another shape than the data")
                gradient = gradient.reshape(self.inner.shape)
            self.inner.backward(gradient, retain_graph=True)

        def axes(self, axis):
            return tuple(range(self.inner.ndim)) if axis is None else axis

        def __getitem__(self, index):
            taken = np.arange(self.inner.numel()).reshape(self.inner.shape)[index]  # torch has no negative strides
            return self.wrap(self.inner.reshape(-1)[torch.as_tensor(taken.copy())])

        def sum(self, axis=None, keepdims=False):
            return self.wrap(self.inner.sum(self.axes(axis), keepdim=keepdims))

        def mean(self, axis=None, keepdims=False):
            return self.wrap(self.inner.mean(self.axes(axis), keepdim=keepdims))

        def max(self, axis=None, keepdims=False):
            return self.wrap(self.inner.amax(self.axes(axis), keepdim=keepdims))

        def logsumexp(self, axis=None, keepdims=False):
            return self.wrap(self.inner.logsumexp(self.axes(axis), keepdim=keepdims))

        def softmax(self, axis=-1):
            return self.wrap(self.inner.softmax(axis))

        def log_softmax(self, axis=-1):
            return self.wrap(self.inner.log_softmax(axis))

        def reshape(self, shape):
            return self.wrap(self.inner.reshape(shape))

        def transpose(self, axes):
            return self.wrap(self.inner.permute(axes))

    for name in ("exp", "log", "tanh", "sigmoid", "relu"):
        setattr(FromTorch, name, lambda self, name=name: self.wrap(getattr(self.inner, name)()))

    class TorchProject:
        Tensor = FromTorch

        @staticmethod
        def grad(f):
            def gradient(x):
                leaf = FromTorch(x, requires_grad=True)
                f(leaf).backward()
                return leaf.grad

            return gradient

        @staticmethod
        def jvp(f, x, v):
            def inner(t):
                return f(FromTorch.wrap(t)).inner

            y, dy = torch.autograd.functional.jvp(inner, torch.tensor(x), torch.tensor(v))
            return y.numpy(), dy.numpy()

        @staticmethod
        def checkpoint(f):
            def inner(*t):
                return f(*map(FromTorch.wrap, t)).inner

            return lambda *t: FromTorch.wrap(recompute(inner, *(x.inner for x in t), use_reentrant=False))

    return TorchProject


ALL: dict[str, list[Any]] = {
    "topological_order": ORDERS,
    "AutoDiffNode.backward": NODES,
    "ComputationalGraph.forward": GRAPHS,
    "ComputationalGraph.backward": GRAPHS,
    "jvp": JVPS,
    "jacobian_forward": JACOBIANS,
    "gradient_check": CHECKERS,
    "checkpoint": CHECKPOINTS,
    "bug_hunt": HUNTERS,
}
PROJECTS: list[Any] = [Engine, EngineProject, torch_project]

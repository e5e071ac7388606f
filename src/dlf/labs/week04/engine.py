"""Reference solution of the project: one Tensor that carries a tape, and a tangent when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlf.labs.week04.reference import Array, topological_order, unbroadcast

Axes = int | tuple[int, ...] | None


@dataclass(frozen=True)
class Primitive:
    """vjp(g, y, *x) -> one gradient an operand; jvp(tangents, y, *x) -> the tangent of y."""

    forward: Callable[..., Any]
    vjp: Callable[..., Sequence[Any]]
    jvp: Callable[..., Any]


def linear(forward: Callable[[Array], Array], transposed: Callable[[Array, Array], Array]) -> Primitive:
    """A linear map of one operand is its own derivative."""
    return Primitive(forward, lambda g, y, x: (transposed(g, x),), lambda d, y, x: forward(d[0]))


def elementwise(forward: Callable[[Array], Array], slope: Callable[[Array, Array], Array]) -> Primitive:
    return Primitive(forward, lambda g, y, x: (g * slope(y, x),), lambda d, y, x: d[0] * slope(y, x))


def _swap(a: Array) -> Array:
    return a.swapaxes(-1, -2)


ADD = Primitive(lambda a, b: a + b, lambda g, y, a, b: (g, g), lambda d, y, a, b: d[0] + d[1])
MULTIPLY = Primitive(lambda a, b: a * b, lambda g, y, a, b: (g * b, g * a), lambda d, y, a, b: d[0] * b + a * d[1])
MATMUL = Primitive(
    lambda a, b: a @ b, lambda g, y, a, b: (g @ _swap(b), _swap(a) @ g), lambda d, y, a, b: d[0] @ b + a @ d[1]
)
EXP = elementwise(np.exp, lambda y, x: y)
LOG = elementwise(np.log, lambda y, x: 1 / x)
TANH = elementwise(np.tanh, lambda y, x: 1 - y**2)
RELU = elementwise(lambda x: np.maximum(x, 0.0), lambda y, x: np.where(x > 0, 1.0, 0.0))


def power(n: float) -> Primitive:
    return elementwise(lambda x: x**n, lambda y, x: n * x ** (n - 1))


def _kept(a: Array, shape: tuple[int, ...], axis: Axes) -> Array:
    """A reduced array with its reduced axes back as length 1."""
    axes = range(len(shape)) if axis is None else np.atleast_1d(axis) % max(len(shape), 1)
    return a.reshape([1 if i in axes else n for i, n in enumerate(shape)])


def total(axis: Axes, keepdims: bool) -> Primitive:
    return linear(
        lambda x: np.asarray(x.sum(axis=axis, keepdims=keepdims)),
        lambda g, x: np.broadcast_to(_kept(g, x.shape, axis), x.shape),
    )


def maximum(axis: Axes, keepdims: bool) -> Primitive:
    """Ties share the gradient equally."""

    def share(y: Array, x: Array) -> Array:
        at = x == _kept(y, x.shape, axis)
        return np.asarray(at / at.sum(axis=axis, keepdims=True))

    return Primitive(
        lambda x: np.asarray(x.max(axis=axis, keepdims=keepdims)),
        lambda g, y, x: (_kept(g, x.shape, axis) * share(y, x),),
        lambda d, y, x: (d[0] * share(y, x)).sum(axis=axis, keepdims=keepdims),
    )


def item(index: Any) -> Primitive:
    def scatter(g: Array, x: Array) -> Array:
        back = np.zeros_like(x)
        np.add.at(back, index, g)  # an entry that was taken twice receives twice
        return back

    return linear(lambda x: np.array(x[index]), scatter)


class Tensor:
    """An array in a computation; `tangent` is its derivative along a direction, in forward mode."""

    __array_ufunc__ = None

    def __init__(self, data: Any, requires_grad: bool = False) -> None:
        self.data: Array = np.array(data, dtype=float)
        self.requires_grad = requires_grad
        self.grad: Array | None = None
        self.tangent: Array | None = None
        self.children: tuple[Tensor, ...] = ()
        self.pull: Callable[[Array], Sequence[Any]] | None = None

    def apply(self, primitive: Primitive, *others: Any) -> Tensor:
        make = type(self)
        operands = (self, *(o if isinstance(o, Tensor) else make(o) for o in others))
        x = [t.data for t in operands]
        y = make(primitive.forward(*x))
        data = y.data
        if any(t.requires_grad for t in operands):
            y.requires_grad, y.children = True, operands
            y.pull = lambda g: primitive.vjp(g, data, *x)
        if any(t.tangent is not None for t in operands):
            tangents = [np.zeros_like(t.data) if t.tangent is None else t.tangent for t in operands]
            y.tangent = np.broadcast_to(primitive.jvp(tangents, y.data, *x), y.data.shape)
        return y

    def backward(self, gradient: Any = None) -> None:
        if gradient is None and self.data.size != 1:
            raise ValueError(f"the Tensor has shape {self.data.shape}: pass a gradient, or reduce it with .sum()")
        seed = np.ones_like(self.data) if gradient is None else np.array(gradient, dtype=float)
        if seed.shape != self.data.shape and max(seed.size, self.data.size) > 1:
            raise ValueError(f"gradient has shape {seed.shape}, expected {self.data.shape}, that of the value")
        gradients = {id(self): seed.reshape(self.data.shape)}
        for node in reversed(topological_order(self)):
            g = gradients.pop(id(node), None)
            if g is None or not node.requires_grad:
                continue
            if node.pull is None:
                node.grad = np.array(g) if node.grad is None else node.grad + g
                continue
            for child, part in zip(node.children, node.pull(g), strict=True):
                part = unbroadcast(np.asarray(part), child.data.shape)
                gradients[id(child)] = gradients[id(child)] + part if id(child) in gradients else part

    def __add__(self, other: Any) -> Tensor:
        return self.apply(ADD, other)

    def __mul__(self, other: Any) -> Tensor:
        return self.apply(MULTIPLY, other)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> Tensor:
        return self * -1.0

    def __sub__(self, other: Any) -> Tensor:
        return self + other * -1.0

    def __rsub__(self, other: Any) -> Tensor:
        return -self + other

    def __truediv__(self, other: Any) -> Tensor:
        return self * (1.0 / other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return self**-1 * other

    def __pow__(self, n: float) -> Tensor:
        return self.apply(power(n))

    def __matmul__(self, other: Any) -> Tensor:
        return self.apply(MATMUL, other)

    def __getitem__(self, index: Any) -> Tensor:
        return self.apply(item(index))

    def exp(self) -> Tensor:
        return self.apply(EXP)

    def log(self) -> Tensor:
        return self.apply(LOG)

    def sqrt(self) -> Tensor:
        return self**0.5

    def tanh(self) -> Tensor:
        return self.apply(TANH)

    def sigmoid(self) -> Tensor:
        return (self * 0.5).tanh() * 0.5 + 0.5

    def relu(self) -> Tensor:
        return self.apply(RELU)

    def sum(self, axis: Axes = None, keepdims: bool = False) -> Tensor:
        return self.apply(total(axis, keepdims))

    def mean(self, axis: Axes = None, keepdims: bool = False) -> Tensor:
        y = self.sum(axis, keepdims)
        return y * (y.data.size / self.data.size)

    def max(self, axis: Axes = None, keepdims: bool = False) -> Tensor:
        return self.apply(maximum(axis, keepdims))

    def logsumexp(self, axis: Axes = None, keepdims: bool = False) -> Tensor:
        top = self.data.max(axis=axis, keepdims=True)
        shift = top if keepdims else top.reshape(self.data.max(axis=axis).shape)
        return (self - top).exp().sum(axis, keepdims).log() + shift

    def log_softmax(self, axis: int = -1) -> Tensor:
        return self - self.logsumexp(axis, keepdims=True)

    def softmax(self, axis: int = -1) -> Tensor:
        return self.log_softmax(axis).exp()

    def reshape(self, shape: tuple[int, ...]) -> Tensor:
        return self.apply(linear(lambda x: x.reshape(shape), lambda g, x: g.reshape(x.shape)))

    def transpose(self, axes: tuple[int, ...]) -> Tensor:
        back = tuple(np.argsort(axes))
        return self.apply(linear(lambda x: x.transpose(axes), lambda g, x: g.transpose(back)))


def grad(f: Callable[[Tensor], Tensor]) -> Callable[[Array], Array]:
    def gradient(x: Array) -> Array:
        t = Tensor(x, requires_grad=True)
        f(t).backward()
        return np.zeros_like(t.data) if t.grad is None else t.grad

    return gradient


def jvp(f: Callable[[Tensor], Tensor], x: Array, v: Array) -> tuple[Array, Array]:
    t = Tensor(x)
    t.tangent = np.array(v, dtype=float)
    y = f(t)
    return y.data, np.zeros_like(y.data) if y.tangent is None else np.array(y.tangent)


def checkpoint(f: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def checkpointed(*operands: Tensor) -> Tensor:
        if any(t.tangent is not None for t in operands):
            return f(*operands)  # forward mode keeps nothing anyway
        found = f(*(Tensor(t.data) for t in operands))  # recorded only if f holds parameters of its own
        y, kept = Tensor(found.data), [t.data for t in operands]

        def pull(g: Array) -> list[Array]:
            leaves = [Tensor(x, requires_grad=True) for x in kept]
            f(*leaves).backward(g)
            return [np.zeros_like(t.data) if t.grad is None else t.grad for t in leaves]

        if found.requires_grad or any(t.requires_grad for t in operands):
            y.requires_grad, y.children, y.pull = True, operands, pull
        return y

    return checkpointed


class Engine:
    """The namespace that is handed in."""

    Tensor = Tensor
    grad = staticmethod(grad)
    jvp = staticmethod(jvp)
    checkpoint = staticmethod(checkpoint)

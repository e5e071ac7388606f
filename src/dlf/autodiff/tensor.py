"""Tensor: an array that remembers the operations it came from, and differentiates them by `backward`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import dlf.autodiff as ops  # Tensor's methods are the package's functions; the names are looked up when they are called
from dlf.autodiff.dual import Dual, primal
from dlf.autodiff.tape import Node, Rule, clock, mode, pull

Array = NDArray[Any]
TensorLike = Any  # a Tensor, or what np.asarray makes an array of numbers
Index = Any


class Tensor(Node):
    """An array that remembers the operations it came from.

    data: numbers of any shape; float32 stays, float64 stays, integers and Booleans become float64, anything else is a
    TypeError. The array is shared, not copied. requires_grad marks a leaf whose gradient `backward` accumulates in
    `grad`, an array of the shape and dtype of `data`; set `grad = None` before the next step. Results of operations are
    not leaves and keep no `grad`.

    Values flow as in NumPy: NaN and infinity pass through. A Tensor is changed by assigning its data, by `t.data -= a`
    too; a change after an operation used the old value makes `backward` raise. A change that goes around the Tensor,
    such as `t.data[0] = 1.0` or a write to an array that shares its memory (the one it was made from, a slice of a
    constant), cannot be seen: then the gradient mixes old and new values. Operators never change a Tensor: `t += a`
    binds the name to a new one.
    """

    __slots__ = ("grad",)

    grad: Array | None

    def __init__(self, data: ArrayLike, requires_grad: bool = False) -> None:
        self._data = as_float("data", data)
        self._edges = ()
        self._time = next(clock)
        self.grad = None
        self.requires_grad = requires_grad

    def backward(self, gradient: ArrayLike | None = None, *, retain_graph: bool = False) -> None:
        """Add to `grad` of every leaf t behind this Tensor y the derivative of sum(gradient * y) with respect to t.

        gradient, of the shape of y, may be left out when y has one element; then it is 1. The graph is freed on the way
        unless retain_graph. Raises RuntimeError when y is not connected to a leaf, when the graph was freed before, and
        when a Tensor in it was changed after its use; ValueError for a gradient that is missing or of another shape.
        After an error no `grad` has changed.
        """
        cotangents = pull(self, seed(self, gradient), retain_graph=retain_graph)
        shared = len(set(map(id, cotangents.values()))) < len(cotangents)  # x + y hands both the same array
        for leaf, g in cotangents.items():
            if leaf.grad is not None:
                g = leaf.grad + g
            elif shared or g.base is not None:
                g = g.copy()
            leaf.grad = np.asarray(g, dtype=leaf._data.dtype)

    def detach(self) -> Tensor:
        """Return a constant with a copy of the array: derivatives of both modes stop here."""
        return constant(primal(self._data).copy())

    def item(self) -> float:
        """Return the only element as a Python number."""
        return float(primal(self._data).item())

    @property
    def data(self) -> Array:
        """The array. Assigning it is a change that `backward` notices."""
        return self._data

    @data.setter
    def data(self, value: ArrayLike) -> None:
        if self._edges != ():
            raise RuntimeError("data of the result of an operation cannot be assigned; change a leaf, or y.detach()")
        if value is not self._data:  # t.data -= a hands back the array that it has written to
            array = as_float("data", value)
            if array.shape != self._data.shape:
                raise ValueError(f"data has shape {array.shape}, expected {self._data.shape}; make a new Tensor")
            self._data = array.astype(self._data.dtype, copy=False)
        self._time = next(clock)

    shape: tuple[int, ...] = property(lambda self: self._data.shape)  # type: ignore[assignment]
    ndim: int = property(lambda self: self._data.ndim)  # type: ignore[assignment]
    size: int = property(lambda self: self._data.size)  # type: ignore[assignment]
    dtype: Any = property(lambda self: self._data.dtype)

    def __repr__(self) -> str:
        return f"Tensor({self._data!r}{', requires_grad=True' if self.requires_grad else ''})"

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self._data)))

    def __float__(self) -> float:
        return self.item()

    def __bool__(self) -> bool:
        return bool(self.item())

    def __add__(self, other: TensorLike) -> Tensor:
        return ops.add(self, other)

    def __radd__(self, other: TensorLike) -> Tensor:
        return ops.add(other, self)

    def __sub__(self, other: TensorLike) -> Tensor:
        return ops.subtract(self, other)

    def __rsub__(self, other: TensorLike) -> Tensor:
        return ops.subtract(other, self)

    def __mul__(self, other: TensorLike) -> Tensor:
        return ops.multiply(self, other)

    def __rmul__(self, other: TensorLike) -> Tensor:
        return ops.multiply(other, self)

    def __truediv__(self, other: TensorLike) -> Tensor:
        return ops.divide(self, other)

    def __rtruediv__(self, other: TensorLike) -> Tensor:
        return ops.divide(other, self)

    def __pow__(self, other: TensorLike) -> Tensor:
        return ops.power(self, other)

    def __rpow__(self, other: TensorLike) -> Tensor:
        return ops.power(other, self)

    def __matmul__(self, other: TensorLike) -> Tensor:
        return ops.matmul(self, other)

    def __rmatmul__(self, other: TensorLike) -> Tensor:
        return ops.matmul(other, self)

    def __neg__(self) -> Tensor:
        return ops.negative(self)

    def __abs__(self) -> Tensor:
        return ops.absolute(self)

    def __getitem__(self, index: Index) -> Tensor:
        return ops.getitem(self, index)

    def __setitem__(self, index: Index, value: TensorLike) -> None:
        raise TypeError("a Tensor is not written to by index; use where() or concatenate(), or assign t.data")

    # Comparisons are piecewise constant: they give arrays of Booleans.
    def __lt__(self, other: TensorLike) -> Array:
        return _plain(self) < _plain(other)

    def __le__(self, other: TensorLike) -> Array:
        return _plain(self) <= _plain(other)

    def __gt__(self, other: TensorLike) -> Array:
        return _plain(self) > _plain(other)

    def __ge__(self, other: TensorLike) -> Array:
        return _plain(self) >= _plain(other)

    def __eq__(self, other: TensorLike) -> Array:  # type: ignore[override]
        return _plain(self) == _plain(other)

    def __ne__(self, other: TensorLike) -> Array:  # type: ignore[override]
        return _plain(self) != _plain(other)

    __hash__ = object.__hash__  # a Tensor is a node of a graph: as a key it is itself, not its values

    def sum(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return ops.sum(self, axis, keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return ops.mean(self, axis, keepdims)

    def var(self, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
        return ops.var(self, axis, ddof, keepdims)

    def std(self, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
        return ops.std(self, axis, ddof, keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return ops.max(self, axis, keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return ops.min(self, axis, keepdims)

    def reshape(self, *shape: Any) -> Tensor:
        return ops.reshape(self, shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes: Any) -> Tensor:
        return ops.transpose(self, axes[0] if len(axes) == 1 else axes or None)

    def swapaxes(self, one: int, other: int) -> Tensor:
        return ops.swapaxes(self, one, other)

    @property
    def T(self) -> Tensor:
        """The Tensor with its axes reversed."""
        return ops.transpose(self)

    # NumPy hands its own functions over: np.exp(t) and array + t are exp(t) and add(array, t).
    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **settings: Any) -> Any:
        if method != "__call__" or settings:
            raise TypeError(f"np.{ufunc.__name__} of a Tensor takes no out=, where= or .{method}; write y = f(t)")
        if ufunc in _COMPARISONS:
            return ufunc(*map(_plain, inputs))
        return _counterpart(ufunc)(*inputs)

    def __array_function__(self, function: Any, types: Any, args: Any, settings: Any) -> Any:
        return _counterpart(function)(*args, **settings)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        raise TypeError(
            "a Tensor is not an array: NumPy would lose its history; use t.data where no derivative is wanted"
        )


_COMPARISONS = {np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal}


def _plain(x: TensorLike) -> Any:
    return primal(x._data) if isinstance(x, Tensor) else x


def _counterpart(function: Any) -> Callable[..., Any]:
    name = function.__name__
    if name not in ops.__all__:
        raise TypeError(
            f"np.{name} has no rule in dlf.autodiff; compose it of functions that have: {', '.join(ops.__all__)}"
        )
    return getattr(ops, name)


def as_float(name: str, value: Any) -> Any:
    """Return float32 and float64 arrays as they are, integers and Booleans as float64; refuse the rest."""
    if type(value) is Dual:
        return value
    if isinstance(value, Tensor):
        raise TypeError(f"{name} is a Tensor, expected an array; use its .data, or the Tensor itself")
    array = np.asarray(value)
    if array.dtype == np.float64 or array.dtype == np.float32:
        return array
    if array.dtype.kind in "iub":
        return array.astype(np.float64)
    raise TypeError(
        f"{name} has dtype {array.dtype}, expected float64 or float32; convert it with np.asarray({name}, np.float64)"
    )


def constant(data: Any) -> Tensor:
    """Return a Tensor without history around an array that is known to be one."""
    return record(data)


def as_tensor(x: TensorLike) -> Tensor:
    """Return a Tensor as it is, and numbers or an array as a constant."""
    return x if type(x) is Tensor else constant(as_float("x", x))


def as_tensors(a: TensorLike, b: TensorLike) -> tuple[Tensor, Tensor]:
    """Return both operands as Tensors; a number, or an array of integers or Booleans, takes the dtype of the other."""
    if type(a) is not Tensor:
        a = _constant_like(a, b) if type(b) is Tensor else as_tensor(a)
    if type(b) is not Tensor:
        b = _constant_like(b, a)
    return a, b


def _constant_like(value: Any, other: Tensor) -> Tensor:
    if isinstance(value, (int, float)):
        return constant(np.asarray(value, dtype=other._data.dtype))
    array = np.asarray(value)
    return constant(array.astype(other._data.dtype) if array.dtype.kind in "iub" else as_float("operand", array))


_new = object.__new__


def record(data: Any, *edges: tuple[Tensor, Rule]) -> Tensor:
    """Return the Tensor of a new operation: its value, and for each operand the pair (operand, rule).

    A rule takes ybar, an array of the shape of `data`, and returns the operand's share of xbar, of the operand's shape,
    or None for zero; it must not change ybar nor return an array that it keeps. Written in NumPy calls it serves `hvp`
    too. This is all that a new operation needs: `record(np.floor(x.data), (x, lambda g: g))` is a floor with a
    straight-through gradient.
    """
    node = _new(Tensor)
    node._data = data if type(data) is np.ndarray or type(data) is Dual else np.asarray(data)
    node._time = next(clock)
    node.grad = None
    if mode.recording:
        for operand, _ in edges:
            if operand.requires_grad:
                node.requires_grad = True
                node._edges = edges
                return node
    elif mode.watched is not None:
        mode.watched.extend(operand for operand, _ in edges if operand.requires_grad)
    node.requires_grad = False
    node._edges = ()
    return node


def seed(root: Tensor, gradient: ArrayLike | None) -> Array:
    """Return the cotangent of root that starts the reverse sweep; raise when there is none."""
    if not root.requires_grad:
        raise RuntimeError(
            "backward() of a Tensor that depends on no Tensor with requires_grad=True; mark the leaf, and look for "
            ".data, detach() or no_grad() on the way"
        )
    if gradient is None:
        if root.size != 1:
            raise ValueError(
                f"gradient is missing: y has shape {root.shape}, and only one number has a gradient; reduce it with "
                "y.sum() or y.mean(), or pass backward(gradient) of that shape"
            )
        return np.ones(root.shape, root.dtype)
    return cotangent_of(root, gradient).copy()


def cotangent_of(y: Tensor, gradient: ArrayLike) -> Array:
    """Return `gradient` as an array of the dtype of y; raise when it has another shape."""
    g = as_float("gradient", gradient)
    if g.shape != y.shape:
        raise ValueError(f"gradient has shape {g.shape}, expected that of y, {y.shape}")
    return np.asarray(g, dtype=y.dtype)

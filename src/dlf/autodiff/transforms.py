"""Functions of functions: f takes and returns Tensors, its derivatives take and return arrays.

One argument gives one array, several give a tuple. Nothing here touches the `grad` of a Tensor that f closes over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from dlf.autodiff.dual import Dual, primal, tangent
from dlf.autodiff.tape import pull, recording
from dlf.autodiff.tensor import Array, Tensor, as_float, constant, cotangent_of

Function = Callable[..., Tensor]


def vjp(f: Function, *x: ArrayLike) -> tuple[Array, Callable[[ArrayLike], Any]]:
    """Return y = f(x) and pullback(ybar) = ybar J, one reverse sweep for each call; ybar has the shape of y."""
    leaves = [leaf(value, f"x[{i}]") for i, value in enumerate(x)]
    y = evaluate(f, leaves)

    def pullback(cotangent: ArrayLike) -> Any:
        return one_or_all(gradients(y, cotangent_of(y, cotangent), leaves))

    return y.data.copy(), pullback


def value_and_grad(f: Function) -> Callable[..., tuple[Array, Any]]:
    """Return the function x -> (f(x), gradient of f at x), for f with one number as its value."""

    def both(*x: ArrayLike) -> tuple[Array, Any]:
        leaves = [leaf(value, f"x[{i}]") for i, value in enumerate(x)]
        y = scalar(evaluate(f, leaves), "grad")
        return y.data.copy(), one_or_all(gradients(y, np.ones(y.shape, y.dtype), leaves, retain_graph=False))

    return both


def grad(f: Function) -> Callable[..., Any]:
    """Return the function x -> gradient of f at x, for f with one number as its value."""
    both = value_and_grad(f)
    return lambda *x: both(*x)[1]


def jvp(f: Function, x: Any, v: Any) -> tuple[Array, Array]:
    """Return y = f(x) and J v, computed together in one forward pass; v has the shape of x.

    For a function of several arguments x and v are tuples of arrays. Source: Griewank & Walther 2008, chapter 3.
    """
    y = evaluate(f, [constant(dual) for dual in duals(x, v)], tape=False)
    return np.array(primal(y._data)), np.array(tangent(y._data))


def jacobian(f: Function) -> Callable[[ArrayLike], Array]:
    """Return the function x -> J, with J[i, j] = dy_i / dx_j of shape (*y.shape, *x.shape), for f of one argument.

    A reverse sweep gives a row and a forward pass a column, so whichever are fewer are computed.
    """

    def at(x: ArrayLike) -> Array:
        argument = leaf(x, "x")
        y = evaluate(f, [argument])
        rows = y.size <= argument.size
        one_hot = np.eye(y.size, dtype=y.dtype) if rows else np.eye(argument.size, dtype=argument.dtype)
        if rows:
            lines = [gradients(y, e.reshape(y.shape), [argument])[0] for e in one_hot]
            return np.reshape(lines, y.shape + argument.shape)
        lines = [jvp(f, argument.data, e.reshape(argument.shape))[1] for e in one_hot]
        return np.moveaxis(np.reshape(lines, argument.shape + y.shape), range(argument.ndim), range(-argument.ndim, 0))

    return at


def hvp(f: Function, x: Any, v: Any) -> Any:
    """Return H v, H the second derivatives of f at x, for f with one number as its value; v has the shape of x.

    Forward over reverse: the reverse sweep runs on dual arrays x + v e, and the tangent of the gradient is H v. It
    costs a small multiple of the gradient; H is never formed. For several arguments x and v are tuples, and so is the
    result. Source: Pearlmutter 1994.
    """
    leaves = [leaf(dual, "x") for dual in duals(x, v)]
    y = scalar(evaluate(f, leaves), "hvp")
    return one_or_all([tangent(g) for g in gradients(y, np.ones(y.shape, y.dtype), leaves, retain_graph=False)])


def leaf(value: Any, name: str) -> Tensor:
    """Return a Tensor with requires_grad that shares no memory with anything the caller could change."""
    array = as_float(name, value)
    tensor = constant(array if isinstance(array, Dual) else array.copy())
    tensor.requires_grad = True
    return tensor


def duals(x: Any, v: Any) -> list[Dual]:
    """Return x + v e for each argument; raise when x and v do not match."""
    points, directions = (x, v) if isinstance(x, tuple) else ((x,), (v,))
    if not isinstance(directions, tuple) or len(points) != len(directions):
        raise ValueError(f"v is {type(v).__name__}, expected a tuple of {len(points)} arrays, a direction for each x")
    arrays = [(as_float("x", p), as_float("v", d)) for p, d in zip(points, directions, strict=True)]
    for p, d in arrays:
        if p.shape != d.shape:
            raise ValueError(f"v has shape {d.shape}, expected that of x, {p.shape}")
    return [Dual(p.copy(), d) for p, d in arrays]


def evaluate(f: Function, arguments: list[Tensor], tape: bool = True) -> Tensor:
    """Call f, recorded or not; raise when it does not return a Tensor."""
    with recording(tape):
        return require_tensor(f(*arguments))


def require_tensor(y: Any) -> Tensor:
    """Return what f returned; raise when it is not a Tensor."""
    if not isinstance(y, Tensor):
        raise TypeError(
            f"f returned {type(y).__name__}, expected one Tensor; compute with the Tensors that f is given, not with "
            "their .data, and join several results with concatenate"
        )
    return y


def scalar(y: Tensor, transform: str) -> Tensor:
    """Return y; raise when it is not one number."""
    if y.size != 1:
        raise ValueError(
            f"f returned a Tensor of shape {y.shape}, expected one number for {transform}; reduce it with y.sum() or "
            "y.mean(), or use vjp or jacobian"
        )
    return y


def gradients(y: Tensor, cotangent: Any, leaves: list[Tensor], *, retain_graph: bool = True) -> list[Any]:
    """Return the cotangent of every leaf, zeros where y does not depend on it."""
    found = pull(y, cotangent, leaves, retain_graph=retain_graph)
    return [_own(found[t], t) if t in found else np.zeros(t.shape, t.dtype) for t in leaves]


def _own(g: Any, t: Tensor) -> Any:
    """Return g in the leaf's dtype and in memory of its own, as the caller may write to it."""
    return g.astype(t.dtype) if isinstance(g, Dual) else np.array(g, dtype=t.dtype)


def one_or_all(results: list[Any]) -> Any:
    """Return the only result, or all as a tuple."""
    return results[0] if len(results) == 1 else tuple(results)

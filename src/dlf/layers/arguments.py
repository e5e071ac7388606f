"""What every layer asks of its arguments: floating point, finite, of the stated shape."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]
Pair = tuple[int, int]


def as_float(name: str, value: ArrayLike) -> Array:
    """Return an array: float32 stays, integers and float64 become float64, the rest is refused."""
    try:
        array = np.asarray(value)
    except ValueError as reason:
        raise ValueError(f"{name} is no array: its rows differ in length; pad them to one length") from reason
    if array.dtype != np.float32 and array.dtype != np.float64 and array.dtype.kind not in "iu":
        raise TypeError(
            f"{name} has dtype {array.dtype}, expected float64 or float32; "
            f"convert it with np.asarray({name}, dtype=np.float64)"
        )
    return array if array.dtype == np.float32 else array.astype(np.float64, copy=False)


def require_finite(name: str, array: Array) -> None:
    """Refuse NaN and infinity."""
    if not np.isfinite(array).all():
        raise ValueError(
            f"{name} holds NaN or infinity as {array.dtype}, expected finite numbers; "
            f"find them with np.isfinite({name})"
        )


def as_finite(name: str, array: Array, dtype: np.dtype[Any]) -> Array:
    """Return the array in this dtype, where all of it must be finite: 1e300 is infinite in float32."""
    with np.errstate(over="ignore"):
        array = array.astype(dtype, copy=False)
    require_finite(name, array)
    return array


def as_images(name: str, value: ArrayLike) -> Array:
    """Return a finite array (N, C, H, W) with at least one value."""
    array = as_float(name, value)
    if array.ndim != 4 or array.size == 0:
        raise ValueError(
            f"{name} has shape {array.shape}, expected (N, C, H, W) with at least one value; "
            f"for a single image use {name}[None], for channels last np.moveaxis({name}, -1, 1)"
        )
    require_finite(name, array)
    return array


def parameter(name: str, value: ArrayLike, shape: tuple[int, ...], meaning: str, dtype: np.dtype[Any]) -> Array:
    """Return a private copy of a finite array that must have this shape, in the dtype of x."""
    array = as_float(name, value)
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, expected {shape}: {meaning}")
    return as_finite(name, array, dtype).copy()


def upstream(name: str, value: ArrayLike, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return dL/dy, which must be finite and have the shape of y, in the dtype of y."""
    array = as_float(name, value)
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, expected {shape}, that of the layer's output")
    return as_finite(name, array, dtype)


def as_pair(name: str, value: int | Pair, least: int) -> Pair:
    """Return (rows, columns) from an integer or a pair of integers, each at least `least`."""
    pair = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(pair) != 2 or not all(is_integer(v) for v in pair):
        raise TypeError(f"{name} is {value!r}, expected an integer or a pair of integers (rows, columns)")
    if min(pair) < least:
        raise ValueError(f"{name} is {value!r}, expected integers >= {least}")
    return int(pair[0]), int(pair[1])


def is_integer(value: object) -> bool:
    """Whether value is an integer; True and False are not."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)

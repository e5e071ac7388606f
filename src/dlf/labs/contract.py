"""The first stages of a check: it exists, can be called, and returns the right kind of thing."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlf.labs.result import TODO
from dlf.labs.verdict import Failure, NotStarted

Array = NDArray[Any]


def function(obj: Any, arguments: tuple[str, ...]) -> None:
    """obj can be called with these positional arguments."""
    if inspect.isclass(obj) or not callable(obj):
        raise Failure(
            f"Expected a function with the arguments ({', '.join(arguments)}), got {kind(obj)}.",
            status="error",
            next_step="pass the function itself, without calling it.",
        )
    _accepts(obj, arguments, getattr(obj, "__name__", "the function"))


Methods = Mapping[str, tuple[str, ...] | None]  # arguments of each; None: calling it will tell


def class_(obj: Any, arguments: tuple[str, ...], methods: Methods) -> None:
    """obj is a class that takes these arguments and has these methods."""
    if not inspect.isclass(obj):
        hint = f"pass the class, {type(obj).__name__}, not an instance of it."
        known = all(hasattr(obj, m) for m in methods)
        raise Failure(
            f"Expected a class with {_methods(methods)}, got {kind(obj)}.",
            status="error",
            next_step=hint if known else "pass the class itself.",
        )
    missing = [m for m in methods if not callable(getattr(obj, m, None))]
    if missing:
        raise Failure(
            f"The class {obj.__name__} has no method {_methods(missing)}.",
            status="error",
            next_step=f"define {missing[0]} in the class; look at its spelling and indentation.",
        )
    _accepts(obj, arguments, obj.__name__)
    for name, method_arguments in methods.items():
        if method_arguments is None:
            continue
        method = inspect.getattr_static(obj, name)
        bound = not isinstance(method, staticmethod)
        _accepts(getattr(obj, name), ("self",) * bound + method_arguments, f"{obj.__name__}.{name}")


def array(value: Any, shape: tuple[int, ...], what: str) -> Array:
    """value as a finite float64 array of this shape; `what` names it in the sentence."""
    _started_and_returned(value, what)
    if not isinstance(value, np.ndarray | np.floating | float):
        raise Failure(
            f"{what} is {kind(value)}, expected a NumPy array of shape {shape}.",
            next_step=f"give it the shape {shape}.",
        )
    found = np.asarray(value)
    if found.shape != shape:
        raise Failure(
            f"{what} has shape {found.shape}, expected {shape}.",
            evidence=_right_numbers_wrong_shape(found.shape, shape),
            next_step=f"give it the shape {shape}.",
        )
    return finite(found, what)


def finite(found: Array, what: str) -> Array:
    if found.dtype != np.float64:
        raise Failure(
            f"{what} has dtype {found.dtype}, expected float64.",
            next_step="keep the computation in float64; look for a cast or an integer array.",
        )
    bad = ~np.isfinite(found)
    if bad.any():
        at = ", ".join(map(str, np.argwhere(bad)[0])) if found.ndim else ""
        raise Failure(
            f"{what} holds NaN or infinity in {bad.sum()} of {bad.size} places.",
            evidence=(f"the first is at [{at}]",) if at else (),
            next_step="find the division or root that makes it; the denominator may be 0.",
        )
    return found


def number(value: Any, what: str) -> float:
    """value as a float; a 0-dimensional array counts."""
    _started_and_returned(value, what)
    array = np.asarray(value) if isinstance(value, np.ndarray | np.number | int | float) else None
    if array is None or array.ndim or array.dtype.kind not in "iuf":
        raise Failure(f"{what} is {kind(value)}, expected one number.", next_step="return one float.")
    if not np.isfinite(float(value)):
        raise Failure(
            f"{what} is {float(value)}, expected a finite number.",
            next_step="find the division or the logarithm that makes it.",
        )
    return float(value)


def flag(value: Any, what: str) -> bool:
    _started_and_returned(value, what)
    if not isinstance(value, bool | np.bool_):
        raise Failure(f"{what} is {kind(value)}, expected True or False.", next_step="return a bool.")
    return bool(value)


def items(value: Any, count: int, what: str, parts: str) -> tuple[Any, ...]:
    """value as a tuple of `count` things; `parts` names them."""
    _started_and_returned(value, what)
    if not isinstance(value, tuple | list) or len(value) != count:
        got = f"{kind(value)} of {len(value)}" if isinstance(value, tuple | list) else kind(value)
        raise Failure(f"{what} is {got}, expected the {count} values {parts}.", next_step=f"return {parts}.")
    for item in value:
        _started_and_returned(item, what)
    return tuple(value)


def unchanged(before: Iterable[Array], after: Iterable[Array], what: str, row: str | None) -> None:
    """Inputs of the learner's function are as they were."""
    for old, new in zip(before, after, strict=True):
        if not np.array_equal(old, new):
            raise Failure(
                f"{what} changed while your code ran: an in-place operation writes into the caller's array.",
                row=row,
                next_step="look for +=, -=, *=, out= or an assignment to a slice of it.",
            )


def kind(value: Any) -> str:
    """What a learner would call it: `a str`, `an array of shape (3,)`, `None`."""
    if value is None:
        return "None"
    if inspect.isclass(value):
        return f"the class {value.__name__}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if callable(value):
        return f"the function {getattr(value, '__name__', type(value).__name__)}"
    article = "an" if type(value).__name__[:1].lower() in "aeiou" else "a"
    return f"{article} {type(value).__name__}"


def _started_and_returned(value: Any, what: str) -> None:
    if value is TODO:
        raise NotStarted
    if isinstance(value, tuple | list) and any(item is TODO for item in value):
        raise NotStarted
    if value is None:
        raise Failure(f"{what} is None: is the return missing?", next_step="end the function with a return.")


def _right_numbers_wrong_shape(found: tuple[int, ...], shape: tuple[int, ...]) -> tuple[str, ...]:
    if np.prod(found, dtype=int) == np.prod(shape, dtype=int) and found != shape:
        return ("the number of values is right; an axis is left over, missing or out of order",)
    return ()


def _accepts(callee: Callable[..., Any], arguments: tuple[str, ...], name: str) -> None:
    try:
        signature = inspect.signature(callee)
    except (TypeError, ValueError):
        return  # built in C: calling it will tell
    try:
        signature.bind(*arguments)
    except TypeError as problem:
        shown = ", ".join(a for a in arguments if a != "self")
        raise Failure(
            f"{name} cannot be called with ({shown}): {problem}.",
            evidence=(f"yours: {name}{signature}",),
            status="error",
            next_step=f"let {name} accept the arguments ({shown}).",
        ) from None


def accepts_keyword(method: Callable[..., Any], keyword: str, name: str) -> None:
    """The last argument may be given by its name."""
    parameters = inspect.signature(method).parameters
    if keyword not in parameters and not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        raise Failure(
            f"{name} has no argument named {keyword}: {keyword}=False cannot be handed to it.",
            evidence=(f"yours: {name}({', '.join(parameters)})",),
            status="error",
            next_step=f"name the argument {keyword}.",
        )


def _methods(names: Iterable[str]) -> str:
    return ", ".join(f".{n}" for n in names)


def mapping(value: Any, keys: tuple[str, ...], what: str) -> dict[str, Any]:
    """value as a dict that has these keys."""
    _started_and_returned(value, what)
    if not isinstance(value, dict):
        raise Failure(
            f"{what} is {kind(value)}, expected a dict with the keys {', '.join(keys)}.", next_step="return a dict."
        )
    missing = [k for k in keys if k not in value]
    if missing:
        raise Failure(
            f"{what} has no key {missing[0]!r}; expected {', '.join(keys)}.", next_step=f"add the key {missing[0]!r}."
        )
    return value

"""Black boxes: classes and functions that can be called and tell nothing else about themselves."""

from __future__ import annotations

import copy
import dis
import inspect
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from dlf.labs.contract import kind

MODULE = "dlf.labs"
_INSIDE: WeakKeyDictionary[Any, tuple[Any, Any, tuple[str, ...]]] = WeakKeyDictionary()  # black_box's arguments


class BlackBox:
    """A suspect: its methods can be called, its code cannot be read."""

    __slots__ = ("_hidden",)
    __signature__: inspect.Signature
    _attributes: tuple[str, ...] = ()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        cls = type(self)
        cls.__signature__.bind(*arguments, **options)
        build = next(_INSIDE[c][0] for c in cls.__mro__ if c in _INSIDE)  # cls may be a learner's subclass of a box
        _hide(self, _call(build, None, cls.__name__, arguments, options))

    def __getattr__(self, name: str) -> Any:
        if name in self._attributes and hasattr(_hidden(self), name):
            return _shown(getattr(_hidden(self), name), type(self))
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._attributes:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r} that could be set")
        setattr(_hidden(self), name, _opened(value))

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *self._attributes]

    def __copy__(self) -> Any:
        twin = copy.copy(_hidden(self))
        del twin._box
        return _shown(twin, type(self))

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return _shown(copy.deepcopy(_hidden(self), memo), type(self))

    __repr__ = object.__repr__


_slot = vars(BlackBox)["_hidden"]
type.__delattr__(BlackBox, "_hidden")  # the slot goes on to work, for this module only


def black_box(build: Any, like: Any, attributes: tuple[str, ...], name: str) -> Any:
    """build, a class or a function, with the name `name` and the signatures and docstrings of `like`.

    An instance shows the public methods of `like` and these attributes; what its methods return is in black boxes too.
    """
    box = _class(like, attributes, name) if inspect.isclass(build) else _function(like, name)
    _INSIDE[box] = build, like, attributes
    return box


def renamed(box: Any, name: str) -> Any:
    """Another box around what is in this one."""
    return black_box(*_INSIDE[box], name)


def common_attributes(builds: Iterable[Any]) -> tuple[str, ...]:
    """Public attributes that the methods of all these classes assign; none for functions."""
    stored = [_assigned(b) for b in builds if inspect.isclass(b)]
    return tuple(sorted(set.intersection(*stored))) if stored else ()


def _assigned(cls: Any) -> set[str]:
    functions = [f for c in cls.__mro__ for f in vars(c).values() if isinstance(f, FunctionType)]
    stores = [i for f in functions for i in dis.get_instructions(f) if i.opname == "STORE_ATTR"]
    return {i.argval for i in stores if not i.argval.startswith("_")}


def _class(like: Any, attributes: tuple[str, ...], name: str) -> Any:
    members: dict[str, Any] = {"__slots__": (), "__module__": MODULE, "__doc__": BlackBox.__doc__}
    members |= {"__signature__": _signature(like), "_attributes": attributes}
    for n in dict.fromkeys(n for c in like.__mro__[:-1] for n in vars(c) if n not in vars(BlackBox)):
        member = getattr(like, n)
        if (n[0] != "_" or n.endswith("__")) and (callable(member) or member is None):  # None: __array_ufunc__ is off
            members[n] = member and _method(n, member, name)
    return type(name, (BlackBox,), members)


def _method(name: str, like: Any, owner: str) -> Any:
    signature, label = _signature(like), f"{owner}.{name}"

    def method(self: Any, *arguments: Any, **options: Any) -> Any:
        signature.bind(self, *arguments, **options)
        return _call(getattr(_hidden(self), name), type(self), label, arguments, options)

    return _dressed(method, like, signature, label)


def _function(like: Any, name: str) -> Any:
    signature = _signature(like)

    def function(*arguments: Any, **options: Any) -> Any:
        signature.bind(*arguments, **options)
        return _call(_INSIDE[function][0], None, name, arguments, options)

    return _dressed(function, like, signature, name)


def _signature(like: Any) -> inspect.Signature:
    """Without annotations, which are none of the learner's business."""
    signature = inspect.signature(like)
    plain = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    return signature.replace(parameters=plain, return_annotation=signature.empty)


def _dressed(function: Any, like: Any, signature: inspect.Signature, name: str) -> Any:
    function.__module__, function.__qualname__, function.__name__ = MODULE, name, name.rpartition(".")[2]
    function.__doc__, function.__signature__, function.__annotations__ = like.__doc__, signature, {}
    return function


def _call(run: Callable[..., Any], cls: Any, label: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """The result, boxed where cls says so. All errors look alike: kind, text and frames would tell what is inside."""
    try:
        with np.errstate(all="ignore"):  # a warning would show its line and file
            result = run(*_opened(arguments), **{k: _opened(v) for k, v in options.items()})
        return _shown(result, cls) if cls else result
    except Exception:
        pass  # raised below, where the error inside is no longer its context
    given = [kind(a) for a in arguments] + [f"{k}: {kind(v)}" for k, v in options.items()]
    raise ValueError(f"{label} fails for ({', '.join(given)})")


def _hidden(box: BlackBox) -> Any:
    return _slot.__get__(box)


def _hide(box: BlackBox, hidden: Any) -> None:
    _slot.__set__(box, hidden)
    hidden._box = box  # one box for each, so that `is` and `id` mean what they say


def _shown(value: Any, cls: Any) -> Any:
    """value, with objects of the labs in boxes of this class."""
    if not type(value).__module__.startswith(MODULE + "."):
        return _each(lambda v: _shown(v, cls), value)
    if type(getattr(value, "_box", None)) is not cls:
        _hide(object.__new__(cls), value)
    return value._box


def _opened(value: Any) -> Any:
    return _hidden(value) if isinstance(value, BlackBox) else _each(_opened, value)


def _each(change: Callable[[Any], Any], value: Any) -> Any:
    """A list or tuple with its items changed; the same object when none did."""
    if type(value) not in (list, tuple):
        return value
    items = [change(v) for v in value]
    return value if all(a is b for a, b in zip(items, value, strict=True)) else type(value)(items)

"""Measurements that a laptop or CI cannot repeat in time, kept with their provenance.

A record lives in ``book/records/NAME.json``: the rows, the settings, the versions, the device, the date and a hash
of the code
that made them. A change of that code makes the record stale. Nothing is ever invented: where no record exists, the
page says so.
"""

from __future__ import annotations

import ast
import datetime
import hashlib
import html
import importlib.metadata
import inspect
import json
import math
import os
import platform
import re
import sys
import textwrap
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dlf.runtime import book_root, strict

Rows = list[dict[str, Any]]
_NAME = re.compile(r"^[a-z0-9][a-z0-9_]*$")
_VERSIONS = ("numpy", "scipy", "torch", "scikit-learn", "triton")


class StaleRecord(RuntimeError):
    """The code behind a record changed after the record was made."""


@dataclass(frozen=True)
class Recording:
    """Rows of a measurement and where they come from. ``rows`` is None when there is no recording yet."""

    name: str
    rows: Rows | None
    provenance: dict[str, Any]
    live: bool = False

    def __repr__(self) -> str:
        if self.rows is None:
            return f"{self.name}: no recording exists yet. {self._how()}"
        origin = "measured now" if self.live else "recorded"
        made = self.provenance
        versions = ", ".join(f"{k} {v}" for k, v in made["versions"].items())
        return f"{self.name}: {origin} on {made['device']}, {made['date']}, {made['seconds']:.0f} s, {versions}"

    def _how(self) -> str:
        return f"Make it with: make record NAME={self.name}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": f'<p class="dlf-record">{html.escape(repr(self))}</p>'}


def recorded(name: str, fn: Callable[..., Rows], *, needs: Literal["time", "cuda"] = "time") -> Recording:
    """Return the kept rows of ``fn``, or run it: live on CUDA for ``needs="cuda"``, and whenever ``make record``
    asks for it.

    Parameters
    ----------
    name: letters, digits and underscores; the record is ``book/records/NAME.json``.
    fn: takes no arguments but defaults (these are the settings that are kept); returns a list of flat dictionaries
    of JSON values.
    needs: "time" (longer than the book's budget) or "cuda".

    Returns: a Recording, shown as one line of provenance; its ``rows`` are None when no recording exists.
    Raises: StaleRecord under ``DLF_STRICT=1`` when the code changed since (elsewhere a warning line is printed);
    ValueError or
    TypeError on a bad name, a function with free parameters, or rows that are not flat dictionaries.
    """
    if not _NAME.match(name):
        raise ValueError(f"name must be lower-case letters, digits and underscores, got {name!r}")
    if needs not in {"time", "cuda"}:
        raise ValueError(f'needs must be "time" or "cuda", got {needs!r}')
    settings = _settings(fn)
    path = book_root() / "book" / "records" / f"{name}.json"
    if os.environ.get("DLF_RECORD") == name:
        return _make(name, fn, settings, path, keep=True)
    if needs == "cuda" and _cuda() and not strict():
        return _make(name, fn, settings, path, keep=False)
    if not path.is_file():
        return Recording(name, None, {})
    record = json.loads(path.read_text(encoding="utf-8"))
    if record["code"] != code_hash(fn):
        message = f"record {name} is older than the code that makes it; remake it with: make record NAME={name}"
        if strict():
            raise StaleRecord(message)
        print(f"Warning: {message}")
    return Recording(name, record["rows"], {k: v for k, v in record.items() if k != "rows"})


def _make(name: str, fn: Callable[..., Rows], settings: dict[str, Any], path: Path, *, keep: bool) -> Recording:
    start = time.perf_counter()
    rows = fn()
    seconds = time.perf_counter() - start
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise TypeError(f"{name}: fn must return a list of dictionaries, got {type(rows).__name__}")
    record = {
        "name": name,
        "code": code_hash(fn),
        "settings": settings,
        "seconds": round(seconds, 1),
        "device": _device(),
        "date": datetime.date.today().isoformat(),
        "python": platform.python_version(),
        "versions": _versions(),
        "rows": [{key: _json(name, key, value) for key, value in row.items()} for row in rows],
    }
    if keep:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(record, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        partial.replace(path)
    return Recording(name, rows, {k: v for k, v in record.items() if k != "rows"}, live=True)


def _json(name: str, key: str, value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(
        f"{name}: column {key!r} holds {type(value).__name__}; rows must be flat: numbers, texts, truth values"
    )


def _settings(fn: Callable[..., Rows]) -> dict[str, Any]:
    parameters = inspect.signature(fn).parameters.values()
    free = [p.name for p in parameters if p.default is p.empty]
    if free:
        raise ValueError(
            f"fn has parameters without defaults: {', '.join(free)}; give them defaults, they are the record's settings"
        )
    return {
        p.name: p.default if isinstance(p.default, (bool, int, float, str)) else repr(p.default) for p in parameters
    }


def code_hash(fn: Callable[..., Any]) -> str:
    """Return a hash of the source of ``fn``, of the functions and classes beside it that it uses, and of the
    ``dlf`` modules it uses.

    The hash is taken of the syntax tree, so that comments and layout may change.
    """
    digest = hashlib.sha256()
    for source in sorted(_sources(fn)):
        digest.update(ast.dump(ast.parse(textwrap.dedent(source))).encode())
    return digest.hexdigest()[:16]


def _sources(fn: Callable[..., Any]) -> set[str]:
    found: dict[str, str] = {}
    waiting: list[Any] = [fn]
    while waiting:
        thing = waiting.pop()
        module = (
            thing if isinstance(thing, types.ModuleType) else sys.modules.get(getattr(thing, "__module__", "") or "")
        )
        key = f"{getattr(module, '__name__', '')}:{getattr(thing, '__qualname__', '')}"
        if key in found:
            continue
        if module is not None and module.__name__.split(".")[0] == "dlf":
            key = module.__name__
            if key not in found:
                found[key] = inspect.getsource(module)
                waiting += [m for m in vars(module).values() if _ours(m)]
        elif not isinstance(thing, types.ModuleType):
            found[key] = _source_of(thing)
            waiting += [used for used in _used(thing) if _ours(used) or _beside(used, thing)]
    return set(found.values())


def _ours(thing: Any) -> bool:
    name = thing.__name__ if isinstance(thing, types.ModuleType) else getattr(thing, "__module__", None)
    return isinstance(name, str) and name.split(".")[0] == "dlf"


def _beside(used: Any, thing: Any) -> bool:
    return isinstance(used, (types.FunctionType, type)) and used.__module__ == thing.__module__


def _used(thing: Any) -> Iterator[Any]:
    functions = (
        [thing]
        if isinstance(thing, types.FunctionType)
        else [m for m in vars(thing).values() if isinstance(m, types.FunctionType)]
    )
    for function in functions:
        for name in _names(function.__code__):
            if name in function.__globals__:
                yield function.__globals__[name]


def _names(code: types.CodeType) -> set[str]:
    inner = [c for c in code.co_consts if isinstance(c, types.CodeType)]
    return set(code.co_names).union(*(_names(c) for c in inner))


def _source_of(thing: Any) -> str:
    """Source of a function or class, also of a class defined in a notebook, which inspect cannot find on Python 3.11.

    A class counts with its annotated fields, their defaults, and the methods that were written; those that a dataclass
    generates come from the file "<string>" and have no source.
    """
    if isinstance(thing, types.FunctionType):
        return inspect.getsource(thing)
    methods = [inspect.unwrap(m) for m in vars(thing).values() if isinstance(m, types.FunctionType)]
    written = [textwrap.dedent(inspect.getsource(m)) for m in methods if m.__code__.co_filename != "<string>"]
    fields = {name: str(kind) for name, kind in inspect.get_annotations(thing).items()}
    defaults = {name: repr(vars(thing)[name]) for name in fields if name in vars(thing)}
    return "\n".join([f"fields, defaults = {fields!r}, {defaults!r}", *written])


def _cuda() -> bool:
    if importlib.util.find_spec("torch") is None:
        return False
    import torch

    return bool(torch.cuda.is_available())


def _device() -> str:
    if _cuda():
        import torch

        return str(torch.cuda.get_device_name(0))
    return f"{platform.machine()} processor, {os.cpu_count()} cores"


def _versions() -> dict[str, str]:
    installed = {}
    for package in _VERSIONS:
        try:
            installed[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return installed

"""The source of a function or class from a notebook, with everything that it needs to run alone."""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import linecache
import symtable
import sys
import textwrap
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from dlf.labs.result import TODO

LITERALS = (int, float, complex, str, bytes, bool, type(None))
CONTAINERS = (tuple, list, dict, set, frozenset)


def of(obj: Any) -> str:
    """Source that defines obj in an empty module: imports, constants and helpers it uses, then obj.

    Raises LookupError when the source cannot be found (code made by exec), or when obj uses a
    variable of the notebook that cannot be written down.
    """
    kept = _Kept()
    kept.definition(inspect.unwrap(obj) if callable(obj) else obj)
    return "\n".join(kept.imports) + "\n" * (2 if kept.imports else 0) + "\n\n\n".join(kept.parts.values())


class _Kept:
    """Import lines, and the text of each name in the order in which the names are to be defined."""

    def __init__(self) -> None:
        self.imports: dict[str, None] = {}
        self.parts: dict[str, str] = {}

    def definition(self, obj: Any) -> None:
        """Keep a function or class."""
        node, lines = _locate(obj)
        self.statement(obj.__name__, node, lines, obj)

    def statement(self, name: str, node: Any, lines: list[str], user: Any) -> None:
        """Keep a statement that defines a name, after all that it uses; user is what needs it."""
        if name in self.parts:
            return
        self.parts[name] = ""  # a helper that calls back finds itself here
        scope = _scope(user)
        for used in dict.fromkeys(
            [*_global_names(symtable.symtable(ast.unparse(node), name, "exec")), *_kept_by(node)]
        ):
            if used in scope and used != name and not hasattr(builtins, used):
                self.value(used, scope[used], user)
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
        text = textwrap.dedent("".join(lines[first - 1 : node.end_lineno])).rstrip()
        self.parts[name] = self.parts.pop(name) or text  # moved to the end

    def value(self, name: str, value: Any, user: Any) -> None:
        """Keep what a name of the notebook stands for."""
        if value is TODO:
            self.imports["from dlf.labs import TODO" + f" as {name}" * (name != "TODO")] = None
        elif isinstance(value, types.ModuleType):
            self.imports[_import_line(value, name)] = None
        elif getattr(value, "__module__", None) not in (None, user.__module__) and hasattr(value, "__qualname__"):
            self.imports[f"from {value.__module__} import {value.__qualname__} as {name}"] = None
        elif isinstance(value, np.ufunc):
            self.imports[f"from numpy import {value.__name__} as {name}"] = None
        elif _is_defined(value):
            self.definition(inspect.unwrap(value))
        elif _is_literal(value):
            self.parts[name] = f"{name} = {value!r}"
        elif isinstance(value, (*CONTAINERS, types.FunctionType, functools.partial)):
            self.statement(name, *_assignment(name, value, user), user)
        else:
            raise LookupError(
                f"{user.__name__} uses the notebook's variable {name!r} ({type(value).__name__}); "
                "make it an argument, so that the code can run elsewhere"
            )


def _is_defined(value: Any) -> bool:
    """Whether a value was made by def (decorated or not) or class: not by lambda."""
    function = inspect.unwrap(value) if callable(value) else value
    return inspect.isclass(value) or (isinstance(function, types.FunctionType) and function.__name__ != "<lambda>")


def _is_literal(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_is_literal(item) for pair in value.items() for item in pair)
    return isinstance(value, LITERALS) or (isinstance(value, CONTAINERS) and all(map(_is_literal, value)))


def _locate(obj: Any) -> tuple[Any, list[str]]:
    """The syntax tree of obj's own definition, found by a line of its code where it has any, and all lines.

    `inspect.getsource` does not find classes of a notebook on Python 3.11.
    """
    if not isinstance(obj, type | types.FunctionType):
        raise LookupError(f"{obj!r} is neither a function nor a class; put its parts into the body of a class")
    wanted = ast.ClassDef if inspect.isclass(obj) else (ast.FunctionDef, ast.AsyncFunctionDef)
    code = _some_code(obj)
    if code is None:
        cells = _cells(obj, f"class {obj.__name__}")
    else:
        cells = iter([linecache.getlines(code.co_filename) or linecache.getlines(inspect.getsourcefile(code) or "")])
    for lines in cells:
        for node in ast.walk(ast.parse("".join(lines))):
            if isinstance(node, wanted) and node.name == obj.__name__ and (code is None or _spans(node, code)):
                return node, lines
    raise LookupError(f"the source of {obj.__name__} cannot be found; define it in a cell or in a file")


def _some_code(obj: Any) -> types.CodeType | None:
    """Code of the function, or of the first method that the class itself defines."""
    if isinstance(obj, types.FunctionType):
        return obj.__code__
    for member in vars(obj).values():
        function = inspect.unwrap(getattr(member, "__func__", getattr(member, "fget", member)))
        if isinstance(function, types.FunctionType) and function.__qualname__.startswith(obj.__qualname__ + "."):
            return function.__code__
    return None


def _spans(node: Any, code: types.CodeType) -> bool:
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    return bool(first <= code.co_firstlineno <= node.end_lineno)


def _cells(obj: Any, text: str) -> Iterator[list[str]]:
    """Lines of the file that obj is from, or of all cells that contain the text, the newest first."""
    file = getattr(sys.modules.get(obj.__module__), "__file__", None)
    cached = [entry[2] for entry in reversed(list(linecache.cache.values())) if len(entry) == 4]
    for lines in [linecache.getlines(file)] if file else cached:
        if text in "".join(lines):
            yield lines


def _assignment(name: str, value: Any, user: Any) -> tuple[Any, list[str]]:
    """The statement of the notebook that gave a name its value."""
    for lines in _cells(user, name):
        for node in reversed(ast.parse("".join(lines)).body):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            if isinstance(node, ast.Assign | ast.AnnAssign) and name in (getattr(t, "id", "") for t in targets):
                if isinstance(node.value, ast.Dict) and len(node.value.keys) < len(value):
                    raise LookupError(f"{name} was filled after its assignment; write all of it in one place")
                return node, lines
    raise LookupError(f"the assignment of {name!r} cannot be found; write it in a cell, as {name} = ...")


def _scope(obj: Any) -> dict[str, Any]:
    """The names of the notebook or module that obj was defined in."""
    members = [getattr(v, "__func__", v) for v in (vars(obj).values() if inspect.isclass(obj) else (obj,))]
    functions = (inspect.unwrap(v) for v in members if isinstance(v, types.FunctionType))
    function = next((f for f in functions if f.__module__ == obj.__module__), None)
    return function.__globals__ if function else vars(sys.modules[obj.__module__])


def _kept_by(node: ast.AST) -> Iterator[str]:
    """Names that a class body takes from the notebook and keeps: `Linear = Linear`, which look like its own."""
    own: set[str] = set()
    for statement in node.body if isinstance(node, ast.ClassDef) else ():
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            value = statement.value
            parts = value.elts if isinstance(value, ast.Tuple | ast.List) else [value]
            parts = [a for p in parts for a in (p.args if isinstance(p, ast.Call) else [p])]
            yield from (p.id for p in parts if isinstance(p, ast.Name) and p.id not in own)
        own |= {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        own |= {getattr(statement, "name", "")}


def _global_names(table: symtable.SymbolTable) -> Iterator[str]:
    """Names that a definition looks up in the notebook: not its own locals, though a cell may use the same name."""
    outermost = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() if outermost else symbol.is_global():
            yield symbol.get_name()
    for inner in table.get_children():
        yield from _global_names(inner)


def _import_line(module: types.ModuleType, name: str) -> str:
    full = module.__name__
    return f"import {full}" if full == name else f"import {full} as {name}"

"""The source of a function or class from a notebook, with everything that it needs to run alone."""

from __future__ import annotations

import ast
import builtins
import inspect
import linecache
import symtable
import textwrap
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from dlf.labs.result import TODO

LITERALS = (int, float, complex, str, bytes, bool, type(None), tuple, list, dict, set, frozenset)


def of(obj: Any) -> str:
    """Source that defines obj in an empty module: imports, constants and helpers it uses, then obj.

    Raises LookupError when the source cannot be found (code made by exec), or when obj uses a
    variable of the notebook that cannot be written down.
    """
    collected: dict[str, str] = {}
    imports: dict[str, None] = {}
    _collect(obj, collected, imports)
    return "\n".join(imports) + "\n" * (2 if imports else 0) + "\n\n\n".join(collected.values())


def _locate(obj: Any) -> tuple[Any, list[str]]:
    """The syntax tree of obj's own definition, found by a line of its code, and all lines.

    `inspect.getsource` does not find classes of a notebook on Python 3.11.
    """
    code = _some_code(obj)
    lines = linecache.getlines(code.co_filename) or linecache.getlines(inspect.getsourcefile(code) or "")
    wanted = ast.ClassDef if inspect.isclass(obj) else (ast.FunctionDef, ast.AsyncFunctionDef)
    name = obj.__name__
    if lines:
        for node in ast.walk(ast.parse("".join(lines))):
            if isinstance(node, wanted) and node.name == name and _spans(node, code.co_firstlineno):
                return node, lines
    raise LookupError(f"the source of {name} cannot be found; define it in a cell or in a file")


def _some_code(obj: Any) -> types.CodeType:
    """Code of the function, or of the first method that the class itself defines."""
    if isinstance(obj, types.FunctionType):
        return obj.__code__
    for member in vars(obj).values() if inspect.isclass(obj) else ():
        function = inspect.unwrap(getattr(member, "__func__", getattr(member, "fget", member)))
        if isinstance(function, types.FunctionType) and function.__qualname__.startswith(obj.__qualname__ + "."):
            return function.__code__
    raise LookupError(f"{obj!r} is neither a function nor a class with methods")


def _spans(node: Any, line: int) -> bool:
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    return bool(first <= line <= node.end_lineno)


def _collect(obj: Any, collected: dict[str, str], imports: dict[str, None]) -> None:
    """Put obj's helpers into `collected` before obj itself."""
    node, lines = _locate(obj)
    if obj.__name__ in collected:
        return
    collected[obj.__name__] = ""  # a helper that calls back finds itself here
    for name, value in _globals_of(obj, node):
        if value is TODO:
            imports["from dlf.labs import TODO" + f" as {name}" * (name != "TODO")] = None
        elif isinstance(value, types.ModuleType):
            imports[_import_line(value, name)] = None
        elif getattr(value, "__module__", None) not in (None, obj.__module__) and hasattr(value, "__qualname__"):
            imports[f"from {value.__module__} import {value.__qualname__} as {name}"] = None
        elif isinstance(value, np.ufunc):
            imports[f"from numpy import {value.__name__} as {name}"] = None
        elif inspect.isclass(value) or isinstance(value, types.FunctionType):
            _collect(value, collected, imports)
        elif isinstance(value, LITERALS):
            collected[name] = f"{name} = {value!r}"
        else:
            raise LookupError(
                f"{obj.__name__} uses the notebook's variable {name!r} ({type(value).__name__}); "
                "make it an argument, so that the code can run elsewhere"
            )
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    text = textwrap.dedent("".join(lines[first - 1 : node.end_lineno])).rstrip()
    collected[obj.__name__] = collected.pop(obj.__name__) or text  # moved to the end


def _globals_of(obj: Any, node: ast.AST) -> Iterator[tuple[str, Any]]:
    """Names that the definition reads, with the notebook's values of them."""
    members = [getattr(v, "__func__", v) for v in (vars(obj).values() if inspect.isclass(obj) else (obj,))]
    function = next((v for v in members if isinstance(v, types.FunctionType)), None)
    scope = function.__globals__ if function is not None else {}
    names = _global_names(symtable.symtable(ast.unparse(node), obj.__name__, "exec"))
    for name in dict.fromkeys([*names, *_taken_over(node)]):
        if name in scope and name != obj.__name__ and not hasattr(builtins, name):
            yield name, scope[name]


def _taken_over(node: ast.AST) -> Iterator[str]:
    """Names that a class body takes from the notebook and keeps: `Linear = Linear`, which look like its own."""
    own: set[str] = set()
    for statement in node.body if isinstance(node, ast.ClassDef) else ():
        if isinstance(statement, ast.Assign):
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

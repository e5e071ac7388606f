"""Where the learner's code failed: in a line that the learner wrote, or in one that the lab gave."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np

from dlf.labs import guard
from dlf.labs.compare import Comparison
from dlf.labs.result import TODO
from dlf.labs.verdict import WIDTH, CheckAtFault, Failure, NotStarted

GIVEN = re.compile(
    r"(evaluate|binary|Arithmetic|AutoDiffNode\.(__init__|apply|compute)|Dual\.(__init__|apply)"
    r"|ComputationalGraph\.(__init__|input|output))(\.|$)"
)
Frame = tuple[str, int, str]  # function, line number, source line


class Leaf:
    """The smallest graph."""

    children = ()


STUBS: dict[str, Callable[[Any], Any]] = {
    "topological_order": lambda f: f(Leaf()),
    "unbroadcast": lambda f: f(np.ones((2, 3)), (3,)),
    "spread": lambda f: f(np.ones(()), (2,), None, False),
    "pull": lambda f: f("negative", np.ones(2), np.ones(2), np.ones(2)),
    "push": lambda f: f("negative", [np.ones(2)], np.ones(2), np.ones(2)),
}


def unwritten(obj: Any) -> list[str]:
    """Names of stubs that obj, a class of nodes or a function of dual numbers, needs."""
    functions = [obj, *vars(obj).values()] if isinstance(obj, type) else [obj]
    needed = [name for name in STUBS if (name == "push") != isinstance(obj, type)]
    known: dict[str, Any] = next((f.__globals__ for f in functions if hasattr(f, "__globals__")), {})
    return [name for name in needed if _is_stub(known.get(name), STUBS[name])]


def _is_stub(function: Any, call: Callable[[Any], Any]) -> bool:
    try:
        return call(function) is TODO
    except NotImplementedError:
        return True
    except Exception:
        return False


def frames(trace: TracebackType | None) -> tuple[Frame | None, str | None]:
    """The innermost frame that the learner was to write, and the given function that it reached, if any."""
    own, given = None, None
    while trace is not None:
        found = guard.learner_frame(TracebackType(None, trace.tb_frame, trace.tb_lasti, trace.tb_lineno))
        if found and not GIVEN.match(trace.tb_frame.f_code.co_qualname):
            own, given = found, None
        elif found:
            given = found[0]
        trace = trace.tb_next
    return own, given


def described(error: Exception) -> tuple[str, tuple[str, ...]]:
    """A sentence, and the learner's own line, even where a given function raised."""
    sentence, lines = guard.describe_exception(error)
    own, given = frames(error.__traceback__)
    if own is None or given is None:
        return sentence, lines
    function, number, line = own
    return f"{sentence.rstrip('.')}. It comes from {given}, which is given.", (
        f"line {number}, in {function}:",
        f"    {line}",
    )


def where(error: Exception) -> tuple[str, ...]:
    return described(error)[1]


@dataclass(frozen=True)
class Careful:
    """A check that names what is left to write, and points at the learner's own line when that raises."""

    check: Callable[[Any, int], None]

    def __call__(self, obj: Any, seed: int) -> None:
        try:
            self.check(obj, seed)
        except (Failure, NotStarted, CheckAtFault, RecursionError):
            raise
        except NotImplementedError:
            stubs = unwritten(obj)
            if not stubs:
                raise
            raise Failure(
                f"A function that it needs is not written yet: {', '.join(stubs)}.",
                status="todo",
                next_step="write it, run its cell, then this one again.",
            ) from None
        except Exception as error:
            raise broken(error) from None


def broken(error: Exception) -> Failure:
    own, given = frames(error.__traceback__)
    step = "mend that line."
    if given is not None:
        step = f"look at what that line hands to {given}." if own else "that line is given; what reaches it, is not."
    sentence, lines = described(error)
    return Failure(sentence, None, lines, step, status="error")


def folded(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Lines that are too long for a message, cut in two between a name and its numbers."""
    short: list[str] = []
    for line in lines:
        head, separator, tail = line.partition(":  ")
        short += [line] if len(line) <= WIDTH - 4 or not separator else [head + ":", "    " + tail]
    return tuple(short)


class Legible(Comparison):
    """A comparison whose evidence fits its lines."""

    def _evidence(self, *arguments: Any) -> tuple[str, ...]:
        return folded(super()._evidence(*arguments))

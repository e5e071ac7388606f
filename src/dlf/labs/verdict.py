"""How a check ends early, and how its message is put together: 12 lines of at most 96 columns."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from dlf.labs.result import MARKS, CheckResult, Status

WIDTH = 96
LINES = 12


@dataclass
class Failure(Exception):
    """The learner's code does not pass. One sentence, some numbers, one next step."""

    sentence: str
    row: str | None = None  # number of the known mistake
    evidence: tuple[str, ...] = ()
    next_step: str | None = None
    status: Status = "fail"


class CheckAtFault(Exception):
    """The reference itself was refused: never a verdict on the learner."""


class NotStarted(Exception):
    """The stub still returns TODO."""


@dataclass(frozen=True)
class Context:
    """What was true before the failure."""

    exercise: str
    done: tuple[str, ...] = ()
    printed_lines: int = 0


def passed(context: Context) -> CheckResult:
    verified = ", ".join(context.done)
    body = _wrap(f"Checked: {verified}.", limit=3) if verified else []
    return _result(context, "pass", None, body, "")


def not_started(context: Context) -> CheckResult:
    step = f'write it, then run this cell again; lab.hint("{context.exercise}") helps to begin.'
    return _result(context, "todo", None, ["Not started yet."], step)


def failed(failure: Failure, context: Context) -> CheckResult:
    body = _wrap(failure.sentence, limit=4)
    room = LINES - 6 - len(body)
    body += [_clip("    " + line) for line in failure.evidence[: max(room, 0)]]
    if context.done:
        body += _wrap("Right so far: " + ", ".join(context.done) + ".", limit=2)
    step = failure.next_step or f'lab.hint("{context.exercise}") asks a question about this.'
    return _result(context, failure.status, failure.row, body, step)


def _result(context: Context, status: Status, row: str | None, body: list[str], step: str) -> CheckResult:
    label = f" (mistake {row})" if row else ""
    lines = [_clip(f"{MARKS[status]} {context.exercise}: {status}{label}"), *body]
    if context.printed_lines:
        lines.append(f"Your code printed {context.printed_lines} lines; they are not shown here.")
    if step:
        lines += _wrap("Next: " + step, limit=2)
    return CheckResult(context.exercise, status, row, "\n".join(lines[:LINES]))


def _wrap(text: str, limit: int) -> list[str]:
    """At most `limit` lines; a longer text is clipped, which only a learner's own text can be."""
    lines = textwrap.wrap(" ".join(text.split()), WIDTH)
    if len(lines) > limit:
        lines = [*lines[: limit - 1], _clip(lines[limit - 1] + " ..." + " " * WIDTH)]
    return lines


def _clip(line: str) -> str:
    line = line.rstrip("\n")
    return line if len(line) <= WIDTH else line[: WIDTH - 3].rstrip() + "..."

"""What a check returns, and how it shows itself exactly once."""

from __future__ import annotations

import html
import sys
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

Status = Literal["pass", "fail", "todo", "error"]

MARKS: dict[str, str] = {"pass": "✓", "fail": "✗", "todo": "○", "error": "!"}
_BORDER = {"pass": "#2e7d5b", "fail": "#b4532a", "todo": "#8a8a8a", "error": "#b4532a"}


class CheckFailed(AssertionError):
    """A strict check that did not pass; carries the message that the check would have printed."""


class _Todo:
    """The value of an untouched stub. Computing with it raises NotImplementedError."""

    def __repr__(self) -> str:
        return "TODO"

    def __reduce__(self) -> str:
        return "TODO"  # copies and pickles are the same object

    def _not_written(self, *_: Any, **__: Any) -> NoReturn:
        raise NotImplementedError("TODO: this stub is not written yet")

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):  # asked for by copy, pickle, NumPy and IPython, which take no for an answer
            raise AttributeError(name)
        self._not_written()

    __array__ = __call__ = __getitem__ = __setitem__ = __iter__ = __len__ = _not_written
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _not_written
    __truediv__ = __rtruediv__ = __matmul__ = __rmatmul__ = __neg__ = _not_written


TODO = _Todo()


@dataclass(frozen=True)
class CheckResult:
    """Outcome of one check; `diagnosis` is the number of the known mistake, or None."""

    exercise: str
    status: Status
    diagnosis: str | None
    message: str = field(repr=False)
    _shown_in: list[int] = field(default_factory=list, repr=False, compare=False)

    def __str__(self) -> str:
        return self.message

    @property
    def passed(self) -> bool:
        return self.status == "pass"

    def __bool__(self) -> NoReturn:
        raise TypeError("a CheckResult is neither true nor false; ask for .passed or .status")

    def _repr_html_(self) -> str:
        head, _, body = self.message.partition("\n")
        return (
            f'<div class="dlf-check dlf-check-{self.status}" style="border-left:3px solid '
            f'{_BORDER[self.status]};padding:.1em .8em;margin:.2em 0">'
            f"<strong>{html.escape(head)}</strong>"
            f'<pre style="white-space:pre-wrap;margin:.2em 0;background:none;color:inherit">'
            f"{html.escape(body)}</pre></div>"
        )

    def show(self) -> None:
        """Display in a notebook, print elsewhere."""
        shell = _shell()
        if shell is None:
            print(self.message)
            return
        self._shown_in[:] = [shell.execution_count]
        if not hasattr(shell, "kernel"):
            print(self.message)
            return
        from IPython.display import publish_display_data

        bundle = {"text/plain": self.message, "text/html": self._repr_html_()}
        publish_display_data(bundle)

    def _ipython_display_(self) -> None:
        """The last expression of a cell is displayed by IPython; the check showed it already."""
        shell = _shell()
        if shell is not None and self._shown_in != [shell.execution_count]:
            self.show()


def _shell() -> Any:
    """The running IPython shell, or None; never imports IPython."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None

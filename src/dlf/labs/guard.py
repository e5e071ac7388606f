"""Running code that may loop, exit, print without end or raise."""

from __future__ import annotations

import builtins
import ctypes
import io
import linecache
import os
import random
import signal
import sysconfig
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from types import FrameType, TracebackType

import numpy as np

PATIENCE = 2.5  # a process that gets no CPU may take this many times its limit in wall time
_LIBRARY = tuple(os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
_LABS = os.path.dirname(os.path.realpath(__file__))


class TimeUp(BaseException):
    """Not an Exception, so that a learner's `except Exception` does not swallow it."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeUp in this thread after `seconds` of its own CPU time, or PATIENCE times that.

    A hang inside C code cannot be ended.
    """
    main = threading.current_thread() is threading.main_thread()
    alarm = _alarm if main and hasattr(signal, "setitimer") else _timer_thread
    with alarm(seconds):
        yield


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    cpu, wall = time.thread_time() + 0.9 * seconds, time.monotonic() + PATIENCE * seconds

    def ring(number: int, frame: FrameType | None) -> None:
        if time.thread_time() >= cpu or time.monotonic() >= wall:
            raise TimeUp

    before = signal.signal(signal.SIGALRM, ring)
    pending = signal.setitimer(signal.ITIMER_REAL, seconds, 0.2)  # rings again, if swallowed
    started = time.monotonic()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
        if pending[0]:  # somebody else's alarm goes on
            left = max(pending[0] - (time.monotonic() - started), 0.01)
            signal.setitimer(signal.ITIMER_REAL, left, pending[1])


@contextmanager
def _timer_thread(seconds: float) -> Iterator[None]:
    """Where SIGALRM is missing (other threads, Windows): an asynchronous exception."""
    target, done = ctypes.c_ulong(threading.get_ident()), threading.Event()

    def watch() -> None:
        if done.wait(seconds):
            return
        while not done.wait(0.2):
            ctypes.pythonapi.PyThreadState_SetAsyncExc(target, ctypes.py_object(TimeUp))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


class Sink(io.TextIOBase):
    """Counts the lines that were written and keeps none."""

    def __init__(self) -> None:
        self.lines = 0
        self._open_line = False

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.lines += text.count("\n")
        if text:
            self._open_line = not text.endswith("\n")
        return len(text)

    @property
    def count(self) -> int:
        return self.lines + self._open_line


@contextmanager
def silence() -> Iterator[Sink]:
    """Swallow what is printed, and NumPy's warnings; refuse input(), which nobody would answer."""
    sink, asks = Sink(), builtins.input
    builtins.input = _refuse_input
    try:
        with redirect_stdout(sink), redirect_stderr(Sink()), np.errstate(all="ignore"):
            yield sink
    finally:
        builtins.input = asks


def _refuse_input(*_: object) -> str:
    raise RuntimeError("input() waits for somebody at the keyboard, and a check cannot answer")


@contextmanager
def global_randomness_restored(changed: list[bool]) -> Iterator[None]:
    """Appends to `changed` whether the global generators moved, and puts them back."""
    numpy_state, python_state = np.random.get_state(legacy=False), random.getstate()  # noqa: NPY002
    try:
        yield
    finally:
        now = np.random.get_state(legacy=False)  # noqa: NPY002
        moved = now["state"]["pos"] != numpy_state["state"]["pos"] or not np.array_equal(
            now["state"]["key"], numpy_state["state"]["key"]
        )
        changed.append(moved or random.getstate() != python_state)
        np.random.set_state(numpy_state)  # noqa: NPY002
        random.setstate(python_state)


def learner_frame(trace: TracebackType | None) -> tuple[str, int, str] | None:
    """(function, line number, source line) of the innermost frame that is the learner's own."""
    found = None
    while trace is not None:
        code = trace.tb_frame.f_code
        if not _is_ours_or_library(code.co_filename):
            line = linecache.getline(code.co_filename, trace.tb_lineno).strip()
            found = code.co_name, trace.tb_lineno, line
        trace = trace.tb_next
    return found


def describe_exception(error: BaseException) -> tuple[str, tuple[str, ...]]:
    """A sentence, and the learner's own line: no frame of the checker, none of a library."""
    text = " ".join(str(error).split())
    kind = type(error).__name__
    sentence = f"Your code raised {kind}" + (f": {text[:200]}" if text else ".")
    frame = learner_frame(error.__traceback__)
    if frame is None:
        return sentence, ()
    function, number, line = frame
    return sentence, (f"line {number}, in {function}:", f"    {line}") if line else ()


def _is_ours_or_library(filename: str) -> bool:
    path = os.path.realpath(filename)
    return filename.startswith("<frozen") or path.startswith((_LABS, *_LIBRARY))

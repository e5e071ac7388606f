"""Time candidates against a peer, interleaved in one process: absolute times drift between runs, ratios hardly do."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable
from importlib import metadata


def ratio(ours: Callable[[], object], peer: Callable[[], object], *, rounds: int = 31) -> tuple[float, float, float]:
    """Return median and quartiles of the ratio of seconds, ours over peer; the first two rounds warm up."""
    ratios = []
    for _ in range(rounds + 2):
        start = time.perf_counter()
        ours()
        middle = time.perf_counter()
        peer()
        ratios.append((middle - start) / (time.perf_counter() - middle))
    low, median, high = statistics.quantiles(ratios[2:], n=4)
    return median, low, high


def report(what: str, target: float, measured: tuple[float, float, float]) -> str:
    """Return one line: what was measured, the ratio with its quartiles, and the target."""
    median, low, high = measured
    verdict = "met" if median <= target else "MISSED"
    return f"{what}: {median:.2f} ({low:.2f} to {high:.2f}) x peer, target {target:g}: {verdict}"


def machine(*packages: str) -> str:
    """Return the provenance of a measurement."""
    versions = ", ".join(f"{p} {metadata.version(p)}" for p in packages)
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}"

"""What a notebook's first cells set: seeds, threads, device and scale."""

from __future__ import annotations

import importlib.util
import os
import random
import sys
from pathlib import Path

import numpy as np

MAX_SEED = 2**32 - 1


def seed_everything(seed: int) -> np.random.Generator:
    """Seed Python, NumPy and (if it is imported) torch, and fix the number of threads at one.

    One thread makes sums come in the same order on every machine, and small networks run fastest that way.

    Parameters: ``seed``, an integer in [0, 2**32 - 1].
    Returns: a NumPy generator seeded with it, for the notebook's own draws.
    Raises: TypeError or ValueError that names ``seed``.
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise TypeError(f"seed must be an integer, got {seed!r}; write SEED = 0")
    if not 0 <= seed <= MAX_SEED:
        raise ValueError(f"seed must lie in [0, {MAX_SEED}], got {seed}")
    random.seed(int(seed))
    np.random.seed(int(seed))  # noqa: NPY002  (learners' code and scikit-learn may use the global generator)
    _one_thread()
    if "torch" in sys.modules:
        import torch

        torch.manual_seed(int(seed))
    return np.random.default_rng(int(seed))


def _one_thread() -> None:
    if importlib.util.find_spec("threadpoolctl") is not None:
        import threadpoolctl

        threadpoolctl.threadpool_limits(1)
    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(1)


def pick_device(preference: str = "auto") -> str:
    """Return "cuda" or "cpu": the preference, or for "auto" CUDA where it is present.

    Raises: ValueError for another word, or for "cuda" on a machine without it.
    """
    if preference not in {"auto", "cpu", "cuda"}:
        raise ValueError(f'preference must be "auto", "cpu" or "cuda", got {preference!r}')
    if preference == "cpu":
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if preference == "cuda":
        raise ValueError('preference is "cuda" but torch finds no CUDA device here; use "auto" or "cpu"')
    return "cpu"


def scale(default: str = "quick") -> str:
    """Return "quick" or "full": the environment variable ``DLF_SCALE`` if it is set, else ``default``.

    "quick" fits the book's execution budget; "full" uses more seeds, sizes or steps.
    """
    chosen = os.environ.get("DLF_SCALE") or default
    if chosen not in {"quick", "full"}:
        raise ValueError(f'scale must be "quick" or "full", got {chosen!r}; check SCALE and DLF_SCALE')
    return chosen


def strict() -> bool:
    """Whether ``DLF_STRICT=1`` asks that every defect raises (the test run sets it)."""
    return os.environ.get("DLF_STRICT", "") not in {"", "0"}


def book_root(start: Path | None = None) -> Path:
    """Return the nearest folder, upwards from ``start`` (default: here), that holds ``_toc.yml``; else ``start``."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "_toc.yml").is_file():
            return folder
    return here

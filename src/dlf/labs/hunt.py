"""The bug hunt: black boxes, one of them right; the learner's `expose` has to tell which."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlf.labs import contract
from dlf.labs.blackbox import black_box, common_attributes, renamed
from dlf.labs.verdict import Failure

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Suspect:
    """A black box; `fault` is None for the right one and is told once the box was exposed."""

    letter: str
    build: Any
    fault: str | None


def line_up(right: Any, wrong: Sequence[tuple[Any, str]], seed: int) -> list[Suspect]:
    """All of them in the seeded order, lettered from A."""
    pairs: list[tuple[Any, str | None]] = [(right, None), *wrong]
    shared = common_attributes(build for build, _ in pairs)
    order = np.random.default_rng([seed, 71]).permutation(len(pairs))
    return [
        Suspect(letter, black_box(pairs[i][0], right, shared, f"Suspect{letter}"), pairs[i][1])
        for letter, i in zip(LETTERS, order, strict=False)
    ]


def check_exposer(suspects: Callable[[int], list[Suspect]]) -> Callable[[Any, int], None]:
    """A check for `expose(suspect) -> bool`; the suspects come in another order, without names."""

    def check(expose: Any, seed: int) -> None:
        contract.function(expose, ("suspect",))
        lined_up = suspects(seed)
        verdicts = {}
        for i in np.random.default_rng([seed, 72]).permutation(len(lined_up)):
            suspect = lined_up[i]
            verdicts[suspect.letter] = _ask(expose, suspect)
        _judge(lined_up, verdicts)

    return check


def _ask(expose: Any, suspect: Suspect) -> bool:
    answer = expose(renamed(suspect.build, "Suspect"))
    return contract.flag(answer, "The answer of expose")


def _judge(suspects: list[Suspect], verdicts: dict[str, bool]) -> None:
    if len(set(verdicts.values())) == 1:
        answer = next(iter(verdicts.values()))
        step = "find one input for which two suspects differ."
        raise Failure(
            f"expose answers {answer} for every suspect. One of them is right, the others are wrong.",
            next_step=step + answer * " Does your tolerance allow for the rounding of finite differences?",
        )
    slipped = [s.letter for s in suspects if s.fault and not verdicts[s.letter]]
    accused = [s.letter for s in suspects if not s.fault and verdicts[s.letter]]
    if not slipped and not accused:
        return
    parts = []
    if accused:
        parts.append(f"Suspect {accused[0]} is right, and expose calls it wrong.")
    if slipped:
        plural = "s" if len(slipped) > 1 else ""
        parts.append(f"Slipped through: suspect{plural} {', '.join(slipped)}.")
    found = tuple(f"{s.letter} exposed: {s.fault}" for s in suspects if s.fault and verdicts[s.letter])
    raise Failure(
        " ".join(parts),
        evidence=found,
        next_step="compare a suspect that slipped through with a property that must hold."
        if slipped
        else "look at what your check demands that a right layer does not promise.",
    )

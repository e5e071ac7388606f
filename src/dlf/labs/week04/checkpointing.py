"""Check of `checkpoint`: the same answer, less memory, the same random numbers, one update of the state."""

from __future__ import annotations

import copy
import gc
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from dlf.labs import contract
from dlf.labs.compare import Array, Comparison, Finding, Values
from dlf.labs.detectors import distance
from dlf.labs.exercise import Step
from dlf.labs.result import TODO
from dlf.labs.verdict import Failure, NotStarted
from dlf.labs.week04 import reference
from dlf.labs.week04.mutants import CATALOGUE
from dlf.labs.week04.mutants.catalogue import CHECKPOINT
from dlf.labs.week04.probe import signed

ROWS, INNER = 4, 3
KEEP = 0.6  # of the entries, where the segment drops some


class Run:
    """What one run of a segment has to remember for its pullback: the memory at stake."""

    def __init__(self, **arrays: Array) -> None:
        self.__dict__.update(arrays)

    slope: Array


def still_alive(references: list[weakref.ref[Any]]) -> int:
    """How many of these objects live on; a cycle is no reference that counts, and collecting it takes long."""
    if any(r() is not None for r in references):
        gc.collect()
    return sum(r() is not None for r in references)


class Segment:
    """y = tanh(x W) * mask * (1 + mean): with dropout, and with a running mean that it updates."""

    def __init__(self, W: Array, *, dropout: bool = False, running: bool = False) -> None:
        self.W, self.dropout, self.running = W, dropout, running
        self.state: dict[str, Array] = {"mean": np.full(W.shape[1], 0.25)} if running else {}
        self.calls = 0
        self.runs: list[weakref.ref[Run]] = []

    def __call__(self, x: Array, rng: np.random.Generator) -> tuple[Array, Callable[[Array], Array]]:
        self.calls += 1
        h = np.tanh(x @ self.W)
        factor = (rng.random(h.shape) < KEEP) / KEEP if self.dropout else np.ones_like(h)
        if self.running:
            factor = factor * (1 + self.state["mean"])
            self.state["mean"] += 0.5 * (h.mean(axis=0) - self.state["mean"])  # in place, as batch norm does
        run = Run(slope=(1 - h**2) * factor)
        self.runs.append(weakref.ref(run))
        return h * factor, lambda cotangent: (cotangent * run.slope) @ self.W.T

    def alive(self) -> int:
        return still_alive(self.runs)


def problem(seed: int, **kind: bool) -> tuple[Segment, Array, Array, np.random.Generator]:
    """A segment, its input, a cotangent, a generator."""
    rng = np.random.default_rng([seed, 81])
    W, x = signed(rng, INNER, 5), signed(rng, ROWS, INNER)
    return Segment(W, **kind), x, rng.standard_normal((ROWS, 5)), np.random.default_rng([seed, 82])


def begin(obj: Any, segment: Segment, x: Array, rng: np.random.Generator) -> tuple[Array, Any]:
    """y and the pullback, as the learner's checkpoint returns them."""
    y, pullback = contract.items(obj(segment, x, rng), 2, "The result of checkpoint", "(y, pullback)")
    if not callable(pullback):
        raise Failure(
            f"The second result is {contract.kind(pullback)}, expected a function of the cotangent.",
            next_step="define a function inside of checkpoint and return it.",
        )
    return contract.array(y, (ROWS, segment.W.shape[1]), "y"), pullback


def pull(pullback: Any, cotangent: Array) -> Array:
    given = cotangent.copy()
    found = contract.array(pullback(given), (ROWS, INNER), "What pullback returns")
    contract.unchanged([cotangent], [given], "The cotangent", None)
    return found.copy()


def check_function(obj: Any, seed: int) -> None:
    contract.function(obj, ("segment", "x", "rng"))
    segment, x, cotangent, rng = problem(seed)
    result = obj(segment, x.copy(), rng)
    if result is TODO:
        raise NotStarted
    _, pullback = begin(obj, *problem(seed)[:2], rng)
    if pullback(cotangent) is TODO:
        raise NotStarted


def observe(obj: Any, seed: int) -> Values:
    """A segment without randomness and without state."""
    segment, x, cotangent, rng = problem(seed)
    given = x.copy()
    y, pullback = begin(obj, segment, given, rng)
    values = {"y": y.copy(), "The gradient of x": pull(pullback, cotangent)}
    contract.unchanged([x], [given], "x", None)
    return values | {"The gradient of x for another cotangent": pull(pullback, cotangent[::-1] * 2)}


def explain(learner: Values, right: Values, seed: int) -> Finding | None:
    segment, x, cotangent, rng = problem(seed)
    ones = segment(x, rng)[1](np.ones_like(cotangent))
    if distance(learner["The gradient of x"], ones) < 1e-9:
        return "4.36", IGNORED
    return None


IGNORED = "The cotangent is ignored: your gradient is that of the plain sum of y."


def check_runs(obj: Any, seed: int) -> None:
    segment, x, cotangent, rng = problem(seed)
    _, pullback = begin(obj, segment, x.copy(), rng)
    if segment.calls > 1:
        raise Failure(
            f"The forward pass runs the segment {segment.calls} times. Once is enough: y is kept, the pullback is not.",
            "4.42",
        )
    alive = segment.alive()
    if alive:
        raise Failure(
            "What the first run remembers for its pullback is still alive after the forward pass: no memory is saved. "
            "Keep x, and what repeats the run, and let the pullback of the first run go.",
            "4.35",
            (f"runs that are held in memory: {alive}",),
            "y, _ = segment(x, rng), and no other reference to the second result.",
        )
    pull(pullback, cotangent)
    if segment.calls > 2:
        raise Failure(f"One pullback runs the segment {segment.calls - 1} times; once is enough.", "4.42")


def check_randomness(obj: Any, seed: int) -> None:
    segment, x, cotangent, rng = problem(seed, dropout=True)
    expected, twin = copy.deepcopy(segment), copy.deepcopy(rng)
    right_y, right_pullback = expected(x, twin)
    y, pullback = begin(obj, segment, x.copy(), rng)
    if distance(y, right_y) > 1e-9:
        raise Failure("With dropout, y is not what segment(x, rng) gives.", "4.16")
    if rng.bit_generator.state != twin.bit_generator.state:
        raise Failure(
            "After the forward pass rng is not where segment(x, rng) leaves it: whatever draws next gets other numbers "
            "than without checkpointing, or the same mask again.",
            "4.16",
            next_step="run the segment with rng itself, and keep a copy of how rng was before.",
        )
    rng.random(7)  # what happens between the two passes
    between = copy.deepcopy(rng.bit_generator.state)
    right = right_pullback(cotangent)
    for which in ("", "second "):
        found = pull(pullback, cotangent)
        if distance(found, right) > 1e-9:
            raise Failure(
                f"With dropout the {which}pullback gives a wrong gradient, and without it was right: the recomputed "
                "mask is another one. " + (SECOND if which else FIRST),
                "4.16",
                _masks(found, right),
            )
        if rng.bit_generator.state != between:
            raise Failure(
                "The pullback moved the caller's generator: everything that draws afterwards gets other numbers than "
                "without checkpointing. Recompute with a generator of your own, in the saved state.",
                "4.16",
            )


FIRST = "Save the generator's state before the first run, and recompute with a copy in that state."
SECOND = "The first pullback used the saved generator up: copy it anew in every pullback."


def _masks(found: Array, right: Array) -> tuple[str, ...]:
    return (f"gradient[0]: yours {found[0].round(4).tolist()}", f"         expected {right[0].round(4).tolist()}")


def check_state(obj: Any, seed: int) -> None:
    """Two runs of one segment, then the pullbacks in reverse order, as in a recurrent network."""
    segment, x, cotangent, rng = problem(seed, running=True)
    expected = copy.deepcopy(segment)
    second = x[::-1] * 0.7
    rights = [expected(given, rng)[1](cotangent) for given in (x, second)]
    pullbacks = [begin(obj, segment, given.copy(), rng)[1] for given in (x, second)]
    _compare_state(segment, expected, "After two forward passes")
    for i, again in ((1, False), (1, True), (0, False), (0, True)):
        found = pull(pullbacks[i], cotangent)
        _compare_state(segment, expected, f"After the pullback of the {('first', 'second')[i]} pass")
        if distance(found, rights[i]) > 1e-9:
            if again:
                raise Failure(
                    "With a running mean the first pullback is right and the same one, called again, is wrong: the "
                    "recomputation wrote into the saved state.",
                    "4.17",
                    _masks(found, rights[i]),
                    "hand the segment a deep copy of the saved state, in every pullback.",
                )
            raise Failure(
                "With a running mean the gradient is wrong, without one it was right: the recomputation starts from "
                "the state that the first run left, not from the one it started with.",
                "4.17",
                next_step="copy segment.state, arrays and all, before the first run; recompute with that copy.",
            )


def _compare_state(segment: Segment, expected: Segment, when: str) -> None:
    state = segment.state
    found = state.get("mean") if isinstance(state, dict) else None
    right = expected.state["mean"]
    if found is None or distance(np.asarray(found), right) > 1e-9:
        shown = "missing" if found is None else np.asarray(found).round(4).tolist()
        raise Failure(
            f"{when} the segment's running mean is wrong: two passes are two updates, and recomputing is none. "
            "A pullback leaves segment.state as it found it.",
            "4.17",
            (f"mean: yours {shown}", f"  expected {right.round(4).tolist()}"),
            "keep what segment.state holds when the pullback begins, and put it back at its end.",
        )


def check_captured(obj: Any, seed: int) -> None:
    segment, x, cotangent, rng = problem(seed)
    right = copy.deepcopy(segment)(x, rng)[1](cotangent)
    given = x.copy()
    _, pullback = begin(obj, segment, given, rng)
    given += 3.0
    try:
        found = pullback(cotangent)
    except NotImplementedError:
        raise
    except Exception:
        return  # refusing is right, too
    if distance(np.asarray(found), right) > 1e-9:
        raise Failure(
            "x was changed after the forward pass, by the caller who made it, and your gradient is that of the new x; "
            "the forward pass saw the old one. Save a copy of x, or refuse.",
            "4.13",
        )


plain = Comparison(CHECKPOINT, reference.checkpoint, observe, CATALOGUE, explain)

STEPS = (
    Step("", check_function),
    Step("y and the gradient", plain),
    Step("memory and runs", check_runs),
    Step("random numbers", check_randomness),
    Step("state", check_state),
    Step("an x that changes later", check_captured),
)

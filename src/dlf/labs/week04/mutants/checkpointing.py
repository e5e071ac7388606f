"""Wrong checkpoints."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from dlf.labs.week04.mutants.catalogue import CHECKPOINT, Array, mutant


class TextbookCheckpoint:
    """A right checkpoint, cut into the places where mistakes are made."""

    def save_input(self, x: Array) -> Array:
        return x.copy()

    def save_generator(self, rng: Any) -> Any:
        return copy.deepcopy(rng)

    def save_state(self, segment: Any) -> Any:
        return copy.deepcopy(segment.state)

    def generator(self, saved: Any, rng: Any) -> Any:
        """For the second run."""
        return copy.deepcopy(saved)

    def begin(self, segment: Any, saved: Any) -> Any:
        """Put the state of the first run's start in place; returns what to put back."""
        now, segment.state = segment.state, copy.deepcopy(saved)
        return now

    def end(self, segment: Any, now: Any) -> None:
        segment.state = now

    def forward(self, segment: Any, x: Array, rng: Any) -> Any:
        return segment(x, rng)[0]

    def weigh(self, cotangent: Array) -> Array:
        return cotangent

    def run(self, segment: Any, x: Array, rng: Any) -> Any:
        kept = self.save_input(x), self.save_generator(rng), self.save_state(segment)
        y = self.forward(segment, x, rng)

        def pullback(cotangent: Array) -> Array:
            now = self.begin(segment, kept[2])
            again = segment(kept[0], self.generator(kept[1], rng))[1]
            self.end(segment, now)
            return again(self.weigh(cotangent))

        return y, pullback


def checkpointing(row: str, says: str) -> Any:
    """Register a class as the function it stands for."""

    def register(cls: Any) -> Any:
        def checkpoint(segment: Any, x: Array, rng: Any) -> Any:
            return cls().run(segment, x, rng)

        checkpoint.__name__ = cls.__name__
        return mutant(row, exercise=CHECKPOINT, says=says)(checkpoint)

    return register


@checkpointing("4.16", "The recomputation goes on with the caller's generator.")
class GoesOnDrawing(TextbookCheckpoint):
    def generator(self, saved: Any, rng: Any) -> Any:
        return rng


@checkpointing("4.16", "The saved generator is used up by the first pullback.")
class SavedGeneratorMoves(TextbookCheckpoint):
    def generator(self, saved: Any, rng: Any) -> Any:
        return saved


@checkpointing("4.16", "A new generator draws other numbers.")
class NewGenerator(TextbookCheckpoint):
    def generator(self, saved: Any, rng: Any) -> Any:
        return np.random.default_rng(0)


@checkpointing("4.16", "The caller's generator is set back, and stays there.")
class RewindsTheCaller(TextbookCheckpoint):
    def generator(self, saved: Any, rng: Any) -> Any:
        rng.bit_generator.state = saved.bit_generator.state
        return rng


@checkpointing("4.16", "The state is saved after the first run.")
class SavesTooLate(TextbookCheckpoint):
    def forward(self, segment: Any, x: Array, rng: Any) -> Any:
        y = super().forward(segment, x, rng)
        self.late = copy.deepcopy(rng)
        return y

    def generator(self, saved: Any, rng: Any) -> Any:
        return copy.deepcopy(self.late)


@checkpointing("4.17", "The recomputation updates the state again.")
class UpdatesTwice(TextbookCheckpoint):
    def begin(self, segment: Any, saved: Any) -> Any:
        return None

    def end(self, segment: Any, now: Any) -> None:
        pass


@checkpointing("4.17", "The recomputation starts from the updated state.")
class StartsFromUpdated(TextbookCheckpoint):
    def begin(self, segment: Any, saved: Any) -> Any:
        return copy.deepcopy(segment.state)


@checkpointing("4.17", "The state is left as the second run leaves it.")
class ForgetsOtherUpdates(TextbookCheckpoint):
    """Right as long as the segment ran once."""

    def end(self, segment: Any, now: Any) -> None:
        pass


@checkpointing("4.17", "The state of the first run's start is put back.")
class UndoesTheUpdate(TextbookCheckpoint):
    def begin(self, segment: Any, saved: Any) -> Any:
        super().begin(segment, saved)
        return saved


@checkpointing("4.17", "The saved state is handed out, and the second run writes into it.")
class HandsOutTheSavedState(TextbookCheckpoint):
    def begin(self, segment: Any, saved: Any) -> Any:
        now, segment.state = segment.state, saved
        return now


@checkpointing("4.17", "The saved state is a shallow copy, and changes with the arrays it shares.")
class ShallowState(TextbookCheckpoint):
    def save_state(self, segment: Any) -> Any:
        return dict(segment.state)


@checkpointing("4.13", "x is not copied.")
class KeepsTheInput(TextbookCheckpoint):
    def save_input(self, x: Array) -> Array:
        return x


@checkpointing("4.35", "The run is stored.")
class StoresTheRun(TextbookCheckpoint):
    def run(self, segment: Any, x: Array, rng: Any) -> Any:
        return segment(x, rng)


@checkpointing("4.35", "The run is stored, and repeated as well.")
class KeepsAndRepeats(TextbookCheckpoint):
    def forward(self, segment: Any, x: Array, rng: Any) -> Any:
        y, self.first = segment(x, rng)
        return y


@checkpointing("4.36", "The cotangent is ignored: your gradient is that of the plain sum of y.")
class IgnoresTheCotangent(TextbookCheckpoint):
    def weigh(self, cotangent: Array) -> Array:
        return np.ones_like(cotangent)


@checkpointing("4.42", "The forward pass runs the segment twice.")
class RunsTwice(TextbookCheckpoint):
    def forward(self, segment: Any, x: Array, rng: Any) -> Any:
        now = copy.deepcopy(segment.state)
        segment(x, copy.deepcopy(rng))
        segment.state = now
        return segment(x, rng)[0]

"""Training steps of a tiny MLP, 2-16-16-2, batch 32, float32, one thread: what the tape costs when arrays are small.

The candidates are those of tape_mlp. They take turns of 20 steps, since a training loop stays with one library and
keeps its code in the processor's caches. micrograd, which works on single numbers, has been measured elsewhere at 1200
to 2500 times torch's time for this step; it is not run here. python -m benchmarks.tape_tiny
"""

from __future__ import annotations

from benchmarks.tape_mlp import race

SIZES, BATCH, TURN = (2, 16, 16, 2), 32, 20

if __name__ == "__main__":
    race(SIZES, BATCH, TURN, rounds=201, targets=(0.5, 0.5, 0.2))

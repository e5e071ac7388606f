"""The tape against hand-written NumPy, large and tiny MLP, float32, one thread: the price of not deriving by hand.

python -m benchmarks.tape_overhead
"""

from __future__ import annotations

from benchmarks import tape_mlp, tape_tiny
from benchmarks.interleave import machine, ratio, report
from benchmarks.tape_mlp import Problem, by_hand, repeated, tape


def main() -> None:
    for module, turn, rounds, target in ((tape_mlp, 1, 101, 1.3), (tape_tiny, tape_tiny.TURN, 201, 2.0)):
        problem = Problem(module.SIZES, module.BATCH)
        measured = ratio(repeated(tape(problem), turn), repeated(by_hand(problem), turn), rounds=rounds)
        name = f"step of {'-'.join(map(str, module.SIZES))}, batch {module.BATCH}"
        print(report(f"{name}, against NumPy by hand", target, measured))
    print(machine("numpy"))


if __name__ == "__main__":
    main()

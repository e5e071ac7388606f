"""Wrong gradient checks."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlf.labs.week04.mutants.catalogue import CHECKER, Array, mutant


class TextbookChecker:
    """A right gradient check, cut into the places where mistakes are made."""

    step, tolerance, floor = 6e-6, 1e-5, 3e-10

    def default(self, y: Array) -> Array:
        return np.random.default_rng().standard_normal(np.shape(y))

    def given(self, cotangent: Array | None, y: Array) -> Array:
        return self.default(y) if cotangent is None else cotangent

    def points(self, x: Array, i: tuple[int, ...]) -> tuple[Array, Array]:
        """x + h e_i and x - h e_i."""
        plus, minus = x.copy(), x.copy()
        plus[i] += self.step
        minus[i] -= self.step
        return plus, minus

    def derivative(self, f: Any, x: Array, c: Array, i: tuple[int, ...]) -> float:
        plus, minus = self.points(x, i)
        return float(np.sum(c * (f(plus) - f(minus))) / (2 * self.step))

    def numeric(self, f: Any, x: Array, c: Array) -> Array:
        return np.array([self.derivative(f, x, c, i) for i in np.ndindex(x.shape)]).reshape(x.shape)

    def shapes(self, a: Array, x: Array) -> bool:
        return a.shape == x.shape

    def error(self, a: Array, n: Array, size: float) -> float:
        return float(np.linalg.norm(a - n) / (np.linalg.norm(a) + np.linalg.norm(n) + self.floor * size + 1e-300))

    def verdict(self, error: float) -> bool:
        return bool(error < self.tolerance)

    def run(self, f: Any, grad: Any, x: Array, cotangent: Array | None) -> bool:
        y = f(x.copy())
        c = self.given(cotangent, y)
        a = np.asarray(grad(x.copy(), c))
        if not self.shapes(a, x):
            return False
        # a gradient that is 0 leaves the rounding of f, some 1e-11 of it, over the tolerance
        return self.verdict(self.error(a, self.numeric(f, x, c), float(np.linalg.norm(c * y)) / self.tolerance))


def checker(row: str, says: str) -> Any:
    """Register a class of checkers as the function it stands for."""

    def register(cls: Any) -> Any:
        def gradient_check(f: Any, grad: Any, x: Array, cotangent: Array | None = None) -> bool:
            return bool(cls().run(f, grad, x, cotangent))

        gradient_check.__name__ = cls.__name__
        return mutant(row, exercise=CHECKER, says=says)(gradient_check)

    return register


@checker("4.19", "The difference is one-sided.")
class OneSided(TextbookChecker):
    step, tolerance = 1e-5, 1e-7

    def derivative(self, f: Any, x: Array, c: Array, i: tuple[int, ...]) -> float:
        return float(np.sum(c * (f(self.points(x, i)[0]) - f(x.copy()))) / self.step)


@checker("4.19", "The difference is one-sided, and the tolerance hides it.")
class OneSidedAndLenient(TextbookChecker):
    step, tolerance = 1e-7, 1e-4

    def derivative(self, f: Any, x: Array, c: Array, i: tuple[int, ...]) -> float:
        return float(np.sum(c * (f(self.points(x, i)[0]) - f(x.copy()))) / self.step)


@checker("4.19", "The step is too small.")
class TinyStep(TextbookChecker):
    step = 1e-12


@checker("4.19", "The step is too large.")
class LargeStep(TextbookChecker):
    step = 0.1


@checker("4.19", "float32.")
class SinglePrecision(TextbookChecker):
    def numeric(self, f: Any, x: Array, c: Array) -> Array:
        return super().numeric(f, x.astype(np.float32), c)


@checker("4.20", "The sum of the outputs is differentiated.")
class SumOfOutputs(TextbookChecker):
    def default(self, y: Array) -> Array:
        return np.ones(np.shape(y))


@checker("4.20", "No floor under the relative error of an entry.")
class EntryByEntry(TextbookChecker):
    def error(self, a: Array, n: Array, size: float) -> float:
        return float(np.max(np.abs(a - n) / np.maximum(np.abs(a), np.abs(n))))


@checker("4.20", "No floor under the norms.")
class NormsWithoutFloor(TextbookChecker):
    def error(self, a: Array, n: Array, size: float) -> float:
        return float(np.linalg.norm(a - n) / (np.linalg.norm(a) + np.linalg.norm(n)))


@checker("4.20", "The mean of the errors.")
class MeanOfErrors(TextbookChecker):
    tolerance = 7e-3

    def error(self, a: Array, n: Array, size: float) -> float:
        return float(np.mean(np.abs(a - n)) / (np.mean(np.abs(n)) + 1e-8))


@checker("4.19", "The step is far too small.")
class MinuteStep(TextbookChecker):
    step = 1e-10


@checker("4.19", "The step is a part of x, and 0 where x is 0.")
class RelativeStep(TextbookChecker):
    def derivative(self, f: Any, x: Array, c: Array, i: tuple[int, ...]) -> float:
        h = self.step * abs(x[i])
        plus, minus = x.copy(), x.copy()
        plus[i] += h
        minus[i] -= h
        return float(np.sum(c * (f(plus) - f(minus))) / (2 * h))


@checker("4.19", "The quotient is divided by h.")
class DividesByHalf(TextbookChecker):
    def derivative(self, f: Any, x: Array, c: Array, i: tuple[int, ...]) -> float:
        return 2 * super().derivative(f, x, c, i)


@checker("4.20", "A relative tolerance alone.")
class CloseWithoutFloor(TextbookChecker):
    def error(self, a: Array, n: Array, size: float) -> float:
        return 0.0 if np.allclose(n, a, rtol=1e-5, atol=0) else 1.0


@checker("4.20", "The floor of an entry is too low.")
class EntryWithTinyFloor(TextbookChecker):
    def error(self, a: Array, n: Array, size: float) -> float:
        return float(np.max(np.abs(a - n) / (np.abs(a) + np.abs(n) + 1e-12)))


@checker("4.45", "The tolerance is too fine.")
class FineTolerance(TextbookChecker):
    tolerance = 1e-8


@checker("4.45", "The tolerance is too coarse.")
class CoarseTolerance(TextbookChecker):
    tolerance = 4e-3


@checker("4.31", "NumPy's allclose, with its absolute tolerance.")
class AllClose(TextbookChecker):
    def error(self, a: Array, n: Array, size: float) -> float:
        return 0.0 if np.allclose(n, a) else 1.0


@checker("4.31", "allclose with an absolute tolerance of 1e-6.")
class AllCloseLoose(TextbookChecker):
    def error(self, a: Array, n: Array, size: float) -> float:
        return 0.0 if np.allclose(n, a, atol=1e-6) else 1.0


@checker("4.31", "The floor is absolute, and too high.")
class HighFloor(TextbookChecker):
    def error(self, a: Array, n: Array, size: float) -> float:
        gap = np.linalg.norm(a - n)
        return 0.0 if gap <= 1e-5 * np.linalg.norm(n) + 1e-6 else 1.0


@checker("4.21", "x is changed.")
class LeavesItChanged(TextbookChecker):
    def derivative(self, f: Any, x: Array, c: Array, i: tuple[int, ...]) -> float:
        x[i] += self.step
        plus = f(x.copy())
        x[i] -= 2 * self.step
        return float(np.sum(c * (plus - f(x.copy()))) / (2 * self.step))


@checker("4.21", "x is put back by arithmetic, which rounds.")
class RestoresByArithmetic(TextbookChecker):
    def derivative(self, f: Any, x: Array, c: Array, i: tuple[int, ...]) -> float:
        x[i] += self.step
        plus = f(x.copy())
        x[i] -= 2 * self.step
        minus = f(x.copy())
        x[i] += self.step
        return float(np.sum(c * (plus - minus)) / (2 * self.step))


@checker("4.21", "A copy is moved.")
class MovesACopy(TextbookChecker):
    def numeric(self, f: Any, x: Array, c: Array) -> Array:
        flat, found = x.ravel(), np.zeros(x.size)  # a copy where x is not contiguous
        for i in range(x.size):
            old = flat[i]
            sides = []
            for h in (self.step, -self.step):
                flat[i] = old + h
                sides.append(np.array(f(x)))
            flat[i] = old
            found[i] = np.sum(c * (sides[0] - sides[1])) / (2 * self.step)
        return found.reshape(x.shape)


@checker("4.21", "The output is a view of x.")
class KeepsViews(TextbookChecker):
    def derivative(self, f: Any, x: Array, c: Array, i: tuple[int, ...]) -> float:
        old = x[i]
        x[i] = old + self.step
        plus = f(x)
        x[i] = old - self.step
        minus = f(x)
        x[i] = old
        return float(np.sum(c * (plus - minus)) / (2 * self.step))


@checker("4.31", "The tolerance is absolute.")
class Absolute(TextbookChecker):
    def error(self, a: Array, n: Array, size: float) -> float:
        return float(np.max(np.abs(a - n)))


@checker("4.32", "NaN is accepted.")
class AcceptsNaN(TextbookChecker):
    def verdict(self, error: float) -> bool:
        return not error > self.tolerance


@checker("4.33", "The cotangent is ignored.")
class OwnCotangent(TextbookChecker):
    def given(self, cotangent: Array | None, y: Array) -> Array:
        return self.default(y)


@checker("4.34", "Shapes are not compared.")
class BroadcastsShapes(TextbookChecker):
    def shapes(self, a: Array, x: Array) -> bool:
        return True

"""Wrong dual numbers and Jacobians."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlf.labs.week04 import reference
from dlf.labs.week04.mutants.catalogue import JACOBIAN, JVP, Array, mutant


class TextbookDual:
    """A right dual number, cut into the places where mistakes are made."""

    slopes: dict[str, Any] = {  # noqa: RUF012
        "exp": lambda y, a: y,
        "log": lambda y, a: 1 / a,
        "tanh": lambda y, a: 1 - y**2,
        "relu": lambda y, a: a > 0,
    }

    def __init__(self, value: Any, tangent: Any = 0.0) -> None:
        self.value = np.asarray(value, dtype=float)
        self.tangent = np.asarray(tangent, dtype=float)

    def pair(self, other: Any) -> tuple[Array, Array, Array, Array]:
        b = other if isinstance(other, TextbookDual) else TextbookDual(other)
        return self.value, self.tangent, b.value, b.tangent

    def made(self, value: Array, tangent: Array) -> Any:
        return type(self)(value, np.broadcast_to(tangent, value.shape))

    def product(self, a: Array, da: Array, b: Array, db: Array) -> Array:
        return da * b + a * db

    def matrix_product(self, a: Array, da: Array, b: Array, db: Array) -> Array:
        return (da @ b if da.ndim else 0) + (a @ db if db.ndim else 0)

    def quotient(self, a: Array, da: Array, b: Array, db: Array) -> Array:
        return da / b - a * db / b**2

    def power_slope(self, a: Array, n: float) -> Array:
        return n * a ** (n - 1)

    def sum_tangent(self, axis: Any, keepdims: bool) -> Array:
        return self.tangent.sum(axis=axis, keepdims=keepdims)

    def __add__(self, other: Any) -> Any:
        a, da, b, db = self.pair(other)
        return self.made(a + b, da + db)

    def __sub__(self, other: Any) -> Any:
        a, da, b, db = self.pair(other)
        return self.made(a - b, da - db)

    def __mul__(self, other: Any) -> Any:
        parts = self.pair(other)
        return self.made(parts[0] * parts[2], self.product(*parts))

    def __truediv__(self, other: Any) -> Any:
        parts = self.pair(other)
        return self.made(parts[0] / parts[2], self.quotient(*parts))

    def __matmul__(self, other: Any) -> Any:
        parts = self.pair(other)
        return self.made(parts[0] @ parts[2], self.matrix_product(*parts))

    def __pow__(self, n: float) -> Any:
        return self.made(self.value**n, self.power_slope(self.value, n) * self.tangent)

    def __neg__(self) -> Any:
        return self.made(-self.value, -self.tangent)

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other: Any) -> Any:
        return type(self)(other) - self

    def __rtruediv__(self, other: Any) -> Any:
        return type(self)(other) / self

    def _elementwise(self, name: str, y: Array) -> Any:
        return self.made(y, type(self).slopes[name](y, self.value) * self.tangent)

    def exp(self) -> Any:
        return self._elementwise("exp", np.exp(self.value))

    def log(self) -> Any:
        return self._elementwise("log", np.log(self.value))

    def tanh(self) -> Any:
        return self._elementwise("tanh", np.tanh(self.value))

    def relu(self) -> Any:
        return self._elementwise("relu", np.maximum(self.value, 0.0))

    def sum(self, axis: Any = None, keepdims: bool = False) -> Any:
        return type(self)(self.value.sum(axis=axis, keepdims=keepdims), self.sum_tangent(axis, keepdims))


def jvp_with(dual: Any) -> Any:
    def jvp(f: Any, x: Array, v: Array) -> tuple[Array, Array]:
        y = f(dual(x, v))
        return y.value, y.tangent

    jvp.__name__ = f"jvp_{dual.__name__}"
    return jvp


def wrong_dual(row: str, name: str, says: str, **members: Any) -> None:
    mutant(row, exercise=JVP, says=says)(jvp_with(type(name, (TextbookDual,), members)))


def wrong_slope(name: str, says: str, **slopes: Any) -> None:
    wrong_dual("4.12", name, says, slopes=TextbookDual.slopes | slopes)


PRODUCT = "The derivative of a product has two terms, da * b + a * db; "
wrong_dual("4.12", "ProductFirst", PRODUCT + "a * db is missing.", product=lambda s, a, da, b, db: da * b)
wrong_dual("4.12", "ProductSecond", PRODUCT + "da * b is missing.", product=lambda s, a, da, b, db: a * db)
wrong_dual(
    "4.12",
    "ProductSwappedForward",
    PRODUCT + "you multiplied each tangent by its own factor.",
    product=lambda s, a, da, b, db: da * a + db * b,
)
wrong_dual(
    "4.12",
    "PowerWithoutTangent",
    "The rule of a ** n does not multiply by da: it is n a^(n-1) da.",
    __pow__=lambda s, n: s.made(s.value**n, n * s.value ** (n - 1)),
)
wrong_dual(
    "4.12",
    "NegationWithoutTangent",
    "The tangent of -a is -da; yours is 0. A linear operation acts on the tangent as on the value.",
    __neg__=lambda s: s.made(-s.value, 0 * s.tangent),
    __sub__=lambda s, other: s.made(s.value - s.pair(other)[2], s.tangent),
)
wrong_dual("4.12", "ProductOfTangents", PRODUCT + "you multiplied da and db.", product=lambda s, a, da, b, db: da * db)
wrong_dual(
    "4.12",
    "MatmulFirst",
    "The derivative of a @ b has two terms, da @ b + a @ db; a @ db is missing.",
    matrix_product=lambda s, a, da, b, db: da @ b,
)
wrong_dual(
    "4.12",
    "MatmulOrderForward",
    "The derivative of a @ b is da @ b + a @ db; matrices do not commute, and a stays on the left.",
    matrix_product=lambda s, a, da, b, db: da @ b + (db @ a if db.ndim else 0),
)
wrong_dual(
    "4.12",
    "QuotientSignForward",
    "The second term of the derivative of a / b has the wrong sign: da / b - a * db / b^2.",
    quotient=lambda s, a, da, b, db: da / b + a * db / b**2,
)
wrong_dual(
    "4.12",
    "QuotientUnsquaredForward",
    "The derivative of a / b is (da * b - a * db) / b^2; the square is missing.",
    quotient=lambda s, a, da, b, db: (da * b - a * db) / b,
)
wrong_dual(
    "4.12",
    "PowerUnreducedForward",
    "The derivative of a ** n is n a^(n-1) da; your exponent is n.",
    power_slope=lambda s, a, n: n * a**n,
)
wrong_slope(
    "TanhTwiceForward",
    "The derivative of .tanh() is 1 - y^2 with y = tanh(a); you took tanh of what is already tanh(a).",
    tanh=lambda y, a: 1 - np.tanh(y) ** 2,
)
wrong_slope("TanhOfInputForward", "The derivative of .tanh() is 1 - y^2 with the output y.", tanh=lambda y, a: 1 - a**2)
wrong_slope("LogForward", "The derivative of .log() is 1 / a.", log=lambda y, a: 1 / y)
wrong_slope("ExpForward", "The derivative of .exp() is exp(a) itself.", exp=lambda y, a: a)
wrong_slope("ReluForward", "The derivative of .relu() is 0 where the input is negative.", relu=lambda y, a: 1.0)
wrong_dual(
    "4.23",
    "TangentNotBroadcast",
    "The value was broadcast and the tangent was not.",
    made=lambda s, value, tangent: type(s)(value, tangent),
)
wrong_dual(
    "4.37",
    "DifferenceReflectedForward",
    "2 - x is computed as x - 2: in __rsub__ the dual number is the right operand.",
    __rsub__=TextbookDual.__sub__,
)
wrong_dual(
    "4.37",
    "QuotientReflectedForward",
    "2 / x is computed as x / 2: in __rtruediv__ the dual number is the right operand.",
    __rtruediv__=TextbookDual.__truediv__,
)
wrong_dual(
    "4.37",
    "SumWithoutAxis",
    "The derivative of .sum(axis, keepdims) is the same sum of the tangent: hand axis and keepdims on to it.",
    sum_tangent=lambda s, axis, keepdims: s.tangent.sum() + 0 * s.value.sum(axis=axis, keepdims=keepdims),
)


DIRECTION = "v is not used: your derivative is the one along (1, ..., 1)."


@mutant("4.41", exercise=JVP, says=DIRECTION)
def jvp_along_ones(f: Any, x: Array, v: Array) -> tuple[Array, Array]:
    return reference.jvp(f, x, np.ones_like(x))


@mutant(
    "4.41",
    exercise=JVP,
    says="Your derivative is the one along v / |v|; v is taken as it is, with its length.",
)
def jvp_normalized(f: Any, x: Array, v: Array) -> tuple[Array, Array]:
    return reference.jvp(f, x, v / np.linalg.norm(v))


@mutant("4.40", exercise=JVP, says="A difference quotient.")
def jvp_by_differences(f: Any, x: Array, v: Array) -> tuple[Array, Array]:
    h = 1e-6
    y, plus, minus = (f(reference.Dual(p)).value for p in (x, x + h * v, x - h * v))
    return y, (plus - minus) / (2 * h)


@mutant("4.15", exercise=JACOBIAN, says="J is transposed.")
def jacobian_transposed(f: Any, x: Array) -> Array:
    return np.stack([reference.jvp(f, x, e)[1] for e in np.eye(len(x))])


@mutant("4.15", exercise=JACOBIAN, says="J is filled in the wrong order.")
def jacobian_reshaped(f: Any, x: Array) -> Array:
    columns = [reference.jvp(f, x, e)[1] for e in np.eye(len(x))]
    return np.concatenate(columns).reshape(len(columns[0]), len(x))


@mutant("4.40", exercise=JACOBIAN, says="A difference quotient.")
def jacobian_by_differences(f: Any, x: Array) -> Array:
    y = f(reference.Dual(x)).value
    return np.stack([(f(reference.Dual(x + 1e-7 * e)).value - y) / 1e-7 for e in np.eye(len(x))], axis=1)


@mutant(
    "4.41",
    exercise=JACOBIAN,
    says="Every column of J is the derivative along (1, ..., 1), the sum of all columns: column j needs the "
    "direction e_j, which is 1 at j and 0 elsewhere.",
)
def jacobian_along_ones(f: Any, x: Array) -> Array:
    column = reference.jvp(f, x, np.ones_like(x))[1]
    return np.stack([column] * len(x), axis=1)


@mutant("4.41", exercise=JACOBIAN, says="Column j of J is x_j times too large: the direction is e_j, not x_j e_j.")
def jacobian_along_x(f: Any, x: Array) -> Array:
    return reference.jacobian_forward(f, x) * x

"""Known wrong solutions of week 8, under the numbers of the catalogue of mistakes.

8.20 and above are additions to that catalogue: 8.20 a gradient check with a blind cotangent, 8.21 the
standard deviation for the variance, 8.22 cancellation, 8.23 and 8.24 folding, 8.25 and 8.26
gradient growth, 8.27 and 8.28 the landscape, 8.29 backward after evaluation, 8.30 gamma or beta in
forward, 8.31 to 8.33 backward, 8.34 a generator of its own, 8.35 which points of the landscape count,
8.36 and 8.37 the differences and the error of a gradient check.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from dlf.labs.mutants import Catalogue

Array = Any  # NumPy's own stubs say no more about sums and means of arrays
CATALOGUE = Catalogue()
mutant = CATALOGUE.mutant

STATISTICS = "batch_statistics"
FORWARD = "BatchNormalization.forward"
BACKWARD = "BatchNormalization.backward"


class Textbook:
    """A right implementation, cut into the places where mistakes are made."""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        self.eps, self.momentum = eps, momentum
        self.gamma, self.beta = np.ones(num_features), np.zeros(num_features)
        self.running_mean, self.running_var = np.zeros(num_features), np.ones(num_features)

    def axes(self, x: Array) -> tuple[int, ...]:
        return (0, *range(2, x.ndim))

    def spread(self, values: Array, x: Array) -> Array:
        """(C,) in a shape that broadcasts over x."""
        return values.reshape(1, -1, *(1,) * (x.ndim - 2))

    def statistics(self, x: Array) -> tuple[Array, Array]:
        axes = self.axes(x)
        return x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)

    def inverse_std(self, var: Array) -> Array:
        return 1 / np.sqrt(var + self.eps)

    def update(self, mean: Array, var: Array, m: int) -> None:
        self.running_mean += self.momentum * (mean - self.running_mean)
        self.running_var += self.momentum * (var * m / (m - 1) - self.running_var)

    def normalizers(self, x: Array, training: bool) -> tuple[Array, Array]:
        if not training:
            return self.spread(self.running_mean, x), self.spread(self.running_var, x)
        if len(x) == 1 and x.ndim == 2:
            raise ValueError("a batch of one has no variance")
        mean, var = self.statistics(x)
        axes = self.axes(x)
        m = x.size // x.shape[1]
        self.update(x.mean(axis=axes), x.var(axis=axes), m)
        return mean, var

    def forward(self, x: Array, training: bool = True) -> Array:
        mean, var = self.normalizers(x, training)
        self.x, self.training = x, training
        self.inv = self.inverse_std(var)
        self.xhat = (x - mean) * self.inv
        return self.spread(self.gamma, x) * self.xhat + self.spread(self.beta, x)

    def terms(self, d: Array) -> tuple[Array, Array, Array]:
        """The three terms of the derivation, for d = gamma * grad_output."""
        axes = self.axes(d)
        mean = np.broadcast_to(d.mean(axis=axes, keepdims=True), d.shape)
        return d, mean, self.xhat * (d * self.xhat).mean(axis=axes, keepdims=True)

    def combine(self, d: Array, mean: Array, along: Array, m: int) -> Array:
        return self.inv * (d - mean - along)

    def input_gradient(self, dy: Array) -> Array:
        d = dy * self.spread(self.gamma, dy)
        return self.combine(*self.terms(d), m=dy.size // dy.shape[1])

    def constant_gradient(self, dy: Array) -> Array:
        """After a forward in evaluation."""
        return dy * self.spread(self.gamma, dy) * self.inv

    def parameter_gradients(self, dy: Array) -> tuple[Array, Array]:
        axes = self.axes(dy)
        return (dy * self.xhat).sum(axis=axes), dy.sum(axis=axes)

    def backward(self, grad_output: Array) -> Array:
        self.grad_gamma, self.grad_beta = self.parameter_gradients(grad_output)
        return self.input_gradient(grad_output) if self.training else self.constant_gradient(grad_output)


# ---- backward: the input gradient -------------------------------------------------------------


@mutant(
    "8.1",
    exercise=BACKWARD,
    says="You treated the mean and the variance as constants; both depend on every x of the batch.",
)
class StatisticsConstant(Textbook):
    def combine(self, d: Array, mean: Array, along: Array, m: int) -> Array:
        return self.inv * d


@mutant("8.2", exercise=BACKWARD, says="The column sums of dx are not 0: the gradient through the mean is missing.")
class MeanPathMissing(Textbook):
    def combine(self, d: Array, mean: Array, along: Array, m: int) -> Array:
        return self.inv * (d - along)


@mutant(
    "8.3",
    exercise=BACKWARD,
    says="The sum of dx * xhat over a column is not 0: the gradient through the variance is missing.",
)
class VariancePathMissing(Textbook):
    def combine(self, d: Array, mean: Array, along: Array, m: int) -> Array:
        return self.inv * (d - mean)


@mutant(
    "8.4",
    exercise=BACKWARD,
    says="Every column of dx is off by exactly its own gamma: gamma is missing in the gradient of the input.",
)
class GammaForgotten(Textbook):
    def input_gradient(self, dy: Array) -> Array:
        return self.combine(*self.terms(dy), m=dy.size // dy.shape[1])


@mutant(
    "8.5",
    exercise=BACKWARD,
    says="The variance term of dx is too large by m/(m-1): the "
    "normalization uses the variance with 1/m, so its gradient does too.",
)
class UnbiasedTermInBackward(Textbook):
    def combine(self, d: Array, mean: Array, along: Array, m: int) -> Array:
        return self.inv * (d - mean - along * m / (m - 1))


@mutant(
    "8.10",
    exercise=BACKWARD,
    says="dx is exactly m times the reference, m being the number of "
    "values in a channel: the 1/m of the means is missing.",
)
class FactorMissing(Textbook):
    def combine(self, d: Array, mean: Array, along: Array, m: int) -> Array:
        return m * super().combine(d, mean, along, m)


@mutant(
    "8.10",
    exercise=BACKWARD,
    says="dx is exactly 1/m of the reference, m being the number of values in a channel: you divided by m twice.",
)
class FactorTwice(Textbook):
    def combine(self, d: Array, mean: Array, along: Array, m: int) -> Array:
        return super().combine(d, mean, along, m) / m


@mutant(
    "8.11",
    exercise=BACKWARD,
    says="dx is built from sums where means belong: both correction terms are m times too large.",
)
class SumsForMeans(Textbook):
    def combine(self, d: Array, mean: Array, along: Array, m: int) -> Array:
        return self.inv * (d - m * mean - m * along)


@mutant("8.11", exercise=BACKWARD, says="The variance term of dx has the wrong sign.")
class VarianceSign(Textbook):
    def combine(self, d: Array, mean: Array, along: Array, m: int) -> Array:
        return self.inv * (d - mean + along)


@mutant("8.11", exercise=BACKWARD, says="The mean term of dx has the wrong sign.")
class MeanSign(Textbook):
    def combine(self, d: Array, mean: Array, along: Array, m: int) -> Array:
        return self.inv * (d + mean - along)


NOT_XHAT = "The variance term of dx needs xhat, the normalized x, twice; you used "


class InPlaceOfXhat(Textbook):
    """Another array where xhat belongs, in the gradient of the input."""

    def other(self) -> Array:
        raise NotImplementedError

    def terms(self, d: Array) -> tuple[Array, Array, Array]:
        axes, u = self.axes(d), self.other()
        mean = np.broadcast_to(d.mean(axis=axes, keepdims=True), d.shape)
        return d, mean, u * (d * u).mean(axis=axes, keepdims=True)


@mutant("8.31", exercise=BACKWARD, says=NOT_XHAT + "x itself.")
class InputForXhat(InPlaceOfXhat):
    def other(self) -> Array:
        return self.x


@mutant("8.31", exercise=BACKWARD, says=NOT_XHAT + "x minus its mean, without dividing by the deviation.")
class CentredForXhat(InPlaceOfXhat):
    def other(self) -> Array:
        return self.xhat / self.inv


@mutant("8.31", exercise=BACKWARD, says=NOT_XHAT + "the output y, which holds gamma and beta as well.")
class OutputForXhat(InPlaceOfXhat):
    def other(self) -> Array:
        return self.spread(self.gamma, self.x) * self.xhat + self.spread(self.beta, self.x)


@mutant(
    "8.32",
    exercise=BACKWARD,
    says="Every column of dx is too large by exactly its own sqrt(var + eps): the factor 1/sqrt(var + eps) is missing.",
)
class DeviationForgotten(Textbook):
    def combine(self, d: Array, mean: Array, along: Array, m: int) -> Array:
        return d - mean - along


# ---- backward: after a forward in evaluation --------------------------------------------------

CONSTANT = "After a forward in evaluation mean and variance are constants. "


@mutant(
    "8.29",
    exercise=BACKWARD,
    says=CONSTANT + "Your dx still has the two terms through the batch's statistics; only "
    "gamma / sqrt(running_var + eps) * grad_output remains.",
)
class EvaluationAsTraining(Textbook):
    def constant_gradient(self, dy: Array) -> Array:
        return self.input_gradient(dy)


@mutant("8.29", exercise=BACKWARD, says=CONSTANT + "The factor gamma stays, and is missing in your dx.")
class EvaluationWithoutGamma(Textbook):
    def constant_gradient(self, dy: Array) -> Array:
        return dy * self.inv


@mutant(
    "8.29",
    exercise=BACKWARD,
    says="After a forward in evaluation your backward still belongs to the training forward before "
    "it: forward in evaluation has to keep its own xhat and 1/sqrt(running_var + eps).",
)
class EvaluationKeepsNothing(Textbook):
    def forward(self, x: Array, training: bool = True) -> Array:
        kept = dict(self.__dict__)
        y = super().forward(x, training)
        if not training and "xhat" in kept:
            self.inv, self.xhat, self.training = kept["inv"], kept["xhat"], True
        return y


# ---- backward: gamma and beta -----------------------------------------------------------------


@mutant(
    "8.15", exercise=BACKWARD, says="The gradient of gamma sums grad_output * x; gamma multiplies the normalized xhat."
)
class GammaGradientOfX(Textbook):
    def parameter_gradients(self, dy: Array) -> tuple[Array, Array]:
        axes = self.axes(dy)
        return (dy * self.x).sum(axis=axes), dy.sum(axis=axes)


@mutant(
    "8.15",
    exercise=BACKWARD,
    says="The gradient of beta is exactly 1/m of the reference: you "
    "averaged, but grad_output already contains the 1/m of the loss.",
)
class BetaGradientAveraged(Textbook):
    def parameter_gradients(self, dy: Array) -> tuple[Array, Array]:
        axes = self.axes(dy)
        return (dy * self.xhat).sum(axis=axes), dy.mean(axis=axes)


@mutant(
    "8.15",
    exercise=BACKWARD,
    says="The gradients of gamma and beta are exactly 1/m of the "
    "reference: you averaged, but grad_output already contains the 1/m of the loss.",
)
class BothGradientsAveraged(Textbook):
    def parameter_gradients(self, dy: Array) -> tuple[Array, Array]:
        axes = self.axes(dy)
        return (dy * self.xhat).mean(axis=axes), dy.mean(axis=axes)


@mutant("8.33", exercise=BACKWARD, says="The gradients of gamma and beta are swapped.")
class GradientsSwapped(Textbook):
    def parameter_gradients(self, dy: Array) -> tuple[Array, Array]:
        return super().parameter_gradients(dy)[::-1]


# ---- forward: output in training --------------------------------------------------------------


@mutant(
    "8.5",
    exercise=(FORWARD, BACKWARD),
    says="The output's standard deviation is sqrt((m-1)/m): "
    "you divided by m-1. In training, batch normalization uses the variance with 1/m.",
)
class UnbiasedInForward(Textbook):
    def statistics(self, x: Array) -> tuple[Array, Array]:
        axes = self.axes(x)
        return x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True, ddof=1)


@mutant("8.30", exercise=(FORWARD, BACKWARD), says="gamma is missing in the output: y = gamma * xhat + beta.")
class OutputWithoutGamma(Textbook):
    def forward(self, x: Array, training: bool = True) -> Array:
        super().forward(x, training)
        return self.xhat + self.spread(self.beta, x)


@mutant("8.30", exercise=(FORWARD, BACKWARD), says="beta is missing in the output: y = gamma * xhat + beta.")
class OutputWithoutBeta(Textbook):
    def forward(self, x: Array, training: bool = True) -> Array:
        super().forward(x, training)
        return self.spread(self.gamma, x) * self.xhat


@mutant(
    "8.30",
    exercise=(FORWARD, BACKWARD),
    says="Your output is xhat: gamma and beta are missing, y = gamma * xhat + beta.",
)
class OutputIsXhat(Textbook):
    def forward(self, x: Array, training: bool = True) -> Array:
        super().forward(x, training)
        return self.xhat


EPS = "Your output differs only where the variance is small: "


@mutant(
    "8.8", exercise=(FORWARD, BACKWARD), says=EPS + "eps is added outside the root; it belongs to the variance, inside."
)
class EpsOutside(Textbook):
    def inverse_std(self, var: Array) -> Array:
        return 1 / (np.sqrt(var) + self.eps)


@mutant("8.8", exercise=(FORWARD, BACKWARD), says=EPS + "eps is added twice.")
class EpsTwice(Textbook):
    def inverse_std(self, var: Array) -> Array:
        return 1 / np.sqrt(var + 2 * self.eps)


@mutant("8.8", exercise=(FORWARD, BACKWARD), says=EPS + "eps is added inside the root and again outside it.")
class EpsInsideAndOutside(Textbook):
    def inverse_std(self, var: Array) -> Array:
        return 1 / (np.sqrt(var + self.eps) + self.eps)


@mutant("8.8", exercise=(FORWARD, BACKWARD), says=EPS + "eps is missing, so a constant column divides by 0.")
class EpsOmitted(Textbook):
    def inverse_std(self, var: Array) -> Array:
        return 1 / np.sqrt(var)


@mutant(
    "8.13",
    exercise=(FORWARD, BACKWARD),
    says="In training you normalized with the running statistics; training uses the batch's own mean and variance.",
)
class RunningInTraining(Textbook):
    def normalizers(self, x: Array, training: bool) -> tuple[Array, Array]:
        before = self.spread(self.running_mean.copy(), x), self.spread(self.running_var.copy(), x)
        super().normalizers(x, training)
        return before


@mutant(
    "8.13",
    exercise=(FORWARD, BACKWARD),
    says="In training you updated the running statistics "
    "and then normalized with them; training uses the batch's own mean and variance.",
)
class UpdatedRunningInTraining(Textbook):
    def normalizers(self, x: Array, training: bool) -> tuple[Array, Array]:
        super().normalizers(x, training)
        return self.spread(self.running_mean, x), self.spread(self.running_var, x)


@mutant(
    "8.16",
    exercise=(FORWARD, BACKWARD),
    says="Your output equals LayerNorm: the statistics run "
    "over the features of one example, and belong over the batch.",
)
class OverFeatures(Textbook):
    def axes(self, x: Array) -> tuple[int, ...]:
        return (0, *range(2, x.ndim))

    def statistics(self, x: Array) -> tuple[Array, Array]:
        axes = tuple(range(1, x.ndim))
        return x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)


@mutant(
    "8.16",
    exercise=(FORWARD, BACKWARD),
    says="Every pixel has its own mean: for images the statistics run over N, H and W, one pair a channel.",
)
class PerPixel(Textbook):
    def statistics(self, x: Array) -> tuple[Array, Array]:
        return x.mean(axis=0, keepdims=True), x.var(axis=0, keepdims=True)


@mutant(
    "8.16",
    exercise=(FORWARD, BACKWARD),
    says="Your output equals InstanceNorm: the statistics run over H and W of one image, and belong over N as well.",
)
class PerImage(Textbook):
    def statistics(self, x: Array) -> tuple[Array, Array]:
        if x.ndim == 2:
            return super().statistics(x)
        return x.mean(axis=(2, 3), keepdims=True), x.var(axis=(2, 3), keepdims=True)


@mutant(
    "8.16",
    exercise=(FORWARD, BACKWARD),
    says="gamma and beta broadcast along the width of the "
    "image: (C,) lines up with the last axis. Give them the shape (1, C, 1, 1).",
)
class GammaOnWidth(Textbook):
    def forward(self, x: Array, training: bool = True) -> Array:
        super().forward(x, training)
        return self.gamma * self.xhat + self.beta


# ---- forward: running statistics and evaluation -----------------------------------------------


@mutant(
    "8.6",
    exercise=FORWARD,
    says="The batch's part in running_var is exactly (m-1)/m of torch's: "
    "the running estimate takes the unbiased variance, only the normalization the biased one.",
)
class BiasedRunningVariance(Textbook):
    def update(self, mean: Array, var: Array, m: int) -> None:
        super().update(mean, var * (m - 1) / m, m)


@mutant(
    "8.7",
    exercise=FORWARD,
    says="The running statistics move by 1 - momentum per step: in torch's "
    "convention momentum weights the new batch. (Keras weights the old value.)",
)
class MomentumReversed(Textbook):
    def update(self, mean: Array, var: Array, m: int) -> None:
        kept = self.momentum
        self.momentum = 1 - kept
        super().update(mean, var, m)
        self.momentum = kept


@mutant("8.8", exercise=FORWARD, says="running_var contains eps; eps belongs only into the root.")
class EpsInRunningVariance(Textbook):
    def update(self, mean: Array, var: Array, m: int) -> None:
        super().update(mean, var + self.eps, m)


@mutant(
    "8.12",
    exercise=FORWARD,
    says="In evaluation the output of one example changes when another one does: you used the statistics of the batch.",
)
class BatchInEvaluation(Textbook):
    def normalizers(self, x: Array, training: bool) -> tuple[Array, Array]:
        return super().normalizers(x, True) if training else self.statistics(x)


@mutant("8.12", exercise=FORWARD, says="Evaluation moved the running statistics; only training may.")
class UpdateInEvaluation(Textbook):
    def normalizers(self, x: Array, training: bool) -> tuple[Array, Array]:
        result = super().normalizers(x, training)
        if not training and len(x) > 1:
            result = result[0].copy(), result[1].copy()
            axes = self.axes(x)
            self.update(x.mean(axis=axes), x.var(axis=axes), x.size // x.shape[1])
        return result


@mutant(
    "8.12",
    exercise=FORWARD,
    says="A batch of one has variance 0, so its output says nothing: in training raise ValueError.",
)
class SingleExampleAccepted(Textbook):
    def normalizers(self, x: Array, training: bool) -> tuple[Array, Array]:
        if training and x.ndim == 2 and len(x) == 1:
            return x, np.full_like(x, np.nan)
        return super().normalizers(x, training)


# ---- state that is shared or overwritten ------------------------------------------------------


@mutant(
    "8.18",
    exercise=(FORWARD, BACKWARD),
    says="Two layers share their arrays: they are attributes "
    "of the class, or default arguments, and not made anew in __init__.",
)
class SharedRunningStatistics(Textbook):
    shared: ClassVar[dict[int, tuple[Array, Array]]] = {}

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__(num_features, eps, momentum)
        start = np.zeros(num_features), np.ones(num_features)
        self.running_mean, self.running_var = self.shared.setdefault(num_features, start)


@mutant(
    "8.18",
    exercise=(FORWARD, BACKWARD),
    says="x changed while forward ran: an in-place operation writes into the caller's array.",
)
class InputOverwritten(Textbook):
    def forward(self, x: Array, training: bool = True) -> Array:
        y = super().forward(x.copy(), training)
        x[...] = self.xhat
        return y


@mutant(
    "8.18",
    exercise=BACKWARD,
    says="A second layer's forward changed the first one's backward: "
    "what forward keeps belongs to self, not to the class or the module.",
)
class SharedCache(Textbook):
    latest: ClassVar[list[Any]] = []

    def forward(self, x: Array, training: bool = True) -> Array:
        y = super().forward(x, training)
        self.latest[:] = [self.inv, self.xhat]
        return y

    def backward(self, grad_output: Array) -> Array:
        self.inv, self.xhat = self.latest
        return super().backward(grad_output)


# ---- batch_statistics -------------------------------------------------------------------------


@mutant(
    "8.5",
    exercise=STATISTICS,
    says="Your variance is m/(m-1) times the biased one: you divided by m-1. Batch normalization in training uses 1/m.",
)
def unbiased_statistics(x: Array) -> tuple[Array, Array]:
    axes = (0, *range(2, x.ndim))
    return x.mean(axis=axes), x.var(axis=axes, ddof=1)


@mutant(
    "8.8", exercise=STATISTICS, says="Your variance contains eps; eps is added later, in the layer, under the root."
)
def variance_with_eps(x: Array) -> tuple[Array, Array]:
    axes = (0, *range(2, x.ndim))
    return x.mean(axis=axes), x.var(axis=axes) + 1e-5


@mutant("8.21", exercise=STATISTICS, says="Your second array is the standard deviation; the variance is its square.")
def standard_deviation(x: Array) -> tuple[Array, Array]:
    axes = (0, *range(2, x.ndim))
    return x.mean(axis=axes), x.std(axis=axes)


@mutant(
    "8.22",
    exercise=STATISTICS,
    says="E[x^2] - E[x]^2 loses its digits when the mean is large "
    "against the spread. Subtract the mean first, then square.",
)
def one_pass(x: Array) -> tuple[Array, Array]:
    axes = (0, *range(2, x.ndim))
    mean = x.mean(axis=axes)
    return mean, (x**2).mean(axis=axes) - mean**2


@mutant(
    "8.16",
    exercise=STATISTICS,
    says="For images you averaged over N only: every pixel has its own mean. The statistics run over N, H and W.",
)
def per_pixel_statistics(x: Array) -> tuple[Array, Array]:
    return x.mean(axis=0), x.var(axis=0)


@mutant(
    "8.16",
    exercise=STATISTICS,
    says="You averaged over the features of one example, as LayerNorm does; the statistics run over the batch.",
)
def feature_statistics(x: Array) -> tuple[Array, Array]:
    axes = tuple(range(1, x.ndim))
    return x.mean(axis=axes), x.var(axis=axes)


@mutant(
    "8.16",
    exercise=STATISTICS,
    says="For images you averaged the statistics of single images; "
    "the variance also has to see how their means differ.",
)
def averaged_image_statistics(x: Array) -> tuple[Array, Array]:
    if x.ndim == 2:
        return x.mean(axis=0), x.var(axis=0)
    return x.mean(axis=(0, 2, 3)), x.var(axis=(2, 3)).mean(axis=0)


# ---- gradient_check ---------------------------------------------------------------------------

CHECKER = "gradient_check"


def differences(layer: Any, x: Array, dy: Array, h: float, training: bool = True) -> Array:
    """Central differences of sum(dy * forward(x)); moves the running statistics."""
    numeric = np.empty_like(x)
    for i in np.ndindex(x.shape):
        old = x[i]
        x[i] = old + h
        ahead = layer.forward(x, training)
        x[i] = old - h
        behind = layer.forward(x, training)
        x[i] = old
        numeric[i] = np.vdot(dy, ahead - behind) / (2 * h)
    return numeric


def relative(a: Array, b: Array) -> float:
    return float(np.linalg.norm(a - b) / (np.linalg.norm(a) + np.linalg.norm(b) + 1e-12))


def restored(layer: Any, run: Any) -> float:
    saved = layer.running_mean.copy(), layer.running_var.copy()
    error: float = run()
    layer.running_mean[:], layer.running_var[:] = saved
    return error


@mutant("8.19", exercise=CHECKER, says="Your check moved the running statistics.")
def moves_statistics(layer: Any, x: Array, grad_output: Array, h: float = 1e-6) -> float:
    layer.forward(x)
    analytic = layer.backward(grad_output)
    return relative(analytic, differences(layer, x.copy(), grad_output, h))


@mutant("8.19", exercise=CHECKER, says="Your check moved gamma.")
def moves_parameters(layer: Any, x: Array, grad_output: Array, h: float = 1e-6) -> float:
    def run() -> float:
        layer.forward(x)
        analytic = layer.backward(grad_output)
        error = relative(analytic, differences(layer, x.copy(), grad_output, h))
        layer.gamma += h
        return error

    return restored(layer, run)


@mutant("8.19", exercise=CHECKER, says="Your differences use evaluation mode.")
def evaluates(layer: Any, x: Array, grad_output: Array, h: float = 1e-6) -> float:
    def run() -> float:
        layer.forward(x)
        analytic = layer.backward(grad_output)
        return relative(analytic, differences(layer, x.copy(), grad_output, h, training=False))

    return restored(layer, run)


@mutant("8.20", exercise=CHECKER, says="Your check accepts `return zeros`.")
def sums_outputs(layer: Any, x: Array, grad_output: Array, h: float = 1e-6) -> float:
    def run() -> float:
        ones = np.ones_like(x)
        layer.forward(x)
        analytic = layer.backward(ones)
        numeric = differences(layer, x.copy(), ones, h)
        return float(np.abs(analytic - numeric).max())

    return restored(layer, run)


@mutant("8.20", exercise=CHECKER, says="Your check accepts everything.")
def accepts_everything(layer: Any, x: Array, grad_output: Array, h: float = 1e-6) -> float:
    return 0.0


def _checker(difference: Any, error: Any) -> Any:
    """A gradient check put together from a difference quotient and an error."""

    def check(layer: Any, x: Array, grad_output: Array, h: float = 1e-6) -> float:
        def run() -> float:
            layer.forward(x)
            analytic = layer.backward(grad_output)
            return float(error(analytic, difference(layer, x.copy(), grad_output, h)))

        return restored(layer, run)

    return check


def _one_sided(layer: Any, x: Array, dy: Array, h: float) -> Array:
    numeric, here = np.empty_like(x), layer.forward(x)
    for i in np.ndindex(x.shape):
        moved = x.copy()
        moved[i] += h
        numeric[i] = np.vdot(dy, layer.forward(moved) - here) / h
    return numeric


@mutant("8.36", exercise=CHECKER, says="Your differences are one-sided.")
def one_sided(layer: Any, x: Array, grad_output: Array, h: float = 1e-6) -> float:
    return float(_checker(_one_sided, relative)(layer, x, grad_output, h))


@mutant("8.36", exercise=CHECKER, says="Your check ignores h.")
def ignores_step(layer: Any, x: Array, grad_output: Array, h: float = 1e-6) -> float:
    return float(_checker(differences, relative)(layer, x, grad_output, 1e-6))


@mutant("8.37", exercise=CHECKER, says="Your error is absolute.")
def absolute_error(layer: Any, x: Array, grad_output: Array, h: float = 1e-6) -> float:
    return float(_checker(differences, lambda a, n: np.abs(a - n).max())(layer, x, grad_output, h))


@mutant("8.37", exercise=CHECKER, says="Your error is squared.")
def squared_error(layer: Any, x: Array, grad_output: Array, h: float = 1e-6) -> float:
    def square(a: Array, n: Array) -> float:
        return float(((a - n) ** 2).sum() / (n**2).sum())

    return float(_checker(differences, square)(layer, x, grad_output, h))


# ---- fold -------------------------------------------------------------------------------------

FOLD = "fold"


@mutant(
    "8.23",
    exercise=FOLD,
    says="The bias of the dense layer passes through the normalization too: "
    "it has to be scaled together with the running mean.",
)
def bias_not_scaled(weight: Array, bias: Array, layer: Any) -> tuple[Array, Array]:
    s = layer.gamma / np.sqrt(layer.running_var + layer.eps)
    return weight * s, bias - layer.running_mean * s + layer.beta


@mutant("8.23", exercise=FOLD, says="The old bias is missing in the new one.")
def bias_dropped(weight: Array, bias: Array, layer: Any) -> tuple[Array, Array]:
    s = layer.gamma / np.sqrt(layer.running_var + layer.eps)
    return weight * s, layer.beta - layer.running_mean * s


@mutant("8.23", exercise=FOLD, says="The running mean is missing in the new bias.")
def mean_dropped(weight: Array, bias: Array, layer: Any) -> tuple[Array, Array]:
    s = layer.gamma / np.sqrt(layer.running_var + layer.eps)
    return weight * s, bias * s + layer.beta


@mutant("8.23", exercise=FOLD, says="The running mean is subtracted in the layer; you added it to the new bias.")
def mean_added(weight: Array, bias: Array, layer: Any) -> tuple[Array, Array]:
    s = layer.gamma / np.sqrt(layer.running_var + layer.eps)
    return weight * s, (bias + layer.running_mean) * s + layer.beta


@mutant(
    "8.23", exercise=FOLD, says="You subtracted the running mean unscaled: it stands in the bracket with the old bias."
)
def mean_not_scaled(weight: Array, bias: Array, layer: Any) -> tuple[Array, Array]:
    s = layer.gamma / np.sqrt(layer.running_var + layer.eps)
    return weight * s, bias * s - layer.running_mean + layer.beta


@mutant("8.23", exercise=FOLD, says="beta is missing in the new bias.")
def beta_dropped(weight: Array, bias: Array, layer: Any) -> tuple[Array, Array]:
    s = layer.gamma / np.sqrt(layer.running_var + layer.eps)
    return weight * s, (bias - layer.running_mean) * s


@mutant(
    "8.24",
    exercise=FOLD,
    says="You scaled the rows of the weight; a channel of the normalization is an output of the dense layer, a column.",
)
def rows_scaled(weight: Array, bias: Array, layer: Any) -> tuple[Array, Array]:
    s = layer.gamma / np.sqrt(layer.running_var + layer.eps)
    return weight * s[:, None], (bias - layer.running_mean) * s + layer.beta


@mutant("8.24", exercise=FOLD, says="You divided by the running variance; divide by its square root.")
def divided_by_variance(weight: Array, bias: Array, layer: Any) -> tuple[Array, Array]:
    s = layer.gamma / (layer.running_var + layer.eps)
    return weight * s, (bias - layer.running_mean) * s + layer.beta


@mutant(
    "8.8",
    exercise=FOLD,
    says="The folded layer differs only where the running variance is small: eps is missing in the root.",
)
def eps_dropped(weight: Array, bias: Array, layer: Any) -> tuple[Array, Array]:
    s = layer.gamma / np.sqrt(layer.running_var)
    return weight * s, (bias - layer.running_mean) * s + layer.beta


@mutant("8.4", exercise=FOLD, says="gamma is missing in the folded layer.")
def gamma_dropped(weight: Array, bias: Array, layer: Any) -> tuple[Array, Array]:
    s = 1 / np.sqrt(layer.running_var + layer.eps)
    return weight * s, (bias - layer.running_mean) * s + layer.beta


@mutant("8.18", exercise=FOLD, says="weight changed while your code ran.")
def folds_in_place(weight: Array, bias: Array, layer: Any) -> tuple[Array, Array]:
    s = layer.gamma / np.sqrt(layer.running_var + layer.eps)
    weight *= s
    return weight, (bias - layer.running_mean) * s + layer.beta


# ---- gradient_growth --------------------------------------------------------------------------

GROWTH = "gradient_growth"


def squared_gradients(
    batch: int, width: int, depth: int, rng: np.random.Generator, norm: bool = True, relu: bool = True
) -> Array:
    """|g_0|^2 ... |g_depth|^2, with or without normalization and ReLU."""
    h = rng.standard_normal((batch, width))
    layers = []
    for _ in range(depth):
        w = rng.standard_normal((width, width)) * np.sqrt(2.0 / width)
        z = h @ w
        inv = 1 / z.std(axis=0) if norm else np.ones(width)
        z = (z - z.mean(axis=0)) * inv if norm else z
        h = np.maximum(z, 0) if relu else z
        layers.append((w, z, inv))
    g = rng.standard_normal((batch, width))
    squared = [np.vdot(g, g)]
    for w, z, inv in reversed(layers):
        g = g * (z > 0) if relu else g
        g = inv * (g - g.mean(axis=0) - z * (g * z).mean(axis=0)) if norm else g
        g = g @ w.T
        squared.append(np.vdot(g, g))
    return np.array(squared[::-1])


def per_layer(squared: Array, power: float = 1.0) -> float:
    last = len(squared) - 5
    return float((squared[4] / squared[last]) ** (power / (last - 4)))


@mutant("8.25", exercise=GROWTH, says="You return the factor of the norm, the root of the asked one.")
def norm_growth(batch: int, width: int, depth: int, rng: np.random.Generator) -> float:
    return per_layer(squared_gradients(batch, width, depth, rng), 0.5)


@mutant("8.25", exercise=GROWTH, says="You return the inverse: the gradient grows towards the input.")
def inverse_growth(batch: int, width: int, depth: int, rng: np.random.Generator) -> float:
    return per_layer(squared_gradients(batch, width, depth, rng), -1.0)


@mutant("8.25", exercise=GROWTH, says="You return the factor of all layers together.")
def total_growth(batch: int, width: int, depth: int, rng: np.random.Generator) -> float:
    squared = squared_gradients(batch, width, depth, rng)
    return float(squared[4] / squared[len(squared) - 5])


@mutant("8.26", exercise=GROWTH, says="This is the factor of a network without normalization.")
def growth_without_norm(batch: int, width: int, depth: int, rng: np.random.Generator) -> float:
    return per_layer(squared_gradients(batch, width, depth, rng, norm=False))


@mutant("8.26", exercise=GROWTH, says="This is the factor of a network without the ReLU.")
def growth_without_relu(batch: int, width: int, depth: int, rng: np.random.Generator) -> float:
    return per_layer(squared_gradients(batch, width, depth, rng, relu=False))


@mutant("8.34", exercise=GROWTH, says="rng is ignored: two different generators give the same number.")
def growth_of_its_own(batch: int, width: int, depth: int, rng: np.random.Generator) -> float:
    return per_layer(squared_gradients(batch, width, depth, np.random.default_rng(0)))


# ---- landscape_along_gradient -----------------------------------------------------------------

LANDSCAPE = "landscape_along_gradient"


def size(arrays: list[Array]) -> float:
    return float(np.sqrt(sum(np.vdot(a, a) for a in arrays)))


def measured(losses: list[float], start: list[Array], along: list[list[Array]]) -> dict[str, float]:
    changes = [size([a - b for a, b in zip(g, start, strict=True)]) for g in along]
    return {
        "loss_range": max(losses) - min(losses),
        "gradient_change": max(changes),
        "relative_change": max(changes) / size(start),
    }


@mutant(
    "8.27",
    exercise=LANDSCAPE,
    says="Your points follow each other: every step started where the last one ended. All of them start from params.",
)
def walks(loss_and_gradient: Any, params: list[Array], etas: list[float]) -> dict[str, float]:
    _, start = loss_and_gradient(params)
    here, losses, along = [p.copy() for p in params], [], []
    for eta in etas:
        here = [p - eta * g for p, g in zip(here, start, strict=True)]
        loss, gradient = loss_and_gradient(here)
        losses.append(loss)
        along.append(gradient)
    return measured(losses, start, along)


@mutant("8.27", exercise=LANDSCAPE, says="Your points are params + eta * gradient; the step goes against the gradient.")
def ascends(loss_and_gradient: Any, params: list[Array], etas: list[float]) -> dict[str, float]:
    _, start = loss_and_gradient(params)
    points = [[p + eta * g for p, g in zip(params, start, strict=True)] for eta in etas]
    results = [loss_and_gradient(p) for p in points]
    return measured([r[0] for r in results], start, [r[1] for r in results])


def _along(loss_and_gradient: Any, params: list[Array], etas: list[float]) -> Any:
    _, start = loss_and_gradient(params)
    points = [[p - eta * g for p, g in zip(params, start, strict=True)] for eta in etas]
    results = [loss_and_gradient(p) for p in points]
    return start, [r[0] for r in results], [r[1] for r in results]


@mutant(
    "8.28",
    exercise=LANDSCAPE,
    says="You added the norms of the arrays; the norm runs over all entries together, so the squares are added.",
)
def adds_norms(loss_and_gradient: Any, params: list[Array], etas: list[float]) -> dict[str, float]:
    start, losses, along = _along(loss_and_gradient, params, etas)
    result = measured(losses, start, along)
    changes = [sum(np.linalg.norm(a - b) for a, b in zip(g, start, strict=True)) for g in along]
    result["gradient_change"] = float(max(changes))
    result["relative_change"] = float(max(changes) / sum(np.linalg.norm(g) for g in start))
    return result


@mutant(
    "8.35",
    exercise=LANDSCAPE,
    says="Your loss_range counts the loss at params itself; only the points of etas count.",
)
def counts_start(loss_and_gradient: Any, params: list[Array], etas: list[float]) -> dict[str, float]:
    start, losses, along = _along(loss_and_gradient, params, etas)
    return measured([loss_and_gradient(params)[0], *losses], start, along)


@mutant(
    "8.35",
    exercise=LANDSCAPE,
    says="Your gradient_change is that of the last eta; the largest over all etas is asked.",
)
def last_change(loss_and_gradient: Any, params: list[Array], etas: list[float]) -> dict[str, float]:
    start, losses, along = _along(loss_and_gradient, params, etas)
    return measured(losses, start, along[-1:])


@mutant(
    "8.28",
    exercise=LANDSCAPE,
    says="You took the largest norm of the single arrays; the norm runs over all entries together.",
)
def largest_array(loss_and_gradient: Any, params: list[Array], etas: list[float]) -> dict[str, float]:
    start, losses, along = _along(loss_and_gradient, params, etas)
    result = measured(losses, start, along)
    change = max(np.linalg.norm(a - b) for g in along for a, b in zip(g, start, strict=True))
    result["gradient_change"] = float(change)
    result["relative_change"] = float(change / max(np.linalg.norm(g) for g in start))
    return result


@mutant(
    "8.28",
    exercise=LANDSCAPE,
    says="You compared only the first array of the gradient; the norm runs over all of them.",
)
def first_array(loss_and_gradient: Any, params: list[Array], etas: list[float]) -> dict[str, float]:
    start, losses, along = _along(loss_and_gradient, params, etas)
    return measured(losses, start[:1], [g[:1] for g in along])


@mutant(
    "8.28",
    exercise=LANDSCAPE,
    says="Your change is |g(eta)| - |g|, a difference of norms; the norm of the difference also sees a turn.",
)
def difference_of_norms(loss_and_gradient: Any, params: list[Array], etas: list[float]) -> dict[str, float]:
    start, losses, along = _along(loss_and_gradient, params, etas)
    result = measured(losses, start, along)
    result["gradient_change"] = max(abs(size(g) - size(start)) for g in along)
    result["relative_change"] = result["gradient_change"] / size(start)
    return result


@mutant("8.18", exercise=LANDSCAPE, says="params changed while your code ran.")
def moves_params(loss_and_gradient: Any, params: list[Array], etas: list[float]) -> dict[str, float]:
    result = measured(*[(s := _along(loss_and_gradient, params, etas))[1], s[0], s[2]])
    for p in params:
        p -= etas[0]
    return result

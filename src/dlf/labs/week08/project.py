"""Grading of the project: a network with batch normalization, trained and measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dlf.labs import contract
from dlf.labs.compare import Array
from dlf.labs.exercise import Step
from dlf.labs.result import TODO
from dlf.labs.verdict import Failure, NotStarted
from dlf.labs.week08.reference import landscape_along_gradient

WIDTHS = (4, 6, 5, 3)
TRAINING: dict[str, Any] = {"steps": 150, "lr": 0.3, "batch_size": 64}
ACCURACY = 0.9  # the reference reaches 0.95 or more on every seed
LANDSCAPE_WIDTHS = (64, *(64,) * 8, 10)
LANDSCAPE_STEPS: dict[str, Any] = {"steps": 50, "lr": 0.05, "batch_size": 64}
SMOOTHER = 2.0  # relative gradient change, without over with normalization; the reference has 12
QUESTIONS = ("covariate_shift", "landscape", "limits")


def small(cls: Any, seed: int, normalize: bool = True) -> tuple[Any, Array, Array]:
    rng = np.random.default_rng([seed, 81])
    network = cls(list(WIDTHS), normalize=normalize, rng=rng)
    X = rng.standard_normal((7, WIDTHS[0])) * [0.5, 1.0, 2.0, 1.5] + 0.5
    return network, X, rng.integers(0, WIDTHS[-1], 7)


def loss_and_gradients(network: Any, X: Array, y: Array) -> tuple[float, list[Array]]:
    returned = contract.items(
        network.loss_and_gradients(X, y), 2, "The result of loss_and_gradients", "(loss, gradients)"
    )
    loss = contract.number(returned[0], "The loss")
    gradients = contract.items(returned[1], len(network.params), "The gradients", "one array for each of .params")
    return loss, [
        contract.array(g, p.shape, f"Gradient {i}")
        for i, (g, p) in enumerate(zip(gradients, network.params, strict=True))
    ]


def labels(network: Any, X: Array, classes: int) -> Array:
    """What predict says, as labels, whether it returns labels or scores."""
    predicted = np.asarray(network.predict(X))
    if predicted.shape == (len(X), classes):
        return np.asarray(predicted.argmax(axis=1))
    if predicted.shape != (len(X),) or predicted.dtype.kind not in "iu":
        raise Failure(
            f"predict returns {contract.kind(predicted)} of {predicted.dtype}, expected "
            f"integer labels ({len(X)},) or scores ({len(X)}, {classes})."
        )
    return predicted


def check_class(cls: Any, seed: int) -> None:
    methods = {"loss_and_gradients": ("X", "y"), "predict": ("X",), "fit": None}
    contract.class_(cls, ("widths", "normalize", "rng"), methods)
    network, X, y = small(cls, seed)
    if getattr(network, "params", None) is TODO or network.loss_and_gradients(X, y) is TODO:
        raise NotStarted
    if not isinstance(getattr(network, "params", None), list) or not network.params:
        raise Failure(
            "The network has no list .params of its arrays.",
            status="error",
            next_step="collect the arrays themselves, not copies, in self.params.",
        )
    loss_and_gradients(network, X, y)
    labels(network, X, WIDTHS[-1])


def check_loss(cls: Any, seed: int) -> None:
    """With a read-out of zeros every class has probability 1/k."""
    network, X, y = small(cls, seed)
    for p in network.params:
        p[...] = 0.0
    loss, _ = loss_and_gradients(network, X, y)
    if abs(loss - np.log(WIDTHS[-1])) > 1e-6:
        raise Failure(
            "With all parameters 0 the mean cross-entropy is log(k), and yours is another number. "
            "Is .params the list of the arrays themselves, and the loss a mean over the batch?",
            evidence=(f"yours {loss:.6f}, expected log({WIDTHS[-1]}) = {np.log(WIDTHS[-1]):.6f}",),
        )


def check_gradients(cls: Any, seed: int) -> None:
    """Directional derivative of every array, by central differences, with and without BN."""
    for normalize in (True, False):
        network, X, y = small(cls, seed, normalize)
        rng = np.random.default_rng([seed, 82])
        for p in network.params:
            p += 0.1 * rng.standard_normal(p.shape)
        given = X.copy()
        _, gradients = loss_and_gradients(network, given, y)
        gradients = [g.copy() for g in gradients]
        contract.unchanged([X], [given], "X", "8.18")
        for i, (p, g) in enumerate(zip(network.params, gradients, strict=True)):
            _compare_direction(network, X, y, p, g, f"params[{i}], shape {p.shape}", rng)


def _compare_direction(
    network: Any, X: Array, y: Array, p: Array, g: Array, what: str, rng: np.random.Generator
) -> None:
    direction, start, h = rng.standard_normal(p.shape), p.copy(), 1e-5
    losses = []
    for sign in (1, -1):
        p[...] = start + sign * h * direction
        losses.append(loss_and_gradients(network, X, y)[0])
    p[...] = start
    numeric, analytic = (losses[0] - losses[1]) / (2 * h), float(np.vdot(g, direction))
    if abs(numeric - analytic) > 1e-5 * (1 + abs(numeric)):
        raise Failure(
            f"The gradient of {what} is not the derivative of the loss.",
            evidence=(f"along a random direction: yours {analytic:.6f}, central difference {numeric:.6f}",),
            next_step="check each layer alone with gradient_check.",
        )


def check_evaluation(cls: Any, seed: int) -> None:
    network, X, y = small(cls, seed)
    network.fit(np.tile(X, (4, 1)), np.tile(y, 4), steps=20, lr=0.1, batch_size=14)
    rng = np.random.default_rng([seed, 83])
    many = rng.standard_normal((60, WIDTHS[0])) * 2
    together = np.asarray(network.predict(many))
    shifted = np.concatenate([many[:1], many[1:] + 5.0])
    for other, what in (
        (np.asarray(network.predict(shifted))[:1], "when the other rows change"),
        (np.asarray(network.predict(many[:1])), "when it is alone"),
    ):
        if not np.allclose(other, together[:1], rtol=1e-9, atol=1e-9):
            raise Failure(
                f"The prediction for a row changes {what}: predict has to use the running statistics.", "8.12"
            )
    alone = np.concatenate([np.asarray(network.predict(row[None])) for row in many])
    if not np.allclose(alone, together, rtol=1e-9, atol=1e-9):
        raise Failure(
            "Predictions row by row differ from those of the whole batch: predict has to use the running statistics.",
            "8.12",
        )


def check_fit(cls: Any, seed: int) -> None:
    """Who moves what: rng the start, fit the parameters and the running statistics, the others nothing."""
    networks = [small(cls, s)[0] for s in (seed, seed, seed + 1)]
    first, same, other = ([p.copy() for p in n.params] for n in networks)
    if not all(map(np.array_equal, first, same)):
        raise Failure("Two networks with generators in the same state start differently: draw the weights from rng.")
    if all(map(np.array_equal, first, other)):
        raise Failure("rng is ignored: networks with two different generators start with the same parameters.")
    for s in range(seed, seed + 3):
        network, far, watched, y = far_away(cls, s)
        before = [p.copy() for p in network.params], np.array(network.predict(watched))
        for _ in range(30):
            loss_and_gradients(network, far, y)
        if not all(map(np.array_equal, before[0], network.params)):
            raise Failure("loss_and_gradients or predict changed the parameters; only fit may.", "8.18")
        if not np.array_equal(before[1], np.asarray(network.predict(watched))):
            raise Failure(
                "loss_and_gradients changed what predict says. A gradient check or a picture of the loss calls it "
                "many times: normalize with the batch there, and move the running statistics in fit only.",
                "8.19",
            )
        network.fit(far, y, steps=3, lr=0.0, batch_size=35)
        if not all(map(np.array_equal, before[0], network.params)):
            raise Failure("fit with lr=0 changed the parameters; a step is p -= lr * gradient, and nothing else.")
        network.fit(far, y, steps=3, lr=0.1, batch_size=35)
        if all(map(np.array_equal, before[0], network.params)):
            raise Failure("fit with lr=0.1 leaves the arrays in .params as they are: write into them.")


def far_away(cls: Any, seed: int) -> tuple[Any, Array, Array, Array]:
    """A network, data far from mean 0 and variance 1, many other rows to predict, and labels."""
    network, X, y = small(cls, seed)
    far = 20 * np.tile(X, (10, 1)) + 30
    watched = 20 * np.random.default_rng([seed, 86]).standard_normal((300, WIDTHS[0]))
    return network, far, watched, np.tile(y, 10)


def check_running(cls: Any, seed: int) -> None:
    """fit moves what predict normalizes with."""
    for s in range(seed, seed + 3):
        network, far, watched, y = far_away(cls, s)
        before = np.array(network.predict(watched))
        network.fit(far, y, steps=40, lr=0.0, batch_size=35)
        if not np.array_equal(before, np.asarray(network.predict(watched))):
            return
    raise Failure(
        "The running statistics did not move: after 40 steps of fit with lr=0, on data far from mean 0 and "
        "variance 1, predict says what it said before.",
        "8.12",
        next_step="move the running mean and variance in every training step of fit.",
    )


def digits(seed: int) -> tuple[Array, Array, Array, Array]:
    from dlf.data import digits as load  # scikit-learn, only for the project

    X, y = load()
    order = np.random.default_rng([seed, 84]).permutation(len(X))
    train, test = order[:1200], order[1200:]
    mean, std = X[train].mean(axis=0), X[train].std(axis=0) + 0.01
    X = (X - mean) / std
    return X[train], y[train], X[test], y[test]


def check_accuracy(cls: Any, seed: int) -> None:
    reached = []
    for s in range(3):
        X, y, X_test, y_test = digits(s)
        network = cls([64, 64, 64, 10], normalize=True, rng=np.random.default_rng([seed, s]))
        losses = contract.array(network.fit(X, y, **TRAINING), (TRAINING["steps"],), "fit(...)")
        reached.append(float((labels(network, X_test, 10) == y_test).mean()))
        if losses[-20:].mean() > 0.7 * losses[:20].mean():
            raise Failure(
                "The loss hardly falls in 150 steps on the digits.",
                evidence=(f"first 20 steps {losses[:20].mean():.3f}, last 20 {losses[-20:].mean():.3f}",),
            )
    if min(reached) < ACCURACY:
        check_running(cls, seed)
        shown = ", ".join(f"{r:.3f}" for r in reached)
        raise Failure(
            f"Test accuracy on the digits is below {ACCURACY} for a seed.",
            evidence=(f"three seeds: {shown}; {TRAINING}",),
        )


def check_landscape(cls: Any, seed: int) -> None:
    """Early in training the gradient changes less along its own direction with normalization."""
    X, y, _, _ = digits(0)
    change = {}
    for normalize in (True, False):
        network = cls(list(LANDSCAPE_WIDTHS), normalize, np.random.default_rng([seed, 85]))
        network.fit(X, y, **LANDSCAPE_STEPS)
        change[normalize] = relative_change(network, X[:256], y[:256])
    if change[False] < SMOOTHER * change[True]:
        raise Failure(
            "With 8 hidden layers, after 50 steps, the gradient should change less along its own "
            f"direction with normalization, by a factor of {SMOOTHER:g} at least. Are the weights "
            "He-initialized, and does normalize=False leave everything else as it is?",
            evidence=tuple(f"normalize={k}: relative change {v:.3f}" for k, v in change.items()),
        )


def relative_change(network: Any, X: Array, y: Array, etas: Sequence[float] = (0.1, 0.2, 0.4)) -> float:
    """Relative gradient change along the gradient, at the network's present parameters."""
    start = [p.copy() for p in network.params]

    def at(params: list[Array]) -> tuple[float, list[Array]]:
        for p, value in zip(network.params, params, strict=True):
            p[...] = value
        loss, gradients = loss_and_gradients(network, X, y)
        return loss, [g.copy() for g in gradients]

    found = landscape_along_gradient(at, start, etas)
    for p, value in zip(network.params, start, strict=True):
        p[...] = value
    return found["relative_change"]


def check_report(cls: Any, seed: int) -> None:
    report = getattr(cls, "report", None)
    answered = report if isinstance(report, dict) else {}
    missing = [q for q in QUESTIONS if not str(answered.get(q) or "").replace("TODO", "").strip(" .?")]
    if missing:
        raise Failure(
            f"The report does not answer {', '.join(missing)} yet.",
            evidence=("report = {" + ", ".join(f'"{q}": "..."' for q in QUESTIONS) + "}",),
            next_step="write the answers into the class attribute report.",
        )


STEPS = (
    Step("", check_class),
    Step("loss", check_loss),
    Step("gradients", check_gradients),
    Step("evaluation", check_evaluation),
    Step("who moves what", check_fit),
    Step("accuracy on digits", check_accuracy),
    Step("landscape", check_landscape),
    Step("running statistics move", check_running),
    Step("report", check_report),
)

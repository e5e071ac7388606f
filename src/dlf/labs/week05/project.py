"""Grading of the project: five classes, their gradients, and three trainings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dlf.labs import contract
from dlf.labs.compare import Array
from dlf.labs.detectors import distance
from dlf.labs.exercise import Step
from dlf.labs.result import TODO
from dlf.labs.verdict import Failure, NotStarted
from dlf.labs.week05.probe import Guarded
from dlf.layers import conv2d, rnn, rnn_backward

CLASSES = ("Module", "Linear", "Conv2d", "RNN", "Sequential")
MLP: dict[str, Any] = {"steps": 600, "lr": 0.3, "accuracy": 0.9}
CNN: dict[str, Any] = {"steps": 200, "lr": 0.1, "accuracy": 0.85}
RECURRENT: dict[str, Any] = {"steps": 300, "lr": 0.3, "accuracy": 0.95}


# ---- what a module promises -------------------------------------------------------------------


def lists(module: Any, name: str) -> tuple[list[Array], list[Array]]:
    """params and grads, checked against each other."""
    found = []
    for attribute in ("params", "grads"):
        if not hasattr(module, attribute):
            raise Failure(
                f"{name} has no attribute .{attribute}.", status="error", next_step=f"set it in {name} or in Module."
            )
        value = getattr(module, attribute)
        if value is TODO:
            raise NotStarted
        if not isinstance(value, list | tuple):
            raise Failure(f"{name}.{attribute} is {contract.kind(value)}, expected a list of arrays.")
        found.append(list(value))
    return found[0], found[1]


def forward(module: Any, x: Array, shape: tuple[int, ...], name: str) -> Array:
    given = x.copy()
    y = contract.array(module.forward(given), shape, f"{name}.forward(x)")
    contract.unchanged([x], [given], f"The input of {name}.forward", "5.34")
    return y.copy()


def backward(module: Any, dy: Array, x: Array, name: str) -> tuple[Array, list[Array]]:
    """The gradient of x, and copies of .grads."""
    given = dy.copy()
    dx = contract.array(module.backward(given), x.shape, f"{name}.backward(grad_output)").copy()
    contract.unchanged([dy], [given], f"The grad_output of {name}.backward", "5.34")
    params, grads = lists(module, name)
    if len(params) != len(grads):
        raise Failure(
            f"After backward {name} has {len(params)} params and {len(grads)} grads; they are aligned, one gradient "
            "for each parameter."
        )
    return dx, [
        contract.array(g, p.shape, f"{name}.grads[{i}]").copy()
        for i, (p, g) in enumerate(zip(params, grads, strict=True))
    ]


def check_module(module: Any, x: Array, shape: tuple[int, ...], name: str, rng: np.random.Generator) -> None:
    """Central differences along a random direction, of x and of every parameter; then the same question again."""
    dy = rng.standard_normal(shape)
    forward(module, x, shape, name)
    dx, grads = backward(module, dy, x, name)
    _compare(lambda d: float(np.vdot(dy, module.forward(x + d))), dx, f"{name}.backward: the gradient of x", rng)
    for i, (p, g) in enumerate(zip(lists(module, name)[0], grads, strict=True)):
        _compare(_moved(module, x, dy, p, f"{name}.params[{i}]"), g, f"{name}.grads[{i}], shape {g.shape},", rng)
    _check_repeated(module, x, dy, dx, grads, name)


def _moved(module: Any, x: Array, dy: Array, p: Array, name: str) -> Callable[[Array], float]:
    start = p.copy()
    before = np.array(module.forward(x))
    p += 0.5
    if np.array_equal(before, module.forward(x)):
        raise Failure(
            f"{name} was changed in place, and forward gives what it gave before: .params holds copies, or forward "
            "does not use it.",
            next_step="put the arrays that forward uses into the list themselves.",
        )
    p[...] = start

    def loss(d: Array) -> float:
        p[...] = start + d
        value = float(np.vdot(dy, module.forward(x)))
        p[...] = start
        return value

    return loss


def _compare(loss: Callable[[Array], float], gradient: Array, what: str, rng: np.random.Generator) -> None:
    direction, h = rng.standard_normal(gradient.shape), 1e-5
    numeric = (loss(h * direction) - loss(-h * direction)) / (2 * h)
    found = float(np.vdot(gradient, direction))
    if abs(numeric - found) > 1e-5 * (1 + abs(numeric)):
        raise Failure(
            f"{what} is not the derivative.",
            evidence=(f"along a random direction: yours {found:.6f}, central difference {numeric:.6f}",),
            next_step="check this class alone; the exercises before have its formulas.",
        )


def _check_repeated(module: Any, x: Array, dy: Array, dx: Array, grads: list[Array], name: str) -> None:
    module.forward(x)
    again, more = backward(module, dy, x, name)
    same = [("the gradient of x", dx, again)]
    same += [(f".grads[{i}]", a, b) for i, (a, b) in enumerate(zip(grads, more, strict=True))]
    for what, a, b in same:
        if distance(b, a) <= 1e-12:
            continue
        if distance(b, 2 * a) < 1e-9:
            raise Failure(
                f"{name}: {what} is twice as large after a second forward and backward: backward assigns, it does not "
                "accumulate.",
                "5.34",
            )
        raise Failure(f"{name}: {what} is another one after a second forward and backward with the same input.", "5.34")


# ---- the five classes -------------------------------------------------------------------------


def check_namespace(cls: Any, seed: int) -> None:
    if any(getattr(cls, name, None) is TODO for name in CLASSES):
        raise NotStarted
    contract.class_(cls, (), {"train_step": ("model", "x", "labels", "lr")})
    for name in CLASSES:
        value = getattr(cls, name, None)
        if not isinstance(value, type):
            raise Failure(
                f"{cls.__name__} has no class .{name}; it is {contract.kind(value)}.",
                status="error",
                next_step=f"define class {name}, and write {name} = {name} into {cls.__name__}.",
            )
    strays = [n for n in CLASSES[1:] if not issubclass(getattr(cls, n), cls.Module)]
    if strays:
        raise Failure(
            f"{strays[0]} is no Module: a user's code may ask isinstance(layer, Module).",
            next_step=f"class {strays[0]}(Module): ...",
        )
    params, grads = lists(cls.Module(), "Module()")
    if params or grads:
        raise Failure("A bare Module() has no parameters: .params and .grads are empty lists.")
    _refuse_shared_lists(cls.Module)


def _refuse_shared_lists(Module: Any) -> None:
    """Two layers of a user's class, which may leave out __init__, have lists of their own."""
    user = type("Layer", (Module,), {})
    for kind in (Module, user):
        for name in ("params", "grads"):
            first, second = kind(), kind()
            if isinstance(getattr(first, name), list) and getattr(first, name) is getattr(second, name):
                raise Failure(
                    f"Two modules share one list .{name}: what the first appends to it, the second has too.",
                    "5.34",
                    next_step=f"make the list anew for every instance, self.{name} = [] in __init__, not in the class.",
                )


def made(cls: Any, name: str, *arguments: Any, **named: Any) -> Any:
    module = getattr(cls, name)(*arguments, **named)
    lists(module, name)
    return module


def shapes_of(module: Any, name: str, expected: list[tuple[int, ...]]) -> None:
    params, _ = lists(module, name)
    if len(params) != len(expected):
        raise Failure(f"{name} has {len(params)} parameters, expected {len(expected)}, of the shapes {expected}.")
    for i, (p, shape) in enumerate(zip(params, expected, strict=True)):
        contract.array(p, shape, f"{name}.params[{i}]")


def check_start(cls: Any, name: str, *arguments: Any) -> None:
    """The generator decides on the parameters, and no two layers share any."""
    first, same, other = (made(cls, name, *arguments, np.random.default_rng(s)) for s in (1, 1, 2))
    if not all(map(np.array_equal, first.params, same.params)):
        raise Failure(f"Two {name} with generators in the same state start differently: draw everything from rng.")
    if all(map(np.array_equal, first.params, other.params)):
        raise Failure(f"{name}: rng is ignored; two different generators give the same parameters.")
    if any(np.shares_memory(p, q) for p, q in zip(first.params, same.params, strict=True)):
        raise Failure(f"Two {name} share an array: training the first would change the second.", "5.34")


def same_values(found: Array, right: Array, what: str) -> None:
    if distance(found, right) > 1e-9:
        raise Failure(f"{what} has other values: relative distance {distance(found, right):.2g}.")


def stirred(module: Any, rng: np.random.Generator) -> Any:
    """No bias is 0, no matrix special."""
    for p in module.params:
        p[...] = 0.5 * rng.standard_normal(p.shape)
    return module


def check_linear(cls: Any, seed: int) -> None:
    rng = np.random.default_rng([seed, 21])
    module = made(cls, "Linear", 5, 3, rng)
    shapes_of(module, "Linear(5, 3)", [(5, 3), (3,)])
    check_start(cls, "Linear", 5, 3)
    stirred(module, rng)
    for leading in ((4,), (7, 2)):
        x, name = rng.standard_normal((*leading, 5)), f"Linear(5, 3) with x {(*leading, 5)}"
        y = forward(module, x, (*leading, 3), name)
        same_values(y, x @ module.params[0] + module.params[1], f"{name}: forward")
        check_module(module, x, (*leading, 3), name, rng)


def check_conv(cls: Any, seed: int) -> None:
    rng = np.random.default_rng([seed, 22])
    check_start(cls, "Conv2d", 2, 5, 3)
    for stride, padding, image in ((1, 0, (6, 5)), (1, 1, (5, 4)), (3, 2, (8, 7))):
        module = made(cls, "Conv2d", 2, 5, 3, rng, stride=stride, padding=padding)
        name = f"Conv2d(2, 5, 3, stride={stride}, padding={padding}) on {image[0]}x{image[1]}"
        shapes_of(module, name, [(5, 2, 3, 3), (5,)])
        stirred(module, rng)
        x = rng.standard_normal((4, 2, *image))
        right, _ = conv2d(x, *module.params, stride=stride, padding=padding)
        same_values(forward(module, x, right.shape, name), right, f"{name}: forward")
        check_module(module, x, right.shape, name, rng)


def check_rnn(cls: Any, seed: int) -> None:
    rng = np.random.default_rng([seed, 23])
    check_start(cls, "RNN", 3, 4)
    module = made(cls, "RNN", 3, 4, rng)
    shapes_of(module, "RNN(3, 4)", [(3, 4), (4, 4), (4,)])
    stirred(module, rng)
    x = rng.standard_normal((6, 2, 3))
    right, _ = rnn(x, np.zeros((2, 4)), *module.params)
    same_values(forward(module, x, right.shape, "RNN(3, 4)"), right, "RNN(3, 4): forward")
    check_module(module, x, right.shape, "RNN(3, 4)", rng)


# ---- layers that a user writes ----------------------------------------------------------------


def user_layers(Module: Any) -> tuple[Any, Any, Any]:
    """ReLU, Flatten and LastStep as a user of the learner's Module would write them."""

    class ReLU(Module):
        def forward(self, x: Array) -> Array:
            self.on = x > 0
            return np.where(self.on, x, 0.0)

        def backward(self, grad_output: Array) -> Array:
            return np.where(self.on, grad_output, 0.0)

    class Flatten(Module):
        def forward(self, x: Array) -> Array:
            self.shape = x.shape
            return x.reshape(len(x), -1)

        def backward(self, grad_output: Array) -> Array:
            return grad_output.reshape(self.shape)

    class LastStep(Module):
        def forward(self, x: Array) -> Array:
            self.shape = x.shape
            return np.array(x[-1])

        def backward(self, grad_output: Array) -> Array:
            dx = np.zeros(self.shape)
            dx[-1] = grad_output
            return dx

    return ReLU, Flatten, LastStep


def check_sequential(cls: Any, seed: int) -> None:
    rng = np.random.default_rng([seed, 24])
    relu, flatten, _ = user_layers(cls.Module)
    parts = [made(cls, "Conv2d", 1, 2, 3, rng), made(cls, "Linear", 12, 5, rng), made(cls, "Linear", 5, 3, rng)]
    inner = cls.Sequential(parts[0], relu(), flatten())
    module = cls.Sequential(inner, parts[1], relu(), parts[2])
    own = [p for part in parts for p in part.params]
    params, _ = lists(module, "Sequential")
    if len(params) != len(own) or not all(np.shares_memory(p, q) for p, q in zip(params, own, strict=True)):
        raise Failure(
            "Sequential.params is not the parameters of its modules, in order, the arrays themselves; a Sequential "
            "inside another, and layers without parameters, count as modules.",
            evidence=(f"yours has {len(params)} arrays, expected {len(own)}",),
        )
    stirred(module, rng)
    x, name = rng.standard_normal((2, 1, 5, 4)), "Sequential(Sequential(Conv2d, ReLU, Flatten), Linear, ReLU, Linear)"
    y = x
    for part in (parts[0], relu(), flatten(), parts[1], relu(), parts[2]):
        y = part.forward(y)
    same_values(forward(module, x, (2, 3), name), y, f"{name}: forward")
    check_module(module, x, (2, 3), name, rng)


# ---- training ---------------------------------------------------------------------------------


Arrays = list[Array]


def cross_entropy(logits: Array, labels: Array) -> tuple[float, Array]:
    """The mean loss, and its gradient by the logits."""
    log_p = logits - logits.max(axis=1, keepdims=True)
    log_p = log_p - np.log(np.exp(log_p).sum(axis=1, keepdims=True))
    picked = np.eye(logits.shape[1])[labels]
    return float(-(log_p * picked).sum(axis=1).mean()), (np.exp(log_p) - picked) / len(labels)


def linear_gradients(model: Any, x: Array, labels: Array) -> tuple[float, Arrays]:
    """Loss and gradients of one Linear."""
    w, b = model.params
    loss, delta = cross_entropy(x @ w + b, labels)
    return loss, [x.T @ delta, delta.sum(axis=0)]


def recurrent_gradients(model: Any, x: Array, labels: Array) -> tuple[float, Arrays]:
    """Loss and gradients of Sequential(RNN, LastStep, Linear)."""
    wx, wh, b, w, c = model.params
    h, cache = rnn(x, np.zeros((x.shape[1], len(b))), wx, wh, b)
    loss, delta = cross_entropy(h[-1] @ w + c, labels)
    dh = np.zeros_like(h)
    dh[-1] = delta @ w.T
    return loss, [*rnn_backward(dh, cache)[2:], h[-1].T @ delta, delta.sum(axis=0)]


def take_step(cls: Any, model: Any, x: Array, labels: Array, where: str) -> tuple[float, Arrays]:
    """The loss that train_step returns, and by what it moved the parameters, over -lr."""
    before, given, lr = [p.copy() for p in model.params], (x.copy(), labels.copy()), 0.125
    loss = contract.number(cls().train_step(model, *given, lr), f"The loss that train_step returns{where}")
    contract.unchanged((x, labels), given, "x or labels", "5.34")
    moved = [
        contract.array(p, old.shape, f"params[{i}]")
        for i, (p, old) in enumerate(zip(model.params, before, strict=True))
    ]
    return loss, [(old - new) / lr for old, new in zip(before, moved, strict=True)]


def check_step(cls: Any, seed: int) -> None:
    """One step: the mean cross-entropy before it, and parameters moved by -lr * gradient."""
    rng = np.random.default_rng([seed, 25])
    model, x, labels = made(cls, "Linear", 4, 3, rng), rng.standard_normal((5, 4)), np.array([0, 2, 1, 1, 2])
    stirred(model, rng)
    right, gradients = linear_gradients(model, x, labels)
    loss, steps = take_step(cls, model, x, labels, "")
    if abs(loss - right) > 1e-9:
        _refuse_loss(loss, right, cross_entropy(model.forward(x), labels)[0], x, labels)
    _compare_steps(steps, gradients, x, labels)


def check_recurrent_step(cls: Any, seed: int) -> None:
    """The same where x is (T, N, I): as many labels as sequences, and another number of steps."""
    rng = np.random.default_rng([seed, 29])
    _, _, last = user_layers(cls.Module)
    model = stirred(cls.Sequential(made(cls, "RNN", 2, 4, rng), last(), made(cls, "Linear", 4, 3, rng)), rng)
    x, labels = rng.standard_normal((7, 5, 2)), np.array([0, 2, 1, 1, 2])
    right, gradients = recurrent_gradients(model, x, labels)
    loss, steps = take_step(cls, model, x, labels, " for x (T, N, I)")
    if abs(loss - right) > 1e-9:
        _refuse_loss(loss, right, cross_entropy(model.forward(x), labels)[0], x, labels)
    _compare_steps(steps, gradients, x, labels)


def check_large_gradient(cls: Any, seed: int) -> None:
    """Plain gradient descent: a long gradient makes a long step."""
    rng = np.random.default_rng([seed, 30])
    model, x = made(cls, "Linear", 4, 3, rng), 300.0 * rng.standard_normal((6, 4))
    labels = (x @ stirred(model, rng).params[0]).argmin(axis=1)  # every answer is wrong
    _, gradients = linear_gradients(model, x, labels)
    _, steps = take_step(cls, model, x, labels, " for large inputs")
    yours, norm = (float(np.sqrt(sum((a**2).sum() for a in arrays))) for arrays in (steps, gradients))
    if any(distance(a, r) > 1e-7 for a, r in zip(steps, gradients, strict=True)):
        raise Failure(
            f"A gradient of norm {norm:.4g} makes a step of norm {yours:.4g} times lr: plain gradient descent does not "
            "clip, neither the gradient nor the logits.",
            next_step="p -= lr * g, whatever the size of g.",
        )


def check_large_logits(cls: Any, seed: int) -> None:
    """The logits are the weights: exact losses of 1000 and 1500, and a step that is not 0."""
    model = made(cls, "Linear", 2, 3, np.random.default_rng([seed, 31]))
    logits, labels = np.array([[1000.0, 0.0, 0.0], [0.0, -1000.0, 500.0]]), np.array([1, 1])
    for p, value in zip(model.params, (logits, 0.0), strict=True):
        p[...] = value
    right, gradients = linear_gradients(model, np.eye(2), labels)
    loss, steps = take_step(cls, model, np.eye(2), labels, " for logits of size 1000")
    shown = "logits [[1000, 0, 0], [0, -1000, 500]], labels [1, 1]"
    way = "log p = z - m - log(sum(exp(z - m))) with m = max(z) of the row: nothing is clipped, nothing added to p."
    if abs(loss - right) > 1e-9 * right:
        raise Failure(
            f"For large logits train_step returns {loss:.6g}, and the loss is {right:g}: finite is not enough.",
            evidence=(shown,),
            next_step=way,
        )
    if any(distance(a, r) > 1e-7 for a, r in zip(steps, gradients, strict=True)):
        evidence = (shown, f"step of params[1], over -lr: yours {steps[1]}, expected {gradients[1]}")
        raise Failure("For large logits train_step makes another step.", evidence=evidence, next_step=way)


def _refuse_loss(loss: float, right: float, after: float, x: Array, labels: Array) -> None:
    n = len(labels)
    if abs(loss - n * right) < 1e-9:
        raise Failure("train_step returns the sum of the losses; the mean over the batch is asked.")
    if len(x) != n and abs(loss - right * n / len(x)) < 1e-9:
        raise Failure(BY_LENGTH.format("the loss", len(x), n), next_step="divide by len(labels).")
    if abs(loss - after) < 1e-9:
        raise Failure("train_step returns the loss after the step; the one before it is asked.")
    raise Failure(
        f"train_step returns {loss:.6f}; the mean cross-entropy before the step is {right:.6f}, a difference of "
        f"{loss - right:.1e}."
    )


BY_LENGTH = (
    "train_step divides {} by len(x) = {}, which is T for a sequence x (T, N, I): divide by the number of labels, {}."
)


def _compare_steps(steps: Arrays, gradients: Arrays, x: Array, labels: Array) -> None:
    for i, (step, gradient) in enumerate(zip(steps, gradients, strict=True)):
        if distance(step, gradient) > 1e-7:
            _refuse_step(step, gradient, i, len(x), len(labels))


def _refuse_step(step: Array, gradient: Array, i: int, first: int, n: int) -> None:
    if not step.any():
        raise Failure(f"train_step leaves params[{i}] as it is: write into it, p -= lr * g.")
    if first != n and distance(step, gradient * n / first) < 1e-7:
        raise Failure(BY_LENGTH.format("the gradient", first, n), next_step="divide by len(labels).")
    if distance(step, n * gradient) < 1e-7:
        raise Failure("train_step uses the gradient of the sum of the losses: divide by the number of labels.")
    if distance(step, gradient / n) < 1e-7:
        raise Failure(
            f"The step is 1/N = 1/{n} of the right one: the gradient is divided by the batch twice.",
            next_step="divide the gradient of the logits by len(labels), once; no layer divides again.",
        )
    if distance(step, -gradient) < 1e-7:
        raise Failure("train_step climbs: the step goes against the gradient, p -= lr * g.")
    raise Failure(f"train_step does not move params[{i}] by -lr * its gradient.")


def spirals(rng: np.random.Generator, n: int = 300) -> tuple[Array, Array]:
    """Three arms in the plane: no line separates them."""
    labels = np.repeat(np.arange(3), n // 3)
    radius = np.sqrt(rng.uniform(0.02, 1.0, len(labels)))
    angle = 2 * np.pi * (0.8 * radius + labels / 3)
    points = 2 * radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return points + rng.normal(0.0, 0.03, points.shape), labels


def first_sign(rng: np.random.Generator, n: int, steps: int = 8) -> tuple[Array, Array]:
    """Input 0 is -1 or 1, noise follows; the label is the sign: it has to be remembered."""
    labels = rng.integers(0, 2, n)
    x = 0.3 * rng.standard_normal((steps, n, 1))
    x[0, :, 0] = 2 * labels - 1
    return x, labels


def image_digits(rng: np.random.Generator) -> tuple[Array, Array]:
    from dlf.data import digits  # scikit-learn, only for the project

    x, labels = digits()
    order = rng.permutation(len(x))
    return x[order].reshape(-1, 1, 8, 8), labels[order]


def train(cls: Any, model: Any, batch: Callable[[], tuple[Array, Array]], setting: dict[str, Any]) -> Array:
    return np.array(
        [contract.number(cls().train_step(model, *batch(), setting["lr"]), "The loss") for _ in range(setting["steps"])]
    )


def require(model: Any, x: Array, labels: Array, losses: Array, setting: dict[str, Any], sentence: str) -> None:
    reached = float((np.asarray(model.forward(x)).argmax(axis=1) == labels).mean())
    if reached < setting["accuracy"]:
        raise Failure(
            sentence,
            evidence=(
                f"accuracy on new data {reached:.3f}, asked {setting['accuracy']}; {setting['steps']} steps, "
                f"lr {setting['lr']}",
                f"mean loss of the first 20 steps {losses[:20].mean():.3f}, of the last 20 {losses[-20:].mean():.3f}",
            ),
            next_step="the gradients and the step are right, so look at how the parameters start.",
        )


def by_losses(losses: Array) -> str:
    """What the losses say about a network with two classes, whose guess costs ln 2."""
    late, guess = losses[-20:].mean(), np.log(2)
    if abs(late - guess) < 0.1:
        return (
            " The loss stays at ln 2, that of a guess: a small wh lets the gradient of the first step vanish; ask "
            "gradient_norm_by_lag."
        )
    if late > max(losses[:20].mean(), guess):
        return f" The loss grows: at your start the steps of lr {RECURRENT['lr']} are too large. Start smaller."
    return ""


def check_mlp(cls: Any, seed: int) -> None:
    rng = np.random.default_rng([seed, 26])
    relu, _, _ = user_layers(cls.Module)
    model = cls.Sequential(cls.Linear(2, 32, rng), relu(), cls.Linear(32, 32, rng), relu(), cls.Linear(32, 3, rng))
    data = spirals(rng)
    losses = train(cls, model, lambda: data, MLP)
    require(model, *spirals(rng), losses, MLP, "The MLP does not learn the spirals, 2-32-32-3 with ReLU.")


def check_cnn(cls: Any, seed: int) -> None:
    rng = np.random.default_rng([seed, 27])
    relu, flatten, _ = user_layers(cls.Module)
    model = cls.Sequential(
        cls.Conv2d(1, 8, 3, rng, padding=1),
        relu(),
        cls.Conv2d(8, 16, 3, rng, stride=2, padding=1),
        relu(),
        flatten(),
        cls.Linear(256, 10, rng),
    )
    x, labels = image_digits(rng)

    def batch() -> tuple[Array, Array]:
        rows = rng.choice(1200, 64, replace=False)
        return x[rows], labels[rows]

    losses = train(cls, model, batch, CNN)
    require(model, x[1200:], labels[1200:], losses, CNN, "The CNN does not learn the digits: two Conv2d and a Linear.")


def check_recurrent(cls: Any, seed: int) -> None:
    rng = np.random.default_rng([seed, 28])
    _, _, last = user_layers(cls.Module)
    model = cls.Sequential(cls.RNN(1, 16, rng), last(), cls.Linear(16, 2, rng))
    losses = train(cls, model, lambda: first_sign(rng, 64), RECURRENT)
    require(
        model,
        *first_sign(rng, 500),
        losses,
        RECURRENT,
        "The RNN does not learn to remember the sign of its first input over 8 steps." + by_losses(losses),
    )


RNN_STEP = "Sequential(RNN(2, 4), LastStep(), Linear(4, 3)), x (T, N, I) = (7, 5, 2), 5 labels"
STEPS = (
    Step("Module", check_namespace),
    Step("Linear", check_linear),
    Step("Conv2d", check_conv),
    Step("RNN", check_rnn),
    Step("Sequential", check_sequential),
    Step("train_step", check_step),
    Step("train_step of an RNN", Guarded(check_recurrent_step, "project", "train_step of an RNN", RNN_STEP, None)),
    Step("large logits", check_large_logits),
    Step("large gradients", check_large_gradient),
    Step("an MLP on spirals", check_mlp),
    Step("a CNN on digits", check_cnn),
    Step("an RNN that remembers", check_recurrent),
)

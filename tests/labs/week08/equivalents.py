"""Right solutions of week 8 that are written differently: every check has to accept all of them."""

from __future__ import annotations

import copy
import math

import numpy as np

# ---- batch_statistics -------------------------------------------------------------------------


def statistics_by_loop(x):
    if x.ndim == 4:
        x = x.transpose(0, 2, 3, 1).reshape(-1, x.shape[1])
    m, channels = x.shape
    mean, var = np.zeros(channels), np.zeros(channels)
    for c in range(channels):
        for i in range(m):
            mean[c] += x[i, c] / m
        for i in range(m):
            var[c] += (x[i, c] - mean[c]) ** 2 / m
    return mean, var


def statistics_by_einsum(x):
    columns = x.reshape(x.shape[0], x.shape[1], -1)
    m = columns.shape[0] * columns.shape[2]
    mean = np.einsum("ncs->c", columns) / m
    centred = columns - mean[None, :, None]
    return [mean, np.einsum("ncs,ncs->c", centred, centred) / m]  # a list is as good as a tuple


def statistics_welford(x):
    """One pass, updating mean and sum of squares: stable as well."""
    columns = np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])
    mean, total = np.zeros(x.shape[1]), np.zeros(x.shape[1])
    for n, row in enumerate(columns, start=1):
        delta = row - mean
        mean = mean + delta / n
        total = total + delta * (row - mean)
    return mean, total / len(columns)


STATISTICS = [statistics_by_loop, statistics_by_einsum, statistics_welford]


# ---- BatchNormalization -----------------------------------------------------------------------


class ChainRuleGraph:
    """The textbook's graph, node by node; images by transposing to (N*H*W, C)."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        self.gamma, self.beta = np.ones(num_features), np.zeros(num_features)
        self.running_mean, self.running_var = np.zeros(num_features), np.ones(num_features)
        self.eps, self.momentum = eps, momentum

    def rows(self, x):
        return x if x.ndim == 2 else x.transpose(0, 2, 3, 1).reshape(-1, x.shape[1])

    def like(self, rows, shape):
        if len(shape) == 2:
            return rows
        n, c, h, w = shape
        return rows.reshape(n, h, w, c).transpose(0, 3, 1, 2)

    def forward(self, x, training=True):
        rows = self.rows(x)
        if training and len(rows) == 1:
            raise ValueError("one value a channel")
        self.training = training
        if not training:
            self.sqrtvar = np.sqrt(self.running_var + self.eps)
            self.xhat = (rows - self.running_mean) / self.sqrtvar
            return self.like(self.gamma * self.xhat + self.beta, x.shape)
        m = len(rows)
        self.mu = rows.sum(axis=0) / m
        self.xmu = rows - self.mu
        self.var = (self.xmu**2).sum(axis=0) / m
        self.sqrtvar = np.sqrt(self.var + self.eps)
        self.ivar = 1.0 / self.sqrtvar
        self.xhat = self.xmu * self.ivar
        self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * self.mu
        unbiased = self.var * m / (m - 1)
        self.running_var = (1 - self.momentum) * self.running_var + self.momentum * unbiased
        return self.like(self.gamma * self.xhat + self.beta, x.shape)

    def backward(self, dout):
        d = self.rows(dout)
        m, ones = len(d), np.ones_like(d)
        dbeta, dgamma = d.sum(axis=0), (d * self.xhat).sum(axis=0)
        dxhat = d * self.gamma
        if not self.training:
            return self.like(dxhat / self.sqrtvar, dout.shape), dgamma, dbeta
        divar = (dxhat * self.xmu).sum(axis=0)
        dxmu1 = dxhat * self.ivar
        dsqrtvar = -divar / self.sqrtvar**2
        dvar = 0.5 * dsqrtvar / np.sqrt(self.var + self.eps)
        dxmu2 = 2 * self.xmu * (ones * dvar / m)
        dx1 = dxmu1 + dxmu2
        dmu = -dx1.sum(axis=0)
        dx = dx1 + ones * dmu / m
        return self.like(dx, dout.shape), dgamma, dbeta


class CompactFormula:
    """Kept dimensions, in-place running statistics, the three-term formula."""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        self.eps, self.momentum = eps, momentum
        self.gamma, self.beta = np.full(num_features, 1.0), np.full(num_features, 0.0)
        self.running_mean, self.running_var = np.zeros(num_features), np.ones(num_features)

    def forward(self, x, training=True):
        axes = tuple(a for a in range(x.ndim) if a != 1)
        view = [1] * x.ndim
        view[1] = -1
        if training:
            m = x.size // x.shape[1]
            if m < 2:
                raise ValueError("need more than one value per channel")
            mean, var = x.mean(axis=axes), x.var(axis=axes)
            self.running_mean *= 1 - self.momentum
            self.running_mean += self.momentum * mean
            self.running_var *= 1 - self.momentum
            self.running_var += self.momentum * x.var(axis=axes, ddof=1)
        else:
            mean, var = self.running_mean, self.running_var
        self.view, self.axes, self.training = view, axes, training
        self.std = np.sqrt(var + self.eps).reshape(view)
        self.xhat = (x - mean.reshape(view)) / self.std
        return self.gamma.reshape(view) * self.xhat + self.beta.reshape(view)

    def backward(self, grad_output):
        self.grad_beta = np.sum(grad_output, axis=self.axes)
        self.grad_gamma = np.sum(grad_output * self.xhat, axis=self.axes)
        m = grad_output.size // grad_output.shape[1]
        b, g = self.grad_beta.reshape(self.view), self.grad_gamma.reshape(self.view)
        scale = self.gamma.reshape(self.view) / (m * self.std)
        if not self.training:
            return scale * m * grad_output
        return scale * (m * grad_output - b - self.xhat * g)


class Projection:
    """The gradient is projected away from the constants and from xhat."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        self.num_features = num_features
        self.gamma = np.ones((num_features,))
        self.beta = np.zeros((num_features,))
        self.running_mean = np.zeros((num_features,))
        self.running_var = np.ones((num_features,))
        self.eps = eps
        self.momentum = momentum

    def forward(self, x, training=True):
        flat = np.swapaxes(x, 0, 1).reshape(self.num_features, -1)  # (C, m)
        if training:
            m = flat.shape[1]
            if m == 1:
                raise ValueError("batch of one")
            mean = flat @ np.full(m, 1 / m)
            centred = flat - mean[:, None]
            var = np.einsum("cm,cm->c", centred, centred) / m
            self.running_mean = self.running_mean - self.momentum * (self.running_mean - mean)
            self.running_var = self.running_var - self.momentum * (self.running_var - var * m / (m - 1))
        else:
            var, centred = self.running_var, flat - self.running_mean[:, None]
        self.training, self.inv = training, (var + self.eps) ** -0.5
        self.u = centred * self.inv[:, None]
        return self._unflatten(self.gamma[:, None] * self.u + self.beta[:, None], x.shape)

    def _unflatten(self, flat, shape):
        swapped = (shape[1], shape[0], *shape[2:])
        return np.swapaxes(flat.reshape(swapped), 0, 1)

    def backward(self, grad_output):
        d = np.swapaxes(grad_output, 0, 1).reshape(self.num_features, -1)
        m = d.shape[1]
        self.grad_gamma = np.einsum("cm,cm->c", d, self.u)
        self.grad_beta = d @ np.ones(m)
        if not self.training:
            return self._unflatten((self.gamma * self.inv)[:, None] * d, grad_output.shape)
        constants = np.eye(m) - np.full((m, m), 1 / m)
        along = d - self.u * (self.grad_gamma / m)[:, None]
        dx = (self.gamma * self.inv)[:, None] * (along @ constants)
        return self._unflatten(dx, grad_output.shape)


class Loops:
    """Channel by channel in plain Python arithmetic; backward through the Jacobian."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        self.c, self.eps, self.momentum = num_features, eps, momentum
        self.gamma, self.beta = np.ones(self.c), np.zeros(self.c)
        self.running_mean, self.running_var = np.zeros(self.c), np.ones(self.c)

    def forward(self, x, training=True):
        if training and x.size == x.shape[1]:
            raise ValueError("one value per channel")
        y, self.training = np.empty_like(x), training
        self.kept = []
        for c in range(self.c):
            values = x[:, c].ravel()
            m = len(values)
            if training:
                mean = math.fsum(values) / m
                var = math.fsum((v - mean) ** 2 for v in values) / m
                self.running_mean[c] += self.momentum * (mean - self.running_mean[c])
                self.running_var[c] += self.momentum * (var * m / (m - 1) - self.running_var[c])
            else:
                mean, var = self.running_mean[c], self.running_var[c]
            xhat = (values - mean) / math.sqrt(var + self.eps)
            y[:, c] = (self.gamma[c] * xhat + self.beta[c]).reshape(y[:, c].shape)
            self.kept.append((xhat, math.sqrt(var + self.eps)))
        return y

    def backward(self, grad_output):
        dx = np.empty_like(grad_output)
        self.grad_gamma, self.grad_beta = np.empty(self.c), np.empty(self.c)
        for c, (xhat, std) in enumerate(self.kept):
            d = grad_output[:, c].ravel()
            m = len(d)
            paths = 1 / m + np.outer(xhat, xhat) / m if self.training else 0.0
            jacobian = self.gamma[c] / std * (np.eye(m) - paths)
            dx[:, c] = (jacobian.T @ d).reshape(dx[:, c].shape)
            self.grad_gamma[c], self.grad_beta[c] = d @ xhat, d.sum()
        return dx


BATCH_NORMALIZATION = [ChainRuleGraph, CompactFormula, Projection, Loops]


# ---- gradient_check ---------------------------------------------------------------------------


def check_by_copies(layer, x, grad_output, h=1e-6):
    """A fresh copy of the layer for every forward pass."""

    def loss(values):
        return float((grad_output * copy.deepcopy(layer).forward(values)).sum())

    own = copy.deepcopy(layer)
    own.forward(x)
    analytic = own.backward(grad_output)
    numeric = np.zeros_like(x)
    for i in range(x.size):
        e = np.zeros(x.size)
        e[i] = h
        e = e.reshape(x.shape)
        numeric.flat[i] = (loss(x + e) - loss(x - e)) / (2 * h)
    return np.abs(analytic - numeric).max() / np.abs(numeric).max()


def check_by_directions(layer, x, grad_output, h=1e-6):
    """Random directions in place of single entries; perturbs x and puts it back."""
    saved = copy.deepcopy(layer.__dict__)
    layer.forward(x)
    analytic = layer.backward(grad_output)
    rng, start, errors = np.random.default_rng(1), x.copy(), []
    for _ in range(5):
        v = rng.standard_normal(x.shape)
        x[...] = start + h * v
        up = np.vdot(grad_output, layer.forward(x))
        x[...] = start - h * v
        down = np.vdot(grad_output, layer.forward(x))
        slope, mine = (up - down) / (2 * h), np.vdot(analytic, v)
        errors.append(abs(slope - mine) / (abs(slope) + abs(mine) + 1e-8))
    x[...] = start
    layer.__dict__.update(saved)
    return max(errors)


def check_saving_arrays(layer, x, grad_output, h=1e-6):
    mean, var = layer.running_mean.copy(), layer.running_var.copy()
    numeric = np.zeros(x.shape)
    work = x.copy()
    for index, value in np.ndenumerate(x):
        work[index] = value + h
        plus = layer.forward(work, training=True)
        work[index] = value - h
        minus = layer.forward(work, training=True)
        work[index] = value
        numeric[index] = (grad_output * (plus - minus)).sum() / (2 * h)
    layer.forward(x, training=True)
    analytic = layer.backward(grad_output)
    layer.running_mean, layer.running_var = mean, var
    return np.float64(np.linalg.norm(analytic - numeric) / np.linalg.norm(numeric))


GRADIENT_CHECK = [check_by_copies, check_by_directions, check_saving_arrays]


# ---- fold -------------------------------------------------------------------------------------


def fold_by_matrix(weight, bias, layer):
    scale = np.diag(layer.gamma * (layer.running_var + layer.eps) ** -0.5)
    return weight @ scale, scale @ (bias - layer.running_mean) + layer.beta


def fold_by_probing(weight, bias, layer):
    """An affine map is known from its values at 0 and at the unit vectors."""
    at_zero = layer.forward(bias[None], training=False)[0]
    return layer.forward(weight + bias, training=False) - at_zero, at_zero


def fold_by_loop(weight, bias, layer):
    new_weight, new_bias = np.empty(weight.shape), np.empty(bias.shape)
    for j in range(weight.shape[1]):
        std = math.sqrt(layer.running_var[j] + layer.eps)
        for i in range(weight.shape[0]):
            new_weight[i, j] = layer.gamma[j] * weight[i, j] / std
        new_bias[j] = layer.gamma[j] * (bias[j] - layer.running_mean[j]) / std + layer.beta[j]
    return [new_weight, new_bias]


FOLD = [fold_by_matrix, fold_by_probing, fold_by_loop]


# ---- gradient_growth --------------------------------------------------------------------------


def growth_by_arrays(batch, width, depth, rng):
    h, kept = rng.normal(size=(batch, width)), []
    for _ in range(depth):
        w = rng.normal(0.0, (2 / width) ** 0.5, (width, width))
        z = h @ w
        s = z.std(axis=0)
        z = (z - z.mean(axis=0)) / s
        h = z * (z > 0)
        kept.append((w, z, s))
    g, norms = rng.normal(size=(batch, width)), {}
    norms[depth] = (g**2).sum()
    for level in range(depth, 0, -1):
        w, z, s = kept[level - 1]
        d = g * (z > 0)
        g = ((d - d.mean(axis=0) - z * (d * z).mean(axis=0)) / s) @ w.T
        norms[level - 1] = (g**2).sum()
    factors = [norms[level - 1] / norms[level] for level in range(5, depth - 3)]
    return np.exp(np.mean(np.log(factors)))


def growth_weights_first(batch, width, depth, rng):
    """Weights of any scale: the normalization removes it, and the factor with it."""
    weights = rng.standard_normal((depth, width, width))
    top, h = rng.standard_normal((batch, width)), rng.standard_normal((batch, width))
    layers = [CompactFormula(width, 1e-30) for _ in range(depth)]
    masks = []
    for w, layer in zip(weights, layers, strict=True):
        z = layer.forward(h @ w)
        masks.append(z > 0)
        h = np.where(masks[-1], z, 0.0)
    log, g = [np.log(np.linalg.norm(top) ** 2)], top
    for w, layer, mask in zip(weights[::-1], layers[::-1], masks[::-1], strict=True):
        g = layer.backward(np.where(mask, g, 0.0)) @ w.T
        log.append(np.log(np.linalg.norm(g) ** 2))
    return math.exp((log[depth - 4] - log[4]) / (depth - 8))


def growth_by_fit(batch, width, depth, rng):
    """The slope of log |g_l|^2 by least squares, which uses every layer of the middle."""
    gaussian = rng.standard_normal
    h, steps = gaussian((batch, width)), []
    for _ in range(depth):
        w = gaussian((width, width)) * np.sqrt(2 / width)
        layer = Projection(width, 1e-30)
        z = layer.forward(h @ w)
        h = np.clip(z, 0, None)
        steps.append((w, layer, np.heaviside(z, 0.0)))
    g = gaussian((batch, width))
    log = {depth: np.log((g * g).sum())}
    for level in range(depth - 1, -1, -1):
        w, layer, mask = steps[level]
        g = np.einsum("bo,io->bi", layer.backward(mask * g), w)
        log[level] = np.log((g * g).sum())
    levels = np.arange(4, depth - 3)
    return float(np.exp(-np.polyfit(levels, [log[level] for level in levels], 1)[0]))


GROWTH = [growth_by_arrays, growth_weights_first, growth_by_fit]


# ---- landscape_along_gradient -----------------------------------------------------------------


def landscape_flat(loss_and_gradient, params, etas):
    def flat(arrays):
        return np.concatenate([a.ravel() for a in arrays])

    _, g = loss_and_gradient(params)
    losses, change = [], 0.0
    for eta in etas:
        loss, gradient = loss_and_gradient([p - eta * d for p, d in zip(params, g, strict=True)])
        losses.append(loss)
        change = max(change, np.linalg.norm(flat(gradient) - flat(g)))
    return {
        "loss_range": np.ptp(losses),
        "gradient_change": change,
        "relative_change": change / np.linalg.norm(flat(g)),
    }


def landscape_in_place(loss_and_gradient, params, etas):
    """Moves a copy in place."""
    work = [p.copy() for p in params]
    _, gradient = loss_and_gradient(work)
    base = [g.copy() for g in gradient]
    losses, changes = [], []
    for eta in etas:
        for w, p, g in zip(work, params, base, strict=True):
            w[...] = p - eta * g
        loss, gradient = loss_and_gradient(work)
        losses.append(loss)
        squares = (((a - b) ** 2).sum() for a, b in zip(gradient, base, strict=True))
        changes.append(math.sqrt(sum(squares)))
    size = math.sqrt(sum((g**2).sum() for g in base))
    return {
        "loss_range": max(losses) - min(losses),
        "gradient_change": max(changes),
        "relative_change": max(changes) / size,
    }


def landscape_vectorized(loss_and_gradient, params, etas):
    start = loss_and_gradient(params)[1]
    results = [loss_and_gradient([p - e * g for p, g in zip(params, start, strict=True)]) for e in etas]
    losses = np.array([loss for loss, _ in results])
    squared = [sum(np.vdot(a - b, a - b) for a, b in zip(g, start, strict=True)) for _, g in results]
    change = np.sqrt(np.max(squared))
    return {
        "loss_range": losses.max() - losses.min(),
        "gradient_change": change,
        "relative_change": change / np.sqrt(sum(np.vdot(g, g) for g in start)),
        "extra": 0,
    }


LANDSCAPE = [landscape_flat, landscape_in_place, landscape_vectorized]


# ---- bug_hunt ---------------------------------------------------------------------------------


def made(cls, channels=3, eps=1e-3, momentum=0.2):
    rng = np.random.default_rng(5)
    layer = cls(channels, eps, momentum)
    layer.gamma[:] = rng.uniform(0.5, 2, channels)
    layer.beta[:] = rng.uniform(-1, 1, channels)
    return layer, rng


def expose_by_comparison(suspect):
    """Compare everything with an own implementation."""
    for shape in ((5, 3), (2, 3, 2, 2)):
        results = []
        for cls in (suspect, ChainRuleGraph):
            layer, rng = made(cls)
            x, dy = rng.standard_normal((2, *shape)) * 0.1
            y = layer.forward(x)
            back = layer.backward(dy)
            dx = back[0] if isinstance(back, tuple) else back
            results.append([y, dx, layer.running_mean, layer.running_var, layer.forward(x, False)])
        if not all(np.allclose(a, b) for a, b in zip(*results, strict=True)):
            return True
    return False


def expose_by_properties(suspect):
    """Properties only: normalized output, gradient check, running statistics, evaluation."""
    layer, rng = made(suspect)
    x = rng.standard_normal((4, 3, 2, 2)) * 0.05
    axes, view = (0, 2, 3), (1, 3, 1, 1)
    y = layer.forward(x)
    var = x.var(axis=axes)
    normalized = (y - layer.beta.reshape(view)) / layer.gamma.reshape(view)
    if not np.allclose(normalized.var(axis=axes), var / (var + 1e-3)):
        return True
    if not np.allclose(layer.running_mean, 0.2 * x.mean(axis=axes)):
        return True
    if not np.allclose(layer.running_var, 0.8 + 0.2 * x.var(axis=axes, ddof=1)):
        return True
    alone = layer.forward(x[:1], False)
    if not np.allclose(alone, layer.forward(x, False)[:1]):
        return True
    rows = rng.standard_normal((4, 3))
    return bool(check_by_copies(made(suspect)[0], rows, rng.standard_normal((4, 3))) > 1e-4)


def expose_numpy_bool(suspect):
    return np.bool_(expose_by_comparison(suspect))


BUG_HUNT = [expose_by_comparison, expose_by_properties, expose_numpy_bool]

ALL = {
    "batch_statistics": STATISTICS,
    "BatchNormalization.forward": BATCH_NORMALIZATION,
    "BatchNormalization.backward": BATCH_NORMALIZATION,
    "gradient_check": GRADIENT_CHECK,
    "fold": FOLD,
    "gradient_growth": GROWTH,
    "landscape_along_gradient": LANDSCAPE,
    "bug_hunt": BUG_HUNT,
}

"""checkpoint: the same gradients, one more forward call, less memory, and a world that does not notice."""

from __future__ import annotations

import tracemalloc
import weakref

import numpy as np
import pytest

from dlf import autodiff as ad
from dlf.autodiff import Tensor, checkpoint, grad, hvp, jvp, no_grad, value_and_grad
from dlf.autodiff.checkpointing import Snapshot

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 3))
GLOBAL_RNG = np.random.default_rng(7)
GLOBAL_MEAN = np.zeros(3)


def weights(seed=0):
    return Tensor(np.random.default_rng(seed).normal(size=(3, 3)), requires_grad=True)


def gradients(f, *leaves):
    """Value, and gradients of sum(f(x)^2) with respect to x and the leaves that f closes over."""
    x = Tensor(X, requires_grad=True)
    for leaf in leaves:
        leaf.grad = None
    y = (f(x) ** 2).sum()
    y.backward()
    return [y.data, x.grad, *(leaf.grad for leaf in leaves)]


def same(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


def test_value_and_gradients_are_equal():
    w, b = weights(), Tensor(RNG.normal(size=3), requires_grad=True)
    block = lambda h: ad.tanh(h @ w + b) * h  # noqa: E731
    same(gradients(block, w, b), gradients(checkpoint(block), w, b))
    same(gradients(lambda h: block(block(h)), w, b), gradients(lambda h: checkpoint(block)(checkpoint(block)(h)), w, b))
    nested = checkpoint(lambda h: block(checkpoint(block)(h)))
    same(gradients(lambda h: block(block(h)), w, b), gradients(nested, w, b))


def test_captured_results_of_operations_get_their_cotangent():
    v = weights()

    def f(wrap):
        w = ad.exp(v * 0.1)  # a graph outside, used inside twice and outside once
        block = wrap(lambda h: ad.sin(h @ w) @ w)
        return lambda h: block(h) + h @ w

    for a, b in zip(gradients(f(lambda g: g), v), gradients(f(checkpoint), v), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-14)  # three paths meet, in another order


def test_an_argument_that_is_also_captured():
    x = Tensor(X, requires_grad=True)
    block = lambda h: h * x  # noqa: E731
    (checkpoint(block)(x)).sum().backward()
    np.testing.assert_allclose(x.grad, 2 * X)
    y = Tensor(X, requires_grad=True)
    checkpoint(lambda a, b: a * b)(y, y).sum().backward()
    np.testing.assert_allclose(y.grad, 2 * X)
    z = Tensor(X, requires_grad=True)
    checkpoint(lambda a: a)(z).sum().backward()
    np.testing.assert_array_equal(z.grad, np.ones_like(X))


def test_forward_calls_are_counted():
    calls: list = []

    def block(h):
        calls.append(len(calls))
        return ad.tanh(h)

    x = Tensor(X, requires_grad=True)
    y = checkpoint(block)(checkpoint(block)(x))
    assert len(calls) == 2
    y.sum().backward()
    assert len(calls) == 4
    with no_grad():
        checkpoint(block)(x)
    assert len(calls) == 5


def test_one_recomputation_serves_all_operands():
    calls: list = []
    w, b = weights(), weights(1)

    def block(h, k):
        calls.append(1)
        return ad.tanh(h @ w + k @ b)

    y = checkpoint(block)(Tensor(X, requires_grad=True), Tensor(X, requires_grad=True))
    y.sum().backward()
    assert len(calls) == 2


@pytest.mark.parametrize(("length", "k"), [(16, 4), (10, 4), (12, 1), (9, 9)])
def test_stored_states_and_calls_of_segments(length, k):
    """Segments of k steps, all checkpointed: 2 * length calls; alive at once: the segments' inputs and one inside."""
    alive: weakref.WeakSet = weakref.WeakSet()
    calls: list = []
    peak = [0]

    def step(h):
        calls.append(1)
        y = ad.tanh(h)
        alive.add(y)
        peak[0] = max(peak[0], len(alive))
        return y

    def segment(n):
        def run(h):
            for _ in range(n):
                h = step(h)
            return h

        return checkpoint(run)

    x = Tensor(np.ones(2), requires_grad=True)
    h = x
    for start in range(0, length, k):
        h = segment(min(k, length - start))(h)
    forward_peak = peak[0]
    h.sum().backward()
    assert len(calls) == 2 * length
    assert forward_peak <= 2  # inside a segment only the last state lives, while the next is made
    assert peak[0] <= k + 1
    plain = x.data.copy()
    for _ in range(length):
        plain = np.tanh(plain)
    np.testing.assert_allclose(h.data, plain, rtol=1e-15)


def test_inside_is_forgotten_between_the_passes():
    inner: list = []

    def block(h):
        a = ad.exp(h)
        inner.append(weakref.ref(a))
        return a * a

    y = checkpoint(block)(Tensor(X, requires_grad=True))
    assert inner[0]() is None
    y.sum().backward()
    assert inner[1]() is None


class Dropout:
    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def __call__(self, h):
        return h * (self.rng.random(h.shape) > 0.5) * 2

    def method(self, h):
        return self(h)


def dropouts():
    def by_closure():
        rng = np.random.default_rng(7)
        return lambda h: h * (rng.random(h.shape) > 0.5) * 2, rng

    def by_object():
        layer = Dropout(7)
        return layer, layer.rng

    def by_method():
        layer = Dropout(7)
        return layer.method, layer.rng

    def by_global():
        GLOBAL_RNG.bit_generator.state = np.random.default_rng(7).bit_generator.state
        return lambda h: h * (GLOBAL_RNG.random(h.shape) > 0.5) * 2, GLOBAL_RNG

    def by_argument():
        rng = np.random.default_rng(7)
        return (lambda h, generator=rng: h * (generator.random(h.shape) > 0.5) * 2), rng

    return [by_closure, by_object, by_method, by_global, by_argument]


@pytest.mark.parametrize("make", dropouts(), ids=lambda f: f.__name__)
def test_random_state_is_restored(make):
    """The same mask in both passes, though others draw in between, and the generator ends where it would have."""
    f, rng = make()
    plain = gradients(lambda h: ad.sin(f(h)))
    after = rng.random()
    f, rng = make()
    recomputed = gradients(checkpoint(lambda h: ad.sin(f(h)), state=[rng]))
    same(plain, recomputed)
    assert rng.random() == after
    f, rng = make()
    x = Tensor(X, requires_grad=True)
    y = checkpoint(f)(x)
    between = rng.random()
    y.sum().backward()
    np.testing.assert_array_equal(x.grad != 0, y.data != 0)
    f, rng = make()
    f(Tensor(X))
    assert rng.random() == between
    assert np.isclose(x.grad, 0).any()


def test_numpys_global_generator_is_restored():
    np.random.seed(3)
    x = Tensor(X, requires_grad=True)
    y = checkpoint(lambda h: h * (np.random.random(h.shape) > 0.5))(x)
    between = np.random.random()
    y.sum().backward()
    np.testing.assert_array_equal(x.grad != 0, y.data != 0)
    np.random.seed(3)
    np.random.random(X.shape)
    assert np.random.random() == between


def test_generator_among_the_arguments_is_restored():
    x, rng = Tensor(X, requires_grad=True), np.random.default_rng(1)
    y = checkpoint(lambda h, generator: h * (generator.random(h.shape) > 0.5))(x, rng)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad != 0, y.data != 0)


def test_hidden_randomness_is_refused():
    hidden = {"rng": np.random.default_rng(0)}
    f = lambda h: h * hidden["rng"].random(h.shape)  # noqa: E731
    x = Tensor(X, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"another value.*state=\[rng"):
        checkpoint(f)(x).sum().backward()
    assert x.grad is None
    checkpoint(f, state=[hidden["rng"]])(x).sum().backward()
    assert x.grad is not None


def updates():
    def by_closure():
        mean = np.zeros(3)

        def f(h):
            mean[...] += 0.1 * (h.data.mean(axis=0) - mean)
            return h - mean

        return f, mean

    def by_global():
        GLOBAL_MEAN[...] = 0

        def f(h):
            GLOBAL_MEAN[...] += 0.1 * (h.data.mean(axis=0) - GLOBAL_MEAN)
            return h - GLOBAL_MEAN

        return f, GLOBAL_MEAN

    def by_object():
        class Layer:
            def __init__(self):
                self.mean = np.zeros(3)

            def __call__(self, h):
                self.mean += 0.1 * (h.data.mean(axis=0) - self.mean)
                return h - self.mean

        layer = Layer()
        return layer, layer.mean

    return [by_closure, by_global, by_object]


@pytest.mark.parametrize("make", updates(), ids=lambda f: f.__name__)
def test_state_is_updated_once(make):
    f, mean = make()
    plain = [*gradients(f), mean.copy()]
    assert mean.any()
    f, mean = make()
    same(plain, [*gradients(checkpoint(f)), mean])


def test_arrays_that_stay_are_not_kept_twice():
    constant, changed, rng = np.ones(3), np.ones(3), np.random.default_rng(0)
    snapshot = Snapshot([constant, changed, rng])
    changed += 1
    snapshot.forget_constants()
    assert [item is changed or item is rng for item, _ in snapshot.kept] == [True, True]
    data, x = np.ones(10**6), Tensor(1.0, requires_grad=True)
    tracemalloc.start()
    y = checkpoint(lambda h: (h * data).sum())(x)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 10**5
    y.backward()
    assert x.grad == 10**6


def test_updates_between_the_passes_survive():
    mean = np.zeros(3)

    def f(h):
        mean[...] += h.data.mean(axis=0)
        return h * mean

    x = Tensor(X, requires_grad=True)
    y = checkpoint(f)(x)
    used = mean.copy()
    mean += 5
    y.sum().backward()
    np.testing.assert_array_equal(mean, used + 5)
    np.testing.assert_allclose(x.grad, np.broadcast_to(used, X.shape))


def test_state_comes_back_when_the_recomputation_fails():
    fail: list = []
    mean = np.zeros(3)

    def f(h):
        mean[...] += 1
        if fail:
            raise ZeroDivisionError
        return h * 2

    y = checkpoint(f)(Tensor(X, requires_grad=True))
    fail.append(1)
    with pytest.raises(ZeroDivisionError):
        y.sum().backward()
    np.testing.assert_array_equal(mean, np.ones(3))
    assert (Tensor(1.0, requires_grad=True) * 2).requires_grad


def test_transforms_through_a_checkpoint():
    w = RNG.normal(size=(3, 3))
    v = RNG.normal(size=(3, 3))

    def f(wrap):
        return lambda w: (wrap(lambda h: ad.tanh(h @ w))(Tensor(X)) ** 2).sum()

    same(value_and_grad(f(lambda g: g))(w), value_and_grad(f(checkpoint))(w))
    same(jvp(f(lambda g: g), w, v), jvp(f(checkpoint), w, v))
    np.testing.assert_allclose(hvp(f(lambda g: g), w, v), hvp(f(checkpoint), w, v), rtol=1e-14)


def test_retained_graph_recomputes_again():
    x = Tensor(X, requires_grad=True)
    y = checkpoint(lambda h: ad.exp(h))(x).sum()
    y.backward(retain_graph=True)
    y.backward()
    np.testing.assert_allclose(x.grad, 2 * np.exp(X), rtol=1e-15)


def test_changes_of_operands_are_refused():
    x, w = Tensor(X, requires_grad=True), weights()
    for t in (x, w):
        y = checkpoint(lambda h: h @ w)(x).sum()
        t.data = t.data + 1
        with pytest.raises(RuntimeError, match="new data"):
            y.backward()


def test_nothing_to_do_without_gradients():
    y = checkpoint(lambda h, k: h * k)(Tensor(X), 2)
    assert not y.requires_grad
    assert grad(lambda t: checkpoint(lambda h: Tensor(1.0) * h.detach())(t).sum())(X).sum() == 0


def test_bad_input_is_named():
    with pytest.raises(TypeError, match="f returned ndarray, expected one Tensor"):
        checkpoint(lambda h: h.data)(Tensor(X, requires_grad=True))
    with pytest.raises(TypeError, match="state holds a dict"):
        checkpoint(lambda h: h, state=[{}])
    assert checkpoint(np.tanh)(Tensor(1.0, requires_grad=True)).requires_grad

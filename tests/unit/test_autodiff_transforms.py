"""grad, value_and_grad, vjp, jvp, jacobian, hvp and gradcheck."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dlf import autodiff as ad
from dlf.autodiff import Dual, Tensor, grad, gradcheck, hvp, jacobian, jvp, record, value_and_grad, vjp

RNG = np.random.default_rng(0)
W1, B1, W2 = RNG.normal(size=(3, 5)), RNG.normal(size=5), RNG.normal(size=(5, 2))
X, LABELS = RNG.normal(size=(7, 3)), RNG.integers(0, 2, 7)


def loss(w1, b1, w2):
    return ad.cross_entropy(ad.tanh(X @ w1 + b1) @ w2, LABELS)


def torch_loss(w1, b1, w2):
    h = torch.tanh(torch.from_numpy(X) @ w1 + b1)
    return torch.nn.functional.cross_entropy(h @ w2, torch.from_numpy(LABELS))


def tensors(*arrays):
    return tuple(torch.tensor(a, requires_grad=True) for a in arrays)


def test_grad_of_several_arguments_is_a_tuple():
    value, gradients = value_and_grad(loss)(W1, B1, W2)
    leaves = tensors(W1, B1, W2)
    expected = torch_loss(*leaves)
    expected.backward()
    assert value == pytest.approx(expected.item(), rel=1e-14)
    for a, b, c in zip(gradients, grad(loss)(W1, B1, W2), leaves, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_allclose(a, c.grad.numpy(), atol=1e-14)


def test_results_are_arrays_of_their_own():
    x = np.arange(3.0)
    for y in (vjp(lambda t: t, x)[0], vjp(lambda t: t, x)[1](x), jvp(lambda t: t, x, x)[0], jvp(lambda t: t, x, x)[1]):
        assert type(y) is np.ndarray
        y += 1
    np.testing.assert_array_equal(x, [0, 1, 2])
    value, gradient = value_and_grad(lambda t: t.sum())(x)
    assert type(value) is type(gradient) is np.ndarray


def test_vjp_can_be_pulled_many_times_and_sees_no_later_change():
    x = np.array([0.5, 1.0])
    y, pullback = vjp(ad.tanh, x)  # a rule that holds y
    first = pullback([1.0, 0.0])
    x += 100
    y += 100
    np.testing.assert_array_equal(pullback([1.0, 0.0]), first)
    with pytest.raises(ValueError, match=r"gradient has shape \(3,\), expected that of y, \(2,\)"):
        pullback(np.ones(3))


def test_pullback_of_a_convolution_is_linear():
    x, w = RNG.normal(size=(2, 3, 5, 5)), RNG.normal(size=(4, 3, 2, 2))
    y, pullback = vjp(ad.conv2d, x, w)
    u, v = RNG.normal(size=(2, *y.shape))
    for a, b, both in zip(pullback(u), pullback(v), pullback(u + v), strict=True):
        np.testing.assert_allclose(a + b, both, atol=1e-12)


def test_transforms_leave_the_grad_of_captured_tensors():
    w = Tensor([2.0, 3.0], requires_grad=True)
    f = lambda x: (w * w * x).sum()  # noqa: E731
    x = np.ones(2)
    grad(f)(x), vjp(f, x)[1](1.0), jvp(f, x, x), hvp(f, x, x), jacobian(f)(x)
    assert w.grad is None
    y = f(Tensor(x))
    grad(lambda t: (t * y).sum())(x)  # a graph that someone else still needs
    y.backward()
    np.testing.assert_array_equal(w.grad, [4.0, 6.0])


def test_transforms_work_inside_no_grad():
    with ad.no_grad():
        assert grad(lambda x: x * x)(3.0) == 6.0
        assert hvp(lambda x: x * x, 3.0, 1.0) == 2.0


SHAPES = [((3,), (2,)), ((2,), (3,)), ((2, 3), ()), ((2,), (2, 2)), ((), (3,)), ((2, 2), (3, 1))]


@pytest.mark.parametrize(("shape", "out"), SHAPES)
def test_jacobian_equals_torch_in_either_mode(shape, out):
    x, mix = RNG.normal(size=shape), RNG.normal(size=(int(np.prod(out)), int(np.prod(shape))))

    def f(t, library, m):
        return library.tanh(m @ t.reshape(-1)).reshape(out)

    found = jacobian(lambda t: f(t, ad, mix))(x)
    expected = torch.autograd.functional.jacobian(lambda t: f(t, torch, torch.from_numpy(mix)), torch.tensor(x))
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-13, strict=True)


@pytest.mark.parametrize(("n", "m", "sweeps"), [(2, 7, 0), (7, 2, 2), (3, 3, 3)])
def test_jacobian_chooses_the_cheaper_mode(n, m, sweeps):
    calls: list = []
    mix = np.ones((m, n))

    def counted(g):
        calls.append(1)
        return g

    def f(x):
        y = mix @ x
        return record(y._data, (y, counted))

    assert jacobian(f)(np.ones(n)).shape == (m, n)
    assert len(calls) == sweeps


def test_hvp_equals_torch_and_differences_of_gradients():
    v = tuple(RNG.normal(size=a.shape) for a in (W1, B1, W2))
    found = hvp(loss, (W1, B1, W2), v)
    expected = torch.autograd.functional.hvp(torch_loss, tensors(W1, B1, W2), tensors(*v))[1]
    h = 1e-5
    ahead, behind = (grad(loss)(*(a + s * h * d for a, d in zip((W1, B1, W2), v, strict=True))) for s in (1, -1))
    for a, b, up, down in zip(found, expected, ahead, behind, strict=True):
        np.testing.assert_allclose(a, b.numpy(), atol=1e-13)
        np.testing.assert_allclose(a, (up - down) / (2 * h), atol=1e-8)


def test_hessian_is_symmetric_and_exact_on_a_quadratic():
    a = RNG.normal(size=(4, 4))
    x = RNG.normal(size=4)
    columns = np.stack([hvp(lambda t: t @ a @ t, x, e) for e in np.eye(4)], axis=1)
    np.testing.assert_allclose(columns, a + a.T, atol=1e-14)


def test_hvp_of_linear_and_constant_functions_is_zero():
    x = np.ones(3)
    for f in (lambda t: t.sum(), lambda t: ad.relu(t).sum(), lambda t: Tensor(2.0)):
        np.testing.assert_array_equal(hvp(f, x, x), np.zeros(3))


def test_functions_that_ignore_their_argument_have_derivative_zero():
    x = np.ones((2, 3))
    constant = Tensor([1.0, 2.0])
    np.testing.assert_array_equal(grad(lambda t: constant.sum())(x), np.zeros((2, 3)))
    np.testing.assert_array_equal(jvp(lambda t: constant, x, x)[1], np.zeros(2))
    np.testing.assert_array_equal(jacobian(lambda t: constant)(x), np.zeros((2, 2, 3)))
    one, other = grad(lambda a, b: (a * 2).sum())(x, np.ones(4))
    np.testing.assert_array_equal(other, np.zeros(4))
    np.testing.assert_array_equal(one, np.full((2, 3), 2.0))


def test_detach_stops_both_modes():
    f = lambda x: (x.detach() * x).sum()  # noqa: E731
    x = np.array([2.0, 3.0])
    np.testing.assert_array_equal(grad(f)(x), x)
    assert jvp(f, x, np.ones(2))[1] == 5.0
    np.testing.assert_array_equal(hvp(f, x, np.ones(2)), np.zeros(2))


def test_jvp_keeps_no_graph():
    seen = []

    def f(x):
        y = x * x
        seen.append(y.requires_grad or bool(y._edges))
        return y

    jvp(f, np.ones(2), np.ones(2))
    assert seen == [False]


X3 = np.ones(3)
BAD = [
    (lambda: grad(lambda x: x * 2)(X3), ValueError, r"shape \(3,\), expected one number for grad.*jacobian"),
    (lambda: hvp(lambda x: x * 2, X3, X3), ValueError, "expected one number for hvp"),
    (lambda: grad(lambda x: np.sin(x.data).sum())(X3), TypeError, r"f returned float64, expected one Tensor.*\.data"),
    (lambda: vjp(lambda *x: x, X3), TypeError, "f returned tuple.*concatenate"),
    (lambda: grad(lambda x: None)(X3), TypeError, "f returned NoneType"),  # type: ignore[arg-type,return-value]
    (lambda: grad(lambda x: x)(np.ones(1, complex)), TypeError, r"x\[0\] has dtype complex128"),
    (lambda: grad(lambda x, y: x)(1.0, Tensor(1.0)), TypeError, r"x\[1\] is a Tensor"),
    (lambda: jvp(lambda x: x, X3, np.ones(2)), ValueError, r"v has shape \(2,\), expected that of x, \(3,\)"),
    (lambda: jvp(lambda x, y: x, (X3, X3), (X3,)), ValueError, "v is tuple, expected a tuple of 2 arrays"),
    (lambda: jvp(lambda x, y: x, (X3, X3), X3), ValueError, "v is ndarray, expected a tuple of 2"),
    (lambda: hvp(lambda x: x.sum(), X3, np.ones(3, complex)), TypeError, "v has dtype"),
    (lambda: jacobian(lambda x: x)(["a"]), TypeError, "x has dtype"),
]


@pytest.mark.parametrize(("call", "error", "words"), BAD)
def test_bad_input_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_dual_refuses_what_it_has_no_rule_for():
    dual = Dual(np.ones(3), np.ones(3))
    assert repr(dual) == "Dual(array([1., 1., 1.]), array([1., 1., 1.]))"
    for call in (lambda: np.arctan2(dual, 1.0), lambda: np.cumsum(dual), lambda: np.multiply.reduce(dual)):
        with pytest.raises(TypeError):
            call()
    with pytest.raises(TypeError, match="condition is a Dual"):
        np.where(dual, 1.0, 2.0)


def wrong(rule):
    """An operation x -> tanh(x) with a gradient of its own."""
    return lambda x: record(np.tanh(x._data), (x, lambda g: rule(g, x._data)))


WRONG = {
    "derivative of another function": wrong(lambda g, x: g * (1 - x**2)),
    "sign": wrong(lambda g, x: -g * (1 - np.tanh(x) ** 2)),
    "one percent": wrong(lambda g, x: 1.01 * g * (1 - np.tanh(x) ** 2)),
    "zeros": wrong(lambda g, x: 0 * g),
    "mean": wrong(lambda g, x: g * (1 - np.tanh(x) ** 2) / g.size),
    "one entry": wrong(
        lambda g, x: g * (1 - np.tanh(x) ** 2) * np.where(np.arange(x.size) == 2, 1.1, 1).reshape(x.shape)
    ),
    "zeros for softmax": lambda x: record(ad.softmax(x)._data, (x, lambda g: 0 * g)),
    "constant": lambda x: Tensor(np.tanh(x._data)),
}


@pytest.mark.parametrize("f", WRONG.values(), ids=WRONG)
def test_gradcheck_exposes_wrong_gradients(f):
    assert gradcheck(f, RNG.normal(size=(2, 3))) > 1e-3


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_gradcheck_accepts_right_gradients_at_any_scale(scale):
    x = RNG.normal(size=(4, 3))
    assert gradcheck(wrong(lambda g, x: g * (1 - np.tanh(x) ** 2)), x) < 1e-8
    assert gradcheck(lambda x: scale * ad.softmax(x), x) < 1e-8
    assert gradcheck(lambda x: scale * ad.softmax(x).sum(), x) < 1e-5  # a gradient of zero


def test_gradcheck_does_not_change_x_or_the_global_generator():
    x = RNG.normal(size=3)
    before, state = x.copy(), np.random.get_state()[1].copy()
    gradcheck(lambda a, b: a * b, x, x)
    np.testing.assert_array_equal(x, before)
    np.testing.assert_array_equal(np.random.get_state()[1], state)


def test_gradcheck_computes_in_float64():
    assert gradcheck(lambda x: ad.sin(x), np.ones(3, np.float32)) < 1e-8


@pytest.mark.filterwarnings("ignore:invalid value")
def test_gradcheck_at_the_end_of_the_domain_is_nan():
    for x in ((1e-9, 1.0), (1.0, 1e-9)):
        assert np.isnan(gradcheck(lambda a, b: ad.sqrt(a) + ad.sqrt(b), *x))


def test_gradcheck_names_what_it_cannot_check():
    with pytest.raises(ValueError, match=r"x\[1\] holds NaN"):
        gradcheck(lambda a, b: a, 1.0, np.nan)
    with pytest.raises(ValueError, match=r"f\(x\) holds NaN"), np.errstate(invalid="ignore"):
        gradcheck(lambda a: ad.log(a), -1.0)
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"two values at the same x.*seed"):
        gradcheck(lambda a: a * rng.random(), 1.0)
    with pytest.raises(ValueError, match="x is missing"):
        gradcheck(lambda: Tensor(1.0))
    with pytest.raises(TypeError, match="f returned"):
        gradcheck(lambda x: x.data, 1.0)


def test_hvp_is_one_forward_pass_and_one_sweep_in_any_dimension():
    calls: list = []

    def rule(g, x):
        calls.append("rule")
        return g * np.cos(x)

    def f(x):
        calls.append("f")
        return record(np.sin(x._data), (x, lambda g: rule(g, x._data))).sum()

    x, v = RNG.normal(size=(2, 1000))
    np.testing.assert_allclose(hvp(f, x, v), -np.sin(x) * v, rtol=1e-12)
    assert calls == ["f", "rule"]

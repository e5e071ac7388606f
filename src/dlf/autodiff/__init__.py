"""Automatic differentiation over NumPy arrays, in reverse and in forward mode.

    x = Tensor([1.0, 2.0], requires_grad=True)
    y = (x * tanh(x)).sum()
    y.backward()                 # x.grad, in reverse mode
    grad(f)(x), jvp(f, x, v)     # the same for a function of arrays, in either mode

Numbers are float64 unless the caller's are float32; integers become float64. NaN and infinity pass through the
operations as in NumPy, since a look at every entry would cost as much as the operation; `gradcheck` refuses them. The
functions also answer to their NumPy names: np.tanh(x) of a Tensor is tanh(x). One thread at a time.
"""

from dlf.autodiff.checkpointing import checkpoint
from dlf.autodiff.dual import Dual
from dlf.autodiff.elementwise import (
    absolute,
    add,
    cos,
    divide,
    elu,
    erf,
    exp,
    expm1,
    gelu,
    leaky_relu,
    log,
    log1p,
    maximum,
    minimum,
    multiply,
    negative,
    power,
    relu,
    sigmoid,
    silu,
    sin,
    softplus,
    sqrt,
    square,
    subtract,
    tan,
    tanh,
    where,
)
from dlf.autodiff.gradcheck import gradcheck
from dlf.autodiff.images import avg_pool2d, conv2d, max_pool2d
from dlf.autodiff.linalg import matmul
from dlf.autodiff.reductions import cross_entropy, log_softmax, logsumexp, max, mean, min, softmax, std, sum, var
from dlf.autodiff.shapes import (
    broadcast_to,
    concatenate,
    getitem,
    pad,
    reshape,
    stack,
    swapaxes,
    take_along_axis,
    transpose,
)
from dlf.autodiff.tape import no_grad, topological_order
from dlf.autodiff.tensor import Tensor, record
from dlf.autodiff.transforms import grad, hvp, jacobian, jvp, value_and_grad, vjp

abs = absolute
__all__ = [
    "Dual",
    "Tensor",
    "abs",
    "absolute",
    "add",
    "avg_pool2d",
    "broadcast_to",
    "checkpoint",
    "concatenate",
    "conv2d",
    "cos",
    "cross_entropy",
    "divide",
    "elu",
    "erf",
    "exp",
    "expm1",
    "gelu",
    "getitem",
    "grad",
    "gradcheck",
    "hvp",
    "jacobian",
    "jvp",
    "leaky_relu",
    "log",
    "log1p",
    "log_softmax",
    "logsumexp",
    "matmul",
    "max",
    "max_pool2d",
    "maximum",
    "mean",
    "min",
    "minimum",
    "multiply",
    "negative",
    "no_grad",
    "pad",
    "power",
    "record",
    "relu",
    "reshape",
    "sigmoid",
    "silu",
    "sin",
    "softmax",
    "softplus",
    "sqrt",
    "square",
    "stack",
    "std",
    "subtract",
    "sum",
    "swapaxes",
    "take_along_axis",
    "tan",
    "tanh",
    "topological_order",
    "transpose",
    "value_and_grad",
    "var",
    "vjp",
    "where",
]

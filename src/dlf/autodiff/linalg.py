"""Matrix products."""

from __future__ import annotations

from typing import Any

from dlf.autodiff.elementwise import unbroadcast
from dlf.autodiff.tensor import Tensor, TensorLike, as_tensors, record


def matmul(a: TensorLike, b: TensorLike) -> Tensor:
    """y_ik = sum_j a_ij b_jk; abar_ij = sum_k ybar_ik b_jk, bbar_jk = sum_i a_ij ybar_ik.

    In matrices abar = ybar b^T and bbar = a^T ybar. Leading axes are batches and broadcast; a vector counts as a row on
    the left and as a column on the right, as in NumPy.
    """
    a, b = as_tensors(a, b)
    x, y = a._data, b._data
    if x.ndim == 2 == y.ndim:
        return record(x @ y, (a, lambda g: g @ y.T), (b, lambda g: x.T @ g))
    rows = x.reshape(1, -1) if x.ndim == 1 else x
    columns = y.reshape(-1, 1) if y.ndim == 1 else y

    def matrix(g: Any) -> Any:
        """Give g back the axes that the product of a vector lost."""
        shape = list(g.shape)
        if y.ndim == 1:
            shape.append(1)
        if x.ndim == 1:
            shape.insert(len(shape) - 1, 1)
        return g.reshape(shape)

    return record(
        x @ y,
        (a, lambda g: unbroadcast(matrix(g) @ columns.swapaxes(-1, -2), rows.shape).reshape(x.shape)),
        (b, lambda g: unbroadcast(rows.swapaxes(-1, -2) @ matrix(g), columns.shape).reshape(y.shape)),
    )

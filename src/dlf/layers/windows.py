"""Where the windows of a kernel lie on an image: the geometry that convolution and pooling share.

Index letters: N batch, C channels, H and W image, KH and KW kernel, OH and OW output.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from dlf.layers.arguments import Array, Pair


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of one kernel on one image size; every pair is (rows, columns)."""

    image: Pair  # (H, W), without padding
    kernel: Pair  # (KH, KW)
    stride: Pair
    padding: Pair
    dilation: Pair = (1, 1)

    @property
    def extent(self) -> Pair:
        """Rows and columns from a window's first tap to its last, dilation * (kernel - 1) + 1."""
        (kh, kw), (dh, dw) = self.kernel, self.dilation
        return dh * (kh - 1) + 1, dw * (kw - 1) + 1

    @property
    def padded(self) -> Pair:
        (h, w), (ph, pw) = self.image, self.padding
        return h + 2 * ph, w + 2 * pw

    @property
    def output(self) -> Pair:
        """(OH, OW) = floor((padded - extent) / stride) + 1; the division may leave rows that no window reaches."""
        rows, columns = ((p - e) // s + 1 for p, e, s in zip(self.padded, self.extent, self.stride, strict=True))
        return rows, columns

    def require_fit(self, name: str) -> None:
        """Refuse a kernel that spans more than the padded image, by the name of the argument that gave it."""
        if any(e > p for e, p in zip(self.extent, self.padded, strict=True)):
            raise ValueError(
                f"{name} is a kernel of {self.kernel} that spans {self.extent} pixels at dilation {self.dilation}, "
                f"expected at most the padded image, {self.padded}; use a smaller kernel, more padding or less dilation"
            )

    def pad(self, x: Array, value: float = 0.0) -> Array:
        """Return a copy of x (N, C, H, W) with a border of `value`."""
        image = np.full((*x.shape[:2], *self.padded), value, dtype=x.dtype)
        self.crop(image)[...] = x
        return image

    def crop(self, image: Array) -> Array:
        """Return the view of a padded image that leaves its border out; right for padding 0 too, unlike [p:-p]."""
        (h, w), (ph, pw) = self.image, self.padding
        return image[:, :, ph : ph + h, pw : pw + w]

    def view(self, image: Array) -> Array:
        """Return the view (N, C, KH, KW, OH, OW) of a padded image whose entry [..., i, j, r, s] is the pixel
        [..., r * stride + i * dilation, s * stride + j * dilation]: pixels in several windows appear several times.
        """
        (sh, sw), (dh, dw) = self.stride, self.dilation
        all_places = sliding_window_view(image, self.extent, axis=(2, 3), writeable=True)
        return np.moveaxis(all_places[:, :, ::sh, ::sw, ::dh, ::dw], (4, 5), (2, 3))

    def add_back(self, image: Array, values: Array) -> None:
        """Add values (N, C, KH, KW, OH, OW) to the pixels they stand for, in place: the transpose of `view`.

        One tap of the kernel at a time: its pixels are all different, so that no addition is lost.
        """
        places = self.view(image)
        for i, j in np.ndindex(self.kernel):
            places[:, :, i, j] += values[:, :, i, j]

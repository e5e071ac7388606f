"""Known wrong solutions of week 5 for images: im2col, conv_backward, max_pool_backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from dlf.labs.week05.catalogue import CONV, IM2COL, POOL, mutant

Array = Any  # NumPy's own stubs say no more about sums and products of arrays


def places(i: int, j: int, output: tuple[int, int], stride: int, dilation: int) -> tuple[Any, ...]:
    """Where tap (i, j) of the filter lies in a padded image, for every output position."""
    (r, q), s, d = output, stride, dilation
    return ..., slice(i * d, i * d + (r - 1) * s + 1, s), slice(j * d, j * d + (q - 1) * s + 1, s)


def pad(x: Array, before: int, after: int, mode: Any = "constant") -> Array:
    return np.pad(x, ((0, 0), (0, 0), (before, after), (before, after)), mode=mode)


def wrapped_in_front(x: Array, p: int) -> Array:
    """What x[h, w] reads outside the image when h and w may be negative, and 0 is taken at the other end."""
    return np.pad(np.pad(x, ((0, 0), (0, 0), (p, 0), (p, 0)), mode="wrap"), ((0, 0), (0, 0), (0, p), (0, p)))


# ---- im2col -----------------------------------------------------------------------------------


class Unfold:
    """A right implementation, cut into the places where mistakes are made; the instance is the function."""

    __name__ = "Unfold"
    taps: ClassVar[tuple[int, ...]] = (1, 0, 2, 3, 4, 5)  # axes of (KH, N, ...)

    def pad(self, x: Array, p: int) -> Array:
        return pad(x, p, p)

    def step(self, s: int) -> int:
        return s

    def spread(self, d: int) -> int:
        return d

    def output(self, slack: int, s: int) -> int:
        return slack // s + 1

    def arrange(self, patches: Array) -> Array:
        """(N, C, KH, KW, OH, OW) to columns."""
        n, c, kh, kw = patches.shape[:4]
        return patches.reshape(n, c * kh * kw, -1)

    def __call__(self, x: Array, kh: int, kw: int, stride: int, padding: int, dilation: int) -> Array:
        x0 = self.pad(x, padding)
        size = tuple(
            self.output(n + 2 * padding - dilation * (k - 1) - 1, stride)
            for n, k in zip(x.shape[2:], (kh, kw), strict=True)
        )
        patches = np.zeros((*x.shape[:2], kh, kw, *size))
        for i, j in np.ndindex(kh, kw):
            found = x0[places(i, j, (size[0], size[1]), self.step(stride), self.spread(dilation))]
            patches[:, :, i, j, : found.shape[2], : found.shape[3]] = found
        return self.arrange(patches)


def unfold(row: str, says: str) -> Callable[[type[Unfold]], Unfold]:
    """Registers the instance, which is called like the learner's function."""

    def register(cls: type[Unfold]) -> Unfold:
        made = cls()
        made.__name__ = cls.__name__
        return mutant(row, exercise=IM2COL, says=says)(made)

    return register


@unfold("5.14", "Right if dilation were 1: neighbouring entries of a patch lie d pixels apart, not 1.")
class NoDilation(Unfold):
    def spread(self, d: int) -> int:
        return 1


@unfold("5.15", "Right if the stride were 1: neighbouring patches start s pixels apart, not 1.")
class NoStride(Unfold):
    def step(self, s: int) -> int:
        return 1


@unfold("5.16", "All p zeros are below and to the right: the border has p zeros on each of the four sides.")
class PaddedAtTheEnd(Unfold):
    def pad(self, x: Array, p: int) -> Array:
        return pad(x, 0, 2 * p)


@unfold("5.16", "All p zeros are above and to the left: the border has p zeros on each of the four sides.")
class PaddedAtTheStart(Unfold):
    def pad(self, x: Array, p: int) -> Array:
        return pad(x, 2 * p, 0)


@unfold(
    "5.17",
    "You rounded up: the last window hangs over the edge. A window that does not fit is left out, so the division "
    "in OH rounds down.",
)
class RoundsUp(Unfold):
    def output(self, slack: int, s: int) -> int:
        return -(-slack // s) + 1


ORDER = "Right numbers, rows in another order: "


@unfold("5.22", ORDER + "yours have the channel fastest, (KH, KW, C); asked is (C, KH, KW), the order of filters.")
class ChannelLast(Unfold):
    def arrange(self, patches: Array) -> Array:
        return super().arrange(patches.transpose(0, 2, 3, 1, 4, 5))


@unfold("5.22", ORDER + "filter row and filter column are swapped, (C, KW, KH); asked is (C, KH, KW).")
class TapsSwapped(Unfold):
    def arrange(self, patches: Array) -> Array:
        return super().arrange(patches.swapaxes(2, 3))


@unfold("5.22", "Right numbers, columns in another order: output positions go row by row, (OH, OW), not (OW, OH).")
class PositionsSwapped(Unfold):
    def arrange(self, patches: Array) -> Array:
        return super().arrange(patches.swapaxes(4, 5))


@unfold("5.22", "Right numbers, cut into rows wrongly: move the output positions to the last axes before the reshape.")
class ReshapedWithoutTranspose(Unfold):
    """Patches collected position by position and reshaped as they are."""

    def arrange(self, patches: Array) -> Array:
        n, c, kh, kw = patches.shape[:4]
        return patches.transpose(0, 4, 5, 1, 2, 3).reshape(n, c * kh * kw, -1)


@unfold("5.24", "The taps are turned by 180 degrees: row (c, i, j) holds the pixel at offset (i d, j d), unturned.")
class TapsTurned(Unfold):
    def arrange(self, patches: Array) -> Array:
        return super().arrange(patches[:, :, ::-1, ::-1])


@unfold("5.30", "The border repeats the image's edge: the padding of a convolution is zeros.")
class EdgeBorder(Unfold):
    def pad(self, x: Array, p: int) -> Array:
        return pad(x, p, p, "edge")


@unfold("5.30", "The border wraps around: a negative index counts from the other end. The padding is zeros.")
class WrappedBorder(Unfold):
    def pad(self, x: Array, p: int) -> Array:
        return pad(x, p, p, "wrap")


@unfold("5.30", "The border above and to the left wraps around: x[-1] is the last row. What lies outside is 0.")
class NegativeIndexRead(Unfold):
    """Loops that guard against indices that are too large, and not against negative ones."""

    def pad(self, x: Array, p: int) -> Array:
        return wrapped_in_front(x, p)


@unfold("5.34", "x changed.")
class CentersInPlace(Unfold):
    """Removes the mean of x, in place."""

    def pad(self, x: Array, p: int) -> Array:
        x -= x.mean()
        return super().pad(x, p)


# ---- conv_backward ----------------------------------------------------------------------------


class Textbook:
    """A right implementation, cut into the places where mistakes are made."""

    def pad(self, x: Array, p: int) -> Array:
        return pad(x, p, p)

    def crop(self, dx0: Array, shape: tuple[int, ...], p: int) -> Array:
        return dx0[:, :, p : p + shape[2], p : p + shape[3]]

    def filter_places(self, i: int, j: int, output: tuple[int, int], s: int, d: int) -> tuple[Any, ...]:
        return places(i, j, output, s, d)

    def input_places(self, i: int, j: int, output: tuple[int, int], s: int, d: int) -> tuple[Any, ...]:
        return places(i, j, output, s, d)

    def tap(self, filters: Array, i: int, j: int) -> Array:
        return filters[:, :, i, j]

    def place(self, dx0: Array, at: tuple[Any, ...], values: Array) -> None:
        dx0[at] += values

    def filter_gradient(self, x0: Array, dy: Array, kernel: tuple[int, int], s: int, d: int) -> Array:
        dw = np.zeros((dy.shape[1], x0.shape[1], *kernel))
        for i, j in np.ndindex(kernel):
            at = self.filter_places(i, j, dy.shape[2:], s, d)
            dw[:, :, i, j] = np.tensordot(dy, x0[at], axes=([0, 2, 3], [0, 2, 3]))
        return dw

    def input_gradient(self, shape: tuple[int, ...], dy: Array, w: Array, s: int, p: int, d: int) -> Array:
        dx0 = np.zeros((*shape[:2], shape[2] + 2 * p, shape[3] + 2 * p))
        for i, j in np.ndindex(w.shape[2:]):
            values = np.tensordot(dy, self.tap(w, i, j), axes=([1], [0])).transpose(0, 3, 1, 2)
            self.place(dx0, self.input_places(i, j, dy.shape[2:], s, d), values)
        return self.crop(dx0, shape, p)

    def conv_backward(
        self, grad_output: Array, input_data: Array, filters: Array, stride: int, padding: int, dilation: int = 1
    ) -> tuple[Array, Array]:
        kernel = filters.shape[2:]
        dw = self.filter_gradient(self.pad(input_data, padding), grad_output, kernel, stride, dilation)
        return self.input_gradient(input_data.shape, grad_output, filters, stride, padding, dilation), dw


DILATION = "Right if dilation were 1: in the image the taps of the filter lie d pixels apart. "


@mutant("5.14", exercise=CONV, says=DILATION + "Both gradients need this.")
class DilationIgnored(Textbook):
    def filter_places(self, i: int, j: int, output: tuple[int, int], s: int, d: int) -> tuple[Any, ...]:
        return places(i, j, output, s, 1)

    def input_places(self, i: int, j: int, output: tuple[int, int], s: int, d: int) -> tuple[Any, ...]:
        return places(i, j, output, s, 1)


@mutant("5.14", exercise=CONV, says=DILATION + "grad_filters knows this, grad_input does not.")
class DilationIgnoredInInput(Textbook):
    def input_places(self, i: int, j: int, output: tuple[int, int], s: int, d: int) -> tuple[Any, ...]:
        return places(i, j, output, s, 1)


@mutant("5.14", exercise=CONV, says=DILATION + "grad_input knows this, grad_filters does not.")
class DilationIgnoredInFilters(Textbook):
    def filter_places(self, i: int, j: int, output: tuple[int, int], s: int, d: int) -> tuple[Any, ...]:
        return places(i, j, output, s, 1)


STRIDE = "Right if the stride were 1: output (r, q) looked at the window that starts at (r s, q s). "


@mutant("5.15", exercise=CONV, says=STRIDE + "Both gradients need this.")
class StrideIgnored(Textbook):
    def filter_places(self, i: int, j: int, output: tuple[int, int], s: int, d: int) -> tuple[Any, ...]:
        return places(i, j, output, 1, d)

    def input_places(self, i: int, j: int, output: tuple[int, int], s: int, d: int) -> tuple[Any, ...]:
        return places(i, j, output, 1, d)


@mutant("5.15", exercise=CONV, says=STRIDE + "grad_filters knows this, grad_input does not.")
class StrideIgnoredInInput(Textbook):
    def input_places(self, i: int, j: int, output: tuple[int, int], s: int, d: int) -> tuple[Any, ...]:
        return places(i, j, output, 1, d)


@mutant("5.15", exercise=CONV, says=STRIDE + "grad_input knows this, grad_filters does not.")
class StrideIgnoredInFilters(Textbook):
    def filter_places(self, i: int, j: int, output: tuple[int, int], s: int, d: int) -> tuple[Any, ...]:
        return places(i, j, output, 1, d)


CROP = "grad_input is the gradient of the padded image, cropped at the wrong place: "


@mutant("5.16", exercise=CONV, says=CROP + "you kept its first H rows; the image begins after p rows of zeros.")
class CroppedAtTheEnd(Textbook):
    def crop(self, dx0: Array, shape: tuple[int, ...], p: int) -> Array:
        return dx0[:, :, : shape[2], : shape[3]]


@mutant("5.16", exercise=CONV, says=CROP + "you kept its last H rows; p rows of zeros stand at each end.")
class CroppedAtTheStart(Textbook):
    def crop(self, dx0: Array, shape: tuple[int, ...], p: int) -> Array:
        return dx0[:, :, 2 * p :, 2 * p :]


@mutant(
    "5.16",
    exercise=CONV,
    says="You pad by d p and not by p: the border has p rows of zeros, whatever d is. Both gradients are shifted.",
)
class PaddingTimesDilation(Textbook):
    def conv_backward(
        self, grad_output: Array, input_data: Array, filters: Array, stride: int, padding: int, dilation: int = 1
    ) -> tuple[Array, Array]:
        return super().conv_backward(grad_output, input_data, filters, stride, padding * dilation, dilation)


@mutant("5.16", exercise=CONV, says="grad_input still has the border of zeros; crop p rows and columns on each side.")
class NotCropped(Textbook):
    def crop(self, dx0: Array, shape: tuple[int, ...], p: int) -> Array:
        return dx0


@mutant("5.16", exercise=CONV, says="grad_input is empty for p = 0.")
class EmptyCrop(Textbook):
    def crop(self, dx0: Array, shape: tuple[int, ...], p: int) -> Array:
        return dx0[:, :, p:-p, p:-p]


LEFT = (
    "Rows and columns that the stride leaves over entered no output: their gradient is 0, and they are the last ones. "
)


@mutant("5.17", exercise=CONV, says="grad_input has lost the rows that the stride leaves over.")
class LeftOverRowsLost(Textbook):
    """What a transposed convolution gives without output padding."""

    def input_gradient(self, shape: tuple[int, ...], dy: Array, w: Array, s: int, p: int, d: int) -> Array:
        reached = [(n - 1) * s + d * (k - 1) + 1 - 2 * p for n, k in zip(dy.shape[2:], w.shape[2:], strict=True)]
        return super().input_gradient((*shape[:2], *reached), dy, w, s, p, d)


@mutant("5.17", exercise=CONV, says=LEFT + "Your grad_input has the zeros in front.")
class LeftOverRowsInFront(Textbook):
    def input_gradient(self, shape: tuple[int, ...], dy: Array, w: Array, s: int, p: int, d: int) -> Array:
        reached = [(n - 1) * s + d * (k - 1) + 1 - 2 * p for n, k in zip(dy.shape[2:], w.shape[2:], strict=True)]
        dx = super().input_gradient((*shape[:2], *reached), dy, w, s, p, d)
        return np.pad(dx, ((0, 0), (0, 0), *((n - m, 0) for n, m in zip(shape[2:], reached, strict=True))))


def stretched(dx: Array, shape: tuple[int, ...]) -> Array:
    """Cut or filled up with zeros at the end."""
    out = np.zeros(shape)
    rows, columns = min(shape[2], dx.shape[2]), min(shape[3], dx.shape[3])
    out[:, :, :rows, :columns] = dx[:, :, :rows, :columns]
    return out


@mutant(
    "5.17",
    exercise=CONV,
    says="You cropped p rows at the end of what the windows reach, and filled up with zeros: the rows that the stride "
    "leaves over were taken for padding.",
)
class LeftOverTakenForPadding(Textbook):
    def crop(self, dx0: Array, shape: tuple[int, ...], p: int) -> Array:
        return dx0[:, :, p : p + shape[2], p : p + shape[3]]

    def input_gradient(self, shape: tuple[int, ...], dy: Array, w: Array, s: int, p: int, d: int) -> Array:
        reached = [(n - 1) * s + d * (k - 1) + 1 - 2 * p for n, k in zip(dy.shape[2:], w.shape[2:], strict=True)]
        return stretched(super().input_gradient((*shape[:2], *reached), dy, w, s, p, d), shape)


@mutant(
    "5.19", exercise=CONV, says="grad_filters sees an image with all zeros below and to the right: pad all four sides."
)
class FiltersSeeShiftedImage(Textbook):
    def pad(self, x: Array, p: int) -> Array:
        return pad(x, 0, 2 * p)


@mutant(
    "5.19", exercise=CONV, says="grad_filters sees an image that wraps around: a negative index counts from the end."
)
class FiltersSeeWrappedImage(Textbook):
    def pad(self, x: Array, p: int) -> Array:
        return pad(x, p, p, "wrap")


@mutant("5.19", exercise=CONV, says="grad_filters is turned by 180 degrees: nothing was flipped on the way forward.")
class FilterGradientTurned(Textbook):
    def filter_gradient(self, *arguments: Any) -> Array:
        return super().filter_gradient(*arguments)[:, :, ::-1, ::-1]


@mutant(
    "5.19", exercise=CONV, says="grad_filters is exactly 1/N: you averaged over the batch; grad_output holds the 1/N."
)
class FilterGradientAveraged(Textbook):
    def filter_gradient(self, x0: Array, dy: Array, *arguments: Any) -> Array:
        return super().filter_gradient(x0, dy, *arguments) / len(dy)


@mutant(
    "5.19",
    exercise=CONV,
    says="Both gradients are exactly 1/N: you averaged over the batch; grad_output holds the 1/N.",
)
class BothAveraged(Textbook):
    def conv_backward(self, grad_output: Array, *arguments: Any, **named: Any) -> tuple[Array, Array]:
        dx, dw = super().conv_backward(grad_output, *arguments, **named)
        return dx / len(grad_output), dw / len(grad_output)


@mutant("5.19", exercise=CONV, says="grad_filters has channels and filters swapped.")
class FilterGradientTransposed(Textbook):
    def filter_gradient(self, *arguments: Any) -> Array:
        return super().filter_gradient(*arguments).swapaxes(0, 1)


OVERWRITTEN = "A pixel that several windows share keeps the gradient of one of them only: add (+=), do not assign. "


@mutant("5.23", exercise=CONV, says=OVERWRITTEN + "Yours is the one of the last filter tap.")
class TapsOverwrite(Textbook):
    def place(self, dx0: Array, at: tuple[Any, ...], values: Array) -> None:
        dx0[at] = values


@mutant("5.23", exercise=CONV, says=OVERWRITTEN + "Yours is the one of the last output position.")
class WindowsOverwrite(Textbook):
    def input_gradient(self, shape: tuple[int, ...], dy: Array, w: Array, s: int, p: int, d: int) -> Array:
        (kh, kw), dx0 = w.shape[2:], np.zeros((*shape[:2], shape[2] + 2 * p, shape[3] + 2 * p))
        for r, q in np.ndindex(dy.shape[2:]):
            window = slice(r * s, r * s + d * (kh - 1) + 1, d), slice(q * s, q * s + d * (kw - 1) + 1, d)
            dx0[:, :, window[0], window[1]] = np.tensordot(dy[:, :, r, q], w, axes=1)
        return self.crop(dx0, shape, p)


@mutant(
    "5.24",
    exercise=CONV,
    says="grad_input is what the filter turned by 180 degrees would give: a scatter into the image must not turn it, a "
    "correlation over the padded grad_output must.",
)
class FilterTurned(Textbook):
    def tap(self, filters: Array, i: int, j: int) -> Array:
        return filters[:, :, -1 - i, -1 - j]


@mutant(
    "5.24",
    exercise=CONV,
    says="Both gradients belong to a convolution that flips its filter, and the one of this lab does not: yours are "
    "right with filters[:, :, ::-1, ::-1]. Flip neither.",
)
class TrueConvolution(FilterTurned):
    def filter_gradient(self, *arguments: Any) -> Array:
        return super().filter_gradient(*arguments)[:, :, ::-1, ::-1]


@mutant(
    "5.30",
    exercise=CONV,
    says="A negative index counts from the other end: where a tap lies above or left of the image, you read and wrote "
    "its last rows and columns. What lies outside is the border of zeros: pad, or skip negative indices.",
)
class NegativeIndexWraps(Textbook):
    """Loops over the image itself that guard against indices that are too large only."""

    def pad(self, x: Array, p: int) -> Array:
        return wrapped_in_front(x, p)

    def crop(self, dx0: Array, shape: tuple[int, ...], p: int) -> Array:
        dx0 = dx0[:, :, : p + shape[2], : p + shape[3]]
        dx = np.zeros(shape)
        for r, q in np.ndindex(dx0.shape[2:]):
            dx[:, :, r - p, q - p] += dx0[:, :, r, q]
        return dx


@mutant("5.28", exercise=CONV, says="grad_filters is that of the last image alone: sum over the batch.")
class LastImageAlone(Textbook):
    def filter_gradient(self, x0: Array, dy: Array, *arguments: Any) -> Array:
        return super().filter_gradient(x0[-1:], dy[-1:], *arguments)


@mutant("5.28", exercise=CONV, says="grad_filters is that of the first image alone: sum over the batch.")
class FirstImageAlone(Textbook):
    def filter_gradient(self, x0: Array, dy: Array, *arguments: Any) -> Array:
        return super().filter_gradient(x0[:1], dy[:1], *arguments)


@mutant("5.29", exercise=CONV, says="With p > d (K - 1) your full convolution would need negative padding.")
class NegativePadding(Textbook):
    """A full convolution, padded by d (K - 1) - p."""

    def input_gradient(self, shape: tuple[int, ...], dy: Array, w: Array, s: int, p: int, d: int) -> Array:
        if min(d * (k - 1) - p for k in w.shape[2:]) < 0:
            raise ValueError("index can't contain negative values")
        return super().input_gradient(shape, dy, w, s, p, d)


@mutant("5.29", exercise=CONV, says="With p > d (K - 1) your full convolution needs negative padding: crop instead.")
class NegativePaddingClipped(Textbook):
    """A full convolution whose negative padding is taken for 0."""

    def input_gradient(self, shape: tuple[int, ...], dy: Array, w: Array, s: int, p: int, d: int) -> Array:
        dx0 = super().input_gradient((*shape[:2], shape[2] + 2 * p, shape[3] + 2 * p), dy, w, s, 0, d)
        a, b = (min(p, d * (k - 1)) for k in w.shape[2:])
        return stretched(dx0[:, :, a:, b:], shape)


@mutant(
    "5.28",
    exercise=CONV,
    says="grad_filters is that of the last output position alone: add up the positions (+=, not =).",
)
class LastPositionAlone(Textbook):
    def filter_gradient(self, x0: Array, dy: Array, *arguments: Any) -> Array:
        only = np.zeros_like(dy)
        only[:, :, -1, -1] = dy[:, :, -1, -1]
        return super().filter_gradient(x0, only, *arguments)


@mutant(
    "5.19",
    exercise=CONV,
    says="grad_filters is exactly 1/(OH OW): sum over the output positions; grad_output holds any average.",
)
class FilterGradientAveragedOverPositions(Textbook):
    def filter_gradient(self, x0: Array, dy: Array, *arguments: Any) -> Array:
        return super().filter_gradient(x0, dy, *arguments) / dy[0, 0].size


@mutant("5.35", exercise=CONV, says="The two results are in the other order.")
class ResultsSwapped(Textbook):
    def conv_backward(self, *arguments: Any, **named: Any) -> tuple[Array, Array]:
        dx, dw = super().conv_backward(*arguments, **named)
        return dw, dx


@mutant("5.34", exercise=CONV, says="grad_output changed.")
class ConvWritesIntoOutput(Textbook):
    def conv_backward(self, grad_output: Array, *arguments: Any, **named: Any) -> tuple[Array, Array]:
        found = super().conv_backward(grad_output, *arguments, **named)
        grad_output *= 0.5
        return found


@mutant("5.34", exercise=CONV, says="grad_filters grows from call to call.")
class ConvAccumulates(Textbook):
    kept: ClassVar[dict[Any, Array]] = {}

    def conv_backward(
        self, grad_output: Array, input_data: Array, filters: Array, stride: int, padding: int, dilation: int = 1
    ) -> tuple[Array, Array]:
        dx, dw = super().conv_backward(grad_output, input_data, filters, stride, padding, dilation)
        self.__dict__["sum"] = self.__dict__.get("sum", 0) + dw
        return dx, self.__dict__["sum"]


# ---- max_pool_backward ------------------------------------------------------------------------


class Pooling:
    """A right implementation; the instance is the function."""

    __name__ = "Pooling"

    whole: ClassVar[bool] = True  # windows that hang over the edge are left out

    def step(self, size: int, stride: int) -> int:
        return stride

    def share(self, window: Array) -> Array:
        """(..., size, size): how a window's gradient is distributed."""
        flat = window.reshape(*window.shape[:-2], -1)
        first = flat.argmax(axis=-1)[..., None] == np.arange(flat.shape[-1])
        return first.reshape(window.shape) * 1.0

    def place(self, dx: Array, at: tuple[Any, ...], values: Array) -> None:
        dx[at] += values

    def finish(self, dx: Array, size: int, stride: int) -> Array:
        return dx

    def __call__(self, grad_output: Array, x: Array, size: int, stride: int) -> Array:
        dx, s = np.zeros_like(x), self.step(size, stride)
        for r, q in np.ndindex(grad_output.shape[2:]):
            at = ..., slice(r * s, r * s + size), slice(q * s, q * s + size)
            window = x[at]
            if window.shape[2:] == (size, size) or (window.size and not self.whole):
                self.place(dx, at, self.share(window) * grad_output[:, :, r, q, None, None])
        return self.finish(dx, size, stride)


def pooling(row: str, says: str) -> Callable[[type[Pooling]], Pooling]:
    def register(cls: type[Pooling]) -> Pooling:
        made = cls()
        made.__name__ = cls.__name__
        return mutant(row, exercise=POOL, says=says)(made)

    return register


TIES = "Where values tie, the gradient goes to the first of them, row by row. "


@pooling("5.21", TIES + "Yours goes in full to all of them: two positions received the whole gradient.")
class AllTies(Pooling):
    def share(self, window: Array) -> Array:
        return (window == window.max(axis=(-2, -1), keepdims=True)) * 1.0


@pooling("5.21", TIES + "Yours is split evenly among them.")
class TiesSplit(Pooling):
    def share(self, window: Array) -> Array:
        equal = window == window.max(axis=(-2, -1), keepdims=True)
        return equal / equal.sum(axis=(-2, -1), keepdims=True)


@pooling("5.21", TIES + "Yours goes to the last of them.")
class LastTie(Pooling):
    def share(self, window: Array) -> Array:
        return super().share(window[..., ::-1, ::-1])[..., ::-1, ::-1]


@pooling("5.21", TIES + "Yours goes to the first column by column.")
class FirstTieByColumn(Pooling):
    def share(self, window: Array) -> Array:
        return super().share(window.swapaxes(-2, -1)).swapaxes(-2, -1)


@pooling("5.23", OVERWRITTEN)
class PoolOverwrites(Pooling):
    """The whole window is assigned."""

    def place(self, dx: Array, at: tuple[Any, ...], values: Array) -> None:
        dx[at] = values


@pooling("5.23", OVERWRITTEN + "It won in several.")
class PoolOverwritesWinner(Pooling):
    """Only the winner is assigned; also dx[index] += with repeated indices."""

    def place(self, dx: Array, at: tuple[Any, ...], values: Array) -> None:
        dx[at] = np.where(values != 0, values, dx[at])


@pooling("5.15", "Right if the stride were the size: window (r, q) starts at (r stride, q stride).")
class StrideIsSize(Pooling):
    def step(self, size: int, stride: int) -> int:
        return size


@pooling("5.15", "Right if the stride were the size: window (r, q) starts at (r stride, q stride).")
class StrideIsSizeOverTheEdge(Pooling):
    """As before; a slice that hangs over the edge is a smaller window."""

    whole = False

    def step(self, size: int, stride: int) -> int:
        return size


@pooling("5.15", "Right if the stride were 1: window (r, q) starts at (r stride, q stride).")
class StrideIsOne(Pooling):
    def step(self, size: int, stride: int) -> int:
        return 1


@pooling("5.17", "Rows that the windows leave over are missing.")
class PoolLosesRows(Pooling):
    def finish(self, dx: Array, size: int, stride: int) -> Array:
        rows, columns = ((n - size) // stride * stride + size for n in dx.shape[2:])
        return dx[:, :, :rows, :columns]


@pooling("5.31", "The gradient is spread evenly over the window, as for average pooling; it belongs to the maximum.")
class AveragePooling(Pooling):
    def share(self, window: Array) -> Array:
        return np.full_like(window, 1 / window[0, 0].size)


@pooling("5.31", "Every pixel of the window receives the whole gradient; it belongs to the maximum.")
class WholeWindow(Pooling):
    def share(self, window: Array) -> Array:
        return np.ones_like(window)


@pooling("5.31", "The gradient goes to the corner of the window; it belongs to the place of the maximum.")
class Corner(Pooling):
    def share(self, window: Array) -> Array:
        out = np.zeros_like(window)
        out[..., 0, 0] = 1.0
        return out


@pooling("5.31", "The gradient goes to the smallest value of the window; it belongs to the largest.")
class Minimum(Pooling):
    def share(self, window: Array) -> Array:
        return super().share(-window)


@pooling("5.31", "You took the largest absolute value of the window; the maximum counts the sign.")
class LargestSize(Pooling):
    def share(self, window: Array) -> Array:
        return super().share(np.abs(window))


@pooling("5.31", "One maximum for all channels together: every channel has its own.")
class JointMaximum(Pooling):
    def share(self, window: Array) -> Array:
        flat = window.reshape(len(window), -1)
        first = flat.argmax(axis=-1)[:, None] == np.arange(flat.shape[-1])
        return first.reshape(window.shape) * 1.0


@pooling("5.31", "Row and column of the maximum are swapped: flat index k is row k // size, column k % size.")
class WinnerTransposed(Pooling):
    def share(self, window: Array) -> Array:
        return super().share(window).swapaxes(-2, -1)


@pooling("5.31", "A window of negative numbers has no winner: your search for the maximum begins at 0.")
class MaximumFromZero(Pooling):
    def share(self, window: Array) -> Array:
        return super().share(window) * (window > 0)


@pooling(
    "5.31",
    "In a window without positive numbers the corner wins: your search for the maximum begins at 0. Begin at the "
    "window's first value, or at -np.inf.",
)
class MaximumFromZeroAtCorner(Pooling):
    """`best, at = 0, (0, 0)` before the loop over a window."""

    def share(self, window: Array) -> Array:
        corner = np.zeros_like(window)
        corner[..., 0, 0] = 1.0
        return np.where((window > 0).any(axis=(-2, -1), keepdims=True), super().share(window), corner)


@pooling(
    "5.31",
    "The place within the window is taken for the place in the image: add the window's start, r stride, q stride.",
)
class PlaceInWindow(Pooling):
    def place(self, dx: Array, at: tuple[Any, ...], values: Array) -> None:
        dx[:, :, : values.shape[2], : values.shape[3]] += values


@pooling("5.31", "Every winner has the gradient 1: grad_output is not used.")
class GradientIgnored(Pooling):
    def __call__(self, grad_output: Array, *arguments: Any) -> Array:
        return super().__call__(np.ones_like(grad_output), *arguments)


@pooling("5.31", "The gradient is multiplied by the value of the pixel; the maximum has the slope 1 there.")
class TimesValue(Pooling):
    def share(self, window: Array) -> Array:
        return super().share(window) * window


@pooling("5.34", "x changed.")
class CrossesOut(Pooling):
    """Marks the winners in x."""

    def __call__(self, grad_output: Array, x: Array, size: int, stride: int) -> Array:
        dx = super().__call__(grad_output, x, size, stride)
        x[dx != 0] = -np.inf
        return dx

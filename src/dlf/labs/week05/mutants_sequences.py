"""Known wrong solutions of week 5 for sequences: rnn_backward, gradient_norm_by_lag."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from dlf.labs.week05.catalogue import LAG, RNN, mutant

Array = Any  # NumPy's own stubs say no more about sums and products of arrays


def valid(steps: Array, lengths: Array) -> Array:
    """(T, N, 1): which steps belong to their sequence."""
    return (np.arange(len(steps))[:, None] < lengths)[:, :, None]


class Textbook:
    """A right implementation, cut into the places where mistakes are made; c is the chunk, T without truncation."""

    dirty: ClassVar[tuple[str, ...]] = ()  # arrays whose padding keeps its NaN

    def cleaned(self, name: str, a: Array, past: Array) -> Array:
        """Without NaN in the padding; finite numbers stay, so that other mistakes with them are seen."""
        return a if name in self.dirty else np.where(past & np.isnan(a), 0.0, a)

    def immediate(self, douts: Array, lengths: Array | None) -> Array:
        return douts if lengths is None else douts * valid(douts, lengths)

    def total(self, dout: Array, carry: Array) -> Array:
        return dout + carry

    def slope(self, h: Array, t: int) -> Array:
        """The derivative of tanh in step t, from h[t] to h[t + 1]."""
        return 1 - h[t + 1] ** 2

    def before(self, h: Array, t: int, c: int) -> Array:
        """The state that wh multiplied in step t."""
        return h[t]

    def carry(self, dz: Array, wh: Array) -> Array:
        return dz @ wh.T

    def cut(self, t: int, steps: int, c: int) -> bool:
        """No gradient from step t to the one before it."""
        return t % c == 0 and t > 0

    def through_time(self, douts: Array, h: Array, wh: Array, c: int) -> tuple[Array, Array]:
        """The gradients of all sums z, (T, N, H), and of h0."""
        dz, carry = np.zeros_like(douts), np.zeros_like(h[0])
        for t in reversed(range(len(douts))):
            dz[t] = self.total(douts[t], carry) * self.slope(h, t)
            carry = self.carry(dz[t], wh)
            if self.cut(t, len(douts), c):
                carry = np.zeros_like(carry)
        return dz, carry

    def counted(self, dz: Array, lengths: Array | None) -> Array:
        """What of it enters the gradients of weights and inputs."""
        return dz

    def finish(self, g: dict[str, Array], dz: Array, lengths: Array | None) -> dict[str, Array]:
        return g

    def rnn_backward(
        self,
        grad_outputs: Array,
        hidden_states: Array,
        inputs: Array,
        weights: dict[str, Array],
        *,
        truncation: int | None = None,
        lengths: Array | None = None,
    ) -> dict[str, Array]:
        h, steps = hidden_states, len(inputs)
        c = min(truncation or steps, steps)
        if lengths is not None:
            past = ~valid(inputs, lengths)
            grad_outputs = self.cleaned("grad_outputs", grad_outputs, past)
            inputs = self.cleaned("inputs", inputs, past)
            h = np.concatenate([h[:1], self.cleaned("hidden_states", h[1:], past)])
        dz, start = self.through_time(self.immediate(grad_outputs, lengths), h, weights["wh"], c)
        dz = self.counted(dz, lengths)
        before = np.stack([self.before(h, t, c) for t in range(steps)])
        g = {
            "wx": np.einsum("tni,tnh->ih", inputs, dz),
            "wh": np.einsum("tnk,tnh->kh", before, dz),
            "b": dz.sum(axis=(0, 1)),
            "h0": start,
            "inputs": dz @ weights["wx"].T,
        }
        return self.finish(g, dz, lengths)


# ---- rnn_backward: all steps ------------------------------------------------------------------

LAST_LOSS = (
    "Your result is that of a loss at the last step alone: every step's grad_outputs[t] is added on the way back."
)


@mutant(
    "5.1",
    exercise=RNN,
    says="You dropped the gradient that arrives from t + 1: each step is treated as if it were the last. "
    "The total derivative is grad_outputs[t] plus what comes back through wh.",
)
class CarryDropped(Textbook):
    def total(self, dout: Array, carry: Array) -> Array:
        return dout


@mutant("5.2", exercise=RNN, says=LAST_LOSS)
class LastLossOnly(Textbook):
    def immediate(self, douts: Array, lengths: Array | None) -> Array:
        only = np.zeros_like(douts)
        only[-1] = douts[-1]
        return only


class OneStepOnly(Textbook):
    """Weights assigned in the loop, where they should be summed."""

    kept: ClassVar[int] = 0

    def rnn_backward(self, grad_outputs: Array, hidden_states: Array, inputs: Array, weights: Any, **named: Any) -> Any:
        alone = AloneIn(self.kept).rnn_backward(grad_outputs, hidden_states, inputs, weights, **named)
        found = super().rnn_backward(grad_outputs, hidden_states, inputs, weights, **named)
        return found | {k: alone[k] for k in ("wx", "wh", "b")}


class AloneIn(Textbook):
    """Only step t is counted."""

    def __init__(self, t: int) -> None:
        self.t = t

    def counted(self, dz: Array, lengths: Array | None) -> Array:
        only = np.zeros_like(dz)
        only[self.t] = dz[self.t]
        return only


ONE_STEP = "The gradients of the weights are those of one step alone, t = {}: add up all steps (+=, not =)."


@mutant("5.3", exercise=RNN, says=ONE_STEP.format(0))
class FirstStepAlone(OneStepOnly):
    kept = 0


@mutant("5.3", exercise=RNN, says=ONE_STEP.format("T - 1"))
class LastStepAlone(OneStepOnly):
    kept = -1


@mutant(
    "5.4",
    exercise=RNN,
    says="Time index off by one: the gradient of wh uses the state after step t; wh multiplied the one before it, "
    "hidden_states[t].",
)
class StateAfter(Textbook):
    def before(self, h: Array, t: int, c: int) -> Array:
        return h[t + 1]


@mutant("5.4", exercise=RNN, says="The gradient of wh takes 0 in place of h0 at the first step.")
class StartTakenForZero(Textbook):
    def before(self, h: Array, t: int, c: int) -> Array:
        return h[t] * (t > 0)


@mutant(
    "5.4",
    exercise=RNN,
    says="Time index off by one: the gradient of wx uses the input before; wx multiplied inputs[t] in the step that "
    "ends in hidden_states[t + 1].",
)
class InputBefore(Textbook):
    def rnn_backward(self, grad_outputs: Array, hidden_states: Array, inputs: Array, weights: Any, **named: Any) -> Any:
        found = super().rnn_backward(grad_outputs, hidden_states, inputs, weights, **named)
        late = super().rnn_backward(grad_outputs, hidden_states, np.roll(inputs, 1, axis=0), weights, **named)
        return found | {"wx": late["wx"]}


@mutant(
    "5.4",
    exercise=RNN,
    says="Time index off by one: you added grad_outputs[t - 1] in step t; grad_outputs[t] is the loss's look at "
    "hidden_states[t + 1], which step t computed.",
)
class LossBefore(Textbook):
    def immediate(self, douts: Array, lengths: Array | None) -> Array:
        late = np.roll(super().immediate(douts, lengths), 1, axis=0)
        late[0] = 0.0
        return late


@mutant(
    "5.4",
    exercise=RNN,
    says="Time index off by one: you added grad_outputs[t + 1] in step t; grad_outputs[t] is the loss's look at "
    "hidden_states[t + 1], which step t computed.",
)
class LossAfter(Textbook):
    def immediate(self, douts: Array, lengths: Array | None) -> Array:
        early = np.roll(super().immediate(douts, lengths), -1, axis=0)
        early[-1] = 0.0
        return early


BACK = (
    "You sent the gradient back through wh. Forward is h @ wh with states as rows, so the way back is dz @ wh.T (in "
    "column vectors, as in the theorem, W_h delta)."
)


@mutant("5.5", exercise=RNN, says=BACK)
class NotTransposed(Textbook):
    def carry(self, dz: Array, wh: Array) -> Array:
        return dz @ wh


@mutant("5.7", exercise=RNN, says="The gradient of h0 is 0: the first step sends its gradient on, through wh.T, to h0.")
class StartHasNoGradient(Textbook):
    def finish(self, g: dict[str, Array], dz: Array, lengths: Array | None) -> dict[str, Array]:
        return g | {"h0": np.zeros_like(g["h0"])}


@mutant(
    "5.7",
    exercise=RNN,
    says="In place of the gradient of h0 you return that of the first step's sum z; one more product, with wh.T, "
    "leads to h0.",
)
class StartOneProductShort(Textbook):
    def finish(self, g: dict[str, Array], dz: Array, lengths: Array | None) -> dict[str, Array]:
        return g | {"h0": dz[0]}


@mutant(
    "5.7",
    exercise=RNN,
    says="In place of the gradient of h0 you return that of the state after step 0: multiply by 1 - h^2 and wh.T once "
    "more.",
)
class StartOneStepShort(Textbook):
    """The total derivative of the last round of the loop."""

    def rnn_backward(self, grad_outputs: Array, hidden_states: Array, inputs: Array, weights: Any, **named: Any) -> Any:
        found = super().rnn_backward(grad_outputs, hidden_states, inputs, weights, **named)
        # wx = 1 would give dz[0]; the states tell the slope that was multiplied in
        units = {"wx": np.eye(len(weights["b"])), "wh": weights["wh"], "b": weights["b"]}
        steps = np.zeros((*inputs.shape[:2], len(weights["b"])))
        dz = super().rnn_backward(grad_outputs, hidden_states, steps, units, **named)["inputs"]
        return found | {"h0": dz[0] / (1 - hidden_states[1] ** 2)}


class ScaledWeights(Textbook):
    names: ClassVar[tuple[str, ...]] = ("wx", "wh", "b")

    def factor(self, dz: Array, lengths: Array | None) -> float:
        raise NotImplementedError

    def finish(self, g: dict[str, Array], dz: Array, lengths: Array | None) -> dict[str, Array]:
        return g | {k: g[k] * self.factor(dz, lengths) for k in self.names}


@mutant(
    "5.7", exercise=RNN, says="The gradient of b is exactly 1/T: sum over the steps; grad_outputs holds any average."
)
class BiasAveragedOverSteps(ScaledWeights):
    names = ("b",)

    def factor(self, dz: Array, lengths: Array | None) -> float:
        return 1 / len(dz)


@mutant(
    "5.7", exercise=RNN, says="The gradients of wx, wh and b are exactly 1/T: sum over the steps, without an average."
)
class WeightsAveragedOverSteps(ScaledWeights):
    def factor(self, dz: Array, lengths: Array | None) -> float:
        return 1 / len(dz)


@mutant(
    "5.25", exercise=RNN, says="The gradients of wx, wh and b are exactly 1/N: grad_outputs holds the batch's average."
)
class WeightsAveragedOverBatch(ScaledWeights):
    def factor(self, dz: Array, lengths: Array | None) -> float:
        return 1 / dz.shape[1]


@mutant(
    "5.25", exercise=RNN, says="The gradient of b is exactly 1/N: sum over the batch; grad_outputs holds its average."
)
class BiasAveragedOverBatch(ScaledWeights):
    names = ("b",)

    def factor(self, dz: Array, lengths: Array | None) -> float:
        return 1 / dz.shape[1]


SLOPE = "hidden_states are already tanh(z), so the derivative is 1 - h^2, with the state after the step. "


@mutant("5.26", exercise=RNN, says="The derivative of tanh is missing. " + SLOPE)
class NoSlope(Textbook):
    def slope(self, h: Array, t: int) -> Array:
        return np.ones_like(h[0])


@mutant("5.26", exercise=RNN, says=SLOPE + "You took the state before it, hidden_states[t].")
class SlopeOfStateBefore(Textbook):
    def slope(self, h: Array, t: int) -> Array:
        return 1 - h[t] ** 2


@mutant("5.26", exercise=RNN, says=SLOPE + "You applied tanh once more.")
class SlopeOfTanhOfState(Textbook):
    def slope(self, h: Array, t: int) -> Array:
        return 1 - np.tanh(h[t + 1]) ** 2


@mutant("5.26", exercise=RNN, says=SLOPE + "You multiplied by 1 - h, without the square.")
class SlopeWithoutSquare(Textbook):
    def slope(self, h: Array, t: int) -> Array:
        return 1 - h[t + 1]


@mutant("5.26", exercise=RNN, says=SLOPE + "You used the sigmoid's, h (1 - h).")
class SlopeOfSigmoid(Textbook):
    def slope(self, h: Array, t: int) -> Array:
        return h[t + 1] * (1 - h[t + 1])


@mutant(
    "5.26",
    exercise=RNN,
    says="Between two steps the gradient passes through wh.T only: the derivative of tanh is in the gradients of the "
    "weights, and missing in what you send on to t - 1.",
)
class CarryWithoutSlope(Textbook):
    def through_time(self, douts: Array, h: Array, wh: Array, c: int) -> tuple[Array, Array]:
        linear, start = super().through_time(douts, np.zeros_like(h), wh, c)
        return linear * (1 - h[1:] ** 2), start


@mutant(
    "5.26",
    exercise=RNN,
    says="What arrives from t + 1 is added after the derivative of tanh: add it to grad_outputs[t] first, then "
    "multiply by 1 - h^2; it passes through the tanh of this step too.",
)
class CarryAfterSlope(Textbook):
    def through_time(self, douts: Array, h: Array, wh: Array, c: int) -> tuple[Array, Array]:
        dz, carry = np.zeros_like(douts), np.zeros_like(h[0])
        for t in reversed(range(len(douts))):
            dz[t] = douts[t] * self.slope(h, t) + carry
            carry = dz[t] @ wh.T * (not self.cut(t, len(douts), c))
        return dz, carry


@mutant(
    "5.26",
    exercise=RNN,
    says="grad_outputs[t] is added after the derivative of tanh: it is the gradient of h[t + 1], not of the sum z, so "
    "it passes through the tanh of its own step too. Add first, then multiply by 1 - h^2.",
)
class LossAfterSlope(Textbook):
    def through_time(self, douts: Array, h: Array, wh: Array, c: int) -> tuple[Array, Array]:
        dz, carry = np.zeros_like(douts), np.zeros_like(h[0])
        for t in reversed(range(len(douts))):
            dz[t] = douts[t] + carry * self.slope(h, t)
            carry = dz[t] @ wh.T * (not self.cut(t, len(douts), c))
        return dz, carry


@mutant(
    "5.27", exercise=RNN, says="The gradient of wh is transposed: entry (i, j) sums h[t]_i times dz_j, h[t].T @ dz."
)
class RecurrentTransposed(Textbook):
    def finish(self, g: dict[str, Array], dz: Array, lengths: Array | None) -> dict[str, Array]:
        return g | {"wh": g["wh"].T}


@mutant("5.36", exercise=RNN, says="The gradient of inputs is in reverse order: the loop began at the last step.")
class InputsReversed(Textbook):
    def finish(self, g: dict[str, Array], dz: Array, lengths: Array | None) -> dict[str, Array]:
        return g | {"inputs": g["inputs"][::-1]}


@mutant("5.36", exercise=RNN, says="grad_outputs are met in reverse: entry t belongs to step t, whichever way you go.")
class LossesReversed(Textbook):
    def immediate(self, douts: Array, lengths: Array | None) -> Array:
        return super().immediate(douts, lengths)[::-1]


@mutant(
    "5.36",
    exercise=RNN,
    says="Your loop runs forward in time: the gradient of a state needs that of the state after it, so begin at T - 1 "
    "and end at 0.",
)
class ForwardLoop(Textbook):
    def through_time(self, douts: Array, h: Array, wh: Array, c: int) -> tuple[Array, Array]:
        dz, carry = np.zeros_like(douts), np.zeros_like(h[0])
        for t in range(len(douts)):
            dz[t] = self.total(douts[t], carry) * self.slope(h, t)
            carry = self.carry(dz[t], wh)
        return dz, carry


@mutant("5.34", exercise=RNN, says="grad_outputs changed.")
class RnnWritesIntoOutputs(Textbook):
    def rnn_backward(self, grad_outputs: Array, *arguments: Any, **named: Any) -> Any:
        found = super().rnn_backward(grad_outputs, *arguments, **named)
        grad_outputs[0] += found["h0"]
        return found


# ---- rnn_backward: truncation -----------------------------------------------------------------

IGNORED = "This is the gradient without truncation: no gradient passes from step K to step K - 1, "


@mutant("5.37", exercise=RNN, says=IGNORED + "from 2 K to 2 K - 1, and so on.")
class TruncationIgnored(Textbook):
    def cut(self, t: int, steps: int, c: int) -> bool:
        return False


@mutant("5.37", exercise=RNN, says=IGNORED + "with lengths as without.")
class TruncationIgnoredWithLengths(Textbook):
    def rnn_backward(self, *arguments: Any, **named: Any) -> Any:
        if named.get("lengths") is not None:
            named["truncation"] = None
        return super().rnn_backward(*arguments, **named)


@mutant(
    "5.8",
    exercise=RNN,
    says="With truncation only the current step contributes: you cut at every step. Within a chunk of K steps the "
    "gradient is carried on; it is cut only between chunks.",
)
class CutAtEveryStep(Textbook):
    def cut(self, t: int, steps: int, c: int) -> bool:
        return c < steps and t > 0


@mutant(
    "5.9",
    exercise=RNN,
    says="At the border of a chunk you set the state to 0: truncation cuts the gradient, not the state. The first step "
    "of a chunk still starts from hidden_states[t].",
)
class StateReset(Textbook):
    def before(self, h: Array, t: int, c: int) -> Array:
        return h[t] * (t == 0 or t % c > 0)


@mutant(
    "5.9",
    exercise=RNN,
    says="You ran the chunks forward again from a state of 0: truncation cuts the gradient, not the state; "
    "hidden_states are what happened.",
)
class ChunksRunAnew(Textbook):
    def rnn_backward(self, grad_outputs: Array, hidden_states: Array, inputs: Array, weights: Any, **named: Any) -> Any:
        h, c = hidden_states.copy(), named.get("truncation") or len(inputs)
        for t in range(c, len(inputs)):
            start = h[t] if t % c else np.zeros_like(h[t])
            h[t + 1] = np.tanh(inputs[t] @ weights["wx"] + start @ weights["wh"] + weights["b"])
        return super().rnn_backward(grad_outputs, h, inputs, weights, **named)


CHUNKS = "The chunks are [0, K), [K, 2 K), ... and the last one may be shorter. "


@mutant("5.10", exercise=RNN, says=CHUNKS + "Yours have K + 1 steps.")
class ChunkOneLonger(Textbook):
    def cut(self, t: int, steps: int, c: int) -> bool:
        return c < steps and t % (c + 1) == 0 and t > 0


@mutant("5.10", exercise=RNN, says=CHUNKS + "Yours have K - 1 steps.")
class ChunkOneShorter(Textbook):
    def cut(self, t: int, steps: int, c: int) -> bool:
        return c < steps and t % max(c - 1, 1) == 0 and t > 0


@mutant("5.10", exercise=RNN, says=CHUNKS + "You cut one step too early: the first one has K - 1 steps, the others K.")
class CutOneEarly(Textbook):
    def cut(self, t: int, steps: int, c: int) -> bool:
        return c < steps and (t + 1) % c == 0 and t > 0


@mutant("5.10", exercise=RNN, says=CHUNKS + "You cut one step too late: the first one has K + 1 steps, the others K.")
class CutOneLate(Textbook):
    def cut(self, t: int, steps: int, c: int) -> bool:
        return c < steps and (t - 1) % c == 0 and t > 1


@mutant("5.10", exercise=RNN, says=CHUNKS + "You counted from the last step, so that the first chunk is the short one.")
class ChunksFromTheEnd(Textbook):
    def cut(self, t: int, steps: int, c: int) -> bool:
        return (steps - t) % c == 0 and t > 0


@mutant(
    "5.10", exercise=RNN, says=CHUNKS + "Your short one contributes nothing: T // K chunks leave the last steps out."
)
class ShortChunkDropped(Textbook):
    def rnn_backward(self, grad_outputs: Array, *arguments: Any, **named: Any) -> Any:
        steps = len(grad_outputs)
        kept = steps - steps % (named.get("truncation") or steps)
        within = (np.arange(steps) < kept)[:, None, None]
        return super().rnn_backward(grad_outputs * within, *arguments, **named)


@mutant(
    "5.10",
    exercise=RNN,
    says="Only the last K steps have a gradient: every step counts, in the chunk that it belongs to.",
)
class LastChunkOnly(Textbook):
    def through_time(self, douts: Array, h: Array, wh: Array, c: int) -> tuple[Array, Array]:
        within = (np.arange(len(douts)) >= len(douts) - c)[:, None, None]
        dz, start = super().through_time(douts * within, h, wh, len(douts))
        return dz * within, start * within[0]


@mutant(
    "5.10",
    exercise=RNN,
    says=CHUNKS + "Only the last one has a gradient in your result: every step counts, in its own chunk.",
)
class LastOfTheChunks(Textbook):
    def through_time(self, douts: Array, h: Array, wh: Array, c: int) -> tuple[Array, Array]:
        dz, start = super().through_time(douts, h, wh, c)
        within = (np.arange(len(douts)) >= (len(douts) - 1) // c * c)[:, None, None]
        return dz * within, start * within[0]


@mutant(
    "5.7",
    exercise=RNN,
    says="With truncation your gradient of h0 is 0: h0 belongs to the first chunk, and is not cut from it.",
)
class StartCutOff(Textbook):
    def cut(self, t: int, steps: int, c: int) -> bool:
        return t % c == 0 and (t > 0 or c < steps)


@mutant(
    "5.7",
    exercise=RNN,
    says="With truncation your gradient of h0 is that of the last chunk's first state: h0 belongs to the first chunk.",
)
class StartOfLastChunk(Textbook):
    def through_time(self, douts: Array, h: Array, wh: Array, c: int) -> tuple[Array, Array]:
        dz, _ = super().through_time(douts, h, wh, c)
        return dz, dz[(len(douts) - 1) // c * c] @ wh.T


@mutant(
    "5.11",
    exercise=RNN,
    says="This is sliding-window truncation: every loss is carried back over K steps. That is a convention too, but "
    "this lab cuts time into chunks that start at t = 0, see the conventions card.",
)
class SlidingWindow(Textbook):
    def through_time(self, douts: Array, h: Array, wh: Array, c: int) -> tuple[Array, Array]:
        dz, start = np.zeros_like(douts), np.zeros_like(h[0])
        for last in range(len(douts)):
            total = douts[last]
            for t in range(last, max(last - c, -1), -1):
                part = total * self.slope(h, t)
                dz[t] += part
                total = part @ wh.T
                start = start + total * (t == 0)
        return dz, start


# ---- rnn_backward: lengths --------------------------------------------------------------------

PADDING = "Padding changes the result: "


@mutant(
    "5.12",
    exercise=RNN,
    says="Padding changes the result as if lengths were not there: past its length a sequence has no loss and no "
    "gradient.",
)
class LengthsIgnored(Textbook):
    def immediate(self, douts: Array, lengths: Array | None) -> Array:
        return douts


@mutant(
    "5.12",
    exercise=RNN,
    says=PADDING
    + "what grad_outputs holds past a length is masked in the gradients of the weights, but it still travels "
    "back to the steps before. Mask the total derivative.",
)
class MaskedTooLate(Textbook):
    """The weights are masked, what is carried back is not."""

    def immediate(self, douts: Array, lengths: Array | None) -> Array:
        return douts

    def counted(self, dz: Array, lengths: Array | None) -> Array:
        return dz if lengths is None else dz * valid(dz, lengths)


@mutant(
    "5.12",
    exercise=RNN,
    says=PADDING
    + "what grad_outputs holds past a length is added to the last real step, as if its state were repeated. The "
    "loss does not look there.",
)
class AddedToTheLastState(Textbook):
    def immediate(self, douts: Array, lengths: Array | None) -> Array:
        moved = super().immediate(douts, lengths).copy()
        if lengths is not None:
            moved[lengths - 1, np.arange(len(lengths))] += (douts - super().immediate(douts, lengths)).sum(axis=0)
        return moved


@mutant(
    "5.12", exercise=RNN, says="The mask is off by one: a sequence of length L has the steps t < L; yours has one more."
)
class MaskOneLonger(Textbook):
    def immediate(self, douts: Array, lengths: Array | None) -> Array:
        return super().immediate(douts, None if lengths is None else lengths + 1)


@mutant(
    "5.12", exercise=RNN, says="The mask is off by one: a sequence of length L has the steps t < L; yours has one less."
)
class MaskOneShorter(Textbook):
    def immediate(self, douts: Array, lengths: Array | None) -> Array:
        return super().immediate(douts, None if lengths is None else lengths - 1)


@mutant(
    "5.12",
    exercise=RNN,
    says="The mask is on the wrong side: you kept the padding, t >= length, and dropped the steps.",
)
class MaskReversed(Textbook):
    def immediate(self, douts: Array, lengths: Array | None) -> Array:
        return douts - super().immediate(douts, lengths) if lengths is not None else douts


@mutant(
    "5.12",
    exercise=RNN,
    says="With truncation padding changes the result as if lengths were not there: past its length a sequence has no "
    "loss and no gradient.",
)
class LengthsIgnoredWithTruncation(Textbook):
    def rnn_backward(self, *arguments: Any, **named: Any) -> Any:
        if named.get("truncation") is not None:
            named["lengths"] = None
        return super().rnn_backward(*arguments, **named)


@mutant(
    "5.12",
    exercise=RNN,
    says="You set hidden_states to 0 from index length on, one too early: hidden_states begins with h0, so index "
    "length is the last real state, and 1 - h^2 needs it.",
)
class StatesMaskedOneEarly(Textbook):
    def rnn_backward(self, grad_outputs: Array, hidden_states: Array, *arguments: Any, **named: Any) -> Any:
        if named.get("lengths") is not None:
            hidden_states = hidden_states * valid(hidden_states, named["lengths"])
        return super().rnn_backward(grad_outputs, hidden_states, *arguments, **named)


@mutant("5.12", exercise=RNN, says="The losses of short sequences are dropped: only the last real step of each counts.")
class LastRealStepOnly(Textbook):
    def immediate(self, douts: Array, lengths: Array | None) -> Array:
        if lengths is None:
            return douts
        return super().immediate(douts, lengths) - super().immediate(douts, lengths - 1)


@mutant(
    "5.12",
    exercise=RNN,
    says="The gradients of the weights are divided by the number of valid steps: sum over them; grad_outputs holds "
    "any average.",
)
class AveragedOverValidSteps(ScaledWeights):
    def factor(self, dz: Array, lengths: Array | None) -> float:
        return 1.0 if lengths is None else 1 / float(lengths.sum())


@mutant(
    "5.12",
    exercise=RNN,
    says="Each sequence's gradient is divided by its own length: sum over the valid steps; grad_outputs holds "
    "any average.",
)
class AveragedOverOwnLength(Textbook):
    def immediate(self, douts: Array, lengths: Array | None) -> Array:
        return super().immediate(douts, lengths) / (1.0 if lengths is None else lengths[:, None])


DIRTY = "NaN in the padding of {} reaches your result: 0 times NaN is NaN, so a mask that multiplies does not clean it."


@mutant("5.12", exercise=RNN, says=DIRTY.format("inputs"))
class InputsNotCleaned(Textbook):
    dirty = ("inputs",)


@mutant("5.12", exercise=RNN, says=DIRTY.format("grad_outputs"))
class LossesNotCleaned(Textbook):
    dirty = ("grad_outputs",)


@mutant("5.12", exercise=RNN, says=DIRTY.format("hidden_states"))
class StatesNotCleaned(Textbook):
    dirty = ("hidden_states",)


@mutant("5.12", exercise=RNN, says=DIRTY.format("all arrays"))
class NothingCleaned(Textbook):
    dirty = ("inputs", "grad_outputs", "hidden_states")


# ---- gradient_norm_by_lag ---------------------------------------------------------------------


class Lags:
    """A right implementation; the instance is the function."""

    __name__ = "Lags"

    def slope(self, h: Array, t: int) -> Array:
        return 1 - h[t] ** 2

    def back(self, dz: Array, wh: Array) -> Array:
        return dz @ wh.T

    def norm(self, total: Array) -> Array:
        return np.sqrt((total**2).sum(axis=1))

    def finish(self, norms: Array) -> Array:
        return norms

    def __call__(self, grad_last: Array, hidden_states: Array, wh: Array) -> Array:
        total, norms = grad_last, [self.norm(grad_last)]
        for t in range(len(hidden_states) - 1, 0, -1):
            total = self.back(total * self.slope(hidden_states, t), wh)
            norms.append(self.norm(total))
        return self.finish(np.stack(norms))


def lags(row: str, says: str) -> Callable[[type[Lags]], Lags]:
    def register(cls: type[Lags]) -> Lags:
        made = cls()
        made.__name__ = cls.__name__
        return mutant(row, exercise=LAG, says=says)(made)

    return register


@lags("5.5", BACK)
class LagNotTransposed(Lags):
    def back(self, dz: Array, wh: Array) -> Array:
        return dz @ wh


@lags("5.26", "The derivative of tanh is missing: these are the norms of the linear network. " + SLOPE)
class LagNoSlope(Lags):
    def slope(self, h: Array, t: int) -> Array:
        return np.ones_like(h[t])


@lags("5.26", SLOPE + "You took the state before it.")
class LagSlopeBefore(Lags):
    def slope(self, h: Array, t: int) -> Array:
        return 1 - h[t - 1] ** 2


@lags("5.26", SLOPE + "You took the states in the order of time, while the gradient meets the last one first.")
class LagSlopeReversed(Lags):
    def slope(self, h: Array, t: int) -> Array:
        return 1 - h[len(h) - t] ** 2


@lags("5.26", SLOPE + "You applied tanh once more.")
class LagSlopeOfTanh(Lags):
    def slope(self, h: Array, t: int) -> Array:
        return 1 - np.tanh(h[t]) ** 2


@lags(
    "5.26",
    "Entry k holds the derivative of tanh already: the derivative by h[T - k] is asked, not by the sum z before it.",
)
class LagOfSums(Lags):
    def __call__(self, grad_last: Array, hidden_states: Array, wh: Array) -> Array:
        total, norms = grad_last, []
        for t in range(len(hidden_states) - 1, -1, -1):
            dz = total * self.slope(hidden_states, t)
            norms.append(self.norm(dz))
            total = self.back(dz, wh)
        return np.stack(norms)


@lags(
    "5.26",
    "Entry k is the norm by the sum z of the step after h[T - k]: one more product, with wh.T, leads to h[T - k].",
)
class LagOfDeltas(Lags):
    """Entry 0 is |grad_last|, entry k the norm by the sum z of the step after h[T - k]."""

    def __call__(self, grad_last: Array, hidden_states: Array, wh: Array) -> Array:
        total, norms = grad_last, [self.norm(grad_last)]
        for t in range(len(hidden_states) - 1, 0, -1):
            dz = total * self.slope(hidden_states, t)
            norms.append(self.norm(dz))
            total = self.back(dz, wh)
        return np.stack(norms)


@lags("5.32", "Your rows are in the order of time: entry 0 is the lag 0, the last state, and entry T belongs to h0.")
class InTimeOrder(Lags):
    def finish(self, norms: Array) -> Array:
        return norms[::-1]


@lags("5.32", "Your rows are late by one: entry 0 is |grad_last| itself, and entry T belongs to h0.")
class LateByOne(Lags):
    def finish(self, norms: Array) -> Array:
        return np.concatenate([norms[:1], norms[:-1]])


@lags("5.33", "These are the squares of the norms.")
class Squared(Lags):
    def norm(self, total: Array) -> Array:
        return (total**2).sum(axis=1)


@lags("5.33", "These are sums of absolute values; the Euclidean norm is the root of the sum of squares.")
class AbsoluteSum(Lags):
    def norm(self, total: Array) -> Array:
        return np.abs(total).sum(axis=1)


@lags("5.33", "These are the largest absolute values; the Euclidean norm is the root of the sum of squares.")
class LargestEntry(Lags):
    def norm(self, total: Array) -> Array:
        return np.abs(total).max(axis=1)


@lags("5.33", "These are root mean squares over the units; the Euclidean norm has the sum.")
class RootMeanSquare(Lags):
    def norm(self, total: Array) -> Array:
        return np.sqrt((total**2).mean(axis=1))


@lags("5.33", "These are the norms divided by |grad_last|.")
class Relative(Lags):
    def finish(self, norms: Array) -> Array:
        return norms / norms[0]


@lags("5.33", "These are the logarithms of the norms.")
class Logarithms(Lags):
    def finish(self, norms: Array) -> Array:
        return np.log(norms)


@lags("5.33", "Every sequence has the mean over the batch: each has its own norm.")
class MeanOverBatch(Lags):
    def finish(self, norms: Array) -> Array:
        return norms.mean(axis=1, keepdims=True) + np.zeros_like(norms)


@lags("5.33", "Every sequence has the norm of the whole batch: take it over the units alone, axis=1.")
class NormOfTheBatch(Lags):
    def norm(self, total: Array) -> Array:
        return np.full(len(total), np.linalg.norm(total))


@lags("5.33", "grad_last enters at every step: the loss looks at the last state only, so it enters once.")
class LossAtEveryStep(Lags):
    def __call__(self, grad_last: Array, hidden_states: Array, wh: Array) -> Array:
        total, norms = grad_last, [self.norm(grad_last)]
        for t in range(len(hidden_states) - 1, 0, -1):
            total = self.back(total * self.slope(hidden_states, t), wh) + grad_last
            norms.append(self.norm(total))
        return np.stack(norms)


@lags("5.33", "These are |grad_last| times products of norms, an upper bound: the norm of the product is asked.")
class ProductOfNorms(Lags):
    def __call__(self, grad_last: Array, hidden_states: Array, wh: Array) -> Array:
        norms = [self.norm(grad_last)]
        for h in hidden_states[:0:-1]:
            norms.append(norms[-1] * np.array([np.linalg.norm(row[:, None] * wh.T, 2) for row in 1 - h**2]))
        return np.stack(norms)


@lags("5.34", "grad_last changed.")
class LagWritesIntoGradient(Lags):
    def __call__(self, grad_last: Array, hidden_states: Array, wh: Array) -> Array:
        norms = super().__call__(grad_last, hidden_states, wh)
        grad_last *= 1 - hidden_states[-1] ** 2
        return norms

"""One training step of an MLP, 784-256-256-10, batch 128, float32, one thread: the tape against torch and autograd.

A step is the forward pass, cross-entropy, the backward pass and plain gradient descent. Torch runs twice: the same
operations on bare tensors, and nn.Linear with optim.SGD. autograd is the package of HIPS. python -m benchmarks.tape_mlp
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import autograd
import autograd.numpy as anp
import numpy as np
import torch
from autograd.scipy.special import logsumexp

from benchmarks.interleave import machine, ratio, report
from dlf import autodiff as ad
from dlf.autodiff import Tensor
from dlf.runtime import seed_everything

SIZES, BATCH, RATE = (784, 256, 256, 10), 128, 0.01
Step = Callable[[], float]


class Problem:
    """A random batch and the initial weights, of which every candidate takes copies."""

    def __init__(self, sizes: tuple[int, ...], batch: int) -> None:
        rng = seed_everything(0)
        self.x = rng.normal(size=(batch, sizes[0])).astype(np.float32)
        self.labels = rng.integers(0, sizes[-1], batch)
        self.weights = [(rng.normal(size=p) * np.sqrt(2 / p[0])).astype(np.float32) for p in pairwise(sizes)]
        self.biases = [np.zeros(b, np.float32) for b in sizes[1:]]

    def parameters(self) -> list[np.ndarray]:
        """Return copies in the order w, b, w, b, ..."""
        return [p.copy() for pair in zip(self.weights, self.biases, strict=True) for p in pair]


def tape(problem: Problem) -> Step:
    parameters = [Tensor(p, requires_grad=True) for p in problem.parameters()]
    x, labels = Tensor(problem.x), problem.labels

    def step() -> float:
        h = x
        for w, b in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
            h = ad.relu(h @ w + b)
        loss = ad.cross_entropy(h @ parameters[-2] + parameters[-1], labels)
        loss.backward()
        for p in parameters:
            p.data -= RATE * p.grad  # type: ignore[operator]
            p.grad = None
        return loss.item()

    return step


def by_torch(problem: Problem) -> Step:
    parameters = [torch.from_numpy(p).requires_grad_() for p in problem.parameters()]
    x, labels = torch.from_numpy(problem.x), torch.from_numpy(problem.labels)

    def step() -> float:
        h = x
        for w, b in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
            h = torch.relu(h @ w + b)
        loss = torch.nn.functional.cross_entropy(h @ parameters[-2] + parameters[-1], labels)
        loss.backward()
        with torch.no_grad():
            for p in parameters:
                p -= RATE * p.grad  # type: ignore[operator]
                p.grad = None
        return loss.item()

    return step


def by_torch_modules(problem: Problem) -> Step:
    layers: list[torch.nn.Module] = []
    for w, b in zip(problem.weights, problem.biases, strict=True):
        layer = torch.nn.Linear(*w.shape)
        layer.weight.data, layer.bias.data = torch.from_numpy(w.T.copy()), torch.from_numpy(b.copy())
        layers += [layer, torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(net.parameters(), lr=RATE)
    x, labels = torch.from_numpy(problem.x), torch.from_numpy(problem.labels)

    def step() -> float:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(x), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def by_hips_autograd(problem: Problem) -> Step:
    parameters = problem.parameters()
    x, labels, rows = problem.x, problem.labels, np.arange(len(problem.x))

    def loss_of(parameters: list[np.ndarray]) -> float:
        h = x
        for w, b in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
            h = anp.maximum(h @ w + b, 0)
        logits = h @ parameters[-2] + parameters[-1]
        return anp.mean(logsumexp(logits, axis=1) - logits[rows, labels])

    value_and_grad = autograd.value_and_grad(loss_of)

    def step() -> float:
        loss, gradients = value_and_grad(parameters)
        for p, g in zip(parameters, gradients, strict=True):
            p -= RATE * g
        return float(loss)

    return step


def by_hand(problem: Problem) -> Step:
    """The same step with the backward pass written out."""
    parameters = problem.parameters()
    weights, biases = parameters[::2], parameters[1::2]
    x, labels, rows = problem.x, problem.labels, np.arange(len(problem.x))

    def step() -> float:
        inputs = [x]
        for w, b in zip(weights[:-1], biases[:-1], strict=True):
            inputs.append(np.maximum(inputs[-1] @ w + b, 0))
        logits = inputs[-1] @ weights[-1] + biases[-1]
        shifted = logits - logits.max(axis=1, keepdims=True)
        e = np.exp(shifted)
        total = e.sum(axis=1, keepdims=True)
        loss = (np.log(total).sum() - shifted[rows, labels].sum()) / len(x)
        g = e / total
        g[rows, labels] -= 1
        g /= len(x)
        for i in reversed(range(len(weights))):
            dw, db = inputs[i].T @ g, g.sum(axis=0)
            if i:
                g = (g @ weights[i].T) * (inputs[i] > 0)
            weights[i] -= RATE * dw
            biases[i] -= RATE * db
        return float(loss)

    return step


PEERS = {
    "torch, the same operations": by_torch,
    "torch, nn.Linear and optim.SGD": by_torch_modules,
    "HIPS autograd": by_hips_autograd,
}


def race(sizes: tuple[int, ...], batch: int, turn: int, rounds: int, targets: tuple[float, ...]) -> None:
    """Print the ratio to every peer; candidates take turns of `turn` steps."""
    problem = Problem(sizes, batch)
    for (name, peer), target in zip(PEERS.items(), targets, strict=True):
        measured = ratio(repeated(tape(problem), turn), repeated(peer(problem), turn), rounds=rounds)
        print(report(f"step of {'-'.join(map(str, sizes))}, batch {batch}, against {name}", target, measured))
    print(machine("numpy", "torch", "autograd"))


def repeated(step: Step, turn: int) -> Callable[[], None]:
    """Return a function that takes `turn` steps."""

    def steps() -> None:
        for _ in range(turn):
            step()

    return steps


if __name__ == "__main__":
    race(SIZES, BATCH, turn=1, rounds=101, targets=(1.15, 1.15, 0.55))

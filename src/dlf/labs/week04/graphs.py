"""Checks of `ComputationalGraph`: built once, run with many inputs, differentiated after each run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from dlf.labs import contract
from dlf.labs.compare import Array, Comparison, Finding, Observe, Values
from dlf.labs.detectors import distance
from dlf.labs.exercise import Step
from dlf.labs.result import TODO
from dlf.labs.verdict import Failure, NotStarted
from dlf.labs.week04 import reference
from dlf.labs.week04.careful import Legible
from dlf.labs.week04.mutants import CATALOGUE
from dlf.labs.week04.mutants.catalogue import BACKWARD, FORWARD
from dlf.labs.week04.probe import refuse, signed

Inputs = dict[str, Array]
Build = Callable[..., Any]  # input nodes -> output node
INNER = 3


def network(x: Any, w: Any, b: Any) -> Any:
    """A hidden layer that is used three times, constants and broadcasting."""
    h = (x @ w + b).tanh()
    return (h * h + h * 0.5 - 1.0) / (2.5 - h)


def scalar_network(x: Any, w: Any, b: Any) -> Any:
    return network(x, w, b).sum()


def built(cls: Any, names: str, build: Build) -> Any:
    """The learner's graph of this expression."""
    graph = cls()
    nodes = [graph.input(name) for name in names]
    if any(n is TODO for n in nodes):
        raise NotStarted
    for name, node in zip(names, nodes, strict=True):
        if not hasattr(node, "value") or not hasattr(node, "__add__"):
            raise Failure(
                f'graph.input("{name}") is {contract.kind(node)}, expected an AutoDiffNode.',
                next_step="make a node without a value, keep it under its name, and return it.",
            )
    try:
        result = build(*nodes)
    except (TypeError, AttributeError, ValueError) as error:
        refuse(
            error,
            "The expression could not be built. Before forward the inputs have no value: an operator on such a node "
            "has to make a node without a value, which forward computes later.",
            None,
            "let the operators record what to compute, and compute only if all children have values.",
        )
    if graph.output(result) is TODO:
        raise NotStarted
    return graph


def inputs(rng: np.random.Generator, rows: int = 4) -> Inputs:
    return {"x": signed(rng, rows, INNER), "w": signed(rng, INNER, 2), "b": signed(rng, 2)}


def run(graph: Any, given: Mapping[str, Array], shape: tuple[int, ...], what: str) -> Array:
    handed = {name: array.copy() for name, array in given.items()}
    y = contract.array(graph.forward(handed), shape, what).copy()
    contract.unchanged(given.values(), handed.values(), "An input array", None)
    return y


def gradients(graph: Any, given: Mapping[str, Array], what: str) -> Values:
    found = graph.backward()
    if found is TODO:
        raise NotStarted
    missing = isinstance(found, dict) and [n for n in given if n not in found]
    if missing and "unused" in missing:
        raise _unused("has no entry in the result")
    found = contract.mapping(found, tuple(given), "The result of backward")
    if "unused" in given and np.shape(found["unused"]) != given["unused"].shape:
        raise _unused(f"has a gradient of the shape {np.shape(found['unused'])}")
    return {
        f"{what}, the gradient of {n}": contract.array(found[n], a.shape, f"{what}, the gradient of {n}").copy()
        for n, a in given.items()
    }


def _unused(what: str) -> Failure:
    return Failure(
        f"An input that the output does not use {what}; the output does not change with it, so its gradient is "
        "zeros, of the shape of the input.",
        "4.39",
        next_step="start the gradients of all inputs with np.zeros_like(node.value).",
    )


# ---- forward ----------------------------------------------------------------------------------


def check_class(cls: Any, seed: int) -> None:
    methods = {"input": ("name",), "output": ("node",), "forward": ("inputs",)}
    contract.class_(cls, (), methods)
    built(cls, "xwb", network)


def observe_forward(cls: Any, seed: int) -> Values:
    rng = np.random.default_rng([seed, 51])
    graph = built(cls, "xwb", network)
    first, second, longer = inputs(rng), inputs(rng), inputs(rng, rows=6)
    runs = {"the first": first, "the second": second, "a longer batch's": longer, "the first, repeated,": first}
    return {
        f"The value of {text} forward": run(graph, given, (len(given["x"]), 2), f"The value of {text} forward")
        for text, given in runs.items()
    }


def explain_forward(learner: Values, right: Values, seed: int) -> Finding | None:
    first, second = list(right)[:2]
    if distance(learner[first], right[first]) < 1e-9 and distance(learner[second], right[first]) < 1e-9:
        return "4.27", STALE
    return None


STALE = "The second forward returns the value of the first: nodes that have a value are not computed again."


def check_shapes_again(cls: Any, seed: int) -> None:
    """A graph that computes once has the wrong shape for a longer batch."""
    rng = np.random.default_rng([seed, 51])
    graph, first, second = built(cls, "xwb", network), inputs(rng), inputs(rng)
    values = [run(graph, given, (4, 2), "The value of forward") for given in (first, second)]
    if distance(values[1], values[0]) < 1e-12:
        raise Failure(
            STALE,
            "4.27",
            (f"two different inputs, twice the value {values[0][0, 0]:.6f} in front",),
            "in forward, give the inputs their values and compute every other node anew, children first.",
        )


def check_two_graphs(cls: Any, seed: int) -> None:
    """Two graphs with the same names, run in turns."""
    rng = np.random.default_rng([seed, 52])
    x, y = signed(rng, 3), signed(rng, 3)
    one = built(cls, "x", lambda x: x * 2.0)
    two = built(cls, "x", lambda x: (x * 5.0).exp())
    for graph, array, expected in ((one, x, 2 * x), (two, y, np.exp(5 * y)), (one, y, 2 * y)):
        try:
            found = np.asarray(graph.forward({"x": array.copy()}), dtype=float)
        except (TypeError, ValueError, KeyError) as error:
            refuse(error, "Run in turns with another graph, a graph fails that ran alone.", "4.29", ANEW)
        if distance(found, expected) > 1e-9:
            raise Failure(SHARE, "4.29", next_step=ANEW)
    if one.nodes is two.nodes:
        raise Failure(SHARE, "4.29", ("graph_1.nodes is graph_2.nodes",), ANEW)


SHARE = (
    "Two graphs share something: with the same input name, run in turns, they disturb each other. A list or dict "
    "that belongs to the class is one for all graphs."
)
ANEW = "make self.nodes and the table of inputs anew in __init__."


def check_nodes(cls: Any, seed: int) -> None:
    graph = cls()
    x, unused = graph.input("x"), graph.input("unused")
    y = (x * 2.0).exp()
    graph.output(y)
    nodes = getattr(graph, "nodes", None)
    if not isinstance(nodes, list):
        raise Failure(f".nodes is {contract.kind(nodes)}, expected a list of nodes.")
    for name, node in {"the input x": x, "an unused input": unused, "the output": y}.items():
        if sum(node is n for n in nodes) != 1:
            times = sum(node is n for n in nodes)
            raise Failure(
                f".nodes holds {name} {times} times, expected once.",
                evidence=('x, unused = graph.input("x"), graph.input("unused"); graph.output((x * 2.0).exp())',),
                next_step="collect the inputs and everything that the output is computed from, each once.",
            )


def check_names(cls: Any, seed: int) -> None:
    rng = np.random.default_rng([seed, 53])
    full = inputs(rng)
    missing = {n: a for n, a in full.items() if n != "b"}
    unknown = full | {"bias": full["b"]}
    for given, what, silence in (
        (missing, 'without the input "b"', "the value of an earlier call is used in silence"),
        (unknown, 'with an unknown input "bias"', "a misspelled name is dropped in silence"),
    ):
        graph = built(cls, "xwb", network)
        graph.forward({n: a.copy() for n, a in full.items()})
        try:
            graph.forward(given)
        except (ValueError, KeyError):
            continue
        except NotImplementedError:
            raise
        except Exception as error:
            refuse(error, f"forward {what} should raise a ValueError that names it.", "4.30")
        raise Failure(
            f"forward {what} went through, after a call with all inputs: {silence}. Raise a ValueError that names it.",
            "4.30",
            next_step="compare the names that come with those of the inputs, first of all.",
        )


# ---- backward ---------------------------------------------------------------------------------


def check_backward_class(cls: Any, seed: int) -> None:
    methods = {"input": ("name",), "output": ("node",), "forward": ("inputs",), "backward": ()}
    contract.class_(cls, (), methods)
    graph = built(cls, "x", lambda x: (x * x).sum())
    if graph.forward({"x": np.array([1.0, 2.0])}) is TODO:
        raise NotStarted
    gradients(graph, {"x": np.array([1.0, 2.0])}, "For (x * x).sum()")


def check_forward_first(cls: Any, seed: int) -> None:
    try:
        check_shapes_again(cls, seed)
        forward(cls, seed)
    except Failure as failure:
        if failure.row is None:
            failure.sentence = "forward comes first, and is not right yet. " + failure.sentence
        failure.next_step = 'lab.check("ComputationalGraph.forward", ...) shows more.'
        raise


def observe_once(cls: Any, seed: int) -> Values:
    given = inputs(np.random.default_rng([seed, 54]))
    graph = built(cls, "xwb", scalar_network)
    run(graph, given, (), "The value of forward")
    return gradients(graph, given, "After one forward")


def explain_once(learner: Values, right: Values, seed: int) -> Finding | None:
    return None, (
        "The gradients are wrong after the first forward already. forward is right, so look at AutoDiffNode.backward: "
        'lab.check("AutoDiffNode.backward", AutoDiffNode).'
    )


def observe_again(cls: Any, seed: int) -> Values:
    rng = np.random.default_rng([seed, 55])
    graph = built(cls, "xwb", scalar_network)
    values: Values = {}
    first, second = inputs(rng), inputs(rng)
    run(graph, first, (), "The value of forward")
    for text in ("called once", "called twice"):
        values |= gradients(graph, first, f"In backward {text}")
    run(graph, second, (), "The value of forward")
    return values | gradients(graph, second, "In backward after another forward")


def check_results_kept(cls: Any, seed: int) -> None:
    rng = np.random.default_rng([seed, 58])
    graph = built(cls, "xwb", scalar_network)
    first, second = inputs(rng), inputs(rng)
    run(graph, first, (), "The value of forward")
    kept = gradients(graph, first, "In backward")
    held = graph.backward()
    run(graph, second, (), "The value of forward")
    graph.backward()
    for name, right in zip(first, kept.values(), strict=True):
        if not np.array_equal(np.asarray(held[name]), right):
            raise Failure(
                f"The gradient of {name} that an earlier backward returned changed when forward and backward were "
                "called again: the nodes write into the array that was given away.",
                "4.28",
                (f"its largest entry: {np.abs(right).max():.4f} before, {np.abs(held[name]).max():.4f} afterwards",),
                "begin with a new array, np.zeros_like(value); gradient[...] = 0 empties the old one.",
            )


def observe_longer(cls: Any, seed: int) -> Values:
    rng = np.random.default_rng([seed, 57])
    graph, short, longer = built(cls, "xwb", scalar_network), inputs(rng), inputs(rng, rows=6)
    for given in (short, longer):
        run(graph, given, (), "The value of forward")
        try:
            values = gradients(graph, given, f"For a batch of {len(given['x'])}")
        except ValueError as error:
            refuse(error, "After a batch of 4 rows, backward fails for one of 6. " + LEFT, "4.28")
    return values


LEFT = "Gradients of the earlier call are there when it begins, in its shapes: reset them before, not after."


def explain_again(learner: Values, right: Values, seed: int) -> Finding | None:
    return "4.28", (
        "The gradients depend on an earlier backward. Those of the last forward are wanted: let no gradient of an "
        "earlier call take part."
    )


def check_unused(cls: Any, seed: int) -> None:
    given = {"x": np.array([1.0, 2.0]), "unused": np.ones((2, 3))}
    graph = cls()
    x = graph.input("x")
    graph.input("unused")
    graph.output((x * x).sum())
    run(graph, given, (), "The value of forward")
    found = list(gradients(graph, given, "With an unused input").values())
    if found[1].any() or distance(found[0], 2 * given["x"]) > 1e-9:
        raise Failure(
            "With an unused input, a gradient is wrong: it is zeros for the unused one, as before for the other.",
            "4.39",
        )


def check_captured(cls: Any, seed: int) -> None:
    """The caller's arrays change between forward and backward."""
    given = inputs(np.random.default_rng([seed, 56]))
    handed = {n: a.copy() for n, a in given.items()}
    graph, right = built(cls, "xwb", scalar_network), built(reference.ComputationalGraph, "xwb", scalar_network)
    right.forward(given)
    graph.forward(handed)
    for array in handed.values():
        array += 3.0
    try:
        found = graph.backward()
    except NotImplementedError:
        raise
    except Exception:
        return  # refusing is right, too
    for name, expected in right.backward().items():
        if distance(np.asarray(found[name]), expected) > 1e-9:
            raise Failure(
                f"The array of the input {name} was changed after forward, by the caller who made it, and your "
                "gradient is not that of the numbers forward saw. Save a copy in forward, or refuse.",
                "4.13",
                next_step="np.array(array) copies; np.asarray(array) does not.",
            )


def _comparison(exercise: str, observe: Observe, **more: Any) -> Comparison:
    return Legible(exercise, reference.ComputationalGraph, observe, CATALOGUE, **more)


forward = _comparison(FORWARD, observe_forward, explain=explain_forward)
once = _comparison(BACKWARD, observe_once, explain=explain_once)
again = _comparison(BACKWARD, observe_again, explain=explain_again)
longer = _comparison(BACKWARD, observe_longer, explain=explain_again)

FORWARD_STEPS = (
    Step("", check_class),
    Step("computed again", check_shapes_again),
    Step("values, other shapes", forward),
    Step("two graphs", check_two_graphs),
    Step("nodes", check_nodes),
    Step("names", check_names),
)
BACKWARD_STEPS = (
    Step("", check_backward_class),
    Step("forward", check_forward_first),
    Step("gradients", once),
    Step("called again", again),
    Step("earlier results", check_results_kept),
    Step("other shapes", longer),
    Step("unused inputs", check_unused),
    Step("arrays that change later", check_captured),
)

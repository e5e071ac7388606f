"""The bug hunt: suspects show how they behave and nothing else."""

from __future__ import annotations

import contextlib
import copy
import importlib
import inspect
import io
import pydoc
import re
import traceback
from typing import Any

import numpy as np
import pytest

from dlf.labs import Lab
from dlf.labs.exercise import judge
from dlf.labs.hunt import check_exposer, line_up
from dlf.labs.verdict import Failure

WEEKS = {"week04": (np.ones(3),), "week05": (), "week08": (3,)}  # what an instance is made with
BAD_CALLS = {
    "week04": [
        lambda s: s(),
        lambda s: s("a"),
        lambda s: s(np.ones(3)).backward(),
        lambda s: s(np.ones(3)) @ s(np.ones(4)),
        lambda s: s(np.ones(3)).sum(axis=5),
        lambda s: s(np.ones(3)).softmax(1),
        lambda s: s(np.ones(3)).softmaxes(),
        lambda s: s(np.ones(3)) < 1,
    ],
    "week05": [
        lambda s: s(3),
        lambda s: s().conv_backward(),
        lambda s: s().conv_backward(1, 2, 3, 4, 5),
        lambda s: s().rnn_backward(1, 2, 3, {}),
        lambda s: s().rnn_backward(1, 2, 3, {}, 4),
        lambda s: s().pad,
        lambda s: s.filter_gradient,
    ],
    "week08": [
        lambda s: s(),
        lambda s: s("a"),
        lambda s: s(3).backward(np.ones((5, 3))),
        lambda s: s(3).forward(np.ones((1, 3))),
        lambda s: s(3).forward("a"),
        lambda s: s(3).cache,
        lambda s: setattr(s(3), "cache", 1),
        lambda s: len(s(3)),
    ],
}
CALLS = [(week, call) for week, calls in BAD_CALLS.items() for call in calls]


def names_in(text, week):
    """Names of the classes that are in the boxes, and of their modules, as far as the text tells them."""
    builds = [build for build, _ in importlib.import_module(f"dlf.labs.{week}.suspects").WRONG]
    classes = {c for build in builds for c in build.__mro__[:-1]}
    names = {n for c in classes for n in (c.__name__, *c.__module__.split("."))} - {"dlf", "labs"}
    return {n for n in names | {"reference"} if re.search(rf"\b{n}\b", text)}


def help_text(obj):
    return pydoc.plain(pydoc.render_doc(obj))


def source(obj):
    try:
        return inspect.getsource(obj)
    except (OSError, TypeError) as problem:
        return type(problem).__name__


def closure(obj):
    return [repr(c.cell_contents) for c in getattr(obj, "__closure__", None) or ()]


def dictionary(obj):
    return sorted(vars(obj)) if hasattr(obj, "__dict__") else "none"


def facts(suspect, arguments):
    """Everything that a look at a suspect shows, and that depends on no call."""
    made = suspect(*arguments)
    shown = [help_text(suspect), help_text(made), repr(suspect), repr(made), str(suspect.__mro__), str(suspect.mro())]
    shown += [source(suspect), source(made), str(suspect.__bases__), suspect.__module__, suspect.__qualname__]
    shown += [str(dir(suspect)), str(dir(made)), str(dictionary(suspect)), str(dictionary(made)), str(suspect.__doc__)]
    for name in dir(suspect):
        member = getattr(suspect, name)
        shown += [f"{name}: {member!r}", source(member), str(inspect.getdoc(member)), *closure(member)]
        shown += [str(getattr(member, a, "")) for a in ("__module__", "__qualname__", "__annotations__")]
    return re.sub(r"0x[0-9a-f]+", "address", "\n".join(shown)).replace(suspect.__name__, "Suspect")


@pytest.mark.parametrize("week", WEEKS)
def test_suspects_look_alike(week):
    looks = [facts(s, WEEKS[week]) for s in Lab(week).suspects()]
    assert len(looks) > 5
    assert len(set(looks)) == 1
    assert not names_in(looks[0], week)


def raised(suspect, call):
    """The traceback that the learner sees, and those behind it."""
    with pytest.raises((AttributeError, TypeError, ValueError)) as caught:
        call(suspect)
    shown, error = "", caught.value
    while error is not None:
        shown += "".join(traceback.format_exception(error, chain=False)) + repr(getattr(error, "obj", ""))
        error = error.__cause__ or error.__context__
    return re.sub(r"0x[0-9a-f]+", "address", shown).replace(suspect.__name__, "Suspect")


@pytest.mark.parametrize(("week", "call"), CALLS)
def test_errors_of_suspects_are_alike(week, call):
    errors = {raised(s, call) for s in Lab(week).suspects()}
    assert len(errors) == 1
    assert not names_in(errors.pop(), week)


def test_an_error_tells_what_the_suspect_was_given():
    suspect = Lab("week05").suspects()[0]
    with pytest.raises(
        ValueError, match=r"SuspectA.conv_backward fails for \(an array of shape \(2,\), an int, .*: a str"
    ):
        suspect().conv_backward(np.ones(2), 2, 3, 4, padding="a")


def by_mro(suspect):
    return str(suspect.__mro__)


def by_help(suspect):
    return help_text(suspect)


def by_source(suspect):
    return source(suspect) + "".join(source(getattr(suspect, n)) for n in dir(suspect))


def by_class_dictionary(suspect):
    return str([f"{k} {v!r} {closure(v)}" for c in suspect.__mro__ for k, v in vars(c).items()])


def by_attributes(suspect):
    for arguments in WEEKS.values():
        with contextlib.suppress(Exception):
            made = suspect(*arguments)
            return str([f"{n} {getattr(made, n, None)!r}" for n in dir(made)]) + repr(type(made).__mro__)
    return ""


def by_printing(suspect):
    with contextlib.redirect_stdout(io.StringIO()) as text:
        print(suspect, suspect.__module__, suspect.__qualname__, suspect.__doc__)
    return text.getvalue()


def by_error(suspect):
    try:
        suspect(1, 2, 3, 4, 5, 6)
    except Exception as error:
        return "".join(traceback.format_exception(error))
    return ""


CHEATS = [by_mro, by_help, by_source, by_class_dictionary, by_attributes, by_printing, by_error]


@pytest.mark.parametrize("week", WEEKS)
@pytest.mark.parametrize("look", CHEATS)
def test_cheats_fail_the_hunt(week, look):
    lab, seen = Lab(week), []

    def expose(suspect):
        seen.append(re.sub(r"0x[0-9a-f]+", "address", look(suspect)))
        return bool(names_in(seen[-1], week))

    result = judge(lab.week.by_id["bug_hunt"], expose, 0)
    assert "expose answers False for every suspect" in result.message
    assert len(set(seen)) == 1
    assert seen[0]


# ---- a box behaves like what is in it ------------------------------------------------------------


@pytest.fixture
def nodes():
    """The right engine of week 4 in its box."""
    suspects = importlib.import_module("dlf.labs.week04.suspects").suspects(0)
    return next(s.build for s in suspects if s.fault is None)


def test_operators_return_nodes_of_the_same_class(nodes):
    x, w = nodes(np.array([1.0, 2.0])), nodes(np.array([3.0, 4.0]))
    y = (2.0 * x * w).sum()
    assert type(y) is type(x) is nodes
    y.backward()
    np.testing.assert_array_equal(x.gradient, [6.0, 8.0])
    product = y.children[0]
    assert product is y.children[0]
    assert product.children[1] is w
    assert product.children[0].children[1] is x
    x.gradient = 0.0
    assert x.gradient == 0.0
    other = Lab("week04").suspects()
    assert all(type(c) is s for s in other for c in (s(np.ones(2)) + x).children)


def test_copies_share_nothing_and_keep_their_inner_links(nodes):
    x = nodes(np.array([1.0, 2.0]))
    y, x_again = copy.deepcopy(((x * x).sum(), x))
    y.backward()
    np.testing.assert_array_equal(x_again.gradient, [2.0, 4.0])
    assert np.all(x.gradient == 0.0)
    shallow = copy.copy(x)
    shallow.gradient = 5.0
    assert shallow.value is x.value
    assert x.gradient == 0.0


def test_a_suspect_can_be_a_base_class(nodes):
    named: Any = type("Named", (nodes,), {"name": "mine"})
    result = named(np.ones(2)) + 1.0
    assert type(result) is named
    assert result.name == "mine"


def test_state_can_be_read_and_set():
    layer = Lab("week08").suspects()[0](2, momentum=0.5)
    layer.gamma[:] = 3.0
    layer.beta = np.array([1.0, 2.0])
    y = layer.forward(np.array([[0.0, 1.0], [2.0, 5.0]]))
    np.testing.assert_allclose(y.mean(axis=0), [1.0, 2.0], atol=1e-12)
    assert layer.running_mean.any()
    assert {"gamma", "running_var", "forward"} <= set(dir(layer))


def test_a_suspect_may_change_the_callers_arguments():
    def keeps(weights, name="w"):
        """The sum."""
        return sum(weights[name])

    def clears(weights, name="w"):
        return sum(weights.pop(name))

    def suspects(seed):
        return line_up(keeps, [(clears, "clears")], seed)

    for suspect in (s.build for s in suspects(0)):
        assert help_text(suspect).endswith("(weights, name='w')\n    The sum.\n")
        assert (suspect.__closure__ is None) or "keeps" not in str(closure(suspect)) + str(suspect)
        with pytest.raises(TypeError, match="missing a required argument"):
            suspect()
        with pytest.raises(ValueError, match=r"Suspect. fails for \(a dict, name: a str\)"):
            suspect({}, name="v")

    def expose(suspect):
        suspect(given := {"w": [1, 2]})
        return not given

    check_exposer(suspects)(expose, 0)
    with pytest.raises(Failure, match="for every suspect"):
        check_exposer(suspects)(lambda suspect: "clears" in str(suspect) + suspect.__name__ + suspect.__doc__, 0)


def test_who_calls_all_of_them_wrong_is_asked_for_the_tolerance():
    hunt = Lab("week08").week.by_id["bug_hunt"]
    question = "Does your tolerance allow for the rounding of finite differences?"
    assert question in " ".join(judge(hunt, lambda suspect: True, 0).message.split())
    assert "tolerance" not in judge(hunt, lambda suspect: False, 0).message

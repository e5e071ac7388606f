import html
import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlf.claims import ClaimFailed, anchor, check, claim


def payload(held: object) -> dict[str, str]:
    match = re.search(r'data-claim="([^"]*)"', held._repr_mimebundle_()["text/html"])  # type: ignore[attr-defined]
    assert match is not None
    return dict(json.loads(html.unescape(match[1])))


def test_a_claim_that_holds_shows_its_numbers() -> None:
    held = check("13.6/he-factor", 0.986, 1.0, tol=0.04, spread=0.01, source="He et al. 2015", theorem="thm-x")
    assert repr(held) == "✓ claim 13.6/he-factor: measured 0.986 ± 0.01 · theory 1 · within ± 0.04"
    assert payload(held)["source"] == "He et al. 2015"
    assert set(held._repr_mimebundle_()) == {"text/plain", "text/html"}
    assert 'href="#thm-x"' in held._repr_mimebundle_()["text/html"]


@pytest.mark.parametrize(
    ("measured", "criterion"),
    [
        (1.05, {"expected": 1.0, "tol": 0.04}),
        (1.05, {"expected": 1.0, "rel": 0.04}),
        (2, {"expected": 1}),
        (1.1, {"at_most": 1.0}),
        (0.9, {"at_least": 1.0}),
        (float("nan"), {"expected": 1.0, "tol": 9.0}),
        (float("nan"), {"at_most": 1.0}),
        (float("inf"), {"at_most": 1.0}),
        ([1.0, 2.0, 3.0], {"expected": [1.0, 2.0, 3.5], "tol": 0.1}),
        ([0.0, float("nan")], {"at_most": 1.0}),
        (False, {"expected": True}),
        (1.0, {"expected": float("nan"), "tol": 1.0}),
    ],
)
def test_a_violated_claim_raises(measured: object, criterion: dict[str, object]) -> None:
    with pytest.raises(ClaimFailed, match="13.6/x"):
        check("13.6/x", measured, **criterion)  # type: ignore[arg-type]


@pytest.mark.filterwarnings("error")
def test_an_infinite_value_is_near_only_to_itself() -> None:
    check("13.6/infinite", [-np.inf, 1.0], [-np.inf, 1.0], tol=0.1)
    for measured, expected in ((-np.inf, np.inf), (5.0, np.inf), (np.inf, 5.0)):
        with pytest.raises(ClaimFailed, match="expected"):
            check("13.6/infinite", measured, expected, rel=0.5)


def test_the_failure_names_the_entry() -> None:
    with pytest.raises(ClaimFailed, match=r"measured 3 at index \(2,\), expected at most 2"):
        check("13.6/x", [1, 2, 3], at_most=2)


@given(st.floats(-1e6, 1e6), st.floats(0, 1e3), st.floats(-2e3, 2e3))
def test_tolerance_is_inclusive_and_exact(expected: float, tol: float, gap: float) -> None:
    measured = expected + gap
    if abs(measured - expected) <= tol:
        check("1/x", measured, expected, tol=tol)
    else:
        with pytest.raises(ClaimFailed):
            check("1/x", measured, expected, tol=tol)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("no-slash", 1.0, 1.0), ValueError, "id must look like"),
        (("1/Upper", 1.0, 1.0), ValueError, "id must look like"),
        (("1/x", 1.0), ValueError, "claims nothing"),
        (("1/x", "one", 1.0), TypeError, "measured must be"),
        (("1/x", 1.0, "one"), TypeError, "expected must be"),
        (("1/x", 1.0 + 2j, 1.0), TypeError, "measured must be"),
        (("1/x", [], 1.0), ValueError, "empty"),
        (("1/x", [1.0, 2.0], [1.0, 2.0, 3.0]), ValueError, "shape"),
    ],
)
def test_arguments_that_make_no_claim(arguments: tuple[object, ...], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        check(*arguments)  # type: ignore[arg-type]


def test_negative_tolerance_and_tolerance_without_theory() -> None:
    with pytest.raises(ValueError, match="negative"):
        check("1/x", 1.0, 1.0, tol=-1.0)
    with pytest.raises(ValueError, match="need expected"):
        check("1/x", 1.0, at_most=2.0, tol=0.1)


def test_a_spread_that_is_no_spread_fails() -> None:
    with pytest.raises(ClaimFailed, match="spread"):
        check("1/x", 1.0, 1.0, spread=float("nan"))


@pytest.mark.parametrize(
    ("measured", "criterion", "shown"),
    [
        (3.1e-16, {"expected": 0.0, "tol": 1e-12}, "≤ 1e-12"),  # rounding noise differs between processors
        (3.1e-16, {"at_most": 1e-12}, "≤ 1e-12"),
        (0.8181818, {"expected": 0.818182, "tol": 1e-6}, "0.818182"),
        (2.30231, {"expected": 2.3026, "tol": 0.01}, "2.3"),
        (0.98549, {"expected": 1.0, "tol": 0.04, "spread": 0.0123}, "0.985"),
        (1024, {"expected": 1024}, "1024"),
        (np.arange(10), {"at_least": 0}, "10 values, 0 to 9"),
        (True, {"expected": True}, "true"),
    ],
)
def test_numbers_are_shown_as_far_as_they_are_stable(
    measured: object, criterion: dict[str, object], shown: str
) -> None:
    assert check("1/x", measured, **criterion).measured == shown  # type: ignore[arg-type]


def test_claim_shows_itself_outside_a_notebook(capsys: pytest.CaptureFixture[str]) -> None:
    claim("13.6/he-factor", 1.0, 1.0)
    assert "✓ claim 13.6/he-factor" in capsys.readouterr().out


def test_anchor() -> None:
    assert anchor("13.6/he-factor") == "claim-13-6-he-factor"

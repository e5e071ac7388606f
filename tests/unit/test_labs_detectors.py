"""The relation detectors R1 to R12, each on an array made for it, and on one that must not match."""

from __future__ import annotations

import numpy as np
import pytest

from dlf.labs import detectors as d
from dlf.labs.compare import plain_facts
from dlf.labs.mutants import Mutant, recognise

R = np.random.default_rng(0).standard_normal((8, 5))
OTHER = np.random.default_rng(1).standard_normal((8, 5))


def test_r1_constant_ratio():
    assert d.constant_ratio(R / 8, R) == pytest.approx(1 / 8)
    assert d.name_constant(1 / 8, {"2": 2.0, "1/N": 1 / 8}) == "1/N"
    assert d.name_constant(0.3, {"1/N": 1 / 8}) is None
    assert d.constant_ratio(OTHER, R) is None
    assert d.constant_ratio(np.zeros_like(R), R) is None


def test_r2_axis_ratio():
    gamma = np.arange(1.0, 6.0)
    assert d.axis_ratio(R * gamma, R, 1, {"beta": gamma + 1, "gamma": gamma}) == "gamma"
    assert d.axis_ratio(R * gamma**3, R, 1, {"gamma": gamma}) == ""
    assert d.axis_ratio(R * gamma, R, 0, {"gamma": gamma}) is None


def test_r3_residual():
    directions = {"mean": np.ones_like(R), "variance": OTHER}
    assert d.residual_in(R + np.arange(5.0), R, directions) == "mean"
    assert d.residual_in(R + 3 * OTHER, R, directions) == "variance"
    assert d.residual_in(R + OTHER**2, R, directions) is None


def test_r4_rearranged():
    square = R[:5]
    assert "order (1, 0)" in str(d.rearranged(square.T, square))
    assert d.rearranged(R[::-1], R) == "axis 0 is reversed"
    assert d.rearranged(np.roll(R, 1, 1), R) == "axis 1 is shifted by 1"
    assert d.rearranged(OTHER, R) is None


def test_r5_equal_where():
    a = R.copy()
    a[:, -1] += 1
    assert d.equal_where(a, R, 1).tolist() == [True] * 4 + [False]
    assert d.equal_where(a, R, 0) is None


def test_r6_broadcasts():
    assert d.broadcasts(R[0][None], R[0])
    assert not d.broadcasts(R[0], R[0])
    assert not d.broadcasts(OTHER[0][None], R[0])
    assert not d.broadcasts(R[0, :3], R[0])


def test_r7_single_precision():
    assert d.single_precision(R.astype(np.float32).astype(float), R)
    assert not d.single_precision(R, R)
    assert not d.single_precision(R * 1.001, R)
    assert not d.single_precision(R * (1 + 1e-7), R)  # as near, but not made of float32 numbers


def test_r8_bad_positions():
    a = R.copy()
    a[:, 2] = np.nan
    constant = np.zeros_like(R, bool)
    constant[:, 2] = True
    assert d.bad_positions(a, {"others": ~constant, "constant": constant}) == "constant"
    assert d.bad_positions(R, {"constant": constant}) is None


def test_r9_equals_another():
    assert d.equals_another(OTHER, {"pre": R, "post": OTHER}) == "post"
    assert d.equals_another(R + OTHER, {"pre": R, "post": OTHER}) is None


def test_r11_coefficients():
    c = d.coefficients(2 * R - OTHER, [R, OTHER])
    np.testing.assert_allclose(c, [2, -1], atol=1e-12)
    assert d.coefficients(R**2, [R, OTHER]) is None
    known = {"sum": [(1.0, 1.0)], "difference": [(1.0, -1.0), (2.0, -1.0)]}
    assert d.name_coefficients(c, known) == "difference"
    assert d.name_coefficients(np.array([3.0, 3.0]), known) is None


def test_r12_order_of_the_error():
    steps = [1e-2, 1e-3]
    assert d.error_order(steps, [3 * h for h in steps]) == pytest.approx(1)
    assert d.error_order(steps, [3 * h**2 for h in steps]) == pytest.approx(2)


def test_distance_of_what_cannot_be_compared_is_infinite():
    assert d.distance(R, R[0]) == np.inf
    assert d.distance(np.full_like(R, np.nan), R) == np.inf


def test_worst_entry():
    a = R.copy()
    a[3, 1] += 9
    assert d.worst_entry(a, R)[0] == "3, 1"


@pytest.mark.parametrize(
    ("a", "words"),
    [
        (R / 2, "0.5 times"),
        (R * (1 + 1e-7), "right to 1e-07 of its size, but not exact"),
        (R.astype(np.float32).astype(float), "float32"),
        (R[::-1], "axis 0 is reversed"),
        (np.where(np.arange(8)[:, None] == 3, 7.0, R), "except at index 3 of axis 0"),
        (np.zeros_like(R), "0 everywhere"),
        (np.full_like(R, 0.25), "same number everywhere, 0.25"),
        (OTHER, "in no way that is listed"),
    ],
)
def test_facts_about_unlisted_answers(a, words):
    assert words in plain_facts("dx", a, R)


def test_one_number_has_a_ratio_and_no_everywhere():
    assert plain_facts("loss_range", np.array([0.41]), np.array([0.5])) == "loss_range: yours / right = 0.82."


def mutants(*values):
    return {Mutant(f"8.{i}", "e", "", object()): {"y": v} for i, v in enumerate(values)}


def test_recognition_needs_a_match_that_no_other_row_is_near():
    known = mutants(OTHER, OTHER + R)
    assert recognise({"y": OTHER}, {"y": R}, known).row == "8.0"
    assert recognise({"y": OTHER * 1.001}, {"y": R}, known) is None
    assert recognise({"y": OTHER}, {"y": R}, mutants(OTHER, OTHER * (1 + 1e-10))) is None


def test_recognition_sees_the_first_of_two_mistakes():
    reference = {"y": R, "z": R}
    known = {Mutant("8.1", "e", "", object()): {"y": OTHER, "z": R}}
    assert recognise({"y": OTHER, "z": R**2}, reference, known).row == "8.1"
    assert recognise({"y": R, "z": R**2}, reference, known) is None

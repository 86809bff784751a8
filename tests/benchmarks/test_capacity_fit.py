"""A fitted growth is the one that made the values, and its range holds what was not measured."""

import numpy as np
import pytest

from onrecall.benchmarks.capacity_fit import fit

SIZES = (10_000, 30_000, 100_000)


def test_values_that_grow_in_proportion_are_extrapolated_exactly():
    found = fit([(n, 5_000 + 3.5 * n) for n in SIZES])
    assert found.best.form == "a + b·n"
    ahead = found.at(10_000_000)
    assert ahead.value == pytest.approx(5_000 + 35_000_000)
    assert ahead.high - ahead.low < 0.01 * ahead.value


def test_values_that_do_not_grow_stay_as_they_are():
    found = fit([(n, 7.0 * wobble) for n in SIZES for wobble in (0.97, 1.0, 1.03)])
    assert found.best.form == "a"
    assert found.at(10**9).low < 7.0 < found.at(10**9).high


def test_what_seems_to_get_cheaper_with_size_is_constant():
    found = fit([(10_000, 7.0), (30_000, 6.0), (100_000, 5.0)])
    assert found.best.form == "a"
    assert found.at(10**9).value > 5


def test_a_small_size_counts_as_much_as_a_large_one():
    found = fit([(1_000, 10.0), (10_000, 20.0), (1_000_000, 40.0)])
    assert found.best.at(1_000) == pytest.approx(10, rel=0.1)


def test_what_the_measurements_leave_open_widens_the_range():
    """From three noisy values nobody can tell a line from a logarithm, and at a hundred times the size they differ."""
    noisy = fit([(n, (20 + 1e-4 * n) * wobble) for n in SIZES for wobble in (0.8, 1.0, 1.25)])
    ahead = noisy.at(10_000_000)
    assert ahead.high > 3 * ahead.low


def test_a_value_that_was_left_out_lies_within_the_range_nineteen_times_of_twenty():
    dice = np.random.default_rng(4)
    inside = 0
    for _ in range(200):
        points = [(n, (30 + 2e-4 * n) * float(dice.normal(1, 0.05))) for n in SIZES for _ in range(3)]
        ahead = fit(points).at(60_000)
        inside += ahead.low <= (30 + 2e-4 * 60_000) * float(dice.normal(1, 0.05)) <= ahead.high
    assert inside >= 180

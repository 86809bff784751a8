"""What the code does with the golden inputs is what the golden files say; `make golden` records a wanted change."""

import json
from functools import cache

import pytest

from .groups import AT_LEAST, GROUPS
from .records import BorderlineError, case_text, differences, expected_cases, stable_round, write_records

LISTED = 30
"""Differences that a failure lists."""
CASES = [
    pytest.param(group, case, id=f"{group}-{case}", marks=pytest.mark.xdist_group(f"golden-{group}"))
    for group in GROUPS
    for case in expected_cases(group)
]


@cache
def recorded(group):
    """The text of every case of a group as the code makes it now."""
    return {case: case_text(record) for case, record in GROUPS[group]().items()}


@pytest.mark.parametrize(("group", "case"), CASES)
def test_the_code_does_what_the_golden_file_says(group, case):
    expected = expected_cases(group)[case].read_text(encoding="utf-8")
    actual = recorded(group).get(case, "null")
    if actual != expected:
        changes = list(differences(json.loads(expected), json.loads(actual)))
        summary = f"{group}/{case}: {len(changes)} values changed; if that is wanted, run `make golden`"
        pytest.fail("\n".join([summary, *changes[:LISTED]]), pytrace=False)


@pytest.mark.parametrize(
    "group", [pytest.param(name, marks=pytest.mark.xdist_group(f"golden-{name}")) for name in GROUPS]
)
def test_every_case_has_its_golden_file(group):
    assert set(recorded(group)) == set(expected_cases(group))
    assert len(expected_cases(group)) >= AT_LEAST[group]


@pytest.mark.parametrize("value", [0.12345 + 2e-10, 0.12345 - 2e-10, -7.00005000003])
def test_a_number_that_another_processor_may_round_differently_is_refused(value):
    with pytest.raises(BorderlineError):
        stable_round(value)


def test_numbers_are_rounded_to_four_digits():
    assert [stable_round(value) for value in (0.1 + 0.2, 0.87654, 1.0, -0.25, 0.333349)] == [
        0.3,
        0.8765,
        1.0,
        -0.25,
        0.3333,
    ]


def test_differences_name_their_place():
    before = {"hits": [{"id": "A", "score": 0.5}, {"id": "B", "score": 0.4}], "verdict": "known"}
    after = {"hits": [{"id": "A", "score": 0.6}], "verdict": "known"}
    assert list(differences(before, after)) == [
        ".hits[0].score: 0.5 → 0.6",
        '.hits[1]: {"id": "B", "score": 0.4} → null',
    ]


def test_a_borderline_record_is_not_written():
    with pytest.raises(BorderlineError, match="heat"):
        write_records("nothing", {"heat": {"borderline": "0.5 may round differently"}})
    assert case_text({"score": 0.12345 + 2e-10}).startswith('{\n "borderline": "0.12345')

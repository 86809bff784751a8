"""The table of docs/grouping.md: `pytest tests/grouping -k quality -s` prints it."""

from collections.abc import Mapping

import pytest

from .labelled import scenarios
from .quality import WAYS, Quality, measure, overlaid

pytestmark = pytest.mark.statistics

UNDECLARED = ("undeclared", "undeclared_held_out", "undeclared_second", "undeclared_untouched")
LEAST = {"tuning": (0.98, 0.98), "held_out": (0.97, 0.85)}


@pytest.mark.parametrize("half", ["tuning", "held_out"])
def test_quality_of_grouping(half: str) -> None:
    those = scenarios(half)
    found = {name: measure(those, way) for name, way in WAYS.items()}
    show(f"{half}: {len(those)} scenarios", found)
    check(found, *LEAST[half])


@pytest.mark.parametrize("half", UNDECLARED)
def test_quality_of_grouping_where_nothing_is_declared(half: str) -> None:
    those = scenarios(half)
    found = {name: measure(those, way) for name, way in WAYS.items() if name != "OnRecall, streamed, nothing declared"}
    show(f"{half}: {len(those)} scenarios", found)
    check(found, 0.98, 0.9)


@pytest.mark.parametrize("half", ["tuning", "held_out"])
def test_quality_with_two_scenarios_at_once(half: str) -> None:
    those = tuple(overlaid(scenarios(half)))
    found = {name: measure(those, way) for name, way in WAYS.items() if name != "OnRecall, in one batch"}
    show(f"{half}: {len(those)} pairs of scenarios at the same time", found)
    check(found, *LEAST[half])


def show(of: str, found: Mapping[str, Quality]) -> None:
    print(f"\n{of}\n| way | precision | recall | F1 | exactly right |\n|---|---|---|---|---|")
    for name, quality in found.items():
        print(f"| {name} | {quality.row} |")


def check(found: Mapping[str, Quality], precision: float, recall: float) -> None:
    ours = found["OnRecall, streamed"]
    assert ours.precision >= precision
    assert ours.recall >= recall
    assert ours.exact > max(found["alert name + service"].exact, found["5-minute window"].exact)


@pytest.mark.parametrize("half", ["tuning", "held_out", *UNDECLARED])
def test_quality_set_is_large_and_each_alert_has_a_key_of_its_own(half: str) -> None:
    those = scenarios(half)
    assert len({one.name for one in those}) == len(those) >= 30
    for one in those:
        episodes = [(heard.alert.source, heard.alert.key, heard.alert.starts_at) for heard in one.heard]
        assert len(set(episodes)) == len(episodes), one.name

"""Which earlier incidents had the same cause, and who says so."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from calibration.histories import START
from onrecall import importers as history
from onrecall.backtest.chronology import History, as_opened
from onrecall.backtest.ground_truth import CauseTruth, GroundTruth
from onrecall.domain.cause_label import normalize_label
from onrecall.domain.incident import Incident, IncidentLink, Resolution

SEAMONKEY = Path(__file__).parents[2].parent / "shared" / "data" / "dev" / "history_seamonkey.jsonl"


def make_incident(
    name: str, day: int, cause: str | None = None, links: tuple[str, ...] = (), **details: str
) -> Incident:
    at = START + timedelta(days=day)
    resolution = Resolution("it broke", at, cause=cause, **details) if cause else None
    return Incident(
        name,
        "x",
        at,
        resolution=resolution,
        links=tuple(IncidentLink("duplicate", duplicate_id) for duplicate_id in links),
    )


def test_a_label_written_in_another_way_is_the_same_label():
    assert normalize_label("Connection_Pool exhaustion ") == normalize_label("connection-pool-exhaustion")
    truths = GroundTruth(
        [make_incident("A", 1, "Disk_Full"), make_incident("B", 2, "disk-full"), make_incident("C", 3, "cert expired")]
    )
    assert truths.of("A") == CauseTruth("disk full", known=False, basis="label")
    assert truths.of("B") == CauseTruth("disk full", known=True, basis="label")
    assert truths.of("C").known is False
    assert truths.hit("B", "A")
    assert not truths.hit("C", "A")


def test_only_what_came_before_can_be_found():
    truths = GroundTruth([make_incident("later", 5, "disk-full"), make_incident("earlier", 1, "disk-full")])
    assert truths.of("earlier").known is False
    assert truths.of("later").known is True


def test_links_tie_whole_families_even_over_incidents_that_are_not_here():
    truths = GroundTruth(
        [
            make_incident("A", 1),
            make_incident("B", 2, links=("gone",)),
            make_incident("C", 3, links=("gone",)),
            make_incident("D", 4, links=("C",)),
        ]
    )
    assert truths.of("C") == CauseTruth(None, known=True, basis="link")
    assert truths.hit("D", "B")
    assert truths.of("D").known is True
    assert not truths.hit("D", "A")


def test_without_labels_those_without_a_link_are_taken_for_new_and_it_says_so():
    truths = GroundTruth([make_incident("A", 1), make_incident("B", 2, links=("A",)), make_incident("C", 3)])
    assert truths.of("C") == CauseTruth(None, known=False, basis="link")
    assert truths.note is not None
    labelled = GroundTruth(
        [make_incident("A", 1, "disk-full"), make_incident("B", 2, links=("A",)), make_incident("C", 3)]
    )
    assert labelled.of("C") == CauseTruth(None, None, None)
    assert labelled.note is None
    assert labelled.of("B").basis == "link"


def test_a_history_that_says_nothing_of_causes_has_no_truth():
    truths = GroundTruth([make_incident("A", 1), make_incident("B", 2)])
    assert truths.of("B") == CauseTruth(None, None, None)
    assert not truths.hit("B", "A")


def test_judgement_counts_where_nothing_else_is_known_and_only_of_earlier_ones():
    incidents = [make_incident("A", 1), make_incident("B", 2), make_incident("C", 3)]
    truths = GroundTruth(incidents, {"B": ["A"], "A": ["C"]})
    assert truths.of("B") == CauseTruth(None, known=True, basis="judged")
    assert truths.hit("B", "A")
    assert truths.of("A").known is None


def test_what_a_model_wrote_is_no_label():
    truths = GroundTruth([make_incident("A", 1, "disk-full"), make_incident("B", 2, "disk-full", provenance="model")])
    assert truths.of("B").known is None


def test_the_order_in_which_they_are_given_makes_no_difference():
    incidents = [make_incident(f"I{n}", n % 3, f"cause {n % 4}") for n in range(12)]
    forwards, backwards = GroundTruth(incidents), GroundTruth(incidents[::-1])
    assert [forwards.of(i.id) for i in incidents] == [backwards.of(i.id) for i in incidents]


def test_two_of_the_same_instant_are_ordered_by_id():
    twins = [replace(make_incident(name, 1, "disk-full"), started_at=START) for name in ("B", "A")]
    truths = GroundTruth(twins)
    assert (truths.of("A").known, truths.of("B").known) == (False, True)


@pytest.mark.skipif(
    not SEAMONKEY.exists(), reason="the real reports lie beside the project on the machine where it is made"
)
def test_the_real_reports_have_as_many_repetitions_as_are_marked():
    marked = sum("duplicate_of" in json.loads(line) for line in SEAMONKEY.read_text(encoding="utf-8").splitlines())
    incidents = [record for record in history.read(SEAMONKEY) if isinstance(record, Incident)]
    truths = GroundTruth(incidents)
    assert sum(bool(truths.of(incident.id).known) for incident in incidents) == marked == 46


def test_a_confirmed_family_is_told_from_a_label_and_comes_after_links():
    incidents = [
        make_incident("A", 1, "pool"),
        make_incident("B", 2, "pool"),
        make_incident("C", 3, "pool", links=("A",)),
        make_incident("D", 4, "pool"),
        make_incident("E", 5, "other"),
    ]
    truths = GroundTruth(incidents, confirmed={"A": "Pool", "B": "pool", "C": "pool", "E": "renamed since"})
    bases = {name: (truths.of(name).known, truths.of(name).basis) for name in "ABCDE"}
    assert bases == {
        "A": (False, "family"),
        "B": (True, "family"),
        "C": (True, "link"),
        "D": (True, "label"),
        "E": (False, "label"),
    }
    assert truths.hit("C", "A")
    assert truths.hit("C", "B"), "people confirmed that it has the same cause"
    assert truths.hit("B", "A")
    assert not truths.hit("B", "E")


def test_an_incident_with_a_report_attached_is_replayed_with_its_own_words():
    own = replace(make_incident("A", 1), description="pool of 10 connections is empty", source="jira", document="PM-1")
    told = replace(own, id="PM-PM-1", source="postmortem", labels={"incident": "A"}, detection="An alert fired")
    assert as_opened(own).description == "pool of 10 connections is empty"
    assert as_opened(told).description == "An alert fired"
    assert [incident.id for incident in History.of([told, own]).incidents] == ["A"]

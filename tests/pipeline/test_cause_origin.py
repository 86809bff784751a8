"""Whether a cause was written or taken over is on record, and trust shows both; on both databases."""

from datetime import timedelta

import pytest

from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Incident, Resolution, ResolutionStep
from onrecall.domain.recommendation import RecommendationOutcome, StepVerdict
from onrecall.pipeline import IncidentService

CAUSE = "The nightly report held locks"


def past(memory: IncidentService, clock) -> None:
    began = clock() - timedelta(days=30)
    step = ResolutionStep("Stopped the report", "kubectl scale deploy/report --replicas=0")
    resolution = Resolution(CAUSE, began + timedelta(hours=1), cause="report-locks", steps=(step,))
    memory.import_history(
        [Incident("OLD-1", "orders-db waits for locks", began, status="resolved", resolution=resolution)]
    )


def opened(memory: IncidentService, clock, name: str, title: str = "orders-db waits for locks") -> Incident:
    incident, _ = memory.open(Incident(name, title, clock()))
    memory.recommend(name)
    return incident


@pytest.mark.parametrize(
    ("said", "claimed", "origin"),
    [
        (CAUSE, None, "taken_over"),
        (f"  {CAUSE.upper()} ", "written", "taken_over"),
        ("It was the report again, on another table", "taken_over", "taken_over"),
        ("A migration held a lock", None, "written"),
    ],
)
def test_where_a_cause_comes_from_is_kept(memory: IncidentService, clock, said, claimed, origin) -> None:
    past(memory, clock)
    opened(memory, clock, "NEW-1")
    memory.resolve("NEW-1", Resolution(said.strip(), clock(), cause="report-locks", cause_origin=claimed, by="kim"))
    assert memory.store.incidents.get("NEW-1").resolution.cause_origin == origin
    assert memory.store.incidents.resolutions("NEW-1")[0].cause_origin == origin


def test_an_imported_cause_has_no_origin(memory: IncidentService, clock) -> None:
    past(memory, clock)
    assert memory.store.incidents.get("OLD-1").resolution.cause_origin is None


def test_the_origin_is_no_content_so_the_same_said_again_changes_nothing(memory: IncidentService, clock) -> None:
    past(memory, clock)
    opened(memory, clock, "NEW-1")
    memory.resolve("NEW-1", Resolution("A migration", clock(), by="kim"))
    memory.resolve("NEW-1", Resolution("A migration", clock(), by="kim", cause_origin="taken_over"))
    assert [one.cause_origin for one in memory.store.incidents.resolutions("NEW-1")] == ["written"]
    exported = memory.store.incidents.get("NEW-1")
    assert memory.import_history([exported]).unchanged == 1


def test_trust_reports_both_rates(memory: IncidentService, clock) -> None:
    past(memory, clock)
    for number, (said, label) in enumerate(
        [(CAUSE, "report-locks"), (CAUSE, "report-locks"), ("The report", "report-locks"), ("A migration", "migration")]
    ):
        clock.forward(hours=1)
        opened(memory, clock, f"NEW-{number}")
        clock.forward(minutes=1)
        memory.resolve(f"NEW-{number}", Resolution(said, clock(), cause=label, by="kim"))
    rates = {part.name: (part.right.value, part.right.n) for part in memory.trust.summary().by_origin}
    assert rates == {"taken_over": (1.0, 2), "written": (0.5, 2)}


def test_an_outcome_belongs_to_one_answer_of_one_incident(memory: IncidentService, clock) -> None:
    past(memory, clock)
    opened(memory, clock, "NEW-1")
    opened(memory, clock, "NEW-2")
    answer = memory.store.recommendations.newest("NEW-1")
    given = RecommendationOutcome(answer.id, "helped", clock(), (StepVerdict(1, "worked"),), by="kim")
    with pytest.raises(Invalid, match="an answer to incident NEW-1, not to NEW-2") as refused:
        memory.rate(given, "NEW-2")
    assert refused.value.field == "incident"
    with pytest.raises(Invalid, match="has no step 7"):
        memory.rate(RecommendationOutcome(answer.id, "helped", clock(), (StepVerdict(7, "worked"),)), "NEW-1")
    twice = (StepVerdict(1, "worked"), StepVerdict(1, "did_not_help"))
    with pytest.raises(Invalid, match="named twice"):
        memory.rate(RecommendationOutcome(answer.id, "helped", clock(), twice), "NEW-1")
    assert memory.store.outcomes.of_recommendation(answer.id) == ()
    memory.rate(given, "NEW-1")
    assert [one.by for one in memory.store.outcomes.of_recommendation(answer.id)] == ["kim"]

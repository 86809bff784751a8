"""One line for what to do: the measure that fixed it, as an order, and nothing that is not known."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecall.domain.evidence import Evidence
from onrecall.domain.incident import Incident, ReportedEffect, Resolution, ResolutionStep
from onrecall.domain.situation import Situation
from onrecall.recommendation import compose
from onrecall.recommendation.imperative import MAX_LENGTH, to_imperative
from onrecall.recommendation.short_actions import find_decisive_step, main_action, matched_evidence, short_actions

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("step", "line"),
    [
        ("Throttled connections to 30 %: pool from 100 to 30; timeouts fell", "Throttle connections to 30 %"),
        ("Throttle tenant traffic to 30% while deploying fix", "Throttle tenant traffic to 30% while deploying fix"),
        ("3. We then restarted the broker; lag fell", "Restart the broker"),
        ("Cancelled the backfill", "Cancel the backfill"),
        ("Dropped 4 stale slots and freed the log volume", "Drop 4 stale slots and free the log volume"),
        ("Drained node 7, then moved pods off it", "Drain node 7, then move pods off it"),
        ("Deleted old and archived logs", "Delete old and archived logs"),
        ("Raised the pool (6 pods × 30 = 180) and cut the wait to 3 s", "Raise the pool and cut the wait to 3 s"),
        ("Kept two pods through the night; p99 was 0.24 s", "Keep two pods through the night"),
        ("Ran `vacuum; analyze` on orders: done in 2 min", "Run `vacuum; analyze` on orders"),
        ("Fixed: raised the limit", "Fix: raised the limit"),
        ("Applied the following: max_connections=300", "Apply the following: max_connections=300"),
        ("Limited clients to 20 %, 20 instead of 100 requests a second", "Limit clients to 20 %"),
        ("Restarted api, worker and cron", "Restart api, worker and cron"),
        ("Moved the path into the annotation, so that nothing sets it back", "Move the path into the annotation"),
        ("The restart ended all watchdogs", "The restart ended all watchdogs"),
        ("Frobnicated the widget", "Frobnicated the widget"),
        ("Took it out. Waited for an hour", "Take it out"),
        ("Wrote 1.5 GB to disk", "Write 1.5 GB to disk"),
        ("Replaced the token and restarted billing", "Replace the token and restart billing"),
        ("Listed revoked and expired keys", "List revoked and expired keys"),
        ("rolled back", "Roll back"),
        ("Enabled the timer; deleted *.gz older than 7 days", "Enable the timer; delete *.gz older than 7 days"),
        ("Cleaned up (deleted the volume)", "Clean up (deleted the volume)"),
        ("Freed the disk: deleted the oldest snapshots", "Free the disk: deleted the oldest snapshots"),
        ("Looked at CPU: throttled", "Look at CPU"),
        ("Took it out. Deleted the volume", "Take it out. Delete the volume"),
        (
            "Freed space in two steps: dropped the index, then truncated the log",
            "Free space in two steps: dropped the index, then truncate the log",
        ),
        ("Stopped the importer; then wiped the queue", "Stop the importer; then wipe the queue"),
        ("Raised the limit; checked the pods", "Raise the limit"),
        ("kubectl -n shop logs deploy/cart", "kubectl -n shop logs deploy/cart"),
        ("", ""),
        ("   \n ", ""),
    ],
)
def test_a_step_is_one_short_order(step: str, line: str) -> None:
    assert to_imperative(step) == line


@given(st.text(max_size=400))
def test_whatever_it_is_told_it_answers_with_one_line_and_is_content_with_it(text: str) -> None:
    line = to_imperative(text)
    assert "\n" not in line
    assert len(line) <= MAX_LENGTH
    assert to_imperative(line) == line or len(to_imperative(line)) <= len(line)


def test_a_long_step_is_cut_between_words() -> None:
    line = to_imperative("Moved " + "the very long list of partitions " * 20)
    assert len(line) <= MAX_LENGTH
    assert line.endswith("…")
    assert not line.removesuffix("…").endswith(" ")


def precedent(*steps: ResolutionStep, summary: str | None = None, score: float = 0.9, name: str = "OLD-1") -> Evidence:
    resolution = Resolution("The pool was too small", NOW, "pool", steps, summary)
    incident = Incident(name, "Pool exhausted", NOW, "pool exhausted", status="resolved", resolution=resolution)
    return Evidence(name, "incident", incident.title, score, incident=incident)


class Answer:
    """An advice with the evidence that it was made of, as far as the functions here look at it."""

    def __init__(self, *evidence: Evidence) -> None:
        advice = compose(Situation("pool exhausted"), evidence, {}, NOW)
        self.verdict, self.steps, self.cause_citation = advice.verdict, advice.steps, advice.cause_citation
        self.evidence = evidence


def line_of(*evidence: Evidence) -> str | None:
    action = main_action(Answer(*evidence))  # type: ignore[arg-type]
    return action and action.text


CHECK = ResolutionStep("Looked at the sessions by state", "psql -c 'select 1'")


def test_the_measure_that_the_source_names_goes_before_all() -> None:
    reported = ResolutionStep("Throttle logins to 35%", effect=ReportedEffect(90))
    restart = ResolutionStep("Restarted the pods", "kubectl rollout restart deploy/api")
    assert (
        line_of(precedent(CHECK, restart, reported, summary="Restarting the pods helped")) == "Throttle logins to 35%"
    )
    unknown = ResolutionStep("Throttle logins to 35%", effect=ReportedEffect())
    assert line_of(precedent(CHECK, restart, unknown)) == "Throttle logins to 35%"


def test_else_the_one_that_the_summary_speaks_of() -> None:
    stop = ResolutionStep("Stopped the nightly job", "kubectl delete job nightly")
    raise_pool = ResolutionStep("Raised the session pool to 40", "kubectl set env deploy/api POOL=40")
    assert line_of(precedent(CHECK, stop, raise_pool, summary="A larger session pool cured it")) == (
        "Raise the session pool to 40"
    )
    assert line_of(precedent(CHECK, stop, raise_pool)) == "Stop the nightly job", "without a summary the first change"
    assert line_of(precedent(CHECK, stop, raise_pool, summary="The pool, in short.")) == "Stop the nightly job"


def test_taking_back_what_failed_is_no_fix() -> None:
    undo = "kubectl scale deploy/api --replicas=2"
    steps = (
        ResolutionStep("Scaled to 8", "kubectl scale deploy/api --replicas=8", "made_it_worse", undo),
        ResolutionStep("Went back to two", undo),
        ResolutionStep("Lowered the batch to 50", "kubectl set env deploy/api BATCH=50"),
    )
    assert line_of(precedent(*steps)) == "Lower the batch to 50"
    assert find_decisive_step(precedent(*steps).resolution) == steps[2]


def test_where_nothing_was_changed_the_look_is_named_and_without_steps_nothing() -> None:
    assert line_of(precedent(CHECK)) == "Look at the sessions by state"
    assert line_of(precedent()) is None
    assert line_of() is None
    assert find_decisive_step(None) is None
    assert find_decisive_step(precedent(ResolutionStep("Scaled to 8", outcome="did_not_help")).resolution) is None


def test_what_failed_more_often_than_it_worked_is_never_the_measure() -> None:
    failed = ResolutionStep("Restarted the pods", "kubectl rollout restart deploy/api", "did_not_help")
    worked = ResolutionStep("Raised the pool to 40", "kubectl set env deploy/api POOL=40")
    assert line_of(precedent(failed, worked, summary="Restarting the pods is quick")) == "Raise the pool to 40"


def test_four_lines_hold_the_first_check_the_measure_and_what_follows_it() -> None:
    steps = (
        CHECK,
        ResolutionStep("Read the limit", "kubectl get deploy/api -o yaml"),
        ResolutionStep("Checked the load balancer", "curl -s http://lb/health"),
        ResolutionStep("Throttle logins to 35%", "kubectl set env deploy/api RATE=35", effect=ReportedEffect(90)),
        ResolutionStep("Raised the pool to 40", "kubectl set env deploy/api POOL=40"),
        ResolutionStep("Rolled the release back", "kubectl rollout undo deploy/api"),
    )
    lines = [action.text for action in short_actions(Answer(precedent(*steps)))]  # type: ignore[arg-type]
    assert lines[0] == "Look at the sessions by state"
    assert "Throttle logins to 35%" in lines
    assert len(lines) == 4
    few = Answer(precedent(CHECK))
    assert [action.text for action in short_actions(few)] == ["Look at the sessions by state"]  # type: ignore[arg-type]


def test_the_matched_incident_is_the_one_whose_cause_is_cited() -> None:
    nearest = Evidence("OPEN-9", "incident", "Pool", 0.95, incident=Incident("OPEN-9", "Pool", NOW, "pool exhausted"))
    answer = Answer(nearest, precedent(CHECK, score=0.9))
    matched = matched_evidence(answer)  # type: ignore[arg-type]
    assert matched is not None
    assert matched.id == "OLD-1"
    assert matched_evidence(Answer(precedent(CHECK, score=0.1))) is None  # type: ignore[arg-type]


def test_a_measure_that_is_cited_from_the_incidents_document_is_its_measure_still() -> None:
    steps = (replace(CHECK, line=21), ResolutionStep("Throttle logins to 35%", line=24, effect=ReportedEffect(90)))
    matched = precedent(*steps)
    assert matched.incident
    matched = replace(matched, incident=replace(matched.incident, document="pm/pool.md"))
    answer = Answer(matched)
    cause = answer.cause_citation
    assert cause
    answer.cause_citation = replace(cause, id="pm/pool.md", incident="OLD-1")
    answer.steps = tuple(
        replace(step, citation=replace(step.citation, id="pm/pool.md", line=line, incident="OLD-1"))
        for step, line in zip(answer.steps, (21, 24), strict=True)
    )
    action = main_action(answer)  # type: ignore[arg-type]
    assert action
    assert (action.text, action.citation.id, action.citation.line) == ("Throttle logins to 35%", "pm/pool.md", 24)
    matched = matched_evidence(answer)  # type: ignore[arg-type]
    assert matched
    assert matched.id == "OLD-1"

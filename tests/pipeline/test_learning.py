"""From an opening to a lesson, through the whole line, on both databases."""

from datetime import timedelta

import pytest

from onrecall.domain.errors import Conflict, Invalid, NotFound
from onrecall.domain.incident import Incident, IncidentLink, Resolution, ResolutionStep
from onrecall.domain.recommendation import RecommendationOutcome, StepVerdict
from onrecall.domain.situation import make_situation

LOG = "FATAL: remaining connection slots are reserved (SQLSTATE 53300)"


def opened(memory, clock, title="checkout fails, orders-db refuses connections", **changes):
    fields = {"id": "", "title": title, "started_at": clock(), "description": LOG, "service": "checkout"}
    incident, created = memory.open(Incident(**fields | changes))
    assert created
    return incident


def resolution(clock, cause="connection-pool-exhaustion", **changes):
    fields = {
        "root_cause": "A job leaked connections until orders-db had none left.",
        "at": clock.forward(minutes=30),
        "cause": cause,
        "steps": (
            ResolutionStep("Counted sessions", "psql -h orders-db -c 'select count(*) from pg_stat_activity'"),
            ResolutionStep("Restarted checkout", "kubectl rollout restart deploy/checkout", "did_not_help"),
            ResolutionStep("Stopped the job", "kubectl scale deploy/report-job --replicas=0"),
        ),
    }
    return Resolution(**fields | changes)


def learned(memory, clock):
    incident = opened(memory, clock)
    memory.recommend(incident.id)
    return memory.resolve(incident.id, resolution(clock))


def test_what_was_never_seen_is_known_after_its_resolution(memory, clock):
    first = opened(memory, clock)
    answer = memory.recommend(first.id)
    assert (answer.verdict, answer.steps) == ("never_seen", ())
    memory.resolve(first.id, resolution(clock))
    clock.forward(days=7)
    second = opened(memory, clock, "orders-db refuses connections, checkout fails again")
    answer = memory.recommend(second.id)
    assert answer.verdict == "known"
    assert answer.evidence[0].id == first.id
    assert [step.risk for step in answer.steps] == ["read_only", "disruptive"]
    assert all(step.citation.id == first.id for step in answer.steps)
    assert [tried.command for tried in answer.tried_before] == ["kubectl rollout restart deploy/checkout"]


def test_asking_writes_nothing(memory, clock):
    learned(memory, clock)
    before = list(memory.store.archive.dump())
    memory.ask(make_situation(f"checkout down\n{LOG}"))
    memory.recall(make_situation("orders-db refuses connections"))
    assert list(memory.store.archive.dump()) == before


def test_the_same_evidence_gives_the_same_recommendation_once(memory, clock):
    learned(memory, clock)
    second = opened(memory, clock)
    assert memory.recommend(second.id).id == memory.recommend(second.id).id
    assert len(memory.store.recommendations.of_incident(second.id)) == 1


def test_outcomes_of_steps_count_and_reopening_takes_them_back(memory, clock):
    learned(memory, clock)
    second = opened(memory, clock)
    answer = memory.recommend(second.id)
    step = answer.steps[-1]
    assert (step.record.tried, step.record.worked) == (1, 1)
    for _ in range(2):
        memory.rate(RecommendationOutcome(answer.id, "helped", clock(), (StepVerdict(step.n, "worked"),), by="ann"))
    memory.resolve(second.id, resolution(clock, steps=()))
    third = opened(memory, clock)
    rated = next(one for one in memory.recommend(third.id).steps if one.command == step.command)
    assert (rated.record.tried, rated.record.worked) == (2, 2)
    memory.reopen(second.id)
    again = next(one for one in memory.recommend(third.id).steps if one.command == step.command)
    assert (again.record.tried, again.record.worked) == (1, 1)


def test_a_step_that_failed_more_than_it_worked_is_told_as_tried_before(memory, clock):
    learned(memory, clock)
    command = memory.recommend(opened(memory, clock).id).steps[-1].command
    for _ in range(2):
        answer = memory.recommend(opened(memory, clock, started_at=clock.forward(days=1)).id)
        verdict = StepVerdict(answer.steps[-1].n, "did_not_help")
        for person in ("ann", "bob"):
            memory.rate(RecommendationOutcome(answer.id, "did_not_help", clock(), (verdict,), by=person))
    advice = memory.recommend(opened(memory, clock).id)
    assert command not in [one.command for one in advice.steps]


def test_many_voices_about_one_incident_are_one_try(memory, clock):
    learned(memory, clock)
    answer = memory.recommend(opened(memory, clock).id)
    step = answer.steps[-1]
    for person in ("ann", "bob", "cleo"):
        memory.rate(RecommendationOutcome(answer.id, "helped", clock(), (StepVerdict(step.n, "worked"),), by=person))
    again = memory.recommend(opened(memory, clock).id)
    assert next(one for one in again.steps if one.command == step.command).record.tried == 2


def test_a_recurrence_becomes_a_link_and_nothing_is_deleted(memory, clock):
    first = learned(memory, clock)
    clock.forward(days=20)
    second = learned(memory, clock)
    assert second.links == (IncidentLink("recurrence", first.id),)
    assert memory.store.health.counts()["incidents"] == 2


def test_a_link_made_by_a_resolution_goes_with_it(memory, clock):
    first = learned(memory, clock)
    second = learned(memory, clock)
    tied = clock()
    assert second.links == (IncidentLink("recurrence", first.id),)
    clock.forward(hours=1)
    assert memory.reopen(second.id).links == ()
    assert memory.store.incidents.get(second.id).links == ()
    then = memory.store.records.get([("incident", second.id)], tied)
    assert then["incident", second.id].links == second.links
    assert (
        memory.resolve(second.id, resolution(clock, "certificate-expired", root_cause="It was a certificate.")).links
        == ()
    )
    assert memory.resolve(second.id, resolution(clock)).links == (IncidentLink("recurrence", first.id),)


def test_a_link_that_a_person_made_stays(memory, clock):
    first = learned(memory, clock)
    second = learned(memory, clock)
    memory.link(second.id, "recurrence", first.id, by="ann")
    assert memory.reopen(second.id).links == (IncidentLink("recurrence", first.id),)


def test_many_answers_to_one_incident_are_one_voice(memory, clock):
    first = learned(memory, clock)
    incident = opened(memory, clock)
    answers = set()
    for _ in range(4):
        answer = memory.recommend(incident.id)
        answers.add(answer.id)
        memory.rate(RecommendationOutcome(answer.id, "helped", clock.forward(minutes=1), by="ann"))
    assert len(answers) > 1
    (evidence,) = [one for one in memory.recommend(opened(memory, clock).id).evidence if one.id == first.id]
    assert evidence.record.worked == 1


def test_another_cause_is_no_recurrence(memory, clock):
    learned(memory, clock)
    second = opened(memory, clock)
    assert memory.resolve(second.id, resolution(clock, "certificate-expired", root_cause="expired")).links == ()


def test_a_recurrence_can_be_named(memory, clock):
    first = learned(memory, clock)
    other = opened(memory, clock, "something quite different", description="")
    assert memory.resolve(other.id, resolution(clock, "x"), first.id).links == (IncidentLink("recurrence", first.id),)


@pytest.mark.parametrize(("other", "error"), [("itself", Invalid), ("INC-404", NotFound)])
def test_a_recurrence_of_nothing_is_refused(memory, clock, other, error):
    incident = opened(memory, clock)
    with pytest.raises(error):
        memory.resolve(incident.id, resolution(clock), incident.id if other == "itself" else other)
    assert memory.store.incidents.get(incident.id).status == "open"


def test_a_changed_resolution_is_a_new_version(memory, clock):
    first = learned(memory, clock)
    memory.resolve(first.id, resolution(clock, root_cause="It was DNS."))
    assert [one.root_cause[:6] for one in memory.store.incidents.resolutions(first.id)] == ["It was", "A job "]


def test_text_made_by_a_model_is_no_evidence(memory, clock):
    incident = opened(memory, clock)
    memory.resolve(incident.id, resolution(clock, provenance="model"))
    answer = memory.ask(make_situation(f"checkout fails, orders-db refuses connections\n{LOG}"))
    assert answer.steps == ()


def test_the_past_is_seen_as_it_was(memory, clock):
    incident = opened(memory, clock)
    before = clock.forward(minutes=1)
    memory.resolve(incident.id, resolution(clock))
    then = memory.ask(make_situation(f"orders-db refuses connections\n{LOG}", as_of=before))
    assert then.steps == ()
    assert memory.ask(make_situation(f"orders-db refuses connections\n{LOG}")).steps


def test_acknowledging_a_resolved_incident_is_a_conflict(memory, clock):
    first = learned(memory, clock)
    with pytest.raises(Conflict):
        memory.acknowledge(first.id)


def test_an_incident_is_due_until_it_is_answered(memory, clock):
    incident = opened(memory, clock)
    assert memory.store.incidents.due(10) == (incident.id,)
    assert memory.answer_due() == 1
    assert memory.answer_due() == 0


def test_what_did_not_help_survives_when_a_newer_incident_of_the_same_family_comes_first(memory, clock):
    began = clock() - timedelta(days=90)
    steps = (
        ResolutionStep("Emptied the crusher", None, "did_not_help"),
        ResolutionStep("Turned the belt motor by hand", None, "made_it_worse"),
        ResolutionStep("Replaced the drive coupling", None, "worked"),
    )
    fixed = Resolution("The coupling sheared", began + timedelta(hours=2), steps=steps, provenance="imported")
    memory.import_history(
        [Incident("QUARRY-9", "belt 4 stands still", began, "belt 4 stands still, crusher is full", resolution=fixed)]
    )
    memory.open(Incident("", "belt 4 stands still again", clock(), "belt 4 stands still, motor runs"))
    done = (
        ResolutionStep("Replaced the shear pin", None, "worked"),
        ResolutionStep("Emptied the crusher", None, "worked"),
    )
    memory.resolve(
        "INC-1", Resolution("Shear pin of the coupling broke", clock.forward(minutes=30), steps=done), "QUARRY-9"
    )
    clock.forward(days=1)
    answer = memory.ask(make_situation("belt 4 stands still, motor runs"))
    assert answer.evidence[0].id == "INC-1"
    assert [(step.text, step.citation.id) for step in answer.tried_before] == [
        ("Turned the belt motor by hand", "QUARRY-9")
    ]
    assert {step.citation.id for step in answer.steps} == {"INC-1"}

"""Whether an answer was right: by links, else by labels, else by nothing but the wording."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from onrecall.domain.evidence import Citation, Evidence
from onrecall.domain.incident import Incident, IncidentLink, Resolution
from onrecall.domain.recommendation import Latency, Recommendation
from onrecall.pipeline import cause_families as families
from onrecall.pipeline.resolved_cause import CauseJudgement, ResolvedCause
from sent_statements import counting_statements

MONDAY = datetime(2026, 2, 2, 8, tzinfo=UTC)
FLOAT_SWITCH = "The float switch of the north basin sticks"


def past(name: str, cause: str, label: str | None = None, days: float = -3) -> Incident:
    resolution = Resolution(cause, MONDAY + timedelta(days=days), label)
    return Incident(name, f"{name}: basin runs over", MONDAY + timedelta(days=days - 1), resolution=resolution)


def answer_from(*incidents: Incident, family: tuple[str, ...] = ()) -> Recommendation:
    first = incidents[0]
    evidence = [Evidence(each.id, "incident", each.title, 0.8, incident=each) for each in incidents]
    evidence[0] = replace(evidence[0], family=family)
    citation = Citation(first.id, first.resolution.root_cause, 1)
    return Recommendation(
        id="REC-1", incident="INC-9", verdict="known", verdict_reason="", cause=first.resolution.root_cause,
        confidence=None, confidence_reason=None, evidence=tuple(evidence), latency_ms=Latency(0, 0, 0),
        created_at=MONDAY, as_of=MONDAY, inputs_hash="", cause_label=first.resolution.cause, cause_citation=citation,
    )  # fmt: skip


def linked(*incidents: Incident) -> dict[str, Incident]:
    return {incident.id: incident for incident in incidents}


def test_a_cause_taken_from_a_linked_incident_is_right_whatever_its_words_and_label():
    source = past("OLD-1", FLOAT_SWITCH, "float-switch")
    truth = ResolvedCause(Resolution("Limescale on the switch again", MONDAY, "limescale"), linked(source))
    assert truth.judge(answer_from(source)) == CauseJudgement(right=True, by="link")


def test_a_cause_taken_from_a_family_that_holds_the_linked_incident_is_right():
    source, member = past("OLD-1", FLOAT_SWITCH), past("OLD-2", "It sticks")
    truth = ResolvedCause(Resolution("Limescale", MONDAY), linked(member))
    assert truth.judge(answer_from(source, family=("OLD-2",))).right


def test_a_cause_of_another_incident_than_the_linked_one_is_wrong():
    source, other = past("OLD-1", FLOAT_SWITCH), past("OLD-2", "The pump has no power")
    truth = ResolvedCause(Resolution("The fuse blew", MONDAY), linked(other))
    answer = answer_from(source, other)
    assert truth.judge(answer) == CauseJudgement(right=False, by="link")
    assert truth.rank_in(answer) == 2
    assert truth.is_on_record(answer)


@pytest.mark.parametrize(("stated", "right"), [("Float_Switch", True), ("fuse", False)])
def test_labels_decide_without_a_link(stated, right):
    source = past("OLD-1", FLOAT_SWITCH, "float-switch")
    assert ResolvedCause(Resolution("…", MONDAY, stated)).judge(answer_from(source)) == CauseJudgement(right, "label")


@pytest.mark.parametrize(
    ("stated", "right"), [("the float switch of the  north basin STICKS", True), ("The switch sticks", False)]
)
def test_without_label_and_link_another_wording_counts_as_wrong(stated, right):
    source = past("OLD-1", FLOAT_SWITCH)
    assert ResolvedCause(Resolution(stated, MONDAY)).judge(answer_from(source)) == CauseJudgement(right, "wording")


def test_an_answer_without_a_cause_named_none():
    source = past("OLD-1", FLOAT_SWITCH)
    answer = replace(answer_from(source), cause=None, cause_citation=None, verdict="never_seen")
    assert ResolvedCause(Resolution("…", MONDAY), linked(source)).judge(answer) == CauseJudgement(right=False, by=None)


def test_a_linked_incident_that_was_resolved_after_the_answer_was_not_on_record():
    source, later = past("OLD-1", FLOAT_SWITCH), past("OLD-2", "The fuse blew", days=2)
    assert not ResolvedCause(Resolution("Blown fuse", MONDAY), linked(later)).is_on_record(answer_from(source))


def resolve_differently(memory, clock, recurs=None):
    memory.open(Incident("", "basin overflow: float switch stuck", clock(), service="basin"))
    memory.resolve("INC-1", Resolution(FLOAT_SWITCH, clock.forward(minutes=9)))
    clock.forward(hours=30)
    memory.open(Incident("", "basin overflow: float switch stuck again", clock(), service="basin"))
    memory.recommend("INC-2")
    memory.resolve("INC-2", Resolution("Limescale holds the switch", clock.forward(minutes=9)), recurs)


def test_a_linked_recurrence_counts_as_right_in_trust(memory, clock):
    resolve_differently(memory, clock, "INC-1")
    (verdict,) = (each for each in memory.store.verdicts.all() if each.incident == "INC-2")
    assert (verdict.body["right"], verdict.body["known"], verdict.body["judged_by"]) == (True, True, "link")
    assert memory.trust.summary().by_wording == 0


def test_a_link_that_is_added_later_judges_the_answer_anew(memory, clock):
    resolve_differently(memory, clock)
    assert (memory.trust.summary().right.value, memory.trust.summary().by_wording) == (0, 1)
    memory.link("INC-2", "recurrence", "INC-1")
    assert (memory.trust.summary().right.value, memory.trust.summary().by_wording) == (1, 0)


def test_a_chain_of_links_leads_to_the_source_and_past_unknown_incidents(memory, clock):
    oldest = past("EXT-1", FLOAT_SWITCH)
    between = replace(
        past("EXT-2", "Limescale", days=-2),
        title="the inlet screen is clogged",
        links=(IncidentLink("recurrence", "EXT-1"), IncidentLink("recurrence", "GONE")),
    )
    memory.import_history([oldest, between])
    clock.forward(days=600)
    memory.open(Incident("", "basin runs over", clock()))
    assert memory.recommend("INC-1").cause == FLOAT_SWITCH
    memory.resolve("INC-1", Resolution("Scale in the basin", clock.forward(minutes=9)), "EXT-2")
    assert memory.store.verdicts.all()[0].body["judged_by"] == "link"


@pytest.mark.parametrize(
    ("label", "stated", "right"),
    [
        ("float-switch-sticks", "Limescale again", True),  # the answer's cause has every word of the label
        ("north-basin-overflow", "Limescale again", False),
        ("switch", "Limescale again", False),  # a label of one word says too little
    ],
)
def test_a_label_on_the_resolution_alone_decides_where_the_answer_names_it(label, stated, right):
    truth = ResolvedCause(Resolution(stated, MONDAY, label))
    assert truth.judge(answer_from(past("OLD-1", FLOAT_SWITCH))) == CauseJudgement(
        right, "label" if right else "wording"
    )


def test_a_label_of_the_answer_alone_decides_where_the_resolution_names_it():
    answer = answer_from(past("OLD-1", "Limescale again", "float-switch"))
    assert ResolvedCause(Resolution(FLOAT_SWITCH, MONDAY)).judge(answer) == CauseJudgement(right=True, by="label")


def test_the_label_that_an_incident_has_now_decides_and_not_the_one_it_had_when_the_answer_was_given():
    answer = answer_from(past("OLD-1", FLOAT_SWITCH, "float-switch"))
    truth = ResolvedCause(Resolution("Limescale again", MONDAY, "limescale"), labels={"OLD-1": "Limescale"})
    assert truth.judge(answer) == CauseJudgement(right=True, by="label")


def test_an_incident_whose_cause_was_answered_right_is_not_counted_as_new(memory, clock):
    memory.open(Incident("", "basin overflow: float switch stuck", clock(), service="basin"))
    memory.resolve("INC-1", Resolution(FLOAT_SWITCH, clock.forward(minutes=9)))
    clock.forward(hours=30)
    memory.open(Incident("", "basin overflow: float switch stuck again", clock(), service="basin"))
    memory.recommend("INC-2")
    memory.resolve("INC-2", Resolution("Limescale again", clock.forward(minutes=9), "float-switch-sticks"))
    summary = memory.trust.summary()
    assert judgement(memory) == (True, "label")
    assert summary.novelty.false_recall.n == 0, "it was on record, though no incident bears its label"
    assert (summary.hits.hit_at_1.value, summary.right.too_few) == (1, True)


def judgement(memory, incident="INC-2"):
    (verdict,) = (each for each in memory.store.verdicts.all() if each.incident == incident)
    return verdict.body["right"], verdict.body["judged_by"]


def test_an_answer_is_judged_anew_when_the_incident_it_is_taken_from_gets_a_label(memory, clock):
    memory.open(Incident("", "basin overflow: float switch stuck", clock(), service="basin"))
    memory.resolve("INC-1", Resolution("A worn seal in the valve", clock.forward(minutes=9)))
    clock.forward(hours=30)
    memory.open(Incident("", "basin overflow: float switch stuck again", clock(), service="basin"))
    memory.recommend("INC-2")
    memory.resolve("INC-2", Resolution("It leaked for years", clock.forward(minutes=9), "valve-leak"))
    assert judgement(memory) == (False, "wording")
    memory.resolve("INC-1", Resolution("A worn seal in the valve", clock.forward(minutes=9), "Valve_Leak"))
    assert judgement(memory) == (True, "label")
    assert memory.trust.summary().by_wording == 0


def test_confirming_a_family_judges_anew_and_withdrawing_it_takes_that_back(memory, clock):
    for number, cause in ((1, "Limescale on the float switch of the basin"), (2, "The float switch had limescale")):
        memory.open(Incident("", f"basin {number} overflow: switch stuck", clock.forward(hours=9), service="basin"))
        memory.recommend(f"INC-{number}")
        memory.resolve(f"INC-{number}", Resolution(cause, clock.forward(minutes=9)))
    assert judgement(memory) == (False, "wording")
    (family,) = families.overview(memory.store).proposed
    families.confirm(memory.store, [families.Choice(family.id)], memory.now())
    assert judgement(memory) == (True, "label")
    families.withdraw(memory.store, family.id, memory.now())
    assert judgement(memory) == (False, "wording")


def judged_by_wording(memory, clock, number):
    """Let so many incidents be resolved in other words than their answers', without labels."""
    for n in range(number):
        opened, _ = memory.open(
            Incident("", f"basin overflow: float switch stuck {n}", clock.forward(hours=9), service="basin")
        )
        memory.recommend(opened.id)
        memory.resolve(opened.id, Resolution(f"Cause {n} of the stuck switch", clock.forward(minutes=9)), look=False)
    return [verdict.body["judged_by"] for verdict in memory.store.verdicts.all()].count("wording")


def test_all_answers_are_judged_anew_with_as_many_reads_as_one(memory, clock):
    reads = []
    for number in (2, 7):
        assert judged_by_wording(memory, clock, number) > len(reads)
        with counting_statements(memory.store) as statements:
            assert memory.trust.judge_again(clock()) == 0
        reads.append(len(statements))
    assert reads[0] == reads[1]

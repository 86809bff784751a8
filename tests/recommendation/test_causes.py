"""Causes are ranked by match, agreement and track record, and told in the words of their best evidence."""

from recommendation_cases import ask, did, line_of, resolved_incident

from onrecall.domain.evidence import TrackRecord
from onrecall.recommendation.causes import rank_causes


def test_a_label_groups_whatever_its_spelling():
    hypotheses = rank_causes(
        [
            resolved_incident("A", 0.8, cause="connection-pool-exhaustion", root_cause="pool ran dry"),
            resolved_incident(
                "B", 0.7, cause="Connection_Pool exhaustion", root_cause="something worded quite differently"
            ),
        ]
    )
    assert [[piece.id for piece in hypothesis.evidence] for hypothesis in hypotheses] == [["A", "B"]]


def test_without_a_label_nearly_the_same_root_cause_groups():
    root_cause = "The nightly export job held row locks on the orders table for an hour"
    hypotheses = rank_causes(
        [
            resolved_incident("A", 0.8, root_cause=root_cause),
            resolved_incident("B", 0.7, root_cause=root_cause + "."),
            resolved_incident("C", 0.6, root_cause="A certificate expired on the edge proxy"),
            resolved_incident("D", 0.5, root_cause=root_cause, cause="lock-contention"),
        ]
    )
    assert sorted(sorted(piece.id for piece in hypothesis.evidence) for hypothesis in hypotheses) == [
        ["A", "B", "D"],
        ["C"],
    ]
    assert hypotheses[0].label == "lock-contention"


def test_two_incidents_without_any_cause_are_not_one_cause():
    hypotheses = rank_causes(
        [
            resolved_incident("A", 0.8, steps=[did("Restarted it")]),
            resolved_incident("B", 0.8, steps=[did("Renewed the certificate")]),
        ]
    )
    assert len(hypotheses) == 2


def test_labels_that_differ_stay_apart_though_the_words_agree():
    hypotheses = rank_causes(
        [
            resolved_incident("A", 0.8, cause="one", root_cause="x y z w"),
            resolved_incident("B", 0.8, cause="two", root_cause="x y z w"),
        ]
    )
    assert len(hypotheses) == 2


def test_agreement_outweighs_a_hairs_breadth():
    hypotheses = rank_causes(
        [
            resolved_incident("LEAK", 0.61, cause="memory-leak", root_cause="leak"),
            resolved_incident("P1", 0.60, cause="pool", root_cause="pool"),
            resolved_incident("P2", 0.59, cause="pool", root_cause="pool"),
            resolved_incident("P3", 0.58, cause="pool", root_cause="pool"),
        ]
    )
    assert hypotheses[0].label == "pool"


def test_many_weak_matches_never_outvote_a_strong_one():
    weak = [resolved_incident(f"P{n}", 0.6, cause="database-timeout", root_cause="throttled") for n in range(9)]
    hypotheses = rank_causes([resolved_incident("LEAK", 0.85, cause="memory-leak", root_cause="leak"), *weak])
    assert hypotheses[0].label == "memory-leak"


def test_a_recurring_family_counts_as_agreement_but_not_without_bound():
    once = resolved_incident("A", 0.6, cause="a", root_cause="a")
    often = resolved_incident("B", 0.59, cause="b", root_cause="b", family=tuple(f"B{n}" for n in range(500)))
    assert rank_causes([once, often])[0].label == "b"
    assert rank_causes([once, often])[0].weight < 2 * 0.6


def test_a_track_record_decides_between_equals_and_no_more():
    good = resolved_incident("GOOD", 0.6, cause="a", root_cause="a", record=TrackRecord(9, 9, 0))
    bad = resolved_incident("BAD", 0.6, cause="b", root_cause="b", record=TrackRecord(9, 0, 9))
    assert rank_causes([bad, good])[0].label == "a"
    far = resolved_incident("FAR", 0.9, cause="c", root_cause="c", record=TrackRecord(999, 0, 999))
    assert rank_causes([good, far])[0].label == "c"


def test_what_a_model_wrote_speaks_for_no_cause():
    model = resolved_incident(
        "M", 0.99, cause="made-up", root_cause="made up", provenance="model", steps=[did("rm it", "rm -rf /")]
    )
    advice = ask([model, resolved_incident("H", 0.7, cause="real", root_cause="what it really was")])
    assert advice.cause_label == "real"
    assert advice.steps == ()
    assert "written by a model" in advice.verdict_reason


def test_the_cause_is_cited_where_it_is_told():
    evidence = [
        resolved_incident(
            "A", 0.8, cause="pool", root_cause="The pool\nran dry on Tuesday", description="## Root cause\nlies"
        )
    ]
    advice = ask(evidence)
    assert advice.cause == "The pool ran dry on Tuesday"
    assert advice.cause_citation.quote == "The pool" == line_of(evidence, advice.cause_citation)


def test_a_cause_of_which_only_the_label_is_known_is_said_in_words_and_not_cited():
    advice = ask([resolved_incident("A", 0.8, cause="connection-pool-exhaustion")])
    assert (advice.cause, advice.cause_citation) == ("connection pool exhaustion", None)


def test_steps_that_worked_are_worth_having_where_no_cause_is_on_record():
    advice = ask([resolved_incident("TICKET", 0.8, steps=[did("Restarted the gateway")])])
    assert advice.cause is None
    assert [step.text for step in advice.steps] == ["Restarted the gateway"]

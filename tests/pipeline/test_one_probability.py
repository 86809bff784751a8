"""Verdict, wording and shown probability rest on one number, whatever the history of a store says."""

import functools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.synthetic import history
from example_counts import example_count
from onrecall.calibration import model, prior
from onrecall.domain.situation import Situation
from onrecall.pipeline.calibrate import SHIPPED, CalibrationState
from onrecall.pipeline.recommend import decide
from recommendation.recommendation_cases import NONE, NOW, resolved_incident, runbook, unresolved

TEXT = "requests to the ledger time out"
HISTORIES = {
    "none": [],
    "usual": history(60, 1, public=0.7)[0],
    "half right": [replace(answer, right=n % 2 == 0) for n, answer in enumerate(history(33, 2, public=0.7)[0])],
    "all right": [replace(answer, right=True) for answer in history(60, 3, public=0.7)[0]],
    "all wrong": [replace(answer, right=False) for answer in history(60, 4, public=0.7)[0]],
    "labels flipped": history(90, 5, flip=0.3, public=0.7)[0],
    "rated by people": history(60, 6, public=0.7, basis="outcomes")[0],
    "of an older release": history(60, 7)[0],
}


@functools.cache
def state(name: str, similar: float = SHIPPED.similar, known: float = SHIPPED.known) -> CalibrationState:
    return CalibrationState(1, model.fit(HISTORIES[name]), SHIPPED.measured(similar, known))


def ranking(certainty: float) -> dict[str, float]:
    """What the prior looks at, all of it as good as `certainty` says."""
    features = prior.load_shipped().with_meaning
    columns = zip(
        features.features,
        features.regression.weights,
        features.regression.centre,
        features.regression.scale,
        strict=True,
    )
    return {
        name: centre + (4 * certainty - 2) * scale * (1 if weight > 0 else -1)
        for name, weight, centre, scale in columns
    }


def with_ranking(piece, certainty):
    ranked = replace(piece, ranking=ranking(certainty))
    return replace(ranked, probability=prior.load_shipped().probability(ranked))


PIECES = st.sampled_from(
    ["a label", "another label", "a sentence", "the same sentence", "no cause", "an open one", "a runbook"]
)


def evidence_of(kind: str, place: int, score: float):
    name = f"{kind[0].upper()}-{place}"
    if kind == "a runbook":
        return runbook(name, score, "# Restart\n\n1. Restart the ledger\n", title="Ledger out of order")
    if kind == "an open one":
        return replace(unresolved(name, score), incident=replace(unresolved(name, score).incident, status="resolved"))
    cause = {"a label": "ledger-lock", "another label": "disk-full"}.get(kind)
    sentences = {
        "a sentence": "the ledger waited for a lock of the nightly export",
        "the same sentence": "it waited for a lock of the nightly ledger export",
    }
    return resolved_incident(name, score, cause=cause, root_cause=sentences.get(kind, ""))


@settings(max_examples=example_count(60), deadline=None)
@given(
    st.lists(st.tuples(PIECES, st.floats(0.05, 1), st.floats(0, 1)), min_size=1, max_size=5),
    st.sampled_from(sorted(HISTORIES)),
    st.sampled_from([(SHIPPED.similar, SHIPPED.known), (0.4, 0.9), (0.35, SHIPPED.known)]),
)
def test_nothing_is_known_beside_a_probability_below_its_threshold(pieces, name, thresholds):
    evidence = [
        with_ranking(evidence_of(kind, n, score), certainty) for n, (kind, score, certainty) in enumerate(pieces)
    ]
    evidence.sort(key=lambda piece: -piece.score)
    advice, _, confidence, _ = decide(state(name, *thresholds), Situation(TEXT), evidence, NONE, NOW)
    if advice.verdict == "known":
        assert confidence.probability >= SHIPPED.sure
    if advice.verdict != "never_seen" and advice.cause and name != "none":
        assert confidence.basis != "public"


def test_a_history_on_which_such_answers_were_often_wrong_takes_known_back_and_says_so():
    evidence = [with_ranking(resolved_incident("L-1", 0.95, cause="ledger-lock"), 1.0)]
    advice, _, confidence, _ = decide(state("none"), Situation(TEXT), evidence, NONE, NOW)
    assert (advice.verdict, confidence.basis) == ("known", "public")
    advice, _, confidence, _ = decide(state("half right"), Situation(TEXT), evidence, NONE, NOW)
    assert (advice.verdict, confidence.basis) == ("similar", "backtest")
    assert advice.verdict_reason == (
        "similar: L-1 “Something broke” matches 0.95; not called known, because answers like this one were right "
        f"{confidence.right} of {confidence.of} times here"
    )


def test_a_history_on_which_such_answers_were_right_makes_known_what_public_data_doubts():
    evidence = [with_ranking(resolved_incident("L-1", 0.95, cause="ledger-lock"), 0.5)]
    advice, numbers, _, _ = decide(state("none"), Situation(TEXT), evidence, NONE, NOW)
    assert advice.verdict == "similar"
    assert numbers["public"] < SHIPPED.sure
    advice, _, confidence, _ = decide(state("all right"), Situation(TEXT), evidence, NONE, NOW)
    assert advice.verdict == "known"
    assert confidence.probability >= SHIPPED.sure


@pytest.mark.parametrize(
    ("text", "verdict"), [("LedgerQueueStuck on eu-1", "known"), ("after LedgerQueueStuck fired", "similar")]
)
def test_a_runbook_for_the_alert_that_a_text_begins_with_is_as_sure_as_such_runbooks_were(text, verdict):
    evidence = [with_ranking(runbook("RB", 0.6, "# Fix\n\n1. Restart it\n", title="Ledger Queue Stuck"), 0.1)]
    advice, _, confidence, _ = decide(state("none"), Situation(text), evidence, NONE, NOW)
    assert advice.verdict == verdict
    assert (confidence.probability >= SHIPPED.sure) is (verdict == "known")


def test_an_open_end_is_judged_by_the_incident_it_names_not_by_the_runbook_it_cites():
    seen = with_ranking(replace(evidence_of("an open one", 1, 0.95)), 1.0)
    page = with_ranking(runbook("RB", 0.9, "# Fix\n\n1. Restart the ledger\n", title="Ledger out of order"), 0.2)
    advice, _, confidence, _ = decide(state("none"), Situation(TEXT), [seen, page], NONE, NOW)
    assert advice.verdict == "known"
    assert confidence.probability >= SHIPPED.sure

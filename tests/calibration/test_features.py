"""What the evidence looks like in numbers: bounded, deterministic, and each saying what it says it says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecall.calibration import features
from onrecall.domain.document import Document
from onrecall.domain.evidence import Citation, Evidence, TrackRecord
from onrecall.domain.incident import Incident, Resolution
from onrecall.domain.recommendation import Advice

NOW = datetime(2025, 6, 1, tzinfo=UTC)
POOL = Advice("known", "", "The connection pool was exhausted.", "connection-pool-exhaustion")


def incident(
    name: str, score: float, cause: str | None, days: float = 10, service: str | None = "checkout", **more
) -> Evidence:
    started = NOW - timedelta(days=days)
    resolution = Resolution(f"It was {cause}.", started, cause) if cause else None
    status = "resolved" if cause else "open"
    stored = Incident(name, name, started, service=service, resolution=resolution, status=status)
    return Evidence(name, "incident", name, score, incident=stored, **more)


def test_two_causes_are_told_apart():
    evidence = (
        incident("A", 0.9, "Connection pool EXHAUSTION", signals={"words": 0.5, "meaning": 0.2}),
        incident("B", 0.6, "connection-pool-exhaustion"),
        incident("C", 0.7, "deadlock", signals={"words": 0.1, "meaning": 0.8}),
    )
    extracted = features.extract_features(evidence, POOL, NOW, "checkout")
    assert extracted["match"] == 0.9
    assert extracted["margin"] == pytest.approx(0.2)
    assert extracted["agreement"] == pytest.approx((0.81 + 0.36) / (0.81 + 0.36 + 0.49))
    assert extracted["signals"] == 0.5
    assert extracted["resolved"] == 1
    assert extracted["service"] == 1
    assert features.extract_features(evidence, POOL, NOW, "basket")["service"] == 0
    assert features.extract_features(evidence, POOL, NOW)["service"] == 0.5


def test_a_cause_named_from_weaker_evidence_has_a_negative_margin():
    evidence = (incident("C", 0.9, "deadlock"), incident("A", 0.6, "connection-pool-exhaustion"))
    assert features.extract_features(evidence, POOL, NOW)["margin"] == pytest.approx(-0.3)


def test_without_a_label_the_sentence_decides_even_when_it_was_cut():
    advice = Advice("known", "", "It was dead…")
    evidence = (incident("A", 0.9, "pool"), incident("C", 0.7, "deadlock"))
    assert features.extract_features(evidence, advice, NOW)["margin"] == pytest.approx(-0.2)


def test_the_cited_evidence_speaks_for_the_cause_whatever_it_is_called():
    cited = Advice("known", "", "Something else.", cause_citation=Citation("C", "It was deadlock.", 3))
    evidence = (incident("A", 0.9, "pool"), incident("C", 0.7, None))
    assert features.extract_features(evidence, cited, NOW)["margin"] == pytest.approx(-0.2)


def test_without_any_resolution_the_best_evidence_speaks_for_itself():
    advice = Advice("similar", "", None)
    extracted = features.extract_features((incident("A", 0.8, None), incident("B", 0.5, None)), advice, NOW)
    assert (extracted["match"], extracted["margin"]) == (0.8, pytest.approx(0.3))
    assert (extracted["resolved"], extracted["support"]) == (0, 0)


def test_what_a_model_wrote_supports_nothing():
    written = incident("A", 0.9, "connection-pool-exhaustion")
    by_model = replace(written.resolution, provenance="model")
    modelled = replace(written, incident=replace(written.incident, resolution=by_model))
    assert features.extract_features((written,), POOL, NOW)["support"] > 0
    assert features.extract_features((modelled,), POOL, NOW)["support"] == 0
    assert features.extract_features((modelled,), POOL, NOW)["resolved"] == 0


def test_families_records_and_age_count():
    alone = incident("A", 0.9, "connection-pool-exhaustion", days=1)
    often = replace(alone, family=("B", "C"), record=TrackRecord(tried=4, worked=4))
    failed = replace(alone, record=TrackRecord(tried=4, failed=4))
    old = incident("A", 0.9, "connection-pool-exhaustion", days=4000)
    track = [features.extract_features((item,), POOL, NOW)["track"] for item in (failed, alone, often)]
    assert track == [pytest.approx(1 / 6), 0.5, pytest.approx(5 / 6)]
    assert (
        features.extract_features((often,), POOL, NOW)["support"]
        > features.extract_features((alone,), POOL, NOW)["support"]
    )
    assert features.extract_features((alone,), POOL, NOW)["age"] < 0.1
    assert features.extract_features((old,), POOL, NOW)["age"] == 1


def test_nothing_at_all():
    extracted = features.extract_features((), Advice("never_seen", "", None), NOW)
    assert tuple(extracted) == features.FEATURE_NAMES
    assert extracted["match"] == 0


def test_an_undated_runbook():
    runbook = Evidence("R", "document", "R", 0.7, document=Document("R", "R", "text"))
    assert features.extract_features((runbook,), Advice("similar", "", None), NOW)["age"] == 0.5


SCORE = st.floats(-1, 2) | st.just(float("nan")) | st.just(float("inf"))
EVIDENCE = st.builds(
    lambda number, score, cause, days, signals, worked: incident(
        f"I{number}", score, cause, days, signals=signals, record=TrackRecord(worked, worked, 0)
    ),
    st.integers(0, 99),
    SCORE,
    st.sampled_from([None, "deadlock", "connection-pool-exhaustion", "…", ""]),
    st.floats(-100, 9999),
    st.dictionaries(st.sampled_from(["words", "meaning", "labels"]), SCORE),
    st.integers(0, 1000),
)


@given(
    st.lists(EVIDENCE, max_size=6),
    st.sampled_from([POOL, Advice("known", "", None), Advice("known", "", "It was …", "")]),
)
def test_always_all_of_them_within_bounds_and_the_same_again(evidence, advice):
    extracted = features.extract_features(evidence, advice, NOW, "checkout")
    assert tuple(extracted) == features.FEATURE_NAMES
    assert all((-1 if name == "margin" else 0) <= value <= 1 for name, value in extracted.items())
    assert features.extract_features(tuple(evidence), advice, NOW, "checkout") == extracted


def test_there_are_few_and_each_is_explained():
    assert len(features.FEATURE_NAMES) <= 11
    assert all(features.DESCRIPTIONS.values())


def test_the_documentation_explains_each_in_the_same_words():
    page = (Path(__file__).parents[2] / "docs" / "trust.md").read_text(encoding="utf-8")
    for name, words in features.DESCRIPTIONS.items():
        assert f"| `{name}` | {words} |" in page


def test_a_near_duplicate_of_the_best_is_no_rest_that_it_stands_out_from():
    first, other = incident("A", 0.9, None, near_duplicates=("B", "C")), incident("D", 0.4, None)
    repeated = (first, incident("B", 0.89, None), incident("C", 0.88, None), other)
    unseen = Advice("similar", "", None)
    assert features.extract_features(repeated, unseen, NOW)["apart"] == pytest.approx(
        features.extract_features((first, other), unseen, NOW)["apart"]
    )

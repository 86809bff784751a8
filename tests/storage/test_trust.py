"""What trust is measured on is kept, replaced and taken back, on both databases."""

from datetime import UTC, datetime, timedelta

from onrecall.domain.incident import Incident, Resolution
from onrecall.storage import StoredVerdict, StoreEntry

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)


def judgement(incident, basis="outcomes", right=True, hours=0):
    return StoredVerdict(basis, incident, AT + timedelta(hours=hours), {"right": right, "features": {"match": 0.5}})


def test_a_later_judgement_takes_the_place_of_an_earlier_one(store):
    store.save_verdict(judgement("A"))
    store.save_verdict(judgement("A", right=False))
    store.save_verdict(judgement("B", hours=-1))
    assert [(verdict.incident, verdict.body["right"]) for verdict in store.judged()] == [("B", True), ("A", False)]
    assert store.judged_count() == 2


def test_a_replay_takes_the_place_of_a_replay_and_leaves_what_people_said(store):
    store.save_verdict(judgement("A"))
    store.replace_verdicts("backtest", [judgement("A", "backtest"), judgement("B", "backtest")])
    store.replace_verdicts("backtest", [judgement("C", "backtest")])
    assert [(verdict.incident, verdict.basis) for verdict in store.judged()] == [("A", "outcomes"), ("C", "backtest")]


def test_curves_are_versions(store):
    assert (store.curve_version(), store.newest_curve()) == (0, None)
    store.save_curve({"judged": 1}, AT)
    assert store.save_curve({"judged": 2}, AT).version == 2
    assert store.newest_curve().body == {"judged": 2}


def test_a_cause_is_known_once_another_incident_of_it_was_resolved(store):
    old = Incident("OLD", "t", AT, resolution=Resolution("x", AT + timedelta(hours=1), "Disk-Full"), status="resolved")
    store.save([StoreEntry(old)], AT)
    assert not store.cause_known("disk-full", AT, "NEW")
    assert store.cause_known("disk-full", AT + timedelta(hours=2), "NEW")
    assert not store.cause_known("disk-full", AT + timedelta(hours=2), "OLD")


def test_reopening_takes_the_judgement_back(store):
    old = Incident("OLD", "t", AT)
    store.save([StoreEntry(old)], AT)
    store.resolve("OLD", Resolution("x", AT + timedelta(hours=1)), (), (), (), AT + timedelta(hours=1))
    store.save_verdict(judgement("OLD"))
    store.reopen("OLD", (), AT + timedelta(hours=2))
    assert store.judged() == ()

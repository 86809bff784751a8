"""What trust is measured on is kept, replaced and taken back, on both databases."""

from datetime import UTC, datetime, timedelta

from onrecall.domain.incident import Incident, Resolution
from onrecall.storage import PreparedRecord, StoredVerdict

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)


def judgement(incident, basis="outcomes", right=True, hours=0):
    return StoredVerdict(basis, incident, AT + timedelta(hours=hours), {"right": right, "features": {"match": 0.5}})


def test_a_later_judgement_takes_the_place_of_an_earlier_one(store):
    store.verdicts.save(judgement("A"))
    store.verdicts.save(judgement("A", right=False))
    store.verdicts.save(judgement("B", hours=-1))
    assert [(verdict.incident, verdict.body["right"]) for verdict in store.verdicts.all()] == [
        ("B", True),
        ("A", False),
    ]
    assert store.verdicts.count() == 2


def test_a_replay_takes_the_place_of_a_replay_and_leaves_what_people_said(store):
    store.verdicts.save(judgement("A"))
    store.verdicts.replace("backtest", [judgement("A", "backtest"), judgement("B", "backtest")])
    store.verdicts.replace("backtest", [judgement("C", "backtest")])
    assert [(verdict.incident, verdict.basis) for verdict in store.verdicts.all()] == [
        ("A", "outcomes"),
        ("C", "backtest"),
    ]


def test_curves_are_versions(store):
    assert (store.curves.newest_version(), store.curves.newest()) == (0, None)
    store.curves.save({"judged": 1}, AT)
    assert store.curves.save({"judged": 2}, AT).version == 2
    assert store.curves.newest().body == {"judged": 2}


def test_a_cause_is_known_once_another_incident_of_it_was_resolved(store):
    old = Incident("OLD", "t", AT, resolution=Resolution("x", AT + timedelta(hours=1), "Disk-Full"), status="resolved")
    store.records.save([PreparedRecord(old)], AT)
    assert not store.verdicts.cause_known("disk-full", AT, "NEW")
    assert store.verdicts.cause_known("disk-full", AT + timedelta(hours=2), "NEW")
    assert not store.verdicts.cause_known("disk-full", AT + timedelta(hours=2), "OLD")


def test_reopening_takes_the_judgement_back(store):
    old = Incident("OLD", "t", AT)
    store.records.save([PreparedRecord(old)], AT)
    store.incidents.resolve("OLD", Resolution("x", AT + timedelta(hours=1)), (), (), (), AT + timedelta(hours=1))
    store.verdicts.save(judgement("OLD"))
    store.incidents.reopen("OLD", (), AT + timedelta(hours=2))
    assert store.verdicts.all() == ()

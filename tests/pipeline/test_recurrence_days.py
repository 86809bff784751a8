"""Packed days follow the incidents, on both databases, and a report counts what is not packed yet."""

from datetime import UTC, datetime, timedelta

import pytest

from onrecall.domain.incident import Incident, IncidentLink, Resolution
from onrecall.pipeline import recurrence_days, recurrences
from onrecall.pipeline.recurrence_days import RecurrencePacker, pack_changed_days, pack_if_too_many_wait, read_table
from onrecall.pipeline.recurrences import FamilyFilter, find_recurrences, share_evenly
from onrecall.recurrences.day_facts import RULES_VERSION
from onrecall.storage import PreparedRecord, Storage
from onrecall.storage import recurrence_days as recurrence_days_storage
from onrecall.storage.recurrence_days import StoredDay
from sent_statements import counting_statements

MORNING = datetime(2026, 2, 3, 8, tzinfo=UTC)
LATER = datetime(2026, 9, 1, tzinfo=UTC)


def outage(name: str, day: int, cause: str | None = "expired-token", links: tuple[str, ...] = ()) -> Incident:
    began = MORNING + timedelta(days=day)
    return Incident(
        name,
        f"Logins fail ({name})",
        began,
        service="login",
        status="resolved",
        resolved_at=began + timedelta(hours=3),
        resolution=Resolution("The token of the identity server had expired", began + timedelta(hours=3), cause),
        links=tuple(IncidentLink("recurrence", target) for target in links),
    )


def save(store: Storage, *incidents: Incident) -> None:
    store.records.save([PreparedRecord(incident) for incident in incidents], LATER)


def pack_all(store: Storage) -> int:
    return sum(iter(lambda: pack_changed_days(store), 0))


def changed_days(store: Storage) -> list[str]:
    return [day.day for day in store.recurrence_days.snapshot(RULES_VERSION, 100).changed]


def test_a_report_is_the_same_before_and_after_days_are_packed(store):
    save(store, outage("A", 0), outage("B", 0), outage("C", 40, None, ("A",)), outage("D", 41, "other"))
    before = find_recurrences(store, LATER, FamilyFilter())
    assert changed_days(store) == ["2026-03-16", "2026-03-15", "2026-02-03"]
    assert pack_all(store) == 3
    assert changed_days(store) == []
    assert find_recurrences(store, LATER, FamilyFilter()) == before
    assert (before.families[0].incidents, before.families[0].lost.hours) == (("A", "B", "C"), 6.0)


def test_whatever_changes_a_family_counts_at_once_although_its_day_is_packed(store):
    opened = Incident("E", "Logins fail again", MORNING + timedelta(days=9), service="login")
    save(store, outage("A", 0), outage("B", 1), opened)
    pack_all(store)

    def count() -> int:
        return sum(family.count for family in find_recurrences(store, LATER, FamilyFilter()).families)

    assert count() == 2
    resolution = Resolution("The token had expired", LATER, "expired-token")
    store.incidents.resolve("E", resolution, (), (), (), LATER)
    assert (count(), changed_days(store)) == (3, ["2026-02-12"])
    pack_all(store)
    store.incidents.reopen("E", (), LATER)
    assert count() == 2
    pack_all(store)
    store.incidents.link("E", IncidentLink("duplicate", "B"), LATER, None)
    assert count() == 3


def test_a_change_while_a_day_is_packed_leaves_it_marked(store):
    save(store, outage("A", 0))
    (day,) = store.recurrence_days.changed(RULES_VERSION, 10)
    save(store, outage("B", 0))
    store.recurrence_days.save([(day.token, StoredDay(day.day, 0, b"", b"", "[]", "[]"))], RULES_VERSION)
    assert changed_days(store) == ["2026-02-03"]
    assert len(read_table(store).table) == 2


def test_days_that_other_rules_packed_are_packed_again(store):
    save(store, outage("A", 0))
    pack_all(store)
    assert [day.day for day in store.recurrence_days.changed(RULES_VERSION + 1, 10)] == ["2026-02-03"]


def test_a_report_says_how_many_incidents_are_not_packed_yet(store, monkeypatch):
    monkeypatch.setattr(recurrence_days, "READ_AT_ONCE", 2)
    save(store, outage("A", 0), outage("B", 0), outage("C", 0), outage("D", 5), outage("E", 6))
    report = find_recurrences(store, LATER, FamilyFilter())
    assert report.families[0].incidents == ("D", "E")
    assert report.limits[0].startswith("changes of days with 3 incidents are not counted yet")
    pack_if_too_many_wait(store)
    assert find_recurrences(store, LATER, FamilyFilter()).limits == ()


def test_a_report_that_reads_all_changes_itself_needs_nothing_packed(store):
    save(store, outage("A", 0), outage("B", 0))
    pack_if_too_many_wait(store)
    assert changed_days(store) == ["2026-02-03"]


def test_a_report_says_where_it_lists_only_a_part(store, monkeypatch):
    monkeypatch.setattr(recurrences, "MEMBERS_READ", 3)
    monkeypatch.setattr(recurrences, "MIN_LISTED", 2)
    save(store, *(outage(name, day) for day, name in enumerate("ABCDE")))
    report = find_recurrences(store, LATER, FamilyFilter())
    assert (report.families[0].incidents, report.families[0].count) == (("A", "D", "E"), 5)
    assert "more than 3 incidents" in report.limits[0]


def test_as_of_a_time_the_newest_incidents_are_counted_and_it_says_so(store, monkeypatch):
    monkeypatch.setattr(recurrences, "MOST_AS_OF", 2)
    save(store, *(outage(name, day) for day, name in enumerate("ABCD")))
    report = find_recurrences(store, LATER, FamilyFilter(), MORNING + timedelta(days=2, hours=9))
    assert report.families[0].incidents == ("B", "C")
    assert report.limits == ("as of a time, the newest 2 incidents that had begun are counted",)


def test_a_packer_pauses_once_all_days_are_packed(store):
    now = [LATER]
    packer = RecurrencePacker(store, lambda: now[0])
    save(store, outage("A", 0))
    assert (packer.run(), packer.run()) == (1, 0)
    save(store, outage("B", 1))
    assert packer.run() == 0
    now[0] += timedelta(minutes=2)
    assert packer.run() == 1


@pytest.mark.parametrize(
    ("counts", "total", "share"), [((), 10, 25), ((3, 4), 100, 4), ((500, 2, 300), 402, 200), ((500, 500), 10, 25)]
)
def test_places_in_a_report_are_shared(counts, total, share):
    assert share_evenly(counts, total) == share


def test_a_slow_worker_never_replaces_what_another_packed_later(store):
    save(store, outage("A", 0))
    (slow,) = store.recurrence_days.changed(RULES_VERSION, 10)
    save(store, outage("B", 0))
    pack_all(store)
    store.recurrence_days.save([(slow.token, StoredDay(slow.day, 0, b"", b"", "[]", "[]"))], RULES_VERSION)
    assert len(read_table(store).table) == 2


def test_what_waits_is_counted_without_reading_incidents(store, monkeypatch):
    save(store, outage("A", 0), outage("B", 0), outage("C", 0), outage("D", 5), outage("E", 6))
    monkeypatch.setattr(recurrence_days_storage, "_incidents_of", None)
    assert [store.recurrence_days.waiting(RULES_VERSION, most) for most in (0, 1, 2, 5)] == [5, 4, 3, 0]


def test_days_are_counted_many_at_a_time_and_only_as_many_as_are_needed(store):
    save(store, *(outage(f"I-{day}", day) for day in range(120)))
    assert len(store.recurrence_days.changed(RULES_VERSION, 10)) == 10
    with counting_statements(store) as statements:
        store.recurrence_days.changed(RULES_VERSION, 10)
        assert sum("count(" in statement for statement in statements) == 1
    assert store.recurrence_days.waiting(RULES_VERSION, 20) == 100
    with counting_statements(store) as statements:
        store.recurrence_days.waiting(RULES_VERSION, 20)
        assert sum("count(" in statement for statement in statements) == 3

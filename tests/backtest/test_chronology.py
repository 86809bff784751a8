"""What a replay may tell, and when."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from calibration.histories import START, document, history
from onrecall.backtest.chronology import History, as_opened, order_events
from onrecall.domain.document import Document
from onrecall.domain.errors import RejectedInput
from onrecall.domain.incident import Incident, IncidentLink, Resolution


def test_an_opening_knows_neither_its_end_nor_its_links():
    incident = replace(
        history(1)[0], links=(IncidentLink("duplicate", "I-0"),), acknowledged_at=START + timedelta(minutes=5)
    )
    opened = as_opened(incident)
    assert (opened.resolution, opened.resolved_at, opened.acknowledged_at, opened.links) == (None, None, None, ())
    assert (opened.status, opened.text, opened.labels) == ("open", incident.text, incident.labels)


def test_at_the_same_instant_an_opening_comes_before_everything_else():
    first, second = history(2, step=timedelta(hours=3))
    page = document(1, second.started_at)
    ordered = [(event.kind, event.id) for event in order_events(History.of([page, second, first]))]
    assert ordered[:4] == [("opened", first.id), ("opened", second.id), ("resolved", first.id), ("dated", page.id)]


def test_a_date_without_a_time_is_known_when_its_day_is_over():
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    page = document(1, datetime(2026, 3, 1, tzinfo=UTC))
    opened = replace(history(1)[0], started_at=noon, resolution=None)
    assert [event.kind for event in order_events(History.of([opened, page]))] == ["opened", "closed", "dated"]
    assert [event.kind for event in order_events(History.of([opened, replace(page, dated=None)]))] == [
        "dated",
        "opened",
        "closed",
    ]
    fix = Resolution("it broke", datetime(2026, 2, 28, tzinfo=UTC))
    earlier = Incident("E", "x", fix.at, resolution=fix, status="resolved")
    later = replace(opened, started_at=fix.at + timedelta(hours=20))
    assert [event.kind for event in order_events(History.of([earlier, later]))] == [
        "opened",
        "opened",
        "closed",
        "resolved",
    ]


def test_the_order_of_reading_makes_no_difference():
    records = [*history(20), *(document(n, START + timedelta(days=n)) for n in range(3))]
    shuffled = records[:]
    random.Random(5).shuffle(shuffled)
    assert order_events(History.of(records)) == order_events(History.of(shuffled))


def test_a_recurrence_is_told_only_of_an_earlier_incident_that_is_here():
    first, second, third = history(3)
    links = (
        IncidentLink("recurrence", "elsewhere"),
        IncidentLink("recurrence", third.id),
        IncidentLink("recurrence", first.id),
    )
    ordered = order_events(History.of([first, replace(second, links=links), third]))
    assert [event.recurs for event in ordered if event.kind == "resolved"] == [None, first.id, None]


def test_what_has_no_id_or_a_taken_one_is_left_out_with_the_reason():
    first, second = history(2)
    loaded = History.of(
        [first, replace(second, id=first.id), replace(second, id="", source_id=None), RejectedInput("f", None, "x")]
    )
    assert [incident.id for incident in loaded.incidents] == [first.id]
    assert len(loaded.left_out) == 3
    assert History.of([replace(first, id="", source_id="TICKET-9")]).incidents[0].id == "TICKET-9"


def test_reports_stand_for_incidents_only_where_there_are_none():
    report = Document("PM-1", "Login down", "# x", kind="postmortem", dated=START)
    assert History.of([report, document(1, START)]).reports == (report,)
    assert History.of([report, *history(1)]).reports == ()
    assert [event.kind for event in order_events(History.of([report]))] == ["reported", "dated"]


def test_an_incident_without_a_resolution_is_over_from_its_end_on():
    ended, still_open = (replace(incident, resolution=None) for incident in history(2, step=timedelta(minutes=30)))
    still_open = replace(still_open, status="open", resolved_at=None)
    events = order_events(History.of([ended, still_open]))
    assert [(event.kind, event.id) for event in events] == [
        ("opened", ended.id),
        ("opened", still_open.id),
        ("closed", ended.id),
    ]
    assert events[-1].at == ended.resolved_at


def test_where_no_incident_has_an_end_each_is_over_once_it_began():
    endless = [replace(incident, resolution=None, status="open", resolved_at=None) for incident in history(2)]
    told = History.of(endless)
    assert told.lacks_ends
    assert [event.kind for event in order_events(told)] == ["opened", "closed"] * 2
    assert not History.of([*endless, Incident("E", "x", START, status="resolved")]).lacks_ends

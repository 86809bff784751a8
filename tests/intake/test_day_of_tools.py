"""A day on which forty tools send outages, ends, tests, heartbeats and planned work, in an order by chance."""

import random
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from onrecall.domain.alert import Alert
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex
from onrecall.sources import SOURCES, WebhookRequest
from onrecall.storage import Storage
from onrecall.storage.tables import alerts
from sources.golden import FOLDER, read

MORNING = datetime(2026, 11, 22, 6, tzinfo=UTC)


def alerts_of(tool: str, word: str) -> list[Alert]:
    """The alerts in a payload."""
    return [signal for signal in read(tool, word, MORNING).signals if isinstance(signal, Alert)]


def is_whole(tool: str) -> bool:
    """Whether the tool's end ends all that its beginning began."""
    if not all((FOLDER / tool / f"{word}.json").exists() for word in ("firing", "resolved")):
        return False
    return {alert.key for alert in alerts_of(tool, "firing")} <= {alert.key for alert in alerts_of(tool, "resolved")}


def quiet_words(tool: str) -> list[str]:
    """The tool's payloads that are no incident: tests, heartbeats, planned work, good news."""
    words = sorted(path.stem for path in (FOLDER / tool).glob("*.json") if not path.stem.startswith("odd"))
    return [
        word for word in words if (them := alerts_of(tool, word)) and all(one.purpose != "incident" for one in them)
    ]


class Day:
    """A clock, and a service that goes by it."""

    def __init__(self, store: Storage) -> None:
        self.now = MORNING
        self.store = store
        self.service = IncidentService(
            Dependencies(store, Retriever(store, None, LocalIndex(store.passages, None)), lambda: self.now)
        )

    def post(self, tool: str, word: str) -> None:
        body = (FOLDER / tool / f"{word}.json").read_bytes()
        self.service.receive(tool, [WebhookRequest(body)])


def messages(dice: random.Random) -> list[tuple[float, str, str]]:
    """When, which tool, which payload: an outage with its end, some of it sent twice, and what is no incident."""
    sent = []
    for tool in dice.sample([name for name in SOURCES if is_whole(name)], 40):
        start = dice.uniform(0, 20)
        end = start + dice.uniform(0.1, 3)
        sent += [(start, tool, "firing"), (end, tool, "resolved")]
        sent += [(dice.uniform(start, end), tool, "firing"), (end + 0.2, tool, "resolved")][: dice.randrange(3)]
        sent += [(dice.uniform(0, 24), tool, word) for word in quiet_words(tool) for _ in range(2)]
    return sorted(sent)


def rows_after(sent: list[tuple[float, str, str]]) -> list[Row[Any]]:
    """The alerts that are stored at the end of a day with these messages."""
    with closing(Storage.open("sqlite://")) as store:
        day = Day(store)
        for n, (hour, tool, word) in enumerate(sent):
            day.now = MORNING + timedelta(hours=hour)
            day.post(tool, word)
            if n % 5 == 0:
                day.service.grouping.run()
        day.service.grouping.run()
        with store._database.read() as connection:
            return list(connection.execute(select(alerts)))


def opened_for(rows: list[Row[Any]]) -> set[tuple[str, str]]:
    return {(row.source, row.key) for row in rows if row.incident}


def test_a_day_of_forty_tools():
    sent = messages(random.Random(20261122))
    rows = rows_after(sent)
    outages = rows_after([message for message in sent if message[2] in ("firing", "resolved")])
    assert len({row.source for row in rows}) == 40
    assert any(row.purpose == "test" for row in rows)
    assert opened_for(rows) == opened_for(outages)
    assert [(row.source, row.key) for row in rows if row.status == "firing" and row.purpose is None] == []

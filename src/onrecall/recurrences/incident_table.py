"""The facts of all incidents as columns, oldest incident first: the blocks of all days joined."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import numpy as np

from onrecall.domain.cause_label import normalize_label
from onrecall.recurrences.day_facts import INCIDENT_FACTS, LINK_FACTS, DayFacts, to_microseconds


@dataclass(frozen=True, slots=True)
class IncidentTable:
    """Columns over incidents; a row is an incident, and rows are in the order in which the incidents began."""

    facts: np.ndarray
    """INCIDENT_FACTS, with numbers of `texts`."""
    links: np.ndarray
    """LINK_FACTS, with row numbers of this table."""
    causes: np.ndarray
    """For each row the number of its normalized cause label, or -1."""
    texts: Sequence[str]
    """Spellings of labels, services and kinds of links."""
    _first_rows: np.ndarray
    _ids: Sequence[str]
    """Ids of each day as JSON."""

    def __len__(self) -> int:
        """Return the number of incidents."""
        return len(self.facts)

    def begun_until(self, at: datetime) -> "IncidentTable":
        """Return the table without the incidents that begin later."""
        count = int(np.searchsorted(self.facts["started"], to_microseconds(at), side="right"))
        links = self.links[self.links["row"] < count]
        return IncidentTable(self.facts[:count], links, self.causes[:count], self.texts, self._first_rows, self._ids)

    def ids(self, rows: Iterable[int]) -> list[str]:
        """Return the ids of these rows."""
        listed = list(rows)
        days = np.searchsorted(self._first_rows, listed, side="right") - 1
        return [
            _parse_ids(self._ids[day])[row - int(self._first_rows[day])] for row, day in zip(listed, days, strict=True)
        ]

    def text_number(self, text: str) -> int:
        """Return the number of a text; -2 where no incident has it."""
        return next((number for number, known in enumerate(self.texts) if known == text), -2)


_parse_ids = lru_cache(maxsize=64)(json.loads)


def _unpack_day(day: DayFacts, texts: dict[str, int], row: int) -> tuple[np.ndarray, np.ndarray]:
    """Return facts and links of a day whose first row is `row`, with the numbers of `texts`, to which it adds."""
    numbers = np.array([texts.setdefault(text, len(texts)) for text in json.loads(day.texts)] + [-1], np.int32)
    facts = np.frombuffer(day.facts, INCIDENT_FACTS).copy()
    facts["label"], facts["service"] = numbers[facts["label"]], numbers[facts["service"]]
    links = np.frombuffer(day.links, LINK_FACTS).copy()
    links["row"] += row
    links["kind"] = numbers[links["kind"]]
    return facts, links


def join_days(days: Iterable[DayFacts]) -> IncidentTable:
    """Join the blocks of different days into one table."""
    ordered = sorted((day for day in days if day.incidents), key=lambda day: day.day)
    texts: dict[str, int] = {}
    parts, link_parts, first_rows = [], [], []
    row = 0
    for day in ordered:
        facts, links = _unpack_day(day, texts, row)
        parts.append(facts)
        link_parts.append(links)
        first_rows.append(row)
        row += day.incidents
    facts = np.concatenate([np.empty(0, INCIDENT_FACTS), *parts])
    return IncidentTable(
        facts,
        np.concatenate([np.empty(0, LINK_FACTS), *link_parts]),
        _normalized_numbers(list(texts))[facts["label"]],
        list(texts),
        np.array(first_rows, np.int64),
        [day.ids for day in ordered],
    )


def _normalized_numbers(texts: Sequence[str]) -> np.ndarray:
    """Return for each text the number of its normalized form, -1 if that is empty; one more -1 at the end."""
    numbers: dict[str, int] = {"": -1}
    return np.array([numbers.setdefault(normalize_label(text), len(numbers)) for text in texts] + [-1], np.int32)

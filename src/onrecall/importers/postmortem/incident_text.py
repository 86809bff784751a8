"""The parsed text about one incident, and the state shared by reading a document."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo

from onrecall.domain.document import Document
from onrecall.importers.postmortem import timeline
from onrecall.importers.postmortem.clock import (
    YEARLESS,
    Chronology,
    find_clocks,
    find_dates,
    find_stamp,
    is_settled,
    opening_stamp,
    stated_zone,
)
from onrecall.importers.postmortem.facts import Fact, facts, span_of
from onrecall.importers.postmortem.relative_clock import stated_origin
from onrecall.importers.postmortem.rows import DocumentRow, plain_text
from onrecall.importers.postmortem.sections import LabelledSection, split_sections
from onrecall.importers.postmortem.timeline import ChronologyEntry
from onrecall.importers.postmortem.vocabulary import Topic

_LASTING = re.compile(r"[(,–—-]?\s*\b(?:lasting|lasted|for|duration:?)\s+(?P<duration>\d[^)]{2,40})", re.IGNORECASE)
"""What a heading says of the length: `Sep 30, 2026 07:00 UTC (lasting 55 minutes)`."""
_PUBLICATION_DATE = re.compile(
    r"\W*(?:published|updated|last (?:updated|modified|edited)|written|posted|created|erstellt|publié|publicado)\b",
    re.IGNORECASE,
)


@dataclass(slots=True)
class ReadingState:
    """Options of the reader, and its counters."""

    local: tzinfo | None = None
    undated: datetime | None = None
    zoneless: int = 0
    """Number of times without a zone that were taken as UTC."""
    unclear_zones: set[str] = field(default_factory=set)
    """Ambiguous zone names whose times were not read."""
    dated_by_user: int = 0


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """Incident fields from a document's front matter; None if missing."""

    start: datetime | None = None
    end: datetime | None = None
    severity: str | None = None
    service: str | None = None
    summary: str | None = None
    cause: str | None = None
    environment: str | None = None
    is_open: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)


class IncidentText:
    """The rows about one incident, with sections, facts, span and chronology."""

    def __init__(
        self,
        document: Document,
        rows: Sequence[DocumentRow],
        front: FrontMatter,
        reading: ReadingState,
        heading: str | None = None,
    ) -> None:
        self.document = document
        self.front = front
        self.reading = reading
        self.sections = split_sections(rows)
        self.heading = heading
        self.rows = rows
        self.facts = (*facts(self.sections), *self._times_of_heading())
        self.zone, self.unclear_zone = self._zone()
        reading.unclear_zones |= {*self._unclear_zones_of_facts(), *self._unsettled_zone_of_page()}
        self.span, zoneless = span_of(self.facts, self.chronology(self.day()))
        chronology = self.chronology(self._first_day())
        chronology.origin = self._origin()
        self.entries = self._updates(chronology) or timeline.chronology_entries(self.sections, chronology)
        reading.zoneless += zoneless + chronology.zoneless
        reading.unclear_zones |= chronology.unclear_zones

    def _times_of_heading(self) -> Iterator[Fact]:
        """Yield the heading as facts if it has a date and a range of times, or a time and a length; labels go first."""
        written = plain_text(self.heading or self.document.title)
        clocks = find_clocks(written)
        if not clocks or len(clocks) > 2 or not any(True for _ in find_dates(written)):
            return
        line = next((row.number for row in self.rows if row.kind == "heading"), 0)
        if len(clocks) == 2:
            yield Fact("date", written, line)
        elif (lasting := _LASTING.search(written)) is not None:
            yield Fact("start", written[: lasting.start()], line)
            yield Fact("duration", lasting["duration"], line)

    def _unclear_zones_of_facts(self) -> Iterator[str]:
        """Yield the ambiguous zones behind the times that labels state, unless the user's zone settles them."""
        for fact in self.facts:
            if fact.topic in ("date", "start", "end", "duration"):
                names = {stamp.unclear for stamp in find_clocks(fact.value) if stamp.unclear}
                day = next((day for day, _ in find_dates(fact.value)), None) or (self.day() if names else None)
                yield from (name for name in names if day is None or not is_settled(name, day, self.reading.local))

    def _unsettled_zone_of_page(self) -> Iterator[str]:
        """Yield the ambiguous zone that the page states for all its times, unless the user's zone settles it."""
        day = self.day() if self.unclear_zone else None
        if self.unclear_zone and (day is None or not is_settled(self.unclear_zone, day, self.reading.local)):
            yield self.unclear_zone

    def sections_about(self, about: Topic) -> list[LabelledSection]:
        """Return the sections with this topic."""
        return [section for section in self.sections if section.topic == about]

    def chronology(self, day: date | None) -> Chronology:
        """Return what converts the page's times, beginning on this day."""
        return Chronology(day, self.zone, self.reading.local, self.unclear_zone)

    def _zone(self) -> tuple[tzinfo | None, str | None]:
        """Return the zone that the page states for all its times, and an ambiguous one that it states instead."""
        names: list[str] = []
        near = [*(section for section in self.sections if section.topic == "timeline"), *self.sections]
        for section in near:
            head = f"({section.heading}) " + " ".join(
                row.text for row in section.rows[:8] if row.kind in ("text", "cells", "item")
            )
            zone, unclear = stated_zone(head if section.topic == "timeline" else head[:1000])
            if zone is not None:
                return zone, None
            names += [unclear] if unclear else []
        remainder = (plain_text(row.text) for row in self.rows if row.kind not in ("code", "blank"))
        for line in remainder:
            zone, unclear = stated_zone(line) if _OF_ALL_TIMES.search(line) else (None, None)
            if zone is not None:
                return zone, None
            names += [unclear] if unclear else []
        return None, names[0] if names else None

    def day(self) -> date | None:
        """Return the date from the part's heading, or the most common among document date, title and chronology."""
        if self.front.start is not None:
            return self.front.start.date()
        if self.heading is not None:
            return next((day for day, _ in find_dates(self.heading)), None)
        days = [self.document.dated.date()] if self.document.dated else []
        days += [day for day, _ in find_dates(self.document.title)][:1]
        days += self._days_in_chronology()[:1]
        if not days:
            days = [day for row in datable_rows(self.rows[:60]) for day, _ in find_dates(plain_text(row.text))][:1]
        return Counter(days).most_common(1)[0][0] if days else None

    def _origin(self) -> datetime | None:
        """Return the time from which the page counts others: what it calls T0, or else its stated start."""
        for section in self.sections:
            for written in (section.heading, *(plain_text(row.text) for row in section.rows[:6])):
                stamp = find_stamp(origin) if (origin := stated_origin(written)) else None
                if stamp is not None and stamp.clock is not None:
                    return self.chronology(self.day()).moment(stamp)
        return self.span.start

    def _days_in_chronology(self) -> list[date]:
        """Return the dates at the beginning of chronology rows."""
        stamps = [
            opening_stamp(plain_text(row.text))
            for section in self.sections_about("timeline")
            for row in section.rows
            if row.kind in ("heading", "item", "text", "cells")
        ]
        return [
            stamp.day for stamp in stamps if stamp is not None and stamp.day is not None and stamp.day.year != YEARLESS
        ]

    def _first_day(self) -> date | None:
        if self.span.start is not None:
            return self.span.start.astimezone(self.zone or UTC).date()
        return self.span.day or self.day()

    def _updates(self, chronology: Chronology) -> list[ChronologyEntry]:
        """Return the updates of a status page, oldest first."""
        if self.sections_about("timeline"):
            return []
        headed = timeline.headed_updates(self.sections, chronology)
        updates = headed or [
            entry for section in self.sections for entry in timeline.status_updates(section, chronology)
        ]
        return (
            sorted(updates, key=lambda entry: (entry.at is None, entry.at))
            if updates and all(entry.at for entry in updates)
            else updates
        )


_OF_ALL_TIMES = re.compile(
    r"\b(?:all|these|the|below|following|listed)\b.{0,40}\b(?:times?|timestamps)\b|\btime ?zone\b"
    r"|\balle zeit|\btoutes les heures"
    r"|\btodas las horas|\btodos os horários|\btutti gli orari|\balle tijden",
    re.IGNORECASE,
)
"""What a page says of all its times, wherever it stands."""


def datable_rows(rows: Sequence[DocumentRow]) -> Iterator[DocumentRow]:
    """Yield rows whose dates may be the incident's: no code, no publication dates."""
    return (
        row for row in rows if row.kind not in ("code", "blank") and not _PUBLICATION_DATE.match(plain_text(row.text))
    )

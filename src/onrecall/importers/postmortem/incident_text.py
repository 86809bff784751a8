"""The rows that tell of one incident, divided, and what the reader is told of them."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo

from onrecall.domain.incident import Document
from onrecall.importers.postmortem import timeline
from onrecall.importers.postmortem.clock import YEARLESS, Chronology, dates, opening, zone_said
from onrecall.importers.postmortem.facts import facts, span_of
from onrecall.importers.postmortem.rows import DocumentRow, plain
from onrecall.importers.postmortem.sections import LabelledSection, sections
from onrecall.importers.postmortem.timeline import ChronologyEntry
from onrecall.importers.postmortem.vocabulary import Topic

_WRITTEN = re.compile(
    r"\W*(?:published|updated|last (?:updated|modified|edited)|written|posted|created|erstellt|publié|publicado)\b",
    re.IGNORECASE,
)


@dataclass(slots=True)
class ReadingState:
    """What the reader is told and what it counts."""

    local: tzinfo | None = None
    undated: datetime | None = None
    zoneless: int = 0
    """Times that no zone was said for and that were taken as UTC."""
    unclear_zones: set[str] = field(default_factory=set)
    """Zones whose times were not read: their name means different things in different places."""
    dated_by_user: int = 0


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What a document's front matter says of its incident; None where it says nothing."""

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
    """The rows that tell of one incident, divided and read."""

    def __init__(
        self,
        document: Document,
        found: Sequence[DocumentRow],
        front: FrontMatter,
        reading: ReadingState,
        heading: str | None = None,
    ) -> None:
        self.document = document
        self.front = front
        self.reading = reading
        self.sections = sections(found)
        self.facts = facts(self.sections)
        self.heading = heading
        self.rows = found
        self.zone = self._zone()
        self.span, zoneless = span_of(self.facts, self.day(), self.zone, reading.local)
        chronology = Chronology(self._first_day(), self.zone, reading.local)
        self.entries = self._updates(chronology) or timeline.entries(self.sections, chronology)
        reading.zoneless += zoneless + chronology.zoneless

    def of(self, about: Topic) -> list[LabelledSection]:
        """The sections with this topic."""
        return [section for section in self.sections if section.topic == about]

    def _zone(self) -> tzinfo | None:
        near = [*(section for section in self.sections if section.topic == "timeline"), *self.sections]
        for section in near:
            head = f"({section.heading}) " + " ".join(
                row.text for row in section.rows[:8] if row.kind in ("text", "cells", "item")
            )
            zone, unclear = zone_said(head if section.topic == "timeline" else head[:1000])
            if zone is not None:
                return zone
            if unclear:
                self.reading.unclear_zones.add(unclear)
        return None

    def day(self) -> date | None:
        """The date that the part's heading, the document's name or its title gives; where two agree, that one."""
        if self.front.start is not None:
            return self.front.start.date()
        if self.heading is not None:
            return next((day for day, _ in dates(self.heading)), None)
        named = [self.document.dated.date()] if self.document.dated else []
        named += [day for day, _ in dates(self.document.title)][:1]
        named += self._days_in_chronology()[:1]
        if not named:
            named = [day for row in telling_rows(self.rows[:60]) for day, _ in dates(plain(row.text))][:1]
        return Counter(named).most_common(1)[0][0] if named else None

    def _days_in_chronology(self) -> list[date]:
        """The dates with which rows of the chronology begin."""
        stamps = [
            opening(plain(row.text))
            for section in self.of("timeline")
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
        """The updates of a status page, oldest first."""
        if self.of("timeline"):
            return []
        headed = timeline.headed_updates(self.sections, chronology)
        found = headed or [entry for section in self.sections for entry in timeline.status_updates(section, chronology)]
        return (
            sorted(found, key=lambda entry: (entry.at is None, entry.at))
            if found and all(entry.at for entry in found)
            else found
        )


def telling_rows(found: Sequence[DocumentRow]) -> Iterator[DocumentRow]:
    """Rows whose dates may be the incident's: not code, nor when the text was written."""
    return (row for row in found if row.kind not in ("code", "blank") and not _WRITTEN.match(plain(row.text)))

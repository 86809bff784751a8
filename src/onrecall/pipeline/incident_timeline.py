"""What people read of the events of an incident."""

from collections.abc import Iterable, Iterator

from onrecall.storage import IncidentEvent


def without_repeated_answers(events: Iterable[IncidentEvent]) -> Iterator[IncidentEvent]:
    """Yield the events in order, without each answer whose verdict is that of the answer before it."""
    last_answer: IncidentEvent | None = None
    for event in events:
        if event.type == "recommended":
            if last_answer is not None and event.detail.get("verdict") == last_answer.detail.get("verdict"):
                continue
            last_answer = event
        yield event

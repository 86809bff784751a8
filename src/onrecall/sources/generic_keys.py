"""What tells the alerts of custom payloads apart where their ids do not: places, senders, and what a rule is about."""

from onrecall.sources import payload
from onrecall.sources.candidate_values import AlertHeading, key_text, to_line
from onrecall.sources.field_aliases import NAMING, FieldCandidates, normalize_name
from onrecall.sources.shape_reader import AlertReading


def event_key(candidates: FieldCandidates) -> str | None:
    """Return the id of the event as a key, for an end that says nothing else."""
    event = next(candidates.of_field("event_id"), None)
    text = key_text(event) if event else None
    return payload.shorten_key(f"event {text}") if text else None


def tell_apart(
    counter: str, reading: AlertReading, heading: AlertHeading | None, host: str | None, service: str | None
) -> str:
    """Return the key of a small id where several tools may post: with its place, its sender and its field names."""
    status = reading.values.get("status")
    shape = (heading.name if heading else "", normalize_name(status.place.rpartition(".")[2]) if status else "")
    parts = (counter, host, service, reading.sender, "/".join(filter(None, shape)))
    return payload.shorten_key(" | ".join(filter(None, parts)))


def subject_of_rule(candidates: FieldCandidates, heading: AlertHeading | None) -> str | None:
    """Return what a rule fired about, where the title only names the rule."""
    if heading is None or heading.name not in NAMING:
        return None
    texts = (to_line(subject.value) for subject in candidates.of_field("subject"))
    return next((text for text in texts if text and text != heading.value), None)


def read_thing(candidates: FieldCandidates) -> AlertHeading | None:
    """Return the job, device or build that a message without a title reports the state of."""
    host = next((text for host in candidates.of_field("host") if (text := to_line(host.value))), None)
    for candidate in candidates.of_field("thing"):
        if name := to_line(candidate.value):
            text = f"{name} on {host}" if host and host != name else name
            return AlertHeading(payload.truncate(text, payload.LONGEST_LINE), candidate.name, candidate.place)
    return None

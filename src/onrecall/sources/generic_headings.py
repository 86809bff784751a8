"""The title of an alert of plain JSON, from the field that names it best."""

import re
from itertools import chain

from onrecall.sources import payload
from onrecall.sources.candidate_values import AlertHeading, is_sentence, to_line
from onrecall.sources.field_aliases import NAMING, SENTENCES
from onrecall.sources.field_readers import as_text
from onrecall.sources.generic_fields import AlertFields
from onrecall.sources.states import only_tells_state

_KIND = re.compile(r"(?=.{6,80}$)[A-Za-z]+(?:[_.:-][A-Za-z]+|(?<=[a-z])[A-Z][a-z]+)+", re.ASCII)
"""A name of an event: words joined by marks, or by capitals."""


def read_heading(fields: AlertFields) -> AlertHeading | None:
    """Return the first line of the first non-empty candidate; a title may come from a long message."""
    title_candidates = fields.of("title")
    for candidate in (
        title_candidates if fields.is_mapped("title") else chain(title_candidates, fields.candidates.deep_titles())
    ):
        if candidate.name in SENTENCES and not is_sentence(candidate.value):
            continue
        heading = (
            as_text(candidate.value) if isinstance(candidate.value, dict) else payload.filled_text(candidate.value)
        )
        if text := payload.first_line(heading):
            return _own_name(fields, text) or AlertHeading(text, candidate.name, candidate.place)
    return None if fields.is_mapped("title") else _read_kind(fields)


def _own_name(fields: AlertFields, title: str) -> AlertHeading | None:
    """Return the name of the rule or monitor where the title adds no more than its state."""
    for candidate in fields.of("title"):
        name = to_line(candidate.value) if candidate.name in NAMING else None
        if name and name != title and only_tells_state(title, name):
            return AlertHeading(name, candidate.name, candidate.place)
    return None


def _read_kind(fields: AlertFields) -> AlertHeading | None:
    """Return what kind of event it is as a title, `uptimeCheckFailed`, where nothing else names a message.

    Only words of several parts count, and only where the message also says what it is about.
    """
    subject = next(fields.candidates.of_field("host"), None) or next(fields.candidates.links(), None)
    for candidate in fields.kinds() if subject else ():
        kind = candidate.value
        if isinstance(kind, str) and _KIND.fullmatch(kind):
            words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", kind)
            return AlertHeading(" ".join(words).lower().capitalize(), candidate.name, candidate.place)
    return None

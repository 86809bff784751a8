"""Whether an alert of plain JSON is over, and what it is for: an outage, a test or planned work."""

import re
from collections.abc import Iterable, Iterator

from onrecall.domain.alert import Purpose
from onrecall.sources import payload
from onrecall.sources.candidate_values import bare_words, is_sentence, is_true, read_candidate_time, to_bool
from onrecall.sources.field_aliases import FINDINGS, SENTENCES, FieldCandidate
from onrecall.sources.field_readers import FoundValue
from onrecall.sources.generic_fields import AlertFields
from onrecall.sources.shape_reader import AlertReading, purpose_of_state
from onrecall.sources.states import is_resolved_word, title_is_over

_ANNOUNCED_STATES = frozenset(("scheduled", "planned", "upcoming"))
_MAINTENANCE_STATES = frozenset(
    ("maintenance", "scheduled maintenance", "planned maintenance", "under maintenance", "in maintenance")
)
_MAINTENANCE_WORD = re.compile(r"\b(?:maintenance|downtime|upgrade|migration)\b", re.IGNORECASE)
"""Words for announced work in a title."""
_TEST_KINDS = frozenset({"test", "test alert", "test notification", "test event", "webhook test", "test webhook"})
_TEST_FLAGS = ("test", "istest", "testmode", "testalert", "isdrill")


def is_over(fields: AlertFields, reading: AlertReading, state: str | None) -> bool | None:
    """Decide whether it is resolved: by the mapping's words, a state field, or the start of the title.

    None if nothing says so: then it fires, and its end may never be sent.
    """
    words = [
        word
        for word in fields.of("status")
        if word.name not in SENTENCES or (isinstance(word.value, str) and not is_sentence(word.value))
    ]
    if fields.mapped.resolved:
        return any((payload.to_text(word.value) or "").lower() in fields.mapped.resolved for word in words)
    if (stated := next(_stated_ends(fields, words), None)) is not None:
        is_resolved, place = stated
        reading.keep("status", FoundValue("resolved" if is_resolved else "firing", place))
        return is_resolved
    if (over := is_resolved_word(state)) is not None:
        return over
    ends = (read_candidate_time(candidate) for candidate in fields.candidates.of_field("over_at"))
    return any(moment and moment <= reading.now for moment in ends) or None


def text_is_over(fields: AlertFields, title: str) -> bool:
    """Return whether the title, or a text that names what the title names, surely says that it is over."""
    if title_is_over(title):
        return True
    texts = (payload.filled_text(candidate.value) for candidate in fields.of("title") if candidate.name in FINDINGS)
    return any(text and title.lower() in text.lower() and title_is_over(text) for text in texts)


def _stated_ends(fields: AlertFields, words: Iterable[FieldCandidate]) -> Iterator[tuple[bool, str]]:
    """Yield what words of a state, exit codes and flags say, with their places: whether it is over."""
    for word in words:
        if (over := is_resolved_word(payload.filled_text(word.value))) is not None:
            yield over, word.place
    for code in fields.candidates.of_field("exit_code"):
        if (number := payload.read_number({"code": code.value}, "code")) is not None:
            yield not number, code.place
    for field, when_true in (("over", True), ("fires", False)):
        for flag in fields.candidates.of_field(field):
            if (value := to_bool(flag)) is not None:
                yield value is when_true, flag.place


def _is_marked_as_test(fields: AlertFields) -> bool:
    return any(
        is_true(level.values[level.bare[name]])
        for level in fields.candidates.levels
        for name in _TEST_FLAGS
        if name in level.bare
    )


def read_purpose(fields: AlertFields, title: str, state: str | None) -> tuple[Purpose, str]:
    """Return its purpose, by the state before its title, else by words that clearly announce planned work."""
    if _is_marked_as_test(fields):
        return "test", "it is marked as a test"
    if any(bare_words(candidate.value) in _TEST_KINDS for candidate in fields.kinds()):
        return "test", "it is an event of the kind test"
    if isinstance(fields.body.get("maintenance"), dict) and not any(
        name in fields.body for name in ("incident", "alert")
    ):
        return "planned", "it announces maintenance"
    states, levels = (
        [bare_words(candidate.value) for candidate in fields.of(field)] for field in ("status", "severity")
    )
    is_work = bool(_MAINTENANCE_WORD.search(title) or _MAINTENANCE_STATES & {*states, *levels})
    about_work = _MAINTENANCE_WORD.search(title) and _MAINTENANCE_STATES & {*states, *levels}
    if (states and states[0] in _MAINTENANCE_STATES) or (is_work and _ANNOUNCED_STATES & set(states)) or about_work:
        return "planned", "it announces maintenance"
    return purpose_of_state(state)

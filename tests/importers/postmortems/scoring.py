"""Precision and recall of each field, over texts whose fields a person named."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from importers.postmortems.generator import Labelled
from onrecall.domain.document import Document
from onrecall.domain.incident import ActionItem, Incident, ResolutionStep
from onrecall.importers import ImportNote, read_bytes

SAME = 0.75
"""The share of words from which on a text says what was expected."""


@dataclass
class Score:
    """What was read, what was there, and what of both was the same."""

    read: int = 0
    there: int = 0
    right: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / self.read if self.read else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.there if self.there else 1.0


def words(text: str | None) -> set[str]:
    return set(re.findall(r"\w+", (text or "").casefold()))


def is_same_text(read: str | None, expected: str | None) -> bool:
    read_words, expected_words = words(read), words(expected)
    return bool(read_words) and len(read_words & expected_words) >= SAME * max(len(read_words), len(expected_words))


def holds(read: str | None, expected: str | None) -> bool:
    """Whether a text says all of what was expected, and not much more."""
    read_words, expected_words = words(read), words(expected)
    return (
        bool(expected_words)
        and len(read_words & expected_words) >= 0.9 * len(expected_words)
        and len(read_words) <= 2.5 * len(expected_words) + 5
    )


def named(read: str | None, expected: str | None) -> bool:
    """Whether an incident is known under the name that its text or its tool gives it."""
    return expected in (read or "").split()


def _known_names(incident: Incident | None) -> str | None:
    return f"{incident.id} {incident.named_on_record or ''}" if incident is not None else None


def contains(read: str, expected: str) -> bool:
    """Whether a sentence says a step in a few more words."""
    read_words, expected_words = words(_words_alone(read)), words(expected)
    return (
        bool(expected_words)
        and len(read_words & expected_words) >= 0.9 * len(expected_words)
        and len(read_words) <= len(expected_words) + 8
    )


def score(texts: Iterable[Labelled]) -> dict[str, Score]:
    """The score of each field over all texts."""
    scores: dict[str, Score] = defaultdict(Score)
    for labelled in texts:
        items = list(read_bytes(labelled.name, labelled.text.encode()))
        documents = [item for item in items if isinstance(item, Document)]
        incidents = [item for item in items if isinstance(item, Incident)]
        kinds = {"postmortem" if document.kind != "runbook" else "runbook" for document in documents}
        if documents and not any(isinstance(item, ImportNote) and "skipped" in item.message for item in items):
            _count(scores["kind"], kinds == {"postmortem" if labelled.expected else "runbook"}, labelled.name)
        _set(
            scores["incidents"],
            labelled.name,
            [incident.title for incident in incidents],
            [expected["title"] for expected in labelled.expected],
        )
        for expected in labelled.expected:
            incident = next(
                (incident for incident in incidents if is_same_text(incident.title, expected["title"])),
                incidents[0] if len(incidents) == 1 else None,
            )
            _fields(scores, labelled.name, incident, expected)
            if incident is not None and documents:
                _lines(scores["lines"], labelled.name, incident, documents[0])
    return dict(scores)


def _fields(scores: dict[str, Score], name: str, incident: Incident | None, expected: dict[str, Any]) -> None:
    """Each field that is expected: what is named there, or, where it is empty there, that nothing was made up."""
    resolution = incident.resolution if incident else None
    severity = incident.severity if incident and incident.severity != "unknown" else None
    read_values = {
        "title": (incident.title if incident else None, is_same_text),
        "id": (_known_names(incident), named),
        "service": (incident.service if incident else None, is_same_text),
        "severity": (severity, is_same_text),
        "summary": (incident.description if incident else None, holds),
        "impact": (incident.impact if incident else None, holds),
        "detection": (incident.detection if incident else None, holds),
        "trigger": (incident.trigger if incident else None, holds),
        "cause": (resolution.root_cause if resolution else None, holds),
    }
    for field_name, (read, matches) in read_values.items():
        expected_value = expected.get(field_name)
        if expected_value is not None or (field_name in expected and field_name not in _OPEN):
            _text(scores[field_name], name, read, None if expected_value == "unknown" else expected_value, matches)
    for field_name, at in (
        ("start", incident.started_at if incident else None),
        ("end", incident.resolved_at if incident else None),
    ):
        _time(scores[field_name], name, at, expected.get(field_name))
    _steps(scores, name, resolution.steps if resolution else (), expected)
    _actions(scores, name, incident.action_items if incident else (), expected.get("actions"))
    if expected.get("timeline") is not None:
        _set(
            scores["timeline"],
            name,
            [entry.text for entry in (incident.timeline if incident else ())],
            expected["timeline"],
        )


_OPEN = frozenset(("summary", "cause", "detection", "severity"))
"""Fields that a None leaves open, for a reader could argue."""


def _steps(scores: dict[str, Score], name: str, steps: tuple[ResolutionStep, ...], expected: dict[str, Any]) -> None:
    for field_name, selected in (
        ("fixed", [step for step in steps if step.outcome == "worked"]),
        ("failed", [step for step in steps if step.outcome != "worked"]),
    ):
        if expected.get(field_name) is not None:
            _set(scores[field_name], name, [step.text for step in selected], [text for text, _ in expected[field_name]])
            _commands(
                scores["commands"],
                name,
                [step.command for step in selected],
                [command for _, command in expected[field_name]],
            )


def _actions(
    scores: dict[str, Score], name: str, items: tuple[ActionItem, ...], expected: list[dict[str, Any]] | None
) -> None:
    if expected is None:
        return
    _set(scores["actions"], name, [action.text for action in items], [action["text"] for action in expected])
    for action in expected:
        item = next((item for item in items if is_same_text(item.text, action["text"])), None)
        if item is not None:
            _text(scores["owner"], name, item.owner, action["owner"], is_same_text)
            _text(scores["state"], name, item.state, action["state"], is_same_text)
            if "due" in action:
                _text(scores["due"], name, item.due, action["due"] and str(action["due"]), str.__eq__)


def _count(score: Score, right: bool, name: str) -> None:
    score.read += 1
    score.there += 1
    score.right += right
    if not right:
        score.wrong.append(name)


def _text(score: Score, name: str, read: str | None, expected: str | None, matches: Any) -> None:
    score.read += bool(read)
    score.there += bool(expected)
    right = bool(read) and bool(expected) and matches(read, expected)
    score.right += right
    if not right and (read or expected):
        score.wrong.append(f"{name}: {read!r} for {expected!r}")


def _time(score: Score, name: str, read: datetime | None, expected: str | None) -> None:
    if expected is None:
        return
    text = read.isoformat() if read else None
    _text(score, name, text, expected, lambda read_text, expected_text: read_text.startswith(expected_text))


def _set(score: Score, name: str, read: list[str], expected: list[str]) -> None:
    unmatched = list(read)
    right = 0
    for expected_text in expected:
        match = next(
            (
                read_text
                for read_text in unmatched
                if is_same_text(_words_alone(read_text), expected_text)
                or is_same_text(read_text, expected_text)
                or contains(read_text, expected_text)
            ),
            None,
        )
        if match is not None:
            unmatched.remove(match)
            right += 1
        else:
            score.wrong.append(f"{name}: lacks {expected_text!r}")
    score.read += len(read)
    score.there += len(expected)
    score.right += right
    score.wrong += [f"{name}: not there {read_text!r}" for read_text in unmatched]


def _words_alone(step: str) -> str:
    """A step's words without the command that stands in them."""
    return re.sub(r"`[^`]*\s[^`]*`", "", step)


def _commands(score: Score, name: str, read: list[str | None], expected: list[str | None]) -> None:
    unmatched = [candidate for candidate in read if candidate]
    for command in filter(None, expected):
        score.there += 1
        if command in unmatched:
            unmatched.remove(command)
            score.right += 1
            score.read += 1
        else:
            score.wrong.append(f"{name}: lacks command {command!r}")
    score.read += len(unmatched)
    score.wrong += [f"{name}: no such command {candidate!r}" for candidate in unmatched]


def _lines(score: Score, name: str, incident: Incident, document: Document) -> None:
    """Whether the lines that fields are said to come from hold words of them."""
    rows = document.text.splitlines()
    resolution = incident.resolution
    cited = [(step.line, f"{step.text} {step.command or ''}") for step in resolution.steps] if resolution else []
    cited += [(resolution.root_cause_line, resolution.root_cause)] if resolution and resolution.root_cause_line else []
    cited += [(item.line, item.text) for item in incident.action_items]
    cited += [
        (incident.lines[field], getattr(incident, field))
        for field in ("impact", "detection", "trigger")
        if getattr(incident, field)
    ]
    for line, text in cited:
        right = line is not None and 0 < line <= len(rows) and bool(words(rows[line - 1]) & words(text))
        _count(score, right, f"{name}: line {line} for {text[:50]!r}")


def table(scores: dict[str, Score]) -> str:
    """The scores as lines of text."""
    return "\n".join(
        (
            f"{name:<10} precision {score.precision:.3f} recall {score.recall:.3f} ({score.right} right, {score.read} read, "
            f"{score.there} there)"
        )
        for name, score in scores.items()
    )

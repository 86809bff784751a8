"""Precision and recall of each field, over texts whose fields a person named."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from importers.postmortems.generator import Labelled
from onrecall.domain.incident import ActionItem, Document, Incident, ResolutionStep
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


def same(read: str | None, expected: str | None) -> bool:
    one, other = words(read), words(expected)
    return bool(one) and len(one & other) >= SAME * max(len(one), len(other))


def holds(read: str | None, expected: str | None) -> bool:
    """Whether a text says all of what was expected, and not much more."""
    one, other = words(read), words(expected)
    return bool(other) and len(one & other) >= 0.9 * len(other) and len(one) <= 2.5 * len(other) + 5


def contains(read: str, expected: str) -> bool:
    """Whether a sentence says a step in a few more words."""
    one, other = words(_words_alone(read)), words(expected)
    return bool(other) and len(one & other) >= 0.9 * len(other) and len(one) <= len(other) + 8


def score(texts: Iterable[Labelled]) -> dict[str, Score]:
    """The score of each field over all texts."""
    found: dict[str, Score] = defaultdict(Score)
    for labelled in texts:
        items = list(read_bytes(labelled.name, labelled.text.encode()))
        documents = [item for item in items if isinstance(item, Document)]
        incidents = [item for item in items if isinstance(item, Incident)]
        kinds = {"postmortem" if one.kind != "runbook" else "runbook" for one in documents}
        if not any(isinstance(item, ImportNote) and "skipped" in item.message for item in items):
            _count(found["kind"], kinds == {"postmortem" if labelled.expected else "runbook"}, labelled.name)
        _set(
            found["incidents"],
            labelled.name,
            [one.title for one in incidents],
            [one["title"] for one in labelled.expected],
        )
        for expected in labelled.expected:
            incident = next(
                (one for one in incidents if same(one.title, expected["title"])),
                incidents[0] if len(incidents) == 1 else None,
            )
            _fields(found, labelled.name, incident, expected)
            if incident is not None:
                _lines(found["lines"], labelled.name, incident, documents[0])
    return dict(found)


def _fields(found: dict[str, Score], name: str, incident: Incident | None, expected: dict[str, Any]) -> None:
    """Each field that is expected: what is named there, or, where it is empty there, that nothing was made up."""
    resolution = incident.resolution if incident else None
    severity = incident.severity if incident and incident.severity != "unknown" else None
    said = {
        "title": (incident.title if incident else None, same),
        "service": (incident.service if incident else None, same),
        "severity": (severity, same),
        "summary": (incident.description if incident else None, holds),
        "impact": (incident.impact if incident else None, holds),
        "detection": (incident.detection if incident else None, holds),
        "trigger": (incident.trigger if incident else None, holds),
        "cause": (resolution.root_cause if resolution else None, holds),
    }
    for field_name, (read, alike) in said.items():
        wanted = expected.get(field_name)
        if wanted is not None or (field_name in expected and field_name not in _OPEN):
            _text(found[field_name], name, read, None if wanted == "unknown" else wanted, alike)
    for field_name, at in (
        ("start", incident.started_at if incident else None),
        ("end", incident.resolved_at if incident else None),
    ):
        _time(found[field_name], name, at, expected.get(field_name))
    _steps(found, name, resolution.steps if resolution else (), expected)
    _actions(found, name, incident.action_items if incident else (), expected.get("actions"))
    if expected.get("timeline") is not None:
        _set(
            found["timeline"], name, [one.text for one in (incident.timeline if incident else ())], expected["timeline"]
        )


_OPEN = frozenset(("summary", "cause", "detection", "severity"))
"""Fields that a None leaves open, for a reader could argue."""


def _steps(found: dict[str, Score], name: str, steps: tuple[ResolutionStep, ...], expected: dict[str, Any]) -> None:
    for field_name, taken in (
        ("fixed", [one for one in steps if one.outcome == "worked"]),
        ("failed", [one for one in steps if one.outcome != "worked"]),
    ):
        if expected.get(field_name) is not None:
            _set(found[field_name], name, [one.text for one in taken], [text for text, _ in expected[field_name]])
            _commands(
                found["commands"],
                name,
                [one.command for one in taken],
                [command for _, command in expected[field_name]],
            )


def _actions(
    found: dict[str, Score], name: str, items: tuple[ActionItem, ...], expected: list[dict[str, Any]] | None
) -> None:
    if expected is None:
        return
    _set(found["actions"], name, [one.text for one in items], [one["text"] for one in expected])
    for one in expected:
        item = next((item for item in items if same(item.text, one["text"])), None)
        if item is not None:
            _text(found["owner"], name, item.owner, one["owner"], same)
            _text(found["state"], name, item.state, one["state"], same)


def _count(score: Score, right: bool, name: str) -> None:
    score.read += 1
    score.there += 1
    score.right += right
    if not right:
        score.wrong.append(name)


def _text(score: Score, name: str, read: str | None, expected: str | None, alike: Any) -> None:
    score.read += bool(read)
    score.there += bool(expected)
    right = bool(read) and bool(expected) and alike(read, expected)
    score.right += right
    if not right and (read or expected):
        score.wrong.append(f"{name}: {read!r} for {expected!r}")


def _time(score: Score, name: str, read: datetime | None, expected: str | None) -> None:
    if expected is None:
        return
    said = read.isoformat() if read else None
    _text(score, name, said, expected, lambda one, other: one.startswith(other))


def _set(score: Score, name: str, read: list[str], expected: list[str]) -> None:
    left = list(read)
    right = 0
    for one in expected:
        match = next(
            (other for other in left if same(_words_alone(other), one) or same(other, one) or contains(other, one)),
            None,
        )
        if match is not None:
            left.remove(match)
            right += 1
        else:
            score.wrong.append(f"{name}: lacks {one!r}")
    score.read += len(read)
    score.there += len(expected)
    score.right += right
    score.wrong += [f"{name}: not there {other!r}" for other in left]


def _words_alone(step: str) -> str:
    """A step's words without the command that stands in them."""
    return re.sub(r"`[^`]*\s[^`]*`", "", step)


def _commands(score: Score, name: str, read: list[str | None], expected: list[str | None]) -> None:
    left = [one for one in read if one]
    for command in filter(None, expected):
        score.there += 1
        if command in left:
            left.remove(command)
            score.right += 1
            score.read += 1
        else:
            score.wrong.append(f"{name}: lacks command {command!r}")
    score.read += len(left)
    score.wrong += [f"{name}: no such command {one!r}" for one in left]


def _lines(score: Score, name: str, incident: Incident, document: Document) -> None:
    """Whether the lines that fields are said to come from hold words of them."""
    rows = document.text.splitlines()
    resolution = incident.resolution
    cited = [(step.line, f"{step.text} {step.command or ''}") for step in resolution.steps] if resolution else []
    cited += [(resolution.root_cause_line, resolution.root_cause)] if resolution and resolution.root_cause_line else []
    cited += [(item.line, item.text) for item in incident.action_items]
    cited += [
        (incident.lines[one], getattr(incident, one))
        for one in ("impact", "detection", "trigger")
        if getattr(incident, one)
    ]
    for line, said in cited:
        right = line is not None and 0 < line <= len(rows) and bool(words(rows[line - 1]) & words(said))
        _count(score, right, f"{name}: line {line} for {said[:50]!r}")


def table(scores: dict[str, Score]) -> str:
    """The scores as lines of text."""
    return "\n".join(
        (
            f"{name:<10} precision {one.precision:.3f} recall {one.recall:.3f} ({one.right} right, {one.read} read, "
            f"{one.there} there)"
        )
        for name, one in scores.items()
    )

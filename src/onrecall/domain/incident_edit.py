"""What a person changes on an incident, and how it lasts when its alerts say something else later."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Incident, Severity
from onrecall.domain.markdown_page import collapse_whitespace

LONGEST_TITLE = 2000
LONGEST_SERVICE = 200
LONGEST_ASSIGNEE = 200
LONGEST_TAG = 100
LONGEST_LABEL_NAME = 200
LONGEST_LABEL_VALUE = 2000
MOST_TAGS = 50
MOST_LABELS = 100
ORIGINAL_TITLE = "Original title: "
"""The start of a description whose title was edited, with what alerts, an export or a person called it at first."""
LABEL = "labels."
"""The start of the name of an edited label, as in `labels.region`."""


@dataclass(frozen=True, slots=True)
class IncidentEdit:
    """The fields to change; None leaves a field as it is."""

    title: str | None = None
    service: str | None = None
    """Empty: no service."""
    severity: Severity | None = None
    labels: Mapping[str, str | None] | None = None
    """The labels to set; None as a value removes the label. All others stay."""
    tags: tuple[str, ...] | None = None
    """The complete new list of tags."""
    assignee: str | None = None
    """Empty: nobody."""

    def apply(self, incident: Incident) -> Incident:
        """Return the incident with these changes, each changed field marked as edited.

        Raises Invalid where a field is empty that can't be, or too long.
        """
        fields: dict[str, Any] = dict(self._fields(incident))
        edited = [name for name, value in fields.items() if name != "labels" and value != getattr(incident, name)]
        edited += [f"{LABEL}{name}" for name in _differing(incident.labels, fields.get("labels", incident.labels))]
        if self.tags is not None:
            fields["tags"] = _tags(self.tags)
        if self.assignee is not None:
            fields["assignee"] = parse_assignee(self.assignee)
        if "title" in edited:
            fields["description"] = _with_original_title(incident.description, incident.title, fields["title"])
        return replace(incident, **fields, edited=tuple(sorted({*incident.edited, *edited})))

    def _fields(self, incident: Incident) -> Iterator[tuple[str, Any]]:
        if self.title is not None:
            yield "title", _bounded(collapse_whitespace(self.title), "title", LONGEST_TITLE)
        if self.service is not None:
            service = collapse_whitespace(self.service)
            yield "service", _bounded(service, "service", LONGEST_SERVICE) if service else None
        if self.severity is not None:
            yield "severity", self.severity
        if self.labels is not None:
            yield "labels", _labels(incident.labels, self.labels)


def parse_assignee(name: str) -> str | None:
    """Return the assignee's name on one line; None if it is empty. Raises Invalid if it is too long."""
    line = collapse_whitespace(name)
    return _bounded(line, "assignee", LONGEST_ASSIGNEE) if line else None


def keep_edits(before: Incident, composed: Incident) -> Incident:
    """Return the incident as its alerts compose it, with what a person edited, tagged or assigned as it was before."""
    names = set(before.edited)
    fields: dict[str, Any] = {name: getattr(before, name) for name in ("title", "service", "severity") if name in names}
    if "title" in names:
        fields["description"] = _keep_original_title(before, composed)
    labels = dict(composed.labels)
    for name in (name.removeprefix(LABEL) for name in before.edited if name.startswith(LABEL)):
        labels.pop(name, None)
        if name in before.labels:
            labels[name] = before.labels[name]
    return replace(composed, **fields, labels=labels, tags=before.tags, edited=before.edited, assignee=before.assignee)


def _keep_original_title(before: Incident, composed: Incident) -> str:
    """Return the composed description under the title that a person replaced at first; it has all titles' words."""
    head = before.description.partition("\n\n")[0]
    original = head.removeprefix(ORIGINAL_TITLE) if head.startswith(ORIGINAL_TITLE) else None
    if original in (None, composed.title) or composed.description.startswith(ORIGINAL_TITLE):
        return _with_original_title(composed.description, composed.title, before.title)
    unmentioned = composed.title not in f"{before.title}\n{composed.description}"
    parts = (f"{ORIGINAL_TITLE}{original}", composed.title if unmentioned else "", composed.description)
    return "\n\n".join(filter(None, parts))


def _with_original_title(description: str, original: str, title: str) -> str:
    """Return the description with the title that a person replaced on top, so that its words are still found.

    The first one stays: later titles are a person's too. It goes where the title is what it was at first.
    """
    head, _, rest = description.partition("\n\n")
    if head.startswith(ORIGINAL_TITLE):
        return rest if head.removeprefix(ORIGINAL_TITLE) == title else description
    if original.casefold() in f"{title}\n{description}".casefold():
        return description
    return "\n\n".join(filter(None, (f"{ORIGINAL_TITLE}{original}", description)))


def changed_fields(before: Incident, after: Incident) -> dict[str, Any]:
    """Return what an edit changed, as its event tells it: `fields`, and their values in `from` and `to`."""
    names = [name for name in ("title", "service", "severity") if getattr(before, name) != getattr(after, name)]
    old: dict[str, Any] = {name: getattr(before, name) for name in names}
    new: dict[str, Any] = {name: getattr(after, name) for name in names}
    if labels := _differing(before.labels, after.labels):
        old["labels"] = {name: before.labels.get(name) for name in labels}
        new["labels"] = {name: after.labels.get(name) for name in labels}
    if before.tags != after.tags:
        old["tags"], new["tags"] = list(before.tags), list(after.tags)
    return {"fields": list(new), "from": old, "to": new} if new else {}


def _differing(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def _labels(stored: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    labels = dict(stored)
    for name, value in changes.items():
        clean = _bounded(collapse_whitespace(name), "labels", LONGEST_LABEL_NAME)
        if value is None:
            labels.pop(clean, None)
        else:
            labels[clean] = _bounded(value.strip(), f"labels.{clean}", LONGEST_LABEL_VALUE)
    if len(labels) > max(MOST_LABELS, len(stored)):
        raise Invalid(f"labels: an incident has at most {MOST_LABELS}; remove some first", "labels")
    return labels


def _tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    clean = tuple(
        dict.fromkeys(_bounded(collapse_whitespace(tag), f"tags.{n}", LONGEST_TAG) for n, tag in enumerate(tags))
    )
    if len(clean) > MOST_TAGS:
        raise Invalid(f"tags: an incident has at most {MOST_TAGS}; these are {len(clean)}", "tags")
    return clean


def _bounded(value: str, field: str, longest: int) -> str:
    if not value:
        raise Invalid(f"{field} is empty; write something, or leave it out", field)
    if len(value) > longest:
        raise Invalid(f"{field} is {len(value)} characters long; at most {longest} are stored", field)
    return value

"""Parse labels and tags as trackers write them (`service::pages`, `severity/2`, `env: prod`)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from onrecall.importers.record import FieldRecord

Facet = Literal["service", "severity", "environment", "cause"]

_FACETS: Mapping[str, Facet] = {
    **dict.fromkeys(
        ("service", "services", "svc", "app", "application", "component", "components", "system", "product",
         "affected service", "affected services"),
        "service",
    ),
    **dict.fromkeys(("severity", "sev", "priority", "prio", "p", "criticality", "impact"), "severity"),
    **dict.fromkeys(("environment", "env", "stage"), "environment"),
    **dict.fromkeys(("cause", "root cause", "rootcause", "rc", "cause label", "root cause category"), "cause"),
}  # fmt: skip
_SCOPED = re.compile(r"(?P<key>.+)::(?P<value>[^:].*)")
_PAIR = re.compile(r"(?P<key>[^=:]+)\s*[=:]\s*(?!//)(?P<value>.+)")
_FACET = re.compile(r"(?P<key>[A-Za-z][A-Za-z _-]{0,24}?)\s*(?:::|[:/=])\s*(?P<value>[^\s:/=].*)")
_LEVEL = re.compile(
    r"(?:sev(?:erity)?|prio(?:rity)?|p)[\s:/_-]*(?:\d|critical|high|medium|low|major|minor)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Tags:
    """Tags, divided into pairs and single words."""

    pairs: Mapping[str, str]
    words: tuple[str, ...]

    @property
    def labels(self) -> dict[str, str]:
        """The labels of an incident: the pairs, and all single words as one label `tags`."""
        return {**self.pairs, "tags": ", ".join(self.words)} if self.words else dict(self.pairs)


def label_names(record: FieldRecord, *fields: str) -> list[str]:
    """Return the names of an issue's labels, given as plain strings or as objects with one of these fields."""
    listed = record.values.get("labels")
    if isinstance(listed, list) and all(isinstance(label, str) for label in listed):
        return list(record.string_list("labels"))
    return [name for row in record.object_list("labels") if (name := row.text(*fields))]


def read_tags(tags: Iterable[str]) -> Tags:
    """Split tags into pairs and words; in `a::b::c` the last `::` separates name and value, as in GitLab."""
    pairs: dict[str, str] = {}
    words: list[str] = []
    for tag in (tag.strip() for tag in tags):
        match = _SCOPED.fullmatch(tag) or (None if "::" in tag else _PAIR.fullmatch(tag))
        if match:
            pairs[match["key"].strip()] = match["value"].strip()
        elif tag:
            words.append(tag)
    return Tags(pairs, tuple(words))


def parse_facets(tags: Iterable[str]) -> dict[Facet, str]:
    """Return service, severity, environment and cause from tags; of several the first."""
    values: dict[Facet, str] = {}
    for tag in tags:
        match = _FACET.fullmatch(tag.strip())
        facet = _FACETS.get(re.sub(r"[\s_-]+", " ", match["key"].casefold())) if match else None
        if match and facet:
            values.setdefault(facet, match["value"].strip())
        elif _LEVEL.fullmatch(tag.strip()):
            values.setdefault("severity", tag.strip())
    return values

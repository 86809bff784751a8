"""What a source reads from where, for people: the rows of the table in docs/sources.md, and configuration to paste."""

import re
from collections.abc import Iterable, Sequence

from onrecall.sources.catalog import SourceCatalog
from onrecall.sources.defined_source import DefinedSource
from onrecall.sources.definition import Fields, SourceDefinition, merged_fields

COLUMNS = ("title", "key", "status", "severity", "service", "time", "links")
BEGIN, END = "<!-- table of sources: begin -->", "<!-- table of sources: end -->"
GENERIC_TITLE = "Anything else"
GENERIC_SETUP = """\
JSON or a form of your own: one object, a list, or an object with a list under `alerts`, `events`, `incidents` …
Post it under a name of your choice (`/api/v1/alerts/generic/acme`): an id need be unique only within its own source.
```sh
curl -X POST {url} -H 'X-API-Key: {key}' -H 'Content-Type: application/json' -d '{
  "title": "Disk almost full on db-1", "status": "firing", "key": "disk/db-1", "severity": "critical",
  "service": "orders-db", "started_at": "2026-11-21T09:30:00Z", "url": "https://wiki.example/disk",
  "labels": {"mount": "/var"}}'
```
`onrecall sources try generic/acme < body.json` shows what would come of a payload, and a file to start from."""
_PLACEHOLDER = re.compile(r"\{(?:url|key|scheme|host)\}")
_MOST = 4
_LONGEST = 70


def describe_fields(source: DefinedSource) -> dict[str, str]:
    """Returns where each column's field stands in the payloads of a source, as Markdown."""
    definition = source.definition
    described = dict(definition.reads)
    shapes = [
        merged_fields(definition.fields, shape) for shape in definition.shapes if not (shape.parser or shape.silent)
    ]
    places_by_column = {
        "title": _places(fields.title for fields in shapes),
        "key": _places(fields.key for fields in shapes) or "title, service and host",
        "status": _status(shapes),
        "severity": _places(fields.severity.places if fields.severity else None for fields in shapes) or "–",
        "service": _places(fields.service for fields in shapes) or "labels, by their common names",
        "time": _places(_times(fields) for fields in shapes) or "time of arrival",
        "links": _places(_links(fields) for fields in shapes) or "–",
    }
    return {name: described.get(name) or places_by_column[name] for name in COLUMNS}


def sends_end(definition: SourceDefinition) -> bool:
    """Whether any of the tool's shapes can say that an alert is over."""
    shapes = [shape for shape in definition.shapes if not shape.silent]
    if not shapes or any(shape.parser for shape in shapes):
        return True
    return any(merged_fields(definition.fields, shape).sends_end for shape in shapes)


def webhook_path(name: str, definition: SourceDefinition | None) -> str:
    """Returns the path that a tool posts to."""
    own = definition.address if definition else None
    return own or f"/api/v1/alerts/{name}"


def setup_instructions(name: str, definition: SourceDefinition | None, base_url: str, key: str = "onr_…") -> str:
    """Returns configuration to paste, for a server at an address; a source without a file gets the one of `generic`."""
    base = base_url.rstrip("/")
    scheme, _, host = base.rpartition("://")
    replacements = {
        "{url}": base + webhook_path(name, definition),
        "{key}": key,
        "{scheme}": scheme or "https",
        "{host}": host,
    }
    return _PLACEHOLDER.sub(lambda match: replacements[match[0]], definition.setup if definition else GENERIC_SETUP)


def sources_table(catalog: SourceCatalog) -> str:
    """Returns the table of all sources that have a file, as Markdown."""
    rows = [f"| source | address | {' | '.join(COLUMNS)} |", "|---" * (len(COLUMNS) + 2) + "|"]
    for name in catalog:
        definition = catalog.definition(name)
        if definition is None:
            continue
        described = describe_fields(catalog.defined(name))
        cells = (
            f"[{definition.tool}](#{name})",
            f"`{webhook_path(name, definition)}`",
            *(described[column] for column in COLUMNS),
        )
        rows.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
    return "\n".join(rows)


def source_sections(catalog: SourceCatalog, base_url: str) -> str:
    """Returns a section for each source: its address, configuration to paste, what is said of it, its documentation."""
    parts = []
    for name in catalog:
        definition = catalog.definition(name)
        if definition is None:
            continue
        lines = [f'<a id="{name}"></a>', f"### {definition.tool}", f"`POST {webhook_path(name, definition)}`"]
        if definition.also:
            lines[-1] += f", also {', '.join(f'`{alias}`' for alias in definition.also)}"
        lines[-1] += "" if sends_end(definition) else " · never reports the end of an alert, so its alerts expire"
        lines += ["", setup_instructions(name, definition, base_url)]
        if definition.notes:
            lines += ["", definition.notes]
        if definition.documentation:
            lines += ["", f"[{definition.tool}'s own documentation]({definition.documentation})"]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def update_page(text: str, catalog: SourceCatalog, base_url: str = "https://onrecall.example") -> str:
    """Returns docs/sources.md with the table and the sections of all sources made anew between their marks."""
    head, _, after_begin = text.partition(BEGIN)
    _, _, tail = after_begin.partition(END)
    return f"{head}{BEGIN}\n\n{sources_table(catalog)}\n\n{source_sections(catalog, base_url)}\n\n{END}{tail}"


def _places(offered: Iterable[Sequence[str] | None]) -> str:
    """The places of a field over all shapes, each once."""
    places = dict.fromkeys(place for places in offered for place in places or ())
    shown_places = [_code(place) for place in places if len(place) <= _LONGEST][:_MOST]
    return ", ".join(shown_places) + (" …" if shown_places and len(places) > len(shown_places) else "") or (
        "an expression" if places else ""
    )


def _status(shapes: Sequence[Fields]) -> str:
    places = _places(fields.status.places if fields.status else None for fields in shapes)
    words = dict.fromkeys(word for fields in shapes if fields.status for word in fields.status.resolved)
    ends = ", ".join(list(words)[:_MOST])
    if not places:
        return "none: it fires, then expires"
    return f"{places}; over: {ends}" if ends else places


def _times(fields: Fields) -> list[str]:
    rules = (fields.starts_at, fields.sent_at)
    return [place for rule in rules if rule for place in rule.places]


def _links(fields: Fields) -> list[str]:
    return [place for places in fields.links.values() for place in places]


def _code(text: str) -> str:
    """A piece of code in Markdown, also one that holds a backtick."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")

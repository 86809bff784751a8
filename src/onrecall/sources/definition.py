"""What a file in `definitions/` may say: how the payloads of one tool are read. docs/sources.md explains each part."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from onrecall.domain.alert import AlertLinkKind, ChangeKind, Purpose
from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Severity
from onrecall.domain.validation_messages import describe_error
from onrecall.sources.expressions import compile_expression

FOLDER = Path(__file__).parent / "definitions"
SUFFIX = ".yaml"
NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}")
"""The name of a source, as it stands in its address."""
LARGEST_FILE = 200_000
Category = Literal[
    "metrics", "uptime", "logs", "apm", "cloud", "paging", "status", "delivery", "security", "errors", "other"
]
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DURATION = re.compile(r"(\d{1,5})\s*([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def _check_expression(text: str) -> str:
    try:
        compile_expression(text)
    except Invalid as error:
        raise ValueError(str(error)) from error
    return text


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _as_word(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip().lower() if isinstance(value, str | int | float) else value


def _as_duration(value: Any) -> Any:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]]) if match else value


Expr = Annotated[str, AfterValidator(_check_expression)]
"""A JMESPath expression."""
Places = Annotated[list[Expr], BeforeValidator(_as_list), Field(min_length=1, max_length=20)]
"""Where a field stands: one expression, or several that are tried in turn until one says something."""
Word = Annotated[str, BeforeValidator(_as_word)]
"""A word of the tool, compared without case; true, false and numbers as they are written."""
Duration = Annotated[timedelta, BeforeValidator(_as_duration)]
"""A time span such as 90s, 30m, 24h or 2d."""


class _DefinitionPart(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)  # most processes read no file of them


class StatusRule(_DefinitionPart):
    """What the tool's words for the state of an alert mean; one in no list goes by its common meaning, else fires."""

    places: Places = Field(alias="from")
    firing: list[Word] = []
    resolved: list[Word] = []
    acknowledged: list[Word] = []


class SeverityRule(_DefinitionPart):
    """Where the severity stands, and what the tool's own words for it mean; others go by their common meaning."""

    places: Places = Field(alias="from")
    map: dict[Word, Severity] = {}


class TimeRule(_DefinitionPart):
    """Where a time stands; its strptime formats where it is in none of the usual ones; where its time zone stands."""

    places: Places = Field(alias="from")
    formats: list[str] = []
    zone: Expr | None = None


class PurposeRule(_DefinitionPart):
    """When an alert is no incident, and why, in words for people."""

    when: Expr
    reason: Annotated[str, Field(max_length=200)]


class NoteRule(_DefinitionPart):
    """Where a note stands that a person wrote about the alert."""

    text: Places
    id: Places
    by: Places | None = None
    at: Places | None = None


def _status_rule(value: Any) -> Any:
    return {"from": value} if isinstance(value, str | list) else value


class Fields(_DefinitionPart):
    """Where the fields of an alert stand. Those of a shape take the place of those that hold for the whole file."""

    key: Places | None = None
    identity: list[Expr] = Field(
        default=[], description="What an alert is about, if its key differs between start and end."
    )
    title: Places | None = None
    description: Places | None = None
    status: Annotated[StatusRule, BeforeValidator(_status_rule)] | None = None
    severity: Annotated[SeverityRule, BeforeValidator(_status_rule)] | None = None
    service: Places | None = None
    service_by_labels: bool = Field(
        default=True, description="Whether a label such as `app` or `component` may name the service."
    )
    environment: Places | None = None
    labels: dict[str, Places] = {}
    label_sets: Annotated[list[Expr], BeforeValidator(_as_list)] = Field(
        default=[], description="Objects of labels, or lists of tags or pairs; each entry becomes a label."
    )
    details: Annotated[list[Expr], BeforeValidator(_as_list)] = Field(
        default=[],
        description="Objects of free-form details: identifying entries become labels, the others annotations.",
    )
    values: dict[str, Places] = {}
    starts_at: Annotated[TimeRule, BeforeValidator(_status_rule)] | None = Field(
        default=None, description="The start of the episode, the same in every message about it."
    )
    ends_at: Annotated[TimeRule, BeforeValidator(_status_rule)] | None = None
    sent_at: Annotated[TimeRule, BeforeValidator(_status_rule)] | None = Field(
        default=None, description="The time at which the tool sent this message or last checked."
    )
    links: dict[AlertLinkKind, Places] = {}
    group: Places | None = None
    acknowledged_by: Places | None = None
    note: NoteRule | None = None
    purpose: dict[Purpose, list[PurposeRule]] = {}
    change: ChangeKind | None = Field(default=None, description="The message reports a change, such as a deployment.")
    change_ends: Places | None = Field(default=None, description="The key of an open alert that this change ends.")
    sends_end: bool = Field(
        default=True, description="False if this tool never reports the end of an alert, so that its alerts expire."
    )
    expires_after: Duration = timedelta(hours=24)


class PayloadShape(Fields):
    """One form in which the tool sends, and what it is told by."""

    name: str
    marks: list[str] = Field(default=[], description="Dotted paths that have a value in every message of this form.")
    when: Expr | None = Field(default=None, description="Further conditions for this form.")
    certain: bool = Field(
        default=True, description="Only this tool has these marks, so `generic` recognizes it by them."
    )
    each: Expr | None = Field(default=None, description="Where the list stands, when one message holds several alerts.")
    parser: str | None = Field(default=None, description="The code that reads this form, if data cannot describe it.")
    update: bool = Field(default=False, description="The message is about a known alert, so its title may be missing.")
    silent: bool = Field(
        default=False, description="A handshake or similar message without an alert: accepted and not stored."
    )


class SourceDefinition(_DefinitionPart):
    """How the payloads of one tool are read, and how the tool is told to send them."""

    tool: Annotated[str, Field(min_length=1, max_length=80, description="The tool's name.")]
    category: Category = "other"
    also: list[str] = Field(default=[], description="Other names for it in the address.")
    documentation: str | None = Field(default=None, description="Where the tool's own documentation of its payload is.")
    setup: str = Field(default="", description="Configuration to paste, Markdown; `{url}` and `{key}` are filled in.")
    notes: str = Field(default="", description="Further notes, in Markdown.")
    address: str | None = Field(
        default=None, description="The path to which it posts, if it differs from the usual one."
    )
    parser: str | None = Field(default=None, description="The code that reads messages of none of the shapes.")
    relays: list[str] = Field(
        default=[],
        description="Sources whose messages this tool forwards unchanged; their own files read those first.",
    )
    fields: Fields = Field(
        default_factory=lambda: Fields(),  # noqa: PLW0108 - so that mypy knows its type
        description="Settings for all shapes.",
    )
    shapes: Annotated[list[PayloadShape], Field(max_length=20)] = []
    reads: dict[str, str] = Field({}, description="Used in the table of docs/sources.md, for sources that code reads.")

    @model_validator(mode="after")
    def _can_be_read(self) -> "SourceDefinition":
        if not self.shapes and not self.parser:
            raise ValueError("give `shapes`, or a `parser`")
        for shape in self.shapes:
            fields = merged_fields(self.fields, shape)
            if not (shape.parser or shape.silent or fields.title):
                raise ValueError(f"shape {shape.name!r} has no `title`: add the place of the alert's name")
        return self


def merged_fields(common: Fields, shape: PayloadShape) -> Fields:
    """Returns the fields of a shape: its own, else those that hold for the whole file."""
    own = {name: getattr(shape, name) for name in shape.model_fields_set & Fields.model_fields.keys()}
    return common.model_copy(update=own)


def definition_names(folder: Path = FOLDER) -> tuple[str, ...]:
    """Returns the names of the sources that have a file in this folder, sorted."""
    return tuple(sorted(path.stem for path in folder.glob(f"*{SUFFIX}") if NAME.fullmatch(path.stem)))


def load_definition(path: Path) -> SourceDefinition:
    """Returns what a file says; Invalid where it can't be read or says something else than the schema has."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise Invalid(f"{path} is larger than {LARGEST_FILE:,} bytes", "sources_dir")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{path} can't be read: {getattr(error, 'strerror', None) or error}", "sources_dir") from error
    return parse_definition(text, str(path))


def parse_definition(text: str, where: str) -> SourceDefinition:
    """Returns the definition that a YAML text holds; Invalid names the place and what is wrong there."""
    try:
        return SourceDefinition.model_validate(yaml.load(text, Loader=_LOADER))  # noqa: S506 - it is a safe one
    except (yaml.YAMLError, RecursionError) as error:
        raise Invalid(f"{where} is not YAML: {error}", "sources_dir") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"]) or "the file"
        raise Invalid(f"{where}: {place}: {describe_error(first)}", place) from error


def json_schema() -> dict[str, Any]:
    """Returns the JSON schema of a definition file, so that an editor can check one while it is written."""
    schema = SourceDefinition.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "OnRecall source definition", **schema}

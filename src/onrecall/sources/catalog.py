"""Every source by name: built-in ones and those that an operator added as files."""

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from onrecall.domain.errors import Invalid, NotFound
from onrecall.sources import (
    alertmanager,
    anomaly,
    cloudevents,
    cloudwatch,
    datadog,
    generic,
    github,
    grafana,
    opsgenie,
    pagerduty,
    pagerduty_events,
    prometheus,
    rootly,
    sentry,
    sns,
    sns_certificates,
)
from onrecall.sources.defined_source import CodeParser, CompiledShape, DefinedSource
from onrecall.sources.definition import FOLDER, NAME, SUFFIX, SourceDefinition, definition_names, load_definition
from onrecall.sources.mapping import GenericMapping
from onrecall.sources.payload import Fields
from onrecall.sources.purposes import mark_purposes
from onrecall.sources.webhook import Parse, ParsedWebhook, Verify, WebhookRequest, WebhookSource

GENERIC = generic.NAME
_PREFIX = f"{GENERIC}/"
_SIGNING: Mapping[str, Verify] = {
    "grafana": grafana.verify,
    "pagerduty": pagerduty.verify,
    "sentry": sentry.verify,
    "cloudwatch": sns.Certificates(sns_certificates.fetch_certificate).verify,
    "rootly": rootly.verify,
    "github": github.verify,
}
_BARE = re.compile(r"[^a-z0-9]+")
_PROGRAM = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,40}", re.ASCII)
"""The first word of a User-Agent, up to its version."""


class SourceCatalog(Mapping[str, WebhookSource]):
    """All sources; a definition file is loaded on first use, because most are never used."""

    def __init__(self, folder: Path | None = None, mapped: GenericMapping = generic.NO_MAPPING) -> None:
        self._paths = {name: FOLDER / f"{name}{SUFFIX}" for name in definition_names()}
        self._own = set(definition_names(folder)) if folder else set()
        self._paths |= {name: folder / f"{name}{SUFFIX}" for name in self._own} if folder else {}
        self._mapped = mapped
        self._compiled: dict[str, DefinedSource] = {}

    def __getitem__(self, name: str) -> WebhookSource:
        if name == GENERIC or (name.startswith(_PREFIX) and NAME.fullmatch(name.removeprefix(_PREFIX))):
            return WebhookSource(name, _with_purposes(self._parse_generic(name)))
        if name not in self._paths:
            raise KeyError(name)
        return WebhookSource(name, _with_purposes(self._parse_defined(name)), _SIGNING.get(name))

    def __iter__(self) -> Iterator[str]:
        yield from sorted({*self._paths, GENERIC})

    def __len__(self) -> int:
        return len({*self._paths, GENERIC})

    def find(self, name: str) -> WebhookSource:
        """Return the source with this name, however spelled. NotFound suggests similar names."""
        lower = name.lower()
        if lower in self:
            return self[lower]
        if (canonical_name := self._spellings.get(_BARE.sub("", lower))) is not None:
            return self[canonical_name]
        similar_names = difflib.get_close_matches(lower[:60], list(self), 3, 0.6)
        hint = f"did you mean {' or '.join(similar_names)}?" if similar_names else "`onrecall sources list` lists all."
        raise NotFound(f"there is no source {name[:60]!r}; {hint} Anything else goes to generic/NAME")

    def definition(self, name: str) -> SourceDefinition | None:
        """Return the definition of a source; None for `generic`, which has none."""
        return self.defined(name).definition if name in self._paths else None

    def defined(self, name: str) -> DefinedSource:
        """Return the reader of a tool's payloads, compiled from its file on first use."""
        if name not in self._compiled:
            definition = load_definition(self._paths[name])
            if unknown := [relayed for relayed in definition.relays if relayed not in self._paths]:
                raise Invalid(f"{name}: `relays` names {unknown[0]!r}, which is not a source", "relays")
            relayed = partial(self._read_relayed, definition.relays)
            self._compiled[name] = DefinedSource(name, definition, self._code, self._read_anything, relayed)
        return self._compiled[name]

    def _read_relayed(self, names: Sequence[str], body: Fields, now: datetime, source: str) -> ParsedWebhook | None:
        """Parse a message of one of these tools by that tool's file alone; an address in it is never fetched."""
        for relayed in map(self.defined, names):
            if shape := relayed.shape_of(body):
                parsed = relayed.read_shape(shape, body, WebhookRequest(json.dumps(body).encode()), now, source)
                signals = tuple(replace(signal, source=source) for signal in parsed.signals)
                return replace(parsed, signals=signals, confirmation=None)
        return None

    def file_of(self, name: str) -> DefinedSource | None:
        """Return the reader for payloads posted under a name, if a file defines one; `generic/acme` uses acme.yaml."""
        own = name.removeprefix(_PREFIX)
        if name in self._paths or (name.startswith(_PREFIX) and own in self._own):
            return self.defined(own)
        return None

    def check(self) -> None:
        """Load the operator's own files; Invalid names the first broken one."""
        for name in sorted(self._own):
            self.defined(name)

    def compile_all(self) -> None:
        """Load all source files, so that the first message of an unknown tool does not have to wait."""
        for name in self._paths:
            self.defined(name)

    def recognise(self, body: Any, besides: str = "") -> tuple[DefinedSource, CompiledShape] | None:
        """Return the tool and shape that a body certainly has, ignoring one tool; None if none or several match."""
        sample = body[0] if isinstance(body, list) and body else body
        if not isinstance(sample, dict):
            return None
        fitting = [
            (source, shape) for source, shape in self._certain if source.name != besides and shape.matcher.fits(sample)
        ]
        most = max((len(shape.matcher.marks) for _, shape in fitting), default=0)
        best = [(source, shape) for source, shape in fitting if len(shape.matcher.marks) == most]
        return best[0] if len({source.name for source, _ in best}) == 1 else None

    def read(
        self, body: Any, delivery: WebhookRequest, now: datetime, source: str | None = None, besides: str = ""
    ) -> ParsedWebhook | None:
        """Parse a recognised body under the tool's own name or another; None if no tool is recognised."""
        recognised = self.recognise(body, besides)
        if recognised is None:
            return None
        parsed = recognised[0].read(body, delivery, now, source or recognised[0].name)
        return replace(parsed, confirmation=None)  # nobody may have an address fetched by wrapping a request for it

    @cached_property
    def _certain(self) -> tuple[tuple[DefinedSource, CompiledShape], ...]:
        sources = [self.defined(name) for name in self._paths]
        return tuple(
            (source, shape)
            for source in sources
            for shape in source.shapes
            if shape.shape.certain and shape.matcher.marks
        )

    @cached_property
    def _spellings(self) -> Mapping[str, str]:
        own_names = {_BARE.sub("", name): name for name in self}
        aliases = {_BARE.sub("", alias): name for name in self._paths for alias in self.defined(name).definition.also}
        return aliases | own_names

    @cached_property
    def _code(self) -> Mapping[str, CodeParser]:
        return {
            "alertmanager": alertmanager.parser,
            "prometheus": prometheus.parser,
            "grafana": alertmanager.parser,
            "pagerduty": lambda _: pagerduty.parse,
            "pagerduty-events": lambda _: pagerduty_events.parse,
            "pagerduty-changes": lambda _: pagerduty_events.parse_change,
            "opsgenie": lambda _: opsgenie.parse,
            "sentry": lambda _: sentry.parse,
            "datadog": lambda _: datadog.parse,
            "cloudwatch": lambda _: cloudwatch.parser(partial(self.read, besides=cloudwatch.NAME)),
            "cloudevents": lambda _: cloudevents.parser(partial(self.read, besides=cloudevents.NAME)),
            "rootly": lambda _: rootly.parse,
            "github": lambda _: github.parse,
            "anomaly": lambda _: anomaly.parse,
        }

    def _parse_defined(self, name: str) -> Parse:
        return lambda delivery, now: self.defined(name).parse(delivery, now)

    def _parse_generic(self, name: str) -> Parse:
        def parse(delivery: WebhookRequest, now: datetime) -> ParsedWebhook:
            if (own := self.file_of(name)) is not None:
                return own.parse(delivery, now, name)
            body = delivery.decoded()
            if name == GENERIC and self._mapped is not generic.NO_MAPPING:
                return generic.read_body(body, now, name, self._mapped, _sender(delivery))
            if name == GENERIC:
                return self.read(body, delivery, now) or generic.read_body(body, now, name, sender=_sender(delivery))
            parsed = self.read(body, delivery, now, name) or generic.read_body(body, now, name)
            return replace(parsed, signals=tuple(replace(signal, source=name) for signal in parsed.signals))

        return parse

    @staticmethod
    def _read_anything(body: Any, now: datetime, source: str) -> ParsedWebhook:
        return generic.read_body(body, now, source)


def _sender(delivery: WebhookRequest) -> str:
    """Return the program that sent a message, without its version; empty if it does not say."""
    program = _PROGRAM.match(delivery.headers.get("user-agent", ""))
    return program[0].lower() if program else ""


def _with_purposes(parse: Parse) -> Parse:
    """Wrap a parser so that tests and heartbeats are marked."""
    return lambda delivery, now: mark_purposes(parse(delivery, now))

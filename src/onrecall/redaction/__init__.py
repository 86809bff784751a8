"""What must never be stored, logged or sent: secrets, and by choice personal data, are replaced by `[redacted:kind]`.

Rules find candidates, these are replaced, and that is repeated until nothing is found, so that redacting twice changes
nothing. The number of lines stays the same, and time is linear in the text.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

from onrecall.redaction.contexts import CONTEXTS
from onrecall.redaction.personal import PERSONAL
from onrecall.redaction.rule import Scanner, Span
from onrecall.redaction.vendors import VENDORS

_SECRETS = Scanner((*VENDORS, *CONTEXTS))
_ALL = Scanner((*VENDORS, *CONTEXTS, *PERSONAL))
_ROUNDS = 8
_LINES = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
"""What stands between any two characters that Python takes for the end of a line."""
_APART = "\n\0\n"
"""What no pattern of a secret gets over."""
_MARK = re.compile(r"\[redacted:[a-z-]+\]")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that was taken out: of what kind, and on which line, counted from 1."""

    kind: str
    line: int


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without its secrets, and what was found in it."""

    text: str
    found: tuple[Found, ...] = ()


def redact(text: str, personal: bool = False) -> Redacted:
    """The text with every secret replaced, and with `personal` also e-mail addresses and personal numbers."""
    scanner = _ALL if personal else _SECRETS
    found: list[Found] = []
    for _ in range(_ROUNDS):
        spans = _merged(span for span in scanner.spans(text) if not _MARK.fullmatch(text, span.start, span.end))
        if not spans:
            break
        found += _located(text, spans)
        text = _without(text, spans)
    return Redacted(text, tuple(sorted(found, key=lambda f: f.line)))


def harmless(texts: Iterable[str], personal: bool = False) -> bool:
    """Whether texts in plain letters hold no secret, told by one look at all of them; False means look at each.

    No pattern gets over what parts them, and where no pattern matches at all none of them hides another's secret.
    """
    together = _APART.join(texts)
    return together.isascii() and (_ALL if personal else _SECRETS).silent(f"{_APART}{together}{_APART}")


def redact_thing(thing: T, personal: bool = False) -> T:
    """A noun with all its strings redacted; one without secrets is handed back as it is."""
    return _thing(thing, personal)  # type: ignore[no-any-return]


def _thing(thing: Any, personal: bool) -> Any:
    if isinstance(thing, str):
        return redact(thing, personal).text
    if isinstance(thing, Mapping):
        return _mapping(thing, personal)
    if isinstance(thing, list | tuple | set | frozenset):
        return _same_or(thing, type(thing)(_thing(item, personal) for item in thing))
    if is_dataclass(thing) and not isinstance(thing, type):
        changed = {f.name: _thing(getattr(thing, f.name), personal) for f in fields(thing) if f.init}
        changed = {name: value for name, value in changed.items() if value is not getattr(thing, name)}
        return replace(thing, **changed) if changed else thing
    return thing


def _mapping(thing: Mapping[Any, Any], personal: bool) -> Mapping[Any, Any]:
    """A mapping's values; a value whose name says that it is a secret goes as a whole."""
    changed = {}
    for key, value in thing.items():
        name = redact(key, personal).text if isinstance(key, str) else key
        clean = _thing(value, personal)
        if isinstance(key, str) and isinstance(value, str) and clean == value:
            clean = _named(key, value)
        changed[name] = clean
    return _same_or(thing, changed)


def _named(key: str, value: str) -> str:
    head = f"{key}="
    text = redact(head + value).text
    return text.removeprefix(head) if text.startswith(head) else value


def _same_or(thing: T, changed: Any) -> T | Any:
    return thing if changed == thing else changed


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Overlapping spans as one, named after the one that begins first."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        if merged and span.start < merged[-1].end:
            last = merged.pop()
            merged.append(Span(last.start, max(last.end, span.end), last.kind))
        else:
            merged.append(span)
    return merged


def _located(text: str, spans: list[Span]) -> list[Found]:
    located, line, at = [], 1, 0
    for span in spans:
        line += text.count("\n", at, span.start)
        at = span.start
        located.append(Found(span.kind, line))
    return located


def _without(text: str, spans: list[Span]) -> str:
    parts, at = [], 0
    for span in spans:
        parts += [text[at : span.start], _LINES.sub(f"[redacted:{span.kind}]", text[span.start : span.end])]
        at = span.end
    return "".join([*parts, text[at:]])

"""Fast redaction of received events: texts without secrets are remembered, as labels repeat."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from onrecall.redaction import announces_secret, contains_no_secrets, redact, redact_model

MAX_REMEMBERED = 20_000
"""Maximum number of remembered texts without secrets; texts with secrets are never remembered."""
MAX_REMEMBERED_LENGTH = 1_000
"""Longer texts are not remembered, as they hardly repeat."""
_TEXTLESS = frozenset({bool, int, float, datetime})
KEY_FIELDS = frozenset({"key", "id"})
T = TypeVar("T")


class RedactionCache:
    """Redacts events; use one instance per thread."""

    def __init__(self, *, personal: bool) -> None:
        self._personal = personal
        self._clean: set[str | tuple[str, str]] = set()

    def prefetch(self, models: Iterable[object]) -> None:
        """Scan all new texts of these events at once, and remember them if none contains a secret."""
        new = dict(entry for model in models for entry in self._new(model))
        if new and contains_no_secrets(new.values(), self._personal):
            for clean, text in new.items():
                self._remember(clean, len(text))

    def redact(self, model: T) -> T:
        """Return an event with all its texts redacted; the same object if it contains no secrets."""
        changed = {}
        for name in _field_names(type(model)):
            value = getattr(model, name)
            clean = self.key(value) if name in KEY_FIELDS else self._value(value)
            if clean is not value:
                changed[name] = clean
        return replace(model, **changed) if changed else model  # type: ignore[type-var]

    def text(self, text: str) -> str:
        """Return the text without secrets."""
        if text in self._clean:
            return text
        clean = redact(text, self._personal).text
        if clean != text:
            return clean
        self._remember(text, len(text))
        return text

    def key(self, key: str) -> str:
        """Return a key without secrets; different keys stay different."""
        clean = self.text(key)
        if clean == key:
            return key
        return f"{clean}#{hashlib.sha256(key.encode(errors='replace')).hexdigest()[:16]}"

    def json(self, raw: str) -> str:
        """Redact a JSON text, using names as well as values; any other text as plain text."""
        try:
            return json.dumps(redact_model(json.loads(raw), self._personal))
        except (ValueError, RecursionError):
            return redact(raw, self._personal).text

    def _new(self, model: object) -> "Iterator[tuple[str | tuple[str, str], str]]":
        """Yield what is not remembered yet of an event: the cache entry, and the text to scan for it."""
        for name in _field_names(type(model)):
            yield from self._new_in(getattr(model, name))

    def _new_in(self, value: Any) -> "Iterator[tuple[str | tuple[str, str], str]]":
        kind = type(value)
        if kind is str:
            if value not in self._clean and len(value) <= MAX_REMEMBERED_LENGTH:
                yield value, value
        elif kind is tuple:
            for element in value:
                yield from self._new_in(element)
        elif kind is dict:
            for item in value.items():
                if item not in self._clean:
                    for text in item:
                        yield from self._new_in(text)
                    short = type(item[1]) is str and len(item[0]) + len(item[1]) < MAX_REMEMBERED_LENGTH
                    if short and not announces_secret(item[0]):
                        yield item, f"{item[0]}={item[1]}"

    def _value(self, value: Any) -> Any:
        kind = type(value)
        if kind is str:
            return self.text(value)
        if value is None or kind in _TEXTLESS:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return self._mapping(value)
        if isinstance(value, tuple) and value:
            clean = tuple(self._value(element) for element in value)
            return value if clean == value else clean
        return value

    def _mapping(self, mapping: Mapping[str, Any]) -> Mapping[str, Any]:
        """Redact names and values together, as a name alone may mark its value as secret."""
        dirty = {
            name: value
            for name, value in mapping.items()
            if (name, value) not in self._clean and not self._is_clean(name, value)
        }
        if not dirty:
            return mapping
        clean = redact_model(dirty, self._personal)
        if clean == dirty:
            return mapping
        return {name: value for name, value in mapping.items() if name not in dirty} | clean

    def _is_clean(self, name: str, value: Any) -> bool:
        """Return whether name and value contain no secret, alone or together; False if the value is not a text."""
        if not isinstance(value, str) or self.text(name) != name or self.text(value) != value:
            return False
        if redact_model({name: value}, self._personal) != {name: value}:
            return False
        self._remember((name, value), len(name) + len(value))
        return True

    def _remember(self, clean: "str | tuple[str, str]", length: int) -> None:
        if length > MAX_REMEMBERED_LENGTH:
            return
        if len(self._clean) >= MAX_REMEMBERED:
            self._clean.clear()
        self._clean.add(clean)


_FIELD_NAMES: dict[type, tuple[str, ...]] = {}


def _field_names(kind: type) -> tuple[str, ...]:
    if kind not in _FIELD_NAMES:
        assert is_dataclass(kind)
        _FIELD_NAMES[kind] = tuple(field.name for field in fields(kind))
    return _FIELD_NAMES[kind]

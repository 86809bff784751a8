"""Redacting whole nouns and structures: each string by itself, and a value by the name under which it stands."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from onrecall.redaction.engine import redact
from onrecall.redaction.joints import FIRM
from onrecall.redaction.names import SecretName, classify

T = TypeVar("T")
_NAMES = frozenset({"name", "key", "parameterkey", "variable"})
_VALUES = frozenset({"value", "content", "parametervalue", "val", "stringvalue"})


def announces_secret(name: str) -> bool:
    """Whether a value under this name has to be looked at together with it."""
    return classify(name) is not None


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
    """A mapping's values, by their names too; `{"name": "DB_PASSWORD", "value": "v"}` names one as well."""
    title = next((v for k, v in thing.items() if str(k).lower() in _NAMES and isinstance(v, str)), None)
    changed = {}
    for key, value in thing.items():
        name = redact(key, personal).text if isinstance(key, str) else key
        clean = _thing(value, personal)
        if isinstance(key, str):
            clean = _named(key, clean)
            if title and key.lower() in _VALUES:
                clean = _named(title, clean)
        changed[name] = clean
    return _same_or(thing, changed)


def _named(name: str, value: Any) -> Any:
    """A value of which the name may say that it is a secret: text, a number, or some of these."""
    if isinstance(value, str):
        return _named_text(name, value)
    announced = classify(name)
    if announced is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return _named_number(value, announced)
    if isinstance(value, list | tuple):
        return _same_or(value, type(value)(_named(name, item) for item in value))
    if isinstance(value, Mapping):
        return _same_or(value, {k: _named(name, v) if str(k).lower() in _VALUES else v for k, v in value.items()})
    return value


def _named_text(name: str, value: str) -> str:
    """A text by its name: as a whole where the name announces it, else as `name=value` would be redacted."""
    announced = classify(name)
    if announced and FIRM[announced.strength](value) and not value.startswith("[redacted:"):
        return f"[redacted:{announced.kind}]"
    head = f"{name}="
    text = redact(head + value).text
    return text.removeprefix(head) if text.startswith(head) else value


def _named_number(value: int, announced: SecretName) -> int | str:
    """A number that is a password or a code; not how many passwords there are."""
    is_secret = not announced.plural and announced.strength in ("any", "digits") and value > 999
    return f"[redacted:{announced.kind}]" if is_secret else value


def _same_or(thing: T, changed: Any) -> T | Any:
    return thing if changed == thing else changed

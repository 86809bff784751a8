"""Redact models and nested structures: each string by itself, and values by the name of their field."""

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
    """Return whether a value under this name must be checked together with the name."""
    return classify(name) is not None


def redact_model(item: T, personal: bool = False) -> T:
    """Redact all strings of a model; return the same object if it has no secrets."""
    return _redact_value(item, personal)  # type: ignore[no-any-return]


def _redact_value(original: Any, personal: bool) -> Any:
    if isinstance(original, str):
        return redact(original, personal).text
    if isinstance(original, Mapping):
        return _redact_mapping(original, personal)
    if isinstance(original, list | tuple | set | frozenset):
        return _original_unless_changed(original, type(original)(_redact_value(item, personal) for item in original))
    if is_dataclass(original) and not isinstance(original, type):
        changed = {f.name: _redact_value(getattr(original, f.name), personal) for f in fields(original) if f.init}
        changed = {name: value for name, value in changed.items() if value is not getattr(original, name)}
        return replace(original, **changed) if changed else original
    return original


def _redact_mapping(mapping: Mapping[Any, Any], personal: bool) -> Mapping[Any, Any]:
    """Redact a mapping's values, also by their names; `{"name": "DB_PASSWORD", "value": "v"}` names one as well."""
    title = next((v for k, v in mapping.items() if str(k).lower() in _NAMES and isinstance(v, str)), None)
    changed = {}
    for key, value in mapping.items():
        name = redact(key, personal).text if isinstance(key, str) else key
        clean = _redact_value(value, personal)
        if isinstance(key, str):
            clean = _redact_named(key, clean)
            if title and key.lower() in _VALUES:
                clean = _redact_named(title, clean)
        changed[name] = clean
    return _original_unless_changed(mapping, changed)


def _redact_named(name: str, value: Any) -> Any:
    """Redact a value whose name may announce a secret: text, a number, or a collection of these."""
    if isinstance(value, str):
        return _redact_named_text(name, value)
    announced = classify(name)
    if announced is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return _redact_named_number(value, announced)
    if isinstance(value, list | tuple):
        return _original_unless_changed(value, type(value)(_redact_named(name, item) for item in value))
    if isinstance(value, Mapping):
        return _original_unless_changed(
            value, {k: _redact_named(name, v) if str(k).lower() in _VALUES else v for k, v in value.items()}
        )
    return value


def _redact_named_text(name: str, value: str) -> str:
    """Redact a text by its name: as a whole if the name announces a secret, else as in `name=value`."""
    announced = classify(name)
    if announced and FIRM[announced.strength](value) and not value.startswith("[redacted:"):
        return f"[redacted:{announced.kind}]"
    head = f"{name}="
    text = redact(head + value).text
    return text.removeprefix(head) if text.startswith(head) else value


def _redact_named_number(value: int, announced: SecretName) -> int | str:
    """Redact a number that is a password or a code, not a count."""
    is_secret = not announced.plural and announced.strength in ("any", "digits") and value > 999
    return f"[redacted:{announced.kind}]" if is_secret else value


def _original_unless_changed(original: T, changed: Any) -> T | Any:
    return original if changed == original else changed

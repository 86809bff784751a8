"""JMESPath with a few functions of our own, compiled once: locates a field in a payload, without side effects.

https://jmespath.org says what an expression is. Added here are `capture`, `matches`, `from_json`, `join_text`,
`pairs`, `tags`, `words`, `lower` and `plain_text`; docs/sources.md lists them.
The body of the whole message stands under `_root`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import jmespath.functions
import jmespath.parser
from jmespath.exceptions import JMESPathError

from onrecall.domain.errors import Invalid
from onrecall.sources.body_decoding import parse_nested
from onrecall.sources.payload import filled_text, tags_to_labels, to_text

ROOT = "_root"
LONGEST_EXPRESSION = 1_200
LONGEST_PATTERN = 500
LONGEST_SEARCHED = 2_000
"""Longest text that a pattern is matched against, in characters."""
MOST_PAIRS = 256
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_SIMPLE = re.compile(rf"{_NAME}(?:\.{_NAME})*", re.ASCII)
_PATTERNED = ("capture", "matches")
_ANY = ["string", "number", "boolean", "null", "array", "object"]
_NAME_FIELDS = ("key", "name", "Key", "Name", "tag")
_VALUE_FIELDS = ("value", "Value", "stringValue", "val")

_SPACED_PAIRS = re.compile(r"\s*[\w.-]{1,60}[=:][^\s,=]{1,200}(?:\s+[\w.-]{1,60}[=:][^\s,=]{1,200})+\s*", re.ASCII)
"""Tags in one text with spaces between them, `service=cart env=prod`."""

Expression = Callable[[Any], Any]
"""Takes plain data, returns the value found; None if there is none or the expression does not apply."""


class _Functions(jmespath.functions.Functions):
    """What expressions may call beside JMESPath's own functions. All of them are pure, and none raises on odd data."""

    @jmespath.functions.signature({"types": _ANY}, {"types": ["string"]})
    def _func_capture(self, text: Any, pattern: str) -> str | None:
        match = _search(pattern, text)
        return (match[1] if match.re.groups else match[0]) if match else None

    @jmespath.functions.signature({"types": _ANY}, {"types": ["string"]})
    def _func_matches(self, text: Any, pattern: str) -> bool:
        return _search(pattern, text) is not None

    @jmespath.functions.signature({"types": _ANY})
    def _func_from_json(self, value: Any) -> Any:
        return parse_nested(value)

    @jmespath.functions.signature({"types": ["string"]}, {"types": ["array"]})
    def _func_join_text(self, separator: str, values: list[Any]) -> str | None:
        return separator.join(text for value in values[:MOST_PAIRS] if (text := filled_text(value))) or None

    @jmespath.functions.signature({"types": _ANY})
    def _func_pairs(self, value: Any) -> dict[str, Any]:
        return labels_from_pairs(value)

    @jmespath.functions.signature({"types": _ANY})
    def _func_tags(self, value: Any) -> dict[str, str]:
        return labels_from_tags(value)

    @jmespath.functions.signature({"types": _ANY})
    def _func_lower(self, value: Any) -> str | None:
        text = to_text(value)
        return text.lower() if text else None

    @jmespath.functions.signature({"types": _ANY})
    def _func_words(self, value: Any) -> list[str]:
        return (to_text(value) or "").split()[:MOST_PAIRS]

    @jmespath.functions.signature({"types": _ANY})
    def _func_plain_text(self, value: Any) -> str | None:
        return to_text(value)


def is_path(text: str) -> bool:
    """Return whether an expression is just a dotted path, which serves as the field's name."""
    return _SIMPLE.fullmatch(text) is not None


@lru_cache(maxsize=4_000)
def compile_expression(text: str) -> Expression:
    """Compile an expression. Raises Invalid, naming the place, if it is not one.

    Each is compiled once, though a file is checked before it is used and many files have places in common.
    """
    if is_path(text):
        return _compile_path(tuple(text.split(".")))
    if len(text) > LONGEST_EXPRESSION:
        raise Invalid(f"the expression {text[:40]!r}… is longer than {LONGEST_EXPRESSION} characters", "expression")
    try:
        parsed = jmespath.parser.Parser().parse(text)
    except (JMESPathError, ValueError, RecursionError) as error:
        raise Invalid(f"the expression {text!r} is not JMESPath: {str(error).splitlines()[0]}", "expression") from error
    _check_calls(text, parsed.parsed)
    options = jmespath.Options(custom_functions=_Functions())

    def search(scope: Any) -> Any:
        try:
            return parsed.search(scope, options)
        except (JMESPathError, RecursionError, OverflowError, ValueError, TypeError):
            return None  # the payload has another shape than the expression asks for: nothing stands there

    return search


def labels_from_pairs(value: Any) -> dict[str, Any]:
    """Convert a list of name/value objects to one object; the list may also be JSON in a text."""
    listed = parse_nested(value)
    if not isinstance(listed, list):
        return {}
    pairs: dict[str, Any] = {}
    for entry in listed[:MOST_PAIRS]:
        if isinstance(entry, dict) and (name := _first_value(entry, _NAME_FIELDS)) is not None:
            entry_value = _first_value(entry, _VALUE_FIELDS)
            pairs.setdefault(
                str(name), _first_value(entry_value, _VALUE_FIELDS) if isinstance(entry_value, dict) else entry_value
            )
    return pairs


def labels_from_tags(value: Any) -> dict[str, str]:
    """Convert tags to labels: a list of `env:prod`, a list of pairs, an object, or one comma-separated text."""
    value = parse_nested(value)
    if isinstance(value, str):
        value = [tag.strip() for tag in (value.split() if _SPACED_PAIRS.fullmatch(value) else value.split(","))]
    if isinstance(value, list) and value and all(_is_pair(entry) for entry in value):
        value = dict(value)
    if isinstance(value, dict):
        return {name: text for name, entry_value in value.items() if (text := to_text(entry_value))}
    pair_labels = {name: text for name, pair_value in labels_from_pairs(value).items() if (text := to_text(pair_value))}
    return tags_to_labels(value) | pair_labels


def _is_pair(entry: Any) -> bool:
    return isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], str)


def _first_value(entry: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((entry[name] for name in names if entry.get(name) is not None), None)


def _compile_path(names: tuple[str, ...]) -> Expression:
    """Compile a dotted path, the most frequent kind, without JMESPath."""

    def walk(scope: Any) -> Any:
        for name in names:
            if not isinstance(scope, dict):
                return None
            scope = scope.get(name)
        return scope

    return walk


def _search(pattern: str, text: Any) -> re.Match[str] | None:
    searched = to_text(text)
    return _pattern(pattern).search(searched[:LONGEST_SEARCHED]) if searched else None


@lru_cache(maxsize=1_000)
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _check_calls(text: str, node: Mapping[str, Any]) -> None:
    """Require literal patterns: one taken from a payload could keep a processor busy for hours."""
    for inner in _nodes(node):
        if inner["type"] == "subexpression" and inner["children"][0]["type"] == "not_expression":
            raise Invalid(f"the expression {text!r} negates a part of a path alone; write !(a.b)", "expression")
        if inner["type"] != "function_expression":
            continue
        if not hasattr(_Functions, f"_func_{inner['value']}"):
            raise Invalid(f"the expression {text!r} calls {inner['value']}(), which does not exist", "expression")
        if inner["value"] in _PATTERNED:
            _check_pattern(text, inner["children"])


def _check_pattern(text: str, arguments: list[Mapping[str, Any]]) -> None:
    if len(arguments) != 2 or arguments[1]["type"] != "literal" or not isinstance(arguments[1]["value"], str):
        raise Invalid(f"the expression {text!r} needs its pattern written out, such as '^host=(.+)$'", "expression")
    pattern = arguments[1]["value"]
    if len(pattern) > LONGEST_PATTERN:
        raise Invalid(f"a pattern in {text!r} is longer than {LONGEST_PATTERN} characters", "expression")
    try:
        re.compile(pattern)
    except re.error as error:
        raise Invalid(f"the pattern {pattern!r} is not a regular expression: {error}", "expression") from error


def _nodes(node: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(node, dict) and "type" in node:
        yield node
        for child in node.get("children") or ():
            yield from _nodes(child)

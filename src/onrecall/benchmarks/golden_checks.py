"""Golden check paths: questions with the checks that found their cause, one JSON object a line.

`{"id", "text", "checks": […]}` with optional `service`, `labels` and `cause`; a check is a text, or an object with
`text` and `command`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onrecall.domain.errors import Invalid
from onrecall.domain.situation import Situation
from onrecall.recommendation.diagnostics import CheckForm


@dataclass(frozen=True, slots=True)
class GoldenPath:
    """A question, the checks that found its cause, in their order, and the label of that cause where it is known."""

    id: str
    situation: Situation
    checks: tuple[CheckForm, ...]
    cause: str | None = field(default=None)


def read_golden_paths(path: Path) -> tuple[GoldenPath, ...]:
    """Read a file of golden check paths, in its order.

    Raises:
        Invalid: the file can't be read or has no path, or a line lacks a field, has a wrong one or repeats an id.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{path} can't be read: {getattr(error, 'strerror', None) or error}", "golden") from error
    golden = {}
    for where, raw in _objects(path, lines):
        case = _golden_path(where, raw)
        if case.id in golden:
            raise Invalid(f"{where}: the id {case.id!r} was there before; give each question its own", "id")
        golden[case.id] = case
    if not golden:
        raise Invalid(f"{path} has no golden path; give one JSON object a line", "golden")
    return tuple(golden.values())


def _objects(path: Path, lines: list[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"{path.name}, line {number}"
        try:
            raw = json.loads(line)
        except ValueError as error:
            raise Invalid(f"{where} is no JSON: {error}", "golden") from error
        if not isinstance(raw, dict):
            raise Invalid(f"{where} is no JSON object; give an object with id, text and checks", "golden")
        yield where, raw


def _golden_path(where: str, raw: Mapping[str, Any]) -> GoldenPath:
    labels, checks = raw.get("labels") or {}, raw.get("checks")
    if not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
        raise Invalid(f"{where}: labels must be an object of texts", "labels")
    if not isinstance(checks, list) or not checks:
        raise Invalid(f"{where}: checks must be a list with at least one check", "checks")
    situation = Situation(_text(where, raw, "text"), _optional_text(where, raw, "service"), labels)
    forms = tuple(_check_form(f"{where}, check {number}", check) for number, check in enumerate(checks, start=1))
    return GoldenPath(_text(where, raw, "id"), situation, forms, _optional_text(where, raw, "cause"))


def _check_form(where: str, check: object) -> CheckForm:
    if isinstance(check, str):
        check = {"text": check}
    if not isinstance(check, dict):
        raise Invalid(f"{where} must be a text or an object with text and command", "checks")
    return CheckForm.of(_text(where, check, "text"), _optional_text(where, check, "command"))


def _text(where: str, raw: Mapping[str, Any], name: str) -> str:
    text = _optional_text(where, raw, name)
    if text is None or not text.strip():
        raise Invalid(f"{where}: {name} is missing", name)
    return text


def _optional_text(where: str, raw: Mapping[str, Any], name: str) -> str | None:
    value = raw.get(name)
    if value is not None and not isinstance(value, str):
        raise Invalid(f"{where}: {name} must be a text", name)
    return value

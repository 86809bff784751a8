"""Payloads as the tools' own documentation shows them, and how to read them.

`python -m sources.golden` (with `tests` on the path) writes anew what each payload is expected to say; review it as a diff.
"""

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from onrecall.domain.alert import Acknowledgement, Alert, ChangeEvent, Note
from onrecall.domain.errors import Invalid
from onrecall.sources import SOURCES, ParsedWebhook, WebhookRequest

FOLDER = Path(__file__).parent / "payloads"
EXPECTED = Path(__file__).parent / "expected"
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
CASES = ("firing", "change", "resolved", "test", "odd")


def body(source: str, name: str) -> bytes:
    """One payload, byte for byte."""
    return (FOLDER / source / f"{name}.json").read_bytes()


def read(source: str, name: str, now: datetime = NOW) -> ParsedWebhook:
    """What a payload says."""
    return SOURCES[source].parse(WebhookRequest(body(source, name)), now)


def only_signal(source: str, name: str, now: datetime = NOW):
    """The only signal of a payload."""
    (signal,) = read(source, name, now).signals
    return signal


@cache
def bodies(source: str) -> list[bytes]:
    """All payloads of a sender."""
    return [path.read_bytes() for path in sorted((FOLDER / source).glob("*.json"))]


def files(source: str) -> list[Path]:
    """The files with the payloads of a source, JSON and forms."""
    return sorted(path for path in (FOLDER / source).glob("*.*") if path.suffix in (".json", ".txt"))


def summary(parsed: ParsedWebhook) -> dict[str, Any]:
    """What a payload says, as it is written down."""
    said = [_signal(signal) for signal in parsed.signals]
    wrong = [f"{part.where}: {part.message}" for part in parsed.malformed]
    return {"says": said} | ({"rejected": wrong} if wrong else {})


def _signal(signal: Any) -> dict[str, Any]:
    match signal:
        case Alert():
            shown = (
                *(
                    "title",
                    "key",
                    "status",
                    "severity",
                    "service",
                    "environment",
                    "starts_at",
                    "starts_known",
                    "ends_at",
                ),
                *("told_at", "labels", "annotations", "values", "links", "link_kinds", "purpose", "purpose_reason"),
                *("expires_after", "problems", "description", "group"),
            )
        case ChangeEvent():
            shown = ("title", "key", "kind", "service", "environment", "at", "labels", "links")
        case Note():
            shown = ("key", "id", "text", "at", "by")
        case Acknowledgement():
            shown = ("key", "at", "by")
    unsaid = (None, "", {}, (), "incident", "unknown")
    return {"is": type(signal).__name__} | {
        name: _plain(value) for name in shown if (value := getattr(signal, name)) not in unsaid
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return "now" if value == NOW else value.isoformat()
    if isinstance(value, tuple):
        return list(value)
    return value if isinstance(value, str | int | float | bool | dict) else str(value)


def expected(source: str) -> dict[str, Any]:
    """What each payload of a source says today."""
    return {path.name: _as_json(source, path) for path in files(source)}


def _as_json(source: str, path: Path) -> dict[str, Any]:
    try:
        return summary(SOURCES[source].parse(WebhookRequest(path.read_bytes()), NOW))
    except Invalid as error:
        return {"refused": str(error)}


def write() -> None:
    """Write down what all payloads say today."""
    EXPECTED.mkdir(exist_ok=True)
    for source in SOURCES:
        if source != "generic" and files(source):
            text = json.dumps(expected(source), indent=1, ensure_ascii=False)
            (EXPECTED / f"{source}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()

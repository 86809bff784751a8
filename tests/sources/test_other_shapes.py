"""Payloads in other versions and forms than the golden ones, and of tools without a file, in `other_shapes.jsonl`."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from onrecall.domain.alert import Alert, InboundEvent
from onrecall.domain.errors import Invalid
from onrecall.sources import SOURCES, ParsedWebhook, WebhookRequest

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ROWS = [json.loads(line) for line in (Path(__file__).parent / "other_shapes.jsonl").read_text("utf-8").splitlines()]
UNSAID = (None, "", "incident", "unknown")


def parse(row: dict) -> ParsedWebhook:
    text = row["text"] if "text" in row else json.dumps(row["body"])
    is_form = "text" in row and "=" in text and not text.startswith("<")
    headers = {"content-type": "application/x-www-form-urlencoded"} if is_form else {}
    return SOURCES[row["source"]].parse(WebhookRequest(text.encode(), headers), NOON)


def describe(signals: tuple[InboundEvent, ...]) -> dict:
    first = signals[0]
    names = ("title", "status", "severity", "service", "environment", "purpose")
    described = {name: str(value) for name in names if (value := getattr(first, name, None)) not in UNSAID}
    if isinstance(first, Alert) and first.starts_at != NOON:
        described["starts_at"] = first.starts_at.isoformat()[:19]
    if len(signals) > 1:
        described["signals"] = len(signals)
    return {"is": type(first).__name__, **described}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['source']} {row['name']}")
def test_payload_of_another_shape(row: dict) -> None:
    if "says" not in row:
        try:
            parsed = parse(row)
        except Invalid:
            assert row["refused"]
        else:
            assert bool(parsed.malformed) == row["refused"]
            assert not parsed.signals
    else:
        assert describe(parse(row).signals) == row["says"]


def test_keys_of_payloads_that_belong_together() -> None:
    keys = {(row["source"], row["name"]): parse(row).signals[0].key for row in ROWS if "says" in row}
    for row in ROWS:
        key = keys.get((row["source"], row["name"]))
        if "same_key_as" in row:
            assert key == keys[row["source"], row["same_key_as"]], row
        if "other_key_than" in row:
            assert key != keys[row["source"], row["other_key_than"]], row

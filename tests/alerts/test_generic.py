"""Any JSON becomes an alert: by the names that people give their fields, or where a mapping says that they stand."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from onrecall.alert import Alert
from onrecall.alerts import Delivery, generic, mapping
from onrecall.errors import Invalid

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BODIES = json.loads((Path(__file__).parent / "payloads/generic/bodies.json").read_text(encoding="utf-8"))


def one(body: Any, mapped: mapping.Mapped | None = None) -> Alert:
    parse = generic.parser(mapped) if mapped else generic.parse
    parsed = parse(Delivery(json.dumps(body).encode()), NOW)
    assert not parsed.malformed
    (alert,) = parsed.signals
    assert isinstance(alert, Alert)
    return alert


@pytest.mark.parametrize("told", BODIES, ids=[told["from"] for told in BODIES])
def test_plausible_bodies(told: dict[str, Any]) -> None:
    alert = one(told["body"])
    for field, expected in told["expect"].items():
        found = getattr(alert, field)
        if field in ("labels", "values"):
            assert expected.items() <= found.items(), field
        elif isinstance(found, datetime):
            assert found == (datetime.fromisoformat(expected) if expected else NOW), field
        else:
            assert (list(found) if isinstance(found, tuple) else found) == expected, field

"""Payloads as the senders' own documentation shows them, and how to read them."""

from datetime import UTC, datetime
from pathlib import Path

from onrecall.sources import SOURCES, Delivery, Parsed

FOLDER = Path(__file__).parent / "payloads"
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def body(source: str, name: str) -> bytes:
    """One payload, byte for byte."""
    return (FOLDER / source / f"{name}.json").read_bytes()


def read(source: str, name: str, now: datetime = NOW) -> Parsed:
    """What a payload says."""
    return SOURCES[source].parse(Delivery(body(source, name)), now)


def one(source: str, name: str, now: datetime = NOW):
    """The only signal of a payload."""
    (signal,) = read(source, name, now).signals
    return signal


def bodies(source: str) -> list[bytes]:
    """All payloads of a sender."""
    return [path.read_bytes() for path in sorted((FOLDER / source).glob("*.json"))]

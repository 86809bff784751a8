"""Golden records as files: stable text, rounded numbers, one file for each case."""

import json
import math
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
EXPECTED = FOLDER / "expected"
DIGITS = 4
"""Digits behind the point in every record; the product rounds its scores to as many."""
MARGIN = 1e-9
"""The distance from the border between two rounded values that sums of 64-bit floats keep on every processor."""

BORDERLINE = "borderline"
"""The key of a record that could not be made: it may differ on another processor."""
SHOWN = 160
"""Characters of a value that a difference shows."""


class BorderlineError(Exception):
    """A number lies so near the border between two rounded values that another processor may round it differently."""


def read_inputs(name: str) -> Any:
    """Returns a file of inputs."""
    return yaml.safe_load((FOLDER / "inputs" / f"{name}.yaml").read_text(encoding="utf-8"))


def stable_round(value: float, digits: int = DIGITS, margin: float = MARGIN) -> float:
    """Returns the rounded value.

    Raises:
        BorderlineError: The value is within `margin` of the border, and not a multiple of a short decimal fraction.
    """
    scaled = value * 10**digits
    exact = math.isclose(value, round(value, digits + 4), rel_tol=0, abs_tol=1e-13)
    if not exact and abs(scaled - math.floor(scaled) - 0.5) < margin * 10**digits:
        raise BorderlineError(f"{value!r} may round differently on another processor; choose another input")
    return round(value, digits)


def rounded(value: Any) -> Any:
    """Returns a JSON value with every float rounded and every mapping in the order of its keys."""
    if isinstance(value, float):
        return stable_round(value)
    if isinstance(value, Mapping):
        return {str(key): rounded(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    return value


def to_text(record: Any) -> str:
    """Returns a record as the text of its golden file."""
    return json.dumps(rounded(record), indent=1, ensure_ascii=False) + "\n"


def case_text(record: Any) -> str:
    """Returns the same text; of a record with a borderline number, a text that says so."""
    try:
        return to_text(record)
    except BorderlineError as error:
        return to_text({BORDERLINE: str(error)})


def differences(expected: Any, actual: Any, place: str = "") -> Iterator[str]:
    """Yields a line for each value that differs between two records, with its place in them."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key in sorted(expected.keys() | actual.keys()):
            yield from differences(expected.get(key), actual.get(key), f"{place}.{key}")
    elif isinstance(expected, list) and isinstance(actual, list):
        for number, (old, new) in enumerate(zip_longest(expected, actual)):
            yield from differences(old, new, f"{place}[{number}]")
    elif expected != actual:
        yield f"{place}: {_shortened(expected)} → {_shortened(actual)}"


def _shortened(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def expected_cases(group: str) -> dict[str, Path]:
    """Returns the golden file of each case of a group."""
    return {path.stem: path for path in sorted((EXPECTED / group).glob("*.json"))}


def write_records(group: str, cases: Mapping[str, Any]) -> None:
    """Writes the golden file of every case and removes those of cases that no longer exist.

    Raises:
        BorderlineError: A record may differ on another processor.
    """
    borderline = [f"{case}: {record[BORDERLINE]}" for case, record in cases.items() if BORDERLINE in record]
    if borderline:
        raise BorderlineError("; ".join(borderline))
    texts = {case: to_text(record) for case, record in cases.items()}
    (EXPECTED / group).mkdir(parents=True, exist_ok=True)
    for case, path in expected_cases(group).items():
        if case not in texts:
            path.unlink()
    for case, text in texts.items():
        (EXPECTED / group / f"{case}.json").write_text(text, encoding="utf-8")

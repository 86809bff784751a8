"""The values in a text that belong to one particular incident: hosts, pods, ids, times. They must not pass for today's.

What stays the same from incident to incident is left alone: commands, kinds of resources, namespaces, services, ports,
paths, SQLSTATEs and error codes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from onrecall.domain.document import Document
from onrecall.domain.incident import Incident
from onrecall.domain.situation import Situation
from onrecall.recommendation.value_patterns import PATTERNS, WELL_KNOWN

_MARKED = re.compile(r"[\u2039\u203a]")
_KIND_BY_WORD = {
    **dict.fromkeys(["exec", "logs", "log", "pod", "pods", "po", "attach", "port-forward"], "pod"),
    **dict.fromkeys(["node", "nodes", "drain", "cordon", "uncordon", "ssh", "host", "--host", "-h", "ping"], "host"),
}
"""What a word of a command says about the value that follows it."""
_QUOTED = re.compile(r"\u2039(?P<value>[^\u2039\u203a]+)\u203a")
_HOST_LABELS = frozenset(
    ["host", "hostname", "instance", "node", "nodename", "pod", "pod_name", "container", "container_id", "server", "ip"]
)
_SAME_EVERYWHERE = frozenset(["0.0.0.0", "127.0.0.1", "169.254.169.254", "8.8.8.8", "8.8.4.4", "1.1.1.1", "::", "::1"])  # noqa: S104


@dataclass(frozen=True, slots=True)
class InstanceValue:
    """A value that belongs to one incident, where it stands, and what kind it is of."""

    value: str
    start: int
    end: int
    kind: str


@lru_cache(maxsize=2048)
def find_instance_values(text: str) -> tuple[InstanceValue, ...]:
    """Return all instance values in the text, in order and without overlaps."""
    values: list[InstanceValue] = []
    covered = bytearray(len(text))
    for value in _match_patterns(text):
        if not any(covered[value.start : value.end]):
            covered[value.start : value.end] = b"\x01" * (value.end - value.start)
            values.append(value)
    return tuple(sorted(values, key=lambda value: value.start))


def mask_instance_values(text: str) -> str:
    """Replace each instance value by its kind, such as `<pod>`: the same action on another host gives the same text."""
    unmarked = _MARKED.sub("", text)
    return _replace_spans(
        unmarked, [(value.start, value.end, f"<{value.kind}>") for value in find_instance_values(unmarked)]
    )


def mark_source_values(
    text: str, source: Incident | Document | None, situation: Situation
) -> tuple[str, tuple[str, ...]]:
    """Mark the values of the text's source, unless the situation names them too; return the text and these values."""
    unmarked = _MARKED.sub("", text)
    current_text = "\n".join([situation.text, situation.service or "", *situation.labels.values()])
    old = [p for p in find_instance_values(unmarked) if not _occurs(p.value, current_text)]
    labels = source.labels.items() if source else ()
    for name, value in labels:
        if name.lower() in _HOST_LABELS and re.search(r"\d", value) and not _occurs(value, current_text):
            old += [
                p for p in _find_value(unmarked, value) if not any(p.start < q.end and q.start < p.end for q in old)
            ]
    return _add_marks(unmarked, sorted(old, key=lambda p: p.start))


def find_marked_values(text: str) -> tuple[InstanceValue, ...]:
    """Return each value in angle quotes once, in order; positions count in the text without the quotes."""
    unmarked = _MARKED.sub("", text)
    kinds = {known_value.value: known_value.kind for known_value in find_instance_values(unmarked)}
    values: dict[str, InstanceValue] = {}
    for index, match in enumerate(_QUOTED.finditer(text)):
        start = match.start() - 2 * index
        value = match["value"]
        kind = kinds.get(value) or _kind_from_context(text[: match.start()])
        values.setdefault(value, InstanceValue(value, start, start + len(value), kind))
    return tuple(values.values())


def _kind_from_context(before: str) -> str:
    """Return the kind of a value by the word before it; `value` if that word says nothing."""
    words = re.split(r"[\s/=]+", before.lower().rstrip("/= '\"\t"))
    return _KIND_BY_WORD.get(words[-1], "value")


def _add_marks(text: str, old: list[InstanceValue]) -> tuple[str, tuple[str, ...]]:
    marked = _replace_spans(text, [(value.start, value.end, f"\u2039{value.value}\u203a") for value in old])
    return marked, tuple(dict.fromkeys(value.value for value in old))


def _replace_spans(text: str, spans: list[tuple[int, int, str]]) -> str:
    parts, position = [], 0
    for start, end, replacement in spans:
        parts += [text[position:start], replacement]
        position = end
    return "".join([*parts, text[position:]])


def _find_value(text: str, value: str) -> Iterator[InstanceValue]:
    for match in _value_pattern(value).finditer(text):
        yield InstanceValue(value, match.start(), match.end(), "host")


def _occurs(value: str, text: str) -> bool:
    return _value_pattern(value).search(text) is not None


def _value_pattern(value: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){re.escape(value)}(?![\w-])", re.IGNORECASE)


def _match_patterns(text: str) -> Iterator[InstanceValue]:
    for kind, pattern in PATTERNS:
        for match in pattern.finditer(text):
            group = match.lastgroup or 0
            start, end = match.span(group)
            if end > start and _is_instance_value(kind, match[group]):
                yield InstanceValue(match[group], start, end, kind)


def _is_instance_value(kind: str, value: str) -> bool:
    """Check what a pattern cannot: that an address is valid, that a hash is not a plain word or number."""
    if kind == "ip":
        return _is_instance_address(value.partition("/")[0]) and value not in (
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
        )
    if kind in ("commit", "trace", "container"):
        return re.search(r"\d", value) is not None and re.search(r"[a-f]", value, re.IGNORECASE) is not None
    return WELL_KNOWN.fullmatch(value) is None


def _is_instance_address(value: str) -> bool:
    if value in _SAME_EVERYWHERE or value.startswith("255."):
        return False
    try:
        IPv6Address(value) if ":" in value else IPv4Address(value)
    except AddressValueError:
        return False
    return True

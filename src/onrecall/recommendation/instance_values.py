"""The values in a text that belong to one particular incident: hosts, pods, ids, times. They must not pass for today's.

What stays the same from incident to incident is left alone: commands, kinds of resources, namespaces, services, ports,
paths, SQLSTATEs and error codes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from onrecall.domain.incident import Document, Incident, Situation
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
def particulars(text: str) -> tuple[InstanceValue, ...]:
    """All such values in the text, in their order; none overlaps another."""
    found: list[InstanceValue] = []
    taken = bytearray(len(text))
    for particular in _matches(text):
        if not any(taken[particular.start : particular.end]):
            taken[particular.start : particular.end] = b"\x01" * (particular.end - particular.start)
            found.append(particular)
    return tuple(sorted(found, key=lambda p: p.start))


def mark(text: str, known_now: str) -> tuple[str, tuple[str, ...]]:
    """The text with every particular that is not known now in angle quotes, and those values."""
    bare = _MARKED.sub("", text)
    return _mark(bare, [p for p in particulars(bare) if not _occurs(p.value, known_now)])


def mask(text: str) -> str:
    """The text with each particular replaced by its kind, such as `<pod>`: equal for the same action on other hosts."""
    bare = _MARKED.sub("", text)
    return _replaced(bare, [(p.start, p.end, f"<{p.kind}>") for p in particulars(bare)])


def old_values(text: str, source: Incident | Document | None, situation: Situation) -> tuple[str, tuple[str, ...]]:
    """The text with the values of its source marked, unless the situation names them too."""
    bare = _MARKED.sub("", text)
    now = "\n".join([situation.text, situation.service or "", *situation.labels.values()])
    found = [p for p in particulars(bare) if not _occurs(p.value, now)]
    labels = source.labels.items() if source else ()
    for name, value in labels:
        if name.lower() in _HOST_LABELS and re.search(r"\d", value) and not _occurs(value, now):
            found += [p for p in _named(bare, value) if not any(p.start < q.end and q.start < p.end for q in found)]
    return _mark(bare, sorted(found, key=lambda p: p.start))


def marked_values(text: str) -> tuple[InstanceValue, ...]:
    """The values that stand in angle quotes, each once, in their order, placed in the text without the quotes."""
    bare = _MARKED.sub("", text)
    kinds = {particular.value: particular.kind for particular in particulars(bare)}
    found: dict[str, InstanceValue] = {}
    for index, match in enumerate(_QUOTED.finditer(text)):
        start = match.start() - 2 * index
        value = match["value"]
        kind = kinds.get(value) or _kind_by_place(text[: match.start()])
        found.setdefault(value, InstanceValue(value, start, start + len(value), kind))
    return tuple(found.values())


def _kind_by_place(before: str) -> str:
    """What the word before a value says that it is; `value` where that says nothing."""
    words = re.split(r"[\s/=]+", before.lower().rstrip("/= '\"\t"))
    return _KIND_BY_WORD.get(words[-1], "value")


def _mark(text: str, old: list[InstanceValue]) -> tuple[str, tuple[str, ...]]:
    marked = _replaced(text, [(p.start, p.end, f"\u2039{p.value}\u203a") for p in old])
    return marked, tuple(dict.fromkeys(p.value for p in old))


def _replaced(text: str, spans: list[tuple[int, int, str]]) -> str:
    parts, at = [], 0
    for start, end, new in spans:
        parts += [text[at:start], new]
        at = end
    return "".join([*parts, text[at:]])


def _named(text: str, value: str) -> Iterator[InstanceValue]:
    for match in _whole(value).finditer(text):
        yield InstanceValue(value, match.start(), match.end(), "host")


def _occurs(value: str, known: str) -> bool:
    return _whole(value).search(known) is not None


def _whole(value: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){re.escape(value)}(?![\w-])", re.IGNORECASE)


def _matches(text: str) -> Iterator[InstanceValue]:
    for kind, pattern in PATTERNS:
        for match in pattern.finditer(text):
            group = match.lastgroup or 0
            start, end = match.span(group)
            if end > start and _holds(kind, match[group]):
                yield InstanceValue(match[group], start, end, kind)


def _holds(kind: str, value: str) -> bool:
    """What a pattern alone cannot tell: whether an address is one, whether a hash is no plain word or number."""
    if kind == "ip":
        return _address(value.partition("/")[0]) and value not in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
    if kind in ("commit", "trace", "container"):
        return re.search(r"\d", value) is not None and re.search(r"[a-f]", value, re.IGNORECASE) is not None
    return WELL_KNOWN.fullmatch(value) is None


def _address(value: str) -> bool:
    if value in _SAME_EVERYWHERE or value.startswith("255."):
        return False
    try:
        IPv6Address(value) if ":" in value else IPv4Address(value)
    except AddressValueError:
        return False
    return True

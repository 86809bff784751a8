"""Detect the values of Kubernetes Secrets in YAML and JSON: everything in `data` and `stringData`."""

import re
from collections.abc import Iterator

from onrecall.redaction import heuristics as looks
from onrecall.redaction.pattern import Match
from onrecall.redaction.rules import pattern_detector
from onrecall.redaction.scanner import Detector, DetectorHit, PatternDetector, SecretSpan

_KIND = re.compile(r"[\"']?kind[\"']?:[ ]?[\"']?Secret[\"']?(?=\s*[,}\r\n#]|\s*\Z)", re.IGNORECASE)
_DATA = re.compile(r"(?P<indent>[ \t]*)(?:- )?[\"']?(?:data|stringData)[\"']?:[ \t]*(?:#[^\n]*)?")
_ENTRY = re.compile(
    r"[ \t]*[\"']?[\w.-]+[\"']?:[ \t]*(?:[|>][+-]?\d?[ \t]*|[\"']?(?P<v>[^\s\"'#][^\n\"']*?)[\"']?[ \t]*)"
    r"(?:#[^\n]*)?\r?"
)
_OBJECT = re.compile(r"\"(?:data|stringData)\"\s*:\s*\{(?P<entries>[^{}]{0,200000})\}")
_PAIR = re.compile(r"\"[^\"\n]{1,253}\"\s*:\s*\"(?P<v>(?:[^\"\\\n]|\\.)+)\"")
_MOST_LINES = 2000
_MAX_DISTANCE = 100_000


class KubernetesSecret:
    """Detects the values of a Secret."""

    anchors = ("kind:", 'kind":', "kind':")
    exact = False

    def scan(self, text: str, anchor: int) -> DetectorHit | None:
        """Return the values of the Secret whose `kind` is at the anchor."""
        kind = _KIND.match(text, anchor)
        if kind is None:
            return None
        quoted = text[anchor - 1 : anchor] in ('"', "'")
        spans = tuple(_json_secrets(text, anchor) if quoted else _yaml_secrets(text, anchor))
        return DetectorHit(spans, kind.end())


def _json_secrets(text: str, anchor: int) -> Iterator[SecretSpan]:
    """Yield the values between the `kind`s of the previous and the next object."""
    begin = max(text.rfind('"kind"', max(0, anchor - _MAX_DISTANCE), anchor - 1), anchor - _MAX_DISTANCE, 0)
    following = text.find('"kind"', anchor + 6, anchor + _MAX_DISTANCE)
    end = following if following >= 0 else min(len(text), anchor + _MAX_DISTANCE)
    for data_object in _OBJECT.finditer(text, begin, end):
        yield from _object_values(text, data_object)


def _object_values(text: str, data_object: Match) -> Iterator[SecretSpan]:
    """Yield the values of a JSON object."""
    for pair in _PAIR.finditer(text, *data_object.span("entries")):
        yield SecretSpan(*pair.span("v"), "kubernetes-secret")


def _yaml_secrets(text: str, anchor: int) -> Iterator[SecretSpan]:
    """Yield the values below `data`, which has the same indentation as `kind`."""
    begin = text.rfind("\n", 0, anchor) + 1
    head = text[begin:anchor]
    if head.strip(" \t-"):
        return
    indent = len(head)
    first = _object_start(text, begin, indent)
    yield from _value_spans(text, first, indent)


def _object_start(text: str, begin: int, indent: int) -> int:
    """Return the start of the object: the line after one that is less indented or another `kind`."""
    for _ in range(_MOST_LINES):
        if begin == 0 or text[begin : begin + indent].strip() == "-":
            return begin
        before = text.rfind("\n", 0, begin - 1) + 1
        line = text[before : begin - 1]
        if _is_outside_object(line, indent):
            return begin
        begin = before
    return begin


def _is_outside_object(line: str, indent: int) -> bool:
    """Return whether a line is outside of an object with this indentation."""
    inner = line[indent:]
    return (
        line.startswith(("---", "\0"))
        or inner.startswith("kind:")
        or (bool(line.strip()) and bool(line[:indent].strip(" \t-")))
    )


def _value_spans(text: str, at: int, indent: int) -> Iterator[SecretSpan]:
    inside, kinds = False, 0
    for _ in range(_MOST_LINES):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        line = text[at:end]
        kinds += line[indent:].startswith("kind:")
        if kinds > 1 or (at and kinds and _is_outside_object(line, indent) and not line[indent:].startswith("kind:")):
            return
        deeper = len(line) - len(line.lstrip(" \t")) > indent
        if inside and deeper:
            yield from _value_span(line, at)
        elif line.strip():
            data = _DATA.fullmatch(line.rstrip("\r"))
            inside = data is not None and line[:indent].strip(" \t-") == ""
        if end >= len(text):
            return
        at = end + 1


def _value_span(line: str, at: int) -> Iterator[SecretSpan]:
    entry = _ENTRY.fullmatch(line)
    if entry is None:
        value = line.strip()
        if value and not value.startswith("[redacted:"):
            start = at + line.index(value)
            yield SecretSpan(start, start + len(value), "kubernetes-secret")
    elif entry["v"] and not entry["v"].startswith(("[redacted:", "{{", "${", "<")):
        start, end = entry.span("v")
        yield SecretSpan(at + start, at + end, "kubernetes-secret")


class StringData:
    """Detects the values of `stringData`, which only a Secret has, where its kind is not shown."""

    anchors = ("stringdata",)
    exact = False

    def scan(self, text: str, anchor: int) -> DetectorHit | None:
        """Return the values below the word at the anchor."""
        begin = text.rfind("\n", 0, anchor) + 1
        lead = text[begin:anchor]
        if text[anchor - 1 : anchor] == '"' and (json_object := _OBJECT.match(text, anchor - 1)):
            return DetectorHit(tuple(_object_values(text, json_object)), json_object.end())
        if lead.strip(" \t->") or not text.startswith(":", anchor + len(self.anchors[0])):
            return None
        end, spans = _block_values(text, anchor, len(lead))
        return DetectorHit(tuple(spans), max(end, anchor + 1))


def _block_values(text: str, anchor: int, indent: int) -> tuple[int, list[SecretSpan]]:
    """Return where the block below the line of the anchor ends, and the values in it."""
    spans: list[SecretSpan] = []
    at = text.find("\n", anchor) + 1
    for _ in range(_MOST_LINES if at else 0):
        end = text.find("\n", at)
        line = text[at:end] if end >= 0 else text[at:]
        if line.strip() and len(line) - len(line.lstrip(" \t")) <= indent:
            break
        spans += _value_span(line, at) if line.strip() else []
        at = end + 1 if end >= 0 else len(text)
        if at >= len(text):
            break
    return at, spans


LITERALS: tuple[PatternDetector, ...] = (
    pattern_detector(
        "kubernetes-secret",
        "create secret",
        r"create secret (?:generic|tls) [^\n]{1,300}?--from-literal[= ][\"']?[\w.-]+=[\"']?(?P<s>[^\s\"']{1,1024})",
        looks.could_be_secret,
    ),
    pattern_detector(
        "kubernetes-secret",
        "--from-literal",
        r"--from-literal[= ][\"']?[\w.-]*(?i:passw|secret|token|key|dsn)[\w.-]*=[\"']?(?P<s>[^\s\"']{1,1024})",
    ),
)
KUBERNETES: tuple[Detector, ...] = (KubernetesSecret(), StringData(), *LITERALS)

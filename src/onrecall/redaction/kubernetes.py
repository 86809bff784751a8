"""The values of Secrets of Kubernetes, in YAML and JSON: all of `data` and `stringData`, whatever they are called."""

import re
from collections.abc import Iterator

from onrecall.redaction import heuristics as looks
from onrecall.redaction.rules import place
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
_NEAR = 100_000


class KubernetesSecret:
    """A detector of the values of a Secret."""

    anchors = ("kind:", 'kind":', "kind':")
    exact = False

    def scan(self, text: str, anchor: int) -> DetectorHit | None:
        """The values of the Secret whose kind stands at the anchor."""
        kind = _KIND.match(text, anchor)
        if kind is None:
            return None
        quoted = text[anchor - 1 : anchor] in ('"', "'")
        spans = tuple(_in_json(text, anchor) if quoted else _in_yaml(text, anchor))
        return DetectorHit(spans, kind.end())


def _in_json(text: str, anchor: int) -> Iterator[SecretSpan]:
    """The values between the kinds of the objects before and after this one."""
    begin = max(text.rfind('"kind"', max(0, anchor - _NEAR), anchor - 1), anchor - _NEAR, 0)
    following = text.find('"kind"', anchor + 6, anchor + _NEAR)
    end = following if following >= 0 else min(len(text), anchor + _NEAR)
    for found in _OBJECT.finditer(text, begin, end):
        for pair in _PAIR.finditer(text, *found.span("entries")):
            yield SecretSpan(*pair.span("v"), "kubernetes-secret")


def _in_yaml(text: str, anchor: int) -> Iterator[SecretSpan]:
    """The values below `data`, which stands as far in as `kind` does, before or after it."""
    begin = text.rfind("\n", 0, anchor) + 1
    head = text[begin:anchor]
    if head.strip(" \t-"):
        return
    indent = len(head)
    first = _first_line(text, begin, indent)
    yield from _values(text, first, indent)


def _first_line(text: str, begin: int, indent: int) -> int:
    """Where the object begins: above it stands a line that is less indented, or another kind."""
    for _ in range(_MOST_LINES):
        if begin == 0 or text[begin : begin + indent].strip() == "-":
            return begin
        before = text.rfind("\n", 0, begin - 1) + 1
        line = text[before : begin - 1]
        if _ends(line, indent):
            return begin
        begin = before
    return begin


def _ends(line: str, indent: int) -> bool:
    """Whether a line stands outside of an object whose members are so far in."""
    inner = line[indent:]
    return (
        line.startswith(("---", "\0"))
        or inner.startswith("kind:")
        or (bool(line.strip()) and bool(line[:indent].strip(" \t-")))
    )


def _values(text: str, at: int, indent: int) -> Iterator[SecretSpan]:
    inside, kinds = False, 0
    for _ in range(_MOST_LINES):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        line = text[at:end]
        kinds += line[indent:].startswith("kind:")
        if kinds > 1 or (at and kinds and _ends(line, indent) and not line[indent:].startswith("kind:")):
            return
        deeper = len(line) - len(line.lstrip(" \t")) > indent
        if inside and deeper:
            yield from _value(line, at)
        elif line.strip():
            data = _DATA.fullmatch(line.rstrip("\r"))
            inside = data is not None and line[:indent].strip(" \t-") == ""
        if end >= len(text):
            return
        at = end + 1


def _value(line: str, at: int) -> Iterator[SecretSpan]:
    entry = _ENTRY.fullmatch(line)
    if entry is None:
        value = line.strip()
        if value and not value.startswith("[redacted:"):
            start = at + line.index(value)
            yield SecretSpan(start, start + len(value), "kubernetes-secret")
    elif entry["v"] and not entry["v"].startswith(("[redacted:", "{{", "${", "<")):
        start, end = entry.span("v")
        yield SecretSpan(at + start, at + end, "kubernetes-secret")


LITERALS: tuple[PatternDetector, ...] = (
    place(
        "kubernetes-secret",
        "create secret",
        r"create secret (?:generic|tls) [^\n]{1,300}?--from-literal[= ][\"']?[\w.-]+=[\"']?(?P<s>[^\s\"']{1,1024})",
        looks.could_be_secret,
    ),
    place(
        "kubernetes-secret",
        "--from-literal",
        r"--from-literal[= ][\"']?[\w.-]*(?i:passw|secret|token|key|dsn)[\w.-]*=[\"']?(?P<s>[^\s\"']{1,1024})",
    ),
)
KUBERNETES: tuple[Detector, ...] = (KubernetesSecret(), *LITERALS)

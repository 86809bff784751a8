"""Private keys in blocks, which reach over many lines, and as JSON Web Keys."""

import re
from collections.abc import Iterator

from onrecall.redaction.rules import everything, place
from onrecall.redaction.scanner import Detector, DetectorHit, PatternDetector, SecretSpan

BLOCKS: tuple[PatternDetector, ...] = (
    place(
        "private-key",
        "-----begin ",
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
        r"(?P<s>(?:[A-Za-z0-9+/=\s:,.>|#*]|\\[nr]|-(?!----END))*)",
        lambda body: len(body) > 20,
    ),
    place(
        "private-key",
        "-----begin openvpn",
        r"-----BEGIN OpenVPN Static key V1-----(?P<s>(?:[0-9a-fA-F\s>|#*]|\\[nr])*)",
        lambda body: len(body) > 20,
    ),
    place("private-key", "private-lines:", r"(?i:private-lines:) \d+\s(?P<s>[A-Za-z0-9+/=\s]+)", everything),
    place("key", "fernet(", r"(?i:fernet)\(b?[\"'](?P<s>[\w=-]{40,48})[\"']", everything),
)
_MEMBER = re.compile(r"\"(?:d|p|q|dp|dq|qi|k)\"\s{0,3}:\s{0,3}\"(?P<s>[\w+/=-]{8,2000})\"")
_LARGEST = 8000


class JsonWebKey:
    """A detector of the private members of a JSON Web Key."""

    anchors = ('"kty"',)
    exact = False

    def scan(self, text: str, anchor: int) -> DetectorHit | None:
        """The private members of the object in which `kty` stands."""
        begin = max(text.rfind("{", max(0, anchor - _LARGEST), anchor), 0)
        end = text.find("}", anchor, anchor + _LARGEST)
        end = end if end >= 0 else min(len(text), anchor + _LARGEST)
        spans = tuple(self._members(text, begin, end))
        return DetectorHit(spans, end)

    def _members(self, text: str, begin: int, end: int) -> Iterator[SecretSpan]:
        for match in _MEMBER.finditer(text, begin, end):
            yield SecretSpan(*match.span("s"), "private-key")


PRIVATE_KEYS: tuple[Detector, ...] = (*BLOCKS, JsonWebKey())

"""Detect private keys in multi-line blocks and JSON Web Keys."""

import re
from collections.abc import Iterator

from onrecall.redaction.rules import accept_all, pattern_detector
from onrecall.redaction.scanner import Detector, DetectorHit, PatternDetector, SecretSpan

BLOCKS: tuple[PatternDetector, ...] = (
    pattern_detector(
        "private-key",
        "-----begin ",
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
        r"(?P<s>(?:[A-Za-z0-9+/=\s:,.>|#*]|\\[nr]|-(?!----END))*)",
        lambda body: len(body) > 20,
    ),
    pattern_detector(
        "private-key",
        "-----begin openvpn",
        r"-----BEGIN OpenVPN Static key V1-----(?P<s>(?:[0-9a-fA-F\s>|#*]|\\[nr])*)",
        lambda body: len(body) > 20,
    ),
    pattern_detector(
        "private-key",
        "private-lines:",
        r"(?i:private-lines:) \d+\s{1,3}(?P<s>[A-Za-z0-9+/=]++(?:\s{1,3}[A-Za-z0-9+/=]++(?!-))*)",
        accept_all,
    ),
    pattern_detector(
        "private-key",
        "---- begin ssh2 ",
        r"---- BEGIN SSH2 (?:\w+ )?PRIVATE KEY ----(?P<s>(?:\s{0,3}[\w-]{1,64}: [^\n]{1,1024})*[A-Za-z0-9+/=\s]*)",
        lambda body: len(body) > 20,
    ),
    pattern_detector(
        "private-key",
        "<d>|<p>|<q>|<dp>|<dq>|<inverseq>",
        r"(?i)<\w{1,8}>\s{0,8}(?P<s>[A-Za-z0-9+/=\s]{40,4000})</(?:D|P|Q|DP|DQ|InverseQ)>",
        accept_all,
    ),
    pattern_detector("key", "fernet(", r"(?i:fernet)\(b?[\"'](?P<s>[\w=-]{40,48})[\"']", accept_all),
)
_MEMBER = re.compile(r"\"(?:d|p|q|dp|dq|qi|k)\"\s{0,3}:\s{0,3}\"(?P<s>[\w+/=-]{8,2000})\"")
_LARGEST = 8000


class JsonWebKey:
    """Detects the private members of a JSON Web Key."""

    anchors = ('"kty"',)
    exact = False

    def scan(self, text: str, anchor: int) -> DetectorHit | None:
        """Return the private members of the object that contains `kty`."""
        begin = max(text.rfind("{", max(0, anchor - _LARGEST), anchor), 0)
        end = text.find("}", anchor, anchor + _LARGEST)
        end = end if end >= 0 else min(len(text), anchor + _LARGEST)
        spans = tuple(self._members(text, begin, end))
        return DetectorHit(spans, end)

    def _members(self, text: str, begin: int, end: int) -> Iterator[SecretSpan]:
        for match in _MEMBER.finditer(text, begin, end):
            yield SecretSpan(*match.span("s"), "private-key")


PRIVATE_KEYS: tuple[Detector, ...] = (*BLOCKS, JsonWebKey())

"""Detect secrets in base64: in the `data:` of a manifest that is cut off, and piped to a decoder."""

import re
from base64 import b64decode
from binascii import Error as NotBase64

from onrecall.redaction import heuristics as looks
from onrecall.redaction.rules import pattern_detector
from onrecall.redaction.scanner import Detector, DetectorHit, SecretSpan

_HEAD = re.compile(r"data[\"']?:[ \t]*(?:#[^\n]*)?\r?\n")
_ENTRY = re.compile(
    r"(?P<indent>[ \t]+)[\"']?[\w.-]{1,253}[\"']?:[ \t]+"
    r"(?P<q>[\"']?)(?P<s>[A-Za-z0-9+/]{8,20000}={0,2})(?P=q)[ \t]*(?:\r?\n|\Z)"
)
_OTHER_ENTRY = re.compile(r"(?P<indent>[ \t]+)[^\n]*(?:\n|\Z)")
_CONFIGURATION = re.compile(r"^[ \t]*kind:[ \t]*(?!Secret)\w", re.MULTILINE)
_PRINTABLE = re.compile(rb"[\t\n\r\x20-\x7e]{6,}")
_PRINTING_SECRETS = (
    r"(?i:get-secret-value|get-parameters?\b[^\n]{0,200}--with-decryption|secrets versions access"
    r"|keyvault secret show|-field=\S"
    r"|op read|pass show|get-login-password|print-access-token|get-access-token"
    r"|generate-db-auth-token|create token )"
)
"""Commands that print a secret, which stands on the next line."""
_MOST_LINES = 200
_NEAR = 2_000
"""So many characters around the block are searched for the kind of the object."""


class EncodedData:
    """Detects base64 below `data:` where the object's kind is not shown, as `kubectl get secret` is often pasted."""

    anchors = ("data:", 'data":', "data':")
    exact = False

    def scan(self, text: str, anchor: int) -> DetectorHit | None:
        """Return the encoded values below the word at the anchor."""
        head = _HEAD.match(text, anchor)
        before = text[text.rfind("\n", 0, anchor) + 1 : anchor]
        if head is None or before.strip(" \t-\"'>"):
            return None
        end, spans = _encoded_values(text, head.end(), len(before))
        around = text[max(0, anchor - _NEAR) : anchor + _NEAR] if spans else ""
        return DetectorHit(() if _CONFIGURATION.search(around) else tuple(spans), end)


def _encoded_values(text: str, at: int, indent: int) -> tuple[int, list[SecretSpan]]:
    """Return where the indented block ends, and its values that are base64 of text."""
    spans: list[SecretSpan] = []
    for _ in range(_MOST_LINES):
        entry = _ENTRY.match(text, at)
        line = entry or _OTHER_ENTRY.match(text, at)
        if line is None or len(line["indent"]) <= indent:
            break
        if entry is not None and _holds_text(entry["s"]):
            spans.append(SecretSpan(*entry.span("s"), "kubernetes-secret"))
        at = line.end()
    return at, spans


def _holds_text(value: str) -> bool:
    """Return whether a value is base64 of printable text that is no certificate."""
    plain = _decode(value)
    odd = re.search(r"[A-Z0-9]", value) is not None
    return odd and _PRINTABLE.fullmatch(plain) is not None and b"CERTIFICATE" not in plain


def _decode(value: str) -> bytes:
    """Return the decoded bytes; none for what is no base64."""
    try:
        return b64decode(value, validate=True)
    except (NotBase64, ValueError):
        return b""


def _holds_password(value: str) -> bool:
    """Return whether a value is base64 of a password, alone or in an address."""
    plain = _decode(value).decode("latin-1").strip()
    return looks.is_password_like(plain) or re.search(r"://[^/\s:@]*:[^/\s@]+@", plain) is not None


def _holds_private_key(value: str) -> bool:
    """Return whether the beginning of a value is base64 of the first line of a private key."""
    return b"PRIVATE KEY-----" in _decode(value[:80])


ENCODED: tuple[Detector, ...] = (
    EncodedData(),
    pattern_detector("private-key", "ls0tls1crudjti", r"(?P<s>[A-Za-z0-9+/]{80,20000}={0,2})", _holds_private_key),
    pattern_detector(
        "password",
        "echo |printf ",
        r"(?:echo|printf)(?: -\w{1,3}){0,2} [\"']?(?P<s>[A-Za-z0-9+/]{8,2000}={0,2})[\"']?"
        r" ?\| ?(?:base64 (?:-d|-D|--decode)|openssl (?:base64|enc)\b)",
        _holds_password,
    ),
    pattern_detector(
        "password",
        "echo |printf ",
        r"(?:echo|printf)(?: -\w{1,3}| '%s\S{0,3}'| \"%s\S{0,3}\"){0,2} [\"']?(?P<s>[^\s\"'|]{6,255})[\"']?"
        r" ?\| ?(?:base64(?! +-{1,2}[dD])|openssl (?:base64|enc|passwd)|mkpasswd|argon2|sha\d{1,3}sum|md5sum)\b",
        looks.is_password_like,
    ),
    pattern_detector(
        "password",
        "<(echo |<(printf ",
        r"<\((?:echo|printf)(?: -\w{1,3}| '%s'| \"%s\"){0,2} [\"']?(?P<s>[^\s\"'()]{6,4000})[\"']?\)",
        lambda value: looks.is_password_like(value) or looks.is_key(value),
    ),
    pattern_detector(
        "password",
        "get-secret-value|get-parameter|secrets versions access|keyvault secret show|-field=|op read|pass show|"
        "get-login-password|print-access-token|get-access-token|generate-db-auth-token|create token ",
        rf"{_PRINTING_SECRETS}[^\n]{{0,300}}\r?\n(?P<s>\S{{8,4000}})(?=[ \t]*(?:\r?\n|\Z))",
        lambda value: looks.is_made_up(value) or looks.is_key(value),
    ),
    pattern_detector(
        "password",
        "base64 -d|base64 --decode",
        r"base64 (?:-d|-D|--decode)[^\n|&;]{0,30}(?:; ?echo)?\r?\n(?P<s>\S{6,255})(?=[ \t]*(?:\n|\Z))",
        looks.is_mixed,
    ),
)

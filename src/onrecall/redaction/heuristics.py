"""Whether a value looks like a secret, or is a placeholder, a word of a sentence, a path or a piece of code."""

import math
import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections import Counter

_NOTHING = re.compile(
    r"(?:\*+|x{3,}|\.{3,}|-+|_+|•+|…|<[^>]*>?|\$\{?\(?[\w.:({-].*|\{\{.*|%[({]?\w+.*|\{[\w.]*\}?|\[.{0,40}|\u2039.*|@\w+|#\{.*"
    r"|null|nil|none|undefined|true|false|yes|no|required|invalid|missing|expired|failed|failure|incorrect|wrong|empty|unset"
    r"|unknown|error|denied|rejected|changed|rotated|reset|ok|valid|optional|string|str|text|redacted|hidden|masked|filtered"
    r"|removed|example|changeme|placeholder|your[_-].*|my[_-]?(?:password|secret|token)|not|is|was|for|must|cannot|could"
    r"|should|the|a|an|in|on|at|to|from|with|and|or|has|have|does|did|authentication|policy|file|prompt|env|password|token"
    r"|secret|bearer|basic|key|name|type|n/a|nan|0|-1|1|\||>-?|\|-|unexpected.*|expected|found|secretkeyref.*|valuefrom.*"
    r"|(?:vault|arn|sops|kms|ssm|env|file):.*|ref\+.*|enc\[.*|!(?:ref|sub|vault).*)",
    re.IGNORECASE | re.DOTALL,
)
"""What stands where a secret could, and is none."""
_ELSEWHERE = re.compile(
    r"(?:\[redacted:|\.{0,2}/|~/|[a-z0-9][a-z0-9.-]*/[a-z0-9][a-z0-9.-]*$|[\w.]+_FILE$).*",
    re.DOTALL,
)
"""A path, or the name of a Kubernetes secret with its namespace."""
_CODE = re.compile(
    r"[A-Za-z_]\w*(?:\.\w+)*(?:\((?:[a-z_., ]*\)?)|\[[a-z_]*)"
    r"|(?:self|this|settings|config|cfg|os|env|args|request|options|params|ctx|user|props)\.[\w.]+"
)
_NAME = re.compile(
    r"[\w-]+\.[a-z]{2,4}|[a-z-]+-?\d{1,4}|0x[0-9a-f]{1,16}|v\d[\w.-]*|\d+(?:ms|s|m|h|[kmg]i?b?)?", re.IGNORECASE
)
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


def password(value: str) -> bool:
    """Whether the value can be a secret at all."""
    said = _said(value)
    return bool(said) and not any(pattern.fullmatch(said) for pattern in (_NOTHING, _ELSEWHERE, _CODE))


def telling(value: str) -> bool:
    """Whether a word after `the password is` is a password rather than a part of the sentence."""
    return password(value) and _letters_and_digits(value)


def mixed(value: str) -> bool:
    """Whether the value looks made up by a machine: long enough, with digits and letters, and no plain name."""
    said = _said(value)
    return len(said) >= 8 and telling(value) and not _NAME.fullmatch(said)


def random(value: str) -> bool:
    """Whether the value is as random as a key is."""
    said = _said(value)
    return len(said) >= 16 and mixed(value) and entropy(said) >= 3.0 and not _UUID.fullmatch(said)


def entropy(value: str) -> float:
    """Shannon's entropy of the value's characters, in bits per character."""
    counts = Counter(value)
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())


def credentials(value: str) -> bool:
    """Whether this is base64 of `user:password`."""
    try:
        plain = b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (NotBase64, ValueError):
        return False
    return b":" in plain and plain.isascii()


def _letters_and_digits(value: str) -> bool:
    return re.search(r"\d", value) is not None and re.search(r"[A-Za-z]", value) is not None


def _said(value: str) -> str:
    return value[:4096].rstrip(").]}:,").strip()

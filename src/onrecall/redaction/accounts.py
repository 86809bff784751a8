"""Detect passwords beside the name of an account: `root:v`, `admin / v`, lines for `chpasswd`, and Windows' hashes."""

import re
from collections.abc import Sequence

from onrecall.redaction import heuristics as looks
from onrecall.redaction import lexicon
from onrecall.redaction.pattern import Pattern
from onrecall.redaction.rules import accept_all, pattern_detector
from onrecall.redaction.scanner import PatternDetector

_ADMINISTRATORS = ("admin", "root", "administrator", "guest", "postgres", "oracle", "sysadmin", "superuser")
"""Accounts so well known that a password beside them need not be unmistakable."""


def _login_detector(accounts: Sequence[str], joint: str, look: looks.Look) -> PatternDetector:
    """Return a detector of the password that a joint ties to an account."""
    return pattern_detector(
        "password",
        "|".join(f"{account}{joint}" for account in accounts),
        rf"(?<![\w.@/:-])(?i:{'|'.join(accounts)}){joint}(?P<s>[^\s:@/\"'`,;]{{8,64}})(?![\w:@/.])",
        look,
    )


def _is_alone(match: re.Match[str]) -> bool:
    """Return whether an account and its password are all of a line, as `chpasswd` reads them."""
    before = match.string[max(0, match.start() - 40) : match.start()]
    return not before.rpartition("\n")[2].strip() and looks.is_password_like(match["s"])


_ACCOUNT_LINE = PatternDetector(
    "password",
    tuple(f"{account}:" for account in lexicon.ACCOUNTS.split()),
    Pattern(r"(?<![\w.@/:-])[\w-]{1,20}:(?P<s>[^\s:@/\"'`,;]{8,64})(?=[ \t]*\r?(?:\n|\Z))"),
    _is_alone,
)
LOGINS: tuple[PatternDetector, ...] = (
    _ACCOUNT_LINE,
    pattern_detector(
        "password",
        "login incorrect|login ok|login attempt|login failed|invalid login",
        r"(?i:login|invalid login)[^\n\[]{1,60}\[b?'?[\w.@\\-]{1,64}'?/b?'?(?P<s>[^\s\]'<>]{4,64})'?\]",
    ),
    _login_detector(_ADMINISTRATORS, ":", looks.is_password_like),
    _login_detector(lexicon.ACCOUNTS.split(), ":", looks.is_unmistakable),
    _login_detector(_ADMINISTRATORS, "/", lambda value: looks.is_made_up(value) or looks.is_unmistakable(value)),
    _login_detector(_ADMINISTRATORS, " / ", looks.is_password_like),
)
HASHES_OF_ACCOUNTS: tuple[PatternDetector, ...] = (
    pattern_detector(
        "hash",
        "ntlm|nthash|lmhash",
        r"(?i:ntlm|nthash|lmhash)[\"']?\s{0,12}[:=]\s{0,3}[\"']?(?P<s>[0-9a-fA-F]{32})(?!\w)",
    ),
    pattern_detector(
        "hash", "::", r"::[\w.-]{0,64}:[0-9a-fA-F]{16}:(?P<s>[0-9a-fA-F]{32}:[0-9a-fA-F]{40,2000})", accept_all
    ),
)
ACCOUNTS: tuple[PatternDetector, ...] = (*LOGINS, *HASHES_OF_ACCOUNTS)

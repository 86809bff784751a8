"""Detect the password beside a user in the options of any program: `anything -u ops -p v`, `x --user=ops -w v`."""

import re

from onrecall.redaction import heuristics as looks
from onrecall.redaction.pattern import Pattern
from onrecall.redaction.scanner import PatternDetector

_USER = re.compile(
    r"(?:^|\s)(?:[-/][uUlnDJ]|[-/]{1,2}(?:user(?:name|d|o)?|login|account|principal|email|bind-?dn))(?:[ =:]|"
    r"(?=[a-z]))[\"']?[\w\\]"
)
_REACH = 200


def _is_login(match: re.Match[str]) -> bool:
    """Return whether an option for the user stands in the same command, and the value is a password on sight."""
    text = match.string
    before = text[max(0, match.start() - _REACH) : match.start()].rpartition("\n")[2]
    after = text[match.end() : match.end() + _REACH].partition("\n")[0]
    return looks.is_password_like(match["s"]) and _USER.search(f"{before} {after}") is not None


def _is_pair(match: re.Match[str]) -> bool:
    return looks.is_password_like(match["s"])


USER_PASSWORD_PAIRS: tuple[PatternDetector, ...] = (
    PatternDetector(
        "password",
        (" -p", " -w", " -a ", " -k ", " --pw", " --pass", " /p"),
        Pattern(
            r" (?:-p|-P|-w|-W|-a|-k|-pw|--pw|--pass|-pass(?:word)?|/p(?:assword)?(?=[: ]))(?:[ =:]|"
            r"(?<=[pw]))[\"']?(?P<s>[^\s\"'=:/\\][^\s\"']{5,127})"
        ),
        _is_login,
    ),
    PatternDetector(
        "password",
        (" -u", " -a", " --user", " --auth", " --cred", " --proxy-user", " --login", " --basic", " -c "),
        Pattern(
            r" (?:-[uUaAc]|--(?:user(?:name|pwd)?|auth|creds|credentials|proxy-user|login|basic(?:-auth)?))"
            r"(?:[ =]|(?=[a-z]))[\"']?"
            r"[\w.@\\-]{1,64}[:%](?P<s>[^\s\"':/]{6,127})(?=[\"']?(?:\s|\Z))"
        ),
        _is_pair,
    ),
)
"""Passwords beside a user; `programs.py` knows what common programs take without one."""

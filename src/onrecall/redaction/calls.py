"""Detect passwords among the arguments of calls that log in: `connect("host", "root", "v")`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from onrecall.redaction import heuristics as looks
from onrecall.redaction import lexicon
from onrecall.redaction.scanner import Detector, DetectorHit, SecretSpan

_ARGUMENT = re.compile(
    r"\s{0,80}(?:\w{1,40}\s{0,3}=\s{0,3})?(?:[bBfFrRuUN@]{0,2}(?P<quote>[\"'])(?P<v>[^\"'\n]{0,255})(?P=quote)(?:\.\w{1,20}\(\w{0,20}\))?|[^\"'(),\n]{1,120})?"
    r"\s{0,40}(?P<next>[,)])"
)
_ACCOUNTS = frozenset(lexicon.ACCOUNTS.split())
_MOST_ARGUMENTS = 12


@dataclass(frozen=True, slots=True)
class LoginArguments:
    """Detects the password behind the first argument of a call that takes credentials."""

    anchors: tuple[str, ...] = (
        "connect(", "connection(", "login(", "log_in(", "signin(", "sign_in(", "authenticate(", "auth(",
        "auth=(", "auth = (",
        "credentials(", "credential(", "credentials_new(", "usernamepassword(", "pool(",
        "simple_bind_s(", "simple_bind(", ".bind(", "bind_s(",
        ".ftp(", "__construct(", "ftp_tls(", "passwordauthentication(", "newcredential(",
        "changeuserpassword(", "setpassword(", "set_password(", "pdo(", "createuser(", "create_user(",
    )  # fmt: skip
    exact: bool = False

    def scan(self, text: str, anchor: int) -> DetectorHit | None:
        """Return the passwords of the call at the anchor."""
        opened = text.index("(", anchor) + 1
        arguments = list(_arguments(text, opened))
        spans = tuple(_passwords(arguments))
        return DetectorHit(spans, spans[-1].end if spans else opened)


def _arguments(text: str, at: int) -> Iterator[re.Match[str]]:
    for _ in range(_MOST_ARGUMENTS):
        argument = _ARGUMENT.match(text, at)
        if argument is None:
            return
        yield argument
        if argument["next"] == ")":
            return
        at = argument.end()


def _passwords(arguments: Sequence[re.Match[str]]) -> Iterator[SecretSpan]:
    """Yield what looks like a password, and whatever follows the name of an account."""
    for before, argument in pairwise(arguments):
        value = argument["v"] or ""
        follows_account = (before["v"] or "").lower() in _ACCOUNTS and len(value) >= 4
        if looks.is_password_like(value) or (follows_account and looks.could_be_secret(value) and " " not in value):
            yield SecretSpan(*argument.span("v"), "password")


CALLS: tuple[Detector, ...] = (LoginArguments(),)

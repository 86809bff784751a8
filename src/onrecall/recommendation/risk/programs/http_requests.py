"""HTTP requests: the method says most; a GET only looks where no part of its address names an act."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from onrecall.recommendation.risk import evidence
from onrecall.recommendation.risk.assessment import (
    Assessment,
    destructive,
    disruptive,
    not_understood,
    read_only,
    reversible,
    worst,
)
from onrecall.recommendation.risk.characters import OUTPUT
from onrecall.recommendation.risk.programs.argv import is_unknown
from onrecall.recommendation.risk.sections import words

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_PLAIN = re.compile(r"[a-z_]+")
_LOOKING = ("GET", "HEAD", "OPTIONS", "TRACE")


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as a command line asks for it."""

    method: str
    addresses: Sequence[str]
    data: Sequence[str] = ()
    """What is sent in its body."""


def judge_request(request: Request) -> Assessment:
    """The worst over the addresses of a request."""
    return worst(_judge(request, address) for address in request.addresses) or read_only("asks nobody")


def judge_address(address: str) -> Assessment:
    """A GET of an address."""
    return judge_request(Request("GET", [address]))


def _judge(request: Request, address: str) -> Assessment:
    if OUTPUT in address:
        return not_understood("an address that another command prints a part of")
    scheme = re.match(r"([a-z]+)://", address)
    if scheme and scheme[1] not in ("http", "https", "file", "ftp", "ftps", "unix"):
        return evidence.suspected(address, f"`{scheme[1]}://`", recognised=True)
    parts = urlsplit(address if scheme else f"http://{address}")
    if request.method in _LOOKING:
        return _judge_look(parts.path, parts.query + "&" + parts.fragment)
    return _judge_change(request, parts.path, parts.query)


def _judge_look(path: str, query: str) -> Assessment:
    """A request that should only read: each segment of its path and each parameter has to be a harmless one."""
    segments = [segment for segment in unquote(path).split("/") if segment]
    if segments[:1] == ["_cat"]:
        return read_only("HTTP GET only reads")
    acts = next((word for segment in segments for word in _acts(segment)), None)
    asked = _parameters(query)
    acts = acts or next(
        (word for name, value in asked if name.lower() in _words("orders") for word in _acts(value)), None
    )
    acts = acts or next((name for name, _ in asked if any(word in _words("acting") for word in _split(name))), None)
    statement = next(
        (value for name, value in asked if name.lower() in _words("statements") and evidence.destroys(value)), None
    )
    if statement is not None:
        return destructive(f"the statement `{statement[:40]}`")
    if acts is not None:
        sign = evidence.destroys(acts)
        return (
            destructive(f"“{acts}” in the address")
            if sign
            else disruptive(f"“{acts}” in the address: it acts even when it is only read")
        )
    ordered = next((value for name, value in asked if name.lower() in _words("orders") and not _looks(value)), None)
    last = segments[-1] if segments else ""
    is_item = len(segments) > 1 and (
        segments[-2] in _words("collections") or re.fullmatch(r"[a-z_-]{3,}[^s]s", segments[-2]) is not None
    )
    if ordered is not None or not (_looks(last) or (is_item and _PLAIN.fullmatch(last))):
        return not_understood(f"what the address does with `{ordered or last}`")
    return read_only("HTTP GET only reads")


def _parameters(query: str) -> list[tuple[str, str]]:
    return (
        parse_qsl(query, keep_blank_values=True, max_num_fields=1000)
        if query.count("&") < 1000
        else [("action", "too many")]
    )


def _acts(segment: str) -> list[str]:
    if segment.lower() in _words("looking"):
        return []
    return [word for word in _split(segment) if word in _words("acting")]


def _split(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _looks(segment: str) -> bool:
    """Whether a last segment is something to look at: a known page, a plural, a file, a name with digits or signs."""
    name = segment.lower().strip()
    if not name or is_unknown(segment) or name in _words("looking"):
        return True
    if re.fullmatch(r"[\w.-]+\.(?:php|cgi|pl|py|do|action|aspx?|jsp|sh|exe)", name):
        return False
    if len(name) <= 2 or re.search(r"[\d.*,-]", name) or name.startswith("_cat"):
        return True
    return name.endswith("s") and not name.endswith("ss")


def _judge_change(request: Request, path: str, query: str) -> Assessment:
    clean = unquote(path).rstrip("/").lower()
    said = " ".join([clean, unquote(query), *request.data]).replace("read_only_allow_delete", "")
    if request.method == "DELETE":
        return disruptive("ends a silence") if "silence" in clean else destructive("HTTP DELETE")
    if evidence.destroys(said) or any(word in clean for word in _words("losing")):
        return destructive(f"HTTP {request.method} to an address, or with data, that deletes")
    sends_file = any(value.startswith("@") for value in request.data)
    if request.method == "POST" and any(clean.endswith(end) for end in _words("queries")) and not sends_file:
        return read_only("a query, though sent by POST")
    if request.method in ("POST", "PUT") and any(re.fullmatch(form, clean) for form in _words("undone")):
        return reversible("can be undone at once")
    return disruptive(f"HTTP {request.method} changes something at the other end")


def _words(section: str) -> frozenset[str]:
    return words("programs/http_words.txt", section)

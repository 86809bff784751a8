"""HTTP requests: the method says most; a GET only looks where no part of its address names an act."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

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
from onrecall.recommendation.risk.characters import OUTPUT, VARIABLE
from onrecall.recommendation.risk.programs.argv import is_unknown
from onrecall.recommendation.risk.programs.connection_targets import is_wire_server, serves_metadata
from onrecall.recommendation.risk.sections import words

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_PLAIN = re.compile(r"[a-z_]+")
_JENKINS_PAGE = re.compile(
    r"(?:/job/[^/]+)+/(?:(?:last\w*Build|\d+)/)?(?:api/(?:json|xml)|console|consoleText|changes|testReport)/?"
)
"""A page about a job: what the job is called does nothing."""
_OVERRIDING_NAME = re.compile(r"_method|_?https?_?method|x-(?:http-)?method(?:-override)?", re.IGNORECASE)
_OVERRIDING_HEADER = re.compile(r"\s*x-(?:http-)?method(?:-override)?\s*:\s*(\S{1,40})", re.IGNORECASE)
_HANDS_OUT = "hands out what lets act as the machine: keys, tokens or what it was started with"
_READING_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as a command line asks for it."""

    method: str
    addresses: Sequence[str]
    data: Sequence[str] = ()
    """What is sent in its body."""


def judge_request(request: Request) -> Assessment:
    """The worst over the addresses of a request."""
    return worst(_judge_request_to(request, address) for address in request.addresses) or read_only("asks nobody")


def judge_address(address: str) -> Assessment:
    """A GET of an address."""
    return judge_request(Request("GET", [address]))


def _judge_request_to(request: Request, address: str) -> Assessment:
    if OUTPUT in address:
        return not_understood("an address that another command prints a part of")
    scheme = re.match(r"([a-z]+)://", address)
    if scheme and scheme[1] not in ("http", "https", "file", "ftp", "ftps", "unix"):
        return evidence.suspect(address, f"`{scheme[1]}://`", recognised=True)
    try:
        parts = urlsplit(address if scheme else f"http://{address}")
    except ValueError:
        return not_understood(f"the address `{address[:40]}`")
    methods = dict.fromkeys([request.method, *_overriding_methods(parts.query)])
    judged = [_judge_parts(replace(request, method=method), parts) for method in methods]
    return worst(judged) or judged[0]


def _judge_parts(request: Request, parts: SplitResult) -> Assessment:
    if request.method in _READING_METHODS:
        host, read = parts.hostname or "", _judge_read(parts.path, parts.query + "&" + parts.fragment)
        if is_wire_server(host.rstrip(VARIABLE)):
            return worst([disruptive(_HANDS_OUT), read]) or read
        return _judge_host(host, parts.path) or read
    return _judge_change(request, parts.path, parts.query)


def methods_of_headers(headers: Sequence[str]) -> list[str]:
    """Return the methods that headers such as `X-HTTP-Method-Override: DELETE` set instead of the request's own.

    A server may heed any of them, or none: the request's own method counts as well.
    """
    matches = (_OVERRIDING_HEADER.match(header) for header in headers)
    return [match[1].upper() for match in matches if match]


def _overriding_methods(query: str) -> list[str]:
    """Return the methods that parameters such as `_method=DELETE` put in the place of the request's own."""
    return [value.upper() for name, value in _parameters(query) if _OVERRIDING_NAME.fullmatch(name)]


def _judge_host(host: str, path: str) -> Assessment | None:
    """What follows from the host alone: a metadata service hands out keys, and a web hook acts."""
    if serves_metadata(host.rstrip(VARIABLE)):
        if is_unknown(host + path) or _hands_out(path):
            return disruptive(_HANDS_OUT)
        return read_only("what a cloud tells a machine about itself")
    names = set(host.lower().split(".")[:-1])
    acting_name = next((name for name in names if name in _word_list("acting hosts")), None)
    is_page = path.rstrip("/").rpartition("/")[2].lower() in _word_list("looking")
    if not is_page and (acting_name is not None or host.lower() in _word_list("acting hosts")):
        return disruptive(f"“{host}” acts on every request")
    return None


def _hands_out(path: str) -> bool:
    return "identity" in path.split("/") or any(word in _word_list("handing out") for word in _split_words(path))


def _judge_read(path: str, query: str) -> Assessment:
    """A request that should only read: each segment of its path and each parameter has to be a harmless one."""
    segments = [segment for segment in unquote(path).split("/") if segment]
    if segments[:1] == ["_cat"] or (_JENKINS_PAGE.fullmatch(path) and "=" not in query):
        return read_only("HTTP GET only reads")
    parameters = _parameters(query)
    statement = _losing_statement(parameters)
    if statement is not None:
        return destructive(f"the statement `{statement[:40]}`")
    if acts := [*_acting_parts(segments, parameters)]:
        return _judge_acting_part(next(filter(evidence.find_loss_sign, acts), acts[0]))
    ordered = next(
        (value for name, value in parameters if name.lower() in _word_list("orders") and not _is_viewable(value)), None
    )
    last = segments[-1] if segments else ""
    if ordered is not None or not (_is_viewable(last) or (_names_item(segments) and _PLAIN.fullmatch(last))):
        return not_understood(f"what the address does with `{ordered or last}`")
    return read_only("HTTP GET only reads")


def _acting_parts(segments: Sequence[str], parameters: Sequence[tuple[str, str]]) -> Iterator[str]:
    """The words of a path and of orders in parameters, and the parameters, that name an action."""
    yield from (word for segment in segments for word in _acting_words(segment))
    if switched := _order_at_end(segments):
        yield switched
    orders = (value for name, value in parameters if name.lower() in _word_list("orders"))
    yield from (word for value in orders for word in _acting_words(value))
    for name, value in parameters:
        if any(word in _word_list("acting") for word in _split_words(name)) and not _bounds_range(name, value):
            yield name


def _judge_acting_part(acts: str) -> Assessment:
    if evidence.find_loss_sign(acts):
        return destructive(f"“{acts}” in the address")
    return disruptive(f"“{acts}” in the address: it acts even when it is only read")


def _losing_statement(parameters: Sequence[tuple[str, str]]) -> str | None:
    """The first statement in a parameter that loses data."""
    statements = (value for name, value in parameters if name.lower() in _word_list("statements"))
    return next((value for value in statements if evidence.find_loss_sign(value)), None)


def _names_item(segments: Sequence[str]) -> bool:
    """Whether the last segment is one of a collection: `/orders/42`."""
    return len(segments) > 1 and (
        segments[-2] in _word_list("collections") or re.fullmatch(r"[a-z_-]{3,}[^s]s", segments[-2]) is not None
    )


def _bounds_range(name: str, value: str) -> bool:
    """Whether a parameter says where a query begins: `start=1700000000`, `start=-1h`."""
    return name in ("start", "step") and re.fullmatch(r"-?[\d.]+[smhdw]?|now(?:-\w+)?|[\dT:.+Z-]+", value) is not None


def _parameters(query: str) -> list[tuple[str, str]]:
    return (
        parse_qsl(query, keep_blank_values=True, max_num_fields=1000)
        if query.count("&") < 1000
        else [("action", "too many")]
    )


def _acting_words(segment: str) -> list[str]:
    if segment.lower() in _word_list("looking"):
        return []
    return [word for word in _split_words(segment) if word in _word_list("acting")]


def _order_at_end(segments: Sequence[str]) -> str | None:
    """A web hook that is called by what follows it, or a switch at the end of a path; not a page to look at."""
    last = segments[-1].lower() if segments else ""
    if last in _word_list("looking"):
        return None
    hook = next((segment for segment in segments[:-1] if set(_split_words(segment)) & _word_list("hooks")), None)
    return last if last in _word_list("switches") else hook


def _split_words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _is_viewable(segment: str) -> bool:
    """Whether a last segment is something to look at: a known page, a plural, a file, a name with digits or signs."""
    name = segment.lower().strip()
    if not name or is_unknown(segment) or name in _word_list("looking"):
        return True
    if re.fullmatch(r"[\w.-]+\.(?:php|cgi|pl|py|do|action|aspx?|jsp|sh|exe)", name):
        return False
    if len(name) <= 2 or re.search(r"[\d.*,-]", name) or name.startswith("_cat"):
        return True
    return name.endswith("s") and not name.endswith("ss")


def _judge_change(request: Request, path: str, query: str) -> Assessment:
    normalized_path = unquote(path).rstrip("/").lower()
    request_text = " ".join([unquote(path), unquote(query), *request.data]).replace("read_only_allow_delete", "")
    if request.method == "DELETE":
        return disruptive("ends a silence") if "silence" in normalized_path else destructive("HTTP DELETE")
    if evidence.find_loss_sign(request_text) or any(word in normalized_path for word in _word_list("losing")):
        return destructive(f"HTTP {request.method} to an address, or with data, that deletes")
    sends_file = any(value.startswith("@") for value in request.data)
    if (
        request.method == "POST"
        and any(normalized_path.endswith(end) for end in _word_list("queries"))
        and not sends_file
    ):
        return read_only("a query, though sent by POST")
    if request.method in ("POST", "PUT") and any(re.fullmatch(form, normalized_path) for form in _word_list("undone")):
        return reversible("can be undone at once")
    return disruptive(f"HTTP {request.method} changes something at the other end")


def _word_list(section: str) -> frozenset[str]:
    return words("programs/http_words.txt", section)

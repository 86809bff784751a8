"""HTTP clients: `curl`, `wget`, HTTPie; what they ask for hangs on several options together."""

import re
from collections.abc import Iterator

from onrecall.recommendation.risk import evidence
from onrecall.recommendation.risk.assessment import Assessment, destructive, not_understood, reversible
from onrecall.recommendation.risk.programs.argv import is_unknown
from onrecall.recommendation.risk.programs.file_targets import judge_overwrite
from onrecall.recommendation.risk.programs.http_requests import Request, judge_request, methods_of_headers
from onrecall.recommendation.risk.programs.situation import InvocationContext

_CURL_DATA = (
    "-d",
    "--data",
    "--data-raw",
    "--data-ascii",
    "--data-binary",
    "--data-urlencode",
    "--json",
    "-F",
    "--form",
    "--form-string",
)
_HASH_ENTRY = re.compile(r"[\"']?([\w-]{1,80})[\"']?\s*=\s*[\"']?([^\s\"';}]{1,80})")
"""A name and a value in a hash table of PowerShell."""
_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "PURGE", "DEL")


def check_curl(situation: InvocationContext) -> Iterator[Assessment]:
    invocation = situation.invocation
    addresses = [*invocation.operands, *invocation.values("--url")]
    data = invocation.values(*_CURL_DATA)
    requested_methods = [value.upper() for value in invocation.values("-X", "--request")]
    if invocation.has("-G", "--get"):
        query = "&".join(data)
        addresses = [f"{address}{'&' if '?' in address else '?'}{query}" for address in addresses]
        data = []
    if invocation.has("-T", "--upload-file"):
        requested_methods.append("PUT")
        yield destructive("what stood at the other end under that name is lost")
    methods = requested_methods or ["POST" if data else "GET"]
    for method in [*methods, *methods_of_headers(invocation.values("-H", "--header"))]:
        yield judge_request(Request(method, addresses, data))
    if data and methods == ["GET"]:
        yield not_understood("a GET that sends data")
    for value in invocation.values("-w", "--write-out"):
        _, marked, file = value.partition("output{")
        if marked and ("%output{" in value or is_unknown(value)):
            yield judge_overwrite(file.partition("}")[0].removeprefix(">>"))
    if any(value.startswith("@") for value in invocation.values("-H", "--header")):
        yield not_understood("a file that is sent as headers")
    if invocation.has("-O", "--remote-name", "--remote-name-all"):
        name = addresses[-1].partition("?")[0].rpartition("/")[2] if addresses else ""
        folder = invocation.values("--output-dir")
        yield judge_overwrite(f"{folder[-1]}/{name}" if folder else name)


def check_wget(situation: InvocationContext) -> Iterator[Assessment]:
    invocation = situation.invocation
    data = invocation.values("--post-data", "--post-file", "--body-data", "--body-file")
    methods = [value.upper() for value in invocation.values("--method")] or ["POST" if data else "GET"]
    for method in [*methods, *methods_of_headers(invocation.values("--header"))]:
        yield judge_request(Request(method, invocation.operands, data))
    if not invocation.has("-O", "--output-document", "--spider"):
        yield reversible("writes a new file")


def check_invoke_request(situation: InvocationContext) -> Iterator[Assessment]:
    """`Invoke-RestMethod` of PowerShell: a hash table of headers may replace the method."""
    invocation = situation.invocation
    addresses = [*invocation.operands, *invocation.values("-Uri")]
    for headers in invocation.values("-Headers"):
        for method in methods_of_headers([": ".join(entry) for entry in _HASH_ENTRY.findall(headers)]):
            yield judge_request(Request(method, addresses))


def check_httpie(situation: InvocationContext) -> Iterator[Assessment]:
    """`http [METHOD] URL [name=value …]`."""
    invocation = situation.invocation
    operands = list(invocation.operands)
    requested_method = operands.pop(0).upper() if operands and operands[0].upper() in _METHODS else None
    if requested_method is None and len(operands) > 1 and _may_be_method(*operands[:2]):
        yield evidence.suspect(" ".join(operands), f"whether `{operands[0][:40]}` is a method", recognised=True)
    items = [item for item in operands[1:] if re.match(r"[\w.\[\]-]+(?::?=|@)(?!=)", item)]
    sends_input = situation.fed.kind != "terminal" and not invocation.has("--ignore-stdin", "-I")
    method = {"DEL": "DELETE", None: "POST" if items or sends_input else "GET"}.get(
        requested_method, requested_method
    ) or "GET"
    for used in [method, *methods_of_headers(operands[1:])]:
        yield judge_request(Request(used, operands[:1], items))


def _may_be_method(first: str, second: str) -> bool:
    """Whether the first operand is a method that is not known, because an address follows it and not an item."""
    is_item = re.match(r"[\w.\[\]-]+(?:==|:?=|@|:(?!//|\d))", second) is not None
    return (is_unknown(first) and not is_item) or re.fullmatch(r"[A-Za-z]+", first) is not None

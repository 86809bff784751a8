"""Programs that speak to a database or over HTTP: their danger is that of what they say."""

import re
from collections.abc import Callable
from itertools import pairwise

from onrecall.recommendation.risk import command_wrappers as wrappers
from onrecall.recommendation.risk import sql as statements
from onrecall.recommendation.risk.argv import flag, value, values
from onrecall.recommendation.risk.assessment import (
    Assessment,
    Verdicts,
    destructive,
    disruptive,
    read_only,
    reversible,
    unknown,
)
from onrecall.recommendation.risk.command_table import split_args
from onrecall.recommendation.risk.shell_parser import Command

Handler = Callable[[list[str], Command], Verdicts | None]

_ASKS = re.compile(r"-[A-Za-z]{0,6}[ceQ]|--command|--execute|--query|--cmd")
_ATTACHED = re.compile(r"(?:-[ceQ]|--(?:command|execute|query)=)(.+)", re.DOTALL)
_SCANS = ("--scan", "--bigkeys", "--memkeys", "--hotkeys", "--stat", "--latency", "--latency-history", "--latency-dist")
_CLUSTER = {"check": read_only, "info": read_only, "help": read_only, "add-node": reversible, "create": reversible}
_BODY = re.compile(r"-d|--data|--json|-F|--form|--post-data|--post-file|--body-data")

_GET_ACTS = re.compile(
    r"/(?:quitquitquit|shutdown|restart|delete|-/quit|healthcheck/fail|drain_listeners|reset_counters)\b"
)
_DELETES = re.compile(
    r"_delete_by_query|/delete_series|/clean_tombstones|/purge|/truncate|/wipe|admin/tsdb/delete"
    r"|allocate_(?:empty|stale)_primary|accept_data_loss"
)
_QUERIES = re.compile(
    r"/(?:_search|_msearch|_count|_mget|_analyze|_explain|_validate/query|api/v1/query|api/v1/query_range|api/v1/labels"
    r"|_sql|_field_caps|allocation/explain)\b"
)
_UNDONE = re.compile(r"/(?:-/reload|api/v\d/silences?|_flush|_refresh|_snapshot/[^/]+/[^/]+|silence|annotations)\b")


def _sql_client(args: list[str], command: Command) -> Verdicts:
    """psql, mysql and their like: what is asked stands in -c or -e, in a file, or comes in through a pipe."""
    texts = [text for asks, text in pairwise(args) if _ASKS.fullmatch(asks) and not text.startswith("-")]
    texts += [match[1] for arg in args if (match := _ATTACHED.fullmatch(arg))]
    texts += [arg for arg in args if statements.looks_like_sql(arg) and arg not in texts]
    fed = wrappers.spoken(command)
    texts += [fed] if fed is not None else []
    found = [statements.sql(text) if _is_statement(text) else _hidden() for text in texts]
    piped = fed is None and command.upstream is not None
    if flag(args, "-f", "--file") or ((command.reads or piped) and not texts):
        found.append(_hidden())
    return tuple(found) or (read_only("opens a session; nothing is asked yet"),)


def _is_statement(text: str) -> bool:
    return text.strip()[:1] not in ("$", "{", "\u2026")


def _hidden() -> Assessment:
    return unknown("runs SQL that is not seen here")


def _redis(args: list[str], command: Command) -> Verdicts:
    if "--cluster" in args:
        verb = " ".join(args[args.index("--cluster") + 1 :][:1])
        judged = destructive if verb == "del-node" else _CLUSTER.get(verb, disruptive)
        return (judged(f"redis-cli --cluster {verb}"),)
    if flag(args, *_SCANS):
        return (read_only("only scans or measures"),)
    words, _ = split_args("redis-cli", args)
    fed = wrappers.spoken(command)
    asked = (
        [words]
        if words and not flag(args, "--eval")
        else [line.split() for line in (fed or "").splitlines() if line.strip()]
    )
    if asked:
        return tuple(statements.redis(one) for one in asked)
    hidden = flag(args, "--pipe", "--eval") or command.reads or command.upstream
    return (unknown("runs Redis commands that are not seen") if hidden else read_only("opens a session"),)


def _mongosh(args: list[str], command: Command) -> Verdicts:
    fed = wrappers.spoken(command)
    texts = values(args, "--eval") + ([fed] if fed is not None else [])
    if texts:
        return tuple(statements.mongo(text) for text in texts)
    if command.reads or command.upstream is not None or any(a.endswith(".js") for a in args):
        return (unknown("runs a script that is not seen here"),)
    return (read_only("opens a session; nothing is asked yet"),)


def _curl(args: list[str], _: Command) -> Verdicts:
    """HTTP: the method says it, and what an endpoint is known to do."""
    urls = " ".join(a for a in args if "/" in a and not a.startswith("-"))
    found = _http(_method(args), urls, " ".join(args))
    target = value(args, "-o", "--output")
    saves = flag(args, "-O", "--remote-name") or (target is not None and target not in ("/dev/null", "-"))
    return (found, reversible("writes a file")) if saves else (found,)


def _method(args: list[str]) -> str:
    named = value(args, "-X", "--request", "--method")
    if named:
        return named.upper()
    if flag(args, "-G", "--get", "-I", "--head", "--spider"):
        return "GET"
    if flag(args, "-T", "--upload-file"):
        return "PUT"
    return "POST" if any(_BODY.match(a) for a in args) else "GET"


def _http(method: str, url: str, said: str) -> Assessment:
    if method in ("GET", "HEAD", "OPTIONS", "TRACE"):
        acts = _GET_ACTS.search(url)
        return (
            disruptive("the endpoint acts even when it is only read")
            if acts
            else read_only(f"HTTP {method} only reads")
        )
    if method == "DELETE":
        return disruptive("ends a silence") if "silence" in url else destructive("HTTP DELETE")
    if _DELETES.search(said):
        return destructive("the endpoint deletes or gives up data")
    if method == "POST" and _QUERIES.search(url):
        return read_only("a query, though sent by POST")
    if method in ("POST", "PUT") and _UNDONE.search(url) and "_restore" not in url:
        return reversible("can be undone at once")
    return disruptive(f"HTTP {method} changes something at the other end")


def _httpie(args: list[str], command: Command) -> Verdicts:
    method = next((a for a in args if a.isupper() and a.isalpha()), None)
    sends = any(re.match(r"[\w-]+:?=", a) for a in args)
    return _curl(["-X", method or ("POST" if sends else "GET"), *[a for a in args if a != method]], command)


def _wget(args: list[str], command: Command) -> Verdicts:
    found = _curl([a for a in args if not a.startswith(("-O", "-q")) and a != "-"], command)
    said = f" {' '.join(args)} "
    shown = re.search(r" (?:-\w*O ?-|--spider|-O /dev/null|--output-document=-) ", said)
    return found if shown else (*found, reversible("writes a file"))


HANDLERS: dict[str, Handler] = {
    "redis-cli": _redis,
    "mongosh": _mongosh,
    "curl": _curl,
    "wget": _wget,
    **dict.fromkeys(("http", "https", "xh"), _httpie),
    **dict.fromkeys(
        ("psql", "mysql", "sqlite3", "cqlsh", "clickhouse-client", "sqlcmd", "cockroach", "pgcli", "mycli", "snowsql"),
        _sql_client,
    ),
}

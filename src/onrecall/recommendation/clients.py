"""Programs that talk to something: clusters, clouds, databases, HTTP. Their danger hangs on what they are told to say."""

import re
from collections.abc import Callable

from onrecall.recommendation import statements, wrappers
from onrecall.recommendation.arguments import flag, value, values
from onrecall.recommendation.assessment import (
    Assessment,
    Inner,
    Verdicts,
    destructive,
    disruptive,
    read_only,
    reversible,
    unknown,
)
from onrecall.recommendation.commands import look_up, split_args
from onrecall.recommendation.shell import Command

Handler = Callable[[list[str], Command], Verdicts | None]


def replicas(number: str | None) -> Assessment:
    """Scaling up is reversible; to none or one, or to a number that is not seen, it may take capacity away."""
    if number is not None and number.isdigit() and int(number) >= 2:
        return reversible(f"scales to {number}")
    return disruptive("scales down, or to a number that is not seen here")


def _kubectl(args: list[str], command: Command) -> Verdicts | None:
    words, _ = split_args("kubectl", args)
    verb = words[0] if words else ""
    if verb == "rsh":
        return wrappers.in_container(args[args.index("rsh") + 1 :], words_before=1)
    if verb in ("exec", "debug", "run"):
        inner = wrappers.in_container(args[args.index(verb) + 1 :], words_before=1)
        return inner if verb == "exec" else (*_table("kubectl", args), *inner)
    if verb == "scale" and not flag(args, "--dry-run"):
        now, then = value(args, "--current-replicas"), value(args, "--replicas")
        if now and then and now.isdigit() and then.isdigit():
            return (replicas("9") if int(then) >= int(now) else replicas(None),)
        return (replicas(then),)
    if verb == "taint" and any("NoExecute" in w and not w.endswith("-") for w in words):
        return (disruptive("NoExecute evicts the pods of the node"),)
    if verb == "cp" and len(words) > 2 and ":" in words[-1]:
        return (disruptive("overwrites files in the container"),)
    if verb in ("patch", "annotate", "label") and command.words and verb == "patch":
        return (disruptive("changes a live object; pods may be replaced"),) if not flag(args, "--dry-run") else (read_only("dry run"),)
    return _table("kubectl", args)


def _docker(args: list[str], _: Command) -> Verdicts | None:
    words, flags = split_args("docker", args)
    verb = next((w for w in words if w not in ("compose", "container")), "")
    at = args.index(verb) if verb in args else len(args)
    if verb == "exec":
        return wrappers.in_container(args[at + 1 :], words_before=1)
    if verb == "run":
        inner = wrappers.in_container(args[at + 1 :], words_before=1)
        plain = inner == (read_only("opens a session; nothing is run yet"),)
        harmless = "compose" not in words and any(f == "--rm" for f in flags)
        started = reversible("starts a container")
        return (started,) if plain else (started, *inner) if harmless or not plain else (started,)
    if "service" in words and verb == "service" and "scale" in words:
        return tuple(replicas(w.partition("=")[2]) for w in words if "=" in w) or (replicas(None),)
    scaled = value(args, "--scale")
    if scaled and "compose" in words:
        return (replicas(scaled.partition("=")[2]),)
    return _table("docker", args)


def _cloud(program: str) -> Handler:
    def handler(args: list[str], _: Command) -> Verdicts | None:
        number = value(args, "--desired-capacity", "--desired-count", "--num-nodes", "--node-count", "--instance-count", "--size", "--desired-size")
        found = _table(program, args)
        command = value(args, "--command")
        if command and ("ssh" in args or "execute-command" in args or "run-command" in args):
            return (Inner(text=command),)
        parameters = value(args, "--parameters")
        inline = re.search(r'commands"?\s*[=:]\s*\[?\s*["\']?(.+?)["\']?\s*\]?\}?$', parameters) if parameters else None
        if inline and "send-command" in args:
            return (Inner(text=inline[1]),)
        scaling = number is not None and any(re.search(r"capacity|update-service|resize|scale|nodegroup", a) for a in args)
        if scaling and not flag(args, "--force-new-deployment", "--task-definition") and found and found[0].risk != "destructive":
            return (replicas(number),)
        return found or None

    return handler


def _table(program: str, args: list[str]) -> tuple[Assessment, ...]:
    found = look_up(program, args)
    return (found,) if found else ()


def _helm(args: list[str], _: Command) -> Verdicts | None:
    return _table("helm", args) or None


def _sql_client(args: list[str], command: Command) -> Verdicts:
    """psql, mysql and their like: what is asked stands in -c/-e, in a file, or comes in through a pipe."""
    if flag(args, "-l", "--list") and not value(args, "-c", "-e", "--command", "--execute"):
        return (read_only("lists the databases"),)
    texts = [a for name in ("-c", "--command", "-e", "--execute", "-Q", "-q", "--query", "-Bse", "-NBe", "-Ne", "-sNe", "-tAc", "-Atc", "-tc", "-At", "-qc", "-Xc", "-AXqtc", "-XAtc", "-sse", "-ss", "-se", "-Be", "-NBse", "-sN", "-Nse")
             for a in values(args, name)]  # fmt: skip
    fed = wrappers.spoken(command)
    if fed is not None:
        texts.append(fed)
    seen = [statements.sql(text) for text in texts if " " in text or text.startswith("\\") or statements.looks_like_sql(text)]
    if seen:
        return tuple(seen)
    if command.reads or flag(args, "-f", "--file") or command.upstream is not None or any(t for t in texts if "$" in t):
        return (unknown("runs SQL that is not seen here"),)
    return (read_only("opens a session; nothing is asked yet"),)


def _mysqladmin(args: list[str], _: Command) -> Verdicts:
    words = {a for a in args if not a.startswith("-")}
    if words & {"drop"}:
        return (destructive("drops a database"),)
    if words & {"kill", "shutdown", "password", "stop-slave", "stop-replica", "flush-tables", "refresh"}:
        return (disruptive("interrupts sessions or the server"),)
    if words & {"create", "start-slave", "start-replica", "flush-logs", "flush-hosts", "flush-privileges", "flush-status", "reload"}:
        return (reversible("can be undone"),)
    return (read_only("only reports"),)


def _redis(args: list[str], command: Command) -> Verdicts:
    if flag(args, "--pipe") or command.reads:
        return (unknown("runs Redis commands that are not seen here"),)
    if "--cluster" in args:
        verb = args[args.index("--cluster") + 1 : args.index("--cluster") + 2]
        table = {"check": read_only, "info": read_only, "help": read_only, "add-node": reversible, "create": reversible, "del-node": destructive}
        return (table.get(verb[0] if verb else "", disruptive)("redis-cli --cluster " + " ".join(verb)),)
    if "--eval" in args:
        return (unknown("runs a script that is not seen here"),)
    words, _ = split_args("redis-cli", args)
    if words:
        return (statements.redis(words),)
    fed = wrappers.spoken(command)
    if fed is not None:
        return tuple(statements.redis(line.split()) for line in fed.splitlines() if line.split())
    if command.upstream is not None:
        return (unknown("runs Redis commands that are not seen here"),)
    return (read_only("only reads, or opens a session"),)


def _mongosh(args: list[str], command: Command) -> Verdicts:
    texts = values(args, "--eval")
    fed = wrappers.spoken(command)
    texts += [fed] if fed is not None else []
    if texts:
        return tuple(statements.mongo(text) for text in texts)
    if command.reads or command.upstream is not None or any(a.endswith(".js") for a in args):
        return (unknown("runs a script that is not seen here"),)
    return (read_only("opens a session; nothing is asked yet"),)


def _curl(args: list[str], _: Command) -> Verdicts:
    """HTTP: the method says it, and what an endpoint is known to do."""
    method = (value(args, "-X", "--request", "--method") or "").upper()
    sends = any(re.match(r"(-d|--data|--json|-F|--form|--post-data|--post-file|--body-data)", a) for a in args)
    if not method:
        if flag(args, "-G", "--get", "-I", "--head", "--spider"):
            method = "GET"
        elif flag(args, "-T", "--upload-file"):
            method = "PUT"
        else:
            method = "POST" if sends else "GET"
    url = " ".join(a for a in args if "/" in a and not a.startswith("-"))
    found = _http(method, url, " ".join(args))
    target = value(args, "-o", "--output", "-O")
    saves = flag(args, "-O", "--remote-name") or (target is not None and target != "/dev/null")
    return (found, reversible("writes a file")) if saves else (found,)


def _http(method: str, url: str, said: str) -> Assessment:
    if method in ("GET", "HEAD", "OPTIONS", "TRACE"):
        if re.search(r"/(?:quitquitquit|shutdown|restart|delete|-/quit|healthcheck/fail|drain_listeners|reset_counters)\b", url):
            return disruptive("the endpoint changes something even when it is only read")
        return read_only(f"HTTP {method} only reads")
    if method == "DELETE":
        silence = re.search(r"/silences?/|/_search/scroll", url)
        return disruptive("ends a silence") if silence and "scroll" not in silence[0] else read_only("ends a search") if silence else destructive("HTTP DELETE")
    if re.search(r"_delete_by_query|/delete_series|/clean_tombstones|/purge|/truncate|_close\b|/wipe|_rollover|_shrink|admin/tsdb/delete|allocate_(?:empty|stale)_primary|accept_data_loss", said):
        return destructive("the endpoint deletes or gives up data") if "_close" not in said and "_rollover" not in said and "_shrink" not in said else disruptive("changes an index")
    if method == "POST" and re.search(r"/(?:_search|_msearch|_count|_mget|_analyze|_explain|_validate/query|api/v1/query|api/v1/query_range|api/v1/labels|_sql|_field_caps|allocation/explain|loki/api/v1/query)\b", url):
        return read_only("a query, though sent by POST")
    if method == "POST" and re.search(r"/(?:-/reload|api/v\d/silences?|_flush|_refresh|_snapshot/\S+|silence|annotations)\b", url) and "_restore" not in url:
        return reversible("can be undone at once")
    return disruptive(f"HTTP {method} changes something at the other end")


def _httpie(args: list[str], command: Command) -> Verdicts:
    method = next((a for a in args if a.isupper() and a.isalpha()), None)
    sends = any(re.match(r"[\w-]+:?=", a) for a in args)
    return _curl(["-X", method or ("POST" if sends else "GET"), *[a for a in args if a != method]], command)


def _wget(args: list[str], command: Command) -> Verdicts:
    found = _curl([a for a in args if a not in ("-O", "-", "-qO-", "-O-", "-q")], command)
    to_output = any(a in ("-qO-", "-O-", "--spider") or (a == "-O" and b in ("-", "/dev/null")) for a, b in zip(args, [*args[1:], ""], strict=True))
    return found if to_output else (*found, reversible("writes a file"))




def _by_table(program: str) -> Handler:
    return lambda args, _: _table(program, args) or None


HANDLERS: dict[str, Handler] = {
    "kubectl": _kubectl, "docker": _docker, "aws": _cloud("aws"), "gcloud": _cloud("gcloud"), "az": _cloud("az"), "redis-cli": _redis,
    "mongosh": _mongosh, "curl": _curl, "http": _httpie, "https": _httpie, "xh": _httpie, "wget": _wget, "mysqladmin": _mysqladmin,
    **dict.fromkeys(("psql", "mysql", "sqlite3", "cqlsh", "clickhouse-client", "sqlcmd", "cockroach", "pgcli", "mycli", "sqlplus", "snowsql", "bq", "trino"), _sql_client),
}  # fmt: skip

"""Kinds of values that belong to certain programs: settings of ssh and git, offsets of Kafka, lines for a router."""

import json
import re

from onrecall.recommendation.risk import evidence
from onrecall.recommendation.risk.assessment import (
    Assessment,
    destructive,
    disruptive,
    not_understood,
    read_only,
    reversible,
    unknown,
    worst,
)
from onrecall.recommendation.risk.programs.situation import InvocationContext
from onrecall.recommendation.risk.sections import matches, words


def ssh_option(value: str, _: InvocationContext) -> Assessment:
    name = re.split(r"[=\s]", value.strip(), maxsplit=1)[0].lower()
    return (
        read_only("")
        if name in words("programs/kinds.txt", "ssh settings")
        else not_understood(f"the setting `{value[:40]}` of ssh")
    )


def git_setting(value: str, _: InvocationContext) -> Assessment:
    if matches("programs/kinds.txt", "git settings", value):
        return read_only("")
    return not_understood(f"the setting `{value[:40]}` may name a program that git runs", "destructive")


_PASSED_ON = re.compile(
    r"/proxy(?!/(?:stats/summary|metrics(?:/cadvisor|/resource|/probes)?|healthz|configz|pods)(?:[?]|$))"
)
"""A request that the API server passes on, but for what a kubelet tells about itself."""


def raw_path(value: str, _: InvocationContext) -> Assessment:
    """A path of the API server of Kubernetes that is read: none that passes the request on."""
    if (
        re.fullmatch(
            r"/(?:apis?|healthz|livez|readyz|metrics|version|openapi|logs|debug/pprof)(?:[/?][\w./?&=%:,-]*)?", value
        )
        and _PASSED_ON.search(value) is None
    ):
        return read_only("")
    return not_understood(f"what `{value[:40]}` does")


def finalizers(value: str, _: InvocationContext) -> Assessment:
    lost = re.search(
        r"finalizers|\$patch|\"op\"\s*:\s*\"(?:remove|replace)\"|reclaimPolicy.*Delete", value, re.IGNORECASE
    )
    return destructive("takes away what guards the data") if lost else read_only("")


def kafka_config(value: str, _: InvocationContext) -> Assessment:
    if re.search(r"retention|cleanup\.policy|delete|unclean|min\.insync|segment|compact", value):
        return destructive(f"`{value[:40]}` decides what is kept")
    return read_only("")


def election(value: str, _: InvocationContext) -> Assessment:
    return (
        destructive("an unclean election loses messages")
        if value.lower() != "preferred"
        else disruptive("moves leaders")
    )


def python_module(value: str, _: InvocationContext) -> Assessment:
    if value in words("programs/kinds.txt", "python modules"):
        return read_only("only prints")
    return unknown(f"the module `{value[:40]}`")


_PRINT_IF = re.compile(
    r"\s*(?:print|say)(?:\s+if|\s+unless)\s*(?:\$_\s*=~\s*)?m?/(?:[^/\\${@\x00-\x1f]|\\[^\x00-\x1f]|\$(?=[/|)]))*/[imsx]*\s*;?\s*"
)
"""A filter of perl: it prints the lines that fit an expression without code or variables in it."""


def code(value: str, _: InvocationContext) -> Assessment:
    if _PRINT_IF.fullmatch(value) and "(?{" not in value and "(??" not in value:
        return read_only("prints lines")
    return evidence.suspect(value, f"the program `{value[:40]}`")


def jinfo_flag(value: str, _: InvocationContext) -> Assessment:
    return disruptive("changes the JVM") if re.match(r"[+-]|\w+=", value) else read_only("")


def vty(value: str, _: InvocationContext) -> Assessment:
    """Lines for the console of a router, a cache or ZooKeeper: those that show."""
    for line in re.split(r"[;\n]", value):
        if line.strip() and not re.match(
            r"\s*(?:do\s+)?(?:show|SHOW|sh|ping|traceroute|ls|get|stat|list|help|quit|exit|status|backend\.list|ban\.list|param\.show)\b[^|>]*$",
            line,
        ):
            return not_understood(f"`{line.strip()[:40]}`")
    return read_only("only shows")


_SHOWS_IN_CONSOLE = re.compile(r"(?:(\w+) +)?(?:show|list|status|uptime|version)(?: +[\w./@:*-]+){0,4}")


def console(value: str, _: InvocationContext) -> Assessment:
    """A line for the console of a telephone exchange: what is shown, after the name of a module."""
    shown = _SHOWS_IN_CONSOLE.fullmatch(value.strip())
    if shown is not None and (shown[1] or "core") in words("programs/kinds.txt", "console modules"):
        return read_only("only shows")
    return evidence.suspect(value, f"`{value.strip()[:40]}`", recognised=True)


_MANAGEMENT_READS = re.compile(
    r"(?:/[\w.=*-]+)*/?:(?:read-attribute|read-children-names|read-children-types|read-operation-names|read-resource|whoami)"
    r"(?:\([\w=,.* -]*\))?"
)
_MANAGEMENT_SECRETS = re.compile(r"passw|secret|credential|recursive|runtime-only|keystore", re.IGNORECASE)


def management(value: str, _: InvocationContext) -> Assessment:
    """An operation of an application server, as `/subsystem=x:read-attribute(name=y)`: those that read no secret."""
    if _MANAGEMENT_READS.fullmatch(value.strip()) and _MANAGEMENT_SECRETS.search(value) is None:
        return read_only("only reads")
    return evidence.suspect(value, f"`{value.strip()[:40]}`", recognised=True)


def flux(value: str, _: InvocationContext) -> Assessment:
    """A query in Flux: functions that read and shape."""
    names = set(re.findall(r"([\w.]+)\s*\(", re.sub(r'"[^"\\]*"', '""', value)))
    odd = sorted(names - words("programs/kinds.txt", "flux functions"))
    imports = [
        name
        for name in re.findall(r'import\s+"([^"]*)"', value)
        if name not in words("programs/kinds.txt", "flux imports")
    ]
    if odd or imports or not names:
        return not_understood(f"`{(odd or imports or [value])[0][:40]}` in Flux")
    return read_only("only queries")


_CYPHER = re.compile(
    r"\s*(?:EXPLAIN\s+)?(?:OPTIONAL\s+MATCH|MATCH|RETURN|WITH|UNWIND|SHOW|CALL\s+db(?:ms)?\.\w)", re.IGNORECASE
)
_CYPHER_WRITES = re.compile(
    r"\b(?:CREATE|MERGE|SET|DELETE|DETACH|REMOVE|DROP|FOREACH|LOAD|TERMINATE|apoc|CALL(?!\s+db\.(?:labels|propertyKeys|relationshipTypes|schema|indexes|constraints|info)\b))\b",
    re.IGNORECASE,
)


def cypher(value: str, _: InvocationContext) -> Assessment:
    """Statements in Cypher: those that match and return."""
    for statement in filter(str.strip, value.split(";")):
        if not _CYPHER.match(statement) or _CYPHER_WRITES.search(re.sub(r"'[^'\\]*'|\"[^\"\\]*\"", "''", statement)):
            return evidence.suspect(statement, f"`{statement.strip()[:40]}` in Cypher", recognised=True)
    return read_only("only queries")


def traced(value: str, _: InvocationContext) -> Assessment:
    """What strace traces; it can also inject faults."""
    if re.fullmatch(
        r"(?:(?:trace|t|signal|s|status|read|write|abbrev|verbose|raw|quiet|decode-fds)=)?[\w%!/,?-]*", value
    ) and not re.match(r"(?:inject|fault)", value):
        return read_only("")
    return not_understood(f"`-e {value[:40]}`")


def traffic(target: str, _: InvocationContext) -> Assessment:
    """The target of a rule of a packet filter."""
    harmless = target in ("ACCEPT", "LOG", "RETURN", "NFLOG", "TRACE")
    return reversible("lets through or logs") if harmless else disruptive("changes which traffic passes")


def redis_cluster(value: str, _: InvocationContext) -> Assessment:
    risks = {
        "check": read_only,
        "info": read_only,
        "help": read_only,
        "add-node": reversible,
        "create": reversible,
        "del-node": destructive,
    }
    return risks.get(value, disruptive)(f"redis-cli --cluster {value}")


def in_place(suffix: str, _: InvocationContext) -> Assessment:
    return (
        reversible("edits a file and keeps a copy") if suffix else destructive("edits a file in place; no copy is kept")
    )


def parameters(value: str, situation: InvocationContext) -> Assessment:
    """`commands=["…"]`, or `commands=…`: what is run on other machines."""
    match = re.search(r"commands?\"?\s*[=:]\s*(.*)", value, re.DOTALL)
    if match is None:
        return not_understood(f"the parameters `{value[:40]}`")
    text = match[1].rstrip("}") if value.lstrip().startswith("{") else match[1]
    try:
        listed = json.loads(text) if text.startswith("[") else [text]
    except ValueError:
        return worst(
            [not_understood(f"the parameters `{value[:40]}`"), situation.judge.text(text.strip("[]"))]
        ) or read_only("")
    return worst(situation.judge.text(str(line)) for line in listed) or read_only("")


def bpftrace_program(value: str, _: InvocationContext) -> Assessment:
    """A program of bpftrace that counts and prints; what runs, signals or overrides is more."""
    acts = re.search(r"\b(?:system|signal|override|cat|exit_code|include)\b|[`;]\s*sh\b|#", value)
    return not_understood(f"`{acts[0]}` in bpftrace") if acts else read_only("only counts and prints")


def replicas(value: str, situation: InvocationContext) -> Assessment:
    """A number to scale to: more than one and not fewer than now can be undone, the rest takes capacity away."""
    now = situation.invocation.values("--current-replicas")
    number = value.rpartition("=")[2]
    if not number.isdigit():
        return disruptive("scales to a number that is not seen here")
    fewer = bool(now) and now[-1].isdigit() and int(now[-1]) > int(number)
    if fewer or (int(number) < 2 and not (now and now[-1].isdigit())):
        return disruptive(f"may scale down, to {number}")
    return reversible(f"scales to {number}")

"""What every parser asks of a payload: hostile JSON in, clean values or Invalid out. Nothing here knows a sender."""

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

from onrecall.domain.alert import InboundEvent
from onrecall.domain.errors import Invalid
from onrecall.sources.timestamps import read_timestamp
from onrecall.sources.webhook import MOST_ITEMS, ParsedWebhook, ParseError

Fields = Mapping[str, Any]
Read = Callable[[Fields], tuple[InboundEvent, ...]]
T = TypeVar("T")

LONGEST_TEXT = 20_000
LONGEST_LINE = 1_000
LONGEST_NAME = 200
LONGEST_KEY = 500
"""Bytes of a key; a longer one is kept by its beginning and its SHA-256."""
MOST_LABELS = 256
MOST_LINKS = 20

SERVICE = (
    *("service", "service_name", "service.name", "svc"),
    *("app", "application", "app_kubernetes_io_name", "app.kubernetes.io/name", "k8s_app", "component"),
    *("deployment", "statefulset", "daemonset", "container", "job"),
)
"""Labels that name the service, the best first."""
ENVIRONMENT = (
    *("environment", "env", "deployment_environment", "deployment_environment_name"),
    *("deployment.environment", "deployment.environment.name", "stage"),
)
KNOWN = frozenset(
    (
        *SERVICE,
        *ENVIRONMENT,
        *("error_type", "failure_type", "fault_type", "alertname", "severity", "priority", "team", "owner"),
        *("host", "hostname", "instance", "node", "pod", "namespace", "cluster", "region", "zone", "availability_zone"),
        *("account", "project", "queue", "topic", "database", "endpoint", "status_code", "error_code"),
    )
)
"""Names that identify something, so that they are labels also where a sender mixes them with free details."""
_MEASURING = re.compile(r"kube-state-metrics|node[-_]exporter|blackbox[-_]exporter|cadvisor|kubelet", re.IGNORECASE)
"""Such a service only measures others: kube-prometheus puts its name into `service` and `job` of every alert."""
_SCRAPE_JOB = re.compile(
    r"(?:kubernetes|k8s|kube|prometheus|consul|ec2|docker|static|federate?)(?:[-_/](?:pods?|nodes?|services?|service-endpoints"
    r"|endpoints?|ingress(?:es)?|apiservers?|cadvisor|targets?|sd|config|slow|metrics|exporter))*|(?:service|pod)monitor/.*"
    r"|integrations/.*|node|nodes|pods|endpoints|federate|pushgateway|otel-collector",
    re.IGNORECASE,
)
"""How something is scraped, not what it is: the names of Prometheus' own examples, of its operator and of agents."""
_SIDECAR = re.compile(
    r"istio-(?:proxy|init|validation)|linkerd-(?:proxy|init)|envoy(?:-sidecar|-proxy)?|pod|pause|infra|sidecar|proxy|init"
    r"|vault-agent(?:-init)?|cloud-?sql(?:-auth)?-proxy|fluent-?bit|fluentd|filebeat|promtail|vector|logging-agent"
    r"|oauth2-proxy|kube-rbac-proxy(?:-\w+)?|(?:prometheus-)?config-reloader|daprd|datadog-agent|consul-(?:dataplane"
    r"|connect-envoy-sidecar)|jaeger-agent|otc-container|otel(?:-collector|-agent)?|aws-(?:xray-daemon|otel-collector)"
    r"|xray-daemon|queue-proxy|gke-metadata-server|container|app|main|server|default",
    re.IGNORECASE,
)
"""A helper beside the program, or a name that every pod has."""
_NO_NAME = re.compile(r"[\W_]*|none|null|nil|n/?a|unknown|undefined|default|not set|all|any|other", re.IGNORECASE)
"""What stands where nobody gave a name."""
_UNFILLED = re.compile(
    r"\$[A-Z][A-Z0-9_.]*(?:\[[^\]]*\])?|\$!?\{[^{}]*\}|\*[a-z]+[A-Z][A-Za-z]*\*|\[[A-Z]+_[A-Z_]+\]|\{\{[^{}]*\}\}"
    r"|\{[A-Z][A-Z0-9_.:]*\}|\*(?:UNKNOWN|insert [^*]*)\*|##[A-Z]+##|<no value>|%[a-z]+%?|#\{[^{}]*\}|null|undefined",
    re.ASCII,
)
"""A variable of a template that nothing was put in for stands there by its name."""
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f]")


def fields(value: Any, field: str) -> Fields:
    """The object that stands there; anything else is Invalid."""
    if not isinstance(value, dict):
        raise Invalid(f"`{field}` must be an object, not {_called(value)}", field)
    return value


def at(values: Any, path: str) -> Any:
    """What stands under a dotted path; None where the path ends early."""
    for name in path.split("."):
        if not isinstance(values, Mapping):
            return None
        values = values.get(name)
    return values


def plain(value: Any) -> str | None:
    """A text, number or truth value as clean text; None for anything else, and where it says nothing."""
    if isinstance(value, str):
        known = value.isascii() and "\0" not in value
        return (value if known else _UNSTORABLE.sub("\ufffd", value)).strip() or None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) and math.isfinite(_float(value)) else None


def filled(value: Any) -> str | None:
    """The same; None also for a variable of the sender's template that nothing was put in for, such as `$SERVICE`."""
    found = plain(value)
    return None if found is None or (len(found) < 100 and _UNFILLED.fullmatch(found)) else found


def text(values: Any, *paths: str, longest: int = LONGEST_TEXT) -> str | None:
    """The first of these that says something, cut where it is endless."""
    found = next((said for path in paths if (said := plain(at(values, path)))), None)
    return cut(found, longest) if found else None


def line(values: Any, *paths: str, longest: int = LONGEST_LINE) -> str | None:
    """The first of these that says something, as one line: for titles and names."""
    found = text(values, *paths)
    return cut(" ".join(found.split()), longest) or None if found else None


def name(values: Any, *paths: str) -> str | None:
    """The first of these that says something, as a short line: for services, environments and people."""
    return line(values, *paths, longest=LONGEST_NAME)


def cut(said: str, longest: int) -> str:
    """The text, shortened with a mark when it is longer."""
    return said if len(said) <= longest else said[: longest - 1].rstrip() + "…"


def need(found: T | None, field: str, example: str) -> T:
    """What was found; Invalid where it is missing."""
    if found is None:
        raise Invalid(f"`{field}` is missing; give it, such as {example}", field)
    return found


def key(values: Any, *paths: str) -> str | None:
    """The first of these that says something, as a key the store can hold."""
    found = next((said for path in paths if (said := plain(at(values, path)))), None)
    return short_key(found) if found else None


def short_key(said: str) -> str:
    """The key itself, or its beginning and its SHA-256 where it is too long; equal keys stay equal."""
    whole = said.encode()
    if len(whole) <= LONGEST_KEY:
        return said
    digest = hashlib.sha256(whole).hexdigest()
    return f"{whole[: LONGEST_KEY - 70].decode(errors='ignore')}…{digest}"


def derived_key(*parts: str | None) -> str:
    """A key for what its sender gave none: the same for the same content, so that a repetition stays one."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def moment(values: Any, *paths: str) -> datetime | None:
    """The first of these that says something, in UTC. A time without zone is UTC; year 1 (Go's zero) is no time."""
    for path in paths:
        if found := read_timestamp(at(values, path), path):
            return found
    return None


def number(values: Any, *paths: str) -> float | None:
    """The first of these that is a finite number, also written as text."""
    for path in paths:
        value = at(values, path)
        if isinstance(value, str) and len(value) < 40:
            try:
                value = float(value)
            except ValueError:
                continue
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(_float(value)):
            return float(value)
    return None


def numbers(values: Any, path: str) -> dict[str, float]:
    """The finite numbers of an object by name; what is none is left out."""
    found = at(values, path)
    named = ((name, number(found, name)) for name in found if "." not in name) if isinstance(found, dict) else ()
    return dict([(clean, value) for name, value in named if value is not None and (clean := plain(name))][:MOST_LABELS])


def labels(values: Any, path: str, longest: int = LONGEST_LINE) -> dict[str, str]:
    """An object of names and texts; empty texts count as absent, and more than a hundred or two are Invalid."""
    found = at(values, path)
    if found is None:
        return {}
    if len(fields(found, path)) > MOST_LABELS:
        raise Invalid(f"`{path}` has {len(found)} entries; at most {MOST_LABELS} are stored", path)
    return flat(found, longest)


def flat(values: Any, longest: int = LONGEST_LINE) -> dict[str, str]:
    """An object as names and texts: inner objects under dotted names, lists of texts joined, at most so many."""
    told: dict[str, str] = {}
    for called, value in _leaves(values, "", 4):
        if len(told) == MOST_LABELS:
            break
        shown = plain(called)
        said = plain(value) if not isinstance(value, list) else ", ".join(filter(None, map(plain, value)))
        if shown and said:
            told[cut(shown, LONGEST_NAME)] = cut(said, longest)
    return told


def tags(found: Any) -> dict[str, str]:
    """A list of tags as labels: `env:prod` and `env=prod` by their name, the bare ones together under `tags`."""
    told: dict[str, str] = {}
    bare: list[str] = []
    for said in filter(None, map(plain, found[:MOST_LABELS])) if isinstance(found, list) else ():
        called, mark, value = (
            re.split(r"([:=])", said, maxsplit=1) if re.search(r"[^:=][:=].", said) else (said, "", "")
        )
        if mark and value.strip() and called.strip():
            told.setdefault(cut(called.strip(), LONGEST_NAME), cut(value.strip(), LONGEST_LINE))
        else:
            bare.append(said)
    return {**told, "tags": cut(", ".join(bare), LONGEST_LINE)} if bare else told


def known(told: Mapping[str, str]) -> dict[str, str]:
    """Those of free details that identify something."""
    return {called: value for called, value in told.items() if called.lower() in KNOWN}


def split_details(details: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Returns free details as labels, which identify something, and as annotations, which are the rest."""
    return known(details), {name: value for name, value in details.items() if name.lower() not in KNOWN}


def bounded(entries: Mapping[str, str]) -> dict[str, str]:
    """Returns the first so many labels or annotations."""
    return dict(list(entries.items())[:MOST_LABELS])


def first_line(value: str | None, longest: int = LONGEST_LINE) -> str | None:
    """Returns the first line of a text that holds anything, with single blanks; None where there is none."""
    row = next((" ".join(row.split()) for row in (value or "").splitlines() if row.strip()), None)
    return cut(row, longest) if row else None


def lines(told: Mapping[str, str]) -> str:
    """Details as text, one a line."""
    return cut("\n".join(f"{called}: {value}" for called, value in told.items()), LONGEST_TEXT)


def links(*offered: Any) -> tuple[str, ...]:
    """Those that are whole http or https addresses, each once."""
    return tuple(dict.fromkeys(one for one in offered if isinstance(one, str) and _is_link(one)))[:MOST_LINKS]


def service(of: Mapping[str, str]) -> str | None:
    """The service by the common names of labels, unless it only measures others, scrapes, or stands beside it."""
    return _labelled(of, SERVICE)


def environment(of: Mapping[str, str]) -> str | None:
    """The environment by the common names of labels."""
    return _labelled(of, ENVIRONMENT)


def is_name(value: str, called: str = "service") -> bool:
    """Whether a value surely names a service or an environment, and is nothing that stands in its place."""
    if _NO_NAME.fullmatch(value) or _MEASURING.search(value):
        return False
    if called == "job":
        return not _SCRAPE_JOB.fullmatch(value)
    return called != "container" or not _SIDECAR.fullmatch(value)


def parts(items: Any, field: str, read: Read, wrap: Callable[[Any], Any]) -> ParsedWebhook:
    """Read part by part; a part that is Invalid is kept, wrapped as a delivery of its own, and the rest goes in."""
    if not isinstance(items, list):
        raise Invalid(f"`{field}` must be a list, not {_called(items)}", field)
    if len(items) > MOST_ITEMS:
        raise Invalid(f"`{field}` has {len(items)} parts; send at most {MOST_ITEMS} at once", field)
    signals: list[InboundEvent] = []
    malformed: list[ParseError] = []
    for n, item in enumerate(items):
        try:
            signals += read(fields(item, f"{field}[{n}]"))
        except Invalid as error:
            malformed.append(ParseError(f"{field}[{n}]", error.field, str(error), json.dumps(wrap(item))))
    return ParsedWebhook(tuple(signals), tuple(malformed))


def whole(body: Fields, read: Read) -> ParsedWebhook:
    """Read a delivery that is a single part; where it is Invalid it is kept, so that the sender need not repeat it."""
    try:
        return ParsedWebhook(read(body))
    except Invalid as error:
        return ParsedWebhook(malformed=(ParseError("body", error.field, str(error), json.dumps(body)),))


def _labelled(of: Mapping[str, str], names: Iterable[str]) -> str | None:
    lower = {called.lower(): value for called, value in of.items()}
    found = ((called, lower[called]) for called in names if called in lower)
    return next((cut(value, LONGEST_NAME) for called, value in found if is_name(value, called)), None)


def _leaves(values: Any, before: str, levels: int) -> Iterable[tuple[str, Any]]:
    if not isinstance(values, dict) or not levels:
        return
    for called, value in values.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{before}{called}.", levels - 1)
        else:
            yield before + called, value


def _is_link(said: str) -> bool:
    if len(said) > 2_000 or _CONTROL.search(said) or _UNSTORABLE.search(said):
        return False
    try:
        address = urlsplit(said)
        return address.scheme in ("http", "https") and bool(address.hostname) and "@" not in address.netloc
    except ValueError:
        return False


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _called(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "a truth value", type(None): "nothing"}
    return names.get(type(value), "a number")

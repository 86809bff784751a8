"""Reads values from hostile JSON: returns clean values or raises Invalid. Nothing here is specific to a source."""

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

from onrecall.domain.alert import InboundEvent
from onrecall.domain.errors import Invalid, RejectedPart
from onrecall.sources.timestamps import read_timestamp
from onrecall.sources.webhook import MOST_ITEMS, ParsedWebhook

Fields = Mapping[str, Any]
Read = Callable[[Fields], tuple[InboundEvent, ...]]
T = TypeVar("T")

LONGEST_TEXT = 20_000
LONGEST_LINE = 1_000
LONGEST_NAME = 200
LONGEST_KEY = 500
"""Longest key in bytes; a longer one is stored as its beginning and its SHA-256."""
MOST_LABELS = 256
MOST_LINKS = 20

SERVICE_LABELS = (
    *("service", "service_name", "service.name", "svc"),
    *("app", "application", "app_kubernetes_io_name", "app.kubernetes.io/name", "k8s_app", "component"),
    *("deployment", "statefulset", "daemonset", "container", "job"),
)
"""Labels that name the service, best first."""
ENVIRONMENT_LABELS = (
    *("environment", "env", "deployment_environment", "deployment_environment_name"),
    *("deployment.environment", "deployment.environment.name", "stage"),
)
IDENTIFYING_LABELS = frozenset(
    (
        *SERVICE_LABELS,
        *ENVIRONMENT_LABELS,
        *("error_type", "failure_type", "fault_type", "alertname", "severity", "priority", "team", "owner"),
        *("host", "hostname", "instance", "node", "pod", "namespace", "cluster", "region", "zone", "availability_zone"),
        *("account", "project", "queue", "topic", "database", "endpoint", "status_code", "error_code"),
    )
)
"""Names that identify something, so they become labels even among free details."""
_MEASURING = re.compile(r"kube-state-metrics|node[-_]exporter|blackbox[-_]exporter|cadvisor|kubelet", re.IGNORECASE)
"""Exporters, which only measure others: kube-prometheus puts their names into `service` and `job` of every alert."""
_SCRAPE_JOB = re.compile(
    r"(?:kubernetes|k8s|kube|prometheus|consul|ec2|docker|static|federate?)(?:[-_/](?:pods?|nodes?|services?|service-endpoints"
    r"|endpoints?|ingress(?:es)?|apiservers?|cadvisor|targets?|sd|config|slow|metrics|exporter))*|(?:service|pod)monitor/.*"
    r"|integrations/.*|node|nodes|pods|endpoints|federate|pushgateway|otel-collector",
    re.IGNORECASE,
)
"""Names of scrape jobs, not of services: from Prometheus' examples, its operator and agents."""
_SIDECAR = re.compile(
    r"istio-(?:proxy|init|validation)|linkerd-(?:proxy|init)|envoy(?:-sidecar|-proxy)?|pod|pause|infra|sidecar|proxy|init"
    r"|vault-agent(?:-init)?|cloud-?sql(?:-auth)?-proxy|fluent-?bit|fluentd|filebeat|promtail|vector|logging-agent"
    r"|oauth2-proxy|kube-rbac-proxy(?:-\w+)?|(?:prometheus-)?config-reloader|daprd|datadog-agent|consul-(?:dataplane"
    r"|connect-envoy-sidecar)|jaeger-agent|otc-container|otel(?:-collector|-agent)?|aws-(?:xray-daemon|otel-collector)"
    r"|xray-daemon|queue-proxy|gke-metadata-server|container|app|main|server|default",
    re.IGNORECASE,
)
"""Sidecar containers, and names that every pod has."""
_NO_NAME = re.compile(r"[\W_]*|none|null|nil|n/?a|unknown|undefined|default|not set|all|any|other", re.IGNORECASE)
"""Placeholders for a missing name."""
_UNFILLED = re.compile(
    r"\$[A-Z][A-Z0-9_.]*(?:\[[^\]]*\])?|\$!?\{[^{}]*\}|\*[a-z]+[A-Z][A-Za-z]*\*|\[[A-Z]+_[A-Z_]+\]|\{\{[^{}]*\}\}"
    r"|\{[A-Z][A-Z0-9_.:]*\}|\*(?:UNKNOWN|insert [^*]*)\*|##[A-Z]+##|<no value>|%[a-z]+%?|#\{[^{}]*\}|null|undefined",
    re.ASCII,
)
"""Template variables that were not filled in."""
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f]")


def require_object(value: Any, field: str) -> Fields:
    """Return the value if it is an object. Raises Invalid otherwise."""
    if not isinstance(value, dict):
        raise Invalid(f"`{field}` must be an object, not {_type_name(value)}", field)
    return value


def get_path(values: Any, path: str) -> Any:
    """Return the value at a dotted path; None if the path does not exist."""
    for name in path.split("."):
        if not isinstance(values, Mapping):
            return None
        values = values.get(name)
    return values


def to_text(value: Any) -> str | None:
    """Convert a text, number or boolean to clean text; None for anything else, and if it is empty."""
    if isinstance(value, str):
        is_storable = value.isascii() and "\0" not in value
        return (value if is_storable else _UNSTORABLE.sub("\ufffd", value)).strip() or None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) and math.isfinite(_to_float(value)) else None


def filled_text(value: Any) -> str | None:
    """Convert to clean text; None also for an unfilled template variable, such as `$SERVICE`."""
    text = to_text(value)
    return None if text is None or (len(text) < 100 and _UNFILLED.fullmatch(text)) else text


def read_text(values: Any, *paths: str, longest: int = LONGEST_TEXT) -> str | None:
    """Return the first non-empty value as text, truncated."""
    text = next((candidate for path in paths if (candidate := to_text(get_path(values, path)))), None)
    return truncate(text, longest) if text else None


def read_line(values: Any, *paths: str, longest: int = LONGEST_LINE) -> str | None:
    """Return the first non-empty value as one line, for titles and names."""
    text = read_text(values, *paths)
    return truncate(" ".join(text.split()), longest) or None if text else None


def read_name(values: Any, *paths: str) -> str | None:
    """Return the first non-empty value as a short line, for services, environments and people."""
    return read_line(values, *paths, longest=LONGEST_NAME)


def read_objects(value: Any) -> list[Fields]:
    """Return the objects in a list; none where it is no list."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def without_empty(**labels: str | None) -> dict[str, str]:
    """Return the labels that have a value."""
    return {label: value for label, value in labels.items() if value}


def truncate(text: str, longest: int) -> str:
    """Truncate a text, with an ellipsis."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def require(value: T | None, field: str, example: str) -> T:
    """Return the value. Raises Invalid if it is missing."""
    if value is None:
        raise Invalid(f"`{field}` is missing; give it, such as {example}", field)
    return value


def read_key(values: Any, *paths: str) -> str | None:
    """Return the first non-empty value as a key that the store can hold."""
    text = next((candidate for path in paths if (candidate := to_text(get_path(values, path)))), None)
    return shorten_key(text) if text else None


def shorten_key(key: str) -> str:
    """Return the key, or its beginning and SHA-256 if it is too long; equal keys stay equal."""
    encoded = key.encode()
    if len(encoded) <= LONGEST_KEY:
        return key
    digest = hashlib.sha256(encoded).hexdigest()
    return f"{encoded[: LONGEST_KEY - 70].decode(errors='ignore')}…{digest}"


def derived_key(*parts: str | None) -> str:
    """Derive a key from content without one; the same content gives the same key."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def read_time(values: Any, *paths: str) -> datetime | None:
    """Return the first time in UTC. A time without zone is UTC; year 1 (Go's zero) counts as absent."""
    for path in paths:
        if time := read_timestamp(get_path(values, path), path):
            return time
    return None


def read_number(values: Any, *paths: str) -> float | None:
    """Return the first finite number; it may be written as text."""
    for path in paths:
        value = get_path(values, path)
        if isinstance(value, str) and len(value) < 40:
            try:
                value = float(value)
            except ValueError:
                continue
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(_to_float(value)):
            return float(value)
    return None


def read_numbers(values: Any, path: str) -> dict[str, float]:
    """Return the finite numbers of an object by name."""
    measured = get_path(values, path)
    number_by_name = (
        ((name, read_number(measured, name)) for name in measured if "." not in name)
        if isinstance(measured, dict)
        else ()
    )
    return dict(
        [(clean, value) for name, value in number_by_name if value is not None and (clean := to_text(name))][
            :MOST_LABELS
        ]
    )


def read_labels(values: Any, path: str, longest: int = LONGEST_LINE) -> dict[str, str]:
    """Read an object of names and texts; empty texts count as absent. Raises Invalid if there are too many."""
    entries = get_path(values, path)
    if entries is None:
        return {}
    if len(require_object(entries, path)) > MOST_LABELS:
        raise Invalid(f"`{path}` has {len(entries)} entries; at most {MOST_LABELS} are stored", path)
    return flatten(entries, longest)


def flatten(values: Any, longest: int = LONGEST_LINE) -> dict[str, str]:
    """Flatten an object to texts: nested objects get dotted names, lists are joined; at most MOST_LABELS."""
    flattened: dict[str, str] = {}
    for field, value in _leaves(values, "", 4):
        if len(flattened) == MOST_LABELS:
            break
        label = to_text(field)
        text = to_text(value) if not isinstance(value, list) else ", ".join(filter(None, map(to_text, value)))
        if label and text:
            flattened[truncate(label, LONGEST_NAME)] = truncate(text, longest)
    return flattened


def tags_to_labels(tags: Any) -> dict[str, str]:
    """Convert tags to labels: `env:prod` and `env=prod` by name, all others together under `tags`."""
    labels: dict[str, str] = {}
    bare: list[str] = []
    for tag in filter(None, map(to_text, tags[:MOST_LABELS])) if isinstance(tags, list) else ():
        name, separator, value = (
            re.split(r"([:=])", tag, maxsplit=1) if re.search(r"[^:=][:=].", tag) else (tag, "", "")
        )
        if separator and value.strip() and name.strip():
            labels.setdefault(truncate(name.strip(), LONGEST_NAME), truncate(value.strip(), LONGEST_LINE))
        else:
            bare.append(tag)
    return {**labels, "tags": truncate(", ".join(bare), LONGEST_LINE)} if bare else labels


def identifying_labels(details: Mapping[str, str]) -> dict[str, str]:
    """Return the details that identify something."""
    return {name: value for name, value in details.items() if name.lower() in IDENTIFYING_LABELS}


def split_details(details: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Split free details into identifying labels and annotations."""
    return identifying_labels(details), {
        name: value for name, value in details.items() if name.lower() not in IDENTIFYING_LABELS
    }


def limit_labels(entries: Mapping[str, str]) -> dict[str, str]:
    """Return at most MOST_LABELS entries."""
    return dict(list(entries.items())[:MOST_LABELS])


def first_line(value: str | None, longest: int = LONGEST_LINE) -> str | None:
    """Return the first non-empty line of a text, with single spaces; None if there is none."""
    row = next((" ".join(row.split()) for row in (value or "").splitlines() if row.strip()), None)
    return truncate(row, longest) if row else None


def format_details(details: Mapping[str, str]) -> str:
    """Format details as text, one per line."""
    return truncate("\n".join(f"{name}: {value}" for name, value in details.items()), LONGEST_TEXT)


def safe_links(*candidates: Any) -> tuple[str, ...]:
    """Return the complete http and https addresses, without duplicates."""
    return tuple(dict.fromkeys(link for link in candidates if isinstance(link, str) and _is_safe_link(link)))[
        :MOST_LINKS
    ]


def service_from_labels(labels: Mapping[str, str]) -> str | None:
    """Return the service by common label names, except exporters, scrape jobs and sidecars."""
    return _first_named_label(labels, SERVICE_LABELS)


def environment_from_labels(labels: Mapping[str, str]) -> str | None:
    """Return the environment by common label names."""
    return _first_named_label(labels, ENVIRONMENT_LABELS)


def is_name(value: str, label: str = "service") -> bool:
    """Return whether a value is certainly a name of a service or an environment, not a placeholder."""
    if _NO_NAME.fullmatch(value) or _MEASURING.search(value):
        return False
    if label == "job":
        return not _SCRAPE_JOB.fullmatch(value)
    return label != "container" or not _SIDECAR.fullmatch(value)


def parse_items(items: Any, field: str, read: Read, wrap: Callable[[Any], Any]) -> ParsedWebhook:
    """Read a list item by item; an invalid item is kept as a rejected message of its own, the others are accepted."""
    if not isinstance(items, list):
        raise Invalid(f"`{field}` must be a list, not {_type_name(items)}", field)
    if len(items) > MOST_ITEMS:
        raise Invalid(f"`{field}` has {len(items)} parts; send at most {MOST_ITEMS} at once", field)
    signals: list[InboundEvent] = []
    malformed: list[RejectedPart] = []
    for n, item in enumerate(items):
        try:
            signals += read(require_object(item, f"{field}[{n}]"))
        except Invalid as error:
            malformed.append(RejectedPart(f"{field}[{n}]", error.field, str(error), json.dumps(wrap(item))))
    return ParsedWebhook(tuple(signals), tuple(malformed))


def parse_single(body: Fields, read: Read) -> ParsedWebhook:
    """Read a message with a single part; an invalid one is kept as rejected, so that nobody has to send it again."""
    try:
        return ParsedWebhook(read(body))
    except Invalid as error:
        return ParsedWebhook(malformed=(RejectedPart("body", error.field, str(error), json.dumps(body)),))


def _first_named_label(labels: Mapping[str, str], names: Iterable[str]) -> str | None:
    lower = {name.lower(): value for name, value in labels.items()}
    candidates = ((name, lower[name]) for name in names if name in lower)
    return next((truncate(value, LONGEST_NAME) for name, value in candidates if is_name(value, name)), None)


def _leaves(values: Any, before: str, levels: int) -> Iterable[tuple[str, Any]]:
    if not isinstance(values, dict) or not levels:
        return
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{before}{name}.", levels - 1)
        else:
            yield before + name, value


def _is_safe_link(link: str) -> bool:
    if len(link) > 2_000 or _CONTROL.search(link) or _UNSTORABLE.search(link):
        return False
    try:
        address = urlsplit(link)
        return address.scheme in ("http", "https") and bool(address.hostname) and "@" not in address.netloc
    except ValueError:
        return False


def _to_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _type_name(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "a truth value", type(None): "nothing"}
    return names.get(type(value), "a number")

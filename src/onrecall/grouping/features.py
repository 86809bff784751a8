"""The features of an alert that grouping compares: its service, its location, its words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from onrecall.domain.alert import Alert
from onrecall.domain.service_names import canonical_service
from onrecall.grouping import words
from onrecall.grouping.labels import EXPORTER, SIDECARS, comparable_labels, sort_of
from onrecall.grouping.manual_pairings import alert_name, environment_of, kind_of
from onrecall.grouping.topology import service_name

_WORKLOADS = ("deployment", "statefulset", "daemonset", "workload", "cronjob", "job_name")
_SUBJECTS = (
    *_WORKLOADS,
    *("node", "vm", "device", "table", "dataset", "collection", "topic", "queue", "stream", "bucket", "database"),
    *("disk", "volume", "persistentvolumeclaim"),
)
"""Labels that name what an alert without a service is about; the first present one counts."""
_NO_NAMES = frozenset(
    re.findall(
        r"\w+",
        "api app web server service cache search queue worker backend frontend gateway proxy network storage database "
        "node host cluster system default main data job jobs",
    )
)
"""Generic words that name nothing in particular."""
_EXPORTERS = frozenset({"node", "kubelet", "cadvisor", "pushgateway", "windows", "snmp", "ping"})
_POD = re.compile(r"^(?P<workload>.+?)(?:-[a-f0-9]{6,10}-[a-z0-9]{5}|-[a-z0-9]{9,10}-[a-z0-9]{5}|-\d+)$")


@dataclass(frozen=True, slots=True, eq=False)
class AlertFeatures:
    """The features of a new alert, or of one from an incident's sample."""

    alert: Alert
    incident: str | None
    at: float
    """Its start as a Unix timestamp."""
    active_until: float
    """When its incident got its last alert; for a new alert, its own start."""
    kind: str
    name: str
    service: str
    """Empty if unknown; exporters do not count."""
    subject: str
    """What it is about: its service, else its workload, else its host."""
    names: frozenset[str]
    """Names by which others may refer to it: its service or subject, its machine, its queue."""
    environment: str
    labels: Mapping[str, str]
    values: frozenset[str]
    group: str
    terms: frozenset[str]
    every_term: frozenset[str]
    """All terms including its own names, to match alerts that name it."""
    called: frozenset[str]
    """Names that its text says are called or needed."""
    concepts: frozenset[str]
    remote_hosts: frozenset[str]
    """Hosts elsewhere that its text says were called."""
    is_silent: bool
    """Whether its text says that a machine does not answer."""

    @property
    def cluster(self) -> str:
        """Its cluster; empty if unknown."""
        return self.labels.get("cluster", "")

    def apart(self, other_alert: "AlertFeatures") -> float:
        """Return the seconds between the starts of both alerts."""
        return abs(self.at - other_alert.at)


def extract_features(alert: Alert, incident: str | None = None, active_until: datetime | None = None) -> AlertFeatures:
    """Extract the features of an alert."""
    labels = comparable_labels(alert.labels)
    service = _service(alert, labels)
    subject = service or next((labels[key] for key in _SUBJECTS if key in labels), "")
    name = alert_name(alert)
    text = words.fold_case(f"{name} {alert.text}" if name not in alert.text else alert.text)
    names = _names(service or subject, labels)
    return AlertFeatures(
        alert,
        incident,
        alert.starts_at.timestamp(),
        max(active_until or alert.starts_at, alert.starts_at).timestamp(),
        kind_of(alert),
        name,
        service,
        subject,
        names,
        environment_of(alert),
        labels,
        frozenset(map(canonical_service, labels.values())),
        f"{alert.source}|{alert.group}" if alert.group else "",
        words.extract_terms(text, (service, subject, name.casefold(), *names)),
        words.extract_terms(text) | words.canonical_terms(text),
        words.called_terms(text),
        words.find_concepts(text),
        words.remote_hosts(text),
        words.says_silent(text),
    )


def _names(subject: str, labels: Mapping[str, str]) -> frozenset[str]:
    resources = (value for key, value in labels.items() if sort_of(key) == "machine")
    return frozenset(name for name in (subject, *resources) if len(name) > 2 and name not in _NO_NAMES)


def _service(alert: Alert, labels: Mapping[str, str]) -> str:
    declared = service_name(alert.service or "")
    if declared and declared not in _EXPORTERS and declared not in SIDECARS and not EXPORTER.search(declared):
        return declared
    for key in _WORKLOADS[:4]:
        if workload := labels.get(key):
            return canonical_service(workload)
    pod = _POD.match(labels.get("pod", ""))
    return pod["workload"] if pod else declared if declared in SIDECARS else ""

"""Normalizes labels for comparison: one name for each thing, and its sort."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

Sort = Literal["broad", "namespace", "site", "machine", "needed", "other"]
"""What many alerts share in any company; a namespace; a building or branch; one machine, resource or failure domain;
something both need; anything else."""

LONGEST = 200
"""Longest value that is compared, in characters; anything longer is data."""
MOST = 40
"""Most labels of one alert that are compared."""
LOCAL_ADDRESS = re.compile(r"localhost|127(?:\.\d+){3}|\[?::1\]?|0\.0\.0\.0", re.IGNORECASE)
"""Local addresses, which do not identify a machine."""
HOSTS = ("node", "nodename", "host", "hostname", "server", "instance")
"""Labels that name the machine; the first present one counts."""
_PORT = re.compile(r":\d+$")
EXPORTER = re.compile(r"[-_]exporter$|kube-state-metrics$|^blackbox")
"""Names of exporters, not of the services they measure."""
SIDECARS = frozenset(
    re.findall(
        r"\S+", "istio-proxy linkerd-proxy envoy vault-agent fluent-bit fluentd promtail filebeat cloudsql-proxy"
    )
)
"""Sidecar containers: if a workload is known, the alert is about the workload."""
_SCRAPED = re.compile(
    r"^kubernetes-|exporter|kube-state-metrics|cadvisor|kubelet|blackbox|pushgateway|^node$|envoy-stats|apiserver"
)
"""Generic scrape jobs."""
_BUILDS = re.compile(
    r"(?:^|_)(?:version|revision|commit|sha|digest|image|chart|hash|heritage|managed_by|generation)(?:_|$)"
)
"""Labels for the build and its installer, which do not say what is wrong."""
_BUILD = re.compile(r"v?\d+(?:\.\d+){1,2}(?:[-+.][\w.+-]+)?|(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}")
"""A version, or a hash."""
_IGNORED = frozenset(
    re.findall(
        r"\w+",
        "service service_name app application component app_kubernetes_io_name container endpoint alertname status "
        "alert_name severity priority level state environment env stage prometheus receiver monitor metrics_path uid "
        "reason condition phase quantile le verb code http_code "
        "scrape_job scrape_class exporter agent collector otel_scope_name "
        "id name fingerprint alert_id rule ruleuid grafana_folder threshold value",
    )
)
_ALIASES: Mapping[str, str] = {
    **dict.fromkeys(("kubernetes_cluster", "cluster_name", "k8s_cluster_name", "kube_cluster_name"), "cluster"),
    **dict.fromkeys(("kubernetes_namespace", "kube_namespace", "exported_namespace"), "namespace"),
    **dict.fromkeys(("availabilityzone", "availability_zone", "az", "topology_kubernetes_io_zone"), "zone"),
    **dict.fromkeys(("aws_region", "awsregion", "dc", "datacenter"), "region"),
    **dict.fromkeys(("location", "branch", "store", "shop", "office", "building", "plant"), "site"),
    **dict.fromkeys(("exported_pod", "pod_name", "k8s_pod_name"), "pod"),
    **dict.fromkeys(("k8s_node_name", "kubernetes_node"), "node"),
}
_BROAD = re.compile(
    r"^(cluster|region|job|team|owner|squad|tier|type|kind|source|platform|cloud|os|arch)$"
    r"|(org|account|team|project|tenant|subscription|policy|dashboard|rule|monitor)_?(id|name|identifier)?$"
)
_MACHINE = re.compile(
    r"^(node|pod|vm|device|disk|volume|persistentvolumeclaim|zone|rack|chassis|hypervisor|switch|bucket|topic|queue)$"
    r"|^(pool|node_?pool|nodegroup|load_?balancer|database|datname|deployment|statefulset|daemonset)$"
    r"|^(table|dataset|collection|stream|keyspace|proxy|listener|target_?group)$"
    r"|(identifier|name|arn|_id)$"
)
_NEEDED = re.compile(
    r"^(provider|vendor|third_party|external_service|upstream(_\w+)?|dependency|depends_on|backend|issuer|peer_?service)$"
    r"|^(destination_(service|workload)\w*|target_service)$"
)


@lru_cache(maxsize=10_000)
def sort_of(key: str) -> Sort:
    """Return the sort of thing that a label names."""
    if key == "namespace":
        return "namespace"
    if key == "site":
        return "site"
    if _NEEDED.search(key):
        return "needed"
    if _BROAD.search(key):
        return "broad"
    return "machine" if _MACHINE.search(key) else "other"


def comparable_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Return the labels for an alert's location or subject, under canonical names."""
    compared: dict[str, str] = {}
    for key in sorted(labels)[:MOST]:
        name, value = _canonical_label(key), labels[key].strip().casefold()
        if name and value and len(value) <= LONGEST and not _says_build(name, value):
            compared[name] = value
    host = next((compared[name] for name in HOSTS if name in compared and not _is_exporters(name, compared)), "")
    other_labels = {name: value for name, value in compared.items() if name not in HOSTS}
    name = _PORT.sub("", host)
    return {**other_labels, "node": name} if name and not LOCAL_ADDRESS.fullmatch(name) else other_labels


def _says_build(name: str, value: str) -> bool:
    """Return whether a label names a build or a scraper, which alerts share whatever is wrong."""
    if name == "job":
        return bool(_SCRAPED.search(value))
    if _BUILDS.search(name):
        return True
    return sort_of(name) not in ("machine", "needed") and bool(_BUILD.fullmatch(value))


@lru_cache(maxsize=10_000)
def _canonical_label(key: str) -> str:
    """Return a label's canonical name; empty if it is not compared."""
    name = key.casefold()
    return "" if name in _IGNORED or name.startswith("__") else _ALIASES.get(name, name)


def _is_exporters(name: str, labels: Mapping[str, str]) -> bool:
    """Return whether `instance` is the address of the exporter, not of the measured service."""
    return name == "instance" and ("pod" in labels or bool(EXPORTER.search(labels.get("job", ""))))

"""What a monitoring system reads: this process counted as it works, the store read at most every few seconds.

Labels come from tables of ours (senders, routes, roles, states) or from the settings (models, channels), never from
what is sent, so their number has an end.
"""

import platform
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Histogram, Info, ProcessCollector
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from onrecall import __version__
from onrecall.bootstrap.status import State, StatusReport
from onrecall.domain.incident import Severity
from onrecall.domain.recommendation import Recommendation
from onrecall.pipeline import IncidentService
from onrecall.pipeline.observers import IngestStats
from onrecall.storage.gauges import Gauges
from onrecall.storage.sources import SourceActivity

CACHE_SECONDS = 10.0
"""How old cached numbers of the store may be: several monitors ask."""
LATENCY_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10)
MODEL_LABELS = ("provider", "model", "role")
OTHER_LABEL = "other"
"""The route label of requests without a route."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """The metrics of one application, in a registry of its own."""

    def __init__(
        self, memory: IncidentService, status: Callable[[], StatusReport], now: Mapping[str, Callable[[], int]]
    ) -> None:
        """`now` maps names to functions that return current numbers of this process."""
        self.registry = registry = CollectorRegistry()
        self._count_requests(registry)
        self._time_work(registry, memory)
        self._count_work(registry, memory)
        _describe_build(registry, memory)
        ProcessCollector(registry=registry)
        registry.register(_StoreGauges(memory, status))
        registry.register(_ProcessGauges(now))

    def _count_requests(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "onrecall_http_requests", "HTTP requests answered.", ("method", "route", "status"), registry=registry
        )
        self._durations = Histogram(
            "onrecall_http_request_duration_seconds",
            "Time to answer HTTP requests, in seconds.",
            ("method", "route"),
            buckets=LATENCY_BUCKETS,
            registry=registry,
        )

    def _count_work(self, registry: CollectorRegistry, memory: IncidentService) -> None:
        """Count what the memory receives and answers, as it does so."""
        self._alerts = Counter(
            "onrecall_alerts", "Alerts received by this process, by result.", ("source", "result"), registry=registry
        )
        self._answers = Counter(
            "onrecall_recommendations", "Answers made by this process.", ("verdict", "composer"), registry=registry
        )
        memory.observers.answered.append(self._count_answer)
        memory.observers.taken.append(self._count_ingested)

    def _time_work(self, registry: CollectorRegistry, memory: IncidentService) -> None:
        """Measure how long retrieval and answers take."""
        self._answer_durations = Histogram(
            "onrecall_answer_duration_seconds",
            "Time from a situation to its answer in this process, in seconds.",
            ("composer",),
            buckets=LATENCY_BUCKETS,
            registry=registry,
        )
        self._recall_durations = Histogram(
            "onrecall_recall_duration_seconds",
            "Time from a situation to its evidence in this process, in seconds.",
            buckets=LATENCY_BUCKETS,
            registry=registry,
        )
        memory.observers.recalled.append(self._recall_durations.observe)

    def request(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """Count an answered HTTP request."""
        labels = (method if method in METHODS else OTHER_LABEL, route or OTHER_LABEL)
        self._requests.labels(*labels, str(status)).inc()
        self._durations.labels(*labels).observe(seconds)

    def _count_answer(self, answer: Recommendation) -> None:
        self._answers.labels(answer.verdict, answer.composer).inc()
        self._answer_durations.labels(answer.composer).observe(answer.latency_ms.total / 1000)

    def _count_ingested(self, stats: IngestStats) -> None:
        for result in ("accepted", "duplicate", "rejected"):
            if count := getattr(stats, result):
                self._alerts.labels(stats.source, result).inc(count)


def _describe_build(registry: CollectorRegistry, memory: IncidentService) -> None:
    build = Info("onrecall_build", "Which OnRecall this is, and on what it runs.", registry=registry)
    build.info(
        {
            "version": __version__,
            "python": platform.python_version(),
            "database": memory.store.dialect,
            "model": memory.model or "",
        }
    )


class _ProcessGauges(Collector):
    """Numbers of this process."""

    def __init__(self, numbers: Mapping[str, Callable[[], int]]) -> None:
        self._numbers = numbers

    def collect(self) -> Iterator[Metric]:
        yield _gauge("onrecall_worker_alive", "Whether this process answers incidents.", self._numbers["worker"]())
        yield _gauge("onrecall_requests_held", "Requests that are held here for an answer.", self._numbers["held"]())
        clients = GaugeMetricFamily(
            "onrecall_live_clients", "Clients connected to a live stream of this process.", labels=["stream"]
        )
        for name in ("live", "incidents"):
            clients.add_metric([name], self._numbers[name]())
        yield clients


@dataclass(frozen=True, slots=True)
class _CachedGauges:
    """The numbers of the store at one time."""

    report: StatusReport
    gauges: Gauges
    senders: Mapping[str, SourceActivity]


class _StoreGauges(Collector):
    """Numbers of the store, over all processes."""

    def __init__(self, memory: IncidentService, status: Callable[[], StatusReport]) -> None:
        self._memory = memory
        self._status = status
        self._lock = threading.Lock()
        self._cached: _CachedGauges | None = None
        self._until = 0.0

    def collect(self) -> Iterator[Metric]:
        cached = self._cached_or_read()
        yield _component_states(cached.report)
        yield from _store_metrics(cached.gauges)
        yield from _source_metrics(cached.senders)
        for name in ("incidents", "documents"):
            yield _gauge(f"onrecall_{name}", f"Kept {name}.", cached.report.counts.get(name, 0))

    def _cached_or_read(self) -> _CachedGauges:
        with self._lock:
            if self._cached is None or time.monotonic() >= self._until:
                self._cached = self._read()
                self._until = time.monotonic() + CACHE_SECONDS
            return self._cached

    def _read(self) -> _CachedGauges:
        store = self._memory.store
        return _CachedGauges(self._status(), store.overview.gauges(self._memory.now()), store.source_activity.all())


def _gauge(name: str, description: str, value: float) -> Metric:
    return GaugeMetricFamily(name, description, value=value)


def _component_states(report: StatusReport) -> Metric:
    states = GaugeMetricFamily("onrecall_part_state", "1 for the current state of each part.", labels=["part", "state"])
    for part in report.parts:
        for state in get_args(State):
            states.add_metric([part.name, state], int(part.state == state))
    return states


def _store_metrics(gauges: Gauges) -> Iterator[Metric]:
    yield _gauge("onrecall_alerts_waiting", "Alerts waiting to be grouped.", gauges.alerts_waiting)
    yield _gauge("onrecall_incidents_due", "Incidents waiting for an answer.", gauges.incidents_due)
    severities = GaugeMetricFamily("onrecall_open_incidents", "Open and acknowledged incidents.", labels=["severity"])
    for severity in get_args(Severity):
        severities.add_metric([severity], gauges.open_by_severity.get(severity, 0))
    yield severities
    unsent = GaugeMetricFamily(
        "onrecall_deliveries", "Messages waiting to be sent (pending) or given up (dead).", labels=["channel", "state"]
    )
    for labels, count in sorted(gauges.deliveries.items()):
        unsent.add_metric(list(labels), count)
    yield unsent
    yield _gauge("onrecall_passages", "Passages that recall looks in.", gauges.passages)
    yield _gauge("onrecall_store_size_bytes", "What the database takes.", gauges.size_bytes)
    yield CounterMetricFamily("onrecall_store_alerts", "Alerts ever stored, by any process.", value=gauges.alerts_taken)
    yield CounterMetricFamily(
        "onrecall_store_answers", "Answers ever given, by any process.", value=gauges.answers_given
    )
    yield from _model_metrics(gauges)


def _model_metrics(gauges: Gauges) -> Iterator[Metric]:
    calls = CounterMetricFamily(
        "onrecall_model_calls",
        "Model calls by any process; resets each day (UTC).",
        labels=[*MODEL_LABELS, "state"],
    )
    tokens = CounterMetricFamily(
        "onrecall_model_tokens",
        "Model tokens of any process; resets each day (UTC).",
        labels=[*MODEL_LABELS, "direction"],
    )
    cost = CounterMetricFamily(
        "onrecall_model_cost_usd",
        "Known cost of model calls in dollars; resets each day (UTC).",
        labels=list(MODEL_LABELS),
    )
    for usage in gauges.model_calls:
        calls.add_metric([usage.provider, usage.model, usage.role, usage.state], usage.calls)
    for key, (input_tokens, output_tokens, cost_usd) in _sum_usage(gauges).items():
        tokens.add_metric([*key, "input"], input_tokens)
        tokens.add_metric([*key, "output"], output_tokens)
        cost.add_metric(list(key), cost_usd)
    yield from (calls, tokens, cost)


def _sum_usage(gauges: Gauges) -> dict[tuple[str, str, str], tuple[int, int, float]]:
    """Return tokens in, tokens out and dollars, by provider, model and role."""
    sums: dict[tuple[str, str, str], tuple[int, int, float]] = {}
    for usage in gauges.model_calls:
        key = (usage.provider, usage.model, usage.role)
        input_tokens, output_tokens, cost_usd = sums.get(key, (0, 0, 0.0))
        sums[key] = (input_tokens + usage.input_tokens, output_tokens + usage.output_tokens, cost_usd + usage.cost_usd)
    return sums


def _source_metrics(activity_by_source: Mapping[str, SourceActivity]) -> Iterator[Metric]:
    stored = GaugeMetricFamily("onrecall_sender_alerts", "Stored alerts of a sender.", labels=["source"])
    unread = GaugeMetricFamily(
        "onrecall_sender_rejected", "Rejected parts of a sender's messages that wait for a retry.", labels=["source"]
    )
    last = GaugeMetricFamily(
        "onrecall_sender_heard_timestamp_seconds", "Time of a sender's last message.", labels=["source"]
    )
    for source, activity in sorted(activity_by_source.items()):
        stored.add_metric([source], activity.alerts)
        unread.add_metric([source], activity.rejected)
        if activity.heard_at is not None:
            last.add_metric([source], activity.heard_at.timestamp())
    yield from (stored, unread, last)

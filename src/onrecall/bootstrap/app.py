"""Wiring: the one place that reads the settings and puts the parts together."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from onrecall.bootstrap import hindsight, search_index_status
from onrecall.bootstrap.access import Access
from onrecall.bootstrap.channels import channel_checks as channel_parts
from onrecall.bootstrap.channels import channels
from onrecall.bootstrap.identity import provider_settings, session_limits
from onrecall.bootstrap.issue_form import issue_links
from onrecall.bootstrap.models import models as refining
from onrecall.bootstrap.recall import embedder, make_folder, models, open_recall, open_store
from onrecall.bootstrap.replica_status import replica_checks
from onrecall.bootstrap.sources import expiry_by_source, heartbeat_patience, source_catalog, trusted_sources
from onrecall.bootstrap.status import ComponentStatus, StatusReport, build_report
from onrecall.bootstrap.store_watch import StoreWatch
from onrecall.bootstrap.teams import settings
from onrecall.bootstrap.trace_export import exported_traces
from onrecall.bootstrap.web_push import vapid_key, web_push
from onrecall.domain.errors import Invalid
from onrecall.grouping import ServiceGraph
from onrecall.kafka.connection import Connection
from onrecall.pipeline import Dependencies, GroupingTimers, IncidentService
from onrecall.pipeline.hindsight import HindsightPeer
from onrecall.retrieval.embeddings import NO_MODEL_MESSAGE, Embedder, LocalEmbedder
from onrecall.retrieval.local_index import LocalIndex
from onrecall.settings import Settings
from onrecall.sources import SOURCES
from onrecall.storage import Storage
from onrecall.worker.worker import WorkerHandle

if TYPE_CHECKING:
    from onrecall.http.slack_app import SlackApp
    from onrecall.retrieval.opensearch import OpenSearchIndex

__all__ = ["AppContext", "embedder", "kafka_connection", "models", "open_app", "open_storage", "settings"]


CERTIFICATES = {
    "ssl.ca.location": "kafka_ssl_ca",
    "ssl.certificate.location": "kafka_ssl_certificate",
    "ssl.key.location": "kafka_ssl_key",
}


@dataclass(frozen=True, slots=True)
class AppContext:
    """The assembled application: the memory, its settings, and its status."""

    memory: IncidentService
    meaning: ComponentStatus
    access: Access
    settings: Settings
    """The settings it was built from; a separate process builds its own."""
    local: Sequence[LocalEmbedder] = ()
    """The local sentence models: for stored texts, and for queries."""
    hindsight: HindsightPeer | None = None
    search_index: "OpenSearchIndex | None" = None
    """The index in OpenSearch, where one is configured."""
    local_index: LocalIndex | None = None
    """The index of our own beside SQLite, where that is used."""
    more_parts: Sequence[Callable[[], ComponentStatus]] = ()
    """Status checks of optional parts."""
    watch: StoreWatch | None = None

    def warm(self) -> None:
        """Bring the model and the sources into memory before somebody asks or sends; nothing is written."""
        self.memory.ingester.sources.compile_all()
        for model in self.local[1:]:
            model.embed(["checkout answers 503"])

    def status(
        self, worker: WorkerHandle | None = None, more: Sequence[Callable[[], ComponentStatus]] = ()
    ) -> StatusReport:
        """Ask every part whether it answers."""
        working = [lambda: _worker_status(worker)] if worker else []
        if self.memory.refiner.active:
            working.append(_refinement_status)
        if note := self.local_index and self.local_index.storage_note:
            working.append(lambda: ComponentStatus(name="index", state="degraded", detail=note))
        extra = [*working, *channel_parts(self.memory), *self.more_parts, *more]
        return build_report(self.memory, self.meaning, extra, self.watch)


@contextmanager
def open_app(
    chosen: Settings | None = None, shared_models: Sequence[LocalEmbedder] | None = None
) -> Iterator[AppContext]:
    """Open the application that the settings describe, and close it at the end.

    `shared_models` are the local sentence models of another application of this process.
    """
    chosen = chosen or settings()
    access_config, notification_channels, refiners, sources = (
        read_access(chosen),
        channels(chosen),
        refining(chosen),
        source_catalog(chosen),
    )
    key = vapid_key(chosen)  # a wrong one is found before anything is opened
    make_folder(chosen.data_dir)
    with (
        closing(open_store(chosen)) as store,
        hindsight.open_peer(chosen) as peer,
        open_recall(store, chosen, shared_models) as recall,
        exported_traces(chosen),
    ):
        push = web_push(key, chosen, store, _now)
        parts = Dependencies(
            store,
            recall.retriever,
            _now,
            chosen.redact_personal,
            read_service_graph(chosen.dependencies),
            grouping_timers(chosen),
            sources,
            (*notification_channels, *((push,) if push else ())),
            chosen.notify_min_severity,
            refiners,
            *hindsight.mirrors_and_opinions(peer),
            expiry=expiry_by_source(chosen),
            trusted_sources=trusted_sources(chosen, sources),
            heartbeat_patience=heartbeat_patience(chosen),
            issue_links=issue_links(chosen),
        )
        memory = IncidentService(parts)
        watch = StoreWatch(memory)
        try:
            yield AppContext(
                memory,
                _model_status(recall.model),
                replace(access_config, web_push=push),
                chosen,
                recall.local,
                peer,
                recall.search_index,
                recall.local_index,
                [
                    *hindsight.status_checks(peer, memory),
                    *search_index_status.status_checks(recall.search_index),
                    *replica_checks(store.replica),
                ],
                watch,
            )
        finally:
            watch.stop()


@contextmanager
def open_storage(chosen: Settings | None = None) -> Iterator[Storage]:
    """Open the store alone, for commands that need neither model nor index."""
    with closing(Storage.open((chosen or settings()).database)) as store:
        yield store


def grouping_timers(chosen: Settings) -> GroupingTimers:
    """Read the timers of grouping."""
    return GroupingTimers(
        timedelta(seconds=chosen.group_wait_seconds),
        timedelta(seconds=chosen.group_interval_seconds),
        timedelta(seconds=chosen.resolve_timeout_seconds),
    )


def read_service_graph(file: Path | None) -> ServiceGraph:
    """Read the declared service dependencies."""
    if file is None:
        return ServiceGraph()
    try:
        return ServiceGraph.of(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"ONRECALL_DEPENDENCIES: {file} can't be read: {error}", "dependencies") from error
    except yaml.YAMLError as error:
        raise Invalid(f"ONRECALL_DEPENDENCIES: {file} is neither YAML nor JSON: {error}", "dependencies") from error


def read_access(chosen: Settings) -> Access:
    """Access configuration other than API keys: webhook signatures, CORS origins, Slack, the identity provider."""
    secrets = chosen.webhook_secrets_by_source
    if secrets:
        _check_secret_sources(secrets)
    return Access(
        secrets,
        chosen.allowed_origins,
        chosen.local_proxy_role,
        slack=_slack(chosen),
        oidc=provider_settings(chosen),
        session_limits=session_limits(chosen),
        public_url=chosen.public_url,
        team=chosen.team,
    )


def _slack(chosen: Settings) -> "SlackApp | None":
    if chosen.slack_signing_secret is None:
        return None
    from onrecall.bootstrap.slack import slack_app  # noqa: PLC0415 - what costs time where there is no Slack

    return slack_app(chosen, chosen.slack_signing_secret.get_secret_value())


def _check_secret_sources(secrets: Iterable[str]) -> None:
    for sender in secrets:
        if sender not in SOURCES:
            signing_sources = ", ".join(sorted(name for name, source in SOURCES.items() if source.verify)) or "none"
            raise Invalid(
                f"ONRECALL_WEBHOOK_SECRETS: {sender} is not a sender that signs; choose from {signing_sources}", sender
            )
        if SOURCES[sender].verify is None:
            raise Invalid(
                f"ONRECALL_WEBHOOK_SECRETS: {sender} signs nothing; leave it out and give it a key of the role ingest",
                sender,
            )


def kafka_connection(chosen: Settings) -> Connection | None:
    """Read the Kafka connection; None if none is configured."""
    if chosen.kafka_brokers is None:
        return None
    topics, publish = chosen.source_by_topic, chosen.kafka_publish
    sources = source_catalog(chosen)
    for topic, sender in topics.items():
        if sender is not None and sender not in sources:
            names = ", ".join(sources)
            raise Invalid(f"ONRECALL_KAFKA_TOPICS: {topic}={sender}: unknown sender; choose from {names}", topic)
    if not topics and publish is None:
        raise Invalid("ONRECALL_KAFKA_TOPICS: name the topics to consume, such as alerts=alertmanager", "topics")
    if publish in topics:
        raise Invalid(f"ONRECALL_KAFKA_PUBLISH: {publish} is read as well; recommendations need a topic of their own")
    return Connection(chosen.kafka_brokers, chosen.kafka_group, topics, publish, _kafka_security(chosen))


def _kafka_security(chosen: Settings) -> Mapping[str, str]:
    """Return encryption and login as librdkafka options."""
    protocol = chosen.kafka_security_protocol
    options: dict[str, str] = {"security.protocol": protocol}
    for name, setting in CERTIFICATES.items():
        path: Path | None = getattr(chosen, setting)
        if path is not None:
            options[name] = _kafka_file(path, "ONRECALL_" + setting.upper(), protocol)
    user, password = chosen.kafka_sasl_username, chosen.kafka_sasl_password
    if not protocol.startswith("SASL"):
        if user or password:
            raise Invalid(
                f"ONRECALL_KAFKA_SECURITY_PROTOCOL: {protocol} has no login; write SASL_SSL, or leave out "
                "ONRECALL_KAFKA_SASL_USERNAME and ONRECALL_KAFKA_SASL_PASSWORD",
                "kafka_security_protocol",
            )
        return options
    if not (user and password):
        missing = "PASSWORD" if user else "USERNAME"
        raise Invalid(f"ONRECALL_KAFKA_SASL_{missing}: {protocol} needs it", f"kafka_sasl_{missing.lower()}")
    login = {"sasl.username": user, "sasl.password": password.get_secret_value()}
    return options | login | {"sasl.mechanisms": chosen.kafka_sasl_mechanism}


def _kafka_file(path: Path, variable: str, protocol: str) -> str:
    if not path.is_file():
        raise Invalid(f"{variable}: {path} is not a file", variable.lower())
    if not protocol.endswith("SSL"):
        raise Invalid(f"{variable}: {protocol} has no certificates; write SSL or SASL_SSL", variable.lower())
    return str(path)


def _model_status(model: Embedder | None) -> ComponentStatus:
    if model is None:
        return ComponentStatus(name="meaning", state="degraded", detail=NO_MODEL_MESSAGE)
    return ComponentStatus(name="meaning", state="ok", detail=f"{model.name}, {model.dimensions} dimensions")


def _worker_status(worker: WorkerHandle) -> ComponentStatus:
    if worker.alive and worker.failing:
        return ComponentStatus(
            name="worker", state="degraded", detail="can't work now and tries again; the log has the reason"
        )
    if worker.alive:
        return ComponentStatus(name="worker", state="ok", detail="answers incidents as they are opened")
    return ComponentStatus(
        name="worker", state="down", detail="does not run, so incidents are not answered; restart OnRecall"
    )


def _refinement_status() -> ComponentStatus:
    return ComponentStatus(name="refining", state="ok", detail="a model refines answers after they are sent")


def _now() -> datetime:
    return datetime.now(UTC)

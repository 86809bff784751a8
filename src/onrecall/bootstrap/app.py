"""Wiring: the one place that reads the settings and puts the parts together."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

import yaml

from onrecall.bootstrap import hindsight, search_index_status
from onrecall.bootstrap.access import Access
from onrecall.bootstrap.channels import channel_checks as channel_parts
from onrecall.bootstrap.channels import channels
from onrecall.bootstrap.identity import provider_settings, session_limits
from onrecall.bootstrap.issue_form import issue_links
from onrecall.bootstrap.models import models as refining
from onrecall.bootstrap.recall import OpenedRecall, embedder, models, open_recall, open_store
from onrecall.bootstrap.replica_status import replica_checks
from onrecall.bootstrap.sources import expiry_by_source, heartbeat_patience, source_catalog, trusted_sources
from onrecall.bootstrap.status import ComponentStatus, StatusReport, build_report
from onrecall.bootstrap.store_watch import StoreWatch
from onrecall.bootstrap.teams import settings
from onrecall.bootstrap.trace_export import exported_traces
from onrecall.bootstrap.web_push import vapid_key, web_push
from onrecall.domain.errors import Invalid
from onrecall.grouping import ServiceGraph
from onrecall.notifications import Channel
from onrecall.pipeline import Dependencies, GroupingTimers, IncidentService
from onrecall.pipeline.hindsight import HindsightPeer
from onrecall.pipeline.refine import Models
from onrecall.retrieval.embeddings import NO_MODEL_MESSAGE, Embedder, LocalEmbedder
from onrecall.settings import Settings
from onrecall.sources import SOURCES, SourceCatalog
from onrecall.storage import Storage
from onrecall.storage.folder_faults import make_folder
from onrecall.worker.worker import WorkerHandle

if TYPE_CHECKING:
    from onrecall.http.slack_app import SlackApp
    from onrecall.notifications.web_push import VapidKey, WebPush

__all__ = ["AppContext", "embedder", "models", "open_app", "open_storage", "settings"]


@dataclass(frozen=True, slots=True)
class AppContext:
    """The assembled application: the memory, its settings, and its status."""

    memory: IncidentService
    access: Access
    settings: Settings
    """The settings it was built from; a separate process builds its own."""
    recall: OpenedRecall
    hindsight: HindsightPeer | None
    more_parts: Sequence[Callable[[], ComponentStatus]]
    """Status checks of optional parts."""
    watch: StoreWatch

    def warm(self) -> None:
        """Bring the model and the sources into memory before somebody asks or sends; nothing is written."""
        self.memory.ingester.sources.compile_all()
        for model in self.recall.local[1:]:
            model.embed(["checkout answers 503"])

    def status(
        self, worker: WorkerHandle | None = None, more: Sequence[Callable[[], ComponentStatus]] = ()
    ) -> StatusReport:
        """Ask every part whether it answers."""
        working = [lambda: _worker_status(worker)] if worker else []
        if self.memory.refiner.active:
            working.append(_refinement_status)
        index = self.recall.local_index
        if note := index and index.storage_note:
            working.append(lambda: ComponentStatus(name="index", state="degraded", detail=note))
        extra = [*working, *channel_parts(self.memory), *self.more_parts, *more]
        return build_report(self.memory, _model_status(self.recall.model), extra, self.watch)


@contextmanager
def open_app(
    chosen: Settings | None = None, shared_models: Sequence[LocalEmbedder] | None = None
) -> Iterator[AppContext]:
    """Open the application that the settings describe, and close it at the end.

    `shared_models` are the local sentence models of another application of this process.
    """
    chosen = chosen or settings()
    parts = _ConfiguredParts.read(chosen)  # what is wrong is found before anything is opened
    make_folder(chosen.data_dir)
    with (
        closing(open_store(chosen)) as store,
        hindsight.open_peer(chosen) as peer,
        open_recall(store, chosen, shared_models) as recall,
        exported_traces(chosen),
    ):
        push = web_push(parts.push_key, chosen, store, _now)
        memory = IncidentService(parts.dependencies(store, recall, peer, push))
        access = replace(parts.access, web_push=push)
        watch = StoreWatch(memory)
        try:
            yield AppContext(memory, access, chosen, recall, peer, _status_checks(memory, recall, peer), watch)
        finally:
            watch.stop()


@dataclass(frozen=True, slots=True)
class _ConfiguredParts:
    """What the settings alone decide."""

    chosen: Settings
    access: Access
    channels: Sequence[Channel]
    refiners: Models
    sources: SourceCatalog
    push_key: "VapidKey | None"

    @classmethod
    def read(cls, chosen: Settings) -> Self:
        """Read them. Raises Invalid if a setting is wrong."""
        return cls(
            chosen, read_access(chosen), channels(chosen), refining(chosen), source_catalog(chosen), vapid_key(chosen)
        )

    def dependencies(
        self, store: Storage, recall: OpenedRecall, peer: HindsightPeer | None, push: "WebPush | None"
    ) -> Dependencies:
        """Put together what the pipeline works with."""
        return Dependencies(
            store,
            recall.retriever,
            _now,
            self.chosen.redact_personal,
            read_service_graph(self.chosen.dependencies),
            grouping_timers(self.chosen),
            self.sources,
            (*self.channels, *((push,) if push else ())),
            self.chosen.notify_min_severity,
            self.refiners,
            *hindsight.mirrors_and_opinions(peer),
            expiry=expiry_by_source(self.chosen),
            trusted_sources=trusted_sources(self.chosen, self.sources),
            heartbeat_patience=heartbeat_patience(self.chosen),
            issue_links=issue_links(self.chosen),
        )


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
        raise Invalid(
            f"ONRECALL_DEPENDENCIES: {file} can't be read: {getattr(error, 'strerror', None) or error}", "dependencies"
        ) from error
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


def _status_checks(
    memory: IncidentService, recall: OpenedRecall, peer: HindsightPeer | None
) -> list[Callable[[], ComponentStatus]]:
    return [
        *hindsight.status_checks(peer, memory),
        *search_index_status.status_checks(recall.search_index),
        *replica_checks(memory.store.replica),
    ]


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

"""Wiring: the one place that reads the settings and puts the parts together."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from onrecall.alerts import SOURCES, Source, with_mapping
from onrecall.doors.access import Access
from onrecall.doors.status import Part, StatusReport, report
from onrecall.doors.worker import Worker
from onrecall.errors import Invalid, Unavailable
from onrecall.grouping import Topology
from onrecall.line import Memory, Pace, Parts
from onrecall.recall import Recall
from onrecall.recall.embedding import MISSING, Embedder, load
from onrecall.recall.embedding_cache import CachedEmbedder
from onrecall.recall.endpoint import EndpointEmbedder
from onrecall.recall.index import Index
from onrecall.recall.local import LocalIndex
from onrecall.recall.postgres_index import PostgresIndex
from onrecall.settings import Settings
from onrecall.settings import load as settings
from onrecall.store import Store

__all__ = ["House", "embedder", "house", "settings"]


@dataclass(frozen=True, slots=True)
class House:
    """A memory and how its parts are."""

    memory: Memory
    meaning: Part
    access: Access

    def status(self, worker: Worker | None = None) -> StatusReport:
        """Ask every part whether it answers."""
        return report(self.memory, self.meaning, [lambda: _at_work(worker)] if worker else [])


@contextmanager
def house(chosen: Settings | None = None) -> Iterator[House]:
    """Open the house that the settings describe, and close it at the end."""
    chosen = chosen or settings()
    who = access(chosen)
    _make_folder(chosen.data_dir)
    with closing(Store.open(chosen.database)) as store:
        model = embedder(chosen)
        with _index(store, model, chosen) as index:
            recall = Recall(store, model, index)
            parts = Parts(
                store,
                recall,
                _now,
                chosen.redact_personal,
                topology(chosen.dependencies),
                pace(chosen),
                senders(chosen.alert_mapping),
            )
            yield House(Memory(parts), _meaning(model), who)


def pace(chosen: Settings) -> Pace:
    """How long to wait for what, when alerts come in."""
    return Pace(
        timedelta(seconds=chosen.settle_seconds),
        timedelta(seconds=chosen.refresh_seconds),
        timedelta(seconds=chosen.resolve_after_seconds),
    )


def senders(mapping: Path | None) -> Mapping[str, Source]:
    """Every sender; `generic` as the mapping file says."""
    return SOURCES if mapping is None else with_mapping(mapping)


def topology(file: Path | None) -> Topology:
    """What depends on what, as the file declares it."""
    if file is None:
        return Topology()
    try:
        return Topology.of(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"ONRECALL_DEPENDENCIES: {file} can't be read: {error}", "dependencies") from error
    except yaml.YAMLError as error:
        raise Invalid(f"ONRECALL_DEPENDENCIES: {file} is neither YAML nor JSON: {error}", "dependencies") from error


def access(chosen: Settings) -> Access:
    """Who gets in beside those who have a key."""
    secrets = chosen.secrets_by_sender
    if secrets:
        _check_senders(secrets)
    return Access(secrets, chosen.welcome_origins)


def _check_senders(secrets: Iterable[str]) -> None:
    for sender in secrets:
        if sender not in SOURCES:
            known = ", ".join(sorted(name for name, source in SOURCES.items() if source.verify)) or "none"
            raise Invalid(f"ONRECALL_WEBHOOK_SECRETS: {sender} is no sender; those that sign are {known}", sender)
        if SOURCES[sender].verify is None:
            raise Invalid(
                f"ONRECALL_WEBHOOK_SECRETS: {sender} signs nothing; leave it out and give it a key of the role ingest",
                sender,
            )


def embedder(chosen: Settings) -> Embedder | None:
    """The sentence model in use, its vectors kept so that no text is embedded twice; None: words only."""
    if chosen.embeddings_url:
        key = chosen.embeddings_key.get_secret_value() if chosen.embeddings_key else None
        model: Embedder | None = EndpointEmbedder(chosen.embeddings_url, chosen.embeddings_model or "", key)
    else:
        model = load(chosen.model_dir)
    if model is None:
        return None
    cache = chosen.data_dir / "cache"
    _make_folder(cache)
    return CachedEmbedder(model, cache / "embeddings.db")


@contextmanager
def _index(store: Store, model: Embedder | None, chosen: Settings) -> Iterator[Index]:
    """PostgreSQL searches for itself; beside SQLite stands an index of our own, derived and safe to delete."""
    if store.dialect == "postgresql":
        yield PostgresIndex(store.search(model.name if model else None, model.dimensions if model else 0))
        return
    folder = chosen.data_dir / "index"
    _make_folder(folder)
    name = hashlib.sha256(chosen.database.encode()).hexdigest()[:16]
    with closing(LocalIndex(store, model.name if model else None, folder / f"{name}.index")) as index:
        yield index


def _meaning(model: Embedder | None) -> Part:
    if model is None:
        return Part(name="meaning", state="degraded", detail=MISSING)
    return Part(name="meaning", state="ok", detail=f"{model.name}, {model.dimensions} dimensions")


def _at_work(worker: Worker) -> Part:
    if worker.alive:
        return Part(name="worker", state="ok", detail="answers incidents as they are opened")
    return Part(name="worker", state="down", detail="does not run, so incidents are not answered; restart OnRecall")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"the data folder {folder} can't be made: {error.strerror}; set ONRECALL_DATA_DIR") from error


def _now() -> datetime:
    return datetime.now(UTC)

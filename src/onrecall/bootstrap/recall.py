"""The wiring of recall: the sentence model that the settings name, and the index of the passages."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onrecall.bootstrap.model_choice import model_folder
from onrecall.bootstrap.search_index import open_search_index
from onrecall.retrieval import Retriever
from onrecall.retrieval.embedding_cache import CachedEmbedder
from onrecall.retrieval.embedding_endpoint import EndpointEmbedder
from onrecall.retrieval.embeddings import Embedder, LocalEmbedder, load_embedder
from onrecall.retrieval.index import Index
from onrecall.retrieval.local_index import LocalIndex
from onrecall.retrieval.model_folder import ModelForm
from onrecall.retrieval.postgres_index import PostgresIndex
from onrecall.settings import Settings
from onrecall.storage import Storage
from onrecall.storage.folder_faults import make_folder
from onrecall.storage.read_replica import ReadFrom

if TYPE_CHECKING:
    from onrecall.retrieval.opensearch import OpenSearchIndex


@dataclass(frozen=True, slots=True)
class OpenedRecall:
    """Recall over a store, and the models that it runs on."""

    retriever: Retriever
    model: Embedder | None
    """The model for what is kept; None: words only."""
    local: tuple[LocalEmbedder, ...]
    """The model that runs here, for what is kept and for what is asked; none where another or none is configured."""
    search_index: "OpenSearchIndex | None" = None
    """The index in OpenSearch, where one is configured."""
    local_index: LocalIndex | None = None
    """The index of our own beside SQLite, where that is used."""


def open_store(chosen: Settings) -> Storage:
    """Open the store, with the replica that may answer questions."""
    return Storage.open(chosen.database, ReadFrom(chosen.read_url, chosen.read_max_lag) if chosen.read_url else None)


@contextmanager
def open_recall(
    store: Storage, chosen: Settings, shared: Sequence[LocalEmbedder] | None = None
) -> Iterator[OpenedRecall]:
    """Open the models and the index, and close the index at the end; `shared` are local models already open."""
    local = _local_models(chosen) if shared is None else tuple(shared)
    model, asking = _open_models(chosen, local)
    with (
        open_search_index(store, model, chosen) as search_index,
        nullcontext(search_index) if search_index else _open_index(store, model, chosen) as index,
    ):
        retriever = Retriever(store, model, index, asking, one_moment=store.one_moment)
        own_index = index if isinstance(index, LocalIndex) else None
        yield OpenedRecall(retriever, model, local, search_index, own_index)


def embedder(chosen: Settings) -> Embedder | None:
    """Return the sentence model in use, its vectors kept so that no text is embedded twice; None: words only."""
    return models(chosen)[0]


def models(chosen: Settings) -> tuple[Embedder | None, Embedder | None]:
    """Return the sentence model, and a quicker way to run it for questions, which are not kept, if there is one."""
    return _open_models(chosen, _local_models(chosen))


def _local_models(chosen: Settings) -> tuple[LocalEmbedder, ...]:
    """Return the model that runs here, for what is kept and for questions; none if another or none is configured."""
    model = None if chosen.embeddings_url else load_embedder(model_folder(chosen))
    return (model, model.for_questions()) if model else ()


def _open_models(chosen: Settings, local: Sequence[LocalEmbedder]) -> tuple[Embedder | None, Embedder | None]:
    """Return the model for what is kept, its vectors cached, and the one for questions; None: words only."""
    if chosen.embeddings_url:
        return _cached(open_endpoint(chosen.embeddings_url, chosen), chosen), None
    return (_cached(local[0], chosen), local[1]) if local else (None, None)


def open_endpoint(url: str, chosen: Settings) -> EndpointEmbedder:
    """Return the model of the configured endpoint, used as the settings say."""
    key = chosen.embeddings_key.get_secret_value() if chosen.embeddings_key else None
    form = ModelForm(
        _before_text(chosen.embeddings_question_prefix),
        _before_text(chosen.embeddings_passage_prefix),
        chosen.embeddings_cosine_floor,
        chosen.embeddings_cosine_gain,
    )
    return EndpointEmbedder(url, chosen.embeddings_model or "", key, form=form)


def _before_text(prefix: str) -> str:
    """Return a prefix with the blank that parts it from a text; settings end with none."""
    return f"{prefix} " if prefix else ""


def _cached(model: Embedder, chosen: Settings) -> Embedder:
    cache = chosen.data_dir / "cache"
    make_folder(cache)
    return CachedEmbedder(model, cache / "embeddings.db")


@contextmanager
def _open_index(store: Storage, model: Embedder | None, chosen: Settings) -> Iterator[Index]:
    """PostgreSQL searches for itself; beside SQLite stands an index of our own, derived and safe to delete."""
    if store.dialect == "postgresql":
        yield PostgresIndex(store.search(model.name if model else None, model.dimensions if model else 0))
        return
    folder = chosen.data_dir / "index"
    make_folder(folder)
    name = hashlib.sha256(chosen.database.encode()).hexdigest()[:16]
    with closing(LocalIndex(store.passages, model.name if model else None, folder / f"{name}.index")) as index:
        yield index

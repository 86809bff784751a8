"""The sentence model of this process, loaded once: each application loads its own, which takes longer than most tests."""

import pytest

from onrecall.bootstrap import recall
from onrecall.bootstrap.model_choice import model_folder
from onrecall.retrieval.embeddings import LocalEmbedder
from onrecall.settings import Settings

LOAD = recall._local_models
LOADED: list[tuple[LocalEmbedder, ...]] = []


def load_once(patch: pytest.MonkeyPatch) -> None:
    """Let all applications that use the shipped model share one, as those of several teams do."""
    patch.setattr(recall, "_local_models", _local_models)


def _local_models(chosen: Settings) -> tuple[LocalEmbedder, ...]:
    if chosen.embeddings_url or model_folder(chosen) is not None:
        return LOAD(chosen)
    if not LOADED:
        LOADED.append(LOAD(chosen))
    return LOADED[0]

